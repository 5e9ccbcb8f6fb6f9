"""What a table is: k is read off it, and then it is compared with the tables that have a slip in them."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from bigramlab.judge.making import Made
from bigramlab.judge.slipping import COMMON, KS, Slip, models_of, probs_of, run_slip, slips_of
from bigramlab.mistakes import Mistake

__all__ = [
    "CLOSE",
    "MISTAKE",
    "RIGHT",
    "STEP",
    "UNKNOWN",
    "Candidate",
    "read_row",
    "read_table",
    "slipped",
]

RIGHT, MISTAKE, STEP, CLOSE, UNKNOWN = "right", "mistake", "step", "close", "unknown"
EXACT = 6e-5  # four decimals of a probability, rounded
COUNTED = 2e-3  # float32 keeps three decimals of a count of thousands


@dataclass(frozen=True)
class Candidate:
    """What a value may be.

    Attributes:
        verdict: What that would make of it.
        sentence: What it is, without its verb: "the loss with k = 1, in nats".
        seen: How to see what is wrong.
        slips: The mistakes in it, as function and name.
    """

    verdict: str
    sentence: str
    seen: str = ""
    slips: tuple[str, ...] = ()


class Form(NamedTuple):
    """How a table is made of counts."""

    verdict: str
    sentence: str


def slipped(what: str, slips: Sequence[Slip]) -> Candidate:
    """Return what has a slip in it, or two."""
    told = []
    for slip in slips:
        place = f", {slip.place}" if slip.place else ""
        told.append(f"“{slip.mistake().name.replace('_', ' ')}”{place}: {slip.mistake().wrong}")
    many = "one slip" if len(slips) == 1 else "two slips"
    seen = slips[0].mistake().seen if len(slips) == 1 else ""
    return Candidate(MISTAKE, f"{what}, with {many}. {' And '.join(told)}", seen, tuple(slip.key for slip in slips))


def read_table(table: Tensor, made: Made) -> Iterator[Candidate]:
    """Yield what a table with two axes may be, the best first."""
    table, counts = table.detach().cpu().double(), torch.tensor(made.counts).double()
    size = len(counts)
    if not table.isfinite().any():
        return
    if table.shape in ((1, size), (size, 1)):
        yield from read_row(table.flatten(), made)
    if table.shape == (size + 1, size + 1) and table.any():
        yield from _ordered(table, _two_tokens(counts), "`<S>` and `<E>` are two tokens")
    if table.shape != counts.shape:
        return
    if not table.any():
        yield Candidate(STEP, "a table of zeros, in which nothing is counted yet")
        return
    if _near(table, torch.full_like(counts, 1 / size)):
        yield Candidate(RIGHT, "the probabilities of a model that knows nothing: all tokens alike")
        return
    if form := _form(table, counts):
        yield Candidate(form.verdict, form.sentence)
        return
    found = [*_ordered(table, counts, "the tokens stand in another order")]
    found = found or _with_a_slip(table, counts, made) or [*_close(table, counts, made.vocabulary)]
    yield from found or _with_two(table, counts, made)


def read_row(row: Tensor, made: Made) -> Iterator[Candidate]:
    """Yield what a row of as many numbers as tokens may be."""
    row, counts = row.detach().cpu().double(), torch.tensor(made.counts).double()
    sums = counts.sum(dim=1)
    if torch.allclose(row, sums, atol=COUNTED):
        yield Candidate(RIGHT, "the sums of the rows of the counts: how often each token stands in the words")
    elif torch.allclose(row, sums / sums.sum(), atol=EXACT / 10):
        yield Candidate(RIGHT, "how common each token is, as shares of all")
    else:
        for letter, own in zip(made.vocabulary, counts, strict=True):
            form = _form(row[None], own[None])
            if form and row.std() > 0:
                yield Candidate(STEP, f"the row of `{letter}` of {form.sentence}")


def _form(table: Tensor, counts: Tensor) -> Form | None:
    """Return how a table is made of counts, with k read off; None if in none of the known ways."""
    k = _k_of_counts(table, counts)
    if k is not None:
        return Form(RIGHT, "the counts" if k == 0 else f"the counts, smoothed with k = {k}")
    k = _k_of_probs(table, counts)
    if k is not None:
        return Form(RIGHT, f"the probabilities, {_with(k)}")
    for sign, of in ((1, "the logarithms of"), (-1, "minus the logarithms of")):
        share = (sign * table).exp()
        k = _k_of_probs(share, counts) if not (sign * table > 0).any() else None
        if k is not None:
            return Form(STEP, f"{of} the probabilities, {_with(k)}")
        k = _k_of_counts(share, counts)
        if k is not None and sign == 1:
            return Form(STEP, f"{of} the counts, {_with(k)}: its softmax is the table of probabilities")
    k = _k_of_shares(table, counts)
    if k is not None and len(counts) > 1:
        return Form(STEP, f"each pair's share of all pairs, {_with(k)}: divide each row by its own sum")
    return None


def _with(k: float) -> str:
    return f"with k = {k}" if k else "without smoothing"


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
    return k if k >= 0 and _near(table, (counts + k) / (total + k * cells)) else None


def _near(table: Tensor, expected: Tensor) -> bool:
    """Tell whether two tables agree to as much as can be seen of the numbers; `nan` belongs where `nan` is."""
    if not torch.equal(table.isnan(), expected.isnan()):
        return False
    largest = float(expected.nan_to_num(0, 0, 0).abs().max())
    bound = COUNTED if largest > 2 else min(EXACT, largest / 1000)
    return torch.allclose(table, expected, rtol=1e-6, atol=bound, equal_nan=True)


def _ordered(table: Tensor, counts: Tensor, said: str) -> Iterator[Candidate]:
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
    form = _form(table, counts[order][:, order])
    if form:
        last = int(order[-1]) == 0 and order[:-1].tolist() == [*range(1, len(order))]
        yield Candidate(form.verdict, f"{form.sentence}; {'the boundary stands last' if last else said}")


def _two_tokens(counts: Tensor) -> Tensor:
    """Return the counts with a token `<S>` that begins words and another, `<E>`, that ends them."""
    size = len(counts)
    wider = torch.zeros(size + 1, size + 1, dtype=counts.dtype)
    wider[:size, :size] = counts
    wider[:size, size] = counts[:, 0]
    wider[:, 0] = 0
    return wider


def _miscounted(made: Made) -> dict[str, Tensor]:
    swapped = {"count_bigrams/rows_and_columns_swapped": torch.tensor(made.counts).T.double()}
    return swapped | {f"count_bigrams/{name}": torch.tensor(table).double() for name, table in made.tables.items()}


def _with_a_slip(table: Tensor, counts: Tensor, made: Made) -> list[Candidate]:
    """Return which slip the table has: of three at most."""
    found = []
    for key, other in _miscounted(made).items():
        if form := _form(table, other):
            found.append(slipped(form.sentence, [Slip(key)]))
    for k in KS:
        for slip in slips_of("smooth") if k else ():
            if _agrees(table, slip, counts, k):
                found.append(slipped(f"the counts, smoothed with k = {k}", [Slip(f"smooth/{slip.name}")]))
        for probs, keys in models_of(counts, k, pairs=False):
            if keys and _near(table, probs):
                found.append(slipped(f"the probabilities, {_with(k)}", [Slip(key) for key in keys]))
    return _first(found)


def _with_two(table: Tensor, counts: Tensor, made: Made) -> list[Candidate]:
    """Return which two slips the table has: of three pairs at most."""
    found = []
    for k in COMMON:
        for first, other in [("", counts), *_miscounted(made).items()]:
            for probs, keys in models_of(other, k, pairs=not first):
                both = [first, *keys] if first else keys
                if len(both) == 2 and _near(table, probs):
                    found.append(slipped(f"the probabilities, {_with(k)}", [*map(Slip, both)]))
    return _first(found)


def _first(found: list[Candidate]) -> list[Candidate]:
    """Return the first three, each slip once."""
    distinct = {one.slips: one for one in reversed(found)}
    return [*reversed(distinct.values())][:3]


def _agrees(table: Tensor, slip: Mistake, counts: Tensor, k: float) -> bool:
    wrong = run_slip(slip, counts, k)
    return isinstance(wrong, Tensor) and wrong.shape == table.shape and _near(table, wrong.double())


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
                f"{what}, {_with(k)}, but {number} not: in the row of `{vocabulary[row]}` and the column of "
                f"`{vocabulary[column]}` stands {table[row, column]:.6g}, and should stand {expected[row, column]:.6g}",
            )
            return
