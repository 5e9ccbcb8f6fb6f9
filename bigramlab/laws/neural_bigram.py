"""Laws of learning the table with a network of one layer.

What has a gradient is compared with the formula's own, cell by cell in a plain loop. Training is tried with learning
rates below 4, with which no step can raise the loss, and with one of a million, with which none can help.
"""

import math
from collections.abc import Iterable
from typing import Any

import torch
from hypothesis import strategies as st
from torch import Tensor

from bigramlab import plain
from bigramlab.laws import strategies as draw
from bigramlab.laws.law import (
    Function,
    a_number,
    a_tensor,
    agree,
    broken,
    care,
    close_to,
    law,
    parts_of,
    refuses,
)


@st.composite
def counts_and_weights(draw_from: st.DrawFn) -> tuple[Tensor, Tensor]:
    """A table that has something counted in it, and weights to begin with."""
    counts = draw_from(few_counts)
    weights = draw_from(st.lists(st.integers(-8, 8), min_size=counts.numel(), max_size=counts.numel()))
    return counts, torch.tensor(weights).view(counts.shape) / 4


tables = draw.batches().map(lambda batch: batch[0])
large_tables = draw.large_tables().map(lambda table: table / 4)
few_counts = draw.count_tables(square=True, largest=9, most_rows=4).filter(lambda counts: counts.sum() > 0)
rates = st.sampled_from([0.5, 1, 2, 3])


def _agree_in_rows(found: Any, logits: Tensor, rounding: float = 1e-4) -> None:
    """Compare with the shares along the last axis, in plain loops."""
    a_tensor(found, logits.shape, "floats")
    found, logits = (tensor.reshape(-1, logits.shape[-1]) for tensor in (found, logits))
    agree(found.tolist(), [plain.softmax(row) for row in logits.tolist()], rounding=rounding)


def _gradient(result: Any, logits: Tensor) -> Any:
    """Return how a number changes with each logit, once it can be said."""
    if not isinstance(result, Tensor) or not result.requires_grad:
        broken("no gradient flows through it: .item(), .tolist(), .detach() and torch.tensor(...) cut it off")
    try:
        (gradient,) = torch.autograd.grad(result, logits)
    except RuntimeError as error:
        broken(f"no gradient flows through it: {error}")
    return gradient.tolist()


@law("softmax", tables)
def each_row_sums_to_1(softmax: Function, logits: Tensor) -> None:
    """The result has the shape of the logits, and each row of it sums to 1."""
    for row in a_tensor(softmax(logits), logits.shape, "floats"):
        if not abs(sum(row) - 1) < 1e-4:
            broken(f"a row sums to {sum(row):.6g}")


@law("softmax", tables)
def each_gets_the_share_of_its_exp(softmax: Function, logits: Tensor) -> None:
    """Each number is exp of its logit, divided by the sum of exp along the last axis."""
    _agree_in_rows(softmax(logits), logits)


@law("softmax", large_tables, examples=4)
def rows_may_be_longer(softmax: Function, logits: Tensor) -> None:
    """Logits of more than 27 tokens make shares like any others."""
    each_gets_the_share_of_its_exp(softmax, logits)


@law("softmax", draw.count_tables(largest=10_000, least_sum=1))
def logs_of_counts_give_their_shares(softmax: Function, counts: Tensor) -> None:
    """From the logs of counts it makes the shares of the counts: 0 has the log -inf and gets the share 0."""
    found = a_tensor(softmax(counts.float().log()), counts.shape, "floats")
    agree(found, plain.normalize(counts.tolist()))


@law("softmax", draw.batches(most=20), st.integers(-15, 15))
def adding_the_same_to_all_changes_nothing(softmax: Function, batch: tuple[Tensor, Tensor], added: int) -> None:
    """Only differences matter: the same number added to all logits changes nothing."""
    logits, _ = batch
    _agree_in_rows(softmax(logits + added), logits)


@law("softmax", draw.batches(), st.integers(0, 3), gradient=True)
def the_gradient_of_a_share_flows_back(softmax: Function, batch: tuple[Tensor, Tensor], i: int) -> None:
    """Gradients flow through it: a share p grows with its own logit by p (1 - p), and shrinks with another's by p q."""
    logits, columns = batch
    i %= len(logits)
    j = int(columns[i])
    leaf = logits.clone().requires_grad_()
    result = softmax(leaf)
    a_tensor(result, logits.shape, "floats")
    expected = [[0.0 for _ in row] for row in logits.tolist()]
    shares = plain.softmax(logits[i].tolist())
    expected[i] = [shares[j] * ((j == other) - share) for other, share in enumerate(shares)]
    agree(_gradient(result[i, j], leaf), expected, f"the gradient of entry [{i}, {j}] at logit ")


