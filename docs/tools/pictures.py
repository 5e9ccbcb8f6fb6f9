"""What the chapters on the MLP show: tables, sentences and charts of the kept `experiments.py`."""

import math
import statistics
from pathlib import Path

import experiments
import hooks
import matplotlib
import torch
from matplotlib import pyplot as plt

import bigramlab
from bigramlab import Result

HERE = Path(__file__).parent
INK, FIRST, SECOND, THIRD = "#010203", "#c24e00", "#2b6da3", "#1f6140"
OWN = {  # what they become: the page's own colors, which follow the scheme
    INK: "currentColor",
    FIRST: "var(--bl-walk)",
    SECOND: "var(--md-typeset-a-color)",
    THIRD: "var(--md-code-hl-string-color)",
}


def kept(experiment):
    """Return what the experiment gave, kept under a key made of the code and the names that it depends on."""
    return hooks.kept(path_of(experiment), key(), experiment)


def path_of(experiment):
    """Return the file in which the experiment's result is kept."""
    return HERE / "tutorial" / f"{experiment.__name__}.json"


def key():
    """Return the key of all experiments."""
    package = HERE.parent / "bigramlab"
    names = ["comparing", "generating", "mlp", "optimizing", "neural_bigram", "data", "counting", "smoothing"]
    files = [HERE / "experiments.py", HERE.parent / "names.txt", *(package / f"{name}.py" for name in names)]
    return hooks.fingerprint(files)


def show_comparison():
    """Return numbers, time and losses of each model, as a table in Markdown."""
    lines = ["| model | numbers | seconds | train | dev | test | perplexity |", "|---|--:|--:|--:|--:|--:|--:|"]
    for result in results():
        losses = " | ".join(f"{loss:.3f}" for loss in (result.train, result.dev, result.test))
        perplexity = f"{result.perplexity:.1f}"
        lines.append(f"| {result.name} | {result.numbers:,} | {result.seconds:.1f} | {losses} | {perplexity} |")
    return "\n".join(lines)


def show_words():
    """Return how many words of each model are copied, real or new, and ten of them, as a table in Markdown."""
    lines = ["| model | copied | real | new | ten words |", "|---|--:|--:|--:|---|"]
    for result in results():
        shares = " | ".join(f"{share:.0%}" for share in (result.copied, result.real, result.new))
        words = " ".join(word if len(word) <= 14 else word[:12] + "…" for word in result.words)
        lines.append(f"| {result.name} | {shares} | {words} |")
    return "\n".join(lines)


def results():
    """Return what the models of the comparison reached."""
    return [Result(**result) for result in kept(experiments.comparison)["results"]]


def show_race():
    """Return what each recipe reached on both splits, as a table in Markdown."""
    lines = ["| recipe | split | dev | test | processor time |", "|---|---|---|---|--:|"]
    for split, rows in kept(experiments.races).items():
        if split == "key":
            continue
        lecture = statistics.median(rows["the lecture's"]["seconds"])
        for name, row in rows.items():
            dev, test = (" ".join(f"{loss:.4f}" for loss in row[part]) for part in ("dev", "test"))
            lines.append(f"| {name} | {split} | {dev} | {test} | {statistics.median(row['seconds']) / lecture:.0%} |")
    return "\n".join(lines)


def show_end(name):
    """Return in a sentence where a run of `overfitting` ended."""
    run = kept(experiments.overfitting)["runs"][name]
    (_, train), (_, dev), lowest = run["train"][-1], run["dev"][-1], min(run["dev"], key=lambda point: point[1])
    return (
        f"After {run['dev'][-1][0]:,} steps the loss is **{train:.2f}** on the names it learns from, **{dev:.2f}** "
        f"on the others. On these it was lowest after {lowest[0]:,} steps, with {lowest[1]:.2f}."
    )


def show_copies(name):
    """Return what the network of `overfitting` wrote, and how much of it is copied."""
    run = kept(experiments.overfitting)["runs"][name]
    words = run["words"]
    return (
        f"The first {len(words)} words that it wrote:\n\n> {' · '.join(words)}\n\n"
        f"**{run['copied']:.0%}** of a thousand words are copies."
    )


