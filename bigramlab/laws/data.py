"""Laws of reading words and splitting them."""

import hashlib
import math
import os
import shutil
import tempfile
import weakref
from collections import Counter
from itertools import chain, pairwise
from pathlib import Path
from typing import Any, ClassVar

from hypothesis import strategies as st

from bigramlab.laws import strategies as draw
from bigramlab.laws.law import (
    Function,
    a_list_of_str,
    agree,
    broken,
    care,
    how_many,
    law,
    leaves_torchs_generator_alone,
    refuses,
    torchs_generator_decides,
)
from bigramlab.lessons.data import load_names as shipped_names


class _Folder:
    """A temporary folder, which is there as long as somebody holds this."""

    def __init__(self) -> None:
        self.path = tempfile.mkdtemp(prefix="bigramlab-")
        weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)


class WordsFile(str):
    """The path of a file, shown as what the file holds; the file is there as long as this is."""

    content: bytes
    folder: _Folder
    folders: ClassVar[weakref.WeakValueDictionary[int, _Folder]] = weakref.WeakValueDictionary()  # of each process

    def __repr__(self) -> str:
        """Show the content: the path means nothing to the reader."""
        return f"<a file that holds {self.content!r}>"

    @classmethod
    def holding(cls, content: bytes) -> "WordsFile":
        """Write the file; the same content has the same path."""
        folder = cls.folders.get(os.getpid()) or cls.folders.setdefault(os.getpid(), _Folder())
        path = Path(folder.path, hashlib.sha256(content).hexdigest()[:16] + ".txt")
        path.write_bytes(content)
        file = cls(path)
        file.content, file.folder = content, folder
        return file


# Characters that every way of reading takes alike: the only blanks are space and tab, as some ways strip no others,
# and none is the end of a line to one and a letter to another.
# (Unmapped, they would be one alphabet with the letters, of which "0" is the first.)
others = st.characters(exclude_categories=["Cc", "Cs", "Z"], exclude_characters="\ufeff").map(str)
line = st.text(st.sampled_from("ab \t#é'-") | others, max_size=8)
with_blanks_inside = st.tuples(line, st.integers(0, 9)).map(lambda pair: pair[0] if pair[1] < 9 else "de la rosa")
word = with_blanks_inside.map(str.strip).filter(bool)


def _words(found: Any) -> list[str]:
    return a_list_of_str(list(found) if isinstance(found, tuple) else found)


def _same_words(found: Any, words: list[str]) -> None:
    if _words(found) != words:
        broken(f"it should be {words!r}")


@law("load_names", st.just(()))
def the_shipped_names(load_names: Function) -> None:
    """The names are the shipped ones, in their order, at each call."""
    names = shipped_names()
    for _ in range(2):
        found = _words(load_names())
        if len(found) != len(names):
            broken(f"it gives {how_many(len(found), 'name')}, and names.txt has {len(names)}")
        for position, (one, other) in enumerate(zip(found, names, strict=True)):
            if one != other:
                broken(f"at position {position} is {one!r}, and in names.txt {other!r}")


@law("read_words", st.lists(word, min_size=1, max_size=5))
def one_word_a_line(read_words: Function, words: list[str]) -> None:
    """Each line is a word; order and repeated words are kept."""
    found = read_words(WordsFile.holding("".join(word + "\n" for word in words).encode()))
    _same_words(found, words)


@law("read_words", st.lists(word, min_size=1, max_size=5))
def the_last_line_may_lack_its_end(read_words: Function, words: list[str]) -> None:
    """A last line without a line break is a line too."""
    _same_words(read_words(WordsFile.holding("\n".join(words).encode())), words)


@law("read_words", st.lists(word, min_size=1, max_size=5))
def windows_line_ends(read_words: Function, words: list[str]) -> None:
    """A file from Windows, with a carriage return before each line break, holds the same words."""
    _same_words(read_words(WordsFile.holding("".join(word + "\r\n" for word in words).encode())), words)


@law("read_words", st.lists(word, min_size=2, max_size=5))
def words_go_on_below_a_blank_line(read_words: Function, words: list[str]) -> None:
    """Words below a blank line are read, too, whether that line is skipped or gives an empty word."""
    found = _words(read_words(WordsFile.holding("\n\n".join([*words, ""]).encode())))
    if (read := [one for one in found if one.strip()]) != words:
        broken(f"but for empty ones, the words should be {words!r}, and are {read!r}")


@care("load_names", st.just(()), examples=1)
def each_call_gives_a_list_of_its_own(load_names: Function) -> None:
    """Each call gives a list of its own: what is taken out of one is there in the next."""
    if load_names() is load_names():
        broken("two calls give one and the same list, so what is taken out of it is missing the next time")


