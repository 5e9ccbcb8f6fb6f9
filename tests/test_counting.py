import tracemalloc
from itertools import islice, repeat

import pytest
import torch

from bigramlab import build_vocabulary, count_bigrams, load_names, most_common_bigrams, plain


def test_counting_the_names_agrees_with_a_plain_loop_in_every_cell():
    names, vocabulary = load_names(), build_vocabulary(load_names())
    counts = count_bigrams(names, vocabulary)
    assert counts.dtype == torch.int64
    assert counts.tolist() == plain.count_bigrams(names, vocabulary)
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
        (
            ["ab"],
            "ab",
            r"the vocabulary 'ab' does not begin with '\.', the boundary .* is 0; build .*: build_vocabulary\(words\)$",
        ),
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
        (
            torch.ones(3, 3),
            1,
            r"the table has shape \(3, 3\), .* has 2 tokens and needs \(2, 2\); use the .* table was counted with$",
        ),
        (torch.ones(2, 3), 1, r"the table has shape \(2, 3\)"),
        (torch.ones(2), 1, r"counts has shape \(2,\), but a table needs two axes"),
        (torch.ones(2, 2), -1, "n is -1, but there can't be fewer than none"),
    ],
)
def test_most_common_bigrams_refuses(counts, n, message):
    with pytest.raises(ValueError, match=message):
        most_common_bigrams(counts, ".a", n)


def test_the_most_common_bigrams_are_of_zeros_too_and_equal_counts_stay_in_the_order_of_their_ids():
    counts = torch.tensor([[0, 2], [0, 2]])
    assert most_common_bigrams(counts, ".a", n=4) == [(".a", 2), ("aa", 2), ("..", 0), ("a.", 0)]
