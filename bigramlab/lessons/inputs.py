"""What every lesson asks of its arguments, and what it says when they don't fit.

Each check raises an error that says what was found, why it can't work and what to do. Those of numbers return them as
Python's own, since NumPy's can't be saved and mix with tensors in ways of their own; the others return nothing.
"""

import math
import operator
import os
import reprlib
from collections.abc import Iterable, Sequence, Sized
from contextlib import suppress
from numbers import Real

import torch
from torch import Tensor

__all__ = [
    "require_alike",
    "require_distributions",
    "require_finite",
    "require_flag",
    "require_floats",
    "require_function",
    "require_generator",
    "require_ids",
    "require_lists",
    "require_number",
    "require_path",
    "require_pieces",
    "require_probabilities",
    "require_room",
    "require_sequence",
    "require_size",
    "require_table",
    "require_targets",
    "require_tensor",
    "require_vocabulary",
    "require_vocabulary_of",
    "require_weights",
    "require_word",
    "require_words",
    "shown",
]

INTEGERS = {torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64}
FLOATS = {torch.float16, torch.bfloat16, torch.float32, torch.float64}
NUMBERS = INTEGERS | FLOATS
MOST = 10**9  # what is larger fills the memory, or takes weeks
AXES = {
    1: "one axis, an id after another: take a row of it, or flatten it",
    2: "two axes, a row for each context: build_contexts makes it so",
}


def shown(value: object) -> str:
    """Return how the value looks, in a few words: `repr` may be endless, or an error."""
    try:
        return reprlib.repr(value)
    except Exception:  # of an int with ten thousand digits, say
        return f"a {type(value).__name__}"


def require_words(words: object) -> None:
    """Refuse one bare `str`, which would be read as a list of letters, and what can't be walked through at all."""
    if isinstance(words, str | bytes):
        raise TypeError(f"words is one {type(words).__name__}, {shown(words)}; did you mean [{shown(words)}]?")
    try:
        iter(words)  # type: ignore[call-overload] # an array without an axis says that it is iterable, and is not
    except TypeError:
        raise TypeError(f"words must be a list of str, or another iterable of them, got {shown(words)}") from None


def require_lists(**lists: Iterable[str]) -> list[list[str]]:
    """Return words that are read more than once as lists; refuse what can be read once alone, and what is empty."""
    for name, words in lists.items():
        require_words(words)
        if not isinstance(words, Sized):
            raise TypeError(
                f"the {name} words are {shown(words)}, which can be read only once, but they are read several times; "
                "make a list of them: list(words)"
            )
        if not len(words):
            raise ValueError(f"there are no {name} words; give more words, so that each list of the split has some")
        for word in words:
            require_word(word)
    return [list(words) for words in lists.values()]


def require_sequence(name: str, values: object, example: str) -> None:
    """Refuse anything but a sequence that can be read more than once."""
    if isinstance(values, str | bytes | Tensor) or not isinstance(values, Sequence):
        raise TypeError(f"{name} must be a list or a tuple, got {shown(values)}; give one, such as {example}")


def require_word(word: object) -> None:
    """Refuse anything but a `str`."""
    if not isinstance(word, str):
        raise TypeError(f"a word must be a str, got {shown(word)}; give it as text, such as 'emma'")


def require_path(path: object) -> None:
    """Refuse what is no name of a file."""
    if not isinstance(path, str | os.PathLike) or not isinstance(os.fspath(path), str):
        raise TypeError(f"path must be the name of a file such as 'words.txt', got {shown(path)}")
    try:
        possible = b"\0" not in os.fsencode(path)
    except UnicodeEncodeError:
        possible = False
    if not possible:
        raise ValueError(f"path is {shown(os.fspath(path))}, but no file can have that name; give the name of one")


def require_size(name: str, value: object, least: int = 0, most: int | float = MOST) -> int:
    """Return a whole number from `least` to `most`, and refuse anything else."""
    number = _whole(value)
    if number is None:
        raise TypeError(f"{name} must be a whole number (an int), got {shown(value)}")
    if number < least:
        found = f"{name} is {shown(number)}"
        raise ValueError(f"{found}, but there can't be fewer than {least or 'none'}: choose {least} or more")
    if number > most:
        raise ValueError(f"{name} is {shown(number)}, more than there is room or time for: choose {most:,} at most")
    return number


