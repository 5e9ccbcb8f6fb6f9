"""Laws of looking back further: contexts, and a network that learns from them."""

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
    enough_room,
    how_many,
    law,
    leaves_torchs_generator_alone,
    refuses,
    torchs_generator_decides,
)
from bigramlab.mlp import MLP, Training
from bigramlab.optimizing import Recipe

Function = Callable[..., Any]
lengths = st.integers(1, 4)


def contexts_in_a_loop(words: list[str], vocabulary: str, length: int) -> tuple[list[list[int]], list[int]]:
    """Return the contexts and the targets, letter by letter."""
    contexts, targets = [], []
    for word in words:
        before = [0] * length
        for character in word + ".":
            contexts.append(before)
            targets.append(vocabulary.index(character))
            before = [*before[1:], targets[-1]]
    return contexts, targets


def _two(found: object, names: str) -> tuple[Any, Any]:
    if found is None:
        broken("it returned nothing: is `return` missing?")
    if not isinstance(found, tuple | list) or len(found) != 2:
        broken(f"it should be two tensors: the {names}")
    first, second = found
    return first, second


def _examples(found: object, m: int, length: int) -> tuple[list[list[int]], list[int]]:
    contexts, targets = _two(found, "contexts and the targets")
    for name, tensor, shape in [("contexts", contexts, (m, length)), ("targets", targets, (m,))]:
        if isinstance(tensor, Tensor) and tuple(tensor.shape) != shape:
            broken(f"the {name} have the shape {tuple(tensor.shape)}, and should have {shape}")
    return a_tensor(contexts, (m, length), "integers"), a_tensor(targets, (m,), "integers")


def _same_examples(found: object, words: list[str], vocabulary: str, length: int) -> None:
    """Compare the examples with those of the loop, and name the first that differs."""
    contexts, targets = contexts_in_a_loop(words, vocabulary, length)
    mine = _examples(found, len(targets), length)
    for place, (context, target) in enumerate(zip(*mine, strict=True)):
        if (context, target) != (contexts[place], targets[place]):
            broken(f"example {place} is {context} -> {target}, and should be {contexts[place]} -> {targets[place]}")


@law("build_contexts", draw.words_and_vocabulary())
def contexts_of_one_token_are_the_bigrams(build_contexts: Function, words: list[str], vocabulary: str) -> None:
    """With a context length of 1 the examples are the bigrams, in the words' order, with "." at both ends of each."""
    _same_examples(build_contexts(words, vocabulary, 1), words, vocabulary, 1)


@law("build_contexts", draw.words_and_vocabulary(), lengths)
def each_letter_gives_an_example(build_contexts: Function, drawn: tuple[list[str], str], length: int) -> None:
    """A word of n letters gives n + 1 examples; their targets are its letters and then ".", id 0."""
    words, vocabulary = drawn
    targets = contexts_in_a_loop(words, vocabulary, length)[1]
    found = _examples(build_contexts(words, vocabulary, length), len(targets), length)[1]
    if found != targets:
        broken(f"the targets should be {targets}")


@law("build_contexts", draw.words_and_vocabulary(), lengths)
def a_context_is_what_stands_before(build_contexts: Function, drawn: tuple[list[str], str], length: int) -> None:
    """A context has the tokens before the target, oldest first, with 0 where the word had not begun."""
    words, vocabulary = drawn
    for word in words[:1]:
        _same_examples(build_contexts([word], vocabulary, length), [word], vocabulary, length)


@law("build_contexts", draw.words_and_vocabulary(), lengths)
def words_never_touch(build_contexts: Function, drawn: tuple[list[str], str], length: int) -> None:
    """Each word begins afresh: its examples are the same whatever words stand before it."""
    _same_examples(build_contexts(*drawn, length), *drawn, length)


@law("build_contexts", st.text("ab", max_size=4), st.integers(5, 9))
def words_may_be_shorter_than_the_context(build_contexts: Function, word: str, length: int) -> None:
    """A word that is shorter than the context is padded with 0 on the left."""
    _same_examples(build_contexts([word], ".ab", length), [word], ".ab", length)


