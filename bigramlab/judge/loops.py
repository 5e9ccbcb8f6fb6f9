"""Slips that only the code of a loop shows: a gradient that is never reset, an update uphill, a walk that stays."""

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from bigramlab.judge.reading_dicts import boundary_of

__all__ = ["Code", "Found", "losses_added_up", "slips_in_loops"]

Loop = ast.For | ast.While


@dataclass(frozen=True)
class Code:
    """A part of a file.

    Attributes:
        place: What it is called, such as "cell 4"; empty where the lines are the places.
        text: Its code.
    """

    place: str
    text: str

    def tree(self) -> ast.Module:
        """Return its syntax; of what can't be read, nothing."""
        try:
            return ast.parse(self.text)
        except (SyntaxError, ValueError):
            return ast.Module([], [])

    def place_of(self, node: ast.stmt | ast.expr) -> str:
        """Say where a part of it stands."""
        return self.place or f"line {node.lineno}"


@dataclass(frozen=True)
class Found:
    """A slip: what is wrong with what, where, and what to do."""

    name: str
    place: str
    text: str
    mend: str


def slips_in_loops(codes: Sequence[Code], names: Mapping[str, Any]) -> Iterator[Found]:
    """Yield the slips that loops show; `names` has the values of the file."""
    resetting = {
        node.name
        for code in codes
        for node in ast.walk(code.tree())
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and _resets(node)
    }
    boundaries = {id for value in names.values() if (id := boundary_of(value)) is not None}
    for code in codes:
        for loop in _outer_loops(code.tree()):
            if found := _never_reset(loop, resetting):
                name, line = found
                text = "the gradient is never reset, so each step goes along the sum of all gradients until then"
                mend = f"Before `{name}.backward()`, write `{line}`: backward() adds to what is there."
                yield Found(f"{name}.backward()", code.place_of(loop), text, mend)
            if found := _uphill(loop, names):
                name, line = found
                text = "each step goes uphill, so the loss grows: the gradient points to where it becomes larger"
                yield Found(name, code.place_of(loop), text, f"Subtract the gradient: `{line}`.")
        for loop in (node for node in ast.walk(code.tree()) if isinstance(node, ast.While)):
            yield from _walk_that_stays(loop, code, names)
            if len(boundaries) == 1:
                yield from _other_end(loop, code, min(boundaries))


def losses_added_up(codes: Sequence[Code]) -> bool:
    """Tell whether a loop trains on a sum of the losses."""
    for code in codes:
        for loop in _outer_loops(code.tree()):
            for expression in _objectives(loop):
                parts = [node for node in ast.walk(expression) if isinstance(node, ast.Call)]
                added = [one for one in parts if _called(one) == "sum" and _has_log(one)]
                divided = any(isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div) and _has_log(node.left)
                              for node in ast.walk(expression))  # fmt: skip
                if added and not divided:
                    return True
    return False


