import math

import pytest
import torch

from bigramlab import (
    Transformer,
    build_contexts,
    encode,
    init_transformer,
    score_contexts,
    transformer_logits,
    transformer_probs,
)
from bigramlab.lessons.transformer_training import lay_out, score_words

NETWORK = init_transformer(5, 6, width=8, layers=2, heads=2, generator=torch.Generator().manual_seed(0))
WORDS = ["abcd", "", "dd", "abca", "b"]


def test_one_pass_scores_what_contexts_do():
    whole = score_words(NETWORK, *lay_out(WORDS, ".abcd", 6))
    examples = build_contexts(WORDS, ".abcd", 6)
    loss = score_contexts(lambda contexts: transformer_probs(NETWORK, contexts), *examples)
    assert loss == pytest.approx(whole, abs=1e-6)


def test_a_context_is_read_from_its_last_boundary_on():
    logits = transformer_logits(NETWORK, torch.tensor([[0, *encode("abc", ".abcd")]]))
    probs = transformer_probs(NETWORK, torch.tensor([[0, 0, 0, 1, 2, 3], [3, 0, 0, 1, 2, 3]]))
    expected = logits[0, 3].softmax(dim=0)
    assert torch.allclose(probs, expected.expand(2, 5), atol=1e-6)


def test_no_contexts_have_no_rows():
    assert transformer_probs(NETWORK, torch.zeros((0, 4), dtype=torch.int64)).shape == (0, 5)


def test_its_sizes_are_as_promised():
    network = init_transformer(27, 16)
    assert network.longest == 16
    assert sum(piece.numel() for one in network.blocks for piece in one) == 3 * (12 * 64 * 64 + 2 * 64)
    logits = transformer_logits(network, torch.zeros((1, 16), dtype=torch.int64))
    loss = -logits.log_softmax(dim=-1).mean().item()
    assert loss == pytest.approx(math.log(27), abs=0.1)


def without(network, **pieces):
    return network._replace(**pieces)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: init_transformer(3, 4, width=4, heads=3), "3 heads can't share a width of 4"),
        (lambda: init_transformer(3, 0), "longest is 0"),
        (lambda: transformer_logits(NETWORK, torch.zeros((1, 7), dtype=torch.int64)), "reads from 1 to 6 tokens"),
        (lambda: transformer_logits(NETWORK, torch.zeros((1, 0), dtype=torch.int64)), "reads from 1 to 6 tokens"),
        (lambda: transformer_logits(NETWORK, torch.tensor([[0, 5]])), "ids holds 5"),
        (lambda: transformer_logits(NETWORK, torch.tensor([0, 1])), r"of one word make ids\[None\]"),
        (lambda: transformer_logits(without(NETWORK, heads=0), torch.tensor([[0]])), "heads is 0"),
        (lambda: transformer_probs(NETWORK, torch.tensor([[0, -1]])), "holds -1"),
        (lambda: transformer_logits(without(NETWORK, gain=torch.ones(3)), torch.tensor([[0]])), "don't fit each other"),
        (lambda: transformer_logits(without(NETWORK, heads=3), torch.tensor([[0]])), "3 heads, which don't fit"),
        (lambda: transformer_logits(without(NETWORK, blocks=()), torch.tensor([[0]])), "don't fit each other"),
    ],
)
def test_what_cannot_work_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.usefixtures("unchecked")
def test_the_wrong_kind_is_refused():
    for call in (
        lambda: init_transformer(3.0, 4),
        lambda: transformer_logits(NETWORK.blocks[0], torch.tensor([[0]])),
        lambda: transformer_logits(NETWORK, torch.tensor([[0.0]])),
        lambda: transformer_logits(Transformer(*NETWORK[:-2], None, 2), torch.tensor([[0]])),
    ):
        with pytest.raises(TypeError):
            call()
