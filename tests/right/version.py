"""What right versions share: how they are listed, what they refuse, where their random numbers come from."""

import math
from collections import deque
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path

import torch

ROOT = Path(__file__).parents[2]


RIGHT: dict[str, list[Callable]] = {}


PLAIN: dict[str, list[Callable]] = {}
"""The plainest ones, without a check of any input: right, and not careful."""


def plain_right(function):
    def register(version):
        PLAIN.setdefault(function, []).append(version)
        return version

    return register


def right(function):
    def register(version):
        RIGHT.setdefault(function, []).append(version)
        return version

    return register


def listed(words):
    if isinstance(words, str):
        raise TypeError("did you mean [word]?")
    words = list(words)
    for word in words:
        if not isinstance(word, str):
            raise TypeError(f"not a str: {word!r}")
    return words


def check_vocabulary(vocabulary):
    if vocabulary[:1] != "." or len(set(vocabulary)) < len(vocabulary):
        raise ValueError("vocabulary")


def check_words(words, vocabulary):
    check_vocabulary(vocabulary)
    words = listed(words)
    for word in words:
        if "." in word:
            raise ValueError("boundary")
        if not set(word) <= set(vocabulary):
            raise LookupError(word)
    return words


def check_fractions(fractions):
    if not all(f > 0 for f in fractions) or not math.isclose(sum(fractions), 1):
        raise ValueError("fractions")


def check_k(k):
    if not 0 <= k < math.inf:
        raise ValueError("k")


def check_counts(counts):
    if not isinstance(counts, torch.Tensor):
        raise TypeError("no tensor")
    if (counts < 0).any() or not counts.isfinite().all():
        raise ValueError("counts")


def check_rows(counts):
    check_counts(counts)
    if not (counts > 0).any(dim=1).all():
        raise ValueError("smooth first")


def check_likelihood(counts, probs):
    if counts.shape != probs.shape:
        raise ValueError("shapes")
    check_counts(counts)
    if not (counts > 0).any():
        raise ValueError("nothing counted")
    if not ((probs >= 0) & (probs <= 1)).all():
        raise ValueError("not probabilities")


def check_table(probs, tolerance=1e-4):
    if probs.ndim != 2 or probs.shape[0] != probs.shape[1] or probs.shape[0] == 0:
        raise ValueError("not square")
    if not (probs >= 0).all() or not ((probs.double().sum(1) - 1).abs() <= tolerance).all():
        raise ValueError("not row-stochastic")
    # Square the matrix of paths until it holds paths of every length.
    paths = (probs > 0).double() + torch.eye(len(probs), dtype=torch.float64)
    for _ in range(len(probs).bit_length()):
        paths = (paths @ paths > 0).double()
    if ((paths[0] > 0) & (paths[:, 0] == 0)).any():
        raise ValueError("the walk may never end")


def check_table_slowly(probs, tolerance=1e-5):
    rows = probs.tolist()
    for row in rows:
        if len(row) != len(rows):
            raise ValueError("not square")
        if any(not p >= 0 for p in row) or abs(math.fsum(row) - 1) > tolerance:
            raise ValueError("not row-stochastic")

    def reachable(start):
        seen, queue = {start}, deque([start])
        while queue:
            for following, p in enumerate(rows[queue.popleft()]):
                if p > 0 and following not in seen:
                    seen.add(following)
                    queue.append(following)
        return seen

    if not all(0 in reachable(token) for token in reachable(0)):
        raise ValueError("the walk may never end")
    return rows


def check_letters(probs, vocabulary):
    check_vocabulary(vocabulary)
    if len(vocabulary) != len(probs):
        raise ValueError("the vocabulary does not fit")


def seed_from(generator):
    return int(torch.randint(2**63 - 1, (), generator=generator))


@contextmanager
def made_global(generator):
    """Lend the generator's state to torch's global one, for functions of torch that take no generator."""
    if generator is None:
        yield
        return
    before = torch.get_rng_state()
    torch.set_rng_state(generator.get_state())
    try:
        yield
    finally:
        generator.set_state(torch.get_rng_state())
        torch.set_rng_state(before)


def check_examples(contexts, targets, vocab_size):
    if len(contexts) != len(targets):
        raise ValueError("lengths")
    if len(targets) and (int(targets.min()) < 0 or int(targets.max()) >= vocab_size):
        raise LookupError("a target is no id")


def check_ids(parameters, contexts):
    length = len(parameters.weights[0]) // parameters.embedding.shape[1]
    if contexts.ndim != 2 or contexts.shape[1] != length:
        raise ValueError("length")
    if contexts.numel() and not (contexts.min() >= 0 and contexts.max() < len(parameters.embedding)):
        raise IndexError("id")
