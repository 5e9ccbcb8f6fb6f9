"""Slips of files that train and write names all the same, each in a lecture that is right without it."""

import inspect

import pytest
import torch
from tools.lecture import write_notebook

from bigramlab import build_vocabulary, count_bigrams, negative_log_likelihood, normalize, smooth
from bigramlab.judge.reading_code import Code
from bigramlab.judge.reading_dicts import collision
from bigramlab.judge.reviewing import review, review_names
from bigramlab.lab.cells import cells_of
from bigramlab.lab.overheard import Overheard

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

LECTURE = """
import random
import torch
import torch.nn.functional as F
random.seed(3)
words = sorted({"".join(random.choices("abcde", k=random.randint(2, 6))) for _ in range(400)})
chars = sorted(set("".join(words)))
stoi = {s: i + 1 for i, s in enumerate(chars)}
stoi["."] = 0
itos = {i: s for s, i in stoi.items()}
temperature = 1.0
# %%
def build_dataset(words):
    block_size = 3
    X, Y = [], []
    for w in words:
        context = [0] * block_size
        for ch in w + ".":
            ix = stoi[ch]
            X.append(context)
            Y.append(ix)
            context = context[1:] + [ix]
    return torch.tensor(X), torch.tensor(Y)
random.shuffle(words)
n1, n2 = int(0.8 * len(words)), int(0.9 * len(words))
train_words, dev_words, test_words = words[:n1], words[n1:n2], words[n2:]
Xtr, Ytr = build_dataset(train_words)
Xdev, Ydev = build_dataset(dev_words)
Xte, Yte = build_dataset(test_words)
# %%
g = torch.Generator().manual_seed(5)
C, W1, W2 = (torch.randn(shape, generator=g) * 0.3 for shape in ((6, 4), (12, 20), (20, 6)))
b1, b2 = torch.zeros(20), torch.zeros(6)
b1 += 0.1
parameters = [C, W1, b1, W2, b2]
for p in parameters:
    p.requires_grad = True
# %%
for step in range(30):
    ix = jx = torch.randint(0, len(Xtr), (32,), generator=g)
    h = torch.tanh(C[Xtr[ix]].view(-1, 12) @ W1 + b1)
    logits = h @ W2 + b2
    loss = F.cross_entropy(logits, Ytr[ix])
    for p in parameters:
        p.grad = None
    loss.backward()
    for p in parameters:
        p.data -= 0.1 * p.grad
# %%
n = 32
Xb, Yb = Xtr[:n], Ytr[:n]
embcat = C[Xb].view(n, -1)
hpreact = embcat @ W1 + b1
h = torch.tanh(hpreact)
logits = h @ W2 + b2
loss = F.cross_entropy(logits, Yb)
for p in parameters:
    p.grad = None
for t in [logits, h, hpreact]:
    t.retain_grad()
loss.backward()
# %%
dlogits = F.softmax(logits, 1)
dlogits[range(n), Yb] -= 1
dlogits /= n
dh = dlogits @ W2.T
dW2 = h.T @ dlogits
db2 = dlogits.sum(0)
dhpreact = (1 - h**2) * dh
# %%
def measure(x, y):
    with torch.no_grad():
        return F.cross_entropy(torch.tanh(C[x].view(len(x), -1) @ W1 + b1) @ W2 + b2, y).item()
train_loss = measure(Xtr, Ytr)
dev_loss = measure(Xdev, Ydev)
# %%
for _ in range(5):
    out, context = [], [0] * 3
    while len(out) < 20:
        logits = torch.tanh(C[torch.tensor([context])].view(1, -1) @ W1 + b1) @ W2 + b2
        probs = F.softmax(logits, dim=1)
        ix = torch.multinomial(probs, num_samples=1, generator=g).item()
        context = context[1:] + [ix]
        out.append(ix)
        if ix == 0:
            break
    print("".join(itos[i] for i in out))
# %%
B, T = 4, 8
x = torch.randn(B, T, 3)
xbow = torch.zeros(B, T, 3)
for b in range(B):
    for t in range(T):
        xbow[b, t] = x[b, :t + 1].mean(0)
wei = torch.tril(torch.ones(T, T))
wei = wei / wei.sum(1, keepdim=True)
xbow2 = wei @ x
# %%
wei = torch.zeros(T, T).masked_fill(torch.tril(torch.ones(T, T)) == 0, float("-inf")).softmax(-1)
xbow3 = wei @ x
"""


