"""Laws of learning the table with a network of one layer.

What has a gradient is compared with the formula's own, cell by cell in a plain loop. Training is tried with learning
rates below 4, with which no step can raise the loss, and with one of a million, with which none can help.
"""

import math
from collections.abc import Callable, Iterable
from typing import Any

import torch
from hypothesis import strategies as st
from torch import Tensor

from bigramlab.laws import strategies as draw
from bigramlab.laws.law import a_number, a_tensor, agree, broken, law, refuses

Function = Callable[..., Any]
Rows = list[list[float]]


@st.composite
def logits_of_any_shape(draw_from: st.DrawFn, *, most_axes: int = 3) -> Tensor:
    """Numbers from -5 to 5 along one axis or more, seldom equally many along each."""
    shape = draw_from(st.lists(st.integers(1, 4), min_size=1, max_size=most_axes))
    size = math.prod(shape)
    return torch.tensor(draw_from(st.lists(st.integers(-20, 20), min_size=size, max_size=size))).view(shape) / 4


@st.composite
def batches(draw_from: st.DrawFn, *, most: int = 20, scale: float = 0.25) -> tuple[Tensor, Tensor]:
    """Rows of logits, and a target for each."""
    rows, columns = draw_from(st.integers(1, 4)), draw_from(st.integers(1, 5))
    size = rows * columns
    logits = draw_from(st.lists(st.integers(-most, most), min_size=size, max_size=size))
    targets = draw_from(st.lists(st.integers(0, columns - 1), min_size=rows, max_size=rows))
    return torch.tensor(logits).view(rows, columns) * scale, torch.tensor(targets)


@st.composite
def counts_and_weights(draw_from: st.DrawFn) -> tuple[Tensor, Tensor]:
    """A table that has something counted in it, and weights to begin with."""
    counts = draw_from(few_counts)
    weights = draw_from(st.lists(st.integers(-8, 8), min_size=counts.numel(), max_size=counts.numel()))
    return counts, torch.tensor(weights).view(counts.shape) / 4


few_counts = draw.count_tables(square=True, largest=9, most_rows=4).filter(lambda counts: counts.sum() > 0)
rates = st.sampled_from([0.5, 1, 2, 3])


def shares_of_exp(row: list[float]) -> list[float]:
    """Return exp of each, divided by their sum; the largest is subtracted first, so that no exp is too large."""
    weights = [math.exp(logit - max(row)) for logit in row]
    return [weight / sum(weights) for weight in weights]


def surprise(row: list[float], target: int) -> float:
    """Return -log of the target's share."""
    largest = max(row)
    return math.log(sum(math.exp(logit - largest) for logit in row)) + largest - row[target]


def _map_rows(function: Callable[[list[float]], list[float]], numbers: Any) -> Any:
    """Apply a function to every row along the last axis."""
    return [_map_rows(function, part) for part in numbers] if isinstance(numbers[0], list) else function(numbers)


def _sums(numbers: Any) -> list[float]:
    return [total for part in numbers for total in _sums(part)] if isinstance(numbers[0], list) else [sum(numbers)]


def _gradient(result: Any, logits: Tensor) -> Any:
    """Return how the sum of a result changes with each logit, once it can be said."""
    if not isinstance(result, Tensor) or not result.requires_grad:
        broken("no gradient flows through it: .item(), .tolist(), .detach() and torch.tensor(...) cut it off")
    try:
        (gradient,) = torch.autograd.grad(result.sum(), logits)
    except RuntimeError as error:
        broken(f"no gradient flows through it: {error}")
    return gradient.tolist()


@law("softmax", logits_of_any_shape())
def the_last_axis_sums_to_1(softmax: Function, logits: Tensor) -> None:
    """The result has the shape of the logits, and along the last axis it sums to 1, however many axes there are."""
    for total in _sums(a_tensor(softmax(logits), logits.shape, "floats")):
        if not abs(total - 1) < 1e-4:
            broken(f"along the last axis it sums to {total:.6g}")


@law("softmax", logits_of_any_shape())
def each_gets_the_share_of_its_exp(softmax: Function, logits: Tensor) -> None:
    """Each number is exp of its logit, divided by the sum of exp along the last axis."""
    found = a_tensor(softmax(logits), logits.shape, "floats")
    agree(found, _map_rows(shares_of_exp, logits.tolist()))


@law("softmax", draw.large_tables().map(lambda table: table / 4), examples=4)
def rows_may_be_longer(softmax: Function, logits: Tensor) -> None:
    """Logits of more than 27 tokens make shares like any others."""
    each_gets_the_share_of_its_exp(softmax, logits)


