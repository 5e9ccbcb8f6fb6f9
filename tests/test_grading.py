"""A class is graded in one command, whatever is handed in."""

import csv
import json
from xml.etree import ElementTree

import pytest

from bigramlab.lab.cli import main
from bigramlab.lab.exercises import write_lab

HANDED_IN = {
    "Ada": {"ch04_smoothing.py": "def smooth(counts, k=1):\n    return counts + k\n"},
    "Bob": {
        "ch04_smoothing.py": "def smooth(counts, k=1):\n    sum(range(10**12))\n",
        "ch05_normalizing.py": "def normalize(counts):\n    return counts / counts.sum(1)\n",
    },
    "Cem": {
        "ch04_smoothing.py": "import bigramlab\ndef smooth(counts, k=1):\n    return bigramlab.smooth(counts, k)\n",
        "ch05_normalizing.py": "import os\nos._exit(0)\n",
    },
}


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """Return the folder of a class of three, graded."""
    folder = tmp_path_factory.mktemp("class")
    for student, files in HANDED_IN.items():
        write_lab(folder / student, "4-5")
        for name, text in files.items():
            (folder / student / name).write_text(text, encoding="utf-8")
    (folder / "notes").mkdir()
    (folder / "notes" / "remarks.txt").write_text("no lab", encoding="utf-8")
    assert main(["grade", str(folder), "--chapters", "4-5", "--weights", "4=3"]) == 0
    return folder


@pytest.mark.slow
def test_each_function_of_each_student_has_a_row(graded):
    rows = list(csv.DictReader((graded / "grades.csv").read_text(encoding="utf-8").splitlines()))
    assert [(row["student"], row["function"], row["right"], row["status"]) for row in rows] == [
        ("Ada", "smooth", "yes", "solved"),
        ("Ada", "normalize", "no", "not started"),
        ("Bob", "smooth", "no", "not right"),
        ("Bob", "normalize", "no", "not right"),
        ("Cem", "smooth", "yes", "careful"),
        ("Cem", "normalize", "no", "not reached"),
    ]
    assert [row["borrowed"] for row in rows] == ["no", "no", "no", "no", "yes", "no"]
    assert rows[3]["cause"] == "keepdim forgotten"
    assert rows[3]["held"].startswith("4 of ")
    assert "ch05_normalizing.py" in rows[5]["cause"]  # which can't be run


@pytest.mark.slow
def test_the_other_tables_say_the_same(graded):
    rows = json.loads((graded / "grades.json").read_text(encoding="utf-8"))
    assert [row["right"] for row in rows] == [True, False, False, False, True, False]
    assert "has not come back" in rows[2]["report"]
    suites = ElementTree.parse(graded / "grades.xml").getroot()
    assert [(suite.get("name"), suite.get("failures")) for suite in suites] == [
        ("Ada", "1"),
        ("Bob", "2"),
        ("Cem", "1"),
    ]


@pytest.mark.slow
def test_a_line_for_each_student_has_the_weighted_share(graded, capsys):
    main(["grade", str(graded), "--chapters", "4-5", "--weights", "4=3", "--out", str(graded / "made" / "notes")])
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split() == ["Ada", "1/2", "0", "75%", "1"]
    assert lines[2].split() == ["Bob", "0/2", "0", "0%", "0", "smooth,", "normalize"]
    assert lines[3].split()[:4] == ["Cem", "1/2", "1", "75%"]
    assert lines[3].endswith("normalize (not reached); bigramlab's own: smooth")
    assert (graded / "made" / "notes" / "grades.csv").exists()


def test_a_file_is_no_folder_for_the_tables(tmp_path, capsys):
    write_lab(tmp_path / "Ada", "4-5")
    file = tmp_path / "notes.txt"
    file.write_text("mine", encoding="utf-8")
    assert main(["grade", str(tmp_path), "--out", str(file)]) == 2
    assert (
        f"--out is {str(file)!r}, which is a file, and three tables go there; name a folder" in capsys.readouterr().err
    )
    assert file.read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "has an exercise file such as ch02_encoding.py; each student's work should be a folder of its own"),
        (["--chapters", "x"], "--chapters is 'x', and chapters with exercises are 1 to 13"),
        (["--weights", "8"], "--weights is '8', and should say chapter=weight, such as 8=2,9=1.5"),
    ],
)
def test_what_cannot_be_graded_is_said(options, message, tmp_path, capsys):
    assert main(["grade", str(tmp_path), *options]) == 2
    assert message in capsys.readouterr().err
