"""What goes wrong when a model looks back further."""

import math
from itertools import pairwise
from typing import Any

import torch

from bigramlab.generating import generate_words
from bigramlab.mistakes.mistake import mistake
from bigramlab.mlp import MLP, Training, mlp_logits, mlp_probs, train_mlp
from bigramlab.optimizing import Recipe


def _refuse(words: Any, vocabulary: Any, context_length: Any) -> Any:
    if context_length < 1:
        raise ValueError("the context length is below 1")
    if vocabulary[:1] != "." or len(set(vocabulary)) < len(vocabulary):
        raise ValueError("the vocabulary repeats a character or does not begin with '.'")
    if isinstance(words, str):
        raise TypeError("one bare str")
    words = [*words]
    if not set("".join(words)) <= set(vocabulary[1:]):
        raise ValueError("a word has '.' or an unknown character in it")
    return words


def _examples(contexts: list[list[int]], targets: list[int], context_length: int) -> Any:
    shape = (len(contexts), context_length)
    return torch.tensor(contexts, dtype=torch.int64).view(shape), torch.tensor(targets, dtype=torch.int64)


def _loop(words: Any, vocabulary: str, context_length: int) -> tuple[list[list[int]], list[int]]:
    """Build them as it should be done."""
    contexts, targets = [], []
    for word in words:
        context = [0] * context_length
        for id in [*map(vocabulary.index, word), 0]:
            contexts.append(context)
            targets.append(id)
            context = [*context[1:], id]
    return contexts, targets


@mistake("build_contexts")
def contexts_run_on(words: Any, vocabulary: Any, context_length: Any) -> Any:
    """The context is not begun afresh for each word, so a word's first letters are predicted from the word before.

    Print the contexts of `["ab", "cd"]`: the one before `"c"` has `"b"` in it, and should be all 0.
    """
    words = _refuse(words, vocabulary, context_length)
    contexts, targets, context = [], [], [0] * context_length
    for word in words:
        for id in [*map(vocabulary.index, word), 0]:
            contexts.append(context)
            targets.append(id)
            context = [*context[1:], id]
    return _examples(contexts, targets, context_length)


@mistake("build_contexts")
def newest_first(words: Any, vocabulary: Any, context_length: Any) -> Any:
    """The newest token stands first in each context, and should stand last: the oldest leaves on the left.

    Print the contexts of `["abc"]` with a length of 2: the last one is `[3, 2]`, and should be `[2, 3]`.
    """
    contexts, targets = _loop(_refuse(words, vocabulary, context_length), vocabulary, context_length)
    return _examples([context[::-1] for context in contexts], targets, context_length)


@mistake("build_contexts")
def final_boundary_no_target(words: Any, vocabulary: Any, context_length: Any) -> Any:
    """The final "." of a word is no target, so a model can't learn where words end.

    Print the targets of `["ab"]`: there are two, and should be three, the last of them 0.
    """
    words = _refuse(words, vocabulary, context_length)
    contexts, targets = _loop(words, vocabulary, context_length)
    kept = [place for place, target in enumerate(targets) if target != 0]
    return _examples([contexts[place] for place in kept], [targets[place] for place in kept], context_length)


@mistake("build_contexts")
def first_letters_skipped(words: Any, vocabulary: Any, context_length: Any) -> Any:
    """Only full contexts are taken, without padding, so a word's first letters are no targets and short words are lost.

    Count the examples of `["ab"]` with a context length of 2: there is one, and should be three.
    """
    words = _refuse(words, vocabulary, context_length)
    contexts, targets = [], []
    for word in words:
        ids = [*map(vocabulary.index, word), 0]
        for place in range(context_length, len(ids)):
            contexts.append(ids[place - context_length : place])
            targets.append(ids[place])
    return _examples(contexts, targets, context_length)


@mistake("build_contexts")
def padded_on_the_right(words: Any, vocabulary: Any, context_length: Any) -> Any:
    """Short contexts are padded on the right, so the newest token stands now here, now there; it should stand last.

    Print the contexts of `["ab"]` with a length of 3: the second is `[1, 0, 0]`, and should be `[0, 0, 1]`.
    """
    words = _refuse(words, vocabulary, context_length)
    contexts, targets = [], []
    for word in words:
        ids = [*map(vocabulary.index, word), 0]
        for place, id in enumerate(ids):
            before = ids[max(0, place - context_length) : place]
            contexts.append(before + [0] * (context_length - len(before)))
            targets.append(id)
    return _examples(contexts, targets, context_length)


