"""Laws of the vocabulary, and of the way from words to ids and back."""

from collections.abc import Callable
from typing import Any

import torch
from hypothesis import strategies as st

from bigramlab.laws import strategies as draw
from bigramlab.laws.law import a_tensor, broken, law, refuses

Function = Callable[..., Any]


def _a_str(found: object) -> str:
    if not isinstance(found, str):
        broken(f"it is of type {type(found).__name__}, and should be a str")
    return found


@law("build_vocabulary", draw.word_lists)
def the_boundary_comes_first(build_vocabulary: Function, words: list[str]) -> None:
    """The vocabulary begins with ".", the boundary token, so that its id is 0."""
    if not _a_str(build_vocabulary(words)).startswith("."):
        broken("it does not begin with '.'")


@law("build_vocabulary", draw.word_lists, examples=60)
def every_character_once(build_vocabulary: Function, words: list[str]) -> None:
    """Every character of the words is there once, and no other."""
    found = _a_str(build_vocabulary(words))
    if sorted(found) != sorted({".", *"".join(words)}):
        broken(f"its characters should be {''.join(sorted({'.', *''.join(words)}))!r}, in some order")


@law("build_vocabulary", draw.word_lists)
def characters_are_sorted(build_vocabulary: Function, words: list[str]) -> None:
    """After the boundary the characters are sorted, so the same words always give the same ids."""
    found = _a_str(build_vocabulary(words))
    if found[1:] != "".join(sorted(found[1:])):
        broken(f"it should be {'.' + ''.join(sorted(found[1:]))!r}")


@law("build_vocabulary", draw.word_lists)
def any_iterable_will_do(build_vocabulary: Function, words: list[str]) -> None:
    """Words may come from an iterator, which can be walked through once."""
    if build_vocabulary(iter(words)) != "." + "".join(sorted(set("".join(words)))):
        broken("a list gives another vocabulary than an iterator over the same words")


@law("build_vocabulary", draw.words, draw.words)
def the_boundary_is_no_letter(build_vocabulary: Function, left: str, right: str) -> None:
    """A word that contains "." is refused: it would look like two words."""
    refuses(lambda: build_vocabulary(["emma", left + "." + right]))


@law("build_vocabulary", st.just("emma"))
def one_bare_str_is_no_list_of_words(build_vocabulary: Function, words: str) -> None:
    """One bare str is no list of words, and is refused."""
    refuses(lambda: build_vocabulary(words))


@law("encode", draw.words_and_vocabulary(shortest=1))
def ids_are_positions(encode: Function, words: list[str], vocabulary: str) -> None:
    """Each id is the position of its character in the vocabulary."""
    found = encode(words[0], vocabulary)
    expected = [vocabulary.index(character) for character in words[0]]
    if a_tensor(found, (len(words[0]),), "integers") != expected:
        broken(f"it should be {expected}")


@law("encode", draw.vocabularies())
def an_empty_word_has_no_ids(encode: Function, vocabulary: str) -> None:
    """A word without letters has no ids: a tensor of integers, too, of length 0."""
    a_tensor(encode("", vocabulary), (0,), "integers")


@law("encode", st.sampled_from([".", "a.", ".ba."]))
def the_boundary_has_the_id_0(encode: Function, text: str) -> None:
    """Where the text has a ".", as a whole walk has at its ends, the id is 0: it is a token like any other."""
    expected = [".ab".index(character) for character in text]
    if a_tensor(encode(text, ".ab"), (len(text),), "integers") != expected:
        broken(f"it should be {expected}")


@law("encode", st.sampled_from([300, 40_000]), examples=2)
def there_may_be_many_tokens(encode: Function, size: int) -> None:
    """Ids go as far as the vocabulary does, as for Chinese characters, and fit into their type."""
    vocabulary = "." + "".join(map(chr, range(0x20000, 0x20000 + size - 1)))
    found = encode(vocabulary[-3:], vocabulary)
    if a_tensor(found, (3,), "integers") != [size - 3, size - 2, size - 1]:
        broken(f"it should be {[size - 3, size - 2, size - 1]}; do the numbers fit into the type?")


@law("encode", draw.words, st.sampled_from("é\U0001f600Z"))
def unknown_characters_have_no_id(encode: Function, word: str, unknown: str) -> None:
    """A character that the vocabulary lacks is refused."""
    vocabulary = "." + "".join(sorted(set(word) - {unknown}))
    refuses(lambda: encode(word + unknown, vocabulary))


@law("decode", draw.vocabularies(), st.data())
def characters_stand_at_their_ids(decode: Function, vocabulary: str, data: st.DataObject) -> None:
    """Each id becomes the character at its position; together they are one str."""
    ids = data.draw(st.lists(st.integers(0, len(vocabulary) - 1), min_size=1, max_size=6))
    expected = "".join(vocabulary[id] for id in ids)
    if _a_str(decode(torch.tensor(ids, dtype=torch.int64), vocabulary)) != expected:
        broken(f"it should be {expected!r}")


@law("decode", draw.words_and_vocabulary(shortest=1))
def decoding_undoes_encoding(decode: Function, words: list[str], vocabulary: str) -> None:
    """Decoding the ids of a word gives the word back."""
    ids = torch.tensor([vocabulary.index(character) for character in words[0]], dtype=torch.int64)
    if _a_str(decode(ids, vocabulary)) != words[0]:
        broken(f"it should be {words[0]!r}")


@law("decode", draw.vocabularies(), st.integers(-3, 3))
def other_numbers_are_no_ids(decode: Function, vocabulary: str, beyond: int) -> None:
    """An id outside 0 to vocab - 1 is refused, a negative one too, though Python would count it from the end."""
    wrong = beyond if beyond < 0 else len(vocabulary) + beyond
    refuses(lambda: decode(torch.tensor([0, wrong]), vocabulary))


@law("decode", st.sampled_from([300, 40_000]), examples=2)
def large_ids_are_ids(decode: Function, size: int) -> None:
    """Ids may go beyond 255 and 32,767, as for Chinese characters."""
    vocabulary = "." + "".join(map(chr, range(0x20000, 0x20000 + size - 1)))
    if (
        _a_str(decode(torch.tensor([size - 1, 1, size - 2]), vocabulary))
        != vocabulary[-1] + vocabulary[1] + vocabulary[-2]
    ):
        broken("it should be the last character of the vocabulary, the one at 1, and the last but one")


@law("decode", st.lists(st.integers(0, 2), min_size=1, max_size=4))
def the_ids_are_left_alone(decode: Function, ids: list[int]) -> None:
    """The ids that came in are left as they were."""
    given = torch.tensor(ids)
    decode(given, ".ab")
    if given.tolist() != ids:
        broken(f"it changed the ids to {given}")


@law("decode", draw.vocabularies())
def no_ids_are_no_word(decode: Function, vocabulary: str) -> None:
    """Without ids the word is empty."""
    if _a_str(decode(torch.tensor([], dtype=torch.int64), vocabulary)) != "":
        broken("it should be ''")
