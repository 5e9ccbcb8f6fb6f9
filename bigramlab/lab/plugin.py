"""The pytest plugin of the exercises: every function is a test, and the report is the failure."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bigramlab.guarding import Stopped
from bigramlab.lab.exercises import CHAPTERS, Exercise, load_file
from bigramlab.laws import LAWS
from bigramlab.reporting import Report
from bigramlab.running import run_laws

__all__ = ["check_exercise", "progress_bar"]


def check_exercise(exercise: Exercise, folder: Path, loaded: dict[str, Any]) -> Report:
    """Run the laws on the learner's function; what keeps it from being called is part of the report."""
    report = Report(exercise.name, held=0, total=len(LAWS[exercise.name]), chapter=exercise.chapter)
    try:
        if exercise.file not in loaded:
            try:
                loaded[exercise.file] = load_file(folder / exercise.file)
            except Stopped as error:
                loaded[exercise.file] = error
        if isinstance(loaded[exercise.file], Stopped):
            raise loaded[exercise.file]
        function = getattr(loaded[exercise.file], exercise.name, None)
        if not callable(function):
            raise Stopped(
                f"{exercise.file} has no function {exercise.name}; `bigramlab reset {exercise.name}` puts it back"
            )
        return run_laws(function, exercise.name)
    except Stopped as error:
        report.problem = str(error)
        return report


def progress_bar(solved: int, total: int) -> str:
    """Draw how far one has come."""
    return f"[{'#' * solved}{'-' * (total - solved)}] {solved} of {total} solved"


class Unsolved(Exception):
    """An exercise that is not solved; carries its report."""

    def __init__(self, report: Report) -> None:
        """Keep the report."""
        super().__init__(report.headline())
        self.report = report


class ExerciseItem(pytest.Item):
    """One function to be written."""

    exercise: Exercise

    def runtest(self) -> None:
        """Run its laws."""
        assert isinstance(self.parent, ExerciseFile)
        report = check_exercise(self.exercise, self.path.parent, self.parent.loaded)
        self.user_properties.append(("bigramlab", report.headline()))
        self.stash[REPORT] = report
        if not report:
            raise Unsolved(report)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Show the report, not pytest's own view of how it came about."""
        if isinstance(excinfo.value, Unsolved):
            return excinfo.value.report.text()
        return super().repr_failure(excinfo)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Say where the function stands, for editors."""
        lines = self.path.read_text(encoding="utf-8", errors="replace").splitlines()
        starts = [number for number, line in enumerate(lines) if line.startswith(f"def {self.name}(")]
        return self.path, starts[0] if starts else None, self.name


class ExerciseFile(pytest.File):
    """The file of one chapter."""

    loaded: dict[str, Any]

    def collect(self) -> Iterator[pytest.Item]:
        """Yield its functions, whether the file can be imported or not."""
        self.loaded = {}
        for exercise in Exercise.all():
            if exercise.file == self.path.name:
                item = ExerciseItem.from_parent(self, name=exercise.name)
                item.exercise = exercise
                yield item


REPORT = pytest.StashKey[Report]()
FILES = {Exercise(names[0], chapter).file for chapter, names in CHAPTERS.items()}


def pytest_configure(config: pytest.Config) -> None:
    """Leave the telling to the summary below."""
    if config.option.tbstyle == "auto":
        config.option.tbstyle = "no"
    config.option.reportchars = config.option.reportchars.replace("f", "").replace("E", "")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Take the chapters' files as tests."""
    of_the_lab = file_path.name in FILES and (file_path.parent / "conftest.py").exists()  # not a copy in a subfolder
    return ExerciseFile.from_parent(parent, path=file_path) if of_the_lab else None


def pytest_report_teststatus(report: pytest.TestReport) -> tuple[str, str, str] | None:
    """Call a passed exercise solved."""
    if report.when != "call" or not dict(report.user_properties).get("bigramlab"):
        return None
    if report.passed:
        return "passed", ".", "SOLVED"
    started = "is not started" not in str(dict(report.user_properties)["bigramlab"])
    return "failed", "F" if started else "-", "NOT RIGHT YET" if started else "NOT STARTED"


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Tell how far one has come, and what is wrong with the first that is not solved."""
    reports = [*terminalreporter.stats.get("passed", []), *terminalreporter.stats.get("failed", [])]
    lines = {report.nodeid: (report, dict(report.user_properties).get("bigramlab", "")) for report in reports}
    order = [exercise.name for exercise in Exercise.all()]
    ran = sorted((entry for entry in lines.values() if entry[1]), key=lambda entry: order.index(entry[1].split()[0]))
    if not ran:
        return
    write = terminalreporter.write_line
    terminalreporter.section("bigramlab")
    shown = False
    for report, headline in ran:
        if report.passed:
            write(f"  solved       {headline.split()[0]}", green=True)
        elif not shown:
            shown = True
            write("")
            write(report.longreprtext)
            write(f"  Next         bigramlab hint {headline.split()[0]}")
            write("")
        else:
            write(f"  {'not started' if 'not started' in headline else 'not right':<13}{headline.split()[0]}")
    write("")
    write("  " + progress_bar(sum(report.passed for report, _ in ran), len(ran)), bold=True)
