import math

import pytest
import torch

from bigramlab import (
    MLP,
    build_contexts,
    init_mlp,
    mlp_logits,
    mlp_probs,
    sample_mlp_words,
    score_contexts,
)

TOY = build_contexts(["anna", "nan", "ann"], ".an", 2)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def small(seed=0, **sizes):
    return init_mlp(3, 2, embedding_size=4, hidden_sizes=(8,), generator=seeded(seed), **sizes)


def test_worked_example():
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
            "contexts holds 3, which is no id: of 3 tokens the ids go from 0 to 2",
        ),
        (lambda: mlp_probs(small(), torch.tensor([[0, -1]])), "contexts holds -1, which is no id"),
        (
            lambda: mlp_logits(broken_network(), TOY[0]),
            r"the network's pieces have the shapes \[\(3, 4\), \(8, 5\), \(8, 3\), \(8,\), \(3,\)\], which don't fit",
        ),
        (
            lambda: sample_mlp_words(small(), ".ab…", 1),
            "the vocabulary has 4 tokens, but the network knows 3; use the vocabulary that it was trained with",
        ),
        (lambda: sample_mlp_words(small(), ".ab", -1), "n is -1"),
    ],
)
def test_wrong_values_are_refused(call, message):
    with pytest.raises(ValueError, match="^" + message):
        call()


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: init_mlp(27, 3, hidden_sizes=8), r"hidden_sizes must be a tuple, got 8; try \(256, 128\)"),
        (lambda: init_mlp(27, 3, generator=1), "generator must be a torch.Generator or None, got 1"),
        (lambda: mlp_logits((1, 2, 3), TOY[0]), r"parameters must be an MLP, as init_mlp makes it, got \(1, 2, 3\)"),
        (lambda: mlp_logits(small(), [[0, 0]]), r"contexts must be a tensor of integers such as .*, got \[\[0, 0\]\]"),
        (lambda: mlp_logits(small(), TOY[0].float()), r"contexts must be .*, got a tensor of torch\.float32$"),
        (
            lambda: mlp_logits(small()._replace(embedding=torch.ones(3, 4).long()), TOY[0]),
            "the parameters of an MLP must be tensors of floats, got .*; init_mlp makes them so",
        ),
        (lambda: sample_mlp_words(None, ".ab", 1), "parameters must be an MLP, as init_mlp makes it, got None"),
    ],
)
def test_the_wrong_kind_is_refused(call, message):
    with pytest.raises(TypeError, match="^" + message):
        call()
