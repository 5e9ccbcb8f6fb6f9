"""The race of the chapter "Which is best?": a table of 729 counts against an MLP of 625 numbers.

The page trains the MLP before the reader's eyes; here the same training is done with the package, from the same weights
and with the same batches, so that the page can say without scripts how it ends, and a test can hold one to the other.
"""

from functools import cache
from typing import NamedTuple

import torch
from torch import Tensor

import bigramlab
from bigramlab import MLP, Recipe

CONTEXT, EMBEDDING, HIDDEN = 3, 2, 16
RECIPE = Recipe(steps=1000, batch_size=128, learning_rate=0.05, warm_up=0, weight_decay=0, dropout=())
SEED = 42
KS = (0.01, 0.1, 0.5, 1, 2, 5)  # what smoothing may be chosen from, on the dev names


class Examples(NamedTuple):
    """Distinct contexts, and how often each token came after each."""

    contexts: Tensor
    counts: Tensor


class Table(NamedTuple):
    """A table of counts: the smoothing that is best on the dev names, and the loss there."""

    k: float
    loss: float
    numbers: int


@cache
def split() -> tuple[str, list[str], list[str]]:
    """Return vocabulary, training names and dev names; the test names are not needed."""
    names = bigramlab.load_names()
    train, dev, _ = bigramlab.split_words(names, generator=torch.Generator().manual_seed(SEED))
    return bigramlab.build_vocabulary(names), train, dev


@cache
def examples(part: str, length: int = CONTEXT) -> Examples:
    """Return the contexts of the "train" or the "dev" names."""
    vocabulary, train, dev = split()
    contexts, targets = bigramlab.build_contexts(train if part == "train" else dev, vocabulary, length)
    return Examples(*bigramlab.count_contexts(contexts, targets, len(vocabulary)))


@cache
def table(length: int) -> Table:
    """Return the best table of counts that looks back `length` tokens: a row for every context there could be."""
    size = len(split()[0])
    places = size ** torch.arange(length - 1, -1, -1)
    train, dev = (torch.zeros(size**length, size, dtype=torch.float64) for _ in range(2))
    for rows, part in ((train, "train"), (dev, "dev")):
        found = examples(part, length)
        rows[found.contexts @ places] = found.counts.double()
    losses = {k: bigramlab.negative_log_likelihood(dev, bigramlab.normalize(bigramlab.smooth(train, k))) for k in KS}
    best = min(losses, key=losses.__getitem__)
    return Table(best, losses[best], train.numel())


@cache
def start() -> Tensor:
    """Return the MLP before its training, rounded so that the page can begin with the very same numbers."""
    generator = torch.Generator().manual_seed(SEED)
    size = len(split()[0])
    mlp = bigramlab.init_mlp(size, CONTEXT, embedding_size=EMBEDDING, hidden_sizes=(HIDDEN,), generator=generator)
    flat = torch.cat([piece.flatten() for piece in (mlp.embedding, *mlp.weights, *mlp.biases)])
    return flat.double().round(decimals=4)


def unflatten(flat: Tensor) -> MLP:
    """Return the MLP whose numbers stand in one long vector: embedding, weights, biases."""
    size, inputs = len(split()[0]), CONTEXT * EMBEDDING
    shapes = [(size, EMBEDDING), (inputs, HIDDEN), (HIDDEN, size), (HIDDEN,), (size,)]
    pieces = torch.split(flat, [torch.Size(shape).numel() for shape in shapes])
    embedding, first, second, *biases = (piece.view(shape) for piece, shape in zip(pieces, shapes, strict=True))
    return MLP(embedding, (first, second), tuple(biases))


def darts(seed: int, n: int) -> Tensor:
    """Return n numbers between 0 and 1 that depend on the seed alone: `makeDarts` of the page (mulberry32)."""
    word = 0xFFFFFFFF
    state = (seed + 0x6D2B79F5 * torch.arange(1, n + 1)) & word
    mixed = ((state ^ (state >> 15)) * (state | 1)) & word
    mixed ^= (mixed + (mixed ^ (mixed >> 7)) * (mixed | 61)) & word
    return (mixed ^ (mixed >> 14)).double() / 2**32


def batch(step: int) -> Tensor:
    """Return which contexts a step learns from: darts on a line on which each is as long as it is frequent."""
    ends = examples("train").counts.sum(dim=1).cumsum(dim=0).double()
    return torch.searchsorted(ends, darts(SEED + step, RECIPE.batch_size) * ends[-1], right=True)


def loss_of(mlp: MLP, found: Examples) -> Tensor:
    """Return the mean of -log p over all that was counted, in nats."""
    log_probs = bigramlab.mlp_logits(mlp, found.contexts).log_softmax(dim=1)
    return -(found.counts * log_probs).sum() / found.counts.sum()


def train(steps: int = RECIPE.steps) -> tuple[dict[int, float], list[float]]:
    """Return the dev loss after 0, 1, 2 ... 100, 110, 120 ... steps, and the loss of each step's own batch."""
    return _trained(steps)[:2]


def end() -> Tensor:
    """Return the MLP after its training, rounded as its start is."""
    return _trained(RECIPE.steps)[2].round(decimals=4)


@cache
def _trained(steps: int) -> tuple[dict[int, float], list[float], Tensor]:
    known, unseen = examples("train"), examples("dev")
    shares = known.counts / known.counts.sum(dim=1, keepdim=True).double()
    flat = start()
    mean, square = torch.zeros_like(flat), torch.zeros_like(flat)
    dev, own = {0: loss_of(unflatten(flat), unseen).item()}, []
    for step in range(1, steps + 1):
        chosen = batch(step)
        flat = flat.detach().requires_grad_()
        loss = loss_of(unflatten(flat), Examples(known.contexts[chosen], shares[chosen]))
        own.append(loss.item())
        (gradient,) = torch.autograd.grad(loss, flat)
        rate = bigramlab.learning_rate_at(step - 1, RECIPE)
        flat, mean, square = bigramlab.adamw_step(flat.detach(), gradient, mean, square, step, learning_rate=rate)
        if step <= 100 or step % 10 == 0:
            dev[step] = loss_of(unflatten(flat), unseen).item()
    return dev, own, flat.detach()


def pack(found: Examples) -> str:
    """Return counted contexts as text: `annie3` for `ann`, after which `i` came once and `e` three times."""
    vocabulary = split()[0]
    packed = []
    for context, row in zip(found.contexts.tolist(), found.counts.tolist(), strict=True):
        came = "".join(f"{vocabulary[id]}{count if count > 1 else ''}" for id, count in enumerate(row) if count)
        packed.append("".join(vocabulary[id] for id in context) + came)
    return " ".join(packed)
