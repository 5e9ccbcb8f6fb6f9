"""What is said of a whole network of a file: of its heads, its batches, and of what it draws."""

import re
import textwrap
import types

import pytest

from bigramlab import check
from bigramlab.judge.reading_code import Code
from bigramlab.judge.reviewed import Thing
from bigramlab.judge.reviewing import review
from bigramlab.lab.cells import cells_of

pytestmark = pytest.mark.slow

GPT = """
import torch
from torch import nn
from torch.nn import functional as F

torch.manual_seed(3)
words = ["anna", "bob", "carla", "dora", "emil", "fred", "gina", "hugo", "ida", "jana"] * 9
text = "." + ".".join(words) + "."
chars = sorted(set(text))
stoi = {c: i for i, c in enumerate(chars)}
data = torch.tensor([stoi[c] for c in text])
n = int(0.9 * len(data))
train_data, val_data = data[:n], data[n:]
T, C, H, V = 8, 12, 3, len(chars)

def get_batch(split):
    part = train_data if split == "train" else val_data
    ix = torch.randint(len(part) - T - 2, (16,))
    return torch.stack([part[i:i + T] for i in ix]), torch.stack([part[i + 1:i + T + 1] for i in ix])

class Head(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.key, self.query, self.value = (nn.Linear(C, size, bias=False) for _ in range(3))
        self.register_buffer("tril", torch.tril(torch.ones(T, T)))
    def forward(self, x):
        k, q, v = self.key(x), self.query(x), self.value(x)
        wei = q @ k.transpose(-2, -1) * k.shape[-1] ** -0.5
        wei = wei.masked_fill(self.tril[:x.shape[1], :x.shape[1]] == 0, float("-inf"))
        return F.softmax(wei, dim=-1) @ v

class Attention(nn.Module):
    def __init__(self, n_head):
        super().__init__()
        self.n_head = n_head
        self.c_attn, self.c_proj = nn.Linear(C, 3 * C), nn.Linear(C, C)
    def forward(self, x):
        B, t, _ = x.shape
        q, k, v = (one.view(B, t, self.n_head, -1).transpose(1, 2) for one in self.c_attn(x).split(C, dim=2))
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.c_proj(y.transpose(1, 2).reshape(B, t, C))

class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.tokens, self.position_embedding = nn.Embedding(V, C), nn.Embedding(T, C)
        self.heads = nn.ModuleList([Head(C // H) for _ in range(H)])
        self.attention, self.drop, self.head = Attention(2), nn.Dropout(0.1), nn.Linear(C, V)
    def forward(self, idx, targets=None):
        x = self.tokens(idx) + self.position_embedding(torch.arange(idx.shape[1]))
        x = x + self.drop(torch.cat([head(x) for head in self.heads], dim=-1))
        logits = self.head(x + self.attention(x))
        if targets is None:
            return logits, None
        logits = logits.view(-1, V)
        return logits, F.cross_entropy(logits, targets.view(-1))
    def generate(self, idx, n):
        for _ in range(n):
            logits, _ = self(idx[:, -T:])
            probs = F.softmax(logits[:, -1, :], dim=-1)
            idx = torch.cat((idx, torch.multinomial(probs, 1)), dim=1)
        return idx

model = Model()
xb, yb = get_batch("train")
logits, loss = model(xb, yb)
"""


def looked_at(text):
    """Return what is said of all that a script makes."""
    module = types.ModuleType("lecture")
    exec(textwrap.dedent(text), vars(module))
    return check(vars(module))


def test_a_right_network_is_right_with_its_heads_and_batches():
    made = looked_at(GPT)
    assert made
    said = {item.name: item.text for item in made.items if item.verdict == "right"}
    assert said["yb"] == "the token after each of `xb`"
    assert said["Head"].startswith("attention to the places up to its own")
    assert said["Attention"] == said["Head"]
    assert said["model"] == "at each place it sees the tokens up to there, and none after them"


def test_a_network_is_trained_after_it_was_looked_at_if_it_was_before():
    module = types.ModuleType("lecture")
    exec(GPT, vars(module))
    module.model.heads.eval()
    check(vars(module))
    assert module.model.training
    assert module.model.drop.training
    assert not module.model.heads.training


