"""Laws of walking through the table.

A random function can't be compared with one right answer. What every right one has in common: where its walks end,
which steps they take, how often, and which generator they move. The frequencies are judged with fixed seeds and a bound
that a right function misses with a probability below 1e-9 (Hoeffding's inequality).
"""

import math
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import torch
from hypothesis import strategies as st
from torch import Tensor

from bigramlab.laws import strategies as draw
from bigramlab.laws.law import (
    a_tensor,
    broken,
    how_many,
    law,
    leaves_torchs_generator_alone,
    refuses,
    torchs_generator_decides,
)

Function = Callable[..., Any]
GOES_ON = [[0.0, 1.0], [0.01, 0.99]]


def _ids(found: object) -> list[int]:
    if isinstance(found, Tensor) and found.ndim != 1:
        broken(f"its shape is {tuple(found.shape)}, and ids should have one axis: (length,)")
    if isinstance(found, Tensor) and not len(found):
        broken("it is empty, and every walk ends with 0, the id of the last '.'")
    return a_tensor(found, getattr(found, "shape", ()), "integers")


def _walk(sample: Function, probs: Tensor, seed: int) -> list[int]:
    return _ids(sample(probs, generator=draw.generator(seed)))


@law("sample", draw.prob_tables(), draw.seeds)
def a_walk_ends_at_the_boundary(sample: Function, probs: Tensor, seed: int) -> None:
    """A walk ends with 0, the id of ".", and has no 0 before its end."""
    ids = _walk(sample, probs, seed)
    if not ids or ids[-1] != 0:
        broken("its last id is not 0")
    if 0 in ids[:-1]:
        broken("there is a 0 before the end: the walk is over at the first 0")


@law("sample", draw.prob_tables(), draw.seeds)
def impossible_steps_are_never_taken(sample: Function, probs: Tensor, seed: int) -> None:
    """Each step goes from the row of the current token to a column whose probability is not 0; the first row is 0."""
    for current, following in pairwise([0, *_walk(sample, probs, seed)]):
        if not 0 <= following < len(probs) or probs[current, following] == 0:
            broken(f"it steps from {current} to {following}, whose probability is 0")


@law("sample", draw.seeds, examples=8)
def the_same_state_gives_the_same_walk(sample: Function, seed: int) -> None:
    """The same generator state gives the same walk; the generator moves on, so the next walks are others."""
    probs = torch.full((4, 4), 1 / 4)
    generator, same = draw.generator(seed), draw.generator(seed)
    walks = [_ids(sample(probs, generator=generator)) for _ in range(20)]
    if walks != [_ids(sample(probs, generator=same)) for _ in range(20)]:
        broken("the same generator state gave another walk")
    if all(walk == walks[0] for walk in walks):  # right in one of 4^19 cases
        broken("20 walks with the same generator are all the same: its state did not move on")


@law("sample", draw.seeds, examples=8)
def only_the_given_generator_moves(sample: Function, seed: int) -> None:
    """The generator that is given moves on, and torch's global one stays where it is."""
    generator = draw.generator(seed)
    start = generator.get_state()
    leaves_torchs_generator_alone(lambda: sample(torch.full((4, 4), 1 / 4), generator=generator))
    if torch.equal(generator.get_state(), start):
        broken("the generator that was given did not move")


@law("sample", draw.seeds, examples=8)
def without_a_generator_the_global_one_is_used(sample: Function, seed: int) -> None:
    """Without a generator, torch's global one is used: torch.manual_seed repeats the walk."""
    probs = torch.full((4, 4), 1 / 4)
    torchs_generator_decides(lambda: [_ids(sample(probs)) for _ in range(20)], seed, "walks")


def _frequencies(sample: Function, probs: Tensor, n: int) -> Counter[tuple[int, ...]]:
    generator = draw.generator(0)
    return Counter(tuple(_ids(sample(probs, generator=generator))) for _ in range(n))


def _bound(n: int) -> float:
    """Return by how much a share of n draws may be off: by more with probability 2 exp(-2 n bound²) = 1e-10."""
    return math.sqrt(math.log(2e10) / (2 * n))


