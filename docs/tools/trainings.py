"""What the chapters on the MLP tell of the `experiments`: their results, as tables and sentences."""

import math
import statistics
from typing import Any

from bigramlab import Result, build_vocabulary, load_names
from tools import architectures, experiments, keeping


def results() -> list[Result]:
    """Return what the models of the comparison reached."""
    return [Result(**result) for result in keeping.training(experiments.comparison)["results"]]


def run_of(name: str) -> dict[str, Any]:
    """Return one of the trainings of `overfitting`: "by heart" or "held back"."""
    run: dict[str, Any] = keeping.training(experiments.overfitting)["runs"][name]
    return run


def points() -> dict[str, tuple[float, float]]:
    """Return where the embedding of each token lies in the plane."""
    return dict(zip(build_vocabulary(load_names()), keeping.training(experiments.embedding)["points"], strict=True))


def keep_together(letters: str) -> bool:
    """Return whether the embedding nearest to that of each of these letters is one of theirs, too."""
    where = points()
    nearest = {min(where.keys() - {one}, key=lambda other: math.dist(where[one], where[other])) for one in letters}
    return nearest <= set(letters)


def show_comparison() -> str:
    """Return numbers, time and losses of each model, as a table in Markdown."""
    lines = ["| model | test | perplexity | dev | train | numbers | seconds |", "|---|--:|--:|--:|--:|--:|--:|"]
    for result in results():
        losses = f"{result.test:.3f} | {result.perplexity:.1f} | {result.dev:.3f} | {result.train:.3f}"
        lines.append(f"| {result.name} | {losses} | {result.numbers:,} | {result.seconds:.1f} |")
    return "\n".join(lines)


def show_architectures() -> str:
    """Return the mean of what the models of `architectures` reached, as a table in Markdown."""
    lines = ["| model | test, three seeds | dev | train | numbers | processor time, s |", "|---|--:|--:|--:|--:|--:|"]
    for name, row in architectures.rows().items():
        train, dev = (f"{statistics.mean(row[part]):.3f}" for part in ("train", "dev"))
        test = " ".join(f"{loss:.3f}" for loss in row["test"])
        seconds = statistics.mean(row["seconds"])
        shown = f"{seconds:.0f}" if seconds >= 1 else f"{seconds:.3f}"
        lines.append(f"| {name} | {test} | {dev} | {train} | {row['numbers']:,} | {shown} |")
    return "\n".join(lines)


def tell_architectures() -> str:
    """Return in a sentence how the Transformer compares."""
    rows = architectures.rows()
    small, transformer, lowest = (rows[name] for name in ("MLP, small", "Transformer", "two MLPs, averaged"))
    seconds = [statistics.mean(row["seconds"]) for row in (small, transformer, lowest)]
    losses = [statistics.mean(row["test"]) for row in (small, transformer, lowest)]
    return (
        f"The Transformer has {losses[1]:.3f} on the test names, and the small MLP {losses[0]:.3f} after a "
        f"{seconds[1] / seconds[0]:.0f}th of its time. The lowest is {losses[2]:.3f}, that of two MLPs in "
        f"{seconds[2] / 60:.1f} minutes, with {lowest['numbers']:,} numbers."
    )


def show_words() -> str:
    """Return how many words of each model are copied, real or new, and ten of them, as a table in Markdown."""
    lines = ["| model | copied | real | new | ten words |", "|---|--:|--:|--:|---|"]
    for result in results():
        shares = " | ".join(f"{share:.0%}" for share in (result.copied, result.real, result.new))
        words = " ".join(word if len(word) <= 14 else word[:12] + "…" for word in result.words)
        lines.append(f"| {result.name} | {shares} | {words} |")
    return "\n".join(lines)


def show_looking_back(names: int = 5) -> str:
    """Return what each model of the course wrote, the loss beside it, as a table in Markdown."""
    lines = ["| model | test loss | names |", "|---|--:|---|"]
    for result in results():
        words = " ".join(word if len(word) <= 14 else word[:12] + "…" for word in result.words[:names])
        lines.append(f"| {result.name} | {result.test:.2f} | {words} |")
    return "\n".join(lines)


def show_race() -> str:
    """Return what each recipe reached on both splits, as a table in Markdown."""
    lines = ["| recipe | split | test | dev | processor time |", "|---|---|---|---|--:|"]
    for split, rows in keeping.training(experiments.races).items():
        if split == "key":
            continue
        lecture = statistics.median(rows["the lecture's"]["seconds"])
        for name, row in rows.items():
            dev, test = (" ".join(f"{loss:.4f}" for loss in row[part]) for part in ("dev", "test"))
            lines.append(f"| {name} | {split} | {test} | {dev} | {statistics.median(row['seconds']) / lecture:.0%} |")
    return "\n".join(lines)


def show_end(name: str) -> str:
    """Return in a sentence where a run of `overfitting` ended."""
    run = run_of(name)
    (_, train), (_, dev), lowest = run["train"][-1], run["dev"][-1], min(run["dev"], key=lambda point: point[1])
    return (
        f"After {run['dev'][-1][0]:,} steps the loss is **{train:.2f}** on the names it learns from, **{dev:.2f}** "
        f"on the others. On these it was lowest after {lowest[0]:,} steps, with {lowest[1]:.2f}."
    )


def show_copies(name: str) -> str:
    """Return what the network of `overfitting` wrote, and how much of it is copied."""
    run = run_of(name)
    words = run["words"]
    return (
        f"The first {len(words)} words that it wrote:\n\n> {' · '.join(words)}\n\n"
        f"**{run['copied']:.0%}** of a thousand words are copies."
    )
