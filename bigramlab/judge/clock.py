"""How long a call has taken, and how fast this machine is. Nothing but Python is needed here."""

import contextlib
import os
import sys
import threading
import time

__all__ = ["Clock", "seconds", "take_pace"]

USUAL = 0.0008  # seconds that the work below takes on the machine for which the judge's seconds were chosen
SLOWEST = 4.0  # times as long, then one waits no longer


class _Pace(threading.local):
    slowness = 1.0  # how many times as long this machine takes
    began = 0.0  # the thread's seconds when that was measured
    counted = 0.0  # what `seconds` was then


_pace = _Pace()


def seconds() -> float:
    """Return the thread's seconds of a processor, as the usual machine would need them.

    What is found within so many seconds should depend neither on the machine nor on what else it does.
    """
    return _pace.counted + (time.thread_time() - _pace.began) / _pace.slowness


def take_pace() -> None:
    """See how fast the machine is just now: some are half as fast as a minute ago."""
    took = min(_work() for _ in range(2))
    _pace.counted, _pace.began = seconds(), time.thread_time()
    _pace.slowness = min(SLOWEST, max(1.0, took / USUAL))


def _work() -> float:
    began, total = time.thread_time(), 0
    for number in range(20_000):
        total += number % 7
    return time.thread_time() - began


class Clock:
    """Tells how much of its thread's time went by since it was started.

    On a busy machine a thread waits for a processor most of the time, which makes no call look endless: where the
    system tells of that wait (Linux), it does not count.
    """

    def __init__(self) -> None:
        """Watch the thread that makes it."""
        self._thread, self._slowness = threading.get_ident(), _pace.slowness
        self._waits: int | None = None
        if sys.platform == "linux":
            with contextlib.suppress(OSError):  # not every kernel tells
                self._waits = os.open(f"/proc/self/task/{threading.get_native_id()}/schedstat", os.O_RDONLY)
        self.start()

    def start(self) -> None:
        """Begin at 0."""
        self._started, self._computed, self._waited = time.monotonic(), self._cpu_seconds(), self._seconds_waited()

    def used(self) -> float:
        """Return the seconds that were computed, or a fifth of all that it did not wait for one; of a usual machine."""
        there = time.monotonic() - self._started - (self._seconds_waited() - self._waited)
        return max(self._cpu_seconds() - self._computed, there / 5) / self._slowness

    def close(self) -> None:
        """Let go of the system's file."""
        if self._waits is not None:
            with contextlib.suppress(OSError):
                os.close(self._waits)
            self._waits = None

    def _cpu_seconds(self) -> float:
        if sys.platform != "linux":
            return time.monotonic()
        return time.clock_gettime(time.pthread_getcpuclockid(self._thread))

    def _seconds_waited(self) -> float:
        """Return for how long the thread could have gone on, and no processor was free."""
        if self._waits is None:
            return 0.0
        try:
            return int(os.pread(self._waits, 100, 0).split()[1]) / 1e9
        except (OSError, ValueError, IndexError):  # a call may have closed it
            return 0.0
