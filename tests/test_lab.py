import inspect
import os
import shutil
import subprocess
import sys
import textwrap

import pytest

import bigramlab
from bigramlab.lab.cli import main
from bigramlab.lab.exercises import CHAPTERS, Exercise, load_file, stub_of, write_lab

NAMES = [exercise.name for exercise in Exercise.all()]


@pytest.fixture
def lab(tmp_path):
    write_lab(tmp_path / "lab")
    return tmp_path / "lab"


def run_pytest(lab, *options):
    """Run pytest as a learner does, in the folder of the exercises."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST", "COV"))}
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *options]
    return subprocess.run(command, cwd=lab, env=environment, capture_output=True, text=True, timeout=120)


def write(lab, name, body):
    """Put a body in place of the stub of that function."""
    path = lab / Exercise.named(name).file
    stub = stub_of(Exercise.named(name))
    text = path.read_text(encoding="utf-8")
    assert stub in text
    solved = stub.replace("    raise NotImplementedError", textwrap.indent(textwrap.dedent(body).strip(), "    "))
    path.write_text(text.replace(stub, solved), encoding="utf-8")


def solve_all(lab):
    """Make every file call bigramlab's own function."""
    for name in NAMES:
        parameters = inspect.signature(inspect.unwrap(getattr(bigramlab, name))).parameters.values()
        passed = [f"{p.name}={p.name}" if p.kind is p.KEYWORD_ONLY else p.name for p in parameters]
        write(lab, name, f"import bigramlab\nreturn bigramlab.{name}({', '.join(passed)})")


def test_every_chapter_is_an_exercise_but_plotting():
    assert set(NAMES) | {"load_names", "plot_bigrams", "check"} == {
        name for name in bigramlab.__all__ if callable(getattr(bigramlab, name))
    }
    for chapter, names in CHAPTERS.items():
        assert all(getattr(bigramlab, name).__module__ == f"bigramlab.{chapter}" for name in names)


@pytest.mark.parametrize("exercise", Exercise.all(), ids=lambda exercise: exercise.name)
def test_a_stub_has_the_signature_and_the_docstring_of_ours(exercise, lab):
    namespace = {}
    exec((lab / exercise.file).read_text(encoding="utf-8"), namespace)
    stub, ours = namespace[exercise.name], inspect.unwrap(getattr(bigramlab, exercise.name))
    assert str(inspect.signature(stub)) == str(inspect.signature(ours))
    assert inspect.getdoc(stub) == inspect.getdoc(ours)


def test_start_overwrites_nothing(lab, capsys):
    path = lab / "ch4_smoothing.py"
    path.write_text("mine", encoding="utf-8")
    (lab / "ch1_data.py").unlink()
    assert main(["start", str(lab)]) == 0
    assert path.read_text(encoding="utf-8") == "mine"
    assert (lab / "ch1_data.py").exists()
    assert "ch4" not in capsys.readouterr().out.split("Now:")[0]


def test_a_fresh_lab_is_not_started_and_says_so(lab):
    result = run_pytest(lab)
    assert result.returncode == 1
    assert "read_words is not started" in result.stdout
    assert f"0 of {len(NAMES)} solved" in result.stdout
    assert "Traceback" not in result.stdout


def test_all_solved_is_exit_status_0(lab):
    solve_all(lab)
    result = run_pytest(lab)
    assert result.returncode == 0, result.stdout
    assert f"{len(NAMES)} of {len(NAMES)} solved" in result.stdout


