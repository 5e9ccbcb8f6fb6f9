"""Right versions of the functions of `lessons/sampling`."""

import itertools
import math
import random
from bisect import bisect_right
from collections import defaultdict

import numpy as np
import torch

from right.version import check_letters, check_table, check_table_slowly, made_global, plain_right, right, seed_from


@plain_right("sample")
def sample_typed_along(probs, *, generator=None):
    ids, ix = [], 0
    while True:
        ix = torch.multinomial(probs[ix], num_samples=1, replacement=True, generator=generator).item()
        ids.append(ix)
        if ix == 0:
            break
    return torch.tensor(ids)


@right("sample")
def sample_multinomial(probs, *, generator=None):
    check_table(probs)
    ids, token = [], None
    while token != 0:
        token = torch.multinomial(probs[token or 0], 1, replacement=True, generator=generator).item()
        ids.append(token)
    return torch.tensor(ids)


@right("sample")
def sample_searchsorted(probs, *, generator=None):
    check_table(probs)
    ends = probs.double().cumsum(1)
    ends = ends / ends[:, -1:]
    ids = []
    while not ids or ids[-1] != 0:
        dart = torch.rand((), dtype=torch.float64, generator=generator)
        ids.append(int(torch.searchsorted(ends[ids[-1] if ids else 0], dart, right=True)))
    return torch.tensor(ids, dtype=torch.int64)


@right("sample")
def sample_gumbel(probs, *, generator=None):
    """The largest of log p + Gumbel noise is drawn with probability p (Gumbel-max)."""
    check_table(probs)
    logs = probs.double().log()
    token, ids = 0, []
    while True:
        noise = -torch.empty(len(probs), dtype=torch.float64).exponential_(generator=generator).log()
        token = int(torch.argmax(logs[token] + noise))
        ids.append(token)
        if token == 0:
            return torch.tensor(ids)


@right("sample")
def sample_race(probs, *, generator=None):
    """The token that comes first, when token i comes at the rate p of i."""
    rows = check_table_slowly(probs)
    token, ids = 0, []
    while not ids or token:
        times = {}
        for i, p in enumerate(rows[token]):
            if p > 0:
                times[i] = -math.log1p(-torch.rand((), dtype=torch.float64, generator=generator).item()) / p
        token = min(times, key=times.get)
        ids.append(token)
    return torch.tensor(ids)


@right("sample")
def sample_rejection(probs, *, generator=None):
    """A token drawn evenly is kept with probability p / max p. Where one token alone is possible, nothing is drawn."""
    rows = check_table_slowly(probs)
    token, ids = 0, []
    while not ids or token:
        row = rows[token]
        possible = [i for i, p in enumerate(row) if p > 0]
        token = possible[0]
        while len(possible) > 1:
            token = possible[int(torch.randint(len(possible), (1,), generator=generator))]
            if torch.rand(1, dtype=torch.float64, generator=generator).item() * max(row) < row[token]:
                break
        ids.append(token)
    return torch.tensor(ids)


@right("sample")
def sample_alias(probs, *, generator=None):
    """Walker's alias method: a column drawn evenly holds two tokens at most."""
    rows = check_table_slowly(probs)

    def columns(row):
        total, size = math.fsum(row), len(row)
        left = {i: p / total * size for i, p in enumerate(row) if p > 0}
        made = []
        for _ in range(size):
            small = min(left, key=left.get)
            large = max(left, key=left.get)
            share = min(left[small], 1.0)
            if share < 1 and len(left) > 1:
                left[large] -= 1 - share
                del left[small]
                made.append((share, small, large))
            else:
                left[large] -= 1
                made.append((1.0, large, large))
                if left[large] <= 1e-12 and len(left) > 1:
                    del left[large]
        return made

    tables, token, ids = {}, 0, []
    while not ids or token:
        table = tables[token] if token in tables else tables.setdefault(token, columns(rows[token]))
        share, first, second = table[int(torch.randint(len(table), (1,), generator=generator))]
        token = first if torch.rand(1, generator=generator).item() < share else second
        ids.append(token)
    return torch.tensor(ids, dtype=torch.int64)


@right("sample")
def sample_categorical(probs, *, generator=None):
    """`Categorical` takes no generator, so it is lent the state of the given one."""
    check_table(probs)
    rows = torch.distributions.Categorical(probs=probs.double()).probs
    ids = []
    with made_global(generator):
        while not ids or ids[-1].item():
            row = rows[ids[-1].item() if ids else 0]
            ids.append(torch.distributions.Categorical(probs=row).sample())
    return torch.stack(ids)