@care("read_words", st.lists(line, max_size=5))
def blanks_are_no_letters(read_words: Function, lines: list[str]) -> None:
    """Blank lines are skipped, and blanks at the ends of a line stripped."""
    content = "\n".join(["  first\t", " \t", "# 2", *lines]).encode()
    _same_words(read_words(WordsFile.holding(content)), ["first", "# 2", *filter(None, map(str.strip, lines))])


@care("read_words", st.lists(word, min_size=1, max_size=5))
def a_byte_order_mark_is_no_letter(read_words: Function, words: list[str]) -> None:
    """The byte order mark that some editors put first is no part of the first word."""
    _same_words(read_words(WordsFile.holding(b"\xef\xbb\xbf" + "\n".join(words).encode())), words)


@care("read_words", st.lists(word, min_size=2, max_size=3), st.sampled_from("\u2028\x0b\x0c\x1c\x85"), examples=10)
def lines_end_at_line_breaks_only(read_words: Function, words: list[str], inside: str) -> None:
    """A line ends at a line break, and not at other characters at which `str.splitlines` cuts, such as U+2028."""
    together = inside.join(words)
    _same_words(read_words(WordsFile.holding(f"first\n{together}\nlast\n".encode())), ["first", together, "last"])


@care("read_words", st.just("\n \n"), examples=1)
def a_file_without_words_is_refused(read_words: Function, content: str) -> None:
    """A file without a word in it is refused: it is hardly the one that was meant."""
    refuses(lambda: read_words(WordsFile.holding(content.encode())))


@care("read_words", st.lists(word, max_size=3), st.sampled_from([b"\xff", b"zo\xeb", b"\xc3"]))
def other_encodings_are_refused(read_words: Function, words: list[str], wrong: bytes) -> None:
    """A file that is not UTF-8 is refused, never read as other letters."""
    content = b"\n".join([*(word.encode() for word in words), wrong, b"last"])
    refuses(lambda: read_words(WordsFile.holding(content)))


@care("read_words", st.just(Path("no such folder", "words.txt")))
def a_missing_file_is_an_error(read_words: Function, path: Path) -> None:
    """Where there is no such file, an error is raised, such as `open` raises; a path may be a `Path`."""
    try:
        read_words(path)
    except (OSError, ValueError):
        return
    broken("there is no such file, so it should raise an error, as open() does")


some_words = draw.word_lists.filter(bool)
several_shares = st.sampled_from([(0.8, 0.1, 0.1), (0.5, 0.5), (0.25, 0.75), (0.4, 0.3, 0.2, 0.1)])
shares = several_shares | st.just((1.0,))


def _split(split_words: Function, words: list[str], fractions: tuple[float, ...], seed: int) -> list[list[str]]:
    found = split_words(words, fractions, generator=draw.generator(seed))
    if not isinstance(found, list | tuple) or not all(isinstance(part, list | tuple) for part in found):
        broken("it should be a list of lists of words")
    if len(found) != len(fractions):
        broken(f"it made {how_many(len(found), 'list')} for {how_many(len(fractions), 'fraction')}")
    return [list(part) for part in found]


@law("split_words", some_words, shares, draw.seeds)
def one_list_a_fraction(split_words: Function, words: list[str], fractions: tuple[float, ...], seed: int) -> None:
    """There are as many lists as fractions."""
    _split(split_words, words, fractions, seed)


@law("split_words", some_words, shares, draw.seeds)
def no_word_is_lost_or_made(split_words: Function, words: list[str], fractions: tuple[float, ...], seed: int) -> None:
    """The lists together hold the same words as before, each as often."""
    before, after = Counter(words), Counter(chain(*_split(split_words, words, fractions, seed)))
    if before != after:
        lost, made = list((before - after).elements()), list((after - before).elements())
        broken(" and ".join([f"it lost {lost!r}"] * bool(lost) + [f"it added {made!r}"] * bool(made)))


@law("split_words", some_words.map(lambda words: words * 3), several_shares, draw.seeds)
def nothing_leaks(split_words: Function, words: list[str], fractions: tuple[float, ...], seed: int) -> None:
    """All copies of a word are in the same list, so no test word was seen in training."""
    seen: dict[str, int] = {}
    for index, part in enumerate(_split(split_words, words, fractions, seed)):
        for word in part:
            if seen.setdefault(word, index) != index:
                broken(f"{word!r} is in list {seen[word]} and in list {index}")


