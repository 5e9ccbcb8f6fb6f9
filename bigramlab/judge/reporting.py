"""The report of a check: plain text, colored in a terminal, HTML in a notebook."""

import os
import re
import sys
import textwrap
from abc import ABC, abstractmethod
from dataclasses import dataclass, field

from bigramlab.judge.describing import shorten
from bigramlab.judge.diagnosis import Diagnosis
from bigramlab.judge.showing import code, prose, show

__all__ = ["Note", "Report", "Section", "Shown"]

WIDTH, LINES, LONGEST = 78, 30, 160
Section = tuple[str, str, bool]  # a label, a text, and whether the text is code


class Shown(ABC):
    """What shows itself, as text or as HTML. It has a headline and sections, and is true if all is right."""

    @abstractmethod
    def headline(self) -> str:
        """Return the result in one line."""

    @abstractmethod
    def sections(self) -> list[Section]:
        """Return what there is to say besides."""

    def mark(self) -> str:
        """Return a sign for the result: ✓, ✗ or, if it is neither right nor wrong, something else."""
        return "✓" if self else "✗"

    def text(self, *, color: bool = False) -> str:
        """Return the report as plain text, or with a terminal's colors."""
        return self._lines(self.headline(), self.sections(), color=color)

    def _lines(self, headline: str, sections: list[Section], *, color: bool) -> str:
        bold, mark, end = ("\033[1m", "\033[32m" if self else "\033[31m", "\033[0m") if color else ("", "", "")
        for lines_of_code in (12, 8, 5, 3):
            lines = [f"{mark}{bold}{headline}{end}"]
            for label, text, is_code in sections:
                body = shorten(text, lines=lines_of_code).splitlines() if is_code else textwrap.wrap(text, WIDTH - 15)
                lines.append("") if label in ("Likely cause", "Read on", "Not careful") else None
                lines += [
                    f"  {bold}{label if not row else '':<13}{end}{line}".rstrip() for row, line in enumerate(body)
                ]
            if len(lines) <= LINES:
                break
        return "\n".join(lines)

    def __repr__(self) -> str:
        """Return the report, colored if the output is a terminal."""
        plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
        return self.text(color=sys.stdout.isatty() and not plain)

    def _repr_html_(self) -> str:
        """Return the report as HTML, for a notebook."""
        return self._html()

    def _html(self, more: str = "") -> str:
        rows = [(label, code(shorten(text)) if is_code else prose(text)) for label, text, is_code in self.sections()]
        return show(self.mark(), self.headline(), rows, more)


@dataclass(frozen=True)
class Note:
    """A care law that does not hold.

    Attributes:
        law: The law's name.
        sentence: Its sentence.
        call: The smallest call that breaks it, as code.
        problem: What the function does there.
        ours: What bigramlab's own does.
        silent: Whether it gives a result, so that nobody is told.
        rank: Where it stands among the notes: 0 if input that makes sense goes wrong, 1 if input that makes none is
            answered, 2 if only the type is another or the like, 3 if the wrong thing is raised.
    """

    law: str
    sentence: str
    call: str
    problem: str
    ours: str
    silent: bool
    rank: int = 0

    def text(self) -> str:
        """Say it in a few lines."""
        call = re.sub(r"(\() | ?,? (\))", r"\1\2", " ".join(self.call.split()))
        call = call if len(call) <= LONGEST else f"{call[:LONGEST]} …"
        ours = f" Ours {self.ours.rstrip('.')}." if self.ours else ""
        named = "(" in self.problem.split(" ")[0]  # the name of a function stays as it is
        told = self.problem if named else self.problem[0].upper() + self.problem[1:]
        return f"{told.rstrip('.')}: `{call}`.{ours}"


