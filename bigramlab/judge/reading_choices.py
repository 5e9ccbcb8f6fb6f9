"""What a table is from which to choose the next token: temperature, top-k and top-p are read off it."""

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from bigramlab.judge.making import CLOSE, RIGHT, Made, with_k
from bigramlab.judge.reading import EXACT, Candidate, is_and_should, read_row, read_table, slipped
from bigramlab.judge.slipping import COMMON, Slip, probs_of, run_slip, slips_of
from bigramlab.laws import ours_for

__all__ = ["read_probs"]

TRIED = {
    "with_temperature": (0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9, 1.2, 1.5, 2, 3, 5, 10, 100),
    "keep_top_k": tuple(range(1, 11)),
    "keep_top_p": (0.1, 0.2, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95),
}
"""What people choose: a table with a slip in it is compared with those made so."""
SEEN = 1e-3  # probabilities of which four decimals say something


def read_probs(value: Tensor, words: Sequence[str], made: Made) -> Iterator[Candidate]:
    """Yield what a table or a row may be of which all that was made of the words is known, and all that is chosen."""
    rows = value.detach().double() if value.dim() == 2 else value.detach().double()[None]
    exact = [*read_row(rows[0], made)] if len(rows) == 1 else []
    if found := exact or [*_read_choice(rows, made)]:
        yield from found
        return
    found = [*read_table(value, words, made)] if len(rows) > 1 else []
    if not found or found[0].verdict == CLOSE:
        yield from _read_slip(rows, made)
    yield from found


class Choice(NamedTuple):
    """How probabilities were changed, in the order in which that is done.

    Attributes:
        function: What changed them, in our words.
        number: Its temperature, k or p.
    """

    function: str
    number: float

    def told(self) -> str:
        """Say what was done."""
        if self.function == "with_temperature":
            return f"at a temperature of {self.number:g}"
        if self.function == "keep_top_p":
            return f"the likeliest that have {self.number:g} together (top-p)"
        return f"the {self.number:g} likeliest alone (top-k)" if self.number > 1 else "the likeliest alone (top-k of 1)"

    def also(self) -> str:
        """Say which slip makes the same of another number."""
        n = self.number
        others: dict[str, list[tuple[str, float]]] = {
            "with_temperature": [("multiplied_by_the_temperature", 1 / n), ("divided_by_the_square", math.sqrt(n))],
            "keep_top_k": [("one_too_many", n - 1), ("the_kth_itself_dropped", n + 1)],
            "keep_top_p": [("p_taken_for_what_is_dropped", 1 - n)],
        }
        slips = [
            f"{number:.3g} with “{name.replace('_', ' ')}”" for name, number in others[self.function] if number > 0
        ]
        return f"The same comes of {' or of '.join(slips)}: is {n:g} what you asked for?"


def _read_choice(table: Tensor, made: Made) -> Iterator[Candidate]:
    """Yield how the model's probabilities were changed, if that is what a table has, or a row."""
    if not torch.allclose(table.sum(dim=-1), torch.ones((), dtype=table.dtype), atol=SEEN) or (table < 0).any():
        return
    counts = torch.tensor(made.counts).double()
    for k in reversed(COMMON):
        for probs, what in _models(table, counts + k, made.vocabulary):
            if readings := _readings(table, probs):
                told = " or ".join(" and ".join(one.told() for one in reading) for reading in readings)
                yield Candidate(RIGHT, f"{what}, {with_k(k)}, {told}", also=readings[0][-1].also())
                return


def _models(table: Tensor, counts: Tensor, vocabulary: str) -> Iterator[tuple[Tensor, str]]:
    """Yield the probabilities that a table may be made of, and what they are: all of them, or a row."""
    probs = probs_of(counts).nan_to_num(0)
    if len(table) > 1:
        last = [*range(1, len(probs)), 0]
        yield probs, "the probabilities"
        yield probs[last][:, last], "the probabilities, the boundary last"
        return
    for letter, row in zip(vocabulary, probs, strict=True):
        yield row[None], f"the row of `{letter}` of the probabilities"


def _readings(table: Tensor, probs: Tensor) -> list[list[Choice]]:
    """Return in which ways one table may have been made of the other; of a row, that may be more than one."""
    if table.shape != probs.shape or ((table > SEEN) & (probs == 0)).any():
        return []
    for temperature in _temperatures(table, probs):
        warmed = (probs.log() / temperature).softmax(dim=1)
        first = [Choice("with_temperature", temperature)] * (temperature != 1)
        if first and _alike(table, warmed):
            return [first]
        cuts = [Choice(name, number) for name, number, kept in _cuts(table, warmed) if _alike(table, kept)]
        if cuts:
            return [[*first, cut] for cut in cuts]
    return []


