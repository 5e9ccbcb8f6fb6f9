"""What the site's build needs beside the pages: fresh code at each rebuild, figures, exercises and mistakes."""

import ast
import hashlib
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
    fresh = {"bigramlab", *(path.stem for path in Path(here).glob("*.py"))} - {"hooks"}
    for name in [name for name in sys.modules if name.split(".")[0] in fresh]:
        del sys.modules[name]


def on_page_content(html, page, config, files):
    """Name the link beside each heading after the heading: "¶" says nothing to who can't see where it stands."""

    def named(found):
        heading = re.sub(r"<[^>]*>", "", found["heading"]).strip()
        return f'{found["heading"]}<a class="headerlink" {found["rest"]} aria-label="Link to {heading}"'

    heading = r'(?P<heading><h[1-6][^>]*>(?:(?!</h).)*?)<a class="headerlink" (?P<rest>href="[^"]*") title="[^"]*"'
    return re.sub(heading, named, html, flags=re.DOTALL)


def inline_svg(figure, description):
    """Return a Matplotlib figure as SVG inside the page, with the page's own font, and its own color on the axes."""
    import matplotlib
    from matplotlib import pyplot as plt

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
        (INK, "currentColor"),
        (r' id="matplotlib.axis_\d"', ' class="axis"'),
        (r' id="\w+_\d+"| transform="rotate\(-0 [^"]*"|font-family: [^;]*; ', ""),
        ("<svg", f'<svg role="img" aria-label="{description}"'),
    ]:
        svg = re.sub(pattern, replacement, svg, flags=re.DOTALL)
    return f'<div class="figure" tabindex="0" data-search-exclude>{svg}</div>'


INK = "#010203"  # becomes the page's own color of text


def _show_the_page_through(figure):
    """Color a heatmap from nothing to blue, in place of white to dark, so that it suits both schemes."""
    from matplotlib.colors import LinearSegmentedColormap

    for axes in [axes for axes in figure.axes if axes.images]:
        blues = [(0, "#4b8fc900"), (0.3, "#4b8fc960"), (1, "#4b8fc9d9")]
        axes.images[0].set_cmap(LinearSegmentedColormap.from_list("page", blues))
        for text in axes.texts:
            text.set_color(INK)


def exercise(*names):
    """Return, as Markdown, what to write at the end of a chapter: the functions, their laws and a folded solution."""
    from bigramlab.lab.exercises import Exercise
    from bigramlab.lab.solutions import solution_of
    from bigramlab.laws import LAWS

    file = Exercise.named(names[0]).file
    exercises = "[your exercises](../how-to/exercises.html)"
    parts = [f"Write {_listed(names)} in `{file}` of {exercises}, and run `pytest` there."]
    for name in names:
        laws = "".join(f"    - {law.sentence}\n" for law in LAWS[name])
        source = solution_of(Exercise.named(name))
        indented = "".join("    " + line + "\n" if line else "\n" for line in source.splitlines())
        parts.append(f'??? abstract "The laws of `{name}`"\n\n{laws}')
        parts.append(f'??? success "A solution: `{name}`"\n\n    ```python\n{indented}    ```\n')
    return "\n\n".join(parts)


def outcome(text):
    """Return, as Markdown, what comes of what the chapter asks the reader to do: folded, to be looked at afterwards."""
    return f'??? note "What you should find"\n\n    {text}'


def kept(path, key, compute):
    """Return what `compute` returned when the key was this one: it takes long, so a file keeps it with its key."""
    found = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    if found.get("key") != key:
        logging.getLogger("mkdocs.hooks").info(f"{path.name} is out of date: making it anew takes a minute or two")
        found = {"key": key} | compute()
        path.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return found


def fingerprint(files):
    """Return a key made of the files' texts, for `kept`. A docstring does not count: it changes no result."""
    return hashlib.sha256("".join(map(_without_docstrings, sorted(files))).encode()).hexdigest()


def _without_docstrings(file):
    text = file.read_text(encoding="utf-8")
    if file.suffix != ".py":
        return text
    dropped = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
            dropped.update(range(node.body[0].lineno, node.body[0].end_lineno + 1))
    return "\n".join(line for number, line in enumerate(text.splitlines(), start=1) if number not in dropped)


KEPT = Path(__file__).parent / "explanation" / "mistakes.json"


