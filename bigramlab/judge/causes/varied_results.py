"""Slips with what a function gives back: it is our result, once this is done to it, or ours can be made of it."""

import math
from collections.abc import Callable, Iterator
from itertools import accumulate
from typing import Any

import torch
from torch import Tensor

from bigramlab.judge.causes.variation import Variation

__all__ = ["FORMS", "vary_results"]

Given = dict[str, Any]
Row = tuple[str, Callable[[Any], Any], str, str]
COMPARE = "Compare what it returned above with what bigramlab's own returns for the same."


def _numbers(change: Callable[[Tensor], Any]) -> Callable[[Any, Given], Any]:
    """Make it change every number or tensor of a result; of a tuple, such as weights and losses, each part."""

    def vary(result: Any, _: Given) -> Any:
        if isinstance(result, Tensor):
            return change(result)
        if isinstance(result, float | int):
            return change(torch.tensor(float(result), dtype=torch.float64))
        if isinstance(result, tuple) and hasattr(result, "_make"):
            return result._make(vary(part, _) for part in result)
        if isinstance(result, tuple | list) and result and not isinstance(result[0], str):
            return type(result)(vary(part, _) for part in result)
        raise TypeError

    return vary


MEASURES: list[Row] = [
    ("minus_sign", lambda it: -it, "The sign is wrong: a minus is missing or too many.", "Print it for the call above: it is "
     "what it should be, but for the sign."),
    ("bits_for_nats", lambda it: it / math.log(2), "It is measured in bits, with `log2`, and should be in nats, with "
     "`log`: it is too large by a factor of 1.4427.", "Divide what it returned above by the right result: it is "
     "1 / log 2 = 1.4427."),
    ("too_small_by_log_2", lambda it: it * math.log(2), "It is too small by a factor of log 2 = 0.6931: a log of "
     "base 2 and one of base e stand where the other should.", "Divide what it returned above by the right result."),
    ("decimal_log", lambda it: it / math.log(10), "It is measured with `log10`, and should be with `log`, the natural "
     "one: it is too small by a factor of 2.3026.", "Divide the right result by what it returned above: it is log 10."),
    ("exp_of_the_result", lambda it: it.exp(), "It is `exp` of what it should be: an `exp` is too many.", "Print the log of what it returned."),
    ("exp_of_minus_the_result", lambda it: (-it).exp(), "It is `exp` of minus what it should be: a probability, and not its -log.",
     "Print -log of what it returned."),
    ("log_of_the_result", lambda it: it.log(), "It is the log of what it should be: an `exp` is missing, or a `log` too many.",
     "Print `exp` of what it returned."),
    ("minus_log_of_the_result", lambda it: -it.log(), "It is -log of what it should be.", "Print `exp` of minus what it returned."),
    ("two_to_the_result", lambda it: 2**it, "It is 2 to the power of what it should be.", "Print `log2` of what it returned."),
    ("two_for_e", lambda it: 2 ** it.log(), "2 is raised to the power, and should be e: with nats goes `exp`.",
     "Print `exp` and `2 **` of 1: they differ."),
    ("exp_of_bits", lambda it: (it.log() / math.log(2)).exp(), "e is raised to the power of bits: with `log2` goes `2 **`.",
     "Print `exp` and `2 **` of 1: they differ."),
    ("one_over_the_result", lambda it: 1 / it, "It is 1 divided by what it should be.", "Print 1 divided by what it returned."),
    ("one_minus_the_result", lambda it: 1 - it, "It is 1 minus what it should be.", "Print 1 minus what it returned."),
    ("doubled", lambda it: it * 2, "It is twice what it should be.", "Print half of what it returned."),
    ("halved", lambda it: it / 2, "It is half of what it should be.", "Print twice what it returned."),
    ("percent", lambda it: it * 100, "It is a hundred times what it should be: percent.", "Print a hundredth of what it returned."),
    ("squared", lambda it: it**2, "It is the square of what it should be.", "Print the root of what it returned."),
    ("root", lambda it: it.sqrt(), "It is the square root of what it should be.", "Print the square of what it returned."),
    ("sign_lost", lambda it: it.abs(), "The sign is lost: negative numbers have become positive.", COMPARE),
    ("negative_to_0", lambda it: it.clamp(min=0), "Negative numbers have become 0, as by a ReLU.", COMPARE),
    ("tanh_at_the_end", lambda it: it.tanh(), "tanh is taken of the result, too: none belongs behind the last layer.", "Print the largest number: it is never above 1."),
    ("sigmoid_at_the_end", lambda it: it.sigmoid(), "A sigmoid is taken of the result, too.", "Print the smallest number: it is never below 0."),
    ("bend_at_the_end", lambda it: it * it.sigmoid(), "The bend x · sigmoid(x) is taken of the result, too.", COMPARE),
    ("one_added", lambda it: it + 1, "It is larger by 1 than it should be.", COMPARE),
    ("one_subtracted", lambda it: it - 1, "It is smaller by 1 than it should be.", COMPARE),
    ("nothing_but_zeros", lambda it: it * 0, "It is all zeros.", "Print `.sum()` of it."),
    ("infinity_made_finite", lambda it: it.nan_to_num(posinf=0.0, neginf=0.0), "What should be infinite has become 0.", COMPARE),
    ("infinity_made_large", lambda it: it.nan_to_num(), "`nan_to_num` has put a large number in the place of infinity.", COMPARE),
    ("cut_to_whole_numbers", lambda it: it.trunc(), "The numbers are cut to whole ones.", "Print them: none has a fraction."),
    ("rounded_to_whole_numbers", lambda it: it.round(), "The numbers are rounded to whole ones.", "Print them: none has a fraction."),
    *((f"rounded_to_{n}", lambda it, n=n: it.round(decimals=n), f"The numbers are rounded to {n} decimal{'s' * (n > 1)}, which loses the small ones.",
       "Print them with more decimals: there are none.") for n in (1, 2, 3, 4)),
    *((f"held_below_{n}", lambda it, n=n: it.clamp(max=n), f"Numbers above {n} have become {n}.", COMPARE) for n in (1, 10, 20, 50, 100)),
    *((f"held_above_{n:g}", lambda it, n=n: it.clamp(min=n), f"Numbers below {n:g} have become {n:g}.", COMPARE) for n in (1e-8, 1e-6, 1e-3, 1)),
    ("half_precision", lambda it: it.half().double(), "The numbers are of half precision, of which three digits are right.", "Print its `dtype`."),
]  # fmt: skip

