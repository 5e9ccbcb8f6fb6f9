"""What a table is in which the boundary is two tokens: `<S>`, which begins words, and `<E>`, which ends them."""

from collections.abc import Iterator
from itertools import permutations

import torch
from torch import Tensor

from bigramlab.judge.making import Made
from bigramlab.judge.reading import Candidate, ordered, with_slips

__all__ = ["read_two_tokens"]

SWAPPED = "count_bigrams/rows_and_columns_swapped"


def read_two_tokens(table: Tensor, made: Made) -> Iterator[Candidate]:
    """Yield what a table may be that has a row and a column more than there are tokens.

    Right, it is known with its tokens in any order; with a slip in it, where `<S>` and `<E>` stand before the letters,
    behind them, or on both sides.
    """
    table, counts = table.detach().cpu().double(), _widened(torch.tensor(made.counts).double())
    if not table.any() or not table.isfinite().any():
        return
    if found := [*ordered(table, counts, "`<S>` and `<E>` are two tokens")]:
        yield from found
        return
    slips = {key: _widened(other) for key, other in made.miscounted().items()} | {SWAPPED: counts.T}
    first, *letters, last = range(len(counts))
    for places in permutations(([first], letters, [last])):
        order = [id for part in places for id in part]
        wrong = {key: other[order][:, order] for key, other in slips.items()}
        if slipped := with_slips(table, counts[order][:, order], wrong, 1):
            yield from slipped
            return


def _widened(counts: Tensor) -> Tensor:
    """Return counts with a token more: what stood in the column of the one boundary stands in the last column."""
    size = len(counts)
    wider = torch.zeros(size + 1, size + 1, dtype=counts.dtype)
    wider[:size, :size] = counts
    wider[:size, size] = counts[:, 0]
    wider[:, 0] = 0
    return wider
