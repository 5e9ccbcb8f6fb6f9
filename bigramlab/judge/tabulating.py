"""A dict of numbers by tokens, such as `{"e": {"m": 769}}` or `{("e", "m"): 769}`, as the table that it is."""

import contextlib
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from numbers import Real
from typing import Any

import numpy as np
import torch
from torch import Tensor

__all__ = ["as_table", "in_keys", "table_of"]

LARGEST = 1_000_000  # entries
AXES = (2, 3)  # the token before or the two before, and the one that follows
MARKS = re.compile(r"<[^<>]+>|[\^$]")  # how else the boundary is written


def table_of(value: object, vocabulary: str) -> Tensor | None:
    """Return the table that a dict of numbers by tokens is, of two axes or three; None if it is none.

    What it does not have is 0, or among logarithms minus infinity. `<S>` and `<E>` are both the boundary: the one never
    follows, and nothing follows the other.
    """
    if not isinstance(value, Mapping) or not 1 < len(value) < LARGEST or "__name__" in value:
        return None
    try:
        entries = [*_entries(value, vocabulary)]
    except (TypeError, ValueError):
        return None
    axes = len(entries[0][0]) if entries else 0
    if axes not in AXES or any(len(tokens) != axes for tokens, _ in entries):
        return None
    empty = -math.inf if any(number < 0 for _, number in entries) else 0.0
    table = torch.full((len(vocabulary),) * axes, empty, dtype=torch.float64)
    for tokens, number in entries:
        cell = tuple(map(vocabulary.index, tokens))
        table[cell] = number + (table[cell] if table[cell] != empty else 0.0)
    return table


def as_table(value: object, vocabulary: str, order: Tensor | None = None) -> Tensor | None:
    """Return as a tensor what is a table by tokens in another form: a dict, rows that are lists, or an array of NumPy.

    Args:
        value: What may be one.
        vocabulary: The tokens.
        order: Their ids in the order that the table is to have, if it is another one.
    """
    size = len(vocabulary)
    if isinstance(value, dict):
        table = table_of(value, vocabulary) if 3 * len(value) > size else None
        if table is None or order is None:
            return table
        return table[order][:, order] if table.dim() == 2 else None
    rows: Any = value if isinstance(value, list) and value and isinstance(value[0], list) else None
    rows = value if isinstance(value, np.ndarray) and value.ndim in AXES and value.dtype.kind in "iuf" else rows
    if rows is None or len(rows) != size or len(rows[0]) != size:
        return None
    with contextlib.suppress(TypeError, ValueError):
        return torch.as_tensor(rows, dtype=torch.float64)
    return None


def _entries(value: Any, vocabulary: str) -> Iterator[tuple[str, float]]:
    """Yield the tokens that lead to each number, and it; raise ValueError if another thing is in it."""
    for key, inner in value.items():
        before = _tokens(key, vocabulary)
        if isinstance(inner, Real) or (isinstance(inner, Tensor) and inner.dim() == 0):
            yield before, float(inner)
        else:
            for after, number in _entries(_as_dict(inner, vocabulary), vocabulary):
                yield before + after, number


def _tokens(key: Any, vocabulary: str) -> str:
    """Return the tokens that a key is: a letter, letters, an id, or several of these."""
    if isinstance(key, tuple):
        return "".join(_tokens(part, vocabulary) for part in key)
    if type(key) is int and 0 <= key < len(vocabulary):
        return vocabulary[key]
    tokens = MARKS.sub(lambda found: found[0] if found[0] in vocabulary else ".", key) if isinstance(key, str) else ""
    if not tokens or not set(tokens) <= set(vocabulary):
        raise ValueError
    return tokens


def _as_dict(row: Any, vocabulary: str) -> Mapping[Any, Any]:
    """Return what follows a token as a dict; it may be a row by id, pairs, two lists, or tokens as they come."""
    if isinstance(row, Mapping):
        return row
    row = row.tolist() if hasattr(row, "tolist") else row
    if isinstance(row, tuple) and len(row) == 2 and all(isinstance(one, list | tuple) for one in row):
        return dict(zip(*row, strict=True))
    if not isinstance(row, list | tuple) or len(row) == 0:
        raise ValueError
    if all(isinstance(one, str) for one in row):
        return Counter(row)
    if all(isinstance(one, tuple | list) and len(one) == 2 for one in row):
        return dict(map(tuple, row))
    if len(row) != len(vocabulary):
        raise ValueError
    return dict(zip(vocabulary, row, strict=True))


def in_keys(seen: str, value: Mapping[Any, Any], vocabulary: str) -> str:
    """Return a line about a cell of a table with the dict's keys for the ids; nothing if these are other ones."""
    found = re.search(r"\{it\}((?:\[\d+\])+)", seen)
    tokens = tuple(vocabulary[int(id)] for id in re.findall(r"\d+", found[1])) if found else ()
    text = "".join(tokens)
    for keys in ((tokens,), (text,), tokens, (text[:2], text[2:]), (tokens[:2], *tokens[2:])):
        inner: Any = value
        with contextlib.suppress(KeyError, TypeError, ValueError):
            for key in keys:
                inner = dict(inner)[key]  # a defaultdict would make it
            place = "".join(f"[{', '.join(map(repr, key)) if isinstance(key, tuple) else repr(key)}]" for key in keys)
            summed = f"{place}.values()" if isinstance(inner, Mapping) else place
            return seen.replace(found[0], f"{{it}}{summed}") if found else ""
    return ""