@law("softmax", draw.count_tables(least_sum=1))
def logs_of_counts_give_their_shares(softmax: Function, counts: Tensor) -> None:
    """From the logs of counts it makes the shares of the counts: 0 has the log -inf and gets the share 0."""
    found = a_tensor(softmax(counts.float().log()), counts.shape, "floats")
    agree(found, [[count / sum(row) for count in row] for row in counts.tolist()])


@law("softmax", logits_of_any_shape(most_axes=2), st.integers(-200, 200))
def adding_the_same_to_all_changes_nothing(softmax: Function, logits: Tensor, added: int) -> None:
    """Only differences matter: the same number added to all logits changes nothing, even 200, whose exp overflows."""
    found = a_tensor(softmax(logits + added), logits.shape, "floats")
    agree(found, _map_rows(shares_of_exp, logits.tolist()))


@law("softmax", st.lists(st.lists(st.integers(-4, 4), min_size=2, max_size=2), min_size=1, max_size=3))
def huge_logits_are_no_problem(softmax: Function, logits: list[list[int]]) -> None:
    """Logits of 10,000 and -10,000 give probabilities, not `nan`."""
    rows = [[2500.0 * logit for logit in row] for row in logits]
    found = a_tensor(softmax(torch.tensor(rows)), (len(rows), 2), "floats")
    # Who subtracts the log of the sum gets numbers near 10,000, which float32 has in steps of 0.001.
    agree(found, _map_rows(shares_of_exp, rows), rounding=2e-3)


@law("softmax", logits_of_any_shape())
def the_logits_are_left_alone(softmax: Function, logits: Tensor) -> None:
    """The logits that came in are left as they were."""
    before = logits.clone()
    softmax(logits)
    if not torch.equal(logits, before):
        broken(f"it changed the logits to {logits}")


@law("softmax", logits_of_any_shape(most_axes=1), st.integers(0, 3))
def the_gradient_of_a_share_flows_back(softmax: Function, logits: Tensor, position: int) -> None:
    """Gradients flow through it: a share p grows with its own logit by p (1 - p), and shrinks with another's by p q."""
    position %= len(logits)
    leaf = logits.clone().requires_grad_()
    result = softmax(leaf)
    a_tensor(result, logits.shape, "floats")
    found = _gradient(result[position], leaf)
    shares = shares_of_exp(logits.tolist())
    expected = [shares[position] * ((j == position) - share) for j, share in enumerate(shares)]
    if not all(
        math.isclose(one, other, rel_tol=1e-4, abs_tol=1e-6) for one, other in zip(found, expected, strict=True)
    ):
        broken(f"the gradient of number {position} is {_listed(found)}, and should be {_listed(expected)}")


@law("softmax", st.sampled_from([[0.0, math.nan], [math.inf, 0.0], [-math.inf, -math.inf]]))
def rows_without_shares_are_refused(softmax: Function, row: list[float]) -> None:
    """A row with `nan` or `inf` in it, or with nothing but `-inf`, is refused."""
    refuses(lambda: softmax(torch.tensor([[0.0, 1.0], row])))


def _scalar(found: object) -> float:
    number: Any = a_tensor(found, (), "floats")
    return float(number)


def _is(found: float, expected: float, tolerance: float = 2e-6) -> None:
    if not math.isclose(found, expected, rel_tol=1e-4, abs_tol=tolerance):
        broken(f"it is {found:.6g}, and should be {expected:.6g}")


@law("cross_entropy", st.integers(1, 5), st.integers(1, 4), st.integers(-9, 9))
def equal_logits_cost_the_log_of_the_choices(cross_entropy: Function, size: int, batch: int, logit: int) -> None:
    """Equal logits for each of n tokens cost log n, in nats, as a tensor without axes, whatever the targets are."""
    targets = torch.arange(batch) % size
    _is(_scalar(cross_entropy(torch.full((batch, size), float(logit)), targets)), math.log(size))


@law("cross_entropy", batches())
def it_is_the_mean_surprise_at_the_targets(cross_entropy: Function, logits: Tensor, targets: Tensor) -> None:
    """It is the mean over the batch of -log p, p being the share that softmax gives to the target in its row."""
    surprises = list(map(surprise, logits.tolist(), targets.tolist()))
    _is(_scalar(cross_entropy(logits, targets)), sum(surprises) / len(surprises))


