"""A process of its own for code that may hang, exit, crash or write without end: then no more is lost than that."""

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from importlib import import_module
from typing import Any

from bigramlab.judge.witnessing import last_resort

__all__ = ["Apart", "Gone", "serve"]

SECONDS_TO_SAY = 300.0  # between two messages; the judge ends what takes too long far sooner
KEPT = 4_000  # bytes of what the process says at last


class Gone(Exception):
    """The process ended, or had to be ended; the message says why."""


class Apart:
    """A process that is told tasks, and tells messages, both in JSON.

    It runs `serve`, which calls the function named by `does` for each task, with what it says messages by.
    """

    def __init__(self, does: str) -> None:
        """Start it; it can be told a task at once."""
        begin = f"import sys; sys.path[:] = {sys.path!r}; from bigramlab.lab.apart import serve; serve({does!r})"
        self._process = subprocess.Popen(
            [sys.executable, "-c", begin],
            env=os.environ | {"MPLBACKEND": "Agg", "PYTHONIOENCODING": "utf-8"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for who waits for it
        )
        self._messages: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._last_words = b""
        for listen in (self._listen, self._keep_last_words):
            threading.Thread(target=listen, daemon=True).start()

    def tell(self, task: dict[str, Any]) -> None:
        """Give it a task."""
        assert self._process.stdin
        with contextlib.suppress(OSError):  # it has ended; who waits for its messages will see
            self._process.stdin.write(json.dumps(task).encode() + b"\n")
            self._process.stdin.flush()

    def messages(self, seconds: float = SECONDS_TO_SAY) -> Iterator[dict[str, Any]]:
        """Yield what it tells of this task, up to its end; raise `Gone` if that doesn't come."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                message = self._messages.get(timeout=0.2)
            except queue.Empty:
                if self._process.poll() is None and time.monotonic() < deadline:
                    continue
                message = None
            if message is None:
                raise Gone(self._why(seconds))
            if "done" in message:
                return
            yield message
            deadline = time.monotonic() + seconds

    def end(self) -> None:
        """End it, and what it started."""
        with contextlib.suppress(OSError):
            if hasattr(os, "killpg"):
                os.killpg(self._process.pid, signal.SIGKILL)
            else:
                self._process.kill()
        self._process.wait()
        with contextlib.suppress(OSError):  # what it was not told any more
            assert self._process.stdin
            self._process.stdin.close()

    def _why(self, seconds: float) -> str:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(1)
        alive = self._process.poll() is None
        self.end()
        time.sleep(0.1)  # for its last words
        said = self._last_words.decode("utf-8", "replace").rpartition("\nbigramlab: ")[2].strip()
        if said and b"\nbigramlab: " in self._last_words:
            return said.removesuffix(" So this ends here.").splitlines()[0]
        if alive:
            return f"it said nothing for {seconds:g} seconds"
        return f"it ended the whole process (exit status {self._process.returncode})"

    def _listen(self) -> None:
        assert self._process.stdout
        with self._process.stdout as lines:
            for line in lines:
                with contextlib.suppress(ValueError):
                    self._messages.put(json.loads(line))
        self._messages.put(None)

    def _keep_last_words(self) -> None:
        assert self._process.stderr
        with self._process.stderr as lines:
            while said := os.read(lines.fileno(), KEPT):
                self._last_words = (self._last_words + said)[-KEPT:]


def serve(does: str) -> None:
    """Do one task after the other, in a process that is there for nothing else."""
    owner = os.getpid()
    tasks, told = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)  # what a learner's code reads and writes by number goes nowhere
    os.dup2(nothing, 1)

    def say(**message: Any) -> None:
        if os.getpid() == owner:
            told.write(json.dumps(message).encode() + b"\n")
            told.flush()

    module, _, function = does.partition(":")
    do = getattr(import_module(module), function)
    last_resort()
    for task in tasks:
        try:
            do(say, **json.loads(task))
        finally:
            if os.getpid() != owner:  # a learner's function has forked, and this is the other one
                os._exit(0)
        say(done=True)
