"""Laws of training a network: its steps, its dropout, and the best network on the way.

Where all distinct contexts are seen once and fill one batch, each step is known to the last digit.
"""

import math
from typing import Any

import torch
from hypothesis import strategies as st
from torch import Tensor

from bigramlab import plain
from bigramlab.laws import strategies as draw
from bigramlab.laws.law import Function, broken, care, how_many, law, leaves_torchs_generator_alone, of_type, refuses
from bigramlab.laws.mlp import numbers_of, small
from bigramlab.lessons.mlp import MLP, pieces_of
from bigramlab.lessons.optimizing import Recipe
from bigramlab.lessons.training import Training

all_contexts = torch.tensor([[0, 0], [0, 1], [1, 2], [2, 2], [2, 1]])
all_targets = torch.tensor([1, 2, 2, 1, 0])
brief = Recipe(steps=3, batch_size=5, learning_rate=0.1, warm_up=0.0, weight_decay=0.5, dropout=())


def _train(train_mlp: Function, recipe: Recipe, seed: int = 0, dev: Any = None) -> Any:
    examples = all_contexts.clone(), all_targets.clone()
    found = train_mlp(small(), *examples, recipe, dev=dev, generator=draw.generator(seed), progress=False)
    of_type(found, Training, "a Training(parameters, best, losses, dev_losses)")
    return found


def _loss(parameters: MLP, contexts: Tensor = all_contexts, targets: Tensor = all_targets) -> float:
    logits = [plain.mlp_logits(parameters, context) for context in contexts.tolist()]
    return plain.cross_entropy(logits, targets.tolist())


@law("train_mlp", st.integers(1, 6), st.sampled_from([0.0, 0.5]), st.sampled_from([0.0, 0.5]), examples=15)
def steps_go_down_the_gradient(train_mlp: Function, steps: int, decay: float, warm_up: float) -> None:
    """With all examples in each batch and no dropout, the network and its losses are those of AdamW, step by step."""
    steps *= 2 if warm_up else 1  # so that the warm-up has a whole number of steps
    recipe = brief._replace(steps=steps, weight_decay=decay, warm_up=warm_up)
    found = _train(train_mlp, recipe)
    expected = plain.train_mlp(small(), all_contexts, all_targets, recipe, generator=draw.generator(0))
    if len(found.losses) != steps:
        broken(f"it noted {how_many(len(found.losses), 'loss').replace('losss', 'losses')} in {steps} steps")
    for step, (one, other) in enumerate(zip(found.losses, expected.losses, strict=True)):
        if not math.isclose(one, other, rel_tol=1e-3, abs_tol=1e-4):
            broken(f"the loss before step {step + 1} is {one:.5g}, and should be {other:.5g}")
    for one, other in zip(numbers_of(found.parameters), numbers_of(expected.parameters), strict=True):
        if not math.isclose(one, other, rel_tol=1e-2, abs_tol=1e-2):
            broken(f"after {how_many(steps, 'step')} a parameter is {one:.4g}, and should be {other:.4g}")


@law("train_mlp", draw.seeds, examples=3)
def a_rule_is_learned(train_mlp: Function, seed: int) -> None:
    """Where each context has one possible target, the network learns it: the loss falls below 0.1 nats."""
    recipe = Recipe(steps=150, batch_size=2, learning_rate=0.1, warm_up=0.1, weight_decay=0.0, dropout=())
    loss = _loss(_train(train_mlp, recipe, seed).parameters)
    if not loss < 0.1:
        broken(f"after 150 steps the loss is {loss:.3f} nats, and was {_loss(small()):.3f}")


