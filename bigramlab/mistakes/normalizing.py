"""What goes wrong when counts are divided."""

from typing import Any

import torch

from bigramlab.lessons.inputs import require_weights
from bigramlab.lessons.normalizing import normalize
from bigramlab.mistakes.mistake import mistake


@mistake("normalize")
def keepdim_forgotten(counts: Any) -> Any:
    """Without `keepdim=True` the sums have one axis, so they are laid along the rows, not beside them.

    Print `counts.sum(dim=1).shape` and `counts.sum(dim=1, keepdim=True).shape`: only the second is a column.
    """
    return counts / counts.sum(dim=1)


@mistake("normalize")
def columns_divided_for_rows(counts: Any) -> Any:
    """`dim=0` sums down the columns, so each cell is divided by the sum of its column, not of its row.

    Print `normalize(counts).sum(dim=1)` and `normalize(counts).sum(dim=0)`: only the second is all ones.
    """
    return counts / counts.sum(dim=0, keepdim=True)


@mistake("normalize")
def divided_by_the_grand_total(counts: Any) -> Any:
    """`counts.sum()` without a `dim` is the sum of the whole table, so only all the cells together sum to 1.

    Print `normalize(counts).sum()`: it is 1, and should be the number of rows.
    """
    return counts / counts.sum()


@mistake("normalize", careless=True)
def empty_rows_give_nan(counts: Any) -> Any:
    """A row without counts is not refused: 0 / 0 is `nan`, which spreads into everything computed from it.

    Print `normalize(torch.tensor([[0, 0], [1, 3]]))`: its first row is `nan`.
    """
    require_weights("counts", counts)
    return counts / counts.sum(dim=1, keepdim=True)


@mistake("normalize")
def counts_divided_in_place(counts: Any) -> Any:
    """`counts /= ...` writes the probabilities into the very table that came in, so its counts are lost.

    Make `counts = torch.tensor([[1.0, 3.0]])`, call `normalize(counts)` and print `counts`: it has changed.
    """
    if not counts.is_floating_point():
        counts = counts.float()
    counts /= counts.sum(dim=1, keepdim=True)
    return counts


@mistake("normalize")
def softmax_of_the_counts(counts: Any) -> Any:
    """`softmax` takes `exp` of every count before it divides, so large counts get nearly everything and 0 gets some.

    Print `normalize(torch.tensor([[1, 3]]))`: it is 0.12 and 0.88, and should be 0.25 and 0.75.
    """
    return counts.double().softmax(dim=1).float()


@mistake("normalize")
def integers_divided_as_integers(counts: Any) -> Any:
    """`//` rounds every quotient down, so a share below 1 becomes 0.

    Print `normalize(torch.tensor([[1, 3]]))`: it is 0 and 0, and should be 0.25 and 0.75.
    """
    return counts // counts.sum(dim=1, keepdim=True)


@mistake("normalize")
def stored_in_a_table_of_integers(counts: Any) -> Any:
    """`zeros_like(counts)` is a table of integers when the counts are, so every share stored in it is cut to 0.

    Print `torch.zeros_like(counts).dtype`: it is `torch.int64`, and has no place for 0.25.
    """
    probs = torch.zeros_like(counts)
    for i, row in enumerate(counts):
        probs[i] = row / row.sum()
    return probs


@mistake("normalize", careless=True)
def empty_rows_give_zeros(counts: Any) -> Any:
    """A row without counts becomes a row of zeros, by `nan_to_num` or a tiny number added to its sum.

    Print `normalize(torch.tensor([[0, 0], [1, 3]])).sum(dim=1)`: the first sum is 0.
    """
    require_weights("counts", counts)
    return (counts / counts.sum(dim=1, keepdim=True)).nan_to_num(0.0)


@mistake("normalize", careless=True)
def empty_rows_give_equal_shares(counts: Any) -> Any:
    """A row without counts becomes equal shares, silently, as if the data had said so.

    Print `normalize(torch.tensor([[0, 0], [1, 3]]))`: its first row is 0.5 and 0.5, of which no count tells.
    """
    require_weights("counts", counts)
    return (counts / counts.sum(dim=1, keepdim=True)).nan_to_num(1 / counts.shape[1])


@mistake("normalize")
def smoothed_before_dividing(counts: Any) -> Any:
    """1 is added to every count before dividing: smoothing is a step of its own, and here it happens unasked.

    Print `normalize(torch.tensor([[1, 3]]))`: it is 0.33 and 0.67, and should be 0.25 and 0.75.
    """
    return normalize(counts + 1)


