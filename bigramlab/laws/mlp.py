"""Laws of a network that looks back several letters."""

import copy
import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import torch
from hypothesis import strategies as st
from torch import Tensor

from bigramlab.laws import strategies as draw
from bigramlab.laws.generating import words_come_as_often_as
from bigramlab.laws.law import (
    a_tensor,
    agree,
    broken,
    how_many,
    law,
    leaves_torchs_generator_alone,
    refuses,
    torchs_generator_decides,
)
from bigramlab.lessons.mlp import MLP

Function = Callable[..., Any]
lengths = st.integers(1, 4)


def _parts(found: Any) -> tuple[Tensor, list[Tensor], list[Tensor]]:
    if found is None:
        broken("it returned nothing: is `return` missing?")
    if not isinstance(found, MLP):
        broken(f"it is of type {type(found).__name__}, and should be an MLP(embedding, weights, biases)")
    if not isinstance(found.weights, tuple | list) or not isinstance(found.biases, tuple | list):
        broken("weights and biases should be tuples of tensors, one for each layer")
    pieces = [found.embedding, *found.weights, *found.biases]
    if not all(isinstance(piece, Tensor) for piece in pieces):
        broken("the embedding, each of the weights and each of the biases should be a tensor")
    embedding, *rest = (piece.detach() for piece in pieces)
    return embedding, rest[: len(found.weights)], rest[len(found.weights) :]


def _init(init_mlp: Function, size: int, length: int, embedding: int, hidden: tuple[int, ...], seed: int) -> Any:
    return init_mlp(size, length, embedding_size=embedding, hidden_sizes=hidden, generator=draw.generator(seed))


hiddens = st.lists(st.integers(1, 5), max_size=2).map(tuple)


@law("init_mlp", st.integers(1, 5), lengths, st.integers(1, 4), hiddens, draw.seeds)
def the_shapes_fit(
    init_mlp: Function, size: int, length: int, embedding: int, hidden: tuple[int, ...], seed: int
) -> None:
    """The embedding is (vocab, embedding_size), and each layer takes as many numbers as the one before gives."""
    table, weights, biases = _parts(_init(init_mlp, size, length, embedding, hidden, seed))
    sizes = [length * embedding, *hidden, size]
    if len(weights) != len(hidden) + 1 or len(biases) != len(weights):
        broken(f"it has {len(weights)} weights and {len(biases)} biases, and should have {len(hidden) + 1} of each")
    wanted: list[tuple[str, Tensor, tuple[int, ...]]] = [("embedding", table, (size, embedding))]
    wanted += [(f"weights[{i}]", weights[i], shape) for i, shape in enumerate(pairwise(sizes))]
    wanted += [(f"biases[{i}]", biases[i], (count,)) for i, count in enumerate(sizes[1:])]
    for name, tensor, shape in wanted:
        if isinstance(tensor, Tensor) and tuple(tensor.shape) != shape:
            broken(f"{name} has shape {tuple(tensor.shape)}, and should have {shape}")
        a_tensor(tensor, shape, "floats")


def _logits_in_a_loop(parameters: Any, context: list[int]) -> list[float]:
    """Return the logits after one context, number by number."""
    embedding, weights, biases = (
        parameters[0].tolist(),
        [weight.tolist() for weight in parameters[1]],
        [bias.tolist() for bias in parameters[2]],
    )
    numbers = [number for id in context for number in embedding[id]]
    for layer, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
        numbers = [
            bias[column] + math.fsum(number * row[column] for number, row in zip(numbers, weight, strict=True))
            for column in range(len(bias))
        ]
        if layer < len(weights) - 1:
            numbers = [number / (1 + math.exp(-number)) for number in numbers]
    return numbers


def _probs_in_a_loop(parameters: Any, context: list[int]) -> list[float]:
    logits = _logits_in_a_loop(parameters, context)
    weights = [math.exp(logit - max(logits)) for logit in logits]
    return [weight / math.fsum(weights) for weight in weights]


