"""The reader as a model: what all bets of the tutorial cost, as an element."""

import re

from bigramlab.chapters import CHAPTERS
from tools import keeping
from tools.markup import element


def bets_of(page: str) -> int:
    """Return how many bets a chapter has, which is named by its page."""
    return len(re.findall(r"^ +bet\($", (keeping.DOCS / "tutorial" / f"{page}.md").read_text(encoding="utf-8"), re.M))


def score() -> str:
    """Return what the bets cost and where there are more; without scripts, where they are."""
    counts = [bets_of(chapter.page) for chapter in CHAPTERS]
    items = "".join(
        f'<li data-page="{chapter.page}" data-bets="{count}">'
        f'<a href="{chapter.page}.html">{number}. {chapter.title}</a>: <b>{count}</b></li>'
        for number, (chapter, count) in enumerate(zip(CHAPTERS, counts, strict=True), start=1)
    )
    total = sum(counts)
    fallback = (
        f"<p>With scripts, this page adds up what you bet in the {total} bets of the chapters:</p><ul>{items}</ul>"
    )
    return element("score", fallback, scripts="score", bets=total)
