"""The numbers are right, and the gradients are not: what of it no gradient reaches, or a wrong one."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from bigramlab.judge.causes.case import Case
from bigramlab.judge.causes.likeness import same_end
from bigramlab.judge.causes.variation import bound
from bigramlab.judge.recording import Call
from bigramlab.laws import ours_for
from bigramlab.mistakes import Mistake

__all__ = ["gradient_lost"]

MOST = 6  # calls that are tried
CUTTING = "`.detach()`, `.data`, `.item()`, `.tolist()`, NumPy, `torch.tensor(...)` or `torch.no_grad()`"
SEEN = "Call it with `requires_grad_()` on what goes in, sum what comes back, and print the `.grad` of each after `.backward()`."


def gradient_lost(case: Case) -> Mistake | None:
    """Say how gradients get lost, if all results are right."""
    calls = [call for call, ours in zip(case.calls, case.ours, strict=True) if not call.raised and same_end(call, ours)]
    if len(calls) < len(case.calls) or not calls:
        return None
    case.guard.hangs = 0
    spread = calls[:: max(1, len(calls) // MOST)]  # the first are small, and the gradient of one share is 0
    found = next((told for call in spread if (told := _told(case, call))), None)
    return case.cause(*found) if found else None


def _told(case: Case, call: Call) -> tuple[str, str, str] | None:
    """Compare the gradients that come back through the function in one call with those through ours."""
    right, wrong = (_gradients(case, call, one) for one in (ours_for(case.name), case.function))
    if not isinstance(right, dict) or not any(one is not None and one.any() for one in right.values()):
        return None
    if isinstance(wrong, RuntimeError):
        if "modified by an inplace operation" not in str(wrong):
            return None
        return ("needed_value_changed", "The numbers are right, but no gradient can be taken: a value that `backward` "
                "still needs is changed in place.", "Write `x = x + …` where `x += …` stands, and the like.")  # fmt: skip
    if wrong is None:
        return ("gradient_cut_off", f"The numbers are right, but no gradient flows through it: {CUTTING} cuts it off.", SEEN)  # fmt: skip
    if isinstance(wrong, Exception):
        return None
    lost = [name for name, one in right.items() if one is not None and one.any() and _is_none(wrong[name])]
    if lost:
        names = " and ".join(f"`{name}`" for name in lost)
        return ("gradient_cut_off_from_one", f"The numbers are right, but no gradient reaches {names}: {CUTTING} stands "
                "on the way.", SEEN)  # fmt: skip
    off = [name for name, one in right.items() if one is not None and not _close(one, wrong[name])]
    if off:
        names = " and ".join(f"`{name}`" for name in off)
        return ("gradient_cut_off_in_part", f"The numbers are right, but the gradient of {names} is not, as if a part of "
                f"the formula were a constant: {CUTTING} stands around it.", SEEN)  # fmt: skip
    return None


def _is_none(gradient: Tensor | None) -> bool:
    return gradient is None or not gradient.any()


def _close(one: Tensor, other: Tensor | None) -> bool:
    return other is not None and torch.allclose(one.double(), other.double(), rtol=1e-2, atol=1e-3)


def _gradients(case: Case, call: Call, function: Callable[..., Any]) -> dict[str, Tensor | None] | Exception | None:
    """Return the gradient of each tensor that goes in; None if none flows, or what was raised on the way."""
    leaves: dict[str, Tensor] = {}
    found: list[Any] = []

    def learning(value: Any, name: str) -> Any:
        if isinstance(value, Tensor) and value.is_floating_point():
            leaves[name] = value.detach().clone().requires_grad_()
            return leaves[name]
        if isinstance(value, tuple) and hasattr(value, "_fields"):
            parts = zip(value._fields, value, strict=True)
            return type(value)(*(learning(part, f"{name}.{field}") for field, part in parts))
        if type(value) is tuple:
            return tuple(learning(part, f"{name}[{i}]") for i, part in enumerate(value))
        return value

    def differentiate(*arguments: Any, **options: Any) -> None:
        names = list(bound(case.name, arguments, options))
        made = function(*(learning(one, name) for one, name in zip(arguments, names, strict=False)), **options)
        if not isinstance(made, Tensor) or not made.requires_grad:
            found.append(None)
            return
        weights = torch.arange(1.0, made.numel() + 1).view(made.shape)
        gradients = torch.autograd.grad((made * weights).sum(), list(leaves.values()), allow_unused=True)
        found.append(dict(zip(leaves, gradients, strict=True)))

    made = call.again(differentiate, case.guard)
    return made.raised or (found[0] if found else None)
