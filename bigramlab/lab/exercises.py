"""Exercises are made from the package's own source, so they can't drift from it."""

import ast
import difflib
import re
import shlex
import sys
import textwrap
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from itertools import groupby
from pathlib import Path
from typing import Any

from bigramlab.chapters import LESSONS, chapter_of
from bigramlab.lessons.files import write_file

__all__ = ["Exercise", "chapters_in", "file_of", "is_lab", "source_of", "stub_of", "write_lab"]

CONFTEST = '''"""Makes `pytest` check the functions in this folder with bigramlab's laws."""

from importlib.util import find_spec

import pytest

REMEDY = "activate the environment first"

if find_spec("bigramlab") and find_spec("torch"):

    def pytest_addoption(pluginmanager):
        pluginmanager.import_plugin("bigramlab.lab.plugin")  # early, for its --careful

    def pytest_configure(config):
        config.pluginmanager.import_plugin("bigramlab.lab.plugin")  # here, so that it works from any folder

else:

    def pytest_addoption(parser):
        for option in ("--careful", "--fresh"):
            parser.addoption(option, action="store_true")  # or their use would be what is wrong

    def pytest_cmdline_main():
        raise pytest.UsageError("this Python has no bigramlab; " + REMEDY)

    pytest_collection_modifyitems = pytest_cmdline_main  # where pytest was begun in a folder above
'''

PYTEST_INI = """# This folder holds bigramlab's exercises; begin with {first}.
[pytest]
addopts = --quiet -p no:hypothesispytest -p no:jaxtyping
"""


CHAPTERS_OF = re.compile("exercises of chapters ([-,0-9]+)")


@dataclass(frozen=True)
class Exercise:
    """One function to write.

    Attributes:
        name: The function's name.
        lesson: The lesson that it belongs to.
        core: Whether it is the lesson's own idea, and not an extra.
        dots: How hard it is, from 1 to 3.
    """

    name: str
    lesson: str
    core: bool
    dots: int

    @property
    def level(self) -> str:
        """How hard it is, to be shown."""
        return "●" * self.dots + "○" * (3 - self.dots)

    @property
    def file(self) -> str:
        """The name of the file in the lab's folder."""
        number, _ = chapter_of(self.lesson)
        return f"ch{number:02}_{self.lesson}.py"  # 02, so that 10 stands after 2

    def path_in(self, folder: Path) -> Path:
        """Return the path of its file, once it is there."""
        path = folder / self.file
        if not path.exists():
            raise ValueError(
                f"there is no {path}; run this in the folder of your exercises, or: bigramlab start {folder}"
            )
        return path

    @classmethod
    def all(cls) -> "list[Exercise]":
        """Return every exercise in the tutorial's order."""
        return [
            cls(name, lesson.name, core, dots)
            for lesson in LESSONS
            for core, names in ((True, lesson.core), (False, lesson.extra))
            for name, dots in names.items()
        ]

    @classmethod
    def of(cls, lab: Path) -> "list[Exercise]":
        """Return the exercises of a lab: of the chapters for which it was started."""
        found = CHAPTERS_OF.search(_conftest_in(lab))
        wanted = chapters_in(found[1]) if found else None
        return [one for one in cls.all() if wanted is None or chapter_of(one.lesson)[0] in wanted]

    @classmethod
    def first(cls) -> "Exercise":
        """Return the one to begin with."""
        return next(exercise for exercise in cls.all() if exercise.core)

    @classmethod
    def named(cls, name: str) -> "Exercise":
        """Return the exercise of that name."""
        for exercise in cls.all():
            if exercise.name == name:
                return exercise
        names = [exercise.name for exercise in cls.all()]
        if similar := difflib.get_close_matches(name, names):
            raise ValueError(f"there is no exercise {name!r}; did you mean {' or '.join(map(repr, similar))}?")
        rows = textwrap.fill(", ".join(names), 78, initial_indent="  ", subsequent_indent="  ")
        raise ValueError(f"there is no exercise {name!r}; there are:\n{rows}")


def source_of(lesson: str) -> tuple[str, ast.Module]:
    """Return the text of a lesson's module, and its tree; the module is not run, which would take torch's seconds."""
    text = _text_of(f"bigramlab.lessons.{lesson}")
    return text, ast.parse(text)


@cache
def _text_of(module: str) -> str:
    spec: Any = find_spec(module)
    return str(spec.loader.get_source(module))


def stub_of(exercise: Exercise) -> str:
    """Return the function with its signature and docstring, and nothing done yet; to refuse things is an extra."""
    text, tree = source_of(exercise.lesson)
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == exercise.name:
            head = text.splitlines()[node.lineno - 1 : node.body[0].end_lineno]
            head = ["    Raises (for a star):" if line == "    Raises:" else line for line in head]
            return "\n".join([*head, "    raise NotImplementedError", ""])
    raise LookupError(f"bigramlab.lessons.{exercise.lesson} has no function {exercise.name}")


