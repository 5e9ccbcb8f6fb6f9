"""Batches of rows of ids, with a target for each place: the next token, or what was taken in its place by a slip."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from bigramlab.judge.reviewed import MISTAKE, RIGHT, Item, Thing

__all__ = ["Batch", "batches_in", "look_at_batches"]

PAIRS = (("x", "y"), ("X", "Y"), ("input", "target"), ("context", "target"), ("src", "tgt"), ("idx", "targets"))
"""What the names of rows have where those of their targets have something else."""
FEWEST = 16  # places: fewer could be so by chance


class Batch(NamedTuple):
    """Rows of ids, and a target for each of their places."""

    name: str
    inputs: Tensor
    targets: Tensor


def _pairs(things: Sequence[Thing]) -> Iterator[tuple[int, Thing, Thing]]:
    """Yield the things that are named as rows and their targets, with the place of the targets among the things."""
    last = {thing.name: at for at, thing in enumerate(things) if not thing.shown}
    for name, at in last.items():
        others = (name.replace(of, to, 1) for of, to in PAIRS if of in name)
        other = next((one for one in others if one in last), "")
        rows, targets = things[at].value, things[last[other]].value if other else None
        if not (isinstance(rows, Tensor) and isinstance(targets, Tensor)) or rows.shape != targets.shape:
            continue
        whole = rows.dtype == targets.dtype == torch.int64 and rows.dim() == 2 and rows.shape[1] > 2
        if whole and rows.numel() >= FEWEST and int(rows.min()) >= 0 and len(torch.unique(rows)) > 2:
            yield last[other], things[at], things[last[other]]


def batches_in(things: Sequence[Thing]) -> Iterator[Batch]:
    """Yield the batches whose targets are the next tokens; a target below 0 is one that does not count."""
    for _, rows, targets in _pairs(things):
        if _shifted(rows.value, targets.value, 1):
            yield Batch(rows.name, rows.value, targets.value)


def look_at_batches(things: Sequence[Thing]) -> Iterator[tuple[int, Item]]:
    """Yield what there is to say of the targets of batches."""
    for at, rows, targets in _pairs(things):
        verdict, text = _said(rows, targets)
        if verdict:
            yield at, Item(targets.name, targets.place, verdict, text, f"`{targets.name}`: {text}.")


def _said(rows: Thing, targets: Thing) -> tuple[str, str]:
    x, y, name = rows.value, targets.value, f"`{rows.name}`"
    if _shifted(x, y, 1):
        padded = not bool(x[:, 0].any()) and bool((y < 0).any())  # a word a row, each with its boundary in front
        if padded and not bool((y == 0).any()):
            return MISTAKE, f"the token after each of {name}, but the end of a word, 0, is never a target"
        return RIGHT, f"the token after each of {name}"
    if _shifted(x, y, 0):
        return MISTAKE, f"the very tokens of {name}, where the token after each should be the target"
    if _shifted(x, y, 2):
        return MISTAKE, f"the tokens two places after those of {name}: the very next ones should be the targets"
    if _shifted(x, y, -1):
        return MISTAKE, f"the token before each of {name}: what goes in and the targets are exchanged"
    return "", ""


def _shifted(rows: Tensor, targets: Tensor, by: int) -> bool:
    """Tell whether targets are the tokens so many places after those of the rows, as far as the rows reach."""
    length = rows.shape[1]
    if length <= abs(by) + 1:
        return False
    wanted = rows[:, max(by, 0) : length + min(by, 0)]
    given = targets[:, max(-by, 0) : length - max(by, 0)]
    counts = given >= 0
    return int(counts.sum()) >= FEWEST // 2 and bool((wanted[counts] == given[counts]).all())