@pytest.fixture
def wrong(run, tmp_path):
    """Run a file as `bigramlab check` does; return what is said to be wrong in it, by name."""

    def wrong(text, *, functions=False):
        path = tmp_path / "lecture.ipynb"
        write_notebook(path, text.strip("\n").split("\n# %%\n"))
        cells = cells_of(path)
        with Overheard([cell.filename for cell in cells]) as heard:
            ran = run(text)
        assert not ran.ended
        codes = [Code(cell.place, cell.text) for cell in cells]
        found = [*heard.found(ran.names, {cell.filename: cell.place for cell in cells})]
        things = [thing for thing in ran.things if functions or not inspect.isfunction(thing.value)]  # which take long
        made = review(things, ran.names, codes=codes, heard=found)
        return {item.name: item.text for item in made.items if item.is_wrong and not item.of}

    return wrong


def test_the_lecture_is_right(wrong):
    assert wrong(LECTURE, functions=True) == {}


@pytest.mark.parametrize(
    ("old", "new", "name", "said"),
    [
        # What was made with a slip, of a part of the words, by a function that sets its own size.
        ('w + ".":\n            ix', 'w:\n            ix', "build_dataset", "no target"),
        ("            context = context[1:]", "        context = context[1:]", "build_dataset", "stays as it is"),
        ("X.append(context)", "X.append([context[-1], 0, 0])", "Xtr", "its column 1 has not the token"),
        # Parts.
        ("words[n2:]", "words[n1:]", "test_words", "some words are in two of"),
        ("train_loss = measure(Xtr, Ytr)\ndev_loss = measure(Xdev, Ydev)", "dev_loss = measure(Xtr, Ytr)", "dev_loss",
         "measured on others: `Xtr`"),
        # Training.
        ("parameters = [C, W1", "parameters = [W1", "C", "needs no gradient"),
        ("loss = F.cross_entropy(logits, Ytr[ix])", "loss = F.cross_entropy(logits, Ytr[:32])", "Ytr[:32]",
         "take `Ytr[ix]`"),
        ("loss = F.cross_entropy(logits, Ytr[ix])",
         "kx = torch.randint(0, len(Xtr), (32,))\n    loss = F.cross_entropy(logits, Ytr[kx])", "Ytr[kx]",
         "not the targets"),
        ("p.data -= 0.1 * p.grad", "p = p - 0.1 * p.grad", "p = p - 0.1 * p.grad", "stays as it was"),
        ("p.data -= 0.1 * p.grad", "p.data - 0.1 * p.grad", "p.data - 0.1 * p.grad", "kept nowhere"),
        ("    for p in parameters:\n        p.data -= 0.1 * p.grad",
         "    def moved(all):\n        return [p.data - 0.1 * p.grad for p in all]\n    moved(parameters)",
         "moved(parameters)", "what `moved` returns is kept nowhere"),
        ("p.data -= 0.1 * p.grad", "p.data -= 0 * p.grad", "C", "no parameter is ever moved"),
        ("F.cross_entropy(logits, Ytr[ix])", "F.cross_entropy(logits, Ytr[ix], ignore_index=0)", "cross_entropy",
         "where a word ends"),
        # Gradients by hand.
        ("(1 - h**2) * dh", "(1 - hpreact**2) * dh", "dhpreact", "not the gradient that torch has"),
        ("dW2 = h.T", "dW2 = hpreact.T", "dW2", "not the gradient that torch has"),
        ("(1 - h**2) * dh", "(1 - h) * dh", "dhpreact", "not the gradient that torch has"),
        ("dlogits.sum(0)", "dlogits.mean(0)", "db2", "1/32 of the gradient that torch has: a mean stands where a sum"),
        ("dlogits /= n\n", "", "dlogits", "32 times the gradient"),
        ("dlogits = F.softmax", "dlogits = -F.softmax", "dlogits", "not the gradient"),
        # The walk.
        ("context = context[1:] + [ix]\n        out", "context = [ix] + context[:-1]\n        out", "context",
         "in front of the context"),
        ("F.softmax(logits, dim=1)", "F.softmax(logits, dim=0)", "softmax", "an axis of one row"),
        ("F.softmax(logits, dim=1)", "F.softmax(logits * temperature, dim=1)", "logits * temperature",
         "surer, not freer"),
        # Averages.
        ("x[b, :t + 1].mean(0)", "x[b, :t].mean(0)", "xbow", "its own row left out"),
        ("x[b, :t + 1].mean(0)", "x[b, :t + 1].sum(0)", "xbow", "the sum of `x`"),
        ("wei.sum(1, keepdim=True)", "wei.sum(0, keepdim=True)", "wei", "each column sums to 1"),
    ],
)  # fmt: skip
def test_a_slip_is_named(wrong, old, new, name, said):
    assert old in LECTURE
    found = wrong(LECTURE.replace(old, new, 1), functions=name == "build_dataset")
    assert name in found
    assert said in found[name]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("block_size = 3\n", "size, block_size = 0, 3\n"),
        ("    block_size = 3\n", "    block_size = 3  # tokens\n    assert block_size\n"),
        ("    p.requires_grad = True", "    p.requires_grad_()"),
        ("F.cross_entropy(logits, Ytr[ix])", "F.cross_entropy(logits, Ytr[jx])"),  # of the line that makes both
        ("dlogits /= n", "dlogits = 1 / n * dlogits"),
        # What is only timed.
        ("train_loss = measure(Xtr, Ytr)", "def doubled(x):\n    return 2 * x\nfor _ in range(9):\n    doubled(W1)\n"
         "    W1 + W1\ntrain_loss = measure(Xtr, Ytr)"),
        # Of another batch, whose `hpreact` nobody made.
        ("(1 - h**2) * dh", "(1 - h**2) * dh\n# %%\nwith torch.no_grad():\n"
         "    h = torch.tanh(C[Xtr[n:2 * n]].view(n, -1) @ W1 + b1)\n    dhpreact = (1 - h**2) * dh"),
        ("dh = dlogits @ W2.T", "dh = dlogits @ W2.T\ndx = torch.randn(n, 3)"),
        ("# %%\nB, T = 4, 8", "wei = torch.ones(8, 8)\nwei = wei / wei.sum(0)\n# %%\nB, T = 4, 8"),
        ("X.append(context)", "X.append([context[-1], context[0], context[-2]])"),  # in an order of one's own
        ("[0] * block_size", "[0] * block_size + []"),
        ("F.softmax(logits, dim=1)", "F.softmax(logits / temperature, dim=1)"),
        ("p.data -= 0.1 * p.grad", "step = 0.1 * p.grad\n        p.data = p.data - step"),
        ("    for p in parameters:\n        p.data -= 0.1 * p.grad",
         "    def move(all):\n        for p in all:\n            p.data -= 0.1 * p.grad\n        return all\n"
         "    move(parameters)"),
        ("    for p in parameters:\n        p.data -= 0.1 * p.grad",
         "    def move(all):\n        all[0].data.sub_(0.1 * all[0].grad)\n        return all\n"
         "    for at in range(5):\n        move(parameters[at:])"),
        ("train_loss = measure(Xtr, Ytr)", "train_loss = measure(torch.cat([Xtr, Xdev]), torch.cat([Ytr, Ydev]))"),
    ],
)  # fmt: skip
def test_what_only_looks_like_a_slip_is_let_be(wrong, old, new):
    assert old in LECTURE
    text = LECTURE.replace(old, new, 1)
    text = (
        text.replace("ix = torch.randint(0, len(Xtr)", "ix = jx = torch.randint(0, len(Xtr)") if "[jx]" in new else text
    )
    assert wrong(text) == {}


