"""Laws of measuring how surprised a model is."""

import math
from typing import Any

import torch
from hypothesis import strategies as st
from torch import Tensor

from bigramlab import plain
from bigramlab.laws import strategies as draw
from bigramlab.laws.law import Function, a_float, a_number, a_tensor, agree, broken, care, close_to, law, refuses


@st.composite
def counts_and_probs(draw_from: st.DrawFn, *, square: bool = True) -> tuple[Tensor, Tensor]:
    """Counts, and a model of the same shape that holds none of the counted bigrams impossible.

    Where they are not square, the rows of the model may sum to less than 1, too: the loss can't tell.
    """
    counts = draw_from(draw.count_tables(square=square, largest=50, least_sum=1, most_rows=4))
    weights = draw_from(st.lists(st.integers(0, 9), min_size=counts.numel(), max_size=counts.numel()))
    table = torch.tensor(weights, dtype=torch.float64).view(counts.shape)
    table[:, 0] += 1
    table = torch.where((counts > 0) & (table == 0), 1.0, table)
    share = 1 if square else draw_from(st.sampled_from([1, 0.5]))
    return counts, (table / table.sum(dim=1, keepdim=True)).float() * share


def mean_surprise(counts: Tensor, probs: Tensor) -> float:
    """Return the mean of -log p, bigram by bigram."""
    return plain.negative_log_likelihood(counts.tolist(), probs.tolist())


losses_of_nothing = st.sampled_from(
    [
        ([[0, 0]], [[0.5, 0.5]]),
        ([[1, -1]], [[0.5, 0.5]]),
        ([[2, -1]], [[0.5, 0.5]]),
        ([[1, 1]], [[0.5], [0.5]]),
        ([[1, 1]], [[0.5, 1.5]]),
        ([[1, 1]], [[-0.5, 0.5]]),
        ([[1, 0]], [[0.5, 1.5]]),
        ([[1, 1]], [[float("nan"), 0.5]]),
    ]
)
IMPOSSIBLE = [[0.0, 1.0], [0.5, 0.5]]  # that "." follows "."


@law("negative_log_likelihood", draw.count_tables(square=True, largest=10_000, least_sum=1))
def knowing_nothing_costs_the_log_of_the_choices(negative_log_likelihood: Function, counts: Tensor) -> None:
    """A model that gives each of n tokens the probability 1 / n has the loss log n, in nats, whatever was counted."""
    size = len(counts)
    close_to(a_number(negative_log_likelihood(counts, torch.full(counts.shape, 1 / size))), math.log(size))


@law("negative_log_likelihood", counts_and_probs())
def the_loss_is_the_mean_over_all_bigrams(negative_log_likelihood: Function, counts: Tensor, probs: Tensor) -> None:
    """The loss is the mean of -log p, each bigram as often as it was counted."""
    close_to(a_number(negative_log_likelihood(counts, probs)), mean_surprise(counts, probs))


@law("negative_log_likelihood", draw.count_tables(square=True, largest=50, least_sum=1))
def what_never_came_costs_nothing(negative_log_likelihood: Function, counts: Tensor) -> None:
    """A bigram that was never counted costs nothing, though its probability be 0: 0 · log 0 = 0."""
    probs = (counts.double() / counts.sum(dim=1, keepdim=True)).float()
    close_to(a_number(negative_log_likelihood(counts, probs)), mean_surprise(counts, probs))


@law("negative_log_likelihood", st.integers(1, 9), st.integers(1, 9))
def the_impossible_costs_everything(negative_log_likelihood: Function, a: int, b: int) -> None:
    """A counted bigram of probability 0 gives an infinite loss."""
    if a_number(negative_log_likelihood(torch.tensor([[a, b], [b, 0]]), torch.tensor(IMPOSSIBLE))) != math.inf:
        broken("it should be inf: the model held for impossible what happened")


@care("negative_log_likelihood", counts_and_probs(square=False))
def each_cell_is_taken_as_it_is(negative_log_likelihood: Function, counts: Tensor, probs: Tensor) -> None:
    """Tables need not be square, nor need the rows sum to 1: each probability is taken as it is."""
    close_to(a_number(negative_log_likelihood(counts, probs)), mean_surprise(counts, probs))


@care("negative_log_likelihood", counts_and_probs(), examples=5)
def the_loss_is_a_float(negative_log_likelihood: Function, counts: Tensor, probs: Tensor) -> None:
    """The loss is a float, not a tensor."""
    a_float(negative_log_likelihood(counts, probs))


