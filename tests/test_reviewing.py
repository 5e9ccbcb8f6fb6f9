import itertools
import json
import math
import os
import re
import subprocess
import sys
import textwrap
import types
from pathlib import Path

import numpy as np
import pytest
import torch
from tools.lecture import KEEPDIM, NO_STOP, SAME_ID, write_lecture, write_notebook

from bigramlab import (
    build_contexts,
    build_vocabulary,
    check,
    count_bigrams,
    load_names,
    negative_log_likelihood,
    normalize,
    smooth,
)
from bigramlab.judge.fitting import Fit, fits
from bigramlab.judge.free_names import NoFit
from bigramlab.judge.loops import slips_in_loops
from bigramlab.judge.reading_code import Code
from bigramlab.judge.reviewed import Item, Review, Thing
from bigramlab.judge.reviewing import review, review_names
from bigramlab.lab import notebooks
from bigramlab.lab.cells import cells_of
from bigramlab.lab.cli import main
from bigramlab.lab.notebooks import check_file

# The exception that ends a call may come while a destructor or a gc callback runs, where Python only warns of it.
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def session(code, **names):
    """Return the globals of a session in which the code was run."""
    module = types.ModuleType("lecture")
    vars(module).update(names)
    exec(textwrap.dedent(code), vars(module))
    return vars(module)


def items(made):
    return {item.name: (item.verdict, item.text) for item in made.items}


# Functions


def test_a_function_named_like_one_of_ours_is_judged_as_that():
    made = check(session("def smooth(counts, k=1):\n    return counts + k"))
    assert items(made) == {"smooth": ("right", "not careful yet")}
    assert made
    assert made.headline() == "all is right, 1 in all."


def test_a_function_under_a_common_name_is_judged_as_what_it_is_meant_for():
    made = check(session("def normalise(N):\n    return N / N.sum(1, keepdim=True)"))
    assert items(made)["normalise"] == ("right", "not careful yet, as `normalize`")


def test_attention_is_known_by_the_names_that_lectures_give_it():
    names = session(
        """
        import torch, math
        import torch.nn.functional as F

        def rmsnorm(x, weight):
            return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6) * weight

        def attention(Q, K, V):
            T = Q.shape[-2]
            att = Q @ K.transpose(-2, -1) / math.sqrt(Q.shape[-1])
            att = att.masked_fill(torch.tril(torch.ones(T, T)) == 0, float("-inf"))
            return F.softmax(att, dim=-1) @ V

        def split_heads(x, n_head):
            B, T, C = x.shape
            return x.view(B, n_head, T, C // n_head)
        """
    )
    found = check(names)
    verdicts = {name: verdict for name, (verdict, _) in items(found).items()}
    assert verdicts == {"rmsnorm": "right", "attention": "right", "split_heads": "wrong"}
    assert "viewed at once" in found.text()


def test_parameters_in_another_order_are_told_by_their_names():
    code = """
    import torch

    def nll(P, N):
        seen = N > 0
        return -(N[seen] * P[seen].log()).sum().item() / N.sum().item()
    """
    assert items(check(session(code)))["nll"][0] == "right"


def test_a_global_in_place_of_a_parameter_is_bound_to_what_the_notebook_has():
    code = """
    stoi = {c: i for i, c in enumerate(".abc")}

    def encode(word):
        return [stoi[c] for c in word]
    """
    names = session(code)
    before = names["stoi"]
    made = check(names)
    assert items(made)["encode"] == ("right", "not careful yet, with your `stoi`")
    assert names["stoi"] is before


def test_a_vocabulary_comes_as_a_function_takes_it():
    code = """
    def decode(ids, itos):
        return "".join(itos[int(i)] for i in ids)
    """
    assert items(check(session(code)))["decode"][0] == "right"


def test_globals_of_functions_that_are_called_are_bound_too():
    code = """
    import torch
    stoi = {c: i for i, c in enumerate(".abc")}
    itos = {i: c for c, i in stoi.items()}
    block_size = 3

    def encode(word):
        return [stoi[c] for c in word]

    def build_dataset(words):
        X, Y = [], []
        for w in words:
            context = [0] * block_size
            for ix in encode(w) + [0]:
                X.append(context)
                Y.append(ix)
                context = context[1:] + [ix]
        return torch.tensor(X), torch.tensor(Y)
    """
    verdict, text = items(check(session(code)))["build_dataset"]
    assert (verdict, text.removeprefix("not careful yet, ")) == (
        "right",
        "as `build_contexts`, with your `block_size` and `stoi`",
    )


def test_a_sampler_without_a_generator_draws_with_torchs():
    code = """
    import torch

    def sample(P):
        out, ix = [], 0
        while True:
            ix = torch.multinomial(P[ix], 1).item()
            out.append(ix)
            if ix == 0:
                return torch.tensor(out)
    """
    assert "drawn with torch's global generator" in items(check(session(code)))["sample"][1]


def test_what_writes_a_word_a_call_is_judged_by_many():
    code = """
    import torch
    itos = dict(enumerate(".ab"))
    P = torch.full((3, 3), 1 / 3)
    g = torch.Generator().manual_seed(1)

    def sample():
        word, ix = "", 0
        while True:
            ix = torch.multinomial(P[ix], 1, generator=g).item()
            if ix == 0:
                return word
            word += itos[ix]
    """
    verdict, text = items(check(session(code)))["sample"]
    assert verdict == "right"
    assert "as `sample_words`, with your `P` and `g` and `itos`, a word a call" in text


def test_a_wrong_function_stands_first_with_its_smallest_example_and_its_cause():
    code = """
    def smooth(counts, k=1):
        return counts + k

    def normalize(counts):
        return counts / counts.sum(1)
    """
    made = check(session(code))
    text = made.text()
    assert not made
    assert text.startswith("normalize is the first that is wrong. 1 right, 1 wrong.")
    for part in ("First wrong", "Every row sums to 1", "Called", "keepdim", "smooth     right"):
        assert part in text
    assert len(text.splitlines()) <= 40


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("def helper(z):\n    return z", ""),
        ("def get_loss(word):\n    return 1.0", "it takes `word`"),
        ("def normalize(name):\n    return name.lower()", "it takes `name`"),
        ("def smooth(counts):\n    return counts + 1", "our `smooth` takes (counts, k), and this one (counts)"),
        ("def encode(word):\n    return [ord(c) - 96 for c in word]", "our `encode` takes (word, vocabulary)"),
        ("import random\ndef split(words):\n    random.shuffle(words)\n    return words", "our `split_words` takes"),
        ("def smooth(counts, k=1):\n    raise NotImplementedError", "not written yet"),
        # What has the name of ours and takes a function, or adds the boundary, is meant so.
        (
            "def sample(pick, n=3):\n    return [pick(i) for i in range(n)]",
            "it isn't our `sample`: it takes a function",
        ),
        (
            "stoi = {'.': 0, 'a': 1, 'b': 2}\ndef encode(word):\n    return [stoi[c] for c in '.' + word + '.']",
            "it isn't our `encode`: a boundary token is put before and after the word",
        ),
        (
            "itos = {0: '.', 1: 'a', 2: 'b'}\ndef decode(ids):\n    return ''.join(itos[i] for i in ids if i)",
            "it isn't our `decode`",
        ),
        pytest.param(
            "def loss(N, P):\n    return N",
            "say which it should be: check(loss, 'negative_log_likelihood')",
            marks=pytest.mark.slow,
        ),
        (
            "stoi = {'a': 0, 'b': 1, '.': 2}\ndef encode(word):\n    return [stoi[c] for c in word]",
            "it reads `stoi`, in which the id 0 is not that of '.'",
        ),
    ],
)
def test_what_is_unclear_is_not_judged_and_the_reason_is_said(code, reason):
    made = check(session(code))
    verdict, text = next(value for name, value in items(made).items() if name != "stoi")
    assert verdict == "not judged"
    assert text.startswith(reason)
    assert made


def test_what_nobody_can_know_is_asked_for_in_one_line():
    made = check(session("def one(z):\n    return z\n\ndef two(z):\n    return z"))
    assert "Not judged one, two" in " ".join(made.text().split())


def test_functions_that_were_imported_are_left_out():
    names = session("from bigramlab import smooth, normalize\nfrom torch.nn.functional import softmax, cross_entropy")
    assert not check(names).items


def test_a_function_of_a_common_name_and_unclear_parameters_is_never_called_wrong():
    (fit,) = fits("count", lambda a, b: 0)
    assert isinstance(fit, Fit)
    assert not fit.sure
    (fit,) = fits("count", lambda a: 0)
    assert isinstance(fit, NoFit)


def test_a_function_is_not_wrong_for_a_guessed_role_and_its_likely_slip_is_told():
    made = check(session("def normalise(a):\n    return a / a.sum(1)"))
    verdict, text = items(made)["normalise"]
    assert made
    assert verdict == "not judged"
    assert text.startswith("if it should do what our `normalize` does: Without `keepdim=True`")
    assert text.endswith("see check(normalise, 'normalize')")


# Values


def test_a_function_that_is_only_given_lists_is_right():
    code = """
    id_to_char = dict(enumerate(".abc"))

    def decode(ids):
        return "".join(id_to_char[i] for i in ids)
    """
    verdict, text = items(check(session(code)))["decode"]
    assert (verdict, "given a list of ids" in text) == ("right", True)
    assert not check(session(code)["decode"])  # by itself it is not


def test_dicts_from_token_to_id_and_back_are_known():
    vocabulary = build_vocabulary(load_names())
    letters = vocabulary[1:]
    made = review_names(
        {
            "stoi": {c: i for i, c in enumerate(vocabulary)},
            "itos": dict(enumerate(vocabulary)),
            "last": {c: i for i, c in enumerate(letters + ".")},
            "begun": {c: i + 1 for i, c in enumerate(letters)},
            "shifted": {c: i + 1 for i, c in enumerate(vocabulary)},
            "doubled": {c: i for i, c in enumerate(letters)} | {".": 0},
            "short": {c: i for i, c in enumerate(vocabulary[:20])},
            "marks": {c: i for i, c in enumerate([*letters, "<S>", "<E>"])},
            "ages": {"ann": 31, "bob": 27},
        }
    )
    assert items(made) == {
        "stoi": ("right", "each token's id, '.' at 0"),
        "itos": ("right", "each id's token, '.' at 0"),
        "last": ("right", "each token's id, '.' last, at 26"),
        "begun": ("step", "each token's id; 0 is left for '.'"),
        "shifted": ("mistake", "each id is one too large: '.' has 1, and should have 0"),
        "doubled": ("mistake", "'a' and '.' have the same id, 0: leave 0 for '.', as in i + 1"),
        "short": ("mistake", "it lacks 't', 'u', 'v', 'w', 'x', which the words have"),
        "marks": ("right", "each token's id, with <S> and <E> as two tokens"),
    }


