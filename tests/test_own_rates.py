import pytest

from bigramlab.judge.own_rates import look_at_own_rates
from bigramlab.judge.reviewed import RIGHT, WRONG, Thing
from bigramlab.judge.reviewing import review

pytestmark = pytest.mark.slow

PLAN = """
import math
learning_rate, min_lr, warmup_iters, lr_decay_iters = 1e-3, 1e-4, 5, 40
def get_lr(it):
    if it < warmup_iters:
        return learning_rate * (it + 1) / (warmup_iters + 1)
    if it > lr_decay_iters:
        return min_lr
    ratio = (it - warmup_iters) / (lr_decay_iters - warmup_iters)
    assert 0 <= ratio <= 1
    coeff = 0.5 * (1.0 + math.cos(math.pi * ratio))
    return min_lr + coeff * (learning_rate - min_lr)
"""
LONG = PLAN.replace("5, 40", "715, 19073")
LINEAR = PLAN.replace("0.5 * (1.0 + math.cos(math.pi * ratio))", "1 - ratio")
WITHOUT_WARM_UP = """
max_lr, max_steps = 0.1, 1000
def lr_at(step):
    return max_lr * (1 - step / (max_steps + 1))
"""
AGAIN_AND_AGAIN = """
max_lr, max_steps = 0.1, 1000
def lr_at(step):
    return max_lr * (1 - step % 100 / 100) if step < max_steps else 0.0
"""
OF_THE_ROOT = """
max_lr, warmup_steps, max_steps = 0.1, 100, 1000
def get_lr(step):
    return max_lr * min((step + 1) / warmup_steps, (warmup_steps / (step + 1)) ** 0.5)
"""
DEFAULTS = """
import math
def get_lr(step, max_lr=0.1, min_lr=0.01, warmup_steps=10, max_steps=100):
    if step < warmup_steps:
        return max_lr * step / warmup_steps
    if step >= max_steps:
        return min_lr
    return min_lr + (max_lr - min_lr) * (1 + math.cos(math.pi * (step - warmup_steps) / (max_steps - warmup_steps))) / 2
"""


def look(code):
    names = {}
    exec(code, names)
    things = [Thing(name, value, "line 1") for name, value in names.items() if callable(value)]
    return [item for _, item in look_at_own_rates(things)]


@pytest.mark.parametrize("code", [PLAN, LONG, LINEAR, WITHOUT_WARM_UP, DEFAULTS])
def test_a_plan_that_rises_and_falls_as_it_should_is_right(code):
    (item,) = look(code)
    assert item.verdict == RIGHT, item.text


def test_a_file_is_told_of_its_plan(run):
    ran = run(PLAN.replace("1.0 + math.cos", "1.0 - math.cos"), "train.py")
    (item,) = [item for item in review(ran.things, ran.names).items if item.name == "get_lr"]
    assert item.verdict == WRONG


def test_what_a_right_plan_does_is_said():
    assert look(PLAN)[0].text == "up to `learning_rate`, 0.001, then down to `min_lr`, 0.0001"


@pytest.mark.parametrize(
    "code",
    [
        AGAIN_AND_AGAIN,
        OF_THE_ROOT,
        PLAN.replace("get_lr", "loss_at"),
        PLAN.replace("get_lr(it)", "get_lr(it, other)"),
        PLAN.replace("get_lr(it)", "get_lr(word)").replace("it <", "word <"),
        PLAN.replace("5, 40", "5, 0"),
        PLAN.replace("min_lr +", "undefined +"),
        PLAN.replace("return min_lr + ", "return 'x' or "),
    ],
)
def test_what_is_no_such_plan_is_not_looked_at(code):
    assert look(code) == []


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("1.0 + math.cos", "1.0 - math.cos", "after the warm-up it rises"),
        ("math.cos(math.pi * ratio)", "math.cos(ratio)", "and then jumps to 0.0001"),
        ("(it + 1) / (warmup_iters + 1)", "(it + 1) * warmup_iters", "more than `learning_rate`, 0.001"),
        ("(it - warmup_iters) / (lr_decay_iters - warmup_iters)", "it / lr_decay_iters", "never more than 0.000966"),
        ("return min_lr + ", "return ", "below `min_lr`, 0.0001"),
        ("        return min_lr\n", "        return learning_rate\n", "after step 40, the last, it is 0.001"),
        ("(learning_rate - min_lr)", "learning_rate", "more than `learning_rate`"),
    ],
)
def test_what_no_plan_should_do_is_told(right, wrong, said):
    assert PLAN.count(right)
    (item,) = look(PLAN.replace(right, wrong))
    assert item.verdict == WRONG
    assert said in item.text


def test_the_rate_may_be_of_any_size():
    for factor in (1e-6, 1.0, 1e3):
        code = PLAN.replace("1e-3, 1e-4", f"{1e-3 * factor}, {1e-4 * factor}")
        assert look(code)[0].verdict == RIGHT