TABLES: list[Row] = [
    ("transposed", lambda it: it.mT, "Rows and columns are swapped: it is the transpose of what it should be.", "Print `.T` of what it returned."),
    ("sum_of_it_all", lambda it: it.sum(), "All is summed up into one number, and each should stay.", "Print its `shape`."),
    ("mean_of_it_all", lambda it: it.mean(), "The mean of all is taken, and each should stay.", "Print its `shape`."),
    ("running_sums", lambda it: it.cumsum(-1), "Each number has those before it added: a total is not set back.", "Print the last number: it is the sum of all that it should be."),
    ("running_means", lambda it: it.cumsum(-1) / torch.arange(1, it.shape[-1] + 1), "Each number is the mean of all up to it: a total is not set back.", COMPARE),
    ("sums_of_the_columns", lambda it: it.sum(0), "The sums of the columns are left of it.", "Print its `shape`."),
    ("sums_of_the_rows", lambda it: it.sum(-1), "The sums of the rows are left of it.", "Print its `shape`."),
    ("rows_are_one_row_repeated", lambda it: it.sum(0, keepdim=True).expand_as(it), "All rows are the same one: `[row] * n` is one list n times, so what is written into one row stands in all.", "Print its first two rows: they are equal."),
    ("columns_are_one_column_repeated", lambda it: it.sum(-1, keepdim=True).expand_as(it), "All columns are the same: each has the sums of the rows.", "Print a row: its numbers are equal."),
    ("last_row_for_all", lambda it: it[-1:].expand_as(it), "All rows are the last one: one object stands in all of them.", "Print its first two rows: they are equal."),
    ("first_row_for_all", lambda it: it[:1].expand_as(it), "All rows are the first one.", "Print its first two rows: they are equal."),
    ("first_row_alone", lambda it: it[0], "Only the first row is left of it: a `return` in a loop, or a `[0]`.", "Print its `shape`."),
    ("last_row_alone", lambda it: it[-1], "Only the last row is left of it.", "Print its `shape`."),
    ("first_one_missing", lambda it: it[1:], "The first one is missing.", "Print its length: it is one less than it should be."),
    ("last_one_missing", lambda it: it[:-1], "The last one is missing.", "Print its length: it is one less than it should be."),
    ("first_and_last_missing", lambda it: it[1:-1], "The first and the last one are missing.", "Print its length: it is two less than it should be."),
    ("first_one_alone", lambda it: it[:1], "Only the first one is there: is the `return` inside the loop?", "Print its length."),
    ("last_one_alone", lambda it: it[-1:], "Only the last one is there: it is written over in every round of the loop.", "Print its length."),
    ("every_other_one", lambda it: it[::2], "Only every other one is there.", "Print its length."),
    ("row_0_missing", lambda it: it[1:, 1:], "The row and the column of \".\" are missing.", "Print its `shape`."),
    ("boundary_row_last", lambda it: it.roll((-1, -1), (0, 1)), "The boundary has the last row and column, and should have the first.", "Print row 0."),
    ("moved_by_one", lambda it: it.roll((1, 1), (0, 1)), "The ids are off by one: each row and column stands one further on.", "Print row 0."),
    ("moved_along_by_one", lambda it: it.roll(1, 0), "Each stands one place further on.", COMPARE),
    ("moved_back_by_one", lambda it: it.roll(-1, 0), "Each stands one place too far in front.", COMPARE),
    ("reversed", lambda it: it.flip(0), "The order is turned around.", "Print the first: it should be the last."),
    ("columns_reversed", lambda it: it.flip(-1), "The order within each row is turned around.", "Print the first column: it should be the last."),
    ("sorted_upwards", lambda it: it.sort().values, "The numbers are sorted.", "Print them: they go up."),
    ("sorted_downwards", lambda it: it.sort(descending=True).values, "The numbers are sorted.", "Print them: they go down."),
    ("zero_at_the_end", lambda it: torch.cat([it, it.new_zeros(1)]), "A 0 too many stands at the end.", "Print its last number."),
    ("zero_at_the_beginning", lambda it: torch.cat([it.new_zeros(1), it]), "A 0 too many stands at the beginning.", "Print its first number."),
    ("zeros_at_both_ends", lambda it: torch.cat([it.new_zeros(1), it, it.new_zeros(1)]), "A 0 too many stands at each end.", "Print its first and last number."),
    ("zeros_missing", lambda it: it[it != 0], "The zeros are missing.", "Print its length."),
    ("end_of_0_missing", lambda it: it[:-1] if len(it) and it[-1] == 0 else it, "The 0 at the end is missing.", "Print its last number."),
    ("copies_missing", lambda it: torch.tensor(list(dict.fromkeys(it.tolist()))), "What comes again is missing.", "Print its length."),
    ("one_larger", lambda it: it + 1, "Each is larger by 1 than it should be: off by one.", COMPARE),
    ("one_smaller", lambda it: it - 1, "Each is smaller by 1 than it should be: off by one.", COMPARE),
    ("diagonal_is_0", lambda it: it * (1 - torch.eye(len(it), dtype=it.dtype)), "The diagonal is 0: what follows itself is left out.", "Print `.diag()` of it."),
    ("upper_triangle_alone", lambda it: it.triu(), "Only what is on and above the diagonal is there.", COMPARE),
    ("lower_triangle_alone", lambda it: it.tril(), "Only what is on and below the diagonal is there.", COMPARE),
    ("both_orders_added", lambda it: it + it.mT, "It is added to its transpose: both orders of a pair count as one.", "Print it and its `.T`: they are equal."),
    ("zeros_and_ones", lambda it: (it != 0).to(it.dtype), "It tells only where something is, not how much.", "Print its largest number: it is 1."),
    ("row_0_set_to_0", lambda it: torch.cat([it[:1] * 0, it[1:]]), "Row 0 is all zeros.", "Print row 0."),
    ("column_0_set_to_0", lambda it: torch.cat([it[:, :1] * 0, it[:, 1:]], 1), "Column 0 is all zeros.", "Print column 0."),
    ("row_and_column_too_many", lambda it: torch.nn.functional.pad(it, (0, 1, 0, 1)), "There is a row and a column too many, all zeros: `<S>` and `<E>` are two tokens, or a size is off by one.", "Print its `shape`."),
    ("softmax_of_the_result", lambda it: it.double().softmax(-1), "softmax is taken of the result, too.", "Print `.sum(-1)` of it: it is 1 everywhere."),
    ("log_softmax_of_the_result", lambda it: it.double().log_softmax(-1), "log softmax is taken of the result, too.", "Print `.exp().sum(-1)` of it: it is 1 everywhere."),
    ("divided_by_the_total", lambda it: it / it.sum(), "It is divided by its sum.", "Print its sum: it is 1."),
    ("rows_divided", lambda it: it / it.sum(-1, keepdim=True), "The rows are divided by their sums, which is another step.", "Print its `.sum(-1)`: it is 1 everywhere."),
    ("columns_divided", lambda it: it / it.sum(0, keepdim=True), "The columns are divided by their sums.", "Print its `.sum(0)`: it is 1 everywhere."),
    ("largest_alone", lambda it: it.max(), "Only the largest is left.", "Print its `shape`."),
    ("places_of_the_largest", lambda it: it.argmax(-1), "It gives the place of the largest in each row.", "Print its `dtype`."),
    ("all_to_the_largest", lambda it: torch.nn.functional.one_hot(it.argmax(-1), it.shape[-1]), "In each row the largest is 1 and all else is 0.", "Print a row."),
    ("flattened", lambda it: it.flatten(), "It is one long row, and should have its axes.", "Print its `shape`."),
    ("axis_too_many", lambda it: it.unsqueeze(0), "It has an axis too many.", "Print its `shape`."),
    ("last_axis_too_many", lambda it: it.unsqueeze(-1), "It has an axis too many: is a `keepdim=True` or a `.view(-1, 1)` left in?", "Print its `shape`."),
    ("axes_of_one_lost", lambda it: it.squeeze(), "Every axis of length 1 is lost, as `squeeze()` does it: of a single row or word, too.", "Print its `shape` for a batch of one; `.squeeze(-1)` takes away the last axis alone."),
]  # fmt: skip

