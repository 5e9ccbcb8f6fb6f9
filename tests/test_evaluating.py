import math

import pytest
import torch
from hypothesis import given

from bigramlab import (
    build_vocabulary,
    count_bigrams,
    load_names,
    negative_log_likelihood,
    normalize,
    perplexity,
    smooth,
    surprisal,
)
from bigramlab.laws.evaluating import counts_and_probs
from bigramlab.laws.strategies import words_and_vocabulary


@given(counts_and_probs(square=False))
def test_no_model_fits_the_counts_better_than_their_own_frequencies(drawn):
    counts, probs = drawn
    best = negative_log_likelihood(counts, normalize(counts.double()))
    assert 0 <= best <= negative_log_likelihood(counts, probs) + 1e-6


def test_the_figures_of_the_names():
    vocabulary = build_vocabulary(load_names())
    counts = count_bigrams(load_names(), vocabulary)
    uniform = torch.full((27, 27), 1 / 27)
    assert negative_log_likelihood(counts, normalize(counts)) == pytest.approx(2.454014, abs=1e-6)
    assert negative_log_likelihood(counts, normalize(smooth(counts, k=1))) == pytest.approx(2.454577, abs=1e-6)
    assert negative_log_likelihood(counts, uniform) == pytest.approx(3.295837, abs=1e-6)


def test_a_certain_and_right_model_loses_exactly_0():
    loss = negative_log_likelihood(torch.tensor([[0, 7]]), torch.tensor([[0.0, 1.0]]))
    assert str(loss) == "0.0"
    assert perplexity(torch.tensor([[0, 7]]), torch.tensor([[0.0, 1.0]])) == 1


def test_a_counted_bigram_that_the_model_holds_impossible_is_an_infinite_loss():
    assert negative_log_likelihood(torch.tensor([[1, 1]]), torch.tensor([[0.0, 1.0]])) == math.inf
    assert perplexity(torch.tensor([[1, 1]]), torch.tensor([[0.0, 1.0]])) == math.inf


def test_perplexity_is_computed_in_double_precision():
    counts, probs = torch.tensor([[1, 2]]), torch.tensor([[0.3, 0.7]])
    assert math.isclose(perplexity(counts, probs), math.exp(negative_log_likelihood(counts, probs)), rel_tol=1e-12)


def test_a_loss_too_large_for_exp_is_an_infinite_perplexity():
    tiny = torch.tensor([[5e-324, 1.0]], dtype=torch.float64)
    assert negative_log_likelihood(torch.tensor([[1, 0]]), tiny) == pytest.approx(744.44, abs=0.01)
    assert perplexity(torch.tensor([[1, 0]]), tiny) == math.inf


@given(words_and_vocabulary())
def test_the_loss_is_the_mean_surprisal(drawn):
    words, vocabulary = drawn
    counts = count_bigrams([*words, ""], vocabulary)
    probs = normalize(smooth(counts).double())
    total = sum(float(surprisal(word, probs, vocabulary).sum()) for word in [*words, ""])
    assert negative_log_likelihood(counts, probs) == pytest.approx(total / float(counts.sum()))


def test_worked_examples():
    # three bigrams of probability 1/2, one of 1/4: (3 log 2 + log 4) / 4 = 5 log 2 / 4
    counts, probs = torch.tensor([[3, 1]]), torch.tensor([[0.5, 0.25]])
    assert negative_log_likelihood(counts, probs) == pytest.approx(5 * math.log(2) / 4)
    # .a is certain, aa and a. are 1/4 and 3/4
    steps = surprisal("aa", torch.tensor([[0.0, 1.0], [0.75, 0.25]]), ".a")
    assert steps.tolist() == pytest.approx([0, math.log(4), math.log(4 / 3)])
    assert str(steps[0]) == "tensor(0.)"


@pytest.mark.parametrize("huge_or_tiny", [1e308, 5e-324])
def test_extreme_counts_neither_overflow_nor_vanish(huge_or_tiny):
    counts = torch.full((2, 2), huge_or_tiny, dtype=torch.float64)
    assert negative_log_likelihood(counts, torch.full((2, 2), 0.5)) == pytest.approx(math.log(2))


def test_an_impossible_step_is_an_infinite_surprise():
    assert surprisal("a", torch.tensor([[1.0, 0.0], [1.0, 0.0]]), ".a").tolist() == [math.inf, 0]


def test_a_1_that_rounding_made_too_large_is_a_1():
    assert negative_log_likelihood(torch.ones(1, 1), torch.tensor([[1.0000001]])) == 0
    assert surprisal("", torch.tensor([[1.0000001]]), ".").tolist() == [0]


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("measure", [negative_log_likelihood, perplexity])
@pytest.mark.parametrize(
    ("counts", "probs", "message"),
    [
        ([[0, 0]], [[0.5, 0.5]], "^the counts sum to 0, so there is no bigram to take the mean of; count at least one"),
        ([[1, -1]], [[0.5, 0.5]], r"counts\[0, 1\] is -1, but every entry must be a finite number from 0 up"),
        ([[1, math.nan]], [[0.5, 0.5]], r"counts\[0, 1\] is nan"),
        ([[math.inf, 1]], [[0.5, 0.5]], r"counts\[0, 0\] is inf"),
        (
            [[1, 1]],
            [[0.5], [0.5]],
            r"counts has shape \(1, 2\) and probs \(2, 1\), so their cells don't belong together",
        ),
        ([[1, 1]], [[0.5, 1.01]], r"probs\[0, 1\] is 1.0\d*, but a probability lies between 0 and 1"),
        ([[1, 1]], [[-0.5, 0.5]], r"probs\[0, 0\] is -0.5"),
        ([[1, 1]], [[math.nan, 0.5]], r"probs\[0, 0\] is nan"),
        ([1, 1], [0.5, 0.5], r"counts has shape \(2,\), but a table needs two axes"),
    ],
)
def test_the_loss_refuses(measure, counts, probs, message):
    with pytest.raises(ValueError, match=message):
        measure(torch.tensor(counts), torch.tensor(probs))


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("word", "table", "vocabulary", "message"),
    [
        ("a.a", [[0.5, 0.5], [0.5, 0.5]], ".a", r"the word 'a\.a' contains '\.'"),
        ("b", [[0.5, 0.5], [0.5, 0.5]], ".a", "the word 'b' contains 'b', which the vocabulary lacks"),
        ("a", [[0.5, 0.5], [0.5, 0.5]], ".ab", r"the table has shape \(2, 2\), but the vocabulary has 3 tokens"),
        ("a", [[0.5, 0.5], [0.5, 0.5]], "a.", r"does not begin with '\.'"),
        ("a", [[0.5, 2.0], [0.5, 0.5]], ".a", r"probs\[0, 1\] is 2.0, but"),
    ],
)
def test_surprisal_refuses(word, table, vocabulary, message):
    with pytest.raises(ValueError, match=message):
        surprisal(word, torch.tensor(table), vocabulary)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: surprisal(["a"], torch.ones(1, 1), "."), r"a word must be a str, got \['a'\]"),
        (lambda: surprisal("a", [[1.0]], "."), r"probs must be a torch\.Tensor, got \[\[1\.0\]\]"),
        (lambda: negative_log_likelihood([[1]], torch.ones(1, 1)), r"counts must be a torch\.Tensor, got \[\[1\]\]"),
        (lambda: perplexity(torch.ones(1, 1), None), r"probs must be a torch\.Tensor, got None"),
    ],
)
def test_the_wrong_kind_is_refused(call, message):
    with pytest.raises(TypeError, match=message):
        call()