def test_one_broken_file_leaves_the_others_to_be_checked(lab):
    (lab / "ch1_data.py").write_text("def broken(:\n", encoding="utf-8")
    (lab / "ch2_encoding.py").write_text("import nowhere\n", encoding="utf-8")
    (lab / "ch3_counting.py").write_text("import sys\nsys.exit()\n", encoding="utf-8")
    (lab / "ch6_sampling.py").write_text(
        "def sample(probs, *, generator=None):\n    while True: pass\n", encoding="utf-8"
    )
    write(lab, "smooth", "if not 0 <= k < float('inf'):\n    raise ValueError('no')\nreturn counts + k")
    write(lab, "normalize", "return counts / counts.sum(dim=1)")
    result = run_pytest(lab, "--junitxml=report.xml")
    assert "ch1_data.py is no Python" in result.stdout
    assert "solved       smooth" in result.stdout
    report = " ".join((lab / "report.xml").read_text(encoding="utf-8").replace("&#10;", " ").split())
    for part in ["ModuleNotFoundError", "ended the whole program", "did not return in time", "keepdim forgotten"]:
        assert part in report
    assert "has no function sample_words" in report


def test_the_first_unsolved_function_gets_the_report(lab):
    write(lab, "normalize", "return counts / counts.sum(dim=1)")
    result = run_pytest(lab, "-k", "normalize")
    assert result.returncode == 1
    assert "keepdim forgotten" in result.stdout
    assert "split_words" not in result.stdout


def test_a_chapter_may_import_another_one_and_sees_it_as_it_is_now(lab):
    path = lab / "ch4_smoothing.py"
    path.write_text("from ch5_normalizing import value\ndef smooth(counts, k=1):\n    return value\n", encoding="utf-8")
    for value in (1, 2):
        (lab / "ch5_normalizing.py").write_text(f"value = {value}\n", encoding="utf-8")
        assert load_file(path).smooth(None) == value


def test_a_copy_in_a_subfolder_is_left_alone(lab):
    shutil.copytree(lab, lab / "backup", ignore=shutil.ignore_patterns("conftest.py", "pytest.ini"))
    assert f"0 of {len(NAMES)} solved" in run_pytest(lab).stdout


def test_x_stops_at_the_first_unsolved(lab):
    assert "1 failed" in run_pytest(lab, "-x").stdout


def test_a_hint_more_each_time(lab, capsys):
    main(["hint", "normalize", "--folder", str(lab)])
    first = capsys.readouterr().out
    main(["hint", "normalize", "--folder", str(lab)])
    second = capsys.readouterr().out
    assert first.count("\n1. ") + first.startswith("1. ") == 1
    assert "2. " in second
    assert "2. " not in first


def test_the_solution_is_ours(lab, capsys):
    assert main(["solution", "smooth", "--folder", str(lab), "--yes"]) == 0
    assert "return smoothed" in capsys.readouterr().out


def test_the_solution_of_an_unsolved_exercise_wants_a_yes(lab, capsys, monkeypatch):
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda _: "n")
    main(["solution", "smooth", "--folder", str(lab)])
    assert "return smoothed" not in capsys.readouterr().out


def test_reset_puts_the_stub_back_and_keeps_the_old_text(lab):
    original = (lab / "ch2_encoding.py").read_text(encoding="utf-8")
    write(lab, "encode", "return 1")
    mine = (lab / "ch2_encoding.py").read_text(encoding="utf-8")
    assert main(["reset", "encode", "--folder", str(lab)]) == 0
    assert (lab / "ch2_encoding.py").read_text(encoding="utf-8") == original
    assert (lab / "ch2_encoding.old1").read_text(encoding="utf-8") == mine


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["hint", "nope"], "there is no exercise 'nope'; there are: read_words"),
        (["reset", "encode", "--folder", "nowhere"], "run this in the folder of your exercises"),
        (["start", __file__], "is a file, and the exercises need a folder"),
    ],
)
def test_commands_say_what_is_wrong(arguments, message, capsys):
    assert main(arguments) == 2
    assert message in capsys.readouterr().err


def test_the_lab_may_be_moved(lab, tmp_path):
    shutil.move(lab, tmp_path / "elsewhere")
    assert "0 of" in run_pytest(tmp_path / "elsewhere", "-q").stdout
