"""Slips that the code of a loop shows: around an optimizer, in what it learns from, in what a network is asked with."""

from itertools import pairwise

import pytest
import torch

from bigramlab.judge.loops import slips_in_loops
from bigramlab.judge.own_filters import look_at_own_filters
from bigramlab.judge.own_perplexities import perplexities_of_losses
from bigramlab.judge.reading_code import Code, says_bits
from bigramlab.judge.reading_shares import no_numbers
from bigramlab.judge.reviewed import RIGHT, WRONG, Thing
from bigramlab.judge.reviewing import review_names
from bigramlab.lab.notebooks import check_file

pytestmark = pytest.mark.slow

TRAINING = """
opt = torch.optim.AdamW(model.parameters(), lr=0.1)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 100)
for step in range(100):
    xb, yb = Xtr[ix], Ytr[ix]
    loss = F.cross_entropy(model(xb), yb)
    opt.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    opt.step()
    sched.step()
    if step % 10 == 0:
        dev_loss = measure(model, Xdev, Ydev)
"""
PARTS = """
for step in range(100):
    opt.zero_grad()
    for part in range(4):
        loss = loss_of(model, get_batch("train"))
        loss.backward()
    lr = get_lr(step)
    for group in opt.param_groups:
        group["lr"] = lr
    opt.step()
val_loss = estimate_loss(Xdev, Ydev)
"""
ADAM = """
beta1, beta2, eps, decay, weight_decay = 0.9, 0.99, 1e-8, 0.98, 0.1
for it in range(100):
    for i, p in enumerate(params):
        p.mul_(1 - lr * weight_decay)
        m[i] = beta1 * m[i] + (1 - beta1) * p.grad
        v[i] = beta2 * v[i] + (1 - beta2) * p.grad ** 2
        m_hat = m[i] / (1 - beta1 ** (it + 1))
        v_hat = v[i] / (1 - beta2 ** (it + 1))
        p -= lr * m_hat / (v_hat.sqrt() + eps)
        ema[i] = decay * ema[i] + (1 - decay) * p
"""
WRITING = """
def net(token, pos, keys):
    return keys[pos]
for pos in range(8):
    keys = attend(net(token, pos, keys))
h = torch.zeros(1, 4)
while True:
    logits, h = step(ix, h)
    ix = torch.multinomial(logits.softmax(-1), 1)
    context = context[1:] + [ix]
    if ix == 0:
        break
for _ in range(20):
    logits = model(idx[:, -block_size:])
    new = torch.multinomial(logits[:, -1].softmax(-1), 1)
    idx = torch.cat([idx, new], dim=1)
for pos in range(20):
    token = random.choices(letters, net(token, pos, keys))[0]
"""
IDS = torch.zeros(9, 3, dtype=torch.int64)
NAMES = {"beta1": 0.9, "beta2": 0.99, "decay": 0.98, "Xtr": IDS, "Xdev": IDS, "Ytr": IDS[:, 0], "Ydev": IDS[:, 0]}


def seen(text, names=NAMES):
    return {one.name: one.text for one in slips_in_loops([Code("", text)], names)}


@pytest.mark.parametrize("text", [TRAINING, PARTS, ADAM, WRITING])
def test_what_is_right_is_let_be(text):
    assert seen(text) == {}


