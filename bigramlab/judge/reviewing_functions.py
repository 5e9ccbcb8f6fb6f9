"""What a function of a notebook is: by the laws of what it is meant for, and by what it made there.

What it is meant for may be a guess, so that alone never makes it wrong: either it has the name of ours, or a value that
it made has the very same slip.
"""

import contextlib
import dis
import inspect
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product
from numbers import Real
from typing import Any

import torch
from torch import Tensor

from bigramlab.judge import clock
from bigramlab.judge.fitting import Fit, fits
from bigramlab.judge.free_names import NoFit
from bigramlab.judge.guarding import Guard
from bigramlab.judge.recording import Call
from bigramlab.judge.reporting import Report
from bigramlab.judge.reviewed import BAD, NOT_JUDGED, RIGHT, STEP, UNCAREFUL, WRONG, Item, Thing
from bigramlab.judge.running import run_laws

__all__ = ["judged", "result_of", "table_of_calls"]

SECONDS = 2.0  # for a call with what the notebook has
PROBABILITY = re.compile(r"(?i)(^|_)p(rob\w*)?\d?(_|$)")
OF_THEM = re.compile(r"(?i)log|nll|neg|percent|pct|ratio|odds|diff|score|count|surpris")
NO_RESULT = "it should return a result for this"
LOOPS = re.compile("FOR_ITER|JUMP_BACKWARD|JUMP_ABSOLUTE")


def judged(thing: Thing, made: Sequence[Item], unknown: Sequence[Thing] = ()) -> Item:
    """Judge a function as what it may be meant for: as the first of those that it is right as.

    Args:
        thing: The function.
        made: What is known of the values that were made with it.
        unknown: Those of which nothing is known.
    """
    reasons: list[str] = []
    wrong: list[tuple[Fit, Report]] = []
    for fit in fits(thing.name, thing.value):
        if isinstance(fit, NoFit):
            reasons.append(str(fit))
            continue
        own_globals = getattr(inspect.unwrap(thing.value), "__globals__", {})
        try:
            report = run_laws(fit.call, fit.name)
        finally:
            own_globals.update(fit.replaced)
        if report:
            notes = [*([] if report.careful else [UNCAREFUL]), *fit.notes]
            return Item(thing.name, thing.place, RIGHT, ", ".join(notes) or "and careful", report=report)
        if report.raised.startswith("KeyError: tensor(") or _slip(fit, report).endswith("/tensor_for_a_key"):
            try:
                report = run_laws(_given_lists(fit.call), fit.name)  # as what the notebook gives may be
            finally:
                own_globals.update(fit.replaced)
            if report:
                text = ", ".join([*fit.notes, "given a list of ids, as a tensor's are no keys"])
                return Item(thing.name, thing.place, RIGHT, text, report=report)
        if not report.started:
            return Item(thing.name, thing.place, NOT_JUDGED, "not written yet", report=report)
        wrong.append((fit, report))
    bad, right, steps = ([item for item in made if item.verdict in wanted] for wanted in (BAD, (RIGHT,), (STEP,)))
    seen = {slip for item in bad for slip in item.slips}
    for fit, report in wrong:
        if _slip(fit, report) in seen:
            return _wrong(thing, fit, report)
    contexts = [one for one in unknown if isinstance(one.value, Tensor) and one.value.dim() == 2]
    if contexts and (exact := [one for one in wrong if _is_known(one[1])]):
        return _wrong(thing, *exact[0])
    ours = bool(wrong) and _bare(wrong[0][0].name) == _bare(thing.name).removeprefix("log")
    made_for_this = not ours or bool(wrong[0][0].notes)  # it reads what the notebook has, and need suit nothing else
    if right and not bad and not contexts and made_for_this:
        names = " and ".join(dict.fromkeys(f"`{item.name}`" for item in right))
        text = f"{names}, made with it, {'are' if len(right) > 1 else 'is'} right"
        if not ours:
            return Item(thing.name, thing.place, RIGHT, text)
        return Item(thing.name, thing.place, NOT_JUDGED, f"{text}; it isn't our `{thing.name}`: {_cause(wrong[0][1])}")
    if ours and (why := _another_of_that_name(*wrong[0], used=bool(made or unknown))):
        return Item(thing.name, thing.place, NOT_JUDGED, f"it isn't our `{thing.name}`: {why}")
    if ours:
        return _wrong(thing, *wrong[0])
    told = [*bad, *steps] if not wrong else []
    advice = f"see `{told[0].name}`, made with it" if told else _advice(thing.name, wrong, reasons)
    return Item(thing.name, thing.place, NOT_JUDGED, advice)


