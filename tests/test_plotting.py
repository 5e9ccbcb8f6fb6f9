import sys

import pytest
import torch
from matplotlib import pyplot as plt
from matplotlib.colors import to_rgb

from bigramlab import build_vocabulary, count_bigrams, load_names, normalize, plot_bigrams


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def texts_of(figure):
    return [text.get_text() for text in figure.axes[0].texts]


@pytest.mark.slow
def test_every_cell_of_the_names_shows_its_bigram_and_its_number():
    vocabulary = build_vocabulary(load_names())
    counts = count_bigrams(load_names(), vocabulary)
    for table, show in [(counts, str), (normalize(counts), "{:.3f}".format)]:
        texts = iter(texts_of(plot_bigrams(table, vocabulary)))
        for current, row in zip(vocabulary, table.tolist(), strict=True):
            for following, value in zip(vocabulary, row, strict=True):
                assert (next(texts), next(texts)) == (current + following, show(value))
        assert next(texts, None) is None


def test_the_axes_say_which_token_is_current_and_which_is_next():
    axes = plot_bigrams(torch.eye(3), ".ab", title="Pairs").axes[0]
    assert (axes.get_ylabel(), axes.get_xlabel(), axes.get_title()) == ("current token", "next token", "Pairs")
    assert [label.get_text() for label in axes.get_yticklabels()] == [".", "a", "b"]
    assert [label.get_text() for label in axes.get_xticklabels()] == [".", "a", "b"]


@pytest.mark.parametrize("cmap", ["Blues", "gray", "viridis"])
def test_the_text_contrasts_with_its_cell(cmap):
    def luminance(color):  # https://www.w3.org/TR/WCAG21/#dfn-relative-luminance
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(color)]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    table = torch.arange(49).view(7, 7)
    axes = plot_bigrams(table, ".abcdef", cmap=cmap).axes[0]
    (image,) = axes.images
    for value, text in zip(table.flatten().tolist(), axes.texts[::2], strict=True):
        dark, light = sorted([luminance(image.to_rgba(value)[:3]), luminance(text.get_color())])
        assert (light + 0.05) / (dark + 0.05) >= 4.5  # https://www.w3.org/TR/WCAG21/#contrast-minimum


def test_the_colors_are_those_of_the_table():
    table = torch.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    (image,) = plot_bigrams(table, ".a").axes[0].images
    assert image.get_array().tolist() == table.tolist()


def test_the_bigram_stands_above_its_number():
    for bigram, number in zip(*[iter(plot_bigrams(torch.eye(2), ".a").axes[0].texts)] * 2, strict=True):
        assert (bigram.get_va(), number.get_va()) == ("bottom", "top")


def test_any_character_is_a_character():
    figure = plot_bigrams(torch.eye(3), ".$_")  # a pair of $ would begin a formula
    figure.canvas.draw()
    assert "$$" in texts_of(figure)


@pytest.mark.slow
@pytest.mark.parametrize(("size", "texts"), [(64, 2 * 64 * 64), (65, 0)])
def test_a_table_too_large_to_read_is_drawn_without_text(size, texts):
    vocabulary = "." + "".join(map(chr, range(0x4E00, 0x4E00 + size - 1)))
    assert len(texts_of(plot_bigrams(torch.eye(size), vocabulary))) == texts


def test_the_color_map_is_the_one_that_is_named():
    (image,) = plot_bigrams(torch.eye(2), ".a", cmap="viridis").axes[0].images
    assert image.get_cmap().name == "viridis"


def test_without_a_title_there_is_none():
    assert plot_bigrams(torch.eye(2), ".a").axes[0].get_title() == ""


def test_a_notebook_is_left_with_one_figure_to_show(monkeypatch):
    monkeypatch.setattr(plt, "get_backend", lambda: "module://matplotlib_inline.backend_inline")
    plot_bigrams(torch.eye(2), ".a")
    assert plt.get_fignums() == []


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("table", "message"),
    [
        (torch.eye(3), r"the table has shape \(3, 3\), but the vocabulary has 2 tokens"),
        (torch.tensor([[1.0, float("nan")], [0, 0]]), r"table\[0, 1\] is nan"),
    ],
)
def test_plot_bigrams_refuses(table, message):
    with pytest.raises(ValueError, match=message):
        plot_bigrams(table, ".a")


def test_a_missing_matplotlib_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(
        ImportError, match=r"^plot_bigrams draws with Matplotlib, which is missing: pip install matplotlib$"
    ):
        plot_bigrams(torch.eye(2), ".a")