def require_number(name: str, value: object, *, positive: bool = False, below: int | float = math.inf) -> int | float:
    """Return a finite number from 0 up (above 0, if `positive`), and refuse anything else."""
    whole = _whole(value)
    if whole is None and (isinstance(value, bool) or not isinstance(value, Real)):
        raise TypeError(f"{name} must be a number such as 1 or 0.5, got {shown(value)}")
    number: int | float = math.inf
    with suppress(OverflowError):  # of a number that is too large for a float
        number = float(value)  # type: ignore[arg-type] # a `Real` has one
    if not (0 <= number < math.inf and (number > 0 or not positive)):
        wanted = "a finite number above 0" if positive else "a finite number from 0 up"
        raise ValueError(f"{name} is {shown(value)}, but must be {wanted}; try {'1' if positive else '0'}")
    if number >= below:
        raise ValueError(f"{name} is {number}, but it is a share: choose a number from 0 to below {below}, such as 0.1")
    return number if whole is None or whole >= 2**63 else whole  # a larger int fits into no tensor


def _whole(value: object) -> int | None:
    """Return what is a whole number of some kind (Python's, NumPy's, a tensor's) as an `int`; `None` of all else."""
    if isinstance(value, bool) or (isinstance(value, Tensor) and (value.ndim or value.dtype not in INTEGERS)):
        return None
    try:
        return operator.index(value)  # type: ignore[arg-type]
    except Exception:  # of a tensor without data, torch says so in its own way
        return None


def require_room(what: str, *sizes: int) -> None:
    """Refuse a tensor of such sizes if no machine has room for it."""
    if math.prod(sizes) > MOST:
        raise ValueError(
            f"{what} would have {' · '.join(map(str, sizes))} numbers, more than there is room for: choose smaller "
            f"sizes, of {MOST:,} numbers at most"
        )


def require_flag(name: str, value: object) -> None:
    """Refuse what is neither true nor false, such as an array."""
    try:
        bool(value)
    except Exception:
        raise TypeError(f"{name} must be True or False, got {shown(value)}") from None


def require_function(name: str, function: object, advice: str) -> None:
    """Refuse what can't be called."""
    if not callable(function):
        raise TypeError(f"{name} must be a function, got {shown(function)}; {advice}")


def require_generator(generator: object) -> None:
    """Refuse anything but a `torch.Generator` or `None`."""
    if generator is not None and not isinstance(generator, torch.Generator):
        raise TypeError(
            f"generator must be a torch.Generator or None, got {shown(generator)}; "
            "did you mean torch.Generator().manual_seed(42)?"
        )


