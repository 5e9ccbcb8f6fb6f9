"""What can go wrong in the parts of functions that count words: words, pairs, cells; and in a list of bigrams."""

import math
from itertools import accumulate, pairwise
from operator import itemgetter
from typing import Any

import torch

from bigramlab.judge.causes.families import Choice, Part, Run, family
from bigramlab.judge.causes.parts_of_tables import CELLS_LEFT

WORDS: list[Choice] = [
    ("only_the_first_word", lambda words: words[:1], "Only the first word is taken: the `return` stands in the loop, or a slice `[:1]` is left in."),
    ("only_the_last_word", lambda words: words[-1:], "Only the last word is taken: each writes over what came before."),
    ("last_word_left_out", lambda words: words[:-1], "The last word is left out."),
    ("first_word_left_out", lambda words: words[1:], "The first word is left out."),
    ("copies_dropped", lambda words: [*dict.fromkeys(words)], "Words that come again are dropped."),
    ("empty_words_skipped", lambda words: [word for word in words if word], "Empty words are skipped."),
    ("blank_words_skipped", lambda words: [word for word in words if word.strip()], "Words that are empty or blank are skipped."),
    *((f"words_below_{n}_letters_skipped", lambda words, n=n: [word for word in words if len(word) >= n], f"Words of fewer than {n} letters are skipped.") for n in (2, 3, 4)),
    ("words_stripped", lambda words: [word.strip() for word in words], "`.strip()` takes blanks off the words."),
    ("words_lowercased", lambda words: [word.lower() for word in words], "The words are put into small letters."),
    ("words_read_backwards", lambda words: [word[::-1] for word in words], "The words are read backwards."),
    ("words_joined", lambda words: ["".join(words)], "The words are joined into one."),
    ("last_letter_left_out", lambda words: [word[:-1] for word in words], "The last letter of each word is left out."),
    ("first_letter_left_out", lambda words: [word[1:] for word in words], "The first letter of each word is left out."),
    ("letters_sorted", lambda words: ["".join(sorted(word)) for word in words], "The letters of each word are sorted."),
    ("letters_once", lambda words: ["".join(dict.fromkeys(word)) for word in words], "A letter that comes again within a word is dropped."),
    ("words_sorted", sorted, "The words are sorted."),
    ("words_reversed", lambda words: words[::-1], "The words are taken in the reverse order."),
]  # fmt: skip


def _unordered(pairs: Any) -> Any:
    return [tuple(sorted(pair)) for pair in pairs]


def _without_overlap(ids: Any) -> Any:
    """Leave out each pair that shares a character with an equal pair before it that is there."""
    found: Any = []
    taken = -2
    for i, pair in enumerate(pairwise(ids)):
        if i - 1 != taken or pair != found[-1]:
            found.append(pair)
            taken = i
    return found


def _set(pairs: Any) -> Any:
    return [*dict.fromkeys(pairs)]


