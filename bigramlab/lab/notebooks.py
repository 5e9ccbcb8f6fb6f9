"""`bigramlab check FILE`: run a notebook or script in a process of its own, and judge everything that it made."""

import json
import math
import os
import queue
import shutil
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bigramlab.judge.reading_code import Code
from bigramlab.judge.reviewing import review
from bigramlab.judge.witnessing import last_resort
from bigramlab.lab.cells import cells_of
from bigramlab.lab.tracking import run_cells

__all__ = ["check_file"]

SECONDS_TO_BEGIN = 120.0  # for the imports of a new process, on a slow machine
SECONDS_TO_JUDGE = 600.0  # for one thing: what is known of words of one's own is made with the first


def check_file(
    path: Path, seconds: float = 120.0, *, color: bool = False, say: Callable[[str], None] = lambda _: None
) -> tuple[int, str]:
    """Run a file in a process of its own, and return the exit status and the page that says what it made.

    A process that doesn't come back is ended, and the file is run anew up to there: what was made before is judged.

    Args:
        path: The file.
        seconds: How long it may run.
        color: Whether the page has a terminal's colors.
        say: Gets a line as each part of the work begins.
    """
    if not 0 < seconds < math.inf:
        raise ValueError(f"--seconds is {seconds:g}; allow the file some time, such as --seconds 120")
    cells = len(cells_of(path))
    say(f"running {path.name}" + (f", {cells} {'cell' if cells == 1 else 'cells'}" if path.suffix == ".ipynb" else ""))
    task: dict[str, Any] = {"file": str(path.resolve()), "color": color, "until": None, "ended": "", "stuck": {}}
    for _ in range(4):
        last, answer = _in_a_process(task, seconds, say)
        if answer:
            return answer
        if "judging" in last:
            task["stuck"][last["judging"]] = last["why"]
        elif task["until"] is None and "running" in last:
            task |= {"until": last["at"], "ended": f"{last['running']} {last['why']}"}
        else:
            break
    return 1, f"{path.name} can't be judged: {task['ended'] or 'its process ended before it began'}"


def _in_a_process(
    task: dict[str, Any], seconds: float, say: Callable[[str], None]
) -> tuple[dict[str, Any], tuple[int, str] | None]:
    """Do the task in a new process; return its last message, and the status and page if it came to its end."""
    begin = f"import sys; sys.path[:] = {sys.path!r}; from bigramlab.lab.notebooks import do; do(sys.argv[1])"
    process = subprocess.Popen(
        [sys.executable, "-c", begin, json.dumps(task)],
        env=os.environ
        | {"MPLBACKEND": "Agg", "PYTHONIOENCODING": "utf-8", "COLUMNS": str(shutil.get_terminal_size((0, 0)).columns)},
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
                if "judging" not in last:
                    say("judging what it made")
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
        cells = cells_of(path)
        run = run_cells(path, cells, until=given["until"] and tuple(given["until"]), tell=tell)
        made = review(
            run.things,
            run.names,
            title=path.name,
            ended=given["ended"] or run.ended,
            remarks=run.remarks,
            codes=[Code(cell.place, cell.text) for cell in cells],
            begin=lambda name: tell(judging=name),
            stuck=given["stuck"],
        )
    except Exception:
        tell(page=f"bigramlab itself has failed, please report it:\n{traceback.format_exc()}", status=2)
    else:
        tell(page=made.text(color=given["color"]), status=0 if made else 1)
