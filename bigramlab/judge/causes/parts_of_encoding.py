"""What can go wrong in the parts of functions of characters and ids."""

from itertools import pairwise
from typing import Any

import torch

from bigramlab.judge.causes.families import Part, Run, family
from bigramlab.judge.causes.parts_of_counting import WORDS

ENCODE: list[Part] = [
    ("word", lambda word: word, [(name, lambda word, change=change: "".join(change([word])), wrong) for name, change, wrong in WORDS[7:] if "joined" not in name and name != "words_sorted"]),
    ("id", lambda c, v: v.index(c), [
        ("ids_one_too_large", lambda c, v: v.index(c) + 1, "The ids are off by one: `i + 1` over a vocabulary that has \".\" already."),
        ("ids_one_too_small", lambda c, v: v.index(c) - 1, "The ids are off by one: letters count from 0."),
        ("ids_from_ord", lambda c, v: ord(c), "`ord` gives the number of the character in Unicode, and its position in the vocabulary is asked for."),
        ("ids_from_ord_a", lambda c, v: ord(c) - ord("a"), "`ord(c) - ord(\"a\")` counts from \"a\", whatever the vocabulary is."),
        ("ids_from_ord_a_and_1", lambda c, v: ord(c) - ord("a") + 1, "`ord(c) - ord(\"a\") + 1` counts from \"a\", whatever the vocabulary is."),
        ("ids_from_ord_96", lambda c, v: ord(c) - 97 + 1, "`ord(c) - 96` counts from \"a\", whatever the vocabulary is."),
        ("ids_from_ord_96_but_0", lambda c, v: ord(c) - 96 if c != "." else 0, "`ord(c) - 96` counts from \"a\", whatever the vocabulary is."),
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


FOUND: list[tuple[str, Run, list[Part]]] = [
    ("build_vocabulary", _vocabulary, VOCABULARY),
    ("encode", _encode, ENCODE),
    ("decode", _decode, DECODE),
]
for one in FOUND:
    family(*one)
