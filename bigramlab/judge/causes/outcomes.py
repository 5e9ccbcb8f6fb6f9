"""Kinds of slips in splits, batches and training: known by what all results have in common.

What is drawn at random differs from run to run, and from one right function to another. These tests ask only for what
every right function gives. Each gets the case and tells whether the slip shows in all the calls that were made.
"""

import math
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import torch

from bigramlab.judge.causes.case import Case, holds
from bigramlab.judge.causes.likeness import alike
from bigramlab.judge.causes.variation import bound
from bigramlab.judge.recording import Call
from bigramlab.laws.strategies import small
from bigramlab.lessons.generating import score_contexts
from bigramlab.lessons.mlp import mlp_probs
from bigramlab.lessons.neural_bigram import train_neural_bigram
from bigramlab.lessons.optimizing import Recipe
from bigramlab.mistakes import Mistake

__all__ = ["outcome"]

Test = Callable[[Case], bool]
Row = tuple[str, Test, str, str]


def _given(case: Case, call: Call) -> dict[str, Any]:
    return bound(case.name, call.arguments, call.options)


def _in_all(holds: Callable[[Any, dict[str, Any]], bool | None]) -> Test:
    """Make a test: it holds in every call to which it applies (it gives None for the others), and in one at least."""

    def test(case: Case) -> bool:
        told = [holds(call.returned, _given(case, call)) for call in case.calls if not call.raised]
        applied = [one for one in told if one is not None]
        return bool(applied) and all(applied)

    return test


def _in_one(holds: Callable[[Any, dict[str, Any]], bool | None]) -> Test:
    """Make a test: it holds in some call, and in none of our function's."""

    def test(case: Case) -> bool:
        return any(
            not call.raised and not ours.raised and holds(call.returned, _given(case, call))
            and not holds(ours.returned, _given(case, call))
            for call, ours in zip(case.calls, case.ours, strict=True)
        )  # fmt: skip

    return test


def _flat(lists: Any) -> list[str]:
    return [word for one in lists for word in one]


def _copies_apart(lists: Any, given: dict[str, Any]) -> bool:
    places = Counter(word for one in lists for word in {*one})
    return len(given["words"]) == len(_flat(lists)) and any(n > 1 for n in places.values())


def _sizes(lists: Any, given: dict[str, Any], shares: tuple[float, float]) -> bool | None:
    n, fractions = len(given["words"]), tuple(given["fractions"])
    if len(fractions) != 3 or n < 5 or abs(fractions[0] - shares[0]) < 0.05:
        return None
    return len(lists) == 3 and abs(len(lists[0]) - shares[0] * n) <= 1 and abs(len(lists[2]) - shares[1] * n) <= 1


def _cut_by_distinct(lists: Any, given: dict[str, Any]) -> bool | None:
    """Tell whether the fractions are those of the distinct words, where those of all words would be others."""
    words, distinct = [*given["words"]], {*given["words"]}
    known = [len({*one}) for one in lists]
    if len(words) < 2 * len(distinct) or sum(known) != len(distinct) or len(_flat(lists)) != len(words):
        return None
    return all(abs(n - share * len(distinct)) <= 1 for n, share in zip(known, given["fractions"], strict=True))


SPLITS: list[Row] = [
    ("words_shuffled_in_place", lambda case: any(call.changed() for call in case.calls), "The caller's own list is shuffled: it should be left as it "
     "was.", "Print the list that you gave, afterwards: its order has changed. `words = list(words)` makes a copy first."),
    ("not_shuffled", _in_all(lambda lists, given: _flat(lists) == [*given["words"]] if len({*given["words"]}) > 3 else None), "Nothing is shuffled: the lists "
     "are pieces of the given one, so if that is sorted, or the most common come first, they differ in kind.", "Give it the words in their order, and print the first list."),
    ("copies_dropped", _in_all(lambda lists, given: len(_flat(lists)) == len({*given["words"]}) if len({*given["words"]}) < len(given["words"]) else None),
     "The copies of a word are dropped, so a common name counts no more than a rare one.", "Print the sum of the lists' lengths: it is less than there are words."),
    ("copies_in_several_lists", _in_one(_copies_apart), "Copies of a word stand in several lists, as where lines are shuffled and cut anywhere: what is tested was seen in training.", "Give it a "
     "word ten times: it stands in several lists."),
    ("lists_overlap", _in_one(lambda lists, given: len(_flat(lists)) > len(given["words"])), "The lists overlap: some words stand in two of them.", "Print the sum of the "
     "lists' lengths: it is more than there are words."),
    ("cut_by_distinct_words", _in_all(_cut_by_distinct), "The fractions are those of the distinct words: a word that comes twenty times counts once for the size of its list.", "Give it one word "
     "twenty times among others that come once: the lists' sizes are far from the fractions."),
    ("words_lost", _in_one(lambda lists, given: len(_flat(lists)) < len(given["words"])), "Some words are in none of the lists: the sizes are rounded down, or a slice ends too early.",
     "Print the sum of the lists' lengths: it is less than there are words."),
    *((f"fractions_typed_in_{a:g}", _in_all(partial(_sizes, shares=(a, b))), f"The fractions are typed in, {a:g} first, and those that are given are not used.",
       "Give it other fractions: the lists have the same lengths.") for a, b in [(0.8, 0.1), (0.9, 0.05), (0.7, 0.15), (0.6, 0.2), (0.5, 0.25)]),
]  # fmt: skip


