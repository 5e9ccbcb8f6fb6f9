"""Kinds of slips that are known by what the code shows, or by how the calls end, whatever numbers were chosen.

Each function here takes the case and returns the cause, or None. What it says holds for all the calls that were made.
"""

import inspect
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from bigramlab.judge.causes.case import Case
from bigramlab.judge.causes.code_reading import globals_read, unread
from bigramlab.judge.causes.dictionaries import asked_the_wrong_way, key_missing, tensor_for_a_key
from bigramlab.judge.causes.errors import error_told, integers_in_place, numpy_of_a_gradient
from bigramlab.judge.causes.likeness import alike, same_end
from bigramlab.judge.causes.nothing import none_of_a_method, nothing_returned, printed_for_returned, sometimes_nothing
from bigramlab.judge.causes.state import state_kept
from bigramlab.judge.causes.typed_in import heads_typed_in, slice_typed_in
from bigramlab.judge.describing import show
from bigramlab.judge.recording import Call
from bigramlab.laws import Stopped, ours_for
from bigramlab.mistakes import Mistake

__all__ = ["after_all", "at_once", "changed_in_place", "changed_though_right", "given_and_unread", "needs_another_kind"]

ENOUGH = 3
WHOLE = ("n", "context_length", "vocab_size", "heads", "step", "batch_size", "longest")


def another_default(case: Case) -> Mistake | None:
    """A parameter has another default than ours, and with that one ours does the same."""
    ours = ours_for(case.name)
    try:
        own, wanted = inspect.signature(case.function).parameters, inspect.signature(ours).parameters
    except (TypeError, ValueError):
        return None
    off = {name: own[name].default for name, one in wanted.items() if name in own and one.default is not one.empty
           and own[name].default is not one.empty and not alike(own[name].default, one.default)}  # fmt: skip
    if not off or not case.calls:
        return None

    def with_them(*arguments: Any, **options: Any) -> Any:
        given = inspect.signature(ours).bind(*arguments, **options).arguments
        return ours(*arguments, **options | {name: value for name, value in off.items() if name not in given})

    if all(same_end(call, call.again(with_them, case.guard)) for call in case.calls):
        told = " and ".join(
            f"`{name}` is {show(value)}, and should be {show(wanted[name].default)}" for name, value in off.items()
        )
        return case.cause("another_default", f"The default of {told}.", "Look at the first line of the function.")
    return None


def at_once(case: Case) -> Mistake | None:
    """Return a cause that explains more than any catalogued mistake can."""
    for kind in (printed_for_returned, none_of_a_method, nothing_returned, another_default, default_made_once, state_kept,
                 global_for_a_parameter, asked_the_wrong_way, tensor_for_a_key, integers_in_place, numpy_of_a_gradient):  # fmt: skip
        if found := kind(case):
            return found
    return None


def after_all(case: Case) -> Mistake | None:
    """Return what an error says of its cause, or what the code shows: true, if less telling."""
    for kind in (
        slice_typed_in,
        heads_typed_in,
        size_typed_in,
        key_missing,
        error_told,
        parameter_unread,
        sometimes_nothing,
        global_read,
    ):
        if found := kind(case):
            return found
    return None


def default_made_once(case: Case) -> Mistake | None:
    """A default that can change is made when the `def` is read, and then shared by all calls."""
    try:
        defaults = {one.name: one.default for one in inspect.signature(case.function).parameters.values()}
    except (TypeError, ValueError):
        return None
    for name, value in defaults.items():
        if isinstance(value, torch.Generator):
            return case.cause("default_generator_made_once", f"The default of `{name}` is a generator that is made only "
                              "once, when the `def` is read: all calls share it, and torch's global one decides "
                              "nothing.", f"Take `{name}=None` for the default.")  # fmt: skip
        if isinstance(value, list | dict | set | Tensor) and case.calls:
            before = show(value) if isinstance(value, Tensor) else repr(value)
            missing = [call for call in case.calls if _left_to_default(case, call, name)]
            for call in missing[:5]:
                call.again(case.function, case.guard)
            if (show(value) if isinstance(value, Tensor) else repr(value)) != before or (missing and _grown(value)):
                return case.cause("default_made_once", f"The default of `{name}` is made only once, when the `def` is "
                                  "read, and what one call puts into it is still there in the next.",
                                  f"Take `{name}=None` for the default, and make it inside.")  # fmt: skip
    return None


