"""What is kept with the site: a key made of the code that it depends on, and whether it fits."""

import json
import re
import shutil

import pytest
from tools import catching, classroom, keeping, known, lecture, walkthrough

from bigramlab.chapters import LESSONS
from bigramlab.lab.exercises import Exercise

KEYS = {  # the key of each kind of result, made anew for a copy of the repository
    "trainings": {"modules": ["tools.experiments"], "docstrings": False, "without": ["bigramlab.lessons.inputs"]},
    "known": {"modules": ["bigramlab.judge.making"], "docstrings": False, "without": known.WITHOUT},
    "catalogue": {"modules": ["tools.catching"], "docstrings": True},
    "walkthrough": {
        "modules": ["tools.walkthrough", "bigramlab.__main__", "bigramlab.lab.plugin"],
        "docstrings": True,
    },
}


def key_of(kind, root):
    options = dict(KEYS[kind])
    files = [root / "names.txt"] if kind in ("trainings", "known") else []
    return keeping.key_of(*options.pop("modules"), root=root, files=files, **options)


@pytest.fixture
def copy(tmp_path):
    for folder in ("bigramlab", "docs/tools"):
        shutil.copytree(keeping.ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(keeping.ROOT / "names.txt", tmp_path)
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "old", "new", "changed"),
    [
        ("bigramlab/lessons/normalizing.py", "import Tensor\n", "import Tensor  # why\n\n", set()),
        ("bigramlab/lessons/normalizing.py", "return weights / row_sums", "return  (weights/row_sums)", set()),
        ("bigramlab/lessons/normalizing.py", "weights / row_sums", "weights * (1 / row_sums)", {*KEYS}),
        ("bigramlab/lessons/normalizing.py", "Divide every row", "Share out every row", {"catalogue", "walkthrough"}),
        ("bigramlab/lessons/inputs.py", "raise ValueError", "raise RuntimeError", {"catalogue", "walkthrough"}),
        ("bigramlab/laws/smoothing.py", '"""', '"""Always: ', {"catalogue", "walkthrough"}),
        ("bigramlab/mistakes/smoothing.py", '"""', '"""Oh, ', {"catalogue", "walkthrough"}),
        ("bigramlab/judge/guarding.py", "seconds: float = 1.0", "seconds: float = 2.0", {"catalogue", "walkthrough"}),
        ("bigramlab/lab/plugin.py", "import ", "import math\nimport ", {"walkthrough"}),
        ("bigramlab/lessons/saving.py", "import ", "import math\nimport ", {*KEYS} - {"known"}),
        ("docs/tools/catalogue.py", '"**Caught by**', '"**Found by**', set()),
        ("docs/tools/keeping.py", "sha256", "sha512", set()),
        ("docs/tools/experiments.py", "CONTEXT = 8", "CONTEXT = 9", {"trainings"}),
        ("docs/tools/walkthrough.py", "Where are we?", "How far are we?", {"walkthrough"}),
        ("names.txt", "emma\n", "emmas\n", {"trainings", "known"}),
        ("bigramlab/mistakes/smoothing.py", "return counts + 1", "return 2", {"known", "catalogue", "walkthrough"}),
        ("bigramlab/mistakes/mlp.py", "import ", "import math\nimport ", {"catalogue", "walkthrough"}),
    ],
)
def test_a_key_changes_with_what_the_result_depends_on_and_with_nothing_else(copy, file, old, new, changed):
    before = {kind: key_of(kind, copy) for kind in KEYS}
    path = copy / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    assert {kind for kind in KEYS if key_of(kind, copy) != before[kind]} == changed


