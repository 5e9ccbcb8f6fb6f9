"""The tutorial's notebooks: are they the pages, without what only the site knows, and do they run?"""

import base64
import json
import os
import re
import subprocess
import sys
import textwrap
from xml.etree import ElementTree

import pytest
from tools import asides

from bigramlab.chapters import CHAPTERS
from bigramlab.lab.cli import main
from bigramlab.lab.tutorial import BLOCK, write_notebooks

PAGES = [chapter.page for chapter in CHAPTERS]
NAMES = [f"{number:02}-{page}.ipynb" for number, page in enumerate(PAGES, start=1)]
SITE_ONLY = re.compile(
    r'exec=|session=|markdown-exec|html="on"|from tools|^\?\?\?|^!!!|^=== |\{:|<bl-|<figure|<span|<svg|<p>|class='
    r"|data-|\]\(\.\.|\.md\)|\0",
    re.MULTILINE,
)
RUN = """
import json, sys
names = {"__name__": "__main__"}
for cell in json.load(open(sys.argv[1], encoding="utf-8"))["cells"]:
    if cell["cell_type"] == "code":
        exec(compile("".join(cell["source"]), cell["id"], "exec"), names)
"""


WIDE = 42  # letters of code that a phone of 360 px shows, with the size that stylesheets/extra.css gives it


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("notebooks")
    write_notebooks(folder)
    return folder


