"""How a notebook shows a report: HTML that needs no style sheet, in any width and in light and dark."""

import html
import re
from collections.abc import Iterable
from functools import cache
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

from bigramlab.chapters import CHAPTERS

__all__ = ["LOCAL", "SERVED", "badge", "code", "prose", "show", "table"]

LOCAL = "http://127.0.0.1:8000"  # where `mkdocs serve` shows the site
SERVED = " (while <code>mkdocs serve</code> runs)"
COLORS = {"✓": "#1a7f37", "✗": "#cf222e"}  # white can be read on them, and they on white and on black
GRAY = "#6e7781"
RIGHT_TO_LEFT = "\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff"
CODE = "overflow:auto;max-height:24em;margin:0;padding:.3em .6em;background:rgba(127,127,127,.13);white-space:pre"
ROW = "display:flex;flex-wrap:wrap;gap:0 1em;margin:.5em 0"  # in a narrow window the label stands above
LABEL = "flex:0 0 7.5em;font-weight:bold;text-align:left"
BODY = "flex:1 1 18em;min-width:0;text-align:left;overflow-wrap:anywhere"


def show(mark: str, headline: str, rows: Iterable[tuple[str, str]], more: str = "") -> str:
    """Return a report: a colored mark beside the headline, and rows of a label and HTML; `more` stands below."""
    color = COLORS.get(mark, GRAY)
    head = f"{badge(mark)}<strong>{prose(headline)}</strong>"
    body = "".join(
        f'<div style="{ROW}"><div style="{LABEL}">{label}</div><div style="{BODY}">{text}</div></div>'
        for label, text in rows
    )
    frame = f"border-left:4px solid {color};padding:.1em 0 .1em 1em;margin:.5em 0;line-height:1.5"
    return f'<div style="{frame}"><div style="overflow-wrap:anywhere">{head}</div>{body}{more}</div>'


def badge(mark: str) -> str:
    """Return a sign, white on its color; what it says stands beside it in words."""
    color = f"background:{COLORS.get(mark, GRAY)};color:#fff;border-radius:3px"
    return f'<span style="{color};padding:0 .45em;margin-right:.6em;font-weight:bold" aria-hidden="true">{mark}</span>'


def table(rows: Iterable[tuple[str, ...]]) -> str:
    """Return rows of cells, which are HTML, as a table that scrolls inside its own place."""
    style = "text-align:left;vertical-align:top;padding:.15em 1em .15em 0"
    lines = ["".join(f'<td style="{style}">{cell}</td>' for cell in row) for row in rows]
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    return f'<div style="overflow-x:auto" tabindex="0"><table style="margin:0"><tbody>{body}</tbody></table></div>'


def code(text: str) -> str:
    """Return code, which scrolls inside its own place."""
    return f'<pre style="{CODE}" tabindex="0">{_isolated(html.escape(text))}</pre>'


def prose(text: str) -> str:
    """Return sentences: what stands between backticks as code, and a chapter as a link to its page."""
    text = re.sub(r"`([^`]+)`", r"<code>\1</code>", _isolated(html.escape(text)))
    for number, chapter in enumerate(CHAPTERS, start=1):
        named = f"chapter {number}, {chapter.title}"
        if (place := _site()) and named in text:
            link = f'<a href="{place}/tutorial/{chapter.page}.html" target="_blank" rel="noopener">{named}</a>'
            text = text.replace(named, link + SERVED * (place == LOCAL))
    return text


def _isolated(text: str) -> str:
    """Mark words that are written from right to left, so that what stands beside them keeps its place."""
    word = f"[{RIGHT_TO_LEFT}]+"
    return re.sub(f"{word}(?: +{word})*", r"<bdi>\g<0></bdi>", text)


@cache
def _site() -> str:
    """Return where the tutorial stands: where it is published, or, in a clone, where it is served; or nothing."""
    try:
        links: list[str] = metadata("bigramlab").get_all("Project-URL") or []
    except PackageNotFoundError:
        links = []
    for link in links:
        label, _, address = link.partition(", ")
        if label.lower() == "documentation":
            return address.rstrip("/")
    return LOCAL if (Path(__file__).parents[2] / "mkdocs.yml").is_file() else ""
