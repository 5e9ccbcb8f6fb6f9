"""Say in words what was called, what came back, and what was raised."""

import builtins
import math
import reprlib
import textwrap
from collections.abc import Iterable
from difflib import get_close_matches
from types import FunctionType
from typing import Any

import torch
from torch import Tensor

from bigramlab.laws.makers import call_that_made

__all__ = ["as_call", "describe_call", "in_short", "meant", "shorten", "show", "show_error"]


def describe_call(name: str, arguments: tuple[Any, ...], options: dict[str, Any]) -> str:
    """Write a call as code, each line of a tensor below the one before."""
    return as_call(name, [*map(show, arguments), *(f"{key}={show(value)}" for key, value in options.items())])


def as_call(name: str, arguments: list[str]) -> str:
    """Write a call with arguments that are code already."""
    one_line = f"{name}({', '.join(arguments)})"
    if "\n" not in one_line and len(one_line) <= 63:
        return one_line
    return f"{name}(\n" + "".join(textwrap.indent(argument, "    ") + ",\n" for argument in arguments) + ")"


def show(value: Any) -> str:
    """Write a value as code, shortened to what can be read at a glance."""
    if isinstance(value, torch.Generator):
        return f"torch.Generator().manual_seed({value.initial_seed()})"
    if type(value) is float and not math.isfinite(value):
        return f"float('{value}')"
    if isinstance(value, FunctionType):
        return f"<a function {value.__name__}>"
    if type(value) is list and len(value) > 12:
        return f"[{', '.join(map(show, value[:6]))}, … {len(value)} in all]"
    if made := call_that_made(value)[0]:
        return shorten(made, lines=12, columns=200)
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        fields = zip(value._fields, value, strict=True)
        return as_call(type(value).__name__, [f"{field}={_in_a_line(item)}" for field, item in fields])
    if type(value) is tuple and any(isinstance(part, tuple) for part in value) and "\n" in repr(value):
        return _in_a_line(value)
    if type(value) is str and len(value) > 40:
        return f"{value[:30]!r}… {len(value)} characters"
    if isinstance(value, Tensor) and value.numel() > 64:
        corner = value[tuple(slice(6) for _ in value.shape)]
        return f"{shorten(repr(corner), lines=8)}  # the corner of a tensor of shape {tuple(value.shape)}"
    try:
        return shorten(repr(value), lines=12)
    except Exception as error:
        return f"<{type(value).__name__}, whose repr raises {type(error).__name__}>"


def _in_a_line(value: Any) -> str:
    """Write one of many values; of a tensor that takes more than a line, its shape, of a part of a network its kind."""
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return f"<a {type(value).__name__}>"
    if type(value) is tuple:
        return f"({', '.join(map(_in_a_line, value))}{',' * (len(value) == 1)})"
    if type(value) is list and any(isinstance(part, tuple | list | Tensor) for part in value):
        return f"[{', '.join(map(_in_a_line, value))}]"
    if isinstance(value, Tensor) and "\n" in repr(value):
        return f"<tensor of shape {tuple(value.shape)}>"
    return repr(value)


def show_error(error: object) -> str:
    """Return what an error says; one of the learner's own may fail at that, too."""
    try:
        return str(error)
    except Exception as another:
        return f"(its text raises {type(another).__name__})"


def meant(error: BaseException, names: Iterable[str]) -> str:
    """Return the name that stands for one that isn't defined, if one is close to it; Python tells only a terminal."""
    unknown = error.name if isinstance(error, NameError) else None
    return next(iter(get_close_matches(unknown or "", [*names, *dir(builtins)], n=1, cutoff=0.5)), "")


def shorten(text: str, lines: int = 24, columns: int = 100) -> str:
    """Leave out what is too much to read."""
    rows = [row if len(row) <= columns else row[:columns] + " …" for row in text.splitlines()]
    return "\n".join(rows if len(rows) <= lines else [*rows[:lines], f"… ({len(rows) - lines} more lines)"])


def in_short(value: Any) -> str:
    """Say what a value is in a few words: a table by its size, a number by itself."""
    if isinstance(value, Tensor) and value.dim() > 1:
        return f"This table of {' by '.join(f'{size:,}' for size in value.shape)}"
    if isinstance(value, tuple):
        return "This pair of tensors"
    if isinstance(value, Tensor | list):
        return f"This {'list' if isinstance(value, list) else 'row'} of {len(value):,}"
    return reprlib.repr(value)