@mistake("build_contexts")
def target_in_the_context(words: Any, vocabulary: Any, context_length: Any) -> Any:
    """The context moves on before it is noted, so its last token is the very target: nothing is left to predict.

    Compare the last column of the contexts with the targets: they are equal.
    """
    contexts, targets = _loop(_refuse(words, vocabulary, context_length), vocabulary, context_length)
    moved = [[*context[1:], target] for context, target in zip(contexts, targets, strict=True)]
    return _examples(moved, targets, context_length)


@mistake("build_contexts")
def one_token_too_few(words: Any, vocabulary: Any, context_length: Any) -> Any:
    """The last token before the target is left out: the context ends one place too early.

    Print the contexts of `["ab"]` with a length of 1: all are 0.
    """
    words = _refuse(words, vocabulary, context_length)
    longer, targets = _loop(words, vocabulary, context_length + 1)
    return _examples([context[:-1] for context in longer], targets, context_length)


@mistake("build_contexts")
def one_list_for_all_contexts(words: Any, vocabulary: Any, context_length: Any) -> Any:
    """One list is changed in place and noted again and again, so all contexts are what it held at the end.

    Print the contexts of `["ab"]`: all rows are the same.
    """
    words = _refuse(words, vocabulary, context_length)
    contexts, targets = [], []
    for word in words:
        context = [0] * context_length
        for id in [*map(vocabulary.index, word), 0]:
            contexts.append(context)
            targets.append(id)
            del context[0]
            context.append(id)
    return _examples(contexts, targets, context_length)


@mistake("build_contexts")
def each_word_once(words: Any, vocabulary: Any, context_length: Any) -> Any:
    """A `set` of the words is walked through, so repeated words count once and the order is lost.

    Build the contexts of `["ab", "ab"]`: there are 3 examples, and should be 6.
    """
    words = _refuse(words, vocabulary, context_length)
    return _examples(*_loop(sorted(set(words)), vocabulary, context_length), context_length)


@mistake("build_contexts")
def contexts_and_targets_swapped(words: Any, vocabulary: Any, context_length: Any) -> Any:
    """The targets are returned first and then the contexts.

    Print the shapes of the two: the first has one axis, and should have two.
    """
    contexts, targets = _examples(
        *_loop(_refuse(words, vocabulary, context_length), vocabulary, context_length), context_length
    )
    return targets, contexts


@mistake("build_contexts")
def context_length_not_checked(words: Any, vocabulary: Any, context_length: Any) -> Any:
    """A context length of 0 is not refused, though a context of no tokens has nothing to look at.

    Call `build_contexts(["ab"], ".ab", 0)`: it returns tensors, and should refuse.
    """
    words = _refuse(words, vocabulary, max(1, context_length))
    return _examples(*_loop(words, vocabulary, max(0, context_length)), max(0, context_length))


@mistake("build_contexts")
def bare_str_taken_apart(words: Any, vocabulary: Any, context_length: Any) -> Any:
    """One bare `str` is taken for a list of its letters, each a word of its own.

    Call `build_contexts("ab", ".ab", 1)`: it returns examples, and should refuse.
    """
    words = _refuse(list(words), vocabulary, context_length)
    return _examples(*_loop(words, vocabulary, context_length), context_length)


def _refuse_examples(contexts: Any, targets: Any, vocab_size: Any) -> None:
    if len(contexts) != len(targets):
        raise ValueError("contexts and targets differ in length")
    if len(targets) and not 0 <= targets.min() <= targets.max() < vocab_size:
        raise ValueError("a target is no id")


def _counted(contexts: Any, targets: Any, vocab_size: Any) -> Any:
    distinct, rows = torch.unique(contexts, dim=0, return_inverse=True)
    counts = torch.bincount(rows * vocab_size + targets, minlength=len(distinct) * vocab_size)
    return distinct, counts.view(len(distinct), vocab_size)


@mistake("count_contexts")
def repeats_lost(contexts: Any, targets: Any, vocab_size: Any) -> Any:
    """`counts[rows, targets] += 1` adds 1 once, however often a pair comes: no count is above 1.

    Count a context that comes twice with the same target: the count is 1, and should be 2.
    """
    _refuse_examples(contexts, targets, vocab_size)
    distinct, counts = _counted(contexts, targets, vocab_size)
    return distinct, counts.clamp(max=1)


