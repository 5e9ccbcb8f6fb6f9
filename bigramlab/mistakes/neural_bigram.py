"""What goes wrong when a network of one layer learns the table."""

import math
from typing import Any

import torch

from bigramlab import plain
from bigramlab.lessons.neural_bigram import cross_entropy, softmax, train_neural_bigram
from bigramlab.mistakes.mistake import mistake


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


@mistake("softmax", careless=True)
def largest_not_subtracted(logits: Any) -> Any:
    """`exp` of a large logit is `inf`, and `inf / inf` is `nan`: the largest logit has to be subtracted first.

    Print `torch.tensor(100.0).exp()`: it is `inf`; then `softmax(torch.tensor([100.0, 0.0]))`.
    """
    softmax(logits)  # refuses what ours refuses
    return logits.exp() / logits.exp().sum(dim=-1, keepdim=True)


@mistake("softmax")
def first_axis_for_the_last(logits: Any) -> Any:
    """`dim=0` runs down the columns, so it is the columns that sum to 1, and not the rows.

    Print `softmax(logits).sum(dim=0)` and `softmax(logits).sum(dim=-1)`: the second should be all ones.
    """
    return _softmax(logits, dim=0)


@mistake("softmax")
def sums_without_keepdim(logits: Any) -> Any:
    """Without `keepdim=True` the sums lose their axis, so they are laid along the rows, not beside them.

    Print `logits.exp().sum(dim=-1).shape`, with and without `keepdim=True`: only with it is it a column.
    """
    return _exp(logits) / _exp(logits).sum(dim=-1)


@mistake("softmax")
def log_softmax_for_softmax(logits: Any) -> Any:
    """It returns the logs of the probabilities, and should return the probabilities themselves.

    Print `softmax(torch.tensor([0.0, 0.0]))`: it is -0.69 twice, and should be 0.5 twice.
    """
    return _log_softmax(logits, dim=-1)


@mistake("softmax")
def one_sum_for_the_whole_tensor(logits: Any) -> Any:
    """`.sum()` without a `dim` adds up all rows, so only all numbers together sum to 1.

    Print `softmax(torch.zeros(2, 2)).sum(dim=-1)`: it is 0.5 twice, and should be 1 twice.
    """
    weights = (logits - logits.amax()).exp()
    return weights / weights.sum()


@mistake("softmax", careless=True)
def second_axis_for_the_last(logits: Any) -> Any:
    """`dim=1` is the last axis of a table only: a single row has no axis 1, and a stack of tables has another after it.

    Call it with a single row, `softmax(torch.tensor([0.0, 0.0]))`, and with `torch.zeros(2, 3, 4)`.
    """
    softmax(logits)  # refuses what ours refuses
    return _softmax(logits, dim=1)


@mistake("softmax")
def exp_forgotten(logits: Any) -> Any:
    """The logits are divided by their sum without `exp`, so negative ones become negative "probabilities".

    Print `softmax(torch.tensor([-1.0, 3.0]))`: it is -0.5 and 1.5, and should be 0.02 and 0.98.
    """
    return logits / logits.sum(dim=-1, keepdim=True)


@mistake("softmax")
def powers_of_2_for_exp(logits: Any) -> Any:
    """`2 ** logits` stands for `exp(logits)`, so all differences are taken for smaller than they are.

    Print `softmax(torch.tensor([0.0, 1.0]))`: it is 0.33 and 0.67, and should be 0.27 and 0.73.
    """
    return _softmax(logits * math.log(2))


@mistake("softmax", careless=True)
def largest_of_the_whole_tensor_subtracted(logits: Any) -> Any:
    """The largest of all rows is subtracted from every row, so in a row far below it each `exp` is 0, and 0 / 0 `nan`.

    Print `softmax(torch.tensor([[200.0, 0.0], [0.0, 0.0]]))`: its second row is `nan`, and should be 0.5 twice.
    """
    softmax(logits)  # refuses what ours refuses
    weights = (logits - logits.max()).exp()
    return weights / weights.sum(dim=-1, keepdim=True)


