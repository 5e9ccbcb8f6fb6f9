"""Each function in the slow, plain way: what laws compare with, and what mistakes vary.

Loops over lists and strings, to be read and not to be fast; no input is checked. A keyword-only parameter is there for
a mistake to vary.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise

import torch

from bigramlab.lessons.blocks import Block
from bigramlab.lessons.mlp import MLP, pieces_of, through_layers
from bigramlab.lessons.optimizing import Recipe
from bigramlab.lessons.training import Training
from bigramlab.lessons.transformer import Transformer

Rows = list[list[float]]


def bigrams(words: Iterable[str]) -> list[str]:
    """Return every pair of neighbors, "." standing before and after each word."""
    return [current + following for word in words for current, following in pairwise("." + word + ".")]


def build_vocabulary(words: Iterable[str]) -> str:
    """Return "." and then every character, sorted."""
    return "." + "".join(sorted(set("".join(words))))


def encode(word: str, vocabulary: str) -> list[int]:
    """Return the position of each character."""
    return [vocabulary.index(character) for character in word]


def decode(ids: Iterable[int], vocabulary: str) -> str:
    """Return the character at each position."""
    return "".join(vocabulary[id] for id in ids)


def count_bigrams(
    words: Iterable[str], vocabulary: str, *, bigrams: Callable[[Iterable[str]], Iterable[str]] = bigrams
) -> list[list[int]]:
    """Count bigram by bigram."""
    counts = [[0] * len(vocabulary) for _ in vocabulary]
    for bigram in bigrams(words):
        counts[vocabulary.index(bigram[0])][vocabulary.index(bigram[1])] += 1
    return counts


def most_common_bigrams(counts: Sequence[Sequence[float]], vocabulary: str, n: int) -> list[tuple[str, float]]:
    """Sort all cells by their number; Python's sort leaves equal ones in the order of their ids."""
    cells = [(vocabulary[i] + vocabulary[j], number) for i, row in enumerate(counts) for j, number in enumerate(row)]
    return sorted(cells, key=lambda cell: -cell[1])[:n]


def smooth(counts: Rows, k: float) -> Rows:
    """Add k to each count."""
    return [[count + k for count in row] for row in counts]


def normalize(counts: Rows) -> Rows:
    """Divide each count by the sum of its row."""
    return [[count / sum(row) for count in row] for row in counts]


def negative_log_likelihood(counts: Rows, probs: Rows) -> float:
    """Return the mean of -log p, cell by cell."""
    total = 0.0
    for count_row, prob_row in zip(counts, probs, strict=True):
        for count, prob in zip(count_row, prob_row, strict=True):
            if count > 0:
                total += count * (math.inf if prob == 0 else -math.log(prob))
    return total / sum(map(sum, counts))


def surprisal(word: str, probs: Rows, vocabulary: str) -> list[float]:
    """Return -log p of each step of a word."""
    steps = [probs[vocabulary.index(bigram[0])][vocabulary.index(bigram[1])] for bigram in bigrams([word])]
    return [-math.log(p) if p > 0 else math.inf for p in steps]


def softmax(logits: Sequence[float]) -> list[float]:
    """Return exp of each, divided by their sum; the largest is subtracted first, so that no exp is too large."""
    weights = [math.exp(logit - max(logits)) for logit in logits]
    return [weight / math.fsum(weights) for weight in weights]


def with_temperature(logits: Rows, temperature: float) -> Rows:
    """Divide each logit by the temperature, and take the softmax of each row."""
    return [softmax([logit / temperature for logit in row]) for row in logits]


def shares_of(row: Sequence[float], kept: Iterable[int]) -> list[float]:
    """Keep the numbers at these places, divided by their sum, and put 0 at the others."""
    kept = [*kept]
    total = math.fsum(row[i] for i in kept)
    return [row[i] / total if i in kept else 0.0 for i in range(len(row))]


def likeliest(row: Sequence[float]) -> list[int]:
    """Return all places, that of the largest number first."""
    return sorted(range(len(row)), key=lambda i: -row[i])


def keep_top_k(probs: Rows, k: int) -> Rows:
    """Keep the k largest of each row."""
    return [shares_of(row, likeliest(row)[:k]) for row in probs]