def _left_to_default(case: Case, call: Call, name: str) -> bool:
    try:
        return name not in inspect.signature(case.function).bind(*call.arguments, **call.options).arguments
    except TypeError:
        return False


def _grown(value: Any) -> bool:
    return isinstance(value, set) and len(value) > 0


def global_for_a_parameter(case: Case) -> Mistake | None:
    """A parameter is never read, and a global is."""
    wanted, ours = case.parameters(), _by_place(case.function, inspect.signature(ours_for(case.name)))
    for name, overwritten in unread(case.function).items():
        if name in ("generator", "progress", "g") or ours.get(name, name) not in wanted:
            continue
        held = _fitting(ours.get(name, name), globals_read(case.function))
        if held and not overwritten:
            return case.cause("global_for_a_parameter", f"The parameter `{name}` is never read, and the global "
                              f"`{held}` is read in its place: it does the same whatever `{name}` is given.",
                              f"Rename the global `{held}`, in the whole notebook: then the function raises a "
                              f"NameError. Make what it needs of `{name}`, inside.")  # fmt: skip
    return None


def _fitting(parameter: str, held: dict[str, Any]) -> str:
    """Return the global that may stand for the parameter: one of the kind, the only one if it is a number."""
    kinds: Any = {"vocabulary": dict | str | list, "words": list, "ids": list | Tensor, "word": str,
                  **dict.fromkeys(WHOLE, int), **dict.fromkeys(("k", "temperature", "p"), int | float)}  # fmt: skip
    fitting = [name for name, value in held.items() if isinstance(value, kinds.get(parameter, Tensor))]
    return (fitting or [""])[0] if len(fitting) < 2 or parameter not in (*WHOLE, "k", "temperature", "p") else ""


def parameter_unread(case: Case) -> Mistake | None:
    """A parameter is never read, though the smallest call gives it."""
    return _unread(case, defaults_too=True)


def given_and_unread(case: Case) -> Mistake | None:
    """A parameter is never read, though the smallest call gives it another value than its default."""
    return _unread(case, defaults_too=False)


def _unread(case: Case, *, defaults_too: bool) -> Mistake | None:
    if not case.calls or isinstance(case.calls[0].raised, Stopped):
        return None
    first, signature = case.calls[0], inspect.signature(ours_for(case.name))
    given = signature.bind(*first.arguments, **first.options).arguments
    never: list[str] = []
    over: list[str] = []
    ours = _by_place(case.function, signature)
    for own, overwritten in unread(case.function).items():
        name = ours.get(own, own)
        plainly = name not in given or alike(given[name], signature.parameters[name].default)
        if name in given and name != "progress" and (defaults_too or not (plainly or name == "generator")):
            (over if overwritten else never).append(own)
    if over and not never:
        return case.cause("parameter_written_over", f"The parameter `{over[0]}` is written over before it is read, so "
                          "it doesn't matter what is given.", f"Look for `{over[0]} =` in the code.")  # fmt: skip
    if not never:
        return None
    names = " and ".join(f"`{name}`" for name in never)
    many, it = ("s", "they stand") if len(never) > 1 else ("", "it stands")
    return case.cause("parameter_unread", f"The parameter{many} {names} {'are' if many else 'is'} never read: it does "
                      f"the same whatever {names} {'are' if many else 'is'} given.", f"Look for {names} in the code: "
                      f"{it} in the first line only.")  # fmt: skip


def _by_place(function: Callable[..., Any], ours: inspect.Signature) -> dict[str, str]:
    """Return what ours calls the parameters that are given by their place."""
    try:
        own = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return {}
    placed = [
        [one.name for one in some if one.kind is not one.KEYWORD_ONLY] for some in (own, ours.parameters.values())
    ]
    return dict(zip(*placed, strict=False))


def global_read(case: Case) -> Mistake | None:
    """A global with data is read, besides all the parameters."""
    for name, value in globals_read(case.function).items():
        if isinstance(value, dict | list | Tensor | str | set):
            return case.cause("global_read", f"It reads the global `{name}`, so what it does depends on what that "
                              "happens to be, and not on its arguments alone.",
                              f"Call it in a new session, without `{name}`: it raises a NameError.")  # fmt: skip
    return None


def changed_in_place(case: Case) -> Mistake | None:
    """In the smallest example, what was given is changed."""
    if case.calls and case.calls[0].changed():
        return case.cause("changed_in_place", "It writes into what it is given: `+=`, `/=`, `x[i] = …`, `pop`, `sort`, "
                          "`shuffle`, or a method of torch whose name ends with `_`.",
                          "Print what you gave, before and after: it has changed. Work on a copy.")  # fmt: skip
    return None


