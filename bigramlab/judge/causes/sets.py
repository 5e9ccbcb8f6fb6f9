"""A `set` has no order: what goes through one gives another result from run to run."""

from collections.abc import Callable, Iterator
from typing import Any

from bigramlab.judge.causes.case import Case
from bigramlab.judge.causes.code_reading import names_used, plain_function
from bigramlab.judge.causes.likeness import same_end
from bigramlab.mistakes import Mistake

__all__ = ["order_of_a_set"]


def order_of_a_set(case: Case) -> Mistake | None:
    """It is right as soon as the sets it makes are gone through in an order that does not change."""
    plain = plain_function(case.function)
    if plain is None or "set" not in names_used(plain) or "set" in plain.__globals__:
        return None
    wrong = [pair for pair in zip(case.calls, case.ours, strict=True) if not same_end(*pair)]
    for order in (sorted, dict.fromkeys):
        plain.__globals__["set"] = _going_through(order)
        try:
            right = all(same_end(call.again(case.function, case.guard), ours) for call, ours in wrong)
        finally:
            del plain.__globals__["set"]
        if wrong and right:
            return case.cause("order_of_a_set", "It goes through a `set`, which has no order: the same input "
                              "may give another result each time Python is started.", "Print `list(set(\"emma\"))` in two "
                              "sessions: the letters stand in another order.")  # fmt: skip
    return None


def _going_through(order: Callable[[Any], Any]) -> type:
    class Ordered(set[Any]):
        def __init__(self, items: Any = ()) -> None:
            items = [*items]
            super().__init__(items)
            self.items = [*order(dict.fromkeys(items))]

        def __iter__(self) -> Iterator[Any]:
            return iter(self.items)

    return Ordered
