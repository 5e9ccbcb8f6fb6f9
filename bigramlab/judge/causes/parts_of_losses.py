"""What can go wrong in the parts of what measures: the log, the mean, softmax, surprises of words."""

import math
from itertools import pairwise
from typing import Any

import torch

from bigramlab.judge.causes.families import Part, family
from bigramlab.judge.causes.parts_of_counting import COUNT
from bigramlab.judge.causes.parts_of_encoding import ENCODE
from bigramlab.judge.causes.parts_of_tables import ALL, EPS, but, row_sums

LOGS: list[Any] = [
    ("bits_for_nats", lambda p: -p.log2(), "`log2` measures in bits, and it should be nats, with `log`."),
    ("decimal_log", lambda p: -p.log10(), "`log10` is taken, and should be `log`, the natural one."),
    ("minus_forgotten", lambda p: p.log(), "The minus is forgotten."),
    ("p_for_minus_log_p", lambda p: p, "The probabilities are taken themselves, and not their -log."),
    ("minus_p", lambda p: -p, "-p is taken, and should be -log p: `nll_loss` wants logs of probabilities."),
    ("one_minus_p", lambda p: 1 - p, "1 - p is taken, and should be -log p."),
    ("one_over_p", lambda p: 1 / p, "1 / p is taken, and should be -log p."),
    ("log_of_1_plus_p", lambda p: -p.log1p(), "log(1 + p) is taken, and should be log p."),
    ("p_log_p", lambda p: -torch.xlogy(p, p), "-p log p is taken, as in an entropy, and should be -log p."),
    ("squared_error", lambda p: (1 - p) ** 2, "The squared error (1 - p)² is taken, and should be -log p."),
    ("infinite_left_out", lambda p: torch.where(p > 0, -p.log(), 0.0 * p), "What the model held for impossible is left out, and should cost `inf`."),
    ("infinite_made_large", lambda p: -p.log().nan_to_num(), "`nan_to_num` makes a large number of what should be infinite."),
    ("infinite_made_large", lambda p: (-p.log()).nan_to_num(posinf=torch.finfo(torch.float32).max), "`nan_to_num` makes a large number of the infinite loss of what is impossible."),
    *((f"held_below_{n}", lambda p, n=n: (-p.log()).clamp(max=n), f"Losses above {n} become {n}.") for n in (1, 10, 20, 50, 100)),
    *((f"small_number_added_{e:g}", lambda p, e=e: -(p + e).log(), f"A small number, {e:g}, is added inside the log, or a `clamp` holds probabilities above it, so what is impossible costs a little, and should cost `inf`.") for e in EPS),
    *((f"held_above_{n:g}", lambda p, n=n: -p.clamp(min=n).log(), f"Probabilities are held above {n:g}, though none is above 1, so all cost the same: a minus is missing, as in `1e-10`.") for n in (1, 2, 5, 10, 20, 100, 1000, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e12)),
    *((f"held_above_{e:g}", lambda p, e=e: -p.clamp(min=e).log(), f"Probabilities are held above {e:g}, so what is impossible costs a little, and should cost `inf`.") for e in EPS),
]  # fmt: skip


ENDS: list[Any] = [
    ("exp_at_the_end", lambda x: x.exp(), "`exp` is taken at the end: that is the perplexity."),
    ("exp_of_minus_at_the_end", lambda x: (-x).exp(), "`exp` of minus the loss is taken at the end: that is a mean probability."),
    ("minus_at_the_end", lambda x: -x, "The sign is turned around at the end."),
    ("two_to_the_end", lambda x: 2**x, "2 is raised to the loss at the end."),
    ("cut_to_a_whole_number", lambda x: x - x % 1, "The number is cut down to a whole one: `//` divides, or `int` is taken."),
    ("cut_to_a_whole_number", torch.floor, "The number is cut down to a whole one: `//` divides, or `int` is taken."),
    *((f"rounded_to_{n}", lambda x, n=n: x.round(decimals=n), f"The number is rounded to {n} decimals.") for n in (0, 1, 2, 3, 4)),
]  # fmt: skip


