"""Functions of the file's own that leave the likeliest of logits, and set the others to minus infinity."""

import inspect
import re
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from bigramlab.judge.guarding import Guard
from bigramlab.judge.recording import Call
from bigramlab.judge.reviewed import RIGHT, WRONG, Item, Thing
from bigramlab.lessons.choosing import keep_top_k, keep_top_p

__all__ = ["look_at_own_filters"]

SECONDS = 0.5  # for a call
NAMES = {
    "k": re.compile(r"(?i)(\w+_)?top_?k(_\w+)?"),
    "p": re.compile(r"(?i)(\w+_)?(top_?p|nucleus)(_\w+)?"),
}
OTHERS = re.compile(r"(?i)drop|remove|without|ban|limit")
LOWEST = -1e4  # what is less is as good as minus infinity
LOGITS = torch.tensor([[0.1, 2.0, -1.0, 1.2, 0.4, -0.3], [1.5, -0.2, 0.6, -2.0, 0.1, 1.1]])
LIMITS: dict[str, tuple[float, ...]] = {"k": (2, 3), "p": (0.55, 0.9)}  # of the shares, no sum is one of these


def look_at_own_filters(things: Sequence[Thing]) -> Iterator[tuple[int, Item]]:
    """Yield what there is to say of functions of logits and a limit."""
    for at, thing in enumerate(things):
        kind = next((kind for kind, called in NAMES.items() if called.fullmatch(thing.name)), "")
        if (
            not kind
            or OTHERS.search(thing.name)
            or not inspect.isfunction(thing.value)
            or len(_needed(thing.value)) != 2
        ):
            continue
        wrong = [said for limit in LIMITS[kind] if (said := _wrong(thing, kind, limit)) is not None]
        if len(wrong) == len(LIMITS[kind]):
            text = next(filter(None, wrong), "")
            verdict = WRONG if text else RIGHT
            text = text or f"of logits, it leaves the likeliest, as `keep_top_{kind}` does of probabilities"
            yield at, Item(thing.name, thing.place, verdict, text, f"`{thing.name}`: {text}.")


def _needed(function: Any) -> list[inspect.Parameter]:
    return [one for one in inspect.signature(function).parameters.values() if one.default is one.empty]


def _wrong(thing: Thing, kind: str, limit: float) -> str | None:
    """Say what is wrong with what is left of some logits; None if what comes back is no such thing."""
    logs = LOGITS.log_softmax(-1)  # not at import: what is forked later would wait for torch's threads
    for logits in (logs, logs[:1], logs[0]):
        with Guard(seconds=SECONDS, name=thing.name) as guard:
            call = Call(thing.value, guard, (logits.clone(), limit), {})
        left = call.returned
        if call.raised or not isinstance(left, Tensor) or left.shape != logits.shape or left.dtype != logits.dtype:
            continue
        kept = left > LOWEST
        if kept.all() or not torch.isin(left[kept], logits).all():
            return None
        rows = logits.view(-1, logits.shape[-1])
        shares = keep_top_k(rows.softmax(-1), int(limit)) if kind == "k" else keep_top_p(rows.softmax(-1), limit)
        right = shares.view(logits.shape) > 0
        if torch.equal(kept, right) and torch.equal(left[kept], logits[kept]):
            return ""
        row, should = (one.view(rows.shape)[0].nonzero().flatten().tolist() for one in (kept, right))
        of = f"of the logits {[round(number, 1) for number in rows[0].tolist()]} and a {kind} of {limit:g}"
        told = f"leaves the places {row}, and should {should}" if row != should else "leaves others in some places"
        return f"{of} it {told}"
    return None
