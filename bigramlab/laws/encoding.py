"""Laws of the vocabulary, and of the way from words to ids and back."""

from typing import Any

import torch
from hypothesis import strategies as st

from bigramlab import plain
from bigramlab.laws import strategies as draw
from bigramlab.laws.law import Function, broken, care, ids_in, ids_of_64_bits, law, of_type, refuses


def _a_str(found: Any) -> str:
    of_type(found, str, "a str")
    return str(found)


some_words = draw.word_lists.filter(bool)


@law("build_vocabulary", some_words)
def the_boundary_comes_first(build_vocabulary: Function, words: list[str]) -> None:
    """The vocabulary begins with ".", the boundary token, so that its id is 0."""
    if not _a_str(build_vocabulary(words)).startswith("."):
        broken("it does not begin with '.'")


@law("build_vocabulary", some_words, examples=60)
def every_character_once(build_vocabulary: Function, words: list[str]) -> None:
    """Every character of the words is there once, and no other."""
    found = _a_str(build_vocabulary(words))
    if sorted(found) != sorted(plain.build_vocabulary(words)):
        broken(f"its characters should be {''.join(sorted(plain.build_vocabulary(words)))!r}, in some order")


@law("build_vocabulary", st.integers(27, 300), examples=3)
def there_may_be_more_letters(build_vocabulary: Function, size: int) -> None:
    """There may be more than 26 letters."""
    letters = "".join(map(chr, range(0x4E00, 0x4E00 + size)))
    if len(_a_str(build_vocabulary([letters]))) != size + 1:
        broken(f"of {size} letters and the boundary it has {len(build_vocabulary([letters]))} characters")


@law("build_vocabulary", some_words)
def characters_are_sorted(build_vocabulary: Function, words: list[str]) -> None:
    """After the boundary the characters are sorted, so the same words always give the same ids."""
    found = _a_str(build_vocabulary(words))
    if found[1:] != "".join(sorted(found[1:])):
        broken(f"it should be {'.' + ''.join(sorted(found[1:]))!r}")


@care("build_vocabulary", draw.word_lists)
def any_iterable_will_do(build_vocabulary: Function, words: list[str]) -> None:
    """Words may come from an iterator, which can be walked through once."""
    if build_vocabulary(iter(words)) != plain.build_vocabulary(words):
        broken("a list gives another vocabulary than an iterator over the same words")


@care("build_vocabulary", st.just([]))
def no_words_have_the_boundary_alone(build_vocabulary: Function, words: list[str]) -> None:
    """Without words there is the boundary token alone."""
    if _a_str(build_vocabulary(words)) != ".":
        broken("it should be '.'")


@care("build_vocabulary", draw.words, draw.words)
def the_boundary_is_no_letter(build_vocabulary: Function, left: str, right: str) -> None:
    """A word that contains "." is refused: it would look like two words."""
    refuses(lambda: build_vocabulary(["emma", left + "." + right]))


@care("build_vocabulary", st.just("emma"))
def one_bare_str_is_no_list_of_words(build_vocabulary: Function, words: str) -> None:
    """One bare str is no list of words, and is refused."""
    refuses(lambda: build_vocabulary(words))


def _require_ids(found: Any, expected: list[int]) -> None:
    if ids_in(found, (len(expected),)) != expected:
        broken(f"it should be {expected}")


@law("encode", draw.words_and_vocabulary(shortest=1), examples=60)
def ids_are_positions(encode: Function, words: list[str], vocabulary: str) -> None:
    """Each id is the position of its character in the vocabulary."""
    for word in words:
        _require_ids(encode(word, vocabulary), plain.encode(word, vocabulary))


@law("encode", st.sampled_from([".", "a.", ".ba."]))
def the_boundary_has_the_id_0(encode: Function, text: str) -> None:
    """Where the text has a ".", as a whole walk has at its ends, the id is 0: it is a token like any other."""
    _require_ids(encode(text, ".ab"), plain.encode(text, ".ab"))


