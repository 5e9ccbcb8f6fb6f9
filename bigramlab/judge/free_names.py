"""What a function reads that it is not given: globals of its file, and sizes that it sets itself."""

import ast
import dis
import inspect
import re
import textwrap
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from types import CodeType, FunctionType, ModuleType
from typing import Any

import torch
from torch import Tensor

from bigramlab.judge.naming import alphabet_of, is_called

__all__ = ["NoFit", "bound_to", "draws_elsewhere", "globals_read", "ranged_over", "with_sizes_as_parameters"]

IN_WORDS = re.compile(r"[\w'\u2019 -]")  # and "." and a newline mark their ends


class NoFit(Exception):
    """The function can't be called as ours is, or what it is meant for is unclear; the message says why."""


def globals_read(function: Callable[..., Any]) -> set[str]:
    """Return the globals that a function reads, and those that the file's own functions read that it calls."""
    own_globals: dict[str, Any] = getattr(function, "__globals__", {})
    found: set[str] = set()
    left: list[CodeType] = [function.__code__] if isinstance(function, FunctionType) else []
    seen = set(left)
    while left:
        code = left.pop()
        inner = [constant for constant in code.co_consts if isinstance(constant, CodeType)]
        names = {step.argval for step in dis.get_instructions(code) if step.opname in ("LOAD_GLOBAL", "LOAD_NAME")}
        for name in names & own_globals.keys():
            found.add(name)
            value = inspect.unwrap(own_globals[name]) if callable(own_globals[name]) else None
            if isinstance(value, FunctionType) and value.__globals__ is own_globals:
                inner.append(value.__code__)
        left += [code for code in inner if code not in seen]
        seen.update(inner)
    return found


def bound_to(read: Mapping[str, Any], missing: list[str]) -> dict[str, str]:
    """Return which of our parameters each global stands for, of those that the function does not have."""
    bound: dict[str, str] = {}
    for name, value in read.items():
        if isinstance(value, torch.Generator):
            wanted = "generator"
        elif type(value) in (int, float):
            wanted = next((wanted for wanted in missing if len(name) > 1 and is_called(name, wanted)), "")
            wanted = wanted or ("k" if name == "k" else "")
        elif "vocabulary" in missing and (alphabet := alphabet_of(value)):
            kind, tokens = alphabet
            begins = tokens[0] == "." and "" not in tokens and all(len(token) == 1 for token in tokens)
            letters = kind == "chars" and all(len(token) == 1 and IN_WORDS.match(token) for token in tokens)
            if not (begins or letters):
                raise NoFit(f"it reads `{name}`, in which the id 0 is not that of '.'")
            wanted = "vocabulary"
        elif isinstance(value, list | tuple) and value and all(isinstance(word, str) for word in value):
            wanted = "words"
        else:
            continue
        if wanted in missing:
            bound[name] = wanted
    tables = {name: value for name, value in read.items() if isinstance(value, Tensor) and value.ndim == 2}
    wanted_tables = [wanted for wanted in ("counts", "probs") if wanted in missing]
    if len(tables) == len(wanted_tables) == 1:
        bound |= dict(zip(tables, wanted_tables, strict=True))
    elif len(tables) == len(wanted_tables) == 2:
        whole = {name: bool((value == value.round()).all()) for name, value in tables.items()}
        if sorted(whole.values()) == [False, True]:
            bound |= {name: "counts" if is_whole else "probs" for name, is_whole in whole.items()}
    return bound


def ranged_over(function: Callable[..., Any]) -> set[str]:
    """Return the names that a function goes up to, as in `range(n)`: those of whole numbers."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    steps = [step for step in dis.get_instructions(code) if step.opname != "PUSH_NULL"] if code else []
    return {step.argval for before, step in pairwise(steps) if before.argval == "range" and "LOAD_FAST" in step.opname}


def draws_elsewhere(read: Mapping[str, Any]) -> bool:
    """Tell whether it seems to draw with Python's or NumPy's random numbers."""
    return any(isinstance(value, ModuleType) and value.__name__ in ("random", "numpy") for value in read.values())


def with_sizes_as_parameters(
    function: Callable[..., Any], missing: Sequence[str]
) -> tuple[Callable[..., Any], str] | None:
    """Return a function that takes what it sets itself at first, as `block_size = 3`, and what that is called."""
    code = inspect.unwrap(function)
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(code)))
    except (OSError, TypeError, SyntaxError):
        return None
    definition = tree.body[0] if tree.body else None
    if not isinstance(definition, ast.FunctionDef) or not isinstance(code, FunctionType):
        return None
    for statement in definition.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=int())) if any(
                is_called(name, wanted) for wanted in missing
            ):
                definition.body.remove(statement)
                definition.decorator_list = []
                definition.args.kwonlyargs.append(ast.arg(name))
                definition.args.kw_defaults.append(statement.value)
                made: dict[str, Any] = {}
                exec(
                    compile(ast.fix_missing_locations(tree), code.__code__.co_filename, "exec"), code.__globals__, made
                )
                return made[definition.name], name
    return None
