"""What can go wrong in the parts of functions of contexts: how they are built, and how often each occurs."""

from itertools import accumulate, pairwise
from typing import Any

import torch

from bigramlab.judge.causes.families import Part, Run, family
from bigramlab.judge.causes.parts_of_counting import WORDS


def _padded_behind(context: list[int]) -> list[int]:
    """Move all "." in front of a context behind it, but for the one at which the word begins."""
    more = next((place for place, id in enumerate(context) if id), len(context)) - 1
    return [*context[more:], *[0] * more] if more > 0 else context


CONTEXTS: list[Part] = [
    ("words", lambda words: words, WORDS),
    ("id", lambda vocabulary, letter: vocabulary.index(letter), [
        ("ids_from_1", lambda vocabulary, letter: vocabulary.index(letter) + 1, "The ids of all letters are one too large: `i + 1` is for letters alone, and the vocabulary has \".\" already."),
        ("ids_of_the_alphabet", lambda vocabulary, letter: ord(letter) - 96, "`ord` makes the ids, as if the vocabulary were \".\" and a to z: a letter's id is its place in the vocabulary.")]),
    ("end", [0], [("final_boundary_no_target", [], "The final \".\" is no target, so it is never learned where words end."),
                  ("as_many_ends_as_the_context", None, "As many \".\" follow a word as its context is long, and one should: the others are no examples."),
                  ("boundary_with_the_id_1", [1], "The final \".\" has the id 1, and should have 0."),
                  ("two_ends", [0, 0], "Two \".\" end each word, which gives an example too many.")]),
    ("begin", lambda n, last: [0] * n, [
        ("contexts_run_on", lambda n, last: last or [0] * n, "The context is not set back at the beginning of a word: the last one runs on."),
        ("padded_with_1", lambda n, last: [1] * n, "The padding is 1, and should be 0, the \".\"."),
        ("padded_with_the_last_token", "last", "The padding is the last token of the vocabulary, and should be 0, the \".\"."),
        ("padded_with_minus_1", lambda n, last: [-1] * n, "The padding is -1, and should be 0, the \".\"."),
        ("context_of_3_typed_in", lambda n, last: [0] * 3, "A context of 3 is typed in."),
        ("context_of_8_typed_in", lambda n, last: [0] * 8, "A context of 8 is typed in."),
        ("one_token_too_few", lambda n, last: [0] * (n - 1), "The contexts have one token too few."),
        ("one_token_too_many", lambda n, last: [0] * (n + 1), "The contexts have one token too many."),
        ("context_of_1", lambda n, last: [0], "Only one token of context is kept.")]),
    ("move", lambda c, id: [*c[1:], id], [
        ("newest_first", lambda c, id: [id, *c[:-1]], "The newest token comes in on the left, and should on the right."),
        ("never_moves", lambda c, id: c, "The context never moves on."),
        ("never_drops_the_oldest", lambda c, id: [*c[:-1], id], "The last place is written over, and the others never move on."),
        ("turned_round", lambda c, id: [*c[:-1], id] if len(c) == 1 else [*c[2:], c[0], id], "The context is turned round."),
        ("newest_twice", lambda c, id: [*c[2:], id, id][-len(c):], "The newest token stands there twice."),
        ("two_dropped", lambda c, id: [*c[2:], 0, id][-len(c):], "Two tokens are dropped for each one that comes."),
        ("newest_everywhere", lambda c, id: [id] * len(c), "The newest token stands in every place.")]),
    ("noted", "before", [("target_in_the_context", "after", "The context is moved on before it is noted, so it has the target in it."),
                         ("all_the_last_one", "alias", "One list stands in all rows: it has to be made anew for each (`context = context[1:] + [id]`, or a copy).")]),
    ("kept", lambda rows, word: rows, [
        ("only_whole_contexts", lambda rows, word: [(c, t) for c, t in rows if 0 not in c[1:]], "Only one \".\" stands in front of a word, whatever the length of the context: so those that would need more are missing."),
        ("only_contexts_of_letters", lambda rows, word: [(c, t) for c, t in rows if 0 not in c], "No \".\" stands in front of a word, so how words begin is missing."),
        ("first_example_left_out", lambda rows, word: rows[1:], "The first example of each word is left out."),
        ("first_examples_left_out", lambda rows, word: rows[len(rows[0][0]):] if rows else rows, "The first letters of each word are skipped: those for which the context is not full."),
        ("last_example_left_out", lambda rows, word: rows[:-1], "The last example of each word is left out."),
        ("begun_twice", lambda rows, word: [([0] * len(rows[0][0]), 0), *rows] if rows else rows, "One \".\" too many stands in front of each word, so that it has an example more, in which \".\" is the target."),
        ("targets_one_too_far", lambda rows, word: [(c, t) for (c, _), t in zip(rows, [*(t for _, t in rows[1:]), 0], strict=True)], "Each target stands one place too far: a token is skipped."),
        ("only_the_first_example", lambda rows, word: rows[:1], "Only the first example of each word is there."),
        ("only_the_last_example", lambda rows, word: rows[-1:], "Only the last example of each word is there: `append` stands outside the loop."),
        ("noted_after_the_loop", lambda rows, word: [([*c[1:], t], t) for c, t in rows[-1:]], "Only one example of each word is there, and its context has the target in it: `append` stands outside of the loop."),
        ("every_other_example", lambda rows, word: rows[::2], "Only every other example is there.")]),
    ("all", lambda rows: rows, [
        ("copies_dropped", lambda rows: [*{(tuple(c), t): (c, t) for c, t in rows}.values()], "Examples that come again are dropped."),
        ("sorted", sorted, "The examples are sorted."),
        ("reversed", lambda rows: rows[::-1], "The examples come in the reverse order."),
        ("last_one_left_out", lambda rows: rows[:-1], "The last example is left out."),
        ("targets_moved_on", lambda rows: [(c, t) for (c, _), (_, t) in zip(rows, [*rows[1:], *rows[:1]], strict=True)], "Each context has the target of the next one."),
        ("targets_are_the_newest_tokens", lambda rows: [(c, c[-1]) for c, _ in rows], "The targets are the newest tokens of the contexts, and should be what comes next.")]),
    ("each", lambda c: c, [("contexts_reversed", lambda c: c[::-1], "The contexts are written with the newest token first."),
                           ("padded_on_the_right", lambda c: [*c[next((i for i, id in enumerate(c) if id), len(c)):], *[0] * next((i for i, id in enumerate(c) if id), len(c))], "The padding stands on the right, and should on the left."),
                           ("padded_behind_the_letters", _padded_behind, "The padding stands on the right, behind the letters, and should on the left."),
                           ("sorted_tokens", sorted, "The tokens of each context are sorted."),
                           ("ids_one_too_small", lambda c: [id - 1 for id in c], "The ids of the contexts are off by one."),
                           ("ids_one_too_large", lambda c: [id + 1 for id in c], "The ids of the contexts are off by one.")]),
    ("parts", lambda x, y: (x, y), [("contexts_and_targets_swapped", lambda x, y: (y, x), "Contexts and targets are exchanged."),
                                    ("targets_in_a_column", lambda x, y: (x, y.view(-1, 1)), "The targets stand in a column."),
                                    ("targets_for_contexts", lambda x, y: (y, y), "The targets stand in the place of the contexts, too: the id is noted twice, and should be the context and the id."),
                                    ("windows_for_targets", lambda x, y: (x, torch.cat([x[:, 1:], y[:, None]], 1)), "Each target is a whole context, moved on by one place, and should be the one token that comes next."),
                                    ("one_hot_contexts", "one-hot", "The contexts are one-hot, and should be ids: `embedding[contexts]` looks their rows up."),
                                    ("one_tensor", lambda x, y: torch.cat([x, y[:, None]], 1), "Contexts and targets come in one tensor, and should be two."),
                                    ("only_the_contexts", lambda x, y: x, "Only the contexts come back.")]),
]  # fmt: skip


