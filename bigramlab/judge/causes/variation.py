"""One slip: what is done to the arguments of our own function, or to its result, so that it goes wrong."""

import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from bigramlab.laws import ours_for

__all__ = ["Variation", "bound", "loosely"]


@dataclass(frozen=True)
class Variation:
    """A slip that many functions can have.

    Attributes:
        name: Its name.
        wrong: What is wrong, in a sentence.
        seen: How to see it, in a sentence.
        vary: Changes the arguments by name or, where no `parameter` is said, the result: that one gets both.
        parameter: The argument that it changes.
    """

    name: str
    wrong: str
    seen: str
    vary: Callable[..., Any]
    parameter: str = ""


def bound(name: str, arguments: tuple[Any, ...], options: dict[str, Any]) -> dict[str, Any]:
    """Return what our function of that name would get for each parameter, its defaults too."""
    signature = inspect.signature(ours_for(name)).bind(*arguments, **options)
    signature.apply_defaults()
    return dict(signature.arguments)


def loosely(name: str) -> Callable[..., Any]:
    """Return our function of that name, taking its arguments by name and, where that is easy, refusing nothing."""
    loose = LOOSE.get(name)
    if loose:
        return loose
    ours, kinds = ours_for(name), inspect.signature(ours_for(name)).parameters
    places = [one for one, parameter in kinds.items() if parameter.kind is not parameter.KEYWORD_ONLY]

    def call(**given: Any) -> Any:
        by_place = [given.pop(place) for place in places]
        return ours(*by_place, **given)

    return call


def _normalize(counts: Any) -> Any:
    return counts.double() / counts.double().sum(1, keepdim=True)


def _mean_surprise(counts: Any, probs: Any) -> Any:
    seen = counts != 0
    return float((counts[seen] * -probs[seen].double().log()).sum() / counts.sum())


def _surprisal(word: Any, probs: Any, vocabulary: Any) -> Any:
    ids = torch.tensor([vocabulary.index(letter) for letter in f".{word}."])
    return -probs[ids[:-1], ids[1:]].log()


def _count(words: Any, vocabulary: Any) -> Any:
    counts = torch.zeros(len(vocabulary), len(vocabulary), dtype=torch.int64)
    for word in words:
        for current, following in zip("." + word, word + ".", strict=True):
            counts[vocabulary.index(current), vocabulary.index(following)] += 1
    return counts


def _cross_entropy(logits: Any, targets: Any) -> Any:
    return -logits.double().log_softmax(1)[torch.arange(len(targets)), targets].mean()


def _score(next_probs: Any, contexts: Any, targets: Any) -> Any:
    return float(-next_probs(contexts).double()[torch.arange(len(targets)), targets].log().mean())


LOOSE: dict[str, Callable[..., Any]] = {
    "smooth": lambda counts, k: counts + k,
    "normalize": _normalize,
    "count_bigrams": _count,
    "negative_log_likelihood": _mean_surprise,
    "perplexity": lambda counts, probs: math.exp(_mean_surprise(counts, probs)),
    "surprisal": _surprisal,
    "softmax": lambda logits: logits.double().softmax(-1),
    "cross_entropy": _cross_entropy,
    "score_contexts": _score,
    "encode": lambda word, vocabulary: torch.tensor([vocabulary.index(one) for one in word], dtype=torch.int64),
    "decode": lambda ids, vocabulary: "".join(vocabulary[int(id)] for id in ids),
}
"""Ours without the refusals: a slip may hand on what ours would refuse. Not to be shown, and so not written at length."""
