"""What goes wrong when bigrams are counted."""

from collections import Counter
from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import Any

import torch

from bigramlab import plain
from bigramlab.lessons.counting import count_bigrams, most_common_bigrams
from bigramlab.lessons.encoding import build_vocabulary
from bigramlab.lessons.inputs import require_vocabulary, require_words
from bigramlab.mistakes.mistake import mistake


def counting(vary: Callable[..., Iterable[str]]) -> Callable[..., Any]:
    """Make `count_bigrams` of a variation: which bigrams it sees in the words."""

    def count_what_it_sees(words: Any, vocabulary: Any) -> Any:
        return torch.tensor(plain.count_bigrams([*words], vocabulary, bigrams=vary))

    return count_what_it_sees


def _pairs(*texts: str) -> list[str]:
    """Return all pairs of neighbors in each text."""
    return [current + following for text in texts for current, following in pairwise(text)]


@mistake("count_bigrams", given=counting)
def no_boundary(words: list[str]) -> list[str]:
    """Only pairs of letters are counted, so the table does not know how words begin and end.

    Print `count_bigrams(["emma"], ".aem").sum()`: it is 3, and should be 5.
    """
    return _pairs(*words)


@mistake("count_bigrams", given=counting)
def no_stop_token(words: list[str]) -> list[str]:
    """The pair of the last letter and "." is missing: no "." stands after the word, or the loop ends one pair early.

    Print `count_bigrams(["emma"], ".aem")[:, 0]`: the column of "." is all 0.
    """
    return _pairs(*("." + word for word in words))


@mistake("count_bigrams", given=counting)
def no_start_token(words: list[str]) -> list[str]:
    """The "." before each word is missing, so the table does not know how words begin.

    Print `count_bigrams(["emma"], ".aem")[0]`: the row of "." is all 0.
    """
    return _pairs(*(word + "." for word in words))


@mistake("count_bigrams", given=counting)
def token_before_never_advanced(words: list[str]) -> list[str]:
    """What stands before stays ".", so each token of a word is counted as if the word began with it.

    Print `count_bigrams(["emma"], ".aem")[1:]`: it is all 0. At the end of the loop, write `before = letter`.
    """
    return ["." + token for word in words for token in word + "."]


@mistake("count_bigrams")
def rows_and_columns_swapped(words: Any, vocabulary: Any) -> Any:
    """`counts[next, current]` is counted for `counts[current, next]`: the row should be the current token.

    Print `count_bigrams(["ab"], ".ab")[1, 2]`: it is 0, though `"b"` follows `"a"`.
    """
    return count_bigrams(words, vocabulary).T


@mistake("count_bigrams", careless=True)
def counts_as_floats(words: Any, vocabulary: Any) -> Any:
    """`torch.zeros` without a `dtype` is a table of floats, and counts are integers.

    Print `count_bigrams(["emma"], ".aem").dtype`: it is `torch.float32`, and should be `torch.int64`.
    """
    return count_bigrams(words, vocabulary).float()


@mistake("count_bigrams")
def set_to_1(words: Any, vocabulary: Any) -> Any:
    """`= 1`, like `counts[xs, ys] += 1` for all pairs at once, notes that a bigram occurs, not how often.

    Print `count_bigrams(["ab", "ab"], ".ab")`: its largest number is 1, and should be 2.
    """
    return count_bigrams(words, vocabulary).clamp(max=1)


@mistake("count_bigrams")
def repeats_in_a_word_lost(words: Any, vocabulary: Any) -> Any:
    """A pair that comes twice in a word counts once: `counts[xs, ys] += 1` adds 1 only once to a cell, as a set would.

    Print `count_bigrams(["aaa"], ".a")[1, 1]`: it is 1, and should be 2.
    """
    tables = (count_bigrams([word], vocabulary).clamp(max=1) for word in words)
    return sum(tables, count_bigrams([], vocabulary))


@mistake("count_bigrams", given=counting)
def words_run_together(words: list[str]) -> list[str]:
    """All words are joined into one long text with nothing between them, so the end of one runs into the next.

    Print `count_bigrams(["ab", "ab"], ".ab")[2, 1]`: it is 1, though no word has `"ba"` in it.
    """
    return _pairs("." + "".join(words) + ".")


@mistake("count_bigrams", given=counting)
def two_boundaries_between_words(words: list[str]) -> list[str]:
    """Each word brings two "." into one long text, so between two words there is a `".."` that no word has.

    Print `count_bigrams(["ab", "ab"], ".ab")[0, 0]`: it is 1, and should be 0.
    """
    return _pairs("".join("." + word + "." for word in words))


