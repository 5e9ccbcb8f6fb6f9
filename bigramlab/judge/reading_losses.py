"""Which loss of a part of the words a number is, by one of the notebook's own tables."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import Any, NamedTuple

import torch
from torch import Tensor

from bigramlab.judge.following import roles_in
from bigramlab.judge.making import MISTAKE, RIGHT, with_k
from bigramlab.judge.reading_deeper import counted_deeper
from bigramlab.judge.reading_numbers import LOOSE, SHORT, TIGHT, digits_of
from bigramlab.judge.reviewed import Item, Thing
from bigramlab.judge.slipping import KS, probs_of
from bigramlab.lessons.encoding import build_vocabulary

__all__ = ["Part", "read_loss"]

A_WORD = "loss a word"
OF_ALL = ", which was made of all words"
LOGS = "the logarithms of the probabilities"
SMOOTHED = "the counts, smoothed"


class Part(NamedTuple):
    """Some of the words.

    Attributes:
        name: How the notebook writes them, such as `train` or `words[:n1]`.
        counts: The table of their bigrams, in the order of all words' vocabulary.
        words: They themselves.
    """

    name: str
    counts: Tensor
    words: tuple[str, ...]


def read_loss(
    thing: Thing,
    parts: Sequence[Part],
    counted: Sequence[tuple[str, Tensor]],
    there: Mapping[str, Any],
    known: Sequence[Item],
    words: Sequence[str],
) -> tuple[str, str] | None:
    """Say which loss a number is.

    Args:
        thing: What may be one.
        parts: The parts of the split.
        counted: The counts of each of them, in the notebook's order of tokens.
        there: What there is by then, by name.
        known: What was said of it.
        words: All the words.
    """
    value = thing.value
    if not (isinstance(value, float) or (isinstance(value, Tensor) and value.is_floating_point())):
        return None
    number = float(value.detach() if isinstance(value, Tensor) else value)
    if not math.isfinite(number):
        return None
    said = _number(number, counted, there, known) or _deeper_number(number, parts, there, known, words)
    split = any("train" in roles_in(part.name) for part in parts)
    return said and _by_its_name(thing.name, *said, split=split)


def _by_its_name(name: str, verdict: str, text: str, *, split: bool) -> tuple[str, str]:
    """Say of a loss that its name is of another part of the split, or that it is meant to be one of a word."""
    if verdict == MISTAKE and re.search("(?i)word|name", name):
        return RIGHT, text.split(":")[0]
    own, measured = roles_in(name), re.search(r" of `(\w+)` by ", text)
    roles = roles_in(measured[1]) if measured else set()
    if OF_ALL in text and own == roles and own & {"dev", "test"} and split:
        return MISTAKE, f"{text}: it has seen what it is tested on"
    if measured and len(own) == len(roles) == 1 and own != roles:
        return MISTAKE, f"{text}, and its name says {min(own)}: measure it on that part, not on `{measured[1]}`"
    return verdict, text


def _number(
    number: float, parts: Sequence[tuple[str, Tensor]], there: Mapping[str, Any], known: Sequence[Item]
) -> tuple[str, str] | None:
    """Say which loss a number is: of a part, or of all words, if those have two tokens for the boundary."""
    tables = _tables(there, known, axes=2)
    counted = [(item, table) for item, table in tables if item.text.startswith("the counts")]
    everything = [("all words", counts, LOOSE) for item, counts in counted if "two tokens" in item.text]
    measured = [(f"`{name}`", counts, TIGHT) for name, counts in parts] + everything
    own = [(item, table) for item, table in counted if parts and "two tokens" not in item.text]
    return _loss_by(number, _models(tables, parts), own, measured)


def _tables(there: Mapping[str, Any], known: Sequence[Item], *, axes: int) -> list[tuple[Item, Tensor]]:
    """Return the notebook's own tables that are right, with what was said of them."""
    return [
        (item, table.detach().double())
        for item in known
        if (item.verdict == RIGHT or item.text.startswith(LOGS))
        and isinstance(table := there.get(item.name), Tensor)
        and table.dim() == axes
    ]


def _models(tables: Sequence[tuple[Item, Tensor]], parts: Sequence[Any]) -> dict[str, Tensor]:
    """Return the tables of probabilities, each by its name; one that was made of all words has seen each part."""
    found = {}
    for item, table in tables:
        of_all = OF_ALL if parts and " of `" not in item.text else ""
        if item.text.startswith(("the probabilities", LOGS)):
            found[f"`{item.name}`{of_all}"] = table.exp() if item.text.startswith(LOGS) else table
    return found


def _deeper_number(
    number: float, parts: Sequence[Part], there: Mapping[str, Any], known: Sequence[Item], words: Sequence[str]
) -> tuple[str, str] | None:
    """Say which loss a number is by a table of what follows two tokens: of a part, or of all words."""
    tables = _tables(there, known, axes=3)
    if not tables or not number:
        return None
    vocabulary = build_vocabulary(words)
    measured = [
        (name, counts, TIGHT)
        for name, own in [*((f"`{part.name}`", part.words) for part in parts), ("all words", tuple(words))]
        for counts, _ in counted_deeper(own, vocabulary)
    ]
    counted = [(item, table) for item, table in tables if item.text.startswith("the counts")]
    return _loss_by(number, _models(tables, parts), counted, measured)


def _loss_by(
    number: float,
    models: Mapping[str, Tensor],
    counted: Sequence[tuple[Item, Tensor]],
    measured: Sequence[tuple[str, Tensor, float]],
) -> tuple[str, str] | None:
    """Say which loss a number is by the tables of probabilities, or by one that was made of the counts."""
    if said := _nearest(number, product(models.items(), measured)):
        return said
    smoothed = {}
    for item, counts in counted if digits_of(number)[0] > SHORT else ():
        done = item.text.startswith(SMOOTHED)
        for k in (0,) if done else KS:  # which may be chosen by a loop over several
            how = "" if done else f" {with_k(k)}"
            smoothed[f"`{item.name}`{how}{'' if ' of `' in item.text else OF_ALL}"] = probs_of(counts + k)
    return _nearest(number, product(smoothed.items(), measured))


def _nearest(
    number: float, tried: Iterable[tuple[tuple[str, Tensor], tuple[str, Tensor, float]]]
) -> tuple[str, str] | None:
    """Say which loss a number is nearest to, of those that a model and what it is measured on can give."""
    found = [
        (*near, f"of {name} by {model}")
        for (model, probs), (name, counts, bound) in tried
        if (near := _measured(number, counts, probs, bound))
    ]
    _, what, of = min(found, key=lambda one: (one[1] == A_WORD, one[0]), default=(0.0, "", ""))
    if what == A_WORD:
        return MISTAKE, f"the loss {of}, a word: the sum should be divided by how many tokens are guessed, not words"
    return (RIGHT, f"the {what} {of}") if found else None


def _measured(value: float, counts: Tensor, probs: Tensor, bound: float) -> tuple[float, str] | None:
    """Say how near a number is to what it measures, and what that is, if it does.

    It is matched to its digits, and a longer one up to the bound.
    """
    if probs.shape != counts.shape:
        return None
    loss = -float(torch.xlogy(counts, probs).sum() / counts.sum())
    if not math.isfinite(loss):  # any number would be as near
        return None
    _, unit = digits_of(value)
    a_word = loss * float(counts.sum() / counts[..., 0].sum())
    for what, number in (("loss", loss), ("perplexity", math.exp(min(loss, 700))), (A_WORD, a_word)):
        if abs(number - value) <= max(min(unit, 6e-5 * number), bound * number):
            return round(abs(number - value) / number, 7), what
    return None
