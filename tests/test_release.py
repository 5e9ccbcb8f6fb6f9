"""What is released: one version, all files, types that a user's own checker sees, and forms that can be read."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import bigramlab

ROOT = Path(__file__).parents[1]
PROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
VERSION = re.search(r'^version = "(.*)"$', PROJECT, re.MULTILINE)[1]


def test_the_version_stands_in_one_place_and_the_others_follow():
    assert bigramlab.__version__ == VERSION
    command = [sys.executable, "-m", "bigramlab", "--version"]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == f"bigramlab {VERSION}\n"
    assert f"\nversion: {VERSION}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\n## {VERSION} " in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_the_citation_has_what_its_format_asks_for():
    citation = pytest.importorskip("yaml").safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert {"cff-version", "message", "title", "authors"} <= citation.keys()
    assert citation["cff-version"] == "1.2.0"
    assert citation["authors"] == [{"name": "The bigramlab authors"}]


def test_everything_at_the_top_is_in_the_source_distribution():
    git = ["git", "-C", str(ROOT), "ls-files"]
    try:
        files = subprocess.run(git, capture_output=True, text=True, check=True).stdout.splitlines()
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this is no checkout")
    included = re.findall(r'"/([^"]+)"', re.search(r"sdist\]\ninclude = \[(.*?)\n?\]", PROJECT, re.DOTALL)[1])
    always = {"pyproject.toml", "README.md", "LICENSE", ".gitignore"}
    assert {file.split("/")[0] for file in files} == {*included} | always


@pytest.mark.parametrize("name", ["bug", "right-called-wrong", "mistake-not-named"])
def test_a_form_can_be_read(name):
    yaml = pytest.importorskip("yaml")
    form = yaml.safe_load((ROOT / ".github" / "ISSUE_TEMPLATE" / f"{name}.yml").read_text(encoding="utf-8"))
    assert {"name", "description", "body"} <= form.keys()
    questions = [part for part in form["body"] if part["type"] != "markdown"]
    assert len({part["id"] for part in questions}) == len(questions)
    for part in questions:
        assert part["type"] in {"textarea", "input", "dropdown", "checkboxes"}
        assert part["attributes"]["label"]
    assert any(part.get("validations", {}).get("required") for part in questions)


def test_what_runs_before_a_commit_is_fetched_from_nowhere():
    yaml = pytest.importorskip("yaml")
    repositories = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"]
    assert [repository["repo"] for repository in repositories] == ["local"]
    assert {hook["entry"].split()[0] for hook in repositories[0]["hooks"]} == {"ruff", "mypy"}


def test_only_the_job_that_publishes_may_speak_for_us():
    jobs = pytest.importorskip("yaml").safe_load(
        (ROOT / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8")
    )["jobs"]
    assert jobs["publish"]["permissions"] == {"id-token": "write"}
    assert "permissions" not in jobs["build"]
    assert re.fullmatch(r"pypa/gh-action-pypi-publish@v\d+\.\d+\.\d+", jobs["publish"]["steps"][-1]["uses"])


USERS_CODE = """
from typing import assert_type

import torch
from torch import Tensor

import bigramlab
from bigramlab import MLP, Recipe, build_vocabulary, count_bigrams, init_mlp, load_mlp, normalize, sample_words, smooth

vocabulary = build_vocabulary(["emma", "ava"])
assert_type(vocabulary, str)
counts: Tensor = count_bigrams(["emma"], vocabulary)
probs = normalize(smooth(counts, k=1))
assert_type(sample_words(probs, vocabulary, 3, generator=torch.Generator()), list[str])
assert_type(bigramlab.__version__, str)
assert_type(load_mlp("names.safetensors"), tuple[MLP, str, Recipe])
init_mlp(3, context_length=2)
build_vocabulary(3)  # wrong: arg-type
bigramlab.normalise  # wrong: attr-defined
sample_words(probs, vocabulary, 3, torch.Generator())  # wrong: call-arg
"""


@pytest.mark.slow
def test_a_users_checker_sees_the_types(tmp_path):
    if not shutil.which("mypy"):
        pytest.skip("mypy is not installed")
    (tmp_path / "mine.py").write_text(USERS_CODE, encoding="utf-8")
    done = subprocess.run(
        ["mypy", "--strict", "--python-version", "3.11", "--follow-imports", "silent", "mine.py"],
        cwd=tmp_path,
        env=os.environ | {"MYPYPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    lines = USERS_CODE.splitlines()
    found = re.findall(r"mine\.py:(\d+): error: .* \[([a-z-]+)\]", done.stdout)
    assert [(lines[int(number) - 1].partition("# wrong: ")[2]) for number, _ in found] == [code for _, code in found]
    assert len(found) == USERS_CODE.count("# wrong: "), done.stdout
