"""Slips in training that only the code of a loop shows: a gradient that is never reset, a step uphill."""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bigramlab.judge.reading_code import Code, Loop, called, mentions_grad, names_in, outer_loops, stored

__all__ = [
    "NEVER_MOVED",
    "losses_added_up",
    "never_reset",
    "never_steps",
    "rebound",
    "resets",
    "thrown_away",
    "uphill",
]

"""What weights are called where a network is written as its tensors."""
NEVER_MOVED = "its gradient is computed again and again, and no parameter is ever moved, so nothing is learned"
HARMLESS = {"dict", "enumerate", "float", "int", "items", "keys", "len", "list", "max", "min", "range", "reversed"}
HARMLESS |= {"sum", "tree_map", "tuple", "values", "zip"}
MODULES = {"F", "functional", "jax", "jnp", "math", "np", "numpy", "torch", "tree", "tree_util"}
"""What changes nothing that it is given."""


def losses_added_up(codes: Sequence[Code]) -> bool:
    """Tell whether a loop trains on a sum of the losses."""
    for code in codes:
        for loop in outer_loops(code.tree()):
            for expression in _objectives(loop):
                parts = [node for node in ast.walk(expression) if isinstance(node, ast.Call)]
                added = [one for one in parts if called(one) == "sum" and _has_log(one)]
                divided = any(isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div) and _has_log(node.left)
                              for node in ast.walk(expression))  # fmt: skip
                if added and not divided:
                    return True
    return False


# A gradient that is never reset


def resets(node: ast.AST) -> bool:
    """Tell whether gradients are set to nothing somewhere in it."""
    for part in ast.walk(node):
        if called(part) in ("zero_grad", "setattr", "grad"):  # torch.autograd.grad adds nothing up
            return True
        method = part.func if isinstance(part, ast.Call) and isinstance(part.func, ast.Attribute) else None
        if method and method.attr.endswith("_") and mentions_grad(method.value):
            return True
        targets = part.targets if isinstance(part, ast.Assign | ast.Delete) else []
        targets = [part.target] if isinstance(part, ast.AugAssign | ast.AnnAssign) else targets
        adds = isinstance(part, ast.AugAssign) and isinstance(part.op, ast.Add)
        begins = isinstance(part, ast.Assign) and isinstance(part.value, ast.Constant) and part.value.value == 1
        if any(mentions_grad(target) for target in targets) and not adds and not begins:  # as one's own backward() does
            return True
    return False


def never_reset(loop: Loop, resetting: set[str]) -> tuple[str, str] | None:
    """Return what the loop calls backward() on and how to reset the gradient, if that is nowhere done."""
    calls = {called(node) for node in ast.walk(loop)}
    if "backward" not in calls or resets(loop) or calls & resetting or _turns_once(loop):
        return None
    with_grad = {
        part.value.id
        for update in ast.walk(loop)
        if _updates(update)
        for part in ast.walk(update)
        if isinstance(part, ast.Attribute) and part.attr == "grad" and isinstance(part.value, ast.Name)
    }
    if not with_grad and "step" not in calls:
        return None
    made_anew = {name for part in ast.walk(loop) if isinstance(part, ast.Assign) for name in stored(part)}
    if with_grad & made_anew:
        return None  # a new tensor has no gradient yet
    backward = next(part for part in ast.walk(loop) if called(part) == "backward")
    target = (
        backward.func.value if isinstance(backward, ast.Call) and isinstance(backward.func, ast.Attribute) else None
    )
    name = ast.unparse(target) if isinstance(target, ast.Name) else "loss"
    if not with_grad:
        steps = (part.func for part in ast.walk(loop) if isinstance(part, ast.Call) and called(part) == "step")
        owners = (ast.unparse(step.value) for step in steps if isinstance(step, ast.Attribute))
        return name, f"{next((one for one in owners if one.startswith('opt')), 'optimizer')}.zero_grad()"
    own = sorted(with_grad)[0]
    each = next(
        (f"for {ast.unparse(part.target).strip('()')} in {ast.unparse(part.iter)}: " for part in ast.walk(loop)
         if isinstance(part, ast.For) and own in names_in(part.target, ast.Store)), "")  # fmt: skip
    return name, f"{each}{own}.grad = None"


