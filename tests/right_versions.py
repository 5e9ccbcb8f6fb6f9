"""Right versions of every function, written as different learners would write them: no law may refuse one of them.

They follow the design (refusals included), not our code, and use the freedom that it leaves: int32 ids, float64
probabilities, another draw for the same seed, NumPy's numbers.
"""

import codecs
import heapq
import io
import itertools
import math
import operator
import random
import re
from bisect import bisect_right
from collections import Counter, defaultdict, deque
from collections.abc import Callable
from contextlib import contextmanager
from fractions import Fraction
from functools import reduce
from pathlib import Path

import numpy as np
import torch

import bigramlab

ROOT = Path(__file__).parents[1]
RIGHT: dict[str, list[Callable]] = {}


def right(function):
    def register(version):
        RIGHT.setdefault(function, []).append(version)
        return version

    return register


# ---------------------------------------------------------------------------------------------------------- refusals


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


# -------------------------------------------------------------------------------------------------------- randomness


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


# -------------------------------------------------------------------------------------------------------- read_words


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


# ------------------------------------------------------------------------------------------------------- split_words


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


# -------------------------------------------------------------------------------------------------- build_vocabulary


@right("build_vocabulary")
def build_vocabulary_set(words):
    if isinstance(words, str):
        raise TypeError("one word")
    characters = {character for word in words for character in word}
    if "." in characters:
        raise ValueError("boundary")
    return "." + "".join(sorted(characters))


@right("build_vocabulary")
def build_vocabulary_loop(words):
    characters = []
    for word in listed(words):
        for character in word:
            if character == ".":
                raise ValueError(word)
            if character not in characters:
                characters.append(character)
    characters.sort(key=ord)
    return "".join([".", *characters])


@right("build_vocabulary")
def build_vocabulary_counter(words):
    counter = Counter(itertools.chain.from_iterable(listed(words)))
    if counter["."]:
        raise ValueError("boundary")
    del counter["."]
    return reduce(operator.add, sorted(counter), ".")


@right("build_vocabulary")
def build_vocabulary_numpy(words):
    points = np.unique(np.array([ord(character) for character in "".join(listed(words))], dtype=np.int32))
    if ord(".") in points:
        raise ValueError("boundary")
    return "." + "".join(map(chr, points))


@right("build_vocabulary")
def build_vocabulary_union(words):
    characters = set().union(*map(set, listed(words)))
    if not characters.isdisjoint("."):
        raise ValueError("boundary")
    return ".%s" % "".join(heapq.nsmallest(len(characters), characters))  # noqa: UP031 (an older style, and as right)


# ------------------------------------------------------------------------------------------------------------ encode


@right("encode")
def encode_index(word, vocabulary):
    check_vocabulary(vocabulary)
    return torch.tensor([vocabulary.index(character) for character in word], dtype=torch.int32)


@right("encode")
def encode_dict(word, vocabulary):
    if not isinstance(word, str):
        raise TypeError("word")
    check_vocabulary(vocabulary)
    ids = {character: i for i, character in enumerate(vocabulary)}
    return torch.tensor([ids[character] for character in word], dtype=torch.long)


@right("encode")
def encode_one_hot(word, vocabulary):
    check_vocabulary(vocabulary)
    letters = torch.tensor([ord(character) for character in word], dtype=torch.int64)
    tokens = torch.tensor([ord(character) for character in vocabulary], dtype=torch.int64)
    hot = letters[:, None] == tokens
    if not hot.any(1).all():
        raise ValueError("unknown character")
    return (hot * torch.arange(len(vocabulary))).sum(1)


@right("encode")
def encode_numpy(word, vocabulary):
    check_vocabulary(vocabulary)
    tokens = np.array([*map(ord, vocabulary)])
    letters = np.array([*map(ord, word)], dtype=tokens.dtype)
    order = np.argsort(tokens)
    places = np.minimum(np.searchsorted(tokens[order], letters), len(tokens) - 1)
    if (tokens[order][places] != letters).any():
        raise KeyError(word)
    return torch.from_numpy(order[places])


@right("encode")
def encode_recursive(word, vocabulary):
    check_vocabulary(vocabulary)
    if not word:
        return torch.zeros(0, dtype=torch.int32)
    if len(word) == 1:
        if word not in vocabulary:
            raise ValueError(word)
        return torch.tensor([vocabulary.find(word)], dtype=torch.int32)
    half = len(word) // 2
    return torch.cat([encode_recursive(word[:half], vocabulary), encode_recursive(word[half:], vocabulary)])


# ------------------------------------------------------------------------------------------------------------ decode


@right("decode")
def decode_join(ids, vocabulary):
    check_vocabulary(vocabulary)
    if any(i < 0 for i in ids.tolist()):
        raise IndexError("negative")
    return "".join(vocabulary[i] for i in ids.tolist())


@right("decode")
def decode_loop(ids, vocabulary):
    check_vocabulary(vocabulary)
    word = ""
    for i in ids:
        if not 0 <= i.item() < len(vocabulary):
            raise ValueError(i)
        word += vocabulary[i]
    return word


@right("decode")
def decode_dict(ids, vocabulary):
    check_vocabulary(vocabulary)
    characters = dict(enumerate(vocabulary))
    return "".join(map(characters.__getitem__, ids.tolist()))


@right("decode")
def decode_tensor(ids, vocabulary):
    check_vocabulary(vocabulary)
    if len(ids) and (ids.min() < 0 or ids.max() >= len(vocabulary)):
        raise ValueError("id")
    points = torch.tensor([ord(character) for character in vocabulary])
    return "".join(chr(point) for point in points[ids.long()])


# ----------------------------------------------------------------------------------------------------- count_bigrams


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


# ----------------------------------------------------------------------------------------------- most_common_bigrams


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


# ------------------------------------------------------------------------------------------------------------ smooth


@right("smooth")
def smooth_add(counts, k=1):
    check_k(k)
    return torch.add(counts, k)


@right("smooth")
def smooth_double(counts, k=1):
    check_k(k)
    return counts.to(torch.float64) + k


@right("smooth")
def smooth_lists(counts, k=1):
    check_k(k)
    cells = [[count + k for count in row] for row in counts.tolist()]
    exact = isinstance(k, int) and not counts.is_floating_point()
    return torch.tensor(cells, dtype=torch.int64 if exact else torch.float64).reshape(counts.shape)


@right("smooth")
def smooth_in_place(counts, k=1):
    if not math.isfinite(k) or k < 0:
        raise ValueError(k)
    table = counts.clone() if isinstance(k, int) else counts.to(torch.get_default_dtype(), copy=True)
    table += k
    return table


@right("smooth")
def smooth_numpy(counts, k=1):
    if not np.isfinite(k) or k < 0:
        raise ValueError(k)
    return torch.from_numpy(np.asarray(counts) + k)


@right("smooth")
def smooth_full(counts, k=1):
    check_k(k)
    return counts + torch.full(counts.shape, k)


# --------------------------------------------------------------------------------------------------------- normalize


