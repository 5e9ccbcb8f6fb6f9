"""A longer memory: look back several letters, as vectors, through hidden layers (an MLP), and beat the table."""

import math
from collections.abc import Iterable
from functools import partial
from typing import NamedTuple

import torch
from jaxtyping import Float, Int64
from torch import Tensor
from tqdm.auto import tqdm

from bigramlab.encoding import encode_text, join_words
from bigramlab.generating import generate_words, score_contexts
from bigramlab.inputs import require_generator, require_size, require_vocabulary
from bigramlab.neural_bigram import softmax
from bigramlab.optimizing import Recipe, adamw_step, learning_rate_at, minibatches, require_recipe

__all__ = [
    "MLP",
    "Training",
    "build_contexts",
    "count_contexts",
    "init_mlp",
    "mlp_logits",
    "mlp_probs",
    "sample_mlp_words",
    "train_mlp",
]


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


class Training(NamedTuple):
    """What a training gave.

    Attributes:
        parameters: The network after the last step.
        best: The network with the lowest loss on the held-back examples; without those, the last one.
        losses: The loss of each step's minibatch, in nats, before the step.
        dev_losses: The loss on held-back examples along the way: pairs of the steps done and nats.
    """

    parameters: MLP
    best: MLP
    losses: list[float]
    dev_losses: list[tuple[int, float]]


def build_contexts(
    words: Iterable[str], vocabulary: str, context_length: int
) -> tuple[Int64[Tensor, "targets context"], Int64[Tensor, " targets"]]:
    """Return every place of every word as an example: the tokens before it, and the token to be predicted.

    Each word begins afresh, with a context of `"."` alone (id 0), and its final `"."` is a target too: `ann` with a
    context of 2 is `.. a`, `.a n`, `an n`, `nn .`

    Args:
        words: The words to learn from.
        vocabulary: The token of each id.
        context_length: How many tokens to look back; with 1 the examples are the bigrams.

    Returns:
        The contexts, oldest token first, and the targets. A word of n letters gives n + 1 examples.

    Raises:
        TypeError: If `words` is one bare `str`, or an argument is of the wrong kind.
        ValueError: If the context length is not positive, or `count_bigrams` would refuse the words or the vocabulary.

    Examples:
        >>> contexts, targets = build_contexts(["ann"], ".an", 2)
        >>> contexts
        tensor([[0, 0],
                [0, 1],
                [1, 2],
                [2, 2]])
        >>> targets
        tensor([1, 2, 2, 0])
    """
    require_vocabulary(vocabulary)
    require_size("context_length", context_length, least=1)
    contexts, targets = [torch.empty((0, context_length), dtype=torch.int64)], [torch.empty(0, dtype=torch.int64)]
    for text in join_words(words):
        ids = encode_text(text, vocabulary)
        places = torch.arange(len(ids))
        letters = places - torch.where(ids == 0, places, 0).cummax(dim=0).values  # since the last "."
        back = torch.arange(context_length - 1, -1, -1)  # the column's distance from the newest token
        within = back <= letters[:-1, None]  # further back there is another word
        contexts.append(torch.where(within, ids[(places[:-1, None] - back).clamp(min=0)], 0))
        targets.append(ids[1:])
    return torch.cat(contexts), torch.cat(targets)


def count_contexts(
    contexts: Int64[Tensor, "targets context"], targets: Int64[Tensor, " targets"], vocab_size: int
) -> tuple[Int64[Tensor, "distinct context"], Int64[Tensor, "distinct vocab"]]:
    """Return the distinct contexts, and how often each token came after each: `count_bigrams` with a longer memory.

    The 228,146 bigrams of the names are 27 rows; their contexts of 8 are about 60,000 rows, most of them seen once. That
    is why a longer memory can't just be counted.

    Args:
        contexts: Ids, oldest first, as `build_contexts` makes them.
        targets: What came after each.
        vocab_size: How many tokens there are.

    Returns:
        The distinct contexts in order, and a row of counts for each.

    Examples:
        >>> contexts, counts = count_contexts(*build_contexts(["ann", "an"], ".an", 1), 3)
        >>> contexts.flatten().tolist()
        [0, 1, 2]
        >>> torch.equal(counts, count_bigrams(["ann", "an"], ".an"))
        True
    """
    distinct, rows = torch.unique(contexts, dim=0, return_inverse=True)
    counts = torch.bincount(rows * vocab_size + targets, minlength=len(distinct) * vocab_size)
    return distinct, counts.view(len(distinct), vocab_size)


