"""Blocks of a network, seen as it runs: what goes in is added to what each part gives, and each layer has its part."""

import contextlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from torch import Tensor, nn

__all__ = ["slips_in_blocks"]

NOISE = 1e-5  # of the largest number: what float32 leaves


@dataclass(eq=False)
class _Run:
    """One call of a layer: its own parts in the order in which they are called, what goes in, and what comes out."""

    name: str
    layer: nn.Module
    given: Tensor | None
    returned: Tensor | None = None
    parts: list["_Run"] = field(default_factory=list)


def slips_in_blocks(network: object, call: Callable[[], object]) -> Iterator[tuple[type, str]]:
    """Yield the classes of layers that have a slip, and what it is.

    Args:
        network: A network; if it is no module of torch's, nothing is seen.
        call: Calls it.
    """
    if not isinstance(network, nn.Module):
        return
    seen: set[type] = set()
    for run in _runs(network, call):
        kind = type(run.layer)
        text = "" if kind.__module__.startswith("torch.") or kind in seen else _twice(run) or _without_residual(run)
        if text:
            seen.add(kind)
            yield kind, text


def _runs(network: nn.Module, call: Callable[[], object]) -> list[_Run]:
    """Return the calls of all layers in one call of a network."""
    runs: list[_Run] = []
    open_ones: list[_Run] = []
    names = {layer: name.rpartition(".")[2] for name, layer in network.named_modules()}

    def begin(layer: nn.Module, given: tuple[object, ...]) -> None:
        first = given[0] if given else None
        if layer is network:  # what failed before is over
            open_ones.clear()
        runs.append(_Run(names[layer], layer, first.detach().clone() if isinstance(first, Tensor) else None))
        if open_ones:
            open_ones[-1].parts.append(runs[-1])
        open_ones.append(runs[-1])

    def end(layer: nn.Module, given: tuple[object, ...], returned: object) -> None:
        first = returned[0] if isinstance(returned, tuple) and returned else returned
        open_ones.pop().returned = first.detach().clone() if isinstance(first, Tensor) else None

    with contextlib.ExitStack() as hooks:
        for layer in network.modules():
            hooks.callback(layer.register_forward_pre_hook(begin).remove)
            hooks.callback(layer.register_forward_hook(end).remove)
        call()
    return runs if not open_ones else []


def _twice(run: _Run) -> str:
    """Say which layer is called in the place of another one that is just like it."""
    called = Counter(part.layer for part in run.parts)
    own = {layer: name for name, layer in run.layer.named_children() if [*layer.parameters()]}
    for layer, name in own.items():
        alike = [one for one in own if _is_like(one, layer)]
        most = max(alike, key=lambda one: called[one])
        if not called[layer] and called[most] > 1 and sum(called[one] for one in alike) == len(alike):
            return f"`{own[most]}` is called {called[most]} times, and `{name}`, which is made like it, never"
    return ""


def _is_like(one: nn.Module, other: nn.Module) -> bool:
    shapes = ([(name, part.shape) for name, part in layer.named_parameters()] for layer in (one, other))
    return type(one) is type(other) and next(shapes) == next(shapes)


def _without_residual(run: _Run) -> str:
    """Say to which of two parts what goes in is not added, though it is to the other one."""
    x = run.given
    same = [part for part in run.parts if _are_alike(part.given, part.returned, x)]
    norms = [part for part in same if _is_norm(part.layer)]
    main = [part for part in same if part not in norms and [*part.layer.children()]]  # and no single layer
    if len(main) != 2 or x is None or run.returned is None or run.returned.shape != x.shape:
        return ""
    first, second = main
    between, after = ([norm.given for norm in norms if run.parts.index(norm) > run.parts.index(part)] for part in main)
    between = [*between[: len(between) - len(after)], second.given]
    ends = [*after, run.returned]
    streams = [second.given, *between]
    sums = _holds(between, [x], first), _holds(ends, streams, second)
    bare = any(_equal(one, first.returned) for one in between), any(_equal(one, second.returned) for one in ends)
    for at, (part, other) in enumerate([(first, second), (second, first)]):
        if bare[at] and sums[1 - at] and not sums[at]:
            return f"what goes into `{part.name}` is not added to what it gives, as it is with `{other.name}`"
    if sums[0] and not sums[1] and _holds(ends, [x], second):
        return f"what `{second.name}` gives is added to what came in at first, so what `{first.name}` gave is left out"
    return ""


def _holds(sums: list[Tensor | None], streams: list[Tensor | None], part: _Run) -> bool:
    """Tell whether one of these is the sum of a stream and of what a part gives."""
    return any(
        _equal(one, stream + part.returned)
        for one in sums
        for stream in streams
        if stream is not None and part.returned is not None
    )


def _equal(one: Tensor | None, other: Tensor | None) -> bool:
    if one is None or other is None or one.shape != other.shape:
        return False
    return float((one - other).abs().max()) <= NOISE * max(1.0, float(other.abs().max()))


def _are_alike(*some: Tensor | None) -> bool:
    return (
        all(isinstance(one, Tensor) and one.is_floating_point() for one in some)
        and len({one.shape for one in some if one is not None}) == 1
    )


def _is_norm(layer: nn.Module) -> bool:
    return "norm" in type(layer).__name__.lower()
