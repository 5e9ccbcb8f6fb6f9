"""What goes wrong when a network of one layer learns the table."""

import math
from collections.abc import Callable
from typing import Any

import torch

from bigramlab.mistakes.mistake import mistake


def _refuse_rows(logits: Any) -> None:
    if not logits.detach().amax(dim=-1).isfinite().all():
        raise ValueError("a row has no shares")


def _exp(logits: Any, dim: int = -1) -> Any:
    """Return exp of the logits, once the largest of each row is subtracted."""
    return (logits - logits.amax(dim=dim, keepdim=True)).exp()


# Written out, since torch's own, on a busy machine, may wait milliseconds for its threads.
def _softmax(logits: Any, dim: int = -1) -> Any:
    weights = _exp(logits, dim)
    return weights / weights.sum(dim=dim, keepdim=True)


def _log_softmax(logits: Any, dim: int = -1) -> Any:
    shifted = logits - logits.amax(dim=dim, keepdim=True)
    return shifted - shifted.exp().sum(dim=dim, keepdim=True).log()


@mistake("softmax")
def largest_not_subtracted(logits: Any) -> Any:
    """`exp` of a large logit is `inf`, and `inf / inf` is `nan`: the largest logit has to be subtracted first.

    Print `torch.tensor(100.0).exp()`: it is `inf`; then `softmax(torch.tensor([100.0, 0.0]))`.
    """
    _refuse_rows(logits)
    return logits.exp() / logits.exp().sum(dim=-1, keepdim=True)


@mistake("softmax")
def first_axis_for_the_last(logits: Any) -> Any:
    """`dim=0` runs down the columns, so it is the columns that sum to 1, and not the rows.

    Print `softmax(logits).sum(dim=0)` and `softmax(logits).sum(dim=-1)`: the second should be all ones.
    """
    _refuse_rows(logits)
    return _softmax(logits, dim=0)


@mistake("softmax")
def sums_without_keepdim(logits: Any) -> Any:
    """Without `keepdim=True` the sums lose their axis, so they are laid along the rows, not beside them.

    Print `logits.exp().sum(dim=-1).shape`, with and without `keepdim=True`: only with it is it a column.
    """
    _refuse_rows(logits)
    return _exp(logits) / _exp(logits).sum(dim=-1)


@mistake("softmax")
def log_softmax_for_softmax(logits: Any) -> Any:
    """It returns the logs of the probabilities, and should return the probabilities themselves.

    Print `softmax(torch.tensor([0.0, 0.0]))`: it is -0.69 twice, and should be 0.5 twice.
    """
    _refuse_rows(logits)
    return _log_softmax(logits, dim=-1)


@mistake("softmax")
def one_sum_for_the_whole_tensor(logits: Any) -> Any:
    """`.sum()` without a `dim` adds up all rows, so only all numbers together sum to 1.

    Print `softmax(torch.zeros(2, 2)).sum(dim=-1)`: it is 0.5 twice, and should be 1 twice.
    """
    _refuse_rows(logits)
    weights = (logits - logits.amax()).exp()
    return weights / weights.sum()


@mistake("softmax")
def second_axis_for_the_last(logits: Any) -> Any:
    """`dim=1` is the last axis of a table only: a single row has no axis 1, and a stack of tables has another after it.

    Call it with a single row, `softmax(torch.tensor([0.0, 0.0]))`, and with `torch.zeros(2, 3, 4)`.
    """
    _refuse_rows(logits)
    return _softmax(logits, dim=1)


@mistake("softmax")
def exp_forgotten(logits: Any) -> Any:
    """The logits are divided by their sum without `exp`, so negative ones become negative "probabilities".

    Print `softmax(torch.tensor([-1.0, 3.0]))`: it is -0.5 and 1.5, and should be 0.02 and 0.98.
    """
    _refuse_rows(logits)
    return logits / logits.sum(dim=-1, keepdim=True)


@mistake("softmax")
def powers_of_2_for_exp(logits: Any) -> Any:
    """`2 ** logits` stands for `exp(logits)`, so all differences are taken for smaller than they are.

    Print `softmax(torch.tensor([0.0, 1.0]))`: it is 0.33 and 0.67, and should be 0.27 and 0.73.
    """
    _refuse_rows(logits)
    return _softmax(logits * math.log(2))


@mistake("softmax")
def largest_of_the_whole_tensor_subtracted(logits: Any) -> Any:
    """The largest of all rows is subtracted from every row, so in a row far below it each `exp` is 0, and 0 / 0 `nan`.

    Print `softmax(torch.tensor([[200.0, 0.0], [0.0, 0.0]]))`: its second row is `nan`, and should be 0.5 twice.
    """
    _refuse_rows(logits)
    weights = (logits - logits.max()).exp()
    return weights / weights.sum(dim=-1, keepdim=True)


@mistake("softmax")
def exp_of_minus_the_logits(logits: Any) -> Any:
    """The sign is turned: the larger a logit, the smaller its probability.

    Print `softmax(torch.tensor([0.0, 1.0]))`: it is 0.73 and 0.27, and should be 0.27 and 0.73.
    """
    _refuse_rows(logits)
    return _softmax(-logits)


@mistake("softmax")
def softmax_twice(logits: Any) -> Any:
    """`softmax` is applied to its own result, which makes all probabilities nearly equal.

    Print `softmax(torch.tensor([0.0, 10.0]))`: it is 0.27 and 0.73, and should be 0.00005 and 0.99995.
    """
    _refuse_rows(logits)
    return _softmax(_softmax(logits))


