"""Is your version right? `check` runs a function's laws on it and explains the first that is broken."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bigramlab.judge.reporting import Report

__all__ = ["check"]


def check(function: Callable[..., Any], name: str | None = None) -> "Report":
    """Run the laws of `normalize`, say, on your own `normalize`, and return a report.

    The laws are properties that every right version has, each tried on many inputs. If one about the result is broken,
    the report shows the smallest input that breaks it, what your function returned, and what that looks like: it is
    compared with a catalogue of mistakes that others made. If all hold, your function is right, and the report says
    what it is not careful about, such as input that makes no sense. A call that hangs is ended.

    Args:
        function: Your function, written any way you like.
        name: Which of bigramlab's functions it should be, if its own name does not say so.

    Returns:
        The report, true in an `if` when the function is right; in a REPL or notebook it shows itself.

    Raises:
        TypeError: If `function` can't be called.
        ValueError: If there are no laws for that name.

    Examples:
        >>> def smooth(counts, k=1):
        ...     return counts + k
        >>> report = check(smooth)
        >>> bool(report), report.careful
        (True, False)
        >>> report.notes[-1].sentence
        'A k that is negative or not finite is refused.'
    """
    if isinstance(function, str):
        raise TypeError(f"check needs the function itself, got its name {function!r}; leave out the quotes")
    if not callable(function):
        raise TypeError(f"check needs a function, got {function!r}; leave out the brackets: check(normalize)")
    from bigramlab.judge.running import run_laws
    from bigramlab.laws import LAWS

    name = name or getattr(function, "__name__", type(function).__name__)
    if name not in LAWS:
        raise ValueError(
            f"there are no laws for {name!r}; say which function it should be, as in check(f, 'normalize'): "
            f"{', '.join(sorted(LAWS))}"
        )
    return run_laws(function, name)
