"""The hints and solutions of the exercises."""

import ast
import re
import sys
import textwrap
from pathlib import Path

import pytest

from bigramlab.lab.cli import main
from bigramlab.lab.exercises import Exercise, stub_of, write_lab
from bigramlab.lab.judging import judge
from bigramlab.lab.labs import verdict_on
from bigramlab.lab.progress import FOLDER
from bigramlab.lab.rungs import CORE, EXTRA, RUNGS
from bigramlab.lab.solutions import careful_of, plain_of, solution_of
from bigramlab.laws import LAWS, RESULT
from bigramlab.mistakes import MISTAKES


@pytest.fixture
def lab(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", sys.path.copy())
    write_lab(tmp_path / "lab")
    yield tmp_path / "lab"
    for exercise in Exercise.all():
        sys.modules.pop(exercise.file.removesuffix(".py"), None)


def write(lab, name, body):
    """Put a body in place of the stub of that function."""
    path = lab / Exercise.named(name).file
    stub = stub_of(Exercise.named(name))
    text = path.read_text(encoding="utf-8")
    assert stub in text
    solved = stub.replace("    raise NotImplementedError", textwrap.indent(body, "    "))
    path.write_text(text.replace(stub, solved), encoding="utf-8")


def hint(lab, capsys, name="normalize"):
    assert main(["hint", name, "--folder", str(lab)]) == 0
    return capsys.readouterr().out


def all_hints(lab, capsys, name):
    hints = []
    while not hints or "That was the last one" not in hints[-1]:
        hints.append(hint(lab, capsys, name))
        assert len(hints) < 50
    return hints


def body_of(text):
    """Return a hint's own words in one line."""
    return " ".join(text.split("\n\n", 1)[1].rpartition("\n\n")[0].split())


def test_every_exercise_has_hints_that_climb():
    assert list(CORE) == [exercise.name for exercise in Exercise.all() if exercise.core]
    assert list(EXTRA) == [exercise.name for exercise in Exercise.all() if not exercise.core]
    for rungs in RUNGS.values():
        assert "____" not in rungs.body
        assert 1 <= rungs.shape.count("____") <= 4
        assert rungs.idea.endswith(".")
        ast.parse("def f():\n" + textwrap.indent(rungs.shape, "    "))


@pytest.mark.slow
@pytest.mark.parametrize("exercise", Exercise.all(), ids=lambda exercise: exercise.name)
def test_what_the_hints_lead_to_is_right(exercise, lab):
    for name, rungs in RUNGS.items():
        write(lab, name, rungs.body)
    sampling = lab / Exercise.named("sample").file
    sampling.write_text("from ch02_encoding import decode\n" + sampling.read_text(encoding="utf-8"), encoding="utf-8")
    verdict = judge(exercise, lab, {})
    assert verdict, verdict.text


def test_the_idea_comes_first_then_the_tool_then_the_shape_with_holes(lab, capsys):
    rungs = RUNGS["normalize"]
    first, second, third = (hint(lab, capsys) for _ in range(3))
    assert [text.splitlines()[0] for text in (first, second, third)] == [
        f"Hint {n} of 3 on normalize" for n in (1, 2, 3)
    ]
    assert body_of(first) == rungs.idea
    assert body_of(second) == rungs.tool
    assert "\n    row_sums = ____\n    return counts / row_sums\n\n" in third
    assert third.endswith("\nAsk again for what must hold.\n")


@pytest.mark.slow
def test_hints_fit_the_terminal(lab, capsys):
    hints = [hint(lab, capsys, name) for name in RUNGS for _ in range(3)]
    lines = [line for text in hints for line in text.splitlines()]
    assert max(map(len, lines)) <= 78
    assert not [line for line in lines if line.count("`") % 2]  # code is never torn apart


@pytest.mark.slow
@pytest.mark.parametrize("name", ["normalize", "read_words"])
def test_of_a_function_that_is_not_started_no_mistakes_are_told(name, lab, capsys):
    hints = all_hints(lab, capsys, name)
    told = list(map(body_of, hints))[3:]
    assert told == [f"What must hold: {law.sentence}" for law in LAWS[name] if law.kind == RESULT]
    assert f"bigramlab solution {name}" in hints[-1]
    assert hint(lab, capsys, name) == f"You have had them all; from the first again.\n\n{hints[0]}"


@pytest.mark.slow
def test_after_the_rungs_comes_the_law_that_is_broken_now_and_what_others_got_wrong(lab, capsys):
    write(lab, "normalize", "return counts / counts.sum(dim=1)")
    told = list(map(body_of, all_hints(lab, capsys, "normalize")))[3:]
    law = verdict_on(Exercise.named("normalize"), lab).law
    assert told[0] == f"What must hold, and doesn't yet: {law}"
    wrong = [one for one in MISTAKES["normalize"] if not one.careless]
    assert told[1:] == [" ".join(f"What others got wrong: {one.wrong} {one.seen}".split()) for one in wrong[:3]]


@pytest.mark.slow
def test_the_next_hint_is_another_one_when_another_law_is_broken(lab, capsys):
    write(lab, "smooth", "return counts - k")
    told = [body_of(hint(lab, capsys, "smooth")) for _ in range(5)]
    path = lab / Exercise.named("smooth").file
    path.write_text(path.read_text(encoding="utf-8").replace("return counts - k", "counts += k\n    return counts"))
    told.append(body_of(hint(lab, capsys, "smooth")))
    assert [text.startswith("What must hold, and doesn't yet: ") for text in told] == [False] * 3 + [True, False, True]
    assert len(set(told)) == len(told)


@pytest.mark.slow
def test_of_what_is_right_it_is_said_what_it_is_not_careful_about(lab, capsys):
    write(lab, "smooth", "return counts + k")
    unjudged = all_hints(lab, capsys, "smooth")[3]
    for said in (unjudged, hint(lab, capsys, "smooth")):
        assert "smooth is right" in said
        assert "Not careful" in said
        assert "bigramlab solution smooth" in said


def test_of_a_file_that_cant_be_read_that_is_said_at_once(lab, capsys):
    (lab / Exercise.named("smooth").file).write_text("x = (", encoding="utf-8")
    for _ in range(2):
        assert hint(lab, capsys, "smooth").startswith("ch04_smoothing.py can't be read: '(' was never closed")


def test_a_hint_is_given_in_a_folder_that_cant_be_written(lab, capsys, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", refuse)
    assert hint(lab, capsys).startswith("Hint 1 of 3 on normalize\n")
    assert hint(lab, capsys).endswith("as the folder can't be written: [Errno 13] Permission denied\n")


@pytest.mark.slow
@pytest.mark.parametrize("damaged", ["", "{", "[]", "3", '{"normalize": "x"}', '{"normalize": [1]}', "\xff"])
def test_hints_begin_anew_when_their_count_is_damaged(damaged, lab, capsys):
    (lab / FOLDER).mkdir()
    (lab / FOLDER / "hints.json").write_text(damaged, encoding="latin-1")
    assert hint(lab, capsys).startswith("Hint 1 of ")
    assert hint(lab, capsys).startswith("Hint 2 of ")


ALL = pytest.mark.parametrize("exercise", Exercise.all(), ids=lambda exercise: exercise.name)


@ALL
def test_a_solution_has_the_plain_way_first_and_then_ours(exercise):
    plain, ours = solution_of(exercise).split("\n\n\n# Ours, which refuses the rest, too:\n\n")
    assert plain.endswith(plain_of(exercise))
    assert ours == careful_of(exercise)
    assert textwrap.indent(RUNGS[exercise.name].body, "    ") in plain


@ALL
def test_the_plain_way_refuses_nothing(exercise):
    plain = plain_of(exercise)
    nodes = list(ast.walk(ast.parse(plain)))
    assert not [node for node in nodes if isinstance(node, ast.Raise | ast.Assert | ast.Try)]
    assert not [node.id for node in nodes if isinstance(node, ast.Name) and re.match("_?(require|refuse)_", node.id)]
    assert '"""' not in plain.partition("\n\n\n")[0]
