"""The pages "How to be wrong": every mistake with its lines, what they return, and the law that catches it."""

import html
import re
import textwrap

from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from bigramlab.chapters import CHAPTERS, Chapter
from bigramlab.laws import LAWS
from bigramlab.laws.law import lesson_of
from bigramlab.mistakes import MISTAKES, Mistake
from tools.catching import caught, key_of
from tools.listings import MODULES, functions, mistakes_page
from tools.markup import element, rich
from tools.mistaken import answers, lines_of

BEST = (
    "normalize/keepdim_forgotten",
    "train_neural_bigram/gradient_not_reset",
    "attention_shares/mask_forgotten",
    "cross_entropy/softmax_before_cross_entropy",
    "softmax/largest_not_subtracted",
    "smooth/counts_changed_in_place",
    "build_contexts/contexts_run_on",
    "split_heads/viewed_at_once",
    "sample/largest_for_a_draw",
    "init_mlp/last_layer_too_large",
)
"""Ten that are easily made; most of them run without a complaint."""


def named(key: str) -> Mistake:
    """Return the mistake of that key."""
    return next(mistake for mistake in MISTAKES[key.split("/")[0]] if key_of(mistake) == key)


def best() -> str:
    """Return, as Markdown, the ten to know."""
    parts = []
    found = caught()
    for key in BEST:
        mistake = named(key)
        link = f"[`{mistake.function}`]({mistakes_page(mistake.function)}#{mistake.function})"
        parts.append(f"### {_title(mistake)}\n\n{told(mistake, found[key], f'In {link}. ')}")
    return "\n\n".join(parts)


def all_mistakes() -> str:
    """Return, as HTML, the list of all mistakes, folded by function, which a script filters."""
    parts = []
    for number, chapter in enumerate(CHAPTERS, start=1):
        if names := _names_of(chapter):
            page = mistakes_page(names[0])
            heading = f'<h3>{number}. <a href="{page}">{chapter.title}, wrongly</a></h3>'
            parts.append(f"<section>{heading}{''.join(_folded(name, page) for name in names)}</section>")
    return element("mistakes", "".join(parts), scripts="mistakes")


def _names_of(chapter: Chapter) -> list[str]:
    """Return the functions of a chapter that have mistakes."""
    lessons = [lesson.name for lesson in chapter.lessons]
    return [name for lesson, name in functions() if lesson in lessons and name in MISTAKES]


def _folded(name: str, page: str) -> str:
    items = "".join(
        f'<li id="{name}-{mistake.name}"><a href="{page}#{name}-{mistake.name}">{_title(mistake)}</a>: '
        f"{rich(mistake.wrong)}</li>"
        for mistake in MISTAKES[name]
    )
    count = len(MISTAKES[name])
    first = ", ".join(map(_title, MISTAKES[name][:2])) + ", …" * (count > 2)
    link = f'<p><a href="{page}#{name}">With the lines of <code>{name}</code></a></p>'
    return (
        f'<details id="{name}"><summary><code>{name}</code> <span class="count">{count}</span> '
        f'<span class="first">{first}</span></summary>'
        f"{link}<ul>{items}</ul></details>"
    )


def wrong_in(page: str) -> str:
    """Return, as Markdown, the mistakes of a chapter, which is named by its page."""
    names = _names_of(next(chapter for chapter in CHAPTERS if chapter.page == page))
    links = ", ".join(f"[`{name}`](#{name})" for name in names)
    parts = [f'<div class="catalogue" markdown>\n\n{links}\n\n</div>'] if len(names) > 1 else []
    found = caught()
    for name in names:
        lesson = lesson_of(name)
        about = (
            f"[What it does](../../reference/{lesson}.html#{MODULES[lesson]}.{name}) · "
            f"[its laws](../../reference/laws.html#{name})"
        )
        entries = [entry(mistake, found[key_of(mistake)]) for mistake in MISTAKES[name]]
        parts.append(f'<section class="mistakes" style="--mistakes: {len(entries)}" markdown>')
        parts += [f"## {name}", about, *entries, "</section>"]
    return "\n\n".join(parts)


def entry(mistake: Mistake, caught_by: dict[str, str]) -> str:
    """Return, as Markdown, what is told of one mistake, below its name."""
    return f"### {_title(mistake)} {{: #{mistake.function}-{mistake.name} }}\n\n{told(mistake, caught_by)}"


def told(mistake: Mistake, caught_by: dict[str, str], where: str = "") -> str:
    """Return, as Markdown, what is wrong, the lines, what they return beside what they should, and the law."""
    sentence = {law.name: law.sentence for law in LAWS[mistake.function]}[caught_by["law"]]
    seen = _seen(mistake, caught_by, sentence)
    careless = "\n\n**Careless**: what it computes for input that makes sense is right." if mistake.careless else ""
    return (
        f'<div class="mistake" markdown>\n\n{where}{mistake.wrong} {mistake.seen}{careless}\n\n'
        f"{_code(mistake)}\n\n{seen}\n\n"  # a blank line, or it is taken for text with links
        f"**Caught by** “{sentence}”\n\n</div>"
    )


def _title(mistake: Mistake) -> str:
    return mistake.name.replace("_", " ")


def _code(mistake: Mistake) -> str:
    """Return the lines in color, without what the theme does to each block of code: it takes long for dozens."""
    lines = lines_of(mistake)
    colored = highlight(lines, PythonLexer(), HtmlFormatter(nowrap=True)).rstrip("\n").split("\n")
    deep = [len(line) - len(line.lstrip()) for line in lines.rstrip("\n").split("\n")]
    each = "".join(f'<span class="in-{n}">{line}\n</span>' for n, line in zip(deep, colored, strict=True))
    return f'<pre class="highlight wrong" data-search-exclude>\n{_whole(each)}</pre>'


def _seen(mistake: Mistake, caught_by: dict[str, str], sentence: str) -> str:
    """Return the smallest call with what it gives and what it should, or with what the law does not say already."""
    call, problem = caught_by["call"], caught_by["problem"]
    rows = [("Call", _pre(call))]
    if both := answers(mistake, call):
        rows += [("It returns", _pre(both[0])), ("It should return", _pre(both[1]))]
    if problem != sentence and not (both and "should be" in problem):
        rows.append(("But", rich(textwrap.shorten(problem, 400, placeholder=" …"))))
    items = "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in rows)
    return f'<dl class="wrong" data-search-exclude>{items}</dl>'


def _pre(text: str) -> str:
    return f"<pre>\n{_whole(html.escape(text, quote=False))}</pre>"


def _whole(text: str) -> str:
    """Return text for a `pre` inside Markdown, which would end the HTML at a line without a character."""
    return re.sub(r"(?<=\n)[ \t]*(?=\n)", "&#8203;", text.rstrip("\n"))