def catalogue():
    """Return, as Markdown, every mistake with the law that catches it and the smallest input that shows it."""
    from bigramlab.laws import LAWS
    from bigramlab.mistakes import MISTAKES

    found = kept(KEPT, catalogue_key(), lambda: {"caught": dict(map(_catch, itertools.chain(*MISTAKES.values())))})
    parts = []
    names = [name for name in _in_order(LAWS) if name in MISTAKES]
    links = ", ".join(f"[`{name}`](#{name})" for name in names)
    parts.append(f'<div class="catalogue" markdown>\n\n{links}\n\n</div>')
    for name in names:
        sentences = {law.name: law.sentence for law in LAWS[name]}
        parts.append(f"## {name}")
        for mistake in MISTAKES[name]:
            caught = found["caught"][f"{name}/{mistake.name}"]
            parts += [
                f"### {mistake.name.replace('_', ' ')} {{: #{name}-{mistake.name} }}",
                f"{mistake.wrong} {mistake.seen}",
                f"**Caught by** “{sentences[caught['law']]}”",
                f"```text\n{caught['call']}\n{textwrap.fill(caught['problem'], 80)}\n```",
            ]
    return "\n\n".join(parts)


def _in_order(names):
    """Return the functions' names in the order of the lessons."""
    from importlib import import_module

    public = [name for lesson in LESSONS for name in import_module(f"bigramlab.{lesson}").__all__]
    return sorted(names, key=public.index)


def catalogue_key():
    """Return a fingerprint of all that decides how a mistake is caught."""
    package = Path(__file__).parents[1] / "bigramlab"
    runners = [package / f"{name}.py" for name in ("running", "recording", "guarding")]
    return fingerprint([*package.glob("laws/*.py"), *package.glob("mistakes/*.py"), *runners])


def _catch(mistake):
    """Run the laws until one is broken; return the mistake's key, and that law with its smallest failing call."""
    from bigramlab.judge.guarding import Guard
    from bigramlab.judge.running import Recorder, describe_call, run_law
    from bigramlab.laws import LAWS

    with Guard(seconds=0.5) as guard:
        for law in LAWS[mistake.function]:
            recorder = Recorder(mistake.run, guard)
            if error := run_law(law, recorder):
                break
    call = describe_call(mistake.function, recorder.last)
    found = {"law": law.name, "problem": str(error) or type(error).__name__, "call": call}
    return f"{mistake.function}/{mistake.name}", found


LESSONS = [
    *("data", "encoding", "counting", "smoothing", "normalizing", "sampling", "evaluating"),
    *("neural_bigram", "mlp", "optimizing", "generating", "saving", "comparing", "plotting", "checking"),
]


def all_laws():
    """Return, as Markdown, the laws of each function, the functions in the order of the lessons."""
    from importlib import import_module

    from bigramlab.laws import LAWS
    from bigramlab.mistakes import MISTAKES

    parts = []
    for lesson in LESSONS:
        names = [name for name in import_module(f"bigramlab.{lesson}").__all__ if name in LAWS]
        parts += [f"## {lesson}"] if names else []
        for name in names:
            seen = f" · [what breaks them](../explanation/how-to-be-wrong.html#{name})" if name in MISTAKES else ""
            parts.append(f"### {name}")
            parts.append(f"[The function]({lesson}.html#bigramlab.{lesson}.{name}){seen}")
            parts.append("".join(f"- {law.sentence}\n" for law in LAWS[name]))
    return "\n\n".join(parts)


def notebook_output(value):
    """Return a value as a notebook shows it, in a box of its own; on a phone it scrolls."""
    return f'<div class="figure notebook" tabindex="0" data-search-exclude>{value._repr_html_()}</div>'


def on_post_build(config):
    """Write llms.txt, the site's contents for programs that read: https://llmstxt.org."""
    Path(config["site_dir"], "llms.txt").write_text(llms_txt(config), encoding="utf-8")


def llms_txt(config):
    """Return the site's name and summary, and each page of its navigation with its link and description."""
    lines = [f"# {config['site_name']}", "", f"> {config['site_description']}"]
    for entry in config["nav"]:
        [(room, pages)] = entry.items()
        lines += ["", f"## {room}", ""]
        for page in pages if isinstance(pages, list) else [entry]:
            [(title, path)] = page.items() if isinstance(page, dict) else [(room, page)]
            link = (config["site_url"] or "") + path.removesuffix("md") + "html"
            lines.append(f"- [{title}]({link}): {_description(Path(config['docs_dir'], path))}")
    return "\n".join(lines) + "\n"


def _description(page):
    found = re.search(r"^description: (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return found[1] if found else ""


def _listed(names):
    quoted = [f"`{name}`" for name in names]
    return quoted[0] if len(quoted) == 1 else ", ".join(quoted[:-1]) + " and " + quoted[-1]