@dataclass(repr=False)
class Report(Shown):
    """What a check found. True when every law about the result holds; `print` it to read it.

    Attributes:
        name: The function's name.
        chapter: The number and title of the tutorial's chapter on it.
        total: How many laws about its result there are.
        held: How many of them hold.
        care_total: How many care laws there are, about input that makes no sense and the like.
        notes: Those that don't hold, if the result is right.
        started: False if it raises `NotImplementedError`, as an exercise does at first.
        broken_law: The name of the first law about the result that is broken.
        law: That law's sentence.
        call: The smallest call that breaks it, as code.
        needs: The lines that import what it needs of ours.
        returned: What came back.
        raised: What was raised instead.
        place: The line that raised it.
        problem: What is wrong with it.
        printed: What the function printed on the way.
        diagnosis: A catalogued mistake that does the same.
        form: In which form the function takes and returns its numbers, such as "on lists"; "" if as ours does.
        not_asked: Whether laws about gradients were left out, since in that form there are none.
        outdated: What to do if the function's file has another version of it now.
        only_parameters: Whether nothing but its parameters is to be changed.
    """

    name: str
    chapter: str
    total: int
    care_total: int
    held: int = 0
    notes: list[Note] = field(default_factory=list)
    started: bool = True
    broken_law: str = ""
    law: str = ""
    call: str = ""
    needs: str = ""
    returned: str = ""
    raised: str = ""
    place: str = ""
    problem: str = ""
    printed: str = ""
    diagnosis: Diagnosis | None = None
    form: str = ""
    not_asked: bool = False
    outdated: str = ""
    only_parameters: bool = False

    def __bool__(self) -> bool:
        """Tell whether every law about the result holds."""
        return self.held == self.total

    @property
    def careful(self) -> bool:
        """Whether the care laws hold, too."""
        return bool(self) and not self.notes and not self.form

    @property
    def care_held(self) -> int:
        """How many care laws hold; they are tried if the result is right."""
        return self.care_total - len(self.notes) if self else 0

    def mark(self) -> str:
        """Return a sign for the result; what is not started is not wrong."""
        return super().mark() if self.started else "…"

    def headline(self) -> str:
        """Return the result in one line."""
        form = f", {self.form}" * bool(self.form)
        if self:
            return f"{self.name} is right{' and careful' if self.careful else form}: all its laws hold."
        if not self.started:
            return f"{self.name} is not started: it raises NotImplementedError."
        if self.only_parameters:
            return f"{self.name} is right but for its parameters, so the laws can't call it."
        return f"{self.name} is not right yet{form}: {self.held} of {self.total} laws hold."

    def beginning(self, *, color: bool = False) -> str:
        """Return what can be said as soon as a law is broken: neither how many others hold, nor the cause."""
        return self._lines(f"{self.name} is not right yet.", self.sections()[:-1], color=color)

    def sections(self) -> list[Section]:
        """Return what there is to say, as label, text, and whether the text is code."""
        first: list[Section] = [("Mind", self.outdated, False)] if self.outdated else []
        if self:
            return first + self._care()
        if not self.started:
            return first
        sections = [
            *first,
            ("The law", self.law, False),
            ("Called", self.call, True),
            ("With", self.needs, True),
            ("Returned", self.returned, True),
            ("Raised", self.raised, False),
            ("At", _wrapped(self.place), True),
            ("But", self.problem, False),
            ("Printed", shorten(self.printed, lines=6), True),
            ("Likely cause", self.diagnosis.text() if self.diagnosis else "", False),
            ("To see it", self.diagnosis.seen if self.diagnosis else "", False),
            ("Read on", f"chapter {self.chapter}, of the tutorial, or `help(bigramlab.{self.name})`", False),
        ]
        return [section for section in sections if section[1]]

    def _care(self) -> list[Section]:
        """Return what it is not careful about, in a few lines: an invitation."""
        first, more = self.notes[:2], len(self.notes) - 2
        sections = [("Not asked", "Gradients: in this form there are none.", False)] * self.not_asked
        sections += [("Not careful", note.text(), False) for note in first]
        return [*sections, *([("And", f"{more} more, in `check({self.name}).notes`.", False)] if more > 0 else [])]


def _wrapped(code: str) -> str:
    """Break lines of code that are too long for the page: what is wrong may stand at their end."""
    lines = (textwrap.wrap(line, WIDTH - 17, subsequent_indent="    ") for line in code.splitlines())
    return "\n".join(part for parts in lines for part in parts[:3])
