"""What is this value? A number, a table or a list is compared with all that can be made of the words."""

import json
import math
import re
import reprlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import islice
from numbers import Real
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from bigramlab.judge.describing import in_short
from bigramlab.judge.making import CLOSE, MISTAKE, RIGHT, STEP, UNKNOWN, Made, make
from bigramlab.judge.reading import Candidate, is_and_should, read_row, read_table, slipped
from bigramlab.judge.reading_boundaries import read_two_tokens
from bigramlab.judge.reading_choices import read_probs
from bigramlab.judge.reading_deeper import read_deeper
from bigramlab.judge.reading_examples import read_example
from bigramlab.judge.reading_numbers import read_count, read_number, remarks_on, told_also
from bigramlab.judge.reading_words import read_ids, read_words
from bigramlab.judge.reporting import Section, Shown
from bigramlab.judge.shipped import the_names
from bigramlab.judge.slipping import Slip
from bigramlab.judge.tabulating import in_keys, table_of
from bigramlab.lessons.inputs import require_words
from bigramlab.mistakes import MISTAKES

__all__ = ["KEPT", "Recognized", "are_the_names", "is_one_hot", "recognize"]

KEPT = Path(__file__).with_name("known.json")
"""What is known of the names, made by `python -m tools.known`, in the folder `docs/`."""
LARGEST = 20_000_000  # cells: what is larger is none of these tables
ON_AXES = "normalize/keepdim_forgotten"  # which a dict has none of
A_LOSS = re.compile(r"(^|_)(nll|loss|losses|negative_log_likelihood)(_|$)", re.IGNORECASE)


@dataclass(repr=False)
class Recognized(Shown):
    """What a value is. True when it is right.

    Attributes:
        value: The value, written short.
        verdict: `right`, `mistake`, `step` (true, but unfinished), `close` (some cells differ) or `unknown`.
        candidates: What it may be, up to three, the simplest first.
        notes: What else there is to say.
        words: Which words it was compared with.
        name: The name of the variable that holds it.
        could: What it could be, among much else, and why that can't be told.
    """

    value: str
    verdict: str = UNKNOWN
    candidates: list[Candidate] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    words: str = ""
    name: str = "value"
    could: str = ""

    def __bool__(self) -> bool:
        """Tell whether it is right."""
        return self.verdict == RIGHT

    def mark(self) -> str:
        """Return a sign for it; what is true and unfinished, or not known, is not wrong."""
        return {RIGHT: "✓", MISTAKE: "✗", CLOSE: "✗", STEP: "→"}.get(self.verdict, "?")

    def headline(self) -> str:
        """Return what it is in one line."""
        if self.could:
            return f"{self.value} could be {self.could}."
        if not self.candidates:
            return f"{self.value} is none of the values that are known of {self.words}."
        what = self.candidates[0].sentence
        told = {RIGHT: "right", STEP: "a step on the way", CLOSE: "close", MISTAKE: "a mistake"}[self.verdict]
        return f"{self.value} is {told}: {what.split('. ')[0] if self.verdict == MISTAKE else what}."

    def sections(self) -> list[Section]:
        """Return what there is to say besides."""
        sections = []
        for place, one in enumerate(self.candidates):
            if place:  # the same slip is explained once
                same = one.slips and one.slips == self.candidates[0].slips
                sections.append(("Or", _ended(one.sentence.split(". ")[0] if same else one.sentence), False))
            elif one.verdict == MISTAKE and ". " in one.sentence:
                sections.append(("But", _ended(one.sentence.split(". ", 1)[1]), False))
            if not place and one.seen:
                sections.append(("To see it", one.seen.replace("{it}", self.name), False))
        return sections + [("Note", note, False) for note in self.notes]


def _ended(sentence: str) -> str:
    return f"{sentence.rstrip('.')}."


class Known(NamedTuple):
    """Words, what was made of them, and what to call them."""

    words: Sequence[str]
    made: Made
    name: str


