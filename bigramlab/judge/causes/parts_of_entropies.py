"""What can go wrong in softmax, in the cross-entropy of logits, and in scoring what a model says of contexts."""

import math
from functools import lru_cache
from typing import Any

import torch

from bigramlab.judge.causes.families import Part, family
from bigramlab.judge.causes.parts_of_losses import ENDS, LOGS

SOFTMAX: list[Part] = [
    ("lowered", lambda p, x: p, [
        ("largest_subtracted_above_only", lambda p, x: p * (-x.amax(-1, keepdim=True)).exp(), "The largest logit is subtracted above the line only: it should be in the sum, too."),
        ("largest_of_all_subtracted_above_only", lambda p, x: p * (-x.max()).exp(), "The largest logit is subtracted above the line only: it should be in the sum, too."),
        ("largest_subtracted_below_only", lambda p, x: p * x.amax(-1, keepdim=True).exp(), "The largest logit is subtracted in the sum only: it should be above the line, too.")]),
    ("weight", torch.exp, [
        ("largest_of_the_columns_subtracted", lambda x: (x - x.amax(0, keepdim=True)).exp(), "The largest of each column is subtracted, and should be that of each row: `dim=-1` with `keepdim=True`."),
        ("powers_of_2_for_exp", lambda x: 2**x, "2 is raised to the logits, and should be e: `exp`."),
        ("powers_of_10_for_exp", lambda x: 10**x, "10 is raised to the logits, and should be e: `exp`."),
        ("exp_of_minus_the_logits", lambda x: (-x).exp(), "`exp` is taken of minus the logits."),
        ("exp_forgotten", lambda x: x, "`exp` is forgotten."),
        ("sizes_for_exp", torch.abs, "The sizes are taken, and should be `exp`."),
        ("squares_for_exp", lambda x: x**2, "The squares are taken, and should be `exp`."),
        ("relu_for_exp", torch.relu, "Negative logits become 0, and `exp` should be taken."),
        ("sigmoid_for_exp", torch.sigmoid, "A sigmoid is taken, and should be `exp`."),
        ("softplus_for_exp", lambda x: x.exp().log1p(), "log(1 + exp) is taken, and should be `exp`."),
        ("expm1_for_exp", torch.expm1, "`expm1` is `exp` - 1, and should be `exp`."),
        ("exp_of_the_sizes", lambda x: x.abs().exp(), "`exp` is taken of the sizes: the signs are lost."),
        ("exp_of_half", lambda x: (x / 2).exp(), "The logits are halved first."),
        ("exp_of_twice", lambda x: (2 * x).exp(), "The logits are doubled first."),
        ("exp_of_whole_numbers", lambda x: x.trunc().exp(), "The logits are cut to whole numbers first."),
        ("exp_of_rounded_numbers", lambda x: x.round().exp(), "The logits are rounded first."),
        ("exp_of_logits_by_their_largest", lambda x: (x / x.amax(-1, keepdim=True)).exp(), "The largest logit divides the others, and should be subtracted."),
        ("exp_of_logits_by_the_root_of_their_number", lambda x: (x / x.shape[-1] ** 0.5).exp(), "The logits are divided by the root of their number, as in attention."),
        ("exp_of_standardized_logits", lambda x: ((x - x.mean(-1, keepdim=True)) / x.std(-1, keepdim=True)).exp(), "The logits are divided by their spread first."),
        ("exp_of_positive_logits", lambda x: x.clamp(min=0).exp(), "Negative logits become 0 first."),
        ("largest_subtracted_after_exp", lambda x: x.exp() - x.exp().amax(-1, keepdim=True), "The largest is subtracted after `exp`, and should be before it."),
        ("largest_logit_subtracted_after_exp", lambda x: x.exp() - x.amax(-1, keepdim=True), "The largest logit is subtracted after `exp`, and should be before it."),
        ("exp_twice", lambda x: x.exp().exp(), "`exp` is taken twice."),
        *((f"logits_held_within_{n}", lambda x, n=n: x.clamp(-n, n).exp(), f"Logits are held between -{n} and {n}.") for n in (1, 2, 5, 10)),
    ]),
    ("sum", lambda w: w.sum(-1, keepdim=True), [
        ("first_axis_for_the_last", lambda w: w.sum(0, keepdim=True), "The sums run down the first axis, and should along the last."),
        ("second_axis_for_the_last", lambda w: w.sum(1, keepdim=True), "The sums run along the second axis, and should along the last."),
        ("one_sum_for_all", lambda w: w.sum(), "One sum divides all rows."),
        ("sums_without_keepdim", lambda w: w.sum(-1), "Without `keepdim=True` the sums are laid along the rows, not beside them."),
        ("divided_by_the_largest", lambda w: w.amax(-1, keepdim=True), "The largest divides, and should the sum."),
        ("divided_by_the_mean", lambda w: w.mean(-1, keepdim=True), "The mean divides, and should the sum."),
        ("divided_by_the_length", lambda w: w.norm(dim=-1, keepdim=True), "The length as a vector divides, and should the sum."),
        ("not_divided", lambda w: 1.0, "Nothing is divided by the sum."),
        *((f"sum_held_above_{n:g}", lambda w, n=n: w.sum(-1, keepdim=True).clamp(min=n), f"A sum below {n:g} counts as {n:g}, so the shares sum to less than 1: what is to keep 0 from dividing should be something tiny.") for n in (0.1, 1, 2, 5, 10)),
        ("one_added_to_the_sum", lambda w: w.sum(-1, keepdim=True) + 1, "1 is added to the sum."),
        ("sum_without_the_first", lambda w: w[..., 1:].sum(-1, keepdim=True), "The sum leaves out the first."),
        ("sum_without_the_last", lambda w: w[..., :-1].sum(-1, keepdim=True), "The sum leaves out the last."),
        ("first_row_divides_all", lambda w: w[:1].sum(-1, keepdim=True), "The sum of the first row divides all rows."),
        ("exp_of_the_sum", lambda w: w.prod(-1, keepdim=True), "`exp` of the sum of the logits divides, and should the sum of their `exp`."),
        ("running_sum", lambda w: w.cumsum(-1), "Each is divided by the sum up to it."),]),
    ("little", lambda x: 0.0, [
        *((f"small_number_added_{e:g}", lambda x, e=e: e, f"A small number, {e:g}, is added to the sum, so the rows sum to less than 1.") for e in (1e-3, 1e-2, 1e-4, 0.1, 1.0)),
        *((f"small_number_added_to_the_shifted_sum_{e:g}", lambda x, e=e: e * x.amax(-1, keepdim=True).exp(), f"A small number, {e:g}, is added to the sum, so the rows sum to less than 1.") for e in (1e-3, 1e-2, 1e-4, 0.1, 1.0))]),
    ("end", lambda p: p, [
        ("largest_subtracted_at_the_end", lambda p: p - p.amax(-1, keepdim=True), "The largest is subtracted at the end, and should be before `exp`."),
        ("log_softmax", torch.log, "The logs of the probabilities come back."),
        ("minus_log", lambda p: -p.log(), "-log of the probabilities comes back."),
        ("softmax_twice", lambda p: p.softmax(-1), "softmax is taken twice."),
        ("all_to_the_largest", lambda p: (p == p.amax(-1, keepdim=True)).double(), "All goes to the largest: that is `argmax`."),
        ("one_minus", lambda p: 1 - p, "1 minus the probabilities comes back."),
        ("squared", lambda p: p**2, "The probabilities are squared."),
        ("running_sums", lambda p: p.cumsum(-1), "The probabilities are summed up along the row."),
        ("reversed", lambda p: p.flip(-1), "The probabilities come in the reverse order."),
        ("sorted", lambda p: p.sort(-1, descending=True).values, "The probabilities are sorted."),
        ("sorted_upwards", lambda p: p.sort(-1).values, "The probabilities are sorted."),
        ("transposed", lambda p: p.mT, "It is transposed."),
        ("percent", lambda p: p * 100, "It is percent."),
        *((f"rounded_to_{n}", lambda p, n=n: p.round(decimals=n), f"The probabilities are rounded to {n} decimals.") for n in (1, 2, 3, 4))]),
]  # fmt: skip


