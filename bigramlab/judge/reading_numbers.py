"""What a number is: the digits that it has say how near it must be to a known one."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import pairwise

import numpy as np
import torch

from bigramlab.judge.making import FIRST, MISTAKE, RIGHT, ROUNDED, STEP, UNKNOWN, Made, Number, the_first
from bigramlab.judge.reading import Candidate, is_and_should, often, slipped
from bigramlab.judge.slipping import Slip
from bigramlab.lessons.mlp import pieces_of
from bigramlab.lessons.transformer import init_transformer

__all__ = ["LOOSE", "SHORT", "TIGHT", "digits_of", "read_count", "read_number", "remarks_on", "told_also"]

SHORT = 6  # digits, up to which a number is matched to its digits
FEW = 4  # digits: with fewer, and fewer than three decimals, a number could be much
USUAL = [((f"negative_log_likelihood/{name}", ""),) for name in ("minus_sign_missing", "bits_for_nats")]
LOOSE, TIGHT = 2e-4, 3e-6  # of a longer number: how far a loop in float32 may take it, and how far one line of torch
DIGITS = 1.2e-7  # of a number with all its digits: how far it is off, as its table is of float32
EARLY = f"the loss of {the_first(3)} only, by the model of all, without smoothing"  # where lectures look first
CHANCE = 0.01  # how many of the numbers nearby may be hit by chance where something is said of one
NEARBY = 0.01  # of the number itself: how far away others are looked at for that


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
        (_numbers_in_a_transformer(size), "how many numbers a Transformer has that reads 16 tokens"),
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
            yield Candidate(STEP, f"the number of bigrams of {the_first(first)} only")
    for name, table in made.tables.items():
        if value == sum(map(sum, table)) != total:
            yield slipped("the number of bigrams", [Slip(f"count_bigrams/{name}")], is_and_should(value, total))
    for one, what in ((total, "the number of bigrams"), (n, "the number of words")):
        if value % one == 0 and 1 < value // one < 6:
            yield Candidate(MISTAKE, f"{what}, {often(value // one)}. Perhaps the cell that counts was run again")


def _numbers_in_a_transformer(size: int) -> int:
    parameters = init_transformer(size, longest=16, generator=torch.Generator())
    return sum(piece.numel() for piece in pieces_of(parameters))


def read_number(value: float, made: Made) -> Iterator[Candidate]:
    """Yield what a number may be: what it fits exactly, or else what rounding may have moved; right before wrong.

    What so many numbers nearby would fit, too, is never said to be so: it could be.
    """
    written, unit = digits_of(value)
    if written < FEW and unit > 1e-3:
        plain = [one for one in made.numbers if one.common and (one.verdict == RIGHT or one.slips in USUAL)]
        yield from (_could(one, "too few digits to tell, write four decimals") for one in _near(value, plain, unit))
        return
    size, single = abs(value) if written > SHORT else 0, written < 10 or _may_be_single(value, made)
    exact, tight = max(unit, DIGITS * size), max(unit, TIGHT * size)
    close, loose = 2 * TIGHT * size, LOOSE * size * single
    sieves: list[tuple[Callable[[Number], bool], float]] = [
        (lambda one: one.verdict != MISTAKE, exact),
        (lambda one: one.verdict != MISTAKE and (one.common or ROUNDED not in one.what), tight),
        (lambda one: one.verdict != MISTAKE and one.common and ROUNDED in one.what, close),
        (lambda one: one.common and len(one.slips) < 2, tight),
        (lambda one: one.common and one.verdict != MISTAKE, loose),
        (lambda one: one.common and len(one.slips) == 1 and _is_in_a_table(one), loose),
        (lambda one: len(one.slips) < 2, tight),
        (lambda one: True, tight),
    ]
    known = [one for one in made.numbers if written >= one.digits and (_fits(one, value, exact) or not _is_short(one))]
    for fits, bound in sieves:
        if near := _near(value, filter(fits, known), bound):
            best = min(near, key=lambda one: abs(one.value - value))
            reach = max(exact, abs(best.value - value))
            others = (one for one in filter(fits, known) if one.slips != best.slips or not one.slips)
            if any(map(_is_usual, near)) or _chance(value, others, reach) <= CHANCE:
                yield from (_told(one, value, rough=bound > tight) for one in near)
            elif near[0].verdict == RIGHT or (near[0].common and len(near[0].slips) < 2):
                few = "too few digits to tell, write all of them"
                yield _could(near[0], few if written <= SHORT else "too much lies as near")
            return


def digits_of(value: float) -> tuple[int, float]:
    """Return how many digits a number is written with, and half a unit of the last."""
    _, digits, exponent = Decimal(repr(value)).as_tuple()
    return len("".join(map(str, digits)).strip("0")), 0.5000001 * 10.0 ** int(exponent)


def _may_be_single(value: float, made: Made) -> bool:
    """Tell whether it is a number of float32, or a sum in float32 that was divided as Python divides."""
    total = sum(map(sum, made.counts))
    return any(abs(float(np.float32(one)) - one) <= 4e-16 * abs(one) for one in (value, value * total))


def _is_usual(one: Number) -> bool:
    """Tell whether people find it so often that few digits will do: what is right for all words, and two slips."""
    plain = one.verdict == RIGHT and not any(part in one.what for part in (ROUNDED, "tokens", "how common"))
    first = one.common or one.what.startswith(EARLY)
    return plain or (first and (one.verdict != MISTAKE or one.slips in USUAL))


def _chance(value: float, known: Iterable[Number], reach: float) -> float:
    """Return how many of the numbers nearby lie as near to one that is known, without counting this one's own."""
    nearby = max(NEARBY * abs(value), 20 * reach)
    away = [one.value for one in known if reach < abs(one.value - value) < nearby and not _is_usual(one)]
    return len({round(one / (2 * reach)) for one in away}) * reach / nearby


