"""What `check` knows of the names without making it anew: the package carries it in a file.

`python -m tools.known`, in the folder `docs/`, makes it anew if anything has changed that it depends on.
"""

import sys
from functools import cache
from typing import Any

from bigramlab.chapters import LESSONS
from bigramlab.judge.making import LENGTHS, Made, make
from bigramlab.lessons.data import load_names
from tools import keeping

KEPT = keeping.ROOT / "bigramlab" / "judge" / "known.json"
CHAIN = ("data", "encoding", "counting", "smoothing", "normalizing", "evaluating", "contexts")
WITHOUT = [
    *(f"bigramlab.{room}.{one.name}" for room in ("mistakes", "lessons") for one in LESSONS if one.name not in CHAIN),
    *("bigramlab.lessons.inputs", "bigramlab.chapters", "bigramlab.plain"),
]
"""What changes no value: other steps, refusals, and plain versions, which do what the lessons do, as tests see to."""


def known() -> Made:
    """Return what is known of the names; that takes a minute or two, so it is kept."""
    return Made.from_json(keeping.kept(KEPT, key(), _made, indent=None))


@cache
def key() -> str:
    """Return a key made of all that decides what is known: the chain, and the mistakes made in it."""
    files = [keeping.ROOT / "names.txt"]
    return keeping.key_of("bigramlab.judge.making", docstrings=False, without=WITHOUT, files=files)


def _made() -> dict[str, Any]:
    names = load_names()
    made = make(names)
    made.add_contexts(names, LENGTHS)
    return made.to_json()


if __name__ == "__main__":
    sys.stdout.write(f"{KEPT.name}: {len(known().numbers):,} numbers\n")
