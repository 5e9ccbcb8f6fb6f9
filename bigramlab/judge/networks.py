"""What a network's values are: each is computed again from the notebook's own others."""

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

import torch
from torch import Tensor

from bigramlab.judge.descents import losses_added_up
from bigramlab.judge.following import roles_in
from bigramlab.judge.reading_code import Code
from bigramlab.judge.reviewed import MISTAKE, RIGHT, STEP, Item, Thing

__all__ = ["diverged", "retrace"]

ROWS = 64  # so many tell what a table of many more is made of
LARGEST = 20_000_000  # cells
NEAR = 2e-3  # of the largest: float32, and a step back along the gradient
TRAINED = 0.15  # nats above what counting gives
Said = tuple[str, str]  # a verdict, and what it is


def retrace(made: Sequence[Thing], there: Mapping[str, Any], counts: Tensor) -> Iterator[Item]:
    """Say of the values of a network what they are, as far as the others tell.

    Args:
        made: What a cell made.
        there: All that there is when it has run, by name.
        counts: How often each pair of tokens stands in the words, in the notebook's order of tokens.
    """
    size = len(counts)
    tables = {name: value.detach() for name, value in there.items() if _is_table(value, size)}
    ids = {name: value for name, value in there.items() if _are_ids(value)}
    weights = {name: there[name] for name in tables if there[name].is_leaf and (tables[name] < 0).any()}
    own = {name: value for name, value in weights.items() if len(value) == size}
    logits = {name: of for name in tables if (of := _logits(name, tables, weights, ids))}
    for thing in made:
        said: Said | None = None
        if thing.name in own:
            said = _trained(thing.name, own, logits, counts)
        elif thing.name in tables:
            said = _table(thing.name, tables) or logits.get(thing.name, ("", "", 0.0))[:2]
        elif _is_number(thing.value):
            said = _loss(thing, tables, ids, own, logits)
        elif isinstance(thing.value, Tensor) and thing.value.is_floating_point() and thing.value.dim() == 1:
            said = _costs(thing.value.detach(), tables, ids)
        if said and said[0]:
            yield Item(thing.name, thing.place, *said, headline=f"`{thing.name}`: {said[1]}.")


def diverged(made: Sequence[Thing], there: Mapping[str, Any], codes: Sequence[Code]) -> Iterator[Item]:
    """Say of weights, and what is made of them, that are no numbers any more where to look."""
    listed = [one for value in there.values() if isinstance(value, list) for one in value]
    weights = [one for one in listed if isinstance(one, Tensor) and one.is_leaf and one.requires_grad]
    for thing in made:
        value = thing.value
        if not (isinstance(value, Tensor) and value.is_floating_point() and value.requires_grad and value.numel()):
            continue
        if value.detach().isfinite().any():
            continue
        if (
            weights
            and not any(one is value for one in weights)
            and all(bool(one.detach().isfinite().all()) for one in weights)
        ):
            text = "no numbers, though the weights are"
            look = "A single row has no spread: where words are written, take a batch norm's running mean and variance."
            yield Item(thing.name, thing.place, MISTAKE, text, f"`{thing.name}`: {text}.", [("Perhaps", look, False)])
            continue
        text = "no numbers any more: the training diverged"
        look = "Look at the sign of the update, at the learning rate, and whether the loss is a mean or a sum."
        if losses_added_up(codes):
            look = (
                "The loss is the sum over all examples, so each step is as many times too long: "
                "take the mean, `.mean()` for `.sum()`."
            )
        yield Item(thing.name, thing.place, MISTAKE, text, f"`{thing.name}`: {text}.", [("But", look, False)])


def _is_table(value: object, size: int) -> bool:
    return (
        isinstance(value, Tensor)
        and value.is_floating_point()
        and value.dim() == 2
        and value.shape[1] == size
        and 0 < value.numel() < LARGEST
        and bool(value.detach().isfinite().all())
    )


def _are_ids(value: object) -> bool:
    return isinstance(value, Tensor) and value.dtype == torch.int64 and value.dim() == 1 and len(value) > 0


def _is_number(value: object) -> bool:
    whole = isinstance(value, Tensor) and value.numel() == 1 and value.is_floating_point()
    return isinstance(value, float) or whole


def _some(table: Tensor) -> Tensor:
    """Return a few rows of a table, the same of each of its height."""
    return table[torch.linspace(0, len(table) - 1, min(len(table), ROWS)).long()].double()


def _alike(one: Tensor, other: Tensor) -> bool:
    return bool(other.isfinite().all()) and torch.allclose(one.double(), other.double(), rtol=NEAR, atol=1e-7)


def _sums_to_1(table: Tensor, axis: int) -> bool:
    return bool((table >= 0).all()) and bool(((table.sum(axis) - 1).abs() < 1e-3).all())