def init_mlp(
    vocab_size: int,
    context_length: int,
    *,
    embedding_size: int = 32,
    hidden_sizes: tuple[int, ...] = (384, 128),
    generator: torch.Generator | None = None,
) -> MLP:
    """Return a network that knows nothing yet: random, so that its parts learn different things.

    Each matrix is scaled so that the numbers neither grow nor shrink from layer to layer (He et al., "Delving Deep into
    Rectifiers", 2015). The last one is ten times smaller: logits near 0 give every token about the same chance, so the
    loss begins near log(vocab) and not at some confident nonsense that the first steps would have to unlearn.

    Args:
        vocab_size: How many tokens there are.
        context_length: How many tokens to look back.
        embedding_size: How many numbers stand for a token.
        hidden_sizes: How many numbers each hidden layer has; `()` for none.
        generator: The source of randomness; `None` means torch's global one.

    Returns:
        The parameters.

    Raises:
        TypeError: If a size is not an `int`.
        ValueError: If a size is not positive.

    Examples:
        >>> parameters = init_mlp(27, context_length=3, embedding_size=2, hidden_sizes=(16,))
        >>> parameters.embedding.shape, [tuple(matrix.shape) for matrix in parameters.weights]
        (torch.Size([27, 2]), [(6, 16), (16, 27)])
    """
    for name, size in [
        ("vocab_size", vocab_size),
        ("context_length", context_length),
        ("embedding_size", embedding_size),
        *(("a hidden size", size) for size in hidden_sizes),
    ]:
        require_size(name, size, least=1)
    require_generator(generator)
    device = generator.device if generator else "cpu"
    sizes = [context_length * embedding_size, *hidden_sizes, vocab_size]
    embedding = torch.randn((vocab_size, embedding_size), generator=generator, device=device)
    weights = [
        torch.randn((inputs, outputs), generator=generator, device=device) * math.sqrt(2 / inputs)
        for inputs, outputs in zip(sizes, sizes[1:], strict=False)
    ]
    weights[-1] /= 10
    return MLP(embedding, tuple(weights), tuple(torch.zeros(size, device=device) for size in sizes[1:]))


def mlp_logits(parameters: MLP, contexts: Int64[Tensor, "batch context"]) -> Float[Tensor, "batch vocab"]:
    """Return how the network rates each next token: look up, concatenate, and go through the layers.

    A hidden layer is a matrix, a bias and a bend, x · sigmoid(x): about 0 for negative numbers and about x for positive
    ones. Without a bend, several layers would be one matrix. (Bengio et al., "A Neural Probabilistic Language Model",
    2003, with tanh; the bend is the *SiLU* of Elfwing et al., 2018.)

    Args:
        parameters: The network.
        contexts: Ids, oldest first, as `build_contexts` makes them.

    Returns:
        The logits; `softmax` makes probabilities of them.

    Raises:
        ValueError: If the contexts have another length than the network's, or an id outside its vocabulary.

    Examples:
        >>> parameters = init_mlp(27, context_length=3)
        >>> mlp_logits(parameters, torch.zeros((5, 3), dtype=torch.int64)).shape
        torch.Size([5, 27])
    """
    _require_contexts(parameters, contexts)
    return _through_layers(parameters, contexts)


def _through_layers(
    parameters: MLP,
    contexts: Tensor,
    dropout: tuple[float, ...] = (),
    generator: torch.Generator | None = None,
) -> Tensor:
    hidden = parameters.embedding.index_select(0, contexts.flatten()).view(len(contexts), -1)
    layers = zip(parameters.weights, parameters.biases, strict=True)
    for number, (weight, bias) in enumerate(layers, start=1):
        if number <= len(dropout):
            hidden = _drop(hidden, dropout[number - 1], generator)
        hidden = hidden @ weight + bias
        if number < len(parameters.weights):
            hidden = hidden * hidden.sigmoid()
    return hidden


