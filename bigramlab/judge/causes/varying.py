"""Find the slip, or the two, with which our own function does what the learner's does.

The calls of the learner's function are made again with one thing changed: in a part of ours, in its arguments or in its
result. What then ends like the learner's on every call, and not like ours, is named.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import chain
from typing import Any

from torch import Tensor

from bigramlab.judge import clock
from bigramlab.judge.causes.families import ALL_THE_SAME, members
from bigramlab.judge.causes.guards import behind_a_guard, guarded, shows, undefined
from bigramlab.judge.causes.likeness import alike, same_end
from bigramlab.judge.causes.variation import Variation, bound, loosely
from bigramlab.judge.causes.varied_arguments import vary_arguments
from bigramlab.judge.causes.varied_results import FORMS, vary_results
from bigramlab.judge.guarding import Guard
from bigramlab.judge.recording import Call, hurried
from bigramlab.laws import Stopped
from bigramlab.mistakes import Mistake

__all__ = ["Search"]

FEWEST = 3  # calls that a slip has to be seen in
SECONDS = 1.2  # of each of the searches
Run = Callable[..., Any]


class Search:
    """Looks for slips in the calls of one function, the one of the smallest example first."""

    def __init__(
        self, name: str, calls: list[Call], ours: list[Call], constants: list[float], guard: Guard, until: float
    ) -> None:
        """Keep the calls, and what ours does in each; search until then."""
        self.name, self.guard, self.calls, self.ours = name, guard, calls, ours
        self.until, self.end = until, 0.0
        self.different = [not same_end(call, our) for call, our in zip(calls, ours, strict=True)]
        pairs = zip(calls, ours, self.different, strict=True)
        quickest = sorted(pairs, key=lambda pair: pair[0].seconds)
        # What does something else shows it in the quickest call, or in the quickest wrong one, which may take longer.
        first = quickest[:1] + [pair for pair in quickest[1:] if pair[2]][:1]
        self.quickest = first + [pair for pair in quickest if not any(pair is one for one in first)]
        self.usable = bool(calls) and not calls[0].raised and self.different[0]
        self.results = list(vary_results())
        parameters = list(bound(name, calls[0].arguments, calls[0].options)) if calls else []
        self.drawn = "generator" in parameters
        self.arguments = [(slip, self._running(slip)) for slip in vary_arguments(parameters, constants)]

    def form(self) -> Mistake | None:
        """Return what makes ours of each result, if it has another form."""
        if not self.calls or self.calls[0].raised or self.calls[0].ended_like(self.ours[0]):
            return None
        pairs = [(call, our) for call, our, _ in self.quickest if not our.raised and not _same_form(call, our)]
        for name, change, wrong, seen in FORMS:
            if pairs and all(_holds(partial(_formed, change, self.drawn, *pair)) for pair in pairs):
                return Mistake(self.name, name, wrong, seen, change)
        return None

    def one(self) -> Iterator[Mistake]:
        """Yield what has one slip and ends all calls as the learner's function does."""
        if not self.usable:
            return
        self._begin()
        for (slip, *_), run in members(self.name, most=1):
            if self._matches(run):
                yield slip
        right = [ours for _, ours, _ in self.quickest]
        yield from (self._mistake(variation) for variation in self.results if self._comes_of(variation, right))
        self._begin()
        yield from (self._mistake(variation) for variation, run in self.arguments if self._matches(run))

    def hidden(self, mistakes: Iterable[Mistake]) -> Iterator[Mistake]:
        """Yield what ends the calls as the learner's function does but for a guard where it gives no number."""
        if not self.usable:
            return
        self._begin(SECONDS / 2)
        catalogued = ((mistake, mistake.run) for mistake in mistakes)
        for slip, run in chain(catalogued, ((slip, run) for (slip, *_), run in members(self.name, most=1))):
            if clock.seconds() > self.end:
                return
            self.guard.hangs = 0
            seen, some_undefined = 0, False
            for call, ours, _ in self.quickest:
                with hurried(self.guard, self.calls):
                    made = call.again(run, self.guard)
                if not guarded(call, made):
                    break
                seen, some_undefined = seen + shows(call, ours, made), some_undefined or undefined(made)
            else:
                if some_undefined and seen >= max(min(FEWEST, len(self.calls)), sum(self.different) / 5):
                    yield behind_a_guard(slip)

    def several(self, mistakes: Iterable[Mistake]) -> Iterator[list[Mistake]]:
        """Yield slips that do the same together: of a family, or one before our function or in it and one after it."""
        if not self.usable:
            return
        if 2 * sum(different and not call.raised for call, _, different in self.quickest) < sum(self.different):
            return  # an error can come of many things, so two slips are told of results only
        self._begin()
        for slips, run in members(self.name):
            if clock.seconds() > self.end:
                break
            if len(slips) > 1 and self._matches(run):
                yield [slip for slip in slips if slip.name not in ALL_THE_SAME] or slips
        self._begin(SECONDS / 2)
        probe = next(call for call, _, different in self.quickest if different and not call.raised)
        firsts = [(mistake.run, mistake) for mistake in mistakes]
        for run, first in [*firsts, *((run, self._mistake(slip)) for slip, run in self.arguments)]:
            if clock.seconds() > self.end:
                return
            self.guard.hangs = 0
            with hurried(self.guard, self.calls):
                tried = probe.again(run, self.guard)
            made: list[Call] = []
            for slip in self.results if not tried.raised else ():
                if not _holds(partial(_comes, slip, probe, tried)) or not self._comes_of(slip, self._made(run, made)):
                    continue
                pairs = zip(self.quickest, made, strict=True)
                if not all(alike(call.returned, one.returned) for (call, *_), one in pairs):
                    yield [first, self._mistake(slip)]

    def _begin(self, seconds: float = SECONDS) -> None:
        """Begin a search of so many seconds, if all searches together have as many left."""
        self.end = min(clock.seconds() + seconds, self.until)

    def _made(self, run: Run, made: list[Call]) -> Iterator[Call]:
        """Yield what that makes of each call, keeping it for the next time."""
        for i, (call, *_) in enumerate(self.quickest):
            if i == len(made):
                made.append(call.again(run, self.guard))
            yield made[i]

    def _comes_of(self, slip: Variation, made: Iterable[Call]) -> bool:
        """Tell whether the slip makes of each result what the learner's function gives; errors must be errors."""
        shown = 0
        for (call, _, different), one in zip(self.quickest, made, strict=True):
            if call.raised or one.raised:
                if not (call.raised and one.raised):
                    return False
            elif not _holds(partial(_comes, slip, call, one)):
                return False
            else:
                shown += different
        return shown >= min(FEWEST, len(self.calls))

    def _matches(self, run: Run) -> bool:
        if clock.seconds() > self.end:
            return False
        self.guard.hangs = 0
        shown = 0
        with hurried(self.guard, self.calls):
            for call, _, different in self.quickest:
                made = call.again(run, self.guard)
                if isinstance(made.raised, Stopped) and not call.raised and "memory" in str(made.raised):
                    continue  # in doubles, it needs twice as much as the learner's
                if made.hung and call.late:  # as good as in time
                    continue
                if not same_end(call, made):
                    return False
                shown += different and not call.raised
        return shown >= min(FEWEST, len(self.calls))

    def _running(self, slip: Variation) -> Run:
        ours = loosely(self.name)
        return lambda *arguments, **options: ours(**slip.vary(bound(self.name, arguments, options)))

    def _mistake(self, slip: Variation) -> Mistake:
        return Mistake(self.name, slip.name, slip.wrong, slip.seen, slip.vary)


