"""Heads of attention: each is computed again from a network's own weights, or a notebook's own tensors."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from bigramlab.judge.guarding import Guard
from bigramlab.judge.reviewed import MISTAKE, RIGHT, Item, Thing

__all__ = ["look_at_attention", "look_at_heads"]

SECONDS = 2.0  # for a call
ROWS, PLACES = 2, 5
ROLES = {
    part: re.compile(rf"(?i)(w_?|to_?|fc_?|lin_?|linear_?)?({names})(_?(proj|projection|linear|layer|fc|net))?")
    for part, names in {"q": "q|query|queries", "k": "k|key|keys", "v": "v|val|value|values"}.items()
}
"""What the layers that make queries, keys and values are called."""
HEADS = ("n_head", "n_heads", "num_heads", "nhead", "heads", "nh", "h", "n_attn_heads")


class _Parts(NamedTuple):
    """What a head makes of some rows, and what it does with the result."""

    q: Tensor
    k: Tensor
    v: Tensor
    heads: int
    after: nn.Linear | None
    width: int


def look_at_heads(things: Sequence[Thing]) -> Iterator[tuple[int, Item]]:
    """Yield what there is to say of the classes of heads, seen in the networks that are made of them."""
    classes = {thing.value: at for at, thing in enumerate(things) if isinstance(thing.value, type)}
    networks = [thing.value for thing in things if isinstance(thing.value, nn.Module)]
    seen: set[type] = set()
    for layer in (layer for network in networks for layer in network.modules()):
        if type(layer) in seen or type(layer) not in classes:
            continue
        seen.add(type(layer))
        training = [(inner, inner.training) for inner in layer.modules()]
        with Guard(seconds=SECONDS, name=type(layer).__name__) as guard, torch.random.fork_rng(), torch.no_grad():
            layer.eval()
            said = _said_of(layer, guard)
            for inner, was in training:
                inner.training = was
        if said:
            thing = things[classes[type(layer)]]
            yield classes[type(layer)], Item(thing.name, thing.place, *said, f"`{thing.name}`: {said[1]}.")


def _said_of(layer: nn.Module, guard: Guard) -> tuple[str, str] | None:
    """Say what a layer does that makes queries, keys and values of what it is given."""
    linear = {name: child for name, child in layer.named_children() if isinstance(child, nn.Linear)}
    own = {part: [one for name, one in linear.items() if ROLES[part].fullmatch(name)] for part in ROLES}
    whole = [one for one in linear.values() if one.out_features == 3 * one.in_features]
    if not (all(len(found) == 1 for found in own.values()) or len(whole) == 1):
        return None
    first = whole[0] if len(whole) == 1 else own["q"][0]
    torch.manual_seed(0)
    x = torch.randn(ROWS, PLACES, first.in_features)
    try:
        made = whole[0](x).chunk(3, 2) if len(whole) == 1 else [own[part][0](x) for part in ROLES]
        returned: Any = guard.call(layer, x)
    except Exception:  # it takes something else
        return None
    returned = returned[0] if isinstance(returned, tuple) and returned else returned
    left = [one for one in linear.values() if one not in whole and not any(one in found for found in own.values())]
    if not isinstance(returned, Tensor) or len(left) > 1 or len({one.shape for one in made}) > 1:
        return None
    heads = next((getattr(layer, name) for name in HEADS if type(getattr(layer, name, None)) is int), 1)
    if heads < 1 or made[0].shape[2] % heads or (left and left[0].in_features != made[0].shape[2]):
        return None
    for order in (
        ((0, 1, 2), (1, 0, 2), (0, 2, 1), (1, 2, 0), (2, 0, 1), (2, 1, 0)) if len(whole) == 1 else ((0, 1, 2),)
    ):
        q, k, v = (made[at] for at in order)
        parts = _Parts(q, k, v, heads, left[0] if left else None, first.in_features)
        for verdict, text, result in _ways(parts):
            if result.shape == returned.shape and (result - returned).abs().max() < 1e-4 * result.abs().max():
                return verdict, text
    return None


def look_at_attention(things: Sequence[Thing]) -> Iterator[tuple[int, Item]]:
    """Yield what there is to say of tables of shares, and of what comes of them, queries, keys and values."""
    for at, thing in enumerate(things):
        value = thing.value
        if not isinstance(value, Tensor) or not value.is_floating_point() or value.dim() < 2:
            continue
        value = value.detach()
        said = _shares_said(value) if value.isfinite().all() and value.shape[-1] == value.shape[-2] > 2 else None
        there = {one.name: one.value for one in things[:at] if one.place == thing.place}  # a later cell has its own
        if said is None and value.dim() == 3:
            given = {one.name: one.value for one in things[:at] if one.name in ("x", "X")}
            said = _attended(value, there) or _averaged(value, {**given, **there})
        if said:
            yield at, Item(thing.name, thing.place, *said, f"`{thing.name}`: {said[1]}.")


def _shares_said(table: Tensor) -> tuple[str, str] | None:
    """Say what a table of shares is that has nothing above its diagonal, or below."""
    if (table < 0).any() or (not table.tril(-1).any() and not table.triu(1).any()):
        return None
    whole = [bool(((table.sum(axis) - 1).abs() < 1e-4).all()) for axis in (-1, -2)]
    if not table.triu(1).any() and whole[0]:
        return RIGHT, "how much each place attends to those up to it: each row sums to 1"
    if not table.triu(1).any() and whole[1]:
        return MISTAKE, "each column sums to 1, and each row should: what a place takes from those up to it"
    if not table.tril(-1).any() and whole[0]:
        return MISTAKE, "each place attends to those after it, and should to those before: tril for triu"
    return None


def _attended(value: Tensor, there: Mapping[str, Any]) -> tuple[str, str] | None:
    """Say how a tensor was made of queries, keys and values of its shape."""
    own = {part: [one for name, one in there.items() if ROLES[part].fullmatch(name) and _is_like(one, value)]
           for part in ROLES}  # fmt: skip
    if not all(own.values()):
        return None
    q, k, v = (own[part][-1].detach().float() for part in ROLES)
    if q.shape[2] == 1 or torch.equal(value, q) or torch.equal(value, k) or torch.equal(value, v):
        return None
    given = [one for name, one in there.items() if isinstance(one, Tensor) and one.dim() == 3 and name in ("x", "X")]
    width = given[-1].shape[2] if given else q.shape[2]
    for verdict, text, result in _ways(_Parts(q, k, v, 1, None, width)):
        if (result - value).abs().max() < 1e-4 * result.abs().max():
            return verdict, text.replace("its weights", "the queries, keys and values")
    for name in (name for name, one in there.items() if _is_mask(one, q.shape[1])):
        for scale in (1.0, q.shape[2] ** -0.5, width**-0.5):
            result = (q @ k.transpose(-2, -1) * scale).softmax(-1) @ v
            if (result - value).abs().max() < 1e-4 * result.abs().max():
                return MISTAKE, f"each place attends to those after it, too: `{name}` is made and masks nothing"
    return None


def _averaged(value: Tensor, there: Mapping[str, Any]) -> tuple[str, str] | None:
    """Say how rows were mixed of those of `x`, evenly or by shares, where nothing is said of queries and keys."""
    x = next((one.detach() for name, one in there.items() if name in ("x", "X") and _is_like(one, value)), None)
    if x is None or x.shape[1] < 3 or torch.equal(x, value):
        return None
    many = torch.arange(1, x.shape[1] + 1)[:, None]
    before = torch.cat([torch.zeros_like(x[:, :1]), x.cumsum(1)[:, :-1]], 1)
    values = [name for name in there if name in ("v", "value", "values")]
    shares = [one for one in there.values() if isinstance(one, Tensor) and one.shape == (*x.shape[:2], x.shape[1])]
    ways = [
        (RIGHT, "at each place the mean of `x` up to there", x.cumsum(1) / many),
        (MISTAKE, "at each place the sum of `x` up to there, not the mean: divide by how many they are", x.cumsum(1)),
        (
            MISTAKE,
            "at each place the mean of `x` before it, its own row left out: take `x[:t + 1]`",
            before / (many - 1),
        ),
        (MISTAKE, "at each place the mean of all of `x`, those after it, too", x.mean(1, keepdim=True).expand_as(x)),
        *((MISTAKE, f"it adds up `x`, and should add up `{values[-1]}`", one @ x) for one in shares if values),
    ]
    for verdict, text, result in ways:
        if torch.allclose(value[:, 1:], result[:, 1:], rtol=1e-4, atol=1e-5):
            return verdict, text
    return None


def _is_mask(one: object, places: int) -> bool:
    """Tell whether it is a table of ones up to each place, and zeros after it."""
    return isinstance(one, Tensor) and torch.equal(one.double(), torch.ones(places, places).double().tril())


def _is_like(one: object, value: Tensor) -> bool:
    return isinstance(one, Tensor) and one.is_floating_point() and one.shape == value.shape


def _ways(parts: _Parts) -> Iterator[tuple[str, str, Tensor]]:
    """Yield what a head may do, the right first, and what it gives then."""
    q, k, v = (_cut(one, parts.heads) for one in (parts.q, parts.k, parts.v))
    root = q.shape[-1] ** 0.5
    shares = _shares(q, k, 1 / root)
    yield RIGHT, "attention to the places up to its own, computed again from its weights", _put(shares @ v, parts)
    yield RIGHT, "attention; queries and keys have each other's names", _put(_shares(k, q, 1 / root) @ v, parts)
    wide = "attention; its scores are divided by the root of the network's width: usual is that of the head's, {:g}"
    scales = (
        (RIGHT, wide.format(q.shape[-1]), parts.width**-0.5),
        (MISTAKE, f"its scores are not divided by the root of the head's size, √{q.shape[-1]}", 1.0),
        (MISTAKE, f"its scores are multiplied by the root of the head's size, not divided: √{q.shape[-1]}", root),
        (MISTAKE, "its scores are divided by the head's size, and should be by its root", 1 / q.shape[-1]),
        (MISTAKE, "its scores are divided by the root of the number of places: take that of the head's size",
         PLACES**-0.5),
    )  # fmt: skip
    for verdict, text, scale in scales:
        yield verdict, text, _put(_shares(q, k, scale) @ v, parts)
    yield (
        MISTAKE,
        "the shares are divided after the softmax, so they don't sum to 1: scale the scores before it",
        _put(_shares(q, k, 1.0) / root @ v, parts),
    )
    yield (
        MISTAKE,
        "the softmax goes over the queries: those of each query over the keys should sum to 1, `dim=-1`",
        _put(_shares(q, k, 1 / root, axis=-2) @ v, parts),
    )
    masked = (q @ k.transpose(-2, -1) / root).tril().softmax(-1)
    yield MISTAKE, "the later places are masked with 0, whose share is not 0: mask with -inf", _put(masked @ v, parts)
    cut = (q @ k.transpose(-2, -1) / root).softmax(-1).tril()
    yield (
        MISTAKE,
        "the later places are set to 0 after the softmax, so the shares don't sum to 1: mask the scores, with -inf",
        _put(cut @ v, parts),
    )
    for name, one in (("keys", k), ("queries", q)):
        text = f"it multiplies {name} by {name}, and should multiply queries by keys"
        yield MISTAKE, text, _put(_shares(one, one, 1 / root) @ v, parts)
    yield MISTAKE, "it adds up keys, and should add up values", _put(shares @ k, parts)
    yield MISTAKE, "it adds up queries, and should add up values", _put(shares @ q, parts)
    if parts.heads > 1:
        mixed = (one.reshape(len(one), parts.heads, one.shape[1], -1) for one in (parts.q, parts.k, parts.v))
        mixed_q, mixed_k, mixed_v = mixed
        yield (
            MISTAKE,
            "the heads are cut by a reshape that mixes places up: `.view(B, T, heads, -1).transpose(1, 2)`",
            _put(_shares(mixed_q, mixed_k, 1 / root) @ mixed_v, parts),
        )
        yield (
            MISTAKE,
            "the heads are not put side by side again: `.transpose(1, 2)` before the reshape",
            _after((shares @ v).reshape(parts.q.shape), parts),
        )


def _cut(x: Tensor, heads: int) -> Tensor:
    return x.reshape(*x.shape[:2], heads, -1).transpose(1, 2)


def _shares(q: Tensor, k: Tensor, scale: float, axis: int = -1) -> Tensor:
    """Return how much each place attends to each, none to those after it."""
    later = torch.ones(q.shape[-2], q.shape[-2], dtype=torch.bool).triu(1)
    return (q @ k.transpose(-2, -1) * scale).masked_fill(later, -torch.inf).softmax(axis)


def _put(x: Tensor, parts: _Parts) -> Tensor:
    """Return the heads side by side, and what comes after them."""
    return _after(x.transpose(1, 2).flatten(2), parts)


def _after(x: Tensor, parts: _Parts) -> Tensor:
    result: Tensor = parts.after(x) if parts.after else x
    return result
