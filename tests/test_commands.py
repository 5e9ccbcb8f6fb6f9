import inspect
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import suppress

import pytest
import torch
from hypothesis import HealthCheck, given, settings, strategies

import bigramlab
from bigramlab import adamw_step
from bigramlab.lab import models
from bigramlab.lab import words as reading
from bigramlab.lab.cli import main
from bigramlab.lab.exercises import chapters_in


@pytest.fixture
def towns(tmp_path):
    path = tmp_path / "towns.txt"
    path.write_text("\n".join(["ulm", "köln", "bonn", "mainz", "trier", "jena", "gera", "celle"] * 5), encoding="utf-8")
    return path


@pytest.mark.parametrize("model", ["bigram", "mlp"])
def test_sample_writes_words_with_the_letters_of_the_file(model, towns, capsys):
    assert main(["sample", str(towns), "-n", "7", "--model", model, "--seed", "1"]) == 0
    words = capsys.readouterr().out.splitlines()
    assert len(words) == 7
    assert set("".join(words)) <= set(towns.read_text(encoding="utf-8"))
    assert all(words)


def test_the_same_seed_writes_the_same_words(towns, capsys):
    written = []
    for seed in (1, 1, 2):
        main(["sample", str(towns), "--seed", str(seed)])
        written.append(capsys.readouterr().out)
    assert written[0] == written[1] != written[2]


@pytest.mark.slow
def test_compare_shows_a_line_for_each_model(towns, capsys):
    assert main(["compare", str(towns), "--contexts", "1,2", "--seed", "1"]) == 0
    printed = capsys.readouterr().out
    for name in ("uniform", "letters", "counted bigrams", "learned bigrams", "MLP, context 1", "MLP, context 2"):
        assert f"{name} |" in printed
        assert f"\n{name}: " in printed


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["sample", "nowhere.txt"], "there is no file 'nowhere.txt'"),
        (["sample", "no/names.txt"], "without a file the command takes the names that come with bigramlab; else give"),
        (["sample", "TOWNS", "-n", "0"], "-n is 0, but there can't be fewer than 1: choose 1 or more"),
        (["compare", "TOWNS", "--contexts", "0"], "--contexts is '0', but how many letters the networks look back are"),
        (["compare", "TOWNS", "--contexts", "x"], "--contexts is 'x', but how many letters"),
        (["compare", "TOWNS", "--contexts", "1,,2"], "with commas between, such as 1,3,8"),
        (["compare", "TOWNS", "--contexts", "999"], "the longest word has 5 letters"),
        (["compare", "ONE"], "1 different word can't be divided"),
        (["compare", "ONE"], "there are no dev and no test words; give more words, some hundreds"),
        (["sample", "TOWNS", "--seed", "9" * 30], "but a seed is a whole number from 0 to 2**64 - 1, such as 42"),
        (["sample", "TOWNS", "--seed", "9" * 5000], "but a seed is a whole number"),
        (["sample", "TOWNS", "--seed", "x"], "--seed is 'x'"),
        (["sample", "TOWNS", "--seed", "-5"], "--seed is '-5', but a seed is a whole number from 0 to"),
        (["sample", "TOWNS", "--top-k", "0"], "--top-k: k is 0, but there can't be fewer than 1"),
        (["sample", "TOWNS", "--top-p", "0"], "--top-p: p is 0.0, but"),
        (["sample", "TOWNS", "--temperature", "0"], "--temperature: temperature is 0.0, but"),
        (["sample", "PICTURE"], "is no text in UTF-8: it has bytes of 0 in it, as pictures, programs and UTF-16 have"),
        (["check", "FOLDER"], "is a folder; give the name of a notebook or script, such as names.ipynb"),
        (["sample", ""], "the name of the file is empty (a variable that isn't set?)"),
        (["sample", "FOLDER"], "is a folder; give a text file with one word a line, such as "),
        (["sample", "TYPED"], "towns.txt'? give the path of a text file with one word a line"),
        (["sample", "n" * 5000], "can't be read: File name too long"),
        (["sample", "TOWNS", "--separator", ""], "--separator is empty; give what stands between the words"),
        (["sample", "TOWNS", "--lines", "--column", "1"], "so there are no columns; leave out one of the two"),
        (["sample", "TOWNS", "--column", "2"], "there is no column 2; the columns are 1 to 1"),
    ],
)
def test_what_cannot_work_is_said_in_a_line(arguments, message, towns, tmp_path, capsys):
    (tmp_path / "one.txt").write_text("ulm\n", encoding="utf-8")
    (tmp_path / "picture.png").write_bytes(b"\xa8\0\0\x01")
    files = {"ONE": "one.txt", "TYPED": "twons.txt", "PICTURE": "picture.png", "FOLDER": "."}
    places = {"TOWNS": str(towns)} | {name: str(tmp_path / file) for name, file in files.items()}
    assert main([places.get(argument, argument) for argument in arguments]) == 2
    (line,) = capsys.readouterr().err.splitlines()[-1:]
    assert line.startswith("bigramlab: ")
    assert message in line


