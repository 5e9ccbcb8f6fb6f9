"""What a network as a whole does, called with the notebook's own batch: does it look ahead, and what does it draw?

A network gives logits for each place of each row. What it is asked is the same for each, however it is written: that
the logits at a place depend on the tokens up to there alone, and that a next token is drawn by those of the last place.
"""

import contextlib
import functools
import inspect
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from bigramlab.judge.batches import Batch, batches_in
from bigramlab.judge.guarding import Guard
from bigramlab.judge.reviewed import MISTAKE, RIGHT, Item, Thing
from bigramlab.judge.whole_blocks import slips_in_blocks
from bigramlab.judge.whole_draws import drawn_by

__all__ = ["look_at_models"]

SECONDS = 4.0  # for a call
PLACES = 12  # of a row, at most
ROWS = 8
NOISE = 1e-5  # of the largest logit: what float32 leaves
NAMES_OF_PLACES = re.compile(r"(?i)(^|[._])w?p(os|e)(ition\w*)?(_|\.|$|\d|emb)")
FUNCTION = re.compile(r"(?i)(\w+_)?(model|net|network|gpt|transformer|lm|forward|logits)(_\w+)?")
GUESSES = re.compile(r"(?i)(\w+_)?(gpt|lm)")  # where no batch tells that the next token is to be guessed
Logits = Callable[[Tensor], Tensor | None]

IDS = torch.tensor([[1, 2, 3, 4, 5, 6, 0], [3, 1, 4, 1, 5, 2, 0]])
ROWS_OF_IDS = Batch("ids", IDS[:, :-1], IDS[:, 1:])


@dataclass(frozen=True)
class _Model:
    """A network that can be called: its name, what it is, and its logits for rows of ids."""

    name: str
    value: Any
    logits: Logits
    with_targets: Callable[..., Any]


def look_at_models(
    things: Sequence[Thing], names: Mapping[str, Any], begin: Callable[[str], None]
) -> Iterator[tuple[int, Item]]:
    """Yield what there is to say of the networks that learn to guess the next token at each place of a row.

    Args:
        things: What was made.
        names: The globals of the file.
        begin: Gets the name of each network before it is looked at.
    """
    batch = next(batches_in(things), None)
    here, seen = names.get("__name__", "__main__"), set[int]()
    classes = {thing.value: at for at, thing in enumerate(things) if isinstance(thing.value, type)}
    for at, thing in enumerate(things):
        function = _is_function(thing)
        if id(thing.value) in seen or not (function or _is_network(thing.value, here)):
            continue
        asked = batch or (ROWS_OF_IDS if function and GUESSES.fullmatch(thing.name) else None)
        if asked is None or names.get(thing.name) is not thing.value:
            continue
        seen.add(id(thing.value))
        begin(thing.name)
        with (
            Guard(seconds=SECONDS, name=thing.name) as guard,
            torch.random.fork_rng(),
            _evaluating(thing.value),
            torch.no_grad(),
        ):
            model = _model(thing, guard)
            said = _said_of(model, asked, names, guard)
            rows = asked.inputs[:ROWS, :PLACES].clone()
            slips = [*slips_in_blocks(thing.value, functools.partial(model.logits, rows))] if said else []
        for kind, text in slips:
            if (place := classes.get(kind)) is not None:
                yield place, Item(kind.__name__, things[place].place, MISTAKE, text, f"`{kind.__name__}`: {text}.")
        if said:
            verdict, text, *seen_by = said
            details = [("To see it", one, False) for one in seen_by if one]
            yield at, Item(thing.name, thing.place, verdict, text, f"`{thing.name}`: {text}.", details)


def _is_network(value: Any, here: str) -> bool:
    """Tell whether it is something of the file's own, or of torch's layers, that is called with ids."""
    if isinstance(value, type) or inspect.isroutine(value) or not callable(value):
        return False
    return isinstance(value, torch.nn.Module) or type(value).__module__ == here


def _is_function(thing: Thing) -> bool:
    """Tell whether it may be a network that is written as a function of ids."""
    if not inspect.isfunction(thing.value) or not FUNCTION.fullmatch(thing.name):
        return False
    needed = [one for one in inspect.signature(thing.value).parameters.values() if one.default is one.empty]
    return len(needed) == 1 and needed[0].kind in (needed[0].POSITIONAL_ONLY, needed[0].POSITIONAL_OR_KEYWORD)


@contextlib.contextmanager
def _evaluating(value: Any) -> Iterator[None]:
    """Have a network be as it is when it is not trained, and set it back."""
    layers = [*value.modules()] if isinstance(value, torch.nn.Module) else []
    trained = [layer.training for layer in layers]
    for layer in layers:
        layer.training = False
    try:
        yield
    finally:
        for layer, training in zip(layers, trained, strict=True):
            layer.training = training


