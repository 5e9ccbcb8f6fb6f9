"""Where the words of a text are: one a line, in a column of a table, several on a line, in a list of JSON.

Nothing is guessed in silence. What stands around words, such as bullets and numbers, is taken off, and that is said. Of
a table the user is asked which column has the words, with the commands that answer.
"""

import re
import shlex
from collections.abc import Callable, Sequence
from typing import NamedTuple

from bigramlab.lab.tables import Table, Words, cells_of, is_numeric, shown, table_of, table_of_json, words_in_column

__all__ = ["Layout", "Unclear", "words_in"]

NAMES = {"tab": "\t", "bar": "|", "semicolon": ";", "comma": ",", "space": " "}
MANY = 4  # words on a line, on average: too many for the name of something
THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}\b)")
TAG = re.compile(r"</?[A-Za-z][^<>]*>|<!")
AROUND = {  # words, with what is left of a line then
    "the bullets": re.compile(r"[-*+•·]\s+(?P<word>.+)"),
    "the numbers at the beginnings": re.compile(r"[(\[#]?\d+(?:[.):\]]+\s*|\s+(?:[-:]\s+)?)(?P<word>\D.*)"),
    "the numbers at the ends": re.compile(r"(?P<word>.*[^\s\d:=(])(?:\s*[:=]\s*|\s+)\(?\d[\d.,_]*%?\)?"),
    "the quotes": re.compile(r"""(?:"|'|`|“|„|«)(?P<word>.+)(?:"|'|`|”|“|»)"""),
}


class Layout(NamedTuple):
    """What the user says of it.

    Attributes:
        column: The number or the name of the column that has the words.
        separator: What stands between columns or, without a column, between words.
        lines: Whether each line is a word, as it stands.
    """

    column: str | None = None
    separator: str | None = None
    lines: bool = False

    def options(self) -> str:
        """Return it as it is typed."""
        column = f" --column {shlex.quote(self.column)}" if self.column else ""
        separator = f" --separator {shlex.quote(self.separator)}" if self.separator else ""
        return column + separator + " --lines" * self.lines


class Unclear(ValueError):
    """It can't be known what the words are.

    Attributes:
        found: What stands there instead of one word a line.
        choices: Options that make it clear, each with some of the words that it gives.
    """

    def __init__(self, found: str, choices: Sequence[tuple[str, list[str]]]) -> None:
        """Keep what a message is made of."""
        super().__init__(found)
        self.found, self.choices = found, choices


def words_in(text: str, layout: Layout, say: Callable[[str], None]) -> Words:
    """Return the words of the text; what was done to find them is said.

    Raises:
        Unclear: If there is no word a line, and the layout doesn't say where the words are.
        ValueError: If the layout doesn't fit.
    """
    separator = _separator(layout)
    # not str.splitlines, which would also cut a word at, say, U+2028
    lines = [(number, line.strip()) for number, line in enumerate(re.split("\r\n|\r|\n", text), 1) if line.strip()]
    if layout.lines or not lines:
        return lines
    table = table_of_json(text)
    if table:
        say(f"this is JSON or a list in Python, of {len(table.rows):,} items")
        if layout.column is None and len(table.columns()) > 1:
            raise Unclear(f"its {len(table.rows):,} items have several values each", [_column_choice(table)])
        lines = words_in_column(table, layout.column or "1", say)
    elif layout.column is not None:
        return _bare(words_in_column(table_of(lines, separator or _likely(lines) or " "), layout.column, say), say)
    if separator is not None:
        return _bare([(number, cell) for number, line in lines for cell in cells_of(line, separator) if cell], say)
    if table:  # whoever made it knows what an item is
        words = _bare(lines, say)
    else:
        words = _bare(_whole(lines, say), say)
        many = sum(len(word.split()) for _, word in words) >= MANY * len(words)
        if many or (len(words) == 1 and " " in words[0][1]):
            _ask(lines, words, " ")
    _hint(words, say)
    return words


def _whole(lines: Words, say: Callable[[str], None]) -> Words:
    """Return the lines without the comma at the end, if each may be a word."""
    tagged = sum(TAG.search(line) is not None for _, line in lines)
    if 2 * tagged >= len(lines):
        raise Unclear(
            f"{tagged:,} of {len(lines):,} lines have a tag of HTML or XML: open it in a browser, and copy the words "
            "into a text file, one a line",
            [],
        )
    cut = [(number, line.rstrip(",;").rstrip() or line) for number, line in lines]  # "emma", in a list of a program
    separator = _likely(cut)
    if separator or _is_aligned(cut):
        _ask(lines, cut, separator or " ")
    changed = [old for old, new in zip(lines, cut, strict=True) if old != new]
    if 2 * len(changed) < len(lines):
        return lines
    say(f"took the commas at the ends off, as of {shown(changed[0][1])}; --lines keeps them")
    return cut


