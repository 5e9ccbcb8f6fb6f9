"""The code of a file, and what helps to read its loops."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["Code", "Found", "Loop", "called", "mentions_grad", "names_in", "outer_loops", "stored"]

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