@law("build_contexts", draw.words_and_vocabulary(), lengths)
def words_may_come_from_an_iterator(build_contexts: Function, drawn: tuple[list[str], str], length: int) -> None:
    """Words may come from an iterator, which can be walked through once."""
    words, vocabulary = drawn
    _same_examples(build_contexts(iter(words), vocabulary, length), words, vocabulary, length)


@law("build_contexts", st.sampled_from([0, -1]))
def no_context_is_refused(build_contexts: Function, length: int) -> None:
    """A context length below 1 is refused."""
    refuses(lambda: build_contexts(["ab"], ".ab", length))


@law("build_contexts", st.sampled_from(["emma", ""]))
def one_bare_str_is_refused(build_contexts: Function, words: str) -> None:
    """One bare str is no list of words, and is refused."""
    refuses(lambda: build_contexts(words, ".aem", 2))


@law("build_contexts", st.sampled_from([("a.b", ".ab"), ("abc", ".ab"), ("ab", ".aab"), ("ab", "ab."), ("ab", "ab")]))
def words_that_do_not_fit_are_refused(build_contexts: Function, word: str, vocabulary: str) -> None:
    """Unknown characters, "." in a word, and a vocabulary that repeats one or does not begin with "." are refused."""
    refuses(lambda: build_contexts([word], vocabulary, 2))


@law("build_contexts", st.integers(300, 400), examples=3)
def there_may_be_many_tokens(build_contexts: Function, size: int) -> None:
    """Ids go beyond 255, and contexts may be long: here of 20 tokens."""
    vocabulary = "." + "".join(map(chr, range(0x4E00, 0x4E00 + size - 1)))
    _same_examples(build_contexts([vocabulary[-25:]], vocabulary, 20), [vocabulary[-25:]], vocabulary, 20)


@law("build_contexts", lengths)
def no_words_give_no_examples(build_contexts: Function, length: int) -> None:
    """Without words there are no examples: the shapes are (0, context_length) and (0,)."""
    contexts, targets = _two(build_contexts([], ".ab", length), "contexts and the targets")
    a_tensor(contexts, (0, length), "integers")
    a_tensor(targets, (0,), "integers")


@st.composite
def examples(draw_from: st.DrawFn) -> tuple[Tensor, Tensor, int]:
    """Contexts, their targets, and how many tokens there are."""
    size, length = draw_from(st.integers(1, 4)), draw_from(st.integers(1, 3))
    ids = st.integers(0, size - 1)
    rows = draw_from(st.lists(st.lists(ids, min_size=length + 1, max_size=length + 1), min_size=1, max_size=12))
    table = torch.tensor(rows, dtype=torch.int64).view(-1, length + 1)
    return table[:, :-1].clone(), table[:, -1].clone(), size


def _counted(count_contexts: Function, contexts: Tensor, targets: Tensor, size: int) -> None:
    expected: dict[tuple[int, ...], list[int]] = {}
    for context, target in zip(contexts.tolist(), targets.tolist(), strict=True):
        expected.setdefault(tuple(context), [0] * size)[target] += 1
    distinct, counts = _two(count_contexts(contexts, targets, size), "distinct contexts and their counts")
    if a_tensor(distinct, (len(expected), contexts.shape[1]), "integers") != [
        list(context) for context in sorted(expected)
    ]:
        broken(f"the distinct contexts should be {[list(context) for context in sorted(expected)]}")
    rows = [expected[context] for context in sorted(expected)]
    agree(a_tensor(counts, (len(expected), size), "integers"), rows, "counts")


@law("count_contexts", examples())
def each_distinct_context_has_its_counts(
    count_contexts: Function, contexts: Tensor, targets: Tensor, size: int
) -> None:
    """Each distinct context stands once, sorted; its row tells how often each token came after it."""
    _counted(count_contexts, contexts, targets, size)


@law("count_contexts", st.integers(300, 400), examples=3)
def many_of_one_kind_are_counted(count_contexts: Function, n: int) -> None:
    """The counts go beyond 255, and their type has room for large ones."""
    contexts, targets = torch.tensor([[0, 1]] * n), torch.ones(n, dtype=torch.int64)
    _counted(count_contexts, contexts, targets, 2)
    enough_room(count_contexts(contexts, targets, 2)[1])