def draw_overfitting(name):
    """Draw both losses of a run of `overfitting`."""
    run = kept(experiments.overfitting)["runs"][name]
    after = "then rises" if run["dev"][-1][1] > run["dev"][0][1] else "stays low"
    return _chart(
        {"on other names": run["dev"], "on its own names": run["train"]},
        ("steps", "loss, nats"),
        f"Two curves: the loss on the training names falls, the loss on other names falls and {after}",
    )


def draw_learning(losses, floor):
    """Draw the loss of the neural bigram after each step, between knowing nothing and the counts' own loss."""
    ceiling = math.log(27)
    with _style():
        figure, axes = plt.subplots(figsize=(6, 3))
        axes.semilogx(range(1, len(losses) + 1), losses, color=SECOND, linewidth=2)
        for level in (ceiling, floor):
            axes.axhline(level, color="gray", linestyle="dashed", linewidth=1)
        axes.set_yticks([ceiling, floor], ["log 27", "the counts"])
        axes.set_xticks([1, 10, 100, 1000], ["1", "10", "100", "1000"])
        axes.set_xlabel("step")
        return _inline(figure, "The loss falls from log 27 toward that of the counts, fast at first, then slowly")


def draw_training(losses):
    """Draw the losses of some trainings, step by step, each point the mean of twenty steps."""
    curves = {
        name: [(step, statistics.mean(some[step - 20 : step])) for step in range(20, len(some) + 1, 20)]
        for name, some in losses.items()
    }
    return _chart(curves, ("steps", "loss, nats"), f"Falling curves: {', above '.join(losses)}")


def draw_comparison():
    """Draw the MLPs' losses by their context."""
    mlps = [result for result in results() if result.name.startswith("MLP")]
    curves = {
        f"{part} names": [(result.context_length, getattr(result, part)) for result in mlps]
        for part in ("test", "train")
    }
    return _chart(
        curves,
        ("letters that the MLP looks back", "loss, nats"),
        "Two curves that fall as the context grows, the one for training names below the one for test names",
    )


def draw_sizes(others):
    """Draw how many numbers the bigrams and the longest MLP of the comparison have, and these other models."""
    sizes = {result.name: result.numbers for result in results() if result.name == "counted bigrams"}
    sizes |= {results()[-1].name: results()[-1].numbers, **others}
    with _style():
        figure, axes = plt.subplots(figsize=(6, 2.4))
        bars = axes.barh(list(sizes), list(sizes.values()), height=0.5, color=SECOND)
        axes.bar_label(bars, [f"{size:,}" for size in sizes.values()], padding=4)
        axes.set_xscale("log")
        axes.set_xlim(1, 1e12)
        axes.set_xticks([1, 1e3, 1e6, 1e9], ["1", "a thousand", "a million", "a billion"])
        axes.minorticks_off()
        axes.invert_yaxis()
        return _inline(
            figure,
            "Bars for the numbers of each model: " + ", ".join(f"{name} {size:,}" for name, size in sizes.items()),
        )


def keep_together(letters):
    """Return whether the embedding nearest to that of each of these letters is one of theirs, too."""
    vocabulary, points = bigramlab.build_vocabulary(bigramlab.load_names()), kept(experiments.embedding)["points"]
    where = dict(zip(vocabulary, points, strict=True))
    nearest = (
        min(set(vocabulary) - {letter}, key=lambda other: math.dist(where[letter], where[other])) for letter in letters
    )
    return set(nearest) <= set(letters)


def draw_embedding():
    """Draw each token where its embedding lies."""
    points, vocabulary = kept(experiments.embedding)["points"], bigramlab.build_vocabulary(bigramlab.load_names())
    with _style():
        figure, axes = plt.subplots(figsize=(6, 4))
        for token, (x, y) in zip(vocabulary, points, strict=True):
            vowel = token in "aeiou"
            axes.text(x, y, token, color=FIRST if vowel else INK, fontsize=16, ha="center", va="center")
        axes.scatter(*zip(*points, strict=True), alpha=0)
        axes.set_xlabel("first number")
        axes.set_ylabel("second number")
        return _inline(
            figure, "The letters as points in the plane: the vowels a e i o u lie together, far from the dot"
        )


