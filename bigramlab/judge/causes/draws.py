"""What is drawn from in the place of the model's probabilities, and what a rule is given in their place."""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from bigramlab.judge.causes.batching import WRITERS
from bigramlab.judge.causes.case import Case
from bigramlab.judge.recording import Call
from bigramlab.laws.caching import steady_writer
from bigramlab.laws.drawn import SteadyModel, letters_of, spread_out
from bigramlab.laws.law import takes
from bigramlab.lessons.mlp import MLP
from bigramlab.mistakes import Mistake

__all__ = ["drawn_from_others", "drawn_otherwise", "rule_misused"]

ROW = torch.tensor([0.2, 0.5, 0.3])
MORE = math.log(1e4)  # by so much must one explanation be better than that nothing is done to the probabilities
TEMPERATURES = [round(0.05 * step, 2) for step in range(4, 61)]
Said = tuple[str, str, str]

STEADY: dict[str, Callable[[Tensor], Any]] = {
    "sample": lambda logs: logs.exp().expand(len(logs), -1),
    "sample_words": lambda logs: logs.exp().expand(len(logs), -1),
    "generate_words": SteadyModel,
    "sample_mlp_words": lambda logs: MLP(torch.zeros(len(logs), 2), (torch.zeros(2, len(logs)),), (logs,)),
    "sample_transformer_words": steady_writer,
}


def drawn_from_others(case: Case) -> Mistake | None:
    """Say what the words of the smallest example were drawn from, if that is what shows in them."""
    call, letters = case.calls[0] if case.calls else None, letters_of(spread_out())
    known = call and letters in call.arguments and isinstance(call.returned, list)
    return _explained(case, call.returned) if call and known else None


def drawn_otherwise(case: Case) -> Mistake | None:
    """Say so of words that are written for this."""
    if case.name not in STEADY or case.guard.hangs:
        return None
    model, letters = STEADY[case.name](spread_out()), letters_of(spread_out())
    options = {"generator": torch.Generator().manual_seed(0)}
    if case.name != "sample":
        call = Call(case.function, case.guard, (model, letters, 120), options)
        return _explained(case, call.returned) if isinstance(call.returned, list) and not call.raised else None
    calls = [Call(case.function, case.guard, (model,), options) for _ in range(120)]
    walks = [call.returned for call in calls if isinstance(call.returned, Tensor)]
    return _explained(case, ["".join(letters[int(id)] for id in walk)[:-1] for walk in walks]) if walks else None


def _explained(case: Case, words: Any) -> Mistake | None:
    logs = spread_out().double()
    places = {letter: id for id, letter in enumerate(letters_of(logs))}
    ids = torch.tensor([places[letter] for word in words for letter in [*word, "."]])
    ranks = logs.argsort(descending=True).argsort()
    most = int(ranks[ids].max()) + 1  # so many are ever drawn
    others = [(_heated(logs, t), *_of_temperature(t)) for t in TEMPERATURES if t != 1]
    cut = logs.masked_fill(ranks >= most, -torch.inf).log_softmax(0)
    others.append((cut, "likeliest_alone_drawn", f"Only the {most} likeliest tokens are ever drawn, as a top-k or "
                   "top-p makes it that was left in.", "Print what `multinomial` gets: it has zeros that the model has "
                   "not."))  # fmt: skip
    drawn_from, *said = max(others, key=lambda other: float(other[0][ids].sum()))
    better = float(drawn_from[ids].sum()) > float(logs[ids].sum()) + MORE
    return case.cause(*said) if better and _fits(ids, drawn_from, ranks) else None


def _fits(ids: Tensor, logs: Tensor, ranks: Tensor) -> bool:
    """Tell whether as many are drawn of the likeliest token, the next one, the next two, four and so on as should be."""
    bins = (ranks + 1).double().log2().floor().long()
    wanted = torch.zeros(9).double().index_add(0, bins, logs.exp()) * len(ids)
    found = torch.bincount(bins[ids], minlength=9)
    return bool(((found - wanted).abs() < 4.5 * (wanted + 1).sqrt()).all())


def _heated(logs: Tensor, temperature: float) -> Tensor:
    return (logs / temperature).log_softmax(0)


def _of_temperature(temperature: float) -> Said:
    how = "flatter" if temperature > 1 else "sharper"
    return ("temperature_left_in", f"The letters come as at a temperature of about {temperature:g}: the probabilities "
            f"are made {how} before the draw, and should be drawn from as they are.", "Print what `multinomial` gets, "
            "and what the model says.")  # fmt: skip


def rule_misused(case: Case) -> Mistake | None:
    """Say what `choose` is given in the place of the probabilities, or when it is not asked."""
    if case.name not in WRITERS or not any(call.options.get("choose") for call in case.calls):
        return None
    given = _asked(case, [0])
    if not given and takes(case.function, "choose"):
        return case.cause("rule_never_asked", "`choose` is a parameter and is never asked, so other words come than those "
                          "that it allows.", "Give it a `choose` that leaves one token: it draws others.")  # fmt: skip
    if not given:
        return None
    for fits, name, wrong in GIVEN:
        if given[0].shape == ROW.shape and fits(given[0].double()):
            return case.cause(name, wrong, "Print what `choose` is given: a row should sum to 1.")
    if given[0].shape != ROW.shape or not _close(given[0], ROW):
        return None
    asked = _asked(case, [1, 1, 0])
    if any(_close(one, torch.eye(3)[1]) for one in asked):  # what it said itself
        return case.cause("rule_asked_again", "`choose` is asked again of what it has chosen already, and should be asked "
                          "once before each letter, of what the model says.", "Print what `choose` is given: before one "
                          "letter it comes twice.")  # fmt: skip
    if len(asked) == 1:
        return case.cause("rule_asked_once", "`choose` is asked before the first letter of a word alone, and should be "
                          "before each.", "Print something in `choose`: it comes once for each word.")  # fmt: skip
    return None


def _close(one: Tensor, other: Tensor) -> bool:
    return torch.allclose(one.double(), other.double(), rtol=1e-3, atol=1e-4)


GIVEN: list[tuple[Callable[[Tensor], bool], str, str]] = [
    (lambda it: _close(it, ROW.log()), "logs_given_to_the_rule", "`choose` is given the logarithms of the probabilities, "
     "and should be given the probabilities themselves."),
    (lambda it: not _close(it, ROW) and _close(it.softmax(0), ROW), "logits_given_to_the_rule", "`choose` is given the "
     "logits: the softmax should come before it."),
    (lambda it: not _close(it, ROW) and _close(it / it.sum(), ROW), "no_shares_given_to_the_rule", "What `choose` is "
     "given does not sum to 1: it should be the probabilities."),
    (lambda it: _close(it, ROW.softmax(0)), "softmax_given_to_the_rule", "`choose` is given a softmax of the "
     "probabilities, which makes them nearly equal."),
]  # fmt: skip


def _asked(case: Case, ids: list[int]) -> list[Tensor]:
    """Return what the rule is given while it has these ids drawn, one after the other."""
    asked: list[Tensor] = []

    def choose(probs: Any) -> Tensor:
        rows = torch.as_tensor(probs)
        asked.append(rows.detach().reshape(-1, rows.shape[-1])[0])
        id = ids[min(len(asked), len(ids)) - 1]
        return torch.eye(rows.shape[-1])[id].expand(rows.shape)

    model = WRITERS[case.name](ROW.expand(3, 3))
    Call(case.function, case.guard, (model, ".ab", 1), {"choose": choose, "generator": torch.Generator()})
    return asked
