import os
from functools import partial

import numpy as np
import odd
import pytest
import torch
from fuzz import fuzz
from matplotlib import pyplot

import bigramlab as b
from bigramlab.lab.words import words_of

pytestmark = [
    pytest.mark.usefixtures("unchecked"),
    pytest.mark.filterwarnings("ignore"),
]  # torch warns of its own types

ARGUMENTS = [(name, argument) for name, some in sorted(odd.ARGUMENTS.items()) for argument in sorted(some)]
QUICK = 17  # of so many values one is tried, another for each argument; the slow tests try all
COSTLY = ("compare", "train_models")  # seconds a call


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("files")


@pytest.fixture(autouse=True)
def inside(folder, monkeypatch):
    """Work where files of any name may be written, and leave no figure open."""
    monkeypatch.chdir(folder)
    yield
    pyplot.close("all")


@pytest.fixture(scope="module")
def good(folder):
    return odd.good(folder)


def bad_endings(name, argument, good, folder, begin=0, every=1):
    """Return how calls with odd values for one argument ended that neither gave a result nor were refused kindly."""
    arguments = good[name]
    endings = {}
    for what, make in list(odd.turned(arguments[argument], folder))[begin::every]:
        try:
            value = make()
        except Exception:  # torch itself makes no such tensor
            continue
        ending = odd.outcome(partial(odd.FUNCTIONS[name], **{**arguments, argument: value}), name)
        if ending:
            endings[what] = ending
    return endings


def test_the_table_has_every_function_and_every_argument(good):
    assert {name: set(arguments) for name, arguments in good.items()} == odd.ARGUMENTS
    for name, arguments in good.items():
        assert odd.outcome(partial(odd.FUNCTIONS[name], **arguments), name) is None


@pytest.mark.parametrize(("name", "argument"), [pair for pair in ARGUMENTS if pair[0] not in COSTLY])
def test_an_odd_value_gives_a_finite_result_or_an_error_in_our_words(name, argument, good, folder):
    begin = ARGUMENTS.index((name, argument)) % QUICK
    assert bad_endings(name, argument, good, folder, begin, QUICK) == {}


@pytest.mark.slow
@pytest.mark.parametrize(("name", "argument"), ARGUMENTS)
def test_every_odd_value_gives_a_finite_result_or_an_error_in_our_words(name, argument, good, folder):
    assert bad_endings(name, argument, good, folder) == {}


@pytest.fixture(params=["float64", "float16", "bfloat16", "meta", "no_grad", "inference_mode"])
def setting(request):
    """Have torch set to another default type or device, or to keep no gradients."""
    if hasattr(torch.autograd.grad_mode, request.param):
        with getattr(torch, request.param)():
            yield request.param
    elif request.param == "meta":
        with torch.device("meta"):
            yield request.param
    else:
        torch.set_default_dtype(getattr(torch, request.param))
        yield request.param
        torch.set_default_dtype(torch.float32)


@pytest.mark.parametrize("name", [name for name in odd.FUNCTIONS if name not in COSTLY])
def test_whatever_torch_is_set_to_a_call_works_or_says_why_not(name, good, setting):
    assert odd.outcome(partial(odd.FUNCTIONS[name], **good[name]), name) is None


@pytest.mark.parametrize("name", odd.FUNCTIONS)
def test_numbers_of_numpy_and_words_in_an_array_do_what_those_of_python_do(name, folder):
    if name in COSTLY:
        pytest.skip("its numbers are in the recipe, which has a test of its own")
    plain, of_numpy = (odd.good(folder)[name] for _ in range(2))
    for argument, value in plain.items():
        if isinstance(value, int | float) and not isinstance(value, bool):
            of_numpy[argument] = np.int32(value) if isinstance(value, int) else np.float64(value)
        elif value == odd.WORDS:
            of_numpy[argument] = np.array(value)
    expected, found = (odd.FUNCTIONS[name](**arguments) for arguments in (plain, of_numpy))
    if name not in ("minibatches", "plot_bigrams"):
        assert repr(found).replace("np.str_(", "").replace(")", "") == repr(expected).replace(")", "")


def test_a_recipe_of_numpys_numbers_trains_and_can_be_saved(tmp_path):
    recipe = b.Recipe(np.int64(5), np.int32(4), np.float64(0.01), np.float32(0.5), np.float64(0.2), (np.float64(0.5),))
    network = b.init_transformer(3, 6, width=4, layers=1, heads=2)
    training = b.train_transformer(network, ["an"], ".an", recipe, progress=False)
    b.save_transformer(tmp_path / "a", training.best, ".an", recipe)
    assert b.load_transformer(tmp_path / "a")[2] == b.Recipe(5, 4, 0.01, 0.5, 0.2, (0.5,))


