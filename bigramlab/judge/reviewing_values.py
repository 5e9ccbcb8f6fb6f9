"""Say of the values that a notebook's cell made what they are: numbers, tables, lists, dicts and a network's values."""

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from numbers import Real
from typing import Any

import torch
from torch import Tensor

from bigramlab.judge.layers import look_at_layers
from bigramlab.judge.naming import alphabet_of
from bigramlab.judge.networks import diverged, retrace
from bigramlab.judge.reading_code import Code, says_bits, shows_another, sums_for
from bigramlab.judge.reading_contexts import not_before, read_slipped
from bigramlab.judge.reading_dicts import is_table, read_dict
from bigramlab.judge.reading_parts import Part, read_part
from bigramlab.judge.recognizing import is_one_hot, recognize
from bigramlab.judge.reviewed import MISTAKE, RIGHT, STEP, Item, Thing
from bigramlab.judge.shipped import the_names
from bigramlab.judge.tabulating import as_table
from bigramlab.lessons.counting import count_bigrams
from bigramlab.lessons.encoding import build_vocabulary

__all__ = ["order_of", "say_values"]

READ = "count_bigrams/rows_and_columns_swapped"  # which is a slip in reading a table, too
WITH_TARGET = "build_contexts/target_in_the_context"
BITS = "negative_log_likelihood/bits_for_nats"


def say_values(
    made: Sequence[Thing],
    there: Mapping[str, Any],
    words: Sequence[str] | None,
    codes: Sequence[Code],
    before: Iterable[Item],
    begin: Callable[[str], None],
    parts: Sequence[Part] = (),
) -> dict[int, Item]:
    """Say of the values that a cell made what they are, by their place in it."""
    found: dict[int, Item] = {}
    counts, order = _counted(None if words is None else tuple(words)), order_of(there, words)
    all_words = the_names() if words is None else words
    vocabulary = build_vocabulary(all_words)
    tables = {name: as_table(value, vocabulary, order) for name, value in there.items()} if parts else {}
    with_tables = {**there, **{name: table for name, table in tables.items() if table is not None}}
    for at, thing in enumerate(made):
        begin(thing.name)
        table = as_table(thing.value, vocabulary, order) if parts else None
        given = thing if table is None else replace(thing, value=table)
        item = read_part(given, parts, with_tables, [*before, *found.values()], order, all_words)
        if item is None and _is_one_row(thing.value):
            text = "all its rows are one list, so what changes one changes all: make each row by itself"
            mend = [("To mend it", "Write `[[0] * n for _ in range(n)]` for `[[0] * n] * n`.", False)]
            item = Item(thing.name, thing.place, MISTAKE, text, f"`{thing.name}`: {text}.", mend)
        if item is None and _may_be_known(thing.value) and not _is_a_token(thing.value):
            item = _recognized(thing, words, codes)
        if item is None and order is not None:
            item = _recognized(_in_order(thing, order), words)
        if item is None and order is None:
            item = read_slipped(thing, parts, all_words)
        if item and WITH_TARGET in item.slips and not _has_targets(thing, there):
            item = None
        if item and not (_is_number(thing.value) and _by_chance(thing, item, [*before, *found.values()], there)):
            found[at] = item
    found |= dict([*_given_away(made, found)])
    if order is None:
        found |= dict([*not_before(made, found, all_words)])
    last = {thing.name: at for at, thing in enumerate(made)}
    if _has_weights(there):
        for item in retrace(made, there, counts if order is None else counts[order][:, order]):
            found.setdefault(last[item.name], item)
        for item in look_at_layers(made, there, len(counts)):
            found.setdefault(last[item.name], item)
    return found | {last[item.name]: item for item in diverged(made, there, codes)}