@care("softmax", draw.logits_of_any_shape())
def it_runs_along_the_last_axis(softmax: Function, logits: Tensor) -> None:
    """However many axes there are, one or three, the shares are those along the last."""
    each_gets_the_share_of_its_exp(softmax, logits)


@care("softmax", draw.batches(most=4, scale=1.0), st.sampled_from([50, 2500]))
def huge_logits_are_no_problem(softmax: Function, batch: tuple[Tensor, Tensor], scale: int) -> None:
    """Logits of 200, whose exp overflows, and of 10,000 and -10,000 give probabilities, not `nan`."""
    logits = batch[0] * scale
    # Who subtracts the log of the sum gets numbers near 10,000, which float32 has in steps of 0.001.
    _agree_in_rows(softmax(logits), logits, rounding=2e-3)


@care("softmax", st.sampled_from([[0.0, math.nan], [math.inf, 0.0], [-math.inf, -math.inf]]))
def rows_without_shares_are_refused(softmax: Function, row: list[float]) -> None:
    """A row with `nan` or `inf` in it, or with nothing but `-inf`, is refused."""
    refuses(lambda: softmax(torch.tensor([[0.0, 1.0], row])))


def _scalar(found: object) -> float:
    number: Any = a_tensor(found, (), "floats")
    return float(number)


@law("cross_entropy", st.integers(1, 5), st.integers(1, 4), st.integers(-9, 9))
def equal_logits_cost_the_log_of_the_choices(cross_entropy: Function, size: int, batch: int, logit: int) -> None:
    """Equal logits for each of n tokens cost log n, in nats, as a tensor without axes, whatever the targets are."""
    targets = torch.arange(batch) % size
    close_to(_scalar(cross_entropy(torch.full((batch, size), float(logit)), targets)), math.log(size))


@law("cross_entropy", draw.batches())
def it_is_the_mean_surprise_at_the_targets(cross_entropy: Function, logits: Tensor, targets: Tensor) -> None:
    """It is the mean over the batch of -log p, p being the share that softmax gives to the target in its row."""
    expected = plain.cross_entropy(logits.tolist(), targets.tolist())
    close_to(_scalar(cross_entropy(logits, targets)), expected, tolerance=1e-5)


@law("cross_entropy", draw.batches(most=1, scale=20.0))
def a_tiny_share_costs_what_it_should(cross_entropy: Function, logits: Tensor, targets: Tensor) -> None:
    """Logits of 20 and -20 cost up to 40: no share is so small that another number may stand in for it."""
    it_is_the_mean_surprise_at_the_targets(cross_entropy, logits, targets)


@law("cross_entropy", large_tables.map(lambda table: (table, (4 * table[:, 7]).long() + 17)), examples=4)
def batches_may_be_larger(cross_entropy: Function, logits: Tensor, targets: Tensor) -> None:
    """Batches of more than 27 rows and tokens cost what they should."""
    it_is_the_mean_surprise_at_the_targets(cross_entropy, logits, targets)


@law("cross_entropy", draw.batches(), gradient=True)
def the_gradient_is_predicted_minus_happened(cross_entropy: Function, logits: Tensor, targets: Tensor) -> None:
    """Its gradient is softmax(logits), minus 1 at each target, divided by the size of the batch."""
    leaf = logits.clone().requires_grad_()
    loss = cross_entropy(leaf, targets)
    _scalar(loss)
    expected = [
        [(share - (j == target)) / len(targets) for j, share in enumerate(plain.softmax(row))]
        for row, target in zip(logits.tolist(), targets.tolist(), strict=True)
    ]
    agree(_gradient(loss, leaf), expected, "the gradient, at ")


@care("cross_entropy", draw.batches(most=4, scale=2500.0))
def huge_logits_cost_what_they_should(cross_entropy: Function, logits: Tensor, targets: Tensor) -> None:
    """Logits of 10,000 and -10,000 cost 0, 20,000 and what lies between, and neither `nan` nor `inf`."""
    expected = plain.cross_entropy(logits.tolist(), targets.tolist())
    close_to(_scalar(cross_entropy(logits, targets)), expected, tolerance=0.01)


@care("cross_entropy", draw.count_tables(largest=50, least_sum=1))
def what_is_impossible_and_did_not_happen_costs_nothing(cross_entropy: Function, counts: Tensor) -> None:
    """A logit of -inf, such as the log of a count of 0, costs nothing where it is not the target's."""
    expected = [-math.log(max(row) / sum(row)) for row in counts.tolist()]
    found = _scalar(cross_entropy(counts.float().log(), counts.argmax(dim=1)))
    close_to(found, math.fsum(expected) / len(expected), tolerance=1e-5)


