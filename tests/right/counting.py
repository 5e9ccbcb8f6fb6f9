"""Right versions of the functions of `lessons/counting`."""

import heapq
import itertools
from collections import Counter

import numpy as np
import torch

from right.version import check_vocabulary, check_words, plain_right, right


@plain_right("count_bigrams")
def count_bigrams_typed_along(words, vocabulary):
    stoi = {s: i for i, s in enumerate(vocabulary)}
    counts = torch.zeros((len(vocabulary), len(vocabulary)), dtype=torch.int32)
    for w in words:
        chs = [".", *list(w), "."]
        for ch1, ch2 in zip(chs, chs[1:]):  # noqa: B905, RUF007 (as in the lecture)
            counts[stoi[ch1], stoi[ch2]] += 1
    return counts


@plain_right("count_bigrams")
def count_bigrams_in_floats(words, vocabulary):
    counts = torch.zeros(len(vocabulary), len(vocabulary))
    for word in words:
        for a, b in itertools.pairwise("." + word + "."):
            counts[vocabulary.index(a), vocabulary.index(b)] += 1
    return counts


@right("count_bigrams")
def count_bigrams_loop(words, vocabulary):
    check_vocabulary(vocabulary)
    if isinstance(words, str):
        raise TypeError("one word")
    counts = torch.zeros((len(vocabulary), len(vocabulary)), dtype=torch.int32)
    for word in words:
        if "." in word:
            raise ValueError("boundary")
        text = "." + word + "."
        for a, b in itertools.pairwise(text):
            counts[vocabulary.index(a), vocabulary.index(b)] += 1
    return counts


@right("count_bigrams")
def count_bigrams_counter(words, vocabulary):
    words = check_words(words, vocabulary)
    pairs = Counter(pair for word in words for pair in itertools.pairwise(f".{word}."))
    return torch.tensor([[pairs[a, b] for b in vocabulary] for a in vocabulary])


@right("count_bigrams")
def count_bigrams_one_hot(words, vocabulary):
    words = check_words(words, vocabulary)
    ids = torch.tensor([vocabulary.index(character) for character in ".".join(["", *words, ""])], dtype=torch.int64)
    hot = torch.nn.functional.one_hot(ids, len(vocabulary))
    return hot[:-1].T @ hot[1:]


@right("count_bigrams")
def count_bigrams_index_put(words, vocabulary):
    words = check_words(words, vocabulary)
    ids = {character: i for i, character in enumerate(vocabulary)}
    current = torch.tensor([ids[c] for word in words for c in "." + word], dtype=torch.int64)
    following = torch.tensor([ids[c] for word in words for c in word + "."], dtype=torch.int64)
    counts = torch.zeros(len(vocabulary), len(vocabulary), dtype=torch.int64)
    return counts.index_put_((current, following), torch.ones_like(current), accumulate=True)


@right("count_bigrams")
def count_bigrams_scatter_add(words, vocabulary):
    words = check_words(words, vocabulary)
    size = len(vocabulary)
    cells = [
        vocabulary.find(a) * size + vocabulary.find(b)
        for word in words
        for a, b in zip(f".{word}", f"{word}.", strict=True)
    ]
    cells = torch.tensor(cells, dtype=torch.int64)
    return torch.zeros(size * size, dtype=torch.int64).scatter_add(0, cells, torch.ones_like(cells)).view(size, size)


@right("count_bigrams")
def count_bigrams_numpy(words, vocabulary):
    words = check_words(words, vocabulary)
    counts = np.zeros((len(vocabulary),) * 2, dtype=np.int64)
    for word in words:
        ids = np.array([vocabulary.index(c) for c in f".{word}."])
        np.add.at(counts, (ids[:-1], ids[1:]), 1)
    return torch.from_numpy(counts)


@right("count_bigrams")
def count_bigrams_einsum(words, vocabulary):
    words = check_words(words, vocabulary)
    text = "." + "".join(f"{word}." for word in words)
    hot = torch.tensor([[c == token for token in vocabulary] for c in text], dtype=torch.float64)
    return torch.einsum("ti,tj->ij", hot[:-1], hot[1:]).round().to(torch.int64)


@right("count_bigrams")
def count_bigrams_dict(words, vocabulary):
    """Read one word after another as they come, and keep only a `dict` of `dict`s."""
    check_vocabulary(vocabulary)
    if isinstance(words, str):
        raise TypeError("one word")
    table = {a: dict.fromkeys(vocabulary, 0) for a in vocabulary}
    for word in words:
        current = "."
        for following in word:
            if following == ".":
                raise ValueError(word)
            table[current][following] += 1
            current = following
        table[current]["."] += 1
    return torch.tensor([list(row.values()) for row in table.values()])