def changed_though_right(case: Case) -> Mistake | None:
    """In the smallest example, what comes back is right, and what was given is changed."""
    right = case.calls and not case.calls[0].raised and alike(case.calls[0].returned, case.ours[0].returned)
    return changed_in_place(case) if right else None


def size_typed_in(case: Case) -> Mistake | None:
    """The shape of the result stays, where it should change."""
    pairs = [(call.returned, ours.returned) for call, ours in zip(case.calls, case.ours, strict=True)
             if isinstance(call.returned, Tensor) and isinstance(ours.returned, Tensor)]  # fmt: skip
    axes = {found.dim() for found, _ in pairs} | {right.dim() for _, right in pairs}
    if len(pairs) < ENOUGH or len(axes) != 1:
        return None
    for axis in range(axes.pop()):
        found, right = ({one.shape[axis] for one in side} for side in zip(*pairs, strict=True))
        if len(found) == 1 and len(right) > 1 and (size := found.pop()) > 1:
            return case.cause("size_typed_in", f"The size {size} is typed in: its shape is the same for every input.",
                              f"Give it an input of another size: the shape still has {size} in it.")  # fmt: skip
    return None


CONVERSIONS: list[tuple[str, type, Callable[[Any], Any], str, str]] = [
    ("from_character_to_id", str, lambda it: {s: i for i, s in enumerate(it)}, "a dictionary from characters to ids",
     "Make it inside: `stoi = {s: i for i, s in enumerate(vocabulary)}`."),
    ("from_id_to_character", str, lambda it: dict(enumerate(it)), "a dictionary from ids to characters",
     "Make it inside: `itos = dict(enumerate(vocabulary))`."),
    ("a_list_of_str", str, list, "a list of characters", "Make it inside, with `list(...)`."),
    ("floats", Tensor, lambda it: it.float(), "a tensor of floats", "Make it inside, with `.float()`."),
    ("integers", Tensor, lambda it: it.long(), "a tensor of integers", "Make it inside, with `.long()`."),
    ("a_list", Tensor, lambda it: it.tolist(), "a list of numbers", "Make it inside, with `.tolist()`."),
    ("an_array", Tensor, lambda it: it.detach().numpy(), "a NumPy array", "Make it inside, with `.numpy()`."),
    ("a_list_of_words", list, lambda it: " ".join(it), "one `str` with blanks between the words",
     "Walk through the list: `for word in words`."),
    ("lines", list, lambda it: "\n".join(it), "one `str` with a line for each word", "Walk through the list: `for word in words`."),
]  # fmt: skip


def needs_another_kind(case: Case) -> Mistake | None:
    """Given one argument as something else, it does what ours does."""
    if any(call.changed() for call in case.calls[:10]):  # a conversion would make a copy, and hide that
        return None
    for place, parameter in enumerate(case.parameters()):
        for name, kind, convert, noun, seen in CONVERSIONS:
            given = [call for call in case.calls if len(call.arguments) > place]
            if not given or not all(isinstance(call.arguments[place], kind) for call in given):
                continue
            if kind is str and parameter != "vocabulary":
                continue
            if _right_with(case, place, convert):
                return case.cause(f"{parameter}_as_{name}", f"It takes {noun} for `{parameter}`, and should take "
                                  f"{'a `str`, whose positions are the ids' if kind is str else 'what is given above'}"
                                  ": with that it does what it should.", seen)  # fmt: skip
    return None


def _right_with(case: Case, place: int, convert: Callable[[Any], Any]) -> bool:
    """Tell whether all calls are right once the argument at that place is converted."""

    def changed(*arguments: Any, **options: Any) -> Any:
        values = [*arguments]
        values[place] = convert(values[place])
        return case.function(*values, **options)

    right = 0
    pairs = zip(case.calls, case.ours, strict=True)
    for call, ours in sorted(pairs, key=lambda pair: pair[0].seconds):
        if len(call.arguments) > place and not ours.raised:
            again = call.again(changed, case.guard)
            same_kind = isinstance(again.returned, Tensor) == isinstance(ours.returned, Tensor)
            if again.raised or not same_kind or not alike(again.returned, ours.returned):
                return False
            right += not same_end(call, ours)
    return right > 0