@care("cross_entropy", draw.batches(), st.sampled_from(["the next id", -1, -100, 1000]), st.integers(0, 3), examples=60)
def other_targets_are_refused(cross_entropy: Function, batch: Any, wrong: Any, position: int) -> None:
    """A target that is no id of the columns is refused: too large, or negative, -100 too, which torch's own skips."""
    logits, targets = batch
    targets[position % len(targets)] = logits.shape[1] if isinstance(wrong, str) else wrong
    refuses(lambda: cross_entropy(logits, targets))


@care("cross_entropy", draw.batches(), st.sampled_from(["one more", "one less"]))
def each_row_needs_one_target(cross_entropy: Function, batch: Any, kind: str) -> None:
    """More or fewer targets than rows are refused."""
    logits, targets = batch
    logits, targets = torch.cat([logits, logits[:1]]), torch.cat([targets, targets[:1]])
    refuses(lambda: cross_entropy(logits[:-1], targets) if kind == "one more" else cross_entropy(logits, targets[:-1]))


@care("cross_entropy", st.integers(1, 4), examples=4)
def an_empty_batch_is_refused(cross_entropy: Function, size: int) -> None:
    """An empty batch is refused: the mean of nothing would be `nan`."""
    refuses(lambda: cross_entropy(torch.zeros(0, size), torch.zeros(0, dtype=torch.int64)))


def _trained(found: Any, counts: Tensor, steps: int) -> tuple[plain.Rows, list[float]]:
    """Return the weights and the losses as lists, once they are a pair of the right sizes."""
    weights, losses = parts_of(found, 2, "a pair: weights, losses")
    rows = a_tensor(weights, counts.shape, "floats")
    if (isinstance(losses, Tensor) and losses.ndim == 0) or not isinstance(losses, Iterable):
        broken("the second of the pair is one number, and should be the list of the losses, one after each step")
    numbers = list(map(a_number, losses))
    if len(numbers) != steps:
        broken(f"there are {len(numbers)} losses after {steps} steps, and should be one after each")
    return rows, numbers


@law("train_neural_bigram", few_counts, rates)
def the_first_step_is_down_the_gradient(train_neural_bigram: Function, counts: Tensor, rate: float) -> None:
    """A step from zeros is -learning_rate · gradient: in each row its share of all bigrams · equal shares - counted."""
    found, _ = _trained(train_neural_bigram(counts, steps=1, learning_rate=rate), counts, 1)
    agree(found, plain.train_neural_bigram(counts.tolist(), steps=1, rate=rate)[0])


@law("train_neural_bigram", few_counts, rates, st.integers(1, 4))
def the_losses_are_those_after_the_steps(
    train_neural_bigram: Function, counts: Tensor, rate: float, steps: int
) -> None:
    """There is one loss after each step, the last being that of the weights returned: the mean of -log p."""
    weights, losses = _trained(train_neural_bigram(counts, steps=steps, learning_rate=rate), counts, steps)
    agree(losses[-1], plain.bigram_loss(counts.tolist(), weights), "the last loss")


@law("train_neural_bigram", counts_and_weights(), rates)
def it_goes_on_from_given_weights(train_neural_bigram: Function, given: Any, rate: float) -> None:
    """Given weights are where it begins, and a step from them is -learning_rate · the gradient there."""
    counts, weights = given
    expected, _ = plain.train_neural_bigram(counts.tolist(), weights.tolist(), steps=1, rate=rate)
    agree(_trained(train_neural_bigram(counts, steps=1, learning_rate=rate, weights=weights), counts, 1)[0], expected)


@law("train_neural_bigram", few_counts, rates)
def three_steps_are_three_single_steps(train_neural_bigram: Function, counts: Tensor, rate: float) -> None:
    """Three steps are three times one step, each begun where the one before ended."""
    expected, wanted = plain.train_neural_bigram(counts.tolist(), steps=3, rate=rate)
    found, losses = _trained(train_neural_bigram(counts, steps=3, learning_rate=rate), counts, 3)
    agree(found, expected)
    agree(losses, wanted, "losses")


@law("train_neural_bigram", counts_and_weights(), st.sampled_from([0.1, 0.25]), st.sampled_from([0.5, 1, 2]))
def the_penalty_pulls_toward_0(train_neural_bigram: Function, given: Any, penalty: float, rate: float) -> None:
    """With a weight_penalty, penalty · the mean of the squared weights is part of the loss, and so of the gradient."""
    counts, weights = given
    options = {"steps": 1, "learning_rate": rate, "weight_penalty": penalty, "weights": weights}
    expected, wanted = plain.train_neural_bigram(counts.tolist(), weights.tolist(), steps=1, rate=rate, penalty=penalty)
    found, losses = _trained(train_neural_bigram(counts, **options), counts, 1)
    agree(found, expected)
    agree(losses, wanted, "losses")


