"""The pictures of the first chapters: small SVGs in the scheme's own colors, legible on a phone."""

import html
import itertools
import math

import torch

from bigramlab import (
    build_vocabulary,
    count_bigrams,
    encode,
    load_names,
    negative_log_likelihood,
    normalize,
    smooth,
    split_words,
)

STRONG = "var(--md-typeset-a-color)"  # the color of links, and of the interactive elements
WALK = f"var(--bl-walk, {STRONG})"  # the palette's own for what walks
MONO = "font-family:var(--md-code-font-family),monospace"


def draw_ids(text, vocabulary):
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


def draw_walk(word, probs, vocabulary, others=0):
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


def draw_division(counts):
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


def draw_shares(counts, vocabulary, title):
    """Draw a heatmap of each row's shares, its zeros crossed."""
    probs = normalize(counts)
    size, levels = len(vocabulary), 16
    paths = {}  # all cells of one shade are one path: 10 KB in place of 50
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


def side_by_side(*figures):
    """Put figures beside each other where there is room, else one below the other."""
    style = "display:grid;grid-template-columns:repeat(auto-fit,minmax(15rem,1fr));gap:0 1rem"
    return f'<div style="{style}">{"".join(figures)}</div>'


def losses_by_k(exponents):
    """Return k, the loss on train and the loss on dev, for every power of ten."""
    names = load_names()
    vocabulary = build_vocabulary(names)
    train, dev, _ = split_words(names, (0.8, 0.1, 0.1), generator=torch.Generator().manual_seed(1))
    counts, others = count_bigrams(train, vocabulary), count_bigrams(dev, vocabulary)
    rows = []
    for exponent in exponents:
        probs = normalize(smooth(counts, k=10**exponent))
        rows.append((10**exponent, negative_log_likelihood(counts, probs), negative_log_likelihood(others, probs)))
    return rows


def draw_losses_by_k():
    """Draw how k changes the loss on train and on dev."""
    rows = losses_by_k([step / 10 for step in range(-30, 11)])
    least, greatest = min(train for _, train, _ in rows) - 0.001, max(dev for _, _, dev in rows)
    best_k, _, best = min(rows, key=lambda row: row[2])

    def x(k):
        return 60 + 90 * (math.log10(k) + 3)

    def y(loss):
        return 240 - 220 * (loss - least) / (greatest - least)

    parts = ['<path d="M60 14V240H430" fill="none" stroke="currentColor" opacity=".6"/>']
    for k in (0.001, 0.01, 0.1, 1, 10):
        parts.append(f'<path d="M{x(k)} 240v5" stroke="currentColor"/>{_text(x(k), 262, f"{k:g}", 15)}')
    for thousandths in range(math.ceil(least * 200) * 5, math.floor(greatest * 1000) + 1, 5):
        loss = thousandths / 1000
        parts.append(f'<path d="M55 {y(loss):.1f}h5" stroke="currentColor"/>')
        parts.append(_text(50, y(loss) + 5, f"{loss:.3f}", 15, "text-anchor:end"))
    for column, name, dash in ((1, "on train", "7 4"), (2, "on dev", "none")):
        points = " ".join(f"{x(row[0]):.1f},{y(row[column]):.1f}" for row in rows)
        color = STRONG if column == 2 else "currentColor"
        parts.append(
            f'<polyline points="{points}" fill="none" stroke="{color}" stroke-width="2.5" stroke-dasharray="{dash}"/>'
        )
        parts.append(_text(75, y(rows[0][column]) - 12, name, 16, f"text-anchor:start;fill:{color}"))
    parts.append(f'<circle cx="{x(best_k):.1f}" cy="{y(best):.1f}" r="5" fill="{STRONG}"/>')
    parts.append(_text(x(best_k), y(best) - 14, f"lowest: k = {best_k:.1f}", 16))
    parts.append(_text(68, 24, "loss, nats", 15, "text-anchor:start"))
    parts.append(_text(60, 288, "k, each mark ten times the one before", 15, "text-anchor:start"))
    described = (
        f"Loss in nats by k. On train it rises from {rows[0][1]:.3f} to {rows[-1][1]:.3f}. "
        f"On dev it falls from {rows[0][2]:.3f} to {best:.3f} at k = {best_k:.1f}, and rises to {rows[-1][2]:.3f}."
    )
    return _figure(_svg("".join(parts), (440, 296), described, 27))


def _tile(x, y, text, is_copy=False):
    edge = f'stroke="{STRONG}" stroke-dasharray="{"4 3" if is_copy else "none"}"'
    fill = f'fill="{STRONG}" fill-opacity="{0 if is_copy else 0.14}"'
    return f'<rect x="{x + 2}" y="{y}" width="46" height="42" rx="4" {fill} {edge}/>{_text(x + 25, y + 27, text, 17)}'


def _circle(x, y, radius, letter):
    edge = f'fill="{WALK}" fill-opacity=".14" stroke="{WALK}" stroke-width="2"'
    return f'<circle cx="{x}" cy="{y}" r="{radius}" {edge}/>{_text(x, y + 8, letter, 24, MONO)}'


def _text(x, y, text, size, style=""):
    return (
        f'<text x="{x:g}" y="{y:g}" font-size="{size}" text-anchor="middle" fill="currentColor" style="{style}">'
        f"{html.escape(str(text))}</text>"
    )


def _svg(body, size, description, most):
    """Return the parts as one picture that is as wide as the page, and `most` rem at most."""
    style = f"display:block;width:100%;max-width:{most}rem;margin:auto"
    label = html.escape(description)
    return f'<svg role="img" aria-label="{label}" viewBox="0 0 {size[0]:g} {size[1]:g}" style="{style}">{body}</svg>'


def _figure(svg, caption=""):
    below = f'<figcaption style="margin-top:.4em">{caption}</figcaption>' if caption else ""
    return f'<figure style="width:100%" data-search-exclude>{svg}{below}</figure>'