def test_a_span_of_chapters_may_be_written_from_its_end():
    assert chapters_in("5-2") == chapters_in("2-5") == {2, 3, 4, 5}


def test_help_promises_a_default_only_where_there_is_one(capsys):
    for command, promised in ("hint", True), ("reset", False):
        with pytest.raises(SystemExit):
            main([command, "--help"])
        assert ("the one at hand" in " ".join(capsys.readouterr().out.split())) is promised


def test_ctrl_c_ends_a_command_in_a_line_even_while_its_module_is_loaded(monkeypatch, capsys):
    def press(_):
        raise KeyboardInterrupt

    monkeypatch.setattr("bigramlab.lab.cli.import_module", press)
    assert main(["sample"]) == 130
    assert capsys.readouterr().err == "\nstopped\n"


def test_what_the_output_cannot_show_is_replaced():
    environment = os.environ | {"PYTHONIOENCODING": "cp1252"}
    command = [sys.executable, "-m", "bigramlab", "solution", "adamw_step", "--yes"]
    done = subprocess.run(command, env=environment, capture_output=True)
    assert done.returncode == 0, done.stderr
    assert "√" in inspect.getsource(inspect.unwrap(adamw_step))
    assert b"?" in done.stdout


@pytest.mark.slow
def test_more_characters_than_a_table_can_have_are_refused(tmp_path, capsys):
    (tmp_path / "signs.txt").write_text("\n".join(map(chr, range(0x4E00, 0x4E00 + 10_001))), encoding="utf-8")
    for command in ("sample", "compare"):
        assert main([command, str(tmp_path / "signs.txt")]) == 2
        assert (
            "10,001 different characters, and a table of all pairs has 100,020,001 numbers" in capsys.readouterr().err
        )


def test_the_version_is_said(capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["--version"])
    assert re.fullmatch(r"bigramlab \d+\.\d+\.\d+\n", capsys.readouterr().out)


@pytest.fixture
def read(tmp_path, capsys):
    """Return a function that reads a text as a file, and returns the words and what was said."""

    def words_and_notes(text, **options):
        path = tmp_path / "words.txt"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        words = reading.words_of(str(path), "sample", **options)
        return words, capsys.readouterr().err.replace(f"{tmp_path}{os.sep}", "").splitlines()

    return words_and_notes


def test_what_was_read_is_said_on_a_line(read):
    words, notes = read("emma\nolivia\n\n ava \nava\n")
    assert words == ["emma", "olivia", "ava", "ava"]
    assert notes == ["read 'words.txt': 4 words, 3 distinct, of 7 characters; the longest has 6, 'olivia'"]


