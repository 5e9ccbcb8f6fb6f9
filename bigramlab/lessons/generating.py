"""One walk and one score for every model that tells the probabilities of the next token after a context."""

from collections.abc import Callable

import torch
from jaxtyping import Float, Int64, Integer
from torch import Tensor

from bigramlab.lessons.inputs import (
    require_distributions,
    require_function,
    require_generator,
    require_ids,
    require_room,
    require_size,
    require_table,
    require_targets,
    require_vocabulary,
)

__all__ = ["generate_words", "score_contexts"]

WORDS_AT_ONCE = 4096
CONTEXTS_AT_ONCE = 8192
LONGEST = 10_000  # tokens
A_TABLE = "of a table of probabilities make one with lambda contexts: probs[contexts[:, -1]]"


def generate_words(
    next_probs: Callable[[Int64[Tensor, "batch context"]], Float[Tensor, "batch vocab"]],
    vocabulary: str,
    n: int,
    *,
    context_length: int = 1,
    choose: Callable[[Float[Tensor, "batch vocab"]], Float[Tensor, "batch vocab"]] | None = None,
    generator: torch.Generator | None = None,
) -> list[str]:
    """Write n words with any model that tells the probabilities of the next token after a context.

    Each word begins with a context of `"."` alone. The token that is drawn is appended, the oldest one is dropped, and
    the model is asked again: it is *autoregressive*, its own output being its next input. All words grow at once, a
    token in each step. A table of bigrams is such a model, too, of context length 1.

    Args:
        next_probs: Takes contexts, ids of shape `(batch, context_length)`, oldest first, and returns the probabilities
            of the next token, `(batch, vocab)`, every row summing to 1.
        vocabulary: The token of each id.
        n: How many words.
        context_length: How many tokens the model looks back.
        choose: Takes the model's probabilities and returns those to draw from, such as the likeliest alone: see
            `keep_top_k`. `None` draws from what the model says.
        generator: The source of randomness; `None` means torch's global one.

    Returns:
        The words without their `"."`. The same generator state gives the same words.

    Raises:
        TypeError: If an argument is of the wrong kind, or the model returns no tensor.
        ValueError: If `n` is negative, `context_length` is not positive, the vocabulary repeats a character or does not
            begin with ".", the model's or the chosen probabilities are none, or a word has not ended after ten thousand
            tokens.

    Examples:
        >>> probs = torch.tensor([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]])
        >>> generate_words(lambda contexts: probs[contexts[:, -1]], ".hi", n=2)
        ['hi', 'hi']
    """
    require_function("next_probs", next_probs, A_TABLE)
    if choose is not None:
        require_function("choose", choose, "such as lambda probs: keep_top_k(probs, 5)")
    require_vocabulary(vocabulary)
    n = require_size("n", n)
    context_length = require_size("context_length", context_length, least=1)
    require_room("a batch of contexts", min(WORDS_AT_ONCE, n), context_length)
    require_generator(generator)
    chosen = next_probs if choose is None else lambda contexts: choose(next_probs(contexts))
    words: list[str] = []
    while len(words) < n:
        words += _grow(chosen, vocabulary, min(WORDS_AT_ONCE, n - len(words)), context_length, generator)
    return words


def _grow(
    next_probs: Callable[[Tensor], Tensor],
    vocabulary: str,
    n: int,
    context_length: int,
    generator: torch.Generator | None,
) -> list[str]:
    """Write n words at once. Those that are not ended yet have a context each."""
    words = [""] * n
    growing = list(range(n))
    contexts = torch.zeros((n, context_length), dtype=torch.int64, device="cpu")
    for _ in range(LONGEST):
        ids = _draw_from_rows(next_probs(contexts), (len(growing), len(vocabulary)), generator)
        for word, id in zip(growing, ids.tolist(), strict=True):
            words[word] += vocabulary[id]
        growing = [word for word, id in zip(growing, ids.tolist(), strict=True) if id != 0]
        if not growing:
            return [word.removesuffix(".") for word in words]
        contexts = torch.cat([contexts, ids[:, None]], dim=1)[ids != 0, 1:]
    raise ValueError(
        f"a word has not ended after {LONGEST:,} tokens: the model holds '.' for too improbable; "
        "train it on words that end with '.', or choose from more tokens"
    )


def _draw_from_rows(probs: Tensor, shape: tuple[int, int], generator: torch.Generator | None) -> Tensor:
    """Draw a column from each row; the darts of `sample_words`, many at once."""
    _require_rows(probs, *shape)
    ends = probs.detach().cpu().double().cumsum(dim=1)
    device = generator.device if generator else "cpu"
    darts = torch.rand((len(ends), 1), generator=generator, device=device, dtype=torch.float64).cpu()
    return torch.searchsorted(ends / ends[:, -1:], darts, right=True).flatten()


def score_contexts(
    next_probs: Callable[[Int64[Tensor, "batch context"]], Float[Tensor, "batch vocab"]],
    contexts: Integer[Tensor, "targets context"],
    targets: Integer[Tensor, " targets"],
) -> float:
    """Return the mean of -log p of the targets, in nats: the loss of any model that tells the next probabilities.

    For a table of bigrams it is `negative_log_likelihood`.

    Args:
        next_probs: The model, as `generate_words` takes it.
        contexts: Ids, oldest first, as `build_contexts` makes them.
        targets: What came after each.

    Returns:
        The mean; `inf` if the model holds impossible what came.

    Raises:
        TypeError: If an argument is of the wrong kind, or the model returns no tensor.
        ValueError: If there are no targets or not one for each context, if one is no id of the model's columns, or the
            model's probabilities are none.

    Examples:
        >>> probs = torch.tensor([[0.0, 0.5, 0.5], [0.5, 0.0, 0.5], [1.0, 0.0, 0.0]])
        >>> examples = build_contexts(["ab"], ".ab", 1)  # p = 1/2, 1/2 and 1
        >>> loss = score_contexts(lambda contexts: probs[contexts[:, -1]], *examples)
        >>> round(loss, 4), round(2 * math.log(2) / 3, 4)
        (0.4621, 0.4621)
    """
    require_function("next_probs", next_probs, A_TABLE)
    require_ids("contexts", contexts, axes=2)
    require_targets(targets, contexts, "contexts", least=1)
    total = 0.0
    batches = (torch.split(ids, CONTEXTS_AT_ONCE) for ids in (contexts, targets))
    for some, of_these in zip(*batches, strict=True):
        probs = next_probs(some)
        _require_rows(probs, len(some))
        require_targets(of_these, some, "contexts", tokens=probs.shape[1])
        of_targets = probs.detach().gather(1, of_these[:, None].long().to(probs.device))
        total -= float(of_targets.double().clamp(max=1).log().sum())
    return total / len(targets)


def _require_rows(probs: Tensor, batch: int, vocab_size: int | None = None) -> None:
    """Refuse what is not a distribution for each context of the batch (over as many tokens as there are, if known)."""
    require_table("next_probs(contexts)", probs)
    wanted = (batch, probs.shape[1] if vocab_size is None else vocab_size)
    if probs.shape != wanted:
        tokens = "" if vocab_size is None else f" and {vocab_size} tokens"
        raise ValueError(
            f"next_probs(contexts) has shape {tuple(probs.shape)}, but {batch} contexts{tokens} need {wanted}; return "
            "a row of probabilities for each context"
        )
    require_distributions("next_probs(contexts)", probs)
