"""Interactive elements whose scripts only one chapter fetches: a hill, a network to poke, a box of models, and more.

As in `elements`, every function returns a tag with its data, and in it what a page shows without scripts.
"""

import json
import math
from functools import cache
from typing import NamedTuple

import torch
from torch import Tensor

from bigramlab import (
    adamw_step,
    build_vocabulary,
    count_bigrams,
    encode,
    load_names,
    mlp_probs,
    negative_log_likelihood,
    normalize,
    softmax,
)
from tools import memorizing, racing, trainings, transforming
from tools.markup import element, listed

PAIRS = ("an", "qu")  # a common letter and a rare one: the valley is narrow
START, RATES = (-3.0, -3.0), (30.0, 0.1)  # of both balls; of plain steps and of AdamW


class Runner(NamedTuple):
    """A network of the race: how far it reads, its numbers before the training, and its dev losses by steps."""

    name: str
    reads: str
    start: Tensor
    losses: dict[int, float]
    sizes: dict[str, int]
    batch: int

    def below(self, loss: float) -> str:
        """Return from which step on it is below a loss."""
        above = max(step for step, own in self.losses.items() if own >= loss)
        step = next((step for step in self.losses if step > above), None)
        if step is None:
            return f"The {self.name} stays above the table."
        return f"From step {step} on, the {self.name} is below the table."

    def data(self) -> dict[str, object]:
        """Return what the page needs to run it."""
        weights = " ".join(f"{number:.4f}" for number in self.start.tolist())
        look = f"bl-{self.name.lower()}"
        rest = {"sizes": self.sizes, "batch": self.batch, "weights": weights, "loss": round(self.losses[0], 6)}
        return {"name": self.name, "reads": self.reads, "look": look} | rest


class Ball(NamedTuple):
    """Where a ball is, and the loss there above the lowest."""

    point: Tensor
    loss: float


def hill() -> str:
    """Return the hill with two balls; without scripts, where they are after some steps."""
    counts, _, cells = _hill()
    rows = []
    for name, path in zip(("plain steps", "AdamW"), roll_down(START, RATES, 200), strict=True):
        for steps in (0, 10, 50, 200):
            ball = path[steps]
            after = [softmax(_weights(ball.point))[cell].item() for cell in cells]
            rows.append([name, steps, f"{ball.loss:.5f}", *(f"{p:.1%}" for p in after)])
    heads = ["ball", "steps", "loss above the lowest", *(f"{pair[1]} after {pair[0]}" for pair in PAIRS)]
    counted = [normalize(counts)[cell].item() for cell in cells]
    fallback = (
        f"<p>Two balls roll down the loss of the bigram table, of which two weights may move. Plain steps have the "
        f"rate {RATES[0]:g}, AdamW {RATES[1]:g}. Counted are {counted[0]:.1%} and {counted[1]:.1%}.</p>"
    )
    return element(
        "hill",
        fallback + listed(heads, rows),
        scripts="mlp hill",
        pairs=" ".join(PAIRS),
        counted=" ".join(str(counts[cell].item()) for cell in cells),
        rows=" ".join(str(counts[row].sum().item()) for row, _ in cells),
        total=counts.sum().item(),
    )


def roll_down(start: tuple[float, float], rates: tuple[float, float], steps: int) -> tuple[list[Ball], list[Ball]]:
    """Return where plain steps and AdamW are after 0, 1, 2 ... steps, each with its rate."""
    plain = adamw = torch.tensor(start, dtype=torch.float64)
    mean, square = torch.zeros_like(adamw), torch.zeros_like(adamw)
    paths = [_ball(plain)], [_ball(adamw)]
    for step in range(1, steps + 1):
        plain = plain - rates[0] * _gradient(plain)
        adamw, mean, square = adamw_step(adamw, _gradient(adamw), mean, square, step, learning_rate=rates[1])
        for path, point in zip(paths, (plain, adamw), strict=True):
            path.append(_ball(point))
    return paths


@cache
def _hill() -> tuple[Tensor, str, list[tuple[int, int]]]:
    """Return the counts, the vocabulary, and the two cells whose weights move."""
    names = load_names()
    vocabulary = build_vocabulary(names)
    return (
        count_bigrams(names, vocabulary),
        vocabulary,
        [(vocabulary.index(pair[0]), vocabulary.index(pair[1])) for pair in PAIRS],
    )


def _weights(point: Tensor) -> Tensor:
    """Return the bigram network's weights: as good as counting, but for two, which are so far from it."""
    counts, _, cells = _hill()
    weights = counts.double().log()
    for cell, distance in zip(cells, point, strict=True):
        weights[cell] += distance
    return weights


def _gradient(point: Tensor) -> Tensor:
    """Return the gradient of the two weights: predicted minus counted."""
    counts, _, cells = _hill()
    counted = counts.double() / counts.sum()
    gradient = counted.sum(dim=1, keepdim=True) * softmax(_weights(point)) - counted
    return torch.stack([gradient[cell] for cell in cells])


