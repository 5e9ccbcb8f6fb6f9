"""Is a function still the one that its file has? A REPL goes on with what it imported first, whatever is edited."""

import inspect
import sys
from collections.abc import Callable, Iterator
from importlib.machinery import SourceFileLoader
from importlib.util import decode_source
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

from bigramlab.judge.free_names import globals_read

__all__ = ["outdated"]


def outdated(function: Callable[..., Any]) -> str:
    """Say what to do if the file has another version of a function now, or of one that it calls; else nothing.

    What the file compiles to now is compared, and not the clock. Of what was changed on its way in, as pytest changes
    its tests, nothing can be said; nor of a file that is gone.
    """
    own = inspect.unwrap(function)
    if not isinstance(own, FunctionType):
        return ""
    module, path = sys.modules.get(own.__module__ or ""), Path(own.__code__.co_filename)
    if module is None or type(getattr(module, "__loader__", None)) is not SourceFileLoader or not path.is_file():
        return ""
    called = [own, *(inspect.unwrap(one) for one in map(own.__globals__.get, globals_read(own)) if callable(one))]
    of_file = [one for one in called if isinstance(one, FunctionType) and one.__code__.co_filename == str(path)]
    there = _codes_in(path)
    changed = [one.__name__ for one in of_file if there is None or _meaning(one.__code__) not in there]
    return _told(changed[0], module, path.name, own.__name__) if changed else ""


def _told(changed: str, module: ModuleType, file: str, name: str) -> str:
    again = "run it again"
    if module.__name__ != "__main__":
        again = (
            f"restart Python, or run `import importlib, {module.__name__}; importlib.reload({module.__name__})` and "
        )
        again += f"`from {module.__name__} import {name}`"
    return f"{file} has changed since it was imported, and this is about the old {changed}: {again}."


def _codes_in(path: Path) -> set[tuple[Any, ...]] | None:
    """Return what all functions in a file do, or None if Python can't read it any more."""
    try:
        code = compile(decode_source(path.read_bytes()), str(path), "exec", dont_inherit=True)
    except (OSError, SyntaxError, ValueError):
        return None
    return {_meaning(one) for one in _inside(code)}


def _inside(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _inside(constant)


def _meaning(code: CodeType) -> tuple[Any, ...]:
    """Return what a function does, wherever in its file it stands."""
    constants = (_meaning(one) if isinstance(one, CodeType) else repr(one) for one in code.co_consts)
    return code.co_name, code.co_varnames, code.co_names, code.co_flags, code.co_code, *constants
