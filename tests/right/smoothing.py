"""Right versions of the functions of `lessons/smoothing`."""

import math

import numpy as np
import torch

from right.version import check_counts, check_k, plain_right, right


@plain_right("smooth")
def smooth_typed_along(counts, k=1):
    return counts + k


@right("smooth")
def smooth_add(counts, k=1):
    check_k(k)
    check_counts(counts)
    return torch.add(counts, k)


@right("smooth")
def smooth_double(counts, k=1):
    check_k(k)
    check_counts(counts)
    return counts.to(torch.float64) + k


@right("smooth")
def smooth_lists(counts, k=1):
    check_k(k)
    check_counts(counts)
    cells = [[count + k for count in row] for row in counts.tolist()]
    exact = isinstance(k, int) and not counts.is_floating_point()
    return torch.tensor(cells, dtype=torch.int64 if exact else torch.float64).reshape(counts.shape)


@right("smooth")
def smooth_in_place(counts, k=1):
    if not math.isfinite(k) or k < 0:
        raise ValueError(k)
    check_counts(counts)
    table = counts.clone() if isinstance(k, int) else counts.to(torch.get_default_dtype(), copy=True)
    table += k
    return table


@right("smooth")
def smooth_numpy(counts, k=1):
    if not np.isfinite(k) or k < 0:
        raise ValueError(k)
    check_counts(counts)
    return torch.from_numpy(np.asarray(counts) + k)


@right("smooth")
def smooth_full(counts, k=1):
    check_k(k)
    check_counts(counts)
    return counts + torch.full(counts.shape, k)
