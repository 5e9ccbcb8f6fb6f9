"""The charts, drawn by Matplotlib in the page's colors."""

import itertools
import math
import statistics
from collections.abc import Mapping, Sequence
from functools import cache

import torch
from matplotlib import pyplot as plt
from torch import Tensor

from bigramlab import (
    build_vocabulary,
    count_bigrams,
    load_names,
    negative_log_likelihood,
    normalize,
    smooth,
    split_words,
)
from tools import architectures
from tools.figures import inline_chart, style
from tools.palette import FAINT, FIRST, INK, SECOND, THIRD
from tools.trainings import points, results, run_of

Point = tuple[float, float]


def draw_overfitting(name: str) -> str:
    """Draw both losses of a run of `overfitting`."""
    run = run_of(name)
    after = "then rises" if run["dev"][-1][1] > run["dev"][0][1] else "stays low"
    return _curves(
        {"on other names": run["dev"], "on its own names": run["train"]},
        ("steps", "loss, nats"),
        f"Two curves: the loss on the training names falls, the loss on other names falls and {after}",
    )


def draw_training(losses: Mapping[str, Sequence[float]]) -> str:
    """Draw the losses of some trainings, step by step, each point the mean of twenty steps."""
    curves = {
        name: [(step, statistics.mean(some[step - 20 : step])) for step in range(20, len(some) + 1, 20)]
        for name, some in losses.items()
    }
    return _curves(curves, ("steps", "loss, nats"), f"Falling curves: {', above '.join(losses)}")


def draw_comparison() -> str:
    """Draw the MLPs' losses by their context."""
    mlps = [result for result in results() if result.name.startswith("MLP")]
    curves = {
        f"{part} names": [(result.context_length, getattr(result, part)) for result in mlps]
        for part in ("test", "train")
    }
    return _curves(
        curves,
        ("letters that the MLP looks back", "loss, nats"),
        "Two curves that fall as the context grows, the one for training names below the one for test names",
    )


def _curves(curves: Mapping[str, Sequence[Point]], labels: tuple[str, str], description: str) -> str:
    with style():
        figure, axes = plt.subplots(figsize=(6, 3.4))
        for color, mark, (name, some) in zip([FIRST, SECOND, THIRD], "os^", curves.items(), strict=False):
            axes.plot(*zip(*some, strict=True), marker=mark, markersize=4, color=color, label=name)
        axes.legend(frameon=False)
        axes.set_xlabel(labels[0])
        axes.set_ylabel(labels[1])
        return inline_chart(figure, description)


@cache
def losses_by_k(exponents: tuple[float, ...], n: int | None = None) -> list[tuple[float, float, float]]:
    """Return k, the loss on train and the loss on dev, for these powers of ten; `n` training names, or all."""
    names = load_names()
    vocabulary = build_vocabulary(names)
    train, dev, _ = split_words(names, (0.8, 0.1, 0.1), generator=torch.Generator().manual_seed(1))
    counts, others = (count_bigrams(words, vocabulary).double() for words in (train[:n], dev))
    tables = {10**exponent: normalize(smooth(counts, k=10**exponent)) for exponent in exponents}
    losses = negative_log_likelihood
    return [(k, losses(counts, probs), losses(others, probs)) for k, probs in tables.items()]


def draw_architectures() -> str:
    """Draw the test loss of each model of `architectures` by its processor time."""
    with style():
        figure, axes = plt.subplots(figsize=(6.4, 3.6))
        told = []
        sides = {
            "counted bigrams": ("left", 9),
            "MLP, medium": ("center", -31),
            "two MLPs, averaged": ("left", -16),
            "Transformer": ("left", 7),
        }
        for name, row in architectures.rows().items():
            seconds, losses = statistics.mean(row["seconds"]), row["test"]
            side, up = sides.get(name, ("center", 9))
            axes.plot([seconds] * len(losses), losses, "o", color=SECOND if name == "Transformer" else FIRST)
            point = seconds, max(losses) if up > 0 else min(losses)
            axes.annotate(name, point, textcoords="offset points", xytext=(0, up), ha=side)
            told.append(f"{name} {statistics.mean(losses):.2f}")
        axes.set(xscale="log", xlabel="processor time, seconds", ylabel="test loss, nats")
        axes.set(xlim=(0.001, 9000), ylim=(1.7, 2.6))
        ticks = [0.01, 0.1, 1, 10, 100, 1000]
        axes.set_xticks(ticks, [f"{tick:,g}" for tick in ticks], minor=False)
        axes.minorticks_off()
        return inline_chart(figure, f"Points: the more processor time, the lower the loss: {', '.join(told)}")


