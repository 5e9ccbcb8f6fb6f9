"""Kinds of slips in splits, batches, networks and training: known by what all results have in common.

What is drawn at random differs from run to run, and from one right function to another. These tests ask only for what
every right function gives. Each gets the case and tells whether the slip shows in all the calls that were made.
"""

import math
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor

from bigramlab.judge.causes.case import Case
from bigramlab.judge.causes.likeness import alike
from bigramlab.judge.causes.variation import bound
from bigramlab.judge.recording import Call
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


SPLITS: list[Row] = [
    ("words_shuffled_in_place", lambda case: any(call.changed() for call in case.calls), "The caller's own list is shuffled: it should be left as it "
     "was.", "Print the list that you gave, afterwards: its order has changed. `words = list(words)` makes a copy first."),
    ("not_shuffled", _in_all(lambda lists, given: _flat(lists) == [*given["words"]] if len({*given["words"]}) > 3 else None), "Nothing is shuffled: the lists "
     "are pieces of the given one, so if that is sorted, or the most common come first, they differ in kind.", "Give it the words in their order, and print the first list."),
    ("copies_dropped", _in_all(lambda lists, given: len(_flat(lists)) == len({*given["words"]}) if len({*given["words"]}) < len(given["words"]) else None),
     "The copies of a word are dropped, so a common name counts no more than a rare one.", "Print the sum of the lists' lengths: it is less than there are words."),
    ("copies_in_several_lists", _in_one(_copies_apart), "The lines are shuffled and cut, so copies of a word stand in several lists: what is tested was seen in training.", "Give it a "
     "word ten times: it stands in several lists."),
    ("lists_overlap", _in_one(lambda lists, given: len(_flat(lists)) > len(given["words"])), "The lists overlap: some words stand in two of them.", "Print the sum of the "
     "lists' lengths: it is more than there are words."),
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


def _filled_up(found: Any, given: dict[str, Any]) -> bool | None:
    """All batches are full, and a round has all numbers."""
    if (told := _batch_sizes(found, given)) is None:
        return None
    batches, n, size = told
    due = math.ceil(n / size)
    if len(batches) < due:
        return None
    seen = {id for batch in batches[:due] for id in batch}
    return all(len(batch) == size for batch in batches) and seen == {*range(n)}


def _each_batch(tell: Callable[[list[int]], bool]) -> Test:
    def holds(found: Any, given: dict[str, Any]) -> bool | None:
        batches = [[int(id) for id in batch] for batch in found or []]
        return all(map(tell, batches)) if any(len(batch) > 2 for batch in batches) else None

    return _in_all(holds)


def _cut_into(found: Any, given: dict[str, Any]) -> bool | None:
    size = max(1, given["n"] // given["batch_size"])
    return len(found[0]) == size if found and size != min(given["n"], given["batch_size"]) else None


def _last_missing(found: Any, given: dict[str, Any]) -> bool | None:
    ids = [int(id) for batch in found or [] for id in batch]
    return max(ids) == given["n"] - 2 if given["n"] > 2 and len(ids) > 4 * given["n"] else None


BATCHES: list[Row] = [
    ("size_for_number", _in_all(_cut_into), "`batch_size` is taken for the number of batches.", "Take n = 6 and a `batch_size` of 2: the batches have 3."),
    ("batch_empty", _in_one(lambda found, given: any(not len(batch) for batch in found or [])), "A batch is empty: a round ends one batch too late.", "Take n = 4 and batches of 2: some are empty."),
    ("batches_of_neighbors", _each_batch(lambda batch: batch == [*range(batch[0], batch[0] + len(batch))] if batch else True), "Each batch is a block of neighbors, and only the order of the blocks is drawn.", "Print the first batch: its numbers follow each other."),
    ("batches_sorted", _each_batch(lambda batch: batch == sorted(batch)), "The numbers of each batch are sorted.", "Print the first batch: it goes up."),
    ("last_number_never", _in_all(_last_missing), "The last number never comes: the numbers end at n - 2.", "Print the largest number of many batches."),
    ("short_batch_filled_up", _in_all(_filled_up), "The last batch of a round is filled up with numbers that came before, and should be smaller.", "Take n = 3 and batches of 2: a number comes twice in a round."),
    ("counted_from_1", _in_one(lambda found, given: any(int(id) >= given["n"] for batch in found for id in batch)), "The numbers run from 1 to n, and should run from 0 to n - 1: the last is no place.", "Print the largest number: it is n."),
    ("not_shuffled", _round(lambda ids, n: ids == [*range(n)], least=4), "Nothing is shuffled: the numbers come in order.", "Print the first batch: it is 0, 1, 2 …"),
    ("one_order_for_all_rounds", _in_all(_same_rounds), "One order is used for all rounds: `randperm` stands before the loop, or a seed is set in it.", "Print two rounds: they are equal."),
    ("one_round_only", _in_one(lambda found, given: len(found) <= math.ceil(given["n"] / given["batch_size"]) < 12), "It ends after one round, and should go on for as long as it is asked.", "Take one more batch than there are in a round."),
    ("short_batch_dropped", _in_all(_dropped),
     "The last batch of a round, which is smaller, is dropped, so some examples are left out.", "Take n = 3 and batches of 2: one number is missing."),
    ("drawn_with_replacement", _in_one(_repeats), "Each batch is drawn from all numbers, so within a round some come twice and some not at all.", "Print the batches of one round: a number comes twice."),
]  # fmt: skip

SIZES = {"vocab_size": 31, "context_length": 4, "embedding_size": 8, "hidden_sizes": (60, 45)}


def _network(case: Case) -> Any:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        options = {"embedding_size": SIZES["embedding_size"], "hidden_sizes": SIZES["hidden_sizes"]}
        made = Call(case.function, case.guard, (SIZES["vocab_size"], SIZES["context_length"]), options)
    return made.returned


def _spread(matrix: Tensor) -> float:
    return float((matrix.double() ** 2).mean().sqrt())


def _about(found: float, wanted: float) -> bool:
    return abs(found / wanted - 1) < 0.12


def _all_layers(wanted: Callable[[int, int], float], *, last: float = 1.0) -> Callable[[Any], bool]:
    """Make a test: the numbers of each matrix are as large as inputs and outputs say, those of the last by a factor."""

    def holds(network: Any) -> bool:
        *hidden, end = network.weights
        return _about(_spread(end), wanted(*end.shape) * last) and all(
            _about(_spread(one), wanted(*one.shape)) for one in hidden
        )

    return holds


SHAPES = [(32, 60), (60, 45), (45, 31)]
NETWORKS: list[tuple[str, Callable[[Any], bool], str, str]] = [
    ("all_zeros", lambda it: not any(one.any() for one in it.weights), "All weights are 0, so all parts of a layer do the same and learn the same: they have to begin at random.", "Print `.weights[0]`."),
    ("one_output_column", lambda it: it.weights[-1].shape[1] == 1, "The last layer has one column, and should have one for each token.", "Print the `shape` of the last matrix."),
    ("last_layer_for_another_size", lambda it: it.weights[-1].shape[1] != 31, "The last layer has not one column for each token.", "Print the `shape` of the last matrix."),
    ("embedding_of_another_size", lambda it: tuple(it.embedding.shape) != (31, 8), "The embedding has another shape than `(vocab_size, embedding_size)`: a size is typed in, or two are exchanged.", "Print its `shape`."),
    ("matrices_transposed", lambda it: [tuple(one.shape) for one in it.weights] == [shape[::-1] for shape in SHAPES], "The matrices are `(outputs, inputs)`, and should be `(inputs, outputs)`.", "Print their `shape`s."),
    ("first_layer_for_one_token", lambda it: it.weights[0].shape[0] == 8, "The first matrix takes in the numbers of one token, and should take those of the whole context.", "Print its `shape`."),
    ("sizes_not_as_given", lambda it: [tuple(one.shape) for one in it.weights] != SHAPES, "The matrices have other sizes than are asked for: sizes are typed in.", "Print their `shape`s."),
    ("biases_not_0", lambda it: any(one.any() for one in it.biases), "The biases should begin at 0.", "Print `.biases[0]`."),
    ("embedding_of_zeros", lambda it: not it.embedding.any(), "The embedding is all zeros, so all tokens begin as the same.", "Print `.embedding`."),
    ("one_vector_for_all_tokens", lambda it: bool((it.embedding == it.embedding[0]).all()), "All rows of the embedding are the same, so the tokens can't be told apart.", "Print `.embedding`."),
    ("weights_all_equal", lambda it: bool((it.weights[0] == it.weights[0][0, 0]).all()), "All weights of a matrix are the same, so all parts of a layer do the same and learn the same.", "Print `.weights[0]`."),
    ("positive_weights_only", lambda it: all(bool((one >= 0).all()) for one in it.weights), "All weights are positive, as `torch.rand` makes them, so nothing cancels out: take `torch.randn`.", "Print the smallest weight: it is not below 0."),
    ("last_layer_not_made_smaller", _all_layers(lambda ins, outs: math.sqrt(2 / ins)), "The last matrix is not made ten times smaller, so the first loss is far above log(vocab).", "Print the loss of a new network, and log of the number of tokens."),
    ("weights_not_scaled", lambda it: _about(_spread(it.weights[0]), 1) and _about(_spread(it.weights[1]), 1), "The weights are not scaled by the number of inputs, so the numbers grow from layer to layer.", "Print the standard deviation of `.weights[0]`: it is 1."),
    ("scaled_by_the_outputs", lambda it: all(_about(_spread(one) * math.sqrt(one.shape[1]), _spread(it.weights[0]) * math.sqrt(60)) for one in it.weights[:2]) and any(_about(_spread(it.weights[0]), g / math.sqrt(60)) for g in (1, math.sqrt(2), 5 / 3)),
     "The scale is taken from the number of outputs, and should be from the number of inputs.", "Print the standard deviation of `.weights[0]`, and `math.sqrt(2 / inputs)`."),
    ("scale_without_the_2", lambda it: all(_about(_spread(one), 1 / math.sqrt(one.shape[0])) for one in it.weights[:2]), "The weights are scaled by √(1 / inputs), and should be by √(2 / inputs): the bend lets through only half.", "Print the standard deviation of `.weights[0]`, and `math.sqrt(2 / inputs)`."),
    ("scaled_by_5_thirds", lambda it: all(_about(_spread(one), 5 / 3 / math.sqrt(one.shape[0])) for one in it.weights[:2]), "The weights are scaled by 5/3, the gain of tanh, and should be by √2.", "Print the standard deviation of `.weights[0]`, and `math.sqrt(2 / inputs)`."),
    ("scale_without_its_root", lambda it: all(_about(_spread(one), 2 / one.shape[0]) or _about(_spread(one), 1 / one.shape[0]) for one in it.weights[:2]), "The root of the scale is forgotten: it is √(2 / inputs).", "Print the standard deviation of `.weights[0]`, and `math.sqrt(2 / inputs)`."),
    ("one_scale_for_all_layers", lambda it: _about(_spread(it.weights[0]), _spread(it.weights[1])) and not _about(_spread(it.weights[0]), math.sqrt(2 / 32)), "One number scales all matrices, however many inputs each has.", "Print the standard deviations of the matrices."),
]  # fmt: skip


def _trained(tell: Callable[[Any, dict[str, Any]], bool]) -> Test:
    return _in_all(lambda found, given: tell(found, given))


TRAINING: list[Row] = [
    ("never_trained", _trained(lambda found, given: alike(tuple(found[0]), tuple(given["parameters"]))), "What comes back are the parameters that were given: the trained ones are lost, or no step is taken.", "Compare the first matrix before and after."),
    ("another_number_of_steps", _in_one(lambda found, given: len(found.losses) != given["recipe"].steps), "It takes another number of steps than the recipe says.", "Print `len(losses)` and `recipe.steps`."),
    ("dev_never_scored", _in_one(lambda found, given: given["dev"] is not None and not found.dev_losses), "The dev examples are never scored.", "Print `dev_losses`: it is empty."),
]  # fmt: skip


def outcome(case: Case) -> Mistake | None:
    """Return the slip that the results of the function have in common."""
    case.guard.hangs = 0
    rows = {"split_words": SPLITS, "minibatches": BATCHES, "train_mlp": TRAINING}.get(case.name, [])
    for name, test, wrong, seen in rows:
        if _holds(partial(test, case)):
            return case.cause(name, wrong, seen)
    if case.name == "init_mlp":
        network = _network(case)
        for name, holds, wrong, seen in NETWORKS:
            if _holds(partial(holds, network)):
                return case.cause(name, wrong, seen)
    return None


def _holds(test: Callable[[], bool]) -> bool:
    """Tell whether it holds; a result that can't be tested so has another slip."""
    try:
        return test()
    except Exception:
        return False
