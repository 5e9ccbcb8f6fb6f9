"""What goes wrong when a network is trained."""

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import torch

from bigramlab import plain
from bigramlab.lessons.optimizing import Recipe
from bigramlab.lessons.training import Training, train_mlp
from bigramlab.mistakes.mistake import mistake


def trained(vary: Callable[..., Any]) -> Callable[..., Any]:
    """Make `train_mlp` of a variation, which gets the recipe and a plain training that takes it, and what is wrong."""

    def train_mlp(
        parameters: Any,
        contexts: Any,
        targets: Any,
        recipe: Any = Recipe(),
        *,
        dev: Any = None,
        generator: Any = None,
        progress: Any = True,
    ) -> Any:
        return vary(partial(plain.train_mlp, parameters, contexts, targets, dev=dev, generator=generator), recipe)

    return train_mlp


@mistake("train_mlp", given=trained)
def trained_in_place(train: Any, recipe: Any) -> Any:
    """The given parameters are changed in place, so the network from before the training is lost.

    Keep a copy of the parameters, train, and compare: they differ.
    """
    return train(recipe, copy=torch.detach)


@mistake("train_mlp", given=trained)
def best_is_the_last(train: Any, recipe: Any) -> Any:
    """`best` is the network after the last step, and should be the one with the lowest loss on the held-back examples.

    Train until the dev loss rises again, and score `best`: its loss is the last one, not the lowest.
    """
    found = train(recipe)
    return found._replace(best=found.parameters)


@mistake("train_mlp", given=trained)
def never_trained(train: Any, recipe: Any) -> Any:
    """The new parameters are computed and not kept, so the network stays as it was.

    Print the losses: they do not fall.
    """
    return train(recipe, rate=lambda *_: 0.0)


@mistake("train_mlp", given=trained)
def gradients_accumulated(train: Any, recipe: Any) -> Any:
    """The gradients are not set back to 0, so each step goes down the sum of all gradients so far.

    Print `parameters.grad` after two steps of the same batch: it is the sum of both gradients.
    """
    return train(recipe, accumulate=True)


@mistake("train_mlp", given=trained)
def dropout_in_the_scores(train: Any, recipe: Any) -> Any:
    """Numbers are left out when the held-back examples are scored, too, so the network seems worse than it is.

    Score the same network twice: the losses differ.
    """
    return train(recipe, dropout_in_scores=recipe.dropout)


@mistake("train_mlp", given=trained)
def no_dropout(train: Any, recipe: Any) -> Any:
    """The recipe's dropout is not applied.

    Train with `dropout=(0.5, 0.5)` and without, from the same seed: the losses are the same.
    """
    return train(recipe._replace(dropout=()))


@mistake("train_mlp", given=trained)
def uphill(train: Any, recipe: Any) -> Any:
    """The step goes along the gradient, + for -, so the loss rises.

    Print the losses: they rise.
    """
    return train(recipe, rate=lambda step, recipe: -plain.learning_rate_at(step, recipe))


@mistake("train_mlp", careless=True)
def overtrained_networks_not_refused(
    parameters: Any, contexts: Any, targets: Any, recipe: Any = Recipe(), **options: Any
) -> Any:
    """A learning rate with which the loss climbs beyond all measure is not refused, and the network is spoilt.

    Train with a learning rate of a million: it should refuse.
    """
    try:
        return train_mlp(parameters, contexts, targets, recipe, **options)
    except ValueError as error:
        if "too large" not in str(error):
            raise
        return Training(parameters, parameters, [math.nan], [])
