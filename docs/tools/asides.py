"""What the tutorial's pages show beside their text and code, kept as Markdown for the notebooks.

`python -m tools.asides`, in the folder `docs/`, makes it anew if anything has changed that it depends on.
"""

import ast
import contextlib
import hashlib
import io
import re
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from typing import Any

from bigramlab.chapters import CHAPTERS
from bigramlab.lab.tutorial import BLOCK
from tools import keeping
from tools.palette import FIRST, PAPER, PRINT, SECOND, THIRD

PAGES = keeping.DOCS / "tutorial"
KEPT = PAGES / "asides.json"
TO_TOUCH = "*(The tutorial's site lets you touch this. Here it is on paper.)*"
PRINTED = {
    "currentColor": PRINT,
    "var(--bl-walk)": FIRST,
    "var(--md-typeset-a-color)": SECOND,
    "var(--md-code-hl-string-color)": THIRD,
    "var(--md-code-font-family),": "",
}
BOLD = {"bl-truth": ("**", "**"), "bl-choice": ("**", ":**")}  # kinds of paragraphs and spans
TO_DO, OR_HERE = "run `pytest` there.", "Or write it in a cell here, and let `check(…)` of it be the last line."


def asides() -> dict[str, Any]:
    """Return, for each page, what its hidden blocks print; that is a minute's work, so it is kept."""
    return keeping.kept(KEPT, key(), lambda: {chapter.page: [*_made(chapter.page)] for chapter in CHAPTERS})


