"""Laws of walking through the table.

A random function can't be compared with one right answer. What every right one has in common: where its walks end,
which steps they take, how often, and which generator they move. The frequencies are judged with fixed seeds and a bound
that a right function misses with a probability below 1e-9 (Hoeffding's inequality).
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

import torch
from hypothesis import strategies as st
from torch import Tensor

from bigramlab import plain
from bigramlab.laws import strategies as draw
from bigramlab.laws.law import (
    Function,
    a_list_of_str,
    broken,
    care,
    hoeffding,
    how_many,
    ids_in,
    ids_of_64_bits,
    law,
    leaves_torchs_generator_alone,
    refuses,
    torchs_generator_decides,
)

# Each wrong way to draw shows in few draws: half of the steps from 1 stay there, and eight others share what is left.
LETTERS = ".abcdefgh"
UNEVEN = [[0.5, 0.5, *[0.0] * 7], [1 / 16, 0.5, *[1 / 16] * 7], *[[0.0, 1.0, *[0.0] * 7]] * 7]
long_sizes = st.integers(110, 160)


def even() -> Tensor:
    """Return a table in which all is likely: two walks are the same in one of 13 cases, ten are in one of 10^11."""
    return torch.full((4, 4), 1 / 4)


def ring(size: int) -> Tensor:
    """Return the table in which each token leads to the next one only."""
    return torch.eye(size).roll(1, dims=1)


def long_vocabulary(size: int) -> str:
    """Return a vocabulary with a blank at each end of its letters, so that it shows who strips them."""
    return ". " + "".join(map(chr, range(0x4E00, 0x4E00 + size - 3))) + "\t"


def walks_come_as_often_as(
    next_probs: Callable[[tuple[int, ...]], Sequence[float]],
    length: int,
    walks: Iterable[Iterable[int]],
    name: Callable[[Iterable[int]], str] = lambda ids: ", ".join(map(str, ids)),
) -> None:
    """Compare what was drawn after each context with the probabilities.

    The first 50 · 2^i draws are taken, as many as there are: the bound is one for a number that is chosen beforehand.
    """
    drawn: dict[tuple[int, ...], list[int]] = {}
    for walk in walks:
        context = (0,) * length
        for id in walk:
            drawn.setdefault(context, []).append(id)
            context = (*context, id)[1:]
    for context, ids in drawn.items():
        if len(ids) < 50:
            continue
        n = 50 << (len(ids) // 50).bit_length() - 1
        for id, expected in enumerate(next_probs(context)):
            share = ids[:n].count(id) / n
            if abs(share - expected) > hoeffding(n):
                broken(
                    f"of {n} draws after {name(context)}, {share:.1%} are {name([id])}, and {expected:.1%} should be"
                )


def words_come_as_often_as(
    next_probs: Callable[[tuple[int, ...]], Sequence[float]], length: int, words: Iterable[str], vocabulary: str = ".ab"
) -> None:
    """Compare what was drawn after each context, as the words tell, with the probabilities."""
    walks = (plain.encode(word + ".", vocabulary) for word in words)
    walks_come_as_often_as(next_probs, length, walks, lambda ids: repr(plain.decode(ids, vocabulary)))


def _walk(sample: Function, probs: Tensor, generator: torch.Generator | None) -> list[int]:
    found = sample(probs, generator=generator)
    if isinstance(found, Tensor) and found.ndim != 1:
        broken(f"its shape is {tuple(found.shape)}, and ids should have one axis: (length,)")
    if isinstance(found, Tensor | list | tuple) and not len(found):
        broken("it is empty, and every walk ends with 0, the id of the last '.'")
    ids: list[int] = ids_in(found, (len(found),) if isinstance(found, Tensor | list | tuple) else ())
    return ids


@law("sample", draw.prob_tables(), draw.seeds)
def a_walk_ends_at_the_boundary(sample: Function, probs: Tensor, seed: int) -> None:
    """A walk ends with 0, the id of ".", and has no 0 before its end."""
    ids = _walk(sample, probs, draw.generator(seed))
    if not ids or ids[-1] != 0:
        broken("its last id is not 0")
    if 0 in ids[:-1]:
        broken("there is a 0 before the end: the walk is over at the first 0")


@law("sample", draw.prob_tables(), draw.seeds)
def impossible_steps_are_never_taken(sample: Function, probs: Tensor, seed: int) -> None:
    """Each step goes from the row of the current token to a column whose probability is not 0; the first row is 0."""
    for current, following in pairwise([0, *_walk(sample, probs, draw.generator(seed))]):
        if not 0 <= following < len(probs) or probs[current, following] == 0:
            broken(f"it steps from {current} to {following}, whose probability is 0")


@law("sample", draw.seeds, examples=3)
def the_generator_decides(sample: Function, seed: int) -> None:
    """The generator that is given moves on, so the next walks are others; in another state it gives others, too."""
    probs, generator, another = even(), draw.generator(seed), draw.generator(seed + 1)
    walks = [_walk(sample, probs, generator) for _ in range(20)]
    if all(walk == walks[0] for walk in walks):  # right in one of 4^19 cases
        broken("20 walks with the same generator are all the same: its state did not move on")
    if walks == [_walk(sample, probs, another) for _ in range(20)]:
        broken("a generator in another state gave the same walks")


@law("sample", draw.seeds, examples=8)
def only_the_given_generator_moves(sample: Function, seed: int) -> None:
    """The generator that is given moves on, and torch's global one stays where it is."""
    generator = draw.generator(seed)
    start = generator.get_state()
    leaves_torchs_generator_alone(lambda: sample(even(), generator=generator))
    if torch.equal(generator.get_state(), start):
        broken("the generator that was given did not move")