def never_steps(loop: Loop, codes: Sequence[Code]) -> str:
    """Return the optimizer that a loop resets while nothing in the file lets it step; nothing if there is none."""
    optimizers = {
        name
        for code in codes
        for node in ast.walk(code.tree())
        if isinstance(node, ast.Assign) and ".optim." in f".{ast.unparse(node.value)}"
        for name in stored(node)
    }
    if any(called(node) == "step" for code in codes for node in ast.walk(code.tree())):
        return ""
    if not any(called(node) == "backward" for node in ast.walk(loop)) or any(map(_updates, ast.walk(loop))):
        return ""
    reset = [node.func.value for node in ast.walk(loop) if isinstance(node, ast.Call) and called(node) == "zero_grad"
             and isinstance(node.func, ast.Attribute)]  # fmt: skip
    return next((one.id for one in reset if isinstance(one, ast.Name) and one.id in optimizers), "")


def _updates(node: ast.AST) -> bool:
    """Tell whether something is changed by a gradient: one that is only looked at may well be added up."""
    changed_in_place = called(node).endswith("_") and any(map(mentions_grad, getattr(node, "args", [])))
    return changed_in_place or (isinstance(node, ast.Assign | ast.AugAssign) and mentions_grad(node.value))


def _turns_once(loop: Loop) -> bool:
    iterated = loop.iter if isinstance(loop, ast.For) else None
    return isinstance(iterated, ast.Call) and [ast.unparse(one) for one in iterated.args] == ["1"]


def rebound(loop: Loop) -> tuple[str, str] | None:
    """Return the update of a parameter that only gives a loop's own name to a new tensor, and how to mend it."""
    if not isinstance(loop, ast.For):
        return None
    each = names_in(loop.target, ast.Store)
    for at, part in enumerate(loop.body):
        if not isinstance(part, ast.Assign) or not isinstance(part.value, ast.BinOp) or len(stored(part)) != 1:
            continue
        (name,), value = stored(part), part.value
        step = isinstance(value.op, ast.Sub | ast.Add) and isinstance(value.left, ast.Name) and value.left.id == name
        by = names_in(value.right)
        along = mentions_grad(value.right) or (name not in by and by & each)
        later = set().union(*(names_in(one) for one in loop.body[at + 1 :]))
        if name in each and step and along and isinstance(part.targets[0], ast.Name) and name not in later:
            sign = "-" if isinstance(value.op, ast.Sub) else "+"
            return ast.unparse(part), f"{name} {sign}= {ast.unparse(value.right)}"
    return None


def thrown_away(loop: Loop, codes: Sequence[Code]) -> Iterator[tuple[ast.expr, str, str]]:
    """Yield what a loop computes and keeps nowhere, an update or a sum: what, what is wrong, and what keeps it."""
    makers = {
        node.name: node
        for code in codes
        for node in ast.walk(code.tree())
        if isinstance(node, ast.FunctionDef) and _only_returns(node)
    }
    for part in ast.walk(loop):
        value = part.value if isinstance(part, ast.Expr) else None
        if value is None or not _is_an_update(value, makers):
            continue  # what is only timed, or tried, is kept nowhere, too
        if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Add | ast.Sub) and _is_a_place(value.left):
            sign = "+" if isinstance(value.op, ast.Add) else "-"
            text = "what it makes is kept nowhere, so it changes nothing"
            yield value, text, f"`{ast.unparse(value.left)} {sign}= {ast.unparse(value.right)}`"
        elif isinstance(value, ast.Call) and called(value) in makers and isinstance(value.func, ast.Name):
            given = next((ast.unparse(one) for one in value.args), "…")
            text = f"what `{called(value)}` returns is kept nowhere, and it changes nothing that it is given"
            yield value, text, f"`{given} = {ast.unparse(value)}`"


