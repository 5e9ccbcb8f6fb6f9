import importlib
import math
import os
import random
import re
import subprocess
import sys
from copy import deepcopy
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import strategies as st

import bigramlab
from bigramlab import check
from bigramlab.judge import trying
from bigramlab.judge.clock import seconds
from bigramlab.judge.guarding import Guard
from bigramlab.judge.recognizing import Recognized
from bigramlab.judge.recording import Recorder
from bigramlab.judge.reporting import Report
from bigramlab.judge.showing import LOCAL, _site, code, prose
from bigramlab.judge.trying import run_law
from bigramlab.laws import LAWS

# The exception that ends a call may come while a destructor or a gc callback runs, where Python only warns of it.
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def forgets_keepdim(counts):
    return counts / counts.sum(dim=1)


def test_the_report_says_what_was_called_what_came_back_what_is_wrong_and_why():
    report = check(forgets_keepdim, "normalize")
    text = report.text()
    assert not report
    for part in ["normalize is not right yet", "Called", "Returned", "sums to", "keepdim forgotten", "chapter"]:
        assert part in text
    assert "Traceback" not in text
    assert "\033[" not in text
    assert "\033[" in report.text(color=True)


def test_the_smallest_input_is_shown():
    assert check(forgets_keepdim, "normalize").call.count("[") <= 3


def test_the_same_failure_gives_the_same_report():
    assert check(forgets_keepdim, "normalize") == check(forgets_keepdim, "normalize")


def test_a_right_function_is_called_right():
    report = check(bigramlab.smooth)
    assert report
    assert report.careful
    assert repr(report) == "smooth is right and careful: all its laws hold."


def test_a_right_function_without_a_check_of_any_input_is_right_and_hears_what_it_is_not_careful_about():
    def smooth(counts, k=1):
        return counts + k

    report = check(smooth)
    assert report
    assert not report.careful
    assert (report.held, report.care_held) == (report.total, report.care_total - len(report.notes))
    lines = report.text().splitlines()
    assert lines[0] == "smooth is right: all its laws hold."
    assert lines[2].startswith("  Not careful  A negative k")
    assert "Ours raises ValueError: k is -1, but must be a finite number from 0 up" in " ".join(report.text().split())
    assert not {"wrong", "not right yet"} & set(report.text().split())


@pytest.mark.parametrize("error", [AssertionError, RuntimeError, ZeroDivisionError, OSError, KeyError])
def test_any_error_refuses(error):
    def smooth(counts, k=1):
        if not (0 <= k < float("inf") and (counts >= 0).all() and counts.isfinite().all()):
            raise error
        return counts + k

    assert check(smooth).careful


def test_a_slip_that_raises_is_no_refusal():
    def smooth(counts, k=1):
        if not 0 <= k < float("inf"):
            return undefined  # noqa: F821  # the slip
        return counts + k

    report = check(smooth)
    assert report
    assert "NameError" in report.text() or "not defined" in report.text()


def test_what_gives_a_result_without_a_word_comes_first():
    def normalize(counts):
        return counts / counts.sum(1, keepdim=True)

    silent = [note.silent for note in check(normalize).notes]
    assert silent == sorted(silent, reverse=True)
    assert any(silent)


def test_what_goes_wrong_with_input_that_makes_sense_comes_before_what_is_not_refused():
    def cross_entropy(logits, targets):
        shares = logits.exp() / logits.exp().sum(1, keepdim=True)
        return -shares[range(len(targets)), targets].log().mean()

    report = check(cross_entropy)
    assert report
    first, *others = report.notes
    assert (first.law, first.ours) == ("huge_logits_cost_what_they_should", "")
    assert [note.rank for note in report.notes] == sorted(note.rank for note in report.notes)
    assert any(note.ours for note in others)


