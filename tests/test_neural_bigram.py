import math
from fractions import Fraction
from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from bigramlab import (
    build_vocabulary,
    count_bigrams,
    cross_entropy,
    load_names,
    negative_log_likelihood,
    normalize,
    smooth,
    softmax,
    train_neural_bigram,
)
from bigramlab.laws.neural_bigram import counts_and_weights
from bigramlab.laws.strategies import batches, logits_of_any_shape


@pytest.fixture(scope="module")
def counts():
    return count_bigrams(load_names(), build_vocabulary(load_names()))


def slopes(function, point, step=1e-5):
    """Return how a function changes with each number, by taking small steps up and down."""
    found = torch.zeros_like(point)
    for cell in range(point.numel()):
        move = torch.zeros_like(point)
        move.view(-1)[cell] = step
        found.view(-1)[cell] = (function(point + move) - function(point - move)) / (2 * step)
    return found


@given(logits_of_any_shape())
def test_softmax_is_torchs(logits):
    assert softmax(logits).dtype == logits.dtype
    torch.testing.assert_close(softmax(logits), torch.softmax(logits, dim=-1))


@given(batches())
def test_cross_entropy_is_torchs_and_so_is_its_gradient(batch):
    logits, targets = batch
    ours, theirs = logits.clone().requires_grad_(), logits.clone().requires_grad_()
    loss, expected = cross_entropy(ours, targets), torch.nn.functional.cross_entropy(theirs, targets)
    torch.testing.assert_close(loss, expected)
    loss.backward()
    expected.backward()
    torch.testing.assert_close(ours.grad, theirs.grad)


@given(batches(), logits_of_any_shape(most_axes=2))
def test_gradients_are_those_of_small_steps(batch, logits):
    leaf = batch[0].double().requires_grad_()
    (found,) = torch.autograd.grad(cross_entropy(leaf, batch[1]), leaf)
    torch.testing.assert_close(found, slopes(lambda x: cross_entropy(x, batch[1]), leaf.detach()), atol=1e-8, rtol=1e-6)
    leaf, weights = logits.double().requires_grad_(), torch.arange(1.0, logits.numel() + 1).view(logits.shape)
    (found,) = torch.autograd.grad((softmax(leaf) * weights).sum(), leaf)
    torch.testing.assert_close(
        found, slopes(lambda x: (softmax(x) * weights).sum(), leaf.detach()), atol=1e-7, rtol=1e-6
    )