@mistake("softmax")
def exp_of_minus_the_logits(logits: Any) -> Any:
    """The sign is turned: the larger a logit, the smaller its probability.

    Print `softmax(torch.tensor([0.0, 1.0]))`: it is 0.73 and 0.27, and should be 0.27 and 0.73.
    """
    return _softmax(-logits)


@mistake("softmax")
def softmax_twice(logits: Any) -> Any:
    """`softmax` is applied to its own result, which makes all probabilities nearly equal.

    Print `softmax(torch.tensor([0.0, 10.0]))`: it is 0.27 and 0.73, and should be 0.00005 and 0.99995.
    """
    return _softmax(_softmax(logits))


@mistake("softmax", careless=True)
def logits_clamped(logits: Any) -> Any:
    """`clamp` keeps `exp` from overflowing, but makes equal what was different: only subtracting the largest does not.

    Print `softmax(torch.tensor([100.0, 200.0]))`: it is 0.5 twice, and should be 0 and 1.
    """
    softmax(logits)  # refuses what ours refuses
    return _softmax(logits.clamp(-80, 80))


@mistake("softmax", careless=True)
def nan_to_num_for_stability(logits: Any) -> Any:
    """`nan_to_num` makes 0 of the `nan` that an overflow left, so the likeliest token gets the probability 0.

    Print `softmax(torch.tensor([100.0, 0.0]))`: it is 0 twice, and should be 1 and 0.
    """
    softmax(logits)  # refuses what ours refuses
    return (logits.exp() / logits.exp().sum(dim=-1, keepdim=True)).nan_to_num(0.0)


@mistake("softmax")
def gradient_cut_off(logits: Any) -> Any:
    """The numbers are right, but no gradient flows: `.tolist()`, `.numpy()`, `.detach()` or `torch.tensor` cut it off.

    Give it logits with `requires_grad=True` and print the result: it should end in `grad_fn=...`.
    """
    return _softmax(logits.detach())


@mistake("softmax")
def largest_subtracted_in_place(logits: Any) -> Any:
    """`logits -= ...` subtracts the largest from the very tensor that came in.

    Make `logits = torch.tensor([1.0, 2.0])`, call `softmax(logits)` and print `logits`: it has changed.
    """
    logits -= logits.amax(dim=-1, keepdim=True)
    return logits.exp() / logits.exp().sum(dim=-1, keepdim=True)


@mistake("softmax")
def all_to_the_largest(logits: Any) -> Any:
    """The largest gets 1 and all others 0: that is `argmax`, the hard choice that `softmax` softens.

    Print `softmax(torch.tensor([0.0, 1.0]))`: it is 0 and 1, and should be 0.27 and 0.73.
    """
    return torch.nn.functional.one_hot(logits.argmax(dim=-1), logits.shape[-1]).to(logits.dtype)


@mistake("softmax")
def sigmoid_of_each(logits: Any) -> Any:
    """Each logit gets its own 1 / (1 + exp(-logit)), without regard to the others, so the row does not sum to 1.

    Print `softmax(torch.tensor([0.0, 0.0, 0.0]))`: it is 0.5 three times, and should be 0.33.
    """
    return logits.sigmoid()


@mistake("softmax")
def divided_by_the_largest_exp(logits: Any) -> Any:
    """The largest is subtracted and `exp` taken, but the division by the sum is missing.

    Print `softmax(torch.tensor([0.0, 0.0]))`: it is 1 twice, and should be 0.5 twice.
    """
    return _exp(logits)


@mistake("softmax")
def small_number_added_to_every_exp(logits: Any) -> Any:
    """A small number added to each `exp` makes possible what has the logit -inf, and shifts all other shares.

    Print `softmax(torch.tensor([0.0, float("-inf")]))`: its second number should be exactly 0.
    """
    weights = _exp(logits) + 1e-4
    return weights / weights.sum(dim=-1, keepdim=True)


