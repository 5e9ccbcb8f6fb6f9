"""What goes wrong when words are read and split."""

import re
from bisect import bisect
from codecs import BOM_UTF8
from collections import Counter
from functools import cache
from itertools import accumulate, pairwise, takewhile
from pathlib import Path
from string import punctuation
from typing import Any

import torch

from bigramlab.lessons.data import load_names, read_words, split_words
from bigramlab.lessons.inputs import require_words
from bigramlab.mistakes.mistake import mistake


@mistake("load_names", careless=True)
@cache
def one_list_for_all_calls() -> Any:
    """The list is read once and given at each call, so what one caller takes out of it is missing for the next.

    Write `load_names().pop()`, and print `len(load_names())`: it should be what it was.
    """
    return load_names()


@mistake("read_words")
def line_breaks_kept(path: Any) -> Any:
    r"""A line of a file ends with its line break, so each word has a "\n" at its end.

    Print `repr(read_words(path)[0])`: it ends with `\n`, and `.strip()` would take it off.
    """
    with open(path, encoding="utf-8-sig") as file:
        return [*file]


@mistake("read_words")
def last_character_cut_off(path: Any) -> Any:
    r"""`line[:-1]` takes the line break off each line, and the last letter off one that has none, the last of a file.

    Try a file that holds `"a\nb"`: its second word is `""`.
    """
    with open(path, encoding="utf-8-sig") as file:
        return [line[:-1] for line in file if line.strip()]


@mistake("read_words")
def blank_lines_kept(path: Any) -> Any:
    r"""A blank line becomes an empty word, and the line break at the end of the file becomes one more.

    Try a file that holds `"a\n\nb\n"`: it gives words that are `""`.
    """
    text = Path(path).read_text(encoding="utf-8-sig")
    return [line.strip() for line in text.split("\n")]


@mistake("read_words", careless=True)
def byte_order_mark_kept(path: Any) -> Any:
    r"""The byte order mark that some editors put first is read as a part of the first word.

    Try a file saved as "UTF-8 with BOM": its first word begins with `\ufeff`; `encoding="utf-8-sig"` skips it.
    """
    words = read_words(path)
    return ["\ufeff" + words[0], *words[1:]] if Path(path).read_bytes().startswith(BOM_UTF8) else words


@mistake("read_words", careless=True)
def cut_at_other_characters(path: Any) -> Any:
    r"""Lines end at a dozen other characters, too, as by `str.splitlines`, so one word with U+2028 in it becomes two.

    Print `"a\u2028b".splitlines()`: it has two parts; `.split("\n")`, and a loop over the open file, leave it whole.
    """
    text = Path(path).read_text(encoding="utf-8-sig")
    words = [line.strip() for line in text.splitlines() if line.strip()]
    return words or read_words(path)


@mistake("read_words", careless=True)
def blanks_at_the_ends_kept(path: Any) -> Any:
    r"""Only the line break is taken off, so a blank at the end of a line makes another word of it.

    Try a file that holds `"emma \n"`: its word is `"emma "`, and should be `"emma"`.
    """
    text = Path(path).read_text(encoding="utf-8-sig")
    return [line for line in text.split("\n") if line.strip()]


@mistake("read_words")
def split_at_every_blank(path: Any) -> Any:
    """`.split()` cuts at every blank, so a line with two parts becomes two words.

    Try a file with the line `anna maria`: it gives two words, and should give one.
    """
    return Path(path).read_text(encoding="utf-8-sig").split()


@mistake("read_words")
def last_line_dropped(path: Any) -> Any:
    r"""The piece after the last line break is dropped, as if every file ended with one.

    Try a file that holds `"a\nb"`: the `b` is missing.
    """
    text = Path(path).read_text(encoding="utf-8-sig")
    return [line.strip() for line in text.split("\n")[:-1] if line.strip()]


@mistake("read_words")
def ended_at_a_blank_line(path: Any) -> Any:
    r"""The first blank line ends the words, as if it were the end of the file.

    Try a file that holds `"a\n\nb\n"`: the `b` is missing.
    """
    text = Path(path).read_text(encoding="utf-8-sig")
    return [*takewhile(bool, (line.strip() for line in text.split("\n")))]


@mistake("read_words")
def punctuation_stripped(path: Any) -> Any:
    r"""`.strip` takes off more than blanks: signs at the ends of a word belong to it.

    Try a file with the line `-a'`: its word is `a`.
    """
    text = Path(path).read_text(encoding="utf-8-sig")
    return [line.strip().strip(punctuation) for line in text.split("\n") if line.strip()]


@mistake("read_words")
def letters_for_words(path: Any) -> Any:
    """The letters of all words come back, and should be the words: `+=` with a `str` adds each of its letters.

    Try a file with the line `emma`: it gives `e`, `m`, `m` and `a`.
    """
    text = Path(path).read_text(encoding="utf-8-sig")
    return [letter for line in text.split("\n") for letter in line.strip()]


