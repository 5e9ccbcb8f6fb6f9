"""Laws of add-k smoothing."""

from collections.abc import Callable
from typing import Any

import torch
from hypothesis import strategies as st
from torch import Tensor

from bigramlab.laws import strategies as draw
from bigramlab.laws.law import a_tensor, agree, broken, law, refuses

Function = Callable[..., Any]

ks = st.one_of(st.integers(0, 100), st.integers(1, 400).map(lambda n: n / 4), st.sampled_from([0.001, 0.0125]))
tables = st.one_of(draw.count_tables(), draw.count_tables(largest=99).map(lambda counts: counts / 8))


@law("smooth", tables, ks, examples=60)
def every_cell_gains_k(smooth: Function, counts: Tensor, k: float) -> None:
    """Every count grows by k, whether it was 0 or not."""
    expected = [[count + k for count in row] for row in counts.tolist()]
    agree(a_tensor(smooth(counts, k), counts.shape, "numbers"), expected)


@law("smooth", draw.large_tables(), ks, examples=4)
def tables_may_be_larger(smooth: Function, counts: Tensor, k: float) -> None:
    """A table for more than 27 tokens is smoothed like any other."""
    every_cell_gains_k(smooth, counts, k)


@law("smooth", draw.count_tables(largest=1000))
def one_is_added_by_default(smooth: Function, counts: Tensor) -> None:
    """Without k it adds 1."""
    expected = [[count + 1 for count in row] for row in counts.tolist()]
    agree(a_tensor(smooth(counts), counts.shape, "numbers"), expected)


@law("smooth", draw.count_tables(largest=3), st.integers(1, 40).map(lambda n: n / 40))
def nothing_stays_impossible(smooth: Function, counts: Tensor, k: float) -> None:
    """With k above 0, no cell is left at 0."""
    for i, row in enumerate(a_tensor(smooth(counts, k), counts.shape, "numbers")):
        if min(row) <= 0:
            broken(f"entry [{i}, {row.index(min(row))}] is {min(row)}")


@law("smooth", draw.count_tables(), ks)
def a_new_table(smooth: Function, counts: Tensor, k: float) -> None:
    """The result is a new table; the counts that came in are left as they were."""
    before = counts.clone()
    found = smooth(counts, k)
    if not torch.equal(counts, before):
        broken(f"it changed the counts to {counts}")
    if isinstance(found, Tensor) and found.data_ptr() == counts.data_ptr():
        broken("it returned the table that came in; whoever changes one then changes both")


@law("smooth", st.sampled_from([-1, -0.25, float("nan"), float("inf"), float("-inf")]))
def impossible_k_is_refused(smooth: Function, k: float) -> None:
    """A k that is negative or not finite is refused."""
    refuses(lambda: smooth(torch.tensor([[3, 1], [0, 2]]), k))
