import math

import pytest
import torch

from bigramlab import normalize


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int32, torch.float16, torch.float32, torch.float64])
def test_floats_keep_their_precision_and_integers_get_the_default_one(dtype):
    probs = normalize(torch.tensor([[1, 3]], dtype=dtype))
    assert probs.dtype == (dtype if dtype.is_floating_point else torch.float32)
    assert probs.tolist() == [[0.25, 0.75]]


def test_huge_counts_do_not_overflow():
    assert normalize(torch.tensor([[2**62, 2**62, 2**62, 2**62]])).tolist() == [[0.25] * 4]


def test_gradients_flow():
    assert torch.autograd.gradcheck(normalize, torch.tensor([[1.0, 3.0], [2.0, 2.0]]).double().requires_grad_())


def test_worked_example():
    assert normalize(torch.tensor([[1, 3], [2, 2]])).tolist() == [[1 / 4, 3 / 4], [2 / 4, 2 / 4]]


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("counts", "message"),
    [
        (
            [[1, 1], [0, 0], [0, 0]],
            r"rows \[1, 2\] sum to zero, so nothing is known of what follows; smooth the counts",
        ),
        ([[0]] * 10, r"rows \[0, 1, 2, 3, 4, 5, 6, 7, 8, 9\] sum to zero"),
        ([[0]] * 11, r"11 rows, such as \[0, 1, 2\], sum to zero"),
        ([[0]] * 30, r"30 rows, such as \[0, 1, 2\], sum to zero"),
        ([[1], [0]], "row 1 sums to zero, so nothing is known of what follows"),
        ([[1, 2], [3, -1]], r"counts\[1, 1\] is -1, but every entry must be a finite number from 0 up"),
        ([[1, math.nan]], r"counts\[0, 1\] is nan, but"),
        ([[1, math.inf]], r"counts\[0, 1\] is inf, but"),
        ([[3e38, 3e38]], r"a row sums to more than torch\.float32 can hold; use a wider type, counts\.double\(\)"),
        ([1, 2], r"counts has shape \(2,\), but a table needs two axes: \(current, next\)"),
    ],
)
def test_normalize_refuses(counts, message):
    with pytest.raises(ValueError, match=message):
        normalize(torch.tensor(counts))


def test_a_row_may_sum_to_all_that_its_type_can_hold():
    assert normalize(torch.tensor([[3e38, 0.0]])).tolist() == [[1.0, 0.0]]


@pytest.mark.usefixtures("unchecked")
def test_the_wrong_kind_is_refused():
    with pytest.raises(TypeError, match=r"counts must be a torch\.Tensor, got \[\[1, 2\]\]"):
        normalize([[1, 2]])