def _outer_loops(tree: ast.AST) -> Iterator[Loop]:
    """Yield the loops that stand in no other one, in functions too."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, Loop):
            yield node
        else:
            yield from _outer_loops(node)


def _called(node: ast.AST) -> str:
    """Return the name of what a call calls, without what stands before its dot."""
    if not isinstance(node, ast.Call):
        return ""
    return getattr(node.func, "attr", "") or getattr(node.func, "id", "")


def _mentions_grad(node: ast.AST) -> bool:
    return any(isinstance(part, ast.Attribute) and part.attr == "grad" for part in ast.walk(node))


def _names(node: ast.AST, kind: type[ast.expr_context] = ast.Load) -> set[str]:
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name) and isinstance(part.ctx, kind)}


# A gradient that is never reset


def _resets(node: ast.AST) -> bool:
    """Tell whether gradients are set to nothing somewhere in it."""
    for part in ast.walk(node):
        if _called(part) in ("zero_grad", "setattr", "grad"):  # torch.autograd.grad adds nothing up
            return True
        method = part.func if isinstance(part, ast.Call) and isinstance(part.func, ast.Attribute) else None
        if method and method.attr.endswith("_") and _mentions_grad(method.value):
            return True
        targets = part.targets if isinstance(part, ast.Assign | ast.Delete) else []
        targets = [part.target] if isinstance(part, ast.AugAssign | ast.AnnAssign) else targets
        if any(_mentions_grad(target) for target in targets):
            return True
    return False


def _never_reset(loop: Loop, resetting: set[str]) -> tuple[str, str] | None:
    """Return what the loop calls backward() on and how to reset the gradient, if that is nowhere done."""
    calls = {_called(node) for node in ast.walk(loop)}
    if "backward" not in calls or _resets(loop) or calls & resetting or _turns_once(loop):
        return None
    with_grad = {
        part.value.id
        for part in ast.walk(loop)
        if isinstance(part, ast.Attribute) and part.attr == "grad" and isinstance(part.value, ast.Name)
    }
    if not with_grad and "step" not in calls:
        return None
    made_anew = {name for part in ast.walk(loop) if isinstance(part, ast.Assign) for name in _stored(part)}
    if with_grad & made_anew:
        return None  # a new tensor has no gradient yet
    backward = next(part for part in ast.walk(loop) if _called(part) == "backward")
    target = (
        backward.func.value if isinstance(backward, ast.Call) and isinstance(backward.func, ast.Attribute) else None
    )
    name = ast.unparse(target) if isinstance(target, ast.Name) else "loss"
    if not with_grad:
        return name, "optimizer.zero_grad()"
    own = sorted(with_grad)[0]
    each = next(
        (ast.unparse(part.iter) for part in ast.walk(loop)
         if isinstance(part, ast.For) and own in _names(part.target, ast.Store)), "")  # fmt: skip
    return name, f"for {own} in {each}: {own}.grad = None" if each else f"{own}.grad = None"


def _stored(statement: ast.Assign) -> set[str]:
    return {name for target in statement.targets for name in _names(target, ast.Store)}


def _turns_once(loop: Loop) -> bool:
    iterated = loop.iter if isinstance(loop, ast.For) else None
    return isinstance(iterated, ast.Call) and [ast.unparse(one) for one in iterated.args] == ["1"]


# An update uphill


def _uphill(loop: Loop, names: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return what is updated uphill and how to mend it; nothing if it isn't sure that a loss is to become smaller."""
    if not any(_called(node) == "backward" for node in ast.walk(loop)):
        return None
    if [_sign_of_objective(one) for one in _objectives(loop)] != [-1]:
        return None
    for part in ast.walk(loop):
        if isinstance(part, ast.AugAssign) and isinstance(part.op, ast.Add | ast.Sub) and _mentions_grad(part.value):
            sign = _sign(part.value, names) * (1 if isinstance(part.op, ast.Add) else -1)
            if sign > 0:
                return ast.unparse(part.target), f"{ast.unparse(part.target)} -= {_unsigned(part.value)}"
        if isinstance(part, ast.Assign) and isinstance(part.value, ast.BinOp) and _mentions_grad(part.value.right):
            same = ast.unparse(part.value.left) in (ast.unparse(target) for target in part.targets)
            op = part.value.op
            if same and isinstance(op, ast.Add | ast.Sub):
                sign = _sign(part.value.right, names) * (1 if isinstance(op, ast.Add) else -1)
                if sign > 0:
                    left = ast.unparse(part.value.left)
                    return left, f"{left} = {left} - {_unsigned(part.value.right)}"
    return None


def _unsigned(node: ast.expr) -> str:
    return ast.unparse(node).removeprefix("-")


def _sign(node: ast.expr, names: Mapping[str, Any]) -> int:
    """Return the sign with which a gradient is multiplied; 0 if it can't be told."""
    if isinstance(node, ast.Attribute):
        return 1 if _mentions_grad(node) else 0
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_sign(node.operand, names)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div):
        return _sign(node.left, names) * _sign(node.right, names)
    value = node.value if isinstance(node, ast.Constant) else names.get(node.id) if isinstance(node, ast.Name) else None
    return (value > 0) - (value < 0) if isinstance(value, int | float) else 0


def _objectives(loop: Loop) -> Iterator[ast.expr]:
    """Yield what the names hold that backward() is called on, where the loop says so."""
    asked = {
        part.func.value.id
        for part in ast.walk(loop)
        if isinstance(part, ast.Call) and isinstance(part.func, ast.Attribute) and part.func.attr == "backward"
        and isinstance(part.func.value, ast.Name)
    }  # fmt: skip
    for part in ast.walk(loop):
        if isinstance(part, ast.Assign) and _stored(part) & asked:
            yield part.value


def _has_log(node: ast.AST) -> bool:
    return any(_called(part) in ("log", "log_softmax", "log2") for part in ast.walk(node))