@law("train_neural_bigram", st.lists(st.integers(0, 9), min_size=3, max_size=3), st.integers(0, 2), rates)
def a_row_never_seen_stays(train_neural_bigram: Function, row: list[int], unseen: int, rate: float) -> None:
    """Where nothing was counted, nothing is learned: the weights of such a row stay 0."""
    counts = torch.tensor([row, [2, 0, 1], [1, 1, 1]])
    counts[unseen] = 0
    found, _ = _trained(train_neural_bigram(counts, steps=2, learning_rate=rate), counts, 2)
    agree(found[unseen], [0.0] * 3, f"row {unseen} was never seen: its weight ")


@law("train_neural_bigram", st.lists(st.integers(3, 9), min_size=9, max_size=9), st.integers(2, 3), examples=5)
def it_learns_the_counts_own_table(train_neural_bigram: Function, cells: list[int], size: int) -> None:
    """After many steps, softmax of the weights is the table of shares, and the loss the lowest that there is."""
    counts = torch.tensor(cells[: size * size]).view(size, size)
    rate = 3 * counts.sum().item() / counts.sum(dim=1).max().item()
    weights, losses = _trained(train_neural_bigram(counts, steps=60, learning_rate=rate), counts, 60)
    expected = plain.normalize(counts.tolist())
    for i, row in enumerate(map(plain.softmax, weights)):
        for j, share in enumerate(row):
            if not abs(share - expected[i][j]) < 0.01:
                broken(f"softmax of the weights is {share:.4f} at [{i}, {j}], and should be near {expected[i][j]:.4f}")
    lowest = plain.negative_log_likelihood(counts.tolist(), expected)
    if not abs(losses[-1] - lowest) < 0.001:
        broken(f"the last loss is {losses[-1]:.6g}, and should be near {lowest:.6g}")


@care("train_neural_bigram", draw.large_tables(square=True), examples=1)
def the_usual_settings(train_neural_bigram: Function, counts: Tensor) -> None:
    """Without other settings there are 1,500 steps, their learning rate is 50, and no penalty pulls."""
    found, _ = _trained(train_neural_bigram(counts, steps=1), counts, 1)
    agree(found, plain.train_neural_bigram(counts.tolist(), steps=1, rate=50)[0])
    _trained(train_neural_bigram(torch.tensor([[1]]), learning_rate=1), torch.tensor([[1]]), 1500)


@care("train_neural_bigram", st.lists(st.integers(1, 9), min_size=4, max_size=4, unique=True), st.integers(1, 9))
def a_rate_that_diverges_is_refused(train_neural_bigram: Function, cells: list[int], steps: int) -> None:
    """A learning rate with which the loss rises far above where it began is refused, be the loss finite or not."""
    counts = torch.tensor(cells).view(2, 2)
    refuses(lambda: train_neural_bigram(counts, steps=steps, learning_rate=1e6))


impossible_counts = [[[0, 0], [0, 0]], [[2, -1], [1, 1]], [[math.nan, 1], [1, 1]]]


@care("train_neural_bigram", st.sampled_from(impossible_counts), examples=3)
def impossible_counts_can_not_be_learned(train_neural_bigram: Function, counts: list[Any]) -> None:
    """Counts that sum to 0, negative ones and `nan` are refused."""
    refuses(lambda: train_neural_bigram(torch.tensor(counts), steps=2, learning_rate=1))


other_settings: list[dict[str, Any]] = [
    {"steps": -1, "learning_rate": 1},
    {"steps": 2, "learning_rate": -1},
    {"steps": 2, "learning_rate": math.nan},
    {"steps": 2, "learning_rate": 1, "weight_penalty": -0.1},
]


@care("train_neural_bigram", few_counts, st.sampled_from(other_settings))
def impossible_settings_are_refused(train_neural_bigram: Function, counts: Tensor, options: dict[str, Any]) -> None:
    """A number of steps, a learning rate or a penalty that is negative or `nan` is refused."""
    refuses(lambda: train_neural_bigram(counts, **options))


@care("train_neural_bigram", st.sampled_from([[1, 3], [3, 1], [3], [2, 2]]), examples=4)
def weights_of_another_shape_are_refused(train_neural_bigram: Function, shape: list[int]) -> None:
    """Weights to begin with that don't have the shape of the counts are refused."""
    counts = torch.tensor([[1, 2, 3], [2, 1, 1], [1, 1, 2]])
    refuses(lambda: train_neural_bigram(counts, steps=2, learning_rate=1, weights=torch.zeros(shape)))