@law("init_mlp", st.sampled_from([(27, 3, 10, (200,)), (60, 2, 16, (64, 32)), (5, 1, 8, ())]), draw.seeds, examples=6)
def it_knows_nothing_yet(init_mlp: Function, sizes: Any, seed: int) -> None:
    """All tokens have about the same chance at the start, so the loss is near log(vocab), within 0.1 nats."""
    size, length, embedding, hidden = sizes
    parameters = _init(init_mlp, size, length, embedding, hidden, seed)
    table, weights, biases = _parts(parameters)
    logits = table.double()[torch.arange(40 * length).view(40, length) * 7 % size].view(40, -1)
    for layer, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
        logits = logits @ weight.double() + bias.double()
        logits = logits if layer == len(weights) - 1 else logits * logits.sigmoid()
    loss = float((logits.logsumexp(dim=1) - logits.mean(dim=1)).mean())  # if each token comes equally often
    if not abs(loss - math.log(size)) < 0.1:
        broken(f"the loss of what it makes is {loss:.3f} nats, and log({size}) is {math.log(size):.3f}")


@law("init_mlp", draw.seeds, examples=6)
def its_parts_differ(init_mlp: Function, seed: int) -> None:
    """No two tokens have the same vector and no two hidden numbers the same weights: equal parts would stay equal."""
    table, weights, _ = _parts(_init(init_mlp, 9, 2, 4, (16, 8), seed))
    named = [("tokens", "vector", table), *(("hidden numbers", "weights", weight.T) for weight in weights[:-1])]
    for things, part, rows in named:
        if len(torch.unique(rows, dim=0)) < len(rows):
            broken(f"some {things} have the same {part}")


@law("init_mlp", draw.seeds, examples=6)
def the_scale_stays_from_layer_to_layer(init_mlp: Function, seed: int) -> None:
    """Before the last layer, weights are centered at 0, and their squares average about 2 / inputs (1/4 to 6)."""
    _, weights, _ = _parts(_init(init_mlp, 27, 4, 16, (100, 50), seed))
    for layer, weight in enumerate(weights[:-1]):
        found = float((weight.double() ** 2).mean()) * len(weight)
        if not 0.25 < found < 6:
            broken(
                f"the squares of weights[{layer}] have a mean of {found:.3g} / inputs, and should have about 2 / inputs"
            )
        # The mean of n numbers strays from 0 by more than 8 / √n times their size once in 10^15 cases.
        if abs(float(weight.double().mean())) > 8 / math.sqrt(weight.numel()) * math.sqrt(found / len(weight)):
            broken(f"weights[{layer}] has mostly numbers of one sign, and should have as many below 0 as above")


@law("init_mlp", draw.seeds, examples=6)
def biases_begin_at_0(init_mlp: Function, seed: int) -> None:
    """All biases are 0 at the start."""
    for layer, bias in enumerate(_parts(_init(init_mlp, 2, 1, 1, (2,), seed))[2]):
        for place, number in enumerate(bias.tolist()):
            if number != 0:
                broken(f"biases[{layer}][{place}] is {number:.4g}, and should be 0")


def numbers_of(parameters: Any) -> list[float]:
    """Return all numbers of a network in one list."""
    embedding, weights, biases = _parts(parameters)
    return [number for piece in [embedding, *weights, *biases] for number in piece.flatten().tolist()]


@law("init_mlp", draw.seeds, examples=6)
def the_generator_decides(init_mlp: Function, seed: int) -> None:
    """The same generator state gives the same network, and moves on; torch's global generator is left alone."""
    generator, same = draw.generator(seed), draw.generator(seed)
    sizes: dict[str, Any] = {"embedding_size": 3, "hidden_sizes": (4,)}
    first = leaves_torchs_generator_alone(lambda: numbers_of(init_mlp(5, 2, **sizes, generator=generator)))
    if first != numbers_of(init_mlp(5, 2, **sizes, generator=same)):
        broken("the same generator state gave another network")
    if first == numbers_of(init_mlp(5, 2, **sizes, generator=generator)):
        broken("the same generator, used again, gave the same network: its state did not move on")


@law("init_mlp", draw.seeds, examples=6)
def without_a_generator_torchs_is_used(init_mlp: Function, seed: int) -> None:
    """Without a generator, torch's global one is used: torch.manual_seed repeats the network, and no other way does."""
    torchs_generator_decides(lambda: numbers_of(init_mlp(5, 2)), seed, "network")


@law("init_mlp", st.sampled_from([(0, 1, 1, ()), (3, 0, 1, ()), (3, 1, 0, ()), (3, 1, 1, (4, 0)), (3, 1, 1, (-1,))]))
def impossible_sizes_are_refused(
    init_mlp: Function, size: int, length: int, embedding: int, hidden: tuple[int, ...]
) -> None:
    """Sizes below 1 are refused."""
    refuses(lambda: _init(init_mlp, size, length, embedding, hidden, seed=0))


