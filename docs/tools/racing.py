"""The race of the chapter "Which is best?": a table of 729 counts against an MLP of 625 numbers.

The page trains the MLP before the reader's eyes; here the same training is done with the package, from the same weights
and with the same batches, so that the page can say without scripts how it ends, and a test can hold one to the other.
The third runner is in `transforming`.
"""

from collections.abc import Callable
from functools import cache
from itertools import pairwise, takewhile
from typing import NamedTuple

import torch
from torch import Tensor

import bigramlab
from bigramlab import MLP, Recipe

CONTEXT, EMBEDDING, HIDDEN = 3, 2, 16
RECIPE = Recipe(steps=1000, batch_size=128, learning_rate=0.05, warm_up=0, weight_decay=0, dropout=())
SEED = 42
DRAWN = (*range(20), *range(20, 100, 5), *range(100, RECIPE.steps + 1, 20))  # the steps whose dev loss is shown
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


class Run(NamedTuple):
    """A training: the dev loss after the steps that are drawn, the loss of each step, the numbers at the end."""

    dev: dict[int, float]
    own: list[float]
    end: Tensor


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
    """Return the dev loss after 0, 1, 2 ... 20, 25 ... 100, 120 ... steps, and the loss of each step's own batch."""
    return _trained(steps)[:2]


def end() -> Tensor:
    """Return the MLP after its training, rounded as its start is."""
    return _trained(RECIPE.steps).end.round(decimals=4)


@cache
def _trained(steps: int) -> Run:
    known, unseen = examples("train"), examples("dev")
    shares = known.counts / known.counts.sum(dim=1, keepdim=True).double()

    def own_loss(flat: Tensor, step: int) -> Tensor:
        chosen = batch(step)
        return loss_of(unflatten(flat), Examples(known.contexts[chosen], shares[chosen]))

    return run(start(), own_loss, lambda flat: loss_of(unflatten(flat), unseen).item(), steps)


def run(
    flat: Tensor, own_loss: Callable[[Tensor, int], Tensor], dev_loss: Callable[[Tensor], float], steps: int
) -> Run:
    """Train a network, all of whose numbers stand in one vector; `own_loss` is that of a step's batch."""
    mean, square = torch.zeros_like(flat), torch.zeros_like(flat)
    dev, own = {0: dev_loss(flat)}, []
    for step in range(1, steps + 1):
        flat = flat.detach().requires_grad_()
        loss = own_loss(flat, step)
        own.append(loss.item())
        (gradient,) = torch.autograd.grad(loss, flat)
        rate = bigramlab.learning_rate_at(step - 1, RECIPE)
        flat, mean, square = bigramlab.adamw_step(flat.detach(), gradient, mean, square, step, learning_rate=rate)
        if step in DRAWN:
            dev[step] = dev_loss(flat)
    return Run(dev, own, flat.detach())


def pack(words: list[str]) -> str:
    """Return sorted words as text, each as how many letters it shares with the one before, and the rest: `0anna 3e`."""
    packed = []
    for before, word in pairwise(["", *sorted(words)]):
        shared = len([*takewhile(lambda both: both[0] == both[1], zip(before, word, strict=False))])
        packed.append(f"{shared}{word[shared:]}")
    return " ".join(packed)
