import math
import re

import pytest
import torch

from bigramlab import (
    MLP,
    Recipe,
    Training,
    build_contexts,
    build_vocabulary,
    count_bigrams,
    count_contexts,
    init_mlp,
    load_names,
    mlp_logits,
    mlp_probs,
    sample_mlp_words,
    score_contexts,
    train_mlp,
)
from bigramlab import mlp as module

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


def test_worked_examples():
    contexts, targets = build_contexts(["ab", ""], ".ab", 2)
    assert contexts.tolist() == [[0, 0], [0, 1], [1, 2], [0, 0]]
    assert targets.tolist() == [1, 2, 0, 0]
    # x = (1, 2) for a, then for b: 1 · 1 + 2 · 3 + 0.5 = 7.5, 7.5 · sigmoid(7.5); logits = (that, 2 · that + 1)
    parameters = MLP(
        torch.tensor([[0.0], [1.0], [2.0]]),
        (torch.tensor([[1.0], [3.0]]), torch.tensor([[1.0, 2.0, 0.0]])),
        (torch.tensor([0.5]), torch.tensor([0.0, 1.0, 0.0])),
    )
    hidden = 7.5 / (1 + math.exp(-7.5))
    assert mlp_logits(parameters, torch.tensor([[1, 2]])).tolist()[0] == pytest.approx([hidden, 2 * hidden + 1, 0])
    assert parameters.context_length == 2


def test_the_sizes_of_a_network_where_none_are_given():
    parameters = init_mlp(27, 3)
    assert parameters.embedding.shape == (27, 24)
    assert [tuple(matrix.shape) for matrix in parameters.weights] == [(72, 256), (256, 128), (128, 27)]


def test_the_last_matrix_is_ten_times_smaller():
    first, last = init_mlp(200, 3, embedding_size=100, hidden_sizes=(300,), generator=seeded()).weights
    assert first.std() == pytest.approx(math.sqrt(2 / 300), rel=0.02)  # 0.02 is seven times the standard error
    assert last.std() == pytest.approx(math.sqrt(2 / 300) / 10, rel=0.02)


def test_the_bigrams_are_the_contexts_of_length_1():
    names = load_names()[:3000]
    vocabulary = build_vocabulary(names)
    distinct, counts = count_contexts(*build_contexts(names, vocabulary, 1), len(vocabulary))
    assert distinct.flatten().tolist() == list(range(len(vocabulary)))
    assert torch.equal(counts, count_bigrams(names, vocabulary))


def test_what_the_docstring_says_of_the_names():
    names = load_names()
    distinct, counts = count_contexts(*build_contexts(names, build_vocabulary(names), 8), 27)
    assert len(distinct) == 58_841
    assert (counts.sum(dim=1) == 1).sum() == 40_226


def test_words_of_many_batches_do_not_touch():
    contexts, targets = build_contexts(iter(["ab"] * 10_000), ".ab", 3)  # more than join_words joins at once
    assert torch.equal(contexts, torch.tensor([[0, 0, 0], [0, 0, 1], [0, 1, 2]]).repeat(10_000, 1))
    assert torch.equal(targets, torch.tensor([1, 2, 0]).repeat(10_000))


def test_contexts_are_made_on_the_cpu_whatever_the_default_device_is():
    with torch.device("meta"):
        contexts, _ = build_contexts(["ab"], ".ab", 2)
    assert contexts.tolist() == [[0, 0], [0, 1], [1, 2]]


def test_a_new_network_knows_nothing():
    for seed in range(5):
        parameters = init_mlp(27, 3, generator=seeded(seed))
        contexts = torch.randint(27, (500, 3), generator=seeded(seed))
        loss = score_contexts(lambda some: mlp_probs(parameters, some), contexts, contexts[:, 0])  # noqa: B023
        assert loss == pytest.approx(math.log(27), abs=0.05)


def test_a_network_without_hidden_layers_is_a_table():
    parameters = init_mlp(3, 1, embedding_size=3, hidden_sizes=())
    table = parameters.embedding @ parameters.weights[0]
    assert torch.allclose(mlp_logits(parameters, torch.tensor([[0], [1], [2]])), table)


