import pytest
import torch

from bigramlab import merge_heads, split_heads


def test_heads_are_cut_and_laid_together_again():
    x = torch.arange(8.0).view(1, 2, 4)
    assert split_heads(x, 2).tolist() == [[[[0, 1], [4, 5]], [[2, 3], [6, 7]]]]
    assert merge_heads(split_heads(x, 2)).tolist() == x.tolist()


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: split_heads(torch.zeros(1, 2, 5), 2), "2 heads can't share 5 numbers"),
        (lambda: split_heads(torch.zeros(1, 2, 5), 0), "heads is 0"),
        (lambda: split_heads(torch.zeros(2, 4), 2), r"x has shape \(2, 4\), but needs three axes"),
        (lambda: merge_heads(torch.zeros(2, 4)), r"x has shape \(2, 4\), but needs four axes"),
    ],
)
def test_what_cannot_work_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.usefixtures("unchecked")
def test_the_wrong_kind_is_refused():
    for call in (
        lambda: split_heads(torch.zeros(1, 2, 4), 2.0),
        lambda: merge_heads(torch.zeros(1, 1, 2, 3, dtype=torch.int64)),
    ):
        with pytest.raises(TypeError):
            call()
