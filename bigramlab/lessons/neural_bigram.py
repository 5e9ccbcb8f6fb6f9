"""A network of one layer learns the table of probabilities: guess, compare with the counts, correct, again."""

import math
from typing import NoReturn

import torch
from jaxtyping import Float, Integer, Num
from torch import Tensor

from bigramlab.lessons.inputs import (
    NUMBERS,
    require_number,
    require_size,
    require_table,
    require_targets,
    require_tensor,
    require_weights,
)

__all__ = ["cross_entropy", "softmax", "train_neural_bigram"]

TOO_FAR = 1.0  # nats above its beginning: training that still converged never rose by half as much in our trials


def softmax(logits: Num[Tensor, "*axes vocab"]) -> Float[Tensor, "*axes vocab"]:
    """Turn any numbers into probabilities along the last axis: exp(logit), divided by the sum of them.

    `exp` makes positive numbers of all, as if they were counts, and the division is that of `normalize`. Only the
    differences between logits matter. So the largest is first subtracted from all: without that, exp(89) is too large
    for float32, and `inf / inf` is no number.

    Args:
        logits: Unnormalized log-probabilities. A logit of `-inf` becomes a probability of 0.

    Returns:
        A new tensor of the same shape; gradients flow through it.

    Raises:
        TypeError: If `logits` is not a tensor of real numbers.
        ValueError: If there is nothing along the last axis, or `nan`, `inf` or nothing but `-inf`.

    Examples:
        exp(0) = 1 and exp(log 3) = 3 are the counts of which 1/4 and 3/4 are the shares.

        >>> softmax(torch.tensor([[0.0, math.log(3)]]))
        tensor([[0.2500, 0.7500]])
    """
    require_logits(logits)
    logits = _as_floats(logits)
    # A constant for the gradient: the largest changes no probability, so no gradient need flow through it.
    weights = (logits - logits.detach().amax(dim=-1, keepdim=True)).exp()
    return weights / weights.sum(dim=-1, keepdim=True)


def cross_entropy(
    logits: Num[Tensor, "batch vocab"],
    targets: Integer[Tensor, " batch"],
) -> Float[Tensor, ""]:
    """Return the mean of -log softmax(logits) at the targets, in nats: the loss.

    It is `negative_log_likelihood` for a batch of examples: how surprised is each row of logits by the token that came?
    The log is taken of the whole formula, -log p = log(sum of exp(logits)) - logit, since `softmax` may round a small p
    to 0, whose log is `-inf`.

    Args:
        logits: A row for each example.
        targets: The id of the token that came, one for each row.

    Returns:
        One number, as a tensor without axes; gradients flow through it. `inf` if a target's logit is `-inf`.

    Raises:
        TypeError: If one of them is not a tensor, or the targets are not integers.
        ValueError: If the batch is empty, the shapes don't fit, a target is no id of a column, or a row of logits has
            `nan`, `inf` or nothing but `-inf`.

    Examples:
        Both tokens were equally likely, and log 2 = 0.6931.

        >>> cross_entropy(torch.tensor([[5.0, 5.0]]), torch.tensor([1]))
        tensor(0.6931)
    """
    require_table("logits", logits)
    require_logits(logits)
    require_targets(targets, logits, "rows of logits", tokens=logits.shape[1], least=1)
    logits = _as_floats(logits)
    logits = logits - logits.detach().amax(dim=1, keepdim=True)
    log_sums = logits.exp().sum(dim=1).log()
    target_logits = logits.gather(1, targets.long().to(logits.device).unsqueeze(1)).squeeze(1)
    return (log_sums - target_logits).mean()


def train_neural_bigram(
    counts: Num[Tensor, "vocab vocab"],
    *,
    steps: int = 1500,
    learning_rate: int | float = 50,
    weight_penalty: int | float = 0.0,
    weights: Float[Tensor, "vocab vocab"] | None = None,
) -> tuple[Float[Tensor, "vocab vocab"], list[float]]:
    """Learn weights whose `softmax` is the table of probabilities, by gradient descent.

    A step subtracts learning_rate · gradient. The gradient of the loss is what the network expects minus what was
    counted: the share of the bigrams in this row · softmax(weights), minus the share of the bigrams in this cell.
    All bigrams count at every step, yet only the counts are needed: equal bigrams have equal gradients.

    Args:
        counts: How often each bigram stands in the text.
        steps: How many steps to take.
        learning_rate: How far to go in a step. 50 suits the names; a table with few tokens may need less.
        weight_penalty: This · the mean of the squared weights is added to the loss. It pulls the weights toward 0 and
            so the probabilities toward equal ones, as smoothing does.
        weights: Where to start, such as the weights of a run to continue; zeros if `None`.

    Returns:
        The weights (row = current token), a new tensor, and the loss after each step, in nats, the penalty
        included.

    Raises:
        TypeError: If an argument is of the wrong kind.
        ValueError: If a table is not square or the two don't fit, counts are negative or sum to 0, a setting is out of
            range, or the learning rate is so large that the loss rises more than 1 nat above where it began.

    Examples:
        One step from zeros. All cells are expected to have 1/4 of the bigrams, and have 1/8, 3/8, 2/8 and 2/8.

        >>> weights, losses = train_neural_bigram(torch.tensor([[1, 3], [2, 2]]), steps=1, learning_rate=8)
        >>> weights
        tensor([[-1.,  1.],
                [ 0.,  0.]])
        >>> [round(loss, 5) for loss in losses]
        [0.66004]
    """
    shares, weights = _prepare(counts, weights)
    steps = require_size("steps", steps)
    learning_rate = require_number("learning_rate", learning_rate, positive=True)
    weight_penalty = require_number("weight_penalty", weight_penalty)
    loss, gradient = _loss_and_gradient(weights, shares, weight_penalty)
    losses = [loss]
    for _ in range(steps):
        weights = weights - learning_rate * gradient
        loss, gradient = _loss_and_gradient(weights, shares, weight_penalty)
        losses.append(loss)
        if not (math.isfinite(loss) and loss <= losses[0] + TOO_FAR):
            _refuse_rate(learning_rate, losses, _safe_rate(shares, weight_penalty))
    return weights, losses[1:]


