"""The pages' interactive elements, as HTML: the data that they need and, in the tag, what a page shows without scripts.

Every function is called by a block of a page. Text is plain, with `code` between backticks.
"""

import html
import itertools
import math
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

import torch
from torch import Tensor

from bigramlab import (
    build_vocabulary,
    count_bigrams,
    encode,
    keep_top_k,
    keep_top_p,
    load_names,
    negative_log_likelihood,
    normalize,
    sample,
    sample_words,
    smooth,
    softmax,
    surprisal,
    transformer_logits,
    with_temperature,
)
from bigramlab.chapters import CHAPTERS
from tools import looking
from tools.markup import element, listed, plain, rich, square
from tools.questions import QUESTIONS, Question

NOTHING: Mapping[str, str] = MappingProxyType({})


def bet(
    question: str,
    *,
    truth: str | float,
    reason: str,
    choices: Mapping[str, str] = NOTHING,
    slider: tuple[float, float, float] | None = None,
    unit: str = "",
) -> str:
    """Return a question to bet on, its answer folded.

    What stands below it on the page, up to the comment `<!-- end of bet -->`, is covered until the reader bets.

    Args:
        question: What will the reader bet on?
        truth: The answer: one of `choices`, or a number on the slider.
        reason: Why it is so, shown after the bet.
        choices: What can be chosen, each with how far it is from the truth.
        slider: Least value, greatest value and step, instead of choices.
        unit: What follows the number of a slider, such as `%` or ` letters`.
    """
    data: dict[str, object] = {}
    if slider:
        least, greatest, step = slider
        digits = 0 if float(step).is_integer() else 1
        data = {"min": least, "max": greatest, "step": step, "unit": unit, "truth": round(float(truth), 6)}
        options = f'<p class="bl-choices">Between {least:,}{unit} and {greatest:,}{unit}.</p>'
        truth = f"{float(truth):,.{max(digits, 1 if unit == '%' else 0)}f}{unit}"
    else:
        if truth not in choices:
            raise ValueError(f"the truth {truth!r} is not among the choices {list(choices)}")
        items = "".join(f'<li data-gap="{plain(gap)}">{rich(choice)}</li>' for choice, gap in choices.items())
        options = f'<ul class="bl-choices">{items}</ul>'
    answer = (
        f'<details><summary>The answer</summary><p class="bl-truth">{rich(truth)}</p>'
        f'<p class="bl-reason">{rich(reason)}</p></details>'
    )
    return element(
        "bet", f'<p class="bl-question"><strong>Bet first.</strong> {rich(question)}</p>{options}{answer}', **data
    )


def quiz(page: str) -> str:
    """Return the questions of a chapter, which is named by its page, and one of an earlier chapter that comes back."""
    chapters = [chapter.page for chapter in CHAPTERS]
    place = chapters.index(page)
    items = [_question(question) for question in QUESTIONS[page]]
    if place > 0:
        earlier = chapters[max(0, place - 3)]  # some time ago: what is nearly forgotten is worth recalling
        again = QUESTIONS[earlier]
        items.append(_question(again[place % len(again)], page=f"{earlier}.html"))
    return element("quiz", f"<ol>{''.join(items)}</ol>", name=page)


def count_it(word: str = "emma") -> str:
    """Return the element that counts one word by hand, then all others."""
    names, vocabulary, counts = _names()
    letters = sorted(set("." + word))
    ids = [vocabulary.index(letter) for letter in letters]
    table = square(letters, count_bigrams([word], "".join(letters)).tolist())
    return element(
        "count",
        f"<p>The table of <code>.{word}.</code> alone:</p>{table}",
        scripts="count",
        word=word,
        all=" ".join(str(counts[row, column].item()) for row in ids for column in ids),
        names=f"{len(names):,}",
        others=f"{len(names) - 1:,}",
        total=f"{counts.sum().item():,}",
        cells=f"{counts.numel():,}",
    )


def table(at: str = "qu") -> str:
    """Return the table to explore, with the cell of `at` marked."""
    _, vocabulary, counts = _names()
    rows = []
    for letter, row in zip(vocabulary, counts, strict=True):
        likely = row.argsort(descending=True, stable=True)[:6].tolist()
        told = ", ".join(f"`{vocabulary[id]}` {row[id] / row.sum():.1%}" for id in likely)
        rows.append([f"`{letter}`", f"{row.sum():,}", f"{told}, …"])
    heads = ["after", "counted", "most often comes"]
    return element("table", f'<div class="bl-scroll" tabindex="0">{listed(heads, rows)}</div>', at=at, **_model())


