"""Run laws on a function and find the smallest call that breaks one."""

import inspect
import linecache
import math
import traceback
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import torch

from bigramlab.chapters import chapter_of
from bigramlab.judge import clock
from bigramlab.judge.caring import judge_care
from bigramlab.judge.describing import meant, show, show_error
from bigramlab.judge.fitting import Fit, fits, signature_of
from bigramlab.judge.forms import ROWS, Form, form_for
from bigramlab.judge.guarding import Guard
from bigramlab.judge.recording import Call, Recorder
from bigramlab.judge.reporting import Report
from bigramlab.judge.telling import tell_call, tell_result, told_needs
from bigramlab.judge.trying import TooSlow, explore, run_law
from bigramlab.laws import CARE, LAWS, RESULT, Broken, Law, Stopped, lesson_of, ours_for
from bigramlab.mistakes import Mistake

__all__ = ["run_laws"]

SECONDS_TO_COUNT = 1.0  # how many more laws are broken, once one is
ADDED_LATER = ("choose",)  # parameters that a later chapter asks for, so that only care laws give them


def run_laws(function: Callable[..., Any], name: str, begin: Callable[[Report], None] = lambda _: None) -> Report:
    """Run the laws of `name` on the function: those about the result, and if they hold, the care laws.

    `begin` gets the report as soon as one about the result is broken: to count the others, and to look for the cause,
    takes longer.
    """
    clock.take_pace()
    results, cares = ([law for law in LAWS[name] if law.kind == kind] for kind in (RESULT, CARE))
    number, chapter = chapter_of(lesson_of(name))
    report = Report(name, f"{number}, {chapter.title}", total=len(results), care_total=len(cares))
    if misfit := _misfit(function, ours_for(name)):
        report.problem = misfit
        _judge_the_rest(report, function)
        return report
    with Guard(name=name) as guard:
        recorder = Recorder(function, guard)
        form, is_right = _judge_result(report, results, recorder, begin)
        if form:
            recorder, asked = Recorder(form.adapt(function), guard), form.asked(results)
            report.form, report.total, report.not_asked = form.words, len(asked), len(asked) < len(results)
            if is_right:
                report.held = report.total
            else:
                _judge_result(report, asked, recorder, begin, form=form)
        if report:
            report.notes = sorted(judge_care(cares, recorder, form), key=lambda note: note.rank)
    return report


def _judge_result(
    report: Report, laws: list[Law], recorder: Recorder, begin: Callable[[Report], None], form: Form | None = None
) -> tuple[Form | None, bool]:
    """Try the laws about the result, and put what is found into the report.

    Nothing is put there if the function seems to take and return its numbers in another form than ours; that one is
    returned then, and whether the function is right in it.
    """
    function, guard, defaults = recorder.function, recorder.guard, _defaults(recorder.function)
    broken: dict[str, Law] = {}  # the laws that are broken, each with the one that was tried when it showed
    decisive: list[Call] = []
    others: list[Call] = []
    until = math.inf
    for law in filter(lambda law: law.holds, laws):
        seconds = max(SECONDS_TO_COUNT / 10, until - clock.seconds())
        for name, error in _try(law, recorder, shrink=not broken, seconds=seconds):
            if error is None or broken:
                broken |= {name: law} if name else {}
                others += [call for call in recorder.calls if not call.options.keys() & {*ADDED_LATER}]
                continue
            if isinstance(error, NotImplementedError) and _raised_by(function, error):
                report.started = False
                return None, False
            if not form and not isinstance(error, Stopped):
                another, is_right = _another_form(report.name, laws, recorder, asked=law)
                if another:
                    return another, is_right
            broken[name] = law
            report.law, report.broken_law = next(law.sentence for law in laws if law.name == name), name
            if guard.hangs:
                guard.seconds /= 5  # the rest is for counting the laws and for the diagnosis
            _describe(report, function, recorder, error, form)
            if kept := defaults - _defaults(function):
                report.problem += f"; and the calls changed the default of `{min(kept)[0]}`, which is made only once"
            begin(report)
            if isinstance(error, TooSlow):
                return None, False
            if recorder.last:
                decisive = [recorder.last, *(call for call in recorder.example if call is not recorder.last)]
                explore(law, recorder)
                decisive += recorder.calls
            until = clock.seconds() + SECONDS_TO_COUNT
    asked = {law.name for law in laws if law.holds}  # the others, which all functions share, hold of what never returns
    report.held = len(laws) - len(broken) if asked - set(broken) else 0
    if decisive:
        from bigramlab.judge.diagnosing import diagnose  # a tenth of a second, which a right function need not wait for

        first, law = next(iter(broken.items()))
        breaks = partial(_breaks, law, first, guard)
        report.diagnosis = diagnose(report.name, decisive, others, guard, breaks, function)
    return None, False


def _another_form(name: str, laws: list[Law], recorder: Recorder, asked: Law) -> tuple[Form | None, bool]:
    """Return the form that the function seems to have, which has just broken a law, and whether it is right in it."""
    function, guard, last = recorder.function, recorder.guard, recorder.last

    def keeps(form: Form) -> bool:
        adapted = Recorder(form.adapt(function), guard)
        tried = (law for law in form.asked(laws) if law.holds)
        return all(error is None for law in tried for _, error in _try(law, adapted, shrink=False))

    calls = [last, *(call for call in recorder.calls if call is not last)] if last else []
    if name in ROWS:  # one row can't show that rows are not what it takes
        another = Recorder(function, guard)
        explore(asked, another)
        calls += another.calls
    return form_for(name, function, calls, guard, keeps, even_so=asked.gradient)


