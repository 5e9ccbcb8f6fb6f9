"""What is known of a function that is wrong: its calls, and what ours does in each."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bigramlab.judge.causes.variation import bound
from bigramlab.judge.guarding import Guard
from bigramlab.judge.recording import Call
from bigramlab.mistakes import Mistake

__all__ = ["Case", "holds"]


@dataclass(frozen=True)
class Case:
    """What is known of a function that is wrong.

    Attributes:
        name: Which function it should be.
        function: The learner's.
        calls: Its calls, the smallest example first.
        ours: What our own function does in each.
        guard: Runs more of them.
        constants: The numbers that stand in its code.
    """

    name: str
    function: Callable[..., Any]
    calls: list[Call]
    ours: list[Call]
    guard: Guard
    constants: list[float]

    def cause(self, name: str, wrong: str, seen: str) -> Mistake:
        """Make a mistake of a name and two sentences; it does what the function does."""
        return Mistake(self.name, name, wrong, seen, self.function)

    def parameters(self) -> list[str]:
        """Return the names of our function's parameters."""
        return list(bound(self.name, self.calls[0].arguments, self.calls[0].options)) if self.calls else []


def holds(test: Callable[[], bool]) -> bool:
    """Tell whether it holds; a result that can't be tested so has another slip."""
    try:
        return test()
    except Exception:
        return False
