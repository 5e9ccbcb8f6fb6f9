"""The command `bigramlab`: the exercises, and models of your own words."""

import argparse
import ast
import io
import json
import os
import shlex
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bigramlab.judge.witnessing import last_resort
from bigramlab.lab.exercises import Exercise, stub_of, write_lab
from bigramlab.lab.solutions import solution_of

__all__ = ["main"]


def start(folder: Path) -> int:
    """Write the exercises."""
    if folder.exists() and not folder.is_dir():
        return _fail(f"{folder} is a file, and the exercises need a folder; choose another name")
    written = write_lab(folder)
    for path in written:
        print(f"wrote {path}")
    if not written:
        print(f"{folder} has all the exercises already; nothing was changed")
    print(f"\nNext:\n  cd {shlex.quote(str(folder))}\n  pytest")
    print(f"Then write the first function, {Exercise.first().name} in {Exercise.first().file}; any editor will do.")
    return 0


def hint(name: str, folder: Path) -> int:
    """Show the next hint."""
    exercise = Exercise.named(name)
    _file_of(exercise, folder)
    hints = _hints_on(exercise, folder)
    state = folder / ".bigramlab.json"
    given = _hints_given(state)
    earlier = [text for text in hints if text in given.get(name, [])]
    if len(earlier) == len(hints):
        earlier = []
    number = len(earlier) + 1
    text = next(text for text in hints if text not in earlier)
    print(f"Hint {number} of {len(hints)}\n")
    print(textwrap.fill(text, 78, initial_indent="  ", subsequent_indent="  "))
    last = f"That was the last one; `bigramlab solution {name}` shows our version."
    print("\n" + ("Ask again for the next one." if number < len(hints) else last))
    try:
        state.write_text(json.dumps(given | {name: [*earlier, text]}), encoding="utf-8")
    except OSError as error:
        print(f"But it will be this one again, as the folder can't be written: {error}")
    return 0


def _hints_on(exercise: Exercise, folder: Path) -> list[str]:
    """Return all hints: the law that is broken now, or else the first; common mistakes; the other laws."""
    from bigramlab.lab.verdicts import judge
    from bigramlab.laws import LAWS
    from bigramlab.mistakes import MISTAKES

    broken = judge(exercise, folder, {}).law
    sentences = sorted([law.sentence for law in LAWS[exercise.name]], key=lambda sentence: sentence != broken)
    first, *others = [f"What must hold: {sentence}" for sentence in dict.fromkeys(sentences)]
    mistakes = [f"A common mistake: {found.wrong} {found.seen}" for found in MISTAKES.get(exercise.name, [])[:3]]
    return [first, *mistakes, *others]


def _hints_given(state: Path) -> dict[str, list[str]]:
    """Return the hints given on each function; none, if the file that says so is missing or damaged."""
    try:
        found = json.loads(state.read_bytes())
        return {str(name): list(texts) for name, texts in found.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def solution(name: str, folder: Path, yes: bool) -> int:
    """Show bigramlab's own version."""
    from bigramlab.lab.verdicts import judge

    exercise = Exercise.named(name)
    if not yes and (folder / exercise.file).exists() and not judge(exercise, folder, {}):
        if not sys.stdin.isatty():
            return _fail(f"your {name} is not solved yet; add --yes to see the solution all the same")
        if input(f"Your {name} is not solved yet. Show the solution? [y/N] ").strip().lower() not in ("y", "yes"):
            return 0
    print(solution_of(exercise))
    return 0


def reset(name: str, folder: Path) -> int:
    """Put the stub back, and keep the old file."""
    exercise = Exercise.named(name)
    path = _file_of(exercise, folder)
    text = path.read_text(encoding="utf-8-sig")
    try:
        nodes = [node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef) and node.name == name]
    except SyntaxError as error:
        return _fail(
            f"{path} can't be read: {error.msg}, at line {error.lineno}. Mend that line first, or move the "
            f"file away and have it written anew: bigramlab start {folder}"
        )
    number = next(n for n in range(1, 10_000) if not path.with_suffix(f".old{n}").exists())
    backup = path.with_suffix(f".old{number}")
    backup.write_text(text, encoding="utf-8")
    lines = text.splitlines()
    if nodes:
        first = min([nodes[0].lineno, *(decorator.lineno for decorator in nodes[0].decorator_list)])
        lines[first - 1 : nodes[0].end_lineno] = stub_of(exercise).splitlines()
    else:
        lines += ["", "", *stub_of(exercise).splitlines()]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{name} in {path.name} is as it was at the beginning; your version of the file is kept as {backup.name}")
    return 0


