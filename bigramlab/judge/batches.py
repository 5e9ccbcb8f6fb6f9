"""Batches of rows of ids, with a target for each place: the next token, or what was taken in its place by a slip."""

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import product
from typing import Any, NamedTuple

import torch
from torch import Tensor

from bigramlab.judge.parts_asked import as_text
from bigramlab.judge.reading_code import Code, Found, Loop, names_in, stored
from bigramlab.judge.reviewed import MISTAKE, RIGHT, Item, Thing

__all__ = ["Batch", "batches_in", "exchanged", "look_at_batches", "named_pairs", "rows_apart"]

PAIRS = (("x", "y"), ("X", "Y"), ("input", "target"), ("context", "target"), ("src", "tgt"), ("idx", "targets"))
"""What the names of rows have where those of their targets have something else."""
ENOUGH = 64  # rows to look for in a line of ids
FEWEST = 16  # places: fewer could be so by chance


class Batch(NamedTuple):
    """Rows of ids, and a target for each of their places."""

    name: str
    inputs: Tensor
    targets: Tensor


def _pairs(things: Sequence[Thing]) -> Iterator[tuple[int, Thing, Thing]]:
    """Yield the things that are named as rows and their targets, with the place of the targets among the things."""
    last = {thing.name: at for at, thing in enumerate(things) if not thing.shown}
    for name, other in named_pairs(last):
        at = last[name]
        rows, targets = (_as_ids(things[place].value) for place in (at, last[other]))
        if not (isinstance(rows, Tensor) and isinstance(targets, Tensor)) or rows.shape != targets.shape:
            continue
        whole = rows.dtype == targets.dtype == torch.int64 and 0 < rows.dim() < 3 and rows.shape[-1] > 2
        if whole and rows.numel() >= FEWEST and int(rows.min()) >= 0 and len(torch.unique(rows)) > 2:
            yield last[other], replace(things[at], value=rows), replace(things[last[other]], value=targets)


def _as_ids(value: object) -> object:
    """Return a plain list of ids, as one piece of a text is often kept, as a tensor; anything else as it is."""
    ids = isinstance(value, list) and len(value) >= FEWEST and all(type(one) is int for one in value)
    return torch.tensor(value) if ids else value


def batches_in(things: Sequence[Thing]) -> Iterator[Batch]:
    """Yield the batches whose targets are the next tokens; a target below 0 is one that does not count."""
    for _, rows, targets in _pairs(things):
        if rows.value.dim() == 2 and _shifted(rows.value, targets.value, 1):
            yield Batch(rows.name, rows.value, targets.value)


def look_at_batches(things: Sequence[Thing]) -> Iterator[tuple[int, Item]]:
    """Yield what there is to say of the targets of batches."""
    pairs = [*_pairs(things)]
    said = [(at, targets, *_said(rows, targets)) for at, rows, targets in pairs]
    lines = {one.name: text for one in things if (text := as_text(one.value))} if pairs else {}
    said += [(at, targets, MISTAKE, text) for at, rows, targets in pairs for text in _drawn_apart(rows, targets, lines)]
    for at, thing, verdict, text in [*said, *_picked(things)]:
        if verdict == MISTAKE or (verdict and thing.value.dim() == 2):  # one row is what other readers know better
            yield at, Item(thing.name, thing.place, verdict, text, f"`{thing.name}`: {text}.")


def exchanged(things: Sequence[Thing], found: Mapping[int, Item]) -> Iterator[tuple[int, str]]:
    """Yield the place of what is named as targets and goes in, where what is named as going in are the targets."""
    last = {thing.name: at for at, thing in enumerate(things) if not thing.shown}
    for x, y in named_pairs(last):
        texts = [found[last[name]].text if last[name] in found else "" for name in (x, y)]
        alike = isinstance(rows := things[last[x]].value, Tensor) and isinstance(things[last[y]].value, Tensor)
        if texts[0] == texts[1] and texts[0].startswith("the first tokens of") and alike:
            if torch.equal(rows, things[last[y]].value):
                yield last[y], f"the very tokens of `{x}`, where the token after each should be the target"
        elif texts[0].startswith("the targets of") and texts[1].startswith(("the first tokens of", "the contexts of")):
            yield last[y], f"{texts[1]}, and `{x}` has the targets: what goes in and the targets are exchanged"


