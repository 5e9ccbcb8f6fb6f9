"""A walk through the table writes a word: draw the next token, go to its row, draw again, until `"."` is drawn."""

from bisect import bisect_right

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from bigramlab.lessons.inputs import (
    require_distributions,
    require_generator,
    require_size,
    require_table,
    require_vocabulary,
)

__all__ = ["sample", "sample_words"]

DRAWS = 4096  # random numbers made at once: one call of torch.rand for each would cost more than the whole walk
LONGEST = 1_000_000  # tokens


def sample(
    probs: Float[Tensor, "vocab vocab"],
    *,
    generator: torch.Generator | None = None,
) -> Int64[Tensor, " length"]:
    """Walk from the row of `"."` until `"."` is drawn again, and return the ids on the way.

    Each step draws the next token from the current token's row (ancestral sampling).

    Args:
        probs: A row-stochastic table: row = current token, column = next token.
        generator: The source of randomness; `None` means torch's global one.

    Returns:
        The ids drawn, the final 0 among them and no other 0.

    Raises:
        TypeError: If `probs` is not a tensor or `generator` not a `torch.Generator`.
        ValueError: If `probs` is not square or not row-stochastic, if a walk can come to a token from which `"."` can't
            be reached, or if it has not ended after a million tokens.

    Examples:
        Here every row has one possible next token, so there is one possible walk.

        >>> probs = torch.tensor([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]])
        >>> sample(probs)
        tensor([1, 2, 0])
    """
    return torch.tensor(_walk(probs, 1, generator), device="cpu")


def sample_words(
    probs: Float[Tensor, "vocab vocab"],
    vocabulary: str,
    n: int,
    *,
    generator: torch.Generator | None = None,
) -> list[str]:
    """Write n words, each from a walk of its own.

    The same generator state gives the same words, and a larger `n` begins with the words of a smaller one.

    Args:
        probs: A row-stochastic table: row = current token, column = next token.
        vocabulary: The token of each id.
        n: How many words.
        generator: The source of randomness; `None` means torch's global one.

    Returns:
        The words without their `"."`. A word is empty if the table lets `"."` follow `"."`, as a smoothed one does.

    Raises:
        TypeError: If an argument is of the wrong kind.
        ValueError: If `n` is negative, the vocabulary does not fit the table, or `sample` would refuse the table.

    Examples:
        >>> probs = torch.tensor([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]])
        >>> sample_words(probs, ".hi", n=2)
        ['hi', 'hi']
    """
    require_table("probs", probs, square=True)
    require_vocabulary(vocabulary, probs)
    n = require_size("n", n)
    text = "".join([vocabulary[id] for id in _walk(probs, n, generator)])
    return text.split(".")[:-1]  # every word ends with ".", so what follows the last one is nothing


def _walk(probs: Float[Tensor, "vocab vocab"], n: int, generator: torch.Generator | None) -> list[int]:
    """Return the ids of n walks, one after the other, each ended by its 0.

    A draw from a row is a dart on a line from 0 to 1 that is cut into one piece a token, as long as its probability.
    The running sums of the row are where the pieces end, so the piece that was hit is the first that ends beyond the
    dart. A piece of length 0 can't be hit.
    """
    require_table("probs", probs, square=True)
    require_distributions("probs", probs)
    require_generator(generator)
    probs = probs.detach().cpu().double()
    _require_an_end(probs)
    device = generator.device if generator else "cpu"
    ends = probs.cumsum(dim=1)
    rows = (ends / ends[:, -1:]).tolist()  # exactly 1 at the end, whatever was rounded on the way
    ids: list[int] = []
    current = words = word_start = 0
    while words < n:
        if len(ids) - word_start > LONGEST:
            raise ValueError(
                f"a walk has not ended after {LONGEST:,} tokens: '.' is too improbable in the rows that it visits; "
                "smooth the counts, or count words with '.' after each"
            )
        for dart in torch.rand(DRAWS, generator=generator, device=device, dtype=torch.float64).tolist():
            current = bisect_right(rows[current], dart)
            ids.append(current)
            if current == 0:
                words += 1
                word_start = len(ids)
                if words == n:
                    break
    return ids


def _require_an_end(probs: Float[Tensor, "vocab vocab"]) -> None:
    """Refuse a table in which a walk can come to a token from which no path leads back to 0."""
    possible = probs > 0
    visited = _reachable(possible)
    ending = _reachable(possible.T)  # walking the arrows backwards from "."
    trapped = (visited & ~ending).nonzero().flatten().tolist()
    if trapped:
        raise ValueError(
            f"from token {trapped[0]}, which a walk can reach, no path leads to token 0 ('.'), so the walk would never "
            "end; count words with '.' after each, or smooth the counts first: smooth(counts, k=1)"
        )


def _reachable(possible: Tensor) -> Tensor:
    """Return which tokens can be reached from token 0 in any number of steps."""
    reached = torch.zeros_like(possible[0])
    newly = possible[0]
    while newly.any():
        reached = reached | newly
        newly = possible[newly].any(dim=0) & ~reached
    return reached
