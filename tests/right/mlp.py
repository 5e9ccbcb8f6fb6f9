"""Right versions of the functions of `lessons/mlp`."""

import itertools
import math

import numpy as np
import torch

import bigramlab
from right.generating import generate_words_together
from right.version import check_ids, check_vocabulary, plain_right, right


def check_sizes(*sizes):
    if min(sizes) < 1:
        raise ValueError("sizes")


@right("init_mlp")
def init_mlp_lecture(vocab_size, context_length, *, embedding_size=10, hidden_sizes=(200,), generator=None):
    """As the lecture does for tanh, in double precision; the last layer times 0.01."""
    check_sizes(vocab_size, context_length, embedding_size, *hidden_sizes)
    double = {"generator": generator, "dtype": torch.float64}
    C = torch.randn(vocab_size, embedding_size, **double)
    weights, biases, inputs = [], [], context_length * embedding_size
    for outputs in hidden_sizes:
        weights.append(torch.randn(inputs, outputs, **double) * (5 / 3) / inputs**0.5)
        biases.append(torch.zeros(outputs, dtype=torch.float64))
        inputs = outputs
    weights.append(torch.randn(inputs, vocab_size, **double) * 0.01)
    biases.append(torch.zeros(vocab_size, dtype=torch.float64))
    return bigramlab.MLP(C, tuple(weights), tuple(biases))


@plain_right("init_mlp")
def init_mlp_typed_along(vocab_size, context_length, *, embedding_size=10, hidden_sizes=(200,), generator=None):
    g = generator
    C = torch.randn((vocab_size, embedding_size), generator=g)
    sizes = [context_length * embedding_size, *hidden_sizes, vocab_size]
    weights = [torch.randn((a, b), generator=g) * (5 / 3) / a**0.5 for a, b in zip(sizes, sizes[1:])]  # noqa: B905, RUF007
    weights[-1] *= 0.01
    return bigramlab.MLP(C, weights, [torch.zeros(b) for b in sizes[1:]])


@right("init_mlp")
def init_mlp_uniform(vocab_size, context_length, *, embedding_size=4, hidden_sizes=(16,), generator=None):
    """He's uniform distribution; a last layer of zeros knows nothing at all; lists for tuples."""
    check_sizes(vocab_size, context_length, embedding_size, *hidden_sizes)
    sizes = [context_length * embedding_size, *hidden_sizes, vocab_size]
    embedding = torch.rand(vocab_size, embedding_size, generator=generator) * 2 - 1
    weights = [(torch.rand(a, b, generator=generator) * 2 - 1) * math.sqrt(6 / a) for a, b in itertools.pairwise(sizes)]
    weights[-1] = torch.zeros(sizes[-2], vocab_size)
    return bigramlab.MLP(embedding, weights, [torch.zeros(size) for size in sizes[1:]])


@right("init_mlp")
def init_mlp_normal_(vocab_size, context_length, *, embedding_size=8, hidden_sizes=(16,), generator=None):
    """Filled in place, leaves that are ready for autograd; Xavier's scale."""
    check_sizes(vocab_size, context_length, embedding_size, *hidden_sizes)
    embedding = torch.empty(vocab_size, embedding_size).normal_(generator=generator).requires_grad_()
    weights, biases = (), ()
    sizes = [context_length * embedding_size, *hidden_sizes, vocab_size]
    for number, (a, b) in enumerate(itertools.pairwise(sizes)):
        std = math.sqrt(2 / (a + b)) if number < len(hidden_sizes) else 0.05 / math.sqrt(a)
        weights += (torch.empty(a, b).normal_(0, std, generator=generator).requires_grad_(),)
        biases += (torch.zeros(b, requires_grad=True),)
    return bigramlab.MLP(embedding, weights, biases)


@right("mlp_logits")
def mlp_logits_indexing(parameters, contexts):
    check_ids(parameters, contexts)
    x = parameters.embedding[contexts].flatten(1)
    for weight, bias in zip(parameters.weights[:-1], parameters.biases[:-1], strict=True):
        x = torch.nn.functional.silu(x @ weight + bias)
    return x @ parameters.weights[-1] + parameters.biases[-1]


@plain_right("mlp_logits")
def mlp_logits_typed_along(parameters, contexts):
    emb = parameters.embedding[contexts]
    h = emb.view(emb.shape[0], -1)
    for W, b in zip(parameters.weights[:-1], parameters.biases[:-1]):  # noqa: B905
        h = h @ W + b
        h = h * torch.sigmoid(h)
    return h @ parameters.weights[-1] + parameters.biases[-1]


@right("mlp_logits")
def mlp_logits_one_hot(parameters, contexts):
    """In double precision, with one-hot rows and einsum."""
    check_ids(parameters, contexts)
    hot = torch.nn.functional.one_hot(contexts.long(), len(parameters.embedding)).double()
    x = torch.einsum("bcv,ve->bce", hot, parameters.embedding.double()).reshape(
        len(contexts), len(parameters.weights[0])
    )
    last = len(parameters.weights) - 1
    for number in range(last + 1):
        x = torch.addmm(parameters.biases[number].double(), x, parameters.weights[number].double())
        if number != last:
            x = x / (1 + torch.exp(-x))
    return x


