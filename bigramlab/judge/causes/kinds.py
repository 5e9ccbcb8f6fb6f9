# ruff: noqa: E501 (a slip to a line: what it does, and what it is called)
"""Kinds of slips that are known by what the code shows, or by how the calls end, whatever numbers were chosen.

Each function here takes the case and returns the cause, or None. What it says holds for all the calls that were made.
"""

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from bigramlab.judge.causes.code_reading import globals_read, unread
from bigramlab.judge.causes.likeness import alike, same_end
from bigramlab.judge.causes.variation import bound
from bigramlab.judge.guarding import Guard
from bigramlab.judge.recording import Call, show, show_error
from bigramlab.laws import Stopped, ours_for
from bigramlab.mistakes import Mistake

__all__ = ["Case", "after_all", "at_once", "changed_in_place", "needs_another_kind"]

ENOUGH = 3


@dataclass(frozen=True)
class Case:
    """What is known of a function that is wrong.

    Attributes:
        name: Which function it should be.
        function: The learner's.
        calls: Its calls, the smallest example first.
        ours: What our own function does in each.
        guard: Runs more of them.
        constants: The numbers that stand in its code.
    """

    name: str
    function: Callable[..., Any]
    calls: list[Call]
    ours: list[Call]
    guard: Guard
    constants: list[float]

    def cause(self, name: str, wrong: str, seen: str) -> Mistake:
        """Make a mistake of a name and two sentences; it does what the function does."""
        return Mistake(self.name, name, wrong, seen, self.function)

    def parameters(self) -> list[str]:
        """Return the names of our function's parameters."""
        return list(bound(self.name, self.calls[0].arguments, self.calls[0].options)) if self.calls else []


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
    for kind in (printed_for_returned, nothing_returned, another_default, default_made_once, state_kept, global_for_a_parameter,
                 tensor_for_a_key, integers_in_place):  # fmt: skip
        if found := kind(case):
            return found
    return None


def after_all(case: Case) -> Mistake | None:
    """Return what an error says of its cause, or what the code shows: true, if less telling."""
    for kind in (size_typed_in, error_told, parameter_unread, sometimes_nothing, global_read):
        if found := kind(case):
            return found
    return None


def printed_for_returned(case: Case) -> Mistake | None:
    """Nothing comes back from any call, and something is printed in some."""
    ended = [call for call in case.calls if not call.raised]
    if ended and all(call.returned is None for call in ended) and any(call.printed.strip() for call in ended):
        return case.cause("printed_for_returned", "It prints what it should return, and returns `None`.",
                          "Print `type(...)` of what it returns; then write `return` where `print` stands, or collect "
                          "the lines in a list and return that.")  # fmt: skip
    return None


def nothing_returned(case: Case) -> Mistake | None:
    """Nothing comes back from any call."""
    ended = [call for call in case.calls if not call.raised]
    if not ended or any(call.returned is not None for call in ended) or case.name == "plot_bigrams":
        return None
    if any(call.changed() for call in ended):
        return case.cause("changed_for_returned", "It changes what it is given, and returns nothing: it should leave "
                          "that as it was, and return a new one.", "Print what it returns: it is `None`.")  # fmt: skip
    return case.cause("nothing_returned", "It returns nothing: the `return` at the end is missing.",
                      "Print what it returns: it is `None`.")  # fmt: skip


def sometimes_nothing(case: Case) -> Mistake | None:
    """Nothing comes back from some calls."""
    ended = [call for call in case.calls if not call.raised]
    if any(call.returned is None for call in ended) and case.calls[0].returned is None and not case.calls[0].raised:
        return case.cause("return_missing_on_a_way", "On some ways through the code no `return` is met, so that nothing "
                          "comes back.", "Print what it returns in the call above: it is `None`.")  # fmt: skip
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


def state_kept(case: Case) -> Mistake | None:
    """A global is changed by each call."""
    if not case.calls:
        return None
    held = {name: value for name, value in globals_read(case.function).items()
            if isinstance(value, list | dict | set | Tensor)}  # fmt: skip
    before = {name: _state(value) for name, value in held.items()}
    for call in case.calls[:5]:
        call.again(case.function, case.guard)
    for name, value in held.items():
        if _state(value) != before[name]:
            return case.cause("global_changed", f"Each call changes the global `{name}`, and the next goes on with what "
                              "is left in it: it should be made inside, anew in each call.",
                              f"Print `{name}` after two calls.")  # fmt: skip
    return None


def _state(value: Any) -> Any:
    return value.detach().clone().tolist() if isinstance(value, Tensor) else repr(value)


