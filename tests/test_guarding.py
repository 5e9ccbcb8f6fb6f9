import contextlib
import gc
import glob
import importlib
import io
import math
import os
import pdb
import random
import re
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from pathlib import Path
from types import SimpleNamespace

import numpy
import pytest
import torch
from torch.utils._device import DeviceContext

import bigramlab
from bigramlab import check
from bigramlab.judge import ending, witnessing
from bigramlab.judge.causes.varying import Search
from bigramlab.judge.clock import SLOWEST, Clock, seconds, take_pace
from bigramlab.judge.ending import Watchdog, _every_line
from bigramlab.judge.guarding import Guard
from bigramlab.judge.recording import Call, hurried
from bigramlab.judge.settings import pinned
from bigramlab.lab.exercises import write_lab
from bigramlab.laws.law import Stopped

# The exception that ends a call may come while a destructor or a gc callback runs, where Python only warns of it.
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
ALONE = Path(__file__).with_name("guarding_alone.py")


@pytest.fixture
def slow_module(tmp_path, monkeypatch):
    """A module that takes three tenths of a second of the processor to import."""
    code = "import time\nend = time.thread_time() + 0.3\nwhile time.thread_time() < end:\n    pass\ndone = True\n"
    (tmp_path / "slow_to_import.py").write_text(code, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    yield "slow_to_import"
    sys.modules.pop("slow_to_import", None)


def test_an_import_is_not_ended_half_way(slow_module):
    with Guard(seconds=0.05) as guard:
        assert guard.call(lambda: importlib.import_module(slow_module).done)


def test_an_import_without_an_end_is_ended(slow_module, monkeypatch):
    monkeypatch.setattr("bigramlab.judge.ending.SECONDS_TO_LOAD", 0.1 / SLOWEST)
    with Guard(seconds=0.02) as guard, pytest.raises(Stopped, match="did not return in time"):
        guard.call(importlib.import_module, slow_module)


def endless(*_):
    while True:
        pass


def endless_behind_a_bare_except(*_):
    while True:
        try:  # noqa: SIM105  (the very thing to be tested)
            time.sleep(0.001)
        except:  # noqa: E722 (bare, so that it catches everything)
            pass


def sleeps(*_):
    time.sleep(60)


def skips(*_):
    pytest.skip("later")


def endless_print(*_):
    while True:
        print("x" * 1000)  # noqa: T201


def endless_recursion(*_):
    return endless_recursion()


def exits(*_):
    sys.exit(0)


def exits_without_a_word(*_):
    os._exit(0)


def aborts(*_):
    os.abort()


def reads(*_):
    return list(sys.stdin)


def debugs(*_):
    breakpoint()
    return 1


def debugs_by_hand(*_):
    pdb.set_trace()
    return 1


def starts_another_program(*_):
    os.system("sleep 1000")


def computes_in_c(*_):
    return 7 ** (10**9)


def searches(*_):
    return re.match(r"(a+)+$", "a" * 60 + "b")


def asks(*_):
    try:
        return input("Your name? ")
    except EOFError:
        return ""


def eats_memory(*_):
    return [0] * 10**12


def eats_memory_in_torch(*_):
    return torch.zeros(10**11)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (endless, "did not return in time"),
        (endless_behind_a_bare_except, "did not return in time"),
        (sleeps, "did not return in time"),
        (skips, "it raised Skipped, which ends more than the function"),
        (endless_print, "prints without end"),
        (endless_recursion, "called itself without end"),
        (exits, "ended the whole program"),
        (exits_without_a_word, "ended the whole program"),
        (aborts, "ended the whole program"),
        (asks, "asks for input"),
        (reads, "asks for input"),
        (debugs, r"waits for a debugger.*take out breakpoint\(\)"),
        (debugs_by_hand, "waits for a debugger"),
        (starts_another_program, "did not return in time"),
        (computes_in_c, "did not return in time"),
        (searches, "did not return in time"),
        (eats_memory, "wanted more than 1 GiB of memory"),
        (eats_memory_in_torch, "wanted more than 1 GiB of memory"),
    ],
)
def test_nothing_hangs(function, message):
    with Guard(seconds=0.05 if "in time" in message else 1) as guard:
        with pytest.raises(Stopped, match=message):
            guard.call(function)
        assert guard.call(lambda: 7) == 7
    assert sys.gettrace() is not _every_line


