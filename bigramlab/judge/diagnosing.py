"""Why is it wrong? What a function does is compared with catalogued mistakes, and with slips of many kinds."""

from collections.abc import Callable
from dataclasses import replace
from difflib import SequenceMatcher
from itertools import islice
from typing import Any

from bigramlab.judge import clock
from bigramlab.judge.causes.batching import batched
from bigramlab.judge.causes.beginnings import begun
from bigramlab.judge.causes.case import Case
from bigramlab.judge.causes.code_reading import constants, unread
from bigramlab.judge.causes.conditions import where_it_is_wrong
from bigramlab.judge.causes.drawing import drawn_by, start_at_random
from bigramlab.judge.causes.draws import drawn_from_others, drawn_otherwise, rule_misused
from bigramlab.judge.causes.gradients import gradient_lost
from bigramlab.judge.causes.kinds import (
    after_all,
    at_once,
    changed_in_place,
    changed_though_right,
    given_and_unread,
    needs_another_kind,
)
from bigramlab.judge.causes.likeness import same_end
from bigramlab.judge.causes.losses import of_the_loss
from bigramlab.judge.causes.outcomes import outcome
from bigramlab.judge.causes.reading_back import reads_too_little
from bigramlab.judge.causes.relations import close_relation, cut_to_integers, distant_relation, floats_for_integers
from bigramlab.judge.causes.sets import order_of_a_set
from bigramlab.judge.causes.settled import settled
from bigramlab.judge.causes.variation import bound
from bigramlab.judge.causes.varying import Search
from bigramlab.judge.causes.walking import walked
from bigramlab.judge.diagnosis import Diagnosis
from bigramlab.judge.guarding import Guard
from bigramlab.judge.recording import Call, hurried
from bigramlab.laws import Stopped, ours_for
from bigramlab.mistakes import MISTAKES, Mistake

__all__ = ["diagnose"]

SECONDS = 1.8  # then only what takes no time is asked
SECONDS_OF_CALLS = 0.5  # of those that are compared, together
FEWEST = 4  # however long they took
FEW_STEPS = 10
TRAININGS = ("train_neural_bigram", "train_mlp")  # first compared in few calls that chance and rounding don't decide


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
    clock.take_pace()
    mistakes = [one for one in MISTAKES.get(name, []) if not one.careless]
    expected = _wrong_first(_of_few_steps(name, _compared(name, decisive, others, guard)))
    calls = [call for call, _ in expected]
    function = function or (lambda *arguments, **options: None)
    case = Case(name, function, calls, [call for _, call in expected], guard, constants(function))
    right = {call for call, our_call in expected if call.ended_like(our_call)}
    end = clock.seconds() + SECONDS
    if found := at_once(case) or drawn_from_others(case) or rule_misused(case):
        return _shown(found)
    wrong_somewhere = not right.issuperset(decisive)  # otherwise, what is wrong does not show in a single call
    if wrong_somewhere and (exact := _exact(case, mistakes, _half_way(end))):
        return exact
    if found := changed_though_right(case):
        return _shown(found)
    search = Search(name, calls, case.ours, case.constants, guard, end)
    fails = bool(calls) and calls[0].raised is not None
    if found := cut_to_integers(case) or search.form() or (needs_another_kind(case) if fails else None):
        return _shown(found)
    clear = settled(case) if name in TRAININGS else None
    if clear and (clearly := _clearly(clear, mistakes, end, most=1)):
        return clearly
    if wrong_somewhere and (slips := [*islice(search.one(), 2)]):
        return _said(case, slips[:1], tuple(slips[1:]))
    if found := needs_another_kind(case) or given_and_unread(case):
        return _shown(found)
    if wrong_somewhere and (slips := [*islice(search.hidden(mistakes), 2)]):
        return _said(case, slips[:1], tuple(slips[1:]))
    if found := floats_for_integers(case) or gradient_lost(case) or of_the_loss(case) or batched(case):
        return _shown(found)
    clear = clear if name in TRAININGS else settled(case)
    if clear and (clearly := _clearly(clear, mistakes, end)):
        return clearly
    end = max(end, clock.seconds() + SECONDS / 4)
    for kind in (
        changed_in_place,
        order_of_a_set,
        outcome,
        begun,
        reads_too_little,
        walked,
        drawn_otherwise,
        drawn_by,
        start_at_random,
        close_relation,
    ):
        if clock.seconds() < end and (found := kind(case)):
            return _shown(found)
    if wrong_somewhere and clock.seconds() < end:
        for several in search.several(mistakes):
            return _said(case, several)
    end = max(end, clock.seconds() + SECONDS / 4)
    if wrong_somewhere and (part := _part(mistakes, decisive, calls, right, guard, breaks, end)):
        return part
    for kind in (after_all, where_it_is_wrong, distant_relation):
        if found := kind(case):
            return _shown(found)
    return None


def _of_few_steps(name: str, expected: list[tuple[Call, Call]]) -> list[tuple[Call, Call]]:
    """Leave out the calls that take many steps, if others are wrong, too: in those, rounding grows."""
    if name != "train_neural_bigram":
        return expected
    few = [pair for pair in expected if bound(name, pair[0].arguments, pair[0].options)["steps"] <= FEW_STEPS]
    wrong = [not pair[0].raised and not same_end(*pair) for pair in few]
    return few if sum(wrong) >= FEWEST and expected[0] in few else expected


