"""What a table or a loss is that was made of a part of the words, where a notebook has cut them into parts."""

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import combinations, product
from typing import Any, NamedTuple

import torch
from torch import Tensor

from bigramlab.judge.following import roles_in
from bigramlab.judge.making import MISTAKE, RIGHT, with_k
from bigramlab.judge.reading import how_made, with_slips
from bigramlab.judge.reading_numbers import LOOSE, SHORT, TIGHT, digits_of
from bigramlab.judge.reviewed import Item, Thing
from bigramlab.judge.slipping import KS, probs_of
from bigramlab.lessons.counting import count_bigrams
from bigramlab.lessons.encoding import build_vocabulary

__all__ = ["Part", "overlapping", "parts_of", "read_part", "same_losses"]

A_LOSS = re.compile(r"(?i)loss|nll|ppl|perplexity")
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


def overlapping(things: Sequence[Thing], words: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Yield the place of a part that has something of the parts before it, and what shows that.

    Parts are lists of words, or examples, which are called train, dev and test; of two of one kind nothing is said.
    """
    total = sum(len(word) + 1 for word in words)
    longest = sum(len(word) + 2 for word in words)  # of all texts as ids, with two tokens for the boundary
    kinds: dict[object, dict[str, list[int]]] = {}
    for name in dict.fromkeys(one.name for one in things if not one.shown):
        at = max(at for at, one in enumerate(things) if one.name == name)
        value, roles = things[at].value, roles_in(name)
        is_table = isinstance(value, Tensor) and value.dim() == 2 and not value.is_floating_point()
        kind = "words" if _are_words(value) else value.shape[1] if is_table else "ids" if _are_ids(value) else None
        if kind == "ids" and not roles:
            longest = max(longest, len(value))
        if kind is not None and len(roles) == 1 and (kind == "ids" or len(value) <= total):
            kinds.setdefault(kind, {}).setdefault(min(roles), []).append(at)
    told = False
    for kind, found in sorted(kinds.items(), key=lambda one: one[0] == "ids"):
        if any(len(places) > 1 for places in found.values()):
            continue
        places = sorted(at for (at,) in found.values())
        if kind == "ids" and told:  # the targets of examples
            continue
        for many in range(2, len(places) + 1):
            own = [things[at] for at in places[:many]]
            names = ", ".join(f"`{one.name}`" for one in own)
            if kind == "words" and Counter(word for one in own for word in one.value) - Counter(words):
                text = f"some words are in two of {names}: test a part on words that it never saw"
            elif kind == "ids" and sum(len(one.value) for one in own) > longest:
                text = f"some tokens are in two of {names}: together they are more than there are"
            elif kind not in ("words", "ids") and sum(len(one.value) for one in own) > total:
                text = f"some examples are in two of {names}: together they are more than {total:,}, which is all"
            else:
                continue
            told = True
            yield places[many - 1], text
            break


def same_losses(things: Sequence[Thing]) -> Iterator[tuple[int, str]]:
    """Yield the place of a loss of one part that is the very number of the loss of another one."""
    known: dict[float, tuple[str, set[str]]] = {}
    for at, thing in enumerate(things):
        roles = roles_in(thing.name) if A_LOSS.search(thing.name) and not thing.shown else set()
        one = isinstance(thing.value, float) or (isinstance(thing.value, Tensor) and thing.value.numel() == 1)
        number = float(thing.value) if one and len(roles) == 1 else 0.0
        if not number or not math.isfinite(number):
            continue
        other, of = known.setdefault(number, (thing.name, roles))
        if of != roles:
            yield at, f"the very number of `{other}`: it is measured on the same examples"


def _are_words(value: object) -> bool:
    return isinstance(value, list) and len(value) > 1 and all(isinstance(one, str) and len(one) > 0 for one in value)


def _are_ids(value: object) -> bool:
    """Tell whether it is a text as ids."""
    if isinstance(value, Tensor):
        return value.dim() == 1 and value.dtype == torch.int64
    return isinstance(value, list) and len(value) > 1 and type(value[0]) is type(value[-1]) is int


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
    own = [(part.name, part.counts if order is None else part.counts[order][:, order]) for part in parts]
    if isinstance(thing.value, Tensor) and thing.value.dim():
        said = next(filter(None, (_table(thing.value, name, counts) for name, counts in own)), None)
        counted = [(name, one) for name, one in own if any(item.text.endswith(f", of `{name}`") for item in known)]
        if said is None and (wrong := _wrong_table(thing, counted)):
            return wrong
    else:
        said = _number(thing.value, own, there, known)
    return Item(thing.name, thing.place, *said, headline=f"`{thing.name}`: {said[1]}.") if said else None


def _table(value: Tensor, name: str, counts: Tensor) -> tuple[str, str] | None:
    if value.shape != counts.shape or value.is_complex():
        return None
    form = how_made(value.detach().double(), counts)
    return (form.verdict, f"{form.sentence}, of `{name}`") if form else None


def _wrong_table(thing: Thing, counted: Sequence[tuple[str, Tensor]]) -> Item | None:
    """Say which slip a table has that is made of a part whose counts are there."""
    table = thing.value.detach().double() if not thing.value.is_complex() else torch.tensor(math.nan)
    for name, counts in counted if table.isfinite().all() else ():
        for one in with_slips(table, counts, {}, 1) if table.shape == counts.shape else ():
            what, but = one.sentence.split(", with one slip. ")
            text = f"{what}, of `{name}`, with one slip: {but.split(':')[0]}"
            seen = one.seen.replace("{it}", thing.name)
            details = [("But", f"{but.rstrip('.')}.", False), ("To see it", seen, False)]
            return Item(thing.name, thing.place, MISTAKE, text, f"`{thing.name}`: {text}.", details, slips=one.slips)
    return None


def _number(
    value: object, parts: Sequence[tuple[str, Tensor]], there: Mapping[str, Any], known: Sequence[Item]
) -> tuple[str, str] | None:
    """Say which loss a number is: of a part, or of all words, if those have two tokens for the boundary."""
    if not (isinstance(value, float) or (isinstance(value, Tensor) and value.is_floating_point())):
        return None
    number = float(value.detach() if isinstance(value, Tensor) else value)
    if not math.isfinite(number):
        return None
    tables = [
        (item, table.detach().double())
        for item in known
        if item.verdict == RIGHT and isinstance(table := there.get(item.name), Tensor) and table.dim() == 2
    ]
    models = {f"`{item.name}`": table for item, table in tables if item.text.startswith("the probabilities")}
    counted = [(item, table) for item, table in tables if item.text.startswith("the counts")]
    everything = [("all words", counts, LOOSE) for item, counts in counted if "two tokens" in item.text]
    measured = [(f"`{name}`", counts, TIGHT) for name, counts in parts] + everything
    tried = [*product(models.items(), measured)]
    for item, counts in counted if digits_of(number)[0] > SHORT else ():  # k may be chosen by a loop over several
        if any(item.text.endswith(f", of `{name}`") for name, _ in parts):
            smoothed = {f"`{item.name}` {with_k(k)}": probs_of(counts + k) for k in KS}
            tried += product(smoothed.items(), measured)
    found = [
        (*near, f"of {name} by {model}")
        for (model, probs), (name, counts, bound) in tried
        if (near := _measured(number, counts, probs, bound))
    ]
    _, what, of = min(found, key=lambda one: one[0], default=(0.0, "", ""))
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
    for what, number in (("loss", loss), ("perplexity", math.exp(min(loss, 700)))):
        if abs(number - value) <= max(min(unit, 6e-5 * number), bound * number):
            return round(abs(number - value) / number, 7), what
    return None