@law("count_contexts", st.integers(2, 40) | st.integers(300, 400), st.integers(2, 40), st.sampled_from([0, 20]))
def larger_ids_stay_apart(count_contexts: Function, size: int, m: int, between: int) -> None:
    """Contexts are the same only if all their ids are, in their order: 0, 1 is not 1, 0."""
    contexts = torch.tensor([[i % size, *[1] * between, (i * i + 1) % size] for i in range(m)])
    _counted(count_contexts, contexts, contexts.sum(dim=1) % size, size)


@law("count_contexts", examples())
def nothing_is_changed(count_contexts: Function, contexts: Tensor, targets: Tensor, size: int) -> None:
    """Contexts and targets are left as they were."""
    before = contexts.clone(), targets.clone()
    count_contexts(contexts, targets, size)
    if not (torch.equal(contexts, before[0]) and torch.equal(targets, before[1])):
        broken("it changed the contexts or the targets")


@law("count_contexts", st.sampled_from([([[0], [1]], [1]), ([[0]], [0, 1]), ([[0]], [2]), ([[0], [1]], [0, -1])]))
def targets_that_do_not_fit_are_refused(count_contexts: Function, contexts: list[Any], targets: list[int]) -> None:
    """There must be one target for each context, and each an id of the vocabulary; else it is refused."""
    refuses(lambda: count_contexts(torch.tensor(contexts), torch.tensor(targets), 2))


@law("count_contexts", lengths)
def no_contexts_have_no_counts(count_contexts: Function, length: int) -> None:
    """Without contexts there is nothing to count: the shapes are (0, context_length) and (0, vocab_size)."""
    _counted(count_contexts, torch.zeros(0, length, dtype=torch.int64), torch.zeros(0, dtype=torch.int64), 3)


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


def _flat(parameters: Any) -> list[float]:
    embedding, weights, biases = _parts(parameters)
    return [number for piece in [embedding, *weights, *biases] for number in piece.flatten().tolist()]


@law("init_mlp", draw.seeds, examples=6)
def the_generator_decides(init_mlp: Function, seed: int) -> None:
    """The same generator state gives the same network, and moves on; torch's global generator is left alone."""
    generator, same = draw.generator(seed), draw.generator(seed)
    sizes: dict[str, Any] = {"embedding_size": 3, "hidden_sizes": (4,)}
    first = leaves_torchs_generator_alone(lambda: _flat(init_mlp(5, 2, **sizes, generator=generator)))
    if first != _flat(init_mlp(5, 2, **sizes, generator=same)):
        broken("the same generator state gave another network")
    if first == _flat(init_mlp(5, 2, **sizes, generator=generator)):
        broken("the same generator, used again, gave the same network: its state did not move on")


@law("init_mlp", draw.seeds, examples=6)
def without_a_generator_torchs_is_used(init_mlp: Function, seed: int) -> None:
    """Without a generator, torch's global one is used: torch.manual_seed repeats the network, and no other way does."""
    torchs_generator_decides(lambda: _flat(init_mlp(5, 2)), seed, "network")


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


def _leaves(parameters: MLP) -> MLP:
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
    leaves = _leaves(MLP(first, tuple(weights), (torch.ones(3), torch.ones(3))))
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
    if _flat(parameters) != _flat(before[0]) or not torch.equal(contexts, before[1]):
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
    leaves = _leaves(parameters)
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


# Training. Where all distinct contexts are seen once and fill one batch, each step is known to the last digit.
all_contexts = torch.tensor([[0, 0], [0, 1], [1, 2], [2, 2], [2, 1]])
all_targets = torch.tensor([1, 2, 2, 1, 0])
plain = Recipe(steps=3, batch_size=5, learning_rate=0.1, warm_up=0.0, weight_decay=0.5, dropout=())