@mistake("softmax")
def logits_clamped(logits: Any) -> Any:
    """`clamp` keeps `exp` from overflowing, but makes equal what was different: only subtracting the largest does not.

    Print `softmax(torch.tensor([100.0, 200.0]))`: it is 0.5 twice, and should be 0 and 1.
    """
    _refuse_rows(logits)
    return _softmax(logits.clamp(-80, 80))


@mistake("softmax")
def nan_to_num_for_stability(logits: Any) -> Any:
    """`nan_to_num` makes 0 of the `nan` that an overflow left, so the likeliest token gets the probability 0.

    Print `softmax(torch.tensor([100.0, 0.0]))`: it is 0 twice, and should be 1 and 0.
    """
    _refuse_rows(logits)
    return (logits.exp() / logits.exp().sum(dim=-1, keepdim=True)).nan_to_num(0.0)


@mistake("softmax")
def gradient_cut_off(logits: Any) -> Any:
    """The numbers are right, but no gradient flows: `.tolist()`, `.numpy()`, `.detach()` or `torch.tensor` cut it off.

    Give it logits with `requires_grad=True` and print the result: it should end in `grad_fn=...`.
    """
    _refuse_rows(logits)
    return _softmax(logits.detach())


@mistake("softmax")
def largest_subtracted_in_place(logits: Any) -> Any:
    """`logits -= ...` subtracts the largest from the very tensor that came in.

    Make `logits = torch.tensor([1.0, 2.0])`, call `softmax(logits)` and print `logits`: it has changed.
    """
    _refuse_rows(logits)
    logits -= logits.amax(dim=-1, keepdim=True)
    return logits.exp() / logits.exp().sum(dim=-1, keepdim=True)


@mistake("softmax")
def all_to_the_largest(logits: Any) -> Any:
    """The largest gets 1 and all others 0: that is `argmax`, the hard choice that `softmax` softens.

    Print `softmax(torch.tensor([0.0, 1.0]))`: it is 0 and 1, and should be 0.27 and 0.73.
    """
    _refuse_rows(logits)
    return torch.nn.functional.one_hot(logits.argmax(dim=-1), logits.shape[-1]).to(logits.dtype)


@mistake("softmax")
def sigmoid_of_each(logits: Any) -> Any:
    """Each logit gets its own 1 / (1 + exp(-logit)), without regard to the others, so the row does not sum to 1.

    Print `softmax(torch.tensor([0.0, 0.0, 0.0]))`: it is 0.5 three times, and should be 0.33.
    """
    _refuse_rows(logits)
    return logits.sigmoid()


@mistake("softmax")
def divided_by_the_largest_exp(logits: Any) -> Any:
    """The largest is subtracted and `exp` taken, but the division by the sum is missing.

    Print `softmax(torch.tensor([0.0, 0.0]))`: it is 1 twice, and should be 0.5 twice.
    """
    _refuse_rows(logits)
    return _exp(logits)


@mistake("softmax")
def small_number_added_to_every_exp(logits: Any) -> Any:
    """A small number added to each `exp` makes possible what has the logit -inf, and shifts all other shares.

    Print `softmax(torch.tensor([0.0, float("-inf")]))`: its second number should be exactly 0.
    """
    _refuse_rows(logits)
    weights = _exp(logits) + 1e-4
    return weights / weights.sum(dim=-1, keepdim=True)


@mistake("softmax")
def half_precision_exp(logits: Any) -> Any:
    """`.half()` keeps about 3 digits, so the probabilities are rough and don't quite sum to 1.

    Print `softmax(torch.tensor([0.0, 1.0])).sum() - 1` with more digits: it is far from 0.
    """
    _refuse_rows(logits)
    return _softmax(logits.half()).float()


@mistake("softmax")
def rows_without_shares_give_nan(logits: Any) -> Any:
    """A row with `nan` or `inf` in it, or nothing but `-inf`, is not refused and becomes a row of `nan`.

    Print `softmax(torch.tensor([float("nan"), 0.0]))`: it is `nan`, and should be refused.
    """
    return _softmax(logits, dim=-1)


def _refuse_batch(logits: Any, targets: Any) -> None:
    if targets.shape != logits.shape[:1] or not len(targets):
        raise ValueError("not one target for each row")


def _refuse_targets(logits: Any, targets: Any) -> None:
    if ((targets < 0) | (targets >= logits.shape[1])).any():
        raise ValueError("a target is no id")


def _log_probs(logits: Any, targets: Any) -> Any:
    """Return log p of each target, once all is as it should be."""
    _refuse_batch(logits, targets)
    _refuse_targets(logits, targets)
    return _log_softmax(logits, dim=1)[torch.arange(len(targets)), targets]


@mistake("cross_entropy")
def log_of_the_softmax(logits: Any, targets: Any) -> Any:
    """`softmax` rounds a tiny probability to 0, and -log 0 is `inf`: take the log of the formula, not of its result.

    Print `cross_entropy(torch.tensor([[0.0, 200.0]]), torch.tensor([0]))`: it is `inf`, and should be 200.
    """
    _log_probs(logits, targets)
    return -_softmax(logits, dim=1)[torch.arange(len(targets)), targets].log().mean()


@mistake("cross_entropy")
def exp_of_large_logits(logits: Any, targets: Any) -> Any:
    """`exp` of a large logit is `inf`, and so is the log of the sum: subtract the largest first, or use `logsumexp`.

    Print `cross_entropy(torch.tensor([[100.0, 100.0]]), torch.tensor([0]))`: it is `inf`, and should be log 2 = 0.6931.
    """
    _log_probs(logits, targets)
    return (logits.exp().sum(dim=1).log() - logits[torch.arange(len(targets)), targets]).mean()


