"""What files plan, measure, choose and write down: each slip is seen, and what resembles it and is right is let be."""

import numpy as np
import pytest
import torch
from torch import nn

from bigramlab.judge.loops import slips_in_loops
from bigramlab.judge.own_filters import look_at_own_filters
from bigramlab.judge.own_layers import look_at_flattening
from bigramlab.judge.reading_code import Code
from bigramlab.judge.reviewed import MISTAKE, RIGHT, WRONG, Thing
from bigramlab.judge.reviewing import review

pytestmark = pytest.mark.slow

TRAINING = """
for i in range(1000):
    loss = F.cross_entropy(net(X), Y)
    for p in parameters: p.grad = None
    loss.backward()
    lr = 0.1 if i < 700 else 0.01
    for p in parameters: p.data -= lr * p.grad
"""
OPTIMIZED = """
optimizer = torch.optim.Adam(net.parameters())
schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 500)
for step in range(500):
    optimizer.zero_grad()
    F.cross_entropy(net(X), Y).backward()
    optimizer.step()
    schedule.step()
"""
SET_ANEW = """
for step in range(1, cfg.steps + 1):
    for group in optimizer.param_groups:
        group["lr"] = cfg.lr * planned(step)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
"""
MEASURED_WITHIN = """
def measured():
    net.eval()
    loss = F.cross_entropy(net(X), Y)
    net.train()
    return loss
for step in range(500):
    optimizer.zero_grad()
    F.cross_entropy(net(X), Y).backward()
    optimizer.step()
    if step % 100 == 0: print(measured())
"""
BEST = """
for order in range(1, 4):
    results[order] = cross_entropy(model, dev)
best = min(results, key=results.get)
"""
EARLY = """
for epoch in range(10):
    dev_loss = evaluate(net, dev)
    if dev_loss < best_loss:
        best_loss, best_state = dev_loss, copy.deepcopy(net.state_dict())
net.load_state_dict(best_state)
"""
KEPT = """
for epoch in range(10):
    dev_loss = evaluate(net, dev)
    if best is None or dev_loss < best[0]:
        best = (dev_loss, copy.deepcopy(net.state_dict()))
net.load_state_dict(best[1])
"""
MEAN = """
def evaluate(net, batches):
    total, n = 0.0, 0
    for x, y in batches:
        total += F.cross_entropy(net(x), y).item() * len(y)
        n += len(y)
    return total / n
"""
WALK = """
def generate():
    current, text = "<", ""
    while current != ">":
        weights = [prob(current, one) for one in symbols]
        current = random.choices(symbols, weights)[0]
        text += current
    return text
"""
PARTS = """
train_ids = vectorize(all_names[:80])
val_ids = vectorize(all_names[80:90])
"""
EACH = "losses = {split: model(*get_batch(split)) for split in ('train', 'val')}"
WAVES = """
def places(T, d):
    table = torch.zeros(T, d)
    table[:, 0::2] = torch.sin(at * rate)
    table[:, 1::2] = torch.cos(at * rate)
    return table
"""
NORMED = """
for i in range(3):
    bnmean_running = 0.99 * bnmean_running + 0.01 * bnmeani
    bnstd_running = 0.99 * bnstd_running + 0.01 * bnstdi
@torch.no_grad()
def split_loss(h):
    return (h - bnmean_running) / bnstd_running
"""
PERPLEXITY = """
def perplexity(words):
    total = sum(math.log(prob(a, b)) for a, b in pairs(words))
    return math.exp(-total / len(words))
"""
PICKED = """
for step in range(100):
    ix = torch.randint(0, len(X), (16,))
    loss = F.cross_entropy(net(X[ix]), Y[ix])
    optimizer.zero_grad(); loss.backward(); optimizer.step()
"""
HEADS = "heads = nn.ModuleList([Head(8) for _ in range(4)])"
FORWARD = "net = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 4))"
MASKED = "wei = wei.masked_fill(tril == 0, float('-inf'))"


def slips(code, **names):
    return [one.text for one in slips_in_loops([Code("", code)], names)]