@right("mlp_logits")
def mlp_logits_row_by_row(parameters, contexts):
    check_ids(parameters, contexts)
    rows = [torch.empty(0, len(parameters.embedding))]
    for context in contexts:
        x = torch.cat([parameters.embedding[id] for id in context])
        *layers, (weight, bias) = zip(parameters.weights, parameters.biases, strict=True)
        for w, b in layers:
            x = w.T @ x + b
            x = x * torch.sigmoid(x)
        rows.append((weight.T @ x + bias)[None])
    return torch.cat(rows)


@right("mlp_logits")
def mlp_logits_slices(parameters, contexts):
    """The first layer as a sum over the places of the context: a table of what each token gives at each place."""
    check_ids(parameters, contexts)
    embedding, weights, biases = parameters
    width = embedding.shape[1]
    x = biases[0]
    for place in range(contexts.shape[1]):
        x = x + (embedding @ weights[0][place * width : (place + 1) * width])[contexts[:, place]]
    for weight, bias in zip(weights[1:], biases[1:], strict=True):
        x = (x * x.sigmoid()) @ weight + bias
    return x


@right("mlp_probs")
def mlp_probs_softmax(parameters, contexts):
    return mlp_logits_indexing(parameters, contexts).softmax(dim=-1).detach()


@plain_right("mlp_probs")
def mlp_probs_typed_along(parameters, contexts):
    counts = mlp_logits_typed_along(parameters, contexts).exp()
    return counts / counts.sum(1, keepdim=True)


@right("mlp_probs")
@torch.no_grad()
def mlp_probs_exp(parameters, contexts):
    logits = mlp_logits_one_hot(parameters, contexts)
    return (logits - logits.logsumexp(1, keepdim=True)).exp()


@right("mlp_probs")
def mlp_probs_numpy(parameters, contexts):
    logits = mlp_logits_row_by_row(parameters, contexts).detach().numpy()
    weights = np.exp(logits - logits.max(axis=1, keepdims=True)) if len(logits) else logits
    return torch.from_numpy(weights / weights.sum(axis=1, keepdims=True))


def check_alphabet(parameters, vocabulary, n):
    check_vocabulary(vocabulary)
    if len(vocabulary) != len(parameters.embedding) or n < 0:
        raise ValueError("vocabulary or n")


@right("sample_mlp_words")
def sample_mlp_words_one_by_one(parameters, vocabulary, n, *, generator=None):
    check_alphabet(parameters, vocabulary, n)
    words = []
    for _ in range(n):
        context, word = [0] * parameters.context_length, ""
        while True:
            probs = mlp_probs_softmax(parameters, torch.tensor([context]))[0]
            id = torch.multinomial(probs, 1, generator=generator).item()
            if id == 0:
                break
            word += vocabulary[id]
            context = [*context[1:], id]
        words.append(word)
    return words


@plain_right("sample_mlp_words")
def sample_mlp_words_typed_along(parameters, vocabulary, n, *, generator=None):
    words = []
    for _ in range(n):
        out = []
        context = [0] * parameters.context_length
        while True:
            probs = mlp_probs_typed_along(parameters, torch.tensor([context]))
            ix = torch.multinomial(probs, num_samples=1, generator=generator).item()
            context = context[1:] + [ix]  # noqa: RUF005
            if ix == 0:
                break
            out.append(vocabulary[ix])
        words.append("".join(out))
    return words


@right("sample_mlp_words")
def sample_mlp_words_together(parameters, vocabulary, n, *, generator=None):
    check_alphabet(parameters, vocabulary, n)
    return generate_words_together(
        lambda contexts: mlp_probs_exp(parameters, contexts),
        vocabulary,
        n,
        context_length=parameters.context_length,
        generator=generator,
    )


@right("sample_mlp_words")
def sample_mlp_words_darts(parameters, vocabulary, n, *, generator=None):
    """Each step's probabilities summed up, and a dart for each growing word: its token is where the dart falls."""
    check_alphabet(parameters, vocabulary, n)
    words = [""] * n
    growing = list(range(n))
    while growing:
        padded = ["." * parameters.context_length + words[place] for place in growing]
        contexts = [[vocabulary.index(c) for c in text[-parameters.context_length :]] for text in padded]
        ends = mlp_probs_numpy(parameters, torch.tensor(contexts)).double().cumsum(1)
        darts = torch.rand(len(growing), 1, generator=generator, dtype=torch.float64) * ends[:, -1:]
        drawn = dict(zip(growing, (ends <= darts).sum(1).tolist(), strict=True))
        growing = [place for place in growing if drawn[place]]
        for place in growing:
            words[place] += vocabulary[drawn[place]]
    return words
