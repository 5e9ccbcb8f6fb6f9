import textwrap

import pytest
import torch
from torch.nn import functional

from bigramlab.lab.overheard import Overheard

pytestmark = pytest.mark.slow

SETTING = """
import torch
from torch import nn
from torch.nn import functional as F
torch.manual_seed(0)
X, Y = torch.randint(27, (64, 3)), torch.randint(27, (64,))
C, W, b = torch.randn(27, 4), torch.randn(12, 27), torch.zeros(27)
parameters = [C, W, b]
for p in parameters:
    p.requires_grad = True
def forward(x):
    return C[x].flatten(1) @ W + b
model = nn.Sequential(nn.Embedding(27, 4), nn.Flatten(), nn.Linear(12, 20), nn.Dropout(0.5), nn.Linear(20, 27))
"""
BY_HAND = """
for step in range(10):
    loss = F.cross_entropy(forward(X), Y)
    for p in parameters:
        p.grad = None
    loss.backward()
    for p in parameters:
        p.data -= 0.1 * p.grad
"""
BY_AN_OPTIMIZER = """
optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
criterion = nn.CrossEntropyLoss()
for step in range(10):
    optimizer.zero_grad()
    criterion(model(X), Y).backward()
    optimizer.step()
"""
LONG = BY_HAND.replace("range(10)", "range(30)")
VAIN = LONG.replace("p.data -= 0.1 * p.grad", "pass")
REPLACED = BY_AN_OPTIMIZER.replace("criterion =", "model = nn.Sequential(nn.Flatten(), nn.Linear(3, 27))\ncriterion =")
REPLACED = REPLACED.replace("model(X)", "model(X.float())")
PADDED = """
lengths = torch.randint(1, 8, (32,))
rows = torch.randint(1, 27, (32, 8)) * (torch.arange(8) < lengths[:, None])  # each word with its "." and more of them
logits = torch.randn(32, 8, 27)
F.cross_entropy(logits.view(-1, 27), rows.view(-1), ignore_index=-1)
"""
MEASURED = """
model.eval()
with torch.no_grad():
    loss = F.cross_entropy(model(X), Y).item()
model.train()
"""


def heard(code):
    """Run a file, and return what was heard: its name, its place and what it is."""
    names = {}
    with Overheard(["names.py"]) as listening:
        exec(compile(SETTING + textwrap.dedent(code), "names.py", "exec"), names)
    return [(one.name, one.place, one.text) for one in listening.found(names, {})]


def test_a_line_is_told_where_the_file_has_it_and_a_cell_by_its_own_name():
    code = SETTING + "F.cross_entropy(forward(X).softmax(1), Y)"
    with Overheard(["cell 3"]) as listening:
        exec(compile(code, "cell 3", "exec"), names := {})
    (found,) = listening.found(names, {"cell 3": "cell 3"})
    assert (found.name, found.place) == ("cross_entropy", "cell 3")
    (found,) = listening.found(names, {"cell 3": ""})
    assert found.place == f"line {len(code.splitlines())}"
    assert found.mend.startswith("Leave the softmax out")


@pytest.mark.parametrize(
    ("code", "name", "said"),
    [
        (BY_HAND.replace("forward(X)", "forward(X).softmax(1)"), "cross_entropy", "softmax is taken twice"),
        (BY_HAND.replace("F.cross_entropy(", "F.nll_loss("), "nll_loss", "gets logits"),
        (BY_AN_OPTIMIZER.replace("model(X)", "model(X).softmax(-1)"), "cross_entropy", "softmax is taken twice"),
        (BY_AN_OPTIMIZER.replace("CrossEntropyLoss", "NLLLoss"), "nll_loss", "gets logits"),
        ("F.nll_loss(torch.rand(64, 27).softmax(1), Y)", "nll_loss", "gets probabilities"),
        ("F.cross_entropy(torch.rand(8, 27, 3).softmax(1), X[:8])", "cross_entropy", "softmax is taken twice"),
        (MEASURED.replace("model.eval()", ""), "cross_entropy", "dropout on"),
        (PADDED, "cross_entropy", "behind the end of each word"),
        (PADDED.replace(".view(-1, 27)", ".movedim(2, 1)").replace(".view(-1)", ""), "cross_entropy", "too small"),
        (BY_HAND.replace("in parameters:\n        p.data", "in [C, W]:\n        p.data"), "b", "never moved"),
        (BY_HAND.replace("in parameters:\n        p.data", "in [W]:\n        p.data"), "C", "and so with `b`"),
        (BY_AN_OPTIMIZER.replace("model.parameters()", "model[2].parameters()"), "model.0.weight", "never moved"),
        (
            BY_AN_OPTIMIZER.replace("    optimizer.step", "    optimizer.zero_grad()\n    optimizer.step"),
            "optimizer.step()",
            "reset",
        ),
        (REPLACED, "optimizer.step()", "other parameters"),
        (BY_AN_OPTIMIZER.replace("model.parameters()", "model[:4].parameters()"), "model.4.bias", "`model.4.weight`"),
        (VAIN, "C", "no parameter is ever moved"),
        (VAIN.replace("forward(X)", "W[X[:, 0] % 12]"), "W", "no parameter is ever moved"),
    ],
)
def test_what_trains_and_is_wrong_all_the_same_is_heard(code, name, said):
    ((found, _, text),) = heard(code)
    assert found == name
    assert said in text