def recognize(
    value: Any, words: Sequence[str] | None = None, *, name: str = "value", progress: bool = True
) -> Recognized:
    """Say what a value is.

    Args:
        value: A number, a tensor, an array, a list of numbers, of rows or of words, or a vocabulary.
        words: The words that it was made of; `None` means the names.
        name: The name of the variable that holds it: a loss must not be negative.
        progress: Whether a bar is shown where much is to be made.

    Returns:
        The report.

    Raises:
        TypeError: If it is none of these.
    """
    given, known = value, _known_names() if words is None else _known(words, progress)
    value = _plain(value) if (table := table_of(given, known.made.vocabulary)) is None else table
    if isinstance(value, Tensor) and value.numel() == 1 and not value.is_complex() and value.dtype != torch.bool:
        value = _number(value.flatten()[0])
    report = Recognized(in_short(value) if table is None else "This dict", words=known.name, name=name)
    candidates = [*islice(_candidates(value, known, report.notes), 8)]
    if table is not None:
        candidates = [replace(one, seen=in_keys(one.seen, given, known.made.vocabulary)) for one in candidates]
        candidates = [one for one in candidates if ON_AXES not in one.slips] or candidates
    if A_LOSS.search(name):
        candidates = [_unsigned(one, value) for one in candidates]
    if not isinstance(value, float):
        candidates.sort(key=lambda one: one.verdict != RIGHT)
    report.candidates = [*{one.sentence: one for one in reversed(candidates)}.values()][::-1][:3]
    if report.candidates:
        report.verdict = report.candidates[0].verdict
    if report.candidates and report.verdict == UNKNOWN:
        first = report.candidates[0]
        report.could, report.candidates = f"{first.sentence}, or much else: {first.also}", []
    elif report.verdict == RIGHT:
        slips = [one for one in report.candidates if one.verdict == MISTAKE and isinstance(value, int)]
        report.candidates = [one for one in report.candidates if one.verdict == RIGHT] + slips
        report.notes += told_also(report.candidates[0], known.made) or [*filter(None, [report.candidates[0].also])]
    elif not report.candidates and isinstance(value, float) and math.isfinite(value):
        report.notes += remarks_on(value, known.made)
    return report


def _unsigned(one: Candidate, value: float) -> Candidate:
    """Return what a sum of logs is if a loss should be there."""
    if not one.sentence.startswith("the log-likelihood"):
        return one
    what = one.sentence.split(";")[0].replace("log-likelihood", "sum of the losses")
    slips = [Slip(key) for key in ("negative_log_likelihood/minus_sign_missing", *one.slips)]
    seen = "" if one.slips else is_and_should(value, -value)
    return slipped(what.split(", with ")[0] if one.slips else what, slips, seen)


@lru_cache(maxsize=1)
def _known_names() -> Known:
    """Return what is kept of the names; a copy of the package without that file makes it anew."""
    names = the_names()
    kept = _current(Made.from_json(json.loads(KEPT.read_text(encoding="utf-8")))) if KEPT.exists() else make(names)
    return Known(names, kept, "the names")


def _current(made: Made) -> Made:
    """Leave out what is kept of mistakes that the catalogue no longer has."""
    there = {f"{function}/{mistake.name}" for function, some in MISTAKES.items() for mistake in some}
    made.numbers = [one for one in made.numbers if {key for key, _ in one.slips} <= there]
    made.also = [key for key in made.also if key in there]
    made.tables = {name: table for name, table in made.tables.items() if f"count_bigrams/{name}" in there}
    made.contexts = {mark: text for mark, text in made.contexts.items() if text.split()[-1] in there}
    return made


def are_the_names(words: Sequence[str]) -> bool:
    """Tell whether words are the names, in any order or with a slip in them: then all is compared with those."""
    return _are_the_names(tuple(words))


@lru_cache(maxsize=16)
def _are_the_names(words: tuple[str, ...]) -> bool:
    names = the_names()
    found = read_words(list(words), names, "")
    return any(one.verdict == MISTAKE or (one.verdict == RIGHT and len(words) == len(names)) for one in found)


def _known(words: Sequence[str], progress: bool) -> Known:
    require_words(words)
    words = tuple(words)
    return _known_names() if words and are_the_names(words) else _made_of(words, progress)


@lru_cache(maxsize=4)
def _made_of(words: tuple[str, ...], progress: bool) -> Known:
    if not words:
        raise ValueError("words is empty, so that nothing can be made of it; give the words that the value is made of")
    return Known(words, make(words, progress=progress), "these words")