@mistake("count_bigrams", given=counting)
def first_word_only(words: list[str]) -> list[str]:
    """The `return` stands inside the loop, so it returns after the first word.

    Compare `count_bigrams(["ab", "b"], ".ab")` with `count_bigrams(["ab"], ".ab")`: they are equal.
    """
    return plain.bigrams(words[:1])


@mistake("count_bigrams", given=counting)
def last_word_dropped(words: list[str]) -> list[str]:
    """The last word is not counted: `words[:-1]`, or a `range` that ends one too early.

    Print `count_bigrams(["ab"], ".ab")`: it is all 0.
    """
    return plain.bigrams(words[:-1])


@mistake("count_bigrams", given=counting)
def every_other_pair_skipped(words: list[str]) -> list[str]:
    """The text is cut into pairs side by side, so of `.em` only `.e` is counted and `em` is not: pairs overlap.

    Print `count_bigrams(["emma"], ".aem").sum()`: it is 3, and should be 5.
    """
    return [pair for word in words for pair in plain.bigrams([word])[::2]]


@mistake("count_bigrams")
def boundary_last_in_the_table(words: Any, vocabulary: Any) -> Any:
    """The ids are made anew, with "." last, so the first row is that of a letter: ids are places in `vocabulary`.

    Print `count_bigrams(["aab"], ".ab")[0]`: it is the row of `"a"`, `[1, 1, 0]`, and should be `[0, 1, 0]`.
    """
    return torch.tensor(plain.count_bigrams(words, vocabulary[1:] + "."))


@mistake("count_bigrams")
def start_and_end_apart(words: Any, vocabulary: Any) -> Any:
    """The end of a word has a row and a column of its own, as with `<S>` and `<E>`: one "." is both start and end.

    Print `count_bigrams(["emma"], ".aem").shape`: it is (5, 5), and should be (4, 4).
    """
    size = len(vocabulary) + 1
    counts = torch.zeros(size, size, dtype=torch.int64)
    for word in words:
        for current, following in pairwise([0, *map(vocabulary.index, word), size - 1]):
            counts[current, following] += 1
    return counts


@mistake("count_bigrams")
def letters_sorted_anew(words: Any, vocabulary: Any) -> Any:
    """The ids are made anew from the sorted letters, and should be positions in the `vocabulary` that is given.

    Print `count_bigrams(["ab"], ".ba")[0]`: it should have its 1 in the column 2, where this vocabulary has its `"a"`.
    """
    return count_bigrams(words, "." + "".join(sorted(vocabulary[1:])))


@mistake("count_bigrams", given=counting)
def distinct_words_only(words: list[str]) -> list[str]:
    """`set(words)` drops the copies of a word, so a common name counts no more than a rare one.

    Compare `count_bigrams(["ab", "ab"], ".ab")` with `count_bigrams(["ab"], ".ab")`: they are equal.
    """
    return plain.bigrams(set(words))


@mistake("count_bigrams", given=counting)
def empty_words_skipped(words: list[str]) -> list[str]:
    """An empty word is skipped, though it has a bigram too: the ".." from its beginning straight to its end.

    Print `count_bigrams([""], ".a")[0, 0]`: it is 0, and should be 1.
    """
    return plain.bigrams(filter(None, words))


@mistake("count_bigrams")
def counted_from_1(words: Any, vocabulary: Any) -> Any:
    """The table starts with ones, not zeros: that is smoothing, a step of its own.

    Print `count_bigrams([], ".a")`: it is all 1, and should be all 0.
    """
    return count_bigrams(words, vocabulary) + 1


@mistake("count_bigrams")
def pairs_in_a_dictionary(words: Any, vocabulary: Any) -> Any:
    """The result is a dictionary from pairs to counts, and should be a tensor with a row and a column for each token.

    Print `type(count_bigrams(["emma"], ".aem"))`: it should be `torch.Tensor`.
    """
    return Counter(map(tuple, plain.bigrams(words)))


@mistake("count_bigrams")
def overflow_beyond_127(words: Any, vocabulary: Any) -> Any:
    """`int8` holds nothing above 127: one more, and the count is -128.

    Print `count_bigrams(["ab"] * 200, ".ab").min()`: it is -56.
    """
    return count_bigrams(words, vocabulary).to(torch.int8)


