"""Laws of counting bigrams."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import torch
from hypothesis import strategies as st

from bigramlab.laws import strategies as draw
from bigramlab.laws.law import a_tensor, agree, broken, enough_room, how_many, law, refuses

Function = Callable[..., Any]


def count_in_a_loop(words: list[str], vocabulary: str) -> list[list[int]]:
    """Count in the plain way, which every other way must equal in each cell."""
    counts = [[0] * len(vocabulary) for _ in vocabulary]
    for word in words:
        for current, following in pairwise("." + word + "."):
            counts[vocabulary.index(current)][vocabulary.index(following)] += 1
    return counts


def _counts(found: object, vocabulary: str) -> list[list[int]]:
    return a_tensor(found, (len(vocabulary), len(vocabulary)), "integers")


@law("count_bigrams", draw.words_and_vocabulary())
def counts_are_a_square_table_of_integers(count_bigrams: Function, words: list[str], vocabulary: str) -> None:
    """The result is a tensor of integers with a row and a column for each token."""
    _counts(count_bigrams(words, vocabulary), vocabulary)


@law("count_bigrams", draw.words_and_vocabulary(shortest=1))
def a_word_of_n_letters_adds_n_plus_1(count_bigrams: Function, words: list[str], vocabulary: str) -> None:
    """A word of n letters has n + 1 bigrams: one begins with the "." before it, one ends with the "." after it."""
    total = sum(map(sum, _counts(count_bigrams(words, vocabulary), vocabulary)))
    bigrams = [repr(current + following) for word in words for current, following in pairwise("." + word + ".")]
    if total != len(bigrams):
        shown = ", ".join(bigrams) if len(bigrams) < 10 else f"{', '.join(bigrams[:6])} and so on"
        broken(f"the bigrams are {shown}, {len(bigrams)} in all, and the table counts {total}")


@law("count_bigrams", draw.words_and_vocabulary())
def every_letter_is_left_as_often_as_it_is_reached(count_bigrams: Function, words: list[str], vocabulary: str) -> None:
    """Row sums are column sums: each token is as often the current one as the next one."""
    counts = _counts(count_bigrams(words, vocabulary), vocabulary)
    for token, row, column in zip(vocabulary, counts, zip(*counts, strict=True), strict=True):
        if sum(row) != sum(column):
            as_current, as_next = how_many(sum(row), "time"), how_many(sum(column), "time")
            broken(f"{token!r} is the current token {as_current}, and the next one {as_next}")


@law("count_bigrams", draw.words_and_vocabulary())
def rows_are_current_and_columns_are_next(count_bigrams: Function, words: list[str], vocabulary: str) -> None:
    """Each cell is the number of times that its column's token follows its row's, as a plain loop counts it."""
    counts, expected = _counts(count_bigrams(words, vocabulary), vocabulary), count_in_a_loop(words, vocabulary)
    for i, current in enumerate(vocabulary):
        for j, following in enumerate(vocabulary):
            if counts[i][j] != expected[i][j]:
                times = how_many(expected[i][j], "time")
                broken(f"counts[{i}, {j}] is {counts[i][j]}, but {current + following!r} occurs {times}")


@law("count_bigrams", draw.words_and_vocabulary(), draw.word_lists)
def counting_is_additive(count_bigrams: Function, drawn: tuple[list[str], str], more: list[str]) -> None:
    """Counting two lists and adding the tables is counting the two lists as one."""
    words, vocabulary = drawn
    vocabulary += "".join(sorted(set("".join(more)) - set(vocabulary)))
    parts = [_counts(count_bigrams(part, vocabulary), vocabulary) for part in (words, more)]
    whole = _counts(count_bigrams(words + more, vocabulary), vocabulary)
    agree(whole, [[a + b for a, b in zip(*rows, strict=True)] for rows in zip(*parts, strict=True)])


@law("count_bigrams", st.integers(257, 400), examples=3)
def many_are_many(count_bigrams: Function, n: int) -> None:
    """A word may be long, and what occurs hundreds of times is counted as often: the type has room for large counts."""
    found = count_bigrams(["ab" * n], ".ab")
    if _counts(found, ".ab") != [[0, 1, 0], [0, 0, n], [1, n - 1, 0]]:
        broken(f"in this word 'ab' occurs {n} times and 'ba' {n - 1} times; does the number fit into the type?")
    enough_room(found)


@law("count_bigrams", draw.words_and_vocabulary())
def words_may_come_from_any_iterable(count_bigrams: Function, words: list[str], vocabulary: str) -> None:
    """Words may come from an iterator, which can be walked through once."""
    agree(_counts(count_bigrams(iter(words), vocabulary), vocabulary), count_in_a_loop(words, vocabulary))


@law("count_bigrams", draw.words_and_vocabulary())
def the_words_stay(count_bigrams: Function, words: list[str], vocabulary: str) -> None:
    """The list that comes in is left as it was."""
    before = list(words)
    count_bigrams(words, vocabulary)
    if words != before:
        broken(f"it changed the words to {words!r}")


@law("count_bigrams", draw.words, st.sampled_from("é\U0001f600Z"))
def unknown_characters_are_refused(count_bigrams: Function, word: str, unknown: str) -> None:
    """A character that the vocabulary lacks is refused."""
    refuses(lambda: count_bigrams([word + unknown], "." + "".join(sorted(set(word) - {unknown}))))


@law("count_bigrams", draw.words, draw.words)
def a_boundary_inside_a_word_is_refused(count_bigrams: Function, left: str, right: str) -> None:
    """A word that contains "." is refused: it would look like two words."""
    vocabulary = "." + "".join(sorted(set(left + right)))
    refuses(lambda: count_bigrams([left + "." + right], vocabulary))


@law("count_bigrams", st.sampled_from([".aba", ".ab.", "ab", "ab.", "a.b"]))
def an_impossible_vocabulary_is_refused(count_bigrams: Function, vocabulary: str) -> None:
    """A vocabulary that repeats a character, or does not begin with ".", is refused."""
    refuses(lambda: count_bigrams(["ab"], vocabulary))


@law("count_bigrams", st.just("ab"))
def a_bare_str_is_refused(count_bigrams: Function, words: str) -> None:
    """One bare str is no list of words, and is refused."""
    refuses(lambda: count_bigrams(words, ".ab"))


@law("count_bigrams", draw.vocabularies())
def no_words_give_zeros(count_bigrams: Function, vocabulary: str) -> None:
    """Without words every count is 0."""
    if any(map(any, _counts(count_bigrams([], vocabulary), vocabulary))):
        broken("nothing was counted, so every number should be 0")


tables = st.one_of(
    draw.count_tables(square=True, largest=12),
    draw.count_tables(square=True, largest=3).map(lambda counts: counts + 2**40),
)


@law("most_common_bigrams", tables, st.integers(0, 12), examples=60)
def the_largest_come_first(most_common_bigrams: Function, counts: torch.Tensor, n: int) -> None:
    """The n largest cells, or all if there are fewer, come as pairs of bigram and count, equal ones in id order."""
    vocabulary = ".hgfedcba"[: len(counts)]  # not in the order of the alphabet: ids decide, not names
    cells = [(vocabulary[i] + vocabulary[j], x) for i, row in enumerate(counts.tolist()) for j, x in enumerate(row)]
    expected = sorted(cells, key=lambda cell: -cell[1])[:n]
    counted = [cell for cell in expected if cell[1]]  # who leaves out what never came is right, too
    found = most_common_bigrams(counts, vocabulary, n)
    if not isinstance(found, list):
        broken(f"it is of type {type(found).__name__}, and should be a list of pairs")
    if found not in (expected, counted):
        broken(f"it should be {expected}")
    if any(isinstance(count, torch.Tensor) for _, count in found):
        broken("its counts are tensors, and should be numbers; .item() or .tolist() makes some")


@law("most_common_bigrams", st.integers(4, 6))
def ten_by_default(most_common_bigrams: Function, size: int) -> None:
    """Without n it lists ten."""
    counts = torch.arange(1, size * size + 1).view(size, size)
    found = most_common_bigrams(counts, ".abcdefgh"[:size])
    if len(found) != 10:
        broken(f"it lists {len(found)}")


@law("most_common_bigrams", draw.count_tables(square=True))
def the_counts_stay_as_they_were(most_common_bigrams: Function, counts: torch.Tensor) -> None:
    """The table that comes in is left as it was."""
    before = counts.clone()
    most_common_bigrams(counts, ".abcdefgh"[: len(counts)], 1)
    if not torch.equal(counts, before):
        broken(f"it changed the counts to {counts}")
