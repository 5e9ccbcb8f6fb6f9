import contextlib
import importlib
import inspect
import io
import os
import re
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import pytest

import bigramlab
from bigramlab.lab.cli import main
from bigramlab.lab.exercises import Exercise, stub_of, write_lab
from bigramlab.lab.judging import judge, load_file
from bigramlab.lab.labs import Lab
from bigramlab.lab.progress import code_of
from bigramlab.lab.solutions import solution_of
from bigramlab.lab.verdicts import Verdict, explain
from bigramlab.lab.watching import Watcher
from bigramlab.laws.law import Stopped

DOCS = Path(__file__).parents[1] / "docs"
NAMES = [exercise.name for exercise in Exercise.all()]
CORE = [exercise.name for exercise in Exercise.all() if exercise.core]
NOTHING = f"[{'-' * len(CORE)}] Core: 0 of {len(CORE)}, careful: 0\n"


@pytest.fixture
def lab(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", sys.path.copy())
    write_lab(tmp_path / "lab")
    yield tmp_path / "lab"
    for name in ("helper.py", *(exercise.file for exercise in Exercise.all())):
        sys.modules.pop(name.removesuffix(".py"), None)


def run_pytest(lab, *options):
    """Run pytest in the folder of the exercises: in this process, since to start torch in another takes seconds."""
    output, kept = io.StringIO(), {"modules": {**sys.modules}, "path": [*sys.path], "folder": Path.cwd()}
    os.chdir(lab)
    try:
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
            status = pytest.main(["-p", "no:cacheprovider", *options])
    finally:
        os.chdir(kept["folder"])
        sys.path[:] = kept["path"]
        for name in [name for name in sys.modules if name == "conftest" or name not in kept["modules"]]:
            if str(lab.parent) in str(getattr(sys.modules[name], "__file__", "")):
                del sys.modules[name]
    return SimpleNamespace(returncode=int(status), stdout=output.getvalue())


def write(lab, name, body):
    """Put a body in place of the stub of that function."""
    path = lab / Exercise.named(name).file
    stub = stub_of(Exercise.named(name))
    text = path.read_text(encoding="utf-8")
    assert stub in text
    solved = stub.replace("    raise NotImplementedError", textwrap.indent(textwrap.dedent(body).strip(), "    "))
    path.write_text(text.replace(stub, solved), encoding="utf-8")


def solve_all(lab):
    """Make every file call bigramlab's own function."""
    for name in NAMES:
        parameters = inspect.signature(inspect.unwrap(getattr(bigramlab, name))).parameters.values()
        passed = [f"{p.name}={p.name}" if p.kind is p.KEYWORD_ONLY else p.name for p in parameters]
        write(lab, name, f"import bigramlab\nreturn bigramlab.{name}({', '.join(passed)})")


def test_every_function_is_an_exercise_but_those_that_put_others_together():
    others = {
        "load_names",
        "plot_bigrams",
        "check",
        "mlp_probs",
        "sample_mlp_words",
        "train_mlp",
        "save_mlp",
        "load_mlp",
        "train_transformer",
        "save_transformer",
        "load_transformer",
    }
    others |= {"compare", "comparison_table", "evaluate_model", "train_models"}
    functions = {name for name in bigramlab.__all__ if inspect.isfunction(getattr(bigramlab, name))}
    assert set(NAMES) | others == functions
    for exercise in Exercise.all():
        assert getattr(bigramlab, exercise.name).__module__ == f"bigramlab.lessons.{exercise.lesson}"


def test_the_core_is_what_a_lecture_writes_in_its_order_and_the_rest_is_extra():
    assert [exercise.name for exercise in Exercise.all() if exercise.core] == [
        *("build_vocabulary", "encode", "decode", "count_bigrams", "smooth", "normalize", "sample", "sample_words"),
        *("negative_log_likelihood", "softmax", "cross_entropy", "train_neural_bigram", "build_contexts", "mlp_logits"),
        *("with_temperature", "keep_top_k", "keep_top_p"),
        *("attention_shares", "attend", "rms_norm", "block"),
    ]


def test_each_exercise_says_how_hard_it_is_in_one_to_three_dots():
    assert {exercise.dots for exercise in Exercise.all()} == {1, 2, 3}
    assert Exercise.named("count_bigrams").level == "●●○"


def test_to_begin_with_the_first_of_the_core_is_named(tmp_path, capsys):
    main(["start", str(tmp_path / "lab")])
    assert "Then write build_vocabulary, in ch02_encoding.py; any editor will do." in capsys.readouterr().out
    assert "begin with ch02_encoding.py." in (tmp_path / "lab" / "pytest.ini").read_text(encoding="utf-8")


def test_an_extra_is_the_next_one_only_when_the_core_is_solved():
    not_started = {
        name: Verdict(name, "not started", f"{name} is not started.", f"{name} is not started.") for name in NAMES
    }
    assert explain(list(not_started.values())).startswith("build_vocabulary is not started.")
    solved = {one.name: Verdict(one.name, "solved", "", "") for one in Exercise.all() if one.core}
    assert explain(list((not_started | solved).values())).startswith("read_words is not started.")


def test_a_stub_has_the_signature_and_the_docstring_of_ours(lab):
    for exercise in Exercise.all():
        namespace = {}
        exec((lab / exercise.file).read_text(encoding="utf-8"), namespace)
        stub, ours = namespace[exercise.name], inspect.unwrap(getattr(bigramlab, exercise.name))
        assert str(inspect.signature(stub)) == str(inspect.signature(ours))
        assert inspect.getdoc(stub) == inspect.getdoc(ours).replace("\nRaises:\n", "\nRaises (for a star):\n")


def test_start_overwrites_nothing(lab, capsys):
    path = lab / "ch04_smoothing.py"
    path.write_text("mine", encoding="utf-8")
    (lab / "ch01_data.py").unlink()
    assert main(["start", str(lab)]) == 0
    assert path.read_text(encoding="utf-8") == "mine"
    assert (lab / "ch01_data.py").exists()
    assert "ch4" not in capsys.readouterr().out.split("Now:")[0]


@pytest.mark.slow
def test_a_fresh_lab_is_not_started_and_says_so(lab):
    result = run_pytest(lab)
    assert result.returncode == 1
    assert "build_vocabulary is not started" in result.stdout
    assert f"  {NOTHING}  Next: build_vocabulary, in ch02_encoding.py\n" in result.stdout
    assert "Traceback" not in result.stdout


@pytest.mark.slow
def test_all_solved_is_exit_status_0(lab):
    solve_all(lab)
    result = run_pytest(lab)
    assert result.returncode == 0, result.stdout
    assert f"[{'*' * len(CORE)}] Core: {len(CORE)} of {len(CORE)}, careful: {len(CORE)}; extra: " in result.stdout
    assert "\n  All is solved." in result.stdout


@pytest.fixture(scope="module")
def mixed(tmp_path_factory):
    """Return what pytest says of a lab with functions of every status, its report.xml, and the lab."""
    lab = tmp_path_factory.mktemp("mixed") / "lab"
    write_lab(lab)
    refused = "not 0 <= k < math.inf or (counts < 0).any() or not counts.isfinite().all()"
    write(lab, "smooth", f"import math\nif {refused}:\n    raise ValueError('no')\nreturn counts + k")
    write(lab, "most_common_bigrams", "return None")
    write(lab, "normalize", "return counts / counts.sum(dim=1)")
    (lab / "ch02_encoding.py").write_text("x = 1\nimport nowhere\n", encoding="utf-8")
    (lab / "ch06_sampling.py").write_text("def sample(probs):\n    return (\n", encoding="utf-8")
    path = lab / "ch03_counting.py"
    path.write_text(path.read_text(encoding="utf-8").replace("def count_bigrams", "def count"), encoding="utf-8")
    return run_pytest(lab, "--junitxml=report.xml"), ElementTree.parse(lab / "report.xml"), lab


@pytest.mark.slow
def test_the_reports_are_the_same_from_several_processes(mixed, tmp_path):
    result, xml, lab = mixed
    several = run_pytest(lab, "-n", "2", f"--junitxml={tmp_path / 'several.xml'}")
    summaries = [text.partition(" bigramlab ")[2].rpartition("\n\n")[0] for text in (several.stdout, result.stdout)]
    assert summaries[0] == summaries[1]
    assert failures(ElementTree.parse(tmp_path / "several.xml")) == failures(xml)


def failures(xml):
    """Return name, message and text of each failure."""
    return {
        case.get("name"): (found.get("message"), found.text)
        for case in xml.iter("testcase")
        for found in case.iter("failure")
    }


@pytest.mark.slow
def test_what_is_not_solved_fails(mixed):
    result, xml, _ = mixed
    assert result.returncode == 1
    assert set(failures(xml)) == set(NAMES) - {"smooth"}
    assert result.stdout.startswith("???F*F??---")


@pytest.mark.slow
def test_the_summary_lists_what_is_solved_and_what_is_not(mixed):
    for line in [
        "  careful      smooth",
        "  not right    count_bigrams, normalize; extra: most_common_bigrams",
        "  not reached  build_vocabulary, encode, decode, sample, sample_words",
        "  not started  negative_log_likelihood, softmax, cross_entropy,",
        f"  [*{'x' * 7}{'-' * (len(CORE) - 8)}] Core: 1 of {len(CORE)}, careful: 1",
    ]:
        assert line in mixed[0].stdout.splitlines()


@pytest.mark.slow
def test_a_file_that_cant_be_run_is_named_once(mixed):
    result, xml, _ = mixed
    for headline, name in [
        ("ch02_encoding.py can't be run: ModuleNotFoundError: No module named 'nowhere', at line 2", "decode"),
        ("ch06_sampling.py can't be read: '(' was never closed, at line 2", "sample"),
    ]:
        assert result.stdout.splitlines().count(headline) == 1
        assert failures(xml)[name][0] == headline
    assert "  Line 2       import nowhere\n" in result.stdout  # the first in full
    assert "\n\nch06_sampling.py can't be read: '(' was never closed, at line 2\n\nch02_enc" in result.stdout


@pytest.mark.slow
def test_the_message_of_a_failure_is_the_headline_and_its_text_the_report(mixed):
    found = failures(mixed[1])
    message, text = found["normalize"]
    assert re.fullmatch(r"normalize is not right yet: \d+ of \d+ laws hold\.", message)
    assert text.startswith(message + "\n")
    assert "keepdim forgotten" in text
    assert found["perplexity"] == ("perplexity is not started: it raises NotImplementedError.",) * 2
    assert found["count_bigrams"][0].startswith("ch03_counting.py has no function count_bigrams: `bigramlab reset")
    assert found["count_bigrams"][1].endswith("\n  Or           did you rename it to count?")
    assert "Traceback" not in str(found)
    assert "Unsolved" not in str(found)


@pytest.mark.slow
def test_the_first_that_is_started_and_wrong_is_explained(lab):
    write(lab, "normalize", "return counts / counts.sum(dim=1)")
    write(lab, "perplexity", "return 1")
    result = run_pytest(lab)
    assert "keepdim forgotten" in result.stdout
    assert "  Hint         bigramlab hint normalize\n" in result.stdout
    assert "  Next: normalize, in ch05_normalizing.py\n" in result.stdout
    assert "  not right    normalize; extra: perplexity\n" in result.stdout
    assert result.stdout.count("not right yet") == 1


@pytest.mark.slow
def test_without_one_that_is_wrong_the_next_to_write_is_named(lab):
    write(lab, "read_words", "import bigramlab\nreturn bigramlab.read_words(path)")
    result = run_pytest(lab, "ch01_data.py")
    assert "\nsplit_words is not started" in result.stdout
    assert "  Hint         bigramlab hint split_words\n" in result.stdout
    assert "  Next: build_vocabulary, in ch02_encoding.py\n" in result.stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    ("named", "content"),
    [
        ("ch04_smoothing.py", "import nowhere"),
        ("ch04_smoothing.py", "import sys\nsys.exit()"),
        ("ch04_smoothing.py::smooth", "x = ("),
    ],
)
def test_a_file_that_is_named_is_guarded_too(named, content, lab):
    (lab / "ch04_smoothing.py").write_text(content, encoding="utf-8")
    result = run_pytest(lab, named, "-vv")
    assert result.returncode == 1
    assert "\nch04_smoothing.py::smooth NOT REACHED" in result.stdout
    assert re.search(r"\nch04_smoothing\.py can't be (read|run): ", result.stdout)
    assert "during collection" not in result.stdout


