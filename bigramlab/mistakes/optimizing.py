"""What goes wrong on the way downhill."""

import math
from typing import Any

import torch

from bigramlab import plain
from bigramlab.lessons.optimizing import adamw_step, learning_rate_at, minibatches
from bigramlab.mistakes.mistake import mistake


@mistake("learning_rate_at")
def first_rate_is_0(step: Any, recipe: Any) -> Any:
    """The warm-up counts from 0, so the first step has the rate 0 and is wasted: (step + 1) / w was meant.

    Print `learning_rate_at(0, Recipe(warm_up=0.5))`: it is 0.
    """
    return plain.learning_rate_at(step, recipe, rise=lambda _: step / (recipe.warm_up * recipe.steps))


@mistake("learning_rate_at")
def warm_up_cut_to_whole_steps(step: Any, recipe: Any) -> Any:
    """`int(warm_up * steps)` cuts the warm-up to whole steps: 2.9999999999999996 becomes 2, and 0.9 none at all.

    Print `learning_rate_at(0, Recipe(steps=10, learning_rate=1.0, warm_up=0.25))`: it is 0.5, and should be 0.4.
    """
    rising = int(recipe.warm_up * recipe.steps)
    return plain.learning_rate_at(step, recipe._replace(warm_up=rising / recipe.steps))


@mistake("learning_rate_at")
def no_warm_up(step: Any, recipe: Any) -> Any:
    """The rate is at its largest from the first step on: there is no warm-up.

    Print the rates of a recipe with `warm_up=0.5`: the first half should rise.
    """
    return plain.learning_rate_at(step, recipe, rise=lambda _: 1)


@mistake("learning_rate_at")
def never_falls(step: Any, recipe: Any) -> Any:
    """After the warm-up the rate stays at its largest, so the last steps jump to and fro over the lowest point.

    Print the rate of the last step: it should be almost 0.
    """
    return plain.learning_rate_at(step, recipe, fall=lambda _: 1)


@mistake("learning_rate_at")
def falls_along_a_line(step: Any, recipe: Any) -> Any:
    """The rate falls along a line, and should along a cosine: slowly, then fast, then slowly again.

    Print the rate a quarter of the way down: it should be 0.854 of the largest.
    """
    return plain.learning_rate_at(step, recipe, fall=lambda done: 1 - done)


@mistake("learning_rate_at")
def half_missing(step: Any, recipe: Any) -> Any:
    """1 + cos goes from 2 to 0 and is not halved, so the rate jumps to twice the recipe's.

    Print the largest rate: it is twice `recipe.learning_rate`.
    """
    return plain.learning_rate_at(step, recipe, fall=lambda done: 1 + math.cos(math.pi * done))


@mistake("learning_rate_at")
def below_0(step: Any, recipe: Any) -> Any:
    """The cosine alone goes from 1 to -1, so in the second half the rate is negative and the steps go uphill.

    Print the rate of the last step: it is below 0.
    """
    return plain.learning_rate_at(step, recipe, fall=lambda done: math.cos(math.pi * done))


@mistake("learning_rate_at")
def degrees_for_radians(step: Any, recipe: Any) -> Any:
    """The cosine is given degrees, and takes radians: 180 should be π.

    Print the rate of the last step: it should be almost 0.
    """
    return plain.learning_rate_at(step, recipe, fall=lambda done: (1 + math.cos(180 * done)) / 2)


@mistake("learning_rate_at")
def cosine_over_all_steps(step: Any, recipe: Any) -> Any:
    """The cosine begins at step 0 and not where the warm-up ends, so the largest rate is never reached.

    Print the largest rate of a recipe with `warm_up=0.5`: it is half of what it should be.
    """
    return plain.learning_rate_at(step, recipe, fall=lambda _: (1 + math.cos(math.pi * step / recipe.steps)) / 2)


@mistake("learning_rate_at")
def share_taken_for_steps(step: Any, recipe: Any) -> Any:
    """`warm_up` is taken for a number of steps, and is a share of them.

    Print the first rates of a recipe of 100 steps with `warm_up=0.5`: 50 should rise, and none does.
    """
    return plain.learning_rate_at(step, recipe._replace(warm_up=recipe.warm_up / recipe.steps))


@mistake("learning_rate_at", careless=True)
def steps_not_checked(step: Any, recipe: Any) -> Any:
    """A step that the recipe does not have is not refused: beyond the last one the cosine rises again.

    Call `learning_rate_at(10, Recipe(steps=10))`: it should refuse.
    """
    learning_rate_at(0, recipe)  # refuses what else ours refuses
    return plain.learning_rate_at(step, recipe)


