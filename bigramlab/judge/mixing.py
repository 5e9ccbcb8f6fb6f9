"""Probabilities that are mixed: the weights of a mixture sum to 1."""

import ast
import contextlib
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from torch import Tensor

from bigramlab.judge.reading_code import Code, Found, called, names_in, stored

__all__ = ["weights_of_mixtures"]

ROUNDING = 1e-6
PROBABILITY = re.compile(r"(?i)p\d*|p_\w+|probs?\w*|p(uni|bi|tri)\w*")


def weights_of_mixtures(codes: Sequence[Code], names: Mapping[str, Any]) -> Iterator[Found]:
    """Yield the sums of probabilities whose weights are known numbers that do not sum to 1."""
    for code in codes:
        added_to = {
            name
            for node in ast.walk(code.tree())
            if isinstance(node, ast.AugAssign)
            for name in names_in(node.target, ast.Store)
        }
        for node in ast.walk(code.tree()):
            if not isinstance(node, ast.Assign | ast.Return) or node.value is None:
                continue
            if isinstance(node, ast.Assign) and stored(node) & added_to:
                continue  # what is still missing is added later
            for part in _whole_sums(node.value):
                weights = _weights(part, names)
                if len(weights) > 1 and abs(sum(weights) - 1) > ROUNDING:
                    name = ast.unparse(node.targets[0]) if isinstance(node, ast.Assign) else ast.unparse(part)
                    text = f"probabilities are mixed with weights that sum to {sum(weights):.4g}: it is no probability"
                    yield Found(name, code.place_of(node), text, "Have the weights of the mixture sum to 1.")


def _whole_sums(node: ast.expr) -> Iterator[ast.BinOp]:
    """Yield the sums that are no part of another calculation, which may divide by the sum of the weights."""
    parts = [part for part in ast.walk(node) if isinstance(part, ast.BinOp)]
    inner = {id(side) for part in parts for side in (part.left, part.right)}
    yield from (part for part in parts if isinstance(part.op, ast.Add) and id(part) not in inner)


def _weights(node: ast.BinOp, names: Mapping[str, Any]) -> list[float]:
    """Return the weights in a sum of weighted probabilities; none if anything else is added."""
    terms, found = [node.left, node.right], list[float]()
    while terms:
        term = terms.pop()
        if isinstance(term, ast.BinOp) and isinstance(term.op, ast.Add):
            terms += [term.left, term.right]
            continue
        if not isinstance(term, ast.BinOp) or not isinstance(term.op, ast.Mult):
            return []
        sides = [(term.left, term.right), (term.right, term.left)]
        weight = next((one for side, of in sides if _is_probability(of, names) if (one := _number(side, names))), None)
        if weight is None or weight < 0:
            return []
        found.append(weight)
    return found


def _is_probability(node: ast.expr, names: Mapping[str, Any]) -> bool:
    """Tell whether it is a cell or row of a table of probabilities, or called like one."""
    if isinstance(node, ast.Call):
        return PROBABILITY.fullmatch(called(node)) is not None
    base = node.value if isinstance(node, ast.Subscript) else node
    if isinstance(base, ast.Subscript):
        base = base.value
    if not isinstance(base, ast.Name):
        return False
    table = names.get(base.id)
    if isinstance(table, Tensor) and table.is_floating_point() and table.dim():
        return bool(((table.detach().sum(-1) - 1).abs() < 1e-3).any())
    return PROBABILITY.fullmatch(base.id) is not None


def _number(node: ast.expr, names: Mapping[str, Any]) -> float | None:
    """Return the number that is written, or that a name of the file stands for, or a difference of such."""
    value: Any = None
    if isinstance(node, ast.Constant):
        value = node.value
    elif isinstance(node, ast.Name):
        value = names.get(node.id)
    elif isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and isinstance(node.slice, ast.Constant):
        with contextlib.suppress(KeyError, IndexError, TypeError):
            value = names[node.value.id][node.slice.value]
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub):
        left, right = _number(node.left, names), _number(node.right, names)
        value = None if left is None or right is None else left - right
    return float(value) if type(value) in (int, float) else None