@right("count_bigrams")
def count_bigrams_sparse(words, vocabulary):
    words = check_words(words, vocabulary)
    steps = [[vocabulary.index(c) for c in f".{word}."] for word in words]
    pairs = [pair for step in steps for pair in itertools.pairwise(step)]
    pairs = torch.tensor(pairs, dtype=torch.int64).reshape(-1, 2)
    sparse = torch.sparse_coo_tensor(
        pairs.T, torch.ones(len(pairs), dtype=torch.int64), (len(vocabulary),) * 2, check_invariants=False
    )
    return sparse.to_dense()


@right("count_bigrams")
def count_bigrams_unique(words, vocabulary):
    words = check_words(words, vocabulary)
    size = len(vocabulary)
    counts = torch.zeros(size, size, dtype=torch.int64)
    text = [vocabulary.index(c) for word in words for c in f".{word}"] + [0]
    ids = torch.tensor(text)
    pairs, numbers = torch.unique(torch.stack([ids[:-1], ids[1:]]), dim=1, return_counts=True) if words else ([], [])
    if words:
        counts[pairs[0], pairs[1]] = numbers
    return counts


@plain_right("most_common_bigrams")
def most_common_bigrams_typed_along(counts, vocabulary, n=10):
    b = {}
    for i, ch1 in enumerate(vocabulary):
        for j, ch2 in enumerate(vocabulary):
            b[ch1 + ch2] = counts[i, j]
    return sorted(b.items(), key=lambda kv: -kv[1])[:n]


@plain_right("most_common_bigrams")
def most_common_bigrams_topmost(counts, vocabulary, n=10):
    values, places = torch.topk(counts.flatten(), min(n, counts.numel()))
    return [(vocabulary[i // len(vocabulary)] + vocabulary[i % len(vocabulary)], v) for v, i in zip(values, places)]  # noqa: B905


def check_most_common(counts, vocabulary, n):
    if tuple(counts.shape) != (len(vocabulary), len(vocabulary)):
        raise ValueError("the vocabulary does not fit")
    if n < 0:
        raise ValueError("n")


@right("most_common_bigrams")
def most_common_bigrams_counter(counts, vocabulary, n=10):
    check_most_common(counts, vocabulary, n)
    rows = counts.tolist()
    counter = Counter(
        {
            a + b: count
            for a, row in zip(vocabulary, rows, strict=True)
            for b, count in zip(vocabulary, row, strict=True)
        }
    )
    return sorted(counter.items(), key=lambda item: -item[1])[:n]


@right("most_common_bigrams")
def most_common_bigrams_counter_most_common(counts, vocabulary, n=10):
    check_most_common(counts, vocabulary, n)
    pairs = map("".join, itertools.product(vocabulary, repeat=2))
    return Counter(dict(zip(pairs, counts.flatten().tolist(), strict=True))).most_common(n)


@right("most_common_bigrams")
def most_common_bigrams_heap(counts, vocabulary, n=10):
    check_most_common(counts, vocabulary, n)
    cells = ((-count, i, j) for i, row in enumerate(counts.tolist()) for j, count in enumerate(row))
    return [(vocabulary[i] + vocabulary[j], -count) for count, i, j in heapq.nsmallest(n, cells)]


@right("most_common_bigrams")
def most_common_bigrams_numpy(counts, vocabulary, n=10):
    """Numbers are left as NumPy's."""
    check_most_common(counts, vocabulary, n)
    cells = counts.numpy().reshape(-1)
    order = np.lexsort((np.arange(cells.size), -cells))[:n]
    return [(vocabulary[i // len(vocabulary)] + vocabulary[i % len(vocabulary)], cells[i]) for i in order]


@right("most_common_bigrams")
def most_common_bigrams_topk(counts, vocabulary, n=10):
    """Make the cells distinct first: the rank among the distinct counts, then the id."""
    check_most_common(counts, vocabulary, n)
    cells = counts.flatten()
    ranks = torch.unique(cells, return_inverse=True)[1]
    keys = ranks * len(cells) - torch.arange(len(cells))
    best = torch.topk(keys, min(n, len(cells))).indices
    return [(vocabulary[i // len(vocabulary)] + vocabulary[i % len(vocabulary)], cells[i].item()) for i in best]


@right("most_common_bigrams")
def most_common_bigrams_sort(counts, vocabulary, n=10):
    check_most_common(counts, vocabulary, n)
    order = torch.sort(counts.reshape(-1), descending=True, stable=True)
    pairs = []
    for value, place in list(zip(order.values.tolist(), order.indices.tolist(), strict=True))[:n]:
        a, b = divmod(place, len(vocabulary))
        pairs.append((vocabulary[a] + vocabulary[b], value))
    return pairs


@right("most_common_bigrams")
def most_common_bigrams_maximum(counts, vocabulary, n=10):
    """Take the first largest cell away, n times."""
    check_most_common(counts, vocabulary, n)
    left = {(a, b): counts[i, j].item() for i, a in enumerate(vocabulary) for j, b in enumerate(vocabulary)}
    best = []
    while left and len(best) < n:
        pair = max(left, key=left.get)
        best.append(("".join(pair), left.pop(pair)))
    return best
