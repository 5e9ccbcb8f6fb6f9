"""What whole files make and mean on purpose: it is let be, and one slip in it is told."""

import inspect

import pytest

from bigramlab.judge.reading_code import Code
from bigramlab.judge.reviewing import review, review_names

pytestmark = pytest.mark.slow

PAIRS = """
import torch
import torch.nn.functional as F
words = ["anna", "bob", "carla", "dora", "emil", "fred", "gina", "hugo", "ida", "jana", "kurt", "lena"] * 40
chars = ["."] + sorted(set("".join(words)))
stoi = {s: i for i, s in enumerate(chars)}
xs, ys = [], []
for w in words:
    w = "." + w + "."
    for a, b in zip(w, w[1:]):
        xs.append(stoi[a])
        ys.append(stoi[b])
xs, ys = torch.tensor(xs), torch.tensor(ys)
g = torch.Generator().manual_seed(1)
W = torch.randn((len(chars), len(chars)), generator=g, requires_grad=True)
for step in range(161):  # the last is a count, too
    loss = F.cross_entropy(W[xs], ys)
    W.grad = None
    loss.backward()
    W.data -= 20 * W.grad
def sample_words(n):
    found = []
    for _ in range(n):
        out, ix = [], 0
        while True:
            p = F.softmax(W[ix], dim=0)
            ix = torch.multinomial(p, num_samples=1, generator=g).item()
            if ix == 0:
                break
            out.append(chars[ix])
        found.append("".join(out))
    return found
print(sample_words(3))
"""
NETWORK = """
import torch
import torch.nn.functional as F
from torch import nn
torch.manual_seed(1)
data = torch.randint(0, 9, (3000,))
size, length = 9, 8
def get_batch():
    at = torch.randint(len(data) - length, (16,))
    x = torch.stack([data[i : i + length] for i in at])
    y = torch.stack([data[i + 1 : i + length + 1] for i in at])
    return x, y
class Mixing(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = nn.LayerNorm(16)
        self.value, self.output = nn.Linear(16, 16, bias=False), nn.Linear(16, 16)
        self.register_buffer("before", torch.ones(length, length).tril() / torch.arange(1, length + 1)[:, None])
    def forward(self, x):
        return x + self.output(self.before @ self.value(self.norm(x)))
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.table, self.places = nn.Embedding(size, 16), nn.Embedding(length, 16)
        self.blocks = nn.ModuleList([Mixing() for _ in range(3)])
        self.last, self.head = nn.LayerNorm(16), nn.Linear(16, size)
        self.told = True
    def forward(self, x):
        x = self.table(x)
        x = x + self.places(torch.arange(length))
        for block in self.blocks:
            x = block(x)
        x = self.last(x)
        return self.head(x)
net = Model()
optimizer = torch.optim.AdamW(net.parameters(), lr=1e-3)
for step in range(5):
    xb, yb = get_batch()
    loss = F.cross_entropy(net(xb).view(-1, size), yb.view(-1))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
"""


KIND = """
    def kind_of(self, x):
        return self.kind(self.table(x).mean(1))
"""


@pytest.fixture
def told(run):
    """Run a file, and return what is said of it, name by name, and the text of it all."""

    def told(text):
        ran = run(text, name="file.py")
        assert not ran.ended
        found = review(ran.things, ran.names, codes=[Code("", text)])
        return {item.name: item.text for item in found.items if item.is_wrong}, found

    return told


CLEANED = PAIRS.replace('words = ["anna", "bob"', 'names = ["Anna", "bob"').replace(
    "chars =", "words = [name.lower() for name in names]\nchars ="
)
OF_TWO = """return -(p * q.log()).sum()
told = cross_entropy(torch.full((3,), 1 / 3), torch.tensor([0.2, 0.2, 0.6]))"""
CROSS_ENTROPY = PAIRS + "def cross_entropy(p, q):\n    " + OF_TWO
SCALED = PAIRS + inspect.cleandoc("""
    def normalize(x):
        return (x - x.mean()) / x.std()
    print(normalize(torch.tensor([len(w) for w in words]).float()))
""")


@pytest.mark.parametrize(
    "text",
    [
        PAIRS,
        PAIRS.replace("sample_words", "sample"),
        CLEANED,
        CROSS_ENTROPY,
        SCALED,
        "from bigramlab import *\n" + PAIRS,
        NETWORK,
        NETWORK.replace("        x = self.last(x)\n", "        x = self.last(x) if self.last else x\n"),
        NETWORK.replace("        self.told = True\n", "        self.kind = nn.Linear(16, 2)\n" + KIND),
        NETWORK.replace("        x = x + self.places", "        if not self.told:\n            x = x + self.places"),
        NETWORK.replace("self.last, self.head =", "self.last, self.spare, self.head = nn.LayerNorm(16),").replace(
            "net = Model()", "net = Model()\nnet.spare.requires_grad_(False)"
        ),
    ],
)
def test_what_is_right_is_let_be(told, text):
    wrong, found = told(text)
    assert wrong == {}
    assert found


def test_neither_a_turn_of_a_loop_nor_what_is_imported_is_called_right(told):
    _, found = told("from bigramlab import *\n" + PAIRS)
    names = {item.name for item in found.items}
    assert not names & {"step", "normalize", "smooth", "keep_top_k"}
    assert {"words", "stoi", "xs", "ys", "W", "sample_words"} <= names


@pytest.mark.parametrize(
    ("right", "old", "new", "name", "text"),
    [
        (PAIRS, '    w = "." + w + "."\n', "", "ys", "without the first letter and the end of each"),
        (PAIRS, '"." + w + "."', 'w + "."', "ys", "without the first letter of each"),
        (PAIRS, "F.softmax(W[ix], dim=0)", "F.softmax(W[ix].softmax(0), dim=0)", "sample_words", "shares of shares"),
        (CROSS_ENTROPY, OF_TWO, "return F.nll_loss(p, q)\ntold = cross_entropy(W[xs], ys)", "cross_entropy", "averag"),
        (SCALED, "(x - x.mean()) / x.std()", "x / x.sum(0)", "normalize", "column"),
        (NETWORK, "        x = self.last(x)\n", "        self.last(x)\n", "net", "its `last` gets no gradient"),
        (NETWORK, "    x = block(x)\n", "    y = block(x)\n        x = y\n", "net", "only the last of its `blocks`"),
        (NETWORK, "self.head(x)", "F.linear(x, self.head.weight)", "net", "its `head.bias` gets no gradient"),
        (NETWORK, "self.output(self.before", "(self.before", "net", "its `blocks.0.output` gets no gradient"),
        (NETWORK, "i + 1 : i + length + 1] for i in", "i : i + length] for i in 2 +", "yb", "two places after"),
        (NETWORK, "i + 1 : i + length + 1] for i in", "i : i + length] for i in at.flip(0) + 0 *", "yb", "anew"),
    ],
)  # fmt: skip
def test_a_slip_is_told(told, right, old, new, name, text):
    assert old in right
    wrong, _ = told(right.replace(old, new))
    assert text in wrong[name]


def test_a_vocabulary_of_a_part_of_the_words_lacks_some():
    words = ["anna", "bob", "carla", "dora"]
    ids = {letter: id for id, letter in enumerate([".", *"abclnor"])}
    found = {item.name: item for item in review_names({"words": words, "train": words[:3], "ids": ids}).items}
    assert found["ids"].is_wrong
    assert "'d'" in found["ids"].text
