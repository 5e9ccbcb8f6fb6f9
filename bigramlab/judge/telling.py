"""Write a call as its reader would type it: in the form in which the function takes its numbers, and all of it."""

import inspect
from collections.abc import Iterable
from typing import Any

from torch import Tensor

from bigramlab.judge.describing import as_call, show
from bigramlab.judge.forms import Form
from bigramlab.judge.recording import Call
from bigramlab.laws import ours_for
from bigramlab.laws.makers import call_that_made

__all__ = ["tell_call", "tell_result", "told_needs"]

Known = list[tuple[object, str]]  # what earlier calls returned, and how to have it again


def tell_call(
    name: str,
    call: Call,
    form: Form | None = None,
    earlier: Iterable[Call] = (),
    options: dict[str, Any] | None = None,
) -> str:
    """Write a call as code, with other `options` if some are given.

    What an earlier one returned, such as a cache, is written as that call.
    """
    known: Known = []
    for one in earlier:
        if one is not call and not one.raised and isinstance(one.returned, tuple):
            text = _told(name, one, one.options, form, known)
            known += [(part, f"{text}[{place}]") for place, part in enumerate(one.returned) if type(part) is tuple]
    return _told(name, call, call.options if options is None else options, form, known)


def _told(name: str, call: Call, options: dict[str, Any], form: Form | None, known: Known) -> str:
    rows = _rows_of(call, form)
    if not form or not rows:
        return as_call(name, _arguments(call.arguments, options, form, known))
    if len(rows[form.rows[0]]) == 1:
        arguments = tuple(rows[place][0] if place in rows else value for place, value in enumerate(call.arguments))
        return as_call(name, _arguments(arguments, options, form, known))
    names = [*inspect.signature(ours_for(name)).parameters]
    each = {place: names[place] if len(rows) > 1 else "row" for place in rows}
    written = _arguments(call.arguments, options, form, known)
    inside = ", ".join(each.get(place, text) for place, text in enumerate(written))
    of = [_shown(value, form) for value in rows.values()]
    return f"[{name}({inside}) for {', '.join(each.values())} in {of[0] if len(of) == 1 else as_call('zip', of)}]"


def _arguments(arguments: tuple[Any, ...], options: dict[str, Any], form: Form | None, known: Known) -> list[str]:
    told = [_once_returned(value, known) or _shown(value, form) for value in arguments]
    return [*told, *(f"{key}={_shown(value, form)}" for key, value in options.items())]


def _once_returned(value: object, known: Known) -> str:
    """Return how to have again what an earlier call returned, if it did."""
    if type(value) is not tuple or not value:
        return ""
    return next((text for part, text in known if _same(part, value)), "")


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, Tensor) and isinstance(other, Tensor):
        return one.shape == other.shape and bool((one == other).all())
    both = type(one) is type(other) is tuple and len(one) == len(other)
    return both and all(map(_same, one, other))


def tell_result(call: Call, form: Form | None = None) -> str:
    """Write what came back as the function returned it: in lists, if it takes and returns those."""
    value = call.returned
    if form and isinstance(value, Tensor) and value.ndim and (rows := _rows_of(call, form)):
        parts = [*value.reshape(-1, *value.shape[call.arguments[form.rows[0]].ndim - form.axes :])]
        value = parts[0] if len(rows[form.rows[0]]) == 1 else parts
    if form and form.in_lists:
        return show(_in_lists(value))
    return _shown(value, form)


def _rows_of(call: Call, form: Form | None) -> dict[int, Tensor]:
    """Return the arguments that are given a row at a time, one axis for all rows; none if they are given whole."""
    first = call.arguments[form.rows[0]] if form and form.rows and not form.at_once else None
    if not form or not isinstance(first, Tensor) or first.ndim <= form.axes:
        return {}
    cut = {place: call.arguments[place] for place in form.rows}
    return {
        place: value.reshape(-1, *value.shape[-form.axes :]) if place == form.rows[0] or form.axes > 1 else value
        for place, value in cut.items()
    }


def _shown(value: Any, form: Form | None) -> str:
    return show(_taken(value, form) if form else value)


def _taken(value: Any, form: Form) -> Any:
    """Return a value with all its tensors as the function takes them, but for networks, which a call makes."""
    if isinstance(value, Tensor):
        taken = form.take(value.detach())
        return _rounded(value.detach().tolist()) if isinstance(taken, list | float) else taken
    if type(value) in (list, tuple):
        return type(value)(_taken(part, form) for part in value)
    return value


def _in_lists(value: Any) -> Any:
    """Return a value with lists for all its tensors."""
    if isinstance(value, list | tuple):
        return [_in_lists(part) for part in value]
    return _rounded(value.detach().tolist()) if isinstance(value, Tensor) else value


def _rounded(value: Any) -> Any:
    """Round numbers to the digits that a tensor shows."""
    if isinstance(value, list):
        return [_rounded(part) for part in value]
    return value if not isinstance(value, float) or round(value, 4) == 0 else round(value, 4)


def told_needs(arguments: Iterable[object]) -> str:
    """Return the lines that import what made networks, if there are any."""
    return "\n".join(sorted({needs for value in arguments if (needs := call_that_made(value)[1])}))