@mistake("minibatches")
def drawn_with_replacement(n: Any, batch_size: Any, *, generator: Any = None) -> Any:
    """`torch.randint` draws each batch anew from all, so some examples come twice before others come at all.

    Collect a round of batches: numbers are missing, others stand twice.
    """
    while True:
        for start in range(0, n, batch_size):
            yield torch.randint(n, (min(batch_size, n - start),), generator=generator)


@mistake("minibatches")
def always_full_with_replacement(n: Any, batch_size: Any, *, generator: Any = None) -> Any:
    """`torch.randint(n, (batch_size,))` draws full batches from all: there are no rounds, and examples come twice.

    Collect as many batches as make a round: numbers are missing, others stand twice.
    """
    while True:
        yield torch.randint(n, (batch_size,), generator=generator)


@mistake("minibatches")
def one_order_for_all_rounds(n: Any, batch_size: Any, *, generator: Any = None) -> Any:
    """The order is drawn once, before the loop, so each round has the same batches.

    Collect two rounds: they are the same.
    """
    batches = torch.split(torch.randperm(n, generator=generator), batch_size)
    while True:
        yield from batches


@mistake("minibatches")
def not_shuffled(n: Any, batch_size: Any, *, generator: Any = None) -> Any:
    """The numbers come in order, so each batch has the same examples in each round, and neighbors stay together.

    Print the first batch: it is 0, 1, 2 and so on.
    """
    while True:
        yield from torch.split(torch.arange(n), batch_size)


@mistake("minibatches")
def short_batch_dropped(n: Any, batch_size: Any, *, generator: Any = None) -> Any:
    """The last batch of a round is dropped when it is short, so some examples don't come in that round.

    Take three batches of `minibatches(5, 2)`: their sizes should be 2, 2 and 1.
    """
    while True:
        order = torch.randperm(n, generator=generator)
        for start in range(0, max(n - batch_size, 0) + 1, batch_size):
            if len(order[start : start + batch_size]) == min(n, batch_size):
                yield order[start : start + batch_size]


@mistake("minibatches")
def one_round_only(n: Any, batch_size: Any, *, generator: Any = None) -> Any:
    """The batches end after one round: `while True:` is missing, so training stops there.

    Count the batches of `minibatches(5, 2)`: there are three, and should be no end of them.
    """
    yield from torch.split(torch.randperm(n, generator=generator), batch_size)


@mistake("minibatches")
def generator_ignored(n: Any, batch_size: Any, *, generator: Any = None) -> Any:
    """The generator is accepted and not passed on, so the training can't be repeated.

    Take a batch twice, with `torch.Generator().manual_seed(1)` each time: they differ.
    """
    while True:
        yield from torch.split(torch.randperm(n), batch_size)


@mistake("minibatches")
def only_the_batches_shuffled(n: Any, batch_size: Any, *, generator: Any = None) -> Any:
    """The batches are shuffled and not the examples, so the same ones are always together.

    Look at the numbers of any batch: they are neighbors.
    """
    while True:
        *full, last = torch.split(torch.arange(n), batch_size)
        for place in torch.randperm(len(full), generator=generator).tolist():
            yield full[place]
        yield last


@mistake("minibatches")
def cut_and_turned(n: Any, batch_size: Any, *, generator: Any = None) -> Any:
    """Each round only begins at a random number and goes on in order, so neighbors stay together.

    Look at the numbers of any batch: each is the one before plus 1.
    """
    while True:
        order = (torch.arange(n) + torch.randint(n, (1,), generator=generator)) % n
        yield from torch.split(order, batch_size)


@mistake("minibatches")
def every_other_round_turned_around(n: Any, batch_size: Any, *, generator: Any = None) -> Any:
    """Every other round has the order of the one before, turned around, and should have one of its own.

    Print the numbers of two rounds: the second is the first, read from its end.
    """
    while True:
        order = torch.randperm(n, generator=generator)
        yield from torch.split(order, batch_size)
        yield from torch.split(order.flip(0), batch_size)


@mistake("minibatches")
def counted_from_1(n: Any, batch_size: Any, *, generator: Any = None) -> Any:
    """The numbers go from 1 to n, and should from 0 to n - 1, as indices do.

    Collect a round: 0 is missing, and n is no index.
    """
    while True:
        yield from torch.split(torch.randperm(n, generator=generator) + 1, batch_size)


