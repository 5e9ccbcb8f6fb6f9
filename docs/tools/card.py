"""The picture that a link to the site shows elsewhere: `python -m tools.card` draws it anew.

That is said in the folder `docs/`, and writes `images/card.png`.
"""

import itertools
from pathlib import Path
from typing import Any

from matplotlib import pyplot as plt
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from bigramlab import build_vocabulary, count_bigrams, load_names
from tools.palette import BLUE, ORANGE, PAPER, PRINT

WORD = "emma"


def draw() -> Figure:
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
    style: dict[str, Any] = {"x": 0.055, "va": "top", "color": PRINT}
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
    draw().savefig(Path(__file__).parents[1] / "images" / "card.png", metadata={"Software": None})
