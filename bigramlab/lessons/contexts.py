"""A longer memory: what stands before each letter, and how often what came after it."""

from collections.abc import Iterable

import torch
from jaxtyping import Int64, Integer
from torch import Tensor

from bigramlab.lessons.encoding import encode_text, join_words
from bigramlab.lessons.inputs import require_ids, require_room, require_size, require_targets, require_vocabulary

__all__ = ["build_contexts", "count_contexts"]


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
    context_length = require_size("context_length", context_length, least=1)
    contexts = [torch.empty((0, context_length), dtype=torch.int64, device="cpu")]
    targets = [torch.empty(0, dtype=torch.int64, device="cpu")]
    for text in join_words(words):
        ids = encode_text(text, vocabulary)
        require_room("the table of contexts", len(ids), context_length)
        places = torch.arange(len(ids), device="cpu")
        letters = places - torch.where(ids == 0, places, 0).cummax(dim=0).values  # since the last "."
        back = torch.arange(context_length - 1, -1, -1, device="cpu")  # the column's distance from the newest token
        within = back <= letters[:-1, None]  # further back there is another word
        contexts.append(torch.where(within, ids[(places[:-1, None] - back).clamp(min=0)], 0))
        targets.append(ids[1:])
    return torch.cat(contexts), torch.cat(targets)


def count_contexts(
    contexts: Integer[Tensor, "targets context"], targets: Integer[Tensor, " targets"], vocab_size: int
) -> tuple[Integer[Tensor, "distinct context"], Int64[Tensor, "distinct vocab"]]:
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
    vocab_size = require_size("vocab_size", vocab_size, least=1)
    require_ids("contexts", contexts, axes=2)
    require_size("the length of the contexts", contexts.shape[1], least=1)
    require_targets(targets, contexts, "contexts", tokens=vocab_size)
    distinct, rows = torch.unique(contexts, dim=0, return_inverse=True)
    require_room("the table of counts", len(distinct), vocab_size)
    counts = torch.bincount(rows * vocab_size + targets.long(), minlength=len(distinct) * vocab_size)
    return distinct, counts.view(len(distinct), vocab_size)
