"""Go through everything that a notebook or script made, and say of each what it is: which step is wrong first?"""

import html
import inspect
import re
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Real
from typing import Any

from torch import Tensor

from bigramlab.judge.fitting import Fit, NoFit, alphabet_of, fits
from bigramlab.judge.recognizing import recognize
from bigramlab.judge.reporting import Report, Section, Shown
from bigramlab.judge.running import run_laws
from bigramlab.lessons.data import load_names
from bigramlab.lessons.encoding import build_vocabulary

__all__ = ["Item", "Review", "Thing", "review", "review_names"]

RIGHT, WRONG, MISTAKE, CLOSE, STEP, UNKNOWN, NOT_JUDGED = (
    "right",
    "wrong",
    "mistake",
    "close",
    "step",
    "unknown",
    "not judged",
)
BAD = (WRONG, MISTAKE, CLOSE)
LINES = 40  # a screen
WIDTH = 96
SESSIONS_OWN = ("In", "Out", "exit", "quit", "get_ipython")  # what a notebook's session has before the first cell


@dataclass(frozen=True)
class Thing:
    """Something that was made.

    Attributes:
        name: Its name.
        value: What it was when its cell had run.
        place: Where it was made, such as "cell 4"; empty if nobody knows.
        passing: Whether it is only a setting, or made anew with each turn of a loop: such a number is called right if
            it is, and never wrong.
    """

    name: str
    value: Any
    place: str = ""
    passing: bool = False