@pytest.mark.parametrize(
    ("text", "old", "new", "name", "said"),
    [
        (TRAINING, "    loss.backward()\n    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)\n",
         "    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)\n    loss.backward()\n", "clip_grad_norm_",
         "before `backward()` makes them"),
        (TRAINING, "    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)\n    opt.step()\n",
         "    opt.step()\n    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)\n", "clip_grad_norm_",
         "after the step"),
        (TRAINING, "    sched.step()\n", "", "sched", "its `step()` is never called"),
        (TRAINING, "Xtr[ix], Ytr[ix]", "Xdev[ix], Ydev[ix]", "loss.backward()", "so it is learned"),
        (TRAINING, "    opt.zero_grad()\n", "", "loss.backward()", "never reset"),
        (PARTS, "        loss.backward()", "        opt.zero_grad()\n        loss.backward()", "opt.zero_grad()",
         "only those of the last part count"),
        (PARTS, "    for group in opt.param_groups:\n        group[\"lr\"] = lr\n", "", "lr", "goes nowhere"),
        (PARTS, "    for group in opt.param_groups:\n        group[\"lr\"] = lr\n", "    print(f'{lr:.4f}')\n", "lr",
         "goes nowhere"),
        (PARTS, '"train"', '"val"', "loss.backward()", "so it is learned"),
        (PARTS, "estimate_loss(Xdev, Ydev)", "estimate_loss(Xtr, Ytr)", "val_loss", "measured on others"),
        (PARTS, "val_loss = estimate_loss(Xdev, Ydev)", "_, val_loss = model(xtrain, ytrain)", "val_loss", "on others"),
        (PARTS, "val_loss = estimate_loss(Xdev, Ydev)", "dev_losses = [loss_of(k, Xtr, Ytr) for k in ks]", "dev_losses",
         "measured on others"),
        (ADAM, "1 - lr * weight_decay", "1 + lr * weight_decay", "p.mul_", "so they grow"),
        (ADAM, "v[i] / (1 - beta2 ** (it + 1))", "v[i]", "v_hat", "not corrected for its start"),
        (ADAM, "v_hat.sqrt() + eps", "v_hat + eps", "v_hat + eps", "should be by its root"),
        (ADAM, "decay * ema[i] + (1 - decay) * p", "(1 - decay) * ema[i] + decay * p", "ema[i]", "are exchanged"),
        (WRITING, "logits, h = step(ix, h)", "logits, _ = step(ix, h)", "h", "is the same at each step"),
        (WRITING, "context[1:] + [ix]", "context[:-1] + [ix]", "context", "written over the last token"),
        (WRITING, "idx[:, -block_size:]", "idx[:, :block_size]", "idx[:, :block_size]", "the first"),
        (WRITING, "logits[:, -1].softmax", "logits[:, 0].softmax", "logits[:, 0]", "the logits of the first place"),
        (WRITING, "letters, net(token, pos, keys)", "letters, net(token, 0, keys)", "net(token, 0, keys)",
         "the place is 0 in each turn"),
        (WRITING, "logits.softmax(-1), 1)", "logits.softmax(-1) ** temperature, 1)",
         "logits.softmax(-1) ** temperature", "surer, not freer"),
    ],
)  # fmt: skip
def test_what_stands_in_the_wrong_place_is_named(text, old, new, name, said):
    assert old in text
    if name == "context":  # the examples are made the right way
        text += "for id in ids:\n    context = context[1:] + [id]\n"
    wrong = seen(text.replace(old, new, 1))
    assert said in wrong.get(name, ""), wrong