def _another_of_that_name(fit: Fit, report: Report, *, used: bool) -> str:
    """Say what shows that a function that has the name of ours is meant for something else; nothing if nothing does.

    Args:
        fit: How it was called.
        report: What came of it.
        used: Whether something was made with it: then it gives a result for what it is meant for.
    """
    if re.fullmatch(r"TypeError: '\w+' object is not callable.*", report.raised, re.DOTALL):
        return "it takes a function"
    if fit.name == "cross_entropy" and not report.held and _is_of_two_distributions(fit.call):
        return "it is of two distributions, and ours of logits and targets"
    if fit.name == "normalize" and not report.held and _is_scaled(fit.call):
        return "it shifts and scales numbers, and ours makes shares of counts"
    if used and not report.held and NO_RESULT in report.problem:
        return "it takes something else, and gives no result for what ours takes"
    slip, cause = _slip(fit, report) if _is_known(report) else "", _cause(report).partition(":")[0]
    return f"{cause[:1].lower()}{cause[1:]}" if re.match(r"(en|de)code/.*(boundar|stop)", slip) else ""


def _is_of_two_distributions(function: Callable[..., Any]) -> bool:
    """Tell whether it gives the cross-entropy of two rows of shares, in the one order or the other."""
    one, other = torch.tensor([0.5, 0.3, 0.2]), torch.tensor([0.2, 0.2, 0.6])
    right = [-(one * other.log()).sum(), -(other * one.log()).sum()]
    given = _given_for(function, one, other)
    return any(found.numel() == 1 and abs(float(found) - value) < 1e-4 for found in given for value in right)


def _is_scaled(function: Callable[..., Any]) -> bool:
    """Tell whether it shifts a row of numbers, so that their mean is 0, or they go from 0 to 1."""
    given = [found for found in _given_for(function, torch.tensor([3.0, 1.0, 2.0, 6.0])) if found.shape == (4,)]
    return any(abs(float(found.mean())) < 1e-4 or {float(found.min()), float(found.max())} == {0, 1} for found in given)


def _given_for(function: Callable[..., Any], *rows: Tensor) -> Iterator[Tensor]:
    """Yield the numbers that a function gives for rows: tensors, arrays and lists."""
    for form in (torch.Tensor.clone, torch.Tensor.numpy, torch.Tensor.tolist):
        with Guard(seconds=SECONDS, name="it") as guard:
            found = Call(function, guard, tuple(map(form, rows)), {}).returned
        with contextlib.suppress(TypeError, ValueError, RuntimeError):  # no numbers
            yield torch.as_tensor(found).detach().double()


def _bare(name: str) -> str:
    """Return a name as it is heard: `rmsnorm` and `RMSNorm` are `rms_norm`."""
    return name.replace("_", "").lower()


