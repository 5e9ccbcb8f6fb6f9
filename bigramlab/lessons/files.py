"""Files are written whole or not at all, whatever happens meanwhile: a full disk, a killed process, another writer."""

import contextlib
import os
import secrets
import stat
import sys
import time
from pathlib import Path

if sys.platform != "win32":
    from fcntl import LOCK_EX, LOCK_NB, flock

__all__ = ["read_file", "write_file"]

BESIDE = ".bigramlab-"
"""How the name of a file begins that is being written; a number at random makes it nobody else's."""

KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def read_file(path: str | os.PathLike[str]) -> bytes:
    """Return what a file holds, and refuse what is no file: a pipe could keep us waiting, a device never ends."""
    _require_file(path, os.stat(path).st_mode)
    return Path(path).read_bytes()


def write_file(path: str | os.PathLike[str], content: str | bytes) -> None:
    """Write a file beside its place and rename it: who reads finds the old one or the new one, and no part of one.

    A link stays a link, and a file that was there keeps its permissions. If the process is killed, what it had written
    beside the place stays behind, until the next file is written in that folder.
    """
    place = Path(os.path.realpath(path))
    data = content.encode("utf-8") if isinstance(content, str) else content
    with contextlib.suppress(FileNotFoundError):
        _require_file(path, place.stat().st_mode)
    try:
        _remove_left_over(place.parent)
        _write_beside(place, data)
    except OSError as error:  # it tells of the name that nobody chose
        raise type(error)(error.errno, error.strerror, os.fspath(path)) from None


def _write_beside(place: Path, data: bytes) -> None:
    beside, number = _begin(place.parent)
    try:
        with os.fdopen(number, "wb") as file:
            with contextlib.suppress(FileNotFoundError):
                os.chmod(beside, stat.S_IMODE(place.stat().st_mode))
            file.write(data)
            file.flush()
            os.fsync(number)
            if sys.platform == "win32":
                file.close()  # nobody can rename what is open there
            os.replace(beside, place)
    except BaseException:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise


def _begin(folder: Path) -> tuple[Path, int]:
    """Make a file that nobody else writes, and lock it: as long as we live and have it open, nobody removes it."""
    while True:
        beside = folder / f"{BESIDE}{secrets.token_hex(8)}"
        number = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
        if sys.platform == "win32":
            return beside, number
        with contextlib.suppress(OSError):  # some disks in a network know no locks
            flock(number, LOCK_EX)
        if os.fstat(number).st_nlink:
            return beside, number
        os.close(number)  # it was taken for one that is left over before it had its lock


def _remove_left_over(folder: Path) -> None:
    """Remove what killed processes left behind: files that have the name of ours, and no lock."""
    for beside in folder.glob(f"{BESIDE}*"):
        with contextlib.suppress(OSError):  # one of the next lines fails while it is being written
            if sys.platform == "win32":  # it has no such locks: what is old is nobody's any more
                if time.time() - beside.stat().st_mtime > 3600:
                    beside.unlink()
            else:
                with open(beside, "rb") as file:
                    flock(file, LOCK_EX | LOCK_NB)
                    beside.unlink()


def _require_file(path: str | os.PathLike[str], mode: int) -> None:
    if not stat.S_ISREG(mode):
        kind = KINDS.get(stat.S_IFMT(mode), "no file")
        raise ValueError(f"{os.fspath(path)!r} is {kind}; give the path of a file")
