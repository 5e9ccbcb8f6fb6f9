"""A walk through the table writes a word: draw the next token, go to its row, draw again, until `"."` is drawn."""

from bisect import bisect_right
from collections.abc import Iterator
from itertools import chain, islice

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from bigramlab.lessons.encoding import spell
from bigramlab.lessons.inputs import (
    require_distributions,
    require_generator,
    require_size,
    require_table,
    require_vocabulary,
)
from bigramlab.lessons.wheels import make_wheels, spin

__all__ = ["sample", "sample_words"]

DRAWS = 128  # random numbers made at once: one call of torch.rand for each would cost more than the whole walk
LONGEST = 1_000_000  # tokens

# The first words are written one after the other, before lanes are worth their preparation. All this changes how long
# it takes and which random numbers are used, but not how likely a word is.
FEW = 64  # words
MOST_TOKENS = 256  # beyond it wheels take too much memory
LANES = (64, 256)  # twice as many lanes as steps; half as many at first, and so many steps at most
POCKETS = 8  # of each wheel, for each token


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
    probs = _ready(probs, generator)
    return torch.tensor(_walk(_ends(probs), 0, _darts(generator)), device="cpu")


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
    probs = _ready(probs, generator)
    require_vocabulary(vocabulary, probs)
    n = require_size("n", n)
    rows, darts = _ends(probs), _darts(generator)
    one_by_one = n if len(vocabulary) > MOST_TOKENS else min(n, FEW)
    ids = [id for _ in range(one_by_one) for id in _walk(rows, 0, darts)]
    text = ["".join([vocabulary[id] for id in ids])]
    lanes = _in_lanes(probs, vocabulary, darts, generator)
    written = one_by_one
    while written < n:
        text.append(next(lanes))
        written += text[-1].count(".")
    return "".join(text).split(".")[:n]  # every word ends with "."


def _ready(probs: Float[Tensor, "vocab vocab"], generator: torch.Generator | None) -> Float[Tensor, "vocab vocab"]:
    """Refuse what can't be walked through, and return the table in double precision."""
    require_table("probs", probs, square=True)
    require_distributions("probs", probs)
    require_generator(generator)
    probs = probs.detach().cpu().double()
    _require_an_end(probs)
    return probs


def _ends(probs: Float[Tensor, "rows vocab"]) -> list[list[float]]:
    """Return where the pieces of each row's line end.

    A draw from a row is a dart on a line from 0 to 1 that is cut into one piece a token, as long as its probability.
    The running sums of the row are where the pieces end, so the piece that was hit is the first that ends beyond the
    dart. A piece of length 0 can't be hit.
    """
    ends = probs.cumsum(dim=1)
    return (ends / ends[:, -1:]).tolist()  # exactly 1 at the end, whatever was rounded on the way


def _darts(generator: torch.Generator | None) -> Iterator[float]:
    """Throw darts without end."""
    device = generator.device if generator else "cpu"

    def throw() -> list[float]:
        return torch.rand(DRAWS, generator=generator, device=device, dtype=torch.float64).tolist()

    return chain.from_iterable(iter(throw, None))


def _walk(rows: list[list[float]], current: int, darts: Iterator[float]) -> list[int]:
    """Walk from a row until 0 is drawn, and return the ids on the way."""
    ids = []
    for dart in islice(darts, LONGEST + 1):
        current = bisect_right(rows[current], dart)
        ids.append(current)
        if current == 0:
            return ids
    raise ValueError(
        f"a walk has not ended after {LONGEST:,} tokens: '.' is too improbable in the rows that it visits; "
        "smooth the counts, or count words with '.' after each"
    )


# The rest is the same thing in bulk: many walks side by side, in lanes, several times as fast as one after the other.


def _in_lanes(
    probs: Float[Tensor, "vocab vocab"], vocabulary: str, darts: Iterator[float], generator: torch.Generator | None
) -> Iterator[str]:
    """Write words without end, in texts of many: each the words of one lane.

    A lane takes so many steps, and then throws darts until its word ends. It is never cut off, nor do its words come
    sooner than those of another: to take what is finished first would be to prefer short words.
    """
    bits = (POCKETS * len(vocabulary) - 1).bit_length()  # a power of 2, so that each pocket has exactly the same chance
    wheels, rows = make_wheels(probs, 1 << bits)
    ends = _ends(rows)
    silent = next(chr(code) for code in range(len(vocabulary) + 1) if chr(code) not in vocabulary)
    letters = vocabulary + silent * (len(rows) - len(vocabulary))
    device = generator.device if generator else "cpu"
    steps, most = LANES
    while True:
        shape = (steps, 2 * steps)
        pockets = torch.randint(1 << bits, shape, generator=generator, device=device, dtype=torch.int32)
        states = spin(wheels, pockets.cpu()) >> bits
        text = spell(states, letters)
        for lane, current in enumerate(states[:, -1].tolist()):
            written = text[lane * steps : (lane + 1) * steps].replace(silent, "")
            if current != 0:
                written += "".join([vocabulary[id] for id in _walk(ends, current, darts)])
            yield written
        steps = min(2 * steps, most)


def _require_an_end(probs: Float[Tensor, "vocab vocab"]) -> None:
    """Refuse a table in which a walk can come to a token from which no path leads back to 0."""
    if probs[:, 0].all():  # from wherever it is, a step leads to the end
        return
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