LIKELIHOOD: list[Part] = [
    ("measure", lambda p: -p.log(), LOGS),
    ("cells", lambda surprises: surprises, [("infinite_made_large", torch.nan_to_num, "`nan_to_num` makes a large number of the infinite loss of what is impossible.")]),
    ("table", lambda p, c: p, [
        ("rows_and_columns_swapped", lambda p, c: p.T, "Rows and columns of the probabilities are swapped."),
        ("probabilities_divided_again", lambda p, c: p / row_sums(p), "The rows of the probabilities are divided by their sums again."),
        ("softmax_of_the_probabilities", lambda p, c: p.softmax(1), "softmax is taken of probabilities."),
        ("probabilities_of_the_counts", lambda p, c: c / row_sums(c), "The probabilities are made of the counts anew, and those that are given are not used."),
        ("shares_of_the_total", lambda p, c: c / c.sum(), "The shares of the counts in all are taken for the probabilities."),
        ("smoothed_probabilities_of_the_counts", lambda p, c: (c + 1) / row_sums(c + 1), "Smoothed probabilities are made of the counts, and those that are given are not used.")]),
    ("weights", lambda c, p: c, [
        ("every_cell_once", lambda c, p: (c > 0).double(), "Each bigram that occurs counts once, however often it does."),
        ("all_cells_alike", lambda c, p: torch.ones_like(c), "All cells count alike, whether they occur or not."),
        ("weighed_by_the_model", lambda c, p: p, "Each is weighed by the model's probability, and should be by its count."),
        ("count_squared", lambda c, p: c**2, "The counts are squared."),
        ("count_plus_1", lambda c, p: c + 1, "1 is added to the counts."),
        ("shares_of_the_row", lambda c, p: c / row_sums(c), "The counts are divided by the sums of their rows first, so a rare token's row weighs as much as a common one's."),
        ("impossible_left_out", lambda c, p: torch.where(p > 0, c, 0 * c), "Bigrams that the model holds for impossible are left out and not counted, and one of them makes the loss `inf`."),
        ("boundary_column_left_out", lambda c, p: but(c, ALL, 0, 0), "The ends of the words, column 0, are left out."),
        ("boundary_row_left_out", lambda c, p: but(c, 0, ALL, 0), "The beginnings of the words, row 0, are left out."),
        ("last_row_left_out", lambda c, p: but(c, -1, ALL, 0), "The last row is left out."),
        ("last_column_left_out", lambda c, p: but(c, ALL, -1, 0), "The last column is left out."),
        ("diagonal_left_out", lambda c, p: c * (1 - torch.eye(*c.shape)), "The diagonal is left out."),
        ("cells_below_the_diagonal_left_out", lambda c, p: c.triu(), "The cells below the diagonal are left out: the inner `range` begins at the outer index."),
        ("cells_above_the_diagonal_left_out", lambda c, p: c.tril(), "The cells above the diagonal are left out: the inner `range` ends at the outer index."),
        ("counts_transposed", lambda c, p: c.T, "Rows and columns of the counts are swapped."),
        ("ones_left_out", lambda c, p: torch.where(c > 1, c, 0 * c), "Bigrams that occur once are left out: `> 1` stands where `> 0` should.")]),
    ("mean", lambda s, w, c: s.sum() / w.sum(), [
        ("sum_for_mean", lambda s, w, c: s.sum(), "All is summed up and not divided by the number of bigrams."),
        ("mean_over_the_cells", lambda s, w, c: s.sum() / c.numel(), "The sum is divided by the number of cells, and should be by that of bigrams."),
        ("mean_over_the_cells_counted", lambda s, w, c: s.sum() / (c > 0).sum(), "The sum is divided by the number of different bigrams, and should be by that of all."),
        ("mean_over_the_rows", lambda s, w, c: s.sum() / len(c), "The sum is divided by the number of rows."),
        ("mean_over_the_columns", lambda s, w, c: s.sum() / c.shape[1], "The sum is divided by the number of columns."),
        ("mean_over_the_words", lambda s, w, c: s.sum() / c[:, 0].sum(), "The sum is divided by the number of words, and should be by that of bigrams."),
        ("mean_over_the_letters", lambda s, w, c: s.sum() / (c.sum() - c[:, 0].sum()), "The sum is divided by the number of letters, and should be by that of bigrams."),
        ("one_too_many", lambda s, w, c: s.sum() / (w.sum() + 1), "The sum is divided by one more than the number of bigrams."),
        ("one_too_few", lambda s, w, c: s.sum() / (w.sum() - 1), "The sum is divided by one less than the number of bigrams."),
        ("mean_of_the_row_means", lambda s, w, c: (s.sum(1) / w.sum(1))[w.sum(1) > 0].mean(), "The mean is taken in every row and then over the rows."),
        ("mean_of_all_row_means", lambda s, w, c: (s.sum(1) / w.sum(1).clamp(min=1)).mean(), "The mean is taken in every row and then over all rows, the empty ones too."),
        ("sum_of_the_row_means", lambda s, w, c: (s.sum(1) / w.sum(1))[w.sum(1) > 0].sum(), "The means of the rows are summed up."),
        ("mean_of_the_column_means", lambda s, w, c: (s.sum(0) / w.sum(0))[w.sum(0) > 0].mean(), "The mean is taken in every column and then over the columns."),
        ("mean_of_all_column_means", lambda s, w, c: (s.sum(0) / w.sum(0).clamp(min=1)).mean(), "The mean is taken in every column and then over all columns, the empty ones too."),
        ("sum_without_the_counts", lambda s, w, c: (s / w)[w > 0].sum() / w.sum(), "The sum takes each bigram once, and is divided by how often all occur: each should be multiplied by its count."),
        ("last_cell_alone", lambda s, w, c: s[w > 0][-1] / w.sum(), "Only the last bigram is left in the sum: `=` stands where `+=` should."),
        ("divided_by_all_names", lambda s, w, c: s.sum() / 228146, "The sum is divided by 228146, which is how many bigrams the names have, and not by the number of those that are counted."),
        ("last_row_alone", lambda s, w, c: s[-1].sum() / w[-1].sum(), "Only the last row counts: the total is set back in every row."),
        ("first_row_alone", lambda s, w, c: s[0].sum() / w[0].sum(), "Only the first row counts: is the `return` inside the loop?"),
        ("largest_for_mean", lambda s, w, c: s.max(), "The largest is taken, and should be the mean.")]),
    ("end", lambda x: x, ENDS),
]  # fmt: skip


