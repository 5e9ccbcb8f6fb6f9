"""The catalogue of mistakes: small wrong functions, each named and explained."""

from bigramlab.mistakes import (
    counting,
    data,
    encoding,
    evaluating,
    neural_bigram,
    normalizing,
    plotting,
    sampling,
    smoothing,
)
from bigramlab.mistakes.mistake import MISTAKES, Mistake, mistake

__all__ = [
    "MISTAKES",
    "Mistake",
    "counting",
    "data",
    "encoding",
    "evaluating",
    "mistake",
    "neural_bigram",
    "normalizing",
    "plotting",
    "sampling",
    "smoothing",
]
