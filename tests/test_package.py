import ast
import doctest
import importlib
import inspect
import json
import math
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import bigramlab
from bigramlab.chapters import LESSONS
from bigramlab.laws import lesson_of

ROOT = Path(__file__).parents[1]
FUNCTIONS = [name for name in bigramlab.__all__ if inspect.isfunction(getattr(bigramlab, name))]
TUPLES = [name for name in bigramlab.__all__ if inspect.isclass(getattr(bigramlab, name))]


def run_examples(text, name, names):
    test = doctest.DocTestParser().get_doctest(text, dict(names), name, None, 0)
    report = []
    doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test, out=report.append)
    assert not report, "".join(report)
    return len(test.examples)


def test_the_package_exports_what_the_lessons_do():
    modules = [importlib.import_module(f"bigramlab.lessons.{lesson.name}") for lesson in LESSONS]
    assert sorted(bigramlab.__all__) == sorted(["check", *(name for module in modules for name in module.__all__)])


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_examples_in_the_docstring_run(name):
    function = inspect.unwrap(getattr(bigramlab, name))
    assert run_examples(inspect.getdoc(function), name, {**vars(bigramlab), "torch": torch, "math": math}) > 0


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_docstring_says_what_comes_in_what_comes_out_and_what_is_refused(name):
    function = inspect.unwrap(getattr(bigramlab, name))
    text = inspect.getdoc(function)
    assert not inspect.signature(function).parameters or all(part in text for part in ["Args:", "Returns:", "Raises:"])
    for parameter in inspect.signature(function).parameters:
        assert f"    {parameter}: " in text


@pytest.mark.parametrize("name", TUPLES)
def test_the_docstring_says_what_each_field_is(name):
    fields = getattr(bigramlab, name)._fields
    text = inspect.getdoc(getattr(bigramlab, name)).split("Attributes:\n")[1]
    assert [line.split(": ")[0] for line in text.splitlines() if re.match(r"    \w", line)] == [
        f"    {field}" for field in fields
    ]


def test_the_lines_that_the_readme_shows_run():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    session = readme.split("```python\n")[1].split("```")[0]
    before, yours_will_differ = session.split("  # yours will differ\n")
    assert run_examples(f"{before}\n[...]\n", "README.md", {}) == 9
    assert yours_will_differ.count("'") == 2 * 5


def test_the_dev_container_installs_what_is_there_as_it_is_tested():
    container = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text(encoding="utf-8"))
    command = container["postCreateCommand"]
    extras = re.search(r"-e '\.\[(.*)\]'", command)[1].split(",")
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert all(f"\n{extra} = [" in project for extra in extras)
    assert "-c constraints.txt" in command
    workflow = (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
    assert f'"{container["image"].rpartition(":")[2]}"' in workflow
    assert container["containerEnv"]["PIP_EXTRA_INDEX_URL"] in workflow


@pytest.mark.slow
@pytest.mark.parametrize(("code", "late"), [("import bigramlab", "torch"), ("from bigramlab import smooth", "")])
def test_importing_costs_nothing_and_the_first_function_torch_and_little_more(code, late):
    late = [*filter(None, [late]), "matplotlib", "hypothesis", "pytest", "safetensors"]
    code = f"import sys; {code}; print([module for module in {late} if module in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == "[]\n"


@pytest.mark.slow
@pytest.mark.parametrize(("room", "registry"), [("laws", "LAWS"), ("mistakes", "MISTAKES")])
def test_to_ask_for_one_function_imports_its_lesson_alone_and_all_come_in_reading_order(room, registry):
    code = (
        f"import sys; from bigramlab.{room} import {registry} as found; found['normalize']; "
        f"print(*[name for name in sys.modules if name.startswith('bigramlab.{room}.')]); "
        "print(*found); print(len(found))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    modules, functions, number = result.stdout.splitlines()
    others = {lesson.name for lesson in LESSONS} - {"normalizing"}
    assert not others & {name.rpartition(".")[2] for name in modules.split()}
    order = [name for lesson in LESSONS for name in [*lesson.core, *lesson.extra]]
    of_exercises = [lesson_of(name) for name in functions.split() if name in order]
    assert of_exercises == sorted(of_exercises, key=[lesson.name for lesson in LESSONS].index)
    assert len(functions.split()) == int(number) >= 35
    with pytest.raises(KeyError):
        importlib.import_module(f"bigramlab.{room}").__dict__[registry]["normalise"]


def test_a_name_that_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'bigramlab' has no attribute 'normalise'"):
        _ = bigramlab.normalise
    assert {"smooth", "check"} <= set(dir(bigramlab))


def imports_of(path):
    """Return the modules of ours that a file imports, wherever in it the line stands."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "bigramlab":
            found |= {f"bigramlab.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found |= {getattr(node, "module", None) or alias.name for alias in node.names}
    return {name for name in found if name.startswith("bigramlab.")}


BELOW = {  # the rooms that each may import, besides itself and chapters.py, which the lessons alone do without
    "lessons": [],
    "plain.py": ["lessons"],
    "laws": ["plain", "lessons"],
    "mistakes": ["plain", "lessons"],
    "judge": ["laws", "mistakes", "plain", "lessons"],
    "lab": ["judge", "laws", "mistakes", "plain", "lessons"],
}


@pytest.mark.slow
@pytest.mark.parametrize("room", BELOW)
def test_arrows_between_the_rooms_run_one_way(room):
    place = ROOT / "bigramlab" / room
    allowed = {*BELOW[room], room.removesuffix(".py"), *([] if room == "lessons" else ["chapters"])}
    for path in [place] if place.is_file() else place.rglob("*.py"):
        assert {name.split(".")[1] for name in imports_of(path)} <= allowed, path


def test_the_table_of_chapters_imports_nothing_of_ours():
    assert not imports_of(ROOT / "bigramlab" / "chapters.py")


BENEATH = ("inputs", "files", "wheels")  # what lessons stand on and no chapter teaches


def test_a_lesson_imports_only_earlier_ones():
    names = [lesson.name for lesson in LESSONS]
    every = {path.stem for path in (ROOT / "bigramlab" / "lessons").glob("*.py")}
    assert every == {"__init__", *BENEATH, *names}
    for position, name in enumerate(names):
        earlier = {f"bigramlab.lessons.{lesson}" for lesson in [*BENEATH, *names[:position]]}
        assert imports_of(ROOT / "bigramlab" / "lessons" / f"{name}.py") <= earlier


def test_every_lesson_with_laws_has_its_file_in_each_room():
    with_laws = {lesson.name for lesson in LESSONS if lesson.laws}
    for room, others in [
        ("bigramlab/laws", {"__init__", "drawn", "gradients", "law", "makers", "strategies"}),
        ("bigramlab/mistakes", {"__init__", "mistake"}),
        ("tests/right", {"__init__", "version"}),
    ]:
        assert {path.stem for path in (ROOT / room).glob("*.py")} == with_laws | others, room
    assert {f"test_{lesson.name}" for lesson in LESSONS} <= {path.stem for path in (ROOT / "tests").glob("*.py")}