@law("sample", st.sampled_from([[[0, 6, 2], [3, 0, 1], [1, 1, 0]], [[2, 3, 3], [3, 3, 2], [4, 3, 1]]]), examples=2)
def walks_come_as_often_as_the_table_says(sample: Function, weights: list[list[int]]) -> None:
    """Over many walks, each comes as often as the product of its probabilities says."""
    probs, n = torch.tensor([[cell / sum(row) for cell in row] for row in weights]), 1500
    found = _frequencies(sample, probs, n)
    for walk in [(0,), (1, 0), (2, 0), (1, 1, 0), (1, 2, 0), (2, 1, 0), (2, 2, 0)]:
        expected = math.prod(probs[step].item() for step in pairwise([0, *walk]))
        if abs(found[walk] / n - expected) > _bound(n):
            broken(f"of {n} walks {found[walk] / n:.1%} are {list(walk)}, and the table says {expected:.1%}")


@law("sample", st.integers(40, 80), examples=3)
def a_walk_is_as_long_as_it_takes(sample: Function, size: int) -> None:
    """A walk is never cut off: where each token leads to the next one only, it visits them all."""
    ids = _ids(sample(torch.eye(size).roll(1, dims=1), generator=draw.generator(0)))
    if ids != [*range(1, size), 0]:
        broken(f"it has {how_many(len(ids), 'id')}, and should have {size}")


@law("sample", st.just(50), examples=1)
def walks_may_be_long(sample: Function, n: int) -> None:
    """Of 50 walks that go on with a probability of 0.99 at each step, some have more than 100 steps."""
    generator = draw.generator(0)
    lengths = [len(_ids(sample(torch.tensor(GOES_ON), generator=generator))) for _ in range(n)]
    if max(lengths) <= 100:  # right in one of 10^9 cases
        broken(f"the longest of {n} walks has {how_many(max(lengths), 'id')}: is it cut off?")


@law("sample", draw.prob_tables(), draw.seeds)
def the_probabilities_are_left_alone(sample: Function, probs: Tensor, seed: int) -> None:
    """The table that comes in is left as it was."""
    before = probs.clone()
    sample(probs, generator=draw.generator(seed))
    if not torch.equal(probs, before):
        broken(f"it changed the table to {probs}")


no_distributions = st.sampled_from(
    [
        [[0.5, 0.25], [0.5, 0.5]],
        [[2.0, 3.0], [1.0, 1.0]],
        [[1.5, -0.5], [0.5, 0.5]],
        [[float("nan"), 1.0], [0.5, 0.5]],
        [[0.0, 1.0], [0.0, 0.0]],
    ]
)
traps = st.sampled_from(
    [
        [[0.0, 1.0], [0.0, 1.0]],
        [[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [0.0, 1.0, 0.0]],
        [[0.0, 0.5, 0.5], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]],
    ]
)


@law("sample", no_distributions)
def counts_are_no_probabilities(sample: Function, rows: list[list[float]]) -> None:
    """A table whose rows are no probability distributions is refused."""
    refuses(lambda: sample(torch.tensor(rows), generator=draw.generator(0)))


@law("sample", traps)
def a_walk_without_an_end_is_refused(sample: Function, rows: list[list[float]]) -> None:
    """A table from which "." can't be reached is refused, before the walk loops forever."""
    refuses(lambda: sample(torch.tensor(rows), generator=draw.generator(0)))


@law("sample_words", draw.probs_and_vocabulary(), st.integers(0, 5), draw.seeds)
def n_words_without_the_boundary(sample_words: Function, drawn: tuple[Tensor, str], n: int, seed: int) -> None:
    """The result is a list of n words, without their "."."""
    probs, vocabulary = drawn
    words = sample_words(probs, vocabulary, n, generator=draw.generator(seed))
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        broken("it should be a list of str")
    if len(words) != n:
        broken(f"it wrote {how_many(len(words), 'word')}, and should have written {n}")
    if any("." in word for word in words):
        broken("a word has a '.' in it")