@mistake("count_bigrams")
def overflow_beyond_255(words: Any, vocabulary: Any) -> Any:
    """`uint8` holds nothing above 255: one more, and the count is 0 again.

    Print `count_bigrams(["ab"] * 300, ".ab").max()`: it is 44, and should be 300.
    """
    return count_bigrams(words, vocabulary).to(torch.uint8)


@mistake("count_bigrams", careless=True)
def overflow_beyond_32767(words: Any, vocabulary: Any) -> Any:
    """`int16` holds nothing above 32,767: one more, and the count is -32,768.

    Print `count_bigrams(words, vocabulary).dtype`: it is `torch.int16`, and should be `torch.int64`.
    """
    return count_bigrams(words, vocabulary).to(torch.int16)


@mistake("count_bigrams", given=counting)
def words_cut_at_20_letters(words: list[str]) -> list[str]:
    """Words are cut after 20 letters, so what longer ones have at their ends is not counted.

    Print `count_bigrams(["a" * 30], ".a").sum()`: it is 21, and should be 31.
    """
    return plain.bigrams(word[:20] for word in words)


@mistake("count_bigrams", careless=True)
def unknown_characters_ignored(words: Any, vocabulary: Any) -> Any:
    """A character that the vocabulary lacks is ignored, so it goes unseen that bigrams are missing.

    Call `count_bigrams(["é"], ".ab")`: it returns a table, and should refuse.
    """
    require_words(words)
    require_vocabulary(vocabulary)
    words = list(words)
    unknown = "".join(sorted({*"".join(words)} - {*vocabulary}))
    return count_bigrams(words, vocabulary + unknown)[: len(vocabulary), : len(vocabulary)]


@mistake("count_bigrams", careless=True)
def boundary_inside_a_word(words: Any, vocabulary: Any) -> Any:
    """A word with "." in it is counted as if it were two words.

    Call `count_bigrams(["a.b"], ".ab")`: it returns a table, and should refuse.
    """
    require_words(words)
    return count_bigrams((part for word in words for part in word.split(".")), vocabulary)


@mistake("count_bigrams", careless=True)
def vocabulary_not_checked(words: Any, vocabulary: Any) -> Any:
    """A vocabulary that repeats a letter, or has its "." elsewhere than first, is not refused.

    Call `count_bigrams(["ab"], "ab.")`: it returns a table whose row 0 is not that of ".", and should refuse.
    """
    require_words(words)
    words = list(words)
    build_vocabulary(words)  # refuses a "." in them
    return torch.tensor(plain.count_bigrams(words, vocabulary))


@mistake("count_bigrams", careless=True)
def bare_str_counted(words: Any, vocabulary: Any) -> Any:
    """One bare `str` is accepted, and each of its letters counted as a word.

    Call `count_bigrams("ab", ".ab")`: it returns a table, and should ask whether `["ab"]` was meant.
    """
    return count_bigrams(list(words), vocabulary)


@mistake("count_bigrams", careless=True)
def walked_through_twice(words: Any, vocabulary: Any) -> Any:
    """The words are walked through twice, first to check them, and an iterator has nothing left for the second time.

    Print `count_bigrams(iter(["ab"]), ".ab").sum()`: it is 0, and should be 3.
    """
    count_bigrams(words, vocabulary)
    return count_bigrams(words, vocabulary)


@mistake("count_bigrams")
def words_used_up(words: Any, vocabulary: Any) -> Any:
    """`words.pop()` takes the words out of the caller's list, which is empty in the end.

    Make `words = ["ab"]`, call `count_bigrams(words, ".ab")` and print `words`: it is `[]`.
    """
    counts = count_bigrams(words, vocabulary)
    while words:
        words.pop()
    return counts


def _all(counts: Any, vocabulary: Any) -> Any:
    """Return all bigrams with their counts, row by row."""
    names = [current + following for current in vocabulary for following in vocabulary]
    return list(zip(names, counts.flatten().tolist(), strict=True))


@mistake("most_common_bigrams")
def smallest_first(counts: Any, vocabulary: Any, n: Any = 10) -> Any:
    """The pairs are sorted upwards, so the rarest come: `reverse=True` is missing.

    Print the first count of the result and `counts.max()`: they should be equal.
    """
    return sorted(_all(counts, vocabulary), key=lambda pair: pair[1])[:n]