YOB = "Emma,F,18688\nOlivia,F,17921\nLiam,M,19837\n"


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ('["emma", "ava"]', "this is JSON or a list in Python, of 2 items"),
        ('{"names": ["emma", "ava"]}', "this is JSON"),
        ("names = [\n  'emma',\n  'ava',\n]\n", "this is JSON or a list in Python"),
        ('"emma",\n"ava"\n', "took the commas at the ends off, as of '\"emma\",'"),
        ("'emma'\n'ava'\n", "took the quotes off"),
        ("1. emma\n2. ava\n", "took the numbers at the beginnings off, as of '1. emma'; --lines keeps them"),
        ("1.emma\n2.ava\n", "took the numbers at the beginnings off"),
        ("(1) emma\n(2) ava\n", "took the numbers at the beginnings off"),
        ("  12 emma\n 103 ava\n", "took the numbers at the beginnings off"),  # uniq -c
        ("emma 18,688\nava 14\n", "took the numbers at the ends off, as of 'emma 18,688'"),
        ("emma: 18688\nava: 14\n", "took the numbers at the ends off"),
        ("- emma\n- ava\n", "took the bullets off, as of '- emma'"),
        ("* 1. emma\n* 2. ava\n", "took the numbers at the beginnings off"),
        ("\ufeffemma\n\ufeffava\n", "took out U+FEFF, byte order mark, which can't be seen: line 2"),
        ("em\u200bma\na\u00adva\n", "took out U+200B, zero width space, which can't be seen: line 1"),
        ("emma\nava\n".encode("utf-16"), "the encoding is UTF-16"),
        ("emma\rava\r", "read 'words.txt': 2 words"),
    ],
)
def test_what_surely_is_no_part_of_a_word_is_taken_off_and_said(text, note, read):
    words, notes = read(text)
    assert words == ["emma", "ava"]
    assert any(line.startswith(note) for line in notes), notes


@pytest.mark.parametrize(
    ("text", "found", "choices"),
    [
        (YOB, "3 of 3 lines hold a comma, such as line 1, 'Emma,F,18688'", {"--column 1": "'Emma', 'Olivia', 'Liam'"}),
        ("name,sex,count\n" + YOB, "4 of 4 lines", {"--column name": "'Emma', 'Olivia', 'Liam'"}),
        ("1\temma\tF\n2\tava\tF\n", "2 of 2 lines hold a tab", {"--column 2": "'emma', 'ava'"}),
        ("Emma;F;18,688\nAva;F;3\n", "hold a semicolon", {"--column 1": "'Emma', 'Ava'"}),
        ("| name | n |\n|---|--:|\n| emma | 3 |\n| ava | 2 |\n", "hold a bar", {"--column name": "'emma', 'ava'"}),
        ("emma  F  18688\nava   F  3\n", "hold several words", {"--column 1": "'emma', 'ava'"}),
        ('"Smith, Al",3\n"Doe, Jo",5\n', "hold a comma", {"--column 1": "'Smith, Al', 'Doe, Jo'"}),
        ("emma, ava, mia, zoe\n", "1 of 1 lines holds a comma", {"--separator comma": "'emma', 'ava', 'mia', …"}),
        ("emma ava mia\n", "holds several words", {"--separator space": "'emma', 'ava', 'mia'"}),
        ("it is a truth known\nto all of us who\n", "several words", {"--separator space": "'it', 'is', 'a', …"}),
        ("al, jo\nbo, cy\n", "a comma", {"--column 1": "'al', 'bo'", "--separator comma": "'al', 'jo', 'bo', …"}),
        ('{"emma": 3, "ava": 2}', "its 2 items have several values each", {"--column 1": "'emma', 'ava'"}),
        ('[{"id": 1, "name": "emma"}]', "its 1 items have several values", {"--column name": "'emma'"}),
        ('{"name": "emma", "n": 1}\n{"name": "ava", "n": 2}\n', "2 items", {"--column name": "'emma', 'ava'"}),
        ("It is, to all of us,\nknown: a truth, oh,\n", "a comma", {"--separator space": "'It', 'is,', 'to', …"}),
    ],
)
def test_a_table_is_never_learned_as_words_and_each_command_that_is_shown_takes_what_it_says(
    text, found, choices, read, tmp_path
):
    with pytest.raises(ValueError, match=r"doesn't have one word a line: ") as refusal:
        read(text)
    message = str(refusal.value)
    assert found in message
    commands = dict(re.findall(r"^  bigramlab sample \S+ (--.+?)  +(.+)$", message, re.MULTILINE))
    assert choices.items() <= commands.items()
    for typed, promised in commands.items():
        option, *value = typed.removeprefix("--").split()
        words, _ = read(text, **{option: value[0] if value else True})
        assert ", ".join(map(repr, words)).startswith(promised.removesuffix(", …")) or "..." in promised


