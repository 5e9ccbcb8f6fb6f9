"""What a file asks of torch as it runs: a loss of what are no logits, or a parameter that no step moves.

Whatever the file is like, what it trains goes through a few of torch's functions. They do what they always do, and what
comes by is looked at: a training goes on, and writes names, though one of these slips is in it.
"""

import contextlib
import functools
import sys
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any
from unittest import mock

import torch
from torch import Tensor
from torch.nn import functional
from torch.optim.optimizer import Optimizer, register_optimizer_step_pre_hook

from bigramlab.judge.descents import NEVER_MOVED
from bigramlab.judge.reading_code import Found

__all__ = ["Overheard"]

_Place = tuple[str, int]  # a file, by the name of its code, and a line

LOOKED_AT = 20  # calls of each line
ROWS = 256  # of each call
FEWEST_ROWS, FEWEST_STEPS = 8, 8  # what so few show could be so by chance
FEWEST_IN_VAIN = 20  # gradients, of which nobody takes so many to look at them
STEPS_APART = 20  # of a long training, one in so many is looked at
MOST_LEAVES = 2_000  # then each step makes new ones
WALKED = 20_000  # nodes of a graph
TOO_SMALL = 1e-3  # of the largest gradient: a smaller one may be rounding, as before a batch norm
TWICE = "it gets probabilities, whose rows sum to 1, and takes logits: so softmax is taken twice"
NO_LOGS = "it gets probabilities, and takes their logarithms"
NO_LOG_PROBS = "it gets logits, and takes the logarithms of probabilities"
RESET = "there is no gradient when it steps: it was reset between `backward()` and `step()`, so nothing is learned"
OTHERS = "it steps other parameters than those that get gradients, so nothing is learned"
EVEN = "it goes along an axis of one row, so each number becomes 1, and each token is as likely as any other"
NO_ENDS = "the targets that are 0 are left out, which are the ends of the words: so no model learns where a word ends"
DROPPED = "the loss is measured with dropout on, so it is another one each time, and too large"
PADDED = "what stands behind the end of each word is guessed, too, and scored: that is easy, so the loss is too small"
MEND = {
    TWICE: "Leave the softmax out: `cross_entropy` takes what comes before it.",
    NO_LOGS: "Take `.log()` of what it gets, or leave the softmax out and write `cross_entropy`.",
    NO_LOG_PROBS: "Write `cross_entropy` for `nll_loss`, or take `log_softmax` first.",
    PADDED: "Where a word is over, let the targets be -1, and pass `ignore_index=-1`.",
    RESET: "Write `zero_grad()` before `backward()`, and `step()` after it.",
    OTHERS: "Make the optimizer after the network that is trained, of its parameters.",
    EVEN: "Take the axis of the tokens: `dim=-1`.",
    NO_ENDS: "Leave `ignore_index=0` out: only padding is to be left out, and there is none.",
    NEVER_MOVED: "After `backward()`, take a step: `optimizer.step()`, or `p.data -= 0.1 * p.grad` for each of them.",
    DROPPED: "Before measuring, write `model.eval()`, and `model.train()` when training goes on.",
}

ALONE = (DROPPED, PADDED, NO_ENDS)  # what is wrong though only some calls of a line show it