@law("train_mlp", st.sampled_from([(), (0.2, 0.2)]), draw.seeds, examples=4)
def the_generator_decides(train_mlp: Function, dropout: tuple[float, ...], seed: int) -> None:
    """The generator that is given decides: another state gives other losses. Torch's global one is left alone."""
    recipe = brief._replace(steps=25, batch_size=1, dropout=dropout)  # in the same order once in 10^10 cases
    first = leaves_torchs_generator_alone(lambda: _train(train_mlp, recipe, seed))
    if first.losses == _train(train_mlp, recipe, seed + 1).losses:
        broken("another generator state gave the same losses: nothing is drawn from it")


@law("train_mlp", draw.seeds, examples=4)
def dropout_is_for_training_alone(train_mlp: Function, seed: int) -> None:
    """Dropout makes the losses of training random; the held-back examples are scored without it."""
    dev = all_contexts[:3], all_targets[:3]
    recipe = brief._replace(steps=4, dropout=(0.5, 0.5))
    found = _train(train_mlp, recipe, seed, dev)
    # None of 120 numbers left out: once in 2^100 cases
    if found.losses == _train(train_mlp, recipe._replace(dropout=()), seed, dev).losses:
        broken("with dropout and without it, the losses are the same")
    step, loss = found.dev_losses[-1]
    if step != 4 or not math.isclose(loss, _loss(found.parameters, *dev), rel_tol=1e-3, abs_tol=1e-5):
        broken(
            f"the last dev loss is {loss:.5g}, of step {step}; after step 4 the network has "
            f"{_loss(found.parameters, *dev):.5g}, without dropout"
        )


@law("train_mlp", draw.seeds, examples=4)
def the_best_network_is_kept(train_mlp: Function, seed: int) -> None:
    """`best` is the network with the lowest loss on the held-back examples; without those, it is the last one."""
    dev = torch.tensor([[0, 1], [2, 2]]), torch.tensor([0, 0])  # what no training example says: it gets worse and worse
    found = _train(train_mlp, brief._replace(steps=20, batch_size=2), seed, dev)
    lowest = min(loss for _, loss in found.dev_losses)
    if not math.isclose(_loss(found.best, *dev), lowest, rel_tol=1e-3, abs_tol=1e-5):
        broken(f"the lowest dev loss is {lowest:.5g}, and that of `best` {_loss(found.best, *dev):.5g}")
    found = _train(train_mlp, brief, seed)
    if found.dev_losses or numbers_of(found.best) != numbers_of(found.parameters):
        broken("without held-back examples there are no dev losses, and `best` is `parameters`")


@care("train_mlp", st.integers(1, 4), st.sampled_from([(), (0.5, 0.5)]))
def the_network_does_not_remember(train_mlp: Function, steps: int, dropout: tuple[float, ...]) -> None:
    """The network that comes out does not remember how it was computed."""
    recipe = brief._replace(steps=steps, dropout=dropout)
    found = _train(train_mlp, recipe, dev=(all_contexts, all_targets))
    if any(piece.grad_fn for piece in [*pieces_of(found.parameters), *pieces_of(found.best)]):
        broken("the network that it returns remembers how it was computed, and keeps all that in memory: detach it")


@care("train_mlp", st.sampled_from([1e6, 1e9]), examples=2)
def going_astray_is_refused(train_mlp: Function, rate: float) -> None:
    """A learning rate so large that the loss climbs beyond all measure is refused."""
    refuses(lambda: _train(train_mlp, brief._replace(steps=30, learning_rate=rate)))


@care("train_mlp", st.sampled_from([([], []), ([[0, 1]], [0, 1]), ([[0, 1]], [3]), ([[0, 3]], [1]), ([[0]], [1])]))
def examples_that_do_not_fit_are_refused(train_mlp: Function, contexts: list[Any], targets: list[int]) -> None:
    """No examples are refused, and examples that don't fit the network."""
    length = len(contexts[0]) if contexts else 2
    given = torch.tensor(contexts).long().view(len(contexts), length), torch.tensor(targets).long()
    refuses(lambda: train_mlp(small(), *given, brief, progress=False, generator=draw.generator(0)))
