"""Laws of turning counts into probabilities."""

from hypothesis import strategies as st
from torch import Tensor

from bigramlab import plain
from bigramlab.laws import strategies as draw
from bigramlab.laws.law import Function, a_tensor, agree, broken, care, law, refuses

square = draw.count_tables(square=True, least_sum=1, largest=10_000)
any_shape = draw.count_tables(least_sum=1)
extreme = draw.count_tables(least_sum=2**33, largest=2**33) | any_shape.map(lambda counts: counts / 10**6)


@law("normalize", square)
def rows_sum_to_1(normalize: Function, counts: Tensor) -> None:
    """Every row sums to 1."""
    for i, row in enumerate(a_tensor(normalize(counts), counts.shape, "floats")):
        if not abs(sum(row) - 1) < 1e-4:
            broken(f"row {i} sums to {sum(row):.6g}")


@law("normalize", square)
def each_cell_is_divided_by_the_sum_of_its_row(normalize: Function, counts: Tensor) -> None:
    """Each cell is its count divided by the sum of its own row."""
    agree(a_tensor(normalize(counts), counts.shape, "floats"), plain.normalize(counts.tolist()))


@law("normalize", draw.large_tables(square=True), examples=4)
def tables_may_be_larger(normalize: Function, counts: Tensor) -> None:
    """A table for more than 27 tokens is divided like any other."""
    each_cell_is_divided_by_the_sum_of_its_row(normalize, counts)


@law("normalize", draw.count_tables(square=True, least_sum=1, largest=200), st.integers(2, 50))
def scaling_changes_nothing(normalize: Function, counts: Tensor, factor: int) -> None:
    """Twice as many of everything are the same shares."""
    found = a_tensor(normalize(counts * factor), counts.shape, "floats")
    agree(a_tensor(normalize(counts), counts.shape, "floats"), found)


@law("normalize", square.map(lambda counts: counts / 1000))
def weights_may_be_fractions(normalize: Function, weights: Tensor) -> None:
    """Counts smoothed with a small k are fractions, and a row may sum to less than 1."""
    each_cell_is_divided_by_the_sum_of_its_row(normalize, weights)


@law("normalize", draw.prob_tables())
def probabilities_stay(normalize: Function, probs: Tensor) -> None:
    """A table whose rows sum to 1 already stays as it is: floats are welcome."""
    agree(a_tensor(normalize(probs), probs.shape, "floats"), probs.tolist())


@care("normalize", any_shape)
def tables_need_not_be_square(normalize: Function, counts: Tensor) -> None:
    """A table may have more rows than columns, or fewer."""
    each_cell_is_divided_by_the_sum_of_its_row(normalize, counts)


@care("normalize", extreme)
def counts_may_be_very_large_or_small(normalize: Function, counts: Tensor) -> None:
    """Counts of billions are divided like any other, and so are weights of millionths."""
    each_cell_is_divided_by_the_sum_of_its_row(normalize, counts)


@care("normalize", draw.count_tables(), st.integers(0, 5))
def empty_rows_are_refused(normalize: Function, counts: Tensor, row: int) -> None:
    """A row without counts is refused: nothing is known of what follows, and 0 / 0 is no number."""
    counts[row % len(counts)] = 0
    refuses(lambda: normalize(counts))


@care("normalize", draw.not_weights())
def impossible_counts_are_refused(normalize: Function, counts: Tensor) -> None:
    """Negative, infinite and undefined (nan) counts are refused."""
    refuses(lambda: normalize(counts))