@law("sample_words", draw.probs_and_vocabulary(), draw.seeds)
def words_take_possible_steps_only(sample_words: Function, drawn: tuple[Tensor, str], seed: int) -> None:
    """Every bigram of every word, "." at both ends, has a probability above 0 in the table."""
    probs, vocabulary = drawn
    for word in sample_words(probs, vocabulary, 4, generator=draw.generator(seed)):
        for current, following in pairwise("." + word + "."):
            if current not in vocabulary or following not in vocabulary:
                broken(f"{word!r} has a character that is not in the vocabulary")
            if probs[vocabulary.index(current), vocabulary.index(following)] == 0:
                broken(f"{word!r} has {current + following!r} in it, whose probability is 0")


@law("sample_words", st.just([[1, 1, 6], [7, 1, 0], [1, 7, 2]]), examples=1)
def words_come_as_often_as_the_table_says(sample_words: Function, weights: list[list[int]]) -> None:
    """Over many words, each comes as often as the product of its probabilities says."""
    probs, n = torch.tensor([[cell / sum(row) for cell in row] for row in weights]), 1500
    found: Counter[str] = Counter(sample_words(probs, ".ab", n, generator=draw.generator(0)))
    for word in ["", "a", "b", "aa", "ab", "ba", "bb"]:
        expected = math.prod(probs[".ab".index(a), ".ab".index(b)].item() for a, b in pairwise("." + word + "."))
        if abs(found[word] / n - expected) > _bound(n):
            broken(f"of {n} words {found[word] / n:.1%} are {word!r}, and the table says {expected:.1%}")


@law("sample_words", st.integers(40, 80), examples=3)
def words_are_as_long_as_it_takes(sample_words: Function, size: int) -> None:
    """A word is never cut off: where each token leads to the next one only, it has them all, blanks at its ends too."""
    vocabulary = ". " + "".join(map(chr, range(0x4E00, 0x4E00 + size - 3))) + "\t"
    words = sample_words(torch.eye(size).roll(1, dims=1), vocabulary, 2, generator=draw.generator(0))
    if words != [vocabulary[1:]] * 2:
        broken(f"the words should have {size - 1} letters")


@law("sample_words", st.just(50), examples=1)
def words_may_be_long(sample_words: Function, n: int) -> None:
    """Of 50 words that go on with a probability of 0.99 at each step, some have more than 100 letters."""
    words = sample_words(torch.tensor(GOES_ON), ".a", n, generator=draw.generator(0))
    if max(map(len, words)) <= 100:
        broken(f"the longest of {n} words has {max(map(len, words))} letters: is it cut off?")


@law("sample_words", draw.seeds, examples=8)
def each_word_is_a_walk_of_its_own(sample_words: Function, seed: int) -> None:
    """Words differ: the generator moves on from word to word, and from call to call."""
    probs, vocabulary = torch.full((4, 4), 1 / 4), ".abc"
    generator, same = draw.generator(seed), draw.generator(seed)
    words = sample_words(probs, vocabulary, 20, generator=generator)
    if words != sample_words(probs, vocabulary, 20, generator=same):
        broken("the same generator state gave other words")
    if len(set(words)) == 1:
        broken("20 words are all the same")
    if words in (sorted(words), sorted(words, key=len)):
        broken("the words are sorted, and should come as they are drawn")
    if words == sample_words(probs, vocabulary, 20, generator=generator):
        broken("the same generator, used again, gave the same words: its state did not move on")


@law("sample_words", draw.seeds, examples=8)
def without_a_generator_torchs_is_used(sample_words: Function, seed: int) -> None:
    """Without a generator, torch's global one is used: torch.manual_seed repeats the words, and no other way does."""
    probs = torch.full((4, 4), 1 / 4)
    torchs_generator_decides(lambda: sample_words(probs, ".abc", 20), seed, "words")


@law("sample_words", draw.seeds, examples=8)
def the_global_generator_stays_where_it_is(sample_words: Function, seed: int) -> None:
    """With a generator of its own, torch's global one is left alone."""
    probs, generator = torch.full((4, 4), 1 / 4), draw.generator(seed)
    leaves_torchs_generator_alone(lambda: sample_words(probs, ".abc", 3, generator=generator))


@law("sample_words", st.one_of(no_distributions, traps))
def impossible_tables_are_refused(sample_words: Function, rows: list[list[float]]) -> None:
    """What is no table of probabilities, or has no way back to ".", is refused."""
    refuses(lambda: sample_words(torch.tensor(rows), ".ab"[: len(rows)], 2, generator=draw.generator(0)))