def keep_top_p(probs: Rows, p: float) -> Rows:
    """Take the largest of each row, one after the other, until they have p together."""
    rows = []
    for row in probs:
        kept: list[int] = []
        for i in likeliest(row):
            if math.fsum(row[j] for j in kept) < p:
                kept.append(i)
        rows.append(shares_of(row, kept))
    return rows


def surprise(logits: Sequence[float], target: int) -> float:
    """Return -log of the target's share."""
    largest = max(logits)
    return math.log(math.fsum(math.exp(logit - largest) for logit in logits)) + largest - logits[target]


def cross_entropy(logits: Rows, targets: Sequence[int]) -> float:
    """Return the mean surprise at the targets."""
    return math.fsum(map(surprise, logits, targets)) / len(targets)


def bigram_loss(counts: Rows, weights: Rows, penalty: float = 0) -> float:
    """Return the neural bigram's mean surprise, cell by cell, and the penalty · the mean of the squared weights."""
    total = sum(
        count * surprise(weight_row, j)
        for count_row, weight_row in zip(counts, weights, strict=True)
        for j, count in enumerate(count_row)
    )
    squares = [weight**2 for row in weights for weight in row]
    return total / sum(map(sum, counts)) + penalty * sum(squares) / len(squares)


def bigram_gradient(counts: Rows, weights: Rows, penalty: float = 0) -> Rows:
    """Return how that loss changes with each of the neural bigram's weights: expected minus counted, and the pull."""
    total, cells = sum(map(sum, counts)), sum(map(len, counts))
    return [
        [
            sum(count_row) / total * share - count / total + 2 * penalty * weight / cells
            for weight, share, count in zip(row, softmax(row), count_row, strict=True)
        ]
        for row, count_row in zip(weights, counts, strict=True)
    ]


def train_neural_bigram(
    counts: Rows,
    weights: Rows | None = None,
    *,
    steps: int,
    rate: float,
    penalty: float = 0,
    gradient: Callable[[Rows, Rows, float], Rows] = bigram_gradient,
    loss: Callable[[Rows, Rows, float], float] = bigram_loss,
) -> tuple[Rows, list[float]]:
    """Go down the gradient step by step, and note the loss after each."""
    weights = weights or [[0.0 for _ in row] for row in counts]
    losses = []
    for _ in range(steps):
        slopes = gradient(counts, weights, penalty)
        weights = [
            [weight - rate * slope for weight, slope in zip(*rows, strict=True)]
            for rows in zip(weights, slopes, strict=True)
        ]
        losses.append(loss(counts, weights, penalty))
    return weights, losses


def draw(probs: torch.Tensor, generator: torch.Generator | None) -> int:
    """Draw an id with the given probabilities."""
    return int(torch.multinomial(probs, 1, generator=generator))


def sample(
    probs: torch.Tensor,
    generator: torch.Generator | None,
    *,
    start: int = 0,
    draw: Callable[[torch.Tensor, torch.Generator | None], int] = draw,
    longest: float = math.inf,
) -> list[int]:
    """Walk from row to row until 0 is drawn."""
    ids: list[int] = []
    current = start
    while len(ids) < longest:
        current = draw(probs[current], generator)
        ids.append(current)
        if current == 0:
            break
    return ids


def write_word(
    next_probs: Callable[[torch.Tensor], torch.Tensor],
    vocabulary: str,
    context_length: int,
    generator: torch.Generator | None,
    *,
    start: list[int] | None = None,
    move: Callable[[list[int], int], list[int]] = lambda context, id: [*context[1:], id],
    draw: Callable[[torch.Tensor, torch.Generator | None], int] = draw,
    longest: float = math.inf,
) -> tuple[str, list[int]]:
    """Write a word, and return the last context, too."""
    context, word = start or [0] * context_length, ""
    while len(word) < longest:
        id = draw(next_probs(torch.tensor([context]))[0], generator)
        context = move(context, id)
        if id == 0:
            break
        word += vocabulary[id]
    return word, context


def surprises(
    next_probs: Callable[[torch.Tensor], torch.Tensor], contexts: torch.Tensor, targets: Sequence[int]
) -> list[float]:
    """Return -log p of each target after its context."""
    rows = next_probs(contexts).tolist()
    return [-math.log(row[id]) if row[id] > 0 else math.inf for row, id in zip(rows, targets, strict=True)]


