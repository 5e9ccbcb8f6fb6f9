import pytest
import torch

from bigramlab import (
    build_contexts,
    build_vocabulary,
    count_bigrams,
    count_contexts,
    load_names,
)

TOY = build_contexts(["anna", "nan", "ann"], ".an", 2)


def test_worked_example():
    contexts, targets = build_contexts(["ab", ""], ".ab", 2)
    assert contexts.tolist() == [[0, 0], [0, 1], [1, 2], [0, 0]]
    assert targets.tolist() == [1, 2, 0, 0]


def test_the_bigrams_are_the_contexts_of_length_1():
    names = load_names()[:3000]
    vocabulary = build_vocabulary(names)
    distinct, counts = count_contexts(*build_contexts(names, vocabulary, 1), len(vocabulary))
    assert distinct.flatten().tolist() == list(range(len(vocabulary)))
    assert torch.equal(counts, count_bigrams(names, vocabulary))


def test_what_the_docstring_says_of_the_names():
    names = load_names()
    distinct, counts = count_contexts(*build_contexts(names, build_vocabulary(names), 8), 27)
    assert len(distinct) == 58_841
    assert (counts.sum(dim=1) == 1).sum() == 40_226


def test_words_of_many_batches_do_not_touch():
    contexts, targets = build_contexts(iter(["ab"] * 10_000), ".ab", 3)  # more than join_words joins at once
    assert torch.equal(contexts, torch.tensor([[0, 0, 0], [0, 0, 1], [0, 1, 2]]).repeat(10_000, 1))
    assert torch.equal(targets, torch.tensor([1, 2, 0]).repeat(10_000))


def test_contexts_are_made_on_the_cpu_whatever_the_default_device_is():
    with torch.device("meta"):
        contexts, _ = build_contexts(["ab"], ".ab", 2)
    assert contexts.tolist() == [[0, 0], [0, 1], [1, 2]]


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: build_contexts(["ab"], ".ab", 0),
            "context_length is 0, but there can't be fewer than 1: choose 1 or more",
        ),
        (lambda: build_contexts(["a.b"], ".ab", 2), r"the word 'a\.b' contains '\.'"),
        (lambda: build_contexts(["abc"], ".ab", 2), "the word 'abc' contains 'c', which the vocabulary lacks"),
        (lambda: build_contexts(["ab"], "ab", 2), r"the vocabulary 'ab' does not begin with '\.'"),
        (lambda: count_contexts(*TOY, 2), "targets holds 2, which is no id: of 2 tokens the ids go from 0 to 1"),
        (
            lambda: count_contexts(TOY[0], TOY[1][1:], 3),
            "there are 13 contexts and 12 targets, but each needs one",
        ),
        (lambda: count_contexts(*TOY, 0), "vocab_size is 0, but there can't be fewer than 1"),
    ],
)
def test_wrong_values_are_refused(call, message):
    with pytest.raises(ValueError, match="^" + message):
        call()


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: build_contexts("emma", ".aem", 2), r"words is one str, 'emma'; did you mean \['emma'\]\?"),
        (lambda: build_contexts(["ab"], ".ab", 2.0), r"context_length must be a whole number \(an int\), got 2.0"),
        (
            lambda: count_contexts(TOY[0].float(), TOY[1], 3),
            "contexts must be a tensor of integers such as .*, got a tensor of torch.float32$",
        ),
    ],
)
def test_the_wrong_kind_is_refused(call, message):
    with pytest.raises(TypeError, match="^" + message):
        call()
