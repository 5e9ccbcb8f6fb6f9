"""Right versions of the functions of `lessons/generating`."""

import itertools
import math
from bisect import bisect_right
from collections import Counter

import torch

from right.version import check_vocabulary, plain_right, right


def chosen(next_probs, choose):
    """Return a model that says what `choose` makes of what another says."""
    return next_probs if choose is None else lambda contexts: choose(next_probs(contexts))


def check_next(next_probs, contexts, size=None):
    probs = next_probs(contexts)
    if probs.ndim != 2 or len(probs) != len(contexts) or (size and probs.shape[1] != size):
        raise ValueError("shape")
    if not (probs >= 0).all() or not ((probs.double().sum(1) - 1).abs() < 1e-4).all():
        raise ValueError("not probabilities")
    return probs


def check_scoring(contexts, targets):
    if len(contexts) != len(targets) or not len(targets):
        raise ValueError("targets")


@plain_right("score_contexts")
def score_contexts_typed_along(next_probs, contexts, targets):
    return -next_probs(contexts)[torch.arange(len(targets)), targets].log().mean().item()


@plain_right("generate_words")
def generate_words_typed_along(next_probs, vocabulary, n, *, context_length=1, generator=None):
    words = []
    for _ in range(n):
        out, context = [], [0] * context_length
        while True:
            ix = torch.multinomial(next_probs(torch.tensor([context])), num_samples=1, generator=generator).item()
            context = [*context[1:], ix]
            if ix == 0:
                break
            out.append(vocabulary[ix])
        words.append("".join(out))
    return words


@right("score_contexts")
def score_contexts_at_once(next_probs, contexts, targets):
    check_scoring(contexts, targets)
    probs = check_next(next_probs, contexts)
    if targets.min() < 0:
        raise IndexError("target")
    return -probs[torch.arange(len(targets)), targets].double().log().mean().item()


@right("score_contexts")
def score_contexts_batches(next_probs, contexts, targets):
    check_scoring(contexts, targets)
    total = 0.0
    for start in range(0, len(targets), 1000):
        probs = check_next(next_probs, contexts[start : start + 1000])
        batch = targets[start : start + 1000]
        if batch.min() < 0 or batch.max() >= probs.shape[1]:
            raise ValueError("target")
        hot = torch.nn.functional.one_hot(batch, probs.shape[1])
        total += torch.xlogy(hot.double(), probs.double()).sum().item()
    return -total / len(targets)


@right("score_contexts")
def score_contexts_counter(next_probs, contexts, targets):
    """Each distinct context is asked once."""
    check_scoring(contexts, targets)
    pairs = Counter(zip(map(tuple, contexts.tolist()), targets.tolist(), strict=True))
    rows = {context: None for context, _ in pairs}
    for context in rows:
        rows[context] = check_next(next_probs, torch.tensor([context], dtype=torch.int32))[0].tolist()
    total = 0.0
    for (context, target), n in pairs.items():
        if not 0 <= target < len(rows[context]):
            raise ValueError("target")
        p = rows[context][target]
        total += n * (-math.log(p) if p else math.inf)
    return total / sum(pairs.values())


def check_generating(vocabulary, n, context_length):
    check_vocabulary(vocabulary)
    if n < 0 or context_length < 1:
        raise ValueError("n or context_length")


@right("generate_words")
def generate_words_one_by_one(next_probs, vocabulary, n, *, context_length=1, choose=None, generator=None):
    next_probs = chosen(next_probs, choose)
    check_generating(vocabulary, n, context_length)
    words = []
    for _ in range(n):
        context, word = [0] * context_length, ""
        while True:
            row = check_next(next_probs, torch.tensor([context]), len(vocabulary))[0]
            id = torch.multinomial(row, 1, generator=generator).item()
            if id == 0:
                break
            word += vocabulary[id]
            context = [*context[1:], id]
        words.append(word)
    return words


@right("generate_words")
def generate_words_together(next_probs, vocabulary, n, *, context_length=1, choose=None, generator=None):
    """All in one tensor; ended words go on being asked, and what they draw is forgotten."""
    next_probs = chosen(next_probs, choose)
    check_generating(vocabulary, n, context_length)
    ids = torch.zeros(n, context_length, dtype=torch.int64)
    ended = torch.zeros(n, dtype=torch.bool)
    while not ended.all():
        probs = check_next(next_probs, ids[:, -context_length:], len(vocabulary))
        drawn = torch.multinomial(probs, 1, generator=generator).masked_fill(ended[:, None], 0)
        ended = ended | (drawn[:, 0] == 0)
        ids = torch.cat([ids, drawn], dim=1)
    texts = ["".join(vocabulary[id] for id in row) for row in ids[:, context_length:].tolist()]
    return [text.split(".")[0] for text in texts]


@right("generate_words")
def generate_words_darts(next_probs, vocabulary, n, *, context_length=1, choose=None, generator=None):
    """A dart and a running sum, word by word, the context cut out of the padded text; int32 ids."""
    next_probs = chosen(next_probs, choose)
    check_generating(vocabulary, n, context_length)
    words = []
    while len(words) < n:
        text = "." * context_length
        while True:
            context = torch.tensor([[vocabulary.index(c) for c in text[-context_length:]]], dtype=torch.int32)
            row = check_next(next_probs, context, len(vocabulary))[0].tolist()
            dart = torch.rand(1, generator=generator, dtype=torch.float64).item() * math.fsum(row)
            ends = list(itertools.accumulate(row))
            id = min(bisect_right(ends, dart), max(i for i, p in enumerate(row) if p))
            if id == 0:
                break
            text += vocabulary[id]
        words.append(text[context_length:])
    return words


@right("generate_words")
def generate_words_gumbel(next_probs, vocabulary, n, *, context_length=1, choose=None, generator=None):
    """The largest of log p plus Gumbel's noise is a draw; a word leaves the batch when it ends."""
    next_probs = chosen(next_probs, choose)
    check_generating(vocabulary, n, context_length)
    growing = [(place, [0] * context_length) for place in range(n)]
    words = [""] * n
    while growing:
        probs = check_next(next_probs, torch.tensor([ids[-context_length:] for _, ids in growing]), len(vocabulary))
        uniform = torch.rand(probs.shape, generator=generator, dtype=torch.float64).clamp(1e-300, 1 - 1e-16)
        drawn = (probs.double().log() - (-uniform.log()).log()).argmax(dim=1).tolist()
        growing = [(place, [*ids, id]) for (place, ids), id in zip(growing, drawn, strict=True)]
        for place, ids in growing:
            if ids[-1] == 0:
                words[place] = "".join(vocabulary[id] for id in ids[context_length:-1])
        growing = [(place, ids) for place, ids in growing if ids[-1] != 0]
    return words
