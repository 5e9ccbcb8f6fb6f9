"""Go through everything that a notebook or script made, and say of each what it is: which step is wrong first?"""

import inspect
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import groupby
from numbers import Real
from typing import Any

import torch
from torch import Tensor

import bigramlab
from bigramlab.judge.following import reads_of, settled
from bigramlab.judge.loops import slips_in_loops
from bigramlab.judge.naming import alphabet_of
from bigramlab.judge.networks import diverged, retrace
from bigramlab.judge.reading_code import Code, shows_another, sums_for
from bigramlab.judge.reading_dicts import collision, is_of_pairs, read_dict
from bigramlab.judge.reading_parts import Part, parts_of, read_part
from bigramlab.judge.recognizing import are_the_names, recognize
from bigramlab.judge.reviewed import MISTAKE, NOT_JUDGED, RIGHT, STEP, WRONG, Item, Review, Thing
from bigramlab.judge.reviewing_functions import judged, result_of
from bigramlab.lessons.counting import count_bigrams
from bigramlab.lessons.data import load_names
from bigramlab.lessons.encoding import build_vocabulary

__all__ = ["review", "review_names"]

SESSIONS_OWN = ("In", "Out", "exit", "quit", "get_ipython")  # what a notebook's session has before the first cell


def review_names(names: Mapping[Any, Any], words: Sequence[str] | None = None) -> Review:
    """Go through the names of a session, such as `globals()`; a dict from token to id, or back, is a thing itself."""
    if alphabet_of(names) or collision(names) or is_of_pairs(names):
        names = {"it": names}
    if not all(isinstance(name, str) for name in names):
        raise TypeError("check takes a dict of names, such as globals(), or one from token to id; this is neither")
    codes, reads = _typed(names)
    things = [
        Thing(name, value, reads=reads.get(name, frozenset()))
        for name, value in list(names.items())
        if name not in SESSIONS_OWN
    ]
    return review(things, names, words=words, codes=codes)


def _typed(names: Mapping[str, Any]) -> tuple[list[Code], dict[str, frozenset[str]]]:
    """Return the cells that a notebook's session keeps, of each the last version, and what each name was made of."""
    typed = names.get("In")
    texts = [text for text in typed if isinstance(text, str)] if isinstance(typed, list) else []
    codes: dict[str, Code] = {}
    reads: dict[str, frozenset[str]] = {}
    for number, text in enumerate(texts):
        first = next((line for line in text.splitlines() if line.strip()), "")
        codes.pop(first, None)  # the same cell, run again
        codes[first] = Code(f"In [{number}]", text)
        for statement in codes[first].tree().body:
            reads |= reads_of(statement)
    return list(codes.values()), reads


def review(
    things: Iterable[Thing],
    names: Mapping[str, Any],
    *,
    title: str = "",
    words: Sequence[str] | None = None,
    ended: str = "",
    likely: str = "",
    remarks: Sequence[str] = (),
    begin: Callable[[str], None] = lambda _: None,
    stuck: Mapping[str, str] | None = None,
    codes: Sequence[Code] = (),
) -> Review:
    """Say of each thing what it is.

    Args:
        things: What was made, in the order in which it was made.
        names: The globals of the file: functions that were made there are judged.
        title: What stands at the beginning of the headline.
        words: The words that everything was made of; if None, the first list of words among the things, or the names.
        ended: Why the file did not come to its end.
        likely: What usually leads to that.
        remarks: What else is to be known.
        begin: Gets the name of each thing before it is looked at.
        stuck: The functions that have ended the process or do not come back, and what they do.
        codes: The code of the file, if it is known.
    """
    things = [thing for thing in things if not thing.name.startswith("_") and not _is_ours(thing)]
    words = words if words is not None else _words_of(things)
    parts = parts_of(things, names, load_names() if words is None else words)
    found: dict[int, Item] = {}  # by the place of the thing
    there: dict[str, Any] = {}
    then: dict[str, dict[str, Any]] = {}
    start = 0
    for place, group in groupby(things, key=lambda thing: thing.place):
        made = [thing if not _is_own(thing.value, names) else replace(thing, value=None) for thing in group]
        there |= {thing.name: thing.value for thing in made if not thing.shown}
        then[place] = dict(there)
        own = [code for code in codes if code.place in ("", place)]
        found |= {
            start + at: item for at, item in _values(made, there, words, own, found.values(), begin, parts).items()
        }
        start += len(made)
    _judge_functions(things, names, found, stuck or {}, begin)
    for at, thing in enumerate(things):
        unclear = at in found and found[at].verdict == NOT_JUDGED
        if unclear and callable(thing.value) and (result := result_of(thing, names)):
            said = _values([result], {**there, result.name: result.value}, words, [], [], begin).get(0)
            found[at] = _by_its_result(thing, result, said) or found[at]
    slips = [
        Item(one.name, one.place, MISTAKE, one.text, f"`{one.name}`: {one.text}.", [("To mend it", one.mend, False)])
        for one in slips_in_loops(codes, names, then)
    ]
    items, unknown = settled(things, found, slips)
    return Review(title, items, unknown, ended, list(remarks), _unfinished(items, codes), likely)