def build_contexts(
    words: Iterable[str],
    vocabulary: str,
    length: int,
    *,
    move: Callable[[list[int], int], list[int]] = lambda context, id: [*context[1:], id],
) -> tuple[list[list[int]], list[int]]:
    """Return the contexts and the targets, letter by letter."""
    contexts, targets = [], []
    for word in words:
        context = [0] * length
        for id in [*encode(word, vocabulary), 0]:
            contexts.append(context)
            targets.append(id)
            context = move(context, id)
    return contexts, targets


def count_contexts(
    contexts: list[list[int]], targets: list[int], vocab_size: int
) -> tuple[list[list[int]], list[list[int]]]:
    """Return the distinct contexts, sorted, and the counts of what came after each."""
    counts: dict[tuple[int, ...], list[int]] = {}
    for context, target in zip(contexts, targets, strict=True):
        counts.setdefault(tuple(context), [0] * vocab_size)[target] += 1
    return [list(context) for context in sorted(counts)], [counts[context] for context in sorted(counts)]


def mlp_logits(parameters: MLP, context: Sequence[int]) -> list[float]:
    """Return the logits after one context, number by number."""
    embedding = parameters.embedding.tolist()
    numbers = [number for id in context for number in embedding[id]]
    for layer, (matrix, bias) in enumerate(zip(parameters.weights, parameters.biases, strict=True), start=1):
        columns = zip(bias.tolist(), matrix.T.tolist(), strict=True)
        numbers = [b + math.fsum(map(math.prod, zip(numbers, column, strict=True))) for b, column in columns]
        if layer < len(parameters.weights):
            numbers = [number / (1 + math.exp(-number)) for number in numbers]
    return numbers


def attention_shares(queries: Rows, keys: Rows) -> Rows:
    """Return the share that each token takes of itself and of each earlier one; of the later ones it takes 0."""
    shares = []
    for place, query in enumerate(queries):
        scores = [math.fsum(map(math.prod, zip(query, key, strict=True))) / math.sqrt(len(query)) for key in keys]
        shares.append(softmax(scores[: place + 1]) + [0.0] * (len(keys) - place - 1))
    return shares


def attend(queries: Rows, keys: Rows, values: Rows) -> Rows:
    """Return what each token takes of the values, number by number."""
    columns = [*zip(*values, strict=True)]
    rows = attention_shares(queries, keys)
    return [[math.fsum(map(math.prod, zip(row, column, strict=True))) for column in columns] for row in rows]


def split_heads(tokens: Rows, heads: int) -> list[Rows]:
    """Return, for each head, its piece of each token's vector."""
    size = len(tokens[0]) // heads
    return [[token[head * size : (head + 1) * size] for token in tokens] for head in range(heads)]


def merge_heads(pieces: Sequence[Rows]) -> Rows:
    """Return each token's pieces side by side."""
    return [[number for piece in of_token for number in piece] for of_token in zip(*pieces, strict=True)]


def through(vector: Sequence[float], matrix: Rows) -> list[float]:
    """Multiply a vector with a matrix, number by number."""
    return [math.fsum(map(math.prod, zip(vector, column, strict=True))) for column in zip(*matrix, strict=True)]


def added(one: Rows, other: Rows) -> Rows:
    """Add vectors to vectors."""
    return [[a + b for a, b in zip(*rows, strict=True)] for rows in zip(one, other, strict=True)]


def rms_norm(vector: Sequence[float], gain: Sequence[float]) -> list[float]:
    """Divide by the root of the mean of the squares, and multiply each number by its gain."""
    size = math.sqrt(math.fsum(number * number for number in vector) / len(vector) + 1e-5)
    return [number / size * factor for number, factor in zip(vector, gain, strict=True)]


def attention_of(parameters: Block, x: Rows, heads: int) -> Rows:
    """Return what the attention of a block adds to each vector."""
    normed = [rms_norm(vector, parameters.attention_gain.tolist()) for vector in x]
    matrices = (parameters.query, parameters.key, parameters.value)
    cut = [split_heads([through(vector, matrix.tolist()) for vector in normed], heads) for matrix in matrices]
    taken = merge_heads([attend(*head) for head in zip(*cut, strict=True)])
    return [through(vector, parameters.output.tolist()) for vector in taken]


def small_network_of(parameters: Block, x: Rows) -> Rows:
    """Return what the small network of a block adds to each vector."""
    added = []
    for vector in x:
        hidden = through(rms_norm(vector, parameters.hidden_gain.tolist()), parameters.widen.tolist())
        added.append(through([max(0.0, number) ** 2 for number in hidden], parameters.narrow.tolist()))
    return added


