import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from bigramlab import build_vocabulary, count_bigrams, load_names, normalize, sample, sample_words, smooth
from bigramlab.laws.strategies import prob_tables, seeds
from bigramlab.lessons import sampling


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@given(probs=prob_tables(), seed=seeds, n=st.integers(0, 20))
def test_words_are_walks_without_the_boundary_and_more_words_begin_with_the_fewer(probs, seed, n):
    vocabulary = ".abcdef"[: len(probs)]
    words = sample_words(probs, vocabulary, n, generator=seeded(seed))
    assert words == sample_words(probs, vocabulary, n + 5, generator=seeded(seed))[:n]
    first = sample(probs, generator=seeded(seed))
    assert words[:1] == ["".join(vocabulary[id] for id in first[:-1])][:n]


@given(data=st.data(), size=st.integers(1, 4))
def test_the_support_of_the_samples_is_the_support_of_the_model(data, size):
    cells = st.lists(st.booleans(), min_size=size, max_size=size)
    counts = torch.tensor(data.draw(st.lists(cells, min_size=size, max_size=size))).long()
    counts[:, 0] = 1
    vocabulary = ".abc"[:size]
    words = sample_words(normalize(counts), vocabulary, 8_000, generator=seeded())
    reached = torch.zeros(size, dtype=torch.bool)
    reached[0] = True
    for _ in range(size):
        reached = reached | (counts[reached].sum(0) > 0)
    # A possible bigram stands at most 3 steps from the start, each of probability 1/4 at least, so one word has it with
    # probability 1/256 at least, and all 8,000 lack it with (255/256)^8000 < 1e-13.
    assert torch.equal(count_bigrams(words, vocabulary) > 0, (counts > 0) & reached[:, None])


def test_the_names_table_writes_unseen_bigrams_once_smoothed():
    vocabulary = build_vocabulary(load_names())
    counts = count_bigrams(load_names(), vocabulary)
    never = counts == 0
    seen = count_bigrams(sample_words(normalize(counts), vocabulary, 20_000, generator=seeded()), vocabulary)
    assert not seen[never].any()
    words = sample_words(normalize(smooth(counts)), vocabulary, 20_000, generator=seeded())
    assert count_bigrams(words, vocabulary)[never].any()


@pytest.mark.parametrize(("dart", "id"), [(0.0, 1), (1 - 2**-53, 2)])
def test_a_dart_at_either_end_of_the_line_hits_a_possible_token(monkeypatch, dart, id):
    # The first and the last token are impossible, and 0.9 + 0.1 is less than 1 in float32.
    table = torch.tensor([[0.0, 0.9, 0.1, 0.0]] + [[1.0, 0.0, 0.0, 0.0]] * 3)
    darts = iter([dart, 0.5])
    monkeypatch.setattr(torch, "rand", lambda *_, dtype, **__: torch.tensor(list(darts), dtype=dtype))
    assert sample(table).tolist() == [id, 0]


def test_a_long_line_of_tokens_is_looked_through_in_a_moment():
    ring = torch.eye(3_000).roll(
        1, dims=1
    )  # 0 -> 1 -> 2 ... -> 0; a look at every table cell for every token would hang
    assert sample(ring).tolist() == [*range(1, 3_000), 0]


def test_many_words_are_not_taken_for_one_long_walk():
    certain = torch.tensor([[0.0, 1.0], [1.0, 0.0]])
    assert len(sample_words(certain, ".a", 600_000)) == 600_000


def test_an_empty_table_is_refused():
    with pytest.raises(ValueError, match=r"probs has shape \(0, 0\), but a table needs as many rows as columns"):
        sample(torch.empty(0, 0))


def test_a_table_with_gradients_is_sampled():
    assert sample(torch.tensor([[0.0, 1.0], [1.0, 0.0]], requires_grad=True)).tolist() == [1, 0]


def test_a_token_that_no_walk_reaches_may_lead_nowhere():
    assert sample(torch.tensor([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])).tolist() == [1, 0]


def test_a_table_of_halves_is_taken_in_every_precision():
    for dtype in (torch.float16, torch.bfloat16, torch.float32, torch.float64):
        assert sample(normalize(torch.ones(27, 27, dtype=dtype)), generator=seeded())[-1] == 0


@pytest.mark.usefixtures("unchecked")
def test_whole_numbers_may_be_probabilities():
    assert sample(torch.tensor([[0, 1], [1, 0]])).tolist() == [1, 0]


