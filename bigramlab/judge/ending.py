"""End a call that takes too long, whatever it does about that. Nothing but Python is needed here."""

import contextlib
import ctypes
import gc
import itertools
import os
import signal
import sys
import sysconfig
import threading
import time
from collections.abc import Callable
from functools import partial
from types import CodeType, FrameType
from typing import Any

from bigramlab.judge.clock import Clock
from bigramlab.judge.witnessing import witness

__all__ = ["TimeIsUp", "Watchdog"]

SECONDS_TO_LOAD = 10.0  # for all modules that the calls import, beside what each call is allowed
SECONDS_TO_COMPILE = 120.0  # so, too, for what torch.compile does, the first time and with each new shape
SECONDS_TO_TIDY = 0.5  # in which a library lets go of what it holds
SECONDS_TO_END = 5.0  # then a call that should have ended is one that can't be ended
TICK = 0.01
monitoring: Any = getattr(sys, "monitoring", None)  # from Python 3.12 on
JUDGE = os.path.dirname(os.path.abspath(__file__)) + os.sep
LIBRARIES = (
    "<frozen ",
    *(sysconfig.get_path(name) + os.sep for name in ("stdlib", "platstdlib", "purelib", "platlib")),
)
COMPILERS = tuple(os.path.join("torch", *path) for path in [("_dynamo", "convert_frame.py"), ("_inductor", "")])


class TimeIsUp(BaseException):
    """Raised inside a call that takes too long. No `except Exception` in it can stop this.

    A bare `except:` can. So from the first one on, each line that is not the judge's own raises another: the line
    inside that `except:`, too, from where no handler of the same `try` can catch it. A library's lines do so a little
    later: one may be that of a `with` that is about to release a lock, which would stay locked.
    """

    def __init__(self) -> None:
        """Have the next lines of this thread raise another one, where `sys.monitoring` does not (before 3.12)."""
        if monitoring is None and sys.gettrace() is not _every_line:
            _every_line.since = time.monotonic()
            _set_trace(_DELETE_ITEM, _every_line)


class _EveryLine:
    """A trace function that may raise again and again.

    One that is written in Python is dropped once it has raised. `PyObject_DelItem(this, frame)` takes what the
    interpreter passes to a trace function in C, and returns what that should return if it raises.
    """

    since = 0.0

    def __delitem__(self, frame: FrameType) -> None:
        _raise_outside(frame.f_code, self.since)


def _raise_outside(code: CodeType, since: float) -> None:
    if code.co_filename.startswith(JUDGE):
        return
    if not code.co_filename.startswith(LIBRARIES) or time.monotonic() > since + SECONDS_TO_TIDY:
        raise TimeIsUp


_every_line: Any = _EveryLine()
_set_trace = ctypes.PYFUNCTYPE(None, ctypes.c_void_p, ctypes.py_object)(("PyEval_SetTrace", ctypes.pythonapi))
_raise_in = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.c_ulong, ctypes.py_object)(
    ("PyThreadState_SetAsyncExc", ctypes.pythonapi)
)
_DELETE_ITEM = ctypes.cast(ctypes.pythonapi.PyObject_DelItem, ctypes.c_void_p)