@care("negative_log_likelihood", losses_of_nothing)
def impossible_tables_are_refused(negative_log_likelihood: Function, counts: list[Any], probs: list[Any]) -> None:
    """Counts that sum to 0 or are negative, tables of different shapes, and probabilities outside 0..1 are refused."""
    refuses(lambda: negative_log_likelihood(torch.tensor(counts), torch.tensor(probs)))


@law("perplexity", draw.count_tables(square=True, largest=5000, least_sum=1))
def knowing_nothing_is_choosing_among_all(perplexity: Function, counts: Tensor) -> None:
    """A model that gives each of n tokens the probability 1 / n has the perplexity n."""
    size = len(counts)
    close_to(a_number(perplexity(counts, torch.full(counts.shape, 1 / size))), size)


@law("perplexity", counts_and_probs())
def perplexity_is_exp_of_the_loss(perplexity: Function, counts: Tensor, probs: Tensor) -> None:
    """The perplexity is exp of the mean of -log p."""
    close_to(a_number(perplexity(counts, probs)), math.exp(mean_surprise(counts, probs)))


@law("perplexity", st.integers(1, 9))
def the_impossible_is_infinitely_perplexing(perplexity: Function, a: int) -> None:
    """A counted bigram of probability 0 gives an infinite perplexity."""
    if a_number(perplexity(torch.tensor([[a, 1], [1, 0]]), torch.tensor(IMPOSSIBLE))) != math.inf:
        broken("it should be inf")


@care("perplexity", counts_and_probs(square=False))
def each_cell_counts_as_it_is(perplexity: Function, counts: Tensor, probs: Tensor) -> None:
    """Tables need not be square, nor need the rows sum to 1: each probability is taken as it is."""
    close_to(a_number(perplexity(counts, probs)), math.exp(mean_surprise(counts, probs)))


@care("perplexity", counts_and_probs(), examples=5)
def the_perplexity_is_a_float(perplexity: Function, counts: Tensor, probs: Tensor) -> None:
    """The perplexity is a float, not a tensor."""
    a_float(perplexity(counts, probs))


@care("perplexity", losses_of_nothing)
def what_has_no_loss_has_no_perplexity(perplexity: Function, counts: list[Any], probs: list[Any]) -> None:
    """Counts that sum to 0 or are negative, tables of different shapes, and probabilities outside 0..1 are refused."""
    refuses(lambda: perplexity(torch.tensor(counts), torch.tensor(probs)))


@st.composite
def words_and_table(draw_from: st.DrawFn) -> tuple[list[str], str, Tensor]:
    """Words, their vocabulary, and probabilities for it, by which every step to "." is possible."""
    words, vocabulary = draw_from(draw.words_and_vocabulary(shortest=1))
    size = len(vocabulary)
    weights = draw_from(st.lists(st.integers(0, 9), min_size=size * size, max_size=size * size))
    table = torch.tensor(weights, dtype=torch.float64).view(size, size)
    table[:, 0] += 1
    return words, vocabulary, (table / table.sum(dim=1, keepdim=True)).float()


@law("surprisal", words_and_table())
def each_step_has_its_surprisal(surprisal: Function, words: list[str], vocabulary: str, probs: Tensor) -> None:
    """There are n + 1 numbers, -log p of each step in nats, from "." to the first letter and so on to the last "."."""
    for word in words[:3]:
        found = a_tensor(surprisal(word, probs, vocabulary), (len(word) + 1,), "floats")
        agree(found, plain.surprisal(word, probs.tolist(), vocabulary))


@law("surprisal", st.integers(1, 5))
def an_empty_word_has_one_step(surprisal: Function, size: int) -> None:
    """A word without letters has one step, from "." to "."."""
    found = a_tensor(surprisal("", torch.full((size, size), 1 / size), ".abcd"[:size]), (1,), "floats")
    agree(found, [math.log(size)])


@care("surprisal", st.sampled_from(["a.", ".", "b", "aé"]))
def other_words_have_no_surprisal(surprisal: Function, word: str) -> None:
    """A word with "." in it, or with a character that the vocabulary lacks, is refused."""
    refuses(lambda: surprisal(word, torch.full((2, 2), 0.5), ".a"))


@care("surprisal", st.sampled_from([".aa", "aab"]))
def impossible_vocabularies_are_refused(surprisal: Function, vocabulary: str) -> None:
    """A vocabulary that repeats a character, or does not begin with ".", is refused."""
    refuses(lambda: surprisal("a", torch.full((3, 3), 1 / 3), vocabulary))
