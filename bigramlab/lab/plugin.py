"""The pytest plugin of the exercises: every function is a test, and the report is the failure."""

import difflib
import sys
from collections.abc import Generator, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bigramlab.lab.exercises import Exercise, is_lab
from bigramlab.lab.labs import Lab
from bigramlab.lab.verdicts import Verdict, summary, summary_of_labs

__all__ = ["Explanation", "Unsolved"]

FILES = {exercise.file for exercise in Exercise.all()}
NOT_PASSED = "not passed"  # pytest shows each that it calls "failed" in a section of its own
LABS = pytest.StashKey[dict[Path, Lab]]()
LETTERS = {"careful": "*", "solved": ".", "not careful": "c", "not right": "F", "not reached": "?", "not started": "-"}
COLORS = {
    "  careful ": "green",
    "  solved ": "green",
    "  not right ": "red",
    "  not reached ": "red",
    "  [": "bold",
    "  Next: ": "bold",
}


class Unsolved(Exception):
    """An exercise that is not solved; carries its verdict."""

    def __init__(self, verdict: Verdict) -> None:
        """Keep the verdict."""
        super().__init__(verdict.headline)
        self.verdict = verdict


class Explanation:
    """A failure as pytest shows it: the report is its text, and the report's first line its message."""

    def __init__(self, text: str) -> None:
        """Keep both, under the names that pytest looks for."""
        self.reprcrash = SimpleNamespace(message=text.partition("\n")[0])
        self.text = text

    def __str__(self) -> str:
        """Return the report."""
        return self.text

    def toterminal(self, writer: Any) -> None:
        """Write the report."""
        writer.line(self.text)


class ExerciseItem(pytest.Item):
    """One function to be written."""

    exercise: Exercise

    def runtest(self) -> None:
        """Run its laws."""
        try:
            verdict = self.judge()
        except KeyboardInterrupt:
            raise self.session.Interrupted("stopped by Ctrl-C") from None
        if verdict.status == "solved" and self.config.getoption("careful", False):
            verdict = replace(verdict, status="not careful")
        self.user_properties.append(("bigramlab", verdict.status))
        if verdict:
            self.user_properties.append(("care laws", verdict.care))
            self.user_properties += [("bigramlab's own", "yes")] * verdict.borrowed
            self.add_report_section("call", "bigramlab", verdict.text)  # what passes has no other text
        if not verdict:
            raise Unsolved(verdict)

    def judge(self) -> Verdict:
        """Return the verdict; where one may stop in it with a debugger, it is found in this process."""
        if _is_debugged(self.config):
            from bigramlab.lab.judging import judge

            return judge(self.exercise, self.path.parent, {})
        return _lab_of(self).verdict(self.exercise)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Show the report, not pytest's own view of how it came about."""
        if isinstance(excinfo.value, Unsolved):
            return Explanation(excinfo.value.verdict.text)
        return super().repr_failure(excinfo)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Say where the function stands, for editors."""
        try:
            lines = self.path.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:  # the report says why
            lines = []
        starts = [number for number, line in enumerate(lines) if line.startswith(f"def {self.name}(")]
        return self.path, starts[0] if starts else None, self.name


def _is_debugged(config: pytest.Config) -> bool:
    return bool(config.getoption("usepdb", False) or sys.gettrace() or "pydevd" in sys.modules)


class MissingFiles(pytest.File):
    """Stands at a lab's conftest.py for the chapters whose files were deleted."""

    def collect(self) -> Iterator[pytest.Collector]:
        """Yield them as if they were there; running them says that they are not."""
        for name in sorted({exercise.file for exercise in Exercise.of(self.path.parent)}):
            if not self.path.with_name(name).exists():
                yield ExerciseFile.from_parent(self, path=self.path.with_name(name))


class NoTests(pytest.File):
    """Stands in for what pytest makes of a file that is named: it would import the file, unguarded."""

    def collect(self) -> list[pytest.Item]:
        """Find nothing: the functions are those of the `ExerciseFile`."""
        return []


