"""Record the calls of a function: what went in, what came out, and what else happened."""

import math
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import chain, islice
from numbers import Real
from typing import Any

import torch
from torch import Tensor

from bigramlab.judge import clock
from bigramlab.judge.describing import show, show_error
from bigramlab.judge.guarding import Guard
from bigramlab.laws.law import LEFT_ALONE, STEADY, Broken, Stopped

__all__ = ["CALLS_KEPT", "HANGS_BORNE", "Call", "Enough", "Recorder", "begin", "hurried"]

CALLS_KEPT = 40  # of each law, to compare with the catalogue
ITEMS_TAKEN = 12  # of an iterator that a function returns
HANGS_BORNE = 6  # then the search for a smaller example ends
PLAIN = frozenset({str, int, float, bool, type(None)})  # of which there are most, and which nothing changes
MADE_AGAIN = 5  # one call in so many is made twice, to see whether it gives the same


class Enough(BaseException):
    """Ends the search: too many calls did not return."""


class _Once(list[Any]):
    """The items of an iterator, which could be walked through only once."""

    def __repr__(self) -> str:
        return f"iter({super().__repr__()})"


_Once.__name__ = "iterator"  # a report calls it by its name


class iterator(Iterator[Any]):  # noqa: N801 (a report calls it by its name)
    """An iterator that was returned, which may have no end: its first items are taken under guard and kept."""

    def __init__(self, items: Iterator[Any]) -> None:
        """Take the first items."""
        self.first = list(islice(items, ITEMS_TAKEN))
        self._items = chain(self.first, items)

    def __next__(self) -> Any:
        """Give the next item."""
        return next(self._items)