@pytest.mark.parametrize(
    ("old", "new", "name", "text"),
    [
        ("part[i + 1:i + T + 1]", "part[i:i + T]", "yb", "the very tokens of `xb`"),
        ("part[i + 1:i + T + 1]", "part[i + 2:i + T + 2]", "yb", "the tokens two places after"),
        ("xb, yb = ", "yb, xb = ", "yb", "the token before each of `xb`"),
        ("is_causal=True", "is_causal=False", "model", "at each place it sees the tokens after it"),
        ("torch.tril(torch", "torch.triu(torch", "model", "at each place it sees the tokens after it"),
        ("ones(T, T))", "ones(T, T), diagonal=1)", "model", "at each place it sees the token after it, too"),
        ('float("-inf")', "0", "Head", "the later places are masked with 0"),
        ("wei, dim=-1", "wei, dim=-2", "Head", "the softmax goes over the queries"),
        (" * k.shape[-1] ** -0.5", "", "Head", "its scores are not divided"),
        ("** -0.5", "** 0.5", "Head", "its scores are multiplied by the root"),
        ("** -0.5", "** -1", "Head", "its scores are divided by the head's size"),
        ("wei, dim=-1) @ v", "wei, dim=-1) @ k", "Head", "it adds up keys"),
        ("q @ k.transpose", "k @ k.transpose", "Head", "it multiplies keys by keys"),
        ("q @ k.transpose(-2, -1) *", "q @ q.transpose(-2, -1) *", "Head", "it multiplies queries by queries"),
        ('wei.masked_fill(self.tril[:x.shape[1], :x.shape[1]] == 0, float("-inf"))\n'
         "        return F.softmax(wei, dim=-1)", "F.softmax(wei, dim=-1)\n"
         "        return wei.masked_fill(self.tril[:x.shape[1], :x.shape[1]] == 0, 0)", "Head",
         "the later places are set to 0 after the softmax"),
        ("nn.ModuleList([Head(C // H) for _ in range(H)])", "[Head(C // H) for _ in range(H)]", "model",
         "its `heads` are in a plain list"),
        ("nn.ModuleList([Head(C // H) for _ in range(H)])", "[Head(C // H) for _ in range(H)]\n"
         "        self.known = nn.ModuleList(self.heads)", None, ""),
        ("y.transpose(1, 2).reshape", "y.reshape", "Attention", "the heads are not put side by side again"),
        ("self.n_head, -1).transpose(1, 2)", "-1, self.n_head).permute(0, 3, 1, 2)", None, ""),
        (" + self.position_embedding(torch.arange(idx.shape[1]))", "", "model", "`position_embedding.weight` has no"),
        ("torch.arange(idx.shape[1])", "0 * idx", "model", "it has the same row of `position_embedding.weight`"),
        ("logits.view(-1, V)", "logits.reshape(V, -1).T", "model", "given the targets, it has its logits in another"),
        ("F.cross_entropy(logits,", "F.cross_entropy(logits.softmax(1),", "model", "its loss takes the softmax twice"),
        ("self.drop(torch", "F.dropout(torch", "model", "its logits are others with each call"),
        ("logits[:, -1, :]", "logits[:, 0, :]", "model", "it draws the next token by the logits of the first place"),
        ("F.softmax(logits[:, -1, :], dim=-1)", "torch.ones(len(idx), V)", "model", "it draws every token as often"),
        ("(idx, torch.multinomial(probs, 1))", "(torch.multinomial(probs, 1), idx)", "model", "what it draws is put"),
        ("data[:n], data[n:]", "data[:n], data[:n]", "val_data", "some tokens are in two of"),
    ],
)  # fmt: skip
def test_a_slip_in_a_network_is_named(old, new, name, text):
    assert old in GPT
    made = looked_at(GPT.replace(old, new, 1))
    wrong = {item.name: item.text for item in made.items if item.is_wrong}
    assert wrong.get(name, "").startswith(text) if name else not wrong


def test_a_network_whose_head_gives_the_same_for_all_is_not_blamed_for_drawing_evenly():
    made = looked_at(GPT + "with torch.no_grad():\n    model.head.weight.zero_(), model.head.bias.zero_()\n")
    assert not [item for item in made.items if item.is_wrong]


TABLE = """
import torch
torch.manual_seed(1)
T = 5
wei = torch.rand(T, T).tril()
wei = wei / wei.sum(1, keepdim=True)
"""


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("tril", "tril", "right: how much each place attends"),
        ("sum(1", "sum(0", "mistake: each column sums to 1"),
        ("tril", "triu", "mistake: each place attends to those after it"),
        ("wei / ", "2 * wei / ", None),
        (".tril()", "", None),
    ],
)
def test_a_table_of_shares_is_known_by_what_is_above_its_diagonal(old, new, said):
    made = looked_at(re.sub(re.escape(old), new, TABLE, count=1))
    found = [f"{item.verdict}: {item.text}" for item in made.items if item.name == "wei"]
    assert found[-1].startswith(said) if said else not found