def test_what_is_said_of_care_is_about_its_own_law_and_true_of_what_else_the_function_does():
    def attention_shares(queries, keys):
        scores = queries @ keys.mT / queries.shape[-1] ** 0.5
        past = torch.ones_like(scores).tril().bool()
        scores = scores.masked_fill(~past, -torch.inf)
        weights = (scores - scores.amax(-1, keepdim=True)).exp()
        return weights / weights.sum(-1, keepdim=True)

    def smooth(counts, k=1):
        return counts + k

    def without_a_shift(queries, keys):
        weights = (queries @ keys.mT / queries.shape[-1] ** 0.5).exp().tril()
        return weights / weights.sum(-1, keepdim=True)

    assert "as they are" not in " ".join(check(attention_shares).text().split())
    assert "`exp` is taken of the scores as they are" in check(without_a_shift, "attention_shares").notes[0].problem
    told = {note.law: note.problem for note in check(smooth).notes}
    assert told["impossible_k_is_refused"].startswith("A negative k")
    assert "negative k" not in told["impossible_counts_are_refused"]


def test_what_is_printed_is_told_as_that_and_as_nothing_else():
    def negative_log_likelihood(counts, probs):
        print("looking")  # noqa: T201
        seen = counts > 0
        return float(-(counts[seen] * probs[seen].log()).sum() / counts.sum())

    told = {note.law: note.problem for note in check(negative_log_likelihood).notes}
    assert told["nothing_is_printed"] == "it prints 'looking'"


class Taught:
    def __call__(self, logits):
        return logits.softmax(-1)

    def normalize(self, counts):
        return counts / counts.sum(1, keepdim=True)


@pytest.mark.parametrize(
    ("kind", "name", "say"),
    [
        (Taught, None, r"the method of an instance: check\(Taught\(…\).normalize, 'normalize'\)"),
        (Taught, "softmax", r"Taught is a class, .*; pass an instance, .*: check\(Taught\(…\), 'softmax'\)"),
        (torch.nn.Softmax, None, r"an instance, which can be called: check\(Softmax\(…\), 'softmax'\)"),
        (torch.nn.CrossEntropyLoss, "cross_entropy", r"check\(CrossEntropyLoss\(…\), 'cross_entropy'\)"),
        (type("Nothing", (), {}), "smooth", r"a function, or the method of an instance: .*'smooth'\)"),
    ],
)
def test_a_class_is_told_what_to_pass_instead(kind, name, say):
    with pytest.raises(TypeError, match=say):
        check(kind, name)


def test_a_class_that_is_an_iterator_is_right():
    class minibatches:  # noqa: N801
        def __init__(self, n, batch_size, *, generator=None):
            self.n, self.batch_size, self.generator, self.left = n, batch_size, generator, []

        def __iter__(self):
            return self

        def __next__(self):
            if not len(self.left):
                self.left = torch.randperm(self.n, generator=self.generator)
            batch, self.left = self.left[: self.batch_size], self.left[self.batch_size :]
            return batch

    assert check(minibatches)


def test_printing_is_a_matter_of_care():
    def smooth(counts, k=1):
        print(counts)  # noqa: T201
        return bigramlab.smooth(counts, k)

    report = check(smooth)
    assert report
    assert [note.sentence for note in report.notes] == ["Nothing is printed."]


def test_an_unwritten_function_is_not_started():
    def smooth(counts, k=1):
        raise NotImplementedError

    assert "not started" in repr(check(smooth))


def test_what_is_neither_a_function_nor_a_value_is_refused():
    with pytest.raises(TypeError, match=r"check takes a function, a number, .* got None; name the function"):
        check(None)


def test_a_name_for_the_function_is_refused():
    with pytest.raises(
        TypeError, match="check needs the function itself, got its name 'normalize'; leave out the quotes"
    ):
        check("normalize")


def test_a_name_without_laws_is_refused():
    with pytest.raises(ValueError, match=r"no laws for 'nope'; say which function it should be.*normalize"):
        check(forgets_keepdim, "nope")


def test_a_name_that_is_nearly_right_is_asked_about():
    with pytest.raises(
        ValueError, match=r"'normalise'; did you mean 'normalize'\? .*check\(forgets_keepdim, 'normalize'\)"
    ):
        check(forgets_keepdim, "normalise")


def test_other_parameters_are_named():
    def smooth(counts):
        return counts + 1

    assert "its parameters should be (counts, k=1), and yours takes (counts)" in check(smooth).problem


