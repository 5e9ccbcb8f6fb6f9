"""What the laws are tried on: any words, any vocabulary, any table."""

import math
from functools import cache
from itertools import pairwise
from typing import Any

import torch
from hypothesis import assume
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy, composite
from torch import Tensor

from bigramlab import plain
from bigramlab.lessons.mlp import MLP


def _character(number: int) -> str:
    """Number all characters but surrogates, "." being left to others, and 0, at which NumPy's arrays end a text."""
    return chr((number or ord("a")) if number < 0xD800 else number + 0x800).replace(".", "a")


# A failure shrinks to the letters that come first. (`st.characters` would shrink to "0", whatever stands before it.)
any_character = st.integers(0, 0x10FFFF - 0x800).map(_character)
characters = st.one_of(st.sampled_from("abcdefgh"), st.sampled_from("ABCDEFGHZ09 -'\t"), any_character)
words = st.text(characters, max_size=12)


def _empty_last(texts: SearchStrategy[str], then: str = "b") -> SearchStrategy[str]:
    """Have a failure shrink to "a" first, and to no letters at all only if one is too many."""
    instead = {"": "a", "a": then, then: "", 2 * then: "", "\U0001f600": ""}
    return texts.map(lambda text: instead.get(text, text))


# Few letters make the same bigram come again; capitals and blanks show who changes words; all of Unicode finds what
# "a" to "z" never would.
word_lists = st.one_of(
    st.lists(_empty_last(st.text("ab\U0001f600", max_size=6)), max_size=12),
    st.lists(_empty_last(st.text(st.sampled_from("aA "), max_size=4), "A"), max_size=8),
    st.lists(_empty_last(words), max_size=8),
)
seeds = st.integers(0, 2**32)


def generator(seed: int) -> torch.Generator:
    """Return a generator in the state that the seed gives."""
    return torch.Generator().manual_seed(seed)


@composite
def vocabularies(draw: DrawFn) -> str:
    """A "." and then distinct characters in any order."""
    return "." + "".join(draw(st.lists(characters, unique=True, max_size=8)))


@composite
def words_and_vocabulary(draw: DrawFn, *, least: int = 1, shortest: int = 0) -> tuple[list[str], str]:
    """A word list, and a vocabulary that has its characters, others besides (often both A and a), in any order."""
    drawn = [word for word in draw(word_lists) if len(word) >= shortest]
    while len(drawn) < least:
        texts = st.text(characters, min_size=shortest, max_size=6)
        drawn.append(draw(texts if shortest else _empty_last(texts)))
    text = "".join([*drawn, draw(words)])
    needed = sorted(set(text + draw(st.sampled_from(["", text.lower()]))))
    return drawn, "." + "".join(draw(st.permutations(needed)))


@cache
def _rows(columns: int, largest: int) -> SearchStrategy[list[int]]:
    """Rows of counts, many of them 0; made once, for Hypothesis looks a new strategy over before it draws from it."""
    return st.lists(st.one_of(st.integers(0, 9), st.integers(0, largest)), min_size=columns, max_size=columns)


@composite
def count_tables(
    draw: DrawFn, *, square: bool = False, largest: int = 10**6, least_sum: int = 0, most_rows: int = 6
) -> Tensor:
    """Counts, many of them 0; every row sums to `least_sum` at least."""
    rows = draw(st.integers(1, most_rows))
    columns = rows if square else draw(st.integers(1, most_rows))
    table = draw(st.lists(_rows(columns, largest), min_size=rows, max_size=rows))
    for cells in table:
        cells[-1] += max(0, least_sum - sum(cells))
    return torch.tensor(table)


@composite
def large_tables(draw: DrawFn, *, square: bool = False) -> Tensor:
    """Counts of more than 27 tokens, as who writes 27 into a function needs them; no row sums to 0."""
    rows = draw(st.integers(28, 32))
    columns = rows if square else draw(st.integers(28, 32))
    return (torch.arange(rows * columns) % 11).view(rows, columns)


