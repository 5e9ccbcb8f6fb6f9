"""Files are written whole or not at all, whatever happens meanwhile: a full disk, or the end of the process."""

import contextlib
import os
import tempfile
from pathlib import Path

__all__ = ["write_file"]


def write_file(path: Path, content: str | bytes) -> None:
    """Write a file beside its place and rename it: who reads finds the old one or the new one, and no part of one."""
    data = content.encode("utf-8") if isinstance(content, str) else content
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask()
    number, name = tempfile.mkstemp(prefix=".bigramlab-", dir=path.parent)
    try:
        with os.fdopen(number, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(number)
        os.chmod(name, mode)
        os.replace(name, path)
    except BaseException as error:
        with contextlib.suppress(OSError):
            os.unlink(name)
        if isinstance(error, OSError):  # it tells of the name that nobody chose
            raise type(error)(error.errno, error.strerror, str(path)) from None
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
