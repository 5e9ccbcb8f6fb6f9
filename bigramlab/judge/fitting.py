"""Which of our functions is one of a notebook meant for, and how is it called? Names, parameters and globals tell.

Nothing is guessed: what is unclear is not judged, and the reason is said.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from bigramlab.judge.adapting import as_form, like, with_gain
from bigramlab.judge.causes.code_reading import dicts_of
from bigramlab.judge.free_names import (
    NoFit,
    bound_to,
    draws_elsewhere,
    globals_read,
    ranged_over,
    with_sizes_as_parameters,
)
from bigramlab.judge.naming import OTHER_NAMES, PARAMETERS, form_of, is_called
from bigramlab.laws import LAWS, ours_for

__all__ = ["Fit", "fits", "signature_of"]


LOGS = {"log_softmax": "softmax", "logsoftmax": "softmax", "log_softmax_rows": "softmax"}


@dataclass(frozen=True)
class Fit:
    """A function that is called as the one of ours is.

    Attributes:
        name: The name of ours.
        call: The function itself, or one that calls it.
        notes: How it differs, such as "with your `stoi`".
        sure: Whether its name, or that and the names of all its parameters, say what it is meant for.
        only: Whether its name can mean nothing else.
        replaced: The globals that a call puts others in the place of.
    """

    name: str
    call: Callable[..., Any]
    notes: tuple[str, ...] = ()
    sure: bool = True
    only: bool = True
    replaced: Mapping[str, Any] = field(default_factory=dict)


def fits(name: str, function: Callable[..., Any]) -> Iterator[Fit | NoFit]:
    """Yield what a function called `name` may be meant for, the likeliest first."""
    meant = [name] if name in LAWS else []
    if name in LOGS and (fit := _of_logs(name, function)):
        yield fit
    meant += [ours for ours, others in OTHER_NAMES.items() if name in others.split() and ours != name]
    for ours in meant:
        try:
            fit = _fit(function, ours)
        except NoFit as error:
            yield error
            continue
        named = ours == name or (fit.sure and len(meant) == 1)
        notes = fit.notes if ours == name else (f"as `{ours}`", *fit.notes)
        fit = Fit(fit.name, fit.call, notes, named, len(meant) == 1, fit.replaced)
        smoothing = _k_of(function) if ours == "normalize" else None
        if smoothing is None:
            yield fit
        if ours == "normalize":
            yield _without_smoothing(fit, smoothing)


def _of_logs(name: str, function: Callable[..., Any]) -> Fit | None:
    """Return the exponential of a function that returns logarithms of what one of ours returns."""
    try:
        fit = _fit(function, LOGS[name])
    except NoFit:
        return None

    def call(*arguments: Any, **options: Any) -> Any:
        returned = fit.call(*arguments, **options)
        return returned.exp() if isinstance(returned, Tensor) else np.exp(returned)

    return Fit(fit.name, call, (*fit.notes, f"the exponential of which is as `{fit.name}`"), replaced=fit.replaced)


def _k_of(function: Callable[..., Any]) -> str | None:
    """Return the parameter with a default by which a function smooths, if it has one."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return None
    smoothing = (one.name for one in parameters if is_called(one.name, "k") and one.default is not one.empty)
    return next(smoothing, None)


def _without_smoothing(fit: Fit, parameter: str | None) -> Fit:
    """Return a function that smooths and normalizes so that it only normalizes: with k = 0, or of counts less 1."""
    note = f"with {parameter} = 0" if parameter else "after adding 1"

    def call(counts: Any) -> Any:
        return fit.call(counts, **{parameter: 0}) if parameter else fit.call(counts - 1)

    return Fit(fit.name, call, (*fit.notes, note), fit.sure, fit.only, fit.replaced)


def signature_of(function: Callable[..., Any]) -> inspect.Signature:
    """Return a function's signature; of a module of torch that of its `forward`."""
    return inspect.signature(function.forward if isinstance(function, torch.nn.Module) else function)