@pytest.mark.parametrize(
    "code",
    [
        BY_HAND + BY_AN_OPTIMIZER + MEASURED,
        BY_HAND.replace("F.cross_entropy(forward(X)", "F.nll_loss(forward(X).log_softmax(1)"),
        BY_HAND.replace("forward(X)", "forward(X).log_softmax(1)"),  # which are logits, too
        "F.nll_loss(torch.rand(64, 27).softmax(1).log(), Y)",
        "F.cross_entropy(torch.zeros(64, 27), Y)",
        "F.cross_entropy(torch.eye(27)[X[:, 0]] * 9, Y)",
        "F.cross_entropy(torch.rand(64, 27), torch.rand(64, 27).softmax(1))",  # targets are probabilities
        PADDED.replace("logits =", "rows[torch.arange(8) > lengths[:, None]] = -1\nlogits ="),
        PADDED.replace("-1)\n", "-1, reduction='none')\n"),
        PADDED.replace("index=-1", "index=0"),
        PADDED.replace("1, 8, (32,)", "7, 8, (32,)"),  # all are as long as the row
        "F.cross_entropy(torch.randn(64, 27), torch.randint(2, (8, 8)).view(-1))",
        "for x in (torch.randn(64, 27), torch.rand(64, 27).softmax(1)):\n    F.cross_entropy(x, Y)",
        BY_AN_OPTIMIZER.replace("zero_grad()", "zero_grad(set_to_none=False)"),
        BY_AN_OPTIMIZER.replace("optimizer.step()", "optimizer.step()\n    optimizer.zero_grad()"),
        BY_AN_OPTIMIZER.replace("optimizer.step()", "step % 2 and optimizer.step()"),
        # The first ten steps have no gradient, as nothing was measured, and the others have one.
        BY_AN_OPTIMIZER.replace("range(10)", "range(20)").replace("    criterion", "    step > 9 and criterion"),
        BY_HAND.replace("p.data -= 0.1 * p.grad", "pass"),  # some gradients are only looked at
        "first = [p.detach().clone() for p in parameters]"
        + LONG
        + "for p, old in zip(parameters, first): p.data = old",
        LONG.replace("-= 0.1 * p.grad", "-= 0.1 * p.grad * (step == 29)"),
        "with torch.no_grad():\n    torch.multinomial(model(X).softmax(1), 1)\n    F.cross_entropy(forward(X), Y)",
        # Words are drawn with dropout on, and then the loss is measured without.
        f"with torch.no_grad():\n    torch.multinomial(model(X).softmax(1), 1)\n{MEASURED}",
        f"with torch.no_grad():\n    model(X).argmax(1)\n{MEASURED}",
        # Before a batch norm, a bias has only the gradient that rounding leaves.
        BY_HAND.replace("forward(X)", "(lambda h: h - h.mean(0))(forward(X))").replace(
            "in parameters:\n        p.data", "in [C, W]:\n        p.data"
        ),
        # Two that are trained in turn, and one whose gradient is only looked at.
        BY_HAND.replace("for p in parameters:\n        p.data", "for p in parameters[step % 2 :: 2]:\n        p.data"),
        "W2 = torch.ones(12, 27, requires_grad=True)\nF.cross_entropy(C[X].flatten(1) @ W2, Y).backward()",
        # Each step makes new ones.
        BY_HAND.replace("p.data -= 0.1 * p.grad", "pass")
        + "    C, W, b = ((p - p.grad).detach().requires_grad_() for p in (C, W, b))\n    parameters = [C, W, b]",
        VAIN + "    C, W, b = ((p - p.grad).detach().requires_grad_() for p in (C, W, b))\n    parameters = [C, W, b]",
        "try:\n    F.cross_entropy(X, Y)\nexcept Exception:\n    pass",
        "loss = torch.func.grad(lambda w: F.cross_entropy(C[X].flatten(1) @ w, Y))(W)",
        "torch.vmap(lambda x, y: F.cross_entropy(x, y))(torch.rand(64, 27), Y)",
    ],
)
def test_what_is_right_is_not_heard_of(code):
    assert heard(code) == []


def test_torch_is_afterwards_as_it_was():
    names = [(functional, "cross_entropy"), (functional, "dropout"), (torch, "multinomial"), (torch.Tensor, "backward")]
    before = [getattr(where, name) for where, name in names]
    with pytest.raises(ZeroDivisionError), Overheard(["names.py"]):
        exec(compile("import torch\nfrom torch.nn import functional as F\n1 / 0", "names.py", "exec"), {})
    assert [getattr(where, name) for where, name in names] == before