ATTENDED = """
import torch
torch.manual_seed(1)
tril = torch.tril(torch.ones(5, 5))
q, k, v = torch.randn(3, 2, 5, 4)
wei = q @ k.transpose(-2, -1) * 4**-0.5
wei = wei.masked_fill(tril == 0, float("-inf"))
out = wei.softmax(-1) @ v
"""


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("wei.masked_fill(", "wei.masked_fill(", "right: attention to the places up to its own"),
        (
            'wei = wei.masked_fill(tril == 0, float("-inf"))',
            "",
            "mistake: each place attends to those after it, too: `tril`",
        ),
        (" * 4**-0.5", "", "mistake: its scores are not divided"),
    ],
)
def test_attention_of_queries_keys_and_values_is_computed_again(old, new, said):
    made = looked_at(ATTENDED.replace(old, new, 1))
    (text,) = [f"{one.verdict}: {one.text}" for one in made.items if one.name == "out"]
    assert text.startswith(said)


def test_attention_to_all_places_is_no_mistake_where_nothing_is_made_to_mask():
    made = looked_at("\n".join(line for line in ATTENDED.splitlines() if "tril" not in line))
    assert "out" not in [item.name for item in made.items]


WALK = """
import random
import torch
words = ["anna", "bob", "carla", "dora", "emil", "fred", "gina", "hugo", "ida", "jana", "aaron", "bella"]
tokens = ["."] + sorted(set("".join(words)))
ids = {token: id for id, token in enumerate(tokens)}
N = torch.zeros(len(tokens), len(tokens), dtype=torch.int32)
for word in words:
    for a, b in zip("." + word, word + "."):
        N[ids[a], ids[b]] += 1
P = N / N.sum(1, keepdim=True)

def name(rng):
    id, word = 0, ""
    while True:
        row = P[id].tolist()
        id = rng.choices(range(len(tokens)), weights=row)[0]
        if id == 0:
            return word
        word = word + tokens[id]

class Model:
    def draw(self):
        return name(random)
model = Model()
"""


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("return word\n", "return word\n", "right: its words are drawn by the probabilities"),
        ("return word\n", "return word.upper()\n", "right: its words are drawn by the probabilities"),
        ("word + tokens[id]", "tokens[id] + word", "wrong: the letters of its words come out backwards"),
        ("id, word = 0", "id, word = 1", "wrong: its words begin as if after `a`"),
        ("id, word = 0", "id, word = rng.randrange(1, len(tokens))", "wrong: its words begin as if after just any l"),
        ("id, word = 0", "id, word = rng.randrange(len(tokens))", "wrong: its words begin as if after just any t"),
        ('id, word = 0, ""', "id = rng.randrange(1, len(tokens)); word = tokens[id]", "wrong: its words begin with"),
        ('id, word = 0, ""', 'id, word = ids["b"], "b"', None),  # a beginning of one's own
        ("if id == 0:", 'if not id and word[0] > "c":\n            id, word = 0, ""\n        elif id == 0:', None),
        (", weights=row", "", "wrong: every token is drawn as often as any other"),
        ("weights=row", "weights=[one > 0 for one in row]", "wrong: what may follow is drawn evenly"),
        ("P[id].tolist()", "P[0].tolist()", None),  # which never ends, as no word is empty
        ("P[id].tolist()", "P[:, id].tolist()", "wrong: it goes down the columns"),
        ("P[id].tolist()", "(P[id] ** 2).tolist()", None),
        (
            "rng.choices(range(len(tokens)), weights=row)[0]",
            "max(range(len(tokens)), key=row.__getitem__)",
            "wrong: it takes the likeliest token",
        ),
        ("id, word = 0", "rng = random.Random(4)\n    id, word = 0", None),
        ("(rng):\n    id, word = 0", "(rng, start=3):\n    id, word = start", None),
    ],
)
def test_what_draws_words_is_judged_by_many_of_them(old, new, said):
    made = looked_at(WALK.replace(old, new, 1))
    found = {item.name: f"{item.verdict}: {item.text}" for item in made.items}
    assert found["P"].startswith("right")
    for one in ("name", "model.draw")[: 1 if "start" in new or "max(" in new else 2]:  # which takes no generator
        assert found[one].startswith(said) if said else not found.get(one, "").startswith(("right", "wrong"))