def test_a_function_that_waits_for_another_one_is_started():
    def not_written():
        raise NotImplementedError

    def smooth(counts, k=1):
        return not_written()

    report = check(smooth)
    assert report.started
    assert report.problem == "it calls a function that is not written yet"


def test_a_missing_return_is_guessed():
    def normalize(counts):
        counts / counts.sum(dim=1, keepdim=True)

    assert check(normalize).problem == "it returned nothing: is `return` missing?"


def test_a_notebook_shows_code_as_code():
    def normalize(counts):
        counts / counts.sum(dim=1, keepdim=True)

    assert "is <code>return</code> missing?" in check(normalize)._repr_html_()


@pytest.mark.parametrize(
    ("report", "sign", "color"),
    [
        (Report("smooth", "4, Smoothing", 2, 1, held=2), "✓", "#1a7f37"),
        (Report("smooth", "4, Smoothing", 2, 1, held=1), "✗", "#cf222e"),
        (Report("smooth", "4, Smoothing", 2, 1, started=False), "…", "#6e7781"),
    ],
)
def test_a_notebook_shows_a_colored_sign_beside_the_headline(report, sign, color):
    page = report._repr_html_()
    assert f">{sign}</span><strong>smooth is " in page
    assert page.count(color) == 2


@pytest.mark.parametrize(("verdict", "sign"), [("right", "✓"), ("mistake", "✗"), ("step", "→"), ("unknown", "?")])
def test_a_value_that_is_neither_right_nor_wrong_has_a_sign_of_its_own(verdict, sign):
    assert f">{sign}</span>" in Recognized("2.4", verdict=verdict, words="the names", could="-")._repr_html_()


@pytest.mark.parametrize("place", [LOCAL, "https://site.invalid/bigramlab", ""])
def test_a_notebook_links_the_chapter_where_the_tutorial_is_published_or_served(place, monkeypatch):
    monkeypatch.setattr("bigramlab.judge.showing._site", lambda: place)
    page = Report("normalize", "5, Normalizing", 2, 0)._repr_html_()
    assert (f'<a href="{place}/tutorial/normalizing.html"' in page) == bool(place)
    assert ("mkdocs serve" in page) == (place == LOCAL)
    assert "chapter 5, Normalizing" in page
    assert "or <code>help(bigramlab.normalize)</code>" in page


def test_the_address_that_the_package_names_comes_before_the_served_one(monkeypatch):
    assert _site.__wrapped__() == LOCAL  # a clone
    named = SimpleNamespace(get_all=lambda _: ["Documentation, https://site.invalid/bigramlab/"])
    monkeypatch.setattr("bigramlab.judge.showing.metadata", lambda _: named)
    assert _site.__wrapped__() == "https://site.invalid/bigramlab"


def test_words_from_right_to_left_are_marked_one_by_one():
    assert prose("'אבא' and 'שלום עולם'") == ("&#x27;<bdi>אבא</bdi>&#x27; and &#x27;<bdi>שלום עולם</bdi>&#x27;")
    assert "<bdi>مرحبا</bdi>" in code("f('مرحبا')")


def test_html_in_a_result_is_shown_as_text():
    report = check(lambda words: "<img src=x onerror=alert(1)>", "build_vocabulary")
    assert "<img" not in report._repr_html_()


def test_an_exception_is_shown_with_its_line():
    def normalize(counts):
        return counts[99]

    report = check(normalize)
    assert report.raised.startswith("IndexError: index 99 is out of bounds")
    assert report.place.startswith("test_checking.py, line ")
    assert report.place.endswith("\nreturn counts[99]")


def test_one_of_two_mistakes_is_named_with_less_certainty():
    def count_bigrams(words, vocabulary):  # no end token, and what is read depends on the length
        counts = torch.zeros(len(vocabulary), len(vocabulary), dtype=torch.int64)
        for word in words:
            for current, following in pairwise("." + (word if len(word) % 3 else word[::-1])):
                counts[vocabulary.index(current), vocabulary.index(following)] += 1
        return counts

    found = check(count_bigrams).diagnosis
    assert found.mistake.name == "no_stop_token"
    assert not found.exact
    assert f"On {found.alike} of {found.tried} inputs that come out wrong" in found.text()
    assert "may be a part of it" in found.text()


