"""Right functions in many styles and types: `check` says yes to each."""

import functools

import pytest
import torch

import bigramlab
from bigramlab import check
from bigramlab.laws.law import Broken, ids_in


@pytest.mark.parametrize("dtype", [torch.int16, torch.int32, torch.int64, torch.float32, torch.float64])
def test_counts_may_be_of_any_type_that_is_exact_to_ten_thousand(dtype):
    def count_bigrams(words, vocabulary):
        return bigramlab.count_bigrams(words, vocabulary).to(dtype)

    assert check(count_bigrams)


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int8, torch.float16, torch.bfloat16])
def test_counts_of_a_type_that_is_not_exact_are_wrong(dtype):
    def count_bigrams(words, vocabulary):
        return bigramlab.count_bigrams(words, vocabulary).to(dtype)

    assert not check(count_bigrams)


@pytest.mark.parametrize("make", [float, torch.tensor, torch.float64, "numpy"], ids=["float", "tensor", "0-d", "numpy"])
def test_a_loss_may_be_a_number_a_tensor_without_axes_or_numpys(make):
    import numpy

    kinds = {torch.float64: lambda loss: torch.tensor(loss, dtype=torch.float64), "numpy": numpy.float32}

    def negative_log_likelihood(counts, probs):
        return kinds.get(make, make)(bigramlab.negative_log_likelihood(counts, probs))

    assert check(negative_log_likelihood)


def test_a_tensor_for_a_float_is_a_care_note():
    def perplexity(counts, probs):
        return torch.tensor(bigramlab.perplexity(counts, probs))

    report = check(perplexity)
    assert report
    assert [note.law for note in report.notes] == ["the_perplexity_is_a_float"]
    assert ".item()" in report.text()


def test_a_loss_with_an_axis_is_no_number():
    def perplexity(counts, probs):
        return torch.tensor([bigramlab.perplexity(counts, probs)])

    assert "should be a number" in check(perplexity).problem


def test_a_loss_and_probabilities_may_carry_a_gradient():
    def score_contexts(next_probs, contexts, targets):
        factor = torch.ones((), requires_grad=True)
        return bigramlab.score_contexts(next_probs, contexts, targets) * factor

    def normalize(counts):
        return bigramlab.normalize(counts) * torch.ones((), requires_grad=True)

    assert check(score_contexts)
    assert check(normalize)


IDS = [[3, 1], (3, 1), torch.tensor([3, 1]), torch.tensor([3, 1], dtype=torch.int32), [torch.tensor(3), 1]]


@pytest.mark.parametrize("ids", IDS, ids=repr)
def test_ids_may_be_what_can_be_used_as_an_index(ids):
    assert ids_in(ids, (2,)) == [3, 1]


NO_IDS = [[3.0, 1.0], [True, 1], ["a", 1], [3], [[3], [1]], 3, None, torch.tensor([3.0, 1.0])]


@pytest.mark.parametrize("ids", [*NO_IDS, torch.tensor([3, 1], dtype=torch.int16)], ids=repr)
def test_other_numbers_are_no_ids(ids):
    with pytest.raises(Broken):
        ids_in(ids, (2,))


@pytest.mark.parametrize("name", ["sample", "encode", "minibatches", "build_contexts"])
def test_ids_in_32_bits_are_right_and_a_care_note(name):
    ours = getattr(bigramlab, name)

    def short(found):
        return tuple(map(short, found)) if isinstance(found, tuple) else found.int()

    def ids(*arguments, **options):
        found = ours(*arguments, **options)
        return map(short, found) if name == "minibatches" else short(found)

    report = check(ids, name)
    assert report
    assert not report.careful
    assert "int64" in report.text()


def test_ids_in_a_list_are_right():
    def sample(probs, *, generator=None):
        return bigramlab.sample(probs, generator=generator).tolist()

    def encode(word, vocabulary):
        return bigramlab.encode(word, vocabulary).tolist()

    assert check(sample)
    assert check(encode)


TORCHS = {
    "softmax": [
        torch.nn.Softmax(-1),
        lambda logits: torch.softmax(logits, dim=-1),
        functools.partial(torch.nn.functional.softmax, dim=-1),
        lambda logits: logits.log_softmax(-1).exp(),
    ],
    "cross_entropy": [
        torch.nn.functional.cross_entropy,
        torch.nn.CrossEntropyLoss(),
        lambda logits, targets: torch.nn.functional.nll_loss(logits.log_softmax(1), targets),
    ],
}


@pytest.mark.parametrize(("name", "function"), [(name, one) for name, some in TORCHS.items() for one in some])
def test_torchs_own_functions_are_right(name, function):
    assert check(function, name)
