import math

import pytest
import torch

from bigramlab import (
    build_contexts,
    build_vocabulary,
    count_bigrams,
    generate_words,
    load_names,
    negative_log_likelihood,
    normalize,
    sample_words,
    score_contexts,
    smooth,
)
from bigramlab.lessons import generating

pytestmark = pytest.mark.usefixtures("unchecked")  # models are wrong in ways that the signatures forbid


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def table_model(table):
    return lambda contexts: torch.tensor(table)[contexts[:, -1]]


def test_worked_examples():
    # after "." comes a, after a comes b with 1/4 and the end with 3/4, after b the end
    probs = [[0.0, 1.0, 0.0], [0.75, 0.0, 0.25], [1.0, 0.0, 0.0]]
    words = generate_words(table_model(probs), ".ab", 4000, generator=seeded())
    assert set(words) == {"a", "ab"}
    # the share of "ab" strays from 1/4 by more than sqrt(ln(2e10) / 8000) = 0.0545 once in 10^10 runs
    assert words.count("ab") / 4000 == pytest.approx(1 / 4, abs=0.0545)
    # "ab" takes the steps of 1, 1/4 and 1, "a" those of 1 and 3/4: (log 4 + log 4/3) / 5
    loss = score_contexts(table_model(probs), *build_contexts(["ab", "a"], ".ab", 1))
    assert loss == pytest.approx((math.log(4) + math.log(4 / 3)) / 5)


def test_the_oldest_token_is_dropped_and_the_drawn_one_appended():
    asked = []

    def spell_abc(contexts):
        asked.append(contexts.tolist())
        return torch.eye(4)[(contexts[:, -1] + 1) % 4]

    assert generate_words(spell_abc, ".abc", 2, context_length=3) == ["abc", "abc"]
    assert asked == [[[0, 0, 0]] * 2, [[0, 0, 1]] * 2, [[0, 1, 2]] * 2, [[1, 2, 3]] * 2]


def test_a_word_that_has_ended_is_asked_for_no_more():
    asked = []

    def half(contexts):
        asked.append(len(contexts))
        return torch.full((len(contexts), 2), 0.5)

    words = generate_words(half, ".a", 100, generator=seeded())
    assert asked == [sum(len(word) >= step for word in words) for step in range(len(asked))]


def test_more_words_than_grow_at_once():
    assert generate_words(table_model([[0.0, 1.0], [1.0, 0.0]]), ".a", 5000) == ["a"] * 5000


def test_the_names_table_scores_as_its_counts_do_and_writes_as_it_samples():
    names = load_names()[:4000]
    vocabulary = build_vocabulary(names)
    counts = count_bigrams(names, vocabulary)
    probs = normalize(smooth(counts))
    loss = score_contexts(lambda contexts: probs[contexts[:, -1]], *build_contexts(names, vocabulary, 1))
    assert loss == pytest.approx(negative_log_likelihood(counts, probs), abs=1e-6)
    words = generate_words(lambda contexts: probs[contexts[:, -1]], vocabulary, 5000, generator=seeded())
    walks = sample_words(probs, vocabulary, 5000, generator=seeded(1))
    lengths = [sum(map(len, some)) / 5000 for some in (words, walks)]
    assert lengths[0] == pytest.approx(lengths[1], abs=0.4)  # about six times the standard error


def test_a_certain_and_right_model_loses_exactly_0():
    loss = score_contexts(table_model([[0.0, 1.0], [1.0, 0.0]]), *build_contexts(["a"], ".a", 1))
    assert str(loss) == "0.0"
    rounded = score_contexts(lambda _: torch.tensor([[1.0000001]]), torch.tensor([[0]]), torch.tensor([0]))
    assert rounded == 0


def test_probabilities_with_gradients_are_taken_and_ids_of_32_bits():
    probs = torch.tensor([[0.0, 1.0], [1.0, 0.0]], requires_grad=True)
    contexts, targets = (ids.int() for ids in build_contexts(["a"], ".a", 1))
    assert score_contexts(lambda contexts: probs[contexts[:, -1].long()], contexts, targets) == 0
    assert generate_words(lambda contexts: probs[contexts[:, -1]], ".a", 1) == ["a"]


def test_a_model_looks_back_one_token_where_nothing_is_said():
    asked = []
    generate_words(lambda contexts: asked.append(contexts.tolist()) or torch.ones(len(contexts), 1), ".", 2)
    assert asked == [[[0], [0]]]


def test_no_words_are_no_words():
    assert generate_words(table_model([[1.0]]), ".", 0) == []
    assert generate_words(table_model([[1.0]]), ".", 2) == ["", ""]