VALUE = """
import math
class Value:
    def __init__(self, data, children=()):
        self.data, self.grad, self.children, self._backward = data, 0.0, children, lambda: None
    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data + other.data, (self, other))
        def _backward():
            self.grad += out.grad
            other.grad += out.grad
        out._backward = _backward
        return out
    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data * other.data, (self, other))
        def _backward():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad
        out._backward = _backward
        return out
    def __pow__(self, n):
        out = Value(self.data ** n, (self,))
        def _backward():
            self.grad += n * self.data ** (n - 1) * out.grad
        out._backward = _backward
        return out
    def relu(self):
        out = Value(max(0, self.data), (self,))
        def _backward():
            self.grad += (out.data > 0) * out.grad
        out._backward = _backward
        return out
    def backward(self):
        order, seen = [], set()
        def build(v):
            if v not in seen:
                seen.add(v)
                for child in v.children:
                    build(child)
                order.append(v)
        build(self)
        self.grad = 1.0
        for v in reversed(order):
            v._backward()
    __radd__ = __add__
    __rmul__ = __mul__
    def __neg__(self): return self * -1
    def __sub__(self, other): return self + -other
    def __truediv__(self, other): return self * other ** -1
    def __rtruediv__(self, other): return other * self ** -1
"""


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("", "", "right: its operations and their gradients"),
        (
            "self.grad += out.grad\n            other",
            "self.grad = out.grad\n            other",
            "the gradient of `(a + 1) * (a + b)`",
        ),
        ("self.grad += other.data *", "self.grad += self.data *", "the gradient of `a * b`"),
        ("n * self.data ** (n - 1)", "self.data ** (n - 1)", "the gradient of `a ** 3`"),
        ("(out.data > 0) * out.grad", "out.grad", "the gradient of `(-a).relu()`"),
        ("reversed(order)", "order", "the gradient of `a * b * 3`"),
        ("return self + -other", "return self + other", "`a - b` is another number"),
        ("max(0, self.data)", "min(0, self.data)", "`a.relu()` is another number"),
    ],
)
def test_a_class_of_numbers_with_gradients_is_tried(old, new, said):
    made = looked_at(VALUE.replace(old, new, 1))
    found = {item.name: f"{item.verdict}: {item.text}" for item in made.items}
    assert said in found["Value"]
    assert bool(made) == said.startswith("right")


NORM = """
def rmsnorm(x):
    ms = sum(xi * xi for xi in x) / len(x)
    scale = (ms + 1e-5) ** -0.5
    return [xi * scale for xi in x]
"""


@pytest.mark.parametrize(
    ("old", "new", "verdict", "text"),
    [
        ("", "", "right", "as `rms_norm`, without a gain"),
        ("-0.5", "0.5", "wrong", "The vector is multiplied by its size"),
        (" / len(x)", "", "wrong", "The squares are"),
    ],
)
def test_a_norm_of_a_list_without_a_gain_is_judged(old, new, verdict, text):
    (item,) = looked_at(NORM.replace(old, new, 1)).items
    assert item.verdict == verdict
    assert text in item.text


PICKED = """
import torch
from torch.nn import functional as F
torch.manual_seed(5)
X, Y = torch.randint(0, 9, (90, 3)), torch.randint(0, 9, (90,))
Xtr, Ytr, Xdev, Ydev = X[:70], Y[:70], X[70:], Y[70:]
for step in range(3):
    ix = torch.randint(0, len(Xtr), (16,))
    Xb, Yb = Xtr[ix], Ytr[ix]
ix = 3
def split_loss(split):
    x, y = {"train": (Xtr, Ytr), "val": (Xdev, Ydev)}[split]
    return len(x)
"""


@pytest.mark.parametrize(
    ("old", "new", "name", "text"),
    [
        ("", "", "", ""),
        ("Ytr[ix]", "Ytr[:16]", "Yb", "not the targets of `Xb`, which has the rows `ix` of `Xtr`: take `Ytr[ix]`"),
        (
            '"val": (Xdev, Ydev)',
            '"val": (Xtr, Ytr)',
            "'val'",
            "stands for the dev words, and has",
        ),
        (
            '"val": (Xdev, Ydev)',
            '"val": (Xdev, Ytr)',
            "'val'",
            "stands for the dev words, and has",
        ),
        ('"val": (Xdev, Ydev)', '"test": (Xdev, Ydev)', "", ""),  # there is no other to test with
    ],
)
def test_targets_and_parts_of_others_are_named(old, new, name, text, tmp_path):
    path = tmp_path / "script.py"
    path.write_text(PICKED.replace(old, new, 1), encoding="utf-8")
    cells = cells_of(path)
    things, names = made_by(path)
    made = review(things, names, codes=[Code(cell.place, cell.text) for cell in cells])
    wrong = {item.name: item.text for item in made.items if item.is_wrong}
    assert list(wrong) == ([name] if name else [])
    assert wrong.get(name, "").startswith(text)


