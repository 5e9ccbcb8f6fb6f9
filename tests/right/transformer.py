"""Right versions of the functions of `lessons/transformer`."""

import torch
from torch.nn import functional

from bigramlab import Block, Transformer
from right.blocks import block_by_torch, block_head_by_head, rms
from right.version import plain_right, right


def make(vocab_size, longest, width, layers, heads, generator, scale):
    def randn(*shape):
        return torch.randn(shape, generator=generator) * scale

    def one():
        square = [randn(width, width) for _ in range(4)]
        return Block(torch.ones(width), *square, torch.ones(width), randn(width, 4 * width), randn(4 * width, width))

    blocks = tuple(one() for _ in range(layers))
    ends = randn(vocab_size, width), randn(longest, width)
    return Transformer(*ends, blocks, torch.ones(width), randn(width, vocab_size), heads)


@plain_right("init_transformer")
def init_typed_along(vocab_size, longest, *, width=64, layers=3, heads=4, generator=None):
    return make(vocab_size, longest, width, layers, heads, generator, 0.02)


@plain_right("init_transformer")
def init_as_the_small_gpts_begin(vocab_size, longest, *, width=64, layers=3, heads=4, generator=None):
    network = make(vocab_size, longest, width, layers, heads, generator, 0.02)
    blocks = (one._replace(output=0 * one.output, narrow=0 * one.narrow) for one in network.blocks)
    return network._replace(blocks=tuple(blocks), places=torch.zeros(longest, width))


@plain_right("init_transformer")
def init_with_copies_of_a_block(vocab_size, longest, *, width=64, layers=3, heads=4, generator=None):
    network = make(vocab_size, longest, width, layers, heads, generator, 0.02)
    blocks = tuple(Block(*(piece.clone() for piece in network.blocks[0])) for _ in range(layers))
    return network._replace(blocks=blocks, unembedding=network.embedding.T)  # tied


@right("init_transformer")
def init_checked(vocab_size, longest, *, width=64, layers=3, heads=4, generator=None):
    if min(vocab_size, longest, width, layers, heads) < 1 or width % heads:
        raise ValueError("sizes")
    network = make(vocab_size, longest, width, layers, heads, generator, width**-0.5)
    blocks = tuple(one._replace(output=0.1 * one.output, narrow=0.05 * one.narrow) for one in network.blocks)
    return network._replace(blocks=blocks, unembedding=0.1 * network.unembedding)


@plain_right("transformer_logits")
def logits_typed_along(p, idx):
    x = p.embedding[idx] + p.places[torch.arange(idx.shape[1])]
    for one in p.blocks:
        x = block_by_torch(one, x, p.heads)
    return functional.rms_norm(x, x.shape[-1:], p.gain, eps=1e-5) @ p.unembedding


@plain_right("transformer_logits")
def logits_by_one_hot(p, ids):
    x = functional.one_hot(ids, len(p.embedding)).float() @ p.embedding
    x = x + p.places[: ids.shape[1]][None]
    for one in p.blocks:
        x = block_head_by_head(one, x, p.heads)
    return torch.einsum("btc,cv->btv", rms(x, p.gain), p.unembedding)


@right("transformer_logits")
def logits_checked(p, ids):
    if ids.ndim != 2 or ids.shape[1] > len(p.places) or (ids < 0).any():
        raise ValueError("ids")
    return logits_typed_along(p, ids)


@torch.no_grad()
def read_one(p, context):
    ids = context.tolist()
    begin = len(ids) - 1 - ids[::-1].index(0) if 0 in ids else 0
    return logits_typed_along(p, context[None, begin:])[0, -1].softmax(0)


@plain_right("transformer_probs")
def probs_one_by_one(parameters, contexts):
    return torch.stack([read_one(parameters, context) for context in contexts])


@plain_right("transformer_probs")
def probs_rolled(p, contexts):
    length = contexts.shape[1]
    begins = [max((t for t in range(length) if row[t] == 0), default=0) for row in contexts.tolist()]
    rows = torch.stack([row.roll(-begin) for row, begin in zip(contexts, begins, strict=True)])
    logits = logits_typed_along(p, rows)
    ends = [length - 1 - begin for begin in begins]
    return logits[torch.arange(len(rows)), ends].softmax(-1).detach()


@right("transformer_probs")
def probs_checked(parameters, contexts):
    if contexts.ndim != 2 or contexts.shape[1] > len(parameters.places) or (contexts < 0).any():
        raise ValueError("contexts")
    return probs_one_by_one(parameters, contexts)
