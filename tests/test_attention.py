import math

import pytest
import torch

from bigramlab import attend, attention_shares

HEADS = torch.zeros(1, 1, 2, 3)


def test_worked_examples():
    queries, keys = torch.tensor([[[[5.0], [math.log(3)]]]]), torch.tensor([[[[0.0], [1.0]]]])
    assert attention_shares(queries, keys).tolist()[0][0] == [[1, 0], pytest.approx([1 / 4, 3 / 4])]
    values = torch.tensor([[[[8.0], [4.0]]]])
    assert attend(queries, keys, values).flatten().tolist() == pytest.approx([8, 5])


def test_the_root_of_the_size_divides():
    ones = torch.ones(1, 1, 2, 4)
    ones[0, 0, 0] = 0  # the second token scores 0 with the first, and 4 / 2 with itself
    assert attention_shares(ones, ones)[0, 0, 1, 1].item() == pytest.approx(1 / (1 + math.exp(-2)))


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.float64])
def test_the_precision_stays(dtype):
    x = HEADS.to(dtype)
    assert attend(x, x, x).dtype == attention_shares(x, x).dtype == dtype


def test_it_agrees_with_torchs_own():
    queries, keys, values = torch.randn(3, 2, 4, 7, 5, generator=torch.Generator().manual_seed(0))
    torchs = torch.nn.functional.scaled_dot_product_attention(queries, keys, values, is_causal=True)
    assert torch.allclose(attend(queries, keys, values), torchs, atol=1e-6)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: attention_shares(HEADS[0], HEADS[0]), r"queries has shape \(1, 2, 3\), but needs four axes"),
        (lambda: attention_shares(HEADS, HEADS[:, :, :1]), r"queries has shape .* and keys has \(1, 1, 1, 3\)"),
        (lambda: attention_shares(HEADS, HEADS.double()), "float32.*float64"),
        (lambda: attend(HEADS, HEADS, HEADS[..., :2]), r"values has \(1, 1, 2, 2\)"),
        (lambda: attend(*[HEADS[:, :, :0]] * 3), "there are no tokens, or no numbers"),
        (lambda: attend(*[HEADS * math.nan] * 3), "holds nan"),
    ],
)
def test_what_cannot_work_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.usefixtures("unchecked")
def test_the_wrong_kind_is_refused():
    whole = torch.zeros(1, 1, 2, 3, dtype=torch.int64)
    for call in (
        lambda: attention_shares([[1.0]], HEADS),
        lambda: attend(HEADS, HEADS, whole),
    ):
        with pytest.raises(TypeError):
            call()
