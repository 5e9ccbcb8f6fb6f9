"""The page "How to be wrong": every mistake with the law that catches it and the smallest input that shows it."""

import textwrap

from bigramlab.laws import LAWS
from bigramlab.mistakes import MISTAKES, Mistake
from tools.catching import caught, key_of
from tools.listings import functions


def catalogue() -> str:
    """Return, as Markdown, the mistakes of each function, the functions in the order of the lessons."""
    names = [name for _, name in functions() if name in MISTAKES]
    links = ", ".join(f"[`{name}`](#{name})" for name in names)
    parts = [f'<div class="catalogue" markdown>\n\n{links}\n\n</div>']
    found = caught()
    for name in names:
        parts.append(f"## {name}")
        parts += [entry(mistake, found[key_of(mistake)]) for mistake in MISTAKES[name]]
    return "\n\n".join(parts)


def entry(mistake: Mistake, caught_by: dict[str, str]) -> str:
    """Return, as Markdown, what is told of one mistake."""
    sentences = {law.name: law.sentence for law in LAWS[mistake.function]}
    careless = "\n\n**Careless**: what it computes for input that makes sense is right." if mistake.careless else ""
    return (
        f"### {mistake.name.replace('_', ' ')} {{: #{mistake.function}-{mistake.name} }}\n\n"
        f"{mistake.wrong} {mistake.seen}{careless}\n\n"
        f"**Caught by** “{sentences[caught_by['law']]}”\n\n"
        f"```text\n{caught_by['call']}\n{textwrap.fill(caught_by['problem'], 80)}\n```"
    )
