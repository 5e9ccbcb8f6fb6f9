"""What a mistake looks like and does: its lines, and what they return beside what they should."""

import ast
import inspect
import textwrap
import warnings
from collections import Counter
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from typing import Any

import torch

import bigramlab
from bigramlab.chapters import LESSONS
from bigramlab.mistakes import Mistake

NAMES = {"tensor": torch.tensor, "torch": torch, "Counter": Counter, "Recipe": bigramlab.Recipe, "iter": iter}
"""What a kept call may use besides the function that it calls."""
LONGEST = 160  # characters of a result that can still be compared at a glance


@cache
def _lines() -> dict[tuple[str, str], str]:
    """Return the lines of all mistakes, by function and name."""
    return {key: lines for lesson in LESSONS if lesson.laws for key, lines in _lines_in(lesson.name)}


def _lines_in(lesson: str) -> Iterator[tuple[tuple[str, str], str]]:
    """Yield each mistake of a lesson and its lines, without the docstring, which is told, and without annotations."""
    source = inspect.getsource(import_module(f"bigramlab.mistakes.{lesson}"))
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef) and node.decorator_list:
            docstring, last = node.body[0].end_lineno or 0, node.end_lineno
            body = "\n".join(source.splitlines()[docstring:last])
            for argument in ast.walk(node.args):
                if isinstance(argument, ast.arg):
                    argument.annotation = None
            lines = f"def {node.name}({ast.unparse(node.args)}):\n{textwrap.indent(textwrap.dedent(body), '    ')}"
            for decorator in node.decorator_list:
                if isinstance(decorator, ast.Call) and isinstance(decorator.args[0], ast.Constant):
                    yield (str(decorator.args[0].value), node.name), lines


def lines_of(mistake: Mistake) -> str:
    """Return the code of a mistake. Where many vary one function, it is the variation."""
    return _lines()[mistake.function, mistake.name]


def answers(mistake: Mistake, call: str) -> tuple[str, str] | None:
    """Return what a call gives as it stands on the page, with the mistake and with our function.

    That is None where the page can't say it better than the law: a call of more than plain values, one that draws,
    results that look alike, or long ones.
    """
    ours = getattr(bigramlab, mistake.function)
    try:
        found, expected = (_short(_call(run, mistake.function, call)) for run in (mistake.run, ours))
    except (SyntaxError, NameError, ValueError):  # it is no Python, or ours refuses the numbers as they are rounded
        return None
    return (found, expected) if found and expected and found != expected else None


def _call(run: Any, name: str, call: str) -> Any:
    """Return what a call gives, if it has plain values only and draws nothing."""
    names = {node.id for node in ast.walk(ast.parse(call, mode="eval")) if isinstance(node, ast.Name)}
    if not names <= {*NAMES, name, "inf", "nan"} or "generator" in call:
        raise NameError(call)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return eval(call, {**NAMES, "inf": torch.inf, "nan": torch.nan, name: run})
        except (RuntimeError, IndexError, TypeError, AttributeError, KeyError):
            raise NameError(call) from None


def _short(result: Any) -> str:
    """Return a result as Python shows it, or nothing if that is long or says only where it lies in memory."""
    text = repr(result)
    return "" if len(text) > LONGEST or " at 0x" in text else text
