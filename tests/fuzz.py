"""Try all public functions, and all that reads a file, with what Hypothesis makes up, for so many seconds.

`python tests/fuzz.py --seconds 60` prints each call that ends badly, once, and exits with 1 if there is one. It works
in a temporary folder. What it finds becomes a line of the table in `tests/odd.py`.
"""

import argparse
import contextlib
import io
import itertools
import math
import os
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import odd
import torch
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

import bigramlab as b
from bigramlab.lab.words import words_of

COSTLY = ("compare", "train_models", "plot_bigrams")  # the table has them
NUMBERS = st.integers(max_value=50) | st.integers(2**31) | st.floats() | st.sampled_from(list(odd.NUMBERS.values()))
TYPES = st.sampled_from(
    [torch.float32, torch.float64, torch.float16, torch.int64, torch.int32, torch.uint8, torch.bool]
)


@st.composite
def tensors(draw: st.DrawFn) -> torch.Tensor:
    """Draw a small tensor of any shape, type and numbers."""
    shape = draw(st.lists(st.integers(0, 4), max_size=4))
    number = st.floats(width=32) | st.integers(-3, 5).map(float)
    size = torch.Size(shape).numel()
    return torch.tensor(draw(st.lists(number, min_size=size, max_size=size))).view(shape).to(draw(TYPES))


LEAVES = NUMBERS | st.text(max_size=6) | st.text(".an") | st.binary(max_size=4) | st.none() | tensors()
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=4) | st.lists(inner, max_size=4).map(tuple))


@st.composite
def calls(draw: st.DrawFn, folder: Path, good: dict[str, dict[str, Any]]) -> tuple[str, Callable[[], Any]]:
    """Draw a call of which up to three arguments are odd: of the table, or made up."""
    name = draw(st.sampled_from([name for name in odd.FUNCTIONS if name not in COSTLY and odd.ARGUMENTS[name]]))
    arguments = dict(good[name])
    chosen = draw(st.lists(st.sampled_from(sorted(arguments)), min_size=1, max_size=3, unique=True))
    for argument in chosen:
        if argument == "path":
            continue  # a file of any name would be written or read
        if draw(st.booleans()):
            _, make = draw(st.sampled_from(list(odd.turned(arguments[argument], folder))))
            with contextlib.suppress(Exception):  # torch itself makes no such tensor
                arguments[argument] = make()
        else:
            arguments[argument] = draw(VALUES)
    return f"{name}({', '.join(chosen)})", partial(odd.FUNCTIONS[name], **arguments)


@st.composite
def files(draw: st.DrawFn, folder: Path) -> tuple[str, Callable[[], Any]]:
    """Draw a call that reads a file: one of any bytes, or a right one cut off or changed in some places."""
    reader, right = draw(
        st.sampled_from(
            [
                ("read_words", "words.txt"),
                ("words_of", "words.txt"),
                ("load_mlp", "mlp"),
                ("load_transformer", "transformer"),
            ]
        )
    )
    content = bytearray((folder / right).read_bytes())
    if draw(st.booleans()):
        content = bytearray(
            draw(st.binary(max_size=200) | st.text(max_size=50).map(lambda text: text.encode("utf-16")))
        )
    for place in draw(st.lists(st.integers(0, max(0, len(content) - 1)), max_size=4)):
        content[place : place + 1] = draw(st.binary(max_size=2))
    content = content[: draw(st.integers(0, len(content)) | st.just(len(content)))]
    file = folder / "fuzzed"
    file.write_bytes(content)
    read = partial(words_of, str(file), "sample") if reader == "words_of" else partial(getattr(b, reader), file)
    return f"{reader} of {bytes(content[:40])!r}", read


def fuzz(seconds: float, folder: Path, start: int = 0) -> tuple[int, dict[tuple[str, str], str]]:
    """Return how many calls were made, and what each that ended badly was, by function and ending."""
    made, found, good = 0, {}, odd.good(folder)
    until = math.inf  # the first round is made however long it takes

    def go_round(number: int, strategy: st.SearchStrategy[tuple[str, Callable[[], Any]]]) -> None:
        @seed(number)
        @settings(max_examples=50, database=None, deadline=None, suppress_health_check=list(HealthCheck))
        @given(strategy)
        def once(drawn: tuple[str, Callable[[], Any]]) -> None:
            nonlocal made
            if time.monotonic() > until:
                return
            what, call = drawn
            made += 1
            with contextlib.redirect_stderr(io.StringIO()):
                ending = odd.outcome(call, what.split("(")[0])
            if ending:
                found.setdefault((what.split("(")[0].split(" of ")[0], ending[:40]), f"{what}: {ending}")

        once()

    end = time.monotonic() + seconds
    for number in itertools.count(start):
        go_round(number, calls(folder, good))
        go_round(number, files(folder))
        until = end
        if time.monotonic() > until:
            break
    return made, found


def main() -> int:
    """Fuzz, and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=0, help="another one makes other calls")
    options = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        made, found = fuzz(options.seconds, Path(folder), 10_000 * options.seed)
        os.chdir("/")
    print(*found.values(), f"{made:,} calls, of which {len(found)} kinds ended badly", sep="\n")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
