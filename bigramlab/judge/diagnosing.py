"""Which of the catalogued mistakes does the same? That one is the likely cause."""

from collections.abc import Callable
from dataclasses import dataclass

from bigramlab.judge.guarding import Guard
from bigramlab.judge.recording import Call
from bigramlab.laws import ours_for
from bigramlab.mistakes import MISTAKES, Mistake

__all__ = ["Diagnosis", "careless", "diagnose"]


@dataclass(frozen=True)
class Diagnosis:
    """A mistake that ends calls as the function did.

    Attributes:
        mistake: The catalogued mistake.
        alike: How many calls it ends in the same way.
        tried: Of how many.
        exact: Whether those are all calls, and not only some that come out wrong.
    """

    mistake: Mistake
    alike: int
    tried: int
    exact: bool

    def text(self) -> str:
        """Say how sure this is, and what is wrong."""
        name = self.mistake.name.replace("_", " ")
        if self.exact:
            return f"On {self.tried} inputs it does exactly what “{name}” does. {self.mistake.wrong}"
        return (
            f"On {self.alike} of {self.tried} inputs that come out wrong it does what “{name}” does, so this may be a "
            f"part of it. {self.mistake.wrong}"
        )


def careless(name: str, calls: list[Call], guard: Guard) -> Mistake | None:
    """Return the careless mistake that ends these calls, made for a care law, as the function did."""
    for mistake in MISTAKES.get(name, []):
        guard.hangs = 0
        if mistake.careless and all(call.again(mistake.run, guard).ended_like(call) for call in calls):
            return mistake
    return None


def diagnose(
    name: str, decisive: list[Call], others: list[Call], guard: Guard, breaks: Callable[[Mistake], bool]
) -> Diagnosis | None:
    """Compare the recorded calls of a function with the same calls of each catalogued mistake about the result.

    The mistake that ends all calls as the function did is the likely cause. Those are the calls of the broken law, the
    decisive ones, and of the other laws those that our own function does not refuse: who makes one mistake often
    forgets to refuse something, too, and that is another law's matter. Where no mistake does that, two may have been
    made at once: then it is the one that does the same on most of the decisive calls with a wrong result, on a third of
    them at least, nothing wrong where the function is right, and breaks the same law.
    """
    ours, mistakes = ours_for(name), [one for one in MISTAKES.get(name, []) if not one.careless]
    expected = [(call, call.again(ours, guard)) for call in others]
    calls = decisive + [call for call, our_call in expected if not our_call.raised]
    expected += [(call, call.again(ours, guard)) for call in decisive]
    right = {call for call, our_call in expected if call.ended_like(our_call)}
    if right.issuperset(decisive):  # what is wrong does not show in a single call
        return None
    for mistake in mistakes:
        guard.hangs = 0
        if all(call.again(mistake.run, guard).ended_like(call) for call in calls):
            return Diagnosis(mistake, len(calls), len(calls), exact=True)
    smallest, *_ = decisive
    wrong = [call for call in decisive if not call.raised and call not in right]
    right = {call for call in right if not call.raised}
    found = None
    for mistake in mistakes:
        guard.hangs = 0
        if not smallest.raised and smallest.again(mistake.run, guard).ended_like(smallest):
            alike = sum(call.again(mistake.run, guard).ended_like(call) for call in wrong)
            more = 3 * alike > len(wrong) and (found is None or alike > found.alike)
            if more and all(call.again(mistake.run, guard).ended_like(call) for call in right) and breaks(mistake):
                found = Diagnosis(mistake, alike, len(wrong), exact=False)
    return found