def test_a_dict_of_names_or_of_tokens_will_do_and_no_other():
    vocabulary = build_vocabulary(load_names())
    assert check({c: i for i, c in enumerate(vocabulary)}).headline().startswith("all is right")
    assert check(dict(enumerate(vocabulary[1:], start=1))).items[0].verdict == "step"
    assert not check({"stoi": {c: i for i, c in enumerate(vocabulary[1:] + ".")} | {".": 0}})
    with pytest.raises(TypeError, match="a dict of names, such as globals"):
        check({("a", 1): 3, ("b", 2): 1})


def test_words_of_ones_own_may_be_said():
    names = {"stoi": {".": 0, "a": 1, "b": 2}, "__name__": "lecture"}
    assert items(check(names, words=["ab", "ba"])) == {"stoi": ("right", "each token's id, '.' at 0")}
    assert not items(check(names))


def test_values_are_compared_with_what_can_be_made_of_the_names():
    names = load_names()
    counts = count_bigrams(names, build_vocabulary(names))
    made = review_names({"names": names, "N": counts, "P": (counts + 1) / (counts + 1).sum(0), "x": torch.rand(3, 3)})
    assert [item.verdict for item in made.items] == ["right", "right", "mistake"]
    assert made.first.name == "P"
    assert made.unknown == ["x"]
    assert "Not judged   x" in made.text()


def test_what_passes_by_and_what_is_being_trained_is_never_called_wrong():
    names = load_names()
    wrong = 2.454577 / 0.693147  # bits
    counts = Thing("N", count_bigrams(names, build_vocabulary(names)))
    things = [Thing("a", wrong), Thing("b", wrong, passing=True), Thing("c", torch.tensor(wrong, requires_grad=True))]
    assert [item.name for item in review([counts, *things], {}).items] == ["N", "a"]


def test_a_wrong_number_is_told_only_where_a_table_shows_what_it_was_made_of():
    names = load_names()
    counts = count_bigrams(names, build_vocabulary(names))
    loss = Thing("loss", 2.491828441619873)  # of a network; by chance the number of a slip in normalizing
    cost = Thing("cost", 2.454577 / 0.693147)
    assert not review([loss, cost], {}).items
    assert [item.name for item in review([Thing("N", counts), loss, cost], {}).items] == ["N", "cost"]


def test_a_slip_that_a_later_cell_mends_is_no_longer_wrong():
    names = load_names()
    counts = count_bigrams(names, build_vocabulary(names)) + 1
    things = [Thing("P", counts / counts.sum(1), "cell 3"), Thing("P", counts / counts.sum(1, keepdim=True), "cell 4")]
    made = review(things, {})
    assert made
    assert "mended later" in made.text()


def test_a_notebook_shows_a_table():
    page = check(session("def smooth(counts, k=1):\n    return counts + k"))._repr_html_()
    assert "<table" in page
    assert ">✓</span>right</td>" in page
    assert "<code>smooth</code>" in page


@pytest.mark.parametrize(
    ("verdicts", "ended", "sign"),
    [(["right"], "", "✓"), (["right", "wrong"], "", "✗"), (["right"], "cell 2 raised", "✗"), (["not judged"], "", "?")],
)
def test_a_notebook_shows_one_sign_for_all(verdicts, ended, sign):
    made = Review("", [Item("x", "", verdict, "-") for verdict in verdicts], ended=ended)
    assert f">{sign}</span><strong>" in made._repr_html_()


def test_a_review_takes_a_screen_at_most():
    vocabulary = build_vocabulary(load_names())
    names = {f"stoi{i}": {c: j for j, c in enumerate(vocabulary)} for i in range(60)}
    made = review_names(names | {"doubled": {c: i for i, c in enumerate(vocabulary[1:])} | {".": 0}})
    assert "more that are right" in made.text()
    assert len(made.text().splitlines()) <= 42


# What follows from what, and what a function is for


def test_what_is_made_of_something_wrong_follows_from_it_and_is_not_right():
    names = load_names()
    twice = 2 * count_bigrams(names, build_vocabulary(names))
    probs = (twice + 1) / (twice + 1).sum(1, keepdim=True)
    made = review([Thing("N", twice, "cell 3"), Thing("P", probs, "cell 4", reads=frozenset("N"))], {})
    assert made.headline() == "N (cell 3) is the first that is wrong. 0 right, 1 wrong."
    assert items(made)["P"][0] == "follows"
    assert items(made)["P"][1].startswith("made of `N`, which is wrong")


def test_what_is_made_of_something_wrong_and_not_known_otherwise_follows_too():
    names = load_names()
    counts = count_bigrams(names, build_vocabulary(names))
    swapped = counts.T.clone()
    probs = (swapped + 1) / (swapped + 1).sum(1, keepdim=True)
    total = -float((counts * probs.log()).sum()) / 3
    made = review(
        [
            Thing("N", swapped, "cell 3"),
            Thing("P", probs, "cell 4", reads=frozenset("N")),
            Thing("total", total, "cell 5", reads=frozenset("P")),
            Thing("nll", total / 7, "cell 5", reads=frozenset(["total"])),
            Thing("pairs", counts[:, 3:5] * 3, "cell 6", reads=frozenset("N")),
        ],
        {},
    )
    assert made.unknown == []
    assert {items(made)[name] for name in ("total", "nll", "pairs")} == {("follows", "made of `N`, which is wrong")}


def test_a_table_of_numpy_that_nobody_knows_is_told_though_something_right_was_made_of_it():
    names = load_names()
    odd = count_bigrams(names, build_vocabulary(names)).numpy()[:, ::-1].copy()
    made = review([Thing("N", odd), Thing("n", int(odd.sum()), reads=frozenset("N")), Thing("np", np)], {})
    assert made.unknown == ["N"]


@pytest.mark.parametrize(
    ("name", "code", "verdict"),
    [
        ("bits", "bits = loss * 1.4426950408889634", "right"),
        ("bits_per_letter", "bits_per_letter = loss * 1.4426950408889634", "right"),
        ("other", "other = loss / math.log(2)", "right"),
        ("other", "other = loss / torch.log(torch.tensor(2.0))", "right"),
        ("other", "other = loss * 1.4426950408889634", "mistake"),
        ("orbits", "orbits = loss * 1.4426950408889634", "mistake"),
    ],
)
def test_a_loss_that_is_measured_in_bits_on_purpose_is_right(name, code, verdict):
    names, bits = load_names(), 2.4540144891548743 / math.log(2)
    things = [Thing("N", count_bigrams(names, build_vocabulary(names))), Thing(name, bits, "cell 4")]
    made = items(review(things, {}, codes=[Code("cell 4", code)]))
    assert made[name][0] == verdict
    if verdict == "right":
        assert made[name][1] == "the loss without smoothing, in bits"


def test_an_expression_that_divides_by_log_2_is_in_bits_on_purpose_too():
    names, bits = load_names(), 2.4540144891548743 / math.log(2)
    shown = Thing("loss / math.log(2)", bits, "cell 4", shown=True)
    made = review([Thing("N", count_bigrams(names, build_vocabulary(names))), shown], {})
    assert made
    assert items(made)[shown.name] == ("right", "the loss without smoothing, in bits")


def test_a_token_of_several_letters_that_has_the_id_of_a_letter_is_told():
    ids = {c: i for i, c in enumerate("abcdefghijklmnopqrstuvwxyz")}
    verdict, text = items(review_names({"stoi": ids | {"<S>": 25, "<E>": 27}}))["stoi"]
    assert verdict == "mistake"
    assert text == "'z' and '<S>' have the same id, 25: each token needs one of its own"
    assert review_names({"stoi": ids | {"<S>": 26, "<E>": 26}})  # one boundary, written in two ways


def test_a_dict_that_is_not_the_other_turned_round_is_told():
    letters = "abcdefghijklmnopqrstuvwxyz"
    stoi = {c: i + 1 for i, c in enumerate(letters)} | {".": 0}
    verdict, text = items(review_names({"stoi": stoi, "itos": dict(enumerate(letters))}))["itos"]
    assert verdict == "mistake"
    assert text == "it has 'a' for 0, the id that `stoi` gives '.': turn `stoi` round"
    for right in ({i: c for c, i in stoi.items()}, {i: c for c, i in stoi.items() if i}):  # a walk may end before "."
        assert review_names({"stoi": stoi, "itos": right})
    assert review_names({"stoi": stoi, "itos": dict(enumerate(letters)), "other": dict(enumerate("." + letters))})


def test_targets_that_are_the_last_tokens_of_the_contexts_made_with_them_are_told():
    names = load_names()
    contexts = build_contexts(names, build_vocabulary(names), 3)[0]
    made = [Thing("X", contexts, "cell 2"), Thing("Y", contexts[:, -1].clone(), "cell 2")]
    assert items(review(made, {}))["Y"][0] == "mistake"
    made[1] = Thing("last", contexts[:, -1].clone(), "cell 2", reads=frozenset("X"))
    assert items(review(made, {}))["last"][0] == "right"


def test_a_table_whose_rows_are_one_list_is_told():
    verdict, text = items(review([Thing("N", [[0, 1, 2]] * 3)], {}))["N"]
    assert verdict == "mistake"
    assert text.startswith("all its rows are one list")
    assert review([Thing("N", [[0, 0, 0]] * 3)], {})  # harmless so far


def test_a_number_is_the_length_of_the_list_that_is_wrong_rather_than_some_other_fact():
    names = load_names()
    stoi = {c: i for i, c in enumerate(build_vocabulary(names))}
    ys = torch.tensor([stoi[c] for name in names for c in name])  # no end
    made = review([Thing("ys", ys, "cell 3"), Thing("num", len(ys), "cell 3")], {})
    assert items(made)["ys"][0] == "mistake"
    assert items(made)["num"] == ("follows", "the length of `ys`, which is wrong")


