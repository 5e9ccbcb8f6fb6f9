"""`bigramlab check FILE`: run a notebook or script in a process of its own, and judge everything that it made."""

import __future__

import ast
import builtins
import importlib.util
import io
import json
import linecache
import math
import os
import queue
import re
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from types import ModuleType
from typing import Any

import torch

import bigramlab
from bigramlab.judge.recording import shorten, show_error
from bigramlab.judge.reviewing import Thing, review
from bigramlab.judge.witnessing import last_resort

__all__ = ["Cell", "Run", "cells_of", "check_file", "run_cells"]

SECONDS_TO_BEGIN = 120.0  # for the imports of a new process, on a slow machine
SECONDS_TO_JUDGE = 600.0  # for one thing: what is known of words of one's own is made with the first
PYTHON_MAGICS = ("%%time", "%%timeit", "%%capture", "%%prun")  # what stands below them is Python
COPIED = 10_000_000  # numbers: larger tensors are not kept as they were


@dataclass(frozen=True)
class Cell:
    """A part of a file.

    Attributes:
        place: What it is called: "cell 4"; of a script, empty.
        filename: The name of its code in a traceback.
        text: The code, on the lines where it stands in the file.
    """

    place: str
    filename: str
    text: str


@dataclass
class Run:
    """What came of running a file.

    Attributes:
        names: Its globals.
        things: What was made, in the order in which it was made.
        ended: Why it did not come to its end.
        remarks: What else is to be known.
    """

    names: dict[str, Any]
    things: list[Thing] = field(default_factory=list)
    ended: str = ""
    remarks: list[str] = field(default_factory=list)


def check_file(path: Path, seconds: float = 120.0, *, color: bool = False) -> tuple[int, str]:
    """Run a file in a process of its own, and return the exit status and the page that says what it made.

    A process that doesn't come back is ended, and the file is run anew up to there: what was made before is judged.
    """
    if not 0 < seconds < math.inf:
        raise ValueError(f"--seconds is {seconds:g}; allow the file some time, such as --seconds 120")
    cells_of(path)
    task: dict[str, Any] = {"file": str(path.resolve()), "color": color, "until": None, "ended": "", "stuck": {}}
    for _ in range(4):
        last, answer = _in_a_process(task, seconds)
        if answer:
            return answer
        if "judging" in last:
            task["stuck"][last["judging"]] = last["why"]
        elif task["until"] is None and "running" in last:
            task |= {"until": last["at"], "ended": f"{last['running']} {last['why']}"}
        else:
            break
    return 1, f"{path.name} can't be judged: {task['ended'] or 'its process ended before it began'}"


def _in_a_process(task: dict[str, Any], seconds: float) -> tuple[dict[str, Any], tuple[int, str] | None]:
    """Do the task in a new process; return its last message, and the status and page if it came to its end."""
    begin = f"import sys; sys.path[:] = {sys.path!r}; from bigramlab.lab.notebooks import do; do(sys.argv[1])"
    process = subprocess.Popen(
        [sys.executable, "-c", begin, json.dumps(task)],
        env=os.environ | {"MPLBACKEND": "Agg", "PYTHONIOENCODING": "utf-8"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        encoding="utf-8",
    )
    messages: queue.Queue[dict[str, Any] | None] = queue.Queue()

    def listen() -> None:
        assert process.stdout
        for line in process.stdout:
            messages.put(json.loads(line))
        messages.put(None)

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    last: dict[str, Any] = {}
    deadline = time.monotonic() + SECONDS_TO_BEGIN
    try:
        while True:
            try:
                message = messages.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                why = f"was ended after {seconds:g} seconds; --seconds {10 * seconds:g} allows more"
                return last | {"why": why if "running" in last else "does not come back"}, None
            if message is None:
                status = process.wait()
                killed = "judging" in last and status == -9  # by the witness of calls that nothing can end
                why = "does not come back" if killed else f"ended the whole program (exit status {status})"
                return last | {"why": why}, None
            if "page" in message:
                return last, (message["status"], message["page"])
            if "running" in message and "running" not in last:
                deadline = time.monotonic() + seconds
            elif "judging" in message:
                deadline = time.monotonic() + SECONDS_TO_JUDGE
            last = message
    finally:
        process.kill()
        process.wait()
        listener.join(1)
        if process.stdout and not listener.is_alive():
            process.stdout.close()


def do(task: str) -> None:
    """Run a file and judge what it made, in this process, which is there for nothing else; tell how it goes."""
    told = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)

    def tell(**message: Any) -> None:
        told.write(json.dumps(message) + "\n")
        told.flush()

    given = json.loads(task)
    path = Path(given["file"])
    last_resort()
    try:
        run = run_cells(path, cells_of(path), until=given["until"] and tuple(given["until"]), tell=tell)
        made = review(
            run.things,
            run.names,
            title=path.name,
            ended=given["ended"] or run.ended,
            remarks=run.remarks,
            begin=lambda name: tell(judging=name),
            stuck=given["stuck"],
        )
    except Exception:
        tell(page=f"bigramlab itself has failed, please report it:\n{traceback.format_exc()}", status=2)
    else:
        tell(page=made.text(color=given["color"]), status=0 if made else 1)