@mistake("count_contexts")
def not_sorted(contexts: Any, targets: Any, vocab_size: Any) -> Any:
    """The contexts stand in the order in which they came first, and should be sorted.

    Count the contexts `[[1], [0]]`: 1 stands first, and 0 should.
    """
    _refuse_examples(contexts, targets, vocab_size)
    distinct, counts = _counted(contexts, targets, vocab_size)
    came = list(dict.fromkeys(map(tuple, contexts.tolist())))
    rows = [distinct.tolist().index(list(context)) for context in came]
    return distinct[rows], counts[rows]


@mistake("count_contexts")
def only_the_newest_token(contexts: Any, targets: Any, vocab_size: Any) -> Any:
    """Contexts are told apart by their last token only, so all that end alike are counted together.

    Count the contexts `[[0, 1], [1, 1]]`: there is one row, and should be two.
    """
    _refuse_examples(contexts, targets, vocab_size)
    seen: dict[int, list[int]] = {}
    for context in contexts.tolist():
        seen.setdefault(context[-1], context)
    same = [seen[context[-1]] for context in contexts.tolist()]
    return _counted(torch.tensor(same, dtype=torch.int64).view(contexts.shape), targets, vocab_size)


@mistake("count_contexts")
def order_within_ignored(contexts: Any, targets: Any, vocab_size: Any) -> Any:
    """Contexts with the same tokens in another order are counted together, as if they were sets.

    Count the contexts `[[0, 1], [1, 0]]`: there is one row, and should be two.
    """
    _refuse_examples(contexts, targets, vocab_size)
    return _counted(contexts.sort(dim=1).values, targets, vocab_size)


@mistake("count_contexts")
def contexts_not_made_distinct(contexts: Any, targets: Any, vocab_size: Any) -> Any:
    """Each example has a row of its own, with a single 1 in it: equal contexts are not put together.

    Print the shape of the counts: it has a row for each example.
    """
    _refuse_examples(contexts, targets, vocab_size)
    counts = torch.zeros((len(targets), vocab_size), dtype=torch.int64)
    counts[torch.arange(len(targets)), targets] = 1
    return contexts, counts


@mistake("count_contexts")
def counts_divided(contexts: Any, targets: Any, vocab_size: Any) -> Any:
    """The rows are divided by their sums, so they are probabilities; asked for are the counts.

    Count any context that comes twice: the entries of its row sum to 1, and should to 2.
    """
    _refuse_examples(contexts, targets, vocab_size)
    distinct, counts = _counted(contexts, targets, vocab_size)
    return distinct, counts / counts.sum(dim=1, keepdim=True)


@mistake("count_contexts")
def targets_not_checked(contexts: Any, targets: Any, vocab_size: Any) -> Any:
    """Targets that are no ids are not refused: -1 is counted as the last token, or in the row of another context.

    Call `count_contexts(torch.tensor([[0]]), torch.tensor([-1]), 2)`: it should refuse.
    """
    if len(contexts) != len(targets):
        raise ValueError("contexts and targets differ in length")
    return _counted(contexts, targets % vocab_size, vocab_size)


def _sizes(vocab_size: Any, context_length: Any, options: Any) -> tuple[tuple[int, int], list[tuple[int, int]]]:
    """Return the shapes of the embedding and of the layers."""
    embedding_size, hidden_sizes = options.get("embedding_size", 32), options.get("hidden_sizes", (384, 128))
    if min(vocab_size, context_length, embedding_size, *hidden_sizes) < 1:
        raise ValueError("a size is below 1")
    return (vocab_size, embedding_size), list(pairwise([context_length * embedding_size, *hidden_sizes, vocab_size]))


def _network(vocab_size: Any, context_length: Any, options: Any, last: float = 0.1) -> MLP:
    """Make a network, whose last layer may have a wrong scale."""
    generator = options.get("generator")
    table, layers = _sizes(vocab_size, context_length, options)
    embedding = torch.randn(table, generator=generator)
    weights = [torch.randn(shape, generator=generator) * math.sqrt(2 / shape[0]) for shape in layers]
    weights[-1] = weights[-1] * last
    return MLP(embedding, tuple(weights), tuple(torch.zeros(outputs) for _, outputs in layers))


@mistake("init_mlp")
def last_layer_too_large(vocab_size: Any, context_length: Any, **options: Any) -> Any:
    """The last layer is as large as the others, so the logits are far apart: confident nonsense, and a high loss.

    Print the loss of a new network: it is well above log(vocab).
    """
    return _network(vocab_size, context_length, options, last=2)


