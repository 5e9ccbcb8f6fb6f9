# ruff: noqa: E501 (a slip to a line: what it does, and what it is called)
"""What can go wrong in the parts of functions of words: characters and ids, pairs, contexts, surprises."""

import math
from itertools import pairwise
from typing import Any

import torch

from bigramlab.judge.causes.families import Choice, Part, Run, family
from bigramlab.judge.causes.parts_of_tables import CELLS_LEFT, LOGS

WORDS: list[Choice] = [
    ("only_the_first_word", lambda words: words[:1], "Only the first word is taken: the `return` stands in the loop, or a slice `[:1]` is left in."),
    ("only_the_last_word", lambda words: words[-1:], "Only the last word is taken: each writes over what came before."),
    ("last_word_left_out", lambda words: words[:-1], "The last word is left out."),
    ("first_word_left_out", lambda words: words[1:], "The first word is left out."),
    ("copies_dropped", lambda words: [*dict.fromkeys(words)], "Words that come again are dropped."),
    ("empty_words_skipped", lambda words: [word for word in words if word], "Empty words are skipped."),
    ("blank_words_skipped", lambda words: [word for word in words if word.strip()], "Words that are empty or blank are skipped."),
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
        ("doubles_skipped", lambda ids: [(a, b) for a, b in pairwise(ids) if a != b], "Pairs of the same character are skipped."),
        ("all_later_ones", lambda ids: [(a, b) for i, a in enumerate(ids) for b in ids[i + 1 :]], "Each character is paired with all later ones, and should be with the next."),
        ("all_with_all", lambda ids: [(a, b) for a in ids for b in ids], "Each character is paired with all of the word."),
        ("both_orders", lambda ids: [*pairwise(ids), *pairwise(ids[::-1])], "Each pair is counted in both orders."),
        ("order_lost", lambda ids: _unordered(pairwise(ids)), "The two of a pair are sorted, so their order is lost."),
        ("swapped", lambda ids: [(b, a) for a, b in pairwise(ids)], "Rows and columns are swapped: the row is the current token."),
        ("previous_of_the_last", lambda ids: [(ids[i - 1], ids[i]) for i in range(len(ids))], "`i - 1` is -1 for the first, so it is paired with the last.")]),
    ("joined", "words", [("words_run_on", "text", "The words are joined, each with its \".\", so pairs are made across their ends."),
                         ("words_share_a_boundary_only_at_the_ends", "ends", "The words are joined into one, with \".\" only at the beginning and end of all."),
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
    elif chosen["joined"] == "previous":
        framed = [[0, *(id for word in framed for id in word[1:])]]
    size = len(vocabulary)
    counts = torch.zeros(size, size, dtype=torch.int64)
    for word in framed:
        for pair in chosen["paired"](word):
            row, column = chosen["put"](pair, size)
            counts[row, column] += 1
    return chosen["left"](chosen["filled"](counts), counts)


ENCODE: list[Part] = [
    ("word", lambda word: word, [(name, lambda word, change=change: "".join(change([word])), wrong) for name, change, wrong in WORDS[7:] if "joined" not in name and name != "words_sorted"]),
    ("id", lambda c, v: v.index(c), [
        ("ids_one_too_large", lambda c, v: v.index(c) + 1, "The ids are off by one: `i + 1` over a vocabulary that has \".\" already."),
        ("ids_one_too_small", lambda c, v: v.index(c) - 1, "The ids are off by one: letters count from 0."),
        ("ids_from_ord", lambda c, v: ord(c), "`ord` gives the number of the character in Unicode, and its position in the vocabulary is asked for."),
        ("ids_from_ord_a", lambda c, v: ord(c) - ord("a"), "`ord(c) - ord(\"a\")` counts from \"a\", whatever the vocabulary is."),
        ("ids_from_ord_a_and_1", lambda c, v: ord(c) - ord("a") + 1, "`ord(c) - ord(\"a\") + 1` counts from \"a\", whatever the vocabulary is."),
        ("ids_from_ord_96", lambda c, v: ord(c) - 97 + 1, "`ord(c) - 96` counts from \"a\", whatever the vocabulary is."),
        ("ids_in_alphabetical_order", lambda c, v: sorted(v).index(c), "The ids are those of the sorted characters, and should be positions in the vocabulary."),
        ("ids_of_sorted_letters", lambda c, v: 1 + sorted(v[1:]).index(c) if c != "." else 0, "The ids are those of the sorted letters, and should be positions in the vocabulary."),
        ("ids_from_the_end", lambda c, v: v[::-1].index(c), "The ids count from the end of the vocabulary."),
        ("negative_ids", lambda c, v: v.index(c) - len(v), "The ids are negative: they count from the end.")]),
    ("ids", lambda ids, word: ids, [
        ("boundary_added", lambda ids, word: [0, *ids, 0], "A 0 for \".\" is added at both ends, and only the word's own ids are asked for."),
        ("start_added", lambda ids, word: [0, *ids], "A 0 for \".\" is added at the beginning."),
        ("stop_added", lambda ids, word: [*ids, 0], "A 0 for \".\" is added at the end."),
        ("ids_from_the_word_itself", lambda ids, word: [sorted({*word}).index(c) for c in word], "The ids are made of the word's own letters, and should be positions in the vocabulary."),
        ("ids_from_the_word_itself_and_1", lambda ids, word: [sorted({*word}).index(c) + 1 for c in word], "The ids are made of the word's own letters, and should be positions in the vocabulary."),
        ("places_in_the_word", lambda ids, word: [word.index(c) for c in word], "The ids are places in the word, and should be positions in the vocabulary."),
        ("numbers_of_the_places", lambda ids, word: [*range(len(ids))], "The ids are the numbers of the places: `i` of `enumerate` stands where the id should."),
        ("sorted", lambda ids, word: sorted(ids), "The ids are sorted."),
        ("each_once", lambda ids, word: [*dict.fromkeys(ids)], "An id that comes again is dropped."),
        ("first_alone", lambda ids, word: ids[:1], "Only the first id comes back: is the `return` inside the loop?"),
        ("last_alone", lambda ids, word: ids[-1:], "Only the last id comes back."),
        ("in_pairs", lambda ids, word: [*pairwise(ids)], "The ids come in pairs."),
        ("running_sums", lambda ids, word: torch.tensor(ids).cumsum(0).tolist(), "The ids are summed up."),
        ("ends_with_its_length", lambda ids, word: [*ids, len(ids)], "The length of the word is added.")]),
    ("form", lambda ids, v: torch.tensor(ids, dtype=torch.int64), [
        ("one_hot_rows", lambda ids, v: torch.eye(v)[torch.tensor(ids, dtype=torch.int64)], "One-hot rows come back, and should be ids."),
        ("one_axis_too_many", lambda ids, v: torch.tensor([ids]), "The ids have an axis too many, in front."),
        ("column", lambda ids, v: torch.tensor(ids).view(-1, 1), "The ids stand in a column."),
        ("counts_of_the_ids", lambda ids, v: torch.bincount(torch.tensor(ids), minlength=v), "It counts the ids, and they themselves are asked for."),
        ("up_to_255", lambda ids, v: torch.tensor(ids).to(torch.uint8), "The ids are of a type that ends at 255."),
        ("up_to_127", lambda ids, v: torch.tensor(ids).to(torch.int8), "The ids are of a type that ends at 127."),
        ("joined", lambda ids, v: "".join(map(str, ids)), "The ids are joined into one `str`.")]),
]  # fmt: skip


def _encode(given: dict[str, Any], chosen: dict[str, Any]) -> Any:
    word, v = chosen["word"](given["word"]), given["vocabulary"]
    return chosen["form"](chosen["ids"]([chosen["id"](letter, v) for letter in word], word), len(v))


def _before(ids: list[int], stop: int, more: int = 0) -> list[int]:
    return ids[: ids.index(stop) + more] if stop in ids else ids


DECODE: list[Part] = [
    ("ids", lambda ids: ids, [
        ("boundaries_dropped", lambda ids: [i for i in ids if i != 0], "The ids of 0 are skipped, and each is a \".\"."),
        ("stopped_at_the_first_boundary", lambda ids: _before(ids, 0), "It stops at the first 0, and loses what follows."),
        ("stopped_after_the_first_boundary", lambda ids: _before(ids, 0, 1), "It stops after the first 0, and loses what follows."),
        ("last_id_left_out", lambda ids: ids[:-1], "The last id is left out, as if it were always the final 0."),
        ("first_id_left_out", lambda ids: ids[1:], "The first id is left out."),
        ("both_ends_left_out", lambda ids: ids[1:-1], "The first and the last id are left out."),
        ("final_0_left_out", lambda ids: ids[:-1] if ids and ids[-1] == 0 else ids, "A 0 at the end is left out, and it is a \".\"."),
        ("leading_0_left_out", lambda ids: ids[1:] if ids and ids[0] == 0 else ids, "A 0 at the beginning is left out, and it is a \".\"."),
        ("read_backwards", lambda ids: ids[::-1], "The ids are read backwards."),
        ("each_once", lambda ids: [*dict.fromkeys(ids)], "An id that comes again is dropped."),
        ("no_id_twice_in_a_row", lambda ids: [b for a, b in pairwise([None, *ids]) if a != b], "An id that stands twice in a row is read once."),
        ("sorted", lambda ids: sorted(ids), "The ids are sorted."),
        ("first_alone", lambda ids: ids[:1], "Only the first comes back: is the `return` inside the loop?"),
        ("last_alone", lambda ids: ids[-1:], "Only the last comes back: `=` stands where `+=` should."),
        ("every_other_one", lambda ids: ids[::2], "Only every other one is read.")]),
    ("letter", lambda i, v: v[i], [
        ("one_character_too_early", lambda i, v: v[i - 1], "The ids are off by one: `i - 1` is looked up."),
        ("one_character_too_late", lambda i, v: v[(i + 1) % len(v)], "The ids are off by one: `i + 1` is looked up."),
        ("letters_alone_looked_up", lambda i, v: v[1:][i], "The ids are looked up among the letters, without \".\", so each is the one after the right one."),
        ("character_from_chr", lambda i, v: chr(i), "`chr` gives the character of that number in Unicode, and the one in the vocabulary is asked for."),
        ("character_from_chr_96", lambda i, v: chr(i + 96), "`chr(i + 96)` counts from \"a\", whatever the vocabulary is."),
        ("character_from_chr_97", lambda i, v: chr(i + 97), "`chr(i + 97)` counts from \"a\", whatever the vocabulary is."),
        ("character_from_chr_96_but_0", lambda i, v: chr(i + 96) if i else ".", "`chr(i + 96)` counts from \"a\", whatever the vocabulary is."),
        ("sorted_vocabulary", lambda i, v: sorted(v)[i], "The ids are looked up in the sorted vocabulary."),
        ("from_the_end", lambda i, v: v[-1 - i], "The ids count from the end of the vocabulary."),
        ("minus_the_id", lambda i, v: v[-i], "Minus the id is looked up."),
        ("ids_themselves", lambda i, v: str(i), "The ids come back as text, and should be looked up."),
        ("boundary_as_a_blank", lambda i, v: v[i] if i else " ", "A 0 becomes a blank, and should be \".\"."),
        ("boundary_as_a_break", lambda i, v: v[i] if i else "\n", "A 0 becomes a line break, and should be \".\"."),
        ("boundary_as_nothing", lambda i, v: v[i] if i else "", "A 0 becomes nothing, and should be \".\".")]),
    ("text", "".join, [
        ("joined_with_blanks", " ".join, "The characters are joined with blanks."),
        ("joined_with_commas", ",".join, "The characters are joined with commas."),
        ("joined_with_commas_and_blanks", ", ".join, "The characters are joined with commas."),
        ("joined_with_breaks", "\n".join, "The characters are joined with line breaks."),
        ("list_of_characters", list, "A list of characters comes back, and should be one `str`."),
        ("boundaries_stripped", lambda some: "".join(some).strip("."), "`.strip(\".\")` takes the \".\" off the ends."),
        ("boundaries_stripped_at_the_end", lambda some: "".join(some).rstrip("."), "`.rstrip(\".\")` takes the \".\" off the end."),
        ("boundaries_stripped_at_the_beginning", lambda some: "".join(some).lstrip("."), "`.lstrip(\".\")` takes the \".\" off the beginning."),
        ("blanks_stripped", lambda some: "".join(some).strip(), "`.strip()` takes blanks off the ends."),
        ("all_boundaries_replaced", lambda some: "".join(some).replace(".", ""), "Every \".\" is taken out."),
        ("boundaries_as_blanks", lambda some: "".join(some).replace(".", " "), "Every \".\" becomes a blank."),
        ("written_backwards", lambda some: "".join(some)[::-1], "It is written backwards: each is put before the others."),
        ("first_letter_a_capital", lambda some: "".join(some).capitalize(), "The first letter becomes a capital."),
        ("title_case", lambda some: "".join(some).title(), "Each part gets a capital."),
        ("capitals", lambda some: "".join(some).upper(), "All become capitals."),
        ("small_letters", lambda some: "".join(some).lower(), "All become small letters."),
        ("boundary_added", lambda some: "".join(some) + ".", "A \".\" is added at the end."),
        ("start_added", lambda some: "." + "".join(some), "A \".\" is added at the beginning.")]),
]  # fmt: skip


def _decode(given: dict[str, Any], chosen: dict[str, Any]) -> Any:
    ids = given["ids"].tolist() if isinstance(given["ids"], torch.Tensor) else [*given["ids"]]
    return chosen["text"]([chosen["letter"](id, given["vocabulary"]) for id in chosen["ids"](ids)])


VOCABULARY: list[Part] = [
    ("words", lambda words: words, WORDS),
    ("letters", lambda text: sorted({*text}), [
        ("order_of_appearance", lambda text: [*dict.fromkeys(text)], "The characters stand in the order in which they appear, and should be sorted."),
        ("not_sorted_but_by_number", lambda text: sorted({*text}, key=lambda c: (-text.count(c), c)), "The commonest characters stand first, and they should be sorted."),
        ("rarest_first", lambda text: sorted({*text}, key=lambda c: (text.count(c), c)), "The rarest characters stand first, and they should be sorted."),
        ("commonest_first", lambda text: sorted(dict.fromkeys(text), key=lambda c: -text.count(c)), "The commonest characters stand first, and they should be sorted."),
        ("repeated_characters_kept", lambda text: sorted(text), "Characters that come again are kept."),
        ("all_characters_kept", lambda text: [*text], "All characters are kept, in their order."),
        ("sorted_from_the_last", lambda text: sorted({*text}, reverse=True), "The characters are sorted from the last to the first."),
        ("capitals_among_small_letters", lambda text: sorted({*text}, key=str.lower), "Capitals are sorted among the small letters."),
        ("capitals_beside_small_letters", lambda text: sorted({*text}, key=lambda c: (c.lower(), c)), "Capitals are sorted among the small letters."),
        ("letters_only", lambda text: sorted(filter(str.isalpha, {*text})), "Characters that are no letters are left out."),
        ("letters_and_numbers_only", lambda text: sorted(filter(str.isalnum, {*text})), "Characters that are neither letters nor numbers are left out."),
        ("no_blanks", lambda text: sorted(c for c in {*text} if not c.isspace()), "Blanks are left out."),
        ("no_blank", lambda text: sorted(c for c in {*text} if c != " "), "The blank is left out."),
        ("ascii_only", lambda text: sorted(filter(str.isascii, {*text})), "Characters that are none of ASCII are left out."),
        ("ascii_letters_only", lambda text: sorted(c for c in {*text} if c.isascii() and c.isalpha()), "All but the letters of ASCII are left out."),
        ("a_to_z_only", lambda text: sorted(c for c in {*text} if "a" <= c <= "z"), "All but a to z are left out."),
        ("alphabet_written_down", lambda text: [*"abcdefghijklmnopqrstuvwxyz"], "The letters from a to z are written down, whatever the words have."),
        ("from_the_first_to_the_last", lambda text: [chr(i) for i in range(ord(min(text)), ord(max(text)) + 1)] if text else [], "All characters from the first to the last are listed, used or not."),
        ("last_character_left_out", lambda text: sorted({*text})[:-1], "The last character is left out."),
        ("first_character_left_out", lambda text: sorted({*text})[1:], "The first character is left out."),
        ("once_only", lambda text: sorted(c for c in {*text} if text.count(c) == 1), "Only characters that come once are listed."),
        ("more_than_once_only", lambda text: sorted(c for c in {*text} if text.count(c) > 1), "Only characters that come more than once are listed.")]),
    ("boundary", lambda letters: [".", *letters], [
        ("boundary_last", lambda letters: [*letters, "."], "The \".\" stands last, and should first."),
        ("boundary_forgotten", lambda letters: letters, "The \".\" is missing."),
        ("boundary_sorted_in", lambda letters: sorted([".", *letters]), "The \".\" is sorted with the letters, and should stand first."),
        ("two_boundaries", lambda letters: [".", *letters, "."], "The \".\" stands at both ends."),
        ("boundary_twice", lambda letters: [".", ".", *letters], "The \".\" stands there twice."),
        ("start_and_end", lambda letters: ["<S>", "<E>", *letters], "`<S>` and `<E>` stand for the one \".\"."),
        ("start_and_end_apart", lambda letters: ["<S>", *letters, "<E>"], "`<S>` and `<E>` stand for the one \".\"."),
        ("start_and_end_last", lambda letters: [*letters, "<S>", "<E>"], "`<S>` and `<E>` stand for the one \".\"."),
        ("another_character", lambda letters: ["#", *letters], "Another character stands for \".\"."),
        ("blank_for_boundary", lambda letters: [" ", *letters], "A blank stands for \".\"."),
        ("break_for_boundary", lambda letters: ["\n", *letters], "A line break stands for \".\".")]),
    ("form", "".join, [
        ("list_for_a_str", list, "A list of characters comes back, and should be one `str`."),
        ("set_for_a_str", set, "A set comes back, and should be one `str`."),
        ("dictionary_to_ids", lambda letters: {c: i for i, c in enumerate(letters)}, "A dictionary from characters to ids comes back, and should be one `str`."),
        ("dictionary_from_ids", lambda letters: dict(enumerate(letters)), "A dictionary from ids to characters comes back, and should be one `str`."),
        ("length_for_a_str", len, "The number of characters comes back, and should be they themselves."),
        ("joined_with_blanks", " ".join, "The characters are joined with blanks."),
        ("joined_with_commas", ",".join, "The characters are joined with commas.")]),
]  # fmt: skip


def _vocabulary(given: dict[str, Any], chosen: dict[str, Any]) -> Any:
    return chosen["form"](chosen["boundary"](chosen["letters"]("".join(chosen["words"]([*given["words"]])))))


SURPRISAL: list[Part] = [
    ("word", lambda word: word, ENCODE[0][2]),
    ("framed", lambda word: [0, *word, 0], COUNT[1][2]),
    ("paired", lambda ids: [*pairwise(ids)], COUNT[2][2]),
    ("measure", lambda p: -p.log(), LOGS),
    ("end", lambda x: x, [
        ("one_sum_for_all_steps", lambda x: x.sum(), "The sum of all steps comes back, and should be each."),
        ("one_mean_for_all_steps", lambda x: x.mean(), "The mean of all steps comes back, and should be each."),
        ("running_sums", lambda x: x.cumsum(0), "The total is not set back, so each step has those before it added."),
        ("running_means", lambda x: x.cumsum(0) / torch.arange(1, len(x) + 1), "Each is the mean of all steps up to it."),
        ("product", lambda x: x.prod(), "The steps are multiplied."),
        ("largest", lambda x: x.max(), "Only the largest comes back."),
        ("divided_by_their_number", lambda x: x / len(x), "Each step is divided by their number."),
        ("divided_by_their_sum", lambda x: x / x.sum(), "The steps are divided by their sum."),
        ("reversed", lambda x: x.flip(0), "The steps come in the reverse order."),
        ("sorted", lambda x: x.sort().values, "The steps are sorted."),
        ("sorted_downwards", lambda x: x.sort(descending=True).values, "The steps are sorted."),
        ("exp", lambda x: x.exp(), "`exp` is taken at the end."),
        ("in_a_column", lambda x: x.view(-1, 1), "They stand in a column."),
        *((f"rounded_to_{n}", lambda x, n=n: x.round(decimals=n), f"The numbers are rounded to {n} decimals.") for n in (1, 2, 3, 4))]),
]  # fmt: skip


def _surprisal(given: dict[str, Any], chosen: dict[str, Any]) -> Any:
    vocabulary, probs = given["vocabulary"], given["probs"].double()
    pairs = chosen["paired"](chosen["framed"]([vocabulary.index(letter) for letter in chosen["word"](given["word"])]))
    steps = torch.stack([probs[pair] for pair in pairs]) if pairs else torch.zeros(0)
    return chosen["end"](chosen["measure"](steps))


CONTEXTS: list[Part] = [
    ("words", lambda words: words, WORDS),
    ("end", [0], [("final_boundary_no_target", [], "The final \".\" is no target, so it is never learned where words end."),
                  ("two_ends", [0, 0], "Two \".\" end each word, which gives an example too many.")]),
    ("begin", lambda n, last: [0] * n, [
        ("contexts_run_on", lambda n, last: last or [0] * n, "The context is not set back at the beginning of a word: the last one runs on."),
        ("padded_with_1", lambda n, last: [1] * n, "The padding is 1, and should be 0, the \".\"."),
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
        ("only_the_first_example", lambda rows, word: rows[:1], "Only the first example of each word is there."),
        ("only_the_last_example", lambda rows, word: rows[-1:], "Only the last example of each word is there: `append` stands outside the loop."),
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
                           ("sorted_tokens", sorted, "The tokens of each context are sorted."),
                           ("ids_one_too_small", lambda c: [id - 1 for id in c], "The ids of the contexts are off by one."),
                           ("ids_one_too_large", lambda c: [id + 1 for id in c], "The ids of the contexts are off by one.")]),
    ("parts", lambda x, y: (x, y), [("contexts_and_targets_swapped", lambda x, y: (y, x), "Contexts and targets are exchanged."),
                                    ("targets_in_a_column", lambda x, y: (x, y.view(-1, 1)), "The targets stand in a column."),
                                    ("one_tensor", lambda x, y: torch.cat([x, y[:, None]], 1), "Contexts and targets come in one tensor, and should be two."),
                                    ("only_the_contexts", lambda x, y: x, "Only the contexts come back.")]),
]  # fmt: skip


def _contexts(given: dict[str, Any], chosen: dict[str, Any]) -> Any:
    n, vocabulary = given["context_length"], given["vocabulary"]
    every: list[Any] = []
    last: list[int] = []
    for word in chosen["words"]([*given["words"]]):
        rows, context = [], chosen["begin"](n, last)
        for id in [*(vocabulary.index(letter) for letter in word), *chosen["end"]]:
            moved = chosen["move"](context, id)
            rows.append((moved if chosen["noted"] == "after" else context, id))
            context = moved
        last = context
        every += chosen["kept"](rows, word)
    rows = chosen["all"](every)
    if chosen["noted"] == "alias" and rows:
        rows = [(last, target) for _, target in rows]
    length = len(chosen["begin"](n, []))
    contexts = torch.tensor([chosen["each"](context) for context, _ in rows], dtype=torch.int64).view(-1, length)
    return chosen["parts"](contexts, torch.tensor([target for _, target in rows], dtype=torch.int64))


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
        ("columns_first", lambda cells: sorted(cells, key=lambda cell: cell[1]), "Equal counts come in the order of the columns.")]),
    ("order", lambda cell, v: -cell[2], [
        ("smallest_first", lambda cell, v: cell[2], "The smallest come first: `reverse=True` is missing."),
        ("not_sorted", lambda cell, v: 0, "They are not sorted by their counts."),
        ("sorted_by_name", lambda cell, v: (v[cell[0]], v[cell[1]]), "They are sorted by the pair, and should be by the count."),
        ("sorted_by_name_downwards", lambda cell, v: (-ord(v[cell[0]]), -ord(v[cell[1]])), "They are sorted by the pair, and should be by the count.")]),
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
    some = sorted(cells, key=lambda cell: chosen["order"](cell, v))[: chosen["number"](given["n"], len(cells))]
    return [chosen["pair"](chosen["name"](a, b, v), chosen["value"](n, total)) for a, b, n in some]


