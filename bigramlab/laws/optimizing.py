"""Laws of going downhill."""

import math
from collections import Counter
from collections.abc import Iterator
from itertools import islice, permutations
from typing import Any

import torch
from hypothesis import strategies as st
from torch import Tensor

from bigramlab import plain
from bigramlab.laws import strategies as draw
from bigramlab.laws.law import (
    Function,
    a_float,
    a_number,
    a_tensor,
    agree,
    broken,
    care,
    hoeffding,
    how_many,
    ids_in,
    ids_of_64_bits,
    law,
    leaves_torchs_generator_alone,
    parts_of,
    refuses,
    torchs_generator_decides,
)
from bigramlab.lessons.optimizing import Recipe


@st.composite
def recipes(draw_from: st.DrawFn, shortest: int = 0) -> tuple[Recipe, int]:
    """A recipe with a whole number of steps of warm-up, and that number."""
    rising = draw_from(st.integers(shortest, 30))
    steps = rising + draw_from(st.integers(1, 30))
    rate = draw_from(st.sampled_from([1.0, 0.5, 0.008, 3.0]))
    return Recipe(steps=steps, learning_rate=rate, warm_up=rising / steps), rising


@law("learning_rate_at", recipes(shortest=1), st.integers(0, 29))
def the_rate_rises_in_equal_steps(learning_rate_at: Function, drawn: tuple[Recipe, int], step: int) -> None:
    """In the w steps of the warm-up the rates are 1/w, 2/w and so on of the recipe's rate, so the first is not 0."""
    recipe, rising = drawn
    step %= rising
    agree(a_number(learning_rate_at(step, recipe)), recipe.learning_rate * (step + 1) / rising)


@law("learning_rate_at", recipes(), st.integers(0, 29))
def the_rate_falls_along_a_cosine(learning_rate_at: Function, drawn: tuple[Recipe, int], step: int) -> None:
    """After w of n steps it falls: rate · (1 + cos(π · (step - w) / (n - w))) / 2, from the full rate to almost 0."""
    recipe, rising = drawn
    falling = recipe.steps - rising
    step %= falling
    expected = recipe.learning_rate * (1 + math.cos(math.pi * step / falling)) / 2
    agree(a_number(learning_rate_at(rising + step, recipe)), expected)


@law("learning_rate_at", st.integers(0, 9), st.sampled_from([0.25, 0.5, 0.75]), st.integers(1, 9), st.integers(0, 18))
def the_warm_up_may_end_between_steps(
    learning_rate_at: Function, whole: int, part: float, more: int, step: int
) -> None:
    """The w steps of the warm-up need not be a whole number: 0.25 of 10 steps are 2.5, and are not rounded."""
    steps = whole + 1 + more
    step %= steps
    recipe = Recipe(steps=steps, learning_rate=1.0, warm_up=(whole + part) / steps)
    agree(a_number(learning_rate_at(step, recipe)), plain.learning_rate_at(step, recipe))


@law("learning_rate_at", recipes())
def the_rate_has_one_peak(learning_rate_at: Function, recipe: Recipe, rising: int) -> None:
    """The largest rate is the recipe's; before it no rate is below the one before, after it none above."""
    before, falls = 0.0, False
    for step in range(recipe.steps):
        rate = a_number(learning_rate_at(step, recipe))  # judged at once, so that the report shows this call
        if rate > recipe.learning_rate * (1 + 1e-4):
            broken(f"it is {rate:.6g}, and no rate should be above the recipe's, {recipe.learning_rate:g}")
        if falls and rate > before:
            broken(f"it is {rate:.6g}, and the step before has {before:.6g}: once the rates fall, none should rise")
        before, falls = rate, rate < before
    agree(a_number(learning_rate_at(rising, recipe)), recipe.learning_rate)


@care("learning_rate_at", recipes(), examples=5)
def the_rate_is_a_float(learning_rate_at: Function, recipe: Recipe, rising: int) -> None:
    """The rate is a float."""
    a_float(learning_rate_at(rising, recipe))