def global_for_a_parameter(case: Case) -> Mistake | None:
    """A parameter is never read, and a global is."""
    wanted = case.parameters()
    for name, overwritten in unread(case.function).items():
        if name in ("generator", "progress", "g") or name not in wanted:
            continue
        held = _fitting(name, globals_read(case.function))
        if held and not overwritten:
            return case.cause("global_for_a_parameter", f"The parameter `{name}` is never read, and the global "
                              f"`{held}` is read in its place: it does the same whatever `{name}` is given.",
                              f"Rename the global `{held}`, in the whole notebook: then the function raises a "
                              f"NameError. Make what it needs of `{name}`, inside.")  # fmt: skip
    return None


def _fitting(parameter: str, held: dict[str, Any]) -> str:
    """Return the global that may stand for the parameter: one of the kind first."""
    kinds: Any = {"vocabulary": dict | str | list, "n": int, "k": int | float, "context_length": int,
                  "vocab_size": int, "words": list, "ids": list | Tensor}.get(parameter, Tensor)  # fmt: skip
    fitting = [name for name, value in held.items() if isinstance(value, kinds)]
    return (fitting or [""])[0]


def parameter_unread(case: Case) -> Mistake | None:
    """A parameter is never read, though the smallest call gives it."""
    if not case.calls or isinstance(case.calls[0].raised, Stopped):
        return None
    first = case.calls[0]
    given = inspect.signature(ours_for(case.name)).bind(*first.arguments, **first.options).arguments
    for name, overwritten in unread(case.function).items():
        if name not in given or name == "progress":
            continue
        if overwritten:
            return case.cause("parameter_written_over", f"The parameter `{name}` is written over before it is read, so "
                              "it doesn't matter what is given.", f"Look for `{name} =` in the code.")  # fmt: skip
        return case.cause("parameter_unread", f"The parameter `{name}` is never read: it does the same whatever "
                          f"`{name}` is given.", f"Look for `{name}` in the code: it stands in the first line only.")  # fmt: skip
    return None


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


def tensor_for_a_key(case: Case) -> Mistake | None:
    """A dictionary is asked for a tensor."""
    for call in case.calls:
        if isinstance(call.raised, KeyError) and call.raised.args and isinstance(call.raised.args[0], Tensor):
            return case.cause("tensor_for_a_key", "A tensor is used as the key of a dictionary, and no key is equal to "
                              "it: walking through a tensor gives tensors, not numbers.", "Write "
                              "`for i in ids.tolist()`, or `itos[i.item()]`.")  # fmt: skip
    return None


def integers_in_place(case: Case) -> Mistake | None:
    """`/=` on a tensor of integers."""
    for call in case.calls[:1]:
        if isinstance(call.raised, RuntimeError) and "can't be cast to the desired output type" in str(call.raised):
            return case.cause("integers_changed_in_place", "`/=` (or another operation in place) would put numbers with "
                              "fractions into a tensor of integers, which torch refuses.", "Write `counts = counts / "
                              "…`, or make floats of them first: `counts.float()`.")  # fmt: skip
    return None


