"""Slips with what a function is given: ours does the same, once this is done to one of its arguments.

Each has the name of the parameter, a name, what is done, what is wrong and how to see it. Where the slip has a number
in it, such as how many words a slice leaves, the numbers that stand in the learner's code are tried, and a few more.
"""

from collections.abc import Callable, Iterator
from itertools import accumulate
from typing import Any

import torch

from bigramlab.judge.causes.variation import Variation

__all__ = ["vary_arguments"]

Change = Callable[[Any], Any]
Row = tuple[str, Change, str, str]

SLICES = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 20, 50, 100)
SMALL = (1e-8, 1e-10, 1e-12, 1e-9, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-15, 1e-20, 1e-30, 1e-45)

WORDS: list[Row] = [
    ("only_the_last_word", lambda words: words[-1:], "Only the last word counts: what the others gave is written over, "
     "or the line that uses it stands after the loop.", "Give it two words, and then the second alone: it does the same."),
    ("last_word_left_out", lambda words: words[:-1], "The last word is left out: a slice `[:-1]`, or a `range` that "
     "ends one too early.", "Give it one word: it does as if there were none."),
    ("first_word_left_out", lambda words: words[1:], "The first word is left out: a slice `[1:]`, or a `range` that "
     "begins at 1.", "Give it one word: it does as if there were none."),
    ("every_other_word", lambda words: words[::2], "Only every other word is taken.",
     "Give it two words, and then the first alone: it does the same."),
    ("copies_of_a_word_dropped", lambda words: list(dict.fromkeys(words)), "Words that come again are dropped, as "
     "`set(words)` does, so a common one counts no more than a rare one.",
     "Give it a word twice, and then once: it does the same."),
    ("words_grow_into_each_other", lambda words: [*accumulate(words)], "What is kept of a word is not set back before "
     "the next one, so each word begins with all those before it.", "Give it two words: the second has the first in it."),
    ("words_joined", lambda words: ["".join(words)], "The words are joined into one long text, with nothing between "
     "them.", "Give it two words, and then both as one word: it does the same."),
    ("words_joined_by_blanks", lambda words: [" ".join(words)], "The words are joined into one text with blanks.",
     "Give it two words: a blank is among its characters."),
    ("lowercased", lambda words: [word.lower() for word in words], "The words are put into small letters, so `A` and "
     "`a` are one.", "Give it `\"A\"`: it does as with `\"a\"`."),
    ("blanks_at_the_ends_of_words_stripped", lambda words: [word.strip() for word in words], "`.strip()` takes blanks "
     "off the ends of the words, and a blank may be a character of them.", "Give it `\" a\"`: it does as with `\"a\"`."),
    ("all_blanks_taken_out", lambda words: ["".join(word.split()) for word in words], "Blanks are taken out of the "
     "words, and a blank may be a character of them.", "Give it `\"a a\"`: it does as with `\"aa\"`."),
    ("words_without_letters_thrown_away", lambda words: [word for word in words if word.strip()], "Words that are "
     "empty or blank are thrown away, and each of them is a word too.", "Give it `[\"\"]`: it does as if there were none."),
    ("words_of_other_characters_thrown_away", lambda words: [word for word in words if word.isalpha()], "Words in "
     "which not all characters are letters are thrown away.", "Give it `[\"a-b\"]`: it does as if there were none."),
    ("other_characters_thrown_away", lambda words: ["".join(filter(str.isalpha, word)) for word in words], "Characters "
     "that are not letters are thrown away.", "Give it `[\"a-b\"]`: it does as with `[\"ab\"]`."),
    ("short_words_thrown_away", lambda words: [word for word in words if len(word) > 1], "Words of fewer than two "
     "letters are thrown away.", "Give it `[\"a\"]`: it does as if there were none."),
    ("words_read_backwards", lambda words: [word[::-1] for word in words], "The words are read from their last letter "
     "to their first.", "Give it `[\"ab\"]`: it does as with `[\"ba\"]`."),
    ("words_sorted", sorted, "The words are sorted first, and should stay in their order.",
     "Give it `[\"b\", \"a\"]`: it does as with `[\"a\", \"b\"]`."),
    ("words_reversed", lambda words: words[::-1], "The words are taken in the reverse order.",
     "Give it `[\"b\", \"a\"]`: it does as with `[\"a\", \"b\"]`."),
    ("last_letter_left_out", lambda words: [word[:-1] for word in words], "The last letter of each word is left out.",
     "Give it `[\"ab\"]`: it does as with `[\"a\"]`."),
    ("first_letter_left_out", lambda words: [word[1:] for word in words], "The first letter of each word is left out.",
     "Give it `[\"ab\"]`: it does as with `[\"b\"]`."),
    ("letters_that_come_again_dropped", lambda words: ["".join(dict.fromkeys(word)) for word in words], "A letter that "
     "comes again within a word is dropped.", "Give it `[\"aa\"]`: it does as with `[\"a\"]`."),
    ("letters_sorted", lambda words: ["".join(sorted(word)) for word in words], "The letters of each word are sorted.",
     "Give it `[\"ba\"]`: it does as with `[\"ab\"]`."),
    ("words_counted_twice", lambda words: [*words, *words], "All words are taken twice.",
     "Give it one word, and then the same word twice: the first does as the second should."),
]  # fmt: skip

