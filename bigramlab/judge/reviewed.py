"""What is said of all that a notebook made: an item for each thing, and a page that holds them."""

import shutil
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from bigramlab.judge.reporting import Report, Section, Shown
from bigramlab.judge.showing import badge, prose, table

__all__ = [
    "BAD",
    "CLOSE",
    "FOLLOWS",
    "MISTAKE",
    "NOT_JUDGED",
    "RIGHT",
    "STEP",
    "UNCAREFUL",
    "WRONG",
    "Item",
    "Review",
    "Thing",
]

RIGHT, WRONG, MISTAKE, CLOSE, STEP, FOLLOWS, NOT_JUDGED = (
    "right",
    "wrong",
    "mistake",
    "close",
    "step",
    "follows",
    "not judged",
)
BAD = (WRONG, MISTAKE, CLOSE)
SIGNS = {RIGHT: "✓", STEP: "→", FOLLOWS: "…", MISTAKE: "→", WRONG: "→", CLOSE: "→"}  # a slip that is no more: mended
LINES = 40  # a screen
WIDTHS = (80, 132)  # of the page: at least, at most
UNCAREFUL = "not careful yet"
LEGEND = {STEP: "*step*: true and unfinished", FOLLOWS: "*follows*: made of something that is wrong"}


@dataclass(frozen=True)
class Thing:
    """Something that was made.

    Attributes:
        name: Its name, or, if it was only shown, the expression.
        value: What it was when its cell had run.
        place: Where it was made, such as "cell 4"; empty if nobody knows.
        passing: Whether it is only a setting, or made anew with each turn of a loop: such a number is called right if
            it is, and never wrong.
        reads: The names that what made it reads.
        shown: Whether it has no name, and was only shown.
        slope: The gradient that torch had by then for the value that its name is of, as `dlogits` is of `logits`.
        inside: Whether it is a name of a function's own, as it was at the end of its first call.
    """

    name: str
    value: Any
    place: str = ""
    passing: bool = False
    reads: frozenset[str] = frozenset()
    shown: bool = False
    slope: Tensor | None = None
    inside: bool = False


@dataclass(frozen=True)
class Item:
    """What there is to say of one thing.

    Attributes:
        name: Its name.
        place: Where it was made.
        verdict: What it is: "right", "wrong" (a function), "mistake", "close", "step" (true and unfinished), "follows"
            (made of something that is wrong) or "not judged".
        text: The same in a few words.
        headline: A sentence that stands above the details.
        details: More, if it is wrong, as label, text, and whether the text is code.
        mended: Whether a later cell made it right under the same name.
        report: The report of the function, if it is one.
        slips: The catalogued mistakes that were recognized in it, as function and name.
        of: The name of what is wrong and made it, if something is.
    """

    name: str
    place: str
    verdict: str
    text: str
    headline: str = ""
    details: Sequence[Section] = ()
    mended: bool = False
    report: Report | None = None
    slips: tuple[str, ...] = ()
    of: str = ""

    @property
    def is_wrong(self) -> bool:
        """Whether something is to be mended."""
        return self.verdict in BAD and not self.mended

    @property
    def where(self) -> str:
        """Its name, and where it was made."""
        return f"{self.name} ({self.place})" if self.place else self.name