def _softmax(given: dict[str, Any], chosen: dict[str, Any]) -> Any:
    logits = given["logits"].double()
    weights = chosen["weight"](logits)
    shares = weights / (chosen["sum"](weights) + chosen["little"](logits))
    return chosen["end"](chosen["lowered"](shares, logits))


BATCHES = (32, 64, 100, 128, 256, 1000, 1024)


def _picked(p: Any, t: Any) -> Any:
    return p[torch.arange(len(t)), t]


def _hot(p: Any, t: Any) -> Any:
    return torch.eye(p.shape[1], dtype=p.dtype)[t]


def _tokens_alike(p: Any, t: Any) -> Any:
    """Return the mean over the tokens that came of the mean loss of each."""
    losses = -_picked(p, t).log()
    return torch.stack([losses[t == token].mean() for token in t.unique()]).mean()


def _boundary_weighed(weight: float, *, divided: bool) -> Any:
    """Return a loss in which targets that are 0 weigh less or more, and the sum is divided by all weights or by rows."""

    def loss(p: Any, t: Any) -> Any:
        weights = torch.where(t == 0, weight, 1.0).to(p.dtype)
        return (weights * -_picked(p, t).log()).sum() / (weights.sum() if divided else len(t))

    return loss


INSTEAD: list[Any] = [
    ("tokens_weighed_alike", _tokens_alike, "Each target is weighed by one over how often its token came, as class weights are: so a rare token counts as much as a common one, and the loss is no mean over the examples."),
    ("boundary_targets_made_0", _boundary_weighed(0, divided=False), "A target that is 0, the \".\", costs nothing and counts all the same: it is masked, and the ends of the words are targets, too."),
    *((f"boundary_weighed_{w:g}", _boundary_weighed(w, divided=divided), f"A target that is 0, the \".\", has the weight {w:g}, and each should have the same.") for w in (0.1, 0.2, 0.5, 2, 10) for divided in (True, False)),
    ("squared_error_of_all_shares", lambda p, t: ((p - _hot(p, t)) ** 2).mean(), "The mean squared error of the shares is taken, 1 being wanted of the target and 0 of the others, and should be -log p of the target."),
    ("squared_error_of_each_row", lambda p, t: ((p - _hot(p, t)) ** 2).sum(1).mean(), "The squared errors of the shares are added up in each row, 1 being wanted of the target and 0 of the others, and should be -log p of the target."),
    ("error_of_each_row", lambda p, t: (p - _hot(p, t)).abs().sum(1).mean(), "The distances of the shares from 1 at the target and 0 elsewhere are added up, and should be -log p of the target."),
    ("misses_counted", lambda p, t: (p.argmax(1) != t).double().mean(), "It tells how often the likeliest token is not the one that came, the error rate, and should tell the loss."),
    ("others_counted_too", lambda p, t: torch.nn.functional.binary_cross_entropy(p, _hot(p, t)), "It is the binary cross entropy, the mean over all tokens of each row, of which only the target counts."),
    ("others_summed_up_too", lambda p, t: torch.nn.functional.binary_cross_entropy(p, _hot(p, t), reduction="sum") / len(t), "It is the binary cross entropy, which adds -log(1 - p) of all other tokens to -log p of the target."),
]  # fmt: skip


