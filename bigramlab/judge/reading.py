"""What a table is: k is read off it, and then it is compared with the tables that have a slip in them."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import NamedTuple

import torch
from torch import Tensor

from bigramlab.judge.making import AGAIN, CLOSE, MISTAKE, RIGHT, ROUNDED, STEP, Made, misplaced, the_first, with_k
from bigramlab.judge.slipping import COMMON, KS, MISPLACED, Slip, models_of, probs_of, run_slip, slips_of
from bigramlab.lessons.counting import count_bigrams

__all__ = [
    "Candidate",
    "how_made",
    "is_and_should",
    "often",
    "ordered",
    "read_row",
    "read_table",
    "slipped",
    "with_slips",
]

EXACT = 6e-5  # four decimals of a probability, rounded
TOTAL = "normalize/divided_by_the_grand_total"
COUNTED = 2e-3  # float32 keeps three decimals of a count of thousands


@dataclass(frozen=True)
class Candidate:
    """What a value may be.

    Attributes:
        verdict: What that would make of it.
        sentence: What it is, without its verb: "the loss with k = 1, in nats".
        seen: How to see what is wrong: a line over the value, for whose name `{it}` stands.
        slips: The mistakes in it, as function and name.
        also: What else gives the same value, to be looked after.
    """

    verdict: str
    sentence: str
    seen: str = ""
    slips: tuple[str, ...] = ()
    also: str = ""


class Form(NamedTuple):
    """How a table is made of counts."""

    verdict: str
    sentence: str
    k: float
    make: Callable[[Tensor, float], Tensor]


def slipped(what: str, slips: Sequence[Slip], seen: str = "") -> Candidate:
    """Return what has a slip in it, or two."""
    told = [f"“{slip.title()}”{f', {slip.place}' if slip.place else ''}: {slip.mistake().wrong}" for slip in slips]
    many = "one slip" if len(slips) == 1 else "two slips"
    what = what.replace(ROUNDED, "rounded in float32")  # what is wrong comes first
    return Candidate(MISTAKE, f"{what}, with {many}. {' And '.join(told)}", seen, tuple(slip.key for slip in slips))


def is_and_should(value: object, should: object, place: str = "{it}") -> str:
    """Return a line over a value that is true when typed."""
    one, other = (f"{float(x):.7g}" if isinstance(x, int | float | Tensor) else f"`{x!r}`" for x in (value, should))
    return f"`{place}` is {one}, and should be {other}."


def often(times: int) -> str:
    """Return how often, in words."""
    return "twice" if times == 2 else f"{times} times"


def _seen(table: Tensor, should: Tensor) -> str:
    """Return a line that shows the difference: the sum of a row of probabilities, or the cell that is furthest off."""
    sums, ours = table.sum(dim=1), should.sum(dim=1)
    off = (sums - ours).nan_to_num(math.inf).abs()
    if torch.allclose(ours, torch.ones_like(ours)) and off.max() > 1e-3:
        row = int(off.argmax())
        return is_and_should(sums[row], 1, f"sum({{it}}[{row}])")
    row, column = divmod(int((table - should).nan_to_num(math.inf).abs().argmax()), table.shape[1])
    return is_and_should(table[row, column], should[row, column], f"{{it}}[{row}][{column}]")


def read_table(table: Tensor, words: Sequence[str], made: Made) -> Iterator[Candidate]:
    """Yield what a table with two axes may be, the best first."""
    table, counts = table.detach().cpu().double(), torch.tensor(made.counts).double()
    size = len(counts)
    if not table.isfinite().any():
        return
    if table.shape in ((1, size), (size, 1)):
        yield from read_row(table.flatten(), made)
    if table.shape != counts.shape:
        return
    if not table.any():
        yield Candidate(STEP, "a table of zeros, in which nothing is counted yet")
        return
    if _near(table, torch.full_like(counts, 1 / size)):
        yield Candidate(RIGHT, "the probabilities of a model that knows nothing: all tokens alike")
        return
    if form := how_made(table, counts):
        slips = (TOTAL,) if form.sentence.startswith("each pair's share") else ()
        yield Candidate(form.verdict, form.sentence, slips=slips)
        return
    found = [*ordered(table, counts, "the tokens stand in another order")]
    found = found or [*_passes(table, counts, words, made)] or [*_misplaced(table, counts)]
    found = found or with_slips(table, counts, made.miscounted(), 1)
    if not found and (table <= 0).all():
        logs = with_slips(table.exp(), counts, made.miscounted(), 1)
        found = [replace(one, sentence=f"the logarithms of {one.sentence}", seen="") for one in logs]
    yield from found or [*_close(table, counts, made.vocabulary)] or with_slips(table, counts, made.miscounted(), 2)


def read_row(row: Tensor, made: Made) -> Iterator[Candidate]:
    """Yield what a row of as many numbers as tokens may be."""
    row, counts = row.detach().cpu().double(), torch.tensor(made.counts).double()
    sums = counts.sum(dim=1)
    times = round(float(row.sum() / sums.sum()), 4)
    if times in range(2, 10) and torch.allclose(row, times * sums, atol=COUNTED):
        yield Candidate(MISTAKE, f"the sums of the rows of the counts, {often(round(times))}. {AGAIN}")
    elif torch.allclose(row, sums, atol=COUNTED):
        yield Candidate(RIGHT, "the sums of the rows of the counts: how often each token stands in the words")
    elif torch.allclose(row, sums / sums.sum(), atol=EXACT / 10):
        yield Candidate(RIGHT, "how common each token is, as shares of all")
    else:
        for letter, own in zip(made.vocabulary, counts, strict=True):
            form = how_made(row[None], own[None])
            if form and (row != row[0]).any():
                yield Candidate(STEP, f"the row of `{letter}` of {form.sentence}")


def how_made(table: Tensor, counts: Tensor) -> Form | None:
    """Return how a table is made of counts, with k read off; None if in none of the known ways."""
    ways: list[tuple[str, Tensor, Callable[[Tensor, Tensor], float | None], Callable[[Tensor, float], Tensor]]] = [
        ("the counts{}", table, _k_of_counts, lambda counts, k: counts + k),
        ("the probabilities, {}", table, _k_of_probs, _probs),
        ("the logarithms of the probabilities, {}", table.exp(), _k_of_probs, lambda *made: _probs(*made).log()),
        ("minus the logarithms of the probabilities, {}", (-table).exp(), _k_of_probs,
         lambda *made: -_probs(*made).log()),
        ("the logarithms of the counts, {}: its softmax is the table of probabilities", table.exp(), _k_of_counts,
         lambda counts, k: (counts + k).log()),
        ("each pair's share of all pairs, {}: divide each row by its own sum", table, _k_of_shares,
         lambda counts, k: (counts + k) / (counts + k).sum()),
    ]  # fmt: skip
    for at, (what, plain, read, make) in enumerate(ways):
        if (k := read(plain, counts)) is not None:
            how = with_k(k) if at else f", smoothed with k = {k}" if k else ""
            return Form(RIGHT if at < 2 else STEP, what.format(how), k, make)
    return None


def _probs(counts: Tensor, k: float) -> Tensor:
    return probs_of(counts + k)


def _written(k: float) -> float | int:
    """Return k as one would write it."""
    if abs(k - round(k, 1)) < 0.005 and k > 0.05:
        k = round(k, 1)
    short = float(f"{k:.3g}") if k > 5e-4 else 0
    return int(short) if short == int(short) else short


def _k_of_counts(table: Tensor, counts: Tensor) -> float | None:
    smallest = counts == counts.min()
    k = float((table[smallest] - counts[smallest]).mean())
    if not 0 <= k + COUNTED < 1e9:
        return None
    k = max(0, _written(k))
    return k if ((table - counts - k).abs() <= COUNTED).all() else None


def _k_of_probs(table: Tensor, counts: Tensor) -> float | None:
    """Solve p · (sum + k · size) = count + k for k, and see whether that gives the table."""
    if ((table < 0) | (table > 1 + EXACT)).any():
        return None
    sums, size = counts.sum(dim=1, keepdim=True), counts.shape[1]
    filled = (sums > 0).expand_as(table) & table.isfinite()
    slope, rest = (size * table - 1)[filled], (counts - table * sums)[filled]
    estimate = float((slope * rest).sum() / (slope * slope).sum()) if len(slope) else math.nan
    if not abs(estimate) < 1e9:
        return None
    for k in dict.fromkeys((_written(estimate), round(estimate, 1), 0)):
        if k >= 0 and _near(table, (counts + k) / (sums + k * size)):
            return k
    return None


def _k_of_shares(table: Tensor, counts: Tensor) -> float | None:
    total, cells = counts.sum(), counts.numel()
    slope, rest = cells * table - 1, counts - table * total
    estimate = float((slope * rest).sum() / (slope * slope).sum())
    k = _written(estimate) if abs(estimate) < 1e9 else -1
    return k if k >= 0 and cells > 1 and _near(table, (counts + k) / (total + k * cells)) else None


def _near(table: Tensor, expected: Tensor) -> bool:
    """Tell whether two tables agree to as much as can be seen of the numbers; `nan` belongs where `nan` is."""
    if not torch.equal(table.isnan(), expected.isnan()):
        return False
    largest = float(expected.nan_to_num(0, 0, 0).abs().max())
    bound = COUNTED if largest > 2 else min(EXACT, largest / 1000)
    return torch.allclose(table, expected, rtol=1e-6, atol=bound, equal_nan=True)


def ordered(table: Tensor, counts: Tensor, said: str) -> Iterator[Candidate]:
    """Yield what a table is whose rows and columns stand in another order: rows are told by their sorted cells."""
    logs = not ((table >= 0) | table.isnan()).all()
    plain = (table.exp() if logs else table).nan_to_num(0)
    if float(plain.max()) <= 1 + EXACT:
        own = probs_of(counts).nan_to_num(1 / len(counts) if plain.min() > 0 else 0)
    else:
        own = counts - counts.min()
        plain = plain - plain.min()
    distances = torch.cdist(plain.sort(dim=1).values, own.sort(dim=1).values)
    order = distances.argmin(dim=1)
    if len(set(order.tolist())) < len(order):
        return
    form = how_made(table, counts[order][:, order])
    if form:
        last = int(order[-1]) == 0 and order[:-1].tolist() == [*range(1, len(order))]
        yield Candidate(form.verdict, f"{form.sentence}; {'the boundary stands last' if last else said}")


def _passes(table: Tensor, counts: Tensor, words: Sequence[str], made: Made) -> Iterator[Candidate]:
    """Yield what the table is if the words were counted more than once, or only the first of them."""
    k = float(table[counts == 0].min()) if (counts == 0).any() else 0
    if not table.isfinite().all():
        return
    times, bigrams = divmod(round(float((table - k).sum())), int(counts.sum()))
    starts = [0, *accumulate(len(word) + 1 for word in words)]
    if k < 0 or bigrams not in starts:
        return
    first = starts.index(bigrams)
    counted = times * counts + count_bigrams(words[:first], made.vocabulary) + k
    if not _near(table, counted) or (not times and first in (0, 1, made.words - 1)):
        return
    smoothed = f", smoothed with k = {k:g}" if k else ""
    if not times:
        yield Candidate(STEP, f"the counts of {the_first(first)} only{smoothed}")
        return
    parts = [f"counted {often(times)}"] if times > 1 else []
    parts += [f"{f'the first {first:,}' if first > 1 else 'the first'} of them once more"] if first else []
    what = f"the counts of all words{smoothed}, {' and '.join(parts)}"
    why = f"{AGAIN}, without a new table of zeros above the loop"
    yield Candidate(MISTAKE, f"{what}. {why}", _seen(table, counts + k))


def _misplaced(table: Tensor, counts: Tensor) -> Iterator[Candidate]:
    """Yield what the table is if k was used elsewhere than on the counts before they were divided."""
    for why, make in MISPLACED.items():
        for k in KS[1:]:
            if _near(table, make(counts, k)):
                yield Candidate(
                    MISTAKE, misplaced(f"the probabilities {with_k(k)}", why), _seen(table, _probs(counts, k))
                )
                return


def with_slips(table: Tensor, counts: Tensor, wrong: Mapping[str, Tensor], many: int) -> list[Candidate]:
    """Return which slip a table has, or which two, given the tables counted with one: of three readings at most."""
    found: list[Candidate] = []
    for key, other in wrong.items() if many == 1 else ():
        if form := how_made(table, other):
            found.append(slipped(form.sentence, [Slip(key)], _seen(table, form.make(counts, form.k))))
    for k in KS if many == 1 else COMMON:
        for slip in slips_of("smooth") if k and many == 1 else ():
            other = run_slip(slip, counts, k)
            if isinstance(other, Tensor) and other.shape == table.shape and _near(table, other.double()):
                what = f"the counts, smoothed with k = {k}"
                found.append(slipped(what, [Slip(f"smooth/{slip.name}")], _seen(table, counts + k)))
        for first, other in {"": counts, **(wrong if many == 2 else {})}.items():
            for probs, keys in models_of(other, k, pairs=many == 2 and not first):
                slips = [Slip(key) for key in (first, *keys) if key]
                if len(slips) == many and _near(table, probs):
                    found.append(slipped(f"the probabilities, {with_k(k)}", slips, _seen(table, _probs(counts, k))))
    distinct = {one.slips: one for one in reversed(found)}
    return [*reversed(distinct.values())][:3]


def _close(table: Tensor, counts: Tensor, vocabulary: str) -> Iterator[Candidate]:
    """Yield what the table would be if under a tenth of its cells were others, and name the first of those."""
    sums, size = counts.sum(dim=1, keepdim=True), len(counts)
    each = (counts - table * sums) / (size * table - 1)
    guesses = [("the counts", float((table - counts).nanmedian())), ("the probabilities", float(each.nanmedian()))]
    for what, guess in guesses:
        k = _written(guess) if guess == guess and abs(guess) < 1e6 else -1
        expected = counts + k if what == "the counts" else (counts + k) / (sums + k * size)
        off = ~((table - expected).abs() <= (COUNTED if what == "the counts" else EXACT))
        if k >= 0 and 0 < int(off.sum()) < 0.1 * off.numel():
            row, column = off.nonzero()[0].tolist()
            number = f"{int(off.sum())} cells are" if off.sum() > 1 else "one cell is"
            yield Candidate(
                CLOSE,
                f"{what}, {with_k(k)}, but {number} not: in the row of `{vocabulary[row]}` and the column of "
                f"`{vocabulary[column]}` stands {table[row, column]:.6g}, and should stand {expected[row, column]:.6g}",
            )
            return
