"""Parts of a split that are asked for by name: what comes back is looked at, and what is kept under each name."""

import pytest

from bigramlab.judge.parts_asked import look_at_parts_asked, other_parts
from bigramlab.judge.reading_code import Code
from bigramlab.judge.reviewed import Thing

pytestmark = pytest.mark.slow

FILE = """
import random
import torch
text = "." + ".".join("".join(random.Random(n).choices("abcdefghij", k=5)) for n in range(200)) + "."
data = torch.tensor([ord(c) - 46 if c == "." else ord(c) - 96 for c in text])
n, train_steps = int(0.8 * len(data)), 3
eval_step = lambda *_: 3.0
train_data, val_data = data[:n], data[n:]

def get_batch(split, size=8):
    part = train_data if split == "train" else val_data
    ix = torch.randint(len(part) - 9, (size,))
    return torch.stack([part[i:i + 8] for i in ix]), torch.stack([part[i + 1:i + 9] for i in ix])

def estimate_loss():
    out = {}
    for split in ["train", "val"]:
        losses = torch.zeros(3)
        for k in range(3):
            X, Y = get_batch(split)
            losses[k] = X.double().mean()
        out[split] = losses.mean()
    return out

xb, yb = get_batch("train")
"""


def seen(old, new):
    assert old in FILE
    text, names = FILE.replace(old, new), {}
    exec(text, names)
    things = [Thing(name, value) for name, value in names.items() if not name.startswith("_")]
    codes = [Code("", text)]
    found = [*look_at_parts_asked(things, names, codes)]
    return [item.text for _, item in found] + [one.text for one in other_parts(codes, names)]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("else val_data", "else train_data", "`get_batch('val')` gives what stands in `train_data`"),
        ("part = train_data if split", "part = train_data if 'train'", "`get_batch('val')` gives what stands in"),
        ('split == "train"', 'split == "val"', "`get_batch('train')` gives what stands in `val_data`"),
        ('split == "train"', 'split == "training"', "`get_batch('train')` gives what stands in `val_data`"),
        ("get_batch(split)", 'get_batch("train")', "made of `train` whatever `split` is"),
        ("X, Y = get_batch(split)", "X = train_data[k:k + 8]", "made of `train_data` whatever `split` is"),
    ],
)
def test_another_part_than_the_one_that_is_asked_for_is_named(old, new, said):
    (text,) = seen(old, new)
    assert said in text


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("", ""),
        ("train_data if split", "{'train': train_data, 'val': val_data}[split] if split"),
        ('part = train_data if split == "train" else val_data', "part = globals()[split + '_data']"),
        ("data[:n], data[n:]", "data[:n], data[:n]"),  # then each is right, and what is wrong are the parts
        ("data = data[:n], data[n:]", "data = data[:n], data[n:]\nval_ids = val_data.tolist()"),
        ("return torch.stack([part[i:i + 8] for i in ix])", "return torch.stack([part[i:i + 8] % 3 for i in ix])"),
        ("for split in", 'out["train"] = out["val"] = None\n    for split in'),
        ("losses = torch.zeros(3)", "losses = torch.zeros(3)\n        print(f'{split}: …')"),
        ("out = {}", 'out = {}\n    for split in ["train", "val"]:\n        out[split] = list()'),
        ("losses = torch.zeros(3)", "losses = torch.zeros(train_steps)"),  # no part
        ('xb, yb = get_batch("train")', "train_state, batch = [3], [4]\nval_loss = eval_step(train_state, batch)"),
        ("X, Y = get_batch(split)", 'X, Y = get_batch("train" if split == "train" else "val")'),
    ],
)
def test_the_part_that_is_asked_for_is_let_be(old, new):
    assert seen(old, new) == []