def _plain(value: Any) -> Any:
    """Return a number, a tensor, a `str` or a list of them."""
    if isinstance(value, np.floating):
        return float(str(value))  # in the digits that it has
    if isinstance(value, np.generic):
        value = value.item()
    if not isinstance(value, Tensor | type) and hasattr(value, "__array__"):  # a DataFrame, too
        value = np.asarray(value)
        wide = value.astype(np.float64) if value.dtype.kind == "f" else value
        value = torch.from_numpy(np.ascontiguousarray(wide)) if value.dtype.kind in "iufb" else value.tolist()
    if isinstance(value, Tensor):
        value = value.detach().cpu().to_dense()
        return value if value.dim() else _number(value)
    if isinstance(value, set | frozenset | range):
        value = sorted(value, key=str)
    if isinstance(value, list | tuple):
        if value and all(isinstance(one, str) for one in value):
            return list(value)
        if len(value) == 2 and all(isinstance(one, Tensor) and one.dim() for one in value):
            return tuple(value)
        try:
            rows = [_plain(row) if isinstance(row, Tensor | list | tuple | np.ndarray) else row for row in value]
            return torch.tensor([row.tolist() if isinstance(row, Tensor) else row for row in rows])
        except (TypeError, ValueError, RuntimeError, OverflowError, AttributeError):
            raise TypeError(
                f"check takes a list of words, of numbers, or of rows of the same length, got {reprlib.repr(value)}"
            ) from None
    if isinstance(value, bool) or not isinstance(value, Real | str):
        raise TypeError(
            f"check takes a function, a number, a table or a list of words, got {reprlib.repr(value)}; "
            "name the function without brackets, as in check(normalize), or give what it returned"
        )
    return value if isinstance(value, str | int) else float(value)


def _number(value: Tensor) -> Any:
    """Return the number that a tensor holds, in the digits that its type has."""
    if value.dtype in (torch.float16, torch.bfloat16):
        return float(f"{value.item():.3g}")
    return float(str(value.numpy()[()])) if value.dtype == torch.float32 else value.item()


def _candidates(value: Any, known: Known, notes: list[str]) -> Iterator[Candidate]:
    if isinstance(value, str | list):
        tokens = [*value] if isinstance(value, str) else value
        yield from read_words(tokens, known.words, known.made.vocabulary)
    elif isinstance(value, tuple):
        parts = [
            replace(one, seen=one.seen.replace("{it}", f"{{it}}[{place}]"))
            for place, part in enumerate(value)
            for one in islice(_candidates(part, known, notes), 1)
        ]
        if len(parts) == len(value):
            worst = max(parts, key=lambda one: (RIGHT, STEP, CLOSE, MISTAKE).index(one.verdict))
            both = "; ".join(one.sentence for one in parts)
            yield Candidate(RIGHT, both) if worst.verdict == RIGHT else worst
    elif isinstance(value, Tensor):
        yield from _of_tensor(value, known)
    elif isinstance(value, float) and not math.isfinite(value):
        if value == value:
            notes.append("`inf` is the loss if a bigram that was counted has probability 0: smooth the counts first.")
        elif any(0 in row for row in known.made.counts):
            notes.append("A row without counts, divided by its sum, is `nan`, too: 0 / 0.")
            yield slipped("the loss without smoothing", [Slip("negative_log_likelihood/zero_times_log_0")])
    elif abs(value) < 1e15:
        if value == int(value):
            yield from read_count(int(value), known.words, known.made)
        if isinstance(value, float) or abs(value) > 9999:
            found = read_number(value, known.made)
            yield from (one for one in found if isinstance(value, float) or one.verdict == STEP)


def _of_tensor(value: Tensor, known: Known) -> Iterator[Candidate]:
    if value.numel() > LARGEST or value.is_complex() or value.dtype == torch.bool:
        return
    size = len(known.made.vocabulary)
    if value.is_floating_point() and value.shape in ((size,), (1, size), (size, size)):
        yield from read_probs(value, known.words, known.made)
    elif value.dim() == 1 and len(value) == size:
        yield from read_row(value, known.made)
    elif value.shape == (size + 1, size + 1):
        yield from read_two_tokens(value, known.made)
    elif value.dim() == 2 and max(value.shape) == size and min(value.shape) in (1, size):
        yield from read_table(value, known.words, known.made)
    elif value.dim() == 2 and value.shape[1] == size and is_one_hot(value):
        for one in read_ids(value.argmax(dim=1), known.words, known.made):
            yield Candidate(one.verdict, f"{one.sentence}, one-hot", one.seen, one.slips)
    if size > 1 and value.shape in ((size, size, size), (size * size, size)):
        yield from read_deeper(value, known.words, known.made.vocabulary)
    if value.dim() in (1, 2) and not value.is_floating_point():
        yield from read_ids(value, known.words, known.made)
    elif value.is_floating_point():
        yield from read_example(value)


def is_one_hot(value: Tensor) -> bool:
    """Tell whether each row of a table is a token as zeros and a 1."""
    return bool(((value == 0) | (value == 1)).all() and (value.sum(dim=1) == 1).all())