@mistake("most_common_bigrams", careless=True)
def ties_reversed(counts: Any, vocabulary: Any, n: Any = 10) -> Any:
    """Sorting upwards and then turning the list around turns equal counts around too: `reverse=True` would not.

    Print `most_common_bigrams(torch.ones(2, 2), ".a", n=1)`: it is `"aa"`, and should be `".."`.
    """
    return sorted(_all(counts, vocabulary), key=lambda pair: pair[1])[::-1][:n]


@mistake("most_common_bigrams")
def names_swapped(counts: Any, vocabulary: Any, n: Any = 10) -> Any:
    """The two letters are swapped: the row is the current token, and comes first.

    Print the result for a table whose only count stands in row 1 and column 2: it should be `"ab"`.
    """
    return [(name[::-1], count) for name, count in most_common_bigrams(counts, vocabulary, n)]


@mistake("most_common_bigrams")
def ids_for_names(counts: Any, vocabulary: Any, n: Any = 10) -> Any:
    """The bigram is given as a pair of ids, `(1, 2)`, and should be a `str`, `"ab"`.

    Print `most_common_bigrams(counts, vocabulary, n=1)`: its ids are not yet looked up in the vocabulary.
    """
    cells = [((i, j), count) for i, row in enumerate(counts.tolist()) for j, count in enumerate(row)]
    return sorted(cells, key=lambda pair: -pair[1])[:n]


@mistake("most_common_bigrams")
def n_ignored(counts: Any, vocabulary: Any, n: Any = 10) -> Any:
    """All bigrams are returned, however few were asked for: `[:n]` is missing.

    Print `len(most_common_bigrams(counts, vocabulary, n=3))`: it should be 3.
    """
    return most_common_bigrams(counts, vocabulary, counts.numel())


@mistake("most_common_bigrams")
def sorted_by_name(counts: Any, vocabulary: Any, n: Any = 10) -> Any:
    """`sorted` without a `key` sorts by the first of each pair, the bigram, not by the count.

    Print `most_common_bigrams(counts, vocabulary)`: the counts go up and down.
    """
    return sorted(_all(counts, vocabulary), reverse=True)[:n]


@mistake("most_common_bigrams")
def counts_before_names(counts: Any, vocabulary: Any, n: Any = 10) -> Any:
    """The pairs are count and bigram, and should be bigram and count.

    Print `most_common_bigrams(counts, vocabulary, n=1)`: the number comes first.
    """
    return [(count, name) for name, count in most_common_bigrams(counts, vocabulary, n)]


@mistake("most_common_bigrams")
def dictionary_for_a_list(counts: Any, vocabulary: Any, n: Any = 10) -> Any:
    """The result is a dictionary, and should be a list of pairs.

    Print `type(most_common_bigrams(counts, vocabulary))`: it is `dict`.
    """
    return dict(most_common_bigrams(counts, vocabulary, n))


@mistake("most_common_bigrams")
def one_of_each_row(counts: Any, vocabulary: Any, n: Any = 10) -> Any:
    """Only the largest of each row is considered, so the second of a common letter is missing.

    Try a table whose two largest counts stand in one row: only one of them is listed.
    """
    best = counts.argmax(dim=1).tolist()
    pairs = [(vocabulary[i] + vocabulary[j], counts[i, j].item()) for i, j in enumerate(best)]
    return sorted(pairs, key=lambda pair: -pair[1])[:n]


@mistake("most_common_bigrams")
def counts_erased_on_the_way(counts: Any, vocabulary: Any, n: Any = 10) -> Any:
    """The largest is found again and again, and each time erased in the caller's own table.

    Call the function and then print `counts`: its largest numbers are gone.
    """
    pairs = []
    for _ in range(min(n, counts.numel())):
        i, j = divmod(int(counts.argmax()), len(vocabulary))
        pairs.append((vocabulary[i] + vocabulary[j], counts[i, j].item()))
        counts[i, j] = -1
    return pairs


@mistake("most_common_bigrams")
def five_by_default(counts: Any, vocabulary: Any, n: Any = 5) -> Any:
    """Without n five bigrams come, and should be ten.

    Print `len(most_common_bigrams(counts, vocabulary))`: it is 5.
    """
    return most_common_bigrams(counts, vocabulary, n)


@mistake("most_common_bigrams")
def one_too_few(counts: Any, vocabulary: Any, n: Any = 10) -> Any:
    """One bigram too few comes, as when a loop runs over `range(1, n)`.

    Print `len(most_common_bigrams(counts, vocabulary, n=3))`: it is 2.
    """
    return most_common_bigrams(counts, vocabulary, n)[: n - 1]
