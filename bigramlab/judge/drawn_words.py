"""By which probabilities a function of a file draws its words, seen from many of them.

It is called as the file has it, so it may keep its table wherever it likes. That it is right is said of its words
alone; that it is wrong only where a slip is named that fits.
"""

import inspect
import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor

from bigramlab.judge import clock
from bigramlab.judge.guarding import Guard
from bigramlab.judge.reviewed import NOT_JUDGED, RIGHT, WRONG, Item, Thing
from bigramlab.lessons.counting import count_bigrams
from bigramlab.lessons.encoding import build_vocabulary

__all__ = ["look_at_walks"]

SECONDS = 1.0  # for a word
SECONDS_TO_DRAW = 4.0
WORDS = 600
FEWEST = 60
LIKELY, UNLIKELY = 4.0, 9.0  # standard errors
GENERATORS: tuple[Callable[[], Any], ...] = (
    lambda: random.Random(0),
    lambda: torch.Generator().manual_seed(0),
    lambda: np.random.default_rng(0),
)
IS_GENERATOR = re.compile(r"(?i)(rng|gen|g|generator|rand|random_state|key)")
DRAW = {"random", "choice", "choices", "multinomial", "sample", "Categorical", "searchsorted", "rand", "bisect"}
DRAW |= {"randint", "uniform", "integers"}
IS_BEGINNING = re.compile(
    r"(?i)start|first|begin|prefix|prompt|init|letter|context|seed_|^(ch|c|s|ix|idx|id|cur|prev)$"
)
A_K = re.compile(r"with k = ([\d.]+)")
Bound = Callable[[], Any]


def look_at_walks(
    things: Sequence[Thing], names: Mapping[str, Any], found: Mapping[int, Item], words: Sequence[str]
) -> Iterator[tuple[int, Item]]:
    """Yield what there is to say of what draws a word, where the file's probabilities are known to be right.

    Args:
        things: What was made.
        names: The globals of the file.
        found: What is known of each thing, by its place.
        words: The words that the table was made of.
    """
    tables = [item for item in found.values() if item.verdict == RIGHT and item.text.startswith("the probabilities")]
    counted = [
        item for item in found.values() if item.verdict == RIGHT and item.text.startswith(("the counts", "how of"))
    ]
    if not (tables or counted) or any(" of `" in item.text for item in [*tables, *counted]):  # of a part of the words
        return
    k = next((float(one[1].rstrip(".")) for item in tables if (one := A_K.search(item.text))), 0.0)
    vocabulary = build_vocabulary(words)
    counts = count_bigrams(words, vocabulary).double() + k
    for at, name, call, may_draw in _callable(things, names, found):
        with Guard(seconds=SECONDS, name=name) as guard, torch.random.fork_rng():
            drawn = _draw(call, guard)
        if len({*drawn}) == 1 and may_draw:  # by a seed of its own, it may be
            continue
        if drawn and (said := _said_of(drawn, counts, vocabulary)):
            yield at, Item(name, things[at].place, *said, f"`{name}`: {said[1]}.")


def _callable(
    things: Sequence[Thing], names: Mapping[str, Any], found: Mapping[int, Item]
) -> Iterator[tuple[int, str, Bound, bool]]:
    """Yield the functions and methods that may draw a word, bound to what they are given, and whether they draw."""
    here = names.get("__name__", "__main__")
    for at, thing in enumerate(things):
        unclear = at not in found or found[at].verdict == NOT_JUDGED
        value = names.get(thing.name)
        if value is not thing.value or not unclear:
            continue
        own: list[tuple[str, Any]] = [(thing.name, value)] if inspect.isfunction(value) else []
        if here in (type(value).__module__, isinstance(value, type) and value.__module__):
            own = [
                (f"{thing.name}.{name}", getattr(value, name, None)) for name in dir(value) if not name.startswith("__")
            ]
            own = [(name, method) for name, method in own if inspect.ismethod(method)]
            own += [(f"{thing.name}.__call__", value.__call__)] if "__call__" in vars(type(value)) else []
        for name, function in own:
            if given := _given(function, names):
                yield at, name, given, bool(DRAW & _names_in(function, names))


def _given(function: Callable[..., Any], names: Mapping[str, Any]) -> Bound | None:
    """Return a call of a function with what the file has under the names of its parameters."""
    parameters = inspect.signature(function).parameters
    if not DRAW & _names_in(function, names) and not any(map(IS_GENERATOR.fullmatch, parameters)):
        return None
    if any(IS_BEGINNING.search(name) for name in parameters):  # its words begin as the caller says
        return None
    needed = [one for one in parameters.values() if one.default is one.empty]
    given: dict[str, Any] = {one.name: names[one.name] for one in needed if one.name in names}
    left = [one.name for one in needed if one.name not in given]
    if len(left) > 1 or not all(IS_GENERATOR.fullmatch(name) for name in left):
        return None
    for make in GENERATORS if left else ():
        generator = make()
        try:
            with Guard(seconds=SECONDS) as guard:
                if isinstance(guard.call(function, **given, **{left[0]: generator}), str):
                    return lambda: function(**given, **{left[0]: generator})
        except Exception:  # it takes another kind of generator
            continue
    return None if left else lambda: function(**given)


