"""Right versions of the functions of `lessons/blocks`."""

import torch
from torch.nn import functional

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