@right("normalize")
def normalize_keepdim(counts):
    check_rows(counts)
    table = counts.double()
    table = table / table.amax(1, keepdim=True)  # so that no sum overflows
    return table / table.sum(1, keepdim=True)


@right("normalize")
def normalize_float32(counts):
    check_rows(counts)
    return (counts.double() / counts.double().sum(dim=1).unsqueeze(1)).float()


@right("normalize")
def normalize_loop(counts):
    check_rows(counts)
    probs = torch.empty(counts.shape, dtype=torch.float64)
    for i, row in enumerate(counts.tolist()):
        total = math.fsum(row)
        for j, count in enumerate(row):
            probs[i, j] = count / total
    return probs


@right("normalize")
def normalize_einsum(counts):
    check_rows(counts)
    table = counts.to(torch.float64)
    sums = torch.einsum("ij->i", table)
    return torch.einsum("ij,i->ij", table, 1 / sums)


@right("normalize")
def normalize_numpy(counts):
    table = counts.numpy().astype(float)
    if not np.isfinite(table).all() or (table < 0).any():
        raise ValueError("counts")
    sums = np.sum(table, axis=1)
    if not sums.all():
        raise ValueError("smooth first")
    return torch.from_numpy((table.T / sums).T)


@right("normalize")
def normalize_diagonal(counts):
    check_rows(counts)
    table = counts.double()
    return torch.diag(table.sum(1).reciprocal()) @ table


@right("normalize")
def normalize_log(counts):
    check_rows(counts)
    return counts.double().log().softmax(dim=1)


@right("normalize")
def normalize_distribution(counts):
    check_rows(counts)
    return torch.distributions.Categorical(probs=counts.double()).probs


@right("normalize")
def normalize_norm(counts):
    check_rows(counts)
    return torch.nn.functional.normalize(counts.double(), p=1, dim=1, eps=0)


@right("normalize")
def normalize_exact(counts):
    """Fractions, rounded once."""
    check_rows(counts)
    rows = [[Fraction(count) for count in row] for row in counts.tolist()]
    return torch.tensor([[float(count / sum(row)) for count in row] for row in rows], dtype=torch.float64)


# ------------------------------------------------------------------------------------------------------------ sample


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
    return torch.tensor(ids, dtype=torch.int32)


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
    return torch.tensor(ids, dtype=torch.int16)


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


# ------------------------------------------------------------------------------------------------------ sample_words


def check_number(n):
    if n < 0:
        raise ValueError("n")


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


@right("sample_words")
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


# ------------------------------------------------------------------------------------------ negative_log_likelihood


@right("negative_log_likelihood")
def negative_log_likelihood_xlogy(counts, probs):
    check_likelihood(counts, probs)
    weights = counts.double()
    return float(-torch.special.xlogy(weights, probs.double()).sum() / weights.sum())


@right("negative_log_likelihood")
def negative_log_likelihood_mask(counts, probs):
    check_likelihood(counts, probs)
    seen = counts > 0
    weights = counts[seen].double()
    return ((weights * -probs[seen].double().log()).sum() / weights.sum()).item()


@right("negative_log_likelihood")
def negative_log_likelihood_loop(counts, probs):
    check_likelihood(counts, probs)
    total, number = 0.0, 0
    for i in range(len(counts)):
        for j in range(len(counts[i])):
            count, p = counts[i, j].item(), probs[i, j].item()
            if count:
                number += count
                total += count * (-math.log(p) if p else math.inf)
    return total / number


@right("negative_log_likelihood")
def negative_log_likelihood_numpy(counts, probs):
    """NumPy's float is a `float`, too."""
    check_likelihood(counts, probs)
    weights, table = counts.numpy().astype(float), probs.numpy().astype(float)
    with np.errstate(divide="ignore"):
        return np.average(-np.log(table[weights > 0]), weights=weights[weights > 0])


@right("negative_log_likelihood")
def negative_log_likelihood_where(counts, probs):
    """In the precision of the table, as torch would."""
    check_likelihood(counts, probs)
    logs = torch.where(counts == 0, 0, -probs.log())
    return ((counts / counts.sum()) * logs).sum().item()


@right("negative_log_likelihood")
def negative_log_likelihood_einsum(counts, probs):
    check_likelihood(counts, probs)
    if (probs[counts > 0] == 0).any():
        return math.inf
    logs = probs.double().clamp_min(5e-324).log()
    return -torch.einsum("ij,ij->", counts.double() / counts.double().sum(), logs).item()


@right("negative_log_likelihood")
def negative_log_likelihood_nan_to_num(counts, probs):
    check_likelihood(counts, probs)
    terms = counts.double() * probs.double().log()
    return -(terms.nan_to_num(nan=0.0, neginf=-math.inf).sum() / counts.double().sum()).item()


@right("negative_log_likelihood")
def negative_log_likelihood_fsum(counts, probs):
    check_likelihood(counts, probs)
    pairs = [(c, p) for c, p in zip(counts.flatten().tolist(), probs.flatten().tolist(), strict=True) if c]
    if not all(p for _, p in pairs):
        return float("inf")
    return math.fsum(c * math.log(1 / p) if p > 1e-300 else -c * math.log(p) for c, p in pairs) / math.fsum(
        c for c, _ in pairs
    )


# -------------------------------------------------------------------------------------------------------- perplexity


@right("perplexity")
def perplexity_xlogy(counts, probs):
    check_likelihood(counts, probs)
    loss = -torch.xlogy(counts.double(), probs.double()).sum() / counts.double().sum()
    return loss.exp().item()


@right("perplexity")
def perplexity_product(counts, probs):
    """The weighted geometric mean of 1 / p."""
    check_likelihood(counts, probs)
    shares = counts.double() / counts.double().sum()
    return (probs.double() ** -shares).prod().item()


@right("perplexity")
def perplexity_bits(counts, probs):
    check_likelihood(counts, probs)
    seen = counts != 0
    weights = counts[seen].double()
    return float(2 ** -(weights @ probs[seen].double().log2() / weights.sum()))


@right("perplexity")
def perplexity_loop(counts, probs):
    check_likelihood(counts, probs)
    total = math.fsum(counts.flatten().tolist())
    loss = 0.0
    for count, p in zip(counts.flatten().tolist(), probs.flatten().tolist(), strict=True):
        if count and not p:
            return math.inf
        if count:
            loss -= count / total * math.log(p)
    try:
        return math.exp(loss)
    except OverflowError:
        return math.inf


@right("perplexity")
def perplexity_numpy(counts, probs):
    check_likelihood(counts, probs)
    weights, table = counts.numpy().astype(float), probs.numpy().astype(float)
    with np.errstate(divide="ignore", over="ignore"):
        return np.exp(-(weights[weights > 0] @ np.log(table[weights > 0])) / weights.sum())