def test_no_contexts_have_no_logits():
    assert mlp_logits(small(), torch.zeros(0, 2).long()).shape == (0, 3)
    assert mlp_probs(small(), torch.zeros(0, 2).long()).shape == (0, 3)


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
    dropped = module._drop(torch.ones(1000, 10), 0.2, seeded())
    assert dropped.unique().tolist() == pytest.approx([0, 1 / 0.8])
    assert dropped.mean() == pytest.approx(1, abs=0.05)  # ten times the standard error, 0.005


def test_each_layer_has_its_own_dropout():
    ones = MLP(torch.ones(3, 4), (torch.eye(8), torch.eye(8)), (torch.zeros(8), torch.zeros(8)))
    contexts, bend = torch.zeros(500, 2).long(), 1 / (1 + math.exp(-1))

    def values(*dropout):
        return module._through_layers(ones, contexts, dropout, seeded()).unique().tolist()

    assert values() == values(0.0, 0.0) == pytest.approx([bend])
    assert values(0.0, 0.5) == pytest.approx([0, 2 * bend])  # after the bend
    assert values(0.5, 0.0) == values(0.5) == pytest.approx([0, 2 / (1 + math.exp(-2))])  # before it


def test_dropout_draws_from_torchs_generator_where_none_is_given():
    before = torch.get_rng_state()
    module._drop(torch.ones(2), 0.5, None)
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


@pytest.mark.parametrize("name", ["adamw_step", "_through_layers", "learning_rate_at"])
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