def _contexts(given: dict[str, Any], chosen: dict[str, Any]) -> Any:
    n, vocabulary = given["context_length"], given["vocabulary"]
    begin = chosen["begin"] if callable(chosen["begin"]) else lambda n, last: [len(vocabulary) - 1] * n
    every: list[Any] = []
    last: list[int] = []
    for word in chosen["words"]([*given["words"]]):
        rows, context = [], begin(n, last)
        end = [0] * n if chosen["end"] is None else chosen["end"]
        for id in [*(chosen["id"](vocabulary, letter) for letter in word), *end]:
            moved = chosen["move"](context, id)
            rows.append((moved if chosen["noted"] == "after" else context, id))
            context = moved
        last = context
        every += chosen["kept"](rows, word)
    rows = chosen["all"](every)
    if chosen["noted"] == "alias" and rows:
        rows = [(last, target) for _, target in rows]
    length = len(begin(n, []))
    contexts = torch.tensor([chosen["each"](context) for context, _ in rows], dtype=torch.int64).view(-1, length)
    targets = torch.tensor([target for _, target in rows], dtype=torch.int64)
    if chosen["parts"] == "one-hot":
        return torch.eye(len(vocabulary))[contexts], targets
    return chosen["parts"](contexts, targets)


def _runs(examples: list[Any]) -> list[int]:
    """Return for each example the number of its run of equal contexts."""
    changes = [one[0] != other[0] for one, other in pairwise(examples)]
    return [*accumulate(map(int, changes), initial=0)] if examples else []