def draw_smoothing(n):
    """Draw how the losses of a table of n names depend on k."""
    names = bigramlab.load_names()
    vocabulary = bigramlab.build_vocabulary(names)
    train, dev, _ = bigramlab.split_words(names, generator=torch.Generator().manual_seed(1))
    counts = bigramlab.count_bigrams(train[:n], vocabulary)
    ks = [10 ** (power / 4) for power in range(-12, 9)]
    tables = [bigramlab.normalize(bigramlab.smooth(counts.double(), k)) for k in ks]
    curves = {
        f"on {len(dev):,} others": (bigramlab.count_bigrams(dev, vocabulary), "#e8710a"),
        f"on its own {n} names": (counts, "#4c8bf5"),
    }
    with _style():
        figure, axes = plt.subplots(figsize=(6, 3.4))
        for name, (asked, color) in curves.items():
            losses = [bigramlab.negative_log_likelihood(asked, table) for table in tables]
            axes.semilogx(ks, losses, marker="o", markersize=4, color=color)
            axes.annotate(name, (ks[0], losses[0]), (4, 8), textcoords="offset points", color=color)
        axes.set_xlabel("k, added to each count")
        axes.set_ylabel("loss, nats")
        return _inline(
            figure,
            "Two curves over k: the loss on the training names rises, the loss on other names falls and then rises",
        )


def draw_surprisal():
    """Draw -log p for each probability p."""
    points = [(percent / 200, -math.log(percent / 200)) for percent in range(1, 201)]
    with _style():
        figure, axes = plt.subplots(figsize=(6, 3.4))
        axes.plot(*zip(*points, strict=True), color="#4c8bf5")
        for p, name in [
            (1, "certain: 0"),
            (0.5, "heads: log 2"),
            (1 / math.e, "one nat"),
            (1 / 27, "one of 27: log 27"),
        ]:
            axes.plot(p, -math.log(p), marker="o", color="#e8710a")
            axes.annotate(name, (p, -math.log(p)), (8, 6), textcoords="offset points", ha="right" if p == 1 else "left")
        axes.set_xlabel("probability")
        axes.set_ylabel("surprisal, nats")
        return _inline(figure, "A curve that falls from far up, near probability 0, to surprisal 0 at probability 1")


def draw_logits(counts, weights, vocabulary, token):
    """Draw a row of learned weights over the logs of the row's counts."""
    row = vocabulary.index(token)
    logs, learned = counts[row].double().log(), weights[row].double()
    height = (learned - logs)[counts[row] > 100].mean().item()
    ends = [logs.min().item(), logs.max().item()]
    with _style():
        figure, axes = plt.subplots(figsize=(6, 3.4))
        axes.plot(ends, [end + height for end in ends], color="#4c8bf5")
        cells = sorted(zip(logs.tolist(), learned.tolist(), vocabulary, strict=True))
        for place, (x, y, following) in enumerate(cells):
            aside = (-6, 7) if place % 2 else (6, -14)  # neighbors on both sides of the line, or they overlap
            axes.plot(x, y, marker="o", markersize=4, color="#e8710a")
            axes.annotate(following, (x, y), aside, textcoords="offset points", ha="center")
        axes.margins(y=0.12)
        axes.set_xlabel(f"log of the count after {token}")
        axes.set_ylabel("learned weight")
        return _inline(figure, f"The weights after {token} over the logs of their counts: the letters lie along a line")


def _chart(curves, labels, description):
    with _style():
        figure, axes = plt.subplots(figsize=(6, 3.4))
        for color, mark, (name, points) in zip([FIRST, SECOND, THIRD], "os^", curves.items(), strict=False):
            axes.plot(*zip(*points, strict=True), marker=mark, markersize=4, color=color, label=name)
        axes.legend(frameon=False)
        axes.set_xlabel(labels[0])
        axes.set_ylabel(labels[1])
        return _inline(figure, description)


def _style():
    inks = ("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color")
    spines = {"axes.spines.top": False, "axes.spines.right": False}
    return matplotlib.rc_context({"font.size": 13, **dict.fromkeys(inks, INK), **spines})


def _inline(figure, description):
    figure.tight_layout()
    svg = hooks.inline_svg(figure, description)
    for color, own in OWN.items():
        svg = svg.replace(color, own)
    return svg.replace('class="figure"', 'class="figure chart"')