@mistake("init_mlp")
def weights_not_scaled(vocab_size: Any, context_length: Any, **options: Any) -> Any:
    """The weights are not divided by the root of the number of inputs, so the numbers grow from layer to layer.

    Print `(weights[0] ** 2).mean() * len(weights[0])`: it should be about 2, and is as large as the layer has inputs.
    """
    table, layers = _sizes(vocab_size, context_length, options)
    embedding, *weights = (torch.randn(shape, generator=options.get("generator")) for shape in [table, *layers])
    return MLP(embedding, tuple(weights), tuple(torch.zeros(outputs) for _, outputs in layers))


@mistake("init_mlp")
def all_zeros(vocab_size: Any, context_length: Any, **options: Any) -> Any:
    """All parameters are 0, so all tokens and all hidden numbers are alike, get equal gradients and stay alike.

    Print the embedding: all rows are the same.
    """
    table, layers = _sizes(vocab_size, context_length, options)
    return MLP(
        torch.zeros(table), tuple(map(torch.zeros, layers)), tuple(torch.zeros(outputs) for _, outputs in layers)
    )


@mistake("init_mlp")
def ones_for_random_numbers(vocab_size: Any, context_length: Any, **options: Any) -> Any:
    """All weights of a matrix are the same number, so all hidden numbers are alike, get equal gradients and stay alike.

    Print the columns of `weights[0]`: all are the same.
    """
    network = _network(vocab_size, context_length, options)
    return network._replace(weights=tuple(torch.ones_like(weight) / len(weight) for weight in network.weights))


@mistake("init_mlp")
def one_vector_for_all_tokens(vocab_size: Any, context_length: Any, **options: Any) -> Any:
    """All tokens begin with the same vector, so at first the network can't tell them apart.

    Print the embedding: all rows are the same.
    """
    network = _network(vocab_size, context_length, options)
    return network._replace(embedding=network.embedding[:1].repeat(vocab_size, 1))


@mistake("init_mlp")
def random_biases(vocab_size: Any, context_length: Any, **options: Any) -> Any:
    """The biases are random, too, so some tokens are held for likelier than others before anything was learned.

    Print `biases[-1]`: it should be all 0.
    """
    network = _network(vocab_size, context_length, options)
    biases = tuple(torch.randn(bias.shape, generator=options.get("generator")) for bias in network.biases)
    return network._replace(biases=biases)


@mistake("init_mlp")
def positive_weights_only(vocab_size: Any, context_length: Any, **options: Any) -> Any:
    """`torch.rand` draws from 0 to 1, so all weights are positive; `torch.randn` is centered at 0.

    Print `weights[0].min()`: it is above 0.
    """
    network = _network(vocab_size, context_length, options)
    return network._replace(weights=tuple(weight.abs() for weight in network.weights))


@mistake("init_mlp")
def generator_not_used(vocab_size: Any, context_length: Any, **options: Any) -> Any:
    """The generator is accepted and not passed on, so the network can't be repeated.

    Make two networks, with `torch.Generator().manual_seed(1)` each time: they differ.
    """
    return _network(vocab_size, context_length, options | {"generator": None})


@mistake("init_mlp")
def fixed_seed_inside(vocab_size: Any, context_length: Any, **options: Any) -> Any:
    """A generator with a fixed seed is made inside, so every network is the same and the given one is not used.

    Make two networks: they are the same.
    """
    return _network(vocab_size, context_length, options | {"generator": torch.Generator().manual_seed(42)})


@mistake("init_mlp")
def matrices_transposed(vocab_size: Any, context_length: Any, **options: Any) -> Any:
    """The matrices have the shape (outputs, inputs), and should have (inputs, outputs), for `x @ weight`.

    Print the shape of `weights[0]`: its first number should be context_length · embedding_size.
    """
    network = _network(vocab_size, context_length, options)
    return network._replace(weights=tuple(weight.T.contiguous() for weight in network.weights))


@mistake("init_mlp")
def first_layer_for_one_token(vocab_size: Any, context_length: Any, **options: Any) -> Any:
    """The first layer takes one vector, and should take those of the whole context, one after the other.

    Print the shape of `weights[0]`: its first number should be context_length · embedding_size.
    """
    _sizes(vocab_size, context_length, options)
    return _network(vocab_size, 1, options)


@mistake("init_mlp")
def last_layer_forgotten(vocab_size: Any, context_length: Any, **options: Any) -> Any:
    """The layer from the last hidden numbers to the logits is missing.

    Print `len(weights)`: it should be one more than there are hidden layers.
    """
    network = _network(vocab_size, context_length, options)
    return network._replace(weights=network.weights[:-1], biases=network.biases[:-1])


