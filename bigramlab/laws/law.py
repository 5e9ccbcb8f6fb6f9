"""What a law is, and the words in which it says what is broken.

A *result law* is about what a function computes for input that makes sense. A *care law* is about the rest: what must
be refused, iterators, empty input, exact types, extreme numbers. The laws that every function shares have sentences
here, and are asked by the judge of the calls that the other laws make.
"""

import inspect
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from importlib import import_module
from numbers import Integral, Real
from typing import Any, NoReturn, cast

import torch
from hypothesis.strategies import SearchStrategy, nothing, tuples
from torch import Tensor

from bigramlab.chapters import OfFunctions

__all__ = [
    "CARE",
    "LAWS",
    "RESULT",
    "Broken",
    "Function",
    "Law",
    "Stopped",
    "a_float",
    "a_list_of_str",
    "a_number",
    "a_tensor",
    "agree",
    "broken",
    "care",
    "close_to",
    "enough_room",
    "hoeffding",
    "how_many",
    "ids_in",
    "ids_of_64_bits",
    "law",
    "leaves_torchs_generator_alone",
    "lesson_of",
    "of_type",
    "ours_for",
    "parts_of",
    "refuses",
    "takes",
    "torchs_generator_decides",
]


RESULT, CARE = "result", "care"
Function = Callable[..., Any]


class Broken(AssertionError):
    """A law does not hold; the message says what is wrong with what the function returned.

    `law` is the name of a law that all functions share, if it is one of those that is broken.
    """

    def __init__(self, message: str, law: str = "") -> None:
        """Keep both."""
        super().__init__(message)
        self.law = law


class Stopped(Exception):
    """The call was ended from outside; the message says why."""


@dataclass(frozen=True)
class Law:
    """One property of one function.

    Attributes:
        function: The name of the function that it is about.
        name: The law's own name.
        sentence: What it says, for a learner to read.
        kind: `RESULT` or `CARE`.
        arguments: Draws the arguments to try.
        holds: Takes the function and the arguments; raises `Broken` unless the law holds for them. None if all
            functions share the law: then the judge asks it of the calls that the others make.
        examples: How many arguments to try.
        gradient: Whether it asks for a gradient, which numbers in lists have none of.
    """

    function: str
    name: str
    sentence: str
    kind: str
    arguments: SearchStrategy[tuple[Any, ...]] = field(default_factory=nothing)
    holds: Callable[..., None] | None = None
    examples: int = 0
    gradient: bool = False


LAWS: OfFunctions[Law] = OfFunctions(lambda lesson: import_module(f"bigramlab.laws.{lesson}"))
"""The laws of each function, those about the result first, the plainest first: the first that is broken is reported."""

LEFT_ALONE, STEADY, QUIET = "what_comes_in_is_left_alone", "the_same_input_gives_the_same", "nothing_is_printed"
SHARED = {
    LEFT_ALONE: (RESULT, "What comes in is left as it was."),
    STEADY: (RESULT, "The same input gives the same result, with a generator in the same state."),
    QUIET: (CARE, "Nothing is printed."),
}


def law(
    function: str, *arguments: SearchStrategy[Any], kind: str = RESULT, examples: int = 30, gradient: bool = False
) -> Callable[..., Callable[..., None]]:
    """Register the decorated function as a law about the result of `function`; its docstring is the sentence.

    There is one strategy for each argument after the function, or a single one that draws a tuple of them all.
    """

    def register(holds: Callable[..., None]) -> Callable[..., None]:
        drawn = tuples(*arguments).map(lambda drawn: drawn[0] if len(drawn) == 1 and type(drawn[0]) is tuple else drawn)
        sentence = " ".join((holds.__doc__ or "").split())
        shared = [Law(function, name, sentence, kind) for name, (kind, sentence) in SHARED.items()]
        laws = LAWS.on(function, holds.__module__)
        laws += [] if laws else shared
        laws.append(Law(function, holds.__name__, sentence, kind, drawn, holds, examples, gradient))
        laws.sort(key=lambda law: (law.kind == CARE, law.holds is None))
        return holds

    return register


