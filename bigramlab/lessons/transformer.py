"""A Transformer: blocks of attention and a small network in turns, for all places of a word at once."""

import math
from typing import NamedTuple

import torch
from jaxtyping import Float, Integer
from torch import Tensor

from bigramlab.lessons.blocks import Block, require_shapes, rms_norm, shapes_of, through_block
from bigramlab.lessons.inputs import (
    require_finite,
    require_generator,
    require_ids,
    require_pieces,
    require_room,
    require_size,
    shown,
)
from bigramlab.lessons.mlp import ASTRAY, drop
from bigramlab.lessons.neural_bigram import softmax

__all__ = ["Transformer", "init_transformer", "transformer_logits", "transformer_probs"]


class Transformer(NamedTuple):
    """The parameters of a Transformer: all that it knows.

    Attributes:
        embedding: A vector for each token, `(vocab, width)`.
        places: A vector for each place in a word, `(longest, width)`.
        blocks: The blocks, the first one first.
        gain: The gain of the norm before the last layer, `(width,)`.
        unembedding: The last layer, `(width, vocab)`.
        heads: How many heads the attention of each block has.
    """

    embedding: Float[Tensor, "vocab width"]
    places: Float[Tensor, "longest width"]
    blocks: tuple[Block, ...]
    gain: Float[Tensor, " width"]
    unembedding: Float[Tensor, "width vocab"]
    heads: int

    @property
    def longest(self) -> int:
        """How many tokens it can read, the "." at the beginning among them."""
        return len(self.places)


Cache = tuple[tuple[Tensor, Tensor], ...]  # of each block, the keys and values of the tokens that were read


# Longer than most, but half of it says what goes in and comes out; each matrix's size and scale are seen together so.
def init_transformer(
    vocab_size: int,
    longest: int,
    *,
    width: int = 64,
    layers: int = 3,
    heads: int = 4,
    generator: torch.Generator | None = None,
) -> Transformer:
    """Return a Transformer that knows nothing yet.

    Its matrices are scaled by their inputs, as those of `init_mlp` are. The last ones of each block and of the whole
    are ten times smaller: at first a block adds little, and every token gets about the same chance. The gains are 1.

    Args:
        vocab_size: How many tokens there are.
        longest: How many tokens it can read, the "." at the beginning among them.
        width: How many numbers stand for a token on its way through the blocks.
        layers: How many blocks.
        heads: How many heads attend in each block.
        generator: The source of randomness; `None` means torch's global one.

    Returns:
        The parameters.

    Raises:
        TypeError: If an argument is of the wrong kind.
        ValueError: If a size is not positive, or the heads can't share the width.

    Examples:
        >>> parameters = init_transformer(27, longest=16)
        >>> parameters.embedding.shape, parameters.places.shape, len(parameters.blocks)
        (torch.Size([27, 64]), torch.Size([16, 64]), 3)
    """
    vocab_size = require_size("vocab_size", vocab_size, least=1)
    longest = require_size("longest", longest, least=1)
    width = require_size("width", width, least=1)
    layers = require_size("layers", layers, least=1)
    heads = require_size("heads", heads, least=1)
    require_room("the network", 12 * layers + 1, width, max(width, vocab_size, longest))
    require_generator(generator)
    if width % heads:
        raise ValueError(f"{heads} heads can't share a width of {width}: choose a multiple of {heads}")
    device = generator.device if generator else "cpu"

    def matrix(inputs: int, outputs: int, scale: float = 1.0) -> Tensor:
        return torch.randn((inputs, outputs), generator=generator, device=device) * (scale / math.sqrt(inputs))

    def one() -> Block:
        query, key, value, output = (matrix(width, width, scale) for scale in (1.0, 1.0, 1.0, 0.1))
        small = matrix(width, 4 * width), matrix(4 * width, width, 0.1)
        return Block(gain(), query, key, value, output, gain(), *small)

    def gain() -> Tensor:
        return torch.ones(width, device=device)

    embedding, places = (
        torch.randn((n, width), generator=generator, device=device) * 0.3 for n in (vocab_size, longest)
    )
    blocks = tuple(one() for _ in range(layers))
    return Transformer(embedding, places, blocks, gain(), matrix(width, vocab_size, 0.1), heads)


def transformer_logits(
    parameters: Transformer, ids: Integer[Tensor, "batch tokens"]
) -> Float[Tensor, "batch tokens vocab"]:
    """Return, for each token of each word, how the Transformer rates what comes next.

    Each token's vector is that of the token plus that of its place. It goes through all blocks, and at the end a norm
    and a layer make logits of it. All places are computed at once: the logits at a place depend on the tokens up to it
    alone, so a word of n letters is n + 1 examples.

    Args:
        parameters: The network.
        ids: The tokens of each word, the "." at the beginning first. What stands behind a word's end, in a batch of
            words of different lengths, changes nothing before it.

    Returns:
        The logits. Gradients flow through them to the parameters.

    Raises:
        TypeError: If `parameters` is no `Transformer`, or `ids` no tensor of integers.
        ValueError: If there are no tokens, or more than the network can read, or an id has no vector, or the network's
            pieces don't fit each other, or it gives nan or inf.

    Examples:
        >>> parameters = init_transformer(27, longest=16)
        >>> transformer_logits(parameters, torch.tensor([[0, 5, 13, 13, 1]])).shape  # .emma
        torch.Size([1, 5, 27])
    """
    require_transformer(parameters)
    require_ids_of(parameters, ids)
    logits = through_blocks(parameters, ids.long().to(parameters.embedding.device))[0]
    require_finite("what the network gives", logits, ASTRAY)
    return logits


