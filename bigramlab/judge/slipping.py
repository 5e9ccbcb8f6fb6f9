"""The chain of the lessons with a slip in it, or two: a step done as a catalogued mistake does it, the others right."""

import contextlib
import math
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from bigramlab.lessons.contexts import build_contexts
from bigramlab.mistakes import MISTAKES, Mistake

__all__ = [
    "COMMON",
    "KS",
    "LOSS",
    "MISPLACED",
    "PERPLEXITY",
    "Found",
    "Slip",
    "models_of",
    "print_of",
    "probs_of",
    "reordered",
    "run_slip",
    "same",
    "slips_in_contexts",
    "slips_in_numbers",
    "slips_in_tables",
    "slips_of",
    "wrong_contexts",
]

KS = (0, 1, 0.001, 0.01, 0.1, 0.5, 2, 3, 4, 5, 10)
COMMON = KS[:2]
"""The k that people choose: with any other, a table or a number with a slip in it is rarer."""
LOSS, PERPLEXITY = "loss", "perplexity"
MISPLACED: dict[str, Callable[[Tensor, float], Tensor]] = {
    "added after dividing": lambda counts, k: probs_of(counts) + k,
    "added to the counts, but not to the sums by which they are divided": (
        lambda counts, k: (counts + k) / counts.sum(dim=1, keepdim=True)
    ),
    "added to the sums of the rows, for each token, but not to the counts": (
        lambda counts, k: counts / (counts.sum(dim=1, keepdim=True) + k * counts.shape[1])
    ),
    "added once to the sum of each row, and not to the counts": (
        lambda counts, k: counts / (counts.sum(dim=1, keepdim=True) + k)
    ),
    "added to each count, but only once to the sum of each row": (
        lambda counts, k: (counts + k) / (counts.sum(dim=1, keepdim=True) + k)
    ),
}
"""What else is done with k than smoothing the counts before they are divided: by what is wrong with it."""
Found = tuple[float, str, float, list[tuple[str, str]]]  # a number, of what, k, and the slips' keys and places


@dataclass(frozen=True)
class Slip:
    """A step done as a mistake does it.

    Attributes:
        key: The function and the mistake's name, `smooth/k_ignored`.
        place: Of a miscounted table: whether it makes the model only, or is measured only; empty if both.
    """

    key: str
    place: str = ""

    def mistake(self) -> Mistake:
        """Return the catalogued mistake."""
        function, name = self.key.split("/")
        return next(one for one in MISTAKES[function] if one.name == name)

    def title(self) -> str:
        """Return the mistake's name, to be read."""
        return self.key.split("/")[1].replace("_", " ")


def slips_of(function: str) -> list[Mistake]:
    """Return the catalogued mistakes about the result of a function."""
    return [mistake for mistake in MISTAKES.get(function, []) if not mistake.careless]


def run_slip(mistake: Mistake, *arguments: Any) -> Any:
    """Return what a mistake makes of copies of the arguments; None if it raises."""
    copies = [
        one.clone() if isinstance(one, Tensor) else list(one) if isinstance(one, list) else one for one in arguments
    ]
    with contextlib.suppress(Exception):
        return mistake.run(*copies)
    return None


def probs_of(counts: Tensor) -> Tensor:
    """Divide each row by its sum; a row without counts becomes `nan`."""
    return counts / counts.sum(dim=-1, keepdim=True)


def print_of(ids: Tensor) -> str:
    """Return a fingerprint of a tensor of ids: its shape, and sums that any change of a cell changes."""
    flat = ids.flatten().long()
    places = torch.arange(1, len(flat) + 1) % 65521
    sums = (int(((flat + 1) * places).sum()), int((flat * flat * (places + 7)).sum()))
    return f"{'x'.join(map(str, ids.shape))}:{sums[0]:x}:{sums[1]:x}"


def same(a: Tensor, b: Tensor) -> bool:
    """Tell whether two tables agree, `nan` where `nan` is."""
    return a.shape == b.shape and torch.allclose(a.double(), b.double(), rtol=1e-5, atol=1e-6, equal_nan=True)


def reordered(table: Tensor, other: Tensor) -> bool:
    """Tell whether a table has the same rows as another, their cells and they themselves in any order."""
    return sorted(map(sorted, table.tolist())) == sorted(map(sorted, other.tolist()))


def slips_in_tables(words: list[str], vocabulary: str, counts: Tensor, step: Callable[[], object]) -> dict[str, Any]:
    """Return the miscounted tables, by mistake."""
    tables = {}
    for mistake in slips_of("count_bigrams"):
        table = run_slip(mistake, words, vocabulary)
        if isinstance(table, Tensor) and table.shape == counts.shape and not reordered(table, counts):
            tables[mistake.name] = table.tolist()
        step()
    return tables


