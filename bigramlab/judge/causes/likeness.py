"""Compare what calls did by its use: numbers to rounding, in whatever holds them."""

from numbers import Real
from typing import Any

import torch
from torch import Tensor

from bigramlab.judge.describing import show_error
from bigramlab.judge.recording import Call

__all__ = ["alike", "same_end", "wholly"]


def same_end(call: Call, other: Call) -> bool:
    """Tell whether two calls ended alike: with the same numbers, or both with an error, and what they left changed."""
    if call.raised or other.raised:
        if call.refused() and other.refused():
            return True
        return type(call.raised) is type(other.raised) and show_error(call.raised) == show_error(other.raised)
    return (
        alike(call.returned, other.returned)
        and len(call.after[0]) == len(other.after[0])
        and all(map(alike, call.after[0], other.after[0]))
    )


def alike(one: Any, other: Any) -> bool:
    """Compare two results; a list of numbers is like a tensor of them, and a tensor without axes like a number."""
    if one is other:
        return True
    if isinstance(one, torch.Generator) and isinstance(other, torch.Generator):
        return True
    if isinstance(one, Tensor) or isinstance(other, Tensor):
        first, second = wholly(one), wholly(other)
        if first is None or second is None:
            return False
        # Of nothing at all, the shape tells nothing: `torch.tensor([])` knows none.
        return not (first.numel() or second.numel()) or (first.shape == second.shape and _close(first, second))
    if isinstance(one, Real) and isinstance(other, Real):
        if one == other:
            return True
        first, second = (torch.tensor(float(number), dtype=torch.float64) for number in (one, other))
        return alike(first, second)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(alike, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(alike(one[key], other[key]) for key in one)
    try:
        return type(one) is type(other) and bool(one == other)
    except Exception:
        return False


def _close(first: Tensor, second: Tensor) -> bool:
    """Compare the learner's with ours but for rounding, which near 0 is that of the larger numbers beside it."""
    if torch.equal(first, second):
        return True
    too_large = first.isinf() & (second.abs() > torch.finfo(torch.float32).max) & (first.sign() == second.sign())
    second = torch.where(too_large, first, second)  # ours reckons in doubles, and the learner's may in floats
    finite = second[second.isfinite()]
    largest = finite.abs().max().item() if finite.numel() else 0.0
    return torch.allclose(first, second, rtol=1e-4, atol=1e-6 * min(max(1.0, 2 * largest), 10.0), equal_nan=True)


def wholly(value: Any) -> Tensor | None:
    """Return the numbers of a value as a tensor of doubles, or None if they are none or don't fit into one."""
    if isinstance(value, Tensor):
        return None if value.is_complex() else value.detach().double()
    if isinstance(value, str | bytes | dict) or value is None:
        return None
    try:
        return torch.as_tensor(value, dtype=torch.float64)
    except (TypeError, ValueError, RuntimeError):
        return None