@pytest.mark.parametrize(
    ("text", "options", "words"),
    [
        (YOB, {"column": "1"}, ["Emma", "Olivia", "Liam"]),
        (YOB, {"lines": True}, YOB.split()),
        ("name,n\nemma,3\nava,2\n", {"column": "1"}, ["emma", "ava"]),
        ("name,sex\nemma,F\nava,F\n", {"column": "Name"}, ["emma", "ava"]),
        ("emma,3\n\nava\n,7\nmia,1", {"column": "2"}, ["3", "7", "1"]),
        ('"Al, Bo", "Cy, Di"\n"Ed", "Flo"\n', {"column": "2"}, ["Cy, Di", "Flo"]),
        ('[["emma", 1], [null, 2]]', {"column": "1"}, ["emma"]),
        ("emma,\nava\nmia\n", {}, ["emma,", "ava", "mia"]),
        ("emma::3\nava::2\n", {"column": "1", "separator": "::"}, ["emma", "ava"]),
        ("emma\tava\nmia\n", {"separator": "\\t"}, ["emma", "ava", "mia"]),
        ('["emma, ava", "mia"]', {"separator": "comma"}, ["emma", "ava", "mia"]),
        ("emma  ava\n mia\n", {"separator": "space"}, ["emma", "ava", "mia"]),
        ("Windows 95\nWindows 98\n", {"lines": True}, ["Windows 95", "Windows 98"]),
        ("St. John\nJ.R.R.\n...\nemma\n", {"dots": False}, ["St John", "JRR", "emma"]),
    ],
)
def test_options_say_where_the_words_are(text, options, words, read):
    assert read(text, **options)[0] == words


@pytest.mark.parametrize(
    ("text", "options", "note"),
    [
        (
            "name,n\nemma,3\nava,2\n",
            {"column": "1"},
            "the first line has the names of the columns, so 'name' is no word",
        ),
        (
            "emma,3\nava\n,7\n",
            {"column": "2"},
            "left out 1 of 3 lines, which have no word in column 2; the first is line 2",
        ),
        ("a.b\nc\nd.\ne.\n", {"dots": False}, "took the dots out: lines 1, 3-4"),
        (
            "New York\nUlm\nBonn\n",
            {},
            "hint: 1 of 3 lines holds several words, such as line 1, 'New York'; each line is",
        ),
        (
            '["Al, Bo", "Cy, Di", "Ed"]',
            {},
            "hint: 2 of 3 lines hold a comma, such as line 1, 'Al, Bo'; each line is learned",
        ),
        ("Smith, Al\nUlm\nBonn\n", {}, "hint: 1 of 3 lines holds a comma, such as line 1, 'Smith, Al'"),
    ],
)
def test_what_may_surprise_is_said(text, options, note, read):
    assert any(line.startswith(note) for line in read(text, **options)[1])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "<ul>\n<li>emma</li>\n</ul>\n",
            "is no list of words: 3 of 3 lines have a tag of HTML or XML: open it in a browser",
        ),
        (b"PK\x03\x04\0\0", "is no text, but a ZIP archive; unpack it, and give a text file of it"),
        (
            "emma\nköln\n".encode("latin-1"),
            "line 2: byte 0xf6 is not UTF-8 text; save the file with the encoding UTF-8",
        ),
        (b"e\0m\0", "line 1: a character 0, as in UTF-16 text"),
        (" \n\n", r"holds no words \(it has 3 bytes\); write one word a line"),
    ],
)
def test_what_is_no_list_of_words_is_refused(text, message, read):
    with pytest.raises(ValueError, match=message):
        read(text)