def _many_tokens(size: int) -> str:
    return "." + "".join(map(chr, range(0x20000, 0x20000 + size - 1)))


@law("encode", st.integers(300, 400), examples=2)
def there_may_be_many_tokens(encode: Function, size: int) -> None:
    """Ids go as far as the vocabulary does, beyond 255 too, and are of a type that can be used as an index."""
    _require_ids(encode(_many_tokens(size)[-3:], _many_tokens(size)), [size - 3, size - 2, size - 1])


@care("encode", draw.words_and_vocabulary(shortest=1))
def ids_are_a_tensor(encode: Function, words: list[str], vocabulary: str) -> None:
    """The ids come as a tensor of int64."""
    ids_of_64_bits(encode(words[0], vocabulary), (len(words[0]),))


@care("encode", draw.vocabularies())
def an_empty_word_has_no_ids(encode: Function, vocabulary: str) -> None:
    """A word without letters has no ids: a tensor of int64, too, of length 0."""
    ids_of_64_bits(encode("", vocabulary), (0,))


@care("encode", st.just(40_000), examples=1)
def there_may_be_tens_of_thousands(encode: Function, size: int) -> None:
    """Ids may go beyond 32,767, as for Chinese characters."""
    there_may_be_many_tokens(encode, size)


@care("encode", draw.words, st.sampled_from("é\U0001f600Z"))
def unknown_characters_have_no_id(encode: Function, word: str, unknown: str) -> None:
    """A character that the vocabulary lacks is refused."""
    vocabulary = "." + "".join(sorted(set(word) - {unknown}))
    refuses(lambda: encode(word + unknown, vocabulary))


@st.composite
def ids_and_vocabulary(draw_from: st.DrawFn) -> tuple[list[int], str]:
    """A vocabulary, and ids of its characters."""
    vocabulary = draw_from(draw.vocabularies())
    return draw_from(st.lists(st.integers(0, len(vocabulary) - 1), min_size=1, max_size=6)), vocabulary


@law("decode", ids_and_vocabulary())
def characters_stand_at_their_ids(decode: Function, ids: list[int], vocabulary: str) -> None:
    """Each id becomes the character at its position; together they are one str."""
    _decodes(decode, ids, vocabulary)


@law("decode", draw.words_and_vocabulary(shortest=1))
def decoding_undoes_encoding(decode: Function, words: list[str], vocabulary: str) -> None:
    """Decoding the ids of a word gives the word back."""
    _decodes(decode, plain.encode(words[0], vocabulary), vocabulary)


@law("decode", st.integers(300, 400), examples=2)
def large_ids_are_ids(decode: Function, size: int) -> None:
    """Ids go as far as the vocabulary does, beyond 255 too."""
    _decodes(decode, [size - 1, 1, size - 2], _many_tokens(size))


def _decodes(decode: Function, ids: list[int], vocabulary: str) -> None:
    expected = plain.decode(ids, vocabulary)
    if _a_str(decode(torch.tensor(ids, dtype=torch.int64), vocabulary)) != expected:
        broken(f"it should be {expected!r}")


@care("decode", st.just(40_000), examples=1)
def ids_of_tens_of_thousands_are_ids(decode: Function, size: int) -> None:
    """Ids may go beyond 32,767, as for Chinese characters."""
    large_ids_are_ids(decode, size)


@care("decode", draw.vocabularies(), st.integers(-3, 3))
def other_numbers_are_no_ids(decode: Function, vocabulary: str, beyond: int) -> None:
    """An id outside 0 to vocab - 1 is refused, a negative one too, though Python would count it from the end."""
    wrong = beyond if beyond < 0 else len(vocabulary) + beyond
    refuses(lambda: decode(torch.tensor([0, wrong]), vocabulary))


@care("decode", draw.vocabularies())
def no_ids_are_no_word(decode: Function, vocabulary: str) -> None:
    """Without ids the word is empty."""
    _decodes(decode, [], vocabulary)
