"""The pages' interactive elements, as HTML: the data that they need and, in the tag, what a page shows without scripts.

Every function is called by a block of a page. Text is plain, with `code` between backticks.
"""

import html
import itertools
import math
import random
import re
from functools import cache


def bet(question, *, truth, reason, choices=None, slider=None, unit=""):
    """Return a question to bet on, its answer folded.

    Args:
        question: What will the reader bet on?
        truth: The answer: one of `choices`, or a number on the slider.
        reason: Why it is so, shown after the bet.
        choices: What can be chosen, each with how far it is from the truth.
        slider: Least value, greatest value and step, instead of choices.
        unit: What follows the number of a slider, such as `%` or ` letters`.
    """
    data, options = {}, ""
    if slider:
        least, greatest, step = slider
        digits = 0 if float(step).is_integer() else 1
        data = {"min": least, "max": greatest, "step": step, "unit": unit, "truth": round(truth, 6)}
        data["from"] = least + round((greatest - least) / 2 / step) * step  # in the middle: a start gives nothing away
        options = f'<p class="bl-choices">Between {least:,}{unit} and {greatest:,}{unit}.</p>'
        truth = f"{truth:,.{max(digits, 1 if unit == '%' else 0)}f}{unit}"
    else:
        if truth not in choices:
            raise ValueError(f"the truth {truth!r} is not among the choices {list(choices)}")
        items = "".join(f'<li data-gap="{_plain(gap)}">{_text(choice)}</li>' for choice, gap in choices.items())
        options = f'<ul class="bl-choices">{items}</ul>'
    answer = (
        f'<details><summary>The answer</summary><p class="bl-truth">{_text(truth)}</p>'
        f'<p class="bl-reason">{_text(reason)}</p></details>'
    )
    return _element(
        "bet", f'<p class="bl-question"><strong>Bet first.</strong> {_text(question)}</p>{options}{answer}', **data
    )


def quiz(chapter):
    """Return the questions of a chapter, and one of an earlier chapter that comes back."""
    from questions import QUESTIONS

    chapters = list(QUESTIONS)
    place = chapters.index(chapter)
    items = [_question(question) for question in QUESTIONS[chapter]]
    if place > 0:
        earlier = chapters[max(0, place - 3)]  # some time ago: what is nearly forgotten is worth recalling
        again = QUESTIONS[earlier]
        items.append(_question(again[place % len(again)], page=f"{earlier}.html"))
    return _element("quiz", f"<ol>{''.join(items)}</ol>", name=chapter)


def count_it(word="emma"):
    """Return the element that counts one word by hand, then all others."""
    from bigramlab import count_bigrams

    names, vocabulary, counts = _names()
    letters = sorted(set("." + word))
    ids = [vocabulary.index(letter) for letter in letters]
    table = _table(letters, count_bigrams([word], "".join(letters)).tolist())
    return _element(
        "count",
        f"<p>The table of <code>.{word}.</code> alone:</p>{table}",
        word=word,
        all=" ".join(str(counts[row, column].item()) for row in ids for column in ids),
        names=f"{len(names):,}",
        others=f"{len(names) - 1:,}",
        total=f"{counts.sum().item():,}",
        cells=f"{counts.numel():,}",
    )


def table(at="qu"):
    """Return the table to explore, with the cell of `at` marked."""
    _, vocabulary, counts = _names()
    rows = []
    for letter, row in zip(vocabulary, counts, strict=True):
        likely = row.argsort(descending=True, stable=True)[:6].tolist()
        told = ", ".join(f"`{vocabulary[id]}` {row[id] / row.sum():.1%}" for id in likely)
        rows.append([f"`{letter}`", f"{row.sum():,}", f"{told}, …"])
    listed = _list(["after", "counted", "most often comes"], rows)
    return _element("table", f'<div class="bl-scroll" tabindex="0">{listed}</div>', at=at, **_model())


def walk(seed=2018):
    """Return the walk to make by hand; without scripts, one that was made when the page was built."""
    import torch

    from bigramlab import normalize, sample, smooth

    _, vocabulary, counts = _names()
    probs = normalize(smooth(counts, k=1))
    path, rows = ".", []
    for id in sample(probs, generator=torch.Generator().manual_seed(seed)).tolist():
        current, path = path[-1], path + vocabulary[id]
        p = probs[vocabulary.index(current), id]
        rows.append([f"`{current}`", f"`{vocabulary[id]}`", f"{p:.1%}", f"`{path}`"])
    listed = _list(["after", "drawn", "chance", "so far"], rows)
    return _element("walk", f"<p>One walk, step by step:</p>{listed}", **_model())


def name(start="emma"):
    """Return the element that says how surprising a name is."""
    import torch

    from bigramlab import normalize, smooth, surprisal

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
    listed = _list(["step", "p", "-log p"], rows)
    return _element("name", listed, name=start, quantiles=" ".join(f"{value:.4f}" for value in quantiles), **_model())


def learn():
    """Return the element that learns the table by gradient descent."""
    from bigramlab import negative_log_likelihood, normalize

    _, vocabulary, counts = _names()
    size = len(vocabulary)
    floor = negative_log_likelihood(counts, normalize(counts.double()))
    fallback = (
        "<p>Start with a table of zeros. Its softmax gives every letter the same chance: "
        f"a loss of log {size} = {math.log(size):.3f}. Each step of gradient descent changes the table a little, so "
        f"that the loss falls: toward {floor:.3f}, the loss of the table that was counted, and never below.</p>"
    )
    return _element("learn", fallback, **_model())