VOCABULARY: list[Row] = [
    ("ids_begin_at_the_first_letter", lambda it: it[1:] + ".", "The ids are off by one: the first letter gets the id 0, "
     "and that is the boundary's.", "Print the id that it gives to the first letter: it should be 1."),
    ("ids_one_too_large", lambda it: "\0" + it, "The ids are off by one: `i + 1` over a vocabulary that has \".\" "
     "already, so each is one too large.", "Print the id that it gives to the first letter: it is 2, and should be 1."),
    ("ids_in_the_order_of_the_alphabet", lambda it: it[0] + "".join(sorted(it[1:])), "The ids are made anew, from the "
     "sorted letters, and should be the positions in the `vocabulary` that is given.", "Give it the vocabulary "
     "`\".ba\"`: it does as with `\".ab\"`."),
    ("ids_sorted_with_the_boundary", lambda it: "".join(sorted(it)), "The ids are made anew from the sorted characters, "
     "\".\" among them, and should be the positions in the `vocabulary` that is given.", "Give it a vocabulary with a "
     "blank in it: \".\" no longer has the id 0."),
    ("vocabulary_read_backwards", lambda it: it[::-1], "The ids count from the end of the vocabulary.",
     "Print the id that it gives to the last letter: it is 0."),
    ("vocabulary_put_into_small_letters", lambda it: it.lower(), "The vocabulary is put into small letters.",
     "Give it a vocabulary with capitals."),
    ("alphabet_typed_in", lambda _: ".abcdefghijklmnopqrstuvwxyz", "The letters from a to z are typed in, and the "
     "`vocabulary` that is given is not used.", "Give it the vocabulary `\".ba\"`: it does as with `\".abc…z\"`."),
    ("boundary_put_first_again", lambda it: "." + it, "A \".\" is put before a vocabulary that has one already, so the "
     "ids of the letters are off by one.", "Print the id that it gives to the first letter: it is 2, and should be 1."),
]  # fmt: skip

