"""Lists of functions and laws, in the order of the lessons."""

import inspect
from collections.abc import Iterator
from importlib import import_module

from bigramlab.chapters import LESSONS, chapter_of
from bigramlab.laws import CARE, LAWS
from bigramlab.laws.law import lesson_of
from bigramlab.mistakes import MISTAKES

MODULES = {lesson.name: f"bigramlab.lessons.{lesson.name}" for lesson in LESSONS}
MODULES["checking"] = "bigramlab.judge.checking"  # no lesson, but for users, too
"""What the reference has a page on, each with its module."""


def functions() -> Iterator[tuple[str, str]]:
    """Yield every public function's page in the reference and its name."""
    for page, module in MODULES.items():
        found = import_module(module)
        yield from ((page, name) for name in found.__all__ if inspect.isfunction(getattr(found, name)))


def link_to(page: str, name: str, text: str) -> str:
    """Return, as Markdown, a link to where the reference describes a function."""
    return f"[{text}]({page}.html#{MODULES[page]}.{name})"


def mistakes_page(name: str) -> str:
    """Return where the mistakes made with a function are told, seen from the overview of all."""
    return f"how-to-be-wrong/{chapter_of(lesson_of(name))[1].page}.html"


def all_functions() -> str:
    """Return, as Markdown, a table of all functions with what each does."""
    lines = ["| function | what it does |", "|---|---|"]
    for page, name in functions():
        described = inspect.getdoc(getattr(import_module(MODULES[page]), name)) or ""
        lines.append(f"| {link_to(page, name, f'`{name}`')} | {described.splitlines()[0]} |")
    return "\n".join(lines)


def all_laws() -> str:
    """Return, as Markdown, the laws of each function."""
    parts = []
    before = ""
    for page, name in functions():
        if name not in LAWS:
            continue
        parts += [f"## {page}"] if page != before else []
        before = page
        seen = f" · [what breaks them](../explanation/{mistakes_page(name)}#{name})" if name in MISTAKES else ""
        parts += [f"### {name}", link_to(page, name, "The function") + seen, laws_of(name)]
    return "\n\n".join(parts)


def laws_of(name: str) -> str:
    """Return, as Markdown, a function's laws: first those about its result, then those about care."""
    result, care = (
        "\n".join(f"- {law.sentence}" for law in LAWS[name] if (law.kind == CARE) == careful)
        for careful in (False, True)
    )
    return f"{result}\n\nTo be careful, too:\n\n{care}" if care else result