@pytest.mark.parametrize(
    ("model", "vocabulary", "n", "context_length", "message"),
    [
        (lambda _: torch.tensor([[0.5, 0.4]]), ".a", 1, 1, r"row 0 of next_probs\(contexts\) sums to 0.9, not to 1"),
        (
            lambda _: torch.tensor([[-0.5, 1.5]]),
            ".a",
            1,
            1,
            r"next_probs\(contexts\)\[0, 0\] is -0.5, but a pr",
        ),
        (
            lambda _: torch.tensor([[1.0]]),
            ".a",
            1,
            1,
            r"next_probs\(contexts\) has shape \(1, 1\), but 1 contexts and 2 tokens need \(1, 2\); return a row of",
        ),
        (
            lambda _: torch.tensor([[0.5, 0.5]]),
            ".a",
            3,
            1,
            r"has shape \(1, 2\), but 3 contexts and 2 tokens need",
        ),
        (table_model([[1.0]]), ".", -1, 1, "n is -1, but there can't be fewer than none: choose 0 or more"),
        (table_model([[1.0]]), ".", 1, 0, "context_length is 0, but there can't be fewer than 1: choose 1 or more"),
        (table_model([[1.0]]), "a", 1, 1, r"the vocabulary 'a' does not begin with '\.'"),
    ],
)
def test_generate_words_refuses(model, vocabulary, n, context_length, message):
    with pytest.raises(ValueError, match=message):
        generate_words(model, vocabulary, n, context_length=context_length)


@pytest.mark.parametrize(("dart", "word"), [(0.0, "a"), (1 - 2**-53, "b")])
def test_a_dart_at_either_end_of_the_line_hits_a_possible_token(monkeypatch, dart, word):
    # The first and the last token are impossible, and 0.9 + 0.1 is less than 1 in float32.
    table = [[0.0, 0.9, 0.1, 0.0]] + [[1.0, 0.0, 0.0, 0.0]] * 3
    darts = iter([dart, 0.5])
    monkeypatch.setattr(torch, "rand", lambda *_, dtype, **__: torch.tensor([[next(darts)]], dtype=dtype))
    assert generate_words(table_model(table), ".abc", 1) == [word]


def test_a_word_without_an_end_is_refused(monkeypatch):
    assert generating.LONGEST == 10_000
    monkeypatch.setattr(generating, "LONGEST", 1_000)
    message = (
        r"a word has not ended after 1,000 tokens: the model holds '\.' for too improbable; train it on words that"
    )
    with pytest.raises(ValueError, match=message):
        generate_words(table_model([[0.0, 1.0], [0.0, 1.0]]), ".a", 1)


@pytest.mark.parametrize(
    ("contexts", "targets", "message"),
    [
        (
            torch.zeros(0, 1).long(),
            torch.zeros(0).long(),
            "there are no targets, so there is nothing to take the mean of; build the contexts of at least one word$",
        ),
        (
            torch.tensor([[0], [1]]),
            torch.tensor([0]),
            "there are 2 contexts and 1 targets, but each needs one; take both from the same build_contexts$",
        ),
        (
            torch.tensor([[0]]),
            torch.tensor([2]),
            "targets holds 2, which is no id: of 2 tokens the ids go from 0 to 1; use the vocabulary that the "
            "words were encoded with$",
        ),
        (torch.tensor([[0]]), torch.tensor([-1]), "targets holds -1, which is no id"),
        (torch.tensor([0]), torch.tensor([0]), r"contexts has shape \(1,\), but needs two axes"),
        (torch.tensor([[0]]), torch.tensor([[0]]), r"targets has shape \(1, 1\), but needs one axis"),
    ],
)
def test_score_contexts_refuses(contexts, targets, message):
    with pytest.raises(ValueError, match="^" + message):
        score_contexts(table_model([[0.5, 0.5], [0.5, 0.5]]), contexts, targets)


def test_a_score_needs_a_row_for_each_context():
    message = r"^next_probs\(contexts\) has shape \(1, 2\), but 2 contexts need \(2, 2\); return a row of probabilities"
    with pytest.raises(ValueError, match=message):
        score_contexts(lambda _: torch.tensor([[0.5, 0.5]]), torch.zeros(2, 1).long(), torch.zeros(2).long())


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: generate_words(torch.eye(2), ".a", 1),
            r"next_probs must be a function, got tensor.*; of a table of probabilities make one",
        ),
        (
            lambda: generate_words(lambda _: [[1.0]], ".", 1),
            r"next_probs\(contexts\) must be a torch\.Tensor, got \[\[1",
        ),
        (
            lambda: generate_words(table_model([[1.0]]), ".", 1, generator=42),
            "generator must be a torch.Generator or None",
        ),
        (lambda: generate_words(table_model([[1.0]]), ".", 1.0), r"n must be a whole number \(an int\), got 1.0"),
        (
            lambda: score_contexts(None, torch.zeros(1, 1).long(), torch.zeros(1).long()),
            "next_probs must be a function",
        ),
        (
            lambda: score_contexts(table_model([[1.0]]), torch.zeros(1, 1), torch.zeros(1).long()),
            r"contexts must be a tensor of integers such as torch\.tensor.*, got a tensor of torch\.float32$",
        ),
        (lambda: score_contexts(table_model([[1.0]]), torch.zeros(1, 1).long(), [0]), r"targets must be .*, got \[0\]"),
    ],
)
def test_the_wrong_kind_is_refused(call, message):
    with pytest.raises(TypeError, match=message):
        call()