def test_worked_example():
    assert sample(torch.tensor([[0.0, 1.0], [1.0, 0.0]])).tolist() == [1, 0]
    assert sample_words(torch.tensor([[0.0, 1.0], [1.0, 0.0]]), ".a", 3) == ["a", "a", "a"]


refusals = pytest.mark.parametrize(
    ("table", "message"),
    [
        ([[1, 3], [2, 2]], r"probs\[0, 1\] is 3, but a probability lies between 0 and 1; .*normalize\(counts\)"),
        (
            [[0.5, 0.4], [0.5, 0.5]],
            r"row 0 of probs sums to 0.9, not to 1, .* no probability distribution; divide .*: normalize\(counts\)$",
        ),
        ([[1.0, 0.0], [0.0, 0.0]], "row 1 of probs sums to 0, not to 1"),
        ([[1, 1], [1, 0]], "row 0 of probs sums to 2, not to 1"),
        ([[1.5, -0.5], [0.5, 0.5]], r"probs\[0, 0\] is 1.5, but"),
        ([[math.nan, 1.0], [0.5, 0.5]], r"probs\[0, 0\] is nan, but"),
        ([[0.5, 0.499], [0.5, 0.5]], "row 0 of probs sums to 0.999, not to 1"),
        ([[]], r"probs has shape \(1, 0\)"),
        ([[0.5, 0.5]], r"probs has shape \(1, 2\), but a table needs as many rows as columns"),
        ([0.5, 0.5], r"probs has shape \(2,\)"),
        (
            [[0.0, 1.0], [0.0, 1.0]],
            r"from token 1, .* leads to token 0 \('\.'\), so .* would never end; count .*: smooth\(counts, k=1\)$",
        ),
        (
            [[0.5, 0.5, 0.0, 0.0], [0.5, 0.0, 0.5, 0.0], [0.0, 0.0, 0.0, 1.0], [0.0, 0.0, 1.0, 0.0]],
            "from token 2, which a walk can reach, no path leads",
        ),
        (
            [[0.0, 1.0], [1e-30, 1.0]],
            r"a walk has not ended after 1,000,000 tokens: .* visits; smooth the counts, or .* '\.' after each$",
        ),
    ],
)


@pytest.mark.usefixtures("unchecked")
@refusals
def test_sample_refuses(table, message):
    with pytest.raises(ValueError, match=message):
        sample(torch.tensor(table))


@pytest.mark.usefixtures("unchecked")
@refusals
def test_sample_words_refuses_what_sample_refuses(table, message):
    with pytest.raises(ValueError, match=message):
        sample_words(torch.tensor(table), ".abc"[: len(table)], 1)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("vocabulary", "n", "message"),
    [
        (".ab", 1, r"the table has shape \(2, 2\), but the vocabulary has 3 tokens"),
        ("ab", 1, r"the vocabulary 'ab' does not begin with '\.'"),
        (
            "..",
            1,
            r"the vocabulary repeats '\.', .* keep one of them, or build the .*: build_vocabulary\(words\)$",
        ),
        (".a", -1, "n is -1, but there can't be fewer than none: choose 0 or more"),
    ],
)
def test_sample_words_refuses(vocabulary, n, message):
    with pytest.raises(ValueError, match=message):
        sample_words(torch.full((2, 2), 0.5), vocabulary, n)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: sample([[1.0]]), r"probs must be a torch\.Tensor, got \[\[1\.0\]\]"),
        (lambda: sample(torch.ones(1, 1), generator=42), r"got 42; did you mean torch.Generator\(\).manual_seed\(42\)"),
        (lambda: sample_words(torch.ones(1, 1), ".", 2.0), r"n must be a whole number \(an int\), got 2.0"),
        (lambda: sample_words(torch.ones(1, 1), ".", True), "n must be a whole number"),
    ],
)
def test_the_wrong_kind_is_refused(call, message):
    with pytest.raises(TypeError, match=message):
        call()


def test_no_words_are_no_words():
    assert sample_words(torch.ones(1, 1), ".", 0) == []


def test_a_walk_that_hardly_ever_ends_is_refused_after_a_million_tokens(monkeypatch):
    assert sampling.LONGEST == 1_000_000
    monkeypatch.setattr(sampling, "LONGEST", 5_000)
    probs = torch.tensor([[0, 1], [1e-12, 1 - 1e-12]], dtype=torch.float64)
    with pytest.raises(ValueError, match=r"a walk has not ended after 5,000 tokens: '\.' is too improbable"):
        sample(probs, generator=torch.Generator().manual_seed(0))
