"""Kinds of slips in walks: where they begin, how they end, how often what is drawn after what."""

from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor

from bigramlab.judge.causes.case import Case
from bigramlab.judge.causes.drawing import in_states
from bigramlab.judge.causes.draws import MORE
from bigramlab.judge.causes.settled import chain, mlp_of, transformer_of
from bigramlab.judge.recording import Call
from bigramlab.laws.law import Stopped, hoeffding
from bigramlab.mistakes import Mistake

__all__ = ["walked"]

Walk = Callable[[Tensor, int], list[list[int]]]
MANY = 100
UNEVEN = torch.tensor([[0.3, 0.5, 0.15, 0.05], [0.35, 0.1, 0.5, 0.05], [0.25, 0.05, 0.1, 0.6], [0.55, 0.3, 0.1, 0.05]])


def _walks(case: Case) -> Walk | None:
    """Return what walks through a table so many times, as the learner's function does."""

    def vocabulary(table: Tensor) -> str:
        return "." + "".join(chr(ord("a") + i) if i < 26 else chr(0x4E00 + i) for i in range(len(table) - 1))

    def ids(words: Any, table: Tensor) -> list[list[int]]:
        letters = vocabulary(table)
        return [[letters.index(letter) for letter in word] for word in words]

    def sample(table: Tensor, n: int) -> list[list[int]]:
        return [[int(id) for id in _call(case, table)] for _ in range(n)]

    models: dict[str, Callable[[Tensor], Any]] = {
        "sample_words": lambda table: table,
        "generate_words": lambda table: lambda contexts: table[contexts[:, -1]],
        "sample_mlp_words": mlp_of,
        "sample_transformer_words": transformer_of,
    }

    def write(table: Tensor, n: int) -> list[list[int]]:
        return ids(_call(case, models[case.name](table), vocabulary(table), n), table)

    return write if case.name in models else sample if case.name == "sample" else None


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
    if case.name == "sample" and all(isinstance(one.returned, Tensor) and not len(one.returned) for one in case.calls):
        return case.cause("loop_never_begins", "The result is always empty: the loop ends before the first draw, as "
                          "`while ix != 0` does where `ix` begins at 0.", "Print something inside of the loop.")  # fmt: skip
    with in_states(7, 7):
        for kind in (
            _so_many_tokens,
            _one_way,
            _going_on,
            _one_number_for_all_steps,
            _short_ones_missing,
            _drawn_otherwise,
            _all_alike,
            _cut_off,
        ):
            try:
                if found := kind(case, walk):
                    return found
            except Exception:  # a walk that fails tells nothing here
                continue
    return None


def _one_way(case: Case, walk: Walk) -> Mistake | None:
    """Walk where there is only one way."""
    way = [2, 1, 4, 3]
    found, *others = [one for n in (1, 1, 3) for one in walk(chain(*way), n)]
    if any(other != found for other in others):  # something else is drawn, such as where it begins
        return None
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


def _going_on(case: Case, walk: Walk) -> Mistake | None:
    """Write several words where there is only one way: from its last letter, each further one would end at once."""
    way = [2, 1, 4, 3]
    if case.name == "sample" or walk(chain(*way), 3) != [way, [], []]:
        return None
    return case.cause("goes_on_from_the_last_letter", "Only the first word begins after \".\": each other one goes on where the word "
                      "before it has ended, at its last letter. Begin each at 0.", "Give it a table with one possible word, "
                      "and ask for three: two are empty.")  # fmt: skip


def _so_many_tokens(case: Case, walk: Walk) -> Mistake | None:
    """Ask for so many words, where there is only one way, and see whether so many tokens come."""
    if case.name == "sample":
        return None
    way = [2, 1, 4, 3, 0]
    for n in (7, 12):
        drawn = [id for ids in walk(chain(*way[:-1]), n) for id in (*ids, 0)]
        if drawn[:n] != [way[place % len(way)] for place in range(n)] or not n <= len(drawn) <= n + 1:
            return None
    return case.cause("n_tokens_for_n_words", "It draws n tokens in all, and should draw until there are n words.",
                      "Ask for 7 words of four letters: two come, of which the second is cut off.")  # fmt: skip