@st.composite
def networks(draw_from: st.DrawFn) -> tuple[MLP, Tensor]:
    """A small network, and contexts to give it."""
    size, length = draw_from(st.integers(1, 4)), draw_from(st.integers(1, 3))
    embedding = draw_from(st.integers(1, 3))
    sizes = [length * embedding, *draw_from(st.lists(st.integers(1, 3), max_size=2)), size]
    shapes = [(size, embedding), *pairwise(sizes), *((count,) for count in sizes[1:])]
    total = sum(math.prod(shape) for shape in shapes)
    flat = draw_from(st.lists(st.integers(-8, 8), min_size=total, max_size=total))
    pieces = []
    for shape in shapes:
        numbers, flat = flat[: math.prod(shape)], flat[math.prod(shape) :]
        pieces.append(torch.tensor(numbers).view(shape) / 4)
    ids = st.integers(0, size - 1)
    contexts = draw_from(st.lists(st.lists(ids, min_size=length, max_size=length), min_size=1, max_size=4))
    layers = len(sizes) - 1
    network = MLP(pieces[0], tuple(pieces[1 : 1 + layers]), tuple(pieces[1 + layers :]))
    return network, torch.tensor(contexts, dtype=torch.int64).view(len(contexts), length)


def _rows(found: object, contexts: Tensor, parameters: MLP) -> list[list[float]]:
    return a_tensor(found, (len(contexts), len(parameters.embedding)), "floats")


@law("mlp_logits", networks(), examples=60)
def the_logits_are_those_of_a_loop(mlp_logits: Function, parameters: MLP, contexts: Tensor) -> None:
    """Look up, concatenate oldest first, then x @ weight + bias and x · sigmoid(x); the last layer has no such bend."""
    found = _rows(mlp_logits(parameters, contexts), contexts, parameters)
    agree(found, [_logits_in_a_loop(parameters, context) for context in contexts.tolist()])


@law("mlp_logits", networks())
def each_context_is_rated_by_itself(mlp_logits: Function, parameters: MLP, contexts: Tensor) -> None:
    """The logits after a context are the same whatever other contexts are in the batch."""
    found = _rows(mlp_logits(parameters, contexts), contexts, parameters)
    for place in range(len(contexts)):
        one = contexts[place : place + 1]
        agree(_rows(mlp_logits(parameters, one), one, parameters)[0], found[place])


def leaves_of(parameters: MLP) -> MLP:
    """Return the same network, of tensors that require gradients."""
    return MLP(
        parameters.embedding.clone().requires_grad_(),
        tuple(weight.clone().requires_grad_() for weight in parameters.weights),
        tuple(bias.clone().requires_grad_() for bias in parameters.biases),
    )


@law("mlp_logits", st.just(()))
def gradients_flow(mlp_logits: Function) -> None:
    """Gradients flow through the logits to the embedding, every weight and every bias."""
    shapes = [(3, 2), (4, 3), (3, 3)]
    first, *weights = (torch.arange(1, 1 + math.prod(shape)).view(shape) / 10 for shape in shapes)
    leaves = leaves_of(MLP(first, tuple(weights), (torch.ones(3), torch.ones(3))))
    logits = mlp_logits(leaves, torch.tensor([[0, 1], [2, 2]]))
    if not isinstance(logits, Tensor) or not logits.requires_grad:
        broken("no gradients flow through it: is it detached, or made of NumPy's numbers?")
    (logits**2).sum().backward()  # type: ignore[no-untyped-call]  # torch leaves `backward` untyped
    named = [("embedding", (leaves.embedding,)), ("weights", leaves.weights), ("biases", leaves.biases)]
    for name, pieces in named:
        if any(piece.grad is None or not piece.grad.any() for piece in pieces):
            broken(f"no gradient reaches its {name}")


@law("mlp_logits", networks())
def the_network_is_left_alone(mlp_logits: Function, parameters: MLP, contexts: Tensor) -> None:
    """The network and the contexts are left as they were."""
    before = copy.deepcopy((parameters, contexts))
    mlp_logits(parameters, contexts)
    if numbers_of(parameters) != numbers_of(before[0]) or not torch.equal(contexts, before[1]):
        broken("it changed the network or the contexts")


