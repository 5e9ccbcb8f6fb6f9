"""Counting the bigrams: the lecture's loop, other packages, and what no way can do without."""

from collections import Counter
from itertools import chain, pairwise, repeat

import numpy as np
import torch
from common import counts, id_of, names, vocabulary
from measuring import Comparison, Missing, peak_of

import bigramlab

LECTURE = "the lecture's loop: N[i, j] += 1"
OURS = "bigramlab.count_bigrams"


def in_a_tensor(words):
    table = torch.zeros((27, 27), dtype=torch.int32)
    for word in words:
        characters = [".", *word, "."]
        for current, following in pairwise(characters):
            table[id_of[current], id_of[following]] += 1
    return table


def in_lists(words):
    table = [[0] * 27 for _ in vocabulary]
    for word in words:
        for current, following in pairwise("." + word + "."):
            table[id_of[current]][id_of[following]] += 1
    return torch.tensor(table)


def as_table(pairs):
    return torch.tensor([[pairs[current, following] for following in vocabulary] for current in vocabulary])


def with_a_counter(words):
    return as_table(Counter(pairwise("." + ".".join(words) + ".")))


def with_nltk(words):
    pairs = nltk.ConditionalFreqDist(nltk.bigrams("." + ".".join(words) + "."))
    return torch.tensor([[pairs[current][following] for following in vocabulary] for current in vocabulary])


def with_scikit_learn(words):
    vectorizer = sklearn_text.CountVectorizer(analyzer="char", ngram_range=(2, 2))
    sums = vectorizer.fit_transform("." + word + "." for word in words).sum(axis=0).A1
    found = {tuple(pair): int(sums[column]) for pair, column in vectorizer.vocabulary_.items()}
    return as_table(Counter(found))


def with_numpy(words):
    text = np.array(["." + ".".join(words) + "."]).view(np.uint32)
    ids_of = np.zeros(128, dtype=np.int64)
    ids_of[[ord(character) for character in vocabulary]] = range(27)
    ids = ids_of[text]
    return torch.from_numpy(np.bincount(ids[:-1] * 27 + ids[1:], minlength=729).reshape(27, 27))


try:
    import nltk
except ImportError:
    with_nltk = Missing("nltk")
try:
    import sklearn.feature_extraction.text as sklearn_text
except ImportError:
    with_scikit_learn = Missing("scikit-learn")

WAYS = {
    LECTURE: in_a_tensor,
    "scikit-learn: CountVectorizer": with_scikit_learn,
    "NLTK: ConditionalFreqDist": with_nltk,
    "collections.Counter, one text": with_a_counter,
    "a loop over lists of lists": in_lists,
    "NumPy: UTF-32, lookup table, bincount": with_numpy,
    OURS: lambda words: bigramlab.count_bigrams(words, vocabulary),
}


def in_an_astral_alphabet():
    shifted = str.maketrans({letter: chr(0x10000 + ord(letter)) for letter in vocabulary[1:]})
    words, alphabet = [name.translate(shifted) for name in names], vocabulary.translate(shifted)
    return lambda: bigramlab.count_bigrams(words, alphabet)


def comparisons(quick):
    for label, way in WAYS.items():
        assert isinstance(way, Missing) or torch.equal(way(names).long(), counts), label
    for times in [1] if quick else [1, 10, 100]:
        words = names * times
        ways = {
            label: way if isinstance(way, Missing) else lambda way=way, words=words: way(words)
            for label, way in WAYS.items()
        }
        ids = bigramlab.encode("." + ".".join(names) + ".", vocabulary).repeat(times)
        cells = ids[:-1] * 27 + ids[1:]
        ways["limit: '.'.join alone"] = lambda words=words: ".".join(words)
        ways["limit: torch.bincount on ready cells"] = lambda cells=cells: torch.bincount(cells, minlength=729)
        if times == 1:
            ways["bigramlab.count_bigrams, astral alphabet"] = in_an_astral_alphabet()
        title = f"Counting the bigrams of {len(words):,} names"
        yield Comparison(title, ways, rounds={1: 7, 10: 3}.get(times, 2) if not quick else 3, size=10)
    if not quick:
        ways = {
            LECTURE: lambda: in_a_tensor(stream(1000)),
            OURS: lambda: bigramlab.count_bigrams(stream(1000), vocabulary),
        }
        title = f"Counting the bigrams of {len(names) * 1000:,} names, streamed by an iterator"
        yield Comparison(title, ways, rounds=1, size=10)


def stream(times):
    return chain.from_iterable(repeat(names, times))


def peak(label, times):
    """Return the MiB that a way takes besides the words, which come one by one."""
    way = WAYS[label]
    return peak_of(lambda: way(stream(times)), lambda: way(names[:1000] if label == OURS else names[:10]))