@pytest.mark.slow
def test_the_exercises_of_a_missing_file_are_not_reached(lab):
    (lab / "ch05_normalizing.py").write_text("from bigramlab import normalize", encoding="utf-8")
    for name in ("ch04_smoothing.py", "ch06_sampling.py"):
        (lab / name).unlink()
    result = run_pytest(lab, "-k", "smooth or normalize or sample and not transformer", "--junitxml=report.xml")
    assert result.returncode == 1
    assert "  not reached  smooth, sample, sample_words\n" in result.stdout
    assert "\nch04_smoothing.py is missing: `bigramlab start .` writes it anew.\n" in result.stdout
    assert set(failures(ElementTree.parse(lab / "report.xml"))) == {"smooth", "sample", "sample_words"}
    assert run_pytest(lab, "ch05_normalizing.py").returncode == 0


@pytest.mark.slow
def test_a_lab_is_checked_from_the_folder_above_too(lab):
    result = run_pytest(lab.parent, ".", "-k", "smooth")
    assert result.returncode == 1
    assert "\nsmooth is not started" in result.stdout


@pytest.fixture
def two_labs(lab):
    """Return the folder of two labs, in the second of which a helper is missing that the first one has."""
    write_lab(lab.parent / "other")
    for name, body in [("lab", "from bigramlab import smooth"), ("other", "def smooth(counts, k=1): return counts")]:
        (lab.parent / name / "helper.py").write_text(body, encoding="utf-8")
        (lab.parent / name / "ch04_smoothing.py").write_text("from helper import smooth", encoding="utf-8")
    (lab.parent / "other" / "ch05_normalizing.py").write_text("from only_here import normalize", encoding="utf-8")
    (lab / "only_here.py").write_text("from bigramlab import normalize", encoding="utf-8")
    (lab / "ch05_normalizing.py").write_text("from only_here import normalize", encoding="utf-8")
    return lab.parent