@law("split_words", st.integers(1, 200), shares, draw.seeds)
def sizes_meet_the_fractions(split_words: Function, n: int, fractions: tuple[float, ...], seed: int) -> None:
    """Each list has its fraction of the words, to within one."""
    words = [f"word{i}" for i in range(n)]
    for part, fraction in zip(_split(split_words, words, fractions, seed), fractions, strict=True):
        if abs(len(part) - fraction * n) > 1 + 1e-6:
            broken(f"the list for {fraction:.0%} of {how_many(n, 'word')} has {len(part)}")


@law("split_words", draw.seeds)
def sizes_count_the_copies(split_words: Function, seed: int) -> None:
    """A word that stands twenty times counts twenty times for the size of its list."""
    words = [f"rare{i}" for i in range(100)] + [f"often{i % 20}" for i in range(400)]
    for part in _split(split_words, words, (0.5, 0.5), seed):
        if abs(len(part) - 250) > 20 + 1:
            broken(f"a list for half of 500 words has {len(part)}, though no word stands more than 20 times")


@law("split_words", draw.seeds)
def words_are_shuffled(split_words: Function, seed: int) -> None:
    """The words are shuffled before they come into the lists."""
    words = [f"word{i // 2}" for i in range(200)]
    first, *_ = _split(split_words, words, (0.5, 0.5), seed)
    listed = [word in first for word in words]
    if sum(one != other for one, other in zip(listed, listed[1:] + listed[:1], strict=True)) <= 2:
        broken("the first list has words that stood side by side")


@law("split_words", draw.seeds)
def the_generator_decides(split_words: Function, seed: int) -> None:
    """Another generator state gives other lists, and the generator moves on, so that the next lists are others, too."""
    words = [f"word{i}" for i in range(100)]
    generator = draw.generator(seed)
    first = split_words(words, (0.5, 0.5), generator=generator)
    if split_words(words, (0.5, 0.5), generator=generator) == first:
        broken("the same generator, used again, gave the same lists: its state did not move on")
    if split_words(words, (0.5, 0.5), generator=draw.generator(seed + 1)) == first:
        broken("another generator state gave the same lists")


@law("split_words", draw.seeds, examples=8)
def torchs_generator_decides_by_default(split_words: Function, seed: int) -> None:
    """Without a generator, torch's global one is used: torch.manual_seed repeats the lists, and no other way does."""
    words = [f"word{i}" for i in range(100)]
    torchs_generator_decides(lambda: split_words(words, (0.5, 0.5)), seed, "lists")


@law("split_words", draw.seeds)
def no_other_randomness_is_touched(split_words: Function, seed: int) -> None:
    """With a generator of its own, torch's global one is left alone."""
    generator = draw.generator(seed)
    leaves_torchs_generator_alone(lambda: split_words(["a", "b", "c"], (0.5, 0.5), generator=generator))


@law("split_words", draw.seeds)
def ten_percent_each_by_default(split_words: Function, seed: int) -> None:
    """Without fractions, 80 % are for training and 10 % each for development and for test."""
    found = split_words([f"word{i}" for i in range(100)], generator=draw.generator(seed))
    agree([len(part) for part in found], [80, 10, 10]) if len(found) == 3 else broken("there should be three lists")


@care("split_words", draw.seeds, examples=4)
def copies_are_shuffled_too(split_words: Function, seed: int) -> None:
    """Within a list the copies of a word don't stand side by side."""
    words = [f"word{i % 6}" for i in range(180)]
    first, *_ = _split(split_words, words, (0.8, 0.1, 0.1), seed)
    if sum(one != other for one, other in pairwise(first)) < len(set(first)):  # right by chance once in 10^30
        broken("all copies of each word stand side by side in its list")


@care("split_words", st.tuples(st.sampled_from([(0.8, 0.1), (0.9, 0.2), (1.0, 0.0), (1.5, -0.5), (math.nan, 1.0)])))
def impossible_fractions_are_refused(split_words: Function, fractions: tuple[float, ...]) -> None:
    """Fractions that are not positive, or don't sum to 1, are refused."""
    refuses(lambda: split_words(["a", "b", "c"], fractions))


@care("split_words", st.tuples(shares))
def no_words_give_empty_lists(split_words: Function, fractions: tuple[float, ...]) -> None:
    """Without words there are as many lists as fractions, all empty."""
    if any(_split(split_words, [], fractions, seed=0)):
        broken("each list should be empty")


@care("split_words", st.just("emma"))
def one_bare_str_is_refused(split_words: Function, words: str) -> None:
    """One bare str is no list of words, and is refused."""
    refuses(lambda: split_words(words, (0.5, 0.5)))