@mistake("softmax")
def half_precision_exp(logits: Any) -> Any:
    """`.half()` keeps about 3 digits, so the probabilities are rough and don't quite sum to 1.

    Print `softmax(torch.tensor([0.0, 1.0])).sum() - 1` with more digits: it is far from 0.
    """
    return _softmax(logits.half()).float()


@mistake("softmax", careless=True)
def rows_without_shares_give_nan(logits: Any) -> Any:
    """A row with `nan` or `inf` in it, or nothing but `-inf`, is not refused and becomes a row of `nan`.

    Print `softmax(torch.tensor([float("nan"), 0.0]))`: it is `nan`, and should be refused.
    """
    return _softmax(logits)


def _log_probs(logits: Any, targets: Any) -> Any:
    """Return log p of each target."""
    return _log_softmax(logits, dim=1)[torch.arange(len(targets)), targets]


@mistake("cross_entropy", careless=True)
def log_of_the_softmax(logits: Any, targets: Any) -> Any:
    """`softmax` rounds a tiny probability to 0, and -log 0 is `inf`: take the log of the formula, not of its result.

    Print `cross_entropy(torch.tensor([[0.0, 200.0]]), torch.tensor([0]))`: it is `inf`, and should be 200.
    """
    cross_entropy(logits, targets)  # refuses what ours refuses
    return -_softmax(logits, dim=1)[torch.arange(len(targets)), targets].log().mean()


@mistake("cross_entropy", careless=True)
def exp_of_large_logits(logits: Any, targets: Any) -> Any:
    """`exp` of a large logit is `inf`, and so is the log of the sum: subtract the largest first, or use `logsumexp`.

    Print `cross_entropy(torch.tensor([[100.0, 100.0]]), torch.tensor([0]))`: it is `inf`, and should be log 2 = 0.6931.
    """
    cross_entropy(logits, targets)  # refuses what ours refuses
    return (logits.exp().sum(dim=1).log() - logits[torch.arange(len(targets)), targets]).mean()


@mistake("cross_entropy", careless=True)
def zero_times_infinity(logits: Any, targets: Any) -> Any:
    """Each log p is multiplied by 1 or 0, and 0 times the -inf of an impossible token is `nan`: pick, with an index.

    Print `cross_entropy(torch.tensor([[0.0, -math.inf]]), torch.tensor([0]))`: it is `nan`, and should be 0.
    """
    cross_entropy(logits, targets)  # refuses what ours refuses
    hot = torch.nn.functional.one_hot(targets.long(), logits.shape[1])
    return -(hot * _log_softmax(logits, dim=1)).sum(dim=1).mean()


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
    return -_log_softmax(logits, dim=0)[torch.arange(len(targets)), targets].mean()


@mistake("cross_entropy")
def log2_for_log(logits: Any, targets: Any) -> Any:
    """`log2` measures in bits: the loss is larger by a factor of 1.4427 than it is in nats, with `log`.

    Print the cross-entropy of equal logits for 2 tokens: it is 1, and should be log 2 = 0.6931.
    """
    return -_log_probs(logits, targets).mean() / math.log(2)


