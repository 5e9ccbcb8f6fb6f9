"""What a number is: the digits that it has say how near it must be to a known one."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import pairwise

import torch

from bigramlab.judge.making import FIRST, Made
from bigramlab.judge.reading import RIGHT, STEP, Candidate, slipped
from bigramlab.judge.slipping import COMMON, Found, Slip

__all__ = ["read_count", "read_number", "told_also"]

SHORT = 6  # digits, up to which a number is matched to its digits
LOOSE, TIGHT = 2e-4, 3e-6  # of a longer number: how far a loop in float32 may take it, and how far one line of torch
ROUNDED = "added up one by one in float32, whose rounding shows in the fifth digit"


def read_count(value: int, words: Sequence[str], made: Made) -> Iterator[Candidate]:
    """Yield what a whole number may count, the simplest first."""
    counts = torch.tensor(made.counts)
    n, total, size = made.words, int(counts.sum()), len(counts)
    cuts = [int(0.8 * n), int(0.9 * n), n]
    facts = [
        (n, "the number of words"),
        (size, "the size of the vocabulary"),
        (total, "the number of bigrams, and of examples with any context"),
        (total - n, "the number of letters in all words"),
        (size * size, "the number of cells in the table"),
        (len(set(words)), "the number of distinct words"),
        (size - 1, "the number of letters, without `.`"),
        (cuts[0], "80 % of the words"),
        (cuts[1], "90 % of the words"),
        *((end - start, "10 % of the words") for start, end in pairwise(cuts)),
    ]
    yield from (Candidate(RIGHT, what) for fact, what in facts if fact == value)
    if value < 100:
        return
    for id in (counts.sum(dim=1) == value).nonzero().flatten().tolist():
        yield Candidate(
            RIGHT, f"how often `{made.vocabulary[id]}` stands in the words" if id else "how often words begin"
        )
    cells = (counts == value).nonzero().tolist()
    if 0 < len(cells) <= 3:
        pairs = " or ".join(f"`{made.vocabulary[row]}{made.vocabulary[column]}`" for row, column in cells)
        yield Candidate(RIGHT, f"how often {pairs} was counted")
    for first in FIRST:
        if first < n and value == sum(len(word) + 1 for word in words[:first]):
            yield Candidate(STEP, f"the number of bigrams of the first {first} words only")
    for name, table in made.tables.items():
        if value == sum(map(sum, table)) != total:
            yield slipped("the number of bigrams", [Slip(f"count_bigrams/{name}")])


def read_number(value: float, made: Made) -> Iterator[Candidate]:
    """Yield what a number may be: what it fits exactly, then what rounding may have moved; right before wrong."""
    _, digits, exponent = Decimal(repr(value)).as_tuple()
    written = len("".join(map(str, digits)).strip("0"))
    unit = 0.5000001 * 10.0 ** int(exponent)
    tight = unit if written <= SHORT else max(unit, TIGHT * abs(value))
    right = [(known, RIGHT, what, common) for known, what, common in made.right if common or written > 2]
    steps = [(known, STEP, what, _is_common(what)) for known, what in made.steps if written > 4]
    rounded = [
        (known, STEP if "sum" in what or "likelihood" in what else RIGHT, f"{what}, {ROUNDED}", _is_common(what))
        for known, what in made.loops
        if written > 4
    ]
    one = [slip for slip in made.slips if len(slip[3]) == 1 and written > _needed(slip)]
    two = [slip for slip in made.slips if len(slip[3]) == 2 and written > 4]

    yield from _known(value, right + steps + rounded, tight)
    yield from _known(value, rounded, 2 * TIGHT * abs(value) if written > SHORT else 0)
    common = [slip for slip in one if slip[2] in COMMON]
    yield from _slips(value, common, tight)
    if written > SHORT:
        usual = [one for one in right + steps + rounded if one[3] and "words only" not in one[2]]
        yield from _known(value, usual, LOOSE * abs(value), ", but for rounding")
        yield from _slips(value, common, LOOSE * abs(value), ", but for rounding")
    yield from _slips(value, one, tight)
    yield from _slips(value, two, tight)


def _needed(slip: Found) -> int:
    """Return how many digits say too little: the more such numbers there are, the more one is hit by chance."""
    *_, k, slips = slip
    if k not in COMMON:
        return 4
    return 2 if slips[0][0].startswith("negative") else 3


def _is_common(what: str) -> bool:
    return "without smoothing" in what or "with k = 1," in f"{what},"


def _known(value: float, known: list[tuple[float, str, str, bool]], bound: float, but: str = "") -> Iterator[Candidate]:
    """Yield the numbers within the bound: of the usual ones, then of the others, the nearest."""
    near = [one for one in known if abs(one[0] - value) <= bound]
    if any(common for *_, common in near):
        near = [one for one in near if one[3]]
    for _, verdict, what, _ in sorted(near, key=lambda one: (one[1] != RIGHT, not one[3], abs(one[0] - value))):
        yield Candidate(verdict, what if what.endswith(ROUNDED) else f"{what}{but}")


def _slips(value: float, slips: list[Found], bound: float, but: str = "") -> Iterator[Candidate]:
    """Yield the numbers with slips within the bound: those of the usual k, then the nearest."""
    near = [one for one in slips if abs(one[0] - value) <= bound]
    if any(k in COMMON for _, _, k, _ in near):
        near = [one for one in near if one[2] in COMMON]
    for known, of, k, found in sorted(near, key=lambda one: (one[2] not in COMMON, abs(one[0] - value))):
        rounded = but if abs(known - value) > TIGHT * abs(value) else ""
        what = f"the {of} {f'with k = {k}' if k else 'without smoothing'}{rounded}"
        yield slipped(what, [Slip(key, place) for key, place in found])


def told_also(right: Candidate, made: Made) -> list[str]:
    """Return a warning of the slips that give the same loss from another table."""
    names = [f"“{Slip(key).mistake().name.replace('_', ' ')}”" for key in made.also]
    if not names or not right.sentence.startswith(("the loss with k", "the loss without smoothing")):
        return []
    listed = f"{', '.join(names[:-1])} or {names[-1]}" if len(names) > 1 else names[0]
    return [f"A table that is wrong by {listed} gives this loss, too: check the table."]
