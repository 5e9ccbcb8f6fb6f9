"""The last resort: a process of its own says what became of a call that nothing inside Python can end.

A call into C such as `sum(range(10**12))` lets no other line of Python run, in no thread, so that neither an exception
nor a signal ends it, and nobody is left to say why. What still runs there is `faulthandler`'s timer, in C: unless it is
put off each second, it writes where each thread stands, into a pipe. The process at the other end, which has only the
standard library, says the last word and ends the first, where that was asked for. It also sees when the first ends in
the midst of a call.
"""

import atexit
import faulthandler
import inspect
import os
import queue
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

__all__ = ["Witness", "last_resort", "look_on", "witness"]

GRACE = 2.0  # seconds in which a process that was only stopped for a while (Ctrl-Z) shows that it goes on
PLACE = re.compile(r'  File "(.*)", line (\d+) in (.*)')


class Witness:
    """Tells the other process what begins and what is over, and puts the timer off. It is started when first needed."""

    def __init__(self) -> None:
        """Begin without a process."""
        self.exits = False  # whether a call that can't be ended ends this process
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = 0  # our process, as the witness knows it: a fork of ours needs another one

    def begin(self, name: str, seconds: float) -> None:
        """Say that calls begin in this thread, of the function of that name, which take no longer than that."""
        if self._owner != os.getpid():
            self._start()
        self._tell("call", os.getpid(), int(self.exits), threading.get_ident(), f"{seconds:.0f}", name)
        self.put_off(seconds)

    def put_off(self, seconds: float) -> None:
        """Have the timer wait so long from now on."""
        self._tell("alive")
        to = sys.__stderr__ if self._process is None else self._process.stdin
        try:
            # Its types ask for a file; where there is none, it raises one of these errors.
            faulthandler.dump_traceback_later(
                seconds,
                file=to,  # type: ignore[arg-type]  # it may be None
                exit=self.exits and self._process is None,
            )
        except (RuntimeError, OSError, ValueError, AttributeError):  # no thread to be had, or no file
            faulthandler.cancel_dump_traceback_later()

    def over(self) -> None:
        """Say that these calls are over."""
        faulthandler.cancel_dump_traceback_later()
        self._tell("over")

    def _start(self) -> None:
        self._owner, self._process = os.getpid(), None
        if not Path(sys.executable or "").name.lower().startswith("python"):  # it may be a program that embeds Python
            return
        try:
            code = inspect.getsource(sys.modules[__name__]) + "\nlook_on(sys.stdin)\n"
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", code],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                cwd=Path(sys.executable).parent,
                start_new_session=True,  # Ctrl-C is not for it
            )
        except OSError:  # no more processes may be started, or none at all here; or there is no source
            return
        atexit.register(self._stop, self._process)

    def _stop(self, process: "subprocess.Popen[bytes]") -> None:
        if self._owner == os.getpid() and process.stdin:
            self._tell("bye")
            process.stdin.close()
            process.wait(1)

    def _tell(self, *words: object) -> None:
        if self._process and self._process.stdin:
            try:
                os.write(self._process.stdin.fileno(), ("\t".join(map(str, words)) + "\n").encode("utf-8", "replace"))
            except (OSError, ValueError):  # it has ended, or this process is about to
                self._process = None


witness = Witness()


def last_resort() -> None:
    """From now on, have a call that nothing can end the process: for pytest and commands, not for a REPL."""
    witness.exits = True
    if witness._owner != os.getpid():
        witness._start()


def look_on(told: Iterable[str]) -> None:
    """Read what the other process tells and what its timer writes, and say what became of it; runs in the witness."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    lines: queue.Queue[str] = queue.Queue()
    threading.Thread(target=_pass_on, args=(told, lines.put), daemon=True).start()
    calls: list[list[str]] = []
    written: list[str] = []  # by the timer, since the last sign of life
    while True:
        try:
            line = lines.get(timeout=GRACE if written else None)
        except queue.Empty:
            process, exits, thread, seconds, name = calls[-1]
            last = (
                "So this ends here." if exits == "1" else f"Ctrl-C won't, either: end this Python (process {process})."
            )
            _say(
                f"{name}{_place(written, int(thread))} has not come back for {seconds} seconds, and nothing inside "
                f"Python can end it: is there a loop, or a call such as sum(range(10**12)), that never ends? {last}"
            )
            if exits == "1":
                os.kill(int(process), getattr(signal, "SIGKILL", signal.SIGTERM))
                return
            written = []
            continue
        word, *rest = line.rstrip("\n").split("\t", 5)
        if not line or word == "bye":
            if not word and calls:
                _say(f"the whole process ended while {calls[-1][-1]} was tried: by os._exit(), or by a crash in C?")
            return
        if word == "call":
            calls.append(rest)
        elif word == "over" and calls:
            calls.pop()
        elif word != "alive" and calls:
            written.append(line)
            continue
        written = []


def _pass_on(told: Iterable[str], put: Callable[[str], None]) -> None:
    for line in told:
        put(line)
    put("")


def _place(written: list[str], thread: int) -> str:
    """Return the line at which that thread stands."""
    here = False
    for line in written:
        if found := re.match(r"(?:Current t|T)hread 0x([0-9a-f]+)", line):
            here = int(found[1], 16) == thread
        elif here and (found := PLACE.match(line)):
            return f", at {os.path.basename(found[1])}, line {found[2]},"
    return ""


def _say(text: str) -> None:
    print(f"\nbigramlab: {text}", file=sys.stderr, flush=True)  # noqa: T201
