"""A block of a Transformer: attention, then a small network for each token, each adding to what is there."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from bigramlab.lessons.attention import shares_of
from bigramlab.lessons.heads import merge_heads, split_heads
from bigramlab.lessons.inputs import require_finite, require_floats, require_pieces, require_size, shown
from bigramlab.lessons.mlp import ASTRAY

__all__ = ["Block", "block", "rms_norm"]

TINY = 1e-5  # so that a vector of zeros stays one


class Block(NamedTuple):
    """The parameters of one block: attention, and then a small network for each token by itself.

    Attributes:
        attention_gain: The gain of the norm before attention, `(width,)`.
        query: Makes of a token's vector what it asks, `(width, width)`.
        key: What it answers to, `(width, width)`.
        value: What it has to give, `(width, width)`.
        output: Mixes what all heads took, `(width, width)`.
        hidden_gain: The gain of the norm before the small network, `(width,)`.
        widen: The small network's first layer, `(width, 4 * width)`.
        narrow: Its second one, `(4 * width, width)`.
    """

    attention_gain: Float[Tensor, " width"]
    query: Float[Tensor, "width width"]
    key: Float[Tensor, "width width"]
    value: Float[Tensor, "width width"]
    output: Float[Tensor, "width width"]
    hidden_gain: Float[Tensor, " width"]
    widen: Float[Tensor, "width hidden"]
    narrow: Float[Tensor, "hidden width"]


def rms_norm(
    x: Float[Tensor, "batch tokens width"], gain: Float[Tensor, " width"]
) -> Float[Tensor, "batch tokens width"]:
    """Bring each vector to the size 1, the root of the mean of its squares, and multiply each number by its gain.

    Blocks add to a token's vector, so it grows on the way; what they read should not. Each vector is divided by a
    number of its own, so no token learns anything of others. (Zhang and Sennrich, "Root Mean Square Layer
    Normalization", 2019.)

    Args:
        x: A vector for each token of each word.
        gain: A factor for each number of a vector.

    Returns:
        x / √(mean of x² + 0.00001) · gain, a new tensor of the same shape. Gradients flow through it.

    Raises:
        TypeError: If one of them is not a tensor of floats.
        ValueError: If `x` doesn't have three axes, there isn't one gain for each number of a vector, or numbers are
            nan, or so large that the mean of their squares is inf.

    Examples:
        The squares of 1 and 7 are 1 and 49, their mean is 25, and its root 5.

        >>> rms_norm(torch.tensor([[[1.0, 7.0]]]), gain=torch.ones(2))
        tensor([[[0.2000, 1.4000]]])
    """
    require_floats("x", x, axes=3, wanted="three axes, (batch, tokens, width)")
    require_floats("gain", gain, axes=1, wanted="one axis, (width,)")
    if len(gain) != x.shape[2]:
        raise ValueError(
            f"x has vectors of {x.shape[2]} numbers and there are {len(gain)} gains, but each number needs its own"
        )
    size = (x.square().mean(dim=-1, keepdim=True) + TINY).sqrt()
    require_finite("gain", gain.detach(), ASTRAY)
    require_finite("the mean of x²", size.detach(), ASTRAY)
    return x / size * gain


def block(parameters: Block, x: Float[Tensor, "batch tokens width"], heads: int) -> Float[Tensor, "batch tokens width"]:
    """Return the tokens' vectors after one block, which adds to them twice.

    First each token takes of the earlier ones, by attention. Then a small network bends what it has, each token by
    itself: a layer, max(0, x)² and another layer. Both read the vector through `rms_norm`, and what they find is added
    to it. So a block can leave a vector as it is, and what was found early stays. (He and others, "Deep Residual
    Learning", 2016; So and others, "Primer", 2021, for the bend.)

    Args:
        parameters: The block.
        x: A vector for each token of each word.
        heads: How many heads attend.

    Returns:
        The new vectors, of the same shape. Gradients flow through them.

    Raises:
        TypeError: If `parameters` is no `Block`, or `x` no tensor of floats.
        ValueError: If the shapes don't fit, the width can't be shared by so many heads, or numbers become nan or inf.

    Examples:
        >>> parameters = init_transformer(27, longest=16, width=8, heads=2).blocks[0]
        >>> block(parameters, torch.zeros(1, 3, 8), heads=2).shape
        torch.Size([1, 3, 8])
    """
    if not isinstance(parameters, Block):
        raise TypeError(f"parameters must be a Block, as init_transformer makes them, got {shown(parameters)}")
    require_floats("x", x, axes=3, wanted="three axes, (batch, tokens, width)")
    heads = require_size("heads", heads, least=1)
    require_pieces("a Block", [*parameters, x], "init_transformer")
    if parameters.query.ndim and x.shape[2] != len(parameters.query):
        raise ValueError(
            f"x has vectors of {x.shape[2]} numbers, but the block was made for a width of {len(parameters.query)}"
        )
    require_shapes(parameters, shapes_of(parameters, x.shape[2]))
    y = through_block(parameters, x, heads, None)[0]
    require_finite("what the block gives", y.detach(), ASTRAY)
    return y


def through_block(
    parameters: Block, x: Tensor, heads: int, earlier: tuple[Tensor, Tensor] | None
) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    """Return what `block` does, and the keys and values of all tokens; those of the earlier ones may be given."""
    normed = rms_norm(x, parameters.attention_gain)
    matrices = (parameters.query, parameters.key, parameters.value)
    queries, keys, values = (split_heads(normed @ matrix, heads) for matrix in matrices)
    if earlier:
        keys, values = (torch.cat(both, dim=2) for both in zip(earlier, (keys, values), strict=True))
    x = x + merge_heads(shares_of(queries, keys) @ values) @ parameters.output
    hidden = (rms_norm(x, parameters.hidden_gain) @ parameters.widen).relu().square()
    return x + hidden @ parameters.narrow, (keys, values)


def shapes_of(one: Block, width: int) -> list[tuple[int, ...]]:
    """Return the shapes that a block's pieces have, if they fit each other and the width."""
    square, hidden = (width, width), one.widen.shape[-1] if one.widen.ndim else 0
    return [(width,), square, square, square, square, (width,), (width, hidden), (hidden, width)]


def require_shapes(pieces: Sequence[Tensor], wanted: list[tuple[int, ...]], heads: int | None = None) -> None:
    """Refuse pieces of other shapes than those, and a width, that of the first, which so many heads can't share."""
    shapes = [tuple(piece.shape) for piece in pieces]
    if shapes != wanted or (heads and shapes[0][1] % heads):
        raise ValueError(
            f"the network's pieces have the shapes {shapes}{f' and {heads} heads' * bool(heads)}, which don't fit each "
            "other; make them with init_transformer"
        )
