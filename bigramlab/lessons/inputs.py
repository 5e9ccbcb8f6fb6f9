"""What every lesson asks of its arguments, and what it says when they don't fit.

Each check returns nothing, or raises an error that says what was found, why it can't work and what to do.
"""

import math
import reprlib
from collections.abc import Iterable
from numbers import Integral, Real

import torch
from torch import Tensor

__all__ = [
    "require_distributions",
    "require_floats",
    "require_generator",
    "require_ids",
    "require_number",
    "require_probabilities",
    "require_size",
    "require_table",
    "require_targets",
    "require_vocabulary",
    "require_weights",
    "require_word",
    "require_words",
]

INTEGERS = {torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64}
NUMBERS = INTEGERS | {torch.float16, torch.bfloat16, torch.float32, torch.float64}
AXES = {
    1: "one axis, an id after another: take a row of it, or flatten it",
    2: "two axes, a row for each context: build_contexts makes it so",
}


def require_words(words: object) -> None:
    """Refuse one bare `str`, which would be read as a list of letters, and what can't be walked through at all."""
    if isinstance(words, str | bytes):
        raise TypeError(
            f"words is one {type(words).__name__}, {reprlib.repr(words)}; did you mean [{reprlib.repr(words)}]?"
        )
    if not isinstance(words, Iterable):
        raise TypeError(f"words must be a list of str, or another iterable of them, got {reprlib.repr(words)}")


def require_word(word: object) -> None:
    """Refuse anything but a `str`."""
    if not isinstance(word, str):
        raise TypeError(f"a word must be a str, got {reprlib.repr(word)}; give it as text, such as 'emma'")


def require_size(name: str, value: object, least: int = 0) -> None:
    """Refuse anything but a whole number from `least` up."""
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(f"{name} must be a whole number (an int), got {reprlib.repr(value)}")
    if value < least:
        raise ValueError(f"{name} is {value}, but there can't be fewer than {least or 'none'}: choose {least} or more")


def require_number(name: str, value: object, *, positive: bool = False) -> None:
    """Refuse anything but a finite number from 0 up (above 0, if `positive`)."""
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{name} must be a number such as 1 or 0.5, got {reprlib.repr(value)}")
    try:
        fits = 0 <= float(value) < math.inf and (float(value) > 0 or not positive)
    except OverflowError:
        fits = False
    if not fits:
        wanted = "a finite number above 0" if positive else "a finite number from 0 up"
        raise ValueError(f"{name} is {reprlib.repr(value)}, but must be {wanted}; try {'1' if positive else '0'}")


def require_generator(generator: object) -> None:
    """Refuse anything but a `torch.Generator` or `None`."""
    if generator is not None and not isinstance(generator, torch.Generator):
        raise TypeError(
            f"generator must be a torch.Generator or None, got {reprlib.repr(generator)}; "
            "did you mean torch.Generator().manual_seed(42)?"
        )


def require_vocabulary(vocabulary: object, table: Tensor | None = None) -> None:
    """Refuse a vocabulary that does not begin with ".", repeats a character, or does not fit `table`."""
    if not isinstance(vocabulary, str):
        raise TypeError(f"the vocabulary must be a str such as '.abc', got {reprlib.repr(vocabulary)}")
    if not vocabulary.startswith("."):
        raise ValueError(
            f"the vocabulary {reprlib.repr(vocabulary)} does not begin with '.', the boundary token, whose id is 0; "
            "build one from your words: build_vocabulary(words)"
        )
    if len(set(vocabulary)) < len(vocabulary):
        repeated = next(character for character in vocabulary if vocabulary.count(character) > 1)
        raise ValueError(
            f"the vocabulary repeats {repeated!r}, so that token would have two ids; keep one of them, "
            "or build the vocabulary from your words: build_vocabulary(words)"
        )
    if table is not None and table.shape != (len(vocabulary), len(vocabulary)):
        raise ValueError(
            f"the table has shape {tuple(table.shape)}, but the vocabulary has {len(vocabulary)} tokens and needs "
            f"{(len(vocabulary), len(vocabulary))}; use the vocabulary that the table was counted with"
        )


def require_table(name: str, table: object, *, square: bool = False) -> None:
    """Refuse anything but a tensor of real numbers with two axes (of the same length, if `square`)."""
    if not isinstance(table, Tensor):
        raise TypeError(
            f"{name} must be a torch.Tensor, got {reprlib.repr(table)}; words become a table by "
            "count_bigrams(words, vocabulary), rows of numbers by torch.tensor(rows)"
        )
    if table.dtype not in NUMBERS or table.layout != torch.strided or table.is_meta:
        kind = "a tensor without data" if table.is_meta else f"a {table.layout} tensor of {table.dtype}"
        raise TypeError(f"{name} must be a plain tensor of integers or floats, got {kind}; try counts of torch.int64")
    if table.ndim != 2 or (square and table.shape[0] != table.shape[1]) or (square and not len(table)):
        wanted = "as many rows as columns, one for each token" if square else "two axes: (current, next)"
        raise ValueError(f"{name} has shape {tuple(table.shape)}, but a table needs {wanted}")


