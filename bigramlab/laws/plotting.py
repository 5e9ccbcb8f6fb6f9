"""Laws of the heatmap."""

from collections.abc import Callable
from typing import Any

from torch import Tensor

from bigramlab.laws import strategies as draw
from bigramlab.laws.law import broken, law

Function = Callable[..., Any]


@law("plot_bigrams", draw.count_tables(square=True, most_rows=3), examples=4)
def every_cell_has_its_bigram_and_its_number(plot_bigrams: Function, counts: Tensor) -> None:
    """Every cell shows its bigram and its count, in the row of the current token and the column of the next one."""
    vocabulary = ".ab"[: len(counts)]
    shown: dict[tuple[int, int], list[str]] = {}
    for text in _texts(plot_bigrams(counts, vocabulary)):
        column, row = (round(float(place)) for place in text.get_position())
        shown.setdefault((row, column), []).extend(text.get_text().split())
    for i, current in enumerate(vocabulary):
        for j, following in enumerate(vocabulary):
            expected = sorted([current + following, str(counts[i, j].item())])
            if sorted(shown.get((i, j), [])) != expected:
                broken(f"at row {i}, column {j} the picture says {shown.get((i, j), [])}, and should say {expected}")


def _texts(figure: Any) -> list[Any]:
    from matplotlib import pyplot as plt
    from matplotlib.figure import Figure

    if not isinstance(figure, Figure):
        broken(f"it is of type {type(figure).__name__}, and should be a Matplotlib figure")
    plt.close(figure)
    return [text for axes in figure.axes for text in axes.texts]
