"""Why is it wrong? What a function does is compared with catalogued mistakes, and with slips of many kinds."""

import time
from collections.abc import Callable, Iterator
from difflib import SequenceMatcher
from itertools import islice
from typing import Any

from bigramlab.judge.causes.batching import batched
from bigramlab.judge.causes.beginnings import begun
from bigramlab.judge.causes.case import Case
from bigramlab.judge.causes.code_reading import constants
from bigramlab.judge.causes.conditions import where_it_is_wrong
from bigramlab.judge.causes.drawing import drawn_by, start_at_random
from bigramlab.judge.causes.gradients import gradient_lost
from bigramlab.judge.causes.kinds import (
    after_all,
    at_once,
    changed_in_place,
    changed_though_right,
    needs_another_kind,
)
from bigramlab.judge.causes.likeness import same_end
from bigramlab.judge.causes.losses import of_the_loss
from bigramlab.judge.causes.outcomes import outcome
from bigramlab.judge.causes.relations import close_relation, distant_relation, floats_for_integers
from bigramlab.judge.causes.settled import settled
from bigramlab.judge.causes.varying import Search
from bigramlab.judge.causes.walking import walked
from bigramlab.judge.diagnosis import Diagnosis
from bigramlab.judge.guarding import Guard
from bigramlab.judge.recording import Call, hurried
from bigramlab.laws import ours_for
from bigramlab.mistakes import MISTAKES, Mistake

__all__ = ["diagnose"]

SECONDS = 2.0  # then only what takes no time is asked


def diagnose(
    name: str,
    decisive: list[Call],
    others: list[Call],
    guard: Guard,
    breaks: Callable[[Mistake], bool],
    function: Callable[..., Any] | None = None,
) -> Diagnosis | None:
    """Look for the cause: what the code shows, a catalogued mistake, a slip, what decides the draws, two slips.

    Compared are the calls of the broken law, the decisive ones, and of the other laws those that our own function does
    not refuse: who makes one mistake often forgets to refuse something, too, and that is another law's matter. What
    ends all of them as the function did is the likely cause; a part of it is named only if there is nothing else.
    """
    ours, mistakes = ours_for(name), [one for one in MISTAKES.get(name, []) if not one.careless]
    expected = [(call, call.again(ours, guard)) for call in decisive]
    expected += [(call, again) for call in others if not (again := call.again(ours, guard)).raised]
    expected = _wrong_first(expected)
    calls = [call for call, _ in expected]
    function = function or (lambda *arguments, **options: None)
    case = Case(name, function, calls, [call for _, call in expected], guard, constants(function))
    right = {call for call, our_call in expected if call.ended_like(our_call)}
    if found := at_once(case):
        return _shown(found)
    wrong_somewhere = not right.issuperset(decisive)  # otherwise, what is wrong does not show in a single call
    end = time.thread_time() + SECONDS
    if wrong_somewhere and (exact := _exact(case, mistakes, end)):
        return exact
    if found := changed_though_right(case):
        return _shown(found)
    search = Search(name, calls, case.ours, case.constants, guard)
    if found := search.form() or needs_another_kind(case):
        return _shown(found)
    if wrong_somewhere and (slips := [*islice(search.one(), 2)]):
        return _said(case, slips[:1], tuple(slips[1:]))
    if wrong_somewhere and (slips := [*islice(search.hidden(mistakes), 2)]):
        return _said(case, slips[:1], tuple(slips[1:]))
    if found := floats_for_integers(case) or gradient_lost(case) or of_the_loss(case) or batched(case):
        return _shown(found)
    if (clear := settled(case)) and (clearly := _clearly(clear, mistakes)):
        return clearly
    end = time.thread_time() + SECONDS
    for kind in (changed_in_place, outcome, begun, walked, drawn_by, start_at_random, close_relation):
        if time.thread_time() < end and (found := kind(case)):
            return _shown(found)
    if wrong_somewhere and time.thread_time() < end:
        for several in search.several(mistakes):
            return _said(case, several)
    if wrong_somewhere and time.thread_time() < end and (part := _part(mistakes, decisive, right, guard, breaks, end)):
        return part
    for kind in (after_all, where_it_is_wrong, distant_relation):
        if found := kind(case):
            return _shown(found)
    return None