def test_letters_and_their_accents_become_one_character_and_that_is_said(read):
    words, notes = read("zoé\nzoe\u0301\nmia\n")
    assert words == ["zoé", "zoé", "mia"]
    assert notes[0] == "joined letters with their accents, to one character each (NFC): line 2"


def test_what_is_said_by_the_way_of_many_lines_is_short(read):
    _, notes = read("a.\nb\n" * 5000, dots=False)
    assert notes[0].endswith(" 37, 39, … (5,000 in all)")


def test_all_words_with_a_dot_are_listed_with_the_command_that_takes_them_out(read):
    with pytest.raises(ValueError, match=r"has '\.' in 4 of 5 words") as refusal:
        read("St. John,1\nJ.R.R.,2\nemma,3\nMr.T,4\na.,5\n", column="1")
    assert "lines 1-2, 4-5 ('St. John', 'J.R.R.', 'Mr.T', 'a.')" in str(refusal.value)
    assert str(refusal.value).endswith(" --column 1 --no-dots")


@pytest.fixture
def piped(monkeypatch):
    """Return a function that pipes bytes into what runs next."""
    opened = []

    def pipe(raw):
        source, sink = os.pipe()
        with open(sink, "wb") as stream:
            stream.write(raw)
        opened.append(os.fdopen(source, encoding="utf-8"))
        monkeypatch.setattr(sys, "stdin", opened[-1])

    yield pipe
    for stream in opened:
        stream.close()


@pytest.mark.parametrize("arguments", [[], ["-"]])
def test_what_is_piped_in_is_read(arguments, piped, capsys):
    piped("köln\nulm\n".encode())
    assert main(["sample", *arguments, "-n", "3", "--seed", "1"]) == 0
    out, err = capsys.readouterr()
    assert set("".join(out.split())) <= set("kölnum")
    assert err.startswith("read what was piped in: 2 words, 2 distinct")


def test_the_commands_for_a_pipe_begin_with_one(piped, capsys):
    piped(YOB.encode())
    assert main(["compare"]) == 2
    assert "  … | bigramlab compare --column 1" in capsys.readouterr().err


def test_a_file_is_read_whatever_is_piped_in(piped, towns, capsys):
    piped(b"emma\n")
    assert main(["sample", str(towns), "-n", "1"]) == 0
    assert "40 words, 8 distinct" in capsys.readouterr().err


def test_what_never_ends_is_refused(monkeypatch, piped, towns):
    monkeypatch.setattr(reading, "MOST", 3)
    for path in ("-", None, str(towns)):
        piped(b"emma\n")
        with pytest.raises(ValueError, match=r"has more than 3 bytes, .* may never end; give a part of it"):
            reading.words_of(path, "sample")


@pytest.mark.parametrize("stdin", ["nothing", "an empty pipe", "none", "a test's"])
def test_where_nothing_is_piped_in_the_names_are_taken_as_in_cron(stdin, piped, monkeypatch, capsys):
    with open(os.devnull, encoding="utf-8") as nothing:
        if stdin == "an empty pipe":
            piped(b"")
        elif stdin != "a test's":
            monkeypatch.setattr(sys, "stdin", nothing if stdin == "nothing" else None)
        assert len(reading.words_of(None, "sample")) == 32_033
    err = capsys.readouterr().err
    assert "the names that come with bigramlab: 32,033 words" in err
    assert err.startswith("nothing was piped in\n") == (stdin == "an empty pipe")


def test_an_empty_file_in_place_of_a_pipe_is_refused(tmp_path, monkeypatch):
    (tmp_path / "empty.txt").touch()
    with open(tmp_path / "empty.txt", encoding="utf-8") as empty:
        monkeypatch.setattr(sys, "stdin", empty)
        with pytest.raises(ValueError, match=r"what was piped in holds no words \(it has 0 bytes\)"):
            reading.words_of(None, "sample")


