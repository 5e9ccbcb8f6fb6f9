"""What there is to say of the exercises: of one, of a lab, and of several."""

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bigramlab.chapters import CHAPTERS
from bigramlab.lab.exercises import Exercise

__all__ = [
    "Verdict",
    "explain",
    "how_far",
    "next_exercise",
    "progress_bar",
    "summary",
    "summary_of_labs",
    "table",
    "what_is_next",
]

STATUSES = ["careful", "solved", "not careful", "not right", "not reached", "not started"]
SOLVED = STATUSES[:2]  # the first with a star; the third is right, where care is asked for
MARKS = {"careful": "*", "solved": "#", "not careful": "#", "not right": "x", "not reached": "x"}
WIDTH = 78


@dataclass(frozen=True)
class Verdict:
    """What there is to say of one exercise. True if it is solved.

    Attributes:
        name: The exercise's name.
        status: Which of `STATUSES`; "not reached" if its file can't be run.
        headline: The result in one line.
        text: The whole report, which begins with the headline.
        colored: The same in a terminal's colors.
        law: The law that is broken, if one is.
        held: How many of its laws about the result hold, such as "8 of 9".
        care: How many of its care laws hold, if it is solved.
        cause: The name of the likely cause, if one is known.
        borrowed: Whether it is bigramlab's own function.
        seconds: How long it took to judge it.
    """

    name: str
    status: str
    headline: str
    text: str
    colored: str = ""
    law: str = ""
    held: str = ""
    care: str = ""
    cause: str = ""
    borrowed: bool = False
    seconds: float = 0.0

    def __bool__(self) -> bool:
        """Tell whether it is solved."""
        return self.status in SOLVED

    def shown(self, *, color: bool) -> str:
        """Return its text, in colors if there are some."""
        return (color and self.colored) or self.text

    @property
    def is_wrong(self) -> bool:
        """Tell whether it is started and not right."""
        return self.status in ("not right", "not reached")


def explain(verdicts: Sequence[Verdict], *, color: bool = False) -> str:
    """Explain the first that is started and wrong, or else the first that is not started, extras last.

    Of each other file that can't be run, the headline is said, too.
    """
    wrong = [verdict for verdict in verdicts if verdict.is_wrong]
    first = next(iter(wrong or [verdict for verdict in _in_order(verdicts) if not verdict]), None)
    if first is None:
        return verdicts[0].shown(color=color) if len(verdicts) == 1 else "All that were tried are solved."
    others = dict.fromkeys(verdict.headline for verdict in wrong if verdict.status == "not reached")
    others.pop(first.headline, None)
    return "\n".join([*others, *([""] if others else []), first.shown(color=color), *_hint(first)])


def _hint(verdict: Verdict) -> list[str]:
    if verdict.status == "not reached":
        return []
    return [f"  {'Hint':<13}bigramlab hint {verdict.name}"]


def what_is_next(known: Mapping[str, Verdict], exercises: Sequence[Exercise]) -> str:
    """Name the exercise to go on with, and its file."""
    at_hand = next_exercise(known, exercises)
    done = "The core is done. " * all(known.get(one.name) for one in exercises if one.core)
    if at_hand is None:
        return f"All is solved. To compare yours with ours: bigramlab solution {Exercise.first().name}"
    extra = ", an extra" * (not at_hand.core)
    return f"{done}Next: {at_hand.name}, in {at_hand.file}{extra}"


def next_exercise(known: Mapping[str, Verdict], exercises: Sequence[Exercise]) -> Exercise | None:
    """Return the exercise to go on with: what is wrong, or else what is not solved, extras last; None if all are."""
    unsolved = [one for one in exercises if not known.get(one.name)]
    wrong = {one.name for one in unsolved if one.name in known and known[one.name].is_wrong}
    return min(unsolved, key=lambda one: (not one.core, one.name not in wrong), default=None)


def _in_order(verdicts: Sequence[Verdict]) -> list[Verdict]:
    return sorted(verdicts, key=lambda one: not Exercise.named(one.name).core)