class Overheard:
    """Listens to torch while a file runs. Use it as a context manager."""

    def __init__(self, files: Collection[str]) -> None:
        """Listen for what is called from these files, each by the name of its code."""
        self._files = files
        self._said: dict[tuple[str, _Place], Counter[str]] = {}  # of a function and a line, how often what was seen
        self._dropping = False
        self._backward = 0
        self._leaves: dict[int, _Leaf] = {}
        self._groups: dict[frozenset[int], tuple[int, _Place]] = {}  # what is trained together: how often, and where
        self._steps: dict[Optimizer, tuple[Counter[bool], _Place]] = {}  # how often one had a gradient, and had none
        self._exits = contextlib.ExitStack()

    def __enter__(self) -> "Overheard":
        """Begin to listen."""
        listened: list[tuple[Any, str, Callable[..., Any]]] = [
            (functional, "cross_entropy", self._loss),
            (functional, "nll_loss", self._loss),
            (functional, "dropout", self._dropout),
            (torch, "dropout", self._dropout),
            (functional, "softmax", self._softmax),
            (torch, "softmax", self._softmax),
            (Tensor, "softmax", self._softmax),
            (torch, "multinomial", self._other),
            (torch.nn.Module, "train", self._other),
            (Tensor, "backward", self._descend),
        ]
        for where, name, listen in listened:
            self._exits.enter_context(mock.patch.object(where, name, _listening(getattr(where, name), name, listen)))
        self._exits.callback(register_optimizer_step_pre_hook(self._step).remove)
        return self

    def __exit__(self, *_: object) -> None:
        """Leave torch as it was."""
        self._exits.close()

    def _loss(self, name: str, input: Any = None, target: Any = None, *_: Any, **options: Any) -> None:
        """Look at what a loss is taken of."""
        if not isinstance(input, Tensor) or (place := self._place()) is None:
            return
        said = self._said.setdefault((name, place), Counter())
        said[DROPPED] += self._dropping and not torch.is_grad_enabled()
        self._dropping = False
        said[PADDED] += _is_padded(target, **options)
        said[NO_ENDS] += _leaves_ends_out(input, target, **options)
        if said.total() < ROWS * LOOKED_AT:
            said[_kind(input.detach(), logs=name == "nll_loss")] += len(input) if input.dim() > 1 else 1

    def _softmax(self, name: str, input: Any = None, dim: Any = None, *_: Any, **__: Any) -> None:
        if isinstance(input, Tensor) and input.dim() == 2 and (place := self._place()) is not None:
            of_one = type(dim) is int and input.shape[dim] == 1 and input.shape[1 - dim % 2] > 2
            self._said.setdefault((name, place), Counter())[EVEN if of_one else ""] += 1

    def _dropout(self, name: str, input: Any = None, p: float = 0.5, training: bool = True, *_: Any, **__: Any) -> None:
        self._dropping = self._dropping or (training and 0 < p < 1 and not torch.is_grad_enabled())

    def _other(self, name: str, *_: Any, **__: Any) -> None:
        """Forget dropout that was not for a loss: words are drawn, or it is switched on or off."""
        self._dropping = False

    def _descend(self, name: str, loss: Tensor, *_: Any, **__: Any) -> Callable[[], None] | None:
        """Note what is trained together; return what looks at the gradients that it got."""
        self._backward += 1
        if self._backward > STEPS_APART * FEWEST_STEPS and self._backward % STEPS_APART:
            return None
        place, leaves = self._place(), [*_leaves(loss)]
        if place is None or not leaves or len(self._leaves) > MOST_LEAVES:
            return None
        for leaf in leaves:
            self._leaves.setdefault(id(leaf), _Leaf(leaf))
        group = frozenset(map(id, leaves))
        times, first = self._groups.get(group, (0, place))
        self._groups[group] = times + 1, first

        def look() -> None:
            for leaf in leaves:
                self._leaves[id(leaf)].look()

        return look

    def _step(self, optimizer: Optimizer, given: tuple[Any, ...], options: dict[str, Any]) -> None:
        """Note whether there is a gradient to step along."""
        if given[1:] or options or (place := self._place()) is None:  # a closure makes the gradients
            return
        had, _ = self._steps.setdefault(optimizer, (Counter(), place))
        if not had[True]:
            owned = (one for group in optimizer.param_groups for one in group["params"])
            had[any(one.grad is not None and bool(one.grad.any()) for one in owned)] += 1

    def _place(self) -> _Place | None:
        """Return the file and line that is running, of those to listen for."""
        frame: Any = sys._getframe(2)
        while frame and frame.f_code.co_filename not in self._files:
            frame = frame.f_back
        return (frame.f_code.co_filename, frame.f_lineno) if frame else None

    def found(self, names: Mapping[str, Any], places: Mapping[str, str]) -> Iterator[Found]:
        """Yield what is wrong.

        Args:
            names: The globals of the file.
            places: What each file is called, such as "cell 4"; if nothing, a line says where it is.
        """
        steps = [*self._of_steps(names)]
        in_vain = [] if steps else self._in_vain(names)
        for name, (file, line), what, mend in (*self._of_losses(), *steps, *self._of_parameters(names), *in_vain):
            yield Found(name, places.get(file) or f"line {line}", what, mend)

    def _of_losses(self) -> Iterator[tuple[str, _Place, str, str]]:
        for (name, place), said in self._said.items():
            yield from ((name, place, one, MEND[one]) for one in ALONE if said[one])
            what, *others = said.keys() - {*ALONE} or {""}
            if what and not others and said[what] >= FEWEST_ROWS:
                yield name, place, what, MEND[what]

    def _of_steps(self, names: Mapping[str, Any]) -> Iterator[tuple[str, _Place, str, str]]:
        for optimizer, (had, place) in self._steps.items():
            sloping = {one for one, leaf in self._leaves.items() if leaf.slope}
            owned = {id(one) for group in optimizer.param_groups for one in group["params"]}
            name = next((name for name, value in names.items() if value is optimizer), "")
            if name and had[False] >= FEWEST_STEPS and sloping and not had[True]:
                what = RESET if owned & sloping else OTHERS
                yield f"{name}.step()", place, what, MEND[what]

    def _in_vain(self, names: Mapping[str, Any]) -> Iterator[tuple[str, _Place, str, str]]:
        """Yield a parameter of those of which none is moved, however often their gradients are computed."""
        for group, (times, place) in self._groups.items():
            leaves = [self._leaves[one] for one in group]
            called = sorted(filter(None, (_name_of(leaf.tensor, names) for leaf in leaves if leaf.slope)))
            if times >= FEWEST_IN_VAIN and called and not any(leaf.moved() for leaf in leaves):
                yield called[0], place, NEVER_MOVED, MEND[NEVER_MOVED]
                return

    def _of_parameters(self, names: Mapping[str, Any]) -> Iterator[tuple[str, _Place, str, str]]:
        for group, (times, place) in self._groups.items():
            leaves = [self._leaves[one] for one in group]
            largest = max(leaf.slope for leaf in leaves)
            sloping = [leaf for leaf in leaves if leaf.slope > TOO_SMALL * largest]
            still = sorted(_name_of(leaf.tensor, names) for leaf in sloping if not leaf.moved())
            if times >= FEWEST_STEPS and 0 < len(still) < len(sloping) and all(still):
                others = f", and so with {', '.join(f'`{one}`' for one in still[1:4])}" if still[1:] else ""
                text = f"it gets gradients and is never moved, though others are{others}"
                yield still[0], place, text, "Put it among the parameters that the optimizer, or the loop, steps."


