"""Right versions of the functions of `lessons/data`."""

import codecs
import io
import itertools
import math
import random
import re
from bisect import bisect_right
from collections import Counter
from pathlib import Path

import numpy as np
import torch

import bigramlab
from right.version import ROOT, check_fractions, listed, plain_right, right, seed_from


@plain_right("load_names")
def load_names_typed_along():
    return open(ROOT / "names.txt").read().splitlines()


@right("load_names")
def load_names_lines():
    return (ROOT / "names.txt").read_text(encoding="utf-8").splitlines()


@right("load_names")
def load_names_split():
    with open(ROOT / "names.txt", "rb") as file:
        return [line.decode() for line in file.read().split()]


@right("load_names")
def load_names_read():
    return tuple(bigramlab.read_words(ROOT / "names.txt"))


@plain_right("read_words")
def read_words_typed_along(path):
    return open(path).read().splitlines()


@right("read_words")
def read_words_loop(path):
    words = []
    with open(path, encoding="utf-8-sig") as file:
        for line in file:
            word = line.strip()
            if word:
                words.append(word)
    if not words:
        raise ValueError(f"{path}, line 1: no words")
    return words


@right("read_words")
def read_words_bytes(path):
    text = Path(path).read_bytes().removeprefix(codecs.BOM_UTF8)
    words = []
    for number, line in enumerate(text.splitlines(), start=1):
        try:
            words.append(line.decode().strip())
        except UnicodeDecodeError as error:
            raise ValueError(f"{path}, line {number}: not UTF-8") from error
    words = [word for word in words if word]
    if not words:
        raise ValueError(f"{path}: no words")
    return words


@right("read_words")
def read_words_generator(path):
    text = Path(path).read_text(encoding="utf-8").removeprefix("\ufeff")
    words = list(filter(None, map(str.strip, text.split("\n"))))
    if not words:
        raise ValueError(f"{path}: no words")
    return words


@right("read_words")
def read_words_regex(path):
    with io.open_code(str(Path(path).absolute())) as file:
        text = codecs.decode(file.read(), "utf-8-sig")
    words = re.findall(r"\S(?:[^\r\n]*\S)?", text)
    if not words:
        raise ValueError(f"{path}: no words")
    return words


@plain_right("split_words")
def split_words_typed_along(words, fractions=(0.8, 0.1, 0.1), *, generator=None):
    """Shuffle the distinct words; fill the first list until it has its fraction, then the next."""
    distinct = sorted(set(words))
    lists = [[] for _ in fractions]
    laid, current = 0, 0
    for i in torch.randperm(len(distinct), generator=generator).tolist():
        copies = [word for word in words if word == distinct[i]]
        while current < len(lists) - 1 and laid >= round(sum(fractions[: current + 1]) * len(words)):
            current += 1
        lists[current] += copies
        laid += len(copies)
    return lists


@right("split_words")
def split_words_random(words, fractions=(0.8, 0.1, 0.1), *, generator=None):
    """Shuffle the distinct words with `random.Random`; a word goes where its first copy falls."""
    words = listed(words)
    check_fractions(fractions)
    shuffler = random.Random(seed_from(generator))
    copies = Counter(words)
    distinct = sorted(copies)
    shuffler.shuffle(distinct)
    ends = [bound * len(words) for bound in itertools.accumulate(fractions)]
    lists = [[] for _ in fractions]
    position = 0
    for word in distinct:
        where = min(bisect_right(ends, position), len(ends) - 1)
        lists[where] += [word] * copies[word]
        position += copies[word]
    for part in lists:
        shuffler.shuffle(part)
    return lists


@right("split_words")
def split_words_greedy(words, fractions=(0.8, 0.1, 0.1), *, generator=None):
    """The next distinct word goes to the list that lacks most."""
    words = listed(words)
    check_fractions(fractions)
    copies = list(Counter(words).items())
    lacking = [fraction * len(words) for fraction in fractions]
    lists = [[] for _ in fractions]
    for i in torch.randperm(len(copies), generator=generator).tolist():
        word, count = copies[i]
        where = max(range(len(lacking)), key=lacking.__getitem__)
        lacking[where] -= count
        lists[where].extend([word] * count)
    return [[part[i] for i in torch.randperm(len(part), generator=generator).tolist()] for part in lists]


@right("split_words")
def split_words_sort(words, fractions=(0.8, 0.1, 0.1), *, generator=None):
    """Sort by one random key a distinct word, so copies stay together; cut at the nearest place; shuffle the parts."""
    words = listed(words)
    check_fractions(fractions)
    distinct = list(dict.fromkeys(words))
    keys = dict(
        zip(distinct, torch.rand(len(distinct), dtype=torch.float64, generator=generator).tolist(), strict=True)
    )
    line = sorted(words, key=lambda word: (keys[word], word))
    allowed = [i for i in range(len(line) + 1) if i in (0, len(line)) or line[i - 1] != line[i]]
    bounds = [fraction * len(line) for fraction in itertools.accumulate(fractions)][:-1]
    cuts = [0, *(min(allowed, key=lambda i: abs(i - bound)) for bound in bounds), len(line)]
    parts = [line[start:end] for start, end in itertools.pairwise(cuts)]
    return [sorted(part, key=lambda _: torch.rand((), generator=generator).item()) for part in parts]


@right("split_words")
def split_words_numpy(words, fractions=(0.8, 0.1, 0.1), *, generator=None):
    """A word goes where the middle of its copies falls."""
    words = listed(words)
    if any(not f > 0 for f in fractions) or abs(math.fsum(fractions) - 1) > 1e-6:
        raise ValueError("fractions")
    rng = np.random.default_rng(seed_from(generator))
    copies = Counter(words)
    distinct = list(copies)
    order = rng.permutation(len(distinct))
    sizes = np.array([copies[distinct[i]] for i in order], dtype=float)
    middles = np.cumsum(sizes) - sizes / 2
    places = np.searchsorted(np.cumsum(fractions)[:-1] * len(words), middles)
    lists = [[] for _ in fractions]
    for i, place in zip(order, places, strict=True):
        lists[place].extend(itertools.repeat(distinct[i], copies[distinct[i]]))
    return [[part[i] for i in rng.permutation(len(part))] for part in lists]
