"""What there is to say of each exercise: its file is run, its laws are tried, and the result is put into words."""

import difflib
import importlib
import inspect
import os
import re
import shlex
import sys
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import decode_source
from pathlib import Path
from types import ModuleType

from bigramlab.judge.guarding import Guard
from bigramlab.judge.recording import shorten
from bigramlab.judge.running import run_laws
from bigramlab.lab.exercises import Exercise, is_lab
from bigramlab.laws.law import Stopped

__all__ = ["Verdict", "explain", "judge", "load_file", "progress_bar", "summary", "summary_of_labs"]

STATUSES = ["careful", "solved", "not right", "not reached", "not started"]
SOLVED = STATUSES[:2]  # the first with a star
WIDTH = 78


@dataclass(frozen=True)
class Verdict:
    """What there is to say of one exercise. True if it is solved.

    Attributes:
        name: The exercise's name.
        status: Which of `STATUSES`; "not reached" if its file can't be run.
        headline: The result in one line.
        text: The whole report, which begins with the headline.
        law: The law that is broken, if one is.
        care: How many of its care laws hold, such as "2 of 3", if it is solved.
    """

    name: str
    status: str
    headline: str
    text: str
    law: str = ""
    care: str = ""

    def __bool__(self) -> bool:
        """Tell whether it is solved."""
        return self.status in SOLVED

    @property
    def is_wrong(self) -> bool:
        """Tell whether it is started and not right."""
        return self.status in ("not right", "not reached")


def judge(
    exercise: Exercise,
    folder: Path,
    loaded: dict[str, ModuleType | Stopped],
    *,
    color: bool = False,
    begin: Callable[[str], None] = lambda _: None,
) -> Verdict:
    """Run the laws on the learner's function; `loaded` keeps the files that were run already.

    `begin` gets the beginning of the text as soon as a law is broken.
    """
    name = exercise.name
    if exercise.file not in loaded:
        try:
            loaded[exercise.file] = load_file(folder / exercise.file)
        except Stopped as error:
            loaded[exercise.file] = error
    module = loaded[exercise.file]
    if isinstance(module, Stopped):
        text = str(module)
        return Verdict(name, "not reached", text.splitlines()[0], text)
    function = getattr(module, name, None)
    if not callable(function):
        headline = f"{exercise.file} has no function {name}: `bigramlab reset {name}` puts the empty one back."
        return Verdict(name, "not right", headline, headline + _renamed(name, module))
    report = run_laws(function, name, lambda report: begin(report.beginning(color=color)))
    status = "careful" if report.careful else "solved" if report else "not right" if report.started else "not started"
    care = f"{report.care_held} of {report.care_total}" if report else ""
    return Verdict(name, status, report.headline(), report.text(color=color), report.law, care)


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
        source = path.read_bytes()
        decode_source(source)  # Python refuses what this refuses; compile does not, in a comment
        code = compile(source, path, "exec")
    except FileNotFoundError:
        folder = "." if path.parent.resolve() == Path.cwd() else shlex.quote(str(path.parent))
        raise Stopped(f"{path.name} is missing: `bigramlab start {folder}` writes it anew.") from None
    except (SyntaxError, ValueError, OSError) as error:
        raise Stopped(f"{path.name} can't be read: {_what_stops_the_reader(path, error)}") from None
    _enter(path.parent)
    sys.modules[module.__name__] = module
    writes, sys.dont_write_bytecode = sys.dont_write_bytecode, True  # two saves in a second could leave an old one
    try:
        with Guard(seconds=10, name=path.name, loads=True) as guard:
            guard.call(exec, code, module.__dict__)
    except Stopped as error:
        raise Stopped(f"{path.name} can't be run: {error}") from None
    except Exception as error:
        number = _last_line_in(path, error)
        reason = f"{type(error).__name__}: {error}".removesuffix(": ")
        raise Stopped(f"{path.name} can't be run: {reason}, at line {number}{_line(path, number)}") from None
    finally:
        sys.dont_write_bytecode = writes
    return module


def _what_stops_the_reader(path: Path, error: Exception) -> str:
    if re.search("codec can't decode|encoding declaration|null bytes", str(error)):
        return "have your editor save it as UTF-8"
    if not isinstance(error, SyntaxError):
        return str(error)
    reason = re.sub(r" \(detected at line \d+\)", "", error.msg).rstrip(".?")
    return f"{reason}, at line {error.lineno}{_line(path, error.lineno)}"


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


def _line(path: Path, number: int | None) -> str:
    """Return that line of the file as a further line of a report."""
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    if not number or number > len(lines):
        return ""
    return f"\n  {f'Line {number}':<13}{shorten(lines[number - 1].strip(), columns=WIDTH - 15)}"


def explain(verdicts: Sequence[Verdict]) -> str:
    """Explain the first that is started and wrong, or else the first that is not started, extras last.

    Of each other file that can't be run, the headline is said, too.
    """
    wrong = [verdict for verdict in verdicts if verdict.is_wrong]
    unsolved = [verdict for verdict in verdicts if not verdict]
    first = next(iter(wrong or sorted(unsolved, key=lambda one: not Exercise.named(one.name).core)), None)
    if first is None and len(verdicts) == 1:
        return verdicts[0].text
    if first is None and len(verdicts) < len(Exercise.all()):
        return "All that were tried are solved."
    if first is None:
        return f"All is solved. To compare yours with ours: bigramlab solution {verdicts[-1].name}"
    others = dict.fromkeys(verdict.headline for verdict in wrong if verdict.status == "not reached")
    others.pop(first.headline, None)
    return "\n".join([*others, *([""] if others else []), first.text, f"  {'Next':<13}{_next_step(first)}"])


def _next_step(verdict: Verdict) -> str:
    if verdict.status == "not reached":
        return "mend this first"
    hint = f"for a hint: bigramlab hint {verdict.name}"
    return hint if verdict.status == "not right" else f"write it in {Exercise.named(verdict.name).file}; {hint}"


def summary(verdicts: Sequence[Verdict]) -> str:
    """List the exercises by status, explain the first that is wrong, and draw how far one has come."""
    lines = []
    for status in STATUSES:
        names = [verdict.name for verdict in verdicts if verdict.status == status]
        for row, line in enumerate(textwrap.wrap(", ".join(names), WIDTH - 15)):
            lines.append(f"  {'' if row else status:<13}{line}")
    return "\n".join([*lines, "", explain(verdicts), "", "  " + progress_bar(verdicts)])


def summary_of_labs(labs: Mapping[str, Sequence[Verdict]]) -> str:
    """Draw how far each of several labs has come."""
    lines = [f"  {progress_bar(verdicts)}  {folder}" for folder, verdicts in labs.items()]
    return "\n".join([*lines, "", "What is wrong in one of them is said when it is checked alone."])


def progress_bar(verdicts: Sequence[Verdict]) -> str:
    """Draw how far one has come; the exercises that were not tried count as not solved."""
    solved, total = sum(map(bool, verdicts)), len(Exercise.all())
    careful = sum(verdict.status == "careful" for verdict in verdicts)
    stars = f", {careful} of them careful" if careful else ""
    untried = f"; {total - len(verdicts)} not tried" if len(verdicts) < total else ""
    bar = "*" * careful + "#" * (solved - careful) + "-" * (total - solved)
    return f"[{bar}] {solved} of {total} solved{stars}{untried}"