@dataclass(frozen=True)
class Item:
    """What there is to say of one thing.

    Attributes:
        name: Its name.
        place: Where it was made.
        verdict: What it is: "right", "wrong" (a function), "mistake", "close" or "step" (values), "unknown" or "not
            judged".
        text: The same in a few words.
        headline: A sentence that stands above the details.
        details: More, if it is wrong, as label, text, and whether the text is code.
        mended: Whether a later cell made it right under the same name.
        report: The report of the function, if it is one.
        slips: The catalogued mistakes that were recognized in it, as function and name.
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

    @property
    def is_wrong(self) -> bool:
        """Whether something is to be mended."""
        return self.verdict in BAD and not self.mended


@dataclass(repr=False)
class Review(Shown):
    """What was made, by name, in the order in which it was made. True if nothing is wrong and no cell raised.

    Attributes:
        title: The file's name, or what else was gone through.
        items: What there is to say of each thing, those left out of which nothing is known.
        unknown: The names of those.
        ended: Why the file did not come to its end; empty if it did.
        remarks: What else is to be known.
    """

    title: str
    items: list[Item]
    unknown: list[str] = field(default_factory=list)
    ended: str = ""
    remarks: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        """Tell whether nothing is wrong."""
        return not self.ended and self.first is None

    @property
    def first(self) -> Item | None:
        """The first thing that is wrong."""
        return next((item for item in self.items if item.is_wrong), None)

    def headline(self) -> str:
        """Return the result in one line."""
        right = sum(item.verdict == RIGHT for item in self.items)
        wrong = sum(item.is_wrong for item in self.items)
        if self.first:
            place = f" ({self.first.place})" if self.first.place else ""
            others = f", {wrong - 1} more not" if wrong > 1 else ""
            return f"{self.title}: {self.first.name}{place} is the first that is wrong. {_are(right)} right{others}."
        if self.ended:
            return (
                f"{self.title} did not come to its end. Of what was made until then, {_are(right)} right, none wrong."
            )
        if not right:
            return f"{self.title}: nothing in it is known to be right or wrong."
        return f"{self.title}: all is right that is known here, {right} in all."

    def sections(self) -> list[Section]:
        """Return what is wrong first, why the file ended, and what was made."""
        first = list(self.first.details) if self.first else []
        sections = (
            [("First wrong", self.first.headline, False), *first] if self.first and self.first.headline else first
        )
        sections += [("Not run", self.ended, False)] if self.ended else []
        return [*sections, *self._rest()]

    def _rest(self) -> list[Section]:
        rest = [(item.name, item.text) for item in self.items if item.verdict == NOT_JUDGED]
        unclear = [name for name, text in rest if not text]
        sections = [("Not judged", f"{name}: {text}", False) for name, text in rest if text][:3]
        if unclear:
            names = textwrap.shorten(", ".join(unclear), 150, placeholder=" …")
            which = f"{names}; if one should be one of ours, say which: check({unclear[0]}, 'normalize')"
            sections.append(("Not judged", which, False))
        names = textwrap.shorten(", ".join(dict.fromkeys(self.unknown)), 150, placeholder=" …")
        sections += [("Left out", f"nothing is known of {names}", False)] if names else []
        return [*sections, *(("Mind", remark, False) for remark in self.remarks)]

    def text(self, *, color: bool = False) -> str:
        """Return the review as plain text, at most a screen of it."""
        told = [section for section in self.sections() if section not in self._rest()]
        head = self._lines(self.headline(), told, color=color).splitlines()
        rest = self._lines("", self._rest(), color=color).splitlines()[1:]
        table = self._table(max(8, LINES - len(head) - len(rest) - 3), color=color)
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
        lines = []
        for item in items:
            mark = f"{item.verdict:<7}"
            if color:
                mark = f"\033[{'31' if item.is_wrong else '32' if item.verdict == RIGHT else '0'}m{mark}\033[0m"
            text = f"mended later: {item.text}" if item.mended else item.text
            room_for_text = WIDTH - places - names - 15
            line = f"  {item.place:<{places}}  {item.name:<{names}}  {mark}  {_cut(text, room_for_text)}"
            lines.append(line.replace("    ", "  ", 1) if not places else line)
        if dropped:
            lines.append(f"  … and {len(dropped)} more that are right")
        return lines

    def _repr_html_(self) -> str:
        """Return the review as HTML, for a notebook."""
        rows = "".join(
            f"<tr><td style='text-align:left'>{html.escape(item.place)}</td>"
            f"<td style='text-align:left'><code>{html.escape(item.name)}</code></td>"
            f"<td style='text-align:left'>{'<strong>' if item.is_wrong else ''}{item.verdict}"
            f"{'</strong>' if item.is_wrong else ''}</td><td style='text-align:left'>{html.escape(item.text)}</td></tr>"
            for item in self.items
        )
        return f"{super()._repr_html_()}<table>{rows}</table>"


def review_names(names: Mapping[Any, Any], words: Sequence[str] | None = None) -> Review:
    """Go through the names of a session, such as `globals()`; a dict from token to id, or back, is a thing itself."""
    if alphabet_of(names) or _collision(names):
        names = {"it": names}
    if not all(isinstance(name, str) for name in names):
        raise TypeError("check takes a dict of names, such as globals(), or one from token to id; this is neither")
    things = [Thing(name, value) for name, value in list(names.items()) if name not in SESSIONS_OWN]
    title = "this session" if "__name__" in names else "this dict"
    return review(things, names, title=title, words=words)


def review(
    things: Iterable[Thing],
    names: Mapping[str, Any],
    *,
    title: str = "",
    words: Sequence[str] | None = None,
    ended: str = "",
    remarks: Sequence[str] = (),
    begin: Callable[[str], None] = lambda _: None,
    stuck: Mapping[str, str] | None = None,
) -> Review:
    """Say of each thing what it is.

    Args:
        things: What was made, in the order in which it was made.
        names: The globals of the file: functions that were made there are judged.
        title: What stands at the beginning of the headline.
        words: The words that everything was made of; if None, the first list of words among the things, or the names.
        ended: Why the file did not come to its end.
        remarks: What else is to be known.
        begin: Gets the name of each thing before it is looked at.
        stuck: The functions that have ended the process or do not come back, and what they do.
    """
    things = [thing for thing in things if not thing.name.startswith("_")]
    words = words if words is not None else _words_of(things)
    items: list[Item] = []
    unknown: list[str] = []
    last = {thing.name: thing for thing in things}
    judged: set[int] = set()
    for thing in things:
        begin(thing.name)
        if _is_own(thing.value, names):
            if thing is last[thing.name] and id(thing.value) not in judged:
                judged.add(id(thing.value))
                why = (stuck or {}).get(thing.name)
                items.append(Item(thing.name, thing.place, WRONG, f"a call of it {why}") if why else _judged(thing))
        elif _may_be_known(thing.value):
            item = _recognized(thing, words)
            if item is None:
                unknown += [] if thing.passing else [thing.name]
            elif _is_number(thing.value) and item.verdict == MISTAKE and not _follows(item, items):
                unknown.append(thing.name)
            elif not any(item.name == other.name and item.text == other.text for other in items):
                items.append(item)
    return Review(title or "this session", list(_with_mended(items)), _still(unknown, items), ended, list(remarks))


def _is_number(value: object) -> bool:
    return (
        isinstance(value, Real) or (isinstance(value, Tensor) and value.numel() == 1) or not hasattr(value, "__len__")
    )


def _follows(item: Item, items: list[Item]) -> bool:
    """Tell whether a wrong number is likely to be what it looks like.

    Among so many wrong numbers a loss of some other model may be found by chance. So the counts or the probabilities
    must be here, too, or a function that makes them; and a slip in making them must have been seen there.
    """
    tables = [other for other in items if re.search("count|probabilit|normalize", f"{other.name} {other.text}")]
    seen = {slip for other in items for slip in other.slips}
    measuring = tuple(f"{name}/" for name in ("negative_log_likelihood", "perplexity", "surprisal"))
    return bool(tables) and all(slip.startswith(measuring) or slip in seen for slip in item.slips)


def _still(unknown: list[str], items: list[Item]) -> list[str]:
    """Return the names of which nothing is known at all."""
    known = {item.name for item in items}
    return [name for name in dict.fromkeys(unknown) if name not in known]


def _with_mended(items: list[Item]) -> Iterator[Item]:
    """Mark the values that are right later, under the same name: the slip was seen."""
    for place, item in enumerate(items):
        later = [other for other in items[place + 1 :] if other.name == item.name]
        if item.verdict in (MISTAKE, CLOSE) and later and later[-1].verdict == RIGHT:
            item = Item(item.name, item.place, item.verdict, item.text, item.headline, item.details, mended=True)
        yield item


def _is_own(value: object, names: Mapping[str, Any]) -> bool:
    """Tell whether it is a function whose code stands in the file."""
    function = inspect.unwrap(value) if callable(value) and not isinstance(value, type) else None
    if not inspect.isfunction(function):
        return False
    if "__name__" in names:
        return function.__globals__ is names or function.__module__ == names["__name__"]
    return not (function.__module__ or "").startswith(("bigramlab.", "torch."))


def _may_be_known(value: object) -> bool:
    """Tell whether it is a number, a table, a list or a vocabulary of which something may be known."""
    if isinstance(value, bool):
        return False
    if isinstance(value, int):
        return value > 100  # a size is no result
    if isinstance(value, str | dict):
        return alphabet_of(value) is not None or (isinstance(value, dict) and _collision(value) != "")
    return isinstance(value, Real | Tensor | list | tuple) or type(value).__module__ == "numpy"


def _words_of(things: Sequence[Thing]) -> Sequence[str] | None:
    """Return the first list of words, which the rest is made of; None for the names that are shipped."""
    for thing in things:
        value = thing.value
        if isinstance(value, list | tuple) and len(value) > 1 and all(isinstance(word, str) for word in value):
            if alphabet_of(value) and max(map(len, value)) == 1:
                continue
            names = load_names()
            if len(value) == len(names) and sorted(value) == sorted(names):  # shuffled ones give the same tables
                return None
            return [word for word in value if word and "." not in word]
    return None


def _judged(thing: Thing) -> Item:
    """Judge a function as what it may be meant for: as the first of those that it is right as."""
    reasons: list[str] = []
    wrong: list[tuple[Fit, Report]] = []
    for fit in fits(thing.name, thing.value):
        if isinstance(fit, NoFit):
            reasons.append(str(fit))
            continue
        own_globals = getattr(inspect.unwrap(thing.value), "__globals__", {})
        try:
            report = run_laws(fit.call, fit.name)
        finally:
            own_globals.update(fit.replaced)
        if report:
            notes = [*fit.notes, *([] if report.careful else ["not careful yet"])]
            return Item(thing.name, thing.place, RIGHT, ", ".join(notes) or "and careful", report=report)
        if not report.started:
            return Item(thing.name, thing.place, NOT_JUDGED, "not written yet", report=report)
        wrong.append((fit, report))
    if wrong and (wrong[0][0].sure or (wrong[0][0].only and _is_known(wrong[0][1]))):
        fit, report = wrong[0]
        text = ": ".join([*([", ".join(fit.notes)] if fit.notes else []), _cause(report)])
        slips = (f"{fit.name}/{report.diagnosis.mistake.name}",) if report.diagnosis else ()
        sections = report.sections()
        return Item(thing.name, thing.place, WRONG, text, report.headline(), sections, report=report, slips=slips)
    if wrong:
        could = " or ".join(f"check({thing.name}, {fit.name!r})" for fit, _ in wrong[:2])
        return Item(thing.name, thing.place, NOT_JUDGED, f"say which it should be: {could}")
    return Item(thing.name, thing.place, NOT_JUDGED, reasons[0] if reasons else "")


def _recognized(thing: Thing, words: Sequence[str] | None) -> Item | None:
    """Say what a value is; None if nothing is known of it."""
    if isinstance(thing.value, dict):
        if not (found := _dictionary(thing.value, words)):
            return None
        verdict, text = found
        return Item(thing.name, thing.place, verdict, text, f"`{thing.name}`: {text}.")
    try:
        report = recognize(thing.value, words)
    except TypeError:  # a list of this and that
        return None
    in_training = isinstance(thing.value, Tensor) and thing.value.requires_grad
    if report.verdict == UNKNOWN or (report.verdict != RIGHT and (thing.passing or in_training)):
        return None  # of a number that passes by, a likeness may be a coincidence
    text, headline = report.candidates[0].sentence, report.headline()
    if report.verdict == MISTAKE:  # only the slip's name: all of it stands above, or follows from what stands there
        text = re.sub(r"\. (“.*?”).*", r": \1", text, flags=re.DOTALL)
    headline = f"`{thing.name}`: {headline[0].lower()}{headline[1:]}"
    slips = report.candidates[0].slips
    return Item(thing.name, thing.place, report.verdict, text, headline, report.sections(), slips=slips)


def _dictionary(value: Mapping[Any, Any], words: Sequence[str] | None) -> tuple[str, str] | None:
    """Say what a dict from token to id is, or one from id to token; None if it is neither."""
    if collision := _collision(value):
        return MISTAKE, collision
    found = alphabet_of(value)
    if found is None:
        return None
    kind, tokens = found
    vocabulary = build_vocabulary(words if words is not None else load_names())
    letters, what = vocabulary[1:], "each token's id" if kind == "stoi" else "each id's token"
    if tokens == list(vocabulary):
        return RIGHT, f"{what}, '.' at 0"
    if tokens == [*letters, "."]:
        return RIGHT, f"{what}, '.' last, at {len(letters)}"
    if tokens == list(letters):
        return STEP, f"{what}, without '.', and 0 is taken by {letters[0]!r}"
    if tokens == ["", *letters]:
        return STEP, f"{what}; 0 is left for '.'"
    if tokens == ["", *vocabulary]:
        return MISTAKE, "each id is one too large: '.' has 1, and should have 0"
    filled = [token for token in tokens if token]
    marks = [token for token in filled if len(token) > 1]
    if len(marks) == 2 and sorted(set(filled) - set(marks)) == sorted(letters):
        return RIGHT, f"{what}, with {marks[0]} and {marks[1]} as two tokens"
    if set(filled) == set(vocabulary) and "" not in tokens:
        return RIGHT, f"{what}, in another order"
    missing = [character for character in letters if character not in filled]
    if set(filled) < set(vocabulary) and missing and len(missing) < len(letters) / 2:
        return MISTAKE, f"it lacks {', '.join(map(repr, missing[:5]))}, which the words have"
    return None


def _collision(value: Mapping[Any, Any]) -> str:
    """Say which two tokens have the same id, if two have."""
    seen: dict[int, str] = {}
    if len(value) < 3 or not all(isinstance(token, str) and type(id) is int for token, id in value.items()):
        return ""
    if sorted(set(value.values())) != list(range(min(value.values()), max(value.values()) + 1)):
        return ""
    for token, id in value.items():
        if id in seen and "." in (token, seen[id]):
            return f"{seen[id]!r} and {token!r} have the same id, {id}: leave 0 for '.', as in i + 1"
        seen[id] = token
    return ""


def _is_known(report: Report) -> bool:
    """Tell whether it does exactly what a catalogued mistake does: then it is clear what it is meant for."""
    return report.diagnosis is not None and report.diagnosis.exact and not report.diagnosis.shown


def _cause(report: Report) -> str:
    """Say in a sentence what is wrong: the cause if one is known, or else the law that is broken."""
    sentence = report.diagnosis.mistake.wrong if report.diagnosis else report.law or report.problem
    return sentence.split(". ")[0].rstrip(".")


def _are(number: int) -> str:
    return f"{number} is" if number == 1 else f"{number} are"


def _cut(text: str, columns: int) -> str:
    """Return a text in one line, cut if it is too long."""
    line = " ".join(text.split())
    return line if len(line) <= columns else f"{line[: columns - 2].rstrip()} …"
