"""What goes wrong when a model is measured."""

import math
from itertools import pairwise
from typing import Any

import torch

from bigramlab.mistakes.mistake import mistake


def _refuse_counts(counts: Any) -> None:
    if not (counts >= 0).all() or counts.sum() == 0:
        raise ValueError("a count is negative, or there are none")


def _refuse_shapes(counts: Any, probs: Any) -> None:
    if counts.shape != probs.shape:
        raise ValueError("the tables have different shapes")


def _refuse_probs(probs: Any) -> None:
    if not ((probs >= 0) & (probs <= 1 + 1e-6)).all():
        raise ValueError("a probability is outside 0..1")


def _refuse(counts: Any, probs: Any) -> None:
    _refuse_shapes(counts, probs)
    _refuse_counts(counts)
    _refuse_probs(probs)


def _weights_and_surprises(counts: Any, probs: Any) -> Any:
    """Return the count and the -log p of every bigram that was counted at all."""
    seen = counts > 0
    return counts[seen].double(), -probs[seen].double().log()


@mistake("negative_log_likelihood")
def zero_times_log_0(counts: Any, probs: Any) -> Any:
    """For a bigram that was never counted and has probability 0, 0 · log 0 is computed as 0 · -inf, which is `nan`.

    Print `negative_log_likelihood(torch.tensor([[1, 0]]), torch.tensor([[1.0, 0.0]]))`: it is `nan`, and should be 0.
    """
    _refuse(counts, probs)
    return -((counts * probs.double().log()).sum() / counts.sum()).item()


@mistake("negative_log_likelihood")
def sum_for_mean(counts: Any, probs: Any) -> Any:
    """The surprises are summed and not divided by their number, so a longer text has a larger loss.

    Compare the loss of `counts` with that of `2 * counts`: it doubles, and should stay.
    """
    _refuse(counts, probs)
    weights, surprises = _weights_and_surprises(counts, probs)
    return (weights * surprises).sum().item()


@mistake("negative_log_likelihood")
def minus_sign_missing(counts: Any, probs: Any) -> Any:
    """The mean of log p is returned without its minus sign: the log of a probability is negative, a loss is not.

    Print the loss of any table of probabilities: it is below 0.
    """
    _refuse(counts, probs)
    weights, surprises = _weights_and_surprises(counts, probs)
    return -((weights * surprises).sum() / weights.sum()).item()


@mistake("negative_log_likelihood")
def every_counted_cell_once(counts: Any, probs: Any) -> Any:
    """Each bigram that occurs counts once, however often it occurs, so the rarest weighs as much as the commonest.

    Compare the loss of `torch.tensor([[1, 1]])` with that of `torch.tensor([[9, 1]])`: they are equal.
    """
    _refuse(counts, probs)
    _, surprises = _weights_and_surprises(counts, probs)
    return surprises.mean().item()


@mistake("negative_log_likelihood")
def mean_over_the_cells(counts: Any, probs: Any) -> Any:
    """`.mean()` divides by the number of cells of the table, not by the number of bigrams of the text.

    Print `counts.numel()` and `counts.sum()`: the sum should be divided by the second.
    """
    _refuse(counts, probs)
    return -torch.xlogy(counts, probs.double()).mean().item()


@mistake("negative_log_likelihood")
def bits_for_nats(counts: Any, probs: Any) -> Any:
    """`log2` measures in bits: the loss is larger by a factor of 1.4427 than it is in nats, with `log`.

    Print the loss for probabilities of 1/2: it is 1, and should be log 2 = 0.6931.
    """
    _refuse(counts, probs)
    weights, surprises = _weights_and_surprises(counts, probs)
    return ((weights * surprises).sum() / weights.sum()).item() / math.log(2)


@mistake("negative_log_likelihood")
def small_number_added_to_probs(counts: Any, probs: Any) -> Any:
    """`log(p + 1e-8)`, or a `clamp`, hides that the model held for impossible what happened: the loss should be `inf`.

    Print `negative_log_likelihood(torch.tensor([[1, 1]]), torch.tensor([[0.0, 1.0]]))`: it is 9.2, and should be `inf`.
    """
    _refuse(counts, probs)
    return -((counts * (probs.double() + 1e-8).log()).sum() / counts.sum()).item()


@mistake("negative_log_likelihood")
def tensor_for_a_float(counts: Any, probs: Any) -> Any:
    """The loss is still a tensor: `.item()` is missing, which makes a number of it.

    Print `type(negative_log_likelihood(counts, probs))`: it should be `float`.
    """
    _refuse(counts, probs)
    weights, surprises = _weights_and_surprises(counts, probs)
    return (weights * surprises).sum() / weights.sum()