@law("cross_entropy", draw.large_tables().map(lambda table: (table / 4, table[:, 7] + 17)), examples=4)
def batches_may_be_larger(cross_entropy: Function, logits: Tensor, targets: Tensor) -> None:
    """Batches of more than 27 rows and tokens cost what they should."""
    it_is_the_mean_surprise_at_the_targets(cross_entropy, logits, targets)


@law("cross_entropy", batches(most=4, scale=2500.0))
def huge_logits_cost_what_they_should(cross_entropy: Function, logits: Tensor, targets: Tensor) -> None:
    """Logits of 10,000 and -10,000 cost 0, 20,000 and what lies between, and neither `nan` nor `inf`."""
    surprises = list(map(surprise, logits.tolist(), targets.tolist()))
    _is(_scalar(cross_entropy(logits, targets)), sum(surprises) / len(surprises), tolerance=0.01)


@law("cross_entropy", batches())
def logits_and_targets_are_left_alone(cross_entropy: Function, logits: Tensor, targets: Tensor) -> None:
    """The logits and the targets are left as they were."""
    before = logits.clone(), targets.clone()
    cross_entropy(logits, targets)
    if not (torch.equal(logits, before[0]) and torch.equal(targets, before[1])):
        broken("it changed the logits or the targets")


@law("cross_entropy", batches())
def the_gradient_is_predicted_minus_happened(cross_entropy: Function, logits: Tensor, targets: Tensor) -> None:
    """Its gradient is softmax(logits), minus 1 at each target, divided by the size of the batch."""
    leaf = logits.clone().requires_grad_()
    loss = cross_entropy(leaf, targets)
    _scalar(loss)
    found = _gradient(loss, leaf)
    for i, (row, target) in enumerate(zip(logits.tolist(), targets.tolist(), strict=True)):
        for j, share in enumerate(shares_of_exp(row)):
            expected = (share - (j == target)) / len(targets)
            if not math.isclose(found[i][j], expected, rel_tol=1e-4, abs_tol=2e-6):
                broken(f"the gradient of logit [{i}, {j}] is {found[i][j]:.6g}, and should be {expected:.6g}")


@law("cross_entropy", batches(), st.sampled_from(["the next id", -1, -100, 1000]), st.integers(0, 3), examples=60)
def other_targets_are_refused(cross_entropy: Function, batch: Any, wrong: Any, position: int) -> None:
    """A target that is no id of the columns is refused: too large, or negative, -100 too, which torch's own skips."""
    logits, targets = batch
    targets[position % len(targets)] = logits.shape[1] if isinstance(wrong, str) else wrong
    refuses(lambda: cross_entropy(logits, targets))


@law("cross_entropy", batches(), st.sampled_from(["one more", "one less"]))
def each_row_needs_one_target(cross_entropy: Function, batch: Any, kind: str) -> None:
    """More or fewer targets than rows are refused."""
    logits, targets = batch
    logits, targets = torch.cat([logits, logits[:1]]), torch.cat([targets, targets[:1]])
    refuses(lambda: cross_entropy(logits[:-1], targets) if kind == "one more" else cross_entropy(logits, targets[:-1]))


@law("cross_entropy", st.integers(1, 4), examples=4)
def an_empty_batch_is_refused(cross_entropy: Function, size: int) -> None:
    """An empty batch is refused: the mean of nothing would be `nan`."""
    refuses(lambda: cross_entropy(torch.zeros(0, size), torch.zeros(0, dtype=torch.int64)))


def _trained(found: Any, counts: Tensor, steps: int) -> tuple[Rows, list[float]]:
    """Return the weights and the losses as lists, once they are a pair of the right sizes."""
    if found is None:
        broken("it returned nothing: is `return` missing?")
    if not isinstance(found, tuple | list) or len(found) != 2:
        broken(f"it is a {type(found).__name__}, and should be a pair: weights, losses")
    weights, losses = found
    rows = a_tensor(weights, counts.shape, "floats")
    if (isinstance(losses, Tensor) and losses.ndim == 0) or not isinstance(losses, Iterable):
        broken("the second of the pair is one number, and should be the list of the losses, one after each step")
    numbers = [loss.item() if isinstance(loss, Tensor) and loss.numel() == 1 else loss for loss in losses]
    if len(numbers) != steps:
        broken(f"there are {len(numbers)} losses after {steps} steps, and should be one after each")
    return rows, list(map(a_number, numbers))


def loss_in_a_loop(counts: Tensor, weights: Rows, penalty: float = 0) -> float:
    """Return the mean surprise, bigram by bigram, plus the penalty · the mean of the squared weights."""
    total = sum(
        count * surprise(weight_row, j)
        for count_row, weight_row in zip(counts.tolist(), weights, strict=True)
        for j, count in enumerate(count_row)
    )
    squares = [weight**2 for row in weights for weight in row]
    return float(total / counts.sum().item() + penalty * sum(squares) / len(squares))


