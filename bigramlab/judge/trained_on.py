"""What a training goes by and what it moves: another part of the split than the training one, or not all parameters."""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from bigramlab.judge.following import roles_in
from bigramlab.judge.reading_code import Code, Found, Loop, called, names_in, stored

__all__ = ["first_rows_alone", "left_out", "never_back", "trained_on_held_back", "untrained"]

WEIGHT = re.compile(r"C|E|emb\w*|wte|[Wb]\d?")
FREEZES = ("requires_grad", "requires_grad_")
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
    used = set[str]().union(*map(_not_its_own, _reached(loop, nodes)))
    listed = [part for one in names.values() if isinstance(one, list | tuple) for part in one]
    for name in sorted(used & names.keys() - _moved_by_name(nodes)):
        value = names[name]
        weight = isinstance(value, Tensor) and value.is_leaf and value.is_floating_point() and value.dim() > 0
        if weight and value.requires_grad and not any(part is value for part in listed):
            text = f"it needs a gradient, and is not in `{lists[0]}`, so no step ever changes it"
            yield Found(name, code.place_of(loop), text, f"Put it into `{lists[0]}`.")


def untrained(loop: Loop, code: Code, codes: Sequence[Code], names: Mapping[str, Any]) -> Iterator[Found]:
    """Find a weight that a training goes through and that needs no gradient, where others do; see `left_out`."""
    if not any(called(node) == "backward" for node in ast.walk(loop)):
        return
    nodes = [node for one in codes for node in ast.walk(one.tree())]
    used = set[str]().union(*map(_not_its_own, _reached(loop, nodes)))
    tensors = {name: one for name in used if WEIGHT.fullmatch(name) and isinstance(one := names.get(name), Tensor)}
    tensors = {name: one for name, one in tensors.items() if one.is_leaf}
    trained = sorted(name for name, value in tensors.items() if value.requires_grad)
    lists = sorted(name for name in names_in(loop) if _are_parameters(names.get(name)))
    changed = [node.target for node in ast.walk(loop) if isinstance(node, ast.AugAssign)]
    kept = names_in(loop, ast.Store).union(*map(names_in, changed))
    frozen = {ast.unparse(node.value) for node in nodes if isinstance(node, ast.Attribute) and node.attr in FREEZES}
    for name in sorted(tensors.keys() - kept - frozen):
        if not tensors[name].requires_grad and _is_drawn(tensors[name]) and (len(trained) > 1 or lists):
            like = ", ".join(f"`{one}`" for one in trained[:4]) if len(trained) > 1 else f"what is in `{lists[0]}`"
            text = f"it needs no gradient, so it is never trained, as {like} {'are' if len(trained) > 1 else 'is'}"
            yield Found(name, code.place_of(loop), text, "Put it among the parameters.")
            return


def _not_its_own(node: ast.AST) -> set[str]:
    """Return the names that a loop or function reads, without those that a function makes itself."""
    own = names_in(node, ast.Store) if isinstance(node, ast.FunctionDef) else set()
    return names_in(node) - own - {part.arg for part in ast.walk(node) if isinstance(part, ast.arg)}


def _is_drawn(value: Tensor) -> bool:
    """Tell whether its numbers may be learned: they are no one-hot rows, and not all 0."""
    return value.is_floating_point() and len(torch.unique(value)) > min(2, value.numel() - 1)


def first_rows_alone(loop: Loop, code: Code, names: Mapping[str, Any]) -> Iterator[Found]:
    """Find a batch whose rows are drawn from as many rows as the batch has: its size was taken for that of the data."""
    if not any(called(node) == "backward" for node in ast.walk(loop)):
        return
    read = [node for node in ast.walk(loop) if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Name)]
    for node in (node for node in ast.walk(loop) if isinstance(node, ast.Assign) and called(node.value) == "randint"):
        found = re.match(r"\w+\.randint\((?:0, )?(?:high=)?([\w.]+), (?:size=)?\(\1,?\)", ast.unparse(node.value))
        picked = {ast.unparse(one.value) for one in read if one.slice.id in stored(node)} if found else set()  # type: ignore[attr-defined]  # a name
        sizes = [len(names[name]) for name in picked & names.keys() if hasattr(names[name], "__len__")]
        many = found and (int(found[1]) if found[1].isdigit() else names.get(found[1]))
        if found and isinstance(many, int) and sizes and min(sizes) > many:
            text = f"only the first {many} of {min(sizes):,} rows are ever drawn: `{found[1]}` is the size of a batch"
            yield Found(ast.unparse(node.value), code.place_of(node), text, "Draw below the number of all rows.")


def never_back(loop: Loop, code: Code, codes: Sequence[Code], names: Mapping[str, Any]) -> Iterator[Found]:
    """Find a network that is set to `eval()` within a training and never back, so that the rest has no dropout.

    Args:
        loop: A loop that trains.
        code: Where it stands.
        codes: All the code of the file.
        names: The values of the file.
    """
    if not any(called(node) == "backward" for node in ast.walk(loop)):
        return
    reached = _reached(loop, [node for one in codes for node in ast.walk(one.tree())])
    parts = [node for part in reached for node in ast.walk(part)]
    if any(called(node) == "train" or (isinstance(node, ast.Attribute) and node.attr == "training") for node in parts):
        return
    for part in reached:
        calls = [node for node in ast.walk(part) if isinstance(node, ast.Call) and called(node) == "eval"]
        for node in (node for node in calls if isinstance(node.func, ast.Attribute) and not node.args):
            owner = ast.unparse(node.func.value)  # type: ignore[attr-defined]  # an attribute, as was just asked
            if any(_drops(names.get(name)) for name in _passed(owner, part, parts)):
                text = "it is never set back to `train()` in the loop, so all further steps are without dropout"
                place = code.place_of(node if part is loop else loop)
                yield Found(ast.unparse(node), place, text, f"After the measuring, write `{owner}.train()`.")
                return


def _passed(name: str, within: ast.AST, parts: Sequence[ast.AST]) -> set[str]:
    """Return which names stand for a name: itself, or what is given for it, if it is an argument of a function."""
    if not isinstance(within, ast.FunctionDef):
        return {name}
    arguments = [one.arg for one in within.args.args]
    if name not in arguments:
        return set() if name in names_in(within, ast.Store) else {name}
    calls = [node for node in parts if isinstance(node, ast.Call) and called(node) == within.name]
    at = arguments.index(name)
    return {ast.unparse(node.args[at]) for node in calls if len(node.args) > at}


def _drops(network: object) -> bool:
    layers = network.modules() if isinstance(network, torch.nn.Module) else ()
    return any(isinstance(one, torch.nn.Dropout) and one.p > 0 for one in layers)


def _reached(loop: Loop, nodes: Sequence[ast.AST]) -> list[ast.AST]:
    """Return a loop, and the functions that are called in it, and there, and so on."""
    functions = {node.name: node for node in nodes if isinstance(node, ast.FunctionDef)}
    used, left = set[str](), [*names_in(loop)]
    while left:
        name = left.pop()
        left += names_in(functions[name]) - used if name in functions and name not in used else ()
        used.add(name)
    return [loop, *(functions[name] for name in sorted(used & functions.keys()))]


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