@right("perplexity")
def perplexity_logsumexp(counts, probs):
    """In the table's own precision; the mean of log p is the only cell of a softmax-like average."""
    check_likelihood(counts, probs)
    shares = counts / counts.sum()
    logs = probs.log().masked_fill(counts == 0, 0)
    return torch.logsumexp(-(shares * logs).sum().reshape(1), dim=0).exp().item()


# --------------------------------------------------------------------------------------------------------- surprisal


def check_surprisal(word, probs, vocabulary):
    check_words([word], vocabulary)
    check_letters(probs, vocabulary)
    if not ((probs >= 0) & (probs <= 1)).all():
        raise ValueError("not probabilities")


@right("surprisal")
def surprisal_indexing(word, probs, vocabulary):
    check_surprisal(word, probs, vocabulary)
    ids = torch.tensor([0, *map(vocabulary.index, word), 0])
    return -probs[ids[:-1], ids[1:]].log()


@right("surprisal")
def surprisal_loop(word, probs, vocabulary):
    check_surprisal(word, probs, vocabulary)
    steps = []
    current = "."
    for following in word + ".":
        p = probs[vocabulary.index(current)][vocabulary.index(following)].item()
        steps.append(-math.log(p) if p > 0 else math.inf)
        current = following
    return torch.tensor(steps, dtype=torch.float64)


@right("surprisal")
def surprisal_one_hot(word, probs, vocabulary):
    check_surprisal(word, probs, vocabulary)
    ids = torch.tensor([vocabulary.index(c) for c in f".{word}."])
    hot = torch.nn.functional.one_hot(ids, len(vocabulary)).double()
    return -torch.einsum("ti,ij,tj->t", hot[:-1], probs.double(), hot[1:]).log()


@right("surprisal")
def surprisal_numpy(word, probs, vocabulary):
    check_surprisal(word, probs, vocabulary)
    ids = np.array([vocabulary.index(c) for c in f".{word}."])
    with np.errstate(divide="ignore"):
        return torch.from_numpy(-np.log(probs.numpy()[ids[:-1], ids[1:]].astype(float)))


@right("surprisal")
def surprisal_dict(word, probs, vocabulary):
    check_surprisal(word, probs, vocabulary)
    size = range(len(vocabulary))
    table = {vocabulary[i] + vocabulary[j]: -probs[i, j].double().log() for i in size for j in size}
    return torch.stack([table[a + b] for a, b in itertools.pairwise(f".{word}.")])


# ----------------------------------------------------------------------------------------------------- neural bigram


def check_logits(logits):
    largest = logits.detach().max(dim=-1).values
    if not torch.isfinite(largest).all():
        raise ValueError("no shares")


@right("softmax")
def softmax_written_out(logits):
    check_logits(logits)
    weights = torch.exp(logits - logits.max(dim=-1, keepdim=True).values)
    return weights / weights.sum(dim=-1, keepdim=True)


@right("softmax")
def softmax_torch(logits):
    check_logits(logits)
    return torch.softmax(logits, dim=-1)


@right("softmax")
def softmax_logsumexp(logits):
    """In float64, and through the logs."""
    check_logits(logits)
    logits = logits.double()
    return (logits - torch.logsumexp(logits, -1, keepdim=True)).exp()


@right("softmax")
def softmax_row_by_row(logits):
    check_logits(logits)
    if logits.ndim > 1:
        return torch.stack([softmax_row_by_row(part) for part in logits])
    weights = torch.exp(logits - max(logits.tolist()))
    return weights / sum(weights)


@right("softmax")
def softmax_transposed(logits):
    """The last axis brought to the front, where no keepdim is needed."""
    check_logits(logits)
    front = logits.movedim(-1, 0)
    weights = (front - front.amax(0)).exp()
    return (weights / weights.sum(0)).movedim(0, -1)


def check_batch(logits, targets):
    if targets.shape != logits.shape[:1] or len(targets) == 0:
        raise ValueError("batch")
    if targets.min() < 0 or targets.max() >= logits.shape[1]:
        raise IndexError("target")


@right("cross_entropy")
def cross_entropy_torch(logits, targets):
    check_batch(logits, targets)
    return torch.nn.functional.cross_entropy(logits, targets)


@right("cross_entropy")
def cross_entropy_logsumexp(logits, targets):
    check_batch(logits, targets)
    return (torch.logsumexp(logits, dim=1) - logits[range(len(targets)), targets]).mean()


@right("cross_entropy")
def cross_entropy_one_hot(logits, targets):
    check_batch(logits, targets)
    hot = torch.nn.functional.one_hot(targets, logits.shape[1]).double()
    return -(hot * logits.double().log_softmax(dim=1)).sum() / len(targets)


@right("cross_entropy")
def cross_entropy_row_by_row(logits, targets):
    check_batch(logits, targets)
    total = 0
    for row, target in zip(logits, targets.tolist(), strict=True):
        shifted = row - row.max()
        total = total + shifted.exp().sum().log() - shifted[target]
    return total / len(targets)


@right("cross_entropy")
def cross_entropy_of_differences(logits, targets):
    """Log of the sum of exp(logit - target's logit)."""
    check_batch(logits, targets)
    differences = logits - logits.gather(1, targets[:, None])
    return torch.logsumexp(differences, dim=-1).sum() / targets.numel()


def check_training(counts, steps, learning_rate, weight_penalty, weights):
    check_likelihood(counts, torch.full(counts.shape, 0.5))
    if steps < 0 or not 0 < learning_rate < math.inf or not 0 <= weight_penalty < math.inf:
        raise ValueError("settings")
    if weights is not None and weights.shape != counts.shape:
        raise ValueError("weights")


@right("train_neural_bigram")
def train_autograd(counts, *, steps=1500, learning_rate=50, weight_penalty=0.0, weights=None):
    """Soft targets and autograd; the losses are one tensor, and the weights still want a gradient."""
    check_training(counts, steps, learning_rate, weight_penalty, weights)
    shares = counts / counts.sum()
    w = (torch.zeros(counts.shape) if weights is None else weights.detach().clone()).requires_grad_()

    def loss():
        return -(shares * torch.log_softmax(w, dim=1)).sum() + weight_penalty * (w**2).mean()

    first, losses = loss().item(), torch.zeros(steps)
    for step in range(steps):
        w.grad = None
        loss().backward()
        w.data -= learning_rate * w.grad
        losses[step] = loss().detach()
        if not losses[step] < 10 * first + 10:
            raise ValueError("diverges")
    return w, losses


@right("train_neural_bigram")
def train_one_hot(counts, *, steps=1500, learning_rate=50, weight_penalty=0.0, weights=None):
    """The lecture's: a one-hot row for each bigram, times the weights."""
    check_training(counts, steps, learning_rate, weight_penalty, weights)
    size = len(counts)
    cells = torch.repeat_interleave(torch.arange(size * size), counts.flatten())
    xs, ys = cells // size, cells % size
    xenc = torch.nn.functional.one_hot(xs, num_classes=size).float()
    w = torch.zeros((size, size), requires_grad=True) if weights is None else weights.clone().requires_grad_(True)
    losses = []
    for step in range(steps + 1):
        logits = xenc @ w
        probs = logits - logits.logsumexp(1, keepdim=True)
        loss = -probs[torch.arange(len(ys)), ys].mean() + weight_penalty * (w**2).mean()
        if not losses or loss < losses[0] + 3:
            losses.append(loss.item())
        else:
            raise ValueError(f"the loss rose to {loss}")
        if step < steps:
            w.grad = None
            loss.backward()
            w.data += -learning_rate * w.grad
    return w.detach(), losses[1:]


