"""What goes wrong when counts are smoothed."""

from typing import Any

import torch

from bigramlab.lessons.smoothing import smooth
from bigramlab.mistakes.mistake import mistake


@mistake("smooth")
def counts_changed_in_place(counts: Any, k: Any = 1) -> Any:
    """`counts += k` changes the very table that came in, so smoothing twice adds twice.

    Call `smooth(counts)` and then print `counts`: it has changed, and should be as before.
    """
    counts += k
    return counts


@mistake("smooth", careless=True)
def negative_k_accepted(counts: Any, k: Any = 1) -> Any:
    """A negative k, or one that is not finite, is added like any other, and gives counts that no text can have.

    Print `smooth(torch.tensor([[3, 0]]), k=-1)`: it has a -1 in it, and should be refused.
    """
    return counts + k


@mistake("smooth")
def only_zeros_smoothed(counts: Any, k: Any = 1) -> Any:
    """The k is put where the count is 0 and nowhere else, so what was never seen looks like what was seen k times.

    Print `smooth(torch.tensor([[0, 1]]))`: both cells are 1, and should be 1 and 2.
    """
    return torch.where(counts == 0, k, counts)


@mistake("smooth")
def raised_to_k_at_least(counts: Any, k: Any = 1) -> Any:
    """`clamp(min=k)` lifts the counts below k up to k and leaves the others, instead of adding k to all.

    Print `smooth(torch.tensor([[1, 5]]), k=3)`: it is 3 and 5, and should be 4 and 8.
    """
    return counts.clamp(min=k)


@mistake("smooth")
def k_ignored(counts: Any, k: Any = 1) -> Any:
    """1 is added whatever k is.

    Compare `smooth(counts, k=1)` with `smooth(counts, k=5)`: they are equal.
    """
    return counts + 1


@mistake("smooth")
def k_cut_to_an_integer(counts: Any, k: Any = 1) -> Any:
    """`int(k)` cuts 0.5 to 0, so a small k adds nothing.

    Print `smooth(torch.tensor([[0, 2]]), k=0.5)`: it is 0 and 2, and should be 0.5 and 2.5.
    """
    return counts + int(k)


@mistake("smooth")
def k_multiplied(counts: Any, k: Any = 1) -> Any:
    """The counts are multiplied by k, which leaves every 0 a 0.

    Print `smooth(torch.tensor([[0, 2]]), k=3)`: it is 0 and 6, and should be 3 and 5.
    """
    return counts * k


@mistake("smooth")
def nothing_added_by_default(counts: Any, k: Any = 0) -> Any:
    """The default of k is 0, so `smooth(counts)` smooths nothing.

    Print `smooth(torch.tensor([[0, 2]]))`: it is 0 and 2, and should be 1 and 3.
    """
    return counts + k


@mistake("smooth")
def one_k_shared_by_the_row(counts: Any, k: Any = 1) -> Any:
    """The k is added once a row, each cell getting its part, instead of once a cell.

    Print `smooth(torch.tensor([[0, 0]]))`: both cells are 0.5, and should be 1.
    """
    return counts + k / counts.shape[1]


@mistake("smooth")
def k_added_on_the_diagonal(counts: Any, k: Any = 1) -> Any:
    """A k times `torch.eye` is 0 off the diagonal, so only doubled letters gain k.

    Print `smooth(torch.zeros(2, 2))`: it has zeros left, and should be all ones.
    """
    return counts + k * torch.eye(*counts.shape)


@mistake("smooth")
def k_added_in_the_first_row_only(counts: Any, k: Any = 1) -> Any:
    """`counts[0] + k` reaches only the row of ".", so only the first letters of words are smoothed.

    Print `smooth(torch.zeros(2, 2))`: its second row is still 0.
    """
    smoothed = counts * 1.0
    smoothed[0] += k
    return smoothed


@mistake("smooth")
def probabilities_for_counts(counts: Any, k: Any = 1) -> Any:
    """The rows are divided by their sums as well: that is the next step, and `smooth` should return counts.

    Print `smooth(torch.tensor([[1, 1]]))`: it is 0.5 and 0.5, and should be 2 and 2.
    """
    return (counts + k) / (counts + k).sum(dim=1, keepdim=True)


@mistake("smooth")
def k_of_0_refused(counts: Any, k: Any = 1) -> Any:
    """A k of 0 is refused, though it may well be asked for: it leaves the counts as they are.

    Call `smooth(counts, k=0)`: it raises an error, and should return a copy.
    """
    if k == 0:
        raise ValueError("k is 0")
    return counts + k


@mistake("smooth", careless=True)
def same_table_for_k_of_0(counts: Any, k: Any = 1) -> Any:
    """For a k of 0 the table that came in is returned itself, so whoever changes one changes both.

    Print `smooth(counts, k=0) is counts`: it is `True`, and should be `False`.
    """
    return counts if k == 0 else smooth(counts, k)


@mistake("smooth", careless=True)
def infinite_k_accepted(counts: Any, k: Any = 1) -> Any:
    """Only `k < 0` is refused, and neither `nan` nor `inf` is less than 0.

    Print `smooth(counts, k=float("nan"))`: every count is `nan`, and it should be refused.
    """
    if k < 0:
        raise ValueError("k is negative")
    return counts + k


@mistake("smooth")
def k_rounded(counts: Any, k: Any = 1) -> Any:
    """The k is rounded to two decimals, so a small one becomes 0 and what was never seen stays impossible.

    Print `smooth(torch.tensor([[0, 1]]), k=0.001)`: its first number is 0, and should be 0.001.
    """
    return counts + round(k, 2)
