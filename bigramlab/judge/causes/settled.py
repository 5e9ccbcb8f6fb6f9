"""Calls in which nothing is left to chance: then what draws at random can be compared call by call, too.

Nor is anything left to rounding, which may decide where training goes.

Where every step has one way to go, two right functions give the same, however they draw. So slips in how a walk begins,
moves on and ends, and in what is made of it, are found as in any other function.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import product
from typing import Any

import torch
from torch import Tensor

from bigramlab.judge import clock
from bigramlab.judge.causes.case import Case
from bigramlab.judge.causes.likeness import same_end
from bigramlab.judge.recording import Call, hurried
from bigramlab.laws import ours_for
from bigramlab.laws.caching import SURE, sure_writer
from bigramlab.laws.strategies import small
from bigramlab.laws.training import all_contexts, all_targets, brief
from bigramlab.lessons.blocks import Block
from bigramlab.lessons.mlp import MLP
from bigramlab.lessons.transformer import Transformer

__all__ = ["chain", "mlp_of", "settled", "transformer_of"]

WAYS = [(), (1,), (2, 1), (3, 1, 2), (2, 1, 4, 3), (4, 3, 2, 1), (1, 3)]
SPELLED = [(), (1,), (1, 2), (2, 2, 1), (1, 2, 1, 2, 3), (3, 2, 1, 1, 1, 2), (2, 1, 2, 3, 3, 1, 2, 3, 1, 1, 2, 2, 3)]
TOKENS = 5
SURE_MLPS = [(2, 52), (2, 568), (3, 52), (3, 57)]  # how much each reads, and its seed: any slip makes another word
SECONDS = 0.4
VOCABULARIES = (".abcd", ".dBca")
UNEVEN = torch.tensor([[1, 3, 8], [2, 7, 5], [9, 1, 4]])


def chain(*ids: int, tokens: int = TOKENS) -> Tensor:
    """Return a table with one possible walk: through these ids, and back to 0; from the others to 0, too."""
    table = torch.zeros(tokens, tokens)
    table[:, 0] = 1
    for current, following in zip((0, *ids), (*ids, 0), strict=True):
        table[current] = 0
        table[current, following] = 1
    return table


def spells(ids: tuple[int, ...], length: int) -> Callable[[Tensor], Tensor] | None:
    """Return a model that writes these ids if it gets the right contexts, or None if they are too short to tell."""
    following: dict[tuple[int, ...], int] = {}
    context = (0,) * length
    for id in (*ids, 0):
        if following.setdefault(context, id) != id:
            return None
        context = (*context[1:], id)

    def next_probs(contexts: Tensor) -> Tensor:
        drawn = [following.get(tuple(context), 0) for context in contexts.tolist()]
        return torch.eye(TOKENS)[torch.tensor(drawn, dtype=torch.int64)]

    return next_probs


def mlp_of(table: Tensor, length: int = 1) -> MLP:
    """Return a network that walks along a table, looking at the newest token only."""
    tokens = len(table)
    matrix = torch.zeros(length * tokens, tokens)
    matrix[-tokens:] = table.log().clamp(min=-1000)
    return MLP(torch.eye(tokens), (matrix,), (torch.zeros(tokens),))


def sure_mlp(length: int, seed: int) -> MLP:
    """Return a network that is sure of each letter, and goes by all the tokens of its context."""
    generator = torch.Generator().manual_seed(seed)
    matrix = 1000 * torch.randn(length * TOKENS, TOKENS, generator=generator)
    return MLP(torch.eye(TOKENS), (matrix,), (torch.zeros(TOKENS),))


def transformer_of(table: Tensor, longest: int = 4) -> Transformer:
    """Return one that does so: its block adds nothing, and its places don't count."""
    tokens = len(table)
    square, narrow = torch.zeros(tokens, tokens), torch.zeros(4 * tokens, tokens)
    nothing = Block(torch.ones(tokens), square, square, square, square, torch.ones(tokens), narrow.T.clone(), narrow)
    unembedding = table.log().clamp(min=-1000) / tokens**0.5  # the norm makes √tokens of a single 1
    places = torch.zeros(longest, tokens)
    return Transformer(torch.eye(tokens), places, (nothing,), torch.ones(tokens), unembedding, heads=1)


def _inputs(name: str) -> Iterator[tuple[tuple[Any, ...], dict[str, Any]]]:
    sizes = (2, 1, 3, 0, 5)
    if name == "sample":
        long = [tuple(range(1, n)) for n in (12, 30, 260)]
        yield from (((chain(*way, tokens=max(TOKENS, len(way) + 1)),), {}) for way in [*WAYS, *long])
    elif name == "sample_words":
        yield from (((chain(*way), letters, n), {}) for way, letters, n in product(WAYS, VOCABULARIES, sizes))
    elif name == "sample_mlp_words":
        made = product(WAYS, VOCABULARIES, sizes[:3], (1, 2))
        yield from (((sure_mlp(length, seed), VOCABULARIES[0], n), {}) for length, seed in SURE_MLPS for n in (3, 2))
        yield from (((mlp_of(chain(*way), length), letters, n), {}) for way, letters, n, length in made)
    elif name == "sample_transformer_words":
        yield from (((*sure_writer(*sizes)[:2], n), {}) for sizes, n in product(SURE, (2, 1)))
        yield from (((transformer_of(chain(*way)), ".abcd", n), {}) for way, n in product(WAYS, sizes[:3]))
    elif name == "generate_words":
        for ids, letters, n, length in product(SPELLED, VOCABULARIES, sizes[:4], (1, 2, 3)):
            if model := spells(ids, length):
                yield (model, letters, n), {"context_length": length}
    elif name == "train_neural_bigram":  # no gradient is near 0, where rounding would decide which way Adam goes
        made = product(((1, 0.5), (3, 0.5), (2, 2.0)), (0.0, 0.1), (None, UNEVEN.T / 16))
        for (steps, rate), penalty, weights in made:
            more = {"steps": steps, "learning_rate": rate, "weight_penalty": penalty, "weights": weights}
            yield (UNEVEN,), more
    elif name == "train_mlp":  # where all examples are in each batch, their order does not matter
        for steps, warm_up, decay in product((1, 2, 4), (0.5, 0.0), (0.5, 0.0)):
            recipe = brief._replace(steps=steps, warm_up=warm_up, weight_decay=decay)
            yield (small(), all_contexts, all_targets, recipe), {"progress": False}


def settled(case: Case) -> Case | None:
    """Return the case with such calls instead, if the function is wrong in some; those first."""
    inputs = [*_inputs(case.name)]
    case.guard.hangs = 0
    made, end = [], clock.seconds() + SECONDS
    for arguments, options in inputs[:60]:
        with hurried(case.guard, case.calls):
            call = Call(case.function, case.guard, arguments, options)
        if case.guard.hangs or clock.seconds() > end:  # the others would hang, too
            break
        made.append((call, call.again(ours_for(case.name), case.guard)))
    wrong = [pair for pair in made if pair[0].raised or not same_end(*pair)]
    if not wrong:
        return None
    wrong.sort(key=lambda pair: bool(pair[0].raised))
    calls = [*wrong, *(pair for pair in made if not any(pair is one for one in wrong))]
    first, second = ([pair[side] for pair in calls] for side in (0, 1))
    return replace(case, calls=first, ours=second)
