"""The command `bigramlab`: start the exercises, watch them, and ask for a hint or a solution."""

import argparse
import ast
import inspect
import json
import os
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import bigramlab
from bigramlab.lab.exercises import Exercise, stub_of, write_lab

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
    print(f"\nNext:\n  cd {folder}\n  pytest")
    print(f"Then write the first function, in {Exercise.all()[0].file}; any editor will do.")
    return 0


def hint(name: str, folder: Path) -> int:
    """Show the next hint."""
    from bigramlab.laws import LAWS
    from bigramlab.mistakes import MISTAKES

    _file_of(Exercise.named(name), folder)
    hints = [f"What must hold: {law.sentence}" for law in LAWS[name]]
    hints += [f"A common mistake: {mistake.wrong} {mistake.seen}" for mistake in MISTAKES.get(name, [])[:3]]
    state = folder / ".bigramlab.json"
    given = _hints_given(state)
    number = given.get(name, 0) % len(hints)
    state.write_text(json.dumps(given | {name: number + 1}), encoding="utf-8")
    print(f"Hint {number + 1} of {len(hints)}\n")
    print(textwrap.fill(hints[number], 78, initial_indent="  ", subsequent_indent="  "))
    last = f"That was the last one; `bigramlab solution {name}` shows our version."
    print("\n" + ("Ask again for the next one." if number + 1 < len(hints) else last))
    return 0


def _hints_given(state: Path) -> dict[str, int]:
    """Return how many hints were given on each function; none, if the file that says so is missing or damaged."""
    try:
        found = json.loads(state.read_bytes())
        return {str(name): max(0, int(number)) for name, number in found.items()}
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
    print(inspect.getsource(inspect.unwrap(getattr(bigramlab, name))))
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


def main(arguments: list[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="bigramlab", description="Exercises on how a character model works.")
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
    options = vars(parser.parse_args((sys.argv[1:] if arguments is None else arguments) or ["--help"]))
    run: dict[str, Callable[..., int]] = {
        "start": start,
        "watch": watch,
        "hint": hint,
        "solution": solution,
        "reset": reset,
    }
    command_name = options.pop("command")
    if command_name != "start" and not options["folder"].is_dir():
        return _fail(f"there is no folder {options['folder']}; `bigramlab start {options['folder']}` makes one")
    try:
        return run[command_name](**options)
    except (ValueError, OSError) as error:
        return _fail(str(error))
    except (KeyboardInterrupt, EOFError):  # Ctrl-C or Ctrl-D, instead of an answer
        print()
        return 130
