"""A table that is called probabilities, of whatever form, and whose rows do not sum to 1."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence

from torch import Tensor

from bigramlab.judge.reading_code import Code
from bigramlab.judge.reviewed import RIGHT, WRONG, Item, Thing

__all__ = ["no_numbers", "no_probabilities", "no_shares"]

NAME = re.compile(r"(?i)(\w+[._])?(p\d?|probs?|probabilit(y|ies)|prob_?(table|matrix|dict))")
LOSSES = re.compile(r"(?i)(\w+_)?(loss(es)?i?|lossi)(_\w+)?")
OTHERS = re.compile(r"(?i)dev|val|test|word|best")
FEW_LOSSES = 5
OFF = 0.01  # how far from 1 a sum is that no rounding explains
FEWEST = 3  # rows


def no_shares(things: Sequence[Thing], found: Mapping[int, Item]) -> Iterator[tuple[int, str]]:
    """Yield the place of what is called probabilities, though the numbers of a row do not sum to 1.

    Args:
        things: What was made.
        found: What is known of each, by its place: nothing is said where no counts are right.
    """
    if not any(item.verdict == RIGHT and item.text.startswith(("the counts", "how often")) for item in found.values()):
        return
    last = {thing.name: at for at, thing in enumerate(things) if not thing.shown}
    for name, at in last.items():
        rows = _rows_of(things[at].value) if NAME.fullmatch(name) and at not in found else {}
        sums = {label: math.fsum(row) for label, row in rows.items()}
        usual = all(number >= 0 and math.isfinite(number) for row in rows.values() for number in row)
        off = [label for label, total in sums.items() if abs(total - 1) > OFF]
        whole = all(float(number).is_integer() for row in rows.values() for number in row)  # counts
        if (
            usual
            and not whole
            and len(rows) >= FEWEST
            and len(off) > len(rows) / 2
            and abs(sum(sums.values()) - 1) > OFF
        ):
            yield at, f"its rows do not sum to 1, as probabilities do: that of {off[0]!r} sums to {sums[off[0]]:.4g}"


def no_numbers(things: Sequence[Thing], codes: Sequence[Code]) -> Iterator[tuple[int, str]]:
    """Yield the place of the losses of a training, one after another, that end with no number."""
    text = " ".join(code.text for code in codes)
    if not re.search(r"backward|grad", text) or re.search(r"logspace|linspace", text):  # a search for a rate may end so
        return
    last = {thing.name: at for at, thing in enumerate(things) if not thing.shown}
    for name, at in last.items():
        losses = things[at].value
        if not LOSSES.fullmatch(name) or OTHERS.search(name) or type(losses) is not list or len(losses) < FEW_LOSSES:
            continue
        if not all(type(one) is float for one in losses):
            continue
        first = next((place for place, one in enumerate(losses) if not math.isfinite(one)), 0)
        if 0 < first <= len(losses) - FEWEST and all(math.isnan(one) for one in losses[-FEWEST:]):
            yield at, f"no numbers from place {first} on: the training diverged, uphill or in too long steps"


def no_probabilities(thing: Thing, table: Tensor) -> Item | None:
    """Say so of a function whose name says that it gives probabilities, if no axis of what it gives sums to 1."""
    sums = table.sum(dim=1)
    off = [float(((one - 1).abs() > OFF).float().mean()) for one in (sums, table.sum(dim=0))]
    if not table.isfinite().all() or bool((table < 0).any()) or min(off) < 0.5 or abs(float(table.sum()) - 1) <= OFF:
        return None
    at = int((sums - 1).abs().argmax())
    text = f"what it gives for all tokens after one sums to {float(sums[at]):.4g}, and probabilities sum to 1"
    return Item(thing.name, thing.place, WRONG, text, f"`{thing.name}`: {text}.")


def _rows_of(value: object) -> dict[object, list[float]]:
    """Return the rows of a table by their labels; nothing if it is none."""
    if isinstance(value, Tensor):
        value = value.tolist() if value.dim() == 2 and value.is_floating_point() and not value.requires_grad else None
    elif type(value).__module__ == "numpy" and hasattr(value, "tolist"):
        value = value.tolist()
    rows: dict[object, list[float]] = {}
    if isinstance(value, dict):
        for key, one in value.items():
            if isinstance(one, dict):
                rows[key] = [*one.values()]
            elif isinstance(key, tuple | str) and len(key) == 2:
                rows.setdefault(key[0], []).append(one)
    elif isinstance(value, list) and all(isinstance(row, list) for row in value):
        rows = dict(enumerate(value))
    square = isinstance(value, dict) or all(len(row) == len(rows) for row in rows.values())
    return rows if square and all(type(number) in (int, float) for row in rows.values() for number in row) else {}
