"""Drawings for the first chapters: SVGs written by hand in the scheme's own colors, legible on a phone."""

import html
import itertools
import math

from torch import Tensor

from bigramlab import encode, normalize
from tools.palette import FIRST, IN_PAGE, SECOND

WALK, STRONG = IN_PAGE[FIRST], IN_PAGE[SECOND]
MONO = "font-family:var(--md-code-font-family),monospace"


def draw_ids(text: str, vocabulary: str) -> str:
    """Draw each character of a text above its id."""
    width = 56
    parts = []
    for place, (character, id) in enumerate(zip(text, encode(text, vocabulary).tolist(), strict=True)):
        middle = place * width + width / 2
        parts.append(
            f"{_tile(middle - 25, 4, character)}{_text(middle, 90, id, 20)}"
            f'<path d="M{middle} 50v18m-4 -5l4 6l4 -6" fill="none" stroke="currentColor"/>'
        )
    listed = ", ".join(f"{character} is {id}" for character, id in zip(text, encode(text, vocabulary), strict=True))
    return _figure(_svg("".join(parts), (width * len(text), 98), f"The ids of {text}: {listed}", 22))


def draw_walk(word: str, probs: Tensor, vocabulary: str, others: int = 0) -> str:
    """Draw a word as a walk from `.` to `.`: circles, and arrows with their probabilities.

    Args:
        word: The letters on the way, without the `.` around them.
        probs: Whose walk it is.
        vocabulary: The position of each character is its id.
        others: How many letters to list that the walk did not take, at each step the likeliest.
    """
    step, radius, middle = 84, 23, 44
    path = encode(f".{word}.", vocabulary).tolist()
    parts, told = [_circle(step / 2, middle, radius, ".")], []
    for place, (current, following) in enumerate(itertools.pairwise(path)):
        x = (place + 1.5) * step
        share = f"{probs[current, following]:.0%}"
        start, end = x - step + radius + 3, x - radius - 5
        parts += [
            _circle(x, middle, radius, vocabulary[following]),
            f'<path d="M{start} {middle}H{end}m-6 -5l7 5l-7 5" fill="none" stroke="currentColor" stroke-width="2"/>',
            _text(x - step / 2, middle - 21, share, 17),
        ]
        told.append(f"{vocabulary[current]} to {vocabulary[following]} {share}")
        likely = [id for id in probs[current].argsort(descending=True).tolist() if id != following][:others]
        for line, id in enumerate(likely):
            label = f"{vocabulary[id]} {probs[current, id]:.0%}"
            parts.append(_text(x, middle + 52 + 21 * line, label, 17, MONO + ";opacity:.85"))
    height = middle + radius + 4
    if others:
        parts.append(_text(step / 2, middle + 52, "instead:", 17))
        height = middle + 40 + 21 * others
    return _figure(_svg("".join(parts), (step * len(path), height), f"A walk: {', '.join(told)}", 32))


def draw_division(counts: Tensor) -> str:
    """Draw a small table divided by its row sums, with `keepdim=True` and without."""
    sums = counts.sum(dim=1)
    ways = [
        ("with keepdim=True: a column, stretched across", sums[:, None].expand_as(counts)),
        ("without: a row, stretched downward", sums.expand_as(counts)),
    ]
    parts, told = [], []
    for way, (title, divisors) in enumerate(ways):
        top = 146 * way
        parts += [_text(0, top + 18, title, 16, "text-anchor:start"), _text(126, top + 83, "÷", 22)]
        parts += [_text(266, top + 83, "=", 22), _text(404, top + 18, "sum", 16)]
        for row in range(len(counts)):
            for column in range(len(counts)):
                left, y = 50 * column, top + 28 + 46 * row
                count, divisor = counts[row, column].item(), divisors[row, column].item()
                is_copy = row > 0 if way else column > 0
                parts.append(_tile(left, y, count) + _tile(142 + left, y, divisor, is_copy))
                parts.append(_tile(282 + left, y, f"{count}/{divisor}"))
            total = f"{(counts[row] / divisors[row]).sum():.2f}"
            parts.append(_text(404, top + 56 + 46 * row, total, 17))
            told.append(f"row {row + 1} sums to {total} {title.split(':')[0]}")
    return _figure(_svg("".join(parts), (430, 270), f"A table divided by its row sums: {', '.join(told)}", 27))


