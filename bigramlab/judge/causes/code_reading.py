"""What the code of a function shows: parameters that are never read, globals that are, numbers that are typed in."""

import ast
import dis
import functools
import inspect
import textwrap
from collections.abc import Callable, Iterator
from types import CodeType, FunctionType, ModuleType
from typing import Any

import torch

__all__ = [
    "constants",
    "dicts_of",
    "globals_named",
    "globals_read",
    "globals_stored",
    "names_used",
    "plain_function",
    "tree_of",
    "unread",
    "variables_at",
]

COMMON = {-1, 0, 1}
OF_DICTS = ("get", "items", "keys", "most_common", "values")


def plain_function(function: Callable[..., Any]) -> FunctionType | None:
    """Return the function that was written, without what is wrapped around it; None for what is written in C."""
    while isinstance(function, functools.partial):
        function = function.func
    function = inspect.unwrap(function.forward if isinstance(function, torch.nn.Module) else function)
    if not isinstance(function, FunctionType) and not isinstance(function, type):
        function = getattr(function, "__func__", None) or vars(type(function)).get("__call__", function)
    return function if isinstance(function, FunctionType) else None


def tree_of(function: Callable[..., Any]) -> ast.AST:
    """Return the function's own text as a tree; one without branches if it has none."""
    try:
        return ast.parse(textwrap.dedent(inspect.getsource(plain_function(function) or function)))
    except (OSError, TypeError, SyntaxError):
        return ast.Module([], [])


def dicts_of(function: Callable[..., Any]) -> set[str]:
    """Return the names of which the function asks what only a dict can answer, such as `counts.items()`."""
    calls = (node.func for node in ast.walk(tree_of(function)) if isinstance(node, ast.Call))
    asked = (one for one in calls if isinstance(one, ast.Attribute) and one.attr in OF_DICTS)
    return {one.value.id for one in asked if isinstance(one.value, ast.Name)}


def variables_at(function: Callable[..., Any], error: BaseException) -> Iterator[tuple[str, Any]]:
    """Yield the variables of the function's own file when the error was raised, the innermost last."""
    plain, step = plain_function(function), error.__traceback__
    while plain and step:
        if (
            step.tb_frame.f_code.co_filename == plain.__code__.co_filename
            and step.tb_frame.f_code.co_name != "<module>"
        ):
            yield from step.tb_frame.f_locals.items()
        step = step.tb_next


def _codes(code: CodeType) -> Iterator[CodeType]:
    """Yield the code, and that of what is defined inside."""
    yield code
    for one in code.co_consts:
        if isinstance(one, CodeType):
            yield from _codes(one)


def _family(function: FunctionType) -> Iterator[FunctionType]:
    """Yield the function and its own helpers: functions of the same file that it calls."""
    seen: list[FunctionType] = []
    waiting = [function]
    while waiting and len(seen) < 8:
        one = waiting.pop(0)
        if one in seen:
            continue
        seen.append(one)
        yield one
        for code in _codes(one.__code__):
            for name in code.co_names:
                other = one.__globals__.get(name)
                if isinstance(other, FunctionType) and other.__code__.co_filename == function.__code__.co_filename:
                    waiting.append(other)
        for cell in one.__closure__ or ():
            value = _inside(cell)
            if isinstance(value, FunctionType) and value.__code__.co_filename == function.__code__.co_filename:
                waiting.append(value)


def _inside(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not filled yet
        return None


def names_used(function: Callable[..., Any]) -> set[str]:
    """Return the names of globals and attributes in the code, its helpers' included."""
    plain = plain_function(function)
    if plain is None:
        return set()
    return {name for one in _family(plain) for code in _codes(one.__code__) for name in code.co_names}


def constants(function: Callable[..., Any]) -> list[float]:
    """Return the numbers that stand in the code, in globals that it reads and in defaults; the commonest left out."""
    plain = plain_function(function)
    found: list[Any] = []
    for one in _family(plain) if plain else ():
        found += [value for code in _codes(one.__code__) for value in code.co_consts]
        found += [*globals_read(one).values(), *(one.__defaults__ or ()), *(one.__kwdefaults__ or {}).values()]
        found += [_inside(cell) for cell in one.__closure__ or ()]
    flat = [part for value in found for part in (value if isinstance(value, tuple) else (value,))]
    numbers = [value for value in flat if type(value) in (int, float)]
    return [*dict.fromkeys(value for value in numbers if value not in COMMON and abs(value) < 1e12)]


def globals_named(function: Callable[..., Any]) -> dict[str, Any]:
    """Return the globals that the function reads."""
    plain = plain_function(function)
    if plain is None:
        return {}
    names = [
        step.argval
        for code in _codes(plain.__code__)
        for step in dis.get_instructions(code)
        if step.opname in ("LOAD_GLOBAL", "LOAD_NAME")
    ]
    return {name: plain.__globals__[name] for name in names if name in plain.__globals__}


def globals_read(function: Callable[..., Any]) -> dict[str, Any]:
    """Return the globals with data that the function reads: no modules, functions or classes."""
    return {
        name: value
        for name, value in globals_named(function).items()
        if not isinstance(value, ModuleType | type) and (not callable(value) or isinstance(value, torch.Tensor))
        and not hasattr(value, "__supertype__") and not name.startswith("__")
    }  # fmt: skip


def globals_stored(function: Callable[..., Any]) -> list[str]:
    """Return the globals that the function sets, with a statement `global`."""
    plain = plain_function(function)
    codes = _codes(plain.__code__) if plain else []
    return [step.argval for code in codes for step in dis.get_instructions(code) if step.opname == "STORE_GLOBAL"]


def unread(function: Callable[..., Any]) -> dict[str, bool]:
    """Return the parameters that are never read, and whether each is written over at the beginning."""
    plain = plain_function(function)
    if plain is None:
        return {}
    code = plain.__code__
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    first: dict[str, bool] = {}  # for each name, whether it is read when it is first met
    for step in dis.get_instructions(code):
        reads = [kind == "LOAD" for kind in step.opname.split("_") if kind in ("LOAD", "STORE")]
        if "FAST" in step.opname or "DEREF" in step.opname or "CLOSURE" in step.opname:
            values = step.argval if isinstance(step.argval, tuple) else (step.argval,)
            for name, read in zip(values, reads * len(values) if len(reads) < len(values) else reads, strict=False):
                first.setdefault(name, read)
    found = {}
    for name in names:
        if name in code.co_cellvars or name == "self":
            continue
        if not first.get(name, False):
            found[name] = name in first
    return found
