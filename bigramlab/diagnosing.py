"""Which of the catalogued mistakes does the same? That one is the likely cause."""

from dataclasses import dataclass

import bigramlab
from bigramlab.guarding import Guard
from bigramlab.mistakes import MISTAKES, Mistake
from bigramlab.recording import Call

__all__ = ["Diagnosis", "diagnose"]


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


def diagnose(name: str, decisive: list[Call], others: list[Call], guard: Guard) -> Diagnosis | None:
    """Compare the recorded calls of a function with the same calls of each catalogued mistake.

    The mistake that ends all calls as the function did is the likely cause. Those are the calls of the broken law, the
    decisive ones, and of the other laws those that our own function does not refuse: who makes one mistake often
    forgets to refuse something, too, and that is another law's matter. Where no mistake does that, two may have been
    made at once: then it is the one that does the same on most of the decisive calls with a wrong result, and nothing
    wrong where the function is right.
    """
    ours, mistakes = getattr(bigramlab, name), MISTAKES.get(name, [])
    calls = decisive + [call for call in others if not call.again(ours, guard).raised]
    for mistake in mistakes:
        guard.hangs = 0
        if all(call.again(mistake.run, guard).ended_like(call) for call in calls):
            return Diagnosis(mistake, len(calls), len(calls), exact=True)
    smallest, *_ = decisive
    right = [call for call in calls if call.ended_like(call.again(ours, guard))]
    wrong = [call for call in decisive if not call.raised and call not in right]
    found = None
    for mistake in mistakes:
        guard.hangs = 0
        if not smallest.raised and smallest.again(mistake.run, guard).ended_like(smallest):
            alike = sum(call.again(mistake.run, guard).ended_like(call) for call in wrong)
            more = 2 * alike > len(wrong) and (found is None or alike > found.alike)
            if more and all(call.again(mistake.run, guard).ended_like(call) for call in right):
                found = Diagnosis(mistake, alike, len(wrong), exact=False)
    return found
