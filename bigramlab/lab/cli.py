"""The command `bigramlab`: start the exercises, watch them, and ask for a hint or a solution."""

import argparse
import ast
import inspect
import json
import sys
import time
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
    print(f"\nNow: cd {folder} && pytest\nStart with {Exercise.all()[0].file}; any editor will do.")
    return 0


def hint(name: str, folder: Path) -> int:
    """Show one hint more than the last time."""
    from bigramlab.laws import LAWS
    from bigramlab.mistakes import MISTAKES

    Exercise.named(name)
    hints = [f"What must hold: {law.sentence}" for law in LAWS[name]]
    hints += [f"A common mistake: {mistake.wrong}" for mistake in MISTAKES.get(name, [])[:3]]
    state = folder / ".bigramlab.json"
    given = json.loads(state.read_text(encoding="utf-8")) if state.exists() else {}
    given[name] = min(given.get(name, 0) + 1, len(hints))
    for number, text in enumerate(hints[: given[name]], start=1):
        print(f"{number}. {text}")
    state.write_text(json.dumps(given), encoding="utf-8")
    more = len(hints) - given[name]
    print(f"\n({more} more: ask again)" if more else f"\n(That was the last hint: bigramlab solution {name})")
    return 0


def solution(name: str, folder: Path, yes: bool) -> int:
    """Show bigramlab's own version."""
    from bigramlab.lab.plugin import check_exercise

    exercise = Exercise.named(name)
    if not yes and (folder / exercise.file).exists() and not check_exercise(exercise, folder, {}):
        if not sys.stdin.isatty():
            return _fail(f"your {name} is not solved yet; add --yes to see the solution all the same")
        if input(f"Your {name} is not solved yet. Show the solution? [y/N] ").strip().lower() not in ("y", "yes"):
            return 0
    print(inspect.getsource(inspect.unwrap(getattr(bigramlab, name))))
    return 0


def reset(name: str, folder: Path) -> int:
    """Put the stub back, and keep the old file."""
    exercise = Exercise.named(name)
    path = folder / exercise.file
    if not path.exists():
        return _fail(f"there is no {path}; run this in the folder of your exercises, or: bigramlab start {folder}")
    text = path.read_text(encoding="utf-8")
    try:
        nodes = [node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef) and node.name == name]
    except SyntaxError as error:
        return _fail(f"{path} is no Python ({error.msg}, line {error.lineno}); mend that line first")
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
    print(f"{name} is a stub again; your old file is {backup}")
    return 0


def watch(folder: Path) -> int:
    """Check a file's functions whenever it is saved, until Ctrl-C."""
    from bigramlab.lab.plugin import check_exercise, progress_bar

    exercises = Exercise.all()
    seen: dict[str, float] = {}
    solved: dict[str, bool] = {}
    print(f"Watching {folder}; save a file to have it checked. Ctrl-C ends.")
    try:
        while True:
            changed = {}
            for exercise in exercises:
                path = folder / exercise.file
                if path.exists() and seen.get(exercise.file) != path.stat().st_mtime_ns:
                    changed[exercise.file] = path.stat().st_mtime_ns
            seen |= changed
            loaded: dict[str, object] = {}
            shown = False
            for exercise in [exercise for exercise in exercises if exercise.file in changed]:
                report = check_exercise(exercise, folder, loaded)
                solved[exercise.name] = bool(report)
                print(report if not shown else report.headline())
                shown = shown or not report
            if changed:
                print(progress_bar(sum(solved.values()), len(exercises)) + "\n", flush=True)
            time.sleep(0.1)
    except KeyboardInterrupt:
        print()
        return 0


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
        ("hint", "show one hint more each time"),
        ("solution", "show bigramlab's own version"),
        ("reset", "put the stub of a function back; your old file is kept"),
    ]:
        command = commands.add_parser(name, help=help_text)
        command.add_argument("name", help="the function, such as normalize")
        command.add_argument("--folder", type=Path, default=Path(), help="where your exercises are (here by default)")
        if name == "solution":
            command.add_argument("--yes", action="store_true", help="don't ask, even if it is not solved yet")
    options = vars(parser.parse_args(arguments))
    run: dict[str, Callable[..., int]] = {
        "start": start,
        "watch": watch,
        "hint": hint,
        "solution": solution,
        "reset": reset,
    }
    try:
        return run[options.pop("command")](**options)
    except (ValueError, OSError) as error:
        return _fail(str(error))
