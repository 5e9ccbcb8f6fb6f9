"""No word of the list contains `bk`, yet some name might: add a little to every count."""

import torch
from jaxtyping import Num
from torch import Tensor

from bigramlab.lessons.inputs import require_number, require_table, require_weights

__all__ = ["smooth"]


def smooth(counts: Num[Tensor, "current next"], k: int | float = 1) -> Num[Tensor, "current next"]:
    """Add `k` to every count, so that nothing is impossible (add-k smoothing).

    It is as if each bigram had been seen `k` times more. G. J. Lidstone's rule; with `k = 1` it is Laplace's rule of
    succession (Jurafsky and Martin, *Speech and Language Processing*, "N-gram Language Models").

    Args:
        counts: A table of counts.
        k: What to add, finite and not negative. The larger it is, the more alike the rows become; 0 changes nothing.

    Returns:
        A new tensor, of integers if `counts` and `k` are; `counts` is left as it was.

    Raises:
        TypeError: If `counts` is not a tensor, or `k` not a number.
        ValueError: If `k` or a count is negative or not finite, or the sum does not fit into the numbers' type.

    Examples:
        >>> smooth(torch.tensor([[3, 0], [1, 2]]))
        tensor([[4, 1],
                [2, 3]])
        >>> smooth(torch.tensor([[3, 0], [1, 2]]), k=0.5)
        tensor([[3.5000, 0.5000],
                [1.5000, 2.5000]])
    """
    require_table("counts", counts)
    require_weights("counts", counts)
    k = require_number("k", k)
    wide = counts if counts.is_floating_point() else counts.to(torch.int64)
    smoothed = wide + k
    if not (smoothed.isfinite() & (smoothed >= wide) & ((smoothed > 0) | (k == 0))).all():
        raise ValueError(
            f"counts + {k} does not fit into {smoothed.dtype}; choose another k, or smooth counts.double()"
        )
    return smoothed