@mistake("cross_entropy")
def minus_forgotten(logits: Any, targets: Any) -> Any:
    """The mean of log p is returned without its minus sign: training would lower the probabilities of what came.

    Print the cross-entropy of any logits: it is below 0.
    """
    return _log_probs(logits, targets).mean()


@mistake("cross_entropy")
def sum_over_the_batch(logits: Any, targets: Any) -> Any:
    """The surprises are summed and not divided by their number, so a larger batch has a larger loss.

    Give it the same batch twice over, by `torch.cat`: the loss doubles, and should stay.
    """
    return -_log_probs(logits, targets).sum()


@mistake("cross_entropy")
def every_row_with_every_target(logits: Any, targets: Any) -> Any:
    """`log_probs[:, targets]` takes every target from every row; `log_probs[torch.arange(batch), targets]` pairs them.

    Print the shape of `log_probs[:, targets]`: it is (batch, batch), and should be (batch,).
    """
    _log_probs(logits, targets)
    return -_log_softmax(logits, dim=1)[:, targets].mean()


@mistake("cross_entropy")
def mean_over_all_cells(logits: Any, targets: Any) -> Any:
    """One-hot targets times log p, and then `.mean()`: that divides by batch · vocab, not by batch.

    Print the cross-entropy of equal logits for 2 tokens: it is 0.35, and should be log 2 = 0.69.
    """
    return -_log_probs(logits, targets).sum() / logits.numel()


@mistake("cross_entropy")
def logits_taken_for_log_probabilities(logits: Any, targets: Any) -> Any:
    """The targets' logits are averaged as they are: they are no logs of probabilities until log of the sum is gone.

    Add 5 to all logits: the loss changes by 5, and should stay.
    """
    _log_probs(logits, targets)
    return -logits[torch.arange(len(targets)), targets].mean()


@mistake("cross_entropy")
def softmax_before_cross_entropy(logits: Any, targets: Any) -> Any:
    """`softmax` is applied first, and its result is then taken for logits: the loss can never come near 0.

    Print `cross_entropy(torch.tensor([[100.0, 0.0]]), torch.tensor([0]))`: it is 0.31, and should be 0.
    """
    return -_log_probs(_softmax(logits), targets).mean()


@mistake("cross_entropy")
def softmax_over_the_batch(logits: Any, targets: Any) -> Any:
    """`dim=0` makes the examples compete with each other, and should be `dim=1`: the tokens of one example compete.

    Give it one example: its loss is 0, whatever the logits are.
    """
    _log_probs(logits, targets)
    return -_log_softmax(logits, dim=0)[torch.arange(len(targets)), targets].mean()


@mistake("cross_entropy")
def log2_for_log(logits: Any, targets: Any) -> Any:
    """`log2` measures in bits: the loss is larger by a factor of 1.4427 than it is in nats, with `log`.

    Print the cross-entropy of equal logits for 2 tokens: it is 1, and should be log 2 = 0.6931.
    """
    return -_log_probs(logits, targets).mean() / math.log(2)


@mistake("cross_entropy")
def number_for_a_tensor(logits: Any, targets: Any) -> Any:
    """`.item()` makes a number of the loss, from which no gradient can flow back.

    Print `type(cross_entropy(logits, targets))`: it is `float`, and should be `torch.Tensor`.
    """
    return -_log_probs(logits, targets).mean().item()


@mistake("cross_entropy")
def one_loss_for_each_row(logits: Any, targets: Any) -> Any:
    """There is a loss for each row, and should be one for all: their mean is missing.

    Print `cross_entropy(logits, targets).shape`: it is (batch,), and should be ().
    """
    return -_log_probs(logits, targets)


@mistake("cross_entropy")
def small_number_inside_the_log(logits: Any, targets: Any) -> Any:
    """`log(p + 1e-8)` has no gradient to speak of where p is tiny, and calls a surprise of 10,000 nats one of 18.

    Print `cross_entropy(torch.tensor([[0.0, 200.0]]), torch.tensor([0]))`: it is 18.4, and should be 200.
    """
    _log_probs(logits, targets)
    return -(_softmax(logits, dim=1)[torch.arange(len(targets)), targets] + 1e-8).log().mean()


@mistake("cross_entropy")
def probabilities_clamped(logits: Any, targets: Any) -> Any:
    """`clamp(min=1e-12)` hides the infinity, and with it every surprise above 28 nats and its gradient.

    Print `cross_entropy(torch.tensor([[0.0, 200.0]]), torch.tensor([0]))`: it is 27.6, and should be 200.
    """
    _log_probs(logits, targets)
    return -_softmax(logits, dim=1)[torch.arange(len(targets)), targets].clamp(min=1e-12).log().mean()


@mistake("cross_entropy")
def log_of_the_mean(logits: Any, targets: Any) -> Any:
    """The probabilities are averaged first and the log is taken of their mean, which hides the small ones.

    Try two rows in which the targets have the probabilities 0.1 and 0.9: it is 0.69, and should be 1.20.
    """
    return -_log_probs(logits, targets).exp().mean().log()


@mistake("cross_entropy")
def probability_missed(logits: Any, targets: Any) -> Any:
    """It is the mean of 1 - p, and should be the mean of -log p, which punishes the impossible without limit.

    Print the cross-entropy of equal logits for 2 tokens: it is 0.5, and should be log 2 = 0.6931.
    """
    return (1 - _log_probs(logits, targets).exp()).mean()