def _sign_of_objective(node: ast.expr) -> int:
    """Return the sign of the logarithm in it: -1 for a loss, 1 for a likelihood, 0 if it can't be told."""
    if _called(node) in ("cross_entropy", "nll_loss"):
        return -1
    if _called(node) in ("log", "log_softmax", "log2"):
        return 1
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_sign_of_objective(node.operand)
    if isinstance(node, ast.Subscript | ast.Attribute):
        return _sign_of_objective(node.value)
    if isinstance(node, ast.Call):
        if isinstance(node.func, ast.Attribute) and (sign := _sign_of_objective(node.func.value)):
            return sign
        return _sign_of_objective(node.args[0]) if len(node.args) == 1 and _called(node) in ("mean", "sum") else 0
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
        right = _sign_of_objective(node.right)
        return _sign_of_objective(node.left) or (right if isinstance(node.op, ast.Add) else -right)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        return _sign_of_objective(node.left)
    return 0


# A walk


def _drawn(loop: ast.While) -> tuple[str, ast.Call] | None:
    """Return the name that holds what the loop draws, and the call that draws it."""
    for part in loop.body:
        if isinstance(part, ast.Assign) and len(names := _stored(part)) == 1:
            for call in ast.walk(part.value):
                if isinstance(call, ast.Call) and _called(call) == "multinomial":
                    return names.pop(), call
    return None


def _ends_of(loop: ast.While, drawn: str) -> Iterator[int]:
    """Yield the ids at which the loop ends: those that the drawn one is compared with."""
    tests = [
        part.test
        for part in loop.body
        if isinstance(part, ast.If) and isinstance(part.body[-1], ast.Break | ast.Return)
    ]
    for test, wanted in [(loop.test, ast.NotEq), *((test, ast.Eq) for test in tests)]:
        if isinstance(test, ast.Compare) and _names(test.left) == {drawn} and isinstance(test.ops[0], wanted):
            value = getattr(test.comparators[0], "value", None)
            yield from [value] if type(value) is int else []


def _walk_that_stays(loop: ast.While, code: Code, names: Mapping[str, Any]) -> Iterator[Found]:
    """Find a walk in which each token is drawn from the same row of a table."""
    found = _drawn(loop)
    if not found or not [*_ends_of(loop, found[0])]:
        return
    drawn, row = found[0], _row_of(loop, found[1])
    if row is None or not isinstance(row.value, ast.Name):
        return
    table, index = names.get(row.value.id), row.slice.elts[0] if isinstance(row.slice, ast.Tuple) else row.slice
    fixed = isinstance(index, ast.Constant) and type(index.value) is int
    stays = isinstance(index, ast.Name) and not any(index.id in _names(part, ast.Store) for part in ast.walk(loop))
    if isinstance(table, Tensor) and table.ndim == 2 and table.shape[0] == table.shape[1] and (fixed or stays):
        text = f"each token is drawn from the same row, `{ast.unparse(row)}`, whatever stands before it"
        token = ast.unparse(index)
        mend = f"Draw from the row of the token before: `{row.value.id}[{drawn}]`."
        if stays:
            mend = f"In the loop, `{token}` must become what was drawn, as in `{token} = {drawn}`."
        yield Found(ast.unparse(row), code.place_of(found[1]), text, mend)


def _row_of(loop: ast.While, call: ast.Call) -> ast.Subscript | None:
    """Return the row of a table that is drawn from, if it is one."""
    own = isinstance(call.func, ast.Attribute) and ast.unparse(call.func.value) != "torch"
    of: ast.expr | None = (
        call.func.value if own and isinstance(call.func, ast.Attribute) else next(iter(call.args), None)
    )
    if isinstance(of, ast.Name):
        before = [part for part in loop.body if isinstance(part, ast.Assign) and part.lineno < call.lineno]
        of = next((part.value for part in reversed(before) if _stored(part) == {of.id}), None)
    return of if isinstance(of, ast.Subscript) else None


def _other_end(loop: ast.While, code: Code, boundary: int) -> Iterator[Found]:
    """Find a walk that ends at another id than that of the boundary token."""
    found = _drawn(loop)
    ends = {*_ends_of(loop, found[0])} if found else set()
    if found and ends and boundary not in ends:
        drawn, end = found[0], min(ends)
        text = f"the walk ends at {end}, and the boundary token has the id {boundary}"
        mend = f"Begin and end each word at the id of '.': `{drawn} = {boundary}`, `if {drawn} == {boundary}`."
        yield Found(f"{drawn} == {end}", code.place_of(found[1]), text, mend)
