"""Writing names: the lecture's loop, other packages, and what no way can do without."""

import random
from itertools import pairwise

import torch
from common import counts, names, probs, vocabulary
from measuring import Comparison, Missing

import bigramlab

LECTURE = "the lecture's loop: one multinomial a letter"


def with_multinomial(n):
    words = []
    for _ in range(n):
        current, word = 0, ""
        while True:
            current = torch.multinomial(probs[current], num_samples=1, replacement=True).item()
            if current == 0:
                break
            word += vocabulary[current]
        words.append(word)
    return words


def all_at_once(n):
    current = torch.zeros(n, dtype=torch.int64)
    steps = []
    while not steps or current.any():  # whoever has drawn "." goes on, and is cut off there
        current = torch.multinomial(probs[current], num_samples=1).squeeze(1) * ((current > 0) | (not steps))
        steps.append(current)
    return ["".join(vocabulary[id] for id in row[: row.index(0)]) for row in torch.stack(steps, dim=1).tolist()]


def with_nltk():
    """NLTK has no smoothed model of which this is the table; its unsmoothed one draws in the same way."""
    from nltk.lm import MLE

    model = MLE(2)
    model.fit([list(pairwise("." + name + ".")) for name in names], vocabulary_text=list(vocabulary))
    source = random.Random(0)

    def write():
        current, word = ".", ""
        while (current := model.generate(1, text_seed=[current], random_seed=source)) != ".":
            word += current
        return word

    return lambda n: [write() for _ in range(n)]


def with_markovify():
    import markovify

    chain = markovify.Chain([list(name) for name in names], state_size=1)
    return lambda n: ["".join(chain.walk()) for _ in range(n)]


def peer(package, make):
    try:
        return make()
    except ImportError:
        return Missing(package)


def limit(n):
    """Random numbers for as many letters as n names have, and a text of n names to be split: nothing else."""
    text = ".".join(names * (n // len(names)) + names[: n % len(names)])
    return lambda: (torch.rand(len(text) + 1, dtype=torch.float64), text.split("."))


def comparisons(quick):
    assert counts.sum() == 228_146
    ways = {
        LECTURE: with_multinomial,
        "NLTK: MLE.generate, a letter each": peer("nltk", with_nltk),
        "markovify: Chain.walk": peer("markovify", with_markovify),
        "one multinomial a step, for all names at once": all_at_once,
        "bigramlab.sample_words": lambda n: bigramlab.sample_words(probs, vocabulary, n),
    }
    sizes = [10, 1_000, 1_000_000] if quick else [10, 1_000, 32_033, 1_000_000]
    for smaller, n in zip([1, *sizes], sizes, strict=False):
        some = {label: way if isinstance(way, Missing) else lambda way=way, n=n: way(n) for label, way in ways.items()}
        some["limit: torch.rand and str.split"] = limit(n)
        rounds = {10: 30, 1_000: 7}.get(n, 2)
        yield Comparison(f"Writing {n:,} names", some, rounds=min(rounds, 5) if quick else rounds, size=n / smaller)