def block(parameters: Block, x: Rows, heads: int) -> Rows:
    """Return the vectors of one word after a block."""
    x = added(x, attention_of(parameters, x, heads))
    return added(x, small_network_of(parameters, x))


def transformer_logits(parameters: Transformer, ids: Sequence[int]) -> Rows:
    """Return the logits at each place of one word."""
    embedding, places = parameters.embedding.tolist(), parameters.places.tolist()
    x = [[a + b for a, b in zip(embedding[id], places[place], strict=True)] for place, id in enumerate(ids)]
    for one in parameters.blocks:
        x = block(one, x, parameters.heads)
    normed = [rms_norm(vector, parameters.gain.tolist()) for vector in x]
    return [through(vector, parameters.unembedding.tolist()) for vector in normed]


def learning_rate_at(
    step: int,
    recipe: Recipe,
    *,
    rise: Callable[[float], float] = lambda done: min(1.0, done),
    fall: Callable[[float], float] = lambda done: (1 + math.cos(math.pi * done)) / 2,
) -> float:
    """Return the rate of a step: up along a line, down along a cosine."""
    rising = recipe.warm_up * recipe.steps
    if step < rising:
        return recipe.learning_rate * rise((step + 1) / rising)
    return recipe.learning_rate * fall((step - rising) / (recipe.steps - rising))


def network_of(pieces: Sequence[torch.Tensor]) -> MLP:
    """Return the network that has these pieces: the embedding, the weights and the biases."""
    embedding, *rest = pieces
    layers = len(rest) // 2
    return MLP(embedding, tuple(rest[:layers]), tuple(rest[layers:]))


def minibatches(n: int, batch_size: int, *, generator: torch.Generator | None) -> Iterator[torch.Tensor]:
    """Yield the numbers from 0 to n - 1 in random order, `batch_size` at once, then in another order."""
    while True:
        yield from torch.split(torch.randperm(n, generator=generator), batch_size)


def train_mlp(
    parameters: MLP,
    contexts: torch.Tensor,
    targets: torch.Tensor,
    recipe: Recipe,
    *,
    dev: tuple[torch.Tensor, torch.Tensor] | None = None,
    generator: torch.Generator | None = None,
    copy: Callable[[torch.Tensor], torch.Tensor] = torch.clone,
    rate: Callable[[int, Recipe], float] = learning_rate_at,
    through: Callable[..., torch.Tensor] = through_layers,
    draws: Callable[..., Iterator[torch.Tensor]] = minibatches,
    due: Callable[[int, Recipe], bool] = lambda step, recipe: True,
    dropout_in_scores: tuple[float, ...] = (),
    accumulate: bool = False,
) -> Training:
    """Train with torch's AdamW on the examples as they are, and score after each step."""
    pieces = [copy(piece.detach()).requires_grad_() for piece in pieces_of(parameters)]
    optimizer = torch.optim.AdamW(pieces, betas=(0.9, 0.99), weight_decay=recipe.weight_decay)
    losses: list[float] = []
    dev_losses: list[tuple[int, float]] = []
    best: MLP | None = None

    def loss_of(contexts: torch.Tensor, targets: torch.Tensor, dropout: tuple[float, ...]) -> torch.Tensor:
        logits = through(network_of(pieces), contexts, dropout, generator)
        return torch.nn.functional.cross_entropy(logits, targets)

    def network() -> MLP:
        return network_of([piece.detach().clone() for piece in pieces])

    batches = draws(len(targets), recipe.batch_size, generator=generator)
    for step, batch in zip(range(recipe.steps), batches, strict=False):
        if not accumulate:
            optimizer.zero_grad()
        loss = loss_of(contexts[batch], targets[batch], recipe.dropout)
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves `backward` untyped
        losses.append(loss.item())
        optimizer.param_groups[0]["lr"] = rate(step, recipe)
        optimizer.step()
        if dev and due(step + 1, recipe):
            with torch.no_grad():
                dev_losses.append((step + 1, loss_of(*dev, dropout_in_scores).item()))
            if dev_losses[-1] is min(dev_losses, key=lambda scored: scored[1]):
                best = network()
    return Training(network(), best or network(), losses, dev_losses)