def _fit(function: Callable[..., Any], name: str) -> Fit:
    """Return the function so that it can be called as ours of that name, or raise `NoFit`."""
    ours = inspect.signature(inspect.unwrap(ours_for(name)))
    try:
        own = signature_of(function)
    except (TypeError, ValueError):
        return Fit(name, function)
    kinds = {parameter.kind for parameter in own.parameters.values()}
    if kinds & {inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD, inspect.Parameter.POSITIONAL_ONLY}:
        return Fit(name, function)
    taken, sure = _taken(own, ours, name)
    for parameter in taken:
        if taken[parameter] != "vocabulary" and parameter in dicts_of(function):
            raise NoFit(f"its `{parameter}` is a dict, and our `{name}` takes ({', '.join(ours.parameters)})")
    for parameter in taken:
        if "int" not in str(ours.parameters[taken[parameter]].annotation) and parameter in ranged_over(function):
            raise NoFit(f"its `{parameter}` is a number, and our `{name}` takes ({', '.join(ours.parameters)})")
    given = set(taken.values())
    code = inspect.unwrap(function)
    own_globals: dict[str, Any] = getattr(code, "__globals__", {})
    read = {found: own_globals[found] for found in globals_read(code)}
    bound = bound_to(read, [parameter for parameter in ours.parameters if parameter not in given])
    missing = [parameter for parameter in ours.parameters if parameter not in {*given, *bound.values()}]
    notes = [f"with your `{'` and `'.join(sorted(bound))}`"] if bound else []
    one_word = name == "sample_words" and "n" in missing
    if one_word:
        notes.append("a word a call")
        missing.remove("n")
    if name == "rms_norm" and missing == ["gain"]:
        return Fit(name, with_gain(function), (*notes, "without a gain"), sure)
    torchs = "generator" in missing and not draws_elsewhere(read)
    if torchs:
        notes.append("drawn with torch's global generator")
        missing.remove("generator")
    as_ours = [taken[parameter] for parameter in own.parameters if parameter in taken] == list(ours.parameters)
    plain = not any(form_of(parameter) for parameter in taken)
    if as_ours and plain and not bound and not missing and _same_kinds(own, ours, taken):
        return Fit(name, function, (), sure)
    if missing and (lifted := with_sizes_as_parameters(function, missing)):
        fit = _fit(lifted[0], name)
        return replace(fit, notes=(*fit.notes, f"with its own `{lifted[1]}`"))
    if missing:
        wanted = ", ".join(ours.parameters)
        raise NoFit(f"our `{name}` takes ({wanted}), and this one ({', '.join(own.parameters)})")
    wrapped = _wrapped(function, ours, taken, bound, one_word=one_word, torchs=torchs)
    return Fit(name, wrapped, tuple(notes), sure, replaced={found: read[found] for found in bound})


def _taken(own: inspect.Signature, ours: inspect.Signature, name: str) -> tuple[dict[str, str], bool]:
    """Return which of our parameters each of a function's own stands for, and whether their names say so."""
    taken: dict[str, str] = {}
    for parameter in own.parameters:
        for wanted in ours.parameters:
            again = wanted == "vocabulary" and form_of(parameter)
            if is_called(parameter, wanted) and (again or wanted not in taken.values()):
                taken[parameter] = wanted
                break
    rest = [
        parameter.name
        for parameter in own.parameters.values()
        if parameter.name not in taken and parameter.default is parameter.empty
    ]
    if not rest:
        return taken, True
    free = [
        parameter.name
        for parameter in ours.parameters.values()
        if parameter.name not in taken.values() and parameter.default is parameter.empty
    ]
    for parameter in rest:
        other = [wanted for wanted in PARAMETERS if len(parameter) > 1 and is_called(parameter, wanted)]
        if other and name != parameter:
            raise NoFit(f"it takes `{parameter}`, and our `{name}` ({', '.join(ours.parameters)})")
    if len(rest) != len(free):
        raise NoFit(f"our `{name}` takes ({', '.join(ours.parameters)}), and this one ({', '.join(own.parameters)})")
    return taken | dict(zip(rest, free, strict=True)), False


def _same_kinds(own: inspect.Signature, ours: inspect.Signature, taken: dict[str, str]) -> bool:
    """Tell whether parameters that stand for ours in the same order can be passed in the same way."""
    for parameter, wanted in taken.items():
        by_name = ours.parameters[wanted].kind is inspect.Parameter.KEYWORD_ONLY
        if by_name and parameter != wanted:
            return False
        if not by_name and own.parameters[parameter].kind is inspect.Parameter.KEYWORD_ONLY:
            return False
    return True


def _wrapped(
    function: Callable[..., Any],
    ours: inspect.Signature,
    taken: Mapping[str, str],
    bound: Mapping[str, str],
    *,
    one_word: bool,
    torchs: bool,
) -> Callable[..., Any]:
    """Return a function that is called as ours and calls the other one as that is to be called."""
    own_globals: dict[str, Any] = getattr(inspect.unwrap(function), "__globals__", {})
    was = {name: own_globals[name] for name in bound}
    parameters = inspect.signature(function).parameters
    needed = [own for own in taken if taken[own] == "generator" and parameters[own].default is inspect.Parameter.empty]

    def call(*arguments: Any, **options: Any) -> Any:
        given = ours.bind(*arguments, **options).arguments
        filled = {name: given.get(name, parameter.default) for name, parameter in ours.parameters.items()}
        passed = {
            own: as_form(given[wanted], form_of(own) if wanted == "vocabulary" else "")
            for own, wanted in taken.items()
            if wanted in given
        }
        passed |= {own: torch.default_generator for own in needed if passed.get(own) is None}
        own_globals.update({name: like(was[name], filled[wanted], name, wanted) for name, wanted in bound.items()})
        state = torch.get_rng_state()
        generator = filled.get("generator") if torchs else None
        try:
            if generator is not None:
                torch.set_rng_state(generator.get_state())
            if one_word:
                return [function(**passed) for _ in range(filled["n"])]
            return function(**passed)
        finally:
            if generator is not None:
                generator.set_state(torch.get_rng_state())
                torch.set_rng_state(state)
            own_globals.update(was)

    call.__name__, call.__wrapped__, call.__signature__ = (  # type: ignore[attr-defined]  # `inspect` reads them
        getattr(function, "__name__", type(function).__name__),  # such as a partial has none
        function,
        ours,
    )
    return call
