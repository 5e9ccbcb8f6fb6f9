"""Solutions: the plain way first, which the hints lead to, and then the package's own function with its helpers."""

import ast
import textwrap

from bigramlab.lab.exercises import Exercise, source_of
from bigramlab.lab.rungs import RUNGS

__all__ = ["careful_of", "plain_of", "solution_of"]


def solution_of(exercise: Exercise) -> str:
    """Return both; ours alone if no hints are written yet."""
    if exercise.name not in RUNGS:
        return careful_of(exercise)
    first, then = "# The plain way, right for all input that makes sense:", "# Ours, which refuses the rest, too:"
    return f"{first}\n\n{plain_of(exercise)}\n\n\n{then}\n\n{careful_of(exercise)}"


def plain_of(exercise: Exercise) -> str:
    """Return what is right and no more: what the hints lead to."""
    text, tree = source_of(exercise.lesson)
    lines = text.splitlines()
    function = _definitions(tree)[exercise.name]
    assert isinstance(function, ast.FunctionDef)
    body = textwrap.indent(RUNGS[exercise.name].body, "    ")
    lines[function.body[0].lineno - 1 : function.end_lineno] = body.splitlines()
    return _with_helpers(exercise, "\n".join(lines))


def careful_of(exercise: Exercise) -> str:
    """Return our function with the helpers and constants of its module that it uses, and say where the rest is."""
    return _with_helpers(exercise, source_of(exercise.lesson)[0])


def _with_helpers(exercise: Exercise, text: str) -> str:
    """Return the function out of a module's text, with what it uses of it, and say where the rest is."""
    tree = ast.parse(text)
    here = f"bigramlab.lessons.{exercise.lesson}"
    nodes = _definitions(tree)
    places = _imported_from(tree) | dict.fromkeys(nodes, here)
    public = {str(one.value) for one in ast.walk(nodes["__all__"]) if isinstance(one, ast.Constant)}
    shown, elsewhere, to_read = {exercise.name}, set(), [exercise.name]
    while to_read:
        used = _names_in(nodes[to_read.pop()]) & set(places)
        helpers = {name for name in used - public if places[name] == here and _is_helper(nodes[name])}
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


def _is_helper(node: ast.stmt) -> bool:
    """Tell whether a solution is shown with this, which is not public: not with what only refuses."""
    refuses = isinstance(node, ast.FunctionDef) and ast.unparse(node.returns or ast.Constant(None)) in (
        "None",
        "NoReturn",
    )
    return not refuses


def _remark(names: set[str], places: dict[str, str]) -> str:
    """Say where the other names stand."""
    checks = any(name.lstrip("_").startswith(("require", "refuse")) for name in names)
    lines = ["# Used, and not shown" + " (what is called require or refuse checks the arguments)" * checks + ":"]
    for place in sorted({places[name] for name in names}):
        there = sorted(name for name in names if places[name] == place)
        lines.append(f"#   {place.replace('.', '/')}.py: {', '.join(there)}")
    return "\n".join(lines)
