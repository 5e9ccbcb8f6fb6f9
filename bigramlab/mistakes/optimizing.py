"""What goes wrong on the way downhill."""

import math
from typing import Any

import torch

from bigramlab.mistakes.mistake import mistake


def _refuse_step(step: Any, recipe: Any) -> None:
    if not 0 <= step < recipe.steps:
        raise ValueError("the recipe has no such step")


def _falling(step: Any, recipe: Any) -> float:
    rising = recipe.warm_up * recipe.steps
    return float(recipe.learning_rate * (1 + math.cos(math.pi * (step - rising) / (recipe.steps - rising))) / 2)


def _rising(step: Any, recipe: Any) -> float:
    return float(recipe.learning_rate * min(1.0, (step + 1) / (recipe.warm_up * recipe.steps)))


def _is_rising(step: Any, recipe: Any) -> bool:
    return bool(step < recipe.warm_up * recipe.steps - 1e-9)


@mistake("learning_rate_at")
def first_rate_is_0(step: Any, recipe: Any) -> Any:
    """The warm-up counts from 0, so the first step has the rate 0 and is wasted: (step + 1) / w was meant.

    Print `learning_rate_at(0, Recipe(warm_up=0.5))`: it is 0.
    """
    _refuse_step(step, recipe)
    if _is_rising(step, recipe):
        return recipe.learning_rate * step / (recipe.warm_up * recipe.steps)
    return _falling(step, recipe)


@mistake("learning_rate_at")
def warm_up_cut_to_whole_steps(step: Any, recipe: Any) -> Any:
    """`int(warm_up * steps)` cuts the warm-up to whole steps: 2.9999999999999996 becomes 2, and 0.9 none at all.

    Print `learning_rate_at(0, Recipe(steps=10, learning_rate=1.0, warm_up=0.25))`: it is 0.5, and should be 0.4.
    """
    _refuse_step(step, recipe)
    rising = int(recipe.warm_up * recipe.steps)
    if step < rising:
        return recipe.learning_rate * (step + 1) / rising
    return recipe.learning_rate * (1 + math.cos(math.pi * (step - rising) / (recipe.steps - rising))) / 2


@mistake("learning_rate_at")
def no_warm_up(step: Any, recipe: Any) -> Any:
    """The rate is at its largest from the first step on: there is no warm-up.

    Print the rates of a recipe with `warm_up=0.5`: the first half should rise.
    """
    _refuse_step(step, recipe)
    return recipe.learning_rate if _is_rising(step, recipe) else _falling(step, recipe)


@mistake("learning_rate_at")
def never_falls(step: Any, recipe: Any) -> Any:
    """After the warm-up the rate stays at its largest, so the last steps jump to and fro over the lowest point.

    Print the rate of the last step: it should be almost 0.
    """
    _refuse_step(step, recipe)
    return _rising(step, recipe) if _is_rising(step, recipe) else recipe.learning_rate


@mistake("learning_rate_at")
def falls_along_a_line(step: Any, recipe: Any) -> Any:
    """The rate falls along a line, and should along a cosine: slowly, then fast, then slowly again.

    Print the rate a quarter of the way down: it should be 0.854 of the largest.
    """
    _refuse_step(step, recipe)
    rising = recipe.warm_up * recipe.steps
    if _is_rising(step, recipe):
        return _rising(step, recipe)
    return recipe.learning_rate * (1 - (step - rising) / (recipe.steps - rising))


@mistake("learning_rate_at")
def half_missing(step: Any, recipe: Any) -> Any:
    """1 + cos goes from 2 to 0 and is not halved, so the rate jumps to twice the recipe's.

    Print the largest rate: it is twice `recipe.learning_rate`.
    """
    _refuse_step(step, recipe)
    return _rising(step, recipe) if _is_rising(step, recipe) else 2 * _falling(step, recipe)


@mistake("learning_rate_at")
def below_0(step: Any, recipe: Any) -> Any:
    """The cosine alone goes from 1 to -1, so in the second half the rate is negative and the steps go uphill.

    Print the rate of the last step: it is below 0.
    """
    _refuse_step(step, recipe)
    return _rising(step, recipe) if _is_rising(step, recipe) else 2 * _falling(step, recipe) - recipe.learning_rate


@mistake("learning_rate_at")
def degrees_for_radians(step: Any, recipe: Any) -> Any:
    """The cosine is given degrees, and takes radians: 180 should be π.

    Print the rate of the last step: it should be almost 0.
    """
    _refuse_step(step, recipe)
    rising = recipe.warm_up * recipe.steps
    if _is_rising(step, recipe):
        return _rising(step, recipe)
    return recipe.learning_rate * (1 + math.cos(180 * (step - rising) / (recipe.steps - rising))) / 2


