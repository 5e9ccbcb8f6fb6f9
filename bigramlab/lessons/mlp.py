"""Look back several letters, as vectors, through hidden layers (an MLP), and beat the table."""

import math
from functools import partial
from itertools import pairwise
from typing import Any, NamedTuple

import torch
from jaxtyping import Float, Integer
from torch import Tensor

from bigramlab.lessons.generating import generate_words
from bigramlab.lessons.inputs import (
    require_finite,
    require_generator,
    require_ids,
    require_pieces,
    require_room,
    require_size,
    require_vocabulary_of,
    shown,
)
from bigramlab.lessons.neural_bigram import softmax

__all__ = ["MLP", "init_mlp", "mlp_logits", "mlp_probs", "sample_mlp_words"]

ASTRAY = "its numbers are too large, or none: begin with a new network, and train it with a smaller learning rate"


class MLP(NamedTuple):
    """The parameters of a multi-layer perceptron: all that it knows.

    Attributes:
        embedding: A vector for each token, `(vocab, embedding_size)`.
        weights: A matrix for each layer, `(inputs, outputs)`; the last one has a column for each token.
        biases: What each layer adds, `(outputs,)`.
    """

    embedding: Float[Tensor, "vocab embedding"]
    weights: tuple[Float[Tensor, "inputs outputs"], ...]
    biases: tuple[Float[Tensor, " outputs"], ...]

    @property
    def context_length(self) -> int:
        """How many tokens it looks back."""
        return self.weights[0].shape[0] // self.embedding.shape[1]


def init_mlp(
    vocab_size: int,
    context_length: int,
    *,
    embedding_size: int = 24,
    hidden_sizes: tuple[int, ...] = (256, 128),
    generator: torch.Generator | None = None,
) -> MLP:
    """Return a network that knows nothing yet: random, so that its parts learn different things.

    Each matrix is scaled so that the numbers neither grow nor shrink from layer to layer (He et al., "Delving Deep into
    Rectifiers", 2015). The last one is ten times smaller: logits near 0 give every token about the same chance, so the
    loss begins near log(vocab) and not at some confident nonsense that the first steps would have to unlearn. The
    biases are 0.

    Args:
        vocab_size: How many tokens there are.
        context_length: How many tokens to look back.
        embedding_size: How many numbers stand for a token.
        hidden_sizes: How many numbers each hidden layer has; `()` for none.
        generator: The source of randomness; `None` means torch's global one.

    Returns:
        The parameters.

    Raises:
        TypeError: If an argument is of the wrong kind.
        ValueError: If a size is not positive.

    Examples:
        >>> parameters = init_mlp(27, context_length=3, embedding_size=2, hidden_sizes=(16,))
        >>> parameters.embedding.shape, [tuple(matrix.shape) for matrix in parameters.weights]
        (torch.Size([27, 2]), [(6, 16), (16, 27)])
    """
    if not isinstance(hidden_sizes, tuple | list):
        raise TypeError(f"hidden_sizes must be a tuple, got {shown(hidden_sizes)}; try (256, 128)")
    vocab_size = require_size("vocab_size", vocab_size, least=1)
    context_length = require_size("context_length", context_length, least=1)
    embedding_size = require_size("embedding_size", embedding_size, least=1)
    hidden_sizes = tuple(require_size("a hidden size", size, least=1) for size in hidden_sizes)
    require_generator(generator)
    device = generator.device if generator else "cpu"
    sizes = [context_length * embedding_size, *hidden_sizes, vocab_size]
    for inputs, outputs in [(vocab_size, embedding_size), *pairwise(sizes)]:
        require_room("a matrix", inputs, outputs)
    embedding = torch.randn((vocab_size, embedding_size), generator=generator, device=device)
    weights = [
        torch.randn((inputs, outputs), generator=generator, device=device) * math.sqrt(2 / inputs)
        for inputs, outputs in pairwise(sizes)
    ]
    weights[-1] /= 10
    return MLP(embedding, tuple(weights), tuple(torch.zeros(size, device=device) for size in sizes[1:]))


def mlp_logits(parameters: MLP, contexts: Integer[Tensor, "batch context"]) -> Float[Tensor, "batch vocab"]:
    """Return how the network rates each next token: look up, concatenate, and go through the layers.

    A hidden layer is a matrix, a bias and a bend, x · sigmoid(x): about 0 for negative numbers and about x for positive
    ones. Without a bend, several layers would be one matrix. (Bengio et al., "A Neural Probabilistic Language Model",
    2003, with tanh; the bend is the *SiLU* of Elfwing et al., 2018.)

    Args:
        parameters: The network: its `embedding`, and the `weights` and `biases` of its layers.
        contexts: Ids, oldest first, as `build_contexts` makes them.

    Returns:
        The logits, a row for each context (none for none); `softmax` makes probabilities of them. Gradients flow
        through them to the parameters.

    Raises:
        TypeError: If `parameters` is no `MLP`, or `contexts` no tensor of integers.
        ValueError: If the contexts have another length than the network's or an id outside its vocabulary, or the
            network's layers don't fit each other, or it gives nan or inf.

    Examples:
        >>> parameters = init_mlp(27, context_length=3)
        >>> mlp_logits(parameters, torch.zeros((5, 3), dtype=torch.int64)).shape
        torch.Size([5, 27])
    """
    require_mlp(parameters)
    require_contexts(parameters, contexts)
    logits = through_layers(parameters, contexts.long().to(parameters.embedding.device))
    require_finite("what the network gives", logits, ASTRAY)
    return logits


