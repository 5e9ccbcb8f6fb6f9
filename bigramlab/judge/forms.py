"""Other forms of a function: its numbers may come and go in lists, in NumPy's arrays, a row or a head at a time.

A form makes of a function on lists, say, one on tensors: what goes in becomes lists, and what comes out tensors. So the
same laws judge it.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import update_wrapper
from numbers import Real
from typing import Any

import torch
from torch import Tensor

from bigramlab.judge.describing import show_error
from bigramlab.judge.guarding import Guard
from bigramlab.judge.recording import Call
from bigramlab.laws import Law, ours_for

__all__ = ["ROWS", "Form", "form_for"]

ROWS: dict[str, tuple[int, ...]] = {
    "attend": (0, 1, 2),
    "attention_shares": (0, 1),
    "cross_entropy": (0, 1),
    "keep_top_k": (0,),
    "keep_top_p": (0,),
    "mlp_logits": (1,),
    "mlp_probs": (1,),
    "normalize": (0,),
    "rms_norm": (0,),
    "smooth": (0,),
    "softmax": (0,),
    "with_temperature": (0,),
}
"""Which arguments of a function have a row, or a number, for each row of the result."""

ONE_AXIS = re.compile(r"too many values to unpack|1D tensors")
"""What errors say where one row is taken, as a tensor with one axis."""

OF_HEADS = ("attend", "attention_shares")
"""The functions whose rows are heads: a table for each word and each head."""


@dataclass(frozen=True)
class Form:
    """A form in which a function may take and return its numbers.

    Attributes:
        words: How it is called in a headline.
        take: Makes of a tensor what the function takes.
        rows: Which arguments are cut into rows; none if the function takes them whole.
        axes: How many axes a row has: 1, or 2 if it is a head's table.
        at_once: Whether all rows go in at once, one axis for all of them.
        gradients: Whether gradients can be asked of it.
        in_lists: Whether it returns lists, though it takes something else.
        like: What our function returned for some call, whose tensors say where tensors are due.
    """

    words: str
    take: Callable[[Tensor], Any]
    rows: tuple[int, ...] = ()
    axes: int = 1
    at_once: bool = False
    gradients: bool = False
    in_lists: bool = False
    like: Any = None

    def adapt(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function as one on tensors."""

        def adapted(*arguments: Any, **options: Any) -> Any:
            if self.rows and (arguments[self.rows[0]].ndim > self.axes):
                return self._row_by_row(function, arguments, options)
            return _due(self._call(function, arguments, options), self.like)

        return update_wrapper(adapted, function)

    def asked(self, laws: list[Law]) -> list[Law]:
        """Return the laws that can be asked of the function."""
        return [law for law in laws if self.gradients or not law.gradient]

    def _call(self, function: Callable[..., Any], arguments: tuple[Any, ...], options: dict[str, Any]) -> Any:
        taken: list[tuple[Tensor, Any]] = []
        found = function(
            *(self._taken(argument, taken) for argument in arguments),
            **{name: self._taken(option, taken) for name, option in options.items()},
        )
        for tensor, given in taken:  # what the function did to its lists, it did to what it was given
            _write_back(tensor, given)
        return found

    def _taken(self, value: Any, taken: list[tuple[Tensor, Any]]) -> Any:
        """Return an argument with all its tensors in this form; a model takes and returns it, too."""
        if isinstance(value, Tensor):
            given = self.take(value)
            taken.append((value, given))
            return given
        if isinstance(value, tuple) and hasattr(value, "_make"):
            return value._make(self._taken(part, taken) for part in value)
        if type(value) in (list, tuple):
            return type(value)(self._taken(part, taken) for part in value)
        if callable(value) and self.take is not _as_it_is:
            return lambda contexts: self.take(value(_as_tensor(contexts)))
        return value

    def _row_by_row(self, function: Callable[..., Any], arguments: tuple[Any, ...], options: dict[str, Any]) -> Any:
        first = arguments[self.rows[0]]
        cut = {
            place: arguments[place].reshape(-1, *arguments[place].shape[-self.axes :])
            if not i or self.axes > 1
            else arguments[place]
            for i, place in enumerate(self.rows)
        }
        if len({len(some) for some in cut.values()}) > 1 or not len(first):
            raise ValueError("there is not one of each for each row")
        found = []
        for parts in [tuple(cut.values())] if self.at_once else zip(*cut.values(), strict=True):
            row = list(arguments)
            for place, part in zip(cut, parts, strict=True):
                row[place] = part
            found.append(_as_tensor(self._call(function, tuple(row), options)))
        if not all(isinstance(row, Tensor) for row in found):
            return found
        stacked = found[0] if self.at_once else torch.stack(found)
        if stacked.ndim == 1:
            return stacked.mean()
        return stacked.reshape(*first.shape[: -self.axes], *stacked.shape[1:])


