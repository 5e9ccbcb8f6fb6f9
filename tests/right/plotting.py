"""Right versions of the functions of `lessons/plotting`."""

import itertools

import numpy as np

from right.version import check_counts, plain_right, right


@plain_right("plot_bigrams")
def plot_bigrams_typed_along(table, vocabulary, **_):
    from matplotlib import pyplot as plt

    plt.figure(figsize=(16, 16))
    plt.imshow(table.numpy(), cmap="Blues")  # of a tensor as it is NumPy 2 warns
    for i in range(len(vocabulary)):
        for j in range(len(vocabulary)):
            chstr = vocabulary[i] + vocabulary[j]
            plt.text(j, i, chstr, ha="center", va="bottom", color="gray")
            plt.text(j, i, table[i, j].item(), ha="center", va="top", color="gray")
    plt.axis("off")
    return plt.gcf()


@right("plot_bigrams")
def plot_bigrams_lines(table, vocabulary, **_):
    """One text a cell, of two lines, on Matplotlib's own squares."""
    from matplotlib import pyplot as plt

    check_plot(table, vocabulary)
    figure, axes = plt.subplots()
    axes.matshow(table.numpy(), cmap="Greens")
    for i, j in itertools.product(range(len(vocabulary)), repeat=2):
        axes.text(j, i, f"{vocabulary[i]}{vocabulary[j]}\n{table[i, j]}", ha="center", va="center")
    return figure


@right("plot_bigrams")
def plot_bigrams_figure(table, vocabulary, **_):
    """Without pyplot; squares one by one; the number above its bigram."""
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle

    check_plot(table, vocabulary)
    figure = Figure(figsize=(8, 8))
    axes = figure.add_subplot(xlim=(-0.5, len(table) - 0.5), ylim=(len(table) - 0.5, -0.5))
    for i, row in enumerate(table.tolist()):
        for j, count in enumerate(row):
            axes.add_patch(Rectangle((j - 0.5, i - 0.5), 1, 1, alpha=count / (1 + max(row))))
            axes.text(j, i - 0.2, str(count))
            axes.text(j, i + 0.2, vocabulary[i] + vocabulary[j])
    return figure


@right("plot_bigrams")
def plot_bigrams_mesh(table, vocabulary, **_):
    """A mesh and annotations."""
    from matplotlib import pyplot as plt

    check_plot(table, vocabulary)
    figure = plt.figure()
    axes = figure.gca()
    axes.pcolormesh(np.arange(len(table)), np.arange(len(table)), table.numpy(), shading="nearest")
    axes.invert_yaxis()
    for (i, current), (j, following) in itertools.product(enumerate(vocabulary), repeat=2):
        axes.annotate(f"{current}{following} {table[i, j].item()}", (j, i), ha="center")
    return figure


def check_plot(table, vocabulary):
    check_counts(table)
    if table.shape != (len(vocabulary),) * 2:
        raise ValueError("shape")
