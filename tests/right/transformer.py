"""Right versions of the functions of `lessons/transformer`."""

import torch
from torch.nn import functional

from bigramlab import Block, Transformer
from right.version import plain_right, right


@plain_right("rms_norm")
def norm_by_torch(x, gain):
    return functional.rms_norm(x, gain.shape, gain)


@plain_right("rms_norm")
def norm_typed_along(x, weight):
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6) * weight


@plain_right("rms_norm")
def norm_by_length(x, gain):
    return gain * x / x.norm(dim=2, keepdim=True) * x.shape[2] ** 0.5


@plain_right("rms_norm")
def norm_token_by_token(x, g):
    rows = [[v / (v.square().sum() / len(v)).sqrt() * g for v in word] for word in x]
    return torch.stack([torch.stack(word) for word in rows])


@right("rms_norm")
def norm_checked(x, gain):
    if x.ndim != 3 or gain.shape != x.shape[-1:]:
        raise ValueError("shapes")
    return (x.double() / (x.double().pow(2).mean(2, keepdim=True) + 1e-8).sqrt() * gain).float()


def rms(x, gain):
    return x / (x.pow(2).mean(-1, keepdim=True) + 1e-5) ** 0.5 * gain


@plain_right("block")
def block_by_torch(p, x, heads):
    B, T, C = x.shape
    h = functional.rms_norm(x, (C,), p.attention_gain, eps=1e-5)
    q, k, v = (h @ w for w in (p.query, p.key, p.value))
    q, k, v = (t.view(B, T, heads, C // heads).transpose(1, 2) for t in (q, k, v))
    y = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
    x = x + y.transpose(1, 2).reshape(B, T, C) @ p.output
    h = functional.rms_norm(x, (C,), p.hidden_gain, eps=1e-5)
    return x + functional.relu(h @ p.widen).square() @ p.narrow


@plain_right("block")
def block_with_one_large_matrix(p, x, heads):
    B, T, C = x.shape
    qkv = rms(x, p.attention_gain) @ torch.cat([p.query, p.key, p.value], dim=1)
    q, k, v = (part.reshape(B, T, heads, -1).transpose(1, 2) for part in qkv.split(C, dim=2))
    scores = q @ k.transpose(-2, -1) * (C // heads) ** -0.5
    scores = scores.masked_fill(torch.ones(T, T).triu(1).bool(), -torch.inf)
    x = x + (scores.softmax(-1) @ v).transpose(1, 2).flatten(2) @ p.output
    return x + torch.relu(rms(x, p.hidden_gain) @ p.widen).pow(2) @ p.narrow


@plain_right("block")
def block_head_by_head(p, x, heads):
    size = x.shape[2] // heads
    h = rms(x, p.attention_gain)
    given = []
    for i in range(heads):
        here = slice(i * size, (i + 1) * size)
        q, k, v = h @ p.query[:, here], h @ p.key[:, here], h @ p.value[:, here]
        weights = torch.tril(torch.exp(q @ k.transpose(1, 2) / size**0.5))
        given.append(weights / weights.sum(-1, keepdim=True) @ v)
    x = x + torch.cat(given, dim=-1) @ p.output
    return x + (rms(x, p.hidden_gain) @ p.widen).clamp(min=0) ** 2 @ p.narrow


@right("block")
def block_checked(p, x, heads):
    if heads < 1 or x.shape[-1] % heads or x.ndim != 3:
        raise ValueError("heads")
    return block_head_by_head(p, x, heads)


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


@right("init_transformer")
def init_checked(vocab_size, longest, *, width=64, layers=3, heads=4, generator=None):
    if min(vocab_size, longest, width, layers, heads) < 1 or width % heads:
        raise ValueError("sizes")
    return make(vocab_size, longest, width, layers, heads, generator, 0.08)


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
