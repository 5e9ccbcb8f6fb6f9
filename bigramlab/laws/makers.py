"""Networks of many numbers, and the call that made each: a report writes that, and a reader can type it."""

import inspect
from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import torch
from torch import Tensor

__all__ = ["call_that_made", "makes_for_reports"]

P = ParamSpec("P")
Made = TypeVar("Made")
Numbers = tuple[object, ...]  # of each field of a NamedTuple, all that is in it

_made: dict[tuple[type, Numbers], tuple[str, str]] = {}  # the call, and where its function is


def makes_for_reports(maker: Callable[P, Made]) -> Callable[P, Made]:
    """Have the calls of a function that makes a NamedTuple of tensors, from plain numbers, remembered."""
    signature = inspect.signature(maker)

    @wraps(maker)
    def making(*arguments: P.args, **options: P.kwargs) -> Made:
        made = maker(*arguments, **options)
        given = signature.bind(*arguments, **options)
        given.apply_defaults()
        sizes = ", ".join(f"{name}={value!r}" for name, value in given.arguments.items())
        call = f"{maker.__name__}({sizes})", f"from {maker.__module__} import {maker.__name__}"
        _made.setdefault((type(made), _numbers_in(made)), call)
        return made

    return making


def call_that_made(value: object) -> tuple[str, str]:
    """Return the call that made a NamedTuple, as code, and the line that imports its function; else two empty texts.

    Fields that became zero since then are told, too: `made._replace(narrow=torch.zeros(2, 4))`.
    """
    if type(value) not in {kind for kind, _ in _made}:
        return "", ""
    numbers = _numbers_in(value)
    if (type(value), numbers) in _made:
        return _made[type(value), numbers]
    for (kind, others), (call, needs) in _made.items():
        if kind is type(value) and (changes := list(_zeros_instead(value, numbers, others))) and None not in changes:
            return f"{call}._replace({', '.join(map(str, changes))})", needs
    return "", ""


def _zeros_instead(value: Any, numbers: Any, others: Any) -> Iterator[str | None]:
    """Yield each field that has other numbers, as code if they are zeros of the same shape, else None."""
    for name, part, now, before in zip(value._fields, value, numbers, others, strict=True):
        if now != before:
            zeros = isinstance(part, Tensor) and not part.any() and now[0] == before[0]
            yield f"{name}=torch.zeros{tuple(part.shape)}" if zeros else None


def _numbers_in(value: Any) -> Any:
    """Return all that is in a value, so that it can be compared; what no maker makes is like nothing else."""
    if isinstance(value, Tensor):
        plain = value.dtype == torch.float32 and value.layout == torch.strided and not value.is_meta
        return tuple(value.shape), value.detach().contiguous().numpy().tobytes() if plain else object()
    if isinstance(value, tuple):
        return tuple(map(_numbers_in, value))
    return value if isinstance(value, int) else object()
