"""What MkDocs calls while it builds the site."""

import gc
import logging
import re
import sys
from pathlib import Path
from typing import Any

from markdown_exec import formatters
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page

DOCS = str(Path(__file__).parents[1])
begun = ""  # the command: "build" or "serve"
running: Any = formatters["python"]  # runs a block


def on_startup(command: str, dirty: bool) -> None:
    """Remember which command it is, and say what takes so long."""
    global begun
    begun = command
    gc.set_threshold(50_000)  # far less is thrown away than made, and each search goes through all that torch has made
    if not dirty:
        log = logging.getLogger("mkdocs.hooks")
        log.info("The tutorial's code runs now, so that its pages show what it returns: about a quarter of a minute")


def on_pre_build(config: MkDocsConfig) -> None:
    """Let pages import `tools`; forget it and the package, so that `mkdocs serve` runs the code as it is now."""
    if DOCS not in sys.path:
        sys.path.insert(0, DOCS)
    for name in [name for name in sys.modules if name.split(".")[0] in ("bigramlab", "many_machines", "tools")]:
        del sys.modules[name]
    import torch  # here, so that what is said above is said at once

    torch.set_num_threads(1)  # two are no faster with tables this small, and wait for each other on a busy machine
    from tools.printed import formatter

    formatters["python"] = formatter(running)


def on_page_content(html: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Tell how long a chapter takes, wrap what bets cover, name headings' links, keep code from the search."""
    from tools.markup import covered, minutes_of, unbroken, unsearched

    if page.file.src_uri.startswith("tutorial/"):
        page.meta["minutes"] = minutes_of(html)
        html = covered(html)
    html = unbroken(unsearched(html))

    def named(found: re.Match[str]) -> str:
        heading = re.sub(r"<[^>]*>", "", found["heading"]).strip()
        return f'{found["heading"]}<a class="headerlink" {found["rest"]} aria-label="Link to {heading}"'

    # "¶" alone says nothing
    heading = r'(?P<heading><h[1-6][^>]*>(?:(?!</h).)*?)<a class="headerlink" (?P<rest>href="[^"]*") title="[^"]*"'
    return re.sub(heading, named, html, flags=re.DOTALL)


def on_post_build(config: MkDocsConfig) -> None:
    """Write llms.txt, the site's contents for programs that read, and keep what the notebooks show beside the text."""
    from tools.asides import asides  # here, as they can be found only once the build has begun
    from tools.llms import llms_txt

    if begun == "build":  # while one writes, it would take too long each time
        asides()

    Path(config["site_dir"], "llms.txt").write_text(llms_txt(config), encoding="utf-8")
