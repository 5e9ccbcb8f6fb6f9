"""What follows from what: a value made of a wrong one is not right, and a step that was finished needs no line."""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from torch import Tensor

from bigramlab.judge.reviewed import BAD, CLOSE, FOLLOWS, MISTAKE, RIGHT, STEP, Item, Thing

__all__ = ["reads_of", "roles_in", "settled"]

ROLES = {"train": "tr|train|training", "dev": "dev|dv|va|val|valid|validation", "test": "te|test"}


def settled(things: Sequence[Thing], found: Mapping[int, Item], slips: Sequence[Item]) -> tuple[list[Item], list[str]]:
    """Return what there is to say in the end, and the names of which nothing is known.

    Args:
        things: What was made.
        found: What there is to say of each, by its place among the things.
        slips: What is wrong in the code itself.
    """
    followed = _followed(things, dict(found))
    for at, item in followed.items():
        causes = [slip for slip in slips if slip.place == item.place and slip.name.split(".")[0] == item.name]
        if causes and item.verdict == MISTAKE and "no numbers any more" in item.text:
            followed[at] = replace(item, verdict=FOLLOWS, of=causes[0].name)
    finished = _finished(things, followed)
    last = {thing.name: at for at, thing in enumerate(things) if not thing.shown}
    placed: list[tuple[float, Item]] = [
        (at, item)
        for at, item in followed.items()
        if item.verdict != STEP or (last.get(item.name, at) == at and item.name not in finished)
    ]
    ends = {thing.place: at for at, thing in enumerate(things)}
    placed += [(ends.get(slip.place, len(things)) + 0.5, slip) for slip in slips]
    items = [*_once(_with_mended([item for _, item in sorted(placed, key=lambda one: one[0])]))]
    seen_in = " ".join(item.text for item in items if item.verdict == RIGHT)  # such as the weights of a layer
    known = {item.name for item in items} | finished | set(re.findall(r"`(\w+)`", seen_in))
    named = [thing for thing in things if not thing.shown and "." not in thing.name]  # and no instance's own
    unknown = [thing.name for thing in named if thing.name not in known and _may_matter(thing)]
    return items, [*dict.fromkeys(unknown)]


def _followed(things: Sequence[Thing], found: dict[int, Item]) -> dict[int, Item]:
    """Mark what was made of something wrong, as far as its code tells."""
    wrong: dict[str, str] = {}  # the names whose value is wrong now, and the first that made it so
    slips: dict[str, set[str]] = {}  # of each first one
    for at, thing in enumerate(things):
        item = found.get(at)
        origin = next((wrong[name] for name in sorted(thing.reads - {thing.name}) if name in wrong), "")
        same = origin and item and set(item.slips) <= slips[origin]
        turned = isinstance(thing.value, dict) and item is not None and item.verdict in BAD  # such as itos, of stoi
        if item and same and (_is_measured(thing.value) or turned or (item.slips and item.verdict in BAD)):
            item = replace(item, verdict=FOLLOWS, text=f"made of `{origin}`, which is wrong: {item.text}", of=origin)
        elif origin and item and item.verdict in BAD:
            item = replace(item, of=origin)
        elif item is None or item.verdict == RIGHT:
            item = _with_its_pair(at, things, found) or item
        if origin and item is None and _may_matter(thing) and not thing.shown:
            item = Item(thing.name, thing.place, FOLLOWS, f"made of `{origin}`, which is wrong", of=origin)
        if item is not None:
            found[at] = item
        if item is not None and (item.is_wrong or item.verdict == FOLLOWS):
            wrong[thing.name] = item.of or thing.name
            slips.setdefault(wrong[thing.name], set()).update(item.slips)
        else:
            wrong.pop(thing.name, None)
    return found


def _is_measured(value: object) -> bool:
    """Tell whether it is a table of floats or a float: a count or an id is right whatever stands in the tables."""
    return isinstance(value, float) or (isinstance(value, Tensor) and value.is_floating_point())


def _with_its_pair(place: int, things: Sequence[Thing], found: Mapping[int, Item]) -> Item | None:
    """Say of what was made together with a wrong list, as long as that, or of its length, that it follows from it."""
    thing = things[place]
    for at, other in enumerate(things):
        item = found.get(at)
        if item and item.verdict in BAD and other is not thing and other.place == thing.place and thing.place:
            size = _length(other.value)
            both = not _is_measured(thing.value) and not _is_measured(other.value) and "." not in thing.name
            if both and size and size > 1 and _length(thing.value) == size:
                return Item(
                    thing.name, thing.place, FOLLOWS, f"made with `{other.name}`, which is wrong", of=other.name
                )
            if type(thing.value) is int and thing.value == size and at < place:
                return Item(
                    thing.name, thing.place, FOLLOWS, f"the length of `{other.name}`, which is wrong", of=other.name
                )
    return None