def require_floats(name: str, tensor: object, axes: int, wanted: str) -> None:
    """Refuse anything but a tensor of floats with so many axes."""
    if not isinstance(tensor, Tensor) or not tensor.is_floating_point():
        found = f"a tensor of {tensor.dtype}" if isinstance(tensor, Tensor) else reprlib.repr(tensor)
        raise TypeError(f"{name} must be a tensor of floats, got {found}; make floats of it with .float()")
    if tensor.ndim != axes:
        raise ValueError(f"{name} has shape {tuple(tensor.shape)}, but needs {wanted}")


def require_ids(name: str, ids: object, *, axes: int, tokens: int | None = None) -> None:
    """Refuse anything but a tensor of integers with so many axes, and numbers that are no ids of the tokens."""
    if not isinstance(ids, Tensor) or ids.dtype not in INTEGERS:
        found = f"a tensor of {ids.dtype}" if isinstance(ids, Tensor) else reprlib.repr(ids)
        raise TypeError(f"{name} must be a tensor of integers such as torch.tensor([5, 13, 1]), got {found}")
    if ids.ndim != axes:
        raise ValueError(f"{name} has shape {tuple(ids.shape)}, but needs {AXES[axes]}")
    if tokens is not None and len(wrong := ids[(ids < 0) | (ids >= tokens)]):
        raise ValueError(
            f"{name} holds {wrong[0].item()}, which is no id: of {tokens} tokens the ids go from 0 to "
            f"{tokens - 1}; use the vocabulary that the words were encoded with"
        )


def require_targets(targets: Tensor, examples: Tensor, what: str, *, tokens: int | None = None, least: int = 0) -> None:
    """Refuse anything but ids, one for each of the examples (contexts or rows), and fewer than `least` of them."""
    require_ids("targets", targets, axes=1, tokens=tokens)
    if len(targets) != len(examples):
        raise ValueError(
            f"there are {len(examples)} {what} and {len(targets)} targets, but each needs one; take both from the same "
            "build_contexts"
        )
    if len(targets) < least:
        raise ValueError(
            "there are no targets, so there is nothing to take the mean of; build the contexts of at least one word"
        )


def require_weights(name: str, table: Tensor) -> None:
    """Refuse a table with a negative, infinite or undefined entry."""
    _refuse_entries(name, table, ~((table >= 0) & table.isfinite()), "every entry must be a finite number from 0 up")


def require_probabilities(name: str, table: Tensor) -> None:
    """Refuse a table with an entry outside 0..1; 1.0000001, as rounding makes it, is still a 1."""
    advice = "a probability lies between 0 and 1; make the table with normalize(counts)"
    if not _within(table, 0.0, 1 + 1e-6):
        _refuse_entries(name, table, ~((table >= 0) & (table.double() <= 1 + 1e-6)), advice)


def require_distributions(name: str, table: Tensor) -> None:
    """Refuse a table that is not row-stochastic: entries in 0..1, every row summing to 1."""
    require_probabilities(name, table)
    rounding = torch.finfo(table.dtype).eps if table.is_floating_point() else 0
    row_sums = table.detach().cpu().double().sum(dim=1)
    rounding = max(1e-4, rounding)
    if not _within(row_sums, 1 - rounding, 1 + rounding):
        wrong = ((row_sums - 1).abs() > rounding).nonzero().flatten().tolist()
        raise ValueError(
            f"row {wrong[0]} of {name} sums to {row_sums[wrong[0]].item():.6g}, not to 1, so it is no probability "
            "distribution; divide every row by its sum: normalize(counts)"
        )


def _within(table: Tensor, least: float, most: float) -> bool:
    """Say whether no entry is undefined or beyond one of two numbers: in one look, where nothing has to be refused."""
    if not table.numel():
        return True
    smallest, largest = table.detach().cpu().double().aminmax()
    return least <= smallest.item() and largest.item() <= most


def _refuse_entries(name: str, table: Tensor, wrong: Tensor, advice: str) -> None:
    if wrong.any():
        row, column = wrong.nonzero()[0].tolist()
        found = table[row, column].item()
        raise ValueError(f"{name}[{row}, {column}] is {found}, but {advice}")