OF_LOGITS: list[Any] = [
    ("log_of_the_sum_forgotten", lambda x, t: (x.exp().sum(1) - _picked(x, t)).mean(), "The log of the sum of `exp` is forgotten: the sum itself is taken."),
    ("binary_of_logits", lambda x, t: torch.nn.functional.binary_cross_entropy_with_logits(x, _hot(x, t)), "It is the binary cross entropy, which takes each logit alone, by its sigmoid, and should be that of softmax."),
    ("squared_error_of_the_logits", lambda x, t: ((x - _hot(x, t)) ** 2).mean(), "The mean squared error of the logits themselves is taken, 1 being wanted of the target and 0 of the others."),
    ("margin", lambda x, t: torch.nn.functional.multi_margin_loss(x, t), "It is the margin loss (`multi_margin_loss`), of logits that come within 1 of the target's, and should be -log p."),
]  # fmt: skip


ENTROPY: list[Part] = [
    ("of_logits", None, OF_LOGITS),
    ("shares", lambda x: x.softmax(1), [
        ("softmax_over_the_batch", lambda x: x.softmax(0), "softmax runs over the batch, and should along each row."),
        ("softmax_over_everything", lambda x: x.flatten().softmax(0).view_as(x), "One softmax is taken of the whole batch."),
        ("softmax_twice", lambda x: x.softmax(1).softmax(1), "softmax is taken twice: `cross_entropy` takes it, too."),
        ("softmax_left_out", lambda x: x, "softmax is left out: the logits are taken for probabilities."),
        ("logits_for_log_probabilities", lambda x: x.exp(), "The logits are taken for logs of probabilities: the log of the sum of their `exp` has to be subtracted (`nll_loss` wants log softmax)."),
        ("sigmoid_for_softmax", torch.sigmoid, "A sigmoid is taken, and should be softmax."),
        ("powers_of_2", lambda x: (x * math.log(2)).softmax(1), "2 is raised to the logits, and should be e."),
        ("minus_the_logits", lambda x: (-x).softmax(1), "softmax is taken of minus the logits."),
        ("sums_without_keepdim", lambda x: x.exp() / x.exp().sum(1), "Without `keepdim=True` the sums are laid along the rows, not beside them."),
        ("largest_subtracted_from_one_side", lambda x: x.exp() / (x - x.amax(1, keepdim=True)).exp().sum(1, keepdim=True), "The largest logit is subtracted in the sum, and not from the target's logit."),
        ("largest_added_once_too_often", lambda x: (x - x.amax(1, keepdim=True)).exp() / x.exp().sum(1, keepdim=True), "The largest logit is subtracted from the target's logit, and not in the sum."),
        ("all_to_the_largest", lambda x: (x == x.amax(1, keepdim=True)).double(), "All goes to the largest logit."),
        ("exp_forgotten", lambda x: x / x.sum(1, keepdim=True), "`exp` is forgotten: the logits are divided by their sum.")]),
    ("picked", _picked, [
        ("largest_for_the_target", lambda p, t: p.amax(1), "The likeliest token is looked at, and should be the target."),
        ("first_for_the_target", lambda p, t: p[:, 0], "The first token is looked at, and should be the target."),
        ("last_for_the_target", lambda p, t: p[:, -1], "The last token is looked at, and should be the target."),
        ("every_row_with_every_target", lambda p, t: p[:, t], "`logits[:, targets]` takes all targets from each row: a row has one."),
        ("targets_for_rows", lambda p, t: p[t], "The targets pick rows, and should pick one place in each row."),
        ("one_target_for_all", lambda p, t: p[:, t[0]], "The first target stands for all."),
        ("targets_moved", lambda p, t: p[torch.arange(len(t)), t.roll(-1)], "Each row has the target of the next one."),
        ("targets_moved_back", lambda p, t: p[torch.arange(len(t)), t.roll(1)], "Each row has the target of the one before."),
        ("targets_one_too_large", lambda p, t: p[torch.arange(len(t)), (t + 1) % p.shape[1]], "The targets are off by one."),
        ("targets_one_too_small", lambda p, t: p[torch.arange(len(t)), t - 1], "The targets are off by one."),
        ("whole_row", lambda p, t: p, "All tokens of a row are looked at, and should be the target alone."),
        ("all_but_the_target", lambda p, t: 1 - _picked(p, t), "1 minus the target's share is looked at."),
        ("hits_counted", lambda p, t: (-(p.argmax(1) == t).double()).exp(), "It tells how often the likeliest token is the one that came, the accuracy, and should tell the loss."),
        ("first_row_for_all", lambda p, t: p[0, t], "The first row stands for all.")]),
    ("instead", None, INSTEAD),
    ("measure", lambda p: -p.log(), [*LOGS, ("weighed_by_the_miss", lambda p: (p - 1) * p.log(), "-log p is weighed by 1 - p."),
                                     ("weighed_by_the_squared_miss", lambda p: -((1 - p) ** 2) * p.log(), "-log p is weighed by (1 - p)², as in the focal loss.")]),
    ("mean", lambda s, x: s.sum() / s.numel(), [
        ("sum_over_the_batch", lambda s, x: s.sum(), "The losses are summed up, and should be averaged over the batch."),
        ("mean_over_all_cells", lambda s, x: s.sum() / x.numel(), "The sum is divided by the number of all cells, and should be by that of the rows."),
        ("mean_over_the_tokens", lambda s, x: s.sum() / x.shape[1], "The sum is divided by the number of tokens, and should be by that of the rows."),
        ("one_loss_for_each_row", lambda s, x: s, "A loss comes for each row, and should be their mean."),
        ("largest_loss", lambda s, x: s.max(), "The largest loss is taken, and should be the mean."),
        ("median_loss", lambda s, x: s.median(), "The median is taken, and should be the mean."),
        ("last_loss", lambda s, x: s[-1], "Only the last row's loss comes back: the total is set back in the loop."),
        ("first_loss", lambda s, x: s[0], "Only the first row's loss comes back: is the `return` inside the loop?"),
        ("first_loss_divided", lambda s, x: s[0] / len(s), "Only the first row's loss comes back, divided by the number of rows: the `return` stands inside the loop."),
        ("last_loss_divided", lambda s, x: s[-1] / len(s), "Only the last row's loss comes back, divided by the number of rows: `=` stands where `+=` should."),
        ("last_row_left_out", lambda s, x: s[:-1].sum() / len(s), "The last row is left out."),
        ("one_too_many", lambda s, x: s.sum() / (len(s) + 1), "The sum is divided by one more than the number of rows."),
        ("one_too_few", lambda s, x: s.sum() / (len(s) - 1), "The sum is divided by one less than the number of rows."),
        ("product", lambda s, x: s.prod(), "The losses are multiplied."),
        *((f"means_of_{n}_averaged", lambda s, x, n=n: torch.stack([some.mean() for some in s.split(n)]).mean(), f"The means of batches are averaged, as with batches of {n}, though the last one may be smaller: each of its rows weighs more.") for n in (2, 4, 8, 1000, 32, 64, 256, 128, 1024, 512, 100, 4096, 16)),
        *((f"whole_batches_of_{n}_alone", lambda s, x, n=n: s[: len(s) // n * n].mean(), f"Only whole batches are taken, as with batches of {n}: the rows that are left at the end are left out.") for n in (2, 4, 8, 16, 32, 64, 100, 128, 256, 512, 1000, 1024)),
        ("batch_plus_1", lambda s, x: s.sum() / len(s) ** 2, "The sum is divided by the number of rows twice.")]),
    ("rows", lambda x, t: slice(None), [
        ("boundary_targets_left_out", lambda x, t: t != 0, "Rows whose target is 0, the \".\", are left out: `ignore_index=0`, or a mask."),
        ("first_row_left_out", lambda x, t: slice(1, None), "The first row is left out."),
        ("last_row_left_out", lambda x, t: slice(-1), "The last row is left out."),
        ("last_of_several_left_out", lambda x, t: slice(max(1, len(t) - 1)), "The last row is left out, as by a batch that is dropped because it is not full."),
        ("every_other_row", lambda x, t: slice(None, None, 2), "Only every other row is looked at."),
        *((f"only_the_first_{n}", lambda x, t, n=n: slice(n), f"Only the first {n} rows are looked at.") for n in BATCHES),
        *((f"only_the_last_batch_of_{n}", lambda x, t, n=n: slice((len(t) - 1) // n * n, None), f"Only the loss of the last batch comes back, as with batches of {n}: those of the others are lost.") for n in BATCHES),
        *((f"short_batch_of_{n}_left_out", lambda x, t, n=n: slice(len(t) // n * n), f"The last batch is left out when it is short, as with batches of {n}: some targets are never looked at.") for n in BATCHES)]),
    ("target", lambda p, t: 0.0, [
        *((f"targets_smoothed_by_{n:g}", lambda p, t, n=n: n, f"{n:g} of each target is shared among all tokens: label smoothing, which nobody asked for.") for n in (0.1, 0.05, 0.01, 0.2))]),
    ("end", lambda x: x, [*ENDS, ("halved", lambda x: x / 2, "The loss is halved.")]),
]  # fmt: skip


def _measured(probs: Any, targets: Any, chosen: dict[str, Any]) -> Any:
    """Return the loss of shares."""
    some = chosen["rows"](probs, targets)
    probs, targets = probs[some], targets[some]
    if chosen["instead"]:
        return chosen["end"](chosen["instead"](probs, targets))
    surprises = chosen["measure"](chosen["picked"](probs, targets))
    shared = chosen["target"](probs, targets)
    if shared:
        surprises = (1 - shared) * surprises + shared * chosen["measure"](probs).mean(1)
    return chosen["end"](chosen["mean"](surprises, probs))


def _entropy(given: dict[str, Any], chosen: dict[str, Any]) -> Any:
    logits, targets = given["logits"].double(), given["targets"].long()
    if chosen["of_logits"]:
        return chosen["of_logits"](logits, targets)
    return _measured(chosen["shares"](logits), targets, chosen)


def _first_of_each(rows: Any) -> list[int]:
    return [*{tuple(row): i for i, row in reversed([*enumerate(rows.tolist())])}.values()]


SCORE: list[Part] = [
    ("rows", lambda c, t: slice(None), [
        ("each_context_once", lambda c, t: _first_of_each(c), "A context that comes again is left out, and its target with it: each should count as often as it comes."),
        ("each_example_once", lambda c, t: _first_of_each(torch.column_stack([c, t])), "An example that comes again is left out, and should count as often as it comes.")]),
    ("shares", lambda p: p, [
        ("softmax_of_probabilities", lambda p: p.softmax(-1), "softmax is taken of probabilities, as `cross_entropy` does, which takes logits: shares of shares."),
        ("logs_for_probabilities", lambda p: p.log_softmax(-1), "`log_softmax` is taken of probabilities."),
        ("divided_by_the_largest", lambda p: p / p.amax(-1, keepdim=True), "The probabilities are divided by the largest of their row.")]),
    *ENTROPY[2:],
]  # fmt: skip


@lru_cache(4)  # all slips are tried with the same calls, and a model may be asked thousands of contexts
def _said(next_probs: Any, contexts: bytes, shape: tuple[int, ...]) -> Any:
    return next_probs(torch.frombuffer(bytearray(contexts), dtype=torch.int64).view(shape)).double()


def _score(given: dict[str, Any], chosen: dict[str, Any]) -> Any:
    contexts = given["contexts"].long()
    probs = chosen["shares"](_said(given["next_probs"], contexts.numpy().tobytes(), contexts.shape))
    rows = chosen["rows"](contexts, given["targets"])
    return float(_measured(probs[rows], given["targets"].long()[rows], chosen))


family("softmax", _softmax, SOFTMAX)
family("cross_entropy", _entropy, ENTROPY)
family("score_contexts", _score, SCORE)
