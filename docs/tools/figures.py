"""How what Python shows is put into a page: a figure of Matplotlib as SVG, and a value as in a notebook."""

import io
import re
from contextlib import AbstractContextManager
from typing import Any

import matplotlib
from matplotlib import pyplot as plt
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from bigramlab.judge.showing import LOCAL, SERVED
from tools.palette import CELLS, INK, in_page_colors


def style() -> AbstractContextManager[None]:
    """Draw, while this holds, in the page's color of text and without a frame."""
    return matplotlib.rc_context(
        {
            "font.size": 13,
            "text.color": INK,
            "axes.labelcolor": INK,
            "axes.edgecolor": INK,
            "xtick.color": INK,
            "ytick.color": INK,
            "axes.spines.top": False,
            "axes.spines.right": False,
        }
    )


def inline_svg(figure: Figure, description: str, kind: str = "figure") -> str:
    """Return a figure as SVG inside the page, with the page's own font and colors."""
    _show_the_page_through(figure)
    file = io.StringIO()
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": description}):
        figure.savefig(file, format="svg", transparent=True, metadata={"Date": None})
    plt.close(figure)
    svg = file.getvalue()
    svg = svg[svg.index("<svg") :]
    for pattern, replacement in [
        (r"<metadata>.*?</metadata>|<style.*?</style>|<!--.*?-->", ""),  # a style inside would hold for the whole page
        (r"\s+", " "),
        (r' (width|height)="[^"]*pt"', ""),
        (r' id="matplotlib.axis_\d"', ' class="axis"'),
        (r' id="\w+_\d+"| transform="rotate\(-0 [^"]*"|font-family: [^;]*; ', ""),
        ("<svg", f'<svg role="img" aria-label="{description}"'),
    ]:
        svg = re.sub(pattern, replacement, svg, flags=re.DOTALL)
    return f'<div class="{kind}" tabindex="0" data-search-exclude>{in_page_colors(svg)}</div>'


def inline_chart(figure: Figure, description: str) -> str:
    """Return a chart as SVG inside the page; it is as wide as the page, and not wider than it can be read."""
    figure.tight_layout()
    return inline_svg(figure, description, "figure chart")


def _show_the_page_through(figure: Figure) -> None:
    """Color a heatmap from nothing to blue, in place of white to dark, so that it suits both schemes."""
    for axes in [axes for axes in figure.axes if axes.images]:
        axes.images[0].set_cmap(LinearSegmentedColormap.from_list("page", CELLS))
        for text in axes.texts:
            text.set_color(INK)


def notebook_output(value: Any) -> str:
    """Return a value as a notebook shows it, in a box of its own; on a phone it scrolls."""
    shown = value._repr_html_().replace(f"{LOCAL}/", "../").replace(SERVED, "")
    return f'<div class="figure notebook" tabindex="0" data-search-exclude>{shown}</div>'