def rows_apart(loop: Loop, code: Code, names: Mapping[str, Any]) -> Iterator[Found]:
    """Yield the targets that a turn of a loop takes by one index, where what goes in is taken by another."""
    tables = [name for name in names_in(loop) if _are_ids(names.get(name))]
    assigned = [node for part in loop.body for node in ast.walk(part) if isinstance(node, ast.Assign)]
    made = set[str]().union(*map(stored, assigned))
    pieces = [node for node in ast.walk(loop) if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name)]
    named = [
        one for node in assigned for one in (node.value, *getattr(node.value, "elts", ()))
    ]  # seen as they are made
    for x, y in named_pairs(tables):
        if names[x].dim() != 2 or names[y].dim() != 1 or len(names[x]) != len(names[y]):
            continue
        own = [[one.slice for one in pieces if ast.unparse(one.value) == name and one not in named] for name in (x, y)]
        picked = [{ast.unparse(by): names_in(by) & made for by in some} for some in own]
        if any(len(found) != 1 for found in picked):
            continue
        (by, drawn), (other, also) = (next(iter(found.items())) for found in picked)
        pair = {by, other}
        related = any(
            pair <= stored(node) or (pair & stored(node) and pair & names_in(node.value)) for node in assigned
        )
        if by != other and (bool(drawn) != bool(also) or (drawn == {by} and also == {other} and not related)):
            text = f"not the targets of `{x}[{by}]`, which go with it: take `{y}[{by}]`"
            yield Found(f"{y}[{other}]", code.place_of(loop), text, "Take both by the same index.")


def _picked(things: Sequence[Thing]) -> Iterator[tuple[int, Thing, str, str]]:
    """Yield the targets of a batch of contexts that are not those of its contexts, though both were picked."""
    last = {thing.name: at for at, thing in enumerate(things) if not thing.shown}
    ids = {name: things[at].value for name, at in last.items() if _are_ids(things[at].value)}
    whole = [(x, y) for x, y in named_pairs(last) if x in ids and y in ids and ids[x].dim() == 2 and ids[y].dim() == 1]
    long = sorted(((x, y) for x, y in whole if len(ids[x]) == len(ids[y])), key=lambda one: len(ids[one[0]]))
    picking = [one for one in things if _are_ids(one.value) and one.value.dim() == 1]
    for (x, y), (all_x, all_y), one in product(long, long, picking):
        by, index, together = one.name, one.value, one.place == things[last[x]].place
        if not FEWEST // 2 <= len(index) == len(ids[x]) < len(ids[all_x]) or by in (y, all_y) or not together:
            continue
        if not 0 <= int(index.min()) <= int(index.max()) < len(ids[all_x]) or ids[x].shape[1:] != ids[all_x].shape[1:]:
            continue
        if torch.equal(ids[all_x][index], ids[x]) and not torch.equal(ids[all_y][index], ids[y]):
            text = f"not the targets of `{x}`, which has the rows `{by}` of `{all_x}`: take `{all_y}[{by}]`"
            yield last[y], things[last[y]], MISTAKE, text
            return


def _are_ids(value: object) -> bool:
    return isinstance(value, Tensor) and value.dtype == torch.int64 and value.numel() > 0


def named_pairs(names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield the names of rows and of their targets."""
    names = [*names]
    for name in names:
        others = (name.replace(of, to, 1) for of, to in PAIRS if of in name)
        if other := next((one for one in others if one in names), ""):
            yield name, other


def _said(rows: Thing, targets: Thing) -> tuple[str, str]:
    x, y = (one.reshape(-1, one.shape[-1]) for one in (rows.value, targets.value))
    name = f"`{rows.name}`"
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


def _drawn_apart(rows: Thing, targets: Thing, lines: Mapping[str, str]) -> Iterator[str]:
    """Say that the rows of targets are pieces of a line of ids, and not as far from those that go in as each other."""
    if rows.value.dim() != 2:
        return
    some = zip(rows.value[:ENOUGH], targets.value[:ENOUGH], strict=True)
    pairs = [(as_text(one), as_text(other)) for one, other in some]
    for name, line in lines.items():
        found = [(line.find(one), line.find(other)) for one, other in pairs]
        once = [line.count(one) == line.count(other) == 1 for one, other in pairs]
        apart = {other - one for (one, other), sure in zip(found, once, strict=True) if sure}
        if min(map(min, found)) >= 0 and len(apart) > 2 and len(apart) > sum(once) / 2:
            yield f"its rows don't go on where those of `{rows.name}` do: their places in `{name}` were drawn anew"
            return


def _shifted(rows: Tensor, targets: Tensor, by: int) -> bool:
    """Tell whether targets are the tokens so many places after those of the rows, as far as the rows reach."""
    length = rows.shape[1]
    if length <= abs(by) + 1:
        return False
    wanted = rows[:, max(by, 0) : length + min(by, 0)]
    given = targets[:, max(-by, 0) : length - max(by, 0)]
    counts = given >= 0
    return int(counts.sum()) >= FEWEST // 2 and bool((wanted[counts] == given[counts]).all())