def test_a_table_of_pairs_of_ids_is_no_table_of_contexts():
    names = load_names()
    stoi = {c: i for i, c in enumerate(build_vocabulary(names))}
    pairs = torch.tensor([(stoi[a], stoi[b]) for name in names for a, b in itertools.pairwise(f".{name}.")])
    verdict, text = items(review([Thing("pairs", pairs)], {}))["pairs"]
    assert verdict == "right"
    assert text.startswith("pairs: the first tokens of the bigrams of the words")


LAYERS = """
    import torch
    words = open('names.txt').read().split()[:200]
    stoi = {{c: i for i, c in enumerate(['.'] + sorted(set(''.join(words))))}}
    X, Y = [], []
    for w in words:
        context = [0] * 3
        for c in w + '.':
            X.append(context)
            Y.append(stoi[c])
            context = context[1:] + [stoi[c]]
    X, Y = torch.tensor(X), torch.tensor(Y)
    C = torch.randn(len(stoi), 2)
    W1, b1 = torch.randn(6, 20), torch.randn({bias})
    W2, b2 = torch.randn(20, len(stoi)), torch.randn(len(stoi))
    emb = C[X]
    h = torch.tanh({flat} @ W1 + b1)
    logits = h @ W2 + b2
    """


def test_the_layers_of_a_network_are_computed_again(run):
    found = items(review(run(LAYERS.format(bias="20", flat="emb.view(-1, 6)"), "mlp.py").things, {}))
    assert found["emb"] == ("right", "the rows of `C` for `X`")
    assert found["h"] == ("right", "tanh of `emb`, the vectors of each context side by side, by `W1`, and `b1`")
    assert found["logits"] == ("right", "`h` by `W2`, and `b2`")


@pytest.mark.parametrize(
    ("bias", "flat", "told"),
    [
        ("len(X), 20", "emb.view(-1, 6)", "each example has a bias of its own: `b1` has"),
        ("20", "emb.permute(1, 0, 2).reshape(-1, 6)", "its rows mix the vectors of several examples of `emb`"),
    ],
)
def test_a_slip_in_a_layer_is_seen(bias, flat, told, run):
    verdict, text = items(review(run(LAYERS.format(bias=bias, flat=flat), "mlp.py").things, {}))["h"]
    assert verdict == "mistake"
    assert text.startswith(told)


MAIN = """
    import argparse
    import torch
    from IPython.display import display
    from tqdm.notebook import tqdm


    def main(k=1):
        parser = argparse.ArgumentParser()
        parser.add_argument("--n", type=int, default=3)
        args = parser.parse_args()
        names = open("names.txt").read().split()
        stoi = {{c: i for i, c in enumerate(["."] + sorted(set("".join(names))))}}
        counts = torch.zeros(27, 27)
        for name in tqdm(names):
            for a, b in zip("." + name, name + "."):
                counts[stoi[a], stoi[b]] += 1
        probs = (counts + k) / (counts + k).sum(dim={axis}, keepdim=True)
        print(f"{{-(counts * probs.log()).sum() / counts.sum():.4f}}")
        {end}


    if __name__ == "__main__":
        main()
    """


def test_what_main_makes_is_judged(run):
    made = run(MAIN.format(axis=1, end="return probs"), "bigram.py")
    found = items(review(made.things, made.names))
    assert found["counts"] == ("right", "the counts")
    assert found["probs"] == ("right", "the probabilities, with k = 1")
    assert found["-(counts * probs.log()).sum() / counts.sum()"][0] == "right"
    made = run(MAIN.format(axis=0, end=""), "bigram.py")
    assert items(review(made.things, made.names))["probs"][0] == "mistake"


def test_a_main_that_returns_early_or_takes_a_name_of_the_file_is_left_as_it_is(run):
    early = run("def main():\n    a = 1\n    if a:\n        return\n    a = 2\nmain()\n", "early.py")
    assert "a" not in early.names
    taken = run("a = 1\ndef main():\n    a = 2\n    print(a)\nmain()\n", "taken.py")
    assert taken.names["a"] == 1


CLASS = """
    import torch


    class Bigrams:
        def __init__(self, names):
            self.stoi = {{c: i for i, c in enumerate(["."] + sorted(set("".join(names))))}}
            self.N = torch.zeros(27, 27)
            for name in names:
                for a, b in zip("." + name, name + "."):
                    self.N[{cell}] += 1
            self.P = self.N / self.N.sum(1, keepdim=True)

        def loss(self):
            seen = self.N > 0
            return -(self.N[seen] * self.P[seen].log()).sum() / self.N.sum()


    names = open("names.txt").read().split()
    model = Bigrams(names)
    print(model.loss())
    """


def test_what_an_instance_keeps_is_judged(run):
    found = items(review(run(CLASS.format(cell="self.stoi[a], self.stoi[b]"), "model.py").things, {}))
    assert found["model.N"] == ("right", "the counts")
    assert found["model.P"] == ("right", "the probabilities, without smoothing")
    assert found["model.loss()"][0] == "right"
    found = items(review(run(CLASS.format(cell="self.stoi[b], self.stoi[a]"), "model.py").things, {}))
    assert found["model.N"][0] == "mistake"
    assert found["model.P"][0] == "follows"


def test_a_context_that_stays_in_a_walk_is_seen():
    code = """
        def generate(model):
            context, out = [0] * 3, []
            context = [0] * 3
            while True:
                probs = model(torch.tensor([context])).softmax(1)
                ix = torch.multinomial(probs, 1).item()
                {move}
                out.append(ix)
                if ix == 0:
                    return out
        """
    moves = {"pass": 1, "context = context[1:] + [ix]": 0, "context.append(ix)": 0, "del context[0]": 0}
    for move, slips in moves.items():
        found = [*slips_in_loops([Code("", textwrap.dedent(code.format(move=move)))], {})]
        assert [one.name for one in found] == ["context"] * slips


def test_ids_are_known_in_the_order_that_the_notebook_gave_its_tokens():
    names = load_names()
    stoi = {c: i for i, c in enumerate(build_vocabulary(names)[1:] + ".")}
    ys = torch.tensor([stoi[c] for name in names for c in f"{name}."])
    assert items(review([Thing("stoi", stoi), Thing("ys", ys)], {}))["ys"] == ("right", "the targets of the words")
    assert "ys" not in items(review([Thing("ys", ys)], {}))


def test_a_step_that_was_finished_later_needs_no_line():
    names = load_names()
    counts = count_bigrams(names, build_vocabulary(names))
    things = [Thing("N", torch.zeros(27, 27), "cell 1"), Thing("N", counts, "cell 2"), Thing("M", torch.zeros(27, 27))]
    assert [(item.name, item.verdict) for item in review(things, {}).items] == [("N", "right"), ("M", "step")]


def test_a_function_whose_role_is_guessed_is_not_wrong_if_what_it_made_is_right():
    code = """
    def make_vocab(words):
        stoi = {c: i for i, c in enumerate(["."] + sorted(set("".join(words))))}
        return stoi, {i: c for c, i in stoi.items()}
    """
    names = session(code)
    stoi, itos = names["make_vocab"](load_names())
    made = [Thing("make_vocab", names["make_vocab"])]
    made += [Thing(name, value, reads=frozenset(["make_vocab"])) for name, value in (("stoi", stoi), ("itos", itos))]
    assert items(review(made, names))["make_vocab"] == ("right", "`stoi` and `itos`, made with it, are right")
    assert items(review(made[:1], names))["make_vocab"][0] == "not judged"


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("def to_probs(N, k=1):\n    P = N + k\n    return P / P.sum(1, keepdim=True)", "with k = 0"),
        ("def to_probs(N):\n    P = N + 1\n    return P / P.sum(1, keepdim=True)", "after adding 1"),
    ],
)
def test_a_function_that_smooths_and_normalizes_is_right(code, text):
    verdict, told = items(check(session(code)))["to_probs"]
    assert verdict == "right"
    assert text in told


def test_a_guessed_function_is_wrong_where_what_it_made_has_the_same_slip():
    names = load_names()
    counts = count_bigrams(names, build_vocabulary(names))
    defined = session("def to_probs(N, k=1):\n    P = N + k\n    return P / P.sum(1)")
    things = [Thing("to_probs", defined["to_probs"]), Thing("N", counts)]
    made = Thing("P", defined["to_probs"](counts), reads=frozenset(["to_probs", "N"]))
    assert items(review(things, defined))["to_probs"][0] == "not judged"
    assert review(things, defined)
    judged = review([*things, made], defined)
    assert judged.first.name == "to_probs"
    assert "keepdim forgotten" in judged.text()
    assert items(judged)["P"][0] == "follows"


def test_a_function_that_is_none_of_ours_is_judged_by_what_it_made():
    names = load_names()
    counts = count_bigrams(names, build_vocabulary(names))
    probs = (counts + 1) / (counts + 1).sum(1, keepdim=True)
    defined = session("def avg_nll(words, P, stoi):\n    return 0.0")
    things = [Thing("N", counts), Thing("avg_nll", defined["avg_nll"])]
    for loss, told in ((2.454577, ("right", "`avg_nll(words, P, stoi)`, made with it, is right")),
                       (3.541206, ("not judged", "see `avg_nll(words, P, stoi)`, made with it"))):  # fmt: skip
        shown = Thing("avg_nll(words, P, stoi)", loss, reads=frozenset(["avg_nll"]), shown=True)
        made = review([*things, Thing("P", probs), shown], defined)
        assert bool(made) == (told[0] == "right")
        assert items(made)["avg_nll"] == told


def test_each_independent_wrong_thing_is_told():
    vocabulary = build_vocabulary(load_names())
    counts = count_bigrams(load_names(), vocabulary)
    doubled = {c: i for i, c in enumerate(vocabulary[1:])} | {".": 0}
    made = review([Thing("stoi", doubled), Thing("P", counts / counts.sum(1))], {})
    assert made.first.name == "stoi"
    assert "Wrong, too   P: " in made.text()


