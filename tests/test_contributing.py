"""What CONTRIBUTING shows, carried out in a copy of the project."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def block(language, first_words):
    """Return the one block of CONTRIBUTING that begins with these words."""
    (found,) = [
        text for text in re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL) if text.startswith(first_words)
    ]
    return found


@pytest.fixture
def copy(tmp_path):
    """Return a copy of the project, without what was built."""
    ignore = shutil.ignore_patterns("__pycache__", "*.json", "images", ".*")
    for name in (".devcontainer", ".github"):
        shutil.copytree(ROOT / name, tmp_path / name)
    for name in ("bigramlab", "tests", "docs"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=ignore)
    for name in ("names.txt", "pyproject.toml", "mkdocs.yml", "README.md", "CONTRIBUTING.md"):
        shutil.copy(ROOT / name, tmp_path)
    for kept in (ROOT / "docs").rglob("*.json"):
        shutil.copy(kept, tmp_path / kept.relative_to(ROOT))
    return tmp_path


def run(copy, *command):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    environment["PYTHONPATH"] = str(copy)
    done = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def run_pytest(copy, *options):
    return run(copy, sys.executable, "-m", "pytest", "-q", "-n0", "-p", "no:cacheprovider", *options)


def run_block(copy, first_words):
    """Run the lines of a block of CONTRIBUTING as they stand there, with this Python and in one process."""
    python = f"PATH={Path(sys.executable).parent}:$PATH PYTEST_ADDOPTS='-n0 -p no:cacheprovider'"
    return run(copy, "bash", "-euc", f"export {python}\n" + block("sh", first_words))


def put(copy, file, first_words):
    """Put a block of CONTRIBUTING at the end of a file."""
    path = copy / file
    path.write_text(path.read_text(encoding="utf-8") + "\n\n" + block("python", first_words), encoding="utf-8")


@pytest.mark.slow
def test_a_law_is_tried_on_ours_and_on_right_versions(copy):
    put(copy, "bigramlab/laws/smoothing.py", '@law("smooth"')
    if shutil.which("ruff"):  # an extra of developers
        assert run(copy, "ruff", "check", "bigramlab") == (0, "All checks passed!\n")
    status, output = run_block(copy, 'pytest tests/test_laws.py -k "smooth')
    assert status == 0, output
    assert int(re.search(r"(\d+) passed", output)[1]) > 10  # right versions are among them
    ours = copy / "bigramlab" / "lessons" / "smoothing.py"
    ours.write_text(ours.read_text(encoding="utf-8").replace("return smoothed", "return -smoothed"), encoding="utf-8")
    status, output = run_block(copy, 'pytest tests/test_laws.py -k "smooth')
    assert status == 1
    assert "FAILED tests/test_laws.py::test_our_function_keeps_the_law[smooth-the_largest_count_stays" in output


@pytest.mark.slow
def test_a_mistake_is_caught_and_named(copy):
    put(copy, "bigramlab/mistakes/smoothing.py", '@mistake("smooth")')
    status, output = run_block(copy, "pytest tests/test_laws.py -k k_subtracted")
    assert status == 0, output
    assert re.search(r"\b1 passed", output)
    assert "exactly what “k subtracted” does" in " ".join(output.split())


@pytest.mark.slow
def test_a_lesson_touches_its_own_files_and_the_table(copy):
    status, output = run(copy, "bash", "-euc", block("sh", "for file in"))
    assert status == 0, output
    status, output = run_pytest(
        copy,
        "tests/test_package.py",
        "tests/test_thinning.py",
        "tests/test_laws.py",
        "-k",
        "not importing and (thin or package)",
    )
    assert status == 0, output
    status, output = run(copy, sys.executable, "-m", "bigramlab", "start", "lab")
    assert status == 0, output
    assert "ch05_thinning.py" in output
    assert "ch06_normalizing.py" in output
    code = "from bigramlab import *; print(check(thin)); print(check(lambda counts, k=1: counts, 'thin'))"
    status, output = run(copy, sys.executable, "-c", code)
    assert "thin is right" in output
    assert "chapter 5, Thinning" in output


@pytest.mark.slow
def test_a_word_of_reports_is_changed_in_one_place(copy):
    assert run(copy, "bash", "-euc", block("sh", 'sed -i \'s/("But"')) == (0, "")
    code = "import bigramlab; print(bigramlab.check(lambda counts, k=1: counts, 'smooth'))"
    _, output = run(copy, sys.executable, "-c", code)
    assert "\n  Wrong        entry" in output