def _table(name: str, tables: Mapping[str, Tensor]) -> Said | None:
    """Say of which other table one is the exponential or the softmax, along which axis."""
    table = tables[name]
    others = {of: other for of, other in tables.items() if of != name and other.shape == table.shape}
    some = _some(table)
    if ((some == 0) | (some == 1)).all():  # one-hot: tokens, and not made of another table
        return None
    for of, other in others.items():
        if _alike(some, _some(other).exp()) and not _alike(some, _some(other)):
            return RIGHT, f"`{of}`, each cell exponentiated"
    if _sums_to_1(table, 1):
        for of, other in others.items():
            if _alike(some, _some(other).softmax(1)):
                return RIGHT, f"the softmax of `{of}`: each row sums to 1"
        for of, other in others.items():
            if (other > 0).all() and _alike(some, _some(other / other.sum(1, keepdim=True))):
                return RIGHT, f"`{of}`, each row divided by its sum"
        return None
    for of, other in others.items() if len(table) > 1 else ():
        for axis, told in ((0, "each column sums to 1, and each row should: sum along axis 1, not 0"),
                           (None, "all cells together sum to 1, and each row should: sum along axis 1")):  # fmt: skip
            for plain in (other.double().exp(), other.double()) if other.abs().max() < 80 else (other.double(),):
                if (plain > 0).all() and _alike(
                    some, _some(plain / plain.sum() if axis is None else plain / plain.sum(0))
                ):
                    return MISTAKE, told
        square = len(table) == table.shape[1]
        if square and (other > 0).all() and _alike(some, _some(other / other.sum(1))):
            return MISTAKE, f"`{of}`, but each column divided by a row's sum: sum(1, keepdim=True)"
    if len(table) not in (1, table.shape[1]) and (table > 0).all() and _sums_to_1(table, 0):  # whatever it was made of
        return MISTAKE, "each column sums to 1, and each row should: sum along axis 1, not 0"
    return None


def _logits(
    name: str, tables: Mapping[str, Tensor], weights: Mapping[str, Tensor], ids: Mapping[str, Tensor]
) -> tuple[str, str, float] | None:
    """Tell whether a table has the rows of weights that ids pick, and how far the weights have gone since then."""
    table = tables[name]
    for (of, weight), (by, picked) in product(weights.items(), ids.items()):
        if of == name or len(picked) != len(table) or not 0 <= int(picked.min()) <= int(picked.max()) < len(weight):
            continue
        rows = _some(picked[:, None]).long().flatten()
        moved = _some(table) - weight.detach().double()[rows]
        if moved.abs().max() < NEAR * float(table.abs().max()):
            return RIGHT, f"the rows of `{of}` for `{by}`", 0.0
        if weight.grad is not None:
            along = weight.grad.double()[rows]
            rate = float((moved * along).sum() / (along * along).sum().clamp(min=1e-30))
            if (moved - rate * along).abs().max() < NEAR * float(table.abs().max()):
                return RIGHT, f"the rows of `{of}` for `{by}`, before its last step", rate
        if _sums_to_1(table, 1) and _alike(_some(table), weight.detach().double()[rows].softmax(1)):
            return RIGHT, f"the softmax of the rows of `{of}` for `{by}`", 0.0
    if len(table) == 1:
        for of, weight in weights.items():
            if of != name and ((weight.detach() - table).abs().amax(1) < 1e-5).any():
                return RIGHT, f"a row of `{of}`", 0.0
    return None


def _trained(
    name: str, own: Mapping[str, Tensor], logits: Mapping[str, tuple[str, str, float]], counts: Tensor
) -> Said | None:
    """Say how good a table of weights is, on all words."""
    weight, counts = own[name].detach().double(), counts.double()
    total = counts.sum()
    best = -float(torch.xlogy(counts, counts / counts.sum(1, keepdim=True).clamp(min=1)).sum() / total)
    loss = -float((counts * weight.log_softmax(1)).sum() / total)
    told = f"as logits: {loss:.3f} on all words; counting gives {best:.3f}"
    if loss < best + TRAINED:
        return RIGHT, told
    if own[name].grad is None:
        if ((weight.exp().sum(1) - 1).abs() < 1e-4).all():  # logarithms of probabilities, which are not trained
            return None
        return STEP, f"still to be trained, {told}"
    if slip := _learned_instead(weight.log_softmax(1), counts, loss):
        return MISTAKE, slip
    if loss > math.log(len(counts)):
        return STEP, f"hardly trained, or on something else than the pairs; {told}"
    return STEP, f"not trained enough, or not on all words; {told}"


def _learned_instead(logs: Tensor, counts: Tensor, loss: float) -> str:
    """Say what weights have learned in the place of the pairs, if it can be seen."""
    below = min(loss, math.log(len(counts))) - 0.2
    if -float((counts.sum(1) * logs.diag()).sum() / counts.sum()) < below / 2:
        text = "they have learned to give back what goes in: the targets are the very tokens that go in"
        return f"{text}, and should be those after them"
    if -float((counts.T * logs).sum() / counts.sum()) < below:
        return "they have learned the pairs backwards: what goes in and the targets are exchanged"
    return ""