def test_the_first_counts_of_pairs_are_known():
    words = load_names()

    def counted(words, first, last):
        pairs = {}
        for word in words:
            tokens = [*first, *word, *last]
            for pair in itertools.pairwise(tokens):
                pairs[pair] = pairs.get(pair, 0) + 1
        return pairs

    right = counted(words, ["<S>"], ["<E>"])
    assert check({"b": right}).items[0].verdict == "right"
    assert check({"b": counted(words, ["."], ["."])}).items[0].verdict == "right"
    assert check({"b": counted(words, ["<S>"], [])}).items[0].verdict == "mistake"
    assert check({"b": counted(words[:3], ["<S>"], ["<E>"])}).items[0].text == "the pairs of the first 3 words only"
    assert "counted 2 times" in check({"b": {pair: 2 * number for pair, number in right.items()}}).items[0].text


# The network


@pytest.fixture(scope="module")
def network():
    """Return the values of a lecture's network when it has been trained for some steps."""
    names = load_names()[:500]
    stoi = {c: i for i, c in enumerate(build_vocabulary(load_names()))}
    xs = torch.tensor([stoi[c] for name in names for c in f".{name}"])
    ys = torch.tensor([stoi[c] for name in names for c in f"{name}."])
    weights = torch.zeros(27, 27).normal_(generator=torch.Generator().manual_seed(1)).requires_grad_()
    for _ in range(2):
        logits = weights[xs]
        counts = logits.exp()
        probs = counts / counts.sum(1, keepdim=True)
        loss = -probs[torch.arange(len(xs)), ys].log().mean() + 0.01 * (weights**2).mean()
        weights.grad = None
        loss.backward()
        weights.data += -50 * weights.grad
    return {"W": weights, "xs": xs, "ys": ys, "logits": logits, "counts": counts, "probs": probs, "loss": loss}


def network_items(values):
    things = [Thing(name, value, "cell 9") for name, value in values.items()]
    return items(review(things, {}, words=load_names()))


def test_the_values_of_a_network_are_computed_again_from_each_other(network):
    found = network_items(network)
    assert found["logits"] == ("right", "the rows of `W` for `xs`, before its last step")
    assert found["counts"] == ("right", "`logits`, each cell exponentiated")
    assert found["probs"] == ("right", "the softmax of `logits`: each row sums to 1")
    assert found["loss"] == ("right", "the mean loss of `logits` for `ys`, and 0.01 of the mean of `W` squared")
    assert found["W"][0] == "step"  # trained twice


def test_a_softmax_along_the_wrong_axis_is_seen(network):
    counts = network["counts"]
    assert network_items(network | {"probs": counts / counts.sum(0)})["probs"][0] == "mistake"
    assert network_items(network | {"probs": network["logits"].softmax(0)})["probs"][0] == "mistake"
    assert network_items(network | {"probs": counts / counts.sum()})["probs"][0] == "mistake"


def test_the_loss_of_what_the_network_was_given_is_none(network):
    logits = network["W"].detach()[network["ys"]]
    loss = torch.nn.functional.cross_entropy(logits, network["ys"])
    assert network_items(network | {"logits": logits, "loss": loss})["loss"][0] == "mistake"


def test_a_loss_of_other_words_than_its_name_says_and_a_softmax_taken_twice_are_seen(network):
    logits, targets = network["logits"].detach(), network["ys"]
    loss = torch.nn.functional.cross_entropy(logits, targets)
    given = {"Ytr": targets, "W": network["W"], "logits": logits}
    assert network_items(given | {"train_loss": loss})["train_loss"][0] == "right"
    verdict, text = network_items(given | {"dev_loss": loss})["dev_loss"]
    assert (verdict, "which is of the train words" in text) == ("mistake", True)
    twice = torch.nn.functional.cross_entropy(logits.softmax(1), targets)
    verdict, text = network_items(given | {"loss": twice})["loss"]
    assert (verdict, "softmax taken twice" in text) == ("mistake", True)


def test_weights_that_learned_something_else_than_the_pairs_say_what(network):
    trained = (10 * torch.eye(27) - 1).requires_grad_()
    assert network_items(network | {"W": trained})["W"][0] == "step"  # nobody knows whether these were trained
    trained.grad = torch.zeros(27, 27)
    verdict, text = network_items(network | {"W": trained})["W"]
    assert (verdict, "give back what goes in" in text) == ("mistake", True)
    names = load_names()
    backwards = (count_bigrams(names, build_vocabulary(names)).T + 0.01).log().requires_grad_()
    backwards.grad = torch.zeros(27, 27)
    verdict, text = network_items(network | {"W": backwards})["W"]
    assert (verdict, "backwards" in text) == ("mistake", True)


FORWARD = """
import torch
{w}
xs = torch.tensor([0, 5, 13, 13, 1] * 20)

def forward(W, xs):
    {before}counts = W[xs].exp()
    return counts / counts.sum({axis}, keepdim=True)
"""


def test_a_calculation_that_is_none_of_ours_is_judged_by_what_it_gives_for_the_notebooks_values():
    made = {"w": "W = torch.randn(27, 27, generator=torch.Generator().manual_seed(1))", "before": ""}
    found = items(check(session(FORWARD.format(axis=1, **made))))["forward"]
    assert found == ("right", "`forward(W, xs)` is the softmax of the rows of `W` for `xs`")
    verdict, text = items(check(session(FORWARD.format(axis=0, **made))))["forward"]
    assert (verdict, "each column sums to 1" in text) == ("wrong", True)
    loop = FORWARD.format(axis=0, w=made["w"], before="for _ in range(9): pass\n    ")
    assert items(check(session(loop)))["forward"][0] == "not judged"  # nobody knows how long it takes


def test_the_loss_of_a_batch_is_known_and_a_sum_is_a_step(network):
    index = torch.tensor([5, 7, 100])
    logits = network["logits"].detach()[index]
    loss = torch.nn.functional.cross_entropy(logits, network["ys"][index])
    given = {"Y": network["ys"], "ix": index, "logits": logits, "W": network["W"], "loss": loss, "total": loss * 3}
    assert network_items(given)["loss"] == ("right", "the mean loss of `logits` for `Y[ix]`")
    assert network_items(given)["total"][0] == "step"


def test_weights_that_are_no_numbers_any_more_are_told_with_what_made_them_so():
    weights = torch.full((27, 27), float("nan"), requires_grad=True)
    loop = "for k in range(9):\n    loss = -probs[r, ys].log().{}()\n    loss.backward()\n    W.grad = None"
    for how, told in (("sum", "take the mean"), ("mean", "Look at the sign of the update")):
        made = review([Thing("W", weights, "cell 2")], {}, codes=[Code("cell 2", loop.format(how))])
        assert made.first.name == "W"
        assert told in " ".join(made.text().split())


def test_a_training_on_the_first_word_only_is_right_and_not_the_end_of_it():
    targets = torch.tensor([5, 13, 13, 1, 0])  # of emma
    made = review(
        [Thing("ys", targets, "cell 2")],
        {},
        codes=[Code("cell 3", "for k in r:\n    f(ys).backward()\n    W.grad = None")],
    )
    assert made
    assert "but the network was trained on the first word only: see `ys` in cell 2" in made.headline()


# Loops


TRAINING = """
for k in range(100):
    probs = softmax(W[xs])
    loss = -probs[r, ys].log().mean()
    {reset}
    loss.backward()
    W.data += {step}
"""

WALK = """
for _ in range(5):
    ix, out = 0, []
    while True:
        p = {row}
        ix = torch.multinomial(p, 1, generator=g).item()
        out.append(itos[ix])
        if ix == {end}:
            break
"""


def slips(code, **names):
    return [found.name for found in slips_in_loops([Code("cell 1", textwrap.dedent(code))], names)]


@pytest.mark.parametrize(
    "reset",
    [
        "W.grad = None",
        "W.grad.zero_()",
        "W.grad.data.zero_()",
        "W.grad.fill_(0)",
        "W.grad *= 0",
        "W.grad[:] = 0",
        "if W.grad is not None: W.grad.zero_()",
        "optimizer.zero_grad()",
        "for p in parameters: p.grad = None",
        "del W.grad",
        "W = torch.randn(3, requires_grad=True)",
    ],
)
def test_each_way_to_reset_a_gradient_will_do(reset):
    assert slips(TRAINING.format(reset=reset, step="-50 * W.grad")) == []


def test_a_gradient_that_is_never_reset_is_named():
    assert slips(TRAINING.format(reset="pass", step="-50 * W.grad")) == ["loss.backward()"]
    assert slips("for x in data:\n    f(x).backward()\n    optimizer.step()") == ["loss.backward()"]
    assert slips("for x in data:\n    for p in ps:\n        p.data -= p.grad\n    loss.backward()") == [
        "loss.backward()"
    ]
    own = "def train():\n    for k in range(9):\n        loss.backward()\n        W.data -= W.grad\n"
    assert slips(own) == ["loss.backward()"]


def test_a_gradient_that_only_ones_own_backward_writes_is_never_reset():
    code = """
    class Value:
        def __init__(self, data): self.data, self.grad = data, 0
        def backward(self):
            self.grad = 1
            for v in reversed(self.order):
                for child, slope in v.children:
                    child.grad += slope * v.grad
    for step in range(10):
        loss = forward(params)
        loss.backward()
        for p in params:
            p.data -= 0.1 * p.grad
    """
    assert slips(code) == ["loss.backward()"]
    (found,) = slips_in_loops(
        [Code("", textwrap.dedent(code.replace("for p in params", "for i, p in enumerate(params)")))], {}
    )
    assert "write `for i, p in enumerate(params): p.grad = 0`" in found.mend
    assert slips(code.replace("self.grad = 1", "self.grad = 0")) == []  # it may reset them all first
    assert slips(code.replace("* p.grad", "* p.grad; p.grad = 0")) == []


def test_weights_that_an_optimizer_never_changes_are_told():
    code = """
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for i in range(10):
        loss = F.cross_entropy(model(X), Y)
        optimizer.zero_grad()
        loss.backward()
    """
    assert slips(code) == ["optimizer.zero_grad()"]
    assert slips(code.replace("loss.backward()", "loss.backward(); optimizer.step()")) == []
    assert slips(code.replace("loss.backward()", "loss.backward(); W.data -= 0.1 * W.grad")) == []
    assert slips(code.replace("torch.optim.SGD(model.parameters(), lr=0.1)", "mine()")) == []


