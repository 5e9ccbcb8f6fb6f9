"""What can be made of words, rightly and in each catalogued wrong way: the numbers and tables that `check` knows."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import torch
from torch import Tensor
from tqdm import tqdm

from bigramlab.judge.slipping import (
    COMMON,
    KS,
    LOSS,
    PERPLEXITY,
    Found,
    probs_of,
    slips_in_contexts,
    slips_in_numbers,
    slips_in_tables,
    slips_of,
)
from bigramlab.lessons.contexts import build_contexts, count_contexts
from bigramlab.lessons.counting import count_bigrams
from bigramlab.lessons.encoding import build_vocabulary
from bigramlab.lessons.evaluating import negative_log_likelihood, perplexity

__all__ = ["FIRST", "LENGTHS", "Made", "make"]

LENGTHS = range(1, 9)
FIRST = (*range(1, 11), 20, 50, 100, 1000)  # how many words are looked at where one explores
PLACES = ("", "in the model", "in the measure")


@dataclass
class Made:
    """What was made of some words.

    Attributes:
        vocabulary: Their vocabulary.
        counts: The table of their bigrams.
        words: How many there are.
        right: Numbers of the chain, each with what it is, and whether few digits are enough to know it.
        steps: Numbers that are true and unfinished, each with what they are.
        loops: What a loop in float32 gives for the loss, its sum and the log-likelihood: they are off by its rounding.
        tables: The miscounted tables, by mistake.
        slips: Numbers of one slip or of two: the number, of what, k, and which.
        also: The slips that give the right loss from another table.
        contexts: Contexts and targets made with a slip: by their fingerprints, which they are.
    """

    vocabulary: str
    counts: list[list[int]]
    words: int
    right: list[tuple[float, str, bool]] = field(default_factory=list)
    steps: list[tuple[float, str]] = field(default_factory=list)
    loops: list[tuple[float, str]] = field(default_factory=list)
    tables: dict[str, list[list[float]]] = field(default_factory=dict)
    slips: list[Found] = field(default_factory=list)
    also: list[str] = field(default_factory=list)
    contexts: dict[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return it for a file, in as few digits as say what a number is."""
        kept = asdict(self)
        keys = sorted({key for *_, slips in self.slips for key, _ in slips})
        kept["keys"] = keys
        kept["slips"] = [
            [float(f"{value:.10g}"), (LOSS, PERPLEXITY).index(of), k]
            + [part for key, place in slips for part in (keys.index(key), PLACES.index(place))]
            for value, of, k, slips in self.slips
        ]
        return kept

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> "Made":
        """Read what `to_json` wrote."""
        keys = kept["keys"]
        slips = [
            (
                value,
                (LOSS, PERPLEXITY)[of],
                k,
                [(keys[a], PLACES[b]) for a, b in zip(rest[::2], rest[1::2], strict=True)],
            )
            for value, of, k, *rest in kept["slips"]
        ]
        others = {name: value for name, value in kept.items() if name not in ("slips", "keys", "key")}
        return cls(slips=slips, **others)


def make(words: Sequence[str], *, progress: bool = True) -> Made:
    """Make all that is known of these words; for thousands of them that takes a minute."""
    words = list(words)
    vocabulary = build_vocabulary(words)
    counts = count_bigrams(words, vocabulary)
    made = Made(vocabulary, counts.tolist(), len(words))
    parts = len(slips_of("count_bigrams")) + 3 * len(LENGTHS)
    with tqdm(total=parts, desc="check: making wrong values, too", disable=not progress) as bar:
        made.right = [*_right_numbers(words, counts)]
        made.steps = [*_steps(words, vocabulary, counts)]
        made.loops = [*_loops(words, vocabulary, counts)]
        made.tables = slips_in_tables(words, vocabulary, counts, bar.update)
        for length in LENGTHS:
            made.contexts |= slips_in_contexts(words, vocabulary, length)
            bar.update(2)
        tables = {name: torch.tensor(table) for name, table in made.tables.items()}
        made.slips, made.also = slips_in_numbers(counts, tables, lambda: bar.n < parts - 1 and bar.update())
        bar.update(parts - bar.n)
    return made


