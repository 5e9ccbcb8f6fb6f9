"""What is said of the blocks of a network, seen as it runs, in the ways in which blocks are written."""

import pytest
import torch

from bigramlab.judge.whole_blocks import slips_in_blocks

pytestmark = pytest.mark.slow

NETWORK = """
import torch
from torch import nn

class Norm(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.gain = nn.Parameter(torch.rand(width))
    def forward(self, x):
        return self.gain * x / (x ** 2).mean(-1, keepdim=True).sqrt()

class Part(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.up, self.down = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)
    def forward(self, x):
        return self.down(torch.relu(self.up(x)))

class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.ln1, self.ln2, self.sa, self.ffwd = Norm(width), Norm(width), Part(width), Part(width)
        self.drop = nn.Dropout(0.1)
    def forward(self, x):
        first = x
        x = x + self.sa(self.ln1(x))
        x = x + self.ffwd(self.ln2(x))
        return x

class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.tokens, self.head = nn.Embedding(27, 6), nn.Linear(6, 27)
        self.blocks = nn.Sequential(Block(6), Block(6))
    def forward(self, idx):
        return self.head(self.blocks(self.tokens(idx)))

model = Model().eval()
"""
FIRST, SECOND = "x = x + self.sa(self.ln1(x))", "x = x + self.ffwd(self.ln2(x))"


def seen(old, new):
    assert old in NETWORK
    names = {}
    torch.manual_seed(0)
    exec(NETWORK.replace(old, new), names)
    found = slips_in_blocks(names["model"], lambda: names["model"](torch.arange(12).view(2, 6)))
    return [(kind.__name__, text) for kind, text in found]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (FIRST, "x = self.sa(self.ln1(x))", "into `sa` is not added"),
        (FIRST, "x = self.drop(self.sa(self.ln1(x)))", "into `sa` is not added"),
        (SECOND, "x = self.ffwd(self.ln2(x))", "into `ffwd` is not added"),
        (FIRST, "x = self.ln1(self.sa(x))", "into `sa` is not added"),
        (SECOND, "x = first + self.ffwd(self.ln2(x))", "`sa` gave is left out"),
        ("self.ln2(x)", "self.ln1(x)", "`ln1` is called 2 times, and `ln2`"),
        ("self.ffwd(self.ln2(x))", "self.sa(self.ln2(x))", "`sa` is called 2 times, and `ffwd`"),
    ],
)
def test_a_slip_in_a_block_is_named(old, new, said):
    found = seen(old, new)
    assert [kind for kind, _ in found] == ["Block"]
    assert all(said in text for _, text in found)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("", ""),
        (FIRST, "x = x + self.drop(self.sa(self.ln1(x)))"),
        (f"{FIRST}\n        {SECOND}", "x = self.ln1(x + self.sa(x))\n        x = self.ln2(x + self.ffwd(x))"),
        (f"{FIRST}\n        {SECOND}", "h = x + self.sa(self.ln1(x))\n        return h + self.ffwd(self.ln2(h))"),
        (f"{FIRST}\n        {SECOND}", "return x + self.sa(self.ln1(x)) + self.ffwd(self.ln2(x))"),  # side by side
        (f"{FIRST}\n        {SECOND}", "return self.ffwd(self.ln2(self.sa(self.ln1(x))))"),  # no residuals at all
        (f"{FIRST}\n        {SECOND}", "x = x + 0.5 * self.sa(self.ln1(x))\n        return x + self.ffwd(self.ln2(x))"),
        (SECOND, "x = x + self.ffwd(self.ln2(x))\n        x = x + self.ffwd(self.ln2(x))"),  # once more, on purpose
        ("Block(6), Block(6)", "*[Block(6)] * 2"),  # the same weights in each layer
        ("self.ffwd = Norm(width), Norm(width), Part(width), Part(width)",
         "self.ffwd = *[Norm(width)] * 2, Part(width), Part(width)"),
        ("return self.down(torch.relu(self.up(x)))", "return x + self.down(torch.relu(self.up(x)))"),
    ],
)  # fmt: skip
def test_a_right_block_is_let_be(old, new):
    assert seen(old, new) == []
