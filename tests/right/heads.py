"""Right versions of the functions of `lessons/heads`."""

import torch

from right.version import plain_right, right


@plain_right("split_heads")
def split_typed_along(x, n_head):
    B, T, C = x.size()
    return x.view(B, T, n_head, C // n_head).transpose(1, 2)


@plain_right("split_heads")
def split_by_chunks(x, heads):
    return torch.stack(x.chunk(heads, dim=-1), dim=1)


@plain_right("split_heads")
def split_by_slices(x, heads):
    size = x.shape[2] // heads
    return torch.stack([x[:, :, i * size : (i + 1) * size] for i in range(heads)], 1)


@right("split_heads")
def split_unflattened(x, heads):
    if x.ndim != 3 or heads < 1 or x.shape[2] % heads:
        raise ValueError("heads")
    return x.unflatten(2, (heads, -1)).permute(0, 2, 1, 3)


@plain_right("merge_heads")
def merge_typed_along(y):
    B, nh, T, hs = y.shape
    return y.transpose(1, 2).contiguous().view(B, T, nh * hs)


@plain_right("merge_heads")
def merge_by_cat(x):
    return torch.cat(list(x.unbind(1)), dim=-1)


@right("merge_heads")
def merge_permuted(x):
    assert x.ndim == 4
    return x.permute(0, 2, 1, 3).reshape(x.shape[0], x.shape[2], -1)