TEXTS: list[Row] = [
    ("first_character_missing", lambda it: it[1:], "The first character is missing.", COMPARE),
    ("last_character_missing", lambda it: it[:-1], "The last character is missing.", COMPARE),
    ("boundary_at_the_end", lambda it: it + ".", "A \".\" too many stands at the end.", COMPARE),
    ("boundary_at_the_beginning", lambda it: "." + it, "A \".\" too many stands at the beginning.", COMPARE),
    ("boundaries_at_both_ends", lambda it: f".{it}.", "A \".\" too many stands at each end.", COMPARE),
    ("boundary_moved_to_the_end", lambda it: it[1:] + it[:1], "The first character stands last.", COMPARE),
    ("boundaries_missing", lambda it: it.replace(".", ""), "Every \".\" is missing.", COMPARE),
    ("cut_at_the_first_boundary", lambda it: it.split(".")[0], "It ends before the first \".\".", COMPARE),
    ("blanks_at_the_ends_missing", str.strip, "Blanks at the ends are missing: `.strip()` takes them off.", COMPARE),
    ("blanks_missing", lambda it: "".join(it.split()), "Blanks are missing.", COMPARE),
    ("blanks_between", " ".join, "Blanks stand between the characters.", COMPARE),
    ("commas_between", ",".join, "Commas stand between the characters.", COMPARE),
    ("breaks_between", "\n".join, "Line breaks stand between the characters.", COMPARE),
    ("break_at_the_end", lambda it: it + "\n", "A line break stands at the end.", COMPARE),
    ("written_backwards", lambda it: it[::-1], "It is written backwards.", COMPARE),
    ("capitals", str.upper, "All letters are capitals.", COMPARE),
    ("first_letter_a_capital", str.capitalize, "The first letter is a capital.", COMPARE),
    ("title_case", str.title, "Each part begins with a capital.", COMPARE),
    ("small_letters", str.lower, "All letters are small.", COMPARE),
    ("letters_alone", lambda it: "".join(filter(str.isalpha, it)), "What is no letter is missing.", COMPARE),
    ("sorted", lambda it: "".join(sorted(it)), "The characters are sorted.", COMPARE),
    ("characters_that_come_again_missing", lambda it: "".join(dict.fromkeys(it)), "A character that comes again is missing.", COMPARE),
    ("the_first_sorted_with_the_rest", lambda it: it[:1] + "".join(sorted(it[1:], reverse=True)), "The characters are sorted from the last to the first.", COMPARE),
    ("quotes_around", repr, "It has quotes around it, as `repr` puts them.", COMPARE),
    ("nothing", lambda it: "", "It is empty.", "Print its length."),
    ("first_character_alone", lambda it: it[:1], "Only the first character is there: is the `return` inside the loop?", COMPARE),
    ("last_character_alone", lambda it: it[-1:], "Only the last character is there: `=` stands where `+=` should.", COMPARE),
    *((f"cut_at_{n}", lambda it, n=n: it[:n], f"It is cut after {n} characters.", COMPARE) for n in (2, 3, 4, 5, 8, 10, 12, 15, 20, 50)),
]  # fmt: skip

