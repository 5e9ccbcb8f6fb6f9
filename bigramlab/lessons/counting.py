"""How often does each character follow each other one? A bigram model is this table and nothing else."""

import math
from collections.abc import Iterable, Sequence

import torch
from jaxtyping import Int64, Integer, Num
from torch import Tensor

from bigramlab.lessons.encoding import encode, id_table, in_batches, in_pieces, join_batch, look_up, require_no_boundary
from bigramlab.lessons.inputs import require_finite, require_room, require_size, require_table, require_vocabulary

__all__ = ["count_bigrams", "most_common_bigrams"]


def count_bigrams(words: Iterable[str], vocabulary: str) -> Int64[Tensor, "vocab vocab"]:
    """Count every pair of neighboring characters, a `"."` standing before and after each word.

    A word of n letters adds n + 1: `emma` is read as `.e em mm ma a.`

    The loop `counts[current, next] += 1` does the same, one bigram at a time. Here a bigram becomes *one* number,
    `current * vocab + next`, the position of its cell when the table is read row by row, and `bincount` counts equal
    numbers. Joined words, `.emma.olivia.`, make no false pairs: the `"."` between two words ends one and begins the
    other.

    Args:
        words: The words to count, from a list or any iterator; memory hardly grows with their number.
        vocabulary: The token of each id, as `build_vocabulary` makes it.

    Returns:
        The counts, row = current token, column = next token; zeros if there are no words.

    Raises:
        TypeError: If `words` is one bare `str`, or holds something else than `str`.
        ValueError: If a word contains `"."` or a character that the vocabulary lacks, or the vocabulary repeats a
            character or does not begin with `"."`.

    Examples:
        >>> count_bigrams(["emma"], ".aem")
        tensor([[0, 0, 1, 0],
                [1, 0, 0, 0],
                [0, 0, 0, 1],
                [0, 1, 0, 1]])
    """
    require_vocabulary(vocabulary)
    require_room("the table", len(vocabulary), len(vocabulary))
    size = len(vocabulary)
    ids_of = id_table(vocabulary, torch.int32 if size * size < 2**31 else torch.int64, unknown=0)
    counts = torch.zeros(size * size, dtype=torch.int64, device="cpu")
    begun = 0
    for batch in in_batches(words):
        for piece in in_pieces(join_batch(batch)):
            counts += _count_cells(look_up(piece, ids_of), size)
        begun += len(batch)
        if counts[:size].sum() != begun:  # what the vocabulary lacks has the id 0, too: then more words seem to begin
            _refuse(batch, vocabulary)
    return counts.view(size, size)


def _count_cells(ids: Integer[Tensor, " length"], size: int) -> Int64[Tensor, " cells"]:
    cells = torch.add(ids[1:], ids[:-1], alpha=size)  # ids[:-1] * size + ids[1:], in one go
    return torch.bincount(cells, minlength=size * size)


def _refuse(batch: Sequence[str], vocabulary: str) -> None:
    """Say which word can't be counted."""
    require_no_boundary(batch)
    for word in batch:
        encode(word, vocabulary)


def most_common_bigrams(
    counts: Num[Tensor, "vocab vocab"],
    vocabulary: str,
    n: int = 10,
) -> list[tuple[str, int | float]]:
    """Return the n largest cells of the table, each as a bigram and its count.

    Args:
        counts: Counts, smoothed counts or probabilities.
        vocabulary: The token of each id.
        n: How many; the whole table if it has fewer cells.

    Returns:
        Pairs such as `("n.", 6763)`, the largest first, of zeros too. Equal counts stay in the order of their ids.

    Raises:
        TypeError: If `counts` is not a tensor, or `n` not an `int`.
        ValueError: If the table does not fit the vocabulary or holds nan or inf, or `n` is negative.

    Examples:
        >>> counts = count_bigrams(["emma", "mia"], ".aeim")
        >>> most_common_bigrams(counts, ".aeim", n=3)
        [('a.', 2), ('.e', 1), ('.m', 1)]
    """
    require_table("counts", counts)
    require_finite("counts", counts)
    require_vocabulary(vocabulary, counts)
    n = require_size("n", n, most=math.inf)
    values, cells = counts.flatten().sort(descending=True, stable=True)
    return [
        (vocabulary[cell // len(vocabulary)] + vocabulary[cell % len(vocabulary)], value)
        for value, cell in zip(values[:n].tolist(), cells[:n].tolist(), strict=True)
    ]
