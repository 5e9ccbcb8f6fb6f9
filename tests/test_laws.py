import inspect
import json
from importlib import import_module
from pathlib import Path

import pytest
from right import PLAIN, RIGHT

import bigramlab
from bigramlab.chapters import LESSONS
from bigramlab.judge.guarding import Guard
from bigramlab.judge.recording import Recorder
from bigramlab.judge.running import run_law, run_laws
from bigramlab.laws import CARE, LAWS, RESULT
from bigramlab.mistakes import MISTAKES

# The exception that ends a call may come while a destructor or a gc callback runs, where Python only warns of it.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

DOCS = Path(__file__).parents[1] / "docs"
KEPT = json.loads((DOCS / "explanation" / "mistakes.json").read_text(encoding="utf-8"))
ALL_LAWS = [pytest.param(law, id=f"{name}-{law.name}") for name, laws in LAWS.items() for law in laws if law.holds]
PLAIN_VERSIONS = [pytest.param(name, run, id=f"{name}-{run.__name__}") for name, runs in PLAIN.items() for run in runs]
VERSIONS = [pytest.param(name, run, id=f"{name}-{run.__name__}") for name, runs in RIGHT.items() for run in runs]
ALL_MISTAKES = [
    pytest.param(mistake, id=f"{name}-{mistake.name}") for name, some in MISTAKES.items() for mistake in some
]
CARELESS = [parameter for parameter in ALL_MISTAKES if parameter.values[0].careless]


def breaks(law, function, seed=None):
    with Guard(seconds=10) as guard:
        return run_law(law, Recorder(function, guard), seed=seed)


@pytest.mark.parametrize("law", ALL_LAWS)
def test_our_function_keeps_the_law(law):
    assert breaks(law, getattr(bigramlab, law.function)) is None


@pytest.mark.parametrize(("name", "version"), VERSIONS)
def test_a_right_version_written_another_way_keeps_all_laws(name, version, pytestconfig):
    for seed in range(pytestconfig.getoption("seeds")):
        for law in filter(lambda law: law.holds, LAWS[name]):
            error = breaks(law, version, seed=seed)
            assert error is None, f"false alarm of {law.name}, seed {seed}: {error}"


@pytest.mark.parametrize(("name", "version"), PLAIN_VERSIONS)
def test_a_right_version_without_a_check_of_any_input_keeps_the_result_laws(name, version, pytestconfig):
    for seed in range(pytestconfig.getoption("seeds")):
        assert result_laws_broken(name, version, seed) == {}


@pytest.mark.parametrize("mistake", CARELESS)
def test_a_careless_mistake_is_right(mistake, pytestconfig):
    for seed in range(pytestconfig.getoption("seeds")):
        assert result_laws_broken(mistake.function, mistake.run, seed) == {}


def result_laws_broken(name, function, seed):
    """Return the result laws that a function breaks, each with the error."""
    laws = [law for law in LAWS[name] if law.holds and law.kind == RESULT]
    errors = {law.name: breaks(law, function, seed=seed) for law in laws}
    return {name: error for name, error in errors.items() if error is not None}


def test_every_function_of_a_lesson_has_laws_and_every_law_a_sentence():
    lessons = [import_module(f"bigramlab.lessons.{lesson.name}") for lesson in LESSONS if lesson.laws]
    public = [getattr(lesson, name) for lesson in lessons for name in lesson.__all__]
    assert set(LAWS) == {one.__name__ for one in public if inspect.isfunction(one)}
    for laws in LAWS.values():
        assert len({law.name for law in laws}) == len(laws)
        assert all(law.sentence.endswith((".", '"')) for law in laws)


def test_the_catalogue_is_large_and_explains_itself():
    mistakes = [mistake for some in MISTAKES.values() for mistake in some]
    assert len(mistakes) >= 120
    assert len({(mistake.function, mistake.name) for mistake in mistakes}) == len(mistakes)
    for mistake in mistakes:
        assert mistake.function in LAWS
        assert mistake.wrong.endswith(".")
        assert mistake.seen.endswith(".")


@pytest.mark.parametrize("mistake", ALL_MISTAKES)
def test_a_mistake_is_caught(mistake, pytestconfig):
    for seed in [None, *range(1, pytestconfig.getoption("seeds"))]:  # None: as `check` does
        with Guard(seconds=0.2) as guard:
            recorder = Recorder(mistake.run, guard)
            caught_by = KEPT["caught"].get(f"{mistake.function}/{mistake.name}", {}).get("law")
            laws = sorted(LAWS[mistake.function], key=lambda law: law.name != caught_by)  # that one first: it is faster
            of_its_kind = [law for law in laws if law.holds and (law.kind == CARE) == mistake.careless]
            assert any(run_law(law, recorder, shrink=False, seed=seed) for law in of_its_kind), f"not with seed {seed}"


@pytest.mark.slow
@pytest.mark.parametrize("name", MISTAKES)
def test_four_in_five_mistakes_are_named(name):
    unnamed = []
    for mistake in MISTAKES[name]:
        report = run_laws(mistake.run, name)
        assert not report
        assert report.problem
        found = report.diagnosis
        if found is None or not found.exact:  # otherwise it is this one, or one that does the same
            unnamed.append(mistake.name)
    assert len(unnamed) <= max(1, len(MISTAKES[name]) // 5), unnamed
