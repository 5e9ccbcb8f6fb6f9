"""Right versions of the functions of `lessons/choosing`."""

import math

import numpy as np
import torch

from right.version import plain_right, right


def check_temperature(temperature):
    assert 0 < temperature < math.inf


def check_part(p):
    if not 0 < p <= 1:
        raise ValueError("p")


@plain_right("with_temperature")
def with_temperature_typed_along(logits, temperature):
    return torch.softmax(logits / temperature, dim=-1)


@plain_right("with_temperature")
def with_temperature_by_powers(logits, temperature):
    powers = torch.softmax(logits, dim=1) ** (1 / temperature)
    return powers / powers.sum(1, keepdim=True)


@plain_right("with_temperature")
def with_temperature_by_exp(logits, temperature):
    weights = torch.exp((logits - logits.max(1, keepdim=True)[0]) / temperature)
    return weights / weights.sum(1, keepdim=True)


@right("with_temperature")
def with_temperature_double(logits, temperature):
    check_temperature(temperature)
    table = logits.double()
    return ((table - table.max(dim=1, keepdim=True).values) / temperature).softmax(1)


@right("with_temperature")
def with_temperature_loop(logits, temperature):
    check_temperature(temperature)
    rows = []
    for row in logits.tolist():
        largest = max(row)
        weights = [math.exp((logit - largest) / temperature) for logit in row]
        rows.append([weight / sum(weights) for weight in weights])
    return torch.tensor(rows)


@plain_right("keep_top_k")
def keep_top_k_typed_along(probs, k):
    values, indices = torch.topk(probs, k)
    kept = torch.zeros_like(probs).scatter_(1, indices, values)
    return kept / kept.sum(1, keepdim=True)


@plain_right("keep_top_k")
def keep_top_k_by_masking_logits(probs, k):
    logits = probs.log()
    mask = torch.ones_like(probs, dtype=torch.bool)
    mask.scatter_(1, logits.topk(k, dim=1).indices, False)
    return logits.masked_fill(mask, -math.inf).softmax(dim=1)


@plain_right("keep_top_k")
def keep_top_k_loop(probs, k):
    out = []
    for row in probs.tolist():
        best = sorted(range(len(row)), key=row.__getitem__, reverse=True)[:k]
        total = sum(row[i] for i in best)
        out.append([row[i] / total if i in best else 0.0 for i in range(len(row))])
    return torch.tensor(out)


@right("keep_top_k")
def keep_top_k_ranks(probs, k):
    if not isinstance(k, int) or k < 1:
        raise ValueError("k")
    ranks = probs.argsort(dim=1, descending=True).argsort(dim=1)
    kept = probs.double() * (ranks < k)
    return kept / kept.sum(1, keepdim=True)


@right("keep_top_k")
def keep_top_k_numpy(probs, k):
    if int(k) != k or k < 1:
        raise ValueError("k")
    table = probs.numpy().copy()
    drop = np.argsort(-table, axis=1, kind="stable")[:, k:]
    np.put_along_axis(table, drop, 0, axis=1)
    return torch.from_numpy(table / table.sum(axis=1, keepdims=True))


@plain_right("keep_top_p")
def keep_top_p_typed_along(probs, p):
    ordered, indices = torch.sort(probs, descending=True)
    remove = ordered.cumsum(-1) > p
    remove[:, 1:] = remove[:, :-1].clone()
    remove[:, 0] = False
    kept = torch.zeros_like(probs).scatter(1, indices, ordered.masked_fill(remove, 0.0))
    return kept / kept.sum(-1, keepdim=True)


@plain_right("keep_top_p")
def keep_top_p_loop(probs, p):
    result = torch.zeros_like(probs)
    for i in range(len(probs)):
        total = 0.0
        for j in probs[i].argsort(descending=True):
            if total >= p:
                break
            result[i, j] = probs[i, j]
            total += probs[i, j].item()
        result[i] /= result[i].sum()
    return result


@right("keep_top_p")
def keep_top_p_count(probs, p):
    check_part(p)
    ordered = probs.double().sort(dim=1, descending=True).values
    how_many = 1 + (ordered.cumsum(1) < p).sum(1).clamp(max=probs.shape[1] - 1)
    ranks = probs.argsort(dim=1, descending=True).argsort(dim=1)
    kept = probs.double() * (ranks < how_many[:, None])
    return kept / kept.sum(1, keepdim=True)


@right("keep_top_p")
def keep_top_p_logits(probs, p):
    check_part(p)
    ordered, indices = probs.sort(dim=1, descending=True)
    outside = ordered.double().cumsum(1) - ordered.double() >= p
    mask = torch.zeros_like(outside).scatter(1, indices, outside)
    return probs.log().masked_fill(mask, -math.inf).softmax(1)
