"""All together: a network goes downhill, minibatch by minibatch, and the best one on the way is kept."""

import math
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple, TypeVar, cast

import torch
from jaxtyping import Integer
from torch import Tensor

from bigramlab.lessons.contexts import count_contexts
from bigramlab.lessons.generating import score_contexts
from bigramlab.lessons.inputs import require_flag, require_generator, require_targets, shown
from bigramlab.lessons.mlp import MLP, mlp_probs, pieces_of, require_contexts, require_mlp, through_layers
from bigramlab.lessons.optimizing import Recipe, adamw_step, learning_rate_at, minibatches, require_recipe

__all__ = ["Training", "train_mlp"]

Network = TypeVar("Network", bound=tuple[Any, ...])


class Training(NamedTuple):
    """What a training gave.

    Attributes:
        parameters: The network after the last step, an `MLP` or another one.
        best: The network with the lowest loss on the held-back examples; without those, the last one.
        losses: The loss of each step's minibatch, in nats, before the step.
        dev_losses: The loss on held-back examples along the way: pairs of the steps done and nats.
    """

    parameters: Any
    best: Any
    losses: list[float]
    dev_losses: list[tuple[int, float]]


def train_mlp(
    parameters: MLP,
    contexts: Integer[Tensor, "targets context"],
    targets: Integer[Tensor, " targets"],
    recipe: Recipe = Recipe(),
    *,
    dev: tuple[Tensor, Tensor] | None = None,
    generator: torch.Generator | None = None,
    progress: bool = True,
) -> Training:
    """Train the network on the examples, and return the trained one; `parameters` are left as they were.

    Each step takes a minibatch, drawn without replacement, has autograd find the gradient of its cross-entropy, and
    makes a step of AdamW. For that, all parameters are one long vector, and each matrix is a piece of it. As equal
    bigrams had equal gradients, so have equal contexts: each distinct one is gone through once for many sightings
    (`count_contexts`). Ctrl-C, or a notebook's stop button, ends the training early and gives what was learned until
    then.

    Args:
        parameters: Where to start, such as `init_mlp` gives them.
        contexts: The training examples, as `build_contexts` makes them.
        targets: What came after each.
        recipe: How many steps, how long, and so on.
        dev: The contexts and targets of held-back words, to score twenty times along the way.
        generator: The source of randomness; `None` means torch's global one.
        progress: Whether to show a bar with the current loss.

    Returns:
        The trained network and the losses on the way.

    Raises:
        TypeError: If an argument is of the wrong kind.
        ValueError: If there are no examples (or no held-back ones), they don't fit the network, the recipe is
            impossible, the network's numbers are of less than 32 bits, or the learning rate is so large that the loss
            climbs far above where it began.

    Examples:
        >>> examples = build_contexts(["anna", "nan"] * 50, ".an", 2)
        >>> parameters = init_mlp(3, context_length=2, embedding_size=2, hidden_sizes=(8,))
        >>> training = train_mlp(parameters, *examples, Recipe(steps=200), progress=False)
        >>> training.losses[-1] < training.losses[0]
        True
    """
    require_mlp(parameters)
    recipe = require_recipe(recipe)
    _require_examples(parameters, contexts, targets)
    if dev is not None:
        if not isinstance(dev, tuple | list) or len(dev) != 2:
            raise TypeError(f"dev must be a pair of contexts and targets, got {shown(dev)}; build_contexts returns one")
        _require_examples(parameters, *dev)
    device = parameters.embedding.device
    laid_out = _weigh(*count_contexts(contexts.long(), targets, len(parameters.embedding)))
    contexts, shares = (rows.to(device) for rows in laid_out)

    def loss_of(network: MLP, batch: Tensor) -> tuple[Tensor, float]:
        logits = through_layers(network, contexts[batch], recipe.dropout, generator)
        loss = -(shares[batch] * (logits - logits.logsumexp(dim=1, keepdim=True))).sum() / len(batch)
        return loss, loss.item() * len(batch) / shares[batch].sum().item()

    score = None if dev is None else lambda network: score_contexts(partial(mlp_probs, network), *dev)
    return go_downhill(parameters, loss_of, len(contexts), recipe, score=score, generator=generator, progress=progress)


