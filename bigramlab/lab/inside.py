"""What a file's functions make within themselves: the names of their first call, as they are when it is over.

A script that counts in `fit()` and measures in `evaluate()` has few names of its own: what there is to judge is local.
"""

import contextlib
import inspect
import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from types import CodeType, FrameType
from typing import Any

import numpy as np
import torch

__all__ = ["Inside"]

EVENTS = 1_000_000  # of a statement that are listened to: half a second
WITHOUT_AN_END = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR


class Inside:
    """Listens for functions that return while a statement runs. Use it as a context manager."""

    def __init__(self, files: Collection[str], copy: Callable[[Any], Any]) -> None:
        """Listen to functions of these files, each by the name of its code; keep what `copy` makes of their names."""
        self._files, self._copy = files, copy
        self._seen: set[CodeType] = set()
        self._made: list[tuple[str, str, Any, Any]] = []  # of which function, the name, the value, and a copy of it

    def __enter__(self) -> "Inside":
        """Begin to listen."""
        self._left = EVENTS
        self._before = sys.getprofile()
        sys.setprofile(self._hear)
        return self

    def __exit__(self, *_: object) -> None:
        """Listen no more."""
        if sys.getprofile() in (None, self._hear):  # and not what the file has put there
            sys.setprofile(self._before)

    def _hear(self, frame: FrameType, event: str, _: object) -> None:
        code = frame.f_code
        self._left -= 1
        if self._left < 0:
            sys.setprofile(None)
        if event == "return" and code.co_filename in self._files and code not in self._seen:
            self._seen.add(code)
            with contextlib.suppress(Exception):  # what can't be copied is none of our business
                self._keep(code, frame.f_locals)

    def _keep(self, code: CodeType, names: Mapping[str, Any]) -> None:
        if code.co_flags & WITHOUT_AN_END or not code.co_name.isidentifier() or _is_a_layer(code, names):
            return
        taken = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        for name, value in names.items():
            if name not in taken and not name.startswith("_") and _may_be_known(value):
                self._made.append((code.co_name, name, value, self._copy(value)))

    def made(self, names: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
        """Yield, once, of which function what name was made, and its value, but for what the file itself has now.

        Args:
            names: The file's globals, and what its instances keep.
        """
        there = {id(value) for value in names.values()}
        yield from ((function, name, copy) for function, name, value, copy in self._made if id(value) not in there)
        self._made = []


def _is_a_layer(code: CodeType, names: Mapping[str, Any]) -> bool:
    """Tell whether it is a method of a layer, or the body of a class: what a layer makes is of some batch."""
    first = names.get(code.co_varnames[0]) if code.co_argcount else None
    return isinstance(first, torch.nn.Module) or not code.co_flags & inspect.CO_OPTIMIZED


def _may_be_known(value: object) -> bool:
    return isinstance(value, torch.Tensor | np.ndarray | list | dict | float)
