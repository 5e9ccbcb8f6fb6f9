"""`bigramlab check FILE`: run a notebook or script in a process of its own, and judge everything that it made."""

import math
import os
import shutil
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bigramlab.judge.reading_code import Code
from bigramlab.judge.reviewing import review
from bigramlab.lab.apart import Apart, Gone
from bigramlab.lab.cells import cells_of
from bigramlab.lab.overheard import Overheard
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
    columns = shutil.get_terminal_size((0, 0)).columns
    task: dict[str, Any] = {"file": str(path.resolve()), "color": color, "columns": columns}
    task |= {"until": None, "ended": "", "stuck": {}}
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
    process = Apart("bigramlab.lab.notebooks:do")
    process.patience, until = SECONDS_TO_BEGIN, 0.0
    process.tell(task)
    last: dict[str, Any] = {}
    try:
        for message in process.messages():
            if "page" in message:
                return last, (message["status"], message["page"])
            if "running" in message:  # all that the file does together
                until = until or time.monotonic() + seconds
                process.patience = until - time.monotonic()
            elif "judging" in message:
                if "judging" not in last:
                    say("judging what it made")
                process.patience = SECONDS_TO_JUDGE
            last = message
        why = "ended the whole program (exit status 0)"
    except Gone as gone:
        why = f"ended the whole program (exit status {gone.status})"
        if gone.status is None and "running" in last:
            why = f"was ended after {seconds:g} seconds; --seconds {10 * seconds:g} allows more"
        elif gone.status is None or ("judging" in last and gone.status == -9):
            why = "does not come back"  # or was ended by the witness of calls that nothing can end
    finally:
        process.end()
    return last | {"why": why}, None


def do(say: Callable[..., None], **given: Any) -> None:
    """Run a file and judge what it made, in a process that is there for nothing else; tell how it goes."""
    path = Path(given["file"])
    os.environ["COLUMNS"] = str(given["columns"])
    try:
        cells = cells_of(path)
        with Overheard([cell.filename for cell in cells]) as heard:
            run = run_cells(path, cells, until=given["until"] and tuple(given["until"]), tell=say)
        made = review(
            run.things,
            run.names,
            title=path.name,
            ended=given["ended"] or run.ended,
            likely=run.likely,
            remarks=run.remarks,
            codes=[Code(cell.place, cell.text) for cell in cells],
            begin=lambda name: say(judging=name),
            stuck=given["stuck"],
            heard=[*heard.found(run.names, {cell.filename: cell.place for cell in cells})],
        )
    except Exception:
        say(page=f"bigramlab itself has failed, please report it:\n{traceback.format_exc()}", status=2)
    else:
        say(page=made.text(color=given["color"]), status=0 if made else 1)
