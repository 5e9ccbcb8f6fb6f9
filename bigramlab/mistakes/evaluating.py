"""What goes wrong when a model is measured."""

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import torch

from bigramlab import plain
from bigramlab.lessons.evaluating import negative_log_likelihood, surprisal
from bigramlab.mistakes.mistake import mistake


def of_bigrams(measure: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    """Make `negative_log_likelihood` or `perplexity` of what gets the count and the -log p of every counted bigram."""

    def of_tables(counts: Any, probs: Any) -> Any:
        seen = counts > 0
        return measure(counts[seen].double(), -probs[seen].double().log())

    return of_tables


def of_steps(measure: Callable[[Any], Any]) -> Callable[..., Any]:
    """Make `surprisal` of what gets the -log p of each step."""
    return lambda word, probs, vocabulary: measure(torch.tensor(plain.surprisal(word, probs.tolist(), vocabulary)))


def _mean(weights: Any, surprises: Any) -> Any:
    return (weights * surprises).sum() / weights.sum()


@mistake("negative_log_likelihood")
def zero_times_log_0(counts: Any, probs: Any) -> Any:
    """For a bigram that was never counted and has probability 0, 0 · log 0 is computed as 0 · -inf, which is `nan`.

    Print `negative_log_likelihood(torch.tensor([[1, 0]]), torch.tensor([[1.0, 0.0]]))`: it is `nan`, and should be 0.
    """
    return -((counts * probs.double().log()).sum() / counts.sum()).item()


@mistake("negative_log_likelihood", given=of_bigrams)
def sum_for_mean(weights: Any, surprises: Any) -> Any:
    """The surprises are summed and not divided by their number, so a longer text has a larger loss.

    Compare the loss of `counts` with that of `2 * counts`: it doubles, and should stay.
    """
    return (weights * surprises).sum().item()


@mistake("negative_log_likelihood", given=of_bigrams)
def minus_sign_missing(weights: Any, surprises: Any) -> Any:
    """The mean of log p is returned without its minus sign: the log of a probability is negative, a loss is not.

    Print the loss of any table of probabilities: it is below 0.
    """
    return -_mean(weights, surprises).item()


@mistake("negative_log_likelihood", given=of_bigrams)
def every_counted_cell_once(weights: Any, surprises: Any) -> Any:
    """Each bigram that occurs counts once, however often it occurs, so the rarest weighs as much as the commonest.

    Compare the loss of `torch.tensor([[1, 1]])` with that of `torch.tensor([[9, 1]])`: they are equal.
    """
    return surprises.mean().item()


@mistake("negative_log_likelihood")
def mean_over_the_cells(counts: Any, probs: Any) -> Any:
    """`.mean()` divides by the number of cells of the table, not by the number of bigrams of the text.

    Print `counts.numel()` and `counts.sum()`: the sum should be divided by the second.
    """
    return -torch.xlogy(counts, probs.double()).mean().item()


@mistake("negative_log_likelihood")
def mean_over_the_words(counts: Any, probs: Any) -> Any:
    """The sum is divided by the number of words, of which each has several bigrams: it is a loss a word.

    Print `counts[0].sum()`, how many words begin, and `counts.sum()`: the sum should be divided by the second.
    """
    return (-torch.xlogy(counts, probs.double()).sum() / counts[0].sum()).item()


@mistake("negative_log_likelihood")
def mean_over_the_letters(counts: Any, probs: Any) -> Any:
    """The sum is divided by the number of letters, which leaves out the step that begins each word.

    Print `counts[1:].sum()` and `counts.sum()`: the sum should be divided by the second.
    """
    return (-torch.xlogy(counts, probs.double()).sum() / counts[1:].sum()).item()


@mistake("negative_log_likelihood", given=of_bigrams)
def bits_for_nats(weights: Any, surprises: Any) -> Any:
    """`log2` measures in bits: the loss is larger by a factor of 1.4427 than it is in nats, with `log`.

    Print the loss for probabilities of 1/2: it is 1, and should be log 2 = 0.6931.
    """
    return _mean(weights, surprises).item() / math.log(2)


@mistake("negative_log_likelihood")
def small_number_added_to_probs(counts: Any, probs: Any) -> Any:
    """`log(p + 1e-8)`, or a `clamp`, hides that the model held for impossible what happened: the loss should be `inf`.

    Print `negative_log_likelihood(torch.tensor([[1, 1]]), torch.tensor([[0.0, 1.0]]))`: it is 9.2, and should be `inf`.
    """
    return -((counts * (probs.double() + 1e-8).log()).sum() / counts.sum()).item()


@mistake("negative_log_likelihood", careless=True, given=of_bigrams)
def tensor_for_a_float(weights: Any, surprises: Any) -> Any:
    """The loss is still a tensor: `.item()` is missing, which makes a number of it.

    Print `type(negative_log_likelihood(counts, probs))`: it should be `float`.
    """
    return _mean(weights, surprises)


@mistake("negative_log_likelihood")
def log_of_the_mean_probability(counts: Any, probs: Any) -> Any:
    """The probabilities are averaged first and the log is taken of their mean, which hides the small ones.

    Print the loss for the probabilities 0.1 and 0.9, each counted once: it is 0.69, and should be 1.20.
    """
    return -((counts * probs.double()).sum() / counts.sum()).log().item()


@mistake("negative_log_likelihood")
def mean_of_the_row_means(counts: Any, probs: Any) -> Any:
    """The mean is taken in every row and then over the rows, so a rare token's row weighs as much as a common one's.

    Double the counts of one row: the loss stays, and should move towards that row's.
    """
    row_sums = counts.sum(dim=1)
    row_means = torch.xlogy(counts, probs.double()).sum(dim=1) / row_sums
    return -row_means[row_sums > 0].mean().item()


@mistake("negative_log_likelihood")
def weighed_by_the_model(counts: Any, probs: Any) -> Any:
    """Each -log p is weighed by p, not by its count: that is what the model expects, not what happened.

    Change the counts and print the loss again: it stays the same.
    """
    return -(torch.xlogy(probs, probs).sum() / probs.sum()).item()


@mistake("negative_log_likelihood")
def impossible_bigrams_skipped(counts: Any, probs: Any) -> Any:
    """Cells of probability 0 are left out, counted or not, so the model's worst mistakes cost nothing.

    Print `negative_log_likelihood(torch.tensor([[1, 1]]), torch.tensor([[0.0, 1.0]]))`: it is 0, and should be `inf`.
    """
    possible = probs > 0
    return -((counts[possible] * probs[possible].double().log()).sum() / counts.sum()).item()


@mistake("negative_log_likelihood")
def nan_to_num_of_the_logs(counts: Any, probs: Any) -> Any:
    """`nan_to_num` makes 0 of `nan`, but also a huge finite number of -inf, so no loss is infinite any more.

    Print `torch.tensor(0.0).log().nan_to_num()`: it is -3.4e38.
    """
    return -((counts * probs.log()).nan_to_num().sum() / counts.sum()).item()


@mistake("negative_log_likelihood", given=of_bigrams)
def decimal_log_for_nats(weights: Any, surprises: Any) -> Any:
    """`log10` counts in powers of ten: the loss is smaller by a factor of 0.4343 than it is in nats, with `log`.

    Print the loss for probabilities of 1/10: it is 1, and should be log 10 = 2.3026.
    """
    return _mean(weights, surprises).item() / math.log(10)


@mistake("negative_log_likelihood", given=of_bigrams)
def log_forgotten(weights: Any, surprises: Any) -> Any:
    """The probabilities are averaged with a minus sign, and no log is taken: the loss is the mean of -log p.

    Print the loss for probabilities of 1/4: it is -0.25, and should be log 4 = 1.3863.
    """
    return -_mean(weights, (-surprises).exp()).item()


@mistake("negative_log_likelihood", given=of_bigrams)
def one_minus_p(weights: Any, surprises: Any) -> Any:
    """1 - p is averaged, which is how often a guess is wrong: the loss is the mean of -log p.

    Print the loss for probabilities of 1/4: it is 0.75, and should be log 4 = 1.3863.
    """
    return 1 - _mean(weights, (-surprises).exp()).item()


@mistake("negative_log_likelihood")
def log_in_place(counts: Any, probs: Any) -> Any:
    """`probs.log_()`, with its underscore, writes the logs into the table that came in.

    Call the function and then print `probs`: its numbers are negative now.
    """
    seen = counts > 0
    return -((counts * probs.log_())[seen].sum() / counts.sum()).item()


@mistake("negative_log_likelihood", given=of_bigrams)
def rounded_to_2_decimals(weights: Any, surprises: Any) -> Any:
    """The loss is rounded to 2 decimals, so the small gains of training can't be seen: round when printing.

    Print the loss for probabilities of 1/2: it is 0.69, and should be 0.693147...
    """
    return round(_mean(weights, surprises).item(), 2)


@mistake("negative_log_likelihood", careless=True)
def no_counts_give_nan(counts: Any, probs: Any) -> Any:
    """Counts that sum to 0 are not refused: the mean of nothing is 0 / 0, which is `nan`.

    Print `negative_log_likelihood(torch.tensor([[0, 0]]), torch.tensor([[0.5, 0.5]]))`: it is `nan`.
    """
    return negative_log_likelihood(counts, probs) if counts.any() else math.nan


@mistake("negative_log_likelihood", careless=True)
def shapes_not_compared(counts: Any, probs: Any) -> Any:
    """Tables of different shapes are not refused: torch repeats the smaller, and the cells don't belong together.

    Call it with `torch.tensor([[1, 1]])` and `torch.tensor([[0.5], [0.5]])`: it returns a number, and should refuse.
    """
    if counts.shape == probs.shape:
        return negative_log_likelihood(counts, probs)
    return -(torch.xlogy(counts, probs.double()).sum() / counts.sum()).item()


@mistake("negative_log_likelihood", careless=True)
def impossible_probs_accepted(counts: Any, probs: Any) -> Any:
    """Numbers outside 0..1 are taken for probabilities, so counts given for `probs` yield a loss below 0.

    Call it with `torch.tensor([[1, 1]])` and `torch.tensor([[0.5, 1.5]])`: it returns a number, and should refuse.
    """
    if counts.shape != probs.shape or ((probs >= 0) & (probs <= 1)).all():
        return negative_log_likelihood(counts, probs)
    return of_bigrams(_mean)(counts, probs).item()


@mistake("perplexity", given=of_bigrams)
def two_to_the_nats(weights: Any, surprises: Any) -> Any:
    """2 is raised to a loss in nats: 2 goes with bits, and e, by `exp`, with nats.

    Print the perplexity for probabilities of 1/4: it is 2.6, and should be 4.
    """
    return (2 ** _mean(weights, surprises)).item()


@mistake("perplexity", given=of_bigrams)
def loss_for_perplexity(weights: Any, surprises: Any) -> Any:
    """It is the loss itself: the last step, `exp`, is missing.

    Print the perplexity for probabilities of 1/4: it is 1.39, and should be 4.
    """
    return _mean(weights, surprises).item()


@mistake("perplexity", given=of_bigrams)
def exp_without_the_minus(weights: Any, surprises: Any) -> Any:
    """`exp` is taken of the mean of log p, without the minus sign, which gives a number below 1.

    Print the perplexity for probabilities of 1/4: it is 0.25, and should be 4.
    """
    return (-_mean(weights, surprises)).exp().item()


@mistake("perplexity", given=of_bigrams)
def exp_of_the_sum(weights: Any, surprises: Any) -> Any:
    """`exp` is taken of the sum of the surprises, not of their mean, so it explodes as the text grows.

    Compare the perplexity of `counts` with that of `2 * counts`: it is squared, and should stay.
    """
    return (weights * surprises).sum().exp().item()


@mistake("perplexity", given=of_bigrams)
def one_over_the_mean_probability(weights: Any, surprises: Any) -> Any:
    """1 is divided by the plain mean of the probabilities; `exp` of the loss is 1 over their geometric mean.

    Print the perplexity for the probabilities 0.1 and 0.9, each counted once: it is 2, and should be 3.33.
    """
    return 1 / _mean(weights, (-surprises).exp()).item()


@mistake("perplexity", given=of_bigrams)
def mean_of_one_over_p(weights: Any, surprises: Any) -> Any:
    """1 / p is averaged over the bigrams, so the rarest rule; the mean belongs to the logs.

    Print the perplexity for the probabilities 0.1 and 0.9, each counted once: it is 5.56, and should be 3.33.
    """
    return _mean(weights, surprises.exp()).item()


@mistake("perplexity", given=of_bigrams)
def e_to_the_bits(weights: Any, surprises: Any) -> Any:
    """The loss is measured in bits, with `log2`, and e raised to it: e goes with nats, 2 with bits.

    Print the perplexity for probabilities of 1/4: it is 7.4, and should be 4.
    """
    return (_mean(weights, surprises) / math.log(2)).exp().item()


@mistake("perplexity", given=of_bigrams)
def exp_of_the_decimal_log(weights: Any, surprises: Any) -> Any:
    """The loss is measured with `log10`, and e raised to it: e goes with nats, 10 with powers of ten.

    Print the perplexity for probabilities of 1/10: it is 2.7, and should be 10.
    """
    return (_mean(weights, surprises) / math.log(10)).exp().item()


@mistake("perplexity")
def exp_of_the_mean_over_the_words(counts: Any, probs: Any) -> Any:
    """The sum of the surprises is divided by the number of words before `exp`, so long words make it larger.

    Print `counts[0].sum()`, how many words begin, and `counts.sum()`: the sum should be divided by the second.
    """
    return (-torch.xlogy(counts, probs.double()).sum() / counts[0].sum()).exp().item()


@mistake("perplexity")
def exp_of_the_mean_over_the_letters(counts: Any, probs: Any) -> Any:
    """The sum of the surprises is divided by the number of letters, without the step that begins each word.

    Print `counts[1:].sum()` and `counts.sum()`: the sum should be divided by the second.
    """
    return (-torch.xlogy(counts, probs.double()).sum() / counts[1:].sum()).exp().item()


@mistake("perplexity", given=of_bigrams)
def exp_of_the_unweighted_mean(weights: Any, surprises: Any) -> Any:
    """Each bigram that occurs counts once, however often it occurs.

    Compare the perplexity of `torch.tensor([[1, 1]])` with that of `torch.tensor([[9, 1]])`: they are equal.
    """
    return surprises.mean().exp().item()


@mistake("perplexity")
def impossible_made_improbable(counts: Any, probs: Any) -> Any:
    """`clamp(min=1e-8)` makes an impossible bigram only improbable: the perplexity is large, and should be infinite.

    Call `perplexity(torch.tensor([[1, 1]]), torch.tensor([[0.0, 1.0]]))`: it is 10000, and should be `inf`.
    """
    return (-(counts * probs.double().clamp(min=1e-8).log()).sum() / counts.sum()).exp().item()


@mistake("perplexity", careless=True, given=of_bigrams)
def tensor_for_a_number(weights: Any, surprises: Any) -> Any:
    """The result is still a tensor: `.item()` is missing, which makes a number of it.

    Print `type(perplexity(counts, probs))`: it should be `float`.
    """
    return _mean(weights, surprises).exp()


@mistake("surprisal", given=of_steps)
def start_left_out(surprises: Any) -> Any:
    """The step from "." to the first letter is left out, so a rare first letter surprises nobody.

    Print `len(surprisal("emma", probs, vocabulary))`: it is 4, and should be 5.
    """
    return surprises[1:]


@mistake("surprisal", given=of_steps)
def stop_left_out(surprises: Any) -> Any:
    """The step from the last letter to "." is left out, so an odd end surprises nobody.

    Print `len(surprisal("emma", probs, vocabulary))`: it is 4, and should be 5.
    """
    return surprises[:-1]


@mistake("surprisal", given=of_steps)
def steps_between_letters_only(surprises: Any) -> Any:
    """Both steps with "." are left out, the one into the word and the one out of it.

    Print `len(surprisal("emma", probs, vocabulary))`: it is 3, and should be 5.
    """
    return surprises[1:-1]


@mistake("surprisal", given=of_steps)
def log_p_without_minus(surprises: Any) -> Any:
    """The minus sign is missing: log p is negative, and a surprise is not.

    Print `surprisal("emma", probs, vocabulary)`: its numbers are below 0.
    """
    return -surprises


@mistake("surprisal")
def rows_and_columns_swapped(word: Any, probs: Any, vocabulary: Any) -> Any:
    """`probs[next, current]` is looked up for `probs[current, next]`: the row is the current token.

    Give it a table in which "a" follows "b" and "b" never follows "a": `surprisal("ba", ...)` is infinite.
    """
    return torch.tensor(plain.surprisal(word, probs.T.tolist(), vocabulary))


@mistake("surprisal", given=of_steps)
def one_sum_for_all_steps(surprises: Any) -> Any:
    """The steps are summed into one number, so nobody can see which letter surprises.

    Print `surprisal("emma", probs, vocabulary)`: it is one number, and should be five.
    """
    return surprises.sum()


@mistake("surprisal", given=of_steps)
def one_mean_for_all_steps(surprises: Any) -> Any:
    """The steps are averaged into one number, as in the loss, so nobody can see which letter surprises.

    Print `surprisal("emma", probs, vocabulary)`: it is one number, and should be five.
    """
    return surprises.mean()


@mistake("surprisal", given=of_steps)
def bits_of_surprise(surprises: Any) -> Any:
    """`log2` gives bits; in nats, with `log`, the numbers are smaller by a factor of 0.6931.

    Try a step of probability 1/2: it is 1, and should be log 2 = 0.6931.
    """
    return surprises / math.log(2)


@mistake("surprisal", given=of_steps)
def p_for_minus_log_p(surprises: Any) -> Any:
    """The probabilities themselves are returned: the more probable a step, the larger its "surprise".

    Try a step of probability 1: it is 1, and should be 0.
    """
    return (-surprises).exp()


@mistake("surprisal", given=of_steps)
def running_sums(surprises: Any) -> Any:
    """Each number is the sum of all steps so far, so they can only grow.

    Try a word of equally probable steps: its numbers grow, and should all be the same.
    """
    return surprises.cumsum(dim=0)


@mistake("surprisal")
def small_number_added_to_p(word: Any, probs: Any, vocabulary: Any) -> Any:
    """`log(p + 1e-8)`, or a `clamp`, makes an impossible step only improbable: its surprise should be infinite.

    Try a step of probability 0: it should give `inf`.
    """
    return torch.tensor(plain.surprisal(word, (probs + 1e-8).tolist(), vocabulary))


@mistake("surprisal", careless=True)
def unknown_letters_skipped(word: Any, probs: Any, vocabulary: Any) -> Any:
    """Steps with a letter that the vocabulary lacks are skipped, so the strangest words seem the least surprising.

    Call `surprisal("aé", probs, vocabulary)` with a vocabulary from a to z: it returns one number, and should refuse.
    """
    known = "".join(character for character in word if character == "." or character in vocabulary)
    surprisal(known, probs, vocabulary)  # refuses all else
    pairs = [pair for pair in pairwise("." + word + ".") if {*pair} <= {*vocabulary}]
    return torch.tensor([-probs[vocabulary.index(a), vocabulary.index(b)].log().item() for a, b in pairs])


@mistake("surprisal", careless=True)
def boundary_taken_for_a_letter(word: Any, probs: Any, vocabulary: Any) -> Any:
    """A "." in the word is looked up like a letter, so one word is measured as if it were two.

    Call `surprisal("a.", probs, vocabulary)`: it returns numbers, and should refuse.
    """
    surprisal(word.replace(".", ""), probs, vocabulary)  # refuses all else
    return torch.tensor(plain.surprisal(word, probs.tolist(), vocabulary))


@mistake("surprisal", careless=True)
def any_vocabulary_accepted(word: Any, probs: Any, vocabulary: Any) -> Any:
    """A vocabulary that repeats a character is not refused, so two rows stand for one letter and one is never used.

    Call `surprisal("a", torch.full((3, 3), 1 / 3), ".aa")`: it returns numbers, and should refuse.
    """
    if "." in word:
        return surprisal(word, probs, vocabulary)
    return torch.tensor(plain.surprisal(word, probs.tolist(), vocabulary))


@mistake("surprisal")
def lowercased(word: Any, probs: Any, vocabulary: Any) -> Any:
    """`.lower()` changes the word, so a capital that the vocabulary has is measured as another letter.

    Compare `surprisal("A", probs, ".Aa")` with `surprisal("a", probs, ".Aa")`: they are equal.
    """
    lower = word.lower()
    return surprisal(lower if {*lower} <= {*vocabulary} else word, probs, vocabulary)


@mistake("negative_log_likelihood", careless=True)
def rows_normalized_again(counts: Any, probs: Any) -> Any:
    """The rows of the model are divided by their sums first, so a table that is no model looks like a good one.

    Print `negative_log_likelihood(torch.tensor([[3, 1]]), torch.tensor([[0.5, 0.25]]))`: it should be 0.8664.
    """
    negative_log_likelihood(counts, probs)  # refuses what has no loss
    return negative_log_likelihood(counts, probs / probs.sum(dim=1, keepdim=True))