def test_a_gradient_that_another_function_resets_or_that_is_added_up_on_purpose_is_no_slip():
    assert (
        slips("def clear():\n    W.grad = None\nfor k in r:\n    clear()\n    loss.backward()\n    W.data -= W.grad")
        == []
    )
    assert (
        slips("for k in r:\n    for b in batches:\n        f(b).backward()\n    opt.step()\n    opt.zero_grad()") == []
    )
    assert slips("for k in range(1):\n    loss.backward()\n    W.data -= W.grad") == []
    assert slips("for w in words:\n    loss.backward()\n    print(W.grad)") == []


@pytest.mark.parametrize("step", ["50 * W.grad", "W.grad", "lr * W.grad", "--50 * W.grad"])
def test_a_step_uphill_is_named(step):
    assert slips(TRAINING.format(reset="W.grad = None", step=step), lr=0.1) == ["W.data"]


@pytest.mark.parametrize("step", ["-50 * W.grad", "-lr * W.grad", "rate * W.grad", "unknown * W.grad", "f(W.grad)"])
def test_a_step_downhill_or_one_that_cannot_be_told_is_no_slip(step):
    assert slips(TRAINING.format(reset="W.grad = None", step=step), lr=0.1, rate=-0.1) == []


def test_a_likelihood_is_climbed():
    code = TRAINING.format(reset="W.grad = None", step="50 * W.grad").replace("-probs", "probs")
    assert slips(code) == []


def test_a_walk_that_stays_in_one_row_is_named():
    table = torch.full((27, 27), 1 / 27)
    assert slips(WALK.format(row="P[0]", end=0), P=table) == ["P[0]"]
    assert slips(WALK.format(row="P[start]", end=0), P=table) == ["P[start]"]
    for right in ("P[ix]", "P[ix, :]", "Q[0]"):
        assert slips(WALK.format(row=right, end=0), P=table) == []
    assert slips("while n < 9:\n    i = torch.multinomial(P[0], 1).item()\n    n += 1", P=table) == []


def test_a_walk_that_draws_evenly_is_named_where_a_table_is_there():
    table = torch.full((27, 27), 1 / 27)
    assert slips(WALK.format(row="torch.ones(27) / 27", end=0), P=table) == ["p"]
    assert slips(WALK.format(row="torch.ones(27) / 27", end=0)) == []  # a model that knows nothing
    assert slips(WALK.format(row="P[ix] / torch.ones(27)", end=0), P=table) == []


NETWORK = """
ix = 0
while True:
    {begin}
    h = torch.tanh(C[torch.tensor([context])].view(1, -1) @ W1)
    p = F.softmax(h @ W2, dim=1)
    ix = torch.multinomial(p, 1, generator=g).item()
    {end}
    if ix == 0:
        break
"""


def test_a_walk_that_asks_a_network_the_same_each_time_is_named():
    assert slips(NETWORK.format(begin="pass", end="out.append(ix)")) == ["p"]
    assert slips(NETWORK.format(begin="pass", end="context = context[1:] + [ix]")) == []
    assert slips(NETWORK.format(begin="pass", end="context.append(ix)")) == []
    assert slips(NETWORK.format(begin="pass", end="context[0] = ix")) == []
    assert slips(NETWORK.format(begin="context = step()", end="pass")) == []  # nobody knows what that does
    assert slips(NETWORK.format(begin="context = [ix]", end="pass")) == []
    row = "while True:\n    ix = torch.multinomial(self.P[0], 1).item()\n    if ix == 0:\n        break"
    assert slips(row) == ["self.P[0]"]


SEVERAL = """
for {turn} in {turns}:
    g = torch.Generator().manual_seed({seed})
    ix = 0
    while True:
        ix = torch.multinomial(P[ix] ** {power}, 1, generator=g).item()
        if ix == 0:
            break
"""


def test_a_generator_that_is_seeded_alike_for_each_word_is_named():
    code = SEVERAL.format(turn="_", turns="range(5)", seed=7, power=1)
    assert slips(code) == ["torch.Generator().manual_seed(7)"]
    assert slips("def words():\n" + textwrap.indent(code, "    ")) == ["torch.Generator().manual_seed(7)"]
    assert slips(SEVERAL.format(turn="i", turns="range(5)", seed="i", power=1)) == []
    assert slips(SEVERAL.format(turn="sharp", turns="(1, 2)", seed=7, power="sharp")) == []


FILLED = """
for w in {words}:
    {begin}
    for a, b in zip(w, w[1:]):
        {fill}
{after}
"""


@pytest.mark.parametrize(
    ("begin", "fill", "after"),
    [
        ("xs, ys = [], []", "xs.append(a); ys.append(b)", "xs = torch.tensor(xs), torch.tensor(ys)"),
        ("total = 0.0", "total += P[a, b].log()", "nll = -total / n"),
        ("total = torch.zeros(1)", "total = total + P[a, b].log()", "nll = -total / n"),
        ("N = torch.zeros((27, 27))", "N[a, b] += 1", "P = N / N.sum(1, keepdim=True)"),
        ("seen = {}", "seen[a] = seen.get(a, 0) + 1", "for key in seen: pass"),
    ],
)
def test_what_is_emptied_in_each_turn_and_read_after_the_loop_is_named(begin, fill, after):
    name = begin.split()[0].strip(",")
    code = FILLED.format(words="words", begin=begin, fill=fill, after=after)
    assert slips(code)[:1] == [name]
    assert slips(f"def f():\n{textwrap.indent(code, '    ')}")[:1] == [name]
    assert slips(FILLED.format(words="words", begin=begin, fill=fill, after="")) == []
    assert slips(FILLED.format(words="words[:3]", begin=begin, fill=fill, after=after)) == []
    assert slips(FILLED.format(words="range(9)", begin=begin, fill=fill, after=after)) == []
    assert slips(FILLED.format(words="words", begin="pass", fill=fill, after=after)) == []
    looked_at = FILLED.format(words="words", begin=begin, fill=fill, after=f"    print({name})\n{after}")
    assert name not in slips(looked_at)


def test_a_walk_that_ends_at_another_id_than_that_of_the_boundary_is_named():
    last = {c: i for i, c in enumerate("abc.")}
    assert slips(WALK.format(row="P[ix]", end=0), stoi=last) == ["ix == 0"]
    assert slips(WALK.format(row="P[ix]", end=3), stoi=last) == []
    assert slips(WALK.format(row="P[ix]", end=0), stoi={".": 0, "a": 1}) == []
    assert slips(WALK.format(row="P[ix]", end=0)) == []


def test_a_loop_is_read_with_the_values_that_there_were_when_it_ran():
    then = {"cell 1": {"stoi": {c: i for i, c in enumerate("abc.")}}}
    code = [Code("cell 1", WALK.format(row="P[ix]", end=3))]
    assert [found.name for found in slips_in_loops(code, {"stoi": {".": 0, "a": 1}})] == ["ix == 3"]
    assert [*slips_in_loops(code, {"stoi": {".": 0, "a": 1}}, then)] == []


# A session


def test_the_cells_that_a_session_keeps_are_read_in_their_last_version():
    names = {"In": ["", TRAINING.format(reset="pass", step="-W.grad")], "__name__": "lecture"}
    assert check(names).first.place == "In [1]"
    names["In"].append(TRAINING.format(reset="W.grad = None", step="-W.grad"))
    assert check(names)


# Files


def test_magics_and_shell_lines_are_left_out(run):
    found = run(
        """
        %matplotlib inline
        !pip install nothing
        x = 5
        y = x % 3
        %time z = x + 1
        if x:
            %load_ext autoreload
        files = !ls
        ?x
        # %%
        %%bash
        exit 1
        # %%
        %%time
        after = 1
        """
    )
    assert not found.ended
    assert (found.names["y"], found.names["z"], found.names["after"]) == (2, 6, 1)


def test_after_a_cell_that_raises_what_was_made_before_is_kept_and_the_cell_is_named(run):
    found = run("a = 200\n# %%\nb = 300\nc = 1 / 0\n# %%\nd = 400")
    assert found.ended == "cell 2 raised ZeroDivisionError: division by zero, at line 2: `c = 1 / 0`"
    assert [thing.name for thing in found.things] == ["a", "b"]


@pytest.mark.parametrize(
    ("code", "likely"),
    [
        ("total = 1\ntotl + 1", "There is no `totl`; did you mean `total`?"),
        ("import torch\nW = torch.zeros(3)\nW = W - 50 * W.grad", "The gradient is `None`"),
        ("{}['a']", ""),
        ("(lambda x: x)()", "A function is called with other arguments than it takes."),
        ("import sys\nname = sys.argv[1]", "`sys.argv` has what stands behind the script's name"),
        ("def input(_): raise EOFError('EOF when reading a line')\ninput('n? ')", "`input` waits for an answer"),
    ],
)
def test_what_usually_leads_to_an_error_is_said(code, likely, run):
    found = run(code)
    assert found.likely.startswith(likely) if likely else not found.likely
    assert ("Likely cause" in review([], {}, ended=found.ended, likely=found.likely).text()) == bool(likely)


def test_what_needs_a_package_that_is_not_there_is_left_out_and_the_rest_is_judged(run):
    found = run(
        """
        import a_package_of_none as none, math
        from another_of_none.inner import thing
        def read():
            return none.read("names.txt")
        try:
            table = none.zeros(3)
        except NameError:
            table = [0, 0, 0]
        made = [0] * 200
        made.append(none.one)
        left = thing(made)
        def later():
            import a_third_of_none
        size = 300
        size = later()
        total = math.sqrt(90_000)
        """,
        "script.py",
    )
    assert found.ended == ""
    assert found.names["table"] == [0, 0, 0]
    assert found.names["total"] == 300
    assert not {"none", "thing", "read", "made", "left", "size"} & found.names.keys()
    remark = "a_package_of_none and another_of_none and a_third_of_none are not installed where this runs"
    assert found.remarks == [
        f"{remark}, so what needs them was left out: line 2, line 3, line 4, line 11, line 12, line 16"
    ]


