# ruff: noqa: E501 (a slip to a line: what it does, and what it is called)
"""Kinds of slips in what draws at random: known by what changes when generators are in other states.

Two right functions may draw in two ways, so calls can't be compared one by one with ours. These ask instead: what
decides the result? And of walks: where do they begin, how do they end, how often is what drawn after what?
"""

import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice, pairwise
from typing import Any

import torch
from torch import Tensor

from bigramlab.judge.causes.code_reading import globals_read, names_used
from bigramlab.judge.causes.kinds import Case
from bigramlab.judge.causes.likeness import alike
from bigramlab.judge.causes.settled import chain
from bigramlab.judge.recording import Call
from bigramlab.laws.law import Stopped, hoeffding
from bigramlab.mistakes import Mistake

__all__ = ["drawn_by", "start_at_random", "walked"]

STATES = 5
SECONDS = 0.8
SEEDING = {"manual_seed", "Generator", "seed", "default_rng", "RandomState", "Random", "initial_seed", "set_state"}
AT_THE_START = {"steps": 1, "learning_rate": 1e-9}


@contextmanager
def _states(torchs: int, others: int) -> Iterator[None]:
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
        with _states(torchs, others):
            return function(*arguments, **options)

    return call.again(in_these_states, case.guard)


def _changes(case: Case, call: Call, function: Callable[..., Any], what: str) -> bool:
    """Tell whether the result changes with the state of the given generator, of torch's own, or of the others."""
    first = None
    for state in range(STATES):
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
    end = time.thread_time() + SECONDS
    tried = [*islice((call for call in calls if time.thread_time() < end and _changes(case, call, ours, "own")), 2)]
    if not tried:
        return None
    if any(_changes(case, call, found, "nothing") for call in tried):
        return _own_generator(case)
    own = any(_changes(case, call, found, "own") for call in tried)
    torchs = any(_changes(case, call, found, "torch") for call in tried)
    others = any(_changes(case, call, found, "others") for call in tried)
    none = any(_changes(case, call, found, "none") for call in tried)
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
    if not own and not none:
        if names & SEEDING:
            return case.cause("seeded_inside", "A generator is made or seeded inside, so every call gives the same, "
                              "whatever generator is given.", "Call it ten times: the results are the same.")  # fmt: skip
        if all(alike(_once(case, call, found, 1, 1, 1).returned, _once(case, call, found, 2, 2, 2).returned)
               for call in calls[:20]):  # fmt: skip
            return case.cause("nothing_drawn", "Nothing is drawn at random: whatever the generators' states, the result "
                              "is the same.", "Call it ten times: the results are the same.")  # fmt: skip
    if own and not none:
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
    for call in [call for call in case.calls if not call.raised][:6]:
        if case.name != "train_neural_bigram" and any(
            _changes(case, call, case.function, what) for what in ("torch", "others")
        ):
            return case.cause("drawn_at_random", "Something in it is drawn at random, and nothing should be: the same "
                              "call gives something else each time, unless a seed is set.", "Call it twice: the results "
                              "differ. Look for `rand`, `shuffle`, `dropout` or `multinomial`.")  # fmt: skip
    return None


def _ours(case: Case) -> Callable[..., Any]:
    from bigramlab.laws import ours_for

    return ours_for(case.name)


def _moved(case: Case, call: Call) -> bool:
    if not isinstance(call.options.get("generator"), torch.Generator):
        return True
    moved = []

    def watched(*arguments: Any, **options: Any) -> Any:
        generator = options["generator"] = torch.Generator().manual_seed(1)
        before = generator.get_state()
        try:
            return case.function(*arguments, **options)
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


Walk = Callable[[Tensor, int], list[list[int]]]


def _walks(case: Case) -> Walk | None:
    """Return what walks through a table so many times, as the learner's function does."""

    def vocabulary(table: Tensor) -> str:
        return "." + "".join(chr(ord("a") + i) if i < 26 else chr(0x4E00 + i) for i in range(len(table) - 1))

    def ids(words: Any, table: Tensor) -> list[list[int]]:
        letters = vocabulary(table)
        return [[letters.index(letter) for letter in word] for word in words]

    def sample(table: Tensor, n: int) -> list[list[int]]:
        return [[int(id) for id in _call(case, table)] for _ in range(n)]

    def sample_words(table: Tensor, n: int) -> list[list[int]]:
        return ids(_call(case, table, vocabulary(table), n), table)

    def generate_words(table: Tensor, n: int) -> list[list[int]]:
        return ids(_call(case, lambda contexts: table[contexts[:, -1]], vocabulary(table), n), table)

    return {"sample": sample, "sample_words": sample_words, "generate_words": generate_words}.get(case.name)


def _call(case: Case, *arguments: Any) -> Any:
    if case.guard.hangs:  # the rest would hang, too
        raise Stopped
    made = Call(case.function, case.guard, arguments, {})
    if made.raised:
        raise made.raised
    return made.returned