SMALL = """
import torch
from collections import Counter, defaultdict
words = ["anna", "bob", "carla", "dora", "emil", "fred", "gina", "hugo", "ida", "jana", "kurt", "lena"]
chars = "." + "".join(sorted(set("".join(words))))
stoi = {c: i for i, c in enumerate(chars)}
ids = [stoi[c] for c in "." + ".".join(words) + "."]
tr_ids, va_ids, te_ids = ids[:40], ids[40:50], ids[50:]
train, va, te = words[:8], words[8:10], words[10:]
xs = [stoi[c] for w in words for c in "." + w]
ys = [stoi[c] for w in words for c in w + "."]
xs, ys = torch.tensor(xs), torch.tensor(ys)
counts = Counter(pair for w in words for pair in zip("." + w, w + "."))
totals = Counter(a for w in words for a in "." + w)
probs = {(a, b): counts[a, b] / totals[a] for a in chars for b in chars}
class Layer:
    def __init__(self, size):
        self.weight, self.running = torch.ones(size, 2, requires_grad=True), torch.ones(2)
class Model:
    def __init__(self):
        self.layers = {"first": Layer(2), "others": [Layer(3), Layer(4)]}
model = Model()
"""


@pytest.mark.parametrize(
    ("old", "new", "name", "said"),
    [
        ("", "", "", ""),
        ("xs, ys = torch", "ys, xs = torch", "ys", "`xs` has the targets: what goes in and the targets are exchanged"),
        ("words[10:]", "words[8:]", "te", "some words are in two of"),
        ("counts[a, b] / totals[a]", "counts[a, b] / totals[a] + 1", "probs", "no row sums to 1"),
        ("counts[a, b] / totals[a]", "counts[a, b] / len(chars)", "probs", "its rows do not sum to 1"),
        ("counts[a, b] / totals[a]", "counts[a, b] / totals.total()", "", ""),  # of the pair, and not of the second
        ("probs =", "scores =", "", ""),
        ("probs =", "probs = [[0.5, 0.25], [0.5], [0.25, 0.1, 0.2]]\nscores =", "", ""),  # of each step of some words
        ("model = Model()", "model = Model()\nmodel.layers['others'][1].weight.requires_grad_(False)", "Layer",
         "`model.layers['others'][1].weight` needs no gradient"),
        ("model = Model()", "model = Model()\nfor one in model.layers['others'] + [model.layers['first']]:\n"
         "    one.weight.requires_grad_(False)", "", ""),
    ],
)  # fmt: skip
def test_what_the_values_alone_show_is_named(old, new, name, said):
    names = {}
    exec(SMALL.replace(old, new, 1), names)
    made = review_names(names)
    wrong = {item.name: item.text for item in made.items if item.is_wrong}
    assert list(wrong) == ([name] if name else [])
    assert said in wrong.get(name, "")