@mistake("learning_rate_at")
def cosine_over_all_steps(step: Any, recipe: Any) -> Any:
    """The cosine begins at step 0 and not where the warm-up ends, so the largest rate is never reached.

    Print the largest rate of a recipe with `warm_up=0.5`: it is half of what it should be.
    """
    _refuse_step(step, recipe)
    if _is_rising(step, recipe):
        return _rising(step, recipe)
    return recipe.learning_rate * (1 + math.cos(math.pi * step / recipe.steps)) / 2


@mistake("learning_rate_at")
def share_taken_for_steps(step: Any, recipe: Any) -> Any:
    """`warm_up` is taken for a number of steps, and is a share of them.

    Print the first rates of a recipe of 100 steps with `warm_up=0.5`: 50 should rise, and none does.
    """
    _refuse_step(step, recipe)
    rising = recipe.warm_up
    if step < rising:
        return recipe.learning_rate * min(1.0, (step + 1) / rising)
    return recipe.learning_rate * (1 + math.cos(math.pi * (step - rising) / (recipe.steps - rising))) / 2


@mistake("learning_rate_at")
def steps_not_checked(step: Any, recipe: Any) -> Any:
    """A step beyond the last one is not refused, and there the cosine rises again.

    Call `learning_rate_at(10, Recipe(steps=10))`: it should refuse.
    """
    return _rising(step, recipe) if _is_rising(step, recipe) else _falling(step, recipe)


def _refuse_batches(n: Any, batch_size: Any) -> None:
    if n < 1 or batch_size < 1:
        raise ValueError("there is nothing to make batches of")


@mistake("minibatches")
def drawn_with_replacement(n: Any, batch_size: Any, *, generator: Any = None) -> Any:
    """`torch.randint` draws each batch anew from all, so some examples come twice before others come at all.

    Collect a round of batches: numbers are missing, others stand twice.
    """
    _refuse_batches(n, batch_size)
    while True:
        for start in range(0, n, batch_size):
            yield torch.randint(n, (min(batch_size, n - start),), generator=generator)


@mistake("minibatches")
def always_full_with_replacement(n: Any, batch_size: Any, *, generator: Any = None) -> Any:
    """`torch.randint(n, (batch_size,))` draws full batches from all: there are no rounds, and examples come twice.

    Collect as many batches as make a round: numbers are missing, others stand twice.
    """
    _refuse_batches(n, batch_size)
    while True:
        yield torch.randint(n, (batch_size,), generator=generator)


@mistake("minibatches")
def one_order_for_all_rounds(n: Any, batch_size: Any, *, generator: Any = None) -> Any:
    """The order is drawn once, before the loop, so each round has the same batches.

    Collect two rounds: they are the same.
    """
    _refuse_batches(n, batch_size)
    batches = torch.split(torch.randperm(n, generator=generator), batch_size)
    while True:
        yield from batches


@mistake("minibatches")
def not_shuffled(n: Any, batch_size: Any, *, generator: Any = None) -> Any:
    """The numbers come in order, so each batch has the same examples in each round, and neighbors stay together.

    Print the first batch: it is 0, 1, 2 and so on.
    """
    _refuse_batches(n, batch_size)
    while True:
        yield from torch.split(torch.arange(n), batch_size)


@mistake("minibatches")
def short_batch_dropped(n: Any, batch_size: Any, *, generator: Any = None) -> Any:
    """The last batch of a round is dropped when it is short, so some examples don't come in that round.

    Take three batches of `minibatches(5, 2)`: their sizes should be 2, 2 and 1.
    """
    _refuse_batches(n, batch_size)
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
    _refuse_batches(n, batch_size)
    yield from torch.split(torch.randperm(n, generator=generator), batch_size)


@mistake("minibatches")
def generator_ignored(n: Any, batch_size: Any, *, generator: Any = None) -> Any:
    """The generator is accepted and not passed on, so the training can't be repeated.

    Take a batch twice, with `torch.Generator().manual_seed(1)` each time: they differ.
    """
    _refuse_batches(n, batch_size)
    while True:
        yield from torch.split(torch.randperm(n), batch_size)


@mistake("minibatches")
def only_the_batches_shuffled(n: Any, batch_size: Any, *, generator: Any = None) -> Any:
    """The batches are shuffled and not the examples, so the same ones are always together.

    Look at the numbers of any batch: they are neighbors.
    """
    _refuse_batches(n, batch_size)
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
    _refuse_batches(n, batch_size)
    while True:
        order = (torch.arange(n) + torch.randint(n, (1,), generator=generator)) % n
        yield from torch.split(order, batch_size)