TABLE: list[Row] = [
    ("rows_and_columns_swapped", lambda it: it.T, "Rows and columns are swapped: the row is the current token, the "
     "column the next one.", "Give it a table and its transpose `.T`: each gets what the other should."),
    ("every_cell_once", lambda it: (it > 0).to(it.dtype), "Each cell counts as 1, however large it is.",
     "Double one cell of the table: nothing changes."),
    ("smoothed_unasked", lambda it: it + 1, "1 is added to each cell, as smoothing does, which is a step of its own.",
     "Give it a table with zeros: they do as ones should."),
    ("divided_unasked", lambda it: it / it.sum(), "The table is divided by its sum first.",
     "Double the whole table: nothing changes."),
    ("rows_divided_unasked", lambda it: it / it.sum(1, keepdim=True), "The rows are divided by their sums first.",
     "Double one row of the table: nothing changes."),
    ("logs_of_the_cells", lambda it: it.double().log(), "The log is taken of the table first.",
     "Print the table and its `.log()`: the second is what is used."),
    ("boundary_row_and_column_left_out", lambda it: it[1:, 1:], "The row and the column of \".\" are left out.",
     "Change a cell of row 0: nothing changes."),
    ("row_0_for_all", lambda it: it[:1].expand_as(it), "The first row is used in the place of every row.",
     "Change another row than the first: nothing changes."),
    ("whole_table_for_each_row", lambda it: it.sum(0, keepdim=True).expand_as(it), "The sums of the columns are used "
     "in the place of every row, so it doesn't matter what the current token is.", "Exchange two rows: nothing changes."),
    ("mean_of_the_rows_for_all", lambda it: it.mean(0, keepdim=True).expand_as(it), "The mean of all rows is used in the "
     "place of every row, so it doesn't matter what the current token is.", "Exchange two rows: nothing changes."),
    ("cut_to_whole_numbers", lambda it: it.long(), "The cells are cut to whole numbers.",
     "Give it a cell of 0.5: it does as with 0."),
    ("squared", lambda it: it**2, "The cells are squared, which makes the large ones larger still.",
     "Give it a row of 0.75 and 0.25, and compare with 0.9 and 0.1."),
    ("softmax_of_the_table", lambda it: it.double().softmax(-1), "softmax is taken of a table that has no need of it: "
     "of probabilities it makes other, flatter ones.", "Give it a row of 1 and 0: it does as with 0.73 and 0.27."),
    ("signs_lost", lambda it: it.abs(), "The signs are lost.", "Give it a negative number: it does as with the positive."),
    ("sign_turned", lambda it: -it, "The sign is turned around: a minus is too many or missing.",
     "Give it 1 and -1: each gets what the other should."),
    ("exp_taken_first", lambda it: it.double().exp(), "`exp` is taken of the numbers first.", "Give it zeros: it does as with ones."),
    ("log_softmax_taken_first", lambda it: it.double().log_softmax(-1) if it.numel() else it, "log softmax is taken of the numbers first.",
     "Add 1 to all numbers of a row: nothing changes."),
    ("sigmoid_taken_first", lambda it: it.double().sigmoid(), "A sigmoid is taken of the numbers first.",
     "Print the largest number that is used: it is below 1."),
    ("negative_numbers_to_0", lambda it: it.clamp(min=0), "Negative numbers become 0 first.",
     "Give it -1: it does as with 0."),
    ("rounded_first", lambda it: it.double().round(), "The numbers are rounded first.", "Give it 0.4: it does as with 0."),
    ("doubled_first", lambda it: it * 2, "The numbers are doubled first.", "Give it 1: it does as with 2."),
    ("halved_first", lambda it: it / 2, "The numbers are halved first.", "Give it 2: it does as with 1."),
    ("rows_reversed", lambda it: it.flip(0), "The rows are taken from the last to the first.",
     "Turn the rows around with `.flip(0)`: each order gets what the other should."),
    ("columns_reversed", lambda it: it.flip(-1), "The columns are taken from the last to the first.",
     "Turn the columns around with `.flip(-1)`: each order gets what the other should."),
]  # fmt: skip

IDS: list[Row] = [
    ("one_too_large", lambda it: it + 1, "The ids are off by one: 1 is added.", "Give it an id, and the one before it: the second does as the first should."),
    ("one_too_small", lambda it: it - 1, "The ids are off by one: 1 is subtracted.", "Give it an id, and the one after it: the second does as the first should."),
    ("last_left_out", lambda it: it[:-1], "The last one is left out.", "Give it one: it does as with none."),
    ("first_left_out", lambda it: it[1:], "The first one is left out.", "Give it one: it does as with none."),
    ("ids_of_0_left_out", lambda it: it[it != 0] if it.dim() == 1 else it, "The ids that are 0 are left out.", "Give it 0 alone: it does as with none."),
    ("ends_of_0_left_out", lambda it: it[: max([i + 1 for i, id in enumerate(it.tolist()) if id], default=0)], "The ids of 0 at the end are left out.", "Give it 0 alone: it does as with none."),
    ("read_to_the_first_0", lambda it: it[: it.tolist().index(0)] if it.dim() == 1 and 0 in it.tolist() else it, "It ends with the first 0.", "Give it an id after a 0: it is left out."),
    ("read_backwards", lambda it: it.flip(0), "They are read from the last to the first.", "Turn them around with `.flip(0)`: each order gets what the other should."),
    ("only_the_first", lambda it: it[:1], "Only the first one is used.", "Give it two: the second changes nothing."),
    ("only_the_last", lambda it: it[-1:], "Only the last one is used.", "Give it two: the first changes nothing."),
    ("the_first_for_all", lambda it: it[:1].expand_as(it), "The first one is used for all.", "Give it two: the second changes nothing."),
    ("copies_dropped", lambda it: torch.tensor(list(dict.fromkeys(it.tolist()))), "Those that come again are dropped.", "Give it the same twice: it does as with one."),
    ("sorted_first", lambda it: it.sort().values, "They are sorted first.", "Give it 2 and 1: it does as with 1 and 2."),
    ("all_0", lambda it: it * 0, "Zeros are used in their place.", "Change one of them: nothing changes."),
    ("moved_by_one_place", lambda it: it.roll(1, 0), "They are moved by one place, so each stands with its neighbor's partner.", "Give it two: their order is turned."),
    ("moved_back_by_one_place", lambda it: it.roll(-1, 0), "They are moved by one place, so each stands with its neighbor's partner.", "Give it two: their order is turned."),
    ("newest_first", lambda it: it.flip(1), "The contexts are read with the newest token first: the oldest comes first.", "Turn a context around: each order gets what the other should."),
    ("only_the_newest_token", lambda it: it[:, -1:], "Only the newest token of each context is used.", "Change the oldest token of a context: nothing changes."),
    ("only_the_oldest_token", lambda it: it[:, :1], "Only the oldest token of each context is used.", "Change the newest token of a context: nothing changes."),
    ("newest_token_for_all", lambda it: it[:, -1:].expand_as(it), "The newest token stands in every place of the context.", "Change the oldest token of a context: nothing changes."),
    ("order_within_a_context_lost", lambda it: it.sort(1).values, "The tokens of each context are sorted, so their order is lost.", "Give it the contexts 1, 2 and 2, 1: they do the same."),
]  # fmt: skip