def walked(case: Case) -> Mistake | None:
    """Say how its walks differ: where they begin and end, or how often what is drawn after what."""
    walk = _walks(case)
    if walk is None:
        return None
    case.guard.hangs = 0
    with _states(7, 7):
        for kind in (_one_way, _drawn_otherwise, _cut_off):
            try:
                if found := kind(case, walk):
                    return found
            except Exception:  # a walk that fails tells nothing here
                continue
    return None


def _one_way(case: Case, walk: Walk) -> Mistake | None:
    """Walk where there is only one way."""
    way = [2, 1, 4, 3]
    (found,) = walk(chain(*way), 1)
    right = [*way, 0] if case.name == "sample" else way
    end = [0] if case.name == "sample" else []
    told = [
        (right[:-1] if end else [*way, 0], "final_boundary", "The 0 at the end is left out: the walk has it." if end else
         "The \".\" at the end is kept: it belongs to the walk and not to the word."),
        ([0, *right], "leading_boundary", "The 0 of the beginning stands in the result, and only what is drawn should."),
        ([0, *way, *([] if end else [0])], "boundaries_exchanged", "The 0 of the beginning is there, and not that of the end."),
        (way[1:] + end, "first_draw_left_out", "What is drawn first is left out."),
        ([1, 4, 3, *end], "begins_with_what_was_drawn", "What is drawn first is left out."),
        ([4, 3, *end], "begins_in_row_1", "The walk sets out from row 1, the first letter's: words begin where \".\" stands, in row 0."),
        ([3, 4, 1, 2, *end], "rows_and_columns_swapped", "The next token is drawn from the current one's column, and should be from its row."),
        (right[::-1], "reversed", "The walk is written from its end to its beginning."),
        ([1], "one_letter_too_early", "The ids are off by one when they are looked up."),
        ([i - 1 for i in way], "one_letter_too_early", "The ids are off by one when they are looked up: each letter is the one before the right one."),
        ([2, 0], "ends_after_one", "The walk ends after its first draw."),
        ([2], "ends_after_one", "Only the first draw comes: is the `return` inside the loop?"),
        (sorted(way) + end, "sorted", "The ids are sorted."),
    ]  # fmt: skip
    for result, name, wrong in told:
        if found == result and found != right:
            return case.cause(name, wrong, "Give it a table with one possible walk, such as 0, 2, 1, 0.")
    return None


def _cut_off(case: Case, walk: Walk) -> Mistake | None:
    """Walk a long way."""
    tokens = 260
    (found,) = walk(chain(*range(1, tokens), tokens=tokens), 1)
    if found[:-1] == list(range(1, len(found))) and found[-1:] == [0] and len(found) < tokens:
        return case.cause("ended_by_force", f"A walk longer than {len(found) - 1} steps gets a 0 at its end by force.",
                          "Give it a table in which \".\" is improbable: no walk is longer.")  # fmt: skip
    if found == list(range(1, len(found) + 1)) and 0 < len(found) < tokens - 1:
        return case.cause("cut_off", f"The walk is cut off after {len(found)} steps, whether it has come to \".\" or not.",
                          "Give it a table in which \".\" is improbable: no walk is longer.")  # fmt: skip
    return None


def _thinned(table: Tensor) -> Tensor:
    """Return what comes of a fresh random number for each token, compared with the sum of the shares up to it."""
    sums = table.cumsum(1)
    left = torch.cat([torch.ones(len(table), 1), (1 - sums).clamp(min=0).cumprod(1)[:, :-1]], 1)
    return sums.clamp(max=1) * left


def _row_0(table: Tensor, row: Tensor) -> Tensor:
    return torch.cat([row[None], table[1:]])


def _likeliest(table: Tensor, n: int) -> Tensor:
    kept = table * (table >= table.sort(1, descending=True).values[:, n - 1 : n])
    return kept / kept.sum(1, keepdim=True)