@mistake("cross_entropy")
def perplexity_for_the_loss(logits: Any, targets: Any) -> Any:
    """`exp` of the loss is returned: that is the perplexity.

    Print the cross-entropy of equal logits for 2 tokens: it is 2, and should be log 2 = 0.6931.
    """
    return (-_log_probs(logits, targets).mean()).exp()


@mistake("cross_entropy")
def likeliest_token_for_the_target(logits: Any, targets: Any) -> Any:
    """-log of the *largest* probability of each row: the targets are not looked at, so any guess that is sure is right.

    Change the targets and print the loss again: it stays the same.
    """
    _log_probs(logits, targets)
    return -_log_softmax(logits, dim=1).amax(dim=1).mean()


@mistake("cross_entropy")
def targets_for_rows(logits: Any, targets: Any) -> Any:
    """`logits[targets, arange]` looks up the targets among the rows: the row is the example, the column the token.

    Give it 2 rows of 3 logits and the target 2: an `IndexError`, for there is no row 2.
    """
    _log_probs(logits, targets)
    return -_log_softmax(logits, dim=1)[targets, torch.arange(len(targets))].mean()


@mistake("cross_entropy")
def gradient_of_the_loss_cut_off(logits: Any, targets: Any) -> Any:
    """The number is right, but no gradient flows: `.detach()`, `.data`, `.tolist()` or `torch.tensor` cut it off.

    Give it logits with `requires_grad=True` and print the result: it should end in `grad_fn=...`.
    """
    return -_log_probs(logits.detach(), targets).mean()


@mistake("cross_entropy")
def logits_changed_in_place(logits: Any, targets: Any) -> Any:
    """`logits -= ...` subtracts the largest from the very tensor that came in.

    Call the function and then print `logits`: the largest of each row is 0 now.
    """
    _log_probs(logits, targets)
    logits -= logits.amax(dim=1, keepdim=True)
    return -_log_probs(logits, targets).mean()


@mistake("cross_entropy")
def negative_targets_from_the_end(logits: Any, targets: Any) -> Any:
    """A target of -1 is not refused: indexing counts it from the end, so it stands for the last token.

    Call `cross_entropy(torch.zeros(1, 3), torch.tensor([-1]))`: it returns a number, and should refuse.
    """
    _refuse_batch(logits, targets)
    return -_log_softmax(logits, dim=1)[torch.arange(len(targets)), targets].mean()


@mistake("cross_entropy")
def targets_of_minus_100_skipped(logits: Any, targets: Any) -> Any:
    """`torch.nn.functional.cross_entropy` skips targets of -100, so an example can go missing without a word.

    Call `cross_entropy(torch.zeros(2, 3), torch.tensor([0, -100]))`: it returns a number, and should refuse.
    """
    _refuse_batch(logits, targets)
    _refuse_targets(logits, targets.where(targets != -100, 0))
    return torch.nn.functional.cross_entropy(logits, targets)


@mistake("cross_entropy")
def targets_brought_into_range(logits: Any, targets: Any) -> Any:
    """`clamp` turns a target that is no id into the first or the last one, so an error before goes unseen.

    Call `cross_entropy(torch.zeros(1, 3), torch.tensor([7]))`: it returns a number, and should refuse.
    """
    _refuse_batch(logits, targets)
    return -_log_probs(logits, targets.clamp(0, logits.shape[1] - 1)).mean()


@mistake("cross_entropy")
def empty_batch_gives_nan(logits: Any, targets: Any) -> Any:
    """An empty batch is not refused: the mean of nothing is 0 / 0, which is `nan`.

    Print `cross_entropy(torch.zeros(0, 3), torch.zeros(0, dtype=torch.int64))`: it is `nan`.
    """
    _refuse_targets(logits, targets)
    if targets.shape != logits.shape[:1]:
        raise ValueError("not one target for each row")
    return -_log_softmax(logits, dim=1)[torch.arange(len(targets)), targets].mean()


@mistake("cross_entropy")
def fewer_targets_than_rows(logits: Any, targets: Any) -> Any:
    """`arange(len(targets))` pairs the targets with the first rows only, and the rows left over are not missed.

    Call `cross_entropy(torch.zeros(3, 2), torch.tensor([0, 1]))`: it returns a number, and should refuse.
    """
    _refuse_targets(logits, targets)
    if not 0 < len(targets) <= len(logits):
        raise ValueError("not one target for each row")
    return -_log_probs(logits[: len(targets)], targets).mean()


def _shares(counts: Any) -> Any:
    return counts.double() / counts.double().sum()


def _expected(weights: Any, shares: Any) -> Any:
    return shares.sum(dim=1, keepdim=True) * _softmax(weights, dim=1)


def _pull(weights: Any, penalty: Any) -> Any:
    """Return the gradient of the penalty."""
    return 2 * penalty * weights / weights.numel() if penalty else 0


def _gradient(weights: Any, shares: Any, penalty: Any) -> Any:
    return _expected(weights, shares) - shares + _pull(weights, penalty)


def _loss(weights: Any, shares: Any, penalty: Any) -> Any:
    squares = penalty * (weights**2).mean().item() if penalty else 0
    return squares - (shares * _log_softmax(weights, dim=1)).sum().item()


def _refuse_counts(counts: Any) -> None:
    if not (counts >= 0).all() or counts.sum() == 0:
        raise ValueError("a count is negative, or there are none")


def _refuse_settings(steps: Any, learning_rate: Any, weight_penalty: Any) -> None:
    if not (steps >= 0 and learning_rate > 0 and weight_penalty >= 0):
        raise ValueError("a setting is out of range")