def care(function: str, *arguments: SearchStrategy[Any], examples: int = 30) -> Callable[..., Callable[..., None]]:
    """Register the decorated function as a law about the care of `function`, as `law` does for its result."""
    return law(function, *arguments, kind=CARE, examples=examples)


def ours_for(function: str) -> Callable[..., Any]:
    """Return bigramlab's own function, whatever a reader has put in its place in the package."""
    return cast(Callable[..., Any], getattr(import_module(f"bigramlab.lessons.{lesson_of(function)}"), function))


def lesson_of(function: str) -> str:
    """Return the name of the lesson that a function with laws belongs to."""
    return next(law.holds.__module__.rpartition(".")[2] for law in LAWS[function] if law.holds)


def broken(message: str) -> NoReturn:
    """Say that the law does not hold."""
    raise Broken(message)


def of_type(found: object, kind: Any, wanted: str) -> None:
    """Check that it is of that kind, or of one of several, and not nothing."""
    if found is None:
        broken("it returned nothing: is `return` missing?")
    if not isinstance(found, kind):
        broken(f"it is of type {type(found).__name__}, and should be {wanted}")


def a_tensor(found: object, shape: Iterable[int], kind: str) -> list[Any]:
    """Return a tensor's numbers as nested lists, once it is a tensor of that shape, of "integers", "floats" or both."""
    shape = tuple(shape)
    of_type(found, Tensor, "a torch.Tensor")
    assert isinstance(found, Tensor)
    if tuple(found.shape) != shape:
        broken(f"its shape is {tuple(found.shape)}, and should be {shape}")
    fits = kind == "numbers" or found.is_floating_point() == (kind == "floats")
    if found.is_complex() or found.dtype == torch.bool or not fits:
        broken(f"its numbers are {_type_of(found)}, and should be {kind}")
    numbers: list[Any] = found.detach().cpu().tolist()
    return numbers


def enough_room(found: Tensor) -> None:
    """Check that large numbers would fit into the type of a tensor of integers."""
    most = torch.iinfo(found.dtype).max
    if most < 2**31 - 1:
        broken(f"its numbers are {_type_of(found)}, which ends at {most:,}: take torch.int64")


def ids_in(found: object, shape: Iterable[int]) -> Any:
    """Return ids as nested lists, once they have that shape and can be used as an index: in a list they can, too."""
    shape = tuple(shape)
    if found is None:
        broken("it returned nothing: is `return` missing?")
    if isinstance(found, list | tuple) and shape:
        if len(found) != shape[0]:
            broken(f"a list of ids has {how_many(len(found), 'item')}, and should have {shape[0]}")
        return [ids_in(part, shape[1:]) for part in found]
    if not shape and not isinstance(found, Tensor):
        if isinstance(found, bool) or not isinstance(found, Integral):
            broken(f"it has {found!r} in it, which is of type {type(found).__name__}: ids are ints")
        return int(found)
    ids = a_tensor(found, shape, "integers")
    if found.dtype not in (torch.int32, torch.int64):  # type: ignore[attr-defined]  # a tensor, as was just checked
        broken(f"its ids are {_type_of(found)}, which can't index a table: take torch.int64")
    return ids


def ids_of_64_bits(found: object, shape: Iterable[int]) -> None:
    """Check that ids are a tensor of int64, as all functions here make and take them."""
    a_tensor(found, shape, "integers")
    if found.dtype != torch.int64:  # type: ignore[attr-defined]
        broken(f"its ids are {_type_of(found)}, and should be int64, as everywhere here")


def _type_of(tensor: Any) -> str:
    return str(tensor.dtype).removeprefix("torch.")


def a_number(found: object) -> float:
    """Return a number, once it is one, be it a float, NumPy's own, or in a tensor without axes."""
    if found is None:
        broken("it returned nothing: is `return` missing?")
    if isinstance(found, Tensor) and found.ndim == 0 and not found.is_complex() and found.dtype != torch.bool:
        return float(found.detach())
    if isinstance(found, bool) or not isinstance(found, Real):
        kind = f"of shape {tuple(found.shape)}" if isinstance(found, Tensor) else f"of type {type(found).__name__}"
        broken(f"it is {kind}, and should be a number (a float)")
    return float(found)