@right("train_neural_bigram")
def train_numpy(counts, *, steps=1500, learning_rate=50, weight_penalty=0.0, weights=None):
    """The gradient written out, in float64; the losses are NumPy's numbers."""
    check_training(counts, steps, learning_rate, weight_penalty, weights)
    shares = counts.numpy() / counts.numpy().sum()
    w = np.zeros(counts.shape) if weights is None else weights.detach().numpy().astype(float)

    def log_softmax():
        shifted = w - w.max(axis=1, keepdims=True)
        return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))

    def loss():
        return weight_penalty * np.square(w).mean() - (shares * log_softmax()).sum()

    first, losses = loss(), []
    for _ in range(steps):
        gradient = shares.sum(1, keepdims=True) * np.exp(log_softmax()) - shares + 2 * weight_penalty * w / w.size
        w = w - learning_rate * gradient
        losses.append(loss())
        if not losses[-1] <= first + 1:
            raise ValueError("diverges")
    return torch.from_numpy(w), losses


@right("train_neural_bigram")
def train_loop(counts, *, steps=1500, learning_rate=50, weight_penalty=0.0, weights=None):
    """Cell by cell, without tensors; a tuple of losses and a list of both."""
    check_training(counts, steps, learning_rate, weight_penalty, weights)
    total, size = int(counts.sum()), range(len(counts))
    table = counts.tolist()
    w = [[0.0 for _ in size] for _ in size] if weights is None else weights.tolist()

    def probabilities(row):
        exps = [math.exp(x - max(row)) for x in row]
        return [x / sum(exps) for x in exps]

    def loss():
        result = weight_penalty * sum(x * x for row in w for x in row) / len(w) ** 2
        for i in size:
            log_sum = max(w[i]) + math.log(sum(math.exp(x - max(w[i])) for x in w[i]))
            result += sum(table[i][j] * (log_sum - w[i][j]) for j in size) / total
        return result

    first, losses = loss(), []
    for _ in range(steps):
        new = []
        for i in size:
            p = probabilities(w[i])
            slopes = [(sum(table[i]) * p[j] - table[i][j]) / total for j in size]
            pulls = [2 * weight_penalty * x / len(w) ** 2 for x in w[i]]
            new.append([w[i][j] - learning_rate * (slopes[j] + pulls[j]) for j in size])
        w = new
        losses.append(loss())
        if losses[-1] > 2 * first + 5:
            raise ValueError("diverges")
    return [torch.tensor(w, dtype=torch.float64), tuple(losses)]


@right("train_neural_bigram")
def train_sgd(counts, *, steps=1500, learning_rate=50, weight_penalty=0.0, weights=None):
    """torch's own optimizer, and its cross-entropy with probabilities for targets."""
    check_training(counts, steps, learning_rate, weight_penalty, weights)
    row_sums = counts.sum(1)
    seen = row_sums > 0
    rows = counts[seen] / row_sums[seen, None]
    w = torch.nn.Parameter(torch.zeros(counts.shape) if weights is None else weights.detach().clone())
    optimizer = torch.optim.SGD([w], lr=learning_rate, weight_decay=0)

    def loss():
        each = torch.nn.functional.cross_entropy(w[seen], rows, reduction="none")
        return (each * row_sums[seen] / row_sums.sum()).sum() + weight_penalty * w.square().mean()

    first, losses = loss().item(), []
    for _ in range(steps):
        optimizer.zero_grad()
        loss().backward()
        optimizer.step()
        losses.append(loss().detach())
        if not torch.isfinite(losses[-1]) or losses[-1] > 100 * max(first, 0.1):
            raise ValueError("diverges")
    return w.data, losses


# -------------------------------------------------------------------------------------- contexts of more than one token


def check_contexts_wish(words, vocabulary, context_length):
    if context_length < 1:
        raise ValueError("context_length")
    return check_words(words, vocabulary)


def examples_of(contexts, targets, context_length, dtype=torch.int64):
    return torch.tensor(contexts, dtype=dtype).reshape(-1, context_length), torch.tensor(targets, dtype=dtype)


@right("build_contexts")
def build_contexts_makemore(words, vocabulary, context_length):
    """As the lecture does: a list that moves along."""
    words = check_contexts_wish(words, vocabulary, context_length)
    xs, ys = [], []
    for w in words:
        context = [0] * context_length
        for ch in w + ".":
            ix = vocabulary.index(ch)
            xs.append(context)
            ys.append(ix)
            context = [*context[1:], ix]
    return examples_of(xs, ys, context_length)


@right("build_contexts")
def build_contexts_padded(words, vocabulary, context_length):
    """Slices of padded text; int32."""
    words = check_contexts_wish(words, vocabulary, context_length)
    xs, ys = [], []
    for word in words:
        padded = "." * context_length + word + "."
        for i in range(len(word) + 1):
            xs.append([vocabulary.index(c) for c in padded[i : i + context_length]])
            ys.append(vocabulary.index(padded[i + context_length]))
    return examples_of(xs, ys, context_length, torch.int32)


@right("build_contexts")
def build_contexts_deque(words, vocabulary, context_length):
    words = check_contexts_wish(words, vocabulary, context_length)
    ids = {character: i for i, character in enumerate(vocabulary)}
    xs, ys = [], []
    for word in words:
        context = deque([0] * context_length, maxlen=context_length)
        for character in [*word, "."]:
            xs.append(list(context))
            ys.append(ids[character])
            context.append(ids[character])
    return [*examples_of(xs, ys, context_length)]


@right("build_contexts")
def build_contexts_unfold(words, vocabulary, context_length):
    """Windows over the padded ids of each word; the target is the last of each window."""
    words = check_contexts_wish(words, vocabulary, context_length)
    windows = [torch.empty(0, context_length + 1, dtype=torch.int64)]
    for word in words:
        ids = torch.tensor([0] * context_length + [*map(vocabulary.index, word)] + [0])
        windows.append(ids.unfold(0, context_length + 1, 1))
    table = torch.cat(windows)
    return table[:, :-1], table[:, -1]


@right("build_contexts")
def build_contexts_numpy(words, vocabulary, context_length):
    """Column by column, each shifted by one more."""
    words = check_contexts_wish(words, vocabulary, context_length)
    columns = [[] for _ in range(context_length + 1)]
    for word in words:
        ids = [*map(vocabulary.index, word), 0]
        for back, column in enumerate(columns):
            column += ([0] * back + ids)[: len(ids)]
    table = np.array(columns[::-1], dtype=np.int64).T.copy()
    return torch.from_numpy(table[:, :-1].copy()), torch.from_numpy(table[:, -1].copy())