def test_a_mistake_that_is_wrong_where_the_function_is_right_is_not_named():
    def count_bigrams(words, vocabulary):  # wrong for one list of words, and for nothing else
        counts = bigramlab.count_bigrams(words, vocabulary)
        return counts + 1 if words == ["aa"] else counts

    report = check(count_bigrams)
    assert report.diagnosis is None


def test_the_same_failure_gives_the_same_report_where_torchs_global_generator_is_used():
    def sample(probs, *, generator=None):
        return torch.randint(1, 10**9, (3,))  # a walk that shows its draws

    before = torch.get_rng_state()
    assert check(sample) == check(sample)
    assert torch.equal(torch.get_rng_state(), before)


def tables_drawn(breaks_at=math.inf):
    """Return the tables that the first law of `smooth` is tried on, until one is larger than a limit."""
    drawn = []

    def smooth(counts, k):
        drawn.append(counts.tolist())
        return counts + k if counts.numel() < breaks_at else counts.zero_()

    with Guard() as guard:
        recorder = Recorder(smooth, guard)
        recorder.asks = set()
        run_law(LAWS["smooth"][0], recorder, shrink=False)
    return drawn


def test_what_was_drawn_for_one_function_is_tried_on_the_next_as_it_was_drawn(monkeypatch):
    trying._drawn.cache_clear()
    fresh = tables_drawn()
    assert len(fresh) > 20
    trying._drawn.cache_clear()
    assert len(tables_drawn(breaks_at=8)) < len(fresh)  # the first breaks the law, and changes its table
    assert tables_drawn() == fresh
    monkeypatch.delattr(trying, "given")  # nothing is drawn any more
    assert tables_drawn() == fresh


def test_a_function_that_fails_once_and_never_again_is_unsteady():
    assert check(bigramlab.smooth)
    calls = []

    def smooth(counts, k=1):
        calls.append(k)
        return counts if len(calls) == 3 else bigramlab.smooth(counts, k=k)

    assert "the same" in check(smooth).law


def test_random_numbers_of_python_and_numpy_are_the_same_for_each_function():
    def smooth(counts, k=1):
        noise.append((random.random(), np.random.rand()))
        return bigramlab.smooth(counts, k=k)

    seen, before = [], random.getstate()
    for _ in range(2):
        noise = []
        assert check(smooth)
        seen.append(noise)
    assert seen[0][:20] == seen[1][:20]
    assert random.getstate() == before


def test_the_arguments_of_every_law_can_be_kept():
    for laws in LAWS.values():
        for law in laws:
            if law.holds:
                trying._for_drawn(law, lambda arguments: None, 3, shrink=False)
                drawn = trying._drawn(law, 3, 0)
                assert drawn.complete, law
                assert not any(isinstance(part, st.DataObject) for one in drawn.arguments for part in one), law
                assert str(deepcopy(drawn.arguments)) == str(drawn.arguments), law


