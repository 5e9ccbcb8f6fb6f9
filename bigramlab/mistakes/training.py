"""What goes wrong when a network is trained."""

import math
from typing import Any

import torch

from bigramlab.lessons.mlp import MLP
from bigramlab.lessons.optimizing import Recipe
from bigramlab.lessons.training import Training, train_mlp
from bigramlab.mistakes.mistake import mistake


@mistake("train_mlp")
def trained_in_place(parameters: Any, contexts: Any, targets: Any, recipe: Any = Recipe(), **options: Any) -> Any:
    """The given parameters are changed in place, so the network from before the training is lost.

    Keep a copy of the parameters, train, and compare: they differ.
    """
    found = train_mlp(parameters, contexts, targets, recipe, **options)
    old = [parameters.embedding, *parameters.weights, *parameters.biases]
    new = [found.parameters.embedding, *found.parameters.weights, *found.parameters.biases]
    for before, after in zip(old, new, strict=True):
        before.copy_(after)
    return found


@mistake("train_mlp")
def best_is_the_last(parameters: Any, contexts: Any, targets: Any, recipe: Any = Recipe(), **options: Any) -> Any:
    """`best` is the network after the last step, and should be the one with the lowest loss on the held-back examples.

    Train until the dev loss rises again, and score `best`: its loss is the last one, not the lowest.
    """
    found = train_mlp(parameters, contexts, targets, recipe, **options)
    return found._replace(best=found.parameters)


@mistake("train_mlp")
def never_trained(parameters: Any, contexts: Any, targets: Any, recipe: Any = Recipe(), **options: Any) -> Any:
    """The new parameters are computed and not kept, so the network stays as it was.

    Print the losses: they do not fall.
    """
    found = train_mlp(parameters, contexts, targets, recipe, **options)
    return found._replace(parameters=parameters, best=parameters)


def _plain_training(parameters: Any, contexts: Any, targets: Any, recipe: Any, options: Any, wrong: str) -> Training:
    """Train with torch's AdamW, one thing being wrong."""
    dev, generator = options.get("dev"), options.get("generator")
    if (
        not len(targets)
        or len(targets) != len(contexts)
        or not 0 <= targets.min() <= targets.max() < len(parameters[0])
    ):
        raise ValueError("the examples don't fit")
    pieces = [piece.clone().requires_grad_() for piece in [parameters[0], *parameters[1], *parameters[2]]]
    layers = len(parameters.weights)
    optimizer = torch.optim.AdamW(pieces, betas=(0.9, 0.99), weight_decay=recipe.weight_decay)
    losses, scored, order = [], [], torch.empty(0, dtype=torch.int64)

    def network() -> MLP:
        copies = [piece.detach().clone() for piece in pieces]
        return MLP(copies[0], tuple(copies[1 : 1 + layers]), tuple(copies[1 + layers :]))

    def logits_of(contexts: Any, dropout: Any) -> Any:
        x = pieces[0][contexts].flatten(1)
        for number in range(layers):
            if number < len(dropout):
                x = x * (torch.rand(x.shape, generator=generator) >= dropout[number]) / (1 - dropout[number])
            x = x @ pieces[1 + number] + pieces[1 + layers + number]
            x = x * x.sigmoid() if number < layers - 1 else x
        return x

    for step in range(recipe.steps):
        if not len(order):
            order = torch.randperm(len(targets), generator=generator)
        batch, order = order[: recipe.batch_size], order[recipe.batch_size :]
        dropout = () if wrong == "no dropout" else recipe.dropout
        loss = torch.nn.functional.cross_entropy(logits_of(contexts[batch], dropout), targets[batch])
        losses.append(loss.item())
        if not losses[-1] < 100:
            raise ValueError("the learning rate is too large")
        if wrong != "accumulated":
            optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves `backward` untyped
        rising = recipe.warm_up * recipe.steps
        done = max(0.0, step - rising) / (recipe.steps - rising)
        rate = recipe.learning_rate * (
            min(1, (step + 1) / rising) if step < rising else (1 + math.cos(math.pi * done)) / 2
        )
        optimizer.param_groups[0]["lr"] = -rate if wrong == "uphill" else rate
        optimizer.step()
        if dev:
            with torch.no_grad():
                dropout = recipe.dropout if wrong == "dropout in scores" else ()
                score = torch.nn.functional.cross_entropy(logits_of(dev[0], dropout), dev[1]).item()
            scored.append((score, step + 1, network()))
    best = min(scored, key=lambda one: one[0])[2] if scored else network()
    return Training(network(), best, losses, [(step, score) for score, step, _ in scored])


@mistake("train_mlp")
def gradients_accumulated(parameters: Any, contexts: Any, targets: Any, recipe: Any = Recipe(), **options: Any) -> Any:
    """The gradients are not set back to 0, so each step goes down the sum of all gradients so far.

    Print `parameters.grad` after two steps of the same batch: it is the sum of both gradients.
    """
    return _plain_training(parameters, contexts, targets, recipe, options, "accumulated")


@mistake("train_mlp")
def dropout_in_the_scores(parameters: Any, contexts: Any, targets: Any, recipe: Any = Recipe(), **options: Any) -> Any:
    """Numbers are left out when the held-back examples are scored, too, so the network seems worse than it is.

    Score the same network twice: the losses differ.
    """
    return _plain_training(parameters, contexts, targets, recipe, options, "dropout in scores")


@mistake("train_mlp")
def no_dropout(parameters: Any, contexts: Any, targets: Any, recipe: Any = Recipe(), **options: Any) -> Any:
    """The recipe's dropout is not applied.

    Train with `dropout=(0.5, 0.5)` and without, from the same seed: the losses are the same.
    """
    return _plain_training(parameters, contexts, targets, recipe, options, "no dropout")


@mistake("train_mlp")
def uphill(parameters: Any, contexts: Any, targets: Any, recipe: Any = Recipe(), **options: Any) -> Any:
    """The step goes along the gradient, + for -, so the loss rises.

    Print the losses: they rise.
    """
    return _plain_training(parameters, contexts, targets, recipe, options, "uphill")


@mistake("train_mlp")
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
