"""Which model is best? All of them on the same words, none of which they saw in training."""

import math
from collections.abc import Sequence
from numbers import Real
from typing import NamedTuple

import torch

from bigramlab.lessons.contexts import build_contexts
from bigramlab.lessons.generating import generate_words, score_contexts
from bigramlab.lessons.inputs import (
    require_function,
    require_lists,
    require_number,
    require_sequence,
    require_size,
    shown,
)
from bigramlab.lessons.models import Model, train_models
from bigramlab.lessons.optimizing import Recipe

__all__ = ["Result", "compare", "comparison_table", "evaluate_model"]

SAMPLED = 1000  # words of each model, to see how many are copies


class Result(NamedTuple):
    """How good a model is.

    Attributes:
        name: What it is.
        context_length: How many tokens it looks back.
        numbers: How many numbers it has learned.
        seconds: The processor time that took.
        train: The loss on the words that it learned from, nats.
        dev: The loss on the words that it was chosen by, nats.
        test: The loss on words that nothing depended on, nats.
        words: Ten of its words.
        copied: The share of its words that stand in the training words.
        real: The share that does not, and yet stands in the others: real words that it did not know.
        new: The share that stands nowhere.
    """

    name: str
    context_length: int
    numbers: int
    seconds: float
    train: float
    dev: float
    test: float
    words: list[str]
    copied: float
    real: float
    new: float

    @property
    def perplexity(self) -> float:
        """The perplexity on the test words."""
        return math.exp(self.test) if self.test < 700 else math.inf


def compare(
    train: Sequence[str],
    dev: Sequence[str],
    test: Sequence[str],
    *,
    context_lengths: Sequence[int] = (1, 2, 3, 5, 8),
    recipe: Recipe = Recipe(),
    transformer: Recipe | None = None,
    generator: torch.Generator | None = None,
    progress: bool = True,
) -> list[Result]:
    """Train every model on the same words, and evaluate it on words that it did not see.

    Args:
        train: The words to learn from.
        dev: The words to choose by: the `k` of the smoothing, the best moment of the training.
        test: The words to judge by.
        context_lengths: An MLP is trained for each.
        recipe: How to train the MLPs.
        transformer: How to train a Transformer, such as by `TRANSFORMER_RECIPE`, which takes far longer than an MLP.
            `None` leaves it out.
        generator: The source of randomness; `None` means torch's global one.
        progress: Whether to show bars for the trainings.

    Returns:
        A result for each model. In this order, they are one that knows nothing, the frequencies of the letters, the
        counted table, the learned table, the MLPs, and the Transformer if it is wanted.

    Raises:
        TypeError: If a list of words is one bare `str` or can be read only once, or an argument is of the wrong kind.
        ValueError: If a list has no words, `build_vocabulary` refuses them, a context length is not positive, or the
            recipe is impossible.

    Examples:
        >>> words = ["anna", "nan", "ann", "nana"]
        >>> results = compare(words, words, words, context_lengths=[2], recipe=Recipe(steps=20), progress=False)
        >>> [result.name for result in results]
        ['uniform', 'letters', 'counted bigrams', 'learned bigrams', 'MLP, context 2']
        >>> round(results[0].test, 4), round(math.log(3), 4)
        (1.0986, 1.0986)
    """
    train, dev, test = require_lists(train=train, dev=dev, test=test)
    models = train_models(
        train,
        dev,
        test,
        context_lengths=context_lengths,
        recipe=recipe,
        transformer=transformer,
        generator=generator,
        progress=progress,
    )
    return [evaluate_model(model, train, dev, test, generator=generator) for model in models]


def _require_model(model: Model) -> None:
    if not isinstance(model, Model):
        raise TypeError(f"model must be a Model, as train_models yields them, got {shown(model)}")
    require_function("next_probs", model.next_probs, "train_models yields models that have one")
    require_size("context_length", model.context_length, least=1)
    require_size("numbers", model.numbers, most=math.inf)
    require_number("seconds", model.seconds)


