"""Characters become numbers: the vocabulary, a word to its ids, and ids back to a word."""

import reprlib
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import NoReturn

import torch
from jaxtyping import Int64, Integer
from torch import Tensor

from bigramlab.lessons.inputs import require_ids, require_vocabulary, require_word, require_words

__all__ = ["BOUNDARY", "build_vocabulary", "decode", "encode"]

BOUNDARY = "."
"""The boundary token, id 0. It stands before and after every word, so a model learns how words begin and end."""

NATIVE = "utf-32-le" if sys.byteorder == "little" else "utf-32-be"  # as this machine writes a 32-bit integer


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


def in_batches(words: Iterable[str], batch_size: int = 8192) -> Iterator[Sequence[str]]:
    """Yield the words, so many at once: the memory stays small, however many words come."""
    require_words(words)
    if type(words) is list:  # cut it: half as long as a walk through it takes
        for start in range(0, len(words), batch_size):
            yield words[start : start + batch_size]
    else:
        iterator = iter(words)
        while batch := list(islice(iterator, batch_size)):
            yield batch


def join_batch(batch: Sequence[str]) -> str:
    """Return the words of a batch as one text, `".emma.olivia."`: one `"."` ends a word and begins the next."""
    try:
        return BOUNDARY + BOUNDARY.join(batch) + BOUNDARY
    except TypeError:  # `join` looks at each word anyway, so nobody else has to
        for word in batch:
            require_word(word)
        raise


def in_pieces(text: str, size: int = 2**20) -> Iterator[str]:
    """Cut a text into pieces, each of which begins with the last character of the one before: a word may be long."""
    for start in range(0, max(1, len(text) - 1), size):
        yield text[start : start + size + 1]


def join_words(words: Iterable[str], batch_size: int = 8192) -> Iterator[str]:
    """Yield the words joined, at most `batch_size` in each text, and refuse those that contain the boundary token."""
    for batch in in_batches(words, batch_size):
        text = join_batch(batch)
        if text.count(BOUNDARY) > len(batch) + 1:
            require_no_boundary(batch)
        yield text


def require_no_boundary(batch: Sequence[str]) -> None:
    """Refuse the first word that contains the boundary token."""
    for word in batch:
        if BOUNDARY in word:
            raise ValueError(
                f"the word {reprlib.repr(word)} contains '.', which marks the end of a word; "
                "take it out or replace it: word.replace('.', '')"
            )


def encode_text(text: str, vocabulary: str) -> Int64[Tensor, " length"]:
    """Return what `encode` returns, for one text made by `join_words`."""
    ids = look_up(text, id_table(vocabulary, torch.int64, unknown=len(vocabulary)))
    if ids.max() == len(vocabulary):
        position = int(ids.argmax())
        word = text[text.rfind(BOUNDARY, 0, position) + 1 : text.find(BOUNDARY, position)]
        _refuse_character(word, text[position])
    return ids


def id_table(vocabulary: str, dtype: torch.dtype, unknown: int) -> Integer[Tensor, " code_points"]:
    """Return the id of each code point: `unknown` where the vocabulary lacks it."""
    alphabet = _code_points(vocabulary).long()
    ids_of = torch.full((int(alphabet.max()) + 2,), unknown, dtype=dtype, device="cpu")
    ids_of[alphabet] = torch.arange(len(vocabulary), dtype=dtype, device="cpu")
    return ids_of


def look_up(text: str, ids_of: Integer[Tensor, " code_points"]) -> Integer[Tensor, " length"]:
    """Return the id of each character, whether the vocabulary has it or not.

    In UTF-32 every character is one 32-bit integer, so a text is already a tensor of code points, and looking up all of
    them is a single operation. Those beyond the alphabet share the last place of the table.
    """
    return ids_of.index_select(0, _code_points(text).clamp_(max=len(ids_of) - 1))


def spell(ids: Integer[Tensor, "..."], letters: str) -> str:
    """Return what `decode` returns, for ids that are known to be in range."""
    code_points = _code_points(letters).index_select(0, ids.flatten())
    return code_points.numpy().tobytes().decode(NATIVE, "surrogatepass")


def _code_points(text: str) -> Tensor:
    # A bytearray made from the text itself takes ten times as long as one from its bytes; torch wants one to write in.
    return torch.frombuffer(bytearray(text.encode(NATIVE, "surrogatepass")), dtype=torch.int32)


def _refuse_character(word: str, character: str) -> NoReturn:
    raise ValueError(
        f"the word {reprlib.repr(word)} contains {character!r}, which the vocabulary lacks; mind the case, or "
        "build the vocabulary from all your words: build_vocabulary(words)"
    )
