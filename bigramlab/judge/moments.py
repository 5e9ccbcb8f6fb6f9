"""What is called a standard deviation and is a variance, or the other way round, as in a batch norm by hand."""

import re
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from bigramlab.judge.reviewed import Thing

__all__ = ["misnamed_moments"]

OTHER = {"standard deviation": "variance", "variance": "standard deviation"}
NAMES = {
    "standard deviation": re.compile(r"(?i)([a-z]*_?)std(ev|_dev)?_?i?(_running|_batch)?"),
    "variance": re.compile(r"(?i)([a-z]*_?)var(iance)?_?i?(_running|_batch)?"),
}
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
