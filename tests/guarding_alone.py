"""What the judge must do of Python alone: end calls. Run it with any Python from 3.10 on, nothing else being installed.

    python3.12 tests/guarding_alone.py

It prints a line for each call that was ended, and exits with 1 if one wasn't, or wasn't as it should be.
"""

# ruff: noqa: T201, E722, SIM105  (bare excepts are the very thing to be tested)

import contextlib
import os
import queue
import random
import re
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parents[1]
package = ModuleType("bigramlab")  # in place of the package, whose __init__ needs torch
package.__path__ = [str(ROOT / "bigramlab")]
sys.modules["bigramlab"] = package

from bigramlab.judge import ending  # noqa: E402
from bigramlab.judge.witnessing import last_resort  # noqa: E402


def endless():
    while True:
        pass


def behind_a_bare_except():
    while True:
        try:
            number = 1  # noqa: F841
        except:
            pass


def waiting_behind_a_bare_except():
    while True:
        try:
            time.sleep(0.001)
        except:
            pass


def behind_three_bare_excepts():
    while True:
        try:
            while True:
                try:
                    while True:
                        try:
                            time.sleep(0.001)
                        except:
                            pass
                except:
                    pass
        except:
            pass


def suppressed():
    while True:
        with contextlib.suppress(BaseException):
            time.sleep(0.001)


def continued():
    while True:
        try:
            time.sleep(0.001)
        finally:
            continue  # noqa: B012


def asleep():
    time.sleep(60)


def a_long_power():
    return 7 ** (10**9)


def a_regular_expression():
    return re.match(r"(a+)+$", "a" * 60 + "b")


def one_call_into_c():
    return sum(range(10**12))


def exit_without_a_word():
    os._exit(0)


IN_MAIN_THREAD = [asleep, a_long_power, a_regular_expression]  # a signal ends these, which only the main thread gets
ANYWHERE = [
    endless,
    behind_a_bare_except,
    waiting_behind_a_bare_except,
    behind_three_bare_excepts,
    suppressed,
    continued,
]
BEYOND_3_10 = [behind_a_bare_except]  # there Python looks for nothing at all at the turn of such a loop


def ends(function):
    """Tell whether the function is ended, and leaves nothing behind."""
    with ending.Watchdog(0.1, function.__name__) as watchdog:
        try:
            watchdog.run(function)
        except ending.TimeIsUp:
            for _ in range(10_000):  # a stray exception would be raised here
                pass
            return watchdog.run(lambda: 7) == 7 and sys.gettrace() is None
    return False


def try_all(functions):
    """Return the names of those that are not ended."""
    missed = []
    for function in functions:
        start = time.monotonic()
        if ends(function):
            print(f"{function.__name__} ended after {time.monotonic() - start:.2f} s")
        else:
            missed.append(function.__name__)
    return missed


def just_in_time():
    """Tell whether calls that take about as long as is allowed either return or are ended, and nothing else happens."""
    chance, ended = random.Random(0), 0
    with ending.Watchdog(0.01) as watchdog:
        for _ in range(150):
            end = time.thread_time() + chance.uniform(0.0, 0.03)

            def nap(end=end):
                while time.thread_time() < end:
                    pass
                return "awake"

            watchdog.hangs = 0
            try:
                if watchdog.run(nap) != "awake":
                    return False
            except ending.TimeIsUp:
                ended += 1
            for _ in range(1_000):  # a stray exception would be raised here
                pass
    print(f"{ended} of 150 calls ended just in time")
    return 0 < ended < 150


def locks_let_go():
    """Tell whether a lock that a library holds for a moment is free each time that a call is ended."""
    line, kept = queue.Queue(), 0

    def asks_again_and_again():
        while True:
            line.qsize()

    with ending.Watchdog(0.01) as watchdog:
        for _ in range(50):
            with contextlib.suppress(ending.TimeIsUp):
                watchdog.run(asks_again_and_again)
            if line.mutex.locked():
                line.mutex.release()
                kept += 1
    print(f"a lock was kept after {kept} of 50 calls")
    return not kept


def last_line_on(function, *, exits):
    """Call a function in a process of its own, as a command does or a REPL; return exit status and last line."""
    code = (
        f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); import guarding_alone as alone; "
        f"alone.end_alone(alone.{function.__name__}, {exits})"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True)
    try:
        for line in process.stderr:
            if line.strip():
                return (process.wait(30) if exits else process.poll()), line
    finally:
        process.kill()
        process.wait()
        process.stderr.close()
    return process.returncode, ""


def end_alone(function, exits):
    """Call a function, as `last_line_on` has another process do."""
    ending.SECONDS_TO_END = 0.3
    if exits:
        last_resort()
    ends(function)


def main():
    """Try all that this Python can do."""
    print(f"Python {sys.version.split()[0]}")
    unendable = [*(BEYOND_3_10 if sys.version_info < (3, 11) else []), one_call_into_c]
    missed = try_all([function for function in [*ANYWHERE, *IN_MAIN_THREAD] if function not in unendable])
    others = [function for function in ANYWHERE if function not in unendable]
    thread = threading.Thread(target=lambda: missed.extend(try_all(others)))
    thread.start()
    thread.join()
    missed += [right.__name__ for right in (just_in_time, locks_let_go) if not right()]
    for function in unendable:
        for exits in (True, False):
            status, line = last_line_on(function, exits=exits)
            print(f"exit status {status}: {line.strip()}")
            if f"{function.__name__}, at guarding_alone.py, line " not in line or (status is None) == exits:
                missed.append(f"{function.__name__} ({exits=})")
    status, line = last_line_on(exit_without_a_word, exits=True)
    if "the whole process ended while exit_without_a_word was tried" not in line:
        missed.append(f"exit_without_a_word ({line!r})")
    print("not ended: " + ", ".join(missed) if missed else "all ended")
    return bool(missed)


if __name__ == "__main__":
    sys.exit(main())
