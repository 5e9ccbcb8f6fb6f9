"""Functions of the file's own that leave the likeliest of logits or probabilities, or sharpen them by a temperature."""

import inspect
import re
from collections.abc import Iterator, Sequence

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
    "temperature": re.compile(r"(?i)(with_|apply_|scale_by_|by_)?(temperature|temp)(_scale|_softmax)?"),
}
ARE_SHARES = re.compile(r"(?i)p|probs?(_\w+)?|probabilities|shares?|weights?|row")
OTHERS = re.compile(r"(?i)drop|remove|without|ban|limit")
LOWEST = -1e4  # what is less is as good as minus infinity
LOGITS = torch.tensor([[0.1, 2.0, -1.0, 1.2, 0.4, -0.3], [1.5, -0.2, 0.6, -2.0, 0.1, 1.1]])
LIMITS: dict[str, tuple[float, ...]] = {  # of the shares, no sum is one of these
    "k": (2, 3),
    "p": (0.55, 0.9),
    "temperature": (0.5, 2.0),
}


def look_at_own_filters(things: Sequence[Thing]) -> Iterator[tuple[int, Item]]:
    """Yield what there is to say of functions of logits, or probabilities, and a limit or temperature."""
    for at, thing in enumerate(things):
        kind = next((kind for kind, called in NAMES.items() if called.fullmatch(thing.name)), "")
        if not kind or OTHERS.search(thing.name) or not inspect.isfunction(thing.value):
            continue
        parameters = [*inspect.signature(thing.value).parameters.values()]
        needed = [one for one in parameters if one.default is one.empty]
        if len(needed) != 2 and (len(parameters) != 2 or not needed):
            continue
        shares = ARE_SHARES.fullmatch(parameters[0].name) is not None
        wrong = [said for limit in LIMITS[kind] if (said := _wrong(thing, kind, limit, shares)) is not None]
        if len(wrong) == len(LIMITS[kind]):
            text = next(filter(None, wrong), "")
            verdict = WRONG if text else RIGHT
            right = f"it leaves the likeliest, as `keep_top_{kind}` does of probabilities"
            right = "it divides by the temperature" if kind == "temperature" else right
            text = text or f"of {'probabilities' if shares else 'logits'}, {right}"
            yield at, Item(thing.name, thing.place, verdict, text, f"`{thing.name}`: {text}.")


def _wrong(thing: Thing, kind: str, limit: float, shares: bool) -> str | None:
    """Say what is wrong with what is made of some logits or shares; None if what comes back is no such thing."""
    logs = LOGITS.log_softmax(-1)  # not at import: what is forked later would wait for torch's threads
    for logits in (logs, logs[:1], logs[0]):
        with Guard(seconds=SECONDS, name=thing.name) as guard:
            call = Call(thing.value, guard, (logits.exp() if shares else logits.clone(), limit), {})
        left = call.returned
        if call.raised or not isinstance(left, Tensor) or left.shape != logits.shape or left.dtype != logits.dtype:
            continue
        if kind == "temperature":
            said = _wrong_by_temperature(left, logits, limit)
        else:
            rows = logits.view(-1, logits.shape[-1])
            expected = keep_top_k(rows.exp(), int(limit)) if kind == "k" else keep_top_p(rows.exp(), limit)
            said = _wrong_of_kept(left, logits, expected.view(logits.shape), f"a {kind} of {limit:g}", shares)
        if said is not None:  # else it may take one row alone
            return said
    return None


def _wrong_by_temperature(left: Tensor, logits: Tensor, by: float) -> str | None:
    """Say whether logits, or their softmax, are multiplied by a temperature and not divided."""
    for made, text in (
        (logits / by, ""),
        (logits * by, f"logits are multiplied by the temperature: at {by:g}, it makes what is drawn "),
    ):
        if torch.allclose(left.softmax(-1), made.softmax(-1)) or torch.allclose(left, made.softmax(-1)):
            return text and text + ("surer, not freer: divide by it" if by > 1 else "freer, not surer: divide by it")
    return None


def _wrong_of_kept(left: Tensor, logits: Tensor, expected: Tensor, limit: str, shares: bool) -> str | None:
    """Say what is wrong with what is left of logits, or of probabilities; None if it is neither."""
    sums = left.sum(-1)
    are_shares = bool((left >= 0).all()) and (shares or torch.allclose(sums, torch.ones_like(sums)))
    kept = left > (0 if are_shares else LOWEST)
    given = logits.exp() if shares else logits
    as_given = torch.allclose(left, logits.exp() if are_shares else logits)
    if (kept.all() and not as_given) or not (are_shares or torch.isin(left[kept], logits).all()):
        return None
    right = expected > 0
    same = torch.allclose(left, expected) if are_shares else torch.equal(left[kept], logits[kept])
    unscaled = are_shares and shares and torch.equal(kept, right) and torch.equal(left[kept], given[kept])
    if torch.equal(kept, right) and (same or unscaled):
        return ""
    rows = [one.view(-1, logits.shape[-1])[0] for one in (given, kept, right)]
    row, should = (one.nonzero().flatten().tolist() for one in rows[1:])
    numbers = [round(number, 2) for number in rows[0].tolist()]
    of = f"of the {'probabilities' if shares else 'logits'} {numbers} and {limit}"
    told = f"leaves the places {row}, and should {should}" if row != should else "leaves others in some places"
    return f"{of} it {told}"
