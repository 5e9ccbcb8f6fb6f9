"""What goes wrong in a network that looks back: how it begins, what it computes, and the words that it writes."""

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import torch

from bigramlab import plain
from bigramlab.lessons.generating import generate_words
from bigramlab.lessons.mlp import MLP, init_mlp, mlp_logits, mlp_probs
from bigramlab.mistakes.mistake import mistake


def of_shapes(vary: Callable[..., Any]) -> Callable[..., Any]:
    """Make `init_mlp` of a variation, which gets the shape of the embedding, those of the matrices, and the generator.

    `made` of them is a network as it should be.
    """

    def init_mlp(
        vocab_size: Any,
        context_length: Any,
        *,
        embedding_size: Any = 24,
        hidden_sizes: Any = (256, 128),
        generator: Any = None,
    ) -> Any:
        sizes = [context_length * embedding_size, *hidden_sizes, vocab_size]
        return vary((vocab_size, embedding_size), list(pairwise(sizes)), generator)

    return init_mlp


def made(table: Any, layers: Any, generator: Any, last: float = 0.1) -> MLP:
    """Make a network, whose last layer may have a wrong scale."""
    embedding = torch.randn(table, generator=generator)
    weights = [torch.randn(shape, generator=generator) * math.sqrt(2 / shape[0]) for shape in layers]
    weights[-1] = weights[-1] * last
    return MLP(embedding, tuple(weights), tuple(torch.zeros(outputs) for _, outputs in layers))


@mistake("init_mlp", given=of_shapes)
def last_layer_too_large(table: Any, layers: Any, generator: Any) -> Any:
    """The last layer is as large as the others, so the logits are far apart: confident nonsense, and a high loss.

    Print the loss of a new network: it is well above log(vocab).
    """
    return made(table, layers, generator, last=2)


@mistake("init_mlp", given=of_shapes)
def weights_not_scaled(table: Any, layers: Any, generator: Any) -> Any:
    """The weights are not divided by the root of the number of inputs, so the numbers grow from layer to layer.

    Print `(weights[0] ** 2).mean() * len(weights[0])`: it should be about 2, and is as large as the layer has inputs.
    """
    embedding, *weights = (torch.randn(shape, generator=generator) for shape in [table, *layers])
    return MLP(embedding, tuple(weights), tuple(torch.zeros(outputs) for _, outputs in layers))


@mistake("init_mlp", given=of_shapes)
def one_scale_for_all_layers(table: Any, layers: Any, generator: Any) -> Any:
    """A number such as 0.1 is typed in for the scale, and should depend on how many numbers go into a layer.

    Print `(weights[0] ** 2).mean() * len(weights[0])` for a layer of 400 inputs and one of 16: both should be about 2.
    """
    network = made(table, layers, generator)
    *hidden, last = network.weights
    return network._replace(weights=(*(weight * math.sqrt(len(weight) / 200) for weight in hidden), last))


@mistake("init_mlp", given=of_shapes)
def all_zeros(table: Any, layers: Any, generator: Any) -> Any:
    """All parameters are 0, so all tokens and all hidden numbers are alike, get equal gradients and stay alike.

    Print the embedding: all rows are the same.
    """
    return MLP(
        torch.zeros(table), tuple(map(torch.zeros, layers)), tuple(torch.zeros(outputs) for _, outputs in layers)
    )


@mistake("init_mlp", given=of_shapes)
def ones_for_random_numbers(table: Any, layers: Any, generator: Any) -> Any:
    """All weights of a matrix are the same number, so all hidden numbers are alike, get equal gradients and stay alike.

    Print the columns of `weights[0]`: all are the same.
    """
    network = made(table, layers, generator)
    return network._replace(weights=tuple(torch.ones_like(weight) / len(weight) for weight in network.weights))


@mistake("init_mlp", given=of_shapes)
def one_vector_for_all_tokens(table: Any, layers: Any, generator: Any) -> Any:
    """All tokens begin with the same vector, so at first the network can't tell them apart.

    Print the embedding: all rows are the same.
    """
    network = made(table, layers, generator)
    return network._replace(embedding=network.embedding[:1].repeat(table[0], 1))


@mistake("init_mlp", given=of_shapes)
def random_biases(table: Any, layers: Any, generator: Any) -> Any:
    """The biases are random, too, so some tokens are held for likelier than others before anything was learned.

    Print `biases[-1]`: it should be all 0.
    """
    network = made(table, layers, generator)
    biases = tuple(torch.randn(bias.shape, generator=generator) for bias in network.biases)
    return network._replace(biases=biases)


@mistake("init_mlp", given=of_shapes)
def positive_weights_only(table: Any, layers: Any, generator: Any) -> Any:
    """`torch.rand` draws from 0 to 1, so all weights are positive; `torch.randn` is centered at 0.

    Print `weights[0].min()`: it is above 0.
    """
    network = made(table, layers, generator)
    return network._replace(weights=tuple(weight.abs() for weight in network.weights))


