"""The report of a check: plain text, colored in a terminal, HTML in a notebook."""

import html
import os
import re
import sys
import textwrap
from dataclasses import dataclass

from bigramlab.judge.diagnosing import Diagnosis
from bigramlab.judge.recording import shorten

__all__ = ["Report"]

WIDTH = 78


@dataclass
class Report:
    """What a check found. True when every law holds; `print` it to read it.

    Attributes:
        name: The function's name.
        held: How many of its laws hold.
        total: How many it has.
        chapter: The number and title of the tutorial's chapter on it.
        started: False if it raises `NotImplementedError`, as an exercise does at first.
        broken_law: The name of the first law that is broken.
        law: That law's sentence.
        call: The smallest call that breaks it, as code.
        returned: What came back.
        raised: What was raised instead.
        place: The line that raised it.
        problem: What is wrong with it.
        printed: What the function printed on the way.
        diagnosis: A catalogued mistake that does the same.
    """

    name: str
    held: int
    total: int
    chapter: str
    started: bool = True
    broken_law: str = ""
    law: str = ""
    call: str = ""
    returned: str = ""
    raised: str = ""
    place: str = ""
    problem: str = ""
    printed: str = ""
    diagnosis: Diagnosis | None = None

    def __bool__(self) -> bool:
        """Tell whether every law holds."""
        return self.held == self.total

    def headline(self) -> str:
        """Return the result in one line."""
        if self:
            return f"{self.name} is right: {'its one law holds' if self.total == 1 else f'all {self.total} laws hold'}."
        if not self.started:
            return f"{self.name} is not started: it raises NotImplementedError."
        return f"{self.name} is not right yet: {self.held} of {self.total} laws hold."

    def beginning(self, *, color: bool = False) -> str:
        """Return what can be said as soon as a law is broken: neither how many others hold, nor the cause."""
        return self._lines(f"{self.name} is not right yet.", self.sections()[:-1], color=color)

    def sections(self) -> list[tuple[str, str, bool]]:
        """Return what there is to say, as label, text, and whether the text is code."""
        if self or not self.started:
            return []
        sections = [
            ("The law", self.law, False),
            ("Called", self.call, True),
            ("Returned", self.returned, True),
            ("Raised", self.raised, False),
            ("At", shorten(self.place, columns=WIDTH - 17), True),
            ("But", self.problem, False),
            ("Printed", shorten(self.printed, lines=6), True),
            ("Likely cause", self.diagnosis.text() if self.diagnosis else "", False),
            ("To see it", self.diagnosis.mistake.seen if self.diagnosis else "", False),
            ("Read on", f"chapter {self.chapter}, of the tutorial, or help(bigramlab.{self.name})", False),
        ]
        return [section for section in sections if section[1]]

    def text(self, *, color: bool = False) -> str:
        """Return the report as plain text, or with a terminal's colors."""
        return self._lines(self.headline(), self.sections(), color=color)

    def _lines(self, headline: str, sections: list[tuple[str, str, bool]], *, color: bool) -> str:
        bold, mark, end = ("\033[1m", "\033[32m" if self else "\033[31m", "\033[0m") if color else ("", "", "")
        lines = [f"{mark}{bold}{headline}{end}"]
        for label, text, is_code in sections:
            body = shorten(text).splitlines() if is_code else textwrap.wrap(text, WIDTH - 15)
            lines.append("") if label in ("Likely cause", "Read on") else None
            lines += [f"  {bold}{label if not row else '':<13}{end}{line}".rstrip() for row, line in enumerate(body)]
        return "\n".join(lines)

    def __repr__(self) -> str:
        """Return the report, colored if the output is a terminal."""
        plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
        return self.text(color=sys.stdout.isatty() and not plain)

    def _repr_html_(self) -> str:
        """Return the report as HTML, for a notebook."""
        rows = "".join(
            f"<tr><th style='text-align:left;vertical-align:top'>{label}</th><td style='text-align:left'>"
            + (f"<pre style='margin:0'>{html.escape(shorten(text))}</pre>" if is_code else _as_html(text))
            + "</td></tr>"
            for label, text, is_code in self.sections()
        )
        return f"<p><strong>{html.escape(self.headline())}</strong></p><table>{rows}</table>"


def _as_html(text: str) -> str:
    """Return the sentences with what stands between backticks as code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text))
