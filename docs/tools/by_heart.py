"""What the networks of chapter 15 lose on the very names that they learn from: scored on all of them, as on others.

The mean of the minibatches' losses, which a training gives besides, is not that. The network changes under it, and a
rare context weighs more in it than in the names. So it can lie below what any model could reach.
"""

import statistics
from typing import Any

import torch

from bigramlab import Recipe, build_contexts, build_vocabulary, init_mlp, load_names, train_mlp
from tools.experiments import CONTEXT, honest_split

NAMES = 2000
RECIPES = {
    "by heart": Recipe(steps=1500, learning_rate=0.004, dropout=(), weight_decay=0.0),
    "held back": Recipe(steps=1500, learning_rate=0.004, dropout=(0.2, 0.4), weight_decay=0.3),
}


def own_names() -> dict[str, Any]:
    """Train as `experiments.overfitting` does, and score the names that are learned, twenty times along the way."""
    train, _, _ = honest_split()
    vocabulary = build_vocabulary(load_names())
    examples = build_contexts(train[:NAMES], vocabulary, CONTEXT)
    scored: dict[str, Any] = {}
    for name, recipe in RECIPES.items():
        generator = torch.Generator().manual_seed(42)
        parameters = init_mlp(len(vocabulary), CONTEXT, hidden_sizes=(256, 128), generator=generator)
        training = train_mlp(parameters, *examples, recipe, dev=examples, generator=generator, progress=False)
        scored[name] = {"own": training.dev_losses, "minibatches": statistics.mean(training.losses[-75:])}
    return scored