RIGHT_TOO = {
    "a schedule that a function returns": """
def make(opt):
    sched = torch.optim.lr_scheduler.StepLR(opt, 10)
    return sched
""",
    "a rate that is shown": """
for step in range(100):
    opt.zero_grad(); loss.backward(); opt.step(); scheduler.step()
    lr = scheduler.get_last_lr()
    print(lr)
""",
    "a rate that is kept to be drawn": """
for step in range(100):
    lr = get_lr(step)
    opt.lr = lr
    opt.zero_grad(); loss.backward(); opt.step()
""",
    "two optimizers": """
for x in batches:
    optd.zero_grad(); lossd.backward(); optd.step()
    optg.zero_grad(); lossg.backward()
    clip_grad_norm_(ps, 1.0)
    optg.step()
""",
    "a timer": """
for x in batches:
    opt.zero_grad(); loss.backward(); prof.step()
    clip_grad_norm_(ps, 1.0)
    opt.step()
""",
    "a reset before the first part": """
for x in batches:
    for part in range(4):
        if part == 0:
            opt.zero_grad()
        loss = loss_of(part)
        loss.backward()
    opt.step()
""",
    "a function that sets the rate": """
for step in range(9):
    lr = set_lr(opt, step)
    opt.zero_grad(); loss.backward(); opt.step()
""",
    "a root that is taken before": """
for i, p in enumerate(params):
    v[i] = beta2 * v[i] + (1 - beta2) * p.grad ** 2
    v_hat = (v[i] / (1 - beta2 ** t)).sqrt()
    p -= lr * m[i] / (v_hat + eps)
""",
    "a correction in the rate": """
for i, p in enumerate(params):
    v[i] = beta2 * v[i] + (1 - beta2) * p.grad ** 2
    m_hat = m[i]
    v_hat = v[i] / (1 - beta2 ** t)
    p -= lr / (1 - beta1 ** t) * m_hat / (v_hat.sqrt() + eps)
""",
    "one-hot rows": """
while True:
    x = torch.zeros(27)
    x[ix] = 1.0
    x = x @ W
    ix = torch.multinomial(x.softmax(-1), 1).item()
    if ix == 0:
        break
""",
    "all read again from the beginning": """
while True:
    h = torch.zeros(1, 64)
    out, h = rnn(idx, h)
    new = torch.multinomial(out[:, -1].softmax(-1), 1)
    idx = torch.cat([idx, new], 1)
    if new == 0:
        break
""",
    "an end that is forbidden": """
for _ in range(9):
    logits = model(idx)
    logits = logits[:, -1]
    logits[:, 0] = -float("inf")
    idx = torch.cat([idx, torch.multinomial(logits.softmax(-1), 1)], 1)
""",
    "a loss on dev after the step": """
for step in range(9):
    loss = F.cross_entropy(W[Xtr[:, -1]], Ytr)
    opt.zero_grad(); loss.backward(); opt.step()
    with torch.no_grad():
        loss = F.cross_entropy(W[Xdev[:, -1]], Ydev)
""",
    "a table of classes": """
while True:
    ix = torch.multinomial(P[c, ix], 1).item()
    if ix == 0:
        break
""",
    "a row that is moved on first": """
for _ in range(9):
    new = torch.multinomial(p, 1).item()
    context = context[1:] + [new]
    if new == 27:
        context = context[:-1] + [0]
""",
    "counts that are summed": """
for counts in tables:
    N += counts
""",
    "a table that is copied": """
def table(k):
    t = N
    t = t.clone()
    t += k
    return t
""",
    "weights that a function is given": """
w1, w2 = 0.5, 0.6
def mix(w1, w2):
    return w1 * p_one[0] + w2 * p_two[0]
""",
    "a score of a backoff": """
def backoff_score(a, b):
    return 0.9 * p_bi[a, b] + 0.4 * p_uni[b]
""",
}


@pytest.mark.parametrize("what", RIGHT_TOO)
def test_what_only_looks_alike_is_let_be(what):
    names = NAMES | {
        "P": torch.rand(2, 27, 27),
        "N": torch.ones(3, 3),
        "W": torch.ones(3, 3),
        "k": 1,
        "w1": 0.5,
        "w2": 0.6,
    }
    assert seen(RIGHT_TOO[what], names) == {}


def test_means_whose_shares_are_exchanged_are_named():
    assert "exchanged" in seen(ADAM, NAMES | {"beta1": 0.99, "beta2": 0.9})["beta1"]


def test_a_weight_in_no_list_of_parameters_is_named():
    weights = {name: torch.ones(2, 2, requires_grad=True) for name in ("W1", "W2", "W3")}
    code = """
def forward(x):
    return x @ W1 @ W2 @ W3
for _ in range(9):
    loss = forward(x).mean()
    for p in params:
        p.grad = None
    loss.backward()
    for p in params:
        p -= 0.1 * p.grad
"""
    names = {**weights, "params": [*weights.values()], "x": torch.ones(1, 2)}
    assert seen(code, names) == {}
    names["params"] = names["params"][:2]
    assert "is not in `params`" in seen(code, names)["W3"]
    assert seen(code + "W3.data -= 0.1 * W3.grad\n", names) == {}


