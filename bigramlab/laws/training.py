"""Laws of training a network: its steps, its dropout, and the best network on the way.

Where all distinct contexts are seen once and fill one batch, each step is known to the last digit. Where the steps are
too short to change anything, the losses tell what was in each batch, and which numbers were left out.
"""

import math
from itertools import product
from typing import Any

import torch
from hypothesis import strategies as st
from torch import Tensor

from bigramlab import plain
from bigramlab.laws import strategies as draw
from bigramlab.laws.law import (
    Function,
    agree,
    broken,
    care,
    hoeffding,
    how_many,
    law,
    leaves_torchs_generator_alone,
    of_type,
    refuses,
)
from bigramlab.laws.mlp import numbers_of
from bigramlab.lessons.mlp import MLP, pieces_of
from bigramlab.lessons.optimizing import Recipe
from bigramlab.lessons.training import Training

all_contexts = torch.tensor([[0, 0], [0, 1], [1, 2], [2, 2], [2, 1]])
all_targets = torch.tensor([1, 2, 2, 1, 0])
EXAMPLES, ROUNDS, STEPS = 7, 6, 40
few_seeds = st.integers(0, 9)  # so that a failure shrinks in no time
MASKS = [*product((0.0, 1.0), repeat=2)]  # what of two numbers is kept
brief = Recipe(steps=3, batch_size=5, learning_rate=0.1, warm_up=0.0, weight_decay=0.5, dropout=())


still = Recipe(learning_rate=1e-9, warm_up=0.0, weight_decay=0.0, dropout=())  # the network stays as it was


def _train(train_mlp: Function, recipe: Recipe, seed: int = 0, dev: Any = None, given: Any = None) -> Any:
    given = given or (draw.small(), all_contexts.clone(), all_targets.clone())
    found = train_mlp(*given, recipe, dev=dev, generator=draw.generator(seed), progress=False)
    of_type(found, Training, "a Training(parameters, best, losses, dev_losses)")
    return found


def telling_batches() -> tuple[MLP, Tensor, Tensor]:
    """Return a network and examples whose losses are 1/8, 1/4, 1/2 and so on: a sum of them tells which they are."""
    right = [math.log((EXAMPLES - 1) / math.expm1(2**example / 8)) for example in range(EXAMPLES)]
    network = MLP(torch.eye(EXAMPLES), (torch.tensor(right).diag(),), (torch.zeros(EXAMPLES),))
    return network, torch.arange(EXAMPLES)[:, None], torch.arange(EXAMPLES)


def telling_dropout() -> tuple[MLP, Tensor, Tensor]:
    """Return a network whose two layers take two numbers each, and two examples.

    Whichever of a layer's numbers are left out in each example, the mean loss is another one, by 0.01 nats and more.
    """
    first, last = torch.tensor([[0.5, -0.5], [1.0, 1.5]]), torch.tensor([[0.5, 1.0], [-0.25, -1.5]])
    biases = torch.tensor([0.5, -0.25]), torch.tensor([0.0, 1.0])
    network = MLP(torch.tensor([[-1.0, 0.25], [-1.25, 0.5]]), (first, last), biases)
    return network, torch.tensor([[0], [1]]), torch.tensor([1, 0])


def _losses_with_dropout(layer: int, share: float) -> dict[tuple[float, ...], float]:
    """Return the mean loss of those two examples for what is kept of the numbers on their way into a layer."""
    network, _, targets = telling_dropout()
    first, last, before, after = (piece.double() for piece in (*network.weights, *network.biases))
    kept = torch.tensor(MASKS).double() / (1 - share)
    ones = torch.ones_like(kept)
    losses = []
    for example, target in enumerate(targets):
        hidden = network.embedding[example].double() * (ones if layer else kept) @ first + before
        logits = hidden * hidden.sigmoid() * (kept if layer else ones) @ last + after
        losses.append((-logits.log_softmax(dim=1)[:, target]).tolist())
    pairs = product(zip(MASKS, losses[0], strict=True), zip(MASKS, losses[1], strict=True))
    return {one + other: (loss + another) / 2 for (one, loss), (other, another) in pairs}


def _loss(parameters: MLP, contexts: Tensor = all_contexts, targets: Tensor = all_targets) -> float:
    logits = [plain.mlp_logits(parameters, context) for context in contexts.tolist()]
    return plain.cross_entropy(logits, targets.tolist())


@law("train_mlp", st.integers(1, 6), st.sampled_from([0.0, 0.5]), st.sampled_from([0.0, 0.5]), examples=15)
def steps_go_down_the_gradient(train_mlp: Function, steps: int, decay: float, warm_up: float) -> None:
    """With all examples in each batch and no dropout, the network and its losses are those of AdamW, step by step."""
    steps *= 2 if warm_up else 1  # so that the warm-up has a whole number of steps
    recipe = brief._replace(steps=steps, weight_decay=decay, warm_up=warm_up)
    found = _train(train_mlp, recipe)
    expected = plain.train_mlp(draw.small(), all_contexts, all_targets, recipe, generator=draw.generator(0))
    if len(found.losses) != steps:
        broken(f"it noted {how_many(len(found.losses), 'loss').replace('losss', 'losses')} in {steps} steps")
    for step, (one, other) in enumerate(zip(found.losses, expected.losses, strict=True)):
        if not math.isclose(one, other, rel_tol=1e-3, abs_tol=1e-4):
            broken(f"the loss before step {step + 1} is {one:.5g}, and should be {other:.5g}")
    for one, other in zip(numbers_of(found.parameters), numbers_of(expected.parameters), strict=True):
        if not math.isclose(one, other, rel_tol=1e-2, abs_tol=1e-2):
            broken(f"after {how_many(steps, 'step')} a parameter is {one:.4g}, and should be {other:.4g}")


