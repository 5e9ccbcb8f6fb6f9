"""Kinds of slips in writing several words side by side, and in what a model is given on the way."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor

from bigramlab.judge.causes.case import Case
from bigramlab.judge.causes.drawing import in_states
from bigramlab.judge.causes.settled import mlp_of, transformer_of
from bigramlab.judge.recording import Call
from bigramlab.laws.law import Stopped
from bigramlab.mistakes import Mistake

__all__ = ["batched"]

LETTERS, WORDS = ".abcd", {"a", "bcd"}
MANY = 12
TIMES = 4
TABLE = torch.tensor(
    [[0, 0.5, 0.5, 0, 0], [1, 0, 0, 0, 0], [0, 0, 0, 1, 0], [0, 0, 0, 0, 1], [1, 0, 0, 0, 0]]
)  # writes "a" or "bcd", which end at different times
LENGTH = 3
IDS = (2, 1, 3, 3, 4, 2, 1, 4)  # what the watched model has drawn, whatever it is given

WRITERS: dict[str, Callable[[Tensor], Any]] = {
    "sample_words": lambda table: table,
    "generate_words": lambda table: lambda contexts: table[contexts[:, -1]],
    "sample_mlp_words": mlp_of,
    "sample_transformer_words": transformer_of,
}


def batched(case: Case) -> Mistake | None:
    """Say what goes wrong where words end at different times, or what the model is given in the place of the context."""
    if case.name not in WRITERS:
        return None
    case.guard.hangs = 0
    try:
        with in_states(7, 7):
            model = WRITERS[case.name](TABLE)
            alone = {word for _ in range(MANY) for word in _made(case, model, LETTERS, 1)}
            words = [word for _ in range(TIMES) for word in _made(case, model, LETTERS, MANY)]
        found = _side_by_side(case, words) if alone == WORDS else None  # a word that is wrong alone has another slip
        return found or (_watched(case) if case.name == "generate_words" else None)
    except Exception:  # what can't be called so tells nothing here
        return None


def _made(case: Case, *arguments: Any, **options: Any) -> Any:
    if case.guard.hangs:
        raise Stopped
    made = Call(case.function, case.guard, arguments, options)
    if made.raised:
        raise made.raised
    return made.returned


def _side_by_side(case: Case, words: list[str]) -> Mistake | None:
    """Tell whether words end with each other, or go on behind their ends."""
    odd, pairs = {*words} - WORDS, [*pairwise(words[:MANY])]
    if all(other.startswith(one) for one, other in pairs):  # each has those before it: that is another slip
        return None
    if "a" in words and odd and odd <= {"b", "bc"}:
        return case.cause("ended_together", "Words that are written side by side end together: the first that comes to "
                          "its \".\" ends all, and the others are cut.", "Give it a model that writes \"a\" or "
                          "\"bcd\", and ask for ten words: some are \"b\".")  # fmt: skip
    if odd and all(_in_a_row(word) for word in odd):
        return case.cause("goes_on_behind_the_end", "Words that are written side by side go on behind their \".\" for "
                          "as long as others are not finished, and what is written there is not cut off.", "Give it a "
                          "model that writes \"a\" or \"bcd\", and ask for ten words: some are \"abcd\".")  # fmt: skip
    return None


def _in_a_row(word: str) -> bool:
    """Tell whether it is several words, one behind the other, the last of which may be cut."""
    rest = word
    while begun := next((one for one in WORDS if rest.startswith(one)), ""):
        rest = rest[len(begun) :]
    return rest in ("", "b", "bc") and word not in WORDS and len(word) > 1


def _watched(case: Case) -> Mistake | None:
    """Look at the contexts that the model gets while it draws certain ids."""
    seen: list[list[int]] = []

    def next_probs(contexts: Tensor) -> Tensor:
        seen.append([int(id) for id in contexts[0]])
        drawn = IDS[len(seen) - 1] if len(seen) <= len(IDS) else 0
        return torch.eye(5)[drawn].expand(len(contexts), -1)

    _made(case, next_probs, LETTERS, 1, context_length=LENGTH)
    drawn = [*([0] * LENGTH), *IDS]
    right = [drawn[step : step + LENGTH] for step in range(len(IDS) + 1)]
    seen = seen[: len(right)]
    lengths = {*map(len, seen)} or {0}
    told: list[tuple[bool, str, str]] = [
        (min(lengths) < LENGTH < max(lengths), "context_not_of_its_length", "The context begins with fewer tokens than "
         "`context_length`, and grows with the word: fill it up with 0, the \".\", on the left, and keep the last ones."),
        (max(lengths) > LENGTH, "context_grows", "The context grows with the word, and should be cut: the model gets the "
         "last `context_length` tokens."),
        (lengths != {LENGTH} and max(lengths) == LENGTH, "context_too_short", "At the beginning of a word the context is "
         "shorter than `context_length`: 0, the \".\", should fill it up on the left."),
        (lengths != {LENGTH}, "context_of_another_length", "The model gets another number of tokens than `context_length`."),
        (seen == [[0] * (LENGTH - 1) + context[-1:] for context in right], "oldest_kept", "The newest token is written "
         "over the last place of the context, and the others never move on."),
        (seen == [context[-1:] * LENGTH for context in right], "newest_everywhere", "The newest token stands in every "
         "place of the context."),
        (seen == [context[::-1] for context in right], "newest_first", "The context has the newest token first, and it "
         "should be last."),
        (seen == right[:1] * len(seen), "context_never_moves", "The model gets the same context at each step: what is "
         "drawn does not come into it."),
        (seen[1:] == right[: len(seen) - 1] or seen[1:] == right[:-1], "one_token_behind", "The context is one token "
         "behind: the newest is missing."),
    ]  # fmt: skip
    for holds, name, wrong in told:
        if holds and seen:
            return case.cause(name, wrong, "Print what the model is given at each step of a word.")
    return None
