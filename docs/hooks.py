"""What the site's build needs beside the pages: fresh code at each rebuild, figures, exercises and mistakes."""

import hashlib
import inspect
import io
import itertools
import json
import logging
import re
import sys
import textwrap
from pathlib import Path


def on_pre_build(config):
    """Let the pages import this file, and forget the package, so that `mkdocs serve` runs the code as it is now."""
    here = str(Path(__file__).parent)
    if here not in sys.path:
        sys.path.append(here)
    for name in [name for name in sys.modules if name.split(".")[0] in ("bigramlab", "elements")]:
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


def exercise(*names):
    """Return, as Markdown, what to write at the end of a chapter: the functions, their laws and a folded solution."""
    import bigramlab
    from bigramlab.lab.exercises import Exercise
    from bigramlab.laws import LAWS

    file = Exercise.named(names[0]).file
    parts = [f"Write {_listed(names)} in `{file}` of [your exercises](../how-to/exercises.md), and run `pytest` there."]
    for name in names:
        laws = "".join(f"    - {law.sentence}\n" for law in LAWS[name])
        source = inspect.getsource(inspect.unwrap(getattr(bigramlab, name)))
        indented = "".join("    " + line + "\n" if line else "\n" for line in source.splitlines())
        parts.append(f'??? abstract "The laws of `{name}`"\n\n{laws}')
        parts.append(f'??? success "A solution: `{name}`"\n\n    ```python\n{indented}    ```\n')
    return "\n\n".join(parts)


KEPT = Path(__file__).parent / "explanation" / "mistakes.json"


def catalogue():
    """Return, as Markdown, every mistake with the law that catches it and the smallest input that shows it.

    That is a minute's work, so it is kept, under a key made of the code that it depends on.
    """
    from bigramlab.laws import LAWS
    from bigramlab.mistakes import MISTAKES

    kept = json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.exists() else {}
    if kept.get("key") != catalogue_key():
        logging.getLogger("mkdocs.hooks").info("Laws or mistakes have changed: running every mistake, about a minute")
        kept = {"key": catalogue_key(), "caught": dict(map(_catch, itertools.chain(*MISTAKES.values())))}
        KEPT.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    parts = []
    for name in [name for name in LAWS if name in MISTAKES]:
        sentences = {law.name: law.sentence for law in LAWS[name]}
        parts.append(f"## {name}")
        for mistake in MISTAKES[name]:
            caught = kept["caught"][f"{name}/{mistake.name}"]
            parts += [
                f"### {mistake.name.replace('_', ' ')} {{: #{name}-{mistake.name} }}",
                f"{mistake.wrong} {mistake.seen}",
                f"**Caught by** “{sentences[caught['law']]}”",
                f"```text\n{caught['call']}\n{textwrap.fill(caught['problem'], 80)}\n```",
            ]
    return "\n\n".join(parts)


def catalogue_key():
    """Return a fingerprint of all that decides how a mistake is caught."""
    package = Path(__file__).parents[1] / "bigramlab"
    files = [
        *package.glob("laws/*.py"),
        *package.glob("mistakes/*.py"),
        package / "running.py",
        package / "guarding.py",
    ]
    text = "".join(file.read_text(encoding="utf-8") for file in sorted(files))
    return hashlib.sha256(text.encode()).hexdigest()


def _catch(mistake):
    """Run the laws until one is broken; return the mistake's key, and that law with its smallest failing call."""
    from bigramlab.guarding import Guard
    from bigramlab.laws import LAWS
    from bigramlab.running import Recorder, describe_call, run_law

    with Guard(seconds=0.5) as guard:
        for law in LAWS[mistake.function]:
            recorder = Recorder(mistake.run, guard)
            if error := run_law(law, recorder):
                break
    call = describe_call(mistake.function, recorder.last)
    found = {"law": law.name, "problem": str(error) or type(error).__name__, "call": call}
    return f"{mistake.function}/{mistake.name}", found


def _listed(names):
    quoted = [f"`{name}`" for name in names]
    return quoted[0] if len(quoted) == 1 else ", ".join(quoted[:-1]) + " and " + quoted[-1]
