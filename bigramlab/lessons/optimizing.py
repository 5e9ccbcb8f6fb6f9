"""How to go downhill well: minibatches, a rate that rises and falls, and AdamW."""

import math
from collections.abc import Iterator
from typing import NamedTuple

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from bigramlab.lessons.inputs import (
    require_alike,
    require_finite,
    require_generator,
    require_number,
    require_size,
    shown,
)

__all__ = ["Recipe", "adamw_step", "learning_rate_at", "minibatches"]


class Recipe(NamedTuple):
    """How to train.

    Attributes:
        steps: How many minibatches.
        batch_size: How many examples in each; they are drawn without replacement, as `minibatches` does.
        learning_rate: The length of a step, at its largest.
        warm_up: The share of the steps in which the rate rises; after it, it falls to 0.
        weight_decay: How strongly all parameters are drawn to 0: in each step by this times the rate.
        dropout: The share of the numbers that are left out at random on their way into each layer, so that none is
            relied upon; layers beyond the last share leave out none.
    """

    steps: int = 2500
    batch_size: int = 256
    learning_rate: float = 0.01
    warm_up: float = 0.05
    weight_decay: float = 0.2
    dropout: tuple[float, ...] = (0.1,)


def require_recipe(recipe: Recipe) -> Recipe:
    """Return the recipe, in Python's own numbers; refuse one by which nothing can be trained."""
    if not isinstance(recipe, Recipe):
        raise TypeError(f"recipe must be a Recipe, got {shown(recipe)}; try Recipe(steps=1000)")
    if not isinstance(recipe.dropout, tuple):
        raise TypeError(f"dropout must be a tuple, a share for each layer, got {shown(recipe.dropout)}; try (0.1, 0.2)")
    return Recipe(
        require_size("steps", recipe.steps, least=1),
        require_size("batch_size", recipe.batch_size, least=1),
        require_number("learning_rate", recipe.learning_rate, positive=True),
        require_number("warm_up", recipe.warm_up, below=1),
        require_number("weight_decay", recipe.weight_decay),
        tuple(require_number("a dropout", share, below=1) for share in recipe.dropout),
    )


def learning_rate_at(step: int, recipe: Recipe) -> float:
    """Return the rate of a step, counted from 0: up along a line, then down to 0 along a cosine.

    The first steps are short, since that of `adamw_step` moves every number by the whole rate, on the word of a single
    minibatch; the last ones settle where long ones would jump to and fro (Loshchilov and Hutter, "SGDR", 2017).

    With w steps of warm-up of n in all, it is rate · min(1, (step + 1) / w) before step w, and from it on
    rate · (1 + cos(π (step - w) / (n - w))) / 2. Without warm-up, w is 0; w need not be a whole number.

    Args:
        step: How many steps were made before.
        recipe: How many steps there are, the rate at its largest, and the share of the steps that are warm-up.

    Returns:
        The rate, above 0.

    Raises:
        TypeError: If `step` is not an `int`.
        ValueError: If the recipe has no such step, or is impossible.

    Examples:
        >>> recipe = Recipe(steps=100, learning_rate=0.5, warm_up=0.1)
        >>> [round(learning_rate_at(step, recipe), 3) for step in (0, 4, 9, 55, 99)]
        [0.05, 0.25, 0.5, 0.25, 0.0]
    """
    recipe = require_recipe(recipe)
    step = require_size("step", step)
    if step >= recipe.steps:
        raise ValueError(f"step is {step}, but the recipe has {recipe.steps} steps, 0 to {recipe.steps - 1}")
    rising = recipe.warm_up * recipe.steps
    if step < rising:
        return recipe.learning_rate * min(1.0, (step + 1) / rising)
    done = (step - rising) / (recipe.steps - rising)
    return recipe.learning_rate * (1 + math.cos(math.pi * done)) / 2


