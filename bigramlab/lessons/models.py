"""Every model, trained on the same words: one that knows nothing, tables, MLPs and a Transformer."""

import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor

from bigramlab.lessons.caching import remembering
from bigramlab.lessons.contexts import build_contexts
from bigramlab.lessons.counting import count_bigrams
from bigramlab.lessons.encoding import build_vocabulary
from bigramlab.lessons.evaluating import negative_log_likelihood
from bigramlab.lessons.inputs import (
    require_flag,
    require_generator,
    require_lists,
    require_sequence,
    require_size,
    require_words,
)
from bigramlab.lessons.mlp import init_mlp, mlp_probs, pieces_of
from bigramlab.lessons.neural_bigram import softmax, train_neural_bigram
from bigramlab.lessons.normalizing import normalize
from bigramlab.lessons.optimizing import Recipe, require_recipe
from bigramlab.lessons.smoothing import smooth
from bigramlab.lessons.training import train_mlp
from bigramlab.lessons.transformer import init_transformer
from bigramlab.lessons.transformer_training import train_transformer

__all__ = ["Model", "train_models"]


class Model(NamedTuple):
    """A trained model of any kind.

    Attributes:
        name: What it is.
        next_probs: Its probabilities after contexts, as `generate_words` takes them.
        context_length: How many tokens it looks back.
        vocabulary: The token of each id.
        numbers: How many numbers it has learned.
        seconds: The processor time that took.
    """

    name: str
    next_probs: Callable[[Tensor], Tensor]
    context_length: int
    vocabulary: str
    numbers: int
    seconds: float


def train_models(
    train: Sequence[str],
    dev: Sequence[str],
    test: Sequence[str] = (),
    *,
    context_lengths: Sequence[int] = (1, 2, 3, 5, 8),
    recipe: Recipe = Recipe(),
    transformer: Recipe | None = None,
    generator: torch.Generator | None = None,
    progress: bool = True,
) -> Iterator[Model]:
    """Yield the models of `compare`, each trained when its turn comes.

    The test words are asked for their characters alone, so that every word has a probability.

    Args:
        train: The words to learn from.
        dev: The words to choose by.
        test: Words whose characters the vocabulary shall have.
        context_lengths: An MLP is trained for each.
        recipe: How to train the MLPs.
        transformer: How to train a Transformer, such as by `TRANSFORMER_RECIPE`, which takes far longer than an MLP.
            `None` leaves it out.
        generator: The source of randomness; `None` means torch's global one.
        progress: Whether to show bars for the trainings.

    Returns:
        An iterator of models.

    Raises:
        TypeError: As `compare`.
        ValueError: As `compare`. It shows at the first model, as iterators do.

    Examples:
        >>> uniform, letters, *_ = train_models(["ann", "nan"], ["anna"], context_lengths=[])
        >>> letters.next_probs(torch.tensor([[0]]))  # "." and a came twice, n 4 times; to each is added 1
        tensor([[0.2727, 0.2727, 0.4545]])
    """
    train, dev = require_lists(train=train, dev=dev)
    recipe = require_recipe(recipe)
    transformer = transformer if transformer is None else require_recipe(transformer)
    require_generator(generator)
    require_flag("progress", progress)
    require_sequence("context_lengths", context_lengths, "(1, 2, 3)")
    context_lengths = [require_size("context_length", length, least=1) for length in context_lengths]
    require_words(test)
    vocabulary = build_vocabulary([*train, *dev, *test])
    size = len(vocabulary)
    yield _table_model("uniform", vocabulary, 0, lambda: torch.full((size, size), 1 / size))
    yield _table_model("letters", vocabulary, size, lambda: _share_letters(count_bigrams(train, vocabulary)))
    yield counted_model(train, dev, vocabulary)
    yield _table_model("learned bigrams", vocabulary, size**2, lambda: _learn_bigrams(count_bigrams(train, vocabulary)))
    for context_length in context_lengths:
        yield mlp_model(train, dev, vocabulary, context_length, recipe, generator=generator, progress=progress)
    if transformer is not None:
        yield transformer_model(train, dev, vocabulary, transformer, generator=generator, progress=progress)


def counted_model(train: Sequence[str], dev: Sequence[str], vocabulary: str) -> Model:
    """Return the counted table, smoothed as suits the dev words best."""

    def count() -> Tensor:
        counts = count_bigrams(train, vocabulary)
        return normalize(smooth(counts, choose_k(counts, count_bigrams(dev, vocabulary))))

    return _table_model("counted bigrams", vocabulary, len(vocabulary) ** 2, count)


def mlp_model(
    train: Sequence[str],
    dev: Sequence[str],
    vocabulary: str,
    context_length: int,
    recipe: Recipe,
    *,
    generator: torch.Generator | None,
    progress: bool,
) -> Model:
    """Return the MLP that was best on the dev words."""
    start = time.process_time()
    examples, held_back = (build_contexts(words, vocabulary, context_length) for words in (train, dev))
    parameters = init_mlp(len(vocabulary), context_length, generator=generator)
    training = train_mlp(parameters, *examples, recipe, dev=held_back, generator=generator, progress=progress)
    numbers = sum(piece.numel() for piece in pieces_of(parameters))
    next_probs, seconds = partial(mlp_probs, training.best), time.process_time() - start
    return Model(f"MLP, context {context_length}", next_probs, context_length, vocabulary, numbers, seconds)


def transformer_model(
    train: Sequence[str],
    dev: Sequence[str],
    vocabulary: str,
    recipe: Recipe,
    *,
    generator: torch.Generator | None,
    progress: bool,
) -> Model:
    """Return the Transformer that was best on the dev words. It can read all of the longest word."""
    start = time.process_time()
    longest = max(map(len, [*train, *dev])) + 1
    parameters = init_transformer(len(vocabulary), longest, generator=generator)
    training = train_transformer(parameters, train, vocabulary, recipe, dev=dev, generator=generator, progress=progress)
    numbers = sum(piece.numel() for piece in pieces_of(parameters))
    next_probs, seconds = remembering(training.best), time.process_time() - start
    return Model("Transformer", next_probs, longest, vocabulary, numbers, seconds)


def choose_k(counts: Tensor, dev_counts: Tensor) -> float:
    """Return the k of 0.01, 0.02, 0.05, 0.1 and so on to 10 that gives the dev words the lowest loss."""
    ks = [digit * 10.0**power for power in (-2, -1, 0) for digit in (1, 2, 5)] + [10.0]
    return min(ks, key=lambda k: negative_log_likelihood(dev_counts, normalize(smooth(counts, k))))


def _learn_bigrams(counts: Tensor) -> Tensor:
    """Return the probabilities that a network of one layer learns; its rate suits a table of any size.

    A gradient changes by half of a row's share of the bigrams at most, so no step below 4 / the largest share climbs.
    """
    largest_share = float(counts.sum(dim=1).max() / counts.sum())
    return softmax(train_neural_bigram(counts, steps=3000, learning_rate=3.6 / largest_share)[0])


def _share_letters(counts: Tensor) -> Tensor:
    """Return how often each token came at all, in every row."""
    return normalize(smooth(counts.sum(dim=0, keepdim=True))).expand(counts.shape)


def _table_model(name: str, vocabulary: str, numbers: int, compute: Callable[[], Tensor]) -> Model:
    start = time.process_time()
    probs = compute()
    seconds = time.process_time() - start
    return Model(name, lambda contexts: probs[contexts[:, -1]], 1, vocabulary, numbers, seconds)