def _likelihood(given: dict[str, Any], chosen: dict[str, Any], last: Any = None) -> Any:
    counts, probs = given["counts"].double(), given["probs"]
    table = chosen["table"](probs.double(), counts)
    weights = chosen["weights"](counts, probs.double())
    surprises = torch.where(weights != 0, weights * chosen["measure"](table), torch.zeros_like(table))
    surprises = chosen["cells"](surprises)
    mean = chosen["mean"](surprises, weights, counts)
    return float(chosen["end"](last(mean) if last else mean))


PERPLEXITY: list[Part] = [
    *LIKELIHOOD[:4],
    (*LIKELIHOOD[4][:2], [*LIKELIHOOD[4][2], (
        "mean_of_the_rows", lambda s, w, c: (s.sum(1) / w.sum(1).clamp(min=1)).exp().mean().log(), "A perplexity is taken of each row, and their mean: the mean should be taken first, over all bigrams."), (
        "weighed_mean_of_the_rows", lambda s, w, c: ((s.sum(1) / w.sum(1).clamp(min=1)).exp() * w.sum(1)).sum().log() - w.sum().log(), "A perplexity is taken of each row, and their mean: the mean should be taken first, over all bigrams.")]),
    ("end", lambda x: x.exp(), [
        ("loss_for_perplexity", lambda x: x, "The loss comes back, and should be its `exp`."),
        ("two_to_the_loss", lambda x: 2**x, "2 is raised to the loss, which is in nats: that takes `exp`."),
        ("exp_without_the_minus", lambda x: (-x).exp(), "`exp` is taken of minus the loss."),
        ("e_to_the_bits", lambda x: (x / math.log(2)).exp(), "e is raised to the loss in bits: with `log2` goes `2 **`."),
        ("ten_to_the_loss", lambda x: 10**x, "10 is raised to the loss, which is in nats: that takes `exp`."),
        ("largest_subtracted_after_exp", lambda x: x.exp() - x.exp().amax(-1, keepdim=True), "The largest is subtracted after `exp`, and should be before it."),
        ("largest_logit_subtracted_after_exp", lambda x: x.exp() - x.amax(-1, keepdim=True), "The largest logit is subtracted after `exp`, and should be before it."),
        ("exp_twice", lambda x: x.exp().exp(), "`exp` is taken twice."),
        ("log_of_the_loss", lambda x: x.log(), "The log is taken of the loss, and should be `exp`."),
        ("loss_squared", lambda x: x**2, "The loss is squared, and its `exp` should be taken."),
        ("one_less", lambda x: x.exp() - 1, "`expm1` takes 1 off."),
        *((f"rounded_to_{n}", lambda x, n=n: x.exp().round(decimals=n), f"The number is rounded to {n} decimals.") for n in (0, 1, 2, 3))]),
]  # fmt: skip