@mistake("cross_entropy")
def number_for_a_tensor(logits: Any, targets: Any) -> Any:
    """A plain number comes back, as `.item()`, `float` or NumPy makes it, and no gradient can flow back from one.

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
    return -(_softmax(logits, dim=1)[torch.arange(len(targets)), targets] + 1e-8).log().mean()


@mistake("cross_entropy")
def probabilities_clamped(logits: Any, targets: Any) -> Any:
    """`clamp(min=1e-12)` hides the infinity, and with it every surprise above 28 nats and its gradient.

    Print `cross_entropy(torch.tensor([[0.0, 200.0]]), torch.tensor([0]))`: it is 27.6, and should be 200.
    """
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
    return -_log_softmax(logits, dim=1).amax(dim=1).mean()


@mistake("cross_entropy")
def targets_for_rows(logits: Any, targets: Any) -> Any:
    """`logits[targets, arange]` looks up the targets among the rows: the row is the example, the column the token.

    Give it 2 rows of 3 logits and the target 2: an `IndexError`, for there is no row 2.
    """
    return -_log_softmax(logits, dim=1)[targets, torch.arange(len(targets))].mean()


@mistake("cross_entropy")
def targets_shifted_once_more(logits: Any, targets: Any) -> Any:
    """`logits[:-1]` meets `targets[1:]`, as where the targets are the tokens themselves: here each row has its own.

    Give it rows of 0 0 and 0 9 with the targets 0 and 1: it is log 2, and should be about half of that.
    """
    return -_log_probs(logits[:-1], targets[1:]).mean()


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
    logits -= logits.amax(dim=1, keepdim=True)
    return -_log_probs(logits, targets).mean()


@mistake("cross_entropy", careless=True)
def negative_targets_from_the_end(logits: Any, targets: Any) -> Any:
    """A target of -1 is not refused: indexing counts it from the end, so it stands for the last token.

    Call `cross_entropy(torch.zeros(1, 3), torch.tensor([-1]))`: it returns a number, and should refuse.
    """
    return cross_entropy(logits, targets.where(targets >= 0, targets + logits.shape[1]))


@mistake("cross_entropy", careless=True)
def targets_of_minus_100_skipped(logits: Any, targets: Any) -> Any:
    """Targets of -100 are skipped, as torch's own `cross_entropy` does, so an example can go missing without a word.

    Call `cross_entropy(torch.zeros(2, 3), torch.tensor([0, -100]))`: it returns a number, and should refuse.
    """
    cross_entropy(logits, targets.where(targets != -100, 0))  # refuses what else ours refuses
    return torch.nn.functional.cross_entropy(logits, targets)


@mistake("cross_entropy", careless=True)
def targets_brought_into_range(logits: Any, targets: Any) -> Any:
    """A target that is no id becomes the first or the last one, as by `clamp`, so an error before goes unseen.

    Call `cross_entropy(torch.zeros(1, 3), torch.tensor([7]))`: it returns a number, and should refuse.
    """
    return cross_entropy(logits, targets.clamp(0, logits.shape[1] - 1))


@mistake("cross_entropy", careless=True)
def empty_batch_gives_nan(logits: Any, targets: Any) -> Any:
    """An empty batch is not refused: the mean of nothing is 0 / 0, which is `nan`.

    Print `cross_entropy(torch.zeros(0, 3), torch.zeros(0, dtype=torch.int64))`: it is `nan`.
    """
    return cross_entropy(logits, targets) if len(logits) or len(targets) else logits.mean()


@mistake("cross_entropy", careless=True)
def fewer_targets_than_rows(logits: Any, targets: Any) -> Any:
    """Fewer targets than rows are accepted: they go with the first rows, and the rows left over are not missed.

    Call `cross_entropy(torch.zeros(3, 2), torch.tensor([0, 1]))`: it returns a number, and should refuse.
    """
    return cross_entropy(logits[: len(targets)], targets)


def training(vary: Any) -> Any:
    """Make `train_neural_bigram` of a variation: it gets `train`, which does as one should but for what it is told.

    It gets the arguments by name, too, tables being lists.
    """

    def train_neural_bigram(
        counts: Any, *, steps: Any = 1500, learning_rate: Any = 50, weight_penalty: Any = 0.0, weights: Any = None
    ) -> Any:
        start = torch.zeros(counts.shape) if weights is None else weights
        given = {"counts": counts.tolist(), "weights": start.tolist(), "steps": steps}
        given |= {"rate": learning_rate, "penalty": weight_penalty}

        def train(**changed: Any) -> Any:
            learned, losses = plain.train_neural_bigram(**{**given, **changed})
            return torch.tensor(learned), losses

        return vary(train, **given)

    return train_neural_bigram


def _slopes(expected_minus_counted: Any) -> Any:
    """Let a gradient be written with tensors: of the weights, of each cell's share of all bigrams, of each row's."""

    def gradient(counts: Any, weights: Any, penalty: Any) -> Any:
        shares = torch.tensor(counts, dtype=torch.float64)
        shares /= shares.sum()
        weights = torch.tensor(weights, dtype=torch.float64)
        slopes = expected_minus_counted(weights, shares, shares.sum(dim=1, keepdim=True))
        return (slopes + 2 * penalty * weights / weights.numel()).tolist()

    return gradient


def _down(weights: Any, shares: Any, rows: Any) -> Any:
    return rows * _softmax(weights) - shares


@mistake("train_neural_bigram", given=training)
def uphill(train: Any, rate: Any, **_: Any) -> Any:
    """The gradient is added, and should be subtracted: it points to where the loss grows.

    Print the losses: they rise.
    """
    return train(rate=-rate)


@mistake("train_neural_bigram", given=training)
def gradient_not_reset(train: Any, counts: Any, **_: Any) -> Any:
    """Each gradient is added to those before: `weights.grad` has to be set to `None` before each `backward()`.

    Compare two steps with two single ones, the second begun from the weights of the first: they differ.
    """
    before = torch.zeros(len(counts), len(counts), dtype=torch.float64)

    def accumulated(*where: Any) -> Any:
        return before.add_(torch.tensor(plain.bigram_gradient(*where))).tolist()

    return train(gradient=accumulated)


@mistake("train_neural_bigram", given=training)
def gradient_taken_once(train: Any, counts: Any, weights: Any, penalty: Any, **_: Any) -> Any:
    """The gradient is computed before the loop and never again, so every step goes the way of the first.

    Compare two steps with two single ones, the second begun from the weights of the first: they differ.
    """
    first = plain.bigram_gradient(counts, weights, penalty)
    return train(gradient=lambda *_: first)


@mistake("train_neural_bigram", given=training)
def losses_before_the_steps(train: Any, counts: Any, weights: Any, penalty: Any, steps: Any, **_: Any) -> Any:
    """Each loss is noted before its step, so the first is that of the start, and that of the result is missing.

    Train for one step from zeros: the loss is log(vocab), and should be below.
    """
    learned, losses = train()
    return learned, [plain.bigram_loss(counts, weights, penalty), *losses][:steps]


@mistake("train_neural_bigram", given=training)
def loss_of_the_start_included(train: Any, counts: Any, weights: Any, penalty: Any, **_: Any) -> Any:
    """The loss of the start is noted, too, so there is one loss more than there are steps.

    Print `len(losses)` after 10 steps: it is 11.
    """
    learned, losses = train()
    return learned, [plain.bigram_loss(counts, weights, penalty), *losses]


@mistake("train_neural_bigram", given=training)
def one_step_too_few(train: Any, steps: Any, **_: Any) -> Any:
    """The loop begins at 1, so it takes one step too few: `range(1, steps)` has steps - 1 numbers in it.

    Train for one step from zeros: the weights are still 0.
    """
    return train(steps=steps - 1)


@mistake("train_neural_bigram", given=training)
def rows_weigh_the_same(train: Any, **_: Any) -> Any:
    """Every row's gradient is softmax - its shares, as if all rows came equally often: the row's share is missing.

    Double the counts of one row: the step stays the same, and should be larger in that row.
    """
    return train(gradient=_slopes(lambda weights, shares, rows: (_down(weights, shares, rows) / rows).nan_to_num(0)))


@mistake("train_neural_bigram", given=training)
def mean_over_the_rows(train: Any, **_: Any) -> Any:
    """The rows' gradients are averaged as if all rows came equally often: softmax - their shares, divided by vocab.

    Double the counts of one row: the step stays the same, and should be larger in that row.
    """
    return train(
        gradient=_slopes(lambda weights, shares, rows: (_down(weights, shares, rows) / rows).nan_to_num(0) / len(rows))
    )


@mistake("train_neural_bigram", given=training)
def shares_of_all_against_shares_of_the_row(train: Any, **_: Any) -> Any:
    """`softmax(weights)` sums to 1 in each row, `counts / counts.sum()` in the whole table: they can't be subtracted.

    Print the sums of both tables' rows: multiply the first by the row's share of all bigrams.
    """
    return train(gradient=_slopes(lambda weights, shares, rows: _softmax(weights) - shares))


@mistake("train_neural_bigram", given=training)
def gradient_of_the_sum(train: Any, counts: Any, **_: Any) -> Any:
    """The gradient is that of the sum of the surprises, and not of their mean: too large by the number of bigrams.

    Double all counts: the step doubles, and should stay.
    """
    total = sum(map(sum, counts))
    return train(gradient=_slopes(lambda *where: total * _down(*where)))


@mistake("train_neural_bigram", given=training)
def softmax_down_the_columns(train: Any, **_: Any) -> Any:
    """`softmax` runs along axis 0, down the columns, and should run along the rows: a row is the current token.

    Print `softmax(weights).sum(dim=1)` in the loop: it should be all ones.
    """
    return train(gradient=_slopes(lambda weights, shares, rows: rows * _softmax(weights, dim=0) - shares))


@mistake("train_neural_bigram", given=training)
def softmax_over_the_whole_table(train: Any, **_: Any) -> Any:
    """`softmax` runs over all cells at once, so it learns how common a bigram is, not what follows a token.

    Print the sum of all cells of your `softmax`: it is 1, and should be the number of rows.
    """
    return train(
        gradient=_slopes(lambda weights, shares, rows: _softmax(weights.flatten()).view(weights.shape) - shares)
    )


@mistake("train_neural_bigram", given=training)
def next_for_current(train: Any, counts: Any, **_: Any) -> Any:
    """Rows and columns are swapped: it learns which token came before, and should learn which comes next.

    Train with `torch.tensor([[1, 9], [5, 5]])` and print `softmax(weights)[0]`: it should come near 0.1 and 0.9.
    """
    return train(counts=list(zip(*counts, strict=True)))


@mistake("train_neural_bigram", given=training)
def every_bigram_once(train: Any, counts: Any, **_: Any) -> Any:
    """Each bigram that occurs counts once, however often it occurs, so the rarest weighs as much as the commonest.

    Compare `torch.tensor([[1, 1], [1, 1]])` with `torch.tensor([[9, 1], [1, 1]])`: the weights are equal.
    """
    return train(counts=[[int(count > 0) for count in row] for row in counts])


@mistake("train_neural_bigram", given=training)
def smoothed_unasked(train: Any, counts: Any, **_: Any) -> Any:
    """1 is added to every count first: smoothing is a step of its own, and here the weight_penalty does its work.

    Train with a row of zeros: its weights should stay 0, and its share of the bigrams is none.
    """
    return train(counts=plain.smooth(counts, 1))


@mistake("train_neural_bigram", given=training)
def learning_rate_unused(train: Any, **_: Any) -> Any:
    """The gradient is subtracted as it is, whatever the learning_rate.

    Train with two learning rates: the weights are the same.
    """
    return train(rate=1)


@mistake("train_neural_bigram", given=training)
def given_weights_unused(train: Any, **_: Any) -> Any:
    """It begins with zeros even if weights are given, so a run can't be continued.

    Train for one step twice, the second time from the weights of the first: the losses are the same.
    """
    return train(weights=None)


@mistake("train_neural_bigram")
def given_weights_changed(counts: Any, *, weights: Any = None, **options: Any) -> Any:
    """`weights -= ...` writes into the very tensor that was given, so its owner loses the old weights.

    Give it weights, and print them afterwards: they have changed.
    """
    learned, losses = train_neural_bigram(counts, weights=weights, **options)
    if weights is not None:
        weights.copy_(learned)
    return learned, losses


@mistake("train_neural_bigram")
def random_start(counts: Any, *, weights: Any = None, **options: Any) -> Any:
    """It begins with random weights, so no two runs are alike, and rows that were never seen keep the noise.

    Train twice with the same arguments: the weights differ.
    """
    return train_neural_bigram(counts, weights=torch.randn(counts.shape) if weights is None else weights, **options)


@mistake("train_neural_bigram", given=training)
def penalty_not_in_the_gradient(train: Any, penalty: Any, **_: Any) -> Any:
    """The penalty is added to the loss that is noted, but not to the gradient, so it changes nothing that is learned.

    Train with two penalties: the weights are the same.
    """
    return train(penalty=0, loss=lambda counts, weights, _: plain.bigram_loss(counts, weights, penalty))


@mistake("train_neural_bigram", given=training)
def penalty_not_in_the_loss(train: Any, **_: Any) -> Any:
    """The penalty is part of the gradient but not of the loss that is noted, which is then not what training lowers.

    Train for one step from large weights, with and without the penalty: the loss with it should be the larger.
    """
    return train(loss=lambda counts, weights, _: plain.bigram_loss(counts, weights))


@mistake("train_neural_bigram", given=training)
def penalty_on_the_sum(train: Any, counts: Any, penalty: Any, **_: Any) -> Any:
    """The penalty is on the sum of the squared weights, and should be on their mean: it is too strong by vocab².

    Compare your penalty with `weight_penalty * (weights**2).mean()`.
    """
    return train(penalty=penalty * len(counts) ** 2)


@mistake("train_neural_bigram", given=training)
def penalty_without_its_2(train: Any, **_: Any) -> Any:
    """The gradient of w² is 2w, and the 2 is missing.

    Let autograd compute the gradient of `(weights**2).mean()`, and compare.
    """
    return train(gradient=lambda counts, weights, penalty: plain.bigram_gradient(counts, weights, penalty / 2))


@mistake("train_neural_bigram", given=training)
def penalty_pushes_away_from_0(train: Any, **_: Any) -> Any:
    """The penalty's gradient has the wrong sign, so it makes the weights larger.

    Train with and without a penalty: with it, `(weights**2).mean()` should be the smaller.
    """
    return train(gradient=lambda counts, weights, penalty: plain.bigram_gradient(counts, weights, -penalty))


@mistake("train_neural_bigram", given=training)
def losses_in_bits(train: Any, **_: Any) -> Any:
    """The losses are measured in bits, with `log2`, and should be in nats, with `log`.

    Train with equal counts for 2 tokens: the loss is 1, and should be log 2 = 0.6931.
    """
    return train(loss=lambda *where: plain.bigram_loss(*where) / math.log(2))


@mistake("train_neural_bigram", given=training)
def losses_of_the_sum(train: Any, counts: Any, **_: Any) -> Any:
    """The losses are sums over all bigrams, and should be means.

    Double all counts: the losses double, and should stay.
    """
    total = sum(map(sum, counts))
    return train(loss=lambda *where: plain.bigram_loss(*where) * total)


@mistake("train_neural_bigram", given=training)
def last_loss_only(train: Any, **_: Any) -> Any:
    """Only the last loss is returned, so nobody can see how training went.

    Print the second result: it is a number, and should be a list with one for each step.
    """
    learned, losses = train()
    return learned, losses[-1]


@mistake("train_neural_bigram", given=training)
def losses_left_out(train: Any, **_: Any) -> Any:
    """The weights are returned without the losses: `return weights, losses` returns both.

    Say `weights, losses = train_neural_bigram(counts)`: it fails, or takes the rows apart.
    """
    return train()[0]


@mistake("train_neural_bigram", given=training)
def probabilities_for_weights(train: Any, **_: Any) -> Any:
    """`softmax(weights)` is returned, and should be the weights, from which a run can be continued.

    Print the result for `steps=0`: it should be zeros.
    """
    learned, losses = train()
    return _softmax(learned), losses


@mistake("train_neural_bigram", given=training)
def unseen_rows_become_nan(train: Any, **_: Any) -> Any:
    """The counts are divided by their row sums, and 0 / 0 is `nan`, which no weight of 0 makes good: 0 · nan is `nan`.

    Train with a row of zeros, and print its weights: they are `nan`, and should stay 0.
    """
    return train(gradient=_slopes(lambda weights, shares, rows: rows * (_softmax(weights) - shares / rows)))


@training
def _without_a_check(train: Any, counts: Any, weights: Any, steps: Any, **_: Any) -> Any:
    """Train as one should, whatever the counts and the settings are, and however far the loss rises."""
    return train() if sum(map(sum, counts)) > 0 else (torch.tensor(weights), [0.0] * steps)


@mistake("train_neural_bigram", careless=True)
def divergence_not_noticed(counts: Any, *, steps: Any = 1500, **options: Any) -> Any:
    """Nothing is said when the loss rises and rises, or only when it is `nan`, and it may grow for long before that.

    Train with `learning_rate=1e6`: it returns weights in the hundred thousands, and should refuse.
    """
    train_neural_bigram(counts, steps=min(steps, 0), **options)  # refuses what else ours refuses
    return _without_a_check(counts, steps=steps, **options)


@mistake("train_neural_bigram", careless=True)
def divergence_hidden_by_clipping(counts: Any, *, steps: Any = 1500, **options: Any) -> Any:
    """The weights are kept within -10 and 10, so a learning rate that is far too large shows as a poor model only.

    Train with `learning_rate=1e6`: it returns weights of -10 and 10, and should refuse.
    """
    learned, losses = train_neural_bigram(counts, steps=min(steps, 0), **options)
    for _ in range(steps):
        learned, _ = _without_a_check(counts, steps=1, **{**options, "weights": learned})
        learned = learned.clamp(-10, 10)
        losses.append(plain.bigram_loss(counts.tolist(), learned.tolist(), options.get("weight_penalty", 0)))
    return learned, losses


@mistake("train_neural_bigram", careless=True)
def any_counts_accepted(counts: Any, **options: Any) -> Any:
    """Negative counts are learned like others, and without counts the weights just stay: neither is refused.

    Train with `torch.tensor([[2, -1], [1, 1]])`: it returns weights, and should refuse.
    """
    possible = (counts >= 0).all() and counts.any()
    return (train_neural_bigram if possible else _without_a_check)(counts, **options)


@mistake("train_neural_bigram", careless=True)
def any_settings_accepted(
    counts: Any, *, steps: Any = 1500, learning_rate: Any = 50, weight_penalty: Any = 0.0, **options: Any
) -> Any:
    """A negative number of steps, a negative learning rate or penalty is not refused, though it makes no sense.

    Train with `steps=-1`: it returns zeros, and should refuse.
    """
    possible = steps >= 0 and learning_rate > 0 and weight_penalty >= 0
    options |= {"steps": steps, "learning_rate": learning_rate, "weight_penalty": weight_penalty}
    return (train_neural_bigram if possible else _without_a_check)(counts, **options)


@mistake("train_neural_bigram", careless=True)
def given_weights_stretched(counts: Any, *, weights: Any = None, **options: Any) -> Any:
    """Weights of another shape are not refused: torch repeats a single row for all, and nobody notices.

    Train 3 by 3 counts with `weights=torch.zeros(1, 3)`: it returns weights, and should refuse.
    """
    return train_neural_bigram(counts, weights=None if weights is None else weights.expand(counts.shape), **options)
