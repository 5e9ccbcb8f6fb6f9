"""What is a right function not careful about? The care laws are tried, and each that does not hold gets a note."""

import re

from bigramlab.judge.causes.likeness import alike, same_end, wholly
from bigramlab.judge.describing import shorten, show, show_error
from bigramlab.judge.forms import Form
from bigramlab.judge.guarding import Guard
from bigramlab.judge.recording import Call, Recorder, hurried
from bigramlab.judge.reporting import Note
from bigramlab.judge.telling import tell_call, tell_result
from bigramlab.judge.trying import explore, run_law
from bigramlab.laws import Law, Stopped, ours_for
from bigramlab.laws.law import QUIET
from bigramlab.lessons.training import Training
from bigramlab.mistakes import MISTAKES, Mistake

__all__ = ["judge_care"]

FILLING = (
    "a an and any are as at be but by can for from has have in is it its no not of on one or other "
    "so such than that the then there this to too was what where which with"
)


def judge_care(laws: list[Law], recorder: Recorder, form: Form | None = None) -> list[Note]:
    """Try the care laws, and return a note on each that does not hold, what matters most first."""
    recorder.asks = set()  # of input that makes no sense, nothing of that is asked
    broken: list[tuple[Law, Call, str, str]] = []
    for law in sorted(laws, key=lambda law: "refuse" in law.sentence):  # what isn't refused may be left from another
        recorder.calls, recorder.guard.hangs = [], 0
        if law.holds and (error := run_law(law, recorder)) and recorder.last:
            told = tell_call(law.function, recorder.last, form, recorder.example)
            broken.append((law, recorder.last, told, show_error(error)))
        elif law.name == QUIET and recorder.printing:
            printed = shorten(recorder.printing.printed.strip(), lines=1, columns=40)
            told = tell_call(law.function, recorder.printing, form)
            broken.append((law, recorder.printing, told, f"it prints {printed!r}"))
    names = {law.name for law, *_ in broken}
    asked = [law for law in laws if law.holds]
    kept = [law for law in asked if law.name not in names]
    words = _Words([law for law in asked if law.name in names], kept, recorder)
    notes = [_note(*one, recorder.guard, words, form) for one in broken]
    first = {mistake.wrong for mistake in words.said}  # before what only a result can say
    return sorted(notes, key=lambda note: (note.rank, note.problem not in first))


def _note(law: Law, call: Call, told: str, problem: str, guard: Guard, words: "_Words", form: Form | None) -> Note:
    """Say what the function does in this call, and what ours does."""
    ours = call.again(ours_for(law.function), guard)
    silent = call.raised is None and ours.raised is not None
    if silent:
        problem = f"not refused, but answered with {_short(call, form)}"
    elif problem.startswith("it should be ") and not call.raised:  # which alone tells neither the point nor the result
        problem = f"{law.sentence.rstrip('.')}: it gives {_short(call, form)}, and should give {problem[13:]}"
    elif call.raised and problem == show_error(call.raised):
        problem = f"it raises {type(call.raised).__name__}: {problem}"
    if law.holds:
        with hurried(guard, ()):
            mistake = words.find(law, call)
        problem = mistake.wrong if mistake else problem
    says = f"raises {type(ours.raised).__name__}: {ours.raised}" if ours.raised else ""
    return Note(law.name, law.sentence, told, problem, says, silent, _rank(call, ours))


def _short(call: Call, form: Form | None) -> str:
    """Write what came back in a line; of a training, its losses."""
    losses = call.returned.losses if isinstance(call.returned, Training) else None
    text = " ".join((show(losses) if losses is not None else tell_result(call, form)).split())
    return text if len(text) <= 80 else f"{text[:80]} …"


def _rank(call: Call, ours: Call) -> int:
    """Return the place of a note: what goes wrong with input that makes sense, what isn't refused, types and the like.

    Ours refuses what makes no sense.
    """
    if ours.raised:
        return 3 if call.raised else 1
    return 2 if same_end(call, ours) else 0


class _Words:
    """Finds the careless mistake that does what the function does, for its words.

    What is said of a note has to be true, so the mistake must do the same in calls of many kinds and keep each care law
    that the function keeps; and it must be about this law, which its words tell, and not about another that it breaks.
    """

    def __init__(self, broken: list[Law], kept: list[Law], recorder: Recorder) -> None:
        """Begin with the care laws that the function breaks and keeps."""
        self.broken, self.kept, self.recorder, self.guard = broken, kept, recorder, recorder.guard
        self.said: list[Mistake] = []  # each explains one law

    def find(self, law: Law, smallest: Call) -> Mistake | None:
        """Return the mistake that explains why this law is broken by that call."""
        careless = [one for one in MISTAKES.get(law.function, []) if one.careless and one not in self.said]
        likely = [mistake for mistake in careless if self._alike(mistake, [smallest])]
        calls = self._more(law) if likely and not isinstance(smallest.raised, Stopped) else []
        for mistake in likely:
            alike = self._alike(mistake, calls, others_too=True)  # what it refuses, the function may forget, too
            if alike and self._about(mistake) is law and not self._breaks_any(mistake, self.kept):
                self.said.append(mistake)
                return mistake
        return None

    def _alike(self, mistake: Mistake, calls: list[Call], *, others_too: bool = False) -> bool:
        """Tell whether the calls end as the mistake's do; `others_too` leaves out those that it refuses."""
        self.guard.hangs = 0
        made = ((call, call.again(mistake.run, self.guard)) for call in calls)
        return all(
            again.ended_like(call) or _undefined_both(again, call) or (others_too and again.refused())
            for call, again in made
        )

    def _more(self, law: Law) -> list[Call]:
        """Make calls of many kinds: the smallest one says little."""
        self.recorder.calls = []
        explore(law, self.recorder)
        return self.recorder.calls

    def _about(self, mistake: Mistake) -> Law | None:
        """Return the law that the mistake is about: of those that it breaks, the one whose words are the likest."""
        broken = [law for law in self.broken if self._breaks_any(mistake, [law])]
        return max(broken, key=lambda law: _shared(law.sentence, mistake.wrong), default=None)

    def _breaks_any(self, mistake: Mistake, laws: list[Law]) -> bool:
        for law in laws:
            recorder = Recorder(mistake.run, self.guard)
            recorder.asks, self.guard.hangs = set(), 0
            if run_law(law, recorder, shrink=False):
                return True
        return False


def _undefined_both(call: Call, other: Call) -> bool:
    """Tell whether there is `nan` in both results, and the same where there is none: it spreads in several ways."""
    one, another = wholly(call.returned), wholly(other.returned)
    if (
        one is None
        or another is None
        or one.shape != another.shape
        or not (one.isnan().any() and another.isnan().any())
    ):
        return False
    defined = ~(one.isnan() | another.isnan())
    return alike(one[defined], another[defined])


def _shared(sentence: str, text: str) -> float:
    """Return which part of a sentence's words a text has, too."""
    own, others = ({*re.findall(r"\w+", some.lower())} - {*FILLING.split()} for some in (sentence, text))
    return len(own & others) / max(1, len(own))