def test_imports_are_followed_wherever_they_stand(tmp_path):
    files = {
        "bigramlab/__init__.py": "import_module('bigramlab.public')",
        "bigramlab/public.py": "from bigramlab.lessons.one import first\nfrom bigramlab.lessons.two import second",
        "bigramlab/lessons/__init__.py": "",
        "bigramlab/lessons/one.py": "import torch",
        "bigramlab/lessons/two.py": "def second():\n    from bigramlab.lessons import three\n    return three",
        "bigramlab/lessons/three.py": "from . import one as other",
        "docs/tools/by_name.py": "from bigramlab import first",
        "docs/tools/by_attribute.py": "import bigramlab as lab\nlab.second()",
        "docs/tools/as_a_whole.py": "import bigramlab\ngetattr(bigramlab, 'first')",
        "docs/tools/in_a_loop.py": "for name in names:\n    import_module(f'bigramlab.lessons.{name}')",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")

    def found(name):
        modules = keeping.dependencies(f"tools.{name}", root=tmp_path) - {f"tools.{name}", "bigramlab.lessons"}
        return {module.removeprefix("bigramlab.lessons.") for module in modules}

    assert found("by_name") == {"one"}
    assert found("by_attribute") == {"one", "two", "three"}
    assert found("as_a_whole") == {"bigramlab", "bigramlab.public", "one", "two", "three"}
    assert found("in_a_loop") == {"one", "two", "three"}


@pytest.mark.slow
def test_the_results_depend_on_what_they_show():
    laws = {f"bigramlab.laws.{lesson.name}" for lesson in LESSONS if lesson.laws}
    mistakes = {f"bigramlab.mistakes.{lesson.name}" for lesson in LESSONS if lesson.laws}
    lessons = {f"bigramlab.lessons.{lesson.name}" for lesson in LESSONS}
    assert laws | mistakes | {"bigramlab.judge.running"} <= keeping.dependencies("tools.catching")
    shown = keeping.dependencies(*KEYS["walkthrough"]["modules"])
    assert laws | mistakes | lessons | {"bigramlab.lab.cli", "bigramlab.judge.reporting"} <= shown
    trained = keeping.dependencies("tools.experiments")
    assert {f"bigramlab.lessons.{name}" for name in ("training", "normalizing", "evaluating")} <= trained
    assert not any(name.startswith(("bigramlab.laws", "bigramlab.mistakes", "bigramlab.judge")) for name in trained)


@pytest.mark.slow
def test_the_keys_are_those_of_the_results():
    for kind, module in (
        ("trainings", keeping),
        ("known", known),
        ("catalogue", catching),
        ("walkthrough", walkthrough),
    ):
        key = keeping.key_of_training("tools.experiments") if module is keeping else module.key()
        assert key == key_of(kind, keeping.ROOT)


def test_what_is_kept_is_made_anew_only_when_the_key_changes(tmp_path):
    made = []

    def compute():
        made.append(1)
        return {"answer": len(made)}

    path = tmp_path / "kept.json"
    answers = [keeping.kept(path, key, compute)["answer"] for key in ("a", "a", "b", "b", "a")]
    assert answers == [1, 1, 2, 2, 3]


def test_what_is_known_of_the_names_fits_the_package():
    kept = json.loads(known.KEPT.read_text(encoding="utf-8"))
    assert kept["key"] == known.key(), "the package has changed: run `mkdocs build` and commit its result"


@pytest.mark.slow
def test_the_kept_walkthrough_fits_the_package():
    kept = json.loads(walkthrough.KEPT.read_text(encoding="utf-8"))
    assert kept["key"] == walkthrough.key(), "the package has changed: run `mkdocs build` and commit its result"
    page = "\n".join(kept["lines"])
    core = sum(exercise.core for exercise in Exercise.all())
    assert f"[*####{'-' * (core - 5)}] Core: 5 of {core}, careful: 1" in page
    assert "Traceback" not in page
    assert not re.search(r"/tmp|\\Users|\d\.\d\ds\b|Error:.*internal", page)


@pytest.mark.slow
def test_the_kept_pages_of_the_lecture_fit_the_package():
    kept = json.loads(lecture.KEPT.read_text(encoding="utf-8"))
    assert kept["key"] == lecture.key(), "the package has changed: run `mkdocs build` and commit its result"


@pytest.mark.slow
def test_the_kept_class_fits_the_package():
    kept = json.loads(classroom.KEPT.read_text(encoding="utf-8"))
    assert kept["key"] == classroom.key(), "the package has changed: run `mkdocs build` and commit its result"


@pytest.mark.slow
def test_the_class_is_the_same_each_time():
    assert classroom.session().splitlines() == json.loads(classroom.KEPT.read_text(encoding="utf-8"))["lines"]


@pytest.mark.slow
def test_the_lecture_is_the_same_each_time():
    assert lecture.session().splitlines() == json.loads(lecture.KEPT.read_text(encoding="utf-8"))["lines"]


@pytest.mark.slow
def test_the_walkthrough_is_the_same_each_time():
    assert walkthrough.session().splitlines() == json.loads(walkthrough.KEPT.read_text(encoding="utf-8"))["lines"]


def test_a_key_is_the_same_in_every_python():
    assert keeping._meaning('"\ufdff \U0001fae8"', docstrings=True).isascii()  # letters that older ones don't know