def watch(folder: Path) -> int:
    """Check a file's functions whenever it is saved, until Ctrl-C."""
    from bigramlab.lab import watching

    _file_of(Exercise.all()[0], folder)
    watching.watch(folder, color=sys.stdout.isatty() and not os.environ.get("NO_COLOR"))
    return 0


def _file_of(exercise: Exercise, folder: Path) -> Path:
    """Return the exercise's file, once it is there."""
    path = folder / exercise.file
    if not path.exists():
        raise ValueError(f"there is no {path}; run this in the folder of your exercises, or: bigramlab start {folder}")
    return path


def _fail(message: str) -> int:
    print(f"bigramlab: {message}", file=sys.stderr)
    return 2


def check(file: Path, seconds: float) -> int:
    """Run a notebook or script, and say of all that it made whether it is right."""
    from bigramlab.lab.notebooks import check_file

    color = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    status, page = check_file(file, seconds, color=color, say=lambda line: print(f"{line} …", file=sys.stderr))
    print(page)
    return status


def sample(**options: Any) -> int:
    """Write new words like the given ones."""
    from bigramlab.lab import models

    return models.sample(**options)


def compare(**options: Any) -> int:
    """Train every model on the words, and show how good each is on words that it did not see."""
    from bigramlab.lab import models

    return models.compare(**options)


def _lengths(text: str) -> list[int]:
    return [int(number) for number in text.split(",")]


def main(arguments: list[str] | None = None) -> int:
    """Run the command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a pipe on Windows, for one, can't show every character
    parser = argparse.ArgumentParser(
        prog="bigramlab", description="How a character model works: exercises, and models of your own words."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    command = commands.add_parser("start", help="write the exercises into a folder; nothing is overwritten")
    command.add_argument("folder", type=Path, help="where to, such as my-lab")
    command = commands.add_parser("watch", help="check the exercises whenever you save a file")
    command.add_argument("folder", type=Path, nargs="?", default=Path())
    for name, help_text in [
        ("hint", "show the next hint on a function"),
        ("solution", "show bigramlab's own version of a function"),
        ("reset", "empty a function again; your old file is kept"),
    ]:
        command = commands.add_parser(name, help=help_text)
        command.add_argument("name", help="the function, such as normalize")
        command.add_argument("--folder", type=Path, default=Path(), help="where your exercises are (here by default)")
        if name == "solution":
            command.add_argument("--yes", action="store_true", help="don't ask, even if it is not solved yet")
    command = commands.add_parser(
        "check",
        help="run a notebook or script, and say what in it is right, and what is wrong first",
        description="Run a notebook (.ipynb) or script (.py), cell by cell, and say of everything that it made whether "
        "it is right. The exit status is 1 if something is wrong or a cell raised an error, and 2 if the file can't be "
        "read. The file's code runs with your rights: it can do whatever you can, so check only what you would run.",
    )
    command.add_argument("file", type=Path, help="the notebook or script, such as names.ipynb")
    command.add_argument("--seconds", type=float, default=120, help="how long the file may run (120)")
    for name, help_text in [
        ("sample", "write new words like those of a file"),
        ("compare", "train every model on the words of a file, and compare them"),
    ]:
        command = commands.add_parser(name, help=help_text)
        command.add_argument(
            "words", type=Path, nargs="?", help="a text file, one word a line (else: the 32,033 names)"
        )
        command.add_argument("--seed", type=int, help="the same seed and words give the same result")
        if name == "sample":
            command.add_argument("-n", type=int, default=20, help="how many words (20)")
            command.add_argument("--model", choices=["bigram", "mlp"], default="bigram", help="which model (bigram)")
        else:
            lengths = "how many letters the MLPs look back (1,2,3,5,8)"
            command.add_argument("--contexts", type=_lengths, default=[1, 2, 3, 5, 8], help=lengths)
    options = vars(parser.parse_args((sys.argv[1:] if arguments is None else arguments) or ["--help"]))
    run: dict[str, Callable[..., int]] = {
        "start": start,
        "watch": watch,
        "hint": hint,
        "solution": solution,
        "reset": reset,
        "check": check,
        "sample": sample,
        "compare": compare,
    }
    command_name = options.pop("command")
    if command_name != "start" and not options.get("folder", Path()).is_dir():
        return _fail(f"there is no folder {options['folder']}; `bigramlab start {options['folder']}` makes one")
    if command_name in ("watch", "hint", "solution", "check"):
        last_resort()
    try:
        return run[command_name](**options)
    except (ValueError, OSError) as error:
        return _fail(str(error))
    except (KeyboardInterrupt, EOFError):  # Ctrl-C or Ctrl-D, instead of an answer
        print()
        return 130
