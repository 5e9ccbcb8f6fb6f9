"""How the numbers that come back are related to those that should, in all calls."""

import math
from collections import Counter
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from bigramlab.judge.causes.likeness import alike, wholly

FEWEST = 3
Pair = tuple[Any, Any]
Said = tuple[str, str, str]


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


def another_temperature(pairs: list[Pair]) -> Said | None:
    """The rows are shares, and their logs are those of the right ones, times a number that is always the same."""
    tensors = [pair for pair in _tensors(pairs) if pair[0].numel() and pair[0].dim() and pair[0].shape[-1] > 2]
    first, second = next(pair for pair in tensors if not alike(*pair))
    kept = (first > 1e-6) & (second > 1e-6)
    one, other = first[kept].log(), second[kept].log()
    factor = float((one[0] - one[1]) / (other[0] - other[1]))
    if not math.isfinite(factor) or factor <= 0 or not all(_sums_to_1(one, -1) for one, _ in tensors):
        return None
    if not all(alike(one, (other.log() * factor).softmax(-1)) for one, other in tensors):
        return None
    return ("another_temperature", f"The logits are multiplied by {factor:.4g} before their softmax, on every input: a "
            "temperature is left in, or a scale.", "Compare the logs of its shares with those of bigramlab's own.")  # fmt: skip


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


def undefined_numbers(pairs: list[Pair]) -> Said | None:
    """Where it is wrong, there is nan."""
    tensors = _tensors(pairs)
    wrong = [(one, other) for one, other in tensors if not alike(one, other)]
    if all(alike(torch.where(one.isnan(), other, one), other) for one, other in wrong):
        return ("undefined_numbers", "Where it is wrong, it is `nan`: 0 / 0, 0 · log 0, or inf - inf.",
                "Print each step of the call above, and look for the first `nan`.")  # fmt: skip
    return None