COUNT: list[Part] = [
    ("words", lambda words: words, WORDS),
    ("framed", lambda word: [0, *word, 0], [
        ("no_boundary", lambda word: word, "The \".\" is missing at both ends, so the table does not know how words begin and end."),
        ("no_start", lambda word: [*word, 0], "The \".\" before each word is missing."),
        ("no_end", lambda word: [0, *word], "The \".\" after each word is missing."),
        ("two_starts", lambda word: [0, 0, *word, 0], "Two \".\" stand before each word."),
        ("two_ends", lambda word: [0, *word, 0, 0], "Two \".\" stand after each word."),
        ("two_starts_and_ends", lambda word: [0, 0, *word, 0, 0], "Two \".\" stand at each end of a word."),
        ("ring", lambda word: [*word, word[0]] if word else [], "The last letter is paired with the first, as in a ring, and not with \".\".")]),
    ("paired", lambda ids: [*pairwise(ids)], [
        ("two_apart", lambda ids: [*zip(ids, ids[2:], strict=False)], "Characters two places apart are paired: `[2:]` stands where `[1:]` should."),
        ("side_by_side", lambda ids: [*pairwise(ids)][::2], "The pairs stand side by side, and should overlap."),
        ("each_with_itself", lambda ids: [*zip(ids, ids, strict=True)], "Each character is paired with itself: `[1:]` is missing."),
        ("last_pair_left_out", lambda ids: [*pairwise(ids)][:-1], "The last pair of each word is left out: a `range` ends one too early."),
        ("first_pair_left_out", lambda ids: [*pairwise(ids)][1:], "The first pair of each word is left out: a `range` begins one too late."),
        ("only_the_first_pair", lambda ids: [*pairwise(ids)][:1], "Only the first pair of each word is counted."),
        ("only_the_last_pair", lambda ids: [*pairwise(ids)][-1:], "Only the last pair of each word is counted: its line stands after the loop."),
        ("pairs_once_in_a_word", lambda ids: _set(pairwise(ids)), "A pair that comes again within a word is lost, as with `counts[xs, ys] += 1`."),
        ("overlapping_pairs_missed", _without_overlap, "Pairs that overlap are missed, as `str.count` does: `aaa` has two of `aa`."),
        ("doubles_skipped", lambda ids: [(a, b) for a, b in pairwise(ids) if a != b], "Pairs of the same character are skipped."),
        ("each_with_the_one_before", lambda ids: [(ids[i], ids[i - 1]) for i in range(len(ids) - 1)], "Each character is paired with the one before it, `[i - 1]`, and the first with the last: it should be `[i]` and `[i + 1]`."),
        ("all_later_ones", lambda ids: [(a, b) for i, a in enumerate(ids) for b in ids[i + 1 :]], "Each character is paired with all later ones, and should be with the next."),
        ("all_with_all", lambda ids: [(a, b) for a in ids for b in ids], "Each character is paired with all of the word."),
        ("all_with_all_but_the_first", lambda ids: [(a, b) for a in ids for b in ids[1:]], "Each character is paired with all of the word but the first: one loop stands in the other."),
        ("both_orders", lambda ids: [*pairwise(ids), *pairwise(ids[::-1])], "Each pair is counted in both orders."),
        ("order_lost", lambda ids: _unordered(pairwise(ids)), "The two of a pair are sorted, so their order is lost."),
        ("swapped", lambda ids: [(b, a) for a, b in pairwise(ids)], "Rows and columns are swapped: the row is the current token."),
        ("current_never_moved_on", lambda ids: [(ids[0], b) for b in ids[1:]], "The current token is never moved on: each character is paired with the first. `prev = …` is missing at the end of the loop."),
        ("previous_of_the_last", lambda ids: [(ids[i - 1], ids[i]) for i in range(len(ids))], "`i - 1` is -1 for the first, so it is paired with the last.")]),
    ("joined", "words", [("words_run_on", "text", "The words are joined, each with its \".\", so pairs are made across their ends."),
                         ("words_share_a_boundary_only_at_the_ends", "ends", "The words are joined into one, with \".\" only at the beginning and end of all."),
                         ("previous_of_the_word_before", "word before", "The previous character is not set back to \".\" at the beginning of a word: it is the last letter of the word before."),
                         ("overlapping_pairs_of_the_text_missed", "counted", "Pairs that overlap are missed, as `str.count` does: `aaa` has two of `aa`."),
                         ("previous_not_set_back", "previous", "The previous character is not set back to \".\" at the beginning of a word.")]),
    ("put", lambda pair, v: pair, [
        ("ids_one_too_large", lambda pair, v: ((pair[0] + 1) % v, (pair[1] + 1) % v), "The ids are off by one."),
        ("ids_one_too_small", lambda pair, v: (pair[0] - 1, pair[1] - 1), "The ids are off by one: `i - 1`, and -1 is the last."),
        ("next_one_too_small", lambda pair, v: (pair[0], pair[1] - 1), "The ids of the next token are off by one."),
        ("current_one_too_small", lambda pair, v: (pair[0] - 1, pair[1]), "The ids of the current token are off by one."),
        ("flat_index_with_one_less", lambda pair, v: divmod(pair[0] * (v - 1) + pair[1], v), "The flat index is made with vocab - 1 for vocab, so cells move and mix."),
        ("flat_index_with_one_more", lambda pair, v: divmod(pair[0] * (v + 1) + pair[1], v), "The flat index is made with vocab + 1 for vocab, so cells move and mix."),
        ("flat_index_swapped", lambda pair, v: divmod(pair[0] + pair[1] * v, v), "The flat index is current + next · vocab, so rows and columns are swapped."),
        ("boundary_last", lambda pair, v: ((pair[0] - 1) % v, (pair[1] - 1) % v), "The boundary has the last row and column."),
        ("rows_from_the_end", lambda pair, v: (v - 1 - pair[0], pair[1]), "The rows count from the end.")]),
    ("filled", lambda n: n, [
        ("set_to_1", lambda n: n.clamp(max=1), "`= 1` notes that a pair occurs, not how often."),
        ("begun_at_1", lambda n: n + 1, "The table begins at 1, and should at 0."),
        ("begun_at_1_where_seen", lambda n: n + (n > 0), "`get(pair, 1)` begins at 1, so each pair that occurs is counted once too often."),
        ("counted_by_two", lambda n: n * 2, "Each pair is counted twice."),
        ("both_orders_added", lambda n: n + n.T, "The table is added to its transpose."),
        ("ones_forgotten", lambda n: (n - 1).clamp(min=0), "The first time of each pair is not counted: it only makes the entry."),
        ("rows_divided", lambda n: n / n.sum(1, keepdim=True), "The rows are divided by their sums: that is another step."),
        ("rows_divided_but_empty_ones", lambda n: n / n.sum(1, keepdim=True).clamp(min=1), "The rows are divided by their sums: that is another step."),
        ("divided_by_the_total", lambda n: n / n.sum(), "The table is divided by its sum: that is another step."),
        ("divided_by_the_total_or_1", lambda n: n / n.sum().clamp(min=1), "The table is divided by its sum: that is another step."),
        ("logs", lambda n: n.log(), "The log is taken of the counts."),
        ("running_sums", lambda n: n.cumsum(1), "The counts are summed up along the row."),
        ("one_row_for_all", lambda n: n.sum(0, keepdim=True).expand_as(n), "`[[0] * n] * n` is one list n times, so what is counted in one row stands in all."),
        ("row_sums", lambda n: n.sum(1), "Only the sums of the rows come back."),
        ("column_sums", lambda n: n.sum(0), "Only the sums of the columns come back.")]),
    ("left", lambda new, old: new, [choice for choice in CELLS_LEFT if "set_to_0" in choice[0]]),
]  # fmt: skip


