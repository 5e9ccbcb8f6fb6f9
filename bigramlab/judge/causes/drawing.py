"""Kinds of slips in what draws at random: known by what changes when generators are in other states.

Two right functions may draw in two ways, so calls can't be compared one by one with ours. These ask instead: what
decides the result?
"""

import random
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

import torch
from torch import Tensor

from bigramlab.judge import clock
from bigramlab.judge.causes.case import Case
from bigramlab.judge.causes.code_reading import globals_read, names_used
from bigramlab.judge.causes.likeness import alike
from bigramlab.judge.recording import Call, begin
from bigramlab.mistakes import Mistake

__all__ = ["drawn_by", "in_states", "start_at_random"]

STATES = 5
SECONDS = 0.8
SEEDING = {"manual_seed", "Generator", "seed", "default_rng", "RandomState", "Random", "initial_seed", "set_state"}
UNFILLED = {"empty", "empty_like", "new_empty", "empty_strided"}
DRAWING = {"bernoulli", "choice", "choices", "dropout", "multinomial", "normal", "rand", "randint", "randn", "random",
           "randperm", "sample", "shuffle", "uniform"}  # fmt: skip
AT_THE_START = {"steps": 1, "learning_rate": 1e-9}


@contextmanager
def in_states(torchs: int, others: int) -> Iterator[None]:
    """Put the global generators into states of one's own, and those before back."""
    numpy = sys.modules.get("numpy")
    before = torch.get_rng_state(), random.getstate(), numpy and numpy.random.get_state()
    torch.manual_seed(torchs)
    random.seed(others)
    if numpy:
        numpy.random.seed(others)
    try:
        yield
    finally:
        torch.set_rng_state(before[0])
        random.setstate(before[1])
        if numpy:
            numpy.random.set_state(before[2])


def _once(case: Case, call: Call, function: Callable[..., Any], own: int | None, torchs: int, others: int) -> Call:
    """Make the call again, on copies, with generators in these states."""

    def in_these_states(*arguments: Any, **options: Any) -> Any:
        if "generator" in options:
            options["generator"] = None if own is None else torch.Generator().manual_seed(own)
        with in_states(torchs, others):
            return begin(function, *arguments, **options)

    return call.again(in_these_states, case.guard)


def _changes(case: Case, call: Call, function: Callable[..., Any], what: str, states: int = STATES) -> bool:
    """Tell whether the result changes with the state of the given generator, of torch's own, or of the others."""
    first = None
    for state in range(states):
        own = {"own": state, "none": None}.get(what, 1)
        torchs = state if what in ("torch", "none") else 1
        made = _once(case, call, function, own, torchs, state if what == "others" else 1)
        if made.raised:
            return False
        if first is None:
            first = made.returned
        elif not alike(first, made.returned):
            return True
    return False


def drawn_by(case: Case) -> Mistake | None:
    """Say what decides the draws, if it isn't the generator that is given."""
    if "generator" not in case.parameters():
        return _drawn_at_all(case)
    ours, found = _ours(case), case.function
    calls = [call for call in case.calls if "generator" in call.options and not call.raised][:60]
    end = clock.seconds() + SECONDS
    tried = [*islice((call for call in calls if clock.seconds() < end and _changes(case, call, ours, "own")), 2)]
    if not tried:
        return None
    if any(_changes(case, call, found, "nothing") for call in tried):
        return _own_generator(case)
    own = any(_changes(case, call, found, "own") for call in tried)
    torchs = any(_changes(case, call, found, "torch") for call in tried)
    others = any(_changes(case, call, found, "others") for call in tried)
    longest = sorted(calls, key=lambda call: len(str(call.returned)))[-2:]  # two short results may be alike by chance
    none = any(_changes(case, call, found, "none") for call in tried) or any(
        _changes(case, call, found, "none", 2 * STATES) for call in longest
    )
    names = names_used(found)
    if others:
        return case.cause("drawn_with_another_module", "It draws with `random` or NumPy, which neither the generator "
                          "that is given nor `torch.manual_seed` decides.", "Call it twice, with `generator=torch."
                          "Generator().manual_seed(1)` each time: the results differ.")  # fmt: skip
    if torchs and not own:
        return case.cause("generator_not_passed_on", "The generator is accepted and not passed on to the draw: torch's "
                          "global one decides, so the result can't be repeated.", "Call it twice, with `generator="
                          "torch.Generator().manual_seed(1)` each time: the results differ.")  # fmt: skip
    if torchs and own:
        return case.cause("generator_passed_on_in_places", "The generator is passed on to some draws and not to others, "
                          "so the result can't be repeated.", "Count the draws in the code, and those with `generator="
                          "generator`.")  # fmt: skip
    if not own and (seed := _seeded(case, tried[0])):
        return case.cause("given_generator_seeded", f"It seeds the generator that it is given, with {seed}: its state "
                          "is lost, and each call draws the same.", "Leave out `manual_seed`: to seed a generator is up "
                          "to who calls.")  # fmt: skip
    if not own and not none:
        if names & SEEDING:
            return case.cause("seeded_inside", "A generator is made or seeded inside, so every call gives the same, "
                              "whatever generator is given.", "Call it ten times: the results are the same.")  # fmt: skip
        if all(alike(_once(case, call, found, 1, 1, 1).returned, _once(case, call, found, 2, 2, 2).returned)
               for call in calls[:20]):  # fmt: skip
            return case.cause("nothing_drawn", "Nothing is drawn at random: whatever the generators' states, the result "
                              "is the same.", "Call it ten times: the results are the same.")  # fmt: skip
    if own and not none and not any(_once(case, call, found, None, 1, 1).raised for call in tried):
        return case.cause("seeded_where_no_generator_is_given", "Where no generator is given, one with a fixed seed is "
                          "made, so such calls all give the same: torch's global one should decide.",
                          "Call it twice without a generator: the results are the same.")  # fmt: skip
    if own and not any(_moved(case, call) for call in tried):
        return case.cause("generator_not_moved_on", "The draws come from a copy of the generator, or its state is set "
                          "back, so the next call gives the same again.", "Call it twice with one generator: the "
                          "results are the same.")  # fmt: skip
    return None