def cells_of(path: Path) -> list[Cell]:
    """Return the cells of a notebook, magics left out, or the parts of a script; raise ValueError if it has none."""
    if not path.is_file():
        raise ValueError(f"there is no file {path}; give the name of a notebook or script, such as names.ipynb")
    if path.suffix == ".ipynb":
        return [
            Cell(f"cell {number}", f"cell {number}", _without_magics(text))
            for number, text in enumerate(_code_of(path), start=1)
        ]
    if path.suffix != ".py":
        raise ValueError(f"{path.name} is neither a notebook (.ipynb) nor a script (.py)")
    try:
        text = _without_magics(importlib.util.decode_source(path.read_bytes()))
        ast.parse(text)
    except SyntaxError as error:
        raise ValueError(f"{path.name} can't be read: {error.msg}, at line {error.lineno}") from None
    except (ValueError, OSError) as error:
        raise ValueError(f"{path.name} can't be read: {error}; save it as UTF-8") from None
    return [Cell("", str(path), text)]


def _code_of(path: Path) -> Iterator[str]:
    """Yield the text of each code cell of a notebook."""
    try:
        notebook = json.loads(path.read_text(encoding="utf-8-sig"))
        language = notebook.get("metadata", {}).get("kernelspec", {}).get("language", "python")
        cells = notebook["cells"] if "cells" in notebook else notebook["worksheets"][0]["cells"]
        codes = [cell.get("source", cell.get("input", "")) for cell in cells if cell["cell_type"] == "code"]
    except (OSError, ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
        raise ValueError(f"{path.name} can't be read: it is no notebook ({type(error).__name__}: {error})") from None
    if language.lower() not in ("python", ""):
        raise ValueError(f"{path.name} can't be read: its language is {language}, not Python")
    yield from ("".join(code) for code in codes)


def _without_magics(text: str) -> str:
    """Leave out lines for the notebook and the shell, such as `%matplotlib inline` and `!pip install torch`."""
    lines = text.split("\n")
    first = next((line for line in lines if line.strip()), "")
    if first.startswith("%%") and not first.startswith(PYTHON_MAGICS):
        return "\n" * (len(lines) - 1)
    try:
        ast.parse(text)
    except (SyntaxError, ValueError):
        kept = []
        for line in lines:
            indent = line[: len(line) - len(line.lstrip())]
            timed = re.match(r"\s*%time\s+(.*)", line)
            is_magic = re.match(r"\s*(%|!|\?)|\s*\w+\s*=\s*[!%]|\s*[\w.]+\?+\s*$", line)
            kept.append(f"{indent}{timed[1]}" if timed else f"{indent}pass" if is_magic else line)
        return "\n".join(kept)
    return text


def run_cells(
    path: Path, cells: list[Cell], *, until: tuple[int, int] | None = None, tell: Any = lambda **_: None
) -> Run:
    """Run the cells in the file's folder, statement by statement, and keep what they made.

    Args:
        path: The file.
        cells: Its cells.
        until: The number of a cell and of the statement in it that is not run any more.
        tell: Gets the place of each statement before it is run.
    """
    module = ModuleType("__main__")
    sys.modules["__main__"] = module
    if path.suffix == ".py":
        module.__file__ = str(path)
    names = vars(module)
    names["__builtins__"] = builtins
    run = Run(names)
    os.chdir(path.parent)
    sys.path.insert(0, str(path.parent))
    sys.argv = [str(path)]
    _stand_in_for_the_notebook()
    _stand_in_for_names_txt(run)
    tracker = _Tracker(run)
    for number, cell in enumerate(cells):
        linecache.cache[cell.filename] = (len(cell.text), None, cell.text.splitlines(keepends=True), cell.filename)
        try:
            statements = ast.parse(cell.text, cell.filename).body
        except (SyntaxError, ValueError) as error:
            line = f", at line {error.lineno}" if isinstance(error, SyntaxError) else ""
            run.ended = f"{cell.place} can't be read: {getattr(error, 'msg', error)}{line}"
            return run
        for index, statement in enumerate(statements):
            place = cell.place or f"line {statement.lineno}"
            if (number, index) == until:
                tracker.flush()
                return run
            tell(running=place, at=(number, index))
            ended = _run(statement, cell, names, tracker.flags)
            tracker.look(statement, place)
            if ended is not None:
                run.ended = ended and f"{place} {ended}"
                tracker.flush()
                return run
        tracker.flush()
    return run


def _run(statement: ast.stmt, cell: Cell, names: dict[str, Any], flags: int) -> str | None:
    """Run a statement; return None if it came to its end, and else why the file ends here, if that is an error."""
    try:
        code = compile(ast.Module([statement], []), cell.filename, "exec", flags=flags, dont_inherit=True)
        exec(code, names)
    except SystemExit as error:
        return "" if error.code in (None, 0) else f"ended with sys.exit({error.code!r})"
    except BaseException as error:
        line, step = None, error.__traceback__
        while step:
            line = step.tb_lineno if step.tb_frame.f_code.co_filename == cell.filename else line
            step = step.tb_next
        code_line = linecache.getline(cell.filename, line).strip() if line else ""
        where = f", at line {line}: `{shorten(code_line, columns=70)}`" if code_line else ""
        reason = f"{type(error).__name__}: {shorten(show_error(error), lines=2)}".removesuffix(": ")
        return f"raised {reason}{where}"
    return None


class _Tracker:
    """Sees which names a statement made or changed, and keeps what they were when their cell had run."""

    def __init__(self, run: Run) -> None:
        """Begin with what is there before the first cell."""
        self.run = run
        self.flags = 0
        self._seen: dict[str, tuple[Any, Any]] = {name: (value, None) for name, value in run.names.items()}
        self._pending: dict[str, tuple[Any, str, bool]] = {}

    def look(self, statement: ast.stmt, place: str) -> None:
        """Find what has changed since the statement before."""
        if isinstance(statement, ast.ImportFrom) and statement.module == "__future__":
            for alias in statement.names:
                self.flags |= getattr(__future__, alias.name).compiler_flag
        reads = {
            node.id for node in ast.walk(statement) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
        }
        passing = set(_passing(statement))
        for name, value in list(self.run.names.items()):
            before, version = self._seen.get(name, (self, None))
            now = _version(value)
            if value is before and now == version:
                continue
            self._seen[name] = (value, now)
            if name in self._pending and name not in reads and value is not before:
                self._keep(name)  # another thing of the same name begins
            self._pending.pop(name, None)
            self._pending[name] = (value, place, name in passing)

    def flush(self) -> None:
        """Keep what is there at the end of a cell."""
        for name in list(self._pending):
            self._keep(name)

    def _keep(self, name: str) -> None:
        value, place, passing = self._pending.pop(name)
        self.run.things.append(Thing(name, _copy(value), place, passing))


def _version(value: Any) -> Any:
    """Return what is another one when a value was changed in place."""
    if isinstance(value, torch.Tensor) and not value.is_inference():
        return value._version
    if isinstance(value, list | dict | set):
        return len(value)
    if type(value).__module__ == "numpy" and getattr(value, "nbytes", COPIED) < COPIED:
        return hash(value.tobytes())
    return None


def _copy(value: Any) -> Any:
    """Return a value as it is now."""
    if isinstance(value, torch.Tensor):
        return value.detach().clone().requires_grad_(value.requires_grad) if value.numel() <= COPIED else value
    if type(value) in (list, dict):
        return value.copy()
    return value.copy() if type(value).__module__ == "numpy" and hasattr(value, "copy") else value


def _passing(statement: ast.stmt) -> Iterator[str]:
    """Yield the names that a statement sets to a constant, or that a loop makes anew each time it turns."""
    in_loop = isinstance(statement, ast.For | ast.While)
    if isinstance(statement, ast.For):
        yield from (node.id for node in ast.walk(statement.target) if isinstance(node, ast.Name))
    for node in ast.walk(statement):
        if not isinstance(node, ast.Assign):
            continue
        reads = {name.id for name in ast.walk(node.value) if isinstance(name, ast.Name)}
        if in_loop or not any(isinstance(part, ast.Name | ast.Call) for part in ast.walk(node.value)):
            targets = [name.id for target in node.targets for name in ast.walk(target) if isinstance(name, ast.Name)]
            yield from (name for name in targets if name not in reads)


def _stand_in_for_the_notebook() -> None:
    """Let an exported notebook call `get_ipython().system(…)`, which does nothing, and any one `display`."""

    class Silent:
        def __getattr__(self, name: str) -> Any:
            return lambda *_, **__: None

    vars(builtins).update(get_ipython=Silent, display=print)


def _stand_in_for_names_txt(run: Run) -> None:
    """Let `open("names.txt")` find the names that are shipped, where there is no such file."""
    real = io.open

    def opened(file: Any, mode: str = "r", *arguments: Any, **options: Any) -> Any:
        missing = isinstance(file, str | os.PathLike) and not os.path.exists(file)
        if missing and os.path.basename(os.fspath(file)) == "names.txt" and mode in ("r", "rt", "rb"):
            remark = "there is no names.txt beside the file, so the 32,033 names that are shipped were read"
            run.remarks[:] = [remark]
            shipped = Path(str(files("bigramlab") / "names.txt"))
            file = shipped if shipped.is_file() else Path(bigramlab.__file__).parents[1] / "names.txt"
        return real(file, mode, *arguments, **options)

    builtins.open = io.open = opened
