"""Causes of networks and their trainings: what is exchanged, scored elsewhere, or bent and asked otherwise."""

import math
from itertools import pairwise

import pytest
import torch

from bigramlab import (
    Recipe,
    Training,
    adamw_step,
    check,
    learning_rate_at,
    minibatches,
    mlp_probs,
    score_contexts,
    transformer_probs,
)
from bigramlab.lessons.mlp import through_layers
from bigramlab.plain import network_of

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def trained(parameters, contexts, targets, recipe, dev, generator, slip):
    """Train as ours does, but for one slip."""
    pieces = [piece.detach().clone() for piece in (parameters.embedding, *parameters.weights, *parameters.biases)]
    means, squares = ([torch.zeros_like(piece) for piece in pieces] for _ in range(2))
    losses, dev_losses, best = [], [], parameters
    batches = minibatches(len(contexts), recipe.batch_size, generator=generator)
    first = next(batches) if slip == "one batch" else None
    for step in range(1, recipe.steps + 1):
        batch = first if first is not None else next(batches)
        for piece in pieces:
            piece.requires_grad_()
        logits = through_layers(network_of(pieces), contexts[batch], recipe.dropout, generator)
        logits = logits.softmax(1) if slip == "softmax twice" else logits
        loss = torch.nn.functional.cross_entropy(logits, targets[batch])
        losses.append(loss.item())
        slopes = torch.autograd.grad(loss, pieces)
        rate = learning_rate_at(min(step, recipe.steps - 1) if slip == "rate" else step - 1, recipe)
        for i, slope in enumerate(slopes):
            pieces[i], means[i], squares[i] = adamw_step(
                pieces[i].detach(), slope, means[i], squares[i], step,
                learning_rate=rate, weight_decay=recipe.weight_decay)  # fmt: skip
        network = network_of(pieces)
        if dev is not None and (step % max(1, recipe.steps // 20) == 0 or step == recipe.steps):
            examples = (contexts, targets) if slip == "dev is train" else dev
            scored = score_contexts(lambda some, network=network: mlp_probs(network, some), *examples)
            best = network if all(scored < other for _, other in dev_losses) else best
            dev_losses.append((step - (slip == "steps from 0"), scored))
    last = network_of(pieces)
    best = last if dev is None else best
    if slip == "exchanged":
        last, best = best, last
    return Training(last, best, *((dev_losses, losses) if slip == "losses exchanged" else (losses, dev_losses)))


@pytest.mark.parametrize(
    ("slip", "cause"),
    [
        ("one batch", "one_batch_only"),
        ("softmax twice", "softmax_before_cross_entropy"),
        ("rate", "rate_of_the_next_step"),
        ("dev is train", "dev_losses_of_training"),
        ("steps from 0", "dev_steps_one_too_few"),
        ("exchanged", "parameters_and_best_exchanged"),
        ("losses exchanged", "losses_and_dev_losses_exchanged"),
        ("", ""),
    ],
)
def test_what_goes_wrong_in_a_training_is_named(slip, cause):
    def train_mlp(parameters, contexts, targets, recipe=Recipe(), *, dev=None, generator=None, progress=True):  # noqa: B008
        return trained(parameters, contexts, targets, recipe, dev, generator, slip)

    report = check(train_mlp)
    assert (report.diagnosis.mistake.name if report.diagnosis else "") == cause
    assert bool(report) == (not slip)


def bend_first(parameters, contexts):
    x = parameters.embedding[contexts].flatten(1)
    for layer, (weight, bias) in enumerate(zip(parameters.weights, parameters.biases, strict=True)):
        x = x @ weight + bias
        if layer == 0 and len(parameters.weights) > 1:
            x = x * x.sigmoid()
    return x


def at_twice_the_logits(parameters, contexts):
    return (2 * transformer_probs(parameters, contexts).log()).softmax(-1)


def written(parameters, vocabulary, n, generator, move, begin):
    words, context = [], [0] * parameters.context_length
    for _ in range(n):
        context, word = begin(context), ""
        for _ in range(3000):
            probs = mlp_probs(parameters, torch.tensor([context]))
            id = torch.multinomial(probs, 1, generator=generator).item()
            context = move(context, id)
            if id == 0:
                break
            word += vocabulary[id]
        words.append(word)
    return words


def running_on(parameters, vocabulary, n, *, generator=None):
    return written(parameters, vocabulary, n, generator, lambda c, id: [*c[1:], id], lambda c: c)


def overwritten(parameters, vocabulary, n, *, generator=None):
    return written(parameters, vocabulary, n, generator, lambda c, id: [*c[:-1], id], lambda c: [0] * len(c))


def by_neighbors(contexts, targets, vocab_size):
    distinct, rows = torch.unique_consecutive(contexts, dim=0, return_inverse=True)
    counts = torch.zeros(len(distinct), vocab_size, dtype=torch.int64)
    counts.index_put_((rows, targets), torch.ones_like(targets), accumulate=True)
    return distinct, counts


def by_distinct(words, fractions=(0.8, 0.1, 0.1), *, generator=None):
    words = [*words]
    distinct = sorted({*words})
    distinct = [distinct[i] for i in torch.randperm(len(distinct), generator=generator)]
    ends = [0, *(round(sum(fractions[: i + 1]) * len(distinct)) for i in range(len(fractions)))]
    parts = [{*distinct[a:b]} for a, b in pairwise(ends)]
    return [[word for word in words if word in part] for part in parts]


def by_powers(step, recipe):
    rising = recipe.warm_up * recipe.steps
    if step < rising:
        return recipe.learning_rate * min(1.0, (step + 1) / rising)
    return recipe.learning_rate * math.exp(-5 * (step - rising) / (recipe.steps - rising))


@pytest.mark.parametrize(
    ("function", "name", "cause"),
    [
        (bend_first, "mlp_logits", "bend_behind_the_first_layer_alone"),
        (at_twice_the_logits, "transformer_probs", "another_temperature"),
        (running_on, "sample_mlp_words", "context_runs_on"),
        (overwritten, "sample_mlp_words", "never_drops_the_oldest"),
        (by_neighbors, "count_contexts", "only_neighbors_compared"),
        (by_distinct, "split_words", "cut_by_distinct_words"),
        (by_powers, "learning_rate_at", "falls_by_powers_of_5"),
    ],
)
def test_what_goes_wrong_in_a_network_is_named(function, name, cause):
    report = check(function, name)
    assert report.diagnosis.mistake.name == cause
