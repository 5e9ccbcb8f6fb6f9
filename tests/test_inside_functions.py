"""What functions of a file make within themselves is seen, and what is only on the way there is let be."""

import random
import sys

import pytest
import torch

from bigramlab.judge.reading_code import Code
from bigramlab.judge.reviewing import review
from bigramlab.lab.inside import Inside

pytestmark = pytest.mark.slow

FILE = """
import random
import torch
source = random.Random(3)
words = sorted({"".join(source.choices("abcde", k=source.randint(2, 6))) for _ in range(400)})
source.shuffle(words)
n = int(0.8 * len(words))
train_words, test_words = words[:n], words[n:]

class Tokens:
    def __init__(self, some):
        self.chars = ["."] + sorted(set("".join(some)))
        self.ids = {c: i for i, c in enumerate(self.chars)}

class Table:
    def __init__(self, tokens):
        self.tokens, self.log_probs = tokens, None

    def pairs(self, some):
        before, after = [], []
        for word in some:
            ids = [0] + [self.tokens.ids[c] for c in word] + [0]
            before += ids[:-1]
            after += ids[1:]
        return torch.tensor(before), torch.tensor(after)

    def fit(self, some):
        before, after = self.pairs(some)
        counts = torch.zeros(6, 6)
        counts.index_put_((before, after), torch.ones(len(before)), accumulate=True)
        counts += 1
        self.log_probs = counts.log() - counts.sum(1, keepdim=True).log()
        return self

    def nll(self, some):
        before, after = self.pairs(some)
        return -self.log_probs[before, after].mean().item()

def contexts(some):
    rows = []
    for word in some:
        ids = torch.tensor([0, 0, 0] + [tokens.ids[c] for c in word] + [0])
        rows.append(ids.unfold(0, 4, 1))
    rows = torch.cat(rows)
    return rows[:, :3], rows[:, 3]

def smooth(trigrams, k):
    more = trigrams + k
    return more / more.sum(2, keepdim=True)

tokens = Tokens(words)
model = Table(tokens).fit(train_words)
print("loss %.4f" % model.nll(train_words))
print("loss {:.4f}".format(model.nll(test_words)))
X, Y = contexts(train_words)
N3 = torch.zeros(6, 6, 6)
for x, y in zip(X.tolist(), Y.tolist()):
    N3[x[1], x[2], y] += 1
P3 = smooth(N3, 0.5)
text = "\\n".join(words) + "\\n"
letters = sorted(set(text))
decode = lambda ids: "".join(letters[i] for i in ids)
print(decode([1, 2, 0]))
"""


@pytest.fixture
def said(run):
    def said(*changes):
        text = FILE
        for before, after in changes:
            assert text.count(before) == 1, before
            text = text.replace(before, after)
        ran = run(text, "counted.py")
        assert not ran.ended
        made = review(ran.things, ran.names, codes=[Code("", text)])
        return {item.name: item for item in made.items}, made

    return said


def test_what_a_function_makes_is_judged_as_what_the_file_makes(said):
    items, made = said()
    assert made, made.text()
    assert items["fit.counts"].text == "the counts, smoothed with k = 1, of `train_words`"
    assert items["model.nll(train_words)"].text == "the loss of `train_words` by `model.log_probs`"
    assert items["model.nll(test_words)"].text == "the loss of `test_words` by `model.log_probs`"
    assert "contexts.rows" not in items  # the targets stand in it until they are cut off
    assert any("`fit." in remark and "first call" in remark for remark in made.remarks)
    assert not {name for name in made.unknown if "." in name}


@pytest.mark.parametrize(
    ("before", "after", "name", "told"),
    [
        ("((before, after)", "((after, before)", "fit.counts", "rows and columns are exchanged"),
        ("accumulate=True", "accumulate=False", "fit.counts", "each pair counts once"),
        (
            "for c in word] + [0]\n            before",
            "for c in word]\n            before",
            "fit.counts",
            "the end of each word",
        ),
    ],
)
def test_a_slip_within_a_function_is_told_where_it_is_made(said, before, after, name, told):
    items, made = said((before, after))
    assert not made
    assert items[name].is_wrong, items[name]
    assert told in items[name].text


def test_what_is_made_of_right_counts_on_purpose_is_let_be(said):
    kinds = "def kinds(table):\n    seen = (table > 0).float()\n    return int(seen.sum())\n\n"
    changes = ("counts += 1", "self.kinds = kinds(counts)\n        counts += 1"), ("def smooth(", f"{kinds}def smooth(")
    items, made = said(*changes)
    assert made
    assert "kinds.seen" not in items


def test_only_the_first_call_is_kept_and_only_of_functions_that_return_once():
    kept = Inside({__file__}, lambda value: value)

    def count(n):
        table = [n] * n
        return len(table)

    def steps():
        row = [1.0]
        yield row[0]

    with kept:
        count(2)
        count(3)
        list(steps())
    assert [*kept.made({})] == [("count", "table", [2, 2])]
    assert not [*kept.made({})]
    assert sys.getprofile() is None


def test_what_the_file_itself_has_is_not_told_twice_and_layers_are_left_out():
    kept = Inside({__file__}, lambda value: value)

    def made():
        table = [random.random()]
        table.append(1.0)
        return table

    class Layer(torch.nn.Module):
        def forward(self, x):
            twice = [x, x]
            return twice[0]

    with kept:
        table = made()
        Layer()(torch.zeros(1))
    assert not [*kept.made({"table": table})]


def test_a_function_of_another_kind_with_the_name_of_ours_is_let_be(said):
    items, made = said()
    assert items["P3"].verdict == "right"
    assert "it takes something else" in items["smooth"].text
    assert "decode" not in {item.name for item in made.items if item.is_wrong}


def test_what_is_local_casts_no_doubt_on_what_the_file_has(said):
    folds = """
def folds():
    train, test = words[40:], words[:40]
    stoi = {c: i for i, c in enumerate("abcde.")}
    itos = {i: c for i, c in enumerate(".abcde")}
    return len(train), len(test), len(stoi), len(itos)

tokens = Tokens(words)
folds()
"""
    items, made = said(("\ntokens = Tokens(words)\n", folds))
    assert made, made.text()
    assert items["tokens.ids"].verdict == "right"


def test_a_network_is_called_with_the_batch_that_a_function_made(said):
    network = """
tokens = Tokens(words)
ids = torch.tensor([tokens.ids[c] for c in "." + ".".join(words) + "."])

def get_batch():
    at = torch.randint(len(ids) - 8, (16,))
    x = torch.stack([ids[i : i + 8] for i in at])
    y = torch.stack([ids[i + 1 : i + 9] for i in at])
    return x, y

class Looking(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.table = torch.nn.Embedding(6, 6)
        self.register_buffer("mask", torch.triu(torch.ones(8, 8)))

    def forward(self, x, y=None):
        table, mask = self.table(x), self.mask[: x.shape[1], : x.shape[1]]
        logits = (mask / mask.sum(1, keepdim=True)) @ table
        return logits, None if y is None else torch.nn.functional.cross_entropy(logits.transpose(1, 2), y)

looking = Looking()
for _ in range(3):
    _, loss = looking(*get_batch())
"""
    change = "\ntokens = Tokens(words)\n", network
    assert "it sees the tokens after it" in said(change)[0]["looking"].text
    mended = change[0], network.replace("triu", "tril")
    assert said(mended)[0]["looking"].verdict == "right"