def test_what_else_stands_in_a_readers_files_decides_nothing(tmp_path, monkeypatch):
    def tried():
        trying._drawn.cache_clear()
        return tables_drawn()

    before = tried()
    (tmp_path / "notes_of_a_reader.py").write_text(f"NUMBERS = {[*range(3, 900, 7)]}", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    importlib.import_module("notes_of_a_reader")
    assert tried() == before


def test_a_function_put_in_the_place_of_ours_is_compared_with_ours(monkeypatch):
    monkeypatch.setattr(bigramlab, "normalize", forgets_keepdim)
    assert check(bigramlab.normalize, "normalize").diagnosis.mistake.name == "keepdim_forgotten"


def test_a_default_that_calls_change_is_told_of():
    def build_vocabulary(words, seen=set()):  # noqa: B006  # the mistake itself
        seen.update(*words)
        return "." + "".join(sorted(seen))

    assert "changed the default of `seen`" in check(build_vocabulary).problem


def test_a_part_of_the_cause_breaks_the_same_law():
    def sample(probs, *, generator=None):  # one of the mistakes draws alike, and is wrong elsewhere
        bigramlab.sample(probs, generator=torch.Generator().manual_seed(0))  # refuses what is to be refused
        ids = [0]
        while len(ids) < 2 or ids[-1] or (len(ids) < 3 and probs[0, 0] < 1):  # no empty walks
            ids = [*(ids if ids[-1] else [0]), int(torch.multinomial(probs[ids[-1]], 1, generator=generator))]
        return torch.tensor(ids[1:])

    report = check(sample)
    assert "of 100 draws after 0, 0.0% are 0, and 50.0% should be" in report.problem
    found = report.diagnosis  # another one is true of it: no walk ends at once
    assert found is None or found.mistake.name == "empty_walks_forbidden"


def test_the_smallest_input_of_what_is_wrong_everywhere_is_small():
    assert check(lambda counts, k=1: counts.where(counts > 0, k), "smooth").call == "smooth(tensor([[1]]), 1)"


def test_an_infinite_argument_can_be_typed():
    def smooth(counts, k=1):
        return counts + k if k >= 0 else bigramlab.smooth(counts, k)

    calls = " ".join(note.call for note in check(smooth).notes)
    assert re.search(r"float\(.(nan|inf).\)", calls)


def test_a_module_for_a_figure_is_told_of():
    from matplotlib import pyplot

    def plot_bigrams(table, vocabulary, **_):
        pyplot.figure()
        return pyplot

    assert "it is of type module" in check(plot_bigrams).problem
    assert pyplot.get_fignums() == []


def test_where_the_gradient_alone_is_wrong_no_mistake_is_named_that_never_differs_from_ours():
    def softmax(logits):  # only the gradient is wrong
        weights = (logits - logits.detach().amax(-1, keepdim=True)).exp()
        return weights / weights.sum(-1, keepdim=True).detach()

    report = check(softmax)
    assert "the gradient of entry" in report.problem
    assert report.diagnosis.mistake.name == "gradient_cut_off_in_part"


def test_a_changed_argument_is_named_whatever_law_it_breaks():
    def count_bigrams(words, vocabulary):
        if isinstance(words, list):
            words.append(vocabulary[-1])
        return bigramlab.count_bigrams(words, vocabulary)

    report = check(count_bigrams)
    assert report.problem == "it changes what it was given: ['a'] became ['a', 'a']; work on a copy"
    assert report.call == "count_bigrams(['a'], '.a')"


def test_a_function_that_takes_long_is_not_tried_with_every_law(monkeypatch):
    monkeypatch.setattr("bigramlab.judge.trying.SECONDS_ALLOWED", 0.02)
    calls = []

    def normalize(counts):
        calls.append(counts)
        end = seconds() + 0.02
        while seconds() < end:
            pass
        return bigramlab.normalize(counts)

    report = check(normalize)
    assert "too slow to be tried" in report.problem
    assert report.diagnosis is None
    assert len(calls) < 10


def test_the_many_numbers_of_a_network_are_told_by_their_shapes():
    def init_mlp(vocab_size, context_length, *, embedding_size=24, hidden_sizes=(256, 128), generator=None):
        return bigramlab.MLP(torch.zeros(3, 2), (torch.zeros(2, 3),), (torch.ones(3),))

    assert check(init_mlp).returned.splitlines() == [
        "MLP(",
        "    embedding=<tensor of shape (3, 2)>,",
        "    weights=(<tensor of shape (2, 3)>,),",
        "    biases=(tensor([1., 1., 1.]),),",
        ")",
    ]


def typed_again(report, **own):
    """Do what a reader does with a report: type the call, with what it needs."""
    there = {"torch": torch, "tensor": torch.tensor, **own}
    exec(report.needs, there)
    return eval(report.call, there)


def test_a_call_with_a_network_can_be_typed_again():
    def transformer_logits(parameters, ids):
        return bigramlab.transformer_logits(parameters, ids).softmax(dim=-1)

    report = check(transformer_logits)
    assert "network_of(seed=0, vocab=2, longest=" in report.call
    assert "With         from bigramlab.laws.transformer import network_of" in report.text()
    again = typed_again(report, transformer_logits=transformer_logits)
    assert report.returned == repr(again)


def test_zeros_that_a_law_puts_into_a_block_are_in_the_call():
    def block(parameters, x, heads):
        return 2 * bigramlab.block(parameters, x, heads)

    report = check(block)
    assert "._replace(output=torch.zeros(2, 2), narrow=torch.zeros(" in report.call
    x = typed_again(report, block=lambda parameters, x, heads: x)
    assert torch.allclose(typed_again(report, block=block), 2 * x)


def test_the_cache_of_an_earlier_call_is_written_as_that_call():
    def extend(parameters, cache, ids):
        logits, read = bigramlab.extend(parameters, cache, ids)
        return logits + len(cache), read

    report = check(extend)
    assert report.call.count("extend(") == 2
    assert ")[1],\n" in report.call
    logits, _ = typed_again(report, extend=extend)
    assert str(logits) in report.returned


class Unspeakable(Exception):
    def __repr__(self):
        raise ValueError

    __str__ = __repr__


def raises_what_has_no_text(*_):
    raise Unspeakable


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda *_: torch.eye(2).to_sparse(), r"it returned a tensor of the layout torch\.sparse_coo, and should"),
        (lambda *_: torch.eye(2, device="meta"), "it returned a tensor on the device meta, and should return a plain"),
        (lambda *_: Unspeakable(), "<Unspeakable, whose repr raises ValueError>"),
        (raises_what_has_no_text, r"\(its text raises ValueError\)"),
    ],
)
def test_what_can_not_be_compared_or_shown_is_told_of(function, message):
    report = check(function, "encode")
    assert re.search(message, " ".join([report.problem, report.returned, report.raised]))


