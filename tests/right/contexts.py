"""Right versions of the functions of `lessons/contexts`."""

from collections import defaultdict, deque

import numpy as np
import torch

from right.version import check_examples, check_words, plain_right, right


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


@plain_right("build_contexts")
def build_contexts_typed_along(words, vocabulary, context_length):
    stoi = {s: i for i, s in enumerate(vocabulary)}
    X, Y = [], []
    for w in words:
        context = [0] * context_length
        for ch in w + ".":
            ix = stoi[ch]
            X.append(context)
            Y.append(ix)
            context = context[1:] + [ix]  # noqa: RUF005
    return torch.tensor(X), torch.tensor(Y)


@right("build_contexts")
def build_contexts_padded(words, vocabulary, context_length):
    """Slices of padded text."""
    words = check_contexts_wish(words, vocabulary, context_length)
    xs, ys = [], []
    for word in words:
        padded = "." * context_length + word + "."
        for i in range(len(word) + 1):
            xs.append([vocabulary.index(c) for c in padded[i : i + context_length]])
            ys.append(vocabulary.index(padded[i + context_length]))
    return examples_of(xs, ys, context_length)


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


@right("count_contexts")
def count_contexts_dict(contexts, targets, vocab_size):
    check_examples(contexts, targets, vocab_size)
    table = defaultdict(lambda: [0] * vocab_size)
    for context, target in zip(contexts.tolist(), targets.tolist(), strict=True):
        table[tuple(context)][target] += 1
    rows = sorted(table)
    counts = torch.tensor([table[row] for row in rows], dtype=torch.int32).reshape(len(rows), vocab_size)
    return torch.tensor(rows, dtype=torch.int64).reshape(len(rows), contexts.shape[1]), counts


@plain_right("count_contexts")
def count_contexts_typed_along(contexts, targets, vocab_size):
    rows = sorted({tuple(context) for context in contexts.tolist()})
    counts = torch.zeros(len(rows), vocab_size)
    for context, target in zip(contexts.tolist(), targets.tolist()):  # noqa: B905
        counts[rows.index(tuple(context)), target] += 1
    return torch.tensor(rows), counts


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