def stepped_in_a_loop(counts: Tensor, weights: Rows, rate: float, penalty: float = 0) -> Rows:
    """Return the weights after one step, cell by cell."""
    total, cells = counts.sum().item(), counts.numel()
    return [
        [
            weight - rate * (sum(count_row) / total * share - count / total + 2 * penalty * weight / cells)
            for weight, share, count in zip(row, shares_of_exp(row), count_row, strict=True)
        ]
        for row, count_row in zip(weights, counts.tolist(), strict=True)
    ]


@law("train_neural_bigram", few_counts, rates)
def the_first_step_is_down_the_gradient(train_neural_bigram: Function, counts: Tensor, rate: float) -> None:
    """A step from zeros is -learning_rate · gradient: in each row its share of all bigrams · equal shares - counted."""
    found, _ = _trained(train_neural_bigram(counts, steps=1, learning_rate=rate), counts, 1)
    agree(found, stepped_in_a_loop(counts, torch.zeros(counts.shape).tolist(), rate))


@law("train_neural_bigram", few_counts, rates, st.integers(1, 4))
def the_losses_are_those_after_the_steps(
    train_neural_bigram: Function, counts: Tensor, rate: float, steps: int
) -> None:
    """There is one loss after each step, the last being that of the weights returned: the mean of -log p."""
    weights, losses = _trained(train_neural_bigram(counts, steps=steps, learning_rate=rate), counts, steps)
    if not math.isclose(losses[-1], loss_in_a_loop(counts, weights), rel_tol=1e-4, abs_tol=2e-6):
        broken(f"the last loss is {losses[-1]:.6g}, and that of the weights is {loss_in_a_loop(counts, weights):.6g}")


@law("train_neural_bigram", counts_and_weights(), rates)
def it_goes_on_from_given_weights(train_neural_bigram: Function, given: Any, rate: float) -> None:
    """Given weights are where it begins, and a step from them is -learning_rate · the gradient there."""
    counts, weights = given
    expected = stepped_in_a_loop(counts, weights.tolist(), rate)
    agree(_trained(train_neural_bigram(counts, steps=1, learning_rate=rate, weights=weights), counts, 1)[0], expected)


@law("train_neural_bigram", few_counts, rates)
def three_steps_are_three_single_steps(train_neural_bigram: Function, counts: Tensor, rate: float) -> None:
    """Three steps are three times one step, each begun where the one before ended."""
    weights: Rows = torch.zeros(counts.shape).tolist()
    expected = []
    for _ in range(3):
        weights = stepped_in_a_loop(counts, weights, rate)
        expected.append(loss_in_a_loop(counts, weights))
    found, losses = _trained(train_neural_bigram(counts, steps=3, learning_rate=rate), counts, 3)
    agree(found, weights)
    for number, (loss, wanted) in enumerate(zip(losses, expected, strict=True), start=1):
        if not math.isclose(loss, wanted, rel_tol=1e-4, abs_tol=2e-6):
            broken(f"the loss after step {number} is {loss:.6g}, and should be {wanted:.6g}")


@law("train_neural_bigram", counts_and_weights(), st.sampled_from([0.1, 0.25]), st.sampled_from([0.5, 1, 2]))
def the_penalty_pulls_toward_0(train_neural_bigram: Function, given: Any, penalty: float, rate: float) -> None:
    """With a weight_penalty, penalty · the mean of the squared weights is part of the loss, and so of the gradient."""
    counts, weights = given
    options = {"steps": 1, "learning_rate": rate, "weight_penalty": penalty, "weights": weights}
    expected = stepped_in_a_loop(counts, weights.tolist(), rate, penalty)
    found, losses = _trained(train_neural_bigram(counts, **options), counts, 1)
    agree(found, expected)
    wanted = loss_in_a_loop(counts, expected, penalty)
    if not math.isclose(losses[0], wanted, rel_tol=1e-4, abs_tol=2e-6):
        broken(f"the loss is {losses[0]:.6g}, and should be {wanted:.6g}, the penalty included")