SURPRISAL: list[Part] = [
    ("word", lambda word: word, ENCODE[0][2]),
    ("framed", lambda word: [0, *word, 0], COUNT[1][2]),
    ("paired", lambda ids: [*pairwise(ids)], COUNT[2][2]),
    ("measure", lambda p: -p.log(), LOGS),
    ("end", lambda x: x, [
        ("one_sum_for_all_steps", lambda x: x.sum(), "The sum of all steps comes back, and should be each."),
        ("one_mean_for_all_steps", lambda x: x.mean(), "The mean of all steps comes back, and should be each."),
        ("running_sums", lambda x: x.cumsum(0), "The total is not set back, so each step has those before it added."),
        ("running_means", lambda x: x.cumsum(0) / torch.arange(1, len(x) + 1), "Each is the mean of all steps up to it."),
        ("product", lambda x: x.prod(), "The steps are multiplied."),
        ("largest", lambda x: x.max(), "Only the largest comes back."),
        ("infinite_steps_left_out", lambda x: x[x.isfinite()], "Steps of probability 0 are left out, and should cost `inf`."),
        ("divided_by_one_more_than_their_number", lambda x: x / (len(x) + 1), "Each step is divided by one more than their number."),
        ("divided_by_their_number", lambda x: x / len(x), "Each step is divided by their number."),
        ("divided_by_the_letters", lambda x: x / (len(x) - 1), "Each step is divided by the number of letters."),
        ("divided_by_their_sum", lambda x: x / x.sum(), "The steps are divided by their sum."),
        ("reversed", lambda x: x.flip(0), "The steps come in the reverse order."),
        ("sorted", lambda x: x.sort().values, "The steps are sorted."),
        ("sorted_downwards", lambda x: x.sort(descending=True).values, "The steps are sorted."),
        ("exp", lambda x: x.exp(), "`exp` is taken at the end."),
        ("in_a_column", lambda x: x.view(-1, 1), "They stand in a column."),
        *((f"rounded_to_{n}", lambda x, n=n: x.round(decimals=n), f"The numbers are rounded to {n} decimals.") for n in (1, 2, 3, 4))]),
]  # fmt: skip


def _surprisal(given: dict[str, Any], chosen: dict[str, Any]) -> Any:
    vocabulary, probs = given["vocabulary"], given["probs"].double()
    pairs = chosen["paired"](chosen["framed"]([vocabulary.index(letter) for letter in chosen["word"](given["word"])]))
    steps = torch.stack([probs[pair] for pair in pairs]) if pairs else torch.zeros(0)
    return chosen["end"](chosen["measure"](steps))


family("negative_log_likelihood", _likelihood, LIKELIHOOD)
family("perplexity", _likelihood, PERPLEXITY)
family("surprisal", _surprisal, SURPRISAL)
