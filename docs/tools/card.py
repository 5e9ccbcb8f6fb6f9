"""The picture that a link to the site shows elsewhere: `python docs/card.py` draws it anew, as docs/images/card.png."""

import itertools
from pathlib import Path

from matplotlib import pyplot as plt
from matplotlib.colors import LinearSegmentedColormap

from bigramlab import build_vocabulary, count_bigrams, load_names

PAPER, INK, BLUE, ORANGE = "#fdfbf6", "#1c2430", "#0f4c7d", "#c24e00"  # those of stylesheets/extra.css
WORD = "emma"


def draw():
    """Return the card as a figure of 1200 by 630 pixels: the table with a walk through it, and what it is."""
    names = load_names()
    vocabulary = build_vocabulary(names)
    counts = count_bigrams(names, vocabulary)
    steps = [(vocabulary.index(b), vocabulary.index(a)) for a, b in itertools.pairwise(f".{WORD}.")]

    figure = plt.figure(figsize=(12, 6.3), dpi=100, facecolor=PAPER)
    axes = figure.add_axes((0.5, 0.06, 0.88 * 6.3 / 12, 0.88))
    axes.pcolormesh(
        counts.sqrt(), cmap=LinearSegmentedColormap.from_list("ink", [PAPER, BLUE]), edgecolors=PAPER, lw=1.5
    )
    axes.plot(*zip(*[(x + 0.5, y + 0.5) for x, y in steps], strict=True), color=ORANGE, lw=5, solid_joinstyle="round")
    axes.plot(steps[-1][0] + 0.5, steps[-1][1] + 0.5, "o", color=ORANGE, markersize=16)
    axes.invert_yaxis()
    axes.set_axis_off()
    style = {"x": 0.055, "va": "top", "color": INK}
    figure.text(y=0.9, s="bigramlab", fontsize=26, weight="bold", **style)
    figure.text(
        y=0.74,
        s="How a language\nmodel writes,\none letter\nat a time",
        fontsize=38,
        weight="bold",
        linespacing=1.25,
        **style,
    )
    figure.text(y=0.12, s=f".{WORD}.", fontsize=30, family="monospace", **(style | {"color": ORANGE}))
    return figure


if __name__ == "__main__":
    draw().savefig(Path(__file__).parent / "images" / "card.png", metadata={"Software": None})
