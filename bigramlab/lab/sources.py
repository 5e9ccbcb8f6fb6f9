"""Compile a learner's file, or say in words why Python can't read it."""

import re
import shlex
from functools import lru_cache
from importlib.util import decode_source
from pathlib import Path
from types import CodeType

from bigramlab.lab.verdicts import WIDTH

__all__ = ["Unreadable", "compiled", "line_of"]


class Unreadable(Exception):
    """A file that is no Python; the message says why, and shows the line."""


def compiled(path: Path) -> CodeType:
    """Return the code of a file; raise `Unreadable` if there is none."""
    try:
        return _compiled(path.read_bytes(), path)
    except FileNotFoundError:
        folder = "." if path.parent.resolve() == Path.cwd() else shlex.quote(str(path.parent))
        raise Unreadable(f"{path.name} is missing: `bigramlab start {folder}` writes it anew.") from None
    except (SyntaxError, ValueError, OSError) as error:
        raise Unreadable(f"{path.name} can't be read: {_reason(path, error)}") from None


@lru_cache(100)
def _compiled(source: bytes, path: Path) -> CodeType:
    decode_source(source)  # Python refuses what this refuses; compile does not, in a comment
    return compile(source, path, "exec")


def _reason(path: Path, error: Exception) -> str:
    if re.search("codec can't decode|encoding declaration|null bytes", str(error)):
        return "have your editor save it as UTF-8"
    if not isinstance(error, SyntaxError):
        return str(error)
    reason = re.sub(r" \(detected at line \d+\)", "", error.msg).rstrip(".?")
    return f"{reason}, at line {error.lineno}{line_of(path, error.lineno)}"


def line_of(path: Path, number: int | None) -> str:
    """Return that line of the file as a further line of a report."""
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    if not number or number > len(lines):
        return ""
    line, room = lines[number - 1].strip(), WIDTH - 15
    return f"\n  {f'Line {number}':<13}{line if len(line) <= room else line[:room] + ' …'}"
