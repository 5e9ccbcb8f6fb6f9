"""Call a function that may hang, exit, eat all memory or print without end, and come back with what it did."""

import contextlib
import io
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn
from unittest import mock

from bigramlab.judge.ending import TimeIsUp, Watchdog
from bigramlab.judge.settings import pinned
from bigramlab.laws.law import Stopped

__all__ = ["Guard"]

GIBIBYTE = 2**30
KEPT = 2_000  # bytes of what a call prints
MOST_PRINTED = 10_000  # pieces in a call; a print of some words has two
DEBUGGERS = {"pdb", "bdb", "IPython.core.debugger"}


class Guard(Watchdog):
    """Limits calls in time, memory and output. Use it as a context manager; one call at a time.

    Torch's settings, its global generator, and what else belongs to everyone are afterwards what they were.
    """

    def __init__(self, seconds: float = 1.0, name: str = "a function", *, loads: bool = False) -> None:
        """Allow each call that many seconds; after the first that takes longer, a tenth of that.

        The name is for the last line, should a call be one that can't be ended. What the process has of its own, such
        as the working directory, is left to a call that `loads` a file.
        """
        super().__init__(seconds, name)
        self.loads = loads
        self._output = _Output()

    def __enter__(self) -> "Guard":
        """Start watching."""
        self._exits = contextlib.ExitStack()
        super().__enter__()
        try:
            self._pin()
        except BaseException:  # Ctrl-C, or what a session has made of its modules
            self.__exit__()
            raise
        return self

    def _pin(self) -> None:
        """Replace what belongs to everyone, until the end."""
        self._settings = self._exits.enter_context(pinned(process=not self.loads))
        self._output = _Output()
        replaced: list[tuple[Any, str, object]] = [
            (sys, "stdout", self._output),
            (sys, "stderr", self._output),
            (sys, "stdin", _NoInput()),
            (sys, "breakpointhook", _no_debugger),
            (sys, "unraisablehook", partial(_tell_of_unraisable, sys.unraisablehook)),
            (os, "_exit", self._unless_elsewhere(os._exit, _no_exit)),
            (os, "abort", self._unless_elsewhere(os.abort, _no_exit)),
        ]
        if "pdb" in sys.modules:  # pytest's reads from the real standard input
            replaced.append((sys.modules["pdb"], "set_trace", _no_debugger))
        if sys.platform != "win32":
            replaced.append((os, "system", self._unless_elsewhere(os.system, _system)))
        for where, name, value in replaced:
            self._exits.enter_context(mock.patch.object(where, name, value))
        self._exits.enter_context(_memory_limit(GIBIBYTE))

    def __exit__(self, *_: object) -> None:
        """Stop watching."""
        self._exits.close()
        super().__exit__()

    @property
    def printed(self) -> str:
        """The beginning of what the last call printed."""
        return self._output.kept.decode("utf-8", "replace")

    def call(self, function: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        """Return what the function returns, or raise what it raises, or `Stopped`."""
        if self._output.closed:
            self._output = _Output()
        self._output.kept, self._output.pieces = b"", 0
        sys.stdout = sys.stderr = self._output  # the last call may have put its own there
        try:
            return self.run(function, *arguments, **options)
        except TimeIsUp:
            raise Stopped("it did not return in time: is there a loop that never ends, or is it very slow?") from None
        except SystemExit:
            raise Stopped("it ended the whole program: sys.exit() or quit() has no place in a function") from None
        except RecursionError:
            raise Stopped("it called itself without end: where does the recursion stop?") from None
        except MemoryError:
            raise Stopped("it wanted more than 1 GiB of memory") from None
        except RuntimeError as error:
            if "can't allocate memory" in str(error):
                raise Stopped("it wanted more than 1 GiB of memory") from None
            raise
        except (Exception, KeyboardInterrupt):
            raise
        except BaseException as error:  # such as pytest.skip()
            raise Stopped(
                f"it raised {type(error).__name__}, which ends more than the function; raise a ValueError instead"
            ) from None
        finally:
            self._settings.give_back()

    def _unless_elsewhere(self, real: Callable[..., Any], ours: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function that is ours in a call that is guarded, and the real one elsewhere.

        A file may keep it for longer than the guard lasts; and a process that was forked has to end somehow.
        """
        process, thread = os.getpid(), threading.get_ident()

        def either(*arguments: Any) -> Any:
            guarded = process == os.getpid() and thread == threading.get_ident() and sys.stdin.__class__ is _NoInput
            return (ours if guarded else real)(*arguments)

        return either


class _Kept(io.RawIOBase):
    """The end of a file that is written to: passes all on."""

    def __init__(self, keep: Callable[[bytes], None]) -> None:
        self._keep = keep

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._keep(bytes(data[:KEPT]))
        return len(data)


class _Output(io.TextIOWrapper):
    """A file as good as the standard output, which keeps the beginning of what is printed."""

    def __init__(self) -> None:
        self.kept, self.pieces = b"", 0
        raw: Any = _Kept(self._keep)
        super().__init__(raw, encoding="utf-8", errors="backslashreplace", newline="\n", write_through=True)

    def _keep(self, data: bytes) -> None:
        self.pieces += 1
        if self.pieces > MOST_PRINTED:
            raise Stopped("it prints without end: take the print() out of the loop")
        self.kept += data[: KEPT - len(self.kept)]


class _NoInput(io.TextIOBase):
    """A standard input that refuses to wait for what nobody will type."""

    def readable(self) -> bool:
        return True

    def readline(self, *_: object) -> str:  # type: ignore[override]  # `input()` asks for this
        frame: FrameType | None = sys._getframe(1)
        while frame and frame.f_code is not Watchdog.run.__code__:
            if frame.f_globals.get("__name__") in DEBUGGERS:
                _no_debugger()
            frame = frame.f_back
        raise Stopped("it asks for input: a function gets all that it needs as arguments, so leave out input()")

    def read(self, *_: object) -> str:
        return self.readline()


def _tell_of_unraisable(before: Callable[[Any], object], unraisable: Any) -> None:
    """Say nothing where a destructor, or a callback, was just running when the time was up."""
    if not issubclass(unraisable.exc_type, TimeIsUp):
        before(unraisable)


def _no_debugger(*_: object, **__: object) -> NoReturn:
    raise Stopped("it waits for a debugger, where nobody can type: take out breakpoint(), or call it by hand to debug")


def _no_exit(*_: object) -> NoReturn:
    raise Stopped("it ended the whole program: os._exit() or os.abort() has no place in a function")


def _system(command: str) -> int:
    """Do what os.system does, but end the command with the call, should that take too long."""
    process = subprocess.Popen(command, shell=True, start_new_session=True)
    try:
        while process.poll() is None:
            time.sleep(0.005)
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)  # by no line of Python that could raise instead
        os.waitpid(process.pid, 0)
        process.returncode = -signal.SIGKILL
        raise
    code = process.returncode
    return code << 8 if code >= 0 else -code


@contextlib.contextmanager
def _memory_limit(more: int) -> Iterator[None]:
    """Let this process grow by `more` bytes only, where the system can say so (Linux)."""
    if not sys.platform.startswith("linux"):
        yield
        return
    import resource

    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    limit = pages * resource.getpagesize() + more
    if soft != resource.RLIM_INFINITY:
        limit = min(limit, soft)
    resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
