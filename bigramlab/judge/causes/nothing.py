"""Nothing comes back, or `None` stands where something should: what was printed, forgotten, or changed in place."""

import ast

from bigramlab.judge.causes.case import Case
from bigramlab.judge.causes.code_reading import tree_of, variables_at
from bigramlab.mistakes import Mistake

__all__ = ["none_of_a_method", "nothing_returned", "printed_for_returned", "sometimes_nothing"]

CHANGING = {"add", "append", "clear", "discard", "extend", "insert", "remove", "reverse", "shuffle", "sort", "update"}


def printed_for_returned(case: Case) -> Mistake | None:
    """Nothing comes back from any call, and something is printed in some."""
    ended = [call for call in case.calls if not call.raised]
    if ended and all(call.returned is None for call in ended) and any(call.printed.strip() for call in ended):
        return case.cause("printed_for_returned", "It prints what it should return, and returns `None`.",
                          "Print `type(...)` of what it returns; then write `return` where `print` stands, or collect "
                          "the lines in a list and return that.")  # fmt: skip
    return None


def none_of_a_method(case: Case) -> Mistake | None:
    """What a method that only changes something gives back is used: `None`."""
    if not case.calls:
        return None
    error, tree = case.calls[0].raised, tree_of(case.function)
    if error is None and case.calls[0].returned is None:
        used = [node.value for node in ast.walk(tree) if isinstance(node, ast.Return)]
    elif isinstance(error, TypeError | AttributeError):
        empty = {name for name, value in variables_at(case.function, error) if value is None}
        used = [node.value for node in ast.walk(tree) if isinstance(node, ast.Assign)
                and any(isinstance(name, ast.Name) and name.id in empty for name in node.targets)]  # fmt: skip
    else:
        return None
    for value in used:
        if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and value.func.attr in CHANGING:
            method = value.func.attr
            return case.cause("none_of_a_method", f"`{method}` changes what it is called on, and gives back `None`: that "
                              "`None` is used as if it were the result.", f"Give `{method}` a line of its own, and use "
                              "afterwards what it changed.")  # fmt: skip
    return None


def nothing_returned(case: Case) -> Mistake | None:
    """Nothing comes back from any call."""
    ended = [call for call in case.calls if not call.raised]
    if not ended or any(call.returned is not None for call in ended) or case.name == "plot_bigrams":
        return None
    if any(call.changed() for call in ended):
        return case.cause("changed_for_returned", "It changes what it is given, and returns nothing: it should leave "
                          "that as it was, and return a new one.", "Print what it returns: it is `None`.")  # fmt: skip
    returned = [node.value for node in ast.walk(tree_of(case.function)) if isinstance(node, ast.Return) and node.value]
    if returned:
        what = ast.unparse(returned[-1])
        return case.cause("none_returned", f"What stands after `return` is `None`: `{what}`.",
                          "Print each part of it before the `return`.")  # fmt: skip
    return case.cause("nothing_returned", "It returns nothing: the `return` at the end is missing.",
                      "Print what it returns: it is `None`.")  # fmt: skip


def sometimes_nothing(case: Case) -> Mistake | None:
    """Nothing comes back from some calls."""
    ended = [call for call in case.calls if not call.raised]
    if any(call.returned is None for call in ended) and case.calls[0].returned is None and not case.calls[0].raised:
        return case.cause("return_missing_on_a_way", "On some ways through the code no `return` is met, so that nothing "
                          "comes back.", "Print what it returns in the call above: it is `None`.")  # fmt: skip
    return None