WITH_DROPOUT = {"net": nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.1))}
WORDS = ["emma", "ava"]
LOSSES = {"results": {1: 2.5, 2: 2.3, 3: 2.4}}
PLACES = {"dC": np.zeros((2, 3, 2)), "X": np.array([[0, 1], [0, 2]])}
ADDED = {"dC": np.zeros((3, 2)), "X": np.array([0, 1, 1])}
MOMENTS = {"bnmean_running": torch.zeros(2), "bnstd_running": torch.ones(2)}
ROWS = {"X": torch.zeros(100, 2), "Y": torch.zeros(100)}
IN_A_ROW = {"net": nn.Sequential(nn.Linear(4, 16), nn.Linear(16, 4))}


@pytest.mark.parametrize(
    ("code", "old", "new", "names", "text"),
    [
        (TRAINING, "0.1 if i < 700 else 0.01", "0.01 if i < 700 else 0.1", {}, "from 0.01 to 0.1 at step 700"),
        (TRAINING, "0.1 if i < 700 else 0.01", "0.1 * 0.9 ** i", {}, "less than a millionth"),
        (OPTIMIZED, "    schedule.step()", "schedule.step()", {}, "called once, when the training is over"),
        (SET_ANEW, "= cfg.lr *", "*=", {}, "multiplied anew in each step"),
        (MEASURED_WITHIN, "    net.train()\n", "", WITH_DROPOUT, "never set back to `train()`"),
        (BEST, "min(", "max(", LOSSES, "the largest of `results`"),
        (EARLY, "dev_loss < best", "dev_loss > best", {}, "replaced where `dev_loss` is larger"),
        (EARLY, "copy.deepcopy(net.state_dict())", "net.state_dict()", {}, "kept without a copy"),
        (KEPT, "copy.deepcopy(net.state_dict())", "net.state_dict()", {}, "kept without a copy"),
        (MEAN, " * len(y)", "", {}, "means of batches are added up and divided by `n`"),
        (WALK, "(symbols, weights)", "(symbols)", {}, "`weights` is computed and not given to it"),
        (PARTS, "[80:90]", "[70:80]", {"all_names": ["a"] * 100}, "has 10 in common with `all_names[:80]`"),
        (EACH, "get_batch(split)", "get_batch('train')", {}, "made of `train` whatever `split` is"),
        ("tr, dev = loss(P, train), loss(P, dev)", "P, dev", "P, train", {}, "made as `tr` is, of the train words"),
        ("curve = torch.tensor(losses).view(-1, 50).mean(1)", "mean(1)", "mean(0)", {}, "far apart"),
        ("bits = nats / math.log(2)", "/", "*", {}, "nats are multiplied by `math.log(2)`"),
        (WAVES, "torch.cos", "torch.sin", {}, "its odd columns are the same `sin`"),
        (NORMED, "* bnstdi", "* bnmeani", MOMENTS, "it is made of means"),
        (NORMED, "(h - bnmean_running) / bnstd_running", "(h - h.mean(0)) / h.std(0)", MOMENTS, "measured just now"),
        (PERPLEXITY, "math.exp(", "2 ** (", {}, "to base e, and their mean is made the power of 2"),
        (PERPLEXITY, "math.log(", "math.log2(", {}, "to base 2, and their mean is made the power of e"),
        ("perplexity = 2 ** bits_per_letter", "2 ** bits_per_letter", "math.exp(bits_per_letter)", {}, "is in bits"),
        ("print(d / math.log(2), math.exp(d))", "math.exp(d)", "2 ** d", {}, "in nats, as it is divided"),
        ("np.add.at(dC[0], X[:, 0], de)", "np.add.at(dC[0], X[:, 0], de)", "dC[0][X[:, 0]] += de", PLACES, "same row"),
        (PICKED, "len(X), (16,)", "16, (16,)", ROWS, "only the first 16 of 100 rows"),
        ("np.add.at(dC, X, de)", "np.add.at(dC, X, de)", "dC[X] += de", ADDED, "the same row several times"),
        (HEADS, "[Head(8) for _ in range(4)]", "[Head(8)] * 4", {}, "one and the same `Head`"),
        (FORWARD, "nn.ReLU(), ", "", IN_A_ROW, "nothing bent between"),
        ("scale = min(1.0, 1.0 / norm)", "min", "max", {}, "never less than 1"),
        ("logits[logits < kth] = -float('Inf')", "<", ">", {}, "the least likely tokens are left"),
    ],
)  # fmt: skip
def test_a_slip_is_seen_and_what_is_right_is_let_be(code, old, new, names, text):
    assert slips(code, **names) == []
    assert old in code
    (told,) = slips(code.replace(old, new), **names)
    assert text in told


