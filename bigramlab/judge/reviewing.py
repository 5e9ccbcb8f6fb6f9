"""Go through everything that a notebook or script made, and say of each what it is: which step is wrong first?"""

import inspect
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

import bigramlab
from bigramlab.judge.batches import exchanged, look_at_batches
from bigramlab.judge.descents import NEVER_MOVED
from bigramlab.judge.drawn_words import look_at_walks
from bigramlab.judge.following import reads_of, settled
from bigramlab.judge.hand_gradients import look_at_hand_gradients
from bigramlab.judge.loops import slips_in_loops
from bigramlab.judge.moments import misnamed_moments
from bigramlab.judge.naming import alphabet_of
from bigramlab.judge.own_filters import look_at_own_filters
from bigramlab.judge.own_gradients import look_at_own_gradients
from bigramlab.judge.own_layers import look_at_flattening, look_at_hidden_layers, look_at_own_layers, without_part
from bigramlab.judge.own_norms import look_at_own_norms
from bigramlab.judge.own_perplexities import perplexities_of_losses
from bigramlab.judge.own_rates import look_at_own_rates
from bigramlab.judge.parts_asked import look_at_parts_asked
from bigramlab.judge.reading_code import Code, Found
from bigramlab.judge.reading_dicts import collision, not_inverse
from bigramlab.judge.reading_pairs import look_at_pairs
from bigramlab.judge.reading_parts import best_of_training, overlapping, parts_of, same_losses
from bigramlab.judge.reading_shares import no_numbers, no_probabilities, no_shares
from bigramlab.judge.recognizing import are_the_names
from bigramlab.judge.reviewed import MISTAKE, NOT_JUDGED, RIGHT, STEP, WRONG, Item, Review, Thing
from bigramlab.judge.reviewing_functions import judged, result_of, table_of_calls
from bigramlab.judge.reviewing_values import order_of, say_values
from bigramlab.judge.shipped import the_names
from bigramlab.judge.streams import without_boundaries
from bigramlab.judge.whole_heads import look_at_attention, look_at_heads
from bigramlab.judge.whole_models import look_at_models
from bigramlab.lessons.encoding import build_vocabulary

__all__ = ["review", "review_names"]

SESSIONS_OWN = ("In", "Out", "exit", "quit", "get_ipython")  # what a notebook's session has before the first cell


