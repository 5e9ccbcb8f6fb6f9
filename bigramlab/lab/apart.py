"""A process of its own for code that may hang, exit, crash or write without end: then no more is lost than that."""

import contextlib
import gc
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
    """The process ended, or had to be ended; the message says why.

    Attributes:
        status: Its exit status, as `subprocess` has it; None if it said nothing for too long.
    """

    def __init__(self, why: str, status: int | None) -> None:
        """Keep both."""
        super().__init__(why)
        self.status = status


class Apart:
    """A process that is told tasks, and tells messages, both in JSON.

    It runs `serve`, which calls the function named by `does` for each task, with what it says messages by.

    Attributes:
        ended: Whether it was ended, and another one is needed.
        patience: For how many seconds it may say nothing; may be set anew after each message.
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
        self.ended = False
        self.patience = SECONDS_TO_SAY
        for listen in (self._listen, self._keep_last_words):
            threading.Thread(target=listen, daemon=True).start()

    def tell(self, task: dict[str, Any]) -> None:
        """Give it a task."""
        assert self._process.stdin
        with contextlib.suppress(OSError):  # it has ended; who waits for its messages will see
            self._process.stdin.write(json.dumps(task).encode() + b"\n")
            self._process.stdin.flush()

    def messages(self) -> Iterator[dict[str, Any]]:
        """Yield what it tells of this task, up to its end; raise `Gone` if that doesn't come."""
        deadline = time.monotonic() + self.patience
        while True:
            try:
                message = self._messages.get(timeout=0.2)
            except queue.Empty:
                if self._process.poll() is None and time.monotonic() < deadline:
                    continue
                message = None
            if message is None or "gone" in message:
                raise self._gone(message)
            if "done" in message:
                return
            yield message
            deadline = time.monotonic() + self.patience

    def end(self) -> None:
        """End it, and what it started."""
        self.ended = True
        with contextlib.suppress(OSError):
            if hasattr(os, "killpg"):
                os.killpg(self._process.pid, signal.SIGKILL)
            else:
                self._process.kill()
        self._process.wait()
        with contextlib.suppress(OSError):  # what it was not told any more
            assert self._process.stdin
            self._process.stdin.close()

    def _gone(self, message: dict[str, Any] | None) -> Gone:
        """Say why it is gone: what the witness of calls that nothing can end said last, or how it ended."""
        with contextlib.suppress(subprocess.TimeoutExpired):  # it may have closed its output just now
            self._process.wait(0 if message else 1)
        status: int | None = message["gone"] if message else self._process.poll()
        if message is None:
            self.end()
        time.sleep(0.1)  # for its last words
        said, self._last_words = self._last_words.decode("utf-8", "replace"), b""
        _, known, last = said.rpartition("\nbigramlab: ")
        if known:
            return Gone(last.strip().splitlines()[0].removesuffix(" So this ends here."), status)
        silent = f"it said nothing for {self.patience:g} seconds"
        return Gone(silent if status is None else "it ended its whole process", status)

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


def _meet_hypothesis() -> None:
    """Have Hypothesis take note of NumPy's generator while there is little in memory yet.

    It collects garbage for that, which with torch there would take a tenth of a second in each task.
    """
    import numpy  # noqa: F401 (so that it is there)
    from hypothesis import find, strategies

    find(strategies.just(0), lambda _: True)


def serve(does: str) -> None:
    """Do one task after the other: each in a fork of its own where there are forks, so that none spoils the next."""
    tasks, told = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)  # what a learner's code reads and writes by number goes nowhere
    os.dup2(nothing, 1)
    module, _, function = does.partition(":")
    gc.disable()  # while all is imported, to look for garbage costs a sixth of the time, and there is none
    _meet_hypothesis()
    does_it = import_module(module)
    gc.freeze()  # nor will any of it become garbage
    gc.enable()
    do = getattr(does_it, function)
    for task in tasks:
        child = os.fork() if hasattr(os, "fork") else 0
        if child:  # while it works, the next one's tools are laid out
            for later in getattr(does_it, "LATER", ()):
                import_module(later)
        owner = os.getpid()

        def say(owner: int = owner, **message: Any) -> None:
            if os.getpid() == owner:  # and not a fork that a learner's function made
                told.write(json.dumps(message).encode() + b"\n")
                told.flush()

        if child:
            _, status = os.waitpid(child, 0)
            say(gone=os.waitstatus_to_exitcode(status)) if status else say(done=True)
            continue
        try:
            last_resort()
            do(say, **json.loads(task))
        finally:
            if hasattr(os, "fork"):
                os._exit(0 if sys.exc_info()[0] is None else 1)
        say(done=True)