def _start(counts: Any, weights: Any) -> Any:
    if weights is None:
        return torch.zeros(counts.shape, dtype=torch.float64)
    if weights.shape != counts.shape:
        raise ValueError("the weights have another shape")
    return weights.double()


def _refuse_divergence(loss: float, first: float) -> None:
    if not loss < first + 1:
        raise ValueError("the learning rate is too large")


def _train(
    counts: Any,
    steps: Any,
    rate: Any,
    penalty: Any,
    weights: Any,
    *,
    gradient: Callable[..., Any] = _gradient,
    loss: Callable[..., Any] = _loss,
) -> Any:
    """Train as one should, with another gradient or another loss."""
    _refuse_counts(counts)
    _refuse_settings(steps, rate, penalty)
    shares, weights = _shares(counts), _start(counts, weights)
    losses, first = [], _loss(weights, shares, penalty)
    for _ in range(steps):
        weights = weights - rate * gradient(weights, shares, penalty)
        losses.append(_loss(weights, shares, penalty))
        _refuse_divergence(losses[-1], first)
        losses[-1] = loss(weights, shares, penalty) if loss is not _loss else losses[-1]
    return weights.float(), losses


@mistake("train_neural_bigram")
def uphill(
    counts: Any, *, steps: Any = 1500, learning_rate: Any = 50, weight_penalty: Any = 0.0, weights: Any = None
) -> Any:
    """The gradient is added, and should be subtracted: it points to where the loss grows.

    Print the losses: they rise.
    """
    return _train(counts, steps, learning_rate, weight_penalty, weights, gradient=lambda *where: -_gradient(*where))


@mistake("train_neural_bigram")
def gradient_not_reset(
    counts: Any, *, steps: Any = 1500, learning_rate: Any = 50, weight_penalty: Any = 0.0, weights: Any = None
) -> Any:
    """Each gradient is added to those before: `weights.grad` has to be set to `None` before each `backward()`.

    Compare two steps with two single ones, the second begun from the weights of the first: they differ.
    """
    before = torch.zeros(counts.shape, dtype=torch.float64)

    def accumulated(*where: Any) -> Any:
        before.add_(_gradient(*where))
        return before

    return _train(counts, steps, learning_rate, weight_penalty, weights, gradient=accumulated)


@mistake("train_neural_bigram")
def gradient_taken_once(
    counts: Any, *, steps: Any = 1500, learning_rate: Any = 50, weight_penalty: Any = 0.0, weights: Any = None
) -> Any:
    """The gradient is computed before the loop and never again, so every step goes the way of the first.

    Compare two steps with two single ones, the second begun from the weights of the first: they differ.
    """
    first: list[Any] = []

    def only_once(*where: Any) -> Any:
        first.append(_gradient(*where))
        return first[0]

    return _train(counts, steps, learning_rate, weight_penalty, weights, gradient=only_once)


@mistake("train_neural_bigram")
def losses_before_the_steps(
    counts: Any, *, steps: Any = 1500, learning_rate: Any = 50, weight_penalty: Any = 0.0, weights: Any = None
) -> Any:
    """Each loss is noted before its step, so the first is that of the start, and that of the result is missing.

    Train for one step from zeros: the loss is log(vocab), and should be below.
    """
    first = _loss(_start(counts, weights), _shares(counts), weight_penalty)
    weights, losses = _train(counts, steps, learning_rate, weight_penalty, weights)
    return weights, [first, *losses][:steps]


@mistake("train_neural_bigram")
def loss_of_the_start_included(
    counts: Any, *, steps: Any = 1500, learning_rate: Any = 50, weight_penalty: Any = 0.0, weights: Any = None
) -> Any:
    """The loss of the start is noted, too, so there is one loss more than there are steps.

    Print `len(losses)` after 10 steps: it is 11.
    """
    first = _loss(_start(counts, weights), _shares(counts), weight_penalty)
    weights, losses = _train(counts, steps, learning_rate, weight_penalty, weights)
    return weights, [first, *losses]


@mistake("train_neural_bigram")
def one_step_too_few(
    counts: Any, *, steps: Any = 1500, learning_rate: Any = 50, weight_penalty: Any = 0.0, weights: Any = None
) -> Any:
    """The loop begins at 1, so it takes one step too few: `range(1, steps)` has steps - 1 numbers in it.

    Train for one step from zeros: the weights are still 0.
    """
    _refuse_settings(steps, learning_rate, weight_penalty)
    return _train(counts, max(steps - 1, 0), learning_rate, weight_penalty, weights)


@mistake("train_neural_bigram")
def rows_weigh_the_same(
    counts: Any, *, steps: Any = 1500, learning_rate: Any = 50, weight_penalty: Any = 0.0, weights: Any = None
) -> Any:
    """Every row's gradient is softmax - its shares, as if all rows came equally often: the row's share is missing.

    Double the counts of one row: the step stays the same, and should be larger in that row.
    """

    def alike(weights: Any, shares: Any, penalty: Any) -> Any:
        row_shares = shares.sum(dim=1, keepdim=True)
        return (_gradient(weights, shares, 0) / row_shares).nan_to_num(0) + _pull(weights, penalty)

    return _train(counts, steps, learning_rate, weight_penalty, weights, gradient=alike)


@mistake("train_neural_bigram")
def mean_over_the_rows(
    counts: Any, *, steps: Any = 1500, learning_rate: Any = 50, weight_penalty: Any = 0.0, weights: Any = None
) -> Any:
    """The rows' gradients are averaged as if all rows came equally often: softmax - their shares, divided by vocab.

    Double the counts of one row: the step stays the same, and should be larger in that row.
    """

    def averaged(weights: Any, shares: Any, penalty: Any) -> Any:
        row_shares = shares.sum(dim=1, keepdim=True) * len(shares)
        return (_gradient(weights, shares, 0) / row_shares).nan_to_num(0) + _pull(weights, penalty)

    return _train(counts, steps, learning_rate, weight_penalty, weights, gradient=averaged)