def _batches(found: Any, given: dict[str, Any], rounds: int = 1) -> tuple[list[list[int]], int, int] | None:
    """Return the batches of the first round, as lists, with n and how many there should be."""
    n, size = given["n"], given["batch_size"]
    due = math.ceil(n / size)
    if not isinstance(found, list) or due * rounds > len(found) or n < 2:
        return None
    return [[int(id) for id in batch] for batch in found[: due * rounds]], n, due


def _round(tell: Callable[[list[int], int], bool], least: int = 2) -> Test:
    def holds(found: Any, given: dict[str, Any]) -> bool | None:
        batches = _batches(found, given)
        return (
            None
            if batches is None or batches[1] < least
            else tell([id for batch in batches[0] for id in batch], batches[1])
        )

    return _in_all(holds)


def _same_rounds(found: Any, given: dict[str, Any]) -> bool | None:
    batches = _batches(found, given, 2)
    if batches is None or batches[1] < 6:
        return None
    some, _, due = batches
    return some[:due] == some[due:]


def _turned_rounds(found: Any, given: dict[str, Any]) -> bool | None:
    batches = _batches(found, given, 2)
    if batches is None or batches[1] < 6:
        return None
    some, _, due = batches
    first, second = ([id for batch in one for id in batch] for one in (some[:due], some[due : 2 * due]))
    return first == second[::-1]


def _repeats(found: Any, given: dict[str, Any]) -> bool:
    batches = _batches(found, given)
    return batches is not None and any(n > 1 for n in Counter(id for batch in batches[0] for id in batch).values())


def _batch_sizes(found: Any, given: dict[str, Any]) -> tuple[list[list[int]], int, int] | None:
    """Return the batches, n and the size; None where each batch has all numbers, or they all have one size."""
    n, size = given["n"], given["batch_size"]
    if not found or size >= n or n % size == 0:
        return None
    return [[int(id) for id in batch] for batch in found], n, size


def _dropped(found: Any, given: dict[str, Any]) -> bool | None:
    """All batches are full, and in as many as a round has of them, no number comes twice."""
    if (told := _batch_sizes(found, given)) is None:
        return None
    batches, n, size = told
    return all(len(batch) == size for batch in batches) and not _repeats(found, given | {"n": n - n % size})


def _dropped_in_order(found: Any, given: dict[str, Any]) -> bool | None:
    """All batches are full, and each round goes up from 0, without what is left at its end."""
    if (told := _batch_sizes(found, given)) is None:
        return None
    batches, n, size = told
    one_round = [[*range(start, start + size)] for start in range(0, n - size + 1, size)]
    return batches == [one_round[i % len(one_round)] for i in range(len(batches))]


def _same_rounds_of_a_generator(found: Any, given: dict[str, Any]) -> bool | None:
    return None if given["generator"] is None else _same_rounds(found, given)


def _filled_up(found: Any, given: dict[str, Any]) -> bool | None:
    """All batches are full, and each round has all numbers: where a batch is dropped, one round may have them by chance."""
    if (told := _batch_sizes(found, given)) is None:
        return None
    batches, n, size = told
    due = math.ceil(n / size)
    rounds = [batches[start : start + due] for start in range(0, len(batches) - due + 1, due)]
    seen = [{id for batch in one for id in batch} for one in rounds]
    full = all(len(batch) == size for batch in batches) and all(one == {*range(n)} for one in seen)
    return full if len(rounds) > 1 or not full else None