def made_by(path):
    """Return the things of a script, those of its loop in one place, and its names."""
    module = types.ModuleType("script")
    exec(path.read_text(encoding="utf-8").split("ix = 3")[0], vars(module))
    things = [Thing(name, value, "line 7") for name, value in vars(module).items() if not name.startswith("__")]
    return [*things, Thing("ix", 3, "line 10")], vars(module)


NORMING = """
import torch
class BatchNorm1d:
    def __init__(self, dim, eps=1e-5, momentum=0.1):
        self.eps, self.momentum, self.training = eps, momentum, True
        self.gamma, self.beta = torch.ones(dim), torch.zeros(dim)
        self.running_mean, self.running_var = torch.zeros(dim), torch.ones(dim)
    def __call__(self, x):
        xmean, xvar = x.mean(0, keepdim=True), x.var(0, keepdim=True)
        self.out = self.gamma * (x - xmean) / torch.sqrt(xvar + self.eps) + self.beta
        self.running_mean = (1 - self.momentum) * self.running_mean + self.momentum * xmean
        return self.out
class LayerNorm:
    def __init__(self, dim):
        self.gain = torch.ones(dim)
    def __call__(self, x):
        return self.gain * (x - x.mean(-1, keepdim=True)) / (x.std(-1, keepdim=True, unbiased=False) + 1e-6)
"""


@pytest.mark.parametrize(
    ("old", "new", "name", "text"),
    [
        ("", "", "", ""),
        ("x.mean(0, keepdim=True), x.var(0", "x.mean(1, keepdim=True), x.var(1", "BatchNorm1d", "mean 0 and"),
        ("torch.sqrt(xvar + self.eps)", "(xvar + self.eps)", "BatchNorm1d", "it divides by the variance"),
        ("x.var(0", "x.std(0", "BatchNorm1d", "it divides by the root of the standard deviation"),
        ("(x - xmean) / torch.sqrt(xvar + self.eps)", "(x - xmean)", "BatchNorm1d", "it does not divide"),
        ("self.momentum * xmean", "self.momentum * xvar", "BatchNorm1d", "`running_mean` is made of the variance"),
        ("(1 - self.momentum) * self.running_mean + self.momentum *", "0.1 * self.running_mean + 0.9 *",
         "BatchNorm1d", "one batch moves `running_mean` nearly all the way"),
        ("(x - x.mean(-1, keepdim=True))", "x", "LayerNorm", "it does not take away the mean"),
        ("(x - x.mean(-1, keepdim=True))", "(x - x.mean(0, keepdim=True))", "LayerNorm", "its result does not have"),
        ("x.mean(-1, keepdim=True)) / (x.std(-1", "x.mean(0, keepdim=True)) / (x.std(0", "LayerNorm", "mean 0 and"),
    ],
)  # fmt: skip
def test_a_norm_of_ones_own_is_tried(old, new, name, text):
    made = looked_at(NORMING.replace(old, new, 1))
    wrong = {item.name: item.text for item in made.items if item.is_wrong}
    assert list(wrong) == ([name] if name else [])
    assert wrong.get(name, "").startswith(text)
    assert len(made.items) == 2


@pytest.mark.parametrize(
    ("axes", "shape", "told"),
    [
        ("0", "8, 3, 4", "`running_mean` has the shape (1, 3, 4)"),
        ("(0, 1)", "8, 3, 4", ""),
        ("(0, 2)", "8, 4, 1", ""),  # with the numbers of a place on the middle axis
        ("0", "8, 4", ""),
        ("0", "8, 1, 4", ""),
    ],
)
def test_a_batch_norm_that_keeps_a_mean_for_each_place_is_told(axes, shape, told):
    norming = NORMING.replace("mean(0,", f"mean({axes} if x.dim() == 3 else 0,").replace("torch.zeros(dim)", "0.0")
    made = looked_at(f"{norming}\nbn = BatchNorm1d(4)\nmade = bn(torch.randn({shape}))")
    said = {item.name: item for item in made.items}["BatchNorm1d"]
    assert said.is_wrong == bool(told)
    assert told in said.text


def test_losses_of_two_parts_that_are_one_number_are_named():
    made = looked_at("train_loss = 2.4178\nval_loss, best_loss = 2.4178, 2.4178\ntest_acc = 2.4178")
    assert {item.name for item in made.items if item.is_wrong} == {"val_loss"}
    assert looked_at("train_loss = 2.4178\nval_loss = 2.4179\ntrain_loss_before = 0.0\nval_loss_before = 0.0")