@mistake("negative_log_likelihood")
def log_of_the_mean_probability(counts: Any, probs: Any) -> Any:
    """The probabilities are averaged first and the log is taken of their mean, which hides the small ones.

    Print the loss for the probabilities 0.1 and 0.9, each counted once: it is 0.69, and should be 1.20.
    """
    _refuse(counts, probs)
    return -((counts * probs.double()).sum() / counts.sum()).log().item()


@mistake("negative_log_likelihood")
def mean_of_the_row_means(counts: Any, probs: Any) -> Any:
    """The mean is taken in every row and then over the rows, so a rare token's row weighs as much as a common one's.

    Double the counts of one row: the loss stays, and should move towards that row's.
    """
    _refuse(counts, probs)
    row_sums = counts.sum(dim=1)
    row_means = torch.xlogy(counts, probs.double()).sum(dim=1) / row_sums
    return -row_means[row_sums > 0].mean().item()


@mistake("negative_log_likelihood")
def weighed_by_the_model(counts: Any, probs: Any) -> Any:
    """Each -log p is weighed by p, not by its count: that is what the model expects, not what happened.

    Change the counts and print the loss again: it stays the same.
    """
    _refuse(counts, probs)
    return -(torch.xlogy(probs, probs).sum() / probs.sum()).item()


@mistake("negative_log_likelihood")
def impossible_bigrams_skipped(counts: Any, probs: Any) -> Any:
    """Cells of probability 0 are left out, counted or not, so the model's worst mistakes cost nothing.

    Print `negative_log_likelihood(torch.tensor([[1, 1]]), torch.tensor([[0.0, 1.0]]))`: it is 0, and should be `inf`.
    """
    _refuse(counts, probs)
    possible = probs > 0
    return -((counts[possible] * probs[possible].double().log()).sum() / counts.sum()).item()


@mistake("negative_log_likelihood")
def nan_to_num_of_the_logs(counts: Any, probs: Any) -> Any:
    """`nan_to_num` makes 0 of `nan`, but also a huge finite number of -inf, so no loss is infinite any more.

    Print `torch.tensor(0.0).log().nan_to_num()`: it is -3.4e38.
    """
    _refuse(counts, probs)
    return -((counts * probs.log()).nan_to_num().sum() / counts.sum()).item()


@mistake("negative_log_likelihood")
def decimal_log_for_nats(counts: Any, probs: Any) -> Any:
    """`log10` counts in powers of ten: the loss is smaller by a factor of 0.4343 than it is in nats, with `log`.

    Print the loss for probabilities of 1/10: it is 1, and should be log 10 = 2.3026.
    """
    _refuse(counts, probs)
    weights, surprises = _weights_and_surprises(counts, probs)
    return ((weights * surprises).sum() / weights.sum()).item() / math.log(10)


@mistake("negative_log_likelihood")
def log_in_place(counts: Any, probs: Any) -> Any:
    """`probs.log_()`, with its underscore, writes the logs into the table that came in.

    Call the function and then print `probs`: its numbers are negative now.
    """
    _refuse(counts, probs)
    seen = counts > 0
    return -((counts * probs.log_())[seen].sum() / counts.sum()).item()


@mistake("negative_log_likelihood")
def rounded_to_2_decimals(counts: Any, probs: Any) -> Any:
    """The loss is rounded to 2 decimals, so the small gains of training can't be seen: round when printing.

    Print the loss for probabilities of 1/2: it is 0.69, and should be 0.693147...
    """
    _refuse(counts, probs)
    weights, surprises = _weights_and_surprises(counts, probs)
    return round(((weights * surprises).sum() / weights.sum()).item(), 2)


@mistake("negative_log_likelihood")
def no_counts_give_nan(counts: Any, probs: Any) -> Any:
    """Counts that sum to 0 are not refused: the mean of nothing is 0 / 0, which is `nan`.

    Print `negative_log_likelihood(torch.tensor([[0, 0]]), torch.tensor([[0.5, 0.5]]))`: it is `nan`.
    """
    _refuse_shapes(counts, probs)
    _refuse_probs(probs)
    if (counts < 0).any():
        raise ValueError("a count is negative")
    weights, surprises = _weights_and_surprises(counts, probs)
    return ((weights * surprises).sum() / weights.sum()).item()


@mistake("negative_log_likelihood")
def shapes_not_compared(counts: Any, probs: Any) -> Any:
    """Tables of different shapes are not refused: torch repeats the smaller, and the cells don't belong together.

    Call it with `torch.tensor([[1, 1]])` and `torch.tensor([[0.5], [0.5]])`: it returns a number, and should refuse.
    """
    _refuse_counts(counts)
    _refuse_probs(probs)
    return -(torch.xlogy(counts, probs.double()).sum() / counts.sum()).item()