def by_status(known: Mapping[str, Verdict], exercises: Sequence[Exercise]) -> list[str]:
    """List these exercises by status."""
    statuses = {one.name: known[one.name].status if one.name in known else "changed" for one in exercises}
    core = {one.name for one in exercises if one.core}
    lines = []
    for status in [*STATUSES, "changed"]:
        names = [name for name in statuses if statuses[name] == status]
        kinds = ", ".join(filter(core.__contains__, names)), ", ".join(name for name in names if name not in core)
        text = "; ".join(filter(None, [kinds[0], kinds[1] and f"extra: {kinds[1]}"]))
        for row, line in enumerate(textwrap.wrap(text, WIDTH - 15)):
            lines.append(f"  {'' if row else status:<13}{line}")
    return lines


def summary(verdicts: Sequence[Verdict], known: Mapping[str, Verdict], exercises: Sequence[Exercise]) -> str:
    """List what was tried by status, explain the first that is wrong, and draw how far one has come in all."""
    tried = [Exercise.named(verdict.name) for verdict in verdicts]
    listed = by_status({verdict.name: verdict for verdict in verdicts}, tried)
    return "\n".join([*listed, "", explain(verdicts), "", *_not_careful(verdicts), *how_far(known, exercises)])


def _not_careful(verdicts: Sequence[Verdict]) -> list[str]:
    """Say where to read what those that are right aren't careful about, where several were tried."""
    names = [verdict.name for verdict in verdicts if verdict.status == "solved"]
    if not names or len(verdicts) == 1:
        return []
    told = f"{len(names)} {'is' if len(names) == 1 else 'are'} solved and not careful yet: bigramlab hint {names[0]}"
    return [f"  {told}{' …' if len(names) > 1 else ''}"]


def how_far(known: Mapping[str, Verdict], exercises: Sequence[Exercise]) -> list[str]:
    """Draw how far one has come, and say what is next."""
    return ["  " + progress_bar(known, exercises), "  " + what_is_next(known, exercises)]


def summary_of_labs(labs: Mapping[str, Mapping[str, Verdict]], exercises: Mapping[str, Sequence[Exercise]]) -> str:
    """Draw how far each of several labs has come."""
    lines = [f"  {progress_bar(known, exercises[folder])}  {folder}" for folder, known in labs.items()]
    return "\n".join([*lines, "", "What is wrong in one of them is said when it is checked alone."])


def table(known: Mapping[str, Verdict], exercises: Sequence[Exercise]) -> str:
    """Draw a bar for each chapter, list the exercises by status, and say what is next."""
    lines = [f"  {'':<29}core   extra"]
    for number, chapter in enumerate(CHAPTERS, start=1):
        names = {lesson.name for lesson in chapter.lessons}
        here = [one for one in exercises if one.lesson in names]
        core, extra = ("".join(_mark(known, one) for one in here if one.core == core) for core in (True, False))
        if here:
            lines.append(f"  {number:>2} {chapter.title:<26}{core:<7}{extra}".rstrip())
    everything = by_status(known, exercises)
    return "\n".join([*lines, "", *everything, "", *how_far(known, exercises)])


def _mark(known: Mapping[str, Verdict], exercise: Exercise) -> str:
    return MARKS.get(known[exercise.name].status, "-") if exercise.name in known else "-"


def progress_bar(known: Mapping[str, Verdict], exercises: Sequence[Exercise]) -> str:
    """Draw how far one has come; what was not judged counts as not solved."""
    core, extra = ([one for one in exercises if one.core == core] for core in (True, False))
    bar = "".join(sorted((_mark(known, one) for one in core), key="*#x-".index))
    solved = sum(_mark(known, one) in "*#" for one in core)
    careful = sum(_mark(known, one) == "*" for one in core)
    besides = sum(bool(known.get(one.name)) for one in extra)
    extras = f"; extra: {besides} of {len(extra)}" if besides else ""
    return f"[{bar}] Core: {solved} of {len(core)}, careful: {careful}{extras}"
