"""The first screen of the home page: five models that look back further and further, small enough to live in a page.

Each is trained on the same names, and its numbers are cut to one byte each. What is said of a model, its loss and its
names, is said of these bytes: of what the page computes with, not of what was trained.
"""

import base64
import json
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor

import bigramlab
from bigramlab import MLP, Recipe
from bigramlab.lessons.mlp import pieces_of
from tools import keeping, looking
from tools.markup import element, listed

SEED = 42
LONGEST = looking.LONGEST - 1  # letters that a name may have in the page
SHOWN, LISTED = 8, 4  # names: of a model that is chosen, and in the table that stands there without scripts
SIZES = {3: {"embedding_size": 8, "hidden_sizes": (64,)}, 8: {"embedding_size": 12, "hidden_sizes": (96,)}}
RECIPE = Recipe(weight_decay=0.05, dropout=())
BYTE = 127  # the largest whole number that a byte holds, with its sign
KEPT = keeping.DOCS / "looking-back.json"


class Model(NamedTuple):
    """A model, and its numbers as the page gets them."""

    looks: str
    what: str
    next_probs: Callable[[Tensor], Tensor]
    context_length: int
    numbers: dict[str, Any]


def kept() -> list[dict[str, Any]]:
    """Return of each model what the page needs: its numbers, its loss on the test names, and names it wrote."""
    key = keeping.key_of_training(__name__)
    models: list[dict[str, Any]] = keeping.kept(KEPT, key, lambda: {"models": _made()})["models"]
    return models


def _made() -> list[dict[str, Any]]:
    torch.set_num_threads(1)  # two are slower with networks this small
    names = bigramlab.load_names()
    train, dev, test = bigramlab.split_words(names, generator=torch.Generator().manual_seed(SEED))
    vocabulary = bigramlab.build_vocabulary(names)
    counts = [bigramlab.count_bigrams(words, vocabulary) for words in (train, dev)]
    models = [
        _counted("0 letters", "How frequent each letter is", *(table.sum(dim=0, keepdim=True) for table in counts))
    ]
    models.append(_counted("1 letter", "A table of pairs", *counts))
    models += [_learned(length, train, dev, vocabulary) for length in SIZES]
    models.append(_attentive())
    return [_told(model, test, vocabulary) for model in models]


def _counted(looks: str, what: str, counts: Tensor, dev_counts: Tensor) -> Model:
    """Return a table of counts, smoothed as suits the dev names; one of a single row knows how frequent all are."""
    ks = (0.01, 0.1, 1, 10)
    rows = {k: bigramlab.normalize(bigramlab.smooth(counts, k)) for k in ks}
    k = min(ks, key=lambda k: bigramlab.negative_log_likelihood(dev_counts, rows[k]))
    row_of = partial(torch.clamp, max=len(counts) - 1)
    text = " ".join(map(str, counts.flatten().tolist()))
    return Model(looks, what, lambda contexts: rows[k][row_of(contexts[:, -1])], 1, {"counts": text, "k": k})


def _learned(length: int, train: list[str], dev: list[str], vocabulary: str) -> Model:
    """Return an MLP with one hidden layer that looks back `length` letters."""
    generator = torch.Generator().manual_seed(SEED)
    start = bigramlab.init_mlp(len(vocabulary), length, **SIZES[length], generator=generator)  # type: ignore[arg-type]
    examples, held_back = (bigramlab.build_contexts(words, vocabulary, length) for words in (train, dev))
    trained = bigramlab.train_mlp(start, *examples, RECIPE, dev=held_back, generator=generator, progress=False).best
    network: MLP = cut_to_bytes(trained)
    sizes = {"length": length, "embedding": network.embedding.shape[1], "hidden": len(network.biases[0])}
    return Model(
        f"{length} letters", "A small network", partial(bigramlab.mlp_probs, network), length, sizes | pack(network)
    )


def _attentive() -> Model:
    """Return the small Transformer of chapter 13, which looks back to the beginning."""
    network = cut_to_bytes(looking.transformer())
    sizes = {"longest": network.longest, "width": network.embedding.shape[1]}
    sizes |= {"layers": len(network.blocks), "heads": network.heads}
    return Model(
        "all letters",
        "Attention",
        partial(bigramlab.transformer_probs, network),
        network.longest,
        sizes | pack(network),
    )


def _told(model: Model, test: list[str], vocabulary: str) -> dict[str, Any]:
    """Return a model's numbers, with its loss on the test names and some names that it wrote."""
    looks, what, next_probs, length, numbers = model
    loss = bigramlab.score_contexts(next_probs, *bigramlab.build_contexts(test, vocabulary, length))
    generator = torch.Generator().manual_seed(SEED)
    words = bigramlab.generate_words(next_probs, vocabulary, 50, context_length=length, generator=generator)
    some = [word if len(word) <= LONGEST else word[:LONGEST] + "…" for word in words if word][:SHOWN]
    return {"looks": looks, "what": what, "loss": loss, "words": some} | numbers


def _steps(piece: Tensor) -> tuple[Tensor, float]:
    """Return a piece of a network in whole steps, and how long a step is: the largest number is 127 of them."""
    step = piece.abs().max().item() / BYTE or 1.0
    return (piece / step).round().to(torch.int8), step


def cut_to_bytes(network: Any) -> Any:
    """Return the network with its numbers rounded to those that bytes can hold."""
    for piece in pieces_of(network):
        steps, step = _steps(piece)
        piece.copy_(steps * step)
    return network


def pack(network: Any) -> dict[str, Any]:
    """Return the bytes of a network as text, and how many there are of each step."""
    pieces = [_steps(piece) for piece in pieces_of(network)]
    text = base64.b64encode(b"".join(steps.numpy().tobytes() for steps, _ in pieces)).decode()
    return {"bytes": text, "steps": [[steps.numel(), step] for steps, step in pieces]}


def back(word: str = "mar") -> str:
    """Return the element: a slider over the models; without scripts, a row of names for each."""
    models = kept()
    rows = [
        [model["looks"], " ".join(f"`{word}`" for word in model["words"][:LISTED]), f"{model['loss']:.2f}"]
        for model in models
    ]
    fallback = listed(["looks back", "and writes", "loss"], rows)
    note = (
        '<p class="bl-note">The loss is in nats a letter, on names that no model has seen: the smaller the better.</p>'
    )
    return element(
        "back",
        f"{fallback}{note}",
        scripts="mlp transformer back",
        vocabulary=bigramlab.build_vocabulary(bigramlab.load_names()),
        longest=LONGEST,
        word=word,
        models=json.dumps(models, ensure_ascii=False, separators=(",", ":")),
    )