def _count(given: dict[str, Any], chosen: dict[str, Any]) -> Any:
    words, vocabulary = chosen["words"]([*given["words"]]), given["vocabulary"]
    ids = [[vocabulary.index(letter) for letter in word] for word in words]
    framed = [chosen["framed"](word) for word in ids]
    if chosen["joined"] == "text":
        framed = [[id for word in framed for id in word]]
    elif chosen["joined"] == "ends":
        framed = [chosen["framed"]([id for word in ids for id in word])]
    elif chosen["joined"] in ("previous", "counted"):
        framed = [[0, *(id for word in framed for id in word[1:])]]
    elif chosen["joined"] == "word before":
        last = accumulate(ids, lambda before, word: word[-1:] or before, initial=[0])
        framed = [[*before, *word[1:]] for before, word in zip(last, framed, strict=False)]
    size = len(vocabulary)
    counts = torch.zeros(size, size, dtype=torch.int64)
    paired = _without_overlap if chosen["joined"] == "counted" else chosen["paired"]
    for word in framed:
        for pair in paired(word):
            row, column = chosen["put"](pair, size)
            counts[row, column] += 1
    return chosen["left"](chosen["filled"](counts), counts)


COMMON: list[Part] = [
    ("cells", lambda cells: cells, [
        ("zeros_left_out", lambda cells: [cell for cell in cells if cell[2] > 0], "Pairs that never occur are left out."),
        ("pairs_with_a_boundary_left_out", lambda cells: [cell for cell in cells if cell[0] and cell[1]], "Pairs with a \".\" are left out."),
        ("pairs_that_begin_a_word_left_out", lambda cells: [cell for cell in cells if cell[0]], "Pairs that begin a word are left out."),
        ("pairs_that_end_a_word_left_out", lambda cells: [cell for cell in cells if cell[1]], "Pairs that end a word are left out."),
        ("doubles_left_out", lambda cells: [cell for cell in cells if cell[0] != cell[1]], "Pairs of the same character are left out."),
        ("only_row_0", lambda cells: [cell for cell in cells if cell[0] == 0], "Only row 0 is looked at."),
        ("one_of_each_row", lambda cells: [max((c for c in cells if c[0] == i), key=lambda c: c[2]) for i in sorted({c[0] for c in cells})], "Only the largest of each row is looked at."),
        ("one_of_each_number", lambda cells: [*{cell[2]: cell for cell in reversed(cells)}.values()], "Of pairs with the same count only one is there: the count is the key of a dictionary."),
        ("one_of_each_number_the_last", lambda cells: [*{cell[2]: cell for cell in cells}.values()], "Of pairs with the same count only one is there: the count is the key of a dictionary."),
        ("columns_first", lambda cells: sorted(cells, key=lambda cell: cell[1]), "Equal counts come in the order of the columns.")]),
    ("order", lambda cell, v: -cell[2], [
        ("smallest_first", lambda cell, v: cell[2], "The smallest come first: `reverse=True` is missing."),
        ("not_sorted", lambda cell, v: 0, "They are not sorted by their counts."),
        ("sorted_by_name", lambda cell, v: (v[cell[0]], v[cell[1]]), "They are sorted by the pair, and should be by the count."),
        ("sorted_by_name_downwards", lambda cell, v: (-ord(v[cell[0]]), -ord(v[cell[1]])), "They are sorted by the pair, and should be by the count.")]),
    ("taken", lambda ordered, n, cells: ordered[:n], [
        ("largest_last", lambda ordered, n, cells: sorted(cells, key=itemgetter(2))[-n:], "The largest come, but the smallest of them first: `[-n:]` of what goes up has still to be turned around.")]),
    ("number", lambda n, cells: n, [
        ("one_too_few", lambda n, cells: max(n - 1, 0), "One pair too few comes."), ("one_too_many", lambda n, cells: n + 1, "One pair too many comes."),
        ("n_ignored", lambda n, cells: cells, "All come, however few are asked for."), ("one_alone", lambda n, cells: 1, "Only one comes."),
        *((f"always_{k}", lambda n, cells, k=k: k, f"{k} come, whatever n is.") for k in (3, 5, 10, 20))]),
    ("name", lambda a, b, v: v[a] + v[b], [
        ("names_swapped", lambda a, b, v: v[b] + v[a], "The two characters are exchanged."), ("ids_for_names", lambda a, b, v: (a, b), "The ids of the pair come, and should be its characters."),
        ("characters_apart", lambda a, b, v: (v[a], v[b]), "The two characters come apart, and should be one `str`."), ("one_too_early", lambda a, b, v: v[a - 1] + v[b - 1], "The ids are off by one when they are looked up."),
        ("arrow_between", lambda a, b, v: f"{v[a]}->{v[b]}", "An arrow stands between the two characters."), ("blank_between", lambda a, b, v: f"{v[a]} {v[b]}", "A blank stands between the two characters."),
        ("first_alone", lambda a, b, v: v[a], "Only the first character comes."), ("second_alone", lambda a, b, v: v[b], "Only the second character comes.")]),
    ("value", lambda n, total: n, [("shares_for_counts", lambda n, total: n / total, "The counts are divided by their sum."), ("percent_for_counts", lambda n, total: 100 * n / total, "The counts come in percent."),
                                   ("counts_as_text", lambda n, total: str(n), "The counts come as text.")]),
    ("pair", lambda name, n: (name, n), [("counts_before_names", lambda name, n: (n, name), "The count stands before the pair."), ("names_alone", lambda name, n: name, "The counts are missing."),
                                         ("counts_alone", lambda name, n: n, "The pairs are missing."), ("three_parts", lambda name, n: (*name, n), "The characters come apart, and should be one `str`.")]),
]  # fmt: skip


def _common(given: dict[str, Any], chosen: dict[str, Any]) -> Any:
    v, table = given["vocabulary"], given["counts"].tolist()
    cells = chosen["cells"]([(i, j, n) for i, row in enumerate(table) for j, n in enumerate(row)])
    total = sum(map(sum, table)) or math.nan
    ordered = sorted(cells, key=lambda cell: chosen["order"](cell, v))
    some = chosen["taken"](ordered, chosen["number"](given["n"], len(cells)), cells)
    return [chosen["pair"](chosen["name"](a, b, v), chosen["value"](n, total)) for a, b, n in some]


FOUND: list[tuple[str, Run, list[Part]]] = [
    ("count_bigrams", _count, COUNT),
    ("most_common_bigrams", _common, COMMON),
]
for one in FOUND:
    family(*one)
