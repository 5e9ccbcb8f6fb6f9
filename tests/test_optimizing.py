import math
from itertools import chain, islice

import pytest
import torch

from bigramlab import Recipe, adamw_step, learning_rate_at, minibatches
from bigramlab.lessons.optimizing import require_recipe


def test_worked_examples():
    recipe = Recipe(steps=10, learning_rate=0.4, warm_up=0.2)
    # two steps up: 1/2 and 2/2 of the rate; then 8 down: (1 + cos(π · i / 8)) / 2, of which i = 4 is the middle
    rates = [learning_rate_at(step, recipe) for step in range(10)]
    assert rates[:3] == pytest.approx([0.2, 0.4, 0.4])
    assert rates[6] == pytest.approx(0.2)
    assert rates[9] == pytest.approx(0.4 * (1 + math.cos(7 * math.pi / 8)) / 2)
    # mean = 0.5 · 4 + 0.5 · 2 = 3, square = 0.5 · 8 + 0.5 · 4 = 6; at step 2 both are divided by 1 - 0.5² = 3/4:
    # 3 / (3/4) = 4, sqrt(6 / (3/4)) = sqrt 8; 10 · (1 - 0.1 · 0.5) - 0.1 · 4 / sqrt 8
    found = adamw_step(
        *(torch.tensor([number]) for number in (10.0, 2.0, 4.0, 8.0)),
        2,
        learning_rate=0.1,
        weight_decay=0.5,
        mean_decay=0.5,
        square_decay=0.5,
    )
    assert [tensor.item() for tensor in found] == pytest.approx([9.5 - 0.4 / math.sqrt(8), 3, 6])


def test_a_warm_up_shorter_than_a_step_is_none():
    assert learning_rate_at(0, Recipe(steps=5, learning_rate=1.0, warm_up=0.1)) == 1
    assert learning_rate_at(0, Recipe(steps=1, learning_rate=1.0, warm_up=0.0)) == 1


@pytest.mark.parametrize("warm_up", [0.0, 0.05, 0.33, 0.999])
def test_every_rate_is_above_0_and_none_above_the_largest(warm_up):
    recipe = Recipe(steps=70, learning_rate=0.3, warm_up=warm_up)
    assert all(0 < learning_rate_at(step, recipe) <= 0.3 for step in range(70))


def test_a_round_of_batches():
    batches = [batch.tolist() for batch in islice(minibatches(7, 3, generator=torch.Generator().manual_seed(0)), 6)]
    assert [len(batch) for batch in batches] == [3, 3, 1] * 2
    assert sorted(chain(*batches[:3])) == sorted(chain(*batches[3:])) == list(range(7))


def test_a_batch_may_be_larger_than_all():
    assert sorted(next(minibatches(3, 100)).tolist()) == [0, 1, 2]


def test_where_nothing_pulls_nothing_moves():
    zeros = torch.zeros(3)
    assert torch.equal(adamw_step(torch.ones(3), zeros, zeros, zeros, 1, learning_rate=0.1)[0], torch.ones(3))


def test_where_next_to_nothing_pulls_next_to_nothing_moves():
    # 1e-9 / (1e-9 + 1e-8) = 1/11 of the rate
    zeros = torch.zeros(1)
    moved, _, _ = adamw_step(zeros, torch.tensor([1e-9]), zeros, zeros, 1, learning_rate=0.1)
    assert moved.item() == pytest.approx(-0.1 / 11)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"steps": 0}, "steps is 0, but there can't be fewer than 1: choose 1 or more"),
        ({"batch_size": 0}, "batch_size is 0, but there can't be fewer than 1"),
        ({"learning_rate": 0}, "learning_rate is 0, but must be a finite number above 0"),
        ({"learning_rate": math.nan}, "learning_rate is nan, but must be a finite number above 0"),
        ({"weight_decay": -0.1}, "weight_decay is -0.1, but must be a finite number from 0 up"),
        ({"warm_up": 1.0}, "warm_up is 1.0, but it is a share: choose a number from 0 to below 1, such as 0.1"),
        ({"dropout": (0.1, 1.0)}, "a dropout is 1.0, but it is a share"),
        ({"dropout": (-0.1,)}, "a dropout is -0.1, but must be a finite number from 0 up"),
    ],
)
def test_an_impossible_recipe_is_refused(changed, message):
    with pytest.raises(ValueError, match=message):
        require_recipe(Recipe(**changed))


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: learning_rate_at(10, Recipe(steps=10)), "step is 10, but the recipe has 10 steps, 0 to 9"),
        (lambda: learning_rate_at(-1, Recipe()), "step is -1, but there can't be fewer than none"),
        (lambda: next(minibatches(0, 3)), "n is 0, but there can't be fewer than 1"),
        (lambda: next(minibatches(3, 0)), "batch_size is 0, but there can't be fewer than 1"),
        (lambda: adamw_step(*[torch.ones(2)] * 4, 0, learning_rate=0.1), "step is 0, but there can't be fewer than 1"),
        (
            lambda: adamw_step(torch.ones(2), torch.ones(1), torch.ones(2), torch.ones(2), 1, learning_rate=0.1),
            r"the shapes or types differ, parameters \(2,\) \(torch.float32\), gradient \(1,\) .*, but each parameter",
        ),
    ],
)
def test_wrong_values_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: learning_rate_at(0, {"steps": 10}),
            r"recipe must be a Recipe, got \{'steps': 10\}; try Recipe\(steps",
        ),
        (lambda: learning_rate_at(0.5, Recipe()), r"step must be a whole number \(an int\), got 0.5"),
        (lambda: require_recipe(Recipe(dropout=0.1)), r"dropout must be a tuple, a share for each layer, got 0.1; try"),
        (lambda: next(minibatches(3, 2, generator=42)), "generator must be a torch.Generator or None, got 42"),
        (
            lambda: adamw_step(torch.ones(1), [1.0], torch.ones(1), torch.ones(1), 1, learning_rate=0.1),
            r"gradient must be a torch.Tensor of floats, got \[1.0\]",
        ),
    ],
)
def test_the_wrong_kind_is_refused(call, message):
    with pytest.raises(TypeError, match=message):
        call()
