"""A lab, and what is known of each exercise in it: what has changed is judged, in a process of its own."""

import ast
import textwrap
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache, lru_cache
from pathlib import Path

from bigramlab.lab.apart import Apart, Gone
from bigramlab.lab.exercises import Exercise, file_of
from bigramlab.lab.progress import Progress, code_with_imports, key_of, read
from bigramlab.lab.sources import Unreadable, compiled
from bigramlab.lab.verdicts import WIDTH, Verdict

__all__ = ["Lab", "judge_apart", "verdict_on"]


class Lab:
    """The exercises in a folder."""

    def __init__(self, folder: Path, *, fresh: bool = False, apart: Apart | None = None) -> None:
        """Know what was judged before, or nothing if it is to be judged afresh; labs may share a process."""
        self.folder = folder
        self.exercises = Exercise.of(folder)
        self._progress = Progress(folder)
        self._afresh = {exercise.name for exercise in self.exercises} if fresh else set()
        self._apart = apart
        self._stuck: dict[tuple[str, str], Verdict] = {}  # for each code of a file that can't be run

    def known(self, exercise: Exercise) -> Verdict | None:
        """Return the verdict if it is known without judging."""
        found = self._known(exercise)
        return None if found is None else self._with_what_it_calls(exercise, found)

    def _known(self, exercise: Exercise) -> Verdict | None:
        kept = None if exercise.name in self._afresh else self._progress.verdict(exercise)
        verdicts = (kept, _unreadable(exercise, self.folder), _not_started(exercise, self.folder))
        return next((verdict for verdict in verdicts if verdict is not None), None)

    def all_known(self) -> dict[str, Verdict]:
        """Return all verdicts that are known without judging."""
        known = {exercise.name: self.known(exercise) for exercise in self.exercises}
        return {name: verdict for name, verdict in known.items() if verdict is not None}

    def prepare(self, exercises: Iterable[Exercise] = (), *, at_once: bool = False) -> None:
        """Start the process, which takes torch's seconds, if one of these is to be judged, or at once."""
        if (self._apart is None or self._apart.ended) and (
            at_once or any(self.known(exercise) is None for exercise in exercises)
        ):
            self._apart = judge_apart()
            self.all_known()  # while torch is loaded there, what the summary asks for is read and parsed here

    def verdict(self, exercise: Exercise, begin: Callable[[str, str], None] = lambda *_: None) -> Verdict:
        """Return the verdict on an exercise.

        `begin` gets the beginning of its text, plain and colored, as soon as a law is broken.
        """
        key = key_of(exercise, self.folder)
        verdict = self._known(exercise)
        if verdict is None:
            verdict = self._judged(exercise, begin)
            self._afresh.discard(exercise.name)
            if key_of(exercise, self.folder) == key:  # else it was saved meanwhile
                self._progress.keep(exercise, key, verdict)
        return self._with_what_it_calls(exercise, verdict)

    def _with_what_it_calls(self, exercise: Exercise, verdict: Verdict) -> Verdict:
        """Say of what is wrong which other exercise it calls that isn't right either: that may be all."""
        if not verdict.is_wrong or verdict.status == "not reached":
            return verdict
        for other in Exercise.all():
            if other.name in _called(read(self.folder / exercise.file), exercise.name):
                found = self._known(other)
                if found is not None and not found:
                    state = "is not written yet" if found.status == "not started" else "is not right yet"
                    told = f"  {'Mind':<13}it calls your {other.name}, which {state}: begin there"
                    text, colored = (one.replace("\n", f"\n{told}\n", 1) for one in (verdict.text, verdict.colored))
                    return replace(verdict, text=text, colored=colored)
        return verdict

    def _judged(self, exercise: Exercise, begin: Callable[[str, str], None]) -> Verdict:
        file = exercise.file, code_with_imports(self.folder / exercise.file)
        if file in self._stuck:
            return replace(self._stuck[file], name=exercise.name)
        self.prepare(at_once=True)
        assert self._apart
        self._apart.tell({"folder": str(self.folder), "name": exercise.name})
        verdict, loading = None, False
        try:
            for message in self._apart.messages():
                loading = "loading" in message
                if "begin" in message:
                    begin(message["begin"], message["colored"])
                elif "verdict" in message:
                    verdict = Verdict(**message["verdict"])
        except Gone as gone:
            if loading:
                verdict = _not_reached(exercise, str(gone))
            else:
                return _ended(exercise, str(gone))
        except BaseException:  # Ctrl-C; what it is at is of no use any more
            self.close()
            raise
        if verdict is not None and verdict.status == "not reached":  # nor will it be run for its other functions
            self._stuck[file] = verdict
        return _ended(exercise, "it was not judged") if verdict is None else verdict

    def close(self) -> None:
        """End the process."""
        if self._apart:
            self._apart.end()


