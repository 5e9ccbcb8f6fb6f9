import math

import pytest
import torch

from bigramlab import (
    Model,
    Recipe,
    Result,
    compare,
    comparison_table,
    evaluate_model,
    train_models,
)
from bigramlab.lessons import models

pytestmark = pytest.mark.usefixtures("unchecked")
TRAIN, DEV, TEST = ["anna", "nan", "ann", "hanna"] * 3, ["hann", "na"], ["nana", "ah"]
SHORT = Recipe(steps=20, batch_size=4)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def short_compare(**options):
    settings = {"context_lengths": [1, 9], "recipe": SHORT, "generator": seeded(), "progress": False} | options
    return compare(TRAIN, DEV, TEST, **settings)


def test_every_model_is_compared():
    results = short_compare()
    assert [result.name for result in results] == [
        "uniform",
        "letters",
        "counted bigrams",
        "learned bigrams",
        "MLP, context 1",
        "MLP, context 9",
    ]
    uniform, letters, counted, learned, *_ = results
    assert [uniform.train, uniform.dev, uniform.test] == pytest.approx([math.log(4)] * 3)
    assert uniform.perplexity == pytest.approx(4)
    assert [result.numbers for result in results[:4]] == [0, 4, 16, 16]
    assert counted.train < letters.train < uniform.train
    assert learned.train <= counted.train + 1e-3  # it isn't smoothed
    for result in results:
        assert len(result.words) == 10
        assert result.copied + result.real + result.new == pytest.approx(1)


def test_the_same_seed_gives_the_same_results_but_for_the_seconds():
    first, again = ([one._replace(seconds=0.0) for one in short_compare(context_lengths=[2])] for _ in range(2))
    assert first == again


def test_a_transformer_is_compared_if_it_is_wanted():
    *_, result = short_compare(context_lengths=[], transformer=SHORT)
    assert (result.name, result.context_length) == ("Transformer", 6)  # "hanna" and the "." before it
    assert result.numbers == (4 + 6) * 64 + 3 * (12 * 64 * 64 + 2 * 64) + 64 + 64 * 4
    assert result.train < math.log(4)


def test_copies_are_told_from_real_words_and_new_ones():
    # "a", "b" and "" with 1/4, 1/4 and 1/2: one was trained on, one stands in the test words
    table = torch.tensor([[0.5, 0.25, 0.25], [1.0, 0.0, 0.0], [1.0, 0.0, 0.0]])
    model = Model("table", lambda contexts: table[contexts[:, -1]], 1, ".ab", 9, 0.0)
    result = evaluate_model(model, ["a"], ["a"], ["b"], generator=seeded())
    # a share of 1,000 strays by more than 0.11 once in 10^10 runs
    assert [result.copied, result.real, result.new] == pytest.approx([1 / 4, 1 / 4, 1 / 2], abs=0.11)
    assert result.train == result.test == pytest.approx(math.log(4) / 2)


def test_an_infinite_loss_is_an_infinite_perplexity():
    result = Result("sure", 1, 0, 0.0, 1.0, 1.0, math.inf, [], 0.0, 0.0, 1.0)
    assert result.perplexity == math.inf
    assert " inf |" in comparison_table([result])


def test_the_table():
    results = [
        Result("uniform", 1, 0, 0.0, 3.2958, 3.2958, 3.2958, ["a"], 0.0, 0.0, 1.0),
        Result("MLP, context 3", 3, 12_345, 65.43, 1.9, 1.95, 2.0, ["b"], 0.125, 0.0, 0.875),
    ]
    assert comparison_table(results).splitlines() == [
        "|          model | numbers | seconds |  train |    dev |   test | perplexity | copied | real |  new |",
        "| -------------: | ------: | ------: | -----: | -----: | -----: | ---------: | -----: | ---: | ---: |",
        "|        uniform |       0 |     0.0 | 3.2958 | 3.2958 | 3.2958 |      27.00 |     0% |   0% | 100% |",
        "| MLP, context 3 |  12,345 |    65.4 | 1.9000 | 1.9500 | 2.0000 |       7.39 |    12% |   0% |  88% |",
    ]


def test_the_vocabulary_goes_with_the_model():
    model = next(train_models(["ab"], ["a"]))
    with pytest.raises(ValueError, match="the word 'abc' contains 'c', which the vocabulary lacks"):
        evaluate_model(model, ["ab"], ["a"], ["abc"])
    assert next(train_models(["ab"], ["a"], ["abc"])).vocabulary == ".abc"


@pytest.mark.parametrize(
    ("lists", "options", "message"),
    [
        (([], DEV, TEST), {}, "there are no train words; give more words, so that each list of the split has some"),
        ((TRAIN, [], TEST), {}, "there are no dev words"),
        ((TRAIN, DEV, []), {}, "there are no test words"),
        ((TRAIN, DEV, TEST), {"context_lengths": [1, 0]}, "context_length is 0, but there can't be fewer than 1"),
        ((TRAIN, DEV, TEST), {"recipe": Recipe(steps=0)}, "steps is 0"),
        ((TRAIN, DEV, ["a.b"]), {}, r"'a\.b' contains '\.'"),
    ],
)
def test_what_can_not_be_compared_is_refused_before_anything_is_trained(monkeypatch, lists, options, message):
    monkeypatch.setattr(models, "train_mlp", None)
    with pytest.raises(ValueError, match=message):
        compare(*lists, **options)


@pytest.mark.parametrize("position", [0, 1, 2])
def test_a_bare_str_is_refused(position):
    lists = [TRAIN, DEV, TEST]
    lists[position] = "anna"
    with pytest.raises(TypeError, match=r"words is one str, 'anna'; did you mean \['anna'\]\?"):
        compare(*lists)