@law("sample", draw.seeds, examples=3)
def without_a_generator_the_global_one_is_used(sample: Function, seed: int) -> None:
    """Without a generator, torch's global one is used: torch.manual_seed repeats the walk."""
    probs = even()
    torchs_generator_decides(lambda: [_walk(sample, probs, None) for _ in range(10)], seed, "walks")


@law("sample", long_sizes, examples=2)
def a_walk_is_as_long_as_it_takes(sample: Function, size: int) -> None:
    """A walk is never cut off: where each token leads to the next one only, it visits them all."""
    ids = _walk(sample, ring(size), draw.generator(0))
    if ids != [*range(1, size), 0]:
        broken(f"it has {how_many(len(ids), 'id')}, and should have {size}")


@law("sample", st.just(UNEVEN), examples=1)
def steps_are_taken_as_often_as_the_table_says(sample: Function, rows: list[list[float]]) -> None:
    """Over many walks, each step from a token is taken as often as its probability says."""
    probs, generator = torch.tensor(rows), draw.generator(0)
    walks = [_walk(sample, probs, generator) for _ in range(130)]
    walks_come_as_often_as(lambda context: rows[context[0]], 1, walks)


@care("sample", draw.seeds, examples=3)
def a_walk_is_a_tensor(sample: Function, seed: int) -> None:
    """The ids come as a tensor of int64."""
    found = sample(even(), generator=draw.generator(seed))
    ids_of_64_bits(found, getattr(found, "shape", ()))


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


@care("sample", no_distributions)
def counts_are_no_probabilities(sample: Function, rows: list[list[float]]) -> None:
    """A table whose rows are no probability distributions is refused."""
    refuses(lambda: sample(torch.tensor(rows), generator=draw.generator(0)))


@care("sample", traps)
def a_walk_without_an_end_is_refused(sample: Function, rows: list[list[float]]) -> None:
    """A table from which "." can't be reached is refused, before the walk loops forever."""
    refuses(lambda: sample(torch.tensor(rows), generator=draw.generator(0)))


def n_words(words: object, n: int) -> list[str]:
    """Return the words, once they are so many and without their "."."""
    found = a_list_of_str(words)
    if len(found) != n:
        broken(f"it wrote {how_many(len(found), 'word')}, and should have written {n}")
    if any("." in word for word in found):
        broken("a word has a '.' in it")
    return found