def _values(
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
    counts, order = _counted(None if words is None else tuple(words)), _order(there, words)
    for at, thing in enumerate(made):
        begin(thing.name)
        item = read_part(thing, parts, there, [*before, *found.values()], order)
        if item is None and _may_be_known(thing.value):
            item = _recognized(thing, words, codes)
        if item is None and order is not None:
            item = _recognized(_in_order(thing, order), words)
        wrong_number = item and item.verdict == MISTAKE and _is_number(thing.value)
        if item and not (wrong_number and not _fits(item, [*before, *found.values()])):
            found[at] = item
    last = {thing.name: at for at, thing in enumerate(made)}
    if _has_weights(there):
        for item in retrace(made, there, counts if order is None else counts[order][:, order]):
            found.setdefault(last[item.name], item)
    return found | {last[item.name]: item for item in diverged(made, codes)}


def _judge_functions(
    things: Sequence[Thing],
    names: Mapping[str, Any],
    found: dict[int, Item],
    stuck: Mapping[str, str],
    begin: Callable[[str], None],
) -> None:
    """Judge each function whose code stands in the file, in its last version."""
    last = {thing.name: at for at, thing in enumerate(things)}
    seen: set[int] = set()
    for at, thing in enumerate(things):
        if not _is_own(thing.value, names) or at != last[thing.name] or id(thing.value) in seen:
            continue
        seen.add(id(thing.value))
        begin(thing.name)
        if why := stuck.get(thing.name):
            found[at] = Item(thing.name, thing.place, WRONG, f"a call of it {why}")
        else:
            made_with_it = [n for n, other in enumerate(things) if thing.name in other.reads]
            known = [found[n] for n in made_with_it if n in found]
            found[at] = judged(thing, known, [things[n] for n in made_with_it if n not in found])


def _by_its_result(thing: Thing, result: Thing, said: Item | None) -> Item | None:
    """Say of a function what is known of what it gives for the notebook's own values."""
    if said is None or said.verdict not in (RIGHT, MISTAKE):
        return None
    verdict, text = WRONG if said.verdict == MISTAKE else RIGHT, f"`{result.name}` is {said.text}"
    if verdict == WRONG:
        text = f"of `{result.name}`, {said.text}"
    return Item(thing.name, thing.place, verdict, text, f"`{thing.name}`: {text}.", slips=said.slips)


def _recognized(thing: Thing, words: Sequence[str] | None, codes: Sequence[Code] = ()) -> Item | None:
    """Say what a value is; None if nothing is known of it."""
    if isinstance(thing.value, dict):
        if not (found := read_dict(thing.value, words)):
            return None
        verdict, text = found
        return Item(thing.name, thing.place, verdict, text, f"`{thing.name}`: {text}.")
    if (
        isinstance(thing.value, Tensor)
        and thing.value.dim() == 2
        and thing.value.shape[1] == 2
        and len(thing.value) > 1
    ):
        first, second = (recognize(column, words).candidates for column in thing.value.T)  # would-be contexts of two
        if first and second and "first tokens" in first[0].sentence and second[0].sentence.startswith("the targets of"):
            verdict = second[0].verdict
            return Item(thing.name, thing.place, verdict, f"pairs: {first[0].sentence}, and {second[0].sentence}")
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
    return Item(thing.name, thing.place, verdict, text, headline, report.sections(), slips=report.candidates[0].slips)


def _unfinished(items: Sequence[Item], codes: Sequence[Code]) -> str:
    """Say what can't be the end of it: a network that was trained, and on the first words only."""
    whole = any(item.verdict == RIGHT and item.text.startswith("the targets of") for item in items)
    loops = [code.text for code in codes if "backward" in code.text and re.search(r"\b(for|while)\b", code.text)]
    for part in items:
        if part.verdict == STEP and "hardly trained" in part.text:
            return f"`{part.name}` has learned next to nothing"
        few = re.fullmatch(r"the targets of (the first .*) only", part.text) if not whole else None
        if few and any(re.search(rf"\b{part.name}\b", text) for text in loops):
            where = f" in {part.place}" if part.place else ""
            return f"the network was trained on {few[1]} only: see `{part.name}`{where}"
    return ""


def _fits(item: Item, items: Iterable[Item]) -> bool:
    """Tell whether a wrong number is likely to be what it looks like.

    Among so many wrong numbers a loss of some other model may be found by chance. So the counts or the probabilities
    must be here, too, or a function that makes them; and a slip in making them must have been seen there.
    """
    items = list(items)
    tables = [other for other in items if re.search("count|probabilit|normalize", f"{other.name} {other.text}")]
    seen = {slip for other in items for slip in other.slips}
    measuring = tuple(f"{name}/" for name in ("negative_log_likelihood", "perplexity", "surprisal"))
    return bool(tables) and all(slip.startswith(measuring) or slip in seen for slip in item.slips)


def _is_number(value: object) -> bool:
    return (
        isinstance(value, Real) or (isinstance(value, Tensor) and value.numel() == 1) or not hasattr(value, "__len__")
    )


def _is_measured(value: object) -> bool:
    """Tell whether it is a float: what else is shown is shown to be looked at."""
    return isinstance(value, float) or (isinstance(value, Tensor) and value.numel() == 1 and value.is_floating_point())


def _is_ours(thing: Thing) -> bool:
    """Tell whether it is a value of bigramlab itself, as `from bigramlab import *` brings it."""
    return not callable(thing.value) and vars(bigramlab).get(thing.name) is thing.value


def _is_own(value: object, names: Mapping[str, Any]) -> bool:
    """Tell whether it is a function whose code stands in the file."""
    function = inspect.unwrap(value) if callable(value) and not isinstance(value, type) else None
    if not inspect.isfunction(function):
        return False
    if "__name__" in names:
        return function.__globals__ is names or function.__module__ == names["__name__"]
    return not (function.__module__ or "").startswith(("bigramlab.", "torch."))


def _may_be_known(value: object) -> bool:
    """Tell whether it is a number, a table, a list or a vocabulary of which something may be known."""
    if isinstance(value, bool):
        return False
    if isinstance(value, int):
        return value > 100  # a size is no result
    if isinstance(value, str):
        return len(value) > 4 and alphabet_of(value) is not None
    if isinstance(value, dict):
        return alphabet_of(value) is not None or collision(value) != "" or is_of_pairs(value)
    return isinstance(value, Real | Tensor | list | tuple) or type(value).__module__ == "numpy"


def _words_of(things: Sequence[Thing]) -> Sequence[str] | None:
    """Return the first list of words, which the rest is made of; None for the names that are shipped."""
    for thing in things:
        value = thing.value
        if isinstance(value, list | tuple) and len(value) > 1 and all(isinstance(word, str) for word in value):
            if alphabet_of(value) and max(map(len, value)) == 1:
                continue
            if are_the_names(value):
                return None
            return [word.strip() for word in value if word.strip() and "." not in word]
    return None


def _has_weights(there: Mapping[str, Any]) -> bool:
    """Tell whether there is a table of what could be weights, so that there may be a network."""
    tables = (value for value in there.values() if isinstance(value, Tensor) and value.dim() == 2)
    return any(value.requires_grad or bool((value < 0).any()) for value in tables if value.is_floating_point())


@lru_cache(maxsize=2)
def _counted(words: tuple[str, ...] | None) -> Tensor:
    words = tuple(load_names()) if words is None else words
    return count_bigrams(words, build_vocabulary(words))


def _order(there: Mapping[str, Any], words: Sequence[str] | None) -> Tensor | None:
    """Return our id of each of the notebook's, if its tokens stand in another order."""
    vocabulary = build_vocabulary(load_names() if words is None else words)
    for value in there.values():
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
