"""The cells of a notebook, or a script: what of them is Python."""

import ast
import importlib.util
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Cell", "cells_of"]

PYTHON_MAGICS = ("%%time", "%%timeit", "%%capture", "%%prun")  # what stands below them is Python


@dataclass(frozen=True)
class Cell:
    """A part of a file.

    Attributes:
        place: What it is called: "cell 4"; of a script, empty.
        filename: The name of its code in a traceback.
        text: The code, on the lines where it stands in the file.
    """

    place: str
    filename: str
    text: str


def cells_of(path: Path) -> list[Cell]:
    """Return the cells of a notebook, magics left out, or the parts of a script; raise ValueError if it has none."""
    if not path.is_file():
        what = f"{path} is a folder" if path.is_dir() else f"there is no file {path}"
        raise ValueError(f"{what}; give the name of a notebook or script, such as names.ipynb")
    if path.suffix == ".ipynb":
        return [
            Cell(f"cell {number}", f"cell {number}", _without_magics(text))
            for number, text in enumerate(_code_of(path), start=1)
        ]
    if path.suffix != ".py":
        raise ValueError(f"{path.name} is neither a notebook (.ipynb) nor a script (.py)")
    try:
        text = _without_magics(importlib.util.decode_source(path.read_bytes()))
        ast.parse(text)
    except SyntaxError as error:
        where = f", at line {error.lineno}" if error.lineno else "; save it as UTF-8"  # else it is about the encoding
        raise ValueError(f"{path.name} can't be read: {error.msg}{where}") from None
    except (ValueError, OSError) as error:
        raise ValueError(f"{path.name} can't be read: {error}; save it as UTF-8") from None
    return [Cell("", str(path), text)]


def _code_of(path: Path) -> Iterator[str]:
    """Yield the text of each code cell of a notebook."""
    try:
        notebook = json.loads(path.read_text(encoding="utf-8-sig"))
        language = notebook.get("metadata", {}).get("kernelspec", {}).get("language", "python")
        cells = notebook["cells"] if "cells" in notebook else notebook["worksheets"][0]["cells"]
        codes = [cell.get("source", cell.get("input", "")) for cell in cells if cell["cell_type"] == "code"]
    except (OSError, ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
        raise ValueError(f"{path.name} can't be read: it is no notebook ({type(error).__name__}: {error})") from None
    if language.lower() not in ("python", ""):
        raise ValueError(f"{path.name} can't be read: its language is {language}, not Python")
    yield from ("".join(code) for code in codes)


def _without_magics(text: str) -> str:
    """Leave out lines for the notebook and the shell, such as `%matplotlib inline` and `!pip install torch`."""
    lines = text.split("\n")
    first = next((line for line in lines if line.strip()), "")
    if first.startswith("%%") and not first.startswith(PYTHON_MAGICS):
        return "\n" * (len(lines) - 1)
    try:
        ast.parse(text)
    except (SyntaxError, ValueError):
        kept = []
        for line in lines:
            indent = line[: len(line) - len(line.lstrip())]
            timed = re.match(r"\s*%time\s+(.*)", line)
            is_magic = re.match(r"\s*(%|!|\?)|\s*\w+\s*=\s*[!%]|\s*[\w.]+\?+\s*$", line)
            kept.append(f"{indent}{timed[1]}" if timed else f"{indent}pass" if is_magic else line)
        return "\n".join(kept)
    return text
