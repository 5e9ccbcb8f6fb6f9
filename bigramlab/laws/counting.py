"""Laws of counting bigrams."""

from typing import Any

import torch
from hypothesis import strategies as st
from torch import Tensor

from bigramlab import plain
from bigramlab.laws import strategies as draw
from bigramlab.laws.law import (
    Function,
    a_tensor,
    agree,
    broken,
    care,
    enough_room,
    how_many,
    law,
    of_type,
    refuses,
)


def _counts(found: object, vocabulary: str) -> list[list[float]]:
    return a_tensor(found, (len(vocabulary), len(vocabulary)), "numbers")


@law("count_bigrams", draw.words_and_vocabulary())
def counts_are_a_square_table(count_bigrams: Function, words: list[str], vocabulary: str) -> None:
    """The result is a tensor with a row and a column for each token."""
    _counts(count_bigrams(words, vocabulary), vocabulary)


@law("count_bigrams", draw.words_and_vocabulary(shortest=1))
def a_word_of_n_letters_adds_n_plus_1(count_bigrams: Function, words: list[str], vocabulary: str) -> None:
    """A word of n letters has n + 1 bigrams: one begins with the "." before it, one ends with the "." after it."""
    total = sum(map(sum, _counts(count_bigrams(words, vocabulary), vocabulary)))
    bigrams = list(map(repr, plain.bigrams(words)))
    if total != len(bigrams):
        shown = ", ".join(bigrams) if len(bigrams) < 10 else f"{', '.join(bigrams[:6])} and so on"
        broken(f"the bigrams are {shown}, {len(bigrams)} in all, and the table counts {total:g}")


@law("count_bigrams", draw.words_and_vocabulary())
def every_letter_is_left_as_often_as_it_is_reached(count_bigrams: Function, words: list[str], vocabulary: str) -> None:
    """Row sums are column sums: each token is as often the current one as the next one."""
    counts = _counts(count_bigrams(words, vocabulary), vocabulary)
    for token, row, column in zip(vocabulary, counts, zip(*counts, strict=True), strict=True):
        if sum(row) != sum(column):
            broken(f"{token!r} is {sum(row):g} times the current token, and {sum(column):g} times the next one")


@law("count_bigrams", draw.words_and_vocabulary())
def rows_are_current_and_columns_are_next(count_bigrams: Function, words: list[str], vocabulary: str) -> None:
    """Each cell is the number of times that its column's token follows its row's, as a plain loop counts it."""
    counts, expected = _counts(count_bigrams(words, vocabulary), vocabulary), plain.count_bigrams(words, vocabulary)
    for i, current in enumerate(vocabulary):
        for j, following in enumerate(vocabulary):
            if counts[i][j] != expected[i][j]:
                times = how_many(expected[i][j], "time")
                broken(f"counts[{i}, {j}] is {counts[i][j]:g}, but {current + following!r} occurs {times}")


@law("count_bigrams", st.lists(st.sampled_from(["", "a"]), min_size=1, max_size=4).filter(lambda words: "" in words))
def a_word_without_letters_is_one_bigram(count_bigrams: Function, words: list[str]) -> None:
    """A word without letters has one bigram, from "." to "."."""
    expected = plain.count_bigrams(words, ".a")
    found = _counts(count_bigrams(words, ".a"), ".a")[0][0]
    if found != expected[0][0]:
        broken(f"counts[0, 0] is {found:g}, and '..' occurs {how_many(expected[0][0], 'time')}")


@law("count_bigrams", draw.words_and_vocabulary(), draw.word_lists.filter(bool))
def counting_is_additive(count_bigrams: Function, drawn: tuple[list[str], str], more: list[str]) -> None:
    """Counting two lists and adding the tables is counting the two lists as one."""
    words, vocabulary = drawn
    vocabulary += "".join(sorted(set("".join(more)) - set(vocabulary)))
    parts = [_counts(count_bigrams(part, vocabulary), vocabulary) for part in (words, more)]
    whole = _counts(count_bigrams(words + more, vocabulary), vocabulary)
    agree(whole, [[a + b for a, b in zip(*rows, strict=True)] for rows in zip(*parts, strict=True)])


@law("count_bigrams", st.integers(1001, 1100), examples=2)
def there_may_be_many_words(count_bigrams: Function, n: int) -> None:
    """All words are counted, and there may be thousands."""
    found = _counts(count_bigrams(["a"] * (n - 1) + ["b"], ".ab"), ".ab")
    if found != [[0, n - 1, 1], [n - 1, 0, 0], [1, 0, 0]]:
        broken(f"of {n:,} words it counts {sum(map(sum, found)):g} bigrams, too few or in other cells than theirs")


@law("count_bigrams", st.sampled_from([399, 2199]), examples=2)
def many_are_many(count_bigrams: Function, n: int) -> None:
    """A word may be long, and what occurs hundreds or thousands of times is counted as often."""
    if _counts(count_bigrams(["ab" * n], ".ab"), ".ab") != [[0, 1, 0], [0, 0, n], [1, n - 1, 0]]:
        broken(f"in this word 'ab' occurs {n} times and 'ba' {n - 1} times; does the number fit into the type?")


