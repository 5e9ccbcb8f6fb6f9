"""What the tests in a browser share: where things stand on the site, and how to find them."""

import importlib.util
import json
import os
import shutil
from pathlib import Path

import pytest

from bigramlab.chapters import CHAPTERS as ALL_CHAPTERS

ROOT = Path(__file__).parents[2]
CHROMIUM = next(filter(None, map(shutil.which, ["chromium", "chromium-browser", "google-chrome"])), None)
MISSING = [
    module for module in ["playwright", "axe_playwright_python", "mkdocs"] if not importlib.util.find_spec(module)
]
MISSING += [] if CHROMIUM else ["chromium"]
BROWSER = [
    pytest.mark.browser,
    pytest.mark.skipif(bool(MISSING) and "CI" not in os.environ, reason=f"not installed: {', '.join(MISSING)}"),
]
CHAPTERS = [chapter.page for chapter in ALL_CHAPTERS]
PLACES = {  # where each element that has a state stands
    "count": "tutorial/counting.html",
    "table": "tutorial/normalizing.html",
    "walk": "tutorial/sampling.html",
    "name": "tutorial/evaluating.html",
    "choose": "tutorial/choosing.html",
    "shares": "tutorial/attention.html",
    "attention": "tutorial/attention.html",
    "stream": "tutorial/transformer.html",
    "learn": "lab.html",
    "words": "lab.html",
    "race": "tutorial/comparing.html",
    "number": "how-to/my-number.html",
    "back": "index.html",
    "slip": "index.html",
    "poke": "tutorial/mlp.html",
    "turn": "tutorial/comparing.html",
    "hill": "tutorial/training.html",
    "memorize": "tutorial/overfitting.html",
}
WITH_ELEMENTS = list(dict.fromkeys([*(f"tutorial/{chapter}.html" for chapter in CHAPTERS), *PLACES.values()]))
EDIT_URI = os.environ.get("EDIT_URI") or "https://edit.invalid/edit/main/docs/"
DESKTOP = {"viewport": {"width": 1280, "height": 900}}
PHONE = {"viewport": {"width": 390, "height": 800}, "has_touch": True, "is_mobile": True}
HOSTILE = [
    "<img src=x onerror=hacked=1>",
    "\"><script>hacked=1</script>'`${hacked=1}",
    "\u202eאבג\u0301\u0301e\u0308 مرحبا",
    "__proto__\tconstructor %00%ff&amp;#x3c;",
    "🏳️‍🌈\ud7ff\ufffd",
    "z" * 100_000,
]


def is_local(url, address):
    return url.startswith((address, "data:", "blob:", "file:"))


STILL = "*, ::before, ::after { transition: none !important; animation: none !important; }"


def violations(page, **options):
    """What axe finds on a page that stands still: it scrolls, and a tab that is fading out has too little contrast."""
    from axe_playwright_python.sync_playwright import Axe

    page.add_style_tag(content=STILL)
    found = Axe().run(page, options={"resultTypes": ["violations"], **options}).response["violations"]
    return [f"{one['id']}: {node['html'][:200]}" for one in found for node in one["nodes"]]


def find(page, tag):
    return page.locator(f"bl-{tag}").first


def text_of(element):
    """What an element says, the fields' values too."""
    fields = "[...node.querySelectorAll('input:not([readonly]), select, textarea')]"
    return element.evaluate(f"node => node.textContent + {fields}.map((field) => field.value)")


BUSY = pytest.mark.skipif("CI" in os.environ, reason="a clock says little on a machine that others share")


def longest_task(trace):
    """Return the longest task of a page in a trace of "toplevel", in milliseconds of a processor."""
    events = json.loads(trace)["traceEvents"]
    main = {(one["pid"], one["tid"]) for one in events if one.get("args", {}).get("name") == "CrRendererMain"}
    return max(one["tdur"] / 1000 for one in events if "tdur" in one and (one["pid"], one["tid"]) in main)


def places(folder):
    return sorted(file.relative_to(folder).as_posix() for file in folder.rglob("*.html"))


def chapter_page(site, chapter):
    return (site[0] / "tutorial" / f"{chapter}.html").read_text(encoding="utf-8")