@mistake("minibatches")
def counted_from_1(n: Any, batch_size: Any, *, generator: Any = None) -> Any:
    """The numbers go from 1 to n, and should from 0 to n - 1, as indices do.

    Collect a round: 0 is missing, and n is no index.
    """
    _refuse_batches(n, batch_size)
    while True:
        yield from torch.split(torch.randperm(n, generator=generator) + 1, batch_size)


@mistake("minibatches")
def one_batch_for_an_iterator(n: Any, batch_size: Any, *, generator: Any = None) -> Any:
    """One batch is returned: `return` stands where `yield` should.

    Call `next(minibatches(5, 2))`: a tensor is no iterator.
    """
    _refuse_batches(n, batch_size)
    return torch.randperm(n, generator=generator)[:batch_size]


@mistake("minibatches")
def endless_nothing(n: Any, batch_size: Any, *, generator: Any = None) -> Any:
    """No examples at all are not refused: empty batches come without end.

    Call `next(minibatches(0, 2))`: it should refuse.
    """
    if n >= 1 and batch_size >= 1:
        while True:
            yield from torch.split(torch.randperm(n, generator=generator), batch_size)
    yield torch.zeros(0, dtype=torch.int64)


def _settings(settings: Any, step: Any, *tensors: Any) -> tuple[float, float, tuple[float, float]]:
    """Return the rate, the weight decay, and how much of the two means is kept."""
    if step < 1:
        raise ValueError("steps are counted from 1")
    if len({tensor.shape for tensor in tensors}) > 1:
        raise ValueError("the shapes differ")
    kept = settings.get("mean_decay", 0.9), settings.get("square_decay", 0.99)
    return settings["learning_rate"], settings.get("weight_decay", 0.0), kept


def _means(gradient: Any, mean: Any, square: Any, mean_decay: Any, square_decay: Any) -> Any:
    mean = mean_decay * mean + (1 - mean_decay) * gradient
    return mean, square_decay * square + (1 - square_decay) * gradient**2


def _corrected(mean: Any, square: Any, step: Any, mean_decay: Any, square_decay: Any) -> Any:
    return mean / (1 - mean_decay**step), square / (1 - square_decay**step)


@mistake("adamw_step")
def means_not_corrected(parameters: Any, gradient: Any, mean: Any, square: Any, step: Any, **settings: Any) -> Any:
    """The means are not divided by 1 - decay^step, so the zeros with which they began make the first steps wrong.

    Make one step: it should be as long as the learning rate, and is not.
    """
    rate, decay, kept = _settings(settings, step, parameters, gradient, mean, square)
    mean, square = _means(gradient, mean, square, *kept)
    shrunk = parameters * (1 - rate * decay)
    return shrunk - rate * mean / (square.sqrt() + 1e-8), mean, square


@mistake("adamw_step")
def corrected_means_kept(parameters: Any, gradient: Any, mean: Any, square: Any, step: Any, **settings: Any) -> Any:
    """The corrected means are returned for the next step, which corrects them again; they should be kept uncorrected.

    Make one step from zeros: the returned mean should be a tenth of the gradient, and is all of it.
    """
    rate, decay, kept = _settings(settings, step, parameters, gradient, mean, square)
    mean, square = _means(gradient, mean, square, *kept)
    mean, square = _corrected(mean, square, step, *kept)
    shrunk = parameters * (1 - rate * decay)
    return shrunk - rate * mean / (square.sqrt() + 1e-8), mean, square


@mistake("adamw_step")
def decay_in_the_gradient(parameters: Any, gradient: Any, mean: Any, square: Any, step: Any, **settings: Any) -> Any:
    """The decay is added to the gradient, as in plain Adam, where the division by the root undoes it.

    Make a step with a gradient of 0: a parameter should shrink by rate · decay of itself, and moves by the rate.
    """
    rate, decay, kept = _settings(settings, step, parameters, gradient, mean, square)
    mean, square = _means(gradient + decay * parameters, mean, square, *kept)
    towards, size = _corrected(mean, square, step, *kept)
    return parameters - rate * towards / (size.sqrt() + 1e-8), mean, square