@care("count_bigrams", draw.words_and_vocabulary())
def counts_are_integers(count_bigrams: Function, words: list[str], vocabulary: str) -> None:
    """Counts are integers, and their type has room for billions."""
    found = count_bigrams(words, vocabulary)
    a_tensor(found, (len(vocabulary), len(vocabulary)), "integers")
    enough_room(found)


@care("count_bigrams", draw.words_and_vocabulary())
def words_may_come_from_any_iterable(count_bigrams: Function, words: list[str], vocabulary: str) -> None:
    """Words may come from an iterator, which can be walked through once."""
    agree(_counts(count_bigrams(iter(words), vocabulary), vocabulary), plain.count_bigrams(words, vocabulary))


@care("count_bigrams", draw.words, st.sampled_from("é\U0001f600Z"))
def unknown_characters_are_refused(count_bigrams: Function, word: str, unknown: str) -> None:
    """A character that the vocabulary lacks is refused."""
    refuses(lambda: count_bigrams([word + unknown], "." + "".join(sorted(set(word) - {unknown}))))


@care("count_bigrams", draw.words, draw.words)
def a_boundary_inside_a_word_is_refused(count_bigrams: Function, left: str, right: str) -> None:
    """A word that contains "." is refused: it would look like two words."""
    vocabulary = "." + "".join(sorted(set(left + right)))
    refuses(lambda: count_bigrams([left + "." + right], vocabulary))


@care("count_bigrams", st.sampled_from([".aba", ".ab.", "ab", "ab.", "a.b"]))
def an_impossible_vocabulary_is_refused(count_bigrams: Function, vocabulary: str) -> None:
    """A vocabulary that repeats a character, or does not begin with ".", is refused."""
    refuses(lambda: count_bigrams(["ab"], vocabulary))


@care("count_bigrams", st.just("ab"))
def a_bare_str_is_refused(count_bigrams: Function, words: str) -> None:
    """One bare str is no list of words, and is refused."""
    refuses(lambda: count_bigrams(words, ".ab"))


@care("count_bigrams", draw.vocabularies())
def no_words_give_zeros(count_bigrams: Function, vocabulary: str) -> None:
    """Without words every count is 0."""
    if any(map(any, _counts(count_bigrams([], vocabulary), vocabulary))):
        broken("nothing was counted, so every number should be 0")


tables = draw.count_tables(square=True, largest=12) | draw.count_tables(square=True, largest=10_000)


def _vocabulary(counts: Tensor) -> str:
    return ".hgfedcba"[: len(counts)]  # not in the order of the alphabet: ids decide, not names


@law("most_common_bigrams", tables | tables.map(lambda counts: counts / 4), st.integers(1, 12), examples=60)
def the_largest_come_first(most_common_bigrams: Function, counts: Tensor, n: int) -> None:
    """The n largest cells, or all if there are fewer, come as pairs of bigram and count."""
    vocabulary = _vocabulary(counts)
    cells = plain.most_common_bigrams(counts.tolist(), vocabulary, counts.numel())
    found = most_common_bigrams(counts, vocabulary, n)
    of_type(found, list, "a list of pairs")
    if (
        [count for _, count in map(_pair, found)]
        not in (  # who leaves out what never came is right, too
            [count for _, count in cells[:n]],
            [count for _, count in cells[:n] if count],
        )
    ):
        broken(f"it should be {cells[:n]}")
    if wrong := [pair for pair in found if tuple(pair) not in cells]:
        broken(f"{wrong[0]} is no cell of the table; it should be {cells[:n]}")
    if len({name for name, _ in found}) < len(found):
        broken(f"it lists a bigram twice; it should be {cells[:n]}")


def _pair(found: Any) -> Any:
    if not isinstance(found, tuple | list) or len(found) != 2:
        broken(f"it lists {found!r}, and should list pairs of bigram and count")
    return found


@law("most_common_bigrams", st.integers(4, 6))
def ten_by_default(most_common_bigrams: Function, size: int) -> None:
    """Without n it lists ten."""
    counts = torch.arange(1, size * size + 1).view(size, size)
    found = most_common_bigrams(counts, ".abcdefgh"[:size])
    if len(found) != 10:
        broken(f"it lists {len(found)}")


@care("most_common_bigrams", tables, st.integers(0, 12), examples=60)
def equal_counts_stay_in_the_order_of_their_ids(most_common_bigrams: Function, counts: Tensor, n: int) -> None:
    """Equal counts, zeros too, come in the order of their ids, each as a number; for an n of 0 there are none."""
    expected = plain.most_common_bigrams(counts.tolist(), _vocabulary(counts), n)
    found = most_common_bigrams(counts, _vocabulary(counts), n)
    if found != expected and [*map(tuple, found)] == expected:
        broken("it lists lists of two, and should list tuples")
    if found != expected:
        broken(f"it should be {expected}")
    if any(isinstance(count, Tensor) for _, count in found):
        broken("its counts are tensors, and should be numbers; .item() or .tolist() makes some")


@care("most_common_bigrams", draw.count_tables(square=True, largest=3), st.integers(1, 12))
def billions_are_told_apart(most_common_bigrams: Function, counts: Tensor, n: int) -> None:
    """Counts of billions that differ by 1 are told apart."""
    the_largest_come_first(most_common_bigrams, counts + 2**40, n)