@cache
def key() -> str:
    """Return a key made of the blocks, and of all that they depend on."""
    blocks = [block[0] for chapter in CHAPTERS for block in BLOCK.finditer(_text(chapter.page))]
    modules = {"tools.asides"}
    for block in BLOCK.finditer("\n".join(blocks)):
        for node in ast.walk(ast.parse(block["code"]) if not block["indent"] else ast.Module([], [])):
            if isinstance(node, ast.ImportFrom) and node.module == "tools":
                modules |= {f"tools.{alias.name}" for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("tools."):
                modules.add(str(node.module))
    data = [keeping.ROOT / "names.txt", *(path for path in sorted(PAGES.glob("*.json")) if path != KEPT)]
    code = keeping.key_of(*sorted(modules), docstrings=True, without=["bigramlab.lab.tutorial"], files=data)
    return hashlib.sha256("\n".join([code, *blocks]).encode()).hexdigest()


def _text(page: str) -> str:
    return (PAGES / f"{page}.md").read_text(encoding="utf-8")


def _made(page: str) -> Iterator[str]:
    """Run a page's blocks, each session with names of its own, and yield what the hidden ones print."""
    blocks = [block for block in BLOCK.finditer(_text(page)) if not block["indent"]]
    hidden = [block for block in blocks if 'source="block"' not in block["options"]]
    needed = {_session(block) for block in hidden}
    names: dict[str, dict[str, Any]] = {session: {"__name__": session} for session in needed}
    for block in blocks:
        if _session(block) in needed:
            with contextlib.redirect_stdout(io.StringIO()) as printed:
                exec(compile(block["code"], page, "exec"), names[_session(block)])
            if block in hidden:
                text = printed.getvalue().strip()
                text = _Reader(page).read(text) if 'html="on"' in block["options"] else text
                yield text.replace(TO_DO, f"{TO_DO} {OR_HERE}")


def _session(block: re.Match[str]) -> str:
    found = re.search(r'session="([^"]*)"', block["options"])
    return found[1] if found else str(block.start())


def _alone(tag: re.Match[str]) -> str:
    """Return the tag of an SVG that stands alone, on paper."""
    parts = re.sub(r' (xmlns|style)="[^"]*"', "", tag[0]).removeprefix("<svg")
    size = re.search(r"max-width:([\d.]+)rem", tag[0])
    width = round(16 * float(size[1])) if size else 640
    return f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" style="background:{PAPER}"{parts}'


class _Reader(HTMLParser):
    """Reads the few kinds of HTML that elements and pictures are made of, and writes them as Markdown."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.page = page
        self.parts: list[str] = [""]  # the last one is being written, those before wait for it
        self.lists: list[str] = []
        self.links: list[str] = []
        self.ends: list[str] = []  # what follows each paragraph and each span that has begun
        self.columns = 0

    def read(self, html: str) -> str:
        """Return HTML as Markdown, and each SVG as it is, in the colors of paper."""
        drawn: list[str] = []

        def keep(found: re.Match[str]) -> str:
            svg = found[0]
            for color, printed in PRINTED.items():
                svg = svg.replace(color, printed)
            drawn.append(re.sub("<svg[^>]*>", _alone, svg, count=1))
            return f"\0{len(drawn) - 1}\0"

        self.feed(re.sub(r"<svg.*?</svg>", keep, html, flags=re.DOTALL))
        text = re.sub(r"\n{3,}", "\n\n", self.parts[0]).strip()
        return re.sub(r"\0(\d+)\0", lambda found: f"\n\n{drawn[int(found[1])]}\n\n", text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin an element."""
        given = dict(attrs)
        if tag in ("ul", "ol"):
            self.lists.append(tag)
            self.parts[-1] += "\n\n"
        elif tag in ("li", "details", "summary", "tr", "th", "td", "a"):
            self.parts.append("✓ " if "data-right" in given else "")
            self.links += [given.get("href") or ""] if tag == "a" else []
        elif tag in ("p", "span"):
            begin, end = BOLD.get(given.get("class") or "", ("", ""))
            self.parts[-1] += "\n\n" * (tag == "p") + begin
            self.ends.append(end + "\n\n" * (tag == "p"))
        elif tag in ("table", "figcaption"):
            self.parts[-1] += "\n\n"
        elif tag in ("strong", "code", "em"):
            self.parts[-1] += {"strong": "**", "code": "`", "em": "*"}[tag]
        elif tag.startswith("bl-") and tag not in ("bl-bet", "bl-quiz"):
            self.parts[-1] += f"{TO_TOUCH}\n\n"

    def handle_endtag(self, tag: str) -> None:
        """End an element."""
        if tag in ("ul", "ol"):
            self.lists.pop()
            self.parts[-1] += "\n\n"
        elif tag in ("strong", "code", "em"):
            self.parts[-1] += {"strong": "**", "code": "`", "em": "*"}[tag]
        elif tag in ("p", "span"):
            self.parts[-1] += self.ends.pop()
        elif tag == "figcaption":
            self.parts[-1] += "\n\n"
        elif tag in ("li", "details", "summary", "tr", "th", "td", "a"):
            text = self.parts.pop()
            self.parts[-1] += self._ended(tag, text)

    def handle_data(self, data: str) -> None:
        """Take text."""
        self.parts[-1] += data

    def _ended(self, tag: str, text: str) -> str:
        text = re.sub(r"\n{3,}", "\n\n", text).strip()
        if tag == "li":
            lines = text.replace("\n", "\n    ").replace("\n    \n", "\n\n")
            return f"\n{'-   ' if self.lists[-1] == 'ul' else '1.  '}{lines}"
        if tag == "details":
            return f"\n\n<details>{text}\n\n</details>\n\n"
        if tag == "summary":
            return f"<summary>{text}</summary>\n\n"
        if tag == "a":
            return self._place(self.links.pop(), text)
        if tag in ("th", "td"):
            self.columns += 1
            return f"| {text or ' '} "
        line = f"\n{text} |" + ("\n" + "|---" * self.columns + "|" if "\n|" not in self.parts[-1] else "")
        self.columns = 0
        return line

    def _place(self, href: str, text: str) -> str:
        """Return where something stands in words, as a heading has another address in each kind of notebook."""
        page, _, anchor = href.partition("#")
        page = page.removesuffix(".html") or self.page
        if page not in [chapter.page for chapter in CHAPTERS]:
            return f"[{text}]({href})"
        if not anchor:
            return f"[{text}]({page}.md)"
        headings = re.findall(r"^#+ (.*)$", _text(page), re.MULTILINE)
        slugs = [re.sub(r"[^\w\s-]", "", heading.lower()).strip().replace(" ", "-") for heading in headings]
        heading = headings[slugs.index(anchor)].replace("`", "")
        return f"{text}: “{heading}”" + (f", in [an earlier chapter]({page}.md)" if page != self.page else "")


if __name__ == "__main__":
    asides()
