"""Laws of turning counts into probabilities."""

from collections.abc import Callable
from typing import Any

import torch
from hypothesis import strategies as st
from torch import Tensor

from bigramlab.laws import strategies as draw
from bigramlab.laws.law import a_tensor, agree, broken, law, refuses

Function = Callable[..., Any]

counts_without_empty_rows = draw.count_tables(least_sum=1)
larger = draw.large_tables() | draw.count_tables(least_sum=2**33, largest=2**33)


@law("normalize", draw.count_tables(least_sum=1, square=True))
def rows_sum_to_1(normalize: Function, counts: Tensor) -> None:
    """Every row sums to 1."""
    for i, row in enumerate(a_tensor(normalize(counts), counts.shape, "floats")):
        if not abs(sum(row) - 1) < 1e-4:
            broken(f"row {i} sums to {sum(row):.6g}")


@law("normalize", counts_without_empty_rows)
def a_table_of_the_same_shape(normalize: Function, counts: Tensor) -> None:
    """The result is a table of floats with the shape of the counts, which need not be square."""
    a_tensor(normalize(counts), counts.shape, "floats")


@law("normalize", counts_without_empty_rows)
def each_cell_is_divided_by_the_sum_of_its_row(normalize: Function, counts: Tensor) -> None:
    """Each cell is its count divided by the sum of its own row."""
    expected = [[count / sum(row) for count in row] for row in counts.tolist()]
    agree(a_tensor(normalize(counts), counts.shape, "floats"), expected)


@law("normalize", larger, examples=10)
def tables_and_counts_may_be_larger(normalize: Function, counts: Tensor) -> None:
    """A table for more than 27 tokens is divided like any other, and so are counts of billions."""
    each_cell_is_divided_by_the_sum_of_its_row(normalize, counts)


@law("normalize", draw.count_tables(least_sum=1, largest=1000), st.integers(2, 50))
def scaling_changes_nothing(normalize: Function, counts: Tensor, factor: int) -> None:
    """Twice as many of everything are the same shares."""
    found = a_tensor(normalize(counts * factor), counts.shape, "floats")
    agree(a_tensor(normalize(counts), counts.shape, "floats"), found)


@law("normalize", draw.prob_tables(square=False))
def probabilities_stay(normalize: Function, probs: Tensor) -> None:
    """A table whose rows sum to 1 already stays as it is: floats are welcome."""
    expected = probs.tolist()
    agree(a_tensor(normalize(probs), probs.shape, "floats"), expected)


@law("normalize", counts_without_empty_rows)
def weights_may_be_fractions(normalize: Function, counts: Tensor) -> None:
    """Counts smoothed with a small k are fractions, and a row may sum to less than 1."""
    weights = counts.double() / 2**24
    expected = [[weight / sum(row) for weight in row] for row in weights.tolist()]
    agree(a_tensor(normalize(weights), counts.shape, "floats"), expected)


@law("normalize", counts_without_empty_rows)
def the_counts_are_left_alone(normalize: Function, counts: Tensor) -> None:
    """The counts that came in are left as they were, of integers and of floats."""
    for table in (counts, counts.float(), counts.double()):
        before = table.clone()
        normalize(table)
        if not torch.equal(table, before):
            broken(f"it changed the counts to {table}")


@law("normalize", draw.count_tables(), st.integers(0, 5))
def empty_rows_are_refused(normalize: Function, counts: Tensor, row: int) -> None:
    """A row without counts is refused: nothing is known of what follows, and 0 / 0 is no number."""
    counts[row % len(counts)] = 0
    refuses(lambda: normalize(counts))


@law("normalize", draw.not_weights())
def impossible_counts_are_refused(normalize: Function, counts: Tensor) -> None:
    """Negative, infinite and undefined (nan) counts are refused."""
    refuses(lambda: normalize(counts))
