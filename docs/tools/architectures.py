"""The honest result: table, MLP and Transformer on the same names, by processor time, with three seeds each."""

import time
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor

import bigramlab
from bigramlab import Recipe, build_contexts, init_mlp, mlp_probs, score_contexts, train_mlp, train_transformer
from bigramlab.lessons.mlp import pieces_of
from bigramlab.lessons.models import counted_model
from bigramlab.lessons.transformer_training import lay_out, score_words
from tools import keeping

CONTEXT, SEEDS = 8, (0, 1, 2)
MLPS: dict[str, tuple[int, dict[str, Any], Recipe]] = {  # how many to average, their sizes, and their recipe
    "MLP, small": (1, {"hidden_sizes": (256, 128)}, Recipe(steps=2500, learning_rate=0.01, dropout=(0.1,))),
    "MLP, medium": (
        1,
        {"embedding_size": 32, "hidden_sizes": (384, 128)},
        Recipe(steps=6000, learning_rate=0.008, dropout=(0.15, 0.2)),
    ),
    "two MLPs, averaged": (
        2,
        {"embedding_size": 20, "hidden_sizes": (288, 128)},
        Recipe(steps=20_000, learning_rate=0.008, weight_decay=0.15, dropout=(0.1, 0.15)),
    ),
}


class Split(NamedTuple):
    """The names, divided, and their vocabulary."""

    train: list[str]
    dev: list[str]
    test: list[str]
    vocabulary: str


class Trained(NamedTuple):
    """A model: how many numbers it has learned, and its loss on words."""

    numbers: int
    loss: Callable[[list[str]], float]


def architectures() -> dict[str, Any]:
    """Train each model with each seed, in turns; return for each its numbers, its losses and its processor time."""
    torch.set_num_threads(1)
    names = bigramlab.load_names()
    train, dev, test = bigramlab.split_words(names, generator=torch.Generator().manual_seed(42))
    split = Split(train, dev, test, bigramlab.build_vocabulary(names))
    runs: dict[str, Callable[[Split, int], Trained]] = {"counted bigrams": _count}
    runs |= {name: partial(_train_mlps, *settings) for name, settings in MLPS.items()}
    runs["Transformer"] = _train_transformer
    rows: dict[str, Any] = {}
    for seed in SEEDS:
        for name, run in runs.items():
            start = time.process_time()
            trained = run(split, seed)
            row = rows.setdefault(name, {"numbers": trained.numbers, "seconds": [], "train": [], "dev": [], "test": []})
            row["seconds"].append(time.process_time() - start)
            for part in ("train", "dev", "test"):
                row[part].append(trained.loss(getattr(split, part)))
    return {"rows": rows}


def _count(split: Split, _: int) -> Trained:
    model = counted_model(split.train, split.dev, split.vocabulary)
    return Trained(model.numbers, partial(_loss_of, model.next_probs, 1, split.vocabulary))


def _train_mlps(n: int, sizes: dict[str, Any], recipe: Recipe, split: Split, seed: int) -> Trained:
    """Train so many networks, and take the mean of their probabilities."""
    generator = torch.Generator().manual_seed(seed)
    examples = build_contexts(split.train, split.vocabulary, CONTEXT)
    networks = []
    for _ in range(n):
        start = init_mlp(len(split.vocabulary), CONTEXT, **sizes, generator=generator)
        networks.append(train_mlp(start, *examples, recipe, generator=generator, progress=False).parameters)

    def next_probs(contexts: Tensor) -> Tensor:
        return torch.stack([mlp_probs(network, contexts) for network in networks]).mean(dim=0)

    numbers = sum(piece.numel() for network in networks for piece in pieces_of(network))
    return Trained(numbers, partial(_loss_of, next_probs, CONTEXT, split.vocabulary))


def _train_transformer(split: Split, seed: int) -> Trained:
    generator = torch.Generator().manual_seed(seed)
    longest = max(map(len, [*split.train, *split.dev, *split.test])) + 1
    start = bigramlab.init_transformer(len(split.vocabulary), longest, generator=generator)
    network = train_transformer(start, split.train, split.vocabulary, generator=generator, progress=False).parameters
    numbers = sum(piece.numel() for piece in pieces_of(network))
    return Trained(numbers, lambda words: score_words(network, *lay_out(words, split.vocabulary, longest)))


def _loss_of(next_probs: Callable[[Tensor], Tensor], length: int, vocabulary: str, words: list[str]) -> float:
    return score_contexts(next_probs, *build_contexts(words, vocabulary, length))


def rows() -> dict[str, Any]:
    """Return the row of each model."""
    found: dict[str, Any] = keeping.training(architectures)["rows"]
    return found
