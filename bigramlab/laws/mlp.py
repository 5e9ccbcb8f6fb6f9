"""Laws of a network that looks back several letters: how it begins, what it computes, and the words that it writes."""

import math
from itertools import pairwise
from typing import Any

import torch
from hypothesis import strategies as st
from torch import Tensor

from bigramlab import plain
from bigramlab.laws import strategies as draw
from bigramlab.laws.drawn import letters_of, spread_out, words_are_drawn_at_no_temperature
from bigramlab.laws.law import (
    Function,
    a_list_of_str,
    a_tensor,
    agree,
    broken,
    care,
    how_many,
    law,
    leaves_torchs_generator_alone,
    of_type,
    refuses,
    torchs_generator_decides,
)
from bigramlab.laws.sampling import long_sizes, long_vocabulary, ring, words_come_as_often_as
from bigramlab.lessons.mlp import MLP, pieces_of

lengths = st.integers(1, 4)


def _parts(found: Any) -> tuple[Tensor, list[Tensor], list[Tensor]]:
    of_type(found, MLP, "an MLP(embedding, weights, biases)")
    if not isinstance(found.weights, tuple | list) or not isinstance(found.biases, tuple | list):
        broken("weights and biases should be tuples of tensors, one for each layer")
    if not all(isinstance(piece, Tensor) for piece in pieces_of(found)):
        broken("the embedding, each of the weights and each of the biases should be a tensor")
    embedding, *rest = (piece.detach() for piece in pieces_of(found))
    return embedding, rest[: len(found.weights)], rest[len(found.weights) :]


def numbers_of(parameters: Any) -> list[float]:
    """Return all numbers of a network in one list."""
    _parts(parameters)
    return [number for piece in pieces_of(parameters) for number in piece.flatten().tolist()]


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


@law("init_mlp", st.sampled_from([(27, 3, 10, (200,)), (60, 2, 16, (64, 32)), (5, 1, 8, ())]), draw.seeds, examples=6)
def it_knows_nothing_yet(init_mlp: Function, sizes: Any, seed: int) -> None:
    """All tokens have about the same chance at the start, so the loss is near log(vocab), within 0.1 nats."""
    size, length, embedding, hidden = sizes
    parameters = _init(init_mlp, size, length, embedding, hidden, seed)
    _parts(parameters)
    contexts = torch.arange(10 * length).view(10, length) * 7 % size
    logits = [plain.mlp_logits(parameters, context) for context in contexts.tolist()]
    loss = math.fsum(plain.surprise(row, target) for row in logits for target in range(size)) / (10 * size)
    if not abs(loss - math.log(size)) < 0.1:
        broken(f"the loss of what it makes is {loss:.3f} nats, and log({size}) is {math.log(size):.3f}")


@law("init_mlp", draw.seeds, examples=6)
def its_parts_differ(init_mlp: Function, seed: int) -> None:
    """No two tokens begin as the same vector, no two hidden numbers with the same weights: those would stay equal."""
    table, weights, _ = _parts(_init(init_mlp, 9, 2, 4, (16, 8), seed))
    named = [("tokens", "vector", table), *(("hidden numbers", "weights", weight.T) for weight in weights[:-1])]
    for things, part, rows in named:
        if len(torch.unique(rows, dim=0)) < len(rows):
            broken(f"some {things} have the same {part}")


@law("init_mlp", draw.seeds, examples=6)
def the_scale_stays_from_layer_to_layer(init_mlp: Function, seed: int) -> None:
    """Before the last layer, weights are centered at 0, and their squares average about 2 / inputs (1/4 to 6)."""
    _, weights, _ = _parts(
        _init(init_mlp, 27, 8, 50, (16, 64), seed)
    )  # 400 numbers go into the first, 16 into the next
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


@law("init_mlp", draw.seeds, examples=6)
def the_generator_decides(init_mlp: Function, seed: int) -> None:
    """The generator that is given decides, and moves on; torch's global one is left alone."""
    generator = draw.generator(seed)
    sizes: dict[str, Any] = {"embedding_size": 3, "hidden_sizes": (4,)}
    first = leaves_torchs_generator_alone(lambda: numbers_of(init_mlp(5, 2, **sizes, generator=generator)))
    if first == numbers_of(init_mlp(5, 2, **sizes, generator=generator)):
        broken("the same generator, used again, gave the same network: its state did not move on")


@law("init_mlp", draw.seeds, examples=6)
def without_a_generator_torchs_is_used(init_mlp: Function, seed: int) -> None:
    """Without a generator, torch's global one is used: torch.manual_seed repeats the network, and no other way does."""
    torchs_generator_decides(lambda: numbers_of(init_mlp(5, 2)), seed, "network")