def test_an_empty_pipe_that_was_asked_for_is_refused(piped, capsys):
    piped(b"")
    assert main(["sample", "-"]) == 2
    assert "what was piped in holds no words" in capsys.readouterr().err


@pytest.mark.slow
def test_a_pipe_that_says_nothing_is_waited_for_and_that_is_said(monkeypatch, capsys):
    source, sink = os.pipe()
    monkeypatch.setattr(reading, "SECONDS_OF_SILENCE", 0.05)
    threading.Timer(0.5, lambda: (os.write(sink, b"emma\n"), os.close(sink))).start()
    with open(source, encoding="utf-8") as late:
        monkeypatch.setattr(sys, "stdin", late)
        assert reading.words_of(None, "sample") == ["emma"]
    assert "waiting for words from standard input; for the names, add: < /dev/null" in capsys.readouterr().err


@pytest.mark.slow
def test_a_pipe_that_says_something_at_once_is_not_waited_for(piped, monkeypatch, capsys):
    monkeypatch.setattr(reading, "SECONDS_OF_SILENCE", 0.2)
    piped(b"emma\n")
    reading.words_of(None, "sample")
    time.sleep(0.4)
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_reader_that_has_enough_ends_the_command_in_silence(towns, monkeypatch, capsys):
    source, sink = os.pipe()
    os.close(source)
    with open(sink, "w", encoding="utf-8") as closed:
        monkeypatch.setattr(sys, "stdout", closed)
        assert main(["sample", str(towns), "-n", "5000"]) == 141
    assert len(capsys.readouterr().err.splitlines()) == 1  # what was read


def test_words_are_printed_while_others_are_still_to_be_written(towns, monkeypatch, capsys):
    asked = []

    def write(next_probs, vocabulary, n, **options):
        asked.append((n, len(capsys.readouterr().out.splitlines())))
        return ["ulm"] * n

    monkeypatch.setattr(bigramlab, "generate_words", write)
    assert main(["sample", str(towns), "-n", "2500"]) == 0
    assert asked == [(1000, 0), (1000, 1000), (500, 1000)]


def few_steps(monkeypatch):
    monkeypatch.setattr(models, "_recipe", lambda train: bigramlab.Recipe(steps=2))


@pytest.mark.slow
def test_compare_gives_what_the_function_gives_and_shows_which_network_is_trained(towns, monkeypatch, capsys):
    few_steps(monkeypatch)
    assert main(["compare", str(towns), "--contexts", "2,1,2", "--seed", "1"]) == 0
    out, err = capsys.readouterr()
    generator = torch.Generator().manual_seed(1)
    lists = bigramlab.split_words(towns.read_text(encoding="utf-8").split(), generator=generator)
    settings = {"context_lengths": [2, 1], "recipe": bigramlab.Recipe(steps=2), "progress": False}
    results = bigramlab.compare(*lists, generator=generator, **settings)
    for result in results:
        assert f"{result.test:.4f} | " in out
        assert f"\n{result.name}: {' '.join(result.words)}\n" in out
    assert "network 1 of 2, which looks back 2: training, 2 steps\n" in err
    assert "network 2 of 2, which looks back 1: training, 2 steps\n" in err


@pytest.mark.slow
def test_a_transformer_writes_and_is_compared_if_it_is_wanted(towns, monkeypatch, capsys):
    few_steps(monkeypatch)
    monkeypatch.setattr(models, "_transformer_recipe", lambda train: bigramlab.Recipe(steps=3, batch_size=8))
    assert main(["sample", str(towns), "--model", "transformer", "-n", "7", "--seed", "1"]) == 0
    assert len(capsys.readouterr().out.split()) == 7
    assert main(["compare", str(towns), "--contexts", "1", "--transformer", "--seed", "1"]) == 0
    out, err = capsys.readouterr()
    assert "Transformer |" in out
    assert "the Transformer: training, 3 steps" in err


