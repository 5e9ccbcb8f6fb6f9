"""What a loop adds up or collects, and makes empty again in each turn: only what came of the last turn is left."""

import ast
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from torch import Tensor

from bigramlab.judge.reading_code import Code, Found, called, names_in, stored, value_of

__all__ = ["added_once", "emptied_in_the_loop", "grown_in_a_function", "grown_in_the_loop"]

COLLECTS = ("append", "extend", "add", "update")
PARTS = (ast.Name, ast.Subscript, ast.Slice, ast.Tuple, ast.Constant, ast.expr_context)  # of `x[:, t]`
EMPTY = ("zeros", "list", "dict", "set", "Counter", "defaultdict", "tensor")


def emptied_in_the_loop(loop: ast.For, code: Code, later: Sequence[Code]) -> Iterator[Found]:
    """Find what is made empty in each turn of a loop, filled by a loop inside, and read only after both.

    Args:
        loop: The outer loop.
        code: Where it stands.
        later: The code that comes after that.
    """
    if called(loop.iter) in ("range", "trange") or isinstance(loop.iter, ast.Subscript):  # steps, or a few to look at
        return
    for at, part in enumerate(loop.body):
        if not (isinstance(part, ast.Assign) and _is_empty(part.value)):
            continue
        for name in sorted(stored(part)):
            inner = [one for one in loop.body[at + 1 :] if isinstance(one, ast.For | ast.While)]
            filled = {id(node) for one in inner for node in _filling(one, name)}
            reads = [node for node in ast.walk(loop) if isinstance(node, ast.Name) and node.id == name
                     and isinstance(node.ctx, ast.Load) and id(node) not in filled]  # fmt: skip
            scope = _scope(code.tree(), loop)
            after = [node for node in ast.walk(scope) if isinstance(node, ast.stmt) and node.lineno > _end(loop)]
            after += [node for one in later for node in one.tree().body if isinstance(scope, ast.Module)]
            used = any(name in names_in(node) for node in after if not isinstance(node, ast.Expr))
            if filled and not reads and used:
                text = (
                    f"`{name}` begins empty again in each turn of the loop, so only what came of the last turn is left"
                )
                line = code.text.splitlines()[part.lineno - 1].strip()
                yield Found(name, code.place_of(part), text, f"Write `{line}` before the loop.")


def added_once(codes: Sequence[Code], names: Mapping[str, Any]) -> Iterator[Found]:
    """Yield the rows to which what belongs to several examples is added with `+=`: only the last of them stays."""
    for code in codes:
        for node in (node for node in ast.walk(code.tree()) if isinstance(node, ast.AugAssign)):
            if not isinstance(node.target, ast.Subscript) or not isinstance(node.op, ast.Add):
                continue
            table, index = ast.unparse(node.target.value), ast.unparse(node.target.slice)
            ids = _ids_in(value_of(node.target.slice, names, PARTS))
            whole = value_of(node.target.value, names, PARTS)
            if isinstance(whole, Tensor | np.ndarray) and len({*ids}) < len(ids):
                text = f"`{index}` has the same row several times, and `+=` adds only what stands at the last of them"
                mend = f"Write `np.add.at({table}, {index}, …)`, or `{table}.index_put_((…,), …, accumulate=True)`."
                yield Found(ast.unparse(node.target), code.place_of(node), text, mend)


def _ids_in(value: object) -> list[int]:
    """Return the ids in a tensor or array of them; nothing of anything else, such as a mask."""
    whole = isinstance(value, Tensor | np.ndarray) and str(value.dtype).removeprefix("torch.") in ("int64", "int32")
    return np.asarray(value).reshape(-1).tolist() if whole else []


def grown_in_the_loop(loop: ast.For, code: Code, names: Mapping[str, Any]) -> Iterator[Found]:
    """Find a table to which each k that is tried is added in place, so that the next one comes on top of it."""
    each = names_in(loop.target, ast.Store)
    made = {name for part in ast.walk(loop) if isinstance(part, ast.Assign) for name in stored(part)}
    taken = (part for part in ast.walk(loop) if isinstance(part, ast.AugAssign) and isinstance(part.op, ast.Sub))
    made |= {ast.unparse(part.target) for part in taken}  # it is taken away again
    methods = (part for part in ast.walk(loop) if isinstance(part, ast.Attribute) and part.attr in ("copy_", "zero_"))
    made |= {ast.unparse(part.value) for part in methods}  # it is set back
    for part, table, own in _additions(loop):
        by = ast.unparse(part.value)
        if by in each and type(names.get(by)) in (int, float) and table not in made and _is_table(names.get(table)):
            if own != table and _bindings(loop, own) != 1:
                continue
            text = f"it keeps each `{by}` that was tried before: what is added in place is there in the next turn, too"
            as_own = f"`{own}` is no copy of it. " if own != table else ""
            yield Found(table, code.place_of(part), text, f"{as_own}Make a new table in each turn: `{table} + {by}`.")