def _prepare(
    counts: Num[Tensor, "vocab vocab"],
    weights: Num[Tensor, "vocab vocab"] | None,
) -> tuple[Float[Tensor, "vocab vocab"], Float[Tensor, "vocab vocab"]]:
    """Return the share of each bigram in all, and the weights to begin with, once both are what they should be."""
    require_table("counts", counts, square=True)
    require_weights("counts", counts)
    if not counts.any():
        raise ValueError("the counts sum to 0, so there is nothing to learn; count at least one word")
    shares = counts.detach().double()
    shares = shares / shares.max()  # no sum overflows
    shares = shares / shares.sum()
    dtype = torch.promote_types(counts.dtype, torch.get_default_dtype())
    if weights is None:
        return shares.to(dtype), torch.zeros_like(shares, dtype=dtype)
    require_table("weights", weights)
    if weights.shape != counts.shape:
        raise ValueError(
            f"weights has shape {tuple(weights.shape)} and counts {tuple(counts.shape)}, but there is one weight for "
            "each cell; count the words with the vocabulary that the weights were learned with"
        )
    dtype = torch.promote_types(dtype, weights.dtype)
    weights = weights.detach().to(counts.device, dtype, copy=True)
    if not (weights.amax() - weights.amin()).isfinite():
        raise ValueError("weights holds nan, inf or numbers too far apart for a finite loss; start from smaller ones")
    return shares.to(dtype), weights


def _loss_and_gradient(
    weights: Float[Tensor, "vocab vocab"],
    shares: Float[Tensor, "vocab vocab"],
    weight_penalty: int | float,
) -> tuple[float, Float[Tensor, "vocab vocab"]]:
    """Return the mean of -log softmax(weights) over all bigrams, with the penalty, and how it changes with each weight.

    `exp(log_probs)` is `softmax(weights)`: to take both from one sum takes half the time.
    """
    log_probs = weights - weights.logsumexp(dim=1, keepdim=True)
    loss = -(shares * log_probs).sum()
    row_shares = shares.sum(dim=1, keepdim=True)
    gradient = row_shares * log_probs.exp() - shares  # expected minus counted
    if weight_penalty:
        loss = loss + weight_penalty * (weights**2).mean()
        gradient = gradient + weight_penalty * 2 * weights / weights.numel()
    return loss.item(), gradient


def _safe_rate(shares: Float[Tensor, "vocab vocab"], weight_penalty: int | float) -> float:
    """Return a learning rate with which no step raises the loss.

    That is any below 2 / the steepest that the gradient can change: by half of a row's share at most (no eigenvalue of
    diag(p) - p pᵀ exceeds 1/2), and by the penalty's factor.
    """
    return 1.8 / (shares.sum(dim=1).max().item() / 2 + 2 * weight_penalty / shares.numel())


def _refuse_rate(learning_rate: int | float, losses: list[float], safe_rate: float) -> NoReturn:
    raise ValueError(
        f"the learning_rate {learning_rate} is too large: after step {len(losses) - 1} the loss is {losses[-1]:.4g}, "
        f"and it began at {losses[0]:.4g}, so the steps go beyond the lowest point and up the other side; "
        f"try a smaller one, such as {float(f'{safe_rate:.2g}'):g}"
    )


def _as_floats(logits: Tensor) -> Tensor:
    """Return the same numbers as floats: with small integers, what is subtracted or summed may not fit."""
    return logits if logits.is_floating_point() else logits.to(torch.get_default_dtype())


def require_logits(logits: Tensor) -> None:
    """Refuse what has no softmax."""
    require_tensor("logits", logits, NUMBERS, "a torch.Tensor of real numbers", "try torch.tensor([0.0, 1.0])")
    if logits.ndim == 0 or logits.shape[-1] == 0:
        raise ValueError(
            f"logits has shape {tuple(logits.shape)}, so there is no last axis with a logit for each token; "
            "give at least one logit"
        )
    wrong = (~logits.detach().amax(dim=-1).isfinite()).nonzero()
    if len(wrong):
        row = logits[tuple(wrong[0])]
        where = "" if logits.ndim == 1 else f"[{', '.join(map(str, wrong[0].tolist()))}]"
        found = "nan" if row.isnan().any() else "inf" if (row == math.inf).any() else "nothing but -inf"
        raise ValueError(
            f"logits{where} holds {found}, so its exp can't be divided into shares; look for what made it: a division "
            "by 0, the log of 0 or less, or a learning rate that is too large"
        )
