import math
from fractions import Fraction

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from bigramlab import normalize, smooth
from bigramlab.laws.strategies import count_tables


@given(counts=count_tables(), k=st.floats(0.01, 100))
def test_smoothing_leaves_no_zero_probability_entry(counts, k):
    assert (normalize(smooth(counts, k)) > 0).all()


def test_integers_stay_integers():
    assert smooth(torch.tensor([[3, 0], [1, 2]])).dtype == torch.int64


def test_worked_example():
    assert smooth(torch.tensor([[3, 0], [1, 2]]), k=0.5).tolist() == [[3.5, 0.5], [1.5, 2.5]]


@pytest.mark.parametrize("k", [-1, -0.001, math.nan, math.inf, -math.inf, pytest.param(10**400, id="huge")])
def test_smooth_refuses_a_k_that_is_negative_or_not_finite(k):
    with pytest.raises(ValueError, match=rf"k is {str(k)[:9]}.*, but must be a finite number from 0 up"):
        smooth(torch.ones(2, 2), k)


@pytest.mark.usefixtures("unchecked")
def test_k_may_be_any_number():
    assert smooth(torch.tensor([[3, 0]]), k=Fraction(1, 4)).tolist() == [[3.25, 0.25]]


def test_small_integers_do_not_overflow():
    assert smooth(torch.tensor([[255]], dtype=torch.uint8)).tolist() == [[256]]
    assert smooth(torch.tensor([[120]], dtype=torch.int8), k=10).tolist() == [[130]]


@pytest.mark.parametrize(
    ("counts", "k"),
    [
        (torch.tensor([[2**63 - 1]]), 1),
        (torch.tensor([[0]]), 1e-50),
        (torch.tensor([[1]]), 1e300),
        (torch.tensor([[3e38]]), 3e38),
    ],
)
def test_a_sum_that_does_not_fit_is_refused(counts, k):
    with pytest.raises(ValueError, match=r"does not fit into torch\..*; choose another k, or smooth counts.double\(\)"):
        smooth(counts, k)


def test_impossible_counts_are_refused():
    with pytest.raises(ValueError, match=r"counts\[0, 1\] is -1, but every entry must be a finite number from 0 up"):
        smooth(torch.tensor([[1, -1]]))


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("counts", "k", "message"),
    [
        (torch.ones(2, 2), True, "k must be a number such as 1 or 0.5, got True"),
        (
            torch.ones(2, 2).to_sparse(),
            1,
            "counts must be a plain tensor of integers or floats, got a torch.sparse.* try counts of torch.int64$",
        ),
        (torch.ones(2, 2, device="meta"), 1, "got a tensor without data"),
        (torch.ones(2, 2, dtype=torch.complex64), 1, "got a tensor of torch.complex64"),
        (torch.ones(2, 2), "1", "k must be a number such as 1 or 0.5, got '1'"),
        (torch.ones(2, 2), None, "k must be a number"),
        (
            [[1, 2]],
            1,
            r"counts must be a torch.Tensor, got \[\[1, 2\]\]; words .* table by count.* by torch.tensor\(rows\)$",
        ),
        (torch.ones(2, 2, dtype=torch.bool), 1, "got a tensor of torch.bool"),
    ],
)
def test_the_wrong_kind_is_refused(counts, k, message):
    with pytest.raises(TypeError, match=message):
        smooth(counts, k)
