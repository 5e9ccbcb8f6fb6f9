import tracemalloc
from itertools import islice, pairwise, repeat

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from strategies import count_tables, vocabularies_and_words

from bigramlab import build_vocabulary, count_bigrams, load_names, most_common_bigrams


def count_in_a_loop(words, vocabulary):
    """The plain form, which the fast one must equal in every cell."""
    counts = [[0] * len(vocabulary) for _ in vocabulary]
    for word in words:
        text = "." + word + "."
        for current, following in pairwise(text):
            counts[vocabulary.index(current)][vocabulary.index(following)] += 1
    return counts


@given(vocabularies_and_words())
def test_counting_agrees_with_a_plain_loop_in_every_cell(drawn):
    vocabulary, words = drawn
    counts = count_bigrams(words, vocabulary)
    assert counts.dtype == torch.int64
    assert counts.tolist() == count_in_a_loop(words, vocabulary)


def test_counting_the_names_agrees_with_a_plain_loop_in_every_cell():
    names, vocabulary = load_names(), build_vocabulary(load_names())
    counts = count_bigrams(names, vocabulary)
    assert counts.tolist() == count_in_a_loop(names, vocabulary)
    assert (counts.sum(), (counts > 0).sum()) == (228_146, 627)


def test_the_published_most_common_bigrams_of_the_names():
    names, vocabulary = load_names(), build_vocabulary(load_names())
    assert most_common_bigrams(count_bigrams(names, vocabulary), vocabulary, 5) == [
        ("n.", 6763),
        ("a.", 6640),
        ("an", 5438),
        (".a", 4410),
        ("e.", 3983),
    ]


@given(drawn=vocabularies_and_words(), cut=st.integers(0, 12))
def test_counting_is_additive(drawn, cut):
    vocabulary, words = drawn
    parts = count_bigrams(words[:cut], vocabulary) + count_bigrams(words[cut:], vocabulary)
    assert torch.equal(count_bigrams(words, vocabulary), parts)


@given(vocabularies_and_words())
def test_a_word_of_n_letters_adds_n_plus_1_and_enters_every_row_that_it_leaves(drawn):
    vocabulary, words = drawn
    counts = count_bigrams(iter(words), vocabulary)
    assert counts.sum() == sum(len(word) + 1 for word in words)
    assert torch.equal(counts.sum(0), counts.sum(1))


def test_half_of_a_surrogate_pair_is_a_character_too():
    assert count_bigrams(["\ud83d"], ".\ud83d").tolist() == [[0, 1], [1, 0]]


def test_no_words_have_no_bigrams():
    assert count_bigrams([], ".ab").tolist() == [[0, 0, 0]] * 3


def test_counts_are_made_on_the_cpu_whatever_the_default_device_is():
    with torch.device("meta"):
        assert count_bigrams(["a"], ".a").device.type == "cpu"


def test_batches_make_no_false_pairs():
    words = ["ab", "b"] * 10_000
    assert count_bigrams(words, ".ab").tolist() == [[0, 10_000, 10_000], [0, 0, 10_000], [20_000, 0, 0]]


def test_memory_does_not_grow_with_the_number_of_words():
    def peak(n):
        words = ("".join(letters) for letters in islice(repeat("ab" * 20), n))  # a new str each time
        tracemalloc.start()
        count_bigrams(words, ".ab")
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    peak(10)  # whatever the first call loads
    assert peak(80_000) < 1.2 * peak(20_000)


@given(counts=count_tables(square=True, largest=3), n=st.integers(0, 60))
def test_the_most_common_bigrams_are_the_largest_cells_ties_in_id_order(counts, n):
    vocabulary = ".abcdef"[: len(counts)]
    cells = [
        (vocabulary[i] + vocabulary[j], count) for i, row in enumerate(counts.tolist()) for j, count in enumerate(row)
    ]
    assert most_common_bigrams(counts, vocabulary, n) == sorted(cells, key=lambda cell: -cell[1])[:n]


def test_ten_bigrams_are_listed_by_default():
    assert len(most_common_bigrams(torch.ones(27, 27), ".abcdefghijklmnopqrstuvwxyz")) == 10


@pytest.mark.parametrize(
    ("words", "vocabulary", "message"),
    [
        (["a.b"], ".ab", r"the word 'a\.b' contains '\.', which marks the end of a word"),
        (["."], ".ab", r"the word '\.' contains '\.'"),
        (
            ["ab", "acb", "ad"],
            ".ab",
            "the word 'acb' contains 'c', which the vocabulary lacks; mind the case, or build",
        ),
        (["a\U0001f600"], ".ab", "contains '\U0001f600', which the vocabulary lacks"),
        (["A"], ".ab", "the word 'A' contains 'A', which the vocabulary lacks"),
        (["ab"], "ab", r"the vocabulary 'ab' does not begin with '\.', the boundary token.*build_vocabulary\(words\)"),
        (["ab"], "ab.", r"the vocabulary 'ab\.' does not begin with '\.'"),
        (["ab"], "", r"the vocabulary '' does not begin with '\.'"),
        (["ab"], ".aba", "the vocabulary repeats 'a', so that token would have two ids"),
        (["ab"], ".ab.", r"the vocabulary repeats '\.'"),
    ],
)
def test_count_bigrams_refuses(words, vocabulary, message):
    with pytest.raises(ValueError, match=message):
        count_bigrams(words, vocabulary)


def test_a_refusal_stays_short_however_long_the_word():
    with pytest.raises(ValueError, match="which the vocabulary lacks") as refusal:
        count_bigrams(["a" * 100_000 + "b"], ".a")
    assert len(str(refusal.value)) < 200


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: count_bigrams("emma", ".aem"), r"words is one str, 'emma'; did you mean \['emma'\]\?"),
        (lambda: count_bigrams(["emma", b"emma"], ".aem"), "a word must be a str, got b'emma'"),
        (lambda: count_bigrams(7, ".aem"), "words must be a list of str, or another iterable of them, got 7"),
        (lambda: count_bigrams(["emma"], list(".aem")), r"the vocabulary must be a str such as '\.abc', got \["),
        (
            lambda: most_common_bigrams([[1]], "."),
            r"counts must be a torch\.Tensor, got \[\[1\]\]; words become a table by count_bigrams",
        ),
        (lambda: most_common_bigrams(torch.ones(1, 1), ".", 1.5), "n must be a whole number .* got 1.5"),
    ],
)
def test_the_wrong_kind_is_refused(call, message):
    with pytest.raises(TypeError, match=message):
        call()


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("counts", "n", "message"),
    [
        (torch.ones(3, 3), 1, r"the table has shape \(3, 3\), but the vocabulary has 2 tokens and needs \(2, 2\)"),
        (torch.ones(2, 3), 1, r"the table has shape \(2, 3\)"),
        (torch.ones(2), 1, r"counts has shape \(2,\), but a table needs two axes"),
        (torch.ones(2, 2), -1, "n is -1, but there can't be fewer than none"),
    ],
)
def test_most_common_bigrams_refuses(counts, n, message):
    with pytest.raises(ValueError, match=message):
        most_common_bigrams(counts, ".a", n)
