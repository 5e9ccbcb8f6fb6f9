"""Solutions are the package's own functions, each with the helpers that it uses."""

import ast

from bigramlab.lab.exercises import Exercise, source_of

__all__ = ["solution_of"]


def solution_of(exercise: Exercise) -> str:
    """Return our function with the helpers and constants of its module that it uses, and say where the rest is."""
    text, tree = source_of(exercise.lesson)
    here = f"bigramlab.lessons.{exercise.lesson}"
    nodes = _definitions(tree)
    places = _imported_from(tree) | dict.fromkeys(nodes, here)
    shown, elsewhere, to_read = {exercise.name}, set(), [exercise.name]
    while to_read:
        used = _names_in(nodes[to_read.pop()]) & set(places)
        helpers = {name for name in used if places[name] == here and _is_helper(name, nodes[name])}
        to_read += helpers - shown
        shown |= helpers
        elsewhere |= used - helpers
    lines = text.splitlines()
    parts = ["\n".join(lines[nodes[name].lineno - 1 : nodes[name].end_lineno]) for name in nodes if name in shown]
    return "\n\n\n".join([*parts, *([_remark(elsewhere, places)] if elsewhere else [])])


def _definitions(tree: ast.Module) -> dict[str, ast.stmt]:
    """Return the functions, classes and constants of a module."""
    found: dict[str, ast.stmt] = {}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found[node.name] = node
        elif isinstance(node, ast.Assign):
            found |= dict.fromkeys(_names_in(node.targets[0]), node)
    return found


def _imported_from(tree: ast.Module) -> dict[str, str]:
    """Return which of our modules each imported name comes from."""
    found: dict[str, str] = {}
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("bigramlab."):
            found |= dict.fromkeys([alias.name for alias in node.names], node.module)
    return found


def _names_in(node: ast.AST) -> set[str]:
    return {found.id for found in ast.walk(node) if isinstance(found, ast.Name)}


def _is_helper(name: str, node: ast.stmt) -> bool:
    """Tell whether a solution is shown with this: a constant, or a private function that returns something."""
    if isinstance(node, ast.FunctionDef):
        return name.startswith("_") and ast.unparse(node.returns or ast.Constant(None)) not in ("None", "NoReturn")
    return name.startswith("_") or isinstance(node, ast.Assign)


def _remark(names: set[str], places: dict[str, str]) -> str:
    """Say where the other names stand."""
    lines = ["# Used, and not shown (functions that are called require or refuse check the arguments):"]
    for place in sorted({places[name] for name in names}):
        there = sorted(name for name in names if places[name] == place)
        lines.append(f"#   {place.replace('.', '/')}.py: {', '.join(there)}")
    return "\n".join(lines)
