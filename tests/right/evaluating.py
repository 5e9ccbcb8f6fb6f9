"""Right versions of the functions of `lessons/evaluating`."""

import itertools
import math

import numpy as np
import torch

from right.version import check_letters, check_likelihood, check_words, plain_right, right


@plain_right("negative_log_likelihood")
def negative_log_likelihood_typed_along(counts, probs):
    log_likelihood, n = 0.0, 0
    for i in range(counts.shape[0]):
        for j in range(counts.shape[1]):
            if counts[i, j] > 0:
                log_likelihood += counts[i, j] * torch.log(probs[i, j])
                n += counts[i, j]
    return (-log_likelihood / n).item()


@plain_right("perplexity")
def perplexity_typed_along(counts, probs):
    return math.exp(negative_log_likelihood_typed_along(counts, probs))


@plain_right("surprisal")
def surprisal_typed_along(word, probs, vocabulary):
    stoi = {s: i for i, s in enumerate(vocabulary)}
    chs = [".", *word, "."]
    return torch.stack([-torch.log(probs[stoi[ch1], stoi[ch2]]) for ch1, ch2 in itertools.pairwise(chs)])


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
