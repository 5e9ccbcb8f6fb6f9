"""What a function keeps from call to call: in a global, in an attribute of itself, of a class or of an instance."""

import ast
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from types import FunctionType
from typing import Any

import torch
from torch import Tensor

from bigramlab.judge.causes.case import Case
from bigramlab.judge.causes.code_reading import globals_named, globals_read, globals_stored, plain_function, tree_of
from bigramlab.judge.causes.likeness import same_end
from bigramlab.mistakes import Mistake

__all__ = ["state_kept"]

FILLING = {"add", "append", "appendleft", "extend", "insert", "pop", "setdefault", "update", "zero_", "add_"}
HELD = (int, float, list, dict, set, Tensor)
WRONG = 4  # so many wrong calls are made again without what was kept


def state_kept(case: Case) -> Mistake | None:
    """Return a global or an attribute that each call changes, so that the next goes on with what is left in it."""
    if not case.calls:
        return None
    if kept := globals_stored(case.function):
        return _global(case, kept[0], "a variable of the function's own")
    held = {name: value for name, value in globals_read(case.function).items()
            if isinstance(value, list | dict | set | Tensor)}  # fmt: skip
    attributes = [*_attributes(case.function)]
    before = {name: _state(value) for name, value in held.items()}
    attributes_before = [_state(vars(owner).get(name)) for _, owner, name in attributes]
    for call in case.calls[:5] if held or attributes else ():
        call.again(case.function, case.guard)
    for name, value in held.items():
        if _state(value) != before[name]:
            return _global(case, name, "made inside, anew in each call")
    for (path, owner, name), old in zip(attributes, attributes_before, strict=True):
        if _state(vars(owner).get(name)) != old and _right_without(case, _attribute_emptied, owner, name):
            return _kept(case, "attribute_changed", f"`{path}`", "no call should know of another", path)
    for name in _filled(case.function) & {*held}:  # only once, perhaps, and so it doesn't change any more
        if _right_without(case, _emptied, held[name]):
            return _global(case, name, "made inside, anew in each call")
    return None


def _global(case: Case, name: str, should: str) -> Mistake:
    return _kept(case, "global_changed", f"the global `{name}`", f"it should be {should}", name)


def _kept(case: Case, name: str, what: str, should: str, printed: str) -> Mistake:
    wrong = f"Each call changes {what}, and the next goes on with what is left in it: {should}."
    return case.cause(name, wrong, f"Print `{printed}` after two calls.")


def _state(value: Any) -> Any:
    return value.detach().clone().tolist() if isinstance(value, Tensor) else repr(value)


def _attributes(function: Callable[..., Any]) -> Iterator[tuple[str, Any, str]]:
    """Yield what the function's own instance, and functions, classes and instances that it names, hold as data."""
    plain = plain_function(function)
    owner = getattr(function, "__self__", function)
    owners = [] if isinstance(owner, FunctionType | type) else [("self", owner)]
    for path, value in [*owners, *(globals_named(plain).items() if plain else ())]:
        own = getattr(value if isinstance(value, FunctionType | type) else type(value), "__module__", "")
        if plain and own == plain.__module__ and hasattr(value, "__dict__"):
            held = ((f"{path}.{name}", value, name) for name, one in vars(value).items() if isinstance(one, HELD))
            yield from (one for one in held if not one[2].startswith("__"))


def _filled(function: Callable[..., Any]) -> set[str]:
    """Return the names of what the function's own text writes into: `x[i] = …`, `x.append(…)` and the like."""
    found = set()
    for node in ast.walk(tree_of(function)):
        stored = isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store)
        filled = isinstance(node, ast.Attribute) and node.attr in FILLING
        if (stored or filled) and isinstance(node.value, ast.Name):  # type: ignore[attr-defined]  # both have one
            found.add(node.value.id)  # type: ignore[attr-defined]  # as above
    return found


def _right_without(case: Case, emptied: Callable[..., Any], *held: Any) -> bool:
    """Tell whether a call that is wrong becomes right once what was kept is taken away: then that is the cause."""
    wrong = [pair for pair in zip(case.calls, case.ours, strict=True) if not same_end(*pair)]
    wrong = wrong or [*zip(case.calls[:1], case.ours, strict=False)]  # the example was wrong when it was made again
    for call, ours in wrong[:WRONG]:
        with emptied(*held):
            if same_end(call.again(case.function, case.guard), ours):
                return True
    return False


@contextmanager
def _emptied(value: Any) -> Iterator[None]:
    """Empty a list, dict, set or tensor for a while."""
    before = value.detach().clone() if isinstance(value, Tensor) else deepcopy(value)
    try:
        with torch.no_grad():
            value.zero_() if isinstance(value, Tensor) else value.clear()
        yield
    finally:
        with torch.no_grad():
            if isinstance(value, Tensor):
                value.copy_(before)
            else:
                value.clear()
                value.extend(before) if isinstance(value, list) else value.update(before)


@contextmanager
def _attribute_emptied(owner: Any, name: str) -> Iterator[None]:
    """Set an attribute to what it was at first, in all likelihood: 0, or nothing in it."""
    before = vars(owner)[name]
    try:
        setattr(owner, name, torch.zeros_like(before) if isinstance(before, Tensor) else type(before)())
        yield
    finally:
        setattr(owner, name, before)