def _names_in(function: Callable[..., Any], names: Mapping[str, Any], deep: int = 2) -> set[str]:
    """Return the names that a function's code has, and those of the file's functions that it calls."""
    code = getattr(inspect.unwrap(getattr(function, "__func__", function)), "__code__", None)
    codes = [code, *(one for one in code.co_consts if hasattr(one, "co_names"))] if code else []
    found = {name for one in codes for name in one.co_names}
    helpers = [names[name] for name in found if deep and inspect.isfunction(names.get(name))]
    return found.union(*(_names_in(one, names, deep - 1) for one in helpers))


def _draw(call: Bound, guard: Guard) -> list[str]:
    """Return many words that a function draws, or as many as there is time for; none if it draws something else."""
    drawn: list[str] = []
    until = clock.seconds() + SECONDS_TO_DRAW
    try:
        while len(drawn) < WORDS and clock.seconds() < until:
            word = guard.call(call)
            if not isinstance(word, str):
                return []
            drawn.append(word)
            if len(drawn) == FEWEST and len(set(drawn)) == 1:
                break
    except Exception:
        return []
    return drawn


def _said_of(drawn: Sequence[str], counts: Tensor, vocabulary: str) -> tuple[str, str] | None:
    """Say by what words are drawn: by the probabilities, or with a slip."""
    drawn = [word.lower().strip(".^$~ \n") if word.lower() != word else word.strip(".^$~\n") for word in drawn]
    if not set("".join(drawn)) <= set(vocabulary) or sum(map(len, drawn)) < FEWEST:
        return None
    rows = counts.sum(1, keepdim=True)
    right = counts / rows.clamp(min=1)
    pairs = _pairs(drawn, vocabulary)
    if len(set(drawn)) == 1:
        if all(row[after] == row.max() for row, after in ((right[before], after) for before, after in pairs[:20])):
            return WRONG, "it takes the likeliest token at each step and draws none, so all its words are the same"
        return None
    if _fits(pairs, right):
        return RIGHT, "its words are drawn by the probabilities"
    if _errors(pairs, right) < UNLIKELY and _errors(_first(pairs), right) < UNLIKELY:
        return None
    size = len(vocabulary)
    ways = (
        ("every token is drawn as often as any other: the probabilities have no part in it", torch.ones(size, size)),
        ("what may follow is drawn evenly, however often it does: the weights are missing", (counts > 0).double()),
        (
            "each token is drawn by the same row, that of the boundary, whatever came before",
            counts[:1].expand(size, -1),
        ),
        ("it goes down the columns of the table, and should go along the rows", right.T),
    )
    for text, shares in ways:
        if _fits(pairs, shares / shares.sum(1, keepdim=True).clamp(min=1e-12)):
            return WRONG, text
    if _fits(_pairs([word[::-1] for word in drawn], vocabulary), right):
        return WRONG, "the letters of its words come out backwards"
    later, begun = [pair for pair in pairs if pair[0]], _first(pairs)
    if _errors(later, right) < LIKELY and _errors(begun, right) > UNLIKELY and len(set(begun)) > 1:
        for told, row in _beginnings(right, vocabulary):
            if _errors(begun, row.expand(size, -1)) < LIKELY:
                return WRONG, f"its words begin {told}, and should as the boundary's row says: start there"
    return None


def _beginnings(right: Tensor, vocabulary: str) -> Iterator[tuple[str, Tensor]]:
    """Yield how words begin if the walk starts elsewhere. Who gives a beginning, or throws some away, means to."""
    yield from ((f"as if after `{token}`", row) for token, row in zip(vocabulary[1:], right[1:], strict=True))
    yield "as if after just any letter", right[1:].mean(0)
    yield "as if after just any token", right.mean(0)
    yield "with each letter alike", torch.ones(len(right)).index_fill(0, torch.tensor([0]), 0) / (len(right) - 1)


def _pairs(words: Sequence[str], vocabulary: str) -> list[tuple[int, int]]:
    ids = ([0, *map(vocabulary.index, word), 0] for word in words)
    return [pair for one in ids for pair in pairwise(one)]


def _first(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    return [pair for pair in pairs if pair[0] == 0]


def _fits(pairs: Sequence[tuple[int, int]], shares: Tensor) -> bool:
    """Tell whether pairs follow the shares, those at the beginning of a word, too."""
    return _errors(pairs, shares) < LIKELY and _errors(_first(pairs), shares) < LIKELY


def _errors(pairs: Sequence[tuple[int, int]], shares: Tensor) -> float:
    """Return by how many standard errors the log-likelihood of pairs is another than that of the shares."""
    logs = shares.clamp(min=1e-9).log()
    means = (shares * logs).sum(1)
    spreads = (shares * (logs - means[:, None]) ** 2).sum(1)
    before, after = torch.tensor(pairs).T
    off = float((logs[before, after] - means[before]).sum())
    if (shares[before, after] == 0).any():
        return float("inf")
    spread = float(spreads[before].sum())
    chi = _of_cells(before, after, shares)
    return max(abs(off) / spread**0.5 if spread > 1e-9 else 0.0, chi)


def _of_cells(before: Tensor, after: Tensor, shares: Tensor) -> float:
    """Return by how many standard errors the cells that should be often met are met otherwise."""
    counted = torch.zeros_like(shares).index_put(
        (before, after), torch.ones(len(before), dtype=shares.dtype), accumulate=True
    )
    wanted = counted.sum(1, keepdim=True) * shares
    often = wanted > 10
    if not often.any():
        return 0.0
    chi = float(((counted - wanted) ** 2 / wanted.clamp(min=1))[often].sum())
    freedom = int(often.sum())
    return float((chi - freedom) / (2 * freedom) ** 0.5)