@right("sample")
def sample_choices(probs, *, generator=None):
    """One number from the generator seeds Python's own, which draws the rest."""
    rows = check_table_slowly(probs)
    rng = random.Random(seed_from(generator))
    tokens = range(len(rows))

    def walk(token):
        while True:
            (token,) = rng.choices(tokens, weights=rows[token])
            yield token
            if token == 0:
                return

    return torch.tensor(list(walk(0)))


@right("sample")
def sample_numpy(probs, *, generator=None):
    check_table(probs)
    rng = np.random.default_rng(seed_from(generator))
    table = probs.numpy().astype(np.float64)
    table /= table.sum(axis=1, keepdims=True)
    ids = [rng.choice(len(table), p=table[0])]
    while ids[-1] != 0:
        ids.append(rng.choice(len(table), p=table[ids[-1]]))
    return torch.from_numpy(np.array(ids))


@right("sample")
def sample_batch(probs, *, generator=None):
    """Draw the darts 64 at a time; those left at the end are thrown away."""
    rows = check_table_slowly(probs)
    ends = [list(itertools.accumulate(row)) for row in rows]
    last = [max(i for i, p in enumerate(row) if p > 0) for row in rows]

    def darts():
        while True:
            yield from torch.rand(64, dtype=torch.float64, generator=generator).tolist()

    token, ids = 0, []
    for dart in darts():
        token = min(bisect_right(ends[token], dart * ends[token][-1]), last[token])
        ids.append(token)
        if not token:
            break
    return torch.tensor(ids)


def check_number(n):
    if n < 0:
        raise ValueError("n")


@plain_right("sample_words")
def sample_words_typed_along(probs, vocabulary, n, *, generator=None):
    itos = dict(enumerate(vocabulary))
    words = []
    for _ in range(n):
        out, ix = [], 0
        while True:
            ix = torch.multinomial(probs[ix], num_samples=1, replacement=True, generator=generator).item()
            if ix == 0:
                break
            out.append(itos[ix])
        words.append("".join(out))
    return words


@right("sample_words")
def sample_words_multinomial(probs, vocabulary, n, *, generator=None):
    check_table(probs)
    check_letters(probs, vocabulary)
    check_number(n)
    words = []
    for _ in range(n):
        word, token = "", 0
        while True:
            token = int(torch.multinomial(probs[token], num_samples=1, generator=generator))
            if token == 0:
                break
            word += vocabulary[token]
        words.append(word)
    return words


@plain_right("sample_words")
def sample_words_together(probs, vocabulary, n, *, generator=None):
    """All words grow at once, a letter a round, until the last one has ended."""
    check_table(probs)
    check_letters(probs, vocabulary)
    check_number(n)
    words = [""] * n
    growing, tokens = torch.arange(n), torch.zeros(n, dtype=torch.int64)
    while len(growing):
        tokens = torch.multinomial(probs[tokens], 1, generator=generator)[:, 0]
        growing, tokens = growing[tokens != 0], tokens[tokens != 0]
        for i, token in zip(growing.tolist(), tokens.tolist(), strict=True):
            words[i] += vocabulary[token]
    return words


@right("sample_words")
def sample_words_split(probs, vocabulary, n, *, generator=None):
    """Write one long text and split it at the boundaries."""
    rows = check_table_slowly(probs)
    check_letters(probs, vocabulary)
    check_number(n)
    rng = random.Random(seed_from(generator))
    text, token = "", 0
    while text.count(".") < n:
        token = rng.choices(range(len(rows)), rows[token])[0]
        text += vocabulary[token]
    return text.split(".")[:-1]


@right("sample_words")
def sample_words_cumsum(probs, vocabulary, n, *, generator=None):
    check_table(probs, 1e-3)
    check_letters(probs, vocabulary)
    check_number(n)
    ends = probs.double().cumsum(1)
    ends /= ends[:, -1:].clone()

    def letters():
        token = 0
        while True:
            dart = torch.rand(1, dtype=torch.float64, generator=generator)
            token = int((ends[token] <= dart).sum())
            if token == 0:
                return
            yield vocabulary[token]

    return ["".join(letters()) for _ in range(n)]


@right("sample_words")
def sample_words_gumbel(probs, vocabulary, n, *, generator=None):
    check_table(probs)
    check_letters(probs, vocabulary)
    check_number(n)
    logs = defaultdict(list, enumerate(probs.double().log()))
    words = []
    while len(words) < n:
        word, token = [], -1
        while token:
            row = logs[max(token, 0)]
            noise = torch.rand(row.shape, dtype=torch.float64, generator=generator).clamp_min(1e-300)
            token = int((row - (-noise.log()).log()).argmax())
            word.append(vocabulary[token])
        words.append("".join(word[:-1]))
    return words