RECIPE = {
    "warm_up": (0.0, 1.0, "warm-up"),
    "weight_decay": (0.0, 1.0, "weight decay"),
    "dropout": ((), (0.5,), "dropout"),
    "learning_rate": ("learning rate",),
    "batch_size": ("batch size",),
    "steps": ("number of steps",),
}
TABLES = ("counts", "probs", "logits", "table", "weights", "gradient", "mean", "square", "parameters")
NUMBERS = (
    *("n", "k", "context_length", "vocab_size", "embedding_size", "batch_size", "step", "steps", "learning_rate"),
    *("weight_decay", "mean_decay", "square_decay", "weight_penalty"),
)


def vary_arguments(parameters: list[str], constants: list[float]) -> Iterator[Variation]:
    """Yield what may be done to arguments of these names, the commoner first."""
    numbers = [int(one) for one in constants if one == int(one) and 0 < one < 1000]
    small = [one for one in constants if 0 < one < 0.1]
    for parameter in parameters:
        for name, change, wrong, seen in _rows(parameter, numbers, small):
            yield Variation(name, wrong, seen, _only(change, parameter), parameter)
        if parameter in NUMBERS:
            yield from _numbers(parameter, constants)
    if "counts" in parameters and "probs" in parameters:
        yield Variation(
            "arguments_exchanged", "The two tables are exchanged.", "Exchange them in the call.",
            lambda given: given | {"counts": given["probs"], "probs": given["counts"]}, "counts",
        )  # fmt: skip
    if "recipe" in parameters:
        shares = [one for one in constants if 0 < one < 1]
        typed: dict[str, list[Any]] = {"learning_rate": shares, "warm_up": shares, "weight_decay": shares}
        typed |= {"steps": numbers, "batch_size": numbers}
        for field, (*others, noun) in RECIPE.items():
            for value in [*others, *typed.get(field, ())]:
                yield Variation(
                    f"{field}_not_read", f"The recipe's {noun} is not read: it does as if it were {value}.",
                    f"Change the recipe's `{field}`: nothing changes.",
                    _with_field(field, value),
                    "recipe",
                )  # fmt: skip