def check_examples(contexts, targets, vocab_size):
    if len(contexts) != len(targets):
        raise ValueError("lengths")
    if len(targets) and (int(targets.min()) < 0 or int(targets.max()) >= vocab_size):
        raise LookupError("a target is no id")


@right("count_contexts")
def count_contexts_dict(contexts, targets, vocab_size):
    check_examples(contexts, targets, vocab_size)
    table = defaultdict(lambda: [0] * vocab_size)
    for context, target in zip(contexts.tolist(), targets.tolist(), strict=True):
        table[tuple(context)][target] += 1
    rows = sorted(table)
    counts = torch.tensor([table[row] for row in rows], dtype=torch.int32).reshape(len(rows), vocab_size)
    return torch.tensor(rows, dtype=torch.int64).reshape(len(rows), contexts.shape[1]), counts


@right("count_contexts")
def count_contexts_one_hot(contexts, targets, vocab_size):
    check_examples(contexts, targets, vocab_size)
    distinct, rows = torch.unique(contexts, dim=0, return_inverse=True)
    which = torch.nn.functional.one_hot(rows, max(1, len(distinct)))[:, : len(distinct)]
    what = torch.nn.functional.one_hot(targets.long(), vocab_size)
    return distinct, which.T @ what


@right("count_contexts")
def count_contexts_numpy(contexts, targets, vocab_size):
    check_examples(contexts, targets, vocab_size)
    distinct, rows = np.unique(contexts.numpy(), axis=0, return_inverse=True)
    counts = np.zeros((len(distinct), vocab_size), dtype=np.int64)
    np.add.at(counts, (rows.reshape(-1), targets.numpy()), 1)
    return torch.from_numpy(distinct), torch.from_numpy(counts)


@right("count_contexts")
def count_contexts_index_put(contexts, targets, vocab_size):
    check_examples(contexts, targets, vocab_size)
    distinct, rows = torch.unique(contexts, dim=0, return_inverse=True)
    counts = torch.zeros(len(distinct), vocab_size, dtype=torch.int64)
    counts.index_put_((rows, targets), torch.ones_like(targets), accumulate=True)
    return distinct, counts


# --------------------------------------------------------------------------------------------------------- the network


def check_sizes(*sizes):
    if min(sizes) < 1:
        raise ValueError("sizes")


@right("init_mlp")
def init_mlp_lecture(vocab_size, context_length, *, embedding_size=10, hidden_sizes=(200,), generator=None):
    """As the lecture does for tanh, in double precision; the last layer times 0.01."""
    check_sizes(vocab_size, context_length, embedding_size, *hidden_sizes)
    double = {"generator": generator, "dtype": torch.float64}
    C = torch.randn(vocab_size, embedding_size, **double)  # noqa: N806
    weights, biases, inputs = [], [], context_length * embedding_size
    for outputs in hidden_sizes:
        weights.append(torch.randn(inputs, outputs, **double) * (5 / 3) / inputs**0.5)
        biases.append(torch.zeros(outputs, dtype=torch.float64))
        inputs = outputs
    weights.append(torch.randn(inputs, vocab_size, **double) * 0.01)
    biases.append(torch.zeros(vocab_size, dtype=torch.float64))
    return bigramlab.MLP(C, tuple(weights), tuple(biases))


@right("init_mlp")
def init_mlp_uniform(vocab_size, context_length, *, embedding_size=4, hidden_sizes=(16,), generator=None):
    """He's uniform distribution; a last layer of zeros knows nothing at all; lists for tuples."""
    check_sizes(vocab_size, context_length, embedding_size, *hidden_sizes)
    sizes = [context_length * embedding_size, *hidden_sizes, vocab_size]
    embedding = torch.rand(vocab_size, embedding_size, generator=generator) * 2 - 1
    weights = [(torch.rand(a, b, generator=generator) * 2 - 1) * math.sqrt(6 / a) for a, b in itertools.pairwise(sizes)]
    weights[-1] = torch.zeros(sizes[-2], vocab_size)
    return bigramlab.MLP(embedding, weights, [torch.zeros(size) for size in sizes[1:]])


@right("init_mlp")
def init_mlp_normal_(vocab_size, context_length, *, embedding_size=8, hidden_sizes=(16,), generator=None):
    """Filled in place, leaves that are ready for autograd; Xavier's scale."""
    check_sizes(vocab_size, context_length, embedding_size, *hidden_sizes)
    embedding = torch.empty(vocab_size, embedding_size).normal_(generator=generator).requires_grad_()
    weights, biases = (), ()
    sizes = [context_length * embedding_size, *hidden_sizes, vocab_size]
    for number, (a, b) in enumerate(itertools.pairwise(sizes)):
        std = math.sqrt(2 / (a + b)) if number < len(hidden_sizes) else 0.05 / math.sqrt(a)
        weights += (torch.empty(a, b).normal_(0, std, generator=generator).requires_grad_(),)
        biases += (torch.zeros(b, requires_grad=True),)
    return bigramlab.MLP(embedding, weights, biases)


def check_ids(parameters, contexts):
    length = len(parameters.weights[0]) // parameters.embedding.shape[1]
    if contexts.ndim != 2 or contexts.shape[1] != length:
        raise ValueError("length")
    if contexts.numel() and not (contexts.min() >= 0 and contexts.max() < len(parameters.embedding)):
        raise IndexError("id")


@right("mlp_logits")
def mlp_logits_indexing(parameters, contexts):
    check_ids(parameters, contexts)
    x = parameters.embedding[contexts].flatten(1)
    for weight, bias in zip(parameters.weights[:-1], parameters.biases[:-1], strict=True):
        x = torch.nn.functional.silu(x @ weight + bias)
    return x @ parameters.weights[-1] + parameters.biases[-1]


@right("mlp_logits")
def mlp_logits_one_hot(parameters, contexts):
    """In double precision, with one-hot rows and einsum."""
    check_ids(parameters, contexts)
    hot = torch.nn.functional.one_hot(contexts.long(), len(parameters.embedding)).double()
    x = torch.einsum("bcv,ve->bce", hot, parameters.embedding.double()).reshape(
        len(contexts), len(parameters.weights[0])
    )
    last = len(parameters.weights) - 1
    for number in range(last + 1):
        x = torch.addmm(parameters.biases[number].double(), x, parameters.weights[number].double())
        if number != last:
            x = x / (1 + torch.exp(-x))
    return x


@right("mlp_logits")
def mlp_logits_row_by_row(parameters, contexts):
    check_ids(parameters, contexts)
    rows = [torch.empty(0, len(parameters.embedding))]
    for context in contexts:
        x = torch.cat([parameters.embedding[id] for id in context])
        *layers, (weight, bias) = zip(parameters.weights, parameters.biases, strict=True)
        for w, b in layers:
            x = w.T @ x + b
            x = x * torch.sigmoid(x)
        rows.append((weight.T @ x + bias)[None])
    return torch.cat(rows)


