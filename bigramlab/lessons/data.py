"""The real names, words from a file, and an honest split into training, development and test words."""

import codecs
import math
import os
import stat
from bisect import bisect
from collections import Counter
from collections.abc import Iterable, Sequence
from importlib.resources import files
from itertools import accumulate
from numbers import Real
from pathlib import Path

import torch

from bigramlab.lessons.inputs import MOST, require_generator, require_path, require_word, require_words, shown

__all__ = ["load_names", "read_words", "split_words"]


def load_names() -> list[str]:
    """Return the 32,033 names that the tutorial learns from, a new list at each call.

    Lower case, `a` to `z`, the most frequent first: girls' names, then boys'. A name given to both stands twice.

    Examples:
        >>> names = load_names()
        >>> len(names)
        32033
        >>> names[:5]
        ['emma', 'olivia', 'ava', 'isabella', 'sophia']

    Source:
        Births in 2018, U.S. Social Security Administration, <https://www.ssa.gov/oact/babynames/limits.html> (public
        domain).
    """
    # A wheel carries the file inside the package; in a checkout it stands once, beside the package.
    shipped = files("bigramlab") / "names.txt"
    text = shipped.read_bytes() if shipped.is_file() else Path(__file__).parents[2].joinpath("names.txt").read_bytes()
    return _decode_lines(text, "names.txt")


def read_words(path: str | os.PathLike[str]) -> list[str]:
    r"""Return the words of a UTF-8 text file, one a line.

    Blanks at the ends of a line are stripped and blank lines skipped; a byte order mark is no part of the first word.

    Args:
        path: The file, such as `"words.txt"`.

    Returns:
        The words in the file's order; a word that stands twice is there twice.

    Raises:
        FileNotFoundError: If there is no such file.
        TypeError: If `path` is no path.
        ValueError: If a line is not UTF-8, or no line has a word; the message names the file and the line. Also if the
            path is a pipe or a device, or the file has more than a thousand million bytes.

    Examples:
        >>> import pathlib, tempfile
        >>> file = pathlib.Path(tempfile.mkdtemp(), "words.txt")
        >>> _ = file.write_text("alpha\n\n  beta \n", encoding="utf-8")
        >>> read_words(file)
        ['alpha', 'beta']
    """
    require_path(path)
    try:
        _require_an_end(path)
        text = Path(path).read_bytes()
    except OSError as error:
        missing = isinstance(error, FileNotFoundError | IsADirectoryError | NotADirectoryError)
        found = "there is no file" if missing else f"{error.strerror}:"
        raise type(error)(
            f"{found} {os.fspath(path)!r} (looked from {os.getcwd()!r}); "
            "give the path of a text file with one word a line"
        ) from None
    words = _decode_lines(text, os.fspath(path))
    if not words:
        raise ValueError(f"{os.fspath(path)!r} holds no words (it has {len(text)} bytes); write one word a line")
    return words


def _require_an_end(path: str | os.PathLike[str]) -> None:
    """Refuse what may give bytes for ever, and more than a list of words has room for."""
    file = os.stat(path)
    if not (stat.S_ISREG(file.st_mode) or stat.S_ISDIR(file.st_mode)):
        raise ValueError(
            f"{os.fspath(path)!r} is a pipe or a device, which need not have an end; write its words into a file first"
        )
    if file.st_size > MOST:
        raise ValueError(
            f"{os.fspath(path)!r} has {file.st_size:,} bytes, too many for a list of words; count its lines as they "
            "come: count_bigrams(map(str.strip, open(path, encoding='utf-8')), vocabulary)"
        )


def _decode_lines(text: bytes, source: str) -> list[str]:
    words = []
    # bytes.splitlines knows only \n, \r and \r\n; str.splitlines would also cut a word at, say, U+2028.
    for number, line in enumerate(text.removeprefix(codecs.BOM_UTF8).splitlines(), start=1):
        try:
            word = line.decode("utf-8").strip()
        except UnicodeDecodeError as error:
            raise ValueError(
                f"{source!r}, line {number}: byte 0x{line[error.start]:02x} is not UTF-8 text; "
                "save the file with the encoding UTF-8"
            ) from None
        if "\0" in word:
            raise ValueError(
                f"{source!r}, line {number}: a character 0, as in UTF-16 text; save the file with the encoding UTF-8"
            )
        if word:
            words.append(word)
    return words


def split_words(
    words: Iterable[str],
    fractions: Sequence[float] = (0.8, 0.1, 0.1),
    *,
    generator: torch.Generator | None = None,
) -> list[list[str]]:
    """Shuffle the words into one list for each fraction, all copies of a word in the same list.

    A word that stood in two lists would be known before the test: shuffling the 32,033 names as they are puts about one
    in eight of the test names into the training names too. Here the *distinct* words are shuffled and the line of words
    is cut nearest to where the fractions say.

    Args:
        words: The words, repeated ones welcome.
        fractions: Positive numbers that sum to 1: by default 80 % to train on, 10 % to choose by, 10 % to test on.
        generator: The source of randomness; `None` means torch's global one.

    Returns:
        Shuffled lists, together a rearrangement of `words`. Each has its fraction of the words, to within the copies
        of one word; without words each is empty.

    Raises:
        TypeError: If `words` is one bare `str` or holds something else than `str`, or `fractions` is no sequence.
        ValueError: If the fractions are not positive or do not sum to 1.

    Examples:
        >>> words = ["ann", "bob", "cid", "dan"]
        >>> train, test = split_words(words, (0.75, 0.25))
        >>> len(train), len(test)
        (3, 1)
        >>> sorted(train + test)
        ['ann', 'bob', 'cid', 'dan']
    """
    require_generator(generator)
    if not isinstance(fractions, Sequence) or not all(isinstance(fraction, Real) for fraction in fractions):
        raise TypeError(f"fractions must be a sequence of numbers such as (0.8, 0.1, 0.1), got {shown(fractions)}")
    if not all(0 < fraction < 2 for fraction in fractions) or not math.isclose(sum(fractions), 1, abs_tol=1e-6):
        raise ValueError(
            f"fractions is {shown(fractions)}; give each list a share above 0, together 1, such as (0.8, 0.1, 0.1)"
        )
    require_words(words)
    copies: Counter[str] = Counter()
    for word in words:
        require_word(word)
        copies[word] += 1

    # Lay the copies out in a line, word after word. A word belongs to the list in which the middle of its copies falls.
    cuts = [share * copies.total() for share in accumulate(fractions)][:-1]
    lists: list[list[str]] = [[] for _ in fractions]
    laid = 0
    for word in _shuffle(list(copies), generator):
        middle = laid + copies[word] / 2
        lists[bisect(cuts, middle)] += [word] * copies[word]
        laid += copies[word]
    return [_shuffle(part, generator) for part in lists]


def _shuffle(items: list[str], generator: torch.Generator | None) -> list[str]:
    device = generator.device if generator else "cpu"
    order = torch.randperm(len(items), generator=generator, device=device)
    return [items[i] for i in order.tolist()]
