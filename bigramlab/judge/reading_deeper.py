"""What a table of three axes is, or of a row for each pair: what follows two tokens."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import product

import torch
from torch import Tensor

from bigramlab.judge.making import MISTAKE
from bigramlab.judge.reading import Candidate, Form, how_made, is_and_should
from bigramlab.judge.slipping import KS
from bigramlab.lessons.contexts import build_contexts

__all__ = ["counted_deeper", "read_deeper"]

AFTER = "of what follows two tokens"
DIVIDED: Mapping[str, Callable[[Tensor], Tensor]] = {
    "the sums go along the middle axis, so the shares of one next token sum to 1: divide by `sum(-1, keepdim=True)`":
        lambda counts: counts / counts.sum(1, keepdim=True),
    "the sums go along the first axis: divide by `sum(-1, keepdim=True)`":
        lambda counts: counts / counts.sum(0, keepdim=True),
    "without `keepdim=True` the sums are laid along other rows than their own":
        lambda counts: counts / counts.sum(2),
    "what follows a token is divided by all pairs that begin with it, so no row sums to 1":
        lambda counts: counts / counts.sum((1, 2), keepdim=True),
}  # fmt: skip
"""Slips in dividing, each with what makes the same of counts."""
COUNTED: Mapping[str, Callable[[Tensor], Tensor]] = {
    "the end of each word is missing: no \".\" is counted after it":
        lambda counts: torch.cat([torch.zeros_like(counts[:, :, :1]), counts[:, :, 1:]], dim=2),
    "the beginning of each word is missing: no letter is counted after two \".\"":
        lambda counts: torch.cat([torch.zeros_like(counts[:1]), counts[1:]]),
    "the two tokens before stand in the wrong order: the older one belongs to the first axis":
        lambda counts: counts.transpose(0, 1),
    "the axes are turned round: the token that follows belongs to the last one":
        lambda counts: counts.permute(2, 1, 0),
    "the token that follows stands in the middle: it belongs to the last axis":
        lambda counts: counts.transpose(1, 2),
}  # fmt: skip
"""Slips in counting."""


def read_deeper(table: Tensor, words: Sequence[str], vocabulary: str) -> Iterator[Candidate]:
    """Yield what a table may be that has a row for each two tokens."""
    size = len(vocabulary)
    table = table.detach().cpu().double().reshape(size, size, size)
    for counts, how in counted_deeper(tuple(words), vocabulary):
        if form := _form(table, counts):
            yield Candidate(form.verdict, f"{_what(form.sentence)}{how}")
            return
    every, _ = counted_deeper(tuple(words), vocabulary)[0]
    for slip, change in COUNTED.items():
        if form := _form(table, change(every)):
            yield _slipped(_what(form.sentence), slip, table, form.make(_rows(every), form.k))
            return
    for places, apart in _counted_apart(tuple(words), vocabulary).items():
        if form := _form(table, apart):
            slip = f"three tokens are counted at the places {places}, and not one after the other: 0, 1 and 2"
            yield _slipped(_what(form.sentence), slip, table, form.make(_rows(every), form.k))
            return
    for k in KS:
        for slip, divide in DIVIDED.items():
            if torch.allclose(table.nan_to_num(0), divide(every + k).nan_to_num(0), atol=1e-6):
                right = (every + k) / (every + k).sum(2, keepdim=True)
                what = _what(f"the probabilities, with k = {k}" if k else "the probabilities, without smoothing")
                yield _slipped(what, slip, table, right)
                return


def _form(table: Tensor, counts: Tensor) -> Form | None:
    """Return how the table is made of counts, where there are any: a row of none may be empty."""
    rows, own = _rows(table), _rows(counts)
    seen = own.sum(dim=1) > 0
    form = how_made(rows[seen], own[seen])
    rest = rows[~seen]
    empty = bool(((rest == 0) | ~rest.isfinite()).all())
    return form if form is None or empty else how_made(rows, own)


def _what(sentence: str) -> str:
    """Say of what a table is one: "the counts of what follows two tokens, smoothed with k = 1"."""
    first, comma, rest = sentence.partition(",")
    if first.startswith("each pair's"):
        return sentence.replace("each pair's", "each three tokens'").replace("all pairs", "all of them")
    return f"{first} {AFTER}{comma}{rest}"


def _slipped(what: str, slip: str, table: Tensor, right: Tensor) -> Candidate:
    table, right = table.nan_to_num(0), right.reshape(table.shape).nan_to_num(0)
    place = "".join(f"[{at}]" for at in torch.unravel_index((table - right).abs().argmax(), table.shape))
    cell = tuple(torch.unravel_index((table - right).abs().argmax(), table.shape))
    return Candidate(
        MISTAKE,
        f"{what}, with one slip. {slip[0].upper()}{slip[1:]}.",
        is_and_should(table[cell], right[cell], f"{{it}}{place}"),
    )


def _rows(table: Tensor) -> Tensor:
    return table.reshape(-1, table.shape[-1])


@lru_cache(maxsize=16)  # the parts of a split, too
def counted_deeper(words: tuple[str, ...], vocabulary: str) -> list[tuple[Tensor, str]]:
    """Return how often each token follows each two: with as many "." before a word as are needed, and with one."""
    contexts, targets = build_contexts(list(words), vocabulary, 2)
    counts = torch.zeros((len(vocabulary),) * 3, dtype=torch.float64)
    counts.index_put_((*contexts.T, targets), torch.ones((), dtype=torch.float64), accumulate=True)
    with_one = counts.clone()
    with_one[0, 0] = 0  # then no letter follows two
    return [(counts, ""), (with_one, "; the first letter of each word is not among what follows")]


@lru_cache(maxsize=16)
def _counted_apart(words: tuple[str, ...], vocabulary: str) -> dict[str, Tensor]:
    """Return how often three tokens stand at places of a word that are not one after the other."""
    found = {}
    for front, places in product((".", ".."), ((0, 1, 3), (0, 2, 3), (0, 1, 1), (0, 0, 1))):
        text = "".join(f"{front}{word}." for word in words)
        ids = torch.tensor([vocabulary.index(token) for token in text])
        own = torch.arange(len(words)).repeat_interleave(torch.tensor([len(word) + len(front) + 1 for word in words]))
        inside = own[: -places[2]] == own[places[2] :]
        first, second, third = (ids[place : len(ids) - places[2] + place][inside] for place in places)
        counts = torch.zeros((len(vocabulary),) * 3, dtype=torch.float64)
        counts.index_put_((first, second, third), torch.ones((), dtype=torch.float64), accumulate=True)
        found[f"{places[0]}, {places[1]} and {places[2]} of {front!r} and a word"] = counts
    return found
