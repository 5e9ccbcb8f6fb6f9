"""Train a Transformer on whole words, and keep it in a file."""

import os
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from bigramlab.lessons.blocks import Block
from bigramlab.lessons.encoding import encode
from bigramlab.lessons.inputs import require_vocabulary_of, require_word, require_words, shown
from bigramlab.lessons.mlp import pieces_of
from bigramlab.lessons.neural_bigram import cross_entropy
from bigramlab.lessons.optimizing import Recipe, require_recipe
from bigramlab.lessons.saving import read, write
from bigramlab.lessons.training import Training, go_downhill
from bigramlab.lessons.transformer import Transformer, require_transformer, through_blocks

__all__ = ["TRANSFORMER_RECIPE", "load_transformer", "save_transformer", "train_transformer"]

TRANSFORMER_RECIPE = Recipe(steps=4000, batch_size=128, learning_rate=0.006, weight_decay=0.3, dropout=(0.15, 0.15))
"""The best of those that were tried on the names: its batches are of words."""

FORMAT = "bigramlab Transformer 1"
WORDS_AT_ONCE = 512
NOTHING = -1  # the target behind a word's end


# Longer than most, but two thirds of it say what goes in and comes out; `go_downhill` has the rest of the loop.
def train_transformer(
    parameters: Transformer,
    words: Sequence[str],
    vocabulary: str,
    recipe: Recipe = TRANSFORMER_RECIPE,
    *,
    dev: Sequence[str] | None = None,
    generator: torch.Generator | None = None,
    progress: bool = True,
) -> Training:
    """Train the network on words, and return the trained one; `parameters` are left as they were.

    Each step takes a minibatch of whole words. All their places are examples at once: the network reads `.emma`, and
    each token's target is the one after it, `emma.`. Otherwise it is as in `train_mlp`; the two shares of
    `recipe.dropout` are those of the numbers left out on the way into the first block and out of the last.

    Args:
        parameters: Where to start, such as `init_transformer` gives them.
        words: The words to learn from.
        vocabulary: The token of each id.
        recipe: How many steps, how many words in each, and so on.
        dev: Held-back words, to score twenty times along the way.
        generator: The source of randomness; `None` means torch's global one.
        progress: Whether to show a bar with the current loss.

    Returns:
        The trained network and the losses on the way.

    Raises:
        TypeError: If an argument is of the wrong kind.
        ValueError: If there are no words (or no held-back ones), one has a character that the vocabulary lacks, or more
            tokens than the network can read, the recipe is impossible, or the learning rate is so large that the loss
            climbs far above where it began.

    Examples:
        >>> parameters = init_transformer(3, longest=6, width=8, layers=1, heads=2)
        >>> training = train_transformer(parameters, ["anna", "nan"] * 50, ".an", Recipe(steps=100), progress=False)
        >>> training.losses[-1] < training.losses[0]
        True
    """
    require_fit(parameters, vocabulary)
    recipe = require_recipe(recipe)
    ids, targets = lay_out(words, vocabulary, parameters.longest)
    held_back = None if dev is None else lay_out(dev, vocabulary, parameters.longest)

    def loss_of(network: Transformer, batch: Tensor) -> tuple[Tensor, float]:
        loss = _mean_loss(network, ids[batch], targets[batch], recipe.dropout, generator)
        return loss, loss.item()

    def score(network: Transformer) -> float:
        assert held_back is not None
        return score_words(network, *held_back)

    return go_downhill(
        parameters,
        loss_of,
        len(ids),
        recipe,
        score=score if held_back else None,
        generator=generator,
        progress=progress,
    )


def lay_out(words: Sequence[str], vocabulary: str, longest: int) -> tuple[Tensor, Tensor]:
    """Return a row of ids for each word, the "." first, and what comes after each; `NOTHING` behind a word's end."""
    require_words(words)
    words = list(words)
    for word in words:
        require_word(word)
    if not words:
        raise ValueError("there are no words, so there is nothing to learn from or to score; give one at least")
    found = max(words, key=len)
    if len(found) + 1 > longest:
        raise ValueError(
            f"{shown(found)} has {len(found)} letters, which are {len(found) + 1} tokens with the '.' before it, but "
            f"the network reads {longest}: make one with longest={len(found) + 1}, or leave out longer words"
        )
    rows = [encode(word, vocabulary) for word in words]
    ids = torch.zeros((len(words), len(found) + 1), dtype=torch.int64, device="cpu")
    targets = torch.full_like(ids, NOTHING)
    for place, row in enumerate(rows):
        ids[place, 1 : len(row) + 1] = targets[place, : len(row)] = row
        targets[place, len(row)] = 0
    return ids, targets


