import json
from pathlib import Path

import pytest
from tools import keeping, printed

DOCS = Path(__file__).parents[1] / "docs"


@pytest.mark.slow
@pytest.mark.parametrize("session", printed.SLOW)
def test_what_slow_blocks_print_is_kept_as_the_code_is_now(session):
    kept = json.loads(printed.path_of(session).read_text(encoding="utf-8"))
    assert kept["key"] == printed.key(session), f"{session} has changed: run `mkdocs build`, commit its result"
    pages = {path: path.read_text(encoding="utf-8").count(f'session="{session}"') for path in DOCS.rglob("*.md")}
    assert {path: blocks for path, blocks in pages.items() if blocks} == {
        DOCS / f"{printed.SLOW[session]}.md": len(kept["printed"])
    }


@pytest.fixture
def write_slow_page(tmp_path, monkeypatch):
    """Return what writes a page of two sessions, the first of them slow."""
    monkeypatch.setattr(printed, "SLOW", {"slow": "page"})
    monkeypatch.setattr(printed, "FOLDER", tmp_path)
    monkeypatch.setattr(keeping, "DOCS", tmp_path)
    log = tmp_path / "log"
    begin = f"with open({str(log)!r}, 'a') as log: log.write('x')\n"

    def write(code, other="0"):
        blocks = [("slow", f"{begin}a = 1"), ("other", f"b = {other}"), ("slow", code)]
        page = "\n\n".join(f'```python exec="on" session="{session}"\n{code}\n```' for session, code in blocks)
        (tmp_path / "page.md").write_text(page, encoding="utf-8")
        return lambda: len(log.read_text(encoding="utf-8"))

    return write


def test_slow_blocks_run_once_and_again_when_one_of_their_session_changes(write_slow_page):
    runs = write_slow_page("print(a)")
    assert printed.printed("slow") == printed.printed("slow") == ["", "1\n"]
    assert runs() == 1
    write_slow_page("print(a)", other="2")
    printed.printed("slow")
    assert runs() == 1
    write_slow_page("print(a + 1)")
    assert printed.printed("slow") == ["", "2\n"]
    assert runs() == 2


@pytest.mark.parametrize(
    ("imported", "modules"),
    [
        ("from bigramlab import Recipe, count_bigrams", ("bigramlab.lessons.counting", "bigramlab.lessons.optimizing")),
        ("from bigramlab import *\nsmooth", ("bigramlab.lessons.smoothing",)),
        ("from tools import charts", ("tools.charts",)),
        ("from tools.elements import bet", ("tools.elements",)),
        ("import torch", ()),
    ],
)
def test_slow_blocks_run_again_when_what_they_import_changes(write_slow_page, monkeypatch, imported, modules):
    asked = []
    monkeypatch.setattr(keeping, "key_of", lambda *some, **_: asked.append(some) or str(len(asked)))
    write_slow_page(imported)
    assert printed.key("slow") != printed.key("slow")
    assert asked == [modules] * 2


@pytest.mark.slow
def test_slow_blocks_are_shown_as_they_are_kept_and_any_others_run(write_slow_page):
    markdown = pytest.importorskip("markdown")  # of the extra `docs`
    write_slow_page("print(a)")
    shown = printed.formatter(lambda **given: f"run: {given['code']}")
    assert shown(code="a = 1", md=markdown.Markdown(), session="slow", extra={}) == ""
    assert shown(code="b = 0", md=markdown.Markdown(), session="other", extra={}) == "run: b = 0"
    assert shown(code="print(a)", md=markdown.Markdown(), session="slow", extra={}) == "<p>1</p>"


def test_an_error_in_a_slow_block_is_shown_in_the_page_and_not_kept(write_slow_page, caplog):
    markdown = pytest.importorskip("markdown")
    write_slow_page("print(1 / 0)")
    shown = printed.formatter(print)(code="print(1 / 0)", md=markdown.Markdown(), session="slow", extra={})
    assert "ZeroDivisionError: division by zero" in shown
    assert "exited with errors" in caplog.text  # a warning, which ends a strict build
    assert not printed.path_of("slow").exists()
