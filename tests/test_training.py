import math
import re

import pytest
import torch

from bigramlab import (
    MLP,
    Recipe,
    Training,
    build_contexts,
    count_contexts,
    init_mlp,
    load_names,
    mlp_probs,
    sample_mlp_words,
    score_contexts,
    train_mlp,
)
from bigramlab.lessons import mlp
from bigramlab.lessons import training as module

BRIEF = Recipe(steps=30, batch_size=4)
TOY = build_contexts(["anna", "nan", "ann"], ".an", 2)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def small(seed=0, **sizes):
    return init_mlp(3, 2, embedding_size=4, hidden_sizes=(8,), generator=seeded(seed), **sizes)


def numbers(parameters):
    return torch.cat([piece.flatten() for piece in [parameters.embedding, *parameters.weights, *parameters.biases]])


def train(recipe=BRIEF, examples=TOY, start=None, seed=0, **options):
    return train_mlp(start or small(), *examples, recipe, generator=seeded(seed), progress=False, **options)


def test_training_learns_the_toy():
    training = train(Recipe(steps=300, batch_size=8, learning_rate=0.05, dropout=(), weight_decay=0.0))
    assert isinstance(training, Training)
    assert len(training.losses) == 300
    # what can't be known: after ".a" always n; after "nn" the end or a, 1 in 2; after "an" n, n or the end; ...
    distinct, counts = count_contexts(*TOY, 3)
    shares = counts / counts.sum(dim=1, keepdim=True)
    best = -float(torch.xlogy(counts, shares).sum() / counts.sum())
    assert score_contexts(lambda some: mlp_probs(training.parameters, some), *TOY) == pytest.approx(best, abs=0.02)
    assert torch.allclose(mlp_probs(training.parameters, distinct), shares, atol=0.1)


def test_training_goes_on_while_the_losses_are_no_better_than_knowing_nothing():
    examples = build_contexts(load_names()[:100], ".abcdefghijklmnopqrstuvwxyz", 2)
    training = train(Recipe(steps=40, learning_rate=1e-9), examples, init_mlp(27, 2, generator=seeded()))
    assert sum(training.losses[-20:]) / 20 == pytest.approx(math.log(27), abs=0.1)


def test_the_same_seed_gives_the_same_training_and_leaves_the_start_alone():
    start = small()
    before = numbers(start).clone()
    first, again, other = train(start=start), train(start=start), train(start=start, seed=1)
    assert torch.equal(numbers(first.parameters), numbers(again.parameters))
    assert first.losses == again.losses != other.losses
    assert torch.equal(numbers(start), before)


def test_a_training_can_be_gone_on_with():
    longer = train(Recipe(steps=200, batch_size=1, learning_rate=0.02), start=train().parameters)
    assert len(longer.losses) == 200  # single examples lose more than three times what the first one did


def test_equal_contexts_are_trained_on_as_often_as_they_come():
    # 100 words "a" and 1 word "n": at the beginning a should be 100 times as likely as n
    examples = build_contexts(["a"] * 100 + ["n"], ".an", 2)
    recipe = Recipe(steps=300, batch_size=8, learning_rate=0.05, dropout=(), weight_decay=0.0)
    probs = mlp_probs(train(recipe, examples).parameters, torch.tensor([[0, 0]]))[0].tolist()
    assert probs[1] == pytest.approx(100 / 101, abs=0.01)
    assert probs[2] == pytest.approx(1 / 101, abs=0.01)


def test_held_back_examples_are_scored_twenty_times_and_the_best_is_kept():
    dev = build_contexts(["na"], ".an", 2)
    training = train(Recipe(steps=40, batch_size=4, learning_rate=0.05), dev=dev)
    assert [step for step, _ in training.dev_losses] == list(range(2, 41, 2))
    losses = [loss for _, loss in training.dev_losses]
    assert score_contexts(lambda some: mlp_probs(training.best, some), *dev) == min(losses)
    assert score_contexts(lambda some: mlp_probs(training.parameters, some), *dev) == losses[-1]
    assert not any(piece.requires_grad for piece in [training.best.embedding, *training.best.weights])


@pytest.mark.parametrize("steps", [1, 10, 30, 39])
def test_in_a_short_training_held_back_examples_are_scored_after_each_step(steps):
    training = train(Recipe(steps=steps, batch_size=4), dev=TOY)
    assert [step for step, _ in training.dev_losses] == list(range(1, steps + 1))


def test_dropout_keeps_the_mean():
    dropped = mlp.drop(torch.ones(1000, 10), 0.2, seeded())
    assert dropped.unique().tolist() == pytest.approx([0, 1 / 0.8])
    assert dropped.mean() == pytest.approx(1, abs=0.05)  # ten times the standard error, 0.005


def test_each_layer_has_its_own_dropout():
    ones = MLP(torch.ones(3, 4), (torch.eye(8), torch.eye(8)), (torch.zeros(8), torch.zeros(8)))
    contexts, bend = torch.zeros(500, 2).long(), 1 / (1 + math.exp(-1))

    def values(*dropout):
        return module.through_layers(ones, contexts, dropout, seeded()).unique().tolist()

    assert values() == values(0.0, 0.0) == pytest.approx([bend])
    assert values(0.0, 0.5) == pytest.approx([0, 2 * bend])  # after the bend
    assert values(0.5, 0.0) == values(0.5) == pytest.approx([0, 2 / (1 + math.exp(-2))])  # before it