@mistake("read_words")
def split_at_commas(path: Any) -> Any:
    """The text is split at commas, and the words stand on lines.

    Try a file with `anna` and `ben` on two lines: it gives one word.
    """
    text = Path(path).read_text(encoding="utf-8-sig").strip()
    return [word.strip() for word in text.split(",")]


@mistake("read_words")
def letters_a_to_z_only(path: Any) -> Any:
    """Only the letters a to z are read, and everything else ends a word.

    Try a file with the line `zoë`: its word is `zo`.
    """
    return re.findall("[a-z]+", Path(path).read_text(encoding="utf-8-sig"), re.IGNORECASE)


@mistake("read_words")
def letters_beyond_ascii_dropped(path: Any) -> Any:
    """All letters beyond ASCII are dropped: a file is read in UTF-8.

    Try a file with the line `zoë`: its word is `zo`.
    """
    text = Path(path).read_text(encoding="ascii", errors="ignore")
    return [line.strip() for line in text.split("\n") if line.strip()]


@mistake("read_words")
def read_as_latin_1(path: Any) -> Any:
    """The bytes are read as Latin-1, in which every byte is a letter, so each `ë` becomes two letters.

    Try a file with the line `zoë`: its word is `zoÃ«`.
    """
    text = Path(path).read_bytes().removeprefix(b"\xef\xbb\xbf").decode("latin-1")
    return [line.strip() for line in text.split("\n") if line.strip()]


@mistake("read_words", careless=True)
def wrong_bytes_ignored(path: Any) -> Any:
    r"""`errors="ignore"` drops the bytes that are not UTF-8, so a wrong file gives wrong words without a word.

    Try a file that holds `b"zo\xeb"`: its word is `zo`, and the file should be refused.
    """
    text = Path(path).read_text(encoding="utf-8-sig", errors="ignore")
    return [line.strip() for line in text.split("\n") if line.strip()]


@mistake("read_words", careless=True)
def wrong_bytes_replaced(path: Any) -> Any:
    r"""`errors="replace"` puts a `�` for the bytes that are not UTF-8, which then counts as a letter.

    Try a file that holds `b"zo\xeb"`: its word is `zo�`, and the file should be refused.
    """
    text = Path(path).read_text(encoding="utf-8-sig", errors="replace")
    return [line.strip() for line in text.split("\n") if line.strip()]


@mistake("read_words")
def lowercased(path: Any) -> Any:
    """`.lower()` changes the words: reading should give what the file has.

    Try a file with the line `Emma`: its word is `emma`.
    """
    return [word.lower() for word in read_words(path)]


@mistake("read_words")
def repeated_words_dropped(path: Any) -> Any:
    """A word that stands twice is kept once, so it is lost how often it stands there.

    Try a file with `anna` on two lines: it gives one word, and should give two.
    """
    return list(dict.fromkeys(read_words(path)))


@mistake("read_words", careless=True)
def missing_file_accepted(path: Any) -> Any:
    """A file that does not exist gives an empty list, as if it had no words.

    Call `read_words("no such file.txt")`: it gives `[]`, and should raise a `FileNotFoundError`.
    """
    return read_words(path) if Path(path).exists() else []


DEFAULT = (0.8, 0.1, 0.1)


def _shuffled(items: Any, generator: Any) -> Any:
    return [items[i] for i in torch.randperm(len(items), generator=generator).tolist()]


def _ends(fractions: Any, n: Any) -> Any:
    """Return where each list should end in a line of n words."""
    return [share * n for share in accumulate(fractions)]


def _dealt(copies: Any, order: Any, ends: Any) -> Any:
    """Lay the copies out in a line and cut it nearest to the ends, never between two copies of a word."""
    lists: Any = [[] for _ in [*ends, "what lies beyond the last end"]]
    laid = 0
    for word in order:
        lists[bisect(ends, laid + copies[word] / 2)] += [word] * copies[word]
        laid += copies[word]
    return lists[:-1]


def _split(words: Any, ends: Any, generator: Any) -> Any:
    """Split as it should be done."""
    copies = Counter(words)
    return [_shuffled(part, generator) for part in _dealt(copies, _shuffled(list(copies), generator), ends)]


@mistake("split_words")
def copies_in_several_lists(words: Any, fractions: Any = DEFAULT, *, generator: Any = None) -> Any:
    """The words are shuffled as they stand, so a word that stands twice can fall into training and test.

    Print `set(train) & set(test)` after splitting the names: hundreds of names are in both.
    """
    words = _shuffled(words, generator)
    cuts = [0, *(int(end) for end in _ends(fractions, len(words))[:-1]), len(words)]
    return [words[start:end] for start, end in pairwise(cuts)]


@mistake("split_words")
def not_shuffled(words: Any, fractions: Any = DEFAULT, *, generator: Any = None) -> Any:
    """The words are not shuffled, so if the most common come first, training gets only those.

    Split 100 words that are numbered: the first list has the first numbers.
    """
    return _dealt(Counter(words), list(Counter(words)), _ends(fractions, len(words)))