def _with(k: float) -> str:
    return f"with k = {k}" if k else "without smoothing"


def _right_numbers(words: list[str], counts: Tensor) -> Iterator[tuple[float, str, bool]]:
    """Yield the numbers of the chain, with what they are and whether two digits are enough."""
    size, total = len(counts), int(counts.sum())
    yield math.log(size), f"log {size}, the loss of a model that knows nothing", True
    yield (
        math.log(size + 1),
        f"log {size + 1}, the loss of a model that knows nothing and has two tokens for `.`",
        False,
    )
    for k in KS:
        if k or (counts.sum(dim=1) > 0).all():
            probs = probs_of(counts + float(k))
            yield negative_log_likelihood(counts, probs), f"the loss {_with(k)}, in nats", k in COMMON
            yield perplexity(counts, probs), f"the perplexity {_with(k)}", k in COMMON
        if k:  # with `<S>` and `<E>` each row has a cell more
            wider = (counts + float(k)) / (counts.sum(dim=1, keepdim=True) + k * (size + 1))
            both = f"{_with(k)} and two tokens, `<S>` and `<E>`, for the boundary"
            yield negative_log_likelihood(counts, wider), f"the loss {both}, in nats", False
            yield perplexity(counts, wider), f"the perplexity {both}", False
    letters = counts.sum(dim=1).double()
    loss = -float(torch.xlogy(letters, letters / total).sum() / total)
    yield loss, "the loss of a model that knows only how common each token is, in nats", False
    yield math.exp(loss), "the perplexity of a model that knows only how common each token is", False
    for length in LENGTHS[1:]:
        seen = count_contexts(*build_contexts(words, build_vocabulary(words), length), size)[1].double()
        for k in COMMON:
            loss = -float(torch.xlogy(seen, probs_of(seen + k)).sum() / seen.sum())
            of = f"of counting what follows {length} tokens, {_with(k)}"
            yield loss, f"the loss {of}, in nats", False
            yield math.exp(loss), f"the perplexity {of}", False


def _steps(words: list[str], vocabulary: str, counts: Tensor) -> Iterator[tuple[float, str]]:
    """Yield numbers that are true and unfinished: sums, and what the first words give."""
    total = int(counts.sum())
    for k in KS:
        if not k and (counts.sum(dim=1) == 0).any():
            continue
        logs = probs_of(counts.double() + k).log()
        loss = -float((counts * logs).nan_to_num(0).sum())
        yield loss, f"the sum of the losses {_with(k)}; divide it by {total:,}, the number of bigrams"
        yield (
            -loss,
            f"the log-likelihood {_with(k)}, a sum of logs; divide it by minus {total:,}, the number of bigrams",
        )
        for n in FIRST if k in COMMON else ():
            if n < len(words):
                part = count_bigrams(words[:n], vocabulary)
                loss = -float((part * logs).nan_to_num(0).sum())
                of = f"of the first {n} words only, by the model of all, {_with(k)}"
                yield loss / int(part.sum()), f"the loss {of}"
                yield loss, f"the sum of the losses {of}"
                yield -loss, f"the log-likelihood {of}"


def _loops(words: list[str], vocabulary: str, counts: Tensor) -> Iterator[tuple[float, str]]:
    """Yield what is added up bigram by bigram in float32, where each addition rounds."""
    contexts, targets = build_contexts(words, vocabulary, 1)
    for k in KS:
        logs = probs_of(counts + k).log()[contexts[:, 0], targets].float()
        total = logs.numpy().cumsum(dtype="float32")[-1] if len(logs) else math.nan  # one by one, as a loop does
        if math.isfinite(total):
            yield -float(total / len(targets)), f"the loss {_with(k)}, in nats"
            yield -float(total), f"the sum of the losses {_with(k)}"
            yield float(total), f"the log-likelihood {_with(k)}"