def _wrong_first(expected: list[tuple[Call, Call]]) -> list[tuple[Call, Call]]:
    """Put a call with a wrong result first, if the smallest is right: two calls together may break a law, too."""
    if not expected or expected[0][0].raised or not same_end(*expected[0]):
        return expected
    wrong = [pair for pair in expected if not pair[0].raised and not pair[1].raised and not same_end(*pair)]
    return [*wrong[:1], *(pair for pair in expected if pair not in wrong[:1])]


def _clearly(case: Case, mistakes: list[Mistake]) -> Diagnosis | None:
    """Compare calls in which nothing is left to chance."""
    if case.calls[0].raised:
        return None
    if found := _exact(case, mistakes, time.thread_time() + SECONDS):
        return found
    search = Search(case.name, case.calls, case.ours, case.constants, case.guard)
    if slips := [*islice(search.one(), 2)]:
        return _said(case, slips[:1], tuple(slips[1:]))
    for several in search.several(mistakes):
        return _said(case, several)
    return None


def _said(case: Case, slips: list[Mistake], others: tuple[Mistake, ...] = ()) -> Diagnosis:
    """Say which slips do the same on all calls together."""
    first, *more = slips
    tried = len(case.calls)
    others = tuple(other for other in others if not _same_slip(first, other))
    return Diagnosis(first, tried, tried, exact=True, besides=tuple(more), others=others)


def _same_slip(one: Mistake, other: Mistake) -> bool:
    """Tell whether two causes are one slip, found twice, in other words."""
    alike = SequenceMatcher(None, one.wrong.lower(), other.wrong.lower()).ratio() > 0.6
    return alike or one.name[:12] == other.name[:12]


def _shown(mistake: Mistake) -> Diagnosis:
    return Diagnosis(mistake, 0, 0, exact=True, shown=True)


def _exact(case: Case, mistakes: list[Mistake], end: float) -> Diagnosis | None:
    """Return the catalogued mistake that ends all calls as the function did, to the type, or at least by its use."""
    ways: list[Callable[[Call, Call], bool]] = [Call.ended_like, same_end]
    smallest, quickest = case.calls[0], sorted(case.calls, key=lambda call: call.seconds)
    for ends_like in ways:
        if ends_like is same_end and (smallest.raised or same_end(smallest, case.ours[0]) or time.thread_time() > end):
            return None

        def ending_alike(ends_like: Callable[[Call, Call], bool] = ends_like) -> Iterator[Mistake]:
            for mistake in mistakes:
                case.guard.hangs = 0
                with hurried(case.guard, case.calls):
                    same = all(ends_like(call.again(mistake.run, case.guard), call) for call in quickest)
                if same:
                    yield mistake

        if found := [*islice(ending_alike(), 2)]:
            if same_end(smallest, case.ours[0]) and smallest.ended_like(case.ours[0]):
                return None
            tried = len(case.calls)
            return Diagnosis(found[0], tried, tried, exact=True, others=tuple(found[1:]))
    return None


def _part(
    mistakes: list[Mistake],
    decisive: list[Call],
    right: set[Call],
    guard: Guard,
    breaks: Callable[[Mistake], bool],
    end: float,
) -> Diagnosis | None:
    """Return what may be a part of the cause.

    It does the same on most of the decisive calls with a wrong result, on a third of them at least, nothing wrong where
    the function is right, and breaks the same law.
    """
    smallest, *_ = decisive
    wrong = [call for call in decisive if not call.raised and call not in right]
    right = {call for call in right if not call.raised}
    found = None
    for mistake in mistakes:
        if time.thread_time() > end:
            break
        guard.hangs = 0
        if not smallest.raised and smallest.again(mistake.run, guard).ended_like(smallest):
            alike = sum(call.again(mistake.run, guard).ended_like(call) for call in wrong)
            more = 3 * alike > len(wrong) and (found is None or alike > found.alike)
            if more and all(call.again(mistake.run, guard).ended_like(call) for call in right) and breaks(mistake):
                found = Diagnosis(mistake, alike, len(wrong), exact=False)
    return found