@pytest.mark.parametrize(
    ("code", "old", "new", "names"),
    [
        (TRAINING, "0.1 if i < 700 else 0.01", "0.01 if i < 100 else 0.1", {}),  # a warm-up
        (TRAINING, "0.1 if i < 700 else 0.01", "rates[i]", {"rates": [10 ** (-i / 100) for i in range(1000)]}),
        (TRAINING, "0.1 if i < 700 else 0.01", "0.1 * 0.99 ** i", {}),
        (TRAINING, "0.1 if i < 700 else 0.01", "1e-3 * min(1, i / 500)", {}),
        (SET_ANEW, "= cfg.lr * planned(step)", "*= 0.999", {}),
        (SET_ANEW, "= cfg.lr * planned(step)", "*= 0.1 if step == 900 else 1", {}),
        (OPTIMIZED, "    schedule.step()", "    if step % 5 == 0: schedule.step()", {}),
        (MEASURED_WITHIN, "    net.train()\n", "", {"net": nn.Linear(2, 2)}),  # nothing that is off
        (MEASURED_WITHIN, "    net.train()\n", "    net.train(True)\n", WITH_DROPOUT),
        (MEASURED_WITHIN, "    net.eval()\n", "    net = copy.deepcopy(whole)\n    net.eval()\n", WITH_DROPOUT),
        (BEST, "best = min(", "worst = max(", LOSSES),
        (BEST, "min(results, key=results.get)", "max(results, key=lambda order: -results[order])", LOSSES),
        (BEST, "min(", "max(", {"results": {1: 0.3, 2: 0.5}}),  # shares of what is guessed right
        (BEST, "min(", "max(", {"results": {1: -2.5, 2: -2.4}}),  # log-likelihoods
        ("best = min(entropies, key=entropies.get)", "min(", "max(", {"entropies": {1: 2.5, 2: 2.3}}),  # the least sure
        (EARLY, "copy.deepcopy(net.state_dict())", "{k: v.clone() for k, v in net.state_dict().items()}", {}),
        (EARLY, "dev_loss < best", "best_loss > dev", {}),
        (EARLY.replace("= dev_loss,", "= -dev_loss,"), "dev_loss < best", "-dev_loss > best", {}),
        (EARLY.replace("\nnet.load", "\n    net.load"), "copy.deepcopy(net.state_dict())", "other.state_dict()", {}),
        (MEAN, "total / n", "total / len(batches)", {}),
        (MEAN, "F.cross_entropy(net(x), y).item() * len(y)", "F.cross_entropy(net(x), y, reduction='sum').item()", {}),
        (WALK, "weights = [prob(current, one) for one in symbols]", "", {}),
        (PARTS, "val_ids", "train_few", {"all_names": ["a"] * 100}),
        ("tr, dev = loss(P, train), loss(P, dev)", "loss(P, train), loss(P, dev)", "0.0, 0.0", {}),
        ("tr, dev = loss(P, train), loss(P, dev)", "loss(P, train), loss(P, dev)", "zeros(dev), zeros(dev)", {}),
        ("nats = bits * math.log(2)", "", "", {}),
        ("print(d / 3, 2 ** d)", "", "", {}),
        ("p = 2 ** bits", "2 ** bits", "math.exp(bits * math.log(2))", {}),
        (PERPLEXITY, "math.exp(-total", "2 ** (-total / math.log(2)", {}),
        (NORMED, "return (h - bnmean_running) / bnstd_running", "return h.std(0)", MOMENTS),  # to look at
        (PICKED, "len(X), (16,)", "100, (100,)", ROWS),  # as many as there are
        (PICKED, "len(X), (16,)", "16, (8,)", ROWS),  # a few words that are learned by heart
        ("dC[X] += de", "", "", {"dC": np.zeros((3, 2)), "X": np.array([0, 2, 1])}),
        ("dC[X] += de", "", "", {"dC": np.zeros((3, 2)), "X": np.array([True, True, False])}),
        (HEADS, "[Head(8) for _ in range(4)]", "[Head(8)]", {}),
        (FORWARD, "nn.ReLU(), ", "", {"net": nn.Sequential(nn.Linear(16, 2), nn.Linear(2, 16))}),  # narrow on purpose
        (FORWARD, "nn.ReLU(), ", "", {"net": nn.Sequential(nn.Linear(9, 9), nn.Linear(9, 9))}),  # of several ranks
        ("logits[logits < kth] = -float('Inf')", "logits < kth", "order > k", {}),
    ],
)  # fmt: skip
def test_what_only_resembles_a_slip_is_let_be(code, old, new, names):
    assert old in code
    assert slips(code.replace(old, new), **names) == []