@pytest.mark.slow
def test_each_of_several_labs_is_checked_on_its_own(two_labs):
    result = run_pytest(two_labs, "-k", "smooth or normalize", "-v")
    for line in ["lab/ch04_smoothing.py::smooth CAREFUL", "lab/ch05_normalizing.py::normalize CAREFUL"]:
        assert line in result.stdout
    for line in ["other/ch04_smoothing.py::smooth NOT RIGHT", "other/ch05_normalizing.py::normalize NOT REACHED"]:
        assert line in result.stdout
    assert re.search(r"  \[\*\*-*\] Core: 2 of .*  lab\n  \[xx-*\] Core: 0 of .*  other\n", result.stdout)


@pytest.mark.slow
def test_one_function_can_be_checked(lab):
    result = run_pytest(lab, "-k", "normalize")
    assert NOTHING in result.stdout
    assert "split_words" not in result.stdout


@pytest.mark.slow
def test_a_name_that_is_none_is_answered_with_a_similar_one(lab):
    result = run_pytest(lab, "-k", "normalise")
    assert "\nThere is no exercise 'normalise'; did you mean normalize" in result.stdout


@pytest.mark.slow
def test_all_is_solved_only_if_all_were_tried(lab):
    solve_all(lab)
    result = run_pytest(lab, "-k", "smooth or normalize")
    assert result.returncode == 0
    assert "\nAll that were tried are solved.\n" in result.stdout
    assert f"Core: 2 of {len(CORE)}, careful: 2\n" in result.stdout
    assert "  Next: build_vocabulary, in ch02_encoding.py\n" in result.stdout


