"""A lecture's notebook, typed along, and what `bigramlab check` says of it: right, and with a slip in it.

`python -m tools.lecture`, in the folder `docs/`, does it anew if anything has changed that it depends on.
"""

import json
import sys
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from tools import keeping
from tools.walkthrough import Lab

KEPT = keeping.DOCS / "how-to" / "check-a-notebook.json"
FILE = "lecture.ipynb"

CELLS = [
    """\
%matplotlib inline
import torch
import torch.nn.functional as F
import matplotlib.pyplot as plt""",
    """\
words = open("names.txt").read().splitlines()
words[:5]""",
    """\
letters = sorted(set("".join(words)))
stoi = {s: i + 1 for i, s in enumerate(letters)}
stoi["."] = 0
itos = {i: s for s, i in stoi.items()}""",
    """\
N = torch.zeros((27, 27), dtype=torch.int32)
for w in words:
    chs = ["."] + list(w) + ["."]
    for a, b in zip(chs, chs[1:]):
        N[stoi[a], stoi[b]] += 1""",
    """\
plt.imshow(N)
plt.show()""",
    """\
P = (N + 1).float()
P = P / P.sum(1, keepdim=True)""",
    """\
g = torch.Generator().manual_seed(7)
for _ in range(5):
    out, ix = [], 0
    while True:
        ix = torch.multinomial(P[ix], 1, replacement=True, generator=g).item()
        out.append(itos[ix])
        if ix == 0:
            break
    print("".join(out))""",
    """\
total, n = 0.0, 0
for w in words:
    chs = ["."] + list(w) + ["."]
    for a, b in zip(chs, chs[1:]):
        total += torch.log(P[stoi[a], stoi[b]])
        n += 1
nll = -total / n""",
    """\
xs, ys = [], []
for w in words:
    chs = ["."] + list(w) + ["."]
    for a, b in zip(chs, chs[1:]):
        xs.append(stoi[a])
        ys.append(stoi[b])
xs, ys = torch.tensor(xs), torch.tensor(ys)""",
    """\
W = torch.randn((27, 27), generator=g, requires_grad=True)
for step in range(10):
    logits = F.one_hot(xs, num_classes=27).float() @ W
    counts = logits.exp()
    probs = counts / counts.sum(1, keepdim=True)
    loss = -probs[torch.arange(len(xs)), ys].log().mean() + 0.01 * (W**2).mean()
    W.grad = None
    loss.backward()
    W.data += -50 * W.grad""",
]

KEEPDIM = ("P / P.sum(1, keepdim=True)", "P / P.sum(1)")
NO_STOP = ('["."] + list(w) + ["."]', '["."] + list(w)')
SAME_ID = ("i + 1 for i, s", "i for i, s")
NEVER_RESET = ("    W.grad = None\n", "")
MISSPELLED = ("generator=g).item()", "generator=gen).item()")
Slip = tuple[str, str]


def write_notebook(path: Path, cells: Sequence[str]) -> Path:
    """Write a notebook with these cells of code."""
    written: list[dict[str, object]] = [
        {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": cell} for cell in cells
    ]
    notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": written}
    path.write_text(json.dumps(notebook), encoding="utf-8")
    return path


def write_lecture(path: Path, *slips: Slip) -> Path:
    """Write the lecture's notebook, with slips in it."""
    cells = CELLS
    for right, wrong in slips:
        slipped = [cell.replace(right, wrong) for cell in cells]
        if slipped == cells:
            raise ValueError(f"no cell has {right!r}")
        cells = slipped
    return write_notebook(path, cells)


def page() -> str:
    """Return the transcripts as Markdown; they take some minutes, so they are kept."""
    return "\n".join(keeping.kept(KEPT, key(), lambda: {"lines": session().splitlines()})["lines"])


@cache
def key() -> str:
    """Return a key made of all that decides what is seen."""
    return keeping.key_of("tools.lecture", "bigramlab.__main__", docstrings=True)


def session() -> str:
    """Check the notebook, right and with each slip, and return the transcripts."""
    with tempfile.TemporaryDirectory() as parent:
        lab = Lab(parent)
        numbered = "\n\n".join(f"# cell {number}\n{cell}" for number, cell in enumerate(CELLS, start=1))
        code = "\n".join(f"    {line}".rstrip() for line in numbered.splitlines())
        lab.parts.append(f'??? note "The notebook"\n\n    ```python\n{code}\n    ```')
        _attempt(lab, right=True)
        lab.say("""
            Each line is something that the notebook made, in the order in which it was made. A *step* is true and
            unfinished: a sum that is still to be divided, letters without the boundary token.

            ## What a slip looks like

            `keepdim=True` left out of cell 6:
        """)
        _attempt(lab, KEEPDIM)
        lab.say("""
            The loss would never have told: it is the right one. So what stands at the top is the *first* step that is
            wrong, and what follows from it stands below.

            The final `"."` left out, in each cell that takes words apart:
        """)
        _attempt(lab, NO_STOP)
        lab.say("In cell 3, `i` for `i + 1`, so that two tokens share an id:")
        _attempt(lab, SAME_ID)
        lab.say("In cell 10, the line that resets the gradient left out. The values look right, and the loop tells:")
        _attempt(lab, NEVER_RESET)
        lab.say("And a name that is misspelled, in cell 7. What was made before is judged all the same:")
        _attempt(lab, MISSPELLED)
    return "\n\n".join(lab.parts)


def _attempt(lab: Lab, *slips: Slip, right: bool = False) -> None:
    """Check the notebook with these slips in it, and show what is said."""
    write_lecture(lab.folder / FILE, *slips)
    shown = lab.run(f"bigramlab check {FILE}")
    if ("all is right" in shown) != right:
        raise RuntimeError(f"it should be {'right' if right else 'wrong'}; mend docs/tools/lecture.py:\n{shown}")


if __name__ == "__main__":
    sys.stdout.write(page() + "\n")
