"""The trainings that the chapters on the MLP tell of. They take minutes, so what they gave is kept beside the chapters.

`python -m tools.experiments`, in the folder `docs/`, runs the race again: the lecture's recipe and ours, in turns, in
one process. Its table has the CPU time of each as a multiple of the lecture's.
"""

import math
import random
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor

import bigramlab
from bigramlab import Recipe, build_contexts, init_mlp, mlp_probs, score_contexts, train_mlp

torch.set_num_threads(1)  # two are no faster with matrices this small, and far slower on a busy machine
CONTEXT = 8
BY_HEART = 2000  # names, few enough for a network to learn them by heart
Options = dict[str, Any]
Split = Sequence[list[str]]
NextProbs = Callable[[Tensor], Tensor]
Rows = dict[str, dict[str, list[float]]]

SMALL: tuple[Options, Recipe] = (
    {"embedding_size": 24, "hidden_sizes": (256, 128)},
    Recipe(steps=2500, learning_rate=0.01, dropout=(0.1,)),
)
MEDIUM: tuple[Options, Recipe] = (
    {"embedding_size": 32, "hidden_sizes": (384, 128)},
    Recipe(steps=6000, learning_rate=0.008, dropout=(0.15, 0.2)),
)
LARGE: tuple[Options, Recipe] = (
    {"embedding_size": 32, "hidden_sizes": (512, 128)},
    Recipe(steps=8000, learning_rate=0.008, weight_decay=0.15, dropout=(0.15, 0.3)),
)


def published_split() -> Split:
    """Return the split of the lecture: the names shuffled once and cut, copies of a name falling where they may."""
    names = bigramlab.load_names()
    random.Random(42).shuffle(names)
    first, second = int(0.8 * len(names)), int(0.9 * len(names))
    return names[:first], names[first:second], names[second:]


def honest_split() -> Split:
    """Return a split in which no name stands on both sides."""
    return bigramlab.split_words(bigramlab.load_names(), generator=torch.Generator().manual_seed(42))


def train_as_in_the_lecture(train: list[str], vocabulary: str, seed: int, steps: int = 200_000) -> NextProbs:
    """Train the lecture's MLP by its recipe, and return its probabilities: context 3, plain steps, drawn anew."""
    generator = torch.Generator().manual_seed(seed)
    contexts, targets = build_contexts(train, vocabulary, 3)
    randn = partial(torch.randn, generator=generator)
    embedding, hidden, hidden_bias = randn((27, 10)), randn((30, 200)) * (5 / 3) / math.sqrt(30), randn(200) * 0.01
    output, output_bias = randn((200, 27)) * 0.01, torch.zeros(27)
    parameters = [embedding, hidden, hidden_bias, output, output_bias]
    for parameter in parameters:
        parameter.requires_grad_()

    def logits(contexts: Tensor) -> Tensor:
        return (embedding[contexts].view(-1, 30) @ hidden + hidden_bias).tanh() @ output + output_bias

    for step in range(steps):
        batch = torch.randint(len(targets), (32,), generator=generator)
        loss = torch.nn.functional.cross_entropy(logits(contexts[batch]), targets[batch])
        for parameter, gradient in zip(parameters, torch.autograd.grad(loss, parameters), strict=True):
            parameter.data -= (0.1 if step < steps / 2 else 0.01) * gradient

    def next_probs(contexts: Tensor) -> Tensor:
        with torch.no_grad():
            return logits(contexts).softmax(dim=1)

    return next_probs


def train_ours(train: list[str], vocabulary: str, seed: int, options: Options, recipe: Recipe) -> NextProbs:
    """Train an MLP by a recipe of ours, and return its probabilities."""
    generator = torch.Generator().manual_seed(seed)
    parameters = init_mlp(len(vocabulary), CONTEXT, **options, generator=generator)
    examples = build_contexts(train, vocabulary, CONTEXT)
    training = train_mlp(parameters, *examples, recipe, generator=generator, progress=False)
    return partial(mlp_probs, training.parameters)


