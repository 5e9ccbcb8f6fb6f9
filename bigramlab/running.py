"""Run laws on a function: record its calls, find the smallest that breaks a law, compare it with known mistakes."""

import contextlib
import inspect
import math
import textwrap
import time
import traceback
from collections.abc import Callable, Iterator
from numbers import Real
from typing import Any

import torch
from hypothesis import HealthCheck, Phase, Verbosity, given, settings
from hypothesis import seed as with_seed
from hypothesis.errors import Flaky
from torch import Tensor

import bigramlab
from bigramlab.guarding import Guard, Stopped
from bigramlab.laws import LAWS, Broken, Law
from bigramlab.mistakes import MISTAKES, Mistake
from bigramlab.reporting import Report, shorten

__all__ = ["Call", "Recorder", "describe_call", "run_law", "run_laws"]

CALLS_KEPT = 40  # of each law, to compare with the catalogue
HANGS_BORNE = 8  # then the search for a smaller example ends
SECONDS_ALLOWED = 10.0  # for all calls of a law together
SECONDS_TO_SHRINK = 1.0


class _Enough(BaseException):
    """Ends the search: too many calls did not return."""


class _Once(list[Any]):
    """The items of an iterator, which could be walked through only once."""

    def __repr__(self) -> str:
        return f"iter({super().__repr__()})"


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
        self.returned: Any = None
        self.raised: Exception | None = None
        self.global_state = torch.get_rng_state()
        try:
            self.original = guard.call(function, *arguments, **options)
            self.returned = _copy(self.original)
        except Exception as error:
            self.raised = error
        self.after = [_copy(argument) for argument in arguments if not isinstance(argument, Iterator)], _copy(options)
        self.global_moved = not torch.equal(torch.get_rng_state(), self.global_state)
        self.printed = guard.printed

    def again(self, function: Callable[..., Any], guard: Guard) -> "Call":
        """Make the same call of another function, with the same random numbers."""
        now = torch.get_rng_state()
        torch.set_rng_state(self.global_state)
        try:
            return Call(function, guard, _thaw(self.arguments), _copy(self.options))
        finally:
            torch.set_rng_state(now)

    def ended_like(self, other: "Call") -> bool:
        """Tell whether two calls returned the same, or both refused, and left the same things changed."""
        refusals = (ValueError, LookupError, TypeError)
        if self.raised or other.raised:
            both_refused = isinstance(self.raised, refusals) and isinstance(other.raised, refusals)
            return both_refused or (type(self.raised) is type(other.raised) and str(self.raised) == str(other.raised))
        return (
            self.global_moved == other.global_moved
            and _alike(self.returned, other.returned)
            and _alike(self.after, other.after)
        )


def _copy(value: Any) -> Any:
    """Copy what a call may change; the items of an iterator are taken out of it."""
    if isinstance(value, Tensor):
        return value.detach().clone().requires_grad_(value.requires_grad)  # some calls fail only with a gradient
    if isinstance(value, torch.Generator):
        generator = torch.Generator(device=value.device)
        generator.set_state(value.get_state())
        return generator
    if isinstance(value, Iterator):
        return _Once(value)
    if type(value) in (list, tuple, _Once):
        return type(value)(map(_copy, value))
    if type(value) is dict:
        return {key: _copy(item) for key, item in value.items()}
    return value


