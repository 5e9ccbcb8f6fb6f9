"""How surprised is the model by real words? One number says how good it is."""

import torch
from jaxtyping import Float, Num
from torch import Tensor

from bigramlab.lessons.encoding import encode_text, join_words
from bigramlab.lessons.inputs import (
    require_probabilities,
    require_table,
    require_vocabulary,
    require_weights,
    require_word,
)

__all__ = ["negative_log_likelihood", "perplexity", "surprisal"]


def negative_log_likelihood(counts: Num[Tensor, "current next"], probs: Float[Tensor, "current next"]) -> float:
    """Return the mean of -log p over all counted bigrams, in nats: the loss.

    A bigram that was counted c times adds its -log p c times, so the sum over all bigrams of the text is a sum over the
    cells of the table, weighted by the counts. 0 is perfect; log(vocab) is what a model that knows nothing gets. The
    loss can't tell whether the rows of `probs` sum to 1, so check that first.

    Args:
        counts: How often each bigram stands in the text.
        probs: The model's probability of each.

    Returns:
        The mean, computed in float64; `inf` if a counted bigram has probability 0.

    Raises:
        TypeError: If one of them is not a tensor.
        ValueError: If the shapes differ, a count is negative or not finite, the counts sum to 0, or a probability is
            outside 0..1.

    Examples:
        Three bigrams of probability 1/2 and one of 1/4: (3 · log 2 + log 4) / 4 = 5 log 2 / 4.

        >>> counts, probs = torch.tensor([[3, 1]]), torch.tensor([[0.5, 0.25]])
        >>> loss = negative_log_likelihood(counts, probs)
        >>> round(loss, 4), round(5 * math.log(2) / 4, 4)
        (0.8664, 0.8664)
    """
    require_table("counts", counts)
    require_table("probs", probs)
    if counts.shape != probs.shape:
        raise ValueError(
            f"counts has shape {tuple(counts.shape)} and probs {tuple(probs.shape)}, so their cells don't belong "
            "together; count the words with the vocabulary that the model was made with"
        )
    require_weights("counts", counts)
    require_probabilities("probs", probs)
    weights = counts.detach().cpu().double()
    if not weights.any():
        raise ValueError("the counts sum to 0, so there is no bigram to take the mean of; count at least one word")
    weights = weights / weights.max()  # the mean stays the same, and no sum overflows
    # xlogy(c, p) is c · log p, and 0 where c is 0: a bigram that never came can't surprise.
    log_likelihood = torch.xlogy(weights, probs.detach().cpu().double().clamp(max=1)).sum()
    return 0 - float(log_likelihood / weights.sum())  # 0 - 0 is 0, where -(0.0) would print as -0.0


def perplexity(counts: Num[Tensor, "current next"], probs: Float[Tensor, "current next"]) -> float:
    """Return exp(negative log-likelihood): among how many equally likely tokens the model seems to choose.

    Args:
        counts: How often each bigram stands in the text.
        probs: The model's probability of each.

    Returns:
        A number from 1 (certain and right) up; a uniform model has as many as tokens. `inf` if the loss is.

    Raises:
        TypeError: As `negative_log_likelihood`.
        ValueError: As `negative_log_likelihood`.

    Examples:
        >>> uniform = torch.full((4, 4), 1 / 4)
        >>> perplexity(torch.ones(4, 4), uniform)
        4.0
    """
    loss = torch.tensor(negative_log_likelihood(counts, probs), dtype=torch.float64, device="cpu")
    return loss.exp().item()  # math.exp would raise an OverflowError beyond 709 nats


def surprisal(word: str, probs: Float[Tensor, "vocab vocab"], vocabulary: str) -> Float[Tensor, " steps"]:
    """Return -log p of each step through a word, in nats.

    The steps of `mia` are `.m`, `mi`, `ia` and `a.`; their sum is -log of the probability that a walk writes this word.

    Args:
        word: A word of n letters.
        probs: The model: row = current token, column = next token.
        vocabulary: The token of each id.

    Returns:
        n + 1 numbers from 0 (certain) up; `inf` for a step that the model holds impossible.

    Raises:
        TypeError: If the word is not a `str` or `probs` not a tensor.
        ValueError: If the word contains `"."` or a character that the vocabulary lacks, if the vocabulary repeats a
            character, does not begin with `"."` or does not fit the table, or a probability is outside 0..1.

    Examples:
        `.a` is certain; then `a` and `"."` are equally likely, and log 2 = 0.6931.

        >>> surprisal("aa", torch.tensor([[0.0, 1.0], [0.5, 0.5]]), ".a")
        tensor([0.0000, 0.6931, 0.6931])
    """
    require_word(word)
    require_table("probs", probs)
    require_vocabulary(vocabulary, probs)
    require_probabilities("probs", probs)
    (text,) = join_words([word])
    ids = encode_text(text, vocabulary).to(probs.device)
    return 0 - probs[ids[:-1], ids[1:]].clamp(max=1).log()  # 0 - log 1 is 0, where -log 1 would print as -0
