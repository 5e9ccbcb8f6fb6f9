"""What a table or a loss is that was made of a part of the words, where a notebook has cut them into parts."""

import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import combinations, permutations
from typing import Any

import torch
from torch import Tensor

from bigramlab.judge.following import roles_in
from bigramlab.judge.making import MISTAKE, RIGHT
from bigramlab.judge.parts_asked import as_text
from bigramlab.judge.reading import how_made, is_and_should, with_slips
from bigramlab.judge.reading_deeper import read_deeper
from bigramlab.judge.reading_losses import Part, read_loss
from bigramlab.judge.reviewed import Item, Thing
from bigramlab.lessons.counting import count_bigrams
from bigramlab.lessons.encoding import build_vocabulary

__all__ = ["Part", "best_of_training", "overlapping", "parts_of", "read_part", "same_losses"]

A_LOSS = re.compile(r"(?i)loss|nll|ppl|perplexity")
USUAL = (0.8, 0.9)
PIECE = 100  # tokens: a shorter text may stand in another one by chance
BEST = re.compile(r"(?i)(best|lowest|min)(_|$)")
MOST = 12  # parts: who has made more has made no split


COUNTED: Mapping[str, Callable[[Tensor], Tensor]] = {
    "rows and columns are exchanged: the token that follows belongs to the column":
        lambda counts: counts.T,
    "the end of each word is missing: no \".\" is counted after it":
        lambda counts: torch.cat([torch.zeros_like(counts[:, :1]), counts[:, 1:]], dim=1),
    "the beginning of each word is missing: no \".\" is counted before it":
        lambda counts: torch.cat([torch.zeros_like(counts[:1]), counts[1:]]),
    "each pair counts once, however often it comes":
        lambda counts: counts.clamp(max=1),
    "every token is counted after \".\": what stands before is never set to the token that was just counted":
        lambda counts: torch.cat([counts.sum(0, keepdim=True), torch.zeros_like(counts[1:])]),
    "each pair is counted twice: was the cell run again with the old table":
        lambda counts: 2 * counts,
}  # fmt: skip
"""Slips in counting."""


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
    all_of_them, found = Counter(words), dict[tuple[str, ...], str]()
    for name, own in lists.items():
        if len(own) < len(words) and not Counter(own) - all_of_them:
            found.setdefault(tuple(own), name)
    for name, own in lists.items():
        if len(own) == len(words) and Counter(own) == all_of_them:
            for cut, part in _slices(name, own, cuts):  # where it has no name of its own
                found.setdefault(tuple(part), cut)
    kept = [(name, part) for part, name in [*found.items()][:MOST] if part]
    return [Part(name, _counted(part, tuple(words)), part) for name, part in kept]


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
        are_words = _are_words(value) and len(max(value, key=len)) > 1  # and no letters
        kind = "words" if are_words else value.shape[1] if is_table else "ids" if _are_ids(value) else None
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
            elif kind == "ids" and (inner := _within(own)):
                text = f"some tokens are in two of {names}: `{inner[0]}` is a piece of `{inner[1]}`"
            elif kind not in ("words", "ids") and sum(len(one.value) for one in own) > total:
                text = f"some examples are in two of {names}: together they are more than {total:,}, which is all"
            else:
                continue
            told = True
            yield places[many - 1], text
            break


def _within(own: Sequence[Thing]) -> tuple[str, str] | None:
    """Return the names of a text that is a piece of another one, and of that one."""
    texts = {one.name: as_text(one.value) for one in own}
    for inner, whole in permutations(texts, 2):
        if len(texts[inner]) > PIECE and texts[inner] in texts[whole]:
            return inner, whole
    return None