def draw_losses_by_k(n: int | None = None, most: float = 1) -> str:
    """Draw how k changes the loss on train and on dev: of `n` training names, up to a k of 10 to the `most`."""
    rows = losses_by_k(tuple(step / 10 for step in range(-30, round(10 * most) + 1)), n)
    ks, train, dev = zip(*rows, strict=True)
    best_k, _, best = min(rows, key=lambda row: row[2])
    with style():
        figure, axes = plt.subplots(figsize=(5, 3.2))
        for name, losses, color, dashes in (("on dev", dev, FIRST, "-"), ("on train", train, SECOND, "--")):
            axes.semilogx(ks, losses, color=color, linestyle=dashes, linewidth=2)
            axes.annotate(name, (ks[0], losses[0]), (4, 8), textcoords="offset points", color=color)
        axes.plot(best_k, best, "o", color=FIRST)
        lowest = f"lowest: k = {best_k:.1f}"
        axes.annotate(lowest, (best_k, best), (6, -18), textcoords="offset points", color=FIRST, ha="right")
        axes.set_xticks([10**power for power in range(-3, math.floor(most) + 1)])
        axes.xaxis.set_major_formatter("{x:g}")
        axes.set_xlabel("k, added to each count")
        axes.set_ylabel("loss, nats")
        return inline_chart(
            figure,
            f"Loss in nats by k. On train it rises from {train[0]:.3f} to {train[-1]:.3f}. "
            f"On dev it falls from {dev[0]:.3f} to {best:.3f} at k = {best_k:.1f}, and rises to {dev[-1]:.3f}.",
        )


def draw_learning(losses: Sequence[float], floor: float) -> str:
    """Draw the loss of the neural bigram after each step, between knowing nothing and the counts' own loss."""
    ceiling = math.log(27)
    with style():
        figure, axes = plt.subplots(figsize=(6, 3))
        axes.semilogx(range(1, len(losses) + 1), losses, color=SECOND, linewidth=2)
        for level in (ceiling, floor):
            axes.axhline(level, color=FAINT, linestyle="dashed", linewidth=1)
        axes.set_yticks([ceiling, floor], ["log 27", "the counts"])
        axes.set_xticks([1, 10, 100, 1000], ["1", "10", "100", "1000"])
        axes.set_xlabel("step")
        return inline_chart(figure, "The loss falls from log 27 toward that of the counts, fast at first, then slowly")


def draw_sizes(others: Mapping[str, int]) -> str:
    """Draw how many numbers the bigrams and the last model of the comparison have, and these other models."""
    sizes = {result.name: result.numbers for result in results() if result.name == "counted bigrams"}
    sizes |= {results()[-1].name: results()[-1].numbers, **others}
    with style():
        figure, axes = plt.subplots(figsize=(6, 2.4))
        bars = axes.barh(list(sizes), list(sizes.values()), height=0.5, color=SECOND)
        axes.bar_label(bars, [f"{size:,}" for size in sizes.values()], padding=4)
        axes.set_xscale("log")
        axes.set_xlim(1, 1e12)
        axes.set_xticks([1, 1e3, 1e6, 1e9], ["1", "a thousand", "a million", "a billion"])
        axes.minorticks_off()
        axes.invert_yaxis()
        return inline_chart(
            figure,
            "Bars for the numbers of each model: " + ", ".join(f"{name} {size:,}" for name, size in sizes.items()),
        )