@care("init_mlp", st.sampled_from([(0, 1, 1, ()), (3, 0, 1, ()), (3, 1, 0, ()), (3, 1, 1, (4, 0)), (3, 1, 1, (-1,))]))
def impossible_sizes_are_refused(
    init_mlp: Function, size: int, length: int, embedding: int, hidden: tuple[int, ...]
) -> None:
    """Sizes below 1 are refused."""
    refuses(lambda: _init(init_mlp, size, length, embedding, hidden, seed=0))


def _rows(found: object, contexts: Tensor, parameters: MLP) -> list[list[float]]:
    return a_tensor(found, (len(contexts), len(parameters.embedding)), "floats")


@law("mlp_logits", draw.networks(), examples=60)
def the_logits_are_those_of_a_loop(mlp_logits: Function, parameters: MLP, contexts: Tensor) -> None:
    """Look up, concatenate oldest first, then x @ weight + bias and x · sigmoid(x); the last layer has no such bend."""
    found = _rows(mlp_logits(parameters, contexts), contexts, parameters)
    agree(found, [plain.mlp_logits(parameters, context) for context in contexts.tolist()])


@law("mlp_logits", draw.networks())
def each_context_is_rated_by_itself(mlp_logits: Function, parameters: MLP, contexts: Tensor) -> None:
    """The logits after a context are the same whatever other contexts are in the batch."""
    found = _rows(mlp_logits(parameters, contexts), contexts, parameters)
    for place in range(len(contexts)):
        one = contexts[place : place + 1]
        agree(_rows(mlp_logits(parameters, one), one, parameters)[0], found[place])


def _leaves(parameters: MLP) -> MLP:
    """Return the same network, of tensors that require gradients."""
    return plain.network_of([piece.clone().requires_grad_() for piece in pieces_of(parameters)])


@law("mlp_logits", st.just(()), gradient=True)
def gradients_flow(mlp_logits: Function) -> None:
    """Gradients flow through the logits to the embedding, every weight and every bias."""
    leaves = _leaves(draw.small())
    logits = mlp_logits(leaves, torch.tensor([[0, 1], [2, 2]]))
    if not isinstance(logits, Tensor) or not logits.requires_grad:
        broken("no gradients flow through it: is it detached, or made of NumPy's numbers?")
    (logits**2).sum().backward()  # type: ignore[no-untyped-call]  # torch leaves `backward` untyped
    named = [("embedding", (leaves.embedding,)), ("weights", leaves.weights), ("biases", leaves.biases)]
    for name, pieces in named:
        if any(piece.grad is None or not piece.grad.any() for piece in pieces):
            broken(f"no gradient reaches its {name}")


misfits = st.sampled_from([[[0]], [[0, 1, 2]], [[0, 3]], [[0, -1]], [[-3, 0]], [0, 1]])


@care("mlp_logits", misfits)
def contexts_that_do_not_fit_are_refused(mlp_logits: Function, contexts: list[Any]) -> None:
    """Contexts of another length than the network's are refused, and ids without a vector, negative ones too."""
    refuses(lambda: mlp_logits(draw.small(), torch.tensor(contexts)))


@law("mlp_probs", draw.networks(), examples=60)
def the_probabilities_are_the_softmax_of_the_logits(mlp_probs: Function, parameters: MLP, contexts: Tensor) -> None:
    """Each row is exp of the logits, divided by its sum."""
    found = _rows(mlp_probs(parameters, contexts), contexts, parameters)
    agree(found, [plain.softmax(plain.mlp_logits(parameters, context)) for context in contexts.tolist()])


@care("mlp_probs", draw.networks())
def no_gradients_are_kept(mlp_probs: Function, parameters: MLP, contexts: Tensor) -> None:
    """The probabilities carry no gradients, though the parameters do."""
    if getattr(mlp_probs(_leaves(parameters), contexts), "requires_grad", False):
        broken("it carries gradients: compute it under torch.no_grad()")


@care("mlp_probs", st.sampled_from([100, 10_000]))
def logits_may_be_large(mlp_probs: Function, times: int) -> None:
    """Logits may lie thousands apart, as those of a network that went astray do."""
    parameters, contexts = draw.small(), torch.tensor([[0, 1], [2, 2]])
    parameters.weights[-1].mul_(times)
    expected = [plain.softmax(plain.mlp_logits(parameters, context)) for context in contexts.tolist()]
    agree(_rows(mlp_probs(parameters, contexts), contexts, parameters), expected)


