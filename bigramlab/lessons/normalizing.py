"""Counts become probabilities: divide every row by its sum."""

from jaxtyping import Float, Num
from torch import Tensor

from bigramlab.lessons.inputs import require_table, require_weights

__all__ = ["normalize"]


def normalize(counts: Num[Tensor, "current next"]) -> Float[Tensor, "current next"]:
    """Divide every row by its sum, giving a row-stochastic matrix.

    Row `i` becomes the distribution of the token that follows token `i`: the maximum-likelihood estimate when the
    counts are raw (Jurafsky and Martin, *Speech and Language Processing*, "N-gram Language Models").

    Args:
        counts: Finite, non-negative weights, such as smoothed counts.

    Returns:
        A new tensor of probabilities, in the precision of `counts` (torch's default for integers); `counts` is left as
        it was.

    Raises:
        TypeError: If `counts` is not a tensor.
        ValueError: If an entry is negative or not finite, or a row sums to zero.

    Examples:
        >>> normalize(torch.tensor([[1, 3], [2, 2]]))
        tensor([[0.2500, 0.7500],
                [0.5000, 0.5000]])
    """
    require_table("counts", counts)
    require_weights("counts", counts)
    weights = counts * 1.0  # integers become floats, so that no sum can overflow
    row_sums = weights.sum(dim=1, keepdim=True)  # keepdim: one sum a row, (current, 1), so each divides its own row
    _require_positive_sums(row_sums)
    return weights / row_sums


def _require_positive_sums(row_sums: Float[Tensor, "current 1"]) -> None:
    empty = (row_sums == 0).flatten().nonzero().flatten().tolist()
    if empty:
        listed = f"rows {empty} sum" if len(empty) > 1 else f"row {empty[0]} sums"
        if len(empty) > 10:
            listed = f"{len(empty)} rows, such as {empty[:3]}, sum"
        raise ValueError(
            f"{listed} to zero, so nothing is known of what follows; smooth the counts first: smooth(counts, k=1)"
        )
    if not row_sums.isfinite().all():
        raise ValueError(
            f"a row sums to more than {row_sums.dtype} can hold; use a wider type, counts.double(), or smaller weights"
        )