def mlp_probs(parameters: MLP, contexts: Int64[Tensor, "batch context"]) -> Float[Tensor, "batch vocab"]:
    """Return the probability of each next token: softmax of the logits, without gradients.

    Args:
        parameters: The network.
        contexts: Ids, oldest first, as `build_contexts` makes them.

    Returns:
        A row for each context, summing to 1.

    Raises:
        ValueError: As `mlp_logits`.

    Examples:
        >>> parameters = init_mlp(27, context_length=3)
        >>> mlp_probs(parameters, torch.zeros((1, 3), dtype=torch.int64)).sum()
        tensor(1.)
    """
    with torch.no_grad():
        return softmax(mlp_logits(parameters, contexts))


def train_mlp(
    parameters: MLP,
    contexts: Int64[Tensor, "targets context"],
    targets: Int64[Tensor, " targets"],
    recipe: Recipe = Recipe(),
    *,
    dev: tuple[Tensor, Tensor] | None = None,
    generator: torch.Generator | None = None,
    progress: bool = True,
) -> Training:
    """Train the network on the examples, and return the trained one; `parameters` are left as they were.

    Each step takes a minibatch, has autograd find the gradient of its cross-entropy, and makes a step of AdamW. For
    that, all parameters are one long vector, and each matrix is a piece of it. As equal bigrams had equal gradients,
    so have equal contexts: each distinct one is gone through once for many sightings (`count_contexts`). Ctrl-C, or a
    notebook's stop button, ends the training early and gives what was learned until then.

    Args:
        parameters: Where to start, such as `init_mlp` gives them.
        contexts: The training examples, as `build_contexts` makes them.
        targets: What came after each.
        recipe: How many steps, how long, and so on.
        dev: The contexts and targets of held-back words, to score twenty times along the way.
        generator: The source of randomness; `None` means torch's global one.
        progress: Whether to show a bar with the current loss.

    Returns:
        The trained network and the losses on the way.

    Raises:
        TypeError: If an argument is of the wrong kind.
        ValueError: If there are no examples, they don't fit the network, the recipe is impossible, or the learning rate
            is so large that the loss triples.

    Examples:
        >>> examples = build_contexts(["anna", "nan"] * 50, ".an", 2)
        >>> parameters = init_mlp(3, context_length=2, embedding_size=2, hidden_sizes=(8,))
        >>> training = train_mlp(parameters, *examples, Recipe(steps=200), progress=False)
        >>> training.losses[-1] < training.losses[0]
        True
    """
    require_recipe(recipe)
    require_generator(generator)
    _require_examples(parameters, contexts, targets)
    contexts, shares = _weigh(*count_contexts(contexts, targets, len(parameters.embedding)))
    flat = torch.cat([piece.detach().flatten() for piece in _pieces(parameters)])
    best, mean, square = flat, torch.zeros_like(flat), torch.zeros_like(flat)
    losses: list[float] = []
    dev_losses: list[tuple[int, float]] = []
    batches = minibatches(len(contexts), recipe.batch_size, generator=generator)
    bar = tqdm(range(1, recipe.steps + 1), "training", unit="step", disable=not progress)
    try:
        for step, batch in zip(bar, batches, strict=False):
            network = _cut(flat.requires_grad_(), parameters)
            logits = _through_layers(network, contexts[batch], recipe.dropout, generator)
            loss = -(shares[batch] * (logits - logits.logsumexp(dim=1, keepdim=True))).sum() / len(batch)
            losses.append(loss.item() * len(batch) / shares[batch].sum().item())
            _require_descent(losses, recipe)
            (gradient,) = torch.autograd.grad(loss, flat)
            rate = learning_rate_at(step - 1, recipe)
            flat, mean, square = adamw_step(
                flat.detach(), gradient, mean, square, step, learning_rate=rate, weight_decay=recipe.weight_decay
            )
            if dev and (step % max(1, recipe.steps // 20) == 0 or step == recipe.steps):
                dev_loss = score_contexts(partial(mlp_probs, _cut(flat, parameters)), *dev)
                best = flat if all(dev_loss < loss for _, loss in dev_losses) else best
                dev_losses.append((step, dev_loss))
            if step % 50 == 1:
                bar.set_postfix(loss=f"{losses[-1]:.3f}", **{"dev": f"{dev_losses[-1][1]:.3f}"} if dev_losses else {})
    except KeyboardInterrupt:
        bar.write(f"stopped after {step:,} of {recipe.steps:,} steps; what was learned is kept")
    finally:
        bar.close()
    flat = flat.detach()
    return Training(_cut(flat, parameters), _cut(best if dev_losses else flat, parameters), losses, dev_losses)


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


def require_fit(parameters: MLP, vocabulary: str) -> None:
    """Refuse a vocabulary of another size than the network's."""
    require_vocabulary(vocabulary)
    if len(vocabulary) != len(parameters.embedding):
        raise ValueError(
            f"the vocabulary has {len(vocabulary)} tokens, but the network knows {len(parameters.embedding)}; "
            "use the vocabulary that it was trained with"
        )


def _pieces(parameters: MLP) -> list[Tensor]:
    return [parameters.embedding, *parameters.weights, *parameters.biases]


def _cut(flat: Tensor, like: MLP) -> MLP:
    """Cut one long vector into pieces of the shapes that `like` has; they share its memory."""
    pieces = _pieces(like)
    embedding, *rest = [
        part.view(piece.shape) for part, piece in zip(flat.split([p.numel() for p in pieces]), pieces, strict=True)
    ]
    layers = len(like.weights)
    return MLP(embedding, tuple(rest[:layers]), tuple(rest[layers:]))


def _drop(embedded: Tensor, share: float, generator: torch.Generator | None) -> Tensor:
    """Make a share of the numbers 0, and the others larger by as much, so that their mean stays."""
    if not share:
        return embedded
    device = generator.device if generator else "cpu"
    kept = torch.rand(embedded.shape, generator=generator, device=device).to(embedded.device) >= share
    return embedded * kept / (1 - share)


def _weigh(contexts: Tensor, counts: Tensor) -> tuple[Tensor, Tensor]:
    """Lay out the distinct contexts for training: one that was seen n times about √n times, each for √n sightings.

    So neither do the few contexts that begin every word fill all batches, nor does one step have to stand for all of
    them. The shares are the counts, scaled to a mean of 1 a row.
    """
    seen = counts.sum(dim=1)
    copies = seen.sqrt().round().long()
    shares = (counts / copies[:, None]).repeat_interleave(copies, dim=0)
    return contexts.repeat_interleave(copies, dim=0), shares * (len(shares) / seen.sum())


def _require_descent(losses: list[float], recipe: Recipe) -> None:
    """Refuse to go on where training has gone astray."""
    if not losses[-1] <= 3 * losses[0] < math.inf:
        began = f", and began at {losses[0]:.4g}" if len(losses) > 1 else ""
        raise ValueError(
            f"the loss is {losses[-1]:.4g} after {len(losses) - 1} steps{began}: the learning rate "
            f"{recipe.learning_rate} is too large; try a tenth of it"
        )


def _require_contexts(parameters: MLP, contexts: object) -> None:
    length, size = parameters.context_length, len(parameters.embedding)
    if not isinstance(contexts, Tensor) or contexts.dtype not in (torch.int64, torch.int32):
        found = f"a tensor of {contexts.dtype}" if isinstance(contexts, Tensor) else f"{contexts!r:.60}"
        raise TypeError(f"contexts must be a tensor of integers, as build_contexts makes it, got {found}")
    if contexts.ndim != 2 or contexts.shape[1] != length:
        raise ValueError(
            f"contexts has shape {tuple(contexts.shape)}, but the network looks back {length} tokens and needs "
            f"(batch, {length}): build_contexts(words, vocabulary, {length})"
        )
    if len(contexts) and not 0 <= contexts.min() <= contexts.max() < size:
        wrong = contexts.min() if contexts.min() < 0 else contexts.max()
        raise ValueError(
            f"the id {int(wrong)} is none of the network's {size} tokens, 0 to {size - 1}; "
            "encode the words with the vocabulary that it was made for"
        )


def _require_examples(parameters: MLP, contexts: Tensor, targets: Tensor) -> None:
    _require_contexts(parameters, contexts)
    if not isinstance(targets, Tensor) or targets.shape != contexts.shape[:1]:
        found = tuple(targets.shape) if isinstance(targets, Tensor) else f"{targets!r:.60}"
        raise ValueError(f"{len(contexts)} contexts need a target each, a tensor of that length, got {found}")
    if not len(targets):
        raise ValueError("there are no examples to learn from; build the contexts of at least one word")