@care("mlp_probs", misfits)
def other_contexts_have_no_probabilities(mlp_probs: Function, contexts: list[Any]) -> None:
    """Contexts of another length than the network's, or with ids that it does not know, are refused."""
    refuses(lambda: mlp_probs(draw.small(), torch.tensor(contexts)))


@law("sample_mlp_words", st.integers(1, 5), draw.seeds, examples=10)
def the_network_writes_n_words(sample_mlp_words: Function, n: int, seed: int) -> None:
    """The result is a list of n words of the vocabulary's letters."""
    words = a_list_of_str(sample_mlp_words(draw.small(), ".ab", n, generator=draw.generator(seed)))
    if not {*"".join(words)} <= {*"ab"}:
        broken("its words should be made of the letters a and b")
    if len(words) != n:
        broken(f"it wrote {how_many(len(words), 'word')}, and should have written {n}")


@law("sample_mlp_words", draw.seeds, examples=6)
def only_the_given_generator_moves(sample_mlp_words: Function, seed: int) -> None:
    """The generator that is given decides, and moves on from word to word; torch's global one stays where it is."""
    generator = draw.generator(seed)
    first = leaves_torchs_generator_alone(lambda: sample_mlp_words(draw.small(), ".ab", 30, generator=generator))
    if len({*first}) > 1 and sorted(first, key=len) == first:
        broken("the words come in the order of their lengths, and should come as they are drawn")
    if first == sample_mlp_words(draw.small(), ".ab", 30, generator=generator):
        broken("the same generator, used again, gave the same words: its state did not move on")


@law("sample_mlp_words", st.just(1500), examples=1)
def words_come_as_often_as_the_network_says(sample_mlp_words: Function, n: int) -> None:
    """Over many words, each comes as often as the product of its probabilities says, within Hoeffding's bound."""
    parameters = draw.small()
    parameters.weights[-1].mul_(4)  # so that it matters what comes before
    generator = draw.generator(0)  # a hundred at a time, as one by one they take a while
    several = [a_list_of_str(sample_mlp_words(parameters, ".ab", n // 15, generator=generator)) for _ in range(15)]
    words = [word for some in several for word in some]
    words_come_as_often_as(lambda context: plain.softmax(plain.mlp_logits(parameters, context)), 2, words)


@law("sample_mlp_words", long_sizes, examples=2)
def words_are_as_long_as_it_takes(sample_mlp_words: Function, size: int) -> None:
    """A word is never cut off: where each token leads to the next one only, it has them all, blanks at its ends too."""
    vocabulary = long_vocabulary(size)
    network = MLP(torch.eye(size), (40 * ring(size) - 20,), (torch.zeros(size),))  # no logit is beyond ±20
    if sample_mlp_words(network, vocabulary, 2, generator=draw.generator(0)) != [vocabulary[1:]] * 2:
        broken(f"the words should have {size - 1} letters")


@law("sample_mlp_words", st.just(120), examples=1)
def letters_are_drawn_at_no_temperature(sample_mlp_words: Function, n: int) -> None:
    """Letters are drawn with the network's own probabilities, neither sharpened nor flattened."""
    logs = spread_out()
    steady = MLP(torch.zeros(len(logs), 2), (torch.zeros(2, len(logs)),), (logs,))  # its last bias is all that it says
    words = sample_mlp_words(steady, letters_of(logs), n, generator=draw.generator(0))
    words_are_drawn_at_no_temperature(logs, a_list_of_str(words))


@law("sample_mlp_words", draw.seeds, examples=3)
def without_a_generator_torchs_draws_the_words(sample_mlp_words: Function, seed: int) -> None:
    """Without a generator, torch's global one is used: torch.manual_seed repeats the words, and no other way does."""
    torchs_generator_decides(lambda: sample_mlp_words(draw.small(), ".ab", 20), seed, "words")


@care("sample_mlp_words", st.just(()))
def no_words_are_an_empty_list(sample_mlp_words: Function) -> None:
    """If no words are wanted, the list is empty."""
    if sample_mlp_words(draw.small(), ".ab", 0, generator=draw.generator(0)) != []:
        broken("it should be []")


@care("sample_mlp_words", st.sampled_from([(".a", 1), (".abc", 1), (".aa", 1), ("abc", 1), (".ab", -1)]))
def vocabularies_that_do_not_fit_are_refused(sample_mlp_words: Function, vocabulary: str, n: int) -> None:
    """A vocabulary of another size than the network's, one that is none, and a negative number of words are refused."""
    refuses(lambda: sample_mlp_words(draw.small(), vocabulary, n, generator=draw.generator(0)))