def _train(train_mlp: Function, recipe: Recipe, seed: int = 0, dev: Any = None, start: MLP | None = None) -> Training:
    found = train_mlp(
        start or small(),
        all_contexts.clone(),
        all_targets.clone(),
        recipe,
        dev=dev,
        generator=draw.generator(seed),
        progress=False,
    )
    if found is None:
        broken("it returned nothing: is `return` missing?")
    if not isinstance(found, Training):
        broken(f"it is of type {type(found).__name__}, and should be a Training(parameters, best, losses, dev_losses)")
    return found


def _loss(parameters: Any, contexts: Tensor = all_contexts, targets: Tensor = all_targets) -> Any:
    """Return the mean of -log p; gradients flow."""
    hidden = parameters[0].double()[contexts].flatten(1)
    for layer, (weight, bias) in enumerate(zip(parameters[1], parameters[2], strict=True)):
        hidden = hidden @ weight.double() + bias.double()
        hidden = hidden if layer == len(parameters[1]) - 1 else hidden * hidden.sigmoid()
    return (hidden.logsumexp(dim=1) - hidden.gather(1, targets[:, None])[:, 0]).mean()


@law("train_mlp", st.integers(1, 6), st.sampled_from([0.0, 0.5]), st.sampled_from([0.0, 0.5]), examples=15)
def steps_go_down_the_gradient(train_mlp: Function, steps: int, decay: float, warm_up: float) -> None:
    """With all examples in each batch and no dropout, the network and its losses are those of AdamW, step by step."""
    steps *= 2 if warm_up else 1  # so that the warm-up has a whole number of steps
    recipe = plain._replace(steps=steps, weight_decay=decay, warm_up=warm_up)
    found, leaves, losses = _train(train_mlp, recipe), _leaves(small()), []
    pieces = [leaves.embedding, *leaves.weights, *leaves.biases]
    optimizer = torch.optim.AdamW(pieces, betas=(0.9, 0.99), weight_decay=decay, eps=1e-8)
    for step in range(steps):
        rising = warm_up * steps
        done = max(0.0, step - rising) / (steps - rising)
        share = min(1.0, (step + 1) / rising) if step < rising else (1 + math.cos(math.pi * done)) / 2
        optimizer.param_groups[0]["lr"] = recipe.learning_rate * share
        optimizer.zero_grad()
        loss = _loss(leaves)
        losses.append(loss.item())
        loss.backward()
        optimizer.step()
    if len(found.losses) != steps:
        broken(f"it noted {how_many(len(found.losses), 'loss').replace('losss', 'losses')} in {steps} steps")
    for step, (one, other) in enumerate(zip(found.losses, losses, strict=True)):
        if not math.isclose(one, other, rel_tol=1e-3, abs_tol=1e-4):
            broken(f"the loss before step {step + 1} is {one:.5g}, and should be {other:.5g}")
    for one, other in zip(_flat(found.parameters), _flat(leaves), strict=True):
        if not math.isclose(one, other, rel_tol=1e-2, abs_tol=1e-2):
            broken(f"after {how_many(steps, 'step')} a parameter is {one:.4g}, and should be {other:.4g}")


@law("train_mlp", st.sampled_from([(), (0.2, 0.2)]), draw.seeds, examples=4)
def the_same_seed_gives_the_same_network(train_mlp: Function, dropout: tuple[float, ...], seed: int) -> None:
    """The same generator state gives the same network and losses, and another one others; the global one stays."""
    recipe = plain._replace(steps=6, batch_size=2, dropout=dropout)
    first = leaves_torchs_generator_alone(lambda: _train(train_mlp, recipe, seed=seed))
    again, other = _train(train_mlp, recipe, seed=seed), _train(train_mlp, recipe, seed=seed + 1)
    if first.losses != again.losses or _flat(first.parameters) != _flat(again.parameters):
        broken("the same generator state gave another network")
    if first.losses == other.losses:
        broken("another generator state gave the same losses: nothing is drawn from it")