def _given_away(made: Sequence[Thing], found: Mapping[int, Item]) -> Iterator[tuple[int, Item]]:
    """Yield the ids that were made together with contexts, as their targets, and are the last tokens of these."""
    for at, item in found.items():
        ids, thing = made[at].value, made[at]
        if not item.text.startswith("the first tokens of the bigrams") or not isinstance(ids, Tensor) or ids.dim() != 1:
            continue
        for other in made:
            contexts = other.value
            together = other.place == thing.place and other.reads == thing.reads and other.name not in thing.reads
            if not together or not isinstance(contexts, Tensor) or contexts.dim() != 2 or contexts.shape[1] < 2:
                continue
            if len(contexts) == len(ids) and torch.equal(contexts[:, -1], ids):
                text = (
                    f"the last token of each context in `{other.name}`, where the token after it should be the target"
                )
                yield at, Item(thing.name, thing.place, MISTAKE, text, f"`{thing.name}`: {text}.")


def _recognized(thing: Thing, words: Sequence[str] | None, codes: Sequence[Code] = ()) -> Item | None:
    """Say what a value is; None if nothing is known of it."""
    if isinstance(thing.value, dict):
        if found := read_dict(thing.value, words):
            verdict, text = found
            return Item(thing.name, thing.place, verdict, text, f"`{thing.name}`: {text}.")
        if not is_table(thing.value, words):
            return None
    try:
        report = recognize(thing.value, words, name=thing.name)
    except TypeError:  # a list of this and that
        return None
    if sums := [one for code in codes for one in sums_for(thing.name, code.tree())]:
        report.candidates.sort(key=lambda candidate: shows_another(candidate.slips, sums))
    in_training = isinstance(thing.value, Tensor) and thing.value.requires_grad
    if not report.candidates or (report.verdict != RIGHT and (thing.passing or in_training)):
        return None  # of a number that passes by, a likeness may be a coincidence
    if thing.shown and (not _is_measured(thing.value) or report.verdict not in (RIGHT, MISTAKE)):
        return None
    verdict, text, headline = report.verdict, report.candidates[0].sentence, report.headline()
    if verdict == MISTAKE:  # only the slip's name: all of it stands above, or follows from what stands there
        text = re.sub(r"\. (“.*?”).*", r": \1", text, flags=re.DOTALL)
    headline = f"`{thing.name}`: {headline[0].lower()}{headline[1:]}"
    slips = report.candidates[0].slips
    if BITS in slips and says_bits(thing.name, codes):
        slips = tuple(slip for slip in slips if slip != BITS)
        if not slips and not report.candidates[0].sentence.startswith("the log-likelihood"):
            what = report.candidates[0].sentence.split(", with one slip")[0].replace(", in nats", "")
            return Item(thing.name, thing.place, STEP if " sum " in what else RIGHT, f"{what}, in bits")
    return Item(thing.name, thing.place, verdict, text, headline, report.sections(), slips=slips)


def _has_targets(thing: Thing, there: Mapping[str, Any]) -> bool:
    """Tell whether something may be the targets of a table: without any, its rows have their own in them."""
    return any(isinstance(one, Tensor) and one.shape == thing.value.shape[:1] for one in there.values())


def _by_chance(thing: Thing, item: Item, items: Sequence[Item], there: Mapping[str, Any]) -> bool:
    """Tell whether a number may be another one: typed in, or a turn's of a loop, or a loss where nothing is counted."""
    if item.verdict == RIGHT:
        made_of = [there.get(name) for name in thing.reads]
        typed_in = item.text.startswith("how often `") and all(one is None or _is_number(one) for one in made_of)
        return typed_in or (" with k = " in item.text and not [*_tables_in(items)])
    undefined = thing.shown and isinstance(thing.value, float) and math.isnan(thing.value)
    return item.verdict == MISTAKE and (undefined or not _fits(item, items))


def _tables_in(items: Iterable[Item]) -> Iterator[Item]:
    """Yield what tells of counts or probabilities: tables, or functions that make them."""
    yield from (one for one in items if re.search("count|probabilit|normalize", f"{one.name} {one.text}"))