def a_float(found: object) -> None:
    """Check that a number is a float, and no tensor that holds one."""
    if not isinstance(found, float):
        hint = "; .item() makes a number of it" if isinstance(found, Tensor) else ""
        broken(f"it is of type {type(found).__name__}, and should be a float{hint}")


def parts_of(found: Any, n: int, wanted: str) -> Any:
    """Return the parts of a result that has so many, once it is a tuple or a list of them."""
    if found is None:
        broken("it returned nothing: is `return` missing?")
    if not isinstance(found, tuple | list) or len(found) != n:
        broken(f"it is of type {type(found).__name__}, and should be {wanted}")
    return found


def a_list_of_str(found: object) -> list[str]:
    """Return a list of words, once it is one."""
    if found is None:
        broken("it returned nothing: is `return` missing?")
    if not isinstance(found, list) or not all(isinstance(word, str) for word in found):
        broken("it should be a list of str")
    return found


def close_to(found: float, expected: float, tolerance: float = 2e-6) -> None:
    """Compare a number with the right one."""
    if not math.isclose(found, expected, rel_tol=1e-4, abs_tol=tolerance):
        broken(f"it should be {expected:.6g}")


def hoeffding(n: int) -> float:
    """Return by how much a share of n draws may be off: by more with probability 2 exp(-2 n bound²) = 1e-10."""
    return math.sqrt(math.log(2e10) / (2 * n))


def agree(found: Any, expected: Any, place: str = "it", rounding: float = 1e-4, near_0: float = 1e-6) -> None:
    """Compare numbers, or nested lists of them, and name the first that differs by more than rounding."""
    indices = _first_that_differs(found, expected, rounding, near_0)
    if indices is None:
        return
    for index in indices:
        found, expected = found[index], expected[index]
    if indices:
        inside = ", ".join(map(str, indices))
        before = "entry [" if place == "it" else f"{place[:-1]}, " if place.endswith("]") else f"{place}["
        place = f"{before}{inside}]"
    broken(f"{place} is {_short(found)}, and should be {_short(expected)}")


def _first_that_differs(found: Any, expected: Any, rounding: float, near_0: float) -> list[int] | None:
    """Return where in nested lists the first number stands that differs."""
    if not isinstance(expected, list):
        return None if math.isclose(found, expected, rel_tol=rounding, abs_tol=near_0) else []
    for index, (one, other) in enumerate(zip(found, expected, strict=True)):
        within = _first_that_differs(one, other, rounding, near_0)
        if within is not None:
            return [index, *within]
    return None


def how_many(n: int, noun: str) -> str:
    """Return "1 time", "2 times" and so on."""
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def refuses(call: Callable[[], Any]) -> None:
    """Check that the call raises an error, of whatever kind, instead of returning something."""
    try:
        call()
    except (NotImplementedError, Stopped, Broken, NameError, RecursionError):  # none of these is a refusal
        raise
    except Exception:
        return
    broken("it should refuse this: raise a ValueError that says why")


def takes(function: Function, parameter: str) -> bool:
    """Tell whether a function has a parameter, which one that was written for an earlier chapter may not have."""
    own = inspect.unwrap(getattr(function, "function", function))  # a recorder keeps it
    try:
        return parameter in inspect.signature(own).parameters
    except (TypeError, ValueError):  # written in C
        return False


def torchs_generator_decides(call: Callable[[], Any], seed: int, made: str) -> None:
    """Check that what the call makes without a generator depends on torch's global one, and moves it on."""
    before = torch.get_rng_state()
    try:
        torch.manual_seed(seed)
        first, second = call(), call()
        torch.manual_seed(seed)
        again = call()
    finally:
        torch.set_rng_state(before)
    if first != again:
        broken(f"torch.manual_seed with the same seed did not give the same {made} again")
    if first == second:
        broken(f"two calls without a generator gave the same {made}")


def leaves_torchs_generator_alone(call: Callable[[], Any]) -> Any:
    """Return what the call returns, which has a generator of its own, once it has not moved torch's global one."""
    before = torch.get_rng_state()
    found = call()
    if not torch.equal(torch.get_rng_state(), before):
        broken("torch's global generator moved")
    return found


def _short(number: float) -> str:
    return str(number) if isinstance(number, int) else f"{number:.6g}"