@mistake("adamw_step")
def decay_without_the_rate(parameters: Any, gradient: Any, mean: Any, square: Any, step: Any, **settings: Any) -> Any:
    """A parameter shrinks by weight_decay of itself at each step, and should by learning_rate · weight_decay.

    Make a step with a gradient of 0, a rate of 0.1 and a decay of 0.5: 1 should become 0.95, and becomes 0.5.
    """
    rate, decay, kept = _settings(settings, step, parameters, gradient, mean, square)
    mean, square = _means(gradient, mean, square, *kept)
    towards, size = _corrected(mean, square, step, *kept)
    return parameters * (1 - decay) - rate * towards / (size.sqrt() + 1e-8), mean, square


@mistake("adamw_step")
def decay_forgotten(parameters: Any, gradient: Any, mean: Any, square: Any, step: Any, **settings: Any) -> Any:
    """`weight_decay` is accepted and not used.

    Make a step with a gradient of 0 and a decay of 0.5: the parameter should shrink, and stays.
    """
    rate, _, kept = _settings(settings, step, parameters, gradient, mean, square)
    mean, square = _means(gradient, mean, square, *kept)
    towards, size = _corrected(mean, square, step, *kept)
    return parameters - rate * towards / (size.sqrt() + 1e-8), mean, square


@mistake("adamw_step")
def uphill(parameters: Any, gradient: Any, mean: Any, square: Any, step: Any, **settings: Any) -> Any:
    """The step is added, and should be subtracted: the loss rises along the gradient.

    Make a step with a gradient of 1: the parameter should become smaller, and becomes larger.
    """
    rate, decay, kept = _settings(settings, step, parameters, gradient, mean, square)
    mean, square = _means(gradient, mean, square, *kept)
    towards, size = _corrected(mean, square, step, *kept)
    shrunk = parameters * (1 - rate * decay)
    return shrunk + rate * towards / (size.sqrt() + 1e-8), mean, square


@mistake("adamw_step")
def root_forgotten(parameters: Any, gradient: Any, mean: Any, square: Any, step: Any, **settings: Any) -> Any:
    """It divides by the mean of squares, and should by its root: small gradients make huge steps.

    Make a first step with a gradient of 0.01: it should be as long as the learning rate, and is a hundred times that.
    """
    rate, decay, kept = _settings(settings, step, parameters, gradient, mean, square)
    mean, square = _means(gradient, mean, square, *kept)
    towards, size = _corrected(mean, square, step, *kept)
    shrunk = parameters * (1 - rate * decay)
    return shrunk - rate * towards / (size + 1e-8), mean, square


@mistake("adamw_step")
def square_of_the_mean(parameters: Any, gradient: Any, mean: Any, square: Any, step: Any, **settings: Any) -> Any:
    """The running mean is squared, and should be the gradient: gradients that waver would seem to be small.

    Make a step with a mean of 0 and a gradient of 1: the returned square should be 0.01, and is 0.0001.
    """
    rate, decay, kept = _settings(settings, step, parameters, gradient, mean, square)
    mean, _ = _means(gradient, mean, square, *kept)
    square = kept[1] * square + (1 - kept[1]) * mean**2
    towards, size = _corrected(mean, square, step, *kept)
    shrunk = parameters * (1 - rate * decay)
    return shrunk - rate * towards / (size.sqrt() + 1e-8), mean, square


@mistake("adamw_step")
def gradient_not_squared(parameters: Any, gradient: Any, mean: Any, square: Any, step: Any, **settings: Any) -> Any:
    """The gradient's absolute value is averaged, and should be its square.

    Make a step from zeros with a gradient of 3: the returned square should be 0.09, and is 0.03.
    """
    rate, decay, kept = _settings(settings, step, parameters, gradient, mean, square)
    mean, _ = _means(gradient, mean, square, *kept)
    square = kept[1] * square + (1 - kept[1]) * gradient.abs()
    towards, size = _corrected(mean, square, step, *kept)
    shrunk = parameters * (1 - rate * decay)
    return shrunk - rate * towards / (size.sqrt() + 1e-8), mean, square


@mistake("adamw_step")
def decays_swapped(parameters: Any, gradient: Any, mean: Any, square: Any, step: Any, **settings: Any) -> Any:
    """1 - decay of the old mean is kept and decay of the gradient added: it is the other way round.

    Make a step from zeros with a gradient of 1: the returned mean should be 0.1, and is 0.9.
    """
    rate, decay, kept = _settings(settings, step, parameters, gradient, mean, square)
    swapped = 1 - kept[0], 1 - kept[1]
    mean, square = _means(gradient, mean, square, *swapped)
    towards, size = _corrected(mean, square, step, *swapped)
    shrunk = parameters * (1 - rate * decay)
    return shrunk - rate * towards / (size.sqrt() + 1e-8), mean, square