def require_vocabulary(vocabulary: object, table: Tensor | None = None) -> None:
    """Refuse a vocabulary that does not begin with ".", repeats a character, or does not fit `table`."""
    if not isinstance(vocabulary, str):
        raise TypeError(f"the vocabulary must be a str such as '.abc', got {shown(vocabulary)}")
    if not vocabulary.startswith("."):
        raise ValueError(
            f"the vocabulary {shown(vocabulary)} does not begin with '.', the boundary token, whose id is 0; "
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


def require_vocabulary_of(vocabulary: object, embedding: Tensor) -> None:
    """Refuse a vocabulary of another size than that of the network whose embedding this is."""
    require_vocabulary(vocabulary)
    if len(str(vocabulary)) != len(embedding):
        raise ValueError(
            f"the vocabulary has {len(str(vocabulary))} tokens, but the network knows {len(embedding)}; "
            "use the vocabulary that it was trained with"
        )


def require_tensor(name: str, tensor: object, types: set[torch.dtype], wanted: str, advice: str = "") -> None:
    """Refuse anything but a plain tensor, all of whose numbers are there, of one of the types."""
    if not isinstance(tensor, Tensor):
        found = shown(tensor)
    elif tensor.is_nested:
        found = "a nested tensor"
    elif tensor.is_meta:
        found = "a tensor without data"
    elif tensor.layout != torch.strided:
        found = f"a {tensor.layout} tensor of {tensor.dtype}"
    elif tensor.dtype not in types:
        found = f"a tensor of {tensor.dtype}"
    else:
        return
    raise TypeError(f"{name} must be {wanted}, got {found}{advice and '; '}{advice}")


def require_finite(name: str, tensor: Tensor, why: str = "look for what made it: a division by 0, a log of 0") -> None:
    """Refuse nan and inf."""
    if tensor.numel() and not torch.stack(tensor.aminmax()).isfinite().all():  # many times as fast as to ask of each
        raise ValueError(f"{name} holds {'nan' if tensor.isnan().any() else 'inf'}, which can't be counted with; {why}")


def require_table(name: str, table: object, *, square: bool = False) -> None:
    """Refuse anything but a tensor of real numbers with two axes (of the same length, if `square`)."""
    if not isinstance(table, Tensor):
        raise TypeError(
            f"{name} must be a torch.Tensor, got {shown(table)}; words become a table by "
            "count_bigrams(words, vocabulary), rows of numbers by torch.tensor(rows)"
        )
    require_tensor(name, table, NUMBERS, "a plain tensor of integers or floats", "try counts of torch.int64")
    if table.ndim != 2 or (square and table.shape[0] != table.shape[1]) or (square and not len(table)):
        wanted = "as many rows as columns, one for each token" if square else "two axes: (current, next)"
        raise ValueError(f"{name} has shape {tuple(table.shape)}, but a table needs {wanted}")


def require_floats(name: str, tensor: object, axes: int, wanted: str) -> None:
    """Refuse anything but a tensor of floats with so many axes."""
    require_tensor(name, tensor, FLOATS, "a tensor of floats", "make floats of it with .float()")
    if isinstance(tensor, Tensor) and tensor.ndim != axes:
        raise ValueError(f"{name} has shape {tuple(tensor.shape)}, but needs {wanted}")


def require_alike(why: str, **tensors: Tensor) -> None:
    """Refuse anything but tensors of floats, all of one shape, of one type and in one place."""
    for name, tensor in tensors.items():
        require_tensor(name, tensor, FLOATS, "a torch.Tensor of floats")
    if len({(tensor.shape, tensor.dtype, tensor.device) for tensor in tensors.values()}) > 1:
        listed = ", ".join(f"{name} {tuple(tensor.shape)} ({tensor.dtype})" for name, tensor in tensors.items())
        raise ValueError(f"the shapes or types differ, {listed}, but {why}")


def require_pieces(kind: str, pieces: Sequence[object], maker: str) -> None:
    """Refuse pieces of a network that are no tensors of floats, or not all of one type and in one place."""
    for piece in pieces:
        require_tensor(f"the parameters of {kind}", piece, FLOATS, "tensors of floats", f"{maker} makes them so")
    found = {f"{piece.dtype} on {piece.device}" for piece in pieces if isinstance(piece, Tensor)}
    if len(found) > 1:
        raise ValueError(
            f"the network's pieces are of {' and '.join(sorted(found))}, but they are multiplied with each other: make "
            "all of one type, such as with .float(), in one place"
        )


def require_ids(name: str, ids: object, *, axes: int, tokens: int | None = None) -> None:
    """Refuse anything but a tensor of integers with so many axes, and numbers that are no ids of the tokens."""
    require_tensor(name, ids, INTEGERS, "a tensor of integers such as torch.tensor([5, 13, 1])")
    assert isinstance(ids, Tensor)
    if ids.ndim != axes:
        raise ValueError(f"{name} has shape {tuple(ids.shape)}, but needs {AXES[axes]}")
    if tokens is not None and len(wrong := ids[(ids < 0) | (ids.long() >= tokens)]):
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
    rounding = max(1e-4, torch.finfo(table.dtype).eps if table.is_floating_point() else 0)
    row_sums = table.detach().cpu().double().sum(dim=1)
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