def draw_shares(counts: Tensor, vocabulary: str, title: str) -> str:
    """Draw a heatmap of each row's shares, its zeros crossed."""
    probs = normalize(counts)
    size, levels = len(vocabulary), 16
    paths: dict[int, str] = {}  # all cells of one shade are one path: 10 KB in place of 50
    for row in range(size):
        for column in range(size):
            level = math.ceil(levels * math.sqrt(probs[row, column]))  # the root, or only a few cells would show
            shape = f"M{column} {row}h1v1h-1z" if level else f"M{column}.3 {row}.3l.4 .4m0-.4l-.4 .4"
            paths[level] = paths.get(level, "") + shape
    zeros = (counts == 0).sum().item()
    crosses = f'<path d="{paths.pop(0, "")}" stroke="currentColor" stroke-width=".13"/>'
    cells = "".join(f'<path d="{d}" fill-opacity="{level / levels:.2f}"/>' for level, d in sorted(paths.items()))
    letters = "".join(
        _text(18 + 10 * id, 9, character, 9, MONO) + _text(5, 21 + 10 * id, character, 9, MONO)
        for id, character in enumerate(vocabulary)
    )
    grid = f'<g transform="translate(13 13) scale(10)" fill="{STRONG}">{cells}{crosses}</g>'
    frame = f'<path d="M13 13h{10 * size}v{10 * size}h-{10 * size}z" fill="none" stroke="currentColor" opacity=".4"/>'
    described = f"Heatmap of {size} by {size} shares, {title}: {zeros} cells are 0"
    svg = _svg(letters + grid + frame, (14 + 10 * size, 14 + 10 * size), described, 28)
    return _figure(svg, f"{title}: {zeros or 'no'} zeros")


def side_by_side(*figures: str) -> str:
    """Put figures beside each other where there is room, else one below the other."""
    style = "display:grid;grid-template-columns:repeat(auto-fit,minmax(15rem,1fr));gap:0 1rem"
    return f'<div style="{style}">{"".join(figures)}</div>'


def _tile(x: float, y: float, text: object, is_copy: bool = False) -> str:
    edge = f'stroke="{STRONG}" stroke-dasharray="{"4 3" if is_copy else "none"}"'
    fill = f'fill="{STRONG}" fill-opacity="{0 if is_copy else 0.14}"'
    return f'<rect x="{x + 2}" y="{y}" width="46" height="42" rx="4" {fill} {edge}/>{_text(x + 25, y + 27, text, 17)}'


def _circle(x: float, y: float, radius: float, letter: str) -> str:
    edge = f'fill="{WALK}" fill-opacity=".14" stroke="{WALK}" stroke-width="2"'
    return f'<circle cx="{x}" cy="{y}" r="{radius}" {edge}/>{_text(x, y + 8, letter, 24, MONO)}'


def _text(x: float, y: float, text: object, size: int, style: str = "") -> str:
    return (
        f'<text x="{x:g}" y="{y:g}" font-size="{size}" text-anchor="middle" fill="currentColor" style="{style}">'
        f"{html.escape(str(text))}</text>"
    )


def _svg(body: str, size: tuple[float, float], description: str, most: int) -> str:
    """Return the parts as one picture that is as wide as the page, and `most` rem at most."""
    style = f"display:block;width:100%;max-width:{most}rem;margin:auto"
    label = html.escape(description)
    return f'<svg role="img" aria-label="{label}" viewBox="0 0 {size[0]:g} {size[1]:g}" style="{style}">{body}</svg>'


def _figure(svg: str, caption: str = "") -> str:
    below = f'<figcaption style="margin-top:.4em">{caption}</figcaption>' if caption else ""
    return f'<figure style="width:100%" data-search-exclude>{svg}{below}</figure>'
