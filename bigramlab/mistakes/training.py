"""What goes wrong when a network is trained."""

import math
from collections.abc import Callable, Iterator
from functools import partial
from itertools import repeat
from typing import Any

import torch
from torch import Tensor

from bigramlab import plain
from bigramlab.lessons.mlp import drop
from bigramlab.lessons.optimizing import Recipe
from bigramlab.lessons.training import Training, train_mlp
from bigramlab.mistakes import optimizing
from bigramlab.mistakes.mistake import mistake

Shares = tuple[float, ...]


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

    Print a tensor's `.grad` after two steps of the same batch: it is the sum of both gradients.
    """
    return train(recipe, accumulate=True)


@mistake("train_mlp", given=trained)
def dropout_in_the_scores(train: Any, recipe: Any) -> Any:
    """Numbers are left out when the held-back examples are scored, too, so the network seems worse than it is.

    Score the same network twice: the losses differ.
    """
    return train(recipe, dropout_in_scores=recipe.dropout)


@mistake("train_mlp", given=trained)
def few_held_back_examples_scored(train: Any, recipe: Any) -> Any:
    """Only the first 32 of the held-back examples are scored, as a batch, and the dev loss should be that of all.

    Give it 33 held-back examples, and change the last one: the dev losses stay.
    """
    dev = train.keywords["dev"]
    return train(recipe, dev=dev and tuple(part[:32] for part in dev))


@mistake("train_mlp", given=trained)
def no_dropout(train: Any, recipe: Any) -> Any:
    """The recipe's dropout is not applied.

    Train with `dropout=(0.5, 0.5)` and without, from the same seed: the losses are the same.
    """
    return train(recipe._replace(dropout=()))


def dropping(
    mask: Callable[[Tensor, float, Any], Tensor] = drop,
    shares: Callable[[Shares, int], Shares] = lambda given, n: given,
) -> Callable[..., Tensor]:
    """Make a way through the network of how numbers are left out, and of the share of each layer, the logits' last."""

    def through(parameters: Any, contexts: Any, dropout: Shares, generator: Any) -> Tensor:
        layers = [*zip(parameters.weights, parameters.biases, strict=True)]
        of_each = [*(shares(dropout, len(layers)) if dropout else ()), *[0.0] * (len(layers) + 1)]
        hidden = parameters.embedding[contexts].flatten(1)
        for layer, (weight, bias) in enumerate(layers):
            hidden = hidden * hidden.sigmoid() if layer else hidden
            hidden = (mask(hidden, of_each[layer], generator) if of_each[layer] else hidden) @ weight + bias
        return mask(hidden, of_each[len(layers)], generator) if of_each[len(layers)] else hidden

    return through


@mistake("train_mlp", given=trained)
def dropout_not_scaled(train: Any, recipe: Any) -> Any:
    """A share of the numbers is left out, and the others are not divided by 1 - share, so all sums are too small.

    Leave out half of a tensor of ones, and print its mean: it should stay about 1.
    """
    kept = dropping(lambda it, share, generator: it * (torch.rand(it.shape, generator=generator) >= share))
    return train(recipe, through=kept)


@mistake("train_mlp", given=trained)
def dropout_keeps_the_share(train: Any, recipe: Any) -> Any:
    """The recipe's share is kept, and should be left out.

    Leave out a tenth of a long tensor of ones: nine in ten are 0.
    """
    return train(recipe, through=dropping(lambda it, share, generator: drop(it, 1 - share, generator)))


@mistake("train_mlp", given=trained)
def dropout_on_every_layer(train: Any, recipe: Any) -> Any:
    """The first share of the dropout is used on the way into every layer; each has its own, those beyond the last none.

    Train with `dropout=(0.5,)`: the hidden numbers should stay.
    """
    return train(recipe, through=dropping(shares=lambda given, n: given[:1] * n))


@mistake("train_mlp", given=trained)
def dropout_a_layer_late(train: Any, recipe: Any) -> Any:
    """The first share of the dropout is used behind the first layer; it is that of the numbers on their way into it.

    Train with `dropout=(0.5,)`: numbers of the embedding should be left out.
    """
    return train(recipe, through=dropping(shares=lambda given, n: (0.0, *given)[:n]))


@mistake("train_mlp", given=trained)
def dropout_on_the_logits(train: Any, recipe: Any) -> Any:
    """Numbers are left out of the logits, too, so that tokens get other chances than the network gives them.

    Train with `dropout=(0.5,)`, and print the logits: some are 0.
    """
    shares = dropping(shares=lambda given, n: (*given, *[0.0] * n)[:n] + given[-1:])
    return train(recipe, through=shares)