class ExerciseFile(pytest.File):
    """The file of one chapter."""

    def collect(self) -> Iterator[pytest.Item]:
        """Yield its functions, whether the file can be run or not."""
        for exercise in Exercise.all():
            if exercise.file == self.path.name:
                item = ExerciseItem.from_parent(self, name=exercise.name)
                item.exercise = exercise
                yield item


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a teacher ask for care, too."""
    told = "have an exercise pass only if it is careful, too: if it refuses what can't work, takes iterators and so on"
    parser.addoption("--careful", action="store_true", help=told)
    told = "judge every exercise, though its code be the same as when it was judged last"
    parser.addoption("--fresh", action="store_true", help=told)


@pytest.hookimpl(tryfirst=True)  # Hypothesis' plugin imports half a second's worth
def pytest_configure(config: pytest.Config) -> None:
    """Start the process that judges at once, as it takes torch's seconds, if something in this lab is to be judged.

    And have `--collect-only -q` list the tests, as editors expect: with our pytest.ini it is quieter by one.
    """
    config.stash[LABS] = {}
    if config.option.collectonly:
        config.option.verbose = max(config.option.verbose, -1)
    elif is_lab(config.rootpath) and not config.option.help and not _is_debugged(config):
        lab = config.stash[LABS][config.rootpath] = Lab(config.rootpath, fresh=config.getoption("fresh", False))
        lab.prepare(lab.exercises)


def _lab_of(item: ExerciseItem) -> Lab:
    labs, folder = item.config.stash[LABS], item.path.parent
    return labs.get(folder) or labs.setdefault(folder, Lab(folder, fresh=item.config.getoption("fresh", False)))


def pytest_unconfigure(config: pytest.Config) -> None:
    """End the processes in which exercises were judged."""
    for lab in config.stash.get(LABS, {}).values():
        lab.close()


def pytest_collection_finish(session: pytest.Session) -> None:
    """Start the process of the lab that is the first to need one, while pytest goes on to begin."""
    found = [item for item in session.items if isinstance(item, ExerciseItem)]
    first = [item for item in found if item.path.parent == found[0].path.parent]
    if first and not session.config.option.collectonly:
        _lab_of(first[0]).prepare(item.exercise for item in first)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the exercises of each lab in the order in which they are done, and leave other tests where they are."""
    every = sorted(Exercise.all(), key=lambda one: not one.core)  # so that -x ends at what is next, and not at an extra
    order = {exercise.name: place for place, exercise in enumerate(every)}
    found = [item for item in items if isinstance(item, ExerciseItem)]
    sorted_ones = iter(sorted(found, key=lambda item: (item.path.parent, order[item.name])))
    items[:] = [next(sorted_ones) if isinstance(item, ExerciseItem) else item for item in items]


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Take the chapters' files as tests, and those that are missing, too."""
    if file_path.name == "conftest.py" and is_lab(file_path.parent):
        return MissingFiles.from_parent(parent, path=file_path)
    return ExerciseFile.from_parent(parent, path=file_path) if _is_exercise_file(file_path) else None


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Keep pytest from importing a chapter's file, as it does with each file that is named."""
    return NoTests.from_parent(parent, path=module_path) if _is_exercise_file(module_path) else None


def _is_exercise_file(path: Path) -> bool:
    return path.name in FILES and is_lab(path.parent)


def pytest_report_teststatus(report: pytest.TestReport | pytest.CollectReport) -> tuple[str, str, str] | None:
    """Show an exercise's own status instead of pytest's; what is not solved is told in the summary below alone."""
    status = _status(report)
    if report.when != "call" or not status:
        return None
    return "passed" if report.passed else NOT_PASSED, LETTERS[status], status.upper()


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Tell how far one has come, and what is wrong with the first that is not solved."""
    reports = [*terminalreporter.stats.get("passed", []), *terminalreporter.stats.get(NOT_PASSED, [])]
    order = [exercise.name for exercise in Exercise.all()]
    labs: dict[str, list[Verdict]] = {}
    for report in sorted(filter(_status, reports), key=lambda report: order.index(_name(report))):
        labs.setdefault(_folder(report), []).append(_verdict(report))
    if not labs:
        asked = config.getoption("keyword", "")
        if terminalreporter.stats.get("deselected") and (similar := difflib.get_close_matches(asked, order)):
            terminalreporter.write_line(f"There is no exercise {asked!r}; did you mean {' or '.join(similar)}?")
        return
    known, exercises = {}, {}  # of all exercises, those that were left out this time, too
    for folder, verdicts in sorted(labs.items()):
        lab = Lab(config.rootpath / folder)
        known[folder], exercises[folder] = lab.all_known() | {one.name: one for one in verdicts}, lab.exercises
    terminalreporter.write_sep("=", "bigramlab")
    (first, verdicts), *others = labs.items()
    text = summary_of_labs(known, exercises) if others else summary(verdicts, known[first], exercises[first])
    for line in text.splitlines():
        color = {color: True for start, color in COLORS.items() if line.startswith(start)}
        terminalreporter.write_line(line, **color)


@pytest.hookimpl(wrapper=True)
def pytest_report_from_serializable() -> Generator[None, Any, Any]:
    """Give a report that comes from another process (pytest-xdist) its message again: only the text was sent."""
    report = yield
    if isinstance(report, pytest.TestReport) and _status(report) and isinstance(report.longrepr, str):
        report.longrepr = Explanation(report.longrepr)  # type: ignore[assignment]  # any class with these names will do
    return report


def _status(report: pytest.TestReport | pytest.CollectReport) -> str:
    """Return an exercise's status, or nothing if it is another test, or a file that has none."""
    return str(dict(getattr(report, "user_properties", ())).get("bigramlab", ""))


def _name(report: pytest.TestReport) -> str:
    return report.nodeid.rpartition("::")[2]


def _folder(report: pytest.TestReport) -> str:
    """Return the lab's folder, as seen from where pytest's paths begin."""
    return report.nodeid.rpartition("::")[0].rpartition("/")[0]


def _verdict(report: pytest.TestReport) -> Verdict:
    """Return the verdict that a report was made from."""
    text = str(report.longrepr or dict(report.sections).get("Captured bigramlab call", ""))
    return Verdict(_name(report), _status(report), text.partition("\n")[0], text)