@mistake("init_mlp", given=of_shapes)
def generator_not_used(table: Any, layers: Any, generator: Any) -> Any:
    """The generator is accepted and not passed on, so the network can't be repeated.

    Make two networks, with `torch.Generator().manual_seed(1)` each time: they differ.
    """
    return made(table, layers, None)


@mistake("init_mlp", given=of_shapes)
def fixed_seed_inside(table: Any, layers: Any, generator: Any) -> Any:
    """A generator with a fixed seed is made inside, so every network is the same and the given one is not used.

    Make two networks: they are the same.
    """
    return made(table, layers, torch.Generator().manual_seed(42))


@mistake("init_mlp", given=of_shapes)
def matrices_transposed(table: Any, layers: Any, generator: Any) -> Any:
    """The matrices have the shape (outputs, inputs), and should have (inputs, outputs), for `x @ weight`.

    Print the shape of `weights[0]`: its first number should be context_length · embedding_size.
    """
    network = made(table, layers, generator)
    return network._replace(weights=tuple(weight.T.contiguous() for weight in network.weights))


@mistake("init_mlp", given=of_shapes)
def first_layer_for_one_token(table: Any, layers: Any, generator: Any) -> Any:
    """The first layer takes one vector, and should take those of the whole context, one after the other.

    Print the shape of `weights[0]`: its first number should be context_length · embedding_size.
    """
    return made(table, [(table[1], layers[0][1]), *layers[1:]], generator)


@mistake("init_mlp", given=of_shapes)
def last_layer_forgotten(table: Any, layers: Any, generator: Any) -> Any:
    """The layer from the last hidden numbers to the logits is missing.

    Print `len(weights)`: it should be one more than there are hidden layers.
    """
    network = made(table, layers, generator)
    return network._replace(weights=network.weights[:-1], biases=network.biases[:-1])


@mistake("init_mlp", careless=True)
def sizes_not_checked(vocab_size: Any, context_length: Any, **options: Any) -> Any:
    """Sizes of 0 are not refused, and give a network that has nothing to compute with.

    Call `init_mlp(3, context_length=0)`: it should refuse.
    """
    try:
        return init_mlp(vocab_size, context_length, **options)
    except ValueError:
        return MLP(torch.zeros(0, 0), (), ())


def logits_of(
    parameters: Any,
    contexts: Any,
    *,
    concatenate: Any = lambda vectors: vectors.flatten(1),
    bend: Any = lambda x: x * x.sigmoid(),
    last: Any = lambda x: x,
) -> Any:
    """Look up, concatenate and go through the layers, one of these perhaps being wrong; gradients flow."""
    hidden = concatenate(parameters.embedding[contexts])
    for weight, bias in zip(parameters.weights[:-1], parameters.biases[:-1], strict=True):
        hidden = bend(hidden @ weight + bias)
    return last(hidden @ parameters.weights[-1] + parameters.biases[-1])


@mistake("mlp_logits")
def no_bend(parameters: Any, contexts: Any) -> Any:
    """There is no bend between the layers, so all of them are one matrix, however many there are.

    Look for `sigmoid` in the code: each hidden layer should end with x · sigmoid(x).
    """
    return logits_of(parameters, contexts, bend=lambda x: x)


@mistake("mlp_logits")
def bend_after_the_last_layer(parameters: Any, contexts: Any) -> Any:
    """The last layer is bent, too, so no logit is below -0.28, and no token can be held for improbable.

    Print the smallest logit: it should be as low as the parameters say.
    """
    return logits_of(parameters, contexts, last=lambda x: x * x.sigmoid())


@mistake("mlp_logits")
def relu_for_the_bend(parameters: Any, contexts: Any) -> Any:
    """ReLU, the larger of x and 0, is another bend than x · sigmoid(x), with which this network was made.

    Print the hidden numbers: none is below 0, and some should be a little.
    """
    return logits_of(parameters, contexts, bend=torch.relu)


@mistake("mlp_logits")
def tanh_for_the_bend(parameters: Any, contexts: Any) -> Any:
    """The tanh of Bengio's network is another bend than x · sigmoid(x), with which this one was made.

    Print the hidden numbers: none is above 1, and some should be.
    """
    return logits_of(parameters, contexts, bend=torch.tanh)


@mistake("mlp_logits")
def sigmoid_for_the_bend(parameters: Any, contexts: Any) -> Any:
    """The bend is sigmoid(x) alone, and should be x · sigmoid(x).

    Print the hidden numbers: all are between 0 and 1.
    """
    return logits_of(parameters, contexts, bend=torch.sigmoid)


