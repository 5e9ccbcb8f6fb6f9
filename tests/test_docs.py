import codeop
import json
import re
import sys
import textwrap
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"
sys.path.append(str(DOCS))
import experiments  # noqa: E402 (found by the line above)
import pictures  # noqa: E402

BLOCKS = [
    pytest.param(textwrap.dedent(block), id=f"{path.stem}-{number}")
    for path in sorted(DOCS.rglob("*.md"))
    for number, block in enumerate(
        re.findall(r"```python exec=[^\n]*\n(.*?)```", path.read_text(encoding="utf-8"), re.DOTALL)
    )
]


@pytest.mark.parametrize("block", BLOCKS)
def test_a_block_can_be_typed_into_a_session_line_by_line(block):
    typed = []
    for line in [*block.splitlines(), ""]:
        typed.append(line)
        if codeop.compile_command("\n".join(typed), symbol="single"):  # raises a SyntaxError where a session would
            typed = []
    assert not "".join(typed)


def test_every_block_of_the_tutorial_is_executed_when_the_site_is_built():
    for path in DOCS.rglob("*.md"):
        for fence in re.findall(r"^ *```python.*", path.read_text(encoding="utf-8"), re.MULTILINE):
            assert 'exec="on"' in fence, path.name


def test_the_home_page_has_readmes_commands():
    commands = re.findall(
        r"^python3 -m venv .*$", (DOCS.parent / "README.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert len(commands) == 2
    home = (DOCS / "index.md").read_text(encoding="utf-8")
    assert re.findall(r"^```sh\n(.*)\n```$", home, re.MULTILINE) == commands
    assert "bigramlab start my-lab && cd my-lab && pytest" in home


@pytest.mark.parametrize("name", ["embedding", "overfitting", "comparison", "races"])
def test_a_kept_training_fits_the_code(name):
    experiment = getattr(experiments, name)
    kept = json.loads(pictures.path_of(experiment).read_text(encoding="utf-8"))
    assert kept["key"] == pictures.key(), (
        "what the trainings depend on has changed: run `mkdocs build`, commit its result"
    )


def test_the_vowels_are_the_group_that_the_bet_on_embeddings_means():
    assert pictures.keep_together("aeiou")
    assert not pictures.keep_together("jqvxz")
    assert not pictures.keep_together("abcde")


@pytest.mark.slow
def test_a_training_gives_again_what_is_kept():
    kept, again = pictures.kept(experiments.embedding), experiments.embedding()
    assert again["dev"] == pytest.approx(kept["dev"], abs=0.02)
    kept, again = pictures.kept(experiments.comparison), experiments.comparison()
    for before, now in zip(kept["results"], again["results"], strict=True):
        assert now["name"] == before["name"]
        for part in ("train", "dev", "test"):
            assert now[part] == pytest.approx(before[part], abs=0.02)