def test_after_a_failure_calls_have_as_long_as_before(monkeypatch):
    allowed = []
    monkeypatch.setattr("bigramlab.judge.diagnosing.diagnose", lambda *given: allowed.append(given[3].seconds))
    check(lambda counts, k=1: counts, "smooth")
    assert allowed == [1]


def test_a_law_that_is_only_counted_ends_with_its_first_failure():
    with Guard() as guard:
        recorder = Recorder(lambda counts, k=1: None, guard)
        assert str(run_law(LAWS["smooth"][0], recorder, shrink=False)).startswith("it returned nothing")
        assert len(recorder.calls) == 1


def test_an_iterator_is_shown_with_its_items():
    def build_vocabulary(words):
        if isinstance(words, str) or any("." in word for word in words):  # walks through an iterator, and uses it up
            raise ValueError("no list of words, or a boundary inside a word")
        return "." + "".join(sorted(set("".join(words))))

    (note,) = [note for note in check(build_vocabulary).notes if "iterator" in note.sentence]
    assert note.call.startswith("build_vocabulary(iter(['")


def test_an_endless_loop_is_named_with_its_line():
    def smooth(counts, k=1):
        while True:
            k += 1

    report, first = check(smooth), smooth.__code__.co_firstlineno
    assert report.held == 0
    assert report.place.splitlines()[0] in [f"test_checking.py, line {first + more}" for more in (1, 2)]
    assert "it did not return in time" in report.problem


def test_a_name_that_is_close_to_one_that_is_there_is_suggested():
    def smooth(counts, k=1):
        return couns + k  # noqa: F821

    assert check(smooth).raised == "NameError: name 'couns' is not defined; did you mean 'counts'?"


def test_nothing_is_left_where_one_works(tmp_path):
    code = "import bigramlab; assert bigramlab.check(bigramlab.build_vocabulary)"
    environment = os.environ | {"PYTHONPATH": str(Path(bigramlab.__file__).parents[1])}
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, check=True)
    assert [*tmp_path.iterdir()] == []


