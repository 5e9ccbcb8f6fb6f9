"""Contexts and targets that belong together, in whatever order: are these examples of the words, each with its own?"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import torch
from torch import Tensor

from bigramlab.judge.batches import named_pairs
from bigramlab.judge.reading_contexts import LENGTHS, NO_CONTEXTS
from bigramlab.judge.reading_losses import Part
from bigramlab.judge.reviewed import MISTAKE, NOT_JUDGED, RIGHT, Item, Thing
from bigramlab.lessons.contexts import build_contexts
from bigramlab.lessons.encoding import build_vocabulary

__all__ = ["look_at_pairs"]

WHOLE = re.compile(
    f"{NO_CONTEXTS}|first letters skipped"
)  # what is said of one of the two, and the pair may show better
FEWEST = 1_000  # examples: of fewer one can't tell that their targets are spread as they should be

APART = "not the targets of the contexts in `{}`: the rows of the two do not stand in one order"
FIRST = "the targets of `{}` without the first letter of each: it is to be guessed, too, from what begins a word"
ENDS = "the targets of `{}` without the end of each, so that no end is ever learned"
INSIDE = "the targets of `{}` without the first letter and the end of each: put a '.' before and after each word"
CUT: Mapping[str, Callable[[str], str]] = {
    "the targets of `{}` without the first letter of each, which is in no context either": lambda word: word[1:],
    "the targets of `{}` without the last letter of each, which is in no context either": lambda word: word[:-1],
}


class Examples(NamedTuple):
    """Contexts and targets, each as a number: equal ones have the same."""

    contexts: Tensor
    targets: Tensor

    @property
    def pairs(self) -> Tensor:
        """Each context with its target."""
        return 31 * self.contexts + self.targets


def look_at_pairs(
    things: Sequence[Thing],
    found: Mapping[int, Item],
    parts: Sequence[Part],
    order: Tensor | None,
    words: Sequence[str],
) -> Iterator[tuple[int, Item]]:
    """Yield what contexts are together with their targets, where they do not stand in the order of the words.

    Args:
        things: What was made.
        found: What is known of it, by its place.
        parts: The parts of a split of the words.
        order: Our id of each of the notebook's, if its tokens stand in another order.
        words: All the words.
    """
    vocabulary = build_vocabulary(words)
    last = {thing.name: at for at, thing in enumerate(things) if not thing.shown}
    for x, y in named_pairs(last):
        if re.search("(?i)perm|shuf|rand", y):  # on purpose, to see what is learned of nothing
            continue
        places = last[x], last[y]
        known = [found[at] for at in places if at in found]
        if known and known[0].is_wrong and known[0].text.startswith("the targets") and places[0] in found:
            known = known[1:]  # of what goes in, as its name says
        if len(known) == 2 and all(item.verdict == RIGHT for item in known):
            continue
        if any(item.is_wrong and not WHOLE.search(item.text) for item in known):
            continue
        rows, targets = (_ids(things[at].value, order, len(vocabulary)) for at in places)
        if rows is None or targets is None or rows.dim() > 2 or targets.dim() != 1 or len(rows) != len(targets):
            continue
        rows = rows.view(len(rows), -1)  # of pairs, there is one token in each
        if rows.shape[1] not in (1, *LENGTHS) or len(rows) < FEWEST:
            continue
        own, length = Examples(_numbers(rows), targets), rows.shape[1]
        wholes = [(one.name, tuple(one.words)) for one in parts] + [("words", tuple(words))]
        for name, some in wholes:
            whole = _examples(some, vocabulary, length)
            said = _wrong(own, whole, name, x, length) or _cut(own, some, vocabulary, name, length)
            said = said or (_apart(own, whole, x) if some is wholes[-1][1] else "")
            if said:
                seen = _seen(own, whole, rows, targets, vocabulary, (x, y))
                details = [("To see it", seen, False)] if seen else []
                yield last[y], Item(y, things[last[y]].place, MISTAKE, said, f"`{y}`: {said}.", details)
                if places[0] in found and found[places[0]].is_wrong:
                    yield places[0], Item(x, things[places[0]].place, NOT_JUDGED, "")
                break
            if texts := _right(own, whole, name, length, some is wholes[-1][1]):
                for at, text in zip(places, texts, strict=True):
                    if at not in found or found[at].verdict != RIGHT:
                        yield at, Item(things[at].name, things[at].place, RIGHT, text, f"`{things[at].name}`: {text}.")
                break


def _right(own: Examples, whole: Examples, name: str, length: int, last: bool) -> tuple[str, str] | None:
    """Return what examples are, the contexts and the targets, if they are all of some words, or some of all."""
    missing = _left_of(whole.pairs, own.pairs)
    if missing is None or (len(missing) and not last):
        return None
    many = len(own.targets)
    share = f"{many:,} of the examples of `{name}`, {many / len(whole.targets):.0%}" if len(missing) else f"`{name}`"
    order = "" if len(missing) else ", in another order"
    what = f"the contexts of {length}" if length > 1 else "the first tokens of the bigrams"
    return f"{what} of {share}{order}", f"the targets of {share}, with their contexts"


def _wrong(own: Examples, whole: Examples, name: str, x: str, length: int) -> str:
    """Say what is wrong with examples that have the contexts of some words, or all but those of one kind."""
    missing = _left_of(whole.pairs, own.pairs)
    if missing is None:
        same = len(own.targets) == len(whole.targets) and _left_of(whole.contexts, own.contexts) is not None
        return APART.format(x) if same and _left_of(whole.targets, own.targets) is not None else ""
    for kind, text in ((whole.contexts, FIRST), (whole.targets, ENDS), (whole.contexts * whole.targets, INSIDE)):
        gone = whole.pairs[kind == 0].sort().values
        if text is not ENDS and length == 2:  # as with one "." in front of a word, where three tokens are counted
            continue
        if len(missing) and torch.equal(missing, gone):
            return text.format(name)
    return ""


def _cut(own: Examples, words: Sequence[str], vocabulary: str, name: str, length: int) -> str:
    """Say of what these would be the examples, if a letter of each word is left out."""
    for text, cut in CUT.items():
        some = tuple(cut(word) for word in words)
        many = sum(len(word) + 1 for word in some)
        if many == len(own.targets) and _left_of(_examples(some, vocabulary, length).pairs, own.pairs) is not None:
            return text.format(name)
    return ""


def _apart(own: Examples, whole: Examples, x: str) -> str:
    """Say so where each context is one of the words, as often as not with a target that never follows it."""
    if not torch.isin(own.contexts, whole.contexts).all() or not _are_spread_alike(own.targets, whole.targets):
        return ""
    never = (~torch.isin(own.pairs, whole.pairs)).float().mean()
    return APART.format(x) if never > 0.05 else ""


def _left_of(whole: Tensor, some: Tensor) -> Tensor | None:
    """Return what is left of numbers when some are taken away, sorted; None if these are not among them."""
    both, where = torch.unique(torch.cat([whole, some]), return_inverse=True)
    left = torch.bincount(where[: len(whole)], minlength=len(both))
    left -= torch.bincount(where[len(whole) :], minlength=len(both))
    return None if bool((left < 0).any()) else both.repeat_interleave(left)


def _are_spread_alike(some: Tensor, whole: Tensor) -> bool:
    size = int(max(some.max(), whole.max())) + 1
    shares = [torch.bincount(one, minlength=size) / len(one) for one in (some, whole)]
    return float((shares[0] - shares[1]).abs().sum()) < 0.1


def _seen(
    own: Examples, whole: Examples, rows: Tensor, targets: Tensor, vocabulary: str, names: tuple[str, str]
) -> str:
    """Say which context has a target that never follows it."""
    never = (~torch.isin(own.pairs, whole.pairs)).nonzero().flatten().tolist()
    if not never:
        return ""
    at, (x, y) = never[0], names
    context, target = "".join(vocabulary[id] for id in rows[at].tolist()), vocabulary[int(targets[at])]
    return f"`{x}[{at}]` is {context!r}, and `{y}[{at}]` is {target!r}, which never follows it."


@lru_cache(maxsize=8)
def _examples(words: tuple[str, ...], vocabulary: str, length: int) -> Examples:
    contexts, targets = build_contexts(list(words), vocabulary, length)
    return Examples(_numbers(contexts), targets)


def _numbers(rows: Tensor) -> Tensor:
    """Return a number for each row: 0 for one of zeros, and other rows have other numbers, but for a rare chance."""
    numbers = torch.zeros(len(rows), dtype=torch.int64)
    for column in rows.T:
        numbers = numbers * 1_000_003 + column  # it may overflow, and is then as good
    return numbers


def _ids(value: Any, order: Tensor | None, size: int) -> Tensor | None:
    """Return a table or row of ids, in our order; None for anything else."""
    listed = isinstance(value, list) and len(value) >= FEWEST and type(value[0]) in (int, list)
    array = type(value).__module__ == "numpy" and getattr(value, "ndim", 0) in (1, 2)
    try:
        value = torch.tensor(value.tolist() if array else value) if listed or array else value
        if not isinstance(value, Tensor) or value.dtype not in (torch.int64, torch.int32) or not value.numel():
            return None
        ids = value.detach().cpu().long()
        inside = 0 <= int(ids.min()) <= int(ids.max()) < size
        return (ids if order is None else order[ids]) if inside else None
    except (TypeError, ValueError, RuntimeError, NotImplementedError):  # rows of several lengths, a sparse one
        return None