def test_numpy_reads_the_names_that_are_shipped_where_there_is_no_such_file(run):
    found = run("import numpy as np\nwords = np.loadtxt('names.txt', dtype=str).tolist()")
    assert (found.ended, len(found.names["words"])) == ("", 32033)


def test_a_part_of_the_names_is_compared_with_what_the_names_give():
    made = check(session("words = names[:30_000]\nvocab = ['.'] + sorted(set(''.join(words)))", names=load_names()))
    some = {item.name: item.verdict for item in made.items}
    assert some["vocab"] == "right"
    made = review([Thing("part", load_names()[::-1][:30_000])], {})
    assert [item.text for item in made.items] == ["30,000 of the words, 94%"]


def test_a_function_on_a_dict_that_is_named_like_one_of_ours_is_not_judged_as_that():
    def normalize(counter):
        total = sum(counter.values())
        return {token: many / total for token, many in counter.items()}

    (said,) = fits("normalize", normalize)
    assert str(said) == "its `counter` is a dict, and our `normalize` takes (counts)"


def test_a_cell_may_wait_for_something_as_in_a_notebook(run):
    found = run("import asyncio\nawait asyncio.sleep(0)\na = 200")
    assert found.ended == ""
    assert found.names["a"] == 200


def test_a_table_that_a_loop_sets_cell_by_cell_does_not_pass_by(run):
    found = run("N = [[0 for _ in range(3)] for _ in range(3)]\nfor i in range(3):\n    N[i][i] = 5")
    table = next(thing for thing in found.things if thing.name == "N")
    assert (table.passing, table.value[1]) == (False, [0, 5, 0])


def test_a_cell_that_python_cannot_read_is_named(run):
    found = run("a = 200\n# %%\nb = (300")
    assert found.ended == "cell 2 can't be read: '(' was never closed, at line 1"
    assert [thing.name for thing in found.things] == ["a"]


def test_each_thing_is_kept_as_it_was_when_its_cell_had_run(run):
    found = run(
        """
        import torch
        N = torch.zeros(2, 2)
        N[0, 1] += 1
        # %%
        N += 1
        P = N * 2
        P = P / 4
        # %%
        P = torch.ones(3)
        """
    )
    tables = [(thing.name, thing.place, thing.value.tolist()) for thing in found.things if thing.name in ("N", "P")]
    assert tables == [
        ("N", "cell 1", [[0, 1], [0, 0]]),
        ("N", "cell 2", [[1, 2], [1, 1]]),
        ("P", "cell 2", [[0.5, 1], [0.5, 0.5]]),
        ("P", "cell 3", [1, 1, 1]),
    ]


def test_in_a_script_another_thing_of_the_same_name_begins_where_it_is_not_read(run):
    found = run("a = [1]\na = [2, 3]\nb = a\nb = b + [4]\n", "lecture.py")
    assert [(thing.name, thing.place, thing.value) for thing in found.things] == [
        ("a", "line 1", [1]),
        ("a", "line 2", [2, 3]),
        ("b", "line 4", [2, 3, 4]),
    ]


def test_the_length_of_a_list_may_stand_in_what_is_printed(run):
    found = run("words, nll = ['a', 'b'], 3.0\nprint(f'{nll / len(words)}')")
    assert [(thing.name, thing.value) for thing in found.things if thing.shown] == [("nll / len(words)", 1.5)]


def test_settings_and_what_a_loop_makes_anew_pass_by(run):
    found = run("rate = 0.5\ntotal = 0.0\nfor i in range(3):\n    x = i / 2\n    total = total + x\nmean = total / 3\n")
    passing = {thing.name: thing.passing for thing in found.things}
    assert passing == {"rate": True, "i": True, "x": True, "total": False, "mean": False}


def test_what_a_cell_shows_is_kept_too(run):
    found = run("a = 3.0\nn = 2\nprint(f'{a / n}', a)\nsum([a, n])\n# %%\na\nprint(max(a, n), -a)\n")
    assert [(thing.name, thing.value) for thing in found.things if thing.shown] == [
        ("a / n", 1.5),
        ("sum([a, n])", 5.0),
        ("max(a, n)", 3.0),
        ("-a", -3.0),
    ]


def test_what_a_thing_was_made_of_is_kept(run):
    found = run("x = 2\ny = [3]\nfor i in y:\n    z = i * x\n    out = z + 1\n# %%\ny.append(out)\n")
    reads = {thing.name: thing.reads for thing in found.things}
    assert reads["out"] == {"z", "i", "x", "y"}
    assert reads["y"] == {"y", "out"}


def test_weights_that_are_changed_through_their_data_are_seen(run):
    found = run("import torch\nW = torch.ones(2, requires_grad=True)\n# %%\nW.data += 1\n")
    assert [thing.value.tolist() for thing in found.things if thing.name == "W"] == [[1, 1], [2, 2]]


def test_a_missing_names_txt_is_the_shipped_one(run, tmp_path):
    found = run("words = open('data/names.txt').read().splitlines()\nfrom pathlib import Path\n")
    assert found.names["words"] == load_names()
    assert "32,033 names" in found.remarks[0]
    (tmp_path / "names.txt").write_text("ulm\nbonn\n", encoding="utf-8")
    assert run("words = open('names.txt').read().split()").names["words"] == ["ulm", "bonn"]
    assert "FileNotFoundError" in run("open('other.txt')").ended


def test_the_folder_of_the_file_is_the_working_directory_and_its_modules_are_found(run, tmp_path):
    (tmp_path / "my_helpers.py").write_text("answer = 42\n", encoding="utf-8")
    found = run("import os\nfrom my_helpers import answer\nhere = os.getcwd()\n", "lecture.py")
    assert found.names["answer"] == 42
    assert os.path.samefile(found.names["here"], tmp_path)
    del sys.modules["my_helpers"]