def _temperatures(table: Tensor, probs: Tensor) -> list[float]:
    """Return the temperature that a table seems to have, in few digits and in more.

    It divides how far the logarithms are apart.
    """
    seen = table > SEEN
    logs, found = (torch.where(seen, one.log(), -math.inf) for one in (probs, table))
    below, lower = (torch.where(seen, one.amax(dim=1, keepdim=True) - one, 0.0) for one in (logs, found))
    both = float((table * below * lower).sum())
    if both < 1e-6:  # where one token has all, any temperature would do
        return [1.0]
    estimate = float((table * below * below).sum()) / both
    return [*dict.fromkeys(float(f"{estimate:.{digits}g}") for digits in (1, 2, 3))] if 0 < estimate < 1e4 else []


def _cuts(table: Tensor, probs: Tensor) -> Iterator[tuple[str, float, Tensor]]:
    """Yield by which k, or which p, as many of the likeliest are kept as in the table: the function, and the number."""
    numbers, rows = (table > 0).sum(dim=1), torch.arange(len(table))
    if bool((numbers == (probs > 0).sum(dim=1)).all()):  # nothing is cut off
        return
    likeliest = probs.sort(dim=1, descending=True).values
    together = likeliest.cumsum(dim=1)[rows, numbers - 1]
    before = together - likeliest[rows, numbers - 1]
    most = int(numbers.max())
    if most < probs.shape[1]:
        yield "keep_top_k", most, ours_for("keep_top_k")(probs, most)
    if p := _roundest(float(before.max()), float(together.min())):
        yield "keep_top_p", p, ours_for("keep_top_p")(probs, p)


def _roundest(low: float, high: float) -> float:
    """Return the number above the one and up to the other that has the fewest digits, the middle one; 0 if none."""
    for digits in (1, 2, 3):
        unit = 10**digits
        between = range(math.floor(low * unit + 1e-6) + 1, min(unit, math.floor(high * unit + 1e-6) + 1))
        if between:
            return between[len(between) // 2] / unit
    return 0.0


def _read_slip(table: Tensor, made: Made) -> Iterator[Candidate]:
    """Yield which slip there is in how the probabilities were changed."""
    counts = torch.tensor(made.counts).double()
    if not table.isfinite().all() or _is_even(table):
        return
    for k in reversed(COMMON):
        probs, found = probs_of(counts + k).nan_to_num(0), False
        for function, numbers in TRIED.items():
            given, name = (probs.log(), "probs.log()") if function == "with_temperature" else (probs, "probs")
            for number in numbers:
                right = ours_for(function)(given, number)
                for mistake in slips_of(function):
                    wrong = run_slip(mistake, given, number)
                    if isinstance(wrong, Tensor) and (place := _row_of(table, wrong, right)) is not None:
                        row, should = f"the row of `{made.vocabulary[place]}` of ", right[place][None]
                        row, should = ("", right) if len(table) > 1 else (row, should)
                        what = f"{row}`{function}({name}, {number:g})`, made {with_k(k)}"
                        yield slipped(what, [Slip(f"{function}/{mistake.name}")], _seen(table, should))
                        found = True
        if found:
            return


def _is_even(table: Tensor) -> bool:
    """Tell whether all that is not 0 is nearly alike: so any row is, at a high temperature, whatever it was."""
    least = table.masked_fill(table == 0, math.inf).amin(dim=1)
    return bool((table.amax(dim=1) - least <= 10 * EXACT).all())


def _row_of(table: Tensor, wrong: Tensor, right: Tensor) -> int | None:
    """Return where a table, or a row, stands in a wrong one that has other numbers there than the right one."""
    if wrong.shape != right.shape or not wrong.is_floating_point():
        return None
    if len(table) > 1:
        return 0 if table.shape == wrong.shape and _alike(table, wrong) and not _alike(wrong, right) else None
    near = ((wrong - table).abs() <= EXACT).all(dim=1) & ((wrong - right).abs() > EXACT).any(dim=1)
    return int(near.nonzero()[0]) if near.any() else None


def _alike(one: Tensor, other: Tensor) -> bool:
    return one.shape == other.shape and bool(((one - other).abs() <= EXACT).all())


def _seen(table: Tensor, should: Tensor) -> str:
    """Return a line that shows the cell that is furthest off."""
    row, column = divmod(int((table - should).abs().argmax()), table.shape[1])
    return is_and_should(table[row, column], should[row, column], f"{{it}}[{row}][{column}]")