@given(counts_and_weights(), st.sampled_from([0.0, 0.25]))
def test_the_written_out_gradient_is_autograds(given, penalty):
    counts, weights = given
    leaf = weights.double().requires_grad_()
    ids = torch.arange(counts.numel())
    rows, columns = (ids // len(counts)).repeat_interleave(counts.flatten()), ids % len(counts)
    loss = cross_entropy(leaf[rows], columns.repeat_interleave(counts.flatten())) + penalty * (leaf**2).mean()
    loss.backward()
    learned, losses = train_neural_bigram(
        counts, steps=1, learning_rate=0.5, weight_penalty=penalty, weights=weights.double()
    )
    torch.testing.assert_close(weights - learned, 0.5 * leaf.grad, check_dtype=False)
    assert losses[0] <= loss.item() + 1e-9


def test_one_hot_rows_times_the_weights_are_rows_of_the_weights():
    weights = torch.arange(12.0).view(3, 4)
    ids = torch.tensor([2, 0, 2])
    assert torch.equal(torch.nn.functional.one_hot(ids, 3).float() @ weights, weights[ids])


def test_worked_examples():
    # exp(log 1), exp(log 2), exp(log 5) are 1, 2, 5: shares of 8
    torch.testing.assert_close(softmax(torch.tensor([1.0, 2.0, 5.0]).log()), torch.tensor([0.125, 0.25, 0.625]))
    # the targets' shares are 1/4 and 1/2: (log 4 + log 2) / 2 = 1.5 log 2
    logits = torch.tensor([[0.0, math.log(3)], [7.0, 7.0]])
    assert cross_entropy(logits, torch.tensor([0, 1])).item() == pytest.approx(1.5 * math.log(2))
    # rows with 4 and 2 of 6 bigrams; expected 2/6 2/6 | 1/6 1/6, counted 1/6 3/6 | 0 2/6; times 6: 1 -1 | 1 -1
    weights, losses = train_neural_bigram(torch.tensor([[1, 3], [0, 2]]), steps=1, learning_rate=6)
    assert weights.flatten().tolist() == pytest.approx([-1, 1, -1, 1])
    # the softmax of -1 and 1 is 1 / (1 + e²) and 1 / (1 + e⁻²)
    unlikely, likely = math.log(1 + math.e**2), math.log(1 + math.e**-2)
    assert losses == pytest.approx([(unlikely + 5 * likely) / 6])


def test_the_names_are_learned_to_within_a_thousandth_of_a_nat(counts):
    weights, losses = train_neural_bigram(counts)
    table, best = normalize(counts), negative_log_likelihood(counts, normalize(counts))
    assert best == pytest.approx(2.454014, abs=1e-6)
    assert best < losses[-1] < best + 1e-3
    assert losses[-1] == pytest.approx(negative_log_likelihood(counts, softmax(weights)), abs=1e-5)
    often = counts.sum(dim=1) >= 1000
    assert often.sum() == 23
    assert (softmax(weights) - table)[often].abs().max() < 1e-2
    assert losses == sorted(losses, reverse=True)
    assert len(losses) == 1500


def test_learning_begins_at_the_log_of_the_choices(counts):
    _, losses = train_neural_bigram(counts, steps=1, learning_rate=1e-9)
    assert losses[0] == pytest.approx(math.log(27))


def test_a_run_can_be_continued_and_comes_out_the_same(counts):
    whole, losses = train_neural_bigram(counts, steps=20, weight_penalty=0.01)
    half, first = train_neural_bigram(counts, steps=12, weight_penalty=0.01)
    rest, second = train_neural_bigram(counts, steps=8, weight_penalty=0.01, weights=half)
    assert torch.equal(rest, whole)
    assert first + second == losses


def test_a_penalty_does_what_smoothing_does(counts):
    def distance_from_equal(probs):
        return (probs - 1 / 27).abs().mean().item()

    penalized = [distance_from_equal(softmax(train_neural_bigram(counts, weight_penalty=p)[0])) for p in (0, 0.01, 1)]
    smoothed = [distance_from_equal(normalize(smooth(counts, k))) for k in (0, 10, 10_000)]
    assert penalized == sorted(penalized, reverse=True)
    assert smoothed == sorted(smoothed, reverse=True)


def test_no_steps_give_the_weights_back_as_a_new_tensor():
    weights = torch.ones(2, 2)
    learned, losses = train_neural_bigram(torch.ones(2, 2), steps=0, weights=weights)
    assert torch.equal(learned, weights)
    assert learned is not weights
    assert learned.data_ptr() != weights.data_ptr()
    assert losses == []


def test_precision_is_kept_and_integers_get_torchs_default():
    ones = torch.ones(2, 2)
    assert softmax(ones.double()).dtype == torch.float64
    assert softmax(torch.tensor([1, 1])).tolist() == [0.5, 0.5]
    assert cross_entropy(ones.double(), torch.tensor([0, 1], dtype=torch.int32)).dtype == torch.float64
    assert train_neural_bigram(ones.long(), steps=1)[0].dtype == torch.float32
    assert train_neural_bigram(ones.double(), steps=1)[0].dtype == torch.float64
    assert train_neural_bigram(ones, steps=1, weights=ones.double())[0].dtype == torch.float64
    assert train_neural_bigram(ones.double(), steps=0, weights=ones)[0].dtype == torch.float64


@pytest.mark.parametrize(
    ("dtype", "logits"), [(torch.int8, [-100, 100]), (torch.uint8, [0, 200]), (torch.int64, [0, 3])]
)
def test_integers_are_logits_too_however_few_bits_they_have(dtype, logits):
    given, floats = torch.tensor([logits], dtype=dtype), torch.tensor([logits], dtype=torch.float32)
    assert torch.equal(softmax(given), softmax(floats))
    assert cross_entropy(given, torch.tensor([0])) == cross_entropy(floats, torch.tensor([0])) > 3


def test_impossible_tokens_are_no_problem_and_an_impossible_target_costs_everything():
    logits = torch.tensor([[0.0, -math.inf]], requires_grad=True)
    assert softmax(logits).tolist() == [[1, 0]]
    assert cross_entropy(logits, torch.tensor([0])).item() == 0
    assert cross_entropy(logits, torch.tensor([1])).item() == math.inf
    cross_entropy(logits, torch.tensor([0])).backward()
    assert logits.grad.tolist() == [[0, 0]]


@pytest.mark.parametrize("huge_or_tiny", [1e308, 5e-324])
def test_extreme_counts_neither_overflow_nor_vanish(huge_or_tiny):
    counts = torch.tensor([[1.0, 0.0], [1.0, 1.0]], dtype=torch.float64) * huge_or_tiny
    weights, _ = train_neural_bigram(counts, steps=1, learning_rate=3)
    torch.testing.assert_close(weights, torch.tensor([[0.5, -0.5], [0.0, 0.0]]), check_dtype=False)


def test_what_wants_a_gradient_may_come_in_and_weights_come_out_without_one():
    counts, weights = torch.ones(2, 2, requires_grad=True), torch.ones(2, 2, requires_grad=True)
    learned, _ = train_neural_bigram(counts, steps=1, weights=weights)
    assert not learned.requires_grad
    assert weights.requires_grad
    assert weights.grad is None


@pytest.mark.slow
@given(counts_and_weights(), st.sampled_from([0.01, 0.5, 40.0]))
def test_the_rate_that_the_error_names_never_raises_the_loss(given, penalty):
    counts, weights = given
    with pytest.raises(ValueError, match="is too large") as error:
        train_neural_bigram(counts * 3 + 1, learning_rate=1e9, weight_penalty=penalty, weights=weights + 3)
    rate = float(str(error.value).rpartition("such as ")[2])
    options = {"steps": 30, "learning_rate": rate, "weight_penalty": penalty, "weights": weights.double() + 3}
    _, losses = train_neural_bigram(counts * 3 + 1, **options)
    for before, after in pairwise(losses):
        assert after <= before + 1e-9


def test_the_rate_is_50_where_none_is_given(counts):
    weights, _ = train_neural_bigram(counts, steps=2)
    assert torch.equal(weights, train_neural_bigram(counts, steps=2, learning_rate=50)[0])


@pytest.mark.parametrize("rate", [50, 70, 100])
def test_a_rate_that_may_still_help_is_not_refused(counts, rate):
    _, losses = train_neural_bigram(counts, steps=300, learning_rate=rate)
    assert losses[-1] < 2.6


def test_a_rise_that_passes_is_not_refused():
    # From zeros the first step overshoots, to 1 nat and more than it began with, and the later ones make it good.
    counts = torch.tensor([[1, 99], [1, 99]])
    _, losses = train_neural_bigram(counts, steps=200, learning_rate=150)
    assert losses[0] > math.log(2) > losses[-1]


@pytest.mark.parametrize(
    ("rate", "penalty", "message"),
    [
        (
            1000,
            0,
            "the learning_rate 1000 is too large: after step 1 the loss is 7.713, and it began at 3.296, so the steps "
            "go beyond the lowest point and up the other side; try a smaller one, such as 24",
        ),
        (
            300,
            0.0,
            "the learning_rate 300 is too large: after step 2 the loss is 4.374, and it began at 3.296, so the steps "
            "go beyond the lowest point and up the other side; try a smaller one, such as 24",
        ),
        (1e300, 0.0, "the learning_rate 1e+300 is too large: after step 1 the loss is nan, and it began at 3.296, so"),
        (50, 100, "the learning_rate 50 is too large: after step"),
    ],
)
def test_a_rate_that_diverges_is_refused_at_once(counts, rate, penalty, message):
    with pytest.raises(ValueError, match="too large") as error:
        train_neural_bigram(counts, learning_rate=rate, weight_penalty=penalty)
    assert str(error.value).startswith(message)


def test_the_rate_that_the_error_names_is_nine_tenths_of_the_largest_safe_one():
    # one row has all bigrams, so its slope changes by 1/2 at most, the penalty's by 2 · 3 / 4: 0.9 · 2 / (1/2 + 3/2)
    with pytest.raises(ValueError, match=r"try a smaller one, such as 0\.9$"):
        train_neural_bigram(torch.tensor([[1, 1], [0, 0]]), learning_rate=1e9, weight_penalty=3, weights=torch.eye(2))


def test_a_loss_that_is_infinite_from_the_start_is_refused():
    with pytest.raises(ValueError, match="the loss is inf, and it began at inf"):
        train_neural_bigram(torch.ones(1, 1), learning_rate=1, weight_penalty=1, weights=torch.full((1, 1), 1e30))


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("logits", "message"),
    [
        ([[0.0, 1.0], [math.nan, 0.0]], r"logits\[1\] holds nan, so .*, or a learning rate that is too large$"),
        ([[[0.0], [math.inf]]], r"logits\[0, 1\] holds inf, so"),
        ([-math.inf, -math.inf], r"logits holds nothing but -inf, so"),
        (1.0, r"logits has shape \(\), so there is no last axis with a logit for each token; give at least one"),
        ([[], []], r"logits has shape \(2, 0\), so there is no last axis"),
    ],
)
def test_softmax_refuses(logits, message):
    with pytest.raises(ValueError, match=message):
        softmax(torch.tensor(logits))


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("logits", "targets", "message"),
    [
        (
            torch.zeros(2, 3),
            [0, 3],
            "targets holds 3, which is no id: of 3 tokens the ids go from 0 to 2; use the",
        ),
        (torch.zeros(2, 3), [-1, 0], "targets holds -1, which is no id: of 3 tokens"),
        (torch.zeros(2, 3), [0, -100], "targets holds -100, which is no id: of 3 tokens"),
        (
            torch.zeros(0, 3),
            torch.zeros(0).long(),
            "there are no targets, so there is nothing to take the mean of; build",
        ),
        (
            torch.zeros(2, 3),
            [0],
            "there are 2 rows of logits and 1 targets, but each needs one; take both from the same build_contexts$",
        ),
        (torch.zeros(2, 3), [[0], [1]], r"targets has shape \(2, 1\), but needs one axis, an id after another"),
        (torch.zeros(3), [0], r"logits has shape \(3,\), but a table needs two axes"),
        (torch.tensor([[math.nan, 0.0]]), [0], r"logits\[0\] holds nan"),
    ],
)
def test_cross_entropy_refuses(logits, targets, message):
    with pytest.raises(ValueError, match="^" + message):
        cross_entropy(logits, torch.as_tensor(targets))


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("counts", "options", "message"),
    [
        ([[0, 0], [0, 0]], {}, "the counts sum to 0, so there is nothing to learn; count at least one word"),
        ([[1, -1], [1, 1]], {}, r"counts\[0, 1\] is -1, but every entry must be a finite number from 0 up"),
        ([[1, 2]], {}, r"counts has shape \(1, 2\), but a table needs as many rows as columns"),
        ([[1]], {"steps": -1}, "steps is -1, but there can't be fewer than none: choose 0 or more"),
        ([[1]], {"learning_rate": 0}, "learning_rate is 0, but must be a finite number above 0; try 1"),
        ([[1]], {"learning_rate": math.inf}, "learning_rate is inf, but must be"),
        ([[1]], {"learning_rate": 10**400}, r"learning_rate is 10+\.\.\.0+, but must be"),
        ([[1]], {"learning_rate": Fraction(-1, 2)}, r"learning_rate is Fraction\(-1, 2\), but must be"),
        ([[1]], {"weight_penalty": -1}, "weight_penalty is -1, but must be a finite number from 0 up; try 0"),
        ([[1]], {"weight_penalty": math.nan}, "weight_penalty is nan, but must be"),
        (
            [[1]],
            {"weights": torch.zeros(2, 2)},
            r"weights has shape \(2, 2\) and counts \(1, 1\), but there is one weight for each cell; count the words "
            "with the vocabulary that the weights were learned with$",
        ),
        ([[1, 1], [1, 1]], {"weights": torch.tensor([[3e38, -3e38], [0, 0]])}, "weights holds nan, inf or numbers too"),
        ([[1]], {"weights": torch.tensor([[math.nan]])}, "weights holds nan, inf or numbers too far apart"),
    ],
)
def test_training_refuses(counts, options, message):
    with pytest.raises(ValueError, match="^" + message):
        train_neural_bigram(torch.tensor(counts), **options)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: softmax([0.0, 1.0]), r"logits must be a torch\.Tensor of real numbers, got \[0\.0, 1\.0\]; try"),
        (lambda: softmax(torch.tensor([True])), r"got a tensor of torch\.bool"),
        (lambda: cross_entropy([[0.0]], torch.tensor([0])), r"logits must be a torch\.Tensor, got \[\[0\.0\]\]"),
        (lambda: cross_entropy(torch.zeros(1, 1), [0]), r"targets must be a tensor of integers such as .* got \[0\]"),
        (lambda: cross_entropy(torch.zeros(1, 1), torch.zeros(1)), r"got a tensor of torch\.float32"),
        (lambda: train_neural_bigram([[1]]), r"counts must be a torch\.Tensor, got \[\[1\]\]"),
        (
            lambda: train_neural_bigram(torch.ones(1, 1), steps=1.5),
            r"steps must be a whole number \(an int\)",
        ),
        (lambda: train_neural_bigram(torch.ones(1, 1), learning_rate="1"), "learning_rate must be a number such as 1"),
        (lambda: train_neural_bigram(torch.ones(1, 1), weight_penalty=True), "weight_penalty must be a number .* True"),
        (lambda: train_neural_bigram(torch.ones(1, 1), weights=[[0.0]]), r"weights must be a torch\.Tensor"),
    ],
)
def test_the_wrong_kind_is_refused(call, message):
    with pytest.raises(TypeError, match=message):
        call()