def judge_apart() -> Apart:
    """Start a process that judges exercises."""
    return Apart("bigramlab.lab.judging:tell")


def verdict_on(exercise: Exercise, folder: Path) -> Verdict:
    """Return the verdict on one exercise of a lab."""
    lab = Lab(folder)
    try:
        return lab.verdict(exercise)
    finally:
        lab.close()


def _not_reached(exercise: Exercise, reason: str) -> Verdict:
    text = f"{exercise.file} can't be run: {reason}"
    return Verdict(exercise.name, "not reached", text, text)


def _unreadable(exercise: Exercise, folder: Path) -> Verdict | None:
    """Return the verdict on a function in a file that Python can't read, or that is not there."""
    try:
        compiled(folder / exercise.file)
    except Unreadable as error:
        return Verdict(exercise.name, "not reached", str(error).splitlines()[0], str(error))
    return None


def _ended(exercise: Exercise, reason: str) -> Verdict:
    headline = f"{exercise.name} is not right yet: it ends the process, or does not come back."
    lines = textwrap.wrap(reason, WIDTH - 15)
    rows = [f"  {'' if row else 'But':<13}{line}" for row, line in enumerate(lines)]
    return Verdict(exercise.name, "not right", headline, "\n".join([headline, *rows]))


def _not_started(exercise: Exercise, folder: Path) -> Verdict | None:
    """Return the verdict on a function as it was at first, in a file with nothing else in it that could fail."""
    mine, first = _parts(read(folder / exercise.file)), _parts(_at_first(exercise.file))
    if not mine or mine[""] != first[""] or mine.get(exercise.name) != first[exercise.name]:
        return None
    headline = f"{exercise.name} is not started: it raises NotImplementedError."
    return Verdict(exercise.name, "not started", headline, headline)


@cache
def _at_first(file: str) -> str:
    return file_of([one for one in Exercise.all() if one.file == file])


@lru_cache(100)
def _called(text: str, name: str) -> set[str]:
    """Return the names that a function of a file reads, but its own."""
    try:
        nodes = ast.parse(text).body
    except (SyntaxError, ValueError):
        return set()
    own = [node for node in nodes if isinstance(node, ast.FunctionDef) and node.name == name]
    return {found.id for node in own for found in ast.walk(node) if isinstance(found, ast.Name)} - {name}


@lru_cache(100)
def _parts(text: str) -> dict[str, str]:
    """Return the functions of a file, which don't run by themselves, and all else that does; nothing if it can't.

    Docstrings are left out: an earlier bigramlab may have written other ones.
    """
    try:
        nodes = ast.parse(text).body
    except (SyntaxError, ValueError):
        return {}
    plain = [node for node in nodes if isinstance(node, ast.FunctionDef) and not node.decorator_list]
    for node in plain:
        node.body = node.body[ast.get_docstring(node) is not None :]
    return {"": "\n".join(ast.dump(node) for node in nodes if node not in plain)} | {
        node.name: ast.dump(node) for node in plain
    }