@mistake("train_neural_bigram")
def shares_of_all_against_shares_of_the_row(
    counts: Any, *, steps: Any = 1500, learning_rate: Any = 50, weight_penalty: Any = 0.0, weights: Any = None
) -> Any:
    """`softmax(weights)` sums to 1 in each row, `counts / counts.sum()` in the whole table: they can't be subtracted.

    Print the sums of both tables' rows: multiply the first by the row's share of all bigrams.
    """

    def unlike(weights: Any, shares: Any, penalty: Any) -> Any:
        return _softmax(weights, dim=1) - shares + _pull(weights, penalty)

    return _train(counts, steps, learning_rate, weight_penalty, weights, gradient=unlike)


@mistake("train_neural_bigram")
def gradient_of_the_sum(
    counts: Any, *, steps: Any = 1500, learning_rate: Any = 50, weight_penalty: Any = 0.0, weights: Any = None
) -> Any:
    """The gradient is that of the sum of the surprises, and not of their mean: too large by the number of bigrams.

    Double all counts: the step doubles, and should stay.
    """

    def summed(weights: Any, shares: Any, penalty: Any) -> Any:
        return _gradient(weights, shares, 0) * counts.sum() + _pull(weights, penalty)

    return _train(counts, steps, learning_rate, weight_penalty, weights, gradient=summed)


@mistake("train_neural_bigram")
def softmax_down_the_columns(
    counts: Any, *, steps: Any = 1500, learning_rate: Any = 50, weight_penalty: Any = 0.0, weights: Any = None
) -> Any:
    """`softmax` runs along axis 0, down the columns, and should run along the rows: a row is the current token.

    Print `softmax(weights).sum(dim=1)` in the loop: it should be all ones.
    """

    def downward(weights: Any, shares: Any, penalty: Any) -> Any:
        row_shares = shares.sum(dim=1, keepdim=True)
        return row_shares * _softmax(weights, dim=0) - shares + _pull(weights, penalty)

    return _train(counts, steps, learning_rate, weight_penalty, weights, gradient=downward)


@mistake("train_neural_bigram")
def softmax_over_the_whole_table(
    counts: Any, *, steps: Any = 1500, learning_rate: Any = 50, weight_penalty: Any = 0.0, weights: Any = None
) -> Any:
    """`softmax` runs over all cells at once, so it learns how common a bigram is, not what follows a token.

    Print the sum of all cells of your `softmax`: it is 1, and should be the number of rows.
    """

    def all_at_once(weights: Any, shares: Any, penalty: Any) -> Any:
        expected = _softmax(weights.flatten(), dim=0).view(weights.shape)
        return expected - shares + _pull(weights, penalty)

    return _train(counts, steps, learning_rate, weight_penalty, weights, gradient=all_at_once)


@mistake("train_neural_bigram")
def next_for_current(
    counts: Any, *, steps: Any = 1500, learning_rate: Any = 50, weight_penalty: Any = 0.0, weights: Any = None
) -> Any:
    """Rows and columns are swapped: it learns which token came before, and should learn which comes next.

    Train with `torch.tensor([[1, 9], [5, 5]])` and print `softmax(weights)[0]`: it should come near 0.1 and 0.9.
    """
    return _train(counts.T, steps, learning_rate, weight_penalty, weights)


@mistake("train_neural_bigram")
def every_bigram_once(
    counts: Any, *, steps: Any = 1500, learning_rate: Any = 50, weight_penalty: Any = 0.0, weights: Any = None
) -> Any:
    """Each bigram that occurs counts once, however often it occurs, so the rarest weighs as much as the commonest.

    Compare `torch.tensor([[1, 1], [1, 1]])` with `torch.tensor([[9, 1], [1, 1]])`: the weights are equal.
    """
    _refuse_counts(counts)
    return _train((counts > 0).double(), steps, learning_rate, weight_penalty, weights)


@mistake("train_neural_bigram")
def smoothed_unasked(
    counts: Any, *, steps: Any = 1500, learning_rate: Any = 50, weight_penalty: Any = 0.0, weights: Any = None
) -> Any:
    """1 is added to every count first: smoothing is a step of its own, and here the weight_penalty does its work.

    Train with a row of zeros: its weights should stay 0, and its share of the bigrams is none.
    """
    _refuse_counts(counts)
    return _train(counts + 1, steps, learning_rate, weight_penalty, weights)


@mistake("train_neural_bigram")
def learning_rate_unused(
    counts: Any, *, steps: Any = 1500, learning_rate: Any = 50, weight_penalty: Any = 0.0, weights: Any = None
) -> Any:
    """The gradient is subtracted as it is, whatever the learning_rate.

    Train with two learning rates: the weights are the same.
    """
    _refuse_settings(steps, learning_rate, weight_penalty)
    return _train(counts, steps, 1, weight_penalty, weights)


@mistake("train_neural_bigram")
def given_weights_unused(
    counts: Any, *, steps: Any = 1500, learning_rate: Any = 50, weight_penalty: Any = 0.0, weights: Any = None
) -> Any:
    """It begins with zeros even if weights are given, so a run can't be continued.

    Train for one step twice, the second time from the weights of the first: the losses are the same.
    """
    if weights is not None:
        _start(counts, weights)
    return _train(counts, steps, learning_rate, weight_penalty, None)


