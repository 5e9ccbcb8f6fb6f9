"""A dictionary is asked for a key that it does not have."""

from typing import Any

from torch import Tensor

from bigramlab.judge.causes.case import Case
from bigramlab.judge.causes.code_reading import globals_read, variables_at
from bigramlab.judge.describing import show
from bigramlab.mistakes import Mistake

__all__ = ["asked_the_wrong_way", "key_missing", "tensor_for_a_key"]


def _asked(case: Case) -> tuple[Any, list[tuple[str, dict[Any, Any], bool]]] | None:
    """Return the key that was missing, and the dictionaries that may have been asked: their names, and if made inside."""
    error = case.calls[0].raised if case.calls else None
    if not isinstance(error, KeyError) or not error.args:
        return None
    key = error.args[0].item() if isinstance(error.args[0], Tensor) and error.args[0].numel() == 1 else error.args[0]
    inside = {name: value for name, value in variables_at(case.function, error) if isinstance(value, dict)}
    outside = {name: value for name, value in globals_read(case.function).items() if isinstance(value, dict)}
    named = [(name, value, name in inside) for name, value in {**outside, **inside}.items()]
    return key, [one for one in named if error.args[0] not in one[1]]


def asked_the_wrong_way(case: Case) -> Mistake | None:
    """What a dictionary is asked for is among its values."""
    key, named = _asked(case) or (None, [])
    for name, value, _ in named:
        if any(type(one) is type(key) and one == key for one in value.values()):
            keys, values = ("characters", "ids") if isinstance(key, int) else ("ids", "characters")
            return case.cause("asked_the_wrong_way", f"`{name}` leads from {keys} to {values}, and it is asked the other "
                              f"way: {show(key)} is one of its values, and no key.", f"Ask the dictionary that leads from "
                              f"{values} to {keys}.")  # fmt: skip
    return None


def tensor_for_a_key(case: Case) -> Mistake | None:
    """A dictionary is asked for a tensor."""
    for call in case.calls:
        if isinstance(call.raised, KeyError) and call.raised.args and isinstance(call.raised.args[0], Tensor):
            return case.cause("tensor_for_a_key", "A tensor is used as the key of a dictionary, and no key is equal to "
                              "it: walking through a tensor gives tensors, not numbers.", "Write "
                              "`for i in ids.tolist()`, or `itos[i.item()]`.")  # fmt: skip
    return None


def key_missing(case: Case) -> Mistake | None:
    """A dictionary that the function makes, or a global one, lacks a key."""
    key, named = _asked(case) or (None, [])
    if len(named) != 1:
        return None
    ((name, value, inside),) = named
    if not inside:
        return case.cause("key_missing", f"The global `{name}` is asked for {show(key)}, which it does not have: it was not "
                          "made of what is given.", "Make it inside, of the arguments: `{s: i for i, s in "
                          "enumerate(vocabulary)}`.")  # fmt: skip
    told = ", ".join(show(one) for one in [*value][:3]) + (" …" if len(value) > 3 else "")
    return case.cause("key_left_out", f"`{name}` is asked for {show(key)}, and was made without it: "
                      + (f"its keys are {told}." if value else "it is empty."), f"Print `{name}` before that line.")  # fmt: skip