def words_are_drawn(write: Callable[[torch.Generator], list[str]], seed: int) -> None:
    """Check that of 20 words that are hardly ever the same, each is drawn for itself."""
    generator = draw.generator(seed)
    words = write(generator)
    if len(set(words)) == 1:
        broken("20 words are all the same")
    if words in (sorted(words), sorted(words, key=len)):
        broken("the words are sorted, and should come as they are drawn")
    if words == write(generator):
        broken("the same generator, used again, gave the same words: its state did not move on")
    if words == write(draw.generator(seed + 1)):
        broken("a generator in another state gave the same words")


@law("sample_words", draw.probs_and_vocabulary(), st.integers(1, 5), draw.seeds)
def n_words_without_the_boundary(sample_words: Function, drawn: tuple[Tensor, str], n: int, seed: int) -> None:
    """The result is a list of n words, without their "."."""
    n_words(sample_words(*drawn, n, generator=draw.generator(seed)), n)


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


@law("sample_words", draw.seeds, examples=8)
def each_word_is_a_walk_of_its_own(sample_words: Function, seed: int) -> None:
    """Words differ: the generator moves on from word to word, and from call to call; another state gives others."""
    words_are_drawn(lambda generator: a_list_of_str(sample_words(even(), ".abc", 20, generator=generator)), seed)


@law("sample_words", long_sizes, examples=2)
def words_are_as_long_as_it_takes(sample_words: Function, size: int) -> None:
    """A word is never cut off: where each token leads to the next one only, it has them all, blanks at its ends too."""
    vocabulary = long_vocabulary(size)
    if sample_words(ring(size), vocabulary, 2, generator=draw.generator(0)) != [vocabulary[1:]] * 2:
        broken(f"the words should have {size - 1} letters")


@law("sample_words", st.just(UNEVEN), examples=1)
def words_come_as_often_as_the_table_says(sample_words: Function, rows: list[list[float]]) -> None:
    """Over many words, each letter comes after another as often as its probability says."""
    words = sample_words(torch.tensor(rows), LETTERS, 150, generator=draw.generator(0))
    words_come_as_often_as(lambda context: rows[context[0]], 1, words, LETTERS)


@law("sample_words", draw.seeds, examples=8)
def without_a_generator_torchs_is_used(sample_words: Function, seed: int) -> None:
    """Without a generator, torch's global one is used: torch.manual_seed repeats the words, and no other way does."""
    torchs_generator_decides(lambda: sample_words(even(), ".abc", 20), seed, "words")


@law("sample_words", draw.seeds, examples=8)
def the_global_generator_stays_where_it_is(sample_words: Function, seed: int) -> None:
    """With a generator of its own, torch's global one is left alone."""
    leaves_torchs_generator_alone(lambda: sample_words(even(), ".abc", 3, generator=draw.generator(seed)))


@care("sample_words", draw.seeds, st.integers(1, 5), examples=8)
def a_larger_n_begins_as_a_smaller_one(sample_words: Function, seed: int, n: int) -> None:
    """With the same generator state a larger n begins with the words of a smaller one."""
    few, more = (list(sample_words(even(), ".abc", m, generator=draw.generator(seed))) for m in (n, n + 3))
    if more[:n] != few:
        broken(f"{n} words are {few}, and the first of {n + 3} are {more[:n]}")


@care("sample_words", draw.probs_and_vocabulary(), examples=5)
def no_words_are_no_words(sample_words: Function, probs: Tensor, vocabulary: str) -> None:
    """Of 0 words there is an empty list."""
    n_words(sample_words(probs, vocabulary, 0, generator=draw.generator(0)), 0)


@care("sample_words", st.one_of(no_distributions, traps))
def impossible_tables_are_refused(sample_words: Function, rows: list[list[float]]) -> None:
    """What is no table of probabilities, or has no way back to ".", is refused."""
    refuses(lambda: sample_words(torch.tensor(rows), ".ab"[: len(rows)], 2, generator=draw.generator(0)))