def begin(function: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
    """Call the function, and begin to walk through what it returns if that is an iterator."""
    returned = function(*arguments, **options)
    return iterator(returned) if isinstance(returned, Iterator) else returned


class Call:
    """One call of a function: what went in, what came out, and what it left changed."""

    def __init__(
        self, function: Callable[..., Any], guard: Guard, arguments: tuple[Any, ...], options: dict[str, Any]
    ) -> None:
        """Make the call, and keep copies of everything."""
        self.arguments, self.options = tuple(map(_copy, arguments)), _copy(options)
        arguments = tuple(
            iter(kept) if isinstance(kept, _Once) else given
            for given, kept in zip(arguments, self.arguments, strict=True)
        )
        gradients = _gradients((arguments, options))
        self.original = self.returned = None
        self.raised: Exception | None = None
        self.global_state = torch.get_rng_state()
        before, hangs, began = _open_figures(), guard.hangs, clock.seconds()
        try:
            self.original = guard.call(begin, function, *arguments, **options)
            _require_numbers(self.original)
            self.returned = _copy(self.original)
        except Exception as error:
            self.raised = error
        self.seconds, self.late, self.hung = clock.seconds() - began, guard.late, guard.hangs > hangs
        self.after = [_copy(argument) for argument in arguments if not isinstance(argument, Iterator)], _copy(options)
        self.gradients_left = any(
            gradient is not None and gradient is not earlier
            for gradient, earlier in zip(_gradients((arguments, options)), gradients, strict=False)
        )
        self.global_moved = not torch.equal(torch.get_rng_state(), self.global_state)
        self.printed = guard.printed
        for figure in _open_figures() - before:  # pyplot keeps, and a notebook shows, what is not closed
            sys.modules["matplotlib.pyplot"].close(figure)
        self.shares_memory = _share_memory(self.original, arguments)

    def again(self, function: Callable[..., Any], guard: Guard) -> "Call":
        """Make the same call of another function, with the same random numbers."""
        now = torch.get_rng_state()
        torch.set_rng_state(self.global_state)
        try:
            return Call(function, guard, _thaw(self.arguments), _copy(self.options))
        finally:
            torch.set_rng_state(now)

    def changed(self) -> str:
        """Say what the call did to its arguments, if anything: no function of ours does."""
        given = [argument for argument in self.arguments if not isinstance(argument, _Once)]
        left, options = self.after
        for before, after in zip([*given, *self.options.values()], [*left, *options.values()], strict=True):
            if isinstance(before, torch.Generator):
                continue
            if not _alike(before, after, exactly=True):
                return f"it changes what it was given: {_became(before, after)}; work on a copy"
        if self.gradients_left:
            return "it leaves a gradient, `.grad`, in what it was given; take it with torch.autograd.grad, or on a copy"
        return ""

    def refused(self) -> bool:
        """Tell whether it raised an error that may be meant as a refusal."""
        return self.raised is not None and not isinstance(self.raised, Stopped | NotImplementedError | NameError)

    def ending(self) -> str:
        """Say how the call ended."""
        return f"raises {type(self.raised).__name__}" if self.raised else f"returns {show(self.returned)}"

    def ended_like(self, other: "Call") -> bool:
        """Tell whether two calls returned the same, or both refused, and left the same things changed.

        Where one came back just in time, and the other just did not, they tell nothing: that is let pass.
        """
        if self.hung != other.hung:
            return (other if self.hung else self).late
        if self.raised or other.raised:
            if self.refused() and other.refused():
                return True
            return type(self.raised) is type(other.raised) and show_error(self.raised) == show_error(other.raised)
        return (
            self.moved_like(other)
            and self.shares_memory == other.shares_memory
            and _alike(self.returned, other.returned)
            and _alike(self.after, other.after)
        )

    def moved_like(self, other: "Call") -> bool:
        """Tell whether two calls left the generators alike."""
        states = [
            [one for one in (*call.after[0], *call.after[1].values()) if isinstance(one, torch.Generator)]
            for call in (self, other)
        ]
        return self.global_moved == other.global_moved and _alike(*states)


def _became(before: Any, after: Any) -> str:
    """Say what changed: of a large tensor, its first entry that did."""
    if isinstance(before, Tensor) and before.numel() > 4 and before.shape == after.shape and before.ndim:
        changed = (before != after) & ~(before.isnan() & after.isnan())
        place = changed.nonzero()[0].tolist() if changed.any() else [0] * before.ndim
        one, other = (f"{tensor[tuple(place)].item():.8g}" for tensor in (before, after))
        return f"entry {place} was {one} and became {other}"
    one, other = (" ".join(show(value).split()) for value in (before, after))
    return f"{one} became {other}"


def _open_figures() -> set[int]:
    pyplot = sys.modules.get("matplotlib.pyplot")
    return set(pyplot.get_fignums()) if pyplot else set()


def _require_numbers(returned: Any) -> None:
    if isinstance(returned, Tensor) and (returned.layout is not torch.strided or returned.device.type == "meta"):
        kind = "on the device meta" if returned.device.type == "meta" else f"of the layout {returned.layout}"
        raise Stopped(f"it returned a tensor {kind}, and should return a plain one, with all its numbers")


def _copy(value: Any) -> Any:
    """Copy what a call may change; the items of an iterator are taken out of it."""
    if type(value) in PLAIN:
        return value
    if isinstance(value, Tensor):
        return value.detach().clone().requires_grad_(value.requires_grad)  # some calls fail only with a gradient
    if isinstance(value, torch.Generator):
        generator = torch.Generator(device=value.device)
        generator.set_state(value.get_state())
        return generator
    if isinstance(value, Iterator):
        return _Once(_copy(value.first) if isinstance(value, iterator) else value)
    if isinstance(value, tuple) and hasattr(value, "_make"):  # a NamedTuple
        return value._make(map(_copy, value))
    if type(value) in (list, tuple, _Once):
        return type(value)(map(_copy, value))
    if type(value) is dict:
        return {key: _copy(item) for key, item in value.items()}
    return value


def _share_memory(returned: Any, arguments: tuple[Any, ...]) -> bool:
    tensors = [value for value in (returned, *arguments) if isinstance(value, Tensor) and value.layout is torch.strided]
    places = [tensor.untyped_storage().data_ptr() for tensor in tensors]
    return isinstance(returned, Tensor) and bool(places) and places[0] in places[1:] and places[0] != 0


def _thaw(arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    """Copy remembered arguments, iterators being iterators again."""
    return tuple(iter(argument) if isinstance(argument, _Once) else _copy(argument) for argument in arguments)


def _tensors(value: Any) -> list[Tensor]:
    """Return the tensors among the arguments, and in tuples, lists and dicts of them."""
    if type(value) in PLAIN:
        return []
    if isinstance(value, Tensor):
        return [value]
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, tuple | list) else ()
    return [tensor for part in parts for tensor in _tensors(part)]


def _gradients(value: Any) -> list[Tensor | None]:
    """Return the gradient of each tensor among the arguments; one in the middle of a computation has none."""
    return [one.grad if one.is_leaf or one.retains_grad else None for one in _tensors(value)]


def _alike(one: Any, other: Any, *, exactly: bool = False) -> bool:
    """Compare what calls returned, but for rounding, or what they left with what they were given, exactly."""
    if one is other or (type(one) in PLAIN and type(one) is type(other) and one == other):
        return True
    if isinstance(one, Tensor) and isinstance(other, Tensor):
        rounding = {"rtol": 0.0, "atol": 0.0} if exactly else {"rtol": 1e-5, "atol": 1e-7}
        return (
            one.shape == other.shape
            and one.requires_grad == other.requires_grad
            and one.is_floating_point() == other.is_floating_point()
            and _can_index(one) == _can_index(other)
            and (one.dtype == other.dtype or not exactly)
            and torch.allclose(one.double(), other.double(), **rounding, equal_nan=True)
        )
    if isinstance(one, torch.Generator) and isinstance(other, torch.Generator):
        return torch.equal(one.get_state(), other.get_state())
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        same = type(one) is type(other) and len(one) == len(other)
        return same and all(_alike(a, b, exactly=exactly) for a, b in zip(one, other, strict=True))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_alike(one[key], other[key], exactly=exactly) for key in one)
    if isinstance(one, Real) and isinstance(other, Real) and not exactly:
        return math.isclose(one, other, rel_tol=1e-5, abs_tol=1e-7) or (math.isnan(one) and math.isnan(other))
    if callable(getattr(one, "get_axes", None)) and callable(getattr(other, "get_axes", None)):  # two figures
        return _texts(one) == _texts(other)
    return type(one) is type(other) and bool(one == other)