@care("learning_rate_at", st.sampled_from([(-1, 10), (10, 10), (11, 10), (1, 1)]))
def steps_that_the_recipe_lacks_are_refused(learning_rate_at: Function, step: int, steps: int) -> None:
    """A recipe of n steps has the steps 0 to n - 1; others are refused."""
    refuses(lambda: learning_rate_at(step, Recipe(steps=steps)))


def _batches(minibatches: Function, n: int, batch_size: int, seed: int | None = 0) -> Iterator[list[int]]:
    """Yield the batches as lists."""
    batches = minibatches(n, batch_size, generator=None if seed is None else draw.generator(seed))
    if batches is None:
        broken("it returned nothing: is `yield` missing?")
    if isinstance(batches, Tensor) or not hasattr(batches, "__iter__"):
        broken(f"it is of type {type(batches).__name__}, and should be an iterator of batches: use `yield`")
    for batch in batches:
        if isinstance(batch, Tensor) and batch.ndim != 1:
            broken(f"a batch has shape {tuple(batch.shape)}, and should have one axis: (batch,)")
        yield ids_in(batch, (len(batch),) if hasattr(batch, "__len__") else ())


def _rounds(minibatches: Function, n: int, batch_size: int, rounds: int, seed: int | None = 0) -> list[list[int]]:
    """Return the numbers of each of the first rounds, once the batches have the right sizes."""
    found: list[list[int]] = [[]]
    for batch in islice(_batches(minibatches, n, batch_size, seed), rounds * math.ceil(n / batch_size)):
        left = n - len(found[-1])
        if len(batch) != min(batch_size, left):
            due = min(batch_size, left)
            broken(f"a batch has {how_many(len(batch), 'number')}, and should have {due} at this place of a round")
        found[-1] += batch
        if len(found[-1]) == n:
            found.append([])
    if len(found) != rounds + 1:
        broken(f"the batches end after {how_many(len(found) - 1, 'round')}, and should go on without end")
    return found[:-1]


@law("minibatches", st.integers(1, 12) | st.integers(300, 400), st.sampled_from([*range(1, 16), 64]), draw.seeds)
def each_number_comes_once_before_any_comes_again(minibatches: Function, n: int, batch_size: int, seed: int) -> None:
    """Each round has every number from 0 to n - 1 once, `batch_size` at a time; the last batch has what is left."""
    for numbers in _rounds(minibatches, n, batch_size, 3, seed):
        if sorted(numbers) != list(range(n)):
            listed = numbers if n <= 12 else f"{numbers[:6]} and so on"
            broken(f"one round has the numbers {listed}, and should have each from 0 to {n - 1} once")


@law("minibatches", st.integers(20, 40), st.integers(1, 9), draw.seeds, examples=8)
def each_round_has_an_order_of_its_own(minibatches: Function, n: int, batch_size: int, seed: int) -> None:
    """The numbers come in random order, and in another one in each round."""
    first, *others = _rounds(minibatches, n, batch_size, 4, seed)
    if first == list(range(n)):  # right in one of 20! cases
        broken("the numbers come in order, and should be shuffled")
    for before, now, which in zip([first, *others], others, ("second", "third", "fourth"), strict=False):
        if now in (before, before[::-1]):
            broken(f"the {which} round has the order of the one before{', turned around' * (now != before)}")


@law("minibatches", st.integers(1, 3), examples=3)
def all_orders_are_equally_likely(minibatches: Function, batch_size: int) -> None:
    """Each of the 6 orders of 3 numbers comes in a sixth of the rounds."""
    rounds = 1500
    found = Counter(map(tuple, _rounds(minibatches, 3, batch_size, rounds)))
    for order in permutations(range(3)):
        if abs(found[order] / rounds - 1 / 6) > hoeffding(rounds):
            broken(f"of {rounds} rounds {found[order] / rounds:.1%} have the order {list(order)}, and should 16.7%")


@law("minibatches", draw.seeds, examples=8)
def the_generator_decides(minibatches: Function, seed: int) -> None:
    """A generator decides: another state of it gives other batches, and torch's global one is left alone."""
    first = leaves_torchs_generator_alone(lambda: _rounds(minibatches, 30, 7, 2, seed))
    if first == _rounds(minibatches, 30, 7, 2, seed + 1):
        broken("another generator state gave the same batches")


