"""Functions of several parts, each of which can go wrong in several ways, alone or two or three at once.

A family is one function with choices: for each part, what is right and what learners do instead. All that differ from
the right one in few parts are tried, those that differ in one part first.
"""

from collections.abc import Callable, Iterator
from importlib import import_module
from itertools import combinations, product
from typing import Any

from bigramlab.judge.causes.variation import bound
from bigramlab.mistakes import Mistake

__all__ = ["ALL_THE_SAME", "Choice", "Part", "Run", "family", "members"]

Choice = tuple[str, Any, str]  # a name, what it is, and what is wrong with it
Part = tuple[str, Any, list[Choice]]  # a name, what is right, and what is done instead
Run = Callable[[dict[str, Any], dict[str, Any]], Any]  # of the arguments and the choices

FAMILIES: dict[str, tuple[Run, list[Part]]] = {}
ROOMS = (
    *("tables", "losses", "entropies", "counting", "encoding", "contexts", "networks"),
    *("choosing", "attention", "blocks", "transformers", "caching", "training", "mlp_training", "writing"),
)
ALL_THE_SAME = {
    "ties_keep_more",
    "divided_where_it_is_kept",
    "nothing_left_as_zeros",
    "as_before_where_nothing_is_left",
}
"""Right for input that makes sense, so no part of what is wrong."""
SEEN = ""  # the call above shows it


def family(name: str, run: Run, parts: list[Part]) -> None:
    """Make a family known."""
    FAMILIES[name] = run, parts


def members(name: str, most: int = 2) -> Iterator[tuple[list[Mistake], Callable[..., Any]]]:
    """Yield what differs from our function in one part, then in two and so on, with what is wrong in each."""
    for room in ROOMS:
        import_module(f"bigramlab.judge.causes.parts_of_{room}")
    if name not in FAMILIES:
        return
    run, parts = FAMILIES[name]
    right = {part: value for part, value, _ in parts}
    for n in range(1, most + 1):
        for some in combinations(parts, n):
            for choices in product(*(choices for _, _, choices in some)):
                chosen = right | {part: choice for (part, *_), (_, choice, _) in zip(some, choices, strict=True)}

                def function(*arguments: Any, chosen: dict[str, Any] = chosen, **options: Any) -> Any:
                    return run(bound(name, arguments, options), chosen)

                yield [Mistake(name, slip, wrong, SEEN, function) for slip, _, wrong in choices], function
