import pytest
import torch

from bigramlab import (
    extend,
    generate_words,
    init_transformer,
    keep_top_k,
    sample_transformer_words,
    transformer_logits,
    transformer_probs,
)
from bigramlab.lessons.caching import remembering

NETWORK = init_transformer(4, 7, width=8, layers=2, heads=2, generator=torch.Generator().manual_seed(0))
NETWORK = NETWORK._replace(unembedding=8 * NETWORK.unembedding)  # so that it matters what was read
WORDS = torch.tensor([[0, 1, 2, 3, 1], [0, 3, 3, 2, 2]])


def seeded():
    return torch.Generator().manual_seed(0)


def plainly(contexts):
    return transformer_probs(NETWORK, contexts)


def test_a_word_read_in_pieces_is_the_whole():
    whole = transformer_logits(NETWORK, WORDS)
    first, cache = extend(NETWORK, (), WORDS[:, :2])
    second, cache = extend(NETWORK, cache, WORDS[:, 2:])
    assert torch.allclose(torch.cat([first, second], dim=1), whole, atol=1e-5)
    assert {tuple(tensor.shape) for both in cache for tensor in both} == {(2, 2, 5, 4)}


def test_the_same_seed_gives_the_same_words_with_a_cache_and_without():
    words = sample_transformer_words(NETWORK, ".abc", 300, generator=seeded())
    assert words == generate_words(plainly, ".abc", 300, context_length=7, generator=seeded())
    assert max(map(len, words)) > 7  # longer than the network can read
    assert len({*words}) > 50


def test_a_rule_chooses_from_its_probabilities_too():
    def choose(probs):
        return keep_top_k(probs, 2)

    words = sample_transformer_words(NETWORK, ".abc", 50, choose=choose, generator=seeded())
    assert words == generate_words(plainly, ".abc", 50, context_length=7, choose=choose, generator=seeded())


def test_what_is_remembered_never_changes_a_result():
    next_probs = remembering(NETWORK)
    begin = torch.zeros((2, 7), dtype=torch.int64)
    then = torch.tensor([[0, 0, 0, 0, 0, 0, 1], [0, 0, 0, 0, 0, 0, 2]])
    other = torch.tensor([[0, 0, 0, 0, 0, 3, 1]])
    for contexts in (begin, then, then.flip(0), other, begin[:1], then[:1], then[:, 1:], begin, then):
        assert torch.allclose(next_probs(contexts), plainly(contexts), atol=1e-6)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("cache", [None, torch.zeros(2), ((1, 2),), [[]], 5])
def test_what_is_no_cache_is_refused(cache):
    with pytest.raises(TypeError, match="the cache must be"):
        extend(NETWORK, cache, WORDS[:, :1])


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda cache: extend(NETWORK, cache, WORDS[:, :3]), "5 tokens were read and 3 are to be read"),
        (lambda cache: extend(NETWORK, cache, WORDS[:, :0]), "5 tokens were read and 0 are to be read"),
        (lambda cache: extend(NETWORK, cache, WORDS[:1, :1]), "don't fit 1 words"),
        (lambda cache: extend(NETWORK, cache[:1], WORDS[:, :1]), "for 1 blocks"),
        (lambda _: extend(NETWORK, (), torch.tensor([[4]])), "ids holds 4"),
        (lambda _: sample_transformer_words(NETWORK, ".ab", 1), "the vocabulary has 3 tokens, but the network knows 4"),
    ],
)
def test_what_cannot_work_is_refused(call, message):
    _, cache = extend(NETWORK, (), WORDS)
    with pytest.raises(ValueError, match=message):
        call(cache)