def _is_an_update(value: ast.expr, makers: Mapping[str, ast.FunctionDef]) -> bool:
    """Tell whether a gradient is in it, or a cell of a table that something is added to."""
    slope = any(re.match(r"d[A-Z_]|.*grad", name) for name in names_in(value)) or mentions_grad(value)
    counted = isinstance(value, ast.BinOp) and isinstance(value.left, ast.Subscript)
    return slope or counted or (called(value) in makers and mentions_grad(makers[called(value)]))


def _is_a_place(node: ast.AST) -> bool:
    return isinstance(node, ast.Name | ast.Attribute | ast.Subscript)


def _only_returns(function: ast.FunctionDef) -> bool:
    """Tell whether a function changes nothing, and so is there for what it returns."""
    changing = ast.AugAssign | ast.Delete | ast.Global | ast.Nonlocal | ast.Yield | ast.YieldFrom | ast.With
    for part in ast.walk(function):
        if isinstance(part, changing) or (isinstance(part, ast.Attribute | ast.Subscript) and not _is_read(part)):
            return False
        if isinstance(part, ast.Call) and not _is_harmless(part):
            return False
    return any(isinstance(part, ast.Return) and part.value for part in function.body)


def _is_read(node: ast.Attribute | ast.Subscript) -> bool:
    return isinstance(node.ctx, ast.Load)


def _is_harmless(call: ast.Call) -> bool:
    owner = call.func.value if isinstance(call.func, ast.Attribute) else None
    owner = owner.value if isinstance(owner, ast.Attribute) else owner  # of `jax.tree_util.tree_map`
    of_module = isinstance(owner, ast.Name) and owner.id in MODULES and not called(call).endswith("_")
    return of_module or called(call) in HARMLESS


# An update uphill


def uphill(loop: Loop, names: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return what is updated uphill and how to mend it; nothing if it isn't sure that a loss is to become smaller."""
    if not any(called(node) == "backward" for node in ast.walk(loop)):
        return None
    if [_sign_of_objective(one) for one in _objectives(loop)] != [-1]:
        return None
    for part in ast.walk(loop):
        if isinstance(part, ast.AugAssign) and isinstance(part.op, ast.Add | ast.Sub) and mentions_grad(part.value):
            sign = _sign(part.value, names) * (1 if isinstance(part.op, ast.Add) else -1)
            if sign > 0:
                return ast.unparse(part.target), f"{ast.unparse(part.target)} -= {_unsigned(part.value)}"
        if isinstance(part, ast.Assign) and isinstance(part.value, ast.BinOp) and mentions_grad(part.value.right):
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
        return 1 if mentions_grad(node) else 0
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
        if isinstance(part, ast.Assign) and stored(part) & asked:
            yield part.value


def _has_log(node: ast.AST) -> bool:
    return any(called(part) in ("log", "log_softmax", "log2") for part in ast.walk(node))


def _sign_of_objective(node: ast.expr) -> int:
    """Return the sign of the logarithm in it: -1 for a loss, 1 for a likelihood, 0 if it can't be told."""
    if called(node) in ("cross_entropy", "nll_loss"):
        return -1
    if called(node) in ("log", "log_softmax", "log2"):
        return 1
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_sign_of_objective(node.operand)
    if isinstance(node, ast.Subscript | ast.Attribute):
        return _sign_of_objective(node.value)
    if isinstance(node, ast.Call):
        if isinstance(node.func, ast.Attribute) and (sign := _sign_of_objective(node.func.value)):
            return sign
        return _sign_of_objective(node.args[0]) if len(node.args) == 1 and called(node) in ("mean", "sum") else 0
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
        right = _sign_of_objective(node.right)
        return _sign_of_objective(node.left) or (right if isinstance(node.op, ast.Add) else -right)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        return _sign_of_objective(node.left)
    return 0