def models_of(counts: Tensor, k: float, *, pairs: bool = True) -> Iterator[tuple[Tensor, list[str]]]:
    """Yield the model, and each with a slip in smoothing, in normalizing, or, as pairs, in both."""
    right = counts + k
    tables = [(right, "")] + [(run_slip(slip, counts, k), f"smooth/{slip.name}") for slip in slips_of("smooth")]
    for table, first in tables:
        if not isinstance(table, Tensor) or table.shape != counts.shape:
            continue
        probs = probs_of(table.double())
        if first and same(probs, probs_of(right.double())):
            continue
        yield probs, [first] if first else []
        if first and not pairs:
            continue
        for slip in slips_of("normalize"):
            wrong = run_slip(slip, table)
            if isinstance(wrong, Tensor) and wrong.shape == probs.shape and not same(wrong, probs):
                yield wrong.double(), [*([first] if first else []), f"normalize/{slip.name}"]


def slips_in_numbers(
    counts: Tensor, tables: dict[str, Tensor], step: Callable[[], object]
) -> tuple[list[Found], list[str]]:
    """Return the numbers of one slip and of two; and the slips that give the right loss from another table."""
    losses = {k: dict(_measures(counts, probs_of(counts + float(k))))[LOSS] for k in KS}
    found: list[Found] = []
    also: list[str] = []

    def note(value: Any, of: str, k: float, slips: list[Slip]) -> None:
        if isinstance(value, Tensor) and value.numel() == 1:
            value = value.item()
        if slips[-1].key == "negative_log_likelihood/sum_for_mean" and len(slips) == 1:
            return  # a step on the way, which is told as such
        if not isinstance(value, int | float) or not math.isfinite(value) or not 1e-9 < abs(value) < 1e15:
            return
        if of == LOSS and len(slips) == 1 and abs(value - losses[k]) < 1e-6:
            if k == 1 and not slips[0].place and not slips[0].key.startswith("negative"):
                also.append(slips[0].key)
            return
        found.append((float(value), of, k, [(slip.key, slip.place) for slip in slips]))

    def measure(weights: Tensor, probs: Tensor, k: float, slips: list[Slip]) -> None:
        if slips:
            for of, value in _measures(weights, probs):
                note(value, of, k, slips)
        if len(slips) < 2 and (not slips or k in COMMON):
            for function, of in (("negative_log_likelihood", LOSS), ("perplexity", PERPLEXITY)):
                for mistake in slips_of(function):
                    slip = Slip(f"{function}/{mistake.name}")
                    note(run_slip(mistake, weights, probs), of, k, [*slips, slip])

    for k in KS:
        for probs, keys in models_of(counts, k, pairs=k in COMMON):
            measure(counts, probs, k, [Slip(key) for key in keys])
    for name, table in tables.items():
        key = f"count_bigrams/{name}"
        for k in KS:
            for probs, keys in models_of(table, k, pairs=False):
                if not keys or k in COMMON:
                    measure(table, probs, k, [Slip(key), *map(Slip, keys)])
            measure(counts, probs_of(table + float(k)), k, [Slip(key, "in the model")])
            measure(table, probs_of(counts + float(k)), k, [Slip(key, "in the measure")])
        step()
    return _distinct(found), also


def _measures(counts: Tensor, probs: Tensor) -> Iterator[tuple[str, float]]:
    """Yield the loss and the perplexity, as anyone's line of torch computes them."""
    seen = counts > 0
    loss = -float((counts[seen].double() * probs[seen].double().log()).sum() / counts.sum())
    yield LOSS, loss
    yield PERPLEXITY, math.exp(min(loss, 700))


def _distinct(found: list[Found]) -> list[Found]:
    """Keep of equal numbers the three with the fewest slips, and none with two where one slip does it."""
    seen: Counter[str] = Counter()
    fewest: dict[str, int] = {}
    kept = []
    for one in sorted(found, key=lambda one: len(one[3])):
        number = f"{one[0]:.7g}"
        if fewest.setdefault(number, len(one[3])) == len(one[3]) and seen[number] < 3:
            seen[number] += 1
            kept.append(one)
    return kept


def slips_in_contexts(words: list[str], vocabulary: str, length: int) -> dict[str, str]:
    """Return the fingerprints of the contexts and targets of a length that are made with a slip."""
    found: dict[str, str] = {}
    for what, name, wrong in wrong_contexts(words, vocabulary, length):
        found.setdefault(print_of(wrong), f"{what} {length} build_contexts/{name}")
    return found


def wrong_contexts(words: list[str], vocabulary: str, length: int) -> Iterator[tuple[str, str, Tensor]]:
    """Yield the contexts and the targets of a length that a slip changes, each after what it is, and the slip."""
    right = build_contexts(words, vocabulary, length)
    for mistake in slips_of("build_contexts"):
        wrong = run_slip(mistake, words, vocabulary, length)
        if isinstance(wrong, tuple) and len(wrong) == 2 and all(isinstance(one, Tensor) for one in wrong):
            for one, what in zip(wrong, ("contexts", "targets"), strict=True):
                if one.numel() and not any(one.shape == ours.shape and torch.equal(one.long(), ours) for ours in right):
                    yield what, mistake.name, one