def broken_network():
    good = small()
    return good._replace(weights=(good.weights[0][:, :5], good.weights[1]))


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("embedding", "weights", "biases"),
    [
        ((3, 2), [], []),
        ((3,), [(3, 3)], [3]),
        ((3, 0), [(3, 3)], [3]),
        ((0, 3), [(3, 0)], [0]),
        ((3, 4), [(0, 3)], [3]),
        ((3, 4), [(5, 3)], [3]),
        ((3, 4), [(4,)], [3]),
        ((3, 4), [(4, 3)], []),
        ((3, 4), [(4, 2)], [2]),
        ((3, 4), [(4, 5), (6, 3)], [5, 3]),
        ((3, 4), [(4, 3)], [2]),
    ],
)
def test_layers_that_do_not_fit_are_refused(embedding, weights, biases):
    message = (
        "^the network's pieces have the shapes .*, which don't fit each other: each layer must take what the one "
        "before gives, and the last one give a number for each token; make them with init_mlp$"
    )
    parameters = MLP(torch.ones(embedding), tuple(map(torch.ones, weights)), tuple(map(torch.ones, biases)))
    with pytest.raises(ValueError, match=message):
        mlp_logits(parameters, TOY[0])


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: build_contexts(["ab"], ".ab", 0),
            "context_length is 0, but there can't be fewer than 1: choose 1 or more",
        ),
        (lambda: build_contexts(["a.b"], ".ab", 2), r"the word 'a\.b' contains '\.'"),
        (lambda: build_contexts(["abc"], ".ab", 2), "the word 'abc' contains 'c', which the vocabulary lacks"),
        (lambda: build_contexts(["ab"], "ab", 2), r"the vocabulary 'ab' does not begin with '\.'"),
        (lambda: count_contexts(*TOY, 2), "targets holds the id 2, but there are 2 tokens, 0 to 1"),
        (
            lambda: count_contexts(TOY[0], TOY[1][1:], 3),
            "there are 13 contexts and 12 targets, but each context",
        ),
        (lambda: count_contexts(*TOY, 0), "vocab_size is 0, but there can't be fewer than 1"),
        (lambda: init_mlp(0, 3), "vocab_size is 0, but there can't be fewer than 1"),
        (lambda: init_mlp(27, 3, embedding_size=0), "embedding_size is 0, but there can't be fewer than 1"),
        (lambda: init_mlp(27, 0), "context_length is 0, but there can't be fewer than 1"),
        (lambda: init_mlp(27, 3, hidden_sizes=(8, 0)), "a hidden size is 0, but there can't be fewer than 1"),
        (
            lambda: mlp_logits(small(), torch.zeros(1, 3).long()),
            r"contexts has shape \(1, 3\), but the network looks back 2 tokens and needs \(batch, 2\): build_con",
        ),
        (
            lambda: mlp_logits(small(), torch.tensor([[0, 3]])),
            "contexts holds the id 3, but there are 3 tokens, 0 to 2",
        ),
        (lambda: mlp_probs(small(), torch.tensor([[0, -1]])), "contexts holds the id -1, but"),
        (
            lambda: mlp_logits(broken_network(), TOY[0]),
            r"the network's pieces have the shapes \[\(3, 4\), \(8, 5\), \(8, 3\), \(8,\), \(3,\)\], which don't fit",
        ),
        (
            lambda: sample_mlp_words(small(), ".ab…", 1),
            "the vocabulary has 4 tokens, but the network knows 3; use the vocabulary that it was trained with",
        ),
        (lambda: sample_mlp_words(small(), ".ab", -1), "n is -1"),
        (
            lambda: train(examples=build_contexts([], ".an", 2)),
            "there are no examples to learn from; build the contexts of at least one word",
        ),
        (lambda: train(dev=build_contexts([], ".an", 2)), "there are no examples"),
        (lambda: train(examples=build_contexts(["ann"], ".an", 3)), r"contexts has shape \(4, 3\), but the network"),
        (lambda: train(dev=build_contexts(["ann"], ".an", 3)), r"contexts has shape \(4, 3\), but the network"),
        (lambda: train(examples=build_contexts(["b"], ".anb", 2)), "contexts holds the id 3, but there are 3 tokens"),
        (
            lambda: train(examples=(TOY[0], TOY[1] + 1)),
            "targets holds the id 3, but there are 3 tokens, 0 to 2; encode the words with the vocabulary that the "
            "model was made for$",
        ),
        (lambda: train(Recipe(steps=0)), "steps is 0"),
        (
            lambda: train(start=small()._replace(embedding=torch.full((3, 4), math.nan))),
            "the network holds nan or inf, so nothing can be learned from its losses; start from init_mlp",
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
        (lambda: build_contexts("emma", ".aem", 2), r"words is one str, 'emma'; did you mean \['emma'\]\?"),
        (lambda: build_contexts(["ab"], ".ab", 2.0), r"context_length must be a whole number \(an int\), got 2.0"),
        (
            lambda: count_contexts(TOY[0].float(), TOY[1], 3),
            "contexts must be a tensor of integers, .*, got a tensor of t",
        ),
        (lambda: init_mlp(27, 3, hidden_sizes=8), r"hidden_sizes must be a tuple, got 8; try \(256, 128\)"),
        (lambda: init_mlp(27, 3, generator=1), "generator must be a torch.Generator or None, got 1"),
        (lambda: mlp_logits((1, 2, 3), TOY[0]), r"parameters must be an MLP, as init_mlp makes it, got \(1, 2, 3\)"),
        (lambda: mlp_logits(small(), [[0, 0]]), r"contexts must be a tensor of integers, .*, got \[\[0, 0\]\]"),
        (lambda: mlp_logits(small(), TOY[0].float()), r"contexts must be .*, got a tensor of torch\.float32$"),
        (
            lambda: mlp_logits(small()._replace(embedding=torch.ones(3, 4).long()), TOY[0]),
            "the parameters of an MLP must be tensors of floats; init_mlp makes them so",
        ),
        (lambda: train({"steps": 10}), "recipe must be a Recipe"),
        (lambda: sample_mlp_words(None, ".ab", 1), "parameters must be an MLP, as init_mlp makes it, got None"),
    ],
)
def test_the_wrong_kind_is_refused(call, message):
    with pytest.raises(TypeError, match="^" + message):
        call()
