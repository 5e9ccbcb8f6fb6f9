"""Errors, and what usually leads to each."""

import re

from bigramlab.judge.causes.case import Case
from bigramlab.judge.describing import show_error
from bigramlab.laws import Stopped
from bigramlab.mistakes import Mistake

__all__ = ["error_told", "explain", "integers_in_place", "numpy_of_a_gradient"]

ERRORS = [
    (TypeError, r"return_types", "values_forgotten",
     "`max`, `min`, `sort` and `topk` along an axis return two things: the values, and where they stand.", "Write `.values` after it, or use `amax` or `amin`."),
    (RuntimeError, r"Could not infer dtype", "no_numbers_for_a_tensor", "`torch.tensor` is given something that it makes no tensor of, such as `(… for …)`, a dictionary or `None`.", "Give it a list: `[… for …]`, with brackets."),
    (ValueError, r"too many dimensions 'str'|invalid data type 'str'", "text_for_a_tensor", "`torch.tensor` is given text, and a tensor holds numbers.", "Look up the id of each character first."),
    (EOFError, r"reading a line", "nobody_answers", "`input` waits for an answer, and here nobody can give one.", "Put the answer in its place: `n = 5` for `n = int(input())`."),
    (ModuleNotFoundError, "", "module_missing", "The package is not installed in the environment that runs this.", "Install it there with `pip install`, or leave out the line if it is only for looks."),
    (IndexError, r"sys\.argv\[", "no_arguments", "`sys.argv` has what stands behind the script's name on the command line: here nothing does.", "Put the value in its place."),
    (TypeError, r"NoneType.*\.grad\b", "gradient_is_none",
     "The gradient is `None`: `backward()` was not called before, or what it is the gradient of is no leaf any more, since it was made anew, as by `W = W - …`.",
     "Change the weights in place: `W.data -= rate * W.grad`."),
    (TypeError, r"string indices must be integers|'str' object (has no attribute '(items|keys|values|get)')", "dictionary_expected",
     "A dictionary is expected where a `str` is given: the vocabulary is a `str`, whose positions are the ids.",
     "Make the dictionary inside: `stoi = {s: i for i, s in enumerate(vocabulary)}`."),
    (AttributeError, r"'str' object has no attribute", "text_taken_for_something_else", "A `str` is given, and it is treated as something else.",
     "Print `type(...)` of what the line above gets."),
    (KeyError, "", "key_missing", "A dictionary is asked for a key that it does not have.", "Print the dictionary, and the key in the error."),
    (IndexError, r"list index|index out of range|out of bounds|string index", "index_too_large", "A place is asked for that is not there: a loop runs one too far, ids are off by one, or a size is typed in.",
     "Print the length and the index in the line above."),
    (UnboundLocalError, "", "read_before_it_is_set", "A variable is read on a way through the code on which it was not set.", "Set it before the loop or the `if`."),
    (NameError, "", "name_unknown", "A name is used that is not defined: an import, or a cell that was not run, is missing.", "Look at the name in the line above."),
    (ZeroDivisionError, "", "division_by_zero", "Something is divided by 0 in this call: a length, a sum or a number of steps may be 0.", "Print the divisor in the line above."),
    (ValueError, "closed file", "file_closed", "The file is read after it was closed: what goes through its lines one by one comes too late.", "Make a list inside the `with`: `[… for line in file]`, with brackets."),
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
    (RuntimeError, r"can't allocate memory|not enough memory", "more_than_fits", "A tensor is made that is too large for the memory: of all rows and all columns, it may be, as `table[:, ids]` gives, where one of each row is meant.", "Write `table[torch.arange(len(ids)), ids]` for one of each row."),
    (RuntimeError, r"view size is not compatible", "view_after_transpose", "`view` can't read the numbers in the order that `transpose` or `permute` gave them: they have to be copied.", "Write `reshape`, or `.contiguous()` before `.view(...)`."),
    (ValueError, r"(too many|not enough) values to unpack", "unpacked_into_other_names", "What stands on the right of the `=` has more parts than there are names on the left, or fewer: the tensor has other axes than was thought.", "Print its `shape`."),
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


def explain(error: BaseException, line: str) -> tuple[str, str] | None:
    """Say what usually leads to an error in such a line, and what to do; None if nothing is known of it."""
    found = _known(error, line)
    return found[1:] if found and found[0] != "key_missing" else None


def _known(error: BaseException, line: str = "") -> tuple[str, str, str] | None:
    """Return the name of a kind of error, what usually leads to it, and what to do."""
    for kind, words, name, wrong, seen in ERRORS:
        if isinstance(error, kind) and re.search(words, f"{show_error(error)} {line}"):
            return name, wrong, seen
    return None


def integers_in_place(case: Case) -> Mistake | None:
    """`/=` on a tensor of integers."""
    for call in case.calls[:1]:
        if isinstance(call.raised, RuntimeError) and "can't be cast to the desired output type" in str(call.raised):
            return case.cause("integers_changed_in_place", "`/=` (or another operation in place) would put numbers with "
                              "fractions into a tensor of integers, which torch refuses.", "Write `counts = counts / "
                              "…`, or make floats of them first: `counts.float()`.")  # fmt: skip
    return None


def numpy_of_a_gradient(case: Case) -> Mistake | None:
    """`.numpy()` on a tensor that a gradient is asked of."""
    error = case.calls[0].raised if case.calls else None
    if isinstance(error, RuntimeError) and "numpy() on Tensor that requires grad" in str(error):
        return case.cause("numpy_of_a_gradient", "`.numpy()` can't be taken of a tensor that a gradient is asked of, and "
                          "none would come back through NumPy.", "Compute it with torch's functions.")  # fmt: skip
    return None


def error_told(case: Case) -> Mistake | None:
    """The error in the smallest example says what is wrong there."""
    error = case.calls[0].raised if case.calls else None
    if error is None or isinstance(error, Stopped):
        return None
    found = _known(error)
    return case.cause(*found) if found else None
