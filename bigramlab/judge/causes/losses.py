"""How a loss is related to the right one: what goes in shows it."""

import math
from collections.abc import Callable

from torch import Tensor

from bigramlab.judge.causes.case import Case
from bigramlab.judge.causes.likeness import alike, wholly
from bigramlab.judge.recording import Call
from bigramlab.mistakes import Mistake

__all__ = ["of_the_loss"]

FEWEST = 3
Said = tuple[str, str, str]


def of_the_loss(case: Case) -> Mistake | None:
    """Return what a loss has too much, or where it has no number: what goes in shows it."""
    pairs = zip(case.calls, case.ours, strict=True)
    ended = [(call, ours) for call, ours in pairs if not ours.raised]
    if not all(isinstance(ours.returned, float) or getattr(ours.returned, "ndim", 1) == 0 for _, ours in ended):
        return None
    try:
        said = product_underflows(ended) or penalty_added(ended)
    except Exception:  # such results are no losses
        return None
    return case.cause(*said) if said else None


def product_underflows(ended: list[tuple[Call, Call]]) -> Said | None:
    """All is right until the product of the probabilities is too small for a number, and infinite or an error then."""
    totals: dict[bool, list[float]] = {True: [], False: []}  # the sums of the losses, where it is right and where not
    for call, ours in ended:
        counts, targets = call.arguments[0], call.arguments[-1]  # with tables of counts, the other one is of floats
        n = float(counts.sum()) if isinstance(counts, Tensor) and counts.shape == targets.shape else len(targets)
        total, right = _number(ours) * n, not call.raised and alike(call.returned, ours.returned)
        if math.isfinite(total):
            finite = not call.raised and math.isfinite(_number(call))
            if not right and (total < 80 or (finite and total > 750)):  # float32 ends at e^-103, float64 at e^-745
                return None
            totals[right].append(total)
    if len(totals[False]) < FEWEST or max(totals[True], default=0.0) > min(totals[False]) or min(totals[False]) < 80:
        return None
    return ("product_underflows", "The probabilities are multiplied, and the product of many is too small for a number: "
            "it loses its digits, or becomes 0, whose log is -inf. Add the logs up.", "Print the product in the call above: it is 0, or nearly.")  # fmt: skip


def _number(call: Call) -> float:
    found = wholly(call.returned)
    return math.nan if found is None else found.item()


def penalty_added(ended: list[tuple[Call, Call]]) -> Said | None:
    """The loss has a part too many: a number times the mean, or the sum, of the squares of what goes in."""
    measures: list[tuple[str, Callable[[Tensor], Tensor]]] = [
        ("mean", lambda it: (it**2).mean()),
        ("sum", lambda it: (it**2).sum()),
        ("mean", lambda it: it.abs().mean()),
        ("sum", lambda it: it.abs().sum()),
    ]
    for place, (text, measure) in enumerate(measures):
        factors = []
        for call, ours in ended:
            size = measure(call.arguments[0].detach().double()).item()
            if size > 0 and math.isfinite(_number(ours)) and math.isfinite(size):
                factors.append((_number(call) - _number(ours)) / size)
        if len(factors) >= FEWEST and min(factors) > 0 and max(factors) - min(factors) < 1e-2 * max(factors):
            squares = "squares" if place < 2 else "sizes"
            return ("penalty_added", f"{factors[0]:.3g} times the {text} of the {squares} of what goes in is added, a "
                    "penalty: it is no part of this loss.", "Subtract what bigramlab's own returns from what it returned.")  # fmt: skip
    return None