def file_of(exercises: list[Exercise]) -> str:
    """Return the file of one lesson: what its functions need to be imported, and they as stubs."""
    _, tree = source_of(exercises[0].lesson)
    stubs = list(map(stub_of, exercises))
    names = {exercise.name for exercise in exercises}
    nodes = [node for one in tree.body if getattr(one, "name", "") in names for node in ast.walk(one)]
    named = {node.id for node in nodes if isinstance(node, ast.Name)}
    classes = {name for name in named if name[0].isupper() and not name.isupper()}
    used = {node.id for node in ast.walk(ast.parse("\n".join(stubs))) if isinstance(node, ast.Name)} | {"torch"}
    imports, ours = [], {node.name for node in tree.body if isinstance(node, ast.ClassDef) and node.name in used}
    for node in tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            is_ours = getattr(node, "module", "").startswith("bigramlab")
            wanted = used | classes if is_ours else used  # a Block is made, and stands in no signature
            node.names = [alias for alias in node.names if {alias.name, alias.name.split(".")[0]} & wanted]
            if is_ours:
                ours |= {alias.name for alias in node.names}  # MLP, Recipe
            elif node.names:
                imports.append(ast.unparse(node))
    if ours:
        imports.append(f"from bigramlab import {', '.join(sorted(ours))}")
    if "import torch" not in imports:
        imports.insert(0, "import torch")
    if "math." in "".join(stubs) and "import math" not in imports:
        imports.insert(0, "import math\n")  # the examples use it
    title = (ast.get_docstring(tree) or "").splitlines()[0]
    intro = f'"""{title}\n\nReplace each `raise NotImplementedError`, then run `pytest` in this folder.\n"""'
    return "\n".join([intro, "", *imports, ""]) + "".join(f"\n\n{stub}" for stub in stubs)


def chapters_in(text: str) -> set[int]:
    """Return the chapters that are meant by a text such as "2-5" or "2,3,7"."""
    try:
        spans = [[*map(int, part.split("-", 1))] for part in text.split(",")]
        found = {number for span in spans for number in range(min(span), max(span) + 1)}
    except ValueError:
        found = set()
    with_exercises = {chapter_of(exercise.lesson)[0] for exercise in Exercise.all()}
    if not found or not found <= with_exercises:
        known = f"chapters with exercises are {min(with_exercises)} to {max(with_exercises)}"
        raise ValueError(f"--chapters is {text!r}, and {known}; say which, such as 2-5 or 2,3,7")
    return found


def is_lab(folder: Path) -> bool:
    """Tell whether `write_lab` made this folder: a copy of some files, without the conftest.py, is no lab."""
    return "bigramlab.lab.plugin" in _conftest_in(folder)


def _conftest_in(folder: Path) -> str:
    try:
        return (folder / "conftest.py").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _conftest(chapters: str | None) -> str:
    """Return the conftest.py, which tells a terminal that has another Python how it comes back to this one."""
    text = CONFTEST.replace('"activate the environment first"', repr(_remedy()))
    return text + (f"\n# This lab has the exercises of chapters {chapters}.\n" if chapters else "")


def _remedy() -> str:
    environment = Path(sys.prefix)
    if (script := environment / "Scripts" / "Activate.ps1").is_file():
        return f"activate the environment first: {script}"
    if (script := environment / "bin" / "activate").is_file():
        return f"activate the environment first: . {shlex.quote(str(script))}"
    if (environment / "conda-meta").is_dir():
        return f"activate the environment first: conda activate {shlex.quote(str(environment))}"
    return f"use the one that has it: {shlex.quote(sys.executable)} -m pytest"


def write_lab(folder: Path, chapters: str | None = None) -> list[Path]:
    """Write the exercises into a folder, or those of some chapters; files that are there already are left alone."""
    wanted = chapters_in(chapters) if chapters else {chapter_of(one.lesson)[0] for one in Exercise.of(folder)}
    exercises = [one for one in Exercise.all() if chapter_of(one.lesson)[0] in wanted]
    first = min(exercises, key=lambda one: not one.core)
    folder.mkdir(parents=True, exist_ok=True)
    files = {"pytest.ini": PYTEST_INI.format(first=first.file), "conftest.py": _conftest(chapters)}
    files |= {file: file_of(list(some)) for file, some in groupby(exercises, lambda one: one.file)}
    written = []
    for name, text in files.items():
        if not (folder / name).exists():
            write_file(folder / name, text)
            written.append(folder / name)
    return written
