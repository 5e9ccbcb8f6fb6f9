"""What laws ask of gradients: that they reach what a result was made of, and are right."""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from bigramlab.laws.law import broken, of_type

__all__ = ["gradients_agree", "gradients_reach", "learning", "numbers_in"]


def learning(*tensors: Tensor) -> list[Tensor]:
    """Return copies that gradients are asked of."""
    return [tensor.clone().requires_grad_() for tensor in tensors]


def gradients_reach(found: Any, **leaves: Tensor) -> None:
    """Check that gradients flow through a result to what it was made of."""
    for name, gradient in zip(leaves, _gradients_of(found, leaves), strict=True):
        if gradient is None or not gradient.any():
            broken(f"no gradient reaches its {name}")


def gradients_agree(found: Any, compute: Callable[..., Any], **leaves: Tensor) -> None:
    """Check that the gradients are those of a plain function, by how its result changes with each number."""
    for name, gradient in zip(leaves, _gradients_of(found, leaves), strict=True):
        if gradient is None or not gradient.any():
            broken(f"no gradient reaches its {name}")
        for place in range(leaves[name].numel()):
            above, below = (_weighed(compute(**_with_one_changed(leaves, name, place, by))) for by in (1e-3, -1e-3))
            expected, one = (above - below) / 2e-3, gradient.flatten()[place].item()
            if not math.isclose(one, expected, rel_tol=2e-2, abs_tol=1e-2):
                broken(f"the gradient of number {place} of {name} is {one:.4g}, and should be {expected:.4g}")


def _gradients_of(found: Any, leaves: dict[str, Tensor]) -> tuple[Tensor | None, ...]:
    of_type(found, Tensor, "a torch.Tensor")
    if not found.requires_grad:
        broken("no gradients flow through it: is it detached, or made of NumPy's numbers?")
    weights = torch.arange(1.0, found.numel() + 1).view(found.shape) ** 2
    return torch.autograd.grad((found * weights).sum(), list(leaves.values()), allow_unused=True)


def _with_one_changed(leaves: dict[str, Tensor], name: str, place: int, by: float) -> dict[str, Any]:
    lists = {}
    for one, tensor in leaves.items():
        changed = tensor.detach().double().clone()
        if one == name:
            changed.view(-1)[place] += by
        lists[one] = changed.tolist()
    return lists


def _weighed(found: Any) -> float:
    """Return the sum that the gradients are of."""
    return math.fsum(number * (place + 1) ** 2 for place, number in enumerate(numbers_in(found)))


def numbers_in(nested: Any) -> list[float]:
    """Return all numbers of nested lists, in their order."""
    return [number for part in nested for number in numbers_in(part)] if isinstance(nested, list) else [nested]