def draw_embedding() -> str:
    """Draw each token where its embedding lies."""
    places = points()
    where = _apart(places, 0.2)
    with style():
        figure, axes = plt.subplots(figsize=(6, 4))
        for token, (x, y) in where.items():
            color = FIRST if token in "aeiou" else INK
            axes.text(x, y, token, color=color, fontsize=16, ha="center", va="center")
            if math.dist(places[token], (x, y)) > 0.05:  # a dot where the letter itself would cover another
                axes.plot(*places[token], marker=".", markersize=3, color=color)
        axes.scatter(*zip(*where.values(), strict=True), alpha=0)
        axes.set_xlabel("first number")
        axes.set_ylabel("second number")
        return inline_chart(
            figure, "The letters as points in the plane: the vowels a e i o u lie together, far from the dot"
        )


def _apart(points: Mapping[str, Point], least: float) -> dict[str, Point]:
    """Return the points, those that are nearer than `least` moved apart to that, so that their names can be read."""
    moved = {name: complex(*point) for name, point in points.items()}
    for _ in range(50):
        for one, other in itertools.combinations(moved, 2):
            between = moved[other] - moved[one]
            if 0 < abs(between) < least:
                push = between / abs(between) * (least - abs(between)) / 2
                moved[one], moved[other] = moved[one] - push, moved[other] + push
    return {name: (point.real, point.imag) for name, point in moved.items()}


def draw_surprisal() -> str:
    """Draw -log p for each probability p."""
    curve = [(percent / 200, -math.log(percent / 200)) for percent in range(1, 201)]
    with style():
        figure, axes = plt.subplots(figsize=(6, 3.4))
        axes.plot(*zip(*curve, strict=True), color=SECOND)
        for p, name, aside, side in [
            (1, "certain: 0", (4, 16), "right"),
            (0.5, "heads: log 2", (6, 9), "left"),
            (1 / math.e, "one nat", (-8, -16), "right"),
            (1 / 27, "one of 27: log 27", (10, 4), "left"),
        ]:
            axes.plot(p, -math.log(p), marker="o", color=FIRST)
            axes.annotate(name, (p, -math.log(p)), aside, textcoords="offset points", ha=side)
        axes.set_xlabel("probability")
        axes.set_ylabel("surprisal, nats")
        return inline_chart(
            figure, "A curve that falls from far up, near probability 0, to surprisal 0 at probability 1"
        )


def draw_logits(counts: Tensor, weights: Tensor, vocabulary: str, token: str) -> str:
    """Draw a row of learned weights over the logs of the row's counts."""
    row = vocabulary.index(token)
    logs, learned = counts[row].double().log(), weights[row].double()
    height = (learned - logs)[counts[row] > 100].mean().item()
    ends = [logs.min().item(), logs.max().item()]
    with style():
        figure, axes = plt.subplots(figsize=(6, 3.4))
        axes.plot(ends, [end + height for end in ends], color=SECOND)
        cells = sorted(zip(logs.tolist(), learned.tolist(), vocabulary, strict=True))
        axes.margins(0.06, 0.14)
        axes.plot(logs, learned, "o", markersize=4, color=FIRST)
        for some, way in ((cells[::2], -1), (cells[1::2], 1)):  # above the line and below it, or neighbors overlap
            scale = 6 * 72 * 0.8 / (ends[1] - ends[0])  # points a unit
            last = -math.inf
            for x, y, following in some[::way]:
                last = max(way * x * scale + 8, last + 11)  # away from the line, and from the letter before
                aside = way * last - x * scale, -10 * way - 4
                axes.annotate(following, (x, y), aside, textcoords="offset points", ha="center")
        axes.set_xlabel(f"log of the count after {token}")
        axes.set_ylabel("learned weight")
        return inline_chart(
            figure, f"The weights after {token} over the logs of their counts: the letters lie along a line"
        )
