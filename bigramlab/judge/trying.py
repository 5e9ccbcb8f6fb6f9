"""Try a law on many inputs, and find the smallest that breaks it."""

import contextlib
import math
import os
import random
import sys
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any
from unittest import mock

import torch
from hypothesis import HealthCheck, Phase, Verbosity, configuration, given, settings
from hypothesis import seed as with_seed
from hypothesis.errors import Flaky

from bigramlab.judge import clock
from bigramlab.judge.describing import show_error
from bigramlab.judge.recording import CALLS_KEPT, HANGS_BORNE, Call, Enough, Recorder
from bigramlab.judge.settings import OTHERS, Settings
from bigramlab.laws import Broken, Law, Stopped
from bigramlab.laws.law import STEADY

__all__ = ["TooSlow", "explore", "run_law"]

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")) / "bigramlab"
SECONDS_ALLOWED = 10.0  # for all calls of a law together
SECONDS_TO_SHRINK = 0.8  # of the calls together, and of everything
SECONDS_TO_EXPLORE = 0.5


class TooSlow(Stopped):
    """The calls of a law took too long together; those of the others would, too."""


def run_law(
    law: Law,
    recorder: Recorder,
    *,
    shrink: bool = True,
    seed: int = 0,
    only_shared: bool = False,
    seconds: float = math.inf,
) -> Exception | None:
    """Try a law on many inputs; return what breaks it, `recorder.last` then being the smallest call that was found.

    A law that all functions share may be broken in its place; the error then has that law's name. `only_shared` tells
    of those alone. In fewer `seconds` than a law is allowed, fewer inputs are tried, and it holds if it does for those.
    """
    smallest: list[tuple[Exception, Call | None, list[Call]]] = []
    # There are failures that depend on rounding, and to look for smaller ones would take seconds.
    until = clock.seconds() + seconds

    def holds(arguments: tuple[Any, ...]) -> None:
        nonlocal until
        if clock.seconds() > until:
            raise Enough
        recorder.example = []
        try:
            if law.holds:
                law.holds(recorder, *arguments)
        except Exception as error:
            if only_shared and not (isinstance(error, Broken) and error.law):
                return
            if smallest:  # the first failure may be one of what was kept: to draw the same again takes its time
                until = min(until, clock.seconds() + SECONDS_TO_SHRINK)
            smallest[:] = [(error, recorder.last, recorder.example)]
            recorder.seconds_left = min(recorder.seconds_left, SECONDS_TO_SHRINK)
            if not shrink:  # Hypothesis would try the same again twice
                raise Enough from error
            raise

    recorder.room, recorder.seconds_left = CALLS_KEPT, min(SECONDS_ALLOWED, seconds)
    try:
        _for_drawn(law, holds, law.examples, shrink=shrink, seed=seed)
    except Flaky:
        if smallest and isinstance(smallest[0][0], Stopped):  # what hangs may do so sooner or later
            error, recorder.last, recorder.example = smallest[0]
            return error
        return Broken("it does not do the same each time for the same input", law=STEADY)
    except Enough:
        if not smallest and seconds < SECONDS_ALLOWED and recorder.guard.hangs <= HANGS_BORNE:
            return None
        if not smallest:
            return TooSlow(f"its calls took more than {SECONDS_ALLOWED:g} seconds together: it is too slow to be tried")
        error, recorder.last, recorder.example = smallest[0]
        return error
    except Exception as error:
        if isinstance(error, Broken) or (recorder.last and recorder.last.raised is error):
            return error
        return Broken(f"this is not what was asked for ({type(error).__name__}: {show_error(error)})")
    return None


def explore(law: Law, recorder: Recorder) -> None:
    """Make calls of many kinds, right or wrong: a search for the smallest failure stays close to where it began."""

    def call(arguments: tuple[Any, ...]) -> None:
        with contextlib.suppress(Exception):
            if law.holds:
                law.holds(recorder, *arguments)

    recorder.room, recorder.seconds_left = CALLS_KEPT, SECONDS_TO_EXPLORE
    with contextlib.suppress(Enough):
        _for_drawn(law, call, 15, shrink=False)


@dataclass
class _Drawn:
    """The arguments that were drawn for a law, and whether that is all of them.

    They are the same for each function until it breaks the law, and to draw them takes longer than most calls.
    """

    arguments: list[tuple[Any, ...]] = field(default_factory=list)
    complete: bool = False


@lru_cache(maxsize=1024)  # all laws
def _drawn(law: Law, examples: int, seed: int) -> _Drawn:
    return _Drawn()


def _for_drawn(law: Law, act: Callable[[tuple[Any, ...]], None], examples: int, *, shrink: bool, seed: int = 0) -> None:
    """Act on arguments that Hypothesis draws, the same ones each time for a seed; find a smaller failure.

    What was drawn for another function is not drawn again, unless a failure is to be made smaller.
    """
    drawn = _drawn(law, examples, seed)
    passed = _passed(drawn.arguments, act)
    has_failed = passed < len(drawn.arguments)
    if drawn.complete and not has_failed:
        return
    tried = 0

    @with_seed(seed)
    @settings(
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
        nonlocal tried, has_failed
        tried += 1
        if tried <= passed:
            return
        if tried > len(drawn.arguments) and not has_failed:
            drawn.arguments.append(deepcopy(arguments))
        try:
            act(arguments)
        except Exception:
            has_failed = True
            raise

    with _kept_to_itself():
        try_it()
    if has_failed:
        raise Flaky("it failed, and did not when it was tried again")
    drawn.complete = True


def _passed(drawn: list[tuple[Any, ...]], act: Callable[[tuple[Any, ...]], None]) -> int:
    """Return for how many arguments, from the first on, nothing fails; random numbers begin as Hypothesis has them."""
    before = Settings(OTHERS)
    try:
        for number, arguments in enumerate(drawn):
            random.seed(0)
            if numpy := sys.modules.get("numpy"):
                numpy.random.seed(0)
            torchs = torch.get_rng_state()
            try:
                act(deepcopy(arguments))
            except Exception:
                torch.set_rng_state(torchs)  # it will be tried again
                return number
        return len(drawn)
    finally:
        before.give_back()


@contextlib.contextmanager
def _kept_to_itself() -> Iterator[None]:
    """Keep Hypothesis from drawing constants of the files that are loaded, and from leaving a folder where one works.

    What else stands in a reader's file would otherwise decide what is tried. There is no setting for that, so what
    collects them is replaced; a release that does without it is left as it is. What it knows of Unicode is kept with
    the user's other caches.
    """
    providers = sys.modules.get("hypothesis.internal.conjecture.providers")
    constants = getattr(providers, "GLOBAL_CONSTANTS", None)
    replaced = [
        (providers, "_get_local_constants", lambda: constants),
        (providers, "CONSTANTS_CACHE", {}),
        (configuration, "__hypothesis_home_directory", CACHE),
    ]
    with contextlib.ExitStack() as stack:
        for module, name, value in replaced:
            if hasattr(module, name):
                stack.enter_context(mock.patch.object(module, name, value))
        yield
