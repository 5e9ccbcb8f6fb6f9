"""What can go wrong in the training of a network: what its steps are made of, its rate and its losses.

All is as where each batch has all examples and nothing is left out, since then nothing is left to chance.
"""

import math
from functools import partial
from typing import Any

import torch

from bigramlab import plain
from bigramlab.judge.causes.families import Choice, Part, Run, family
from bigramlab.judge.causes.parts_of_training import ADAMW, RATES, adamw, rate
from bigramlab.lessons.mlp import pieces_of
from bigramlab.lessons.optimizing import learning_rate_at
from bigramlab.lessons.training import Training


def _choices(run: Run, parts: list[Part]) -> list[Choice]:
    """Return the function that has one slip, for each of the choices in its parts."""
    right = {part: value for part, value, _ in parts}
    return [
        (name, partial(_with, run, right | {part: choice}), wrong)
        for part, _, choices in parts
        for name, choice, wrong in choices
    ]


def _with(run: Run, chosen: dict[str, Any], **given: Any) -> Any:
    return run(given, chosen)


def _right(run: Run, parts: list[Part]) -> Any:
    return partial(_with, run, {part: value for part, value, _ in parts})


def _silu(hidden: Any) -> Any:
    return hidden * hidden.sigmoid()


TRAIN: list[Part] = [
    ("decayed", lambda decay, piece: decay, [
        ("no_weight_decay", lambda decay, piece: 0.0, "The recipe's `weight_decay` is not used."),
        ("no_decay_of_biases", lambda decay, piece: decay * (piece.dim() > 1), "The biases don't decay, and all parameters should."),
        *((f"weight_decay_typed_in_{n:g}", lambda decay, piece, n=n: n, f"A weight decay of {n:g} is typed in, be it as the default of `AdamW`.") for n in (0.01, 0.1, 0.2))]),
    ("bent", _silu, [
        ("tanh_for_the_bend", torch.tanh, "The hidden layers bend with tanh, and should with x · sigmoid(x)."),
        ("relu_for_the_bend", torch.relu, "The hidden layers bend with ReLU, and should with x · sigmoid(x)."),
        ("sigmoid_for_the_bend", torch.sigmoid, "The hidden layers bend with sigmoid(x), and should with x · sigmoid(x)."),
        ("no_bend", lambda hidden: hidden, "The bend of the hidden layers is missing.")]),
    ("trained", lambda i, pieces: True, [
        ("embedding_not_trained", lambda i, pieces: i > 0, "The embedding is not trained: it is missing from what the optimizer gets, or needs no gradient."),
        ("embedding_alone_trained", lambda i, pieces: i == 0, "Only the embedding is trained: the layers are missing from what the optimizer gets."),
        ("biases_not_trained", lambda i, pieces: pieces[i].dim() > 1, "The biases are not trained: they are missing from what the optimizer gets."),
        ("first_layer_not_trained", lambda i, pieces: i not in (1, 1 + len(pieces) // 2), "The first layer is not trained: it is missing from what the optimizer gets."),
        ("last_layer_not_trained", lambda i, pieces: i not in (len(pieces) // 2, len(pieces) - 1), "The last layer is not trained: it is missing from what the optimizer gets."),
        ("nothing_trained", lambda i, pieces: False, "Nothing is trained: the parameters never change.")]),
    ("noted", "before", [("loss_noted_after_the_step", "after", "The loss is noted after each step, and should be before it.")]),
    ("unit", 1.0, [("losses_in_bits", 1 / math.log(2), "The losses are in bits, and should be in nats.")]),
    ("way", "adamw", [
        ("plain_steps_for_adamw", "plain", "The steps are plain ones, rate times gradient (`SGD`), and should be those of AdamW."),
        ("momentum_for_adamw", "momentum", "The steps are those of momentum, and should be those of AdamW.")]),
    ("squares_kept", 0.99, [("another_share_of_the_squares", 0.999, "0.999 of the mean of squares is kept, the default of `AdamW`, and should be 0.99.")]),
    ("means_kept", 0.9, [("no_mean_of_the_gradients", 0.0, "The mean of the gradients is not kept: each step goes by its own alone.")]),
    ("softened", lambda logits: logits, [
        ("softmax_before_cross_entropy", lambda logits: logits.softmax(1), "Probabilities go into `cross_entropy`, and should the logits: the softmax is taken twice."),
        ("log_softmax_over_the_batch", lambda logits: logits.log_softmax(0), "The softmax runs over the batch.")]),
    ("summed", False, [("sum_for_the_mean", True, "The losses of a batch are added up, and their mean should be taken.")]),
    ("rate", _right(rate, RATES), [
        ("rate_of_the_next_step", lambda recipe, step: learning_rate_at(min(step + 1, recipe.steps - 1), recipe), "Each step has the learning rate of the next one: steps are counted from 0."),
        ("rate_of_the_step_before", lambda recipe, step: learning_rate_at(max(step - 1, 0), recipe), "Each step has the learning rate of the one before: steps are counted from 0."),
        ("rate_always_the_same", lambda recipe, step: recipe.learning_rate, "The learning rate is the same at each step: it should rise and fall, as `learning_rate_at` says."),
        *_choices(rate, RATES)]),
    ("step", _right(adamw, ADAMW), _choices(adamw, ADAMW)),
]  # fmt: skip


def _train(given: dict[str, Any], chosen: dict[str, Any]) -> Any:
    recipe, targets = given["recipe"], given["targets"].long()
    pieces = [piece.detach().clone() for piece in pieces_of(given["parameters"])]
    means, squares = [[torch.zeros_like(piece) for piece in pieces] for _ in range(2)]

    def loss_of(pieces: Any) -> Any:
        network = plain.network_of(pieces)
        hidden = network.embedding[given["contexts"]].flatten(1)
        for layer, (weight, bias) in enumerate(zip(network.weights, network.biases, strict=True)):
            hidden = (chosen["bent"](hidden) if layer else hidden) @ weight + bias
        hidden = chosen["softened"](hidden)
        return torch.nn.functional.cross_entropy(hidden, targets, reduction="sum" if chosen["summed"] else "mean")

    losses = []
    for step in range(recipe.steps):
        leaves = [piece.requires_grad_() for piece in pieces]
        loss = loss_of(leaves)
        slopes = torch.autograd.grad(loss, leaves)
        at = chosen["rate"](recipe=recipe, step=step)
        pieces = [piece.detach() for piece in pieces]
        for i, slope in enumerate(slopes):
            if not chosen["trained"](i, pieces):
                continue
            decay = chosen["decayed"](recipe.weight_decay, pieces[i])
            if chosen["way"] in ("plain", "momentum"):
                means[i] = slope + (0.9 * means[i] if chosen["way"] == "momentum" else 0)
                pieces[i] = pieces[i] - at * means[i]
                continue
            pieces[i], means[i], squares[i] = chosen["step"](
                parameters=pieces[i], gradient=slope, mean=means[i],
                square=squares[i], step=step + 1, learning_rate=at, weight_decay=decay,
                mean_decay=chosen["means_kept"], square_decay=chosen["squares_kept"])  # fmt: skip
        losses.append(float(loss_of(pieces) if chosen["noted"] == "after" else loss) * chosen["unit"])
    network = plain.network_of([piece.detach() for piece in pieces])
    return Training(network, network, losses, [])


family("train_mlp", _train, TRAIN)