def _run_on(found: Any, given: dict[str, Any]) -> bool | None:
    """All batches are full, and the numbers come in rounds all the same, which end within a batch."""
    if not found or given["n"] % given["batch_size"] == 0:
        return None
    ids = [int(id) for batch in found for id in batch]
    rounds = [ids[start : start + given["n"]] for start in range(0, len(ids) - given["n"] + 1, given["n"])]
    return all(len(batch) == given["batch_size"] for batch in found) and all(
        sorted(one) == [*range(given["n"])] for one in rounds
    )


def _each_batch(tell: Callable[[list[int]], bool]) -> Test:
    def holds(found: Any, given: dict[str, Any]) -> bool | None:
        batches = [[int(id) for id in batch] for batch in found or []]
        return all(map(tell, batches)) if any(len(batch) > 2 for batch in batches) else None

    return _in_all(holds)


def _cut_into(found: Any, given: dict[str, Any]) -> bool | None:
    sizes = {max(1, given["n"] // given["batch_size"]), math.ceil(given["n"] / given["batch_size"])}
    return len(found[0]) in sizes if found and min(given["n"], given["batch_size"]) not in sizes else None


def _last_missing(found: Any, given: dict[str, Any]) -> bool | None:
    ids = [int(id) for batch in found or [] for id in batch]
    return max(ids) == given["n"] - 2 if given["n"] > 2 and len(ids) > 4 * given["n"] else None


BATCHES: list[Row] = [
    ("size_for_number", _in_all(_cut_into), "`batch_size` is taken for the number of batches.", "Take n = 6 and a `batch_size` of 2: the batches have 3."),
    ("batch_empty", _in_one(lambda found, given: any(not len(batch) for batch in found or [])), "A batch is empty: a round ends one batch too late.", "Take n = 4 and batches of 2: some are empty."),
    ("not_shuffled_and_dropped", _in_all(_dropped_in_order), "Nothing is shuffled, and the last batch of a round, which is smaller, is dropped.", "Print the batches of two rounds: they are the same, and the last numbers are missing."),
    ("batches_of_neighbors", _each_batch(lambda batch: batch == [*range(batch[0], batch[0] + len(batch))] if batch else True), "Each batch is a block of neighbors, and only the order of the blocks is drawn.", "Print the first batch: its numbers follow each other."),
    ("batches_sorted", _each_batch(lambda batch: batch == sorted(batch)), "The numbers of each batch are sorted.", "Print the first batch: it goes up."),
    ("last_number_never", _in_all(_last_missing), "The last number never comes: the numbers end at n - 2.", "Print the largest number of many batches."),
    ("rounds_run_on", _in_all(_run_on), "The last batch of a round is filled up with the first numbers of the next round, and should be smaller.", "Take n = 3 and batches of 2: each has two, and each third number is of another round."),
    ("short_batch_filled_up", _in_all(_filled_up), "The last batch of a round is filled up with numbers that came before, and should be smaller.", "Take n = 3 and batches of 2: a number comes twice in a round."),
    ("counted_from_1", _in_one(lambda found, given: any(int(id) >= given["n"] for batch in found for id in batch)), "The numbers run from 1 to n, and should run from 0 to n - 1: the last is no place.", "Print the largest number: it is n."),
    ("not_shuffled", _round(lambda ids, n: ids == [*range(n)], least=4), "Nothing is shuffled: the numbers come in order.", "Print the first batch: it is 0, 1, 2 …"),
    ("one_order_for_all_rounds", _in_all(_same_rounds), "One order is used for all rounds: `randperm` stands before the loop, or a seed is set in it.", "Print two rounds: they are equal."),
    ("generator_set_back", _in_all(_same_rounds_of_a_generator), "The generator that is given is set back or seeded before each round, so all rounds have one order.", "Print two rounds: they are equal. Leave out `manual_seed` and `set_state`."),
    ("rounds_turned_around", _in_all(_turned_rounds), "A round has the order of the one before, turned around, and should have one of its own.", "Print two rounds: the second is the first, read from its end."),
    ("one_round_only", _in_one(lambda found, given: len(found) <= math.ceil(given["n"] / given["batch_size"]) < 12), "It ends after one round, and should go on for as long as it is asked.", "Take one more batch than there are in a round."),
    ("short_batch_dropped", _in_all(_dropped),
     "The last batch of a round, which is smaller, is dropped, so some examples are left out.", "Take n = 3 and batches of 2: one number is missing."),
    ("drawn_with_replacement", _in_one(_repeats), "Each batch is drawn from all numbers, so within a round some come twice and some not at all.", "Print the batches of one round: a number comes twice."),
]  # fmt: skip


def _trained(tell: Callable[[Any, dict[str, Any]], bool]) -> Test:
    return _in_all(lambda found, given: tell(found, given))


def _scored(tell: Callable[[Any, list[float], Callable[[Any, Any], float], dict[str, Any]], bool | None]) -> Test:
    """Make a test of trainings with held-back examples: it gets their losses, and what scores a network."""

    def score(network: Any, examples: Any) -> float:
        return score_contexts(partial(mlp_probs, network), *examples)

    def holds(found: Any, given: dict[str, Any]) -> bool | None:
        scores = [loss for _, loss in found.dev_losses] if given["dev"] else []
        return tell(found, scores, score, given) if scores else None

    return _in_all(holds)


def _exchanged(found: Any, scores: list[float], score: Any, given: dict[str, Any]) -> bool | None:
    best, last = score(found.parameters, given["dev"]), score(found.best, given["dev"])
    told = _near(best, min(scores)) and _near(last, scores[-1])
    return None if _near(best, last) else told


def _scored_on_training(found: Any, scores: list[float], score: Any, given: dict[str, Any]) -> bool | None:
    known = score(found.parameters, (given["contexts"], given["targets"]))
    return None if _near(known, score(found.parameters, given["dev"])) else _near(known, scores[-1])


def _near(one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=1e-4)


def _one_batch_only(case: Case) -> bool:
    """Tell whether a network that stays as it was has the same loss at each step, though no two examples have."""
    recipe = Recipe(steps=8, batch_size=1, learning_rate=1e-9, warm_up=0.0, weight_decay=0.0, dropout=())
    arguments = small(), torch.tensor([[0, 0], [0, 1], [1, 2]]), torch.tensor([1, 2, 0]), recipe
    training: Any = Call(case.function, case.guard, arguments, {"progress": False}).returned
    losses = training.losses
    return len(losses) == recipe.steps and max(losses) - min(losses) < 1e-5


TRAINING: list[Row] = [
    ("losses_and_dev_losses_exchanged", _in_one(lambda found, given: given["dev"] is not None and isinstance(found[2][0], tuple)), "The losses of the steps and those on the dev examples are exchanged.", "Print `losses`: it has pairs."),
    ("parameters_and_best_exchanged", _scored(_exchanged), "The parameters of the last step and the best ones are exchanged.", "Score both on the dev examples: `best` should have the lowest loss."),
    ("dev_losses_of_training", _scored(_scored_on_training), "What should be the loss on the dev examples is that on the training ones.", "Score the last parameters on the dev examples, and print the last of `dev_losses`."),
    ("dev_steps_one_too_few", _scored(lambda found, scores, score, given: found.dev_losses[-1][0] == given["recipe"].steps - 1), "The steps in `dev_losses` are counted from 0, and should tell how many were done.", "Print the last of `dev_losses`: its step should be `recipe.steps`."),
    ("one_batch_only", _one_batch_only, "Each step takes the same batch: `next(iter(…))` begins anew each time, or it is taken before the loop.", "Print the batch at each step."),
    ("never_trained", _trained(lambda found, given: alike(tuple(found[0]), tuple(given["parameters"]))), "What comes back are the parameters that were given: the trained ones are lost, or no step is taken.", "Compare the first matrix before and after."),
    ("another_number_of_steps", _in_one(lambda found, given: len(found.losses) != given["recipe"].steps), "It notes another number of losses than the recipe has steps, and should note one at each.", "Print `len(losses)` and `recipe.steps`."),
    ("dev_never_scored", _in_one(lambda found, given: given["dev"] is not None and not found.dev_losses), "The dev examples are never scored.", "Print `dev_losses`: it is empty."),
]  # fmt: skip


NEURAL: list[Row] = [
    ("stopped_early", _in_one(lambda found, given: len(found[1]) < given["steps"] and alike(*_as_far(found, given))), "It stops before all of its steps are made, "
     "as where the loss hardly falls any more.", "Print `len(losses)` for several `steps`: it is less than them."),
]  # fmt: skip


def _as_far(found: Any, given: dict[str, Any]) -> tuple[Any, Any]:
    """Return what it gives, and what so many steps give."""
    return found, train_neural_bigram(**given | {"steps": len(found[1])})


def outcome(case: Case) -> Mistake | None:
    """Return the slip that the results of the function have in common."""
    case.guard.hangs = 0
    rows = {"split_words": SPLITS, "minibatches": BATCHES, "train_mlp": TRAINING, "train_neural_bigram": NEURAL}.get(
        case.name, []
    )
    for name, test, wrong, seen in rows:
        if holds(partial(test, case)):
            return case.cause(name, wrong, seen)
    return None
