"""What a catalogued mistake is."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

__all__ = ["MISTAKES", "Mistake", "mistake"]


@dataclass(frozen=True)
class Mistake:
    """A wrong way to write a function, as learners do write it.

    Attributes:
        function: The name of the function that it gets wrong.
        name: The mistake's own name.
        wrong: What is wrong, in a sentence.
        seen: How to see it, in a sentence.
        run: The wrong function.
    """

    function: str
    name: str
    wrong: str
    seen: str
    run: Callable[..., Any]


MISTAKES: dict[str, list[Mistake]] = {}
"""The mistakes made with each function, the most common first."""


def mistake(function: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Put the decorated function into the catalogue; its docstring says what is wrong and then how to see it."""

    def register(run: Callable[..., Any]) -> Callable[..., Any]:
        wrong, seen = (" ".join(part.split()) for part in (inspect.getdoc(run) or "").split("\n\n"))
        MISTAKES.setdefault(function, []).append(Mistake(function, run.__name__, wrong, seen, run))
        return run

    return register