def test_check_reports_an_endless_loop():
    report = check(endless, "normalize")
    assert "did not return in time" in report.problem


def test_calls_that_end_just_in_time_are_never_mistaken():
    chance = random.Random(0)
    hangs = 0
    with Guard(seconds=0.01) as guard:
        for _ in range(100):
            end = time.monotonic() + chance.uniform(0.0, 0.08)  # a slow machine is given four times the time

            def nap(end=end):
                while time.monotonic() < end:
                    pass
                return "awake"

            guard.hangs = 0
            try:
                assert guard.call(nap) == "awake"
            except Stopped:
                hangs += 1
            for _ in range(1_000):  # a stray exception would be raised here
                pass
    assert 0 < hangs < 100


def test_a_keyboard_interrupt_passes():
    def interrupted():
        raise KeyboardInterrupt

    with Guard() as guard, pytest.raises(KeyboardInterrupt):
        guard.call(interrupted)


def test_a_loop_is_ended_in_any_thread():
    ended = []

    def judge():
        with Guard(seconds=0.1) as guard:
            try:
                guard.call(endless_behind_a_bare_except)
            except Stopped as stopped:
                ended.append(str(stopped))

    thread = threading.Thread(target=judge)
    thread.start()
    thread.join(timeout=30)
    assert "did not return in time" in ended[0]


def test_prints_of_the_failing_call_are_shown(capsys):
    def normalize(counts):
        print("here")  # noqa: T201
        return counts

    assert check(normalize).printed == "here\n"
    assert capsys.readouterr().out == ""


# What the session has set, and what a function changes


@contextlib.contextmanager
def default(write, value, before):
    write(value)
    try:
        yield
    finally:
        write(before)


SESSIONS = {
    "no_grad": torch.no_grad,
    "inference_mode": torch.inference_mode,
    "autocast": lambda: torch.autocast("cpu", dtype=torch.bfloat16),
    "another device": lambda: torch.device("meta"),
    "another default device": lambda: default(torch.set_default_device, "meta", None),
    "another dtype": lambda: default(torch.set_default_dtype, torch.float64, torch.float32),
    "half": lambda: default(torch.set_default_dtype, torch.float16, torch.float32),
}


@pytest.mark.parametrize("session", SESSIONS)
def test_calls_run_with_torchs_own_defaults_whatever_the_session_has_set(session):
    def tells(weights):
        numbers = torch.tensor([1.0, 2.0])
        made = (numbers.dtype, numbers.device.type, (weights @ numbers).dtype, (numbers @ numbers).dtype)
        (weights * 2).sum().backward()
        return *made, weights.grad.tolist()

    with SESSIONS[session]():
        with Guard() as guard:
            found = guard.call(tells, torch.ones(2, requires_grad=True))
        assert found == (torch.float32, "cpu", torch.float32, torch.float32, [2.0, 2.0])
        assert (torch.empty(0).device.type == "meta") == ("device" in session)
        assert torch.is_grad_enabled() == (session not in ("no_grad", "inference_mode"))
        assert torch.is_inference_mode_enabled() == (session == "inference_mode")


@pytest.mark.parametrize("name", ["softmax", "train_neural_bigram", "normalize"])
@pytest.mark.parametrize("session", SESSIONS)
def test_a_right_function_is_right_whatever_the_session_has_set(session, name):
    function = getattr(bigramlab, name)
    with SESSIONS[session]():
        assert check(function)


@pytest.mark.parametrize("session", ["inference_mode", "another default device"])
def test_the_first_check_of_a_session_may_stand_under_its_settings(session):
    begin = {"inference_mode": "torch.inference_mode()", "another default device": "torch.device('meta')"}[session]
    code = f"import torch, bigramlab\nwith {begin}:\n    print(bool(bigramlab.check(bigramlab.train_mlp)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "True\n"


