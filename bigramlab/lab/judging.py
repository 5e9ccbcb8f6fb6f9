"""Judge an exercise: its file is run, its laws are tried, and the result is put into words."""

import difflib
import importlib
import inspect
import os
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from types import ModuleType

from bigramlab.chapters import LESSONS
from bigramlab.judge.guarding import Guard
from bigramlab.judge.reporting import Report
from bigramlab.judge.running import run_laws
from bigramlab.lab.exercises import Exercise, is_lab
from bigramlab.lab.sources import Unreadable, compiled, line_of
from bigramlab.lab.verdicts import Verdict
from bigramlab.laws.law import Stopped, ours_for

__all__ = ["judge", "load_file", "tell"]

ROOMS = [f"bigramlab.{room}.{lesson.name}" for room in ("laws", "mistakes") for lesson in LESSONS if lesson.laws]
LATER = ("bigramlab.judge.diagnosing", *ROOMS)  # what only a wrong function needs, or another one
SECONDS_TO_LOAD = 5.0  # for all that a file does besides importing


def judge(
    exercise: Exercise,
    folder: Path,
    loaded: dict[str, ModuleType | Stopped],
    begin: Callable[[Report], None] = lambda _: None,
) -> Verdict:
    """Run the laws on the learner's function; `loaded` keeps the files that were run already.

    `begin` gets the report as soon as a law is broken.
    """
    name, started = exercise.name, time.perf_counter()
    module = _load(exercise.file, folder, loaded)
    if isinstance(module, Stopped):
        text = str(module)
        return Verdict(name, "not reached", text.splitlines()[0], text)
    function = getattr(module, name, None)
    if not callable(function):
        headline = f"{exercise.file} has no function {name}: `bigramlab reset {name}` puts the empty one back."
        return Verdict(name, "not right", headline, headline + _renamed(name, module))
    report = run_laws(function, name, begin)
    return Verdict(
        name,
        "careful" if report.careful else "solved" if report else "not right" if report.started else "not started",
        report.headline(),
        report.text(),
        report.text(color=True),
        law=report.law,
        held=f"{report.held} of {report.total}",
        care=f"{report.care_held} of {report.care_total}" if report else "",
        cause=report.diagnosis.mistake.name.replace("_", " ") if report.diagnosis else "",
        borrowed=_is_borrowed(function, name),
        seconds=time.perf_counter() - started,
    )


def _load(file: str, folder: Path, loaded: dict[str, ModuleType | Stopped]) -> ModuleType | Stopped:
    if file not in loaded:
        try:
            loaded[file] = load_file(folder / file)
        except Stopped as error:
            loaded[file] = error
    return loaded[file]


def tell(say: Callable[..., None], folder: str, name: str) -> None:
    """Judge an exercise in a process of its own, and say what is to be said of it as soon as it is known."""
    exercise, loaded = Exercise.named(name), dict[str, ModuleType | Stopped]()
    say(loading=exercise.file)
    _load(exercise.file, Path(folder), loaded)
    say(judging=name)

    def begin(report: Report) -> None:
        say(begin=report.beginning(), colored=report.beginning(color=True))

    say(verdict=asdict(judge(exercise, Path(folder), loaded, begin)))


def _is_borrowed(function: Callable[..., object], name: str) -> bool:
    """Tell whether it is bigramlab's own function, or names bigramlab or that function in its code."""
    ours, names = ours_for(name), getattr(getattr(function, "__code__", None), "co_names", ())
    known = getattr(function, "__globals__", {})
    return function is ours or "bigramlab" in names or any(known.get(one) is ours for one in names)


def _renamed(name: str, module: ModuleType) -> str:
    """Return a further line of a report if the file has a function of a similar name."""
    known = {exercise.name for exercise in Exercise.all()}
    own = [found for found, value in vars(module).items() if inspect.isfunction(value) and found not in known]
    similar = difflib.get_close_matches(name, own, n=1, cutoff=0.5)
    return f"\n  {'Or':<13}did you rename it to {similar[0]}?" if similar else ""


def load_file(path: Path) -> ModuleType:
    """Run a learner's file; raise `Stopped` if it does not come to its end, the first line saying why."""
    module = ModuleType(f"lab_{path.stem}")
    module.__file__ = str(path)
    try:
        code = compiled(path)
    except Unreadable as error:
        raise Stopped(str(error)) from None
    _enter(path.parent)
    sys.modules[module.__name__] = module
    writes, sys.dont_write_bytecode = sys.dont_write_bytecode, True  # two saves in a second could leave an old one
    try:
        with Guard(seconds=SECONDS_TO_LOAD, name=path.name, loads=True) as guard:
            guard.call(exec, code, module.__dict__)
    except Stopped as error:
        number = next((number for file, number in guard.stood if file == str(path)), None)
        raise Stopped(f"{path.name} can't be run: {error}{line_of(path, number)}") from None
    except Exception as error:
        number = _last_line_in(path, error)
        reason = f"{type(error).__name__}: {error}".removesuffix(": ")
        raise Stopped(f"{path.name} can't be run: {reason}, at line {number}{line_of(path, number)}") from None
    finally:
        sys.dont_write_bytecode = writes
    return module


def _enter(folder: Path) -> None:
    """Let a file that imports another one of the folder find it there, and as it is now; leave any other lab."""
    here = str(folder.resolve())
    labs = {here, *(place for place in sys.path if is_lab(Path(place)))}
    for name, module in list(sys.modules.items()):
        if os.path.dirname(getattr(module, "__file__", None) or "") in labs and name != "conftest":
            del sys.modules[name]
    importlib.invalidate_caches()
    sys.path[:] = [here, *(place for place in sys.path if place not in labs)]


def _last_line_in(path: Path, error: Exception) -> int | None:
    number, step = None, error.__traceback__
    while step:
        if step.tb_frame.f_code.co_filename == str(path):
            number = step.tb_lineno
        step = step.tb_next
    return number