@mistake("minibatches")
def one_batch_for_an_iterator(n: Any, batch_size: Any, *, generator: Any = None) -> Any:
    """One batch is returned: `return` stands where `yield` should.

    Call `next(minibatches(5, 2))`: a tensor is no iterator.
    """
    return torch.randperm(n, generator=generator)[:batch_size]


@mistake("minibatches", careless=True)
def endless_nothing(n: Any, batch_size: Any, *, generator: Any = None) -> Any:
    """No examples at all are not refused: empty batches come without end.

    Call `next(minibatches(0, 2))`: it should refuse.
    """
    while n < 1:
        yield torch.zeros(0, dtype=torch.int64)
    yield from minibatches(n, batch_size, generator=generator)


@mistake("minibatches")
def numbers_of_8_bits(n: Any, batch_size: Any, *, generator: Any = None) -> Any:
    """The numbers are of type `torch.uint8`, which ends at 255, so of more examples the first come again and again.

    Take a batch of 300 from 300: it has 44 numbers twice.
    """
    while True:
        order = torch.randperm(n, generator=generator).to(torch.uint8)
        yield from torch.split(order, batch_size)


def stepping(vary: Any) -> Any:
    """Make `adamw_step` of a variation: it gets `move`, which does as one should but for what it is told.

    It gets the arguments by name, too.
    """

    def adamw_step(parameters: Any, gradient: Any, mean: Any, square: Any, step: Any, **settings: Any) -> Any:
        given = {"parameters": parameters, "gradient": gradient, "mean": mean, "square": square, "step": step}
        given |= {"weight_decay": 0.0, "mean_decay": 0.9, "square_decay": 0.99} | settings
        return vary(lambda **changed: _moved(**{**given, **changed}), **given)

    return adamw_step


def _moved(
    parameters: Any,
    gradient: Any,
    mean: Any,
    square: Any,
    step: Any,
    *,
    learning_rate: Any,
    weight_decay: Any,
    mean_decay: Any,
    square_decay: Any,
    squared: Any = lambda gradient, mean: gradient**2,
    corrected: Any = lambda mean, decay, step: mean / (1 - decay**step),
    direction: Any = lambda mean, square: mean / (square.sqrt() + 1e-8),
) -> Any:
    """Make a step as one should, with another square, correction or direction."""
    mean = mean_decay * mean + (1 - mean_decay) * gradient
    square = square_decay * square + (1 - square_decay) * squared(gradient, mean)
    way = direction(corrected(mean, mean_decay, step), corrected(square, square_decay, step))
    return parameters * (1 - learning_rate * weight_decay) - learning_rate * way, mean, square


@mistake("adamw_step", given=stepping)
def means_not_corrected(move: Any, **_: Any) -> Any:
    """The means are not divided by 1 - decay^step, so the zeros with which they began make the first steps wrong.

    Make one step: it should be as long as the learning rate, and is not.
    """
    return move(corrected=lambda mean, *_: mean)


@mistake("adamw_step", given=stepping)
def corrected_means_kept(move: Any, step: Any, mean_decay: Any, square_decay: Any, **_: Any) -> Any:
    """The corrected means are returned for the next step, which corrects them again; they should be kept uncorrected.

    Make one step from zeros: the returned mean should be a tenth of the gradient, and is all of it.
    """
    moved, mean, square = move()
    return moved, mean / (1 - mean_decay**step), square / (1 - square_decay**step)


@mistake("adamw_step", given=stepping)
def decay_in_the_gradient(move: Any, parameters: Any, gradient: Any, weight_decay: Any, **_: Any) -> Any:
    """The decay is added to the gradient, as in plain Adam, where the division by the root undoes it.

    Make a step with a gradient of 0: a parameter should shrink by rate · decay of itself, and moves by the rate.
    """
    return move(gradient=gradient + weight_decay * parameters, weight_decay=0)


@mistake("adamw_step", given=stepping)
def decay_without_the_rate(move: Any, learning_rate: Any, weight_decay: Any, **_: Any) -> Any:
    """A parameter shrinks by weight_decay of itself at each step, and should by learning_rate · weight_decay.

    Make a step with a gradient of 0, a rate of 0.1 and a decay of 0.5: 1 should become 0.95, and becomes 0.5.
    """
    return move(weight_decay=weight_decay / learning_rate)


