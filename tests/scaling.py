"""How much of a text does a worker count in a second? Run `python tests/scaling.py`; it takes a minute or two.

One plain process and two workers of dask count the same files in the same parts. What is compared is the time of the
processor: of the plain process, and of both workers together. Let it run while the machine has nothing else to do: a
worker that waits takes time, too. The page "Count on many machines" shows the last run, which this keeps beside it.
"""

import importlib.metadata
import json
import os
import platform
import sys
import tempfile
import time
from pathlib import Path

import distributed
import torch

from bigramlab import load_names

PAGES = Path(__file__).parents[1] / "docs" / "how-to"
KEPT = PAGES / "many_machines.json"
sys.path.insert(0, str(PAGES))

import many_machines  # noqa: E402, the page's script

FILES, TIMES, ROUNDS = 8, 40, 2


def write_files(folder):
    text = ("\n".join(load_names()) + "\n") * TIMES
    for number in range(FILES):
        (folder / f"{number:02}.txt").write_text(text, encoding="utf-8")
    return FILES * len(text.encode()) / 1e6


def in_one_process(folder):
    start, parts = time.thread_time(), []  # without the threads that serve the workers
    for path in sorted(folder.glob("*.txt")):
        with path.open(encoding="utf-8") as lines:
            parts.append(many_machines.count_part(lines))
    found = many_machines.merge_all(parts)
    return found, time.thread_time() - start


def with_workers(folder, client):
    before = client.run(time.process_time)
    found = many_machines.count_files(str(folder / "*.txt"))
    after = client.run(time.process_time)
    return found, sum(after.values()) - sum(before.values())


def main():
    torch.set_num_threads(1)  # as a worker has
    here = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    with tempfile.TemporaryDirectory() as name, distributed.Client(**here) as client:
        folder = Path(name)
        megabytes = write_files(folder)
        with_workers(folder, client)  # the workers import what they need
        plain, workers = [], []
        for _ in range(ROUNDS):  # in turns
            expected, seconds = in_one_process(folder)
            plain.append(megabytes / seconds)
            found, seconds = with_workers(folder, client)
            workers.append(megabytes / seconds)
            assert found[0] == expected[0]
            assert found[1].equal(expected[1])
    run = {
        "megabytes": round(megabytes),
        "rounds": ROUNDS,
        "one plain process": [round(speed, 1) for speed in sorted(plain)],
        "a worker of dask, one of two": [round(speed, 1) for speed in sorted(workers)],
        "with": {package: importlib.metadata.version(package).split("+")[0] for package in ("dask", "torch", "numpy")},
        "on": f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors, "
        f"Python {platform.python_version()}",
    }
    KEPT.write_text(json.dumps(run, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(run, indent=1))


if __name__ == "__main__":
    main()