def through_layers(
    parameters: MLP,
    contexts: Tensor,
    dropout: tuple[float, ...] = (),
    generator: torch.Generator | None = None,
) -> Tensor:
    """Return the logits; of what goes into a layer, its share of the dropout is left out."""
    hidden = parameters.embedding.index_select(0, contexts.flatten()).view(len(contexts), len(parameters.weights[0]))
    layers = zip(parameters.weights, parameters.biases, strict=True)
    for number, (weight, bias) in enumerate(layers, start=1):
        if number <= len(dropout):
            hidden = drop(hidden, dropout[number - 1], generator)
        hidden = hidden @ weight + bias
        if number < len(parameters.weights):
            hidden = hidden * hidden.sigmoid()
    return hidden


def drop(embedded: Tensor, share: float, generator: torch.Generator | None) -> Tensor:
    """Make a share of the numbers 0, and the others larger by as much, so that their mean stays."""
    if not share:
        return embedded
    device = generator.device if generator else "cpu"
    kept = torch.rand(embedded.shape, generator=generator, device=device).to(embedded.device) >= share
    return embedded * kept / (1 - share)


def mlp_probs(parameters: MLP, contexts: Integer[Tensor, "batch context"]) -> Float[Tensor, "batch vocab"]:
    """Return the probability of each next token: softmax of the logits, without gradients.

    Args:
        parameters: The network.
        contexts: Ids, oldest first, as `build_contexts` makes them.

    Returns:
        A row for each context, summing to 1.

    Raises:
        TypeError: As `mlp_logits`.
        ValueError: As `mlp_logits`, and if the network gives logits that are not finite.

    Examples:
        >>> parameters = init_mlp(27, context_length=3)
        >>> probs = mlp_probs(parameters, torch.zeros((1, 3), dtype=torch.int64))
        >>> round(float(probs.sum()), 4)
        1.0
    """
    with torch.no_grad():
        return softmax(mlp_logits(parameters, contexts))


def sample_mlp_words(
    parameters: MLP, vocabulary: str, n: int, *, generator: torch.Generator | None = None
) -> list[str]:
    """Write n words: `generate_words` with the network's probabilities.

    Args:
        parameters: The network.
        vocabulary: The token of each id.
        n: How many words.
        generator: The source of randomness; `None` means torch's global one.

    Returns:
        The words without their `"."`.

    Raises:
        TypeError: If an argument is of the wrong kind.
        ValueError: If the vocabulary does not fit the network, or `generate_words` refuses.

    Examples:
        >>> len(sample_mlp_words(init_mlp(3, context_length=2), ".ab", n=5))
        5
    """
    require_fit(parameters, vocabulary)
    next_probs = partial(mlp_probs, parameters)
    return generate_words(next_probs, vocabulary, n, context_length=parameters.context_length, generator=generator)


def pieces_of(parameters: Any) -> list[Tensor]:
    """Return all tensors of a network, in one list."""
    if isinstance(parameters, tuple | list):
        return [piece for part in parameters for piece in pieces_of(part)]
    return [parameters] if isinstance(parameters, Tensor) else []


def require_mlp(parameters: MLP) -> None:
    """Refuse what is no network, and layers of which one gives another number of values than the next one takes."""
    if not isinstance(parameters, MLP):
        raise TypeError(f"parameters must be an MLP, as init_mlp makes it, got {shown(parameters)}")
    embedding, weights, biases = parameters
    if not (isinstance(weights, tuple | list) and isinstance(biases, tuple | list)):
        raise TypeError(f"weights and biases must be tuples, got {shown(weights)} and {shown(biases)}; try init_mlp")
    require_pieces("an MLP", [embedding, *weights, *biases], "init_mlp")
    shapes = [tuple(piece.shape) for piece in pieces_of(parameters)]
    outputs = [bias.shape[-1] for bias in biases if bias.ndim]
    fits = weights and outputs and weights[0].ndim == 2 and embedding.ndim == 2 and embedding.numel() > 0
    fits = fits and weights[0].shape[0] > 0 == weights[0].shape[0] % embedding.shape[1]
    inputs = [weights[0].shape[0], *outputs] if fits else []
    wanted = [*zip(inputs, outputs, strict=False), *((size,) for size in outputs)]
    if not fits or shapes[1:] != wanted or outputs[-1] != len(embedding):
        raise ValueError(
            f"the network's pieces have the shapes {shapes}, which don't fit each other: each layer must take what the "
            "one before gives, and the last one give a number for each token; make them with init_mlp"
        )


def require_contexts(parameters: MLP, contexts: Tensor) -> None:
    """Refuse anything but contexts of the network's length and tokens."""
    require_ids("contexts", contexts, axes=2, tokens=len(parameters.embedding))
    length = parameters.context_length
    if contexts.shape[1] != length:
        raise ValueError(
            f"contexts has shape {tuple(contexts.shape)}, but the network looks back {length} tokens and needs "
            f"(batch, {length}): build_contexts(words, vocabulary, {length})"
        )


def require_fit(parameters: MLP, vocabulary: str) -> None:
    """Refuse a vocabulary of another size than the network's."""
    require_mlp(parameters)
    require_vocabulary_of(vocabulary, parameters.embedding)