@dataclass(repr=False)
class Review(Shown):
    """What was made, by name, in the order in which it was made. True if nothing is wrong and no cell raised.

    Attributes:
        title: The file's name; empty for a session.
        items: What there is to say of each thing, those left out of which nothing is known.
        unknown: The names of those.
        ended: Why the file did not come to its end; empty if it did.
        remarks: What else is to be known.
        likely: What usually leads to the file's end, and what to do.
        unfinished: What is right and can't be the end of it, such as a training on the first word only.
    """

    title: str
    items: list[Item]
    unknown: list[str] = field(default_factory=list)
    ended: str = ""
    remarks: list[str] = field(default_factory=list)
    unfinished: str = ""
    likely: str = ""

    def __bool__(self) -> bool:
        """Tell whether nothing is wrong."""
        return not self.ended and self.first is None

    def mark(self) -> str:
        """Return a sign for the result; where nothing is known, or all is on its way, it is neither right nor wrong."""
        if not self:
            return "✗"
        known = any(item.verdict == RIGHT for item in self.items)
        return "?" if not known else "→" if self.unfinished else "✓"

    @property
    def first(self) -> Item | None:
        """The first thing that is wrong, before what follows from it."""
        wrong = [item for item in self.items if item.is_wrong]
        return next((item for item in wrong if not item.of), wrong[0] if wrong else None)

    def headline(self) -> str:
        """Return the result in one line."""
        start = f"{self.title}: " if self.title else ""
        number = {what: sum(item.verdict == what for item in self.items) for what in (RIGHT, STEP)}
        wrong = sum(item.is_wrong for item in self.items)
        if self.first:
            return f"{start}{self.first.where} is the first that is wrong. {number[RIGHT]} right, {wrong} wrong."
        if self.ended:
            who = self.title or "It"
            return f"{who} did not come to its end. Of what was made until then, {number[RIGHT]} right, none wrong."
        steps = f", {number[STEP]} {'step' if number[STEP] == 1 else 'steps'} on the way" * bool(number[STEP])
        if self.unfinished:
            return f"{start}nothing is wrong, but {self.unfinished}. {number[RIGHT]} right{steps}."
        if not number[RIGHT]:
            return f"{start}nothing in it is known to be right or wrong."
        left = [*self.not_judged, *self.unknown]
        if not left:
            return f"{start}all is right, {number[RIGHT]} in all{steps}."
        names = ", ".join([*left[:4], *["…"] * (len(left) > 4)])
        return f"{start}{number[RIGHT]} right{steps}, none wrong; {len(left)} not judged: {names}."

    @property
    def not_judged(self) -> list[str]:
        """The names of the functions that were not judged."""
        return [item.name for item in self.items if item.verdict == NOT_JUDGED]

    def sections(self) -> list[Section]:
        """Return what is wrong first, why the file ended, and what was made."""
        return [*self._wrong(), *self._rest()]

    def _wrong(self) -> list[Section]:
        sections: list[Section] = []
        if self.first:
            sections += [("First wrong", self.first.headline, False)] if self.first.headline else []
            sections += self.first.details
        others = [item for item in self.items if item.is_wrong and item is not self.first and not item.of]
        for item in others[:2]:
            text = item.text if item.verdict == WRONG or not item.headline else item.headline.split("`: ", 1)[-1]
            sections.append(("Wrong, too", f"{item.where}: {text}", False))
        ends = [("Not run", self.ended), ("Likely cause", self.likely)]
        return sections + [(label, text, False) for label, text in ends if text]

    def _rest(self) -> list[Section]:
        rest = [(item.name, item.text) for item in self.items if item.verdict == NOT_JUDGED]
        sections = [("Not judged", f"{name}: {text}", False) for name, text in rest if text][:4]
        unclear = [*(name for name, text in rest if not text), *dict.fromkeys(self.unknown)]
        names = textwrap.shorten(", ".join(unclear), 150, placeholder=" …")
        sections += [("Not judged", names, False)] if names else []
        return [*sections, *(("Mind", remark, False) for remark in self.remarks)]

    def text(self, *, color: bool = False) -> str:
        """Return the review as plain text, at most a screen of it."""
        head = self._lines(self.headline(), self._wrong(), color=color).splitlines()
        rest = self._lines("", self._rest(), color=color).splitlines()[1:]
        table = self._table(max(8, LINES - len(head) - len(rest) - 4), color=color)
        parts = ["\n".join(part) for part in (head, table, rest) if part]
        return "\n\n".join(parts)

    def _table(self, room: int, *, color: bool) -> list[str]:
        """Return a line for each thing; if there are too many, some that are right are left out."""
        items = [item for item in self.items if item.verdict != NOT_JUDGED]
        if not items:
            return []
        left_out = max(0, len(items) - room)
        dropped = [item for item in reversed(items) if item.verdict == RIGHT][:left_out]
        items = [item for item in items if not any(item is other for other in dropped)][:room]
        places, names = (
            min(24, max(map(len, column))) for column in zip(*((i.place, i.name) for i in items), strict=True)
        )
        columns = min(max(shutil.get_terminal_size((100, LINES)).columns, WIDTHS[0]), WIDTHS[1])
        lines = []
        for item in items:
            mark = f"{item.verdict:<7}"
            if color:
                mark = f"\033[{'31' if item.is_wrong else '32' if item.verdict == RIGHT else '0'}m{mark}\033[0m"
            text = f"mended later: {item.text}" if item.mended else item.text
            text = textwrap.shorten(text, columns - places - names - 15, placeholder=" …")
            line = f"  {item.place:<{places}}  {_cut(item.name, names):<{names}}  {mark}  {text}"
            lines.append(line.replace("    ", "  ", 1) if not places else line)
        if dropped:
            lines.append(f"  … and {len(dropped)} more that are right")
        legend = [LEGEND[verdict] for verdict in LEGEND if any(item.verdict == verdict for item in items)]
        if any(item.verdict == RIGHT and item.text.startswith(UNCAREFUL) for item in items):
            legend.append(f"*{UNCAREFUL}*: right for input that makes sense, not for all of the rest")
        told = textwrap.wrap(f"({'; '.join(legend)})", columns - 2) if legend else []
        return [*lines, *(f"  {line}" for line in told)]

    def _repr_html_(self) -> str:
        """Return the review as HTML, for a notebook."""
        rows = [
            (
                badge("✗" if item.is_wrong else SIGNS.get(item.verdict, "?")) + item.verdict,
                prose(f"`{item.name}`"),
                prose(item.place),
                prose(f"mended later: {item.text}" if item.mended else item.text),
            )
            for item in self.items
        ]
        return self._html(table(rows) if rows else "")


def _cut(name: str, columns: int) -> str:
    """Return a name, cut if it is too long."""
    return name if len(name) <= columns else f"{name[: columns - 2].rstrip()} …"