def walk(seed: int = 2018) -> str:
    """Return the walk to make by hand; without scripts, one that was made when the page was built."""
    _, vocabulary, counts = _names()
    probs = normalize(smooth(counts, k=1))
    path, rows = ".", []
    for id in sample(probs, generator=torch.Generator().manual_seed(seed)).tolist():
        current, path = path[-1], path + vocabulary[id]
        p = probs[vocabulary.index(current), id]
        rows.append([f"`{current}`", f"`{vocabulary[id]}`", f"{p:.1%}", f"`{path}`"])
    heads = ["after", "drawn", "chance", "so far"]
    return element("walk", f"<p>One walk, step by step:</p>{listed(heads, rows)}", **_model())


def choose(letter: str = "a") -> str:
    """Return the three knobs on the row of a letter; without scripts, what each does to it."""
    _, vocabulary, counts = _names()
    row = normalize(smooth(counts, k=1))[vocabulary.index(letter)][None]
    ways = {
        "as the model says": row,
        "temperature 0.5": with_temperature(row.log(), 0.5),
        "temperature 2": with_temperature(row.log(), 2),
        "top-k, k = 3": keep_top_k(row, 3),
        "top-p, p = 0.5": keep_top_p(row, 0.5),
    }
    rows = []
    for way, (probs,) in ways.items():
        likely = probs.argsort(descending=True, stable=True)[:4].tolist()
        told = [f"`{vocabulary[id]}` {probs[id]:.1%}" for id in likely if probs[id] > 0]
        rows.append([way, ", ".join(told) + ", …" * bool((probs > 0).sum() > len(told))])
    return element(
        "choose", f"<p>After <code>{letter}</code>:</p>{listed(['chosen', 'next'], rows)}", scripts="choose", **_model()
    )


