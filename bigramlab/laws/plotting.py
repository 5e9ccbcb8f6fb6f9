"""Laws of the heatmap."""

import math
from itertools import pairwise
from typing import Any

from torch import Tensor

from bigramlab.laws import strategies as draw
from bigramlab.laws.law import Function, broken, law, of_type

tables = draw.count_tables(square=True, largest=10_000, most_rows=3)


@law("plot_bigrams", tables, examples=4)
def every_cell_has_its_bigram_and_its_number(plot_bigrams: Function, counts: Tensor) -> None:
    """Every cell shows its bigram and its count, in the row of the current token and the column of the next one."""
    vocabulary = ".ab"[: len(counts)]
    texts = _texts(_figure(plot_bigrams(counts, vocabulary)))
    expected = {
        (i, j): sorted([current + following, str(counts[i, j].item())])
        for i, current in enumerate(vocabulary)
        for j, following in enumerate(vocabulary)
    }
    # Cells have their middle at 0, 1 and so on with imshow, and at 0.5, 1.5 and so on with pcolormesh.
    by_middle, by_corner = _in_cells(texts, start=-0.5), _in_cells(texts, start=0)
    for (i, j), wanted in expected.items():
        found = by_middle.get((i, j), [])
        if found != wanted and any(by_corner.get(cell) != expected[cell] for cell in expected):
            broken(f"at row {i}, column {j} the picture says {found}, and should say {wanted}")


def _in_cells(texts: list[Any], start: float) -> dict[tuple[int, int], list[str]]:
    """Return the words in each cell, the first one beginning at `start` in both directions."""
    cells: dict[tuple[int, int], list[str]] = {}
    for text in texts:
        column, row = (math.floor(float(place) - start) for place in text.get_position())
        cells[row, column] = sorted([*cells.get((row, column), []), *text.get_text().split()])
    return cells


@law("plot_bigrams", tables, examples=8)
def the_colors_stand_where_the_counts_do(plot_bigrams: Function, counts: Tensor) -> None:
    """The picture behind the numbers has its rows and columns as the table has them."""
    figure = _figure(plot_bigrams(counts, ".ab"[: len(counts)]))
    for image in [image.get_array() for axes in figure.axes for image in axes.images]:
        if image.shape == counts.shape and _rises_with(counts.T, image) and not _rises_with(counts, image):
            broken("the picture is transposed: its colors are those of counts.T")


def _rises_with(counts: Tensor, image: Any) -> bool:
    """Tell whether no number of the image is above one whose count is larger."""
    cells = sorted(zip(counts.flatten().tolist(), image.flatten().tolist(), strict=True))
    return all(one <= other for (_, one), (_, other) in pairwise(cells))


def _figure(found: Any) -> Any:
    from matplotlib.figure import Figure

    of_type(found, Figure, "a Matplotlib figure, such as plt.gcf() gives")
    return found


def _texts(figure: Any) -> list[Any]:
    return [text for axes in figure.axes for text in axes.texts]
