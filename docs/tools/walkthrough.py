"""A new user's session with the exercises, done for real and written down as Markdown.

`python -m tools.walkthrough`, in the folder `docs/`, does it anew if anything has changed that it depends on.
"""

import os
import re
import subprocess
import sys
import tempfile
import textwrap
from functools import cache
from pathlib import Path

from bigramlab.lab.exercises import Exercise, stub_of
from tools import keeping

KEPT = keeping.DOCS / "how-to" / "walkthrough.json"


def page() -> str:
    """Return the session as Markdown; that is two minutes' work, so it is kept."""
    return "\n".join(keeping.kept(KEPT, key(), lambda: {"lines": session().splitlines()})["lines"])


@cache
def key() -> str:
    """Return a key made of all that decides what is seen in the session: reports print docstrings."""
    return keeping.key_of("tools.walkthrough", "bigramlab.__main__", "bigramlab.lab.plugin", docstrings=True)


class Lab:
    """A folder with exercises, and what happened in it, as Markdown."""

    def __init__(self, parent: str) -> None:
        """Begin in a folder without exercises."""
        self.parent, self.folder = Path(parent), Path(parent)
        self.parts: list[str] = []

    def say(self, text: str) -> None:
        """Write something between the steps."""
        self.parts.append(textwrap.dedent(text).strip())

    def run(self, *commands: str) -> str:
        """Run the commands, one after the other, and show what they print."""
        shown = ""
        for command in commands:
            shown += f"$ {command}\n"
            if command.startswith("cd "):
                self.folder /= command.split()[1]
            else:
                shown += self._output_of(command) + "\n"
        self.parts.append(f"```text\n{shown.rstrip()}\n```")
        return shown

    def _output_of(self, command: str) -> str:
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "COV"))}
        environment |= {"PYTHONPATH": str(keeping.ROOT), "PYTHONIOENCODING": "utf-8", "COLUMNS": "80", "NO_COLOR": "1"}
        environment |= {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}  # the same everywhere, whatever else is installed
        done = subprocess.run(
            [sys.executable, "-m", *command.split()],
            cwd=self.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )
        text = re.sub(r"( (?:passed|failed|deselected)) in [\d.]+s.*", r"\1", done.stdout)
        return text.replace(str(self.parent.resolve()) + os.sep, "").rstrip()

    def attempt(self, name: str, body: str, *, right: bool = False, star: bool = False) -> None:
        """Put a body into the function, show it, and have pytest check it; a star is for one that is careful, too."""
        exercise, body = Exercise.named(name), textwrap.indent(textwrap.dedent(body).strip(), "    ")
        path, backup = self.folder / exercise.file, self.folder / f"{exercise.file}.empty"
        if not backup.exists():
            backup.write_bytes(path.read_bytes())
        stub = stub_of(exercise)
        head = stub[: stub.index(") ->") + 1]
        written = stub.replace("    raise NotImplementedError", body)
        path.write_text(backup.read_text(encoding="utf-8").replace(stub, written), encoding="utf-8")
        self.parts.append(f'```python title="{exercise.file}"\n{head}:\n    ...\n{body}\n```')
        shown = self.run(f"pytest {exercise.file}::{name}")
        statuses = ["careful"] if star else ["solved"] if right else ["not right", "not reached"]
        if not any(f"\n  {status:<13}{name}\n" in shown for status in statuses):
            raise RuntimeError(f"{name} should be {' or '.join(statuses)}; mend docs/tools/walkthrough.py:\n{shown}")


def session() -> str:
    """Do it all, and return the page."""
    with tempfile.TemporaryDirectory() as parent:
        lab = Lab(parent)
        for chapter in (_begin, _count_bigrams, _smooth, _normalize, _sample, _negative_log_likelihood, _end):
            chapter(lab)
    return "\n\n".join(lab.parts)


def _begin(lab: Lab) -> None:
    lab.run("bigramlab start my-lab", "cd my-lab", "pytest")
    lab.say("""
        Nothing is solved, and the last line names the function to begin with. You may write them in any order: here the
        three of chapter 2 are left for later.

        After each try below, `pytest` is asked for one function, as editors ask. In the code, `...` stands for the
        explanation that each function comes with.
    """)