DISTINCT: list[Part] = [
    ("context", lambda c: tuple(c), [
        ("only_the_newest_token", lambda c: (c[-1],), "Only the newest token is looked at."), ("only_the_oldest_token", lambda c: (c[0],), "Only the oldest token is looked at."),
        ("order_within_ignored", lambda c: tuple(sorted(c)), "The order of the tokens within a context is lost."), ("newest_first", lambda c: tuple(c[::-1]), "The contexts are read with the newest token first."),
        ("copies_within_dropped", lambda c: tuple(sorted({*c})), "A token that comes again in a context is lost.")]),
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
    for context, target in chosen["examples"](examples):
        row = counts.setdefault(chosen["context"](context), [0] * given["vocab_size"])
        row[target] = chosen["count"](row, target)
    order = chosen["order"](counts)
    table = torch.tensor([counts[context] for context in order]).view(-1, given["vocab_size"])
    length = given["contexts"].shape[1] if not order else len(order[0])
    return torch.tensor(order, dtype=torch.int64).view(-1, length), chosen["rows"](table)


FOUND: list[tuple[str, Run, list[Part]]] = [
    ("build_vocabulary", _vocabulary, VOCABULARY),
    ("encode", _encode, ENCODE),
    ("decode", _decode, DECODE),
    ("count_bigrams", _count, COUNT),
    ("surprisal", _surprisal, SURPRISAL),
    ("build_contexts", _contexts, CONTEXTS),
    ("count_contexts", _distinct, DISTINCT),
    ("most_common_bigrams", _common, COMMON),
]
for one in FOUND:
    family(*one)
