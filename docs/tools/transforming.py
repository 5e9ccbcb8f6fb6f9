"""The third runner of the race: a Transformer with about as many numbers as the MLP, which reads whole names.

As in `racing`, the page trains it, and here the package does, from the same weights and with the same words.
"""

from functools import cache
from typing import Any

import torch
from torch import Tensor

import bigramlab
from bigramlab import Block, Transformer
from bigramlab.lessons.mlp import pieces_of
from bigramlab.lessons.transformer_training import lay_out, score_words
from tools import keeping, racing
from tools.looking import LONGEST, loss_of

WIDTH, HEADS = 5, 1
SIZES = {"longest": LONGEST, "width": WIDTH, "layers": 1, "heads": HEADS}
EVEN = 0.02  # nats: another seed changes as much
KEPT = keeping.DOCS / "transforming.json"
BATCH = 18  # words: they have about as many letters as there are contexts in a batch of the MLP's


@cache
def laid_out(part: str) -> tuple[Tensor, Tensor]:
    """Return ids and targets of the "train" or the "dev" names, sorted as the page has them."""
    vocabulary, train, dev = racing.split()
    return lay_out(sorted(train if part == "train" else dev), vocabulary, LONGEST)


@cache
def start() -> Tensor:
    """Return the Transformer before its training, rounded so that the page can begin with the very same numbers."""
    generator = torch.Generator().manual_seed(racing.SEED)
    size = len(racing.split()[0])
    network = bigramlab.init_transformer(size, **SIZES, generator=generator)
    return torch.cat([piece.flatten() for piece in pieces_of(network)]).double().round(decimals=4)


def unflatten(flat: Tensor) -> Transformer:
    """Return the Transformer whose numbers stand in one long vector, in the order of its pieces."""
    size, square = len(racing.split()[0]), (WIDTH, WIDTH)
    block = [(WIDTH,), square, square, square, square, (WIDTH,), (WIDTH, 4 * WIDTH), (4 * WIDTH, WIDTH)]
    shapes = [(size, WIDTH), (LONGEST, WIDTH), *block, (WIDTH,), (WIDTH, size)]
    pieces = torch.split(flat, [torch.Size(shape).numel() for shape in shapes])
    embedding, places, *parts, gain, unembedding = (piece.view(s) for piece, s in zip(pieces, shapes, strict=True))
    return Transformer(embedding, places, (Block(*parts),), gain, unembedding, HEADS)


def batch(step: int) -> Tensor:
    """Return which names a step learns from, each as likely as any other."""
    return (racing.darts(racing.SEED + step, BATCH) * len(laid_out("train")[0])).long()


def train(steps: int) -> racing.Run:
    """Train the Transformer."""
    ids, targets = laid_out("train")

    def own_loss(flat: Tensor, step: int) -> Tensor:
        chosen = batch(step)
        return loss_of(bigramlab.transformer_logits(unflatten(flat), ids[chosen]), targets[chosen])

    return racing.run(start(), own_loss, lambda flat: score_words(unflatten(flat), *laid_out("dev")), steps)


def _made() -> dict[str, Any]:
    return {"dev": {step: round(loss, 6) for step, loss in train(racing.RECIPE.steps).dev.items()}}


def verdict() -> str:
    """Return in words how the race ends, and why."""
    table, steps = racing.table(1), racing.RECIPE.steps
    mlp, transformer = racing.train()[0][steps], losses()[steps]
    fewer = table.numbers - len(racing.start())
    even = abs(transformer - mlp) < EVEN
    place = f"{'about even with the MLP, ' * even}{_apart(transformer, mlp)} {'it' if even else 'the MLP'}"
    return (
        f"The MLP ends {_apart(mlp, table.loss)} the table, with {fewer} numbers fewer: it looks back {racing.CONTEXT} "
        f"letters, and similar letters share what they learn. The Transformer ends {place}: it reads a name from its "
        f"beginning, but {WIDTH} numbers a letter have to carry all that it finds there."
    )


def _apart(loss: float, other: float) -> str:
    return f"{abs(loss - other):.3f} nats {'below' if loss < other else 'above'}"


def losses() -> dict[int, float]:
    """Return the dev loss by steps, as it is kept."""
    kept = keeping.kept(KEPT, keeping.key_of_training(__name__), _made)
    return {int(step): loss for step, loss in kept["dev"].items()}