@pytest.mark.parametrize(
    ("code", "mask", "text"),
    [
        (MASKED, torch.ones(4, 4).tril(), ""),
        (MASKED, torch.ones(4, 4).tril(1), "the triangle is too large"),
        (MASKED, torch.ones(4, 4).triu(), "the triangle is turned round"),
        (MASKED, torch.ones(4, 4).tril(-1), "no place sees itself"),
        (MASKED, torch.ones(4, 4), ""),  # no triangle: an encoder
        (MASKED, torch.ones(4, 4).tril().triu(-1), ""),  # a window
        (MASKED.replace("tril == 0", "tril"), torch.ones(4, 4).triu(1).bool(), ""),
        (MASKED.replace("tril == 0", "tril"), torch.ones(4, 4).triu().bool(), "no place sees itself"),
        (MASKED.replace("tril == 0", "~tril"), torch.ones(4, 4).tril(1).bool(), "the triangle is too large"),
    ],
)
def test_triangles_are_known_by_what_they_leave(code, mask, text):
    told = slips(code, tril=mask)
    assert (text in told[0]) if text else not told


CONTEXTS = """
C = torch.randn(27, 2, generator=g)
parameters = [W, b]
for step in range(100):
    loss = F.cross_entropy(C[X].view(-1, 2) @ W + b, Y)
    for p in parameters: p.grad = None
    loss.backward()
    for p in parameters: p.data -= 0.1 * p.grad
"""


@pytest.mark.parametrize("frozen", ["", "C.requires_grad_(False)\n", "C.requires_grad = False\n"])
def test_an_embedding_that_is_in_no_list_is_seen_unless_it_is_frozen_on_purpose(frozen):
    parameters = [torch.randn(2, 27, requires_grad=True), torch.zeros(27, requires_grad=True)]
    names = {"C": torch.randn(27, 2), "W": parameters[0], "b": parameters[1], "parameters": parameters}
    assert slips(frozen + CONTEXTS, **names) == (
        [] if frozen else ["it needs no gradient, so it is never trained, as `W`, `b` are"]
    )
    assert slips(CONTEXTS, **{**names, "C": torch.eye(27)}) == []  # rows of one-hots


FILTERS = {
    "top_k": "return torch.softmax(x.masked_fill(x < torch.topk(x, k).values[..., [-1]], float('-inf')), -1)",
    "top_p": (
        "shares, order = torch.softmax(x, -1).sort(descending=True)\n"
        "    shares[shares.cumsum(-1) - shares >= k] = 0.0\n"
        "    return torch.zeros_like(x).scatter(-1, order, shares / shares.sum(-1, keepdim=True))"
    ),
    "temperature": "return torch.softmax(x / k, -1)",
}


@pytest.mark.parametrize(
    ("name", "old", "new", "verdict"),
    [
        ("top_k", "", "", RIGHT),
        ("top_k", "[-1]]", "[0]]", WRONG),
        ("top_p", "", "", RIGHT),
        ("top_p", "(descending=True)", "()", WRONG),
        (
            "top_p",
            "torch.zeros_like(x).scatter(-1, order, shares / shares.sum(-1, keepdim=True))",
            "shares / shares.sum()",
            WRONG,
        ),
        ("temperature", "", "", RIGHT),
        ("temperature", "x / k", "x * k", WRONG),
        ("temperature", "x / k", "x - k", None),
    ],
)
def test_filters_that_return_probabilities_are_judged(name, old, new, verdict):
    names = {"torch": torch}
    assert old in FILTERS[name]
    exec(f"def {name}(x, k=1.0):\n    {FILTERS[name].replace(old, new) if old else FILTERS[name]}\n", names)
    assert [item.verdict for _, item in look_at_own_filters([Thing(name, names[name])])] == (
        [verdict] if verdict else []
    )