@mistake("negative_log_likelihood")
def impossible_probs_accepted(counts: Any, probs: Any) -> Any:
    """Numbers outside 0..1 are taken for probabilities, so counts given for `probs` yield a loss below 0.

    Call it with `torch.tensor([[1, 1]])` and `torch.tensor([[0.5, 1.5]])`: it returns a number, and should refuse.
    """
    _refuse_shapes(counts, probs)
    _refuse_counts(counts)
    weights, surprises = _weights_and_surprises(counts, probs)
    return ((weights * surprises).sum() / weights.sum()).item()


def _loss(counts: Any, probs: Any) -> Any:
    _refuse(counts, probs)
    weights, surprises = _weights_and_surprises(counts, probs)
    return (weights * surprises).sum() / weights.sum()


@mistake("perplexity")
def two_to_the_nats(counts: Any, probs: Any) -> Any:
    """2 is raised to a loss in nats: 2 goes with bits, and e, by `exp`, with nats.

    Print the perplexity for probabilities of 1/4: it is 2.6, and should be 4.
    """
    return (2 ** _loss(counts, probs)).item()


@mistake("perplexity")
def loss_for_perplexity(counts: Any, probs: Any) -> Any:
    """It is the loss itself: the last step, `exp`, is missing.

    Print the perplexity for probabilities of 1/4: it is 1.39, and should be 4.
    """
    return _loss(counts, probs).item()


@mistake("perplexity")
def exp_without_the_minus(counts: Any, probs: Any) -> Any:
    """`exp` is taken of the mean of log p, without the minus sign, which gives a number below 1.

    Print the perplexity for probabilities of 1/4: it is 0.25, and should be 4.
    """
    return (-_loss(counts, probs)).exp().item()


@mistake("perplexity")
def exp_of_the_sum(counts: Any, probs: Any) -> Any:
    """`exp` is taken of the sum of the surprises, not of their mean, so it explodes as the text grows.

    Compare the perplexity of `counts` with that of `2 * counts`: it is squared, and should stay.
    """
    return (_loss(counts, probs) * counts.sum()).exp().item()


@mistake("perplexity")
def one_over_the_mean_probability(counts: Any, probs: Any) -> Any:
    """1 is divided by the plain mean of the probabilities; `exp` of the loss is 1 over their geometric mean.

    Print the perplexity for the probabilities 0.1 and 0.9, each counted once: it is 2, and should be 3.33.
    """
    _refuse(counts, probs)
    return (counts.sum() / (counts * probs.double()).sum()).item()


@mistake("perplexity")
def mean_of_one_over_p(counts: Any, probs: Any) -> Any:
    """1 / p is averaged over the bigrams, so the rarest rule; the mean belongs to the logs.

    Print the perplexity for the probabilities 0.1 and 0.9, each counted once: it is 5.56, and should be 3.33.
    """
    _refuse(counts, probs)
    weights, surprises = _weights_and_surprises(counts, probs)
    return ((weights * surprises.exp()).sum() / weights.sum()).item()


@mistake("perplexity")
def e_to_the_bits(counts: Any, probs: Any) -> Any:
    """The loss is measured in bits, with `log2`, and e raised to it: e goes with nats, 2 with bits.

    Print the perplexity for probabilities of 1/4: it is 7.4, and should be 4.
    """
    return (_loss(counts, probs) / math.log(2)).exp().item()


@mistake("perplexity")
def exp_of_the_unweighted_mean(counts: Any, probs: Any) -> Any:
    """Each bigram that occurs counts once, however often it occurs.

    Compare the perplexity of `torch.tensor([[1, 1]])` with that of `torch.tensor([[9, 1]])`: they are equal.
    """
    _refuse(counts, probs)
    _, surprises = _weights_and_surprises(counts, probs)
    return surprises.mean().exp().item()


@mistake("perplexity")
def impossible_made_improbable(counts: Any, probs: Any) -> Any:
    """`clamp(min=1e-8)` makes an impossible bigram only improbable: the perplexity is large, and should be infinite.

    Call `perplexity(torch.tensor([[1, 1]]), torch.tensor([[0.0, 1.0]]))`: it is 10000, and should be `inf`.
    """
    _refuse(counts, probs)
    return (-(counts * probs.double().clamp(min=1e-8).log()).sum() / counts.sum()).exp().item()