def _can_index(tensor: Tensor) -> bool:
    return tensor.dtype in (torch.int32, torch.int64)


def _texts(figure: Any) -> list[str]:
    return [text.get_text() for axes in figure.get_axes() for text in axes.texts]


@contextmanager
def hurried(guard: Guard, calls: Iterable[Call]) -> Iterator[None]:
    """Allow some times the seconds of the calls that came back: what takes longer for the same does something else."""
    before, back = guard.seconds, [call for call in calls if not isinstance(call.raised, Stopped)]
    slowest = max((call.seconds for call in back), default=0.0)
    if not any(call.late for call in back):
        guard.seconds = min(before, max(0.2, 2 * slowest, min(0.5, 10 * slowest)))
    try:
        yield
    finally:
        guard.seconds = before


class Recorder:
    """Stands for the function in a law: calls it under guard, keeps what happened, and asks the laws that all share.

    `asks` are those of them that are still asked: once one is known to be broken, the other laws go on without it.
    """

    def __init__(self, function: Callable[..., Any], guard: Guard) -> None:
        """Begin without calls."""
        self.function, self.guard = function, guard
        self.last: Call | None = None
        self.example: list[Call] = []  # the calls of one run of a law, the last one included
        self.calls: list[Call] = []
        self.room = 0
        self.seconds_left = math.inf
        self.asks = {LEFT_ALONE, STEADY}
        self.made = 0
        self.unsteady = False  # whether a call was made again with another result: then each one is
        self.printing: Call | None = None  # the first call that printed something

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        """Call the function."""
        if self.guard.hangs > HANGS_BORNE or self.seconds_left < 0:
            raise Enough
        start, spared = clock.seconds(), self.guard.spared
        self.last = call = Call(self.function, self.guard, arguments, options)
        self.seconds_left -= max(0.0, clock.seconds() - start - (self.guard.spared - spared))
        if len(self.example) < CALLS_KEPT:
            self.example.append(call)
        if self.room > 0:
            self.calls.append(call)
            self.room -= 1
        if call.printed and not self.printing:
            self.printing = call
        self._ask(call)
        if call.raised:
            raise call.raised
        return call.original

    def _ask(self, call: Call) -> None:
        """Raise `Broken` if the call breaks a law that all functions share."""
        self.made += 1
        if LEFT_ALONE in self.asks and not isinstance(call.raised, Stopped) and (problem := call.changed()):
            raise Broken(problem, law=LEFT_ALONE)
        if STEADY in self.asks and not call.raised and (self.unsteady or self.made % MADE_AGAIN == 0):
            again = call.again(self.function, self.guard)
            if not again.ended_like(call):
                self.unsteady = True
                raise Broken(f"made again, the same call {again.ending()}", law=STEADY)