def _finished(things: Sequence[Thing], found: Mapping[int, Item]) -> set[str]:
    """Return the names of the sums and letters out of which something right was made later."""
    used: set[str] = set()
    finished: set[str] = set()
    for at, thing in reversed([*enumerate(things)]):
        item = found.get(at)
        if thing.name in used or (item and item.verdict == RIGHT):
            letters = isinstance(thing.value, list) and all(isinstance(one, str) for one in thing.value)
            finished |= {thing.name} if thing.name in used and (letters or _length(thing.value) is None) else set()
            used |= thing.reads
    return finished


def roles_in(name: str) -> set[str]:
    """Return for which parts of a split a name stands: train, dev or test."""
    return {part for part, names in ROLES.items() if re.search(rf"(?i)(?:^[xy]?|_)(?:{names})(?:_|$|\d|loss)", name)}


def _length(value: Any) -> int | None:
    if isinstance(value, Tensor):
        return len(value) if value.dim() else None
    if isinstance(value, type) or not hasattr(value, "__array__"):
        return len(value) if isinstance(value, list | tuple) else None
    return len(value) if value.ndim else None  # an array of NumPy


def _may_matter(thing: Thing) -> bool:
    """Tell whether one may ask what it is: not of a setting, a loop's own word, a module."""
    if isinstance(thing.value, Tensor) and thing.value.numel() > 1:
        return True
    numbers = isinstance(thing.value, list | tuple) and not any(isinstance(one, str) for one in thing.value)
    table = numbers or isinstance(thing.value, float | Tensor) or type(thing.value).__module__ == "numpy"
    return table and not thing.passing


def _with_mended(items: Sequence[Item]) -> Iterator[Item]:
    """Mark the values that are right later, under the same name, as is all that was made of them: the slip was seen."""
    for place, item in enumerate(items):
        later = [other for other in items[place + 1 :] if other.name == item.name]
        mended = item.verdict in (MISTAKE, CLOSE) and later and later[-1].verdict == RIGHT
        left = {other.name for other in items[place + 1 :] if other.verdict == FOLLOWS and other.of == item.name}
        mended = mended and not left - {other.name for other in items if other.verdict == RIGHT}
        yield replace(item, mended=True) if mended else item


def _once(items: Iterator[Item]) -> Iterator[Item]:
    """Leave out what was said of the same name before."""
    said: set[tuple[str, str]] = set()
    for item in items:
        if (item.name, item.text) not in said:
            said.add((item.name, item.text))
            yield item


def reads_of(statement: ast.stmt) -> dict[str, frozenset[str]]:
    """Return for each name that a statement makes or changes which names that is made of, inside of loops, too."""
    own: dict[str, set[str]] = {}
    for node in ast.walk(statement):
        for name, read in _made_by(node):
            own.setdefault(name, set()).update(read)
    return {name: frozenset(_all_reads(name, own)) for name in own}


def _made_by(node: ast.AST) -> Iterator[tuple[str, set[str]]]:
    """Yield the names that a part of the code makes or changes, and those that it reads for that."""
    if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign | ast.NamedExpr | ast.For):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        read = _loaded(node.iter if isinstance(node, ast.For) else node)
        for target in targets:
            for part in ast.walk(target):
                if isinstance(part, ast.Name) and (isinstance(part.ctx, ast.Store) or part is _base(target)):
                    yield part.id, read
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and isinstance(node.value.func, ast.Attribute):
        base = _base(node.value.func)  # such as xs.append(ix)
        if isinstance(base, ast.Name):
            yield base.id, _loaded(node)


def _base(node: ast.expr) -> ast.expr:
    """Return what is indexed, or has the attribute."""
    while isinstance(node, ast.Subscript | ast.Attribute):
        node = node.value
    return node


def _loaded(node: ast.AST) -> set[str]:
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load)}


def _all_reads(name: str, own: Mapping[str, set[str]]) -> set[str]:
    """Return what a name is made of, and what that is made of in the same statement."""
    found: set[str] = set()
    left = [name]
    while left:
        new = own.get(left.pop(), set()) - found
        found |= new
        left += new
    return found