def settings_now():
    return {
        "dtype": torch.get_default_dtype(),
        "device": torch.empty(0).device,
        "gradients": torch.is_grad_enabled(),
        "anomalies": torch.is_anomaly_enabled(),
        "precision": torch.get_float32_matmul_precision(),
        "threads": torch.get_num_threads(),
        "torch's generator": torch.get_rng_state().tolist(),
        "printed": repr(torch.tensor([1 / 3])),
        "errors": numpy.geterr(),
        "arrays": numpy.array2string(numpy.array([1 / 3])),
        "NumPy's generator": numpy.random.get_state()[1].tolist(),
        "Python's generator": random.getstate(),
        "recursion": sys.getrecursionlimit(),
        "folder": os.getcwd(),
        "environment": dict(os.environ),
        "filters": list(warnings.filters),
        "output": (sys.stdout, sys.stderr, sys.stdin),
        "debugger": sys.breakpointhook,
        "exits": (os._exit, os.abort, os.system),
    }


def change_all(folder):
    torch.set_default_dtype(torch.float64)
    torch.set_default_device("meta")
    torch.set_grad_enabled(False)
    torch.autograd.set_detect_anomaly(True)
    torch.set_float32_matmul_precision("medium")
    torch.set_num_threads(2)
    torch.manual_seed(7)
    torch.set_printoptions(precision=2, sci_mode=True)
    numpy.seterr(all="ignore")
    numpy.set_printoptions(precision=2)
    numpy.random.seed(7)
    random.seed(7)
    sys.setrecursionlimit(5000)
    os.chdir(folder)
    os.environ["CHANGED"] = "1"
    del os.environ["LEFT_OUT"]
    warnings.simplefilter("ignore")
    sys.stdout = sys.stderr = sys.stdin = io.StringIO()


@pytest.mark.filterwarnings("ignore:Anomaly Detection")
def test_all_that_a_function_changed_is_given_back(tmp_path, monkeypatch):
    monkeypatch.setenv("LEFT_OUT", "no")
    before = settings_now()
    with Guard() as guard:
        guard.call(change_all, tmp_path)
        assert torch.empty(0).device.type == "cpu"  # what the judge itself needs is given back after each call
        assert torch.is_grad_enabled()
        assert guard.call(lambda: torch.tensor(1.0).dtype) == torch.float32
        guard.call(print, "heard")
        assert guard.printed == "heard\n"
    after = settings_now()
    assert {name for name in before if before[name] != after[name]} == set()


@pytest.mark.slow  # torch imports a lot when it is first asked for this
def test_deterministic_algorithms_are_no_longer_asked_for_after_a_call():
    with Guard(seconds=20) as guard:
        guard.call(torch.use_deterministic_algorithms, True)
        assert not torch.are_deterministic_algorithms_enabled()


def test_a_default_device_of_the_session_is_there_again_even_if_a_function_set_another(monkeypatch):
    with default(torch.set_default_device, "meta", None):
        before = torch.utils._device.CURRENT_DEVICE
        with Guard() as guard:
            guard.call(torch.set_default_device, "cpu")
            guard.call(torch.set_default_device, None)
        assert before == torch.utils._device.CURRENT_DEVICE
        assert torch.empty(0).device.type == "meta"
    assert torch.empty(0).device.type == "cpu"
    assert not [mode for mode in torch.overrides._get_current_function_mode_stack() if isinstance(mode, DeviceContext)]


def test_nothing_is_given_back_that_nobody_changed(monkeypatch):
    monkeypatch.setattr(os, "chdir", lambda folder: pytest.fail("nobody left the folder"))
    with pinned():
        pass


def test_a_file_keeps_the_folder_and_the_environment_that_it_sets(tmp_path, monkeypatch):
    monkeypatch.setenv("LEFT_OUT", "no")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sub").mkdir()
    with Guard(loads=True) as guard:
        guard.call(os.chdir, "sub")
    assert Path.cwd() == tmp_path / "sub"


def test_the_standard_output_is_a_file():
    def prints():
        sys.stdout.writelines(["one ", "two "])
        print("three", file=sys.stderr, flush=True)  # noqa: T201
        sys.stdout.buffer.write("é".encode())
        sys.stdout.reconfigure(line_buffering=True)
        print("\ud800", end="")  # noqa: T201
        with pytest.raises(io.UnsupportedOperation):
            sys.stdout.fileno()
        return sys.stdout.isatty(), sys.stdout.encoding, sys.stdout.writable(), sys.stdout.closed

    with Guard() as guard:
        assert guard.call(prints) == (False, "utf-8", True, False)
        assert guard.printed == "one two three\né\\ud800"