@pytest.mark.parametrize("command", [["sample", "--model", "transformer"], ["compare", "--transformer"]])
def test_a_transformer_is_given_no_endless_words(command, tmp_path, capsys):
    path = tmp_path / "long.txt"
    towns = "".join(f"town{n}\n" for n in range(50))
    path.write_text(towns + "a" * 300, encoding="utf-8")
    assert main([*command, str(path)]) == 2
    assert "a word has 300 letters, 'aaaaaaaaaaaaaaaaaaaa'…" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize("swallowed", [True, False], ids=["in a training", "elsewhere"])
def test_ctrl_c_shows_what_is_finished(swallowed, towns, monkeypatch, capsys):
    few_steps(monkeypatch)
    train, trained = models.mlp_model, []

    def interrupted(*arguments, **options):
        trained.append(arguments)
        if len(trained) == 2:
            try:
                signal.raise_signal(signal.SIGINT)
            except KeyboardInterrupt:
                if not swallowed:
                    raise
        return train(*arguments, **options)

    monkeypatch.setattr(models, "mlp_model", interrupted)
    assert main(["compare", str(towns), "--contexts", "1,2,3", "--seed", "1"]) == 130
    out, err = capsys.readouterr()
    assert len(trained) == 2
    assert "MLP, context 1 |" in out
    assert "MLP, context 2" not in out
    assert err.endswith("stopped: 5 finished models, and the one that was at work is left out\n")
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def rivals(test, share):
    """Return two finished models of a and b: one that gives "a" its share at every place, and one of thirds."""
    finished = []
    for name, probs in [("thirds", [1 / 3, 1 / 3, 1 / 3]), ("other", [1 / 3, share, 2 / 3 - share])]:
        model = bigramlab.Model(
            name, lambda rows, probs=probs: torch.tensor([probs]).expand(len(rows), 3), 1, ".ab", 0, 0
        )
        finished.append((model, bigramlab.evaluate_model(model, test, test, test)))
    return finished


def test_the_lead_of_the_best_model_is_said_with_its_standard_error():
    test = [format(number, "06b").replace("0", "a").replace("1", "b") for number in range(64)]
    many_a = [word for word in test if word.count("a") > 2]
    by_chance = ["a" * 30, *test]
    clear = models._lead(rivals(many_a * 2, 0.4), many_a * 2)
    assert re.match(r"Best on the test words is other, by 0\.\d{4} nats before thirds, with a standard error of", clear)
    assert "with other test words another may be best" in models._lead(rivals(by_chance, 0.34), by_chance)
    assert "But 3 different test words can't tell models apart" in models._lead(rivals(test[:3], 0.4), test[:3])
    assert "But 1 different test word can't" in models._lead(rivals(["a", "a"], 0.4), ["a", "a"])


def test_the_words_of_a_list_cost_together_what_the_list_costs(towns):
    words = towns.read_text(encoding="utf-8").split()
    model = next(bigramlab.train_models(words, words))
    tokens = sum(len(word) + 1 for word in words)
    total = models._nats(model, Counter(words)).sum().item()
    assert total / tokens == pytest.approx(bigramlab.evaluate_model(model, words, words, words).test, abs=1e-6)


PIECES = [*"""é,|;"'[]{}:-*.=(#""", "emma", "ava", "1.", "12", "18,688", "<li>", "---", "null"]
PIECES += ["\t", " ", "\n", "\r\n", "\ufeff", "\u2028", "\0"]
OPTIONS = {
    "column": strategies.sampled_from(["1", "2", "0", "emma", "²", "-1"]),
    "separator": strategies.sampled_from(["comma", "space", "tab", "::", "", '"']),
    "lines": strategies.booleans(),
    "dots": strategies.booleans(),
}


@settings(max_examples=200, deadline=None, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    strategies.lists(strategies.sampled_from(PIECES), max_size=30).map("".join) | strategies.binary(max_size=40),
    strategies.fixed_dictionaries({}, optional=OPTIONS),
)
def test_whatever_stands_in_a_file_is_read_as_words_or_refused_in_a_sentence(read, text, options):
    with suppress(ValueError):
        words, _ = read(text, **options)
        assert words
        assert all(word and word == word.strip() and "." not in word for word in words)