def _only(change: Change, parameter: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    def vary(given: dict[str, Any]) -> dict[str, Any]:
        value = given[parameter]
        return given | {parameter: change(list(value) if parameter == "words" else value)}

    return vary


def _with_field(field: str, value: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda given: given | {"recipe": given["recipe"]._replace(**{field: value})}


def _first(n: int) -> Change:
    return lambda words: words[:n]


def _cut(n: int) -> Change:
    return lambda words: [word[:n] for word in words]


def _short(n: int) -> Change:
    return lambda words: [word for word in words if len(word) <= n]


def _in_one(change: Change) -> Change:
    return lambda word: "".join(change([word]))


def _more(n: float) -> Change:
    return lambda table: table.float() + n


def _held(n: float) -> Change:
    return lambda table: table.double().clamp(min=n)


def _always(value: Any) -> Change:
    return lambda _: value


def _rows(parameter: str, numbers: list[int], small: list[float]) -> Iterator[Row]:
    if parameter == "words":
        yield from WORDS
        for n in dict.fromkeys([*numbers, *SLICES]):
            yield (f"only_the_first_{n}_words", _first(n), f"Only the first {n} are taken: a slice "
                   f"such as `words[:{n}]` is left in from trying things out.", f"Give it {n + 1} words: the last one "
                   "changes nothing.")  # fmt: skip
        for n in dict.fromkeys([*numbers, *SLICES]):
            yield (f"words_cut_at_{n}_letters", _cut(n), f"Words are cut after "
                   f"{n} letters, so what longer ones have at their ends is lost.", f"Give it a word of {n + 1} "
                   "letters: the last one changes nothing.")  # fmt: skip
        for n in dict.fromkeys([*numbers, *SLICES]):
            yield (f"words_longer_than_{n}_thrown_away", _short(n),
                   f"Words of more than {n} letters are thrown away.", f"Give it a word of {n + 1} letters: it does as "
                   "if there were none.")  # fmt: skip
    elif parameter == "word":
        for name, change, wrong, seen in WORDS[8:]:
            if "thrown" not in name or "characters" in name:
                yield name, _in_one(change), wrong, seen
    elif parameter == "vocabulary":
        yield from VOCABULARY
    elif parameter in ("ids", "targets", "contexts"):
        yield from IDS
    elif parameter in TABLES:
        yield from TABLE
        if parameter == "probs":
            for little in dict.fromkeys([*small, *SMALL]):
                yield (f"small_number_added_{little:g}", _more(little), f"A small number, {little:g}, is added "
                       "to each probability, so what the model held for impossible costs a little, and should cost "
                       "`inf`.", "Give it a probability of 0 for what happened: the result should be `inf`.")  # fmt: skip
                yield (f"probabilities_held_above_{little:g}", _held(little), f"Probabilities "
                       f"are held above {little:g}, so what the model held for impossible costs a little, and should cost "
                       "`inf`.", "Give it a probability of 0 for what happened: the result should be `inf`.")  # fmt: skip
    elif parameter == "fractions":
        for some in [(0.8, 0.1, 0.1), (0.9, 0.05, 0.05), (0.7, 0.15, 0.15), (0.6, 0.2, 0.2)]:
            yield ("fractions_typed_in", _always(some), f"The shares {some} are typed in, and `fractions` "
                   "is not used.", "Give it other fractions: nothing changes.")  # fmt: skip


def _numbers(parameter: str, constants: list[float]) -> Iterator[Variation]:
    """Yield what may be done to a number that is given: it may be off by one, or another may be typed in."""
    rows: list[tuple[str, Any, str, str]] = []
    if parameter in ("weight_penalty", "weight_decay"):
        rows.append((f"{parameter}_not_used", _always(0), f"`{parameter}` is not used: it does as if it were 0.",
                     f"Give it a large `{parameter}`: nothing changes."))  # fmt: skip
    rows += [
        (f"{parameter}_one_too_large", lambda n: n + 1, f"One too many: it does what it should with `{parameter}` + 1.",
         f"Print the result for a `{parameter}` of 1: it is that for 2."),
        (f"{parameter}_one_too_small", lambda n: n - 1, f"One too few: it does what it should with `{parameter}` - 1.",
         f"Print the result for a `{parameter}` of 2: it is that for 1."),
        (f"{parameter}_cut", int, f"`{parameter}` is cut to a whole number.", f"Give it a `{parameter}` of 0.5."),
        (f"{parameter}_rounded", round, f"`{parameter}` is rounded to a whole number.", f"Give it a `{parameter}` of 0.4."),
        (f"{parameter}_squared", lambda n: n * n, f"`{parameter}` is squared.", f"Give it a `{parameter}` of 2 and of 4."),
        (f"{parameter}_negative", lambda n: -n, f"The sign of `{parameter}` is turned around.", f"Print the result for a `{parameter}` of 1."),
        (f"{parameter}_halved", lambda n: n / 2, f"Half of `{parameter}` is used.", f"Give it a `{parameter}` of 2: it does as with 1."),
        (f"{parameter}_doubled", lambda n: n * 2, f"Twice `{parameter}` is used.", f"Give it a `{parameter}` of 1: it does as with 2."),
        (f"{parameter}_a_tenth", lambda n: n / 10, f"A tenth of `{parameter}` is used.", f"Give it a `{parameter}` of 10: it does as with 1."),
        (f"{parameter}_left_unused_for_none", lambda n: 1 - n, f"1 - `{parameter}` is used in the place of `{parameter}`.", f"Print the result for a `{parameter}` of 1."),
    ]  # fmt: skip
    typed = [one for one in constants if abs(one) < 1e6]
    for value in dict.fromkeys(
        [*typed, 0, 1, 2, 3, 4, 5, 8, 10, 20, 24, 27, 28, 32, 64, 100, 0.1, 0.01, 0.001, 0.9, 0.99, 0.999, 0.5, 50]
    ):
        short = f"{value:g}"
        rows.append((f"{parameter}_typed_in_{short}", _always(value), f"`{parameter}` is not used: it does "
                     f"as if it were {short}, whatever is given.", f"Give it another `{parameter}` than {short}: nothing changes."))  # fmt: skip
    for name, change, wrong, seen in rows:
        yield Variation(name, wrong, seen, _only(change, parameter), parameter)