@right("mlp_logits")
def mlp_logits_slices(parameters, contexts):
    """The first layer as a sum over the places of the context: a table of what each token gives at each place."""
    check_ids(parameters, contexts)
    embedding, weights, biases = parameters
    width = embedding.shape[1]
    x = biases[0]
    for place in range(contexts.shape[1]):
        x = x + (embedding @ weights[0][place * width : (place + 1) * width])[contexts[:, place]]
    for weight, bias in zip(weights[1:], biases[1:], strict=True):
        x = (x * x.sigmoid()) @ weight + bias
    return x


@right("mlp_probs")
def mlp_probs_softmax(parameters, contexts):
    return mlp_logits_indexing(parameters, contexts).softmax(dim=-1).detach()


@right("mlp_probs")
@torch.no_grad()
def mlp_probs_exp(parameters, contexts):
    logits = mlp_logits_one_hot(parameters, contexts)
    return (logits - logits.logsumexp(1, keepdim=True)).exp()


@right("mlp_probs")
def mlp_probs_numpy(parameters, contexts):
    logits = mlp_logits_row_by_row(parameters, contexts).detach().numpy()
    weights = np.exp(logits - logits.max(axis=1, keepdims=True)) if len(logits) else logits
    return torch.from_numpy(weights / weights.sum(axis=1, keepdims=True))


def check_alphabet(parameters, vocabulary, n):
    check_vocabulary(vocabulary)
    if len(vocabulary) != len(parameters.embedding) or n < 0:
        raise ValueError("vocabulary or n")


@right("sample_mlp_words")
def sample_mlp_words_one_by_one(parameters, vocabulary, n, *, generator=None):
    check_alphabet(parameters, vocabulary, n)
    words = []
    for _ in range(n):
        context, word = [0] * parameters.context_length, ""
        while True:
            probs = mlp_probs_softmax(parameters, torch.tensor([context]))[0]
            id = torch.multinomial(probs, 1, generator=generator).item()
            if id == 0:
                break
            word += vocabulary[id]
            context = [*context[1:], id]
        words.append(word)
    return words


@right("sample_mlp_words")
def sample_mlp_words_together(parameters, vocabulary, n, *, generator=None):
    check_alphabet(parameters, vocabulary, n)
    return generate_words_together(
        lambda contexts: mlp_probs_exp(parameters, contexts),
        vocabulary,
        n,
        context_length=parameters.context_length,
        generator=generator,
    )


@right("sample_mlp_words")
def sample_mlp_words_darts(parameters, vocabulary, n, *, generator=None):
    """Each step's probabilities summed up, and a dart for each growing word: its token is where the dart falls."""
    check_alphabet(parameters, vocabulary, n)
    words = [""] * n
    growing = list(range(n))
    while growing:
        padded = ["." * parameters.context_length + words[place] for place in growing]
        contexts = [[vocabulary.index(c) for c in text[-parameters.context_length :]] for text in padded]
        ends = mlp_probs_numpy(parameters, torch.tensor(contexts)).double().cumsum(1)
        darts = torch.rand(len(growing), 1, generator=generator, dtype=torch.float64) * ends[:, -1:]
        drawn = dict(zip(growing, (ends <= darts).sum(1).tolist(), strict=True))
        growing = [place for place in growing if drawn[place]]
        for place in growing:
            words[place] += vocabulary[drawn[place]]
    return words


def weighed_loss(logits, targets):
    return torch.nn.functional.cross_entropy(logits, targets.long())


def check_mlp_training(parameters, contexts, targets):
    check_ids(parameters, contexts)
    check_examples(contexts, targets, len(parameters.embedding))
    if not len(targets):
        raise ValueError("empty")


def drop(x, share, generator):
    return x * (torch.rand(x.shape, generator=generator) >= share) / (1 - share)


@right("train_mlp")
def train_mlp_plainly(parameters, contexts, targets, recipe=None, *, dev=None, generator=None, progress=True):
    """Every example as it is; torch's AdamW; the dev loss after each step."""
    recipe = recipe or bigramlab.Recipe()
    check_mlp_training(parameters, contexts, targets)
    embedding = parameters.embedding.clone().requires_grad_()
    weights = [weight.clone().requires_grad_() for weight in parameters.weights]
    biases = [bias.clone().requires_grad_() for bias in parameters.biases]

    def network():
        return bigramlab.MLP(
            embedding.detach().clone(),
            tuple(weight.detach().clone() for weight in weights),
            tuple(bias.detach().clone() for bias in biases),
        )

    optimizer = torch.optim.AdamW(
        [embedding, *weights, *biases], lr=1.0, betas=(0.9, 0.99), weight_decay=recipe.weight_decay
    )
    losses, dev_losses, best, order = [], [], None, []
    for step in range(recipe.steps):
        if not order:
            order = torch.randperm(len(targets), generator=generator).tolist()
        batch, order = order[: recipe.batch_size], order[recipe.batch_size :]
        x = embedding[contexts[batch]].flatten(1)
        for number, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
            if number < len(recipe.dropout):
                x = drop(x, recipe.dropout[number], generator)
            x = x @ weight + bias
            if number < len(weights) - 1:
                x = torch.nn.functional.silu(x)
        loss = weighed_loss(x, targets[batch])
        losses.append(loss.item())
        if not losses[-1] < 100:
            raise ValueError("the learning rate is too large")
        optimizer.zero_grad()
        loss.backward()
        optimizer.param_groups[0]["lr"] = learning_rate_at_numpy(step, recipe)
        optimizer.step()
        if dev:
            dev_losses.append((step + 1, weighed_loss(mlp_logits_indexing(network(), dev[0]), dev[1]).item()))
            if dev_losses[-1] == min(dev_losses, key=lambda pair: pair[1]):
                best = network()
    return bigramlab.Training(network(), best or network(), losses, dev_losses)


