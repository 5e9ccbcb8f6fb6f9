"""Moments in a batch norm by hand: what is named after another one, and running ones that are forgotten or mixed up."""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from bigramlab.judge.reading_code import Code, Found, names_in, pairs_of
from bigramlab.judge.reviewed import Thing

__all__ = ["misnamed_moments", "running_moments"]

OTHER = {"standard deviation": "variance", "variance": "standard deviation"}
NAMES = {
    "standard deviation": re.compile(r"(?i)([a-z]*_?)std(ev|_dev)?_?i?(_running|_batch)?"),
    "variance": re.compile(r"(?i)([a-z]*_?)var(iance)?_?i?(_running|_batch)?"),
}
RUNNING = re.compile(r"(?i)\w*(running_?(mean|std|var)|(mean|std|var)\w*_running)\w*")
SPREAD = re.compile(r"(?i)std|var|sig")
OVER_THE_BATCH = re.compile(r"/ ([\w.]+\.(std|var)\((dim=|axis=)?0\b.*?\))")
MEAN = re.compile(r"(?i)mean|mu(?![a-z])")
NEAR = 1e-3  # which leaves room for an epsilon


def misnamed_moments(things: Sequence[Thing]) -> Iterator[tuple[int, str]]:
    """Yield the place of one that is named after the other, of the columns or rows of what it was made of."""
    last = {thing.name: at for at, thing in enumerate(things) if not thing.shown}
    for name, at in last.items():
        called = next((moment for moment, pattern in NAMES.items() if pattern.fullmatch(name)), "")
        value = things[at].value
        if not called or not _is_table(value) or value.numel() < 2:
            continue
        for of in sorted(things[at].reads & last.keys()):
            other = things[last[of]].value
            known = _moments(other) if _is_table(other) and other.dim() > 1 else {}
            if any(_near(value, one) for one in known.get(OTHER[called], [])) and not any(
                _near(value, one) for one in known[called]
            ):
                yield at, f"it is the {OTHER[called]} of `{of}`, and its name says {called}"
                break


def running_moments(codes: Sequence[Code], names: Mapping[str, Any]) -> Iterator[Found]:
    """Yield where a running spread is made of means, or that of the batch is taken for it in measuring."""
    running = {name for name, value in names.items() if RUNNING.fullmatch(name) and _is_table(value)}
    for code in codes:
        for node in ast.walk(code.tree()):
            if isinstance(node, ast.Assign):
                yield from _made_of_means(node, code)
            elif isinstance(node, ast.FunctionDef) and not running & names_in(node):
                without_gradients = any("no_grad" in ast.unparse(one) for one in node.decorator_list)
                spread = sorted(filter(SPREAD.search, running)) if without_gradients else []
                if spread and (own := OVER_THE_BATCH.search(ast.unparse(node))):
                    text = "it is that of what is measured just now, so the loss of each word depends on the others"
                    yield Found(own[1], code.place_of(node), text, f"Take the running one, `{spread[0]}`.")


def _made_of_means(node: ast.Assign, code: Code) -> Iterator[Found]:
    for target, value in pairs_of(node):
        added = value.replace(target, "") if " + " in value and RUNNING.search(target) and SPREAD.search(target) else ""
        if MEAN.search(added) and not SPREAD.search(added):
            text = f"it is made of means, `{value}`, and should go on with the batch's own spread"
            yield Found(target, code.place_of(node), text, "Add the standard deviation of the batch.")


def _is_table(value: object) -> bool:
    return isinstance(value, Tensor) and value.is_floating_point() and value.dim() > 0


def _moments(x: Tensor) -> dict[str, list[Tensor]]:
    """Return both moments along each axis, divided by n and by n - 1."""
    x = x.detach().double()
    ways = [(axis, correction) for axis in range(x.dim()) for correction in (0, 1) if x.shape[axis] > 2]
    variances = [x.var(axis, correction=correction) for axis, correction in ways]
    return {"variance": variances, "standard deviation": [one.sqrt() for one in variances]}


def _near(value: Tensor, other: Tensor) -> bool:
    found = value.detach().double().flatten()
    wanted = other.flatten()
    return found.shape == wanted.shape and bool(torch.allclose(found, wanted, rtol=NEAR, atol=1e-9))