@law("minibatches", draw.seeds, examples=8)
def without_a_generator_torchs_is_used(minibatches: Function, seed: int) -> None:
    """Without a generator, torch's global one is used: torch.manual_seed repeats the batches, and no other way does."""
    torchs_generator_decides(lambda: _rounds(minibatches, 30, 7, 2, None), seed, "batches")


@care("minibatches", st.integers(1, 5), st.integers(1, 3))
def batches_are_tensors(minibatches: Function, n: int, batch_size: int) -> None:
    """Each batch is a tensor of int64."""
    batch = next(iter(minibatches(n, batch_size, generator=draw.generator(0))))
    ids_of_64_bits(batch, (min(n, batch_size),))


@care("minibatches", st.sampled_from([(0, 1), (-1, 1), (3, 0), (3, -2)]))
def no_examples_make_no_batches(minibatches: Function, n: int, batch_size: int) -> None:
    """No examples, or none in a batch, are refused, at the first batch at the latest."""
    refuses(lambda: next(iter(minibatches(n, batch_size, generator=draw.generator(0)))))


@st.composite
def descents(
    draw_from: st.DrawFn, *, scales: tuple[float, ...] = (1 / 8, 64, 1e-6)
) -> tuple[Tensor, Tensor, dict[str, float]]:
    """Parameters, the gradients of several steps, and settings."""
    size = draw_from(st.integers(1, 4))
    numbers = st.lists(st.integers(-16, 16), min_size=size, max_size=size)
    start = draw_from(numbers)
    gradients = draw_from(st.lists(numbers, min_size=2, max_size=6))
    settings = {
        "learning_rate": draw_from(st.sampled_from([0.1, 0.5, 0.01])),
        "weight_decay": draw_from(st.sampled_from([0.0, 0.5, 0.1])),
        "mean_decay": draw_from(st.sampled_from([0.9, 0.5, 0.0])),
        "square_decay": draw_from(st.sampled_from([0.99, 0.5, 0.9])),
    }
    scale = draw_from(st.sampled_from(scales))
    return torch.tensor(start).double() / 8, torch.tensor(gradients).double() * scale, settings


def _step(adamw_step: Function, *arguments: Any, **settings: float) -> tuple[list[float], list[float], list[float]]:
    found = parts_of(adamw_step(*arguments, **settings), 3, "three tensors: the parameters, the mean, that of squares")
    parameters, mean, square = (a_tensor(tensor, arguments[0].shape, "floats") for tensor in found)
    return parameters, mean, square


def _agree(what: str, found: list[float], expected: list[float]) -> None:
    for place, (one, other) in enumerate(zip(found, expected, strict=True)):
        agree(one, other, f"of the {what}, entry [{place}]")


@law("adamw_step", st.lists(st.integers(-1000, 1000).filter(bool), min_size=1, max_size=4), st.sampled_from([0.1, 2.0]))
def the_first_step_is_as_long_as_the_rate(adamw_step: Function, gradient: list[int], rate: float) -> None:
    """The first step goes against the gradient, by the learning rate, be the gradient large or small."""
    n = len(gradient)
    slopes, zeros = torch.tensor(gradient) / 100, [torch.zeros(n), torch.zeros(n)]
    found, _, _ = _step(adamw_step, torch.ones(n), slopes, *zeros, 1, learning_rate=rate)
    _agree("parameters", found, [1 - rate if slope > 0 else 1 + rate for slope in gradient])


@law("adamw_step", descents())
def the_running_means_follow_the_gradients(
    adamw_step: Function, parameters: Tensor, gradients: Tensor, settings: dict[str, float]
) -> None:
    """The new mean is decay · old + (1 - decay) · gradient, that of squares likewise; they are kept uncorrected."""
    mean, square = gradients[0] / 2, gradients[0] ** 2
    of_mean, of_square = settings["mean_decay"], settings["square_decay"]
    new_mean = (of_mean * mean + (1 - of_mean) * gradients[1]).tolist()
    new_square = (of_square * square + (1 - of_square) * gradients[1] ** 2).tolist()
    _, found_mean, found_square = _step(adamw_step, parameters, gradients[1], mean, square, 3, **settings)
    _agree("mean", found_mean, new_mean)
    _agree("square", found_square, new_square)


