"""How what comes back is related to what should, in all calls: when no slip is known, this is what can be said."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from torch import Tensor

from bigramlab.judge.causes.case import Case
from bigramlab.judge.causes.likeness import alike
from bigramlab.judge.causes.relations_of_numbers import (
    FEWEST,
    Pair,
    Said,
    another_axis,
    another_temperature,
    nearly_right,
    off_by_a_constant,
    only_some_places,
    too_large_by_a_factor,
    undefined_numbers,
    wrapped_around,
)
from bigramlab.mistakes import Mistake

__all__ = ["close_relation", "cut_to_integers", "distant_relation", "floats_for_integers"]


def close_relation(case: Case) -> Mistake | None:
    """Return a relation that as good as names the slip."""
    return _first(
        case,
        (
            another_axis,
            another_order,
            cut_short,
            stripped,
            too_large_by_a_factor,
            another_temperature,
            off_by_a_constant,
            wrapped_around,
            nearly_right,
        ),
    )


def distant_relation(case: Case) -> Mistake | None:
    """Return a relation that tells at least where to look."""
    return _first(case, (only_some_places, some_missing, some_too_many, one_part_wrong, undefined_numbers, another_shape,
                         another_type))  # fmt: skip


def floats_for_integers(case: Case) -> Mistake | None:
    """All numbers are right, and some that should be integers are floats."""
    pairs = [(call, ours) for call, ours in zip(case.calls, case.ours, strict=True) if not ours.raised]
    if not pairs or not all(
        not call.raised and _right_numbers(case, call.returned, ours.returned) for call, ours in pairs
    ):
        return None
    parts = [(one, right) for call, ours in pairs for one, right in _tensors_of(call.returned, ours.returned)]
    off = [one for one, right in parts if one.is_floating_point() and not right.is_floating_point()]
    if len(off) < min(FEWEST, len(pairs)):
        return None
    return case.cause("floats_for_integers", f"The numbers are right, and of the type {off[0].dtype}: ids and counts are "
                      "integers, and floats can't be used as an index.", "Print its `dtype`; `.long()` makes integers.")  # fmt: skip


def _right_numbers(case: Case, found: Any, right: Any) -> bool:
    """Tell whether the numbers are right; of what is drawn, at least whole."""
    drawn = "generator" in case.parameters() and isinstance(found, Tensor)
    return alike(found, right) or (drawn and bool((found == found.round()).all()))


def cut_to_integers(case: Case) -> Mistake | None:
    """What comes back are integers: ours, without what stands behind the point."""
    pairs = [(call.returned, ours.returned) for call, ours in zip(case.calls, case.ours, strict=True)
             if not call.raised and not ours.raised]  # fmt: skip
    tensors = [(one, right) for one, right in pairs if isinstance(one, Tensor) and isinstance(right, Tensor)]
    off = [(one, right) for one, right in tensors if right.is_floating_point() and not alike(one, right)]
    cut = [not one.is_floating_point() and alike(one.double(), right.double().trunc()) for one, right in off]
    if not cut or len(cut) < min(FEWEST, len(pairs)) or not all(cut):
        return None
    return case.cause("cut_to_integers", "What it computes is put into a tensor of integers, so what stands behind the "
                      "point is cut off.", "Print the `dtype` of what it returns; write into a new tensor of floats.")  # fmt: skip


def _tensors_of(found: Any, right: Any) -> list[tuple[Tensor, Tensor]]:
    """Pair the tensors of two results that have the same form."""
    if isinstance(found, tuple | list) and isinstance(right, tuple | list):
        return [pair for one, other in zip(found, right, strict=False) for pair in _tensors_of(one, other)]
    return [(found, right)] if isinstance(found, Tensor) and isinstance(right, Tensor) else []


def _first(case: Case, relations: tuple[Callable[[list[Pair]], Said | None], ...]) -> Mistake | None:
    pairs = [(call.returned, ours.returned) for call, ours in zip(case.calls, case.ours, strict=True)
             if not call.raised and not ours.raised]  # fmt: skip
    off = [pair for pair in pairs if not alike(*pair)]
    if not off or (len(off) < FEWEST and case.parameters()) or len(pairs) < len(case.calls) / 2:
        return None
    for relation in relations:
        try:
            said = relation(pairs)
        except Exception:  # such results have no such relation
            continue
        if said:
            return case.cause(*said)
    return None


def _items(value: Any) -> list[str] | None:
    """Return the parts of a value as they are written: the text "1" is not the number 1."""
    if isinstance(value, Tensor):
        return [repr(one) for one in value.tolist()] if value.dim() else None
    if isinstance(value, list | str):
        return [repr(one) for one in value]
    if isinstance(value, tuple) and all(
        isinstance(one, Tensor) and one.dim() and len(one) == len(value[0]) for one in value
    ):
        return [repr(row) for row in zip(*(one.tolist() for one in value), strict=True)]
    return None


def _lists(pairs: list[Pair]) -> Iterator[tuple[list[Any], list[Any]]]:
    for one, other in pairs:
        found, right = _items(one), _items(other)
        if found is None or right is None:
            raise TypeError
        yield found, right


def another_order(pairs: list[Pair]) -> Said | None:
    """The right ones come in another order."""
    if all(Counter(found) == Counter(right) for found, right in _lists(pairs)):
        return ("another_order", "Everything that should come back is there, in another order.",
                "Print it beside what bigramlab's own returns for the call above.")  # fmt: skip
    return None


def cut_short(pairs: list[Pair]) -> Said | None:
    """It ends after so many."""
    lists = [*_lists(pairs)]
    short = [(found, right) for found, right in lists if found != right]
    lengths = {len(found) for found, _ in short}
    ends: list[tuple[str, Callable[[Any, int], Any]]] = [
        ("first", lambda right, n: right[:n]),
        ("last", lambda right, n: right[-n:]),
    ]
    for text, end in ends:
        if len(lengths) == 1 and all(
            found == end(right, len(found)) and len(right) > len(found) for found, right in short
        ):
            n = lengths.pop()
            return (f"only_the_{text}_{n}", f"Only the {text} {n} come back, however many there should be: a slice is left "
                    "in, or a number is typed in.", f"Print its length: it is never more than {n}.")  # fmt: skip
    return None


def stripped(pairs: list[Pair]) -> Said | None:
    """Each word is the right one, without some characters at its ends."""
    words = [(one, other) for found, right in pairs for one, other in zip(found, right, strict=True)]
    taken = {letter for one, other in words if one != other for letter in other.replace(one, "", 1)}
    if taken and all(isinstance(one, str) and one == other.strip("".join(taken)) for one, other in words):
        told = ", ".join(map(repr, sorted(taken)))
        return ("ends_stripped", f"Characters at the ends of words are taken off, such as {told}, and they belong to them.",
                "Look at what `strip` is given.")  # fmt: skip
    return None


def some_missing(pairs: list[Pair]) -> Said | None:
    """Nothing of it is wrong, and some is missing."""
    if all(not Counter(found) - Counter(right) for found, right in _lists(pairs)):
        return ("some_missing", "Some of what should come back is missing, and nothing is there that shouldn't be.",
                "Print its length, and what bigramlab's own returns.")  # fmt: skip
    return None


def some_too_many(pairs: list[Pair]) -> Said | None:
    """All of it is there, and more."""
    if all(not Counter(right) - Counter(found) for found, right in _lists(pairs)):
        return ("some_too_many", "All that should come back is there, and more than that.",
                "Print its length, and what bigramlab's own returns.")  # fmt: skip
    return None


def one_part_wrong(pairs: list[Pair]) -> Said | None:
    """Of several parts, one is wrong."""
    if not all(
        isinstance(one, tuple) and isinstance(other, tuple) and len(one) == len(other) > 1 for one, other in pairs
    ):
        return None
    wrong = {
        place for one, other in pairs for place, parts in enumerate(zip(one, other, strict=True)) if not alike(*parts)
    }
    if len(wrong) == 1:
        ordinal = ("first", "second", "third", "fourth", "fifth")[wrong.pop()]
        return ("one_part_wrong", f"Only the {ordinal} of the parts that it returns is wrong: the others are right on "
                "every input.", f"Look at the lines that make the {ordinal} part.")  # fmt: skip
    return None


def another_shape(pairs: list[Pair]) -> Said | None:
    """It always has more axes, or fewer, or is longer by one."""
    shapes = [(one.shape, other.shape) for one, other in pairs if isinstance(one, Tensor) and isinstance(other, Tensor)]
    if len(shapes) < len(pairs):
        return None
    more = {len(found) - len(right) for found, right in shapes}
    if len(more) == 1 and (n := more.pop()):
        return ("axes_differ", f"It has {abs(n)} {'axis' if abs(n) == 1 else 'axes'} too {'many' if n > 0 else 'few'}, on "
                "every input.", "Print its `shape`.")  # fmt: skip
    longer = {tuple(a - b for a, b in zip(found, right, strict=True)) for found, right in shapes}
    if len(longer) == 1 and any(by := longer.pop()):
        told = ", ".join(f"{n:+d} along axis {axis}" for axis, n in enumerate(by) if n)
        return ("sizes_differ", f"Its size is off by the same on every input: {told}.", "Print its `shape`.")
    return None


def another_type(pairs: list[Pair]) -> Said | None:
    """It is always of another kind."""
    kinds, right = {type(one) for one, _ in pairs}, {type(other) for _, other in pairs}
    numbers = kinds | right <= {float, Tensor} and all(isinstance(one, float) or one.numel() == 1 for one, _ in pairs)
    if len(kinds) == len(right) == 1 and kinds != right and not kinds & {int, float} and not numbers:
        found, wanted = (_with_article(kind.pop().__name__) for kind in (kinds, right))
        return ("another_type", f"It returns {found} on every input, and should return {wanted}.",
                "Print `type(...)` of what it returns.")  # fmt: skip
    return None


def _with_article(name: str) -> str:
    return f"{'an' if name[0] in 'aeiouAEIOU' or name == 'MLP' else 'a'} {name}"