RIGHT_SMOOTH = "def smooth(counts, k=1):\n    return {what}\n"
WITH_A_HELPER = "def add(counts, k):\n    return {what}\n\n\ndef smooth(counts, k=1):\n    return add(counts, k)\n"


@pytest.fixture
def imported(tmp_path, monkeypatch):
    """Write a module, import it, edit its file, import it again, as one does in a REPL, and check its `smooth`."""
    monkeypatch.syspath_prepend(tmp_path)
    names = []

    def check_after(before, after):
        names.append(f"mine_{len(names)}")
        path = tmp_path / f"{names[-1]}.py"
        path.write_text(before, encoding="utf-8")
        importlib.invalidate_caches()
        importlib.import_module(names[-1])
        path.unlink() if after is None else path.write_text(after, encoding="utf-8")
        return check(importlib.import_module(names[-1]).smooth)

    yield check_after
    for name in names:
        del sys.modules[name]


@pytest.mark.parametrize("text", [RIGHT_SMOOTH, WITH_A_HELPER])
def test_a_file_that_was_edited_after_its_import_is_told_of(text, imported):
    report = imported(text.format(what="counts - k"), text.format(what="counts + k"))
    assert not report
    told = " ".join(report.text().split())
    changed = "add" if text == WITH_A_HELPER else "smooth"
    assert f"Mind mine_0.py has changed since it was imported, and this is about the old {changed}: restart" in told
    assert "import importlib, mine_0; importlib.reload(mine_0)` and `from mine_0 import smooth`" in told
    module = importlib.reload(sys.modules["mine_0"])
    assert not (now := check(module.smooth)).outdated
    assert now


def test_of_what_is_right_it_is_told_too_and_of_a_file_that_python_cant_read(imported):
    for after in (RIGHT_SMOOTH.format(what="counts - k"), "def smooth(", "x = 3\n"):
        report = imported(RIGHT_SMOOTH.format(what="counts + k"), after)
        assert report
        assert "has changed since it was imported" in " ".join(report.text().split())


@pytest.mark.parametrize(
    "after",
    [
        RIGHT_SMOOTH,
        '"""Mine."""\n\nimport math\n\n\n' + RIGHT_SMOOTH,
        "# mine\n" + RIGHT_SMOOTH + "    # done\n\n\ndef normalize(counts):\n    return counts\n",
        RIGHT_SMOOTH.replace("\n", "  # k is added\n", 1),
        None,
    ],
)
def test_what_else_changes_in_a_file_or_that_it_is_gone_is_not_told_of(after, imported):
    text = RIGHT_SMOOTH.format(what="counts + k")
    report = imported(text, after and after.format(what="counts + k"))
    assert report
    assert "Mind" not in report.text()


def test_a_function_of_the_tests_themselves_which_pytest_changes_is_not_called_old():
    def smooth(counts, k=1):
        assert counts is not None
        return counts + k

    assert not check(smooth).outdated


def test_a_care_line_says_what_it_is_about_and_what_came_back():
    def most_common_bigrams(counts, vocabulary, n=10):
        cells = [(vocabulary[i] + vocabulary[j], count) for (i, j), count in cells_of(counts)]
        return sorted(cells, key=lambda cell: (-cell[1], cell[0][::-1]))[:n]

    def cells_of(counts):
        return [((i, j), count) for i, row in enumerate(counts.tolist()) for j, count in enumerate(row)]

    report = check(most_common_bigrams, "most_common_bigrams")
    assert report
    (note,) = [note for note in report.notes if note.law == "equal_counts_stay_in_the_order_of_their_ids"]
    assert note.text().startswith(note.sentence.rstrip("."))
    assert "it gives [(" in note.text()
    assert "and should give [(" in note.text()


def test_a_training_is_told_in_a_care_line_by_its_losses():
    def train_mlp(*arguments, **options):
        try:
            return bigramlab.train_mlp(*arguments, **options)
        except ValueError:
            return bigramlab.Training(arguments[0], arguments[0], [math.nan] * 30, [])

    report = check(train_mlp, "train_mlp")
    assert report
    assert report.notes
    assert all("MLP(embedding" not in note.problem and len(note.text()) < 500 for note in report.notes)
