"""The tutorial as notebooks, made from its pages: prose as Markdown cells, code as code cells."""

# ruff: noqa: T201, a command prints

import base64
import json
import re
import textwrap
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

from bigramlab.chapters import CHAPTERS, LESSONS
from bigramlab.lessons.files import write_file

__all__ = ["BLOCK", "notebooks", "write_notebooks"]

BLOCK = re.compile(
    r'^(?P<indent> *)```python exec="on"(?P<options>[^\n]*)\n(?P<code>.*?)^(?P=indent)```$', re.MULTILINE | re.DOTALL
)
"""Code that runs when the site is built; without `source="block"` a page shows only what it prints: an aside."""
FOLDED = re.compile(r'^\?\?\? \w+ "(?P<title>[^\n]*)"\n(?P<body>(?: {4}[^\n]*\n|\n)+)', re.MULTILINE)
TAB = re.compile(r'^=== "(?P<title>[^\n]*)"\n(?P<body>(?: {4}[^\n]*\n|\n)+)', re.MULTILINE)
LINK = re.compile(r"(?<!!)\[(?P<text>[^\]]+)\]\((?P<to>[^)\s]+)\)")
PICTURE = re.compile(r"<svg.*?</svg>", re.DOTALL)
FILES = {chapter.page: f"{number:02}-{chapter.page}.ipynb" for number, chapter in enumerate(CHAPTERS, start=1)}
BEGINNING = (
    "*A chapter of bigramlab's tutorial. Run its cells from top to bottom. What the tutorial's site lets you touch "
    "stands here as text.*"
)


def notebooks(folder: Path) -> int:
    """Write the chapters."""
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"{folder} is a file, and the notebooks need a folder; choose another name")
    for path in (written := write_notebooks(folder)):
        print(f"wrote {path}")
    if not written:
        print(f"{folder} has all the chapters already; nothing was changed")
    print(f"\nOpen the first in Jupyter or an editor that shows notebooks: {folder / FILES[CHAPTERS[0].page]}")
    return 0


def write_notebooks(folder: Path) -> list[Path]:
    """Write a notebook for each chapter into a folder, and return their paths; one that is there already is left."""
    folder.mkdir(parents=True, exist_ok=True)
    asides = json.loads(_read("asides.json"))
    written = []
    for page, name in FILES.items():
        if not (folder / name).exists():
            notebook = _notebook(_read(f"{page}.md"), iter(asides[page]))
            write_file(folder / name, json.dumps(notebook, indent=1, ensure_ascii=False) + "\n")
            written.append(folder / name)
    return written


def _read(name: str) -> str:
    """Return the text of a page: in a wheel they are inside the package, in a clone among the documents."""
    shipped = files("bigramlab") / "tutorial" / name
    here = Path(__file__).parents[2] / "docs" / "tutorial" / name
    return shipped.read_text(encoding="utf-8") if shipped.is_file() else here.read_text(encoding="utf-8")


def _notebook(page: str, asides: Iterator[str]) -> dict[str, Any]:
    """Return a page as a notebook; `asides` are what its hidden code printed."""
    page = re.sub(r"\A---\n.*?\n---\n+(# [^\n]*)\n", rf"\1\n\n{BEGINNING}\n", page, flags=re.DOTALL)
    cells: list[dict[str, Any]] = []
    prose, end = "", 0
    for block in BLOCK.finditer(page):
        prose += page[end : block.start()]
        end = block.end()
        if 'source="block"' not in block["options"]:
            prose += next(asides)
        elif block["indent"]:  # inside what is folded
            prose += f"{block['indent']}```python\n{block['code']}{block['indent']}```"
        else:
            cells += [*_markdown(prose), _cell("code", _code(block["code"]))]
            prose = ""
    cells += _markdown(prose + page[end:])
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def _cell(kind: str, text: str) -> dict[str, Any]:
    cell: dict[str, Any] = {"cell_type": kind, "metadata": {}, "source": text.splitlines(keepends=True)}
    return cell if kind == "markdown" else cell | {"execution_count": None, "outputs": []}


def _code(text: str) -> str:
    """Return the code that a page shows; a figure that the page draws is the last value of its cell."""
    shown = [line for line in text.splitlines() if "# markdown-exec: hide" not in line]
    figure = re.search(r"^print\(inline_svg\((\w+),", text, re.MULTILINE)
    return "\n".join([*shown, *([figure[1]] if figure and shown[-1] != figure[1] else [])]).strip("\n")


def _markdown(text: str) -> Iterator[dict[str, Any]]:
    """Yield prose as cells, one for each section, in the Markdown that notebooks know."""
    text = FOLDED.sub(_folded, text + "\n")
    text = TAB.sub(lambda tab: f"**{tab['title']}**\n{textwrap.dedent(tab['body'])}", text)
    text = re.sub(r"\n{3,}", "\n\n", LINK.sub(_link, text))
    for section in re.split(r"^(?=## )", text, flags=re.MULTILINE):
        if section.strip():
            pictures = PICTURE.findall(section)
            for number, svg in enumerate(pictures):
                label = re.search(r'aria-label="([^"]*)"', svg)
                section = section.replace(svg, f"![{label[1] if label else ''}](attachment:picture-{number}.svg)", 1)
            cell = _cell("markdown", section.strip())
            if pictures:
                coded = [base64.b64encode(svg.encode()).decode() for svg in pictures]
                cell["attachments"] = {f"picture-{n}.svg": {"image/svg+xml": svg} for n, svg in enumerate(coded)}
            yield cell


def _folded(found: re.Match[str]) -> str:
    title = re.sub(r"`([^`]+)`", r"<code>\1</code>", found["title"])
    return f"<details><summary>{title}</summary>\n\n{textwrap.dedent(found['body']).strip()}\n\n</details>\n\n"


def _link(found: re.Match[str]) -> str:
    """Return a link to another chapter's notebook or into the web; what stands on the site alone is only named."""
    text, (place, _, _) = found["text"], found["to"].partition("#")
    name = re.sub(r"\.(md|html)$", "", place).removeprefix("../")
    if place.startswith("http"):
        return found[0]
    if name in FILES:
        return f"[{text}]({FILES[name]})"
    lesson = name.removeprefix("reference/")
    if lesson == text and any(lesson == one.name for one in LESSONS):
        return f'`help("bigramlab.lessons.{lesson}")`'
    return text