def test_an_output_that_a_function_closes_is_open_for_the_next_call():
    with Guard() as guard:
        guard.call(lambda: sys.stdout.close())
        guard.call(print, "still here")
        assert guard.printed == "still here\n"


def test_of_endless_prints_the_beginning_is_kept():
    with Guard(seconds=0.1) as guard:
        with pytest.raises(Stopped):
            guard.call(endless_print)
        assert guard.printed == ("x" * 1000 + "\n" + "x" * 1000)[:2000]


class Deleted:
    def __del__(self):
        while True:
            pass


def test_nothing_is_printed_where_the_time_is_up_in_a_destructor():
    with Guard(seconds=0.1) as guard:
        with contextlib.suppress(Stopped):
            guard.call(lambda: Deleted() and None)
        assert guard.printed == ""
        assert guard.call(lambda: 7) == 7


def test_another_program_may_run_for_a_short_time():
    with Guard() as guard:
        assert guard.call(os.system, "exit 3") == 3 << 8
        assert guard.call(os.system, "true") == 0


def test_a_function_that_a_file_has_kept_ends_the_process_outside_of_the_judge(monkeypatch):
    ended = []
    monkeypatch.setattr(os, "_exit", ended.append)
    with Guard() as guard:
        kept = guard.call(lambda: os._exit)
    kept(3)
    assert ended == [3]