@composite
def prob_tables(draw: DrawFn, *, square: bool = True) -> Tensor:
    """Row-stochastic tables in which every row may end the word, while other cells may be 0."""
    counts = draw(count_tables(square=square, largest=20)).double()
    counts[:, 0] += 1
    return (counts / counts.sum(dim=1, keepdim=True)).float()


@composite
def probs_and_vocabulary(draw: DrawFn) -> tuple[Tensor, str]:
    """A table as above, and a vocabulary of its size."""
    probs = draw(prob_tables())
    size = len(probs) - 1
    return probs, "." + "".join(draw(st.lists(characters, unique=True, min_size=size, max_size=size)))


@composite
def logits_of_any_shape(draw: DrawFn, *, most_axes: int = 3) -> Tensor:
    """Numbers from -5 to 5 along one axis or more, seldom equally many along each."""
    shape = draw(st.lists(st.integers(1, 4), min_size=1, max_size=most_axes))
    size = math.prod(shape)
    return torch.tensor(draw(st.lists(st.integers(-20, 20), min_size=size, max_size=size))).view(shape) / 4


@composite
def batches(draw: DrawFn, *, most: int = 80, scale: float = 0.25) -> tuple[Tensor, Tensor]:
    """Rows of logits, from -20 to 20 if nothing else is said, and a target for each."""
    rows, columns = draw(st.integers(1, 4)), draw(st.integers(1, 5))
    size = rows * columns
    logits = draw(st.lists(st.integers(-most, most), min_size=size, max_size=size))
    targets = draw(st.lists(st.integers(0, columns - 1), min_size=rows, max_size=rows))
    return torch.tensor(logits).view(rows, columns) * scale, torch.tensor(targets)


def not_weights() -> SearchStrategy[Tensor]:
    """Tables with an entry that no count can be."""
    bad = st.sampled_from([-1.0, float("nan"), float("inf"), float("-inf")])
    return st.builds(_put, count_tables(least_sum=1, most_rows=3), bad, st.integers(0, 8))


def _put(table: Tensor, value: Any, position: int) -> Tensor:
    table = table.double()
    table.view(-1)[position % table.numel()] = value
    return table


@composite
def networks(draw_from: DrawFn) -> tuple[MLP, Tensor]:
    """A small network, and contexts to give it, after which no logit is beyond ±20."""
    size, length = draw_from(st.integers(1, 4)), draw_from(st.integers(1, 3))
    embedding = draw_from(st.integers(1, 3))
    # Layers of one size are common, so that it shows who adds to a layer's numbers those of the one before.
    hidden = draw_from(st.lists(st.integers(1, 3), max_size=2) | st.just([length * embedding] * 2))
    sizes = [length * embedding, *hidden, size]
    shapes = [(size, embedding), *pairwise(sizes), *((count,) for count in sizes[1:])]
    parts = [math.prod(shape) for shape in shapes]
    flat = draw_from(st.lists(st.integers(-8, 8), min_size=sum(parts), max_size=sum(parts)))
    pieces = torch.split(torch.tensor(flat) / 4, parts)
    network = plain.network_of([piece.reshape(shape) for piece, shape in zip(pieces, shapes, strict=True)])
    ids = st.integers(0, size - 1)
    contexts = draw_from(st.lists(st.lists(ids, min_size=length, max_size=length), min_size=1, max_size=4))
    assume(all(abs(logit) <= 20 for context in contexts for logit in plain.mlp_logits(network, context)))
    return network, torch.tensor(contexts)


def small() -> MLP:
    """Return a network of three tokens that looks back two: a new one each time, as a learner may change it."""
    embedding = torch.tensor([[0.5, -1.0], [1.0, 0.25], [-0.5, 0.75]])
    first = torch.tensor([[0.5, -0.25], [1.0, 0.5], [-0.75, 0.25], [0.25, 1.0]])
    last = torch.tensor([[0.5, -0.5, 0.75], [1.0, 0.25, -1.0]])
    return MLP(embedding, (first, last), (torch.tensor([0.25, -0.25]), torch.tensor([0.5, 0.0, -0.25])))