def name(start: str = "emma") -> str:
    """Return the element that says how surprising a name is."""
    names, vocabulary, counts = _names()
    probs = normalize(smooth(counts.double(), k=1))
    some = names[:: len(names) // 2000]  # enough to say how many of 100 names
    means = torch.stack([surprisal(name, probs, vocabulary).mean() for name in some])
    quantiles = means.quantile((torch.arange(100) + 0.5).double() / 100).tolist()
    costs = surprisal(start, probs, vocabulary).tolist()
    steps = zip(itertools.pairwise(f".{start}."), costs, strict=True)
    rows = [
        [f"`{current}{following}`", f"{math.exp(-cost):.1%}", f"{cost:.2f}"] for (current, following), cost in steps
    ]
    fallback = listed(["step", "p", "-log p"], rows)
    return element("name", fallback, name=start, quantiles=" ".join(f"{value:.4f}" for value in quantiles), **_model())


def learn() -> str:
    """Return the element that learns the table by gradient descent."""
    _, vocabulary, counts = _names()
    size = len(vocabulary)
    floor = negative_log_likelihood(counts, normalize(counts.double()))
    fallback = (
        "<p>Start with a table of zeros. Its softmax gives every letter the same chance: "
        f"a loss of log {size} = {math.log(size):.3f}. Each step of gradient descent changes the table a little, so "
        f"that the loss falls: toward {floor:.3f}, the loss of the table that was counted, and never below.</p>"
    )
    return element("learn", fallback, scripts="learn", **_model())


def words() -> str:
    """Return the element that puts the reader's own words in the place of the names."""
    fallback = (
        "<p>With scripts, you can paste a list of your own here. Without them, Python does the same: "
        "<code>read_words</code>, <code>count_bigrams</code>, <code>sample_words</code>.</p>"
    )
    return element("words", fallback, names=f"{len(_names()[0]):,}", **_model())


def shares(keys: tuple[int, ...] = (2, 0, 0)) -> str:
    """Return one question and three keys; without scripts, what three questions take."""
    rows = []
    for query in (2, 0, -2):
        found = softmax(torch.tensor([float(query * key) for key in keys]))
        rows.append([query, *(f"{share:.1%}" for share in found.tolist())])
    head = ["query", *(f"of `{letter}`, key {key}" for letter, key in zip("ann", keys, strict=True))]
    return element("shares", listed(head, rows), scripts="attention")


def attention(word: str = "emma") -> str:
    """Return a small network's arcs; without scripts, the shares of one name's letters."""
    _, vocabulary, _ = _names()
    ids = torch.tensor([[0, *encode(word, vocabulary).tolist()]])
    found = looking.shares_in(looking.network("causal"), ids, ahead=False)[0, 0].tolist()
    letters = f".{word}"
    rows = [[f"`{letter}`", *(f"{share:.0%}" for share in row)] for letter, row in zip(letters, found, strict=True)]
    kept = looking.kept()
    written = {name: " ".join(kept[name]["words"]) for name in ("causal", "ahead")}
    return element(
        "attention",
        f"<p>What each letter takes of each, in %:</p>{listed(['', *letters], rows)}",
        scripts="attention",
        word=word,
        vocabulary=vocabulary,
        longest=looking.LONGEST,
        width=looking.WIDTH,
        scale=looking.SCALE,
        causal=kept["causal"]["numbers"],
        ahead=kept["ahead"]["numbers"],
        **{"words-causal": written["causal"], "words-ahead": written["ahead"]},
        **{f"loss-{name}": f"{kept[name]['train']:.4f}" for name in ("causal", "ahead")},
    )


def stream(word: str = "emm") -> str:
    """Return a letter's way through a small Transformer; without scripts, what is expected after each letter."""
    _, vocabulary, _ = _names()
    network = looking.transformer()
    ids = torch.tensor([[0, *encode(word, vocabulary).tolist()]])
    rows = []
    for letter, probs in zip(f".{word}", softmax(transformer_logits(network, ids))[0], strict=True):
        likely = probs.argsort(descending=True)[:3].tolist()
        rows.append([f"`{letter}`", ", ".join(f"`{vocabulary[id]}` {probs[id]:.0%}" for id in likely)])
    width, layers = network.embedding.shape[1], len(network.blocks)
    return element(
        "stream",
        f"<p>Letter by letter:</p>{listed(['after', 'the Transformer expects'], rows)}",
        scripts="transformer attention",
        word=word,
        vocabulary=vocabulary,
        longest=network.longest,
        width=width,
        layers=layers,
        heads=network.heads,
        scale=looking.SCALE,
        numbers=looking.kept()["transformer"]["numbers"],
    )


def _question(question: Question, page: str = "") -> str:
    """Return one question as an item of a list; `page` is the chapter that it comes from, if that is another one."""
    choices = question.choices()
    offered = "".join(f"<li>{rich(choice)}</li>" for choice, _, _ in choices)
    link = f'<a href="{html.escape(page + question.see)}">Where it says so</a>'
    reasons = "".join(
        f'<li{" data-right" if is_right else ""}><span class="bl-choice">{rich(choice)}</span> '
        f'<span class="bl-because">{rich(reason)} {link}.</span></li>'
        for choice, reason, is_right in choices
    )
    again = "<strong>Once more.</strong> " if page else ""
    return (
        f'<li class="bl-item"><p>{again}{rich(question.text)}</p><ul class="bl-choices">{offered}</ul>'
        f"<details><summary>Which, and why</summary><ul>{reasons}</ul></details></li>"
    )


def sampler(seed: int = 8) -> str:
    """Return names being written from the table; without scripts, those written when the page was built."""
    _, vocabulary, counts = _names()
    probs = normalize(smooth(counts, k=1))
    drawn = sample_words(probs, vocabulary, 9, generator=torch.Generator().manual_seed(seed))
    written = " ".join(f"<code>{html.escape(word)}</code>" for word in drawn if word)
    path = f".{max(drawn, key=len)}."
    return element(
        "sampler",
        f'<div class="bl-stage"><p class="bl-path">{html.escape(path)}</p><p class="bl-written">{written}</p></div>'
        f"{_map(vocabulary, counts, path)}",
        **_model(),
    )


def _map(vocabulary: str, counts: Tensor, path: str) -> str:
    """Return the table as a small picture, the stronger the more frequent, with the walk of a word through it."""
    shades = (6 * (counts / counts.max()).sqrt()).ceil().long().tolist()
    cells = ""
    for shade in range(1, 7):
        squares = "".join(
            f"M{column} {row}h.9v.9h-.9z"
            for row, line in enumerate(shades)
            for column, value in enumerate(line)
            if value == shade
        )
        cells += f'<path d="{squares}" opacity="{shade / 6:.2f}"/>'
    steps = [
        (vocabulary.index(current), vocabulary.index(following)) for current, following in itertools.pairwise(path)
    ]
    points = " ".join(f"{column + 0.45},{row + 0.45}" for row, column in steps)
    row, column = steps[-1]
    return (
        f'<div class="bl-map"><svg viewBox="-.5 -.5 {len(vocabulary) + 1} {len(vocabulary) + 1}" role="img" '
        'aria-label="The table of letter pairs, with the walk of a name through it">'
        f'<g>{cells}</g><rect x="-.15" y="{row - 0.15}" width="{len(vocabulary) + 0.2}" height="1.2"/>'
        f'<polyline points="{points}"/><circle cx="{column + 0.45}" cy="{row + 0.45}" r=".6"/></svg>'
        '<p class="bl-note">The table: a row for each letter, a column for what comes next.</p></div>'
    )


@cache
def _names() -> tuple[list[str], str, Tensor]:

    names = load_names()
    vocabulary = build_vocabulary(names)
    return names, vocabulary, count_bigrams(names, vocabulary)


def _model() -> dict[str, str]:
    _, vocabulary, counts = _names()
    return {"vocabulary": vocabulary, "counts": " ".join(map(str, counts.flatten().tolist()))}
