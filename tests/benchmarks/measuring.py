"""How time and memory are measured, and where."""

import ctypes
import datetime
import importlib.metadata
import math
import platform
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

LONGEST = 2  # CPU seconds of one call; what would take longer is left out, and said
TURN = 0.02  # CPU seconds; what takes less is called several times, or the caches that others left would decide
PACKAGES = ["torch", "numpy", "nltk", "scikit-learn", "markovify"]


class Missing(NamedTuple):
    """A way whose package is not installed."""

    package: str


class Comparison(NamedTuple):
    """Ways of doing the same; how fast each is, is told by the first of them."""

    title: str
    ways: dict
    rounds: int
    size: float = 1  # how many times as much there is to do as in the comparison before it


def cpu_seconds(function, calls=1):
    start = time.process_time()
    for _ in range(calls):
        function()
    return (time.process_time() - start) / calls


def compare(comparison, before):
    """Return a row for each way: its median CPU time, and the ratio to the first.

    `before` holds the seconds that each way took for less. By them it is decided whether there is time for it; where
    there is none for the first, the ratios are to what it would take.
    """
    ways, rows = {}, {}
    for label, way in comparison.ways.items():
        expected = before.get(label, 0) * comparison.size
        if isinstance(way, Missing):
            rows[label] = {"way": label, "skipped": f"{way.package} is not installed"}
        elif expected > LONGEST:
            rows[label] = {"way": label, "skipped": f"would take some {expected:,.0f} s"}
            before[label] = expected
        else:
            ways[label], rows[label] = way, {"way": label}
    warm_up = {label: cpu_seconds(way) for label, way in ways.items()}
    times = {label: [] for label in ways}
    for _ in range(comparison.rounds):
        for label, way in ways.items():
            times[label].append(cpu_seconds(way, calls=math.ceil(TURN / max(warm_up[label], TURN / 1000))))
    first = next(iter(comparison.ways))
    medians = {label: statistics.median(seconds) for label, seconds in times.items()}
    before |= medians
    for label, median in medians.items():
        rows[label] |= {"ms": median * 1000, "ratio": before[first] / median}
    return [rows[label] for label in comparison.ways]


def peak_memory(what, times):
    """Return how many MiB more than before a process of its own needs for this, at most.

    Python's own `tracemalloc` does not see what torch takes. So the process asks the system for its peak, after a first
    call with a few words, which loads what is loaded once.
    """
    command = [sys.executable, str(Path(__file__).parent), "--peak", what, str(times)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    return float(result.stdout) if result.returncode == 0 else None


def peak_of(function, warm_up):
    """Return the MiB by which the process grows at most while the function runs (Linux tells and forgets the peak)."""
    warm_up()
    ctypes.CDLL(None).malloc_trim(0)  # what is free goes back, or it would be used again unseen
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    before = _status("VmRSS")
    function()
    return (_status("VmHWM") - before) / 1024


def _status(name):
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name))


def surroundings():
    """Return the date, the versions and the kind of machine."""
    versions = {"Python": platform.python_version()}
    for package in PACKAGES:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text(encoding="utf-8").splitlines() if cpuinfo.exists() else []
    kinds = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).date().isoformat(),
        "processor": kinds[0] if kinds else platform.machine(),
        "system": platform.system(),
        "versions": versions,
    }