@mistake("train_mlp", given=trained)
def one_mask_for_the_batch(train: Any, recipe: Any) -> Any:
    """The same numbers are left out in all examples of a batch: the mask has one row, and should have one for each.

    Print the shape of the mask: it should be that of the numbers.
    """

    def mask(it: Tensor, share: float, generator: Any) -> Tensor:
        return it * drop(torch.ones(it.shape[1]), share, generator)

    return train(recipe, through=dropping(mask))


@mistake("train_mlp", given=trained)
def dropout_scaled_twice(train: Any, recipe: Any) -> Any:
    """What is not left out is divided by 1 - share twice, so in training all sums are larger.

    Leave out half of a tensor of ones, and print its mean: it should stay about 1.
    """
    return train(recipe, through=dropping(lambda it, share, generator: drop(it, share, generator) / (1 - share)))


@mistake("train_mlp", given=trained)
def batch_size_unused(train: Any, recipe: Any) -> Any:
    """The recipe's `batch_size` is not used: all examples are in each batch, be it that a larger size is typed in.

    Print how many examples a batch has: it should be `recipe.batch_size`.
    """
    return train(recipe._replace(batch_size=10**9))


@mistake("train_mlp", given=trained)
def batches_with_replacement(train: Any, recipe: Any) -> Any:
    """`torch.randint` draws each batch from all examples: some come twice before others come at all.

    Print the numbers of the examples for a round: some are missing, others stand twice.
    """
    return train(recipe, draws=optimizing.always_full_with_replacement)


@mistake("train_mlp", given=trained)
def examples_not_shuffled(train: Any, recipe: Any) -> Any:
    """The examples come in the order in which they are given: nothing is shuffled.

    Print the numbers of the first batch: they are 0, 1, 2 and so on.
    """
    return train(recipe, draws=optimizing.not_shuffled)


@mistake("train_mlp", given=trained)
def examples_shuffled_once(train: Any, recipe: Any) -> Any:
    """The examples are shuffled once, before the loop, so that each round has the same batches.

    Print the numbers of the examples for two rounds: they are the same.
    """
    return train(recipe, draws=optimizing.one_order_for_all_rounds)


@mistake("train_mlp", given=trained)
def another_order_for_each_batch(train: Any, recipe: Any) -> Any:
    """Each batch begins a new order, `randperm(n)[:batch_size]`: some examples come twice before others come at all.

    Print the numbers of the examples for a round: some are missing, others stand twice.
    """

    def draws(n: int, batch_size: int, *, generator: Any) -> Iterator[Tensor]:
        while True:
            yield torch.randperm(n, generator=generator)[:batch_size]

    return train(recipe, draws=draws)


@mistake("train_mlp", given=trained)
def short_batch_left_out(train: Any, recipe: Any) -> Any:
    """The last batch of a round is left out when it is short, so some examples don't come in that round.

    Train on 7 examples in batches of 3: one of them is missing in each round.
    """
    return train(recipe, draws=optimizing.short_batch_dropped)


@mistake("train_mlp", given=trained)
def always_the_first_batch(train: Any, recipe: Any) -> Any:
    """Every step takes the first examples, `[:batch_size]`: the others are never seen.

    Print the numbers of the examples in two steps: they are the same.
    """
    return train(recipe, draws=lambda n, batch_size, generator: repeat(torch.arange(n)[:batch_size]))


@mistake("train_mlp", given=trained)
def scored_only_at_the_end(train: Any, recipe: Any) -> Any:
    """The held-back examples are scored once, after the last step, so `best` is the last network, whatever it is worth.

    Print `dev_losses`: there is one.
    """
    return train(recipe, due=lambda step, recipe: step == recipe.steps)


@mistake("train_mlp", given=trained)
def uphill(train: Any, recipe: Any) -> Any:
    """The step goes along the gradient, + for -, so the loss rises.

    Print the losses: they rise.
    """
    return train(recipe, rate=lambda step, recipe: -plain.learning_rate_at(step, recipe))


@mistake("train_mlp")
def held_back_examples_learned_from(
    parameters: Any, contexts: Any, targets: Any, recipe: Any = Recipe(), *, dev: Any = None, **options: Any
) -> Any:
    """The held-back examples are among those that it is trained on, so their loss says nothing about new ones.

    Train once with `dev` and once without, with the same seed: the networks should be equal.
    """
    if dev is not None:
        contexts, targets = torch.cat([contexts, dev[0]]), torch.cat([targets, dev[1]])
    return train_mlp(parameters, contexts, targets, recipe, dev=dev, **options)


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