def _logs(table: Tensor) -> Tensor:
    return table.clamp(min=0).log() if _sums_to_1(table, 1) else table.log_softmax(1)


def _picked(ids: Mapping[str, Tensor], rows: int, size: int) -> Iterator[tuple[str, Tensor]]:
    """Yield the ids that may be targets of so many rows: those of a batch, too."""
    for name, value in ids.items():
        if len(value) == rows and 0 <= int(value.min()) <= int(value.max()) < size:
            yield f"`{name}`", value
    for (name, value), (by, index) in product(ids.items(), ids.items()):
        inside = len(index) == rows < len(value) and 0 <= int(index.min()) <= int(index.max()) < len(value)
        if inside and int(value.max()) < size:
            yield f"`{name}[{by}]`", value[index]


def _costs(costs: Tensor, tables: Mapping[str, Tensor], ids: Mapping[str, Tensor]) -> Said | None:
    """Tell whether a row of numbers has the losses of the first examples."""
    if not len(costs) or not (costs >= 0).all():
        return None
    for of, table in tables.items():
        for by, targets in _picked(ids, len(table), table.shape[1]):
            n = min(len(costs), len(table))
            if n == len(costs) and _alike(costs, -_logs(table[:n])[torch.arange(n), targets[:n]]):
                return RIGHT, f"the losses of `{of}` for {by}, one by one"
    return None


def _loss(
    thing: Thing,
    tables: Mapping[str, Tensor],
    ids: Mapping[str, Tensor],
    own: Mapping[str, Tensor],
    logits: Mapping[str, tuple[str, str, float]],
) -> Said | None:
    """Tell whether a number is the loss of some logits or probabilities, with a penalty or without."""
    value = float(thing.value.detach() if isinstance(thing.value, Tensor) else thing.value)
    if not math.isfinite(value):
        return None
    for of, table in tables.items():
        for by, targets in _picked(ids, len(table), table.shape[1]):
            loss = -float(_logs(table)[torch.arange(len(table)), targets].double().mean())
            what = f"of `{of}` for {by}"
            fed = f" for {by}" in logits.get(of, ("", ""))[1]
            if abs(value - loss) < 1e-4 * max(1, abs(loss)):
                if other := _of_other_words(thing.name, by):
                    return MISTAKE, f"the mean loss {what}, which is of the {other} words"
                return _mean_loss(what, by, fed=fed)
            twice = -float(table.softmax(1).log_softmax(1)[torch.arange(len(table)), targets].double().mean())
            if abs(value - twice) < 1e-5 and abs(twice - loss) > 1e-3:
                return MISTAKE, f"the loss {what}, with softmax taken twice: cross_entropy takes logits"
            if len(table) > 1 and abs(value - loss * len(table)) < 1e-4 * abs(value):
                return STEP, f"the sum of the losses {what}; divide it by {len(table):,}, their number"
            each = -float(_logs(table).double().mean(0)[targets].mean())
            if abs(value - each) < 1e-5 * abs(each) and abs(each - loss) > 1e-3:
                return (
                    MISTAKE,
                    f"the mean loss {what}, but each row pays for every target: write torch.arange for `:`",
                )
            named = any(part in thing.name.lower() for part in ("loss", "nll"))
            if named and loss > 1e-3 and abs(value + loss) < 1e-4 * loss:
                return MISTAKE, f"minus the mean loss {what}: the minus sign is missing"
            if "loss" in thing.name.lower() and (said := _penalized(value, loss, of, own, logits)):
                return _mean_loss(what, by, f", and {said}", fed=fed)
    return None


def _of_other_words(name: str, targets: str) -> str:
    """Say of which part of the words the targets are, if the name of the loss says another one."""
    of, by = roles_in(name), roles_in(targets.strip("`"))
    return min(by) if len(of) == len(by) == 1 and of != by else ""


def _mean_loss(what: str, by: str, penalty: str = "", *, fed: bool) -> Said:
    """Say what loss it is; one of what the network was given is none."""
    if fed:
        return MISTAKE, f"the mean loss {what}, but {by} also went in: the network is given what it should guess"
    return RIGHT, f"the mean loss {what}{penalty}"


def _penalized(
    value: float, loss: float, of: str, own: Mapping[str, Tensor], logits: Mapping[str, tuple[str, str, float]]
) -> str:
    """Say what penalty a number has besides the loss of some logits; nothing if it has none of the usual ones."""
    _, told, rate = logits.get(of, ("", "", 0.0))
    for name, weight in own.items():
        before = weight.detach() + (rate * weight.grad if weight.grad is not None else 0)
        for penalty, said in ((float((before**2).mean()), "mean"), (float((before**2).sum()), "sum")):
            times = float(f"{(value - loss) / max(penalty, 1e-12):.1g}")
            if f"`{name}`" in told and 1e-5 <= times <= 1 and abs(loss + times * penalty - value) < 1e-4 * value:
                return f"{times:g} of the {said} of `{name}` squared"
    return ""