def evaluate_model(
    model: Model,
    train: Sequence[str],
    dev: Sequence[str],
    test: Sequence[str],
    *,
    generator: torch.Generator | None = None,
) -> Result:
    """Return the model's losses on the three lists, and what its own words are like.

    Args:
        model: The model.
        train: The words that it learned from.
        dev: The words that it was chosen by.
        test: The words to judge by.
        generator: The source of randomness; `None` means torch's global one.

    Returns:
        The result, of which a thousand words of the model are a part.

    Raises:
        TypeError: If a list of words is one bare `str`, or an argument is of the wrong kind.
        ValueError: If a list has no words, or a word has a character that the model's vocabulary lacks.

    Examples:
        >>> uniform = next(train_models(["ann", "nan"], ["anna"]))
        >>> result = evaluate_model(uniform, ["ann", "nan"], ["anna"], ["nana"])
        >>> round(result.test, 4), round(result.perplexity, 4)
        (1.0986, 3.0)
    """
    _require_model(model)
    train, dev, test = require_lists(train=train, dev=dev, test=test)
    name, next_probs, context_length, vocabulary, numbers, seconds = model
    train_loss, dev_loss, test_loss = (
        score_contexts(next_probs, *build_contexts(words, vocabulary, context_length)) for words in (train, dev, test)
    )
    words = generate_words(next_probs, vocabulary, SAMPLED, context_length=context_length, generator=generator)
    known, others = set(train), {*dev, *test} - set(train)
    copied, real = (sum(word in some for word in words) / SAMPLED for some in (known, others))
    losses = train_loss, dev_loss, test_loss
    return Result(name, context_length, numbers, seconds, *losses, words[:10], copied, real, 1 - copied - real)


def _require_result(result: Result) -> None:
    if not isinstance(result, Result):
        raise TypeError(f"a result must be a Result, as compare returns them, got {shown(result)}")
    if not isinstance(result.name, str):
        raise TypeError(f"a result's name must be a str, got {shown(result.name)}")
    require_size("numbers", result.numbers, most=math.inf)
    require_number("seconds", result.seconds)
    for name in ("train", "dev", "test", "copied", "real", "new"):
        loss = getattr(result, name)
        if not isinstance(loss, Real) or not float(loss) >= 0:  # it may be inf
            raise ValueError(f"a result's {name} must be a number from 0 up, got {shown(loss)}; compare gives such")


def comparison_table(results: Sequence[Result]) -> str:
    """Return the results as a table in Markdown, which reads well as plain text, too.

    Args:
        results: What `compare` returned.

    Returns:
        A head, a ruler, and a line for each result.

    Raises:
        TypeError: If a result is none.

    Examples:
        >>> result = Result("uniform", 1, 0, 0.0, 3.0, 3.25, 3.5, ["ab"], copied=0.25, real=0.0, new=0.75)
        >>> for line in comparison_table([result]).splitlines():
        ...     print(line)
        |   model | numbers | seconds |  train |    dev |   test | perplexity | copied | real | new |
        | ------: | ------: | ------: | -----: | -----: | -----: | ---------: | -----: | ---: | --: |
        | uniform |       0 |     0.0 | 3.0000 | 3.2500 | 3.5000 |      33.12 |    25% |   0% | 75% |
    """
    require_sequence("results", results, "what compare returns")
    for result in results:
        _require_result(result)
    head = ["model", "numbers", "seconds", "train", "dev", "test", "perplexity", "copied", "real", "new"]
    rows = [
        [
            result.name,
            f"{result.numbers:,}",
            f"{result.seconds:.1f}",
            *(f"{loss:.4f}" for loss in (result.train, result.dev, result.test)),
            f"{result.perplexity:.2f}",
            *(f"{share:.0%}" for share in (result.copied, result.real, result.new)),
        ]
        for result in results
    ]
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    ruler = ["-" * (width - 1) + ":" for width in widths]
    return "\n".join(f"| {' | '.join(map(str.rjust, line, widths))} |" for line in [head, ruler, *rows])
