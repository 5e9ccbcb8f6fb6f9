"""What goes wrong when the table is drawn."""

from collections.abc import Callable
from typing import Any

from bigramlab.mistakes.mistake import mistake


def _axes(table: Any) -> Any:
    from matplotlib.figure import Figure

    axes = Figure().add_subplot()
    axes.imshow(table.double().numpy(), cmap="Blues")
    return axes


def _item(cell: Any) -> str:
    return str(cell.item())


def _annotated(axes: Any, table: Any, vocabulary: Any, number: Callable[[Any], str] | None = _item) -> Any:
    for i, current in enumerate(vocabulary):
        for j, following in enumerate(vocabulary):
            axes.text(j, i, current + following, va="bottom", parse_math=False)
            if number:
                axes.text(j, i, number(table[i, j]), va="top")
    return axes.figure


@mistake("plot_bigrams")
def picture_transposed(table: Any, vocabulary: Any, **options: Any) -> Any:
    """The picture is that of `table.T`: the numbers stand in the right cells, and their colors in others.

    Draw `plot_bigrams(torch.tensor([[0, 9], [0, 0]]), ".a")`: the cell with the 9 is pale.
    """
    return _annotated(_axes(table.T), table, vocabulary)


@mistake("plot_bigrams")
def figure_not_returned(table: Any, vocabulary: Any, **options: Any) -> None:
    """The picture is drawn, but the function has no `return`, so its caller gets `None`.

    Print `plot_bigrams(counts, vocabulary)`: it is `None`, and should be a figure.
    """
    _annotated(_axes(table), table, vocabulary)


@mistake("plot_bigrams")
def numbers_not_written(table: Any, vocabulary: Any, **options: Any) -> Any:
    """The cells show their bigrams and not their numbers, so only the color tells how many.

    Print `[text.get_text() for text in plot_bigrams(counts, vocabulary).axes[0].texts]`: there is no number in it.
    """
    return _annotated(_axes(table), table, vocabulary, number=None)


@mistake("plot_bigrams")
def numbers_written_as_tensors(table: Any, vocabulary: Any, **options: Any) -> Any:
    """`str(table[i, j])` without `.item()` is the text of a tensor, not of a number.

    Print `[text.get_text() for text in plot_bigrams(counts, vocabulary).axes[0].texts]`: it is full of `tensor(...)`.
    """
    return _annotated(_axes(table), table, vocabulary, number=str)
