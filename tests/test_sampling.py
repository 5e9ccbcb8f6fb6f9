import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from bigramlab import build_vocabulary, count_bigrams, load_names, normalize, sample, sample_words, smooth
from bigramlab.laws.strategies import prob_tables, seeds
from bigramlab.lessons import sampling
from bigramlab.lessons.wheels import WHEELS, make_wheels


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


@pytest.mark.slow
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


def exact_word_probs(probs, vocabulary, longest):
    """Return the probability of each word that has so many letters at most."""
    found, begun = {}, {"": 1.0}
    for _ in range(longest + 1):
        going_on = {}
        for word, prob in begun.items():
            row = probs[vocabulary.index(word[-1:] or ".")].tolist()
            found[word] = prob * row[0]
            going_on |= {word + letter: prob * p for letter, p in zip(vocabulary[1:], row[1:], strict=True)}
        begun = going_on
    return found


def chi_squared_bound(degrees):
    """Return what chi-squared exceeds with a probability below 1e-9 (Laurent and Massart, 2000, Lemma 1)."""
    x = math.log(1e9)
    return degrees + 2 * math.sqrt(degrees * x) + 2 * x


# A table with words of very different lengths: lanes that took what is finished first would write too many short ones.
UNEVEN = torch.tensor([[0.05, 0.7, 0.25], [0.3, 0.1, 0.6], [0.125, 0.0, 0.875]], dtype=torch.float64)
WAYS = {"one after the other": (0, sampling.FEW), "first lanes": (sampling.FEW, 400), "many lanes": (400, 60_000)}


@pytest.mark.parametrize("way", WAYS)
def test_words_come_as_often_as_their_exact_probability_says_in_lanes_too(way):
    begin, end = WAYS[way]
    seeds = range(200 if end < 1_000 else 5)
    written = [word for seed in seeds for word in sample_words(UNEVEN, ".ab", end, generator=seeded(seed))[begin:]]
    expected = {
        word: len(written) * prob
        for word, prob in exact_word_probs(UNEVEN, ".ab", 8).items()
        if len(written) * prob > 20
    }
    observed = dict.fromkeys(expected, 0)
    others = 0
    for word in written:
        if word in observed:
            observed[word] += 1
        else:
            others += 1
    rest = len(written) - sum(expected.values())
    chi_squared = (
        sum((observed[word] - mean) ** 2 / mean for word, mean in expected.items()) + (others - rest) ** 2 / rest
    )
    assert len(expected) > 20
    assert chi_squared < chi_squared_bound(len(expected))


def test_wheels_draw_exactly_what_the_row_says():
    probs = normalize(torch.tensor([[1, 2, 4], [3, 0, 10**6], [1, 1, 1]], dtype=torch.float64))
    pockets = 16
    wheels, rows = make_wheels(probs, pockets)
    leads_to = torch.nn.functional.one_hot((wheels // pockets).long().view(-1, pockets), len(rows)).double().mean(dim=1)
    last = len(probs) * WHEELS
    for state in range(last):  # either a token at once, or what is left over, in the proportion of the pockets
        drawn = leads_to[state, : len(probs)] + leads_to[state, state + len(probs)] * rows[state + len(probs)]
        assert torch.allclose(drawn, rows[state], rtol=0, atol=1e-12)
    assert torch.equal(leads_to[last:], torch.eye(len(rows), dtype=torch.float64)[last:])  # and there one waits
    assert not leads_to[[1, 4], 1].any()  # what is impossible stays so


def test_a_larger_n_begins_with_the_words_of_a_smaller_one_in_lanes_too():
    few, many = (sample_words(UNEVEN, ".ab", n, generator=seeded()) for n in (sampling.FEW + 7, 9_000))
    assert many[: len(few)] == few
    assert many != sample_words(UNEVEN, ".ab", 9_000, generator=seeded(1))


def test_any_letters_are_written_in_lanes_and_a_large_alphabet_without_them():
    vocabulary = ".\0\ud83d\U0001f600 "
    words = sample_words(torch.full((5, 5), 1 / 5), vocabulary, 1_000, generator=seeded())
    assert set("".join(words)) == set(vocabulary[1:])
    many = "." + "".join(map(chr, range(0x4E00, 0x4E00 + sampling.MOST_TOKENS)))
    words = sample_words(torch.full((len(many), len(many)), 1 / len(many)), many, 300, generator=seeded())
    assert len(words) == 300
    assert len(set("".join(words))) > 200


def test_words_of_any_length_are_written_in_lanes():
    ring = torch.eye(100).roll(1, dims=1)
    vocabulary = "." + "".join(map(chr, range(0x4E00, 0x4E00 + 99)))
    assert set(sample_words(ring, vocabulary, 1_000)) == {vocabulary[1:]}


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