def _model(thing: Thing, guard: Guard) -> _Model:
    def called(*given: Any) -> Any:
        try:
            return guard.call(thing.value, *given)
        except Exception:  # it takes something else
            return None

    def logits(rows: Tensor) -> Tensor | None:
        for given in (rows,), (rows, rows):  # some give all places only where they are told the targets
            returned = called(*given)
            first = returned[0] if isinstance(returned, tuple | list) and returned else returned
            if isinstance(first, Tensor) and first.is_floating_point() and first.dim() in (2, 3):
                many = first.shape[0] * (first.shape[1] if first.dim() == 3 else 1)
                if many == rows.numel() and first.isfinite().all():
                    return first.reshape(*rows.shape, -1).double()
        return None

    def a_row_at_a_time(rows: Tensor) -> Tensor | None:
        if (returned := logits(rows)) is not None:
            return returned
        for form in (Tensor.clone, Tensor.numpy, Tensor.tolist):
            each = [called(form(row)) for row in rows]
            if all(isinstance(one, Tensor | np.ndarray) and one.shape[:-1] == rows.shape[1:] for one in each):
                return torch.stack([torch.as_tensor(one).detach().double() for one in each])
        return None

    return _Model(thing.name, thing.value, a_row_at_a_time if _is_function(thing) else logits, called)


def _said_of(model: _Model, batch: Batch, names: Mapping[str, Any], guard: Guard) -> tuple[str, ...] | None:
    """Say what a network does that guesses the next token at each place."""
    rows = batch.inputs[:ROWS, :PLACES].clone()
    logits = model.logits(rows)
    if logits is not None and int(rows.max()) >= logits.shape[2]:  # ids that it never guesses: padding
        rows = _guessable(batch.inputs, logits.shape[2])
        logits = model.logits(rows)
    if logits is None or rows.shape[1] < 3 or int(rows.max()) >= logits.shape[2]:
        return None
    noise = NOISE * max(1.0, float(logits.abs().max()))
    again, first, last = model.logits(rows), model.logits(rows[:1]), model.logits(rows[-1:])
    if again is None or first is None or last is None:
        return None
    alone = torch.cat([first, last])  # where an axis is taken for another one, a row may change with those before it
    layers = isinstance(model.value, torch.nn.Module)  # which know that they are not trained now
    if (again - logits).abs().max() > 10 * noise:
        text = "its logits are others with each call, in eval mode, too: dropout is to ask `self.training`"
        return (MISTAKE, text) if layers else None
    if (alone - logits[[0, -1]]).abs().max() > 10 * noise:
        text = "its logits for a row change with the other rows of the batch: it mixes them along axis 0"
        if layers and any(isinstance(one, torch.nn.RNNBase) and not one.batch_first for one in model.value.modules()):
            text += ", which a recurrent layer takes for the steps unless it is told `batch_first=True`"
        return (MISTAKE, text) if layers else None
    reached = _reached(model, rows[:1], noise)
    if reached is None or _has_a_prefix(reached):
        return None
    seen = "the tokens up to there, and none after them" if reached.tril(-1).any() else "the token there alone"
    return (
        _ahead(reached, batch.name)
        or _places_told(model, rows[:1])
        or _of_other_rows(model, batch, noise)
        or (not inspect.isfunction(model.value) and drawn_by(model.value, rows[:1], logits[0], names, guard))
        or (RIGHT, f"at each place it sees {seen}")
    )


def _guessable(rows: Tensor, tokens: int) -> Tensor:
    """Return what rows begin with, as far as the longest of them hold nothing but tokens that can be guessed."""
    guessed = (rows < tokens).long().cumprod(1)
    places = min(PLACES, int(guessed.sum(1).max()))
    return rows[guessed.sum(1) >= places][:ROWS, :places].clone()


def _reached(model: _Model, row: Tensor, noise: float) -> Tensor | None:
    """Return how far the logits at each place move as the token at each place is changed."""
    places = row.shape[1]
    changed = row.repeat(places + 1, 1)
    others = torch.unique(row)
    for at in range(places):
        choice = others[others != row[0, at]]
        changed[at, at] = choice[at % len(choice)] if len(choice) else (row[0, at] + 1) % 2
    logits = model.logits(changed)
    if logits is None:
        return None
    moved = (logits[:-1] - logits[-1:]).abs().amax(2).T  # the place that moves, the place that is changed
    return torch.where(moved > noise, moved, 0.0)


def _has_a_prefix(reached: Tensor) -> bool:
    """Tell whether the first few places see each other, and all others none after them: that is meant so."""
    ahead = reached.triu(1) > 0
    last = int(ahead.nonzero()[:, 1].max()) + 1 if ahead.any() else 0
    return 2 < last < len(reached) and int(ahead.sum()) == last * (last - 1) // 2