def _try(
    law: Law, recorder: Recorder, *, shrink: bool, seconds: float = math.inf
) -> Iterator[tuple[str, Exception | None]]:
    """Try a law, and those that all functions share besides; yield the name of each that is broken, with the error."""
    while True:
        recorder.calls = []
        error = run_law(law, recorder, shrink=shrink, seconds=seconds)
        raised = recorder.last.raised if recorder.last else None
        if shrink and raised and raised is error and not isinstance(raised, Stopped):  # an argument may have changed
            changing = run_law(law, recorder, only_shared=True)
            error = changing or run_law(law, recorder)
        shared = error.law if isinstance(error, Broken) else ""
        yield (shared or law.name if error else ""), error
        if not shared:
            return
        recorder.asks.discard(shared)
        shrink = False


def _breaks(law: Law, name: str, guard: Guard, mistake: Mistake) -> bool:
    """Tell whether a catalogued mistake breaks the law of that name, too, when this one is tried."""
    return any(broken == name for broken, _ in _try(law, Recorder(mistake.run, guard), shrink=False))


def _judge_the_rest(report: Report, function: Callable[..., Any]) -> None:
    """Say of a function with other parameters what its results are like, if it can be called in another way."""
    found = next((fit for fit in fits(report.name, function) if isinstance(fit, Fit) and fit.name == report.name), None)
    if found is None:
        return
    rest = run_laws(lambda *arguments, **options: found.call(*arguments, **options), report.name)
    if rest:
        report.only_parameters = True
        report.problem += ". Its results are right, called as it is now"
    elif rest.problem:
        report.problem += f". Called as it is now, its results are not right either: {rest.problem}"
        report.diagnosis = rest.diagnosis


def _misfit(function: Callable[..., Any], ours: Callable[..., Any]) -> str:
    """Say how the function's parameters differ, if it can't be called as ours can."""
    try:
        signature, wanted = signature_of(function), inspect.signature(ours)
    except (TypeError, ValueError):  # written in C: nothing is known of its parameters
        return ""
    parameters = wanted.parameters.values()
    arguments = [None for parameter in parameters if parameter.kind is not parameter.KEYWORD_ONLY]
    options = {
        parameter.name: None
        for parameter in parameters
        if parameter.kind is parameter.KEYWORD_ONLY and parameter.name not in ADDED_LATER
    }
    required = [parameter for parameter in parameters if parameter.default is parameter.empty]
    needed = {parameter.name: None for parameter in required if parameter.kind is parameter.KEYWORD_ONLY}
    try:
        signature.bind(*arguments, **options)
        signature.bind(*[None for parameter in required if parameter.name not in needed], **needed)
    except TypeError as error:
        plain = [parameter.replace(annotation=inspect.Parameter.empty) for parameter in parameters]
        return f"its parameters should be {inspect.Signature(plain)}, and yours takes {signature}: {error}"
    return ""


def _defaults(function: Callable[..., Any]) -> set[tuple[str, str]]:
    """Return the default of each parameter as it is now: a list or a set that calls change stays changed."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return set()
    return {(parameter.name, show(parameter.default)) for parameter in parameters}


def _raised_by(function: Callable[..., Any], error: Exception) -> bool:
    """Tell whether the function itself raised the error, and not another one that it called."""
    step = error.__traceback__
    while step and step.tb_next:
        step = step.tb_next
    return step is not None and step.tb_frame.f_code is getattr(inspect.unwrap(function), "__code__", None)


def _describe(
    report: Report, function: Callable[..., Any], recorder: Recorder, error: Exception, form: Form | None
) -> None:
    report.problem, call = show_error(error), recorder.last
    if call is None:
        return
    first = recorder.example[0] if recorder.example else call  # several with one generator may go before the last
    options = {name: first.options.get(name, value) if isinstance(value, torch.Generator) else value
               for name, value in call.options.items()}  # fmt: skip
    report.call = tell_call(report.name, call, form, recorder.example, options)
    report.needs, report.printed = told_needs(call.arguments), call.printed
    if call.raised is None:
        report.returned = tell_result(call, form)
    elif isinstance(call.raised, Stopped):
        report.problem = str(call.raised)
        report.place = _place(function, recorder.guard.stood)
    elif isinstance(call.raised, NotImplementedError):
        report.problem = "it calls a function that is not written yet"
    else:
        through = reversed(traceback.extract_tb(call.raised.__traceback__))
        report.raised = f"{type(call.raised).__name__}: {show_error(call.raised)}".removesuffix(": ")
        own = inspect.unwrap(function)
        names = [*getattr(own, "__globals__", ()), *getattr(getattr(own, "__code__", None), "co_varnames", ())]
        if close := meant(call.raised, names):
            report.raised += f"; did you mean {close!r}?"
        report.place = _place(function, [(step.filename, step.lineno) for step in through])
        if error is call.raised:
            report.problem = "it should return a result for this"


def _place(function: Callable[..., Any], stood: Iterable[tuple[str, int | None]]) -> str:
    """Return the line of the function's own file among those where the call was, the innermost first."""
    file = getattr(getattr(inspect.unwrap(function), "__code__", None), "co_filename", "")
    number = next((number for name, number in stood if name == file), None)
    if number is None:
        return ""
    return f"{Path(file).name}, line {number}\n{linecache.getline(file, number).strip()}".rstrip()
