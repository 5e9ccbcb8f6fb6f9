"""Learning: the neural bigram, attention, and a Transformer that writes with a cache and without."""

import functools

import torch
from common import counts, names, vocabulary
from measuring import Comparison

import bigramlab


def train_one_hot(steps):
    """The lecture's: each bigram a one-hot row, all of them at every step, and autograd."""
    ids = bigramlab.encode("." + ".".join(names) + ".", vocabulary)
    inputs, targets = torch.nn.functional.one_hot(ids[:-1], num_classes=27).float(), ids[1:]
    weights = torch.zeros(27, 27, requires_grad=True)
    for _ in range(steps):
        exps = (inputs @ weights).exp()
        shares = exps / exps.sum(1, keepdim=True)
        weights.grad = None
        (-shares[torch.arange(len(targets)), targets].log().mean()).backward()
        weights.data += -50 * weights.grad
    return weights.detach()


def train_soft_targets(steps):
    """The counts as soft targets, and autograd."""
    weights = torch.zeros(27, 27, requires_grad=True)
    for _ in range(steps):
        weights.grad = None
        (-(counts / counts.sum() * weights.log_softmax(1)).sum()).backward()
        weights.data += -50 * weights.grad
    return weights.detach()


def train_briefly():
    """Train a Transformer just enough for its words to be as long as names are."""
    start = bigramlab.init_transformer(27, longest=16, generator=torch.Generator().manual_seed(0))
    recipe = bigramlab.Recipe(steps=100, batch_size=128, learning_rate=0.004)
    return bigramlab.train_transformer(start, names, vocabulary, recipe, progress=False).parameters


def write_again(network):
    generator = torch.Generator().manual_seed(0)
    next_probs = functools.partial(bigramlab.transformer_probs, network)
    return bigramlab.generate_words(next_probs, vocabulary, 1000, context_length=16, generator=generator)


def write_with_a_cache(network):
    generator = torch.Generator().manual_seed(0)
    return bigramlab.sample_transformer_words(network, vocabulary, 1000, generator=generator)


def comparisons(quick):
    ways = {
        "the lecture's: one-hot rows, autograd": train_one_hot,
        "the counts as soft targets, autograd": train_soft_targets,
        "bigramlab.train_neural_bigram": lambda steps: bigramlab.train_neural_bigram(counts, steps=steps)[0],
    }
    for label, function in ways.items():
        assert torch.allclose(function(10), train_one_hot(10), atol=1e-3), label
    for_steps = {label: lambda function=function: function(10) for label, function in ways.items()}
    yield Comparison("Learning the table, 10 steps", for_steps, rounds=1 if quick else 3)
    queries, keys, values = torch.randn(3, 128, 4, 12, 16)
    ways = {
        "torch: scaled_dot_product_attention": lambda: torch.nn.functional.scaled_dot_product_attention(
            queries, keys, values, is_causal=True
        ),
        "bigramlab.attend": lambda: bigramlab.attend(queries, keys, values),
    }
    assert torch.allclose(*(function() for function in ways.values()), atol=1e-5)
    yield Comparison("Attention, 128 words of 12 tokens, 4 heads", ways, rounds=50)
    if quick:
        return
    network = train_briefly()
    ways = {
        "reading each word again for each letter": lambda: write_again(network),
        "bigramlab.sample_transformer_words, with a cache": lambda: write_with_a_cache(network),
    }
    first, second = (function() for function in ways.values())
    assert first == second
    yield Comparison("Writing 1,000 names with a Transformer", ways, rounds=2)
