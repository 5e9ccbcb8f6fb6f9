"""Gradients that a notebook computes by hand, such as `dlogits`, beside those that torch has for the same values."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from bigramlab.judge.reviewed import MISTAKE, RIGHT, Item, Thing

__all__ = ["look_at_hand_gradients", "slope_for"]

NAME = re.compile(r"d_?(\w+)|grad_(\w+)|(\w+?)_grad")
FEWEST = 2  # other gradients
NEAR, NOISE = 1e-4, 1e-7  # of the largest, and at all: what float32 leaves


def slope_for(name: str, names: Mapping[str, Any]) -> Tensor | None:
    """Return the gradient that torch has for what a name such as `dlogits` names, here `logits`; None if it has none.

    One that is kept for a value in the middle of a computation is of that computation; one of a parameter may be old.
    """
    value = names.get(_named(name))
    if not isinstance(value, Tensor) or not (value.is_leaf or value.retains_grad) or value.grad is None:
        return None
    return value.grad.detach().clone().requires_grad_(value.is_leaf)  # whether it may be old


def _named(name: str) -> str:
    """Return the name of what a name says that it is the gradient of."""
    match = NAME.fullmatch(name)
    return next(filter(None, match.groups())) if match else ""


def look_at_hand_gradients(things: Sequence[Thing], names: Mapping[str, Any]) -> Iterator[tuple[int, Item]]:
    """Yield what there is to say of gradients that were computed by hand.

    Args:
        things: What was made.
        names: What its names stand for in the end.
    """
    last = {thing.name: at for at, thing in enumerate(things)}
    multiples: list[tuple[int, bool, str]] = []
    leaves = 0  # gradients of parameters that are right: then none of these were added up, or clipped
    known: dict[str, bool] = {}  # whether a name's gradient is of the computation that torch saw
    for at, thing in enumerate(things):
        if thing.slope is None and last[thing.name] == at and names.get(thing.name) is thing.value:
            thing = replace(thing, slope=slope_for(thing.name, names))
        slope = thing.slope
        own = thing.value.detach() if isinstance(thing.value, Tensor) else None
        known[thing.name] = False
        if slope is None or own is None or own.shape != slope.shape or not own.is_floating_point():
            continue
        if slope.requires_grad and not any(known.get(name) for name in thing.reads):
            continue
        if not slope.requires_grad and _is_of_another(thing, things[:at]):
            continue
        said, factor = _said(own.double(), slope.detach().double())
        if said:
            known[thing.name] = True
            leaves += said[0] == RIGHT and slope.requires_grad
            yield at, Item(thing.name, thing.place, *said, f"`{thing.name}`: {said[1]}.")
        elif factor:
            part = round(1 / factor)
            is_mean = part > 1 and abs(factor * part - 1) < NEAR
            of = f"1/{part} of" if is_mean else f"{factor:.4g} times"
            of_mean = ": a mean stands where a sum should" if is_mean else ""
            multiples.append((at, slope.requires_grad, f"{of} the gradient that torch has{of_mean}"))
    if sum(known.values()) >= FEWEST:  # of the same computation: then it is none of steps that were added up
        for at, is_leaf, text in multiples:
            if is_leaf and not leaves:
                continue
            yield at, Item(things[at].name, things[at].place, MISTAKE, text, f"`{things[at].name}`: {text}.")


def _is_of_another(thing: Thing, before: Sequence[Thing]) -> bool:
    """Tell whether what it is made of was made anew, elsewhere, since that was made of which torch has the gradient."""
    last = {one.name: at for at, one in enumerate(before)}
    first = last.get(_named(thing.name), len(before))
    later = [before[last[name]] for name in thing.reads if last.get(name, -1) > first and _named(name) not in last]
    later = [one for one in later if _named(thing.name) not in one.reads]  # and is not made of it
    floats = [one for one in later if isinstance(one.value, Tensor) and one.value.is_floating_point()]
    return any(one.place != before[first].place and one.value.grad is None for one in floats)


def _said(own: Tensor, slope: Tensor) -> tuple[tuple[str, str] | None, float]:
    """Say whether a gradient is the one that torch has, or what multiple of it, as of steps that were added up."""
    if not own.numel() or not own.isfinite().all() or not slope.isfinite().all() or not slope.any():
        return None, 0.0
    largest = float(slope.abs().max())
    apart = (own - slope).abs()
    if apart.max() <= max(NEAR * largest, NOISE):
        return (RIGHT, "the gradient that torch has, computed by hand"), 1.0
    factor = float((own * slope).sum() / (slope * slope).sum())
    if (own - factor * slope).abs().max() <= NEAR * largest * abs(factor):
        if abs(factor + 1) < NEAR:
            return (MISTAKE, "the gradient that torch has with its sign turned"), factor
        size = next((one for one in own.shape if one > 1 and abs(factor / one - 1) < NEAR), 0)
        text = f"{size} times the gradient that torch has: it is of a mean over {size}"
        return ((MISTAKE, text) if size else None), factor
    place = tuple(int(one) for one in torch.unravel_index(apart.argmax(), apart.shape))
    numbers = f"at {[*place]} it is {own[place]:.4g}, and torch has {slope[place]:.4g}"
    return (MISTAKE, f"not the gradient that torch has: {numbers}"), factor