RIGHT_K = """
def top_k_filter(logits, k):
    least = torch.topk(logits, k).values[..., -1, None]
    return logits.masked_fill(logits < least, float("-inf"))
"""
RIGHT_P = """
def nucleus(logits, p):
    shares, order = torch.sort(logits, descending=True)
    before = shares.softmax(-1).cumsum(-1) - shares.softmax(-1)
    return torch.full_like(logits, float("-inf")).scatter(-1, order, shares.masked_fill(before >= p, float("-inf")))
"""


@pytest.mark.parametrize(
    ("code", "old", "new", "verdict"),
    [
        (RIGHT_K, "", "", RIGHT),
        (RIGHT_P, "", "", RIGHT),
        (RIGHT_K, "topk(logits, k)", "topk(logits, k, largest=False)", WRONG),
        (RIGHT_P, "before >= p", "before < p", WRONG),
        (RIGHT_P, "torch.full_like(logits, float(\"-inf\")).scatter(-1, order, ", "(", WRONG),
        (RIGHT_K, "return logits.masked_fill(logits < least, float(\"-inf\"))", "return least", None),
    ],
)  # fmt: skip
def test_filters_of_logits_are_judged_by_what_they_leave(code, old, new, verdict):
    names = {"torch": torch}
    exec(code.replace(old, new), names)
    things = [Thing(name, value) for name, value in names.items() if callable(value)]
    assert [item.verdict for _, item in look_at_own_filters(things)] == ([verdict] if verdict else [])


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("perplexity", 2.0**2.25, "which is in nats"),
        ("perplexity", torch.tensor(2.25).exp().item(), ""),
        ("test_ppl", 2.0**2.25, "which is in nats"),
        ("bits_per_char", 2.25 * 0.6931471805599453, "divided by it"),
        ("bits_per_char", 2.25 / 0.6931471805599453, ""),
        ("rate", 2.0**2.25, ""),
    ],
)
def test_a_perplexity_is_the_power_of_the_loss_beside_it(name, value, said):
    things = [Thing("test_loss", 2.25), Thing(name, value)]
    found = [text for _, text in perplexities_of_losses(things, [])]
    assert len(found) == bool(said)
    assert all(said in text for text in found)


@pytest.mark.parametrize(
    "code", ["loss = -sum(math.log(p(a) / 2, 2) for a in w)", "loss = nll / ln2\nln2 = math.log(2)"]
)
def test_the_power_of_2_of_a_loss_in_bits_is_let_be(code):
    things = [Thing("test_loss", 2.25), Thing("perplexity", 2.0**2.25)]
    assert [*perplexities_of_losses(things, [Code("", code)])] == []


@pytest.mark.parametrize("divided", ["t.log(t.tensor(2.))", "math.log(2)", "0.6931471805599453"])
def test_what_is_divided_by_log_2_is_in_bits(divided):
    assert says_bits("k.item()", [Code("", f"k = l / {divided}")])
    assert not says_bits("l.item()", [Code("", f"k = l / {divided}")])


NAN = float("nan")


@pytest.mark.parametrize(
    ("name", "losses", "code", "told"),
    [
        ("losses", [3.0] * 5 + [NAN] * 3, "loss.backward()", True),
        ("losses", [3.0] * 5 + [NAN] * 3, "", False),
        ("losses", [3.0, 4.0, 8.0, 60.0, 900.0], "loss.backward()", False),  # a search for a rate
        ("losses", [3.0] * 5 + [NAN] * 3, "lrs = torch.logspace(-3, 3, 8)\nloss.backward()", False),
        ("dev_losses", [3.0, NAN, NAN, NAN, 2.5, NAN, NAN, NAN], "loss.backward()", False),
        ("losses", [3.0] * 5 + [float("inf")] * 3, "loss.backward()", False),
        ("losses", [torch.tensor(3.0)] * 8, "loss.backward()", False),
    ],
)
def test_losses_that_end_with_no_number_are_told(name, losses, code, told):
    found = [*no_numbers([Thing(name, losses)], [Code("", code)])]
    assert ["no numbers from place 5 on" in text for _, text in found] == [True] * told


