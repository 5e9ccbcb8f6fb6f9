"""A small guard, such as 1e-9 in a divisor, or a `clamp`, that hides what a mistake would do where it gives no number.

Then the function does what the catalogued mistake does wherever that gives a number; elsewhere it gives what such a
guard leaves: 0, a number that is very large, or the same number in a whole row.
"""

from dataclasses import replace

from torch import Tensor

from bigramlab.judge.causes.likeness import alike, same_end, wholly
from bigramlab.judge.recording import Call
from bigramlab.mistakes import Mistake

__all__ = ["behind_a_guard", "guarded", "shows", "undefined"]


def guarded(call: Call, other: Call) -> bool:
    """Tell whether a call ended like the other one wherever that gave a finite number, and as a guard would elsewhere."""
    if call.raised or other.raised:
        return same_end(call, other)
    found, made = wholly(call.returned), wholly(other.returned)
    if found is None or made is None or found.shape != made.shape or not _left_alike(call, other):
        return same_end(call, other)
    defined = made.isfinite()
    return alike(found[defined], made[defined]) and bool((defined | _left_by_a_guard(found)).all())


def _left_by_a_guard(found: Tensor) -> Tensor:
    """Tell of each number whether a guard against 0 / 0 or log 0 may have left it."""
    if not found.dim():
        return found.isfinite()
    level = (found - found[..., :1]).abs() < 1e-6
    return found.isfinite() & ((found.abs() < 1e-6) | (found.abs() > 1e5) | level.all(-1, keepdim=True))


def _left_alike(call: Call, other: Call) -> bool:
    """Tell whether both calls left alike what they were given."""
    before, after = call.after[0], other.after[0]
    return len(before) == len(after) and all(map(alike, before, after))


def undefined(call: Call) -> bool:
    """Tell whether there is something that is no finite number in what came back."""
    found = None if call.raised else wholly(call.returned)
    return found is not None and not bool(found.isfinite().all())


def shows(call: Call, ours: Call, other: Call) -> bool:
    """Tell whether the call is wrong where the other one gives a number: what is put elsewhere shows nothing."""
    found, right, made = (wholly(one.returned) for one in (call, ours, other))
    if found is None or right is None or made is None or not found.shape == right.shape == made.shape:
        return not same_end(call, ours)
    defined = made.isfinite()
    return not alike(found[defined], right[defined])


def behind_a_guard(mistake: Mistake) -> Mistake:
    """Say so of a mistake."""
    more = "Where that would divide by 0, or the like, a small guard, such as `+ 1e-9` or a `clamp`, hides it."
    return replace(mistake, wrong=f"{mistake.wrong} {more}")
