"""How each catalogued mistake is caught: the first law that it breaks, and the smallest call that shows it."""

import re
from functools import cache
from typing import NoReturn

from bigramlab.judge.reporting import Report
from bigramlab.judge.running import run_laws
from bigramlab.mistakes import MISTAKES, Mistake
from tools import keeping

KEPT = keeping.DOCS / "explanation" / "mistakes.json"


class _Found(Exception):
    """Raised as soon as a law is broken: what the others say does not matter here."""


def caught() -> dict[str, dict[str, str]]:
    """Return how each mistake is caught, by its key; that takes minutes, so it is kept."""
    found: dict[str, dict[str, str]] = keeping.kept(KEPT, key(), _catch_all)["caught"]
    return found


@cache
def key() -> str:
    """Return a key made of all that decides how a mistake is caught."""
    return keeping.key_of("tools.catching", docstrings=True)


def key_of(mistake: Mistake) -> str:
    """Return under which key it is told how a mistake is caught."""
    return f"{mistake.function}/{mistake.name}"


def catch(mistake: Mistake) -> dict[str, str]:
    """Run the laws as `check` does until one is broken; return its name, the smallest call, and what is wrong with it.

    That may be a law that all functions share.
    """
    try:
        report = run_laws(mistake.run, mistake.function, begin=_stop)
    except _Found as found:
        (report,) = found.args
    if notes := sorted(report.notes, key=lambda note: note.problem != mistake.wrong):  # its own law first
        note = notes[0]
        problem = (
            re.sub(r" \(looked from '[^']*'\)", "", f"Ours {note.ours}.")
            if note.ours
            else note.problem
            if note.problem != mistake.wrong
            else note.sentence
        )
        return {"law": note.law, "call": note.call, "problem": problem}
    if not report.broken_law:
        raise RuntimeError(f"no law catches the mistake {key_of(mistake)}")
    problem = report.problem
    if report.raised and report.raised not in problem:
        problem = f"it raised {report.raised}; {problem}"
    return {"law": report.broken_law, "call": report.call, "problem": problem}


def _stop(report: Report) -> NoReturn:
    raise _Found(report)


def _catch_all() -> dict[str, dict[str, dict[str, str]]]:
    return {"caught": {key_of(mistake): catch(mistake) for some in MISTAKES.values() for mistake in some}}