@law("train_mlp", st.integers(2, 3), few_seeds, examples=4)
def each_example_comes_once_before_any_comes_again(train_mlp: Function, batch_size: int, seed: int) -> None:
    """Each round has every example once, `batch_size` at a time, and at last what is left; no two have one order."""
    steps = ROUNDS * math.ceil(EXAMPLES / batch_size)
    recipe = still._replace(steps=steps, batch_size=batch_size)
    rounds: list[list[int]] = [[]]  # of each, the batches, as sums of the examples' numbers, which are powers of 2
    left = 2**EXAMPLES - 1
    for step, loss in enumerate(_train(train_mlp, recipe, seed, given=telling_batches()).losses, start=1):
        size = min(batch_size, left.bit_count())
        found = float(loss) * size * 8
        batch = round(found) if math.isfinite(found) else -1
        if batch < 0 or abs(found - batch) > 0.05 or batch & ~left or batch.bit_count() != size:
            broken(
                f"the loss of step {step} is {float(loss):.4g}, and should be the mean of {size} that its round "
                f"has not had, of {', '.join(f'{2**i / 8:g}' for i in range(EXAMPLES) if left >> i & 1)}"
            )
        rounds[-1].append(batch)
        left &= ~batch
        if not left:
            rounds.append([])
            left = 2**EXAMPLES - 1
    if all(one == rounds[0] for one in rounds[:ROUNDS]):  # by chance once in 10^10 cases
        broken(f"in all of {ROUNDS} rounds the examples come in the same order: shuffle them anew for each")


@law("train_mlp", st.sampled_from([(), (0.2, 0.2)]), few_seeds, examples=4)
def the_generator_decides(train_mlp: Function, dropout: tuple[float, ...], seed: int) -> None:
    """The generator that is given decides: another state gives other losses. Torch's global one is left alone."""
    recipe = brief._replace(steps=25, batch_size=1, dropout=dropout)  # in the same order once in 10^10 cases
    first = leaves_torchs_generator_alone(lambda: _train(train_mlp, recipe, seed))
    if first.losses == _train(train_mlp, recipe, seed + 1).losses:
        broken("another generator state gave the same losses: nothing is drawn from it")


@law("train_mlp", st.sampled_from([(0, 0.2), (1, 0.2), (0, 0.7), (1, 0.7)]), few_seeds, examples=4)
def each_layer_has_a_dropout_of_its_own(train_mlp: Function, dropout: tuple[int, float], seed: int) -> None:
    """On the way into a layer, a share of the numbers becomes 0, each by chance; the rest is divided by 1 - share."""
    layer, share = dropout
    recipe = still._replace(steps=STEPS, batch_size=2, dropout=(*[0.0] * layer, share))
    possible = _losses_with_dropout(layer, share)
    kept: list[tuple[float, ...]] = []
    for step, loss in enumerate(_train(train_mlp, recipe, seed, given=telling_dropout()).losses, start=1):
        nearest = min(possible, key=lambda mask: abs(possible[mask] - float(loss)))
        if not abs(possible[nearest] - float(loss)) < 1e-3:
            what = "number of a context's vectors" if not layer else "hidden number"
            broken(
                f"the loss of step {step} is {float(loss):.5g}, which it can't be if each {what} is made 0 or "
                f"divided by 1 - {share}, and nothing else is left out"
            )
        kept.append(nearest)
    numbers = [number for mask in kept for number in mask]
    left_out = 1 - sum(numbers) / max(1, len(numbers))
    if abs(left_out - share) > hoeffding(len(numbers)):
        broken(f"in {STEPS} steps {left_out:.0%} of the numbers are left out, and should be about {share:.0%}")
    if all(mask[:2] == mask[2:] for mask in kept):  # each of these by chance once in 10^10 cases
        broken("the same numbers are left out in all examples of a batch, and should be others in each")
    if all(mask[0] == mask[1] and mask[2] == mask[3] for mask in kept):
        broken("all numbers of an example are left out, or none, and should be some")
    if len({*kept}) == 1:
        broken("the same numbers are left out in each step, and should be others")


@law("train_mlp", few_seeds, examples=4)
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


@law("train_mlp", few_seeds, examples=3)
def held_back_examples_teach_nothing(train_mlp: Function, seed: int) -> None:
    """Held-back examples are measured and not learned from: with them, the network becomes the same as without."""
    dev = torch.tensor([[0, 2], [2, 0]]), torch.tensor([1, 1])
    found = _train(train_mlp, brief, seed, dev)
    agree(numbers_of(found.parameters), numbers_of(_train(train_mlp, brief, seed).parameters), "the network")