LISTS: list[Row] = [
    ("first_one_missing", lambda it: it[1:], "The first one is missing.", "Print its length."),
    ("last_one_missing", lambda it: it[:-1], "The last one is missing.", "Print its length."),
    ("first_one_alone", lambda it: it[:1], "Only the first one is there: is the `return` inside the loop?", "Print its length."),
    ("last_one_alone", lambda it: it[-1:], "Only the last one is there: it is written over in every round.", "Print its length."),
    ("first_for_all", lambda it: it[:1] * len(it), "All are the first one.", "Print `set(…)` of it."),
    ("last_for_all", lambda it: it[-1:] * len(it), "All are the last one: one object stands in every place.", "Print `set(…)` of it."),
    ("reversed", lambda it: it[::-1], "The order is turned around.", COMPARE),
    ("sorted", sorted, "It is sorted, and should stay in its order.", COMPARE),
    ("copies_missing", lambda it: list(dict.fromkeys(it)), "What comes again is missing.", "Print its length."),
    ("empty_ones_missing", lambda it: [*filter(None, it)], "Those that are empty are missing.", "Print its length."),
    ("nothing_in_it", lambda it: [], "It is empty.", "Print its length."),
    ("in_pairs_of_pairs", lambda it: [*it, *it], "It has everything twice.", "Print its length."),
    ("each_with_all_before_it", lambda it: [*accumulate(it)], "Each begins with all those before it: what is kept of one is not set back before the next.", "Print the second: it begins with the first."),
    ("an_empty_one_too_many", lambda it: [*it, type(it[0])()], "An empty one too many stands at the end.", "Print its length."),
    ("each_with_its_parts_reversed", lambda it: [one[::-1] for one in it], "The parts of each are turned around.", COMPARE),
]  # fmt: skip