def _comes(slip: Variation, call: Call, made: Call) -> bool:
    return alike(call.returned, slip.vary(made.returned, {}))


def _same_form(call: Call, ours: Call) -> bool:
    """Tell whether a result is right as it is: an empty list has nothing in it that could have another form."""
    return type(call.returned) is type(ours.returned) and alike(call.returned, ours.returned)


def _formed(change: Callable[[Any], Any], drawn: bool, call: Call, ours: Call) -> bool:
    """Tell whether ours comes of it, and is of our kind then; which words are drawn may differ."""
    made = change(call.returned)
    kinds = (Tensor, list, str, float | int, dict)
    same_kind = any(isinstance(made, kind) and isinstance(ours.returned, kind) for kind in kinds)
    return (
        not call.raised and same_kind and (alike(made, ours.returned) or (drawn and _as_many_words(call, made, ours)))
    )


def _as_many_words(call: Call, made: Any, ours: Call) -> bool:
    """Tell whether something else has become as many words as there should be."""
    right = ours.returned
    if not (isinstance(made, list) and isinstance(right, list) and made != call.returned):
        return False
    return len(made) == len(right) and all(isinstance(word, str) for word in [*made, *right])


def _holds(test: Callable[[], bool]) -> bool:
    """Tell whether it holds; what can't be done to such a result is no slip with it."""
    try:
        return test()
    except Exception:
        return False