@torch.inference_mode(mode=False)
@torch.enable_grad()
def go_downhill(
    parameters: Network,
    loss_of: Callable[[Network, Tensor], tuple[Tensor, float]],
    n: int,
    recipe: Recipe,
    *,
    score: Callable[[Network], float] | None,
    generator: torch.Generator | None,
    progress: bool,
) -> Training:
    """Train any network whose first piece is its embedding.

    `loss_of` tells how surprised a network is by a minibatch of the n examples: what to make smaller, and how much that
    is for each token, which is noted. `score` tells its loss on held-back examples.
    """
    from tqdm.auto import tqdm

    recipe = require_recipe(recipe)
    require_generator(generator)
    require_flag("progress", progress)
    require_wide(pieces_of(parameters)[0])
    flat = torch.cat([piece.detach().flatten() for piece in pieces_of(parameters)])
    if not flat.isfinite().all():
        raise ValueError(
            "the network holds nan or inf, so nothing can be learned from its losses; begin with a new one"
        )
    chance = math.log(len(pieces_of(parameters)[0]))
    best, mean, square = flat, torch.zeros_like(flat), torch.zeros_like(flat)
    losses: list[float] = []
    dev_losses: list[tuple[int, float]] = []
    batches = minibatches(n, recipe.batch_size, generator=generator)
    bar = tqdm(range(1, recipe.steps + 1), "training", unit="step", disable=not progress)
    try:
        for step, batch in zip(bar, batches, strict=False):
            flat = flat.detach().requires_grad_()
            loss, noted = loss_of(_cut(flat, parameters), batch)
            losses.append(noted)
            (gradient,) = torch.autograd.grad(loss, flat)
            rate = learning_rate_at(step - 1, recipe)
            flat, mean, square = adamw_step(
                flat.detach(), gradient, mean, square, step, learning_rate=rate, weight_decay=recipe.weight_decay
            )
            _require_descent(losses, flat, recipe, chance)
            if score and (step % max(1, recipe.steps // 20) == 0 or step == recipe.steps):
                dev_loss = score(_cut(flat, parameters))
                best = flat if all(dev_loss < loss for _, loss in dev_losses) else best
                dev_losses.append((step, dev_loss))
            if step % 50 == 1:
                bar.set_postfix(loss=f"{losses[-1]:.3f}", **{"dev": f"{dev_losses[-1][1]:.3f}"} if dev_losses else {})
    except KeyboardInterrupt:
        if progress:
            bar.write(f"stopped after {len(losses):,} of {recipe.steps:,} steps; what was learned is kept")
    finally:
        bar.close()
    flat = flat.detach()
    return Training(_cut(flat, parameters), _cut(best if dev_losses else flat, parameters), losses, dev_losses)


def require_wide(embedding: Tensor) -> None:
    """Refuse a network of small floats."""
    if embedding.dtype not in (torch.float32, torch.float64):
        raise ValueError(
            f"the network's numbers are {embedding.dtype}, which is too coarse to learn with: most steps would be "
            "rounded away; make all of them wider, with .float()"
        )


def _cut(flat: Tensor, like: Network) -> Network:
    """Cut one long vector into pieces of the shapes that `like` has; they share its memory."""
    pieces = pieces_of(like)
    parts = iter(torch.split(flat, [piece.numel() for piece in pieces]))

    def filled(part: Any) -> Any:
        if isinstance(part, tuple | list):
            return part._make(map(filled, part)) if hasattr(part, "_make") else tuple(map(filled, part))
        return next(parts).view(part.shape) if isinstance(part, Tensor) else part

    return cast(Network, filled(like))


def _weigh(contexts: Tensor, counts: Tensor) -> tuple[Tensor, Tensor]:
    """Lay out the distinct contexts for training: one that was seen n times about √n times, each for √n sightings.

    So neither do the few contexts that begin every word fill all batches, nor does one step have to stand for all of
    them. The shares are the counts, scaled to a mean of 1 a row.
    """
    seen = counts.sum(dim=1)
    copies = seen.sqrt().round().long()
    shares = (counts / copies[:, None]).repeat_interleave(copies, dim=0)
    return contexts.repeat_interleave(copies, dim=0), shares * (len(shares) / seen.sum())


def _require_descent(losses: list[float], flat: Tensor, recipe: Recipe, chance: float) -> None:
    """Refuse to go on where training has gone astray.

    The losses of small batches jump about, so what counts is the sum of the last twenty: a right training keeps it
    below three times what knowing nothing costs, and one that goes astray adds thousands in a step.
    """
    most = 20 * 3 * max(losses[0], chance)
    if not (sum(losses[-20:]) <= most and math.isfinite(flat.sum())):
        raise ValueError(
            f"the loss is {losses[-1]:.4g} at step {len(losses)} and began at {losses[0]:.4g}: the learning rate "
            f"{recipe.learning_rate} is too large, so the steps go beyond the lowest point and up the other side; "
            "try a tenth of it"
        )


def _require_examples(parameters: MLP, contexts: Tensor, targets: Tensor) -> None:
    require_contexts(parameters, contexts)
    require_targets(targets, contexts, "contexts", tokens=len(parameters.embedding), least=1)