class Watchdog:
    """Calls functions, and ends those that take too long. Use it as a context manager; one call at a time.

    A second thread watches the clock and has the interpreter raise an exception in the first, again and again until the
    call is over: on every line by `sys.monitoring`, before 3.12 by `PyThreadState_SetAsyncExc` and a trace function. A
    call that only waits, such as `time.sleep`, is woken by a signal, and one that computes in C and looks for
    signals there, such as `7**10**9` or a regular expression, by a timer's (in the main thread, where the system has
    signals). A call that never comes back from C can't be ended this way: the witness says so, and may end the process.
    """

    def __init__(self, seconds: float = 1.0, name: str = "a function") -> None:
        """Allow each call that many seconds; after the first that takes longer, a tenth of that."""
        self.seconds = seconds
        self.name = name
        self.hangs = 0
        self.stood: list[tuple[str, int | None]] = []  # where the last overdue call was, innermost first
        self._stopped = 0  # the number of that call
        self.spared = 0.0  # seconds that went into importing and compiling
        self._ids = itertools.count(1)
        self._current = 0  # the id of the call that is running, 0 when none is
        self._allowed = 0.0
        self._raising = False
        self._closed = False
        self._closing = threading.Lock()
        self._tool: int | None = None  # our number in sys.monitoring, while every line raises
        self._since = 0.0  # from when on they do
        self._restore: list[Callable[[], object]] = []

    def __enter__(self) -> "Watchdog":
        """Start watching."""
        self._thread, self._process, self._clock = threading.get_ident(), os.getpid(), Clock()
        self._restore.append(self._clock.close)
        self._has_signals = sys.platform != "win32" and threading.current_thread() is threading.main_thread()
        if self._has_signals:
            for number in (signal.SIGURG, signal.SIGVTALRM):  # rarely used by others
                before = signal.signal(number, self._on_signal) or signal.SIG_DFL
                self._restore.append(partial(signal.signal, number, before))
            timer = signal.setitimer(signal.ITIMER_VIRTUAL, 0.05, 0.05)  # of the processor's time
            self._restore.append(partial(signal.setitimer, signal.ITIMER_VIRTUAL, *timer))
        self._patience = self.seconds + SECONDS_TO_END
        self._debugged = _is_debugged()  # a program that stands at a breakpoint does not hang
        if not self._debugged:
            witness.begin(self.name, self._patience)
            self._restore.append(witness.over)
        threading.Thread(target=self._watch, name="bigramlab-watchdog", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop watching."""
        with self._closing:  # not while the timer is put off: it would go on
            self._closed = True
        while self._restore:
            self._restore.pop()()

    @property
    def late(self) -> bool:
        """Whether the call that just ended took more than half of its time."""
        return self._clock.used() > self._allowed / 2

    def run(self, function: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        """Return what the function returns, or raise what it raises, or `TimeIsUp`."""
        tracer = sys.gettrace()
        try:
            return self._call(function, arguments, options, tracer)
        except TimeIsUp:
            # Where lines are traced, it may come between those of `_call`, too, and leave that too early.
            self._current = 0
            self._settle(tracer)
            self.hangs += 1
            raise

    def _call(self, function: Callable[..., Any], arguments: Any, options: Any, tracer: Any) -> Any:
        result, error = None, None
        try:
            self._allowed = self.seconds / 10 if self.hangs else self.seconds
            self._clock.start()
            self._current = next(self._ids)
            result = function(*arguments, **options)
        except BaseException as raised:
            error = raised
        # The exception may come until the watching thread has seen that the call is over; after this loop it can't.
        # Python looks for one at each call and turn of a loop, and not all of those count as inside the `try`: nothing
        # here comes before the number, and what loops is in a function of its own.
        while True:
            try:
                self._current = 0
                self._settle(tracer)
                break
            except TimeIsUp as raised:
                error = raised
        try:
            if error is not None:
                raise error
            return result
        finally:
            error = None  # an error that is kept by its own traceback would keep all else, too

    def _settle(self, tracer: Any) -> None:
        """Let what is still to be raised in a call that is over be raised here, and have lines raise no more."""
        if os.getpid() != self._process:  # the function has forked, and this is the other one
            os._exit(0)
        while self._raising:
            time.sleep(0)
        for _ in range(100):  # a pending exception is raised at the turn of a loop
            pass
        self._leave_lines_alone()
        if sys.gettrace() is not tracer:
            sys.settrace(tracer)

    def _is_overdue(self, frame: FrameType | None = None) -> bool:
        """Tell whether the call takes too long; what it imports or compiles just now is not left half done."""
        if self._clock.used() <= self._allowed:
            return False
        frame = frame or _frame_of(self._thread)
        stood: list[tuple[str, int | None]] = []
        while frame and frame.f_code is not Watchdog._call.__code__:
            file = frame.f_code.co_filename
            stood.append((file, frame.f_lineno))
            most = SECONDS_TO_LOAD * file.startswith("<frozen importlib") + SECONDS_TO_COMPILE * _is_compiler(file)
            if self.spared < most:
                self.spared += self._clock.used()
                self._clock.start()
                return False
            frame = frame.f_back
        if self._stopped != self._current:  # and not only now, while it is being ended
            self._stopped, self.stood = self._current, stood
        return True

    def _on_signal(self, _: int, frame: FrameType | None) -> None:
        if sys._getframe(1).f_code in AT_A_LINE:  # `frame` is the one before, where this one has only begun
            return  # a line is about to raise, or one of `_call`, which none may leave by
        if self._current and self._is_overdue(frame):
            raise TimeIsUp

    def _watch(self) -> None:
        told, ending, since = time.monotonic(), 0, 0.0
        while not self._closed:
            time.sleep(TICK)
            with contextlib.suppress(MemoryError):  # a call may have left none; in the next turn there may be some
                running, now = self._current, time.monotonic()
                overdue = running and self._is_overdue()
                if overdue and running != ending:
                    ending, since = running, now
                if now > told + 1 and not self._debugged and not (overdue and now > since + SECONDS_TO_END):
                    with self._closing:
                        if not self._closed:
                            witness.put_off(self._patience)
                    told = now
                if overdue:
                    self._end(running)

    def _end(self, running: int) -> None:
        self._raising = True
        try:
            if self._current == running and self._clock.used() > self._allowed:
                self._have_lines_raise()
                if self._tool is None:
                    _raise_in(self._thread, TimeIsUp)
                if self._has_signals:
                    signal.pthread_kill(self._thread, signal.SIGURG)
        finally:
            self._raising = False

    def _have_lines_raise(self) -> None:
        if monitoring is None or self._tool is not None:
            return
        self._tool = next((number for number in (4, 3, 5) if not monitoring.get_tool(number)), None)
        if self._tool is None:  # others have taken all numbers that are free to take
            return
        self._since = time.monotonic()
        monitoring.use_tool_id(self._tool, "bigramlab")
        for event in _lines():
            monitoring.register_callback(self._tool, event, self._on_line)
        monitoring.set_events(self._tool, sum(_lines()))

    def _leave_lines_alone(self) -> None:
        if self._tool is None:
            return
        monitoring.set_events(self._tool, 0)
        for event in _lines():
            monitoring.register_callback(self._tool, event, None)
        monitoring.free_tool_id(self._tool)
        self._tool = None

    def _on_line(self, code: CodeType, *_: object) -> None:
        if threading.get_ident() == self._thread and 0 < self._current == self._stopped:  # and no call after that one
            _raise_outside(code, self._since)


AT_A_LINE = {one.__code__ for one in (Watchdog._on_line, _EveryLine.__delitem__, _raise_outside)}


def _frame_of(thread: int) -> FrameType | None:
    """Return what a thread is at.

    Garbage is not collected meanwhile: Python holds a lock then, for which the end of a `threading.local` waits, too.
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        return sys._current_frames().get(thread)
    finally:
        if collects:
            gc.enable()


def _lines() -> list[int]:
    """Return the events one of which comes in each turn of any loop, and in each call."""
    events = monitoring.events
    return [events.LINE, events.JUMP, events.BRANCH, events.PY_START]


def _is_debugged() -> bool:
    return sys.gettrace() is not None or (monitoring is not None and monitoring.get_tool(0) is not None)


def _is_compiler(file: str) -> bool:
    return any(part in file for part in COMPILERS)
