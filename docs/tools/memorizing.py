"""How many names are too many for a network to learn by heart: the same training on few and on many."""

from functools import partial
from typing import Any

import torch

import bigramlab
from bigramlab import MLP, Recipe, build_contexts, init_mlp, mlp_probs, score_contexts, train_mlp
from tools import keeping

CONTEXT = 8
SIZES = (100, 200, 400, 800, 1600, 3200, 6400, 12800)  # and all training names
RECIPE = Recipe(steps=1500, learning_rate=0.004, weight_decay=0.0, dropout=())  # nothing holds it back
WRITTEN, SHOWN = 1000, 12  # words


def memorizing() -> dict[str, Any]:
    """Train on ever more names; return for each number what the network at the end has, and the best on the way."""
    torch.set_num_threads(1)
    names = bigramlab.load_names()
    vocabulary = bigramlab.build_vocabulary(names)
    train, dev, test = bigramlab.split_words(names, generator=torch.Generator().manual_seed(42))
    held_back = build_contexts(dev, vocabulary, CONTEXT)
    rows = []
    for n in (*SIZES, len(train)):
        generator = torch.Generator().manual_seed(42)
        start = init_mlp(len(vocabulary), CONTEXT, hidden_sizes=(256, 128), generator=generator)
        examples = build_contexts(train[:n], vocabulary, CONTEXT)
        training = train_mlp(start, *examples, RECIPE, dev=held_back, generator=generator, progress=False)
        _, lowest = min((loss, step) for step, loss in training.dev_losses)
        ends = {"end": (training.parameters, RECIPE.steps), "best": (training.best, lowest)}
        rows.append({"names": n} | {end: _reached(*those, train[:n], test, vocabulary) for end, those in ends.items()})
    return {"rows": rows}


def _reached(network: MLP, steps: int, own: list[str], others: list[str], vocabulary: str) -> dict[str, Any]:
    """Return the losses of a network on the names that it learned from and on others, and what it writes."""
    losses = [
        score_contexts(partial(mlp_probs, network), *build_contexts(words, vocabulary, CONTEXT))
        for words in (own, others)
    ]
    generator = torch.Generator().manual_seed(42)
    words = bigramlab.sample_mlp_words(network, vocabulary, WRITTEN, generator=generator)
    known = set(own)
    return {
        "steps": steps,
        "train": round(losses[0], 4),
        "test": round(losses[1], 4),
        "copied": sum(word in known for word in words) / len(words),
        "words": [[word, word in known] for word in [word for word in words if word][:SHOWN]],
    }


def rows() -> list[dict[str, Any]]:
    """Return what the networks reached, the one that learned from the fewest names first."""
    found: list[dict[str, Any]] = keeping.training(memorizing)["rows"]
    return found