def _fits(item: Item, items: Iterable[Item]) -> bool:
    """Tell whether a wrong number is likely to be what it looks like.

    Among so many wrong numbers a loss of some other model may be found by chance. So the counts or the probabilities
    must be here, too, or a function that makes them; and a slip in making them must have been seen there.
    """
    items = list(items)
    tables = [*_tables_in(items)]
    seen = {slip for other in items for slip in other.slips}
    measuring = tuple(f"{name}/" for name in ("negative_log_likelihood", "perplexity", "surprisal"))
    return bool(tables) and all(slip.startswith((*measuring, READ)) or slip in seen for slip in item.slips)


def _is_one_row(value: object) -> bool:
    """Tell whether a table of lists has the same list in each row, with something in it."""
    if not (isinstance(value, list) and len(value) > 1 and isinstance(value[0], list) and len(value[0]) > 1):
        return False
    empty = all(isinstance(one, int | float | str) and not one for one in value[0])
    return not empty and all(row is value[0] for row in value)


def _is_a_token(value: object) -> bool:
    """Tell whether it is a token as a row of zeros and a 1, which the likeliest of a row alone would be, too."""
    if not isinstance(value, Tensor) or not 1 < value.numel() == max(value.shape, default=0):
        return False
    return value.is_floating_point() and is_one_hot(value.reshape(1, -1))


def _is_number(value: object) -> bool:
    return (
        isinstance(value, Real) or (isinstance(value, Tensor) and value.numel() == 1) or not hasattr(value, "__len__")
    )


def _is_measured(value: object) -> bool:
    """Tell whether it is a float: what else is shown is shown to be looked at."""
    return isinstance(value, float) or (isinstance(value, Tensor) and value.numel() == 1 and value.is_floating_point())


def _may_be_known(value: object) -> bool:
    """Tell whether it is a number, a table, a list or a vocabulary of which something may be known."""
    if isinstance(value, bool):
        return False
    if isinstance(value, int):
        return value > 100  # a size is no result
    if isinstance(value, str):
        return len(value) > 4 and alphabet_of(value) is not None
    if isinstance(value, dict):
        return len(value) > 1  # what is no table either is not known
    return isinstance(value, Real | Tensor | list | tuple) or hasattr(type(value), "__array__")


def _has_weights(there: Mapping[str, Any]) -> bool:
    """Tell whether there is a table of what could be weights, so that there may be a network."""
    tables = (value for value in there.values() if isinstance(value, Tensor) and value.dim() == 2)
    return any(value.requires_grad or bool((value < 0).any()) for value in tables if value.is_floating_point())


@lru_cache(maxsize=2)
def _counted(words: tuple[str, ...] | None) -> Tensor:
    words = tuple(the_names()) if words is None else words
    return count_bigrams(words, build_vocabulary(words))


def order_of(there: Mapping[str, Any], words: Sequence[str] | None) -> Tensor | None:
    """Return our id of each of the notebook's, if its tokens stand in another order."""
    vocabulary = build_vocabulary(the_names() if words is None else words)
    for name in sorted(there, key=lambda name: "." in name):  # what the file itself has goes first
        value = there[name]
        found = alphabet_of(value) if isinstance(value, dict) else None
        if found and sorted(found[1]) == sorted(vocabulary):
            order = [vocabulary.index(token) for token in found[1]]
            return torch.tensor(order) if order != sorted(order) else None
    return None


def _in_order(thing: Thing, order: Tensor) -> Thing:
    """Return ids as they would be in our order; anything else is left."""
    ids = thing.value
    if not isinstance(ids, Tensor) or ids.dtype not in (torch.int64, torch.int32) or not ids.numel() or ids.dim() > 2:
        return replace(thing, value=None)
    inside = 0 <= int(ids.min()) <= int(ids.max()) < len(order)
    return replace(thing, value=order[ids.long()] if inside else None)