def small() -> MLP:
    """Return a network of three tokens that looks back two: a new one each time, as a learner may change it."""
    embedding = torch.tensor([[0.5, -1.0], [1.0, 0.25], [-0.5, 0.75]])
    first = torch.tensor([[0.5, -0.25], [1.0, 0.5], [-0.75, 0.25], [0.25, 1.0]])
    last = torch.tensor([[0.5, -0.5, 0.75], [1.0, 0.25, -1.0]])
    return MLP(embedding, (first, last), (torch.tensor([0.25, -0.25]), torch.tensor([0.5, 0.0, -0.25])))


misfits = st.sampled_from([[[0]], [[0, 1, 2]], [[0, 3]], [[0, -1]], [[-3, 0]], [0, 1]])


@law("mlp_logits", misfits)
def contexts_that_do_not_fit_are_refused(mlp_logits: Function, contexts: list[Any]) -> None:
    """Contexts of another length than the network's are refused, and ids without a vector, negative ones too."""
    refuses(lambda: mlp_logits(small(), torch.tensor(contexts)))


@law("mlp_probs", networks(), examples=60)
def the_probabilities_are_the_softmax_of_the_logits(mlp_probs: Function, parameters: MLP, contexts: Tensor) -> None:
    """Each row is exp of the logits, divided by its sum."""
    found = _rows(mlp_probs(parameters, contexts), contexts, parameters)
    agree(found, [_probs_in_a_loop(parameters, context) for context in contexts.tolist()])


@law("mlp_probs", networks())
def no_gradients_are_kept(mlp_probs: Function, parameters: MLP, contexts: Tensor) -> None:
    """The probabilities carry no gradients, though the parameters do, and leave nothing in the parameters."""
    leaves = leaves_of(parameters)
    if getattr(mlp_probs(leaves, contexts), "requires_grad", False):
        broken("it carries gradients: compute it under torch.no_grad()")


@law("mlp_probs", misfits)
def other_contexts_have_no_probabilities(mlp_probs: Function, contexts: list[Any]) -> None:
    """Contexts of another length than the network's, or with ids that it does not know, are refused."""
    refuses(lambda: mlp_probs(small(), torch.tensor(contexts)))


@law("sample_mlp_words", st.integers(0, 5), draw.seeds, examples=10)
def the_network_writes_n_words(sample_mlp_words: Function, n: int, seed: int) -> None:
    """The result is a list of n words of the vocabulary's letters; the same generator state gives the same ones."""
    words = sample_mlp_words(small(), ".ab", n, generator=draw.generator(seed))
    if not isinstance(words, list) or not all(isinstance(word, str) and {*word} <= {*"ab"} for word in words):
        broken("it should be a list of str, made of the letters a and b")
    if len(words) != n:
        broken(f"it wrote {how_many(len(words), 'word')}, and should have written {n}")
    if words != sample_mlp_words(small(), ".ab", n, generator=draw.generator(seed)):
        broken("the same generator state gave other words")


@law("sample_mlp_words", st.just(1500), examples=1)
def words_come_as_often_as_the_network_says(sample_mlp_words: Function, n: int) -> None:
    """Over many words, each comes as often as the product of its probabilities says, within Hoeffding's bound."""
    parameters = small()
    parameters.weights[-1].mul_(4)  # so that it matters what comes before
    words = sample_mlp_words(parameters, ".ab", n, generator=draw.generator(0))
    words_come_as_often_as(lambda context: _probs_in_a_loop(parameters, list(context)), 2, words)


@law("sample_mlp_words", draw.seeds, examples=6)
def only_the_given_generator_moves(sample_mlp_words: Function, seed: int) -> None:
    """The generator that is given moves on, and torch's global one stays where it is."""
    generator = draw.generator(seed)
    first = leaves_torchs_generator_alone(lambda: sample_mlp_words(small(), ".ab", 20, generator=generator))
    if sorted(first, key=len) == first:
        broken("the words come in the order of their lengths, and should come as they are drawn")
    if first == sample_mlp_words(small(), ".ab", 20, generator=generator):
        broken("the same generator, used again, gave the same words: its state did not move on")


@law("sample_mlp_words", st.sampled_from([(".a", 1), (".abc", 1), (".aa", 1), ("abc", 1), (".ab", -1)]))
def vocabularies_that_do_not_fit_are_refused(sample_mlp_words: Function, vocabulary: str, n: int) -> None:
    """A vocabulary of another size than the network's, one that is none, and a negative number of words are refused."""
    refuses(lambda: sample_mlp_words(small(), vocabulary, n, generator=draw.generator(0)))
