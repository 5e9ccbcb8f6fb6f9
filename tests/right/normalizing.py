"""Right versions of the functions of `lessons/normalizing`."""

import math
from fractions import Fraction

import numpy as np
import torch

from right.version import check_rows, plain_right, right


@plain_right("normalize")
def normalize_typed_along(counts):
    return counts / counts.sum(1, keepdims=True)


@plain_right("normalize")
def normalize_row_by_row(counts):
    probs = counts.float().clone()
    for i in range(len(probs)):
        probs[i] = probs[i] / probs[i].sum()
    return probs


@right("normalize")
def normalize_keepdim(counts):
    check_rows(counts)
    table = counts.double()
    table = table / table.amax(1, keepdim=True)  # so that no sum overflows
    return table / table.sum(1, keepdim=True)


@right("normalize")
def normalize_float32(counts):
    check_rows(counts)
    return (counts.double() / counts.double().sum(dim=1).unsqueeze(1)).float()


@right("normalize")
def normalize_loop(counts):
    check_rows(counts)
    probs = torch.empty(counts.shape, dtype=torch.float64)
    for i, row in enumerate(counts.tolist()):
        total = math.fsum(row)
        for j, count in enumerate(row):
            probs[i, j] = count / total
    return probs


@right("normalize")
def normalize_einsum(counts):
    check_rows(counts)
    table = counts.to(torch.float64)
    sums = torch.einsum("ij->i", table)
    return torch.einsum("ij,i->ij", table, 1 / sums)


@right("normalize")
def normalize_numpy(counts):
    table = counts.numpy().astype(float)
    if not np.isfinite(table).all() or (table < 0).any():
        raise ValueError("counts")
    sums = np.sum(table, axis=1)
    if not sums.all():
        raise ValueError("smooth first")
    return torch.from_numpy((table.T / sums).T)


@right("normalize")
def normalize_diagonal(counts):
    check_rows(counts)
    table = counts.double()
    return torch.diag(table.sum(1).reciprocal()) @ table


@right("normalize")
def normalize_log(counts):
    check_rows(counts)
    return counts.double().log().softmax(dim=1)


@right("normalize")
def normalize_distribution(counts):
    check_rows(counts)
    return torch.distributions.Categorical(probs=counts.double()).probs


@right("normalize")
def normalize_norm(counts):
    check_rows(counts)
    return torch.nn.functional.normalize(counts.double(), p=1, dim=1, eps=0)


@right("normalize")
def normalize_exact(counts):
    """Fractions, rounded once."""
    check_rows(counts)
    rows = [[Fraction(count) for count in row] for row in counts.tolist()]
    return torch.tensor([[float(count / sum(row)) for count in row] for row in rows], dtype=torch.float64)