def _short_ones_missing(case: Case, walk: Walk) -> Mistake | None:
    """Look for the shortest of many walks: if they differ, some should be empty, and some of one letter."""
    case.guard.hangs = 0  # where all walks are short, it never returns
    ways = [tuple(ids) for _ in range(3) for ids in walk(UNEVEN, MANY)]
    least = min(len(ids) - (case.name == "sample") for ids in ways)
    if least < 2 or len({*ways}) < MANY / 2 or len({*map(len, ways)}) < 4:
        return None
    return case.cause("short_walks_thrown_away", f"No walk has fewer than {least} letters: shorter ones are thrown away and "
                      "drawn again, or go on, so they come too seldom, and where there are no others, it never ends.",
                      "Give it a table that lets \".\" follow \".\" always: the one walk there is has no letter.")  # fmt: skip


def _all_alike(case: Case, walk: Walk) -> Mistake | None:
    """Draw many, several times."""
    if case.name == "sample":
        return None
    drawn = [[tuple(one) for one in walk(torch.full((4, 4), 0.25), 20)] for _ in range(5)]
    halves = [(walks[: len(walks) // 2], walks[len(walks) // 2 :]) for walks in drawn]
    if all(len({*first}) > 1 and first == second for first, second in halves):
        return case.cause("words_repeated", "The list is half as many words, twice: each should be drawn for itself.",
                          "Print 20 of its words: the last ten are the first ten.")  # fmt: skip
    uneven = [[tuple(one) for one in walk(UNEVEN, 20)] for _ in range(5)]  # a third of them are empty
    if all(len({*walks}) == 20 for walks in uneven):
        return case.cause("no_word_twice", "No word comes twice: one that is there already is drawn again, so frequent words come "
                          "too seldom.", "Print 100 of its words, and how many of them differ.")  # fmt: skip
    lengths = [[*map(len, walks)] for walks in uneven]
    if all(one[0] < one[-1] and one == sorted(one) for one in lengths):
        return case.cause("sorted_by_length", "The words come sorted by their length, the shortest first, and should come as they "
                          "are drawn.", "Print 20 of its words.")  # fmt: skip
    if all(len(walks) > 1 and len({*walks}) == 1 for walks in drawn) and len({walks[0] for walks in drawn}) > 1:
        return case.cause("one_word_repeated", "One word is drawn and repeated n times, and should be drawn n times.",
                          "Print the set of 20 of its words: it has one.")  # fmt: skip
    return None


def _cut_off(case: Case, walk: Walk) -> Mistake | None:
    """Walk a long way."""
    tokens = 260
    way, other = ([by * step % tokens for step in range(1, tokens)] for by in (7, 11))  # nobody comes so by chance
    (found,), (besides,) = (walk(chain(*one, tokens=tokens), 1) for one in (way, other))
    if found and len(found) != len(besides):
        if found[-1:] == besides[-1:] == [tokens - 1]:
            return case.cause("ended_at_the_last_token", "The walk ends where the last token is drawn, and should end where "
                              "0 is.", "Give it a table with one possible walk, such as 0, 2, 1, 0.")  # fmt: skip
        return None
    if found[:-1] == way[: len(found) - 1] and found[-1:] == [0] and 1 < len(found) < tokens:
        return case.cause("ended_by_force", f"A walk longer than {len(found) - 1} steps gets a 0 at its end by force.",
                          "Give it a table in which \".\" is improbable: no walk is longer.")  # fmt: skip
    if found == way[: len(found)] and 1 < len(found) < tokens - 1:
        return case.cause("cut_off", f"The walk is cut off after {len(found)} steps, whether it has come to \".\" or not.",
                          "Give it a table in which \".\" is improbable: no walk is longer.")  # fmt: skip
    return None


def _thinned(table: Tensor) -> Tensor:
    """Return what comes of a fresh random number for each token, compared with the sum of the shares up to it."""
    sums = table.cumsum(1)
    left = torch.cat([torch.ones(len(table), 1), (1 - sums).clamp(min=0).cumprod(1)[:, :-1]], 1)
    return sums.clamp(max=1) * left


def _without_sum(table: Tensor) -> Tensor:
    """Return what comes of one random number, compared with each share alone; the last takes what is left."""
    largest = table.cummax(1).values
    before = torch.cat([torch.zeros(len(table), 1), largest[:, :-1]], 1)
    drawn = largest - before
    drawn[:, -1] += 1 - largest[:, -1]
    return drawn


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
         "what the current token is.", "Let one step be possible after each token: it takes other steps."),
        ("never_leaves_row_0", table[:1].expand_as(table), "Every token is drawn from row 0: the current token is never set to what was drawn.",
         "Let one step be possible after each token: it takes other steps."),
        ("probabilities_squared", table**2 / (table**2).sum(1, keepdim=True), "The probabilities are squared, as by a temperature of 1/2, so what is probable comes "
         "even more often.", "Give it a row of 0.75 and 0.25 and draw a thousand times."),
        ("probabilities_flattened", table**0.5 / (table**0.5).sum(1, keepdim=True), "The probabilities are flattened, as by a temperature of 2.", "Give it a row of 0.9 and 0.1 "
         "and draw a thousand times."),
        ("softmax_of_probabilities", table.softmax(1), "It draws as if softmax were taken of the probabilities: shares of shares, and nearly all equal. Gumbel noise does so, too, if it is added to the probabilities and not to their logs.", "Draw 20 times from a row of 1 and 0: the 0 comes, too."),
        ("rows_and_columns_swapped", table.T / table.T.sum(1, keepdim=True), "The next token is drawn from the current one's column, and should be from its row.",
         "Let one step be possible after each token: it takes other steps."),
        ("empty_walks_forbidden", _row_0(table, torch.cat([torch.zeros(1), table[0, 1:] / table[0, 1:].sum()])), "A walk that ends at once never comes: it is thrown away, or 0 can't be drawn first.",
         "Give it a table whose first row gives 0 half of all: half of the walks should be empty."),
        ("first_token_drawn_evenly", _row_0(table, uniform[0]), "The first token is drawn evenly, and should be from row 0.", "Give it a table in which only one token begins a word."),
        ("first_letter_drawn_evenly", _row_0(table, torch.cat([torch.zeros(1), torch.full((rows - 1,), 1 / (rows - 1))])), "The first token is drawn evenly from the letters, and should be from row 0.", "Give it a table in which only one token begins a word."),
        ("first_token_not_drawn", _row_0(table, torch.nn.functional.one_hot(table[0].argmax(), rows).float()), "The first token is always the most probable one, and only the others are drawn.", "Sample a hundred walks: all begin with the same token."),
        ("only_the_first_token_drawn", _row_0(torch.nn.functional.one_hot(table.argmax(1), rows).float(), table[0]), "Only the first token is drawn: after it, the most probable one is always taken (`argmax`).", "Sample a hundred walks: those that begin alike are the same."),
        ("only_the_two_likeliest_drawn", _likeliest(table, 2), "Only the two most probable tokens are ever drawn.", "Give it a row of 0.5, 0.3 and 0.2: the third never comes."),
        ("only_the_three_likeliest_drawn", _likeliest(table, 3), "Only the three most probable tokens are ever drawn.", "Give it a row of four: the least probable never comes."),
        ("fresh_number_for_each_token", _thinned(table), "The running sum is compared with a fresh random number for each token, which favors early ones: one number has to decide.", "Give it a row of 0.25 four times: they don't come equally often."),
        ("compared_without_a_running_sum", _without_sum(table), "The random number is compared with each probability by itself, and should be with the sum of those up to it.", "Give it a row of 0.25 four times: the last comes far too often."),
        ("probabilities_cubed", table**3 / (table**3).sum(1, keepdim=True), "The probabilities are raised to the power of 3, as by a low temperature.", "Give it a row of 0.75 and 0.25 and draw a thousand times."),
        ("place_one_too_large", table.roll(1, 1), "What is drawn is one place too far: + 1 is added to what `searchsorted`, or the loop, finds.", "Let one step be possible after each token: it takes the one beside it."),
        ("place_one_too_small", torch.cat([table[:, :2].sum(1, keepdim=True), table[:, 2:], torch.zeros(rows, 1)], 1), "What is drawn is one place too early: 1 is taken off what `searchsorted`, or the loop, finds.", "Let one step be possible after each token: it takes the one beside it."),
        ("row_before_drawn_from", table.roll(1, 0), "The row before the current token's is drawn from: ids are off by one.", "Give it a table in which one step is possible in each row."),
        ("row_after_drawn_from", table.roll(-1, 0), "The row after the current token's is drawn from: ids are off by one.", "Give it a table in which one step is possible in each row."),
        ("rows_taken_from_the_end", table.flip(0), "The rows are taken from the last to the first.", "Give it a table in which one step is possible in each row."),
    ]  # fmt: skip


def _one_number_for_all_steps(case: Case, walk: Walk) -> Mistake | None:
    """Look at walks in which one number for all steps would lead from 1 to 2 each time, and from 2 back to 0.

    The likeliest token is another one after 1.
    """
    quarters = torch.tensor([[0.25, 0.25, 0.25, 0.25], [0.2, 0, 0.3, 0.5], [0.75, 0, 0, 0.25], [1.0, 0, 0, 0]])
    walks = [walk for walk in walk(quarters, MANY) if walk]
    begun = [walk for walk in walks if walk[0] in (1, 2)]
    back = all(walk[1:] in ([2], [2, 0]) if walk[0] == 1 else walk[1:] in ([], [0]) for walk in begun)
    if len({walk[0] for walk in walks}) < 3 or len(begun) < MANY / 4 or not back:
        return None
    return case.cause("one_number_for_all_steps", "One random number is drawn for the whole walk, and compared with each row: each "
                      "step needs one of its own.", "Give it rows of 1/2 and 1/2, and print ten walks: after its first "
                      "step, none turns.")  # fmt: skip


def _drawn_otherwise(case: Case, walk: Walk) -> Mistake | None:
    """Count what comes after what, in many walks, and compare with other tables."""
    table = UNEVEN
    case.guard.hangs = 0
    counts: Counter[tuple[int, int]] = Counter()
    for ids in (ids for _ in range(6) for ids in walk(table, 50)):  # a slow one has to return in time
        if case.name == "sample" and 0 in ids[:-1]:
            return None  # it is no walk
        steps = [0, *ids] if case.name == "sample" else [0, *ids, 0]
        counts.update(pairwise(steps))
    found = torch.zeros(4, 4)
    for (current, following), n in counts.items():
        if current < 4 and following < 4:
            found[current, following] = n
    fitting = [row for row in _tables(table) if _fits(found, row[1]) and not bool(found[row[1] == 0].any())]
    if not fitting:
        return None
    likeliest = max(fitting, key=lambda row: _log_of(found, row[1]))
    if _fits(found, table) and _log_of(found, likeliest[1]) < _log_of(found, table) + MORE:
        return None
    name, _, wrong, seen = likeliest
    if name == "never_leaves_row_0" and case.name not in ("sample", "sample_words"):
        wrong = "The model is asked for the same context each time: what was drawn never comes into it."
    return case.cause(name, wrong, seen)


def _log_of(found: Tensor, table: Tensor) -> float:
    return float(torch.xlogy(found, table).sum())


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
