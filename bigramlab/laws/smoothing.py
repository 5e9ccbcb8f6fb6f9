"""Laws of add-k smoothing."""

import torch
from hypothesis import strategies as st
from torch import Tensor

from bigramlab import plain
from bigramlab.laws import strategies as draw
from bigramlab.laws.law import Function, a_tensor, agree, broken, care, law, refuses

ks = st.one_of(st.integers(0, 100), st.integers(1, 400).map(lambda n: n / 4), st.sampled_from([0.001, 0.0125]))
tables = draw.count_tables(square=True, largest=10_000)
tables_of_fractions = draw.count_tables(square=True, largest=99).map(lambda counts: counts / 8)


@law("smooth", tables | tables_of_fractions, ks, examples=60)
def every_cell_gains_k(smooth: Function, counts: Tensor, k: float) -> None:
    """Every count grows by k, whether it was 0 or not."""
    agree(a_tensor(smooth(counts, k), counts.shape, "numbers"), plain.smooth(counts.tolist(), k))


@law("smooth", draw.large_tables(square=True), ks, examples=4)
def tables_may_be_larger(smooth: Function, counts: Tensor, k: float) -> None:
    """A table for more than 27 tokens is smoothed like any other."""
    every_cell_gains_k(smooth, counts, k)


@law("smooth", tables)
def one_is_added_by_default(smooth: Function, counts: Tensor) -> None:
    """Without k it adds 1."""
    agree(a_tensor(smooth(counts), counts.shape, "numbers"), plain.smooth(counts.tolist(), 1))


@law("smooth", draw.count_tables(square=True, largest=3), st.integers(1, 40).map(lambda n: n / 40))
def nothing_stays_impossible(smooth: Function, counts: Tensor, k: float) -> None:
    """With k above 0, no cell is left at 0."""
    for i, row in enumerate(a_tensor(smooth(counts, k), counts.shape, "numbers")):
        if min(row) <= 0:
            broken(f"entry [{i}, {row.index(min(row))}] is {min(row)}")


@care("smooth", draw.count_tables(), ks)
def tables_need_not_be_square(smooth: Function, counts: Tensor, k: float) -> None:
    """A table may have more rows than columns, or fewer, and counts of a million."""
    every_cell_gains_k(smooth, counts, k)


@care("smooth", draw.count_tables(), ks)
def a_new_table(smooth: Function, counts: Tensor, k: float) -> None:
    """The result is a new table, for a k of 0 too."""
    found = smooth(counts, k)
    if isinstance(found, Tensor) and found.data_ptr() == counts.data_ptr():
        broken("it returned the table that came in; whoever changes one then changes both")


@care("smooth", draw.not_weights(), examples=10)
def impossible_counts_are_refused(smooth: Function, counts: Tensor) -> None:
    """Negative, infinite and undefined (nan) counts are refused."""
    refuses(lambda: smooth(counts))


@care("smooth", st.sampled_from([-1, -0.25, float("nan"), float("inf"), float("-inf")]))
def impossible_k_is_refused(smooth: Function, k: float) -> None:
    """A k that is negative or not finite is refused."""
    refuses(lambda: smooth(torch.tensor([[3, 1], [0, 2]]), k))
