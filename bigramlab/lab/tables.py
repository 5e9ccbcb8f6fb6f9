"""Rows and cells: a text with separators, JSON and lists of a program as tables."""

import ast
import csv
import json
import re
import reprlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

__all__ = ["Table", "Words", "cells_of", "is_numeric", "shown", "table_of", "table_of_json", "words_in_column"]

NUMBER = re.compile(r"[\d.,%+\s-]*\d%?")

Words = list[tuple[int, str]]  # each with the number of its line


class Table(NamedTuple):
    """Rows of cells.

    Attributes:
        rows: Each with the number of its line.
        head: The names of the columns; none, if there are none.
    """

    rows: list[tuple[int, list[str]]]
    head: Sequence[str] = ()

    def columns(self) -> list[list[str]]:
        """Return the cells of each column."""
        width = max((len(row) for _, row in self.rows), default=0)
        return [[row[place] for _, row in self.rows if place < len(row)] for place in range(width)]


def cells_of(line: str, separator: str) -> list[str]:
    """Return what stands between the separators, without blanks and quotes around it."""
    if separator == " ":
        return line.split()
    if separator == "|":  # a table in Markdown begins and ends with one
        line = line.strip("|")
    cells = line.split(separator)
    if len(separator) == 1 and '"' in line:
        with suppress(csv.Error):  # a cell of 131,072 characters, for one
            cells = next(csv.reader([line], delimiter=separator, skipinitialspace=True))
    return [cell.strip() for cell in cells]


def table_of(lines: Words, separator: str) -> Table:
    """Return the lines as rows; the first is the head if it has a name where all others have a number."""
    rows = [(number, cells_of(line, separator)) for number, line in lines]
    rows = [(number, row) for number, row in rows if not all(re.fullmatch(":?-+:?", cell) for cell in row)]  # a ruler
    if len(rows) > 1:
        (_, first), *others = rows
        if any(map(is_numeric, Table(others).columns())) and not any(map(is_numeric, zip(first))):
            return Table(others, first)
    return Table(rows)


def table_of_json(text: str) -> Table | None:
    """Return the items of a list or dict in JSON or Python, or of lines of JSON; `None` if the text is none."""
    text = re.sub(r"^\s*[\w ]+=\s*", "", text).strip().rstrip(";")
    if text[:1] not in ("[", "{"):
        return None
    found: Any = None
    for parse in (json.loads, ast.literal_eval, lambda text: [json.loads(line) for line in text.splitlines() if line]):
        try:
            found = parse(text)
            break
        except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
            continue
    while isinstance(found, dict) and len(found) == 1 and isinstance(next(iter(found.values())), list | dict):
        (found,) = found.values()  # {"names": ["emma", "olivia"]}
    items = list(found.items()) if isinstance(found, dict) else found
    if not isinstance(items, list | tuple) or not items:
        return None
    head = list(items[0]) if isinstance(items[0], dict) else []
    rows = [["" if cell is None else str(cell) for cell in _values(item, head)] for item in items]
    return Table(list(enumerate(rows, 1)), list(map(str, head)))


def _values(item: Any, head: Sequence[Any]) -> Sequence[Any]:
    if isinstance(item, dict):
        return [item.get(name, "") for name in head]
    return item if isinstance(item, list | tuple) else [item]


def words_in_column(table: Table, column: str, say: Callable[[str], None]) -> Words:
    """Return the words of a column, given by its number or its name."""
    rows, head = table
    if column.isdecimal():
        place = int(column) - 1
    else:
        if not head and rows:  # all columns are of words, and the first row has their names
            (_, head), *rows = rows
        names = [name.casefold() for name in head]
        if column.casefold() not in names:
            raise ValueError(
                f"--column is {column!r}, and the columns are {', '.join(map(shown, head))}; give the name of one, or "
                "its number, from 1 up"
            )
        place = names.index(column.casefold())
    found = [(number, row[place]) for number, row in rows if 0 <= place < len(row) and row[place]]
    width = max((len(row) for _, row in rows), default=0)
    if not found:
        raise ValueError(f"there is no column {column}; the columns are 1 to {width}")
    missing = [number for number, row in rows if place >= len(row) or not row[place]]
    if column.isdecimal() and place < len(head) and rows[0][0] > 1:
        say(f"the first line has the names of the columns, so {shown(head[place])} is no word; --column {column} is it")
    if missing:
        first = f"the first is line {missing[0]}"
        say(f"left out {len(missing):,} of {len(rows):,} lines, which have no word in column {column}; {first}")
    return found


def is_numeric(column: Sequence[str]) -> bool:
    """Whether all cells that are not empty are numbers."""
    return any(column) and all(NUMBER.fullmatch(cell) for cell in column if cell)


def shown(text: str) -> str:
    """Return the text in quotes, cut in the middle if it is long."""
    cutting = reprlib.Repr()
    cutting.maxstring = 50
    return cutting.repr(text)
