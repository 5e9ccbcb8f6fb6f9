"""Check the exercises whenever a file is saved: those whose code has changed, and no others."""

# ruff: noqa: T201, it prints what it finds

import ast
import re
import sys
import time
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from types import ModuleType

from bigramlab.lab.exercises import Exercise
from bigramlab.lab.verdicts import Verdict, explain, judge, progress_bar, summary
from bigramlab.laws.law import Stopped

__all__ = ["Lab", "code_of", "tell", "watch"]


class Lab:
    """The exercises in a folder, and what is known of each."""

    def __init__(self, folder: Path, *, color: bool = False) -> None:
        """Begin without knowing anything."""
        self.folder, self.color = folder, color
        self.verdicts: dict[str, Verdict] = {}
        self._codes: dict[str, str] = {}
        self._right: dict[tuple[str, str], Verdict] = {}  # code that was right once need not be tried again

    def check(self, first: Collection[str] = (), begin: Callable[[str], None] = lambda _: None) -> Iterator[Verdict]:
        """Yield the verdict on each exercise whose code has changed; those in the files `first` come first.

        `begin` gets the beginning of each text as soon as a law is broken.
        """
        loaded: dict[str, ModuleType | Stopped] = {}
        for exercise in sorted(Exercise.all(), key=lambda exercise: exercise.file not in first):
            name, code = exercise.name, code_of(exercise, self.folder)
            if self._codes.get(name) == code:
                continue
            verdict = self._right.get((name, code)) or judge(
                exercise, self.folder, loaded, color=self.color, begin=begin
            )
            if verdict:
                self._right[name, code] = verdict
            self._codes[name], self.verdicts[name] = code, verdict
            yield verdict

    def known(self) -> list[Verdict]:
        """Return the verdicts in the tutorial's order."""
        return [self.verdicts[exercise.name] for exercise in Exercise.all() if exercise.name in self.verdicts]


def code_of(exercise: Exercise, folder: Path) -> str:
    """Return all the code that the verdict on an exercise can depend on."""
    path = folder / exercise.file
    text = _read(path)
    return _without_other_exercises(text, exercise.name) + _imported(text, folder, {path.stem})


def _without_other_exercises(text: str, name: str) -> str:
    """Take out the file's other exercises, but not those that something else in the file calls."""
    try:
        nodes = ast.parse(text).body
    except (SyntaxError, ValueError):
        return text
    names = {exercise.name for exercise in Exercise.all()} - {name}
    lines: list[str] = text.splitlines()
    for node in reversed(nodes):
        if isinstance(node, ast.FunctionDef) and node.name in names:
            called = {found.id for other in nodes if other is not node for found in _names_in(other)}
            if node.name not in called:
                first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
                del lines[first - 1 : node.end_lineno]
    return "\n".join(lines)


def _names_in(node: ast.AST) -> Iterator[ast.Name]:
    return (found for found in ast.walk(node) if isinstance(found, ast.Name))


def _imported(text: str, folder: Path, seen: set[str]) -> str:
    """Return the text of all files in the folder that this text names, and that those name."""
    texts = ""
    for path in sorted(folder.glob("*.py")):
        if path.stem not in seen and re.search(rf"\b{re.escape(path.stem)}\b", text):
            seen.add(path.stem)
            texts += _read(path) + _imported(_read(path), folder, seen)
    return texts


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:  # it is missing, or may not be read; the verdict says so
        return ""


def watch(folder: Path, *, color: bool = False) -> None:
    """Tell of every change, until Ctrl-C."""
    lab, saved = Lab(folder, color=color), _save_times(folder)
    print("Checking all exercises once, then a file whenever you save it. Ctrl-C ends.\n", flush=True)
    try:
        list(lab.check())
        print(summary(lab.known()), flush=True)
        while True:
            before, saved = saved, _next_save(folder, saved)
            files = [name for name in saved if saved[name] != before.get(name)]
            print()
            tell(lab, files)
            print("  " + progress_bar(lab.known()), flush=True)
    except KeyboardInterrupt:
        print(f"\n\n{summary(lab.known())}")


def tell(lab: Lab, files: Collection[str] = ()) -> None:
    """Say each verdict as soon as it is there: the first that is wrong in full, of the others the headline."""
    said: set[str] = set()
    begun: list[str] = []  # the lines that were said before the whole verdict was there
    explained, output = False, sys.stdout  # while laws are tried, what is printed is the function's

    def begin(text: str) -> None:
        if not explained:
            begun.extend(text.splitlines())
            print(text, file=output, flush=True)

    for verdict in lab.check(files, begin):
        in_full = verdict.is_wrong and not explained
        explained |= in_full
        if verdict.headline not in said:
            lines = explain([verdict]).splitlines()[len(begun) :] if in_full or verdict else [_in_short(verdict)]
            print("\n".join(lines), flush=True)
        said.add(verdict.headline)
        begun.clear()
    if not said:
        print("No function has changed.")


def _in_short(verdict: Verdict) -> str:
    return verdict.headline + (f" Why: pytest -k {verdict.name}" if verdict.status == "not right" else "")


def _next_save(folder: Path, before: dict[str, int]) -> dict[str, int]:
    """Wait until a file has changed, and its editor is done with it."""
    while True:
        saved = _save_times(folder)
        time.sleep(0.1)
        if saved != before and saved == _save_times(folder):
            return saved


def _save_times(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in folder.glob("*.py") if path.exists()}
