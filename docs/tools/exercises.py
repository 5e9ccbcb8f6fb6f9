"""What stands at a chapter's end, or is folded within it: what to write, and what comes of it."""

import textwrap
from itertools import groupby

from bigramlab.chapters import CHAPTERS
from bigramlab.lab.exercises import Exercise
from bigramlab.lab.solutions import solution_of
from tools.listings import laws_of


def exercises_of(page: str) -> list[Exercise]:
    """Return the exercises of a chapter, which is named by its page."""
    (chapter,) = (chapter for chapter in CHAPTERS if chapter.page == page)
    lessons = {lesson.name for lesson in chapter.lessons}
    return [exercise for exercise in Exercise.all() if exercise.lesson in lessons]


def exercise(page: str) -> str:
    """Return, as Markdown, what to write at the end of a chapter: its functions, their laws and folded solutions."""
    exercises = exercises_of(page)
    files = [
        f"{_listed(list(map(_with_level, some)))} in `{file}`"
        for file, some in groupby(exercises, lambda one: one.file)
    ]
    place = "[your exercises](../how-to/exercises.html)"
    parts = [f"Write {_listed(files, ', ')} of {place}, and run `pytest` there."]
    for one in exercises:
        laws = textwrap.indent(laws_of(one.name), "    ")
        source = textwrap.indent(f"```python\n{solution_of(one).rstrip()}\n```", "    ")
        parts.append(f'??? abstract "The laws of `{one.name}`"\n\n{laws}')
        parts.append(f'??? success "A solution: `{one.name}`"\n\n{source}')
    return "\n\n".join(parts)


def table_of_exercises() -> str:
    """Return, as Markdown, a table of all exercises by chapter: the core, the extras, and how hard each is."""
    rows = ["| chapter | core | extra |", "|---|---|---|"]
    for number, chapter in enumerate(CHAPTERS, start=1):
        if exercises := exercises_of(chapter.page):
            kinds = [
                ", ".join(f"`{one.name}`&nbsp;{one.level}" for one in exercises if one.core == core)
                for core in (True, False)
            ]
            rows.append(f"| {number}. [{chapter.title}](../tutorial/{chapter.page}.html) | {kinds[0]} | {kinds[1]} |")
    return "\n".join(rows)


def outcome(text: str) -> str:
    """Return, as Markdown, what comes of what the chapter asks the reader to do: folded, to be looked at afterwards."""
    return f'??? note "What you should find"\n\n    {text}'


def _with_level(one: Exercise) -> str:
    return f"`{one.name}` ({'' if one.core else 'extra, '}{one.level})"


def _listed(parts: list[str], before_and: str = " ") -> str:
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + f"{before_and}and {parts[-1]}"