class _Leaf:
    """A parameter as it was when it first had a gradient, and its largest gradient."""

    def __init__(self, tensor: Tensor) -> None:
        self.tensor, self.slope = tensor, 0.0
        self._before, self._moved = tensor.detach().clone(), False

    def look(self) -> None:
        """Note its gradient, and whether it is still where it was."""
        self.slope = max(self.slope, float(self.tensor.grad.abs().max()) if self.tensor.grad is not None else 0.0)
        self._moved = self._moved or self.moved()  # and may be set back later

    def moved(self) -> bool:
        return self._moved or not torch.equal(self.tensor.detach(), self._before)


def _listening(function: Callable[..., Any], name: str, listen: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that does the same, and has its arguments looked at."""

    @functools.wraps(function)
    def heard(*arguments: Any, **options: Any) -> Any:
        if torch.compiler.is_compiling():
            return function(*arguments, **options)
        after = None
        with contextlib.suppress(Exception):  # what is not as one thinks is none of our business
            after = listen(name, *arguments, **options)
        returned = function(*arguments, **options)
        if after:
            with contextlib.suppress(Exception):
                after()
        return returned

    return heard


def _kind(input: Tensor, *, logs: bool) -> str:
    """Say what is wrong with what a loss is taken of, by its rows; nothing if that is nothing."""
    rows = input.movedim(1, -1).flatten(0, -2)[:ROWS].double() if input.dim() > 1 else input[None].double()
    if rows.shape[1] < 2 or not rows.isfinite().all() or rows.max() - rows.min() < 1e-6:
        return ""
    if rows.min() >= 0 and bool(((rows.sum(1) - 1).abs() < 1e-4).all()):
        return NO_LOGS if logs else TWICE
    return NO_LOG_PROBS if logs and rows.max() > 1e-3 else ""


def _is_padded(target: Any, ignore_index: int = -100, reduction: str = "mean", **_: Any) -> bool:
    """Tell whether targets are words, a row each, with "." behind their ends to the end of the row, and all count."""
    rows = target if not isinstance(target, Tensor) or target.dim() == 2 else target._base
    if not isinstance(rows, Tensor) or rows.dim() != 2 or rows.dtype != torch.int64 or len(rows) < FEWEST_ROWS:
        return False
    ended = rows == 0
    in_rows = bool((ended.int().cummax(1).values == ended).all() and ended[:, -1].all() and not ended[:, 0].any())
    padded = in_rows and int((ended.sum(1) > 1).sum()) > len(rows) / 2
    return padded and rows.numel() == target.numel() and ignore_index != 0 and reduction != "none"


def _leaves_ends_out(input: Tensor, target: Any, ignore_index: int = -100, **_: Any) -> bool:
    """Tell whether targets are the next tokens of contexts, of which those that end a word do not count."""
    if ignore_index != 0 or not isinstance(target, Tensor) or target.dim() != 1 or target.dtype != torch.int64:
        return False
    # Where rows of places were flattened, 0 may be padding.
    in_rows = target._base is not None and target._base.dim() > 1
    straight = input.grad_fn is not None and input.grad_fn.name().startswith(("Addmm", "AddBackward", "Mm"))
    return straight and not in_rows and len(target) >= FEWEST_ROWS and bool((target == 0).any())


def _leaves(loss: Tensor) -> Iterator[Tensor]:
    """Yield the leaves that a loss was computed from."""
    seen: set[Any] = set()
    waiting: list[Any] = [loss.grad_fn]
    while waiting and len(seen) < WALKED:
        node = waiting.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        if (variable := getattr(node, "variable", None)) is not None:
            yield variable
        waiting += [following for following, _ in node.next_functions]


def _name_of(tensor: Tensor, names: Mapping[str, Any]) -> str:
    """Return what a parameter is called: a global, an entry of one, or a network's own."""
    for name, value in names.items():
        if value is tensor:
            return name
    for name, value in names.items():
        parts: Any = ()
        if isinstance(value, torch.nn.Module):
            parts = ((f".{part}", one) for part, one in value.named_parameters())
        elif isinstance(value, list | tuple):
            parts = ((f"[{at}]", one) for at, one in enumerate(value))
        elif isinstance(value, dict):
            parts = ((f"[{key!r}]", one) for key, one in value.items())
        if found := next((part for part, one in parts if one is tensor), ""):
            return f"{name}{found}"
    return ""
