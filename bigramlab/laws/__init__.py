"""The laws: properties that pin each function down, one module a chapter.

`LAWS` maps a function's name to its laws. They run on bigramlab's own functions in the tests, and on yours through
`bigramlab.check`.
"""

from bigramlab.laws import (
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
from bigramlab.laws.law import LAWS, Broken, Law, law, ours_for

__all__ = [
    "LAWS",
    "Broken",
    "Law",
    "counting",
    "data",
    "encoding",
    "evaluating",
    "generating",
    "law",
    "mlp",
    "neural_bigram",
    "normalizing",
    "optimizing",
    "ours_for",
    "plotting",
    "sampling",
    "smoothing",
]
