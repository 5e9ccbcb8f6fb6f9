import doctest
import importlib
import inspect
import math
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import bigramlab

ROOT = Path(__file__).parents[1]
LESSONS = ["data", "encoding", "counting", "smoothing", "normalizing", "sampling", "evaluating", "plotting"]
LESSONS += ["neural_bigram", "generating", "optimizing", "mlp", "saving", "comparing"]
FUNCTIONS = [name for name in bigramlab.__all__ if inspect.isfunction(getattr(bigramlab, name))]
TUPLES = [name for name in bigramlab.__all__ if inspect.isclass(getattr(bigramlab, name))]


def run_examples(text, name, names):
    test = doctest.DocTestParser().get_doctest(text, dict(names), name, None, 0)
    report = []
    doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test, out=report.append)
    assert not report, "".join(report)
    return len(test.examples)


def test_the_package_exports_what_the_lesson_modules_do():
    modules = [importlib.import_module(f"bigramlab.{lesson}") for lesson in [*LESSONS, "checking"]]
    assert sorted(bigramlab.__all__) == sorted(name for module in modules for name in module.__all__)


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


def test_importing_costs_torch_and_little_more():
    late = ["matplotlib", "hypothesis", "pytest", "safetensors"]
    code = f"import sys, bigramlab; print([module for module in {late} if module in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == "[]\n"


def test_lesson_modules_import_only_earlier_ones():
    for position, lesson in enumerate(LESSONS):
        source = (ROOT / "bigramlab" / f"{lesson}.py").read_text(encoding="utf-8")
        imported = {line.split()[1] for line in source.splitlines() if line.startswith("from bigramlab.")}
        assert imported <= {f"bigramlab.{earlier}" for earlier in ["inputs", *LESSONS[:position]]}
