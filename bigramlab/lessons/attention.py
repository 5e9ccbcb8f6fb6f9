"""Attention: each token asks, all up to it answer, and it takes from each according to how well that fits."""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from bigramlab.lessons.inputs import require_finite, require_floats
from bigramlab.lessons.neural_bigram import softmax

__all__ = ["attend", "attention_shares"]

FOUR = "four axes, (batch, heads, tokens, numbers): split_heads makes them"


def attention_shares(
    queries: Float[Tensor, "batch heads tokens numbers"], keys: Float[Tensor, "batch heads tokens numbers"]
) -> Float[Tensor, "batch heads tokens tokens"]:
    """Return the share that each token takes of itself and of each earlier one.

    Each token asks with its query, a vector. How well a key fits is their dot product, divided by √numbers, for a sum
    of more numbers is larger: query · key / √numbers. `softmax` makes shares of these scores. A later token's score is
    `-inf`, and so its share 0: when a model writes, what comes later isn't there yet. (Vaswani and others, "Attention
    Is All You Need", 2017.)

    Args:
        queries: What each token asks: for each word of the batch and each head, a vector for each token.
        keys: What each token answers to, vectors of the same length.

    Returns:
        The shares: row = the token that asks, column = the one it looks at. Every row sums to 1. Gradients flow
        through them.

    Raises:
        TypeError: If one of them is not a tensor of floats.
        ValueError: If they don't have four axes and the same shape, or no tokens or no numbers, or a score is not
            finite.

    Examples:
        The second token's query fits its own key better by log 3, so it takes 3/4 of itself.

        >>> queries = torch.tensor([[[[5.0], [math.log(3)]]]])
        >>> attention_shares(queries, keys=torch.tensor([[[[0.0], [1.0]]]]))
        tensor([[[[1.0000, 0.0000],
                  [0.2500, 0.7500]]]])
    """
    _require_heads(queries=queries, keys=keys)
    return shares_of(queries, keys)


def shares_of(queries: Tensor, keys: Tensor) -> Tensor:
    """Return the shares; the queries may be those of the last tokens alone, as when a model writes."""
    scores = queries @ keys.transpose(2, 3) / math.sqrt(queries.shape[3])
    ask_nothing = keys.shape[2] - queries.shape[2]
    later = torch.ones(scores.shape[2:], dtype=torch.bool, device=scores.device).triu(diagonal=ask_nothing + 1)
    return softmax(scores.masked_fill(later, -math.inf))


def attend(
    queries: Float[Tensor, "batch heads tokens numbers"],
    keys: Float[Tensor, "batch heads tokens numbers"],
    values: Float[Tensor, "batch heads tokens numbers"],
) -> Float[Tensor, "batch heads tokens numbers"]:
    """Return what each token takes: the mean of the values up to it, weighted with its shares of them.

    Args:
        queries: What each token asks.
        keys: What each token answers to.
        values: What each token has to give.

    Returns:
        A vector for each token of each word and head: the sum of share · value. Gradients flow through it.

    Raises:
        TypeError: If one of them is not a tensor of floats.
        ValueError: As `attention_shares`, and if the values have another shape, or nan or inf among them.

    Examples:
        The shares of the second token are 1/4 and 3/4, and 8/4 + 4 · 3/4 = 5.

        >>> queries = torch.tensor([[[[5.0], [math.log(3)]]]])
        >>> keys = torch.tensor([[[[0.0], [1.0]]]])
        >>> attend(queries, keys, values=torch.tensor([[[[8.0], [4.0]]]]))
        tensor([[[[8.],
                  [5.]]]])
    """
    _require_heads(queries=queries, keys=keys, values=values)
    require_finite("values", values)
    return shares_of(queries, keys) @ values


def _require_heads(**given: Tensor) -> None:
    """Refuse anything but tensors of one shape, (batch, heads, tokens, numbers), none of whose last axes is empty."""
    for name, x in given.items():
        require_floats(name, x, axes=4, wanted=FOUR)
    first = given["queries"]
    for name, x in given.items():
        if x.shape != first.shape or x.dtype != first.dtype:
            raise ValueError(
                f"queries has shape {tuple(first.shape)} ({first.dtype}) and {name} has {tuple(x.shape)} ({x.dtype}), "
                "but every token has one of each, of the same length: make all of them from the same tokens"
            )
    if not first.shape[2] * first.shape[3]:
        raise ValueError(f"queries has shape {tuple(first.shape)}: there are no tokens, or no numbers for each")