@mistake("train_neural_bigram")
def given_weights_changed(
    counts: Any, *, steps: Any = 1500, learning_rate: Any = 50, weight_penalty: Any = 0.0, weights: Any = None
) -> Any:
    """`weights -= ...` writes into the very tensor that was given, so its owner loses the old weights.

    Give it weights, and print them afterwards: they have changed.
    """
    learned, losses = _train(counts, steps, learning_rate, weight_penalty, weights)
    if weights is not None:
        weights.copy_(learned)
    return learned, losses


@mistake("train_neural_bigram")
def random_start(
    counts: Any, *, steps: Any = 1500, learning_rate: Any = 50, weight_penalty: Any = 0.0, weights: Any = None
) -> Any:
    """It begins with random weights, so no two runs are alike, and rows that were never seen keep the noise.

    Train twice with the same arguments: the weights differ.
    """
    return _train(
        counts, steps, learning_rate, weight_penalty, torch.randn(counts.shape) if weights is None else weights
    )


@mistake("train_neural_bigram")
def penalty_not_in_the_gradient(
    counts: Any, *, steps: Any = 1500, learning_rate: Any = 50, weight_penalty: Any = 0.0, weights: Any = None
) -> Any:
    """The penalty is added to the loss that is noted, but not to the gradient, so it changes nothing that is learned.

    Train with two penalties: the weights are the same.
    """
    return _train(
        counts,
        *(steps, learning_rate, weight_penalty, weights),
        gradient=lambda weights, shares, _: _gradient(weights, shares, 0),
    )


@mistake("train_neural_bigram")
def penalty_not_in_the_loss(
    counts: Any, *, steps: Any = 1500, learning_rate: Any = 50, weight_penalty: Any = 0.0, weights: Any = None
) -> Any:
    """The penalty is part of the gradient but not of the loss that is noted, which is then not what training lowers.

    Train for one step from large weights, with and without the penalty: the loss with it should be the larger.
    """
    return _train(
        counts,
        *(steps, learning_rate, weight_penalty, weights),
        loss=lambda weights, shares, _: _loss(weights, shares, 0),
    )


@mistake("train_neural_bigram")
def penalty_on_the_sum(
    counts: Any, *, steps: Any = 1500, learning_rate: Any = 50, weight_penalty: Any = 0.0, weights: Any = None
) -> Any:
    """The penalty is on the sum of the squared weights, and should be on their mean: it is too strong by vocab².

    Compare your penalty with `weight_penalty * (weights**2).mean()`.
    """
    return _train(counts, steps, learning_rate, weight_penalty * counts.numel(), weights)


@mistake("train_neural_bigram")
def penalty_without_its_2(
    counts: Any, *, steps: Any = 1500, learning_rate: Any = 50, weight_penalty: Any = 0.0, weights: Any = None
) -> Any:
    """The gradient of w² is 2w, and the 2 is missing.

    Let autograd compute the gradient of `(weights**2).mean()`, and compare.
    """
    return _train(
        counts,
        *(steps, learning_rate, weight_penalty, weights),
        gradient=lambda weights, shares, penalty: _gradient(weights, shares, penalty / 2),
    )


@mistake("train_neural_bigram")
def penalty_pushes_away_from_0(
    counts: Any, *, steps: Any = 1500, learning_rate: Any = 50, weight_penalty: Any = 0.0, weights: Any = None
) -> Any:
    """The penalty's gradient has the wrong sign, so it makes the weights larger.

    Train with and without a penalty: with it, `(weights**2).mean()` should be the smaller.
    """
    return _train(
        counts,
        *(steps, learning_rate, weight_penalty, weights),
        gradient=lambda weights, shares, penalty: _gradient(weights, shares, -penalty),
    )


@mistake("train_neural_bigram")
def losses_in_bits(
    counts: Any, *, steps: Any = 1500, learning_rate: Any = 50, weight_penalty: Any = 0.0, weights: Any = None
) -> Any:
    """The losses are measured in bits, with `log2`, and should be in nats, with `log`.

    Train with equal counts for 2 tokens: the loss is 1, and should be log 2 = 0.6931.
    """
    return _train(
        counts,
        *(steps, learning_rate, weight_penalty, weights),
        loss=lambda *where: _loss(*where) / math.log(2),
    )


@mistake("train_neural_bigram")
def losses_of_the_sum(
    counts: Any, *, steps: Any = 1500, learning_rate: Any = 50, weight_penalty: Any = 0.0, weights: Any = None
) -> Any:
    """The losses are sums over all bigrams, and should be means.

    Double all counts: the losses double, and should stay.
    """
    return _train(
        counts,
        *(steps, learning_rate, weight_penalty, weights),
        loss=lambda *where: _loss(*where) * counts.sum().item(),
    )


@mistake("train_neural_bigram")
def last_loss_only(
    counts: Any, *, steps: Any = 1500, learning_rate: Any = 50, weight_penalty: Any = 0.0, weights: Any = None
) -> Any:
    """Only the last loss is returned, so nobody can see how training went.

    Print the second result: it is a number, and should be a list with one for each step.
    """
    learned, losses = _train(counts, steps, learning_rate, weight_penalty, weights)
    return learned, losses[-1]


@mistake("train_neural_bigram")
def losses_left_out(
    counts: Any, *, steps: Any = 1500, learning_rate: Any = 50, weight_penalty: Any = 0.0, weights: Any = None
) -> Any:
    """The weights are returned without the losses: `return weights, losses` returns both.

    Say `weights, losses = train_neural_bigram(counts)`: it fails, or takes the rows apart.
    """
    return _train(counts, steps, learning_rate, weight_penalty, weights)[0]