def _own_generator(case: Case) -> Mistake | None:
    """Say which generator it draws from, if the states of all others are the same each time."""
    made_once = [name for name, value in globals_read(case.function).items() if isinstance(value, torch.Generator)]
    if made_once:
        return case.cause("global_generator_of_the_notebook", f"It draws from the global `{made_once[0]}`, and not from "
                          "the generator that is given.", f"Rename `{made_once[0]}` in the whole notebook: then it "
                          "raises a NameError.")  # fmt: skip
    return case.cause("generator_made_once", "It draws from a generator of its own, which is made only once and goes on "
                      "from call to call.", "Call it twice, with `generator=torch.Generator().manual_seed(1)` each time: "
                      "the results differ.")  # fmt: skip


def _drawn_at_all(case: Case) -> Mistake | None:
    """Say that it draws at random, where nothing should."""
    end = clock.seconds() + SECONDS / 2
    for call in [call for call in case.calls if not call.raised][:6]:
        if clock.seconds() > end:
            break
        if case.name not in ("train_neural_bigram", "plot_bigrams") and any(  # no two pictures are one
            _changes(case, call, case.function, what) for what in ("torch", "others")
        ):
            if (names := names_used(case.function)) & UNFILLED and not names & DRAWING:
                return case.cause("memory_not_filled", "`empty` leaves in the numbers whatever stood in that memory "
                                  "before, and not 0.", "Write `torch.zeros` for `torch.empty`.")  # fmt: skip
            return case.cause("drawn_at_random", "Something in it is drawn at random, and nothing should be: the same "
                              "call gives something else each time, unless a seed is set.", "Call it twice: the results "
                              "differ. Look for `rand`, `shuffle`, `dropout` or `multinomial`.")  # fmt: skip
    return None


def _ours(case: Case) -> Callable[..., Any]:
    from bigramlab.laws import ours_for

    return ours_for(case.name)


def _seeded(case: Case, call: Call) -> int | None:
    """Return the seed that the given generator has afterwards, if it is another one."""
    found = []

    def watched(*arguments: Any, **options: Any) -> Any:
        generator = options["generator"] = torch.Generator().manual_seed(1)
        try:
            return begin(case.function, *arguments, **options)
        finally:
            found.append(generator.initial_seed())

    call.again(watched, case.guard)
    return found[0] if found and found[0] != 1 else None


def _moved(case: Case, call: Call) -> bool:
    if not isinstance(call.options.get("generator"), torch.Generator):
        return True
    moved = []

    def watched(*arguments: Any, **options: Any) -> Any:
        generator = options["generator"] = torch.Generator().manual_seed(1)
        before = generator.get_state()
        try:
            return begin(case.function, *arguments, **options)
        finally:
            moved.append(not torch.equal(before, generator.get_state()))

    call.again(watched, case.guard)
    return any(moved)


def start_at_random(case: Case) -> Mistake | None:
    """Say that the training begins somewhere else each time."""
    if case.name != "train_neural_bigram":
        return None
    plain = [call for call in case.calls if not call.raised and call.options.get("weights") is None]
    for call in [call for call in plain if call.arguments[0].numel() > 1][:4]:
        if _changes(case, call, case.function, "torch") or _changes(case, call, case.function, "others"):
            return case.cause("random_start", "The weights begin at random, and should begin at 0, where all tokens are "
                              "equally probable: then each run is the same.", "Train twice, for one step: the weights "
                              "differ.")  # fmt: skip
        if names_used(case.function) & (SEEDING | {"randn", "rand"}):
            start = call.again(lambda *given, **options: case.function(*given, **options | AT_THE_START), case.guard)
            weights = None if start.raised or not isinstance(start.returned, tuple) else start.returned[0]
            if isinstance(weights, Tensor) and weights.numel() > 1 and weights.std() > 1e-3:
                return case.cause("seeded_start", "The weights begin at random numbers with a fixed seed, and should "
                                  "begin at 0, where all tokens are equally probable.", "Print the weights after one "
                                  "step with `learning_rate=1e-9`: they should be about 0.")  # fmt: skip
    return None