class FlattenConsecutive:
    mixes = False

    def __init__(self, n):
        self.n = n

    def __call__(self, x):
        return (x.transpose(1, 2) if self.mixes else x).reshape(len(x), x.shape[1] // self.n, x.shape[2] * self.n)


@pytest.mark.parametrize(("mixes", "verdict"), [(False, RIGHT), (True, MISTAKE)])
def test_flattening_keeps_each_vector_whole(mixes, verdict, monkeypatch):
    monkeypatch.setattr(FlattenConsecutive, "mixes", mixes)
    ((_, item),) = look_at_flattening([Thing("FlattenConsecutive", FlattenConsecutive)])
    assert item.verdict == verdict


GPT = """
import numpy as np
rng = np.random.default_rng(0)
E, W = rng.normal(0, 1, (27, 8)), rng.normal(0, 1, (8, 27))
def gpt(ids):
    x = E[ids]
    scores = np.where(np.tril(np.ones((len(ids), len(ids)))) > 0, x @ x.T, -1e9)
    shares = np.exp(scores - scores.max(1, keepdims=True))
    return shares / shares.sum(1, keepdims=True) @ x @ W
"""


@pytest.mark.parametrize(
    ("old", "new", "verdict"),
    [("np.tril", "np.tril", RIGHT), ("np.tril", "np.triu", MISTAKE), ("shares.sum(1, k", "shares.sum(0, k", MISTAKE)],
)
def test_a_network_that_is_a_function_on_arrays_is_asked_whether_it_looks_ahead(old, new, verdict):
    names = {}
    exec(GPT.replace(old, new), names)
    items = {
        item.name: item.verdict for item in review([Thing("gpt", names["gpt"], "line 5")], names, words=WORDS).items
    }
    assert items["gpt"] == verdict


def test_ids_that_are_never_guessed_do_not_keep_a_network_from_being_asked():
    class Sums(nn.Module):
        def __init__(self, sees):
            super().__init__()
            self.sees, self.embedding = sees, nn.Embedding(6, 5)

        def forward(self, ids):
            return self.sees(self.embedding(ids))

    x = torch.tensor([[1, 2, 3, 4, 1, 2], [2, 3, 1, 5, 5, 5], [4, 3, 2, 1, 2, 5], [3, 4, 1, 2, 5, 5]])
    y = torch.cat([x[:, 1:], torch.tensor([[0], [5], [5], [5]])], 1)
    prefix = torch.ones(6, 6).tril()
    prefix[:3, :3] = 1  # whose places see each other on purpose
    for sees, verdict in (
        (lambda z: z.cumsum(1), RIGHT),
        (lambda z: z + z.sum(1, keepdim=True), MISTAKE),
        (lambda z: prefix[: z.shape[1], : z.shape[1]] @ z, None),
    ):
        net = Sums(sees)
        things = [Thing("x", x, "line 1"), Thing("y", y, "line 1"), Thing("net", net, "line 2")]
        names = {"x": x, "y": y, "net": net, "__name__": __name__}
        assert {item.name: item.verdict for item in review(things, names, words=WORDS).items}.get("net") == verdict


def test_plain_lists_of_one_piece_of_text_are_targets_too():
    ids = [3, 1, 4, 1, 5, 2, 6, 5, 3, 5, 1, 2, 4, 6, 2, 6, 4, 3]
    for targets, wrong in ((ids[1:], False), (ids[:-1], True)):
        things = [Thing("inputs", ids[:-1], "line 1"), Thing("targets", targets, "line 1")]
        items = review(things, {"inputs": ids[:-1], "targets": targets}, words=WORDS).items
        assert any(item.verdict == MISTAKE for item in items) == wrong


def test_lists_of_lists_of_tables_are_nothing_that_a_review_stumbles_over():
    folds = [[torch.ones(3, 3), torch.zeros(3, 3)], [torch.zeros(3, 3), torch.ones(3, 3)]]
    assert review([Thing("folds", folds, "line 1")], {"folds": folds}, words=WORDS).items == []