def _as_it_is(tensor: Tensor) -> Tensor:
    return tensor


def _as_array(tensor: Tensor) -> Any:
    return tensor.detach().numpy()


def _as_lists(tensor: Tensor) -> Any:
    return tensor.tolist()


def _as_scalars(tensor: Tensor) -> Any:
    """Return lists of tensors without axes, through which gradients flow; they answer `.data`, `.exp()` and `**`."""
    if not tensor.is_floating_point():
        return tensor.tolist()
    return tensor.double() if tensor.ndim == 0 else [_as_scalars(part) for part in tensor.double().unbind()]


RETURNED_OTHERWISE = Form("with {} for tensors", _as_it_is, gradients=True)
TRIED = [
    Form("a row at a time", _as_it_is, rows=(0,), gradients=True),
    Form("on all heads in one axis", _as_it_is, rows=(0,), at_once=True, gradients=True),
    Form("on lists", _as_lists),
    Form("on lists, a row at a time", _as_lists, rows=(0,)),
    RETURNED_OTHERWISE,
    Form("on NumPy arrays", _as_array),
    Form("on NumPy arrays, a row at a time", _as_array, rows=(0,)),
    Form("on lists of numbers with a gradient", _as_scalars, gradients=True),
    Form("on lists of numbers with a gradient, a row at a time", _as_scalars, rows=(0,), gradients=True),
]


def form_for(
    name: str,
    function: Callable[..., Any],
    calls: list[Call],
    guard: Guard,
    keeps: Callable[[Form], bool],
    *,
    even_so: bool = False,
) -> tuple[Form | None, bool]:
    """Return the first form in which a function is right, if one of these calls failed as on lists or rows it would.

    If there is none, it is the first on lists or arrays in which at least this call gives what ours does, or as many
    numbers along each axis. Tells, too, which of the two it is. `even_so` has them tried though no call failed so.
    """
    of_heads = name in OF_HEADS
    ours_made = ((call, call.again(ours_for(name), guard)) for call in calls)
    hints = ((call, ours) for call, ours in ours_made if even_so or _another_may_fit(call, ours, name))
    call, ours = next(hints, (None, None))
    if not call or not ours:
        return None, False
    found = shaped = None
    in_lists = not call.raised and "NumPy arrays" not in _kind(call.original)
    for form in TRIED if in_lists else [RETURNED_OTHERWISE, *TRIED]:
        if (form.rows and name not in ROWS) or (even_so and form.take is _as_it_is) or (form.at_once and not of_heads):
            continue
        if form.rows and of_heads:
            form = replace(form, words=form.words.replace("a row", "a head"), axes=2)
        returned: list[Any] = []
        tried = replace(form, rows=ROWS[name] if form.rows else (), like=ours.original)
        probe = call.again(tried.adapt(_noting(function, returned)), guard)
        named = None if probe.raised else _named_for(tried, returned)
        if named is None or _lacks_tensors(probe.original, ours.original):
            continue
        if keeps(named):
            return named, True
        if form.take is not _as_it_is and probe.ended_like(ours):
            found = found or named
        elif form.take is not _as_it_is and _of_one_shape(probe.original, ours.original):
            shaped = shaped or named
    return found or shaped, False


def _of_one_shape(found: Any, wanted: Any) -> bool:
    return isinstance(found, Tensor) and isinstance(wanted, Tensor) and found.shape == wanted.shape


def _noting(function: Callable[..., Any], returned: list[Any]) -> Callable[..., Any]:
    def noting(*arguments: Any, **options: Any) -> Any:
        returned.append(function(*arguments, **options))
        return returned[-1]

    return noting


def _another_may_fit(call: Call, ours: Call, name: str) -> bool:
    """Tell whether a call failed as those of functions on lists, arrays or rows (of fewer axes) do."""
    if ours.raised:
        return False
    if call.raised and name in OF_HEADS and isinstance(call.raised, ValueError | RuntimeError | IndexError):
        return True
    if call.raised and name in ROWS and (isinstance(call.raised, AssertionError) or ONE_AXIS.search(str(call.raised))):
        return True  # and not where sizes don't fit, as where `keepdim` is forgotten
    if call.raised:
        ambiguous = isinstance(call.raised, RuntimeError | ValueError) and "ambiguous" in show_error(call.raised)
        return isinstance(call.raised, TypeError | AttributeError) or ambiguous
    return call.original is not None and _lacks_tensors(call.original, ours.original)