def _count_bigrams(lab: Lab) -> None:
    lab.say("""
        ## count_bigrams: the ends of a word

        Walk through each word and count its pairs of neighbors. That sounds right:
    """)
    lab.attempt(
        "count_bigrams",
        """
        counts = torch.zeros(len(vocabulary), len(vocabulary), dtype=torch.int64)
        for word in words:
            for current, following in zip(word, word[1:]):
                counts[vocabulary.index(current), vocabulary.index(following)] += 1
        return counts
        """,
    )
    lab.say("""
        The report shows the smallest input that breaks a law, here the one word `a`, and what came of it. It also knows
        the mistake: a word begins and ends, and so it has two bigrams more, both with the boundary token.
    """)
    lab.attempt(
        "count_bigrams",
        """
        counts = torch.zeros(len(vocabulary), len(vocabulary), dtype=torch.int64)
        for word in words:
            padded = "." + word + "."
            for current, following in zip(padded, padded[1:]):
                counts[vocabulary.index(current), vocabulary.index(following)] += 1
        return counts
        """,
        right=True,
    )
    lab.say("""
        It is right, for all words that can be counted. Below stands what it is not careful about. A function that
        answers nonsense with a number hides the mistake of whoever called it. Being careful is an extra, and earns a
        star:
    """)
    lab.attempt(
        "count_bigrams",
        """
        if isinstance(words, str):
            raise TypeError("words should be a list of words, not one word")
        if vocabulary[0] != "." or len(set(vocabulary)) < len(vocabulary):
            raise ValueError("the vocabulary should begin with '.' and repeat nothing")
        counts = torch.zeros(len(vocabulary), len(vocabulary), dtype=torch.int64)
        for word in words:
            if "." in word:
                raise ValueError(f"{word!r} contains the boundary token")
            padded = "." + word + "."
            for current, following in zip(padded, padded[1:]):
                counts[vocabulary.index(current), vocabulary.index(following)] += 1
        return counts
        """,
        star=True,
    )
    lab.say("(A character that the vocabulary lacks was refused already: `index` raises a `ValueError`.)")


def _smooth(lab: Lab) -> None:
    lab.say("""
        ## smooth: a slip of the pen, and a table that changes

        One line, and a bracket is missing:
    """)
    lab.attempt("smooth", "return (counts + k")
    lab.say("The file can't be read, so nothing in it is tried. With the bracket closed, and `+=` to be short:")
    lab.attempt(
        "smooth",
        """
        counts += k
        return counts
        """,
    )
    lab.say("`+=` writes into the table that came in. A new one is what was asked for:")
    lab.attempt("smooth", "return counts + k", right=True)


def _normalize(lab: Lab) -> None:
    lab.say("""
        ## normalize: which way do the sums go?

        Not sure how to begin? Ask for a hint; each time there is another one.
    """)
    lab.run("bigramlab hint normalize", "bigramlab hint normalize")
    lab.attempt("normalize", "return counts / counts.sum(dim=1)")
    lab.say("The shape of the sums decides which cell is divided by which. With `keepdim=True` they are a column:")
    lab.attempt("normalize", "return counts / counts.sum(dim=1, keepdim=True)", right=True)


def _sample(lab: Lab) -> None:
    lab.say("""
        ## sample: when is a walk over?

        Start in row 0, draw the next token from the row of the current one, and stop when a 0 is drawn.
    """)
    before = """
        ids = []
        current = 0
        while True:
            current = int(torch.multinomial(probs[current], 1, generator=generator))
    """
    stop_first = """
            if current == 0:
                return torch.tensor(ids)
            ids.append(current)
    """
    append_first = """
            ids.append(current)
            if current == 0:
                return torch.tensor(ids)
    """
    lab.attempt("sample", before.rstrip() + stop_first)
    lab.say("""
        The 0 at the end is a token that was drawn like any other, and belongs to the walk. It is a matter of which line
        comes first:
    """)
    lab.attempt("sample", before.rstrip() + append_first, right=True)
    lab.say("""
        From some tables no walk comes home: the loop would go on for ever. It was ended after a second, and that is
        said among the things to be careful about.
    """)


def _negative_log_likelihood(lab: Lab) -> None:
    lab.say("""
        ## negative_log_likelihood: 0 times infinity

        Each bigram costs minus the logarithm of its probability; take the mean over all that were counted:
    """)
    lab.attempt("negative_log_likelihood", "return float(-(counts * probs.log()).sum() / counts.sum())")
    lab.say("`log(0)` is minus infinity, and 0 times that is `nan`. A bigram that never occurred costs nothing:")
    lab.attempt(
        "negative_log_likelihood",
        """
        seen = counts > 0
        return float(-(counts[seen] * probs[seen].log()).sum() / counts.sum())
        """,
        right=True,
    )


def _end(lab: Lab) -> None:
    lab.say("""
        ## Compare

        Where are we?
    """)
    lab.run("bigramlab")
    lab.say("Five are solved. How did we do it? For a function that you have not solved, this asks first.")
    lab.run("bigramlab solution smooth")
    lab.say("For what is left, `bigramlab watch` spares you typing `pytest`: it checks a file whenever you save it.")


if __name__ == "__main__":
    sys.stdout.write(page() + "\n")