def through_blocks(
    parameters: Transformer,
    ids: Tensor,
    cache: Cache = (),
    dropout: tuple[float, ...] = (),
    generator: torch.Generator | None = None,
) -> tuple[Tensor, Cache]:
    """Return the logits, and the cache that goes on from here; shares of the dropout are left out at both ends."""
    way_in = dropout[0] if dropout else 0.0
    way_out = dropout[1] if len(dropout) > 1 else 0.0
    begin = cache[0][0].shape[2] if cache else 0
    x = parameters.embedding[ids] + parameters.places[begin : begin + ids.shape[1]]
    x = drop(x, way_in, generator)
    read = []
    for number, one in enumerate(parameters.blocks):
        x, keys_and_values = through_block(one, x, parameters.heads, cache[number] if cache else None)
        read.append(keys_and_values)
    x = drop(rms_norm(x, parameters.gain), way_out, generator)
    return x @ parameters.unembedding, tuple(read)


def transformer_probs(
    parameters: Transformer, contexts: Integer[Tensor, "batch context"]
) -> Float[Tensor, "batch vocab"]:
    """Return the probability of each next token after contexts, as `generate_words` and `score_contexts` ask for it.

    A context has its `"."` on the left, and the Transformer begins with one of them. So each context is moved to the
    left, until its last `"."` stands first, and the place of its last letter is read. What then stands behind it
    changes nothing.

    Args:
        parameters: The network.
        contexts: Ids, oldest first, as `build_contexts` makes them, at most `parameters.longest` of them.

    Returns:
        A row for each context, summing to 1.

    Raises:
        TypeError: As `transformer_logits`.
        ValueError: As `transformer_logits`, and if the network gives logits that are not finite.

    Examples:
        >>> parameters = init_transformer(27, longest=16)
        >>> probs = transformer_probs(parameters, torch.tensor([[0, 0, 5, 13]]))  # after ".em"
        >>> round(float(probs.sum()), 4)
        1.0
    """
    require_transformer(parameters)
    require_ids_of(parameters, contexts)
    contexts = contexts.long().to(parameters.embedding.device)
    length = contexts.shape[1]
    places = torch.arange(length, device=contexts.device)
    begins = (places * (contexts == 0)).amax(dim=1, keepdim=True)  # where the last "." stands
    moved = contexts.gather(1, (places + begins).clamp(max=length - 1))
    ends = length - 1 - begins[:, 0]
    with torch.no_grad():
        logits, _ = through_blocks(parameters, moved[:, : max([1, *(ends + 1).tolist()])])  # the rest is read by none
        return softmax(logits[torch.arange(len(moved)), ends])


def require_transformer(parameters: object) -> None:
    """Refuse what is no network, and pieces that don't fit each other."""
    if not isinstance(parameters, Transformer):
        raise TypeError(f"parameters must be a Transformer, as init_transformer makes it, got {shown(parameters)}")
    embedding, places, blocks, gain, unembedding, heads = parameters
    if not isinstance(blocks, tuple | list) or not all(isinstance(one, Block) for one in blocks):
        raise TypeError(f"blocks must be a tuple of Block, got {shown(blocks)}; init_transformer makes it so")
    pieces = [embedding, places, *(piece for one in blocks for piece in one), gain, unembedding]
    require_pieces("a Transformer", pieces, "init_transformer")
    heads = require_size("heads", heads, least=1)
    vocab, width = embedding.shape if embedding.ndim == 2 else (0, 0)
    wanted: list[tuple[int, ...]] = [(vocab, width), (parameters.longest if places.ndim else 0, width)]
    wanted += [shape for one in blocks for shape in shapes_of(one, width)]
    wanted += [(width,), (width, vocab)]
    require_shapes(pieces if blocks and vocab and width else [], wanted, heads)


def require_ids_of(parameters: Transformer, ids: Tensor) -> None:
    """Refuse anything but ids of the network's tokens, of one word or more of a length that it can read."""
    if isinstance(ids, Tensor) and ids.ndim == 1:
        raise ValueError(f"ids has shape {tuple(ids.shape)}, but needs a row for each word: of one word make ids[None]")
    require_ids("ids", ids, axes=2, tokens=len(parameters.embedding))
    if not 0 < ids.shape[1] <= parameters.longest:
        raise ValueError(
            f"ids has shape {tuple(ids.shape)}, but the network reads from 1 to {parameters.longest} tokens of a word, "
            "the '.' at its beginning among them; make one with a larger `longest`, or give it less"
        )
