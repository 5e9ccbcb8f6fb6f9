"""How surprised is the model by all names? The lecture's loop, NLTK, and the table."""

from itertools import pairwise

import torch
from common import counts, id_of, names, probs, vocabulary
from measuring import Comparison

import bigramlab


def in_a_loop():
    total, n = 0.0, 0
    for name in names:
        for current, following in pairwise("." + name + "."):
            total += torch.log(probs[id_of[current], id_of[following]])
            n += 1
    return (-total / n).item()


def in_lists():
    logs = probs.double().log().tolist()
    steps = [
        logs[id_of[current]][id_of[following]] for name in names for current, following in pairwise("." + name + ".")
    ]
    return -sum(steps) / len(steps)


def from_words():
    return bigramlab.negative_log_likelihood(bigramlab.count_bigrams(names, vocabulary), probs)


def comparisons(quick):
    ways = {
        "the lecture's loop: log P[i, j]": in_a_loop,
        "a loop over lists of lists": in_lists,
        "bigramlab: count_bigrams, negative_log_likelihood": from_words,
        "bigramlab.negative_log_likelihood of ready counts": lambda: bigramlab.negative_log_likelihood(counts, probs),
    }
    for label, way in ways.items():
        assert abs(way() - from_words()) < 1e-3, label  # the lecture's float32 drifts
    yield Comparison(f"The loss of {len(names):,} names", ways, rounds=3 if quick else 7)