def _thaw(arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    """Copy remembered arguments, iterators being iterators again."""
    return tuple(iter(argument) if isinstance(argument, _Once) else _copy(argument) for argument in arguments)


def _alike(one: Any, other: Any) -> bool:
    if isinstance(one, Tensor) and isinstance(other, Tensor):
        return (
            one.shape == other.shape
            and one.is_floating_point() == other.is_floating_point()
            and torch.allclose(one.double(), other.double(), rtol=1e-5, atol=1e-7, equal_nan=True)
        )
    if isinstance(one, torch.Generator) and isinstance(other, torch.Generator):
        return torch.equal(one.get_state(), other.get_state())
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return type(one) is type(other) and len(one) == len(other) and all(map(_alike, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_alike(one[key], other[key]) for key in one)
    if isinstance(one, Real) and isinstance(other, Real):
        return math.isclose(one, other, rel_tol=1e-5, abs_tol=1e-7) or (math.isnan(one) and math.isnan(other))
    if hasattr(one, "savefig") and hasattr(other, "savefig"):
        return _texts(one) == _texts(other)
    return type(one) is type(other) and bool(one == other)


def _texts(figure: Any) -> list[str]:
    return [text.get_text() for axes in figure.axes for text in axes.texts]


class Recorder:
    """Stands for the function in a law: calls it under guard, and keeps what happened."""

    def __init__(self, function: Callable[..., Any], guard: Guard) -> None:
        """Begin without calls."""
        self.function, self.guard = function, guard
        self.last: Call | None = None
        self.calls: list[Call] = []
        self.room = 0
        self.seconds_left = SECONDS_ALLOWED

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        """Call the function."""
        if self.guard.hangs > HANGS_BORNE or self.seconds_left < 0:
            raise _Enough
        start = time.thread_time()
        self.last = call = Call(self.function, self.guard, arguments, options)
        self.seconds_left -= time.thread_time() - start
        if self.room > 0:
            self.calls.append(call)
            self.room -= 1
        if call.raised:
            raise call.raised
        return call.original


def run_law(law: Law, recorder: Recorder, *, shrink: bool = True, seed: int | None = None) -> Exception | None:
    """Try a law on many inputs; return what breaks it, `recorder.last` then being the smallest call that was found."""
    smallest: list[tuple[Exception, Call | None]] = []

    def holds(arguments: tuple[Any, ...]) -> None:
        try:
            law.holds(recorder, *arguments)
        except Exception as error:
            smallest[:] = [(error, recorder.last)]
            recorder.seconds_left = min(recorder.seconds_left, SECONDS_TO_SHRINK)
            raise

    recorder.room, recorder.seconds_left = CALLS_KEPT, SECONDS_ALLOWED
    try:
        _for_drawn(law, holds, law.examples, shrink=shrink, seed=seed)
    except Flaky:
        return Broken("it does not do the same each time for the same input")
    except _Enough:
        if not smallest:
            return Stopped(f"its calls took more than {SECONDS_ALLOWED:g} seconds together: it is too slow to be tried")
        error, recorder.last = smallest[0]
        return error
    except Exception as error:
        if isinstance(error, Broken) or (recorder.last and recorder.last.raised is error):
            return error
        return Broken(f"this is not what was asked for ({type(error).__name__}: {error})")
    return None


def _explore(law: Law, recorder: Recorder) -> None:
    """Make calls of many kinds, right or wrong: a search for the smallest failure stays close to where it began."""

    def call(arguments: tuple[Any, ...]) -> None:
        with contextlib.suppress(Exception):
            law.holds(recorder, *arguments)

    recorder.room, recorder.seconds_left = CALLS_KEPT, SECONDS_TO_SHRINK
    with contextlib.suppress(_Enough):
        _for_drawn(law, call, 15, shrink=False, seed=None)


def _for_drawn(
    law: Law, act: Callable[[tuple[Any, ...]], None], examples: int, *, shrink: bool, seed: int | None
) -> None:
    """Have Hypothesis draw arguments, the same ones each time unless there is a seed."""

    @settings(
        derandomize=seed is None,
        database=None,
        deadline=None,
        print_blob=False,
        report_multiple_bugs=False,
        verbosity=Verbosity.quiet,
        phases=[Phase.generate, Phase.shrink] if shrink else [Phase.generate],
        max_examples=examples,
        suppress_health_check=list(HealthCheck),
    )
    @given(law.arguments)
    def try_it(arguments: tuple[Any, ...]) -> None:
        act(arguments)

    (with_seed(seed)(try_it) if seed is not None else try_it)()


def run_laws(function: Callable[..., Any], name: str) -> Report:
    """Run all laws of `name` on the function and report the first that is broken."""
    laws = LAWS[name]
    report = Report(name, held=0, total=len(laws), chapter=getattr(bigramlab, name).__module__.rpartition(".")[2])
    if misfit := _misfit(function, getattr(bigramlab, name)):
        report.problem = misfit
        return report
    with Guard() as guard:
        recorder = Recorder(function, guard)
        decisive: list[Call] = []
        others: list[Call] = []
        for law in laws:
            recorder.calls = []
            error = run_law(law, recorder, shrink=not report.law)
            if isinstance(error, NotImplementedError) and _raised_by(function, error):
                report.started = False
                return report
            if error is None:
                report.held += 1
            elif not report.law:
                report.law, report.broken_law = law.sentence, law.name
                _describe(report, function, recorder.last, error)
                if recorder.last:
                    decisive = [recorder.last, *recorder.calls]
                    _explore(law, recorder)
                    decisive += recorder.calls[len(decisive) - 1 :]
                continue
            others += recorder.calls
        if decisive:
            report.mistake, report.inputs = _diagnose(name, decisive, others, guard)
    return report


def _misfit(function: Callable[..., Any], ours: Callable[..., Any]) -> str:
    """Say how the function's parameters differ, if it can't be called as ours can."""
    try:
        signature, wanted = inspect.signature(function), inspect.signature(ours)
    except (TypeError, ValueError):  # written in C: nothing is known of its parameters
        return ""
    parameters = wanted.parameters.values()
    arguments = [None for parameter in parameters if parameter.kind is not parameter.KEYWORD_ONLY]
    options = {parameter.name: None for parameter in parameters if parameter.kind is parameter.KEYWORD_ONLY}
    required = [parameter for parameter in parameters if parameter.default is parameter.empty]
    try:
        signature.bind(*arguments, **options)
        signature.bind(*required)
    except TypeError as error:
        plain = [parameter.replace(annotation=inspect.Parameter.empty) for parameter in parameters]
        return f"its parameters should be {inspect.Signature(plain)}, and yours takes {signature}: {error}"
    return ""


def _raised_by(function: Callable[..., Any], error: Exception) -> bool:
    """Tell whether the function itself raised the error, and not another one that it called."""
    step = error.__traceback__
    while step and step.tb_next:
        step = step.tb_next
    return step is not None and step.tb_frame.f_code is getattr(inspect.unwrap(function), "__code__", None)


def _describe(report: Report, function: Callable[..., Any], call: Call | None, error: Exception) -> None:
    report.problem = str(error)
    if call is None:
        return
    report.call, report.printed = describe_call(report.name, call), call.printed
    if call.raised is None:
        report.returned = repr(call.returned)
    elif isinstance(call.raised, Stopped):
        report.problem = str(call.raised)
    elif isinstance(call.raised, NotImplementedError):
        report.problem = "it calls a function that is not written yet"
    else:
        code = getattr(inspect.unwrap(function), "__code__", None)
        lines = [
            step.lineno
            for step in traceback.extract_tb(call.raised.__traceback__)
            if code and step.filename == code.co_filename
        ]
        where = f", at line {lines[-1]} of {code.co_filename}" if code and lines else ""
        report.raised = f"{type(call.raised).__name__}: {call.raised}{where}"
        if error is call.raised:
            report.problem = "it should return a result for this"


def describe_call(name: str, call: Call) -> str:
    """Write a call as code, each line of a tensor below the one before."""
    arguments = [_show(argument) for argument in call.arguments]
    arguments += [f"{key}={_show(value)}" for key, value in call.options.items()]
    one_line = f"{name}({', '.join(arguments)})"
    if "\n" not in one_line and len(one_line) <= 63:
        return one_line
    return f"{name}(\n" + "".join(textwrap.indent(argument, "    ") + ",\n" for argument in arguments) + ")"


def _show(value: Any) -> str:
    if isinstance(value, torch.Generator):
        return f"torch.Generator().manual_seed({value.initial_seed()})"
    if type(value) is list and len(value) > 12:
        return f"[{', '.join(map(_show, value[:6]))}, … {len(value)} in all]"
    if type(value) is str and len(value) > 40:
        return f"{value[:30]!r}… {len(value)} characters"
    return shorten(repr(value), lines=12)


def _diagnose(name: str, decisive: list[Call], others: list[Call], guard: Guard) -> tuple[Mistake | None, int]:
    """Return the first catalogued mistake that ends all calls as the function did, and the number of calls.

    That is all calls of the broken law, and of the other laws those that our own function does not refuse: who makes
    one mistake often forgets to refuse something, too, and that is another law's matter.
    """
    guard.seconds, guard.hangs = guard.seconds / 2, 0
    ours = getattr(bigramlab, name)
    calls = decisive + [call for call in others if not call.again(ours, guard).raised]
    for mistake in MISTAKES.get(name, []):
        guard.hangs = 0
        if all(call.again(mistake.run, guard).ended_like(call) for call in calls):
            return mistake, len(calls)
    return None, len(calls)
