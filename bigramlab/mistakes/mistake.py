"""What a catalogued mistake is."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from bigramlab.chapters import OfFunctions

__all__ = ["MISTAKES", "Mistake", "mistake"]


@dataclass(frozen=True)
class Mistake:
    """A wrong way to write a function, as learners do write it. None need refuse anything but what it is about.

    Attributes:
        function: The name of the function that it gets wrong.
        name: The mistake's own name.
        wrong: What is wrong, in a sentence.
        seen: How to see it, in a sentence.
        run: The wrong function.
        careless: Whether it breaks care laws only: what it computes for input that makes sense is right.
    """

    function: str
    name: str
    wrong: str
    seen: str
    run: Callable[..., Any]
    careless: bool = False


MISTAKES: OfFunctions[Mistake] = OfFunctions(lambda lesson: import_module(f"bigramlab.mistakes.{lesson}"))
"""The mistakes made with each function, the most common first."""


def mistake(
    function: str, *, careless: bool = False, given: Callable[..., Any] = lambda vary: vary
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Put the decorated function into the catalogue; its docstring says what is wrong and then how to see it.

    Where many mistakes vary one plain function, `given` makes of the variation a function with the right parameters.
    """

    def register(vary: Callable[..., Any]) -> Callable[..., Any]:
        wrong, seen = (" ".join(part.split()) for part in (inspect.getdoc(vary) or "").split("\n\n"))
        mistakes = MISTAKES.on(function, vary.__module__)
        mistakes.append(Mistake(function, vary.__name__, wrong, seen, given(vary), careless))
        return vary

    return register