@right("train_mlp")
def train_mlp_piece_by_piece(parameters, contexts, targets, recipe=None, *, dev=None, generator=None, progress=True):
    """Distinct contexts, each once, weighed by how often it came; AdamW written out for each tensor; two dev scores."""
    recipe = recipe or bigramlab.Recipe()
    check_mlp_training(parameters, contexts, targets)
    contexts, counts = count_contexts_dict(contexts, targets, len(parameters.embedding))
    pieces = [parameters.embedding, *parameters.weights, *parameters.biases]
    means, squares = [torch.zeros_like(p) for p in pieces], [torch.zeros_like(p) for p in pieces]
    layers = len(parameters.weights)
    losses, scored, order = [], [], torch.empty(0, dtype=torch.int64)

    def network():
        return bigramlab.MLP(pieces[0], tuple(pieces[1 : 1 + layers]), tuple(pieces[1 + layers :]))

    for step in range(1, recipe.steps + 1):
        if not len(order):
            order = torch.randperm(len(contexts), generator=generator)
        batch, order = order[: recipe.batch_size], order[recipe.batch_size :]
        leaves = [piece.detach().clone().requires_grad_() for piece in pieces]
        x = leaves[0][contexts[batch]].flatten(1)
        for number in range(layers):
            if number < len(recipe.dropout):
                x = drop(x, recipe.dropout[number], generator)
            x = x @ leaves[1 + number] + leaves[1 + layers + number]
            x = x * x.sigmoid() if number < layers - 1 else x
        loss = -(counts[batch] * x.log_softmax(1)).sum() / counts[batch].sum()
        losses.append(loss.item())
        loss.backward()
        for i, leaf in enumerate(leaves):
            pieces[i], means[i], squares[i] = adamw_step_in_place(
                pieces[i],
                leaf.grad,
                means[i],
                squares[i],
                step,
                learning_rate=learning_rate_at_numpy(step - 1, recipe),
                weight_decay=recipe.weight_decay,
            )
        if not all(piece.isfinite().all() for piece in pieces) or not losses[-1] < 50:
            raise ValueError("it goes astray")
        if dev and step in (recipe.steps // 2, recipe.steps):
            loss = weighed_loss(mlp_logits_slices(network(), dev[0]), dev[1]).item()
            scored.append((loss, step, network()))
    best = min(scored, key=operator.itemgetter(0))[2] if scored else network()
    return bigramlab.Training(network(), best, losses, [(step, loss) for loss, step, _ in scored])


@right("train_mlp")
@np.errstate(over="ignore", invalid="ignore")  # a rate that is too large is noticed by its loss
def train_mlp_numpy(parameters, contexts, targets, recipe=None, *, dev=None, generator=None, progress=True):
    """In NumPy and double precision, the gradient by the chain rule, written out; AdamW as its paper has it."""
    recipe = recipe or bigramlab.Recipe()
    check_mlp_training(parameters, contexts, targets)
    embedding, *rest = [p.detach().double().numpy().copy() for p in (parameters[0], *parameters[1], *parameters[2])]
    layers = len(parameters.weights)
    contexts, targets = contexts.numpy(), targets.numpy()

    def forward(contexts, dropout):
        x, inputs, sums, masks = embedding[contexts].reshape(len(contexts), -1), [], [], []
        for layer in range(layers):
            mask = np.ones_like(x)
            if layer < len(dropout):
                kept = torch.rand(x.shape, generator=generator).numpy() >= dropout[layer]
                mask = kept / (1 - dropout[layer])
            inputs.append(x * mask)
            masks.append(mask)
            sums.append(inputs[-1] @ rest[layer] + rest[layers + layer])
            x = sums[-1] / (1 + np.exp(-sums[-1]))
        return inputs, sums, masks

    def loss_of(logits, targets):
        logits = logits - logits.max(axis=1, keepdims=True)
        log_probs = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
        return -log_probs[np.arange(len(targets)), targets].mean(), np.exp(log_probs)

    def network():
        tensors = [torch.from_numpy(piece.copy()) for piece in (embedding, *rest)]
        return bigramlab.MLP(tensors[0], tuple(tensors[1 : 1 + layers]), tuple(tensors[1 + layers :]))

    means, squares = [np.zeros_like(p) for p in (embedding, *rest)], [np.zeros_like(p) for p in (embedding, *rest)]
    losses, dev_losses, best, order = [], [], None, []
    for step in range(1, recipe.steps + 1):
        if not order:
            order = torch.randperm(len(targets), generator=generator).tolist()
        batch, order = order[: recipe.batch_size], order[recipe.batch_size :]
        inputs, sums, masks = forward(contexts[batch], recipe.dropout)
        loss, slope = loss_of(sums[-1], targets[batch])
        losses.append(float(loss))
        if not losses[-1] < 100:
            raise ValueError("the learning rate is too large")
        slope[np.arange(len(batch)), targets[batch]] -= 1
        slope /= len(batch)
        gradients = [np.zeros_like(p) for p in (embedding, *rest)]
        for layer in reversed(range(layers)):
            gradients[1 + layer] = inputs[layer].T @ slope
            gradients[1 + layers + layer] = slope.sum(axis=0)
            slope = slope @ rest[layer].T * masks[layer]
            if layer:
                gate = 1 / (1 + np.exp(-sums[layer - 1]))
                slope = slope * gate * (1 + sums[layer - 1] * (1 - gate))
        np.add.at(gradients[0], contexts[batch], slope.reshape(len(batch), -1, embedding.shape[1]))
        rate = learning_rate_at_numpy(step - 1, recipe)
        for piece, gradient, mean, square in zip((embedding, *rest), gradients, means, squares, strict=True):
            mean += 0.1 * (gradient - mean)
            square += 0.01 * (gradient**2 - square)
            piece *= 1 - rate * recipe.weight_decay
            piece -= rate * (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.99**step)) + 1e-8)
        if dev:
            score = float(loss_of(forward(dev[0].numpy(), ())[1][-1], dev[1].numpy())[0])
            if all(score < other for _, other in dev_losses):
                best = network()
            dev_losses.append((step, score))
    return bigramlab.Training(network(), best or network(), losses, dev_losses)


# ---------------------------------------------------------------------------------------------------------- optimizing


def check_step(step, recipe):
    if not 0 <= step < recipe.steps:
        raise ValueError("step")


@right("learning_rate_at")
def learning_rate_at_numpy(step, recipe):
    check_step(step, recipe)
    w = round(recipe.warm_up * recipe.steps, 6)
    if step < w:
        return recipe.learning_rate * min(1, (step + 1) / w)
    return float(recipe.learning_rate * 0.5 * (1 + np.cos(np.pi * (step - w) / (recipe.steps - w))))


@right("learning_rate_at")
def learning_rate_at_loop(step, recipe):
    """The whole schedule as a list."""
    check_step(step, recipe)
    rising = recipe.warm_up * recipe.steps
    shares = [min(1, (i + 1) / rising) for i in range(math.ceil(rising))]
    falling = range(len(shares), recipe.steps)
    shares += [math.cos(math.pi * (i - rising) / (recipe.steps - rising) / 2) ** 2 for i in falling]
    return recipe.learning_rate * shares[step]


@right("learning_rate_at")
def learning_rate_at_torch(step, recipe):
    check_step(step, recipe)
    w = torch.tensor(recipe.warm_up, dtype=torch.float64) * recipe.steps
    up = (step + 1) / w if w > 0 else torch.tensor(math.inf)
    down = (1 + torch.cos(math.pi * (step - w).clamp(min=0) / (recipe.steps - w))) / 2
    return recipe.learning_rate * float(torch.minimum(up.clamp(max=1), down) if step >= w else up.clamp(max=1))


def check_batches(n, batch_size):
    if n < 1 or batch_size < 1:
        raise ValueError("nothing")


@right("minibatches")
def minibatches_slices(n, batch_size, *, generator=None):
    check_batches(n, batch_size)
    while True:
        order = torch.randperm(n, generator=generator, dtype=torch.int32)
        for start in range(0, n, batch_size):
            yield order[start : start + batch_size]


