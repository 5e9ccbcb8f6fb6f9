"""A class of three, graded for real and written down as Markdown.

`python -m tools.classroom`, in the folder `docs/`, does it anew if anything has changed that it depends on.
"""

import sys
import tempfile
from functools import cache
from pathlib import Path

from bigramlab.lab.exercises import Exercise, stub_of, write_lab
from tools import keeping
from tools.walkthrough import Lab

KEPT = keeping.DOCS / "how-to" / "teach.json"
STUDENTS = {  # what each of them wrote, as the body of a function
    "ada": {
        "smooth": "return counts + k",
        "normalize": "return counts / counts.sum(dim=1, keepdim=True)",
    },
    "bob": {
        "smooth": "while k:\n        pass\n    return counts",
        "normalize": "return counts / counts.sum(dim=1)",
    },
    "cem": {
        "smooth": "sum(range(10**12))",
        "normalize": "import bigramlab\n    return bigramlab.normalize(counts)",
    },
}


def page() -> str:
    """Return the session as Markdown; it takes half a minute, so it is kept."""
    return "\n".join(keeping.kept(KEPT, key(), lambda: {"lines": session().splitlines()})["lines"])


@cache
def key() -> str:
    """Return a key made of all that decides what is seen in the session."""
    return keeping.key_of("tools.classroom", "bigramlab.__main__", docstrings=True)


def session() -> str:
    """Do it, and return the page."""
    with tempfile.TemporaryDirectory() as parent:
        for student, bodies in STUDENTS.items():
            folder = Path(parent, "submissions", student)
            write_lab(folder, "4-5")
            for name, body in bodies.items():
                path, stub = folder / Exercise.named(name).file, stub_of(Exercise.named(name))
                text = path.read_text(encoding="utf-8")
                written = stub.replace("raise NotImplementedError", body)
                path.write_text(text.replace(stub, written), encoding="utf-8")
        lab = Lab(parent)
        lab.run("bigramlab grade submissions --chapters 4-5 --weights 5=2")
        return "\n\n".join(lab.parts)


if __name__ == "__main__":
    sys.stdout.write(page() + "\n")
