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


def trained_on_held_back(loop: Loop, code: Code, names: Mapping[str, Any]) -> Iterator[Found]:
    """Find a loop whose gradient is that of a loss on words that should be held back.

    Args:
        loop: A loop.
        code: Where it stands.
        names: The values of the file, by whose names one knows that there is a part to train on.
    """
    methods = [node.func for node in ast.walk(loop) if called(node) == "backward" and isinstance(node, ast.Call)]
    asked = {node.value.id for node in methods if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)}
    if len(asked) != 1 or (isinstance(loop, ast.For) and roles_in(ast.unparse(loop.target))):
        return
    parts = {_part(node): node for node in _made_of(asked, loop) if _part(node)}
    there = set().union(*(roles_in(name) for name in names), *(roles_in(text) for text in _texts(code)))
    if parts and all(len(roles := roles_in(part)) == 1 and roles <= HELD_BACK for part in parts) and "train" in there:
        part, node = next(iter(parts.items()))
        text = f"the gradient is that of the loss on `{part}`, which is to be held back: it is learned by heart"
        yield Found(f"{min(asked)}.backward()", code.place_of(node), text, "Take the training part.")


def _made_of(asked: set[str], loop: Loop) -> Iterator[ast.expr]:
    """Yield the expressions in a loop that some names are made of."""
    made = [node for node in ast.walk(loop) if isinstance(node, ast.Assign)]
    left, seen = {*asked}, set[str]()
    while left:
        name = left.pop()
        seen.add(name)
        for node in made:
            if name in stored(node):
                yield from (part for part in ast.walk(node.value) if isinstance(part, ast.expr))
                left |= names_in(node.value) - seen


def _part(node: ast.expr) -> str:
    """Return the part of a split that a name or text in code stands for, as it is written; nothing if it is none."""
    if isinstance(node, ast.Name) and roles_in(node.id):
        return node.id
    asked = isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isalpha()
    return str(node.value) if asked and isinstance(node, ast.Constant) and roles_in(str(node.value)) else ""


def _texts(code: Code) -> Iterator[str]:
    yield from (str(node.value) for node in ast.walk(code.tree()) if isinstance(node, ast.Constant))


def left_out(loop: Loop, code: Code, codes: Sequence[Code], names: Mapping[str, Any]) -> Iterator[Found]:
    """Find a weight that needs a gradient and is in no list of parameters that a loop moves, nor moved by its name.

    Args:
        loop: A loop.
        code: Where it stands.
        codes: All the code of the file.
        names: The values of the file.
    """
    lists = [name for name in names_in(loop) if _are_parameters(names.get(name))]
    if len(lists) != 1 or any(isinstance(value, torch.optim.Optimizer) for value in names.values()):
        return
    listed = [part for one in names.values() if isinstance(one, list | tuple) for part in one]
    nodes = [node for one in codes for node in ast.walk(one.tree())]
    moved = [ast.unparse(node.target) for node in nodes if isinstance(node, ast.AugAssign)]
    moved += [ast.unparse(target) for node in nodes if isinstance(node, ast.Assign) for target in node.targets]
    functions = {node.name: node for node in nodes if isinstance(node, ast.FunctionDef)}
    used, left = set[str](), [*names_in(loop)]
    while left:  # what is called in the loop, and there, and so on
        name = left.pop()
        left += names_in(functions[name]) - used if name in functions and name not in used else ()
        used.add(name)
    for name in sorted(used & names.keys()):
        value = names[name]
        if not (isinstance(value, Tensor) and value.is_leaf and value.requires_grad and value.dim()):
            continue
        by_name = any(one.startswith((f"{name}.", f"{name}[")) for one in moved)
        if not by_name and not any(part is value for part in listed):
            text = f"it needs a gradient, and is not in `{lists[0]}`, so no step ever changes it"
            yield Found(name, code.place_of(loop), text, f"Put it into `{lists[0]}`.")


def _are_parameters(value: object) -> bool:
    whole = isinstance(value, list | tuple) and len(value) > 1
    return whole and all(isinstance(one, Tensor) and one.is_leaf and one.requires_grad for one in value)  # type: ignore[attr-defined]  # it is a list, as was just asked
