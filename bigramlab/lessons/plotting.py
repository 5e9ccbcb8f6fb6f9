"""The table as a picture: one square for each bigram, the darker the larger its number."""

from typing import TYPE_CHECKING, Any

from jaxtyping import Num
from torch import Tensor

from bigramlab.lessons.inputs import require_table, require_vocabulary, require_weights, shown

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

__all__ = ["plot_bigrams"]

LEGIBLE = 64  # tokens: a larger table gets no text in its cells, which nobody could read


def plot_bigrams(
    table: Num[Tensor, "vocab vocab"],
    vocabulary: str,
    *,
    title: str | None = None,
    cmap: str = "Blues",
) -> "Figure":
    """Draw the table as a heatmap, every cell with its bigram and its number.

    A table of more than 64 tokens is drawn without the text, which would be too small to read. For Chinese or Japanese,
    name a font that has the characters: `matplotlib.rcParams["font.family"] = ["Noto Sans CJK JP"]`.

    Needs Matplotlib, which the extra `plot` installs. Show the figure in a window with `matplotlib.pyplot.show()`, or
    write it to a file with `figure.savefig("bigrams.png")`; a notebook shows it by itself.

    Args:
        table: Counts, smoothed counts or probabilities. Fractions are drawn with three decimals.
        vocabulary: The token of each id.
        title: What to write above.
        cmap: The name of a Matplotlib colormap.

    Returns:
        The figure, with a row for each current token and a column for each next token.

    Raises:
        ImportError: If Matplotlib is missing.
        TypeError: If `table` is not a tensor.
        ValueError: If the table does not fit the vocabulary, or an entry is negative or not finite.

    Examples:
        >>> figure = plot_bigrams(count_bigrams(["emma"], ".aem"), ".aem")
        >>> [text.get_text() for text in figure.axes[0].texts[:4]]
        ['..', '0', '.a', '0']
    """
    require_table("table", table)
    require_vocabulary(vocabulary, table)
    require_weights("table", table)
    try:
        from matplotlib import pyplot as plt
    except ImportError:
        raise ImportError("plot_bigrams draws with Matplotlib, which is missing: pip install matplotlib") from None

    if not (title is None or isinstance(title, str)):
        raise TypeError(f"title must be a str or None, got {shown(title)}; give it as text, such as 'the counts'")
    try:
        plt.get_cmap(cmap)
    except Exception:
        raise ValueError(f"cmap is {shown(cmap)}, but Matplotlib knows no such colormap; try 'Blues'") from None
    size = len(vocabulary)
    cells = 0.6 * min(max(size, 5), LEGIBLE)  # inches
    width, height = cells + 0.8, cells + (1.2 if title else 0.8)
    figure = plt.figure(figsize=(width, height))
    axes = figure.add_axes((0.7 / width, 0.1 / height, cells / width, cells / height))
    values = table.detach().cpu().double().numpy()
    image = axes.imshow(values, cmap=cmap, interpolation="none")
    axes.set_title(title or "", fontsize="xx-large", pad=12)
    axes.set_xlabel("next token", fontsize="xx-large")
    axes.set_ylabel("current token", fontsize="xx-large")
    axes.xaxis.set_label_position("top")
    axes.tick_params(length=0, labelsize="x-large", top=True, labeltop=True, bottom=False, labelbottom=False)
    axes.spines[:].set_visible(False)
    axes.grid(visible=False)
    legible = range(size if size <= LEGIBLE else 0)
    axes.set_xticks(legible, [vocabulary[id] for id in legible])
    axes.set_yticks(legible, [vocabulary[id] for id in legible])
    if legible:
        _annotate(axes, image.to_rgba(values), table, vocabulary)
    if "inline" in plt.get_backend():
        plt.close(figure)  # a notebook shows the returned figure; left open, it would show twice
    return figure


def _annotate(axes: "Axes", colors: "NDArray[Any]", table: Tensor, vocabulary: str) -> None:
    """Write into every cell its bigram and its number, dark on a light cell and light on a dark one."""
    # Relative luminance: https://www.w3.org/TR/WCAG21/#dfn-relative-luminance. At 0.18 both inks contrast equally.
    luminance = colors[..., :3] ** 2.2 @ (0.2126, 0.7152, 0.0722)
    digits = ".3f" if table.is_floating_point() else "d"
    for i, current in enumerate(vocabulary):
        for j, following in enumerate(vocabulary):
            ink = "black" if luminance[i, j] > 0.18 else "white"
            style: dict[str, Any] = {"ha": "center", "color": ink, "parse_math": False}
            axes.text(j, i, current + following, va="bottom", fontsize="x-large", **style)
            axes.text(j, i, format(table[i, j].item(), digits), va="top", fontsize="large", **style)