@mistake("adamw_step", given=stepping)
def decay_forgotten(move: Any, **_: Any) -> Any:
    """`weight_decay` is accepted and not used.

    Make a step with a gradient of 0 and a decay of 0.5: the parameter should shrink, and stays.
    """
    return move(weight_decay=0)


@mistake("adamw_step", given=stepping)
def uphill(move: Any, **_: Any) -> Any:
    """The step is added, and should be subtracted: the loss rises along the gradient.

    Make a step with a gradient of 1: the parameter should become smaller, and becomes larger.
    """
    return move(direction=lambda mean, square: -mean / (square.sqrt() + 1e-8))


@mistake("adamw_step", given=stepping)
def root_forgotten(move: Any, **_: Any) -> Any:
    """It divides by the mean of squares, and should by its root: small gradients make huge steps.

    Make a first step with a gradient of 0.01: it should be as long as the learning rate, and is a hundred times that.
    """
    return move(direction=lambda mean, square: mean / (square + 1e-8))


@mistake("adamw_step", given=stepping)
def square_of_the_mean(move: Any, **_: Any) -> Any:
    """The running mean is squared, and should be the gradient: gradients that waver would seem to be small.

    Make a step with a mean of 0 and a gradient of 1: the returned square should be 0.01, and is 0.0001.
    """
    return move(squared=lambda gradient, mean: mean**2)


@mistake("adamw_step", given=stepping)
def gradient_not_squared(move: Any, **_: Any) -> Any:
    """The gradient's absolute value is averaged, and should be its square.

    Make a step from zeros with a gradient of 3: the returned square should be 0.09, and is 0.03.
    """
    return move(squared=lambda gradient, mean: gradient.abs())


@mistake("adamw_step", given=stepping)
def decays_swapped(move: Any, mean_decay: Any, square_decay: Any, **_: Any) -> Any:
    """1 - decay of the old mean is kept and decay of the gradient added: it is the other way round.

    Make a step from zeros with a gradient of 1: the returned mean should be 0.1, and is 0.9.
    """
    return move(mean_decay=1 - mean_decay, square_decay=1 - square_decay)


@mistake("adamw_step", given=stepping)
def gradient_for_the_mean(move: Any, gradient: Any, **_: Any) -> Any:
    """The step goes along this gradient alone, and should go along the running mean of all.

    Make a step with a mean of 1 and a gradient of 0: the parameter should move, and stays.
    """
    return move(direction=lambda mean, square: gradient / (square.sqrt() + 1e-8))


@mistake("adamw_step", given=stepping)
def means_in_place(move: Any, mean: Any, square: Any, **_: Any) -> Any:
    """`mul_` and `add_`, with their underscores, write the new means into the caller's own tensors.

    Print `mean` before and after the call: it has changed.
    """
    moved, new_mean, new_square = move()
    return moved, mean.copy_(new_mean), square.copy_(new_square)


@mistake("adamw_step", given=stepping)
def parameters_in_place(move: Any, parameters: Any, **_: Any) -> Any:
    """`parameters -= …` writes into the caller's own tensor; a new one should be returned.

    Print `parameters` before and after the call: they have changed.
    """
    moved, mean, square = move()
    return parameters.copy_(moved), mean, square


@mistake("adamw_step", careless=True)
def step_0_divides_by_0(parameters: Any, gradient: Any, mean: Any, square: Any, step: Any, **settings: Any) -> Any:
    """Step 0 is not refused: 1 - decay^0 is 0, and the result is no number.

    Call it with `step=0`: it should refuse.
    """
    after = adamw_step(parameters, gradient, mean, square, step or 1, **settings)
    return after if step else tuple(tensor * math.nan for tensor in after)


@mistake("adamw_step", given=stepping)
def one_rate_for_all_parameters(move: Any, **_: Any) -> Any:
    """All parameters are divided by one number, the mean over all squares; each should have its own.

    Make a first step with the gradients 100 and 0.01: both parameters should move by the learning rate.
    """
    return move(direction=lambda mean, square: mean / (square.mean().sqrt() + 1e-8))


@mistake("adamw_step", given=stepping)
def small_number_under_the_root(move: Any, **_: Any) -> Any:
    """The 1e-8 is added before the root is taken, where it is as much as 1e-4 after it: small gradients hardly count.

    Make a step with a gradient of 0.000001: it should be as long as the learning rate, and is a hundredth of it.
    """
    return move(direction=lambda mean, square: mean / (square + 1e-8).sqrt())