def _could(one: Number, why: str) -> Candidate:
    slips = " and ".join(f"“{Slip(key).title()}”{f', {place}' if place else ''}" for key, place in one.slips)
    return Candidate(UNKNOWN, f"{one.what}{f', with {slips}' if slips else ''}", also=why)


def _is_short(one: Number) -> bool:
    """Tell whether it was rounded on the way, so that it has few digits, and not some that lie near."""
    return one.verdict == MISTAKE and digits_of(one.value)[0] <= FEW


def _fits(one: Number, value: float, bound: float) -> bool:
    return abs(one.value - value) <= bound


def _is_in_a_table(one: Number) -> bool:
    """Tell whether its slip is in a table: how a loop in float32 rounds what is made of it is not known."""
    key, place = one.slips[0]
    return key.split("/")[0] in ("count_bigrams", "smooth", "normalize") and not place


def _near(value: float, known: Iterable[Number], bound: float) -> list[Number]:
    """Return the numbers within the bound: of the usual ones, or else of the others, the nearest first."""
    near = [one for one in known if abs(one.value - value) <= bound > 0]
    near = [one for one in near if one.common] or near
    near.sort(key=lambda one: (one.verdict != RIGHT, ROUNDED in one.what, abs(one.value - value)))
    distinct = {(one.what.replace(f", {ROUNDED}", ""), one.slips): one for one in reversed(near)}
    return [*reversed(distinct.values())]


def _told(one: Number, value: float, *, rough: bool) -> Candidate:
    rounded = ", but for rounding" if rough and ROUNDED not in one.what else ""
    if one.verdict != MISTAKE:
        return Candidate(one.verdict, f"{one.what}{rounded}")
    seen = is_and_should(value, one.should)
    if one.slips:
        return slipped(f"{one.what}{rounded}", [Slip(key, place) for key, place in one.slips], seen)
    return Candidate(MISTAKE, one.what, seen)


def remarks_on(value: float, made: Made) -> Iterator[str]:
    """Yield where a number that nobody knows lies among the losses."""
    best, nothing = made.numbers[0].value, math.log(len(made.vocabulary))
    if not 0.5 * best < value < 2 * nothing:
        return
    where = f"between {best:.4g}, the counted table's, and {nothing:.4g}, that of a model that knows nothing"
    why = (
        "it may be one of a part of the words, such as dev, or one during training; a penalty on the weights adds to it"
    )
    if value < best:
        where = f"below {best:.4g}, the least that a model of one letter before can have on all these words"
        why = "it may be one of fewer words, or of a model that sees more"
    elif value > nothing:
        where = f"above {nothing:.4g}, that of a model that knows nothing"
        why = "it may be one at the start of training, from random weights"
    yield f"As a loss it lies {where}: {why}."


def told_also(right: Candidate, made: Made) -> list[str]:
    """Return a warning of the slips that give the same loss from another table."""
    names = [f"“{Slip(key).title()}”" for key in made.also]
    if not names or not right.sentence.startswith(("the loss with k", "the loss without smoothing")):
        return []
    listed = f"{', '.join(names[:-1])} or {names[-1]}" if len(names) > 1 else names[0]
    return [f"A table that is wrong by {listed} gives this loss, too: check the table."]