def review_names(names: Mapping[Any, Any], words: Sequence[str] | None = None) -> Review:
    """Go through the names of a session, such as `globals()`; a dict from token to id, or back, is a thing itself."""
    if alphabet_of(names) or collision(names):
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
    heard: Sequence[Found] = (),
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
        heard: What was wrong in what it did as it ran.
    """
    things = [thing for thing in things if not thing.name.startswith("_") and not _is_ours(thing)]
    words = words if words is not None else _words_of(things)
    all_words = the_names() if words is None else words
    parts = parts_of(things, names, all_words)
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
            start + at: item for at, item in say_values(made, there, words, own, found.values(), begin, parts).items()
        }
        start += len(made)
    _judge_functions(things, names, found, stuck or {}, begin)
    for at, thing in enumerate(things):
        if at not in found or found[at].verdict != NOT_JUDGED or not callable(thing.value):
            continue
        if table := table_of_calls(thing, build_vocabulary(all_words)):
            forms = [table, replace(table, name=f"{thing.name}(b, a)", value=table.value.T)]
            said_of = [say_values([form], there, words, [], [*found.values()], begin, parts).get(0) for form in forms]
            known = sorted(zip(forms, said_of, strict=True), key=lambda one: one[1] is None or one[1].verdict != RIGHT)
            found[at] = _by_its_result(thing, *known[0]) or no_probabilities(thing, table.value) or found[at]
        elif result := result_of(thing, names):
            said = say_values([result], {**there, result.name: result.value}, words, [], [], begin).get(0)
            found[at] = _by_its_result(thing, result, said) or found[at]
    outer = [replace(one, value=None, shown=True) if one.inside else one for one in things]
    whole = [
        *look_at_batches(outer),
        *look_at_attention(outer),
        *look_at_heads(outer),
        *look_at_own_gradients(outer),
        *look_at_own_norms(outer),
        *look_at_own_layers(outer, names),
        *look_at_hidden_layers(outer),
        *look_at_flattening(outer),
        *look_at_hand_gradients(outer, names),
    ]
    for at, item in [*whole, *look_at_models(things, names, begin)]:
        if at not in found or found[at].verdict == NOT_JUDGED:
            found[at] = item
    found |= look_at_own_rates(outer)
    filters = dict(look_at_own_filters(outer))
    found |= {at: item for at, item in filters.items() if at not in found or found[at].verdict == NOT_JUDGED}
    found |= look_at_pairs(outer, found, parts, order_of(there, words), all_words)
    found |= look_at_parts_asked(outer, names, codes)
    found |= look_at_walks(outer, names, found, all_words)
    told = [*overlapping(outer, all_words), *same_losses(outer), *misnamed_moments(outer)]
    told += [
        *exchanged(outer, found),
        *best_of_training(outer, found),
        *no_shares(outer, found),
        *no_numbers(outer, codes),
    ]
    told += perplexities_of_losses(outer, codes)
    told += without_part(things, names, codes)
    told += without_boundaries(outer, found, all_words)
    inner = {one.name for one in things if one.inside}
    if turned := not_inverse({name: value for name, value in there.items() if name not in inner}):
        told.append((max(at for at, thing in enumerate(outer) if thing.name == turned[0]), turned[1]))
    for at, text in told:
        if at not in found or not found[at].is_wrong:
            name = things[at].name
            found[at] = Item(name, things[at].place, MISTAKE, text, f"`{name}`: {text}.")
    in_loops = [*slips_in_loops(codes, names, then)]
    slips = [
        Item(one.name, one.place, MISTAKE, one.text, f"`{one.name}`: {one.text}.", [("To mend it", one.mend, False)])
        for one in (*in_loops, *heard)
        if not (in_loops and one.text == NEVER_MOVED)  # of which a loop that goes wrong may be the cause
    ]
    found = {
        at: item
        for at, item in found.items()
        if not things[at].inside
        or _is_sure(item, [one for other, one in found.items() if other < at or one.place == item.place])
    }
    items, unknown = settled(things, found, slips)
    return Review(title, items, unknown, ended, [*remarks, *_within(things, items)], _unfinished(items, codes), likely)


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
    return Item(thing.name, thing.place, verdict, text, f"`{thing.name}`: {text}.", said.details, slips=said.slips)


def _is_sure(item: Item, others: Iterable[Item]) -> bool:
    """Tell whether it is certain what a name of a function's own is: it may be on the way to something else."""
    if item.verdict == RIGHT:
        return True
    counted = re.match("the (?:counts|probabilities)", item.text)
    right = (one.text for one in others if one.verdict == RIGHT)
    derived = item.text.startswith("the counts") and any(text.startswith("the counts") for text in right)
    return item.verdict == MISTAKE and counted is not None and not derived


def _within(things: Sequence[Thing], items: Sequence[Item]) -> Iterator[str]:
    """Yield what the names of a function's own are, if any is told of."""
    told = {item.name for item in items}
    if one := next((thing.name for thing in things if thing.inside and thing.name in told), ""):
        function, _, name = one.partition(".")
        yield f"`{one}` is what `{name}` was within `{function}` when its first call was over"


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


def _is_ours(thing: Thing) -> bool:
    """Tell whether it is bigramlab's own, as `from bigramlab import *` brings it."""
    return vars(bigramlab).get(thing.name) is thing.value


def _is_own(value: object, names: Mapping[str, Any]) -> bool:
    """Tell whether it is a function whose code stands in the file."""
    function = inspect.unwrap(value) if callable(value) and not isinstance(value, type) else None
    if not inspect.isfunction(function):
        return False
    if "__name__" in names:
        return function.__globals__ is names or function.__module__ == names["__name__"]
    return not (function.__module__ or "").startswith(("bigramlab.", "torch."))


def _is_most_of_the_names(words: Sequence[str]) -> bool:
    """Tell whether it is a part of a split of the names, where the file keeps no list of all of them."""
    names = the_names()
    return len(words) > len(names) / 2 and not Counter(words) - Counter(names)


def _words_of(things: Sequence[Thing]) -> Sequence[str] | None:
    """Return the first list of words, or what was cleaned of it, as the letters tell; None for the shipped names."""
    lists: list[list[str]] = []
    for value in (thing.value for thing in things):
        if isinstance(value, list | tuple) and len(value) > 1 and all(isinstance(word, str) for word in value):
            if alphabet_of(value) and max(map(len, value)) == 1:
                continue
            if not lists and (are_the_names(value) or _is_most_of_the_names(value)):
                return None
            lists.append([word.strip() for word in value if word.strip() and "." not in word])
    alphabets = [{*of[1]} for thing in things if (of := alphabet_of(thing.value))]
    whole = [some for some in lists if len(some) == len(lists[0])]  # and no part of it
    cleaned = (some for some in whole if any(alphabet - {"."} == {*"".join(some)} for alphabet in alphabets))
    return next(cleaned, lists[0] if lists else None)
