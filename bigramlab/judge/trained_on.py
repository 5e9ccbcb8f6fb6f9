"""What a training goes by and what it moves: another part of the split than the training one, or not all parameters."""

import ast
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from bigramlab.judge.following import roles_in
from bigramlab.judge.reading_code import Code, Found, Loop, called, names_in, stored

__all__ = ["left_out", "trained_on_held_back"]

HELD_BACK = {"dev", "test"}


def trained_on_held_back(loop: Loop, code: Code, codes: Sequence[Code], names: Mapping[str, Any]) -> Iterator[Found]:
    """Find the one loop that trains, if its gradient is that of a loss on words that should be held back.

    Args:
        loop: A loop.
        code: Where it stands.
        codes: All the code of the file.
        names: The values of the file, by whose names one knows that there is a part to train on.
    """
    methods = [node for one in codes for node in ast.walk(one.tree()) if called(node) == "backward"]
    own = [node for node in ast.walk(loop) if called(node) == "backward" and isinstance(node, ast.Call)]
    moves = any(called(node) == "step" or isinstance(node, ast.AugAssign) for node in ast.walk(loop))
    if len(methods) != 1 or len(own) != 1 or not moves:
        return
    asked = own[0].func.value if isinstance(own[0].func, ast.Attribute) else None
    if not isinstance(asked, ast.Name) or (isinstance(loop, ast.For) and roles_in(ast.unparse(loop.target))):
        return
    parts = {part: node for node in _given_for(asked, loop) if (part := _part(node))}
    there = set().union(*(roles_in(name) for name in names), *(roles_in(text) for text in _texts(code)))
    if parts and all(len(roles := roles_in(part)) == 1 and roles <= HELD_BACK for part in parts) and "train" in there:
        part, node = next(iter(parts.items()))
        text = f"the gradient is that of the loss on `{part}`, so it is learned, and measures nothing any more"
        yield Found(f"{asked.id}.backward()", code.place_of(node), text, "Take the training part.")


def _given_for(asked: ast.Name, loop: Loop) -> Iterator[ast.expr]:
    """Yield what calls are given and what is cut for a name in a loop, as it was made before its gradient is taken."""
    made = [node for node in ast.walk(loop) if isinstance(node, ast.Assign) and node.lineno <= asked.lineno]
    made.sort(key=lambda node: node.lineno)
    left, seen = {asked.id}, set[str]()
    while left:
        name = left.pop()
        seen.add(name)
        for node in [node for node in made if name in stored(node)][-1:]:
            for part in ast.walk(node.value):
                given = [*part.args] if isinstance(part, ast.Call) else []
                given += [part.value] if isinstance(part, ast.Subscript) else []
                yield from (one for one in given if "batch" in called(part) or not isinstance(one, ast.Constant))
            left |= names_in(node.value) - seen


def _part(node: ast.expr) -> str:
    """Return the part of a split that a name or text in code stands for, as it is written; nothing if it is none."""
    text = node.id if isinstance(node, ast.Name) else str(node.value) if isinstance(node, ast.Constant) else ""
    return text if roles_in(text) else ""


def _texts(code: Code) -> Iterator[str]:
    yield from (str(node.value) for node in ast.walk(code.tree()) if isinstance(node, ast.Constant))


def left_out(loop: Loop, code: Code, codes: Sequence[Code], names: Mapping[str, Any]) -> Iterator[Found]:
    """Find a weight that needs a gradient and is in no list of parameters, nor moved or kept elsewhere by its name.

    Args:
        loop: A loop that trains.
        code: Where it stands.
        codes: All the code of the file.
        names: The values of the file.
    """
    lists = [name for name in names_in(loop) if _are_parameters(names.get(name))]
    trains = any(called(node) in ("backward", "grad") for node in ast.walk(loop))
    if not trains or len(lists) != 1 or any(isinstance(value, torch.optim.Optimizer) for value in names.values()):
        return
    nodes = [node for one in codes for node in ast.walk(one.tree())]
    functions = {node.name: node for node in nodes if isinstance(node, ast.FunctionDef)}
    used, left = set[str](), [*names_in(loop)]
    while left:  # what is called in the loop, and there, and so on
        name = left.pop()
        left += names_in(functions[name]) - used if name in functions and name not in used else ()
        used.add(name)
    listed = [part for one in names.values() if isinstance(one, list | tuple) for part in one]
    for name in sorted(used & names.keys() - _moved_by_name(nodes)):
        value = names[name]
        weight = isinstance(value, Tensor) and value.is_leaf and value.requires_grad and value.dim() > 0
        if weight and not any(part is value for part in listed):
            text = f"it needs a gradient, and is not in `{lists[0]}`, so no step ever changes it"
            yield Found(name, code.place_of(loop), text, f"Put it into `{lists[0]}`.")


def _moved_by_name(nodes: Sequence[ast.AST]) -> set[str]:
    """Return the names that stand in a list or dict, or in what may change them: such may be moved in another way."""
    found: set[str] = set()
    for node in nodes:
        parts: list[ast.expr] = []
        if isinstance(node, ast.List | ast.Tuple | ast.Set):
            parts = [one for one in node.elts if isinstance(getattr(one, "ctx", None), ast.Load)]
        elif isinstance(node, ast.Dict):
            parts = node.values
        elif isinstance(node, ast.Attribute) and (node.attr in ("data", "grad") or node.attr.endswith("_")):
            parts = [node.value]
        elif isinstance(node, ast.AugAssign):
            parts = [node.target]
        found |= {part.id for part in parts if isinstance(part, ast.Name)}
    return found


def _are_parameters(value: object) -> bool:
    whole = isinstance(value, list | tuple) and len(value) > 1
    return whole and all(isinstance(one, Tensor) and one.is_leaf and one.requires_grad for one in value)  # type: ignore[attr-defined]  # it is a list, as was just asked