def _bare(words: Words, say: Callable[[str], None]) -> Words:
    """Take off what stands around nearly all words."""
    for what, pattern in AROUND.items():
        found = [pattern.fullmatch(word) for _, word in words]
        matches = [match for match in found if match]
        if matches and 10 * len(matches) >= 9 * len(words):
            say(f"took {what} off, as of {shown(matches[0][0])}; --lines keeps them")
            words = [(n, match["word"] if match else word) for (n, word), match in zip(words, found, strict=True)]
    return words


def _hint(words: Words, say: Callable[[str], None]) -> None:
    """Say of some lines that they may be more than a word."""
    rest = words
    for name, separator in NAMES.items():
        found = [(number, word) for number, word in rest if len(cells_of(word, separator)) > 1]
        rest = [(number, word) for number, word in rest if len(cells_of(word, separator)) == 1]
        if found:
            first = ", --column 1 takes the first of it" * (separator == " ")
            say(
                f"hint: {_held(found, words, separator)}; each line is learned as one word, and --separator {name} "
                f"takes it apart{first}"
            )


def _ask(lines: Words, cut: Words, separator: str) -> None:
    """Refuse lines that, when what is around them is cut off, hold several things; show how to take the words."""
    several = [(number, line) for number, line in cut if len(cells_of(line, separator)) > 1]
    table = table_of(cut, separator)
    numeric = any(map(is_numeric, table.columns()))
    choices = []
    if len(table.rows) > 1 and (numeric or separator != " "):
        choices.append(_column_choice(table))
    if not numeric:
        pieces = [cell for _, line in cut for cell in cells_of(line, separator) if cell]
        choices.append((f"--separator {_name(separator)}", pieces))
        words = [word for _, line in cut for word in line.split()]
        if len(words) >= 2 * len(pieces):  # sentences, for one
            choices.append(("--separator space", words))
    choices.append(("--lines", [line for _, line in lines]))
    raise Unclear(_held(several, lines, separator), choices)


def _column_choice(table: Table) -> tuple[str, list[str]]:
    """Return the option that takes the column with the most words."""
    columns = table.columns()
    best = max(range(len(columns)), key=lambda place: (not is_numeric(columns[place]), len(set(columns[place]))))
    name = table.head[best] if best < len(table.head) else ""
    return f"--column {name if re.fullmatch('[A-Za-z]+', name) else best + 1}", columns[best]


def _separator(layout: Layout) -> str | None:
    name = layout.separator
    if layout.lines and (name is not None or layout.column is not None):
        raise ValueError("--lines takes each line as it stands, so there are no columns; leave out one of the two")
    if name is None:
        return None
    if not name:
        raise ValueError("--separator is empty; give what stands between the words, such as --separator comma")
    return NAMES.get(name.lower(), name.replace("\\t", "\t"))


def _name(separator: str) -> str:
    return next(name for name, character in NAMES.items() if character == separator)


def _held(found: Words, lines: Words, separator: str) -> str:
    """Return how many lines hold a separator, with the first of them."""
    what = "several words" if separator == " " else f"a {_name(separator)}"
    number, line = found[0]
    hold = "holds" if len(found) == 1 else "hold"
    return f"{len(found):,} of {len(lines):,} lines {hold} {what}, such as line {number}, {shown(line)}"


def _likely(lines: Words) -> str | None:
    """Return the separator that at least half of the lines hold; the first of several, as cells may hold commas."""
    for separator in "\t|;,":
        if 2 * sum(len(cells_of(THOUSANDS.sub("", line), separator)) > 1 for _, line in lines) >= len(lines):
            return separator
    return None


def _is_aligned(lines: Words) -> bool:
    """Whether all lines have as many things between blanks, and a number in the same place: `emma  F  18688`."""
    table = table_of(lines, " ")
    widths = {len(row) for _, row in table.rows}
    return len(table.rows) > 1 and len(widths) == 1 and max(widths) > 2 and any(map(is_numeric, table.columns()))
