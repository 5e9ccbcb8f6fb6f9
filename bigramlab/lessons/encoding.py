"""Characters become numbers: the vocabulary, a word to its ids, and ids back to a word."""

import reprlib
import sys
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NoReturn

import torch
from jaxtyping import Int64, Integer
from torch import Tensor

from bigramlab.lessons.inputs import require_ids, require_vocabulary, require_word, require_words

__all__ = ["BOUNDARY", "build_vocabulary", "decode", "encode"]

BOUNDARY = "."
"""The boundary token, id 0. It stands before and after every word, so a model learns how words begin and end."""


def build_vocabulary(words: Iterable[str]) -> str:
    """Return the boundary token and then every distinct character, sorted by code point.

    A character's position is its token id. The words are read once and not kept, so an iterator of any length will do.

    Args:
        words: The words to learn from.

    Returns:
        A `str` that begins with `"."`; for no words at all it is `"."` alone.

    Raises:
        TypeError: If `words` is one bare `str`, or holds something else than `str`.
        ValueError: If a word contains `"."`, which would look like its end.

    Examples:
        >>> build_vocabulary(["emma", "mia"])
        '.aeim'
    """
    characters: set[str] = set()
    for text in join_words(words):
        characters.update(text)
    return BOUNDARY + "".join(sorted(characters - {BOUNDARY}))


def encode(word: str, vocabulary: str) -> Int64[Tensor, " length"]:
    """Return the id of each character: its position in the vocabulary.

    Args:
        word: Any `str` over the vocabulary. No boundary token is added.
        vocabulary: The token of each id.

    Returns:
        As many ids as the word has characters; none for an empty word.

    Raises:
        TypeError: If the word or the vocabulary is not a `str`.
        ValueError: If the vocabulary lacks a character, repeats one or does not begin with `"."`.

    Examples:
        >>> encode("mia", ".aeim")
        tensor([4, 3, 1])
    """
    require_word(word)
    require_vocabulary(vocabulary)
    ids = {character: id for id, character in enumerate(vocabulary)}
    for character in word:
        if character not in ids:
            _refuse_character(word, character)
    return torch.tensor([ids[character] for character in word], dtype=torch.int64, device="cpu")


def decode(ids: Integer[Tensor, " length"], vocabulary: str) -> str:
    """Return the characters that the ids stand for, joined into one `str`.

    Args:
        ids: Integers from 0 to `len(vocabulary) - 1`.
        vocabulary: The token of each id.

    Returns:
        The word, with a `"."` wherever an id is 0.

    Raises:
        TypeError: If `ids` is not a tensor of integers.
        ValueError: If `ids` has not one axis, or an id is outside the vocabulary, as negative ones are (they would
            count from the end); if the vocabulary repeats a character or does not begin with `"."`.

    Examples:
        >>> decode(torch.tensor([4, 3, 1, 0]), ".aeim")
        'mia.'
    """
    require_vocabulary(vocabulary)
    require_ids("ids", ids, axes=1, tokens=len(vocabulary))
    return "".join([vocabulary[id] for id in ids.tolist()])


# The rest is the same thing in bulk: what counting uses, many times as fast as a loop over words.


def join_words(words: Iterable[str], batch_size: int = 8192) -> Iterator[str]:
    """Yield the words joined by the boundary token, as in `".emma.olivia."`, at most `batch_size` in each text.

    One `"."` ends a word and begins the next. Joining in batches keeps the memory small, however many words come.
    """
    require_words(words)
    iterator = iter(words)
    while batch := list(islice(iterator, batch_size)):
        if not {str}.issuperset(map(type, batch)):  # of all at once, as a check of each would cost most of the time
            for word in batch:
                require_word(word)
        text = BOUNDARY + BOUNDARY.join(batch) + BOUNDARY
        if text.count(BOUNDARY) > len(batch) + 1:
            word = next(word for word in batch if BOUNDARY in word)
            raise ValueError(
                f"the word {reprlib.repr(word)} contains '.', which marks the end of a word; "
                "take it out or replace it: word.replace('.', '')"
            )
        yield text


def encode_text(text: str, vocabulary: str) -> Int64[Tensor, " length"]:
    """Return what `encode` returns, for one text made by `join_words`.

    In UTF-32 every character is one 32-bit integer, so a text is already a tensor of code points, and looking up all of
    them in a table from code point to id is a single indexing operation.
    """
    alphabet = _code_points(vocabulary)
    unknown = int(alphabet.max()) + 1  # every code point beyond the alphabet shares this last place of the table
    ids_of = torch.full((unknown + 1,), -1, device="cpu")
    ids_of[alphabet.long()] = torch.arange(len(vocabulary), device="cpu")
    ids = ids_of.index_select(0, _code_points(text).clamp_(max=unknown))
    if ids.min() < 0:
        position = int(ids.argmin())
        word = text[text.rfind(BOUNDARY, 0, position) + 1 : text.find(BOUNDARY, position)]
        _refuse_character(word, text[position])
    return ids


def _code_points(text: str) -> Tensor:
    native = "utf-32-le" if sys.byteorder == "little" else "utf-32-be"
    return torch.frombuffer(bytearray(text, native, "surrogatepass"), dtype=torch.int32)


def _refuse_character(word: str, character: str) -> NoReturn:
    raise ValueError(
        f"the word {reprlib.repr(word)} contains {character!r}, which the vocabulary lacks; mind the case, or "
        "build the vocabulary from all your words: build_vocabulary(words)"
    )