@law("train_mlp", st.integers(1, 2), examples=2)
def all_held_back_examples_are_scored(train_mlp: Function, steps: int) -> None:
    """A dev loss is the mean over all held-back examples, be they more than a thousand: each weighs the same."""
    many, few = 1103, 400
    dev = torch.tensor([[0, 1]] * many + [[2, 2]] * few), torch.tensor([0] * (many + few))
    found = _train(train_mlp, brief._replace(steps=steps), dev=dev)
    one, other = (_loss(found.parameters, dev[0][i : i + 1], dev[1][:1]) for i in (0, many))
    expected = (many * one + few * other) / (many + few)
    if not found.dev_losses or not math.isclose(found.dev_losses[-1][1], expected, rel_tol=1e-3, abs_tol=1e-5):
        last = f"{found.dev_losses[-1][1]:.5g}" if found.dev_losses else "missing"
        broken(f"the last dev loss is {last}, and that of all {many + few} held-back examples is {expected:.5g}")


@law("train_mlp", few_seeds, examples=4)
def the_best_network_is_kept(train_mlp: Function, seed: int) -> None:
    """`best` is the network with the lowest loss on the held-back examples; without those, it is the last one."""
    dev = torch.tensor([[0, 1], [2, 2]]), torch.tensor([0, 0])  # what no training example says: it gets worse and worse
    found = _train(train_mlp, brief._replace(steps=20, batch_size=2), seed, dev)
    if len(found.dev_losses) < 2:
        broken("in 20 steps the held-back examples are scored once, or never: so the best network is not found")
    if [step for step, _ in found.dev_losses] != sorted({step for step, _ in found.dev_losses} & {*range(1, 21)}):
        broken("each dev loss should stand with the number of steps done, from 1 to 20, in their order")
    lowest = min(loss for _, loss in found.dev_losses)
    if not math.isclose(_loss(found.best, *dev), lowest, rel_tol=1e-3, abs_tol=1e-5):
        broken(f"the lowest dev loss is {lowest:.5g}, and that of `best` {_loss(found.best, *dev):.5g}")
    found = _train(train_mlp, brief, seed)
    if found.dev_losses or numbers_of(found.best) != numbers_of(found.parameters):
        broken("without held-back examples there are no dev losses, and `best` is `parameters`")


@law("train_mlp", few_seeds, examples=2)
def a_rule_is_learned(train_mlp: Function, seed: int) -> None:
    """Where each context has one possible target, the network learns it: the loss falls below 0.1 nats."""
    recipe = Recipe(steps=150, batch_size=2, learning_rate=0.1, warm_up=0.1, weight_decay=0.0, dropout=())
    loss = _loss(_train(train_mlp, recipe, seed).parameters)
    if not loss < 0.1:
        broken(f"after 150 steps the loss is {loss:.3f} nats, and was {_loss(draw.small()):.3f}")


@care("train_mlp", st.integers(1, 4), st.sampled_from([(), (0.5, 0.5)]))
def the_network_does_not_remember(train_mlp: Function, steps: int, dropout: tuple[float, ...]) -> None:
    """The network that comes out does not remember how it was computed."""
    recipe = brief._replace(steps=steps, dropout=dropout)
    found = _train(train_mlp, recipe, dev=(all_contexts, all_targets))
    if any(piece.grad_fn for piece in [*pieces_of(found.parameters), *pieces_of(found.best)]):
        broken("the network that it returns remembers how it was computed, and keeps all that in memory: detach it")


@care("train_mlp", st.just(40), examples=1)
def the_scores_come_twenty_times(train_mlp: Function, steps: int) -> None:
    """The held-back examples are scored twenty times along the way, so that no dip between two scores is missed."""
    found = _train(train_mlp, brief._replace(steps=steps), dev=(all_contexts, all_targets))
    if len(found.dev_losses) < 20:
        broken(f"in {steps} steps the held-back examples are scored {how_many(len(found.dev_losses), 'time')}")


@care("train_mlp", st.sampled_from([1e6, 1e9]), examples=2)
def going_astray_is_refused(train_mlp: Function, rate: float) -> None:
    """A learning rate so large that the loss climbs beyond all measure is refused."""
    refuses(lambda: _train(train_mlp, brief._replace(steps=30, learning_rate=rate)))


@care("train_mlp", st.sampled_from([([], []), ([[0, 1]], [0, 1]), ([[0, 1]], [3]), ([[0, 3]], [1]), ([[0]], [1])]))
def examples_that_do_not_fit_are_refused(train_mlp: Function, contexts: list[Any], targets: list[int]) -> None:
    """No examples are refused, and examples that don't fit the network."""
    length = len(contexts[0]) if contexts else 2
    given = torch.tensor(contexts).long().view(len(contexts), length), torch.tensor(targets).long()
    refuses(lambda: train_mlp(draw.small(), *given, brief, progress=False, generator=draw.generator(0)))
