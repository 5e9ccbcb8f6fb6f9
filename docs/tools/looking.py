"""The small networks that the chapters on attention and on the Transformer show, trained on the names.

Their numbers are rounded, so that the page computes with the very same ones.
"""

import statistics
from typing import Any, NamedTuple, TypeVar

import torch
from torch import Tensor

import bigramlab
from bigramlab import Recipe, Transformer, attention_shares, cross_entropy, rms_norm, softmax
from bigramlab.lessons.mlp import pieces_of
from bigramlab.lessons.training import go_downhill
from bigramlab.lessons.transformer_training import NOTHING, lay_out
from tools import keeping

LONGEST, WIDTH = 16, 16
SCALE = 200  # the numbers are kept as whole ones: so many to 1
RECIPE = Recipe(steps=1500, batch_size=128, learning_rate=0.01, weight_decay=0.2, dropout=())
BEGINNINGS = ("a", "br", "da", "em", "jo", "ka", "ma", "no", "ri", "so")  # of words to go on from
ASKED = 500  # dev names, letter by letter
Network = TypeVar("Network", bound=tuple[Any, ...])


class Looking(NamedTuple):
    """A network of one head of attention and nothing else."""

    embedding: Tensor
    places: Tensor
    query: Tensor
    key: Tensor
    value: Tensor
    output: Tensor
    unembedding: Tensor


def shares_in(network: Looking, ids: Tensor, ahead: bool) -> Tensor:
    """Return the shares that each token takes of the others: of the later ones too, if it may look ahead."""
    x = (network.embedding[ids] + network.places[: ids.shape[1]])[:, None]
    queries, keys = x @ network.query, x @ network.key
    return softmax(queries @ keys.mT / WIDTH**0.5) if ahead else attention_shares(queries, keys)


def logits_of(network: Looking, ids: Tensor, ahead: bool) -> Tensor:
    """Return the logits at each token: what it takes is added to it, and one layer rates what comes next."""
    x = network.embedding[ids] + network.places[: ids.shape[1]]
    taken = (shares_in(network, ids, ahead) @ (x @ network.value)[:, None])[:, 0]
    return rms_norm(x + taken @ network.output, torch.ones(WIDTH)) @ network.unembedding


def loss_of(logits: Tensor, targets: Tensor) -> Tensor:
    """Return the mean of -log p of the targets there are, in nats."""
    return cross_entropy(logits[targets != NOTHING], targets[targets != NOTHING])


def asked_letter_by_letter(network: Looking, ahead: bool, words: list[str], vocabulary: str) -> float:
    """Return the loss where nothing of what comes is there yet, as when a model writes."""
    costs = []
    for word in words:
        ids = torch.tensor([0, *bigramlab.encode(word, vocabulary), 0])
        for end in range(1, len(ids)):
            costs.append(cross_entropy(logits_of(network, ids[None, :end], ahead)[0, -1:], ids[end : end + 1]).item())
    return statistics.mean(costs)


def go_on(network: Looking, ahead: bool, word: str, vocabulary: str, generator: torch.Generator) -> str:
    """Write the rest of a word, letter by letter, as long as there are places."""
    while len(word) < LONGEST - 1:
        ids = torch.tensor([[0, *bigramlab.encode(word, vocabulary)]])
        probs = softmax(logits_of(network, ids, ahead)[0, -1])
        id = int(torch.multinomial(probs, 1, generator=generator))
        if id == 0:
            break
        word += vocabulary[id]
    return word


def rounded(network: Network) -> str:
    """Return all numbers of a network, so many to 1, as whole ones in a text."""
    return " ".join(str(round(number * SCALE)) for piece in pieces_of(network) for number in piece.flatten().tolist())


def looking() -> dict[str, Any]:
    """Train the network of one head twice, with a mask and without, and a small Transformer."""
    names = bigramlab.load_names()
    train, dev, _ = bigramlab.split_words(names, generator=torch.Generator().manual_seed(42))
    vocabulary = bigramlab.build_vocabulary(names)
    ids, targets = lay_out(train, vocabulary, LONGEST)
    made: dict[str, Any] = {}
    for name, ahead in [("causal", False), ("ahead", True)]:
        generator = torch.Generator().manual_seed(42)

        def batch_loss(network: Looking, batch: Tensor, ahead: bool = ahead) -> tuple[Tensor, float]:
            loss = loss_of(logits_of(network, ids[batch], ahead), targets[batch])
            return loss, loss.item()

        start = _start(len(vocabulary), generator)
        training = go_downhill(start, batch_loss, len(ids), RECIPE, score=None, generator=generator, progress=False)
        network = unrounded(start, rounded(training.parameters))
        made[name] = {
            "numbers": rounded(network),
            "train": statistics.mean(training.losses[-200:]),
            "asked": asked_letter_by_letter(network, ahead, dev[:ASKED], vocabulary),
            "words": [go_on(network, ahead, word, vocabulary, generator) for word in BEGINNINGS],
        }
    generator = torch.Generator().manual_seed(42)
    begin = _begin(len(vocabulary), generator)
    recipe = RECIPE._replace(steps=4000, weight_decay=0.05)
    trained = bigramlab.train_transformer(
        begin, train, vocabulary, recipe, dev=dev, generator=generator, progress=False
    )
    made["transformer"] = {"numbers": rounded(trained.best), "dev": min(loss for _, loss in trained.dev_losses)}
    return made


def _start(vocab_size: int, generator: torch.Generator) -> Looking:
    shapes = [(vocab_size, WIDTH), (LONGEST, WIDTH), *[(WIDTH, WIDTH)] * 4, (WIDTH, vocab_size)]
    return Looking(*(torch.randn(shape, generator=generator) * 0.3 for shape in shapes))


def _begin(vocab_size: int, generator: torch.Generator) -> Transformer:
    return bigramlab.init_transformer(vocab_size, LONGEST, width=24, layers=2, heads=3, generator=generator)


def unrounded(like: Network, text: str) -> Network:
    """Return a network with these numbers, of the shapes that `like` has."""
    numbers = torch.tensor([int(number) for number in text.split()])
    parts = iter(torch.split(numbers, [piece.numel() for piece in pieces_of(like)]))

    def filled(part: Any) -> Any:
        if isinstance(part, tuple):
            return part._make(map(filled, part)) if hasattr(part, "_make") else tuple(map(filled, part))
        return (next(parts) / SCALE).view(part.shape) if isinstance(part, Tensor) else part

    result: Network = filled(like)
    return result


def kept() -> dict[str, Any]:
    """Return what the trainings gave."""
    return keeping.training(looking)


def network(name: str) -> Looking:
    """Return the network of one head: "causal" or "ahead"."""
    size = len(bigramlab.build_vocabulary(bigramlab.load_names()))
    return unrounded(_start(size, torch.Generator()), kept()[name]["numbers"])


def transformer() -> Transformer:
    """Return the small Transformer."""
    size = len(bigramlab.build_vocabulary(bigramlab.load_names()))
    return unrounded(_begin(size, torch.Generator()), kept()["transformer"]["numbers"])
