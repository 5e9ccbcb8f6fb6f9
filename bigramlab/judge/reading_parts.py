"""What a table or a loss is that was made of a part of the words, where a notebook has cut them into parts."""

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import combinations
from typing import Any, NamedTuple

import torch
from torch import Tensor

from bigramlab.judge.making import RIGHT
from bigramlab.judge.reading import how_made
from bigramlab.judge.reading_numbers import TIGHT, digits_of
from bigramlab.judge.reviewed import Item, Thing
from bigramlab.lessons.counting import count_bigrams
from bigramlab.lessons.encoding import build_vocabulary

__all__ = ["Part", "parts_of", "read_part"]

USUAL = (0.8, 0.9)
MOST = 12  # parts: who has made more has made no split


class Part(NamedTuple):
    """Some of the words.

    Attributes:
        name: How the notebook writes them, such as `train` or `words[:n1]`.
        counts: The table of their bigrams, in the order of all words' vocabulary.
    """

    name: str
    counts: Tensor


def parts_of(things: Sequence[Thing], names: Mapping[str, Any], words: Sequence[str]) -> list[Part]:
    """Return the parts of a split: lists of some of the words, and slices of the list of all.

    Args:
        things: What was made.
        names: What its names stand for in the end: a list may have been shuffled in place.
        words: All the words.
    """
    lists = {one.name: names.get(one.name, one.value) for one in things if not one.shown}
    lists = {name: one for name, one in lists.items() if _are_words(one)}
    cuts = {one.value: one.name for one in things if type(one.value) is int and not one.shown}
    all_of_them, found = Counter(words), dict[str, list[str]]()
    for name, own in lists.items():
        counted = Counter(own)
        if len(own) < len(words) and not counted - all_of_them:
            found[name] = own
        elif counted == all_of_them:
            found |= _slices(name, own, cuts)
    return [Part(name, _counted(tuple(part), tuple(words))) for name, part in [*found.items()][:MOST] if part]


def _are_words(value: object) -> bool:
    return isinstance(value, list) and len(value) > 1 and all(isinstance(one, str) and len(one) > 0 for one in value)


def _slices(name: str, words: list[str], cuts: Mapping[int, str]) -> Iterator[tuple[str, list[str]]]:
    """Yield the slices of a list that is cut at the notebook's own numbers, or else where one usually cuts."""
    n = len(words)
    own = {place: cut for place, cut in cuts.items() if n / 2 <= place < n}
    ends = own or {int(share * n): f"{int(share * n)}" for share in USUAL}
    for first, second in combinations({0: "", **dict(sorted(ends.items())[:3]), n: ""}.items(), 2):
        if second[0] - first[0] < n:
            yield f"{name}[{first[1]}:{second[1]}]", words[first[0] : second[0]]


@lru_cache(maxsize=2 * MOST)
def _counted(part: tuple[str, ...], words: tuple[str, ...]) -> Tensor:
    return count_bigrams(part, build_vocabulary(words)).double()


def read_part(
    thing: Thing, parts: Sequence[Part], there: Mapping[str, Any], known: Sequence[Item], order: Tensor | None
) -> Item | None:
    """Say what a table of a part is, or the loss of a part by one of the notebook's own tables.

    Args:
        thing: What may be one of these.
        parts: The parts of the split.
        there: What there is by then, by name.
        known: What was said of it.
        order: The notebook's order of tokens, where it is another one.
    """
    told = {item.name for item in known if item.verdict == RIGHT and item.text.startswith("the probabilities")}
    models = {name: one.detach().double() for name in sorted(told) if isinstance(one := there.get(name), Tensor)}
    for part in parts:
        counts = part.counts if order is None else part.counts[order][:, order]
        if said := _said(thing.value, part.name, counts, models):
            return Item(thing.name, thing.place, *said, headline=f"`{thing.name}`: {said[1]}.")
    return None


def _said(value: object, name: str, counts: Tensor, models: Mapping[str, Tensor]) -> tuple[str, str] | None:
    if isinstance(value, Tensor) and value.shape == counts.shape and not value.is_complex():
        form = how_made(value.detach().double(), counts)
        return (form.verdict, f"{form.sentence}, of `{name}`") if form else None
    if isinstance(value, float) or (isinstance(value, Tensor) and value.is_floating_point() and not value.dim()):
        for model, probs in models.items():
            if what := _measured(float(value), counts, probs):
                return RIGHT, f"the {what} of `{name}` by `{model}`"
    return None


def _measured(value: float, counts: Tensor, probs: Tensor) -> str:
    """Say what a number measures, if it does; it is matched to its digits."""
    if probs.shape != counts.shape:
        return ""
    loss = -float(torch.xlogy(counts, probs).sum() / counts.sum())
    _, unit = digits_of(value)
    for what, number in (("loss", loss), ("perplexity", math.exp(min(loss, 700)))):
        if abs(number - value) <= min(max(unit, TIGHT * number), 6e-5 * number):
            return what
    return ""