@mistake("split_words")
def sorted_for_shuffled(words: Any, fractions: Any = DEFAULT, *, generator: Any = None) -> Any:
    """The words are sorted before they are split, so the test list has only the end of the alphabet.

    Print the first letters of each list: they are not the same letters.
    """
    return _dealt(Counter(words), sorted(set(words)), _ends(fractions, len(words)))


@mistake("split_words")
def copies_dropped(words: Any, fractions: Any = DEFAULT, *, generator: Any = None) -> Any:
    """`set(words)` keeps one copy of each word: nothing leaks, but the common words lose their weight.

    Add up the lengths of the lists: there are fewer words than before.
    """
    return split_words(sorted(set(words)), fractions, generator=generator)


@mistake("split_words")
def words_lost_to_rounding(words: Any, fractions: Any = DEFAULT, *, generator: Any = None) -> Any:
    """Each size is rounded down by `int(...)`, and the words that are left over are in no list.

    Split 19 words: the lists have 15, 1 and 1, which are 17.
    """
    sizes = [int(fraction * len(words)) for fraction in fractions]
    return _split(words, list(accumulate(sizes)), generator)


@mistake("split_words")
def same_list_twice(words: Any, fractions: Any = DEFAULT, *, generator: Any = None) -> Any:
    """All that is not for training is returned for development and again for test.

    Print `dev == test`: it is `True`.
    """
    train, rest = _split(words, [fractions[0] * len(words), len(words)], generator)
    return [train] + [rest] * (len(fractions) - 1)


@mistake("split_words")
def generator_ignored(words: Any, fractions: Any = DEFAULT, *, generator: Any = None) -> Any:
    """The generator is accepted and not passed on to `torch.randperm`, so the split can't be repeated.

    Split twice, with `torch.Generator().manual_seed(1)` each time: the lists differ.
    """
    return split_words(words, fractions)


@mistake("split_words")
def seed_fixed_inside(words: Any, fractions: Any = DEFAULT, *, generator: Any = None) -> Any:
    """A generator with a fixed seed is made inside, so every call gives the same split and the caller has no say.

    Split twice with one generator: the lists are the same, and should not be.
    """
    return split_words(words, fractions, generator=torch.Generator().manual_seed(42))


@mistake("split_words", careless=True)
def fractions_not_checked(words: Any, fractions: Any = DEFAULT, *, generator: Any = None) -> Any:
    """Fractions that don't sum to 1 are accepted, and words are lost without a word.

    Call `split_words(words, (0.8, 0.1))`: it returns lists, and should refuse.
    """
    require_words(words)
    words = list(words)
    return _split(words, _ends(fractions, len(words)), generator)


@mistake("split_words")
def fractions_ignored(words: Any, fractions: Any = DEFAULT, *, generator: Any = None) -> Any:
    """The split is always 80 %, 10 % and 10 %, whatever was asked for.

    Print `len(split_words(words, (0.5, 0.5)))`: it is 3, and should be 2.
    """
    return split_words(words, generator=generator)


@mistake("split_words")
def sizes_left_to_chance(words: Any, fractions: Any = DEFAULT, *, generator: Any = None) -> Any:
    """A draw for each word decides its list, so the sizes only come near the fractions.

    Split 10 words by `(0.5, 0.5)` some times and print the sizes: they are not always 5 and 5.
    """
    copies = Counter(words)
    lists: Any = [[] for _ in fractions]
    for word in copies:
        lists[int(torch.multinomial(torch.tensor(fractions), 1, generator=generator))] += [word] * copies[word]
    return [_shuffled(part, generator) for part in lists]


@mistake("split_words")
def drawn_with_replacement(words: Any, fractions: Any = DEFAULT, *, generator: Any = None) -> Any:
    """`torch.randint` may draw a word twice and another never; `torch.randperm` draws each once.

    Compare `sorted(train + dev + test)` with `sorted(words)`: they differ.
    """
    drawn = torch.randint(max(1, len(words)), (len(words),), generator=generator).tolist()
    return split_words([words[i] for i in drawn], fractions, generator=generator)


@mistake("split_words")
def each_list_drawn_from_all(words: Any, fractions: Any = DEFAULT, *, generator: Any = None) -> Any:
    """Each list is drawn from all the words, so a word can be in several lists and another in none.

    Print `set(train) & set(test)`: it is not empty.
    """
    return [_split(words, [fraction * len(words)], generator)[0] for fraction in fractions]


@mistake("split_words")
def shuffled_in_place(words: Any, fractions: Any = DEFAULT, *, generator: Any = None) -> Any:
    """The caller's own list is shuffled, so its order is lost.

    Make `words = ["a", "b", "c", "d"]`, call `split_words(words)` and print `words`: its order has changed.
    """
    words[:] = _shuffled(words, generator)
    return split_words(words, fractions, generator=generator)


@mistake("split_words", careless=True)
def bare_str_split(words: Any, fractions: Any = DEFAULT, *, generator: Any = None) -> Any:
    """One bare `str` is accepted, and each of its letters taken for a word.

    Call `split_words("emma")`: it returns lists of letters, and should ask whether `["emma"]` was meant.
    """
    return split_words(list(words), fractions, generator=generator)