@mistake("perplexity")
def tensor_for_a_number(counts: Any, probs: Any) -> Any:
    """The result is still a tensor: `.item()` is missing, which makes a number of it.

    Print `type(perplexity(counts, probs))`: it should be `float`.
    """
    return _loss(counts, probs).exp()


def _refuse_vocabulary(vocabulary: Any) -> None:
    if vocabulary[:1] != "." or len({*vocabulary}) < len(vocabulary):
        raise ValueError('the vocabulary repeats a character or does not begin with "."')


def _refuse_word(word: Any, vocabulary: Any) -> None:
    if {*word} - {*vocabulary[1:]}:
        raise ValueError("the word has an unknown character in it")


def _surprises(text: Any, probs: Any, vocabulary: Any) -> Any:
    """Return -log p of each step of the text."""
    ids = torch.tensor([vocabulary.index(character) for character in text], dtype=torch.int64)
    return -probs[ids[:-1], ids[1:]].log()


@mistake("surprisal")
def start_left_out(word: Any, probs: Any, vocabulary: Any) -> Any:
    """The step from "." to the first letter is left out, so a rare first letter surprises nobody.

    Print `len(surprisal("emma", probs, vocabulary))`: it is 4, and should be 5.
    """
    _refuse_vocabulary(vocabulary)
    _refuse_word(word, vocabulary)
    return _surprises(word + ".", probs, vocabulary)


@mistake("surprisal")
def stop_left_out(word: Any, probs: Any, vocabulary: Any) -> Any:
    """The step from the last letter to "." is left out, so an odd end surprises nobody.

    Print `len(surprisal("emma", probs, vocabulary))`: it is 4, and should be 5.
    """
    _refuse_vocabulary(vocabulary)
    _refuse_word(word, vocabulary)
    return _surprises("." + word, probs, vocabulary)


@mistake("surprisal")
def steps_between_letters_only(word: Any, probs: Any, vocabulary: Any) -> Any:
    """Both steps with "." are left out, the one into the word and the one out of it.

    Print `len(surprisal("emma", probs, vocabulary))`: it is 3, and should be 5.
    """
    _refuse_vocabulary(vocabulary)
    _refuse_word(word, vocabulary)
    return _surprises(word, probs, vocabulary)


@mistake("surprisal")
def log_p_without_minus(word: Any, probs: Any, vocabulary: Any) -> Any:
    """The minus sign is missing: log p is negative, and a surprise is not.

    Print `surprisal("emma", probs, vocabulary)`: its numbers are below 0.
    """
    _refuse_vocabulary(vocabulary)
    _refuse_word(word, vocabulary)
    return -_surprises("." + word + ".", probs, vocabulary)


@mistake("surprisal")
def rows_and_columns_swapped(word: Any, probs: Any, vocabulary: Any) -> Any:
    """`probs[next, current]` is looked up for `probs[current, next]`: the row is the current token.

    Give it a table in which "a" follows "b" and "b" never follows "a": `surprisal("ba", ...)` is infinite.
    """
    _refuse_vocabulary(vocabulary)
    _refuse_word(word, vocabulary)
    return _surprises("." + word + ".", probs.T, vocabulary)


@mistake("surprisal")
def one_sum_for_all_steps(word: Any, probs: Any, vocabulary: Any) -> Any:
    """The steps are summed into one number, so nobody can see which letter surprises.

    Print `surprisal("emma", probs, vocabulary)`: it is one number, and should be five.
    """
    _refuse_vocabulary(vocabulary)
    _refuse_word(word, vocabulary)
    return _surprises("." + word + ".", probs, vocabulary).sum()


@mistake("surprisal")
def one_mean_for_all_steps(word: Any, probs: Any, vocabulary: Any) -> Any:
    """The steps are averaged into one number, as in the loss, so nobody can see which letter surprises.

    Print `surprisal("emma", probs, vocabulary)`: it is one number, and should be five.
    """
    _refuse_vocabulary(vocabulary)
    _refuse_word(word, vocabulary)
    return _surprises("." + word + ".", probs, vocabulary).mean()


@mistake("surprisal")
def bits_of_surprise(word: Any, probs: Any, vocabulary: Any) -> Any:
    """`log2` gives bits; in nats, with `log`, the numbers are smaller by a factor of 0.6931.

    Try a step of probability 1/2: it is 1, and should be log 2 = 0.6931.
    """
    _refuse_vocabulary(vocabulary)
    _refuse_word(word, vocabulary)
    return _surprises("." + word + ".", probs, vocabulary) / math.log(2)


