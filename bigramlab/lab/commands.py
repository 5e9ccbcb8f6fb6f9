"""The commands of a lab: start, status, next, solution, reset, watch."""

# ruff: noqa: T201, commands print

import ast
import os
import re
import shlex
import subprocess
import sys
import tokenize
from pathlib import Path

from bigramlab.lab.exercises import Exercise, stub_of, write_lab
from bigramlab.lab.labs import Lab, verdict_on
from bigramlab.lab.solutions import solution_of
from bigramlab.lab.verdicts import next_exercise, table, what_is_next
from bigramlab.lessons.files import write_file

__all__ = ["at_hand", "go_on", "reset", "solution", "start", "status", "watch"]


def start(folder: Path, chapters: str | None = None) -> int:
    """Write the exercises, or those of some chapters."""
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"{folder} is a file, and the exercises need a folder; choose another name")
    written = write_lab(folder, chapters)
    for path in written:
        print(f"wrote {path}")
    if not written:
        print(f"{folder} has all these exercises already; nothing was changed")
    steps = [f"cd {shlex.quote(str(folder))}"] * (folder.resolve() != Path.cwd()) + ["pytest"]
    print("\n".join(["\nNext:", *(f"  {step}" for step in steps)]))
    lab = Lab(folder)
    print(what_is_next(lab.all_known(), lab.exercises).replace("Next: ", "Then write ", 1) + "; any editor will do.")
    return 0


def status(folder: Path) -> int:
    """Show how far one has come, by what was judged last."""
    _require_lab(folder)
    lab = Lab(folder)
    known = lab.all_known()
    print(table(known, lab.exercises))
    for text in dict.fromkeys(verdict.text for verdict in known.values() if verdict.status == "not reached"):
        print(f"\n{text}")
    return 0


def go_on(folder: Path, open: bool = False) -> int:
    """Name the exercise to go on with, its file and line, and open it in the editor if that is asked for."""
    exercise = at_hand(folder)
    path = exercise.path_in(folder)
    line = _line_of(exercise, path)
    print(f"{path}:{line}: {exercise.name}")
    if open:
        editor = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "")
        if not editor:
            raise ValueError("no editor is known; set the variable EDITOR, such as: export EDITOR=nano")
        takes_places = Path(editor[0]).stem in ("code", "codium", "cursor")
        where = ["--goto", f"{path}:{line}"] if takes_places else [f"+{line}", str(path)]
        return subprocess.run([*editor, *where]).returncode
    return 0


def at_hand(folder: Path) -> Exercise:
    """Return the exercise that one is at: what is wrong, or else the first that is not solved."""
    _require_lab(folder)
    lab = Lab(folder)
    exercise = next_exercise(lab.all_known(), lab.exercises)
    if exercise is None:
        raise ValueError("all is solved here; say which function you mean, such as normalize")
    return exercise


def _require_lab(folder: Path) -> None:
    if not any((folder / exercise.file).exists() for exercise in Exercise.all()):
        Exercise.first().path_in(folder)


def _line_of(exercise: Exercise, path: Path) -> int:
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return next((n for n, line in enumerate(lines, start=1) if line.startswith(f"def {exercise.name}(")), 1)


def solution(name: str | None, folder: Path, yes: bool) -> int:
    """Show bigramlab's own version."""
    exercise = Exercise.named(name) if name else at_hand(folder)
    if not yes and (folder / exercise.file).exists() and not verdict_on(exercise, folder):
        if not sys.stdin.isatty():
            raise ValueError(f"your {exercise.name} is not solved yet; add --yes to see the solution all the same")
        question = f"Your {exercise.name} is not solved yet. Show the solution? [y/N] "
        if input(question).strip().lower() not in ("y", "yes"):
            return 0
    print(solution_of(exercise))
    return 0


def reset(name: str, folder: Path) -> int:
    """Put the stub back, and keep the old file, to the byte."""
    exercise = Exercise.named(name)
    path = exercise.path_in(folder)
    before = path.read_bytes()
    after = _with_the_stub(before, exercise, path)
    if after == before:
        print(f"{name} in {path.name} is as it was at the beginning already; nothing was changed")
        return 0
    number = next(n for n in range(1, 10_000) if not path.with_suffix(f".old{n}").exists())
    backup = path.with_suffix(f".old{number}")
    write_file(backup, before)
    write_file(path, after)
    print(f"{name} in {path.name} is as it was at the beginning; your version of the file is kept as {backup.name}")
    return 0


def _with_the_stub(before: bytes, exercise: Exercise, path: Path) -> bytes:
    """Return a file's content with the function as it was at the beginning, and all else as it is."""
    try:
        tree = ast.parse(before)
        encoding, _ = tokenize.detect_encoding(iter(before.splitlines(keepends=True)).__next__)
    except (SyntaxError, ValueError) as error:
        line = f", at line {error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
        raise ValueError(
            f"{path} can't be read: {getattr(error, 'msg', error)}{line}. Mend that line first, or move the file away "
            f"and have it written anew: bigramlab start {shlex.quote(str(path.parent))}"
        ) from None
    lines = re.findall(rb"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+$", before)  # as Python counts them
    end = re.search(rb"\r\n|\r|\n", before)
    newline = end[0].decode() if end else "\n"
    stub = [(line + newline).encode(encoding.removesuffix("-sig")) for line in stub_of(exercise).splitlines()]
    nodes = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == exercise.name]
    if nodes:
        first = min([nodes[0].lineno, *(decorator.lineno for decorator in nodes[0].decorator_list)])
        mark = b"\xef\xbb\xbf" if first == 1 and before.startswith(b"\xef\xbb\xbf") else b""
        lines[first - 1 : nodes[0].end_lineno] = [mark, *stub]
    else:
        ended = [newline.encode()] * bool(lines and not lines[-1].endswith((b"\r", b"\n")))
        lines += [*ended, *[newline.encode()] * 2, *stub]
    return b"".join(lines)


def watch(folder: Path) -> int:
    """Check a file's functions whenever it is saved, until Ctrl-C."""
    from bigramlab.lab import watching

    _require_lab(folder)
    watching.watch(folder, color=sys.stdout.isatty() and not os.environ.get("NO_COLOR"))
    return 0