@pytest.mark.slow
def test_what_is_right_is_solved_and_care_is_asked_for_with_an_option(lab):
    write(lab, "smooth", "return counts + k")
    result = run_pytest(lab, "-k", "smooth", f"--junitxml={lab / 'report.xml'}")
    assert result.returncode == 0
    assert "\nsmooth is right: all its laws hold.\n" in result.stdout
    assert "\n  Not careful  A negative k" in result.stdout
    (found,) = [
        one.get("value") for one in ElementTree.parse(lab / "report.xml").iter("property") if " " in one.get("name")
    ]
    assert re.fullmatch(r"\d of \d", found)
    result = run_pytest(lab, "-k", "smooth", "--careful")
    assert result.returncode == 1
    assert "  not careful  smooth\n" in result.stdout
    assert result.stdout.startswith("c ")
    assert "\nsmooth is right: all its laws hold.\n" in result.stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    ("body", "part"),
    [
        ("while True: pass", "did not return in time"),
        ("exit()", "ended the whole program"),
        ("return [][0]", r"ch02_encoding\.py, line \d+"),
    ],
)
def test_what_a_function_should_not_do_is_part_of_its_report(body, part, lab):
    write(lab, "build_vocabulary", body)
    verdict = judge(Exercise.named("build_vocabulary"), lab, {})
    assert verdict.status == "not right"
    assert re.search(part, " ".join(verdict.text.split()))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            b"x = [1 2]",
            "can't be read: invalid syntax. Perhaps you forgot a comma, at line 1\n  Line 1       x = [1 2]",
        ),
        (b"\nx = 'abc", "can't be read: unterminated string literal, at line 2\n"),
        ("x = 'é'".encode("latin-1"), "can't be read: have your editor save it as UTF-8"),
        ("x = 1\ny = 2\n# é".encode("latin-1"), "can't be read: have your editor save it as UTF-8"),
        ("# é".encode("latin-1"), "can't be read: have your editor save it as UTF-8"),
        ("x = 1".encode("utf-16"), "can't be read: have your editor save it as UTF-8"),
        (b"def f():\n    raise NotImplementedError\nf()", "can't be run: NotImplementedError, at line 2\n"),
        (
            b"open('nowhere')",
            "can't be run: FileNotFoundError: [Errno 2] No such file or directory: 'nowhere', at line 1",
        ),
        (
            b"from bigramlab.laws.law import Stopped\nraise Stopped('it asks for input')",
            "can't be run: it asks for input",
        ),
    ],
)
def test_a_file_that_cant_be_run_says_why_and_where(content, message, lab):
    (lab / "ch04_smoothing.py").write_bytes(content)
    with pytest.raises(Stopped) as caught:
        load_file(lab / "ch04_smoothing.py")
    assert str(caught.value).startswith(f"ch04_smoothing.py {message}")