def test_a_text_that_is_a_piece_of_another_part_is_told():
    ids = torch.randint(9, (900,), generator=torch.Generator().manual_seed(3)).tolist()
    parts = {"train_ids": ids[:700], "val_ids": ids[600:], "all_ids": ids}
    assert not {item.name for item in review_names(parts).items if item.is_wrong}
    wrong = [item for item in review_names({**parts, "val_ids": ids[500:650]}).items if item.is_wrong]
    assert ["`val_ids` is a piece of `train_ids`" in item.text for item in wrong] == [True]


def test_the_best_loss_of_the_training_words_chooses_nothing():
    words = ["anna", "bob", "carla", "dora", "emil", "fred", "gina", "hugo", "ida", "jana", "kurt", "lena"]
    train, dev = words[:8], words[8:]
    vocabulary = build_vocabulary(words)
    counts = count_bigrams(train, vocabulary)
    tables = {k: normalize(smooth(counts, k)) for k in (0.1, 1.0)}
    for name, of in (("train", train), ("dev", dev)):
        best = negative_log_likelihood(count_bigrams(of, vocabulary), tables[0.1])
        made = {"words": words, "train": train, "dev": dev, "N": counts, "P": tables[0.1], "best": best, "best_k": 0.1}
        wrong = {item.name: item.text for item in review_names(made).items if item.is_wrong}
        assert list(wrong) == (["best"] if name == "train" else [])
        assert "choose on words" in wrong.get("best", "choose on words")


def test_numbers_that_are_none_are_not_blamed_on_a_training_whose_weights_are_fine():
    w, b = torch.ones(2, 3, requires_grad=True), torch.ones(3, requires_grad=True)
    made = {"W": w, "b": b, "parameters": [w, b], "logits": w * torch.nan}
    assert [item.text for item in review_names(made).items] == ["no numbers, though the weights are"]
    made["W"] = made["parameters"][0] = (w.detach() * torch.nan).requires_grad_()
    assert {item.text for item in review_names(made).items} == {"no numbers any more: the training diverged"}


def test_numbers_by_letters_are_no_ids():
    kinds = {".": 4, "a": 5, "b": 4, "c": 3, "d": 2, "e": 3, "f": 2}  # how many kinds of letters follow each
    ids = {token: number - 2 for token, number in kinds.items()}
    assert not collision(kinds)
    assert "'.' and 'b' have the same id, 2" in collision(ids)