def _ahead(reached: Tensor, name: str) -> tuple[str, ...] | None:
    """Say whether the tokens after a place reach it, and how far."""
    ahead, behind = reached.triu(1), reached.tril(-1)
    if not ahead.any():
        return None
    place, after = (int(one) for one in ahead.nonzero()[0])
    seen = f"Change `{name}[0, {after}]`, and the logits at place {place} change, too."
    if not ahead.triu(2).any():
        return (
            MISTAKE,
            "at each place it sees the token after it, too, which it should guess: its mask is off by one",
            seen,
        )
    furthest = max(int(after - place) for place, after in ahead.nonzero())
    if furthest < min(4, len(reached) - 1):
        many = f"{furthest} tokens" if furthest > 1 else "token"
        text = (
            f"at each place it sees the {many} after it, too: its mask is off by one{' in each layer' * (furthest > 1)}"
        )
        return MISTAKE, text, seen
    if not behind.any():
        text = (
            "at each place it sees the tokens after it, and none before it: its mask is turned round (tril, not triu)"
        )
        return MISTAKE, text, seen
    return MISTAKE, "at each place it sees the tokens after it, which it should guess: mask them", seen


def _places_told(model: _Model, row: Tensor) -> tuple[str, ...] | None:
    """Say whether a table of places has no part in the logits, or not the rows of the places."""
    layers = model.value if isinstance(model.value, torch.nn.Module) else None
    tables = (
        [(name, table) for name, table in layers.named_parameters() if NAMES_OF_PLACES.search(name)] if layers else []
    )
    if len(tables) != 1 or tables[0][1].dim() != 2 or not tables[0][1].requires_grad:
        return None
    name, table = tables[0]
    with torch.enable_grad():
        logits = model.logits(row)
        if logits is None or not logits.requires_grad:
            return None
        weights = torch.linspace(1, 2, logits.numel()).view_as(logits)
        (slope,) = torch.autograd.grad((logits * weights).sum(), [table], allow_unused=True)
    used = set() if slope is None else {int(one) for one in slope.abs().sum(1).nonzero()}
    many = row.shape[1]
    if slope is None:
        return MISTAKE, f"`{name}` has no part in its logits: no place is told, so add its rows to the tokens' vectors"
    if len(used) == 1:
        return (
            MISTAKE,
            f"it has the same row of `{name}` at each place: take row 0 for the first, 1 for the next, and so on",
        )
    if used == {int(one) for one in row.flatten()} and max(used) - min(used) >= many:
        return MISTAKE, f"the tokens pick the rows of `{name}`, not their places: give it `torch.arange(T)`"
    return None


def _of_other_rows(model: _Model, batch: Batch, noise: float) -> tuple[str, ...] | None:
    """Say whether the logits are in another order where the targets are given, and which loss it returns."""
    returned = model.with_targets(batch.inputs, batch.targets)
    if not isinstance(returned, tuple | list) or len(returned) != 2:
        return None
    given, loss = returned
    plain = model.with_targets(batch.inputs)
    plain = plain[0] if isinstance(plain, tuple | list) else plain
    if not (isinstance(given, Tensor) and isinstance(loss, Tensor) and loss.numel() == 1):
        return None
    flat = given.detach().reshape(-1, given.shape[-1]).double()
    same = isinstance(plain, Tensor) and plain.numel() == given.numel() and plain.shape[-1] == given.shape[-1]
    if isinstance(plain, Tensor) and (text := _another_place(plain.detach(), given.detach(), noise)):
        return MISTAKE, text
    if same and (plain.detach().reshape(flat.shape).double() - flat).abs().max() > 10 * noise:
        return MISTAKE, "given the targets, it has its logits in another order than without: a reshape mixes them up"
    targets = batch.targets.flatten()
    scored = targets >= 0
    if len(flat) != len(targets) or not loss.isfinite().all() or int(targets.max()) >= flat.shape[1]:
        return None
    right = float(functional.cross_entropy(flat[scored], targets[scored]))
    twice = float(functional.cross_entropy(flat[scored].softmax(1), targets[scored]))
    if abs(float(loss.detach()) - twice) < 1e-4 < abs(right - twice) / 10:
        return MISTAKE, "its loss takes the softmax twice: cross_entropy takes logits"
    return None


def _another_place(plain: Tensor, given: Tensor, noise: float) -> str:
    """Say whether the logits of one place, which come without targets, are those of another place than the last."""
    if given.dim() != 3 or given.shape[1] < 2 or plain.numel() * given.shape[1] != given.numel():
        return ""
    apart = (given - plain.reshape(len(given), 1, -1)).abs().amax((0, 2))
    place = int(apart.argmin())
    if apart[place] > noise or apart[-1] <= 10 * noise:
        return ""
    return f"without targets, its logits are those of place {place}: the next token is guessed at the last, `[:, -1]`"
