"""The code of a file, and what helps to read its loops."""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = [
    "Code",
    "Found",
    "Loop",
    "called",
    "mentions_grad",
    "names_in",
    "outer_loops",
    "pairs_of",
    "says_bits",
    "shows_another",
    "stored",
    "sums_for",
    "value_of",
]

Loop = ast.For | ast.While
DIVIDING = ("sum", "softmax", "log_softmax")  # what has an axis along which a table is divided by sums


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


def outer_loops(tree: ast.AST) -> Iterator[Loop]:
    """Yield the loops that stand in no other one, in functions too."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, Loop):
            yield node
        else:
            yield from outer_loops(node)


def called(node: ast.AST) -> str:
    """Return the name of what a call calls, without what stands before its dot."""
    if not isinstance(node, ast.Call):
        return ""
    return getattr(node.func, "attr", "") or getattr(node.func, "id", "")


def mentions_grad(node: ast.AST) -> bool:
    """Tell whether a gradient stands in it."""
    return any(isinstance(part, ast.Attribute) and part.attr == "grad" for part in ast.walk(node))


def names_in(node: ast.AST, kind: type[ast.expr_context] = ast.Load) -> set[str]:
    """Return the names in it that are read, or those that are stored."""
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name) and isinstance(part.ctx, kind)}


def stored(statement: ast.Assign) -> set[str]:
    """Return the names that an assignment stores something in."""
    return {name for target in statement.targets for name in names_in(target, ast.Store)}


def pairs_of(statement: ast.Assign) -> list[tuple[str, str]]:
    """Return what is stored where, as it is written; `a, b = c, d` stores two things."""
    pairs: list[tuple[str, str]] = []
    for target in statement.targets:
        both = isinstance(target, ast.Tuple) and isinstance(statement.value, ast.Tuple)
        many = both and len(target.elts) == len(statement.value.elts)  # type: ignore[attr-defined]  # tuples, as was just asked
        parts = zip(target.elts, statement.value.elts, strict=True) if many else [(target, statement.value)]  # type: ignore[attr-defined]  # tuples, too
        pairs += [(ast.unparse(one), ast.unparse(value)) for one, value in parts]
    return pairs


def value_of(node: ast.expr, names: Mapping[str, Any], parts: tuple[type[ast.AST], ...]) -> Any:
    """Return what an expression comes to that is made of names and such parts of the syntax alone; else None."""
    if not all(isinstance(one, parts) for one in ast.walk(node)):
        return None
    try:
        return eval(ast.unparse(node), {"__builtins__": {}}, {**names})
    except Exception:  # what it reads is local to a function, or another by now
        return None


def sums_for(name: str, tree: ast.AST) -> list[tuple[int, bool]]:
    """Return the sums along an axis that a name is made of, or else all there are: the axis, and whether it is kept."""
    own = [node for node in ast.walk(tree) if isinstance(node, ast.Assign | ast.AugAssign) and name in _targets(node)]
    for places in own, [tree]:
        calls = [part for place in places for part in ast.walk(place) if called(part) in DIVIDING]
        axes = [_axis_of(call) for call in calls if isinstance(call, ast.Call)]
        if found := [(axis, kept) for axis, kept in axes if axis is not None]:
            return found
    return []


def says_bits(name: str, codes: Sequence[Code]) -> bool:
    """Tell whether a value is in bits on purpose: it is called so, or what it is made of is divided by log 2."""
    if re.search(r"(?i)(^|[^a-z])(bits?|bpc|bpt)($|[^a-z])", name):
        return True
    of = re.sub(r"\.(item|detach|tolist)\(\)", "", name)  # what is only shown is called as it is written
    for code in [*codes, Code("", name)]:
        for node in ast.walk(code.tree()):
            own = isinstance(node, ast.Assign) and of in stored(node)
            if (own or (isinstance(node, ast.Expr) and not code.place)) and any(map(_divides_by_log_2, ast.walk(node))):
                return True
    return False


def _divides_by_log_2(node: ast.AST) -> bool:
    if not (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div)):
        return False
    return re.fullmatch(r"(\w+\.)?log\((\w+\.tensor\()?2(\.0?)?\)+|0\.6931\d*", ast.unparse(node.right)) is not None


def shows_another(slips: Sequence[str], sums: Sequence[tuple[int, bool]]) -> bool:
    """Tell whether the sums that stand in the code show that a slip in dividing is another one."""
    shown = {
        "normalize/keepdim_forgotten": any(not kept and axis not in (0, -2) for axis, kept in sums),
        "normalize/columns_divided_for_rows": any(axis in (0, -2) for axis, _ in sums),
    }
    return any(not shown.get(slip, True) for slip in slips)


def _targets(node: ast.Assign | ast.AugAssign) -> set[str]:
    return stored(node) if isinstance(node, ast.Assign) else names_in(node.target, ast.Store)


def _axis_of(call: ast.Call) -> tuple[int | None, bool]:
    """Return along which axis a sum is taken, None if that is not written as a number, and whether it is kept."""
    options = {option.arg: option.value for option in call.keywords}
    of = getattr(call.func.value, "id", "") if isinstance(call.func, ast.Attribute) else "F"
    own = of not in ("torch", "np", "numpy", "F")
    places = call.args if own else call.args[1:]
    axis = next((options[name] for name in ("dim", "axis") if name in options), places[0] if places else None)
    keeps = next((options[name] for name in ("keepdim", "keepdims") if name in options), None)
    keeps = places[1] if keeps is None and len(places) > 1 else keeps
    try:
        number = ast.literal_eval(axis) if axis is not None else None
    except ValueError:
        number = None
    kept = called(call) != "sum" or (keeps is not None and not (isinstance(keeps, ast.Constant) and not keeps.value))
    return (number if isinstance(number, int) else None), kept