def cells_of(folder, name, kind):
    cells = json.loads((folder / name).read_text(encoding="utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == kind]


def blocks_of(page):
    return list(BLOCK.finditer((asides.PAGES / f"{page}.md").read_text(encoding="utf-8")))


@pytest.mark.parametrize("page", PAGES)
def test_the_code_of_a_page_fits_a_phone(page):
    shown = [block["code"] for block in blocks_of(page) if 'source="block"' in block["options"]]
    lines = [line for code in shown for line in textwrap.dedent(code).splitlines() if "markdown-exec: hide" not in line]
    assert [line for line in lines if len(line) > WIDE] == []


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_runs_from_top_to_bottom(name, folder):
    command = [sys.executable, "-W", "error", "-c", RUN, name]
    environment = os.environ | {"MPLBACKEND": "Agg", "PYTHONIOENCODING": "utf-8"}
    run = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, encoding="utf-8")
    assert run.returncode == 0, run.stderr
    assert run.stdout or not cells_of(folder, name, "code")


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_has_nothing_that_only_the_site_understands(name, folder):
    for text in cells_of(folder, name, "markdown"):
        assert not (found := SITE_ONLY.search(re.sub(r"^ *```.*?^ *```$", "", text, flags=re.DOTALL | re.MULTILINE))), (
            found
        )
        assert text.count("<details>") == text.count("</details>") == text.count("<summary>")
    assert not any("markdown-exec" in code or "tools." in code for code in cells_of(folder, name, "code"))


@pytest.mark.parametrize(("page", "name"), [*zip(PAGES, NAMES, strict=True)])
def test_the_code_of_a_page_is_the_code_of_its_notebook(page, name, folder):
    shown = [block["code"] for block in blocks_of(page) if 'source="block"' in block["options"] and not block["indent"]]
    shown = [
        "\n".join(line for line in code.splitlines() if "markdown-exec: hide" not in line).strip() for code in shown
    ]
    codes = cells_of(folder, name, "code")
    assert [code.removesuffix("\nfigure") for code in codes] == shown
    assert all(code.endswith("\nfigure") for code in codes if "figure = " in code)


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_is_of_the_format_that_it_names(name, folder):
    notebook = json.loads((folder / name).read_text(encoding="utf-8"))
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    assert notebook["metadata"]["kernelspec"]["language"] == "python"
    ids = [cell["id"] for cell in notebook["cells"]]
    assert len({*ids}) == len(ids)
    for cell in notebook["cells"]:
        known = {"id", "cell_type", "metadata", "source"}
        more = {"execution_count", "outputs"} if cell["cell_type"] == "code" else {"attachments"}
        assert known <= cell.keys() <= known | more
        for picture in [*cell.get("attachments", {}).values()]:
            assert ElementTree.fromstring(base64.b64decode(picture["image/svg+xml"])).tag.endswith("svg")
        assert set(re.findall(r"\(attachment:([^)]*)\)", "".join(cell["source"]))) == set(cell.get("attachments", {}))


@pytest.mark.parametrize("name", NAMES)
def test_a_link_leads_to_another_notebook_or_into_the_web(name, folder):
    for text in cells_of(folder, name, "markdown"):
        for place in re.findall(r"\]\(([^)]+)\)", text):
            assert place in NAMES or place.startswith(("https://", "attachment:"))


def test_a_notebook_says_below_its_title_what_it_is(folder):
    for title, name in zip([chapter.title for chapter in CHAPTERS], NAMES, strict=True):
        first = cells_of(folder, name, "markdown")[0]
        assert re.match(rf"# \d+\. {re.escape(title)}\n\n\*A chapter of bigramlab's tutorial.", first)


def test_bets_and_exercises_are_there_in_words(folder):
    prose = "\n".join(cells_of(folder, "02-encoding.ipynb", "markdown"))
    assert "**Bet first.** Names are written" in prose
    assert "<details><summary>The answer</summary>\n\n**27**\n\n" in prose
    assert "-   ✓ **Decoding its ids gives it back:** One step" in prose
    assert "<details><summary>A solution: <code>encode</code></summary>\n\n```python\n" in prose
    assert "Or write it in a cell here, and let `check(…)` of it be the last line." in prose
    assert '`help("bigramlab.lessons.encoding")`' in prose


@pytest.mark.parametrize("page", PAGES)
def test_the_kept_asides_are_as_many_as_a_page_has(page):
    kept = json.loads(asides.KEPT.read_text(encoding="utf-8"))
    assert len(kept[page]) == sum('source="block"' not in block["options"] for block in blocks_of(page))
    assert all(kept[page])


@pytest.mark.slow
def test_the_kept_asides_fit_the_pages():
    kept = json.loads(asides.KEPT.read_text(encoding="utf-8"))
    assert kept["key"] == asides.key(), "the package has changed: run `mkdocs build` and commit its result"


def test_html_is_read_as_markdown():
    html = (
        '<figure class="bl"><bl-bet><p>One <code>a</code> <strong>b</strong></p><ul><li data-gap="x">1</li></ul>'
        '<details><summary>S</summary><p class="bl-truth">T</p></details></bl-bet></figure>'
        "<table><thead><tr><th>h</th><td></td></tr></thead><tbody><tr><td>1</td><td>2</td></tr></tbody></table>"
    )
    assert asides._Reader("counting").read(html) == (
        "One `a` **b**\n\n-   1\n\n<details><summary>S</summary>\n\n**T**\n\n</details>\n\n"
        "| h | |\n|---|---|\n| 1 | 2 |"
    )


def test_the_command_overwrites_nothing(tmp_path, capsys):
    (tmp_path / "02-encoding.ipynb").write_text("mine", encoding="utf-8")
    assert main(["notebooks", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    assert printed.count("wrote ") == len(NAMES) - 1
    assert str(tmp_path / NAMES[0]) in printed.splitlines()[-1]
    assert (tmp_path / "02-encoding.ipynb").read_text(encoding="utf-8") == "mine"
    assert main(["notebooks", str(tmp_path)]) == 0
    assert "nothing was changed" in capsys.readouterr().out


def test_notebooks_need_a_folder(tmp_path, capsys):
    (tmp_path / "file").touch()
    assert main(["notebooks", str(tmp_path / "file")]) == 2
    assert "is a file, and the notebooks need a folder" in capsys.readouterr().err