@mistake("normalize")
def divided_by_the_largest(counts: Any) -> Any:
    """Each row is divided by its largest count, so the largest share is 1 and the row sums to more.

    Print `normalize(torch.tensor([[1, 3]]))`: it is 0.33 and 1, and should be 0.25 and 0.75.
    """
    return counts / counts.amax(dim=1, keepdim=True)


@mistake("normalize")
def divided_by_the_length_of_the_row(counts: Any) -> Any:
    """Each row is divided by its Euclidean length, as `torch.nn.functional.normalize` does, not by its sum.

    Print `normalize(torch.tensor([[3, 4]]))`: it is 0.6 and 0.8, which sum to 1.4.
    """
    return counts / counts.float().norm(dim=1, keepdim=True)


@mistake("normalize")
def first_row_divides_all(counts: Any) -> Any:
    """Every row is divided by the sum of row 0, which fits row 0 alone.

    Print `normalize(torch.tensor([[1, 3], [1, 1]])).sum(dim=1)`: it is 1 and 0.5.
    """
    return counts / counts[0].sum()


@mistake("normalize")
def percent_for_shares(counts: Any) -> Any:
    """The shares are multiplied by 100: percent are easy to read, but no probabilities.

    Print `normalize(counts).sum(dim=1)`: every row sums to 100, and should sum to 1.
    """
    return 100 * normalize(counts)


@mistake("normalize")
def rounded_to_3_decimals(counts: Any) -> Any:
    """The shares are rounded to 3 decimals, so rare bigrams become impossible and rows miss 1.

    Print `normalize(torch.tensor([[1, 9999]]))`: its first cell is 0, and should be 0.0001.
    """
    return normalize(counts).round(decimals=3)


@mistake("normalize")
def half_precision(counts: Any) -> Any:
    """`.half()` keeps about 3 digits and nothing above 65504, so the shares are rough and large sums are `inf`.

    Print `normalize(torch.tensor([[70000, 70000]]))`: it is `nan`, and should be 0.5 and 0.5.
    """
    return counts.half() / counts.half().sum(dim=1, keepdim=True)


@mistake("normalize")
def floats_cut_to_integers(counts: Any) -> Any:
    """`.long()` cuts every entry to an integer first, so counts smoothed by 0.5, or probabilities, are lost.

    Print `normalize(torch.tensor([[0.5, 1.5]]))`: it is 0 and 1, and should be 0.25 and 0.75.
    """
    return counts.long() / counts.long().sum(dim=1, keepdim=True)


@mistake("normalize", careless=True)
def negative_counts_become_0(counts: Any) -> Any:
    """A negative count is taken for 0, so the mistake that made it stays hidden.

    Call `normalize(torch.tensor([[-1, 3]]))`: it answers 0 and 1, and should refuse.
    """
    return normalize(counts.clamp(min=0))


def _refuse_empty_rows(counts: Any) -> None:
    if (counts.sum(dim=1) == 0).any():
        raise ValueError("a row has no counts")


@mistake("normalize", careless=True)
def negative_counts_accepted(counts: Any) -> Any:
    """A negative count is divided like any other, and gives a negative "probability".

    Print `normalize(torch.tensor([[-1, 3]]))`: it is -0.5 and 1.5, and should be refused.
    """
    require_weights("counts", counts.abs())
    _refuse_empty_rows(counts)
    return counts / counts.sum(dim=1, keepdim=True)


@mistake("normalize", careless=True)
def nan_and_inf_accepted(counts: Any) -> Any:
    """`nan < 0` and `inf < 0` are both false, so a test for negative counts lets them pass.

    Call `normalize(torch.tensor([[float("nan"), 1.0]]))`: it answers `nan`, and should refuse.
    """
    if (counts < 0).any():
        raise ValueError("a count is negative")
    _refuse_empty_rows(counts)
    return counts / counts.sum(dim=1, keepdim=True)


@mistake("normalize", careless=True)
def sums_in_32_bits(counts: Any) -> Any:
    """The sums are of type `torch.int32`, which ends at 2,147,483,647: larger ones become other numbers.

    Print `normalize(torch.tensor([[2**31, 2**31]]))`: it should be 0.5 and 0.5.
    """
    normalize(counts)  # refuses what it should
    sums = counts.sum(dim=1, keepdim=True)
    return counts / (sums if counts.is_floating_point() else sums.to(torch.int32))