@mistake("train_neural_bigram")
def probabilities_for_weights(
    counts: Any, *, steps: Any = 1500, learning_rate: Any = 50, weight_penalty: Any = 0.0, weights: Any = None
) -> Any:
    """`softmax(weights)` is returned, and should be the weights, from which a run can be continued.

    Print the result for `steps=0`: it should be zeros.
    """
    learned, losses = _train(counts, steps, learning_rate, weight_penalty, weights)
    return _softmax(learned, dim=1), losses


@mistake("train_neural_bigram")
def unseen_rows_become_nan(
    counts: Any, *, steps: Any = 1500, learning_rate: Any = 50, weight_penalty: Any = 0.0, weights: Any = None
) -> Any:
    """The counts are divided by their row sums, and 0 / 0 is `nan`, which no weight of 0 makes good: 0 · nan is `nan`.

    Train with a row of zeros, and print its weights: they are `nan`, and should stay 0.
    """

    def by_row_sums(weights: Any, shares: Any, penalty: Any) -> Any:
        row_shares = shares.sum(dim=1, keepdim=True)
        return row_shares * (_softmax(weights, dim=1) - shares / row_shares) + _pull(weights, penalty)

    _refuse_counts(counts)
    _refuse_settings(steps, learning_rate, weight_penalty)
    shares, weights, losses = _shares(counts), _start(counts, weights), []
    for _ in range(steps):
        weights = weights - learning_rate * by_row_sums(weights, shares, weight_penalty)
        losses.append(_loss(weights, shares, weight_penalty))
        if losses[-1] > 100:
            raise ValueError("the learning rate is too large")
    return weights.float(), losses


@mistake("train_neural_bigram")
def divergence_not_noticed(
    counts: Any, *, steps: Any = 1500, learning_rate: Any = 50, weight_penalty: Any = 0.0, weights: Any = None
) -> Any:
    """Nothing is said when the loss rises and rises, or only when it is `nan`, and it may grow for long before that.

    Train with `learning_rate=1e6`: it returns weights in the hundred thousands, and should refuse.
    """
    _refuse_counts(counts)
    _refuse_settings(steps, learning_rate, weight_penalty)
    shares, weights, losses = _shares(counts), _start(counts, weights), []
    for _ in range(steps):
        weights = weights - learning_rate * _gradient(weights, shares, weight_penalty)
        losses.append(_loss(weights, shares, weight_penalty))
    return weights.float(), losses


@mistake("train_neural_bigram")
def divergence_hidden_by_clipping(
    counts: Any, *, steps: Any = 1500, learning_rate: Any = 50, weight_penalty: Any = 0.0, weights: Any = None
) -> Any:
    """The weights are kept within -10 and 10, so a learning rate that is far too large shows as a poor model only.

    Train with `learning_rate=1e6`: it returns weights of -10 and 10, and should refuse.
    """
    _refuse_counts(counts)
    _refuse_settings(steps, learning_rate, weight_penalty)
    shares, weights, losses = _shares(counts), _start(counts, weights), []
    for _ in range(steps):
        weights = (weights - learning_rate * _gradient(weights, shares, weight_penalty)).clamp(-10, 10)
        losses.append(_loss(weights, shares, weight_penalty))
    return weights.float(), losses


@mistake("train_neural_bigram")
def any_counts_accepted(
    counts: Any, *, steps: Any = 1500, learning_rate: Any = 50, weight_penalty: Any = 0.0, weights: Any = None
) -> Any:
    """Negative counts are learned like others, and without counts the weights just stay: neither is refused.

    Train with `torch.tensor([[2, -1], [1, 1]])`: it returns weights, and should refuse.
    """
    _refuse_settings(steps, learning_rate, weight_penalty)
    shares = (counts.double() / counts.double().sum()).nan_to_num(0)
    weights, losses = _start(counts, weights), []
    first = _loss(weights, shares, weight_penalty)
    for _ in range(steps):
        weights = weights - learning_rate * _gradient(weights, shares, weight_penalty)
        losses.append(_loss(weights, shares, weight_penalty))
        _refuse_divergence(losses[-1], first)
    return weights.float(), losses


@mistake("train_neural_bigram")
def any_settings_accepted(
    counts: Any, *, steps: Any = 1500, learning_rate: Any = 50, weight_penalty: Any = 0.0, weights: Any = None
) -> Any:
    """A negative number of steps, a negative learning rate or penalty is not refused, though it makes no sense.

    Train with `steps=-1`: it returns zeros, and should refuse.
    """
    _refuse_counts(counts)
    shares, weights, losses = _shares(counts), _start(counts, weights), []
    first = _loss(weights, shares, weight_penalty)
    for _ in range(steps):
        weights = weights - learning_rate * _gradient(weights, shares, weight_penalty)
        losses.append(_loss(weights, shares, weight_penalty))
        _refuse_divergence(losses[-1], first)
    return weights.float(), losses


@mistake("train_neural_bigram")
def given_weights_stretched(
    counts: Any, *, steps: Any = 1500, learning_rate: Any = 50, weight_penalty: Any = 0.0, weights: Any = None
) -> Any:
    """Weights of another shape are not refused: torch repeats a single row for all, and nobody notices.

    Train 3 by 3 counts with `weights=torch.zeros(1, 3)`: it returns weights, and should refuse.
    """
    return _train(
        counts, steps, learning_rate, weight_penalty, None if weights is None else weights.expand(counts.shape)
    )
