"""Layers of a file's own classes: has each of them a part in the loss, and is trained as others are?"""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import Module

from bigramlab.judge.guarding import Guard
from bigramlab.judge.reading_code import Code
from bigramlab.judge.recording import Call
from bigramlab.judge.reviewed import MISTAKE, RIGHT, Item, Thing

__all__ = ["look_at_flattening", "look_at_hidden_layers", "look_at_own_layers", "without_part"]

FLATTENS = re.compile(r"(?i)flatten_?(consecutive|neighbou?rs|pairs)")
STACKED = re.compile(
    r"(?i)(.*\.)?(h|stack|(\w+_)?(blocks?|layers?|stages?))\.(\d+)\.(.*)"
)  # each gets what the last one gives
ALWAYS = ("__init__", "forward", "__call__")
SECONDS = 0.5  # for a call
MOST = 2_000  # objects: who has made more is not asked


def look_at_own_layers(things: Sequence[Thing], names: Mapping[str, Any]) -> Iterator[tuple[int, Item]]:
    """Yield the classes of which one instance has a weight that needs no gradient, where the others' weights do."""
    classes = {thing.value: at for at, thing in enumerate(things) if isinstance(thing.value, type)}
    weights: dict[tuple[type, str], dict[str, Tensor]] = {}
    for path, one in _instances(names, {kind for kind in classes if not issubclass(kind, Module)}):
        for name, value in vars(one).items():
            if isinstance(value, Tensor) and value.is_leaf and value.is_floating_point():
                weights.setdefault((type(one), name), {})[f"{path}.{name}"] = value
    for (kind, name), found in weights.items():
        left = [path for path, value in found.items() if not value.requires_grad]
        if 0 < len(left) < len(found):
            at = classes[kind]
            text = f"`{left[0]}` needs no gradient, so it is never trained, as `{name}` of the others is"
            yield at, Item(things[at].name, things[at].place, MISTAKE, text, f"`{left[0]}`: {text}.")


def look_at_hidden_layers(things: Sequence[Thing]) -> Iterator[tuple[int, Item]]:
    """Yield the networks that keep layers in a plain list or dict, which torch does not know of then."""
    for at, thing in enumerate(things):
        if not isinstance(thing.value, Module):
            continue
        known = set(thing.value.modules())
        for part in known:
            for name, kept in vars(part).items():
                kept = [*kept.values()] if isinstance(kept, dict) and not name.startswith("_") else kept
                inner = [one for one in kept if isinstance(one, Module)] if isinstance(kept, list | tuple) else []
                if any(one not in known and any(True for _ in one.parameters()) for one in inner):
                    text = f"its `{name}` are in a plain list, where neither `parameters()` nor `eval()` reach them"
                    mend = [("To mend it", f"Write `self.{name} = nn.ModuleList(...)`.", False)]
                    yield at, Item(thing.name, thing.place, MISTAKE, text, f"`{thing.name}`: {text}.", mend)


def without_part(things: Sequence[Thing], names: Mapping[str, Any], codes: Sequence[Code]) -> Iterator[tuple[int, str]]:
    """Yield the place of each network of which a layer got no gradient, where most did: no loss goes through it.

    Args:
        things: What was made.
        names: The globals of the file: in them networks are as the last step of their training left them.
        codes: The code of the file: a layer that it goes through only if it is told to, or that something else than
            `forward` uses, may have been left out of the last steps on purpose.
    """
    asked = {name for code in codes for name in _used_at_times(code.tree())}
    seen = set[int]()
    for at, thing in enumerate(things):
        network = names.get(thing.name, thing.value)
        if not isinstance(network, Module) or network is not thing.value or id(network) in seen:
            continue
        seen.add(id(network))
        weights = {name: one for name, one in network.named_parameters() if one.requires_grad}
        left = [name for name, one in weights.items() if one.grad is None]
        if stack := _only_the_last(left, weights):
            yield at, f"only the last of its `{stack}` has a part in the loss: give each what the one before it gives"
            continue
        among = {re.sub(r"\d+", "", name) for name in weights.keys() - {*left}}  # of several, some may be chosen
        alone = [name for name in left if re.sub(r"\d+", "", name) not in among and not {*name.split(".")} & asked]
        if alone and len(left) < len(weights) / 2:
            layer = alone[0].rpartition(".")[0]
            whole = layer and all(name in left for name in weights if name.startswith(f"{layer}."))
            of = layer if whole else alone[0]
            yield at, f"its `{of}` gets no gradient: it is used nowhere on the way to the loss"


def _used_at_times(node: ast.AST, within: str = "") -> Iterator[str]:
    """Yield the attributes that are used in an `if`, or outside of the functions of which each call makes use."""
    if isinstance(node, ast.FunctionDef):
        within = node.name
    elif isinstance(node, ast.If | ast.IfExp):
        within = "if"
    if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load) and within not in ALWAYS:
        yield node.attr
    for part in ast.iter_child_nodes(node):
        yield from _used_at_times(part, within)


def _only_the_last(left: Sequence[str], weights: Mapping[str, Tensor]) -> str:
    """Return the name of a list of layers of which all but the last got no gradient."""
    lists: dict[str, dict[int, bool]] = {}
    for name in weights:
        if found := STACKED.fullmatch(name):
            of = lists.setdefault((found[1] or "") + found[2], {})
            of[int(found[5])] = of.get(int(found[5]), False) or name not in left
    for name, got in lists.items():
        if len(got) > 1 and [number for number, one in got.items() if one] == [max(got)]:
            return name
    return ""


def look_at_flattening(things: Sequence[Thing]) -> Iterator[tuple[int, Item]]:
    """Yield what there is to say of `FlattenConsecutive(n)`, which puts the vectors of n neighbors side by side."""
    classes = {thing.value: at for at, thing in enumerate(things) if isinstance(thing.value, type)}
    kinds = [kind for kind in classes if FLATTENS.fullmatch(kind.__name__)]
    for kind in kinds:
        with Guard(seconds=SECONDS, name=kind.__name__) as guard:
            made = Call(kind, guard, (2,), {})
            given = torch.arange(24.0).view(2, 4, 3)
            call = Call(made.returned, guard, (given.clone(),), {}) if callable(made.returned) else made
        if isinstance(call.returned, Tensor) and call.returned.shape == (2, 2, 6):
            right = torch.equal(call.returned, given.view(2, 2, 6))
            text = "it puts the vectors of 2 neighbors side by side"
            text = text if right else "it mixes the numbers of all vectors: keep each whole, `x.view(B, T // n, C * n)`"
            at, verdict = classes[kind], RIGHT if right else MISTAKE
            yield at, Item(things[at].name, things[at].place, verdict, text, f"`{things[at].name}`: {text}.")


def _instances(names: Mapping[str, Any], kinds: set[type]) -> Iterator[tuple[str, Any]]:
    """Yield the instances of some classes that can be come at from the names, each with where it is."""
    waiting, seen = [(name, value) for name, value in names.items() if not name.startswith("_")], set[int]()
    while waiting and len(seen) < MOST:
        path, value = waiting.pop(0)
        if id(value) in seen or not isinstance(value, (list, tuple, dict, *kinds)):
            continue
        seen.add(id(value))
        if isinstance(value, list | tuple):
            waiting += [(f"{path}[{at}]", one) for at, one in enumerate(value[:MOST])]
        elif isinstance(value, dict):
            waiting += [(f"{path}[{key!r}]", one) for key, one in value.items()]
        elif hasattr(value, "__dict__"):
            yield path, value
            waiting += [(f"{path}.{name}", one) for name, one in vars(value).items()]
