"""The words that a command learns from: of a file, of a pipe, or the names; and what was read."""

import codecs
import difflib
import os
import re
import shlex
import stat
import sys
import threading
import unicodedata
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path
from typing import Any, BinaryIO

from bigramlab.lab.layouts import Layout, Unclear, words_in
from bigramlab.lab.tables import Words, shown
from bigramlab.lessons.data import load_names
from bigramlab.lessons.inputs import MOST

__all__ = ["words_of"]

SECONDS_OF_SILENCE = 2.0  # of a pipe, until one may wonder
PIPED = "what was piped in"
SHOWN = 20  # numbers of lines in what is said by the way
INVISIBLE = re.compile("[\ufeff\u00ad\u200b\u200e\u200f\u2060\u202a-\u202e\u2066-\u2069\x01-\x08\x0e-\x1f\x7f]")
UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
PROGRAMS = {  # what a file begins with that is no text
    b"PK\x03\x04": "a ZIP archive; unpack it, and give a text file of it (Excel and Word: save it as text, in UTF-8)",
    b"\x1f\x8b": "compressed; unpack it first: gunzip",
    b"%PDF": "a PDF; copy the words into a text file, one a line",
    b"\xd0\xcf\x11\xe0": "an old file of Excel or Word; open it there and save it as text, in UTF-8",
    b"{\\rtf": "rich text; open it in its editor and save it as plain text",
}


def words_of(path: str | None, command: str, *, dots: bool = True, **where: Any) -> list[str]:
    """Return the words of a file, of standard input if that is `-` or piped in, or else the names.

    What was read is said on standard error.

    Args:
        path: The file, `-` or `None`.
        command: `sample` or `compare`, for the commands that messages show.
        dots: Whether a word with a "." is refused; or else the dots are taken out.
        where: Where in a line the words are, as `Layout` has it.

    Raises:
        ValueError: If there are no words, or it is not clear what they are.
    """
    layout = Layout(**where)
    raw = _piped() if path is None else _standard_input() if path == "-" else _file(path)
    if raw is None:
        words = load_names()
        _say(f"no file is given, so these are the names that come with bigramlab: {_summary(words)}")
        return words
    name = PIPED if path in (None, "-") else repr(path)
    start = f"… | bigramlab {command}" if path in (None, "-") else f"bigramlab {command} {shlex.quote(path or '')}"
    text = _with_joined_accents(_without_invisible(_decode(raw, name)))
    if "\\n" in text and "\n" not in text.strip():
        _say(f"{name} has \\n in it, as two characters, and no line ends: echo writes them so; printf makes lines")
    try:
        found = words_in(text, layout, _say)
    except Unclear as unclear:
        raise ValueError(_question(unclear, name, start)) from None
    found = _without_dots(found) if not dots else found
    if not found:
        raise ValueError(f"{name} holds no words (it has {len(raw):,} bytes); write one word a line")
    _require_no_dots(found, name, start + layout.options())
    words = [word for _, word in found]
    _say(f"read {name}: {_summary(words)}")
    return words


def _say(line: str) -> None:
    print(line, file=sys.stderr)


def _summary(words: list[str]) -> str:
    longest = max(words, key=len)
    return (
        f"{len(words):,} word{'s' * (len(words) > 1)}, {len(set(words)):,} distinct, of {len(set(''.join(words))):,} "
        f"characters; the longest has {len(longest):,}, {shown(longest)}"
    )


def _file(path: str) -> bytes:
    if not path:
        raise ValueError(
            "the name of the file is empty (a variable that isn't set?); give the path of a text file, or leave it out"
        )
    place = Path(path)
    if os.path.isdir(path):
        texts = sorted(found.name for found in place.iterdir() if found.suffix in (".txt", ".csv"))
        example = f", such as {str(place / texts[0])!r}" if texts else ""
        raise ValueError(f"{path!r} is a folder; give a text file with one word a line{example}")
    try:
        if place.is_char_device():
            raise ValueError(
                f"{path!r} is a device, which may give bytes for ever; give a text file, or - for standard input"
            )
        with place.open("rb") as file:
            return _all_of(file, repr(path))
    except FileNotFoundError:
        near = difflib.get_close_matches(place.name, _names_in(place.parent), 1)
        meant = f"did you mean {str(place.with_name(near[0]))!r}? " if near else ""
        if place.name == "names.txt":
            meant += "without a file the command takes the names that come with bigramlab; else "
        raise ValueError(
            f"there is no file {path!r} (looked from {os.getcwd()!r}); {meant}"
            "give the path of a text file with one word a line"
        ) from None
    except OSError as error:
        raise ValueError(f"{path!r} can't be read: {error.strerror}; give a text file with one word a line") from None


