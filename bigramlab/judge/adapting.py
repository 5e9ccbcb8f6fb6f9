"""What a function of a notebook is given in the place of what ours takes, and what is done with what it returns."""

from collections.abc import Callable
from typing import Any

from torch import Tensor

from bigramlab.judge.naming import alphabet_of

__all__ = ["as_form", "like", "with_gain"]


def with_gain(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a norm that has no gain with one, as ours has."""

    def rms_norm(x: Any, gain: Any) -> Any:
        normed = function(x)
        listed = isinstance(normed, list | tuple)
        return [one * by for one, by in zip(normed, gain, strict=True)] if listed else normed * gain

    return rms_norm


def as_form(value: Any, form: str) -> Any:
    """Return a vocabulary as what a function takes it as."""
    if form == "stoi":
        return {character: id for id, character in enumerate(value)}
    if form == "itos":
        return dict(enumerate(value))
    return len(value) if form == "size" else value


def like(was: Any, value: Any, name: str, wanted: str) -> Any:
    """Return the value of one of our parameters as what the notebook has in its place."""
    if wanted == "probs" and isinstance(was, Tensor) and isinstance(value, Tensor) and bool((was < 0).any()):
        return value.log()  # the notebook's are logits, whose softmax is taken
    if wanted != "vocabulary":
        return value
    if type(was) is int:
        return len(value)
    kind, tokens = alphabet_of(was) or ("chars", ["."])
    if kind != "chars":
        return as_form(value, kind)
    letters = value if tokens[0] == "." else value[1:]
    return letters if isinstance(was, str) else type(was)(letters)
