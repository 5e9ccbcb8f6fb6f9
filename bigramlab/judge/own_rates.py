"""Functions of the file's own that plan the learning rate, as `get_lr(it)`: what all such plans keep."""

import dis
import inspect
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from bigramlab.judge.free_names import globals_read
from bigramlab.judge.guarding import Guard
from bigramlab.judge.reviewed import RIGHT, WRONG, Item, Thing

__all__ = ["look_at_own_rates"]

SECONDS = 0.5  # for a call
NAMED = re.compile(
    r"(?i)(get|calc|compute|adjust)?_?(cosine)?_?(lr|learning_?rate)(_?(at|for|schedule|decay|step|cosine))*"
)
STEPS = re.compile(r"i|t|it|iter|iteration|iter_num|step|global_step|current_step|step_num")
SIZES = {
    "largest": re.compile(r"(max|base|peak|init|initial)?_?(lr|learning_?rate)(_?(max|peak|base))?"),
    "smallest": re.compile(r"(min|final|end)_?(lr|learning_?rate)|(lr|learning_?rate)_?(min|end|final)"),
    "warm": re.compile(r"(n|num)?_?warm_?up(_?(iters?|steps?|iterations))?"),
    "end": re.compile(r"(lr)?_?decay_?(iters|steps)|(max|total|num|n)_?(iters|steps|iterations)"),
}
TRIED = 200  # steps from the first to the last
ROUNDING = 1e-6
REACHED = 0.97  # of the largest: where the warm-up's last step lies differs between plans
FEWEST_STEPS = 10  # between the warm-up and the end


@dataclass(frozen=True)
class _Plan:
    """The rates of some steps, and what the file calls the sizes that the plan reads."""

    rates: Mapping[int, float]
    sizes: Mapping[str, tuple[str, float]]

    def of(self, size: str) -> float:
        return self.sizes[size][1] if size in self.sizes else 0.0

    def name(self, size: str) -> str:
        return f"`{self.sizes[size][0]}`, {self.of(size):g}"


def look_at_own_rates(things: Sequence[Thing]) -> Iterator[tuple[int, Item]]:
    """Yield what there is to say of functions that plan the learning rate."""
    for at, thing in enumerate(things):
        if NAMED.fullmatch(thing.name) and inspect.isfunction(thing.value) and (plan := _plan_of(thing)):
            wrong = _wrong_in(plan)
            low = f", then down to {plan.name('smallest')}" if "smallest" in plan.sizes else ", then down"
            text = wrong or f"up to {plan.name('largest')}{low}"
            yield at, Item(thing.name, thing.place, WRONG if wrong else RIGHT, text, f"`{thing.name}`: {text}.")


def _plan_of(thing: Thing) -> _Plan | None:
    """Return the rates of a warm-up and a fall, if that is what the function plans."""
    parameters = [*inspect.signature(thing.value).parameters.values()]
    steps = [one for one in parameters if one.default is one.empty]
    turns = any("%" in step.argrepr for step in dis.get_instructions(thing.value))  # it rises again and again
    if len(steps) != 1 or not STEPS.fullmatch(steps[0].name) or turns:
        return None
    read = {name: thing.value.__globals__[name] for name in globals_read(thing.value)}
    read |= {one.name: one.default for one in parameters[1:]}
    numbers = {name: value for name, value in read.items() if type(value) in (int, float)}
    sizes: dict[str, tuple[str, float]] = {}
    for size, called in SIZES.items():
        found = [(name, value) for name, value in numbers.items() if called.fullmatch(name)]
        if len(found) > 1:
            return None
        if found:
            sizes[size] = found[0]
    plan = _Plan({}, sizes)
    warm, end = plan.of("warm"), plan.of("end")
    if not 0 <= warm < end <= 1e7 or end - warm < FEWEST_STEPS or not 0 <= plan.of("smallest") < plan.of("largest"):
        return None
    tried = {int(end * i / TRIED) for i in range(TRIED + 1)} | {int(warm) + i for i in (-1, 0, 1)} | {int(end) + 1}
    with Guard(seconds=SECONDS, name=thing.name) as guard:
        try:
            rates = {step: guard.call(thing.value, step) for step in sorted(tried) if step >= 0}
        except Exception:
            return None
    if not all(type(rate) in (int, float) and math.isfinite(rate) for rate in rates.values()):
        return None
    return _Plan(rates, sizes)


def _wrong_in(plan: _Plan) -> str:
    """Say what is wrong with a plan, if anything."""
    largest, smallest, warm, end = (plan.of(size) for size in SIZES)
    top = max(plan.rates, key=lambda step: plan.rates[step])
    falling = {step: rate for step, rate in plan.rates.items() if warm < step < end}
    for before, step in pairwise(falling):
        if falling[step] > falling[before] * (1 + ROUNDING):
            before_it = "after the warm-up" if warm else "from the first step on"
            return f"{before_it} it rises, from {falling[before]:.6g} at step {before} to {falling[step]:.6g} at {step}"
    if plan.rates[top] > largest * (1 + ROUNDING):
        return f"at step {top} it is {plan.rates[top]:.3g}, more than {plan.name('largest')}"
    if min(falling.values()) < smallest * (1 - ROUNDING):
        return f"it falls to {min(falling.values()):.3g}, below {plan.name('smallest')}"
    if plan.rates[top] < REACHED * largest:
        return f"it is never more than {plan.rates[top]:.3g}, and should reach {plan.name('largest')}"
    last, lowest = plan.rates[int(end) + 1], [*falling.values()][-1]
    if "smallest" in plan.sizes and lowest - max(last, smallest) > (1 - REACHED) * largest:
        return f"it falls only to {lowest:.3g}, and then jumps to {last:.3g}"
    if "smallest" in plan.sizes and abs(last - smallest) > (1 - REACHED) * largest:
        return f"after step {end:g}, the last, it is {last:.3g}, and should be {plan.name('smallest')}"
    return ""
