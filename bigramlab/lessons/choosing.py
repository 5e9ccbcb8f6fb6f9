"""Choosing the next token: flatter or sharper probabilities, or the likeliest tokens alone."""

import math

from jaxtyping import Float, Num
from torch import Tensor

from bigramlab.lessons.inputs import require_distributions, require_number, require_size, require_table
from bigramlab.lessons.neural_bigram import require_logits, softmax

__all__ = ["keep_top_k", "keep_top_p", "with_temperature"]


def with_temperature(logits: Num[Tensor, "batch vocab"], temperature: int | float) -> Float[Tensor, "batch vocab"]:
    """Turn logits into probabilities that are flatter (above 1) or sharper (below 1): softmax(logits / temperature).

    The ratio of two probabilities is taken to the power of 1 / temperature. At 1 they are those of `softmax`; toward 0
    the largest logit gets all; the higher the temperature, the more equal they are. (The name is that of physics, in
    whose formula of Boltzmann it divides energies.)

    Args:
        logits: A row for each context. Those of probabilities are their logarithms, `probs.log()`.
        temperature: A number above 0.

    Returns:
        A new tensor of probabilities of the same shape.

    Raises:
        TypeError: If `logits` is not a tensor of real numbers, or `temperature` not a number.
        ValueError: If `temperature` is not above 0, or there are logits that `softmax` refuses.

    Examples:
        >>> with_temperature(torch.tensor([[1.0, 3.0]]).log(), 0.5)  # 1 to 3 becomes 1 to 9
        tensor([[0.1000, 0.9000]])
    """
    require_table("logits", logits)
    require_logits(logits)
    temperature = require_number("temperature", temperature, positive=True)
    shifted = logits.double() - logits.double().amax(dim=1, keepdim=True)  # so that no quotient is too large
    return softmax(shifted / temperature).to((logits * 1.0).dtype)


def keep_top_k(probs: Float[Tensor, "batch vocab"], k: int) -> Float[Tensor, "batch vocab"]:
    """Keep the k likeliest tokens of each row, and divide by what is left; the others get 0.

    (Fan, Lewis and Dauphin, "Hierarchical Neural Story Generation", 2018.)

    Args:
        probs: The probabilities of the next token, a row for each context.
        k: How many to keep; all, if there are not so many. Which of equally likely ones are kept is not fixed.

    Returns:
        A new tensor of probabilities of the same shape.

    Raises:
        TypeError: If `probs` is not a tensor, or `k` not a whole number.
        ValueError: If `k` is less than 1, or a row is no distribution.

    Examples:
        >>> keep_top_k(torch.tensor([[0.1, 0.6, 0.2, 0.1]]), 2)
        tensor([[0.0000, 0.7500, 0.2500, 0.0000]])
    """
    require_table("probs", probs)
    require_distributions("probs", probs)
    k = require_size("k", k, least=1, most=math.inf)
    likeliest = probs.topk(min(k, probs.shape[1]), dim=1)
    return _shares(probs.new_zeros(probs.shape).scatter(1, likeliest.indices, likeliest.values))


def keep_top_p(probs: Float[Tensor, "batch vocab"], p: int | float) -> Float[Tensor, "batch vocab"]:
    """Keep the fewest likeliest tokens of each row that have p or more together, and divide by what is left.

    Where the model is sure, few are kept; where it isn't, many are. The token that crosses p is kept, too. (Holtzman
    and others, "The Curious Case of Neural Text Degeneration", 2020, where it is called *nucleus sampling*.)

    Args:
        probs: The probabilities of the next token, a row for each context.
        p: A number above 0, and 1 at most, which keeps all.

    Returns:
        A new tensor of probabilities of the same shape.

    Raises:
        TypeError: If `probs` is not a tensor, or `p` not a number.
        ValueError: If `p` is not above 0 and at most 1, or a row is no distribution.

    Examples:
        >>> keep_top_p(torch.tensor([[0.1, 0.6, 0.2, 0.1]]), 0.7)  # 0.6 is not enough, 0.6 + 0.2 is
        tensor([[0.0000, 0.7500, 0.2500, 0.0000]])
    """
    require_table("probs", probs)
    require_distributions("probs", probs)
    p = require_number("p", p, positive=True)
    if p > 1:
        raise ValueError(f"p is {p}, but all tokens together have 1, so no p is larger; try 0.9")
    likeliest, order = probs.sort(dim=1, descending=True)
    before = likeliest.double().cumsum(dim=1) - likeliest.double()  # what those have that are likelier
    return _shares(probs.new_zeros(probs.shape).scatter(1, order, likeliest * (before < p)))


def _shares(kept: Float[Tensor, "batch vocab"]) -> Float[Tensor, "batch vocab"]:
    """Have each row sum to 1 again."""
    return kept / kept.sum(dim=1, keepdim=True)
