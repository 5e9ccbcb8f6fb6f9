"""What the site's build needs beside the pages: fresh code at each rebuild, and figures inside a page."""

import io
import re
import sys
from pathlib import Path


def on_pre_build(config):
    """Let the pages import this file, and forget the package, so that `mkdocs serve` runs the code as it is now."""
    here = str(Path(__file__).parent)
    if here not in sys.path:
        sys.path.append(here)
    for name in [name for name in sys.modules if name.split(".")[0] == "bigramlab"]:
        del sys.modules[name]


def inline_svg(figure, description):
    """Return a Matplotlib figure as SVG inside the page, with the page's own font, and its own color on the axes."""
    import matplotlib
    from matplotlib import pyplot as plt

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
    return f'<div class="figure" tabindex="0" data-search-exclude>{svg}</div>'