@mistake("init_mlp")
def sizes_not_checked(vocab_size: Any, context_length: Any, **options: Any) -> Any:
    """Sizes of 0 are not refused, and give a network that has nothing to compute with.

    Call `init_mlp(3, context_length=0)`: it should refuse.
    """
    try:
        return _network(vocab_size, context_length, options)
    except ValueError:
        return MLP(torch.zeros(0, 0), (), ())


def _refuse_contexts(parameters: Any, contexts: Any) -> None:
    if contexts.ndim != 2 or contexts.shape[1] != parameters.context_length:
        raise ValueError("the contexts have another length")
    if contexts.numel() and not 0 <= contexts.min() <= contexts.max() < len(parameters.embedding):
        raise ValueError("an id is none of the network's")


def _layers(parameters: Any, hidden: Any, bend: Any = lambda x: x * x.sigmoid(), last: Any = lambda x: x) -> Any:
    """Go through the layers, perhaps with another bend."""
    for weight, bias in zip(parameters.weights[:-1], parameters.biases[:-1], strict=True):
        hidden = bend(hidden @ weight + bias)
    return last(hidden @ parameters.weights[-1] + parameters.biases[-1])


def _looked_up(parameters: Any, contexts: Any) -> Any:
    return parameters.embedding[contexts].flatten(1)


@mistake("mlp_logits")
def no_bend(parameters: Any, contexts: Any) -> Any:
    """There is no bend between the layers, so all of them are one matrix, however many there are.

    Look for `sigmoid` in the code: each hidden layer should end with x · sigmoid(x).
    """
    _refuse_contexts(parameters, contexts)
    return _layers(parameters, _looked_up(parameters, contexts), bend=lambda x: x)


@mistake("mlp_logits")
def bend_after_the_last_layer(parameters: Any, contexts: Any) -> Any:
    """The last layer is bent, too, so no logit is below -0.28, and no token can be held for improbable.

    Print the smallest logit: it should be as low as the parameters say.
    """
    _refuse_contexts(parameters, contexts)
    return _layers(parameters, _looked_up(parameters, contexts), last=lambda x: x * x.sigmoid())


@mistake("mlp_logits")
def relu_for_the_bend(parameters: Any, contexts: Any) -> Any:
    """ReLU, the larger of x and 0, is another bend than x · sigmoid(x), with which this network was made.

    Print the hidden numbers: none is below 0, and some should be a little.
    """
    _refuse_contexts(parameters, contexts)
    return _layers(parameters, _looked_up(parameters, contexts), bend=torch.relu)


@mistake("mlp_logits")
def tanh_for_the_bend(parameters: Any, contexts: Any) -> Any:
    """The tanh of Bengio's network is another bend than x · sigmoid(x), with which this one was made.

    Print the hidden numbers: none is above 1, and some should be.
    """
    _refuse_contexts(parameters, contexts)
    return _layers(parameters, _looked_up(parameters, contexts), bend=torch.tanh)


@mistake("mlp_logits")
def sigmoid_for_the_bend(parameters: Any, contexts: Any) -> Any:
    """The bend is sigmoid(x) alone, and should be x · sigmoid(x).

    Print the hidden numbers: all are between 0 and 1.
    """
    _refuse_contexts(parameters, contexts)
    return _layers(parameters, _looked_up(parameters, contexts), bend=torch.sigmoid)


@mistake("mlp_logits")
def mean_for_concatenation(parameters: Any, contexts: Any) -> Any:
    """The vectors of the context are averaged, so the network can't tell `ab` from `ba`; put them side by side.

    Compare the logits after `[[1, 2]]` with those after `[[2, 1]]`: they are equal.
    """
    _refuse_contexts(parameters, contexts)
    mean = parameters.embedding[contexts].mean(dim=1)
    return _layers(parameters, mean.repeat(1, contexts.shape[1]))


@mistake("mlp_logits")
def concatenated_newest_first(parameters: Any, contexts: Any) -> Any:
    """The vectors are concatenated newest first, and should be oldest first.

    Compare the logits with those of the reversed context: this one gives what that one should.
    """
    _refuse_contexts(parameters, contexts)
    return _layers(parameters, _looked_up(parameters, contexts.flip(1)))


@mistake("mlp_logits")
def numbers_interleaved(parameters: Any, contexts: Any) -> Any:
    """The first numbers of all vectors come first, then the second ones; each vector should stay in one piece.

    Print `embedding[contexts].flatten(1)` and compare: the axes were swapped before flattening.
    """
    _refuse_contexts(parameters, contexts)
    return _layers(parameters, parameters.embedding[contexts].transpose(1, 2).flatten(1))


