"""The element of the page "Is my number right?": what the package knows of the names, for the browser."""

import json
from functools import cache
from typing import Any

import torch
from torch import Tensor

from bigramlab.judge.making import Made
from bigramlab.judge.slipping import COMMON, LOSS, Slip, models_of, run_slip, same, slips_of
from tools.known import known
from tools.markup import element, rich

SHOWN = (
    "the loss without smoothing, in nats",
    "the loss with k = 1, in nats",
    "the perplexity without smoothing",
    "the perplexity with k = 1",
    "log 27, the loss of a model that knows nothing",
)


def number() -> str:
    """Return the element that says what a number or a table is; without scripts, the best known numbers."""
    made = known()
    counts = " ".join(str(count) for row in made.counts for count in row)
    data = json.dumps(_data(), ensure_ascii=False, separators=(",", ":"))
    return element("number", _fallback(made), vocabulary=made.vocabulary, table=counts, known=data)


def _fallback(made: Made) -> str:
    """Return the best known numbers, right and wrong, as a list."""
    known = {what: value for value, what, _ in made.right}
    items = [(known[what], "right", what) for what in SHOWN]
    items += [(value, "right", f"{what}, added up in float32, which rounds") for value, what in made.loops[:4:3]]
    for value, of, k, slips in made.slips:
        measured = len(slips) == 1 and of == LOSS and k == 0 and slips[0][0].startswith("negative")
        if measured and abs(value - known[SHOWN[0]]) > 0.01:  # a right loss, rounded, is no wrong one
            items.append((value, "a mistake", Slip(*slips[0]).mistake().wrong))
    listed = "".join(f"<li>{value:.6g} is {verdict}: {rich(what)}</li>" for value, verdict, what in items)
    return f"<p>The best known numbers of the names:</p><ul>{listed}</ul>"


@cache
def _data() -> dict[str, Any]:
    """Return the numbers of the chain and those with one slip, and the sums of the tables with one slip."""
    made = known()
    single = [one for one in made.slips if len(one[3]) == 1]
    tables = [*_tables(made)]
    keys = sorted({slips[0][0] for *_, slips in single} | {key for key, *_ in tables} | {*made.also})
    places = ["", "in the model", "in the measure"]
    return {
        "right": [[_short(value), what, int(common)] for value, what, common in made.right],
        "steps": [[_short(value), what] for value, what in made.steps],
        "loops": [[_short(value), what] for value, what in made.loops],
        "slips": [
            [_short(value), int(of == LOSS), k, keys.index(slips[0][0]), places.index(slips[0][1])]
            for value, of, k, slips in single
        ],
        "also": [keys.index(key) for key in made.also],
        "tables": [[keys.index(key), what, sums(table)] for key, what, table in tables],
        "mistakes": [
            [key.split("/")[1].replace("_", " "), Slip(key).mistake().wrong, f"{key.replace('/', '-')}"] for key in keys
        ],
        "words": made.words,
    }


def _short(value: float) -> float:
    return float(f"{value:.9g}")


def sums(table: Tensor) -> str:
    """Return the sums of the rows and of the columns of a table, by which it is known."""
    both = torch.cat([table.double().sum(dim=1), table.double().sum(dim=0)])
    return " ".join(f"{value:.5g}" if value < 1e4 else f"{value:.0f}" for value in both.tolist())


def _tables(made: Made) -> list[tuple[str, str, Tensor]]:
    """Return the tables with one slip, each with the mistake and what it would be without it."""
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
    return [one for one in found if one[2].isfinite().all()]