@law("train_mlp", st.integers(1, 4), st.sampled_from([(), (0.5, 0.5)]))
def the_first_network_is_left_alone(train_mlp: Function, steps: int, dropout: tuple[float, ...]) -> None:
    """The parameters that come in are left as they were, and what comes out does not remember how it was computed."""
    start = small()
    found = _train(
        train_mlp, plain._replace(steps=steps, dropout=dropout), start=start, dev=(all_contexts, all_targets)
    )
    if _flat(start) != _flat(small()):
        broken("it changed the parameters that were given")
    for parameters in (found.parameters, found.best):
        if any(piece.grad_fn for piece in [parameters.embedding, *parameters.weights, *parameters.biases]):
            broken("the network that it returns remembers how it was computed, and keeps all that in memory: detach it")


@law("train_mlp", draw.seeds, examples=3)
def a_rule_is_learned(train_mlp: Function, seed: int) -> None:
    """Where each context has one possible target, the network learns it: the loss falls below 0.1 nats."""
    recipe = Recipe(steps=150, batch_size=2, learning_rate=0.1, warm_up=0.1, weight_decay=0.0, dropout=())
    loss = _loss(_train(train_mlp, recipe, seed).parameters).item()
    if not loss < 0.1:
        broken(f"after 150 steps the loss is {loss:.3f} nats, and was {_loss(small()).item():.3f}")


@law("train_mlp", draw.seeds, examples=4)
def dropout_is_for_training_alone(train_mlp: Function, seed: int) -> None:
    """Dropout makes the losses of training random; the held-back examples are scored without it."""
    dev = all_contexts[:3], all_targets[:3]
    recipe = plain._replace(steps=4, dropout=(0.5, 0.5))
    found = _train(train_mlp, recipe, seed, dev)
    # None of 120 numbers left out: once in 2^100 cases
    if found.losses == _train(train_mlp, recipe._replace(dropout=()), seed, dev).losses:
        broken("with dropout and without it, the losses are the same")
    step, loss = found.dev_losses[-1]
    if step != 4 or not math.isclose(loss, _loss(found.parameters, *dev).item(), rel_tol=1e-3, abs_tol=1e-5):
        broken(
            f"the last dev loss is {loss:.5g}, of step {step}; after step 4 the network has "
            f"{_loss(found.parameters, *dev).item():.5g}, without dropout"
        )


@law("train_mlp", draw.seeds, examples=4)
def the_best_network_is_kept(train_mlp: Function, seed: int) -> None:
    """`best` is the network with the lowest loss on the held-back examples; without those, it is the last one."""
    dev = torch.tensor([[0, 1], [2, 2]]), torch.tensor([0, 0])  # what no training example says: it gets worse and worse
    found = _train(train_mlp, plain._replace(steps=20, batch_size=2), seed, dev)
    lowest = min(loss for _, loss in found.dev_losses)
    if not math.isclose(_loss(found.best, *dev).item(), lowest, rel_tol=1e-3, abs_tol=1e-5):
        broken(f"the lowest dev loss is {lowest:.5g}, and that of `best` {_loss(found.best, *dev).item():.5g}")
    found = _train(train_mlp, plain, seed)
    if found.dev_losses or _flat(found.best) != _flat(found.parameters):
        broken("without held-back examples there are no dev losses, and `best` is `parameters`")


@law("train_mlp", st.sampled_from([1e6, 1e9]), examples=2)
def going_astray_is_refused(train_mlp: Function, rate: float) -> None:
    """A learning rate so large that the loss climbs beyond all measure is refused."""
    refuses(lambda: _train(train_mlp, plain._replace(steps=30, learning_rate=rate)))


@law("train_mlp", st.sampled_from([([], []), ([[0, 1]], [0, 1]), ([[0, 1]], [3]), ([[0, 3]], [1]), ([[0]], [1])]))
def examples_that_do_not_fit_are_refused(train_mlp: Function, contexts: list[Any], targets: list[int]) -> None:
    """No examples are refused, and examples that don't fit the network."""
    length = len(contexts[0]) if contexts else 2
    given = torch.tensor(contexts).long().view(len(contexts), length), torch.tensor(targets).long()
    refuses(lambda: train_mlp(small(), *given, plain, progress=False, generator=draw.generator(0)))