@mistake("mlp_logits")
def biases_forgotten(parameters: Any, contexts: Any) -> Any:
    """The biases are not added.

    Change a bias and print the logits again: they stay.
    """
    _refuse_contexts(parameters, contexts)
    zeros = tuple(torch.zeros_like(bias) for bias in parameters.biases)
    return _layers(parameters._replace(biases=zeros), _looked_up(parameters, contexts))


@mistake("mlp_logits")
def newest_token_only(parameters: Any, contexts: Any) -> Any:
    """Only the newest token is looked up, as in a bigram model, and 0 stands for the others.

    Change the oldest token of a context: the logits stay.
    """
    _refuse_contexts(parameters, contexts)
    vectors = parameters.embedding[contexts]
    return _layers(parameters, torch.cat([torch.zeros_like(vectors[:, :-1]), vectors[:, -1:]], dim=1).flatten(1))


@mistake("mlp_logits")
def softmax_inside(parameters: Any, contexts: Any) -> Any:
    """Probabilities are returned, and should be logits: a second softmax over them would make all about equal.

    Print the sum of a row: it is 1.
    """
    _refuse_contexts(parameters, contexts)
    return _layers(parameters, _looked_up(parameters, contexts), last=lambda x: x.softmax(dim=1))


@mistake("mlp_logits")
def whole_batch_in_one_row(parameters: Any, contexts: Any) -> Any:
    """The contexts of the batch are mixed: the logits of each have the mean of the batch subtracted.

    Compare the logits after one context with those of the same context in a batch: they differ.
    """
    _refuse_contexts(parameters, contexts)
    logits = _layers(parameters, _looked_up(parameters, contexts))
    return logits - logits.mean(dim=0, keepdim=True) if len(logits) else logits


@mistake("mlp_logits")
def gradients_cut_off(parameters: Any, contexts: Any) -> Any:
    """The logits are detached, or made under `torch.no_grad()`, so no gradient comes to the parameters.

    Print `mlp_logits(parameters, contexts).requires_grad` for parameters that require gradients: it is False.
    """
    _refuse_contexts(parameters, contexts)
    return _layers(parameters, _looked_up(parameters, contexts)).detach()


@mistake("mlp_logits")
def negative_ids_accepted(parameters: Any, contexts: Any) -> Any:
    """The id -1 is not refused: Python takes the last token's vector for it.

    Call it with `torch.tensor([[-1]])` for a network that looks back one token: it returns logits, and should refuse.
    """
    _refuse_contexts(parameters, contexts.clamp(min=0) if contexts.ndim == 2 else contexts)
    return _layers(parameters, _looked_up(parameters, contexts % len(parameters.embedding)))


@mistake("mlp_probs")
def logits_for_probabilities(parameters: Any, contexts: Any) -> Any:
    """The logits are returned as they are: `softmax` is missing.

    Print the sum of a row: it is not 1.
    """
    return mlp_logits(parameters, contexts).detach()


@mistake("mlp_probs")
def shares_among_the_contexts(parameters: Any, contexts: Any) -> Any:
    """The softmax is taken along the batch, so the columns sum to 1; the rows should.

    Print `probs.sum(dim=1)`: it should be all 1.
    """
    logits = mlp_logits(parameters, contexts).detach()
    return logits.softmax(dim=0) if len(logits) else logits


@mistake("mlp_probs")
def gradients_kept(parameters: Any, contexts: Any) -> Any:
    """The probabilities carry gradients: sampling a thousand words would keep every step of all of them in memory.

    Print `mlp_probs(parameters, contexts).requires_grad` for parameters that require gradients: it should be False.
    """
    return mlp_logits(parameters, contexts).softmax(dim=1)


@mistake("sample_mlp_words")
def newest_token_first(parameters: Any, vocabulary: Any, n: Any, *, generator: Any = None) -> Any:
    """The network is asked with the newest token first, and was trained with the oldest first.

    Print the context before each letter of a word: the letter drawn last should stand last.
    """
    length = parameters.context_length

    def asked(contexts: Any) -> Any:
        return mlp_probs(parameters, contexts.flip(1))

    return generate_words(asked, vocabulary, n, context_length=length, generator=generator)