def _given_lists(call: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function with lists in the place of tensors of ids."""

    def given_lists(*arguments: Any, **options: Any) -> Any:
        lists = (one.tolist() if isinstance(one, Tensor) and one.dim() == 1 else one for one in arguments)
        return call(*lists, **options)

    return given_lists


def result_of(thing: Thing, names: Mapping[str, Any]) -> Thing | None:
    """Return what a function gives for the globals that its parameters are named after, if it is a mere calculation."""
    function = inspect.unwrap(thing.value)
    try:
        loops = any(LOOPS.match(step.opname) for step in dis.get_instructions(function))
        wanted = _wanted(function)
    except (TypeError, ValueError):  # it has no code of Python, or no signature
        return None
    given = {one.name: names.get(one.name) for one in wanted}
    if loops or not given or any(value is None or callable(value) for value in given.values()):
        return None
    with Guard(seconds=SECONDS, name=thing.name) as guard:
        call = Call(function, guard, (), given)
    if call.raised or not isinstance(call.returned, Tensor):
        return None
    return Thing(f"{thing.name}({', '.join(given)})", call.returned.detach(), thing.place, reads=frozenset(given))


def _wanted(function: Callable[..., Any]) -> list[inspect.Parameter]:
    """Return the parameters of a function that have no default."""
    return [one for one in inspect.signature(function).parameters.values() if one.default is one.empty]


def table_of_calls(thing: Thing, vocabulary: str) -> Thing | None:
    """Return what a function of two tokens gives for each two, if these are numbers: tokens as text, or as ids."""
    function, size = inspect.unwrap(thing.value), len(vocabulary)
    named = PROBABILITY.search(thing.name) and not OF_THEM.search(thing.name)
    if not named or not inspect.isfunction(function) or len(_wanted(function)) != 2:
        return None
    if any(step.opname.startswith(("STORE_SUBSCR", "STORE_GLOBAL")) for step in dis.get_instructions(function)):
        return None  # it would change what the file has
    end = clock.seconds() + SECONDS
    with Guard(seconds=SECONDS, name=thing.name) as guard:
        for tokens in (vocabulary, range(size)):
            numbers = []
            for pair in product(tokens, repeat=2):
                call = Call(function, guard, pair, {})
                number = call.returned
                number = number.item() if isinstance(number, Tensor) and number.numel() == 1 else number
                if clock.seconds() > end:
                    return None
                if call.raised or not isinstance(number, Real) or isinstance(number, bool):
                    break
                numbers.append(float(number))
            if len(numbers) == size**2:
                table = torch.tensor(numbers, dtype=torch.float64).reshape(size, size)
                return Thing(f"{thing.name}(a, b)", table, thing.place)
    return None


def _advice(name: str, wrong: Sequence[tuple[Fit, Report]], reasons: Sequence[str]) -> str:
    """Say how to have a function judged, if it may be one of ours."""
    exact = [one for one in wrong if one[0].only and _is_known(one[1])]
    if exact or len(wrong) == 1:
        fit, report = (exact or wrong)[0]
        return f"if it should do what our `{fit.name}` does: {_cause(report)}; see check({name}, {fit.name!r})"
    if wrong:
        return f"say which it should be: {' or '.join(f'check({name}, {fit.name!r})' for fit, _ in wrong[:2])}"
    return reasons[0] if reasons else ""


def _wrong(thing: Thing, fit: Fit, report: Report) -> Item:
    text = ": ".join([*([", ".join(fit.notes)] if fit.notes else []), _cause(report)])
    slips = (_slip(fit, report),) if report.diagnosis else ()
    headline = report.headline()
    if fit.name != thing.name:
        headline = f"`{thing.name}` as {headline}"
    return Item(thing.name, thing.place, WRONG, text, headline, report.sections(), report=report, slips=slips)


def _slip(fit: Fit, report: Report) -> str:
    return f"{fit.name}/{report.diagnosis.mistake.name}" if report.diagnosis else ""


def _is_known(report: Report) -> bool:
    """Tell whether it does exactly what a catalogued mistake does: then it is clear what it is meant for."""
    return report.diagnosis is not None and report.diagnosis.exact and not report.diagnosis.shown


def _cause(report: Report) -> str:
    """Say in a sentence what is wrong: the cause if one is known, or else the law that is broken."""
    sentence = report.diagnosis.mistake.wrong if report.diagnosis else report.law or report.problem
    return sentence.split(". ")[0].rstrip(".")
