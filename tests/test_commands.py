import inspect
import os
import subprocess
import sys

import pytest

from bigramlab import adamw_step
from bigramlab.lab.cli import main


@pytest.fixture
def towns(tmp_path):
    path = tmp_path / "towns.txt"
    path.write_text("\n".join(["ulm", "köln", "bonn", "mainz", "trier", "jena", "gera", "celle"] * 5), encoding="utf-8")
    return path


@pytest.mark.parametrize("model", ["bigram", "mlp"])
def test_sample_writes_words_with_the_letters_of_the_file(model, towns, capsys):
    assert main(["sample", str(towns), "-n", "7", "--model", model, "--seed", "1"]) == 0
    words = capsys.readouterr().out.splitlines()
    assert len(words) == 7
    assert set("".join(words)) <= set(towns.read_text(encoding="utf-8"))
    assert all(words)


def test_the_same_seed_writes_the_same_words(towns, capsys):
    written = []
    for seed in (1, 1, 2):
        main(["sample", str(towns), "--seed", str(seed)])
        written.append(capsys.readouterr().out)
    assert written[0] == written[1] != written[2]


def test_compare_shows_a_line_for_each_model(towns, capsys):
    assert main(["compare", str(towns), "--contexts", "1,2", "--seed", "1"]) == 0
    printed = capsys.readouterr().out
    for name in ("uniform", "letters", "counted bigrams", "learned bigrams", "MLP, context 1", "MLP, context 2"):
        assert f"{name} |" in printed
        assert f"\n{name}: " in printed


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["sample", "nowhere.txt"], "there is no file 'nowhere.txt'"),
        (["sample", "TOWNS", "-n", "0"], "-n is 0, but there can't be fewer than 1: choose 1 or more"),
        (["compare", "TOWNS", "--contexts", "0"], "context_length is 0"),
        (["compare", "ONE"], "there are no test words; give more words"),
    ],
)
def test_what_cannot_work_is_said_in_a_line(arguments, message, towns, tmp_path, capsys):
    (tmp_path / "one.txt").write_text("ulm\n", encoding="utf-8")
    places = {"TOWNS": str(towns), "ONE": str(tmp_path / "one.txt")}
    assert main([places.get(argument, argument) for argument in arguments]) == 2
    (line,) = capsys.readouterr().err.splitlines()[-1:]
    assert line.startswith("bigramlab: ")
    assert message in line


def test_what_the_output_cannot_show_is_replaced():
    environment = os.environ | {"PYTHONIOENCODING": "cp1252"}
    command = [sys.executable, "-m", "bigramlab", "solution", "adamw_step", "--yes"]
    done = subprocess.run(command, env=environment, capture_output=True)
    assert done.returncode == 0, done.stderr
    assert "√" in inspect.getsource(inspect.unwrap(adamw_step))
    assert b"?" in done.stdout