def race(split: Split, seeds: Sequence[int] = (0, 1, 2), lecture_steps: int = 200_000) -> Rows:
    """Train by each recipe with each seed, in turns; return a row for each recipe: its losses and CPU seconds."""
    train, dev, test = split
    vocabulary = bigramlab.build_vocabulary([*train, *dev, *test])
    runners: dict[str, tuple[int, Callable[..., NextProbs]]] = {
        "the lecture's": (3, partial(train_as_in_the_lecture, steps=lecture_steps)),
        "small": (CONTEXT, partial(train_ours, options=SMALL[0], recipe=SMALL[1])),
        "medium": (CONTEXT, partial(train_ours, options=MEDIUM[0], recipe=MEDIUM[1])),
        "large": (CONTEXT, partial(train_ours, options=LARGE[0], recipe=LARGE[1])),
    }
    rows: Rows = {name: {"dev": [], "test": [], "seconds": []} for name in [*runners, "large, averaged"]}
    trained: list[NextProbs] = []
    for seed in seeds:
        for name, (context_length, run) in runners.items():
            print(f"seed {seed}: training by the recipe {name}", file=sys.stderr)
            start = time.process_time()
            next_probs = run(train, vocabulary, seed)
            rows[name]["seconds"].append(time.process_time() - start)
            for part, words in (("dev", dev), ("test", test)):
                loss = score_contexts(next_probs, *build_contexts(words, vocabulary, context_length))
                rows[name][part].append(loss)
            trained += [next_probs] if name == "large" else []

    def average(contexts: Tensor) -> Tensor:
        return torch.stack([next_probs(contexts) for next_probs in trained]).mean(dim=0)

    if len(trained) == 1:
        del rows["large, averaged"]
        return rows
    row = rows["large, averaged"]
    row["seconds"].append(sum(rows["large"]["seconds"]))
    for part, words in (("dev", dev), ("test", test)):
        row[part].append(score_contexts(average, *build_contexts(words, vocabulary, CONTEXT)))
    return rows


def races() -> dict[str, Rows]:
    """Run the race on both splits, with three seeds and with one."""
    return {"published": race(published_split()), "no name twice": race(honest_split(), seeds=(0,))}


def race_table(rows: Rows) -> str:
    """Return the rows as text, the CPU time as a multiple of the lecture's."""
    lines = [f"{'recipe':<16}{'dev':>24}{'test':>24}{'CPU s':>8}{'x':>7}"]
    lecture = statistics.median(rows["the lecture's"]["seconds"])
    for name, row in rows.items():
        dev, test = (" ".join(f"{loss:.4f}" for loss in row[part]) for part in ("dev", "test"))
        seconds = statistics.median(row["seconds"])
        lines.append(f"{name:<16}{dev:>24}{test:>24}{seconds:>8.1f}{seconds / lecture:>7.2f}")
    return "\n".join(lines)


def comparison(transformer: Recipe | None = bigramlab.TRANSFORMER_RECIPE) -> dict[str, Any]:
    """Compare all models on the honest split."""
    generator = torch.Generator().manual_seed(42)
    results = bigramlab.compare(*honest_split(), transformer=transformer, generator=generator, progress=False)
    return {"results": [result._asdict() for result in results]}


def overfitting() -> dict[str, Any]:
    """Train the same network on 2,000 names, without and with what keeps it from learning them by heart.

    Each is trained twice alike, once scored on other names along the way and once on its own. The mean of the
    minibatches' losses, which a training gives besides, is not that: the network changes under it, and a rare context
    weighs more in it than in the names, so it can lie below what any model could reach.
    """
    train, dev, _ = honest_split()
    train, vocabulary = train[:BY_HEART], bigramlab.build_vocabulary(bigramlab.load_names())
    examples, held_back = (build_contexts(words, vocabulary, CONTEXT) for words in (train, dev))
    runs: dict[str, Any] = {}
    for name, dropout, weight_decay in [("by heart", (), 0.0), ("held back", (0.2, 0.4), 0.3)]:
        recipe = Recipe(steps=1500, learning_rate=0.004, dropout=dropout, weight_decay=weight_decay)
        for part, scored in (("train", examples), ("dev", held_back)):
            generator = torch.Generator().manual_seed(42)
            parameters = init_mlp(len(vocabulary), CONTEXT, hidden_sizes=(256, 128), generator=generator)
            training = train_mlp(parameters, *examples, recipe, dev=scored, generator=generator, progress=False)
            runs.setdefault(name, {})[part] = training.dev_losses
        words = bigramlab.sample_mlp_words(training.parameters, vocabulary, 1000, generator=generator)
        runs[name] |= {"copied": sum(word in set(train) for word in words) / len(words), "words": words[:10]}
    return {"runs": runs}


def embedding() -> dict[str, Any]:
    """Train a network whose tokens are points in the plane."""
    train, dev, _ = honest_split()
    vocabulary = bigramlab.build_vocabulary(bigramlab.load_names())
    generator = torch.Generator().manual_seed(42)
    parameters = init_mlp(len(vocabulary), 3, embedding_size=2, hidden_sizes=(100,), generator=generator)
    recipe = Recipe(steps=4000, dropout=())
    training = train_mlp(parameters, *build_contexts(train, vocabulary, 3), recipe, generator=generator, progress=False)
    loss = score_contexts(partial(mlp_probs, training.parameters), *build_contexts(dev, vocabulary, 3))
    return {"points": training.parameters.embedding.tolist(), "dev": loss}


if __name__ == "__main__":
    for title, rows in races().items():
        print(f"Split: {title}\n{race_table(rows)}\n")