@mistake("sample_mlp_words")
def always_the_likeliest(parameters: Any, vocabulary: Any, n: Any, *, generator: Any = None) -> Any:
    """`argmax` takes the likeliest token every time, so all words are the same; each should be drawn.

    Print `set(sample_mlp_words(parameters, vocabulary, 20))`: it has one word.
    """
    if len(vocabulary) != len(parameters.embedding) or len(set(vocabulary)) < len(vocabulary) or vocabulary[0] != ".":
        raise ValueError("the vocabulary does not fit")
    if n < 0:
        raise ValueError("n is negative")
    context = torch.zeros((1, parameters.context_length), dtype=torch.int64)
    word = ""
    while len(word) < 20:
        id = int(mlp_probs(parameters, context).argmax())
        if id == 0:
            break
        word += vocabulary[id]
        context = torch.cat([context[:, 1:], torch.tensor([[id]])], dim=1)
    return [word] * n


@mistake("train_mlp")
def trained_in_place(parameters: Any, contexts: Any, targets: Any, recipe: Any = Recipe(), **options: Any) -> Any:
    """The given parameters are changed in place, so the network from before the training is lost.

    Keep a copy of the parameters, train, and compare: they differ.
    """
    found = train_mlp(parameters, contexts, targets, recipe, **options)
    old = [parameters.embedding, *parameters.weights, *parameters.biases]
    new = [found.parameters.embedding, *found.parameters.weights, *found.parameters.biases]
    for before, after in zip(old, new, strict=True):
        before.copy_(after)
    return found


@mistake("train_mlp")
def best_is_the_last(parameters: Any, contexts: Any, targets: Any, recipe: Any = Recipe(), **options: Any) -> Any:
    """`best` is the network after the last step, and should be the one with the lowest loss on the held-back examples.

    Train until the dev loss rises again, and score `best`: its loss is the last one, not the lowest.
    """
    found = train_mlp(parameters, contexts, targets, recipe, **options)
    return found._replace(best=found.parameters)


@mistake("train_mlp")
def never_trained(parameters: Any, contexts: Any, targets: Any, recipe: Any = Recipe(), **options: Any) -> Any:
    """The new parameters are computed and not kept, so the network stays as it was.

    Print the losses: they do not fall.
    """
    found = train_mlp(parameters, contexts, targets, recipe, **options)
    return found._replace(parameters=parameters, best=parameters)


def _plain_training(parameters: Any, contexts: Any, targets: Any, recipe: Any, options: Any, wrong: str) -> Training:
    """Train with torch's AdamW, one thing being wrong."""
    dev, generator = options.get("dev"), options.get("generator")
    if (
        not len(targets)
        or len(targets) != len(contexts)
        or not 0 <= targets.min() <= targets.max() < len(parameters[0])
    ):
        raise ValueError("the examples don't fit")
    _refuse_contexts(parameters, contexts)
    pieces = [piece.clone().requires_grad_() for piece in [parameters[0], *parameters[1], *parameters[2]]]
    layers = len(parameters.weights)
    optimizer = torch.optim.AdamW(pieces, betas=(0.9, 0.99), weight_decay=recipe.weight_decay)
    losses, scored, order = [], [], torch.empty(0, dtype=torch.int64)

    def network() -> MLP:
        copies = [piece.detach().clone() for piece in pieces]
        return MLP(copies[0], tuple(copies[1 : 1 + layers]), tuple(copies[1 + layers :]))

    def logits_of(contexts: Any, dropout: Any) -> Any:
        x = pieces[0][contexts].flatten(1)
        for number in range(layers):
            if number < len(dropout):
                x = x * (torch.rand(x.shape, generator=generator) >= dropout[number]) / (1 - dropout[number])
            x = x @ pieces[1 + number] + pieces[1 + layers + number]
            x = x * x.sigmoid() if number < layers - 1 else x
        return x

    for step in range(recipe.steps):
        if not len(order):
            order = torch.randperm(len(targets), generator=generator)
        batch, order = order[: recipe.batch_size], order[recipe.batch_size :]
        dropout = () if wrong == "no dropout" else recipe.dropout
        loss = torch.nn.functional.cross_entropy(logits_of(contexts[batch], dropout), targets[batch])
        losses.append(loss.item())
        if not losses[-1] < 100:
            raise ValueError("the learning rate is too large")
        if wrong != "accumulated":
            optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves `backward` untyped
        rising = recipe.warm_up * recipe.steps
        done = max(0.0, step - rising) / (recipe.steps - rising)
        rate = recipe.learning_rate * (
            min(1, (step + 1) / rising) if step < rising else (1 + math.cos(math.pi * done)) / 2
        )
        optimizer.param_groups[0]["lr"] = -rate if wrong == "uphill" else rate
        optimizer.step()
        if dev:
            with torch.no_grad():
                dropout = recipe.dropout if wrong == "dropout in scores" else ()
                score = torch.nn.functional.cross_entropy(logits_of(dev[0], dropout), dev[1]).item()
            scored.append((score, step + 1, network()))
    best = min(scored, key=lambda one: one[0])[2] if scored else network()
    return Training(network(), best, losses, [(step, score) for score, step, _ in scored])


