"""The command `bigramlab`: the exercises, and models of your own words."""

import argparse
import io
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import TextIO

from bigramlab.lab.exercises import is_lab

__all__ = ["main"]

RUN = {  # imported when they are asked for: those of a lab need no torch
    "start": "commands:start",
    "status": "commands:status",
    "next": "commands:go_on",
    "watch": "commands:watch",
    "hint": "hints:hint",
    "solution": "commands:solution",
    "reset": "commands:reset",
    "grade": "grading:grade",
    "notebooks": "tutorial:notebooks",
    "check": "cli:check",
    "sample": "models:sample",
    "compare": "models:compare",
}
BROKEN_PIPE = 128 + 13  # what a shell says of a program that SIGPIPE ended


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


def main(arguments: list[str] | None = None) -> int:
    """Run the command; what it prints may go to a reader that has enough, such as `head`, or to a full disk."""
    try:
        try:
            return _main(arguments)
        finally:
            if sys.stdout:
                sys.stdout.flush()
    except BrokenPipeError:
        for stream in (sys.stdout, sys.stderr):
            _give_up(stream)
        return BROKEN_PIPE
    except OSError as error:
        _give_up(sys.stdout)
        return _fail(f"the output can't be written: {error.strerror}")


def _give_up(stream: TextIO) -> None:
    """Let nothing more come of a stream, which Python would flush at its end, and complain."""
    with suppress(AttributeError, OSError, ValueError), open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), stream.fileno())


def _main(arguments: list[str] | None) -> int:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a pipe on Windows, for one, can't show every character
    parser = argparse.ArgumentParser(
        prog="bigramlab", description="How a character model works: exercises, and models of your own words."
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {version('bigramlab')}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    command = commands.add_parser("start", help="write the exercises into a folder; nothing is overwritten")
    command.add_argument("folder", type=Path, help="where to, such as my-lab")
    command.add_argument("--chapters", help="only these, such as 2-5 or 2,3,7")
    command = commands.add_parser("notebooks", help="write the tutorial's chapters as notebooks into a folder")
    command.add_argument("folder", type=Path, help="where to, such as my-notebooks; nothing is overwritten")
    for name, help_text in [
        ("status", "show how far you have come (so does `bigramlab` alone, in the folder of your exercises)"),
        ("next", "name the exercise to go on with, its file and line"),
        ("watch", "check the exercises whenever you save a file"),
    ]:
        command = commands.add_parser(name, help=help_text)
        command.add_argument("folder", type=Path, nargs="?", default=Path(), help="where your exercises are (here)")
        if name == "next":
            command.add_argument("--open", action="store_true", help="open it in your editor, $VISUAL or $EDITOR")
    for name, help_text in [
        ("hint", "show the next hint on a function"),
        ("solution", "show bigramlab's own version of a function"),
        ("reset", "empty a function again; your old file is kept"),
    ]:
        command = commands.add_parser(name, help=help_text)
        optional = None if name == "reset" else "?"  # one should say what is to be emptied
        else_ = " (else: the one at hand)" if optional else ""
        command.add_argument("name", nargs=optional, help=f"the function, such as normalize{else_}")
        command.add_argument("--folder", type=Path, default=Path(), help="where your exercises are (here by default)")
        if name == "solution":
            command.add_argument("--yes", action="store_true", help="don't ask, even if it is not solved yet")
    command = commands.add_parser(
        "grade",
        help="judge a folder of labs, one for each student, and write the grades",
        description="Judge each lab in a folder, in a process of its own, and write grades.csv, grades.json and "
        "grades.xml (JUnit): whether each function is right and careful, how many laws hold, and the likely cause. "
        "The students' code runs with your rights.",
    )
    command.add_argument("folder", type=Path, help="the folder with the students' folders in it")
    command.add_argument("--chapters", help="only the exercises of these, such as 2-5 or 2,3,7")
    command.add_argument("--core", action="store_true", help="only the exercises of the core, no extras")
    command.add_argument("--weights", help="how much a chapter's exercises weigh, such as 8=2,9=1.5 (1 each)")
    command.add_argument("--out", type=Path, help="the folder for the tables (the same)")
    command.add_argument("--jobs", type=int, default=0, help="how many labs at once (one for each processor)")
    command = commands.add_parser(
        "check",
        help="run a notebook or script, and say what in it is right, and what is wrong first",
        description="Run a notebook (.ipynb) or script (.py), cell by cell, and say of everything that it made whether "
        "it is right. The exit status is 1 if something is wrong, a cell raised an error or the time was up, and 2 if "
        "the file can't be read. The file's code runs with your rights: it can do whatever you can, so check only what "
        "you would run.",
    )
    command.add_argument("file", type=Path, help="the notebook or script, such as names.ipynb")
    command.add_argument("--seconds", type=float, default=120, help="how long the file may run (120)")
    for name, help_text in [
        ("sample", "write new words like those of a file"),
        ("compare", "train every model on the words of a file, and compare them"),
    ]:
        command = commands.add_parser(name, help=help_text, description=f"{help_text.capitalize()}.")
        command.add_argument(
            "words", nargs="?", help="a text file, one word a line, or - for what is piped in (else: the 32,033 names)"
        )
        command.add_argument("--column", help="the column with the words, a number or a name, if they are in a table")
        command.add_argument("--separator", help="what is between words or columns: comma, tab, space, …")
        command.add_argument("--lines", action="store_true", help="take each line as one word, as it stands")
        command.add_argument("--no-dots", dest="dots", action="store_false", help="take every . out of the words")
        command.add_argument("--seed", help="the same seed and words give the same result")
        if name == "sample":
            command.add_argument("-n", type=int, default=20, help="how many words (20)")
            models = ["bigram", "mlp", "transformer"]
            which = "which model (bigram); the other two are trained first: a minute, or several"
            command.add_argument("--model", choices=models, default="bigram", help=which)
            command.add_argument("--temperature", type=float, help="below 1 more careful, above 1 more daring (1)")
            command.add_argument("--top-k", type=int, help="draw from so many of the likeliest letters only")
            command.add_argument("--top-p", type=float, help="draw from the likeliest letters that have p together")
        else:
            lengths = "how many letters the MLPs look back (1,2,3,5,8)"
            command.add_argument("--contexts", default="1,2,3,5,8", help=lengths)
            command.add_argument("--transformer", action="store_true", help="a Transformer, too; it takes minutes")
    alone = ["status"] if is_lab(Path()) else ["--help"]
    options = vars(parser.parse_args((sys.argv[1:] if arguments is None else arguments) or alone))
    command_name = options.pop("command")
    if command_name not in ("start", "notebooks") and not options.get("folder", Path()).is_dir():
        return _fail(f"there is no folder {options['folder']}; `bigramlab start {options['folder']}` makes one")
    module, function = RUN[command_name].split(":")
    try:
        run: Callable[..., int] = getattr(import_module(f"bigramlab.lab.{module}"), function)
        return run(**options)
    except BrokenPipeError:
        raise
    except ValueError as error:
        return _fail(str(error))
    except OSError as error:
        return _fail(f"{error.filename} can't be used: {error.strerror}" if error.filename else str(error))
    except (KeyboardInterrupt, EOFError):  # Ctrl-C or Ctrl-D, instead of an answer
        print("\nstopped", file=sys.stderr)
        return 130