def test_dropout_draws_from_torchs_generator_where_none_is_given():
    before = torch.get_rng_state()
    mlp.drop(torch.ones(2), 0.5, None)
    assert not torch.equal(torch.get_rng_state(), before)


def test_a_context_stands_for_about_the_root_of_its_sightings():
    # seen 16 times: 4 copies, each for 4 sightings; seen once: 1 copy. The 5 shares sum to 17, scaled by 5 / 17.
    contexts, shares = module._weigh(torch.tensor([[0], [1]]), torch.tensor([[12, 4], [0, 1]]))
    assert contexts.flatten().tolist() == [0, 0, 0, 0, 1]
    assert torch.allclose(shares * 17 / 5, torch.tensor([[3.0, 1.0]] * 4 + [[0.0, 1.0]]))


def interrupt_after(calls, function):
    """Return a function that is interrupted, as by Ctrl-C, when it is called once more."""
    left = iter(range(calls))

    def interrupted(*arguments, **options):
        if next(left, None) is None:
            raise KeyboardInterrupt
        return function(*arguments, **options)

    return interrupted


@pytest.mark.parametrize("name", ["adamw_step", "through_layers", "learning_rate_at"])
@pytest.mark.parametrize("calls", [0, 1, 7])
def test_an_interrupted_training_keeps_what_was_learned(monkeypatch, capsys, name, calls):
    monkeypatch.setattr(module, name, interrupt_after(calls, getattr(module, name)))
    training = train()
    monkeypatch.undo()
    whole = train()
    assert training.losses[:calls] == whole.losses[:calls]
    assert torch.equal(numbers(training.best), numbers(training.parameters))
    assert torch.equal(numbers(training.parameters), numbers(small())) == (calls == 0)
    assert not training.parameters.embedding.requires_grad
    assert capsys.readouterr().out == ""


def test_an_interrupted_training_says_so(monkeypatch, capsys):
    monkeypatch.setattr(module, "adamw_step", interrupt_after(3, module.adamw_step))
    train_mlp(small(), *TOY, Recipe(steps=3000, batch_size=4), generator=seeded())
    assert "stopped after 4 of 3,000 steps; what was learned is kept" in "".join(capsys.readouterr())


def test_a_bar_shows_the_losses(capsys):
    train_mlp(small(), *TOY, Recipe(steps=60, batch_size=4), generator=seeded(), dev=TOY)
    err = capsys.readouterr().err
    for part in [r"\rtraining: ", "60/60", r"[\d?]step/s|s/step,", r"[\[ ]dev=\d", r" loss=\d"]:
        assert re.search(part, err), part
    train()
    assert capsys.readouterr().err == ""  # without progress


@pytest.mark.parametrize("rate", [100.0, 1e3, 1e9, 1e38])
def test_a_learning_rate_that_goes_astray_is_refused_at_once(monkeypatch, rate):
    steps = []
    monkeypatch.setattr(module, "learning_rate_at", lambda step, _: steps.append(step) or rate)
    message = (
        r"the loss is .* at step \d+ and began at .*: the learning rate .* is too large, so the steps go beyond the "
        r"lowest point and up the other side; try a tenth of it$"
    )
    with pytest.raises(ValueError, match=message):
        train(Recipe(steps=1000, batch_size=4, learning_rate=rate))
    assert len(steps) < 10


def test_words_of_a_network():
    parameters = train(Recipe(steps=200, batch_size=8, learning_rate=0.05, dropout=())).parameters
    words = sample_mlp_words(parameters, ".an", 200, generator=seeded())
    assert words == sample_mlp_words(parameters, ".an", 200, generator=seeded())
    assert {"anna", "nan", "ann"} & set(words)
    # the given words begin with a twice and with n once; 200 draws stray by more than 0.25 once in 10^10 runs
    assert sum(word.startswith("a") for word in words) / 200 == pytest.approx(2 / 3, abs=0.25)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: train(examples=build_contexts([], ".an", 2)),
            "there are no targets, so there is nothing to take the mean of; build the contexts of at least one word",
        ),
        (lambda: train(dev=build_contexts([], ".an", 2)), "there are no targets"),
        (lambda: train(examples=build_contexts(["ann"], ".an", 3)), r"contexts has shape \(4, 3\), but the network"),
        (lambda: train(dev=build_contexts(["ann"], ".an", 3)), r"contexts has shape \(4, 3\), but the network"),
        (
            lambda: train(examples=build_contexts(["b"], ".anb", 2)),
            "contexts holds 3, which is no id: of 3 tokens",
        ),
        (
            lambda: train(examples=(TOY[0], TOY[1] + 1)),
            "targets holds 3, which is no id: of 3 tokens the ids go from 0 to 2; use the vocabulary that the "
            "words were encoded with$",
        ),
        (lambda: train(Recipe(steps=0)), "steps is 0"),
        (
            lambda: train(start=small()._replace(embedding=torch.full((3, 4), math.nan))),
            "the network holds nan or inf, so nothing can be learned from its losses; begin with a new one",
        ),
    ],
)
def test_wrong_values_are_refused(call, message):
    with pytest.raises(ValueError, match="^" + message):
        call()


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: train({"steps": 10}), "recipe must be a Recipe"),
    ],
)
def test_the_wrong_kind_is_refused(call, message):
    with pytest.raises(TypeError, match="^" + message):
        call()