def minibatches(
    n: int, batch_size: int, *, generator: torch.Generator | None = None
) -> Iterator[Int64[Tensor, " batch"]]:
    """Yield the numbers 0 to n - 1 in random order, `batch_size` at once, then in another order, without end.

    Drawn *without* replacement: each example comes once before any comes again.

    Args:
        n: How many examples there are.
        batch_size: How many to yield at once; the last batch of a round has what is left.
        generator: The source of randomness; `None` means torch's global one.

    Returns:
        An iterator without an end; take from it with `next` or `zip`.

    Raises:
        TypeError: If an argument is of the wrong kind. It shows at the first batch, as iterators do.
        ValueError: If there are no examples, or none in a batch.

    Examples:
        >>> batches = minibatches(5, 2)
        >>> [len(next(batches)) for _ in range(3)]
        [2, 2, 1]
    """
    n = require_size("n", n, least=1)
    batch_size = require_size("batch_size", batch_size, least=1)
    require_generator(generator)
    device = generator.device if generator else "cpu"
    while True:
        yield from torch.split(torch.randperm(n, generator=generator, device=device).cpu(), batch_size)


def adamw_step(
    parameters: Float[Tensor, " parameters"],
    gradient: Float[Tensor, " parameters"],
    mean: Float[Tensor, " parameters"],
    square: Float[Tensor, " parameters"],
    step: int,
    *,
    learning_rate: float,
    weight_decay: float = 0.0,
    mean_decay: float = 0.9,
    square_decay: float = 0.99,
) -> tuple[Float[Tensor, " parameters"], Float[Tensor, " parameters"], Float[Tensor, " parameters"]]:
    """Return the parameters after one step of AdamW, and its two running means.

    `mean` remembers the recent gradients, so that what wavers cancels out; `square` remembers how large they were, and
    dividing by its root gives each parameter steps of about the learning rate, be its gradients large or small. Both
    begin at 0, which the divisions by 1 - decay^step correct. Apart from that, each parameter decays toward 0:
    parameter · (1 - rate · weight_decay) - rate · mean / (√square + 1e-8), with the corrected means (Kingma and Ba,
    "Adam", 2015; Loshchilov and Hutter, "Decoupled Weight Decay Regularization", 2019).

    Args:
        parameters: Where we are.
        gradient: How the loss changes with each parameter.
        mean: The running mean of the gradients; zeros before the first step.
        square: The running mean of their squares; zeros before the first step.
        step: The number of this step, from 1 on.
        learning_rate: About how far to go.
        weight_decay: By this times the learning rate, each parameter shrinks.
        mean_decay: How much of the running mean is kept.
        square_decay: How much of the running mean of squares is kept.

    Returns:
        The new parameters, mean and square.

    Raises:
        TypeError: If `step` is not an `int`, a rate no number, or a tensor none of floats.
        ValueError: If `step` is less than 1, a rate or decay is out of range, or the tensors have different shapes or
            types, or hold nan or inf.

    Examples:
        The first step is as long as the rate, whatever the gradient's size.

        >>> start, zeros = torch.tensor([1.0, 1.0]), torch.zeros(2)
        >>> adamw_step(start, torch.tensor([100.0, -0.01]), zeros, zeros, 1, learning_rate=0.1)[0]
        tensor([0.9000, 1.1000])
    """
    step = require_size("step", step, least=1)
    learning_rate = require_number("learning_rate", learning_rate)
    weight_decay = require_number("weight_decay", weight_decay)
    mean_decay = require_number("mean_decay", mean_decay, below=1)
    square_decay = require_number("square_decay", square_decay, below=1)
    _require_state(parameters=parameters, gradient=gradient, mean=mean, square=square)
    mean = mean_decay * mean + (1 - mean_decay) * gradient
    square = square_decay * square + (1 - square_decay) * gradient**2
    direction = (mean / (1 - mean_decay**step)) / ((square / (1 - square_decay**step)).sqrt() + 1e-8)
    return parameters * (1 - learning_rate * weight_decay) - learning_rate * direction, mean, square


def _require_state(**tensors: Tensor) -> None:
    """Refuse what can't belong together, and what no training comes to."""
    require_alike("each parameter has a gradient and two means of its own", **tensors)
    for name, tensor in tensors.items():
        require_finite(name, tensor)
    square = tensors["square"]
    if square.numel() and square.amin() < 0:
        raise ValueError("square holds a negative number, but a mean of squares has none; begin with zeros")