@mistake("mlp_logits")
def mean_for_concatenation(parameters: Any, contexts: Any) -> Any:
    """The vectors of the context are averaged, so the network can't tell `ab` from `ba`; put them side by side.

    Compare the logits after `[[1, 2]]` with those after `[[2, 1]]`: they are equal.
    """
    return logits_of(parameters, contexts, concatenate=lambda vectors: vectors.mean(1).repeat(1, vectors.shape[1]))


@mistake("mlp_logits")
def concatenated_newest_first(parameters: Any, contexts: Any) -> Any:
    """The vectors are concatenated newest first, and should be oldest first.

    Compare the logits with those of the reversed context: this one gives what that one should.
    """
    return logits_of(parameters, contexts.flip(1))


@mistake("mlp_logits")
def numbers_interleaved(parameters: Any, contexts: Any) -> Any:
    """The first numbers of all vectors come first, then the second ones; each vector should stay in one piece.

    Print `embedding[contexts].flatten(1)` and compare: the axes were swapped before flattening.
    """
    return logits_of(parameters, contexts, concatenate=lambda vectors: vectors.transpose(1, 2).flatten(1))


@mistake("mlp_logits")
def biases_forgotten(parameters: Any, contexts: Any) -> Any:
    """The biases are not added.

    Change a bias and print the logits again: they stay.
    """
    zeros = tuple(torch.zeros_like(bias) for bias in parameters.biases)
    return logits_of(parameters._replace(biases=zeros), contexts)


@mistake("mlp_logits")
def newest_token_only(parameters: Any, contexts: Any) -> Any:
    """Only the newest token is looked up, as in a bigram model, and 0 stands for the others.

    Change the oldest token of a context: the logits stay.
    """
    newest = torch.arange(contexts.shape[1]) == contexts.shape[1] - 1
    return logits_of(parameters, contexts, concatenate=lambda vectors: (vectors * newest[:, None]).flatten(1))


@mistake("mlp_logits")
def softmax_inside(parameters: Any, contexts: Any) -> Any:
    """Probabilities are returned, and should be logits: a second softmax over them would make all about equal.

    Print the sum of a row: it is 1.
    """
    return logits_of(parameters, contexts, last=lambda x: x.softmax(dim=1))


@mistake("mlp_logits")
def whole_batch_in_one_row(parameters: Any, contexts: Any) -> Any:
    """The contexts of the batch are mixed: the logits of each have the mean of the batch subtracted.

    Compare the logits after one context with those of the same context in a batch: they differ.
    """
    logits = logits_of(parameters, contexts)
    return logits - logits.mean(dim=0, keepdim=True)


@mistake("mlp_logits")
def gradients_cut_off(parameters: Any, contexts: Any) -> Any:
    """The logits are detached, or made under `torch.no_grad()`, so no gradient comes to the parameters.

    Print `mlp_logits(parameters, contexts).requires_grad` for parameters that require gradients: it is False.
    """
    return logits_of(parameters, contexts).detach()


@mistake("mlp_logits", careless=True)
def negative_ids_accepted(parameters: Any, contexts: Any) -> Any:
    """The id -1 is not refused: Python takes the last token's vector for it.

    Call it with `torch.tensor([[-1]])` for a network that looks back one token: it returns logits, and should refuse.
    """
    return mlp_logits(parameters, torch.where(contexts < 0, contexts + len(parameters.embedding), contexts))


@mistake("mlp_probs")
def logits_for_probabilities(parameters: Any, contexts: Any) -> Any:
    """The logits are returned as they are: `softmax` is missing.

    Print the sum of a row: it is not 1.
    """
    return mlp_logits(parameters, contexts).detach()


@mistake("mlp_probs")
def exponentials_not_divided(parameters: Any, contexts: Any) -> Any:
    """The exponentials of the logits are returned, and not divided by their sum.

    Print the sum of a row: it is not 1.
    """
    return mlp_logits(parameters, contexts).detach().exp()


@mistake("mlp_probs")
def shares_among_the_contexts(parameters: Any, contexts: Any) -> Any:
    """The softmax is taken along the batch, so the columns sum to 1; the rows should.

    Print `probs.sum(dim=1)`: it should be all 1.
    """
    return mlp_logits(parameters, contexts).detach().softmax(dim=0)


@mistake("mlp_probs", careless=True)
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
    return generate_words(
        lambda contexts: mlp_probs(parameters, contexts.flip(1)),
        vocabulary,
        n,
        context_length=parameters.context_length,
        generator=generator,
    )


@mistake("sample_mlp_words")
def always_the_likeliest(parameters: Any, vocabulary: Any, n: Any, *, generator: Any = None) -> Any:
    """`argmax` takes the likeliest token every time, so all words are the same; each should be drawn.

    Print `set(sample_mlp_words(parameters, vocabulary, 20))`: it has one word.
    """
    word, _ = plain.write_word(
        lambda contexts: mlp_probs(parameters, contexts),
        vocabulary,
        parameters.context_length,
        generator,
        draw=lambda probs, _: int(probs.argmax()),
        longest=20,
    )
    return [word] * n