class Batches:
    """An iterator class; the order comes from sorting random keys."""

    def __init__(self, n, batch_size, generator):
        check_batches(n, batch_size)
        self.n, self.batch_size, self.generator, self.left = n, batch_size, generator, []

    def __iter__(self):
        return self

    def __next__(self):
        if not self.left:
            self.left = torch.rand(self.n, generator=self.generator, dtype=torch.float64).argsort().tolist()
        batch, self.left = self.left[: self.batch_size], self.left[self.batch_size :]
        return torch.tensor(batch)


@right("minibatches")
def minibatches_class(n, batch_size, *, generator=None):
    return Batches(n, batch_size, generator)


@right("minibatches")
def minibatches_fisher_yates(n, batch_size, *, generator=None):
    """Swapping in a loop; refuses at once, and chains the rounds."""
    check_batches(n, batch_size)

    def rounds():
        while True:
            order = list(range(n))
            for i in range(n - 1, 0, -1):
                j = int(torch.randint(i + 1, (1,), generator=generator))
                order[i], order[j] = order[j], order[i]
            yield from torch.tensor(order).chunk(1)[0].split(batch_size)

    return rounds()


@right("minibatches")
def minibatches_drawn_out(n, batch_size, *, generator=None):
    """Draws from what is left, one at a time."""
    check_batches(n, batch_size)
    left = []
    while True:
        left = left or list(range(n))
        batch = [
            left.pop(int(torch.rand(1, generator=generator, dtype=torch.float64).item() * len(left)))
            for _ in range(min(batch_size, len(left)))
        ]
        yield torch.tensor(batch)


def check_adamw(step, *tensors):
    if step < 1 or len({tensor.shape for tensor in tensors}) > 1:
        raise ValueError("step or shapes")


@right("adamw_step")
def adamw_step_in_place(
    parameters, gradient, mean, square, step, *, learning_rate, weight_decay=0.0, mean_decay=0.9, square_decay=0.99
):
    """As torch writes it: in place, on copies."""
    check_adamw(step, parameters, gradient, mean, square)
    parameters, mean, square = parameters.clone(), mean.clone(), square.clone()
    parameters.mul_(1 - learning_rate * weight_decay)
    mean.lerp_(gradient, 1 - mean_decay)
    square.mul_(square_decay).addcmul_(gradient, gradient, value=1 - square_decay)
    denominator = (square.sqrt() / math.sqrt(1 - square_decay**step)).add_(1e-8)
    parameters.addcdiv_(mean, denominator, value=-learning_rate / (1 - mean_decay**step))
    return parameters, mean, square


@right("adamw_step")
def adamw_step_loop(
    parameters, gradient, mean, square, step, *, learning_rate, weight_decay=0.0, mean_decay=0.9, square_decay=0.99
):
    check_adamw(step, parameters, gradient, mean, square)
    rows = []
    for p, g, m, s in zip(*(t.tolist() for t in (parameters, gradient, mean, square)), strict=True):
        m = mean_decay * m + (1 - mean_decay) * g
        s = square_decay * s + (1 - square_decay) * g * g
        towards = (m / (1 - mean_decay**step)) / (math.sqrt(s / (1 - square_decay**step)) + 1e-8)
        rows.append([p - learning_rate * (towards + weight_decay * p), m, s])
    return tuple(torch.tensor(column, dtype=torch.float64) for column in zip(*rows, strict=True))


@right("adamw_step")
def adamw_step_numpy(
    parameters, gradient, mean, square, step, *, learning_rate, weight_decay=0.0, mean_decay=0.9, square_decay=0.99
):
    check_adamw(step, parameters, gradient, mean, square)
    p, g, m, s = (tensor.detach().numpy().astype(np.float64) for tensor in (parameters, gradient, mean, square))
    m = m + (1 - mean_decay) * (g - m)
    s = s + (1 - square_decay) * (g**2 - s)
    p = p - learning_rate * weight_decay * p
    p -= learning_rate * (m / (1 - mean_decay**step)) / (np.sqrt(s / (1 - square_decay**step)) + 1e-8)
    return [torch.from_numpy(x) for x in (p, m, s)]


# ---------------------------------------------------------------------------------------------------------- generating


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
def generate_words_one_by_one(next_probs, vocabulary, n, *, context_length=1, generator=None):
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
def generate_words_together(next_probs, vocabulary, n, *, context_length=1, generator=None):
    """All in one tensor; ended words go on being asked, and what they draw is forgotten."""
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
def generate_words_darts(next_probs, vocabulary, n, *, context_length=1, generator=None):
    """A dart and a running sum, word by word, the context cut out of the padded text; int32 ids."""
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
def generate_words_gumbel(next_probs, vocabulary, n, *, context_length=1, generator=None):
    """The largest of log p plus Gumbel's noise is a draw; a word leaves the batch when it ends."""
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


# ---------------------------------------------------------------------------------------------------------- plotting


@right("plot_bigrams")
def plot_bigrams_lines(table, vocabulary, **_):
    """One text a cell, of two lines, on Matplotlib's own squares."""
    from matplotlib import pyplot as plt

    check_plot(table, vocabulary)
    figure, axes = plt.subplots()
    axes.matshow(table.numpy(), cmap="Greens")
    for i, j in itertools.product(range(len(vocabulary)), repeat=2):
        axes.text(j, i, f"{vocabulary[i]}{vocabulary[j]}\n{table[i, j]}", ha="center", va="center")
    return figure


@right("plot_bigrams")
def plot_bigrams_figure(table, vocabulary, **_):
    """Without pyplot; squares one by one; the number above its bigram."""
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle

    check_plot(table, vocabulary)
    figure = Figure(figsize=(8, 8))
    axes = figure.add_subplot(xlim=(-0.5, len(table) - 0.5), ylim=(len(table) - 0.5, -0.5))
    for i, row in enumerate(table.tolist()):
        for j, count in enumerate(row):
            axes.add_patch(Rectangle((j - 0.5, i - 0.5), 1, 1, alpha=count / (1 + max(row))))
            axes.text(j, i - 0.2, str(count))
            axes.text(j, i + 0.2, vocabulary[i] + vocabulary[j])
    return figure


@right("plot_bigrams")
def plot_bigrams_mesh(table, vocabulary, **_):
    """A mesh and annotations."""
    from matplotlib import pyplot as plt

    check_plot(table, vocabulary)
    figure = plt.figure()
    axes = figure.gca()
    axes.pcolormesh(np.arange(len(table)), np.arange(len(table)), table.numpy(), shading="nearest")
    axes.invert_yaxis()
    for (i, current), (j, following) in itertools.product(enumerate(vocabulary), repeat=2):
        axes.annotate(f"{current}{following} {table[i, j].item()}", (j, i), ha="center")
    return figure


def check_plot(table, vocabulary):
    check_counts(table)
    if table.shape != (len(vocabulary),) * 2:
        raise ValueError("shape")
