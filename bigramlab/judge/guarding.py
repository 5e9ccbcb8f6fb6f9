"""Call a function that may hang, exit, eat all memory or print without end, and come back with what it did."""

import contextlib
import ctypes
import itertools
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import torch

from bigramlab.laws.law import Stopped

__all__ = ["Guard"]

GIBIBYTE = 2**30
SECONDS_TO_IMPORT = 10.0  # for all modules that the calls import, beside what each call is allowed


class _TimeIsUp(BaseException):
    """Raised inside a call that takes too long. No `except Exception` in it can stop this.

    A bare `except:` can, once. So the exception, as it is made, has the next line raise another one: the line inside
    that `except:`, from where no handler of the same `try` can catch it.
    """

    def __init__(self) -> None:
        def raise_another(*_: Any) -> Any:
            raise _TimeIsUp

        frame: FrameType | None = sys._getframe(1)
        while frame and frame.f_code is not Guard._call.__code__:
            frame.f_trace = raise_another
            frame = frame.f_back
        sys.settrace(raise_another)


class Guard:
    """Limits calls in time, memory and output. Use it as a context manager; one call at a time.

    Torch's settings and its global generator are afterwards what they were.

    A second thread watches the clock and has the interpreter raise an exception in the first, again and again until the
    call is over (`PyThreadState_SetAsyncExc`, which works in every thread and on every system). A call that only waits,
    such as `time.sleep`, is woken by a signal (in the main thread, where the system has signals). A call that never
    comes back from C code can't be ended this way.
    """

    def __init__(self, seconds: float = 1.0) -> None:
        """Allow each call that many seconds; after the first that takes longer, a tenth of that."""
        self.seconds = seconds
        self.hangs = 0
        self.printed = ""
        self._ids = itertools.count(1)
        self._current = 0  # the id of the call that is running, 0 when none is
        self._overdue = 0  # the id of the call that was woken
        self._allowed = self._started = self._cpu_started = 0.0
        self._spared = 0.0  # seconds that went into importing
        self._raising = False
        self._closed = False

    def __enter__(self) -> "Guard":
        """Start watching."""
        self._thread = threading.get_ident()
        self._exits = contextlib.ExitStack()
        self._exits.enter_context(contextlib.redirect_stdout(self))
        self._exits.enter_context(contextlib.redirect_stderr(self))
        self._exits.callback(torch.set_num_threads, torch.get_num_threads())
        torch.set_num_threads(1)  # with tables this small, threads only wait for each other
        self._exits.enter_context(torch.random.fork_rng(devices=[]))
        torch.manual_seed(0)  # the same random numbers each time; the session's go on where they were
        self._exits.enter_context(torch.enable_grad())  # the session may have switched gradients off
        self._exits.callback(setattr, sys, "stdin", sys.stdin)
        sys.stdin = self  # all that input() asks of it is `readline`
        self._exits.enter_context(_memory_limit(GIBIBYTE))
        self._exits.callback(torch.set_default_dtype, torch.get_default_dtype())
        self._can_wake = sys.platform != "win32" and threading.current_thread() is threading.main_thread()
        if self._can_wake:  # SIGURG does nothing by default, should it come too late
            before = signal.signal(signal.SIGURG, self._raise_in_time)
            self._exits.callback(signal.signal, signal.SIGURG, before or signal.SIG_DFL)
        threading.Thread(target=self._watch, name="bigramlab-guard", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop watching."""
        self._closed = True
        self._exits.close()

    def write(self, text: str) -> int:
        """Take what is printed; keep the beginning of what the last call printed."""
        if len(self.printed) < 2_000:
            self.printed += text[: 2_000 - len(self.printed)]
        return len(text)

    def flush(self) -> None:
        """Do nothing: a file has this method."""

    def readline(self, *_: int) -> str:
        """Refuse to wait for what nobody will type."""
        raise Stopped("it asks for input: a function gets all that it needs as arguments, so leave out input()")

    def call(self, function: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        """Return what the function returns, or raise what it raises, or `Stopped`."""
        self.printed = ""
        try:
            return self._call(function, arguments, options)
        except _TimeIsUp:
            self.hangs += 1
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

    def _call(self, function: Callable[..., Any], arguments: tuple[Any, ...], options: dict[str, Any]) -> Any:
        result, error, tracer = None, None, sys.gettrace()
        try:
            self._allowed = self.seconds / 10 if self.hangs else self.seconds
            self._start_clock()
            self._current = next(self._ids)
            result = function(*arguments, **options)
        except BaseException as raised:
            error = raised
        # The exception may come until the watching thread has seen that the call is over; after this loop it can't.
        while True:
            try:
                self._current = 0
                sys.settrace(tracer)
                while self._raising:
                    time.sleep(0)
                for _ in range(100):  # a pending exception is raised at the turn of a loop
                    pass
                break
            except _TimeIsUp as raised:
                error = raised
        if error is not None:
            raise error
        return result

    def _cpu_seconds(self) -> float:
        if sys.platform != "linux":
            return time.monotonic()
        return time.clock_gettime(time.pthread_getcpuclockid(self._thread))

    def _start_clock(self) -> None:
        self._started, self._cpu_started = time.monotonic(), self._cpu_seconds()

    def _used(self) -> float:
        """Return the call's seconds: of the processor, so that a busy machine makes no call look endless."""
        return max(self._cpu_seconds() - self._cpu_started, (time.monotonic() - self._started) / 5)

    def _is_importing(self) -> bool:
        """Tell whether the call is just importing a module, which must not be left half done."""
        frame = sys._current_frames().get(self._thread)
        while frame and frame.f_code is not Guard._call.__code__:
            if frame.f_code.co_filename.startswith("<frozen importlib"):
                return True
            frame = frame.f_back
        return False

    def _wake(self, running: int) -> None:
        if self._can_wake:
            self._overdue = running
            signal.pthread_kill(self._thread, signal.SIGURG)

    def _raise_in_time(self, *_: object) -> None:
        if self._current and self._current == self._overdue:
            raise _TimeIsUp

    def _watch(self) -> None:
        raise_in = ctypes.pythonapi.PyThreadState_SetAsyncExc
        while not self._closed:
            time.sleep(0.01)
            running = self._current
            if not running or self._used() <= self._allowed:
                continue
            if self._spared < SECONDS_TO_IMPORT and self._is_importing():
                self._spared += self._used()
                self._start_clock()
                continue
            self._raising = True
            if self._current == running and self._used() > self._allowed:
                raise_in(ctypes.c_ulong(self._thread), ctypes.py_object(_TimeIsUp))
                self._wake(running)
            self._raising = False


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