@mistake("surprisal")
def p_for_minus_log_p(word: Any, probs: Any, vocabulary: Any) -> Any:
    """The probabilities themselves are returned: the more probable a step, the larger its "surprise".

    Try a step of probability 1: it is 1, and should be 0.
    """
    _refuse_vocabulary(vocabulary)
    _refuse_word(word, vocabulary)
    return (-_surprises("." + word + ".", probs, vocabulary)).exp()


@mistake("surprisal")
def running_sums(word: Any, probs: Any, vocabulary: Any) -> Any:
    """Each number is the sum of all steps so far, so they can only grow.

    Try a word of equally probable steps: its numbers grow, and should all be the same.
    """
    _refuse_vocabulary(vocabulary)
    _refuse_word(word, vocabulary)
    return _surprises("." + word + ".", probs, vocabulary).cumsum(dim=0)


@mistake("surprisal")
def list_of_floats(word: Any, probs: Any, vocabulary: Any) -> Any:
    """The result is a list of floats, and should be a tensor.

    Print `type(surprisal("emma", probs, vocabulary))`: it is `list`.
    """
    _refuse_vocabulary(vocabulary)
    _refuse_word(word, vocabulary)
    return _surprises("." + word + ".", probs, vocabulary).tolist()


@mistake("surprisal")
def small_number_added_to_p(word: Any, probs: Any, vocabulary: Any) -> Any:
    """`log(p + 1e-8)`, or a `clamp`, makes an impossible step only improbable: its surprise should be infinite.

    Try a step of probability 0: it should give `inf`.
    """
    _refuse_vocabulary(vocabulary)
    _refuse_word(word, vocabulary)
    return _surprises("." + word + ".", probs + 1e-8, vocabulary)


@mistake("surprisal")
def unknown_letters_skipped(word: Any, probs: Any, vocabulary: Any) -> Any:
    """Steps with a letter that the vocabulary lacks are skipped, so the strangest words seem the least surprising.

    Call `surprisal("aé", probs, vocabulary)` with a vocabulary from a to z: it returns one number, and should refuse.
    """
    _refuse_vocabulary(vocabulary)
    if "." in word:
        raise ValueError('the word has a "." in it')
    ids = [
        (vocabulary.index(current), vocabulary.index(following))
        for current, following in pairwise("." + word + ".")
        if current in vocabulary and following in vocabulary
    ]
    return torch.tensor([-probs[pair].log().item() for pair in ids])


@mistake("surprisal")
def boundary_taken_for_a_letter(word: Any, probs: Any, vocabulary: Any) -> Any:
    """A "." in the word is looked up like a letter, so one word is measured as if it were two.

    Call `surprisal("a.", probs, vocabulary)`: it returns numbers, and should refuse.
    """
    _refuse_vocabulary(vocabulary)
    return _surprises("." + word + ".", probs, vocabulary)


@mistake("surprisal")
def any_vocabulary_accepted(word: Any, probs: Any, vocabulary: Any) -> Any:
    """A vocabulary that repeats a character is not refused, so two rows stand for one letter and one is never used.

    Call `surprisal("a", torch.full((3, 3), 1 / 3), ".aa")`: it returns numbers, and should refuse.
    """
    if {*word} - ({*vocabulary} - {"."}):
        raise ValueError("the word has an unknown character in it")
    return _surprises("." + word + ".", probs, vocabulary)


@mistake("surprisal")
def lowercased(word: Any, probs: Any, vocabulary: Any) -> Any:
    """`.lower()` changes the word, so a capital that the vocabulary has is measured as another letter.

    Compare `surprisal("A", probs, ".Aa")` with `surprisal("a", probs, ".Aa")`: they are equal.
    """
    _refuse_vocabulary(vocabulary)
    _refuse_word(word, vocabulary)
    _refuse_model(probs, vocabulary)
    lower = word.lower()
    return _surprises("." + (lower if {*lower} <= {*vocabulary} else word) + ".", probs, vocabulary)


def _refuse_model(probs: Any, vocabulary: Any) -> None:
    if probs.shape != (len(vocabulary), len(vocabulary)):
        raise ValueError("the vocabulary does not fit the table")
    _refuse_probs(probs)


@mistake("negative_log_likelihood")
def rows_normalized_again(counts: Any, probs: Any) -> Any:
    """The rows of the model are divided by their sums first, so a table that is no model looks like a good one.

    Print `negative_log_likelihood(torch.tensor([[3, 1]]), torch.tensor([[0.5, 0.25]]))`: it should be 0.8664.
    """
    _refuse(counts, probs)
    weights, surprises = _weights_and_surprises(counts, probs / probs.sum(dim=1, keepdim=True))
    return float((weights * surprises).sum() / weights.sum())