def _ball(point: Tensor) -> Ball:
    counts = _hill()[0]
    lowest = negative_log_likelihood(counts, normalize(counts.double()))
    return Ball(point, negative_log_likelihood(counts, softmax(_weights(point))) - lowest)


def memorize() -> str:
    """Return the slider over how many names are learned; without scripts, what each number leads to."""
    size = len(_hill()[1])
    found = memorizing.rows()
    rows = []
    for row in found:
        end, best = row["end"], row["best"]
        rows.append([f"{row['names']:,}", f"{end['train']:.2f}", f"{end['test']:.2f}", f"{end['copied']:.0%}"])
        rows[-1] += [f"{best['train']:.2f}", f"{best['test']:.2f}"]
    heads = ["names learned", "loss on these", "on test names", "words copied", "stopped in time: on these", "on test"]
    fallback = (
        f"<p>The same network, {memorizing.RECIPE.steps:,} steps, on ever more names. Losses in nats; knowing nothing "
        f'has {math.log(size):.2f}.</p><div class="bl-scroll" tabindex="0">{listed(heads, rows)}</div>'
    )
    return element("memorize", fallback, scripts="memorize", size=size, rows=json.dumps(found))


def poke(word: str = "emm") -> str:
    """Return the MLP of the race after its training, to poke; without scripts, what it expects after some letters."""
    vocabulary = racing.split()[0]
    network = racing.unflatten(racing.end())
    rows = []
    for before in (word, "ann", "jo", ""):
        context = "." * (racing.CONTEXT - len(before)) + before
        probs = mlp_probs(network, encode(context, vocabulary)[None])[0]
        likely = probs.argsort(descending=True)[:4].tolist()
        points = " ".join("({:.1f}, {:.1f})".format(*network.embedding[vocabulary.index(one)]) for one in context)
        rows.append([f"`{context}`", points, ", ".join(f"`{vocabulary[id]}` {probs[id]:.0%}" for id in likely)])
    return element(
        "poke",
        f"<p>A trained network of {racing.end().numel()} numbers:</p>"
        + listed(["context", "its letters as points", "what comes next"], rows),
        scripts="mlp poke",
        word=word,
        vocabulary=vocabulary,
        length=racing.CONTEXT,
        embedding=racing.EMBEDDING,
        hidden=racing.HIDDEN,
        weights=" ".join(f"{number:.4f}" for number in racing.end().tolist()),
    )


def race() -> str:
    """Return the race of the counted table, an MLP and a Transformer; without scripts, how it ends."""
    vocabulary, train, dev = racing.split()
    table, steps = racing.table(1), racing.RECIPE.steps
    runners = _runners()
    rows = [[f"the counted table, k = {table.k:g}", table.numbers, *[f"{table.loss:.3f}"] * 2]]
    for name, reads, start, losses, *_ in runners:
        rows.append([f"the {name}, {reads}", len(start), f"{losses[0]:.3f}", f"{losses[steps]:.3f}"])
    heads = ["model", "numbers", "loss before training", f"after {steps:,} steps"]
    passed, verdict = " ".join(runner.below(table.loss) for runner in runners), transforming.verdict()
    fallback = (
        f"<p>All learn from the same {len(train):,} names. The losses are in nats per letter, on {len(dev):,} dev "
        f"names that none of them saw. {passed} {verdict}</p>{listed(heads, rows)}"
    )
    return element(
        "race",
        fallback,
        scripts="mlp transformer race",
        vocabulary=vocabulary,
        names=f"{len(train):,}",
        others=f"{len(dev):,}",
        k=table.k,
        table=round(table.loss, 6),
        steps=steps,
        rate=racing.RECIPE.learning_rate,
        seed=racing.SEED,
        runners=json.dumps([runner.data() for runner in runners]),
        verdict=verdict,
        train=racing.pack(train),
        dev=racing.pack(dev),
    )


def _runners() -> list[Runner]:
    """Return the two networks of the race, in the order of the page's script."""
    size = len(racing.split()[0])
    mlp = {"size": size, "length": racing.CONTEXT, "embedding": racing.EMBEDDING, "hidden": racing.HIDDEN}
    transformer = {"size": size, **transforming.SIZES}
    reads, losses, batch = f"context {racing.CONTEXT}", racing.train()[0], racing.RECIPE.batch_size
    second = transforming.start(), transforming.losses(), transformer, transforming.BATCH
    return [Runner("MLP", reads, racing.start(), losses, mlp, batch), Runner("Transformer", "whole names", *second)]


def turn() -> str:
    """Return the models of the comparison as points to turn; without scripts, a table of them."""
    models = [
        result for result in trainings.results() if result.numbers
    ]  # what learns nothing has no place on a log scale
    rows = [[one.name, f"{one.test:.3f}", f"{one.numbers:,}", f"{one.seconds:.3f}"] for one in models]
    points = [[one.name, one.numbers, round(one.seconds, 4), round(one.test, 4)] for one in models]
    return element(
        "turn",
        listed(["model", "test loss", "numbers", "seconds"], rows),
        scripts="turn",
        models=json.dumps(points),
    )