@law("adamw_step", descents())
def many_steps_agree_with_torchs(
    adamw_step: Function, parameters: Tensor, gradients: Tensor, settings: dict[str, float]
) -> None:
    """Step after step, the parameters are those of torch.optim.AdamW."""
    theirs = parameters.clone().requires_grad_()
    betas = settings["mean_decay"], settings["square_decay"]
    rate, decay = settings["learning_rate"], settings["weight_decay"]
    optimizer = torch.optim.AdamW([theirs], lr=rate, betas=betas, weight_decay=decay, eps=1e-8)
    mean, square = torch.zeros_like(parameters), torch.zeros_like(parameters)
    for step, gradient in enumerate(gradients, start=1):
        theirs.grad = gradient.clone()
        optimizer.step()
        found = _step(adamw_step, parameters, gradient, mean, square, step, **settings)
        parameters, mean, square = (torch.tensor(numbers, dtype=torch.float64) for numbers in found)
        _agree(f"parameters after step {step}", found[0], theirs.tolist())


@law("adamw_step", st.integers(1, 5), st.sampled_from([0.0, 0.5]))
def decay_is_a_matter_of_its_own(adamw_step: Function, step: int, decay: float) -> None:
    """Where the gradient is 0, a parameter only shrinks, by learning_rate · weight_decay of itself."""
    start, zeros = torch.tensor([4.0, -2.0]), [torch.zeros(2), torch.zeros(2), torch.zeros(2)]
    found, mean, square = _step(adamw_step, start, *zeros, step, learning_rate=0.1, weight_decay=decay)
    _agree("parameters", found, [4 * (1 - 0.1 * decay), -2 * (1 - 0.1 * decay)])
    _agree("means", mean + square, [0.0] * 4)


@law("adamw_step", st.integers(1, 5))
def the_usual_settings(adamw_step: Function, step: int) -> None:
    """Without other settings, 0.9 of the mean and 0.99 of the mean of squares are kept, and nothing decays."""
    tensors = torch.tensor([1.0, 2.0]), torch.tensor([0.5, -1.0]), torch.tensor([0.25, 0.5]), torch.tensor([1.0, 2.0])
    usual = {"weight_decay": 0.0, "mean_decay": 0.9, "square_decay": 0.99}
    copies = [tensor.clone() for tensor in tensors]
    found = _step(adamw_step, *tensors, step, learning_rate=0.1)
    agree([*found], [*_step(adamw_step, *copies, step, learning_rate=0.1, **usual)])


@care("adamw_step", descents(scales=(1e-7,)))
def the_smallest_gradients_count_less(
    adamw_step: Function, parameters: Tensor, gradients: Tensor, settings: dict[str, float]
) -> None:
    """Gradients of 1e-7, not far above the 1e-8 that is added to the root, make steps like those of torch, too."""
    many_steps_agree_with_torchs(adamw_step, parameters, gradients, settings)


@care("adamw_step", st.sampled_from([0, -1]))
def there_is_no_step_before_the_first(adamw_step: Function, step: int) -> None:
    """Steps are counted from 1; 0, with which the correction would divide by 0, is refused."""
    ones = torch.ones(2)
    refuses(lambda: adamw_step(ones, ones, ones, ones, step, learning_rate=0.1))


@care("adamw_step", st.integers(0, 3))
def shapes_that_differ_are_refused(adamw_step: Function, position: int) -> None:
    """Each parameter has a gradient and two means of its own; tensors of different shapes are refused."""
    tensors = [torch.ones(3), torch.ones(3), torch.ones(3), torch.ones(3)]
    tensors[position] = torch.ones(1)
    refuses(lambda: adamw_step(*tensors, 1, learning_rate=0.1))
