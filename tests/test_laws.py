import inspect
from dataclasses import replace
from importlib import import_module

import pytest
from right import PLAIN, RIGHT

import bigramlab
from bigramlab.chapters import LESSONS
from bigramlab.judge.guarding import Guard
from bigramlab.judge.recording import Recorder
from bigramlab.judge.running import run_laws
from bigramlab.judge.trying import run_law
from bigramlab.laws import CARE, LAWS, RESULT
from bigramlab.mistakes import MISTAKES

# The exception that ends a call may come while a destructor or a gc callback runs, where Python only warns of it.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


def on_few(law):
    """Return the law, to be tried on a quarter of the inputs; `-m slow` tries it on all."""
    return replace(law, examples=-(-law.examples // 4))


def on_all(law):
    return law


def parameters(listed, *others):
    """Return a parameter for each version or mistake: the first of each function, and the others with these marks."""
    return [
        pytest.param(name, one, id=f"{name}-{getattr(one, '__name__', '') or one.name}", marks=[*marks, together(name)])
        for name, some in listed.items()
        for one, marks in zip(some, [(), *[others] * (len(some) - 1)], strict=True)
    ]


def together(name):
    """Have one process try all that is tried of a function: what laws draw is drawn once."""
    return pytest.mark.xdist_group(name)


def breaks(law, function, seed=0):
    with Guard(seconds=10) as guard:
        return run_law(law, Recorder(function, guard), seed=seed)


TRIED = [
    pytest.param(law, id=f"{law.function}-{law.name}", marks=together(law.function))
    for laws in LAWS.values()
    for law in laws
    if law.holds
]


@pytest.mark.usefixtures("unchecked")  # or jaxtyping would refuse some of what our functions are to refuse
@pytest.mark.parametrize("tried", [on_few, pytest.param(on_all, marks=[pytest.mark.slow, pytest.mark.thorough])])
@pytest.mark.parametrize("law", TRIED)
def test_our_function_keeps_the_law(law, tried):
    assert breaks(tried(law), getattr(bigramlab, law.function)) is None


@pytest.mark.slow
@pytest.mark.parametrize(("name", "version"), parameters(RIGHT, pytest.mark.slow))
def test_a_right_version_written_another_way_keeps_all_laws(name, version, pytestconfig):
    for seed in range(pytestconfig.getoption("seeds")):
        for law in filter(lambda law: law.holds, LAWS[name]):
            error = breaks(law, version, seed=seed)
            assert error is None, f"false alarm of {law.name}, seed {seed}: {error}"


@pytest.mark.slow
@pytest.mark.parametrize(("name", "version"), parameters(PLAIN))
def test_a_right_version_without_a_check_of_any_input_keeps_the_result_laws(name, version, pytestconfig):
    for seed in range(pytestconfig.getoption("seeds")):
        assert result_laws_broken(name, version, seed) == {}


@pytest.mark.parametrize(("name", "version"), parameters({name: some[:1] for name, some in PLAIN.items()}))
def test_the_first_such_version_keeps_them_on_few_inputs(name, version):
    assert result_laws_broken(name, version, tried=on_few) == {}


def result_laws_broken(name, function, seed=0, tried=on_all):
    """Return the result laws that a function breaks, each with the error."""
    laws = [tried(law) for law in LAWS[name] if law.holds and law.kind == RESULT]
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


# With one seed, the test after it catches all of them, too.
@pytest.mark.parametrize(("name", "mistake"), parameters(MISTAKES, pytest.mark.slow, pytest.mark.several_seeds))
def test_a_mistake_is_caught_by_a_law_of_its_kind(name, mistake, pytestconfig):
    for seed in range(pytestconfig.getoption("seeds")):
        with Guard(seconds=0.2) as guard:
            of_its_kind = [law for law in LAWS[name] if law.holds and (law.kind == CARE) == mistake.careless]
            laws = [tried(law) for tried in (on_few, on_all) for law in of_its_kind]
            recorder = Recorder(mistake.run, guard)
            assert any(run_law(law, recorder, shrink=False, seed=seed) for law in laws), f"not with seed {seed}"
        assert not mistake.careless or result_laws_broken(name, mistake.run, seed) == {}


@pytest.mark.slow
@pytest.mark.parametrize("name", [pytest.param(name, marks=together(name)) for name in MISTAKES])
def test_no_mistake_is_right_in_whatever_form_and_four_in_five_are_named(name):
    unnamed = []
    for mistake in MISTAKES[name]:
        report = run_laws(mistake.run, name)
        assert bool(report) == mistake.careless
        assert not report.careful
        assert len(report.text().splitlines()) <= 30
        assert report.notes or report.problem
        if mistake.careless:  # the note on it has its own words, or those of one that does the same
            named = any(note.problem == one.wrong for note in report.notes for one in MISTAKES[name])
        else:
            named = report.diagnosis is not None and report.diagnosis.exact
        unnamed += [] if named else [mistake.name]
    assert len(unnamed) <= max(1, len(MISTAKES[name]) // 5), unnamed


def smallest_call(function, name):
    return " ".join(run_laws(function, name).call.split())


@pytest.mark.slow
def test_words_shrink_to_a_and_not_to_nothing():
    def split_words(words, fractions=(0.8, 0.1, 0.1), *, generator=None):
        return [list(words[i :: len(fractions)]) for i in range(len(fractions))]

    def build_vocabulary(words):
        return "".join(sorted(set("".join(words))))

    def count_bigrams(words, vocabulary):
        return bigramlab.count_bigrams(words, vocabulary).T

    assert "['a', 'a', 'a']" in smallest_call(split_words, "split_words")
    assert smallest_call(build_vocabulary, "build_vocabulary") == "build_vocabulary(['a'])"
    assert smallest_call(count_bigrams, "count_bigrams") == "count_bigrams(['ab'], '.ab')"


def test_lines_shrink_to_letters():
    def read_words(path):
        return [*bigramlab.read_words(path), ""]

    assert smallest_call(read_words, "read_words") == r"read_words(<a file that holds b'a\n'>)"


@pytest.mark.slow
def test_what_explains_more_is_said_first():
    def sample_words(probs, vocabulary, n, *, generator=None):
        words = bigramlab.sample_words(probs, vocabulary, n, generator=generator)
        return [words[0]] * n

    assert run_laws(sample_words, "sample_words").problem == "20 words are all the same"
