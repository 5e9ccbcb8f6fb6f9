"""A class of numbers that know their gradients, as in micrograd: each of its operations is tried on a few numbers."""

import operator
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch

from bigramlab.judge.guarding import Guard
from bigramlab.judge.reviewed import RIGHT, WRONG, Item, Thing

__all__ = ["look_at_own_gradients"]

SECONDS = 1.0  # for an operation
NEAR = 1e-6
Way = tuple[Callable[..., Any], tuple[float, ...], str]
TWICE = ": it is used twice, so what comes along both ways is to be added up, `+=`"
WAYS = ": backward() is to come to a number only when all that was made of it has been gone through"
OPERATIONS: dict[str, Way] = {
    "a + b": (operator.add, (2.0, -3.0), ""),
    "a * b": (operator.mul, (2.0, -3.0), ""),
    "a ** 3": (lambda a: a**3, (2.0,), ""),
    "a.exp()": (lambda a: a.exp(), (0.5,), ""),
    "a.log()": (lambda a: a.log(), (3.0,), ""),
    "a.tanh()": (lambda a: a.tanh(), (0.5,), ""),
    "a.sigmoid()": (lambda a: a.sigmoid(), (0.5,), ""),
    "a.relu()": (lambda a: a.relu(), (2.0,), ""),
    "(-a).relu()": (lambda a: (-a).relu(), (2.0,), ""),
    "a * b * 3": (lambda a, b: a * b * 3, (3.0, 2.0), WAYS),
    "a + a": (lambda a: a + a, (3.0,), TWICE),
    "a * a": (lambda a: a * a, (3.0,), TWICE),
    "a * b + a": (lambda a, b: a * b + a, (3.0, 2.0), TWICE),
    "(a + 1) * (a + b)": (lambda a, b: (a + 1) * (a + b), (3.0, 2.0), TWICE),
    "c + c * c, where c = a * b": (lambda a, b: (lambda c: c + c * c)(a * b), (3.0, 2.0), WAYS),
    "-a": (operator.neg, (2.0,), ""),
    "a - b": (operator.sub, (2.0, -3.0), ""),
    "a / b": (operator.truediv, (3.0, 4.0), ""),
    "a ** -0.5": (lambda a: a**-0.5, (2.0,), ""),
    "a + 1": (lambda a: a + 1, (2.0,), ""),
    "1 + a": (lambda a: 1 + a, (2.0,), ""),
    "2 * a": (lambda a: 2 * a, (3.0,), ""),
    "1 - a": (lambda a: 1 - a, (3.0,), ""),
    "1 / a": (lambda a: 1 / a, (4.0,), ""),
}
"""What is done with one such number or two, with which, and what it means if only then the gradient is wrong."""


def look_at_own_gradients(things: Sequence[Thing]) -> Iterator[tuple[int, Item]]:
    """Yield what there is to say of classes whose instances have `data`, `grad` and `backward`."""
    for at, thing in enumerate(things):
        if not isinstance(thing.value, type) or not {"backward", "__add__", "__mul__"} <= vars(thing.value).keys():
            continue
        with Guard(seconds=SECONDS, name=thing.name) as guard:
            said = _said_of(thing.value, guard)
        if said:
            verdict, text, seen = said
            details = [("To see it", seen, False)] if seen else []
            yield at, Item(thing.name, thing.place, verdict, text, f"`{thing.name}`: {text}.", details)


def _said_of(kind: type, guard: Guard) -> tuple[str, str, str] | None:
    """Say which operation is the first to give another number or gradient than it should; None if it is none."""
    done = 0
    for told, (operation, numbers, why) in OPERATIONS.items():
        if (tried := _tried(kind, operation, numbers, guard)) is None:
            continue

        def plain(*given: float, does: Callable[..., Any] = operation) -> float:
            return float(does(*(torch.tensor(number, dtype=torch.double) for number in given)))

        value, gradients = tried
        with_values = f"a = {numbers[0]:g}" + (f" and b = {numbers[1]:g}" if len(numbers) > 1 else "")
        if not _alike(value, plain(*numbers)):
            seen = f"For {with_values} it is {value:g}, and should be {plain(*numbers):g}."
            return WRONG, f"`{told}` is another number than it should be", seen
        for at, (gradient, wanted) in enumerate(zip(gradients, _slopes(plain, numbers), strict=True)):
            if not _alike(gradient, wanted):
                seen = f"For {with_values} the gradient of {'ab'[at]} is {gradient:g}, and should be {wanted:g}."
                return WRONG, f"the gradient of `{told}` is wrong{why}", seen
        done += 1
    return (RIGHT, "its operations and their gradients", "") if done > 5 else None


def _tried(
    kind: type, own: Callable[..., Any], numbers: Sequence[float], guard: Guard
) -> tuple[float, list[float]] | None:
    """Return what an operation gives, and the gradients of what it was given; None if the class doesn't have it."""

    def made() -> tuple[float, list[float]]:
        given = [kind(number) for number in numbers]
        result = own(*given)
        result.backward()
        return float(result.data), [float(one.grad) for one in given]

    try:
        found: tuple[float, list[float]] = guard.call(made)
    except Exception:  # it has none such, or is called in another way
        return None
    return found


def _slopes(plain: Callable[..., float], numbers: Sequence[float]) -> Iterator[float]:
    """Yield the slope along each number, from two points beside it."""
    step = 1e-5
    for at in range(len(numbers)):
        low, high = [*numbers], [*numbers]
        low[at] -= step
        high[at] += step
        yield (plain(*high) - plain(*low)) / (2 * step)


def _alike(one: float, other: float) -> bool:
    return abs(one - other) <= NEAR * max(1.0, abs(other)) * 10
