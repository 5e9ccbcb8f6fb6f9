"""What a lab keeps: never wrong, never lost, and only a slower run if it is damaged."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bigramlab.lab.apart import Apart, Gone
from bigramlab.lab.cli import main
from bigramlab.lab.exercises import Exercise, stub_of, write_lab
from bigramlab.lab.labs import Lab
from bigramlab.lab.progress import key_of
from bigramlab.lessons.files import write_file

pytestmark = pytest.mark.slow

SMOOTH, NORMALIZE = Exercise.named("smooth"), Exercise.named("normalize")


@pytest.fixture
def lab(tmp_path):
    write_lab(tmp_path / "lab")
    return tmp_path / "lab"


@pytest.fixture(scope="module")
def judged_once(tmp_path_factory):
    """A lab with one function that was judged: right, and not careful."""
    lab = tmp_path_factory.mktemp("judged") / "lab"
    write_lab(lab)
    (lab / "ch04_smoothing.py").write_text("def smooth(counts, k=1):\n    return counts + k\n", encoding="utf-8")
    first = Lab(lab)
    assert first.verdict(SMOOTH).status == "solved"
    first.close()
    return lab


@pytest.fixture
def judged(judged_once, tmp_path):
    """A lab as that one, to be changed."""
    return shutil.copytree(judged_once, tmp_path / "judged")


def kept(lab):
    return lab / ".bigramlab" / "smooth.json"


def test_what_was_judged_is_known_from_then_on(judged):
    found = Lab(judged).known(SMOOTH)
    assert found.status == "solved"
    assert "Not careful" in found.text


def test_what_was_judged_is_not_known_if_it_is_to_be_judged_afresh(judged):
    assert Lab(judged, fresh=True).known(SMOOTH) is None


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[: len(data) // 2],
        lambda data: data.replace(b'"solved"', b'"careful"'),
        lambda data: b"[1, 2]",
        lambda data: b"\xff\x00",
        lambda data: json.dumps({"key": "", "verdict": {}, "seal": ""}).encode(),
    ],
)
def test_what_is_damaged_is_judged_anew(damage, judged):
    kept(judged).write_bytes(damage(kept(judged).read_bytes()))
    assert Lab(judged).known(SMOOTH) is None


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("ch04_smoothing.py", "def smooth(counts, k=1):\n    return counts - k\n"),
        ("ch04_smoothing.py", "from helper import smooth\n"),
        ("ch04_smoothing.py", "x = 1\ndef smooth(counts, k=1):\n    return counts + k\n"),
    ],
)
def test_other_code_is_not_known(file, text, judged):
    (judged / file).write_text(text, encoding="utf-8")
    assert Lab(judged).known(SMOOTH) is None


def test_the_verdict_on_an_earlier_version_is_known_when_one_goes_back_to_it(judged):
    file, lab = judged / "ch04_smoothing.py", Lab(judged)
    before = file.read_bytes()
    for k in range(2, 5):
        file.write_text(f"def smooth(counts, k=1):\n    return counts + {k} * k\n", encoding="utf-8")
        assert lab.verdict(SMOOTH).status == "not right"
    lab.close()
    file.write_bytes(before)
    assert Lab(judged).known(SMOOTH).status == "solved"


def test_a_file_that_python_cannot_read_is_known_to_be_so_without_judging(lab, capsys):
    (lab / "ch05_normalizing.py").write_text("def normalize(counts):\n    return (counts\n", encoding="utf-8")
    assert Lab(lab).known(NORMALIZE).status == "not reached"
    for command in (["status"], ["hint", "--folder"], ["hint", "normalize", "--folder"]):
        assert main([*command, str(lab)]) == 0
        told = capsys.readouterr().out
        assert "ch05_normalizing.py can't be read: '(' was never closed, at line 2" in told
        assert "return (counts" in told
    assert not (lab / ".bigramlab" / "hints.json").exists()  # no hint was used up


def test_what_calls_another_exercise_that_is_not_right_says_so_first(lab):
    text = (lab / "ch06_sampling.py").read_text(encoding="utf-8")
    first, second = text.split("def sample_words")
    first = first.replace("    raise NotImplementedError", "    return torch.tensor([1, 2, 0])")
    second = second.replace("    raise NotImplementedError", "    return [str(sample(probs)) for _ in range(n)]")
    (lab / "ch06_sampling.py").write_text(f"{first}def sample_words{second}", encoding="utf-8")
    mine = Lab(lab)
    mine.verdict(Exercise.named("sample"))
    told = mine.verdict(Exercise.named("sample_words")).text.splitlines()
    mine.close()
    assert told[0].startswith("sample_words is not right yet")
    assert told[1] == "  Mind         it calls your sample, which is not right yet: begin there"
    assert Lab(lab).known(Exercise.named("sample_words")).text.splitlines()[1] == told[1]
    (lab / "ch06_sampling.py").write_text(
        f"{text.split('def sample_words')[0]}def sample_words{second}", encoding="utf-8"
    )
    mine = Lab(lab)
    assert "which is not written yet" in mine.verdict(Exercise.named("sample_words")).text
    mine.close()


def test_a_process_that_ends_before_it_begins_is_gone_and_not_only_silent():
    process = Apart("bigramlab.lab.nothing:there")
    process.tell({})
    with pytest.raises(Gone, match="it ended its whole process") as caught:
        [*process.messages()]
    assert caught.value.status == 1


def test_the_key_covers_what_is_imported_in_the_lab_and_read_there(lab):
    (lab / "ch04_smoothing.py").write_text(
        "from helper import smooth\ntable = open('table.txt').read()", encoding="utf-8"
    )
    keys = [key_of(SMOOTH, lab)]
    for name in ("helper.py", "table.txt", "deeper.py"):
        (lab / name).write_text("import deeper", encoding="utf-8")
        keys.append(key_of(SMOOTH, lab))
    assert len(set(keys)) == 4


def test_the_key_covers_modules_from_elsewhere(lab, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "of_mine.py").write_text("x = 1", encoding="utf-8")
    (lab / "ch04_smoothing.py").write_text("import of_mine", encoding="utf-8")
    before = key_of(SMOOTH, lab)
    (tmp_path / "of_mine.py").write_text("x = 22", encoding="utf-8")
    assert key_of(SMOOTH, lab) != before


def test_the_key_covers_exercises_that_are_called_and_no_others(lab):
    file = lab / "ch06_sampling.py"
    text = "def sample(probs):\n    return {}\n\ndef sample_words(probs):\n    return {}\n"
    sample, sample_words = Exercise.named("sample"), Exercise.named("sample_words")

    def keys(*bodies):
        file.write_text(text.format(*bodies), encoding="utf-8")
        return key_of(sample, lab), key_of(sample_words, lab)

    before, after = keys(1, "sample(probs)"), keys(2, "sample(probs)")
    assert before[0] != after[0]
    assert before[1] != after[1]
    before, after = keys(1, 1), keys(1, 2)
    assert before[0] == after[0]
    before, after = keys("globals()", 1), keys("globals()", 2)
    assert before[0] != after[0]


def test_what_is_saved_while_it_is_judged_is_not_kept(lab, monkeypatch):
    judge = Lab._judged

    def judged_and_saved(self, exercise, begin):
        found = judge(self, exercise, begin)
        (lab / "ch04_smoothing.py").write_text("def smooth(counts, k=1):\n    return 1", encoding="utf-8")
        return found

    (lab / "ch04_smoothing.py").write_text("def smooth(counts, k=1):\n    return counts + k\n", encoding="utf-8")
    monkeypatch.setattr(Lab, "_judged", judged_and_saved)
    one = Lab(lab)
    assert one.verdict(SMOOTH)
    one.close()
    assert not kept(lab).exists()


def test_a_folder_that_cant_be_written_is_only_slower(judged, monkeypatch):
    kept(judged).unlink()
    monkeypatch.setattr("bigramlab.lab.progress.write_file", full_disk)
    one = Lab(judged)
    assert one.verdict(SMOOTH)
    one.close()


def full_disk(*_):
    raise OSError(28, "No space left on device")


def test_a_file_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "file.txt"
    write_file(path, "before")
    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(OSError, match=r"No space left on device: '.*file\.txt'"):
        write_file(path, "after")
    assert path.read_text(encoding="utf-8") == "before"
    assert list(tmp_path.iterdir()) == [path]


HOSTILE = {
    "does not come back": "import os\ndef smooth(counts, k=1):\n    sum(range(10**12))\n",
    "ends its process": "import os\ndef smooth(counts, k=1):\n    os.kill(os.getpid(), 9)\n",
    "forks": "import os\ndef smooth(counts, k=1):\n    os.fork()\n    return counts\n",
    "ends when it is loaded": "import os\nos.kill(os.getpid(), 9)\n",
}


@pytest.mark.parametrize("code", HOSTILE.values(), ids=HOSTILE)
def test_what_ends_the_process_costs_no_other_function_its_verdict(code, judged):
    (judged / "ch04_smoothing.py").write_text(code, encoding="utf-8")
    (judged / "ch05_normalizing.py").write_text("from bigramlab import normalize", encoding="utf-8")
    one = Lab(judged)
    assert one.verdict(SMOOTH).is_wrong
    assert one.verdict(NORMALIZE).status == "careful"
    assert one.verdict(NORMALIZE).borrowed
    one.close()


def test_a_process_that_is_gone_is_told_and_replaced(judged):
    kept(judged).unlink()
    one = Lab(judged)
    one.prepare(at_once=True)
    os.kill(one._apart._process.pid, signal.SIGKILL)
    assert "process" in one.verdict(SMOOTH).text
    kept(judged).unlink(missing_ok=True)
    assert one.verdict(SMOOTH)
    one.close()


@pytest.mark.parametrize(
    "before", [b"", b"\xef\xbb\xbf", b"\x0c\n", "# \u2028 \x85\n".encode(), b"# -*- coding: latin-1 -*-\n# \xe9\n"]
)
@pytest.mark.parametrize("newline", [b"\n", b"\r\n"])
def test_reset_changes_no_other_byte_and_keeps_the_old_file(before, newline, lab):
    path, before = lab / "ch04_smoothing.py", before.replace(b"\n", newline)
    mine = b"def smooth(counts, k=1):" + newline + b"    return counts" + newline
    after = b"x = 1" + newline + b"# the end"
    path.write_bytes(before + mine + after)
    assert main(["reset", "smooth", "--folder", str(lab)]) == 0
    assert (lab / "ch04_smoothing.old1").read_bytes() == before + mine + after
    stub = "".join(line + newline.decode() for line in stub_of(SMOOTH).splitlines())
    assert path.read_bytes() == before + stub.encode() + after


def test_reset_adds_a_function_that_is_missing(lab):
    path = lab / "ch04_smoothing.py"
    path.write_text("x = 1", encoding="utf-8")
    assert main(["reset", "smooth", "--folder", str(lab)]) == 0
    assert path.read_text(encoding="utf-8") == "x = 1\n\n\n" + stub_of(SMOOTH)


def test_status_lists_what_is_known_and_what_is_next(judged, capsys, monkeypatch):
    monkeypatch.chdir(judged)
    assert main([]) == 0  # as `bigramlab status`
    shown = capsys.readouterr().out
    assert "\n   4 Smoothing                 #\n" in shown
    assert "\n  solved       smooth\n" in shown
    assert shown.endswith("Core: 1 of 21, careful: 0\n  Next: build_vocabulary, in ch02_encoding.py\n")
    (judged / "ch04_smoothing.py").write_text("def smooth(counts):\n    return 1\n", encoding="utf-8")
    main(["status"])
    assert "\n  changed      smooth\n" in capsys.readouterr().out


def test_next_names_file_and_line_and_opens_them(lab, capsys, monkeypatch):
    assert main(["next", str(lab)]) == 0
    place, _, name = capsys.readouterr().out.rstrip("\n").rpartition(": ")
    path, line = place.rsplit(":", 1)
    assert name == "build_vocabulary"
    assert Path(path).read_text(encoding="utf-8").splitlines()[int(line) - 1].startswith("def build_vocabulary(")
    monkeypatch.setenv("VISUAL", f"{sys.executable} -c 'import sys; sys.exit(len(sys.argv))'")
    assert main(["next", str(lab), "--open"]) == 3
    monkeypatch.delenv("VISUAL")
    monkeypatch.delenv("EDITOR", raising=False)
    assert main(["next", str(lab), "--open"]) == 2
    assert "no editor is known" in capsys.readouterr().err


def test_a_lab_of_some_chapters_counts_those_alone(tmp_path, capsys):
    assert main(["start", str(tmp_path / "lab"), "--chapters", "4-5"]) == 0
    assert sorted(path.name for path in (tmp_path / "lab").glob("ch*")) == ["ch04_smoothing.py", "ch05_normalizing.py"]
    main(["status", str(tmp_path / "lab")])
    assert "[--] Core: 0 of 2, careful: 0\n  Next: smooth, in ch04_smoothing.py\n" in capsys.readouterr().out
    (tmp_path / "lab" / "ch04_smoothing.py").unlink()
    main(["start", str(tmp_path / "lab")])
    assert sorted(path.name for path in (tmp_path / "lab").glob("ch*")) == ["ch04_smoothing.py", "ch05_normalizing.py"]
    assert main(["start", str(tmp_path / "other"), "--chapters", "4-40"]) == 2
    assert "chapters with exercises are 1 to 13" in capsys.readouterr().err


def killed(command, folder, moment):
    """Kill a command at some moment, with all that it started."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "COV"))}
    process = subprocess.Popen(
        [sys.executable, "-m", *command],
        cwd=folder,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    time.sleep(moment)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="no groups of processes here")
def test_killed_at_any_moment_no_text_and_no_progress_is_lost(judged, pytestconfig):
    moments, mine = random.Random(0), (judged / "ch04_smoothing.py").read_bytes()
    commands = [
        (["bigramlab", "start", "."], 0.4),
        (["bigramlab", "reset", "smooth"], 0.5),
        (["pytest", "-q", "-p", "no:cacheprovider", "-k", "smooth or normalize"], 4),
        (["bigramlab", "watch"], 4),
        (["bigramlab", "hint", "smooth"], 1),
    ]
    for number in range(pytestconfig.getoption("kills")):
        command, most = commands[number % len(commands)]
        (judged / "ch06_sampling.py").unlink(missing_ok=True)  # for `start`
        killed(command, judged, moments.uniform(0, most))
        texts = [path.read_bytes() for path in judged.glob("ch04_smoothing.*")]
        assert mine in texts, command
        if (judged / "ch04_smoothing.py").read_bytes() != mine:
            (judged / "ch04_smoothing.py").write_bytes(mine)
        assert Lab(judged).known(SMOOTH), command
    assert main(["start", str(judged)]) == 0
    assert (judged / "ch06_sampling.py").read_text(encoding="utf-8").endswith("raise NotImplementedError\n")