def _names_in(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _piped() -> bytes | None:
    """Return what is piped in, or `None`.

    Of a terminal nothing is read, nor of what no shell's `|` or `<` makes: a test's standard input, /dev/null, a
    connection. cron gives an empty pipe, and means the names.
    """
    try:
        mode = os.fstat(sys.stdin.fileno()).st_mode
    except (AttributeError, ValueError, OSError):
        return None
    if not (stat.S_ISFIFO(mode) or stat.S_ISREG(mode)):
        return None
    raw = _standard_input()
    if stat.S_ISFIFO(mode) and not raw:
        _say("nothing was piped in")
        return None
    return raw


def _standard_input() -> bytes:
    if sys.stdin is None:
        raise ValueError(
            "standard input is closed, so nothing can be read from it; give a text file with one word a line"
        )
    if sys.stdin.isatty():
        _say("type words, one a line; Ctrl-D at the beginning of a line ends (Ctrl-Z and Enter on Windows)")
        return sys.stdin.buffer.read()
    waiting = threading.Timer(
        SECONDS_OF_SILENCE, _say, ["waiting for words from standard input; for the names, add: < /dev/null"]
    )
    waiting.daemon = True
    waiting.start()
    try:
        return _all_of(sys.stdin.buffer, PIPED)
    finally:
        waiting.cancel()


def _all_of(stream: BinaryIO, name: str) -> bytes:
    """Return all that comes, piece by piece, and refuse what is more than a list of words has room for."""
    raw = bytearray()
    while piece := stream.read(2**20):
        raw += piece
        if len(raw) > MOST:
            raise ValueError(
                f"{name} has more than {MOST:,} bytes, too many for a list of words, and may never end; "
                "give a part of it: head -n 1000000"
            )
    return bytes(raw)


def _decode(raw: bytes, name: str) -> str:
    for beginning, what in PROGRAMS.items():
        if raw.startswith(beginning):
            raise ValueError(f"{name} is no text, but {what}")
    try:
        if raw.startswith(UTF_16):
            _say("the encoding is UTF-16, as its first two bytes say")
            return raw.decode("utf-16")
        text = raw.removeprefix(codecs.BOM_UTF8).decode("utf-8")
    except UnicodeDecodeError as error:
        if b"\0" in raw:
            raise ValueError(
                f"{name} is no text in UTF-8: it has bytes of 0 in it, as pictures, programs and UTF-16 have; "
                "give a text file, saved with the encoding UTF-8"
            ) from None
        number = len(re.split(b"\r\n|\r|\n", raw[: error.start]))
        raise ValueError(
            f"{name}, line {number}: byte 0x{raw[error.start]:02x} is not UTF-8 text; "
            "save the file with the encoding UTF-8"
        ) from None
    if "\0" in text:
        number = len(re.split("\r\n|\r|\n", text[: text.index("\0")]))
        raise ValueError(
            f"{name}, line {number}: a character 0, as in UTF-16 text; save the file with the encoding UTF-8"
        )
    return text


def _without_invisible(text: str) -> str:
    """Take out what can't be seen: byte order marks, as joined files have them inside, hyphens that a line may need."""
    lines: dict[str, list[int]] = {}
    if INVISIBLE.search(text):
        for number, line in enumerate(re.split("\r\n|\r|\n", text), 1):
            for character in set(INVISIBLE.findall(line)):
                lines.setdefault(character, []).append(number)
    for character, numbers in lines.items():
        what = "byte order mark" if character == "\ufeff" else unicodedata.name(character, "control character").lower()
        _say(f"took out U+{ord(character):04X}, {what}, which can't be seen: {_lines(numbers, SHOWN)}")
    return INVISIBLE.sub("", text)


def _with_joined_accents(text: str) -> str:
    """Bring all letters into one form, NFC: files of a Mac have an e and an accent where others have one é."""
    joined = unicodedata.normalize("NFC", text)
    if joined != text:
        pairs = zip(*(re.split("\r\n|\r|\n", form) for form in (text, joined)), strict=True)
        numbers = [number for number, (before, after) in enumerate(pairs, 1) if before != after]
        _say(f"joined letters with their accents, to one character each (NFC): {_lines(numbers, SHOWN)}")
    return joined


def _without_dots(found: Words) -> Words:
    kept = [(number, word.replace(".", "").strip()) for number, word in found]
    changed = [number for number, word in found if "." in word]
    _say(f"took the dots out: {_lines(changed, SHOWN)}" if changed else "there are no dots to take out")
    return [(number, word) for number, word in kept if word]


def _require_no_dots(found: Words, name: str, start: str) -> None:
    dotted = [(number, word) for number, word in found if "." in word]
    if dotted:
        words = ", ".join(shown(word) for _, word in dotted[:5])
        raise ValueError(
            f"{name} has '.' in {len(dotted):,} of {len(found):,} words, and '.' is what ends a word for a model.\n"
            f"  {_lines([number for number, _ in dotted])} ({words}{', …' * (len(dotted) > 5)})\n"
            f"To take the dots out:\n  {start} --no-dots"
        )


def _question(unclear: Unclear, name: str, start: str) -> str:
    """Return a refusal with the commands that make clear what the words are."""
    if not unclear.choices:
        return f"{name} is no list of words: {unclear.found}"
    commands = [f"{start} {option}" for option, _ in unclear.choices]
    width = max(map(len, commands))
    examples = [", ".join(map(shown, words[:3])) + ", …" * (len(words) > 3) for _, words in unclear.choices]
    lines = [f"  {command:<{width}}  {example}" for command, example in zip(commands, examples, strict=True)]
    return "\n".join([f"{name} doesn't have one word a line: {unclear.found}.", "Which are the words?", *lines])


def _lines(numbers: Iterable[int], most: int | None = None) -> str:
    """Return the numbers of lines, neighbors together: `lines 1-4, 7`."""
    ordered = sorted(set(numbers))
    runs = [[number for _, number in run] for _, run in groupby(enumerate(ordered), lambda pair: pair[1] - pair[0])]
    listed = [f"{run[0]}" if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs]
    more = f", … ({len(ordered):,} in all)" if most and len(listed) > most else ""
    return f"line{'s' * (len(ordered) > 1)} {', '.join(listed[:most])}{more}"
