"""Files are written whole or not at all, also when others write the same file, and when the process is killed."""

import os
import random
import signal
import stat
import subprocess
import sys
import threading
import time

import pytest

from bigramlab.lessons.files import BESIDE, write_file

NOT_ON_WINDOWS = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such permissions and signals")


@NOT_ON_WINDOWS
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o444, 0o777])
def test_a_file_that_was_there_keeps_its_permissions(tmp_path, mode):
    path = tmp_path / "file.txt"
    write_file(path, "before")
    path.chmod(mode)
    write_file(path, "after")
    assert stat.S_IMODE(path.stat().st_mode) == mode
    assert path.read_text(encoding="utf-8") == "after"


@NOT_ON_WINDOWS
@pytest.mark.parametrize("mask", [0o022, 0o077, 0o002])
def test_a_new_file_has_the_permissions_that_the_mask_leaves(tmp_path, mask):
    before = os.umask(mask)
    try:
        write_file(tmp_path / "file.txt", "new")
    finally:
        assert os.umask(before) == mask
    assert stat.S_IMODE((tmp_path / "file.txt").stat().st_mode) == 0o666 & ~mask


def test_what_is_left_over_is_removed_and_what_is_being_written_is_not(tmp_path, monkeypatch):
    (tmp_path / f"{BESIDE}1").write_text("left over")
    (tmp_path / "other.txt").write_text("mine")
    reached, go_on, sync = threading.Event(), threading.Event(), os.fsync

    def wait(number):
        reached.set()
        go_on.wait()
        sync(number)

    monkeypatch.setattr(os, "fsync", wait)
    slow = threading.Thread(target=write_file, args=(tmp_path / "slow.txt", "slow"))
    slow.start()
    reached.wait()
    monkeypatch.setattr(os, "fsync", sync)
    assert len([*tmp_path.glob(f"{BESIDE}*")]) == 1
    write_file(tmp_path / "fast.txt", "fast")
    assert len([*tmp_path.glob(f"{BESIDE}*")]) == 1
    go_on.set()
    slow.join()
    assert sorted(os.listdir(tmp_path)) == ["fast.txt", "other.txt", "slow.txt"]


def test_one_that_was_taken_for_left_over_before_it_had_its_lock_is_made_anew(tmp_path, monkeypatch):
    if sys.platform == "win32":
        pytest.skip("Windows removes no file that is open")
    from bigramlab.lessons import files

    removed = []

    def lock(number, how, locked=files.flock):
        if how == files.LOCK_EX and not removed:
            (beside,) = tmp_path.glob(f"{BESIDE}*")
            removed.append(beside.unlink())
        locked(number, how)

    monkeypatch.setattr(files, "flock", lock)
    write_file(tmp_path / "file.txt", "whole")
    assert removed
    assert (tmp_path / "file.txt").read_text(encoding="utf-8") == "whole"
    assert os.listdir(tmp_path) == ["file.txt"]


def test_without_locks_a_file_is_written_too(tmp_path, monkeypatch):
    def no_locks(*_):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr("bigramlab.lessons.files.flock", no_locks, raising=False)
    write_file(tmp_path / "file.txt", "whole")
    assert os.listdir(tmp_path) == ["file.txt"]


WRITE_FOR_EVER = """
import sys
from itertools import cycle
from bigramlab.lessons.files import write_file
print("ready", flush=True)
for letter in cycle("ab"):
    write_file(sys.argv[1], letter * 3_000_000)
"""


@pytest.mark.slow
@NOT_ON_WINDOWS
def test_killed_at_any_moment_the_file_is_whole_and_what_is_left_behind_goes_with_the_next(tmp_path):
    path, moments, left = tmp_path / "file.txt", random.Random(0), 0
    for _ in range(40):
        with subprocess.Popen([sys.executable, "-c", WRITE_FOR_EVER, path], stdout=subprocess.PIPE) as process:
            process.stdout.readline()
            time.sleep(moments.uniform(0, 0.1))
            process.send_signal(signal.SIGKILL)
        assert not path.exists() or path.read_bytes() in (b"a" * 3_000_000, b"b" * 3_000_000)
        behind = {*os.listdir(tmp_path)} - {"file.txt"}
        assert len(behind) <= 1
        left += len(behind)
    assert left > 0  # else the test killed nobody who was writing
    write_file(path, "whole")
    assert os.listdir(tmp_path) == ["file.txt"]