def _wrong_first(expected: list[tuple[Call, Call]]) -> list[tuple[Call, Call]]:
    """Put a call with a wrong result first, if the smallest is right: two calls together may break a law, too."""
    if not expected or expected[0][0].raised or not same_end(*expected[0]):
        return expected
    wrong = [pair for pair in expected if not pair[0].raised and not pair[1].raised and not same_end(*pair)]
    return [*wrong[:1], *(pair for pair in expected if pair not in wrong[:1])]


def _compared(name: str, decisive: list[Call], others: list[Call], guard: Guard) -> list[tuple[Call, Call]]:
    """Pair calls with ours, the quick ones until there are enough: each is made again for all that is compared."""
    ours, laws = ours_for(name), len(decisive)
    calls = [*decisive, *others]
    found: dict[int, tuple[Call, Call]] = {}
    seconds = 0.0
    for place in sorted(range(len(calls)), key=lambda place: (place > 1, calls[place].seconds)):
        if seconds > SECONDS_OF_CALLS and len(found) >= FEWEST:
            break
        again = calls[place].again(ours, guard)
        if place < laws or not again.raised:
            found[place] = calls[place], again
            seconds += max(calls[place].seconds, again.seconds) if place > 1 else 0
    return [found[place] for place in sorted(found)]


def _half_way(end: float) -> float:
    return (clock.seconds() + end) / 2


def _clearly(case: Case, mistakes: list[Mistake], end: float, most: int = 2) -> Diagnosis | None:
    """Compare calls in which nothing is left to chance; `most` is how many slips there may be."""
    if case.calls[0].raised:
        return None
    if found := _exact(case, mistakes, end):
        return found
    search = Search(case.name, case.calls, case.ours, case.constants, case.guard, end)
    if slips := [*islice(search.one(), 2)]:
        return _said(case, slips[:1], tuple(slips[1:]))
    for several in search.several(mistakes) if most > 1 else ():
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
    first, second = one.wrong.lower(), other.wrong.lower()
    shared = sum(block.size for block in SequenceMatcher(None, first, second).get_matching_blocks())
    alike = shared > 0.8 * min(len(first), len(second)) or shared > 0.3 * (len(first) + len(second))
    typed_in = all("typed_in" in slip.name for slip in (one, other))
    return alike or typed_in or one.name[:12] == other.name[:12]


def _shown(mistake: Mistake) -> Diagnosis:
    return Diagnosis(mistake, 0, 0, exact=True, shown=True)


def _exact(case: Case, mistakes: list[Mistake], end: float) -> Diagnosis | None:
    """Return the catalogued mistake that ends all calls as the function did, to the type, or at least by its use."""
    smallest, right = case.calls[0], case.ours[0]
    by_use = not smallest.raised and not same_end(smallest, right)
    pairs = zip(case.calls, case.ours, strict=True)
    # What is wrong tells most mistakes apart at once, and what never came back takes longest.
    telling = sorted(pairs, key=lambda pair: (isinstance(pair[0].raised, Stopped), same_end(*pair), pair[0].seconds))
    telling_first = [call for call, _ in telling]
    exactly: list[Mistake] = []
    nearly: list[Mistake] = []
    for mistake in mistakes:
        if len(exactly) > 1 or clock.seconds() > end:
            break
        case.guard.hangs = 0
        with hurried(case.guard, case.calls):
            wholly, near = _ends_all(case, mistake, telling_first, by_use)
        if wholly:
            exactly.append(mistake)
        elif near:
            nearly.append(mistake)
    if exactly and same_end(smallest, right) and smallest.ended_like(right):
        return None
    if found := exactly or nearly:
        own = unread(case.function).keys()  # of two that do the same, the one is meant that reads the same parameters
        found.sort(key=lambda mistake: unread(mistake.run).keys() != own)
        return _said(case, found[:1], tuple(found[1:2]))
    return None


def _ends_all(case: Case, mistake: Mistake, calls: list[Call], by_use: bool) -> tuple[bool, bool]:
    """Tell whether a mistake ends all calls as the function did, to the type and by its use, if that is asked, too."""
    exactly, nearly = True, by_use
    for call in calls:
        made = call.again(mistake.run, case.guard)
        exactly, nearly = exactly and made.ended_like(call), nearly and same_end(call, made) and made.moved_like(call)
        if not exactly and not nearly:
            break
    return exactly, nearly


def _part(
    mistakes: list[Mistake],
    decisive: list[Call],
    calls: list[Call],
    right: set[Call],
    guard: Guard,
    breaks: Callable[[Mistake], bool],
    end: float,
) -> Diagnosis | None:
    """Return what may be a part of the cause.

    It does the same on most of the decisive calls with a wrong result, on a third of them at least, nothing wrong where
    the function is right, and breaks the same law. How many of all calls it does the same in is told.
    """
    smallest, *_ = decisive
    wrong = [call for call in calls if call in {*decisive} and not call.raised and call not in right]
    right = {call for call in right if not call.raised}
    found = None
    for mistake in mistakes:
        if clock.seconds() > end:
            break
        guard.hangs = 0
        if not smallest.raised and smallest.again(mistake.run, guard).ended_like(smallest):
            alike = sum(call.again(mistake.run, guard).ended_like(call) for call in wrong)
            more = 3 * alike > len(wrong) and (found is None or alike > found.alike)
            if more and all(call.again(mistake.run, guard).ended_like(call) for call in right) and breaks(mistake):
                found = Diagnosis(mistake, alike, len(wrong), exact=False)
    if found is None:
        return None
    rest = [call for call in calls if not (call.raised or call in right or call in wrong)]  # of other laws
    also = sum(call.again(found.mistake.run, guard).ended_like(call) for call in rest)
    told = replace(found, alike=found.alike + also, tried=found.tried + len(rest))
    return told if 3 * told.alike > told.tried else None
