"""Models and networks, and the call that made each: a report writes that, and a reader can type it."""

import inspect
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import torch
from torch import Tensor

__all__ = ["BadModel", "ContextModel", "call_that_made", "makes_for_reports"]

P = ParamSpec("P")
Made = TypeVar("Made")
Numbers = tuple[object, ...]  # of each field of a NamedTuple, all that is in it

_made: dict[tuple[type, Numbers], tuple[str, str]] = {}  # the call, and where its function is


def makes_for_reports(maker: Callable[P, Made]) -> Callable[P, Made]:
    """Have the calls of a function that makes a NamedTuple of tensors, from plain numbers, remembered."""
    signature = inspect.signature(maker)

    @wraps(maker)
    def making(*arguments: P.args, **options: P.kwargs) -> Made:
        made = maker(*arguments, **options)
        given = signature.bind(*arguments, **options)
        given.apply_defaults()
        sizes = ", ".join(f"{name}={value!r}" for name, value in given.arguments.items())
        call = f"{maker.__name__}({sizes})", f"from {maker.__module__} import {maker.__name__}"
        _made.setdefault((type(made), _numbers_in(made)), call)
        return made

    return making


class WrittenAsCall:
    """A model that is shown as the call that makes it."""


class ContextModel(WrittenAsCall):
    """A model that looks up what it says after each context; after others it holds all tokens for equally likely."""

    def __init__(self, rows: dict[tuple[int, ...], list[float]], vocab_size: int, context_length: int) -> None:
        """Keep the table."""
        self.rows, self.vocab_size, self.context_length = rows, vocab_size, context_length

    def __call__(self, contexts: Tensor) -> Tensor:
        """Return a row of probabilities for each context."""
        wanted = f"contexts, a tensor of ids of shape (batch, {self.context_length})"
        if not isinstance(contexts, Tensor) or contexts.ndim != 2 or contexts.shape[1] != self.context_length:
            found = f"shape {tuple(contexts.shape)}" if isinstance(contexts, Tensor) else type(contexts).__name__
            raise TypeError(f"next_probs takes {wanted}, and was given {found}")
        if contexts.is_floating_point():
            raise TypeError(f"next_probs takes {wanted}, and was given {contexts.dtype}")
        others = [1 / self.vocab_size] * self.vocab_size
        rows = [self.rows.get(tuple(context), others) for context in contexts.tolist()]
        return torch.tensor(rows, dtype=torch.float32).view(len(rows), self.vocab_size)

    def __repr__(self) -> str:
        """Show the table."""
        rows = [f"{context}: [{', '.join(map(_as_fraction, row))}]" for context, row in self.rows.items()]
        sizes = f"vocab_size={self.vocab_size}, context_length={self.context_length}"
        one_line = f"{{{', '.join(rows)}}}, {sizes}"
        lines = "{\n" + "".join(f"    {row},\n" for row in rows) + f"}}, {sizes}"
        return f"ContextModel({one_line if len(one_line) < 50 else lines})"

    @classmethod
    def speller(cls, word: str, vocabulary: str, context_length: int) -> "ContextModel":
        """Return a model that spells one word, if asked with the right contexts; they are as long as that needs."""
        ids = [*map(vocabulary.index, word), 0]
        while True:
            padded = [0] * context_length + ids
            contexts = [tuple(padded[place : place + context_length]) for place in range(len(ids))]
            if len({*contexts}) == len(contexts):
                break
            context_length += 1
        rows = {
            context: [float(id == token) for token in range(len(vocabulary))]
            for context, id in zip(contexts, ids, strict=True)
        }
        return cls(rows, len(vocabulary), context_length)


class BadModel(WrittenAsCall):
    """A model whose answers are no probabilities: the same rows, whatever the contexts."""

    def __init__(self, rows: list[Any]) -> None:
        """Keep the rows."""
        self.rows = rows

    def __call__(self, _: Tensor) -> Tensor:
        """Return them."""
        return torch.tensor(self.rows)

    def __repr__(self) -> str:
        """Show them."""
        return f"BadModel({self.rows})"


def _as_fraction(p: float) -> str:
    """Write a probability as code, 1/3 and not 0.3333333333333333."""
    fraction = Fraction(p).limit_denominator(100)
    return str(fraction) if float(fraction) == p else repr(p)


def call_that_made(value: object) -> tuple[str, str]:
    """Return the call that made a NamedTuple, as code, and the line that imports its function; else two empty texts.

    Fields that became zero since then are told, too: `made._replace(narrow=torch.zeros(2, 4))`. A model's own `repr` is
    the call that makes it.
    """
    if isinstance(value, WrittenAsCall):
        return repr(value), f"from {type(value).__module__} import {type(value).__name__}"
    if type(value) not in {kind for kind, _ in _made}:
        return "", ""
    numbers = _numbers_in(value)
    if (type(value), numbers) in _made:
        return _made[type(value), numbers]
    for (kind, others), (call, needs) in _made.items():
        if kind is type(value) and (changes := list(_zeros_instead(value, numbers, others))) and None not in changes:
            return f"{call}._replace({', '.join(map(str, changes))})", needs
    return "", ""


def _zeros_instead(value: Any, numbers: Any, others: Any) -> Iterator[str | None]:
    """Yield each field that has other numbers, as code if they are zeros of the same shape, else None."""
    for name, part, now, before in zip(value._fields, value, numbers, others, strict=True):
        if now != before:
            zeros = isinstance(part, Tensor) and not part.any() and now[0] == before[0]
            yield f"{name}=torch.zeros{tuple(part.shape)}" if zeros else None


def _numbers_in(value: Any) -> Any:
    """Return all that is in a value, so that it can be compared; what no maker makes is like nothing else."""
    if isinstance(value, Tensor):
        plain = value.dtype == torch.float32 and value.layout == torch.strided and not value.is_meta
        return tuple(value.shape), value.detach().contiguous().numpy().tobytes() if plain else object()
    if isinstance(value, tuple):
        return tuple(map(_numbers_in, value))
    return value if isinstance(value, int) else object()
