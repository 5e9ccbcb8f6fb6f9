"""Right versions of the functions of `lessons/attention`."""

import math

import torch
from torch.nn import functional

from right.version import plain_right, right


def check_heads(*tensors):
    first = tensors[0]
    assert all(x.ndim == 4 and x.shape == first.shape for x in tensors)


def hidden(x):
    return torch.ones(x.shape[-2], x.shape[-2], dtype=torch.bool).triu(1)


@plain_right("attention_shares")
def shares_typed_along(q, k):
    T, hs = q.shape[-2:]
    wei = q @ k.transpose(-2, -1) * hs**-0.5
    tril = torch.tril(torch.ones(T, T))
    wei = wei.masked_fill(tril == 0, float("-inf"))
    return functional.softmax(wei, dim=-1)


@plain_right("attention_shares")
def shares_masked_after_exp(queries, keys):
    weights = torch.exp(torch.einsum("bhid,bhjd->bhij", queries, keys) / queries.shape[-1] ** 0.5)
    weights = torch.tril(weights)
    return weights / weights.sum(dim=-1, keepdim=True)


@plain_right("attention_shares")
def shares_with_a_constant_added(queries, keys):
    scores = queries @ keys.mT / math.sqrt(queries.size(3)) + 5
    return (scores + hidden(queries) * -1e9).softmax(3)


@plain_right("attention_shares")
def shares_of_scaled_queries(queries, keys):
    queries = queries / keys.shape[-1] ** 0.25
    scores = queries @ (keys / keys.shape[-1] ** 0.25).transpose(2, 3)
    return torch.where(hidden(queries), torch.tensor(-torch.inf), scores).softmax(-1)


@plain_right("attention_shares")
def shares_divided_again(queries, keys):
    shares = (queries @ keys.transpose(2, 3) / math.sqrt(queries.shape[3])).softmax(-1).tril()
    return shares / shares.sum(-1, keepdim=True)


@plain_right("attention_shares")
def shares_token_by_token(queries, keys):
    B, H, T, D = queries.shape
    out = torch.zeros(B, H, T, T)
    for t in range(T):
        scores = (queries[:, :, t : t + 1] * keys[:, :, : t + 1]).sum(-1) / D**0.5
        out[:, :, t, : t + 1] = scores.softmax(-1)
    return out


@right("attention_shares")
def shares_in_doubles(queries, keys):
    check_heads(queries, keys)
    scores = queries.double() @ keys.double().transpose(2, 3) / math.sqrt(queries.shape[3])
    scores = scores.masked_fill(hidden(queries), -torch.inf)
    weights = (scores - scores.amax(-1, keepdim=True)).exp()
    return weights / weights.sum(-1, keepdim=True)


@plain_right("attend")
def attend_by_torch(q, k, v):
    return functional.scaled_dot_product_attention(q, k, v, is_causal=True)


@plain_right("attend")
def attend_typed_along(query, key, value):
    T = query.size(-2)
    att = (query @ key.transpose(-2, -1)) * (1.0 / math.sqrt(key.size(-1)))
    bias = torch.tril(torch.ones(T, T)).view(1, 1, T, T)
    att = att.masked_fill(bias == 0, float("-inf"))
    att = functional.softmax(att, dim=-1)
    return att @ value


@plain_right("attend")
def attend_turned_at_the_edge(q, k, v):
    q, k, v = (x.transpose(1, 2) for x in (q, k, v))  # (B, T, H, D)
    scores = torch.einsum("bthd,bshd->bhts", q, k) / q.shape[-1] ** 0.5
    scores = scores.masked_fill(torch.ones(scores.shape[2:]).triu(1).bool(), float("-inf"))
    return torch.einsum("bhts,bshd->bthd", scores.softmax(-1), v).transpose(1, 2)


@plain_right("attend")
def attend_token_by_token(queries, keys, values):
    out = []
    for t in range(queries.shape[2]):
        scores = (keys[:, :, : t + 1] @ queries[:, :, t, :, None]).squeeze(-1) / math.sqrt(queries.shape[3])
        out.append((scores.softmax(-1)[..., None] * values[:, :, : t + 1]).sum(2))
    return torch.stack(out, dim=2)


@right("attend")
def attend_by_torch_carefully(queries, keys, values):
    check_heads(queries, keys, values)
    mask = ~hidden(queries)
    return functional.scaled_dot_product_attention(queries, keys, values, attn_mask=mask)