def score_words(network: Transformer, ids: Tensor, targets: Tensor) -> float:
    """Return the mean of -log p of all targets, in nats: one pass over the words, for all places at once."""
    total = 0.0
    with torch.no_grad():
        for some, of_these in zip(*(torch.split(rows, WORDS_AT_ONCE) for rows in (ids, targets)), strict=True):
            n = int((of_these != NOTHING).sum())
            total += n * _mean_loss(network, some, of_these).item()
    return total / int((targets != NOTHING).sum())


def _mean_loss(
    network: Transformer,
    ids: Tensor,
    targets: Tensor,
    dropout: tuple[float, ...] = (),
    generator: torch.Generator | None = None,
) -> Tensor:
    """Return the cross-entropy of the targets there are; the ids are cut where the longest of these words ends."""
    there = targets != NOTHING
    longest = int(there.sum(dim=1).max())
    ids, targets, there = (rows[:, :longest].to(network.embedding.device) for rows in (ids, targets, there))
    logits, _ = through_blocks(network, ids, dropout=dropout, generator=generator)
    return cross_entropy(logits[there], targets[there])


def save_transformer(
    path: str | os.PathLike[str], parameters: Transformer, vocabulary: str, recipe: Recipe = TRANSFORMER_RECIPE
) -> None:
    """Write the network into a safetensors file, as `save_mlp` does.

    Args:
        path: Where to, such as `"names.safetensors"`.
        parameters: The network.
        vocabulary: The token of each id.
        recipe: How it was trained.

    Returns:
        Nothing.

    Raises:
        TypeError: If an argument is of the wrong kind.
        OSError: If the file can't be written.
        ValueError: If the vocabulary does not fit the network, or the recipe is impossible, or `path` is a folder, a
            pipe or a device.

    Examples:
        >>> import pathlib, tempfile
        >>> path = pathlib.Path(tempfile.mkdtemp(), "tiny.safetensors")
        >>> save_transformer(path, init_transformer(3, longest=4, width=8), ".ab")
        >>> path.is_file()
        True
    """
    require_fit(parameters, vocabulary)
    tensors = dict(zip(_names(len(parameters.blocks)), pieces_of(parameters), strict=True))
    write(path, FORMAT, tensors, vocabulary, recipe, heads=str(parameters.heads))


def load_transformer(path: str | os.PathLike[str]) -> tuple[Transformer, str, Recipe]:
    """Return the network of a file that `save_transformer` wrote, its vocabulary and its recipe.

    Args:
        path: The file.

    Returns:
        What was saved.

    Raises:
        FileNotFoundError: If there is no such file.
        TypeError: If `path` is no path.
        ValueError: If the file is none that `save_transformer` wrote, or has changed since, or its parts don't fit each
            other.

    Examples:
        >>> import pathlib, tempfile
        >>> path = pathlib.Path(tempfile.mkdtemp(), "tiny.safetensors")
        >>> save_transformer(path, init_transformer(3, longest=4, width=8), ".ab")
        >>> parameters, vocabulary, recipe = load_transformer(path)
        >>> vocabulary, parameters.longest
        ('.ab', 4)
    """
    return read(path, FORMAT, _network_of, require_fit, "save_transformer")


def _names(blocks: int) -> Iterator[str]:
    """Yield a name for each piece, in the order of `pieces_of`."""
    yield from ("embedding", "places")
    for number in range(blocks):
        yield from (f"block{number}.{name}" for name in Block._fields)
    yield from ("gain", "unembedding")


def _network_of(tensors: dict[str, Tensor], about: dict[str, str]) -> Transformer:
    numbers = range((len(tensors) - 4) // len(Block._fields))
    blocks = tuple(Block(*(tensors[f"block{number}.{name}"] for name in Block._fields)) for number in numbers)
    embedding, places, gain, unembedding = (tensors[name] for name in ("embedding", "places", "gain", "unembedding"))
    return Transformer(embedding, places, blocks, gain, unembedding, int(about["heads"]))


def require_fit(parameters: Transformer, vocabulary: str) -> None:
    """Refuse a vocabulary of another size than the network's."""
    require_transformer(parameters)
    require_vocabulary_of(vocabulary, parameters.embedding)
