"""Is your version right? `check` runs a function's laws on it and explains the first that is broken."""

import difflib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, overload

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from bigramlab.judge.recognizing import Recognized
    from bigramlab.judge.reporting import Report
    from bigramlab.judge.reviewed import Review

__all__ = ["check"]


@overload
def check(function: Callable[..., Any], name: str | None = None) -> "Report": ...
@overload
def check(function: dict[str, Any], name: None = None, *, words: Sequence[str] | None = None) -> "Review": ...
@overload
def check(
    function: "float | str | Tensor | NDArray[Any] | Sequence[Any]",
    name: None = None,
    *,
    words: Sequence[str] | None = None,
) -> "Recognized": ...
def check(
    function: Any, name: str | None = None, *, words: Sequence[str] | None = None
) -> "Report | Review | Recognized":
    """Run the laws of `normalize`, say, on your own `normalize`, and return a report; or say what a value is.

    The laws are properties that every right version has, each tried on many inputs. If one about the result is broken,
    the report shows the smallest input that breaks it, what your function returned, and what that looks like: it is
    compared with a catalogue of mistakes that others made. If all hold, your function is right, and the report says
    what it is not careful about, such as input that makes no sense. A call that hangs is ended.

    A number, a table or a list is compared with all that the lessons make of the names, or of `words`, rightly and in
    each catalogued wrong way: `check(2.454)`, `check(counts)`. `report.verdict` says what it is.

    `check(globals())` goes through everything that a notebook or script has made, and says what is wrong first.

    Args:
        function: Your function, written any way you like, or a value, or a dict of names, such as `globals()`.
        name: Which of bigramlab's functions it should be, if its own name does not say so.
        words: The words that a value was made of, if not of the names.

    Returns:
        The report, true in an `if` when the function, or the value, is right; in a REPL or notebook it shows itself.

    Raises:
        TypeError: If it is neither a function nor a value that the lessons make, or a class in place of its instance.
        ValueError: If there are no laws for that name.

    Examples:
        >>> def smooth(counts, k=1):
        ...     return counts + k
        >>> report = check(smooth)
        >>> bool(report), report.careful
        (True, False)
        >>> report.notes[0].sentence
        'A k that is negative or not finite is refused.'
        >>> check(2.454)
        2.454 is right: the loss without smoothing, in nats.
          Note         A table that is wrong by “keepdim forgotten”, “columns divided
                       for rows” or “rows and columns swapped” gives this loss, too:
                       check the table.
    """
    from bigramlab.judge.settings import pinned

    with pinned():  # the laws, too, make tensors as they are imported
        return _check(function, name, words)


def _check(function: Any, name: str | None, words: Sequence[str] | None) -> "Report | Review | Recognized":
    if isinstance(function, str):
        return _of_text(function, words)
    if isinstance(function, dict):
        from bigramlab.judge.reading_dicts import is_table
        from bigramlab.judge.reviewing import review_names

        if not is_table(function, words):
            return review_names(function, words)
    if not callable(function):
        from bigramlab.judge.recognizing import recognize

        return recognize(function, words)
    from bigramlab.judge.naming import OTHER_NAMES
    from bigramlab.judge.outdated import outdated
    from bigramlab.judge.running import run_laws
    from bigramlab.laws import LAWS

    if isinstance(function, type) and not _makes_values(function):
        raise TypeError(_instead_of(function, str(name or "")))
    name = str(name or getattr(function, "__name__", type(function).__name__))
    if name not in LAWS:
        own = getattr(function, "__name__", "f")
        own = own if own.isidentifier() else "f"  # of a lambda
        similar = [ours for ours, others in OTHER_NAMES.items() if name in others.split()]
        similar = similar or difflib.get_close_matches(name, LAWS) or [one for one in LAWS if one.startswith(name)]
        if similar:
            say = " or ".join(f"check({own}, {one!r})" for one in similar)
            raise ValueError(
                f"there are no laws for {name!r}; did you mean {' or '.join(map(repr, similar))}? Then say so: {say}"
            )
        raise ValueError(
            f"there are no laws for {name!r}; say which function it should be, as in check({own}, 'normalize'): "
            f"{', '.join(sorted(LAWS))}"
        )
    report = run_laws(function, name)
    if told := outdated(function):
        report.outdated, report.place = told, report.place.partition("\n")[0]  # that line is another one now
    return report


def _makes_values(kind: type) -> bool:
    """Tell whether calling the class may give what a function of ours returns: an iterator, a tuple, a tensor."""
    own = {name for base in kind.__mro__ for name in vars(base)}
    makes = any("__new__" in vars(base) for base in kind.__mro__ if base is not object)
    return "__call__" not in own and ("__iter__" in own or makes)


def _instead_of(kind: type, name: str) -> str:
    """Say what to pass where a class was."""
    from bigramlab.laws import LAWS

    own = [one for base in kind.__mro__ if base is not object for one in vars(base)]
    ours = next((one for one in (name, kind.__name__.lower()) if one in LAWS), "normalize")
    if method := next((one for one in ([name] if name else own) if one in own and one in LAWS), ""):
        say = f"the method of an instance: check({kind.__name__}(…).{method}, {method!r})"
    elif "__call__" in own:  # as torch's modules have it
        say = f"an instance, which can be called: check({kind.__name__}(…), {ours!r})"
    else:
        say = f"a function, or the method of an instance: check({kind.__name__}(…).method, {ours!r})"
    return f"{kind.__name__} is a class, and to call it makes an instance and computes nothing; pass {say}"


def _of_text(text: str, words: Sequence[str] | None) -> "Recognized":
    """Say what a vocabulary is; any other text is taken for the name of a function."""
    from bigramlab.judge.recognizing import recognize

    if not text.isidentifier() or len(set(text)) == len(text) > 20:  # letters that are all different
        report = recognize(text, words)
        if report.candidates:
            return report
    raise TypeError(f"check needs the function itself, got its name {text!r}; leave out the quotes")
