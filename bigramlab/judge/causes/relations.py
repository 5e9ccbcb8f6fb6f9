"""How what comes back is related to what should, in all calls: when no slip is known, this is what can be said."""

import math
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

from bigramlab.judge.causes.case import Case
from bigramlab.judge.causes.likeness import alike, wholly
from bigramlab.mistakes import Mistake

__all__ = ["close_relation", "cut_to_integers", "distant_relation", "floats_for_integers"]

FEWEST = 3
Pair = tuple[Any, Any]
Said = tuple[str, str, str]


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


def another_axis(pairs: list[Pair]) -> Said | None:
    """The numbers sum to 1 along an axis, and it is not the last one."""
    tensors = [pair for pair in _tensors(pairs) if pair[0].numel()]
    off = [one for one, other in tensors if not alike(one, other)]
    if not all(_sums_to_1(other, -1) for _, other in tensors) or all(_sums_to_1(one, -1) for one in off):
        return None
    for axis in range(off[0].dim() - 1):
        if all(_sums_to_1(one, axis, or_nan=True) for one, _ in tensors):
            return ("another_axis", f"The numbers sum to 1 along axis {axis}, and should along the last one: a `dim` is "
                    "wrong.", f"Print its `.sum({axis})` and its `.sum(-1)`: the first is all ones, the second should be.")  # fmt: skip
    return None


def _sums_to_1(numbers: Tensor, axis: int, *, or_nan: bool = False) -> bool:
    """Tell whether all sums along the axis are 1, those of nothing but zeros aside, where they are divided by 0."""
    sums = numbers.sum(axis)
    ones = (sums - 1).abs() < 1e-4
    return bool((ones | (sums.isnan() & or_nan)).all() and ones.any())


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


def _tensors(pairs: list[Pair]) -> list[tuple[Tensor, Tensor]]:
    found = []
    for one, other in pairs:
        first, second = wholly(one), wholly(other)
        if first is None or second is None or first.shape != second.shape:
            raise TypeError
        found.append((first, second))
    return found


def too_large_by_a_factor(pairs: list[Pair]) -> Said | None:
    """It is the right one, times a number that is always the same."""
    tensors = _tensors(pairs)
    first, second = next(pair for pair in tensors if not alike(*pair))
    place = int(second.abs().nan_to_num(posinf=0).argmax())
    factor = float(first.flatten()[place] / second.flatten()[place])
    if not math.isfinite(factor) or factor == 0 or not all(alike(one, other * factor) for one, other in tensors):
        return None
    return ("a_factor_too_many", f"It is {factor:.5g} times what it should be, on every input.", "Divide what it returned above "
            "by what bigramlab's own returns.")  # fmt: skip


def off_by_a_constant(pairs: list[Pair]) -> Said | None:
    """It is the right one, plus a number that is always the same."""
    tensors = [pair for pair in _tensors(pairs) if pair[0].numel()]
    first, second = next(pair for pair in tensors if not alike(*pair))
    more = float((first - second).flatten()[0])
    if not math.isfinite(more) or more == 0 or not all(alike(one, other + more) for one, other in tensors):
        return None
    return ("a_number_too_many", f"It is what it should be, plus {more:.5g}, on every input.", "Subtract from what it "
            "returned above what bigramlab's own returns.")  # fmt: skip


def wrapped_around(pairs: list[Pair]) -> Said | None:
    """Large numbers begin anew."""
    tensors = _tensors(pairs)
    for bits in (8, 16, 32):
        if all(bool(((one - other) % 2**bits == 0).all()) for one, other in tensors):
            return ("numbers_begin_anew", f"The numbers are of a type of {bits} bits, and what is larger begins anew.",
                    "Print its `dtype`: take `torch.int64`.")  # fmt: skip
    return None


def nearly_right(pairs: list[Pair]) -> Said | None:
    """All numbers are right to two or three digits."""
    tensors = _tensors(pairs)
    rough = sum(not alike(*pair) for pair in tensors)  # what is wrong in few calls only is exact in the others
    if 2 * rough >= len(tensors) and all(
        torch.allclose(one, other, rtol=1e-2, atol=2e-3, equal_nan=True) for one, other in tensors
    ):
        return ("nearly_right", "All numbers are nearly right, to two or three digits, on every input: half precision "
                "(`.half()`, `bfloat16`), rounding, a small number that is added somewhere, or one "
                "typed in with too few digits.", "Print them with more "
                "decimals, beside those of bigramlab's own.")  # fmt: skip
    return None


def _regions(shape: torch.Size) -> Iterator[tuple[str, Tensor]]:
    rows = torch.arange(shape[0]).view(-1, *[1] * (len(shape) - 1)).expand(shape)
    one, many, first = ("", "all", "the first") if len(shape) == 1 else (" row", "the rows", "row 0")
    if len(shape) > 2:
        one, many, first = " word of a batch", "the words of a batch", "the first word of a batch"
    yield first, rows == 0
    yield f"the last{one}", rows == shape[0] - 1
    if len(shape) == 2:
        columns = torch.arange(shape[1]).expand(shape)
        yield "the first cell", (rows == 0) & (columns == 0)
        yield "column 0", columns == 0
        yield "the last column", columns == shape[1] - 1
        yield "the diagonal", rows == columns
        yield "row 0 and column 0", (rows == 0) | (columns == 0)
        yield "the cells beside the diagonal", rows != columns
        yield "the cells above the diagonal", rows < columns
        yield "the cells below the diagonal", rows > columns
        yield "the columns but the first", columns > 0
    yield f"{many} but the first", rows > 0
    yield f"{many} but the last", rows < shape[0] - 1


def only_some_places(pairs: list[Pair]) -> Said | None:
    """It is wrong in some places only, the same ones in all calls."""
    tensors = _tensors(pairs)
    if any(not one.dim() for one, _ in tensors):
        return None
    wrong = [~torch.isclose(one, other, rtol=1e-4, atol=1e-6, equal_nan=True) for one, other in tensors]
    outside: dict[str, int] = {}
    shown: Counter[str] = Counter()  # calls that are wrong, though they need not be wrong in that place alone
    for mask in wrong:
        for name, region in _regions(mask.shape) if len(mask) else ():
            outside[name] = outside.get(name, 0) + bool((mask & ~region).any())
            shown[name] += bool(mask.any() and not region.all())
    for name, n in outside.items():
        if not n and shown[name] >= FEWEST:
            return ("some_places_wrong", f"Only {name} may be wrong: all else is right on every input.",
                    f"Look at what the code does with {name}.")  # fmt: skip
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


def undefined_numbers(pairs: list[Pair]) -> Said | None:
    """Where it is wrong, there is nan."""
    tensors = _tensors(pairs)
    wrong = [(one, other) for one, other in tensors if not alike(one, other)]
    if all(alike(torch.where(one.isnan(), other, one), other) for one, other in wrong):
        return ("undefined_numbers", "Where it is wrong, it is `nan`: 0 / 0, 0 · log 0, or inf - inf.",
                "Print each step of the call above, and look for the first `nan`.")  # fmt: skip
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
        found, wanted = kinds.pop().__name__, right.pop().__name__
        article = "an" if found[0] in "aeiou" else "a"
        return ("another_type", f"It returns {article} {found} on every input, and should return a {wanted}.",
                "Print `type(...)` of what it returns.")  # fmt: skip
    return None
