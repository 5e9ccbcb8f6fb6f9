"""What `docs/how-to/many_machines.py` counts in parts is what one process counts, whichever part comes first."""

import importlib.util
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from bigramlab import build_vocabulary, count_bigrams, load_names, most_common_bigrams

pytestmark = pytest.mark.slow

SCRIPT = Path(__file__).parents[1] / "docs" / "how-to" / "many_machines.py"
spec = importlib.util.spec_from_file_location("many_machines", SCRIPT)
many_machines = importlib.util.module_from_spec(spec)
spec.loader.exec_module(many_machines)
merge, count_part = many_machines.merge, many_machines.count_part

words = st.lists(st.text(st.characters(exclude_characters=".", exclude_categories=["Cs", "Z", "Cc"]), min_size=1))


def same(one, other):
    return one[0] == other[0] and torch.equal(one[1], other[1])


@given(words, words)
def test_merging_is_commutative(these, those):
    one, other = count_part(these), count_part(those)
    assert same(merge(one, other), merge(other, one))


@given(words, words, words)
def test_merging_is_associative(these, those, others):
    first, second, third = count_part(these), count_part(those), count_part(others)
    assert same(merge(merge(first, second), third), merge(first, merge(second, third)))


@given(words)
def test_merging_with_no_words_changes_nothing(some):
    assert same(merge(count_part(some), count_part([])), count_part(some))


@given(st.lists(words))
def test_parts_give_what_all_words_at_once_give(lists):
    every = [word for some in lists for word in some]
    vocabulary = build_vocabulary(every)
    assert same(many_machines.merge_all(map(count_part, lists)), (vocabulary, count_bigrams(every, vocabulary)))


@given(words, words)
def test_merging_leaves_its_arguments_alone(these, those):
    one, other = count_part(these), count_part(those)
    merge(one, other)
    assert same(one, count_part(these))
    assert same(other, count_part(those))


@pytest.fixture
def folder(tmp_path):
    """Return a folder of text files: the names, an empty file, and one with letters that no other has."""
    names = load_names()
    for number in range(12):
        (tmp_path / f"{number:02}.txt").write_text("\n".join(names[number::12]) + "\n", encoding="utf-8")
    (tmp_path / "empty.txt").touch()
    (tmp_path / "new.txt").write_text("zoë\n\n  ελένη \n\U0001f331\n", encoding="utf-8")
    return tmp_path


@pytest.fixture
def expected():
    every = [*load_names(), "zoë", "ελένη", "\U0001f331"]
    vocabulary = build_vocabulary(every)
    return vocabulary, count_bigrams(every, vocabulary)


@pytest.mark.parametrize("blocksize", [None, "1KiB", "16MiB"])
def test_files_in_parts_of_any_size_give_the_same(folder, expected, blocksize):
    dask = pytest.importorskip("dask")
    with dask.config.set(scheduler="sync"):
        assert same(many_machines.count_files(str(folder / "*.txt"), blocksize), expected)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="nothing can be killed here")
@pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)  # of the killed
def test_a_worker_that_is_killed_in_the_middle_changes_nothing(folder, expected):
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
        ThreadPoolExecutor(1) as apart,
    ):
        processes = client.run(os.getpid)
        counting = apart.submit(many_machines.count_files, str(folder / "*.txt"), "2KiB")  # in a hundred parts
        busy = []
        while not busy and not counting.done():
            time.sleep(0.01)
            busy = [worker for worker, results in client.has_what().items() if len(results) > 2]
        assert busy
        os.kill(processes[busy[0]], signal.SIGKILL)
        assert same(counting.result(), expected)
        assert processes[busy[0]] not in client.run(os.getpid).values()


def test_the_script_counts_with_two_processes(folder, expected):
    pytest.importorskip("distributed")
    command = [sys.executable, str(SCRIPT), str(folder / "*.txt")]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    vocabulary, counts = expected
    assert said == [
        f"{counts.sum():,} bigrams of {len(vocabulary)} tokens",
        str(most_common_bigrams(counts, vocabulary, 3)),
    ]
