"""Write fast: what the earlier tokens' keys and values were is kept, and not computed again for each letter."""

from collections.abc import Callable

import torch
from jaxtyping import Float, Integer
from torch import Tensor

from bigramlab.lessons.generating import generate_words
from bigramlab.lessons.inputs import require_finite, require_ids, require_pieces, shown
from bigramlab.lessons.mlp import ASTRAY
from bigramlab.lessons.neural_bigram import softmax
from bigramlab.lessons.transformer import (
    Cache,
    Transformer,
    require_transformer,
    through_blocks,
    transformer_probs,
)
from bigramlab.lessons.transformer_training import require_fit

__all__ = ["extend", "sample_transformer_words"]


# Longer than most, but for what goes in and comes out: the code is eleven lines.
def extend(
    parameters: Transformer, cache: tuple[tuple[Tensor, Tensor], ...], ids: Integer[Tensor, "batch new"]
) -> tuple[Float[Tensor, "batch new vocab"], tuple[tuple[Tensor, Tensor], ...]]:
    """Read more tokens of words that were read in part, and return their logits and the cache that goes on from there.

    A token looks at earlier ones through their keys and values alone, and these depend on nothing that comes later. So
    they are kept, for each block, and only the new tokens go through the network. In whatever pieces a word is read,
    the logits are those of `transformer_logits` on the whole.

    Args:
        parameters: The network.
        cache: What was read before; `()` if nothing was. It is left as it is.
        ids: The next tokens of each word.

    Returns:
        The logits at the new tokens, and for each block the keys and values of all tokens so far, each
        `(batch, heads, tokens, numbers)`. Gradients flow through both.

    Raises:
        TypeError: If `parameters` is no `Transformer`, `cache` none, or `ids` no tensor of integers.
        ValueError: If there are no ids, or with those before them more than the network can read, or one has no vector,
            or the cache is of another network or of other words.

    Examples:
        >>> parameters = init_transformer(27, longest=16)
        >>> logits, cache = extend(parameters, (), torch.tensor([[0, 5]]))  # ".e"
        >>> logits, cache = extend(parameters, cache, torch.tensor([[13]]))  # and "m"
        >>> whole = transformer_logits(parameters, torch.tensor([[0, 5, 13]]))
        >>> torch.allclose(logits[:, 0], whole[:, 2], atol=1e-5)
        True
    """
    require_transformer(parameters)
    require_ids("ids", ids, axes=2, tokens=len(parameters.embedding))
    read = _tokens_read(parameters, cache, len(ids))
    if not 0 < ids.shape[1] <= parameters.longest - read:
        raise ValueError(
            f"{read} tokens were read and {ids.shape[1]} are to be read, but the network reads from 1 to "
            f"{parameters.longest} in all; begin anew with an empty cache and the last tokens"
        )
    logits, cache = through_blocks(parameters, ids.long().to(parameters.embedding.device), cache)
    require_finite("what the network gives", logits, ASTRAY)
    return logits, cache


def _tokens_read(parameters: Transformer, cache: Cache, batch: int) -> int:
    """Return how many tokens a cache is of, once it fits the network and the batch."""
    if isinstance(cache, tuple) and not cache:
        return 0
    try:
        shapes = {tuple(tensor.shape) for keys, values in cache for tensor in (keys, values)}
        read = cache[0][0].shape[2]
    except Exception:
        raise TypeError(
            f"the cache must be () or what the last call returned, got {shown(cache)}; keep the second of what "
            "extend returns"
        ) from None
    width, heads = parameters.embedding.shape[1], parameters.heads
    if len(cache) != len(parameters.blocks) or shapes != {(batch, heads, read, width // heads)}:
        raise ValueError(
            f"the cache has the shapes {sorted(shapes)} for {len(cache)} blocks, which don't fit {batch} words and "
            "this network; give the cache that the last call returned for the same words"
        )
    pieces = [parameters.embedding, *(tensor for both in cache for tensor in both)]
    require_pieces("a cache", pieces, "extend")
    return int(read)


def sample_transformer_words(
    parameters: Transformer,
    vocabulary: str,
    n: int,
    *,
    choose: Callable[[Float[Tensor, "batch vocab"]], Float[Tensor, "batch vocab"]] | None = None,
    generator: torch.Generator | None = None,
) -> list[str]:
    """Write n words: `generate_words` with the network's probabilities, and with a cache.

    Args:
        parameters: The network.
        vocabulary: The token of each id.
        n: How many words.
        choose: Makes of the network's probabilities those to draw from, as in `generate_words`.
        generator: The source of randomness; `None` means torch's global one.

    Returns:
        The words without their `"."`: those that `generate_words` gives without a cache.

    Raises:
        TypeError: If an argument is of the wrong kind.
        ValueError: If the vocabulary does not fit the network, or `generate_words` refuses.

    Examples:
        >>> len(sample_transformer_words(init_transformer(3, longest=8, width=8), ".ab", n=5))
        5
    """
    require_fit(parameters, vocabulary)
    next_probs = remembering(parameters)
    return generate_words(
        next_probs, vocabulary, n, context_length=parameters.longest, choose=choose, generator=generator
    )


def remembering(parameters: Transformer) -> Callable[[Tensor], Tensor]:
    """Return `transformer_probs` of the network, quick where each context is one of the last call and a token more."""
    last = torch.empty(0, 0)
    cache: Cache = ()

    def next_probs(contexts: Tensor) -> Tensor:
        nonlocal last, cache
        rows = _continued(last, contexts)
        if contexts.shape[1] == parameters.longest and not contexts.any():  # words begin
            before: Cache | None = ()
        elif rows is not None and cache and cache[0][0].shape[2] < parameters.longest:  # they go on
            before = tuple((keys[rows], values[rows]) for keys, values in cache)
        else:  # they are others, or too long to be read as a whole
            before = None
        last, cache = contexts, ()
        if before is None:
            return transformer_probs(parameters, contexts)
        with torch.no_grad():
            logits, cache = extend(parameters, before, contexts[:, -1:])
        return softmax(logits[:, -1])

    return next_probs


def _continued(last: Tensor, contexts: Tensor) -> Tensor | None:
    """Return which of the last contexts each of these continues; None if one continues none."""
    if last.shape[1:] != contexts.shape[1:]:
        return None
    place = {tuple(row): number for number, row in enumerate(last[:, 1:].tolist())}
    rows = [place.get(tuple(row)) for row in contexts[:, :-1].tolist()]
    return None if None in rows else torch.tensor(rows)
