"""Learning rates that a loop plans for its own steps: they rise where they should fall, vanish, or never change."""

import ast
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bigramlab.judge.reading_code import Code, Found, called, names_in, outer_loops, stored, value_of

__all__ = ["slips_in_planned_rates"]

RATE = re.compile(r"(?i)(lr|learning_?rate|eta|step_?size)(_?(i|t|now|step))?|\w+\[['\"]lr['\"]\]")
SCHEDULE = re.compile(r"(LR|Scheduler|Restarts)$")
KNOWN = {"min": min, "max": max, "int": int, "float": float, "round": round, "math": math, "np": math}
TRIED = 200  # steps of a loop
FEWEST = 10  # steps that have a plan
WARM = 0.3  # of the steps: a lower rate for no longer is a warm-up
GONE = 1e-6  # of the largest rate: such a step changes nothing
NUMERIC = (
    *(ast.Constant, ast.Name, ast.Load, ast.BinOp, ast.operator, ast.UnaryOp, ast.unaryop, ast.Compare, ast.cmpop),
    *(ast.BoolOp, ast.boolop, ast.IfExp, ast.Call, ast.Attribute),
)
LONGEST = 200  # letters of a plan: a longer one is no plan


def slips_in_planned_rates(codes: Sequence[Code], names: Mapping[str, Any]) -> Iterator[Found]:
    """Yield the learning rates that don't do what they are planned for.

    Args:
        codes: The code of the file.
        names: The values of the file: a plan reads them.
    """
    trees = [(code, code.tree()) for code in codes]
    for code, tree in trees:
        for loop in outer_loops(tree):
            trains = any(called(node) == "backward" or _is_grad(node) for node in ast.walk(loop))
            if isinstance(loop, ast.For) and isinstance(loop.target, ast.Name) and trains:
                yield from _planned(loop, loop.target.id, code, names)
    yield from _stepped_late(trees)


def _is_grad(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "grad"


def _planned(loop: ast.For, turn: str, code: Code, names: Mapping[str, Any]) -> Iterator[Found]:
    steps = _steps(loop.iter, names)
    for node in (node for part in loop.body for node in ast.walk(part)):
        if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Mult) and _is_rate(node.target):
            compared = any(isinstance(one, ast.Compare) for one in ast.walk(node.value))
            if turn in names_in(node.value) and not compared:
                rate = ast.unparse(node.target)
                text = f"it is multiplied anew in each step, by what `{turn}` says, so the factors pile up"
                yield Found(rate, code.place_of(node), text, "Set it to its first value times the factor.")
        elif isinstance(node, ast.Assign) and _is_rate(node.targets[0]) and len(steps) > FEWEST:
            found = _wrong_in(node, turn, steps, names)
            yield from [Found(ast.unparse(node.targets[0]), code.place_of(node), *found)] if found else []


def _is_rate(target: ast.expr) -> bool:
    return RATE.fullmatch(ast.unparse(target)) is not None


def _wrong_in(node: ast.Assign, turn: str, steps: Sequence[int], names: Mapping[str, Any]) -> tuple[str, str] | None:
    """Say what is wrong with the rates of a loop's steps."""
    if turn not in names_in(node.value) or len(ast.unparse(node.value)) > LONGEST:
        return None
    rates = [_value(node.value, {**names, turn: step}) for step in steps]
    if not all(type(rate) in (int, float) and rate >= 0 for rate in rates):
        return None
    piecewise = 1 < len(set(rates)) < 5 and any(isinstance(one, ast.Compare) for one in ast.walk(node.value))
    changes = next((at for at, rate in enumerate(rates) if rate > rates[0]), 0)
    if piecewise and rates == sorted(rates) and changes > WARM * len(rates):
        between = range(steps[changes - 1] + 1, steps[changes] + 1)
        step = next(one for one in between if _value(node.value, {**names, turn: one}) > rates[0])
        text = f"it rises, from {rates[0]:g} to {rates[-1]:g} at step {step}: the large steps come last"
        return text, "Begin with the larger rate, and end with the smaller one."
    left = [step for step, rate in zip(steps, rates, strict=True) if rate >= GONE * max(rates)]
    if len(left) < len(steps) / 2 and rates == sorted(rates, reverse=True):
        return (
            f"from step {left[-1]} on it is less than a millionth of what it was: no step changes anything any more",
            "Let it fall more slowly.",
        )
    return None


def _steps(node: ast.expr, names: Mapping[str, Any]) -> list[int]:
    """Return some of the steps of a loop over a range, from the first to the last."""
    if called(node) != "range" or not isinstance(node, ast.Call) or node.keywords:
        return []
    bounds = [_value(one, names) for one in node.args]
    if not bounds or not all(type(one) is int for one in bounds):
        return []
    steps = range(*bounds) if bounds[2:] != [0] else range(0)
    return sorted({steps[int((len(steps) - 1) * at / TRIED)] for at in range(TRIED + 1)}) if steps else []


def _value(node: ast.expr, names: Mapping[str, Any]) -> Any:
    """Return what an expression of numbers, and of the file's own ones, comes to; None of anything else."""
    numbers = {name: names[name] for name in names_in(node) & names.keys() if type(names[name]) in (int, float)}
    return value_of(node, numbers | KNOWN, NUMERIC)


def _stepped_late(trees: Sequence[tuple[Code, ast.Module]]) -> Iterator[Found]:
    """Yield the schedules whose only steps stand behind the loop that trains, at the top of the file."""
    calls = [
        (code, node)
        for code, tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and called(node) == "step"
    ]
    top = {id(part.value) for _, tree in trees for part in tree.body if isinstance(part, ast.Expr)}
    nodes = [node for _, tree in trees for node in ast.walk(tree)]
    made = [node for node in nodes if isinstance(node, ast.Assign)]
    given = {one.id for node in nodes if isinstance(node, ast.Call) for one in node.args if isinstance(one, ast.Name)}
    for name in sorted({name for node in made if SCHEDULE.search(called(node.value)) for name in stored(node)}):
        own = [(code, node) for code, node in calls if ast.unparse(node.func) == f"{name}.step"]
        before = [node for _, node in calls if id(node) not in top]  # the optimizer's, in a loop
        if own and before and name not in given and all(id(node) in top for _, node in own):
            code, node = own[0]
            text = "it is called once, when the training is over, so the learning rate stays what it was in each step"
            yield Found(f"{name}.step()", code.place_of(node), text, "In the loop, after the optimizer's step.")