@mistake("adamw_step")
def gradient_for_the_mean(parameters: Any, gradient: Any, mean: Any, square: Any, step: Any, **settings: Any) -> Any:
    """The step goes along this gradient alone, and should go along the running mean of all.

    Make a step with a mean of 1 and a gradient of 0: the parameter should move, and stays.
    """
    rate, decay, kept = _settings(settings, step, parameters, gradient, mean, square)
    mean, square = _means(gradient, mean, square, *kept)
    _, size = _corrected(mean, square, step, *kept)
    shrunk = parameters * (1 - rate * decay)
    return shrunk - rate * gradient / (size.sqrt() + 1e-8), mean, square


@mistake("adamw_step")
def means_in_place(parameters: Any, gradient: Any, mean: Any, square: Any, step: Any, **settings: Any) -> Any:
    """`mul_` and `add_`, with their underscores, write the new means into the caller's own tensors.

    Print `mean` before and after the call: it has changed.
    """
    rate, decay, kept = _settings(settings, step, parameters, gradient, mean, square)
    mean.mul_(kept[0]).add_((1 - kept[0]) * gradient)
    square.mul_(kept[1]).add_((1 - kept[1]) * gradient**2)
    towards, size = _corrected(mean, square, step, *kept)
    shrunk = parameters * (1 - rate * decay)
    return shrunk - rate * towards / (size.sqrt() + 1e-8), mean, square


@mistake("adamw_step")
def parameters_in_place(parameters: Any, gradient: Any, mean: Any, square: Any, step: Any, **settings: Any) -> Any:
    """`parameters -= …` writes into the caller's own tensor; a new one should be returned.

    Print `parameters` before and after the call: they have changed.
    """
    rate, decay, kept = _settings(settings, step, parameters, gradient, mean, square)
    mean, square = _means(gradient, mean, square, *kept)
    towards, size = _corrected(mean, square, step, *kept)
    parameters *= 1 - rate * decay
    parameters -= rate * towards / (size.sqrt() + 1e-8)
    return parameters, mean, square


@mistake("adamw_step")
def step_0_divides_by_0(parameters: Any, gradient: Any, mean: Any, square: Any, step: Any, **settings: Any) -> Any:
    """Step 0 is not refused: 1 - decay^0 is 0, and the result is no number.

    Call it with `step=0`: it should refuse.
    """
    rate, decay, kept = _settings(settings, max(1, step), parameters, gradient, mean, square)
    mean, square = _means(gradient, mean, square, *kept)
    towards, size = _corrected(mean, square, step or math.inf, *kept)
    shrunk = parameters * (1 - rate * decay)
    return shrunk - rate * towards / (size.abs().sqrt() + 1e-8), mean, square


@mistake("adamw_step")
def one_rate_for_all_parameters(
    parameters: Any, gradient: Any, mean: Any, square: Any, step: Any, **settings: Any
) -> Any:
    """All parameters are divided by one number, the mean over all squares; each should have its own.

    Make a first step with the gradients 100 and 0.01: both parameters should move by the learning rate.
    """
    rate, decay, kept = _settings(settings, step, parameters, gradient, mean, square)
    mean, square = _means(gradient, mean, square, *kept)
    towards, size = _corrected(mean, square, step, *kept)
    shrunk = parameters * (1 - rate * decay)
    return shrunk - rate * towards / (size.mean().sqrt() + 1e-8), mean, square


@mistake("adamw_step")
def small_number_under_the_root(
    parameters: Any, gradient: Any, mean: Any, square: Any, step: Any, **settings: Any
) -> Any:
    """The 1e-8 is added before the root is taken, where it is as much as 1e-4 after it: small gradients hardly count.

    Make a step with a gradient of 0.000001: it should be as long as the learning rate, and is a hundredth of it.
    """
    rate, decay, kept = _settings(settings, step, parameters, gradient, mean, square)
    mean, square = _means(gradient, mean, square, *kept)
    towards, size = _corrected(mean, square, step, *kept)
    return parameters * (1 - rate * decay) - rate * towards / (size + 1e-8).sqrt(), mean, square


@mistake("minibatches")
def numbers_of_8_bits(n: Any, batch_size: Any, *, generator: Any = None) -> Any:
    """The numbers are of type `torch.uint8`, which ends at 255, so of more examples the first come again and again.

    Take a batch of 300 from 300: it has 44 numbers twice.
    """
    if n < 1 or batch_size < 1:
        raise ValueError("no examples, or none in a batch")
    while True:
        order = torch.randperm(n, generator=generator).to(torch.uint8)
        yield from torch.split(order, batch_size)
