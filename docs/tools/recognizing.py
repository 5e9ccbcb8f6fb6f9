"""The element of the page "Is my number right?": what the package knows of the names, for the browser."""

import json
from functools import cache
from typing import Any

import torch
from torch import Tensor

from bigramlab.judge.making import RIGHT, ROUNDED, Made, misplaced
from bigramlab.judge.slipping import COMMON, MISPLACED, Slip, models_of, run_slip, same, slips_of
from tools.known import known
from tools.listings import mistakes_page
from tools.markup import element, rich

SHOWN = (
    "the loss without smoothing, in nats",
    f"the loss without smoothing, in nats, {ROUNDED}",
    "the loss with k = 1, in nats",
    f"the loss with k = 1, in nats, {ROUNDED}",
    "the perplexity without smoothing",
    "the perplexity with k = 1",
    "log 27, the loss of a model that knows nothing",
)


def number() -> str:
    """Return the element that says what a number or a table is; without scripts, the best known numbers."""
    made = known()
    counts = " ".join(str(count) for row in made.counts for count in row)
    data = json.dumps(_data(), ensure_ascii=False, separators=(",", ":"))
    return element("number", _fallback(made), scripts="number", vocabulary=made.vocabulary, table=counts, known=data)


def _fallback(made: Made) -> str:
    """Return the best known numbers, right and wrong, as a list."""
    known = {one.what: one.value for one in made.numbers if one.verdict == RIGHT}
    items = [(known[what], "right", what) for what in SHOWN]
    for one in made.numbers:
        measured = len(one.slips) == 1 and one.what == SHOWN[0] and one.slips[0][0].startswith("negative")
        if measured and abs(one.value - known[SHOWN[0]]) > 0.01:  # a right loss, rounded, is no wrong one
            items.append((one.value, "a mistake", Slip(*one.slips[0]).mistake().wrong))
    listed = "".join(f"<li>{value:.6g} is {verdict}: {rich(what)}</li>" for value, verdict, what in items)
    return f"<p>The best known numbers of the names:</p><ul>{listed}</ul>"


@cache
def _data() -> dict[str, Any]:
    """Return the numbers of the chain and those with one slip, and the sums of the tables with one slip."""
    made = known()
    single = [one for one in made.numbers if len(one.slips) < 2]
    tables = [*_tables(made)]
    keys = sorted({key for one in single for key, _ in one.slips} | {key for key, *_ in tables if key} | {*made.also})
    texts = sorted({text for one in single for text in (one.verdict, one.what, *(place for _, place in one.slips))})
    return {
        "texts": texts,
        "numbers": [
            [_short(one.value), texts.index(one.verdict), texts.index(one.what), int(one.common), one.digits]
            + [at for key, place in one.slips for at in (keys.index(key), texts.index(place))]
            for one in single
        ],
        "also": [keys.index(key) for key in made.also],
        "tables": [[keys.index(key) if key else None, what, sums(table)] for key, what, table in tables],
        "mistakes": [[key.split("/")[1].replace("_", " "), Slip(key).mistake().wrong, _place(key)] for key in keys],
        "words": made.words,
    }


def _place(key: str) -> str:
    """Return where a mistake is told, seen from the overview of all."""
    return f"{mistakes_page(key.split('/')[0])}#{key.replace('/', '-')}"


def _short(value: float) -> float:
    return float(f"{value:.9g}")


def sums(table: Tensor) -> str:
    """Return the sums of the rows and of the columns of a table, by which it is known."""
    both = torch.cat([table.double().sum(dim=1), table.double().sum(dim=0)])
    return " ".join(f"{value:.5g}" if value < 1e4 else f"{value:.0f}" for value in both.tolist())


def _tables(made: Made) -> list[tuple[str, str, Tensor]]:
    """Return the tables with one slip, each with the mistake, if one is catalogued, and what it would be without."""
    counts = torch.tensor(made.counts)
    found: list[tuple[str, str, Tensor]] = []
    for k in COMMON:
        smoothed, shares = (
            ("the counts, with k = 1", "the probabilities, with k = 1")
            if k
            else (
                "the counts",
                "the probabilities, without smoothing",
            )
        )
        for name, rows in made.tables.items():
            table = torch.tensor(rows) + k
            found.append((f"count_bigrams/{name}", smoothed, table))
            if (table.sum(dim=1) > 0).all():
                found.append((f"count_bigrams/{name}", shares, table / table.sum(dim=1, keepdim=True)))
        for slip in slips_of("smooth") if k else ():
            wrong = run_slip(slip, counts, k)
            if isinstance(wrong, Tensor) and not any(same(wrong, right) for right in (counts, counts + 1)):
                found.append((f"smooth/{slip.name}", smoothed, wrong))
        found += [(keys[0], shares, probs) for probs, keys in models_of(counts, k, pairs=False) if keys]
        for why, make in MISPLACED.items() if k else ():
            found.append(("", misplaced(shares.replace(", with", " with"), why), make(counts.double(), k)))
    return [one for one in found if one[2].isfinite().all()]