def _lacks_tensors(found: Any, wanted: Any) -> bool:
    if isinstance(wanted, Tensor):
        return not isinstance(found, Tensor)
    if isinstance(wanted, tuple) and isinstance(found, tuple | list) and len(wanted) == len(found):
        return any(map(_lacks_tensors, found, wanted))
    return False


def _named_for(form: Form, returned: list[Any]) -> Form | None:
    """Return the form with words for what the function returned in it; None if that is another form's."""
    kinds = {_kind(found) for found in returned}
    form = replace(form, in_lists=kinds == {"lists"})
    if form.take is _as_it_is:
        kind = next((kind for kind in ("NumPy arrays", "lists", "numbers") if kind in kinds), "")
        words = f"{form.words}, as {kind}" if form.rows and kind else form.words.format(kind or "others")
        in_numpy = not form.rows and kind == "NumPy arrays" and not any(map(_has_tensors, returned))
        return replace(form, words=words, gradients=not in_numpy)  # lists and floats made of a tensor have lost them
    if form.take is _as_array and "lists" in kinds and "NumPy arrays" not in kinds:
        return replace(form, words=form.words.replace("on NumPy arrays", "with lists for tensors"))
    if form.take is _as_lists and "NumPy arrays" in kinds:
        return None
    if form.take is _as_scalars and not any(map(_has_tensors, returned)):  # another autograd than torch's
        return replace(form, gradients=False)
    return form


def _is_numpys(value: Any) -> bool:
    return type(value).__module__ == "numpy"


def _kind(value: Any) -> str:
    if _is_numpys(value):
        return "NumPy arrays"
    if isinstance(value, list | tuple):
        parts = {_kind(part) for part in value if isinstance(part, list | tuple) or _is_numpys(part)}
        return "NumPy arrays" if "NumPy arrays" in parts else "lists"
    return "" if isinstance(value, Tensor) else "numbers"


def _has_tensors(value: Any) -> bool:
    return isinstance(value, Tensor) or (isinstance(value, list | tuple) and any(map(_has_tensors, value)))


def _due(found: Any, like: Any) -> Any:
    """Return what was found with tensors where ours has some."""
    if isinstance(like, Tensor):
        return _as_tensor(found)
    if isinstance(like, tuple) and isinstance(found, tuple | list) and len(like) == len(found):
        parts = list(map(_due, found, like))
        return like._make(parts) if hasattr(like, "_make") else tuple(parts)
    if isinstance(like, Real) and not isinstance(found, Tensor | Real):
        return _number(found)
    return [_number(part) for part in found] if isinstance(like, list) and type(found) is list else found


def _as_tensor(found: Any) -> Any:
    """Return the numbers as a tensor, if that can be done, else what was found."""
    try:
        if _is_numpys(found):
            return torch.as_tensor(found)
        if isinstance(found, list | tuple):
            if kinds := _plain_numbers(found):
                return torch.tensor(found, dtype=torch.float64 if float in kinds else torch.int64)
            parts = [_as_tensor(part) for part in found]
            if not parts or not all(isinstance(part, Tensor) for part in parts):
                return torch.tensor(found)
            types = {part.dtype for part in parts}
            return torch.stack(parts if len(types) == 1 else [part.double() for part in parts])
        number = _number(found)
        return (
            number
            if isinstance(number, Tensor)
            else torch.tensor(number, dtype=torch.float64 if isinstance(number, float) else None)
        )
    except (TypeError, ValueError, RuntimeError):
        return found


def _plain_numbers(found: Any) -> set[type]:
    """Return the types of the numbers in nested lists, if they are all Python's own; else none."""
    kinds: set[type] = set()
    for part in found:
        kind = _plain_numbers(part) if isinstance(part, list | tuple) else {type(part)} & {int, float}
        if not kind:
            return set()
        kinds |= kind
    return kinds


def _number(found: Any) -> Any:
    """Return the number in an object that has one, such as a `Value` with its `.data`."""
    while hasattr(found, "data") and not isinstance(found, Tensor | Real) and not _is_numpys(found):
        found = found.data
    return found


def _write_back(tensor: Tensor, given: Any) -> None:
    if given is tensor or not isinstance(given, list):
        return
    now = _as_tensor(given)
    if isinstance(now, Tensor) and now.shape == tensor.shape and torch.equal(now.detach().to(tensor), tensor.detach()):
        return
    with torch.no_grad():
        fits = isinstance(now, Tensor) and now.shape == tensor.shape
        tensor.copy_(now) if fits else tensor.zero_()
