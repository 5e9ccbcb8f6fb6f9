"""The catalogue of mistakes: small wrong functions, each named and explained."""

from bigramlab.mistakes import (
    counting,
    data,
    encoding,
    evaluating,
    generating,
    mlp,
    neural_bigram,
    normalizing,
    optimizing,
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
    "generating",
    "mistake",
    "mlp",
    "neural_bigram",
    "normalizing",
    "optimizing",
    "plotting",
    "sampling",
    "smoothing",
]
