"""Heads: each token's vector is cut into pieces that attend by themselves, and laid together again."""

from jaxtyping import Float
from torch import Tensor

from bigramlab.lessons.attention import FOUR
from bigramlab.lessons.inputs import require_floats, require_size

__all__ = ["merge_heads", "split_heads"]


def split_heads(x: Float[Tensor, "batch tokens width"], heads: int) -> Float[Tensor, "batch heads tokens numbers"]:
    """Cut each token's vector into as many pieces as there are heads, each of which then attends by itself.

    The first piece is for the first head, and so on. `view` makes `(batch, tokens, heads, numbers)` of it, and the axes
    have to change places after that: to ask for the last shape at once would mix the tokens.

    Args:
        x: A vector for each token of each word.
        heads: How many pieces to cut it into.

    Returns:
        The pieces, each of width / heads numbers.

    Raises:
        TypeError: If `x` is not a tensor of floats, or `heads` not a whole number.
        ValueError: If `x` doesn't have three axes, or its width can't be cut into so many equal pieces.

    Examples:
        Two tokens, whose vectors are 1 2 3 4 and 5 6 7 8, and two heads.

        >>> split_heads(torch.tensor([[[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]]]), heads=2)
        tensor([[[[1., 2.],
                  [5., 6.]],
        <BLANKLINE>
                 [[3., 4.],
                  [7., 8.]]]])
    """
    require_floats("x", x, axes=3, wanted="three axes, (batch, tokens, width)")
    heads = require_size("heads", heads, least=1)
    batch, tokens, width = x.shape
    if width % heads:
        raise ValueError(
            f"{heads} heads can't share {width} numbers: each needs as many as the others, so choose a width that is "
            f"a multiple of {heads}"
        )
    return x.view(batch, tokens, heads, width // heads).transpose(1, 2)


def merge_heads(x: Float[Tensor, "batch heads tokens numbers"]) -> Float[Tensor, "batch tokens width"]:
    """Lay each token's pieces side by side again, the first head's first: what `split_heads` did, undone.

    Args:
        x: The pieces.

    Returns:
        A vector of heads · numbers for each token of each word.

    Raises:
        TypeError: If `x` is not a tensor of floats.
        ValueError: If `x` doesn't have four axes.

    Examples:
        >>> pieces = torch.tensor([[[[1.0, 2.0], [5.0, 6.0]], [[3.0, 4.0], [7.0, 8.0]]]])
        >>> merge_heads(pieces)
        tensor([[[1., 2., 3., 4.],
                 [5., 6., 7., 8.]]])
    """
    require_floats("x", x, axes=4, wanted=FOUR)
    return x.transpose(1, 2).flatten(start_dim=2)