ERRORS = [
    (TypeError, r"string indices must be integers|'str' object (has no attribute '(items|keys|values|get)')", "dictionary_expected",
     "A dictionary is expected where a `str` is given: the vocabulary is a `str`, whose positions are the ids.",
     "Make the dictionary inside: `stoi = {s: i for i, s in enumerate(vocabulary)}`."),
    (AttributeError, r"'str' object has no attribute", "text_taken_for_something_else", "A `str` is given, and it is treated as something else.",
     "Print `type(...)` of what the line above gets."),
    (KeyError, "", "key_missing", "A dictionary is asked for a key that it does not have: it was not made of what is given.",
     "Make the dictionary inside, of the arguments: `{s: i for i, s in enumerate(vocabulary)}`."),
    (IndexError, r"list index|index out of range|out of bounds|string index", "index_too_large", "A place is asked for that is not there: a loop runs one too far, ids are off by one, or a size is typed in.",
     "Print the length and the index in the line above."),
    (UnboundLocalError, "", "read_before_it_is_set", "A variable is read on a way through the code on which it was not set.", "Set it before the loop or the `if`."),
    (NameError, "", "name_unknown", "A name is used that is not defined: an import, or a cell that was not run, is missing.", "Look at the name in the line above."),
    (ZeroDivisionError, "", "division_by_zero", "Something is divided by 0: an empty list or an empty row has no mean.", "Print the divisor in the line above."),
    (ValueError, "math domain error|expected a positive input", "log_of_0", "`math.log` refuses 0, and a probability may be 0: its -log is infinite.", "Give it a probability of 0."),
    (OverflowError, "", "number_too_large", "A number is too large for `exp`, or for the type that holds it.", "Subtract the largest first."),
    (ValueError, "not in list|substring not found|is not in", "looked_up_elsewhere", "Something is looked up in a list or a `str` that does not have it.", "Print both in the line above."),
    (AttributeError, r"'list' object has no attribute|'tuple' object has no attribute", "list_taken_for_a_tensor", "A list is treated as a tensor.", "Make a tensor of it first."),
    (AttributeError, r"'Tensor' object has no attribute", "tensor_taken_for_something_else", "A tensor is treated as something else, such as a dictionary, a list or an array.", "Look at the attribute in the error: a tensor has none of that name."),
    (AttributeError, r"'NoneType' object", "none_taken_for_something", "Something is `None` there: a function that returns nothing, or an argument that was left out.", "Print it in the line before."),
    (AttributeError, "", "attribute_unknown", "An attribute is used that this kind of thing does not have.", "Print `type(...)` of it in the line before."),
    (RuntimeError, r"does not require grad|no grad_fn", "no_gradient_asked_for", "A gradient is asked for of what has none: `requires_grad` is not set, or the tensor is made anew on the way.", "Set `weights.requires_grad_()` before the loss is computed."),
    (RuntimeError, r"leaf Variable that requires grad", "leaf_changed_in_place", "A tensor that needs a gradient is changed in place outside `torch.no_grad()`.", "Change `weights.data`, or do it under `with torch.no_grad():`."),
    (RuntimeError, r"backward through the graph a second time", "graph_walked_twice", "`backward` is called twice for one loss: it has to be computed anew in each step.", "Compute the loss inside the loop."),
    (RuntimeError, r"modified by an inplace operation", "needed_value_changed", "A value that `backward` still needs is changed in place.", "Write `x = x + …` where `x += …` stands."),
    (RuntimeError, r"mat1 and mat2|size mismatch|must match the size|shapes cannot be|shape '|invalid for input of size|Sizes of tensors|stack expects", "shapes_do_not_fit",
     "The shapes of two tensors don't fit: a size is typed in, an axis is missing, or two are exchanged.", "Print both `shape`s in the line above."),
    (RuntimeError, r"expected .*(scalar type|dtype)|not implemented for|must be floating|Input dtype must be|Can only calculate the mean|same dtype|expected m1 and m2", "type_does_not_fit",
     "The numbers of a tensor are of a type that this operation does not take: integers where floats are needed, or the other way.", "Print its `dtype`, and make floats with `.float()` or ids with `.long()`."),
    (RuntimeError, r"probability tensor contains|invalid multinomial|prob_dist must", "not_to_be_drawn_from", "`torch.multinomial` gets what are no probabilities: a row of zeros, negative numbers or `nan`, or a table for a row.", "Print what it gets."),
    (RuntimeError, r"Boolean value|ambiguous", "tensor_for_a_condition", "A tensor with more than one number stands in an `if` or a `while`.", "Ask for one of them, or for `.any()` or `.all()`."),
    (IndexError, r"tensors used as indices|only integers", "no_ids", "What is used as an index is not of whole numbers.", "Print its `dtype`: `.long()` makes ids."),
    (IndexError, r"Dimension out of range", "axis_missing", "An axis is asked for that the tensor does not have.", "Print its `shape`; `dim=-1` is the last axis of any."),
    (IndexError, "", "index_does_not_fit", "An index does not fit what it is used on.", "Print both in the line above."),
    (TypeError, r"missing \d+ required|unexpected keyword|takes \d+ positional|positional arguments? but", "called_with_other_arguments", "A function is called with other arguments than it takes.", "Print `help(...)` of it."),
    (TypeError, r"can't convert|only (one|integer)|only length-1|only 0-dimensional", "several_for_one", "A tensor of several numbers stands where one is needed.", "Print its `shape`."),
    (TypeError, r"unhashable", "key_that_can_change", "A list or tensor can't be the key of a dictionary, as it can change.", "Make a tuple of it."),
    (TypeError, r"not subscriptable|not iterable|has no len|object is not callable|unsupported operand|can only concatenate|must be str|expected str|must be .* not|not supported between", "another_kind_of_thing", "Something is used as if it were of another kind.", "Print `type(...)` of it in the line before."),
]  # fmt: skip


def error_told(case: Case) -> Mistake | None:
    """The error in the smallest example says what is wrong there."""
    error = case.calls[0].raised if case.calls else None
    if error is None or isinstance(error, Stopped):
        return None
    for kind, words, name, wrong, seen in ERRORS:
        if isinstance(error, kind) and re.search(words, show_error(error)):
            return case.cause(name, wrong, seen)
    return None


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
    for call, ours in zip(case.calls, case.ours, strict=True):
        if len(call.arguments) > place and not ours.raised:
            again = call.again(changed, case.guard)
            if again.raised or not alike(again.returned, ours.returned):
                return False
            right += not same_end(call, ours)
    return right > 0