def best_of_training(things: Sequence[Thing], found: Mapping[int, Item]) -> Iterator[tuple[int, str]]:
    """Yield the place of the best of several losses, if it is one of the training words, with others to choose on."""
    there = set().union(*(roles_in(one.name) for one in things))
    for at, item in found.items():
        part = re.match(r"the loss of `(\w+)` by", item.text) if item.verdict == RIGHT else None
        name, place = things[at].name, things[at].place
        chosen = any(BEST.match(one.name) and one.name != name and one.place == place for one in things)
        if part and BEST.match(name) and chosen and "dev" in there:
            if roles_in(part[1]) == {"train"}:
                text = f"the best of the losses of `{part[1]}`, which it was counted on: choose on words it never saw"
                yield at, text
            if roles_in(part[1]) == {"test"}:
                yield (
                    at,
                    f"the best of the losses of `{part[1]}`, which test nothing any more: choose on the dev words",
                )


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
    thing: Thing,
    parts: Sequence[Part],
    there: Mapping[str, Any],
    known: Sequence[Item],
    order: Tensor | None,
    words: Sequence[str],
) -> Item | None:
    """Say what a table of a part is, or the loss of a part by one of the notebook's own tables.

    Args:
        thing: What may be one of these.
        parts: The parts of the split.
        there: What there is by then, by name.
        known: What was said of it.
        order: The notebook's order of tokens, where it is another one.
        words: All the words.
    """
    if isinstance(thing.value, Tensor) and thing.value.dim() == 3:
        return _deeper_table(thing, parts, build_vocabulary(words)) if order is None else None
    own = [(part.name, part.counts if order is None else part.counts[order][:, order]) for part in parts]
    if isinstance(thing.value, Tensor) and thing.value.dim():
        said = next(filter(None, (_table(thing.value, name, counts) for name, counts in own)), None)
        counted = [(name, one) for name, one in own if any(item.text.endswith(f", of `{name}`") for item in known)]
        if said is None and (wrong := _wrong_counts(thing, own) or _wrong_table(thing, counted)):
            return wrong
    else:
        said = read_loss(thing, parts, own, there, known, words)
    return Item(thing.name, thing.place, *said, headline=f"`{thing.name}`: {said[1]}.") if said else None


def _table(value: Tensor, name: str, counts: Tensor) -> tuple[str, str] | None:
    if value.shape != counts.shape or value.is_complex():
        return None
    form = how_made(value.detach().double(), counts)
    return (form.verdict, f"{form.sentence}, of `{name}`") if form else None


def _deeper_table(thing: Thing, parts: Sequence[Part], vocabulary: str) -> Item | None:
    """Say what a table of what follows two tokens is, if it was made of a part."""
    size = len(vocabulary)
    if thing.value.shape != (size, size, size) or thing.value.is_complex():
        return None
    found = [(part.name, one) for part in parts for one in read_deeper(thing.value, part.words, vocabulary)]
    for name, one in sorted(found, key=lambda pair: pair[1].verdict != RIGHT):
        what, slip, but = one.sentence.partition(", with one slip. ")
        if not slip:
            of_it = f"{what}, of `{name}`"
            return Item(thing.name, thing.place, one.verdict, of_it, f"`{thing.name}`: {of_it}.")
        text = f"{what}, of `{name}`, with one slip"
        details = [("But", but, False), ("To see it", one.seen.replace("{it}", thing.name), False)]
        return Item(thing.name, thing.place, MISTAKE, text, f"`{thing.name}`: {text}.", details)
    return None


def _wrong_counts(thing: Thing, own: Sequence[tuple[str, Tensor]]) -> Item | None:
    """Say which slip the counts of a part have."""
    table = thing.value.detach().double() if not thing.value.is_complex() else torch.tensor(math.nan)
    k = max(0.0, float(table.min())) if table.numel() and table.isfinite().all() else 0.0  # what never came has k
    for name, counts in own:
        for slip, change in COUNTED.items() if table.shape == counts.shape else ():
            if torch.allclose(wrong := change(counts), table - k, rtol=1e-6, atol=1e-6):
                smoothed = f", smoothed with k = {k:g}" if k else ""
                text = f"the counts{smoothed}, of `{name}`, with one slip: {slip.split(':')[0]}"
                place = tuple(int(at) for at in torch.unravel_index((wrong - counts).abs().argmax(), counts.shape))
                but = is_and_should(wrong[place] + k, counts[place] + k, f"{thing.name}[{place[0]}][{place[1]}]")
                details = [("But", f"{slip[0].upper()}{slip[1:]}.", False), ("To see it", but, False)]
                return Item(thing.name, thing.place, MISTAKE, text, f"`{thing.name}`: {text}.", details)
    return None


def _wrong_table(thing: Thing, counted: Sequence[tuple[str, Tensor]]) -> Item | None:
    """Say which slip a table has that is made of a part whose counts are there."""
    table = thing.value.detach().double() if not thing.value.is_complex() else torch.tensor(math.nan)
    for name, counts in counted if table.isfinite().all() and table.any() else ():
        for one in with_slips(table, counts, {}, 1) if table.shape == counts.shape else ():
            what, but = one.sentence.split(", with one slip. ")
            text = f"{what}, of `{name}`, with one slip: {but.split(':')[0]}"
            seen = one.seen.replace("{it}", thing.name)
            details = [("But", f"{but.rstrip('.')}.", False), ("To see it", seen, False)]
            return Item(thing.name, thing.place, MISTAKE, text, f"`{thing.name}`: {text}.", details, slips=one.slips)
    return None