def vary_results() -> Iterator[Variation]:
    """Yield what may be done to a result, the commoner first."""
    for name, change, wrong, seen in MEASURES:
        yield Variation(name, wrong, seen, _numbers(change))
    for name, change, wrong, seen in TABLES:
        yield Variation(name, wrong, seen, _of(change, Tensor))
    for name, change, wrong, seen in TEXTS:
        yield Variation(name, wrong, seen, _of(change, str))
    for name, change, wrong, seen in LISTS:
        yield Variation(name, wrong, seen, _of(change, list))
    for name, change, wrong, seen in TEXTS:
        yield Variation(f"each_{name}", f"Of each word: {wrong[0].lower()}{wrong[1:]}", seen, _each(change))
    for place, ordinal in enumerate(("first", "second", "third")):
        for kind, rows in ((Tensor, TABLES), (list, LISTS)):
            for name, change, wrong, seen in rows:
                yield Variation(
                    f"{ordinal}_part_{name}", f"In the {ordinal} of the parts that it returns: {wrong[0].lower()}{wrong[1:]}",
                    seen, _part(_of(change, kind), place),
                )  # fmt: skip
    for a, b, wrong in ((0, 1, "first and the second"), (1, 2, "second and the third"), (0, 2, "first and the third")):
        yield Variation(
            f"parts_{a}_and_{b}_exchanged",
            f"The {wrong} of the parts that it returns are exchanged.",
            COMPARE,
            _exchange(a, b),
        )