SAMPLE = "def sample(n):\n    return [len(str(i)) for i in range(n)]\n"


def test_a_function_that_adds_to_the_files_table_is_named():
    code = """
def smoothed(k):
    table = N
    table += k
    return table
"""
    assert (
        "it changes the file's `N`, of which `table` is no copy"
        in seen(code, NAMES | {"N": torch.ones(3, 3)})["smoothed"]
    )
    assert seen(code.replace("table = N", "table = N.clone()"), NAMES | {"N": torch.ones(3, 3)}) == {}


def test_targets_that_are_the_very_tokens_that_go_in_are_told():
    words = ["anna", "bob", "carla", "dora"] * 20
    xs = torch.tensor([ids[0] for word in words for ids in pairwise([0, *map(".abcdlnor".index, word), 0])])
    ys = torch.tensor([ids[1] for word in words for ids in pairwise([0, *map(".abcdlnor".index, word), 0])])
    for targets, wrong in ((ys, {}), (xs.clone(), {"ys": "the very tokens of `xs`"})):
        items = review_names({"words": words, "xs": xs, "ys": targets}).items
        assert {item.name: item.text.split(",")[0] for item in items if item.is_wrong} == wrong


class Recurrent(torch.nn.Module):
    def __init__(self, batch_first):
        super().__init__()
        self.embedding = torch.nn.Embedding(6, 8)
        self.cell = torch.nn.GRU(8, 8, batch_first=batch_first)
        self.head = torch.nn.Linear(8, 6)

    def forward(self, ids):
        return self.head(self.cell(self.embedding(ids))[0])


@pytest.mark.parametrize("batch_first", [True, False])
def test_rows_that_are_taken_for_steps_are_told(batch_first):
    torch.manual_seed(3)
    ids = torch.randint(6, (16, 9))
    names = {"x": ids[:, :-1], "y": ids[:, 1:], "model": Recurrent(batch_first), "__name__": __name__}
    (item,) = [item for item in review_names(names).items if item.name == "model"]
    if batch_first:
        assert (item.verdict, item.text) == (RIGHT, "at each place it sees the tokens up to there, and none after them")
    else:
        assert "unless it is told `batch_first=True`" in item.text


def test_a_number_that_a_function_goes_up_to_is_no_table():
    names = {"__name__": "lecture"}
    exec(SAMPLE, names)
    (item,) = review_names(names).items
    assert item.verdict == "not judged"


def test_rows_with_their_targets_in_them_are_no_contexts():
    words = ["anna", "bob", "carla", "dora"] * 20
    rows = [ids for word in words for ids in _triples(word)]
    names = {"words": words, "T": torch.tensor(rows)}
    assert not [item for item in review_names(names).items if item.is_wrong]


def _triples(word):
    letters = ".abcdlnor"
    ids = [0, 0, *map(letters.index, word), 0]
    return [*zip(ids, ids[1:], ids[2:], strict=False)]


def test_a_notebook_that_shows_something_may_draw_a_picture(tmp_path):
    file = tmp_path / "shown.py"
    file.write_text(
        "from IPython.display import display\n"
        "import matplotlib\nmatplotlib.use('Agg', force=True)\n"
        "from matplotlib import pyplot as plt\nplt.install_repl_displayhook()\nplt.plot([1, 2, 3])\n"
        "words = open('names.txt').read().split()\n"
    )
    status, page = check_file(file)
    assert status == 0, page
    assert "all is right, 1 in all" in page