def test_a_script_runs_as_a_script(run):
    found = run(
        "from __future__ import annotations\nimport sys\nif __name__ == '__main__':\n    a = 500\n    sys.exit()\n",
        "a.py",
    )
    assert not found.ended
    assert [thing.name for thing in found.things if thing.value == 500] == ["a"]
    assert "ended with sys.exit(3)" in run("import sys\nsys.exit(3)", "b.py").ended


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("missing.py", None, "there is no file"),
        ("a.py", b"def f(:\n", "can't be read: invalid syntax, at line 1"),
        ("a.py", b"\xff\xfe\n", "can't be read"),
        ("a.ipynb", b"{]", "it is no notebook"),
        ("a.ipynb", b'{"cells": 3}', "it is no notebook"),
        ("a.ipynb", b'{"cells": [], "metadata": {"kernelspec": {"language": "julia"}}}', "its language is julia"),
        ("a.txt", b"emma\n", "neither a notebook (.ipynb) nor a script (.py)"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_in_a_line(name, content, message, tmp_path, capsys):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    assert main(["check", str(path)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("bigramlab: ")
    assert message in line


def test_the_help_says_whose_rights_the_code_has(capsys):
    with pytest.raises(SystemExit):
        main(["check", "--help"])
    assert "The file's code runs with your rights" in " ".join(capsys.readouterr().out.split())


def test_old_notebooks_are_read_too(tmp_path):
    path = tmp_path / "old.ipynb"
    cells = [{"cell_type": "code", "input": ["a = 1\n", "b = 2"]}, {"cell_type": "markdown", "source": "text"}]
    path.write_text(json.dumps({"nbformat": 3, "worksheets": [{"cells": cells}]}), encoding="utf-8")
    assert [(cell.place, cell.text) for cell in cells_of(path)] == [("cell 1", "a = 1\nb = 2")]


# The command


def test_a_lecture_that_was_typed_along_gets_a_page_that_says_yes_to_each_step(tmp_path):
    status, page = check_file(write_lecture(tmp_path / "lecture.ipynb"))
    assert status == 0, page
    assert page.startswith("lecture.ipynb: all is right")
    for name in ("words", "stoi", "itos", "N", "P", "n", "nll", "xs", "ys"):
        assert f"  {name} " in page
    assert "mistake" not in page
    assert "close" not in page


@pytest.mark.parametrize(
    ("slip", "first", "cause"),
    [
        (KEEPDIM, "P (cell 6)", "keepdim forgotten"),
        (NO_STOP, "N (cell 4)", "no stop token"),
        (SAME_ID, "stoi (cell 3)", "'a' and '.' have the same id, 0"),
    ],
)
def test_with_a_slip_in_it_the_page_shows_the_first_step_that_is_wrong_and_the_cause(slip, first, cause, tmp_path):
    status, page = check_file(write_lecture(tmp_path / "lecture.ipynb", slip))
    assert status == 1
    assert page.startswith(f"lecture.ipynb: {first} is the first that is wrong.")
    assert cause in " ".join(page.split())
    assert len(page.splitlines()) <= 42


@pytest.mark.parametrize(
    ("made", "first", "second"),
    [
        ("P.sum(1)", "keepdim forgotten", "columns divided for rows"),
        ("P.sum(1, keepdims=False)", "keepdim forgotten", "columns divided for rows"),
        ("torch.sum(P, -1)", "keepdim forgotten", "columns divided for rows"),
        ("P.sum(0, keepdim=True)", "columns divided for rows", "keepdim forgotten"),
        ("torch.sum(P, dim=0, keepdim=True)", "columns divided for rows", "keepdim forgotten"),
        ("P.sum(axis=0)", "columns divided for rows", "keepdim forgotten"),
    ],
)
def test_of_two_slips_that_give_the_same_table_the_one_that_the_code_shows_comes_first(made, first, second):
    names = load_names()
    counts = count_bigrams(names, build_vocabulary(names))
    code = Code("", f"total = N.sum(0)\nP = N + 1.0\nP /= {made}\nloss = (P.log()).sum(1, keepdim=True)")
    things = [Thing("N", counts), Thing("P", (counts + 1) / (counts + 1).sum(1))]
    text = " ".join(review(things, {}, codes=[code]).text().split())
    assert text.index(f"“{first}”") < text.index(f"“{second}”")


def test_the_code_need_not_stand_where_a_table_is_assigned_to_show_the_slip():
    names = load_names()
    counts = count_bigrams(names, build_vocabulary(names))
    things = [Thing("P", (counts + 1) / (counts + 1).sum(1))]
    code = Code("", "sums = M.sum(0, keepdim=True)\nP = M / sums")
    assert "“columns divided for rows”: `dim=0`" in " ".join(
        review(things, {}, codes=[code]).first.details[0][1].split()
    )


KEEP = """
def keep_top_p(probs, p):
    values, places = torch.sort(probs, descending=True)
    values = values.masked_fill(values.cumsum(1) > p, 0.0)
    kept = torch.zeros_like(probs).scatter_(1, places, values)
    return kept / kept.sum(1, keepdim=True)
"""


def test_a_function_of_our_very_name_is_judged_as_that_whatever_it_made(run):
    names = load_names()
    probs = (counts := count_bigrams(names, build_vocabulary(names)) + 1) / counts.sum(1, keepdim=True)
    defined = session(f"import torch\n{KEEP}")
    lucky = Thing("p", defined["keep_top_p"](probs[:1], 0.9), reads=frozenset(["keep_top_p"]))
    assert check(lucky.value).verdict == "right"  # cut after some token, it is a top-k
    made = review([Thing("keep_top_p", defined["keep_top_p"]), lucky], defined)
    assert not made
    assert items(made)["keep_top_p"][0] == "wrong"
    assert items(made)["p"][0] == "follows"
    assert "the one that crosses dropped" in " ".join(made.text().split())


def test_a_function_that_reads_what_the_notebook_has_need_suit_nothing_else():
    code = """
    import torch
    stoi = {c: i for i, c in enumerate(".abcdefghijklmnopqrstuvwxyz")}

    def count_bigrams(words):
        N = torch.zeros((27, 27), dtype=torch.int32)
        for w in words:
            for a, b in zip(f".{w}", f"{w}."):
                N[stoi[a], stoi[b]] += 1
        return N
    """
    defined = session(code)
    made = Thing("N", defined["count_bigrams"](load_names()), reads=frozenset(["count_bigrams"]))
    found = review([Thing("stoi", defined["stoi"]), Thing("count_bigrams", defined["count_bigrams"]), made], defined)
    assert found
    verdict, text = items(found)["count_bigrams"]
    assert verdict == "not judged"
    assert text.startswith("`N`, made with it, is right; it isn't our `count_bigrams`: The size 27 is typed in")


SPLIT = """
import random
import torch
words = open("names.txt").read().splitlines()
random.seed(42)
random.shuffle(words)
n1 = int(0.8 * len(words))
n2 = int(0.9 * len(words))
stoi = {s: i + 1 for i, s in enumerate(sorted(set("".join(words))))}
stoi["."] = 0
def counts_of(ws):
    N = torch.zeros(27, 27, dtype=torch.int64)
    for w in ws:
        for a, b in zip("." + w, w + "."):
            N[stoi[a], stoi[b]] += 1
    return N
N = counts_of(words[:n1])
P = (N + 1) / (N + 1).sum(1, keepdim=True)
def loss_of(ws):
    M = counts_of(ws)
    return round(-(M * P.log()).sum().item() / M.sum().item(), 4)
train_loss = loss_of(words[:n1])
dev_loss = loss_of(words[n1:n2])
test_loss = loss_of(words[n2:])
"""


def test_what_is_made_of_a_part_of_the_words_is_known_where_they_are_split(run):
    found = run(SPLIT, "split.py")
    made = items(review(found.things, found.names, codes=[Code("", SPLIT)]))
    assert made["N"] == ("right", "the counts, of `words[:n1]`")
    assert made["P"] == ("right", "the probabilities, with k = 1, of `words[:n1]`")
    assert made["train_loss"] == ("right", "the loss of `words[:n1]` by `P`")
    assert made["dev_loss"] == ("right", "the loss of `words[n1:n2]` by `P`")
    assert made["test_loss"] == ("right", "the loss of `words[n2:]` by `P`")
    assert made["counts_of"][0] == made["loss_of"][0] == "right"


TRIGRAMS = f"""{SPLIT}
train, dev, test = words[:n1], words[n1:n2], words[n2:]
def trigrams_of(ws):
    N3 = torch.zeros(27, 27, 27)
    for w in ws:
        for a, b, c in zip(".." + w, "." + w + ".", w + "."):
            N3[stoi[a], stoi[b], stoi[c]] += 1
    return N3
N3 = trigrams_of(train)
P3 = (N3 + 0.1) / (N3 + 0.1).sum(2, keepdim=True)
def trigram_loss(ws):
    M = trigrams_of(ws)
    return -(M * P3.log()).sum().item() / M.sum().item()
dev3 = trigram_loss(dev)
test3 = trigram_loss(test)
"""


@pytest.mark.slow
def test_what_follows_two_tokens_of_a_part_and_its_losses_are_known(run):
    found = run(TRIGRAMS, "trigrams.py")
    made = items(review(found.things, found.names, codes=[Code("", TRIGRAMS)]))
    assert made["N"] == ("right", "the counts, of `train`")  # by the name that the part has in the end
    assert made["N3"] == ("right", "the counts of what follows two tokens, of `train`")
    assert made["P3"] == ("right", "the probabilities of what follows two tokens, with k = 0.1, of `train`")
    assert made["dev3"] == ("right", "the loss of `dev` by `P3`")
    assert made["test3"] == ("right", "the loss of `test` by `P3`")
    assert made["trigram_loss"][0] == "right"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("right", "wrong", "name", "said"),
    [
        ("test3 = trigram_loss(test)", "test3 = trigram_loss(dev)", "test3", "mistake: its name says test"),
        ("M.sum().item()\ndev3", "len(ws)\ndev3", "dev3", "mistake: a word"),
        ("M.sum().item()\ndev3", "len(ws)\ndev3_per_word = trigram_loss(dev)\ndev3", "dev3_per_word", "right: a word"),
        ("[b], stoi[c]]", "[c], stoi[b]]", "N3", "mistake: of `train`, with one slip"),
        ("0.1).sum(2,", "0.1).sum(1,", "P3", "mistake: of `train`, with one slip"),
        ("0.1).sum(2,", "0.1).sum((0, 1, 2),", "P3", "step: each three tokens' share of all of them, with k = 0.1"),
        ("N3 = trigrams_of(train)", "N3 = trigrams_of(words)", "test3", "mistake: it has seen what it is tested on"),
    ],
)
def test_a_slip_in_what_follows_two_tokens_of_a_part_is_told(run, right, wrong, name, said):
    assert right in TRIGRAMS
    code = TRIGRAMS.replace(right, wrong)
    found = run(code, "trigrams.py")
    verdict, text = items(review(found.things, found.names, codes=[Code("", code)]))[name]
    assert verdict == said.split(":")[0]
    assert said.split(": ")[1] in text


def counted_in(form, shape):
    """Return a table of counts as lists, an array, a dict of dicts, or one of pairs."""
    words = load_names()[::3]
    vocabulary = build_vocabulary(load_names())
    counts = shape(count_bigrams(words, vocabulary).double()).long()
    rows = {a: dict(zip(vocabulary, row, strict=True)) for a, row in zip(vocabulary, counts.tolist(), strict=True)}
    forms = {
        "lists": counts.tolist(),
        "array": counts.numpy(),
        "dicts": {a: {b: n for b, n in row.items() if n} for a, row in rows.items()},
        "pairs": {(a, b): n for a, row in rows.items() for b, n in row.items() if n},
    }
    kept, others = load_names(), [word for at, word in enumerate(load_names()) if at % 3]
    return {"words": kept, "train": words, "test": others, "counts": forms[form]}


@pytest.mark.parametrize("form", ["lists", "array", "dicts", "pairs"])
@pytest.mark.parametrize(
    ("shape", "said"),
    [
        (lambda counts: counts, ""),
        (lambda counts: counts.T, "rows and columns are exchanged"),
        (lambda counts: torch.cat([torch.zeros(27, 1), counts[:, 1:]], 1), "the end of each word is missing"),
        (lambda counts: torch.cat([torch.zeros(1, 27), counts[1:]]), "the beginning of each word is missing"),
        (lambda counts: counts > 0, "each pair counts once, however often it comes"),
        (lambda counts: counts.sum(0) * (torch.arange(27) == 0)[:, None], 'every token is counted after "."'),
        (lambda counts: counts + counts, "each pair is counted twice"),
    ],
)
def test_the_counts_of_a_part_are_known_in_whatever_form_and_with_a_slip(form, shape, said):
    made = items(review_names(counted_in(form, shape)))["counts"]
    assert made == (
        ("mistake", f"the counts, of `train`, with one slip: {said}") if said else ("right", "the counts, of `train`")
    )


def test_a_loss_by_counts_of_all_words_says_so():
    names = counted_in("lists", lambda counts: counts)
    counts = count_bigrams(names["words"], build_vocabulary(names["words"]))
    of_some = count_bigrams(names["train"], build_vocabulary(names["words"]))
    loss = negative_log_likelihood(of_some, normalize(smooth(counts, 1)))
    made = items(review_names({**names, "counts": counts.tolist(), "loss": loss}))
    assert made["counts"] == ("right", "the counts")
    assert made["loss"] == ("right", "the loss of `train` by `counts` with k = 1, which was made of all words")


def test_one_token_one_hot_is_no_row_of_anything():
    one, rows = torch.zeros(1, 27), torch.zeros(4, 27)
    one[0, 5], rows[:, 5] = 1.0, 400.0
    made = {"words": load_names(), "x": one, "rows": rows.softmax(1), "counts": rows, "W": torch.randn(27, 27)}
    assert "x" not in items(review_names(made))
    assert "rows" not in items(review_names(made))


def test_a_loss_by_a_table_of_lists_is_known_with_its_k():
    names = counted_in("lists", lambda counts: counts)
    probs = normalize(smooth(torch.tensor(names["counts"]), 1))
    of_others = count_bigrams(names["test"], build_vocabulary(names["words"]))
    made = items(review_names({**names, "loss": negative_log_likelihood(of_others, probs)}))
    assert made["loss"] == ("right", "the loss of `test` by `counts` with k = 1")


def test_a_k_that_no_table_has_any_more_is_read_off_the_losses_of_a_split(run):
    chosen = f"""{SPLIT.replace(", 4)", ", 9)")}
P = (N + 0.5) / (N + 0.5).sum(1, keepdim=True)
dev_loss = loss_of(words[n1:n2])
P = None
"""
    found = run(chosen, "split.py")
    found.things = [thing for thing in found.things if thing.name != "P"]
    made = items(review(found.things, found.names, codes=[Code("", chosen)]))
    assert made["train_loss"] == ("right", "the loss of `words[:n1]` by `N` with k = 1")
    assert made["dev_loss"] == ("right", "the loss of `words[n1:n2]` by `N` with k = 0.5")


def test_a_slip_in_the_table_of_a_part_is_told(run):
    wrong = SPLIT.replace("keepdim=True", "keepdim=False")
    found = run(wrong, "split.py")
    first = review(found.things, found.names, codes=[Code("", wrong)]).first
    assert first.name == "P"
    assert first.text.startswith("the probabilities, with k = 1, of `words[:n1]`, with one slip")
    assert "keepdim forgotten" in first.details[0][1]


def test_a_loss_that_is_infinite_does_no_harm_where_there_is_a_split(run):
    code = f"{SPLIT}dev_loss = float('inf')\ntest_loss = torch.tensor(float('nan'))\n"
    found = run(code, "split.py")
    assert "train_loss" in items(review(found.things, found.names))


@pytest.mark.parametrize(
    ("train", "dev", "test", "wrong"),
    [
        ((0, 25626), (25626, 28829), (28829, None), None),
        ((0, 25626), (0, 28829), (28829, None), "dev"),
        ((0, 25626), (20000, 28829), (28829, None), "dev"),
        ((0, 25626), (25626, 28829), (25626, None), "test"),
    ],
)
def test_parts_of_a_split_that_overlap_are_told(train, dev, test, wrong):
    names = load_names()
    parts = {"train": names[slice(*train)], "dev": names[slice(*dev)], "test": names[slice(*test)]}
    lists = [Thing("words", names), *(Thing(f"{name}_words", part) for name, part in parts.items())]
    first = review(lists, {}).first
    assert (first.name if first else None) == (wrong and f"{wrong}_words")
    examples = {name: build_contexts(part, build_vocabulary(names), 3) for name, part in parts.items()}
    made = [Thing("words", names), *(Thing(f"X{name}", one[0]) for name, one in examples.items())]
    first = review(made, {}).first
    assert (first.name if first else None) == (wrong and f"X{wrong}")
    both = Thing("train_all", names[:28829])  # for the last training: nobody knows what is compared
    assert review([*lists[:2], both, *lists[2:3]], {})


def test_no_number_is_a_loss_that_is_infinite():
    names = load_names()
    vocabulary = build_vocabulary(names)
    counts = count_bigrams(names[:20_000], vocabulary)
    probs = counts / counts.sum(1, keepdim=True)
    parts = [Thing("words", names), Thing("train", names[:20_000]), Thing("dev", names[20_000:])]
    made = review([*parts, Thing("N", counts), Thing("P", probs), Thing("dev_loss", 2.9450206839316047)], {})
    assert made.unknown == ["dev_loss"]


def test_the_loss_of_two_tokens_for_the_boundary_is_known_as_a_loop_rounds_it():
    names = load_names()
    counts = count_bigrams(names, build_vocabulary(names))
    wide = torch.zeros(28, 28, dtype=torch.int64)
    wide[:26, :26], wide[26, :26], wide[:26, 27] = counts[1:, 1:], counts[0, 1:], counts[1:, 0]
    probs = (wide + 1.0) / (wide + 1.0).sum(1, keepdim=True)
    loss = float(-(wide * probs.log()).sum() / wide.sum()) * 1.00009
    made = items(review([Thing("N", wide), Thing("P", probs), Thing("nll", loss)], {}))
    assert made["nll"] == ("right", "the loss of all words by `P`")


def test_lists_of_some_of_the_words_are_parts_too_in_any_order_of_tokens():
    names = load_names()
    vocabulary = build_vocabulary(names)
    last = [*range(1, 27), 0]
    parts = [Thing("words", names), Thing("train", names[::2]), Thing("dev", names[1::2])]
    stoi = Thing("stoi", {c: i for i, c in enumerate(vocabulary[1:] + ".")})
    counts = [count_bigrams(one.value, vocabulary)[last][:, last] for one in parts]
    probs = (counts[1] + 1) / (counts[1] + 1).sum(1, keepdim=True)
    loss = float(-(counts[2] * probs.log()).sum() / counts[2].sum())
    made = items(review([*parts, stoi, Thing("N", counts[1]), Thing("P", probs), Thing("loss", loss)], {}))
    assert made["N"] == ("right", "the counts, of `train`")
    assert made["loss"] == ("right", "the loss of `dev` by `P`")
    wrong = probs / probs.sum(0)
    made = review([*parts, stoi, Thing("P", wrong), Thing("loss", loss)], {})
    assert "loss" not in items(made)  # by a table that nobody knows


@pytest.mark.parametrize("value", [torch.tensor(1j), torch.tensor(True), torch.tensor(2), torch.tensor(math.nan), 1j])
def test_an_odd_number_beside_a_split_does_no_harm(value):
    names = load_names()
    things = [Thing("words", names), Thing("train", names[::2]), Thing("odd", value)]
    assert "odd" not in items(review(things, {}))


def test_values_of_bigramlab_itself_are_no_part_of_a_file():
    names = session("from bigramlab import *\nmine = (1.5, 2.5)")
    assert check(names).unknown == ["mine"]


OWN_WORDS = [
    """\
import torch
towns = "ulm bonn mainz trier jena gera celle bremen hanau kiel".split()
VOCAB = "." + "".join(sorted({c for t in towns for c in t}))
ctoi = {c: i for i, c in enumerate(VOCAB)}""",
    """\
def encode(text):
    return torch.tensor([ctoi[c] for c in text])

def count_pairs(words):
    table = torch.zeros(len(VOCAB), len(VOCAB))
    for word in words:
        ids = encode("." + word + ".")
        for a, b in zip(ids[:-1], ids[1:]):
            table[a, b] += 1
    return table

def normalise(table):
    return table / table.sum(1, keepdim=True)""",
    """\
pairs = count_pairs(towns)
chances = normalise(pairs + 1)""",
    """\
def mean_surprise(chances, words):
    costs = [-chances[a, b].log() for w in words for a, b in zip(encode("." + w), encode(w + "."))]
    return torch.stack(costs).mean()

surprise_of_all = mean_surprise(chances, towns)""",
]
"""Another notebook: functions, and words of one's own."""


def test_a_notebook_with_functions_and_words_of_ones_own_is_right_too(tmp_path):
    status, page = check_file(write_notebook(tmp_path / "towns.ipynb", OWN_WORDS))
    assert status == 0, page
    for line in ("towns", "ctoi", "encode", "count_pairs", "normalise", "pairs", "chances", "surprise_of_all"):
        assert re.search(rf"cell \d +{line} +right ", page), page
    assert re.search(r"mean_surprise +right +`surprise_of_all`, made with it, is right", page)


@pytest.mark.parametrize(
    ("right", "wrong", "first", "cause"),
    [
        ("table.sum(1, keepdim=True)", "table.sum(1)", "normalise (cell 2)", "keepdim"),
        ("{c: i for", "{c: i + 1 for", "ctoi (cell 1)", "each id is one too large"),
        ('encode("." + word + ".")', 'encode("." + word)', "count_pairs (cell 2)", "no stop token"),
    ],
)
def test_such_a_notebook_with_a_slip_in_it_shows_the_first_that_is_wrong(right, wrong, first, cause, tmp_path):
    cells = [cell.replace(right, wrong) for cell in OWN_WORDS]
    status, page = check_file(write_notebook(tmp_path / "towns.ipynb", cells))
    assert status == 1
    assert page.startswith(f"towns.ipynb: {first} is the first that is wrong."), page
    assert cause in " ".join(page.split())


def test_the_command_shows_the_page_and_its_status_says_whether_something_is_wrong(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text("def smooth(counts, k=1):\n    return counts\nprint('noise')\n", encoding="utf-8")
    command = [sys.executable, "-m", "bigramlab", "check", path.name]
    environment = os.environ | {"PYTHONPATH": str(Path(notebooks.__file__).parents[2])}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, encoding="utf-8")
    assert done.returncode == 1
    assert done.stdout.startswith("mine.py: smooth (line 1) is the first that is wrong")
    assert "noise" not in done.stdout
    assert done.stderr.splitlines() == ["running mine.py …", "judging what it made …"]


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("while True:\n    pass", "cell 2 was ended after 5 seconds; --seconds 50 allows more"),
        ("sum(range(10**13))", "cell 2 was ended after 5 seconds; --seconds 50 allows more"),
        ("import os\nos._exit(7)", "cell 2 ended the whole program (exit status 7)"),
    ],
)
def test_what_was_made_before_a_cell_that_never_comes_back_is_judged(code, told, tmp_path):
    cells = ["def smooth(counts, k=1):\n    return counts + k", code]
    status, page = check_file(write_notebook(tmp_path / "a.ipynb", cells), seconds=5)
    assert status == 1
    assert told in " ".join(page.split())
    assert "smooth  right" in page


def test_a_function_that_never_comes_back_from_c_is_named(tmp_path):
    cells = ["def smooth(counts, k=1):\n    return sum(range(10**12))", "k = 1"]
    status, page = check_file(write_notebook(tmp_path / "a.ipynb", cells))
    assert status == 1
    assert "smooth wrong a call of it does not come back" in " ".join(page.split())


def test_a_function_that_ends_the_process_or_never_comes_back_is_named_and_the_others_are_judged(tmp_path):
    path = tmp_path / "mine.py"
    text = """
    import os

    def normalize(counts):
        return counts / counts.sum(1, keepdim=True)

    def smooth(counts, k=1):
        os._exit(0)

    def perplexity(counts, probs):
        return sum(range(10**14))
    """
    path.write_text(textwrap.dedent(text), encoding="utf-8")
    status, page = check_file(path)
    assert status == 1
    assert page.startswith("mine.py: smooth (line 7) is the first that is wrong. 1 right, 2 wrong.")
    assert re.search(r"normalize +right", page)
    assert re.search(r"perplexity +wrong", page)
