import builtins
import io
import re
import sys
import textwrap

import jaxtyping
import pytest

SLOW_AS_A_WHOLE = re.compile(r"^pytestmark = \[?\s*pytest\.mark\.slow", re.MULTILINE)


def pytest_configure(config):
    """Set up the processes that test; the one that only hands tests out has no need of torch, and starts at once."""
    if config.option.dist != "no" and not hasattr(config, "workerinput"):
        return
    import matplotlib
    import torch
    from hypothesis import HealthCheck, settings

    torch.set_num_threads(1)  # two are no faster with tables this small, and far slower on a busy machine
    matplotlib.use("agg")  # no window opens
    # The same examples in every run and no deadline: a verdict depends neither on luck nor on the machine's load.
    settings.register_profile(
        "bigramlab", derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck)
    )
    settings.load_profile("bigramlab")


def pytest_addoption(parser):
    told = "with how many seeds to try each right version and each mistake (default: 1)"
    parser.addoption("--seeds", type=int, default=1, help=told)
    parser.addoption(
        "--kills", type=int, default=20, help="at how many moments commands of a lab are killed (default: 20)"
    )


def pytest_ignore_collect(collection_path, config):
    """Leave unread what is slow as a whole, or for a browser, where neither is asked for: it is more than half."""
    if "not slow" not in config.option.markexpr or "not browser" not in config.option.markexpr:
        return None
    if collection_path.suffix != ".py":
        return collection_path.name == "browser" or None
    return bool(SLOW_AS_A_WHOLE.search(collection_path.read_text(encoding="utf-8"))) or None


@pytest.hookimpl(tryfirst=True)  # before -m looks
def pytest_itemcollected(item):
    from bigramlab.chapters import LESSONS  # not before jaxtyping watches what is imported

    if item.path.stem.removeprefix("test_") in {lesson.name for lesson in LESSONS} or "keeps_the_law" in item.name:
        item.add_marker("lesson")


def pytest_collection_modifyitems(config, items):
    if config.getoption("seeds") > 1 or config.option.keyword:  # one that is asked for is tried
        return
    config.hook.pytest_deselected(items=[item for item in items if item.get_closest_marker("several_seeds")])
    items[:] = [item for item in items if not item.get_closest_marker("several_seeds")]


@pytest.fixture(autouse=True, scope="session")
def time_enough():
    """Give each call twice the time, as jaxtyping looks at it, and each search four times that, on any machine."""
    from bigramlab.judge import clock  # not before jaxtyping watches what is imported

    clock.USUAL /= 2
    seconds, take_pace = clock.seconds, clock.take_pace

    def slower():
        own = sys._getframe(1).f_code is take_pace.__code__  # which goes on counting from what it was told
        return seconds() / (1 if own else 4)

    clock.seconds = slower


@pytest.fixture(autouse=True)
def not_ended():
    """Keep what pytest and the commands switch on for themselves, that a call may end the process, from other tests."""
    yield
    witnessing = sys.modules.get("bigramlab.judge.witnessing")
    if witnessing:
        witnessing.witness.exits = False


@pytest.fixture
def unchecked():
    """Switch jaxtyping's checks off, so that wrong arguments reach the function's own checks, as they do for users."""
    before = jaxtyping.config.jaxtyping_disable
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", before)


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run a file in this process, and set back what that changes."""

    # not before jaxtyping watches what is imported
    from tools.lecture import write_notebook

    from bigramlab.lab.cells import cells_of
    from bigramlab.lab.tracking import run_cells

    def run(text, name="lecture.ipynb", **options):
        path = tmp_path / name
        text = textwrap.dedent(text)
        if name.endswith(".ipynb"):
            write_notebook(path, text.strip("\n").split("\n# %%\n"))
        else:
            path.write_text(text, encoding="utf-8")
        return run_cells(path, cells_of(path), **options)

    monkeypatch.setattr(sys, "path", sys.path[:])
    monkeypatch.setattr(sys, "argv", sys.argv)
    monkeypatch.setattr(sys, "meta_path", sys.meta_path[:])
    monkeypatch.setattr(builtins, "open", open)
    monkeypatch.setattr(io, "open", io.open)
    monkeypatch.setattr(builtins, "get_ipython", None, raising=False)
    monkeypatch.setattr(builtins, "display", None, raising=False)
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    monkeypatch.chdir(tmp_path)
    return run