DISTINCT: list[Part] = [
    ("context", lambda c: tuple(c), [
        ("only_the_newest_token", lambda c: (c[-1],), "Only the newest token is looked at."), ("only_the_oldest_token", lambda c: (c[0],), "Only the oldest token is looked at."),
        ("order_within_ignored", lambda c: tuple(sorted(c)), "The order of the tokens within a context is lost."), ("newest_first", lambda c: tuple(c[::-1]), "The contexts are read with the newest token first."),
        ("copies_within_dropped", lambda c: tuple(sorted({*c})), "A token that comes again in a context is lost.")]),
    ("same", lambda x: [0] * len(x), [("only_neighbors_compared", _runs, "Only contexts that stand one after another count as one, as `unique_consecutive` has it: the same one later has a row of its own.")]),
    ("order", lambda some: sorted(some), [
        ("not_sorted", lambda some: [*some], "The contexts come as they appear, and should be sorted."), ("sorted_by_the_last", lambda some: sorted(some, key=lambda c: c[::-1]), "The contexts are sorted by their last token first."),
        ("sorted_downwards", lambda some: sorted(some, reverse=True), "The contexts are sorted from the last to the first.")]),
    ("count", lambda row, id: row[id] + 1, [("set_to_1", lambda row, id: 1, "Each target counts once, however often it comes.")]),
    ("rows", lambda n: n, [
        ("counts_divided", lambda n: n / n.sum(1, keepdim=True), "The counts are divided by their sums."), ("begun_at_1", lambda n: n + 1, "The counts begin at 1."),
        ("one_number_for_a_context", lambda n: n.sum(1), "One number comes for each context, and should a row."), ("first_forgotten", lambda n: (n - 1).clamp(min=0), "The first of each is not counted."),
        ("transposed", lambda n: n.T, "Rows and columns are exchanged."), ("zeros_and_ones", lambda n: n.clamp(max=1), "It tells whether a target comes, not how often.")]),
    ("examples", lambda x: x, [("last_example_left_out", lambda x: x[:-1], "The last example is left out."), ("first_example_left_out", lambda x: x[1:], "The first example is left out."),
                               ("copies_dropped", lambda x: [*dict.fromkeys(x)], "Examples that come again are dropped.")]),
]  # fmt: skip


def _distinct(given: dict[str, Any], chosen: dict[str, Any]) -> Any:
    counts: dict[Any, list[int]] = {}
    examples = [*zip(map(tuple, given["contexts"].tolist()), given["targets"].tolist(), strict=True)]
    examples = chosen["examples"](examples)
    for (context, target), run in zip(examples, chosen["same"](examples), strict=True):
        row = counts.setdefault((run, chosen["context"](context)), [0] * given["vocab_size"])
        row[target] = chosen["count"](row, target)
    keys = [
        (run, context)
        for run in {run: 0 for run, _ in counts}
        for context in chosen["order"]([c for r, c in counts if r == run])
    ]
    table, order = (
        torch.tensor([counts[key] for key in keys]).view(-1, given["vocab_size"]),
        [context for _, context in keys],
    )
    length = given["contexts"].shape[1] if not order else len(order[0])
    return torch.tensor(order, dtype=torch.int64).view(-1, length), chosen["rows"](table)


FOUND: list[tuple[str, Run, list[Part]]] = [
    ("build_contexts", _contexts, CONTEXTS),
    ("count_contexts", _distinct, DISTINCT),
]
for one in FOUND:
    family(*one)