def test_no_folder_is_left(monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert not check(lambda path: Path(path).read_text(encoding="utf-8").split("\n"), "read_words")
    gc.collect()
    assert glob.glob(f"{tmp_path}/*") == []


@pytest.mark.filterwarnings("ignore")
def test_a_compiled_function_has_time_to_be_compiled():
    @torch.compile
    def normalize(counts):
        return counts / counts.sum(dim=1, keepdim=True)

    try:
        normalize(torch.ones(2, 3))
    except Exception as error:
        pytest.skip(f"torch.compile does not work here: {type(error).__name__}")
    torch._dynamo.reset()
    report = check(normalize)
    assert report, report.text()


# What nothing in the process can end


def said_by_the_witness(capsys, monkeypatch, *told, waits=True):
    """Return what the witness says to that, and which processes it ends; it may wait for more in the end."""
    ended, waiting = [], threading.Event()
    monkeypatch.setattr(witnessing, "GRACE", 0.01)
    monkeypatch.setattr(witnessing.os, "kill", lambda process, _: ended.append(process))
    monkeypatch.setattr(witnessing.signal, "signal", lambda *_: None)

    def lines():
        yield from (line + "\n" for line in told)
        if waits:
            waiting.wait(0.2)
        yield "bye\n"

    witnessing.look_on(lines())
    waiting.set()
    return capsys.readouterr().err, ended


DUMP = [
    "Timeout (0:00:06)!",
    "Thread 0x0000000000000007 (most recent call first):",
    '  File "/somewhere/threading.py", line 3 in wait',
    "",
    "Thread 0x00000000000000ff (most recent call first):",
    '  File "/lab/ch04_smoothing.py", line 12 in smooth',
    '  File "/bigramlab/judge/ending.py", line 100 in run',
]


def test_the_witness_names_the_function_and_the_line_and_ends_the_process(capsys, monkeypatch):
    said, ended = said_by_the_witness(capsys, monkeypatch, "call\t42\t1\t255\t6\tsmooth", *DUMP)
    assert "bigramlab: smooth, at ch04_smoothing.py, line 12, has not come back for 6 seconds" in said
    assert said.endswith("So this ends here.\n")
    assert ended == [42]


def test_in_a_repl_the_witness_says_what_to_do_and_ends_nothing(capsys, monkeypatch):
    said, ended = said_by_the_witness(capsys, monkeypatch, "call\t42\t0\t255\t6\tsmooth", *DUMP)
    assert "smooth, at ch04_smoothing.py, line 12" in said
    assert "Ctrl-C won't, either: end this Python (process 42)." in said
    assert ended == []


@pytest.mark.parametrize("sign_of_life", ["alive", "over", "call\t42\t1\t255\t6\tsmooth"])
def test_the_witness_says_nothing_of_a_process_that_was_only_stopped_for_a_while(sign_of_life, capsys, monkeypatch):
    begin = "call\t42\t1\t255\t6\tsmooth"
    assert said_by_the_witness(capsys, monkeypatch, begin, *DUMP, sign_of_life) == ("", [])


def test_the_witness_says_which_call_ended_the_process(capsys, monkeypatch):
    monkeypatch.setattr(witnessing.signal, "signal", lambda *_: None)
    witnessing.look_on(iter(["call\t42\t1\t255\t6\tsmooth\n"]))
    assert "the whole process ended while smooth was tried" in capsys.readouterr().err
    witnessing.look_on(iter(["call\t42\t1\t255\t6\tsmooth\n", "over\n"]))
    witnessing.look_on(iter(["call\t42\t1\t255\t6\tsmooth\n", "bye\n"]))
    assert capsys.readouterr().err == ""


def pythons():
    """Return every Python from 3.10 on that is found, by its version."""
    names = [f"python3.{minor}" for minor in range(10, 16)]
    places = [Path(place) for place in os.environ.get("PATH", "").split(os.pathsep)]
    places += Path.home().glob(".pyenv/versions/3.*/bin")
    found = {}
    for name in names:
        for python in (place / name for place in places):
            if name not in found and "shims" not in python.parts and os.access(python, os.X_OK):
                found[name] = python
    return found


@pytest.mark.parametrize("name", ["python3.10", "python3.11", "python3.12", "python3.13", "python3.14"])
def test_calls_are_ended_on_every_python(name):
    python = Path(sys.executable) if name == f"python3.{sys.version_info[1]}" else pythons().get(name)
    if not python:
        pytest.skip(f"there is no {name} here")
    done = subprocess.run([python, "-I", ALONE], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


LINE = "smooth, at ch04_smoothing.py, line {}, has not come back for 6 seconds, and nothing inside Python can end it"
ENDLESS = "def smooth(counts, k=1):\n    return sum(range(10**12))\n"


def test_a_call_into_c_that_never_returns_ends_the_command_with_a_verdict_that_names_the_line(tmp_path):
    write_lab(tmp_path)
    (tmp_path / "ch04_smoothing.py").write_text(ENDLESS, encoding="utf-8")
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST", "COV"))}
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "ch04_smoothing.py"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1
    assert LINE.format(2) in " ".join(done.stdout.split())


def test_a_call_into_c_that_never_returns_is_named_in_a_repl_too(tmp_path):
    (tmp_path / "mine.py").write_text(ENDLESS, encoding="utf-8")
    code = "from mine import smooth; import bigramlab; bigramlab.check(smooth)"
    process = subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    try:
        line = next(line for line in process.stderr if line.strip())
        assert "smooth, at mine.py, line 2, has not come back" in line
        assert "end this Python (process" in line
        assert process.poll() is None
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


def test_a_flood_of_output_ends_the_call():
    def flood():
        for number in range(100_000):
            print(number)  # noqa: T201

    with Guard() as guard, pytest.raises(Stopped, match="it prints without end"):
        guard.call(flood)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no forks here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_fork_that_a_function_leaves_behind_ends_with_the_call():
    with Guard() as guard:
        child = guard.call(os.fork)
        assert os.waitpid(child, 0)[1] == 0


GARBAGE_IS_DUE = """
import faulthandler, gc, threading
from bigramlab.judge.ending import _frame_of

class Kept: pass

def make():
    kept = Kept()
    kept.local, kept.itself = threading.local(), kept
    kept.local.value = Kept()

def wait(depth):
    wait(depth - 1) if depth else waiting.wait()

waiting, here = threading.Event(), threading.get_ident()
for _ in range(5):
    threading.Thread(target=wait, args=(50,), daemon=True).start()
faulthandler.dump_traceback_later(20, exit=True)
gc.disable()
for number in range(1000):
    make()
    gc.set_threshold(gc.get_count()[0] + number % 10)  # of the next things that are made, one has it collected
    gc.enable()
    _frame_of(here)
    gc.disable()
    gc.collect()
"""  # in a process of its own: where Python's own lock is waited for, nothing ends that


def test_what_a_thread_is_at_is_seen_though_garbage_is_due():
    done = subprocess.run([sys.executable, "-c", GARBAGE_IS_DUE], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_no_signal_is_answered_while_a_line_is_traced(monkeypatch):
    monkeypatch.setattr(ending, "monitoring", sys)  # or this thread's lines would be traced from here on
    watchdog = Watchdog()
    watchdog._current = 1
    monkeypatch.setattr(watchdog, "_is_overdue", lambda frame: True)
    with pytest.raises(ending.TimeIsUp):
        watchdog._on_signal(0, None)
    monkeypatch.setattr(ending, "_raise_outside", watchdog._on_signal)
    ending._every_line.__delitem__(sys._getframe())


def test_line_events_end_the_overdue_call_and_none_after_it(monkeypatch):
    ended = []
    monkeypatch.setattr("bigramlab.judge.ending._raise_outside", lambda code, since: ended.append(code))
    watchdog = Watchdog()
    watchdog._thread = threading.get_ident()
    for current, stopped in ((0, 4), (5, 4), (0, 0)):
        watchdog._current, watchdog._stopped = current, stopped
        watchdog._on_line(None)
    assert ended == []
    watchdog._current = watchdog._stopped = 4
    watchdog._on_line("code")
    assert ended == ["code"]


def test_the_seconds_of_a_slow_machine_are_longer_ones(monkeypatch):
    before = seconds()
    monkeypatch.setattr("bigramlab.judge.clock.USUAL", 1e-9)
    take_pace()
    began, at = seconds(), time.thread_time()
    assert began >= before
    while time.thread_time() < at + 0.1:
        pass
    assert seconds() - began == pytest.approx((time.thread_time() - at) / SLOWEST, rel=0.2)
    assert Clock()._slowness == SLOWEST
    monkeypatch.undo()
    take_pace()
    assert seconds() >= began


def test_a_call_that_waits_for_a_processor_takes_no_time_meanwhile(monkeypatch):
    clock = Clock()
    clock._slowness = 1.0
    time.sleep(0.5)
    assert clock.used() >= 0.1
    monkeypatch.setattr(Clock, "_seconds_waited", lambda self: time.monotonic())
    clock.start()
    time.sleep(0.5)
    assert clock.used() < 0.1
    clock.close()


def worked(work, guard):
    """Call a function that works for so many seconds."""

    def function():
        end = seconds() + work
        while seconds() < end:
            pass
        return 1

    guard.hangs = 0
    return Call(function, guard, (), {})


def test_what_comes_back_just_in_time_is_like_what_just_did_not():
    with Guard(seconds=0.2) as guard:
        never, late, soon = worked(math.inf, guard), worked(0.15, guard), worked(0.01, guard)
    assert late.ended_like(never)
    assert never.ended_like(late)
    assert not soon.ended_like(never)
    assert late.ended_like(soon)


def test_what_took_most_of_its_time_gives_a_slip_all_of_it():
    with Guard(seconds=0.9) as guard:
        late, soon = worked(0.7, guard), worked(0.01, guard)
        with hurried(guard, [late, soon]):
            assert guard.seconds == 0.9
        with hurried(guard, [soon]):
            assert guard.seconds < 0.9


def test_a_slip_that_just_does_not_come_back_is_judged_by_the_other_calls():
    with Guard(seconds=0.2) as guard:
        late, soon = worked(0.15, guard), worked(0.01, guard)
        turns = iter([0.0] * 3)

        def endless_at_last():
            while next(turns, None) is None:
                pass
            return 1

        search = SimpleNamespace(
            guard=guard, calls=[soon] * 3, quickest=[(soon, soon, True)] * 3 + [(late, late, True)], end=math.inf
        )
        assert Search._matches(search, endless_at_last)
        turns = iter([0.0] * 3)
        search.quickest[-1] = (soon, soon, True)
        assert not Search._matches(search, endless_at_last)
