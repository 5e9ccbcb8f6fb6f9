"""How an element's tag is written: its data, and inside it what a page shows without scripts."""

import html
import re
from collections.abc import Iterable


def element(tag: str, fallback: str, **data: object) -> str:
    """Return the tag in a figure, which Markdown leaves alone, and which the search does not read."""
    attributes = "".join(f' data-{key}="{html.escape(str(value))}"' for key, value in data.items())
    return f'<figure class="bl" data-search-exclude><bl-{tag}{attributes}>{fallback}</bl-{tag}></figure>'


def rich(text: object) -> str:
    """Return plain text as HTML, with what stands between backticks as code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(str(text), quote=False))


def plain(text: object) -> str:
    """Return plain text for an attribute, without its backticks."""
    return html.escape(str(text).replace("`", ""))


def listed(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """Return rows of plain text as a table with a heading for each column."""
    heads = "".join(f'<th scope="col">{title}</th>' for title in head)
    body = "".join(f"<tr>{''.join(f'<td>{rich(value)}</td>' for value in row)}</tr>" for row in rows)
    return f'<table class="bl-list"><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>'


def square(letters: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """Return a small table whose rows and columns have letters as headings."""
    letters = list(letters)
    head = "".join(f'<th scope="col">{letter}</th>' for letter in letters)
    body = "".join(
        f'<tr><th scope="row">{letter}</th>{"".join(f"<td>{value}</td>" for value in row)}</tr>'
        for letter, row in zip(letters, rows, strict=True)
    )
    return f'<table class="bl-small"><thead><tr><td></td>{head}</tr></thead><tbody>{body}</tbody></table>'


def minutes_of(page: str) -> int:
    """Return how many minutes a page of HTML takes to read, at 200 words each, none of pictures or what is folded."""
    for tag in ("svg", "script", "style", "details"):
        page = re.sub(rf"<{tag}\b.*?</{tag}>", " ", page, flags=re.DOTALL)
    words = re.findall(r"[^\W\d][\w'-]*", html.unescape(re.sub(r"<[^>]*>", "", page)))
    return max(1, round(len(words) / 200))


def covered(page: str) -> str:
    """Return a page of HTML with what each bet covers in a `div`, which is covered before the scripts have come."""
    passing = r"(?:(?!<bl-bet\b|<h2\b).)*?"  # what is covered reaches neither the next bet nor the next section
    bet = rf"(</bl-bet></figure>)({passing})(<!-- end of bet -->)"
    return re.sub(bet, r'\1<div class="bl-covered">\2</div>\3', page, flags=re.DOTALL)


def unbroken(page: str) -> str:
    """Return a page of HTML in whose lines of text no option such as `--seed`, and no `Ctrl-C`, is broken at a dash."""
    option = r"(?<![\w./-])(?:--?|Ctrl-)\w[\w-]*"

    def whole(code: re.Match[str]) -> str:
        return re.sub(option, r'<span class="bl-option">\g<0></span>', code[0])

    return re.sub(r"<code>[^<>]*</code>", whole, page)


def unsearched(page: str) -> str:
    """Return a page of HTML whose folded code (solutions, sources), a third of all text, the search passes over."""
    return re.sub(r'<details class="(success|mkdocstrings-source)"', r'<details data-search-exclude class="\1"', page)
