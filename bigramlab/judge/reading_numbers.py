"""What a number is: the digits that it has say how near it must be to a known one."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import pairwise

import torch

from bigramlab.judge.making import FIRST, MISTAKE, RIGHT, ROUNDED, STEP, UNKNOWN, Made, Number, the_first
from bigramlab.judge.reading import Candidate, is_and_should, often, slipped
from bigramlab.judge.slipping import Slip
from bigramlab.lessons.mlp import pieces_of
from bigramlab.lessons.transformer import init_transformer

__all__ = ["read_count", "read_number", "remarks_on", "told_also"]

SHORT = 6  # digits, up to which a number is matched to its digits
FEW = 4  # digits: with fewer, and fewer than three decimals, a number could be much
USUAL = [((f"negative_log_likelihood/{name}", ""),) for name in ("minus_sign_missing", "bits_for_nats")]
LOOSE, TIGHT = 2e-4, 3e-6  # of a longer number: how far a loop in float32 may take it, and how far one line of torch


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
    """Yield what a number may be: what it fits exactly, or else what rounding may have moved; right before wrong."""
    _, digits, exponent = Decimal(repr(value)).as_tuple()
    written = len("".join(map(str, digits)).strip("0"))
    unit = 0.5000001 * 10.0 ** int(exponent)
    if written < FEW and int(exponent) > -3:
        plain = [one for one in made.numbers if one.common and (one.verdict == RIGHT or one.slips in USUAL)]
        for one in _near(value, plain, unit):
            slip = f", with “{Slip(one.slips[0][0]).title()}”" if one.slips else ""
            yield Candidate(UNKNOWN, f"{one.what}{slip}")
        return
    size = abs(value) if written > SHORT else 0
    tight, close, loose = max(unit, TIGHT * size), 2 * TIGHT * size, LOOSE * size
    sieves: list[tuple[Callable[[Number], bool], float]] = [
        (lambda one: one.verdict != MISTAKE, tight),
        (lambda one: one.verdict != MISTAKE and ROUNDED in one.what, close),
        (lambda one: one.common and len(one.slips) < 2, tight),
        (lambda one: one.common and one.verdict != MISTAKE, loose),
        (lambda one: one.common and len(one.slips) == 1 and _is_in_a_table(one), loose),
        (lambda one: len(one.slips) < 2, tight),
        (lambda one: True, tight),
    ]
    known = [one for one in made.numbers if written >= one.digits]
    for fits, bound in sieves:
        if near := _near(value, filter(fits, known), bound):
            yield from (_told(one, value, rough=bound > tight) for one in near)
            return


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
    why = "it may be one during training; a penalty on the weights adds to it"
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