def _tables(table: Tensor) -> list[tuple[str, Tensor, str, str]]:
    """Return what may be drawn from in the place of the table."""
    rows = len(table)
    uniform = torch.full_like(table, 1 / rows)
    possible = (table > 0).float()
    return [
        ("likeliest_for_a_draw", torch.nn.functional.one_hot(table.argmax(1), rows).float(), "The most probable token is always "
         "taken (`argmax`), and should be drawn.", "Call it ten times: the results are the same."),
        ("possible_tokens_drawn_alike", possible / possible.sum(1, keepdim=True), "All tokens that are possible are drawn equally often, "
         "however probable each is.", "Give it a row of 0.9 and 0.1: both come equally often."),
        ("probabilities_not_looked_at", uniform, "All tokens are drawn equally often, the impossible ones too.", "Give it a table in which one "
         "step is possible in each row: it takes other steps."),
        ("whole_table_drawn_from", table.mean(0, keepdim=True).expand_as(table), "It draws from the whole table, or from the mean of its rows, so it doesn't matter "
         "what the current token is.", "Give it a table in which one step is possible in each row: it takes other steps."),
        ("never_leaves_row_0", table[:1].expand_as(table), "Every token is drawn from row 0: the current token is never set to what was drawn.",
         "Give it a table in which one step is possible in each row: it takes other steps."),
        ("probabilities_squared", table**2 / (table**2).sum(1, keepdim=True), "The probabilities are squared, as by a temperature of 1/2, so what is probable comes "
         "even more often.", "Give it a row of 0.75 and 0.25 and draw a thousand times."),
        ("probabilities_flattened", table**0.5 / (table**0.5).sum(1, keepdim=True), "The probabilities are flattened, as by a temperature of 2.", "Give it a row of 0.9 and 0.1 "
         "and draw a thousand times."),
        ("softmax_of_probabilities", table.softmax(1), "softmax is taken of probabilities: shares of shares, and nearly all equal.", "Print what `multinomial` gets for a row of 1 and 0."),
        ("rows_and_columns_swapped", table.T / table.T.sum(1, keepdim=True), "The next token is drawn from the current one's column, and should be from its row.",
         "Give it a table in which one step is possible in each row: it takes other steps."),
        ("empty_walks_forbidden", _row_0(table, torch.cat([torch.zeros(1), table[0, 1:] / table[0, 1:].sum()])), "A walk that ends at once never comes: it is thrown away, or 0 can't be drawn first.",
         "Give it a table whose first row gives 0 half of all: half of the walks should be empty."),
        ("first_token_drawn_evenly", _row_0(table, uniform[0]), "The first token is drawn evenly, and should be from row 0.", "Give it a table in which only one token begins a word."),
        ("first_letter_drawn_evenly", _row_0(table, torch.cat([torch.zeros(1), torch.full((rows - 1,), 1 / (rows - 1))])), "The first token is drawn evenly from the letters, and should be from row 0.", "Give it a table in which only one token begins a word."),
        ("first_token_not_drawn", _row_0(table, torch.nn.functional.one_hot(table[0].argmax(), rows).float()), "The first token is always the most probable one, and only the others are drawn.", "Sample a hundred walks: all begin with the same token."),
        ("only_the_two_likeliest_drawn", _likeliest(table, 2), "Only the two most probable tokens are ever drawn.", "Give it a row of 0.5, 0.3 and 0.2: the third never comes."),
        ("only_the_three_likeliest_drawn", _likeliest(table, 3), "Only the three most probable tokens are ever drawn.", "Give it a row of four: the least probable never comes."),
        ("fresh_number_for_each_token", _thinned(table), "The running sum is compared with a fresh random number for each token, which favors early ones: one number has to decide.", "Give it a row of 0.25 four times: they don't come equally often."),
        ("probabilities_cubed", table**3 / (table**3).sum(1, keepdim=True), "The probabilities are raised to the power of 3, as by a low temperature.", "Give it a row of 0.75 and 0.25 and draw a thousand times."),
        ("row_before_drawn_from", table.roll(1, 0), "The row before the current token's is drawn from: ids are off by one.", "Give it a table in which one step is possible in each row."),
        ("row_after_drawn_from", table.roll(-1, 0), "The row after the current token's is drawn from: ids are off by one.", "Give it a table in which one step is possible in each row."),
        ("rows_taken_from_the_end", table.flip(0), "The rows are taken from the last to the first.", "Give it a table in which one step is possible in each row."),
    ]  # fmt: skip


def _drawn_otherwise(case: Case, walk: Walk) -> Mistake | None:
    """Count what comes after what, in many walks, and compare with other tables."""
    table = torch.tensor(
        [[0.3, 0.5, 0.15, 0.05], [0.35, 0.1, 0.5, 0.05], [0.25, 0.05, 0.1, 0.6], [0.55, 0.3, 0.1, 0.05]]
    )
    case.guard.hangs = 0
    counts: Counter[tuple[int, int]] = Counter()
    for ids in walk(table, 300):
        steps = [0, *ids] if case.name == "sample" else [0, *ids, 0]
        counts.update(pairwise(steps))
    found = torch.zeros(4, 4)
    for (current, following), n in counts.items():
        if current < 4 and following < 4:
            found[current, following] = n
    if _fits(found, table):
        return None
    fitting = [row for row in _tables(table) if _fits(found, row[1])]
    if not fitting:
        return None
    name, _, wrong, seen = max(fitting, key=lambda row: float(torch.xlogy(found, row[1]).sum()))
    return case.cause(name, wrong, seen)


def _fits(found: Tensor, table: Tensor) -> bool:
    """Tell whether the counts may be draws from the rows of the table."""
    rows = [row for row in range(len(found)) if found[row].sum() >= 40]
    if not rows:
        return False
    off = [
        ((found[row] / found[row].sum() - table[row]).abs().max() / (hoeffding(int(found[row].sum())) * 0.6)).item()
        for row in rows
    ]
    return max(off) < 1
