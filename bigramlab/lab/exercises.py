"""Exercises are made from the package's own source, so they can't drift from it."""

import ast
import difflib
import importlib
import inspect
import shlex
import sys
import textwrap
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import bigramlab
from bigramlab.chapters import LESSONS, chapter_of

__all__ = ["Exercise", "is_lab", "source_of", "stub_of", "write_lab"]

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
addopts = --quiet
"""


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
    """Return the text of a lesson's module, and its tree."""
    text = inspect.getsource(importlib.import_module(f"bigramlab.lessons.{lesson}"))
    return text, ast.parse(text)


def stub_of(exercise: Exercise) -> str:
    """Return the function with its signature and docstring, and nothing done yet; to refuse things is an extra."""
    text, tree = source_of(exercise.lesson)
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == exercise.name:
            head = text.splitlines()[node.lineno - 1 : node.body[0].end_lineno]
            head = ["    Raises (for a star):" if line == "    Raises:" else line for line in head]
            return "\n".join([*head, "    raise NotImplementedError", ""])
    raise LookupError(f"bigramlab.lessons.{exercise.lesson} has no function {exercise.name}")


def _file_of(exercises: list[Exercise]) -> str:
    """Return the file of one lesson: the imports that its signatures need, and its functions as stubs."""
    _, tree = source_of(exercises[0].lesson)
    stubs = list(map(stub_of, exercises))
    used = {node.id for node in ast.walk(ast.parse("\n".join(stubs))) if isinstance(node, ast.Name)} | {"torch"}
    imports = []
    for node in tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom) and not getattr(node, "module", "").startswith("bigramlab"):
            node.names = [alias for alias in node.names if alias.name in used or alias.name.split(".")[0] in used]
            if node.names:
                imports.append(ast.unparse(node))
    ours = sorted(name for name in used if isinstance(getattr(bigramlab, name, None), type))  # MLP, Recipe
    if ours:
        imports.append(f"from bigramlab import {', '.join(ours)}")
    if "import torch" not in imports:
        imports.insert(0, "import torch")
    if "math." in "".join(stubs) and "import math" not in imports:
        imports.insert(0, "import math\n")  # the examples use it
    title = (ast.get_docstring(tree) or "").splitlines()[0]
    intro = f'"""{title}\n\nReplace each `raise NotImplementedError`, then run `pytest` in this folder.\n"""'
    return "\n".join([intro, "", *imports, ""]) + "".join(f"\n\n{stub}" for stub in stubs)


def is_lab(folder: Path) -> bool:
    """Tell whether `write_lab` made this folder: a copy of some files, without the conftest.py, is no lab."""
    try:
        return "bigramlab.lab.plugin" in (folder / "conftest.py").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False


def _conftest() -> str:
    """Return the conftest.py, which tells a terminal that has another Python how it comes back to this one."""
    return CONFTEST.replace('"activate the environment first"', repr(_remedy()))


def _remedy() -> str:
    environment = Path(sys.prefix)
    if (script := environment / "Scripts" / "Activate.ps1").is_file():
        return f"activate the environment first: {script}"
    if (script := environment / "bin" / "activate").is_file():
        return f"activate the environment first: . {shlex.quote(str(script))}"
    if (environment / "conda-meta").is_dir():
        return f"activate the environment first: conda activate {shlex.quote(str(environment))}"
    return f"use the one that has it: {shlex.quote(sys.executable)} -m pytest"


def write_lab(folder: Path) -> list[Path]:
    """Write the exercises into a folder; files that are there already are left as they are."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {"pytest.ini": PYTEST_INI.format(first=Exercise.first().file), "conftest.py": _conftest()}
    files |= {file: _file_of(list(exercises)) for file, exercises in groupby(Exercise.all(), lambda one: one.file)}
    written = []
    for name, text in files.items():
        try:
            with (folder / name).open("x", encoding="utf-8") as file:
                file.write(text)
        except FileExistsError:
            continue
        written.append(folder / name)
    return written