@pytest.mark.parametrize("words", [np.array(["ann", "nan"]), odd.Series(["ann", "nan"]), {"ann": 1, "nan": 2}])
def test_words_may_stand_in_whatever_can_be_walked_through(words):
    assert b.build_vocabulary(words) == ".an"
    assert b.count_bigrams(words, ".an").sum() == 8


# What the table doesn't show: which words a beginner reads.
NETWORK = b.init_mlp(3, 2, embedding_size=2, hidden_sizes=(4,))
EXAMPLES = b.build_contexts(["ann"], ".an", 2)
ONES = torch.ones(2)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: b.smooth(torch.ones(2, 2), np.float64("nan")), r"k is .*nan.*, but must be a finite number from 0 up"),
        (
            lambda: b.init_mlp(2**62, 3),
            "vocab_size is 4611686018427387904, more than there is room or time for: choose",
        ),
        (
            lambda: b.init_mlp(10**6, 1, embedding_size=10**6),
            "a matrix would have 1000000 · 1000000 numbers, more than",
        ),
        (lambda: b.sample_words(torch.eye(1), ".", 10**5000), r"n is a int, more than there is room or time for"),
        (
            lambda: b.adamw_step(ONES, ONES * torch.inf, ONES, ONES, 1, learning_rate=0.1),
            "gradient holds inf, which can't be counted with; look for what made it",
        ),
        (
            lambda: b.adamw_step(ONES, ONES, ONES, -ONES, 1, learning_rate=0.1),
            "square holds a negative number, but a mean of squares has none",
        ),
        (
            lambda: b.train_mlp(odd.all_of(NETWORK, torch.Tensor.half), *EXAMPLES),
            r"the network's numbers are torch.float16, which is too coarse to learn with.*wider, with .float\(\)",
        ),
        (
            lambda: b.mlp_logits(NETWORK._replace(embedding=NETWORK.embedding.double()), EXAMPLES[0]),
            "the network's pieces are of torch.float32 on cpu and torch.float64 on cpu, but they are multiplied",
        ),
        (
            lambda: b.mlp_logits(NETWORK._replace(embedding=NETWORK.embedding * torch.nan), EXAMPLES[0]),
            "what the network gives holds nan, .*; its numbers are too large, or none: begin with a new network",
        ),
        (
            lambda: b.train_mlp(NETWORK, *EXAMPLES, dev=EXAMPLES[0]),
            "dev must be a pair of contexts and targets, got tensor.*; build_contexts returns one",
        ),
        (
            lambda: b.compare(iter(["ann"]), ["ann"], ["ann"]),
            "the train words are .*, which can be read only once, but they are read several times; make a list of them",
        ),
        (lambda: b.count_bigrams(np.array("ann"), ".an"), "words must be a list of str, or another iterable of them"),
        (lambda: b.generate_words(torch.eye(3), ".an", 2), r"next_probs must be a function, got tensor.*make one with"),
        (lambda: b.read_words(7), "path must be the name of a file such as 'words.txt', got 7"),
        (lambda: b.read_words("a\0b"), "but no file can have that name"),
        (
            lambda: b.plot_bigrams(torch.eye(1), ".", cmap="blue"),
            "cmap is 'blue', but Matplotlib knows no such colormap",
        ),
    ],
)
def test_an_error_says_what_was_found_and_what_to_do(call, message):
    with pytest.raises((ValueError, TypeError), match=message) as error:
        call()
    assert odd.in_our_words(error.value)


def test_words_come_from_files_that_have_an_end(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(
        ValueError, match="is a pipe or a device, which need not have an end; write its words into a file"
    ):
        b.read_words(tmp_path / "pipe")
    (tmp_path / "large").touch()
    os.truncate(tmp_path / "large", 10**9 + 1)  # without taking room on the disk
    with pytest.raises(
        ValueError, match="has 1,000,000,001 bytes, too many for a list of words; count its lines as they"
    ):
        b.read_words(tmp_path / "large")


def test_a_command_reads_no_device(monkeypatch):
    monkeypatch.setattr("pathlib.Path.is_char_device", lambda place: True)
    with pytest.raises(ValueError, match="'zeros' is a device, which may give bytes for ever; give a text file, or -"):
        words_of("zeros", "sample")


@pytest.mark.slow
def test_fuzzing_finds_a_call_that_ends_badly(tmp_path, monkeypatch):
    def broken(counts, k):
        raise RuntimeError("shape '[3]' is invalid for input of size 2")

    monkeypatch.setattr(odd, "FUNCTIONS", {"smooth": broken})
    made, found = fuzz(0, tmp_path)
    assert made
    assert [name for name, _ in found] == ["smooth"]


def test_the_table_sees_what_is_not_ours():
    assert odd.outcome(partial(torch.ones(2).view, 3)).startswith("RuntimeError")
    assert odd.outcome(partial(int, "a")).startswith("ValueError")
    assert odd.outcome(partial(torch.full, (1,), torch.nan)) == "a silent nan"
    assert odd.outcome(partial(b.smooth, 7)) is None