@law("train_neural_bigram", st.lists(st.integers(0, 9), min_size=3, max_size=3), st.integers(0, 2), rates)
def a_row_never_seen_stays(train_neural_bigram: Function, row: list[int], unseen: int, rate: float) -> None:
    """Where nothing was counted, nothing is learned: the weights of such a row stay 0."""
    counts = torch.tensor([row, [2, 0, 1], [1, 1, 1]])
    counts[unseen] = 0
    found, _ = _trained(train_neural_bigram(counts, steps=2, learning_rate=rate), counts, 2)
    for j, weight in enumerate(found[unseen]):
        if weight != 0:
            broken(f"entry [{unseen}, {j}] is {weight:.6g}, and should be 0, for row {unseen} was never seen")


@law("train_neural_bigram", st.lists(st.integers(3, 9), min_size=9, max_size=9), st.integers(2, 3), examples=5)
def it_learns_the_counts_own_table(train_neural_bigram: Function, cells: list[int], size: int) -> None:
    """After many steps, softmax of the weights is the table of shares, and the loss the lowest that there is."""
    counts = torch.tensor(cells[: size * size]).view(size, size)
    rate = 3 * counts.sum().item() / counts.sum(dim=1).max().item()
    weights, losses = _trained(train_neural_bigram(counts, steps=60, learning_rate=rate), counts, 60)
    expected = [[count / sum(row) for count in row] for row in counts.tolist()]
    for i, row in enumerate(map(shares_of_exp, weights)):
        for j, share in enumerate(row):
            if not abs(share - expected[i][j]) < 0.01:
                broken(f"softmax of the weights is {share:.4f} at [{i}, {j}], and should be near {expected[i][j]:.4f}")
    lowest = loss_in_a_loop(counts, [[math.log(share) for share in row] for row in expected])
    if not abs(losses[-1] - lowest) < 0.001:
        broken(f"the last loss is {losses[-1]:.6g}, and should be near {lowest:.6g}")


@law("train_neural_bigram", counts_and_weights(), st.sampled_from([0, 0.1]))
def counts_and_weights_are_left_alone(train_neural_bigram: Function, given: Any, penalty: float) -> None:
    """The counts and the weights that came in are left as they were."""
    counts, weights = given
    before = counts.clone(), weights.clone()
    train_neural_bigram(counts, steps=2, learning_rate=1, weight_penalty=penalty, weights=weights)
    if not torch.equal(counts, before[0]):
        broken("it changed the counts")
    if not torch.equal(weights.detach(), before[1]):
        broken("it changed the weights that it was given: work on a copy, weights.clone()")


@law("train_neural_bigram", st.lists(st.integers(1, 9), min_size=4, max_size=4, unique=True), st.integers(1, 9))
def a_rate_that_diverges_is_refused(train_neural_bigram: Function, cells: list[int], steps: int) -> None:
    """A learning rate with which the loss rises far above where it began is refused, be the loss finite or not."""
    counts = torch.tensor(cells).view(2, 2)
    refuses(lambda: train_neural_bigram(counts, steps=steps, learning_rate=1e6))


@law("train_neural_bigram", st.sampled_from([[[0, 0], [0, 0]], [[2, -1], [1, 1]], [[math.nan, 1], [1, 1]]]), examples=3)
def impossible_counts_can_not_be_learned(train_neural_bigram: Function, counts: list[Any]) -> None:
    """Counts that sum to 0, negative ones and `nan` are refused."""
    refuses(lambda: train_neural_bigram(torch.tensor(counts), steps=2, learning_rate=1))


other_settings: list[dict[str, Any]] = [
    {"steps": -1, "learning_rate": 1},
    {"steps": 2, "learning_rate": -1},
    {"steps": 2, "learning_rate": math.nan},
    {"steps": 2, "learning_rate": 1, "weight_penalty": -0.1},
]


@law("train_neural_bigram", few_counts, st.sampled_from(other_settings))
def impossible_settings_are_refused(train_neural_bigram: Function, counts: Tensor, options: dict[str, Any]) -> None:
    """A number of steps, a learning rate or a penalty that is negative or `nan` is refused."""
    refuses(lambda: train_neural_bigram(counts, **options))


@law("train_neural_bigram", st.sampled_from([[1, 3], [3, 1], [3], [2, 2]]), examples=4)
def weights_of_another_shape_are_refused(train_neural_bigram: Function, shape: list[int]) -> None:
    """Weights to begin with that don't have the shape of the counts are refused."""
    counts = torch.tensor([[1, 2, 3], [2, 1, 1], [1, 1, 2]])
    refuses(lambda: train_neural_bigram(counts, steps=2, learning_rate=1, weights=torch.zeros(shape)))


def _listed(numbers: list[float]) -> str:
    return f"[{', '.join(f'{number:.4g}' for number in numbers)}]"
