"""Classes of the file's own that norm, as the lecture's `BatchNorm1d`: each is tried on a few rows."""

import gc
import re
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from bigramlab.judge.guarding import Guard
from bigramlab.judge.reviewed import RIGHT, WRONG, Item, Thing

__all__ = ["look_at_own_norms"]

SECONDS = 1.0  # for a call
ROWS, COLUMNS = 16, 6
FAR = 0.1  # from 0, which no usual epsilon explains
NEAR = 1e-2  # which leaves room for any usual epsilon
NORMS = {"batch": (0, re.compile(r"(?i)batch_?norm(_?1d)?")), "layer": (1, re.compile(r"(?i)layer_?norm(_?1d)?"))}
"""Along which axis a norm of this name takes means and variances."""
MEANT = ("over the batch, for each column", "over the columns, for each row")


def look_at_own_norms(things: Sequence[Thing]) -> Iterator[tuple[int, Item]]:
    """Yield what there is to say of classes that are called as norms are."""
    for at, thing in enumerate(things):
        axis = next((axis for axis, name in NORMS.values() if name.fullmatch(thing.name)), None)
        if axis is None or not isinstance(thing.value, type) or thing.value.__module__.startswith("torch."):
            continue
        with Guard(seconds=SECONDS, name=thing.name) as guard, torch.random.fork_rng():
            said = _said_of(thing.value, axis, guard)
        if axis == 0 and (said is None or said[0] == RIGHT):
            said = _each_place_apart(thing.value) or said
        if said:
            yield at, Item(thing.name, thing.place, *said, f"`{thing.name}`: {said[1]}.")


def _said_of(kind: type, axis: int, guard: Guard) -> tuple[str, str] | None:
    """Say what a norm does with some rows, as it is when it was just made."""
    torch.manual_seed(0)
    x = torch.randn(ROWS, COLUMNS) * torch.linspace(1, 3, COLUMNS) + torch.linspace(-2, 2, COLUMNS)
    try:
        norm = guard.call(kind, COLUMNS)
        returned: Any = guard.call(norm, x.clone())
    except Exception:  # it is made or called in another way
        return None
    if not isinstance(returned, Tensor) or returned.shape != x.shape:
        return None
    given = returned.detach()
    for verdict, text, wanted in _ways(x, axis):
        if (given - wanted).abs().max() < NEAR * wanted.abs().max():
            return (verdict, text) if verdict == WRONG or axis == 1 else _running(norm, x) or (verdict, text)
    if given.mean(axis).abs().max() > FAR and (given - x).abs().max() > FAR:  # as before any training it may be
        return WRONG, f"its result does not have the mean 0 {MEANT[axis]}"
    return None


def _each_place_apart(kind: type) -> tuple[str, str] | None:
    """Say of a batch norm that got three axes if it keeps a mean for each place of the middle one."""
    kept = [(name, value) for one in gc.get_objects() if type(one) is kind for name, value in _tensors(one)]
    for name, value in kept:
        if "mean" in name and value.dim() == 3 and min(value.shape[1:]) > 1:
            text = f"`{name}` has the shape {tuple(value.shape)}: of what has three axes, each place got its own mean"
            return WRONG, f"{text}, and words and places should share it: `mean((0, 1))`"
    return None


def _ways(x: Tensor, axis: int) -> Iterator[tuple[str, str, Tensor]]:
    """Yield what a norm may do, the right first."""
    for along, verdict in ((axis, RIGHT), (1 - axis, WRONG)):
        mean = x.mean(along, keepdim=True)
        for unbiased in (True, False):
            var = x.var(along, keepdim=True, unbiased=unbiased)
            text = f"mean 0 and variance 1 {MEANT[along]}"
            text += f", and should be {MEANT[axis]}" if verdict == WRONG else ""
            yield verdict, text, (x - mean) / var.sqrt()
            yield WRONG, "it divides by the variance, and should by its root", (x - mean) / var
            yield (
                WRONG,
                "it divides by the root of the standard deviation",
                (x - mean) / var**0.25,
            )
            yield WRONG, "it does not take away the mean", x / var.sqrt()
        yield WRONG, "it does not divide by the standard deviation", x - mean


def _running(norm: Any, x: Tensor) -> tuple[str, str] | None:
    """Say what is wrong with the running mean after one call, if there is one."""
    kept = {name: value for name, value in _tensors(norm) if "mean" in name and value.numel() == COLUMNS}
    momentum = getattr(norm, "momentum", 0.1)
    if len(kept) != 1 or not isinstance(momentum, float) or abs(momentum - 0.5) < 0.1:
        return None
    ((name, value),) = kept.items()
    mean, var = x.mean(0), x.var(0)
    small = min(momentum, 1 - momentum)
    for part in (small, 1 - small):
        if (value.flatten() - part * var).abs().max() < NEAR * float(var.max()) * part:
            return WRONG, f"`{name}` is made of the variance, and should be of the mean"
    if (value.flatten() - (1 - small) * mean).abs().max() < NEAR * float(mean.abs().max()):
        return WRONG, f"one batch moves `{name}` nearly all the way: `momentum` and 1 less it are exchanged"
    return None


def _tensors(norm: Any) -> Iterator[tuple[str, Tensor]]:
    named = [*vars(norm).items(), *getattr(norm, "_buffers", {}).items()]
    yield from ((name, value.detach()) for name, value in named if isinstance(value, Tensor))
