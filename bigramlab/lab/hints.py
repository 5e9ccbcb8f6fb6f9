"""The command `bigramlab hint`: the rungs of an exercise first, and then what the function breaks now."""

import json
import re
import textwrap
from pathlib import Path

from bigramlab.lab.commands import at_hand
from bigramlab.lab.exercises import Exercise
from bigramlab.lab.labs import Lab, verdict_on
from bigramlab.lab.progress import FOLDER
from bigramlab.lab.rungs import RUNGS
from bigramlab.lessons.files import write_file

__all__ = ["hint"]


def hint(name: str | None, folder: Path) -> int:
    """Show the next hint: the rungs first, for which nothing need be judged, and then what there is to say of the code.

    Of a function that isn't right, that is the law that is broken, and what others got wrong; of one that isn't
    started, the laws; of one that is known to be right, what it isn't careful about, at once.
    """
    exercise = Exercise.named(name) if name else at_hand(folder)
    name = exercise.name
    exercise.path_in(folder)
    known = Lab(folder).known(exercise)
    if known is not None and known.status == "not reached":  # what the file needs is said, and no hint is used up
        print(known.text)
        return 0
    if known:
        print(f"{known.text}\n\nTo compare yours with ours: bigramlab solution {name}")
        return 0
    state = folder / FOLDER / "hints.json"
    given = _hints_given(state)
    heard = given.get(name, [])
    hints = rungs = _rungs_on(name)
    climbed = set(rungs) <= set(heard)
    if climbed:
        hints = [*rungs, *_hints_on(exercise, folder)]
    earlier = [text for text in hints if text in heard]
    if len(earlier) == len(hints):
        print("You have had them all; from the first again.\n")
        earlier, climbed = [], not rungs
    text = next(text for text in hints if text not in earlier)
    number = len(earlier) + 1
    print(f"Hint {number}{'' if climbed else f' of {len(rungs)}'} on {name}\n\n{textwrap.indent(text, '  ')}\n")
    if climbed and number == len(hints):
        print(f"That was the last one; `bigramlab solution {name}` shows our version.")
    else:
        print("Ask again for " + ("what must hold." if number == len(rungs) else "the next one."))
    try:
        state.parent.mkdir(exist_ok=True)
        write_file(state, json.dumps(given | {name: [*earlier, text]}))
    except (OSError, ValueError) as error:
        print(f"But it will be this one again, as the folder can't be written: {error}")
    return 0


def _rungs_on(name: str) -> list[str]:
    """Return the rungs as they are shown, if there are some."""
    if name not in RUNGS:
        return []
    rungs = RUNGS[name]
    shape = "Fill in each ____:\n\n" + textwrap.indent(rungs.shape, "  ")
    return [_wrapped(rungs.idea), _wrapped(rungs.tool), shape]


def _wrapped(text: str) -> str:
    """Return it in lines that fit the terminal, code between backticks on one of them."""
    joined = re.sub("`[^`]+`", lambda code: code[0].replace(" ", "\0"), text)
    return textwrap.fill(joined, 76, break_on_hyphens=False).replace("\0", " ")


def _hints_on(exercise: Exercise, folder: Path) -> list[str]:
    """Return what the code as it is gives reason to say: what is broken in it, or what it must do if there is none."""
    from bigramlab.laws import LAWS, RESULT
    from bigramlab.mistakes import MISTAKES

    verdict = verdict_on(exercise, folder)
    if verdict or not verdict.law:
        if verdict.status != "not started":
            return [verdict.text]
        laws = [law.sentence for law in LAWS[exercise.name] if law.kind == RESULT]
        return [_wrapped(f"What must hold: {sentence}") for sentence in dict.fromkeys(laws)]
    mistakes = [found for found in MISTAKES.get(exercise.name, []) if not found.careless][:3]
    texts = [f"What others got wrong: {found.wrong} {found.seen}" for found in mistakes]
    return [_wrapped(text) for text in (f"What must hold, and doesn't yet: {verdict.law}", *texts)]


def _hints_given(state: Path) -> dict[str, list[str]]:
    """Return the hints given on each function; none, if the file that says so is missing or damaged."""
    try:
        found = json.loads(state.read_bytes())
        return {str(name): list(texts) for name, texts in found.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
