"""A longer memory: look back several letters, as vectors, through hidden layers (an MLP), and beat the table."""

import math
import reprlib
from collections.abc import Iterable
from functools import partial
from itertools import pairwise
from typing import NamedTuple

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from bigramlab.encoding import encode_text, join_words
from bigramlab.generating import generate_words, require_ids, require_targets, score_contexts
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
        The contexts, oldest token first, and the targets. A word of n letters gives n + 1 examples, no
        words give none.

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
    contexts = [torch.empty((0, context_length), dtype=torch.int64, device="cpu")]
    targets = [torch.empty(0, dtype=torch.int64, device="cpu")]
    for text in join_words(words):
        ids = encode_text(text, vocabulary)
        places = torch.arange(len(ids), device="cpu")
        letters = places - torch.where(ids == 0, places, 0).cummax(dim=0).values  # since the last "."
        back = torch.arange(context_length - 1, -1, -1, device="cpu")  # the column's distance from the newest token
        within = back <= letters[:-1, None]  # further back there is another word
        contexts.append(torch.where(within, ids[(places[:-1, None] - back).clamp(min=0)], 0))
        targets.append(ids[1:])
    return torch.cat(contexts), torch.cat(targets)


def count_contexts(
    contexts: Int64[Tensor, "targets context"], targets: Int64[Tensor, " targets"], vocab_size: int
) -> tuple[Int64[Tensor, "distinct context"], Int64[Tensor, "distinct vocab"]]:
    """Return the distinct contexts, and how often each token came after each: `count_bigrams` with a longer memory.

    The 228,146 bigrams of the names are 27 rows; their contexts of 8 are about 60,000 rows, most of them seen once.
    That is why a longer memory can't just be counted.

    Args:
        contexts: Ids, oldest first, as `build_contexts` makes them.
        targets: What came after each.
        vocab_size: How many tokens there are.

    Returns:
        The distinct contexts, sorted by their first id, then their second and so on, and a row of counts for each.

    Raises:
        TypeError: If an argument is of the wrong kind.
        ValueError: If there is not one target for each context, or a target is no id of the vocabulary.

    Examples:
        >>> contexts, counts = count_contexts(*build_contexts(["ann", "an"], ".an", 1), 3)
        >>> contexts.flatten().tolist()
        [0, 1, 2]
        >>> torch.equal(counts, count_bigrams(["ann", "an"], ".an"))
        True
    """
    require_size("vocab_size", vocab_size, least=1)
    require_targets(contexts, targets)
    require_ids("targets", targets, vocab_size)
    distinct, rows = torch.unique(contexts, dim=0, return_inverse=True)
    counts = torch.bincount(rows * vocab_size + targets, minlength=len(distinct) * vocab_size)
    return distinct, counts.view(len(distinct), vocab_size)


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
        raise TypeError(f"hidden_sizes must be a tuple, got {reprlib.repr(hidden_sizes)}; try (256, 128)")
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
        for inputs, outputs in pairwise(sizes)
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
        The logits, a row for each context (none for none); `softmax` makes probabilities of them. Gradients flow
        through them to the parameters.

    Raises:
        TypeError: If `parameters` is no `MLP`, or `contexts` no tensor of integers.
        ValueError: If the contexts have another length than the network's or an id outside its vocabulary, or the
            network's layers don't fit each other.

    Examples:
        >>> parameters = init_mlp(27, context_length=3)
        >>> mlp_logits(parameters, torch.zeros((5, 3), dtype=torch.int64)).shape
        torch.Size([5, 27])
    """
    require_mlp(parameters)
    _require_contexts(parameters, contexts)
    return _through_layers(parameters, contexts.to(parameters.embedding.device))


def _through_layers(
    parameters: MLP,
    contexts: Tensor,
    dropout: tuple[float, ...] = (),
    generator: torch.Generator | None = None,
) -> Tensor:
    hidden = parameters.embedding.index_select(0, contexts.flatten()).view(len(contexts), len(parameters.weights[0]))
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

    Each step takes a minibatch, drawn without replacement, has autograd find the gradient of its cross-entropy, and
    makes a step of AdamW. For that, all parameters are one long vector, and each matrix is a piece of it. As equal
    bigrams had equal gradients, so have equal contexts: each distinct one is gone through once for many sightings
    (`count_contexts`). Ctrl-C, or a notebook's stop button, ends the training early and gives what was learned until
    then.

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
        ValueError: If there are no examples (or no held-back ones), they don't fit the network, the recipe is
            impossible, or the learning rate is so large that the loss climbs far above where it began.

    Examples:
        >>> examples = build_contexts(["anna", "nan"] * 50, ".an", 2)
        >>> parameters = init_mlp(3, context_length=2, embedding_size=2, hidden_sizes=(8,))
        >>> training = train_mlp(parameters, *examples, Recipe(steps=200), progress=False)
        >>> training.losses[-1] < training.losses[0]
        True
    """
    from tqdm.auto import tqdm

    require_mlp(parameters)
    require_recipe(recipe)
    require_generator(generator)
    _require_examples(parameters, contexts, targets)
    if dev is not None:
        _require_examples(parameters, *dev)
    flat = torch.cat([piece.detach().flatten() for piece in _pieces(parameters)])
    laid_out = _weigh(*count_contexts(contexts, targets, len(parameters.embedding)))
    contexts, shares = (rows.to(flat.device) for rows in laid_out)
    if not flat.isfinite().all():
        raise ValueError("the network holds nan or inf, so nothing can be learned from its losses; start from init_mlp")
    best, mean, square = flat, torch.zeros_like(flat), torch.zeros_like(flat)
    losses: list[float] = []
    dev_losses: list[tuple[int, float]] = []
    batches = minibatches(len(contexts), recipe.batch_size, generator=generator)
    bar = tqdm(range(1, recipe.steps + 1), "training", unit="step", disable=not progress)
    try:
        for step, batch in zip(bar, batches, strict=False):
            flat = flat.detach().requires_grad_()
            logits = _through_layers(_cut(flat, parameters), contexts[batch], recipe.dropout, generator)
            loss = -(shares[batch] * (logits - logits.logsumexp(dim=1, keepdim=True))).sum() / len(batch)
            losses.append(loss.item() * len(batch) / shares[batch].sum().item())
            (gradient,) = torch.autograd.grad(loss, flat)
            rate = learning_rate_at(step - 1, recipe)
            flat, mean, square = adamw_step(
                flat.detach(), gradient, mean, square, step, learning_rate=rate, weight_decay=recipe.weight_decay
            )
            _require_descent(losses, flat, recipe, len(parameters.embedding))
            if dev is not None and (step % max(1, recipe.steps // 20) == 0 or step == recipe.steps):
                dev_loss = score_contexts(partial(mlp_probs, _cut(flat, parameters)), *dev)
                best = flat if all(dev_loss < loss for _, loss in dev_losses) else best
                dev_losses.append((step, dev_loss))
            if step % 50 == 1:
                bar.set_postfix(loss=f"{losses[-1]:.3f}", **{"dev": f"{dev_losses[-1][1]:.3f}"} if dev_losses else {})
    except KeyboardInterrupt:
        if progress:
            bar.write(f"stopped after {len(losses):,} of {recipe.steps:,} steps; what was learned is kept")
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
    require_mlp(parameters)
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
        part.view(piece.shape)
        for part, piece in zip(torch.split(flat, [p.numel() for p in pieces]), pieces, strict=True)
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


def _require_descent(losses: list[float], flat: Tensor, recipe: Recipe, vocab_size: int) -> None:
    """Refuse to go on where training has gone astray.

    The losses of small batches jump about, so what counts is the sum of the last twenty: a right training keeps it
    below three times what knowing nothing costs, and one that goes astray adds thousands in a step.
    """
    most = 20 * 3 * max(losses[0], math.log(vocab_size))
    if not (sum(losses[-20:]) <= most and math.isfinite(flat.sum())):
        raise ValueError(
            f"the loss is {losses[-1]:.4g} at step {len(losses)} and began at {losses[0]:.4g}: the learning rate "
            f"{recipe.learning_rate} is too large, so the steps go beyond the lowest point and up the other side; "
            "try a tenth of it"
        )


def require_mlp(parameters: MLP) -> None:
    """Refuse what is no network, and layers of which one gives another number of values than the next one takes."""
    if not isinstance(parameters, MLP):
        raise TypeError(f"parameters must be an MLP, as init_mlp makes it, got {reprlib.repr(parameters)}")
    if not all(isinstance(piece, Tensor) and piece.is_floating_point() for piece in _pieces(parameters)):
        raise TypeError("the parameters of an MLP must be tensors of floats; init_mlp makes them so")
    embedding, weights, biases = parameters
    shapes = [tuple(piece.shape) for piece in _pieces(parameters)]
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


def _require_contexts(parameters: MLP, contexts: Tensor) -> None:
    length, size = parameters.context_length, len(parameters.embedding)
    if not isinstance(contexts, Tensor) or contexts.dtype not in (torch.int64, torch.int32):
        found = f"a tensor of {contexts.dtype}" if isinstance(contexts, Tensor) else reprlib.repr(contexts)
        raise TypeError(f"contexts must be a tensor of integers, as build_contexts makes it, got {found}")
    if contexts.ndim != 2 or contexts.shape[1] != length:
        raise ValueError(
            f"contexts has shape {tuple(contexts.shape)}, but the network looks back {length} tokens and needs "
            f"(batch, {length}): build_contexts(words, vocabulary, {length})"
        )
    require_ids("contexts", contexts, size)


def _require_examples(parameters: MLP, contexts: Tensor, targets: Tensor) -> None:
    _require_contexts(parameters, contexts)
    require_targets(contexts, targets)
    require_ids("targets", targets, len(parameters.embedding))
    if not len(targets):
        raise ValueError("there are no examples to learn from; build the contexts of at least one word")
