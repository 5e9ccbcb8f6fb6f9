"""Probabilities that are mixed: the weights of a mixture sum to 1."""

import ast
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from torch import Tensor

from bigramlab.judge.reading_code import Code, Found, called, stored

__all__ = ["weights_of_mixtures"]

ROUNDING = 1e-6
PROBABILITY = re.compile(r"(?i)p\d*|p_\w+|probs?\w*|p(uni|bi|tri)\w*")
NO_MIXTURE = re.compile(r"(?i)score|backoff|loss|unnormali[sz]ed")


def weights_of_mixtures(codes: Sequence[Code], names: Mapping[str, Any]) -> Iterator[Found]:
    """Yield the sums of probabilities whose weights are numbers that are written once, and do not sum to 1.

    Args:
        codes: The code of the file.
        names: The values of the file.
    """
    nodes = [node for code in codes for node in ast.walk(code.tree())]
    often = Counter(node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store))
    often.update(node.arg for node in nodes if isinstance(node, ast.arg))  # a parameter may be another number
    known = {name: names[name] for name in often if often[name] == 1 and type(names.get(name)) is float}
    for code in codes:
        for statement, name in _kept(code.tree()):
            for part in _whole_sums(statement.value) if often[name] < 2 else ():
                weights = _weights(part, names, known)
                if len(weights) > 1 and abs(sum(weights) - 1) > ROUNDING:
                    what = name or ast.unparse(part)
                    total = f"{sum(weights):.4g}"
                    text = f"probabilities are mixed with weights that sum to {total}, so the result is no probability"
                    yield Found(what, code.place_of(statement), text, "Have the weights of the mixture sum to 1.")


def _kept(tree: ast.Module) -> Iterator[tuple[Any, str]]:
    """Yield what is kept under the name of a probability, with that name, and what a function returns."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and len(stored(node)) == 1 and PROBABILITY.fullmatch(min(stored(node))):
            yield node, min(stored(node))
        if isinstance(node, ast.FunctionDef) and not NO_MIXTURE.search(node.name):
            yield from ((one, "") for one in ast.walk(node) if isinstance(one, ast.Return) and one.value)


def _whole_sums(node: ast.expr) -> Iterator[ast.BinOp]:
    """Yield the sums that are no part of another calculation, which may divide by the sum of the weights."""
    parts = [part for part in ast.walk(node) if isinstance(part, ast.BinOp)]
    inner = {id(side) for part in parts for side in (part.left, part.right)}
    yield from (part for part in parts if isinstance(part.op, ast.Add) and id(part) not in inner)


def _weights(node: ast.BinOp, names: Mapping[str, Any], known: Mapping[str, float]) -> list[float]:
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
        weight = next((one for side, of in sides if _is_probability(of, names) if (one := _number(side, known))), None)
        if weight is None or not 0 < weight < 1:
            return []
        found.append(weight)
    return found


def _is_probability(node: ast.expr, names: Mapping[str, Any]) -> bool:
    """Tell whether it is a cell or row of a table of probabilities, or called like one."""
    if isinstance(node, ast.Call):
        return PROBABILITY.fullmatch(called(node)) is not None
    base = node.value if isinstance(node, ast.Subscript) else node
    base = base.value if isinstance(base, ast.Subscript) else base
    if not isinstance(base, ast.Name):
        return False
    table = names.get(base.id)
    if isinstance(table, Tensor) and table.dim():
        try:
            shares = table.detach().double()
            return bool(((shares.sum(-1) - 1).abs() < 1e-3).all() and ((shares > 0).sum(-1) > 1).all())
        except (RuntimeError, NotImplementedError):  # a sparse one, or one without numbers
            return False
    return PROBABILITY.fullmatch(base.id) is not None


def _number(node: ast.expr, known: Mapping[str, float]) -> float | None:
    """Return the number that is written, or that a name stands for, or a difference of such."""
    if isinstance(node, ast.Constant):
        return float(node.value) if isinstance(node.value, float | int) else None
    if isinstance(node, ast.Name):
        return known.get(node.id)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub):
        left, right = _number(node.left, known), _number(node.right, known)
        return None if left is None or right is None else left - right
    return None
