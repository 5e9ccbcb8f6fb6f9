"""What is wrong with this? Ten functions as someone may write them after a lecture, each with a famous slip.

The reports are those of `check`, made when something has changed that they depend on, and kept.
"""

import html
import json
from functools import cache
from typing import Any, NamedTuple

import torch

from bigramlab import check
from bigramlab.chapters import CHAPTERS, LESSONS
from bigramlab.judge.reporting import Report
from tools import keeping
from tools.listings import mistakes_page
from tools.markup import element, rich

KEPT = keeping.DOCS / "slips.json"


class Slip(NamedTuple):
    """A function with a slip.

    Args:
        task: What the function should do.
        code: What was written.
        line: The line with the slip, the first being 0.
        mistake: What `check` is to call it.
    """

    task: str
    code: str
    line: int
    mistake: str

    @property
    def function(self) -> str:
        """The name of the function."""
        return self.code[len("def ") : self.code.index("(")]


SLIPS = (
    Slip(
        'List the letters there are, behind `"."`, the sign for where a name begins and ends.',
        """\
def build_vocabulary(words):
    letters = set("".join(words))
    return "".join(sorted(letters))""",
        2,
        "boundary_forgotten",
    ),
    Slip(
        "Add k to every count, and leave the counts as they are.",
        """\
def smooth(counts, k=1):
    counts += k
    return counts""",
        1,
        "counts_changed_in_place",
    ),
    Slip(
        "Divide every row of counts by its sum.",
        """\
def normalize(counts):
    row_sums = counts.sum(dim=1)
    return counts / row_sums""",
        1,
        "keepdim_forgotten",
    ),
    Slip(
        "How bad is the table for these counts? The mean of -log p.",
        """\
def negative_log_likelihood(counts, probs):
    p = (counts * probs).sum() / counts.sum()
    return -p.log().item()""",
        1,
        "log_of_the_mean_probability",
    ),
    Slip(
        "Make each letter its number, its place in the vocabulary.",
        """\
def encode(word, vocabulary):
    letters = vocabulary[1:]
    ids = [letters.index(c) for c in word]
    return torch.tensor(ids)""",
        2,
        "a_number_too_many",
    ),
    Slip(
        "Cut words into contexts of n tokens, each with the token that comes next.",
        """\
def build_contexts(words, vocabulary, n):
    contexts, targets = [], []
    for word in words:
        ids = [0] * n
        for c in word + ".":
            ids = ids[1:] + [vocabulary.index(c)]
            contexts.append(ids)
            targets.append(ids[-1])
    return torch.tensor(contexts), torch.tensor(targets)""",
        5,
        "target_in_the_context",
    ),
    Slip(
        "How many letters does the model waver between? e to the loss.",
        """\
def perplexity(counts, probs):
    seen = counts > 0
    nats = -(counts[seen] * probs[seen].log()).sum()
    return 2 ** (nats / counts.sum()).item()""",
        3,
        "two_to_the_nats",
    ),
    Slip(
        "Say how bad the logits are for the right answers: the mean of -log p.",
        """\
def cross_entropy(logits, targets):
    log_p = logits.log_softmax(dim=1)
    return -log_p[:, targets].mean()""",
        2,
        "every_row_with_every_target",
    ),
    Slip(
        "Make probabilities of each row of numbers.",
        """\
def softmax(logits):
    e = (logits - logits.max()).exp()
    return e / e.sum(dim=0, keepdim=True)""",
        2,
        "first_axis_for_the_last",
    ),
    Slip(
        "Let each token look at itself and the earlier ones, in shares that sum to 1.",
        """\
def attention_shares(queries, keys):
    scores = queries @ keys.mT
    scores = scores / queries.shape[-1] ** 0.5
    return scores.softmax(dim=-1).tril()""",
        3,
        "masked_after_softmax",
    ),
)


def written(slip: Slip) -> Any:
    """Return the function of a slip."""
    names: dict[str, Any] = {"torch": torch}
    exec(compile(slip.code, "lecture.py", "exec"), names)
    return names[slip.function]


def reports() -> list[dict[str, Any]]:
    """Return what `check` says of each slip: a headline and sections; that is half a minute's work, so it is kept."""
    found: list[dict[str, Any]] = keeping.kept(KEPT, key(), lambda: {"reports": [*map(_report, SLIPS)]})["reports"]
    return found


@cache
def key() -> str:
    """Return a key made of all that decides what the reports say: they print docstrings."""
    return keeping.key_of("tools.slips", docstrings=True)


def _report(slip: Slip) -> dict[str, Any]:
    report = check(written(slip))
    named = report.diagnosis.mistake.name if isinstance(report, Report) and report.diagnosis else "nothing"
    if named != slip.mistake:
        raise RuntimeError(f"{slip.function} should be known as {slip.mistake}, not as {named}:\n{report}")
    return {"headline": report.headline(), "sections": report.sections()}


def slips() -> str:
    """Return the element: one slip after another to be found; without scripts, the first with its report."""
    data: list[dict[str, Any]] = [
        {"task": slip.task, "code": slip.code, "line": slip.line, "links": _links(slip)} | report
        for slip, report in zip(SLIPS, reports(), strict=True)
    ]
    first = data[0]
    rows = "".join(
        f"<dt>{label}</dt><dd>{f'<pre>{html.escape(text)}</pre>' if is_code else rich(text)}</dd>"
        for label, text, is_code in first["sections"]
    )
    links = ", ".join(f'<a href="{href}">{text}</a>' for text, href in first["links"])
    return element(
        "slip",
        f'<p>{rich(first["task"])}</p><pre class="bl-lines">{html.escape(first["code"])}</pre>'
        f'<details><summary>Check</summary><p class="bl-head">{rich(first["headline"])}</p>'
        f'<dl class="bl-report">{rows}</dl><p>{links}</p></details>',
        scripts="slip",
        slips=json.dumps(data, ensure_ascii=False, separators=(",", ":")),
    )


def _links(slip: Slip) -> list[tuple[str, str]]:
    """Return where to read on: the chapter that teaches the function, and how else people get it wrong."""
    lesson = next(lesson for lesson in LESSONS if slip.function in {**lesson.core, **lesson.extra})
    number, chapter = next((n, one) for n, one in enumerate(CHAPTERS, start=1) if lesson in one.lessons)
    wrong = f"explanation/{mistakes_page(slip.function)}#{slip.function}"
    return [
        (f"Chapter {number}: {chapter.title}", f"tutorial/{chapter.page}.html"),
        ("How else to be wrong here", wrong),
    ]