def test_a_file_may_begin_with_a_byte_order_mark(lab):
    (lab / "ch04_smoothing.py").write_text("x = 1", encoding="utf-8-sig")
    assert load_file(lab / "ch04_smoothing.py").x == 1


def interrupt(command, folder, sign):
    """Run a command, press Ctrl-C as soon as the sign is there, and return exit status and output."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST", "COV"))}
    command = [sys.executable, "-m", *command]
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a job in the background ignores it
    )
    give_up = time.monotonic() + 60
    while not sign() and time.monotonic() < give_up:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    try:
        output, _ = process.communicate(timeout=60)
    finally:
        process.kill()
    return process.returncode, output


HIDDEN = """
import importlib.util, sys
import pytest
found = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name == "bigramlab" else found(name, *rest)
sys.exit(pytest.main(["-p", "no:cacheprovider", *sys.argv[1:]]))
"""  # a Python that has pytest and no bigramlab


@pytest.mark.slow
@pytest.mark.parametrize(
    "options",
    [
        [],
        *(
            pytest.param(one, marks=pytest.mark.slow)
            for one in (["lab"], ["lab/ch05_normalizing.py"], ["lab", "--careful"])
        ),
    ],
)
def test_without_the_environment_one_line_says_how_to_activate_it(options, lab, monkeypatch):
    monkeypatch.setattr(sys, "prefix", str(lab.parent / "my venv"))
    (lab.parent / "my venv" / "bin").mkdir(parents=True)
    (lab.parent / "my venv" / "bin" / "activate").touch()
    (lab / "conftest.py").unlink()
    write_lab(lab)
    command = [sys.executable, "-c", HIDDEN, *options]
    run = subprocess.run(command, cwd=lab.parent, capture_output=True, text=True, timeout=60)
    path = f"'{lab.parent}/my venv/bin/activate'"
    line = f"ERROR: this Python has no bigramlab; activate the environment first: . {path}\n"
    assert run.returncode == pytest.ExitCode.USAGE_ERROR
    assert (run.stderr or run.stdout).strip() + "\n" == line
    assert run.stdout == "" or not options  # from a folder above, pytest has begun already


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for one process")
@pytest.mark.parametrize("command", [["pytest", "-p", "no:cacheprovider"], ["bigramlab", "watch"]])
def test_ctrl_c_ends_with_the_summary_so_far(command, lab):
    write(lab, "encode", "return 1")
    body = (
        "import pathlib, time\npathlib.Path('reached').touch()\ntry:\n    time.sleep(0.9)\nexcept Exception:\n    pass"
    )
    write(lab, "smooth", body)
    status, output = interrupt(command, lab, (lab / "reached").exists)
    assert status == (2 if command[0] == "pytest" else 0)
    assert "  not right    encode\n" in output
    assert "\nencode is not right yet" in output
    assert "smooth" not in output
    assert f"Core: 0 of {len(CORE)}" in output
    assert "Traceback" not in output
    assert "KeyboardInterrupt" not in output


def test_a_chapter_may_import_another_one_and_sees_it_as_it_is_now(lab):
    path = lab / "ch04_smoothing.py"
    path.write_text(
        "from ch05_normalizing import value\ndef smooth(counts, k=1):\n    return value\n", encoding="utf-8"
    )
    for value in (1, 2):
        (lab / "ch05_normalizing.py").write_text(f"value = {value}\n", encoding="utf-8")
        assert load_file(path).smooth(None) == value


@pytest.mark.slow
def test_another_file_that_cant_be_read_is_shown_as_pytest_shows_it(lab):
    (lab / "test_mine.py").write_text("def test_it(:", encoding="utf-8")
    result = run_pytest(lab)
    assert result.returncode == 2
    assert "SyntaxError" in result.stdout
    assert "\nERROR test_mine.py" in result.stdout
    assert "Traceback" not in result.stdout


@pytest.mark.slow
@pytest.mark.parametrize("options", [["--collect-only"], ["--collect-only", "-q"]])
def test_the_tests_can_be_listed(options, lab):
    listed = run_pytest(lab, *options).stdout.split("\n\n")[0].splitlines()
    in_order = sorted(Exercise.all(), key=lambda exercise: not exercise.core)
    assert listed == [f"{exercise.file}::{exercise.name}" for exercise in in_order]


@pytest.mark.slow
def test_x_stops_at_the_first_unsolved(lab):
    told = run_pytest(lab, "-x").stdout
    assert "\n1 not passed in" in told
    assert "build_vocabulary is not started" in told  # and not read_words, an extra that stands before it


@pytest.mark.slow
def test_other_tests_are_shown_as_pytest_shows_them(lab):
    (lab / "test_mine.py").write_text("def test_it():\n    assert 'mine' == 'yours'\n", encoding="utf-8")
    result = run_pytest(lab, "-k", "test_it or smooth")
    assert ">       assert 'mine' == 'yours'" in result.stdout.partition(" bigramlab ")[0].splitlines()
    assert "FAILED test_mine.py::test_it - AssertionError" in result.stdout
    assert result.stdout.count("smooth is not started") == 1
    assert "1 failed, " in result.stdout
    assert ", 1 not passed in " in result.stdout


def raise_permission_error(*_, **__):
    raise PermissionError(13, "Permission denied")


def test_a_file_that_may_not_be_read_is_not_reached(lab, monkeypatch):
    monkeypatch.setattr(Path, "read_bytes", raise_permission_error)
    verdict = judge(Exercise.named("smooth"), lab, {})
    assert verdict.status == "not reached"
    assert verdict.headline == "ch04_smoothing.py can't be read: [Errno 13] Permission denied"


def test_watch_goes_on_when_a_file_may_not_be_read(lab, monkeypatch):
    monkeypatch.setattr(Path, "read_text", raise_permission_error)
    assert code_of(Exercise.named("smooth"), lab) == ""


def test_a_place_that_cant_be_written_is_said_in_a_sentence(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(os, "fsync", raise_permission_error)
    assert main(["start", str(tmp_path / "lab")]) == 2
    assert re.fullmatch(r"bigramlab: .*pytest\.ini can't be used: Permission denied\n", capsys.readouterr().err)


def test_start_quotes_the_folder(tmp_path, capsys):
    main(["start", str(tmp_path / "Übung 1")])
    assert f"\n  cd '{tmp_path / 'Übung 1'}'\n" in capsys.readouterr().out


def test_the_solution_is_ours(lab, capsys):
    assert main(["solution", "smooth", "--folder", str(lab), "--yes"]) == 0
    assert "return smoothed" in capsys.readouterr().out


@pytest.mark.slow
def test_a_solution_is_shown_with_its_helpers(lab, capsys):
    main(["solution", "train_neural_bigram", "--folder", str(lab), "--yes"])
    printed = capsys.readouterr().out
    assert re.findall(r"^(?:def )?(\w+)", printed, re.MULTILINE) == [
        "train_neural_bigram",
        "TOO_FAR",
        "train_neural_bigram",
        "_prepare",
        "_loss_and_gradient",
        "_safe_rate",
    ]
    assert (
        "\n#   bigramlab/lessons/inputs.py: require_number, require_size, require_table, require_weights\n" in printed
    )
    assert printed.endswith("\n#   bigramlab/lessons/neural_bigram.py: _refuse_rate\n")


@pytest.mark.parametrize("exercise", Exercise.all(), ids=lambda exercise: exercise.name)
def test_a_solution_names_everything_that_it_uses(exercise):
    solution = solution_of(exercise)
    compile(solution, exercise.name, "exec")
    module = importlib.import_module(f"bigramlab.lessons.{exercise.lesson}")
    for name in set(re.findall(r"(?<![.\w])\w+(?=\()", re.sub('""".*?"""', "", solution, flags=re.DOTALL))):
        if getattr(getattr(module, name, None), "__module__", "").startswith("bigramlab."):
            assert re.search(rf"^(def {name}\(|#   .*\b{name}\b)", solution, re.MULTILINE)


@pytest.mark.slow
def test_the_solution_of_an_unsolved_exercise_wants_a_yes(lab, capsys, monkeypatch):
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda _: "n")
    main(["solution", "smooth", "--folder", str(lab)])
    assert "return smoothed" not in capsys.readouterr().out


def test_reset_puts_the_stub_back_and_keeps_the_old_text(lab, capsys):
    original = (lab / "ch02_encoding.py").read_text(encoding="utf-8")
    write(lab, "encode", "return 1")
    mine = (lab / "ch02_encoding.py").read_text(encoding="utf-8")
    assert main(["reset", "encode", "--folder", str(lab)]) == 0
    assert main(["reset", "encode", "--folder", str(lab)]) == 0
    assert "as it was at the beginning already; nothing was changed" in capsys.readouterr().out
    assert not (lab / "ch02_encoding.old2").exists()
    assert (lab / "ch02_encoding.py").read_text(encoding="utf-8") == original
    assert (lab / "ch02_encoding.old1").read_text(encoding="utf-8") == mine


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["hint", "nope"], "there is no exercise 'nope'; there are:\n  read_words, split_words,"),
        (["hint", "smoth"], "there is no exercise 'smoth'; did you mean 'smooth'?\n"),
        (["reset", "encode", "--folder", "nowhere"], "there is no folder nowhere; `bigramlab start nowhere` makes one"),
        (["hint", "encode", "--folder", "nowhere"], "there is no folder nowhere; `bigramlab start nowhere` makes one"),
        (["solution", "encode", "--folder", "nowhere"], "there is no folder nowhere"),
        (["watch", "nowhere"], "there is no folder nowhere"),
        (["hint", "encode", "--folder", str(DOCS)], "ch02_encoding.py; run this in the folder of your exercises"),
        (["reset", "encode", "--folder", str(DOCS)], "ch02_encoding.py; run this in the folder of your exercises"),
        (["watch", str(DOCS)], "ch02_encoding.py; run this in the folder of your exercises"),
        (["start", __file__], "is a file, and the exercises need a folder"),
    ],
)
def test_commands_say_what_is_wrong(arguments, message, capsys):
    assert main(arguments) == 2
    assert message in capsys.readouterr().err


@pytest.mark.slow
def test_the_lab_may_be_moved_and_a_copy_inside_it_is_left_alone(lab, tmp_path):
    shutil.move(lab, tmp_path / "elsewhere")
    lab = tmp_path / "elsewhere"
    shutil.copytree(lab, lab / "backup", ignore=shutil.ignore_patterns("conftest.py", "pytest.ini"))
    assert NOTHING in run_pytest(lab).stdout


def test_reset_of_a_file_that_cant_be_read_says_what_to_do(lab, capsys):
    (lab / "ch02_encoding.py").write_text("x = (", encoding="utf-8")
    assert main(["reset", "encode", "--folder", str(lab)]) == 2
    assert (
        "ch02_encoding.py can't be read: '(' was never closed, at line 1. Mend that line first"
        in capsys.readouterr().err
    )


def test_ctrl_d_is_no_yes(lab, capsys, monkeypatch):
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", raise_end_of_file)
    assert main(["solution", "smooth", "--folder", str(lab)]) == 130
    assert "return smoothed" not in capsys.readouterr().out


def raise_end_of_file(_):
    raise EOFError


SMOOTH = "def smooth(counts, k=1):\n    return counts\n"


@pytest.fixture
def watched(lab):
    """A lab that has been checked once, with a chapter of two functions and one that imports another."""
    (lab / "ch02_encoding.py").write_text(
        "def encode(word, vocabulary):\n    return 1\n\n"
        "def decode(ids, vocabulary):\n    return 1\n\n"
        "def build_vocabulary(words):\n    return '.' if decode else ''\n",
        encoding="utf-8",
    )
    (lab / "ch04_smoothing.py").write_text("from ch05_normalizing import value\n" + SMOOTH, encoding="utf-8")
    (lab / "ch05_normalizing.py").write_text("import helper\nvalue = 1\n", encoding="utf-8")
    (lab / "helper.py").write_text("", encoding="utf-8")
    watcher = Watcher(Lab(lab))
    assert [verdict.name for verdict in watcher.changed()] == NAMES
    yield watcher
    watcher.lab.close()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "old", "new", "checked"),
    [
        ("ch02_encoding.py", "word, vocabulary):\n    return 1", "word, vocabulary):\n    return 2", ["encode"]),
        ("ch02_encoding.py", "ids, vocabulary):\n    return 1", "ids, vocabulary):\n    return 2", NAMES[2:5]),
        ("ch02_encoding.py", "'.'", "'..'", ["build_vocabulary"]),
        ("ch02_encoding.py", "def encode", "import math\n\ndef encode", NAMES[2:5]),
        ("ch05_normalizing.py", "1", "2", ["normalize", "smooth"]),
        ("helper.py", "", "x = 1", ["smooth", "normalize"]),
        ("ch01_data.py", "import torch", "import torch", []),
    ],
)
def test_only_what_a_change_can_matter_to_is_checked_again(file, old, new, checked, watched):
    path = watched.lab.folder / file
    path.write_text(path.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    found = [verdict.name for verdict in watched.changed([file])]
    assert sorted(found) == sorted(checked)
    assert found[:1] == checked[:1]


@pytest.mark.slow
def test_a_change_is_seen_however_soon_it_comes(watched):
    for word in ("one", "two"):  # as long as each other, in the same second
        (watched.lab.folder / "helper.py").write_text(f"raise ValueError('{word}')", encoding="utf-8")
        verdict = next(watched.changed(["ch05_normalizing.py"]))
        assert f"ValueError: {word}" in verdict.headline


@pytest.mark.slow
def test_what_was_right_is_not_tried_again_after_a_slip_of_the_pen(watched, monkeypatch):
    path = watched.lab.folder / "ch04_smoothing.py"
    path.write_text("from bigramlab import smooth", encoding="utf-8")
    assert next(watched.changed())
    path.write_text("from bigramlab import smooth (", encoding="utf-8")
    assert next(watched.changed()).status == "not reached"
    path.write_text("from bigramlab import smooth", encoding="utf-8")
    monkeypatch.setattr(Lab, "_judged", None)
    assert next(watched.changed())


@pytest.mark.slow
def test_the_first_wrong_function_is_explained_and_the_others_get_a_line(watched, capsys):
    path = watched.lab.folder / "ch02_encoding.py"
    path.write_text(path.read_text(encoding="utf-8").replace("return", "print()\n    return"), encoding="utf-8")
    watched.tell()
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if line[2:6] == "Hint"] == ["  Hint         bigramlab hint build_vocabulary"]
    assert [line.split()[0] for line in lines if "not right yet" in line] == NAMES[2:5]
    assert [line for line in lines if line.endswith(" Why: pytest -k decode")]
    path.write_text("x = (", encoding="utf-8")
    watched.tell()
    assert capsys.readouterr().out.count("can't be read") == 1


@pytest.mark.slow
def test_what_is_wrong_is_said_before_the_rest_is_known(watched, capsys, monkeypatch):
    parts = []
    judged = Lab._judged

    def and_then(lab, exercise, begin):
        verdict = judged(lab, exercise, begin)
        parts.append(capsys.readouterr().out)
        return verdict

    monkeypatch.setattr(Lab, "_judged", and_then)
    (watched.lab.folder / "ch04_smoothing.py").write_text(SMOOTH, encoding="utf-8")
    watched.tell()
    parts.append(capsys.readouterr().out)
    beginning, rest = (part.splitlines() for part in parts)
    assert beginning[0] == "smooth is not right yet."
    assert {"Likely", "To", "Read", "Hint"} >= {line.split()[0] for line in rest if line[2:15].strip()}
    assert beginning[1:] + rest[:-1] == watched.known["smooth"].text.splitlines()[1:]


@pytest.mark.slow
def test_watch_checks_a_file_when_it_is_saved(lab):
    def saved_and_told():
        if "Core: " in output.read_text(encoding="utf-8") and not told:
            write(lab, "smooth", "return counts")
            told.append(1)
        text = output.read_text(encoding="utf-8")
        return "smooth is not right yet" in text and text.endswith("in ch04_smoothing.py\n")

    output, told = lab / "output.txt", []
    with output.open("w", encoding="utf-8") as file:
        process = subprocess.Popen([sys.executable, "-m", "bigramlab", "watch"], cwd=lab, stdout=file)
        give_up = time.monotonic() + 60
        while not saved_and_told() and time.monotonic() < give_up:
            time.sleep(0.1)
        time.sleep(0.5)
        process.kill()
        process.wait()
    text = output.read_text(encoding="utf-8")
    assert text.count("build_vocabulary is not started") == 1
    assert text.endswith(
        f"[x{'-' * (len(CORE) - 1)}] Core: 0 of {len(CORE)}, careful: 0\n  Next: smooth, in ch04_smoothing.py\n"
    )
    assert "hint smooth" in text
