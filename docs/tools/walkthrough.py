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
        self.solved = 0

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

    def attempt(self, name: str, body: str, *, right: bool) -> None:
        """Put a body into the function, show it, and have pytest check this function, or all once it is right."""
        exercise, body = Exercise.named(name), textwrap.indent(textwrap.dedent(body).strip(), "    ")
        path, backup = self.folder / exercise.file, self.folder / f"{exercise.file}.empty"
        if not backup.exists():
            backup.write_bytes(path.read_bytes())
        stub = stub_of(exercise)
        head = stub[: stub.index(") ->") + 1]
        written = stub.replace("    raise NotImplementedError", body)
        path.write_text(backup.read_text(encoding="utf-8").replace(stub, written), encoding="utf-8")
        self.parts.append(f'```python title="{exercise.file}"\n{head}:\n    ...\n{body}\n```')
        self.solved += right
        shown = self.run("pytest" if right else f"pytest -k {name}")
        if f"] {self.solved if right else 0} of " not in shown:
            raise RuntimeError(
                f"it should be {'right' if right else 'wrong'}; mend docs/tools/walkthrough.py:\n{shown}"
            )


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
        Nothing is solved, and pytest names the function to begin with. You may write them in any order: here the two of
        chapter 1 and the three of chapter 2 are left for later.

        In the code below, `...` stands for the explanation that each function comes with.
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
        right=False,
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
        right=False,
    )
    lab.say("""
        Right for all words that can be counted. What about those that can't? A function that answers nonsense with a
        number hides the mistake of whoever called it, so some laws ask that it *refuses*: raise an error that says why.
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
        right=True,
    )
    lab.say(
        "The bar grows. (A character that the vocabulary lacks was refused already: `index` raises a `ValueError`.)"
    )


def _smooth(lab: Lab) -> None:
    lab.say("""
        ## smooth: a slip of the pen, and a table that changes

        One line, and a bracket is missing:
    """)
    lab.attempt("smooth", "return (counts + k", right=False)
    lab.say("The file can't be read, so nothing in it is tried. With the bracket closed, and the refusal thought of:")
    lab.attempt(
        "smooth",
        """
        if not 0 <= k < float("inf"):
            raise ValueError(f"k should be finite and not negative, not {k}")
        counts += k
        return counts
        """,
        right=False,
    )
    lab.say("`+=` writes into the table that came in. A new one is what was asked for:")
    lab.attempt(
        "smooth",
        """
        if not 0 <= k < float("inf"):
            raise ValueError(f"k should be finite and not negative, not {k}")
        return counts + k
        """,
        right=True,
    )


def _normalize(lab: Lab) -> None:
    lab.say("""
        ## normalize: which way do the sums go?

        Not sure how to begin? Ask for a hint; each time there is another one.
    """)
    lab.run("bigramlab hint normalize", "bigramlab hint normalize")
    lab.attempt("normalize", "return counts / counts.sum(dim=1)", right=False)
    lab.say("The shape of the sums decides which cell is divided by which. With `keepdim=True` they are a column:")
    lab.attempt(
        "normalize",
        """
        sums = counts.sum(dim=1, keepdim=True)
        if (sums == 0).any() or (counts < 0).any():
            raise ValueError("each row needs counts, and none below 0")
        return counts / sums
        """,
        right=False,
    )
    lab.say("Nearly. `nan` is neither 0 nor below 0, so it needs a question of its own:")
    lab.attempt(
        "normalize",
        """
        sums = counts.sum(dim=1, keepdim=True)
        if (sums == 0).any() or (counts < 0).any() or not counts.isfinite().all():
            raise ValueError("each row needs finite counts, and none below 0")
        return counts / sums
        """,
        right=True,
    )


def _sample(lab: Lab) -> None:
    lab.say("""
        ## sample: when is a walk over?

        Start in row 0, draw the next token from the row of the current one, and stop when a 0 is drawn. From some
        tables no walk comes home, so this one gives up after 10,000 steps.
    """)
    before = """
        rows, columns = probs.shape
        if rows != columns or (probs < 0).any() or not ((probs.sum(dim=1) - 1).abs() < 1e-4).all():
            raise ValueError("probs should be square, and each row sum to 1")
        ids = []
        current = 0
        for _ in range(10_000):
            current = int(torch.multinomial(probs[current], 1, generator=generator))
    """
    after = """
        raise ValueError("the walk found no end in 10,000 steps")
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
    lab.attempt("sample", before.rstrip() + stop_first.rstrip() + after, right=False)
    lab.say("""
        The 0 at the end is a token that was drawn like any other, and belongs to the walk. It is a matter of which line
        comes first:
    """)
    lab.attempt("sample", before.rstrip() + append_first.rstrip() + after, right=True)


def _negative_log_likelihood(lab: Lab) -> None:
    lab.say("""
        ## negative_log_likelihood: 0 times infinity

        Each bigram costs minus the logarithm of its probability; take the mean over all that were counted:
    """)
    refusal = """
        if counts.shape != probs.shape:
            raise ValueError("counts and probs should have the same shape")
        if (counts < 0).any() or not counts.sum() > 0 or not counts.isfinite().all():
            raise ValueError("counts should be finite, not negative, and not all 0")
        if not ((probs >= 0) & (probs <= 1)).all():
            raise ValueError("probabilities lie between 0 and 1")
    """
    mean = """
        return float(-(counts * probs.log()).sum() / counts.sum())
    """
    lab.attempt("negative_log_likelihood", refusal.rstrip() + mean, right=False)
    lab.say("`log(0)` is minus infinity, and 0 times that is `nan`. A bigram that never occurred costs nothing:")
    mean = """
        seen = counts > 0
        return float(-(counts[seen] * probs[seen].log()).sum() / counts.sum())
    """
    lab.attempt("negative_log_likelihood", refusal.rstrip() + mean, right=True)


def _end(lab: Lab) -> None:
    lab.say("""
        ## Compare

        Five are solved. How did we do it? For a function that you have not solved, this asks first.
    """)
    lab.run("bigramlab solution smooth")
    lab.say("For what is left, `bigramlab watch` spares you typing `pytest`: it checks a file whenever you save it.")


if __name__ == "__main__":
    sys.stdout.write(page() + "\n")