def _of(change: Callable[[Any], Any], kind: type) -> Callable[[Any, Given], Any]:
    def vary(result: Any, _: Given) -> Any:
        if not isinstance(result, kind):
            raise TypeError
        return change(result)

    return vary


def _each(change: Callable[[Any], Any]) -> Callable[[Any, Given], Any]:
    def vary(result: Any, _: Given) -> Any:
        if not isinstance(result, list) or not all(isinstance(one, str) for one in result):
            raise TypeError
        return [change(one) for one in result]

    return vary


def _part(vary: Callable[[Any, Given], Any], place: int) -> Callable[[Any, Given], Any]:
    def vary_part(result: Any, given: Given) -> Any:
        if not isinstance(result, tuple) or hasattr(result, "_make"):
            raise TypeError
        return (*result[:place], vary(result[place], given), *result[place + 1 :])

    return vary_part


def _exchange(a: int, b: int) -> Callable[[Any, Given], Any]:
    def vary(result: Any, _: Given) -> Any:
        if not isinstance(result, tuple) or hasattr(result, "_make"):
            raise TypeError
        parts = [*result]
        parts[a], parts[b] = parts[b], parts[a]
        return tuple(parts)

    return vary


FORMS: list[Row] = [
    ("first_of_several", lambda it: it[0] if type(it) in (tuple, list) else None, "The right result is the first of several that it returns: only that one should be returned.", "Print `[0]` of what it returns."),
    ("last_of_several", lambda it: it[-1] if type(it) in (tuple, list) else None, "The right result is the last of several that it returns: only that one should be returned.", "Print `[-1]` of what it returns."),
    ("list_for_a_tensor", lambda it: torch.tensor(it), "It returns a list of the right numbers, and should return a tensor: `torch.tensor(...)` is missing.", "Print `type(...)` of what it returns."),
    ("array_for_a_tensor", lambda it: torch.as_tensor(it) if type(it).__module__ == "numpy" else None, "It returns a NumPy array of the right numbers, and should return a tensor: `torch.from_numpy` makes one of it.", "Print `type(...)` of what it returns."),
    ("tensors_in_a_list", lambda it: torch.stack(it), "It returns a list of tensors, and should return one: `torch.stack` makes one of them.", "Print `type(...)` of what it returns."),
    ("tensor_for_a_list", lambda it: it.tolist(), "It returns a tensor of the right numbers, and should return a list: `.tolist()` is missing.", "Print `type(...)` of what it returns."),
    ("tensor_for_a_number", lambda it: it.item(), "It returns the right number in a tensor with an axis: `.item()` is missing.", "Print its `shape`."),
    ("list_for_a_number", lambda it: it[0] if isinstance(it, list | tuple) and len(it) == 1 and not isinstance(it[0], list | tuple) else None, "It returns the right number in a list.", "Print `type(...)` of what it returns."),
    ("list_of_characters", "".join, "It returns a list of characters, and should return one `str`: `\"\".join(...)` is missing.", "Print `type(...)` of what it returns."),
    ("set_for_a_str", lambda it: "".join(sorted(it)), "It returns the right characters, unordered or in a list, and should return one `str`, sorted.", "Print `type(...)` of what it returns."),
    ("keys_of_a_dictionary", lambda it: "".join(it.keys()), "It returns a dictionary from characters to ids, and should return the characters in one `str`.", "Print `type(...)` of what it returns."),
    ("values_of_a_dictionary", lambda it: "".join(it.values()), "It returns a dictionary from ids to characters, and should return the characters in one `str`.", "Print `type(...)` of what it returns."),
    ("dictionary_for_a_list", lambda it: [*it.items()] if isinstance(it, dict) else None, "It returns a dictionary, and should return a list of pairs: `list(d.items())`.", "Print `type(...)` of what it returns."),
    ("lists_for_pairs", lambda it: [*map(tuple, it)], "It returns a list of lists, and should return a list of tuples.", "Print the first of what it returns."),
    ("tensors_in_pairs", lambda it: [(a, b.item()) for a, b in it], "The numbers are tensors still: `.item()` is missing.", "Print the first of what it returns."),
    ("lines_for_a_list", lambda it: it.split("\n"), "It returns one `str` with a line for each, and should return a list of them.", "Print `type(...)` of what it returns."),
    ("full_lines_for_a_list", lambda it: [one for one in it.split("\n") if one], "It returns one `str` with a line for each, and should return a list of them.", "Print `type(...)` of what it returns."),
    ("words_by_blanks_for_a_list", lambda it: it.split(" "), "It returns one `str` with blanks between the words, and should return a list of them.", "Print `type(...)` of what it returns."),
    ("words_by_commas_for_a_list", lambda it: it.split(", "), "It returns one `str` with commas between the words, and should return a list of them.", "Print `type(...)` of what it returns."),
    ("tuple_for_a_list", lambda it: [*it] if isinstance(it, tuple) else None, "It returns a tuple, and should return a list.", "Print `type(...)` of what it returns."),
    ("iterator_for_a_list", lambda it: [*it], "It returns something to walk through, and should return a list.", "Print `type(...)` of what it returns."),
    ("list_of_lists_of_characters", lambda it: ["".join(one) for one in it], "Each word is a list of characters, and should be one `str`: `\"\".join(...)` is missing.", "Print the first of what it returns."),
    ("words_in_lists", lambda it: [one for (one,) in it], "Each word stands in a list of its own.", "Print the first of what it returns."),
    ("number_as_text", float, "The right number is returned as a `str`.", "Print `type(...)` of what it returns."),
    ("numbers_as_text", lambda it: torch.tensor([*map(int, it)], dtype=torch.int64) if all(isinstance(one, str) for one in it) else None, "The right numbers are returned as text: each is a `str`.", "Print `type(...)` of the first of what it returns."),
    ("axis_too_many", lambda it: torch.as_tensor(it).squeeze(0), "It has an axis too many, in front.", "Print its `shape`."),
    ("last_axis_too_many", lambda it: it.squeeze(-1), "It has an axis too many, at the end.", "Print its `shape`."),
    ("axes_too_many", lambda it: it.squeeze(), "It has axes too many.", "Print its `shape`."),
]  # fmt: skip
"""What makes ours of a result that has another form; each takes what was returned."""
