"""Files that count, mix and cut examples: what goes wrong in them is named, and each neighbor that is right let be."""

import types

import pytest

from bigramlab.judge.reading_code import Code
from bigramlab.judge.reviewed import Thing
from bigramlab.judge.reviewing import review

pytestmark = pytest.mark.slow

FILE = """
import random
import torch
source = random.Random(3)
words = sorted({"".join(source.choices("abcde", k=source.randint(2, 6))) for _ in range(400)})
chars = ["."] + sorted(set("".join(words)))
stoi = {s: i for i, s in enumerate(chars)}
block_size = 3
V = len(chars)

def build(some):
    X, Y = [], []
    for w in some:
        context = [0] * block_size
        for ch in w + ".":
            X.append(context)
            Y.append(stoi[ch])
            context = context[1:] + [stoi[ch]]
    return torch.tensor(X), torch.tensor(Y)

n = int(0.8 * len(words))
train, test = words[:n], words[n:]
X, Y = build(train)
shuffled = torch.randperm(len(X), generator=torch.Generator().manual_seed(1))

N1, N2, N3 = torch.zeros(V), torch.zeros(V, V), torch.zeros(V, V, V)
for w in train:
    s = ".." + w + "."
    for a, b, c in zip(s, s[1:], s[2:]):
        a, b, c = stoi[a], stoi[b], stoi[c]
        N1[c] += 1
        N2[b, c] += 1
        N3[a, b, c] += 1
P1 = N1 / N1.sum()
P2 = (N2 + 1) / (N2 + 1).sum(1, keepdim=True)
P3 = (N3 + 1) / (N3 + 1).sum(2, keepdim=True)
l1, l2, l3 = 0.2, 0.3, 0.5

def mixed(a, b, c):
    p = l1 * P1[c] + l2 * P2[b, c] + l3 * P3[a, b, c]
    return p

def prob(a, b, k=1):
    return (N2[stoi[a], stoi[b]] + k) / (N2[stoi[a]].sum() + k * V)

for k in (0.1, 1.0):
    P = N2 + k
    P = P / P.sum(1, keepdim=True)

E, W, U = torch.randn(V, 4), torch.randn(4, 4), torch.randn(4, V)
for w in words[:5]:
    s = "." + w + "."
    h = torch.zeros(4)
    for a, b in zip(s, s[1:]):
        h = torch.tanh(E[stoi[a]] + h @ W)
        logits = h @ U
"""


def seen(*changes):
    """Return what is wrong with the file after some changes, by name."""
    text = FILE
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    module = types.ModuleType("lecture")
    exec(text, vars(module))
    things = [Thing(name, value) for name, value in vars(module).items() if not name.startswith("_")]
    made = review(things, vars(module), codes=[Code("", text)])
    wrong = [item for item in made.items if item.is_wrong]
    return {item.name: " ".join([item.text, *(text for _, text, _ in item.details)]) for item in wrong}


SHUFFLED = "generator=torch.Generator().manual_seed(1))\n"
WRONG = {
    "the targets keep their order": (
        [(SHUFFLED, f"{SHUFFLED}X = X[shuffled]\n")],
        "Y", "not the targets of the contexts in `X`"),
    "each is shuffled by itself": (
        [(SHUFFLED, f"{SHUFFLED}X, Y = X[shuffled], Y[torch.randperm(len(Y))]\n")],
        "Y", "the rows of the two do not stand in one order"),
    "each is shuffled by itself, and cut": (
        [(SHUFFLED, f"{SHUFFLED}X, Y = X[shuffled][:1200], Y[shuffled.flip(0)][:1200]\n")],
        "Y", "the rows of the two do not stand in one order"),
    "no first letter is predicted": (
        [(SHUFFLED, f"{SHUFFLED}X, Y = X[X.any(1)], Y[X.any(1)]\n")],
        "Y", "without the first letter of each: it is to be guessed, too"),
    "no end is predicted": (
        [(SHUFFLED, f"{SHUFFLED}X, Y = X[shuffled], Y[shuffled]\nX, Y = X[Y > 0], Y[Y > 0]\n")],
        "Y", "without the end of each"),
    "the first letter is lost": (
        [('w + ".":', 'w[1:] + ".":')], "Y", "without the first letter of each, which is in no context either"),
    "the third letter is one too far": (
        [("s[1:], s[2:])", "s[1:], s[3:])")], "N3", "at the places 0, 1 and 3"),
    "the weights sum to more than 1": (
        [("l3 = 0.2, 0.3, 0.5", "l3 = 0.2, 0.5, 0.5")], "p", "weights that sum to 1.2"),
    "the weights sum to less than 1": (
        [("l3 * P3[a, b, c]", "0.4 * P3[a, b, c]")], "p", "weights that sum to 0.9"),
    "k is added once to the sum": (
        [("+ k * V)", "+ k)")], "prob", "and probabilities sum to 1"),
    "the sum is that of all": (
        [("N2[stoi[a]].sum() + k * V", "N2.sum() / 2")], "prob", "and probabilities sum to 1"),
    "each k comes on top of the last": (
        [("P = N2 + k\n    P = P / P.sum", "N2 += k\n    P = N2 / N2.sum")], "N2", "it keeps each `k` that was"),
    "the state is forgotten at each step": (
        [("    for a, b in zip(s, s[1:]):\n", "    for a, b in zip(s, s[1:]):\n        h = torch.zeros(4)\n")],
        "h", "nothing of the letters before is remembered"),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_a_slip_is_named(what):
    changes, name, said = WRONG[what]
    wrong = seen(*changes)
    assert said in wrong.get(name, ""), wrong


RIGHT = {
    "as it stands": [],
    "both are shuffled alike": [(SHUFFLED, f"{SHUFFLED}X, Y = X[shuffled], Y[shuffled]\n")],
    "both are shuffled alike, and cut": [(SHUFFLED, f"{SHUFFLED}X, Y = X[shuffled][:1100], Y[shuffled][:1100]\n")],
    "three tokens with one \".\" in front": [
        (SHUFFLED, f"{SHUFFLED}X, Y = X[:, 1:], Y\nX, Y = X[X.any(1)], Y[X.any(1)]\n"),
        ("block_size = 3", "block_size = 3"),
    ],
    "labels of another kind": [(SHUFFLED, f"{SHUFFLED}Y = (Y[shuffled] > 2).long()\n")],
    "the rest goes to all alike": [("+ l3 * P3[a, b, c]", "+ (1 - l1 - l2) / V")],
    "the weights are divided by their sum": [
        ("l1 * P1[c] + l2 * P2[b, c] + l3 * P3[a, b, c]", "(2 * P1[c] + 3 * P2[b, c]) / 5"),
    ],
    "a part of the mixture is added later": [
        ("l2 * P2[b, c] + l3 * P3[a, b, c]", "l2 * P2[b, c]\n    p += l3 * P3[a, b, c]"),
    ],
    "a function of the second and the first": [("def prob(a, b, k=1)", "def prob(b, a, k=1)")],
    "k is taken away again": [
        ("P = N2 + k\n    P = P / P.sum(1, keepdim=True)", "N2 += k\n    P = N2 / N2.sum(1, True)\n    N2 -= k"),
    ],
    "a network that remembers two letters": [
        ("        logits", "        h = torch.zeros(4)\n        h = torch.tanh(E[stoi[a]] + h @ W)\n"
         "        h = torch.tanh(E[stoi[b]] + h @ W)\n        logits"),
    ],
}  # fmt: skip


@pytest.mark.parametrize("what", RIGHT)
def test_what_is_right_is_let_be(what):
    assert seen(*RIGHT[what]) == {}
