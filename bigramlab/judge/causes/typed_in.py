"""Numbers that are typed in: the end of a slice, such as `[:, :26]`, or how many heads there are."""

import ast

import torch
from torch import Tensor

from bigramlab.judge.causes.case import Case
from bigramlab.judge.causes.code_reading import tree_of
from bigramlab.judge.causes.likeness import alike, same_end
from bigramlab.judge.recording import Call
from bigramlab.laws import ours_for
from bigramlab.laws.transformer import network_of
from bigramlab.mistakes import Mistake

__all__ = ["heads_typed_in", "slice_typed_in"]

WIDTH = 24
HEADS = (1, 2, 3, 4, 6, 8, 12)


def slice_typed_in(case: Case) -> Mistake | None:
    """Find a slice with a number for its end where all calls are wrong that have a longer axis, and no others."""
    longest = [_longest(call) for call in case.calls]
    wrong = [not same_end(call, ours) for call, ours in zip(case.calls, case.ours, strict=True)]
    for text, end in _slices(case):
        if any(wrong) and not all(wrong) and wrong == [length > end for length in longest]:
            return case.cause("slice_typed_in", f"The slice `{text}` is typed in: it is right for up to {end}, and leaves out "
                              "what comes after that.", f"Look for `{text}` in the code: what is given decides how many "
                              "there are.")  # fmt: skip
    return None


def _slices(case: Case) -> list[tuple[str, int]]:
    found = []
    for part in ast.walk(tree_of(case.function)):
        if isinstance(part, ast.Subscript):
            inside = part.slice.elts if isinstance(part.slice, ast.Tuple) else [part.slice]
            ends = [
                one.upper.value for one in inside if isinstance(one, ast.Slice) and isinstance(one.upper, ast.Constant)
            ]
            found += [(ast.unparse(part), end) for end in ends if isinstance(end, int) and end > 1]
    return found


def _longest(call: Call) -> int:
    sizes = [size for one in call.arguments if isinstance(one, Tensor) for size in one.shape]
    return max([*sizes, *(len(one) for one in call.arguments if isinstance(one, str | list))], default=0)


def heads_typed_in(case: Case) -> Mistake | None:
    """Find out whether networks with other numbers of heads all give what one of them should."""
    if case.name not in ("transformer_logits", "transformer_probs"):
        return None
    networks = [network_of(1, 3, 4, width=WIDTH)._replace(heads=heads) for heads in HEADS]
    given = [(network, torch.tensor([[0, 1, 2]])) for network in networks]
    first, *others = (Call(case.function, case.guard, one, {}).returned for one in given)
    if first is None or not all(alike(first, other) for other in others):
        return None
    for heads, one in zip(HEADS, given, strict=True):
        if alike(first, Call(ours_for(case.name), case.guard, one, {}).returned):
            return case.cause("heads_typed_in", f"It goes through the blocks with {heads} heads, whatever `parameters.heads` "
                              "says: the number is typed in, or a global of the notebook.", "Give it a network with another "
                              "number of heads: nothing changes.")  # fmt: skip
    return None
