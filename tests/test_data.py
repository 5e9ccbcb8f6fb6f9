import hashlib
import math
from itertools import pairwise

import pytest
import torch

from bigramlab import load_names, read_words, split_words


def test_the_names_are_the_documented_ones():
    names = load_names()
    assert names[:5] == ["emma", "olivia", "ava", "isabella", "sophia"]
    assert (len(names), len(set(names)), sum(map(len, names))) == (32_033, 29_494, 196_113)
    assert {len(name) for name in names} == set(range(2, 16))
    assert set("".join(names)) == set("abcdefghijklmnopqrstuvwxyz")
    text = "".join(name + "\n" for name in names)
    assert hashlib.sha256(text.encode()).hexdigest().startswith("3a83b1b3f3b9535e")


def test_changing_the_list_does_not_change_the_names():
    load_names().clear()
    assert len(load_names()) == 32_033


def test_read_words_knows_the_line_ends_of_old_macs_but_no_others(tmp_path):
    (tmp_path / "words.txt").write_bytes("anna\rbe\u2028a\x0b\r".encode())
    assert read_words(tmp_path / "words.txt") == ["anna", "be\u2028a"]


def test_read_words_takes_a_str_for_the_path(tmp_path):
    (tmp_path / "words.txt").write_text("zoë\n", encoding="utf-8")
    assert read_words(str(tmp_path / "words.txt")) == ["zoë"]


def test_read_words_names_the_file_that_is_missing(tmp_path):
    with pytest.raises(
        FileNotFoundError, match=r"no file '.*nowhere\.txt' .*; give the path of a text file with one word a line$"
    ):
        read_words(tmp_path / "nowhere.txt")


def test_read_words_refuses_a_folder(tmp_path):
    with pytest.raises(IsADirectoryError, match=r"no file .*give the path of a text file with one word a line"):
        read_words(tmp_path)


@pytest.mark.usefixtures("unchecked")
def test_read_words_refuses_what_is_no_path():
    with pytest.raises(TypeError, match=r"path must be the name of a file such as 'words\.txt', got 5"):
        read_words(5)


@pytest.mark.parametrize("content", [b"", b"\n \n\t\n", b"\xef\xbb\xbf"])
def test_read_words_refuses_a_file_without_words(tmp_path, content):
    (tmp_path / "blank.txt").write_bytes(content)
    with pytest.raises(ValueError, match=r"blank\.txt' holds no words .*write one word a line"):
        read_words(tmp_path / "blank.txt")


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("anna\nzoë\n".encode("latin-1"), "line 2: byte 0xeb is not UTF-8 text"),
        ("anna\r\nbea\r\nzoë".encode("latin-1"), "line 3: byte 0xeb is not UTF-8 text"),
        ("anna\n".encode("utf-16"), "line 1: byte 0x.. is not UTF-8 text"),
        ("anna\n".encode("utf-16-le"), "line 1: a character 0, as in UTF-16 text"),
    ],
)
def test_read_words_names_the_line_that_is_not_utf_8(tmp_path, content, line):
    (tmp_path / "old.txt").write_bytes(content)
    with pytest.raises(ValueError, match=rf"old\.txt', {line}; save the file with the encoding UTF-8"):
        read_words(tmp_path / "old.txt")


def test_no_name_leaks_from_the_training_names():
    train, dev, test = map(set, split_words(load_names(), generator=torch.Generator().manual_seed(0)))
    assert not train & dev
    assert not train & test
    assert not dev & test


def test_copies_go_to_the_list_in_which_their_middle_falls():
    assert split_words(["a", "a"], (0.4, 0.6)) == [[], ["a", "a"]]
    assert split_words(["a", "a"], (0.6, 0.4)) == [["a", "a"], []]


def test_fractions_may_be_rounded():
    assert sum(map(len, split_words(["a", "b", "c"], (0.3333333, 0.3333333, 0.3333333)))) == 3


def test_split_words_of_nothing_is_nothing():
    assert split_words([]) == [[], [], []]


@pytest.mark.parametrize(
    "fractions", [(0.8, 0.1), (0.5, 0.499), (1.0, 0.0), (1.5, -0.5), (math.nan, 1.0), (math.inf,), ()]
)
def test_split_words_refuses_fractions_that_are_not_positive_or_do_not_sum_to_1(fractions):
    with pytest.raises(
        ValueError, match=r"fractions is .*; give each list a share above 0, together 1, such as \(0\.8, 0\.1, 0\.1\)$"
    ):
        split_words(["a", "b"], fractions)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("emma",), r"words is one str, 'emma'; did you mean \['emma'\]\?"),
        ((7,), "words must be a list of str, or another iterable of them, got 7"),
        ((["emma", None],), "a word must be a str, got None"),
        ((["emma"], ("0.8", "0.2")), r"fractions must be a sequence of numbers .*, got \('0\.8', '0\.2'\)"),
        ((b"emma",), r"words is one bytes, b'emma'; did you mean \[b'emma'\]\?"),
        ((["emma"], 0.8), r"fractions must be a sequence of numbers such as \(0\.8, 0\.1, 0\.1\), got 0\.8"),
    ],
)
def test_split_words_refuses_the_wrong_kind(arguments, message):
    with pytest.raises(TypeError, match=message):
        split_words(*arguments)


@pytest.mark.usefixtures("unchecked")
def test_split_words_refuses_a_seed_for_a_generator():
    with pytest.raises(TypeError, match=r"generator must be a torch\.Generator or None, got 42"):
        split_words(["a", "b"], (0.5, 0.5), generator=42)


def test_each_list_of_a_split_is_shuffled_copies_too():
    words = [f"word{i // 2}" for i in range(100)]
    (only,) = split_words(words, (1.0,), generator=torch.Generator().manual_seed(0))
    assert sorted(only) == sorted(words)
    together = sum(one == other for one, other in pairwise(only))
    assert together < 25  # of 50; in sorted lists all, in shuffled ones about one
