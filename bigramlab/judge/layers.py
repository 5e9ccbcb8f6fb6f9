"""What the layers of a network are: each is computed again from the notebook's own embedding, weights and biases."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from bigramlab.judge.reviewed import MISTAKE, RIGHT, Item, Thing

__all__ = ["look_at_layers"]

ROWS = 64  # so many tell what a table of many more is made of
LARGEST = 50_000_000  # cells
NEAR = 2e-3  # of the largest: float32, and a step back along the gradient
BENT: dict[str, Callable[[Tensor], Tensor]] = {
    "": lambda x: x,
    "tanh of ": torch.tanh,
    "relu of ": torch.relu,
    "the sigmoid of ": torch.sigmoid,
    "gelu of ": functional.gelu,
    "silu of ": functional.silu,
}
"""What is done with a sum, by how it is told."""
A_BIAS = re.compile(r"b\d*|b_\w+|\w*bias\w*")


@dataclass(frozen=True)
class _Rows:
    """What may go into a layer: what it is, its rows, and what is wrong with it."""

    told: str
    rows: Tensor
    wrong: str = ""


def look_at_layers(made: Sequence[Thing], there: Mapping[str, Any], size: int) -> Iterator[Item]:
    """Say of embedded contexts, hidden values and logits of which others they are made.

    Args:
        made: What a cell made.
        there: All that there is when it has run, by name.
        size: How many tokens there are.
    """
    tensors = {name: one.detach() for name, one in there.items() if isinstance(one, Tensor) and one.is_floating_point()}
    tensors = {name: one for name, one in tensors.items() if one.dim() and 0 < one.numel() < LARGEST}
    tensors = {name: one for name, one in tensors.items() if one.isfinite().all()}
    contexts = dict(_contexts(there, size))
    if not contexts or not any(len(one) == size and one.dim() == 2 for one in tensors.values()):
        return
    rates = {0.0: tensors}
    for thing in made:
        said: tuple[str, str] | None = None
        if thing.name in tensors and tensors[thing.name].dim() == 3:
            said = _embedded(thing.name, tensors, contexts, there, rates)
        elif thing.name in tensors and tensors[thing.name].dim() == 2 and len(tensors[thing.name]) > 1:
            layers = (_layer(thing.name, before, contexts, size) for before in rates.values())
            said = next(filter(None, layers), None)
        if said:
            yield Item(thing.name, thing.place, *said, headline=f"`{thing.name}`: {said[1]}.")


def _contexts(there: Mapping[str, Any], size: int) -> Iterator[tuple[str, Tensor]]:
    """Yield the contexts that there are, by name, and those of a batch."""
    ids = {name: one for name, one in there.items() if isinstance(one, Tensor) and one.dtype == torch.int64}
    ids = {name: one for name, one in ids.items() if one.numel()}
    for name, one in ids.items():
        if one.dim() == 2 and 0 <= int(one.min()) <= int(one.max()) < size:
            yield f"`{name}`", one
            for by, picked in ids.items():
                if (
                    picked.dim() == 1
                    and len(picked) < len(one)
                    and 0 <= int(picked.min()) <= int(picked.max()) < len(one)
                ):
                    yield f"`{name}[{by}]`", one[picked]


def _embedded(
    name: str,
    tensors: Mapping[str, Tensor],
    contexts: Mapping[str, Tensor],
    there: Mapping[str, Any],
    rates: dict[float, dict[str, Tensor]],
) -> tuple[str, str] | None:
    """Tell whether a tensor has the vectors of contexts, and note how far the weights have gone since then."""
    value = tensors[name]
    for (of, table), (by, ids) in product(tensors.items(), contexts.items()):
        if table.dim() != 2 or value.shape != (*ids.shape, table.shape[1]) or int(ids.max()) >= len(table):
            continue
        some = _some(len(value))
        moved = value[some].double() - table.double()[ids[some]]
        if moved.abs().max() < NEAR * float(value.abs().max()):
            return RIGHT, f"the rows of `{of}` for {by}"
        if (grad := there[of].grad) is not None:
            along = grad.double()[ids[some]]
            rate = float((moved * along).sum() / (along * along).sum().clamp(min=1e-30))
            if (moved - rate * along).abs().max() < NEAR * float(value.abs().max()):
                stepped = {one: there[one].grad for one in tensors if there[one].grad is not None}
                rates[rate] = {
                    one: tensor + rate * stepped[one] if one in stepped else tensor for one, tensor in tensors.items()
                }
                return RIGHT, f"the rows of `{of}` for {by}, before its last step"
    return None


def _layer(
    name: str, tensors: Mapping[str, Tensor], contexts: Mapping[str, Tensor], size: int
) -> tuple[str, str] | None:
    """Say of which rows, weights and biases a table is made; None if that is not seen, or may be meant so."""
    value = tensors[name]
    some = _some(len(value))
    wanted = value[some].double()
    for given in _inputs(name, len(value), tensors, contexts, size):
        rows = given.rows[some].double()
        if rows.shape == wanted.shape and _alike(wanted, rows):
            return (MISTAKE, given.wrong) if given.wrong else (RIGHT, given.told) if "," in given.told else None
        for of, weight in tensors.items():
            if of == name or weight.shape != (rows.shape[1], value.shape[1]):
                continue
            summed = rows @ weight.double()
            for bias, told, wrong in _biases(name, value, tensors, some):
                bent = next((bent for bent, does in BENT.items() if _alike(wanted, does(summed + bias))), None)
                if bent is None:
                    continue
                if given.wrong or wrong:
                    return MISTAKE, given.wrong or wrong
                return None if bent and value.shape[1] == size else (RIGHT, f"{bent}{given.told} by `{of}`{told}")
    return None


def _inputs(
    name: str, length: int, tensors: Mapping[str, Tensor], contexts: Mapping[str, Tensor], size: int
) -> Iterator[_Rows]:
    """Yield what may go into a layer of so many rows."""
    for of, one in tensors.items():
        if len(one) == length and of != name and one.dim() == 2:
            yield _Rows(f"`{of}`", one)
    for (of, table), (by, ids) in product(tensors.items(), contexts.items()):
        if len(ids) != length or table.dim() != 2 or len(table) != size or table.shape[1] * ids.numel() > LARGEST:
            continue
        vectors, some = table[ids], _some(length)
        there = (other for other, one in tensors.items() if one.shape == vectors.shape)
        same = next((other for other in there if _alike(tensors[other][some], vectors[some])), "")
        yield from _flattened(f"`{same}`" if same else f"`{of}[{by.strip('`')}]`", vectors)


def _flattened(told: str, vectors: Tensor) -> Iterator[_Rows]:
    length = len(vectors)
    yield _Rows(f"{told}, the vectors of each context side by side,", vectors.reshape(length, -1))
    yield _Rows(f"{told}, flattened,", vectors.transpose(1, 2).reshape(length, -1))
    why = f"its rows mix the vectors of several examples of {told}: reshape without exchanging the axes, `.view(n, -1)`"
    for mixed in (
        vectors.transpose(0, 1),
        vectors.permute(2, 0, 1),
        vectors.permute(1, 2, 0),
        vectors.permute(2, 1, 0),
    ):
        yield _Rows(told, mixed.reshape(length, -1), why)


def _biases(
    name: str, value: Tensor, tensors: Mapping[str, Tensor], some: Tensor
) -> Iterator[tuple[Tensor | float, str, str]]:
    """Yield what may be added, how that is told, and what is wrong with it."""
    yield 0.0, "", ""
    for of, one in tensors.items():
        if of == name or one.shape[-1] != value.shape[1]:
            continue
        if one.numel() == value.shape[1]:
            yield one.reshape(1, -1).double(), f", and `{of}`", ""
        elif one.shape == value.shape and A_BIAS.fullmatch(of):  # and not what goes past a layer
            told = f"each example has a bias of its own: `{of}` has {len(one):,} rows, and should be one row for all"
            yield one[some].double(), "", told


def _some(length: int) -> Tensor:
    """Return the places of a few rows, the same of each height."""
    return torch.linspace(0, length - 1, min(length, ROWS)).long()


def _alike(one: Tensor, other: Tensor) -> bool:
    return bool((one - other).abs().max() < NEAR * max(float(one.abs().max()), 1e-6))