def words():
    """Return the element that puts the reader's own words in the place of the names."""
    fallback = (
        "<p>With scripts, you can paste a list of your own here. Without them, Python does the same: "
        "<code>read_words</code>, <code>count_bigrams</code>, <code>sample_words</code>.</p>"
    )
    return _element("words", fallback, names=f"{len(_names()[0]):,}", **_model())


def race():
    """Return the race between the counted table and a small MLP; without scripts, how it ends."""
    import racing

    vocabulary, train, dev = racing.split()
    table = racing.table(1)
    losses, _ = racing.train()
    above = max(step for step, loss in losses.items() if loss >= table.loss)
    passed = next(step for step in losses if step > above)
    numbers = len(racing.start())
    first, last = losses[0], losses[racing.RECIPE.steps]
    rows = [
        [f"the counted table, k = {table.k:g}", table.numbers, f"{table.loss:.3f}", f"{table.loss:.3f}"],
        [f"the MLP, context {racing.CONTEXT}", numbers, f"{first:.3f}", f"{last:.3f}"],
    ]
    heads = ["model", "numbers", "loss before training", f"after {racing.RECIPE.steps:,} steps"]
    fallback = (
        f"<p>Both learn from the same {len(train):,} names. The losses are in nats per letter, on {len(dev):,} dev "
        f"names that neither saw. From step {passed} on, the MLP is below the table.</p>{_list(heads, rows)}"
    )
    return _element(
        "race",
        fallback,
        vocabulary=vocabulary,
        names=f"{len(train):,}",
        others=f"{len(dev):,}",
        k=table.k,
        length=racing.CONTEXT,
        embedding=racing.EMBEDDING,
        hidden=racing.HIDDEN,
        steps=racing.RECIPE.steps,
        batch=racing.RECIPE.batch_size,
        rate=racing.RECIPE.learning_rate,
        seed=racing.SEED,
        weights=" ".join(f"{number:.4f}" for number in racing.start().tolist()),
        train=racing.pack(racing.examples("train")),
        dev=racing.pack(racing.examples("dev")),
    )


def _question(question, page=""):
    """Return one question as an item of a list; `page` is the chapter that it comes from, if that is another one."""
    choices = [(*question.right, True), *((choice, reason, False) for choice, reason in question.wrong.items())]
    random.Random(question.text).shuffle(choices)  # the same place at every build, and no pattern
    listed = "".join(f"<li>{_text(choice)}</li>" for choice, _, _ in choices)
    link = f'<a href="{html.escape(page + question.see)}">Where it says so</a>'
    reasons = "".join(
        f'<li{" data-right" if is_right else ""}><span class="bl-choice">{_text(choice)}</span> '
        f'<span class="bl-because">{_text(reason)} {link}.</span></li>'
        for choice, reason, is_right in choices
    )
    again = "<strong>Once more.</strong> " if page else ""
    return (
        f'<li class="bl-item"><p>{again}{_text(question.text)}</p><ul class="bl-choices">{listed}</ul>'
        f"<details><summary>Which, and why</summary><ul>{reasons}</ul></details></li>"
    )


def sampler(seed=8):
    """Return names being written from the table; without scripts, those written when the page was built."""
    import torch

    from bigramlab import normalize, sample_words, smooth

    _, vocabulary, counts = _names()
    probs = normalize(smooth(counts, k=1))
    drawn = sample_words(probs, vocabulary, 9, generator=torch.Generator().manual_seed(seed))
    written = " ".join(f"<code>{html.escape(word)}</code>" for word in drawn if word)
    path = f".{max(drawn, key=len)}."
    return _element(
        "sampler",
        f'<div class="bl-stage"><p class="bl-path">{html.escape(path)}</p><p class="bl-written">{written}</p></div>'
        f"{_map(vocabulary, counts, path)}",
        **_model(),
    )


def _map(vocabulary, counts, path):
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
def _names():
    from bigramlab import build_vocabulary, count_bigrams, load_names

    names = load_names()
    vocabulary = build_vocabulary(names)
    return names, vocabulary, count_bigrams(names, vocabulary)


def _model():
    _, vocabulary, counts = _names()
    return {"vocabulary": vocabulary, "counts": " ".join(map(str, counts.flatten().tolist()))}


def _list(head, rows):
    heads = "".join(f'<th scope="col">{title}</th>' for title in head)
    body = "".join(f"<tr>{''.join(f'<td>{_text(value)}</td>' for value in row)}</tr>" for row in rows)
    return f'<table class="bl-list"><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>'


def _table(letters, rows):
    head = "".join(f'<th scope="col">{letter}</th>' for letter in letters)
    body = "".join(
        f'<tr><th scope="row">{letter}</th>{"".join(f"<td>{value}</td>" for value in row)}</tr>'
        for letter, row in zip(letters, rows, strict=True)
    )
    return f'<table class="bl-small"><thead><tr><td></td>{head}</tr></thead><tbody>{body}</tbody></table>'


def _element(tag, fallback, **data):
    """Return the tag in a figure, which Markdown leaves alone, and which the search does not read."""
    attributes = "".join(f' data-{key}="{html.escape(str(value))}"' for key, value in data.items())
    return f'<figure class="bl" data-search-exclude><bl-{tag}{attributes}>{fallback}</bl-{tag}></figure>'


def _text(text):
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(str(text), quote=False))


def _plain(text):
    return html.escape(str(text).replace("`", ""))