def grown_in_a_function(code: Code, names: Mapping[str, Any]) -> Iterator[Found]:
    """Find a function that adds to a table of the file in place, under another name, as often as it is called."""
    for function in (node for node in ast.walk(code.tree()) if isinstance(node, ast.FunctionDef)):
        given = {node.arg for node in ast.walk(function) if isinstance(node, ast.arg)}
        made = names_in(function, ast.Store)
        for part, table, own in _additions(function):
            shared = own != table and table not in given | made and _bindings(function, own) == 1
            by = part.value
            if shared and isinstance(by, ast.Name) and by.id in given and _is_table(names.get(table)):
                text = f"it changes the file's `{table}`, of which `{own}` is no copy, each time that it is called"
                line = f"{own} = {table} + {by.id}"
                yield Found(function.name, code.place_of(part), text, f"Make a new table: `{line}`.")


def _additions(of: ast.AST) -> Iterator[tuple[ast.AugAssign, str, str]]:
    """Yield what is added in place, with the table's name, which may be another name's, and that name."""
    alias = {
        name: part.value.id
        for part in ast.walk(of)
        if isinstance(part, ast.Assign) and isinstance(part.value, ast.Name)
        for name in stored(part)
    }
    for part in ast.walk(of):
        if isinstance(part, ast.AugAssign) and isinstance(part.op, ast.Add) and isinstance(part.target, ast.Name):
            yield part, alias.get(part.target.id, part.target.id), part.target.id


def _bindings(of: ast.AST, name: str) -> int:
    """Return how often a name is given something, but for what is added to it."""
    return sum(name in stored(part) for part in ast.walk(of) if isinstance(part, ast.Assign))


def _is_table(value: object) -> bool:
    return isinstance(value, Tensor | np.ndarray) and value.ndim > 1


def _end(node: ast.stmt) -> int:
    return node.end_lineno or node.lineno


def _scope(tree: ast.Module, loop: ast.For) -> ast.Module | ast.FunctionDef:
    """Return the function in which a loop stands, or the whole."""
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    around = [node for node in functions if node.lineno <= loop.lineno and _end(loop) <= _end(node)]
    return around[-1] if around else tree


def _is_empty(value: ast.expr) -> bool:
    """Tell whether it is 0, an empty list, or such."""
    if isinstance(value, ast.Tuple):
        return all(map(_is_empty, value.elts))
    if isinstance(value, ast.Constant):
        return type(value.value) in (int, float) and value.value == 0
    if isinstance(value, ast.Call):
        given = [one for one in value.args if not isinstance(one, ast.Constant | ast.Tuple)]
        return called(value) in EMPTY and (called(value) in ("zeros", "defaultdict") or not given)
    return isinstance(value, ast.List | ast.Dict) and not [*ast.iter_child_nodes(value)][1:]


def _filling(loop: ast.AST, name: str) -> Iterator[ast.AST]:
    """Yield where the name stands in what only adds to it."""
    for node in ast.walk(loop):
        added: list[ast.AST] = []
        if isinstance(node, ast.AugAssign):
            added = [node.target]
        elif isinstance(node, ast.Assign) and name in {_owner(target) for target in node.targets}:
            added = [node]
        elif isinstance(node, ast.Call) and called(node) in COLLECTS and isinstance(node.func, ast.Attribute):
            added = [node.func.value]
        yield from (one for part in added for one in ast.walk(part) if isinstance(one, ast.Name) and one.id == name)


def _owner(target: ast.expr) -> str:
    """Return the name of what is stored in, whole or in a place of it."""
    while isinstance(target, ast.Subscript):
        target = target.value
    return target.id if isinstance(target, ast.Name) else ""
