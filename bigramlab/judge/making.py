"""What can be made of words, rightly and in each catalogued wrong way: the numbers and tables that `check` knows."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from itertools import accumulate
from typing import Any, NamedTuple

import torch
from torch import Tensor
from tqdm import tqdm

from bigramlab.judge.slipping import (
    COMMON,
    KS,
    LOSS,
    MISPLACED,
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
from bigramlab.lessons.evaluating import negative_log_likelihood

__all__ = [
    "AGAIN",
    "CLOSE",
    "FIRST",
    "LENGTHS",
    "MISTAKE",
    "RIGHT",
    "ROUNDED",
    "STEP",
    "UNKNOWN",
    "Made",
    "Number",
    "make",
    "misplaced",
    "the_first",
    "with_k",
]

RIGHT, MISTAKE, STEP, CLOSE, UNKNOWN = "right", "mistake", "step", "close", "unknown"
LENGTHS = range(1, 9)
FIRST = (*range(1, 11), 20, 50, 100, 1000)  # how many words are looked at where one explores
AGAIN = "It was added to what stood there: perhaps the cell was run again"
LOGS = {"": torch.log, "bits_for_nats": torch.log2, "decimal_log_for_nats": torch.log10}
ROUNDED = "added up one by one in float32, whose rounding shows in the fifth digit"


class Number(NamedTuple):
    """A number that someone may find.

    Attributes:
        value: The number.
        verdict: What it is: right, a step or a mistake.
        what: The same in words; of a number with slips what it would be without them.
        common: Whether it is looked for first: with k = 0 or 1.
        digits: How many must be written to know it.
        slips: The slips in it, as keys and places.
        should: What it should be; 0 if it is right.
    """

    value: float
    verdict: str
    what: str
    common: bool = False
    digits: int = 5
    slips: tuple[tuple[str, str], ...] = ()
    should: float = 0


@dataclass
class Made:
    """What was made of some words.

    Attributes:
        vocabulary: Their vocabulary.
        counts: The table of their bigrams.
        words: How many there are.
        numbers: What numbers are known, right and wrong.
        tables: The miscounted tables, by mistake.
        also: The slips that give the right loss from another table.
        contexts: Contexts and targets made with a slip: by their fingerprints, which they are.
        lengths: Of which lengths those are.
    """

    vocabulary: str
    counts: list[list[int]]
    words: int
    numbers: list[Number] = field(default_factory=list)
    tables: dict[str, list[list[float]]] = field(default_factory=dict)
    also: list[str] = field(default_factory=list)
    contexts: dict[str, str] = field(default_factory=dict)
    lengths: list[int] = field(default_factory=list)

    def miscounted(self) -> dict[str, Tensor]:
        """Return the tables that are counted with a slip, by its key."""
        swapped = {"count_bigrams/rows_and_columns_swapped": torch.tensor(self.counts).T.double()}
        return swapped | {f"count_bigrams/{name}": torch.tensor(table).double() for name, table in self.tables.items()}

    def add_contexts(self, words: Sequence[str], lengths: Iterable[int]) -> None:
        """Make contexts of some lengths with a slip, unless they are there."""
        for length in set(lengths).difference(self.lengths):
            self.contexts |= slips_in_contexts([*words], self.vocabulary, length)
            self.lengths.append(length)

    def to_json(self) -> dict[str, Any]:
        """Return it for a file, in as few digits as say what a number is."""
        texts = sorted({text for one in self.numbers for text in (one.verdict, one.what, *sum(one.slips, ()))})
        place = {text: at for at, text in enumerate(texts)}
        numbers = [
            [
                *(float(f"{one.value:.10g}"), float(f"{one.should:.8g}"), int(one.common), one.digits),
                *(place[text] for text in (one.verdict, one.what, *sum(one.slips, ()))),
            ]
            for one in self.numbers
        ]
        return asdict(self) | {"texts": texts, "numbers": numbers}

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> "Made":
        """Read what `to_json` wrote."""
        texts = kept["texts"]
        numbers = []
        for value, should, common, digits, *places in kept["numbers"]:
            verdict, what, *slips = (texts[place] for place in places)
            pairs = tuple(zip(slips[::2], slips[1::2], strict=True))
            numbers.append(Number(value, verdict, what, bool(common), digits, pairs, should))
        return cls(numbers=numbers, **{name: kept[name] for name in kept if name not in ("numbers", "texts", "key")})


def make(words: Sequence[str], *, progress: bool = True) -> Made:
    """Make all that is known of these words but contexts with a slip; for thousands of them that takes some seconds."""
    words = list(words)
    vocabulary = build_vocabulary(words)
    counts = count_bigrams(words, vocabulary)
    made = Made(vocabulary, counts.tolist(), len(words))
    parts = 2 * len(slips_of("count_bigrams"))
    with tqdm(total=parts, desc="check: making wrong values, too", disable=not progress) as bar:
        made.tables = slips_in_tables(words, vocabulary, counts, bar.update)
        tables = {name: torch.tensor(table) for name, table in made.tables.items()}
        slips, made.also = slips_in_numbers(counts, tables, lambda: bar.n < parts - 1 and bar.update())
        made.numbers = [
            *_measured(words, vocabulary, counts),
            *_other_models(words, vocabulary, counts),
            *_unweighed(counts),
        ]
        made.numbers += [*_with_slips(slips, made)]
        bar.update(parts - bar.n)
    return made


def the_first(n: int) -> str:
    """Write how many words those at the beginning are."""
    return f"the first {n:,} words" if n > 1 else "the first word"


def with_k(k: float) -> str:
    """Return how something is smoothed, in words."""
    return f"with k = {k}" if k else "without smoothing"


def misplaced(what: str, why: str) -> str:
    """Say what is made of a table in which k was put in the wrong place."""
    rows = "so no row sums to 1: smooth the counts first, and then divide each row by its own sum"
    return f"{what}, with one slip. The k was {why}, {rows}"


def _measured(words: list[str], vocabulary: str, counts: Tensor) -> Iterator[Number]:
    """Yield what is made of the logs of the probabilities, of all words and of the first, in nats and by other logs.

    Each exact, and as a loop in float32 rounds it.
    """
    contexts, targets = build_contexts(words, vocabulary, 1)
    ends = [*accumulate(len(word) + 1 for word in words)]
    for k in KS:
        exact, single = (probs_of(table)[contexts[:, 0], targets] for table in (counts.double() + k, counts + k))
        losses = -exact.log().cumsum(dim=0)
        for name, log in LOGS.items():
            sums, rounded = -log(exact).cumsum(dim=0), -log(single).numpy().cumsum(dtype="float32")
            for n in (len(words), *(n for n in FIRST if n < len(words) and k in COMMON)):
                last, first = ends[n - 1] - 1, n < len(words)
                sizes = n, ends[n - 1], counts.numel()
                how = f"of {the_first(n)} only, by the model of all, {with_k(k)}" if first else with_k(k)
                for made, note in ((sums, ""), (rounded, f", {ROUNDED}")):
                    value, loss = float(made[last]), float(losses[last])
                    if not note or abs(value - float(sums[last])) > 1e-6 * value:
                        yield from _of_sum(value, loss, sizes, name, how, note, common=k in COMMON, first=first)


def _of_sum(
    value: float, loss: float, sizes: tuple[int, int, int], log: str, how: str, note: str, *, common: bool, first: bool
) -> Iterator[Number]:
    """Yield what is made of a sum of losses: itself, its means over this and that, the perplexity."""
    n, terms, cells = sizes
    mean, right = value / terms, loss / terms
    slip = ((f"negative_log_likelihood/{log}", ""),) if log else ()
    usual, digits = common and not first, 4 if common and not first and not note else 5
    what = f"the loss {how}, in nats{note}"
    if not slip:
        yield Number(mean, STEP if first else RIGHT, what, usual, digits)
        yield Number(math.exp(mean), STEP if first else RIGHT, f"the perplexity {how}{note}", usual, digits)
    elif common:
        yield Number(mean, MISTAKE, what, usual, digits, slip, right)
    over = {"minus_sign_missing": -terms, "mean_over_the_words": n, "mean_over_the_letters": terms - n}
    for key, size in (over | {"mean_over_the_cells": cells}).items() if common else ():
        slips = (*slip, (f"negative_log_likelihood/{key}", ""))
        if size and (size < 0 or not first):
            yield Number(value / size, MISTAKE, what, usual, 5 if slip else digits, slips, right)
    for sign, of in ((1, "the sum of the losses"), (-1, "the log-likelihood")) if common or not slip else ():
        should = sign * loss
        divide = f"; divide it by {'' if sign > 0 else 'minus '}{terms:,}, the number of bigrams"
        if slip:
            yield Number(sign * value, MISTAKE, f"{of} {how}{note}", usual, 5, slip, should)
        else:
            yield Number(sign * value, STEP, f"{of} {how}{note}{divide}", usual, 5)
        for times, often in ((2, "twice"), (3, "three times")) if usual and not slip else ():
            what = f"{of} {how}, {often}{note}. {AGAIN}, and the sum was not set to 0 before"
            yield Number(times * sign * value, MISTAKE, what, usual, 5, (), should)


def _other_models(words: list[str], vocabulary: str, counts: Tensor) -> Iterator[Number]:
    """Yield the losses and perplexities of other models than the table: they are right, too."""
    size, total = len(counts), counts.sum()
    yield Number(math.log(size), RIGHT, f"log {size}, the loss of a model that knows nothing", True, 4)
    what = f"log {size + 1}, the loss of a model that knows nothing and has two tokens for `.`"
    yield Number(math.log(size + 1), RIGHT, what)
    losses: list[tuple[float, str]] = []
    for k in KS[1:]:  # with `<S>` and `<E>` each row has a cell more
        wider = (counts + float(k)) / (counts.sum(dim=1, keepdim=True) + k * (size + 1))
        both = f"{with_k(k)} and two tokens, `<S>` and `<E>`, for the boundary"
        losses.append((negative_log_likelihood(counts, wider), both))
    letters = counts.sum(dim=1).double()
    loss = -float(torch.xlogy(letters, letters / total).sum() / total)
    losses.append((loss, "of a model that knows only how common each token is"))
    for length in LENGTHS[1:]:
        seen = count_contexts(*build_contexts(words, vocabulary, length), size)[1].double()
        for k in COMMON:
            loss = -float(torch.xlogy(seen, probs_of(seen + k)).sum() / seen.sum())
            losses.append((loss, f"of counting what follows {length} tokens, {with_k(k)}"))
    for loss, of in losses:
        yield Number(loss, RIGHT, f"the loss {of}, in nats")
        yield Number(math.exp(loss), RIGHT, f"the perplexity {of}")


def _unweighed(counts: Tensor) -> Iterator[Number]:
    """Yield what is no catalogued mistake of one step: means over all cells, and losses of tables with k elsewhere."""
    for k in KS[1:]:
        what, right = f"the loss {with_k(k)}, in nats", negative_log_likelihood(counts, probs_of(counts + float(k)))
        why = "The mean is taken over all cells of the table, each once; a bigram should count as often as it was seen"
        mean = -float(probs_of(counts.double() + k).log().mean())
        yield Number(mean, MISTAKE, f"{what}, with one slip. {why}", k in COMMON, 5, (), right)
        for why, make in MISPLACED.items() if k in COMMON else ():
            loss = -float(torch.xlogy(counts, make(counts.double(), k)).sum() / counts.sum())
            if math.isfinite(loss):
                yield Number(loss, MISTAKE, misplaced(what, why), True, 5, (), right)


def _with_slips(slips: list[Found], made: Made) -> Iterator[Number]:
    """Yield the numbers with a slip or two, and the sums that belong to those losses that have one."""
    right = {one.what: one.value for one in made.numbers if one.verdict == RIGHT}
    there = {(one.what, one.slips) for one in made.numbers}
    counts = torch.tensor(made.counts)
    total = int(counts.sum())
    for value, of, k, found in slips:
        what = f"the {of} {with_k(k)}{', in nats' if of == LOSS else ''}"
        common, both, (key, place) = k in COMMON, tuple(found), found[0]
        if (what, both) in there:
            continue
        rare = key.startswith("perplexity/exp_of_the_mean_over")  # casts no doubt on what many find, such as 17.48
        digits = 4 if common and len(found) == 1 and not place and not rare else 5
        yield Number(value, MISTAKE, what, common, digits, both, right[what])
        if not common or of != LOSS or len(found) > 1:
            continue
        terms = total
        if key == "negative_log_likelihood/every_counted_cell_once":
            terms = int((counts > 0).sum())
        elif key.startswith("negative"):
            continue  # over what the mean is taken does nothing to the sum
        elif key.startswith("count") and place != "in the model":
            terms = int(sum(map(sum, made.tables[key.split("/")[1]])))
        for sign, summed in ((1, "the sum of the losses"), (-1, "the log-likelihood")):
            should = sign * right[what] * total
            yield Number(sign * value * terms, MISTAKE, f"{summed} {with_k(k)}", common, 5, both, should)
