import pytest
import torch

from bigramlab import Block, block, init_transformer, rms_norm

NETWORK = init_transformer(5, 6, width=8, layers=2, heads=2, generator=torch.Generator().manual_seed(0))


def test_worked_examples():
    assert rms_norm(torch.tensor([[[1.0, 7.0]]]), torch.tensor([1.0, 10.0])).flatten().tolist() == pytest.approx(
        [0.2, 14]
    )


def test_a_block_by_hand():
    """One token, one head, a width of 1: the norm makes 1 of a 2, and of all else each step is one product."""
    one, ones = torch.ones(1, 1), torch.ones(1)
    parameters = Block(ones, one, one, 3 * one, one, ones, 2 * one, one)
    found = block(parameters, torch.tensor([[[2.0]]]), heads=1)
    assert found.item() == pytest.approx(2 + 3 + (2 * 1) ** 2, abs=1e-3)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: rms_norm(torch.ones(2, 3), torch.ones(3)), r"x has shape \(2, 3\)"),
        (lambda: rms_norm(torch.ones(1, 2, 3), torch.ones(2)), "vectors of 3 numbers and there are 2 gains"),
        (lambda: block(NETWORK.blocks[0], torch.ones(1, 2, 8), 3), "3 heads can't share 8 numbers"),
        (
            lambda: block(NETWORK.blocks[0], torch.ones(1, 2, 4), 2),
            "vectors of 4 numbers, but the block was made for a width of 8",
        ),
    ],
)
def test_what_cannot_work_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.usefixtures("unchecked")
def test_the_wrong_kind_is_refused():
    for call in (
        lambda: rms_norm([1.0], torch.ones(1)),
        lambda: rms_norm(torch.ones(1, 1, 1), torch.ones(1, dtype=torch.int64)),
        lambda: block(NETWORK, torch.ones(1, 2, 8), 2),
    ):
        with pytest.raises(TypeError):
            call()
