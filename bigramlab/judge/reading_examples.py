"""What the chapters compute by hand, on a few numbers: what each function gives for them, rightly and with a slip."""

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import torch
from torch import Tensor

from bigramlab.judge.making import RIGHT, STEP
from bigramlab.judge.reading import EXACT, Candidate, is_and_should, slipped
from bigramlab.judge.slipping import Slip, run_slip, slips_of
from bigramlab.laws import ours_for
from bigramlab.mistakes import Mistake

__all__ = ["EXAMPLES", "read_example"]


class Example(NamedTuple):
    """Numbers that a chapter gives to a function.

    Attributes:
        function: The function's name.
        arguments: What it is given.
        of: The same in words.
    """

    function: str
    arguments: tuple[Any, ...]
    of: str


KEYS = torch.tensor([[[[2.0, 0.0], [0.0, 1.0], [0.0, 1.0]]]])
ASKED = torch.tensor([[[[0.0, 0.0], [0.0, 2.0], [1.0, 0.0]]]])
TWO = torch.tensor([[[[5.0], [math.log(3)]]]]), torch.tensor([[[[0.0], [1.0]]]])
EIGHT = torch.arange(8.0).view(1, 2, 4)
QUARTERS = torch.tensor([[1 / 4, 3 / 4]]).log()

EXAMPLES = [
    *(Example("with_temperature", (QUARTERS, temperature), f"1/4 and 3/4 at a temperature of {temperature:g}")
      for temperature in (1.0, 0.1, 0.5, 2.0, 100.0)),
    Example("keep_top_k", (torch.tensor([[0.1, 0.6, 0.2, 0.1]]), 2), "0.1, 0.6, 0.2, 0.1 and a k of 2"),
    Example("keep_top_p", (torch.tensor([[0.1, 0.6, 0.2, 0.1]]), 0.7), "0.1, 0.6, 0.2, 0.1 and a p of 0.7"),
    Example("attention_shares", (ASKED, KEYS), "the chapter's three queries and three keys"),
    Example("attention_shares", TWO, "the queries 5 and log 3 and the keys 0 and 1"),
    Example("attend", (*TWO, torch.tensor([[[[8.0], [4.0]]]])), "the shares 1/4 and 3/4 of the values 8 and 4"),
    Example("split_heads", (EIGHT, 2), "0 to 3 and 4 to 7, cut for two heads"),
    Example("split_heads", (EIGHT + 1, 2), "1 to 4 and 5 to 8, cut for two heads"),
    Example("merge_heads", (EIGHT.view(1, 2, 2, 2).transpose(1, 2),), "the pieces of 0 to 3 and 4 to 7"),
    Example("merge_heads", (EIGHT.view(1, 2, 2, 2).transpose(1, 2) + 1,), "the pieces of 1 to 4 and 5 to 8"),
    Example("rms_norm", (torch.tensor([[[1.0, 7.0], [2.0, 14.0]]]), torch.ones(2)), "1, 7 and 2, 14"),
]  # fmt: skip
"""The chapters' examples, and those of the functions' own docstrings."""
STEPS = [
    (ASKED @ KEYS.transpose(2, 3) / math.sqrt(2), "the scores of the chapter's queries and keys, before the softmax"),
    (ASKED @ KEYS.transpose(2, 3), "the dot products of the chapter's queries and keys, not divided by √2 yet"),
]


def read_example(value: Tensor) -> Iterator[Candidate]:
    """Yield what a few numbers may be, the right first."""
    value = value.detach().double()
    if value.numel() > 16 or not value.isfinite().all() or not _tells(value):
        return
    known = [
        *((RIGHT, f"what `{one.function}` gives for {one.of}", _ours(one)) for one in EXAMPLES),
        *((STEP, what, step) for step, what in STEPS),
    ]
    found = [Candidate(verdict, part[0] + what) for verdict, what, whole in known if (part := _part(value, whole))]
    yield from found or (_slips(value) if _is_peculiar(value) else ())


def _ours(example: Example) -> Tensor:
    result: Tensor = ours_for(example.function)(*example.arguments)
    return result


def _slips(value: Tensor) -> Iterator[Candidate]:
    """Yield the slips by which a function gives this for an example."""
    for example in EXAMPLES:
        right = _ours(example)
        for mistake in slips_of(example.function):
            wrong = run_slip(mistake, *example.arguments)
            if not isinstance(wrong, Tensor) or (wrong.shape == right.shape and _alike(wrong, right)):
                continue
            if (part := _part(value, wrong)) and not _is_of_any(wrong, mistake, example):
                what = f"{part[0]}what `{example.function}` gives for {example.of}"
                should = _at(right, part[1]) if wrong.shape == right.shape else right
                yield slipped(what, [Slip(f"{example.function}/{mistake.name}")], _seen(value, should))


def _is_of_any(wrong: Tensor, mistake: Mistake, example: Example) -> bool:
    """Tell whether a slip gives the same for other numbers, too: then it says nothing of these, and may be no slip."""
    others = (one.flip(-1).square() + 1 if isinstance(one, Tensor) else one for one in example.arguments)
    again = run_slip(mistake, *others)
    return isinstance(again, Tensor) and _alike(again, wrong)


def _part(value: Tensor, whole: Tensor) -> tuple[str, int | None] | None:
    """Return whether a value is the whole, or which part of it: axes of a single entry say nothing."""
    value, whole = _bare(value), _bare(whole)
    if _alike(value, whole):
        return "", None
    for at, part in enumerate(whole if whole.dim() > 1 else ()):
        if _alike(value, _bare(part)) and _tells(part):
            return f"part {at + 1} of ", at
    return None


def _bare(x: Tensor) -> Tensor:
    while x.dim() > 1 and len(x) == 1:
        x = x[0]
    return x.double()


def _at(right: Tensor, place: int | None) -> Tensor:
    return right if place is None else _bare(right)[place]


def _alike(one: Tensor, other: Tensor) -> bool:
    one, other = _bare(one), _bare(other)
    return one.shape == other.shape and bool(((one - other).abs() <= EXACT * other.abs().clamp(min=1)).all())


def _tells(value: Tensor) -> bool:
    """Tell whether numbers say something: not zeros and ones alone, and not all the same."""
    return bool(((value != 0) & (value != 1)).any()) and bool((value != value.flatten()[0]).any())


def _is_peculiar(value: Tensor) -> bool:
    """Tell whether numbers are unlikely to be the same by chance: one with three digits, some of two, or many."""
    has_digits = [bool(((value * unit).frac().abs() > 1e-3).any()) for unit in (1, 100)]
    return has_digits[1] or (has_digits[0] and value.numel() > 3) or value.numel() > 4


def _seen(value: Tensor, should: Tensor) -> str:
    """Return a line that shows the first number that is another one; none if the shape is."""
    bare, wanted = _bare(value), _bare(should)
    if bare.shape != wanted.shape:
        return ""
    first = ((bare - wanted).abs() > EXACT).nonzero()[0].tolist()
    place = "".join(f"[{at}]" for at in [*[0] * (value.dim() - bare.dim()), *first])
    return is_and_should(bare[tuple(first)], wanted[tuple(first)], f"{{it}}{place}")