@mistake("train_mlp")
def gradients_accumulated(parameters: Any, contexts: Any, targets: Any, recipe: Any = Recipe(), **options: Any) -> Any:
    """The gradients are not set back to 0, so each step goes down the sum of all gradients so far.

    Print `parameters.grad` after two steps of the same batch: it is the sum of both gradients.
    """
    return _plain_training(parameters, contexts, targets, recipe, options, "accumulated")


@mistake("train_mlp")
def dropout_in_the_scores(parameters: Any, contexts: Any, targets: Any, recipe: Any = Recipe(), **options: Any) -> Any:
    """Numbers are left out when the held-back examples are scored, too, so the network seems worse than it is.

    Score the same network twice: the losses differ.
    """
    return _plain_training(parameters, contexts, targets, recipe, options, "dropout in scores")


@mistake("train_mlp")
def no_dropout(parameters: Any, contexts: Any, targets: Any, recipe: Any = Recipe(), **options: Any) -> Any:
    """The recipe's dropout is not applied.

    Train with `dropout=(0.5, 0.5)` and without, from the same seed: the losses are the same.
    """
    return _plain_training(parameters, contexts, targets, recipe, options, "no dropout")


@mistake("train_mlp")
def uphill(parameters: Any, contexts: Any, targets: Any, recipe: Any = Recipe(), **options: Any) -> Any:
    """The step goes along the gradient, + for -, so the loss rises.

    Print the losses: they rise.
    """
    return _plain_training(parameters, contexts, targets, recipe, options, "uphill")


@mistake("train_mlp")
def overtrained_networks_not_refused(
    parameters: Any, contexts: Any, targets: Any, recipe: Any = Recipe(), **options: Any
) -> Any:
    """A learning rate with which the loss climbs beyond all measure is not refused, and the network is spoilt.

    Train with a learning rate of a million: it should refuse.
    """
    try:
        return train_mlp(parameters, contexts, targets, recipe, **options)
    except ValueError as error:
        if "too large" not in str(error):
            raise
        return Training(parameters, parameters, [math.nan], [])


@mistake("build_contexts")
def ids_up_to_127(words: Any, vocabulary: Any, context_length: Any) -> Any:
    """The ids are of a type that ends at 255 or before, such as `torch.int8`; a vocabulary may have more tokens.

    Print the targets for the last letter of a vocabulary of 300 tokens: one should be 299.
    """
    words = _refuse(words, vocabulary, context_length)
    contexts, targets = _examples(*_loop(words, vocabulary, context_length), context_length)
    return contexts.to(torch.int8), targets.to(torch.int8)


@mistake("count_contexts")
def counts_of_16_bits(contexts: Any, targets: Any, vocab_size: Any) -> Any:
    """The counts are of type `torch.int16`, which ends at 32,767, and the names have more examples than that.

    Print `count_contexts(contexts, targets, vocab_size)[1].dtype`: it is `torch.int16`, and should be `torch.int64`.
    """
    _refuse_examples(contexts, targets, vocab_size)
    distinct, counts = _counted(contexts, targets, vocab_size)
    return distinct, counts.to(torch.int16)


@mistake("count_contexts")
def one_number_for_a_context(contexts: Any, targets: Any, vocab_size: Any) -> Any:
    """Each context becomes one number, which is too large for 64 bits if the context is long.

    Try contexts of 20 tokens of 300: they come in another order, and different ones may be taken for the same.
    """
    _refuse_examples(contexts, targets, vocab_size)
    keys = torch.zeros(len(contexts), dtype=torch.int64)
    for column in contexts.T:
        keys = keys * vocab_size + column
    distinct, rows = torch.unique(keys, return_inverse=True)
    counts = torch.bincount(rows * vocab_size + targets, minlength=len(distinct) * vocab_size)
    found = torch.zeros(len(distinct), contexts.shape[1], dtype=torch.int64)
    found[rows] = contexts
    return found, counts.view(len(distinct), vocab_size)
