"""How far back does a writer read? A network that goes by the places of its tokens shows it."""

from typing import Any

import torch

from bigramlab.judge.causes.case import Case
from bigramlab.judge.causes.drawing import in_states
from bigramlab.judge.causes.settled import transformer_of
from bigramlab.judge.recording import Call, hurried
from bigramlab.lessons.transformer import Transformer
from bigramlab.mistakes import Mistake

__all__ = ["reads_too_little"]

LONGEST = 8
WORDS = 16
LETTERS = "abcdefgh"
ENDS = 0.2


def by_places(longest: int = LONGEST) -> Transformer:
    """Return a network that says what stands at a place: the first letter at the first, the last at all further ones."""
    table = torch.zeros(LONGEST + 1, LONGEST + 1)
    for place in range(LONGEST):
        table[place, 0], table[place, place + 1] = ENDS, 1 - ENDS
    network = transformer_of(table.clamp(min=1e-30), LONGEST)
    places = torch.eye(LONGEST + 1)[torch.arange(longest).clamp(max=LONGEST - 1)]
    return network._replace(embedding=torch.zeros_like(network.embedding), places=places)


def _written(case: Case, longest: int) -> Call:
    with in_states(7, 7), hurried(case.guard, case.calls):
        options = {"generator": torch.Generator().manual_seed(7)}
        return Call(case.function, case.guard, (by_places(longest), "." + LETTERS, WORDS), options)


def reads_too_little(case: Case) -> Mistake | None:
    """Say how few tokens are read: the letters of the later places then never come, and an earlier one goes on."""
    if case.name != "sample_transformer_words":
        return None
    case.guard.hangs = 0
    call = _written(case, LONGEST)
    if call.refused() and not _written(case, 100).raised:
        return case.cause("context_not_cut", "It raises an error once a word has more letters than the network can read: "
                          "the network is to be given the last tokens alone, `ids[-parameters.longest:]`.", "Write many "
                          "words with a network that reads three tokens.")  # fmt: skip
    words: Any = call.returned
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        return None
    read = len({*"".join(words)})
    expected = LETTERS[:read] + LETTERS[max(read - 1, 0)] * max(map(len, words), default=0)
    if not 0 < read < LONGEST or max(map(len, words)) <= read or not all(map(expected.startswith, words)):
        return None
    if read == 1:
        return case.cause("one_place_for_all", "Each letter is drawn as if it stood at the first place: the earlier "
                          "tokens are not read, the places are counted from 0 again for each token, or the logits of the first "
                          "place are taken.", SEEN)  # fmt: skip
    return case.cause(f"only_the_last_{read}_read", f"Only the last {read} tokens are read, and should be as many as the "
                      "network can read, `parameters.longest`.", SEEN)  # fmt: skip


SEEN = "Print what the network is given, and the places that it adds, at each step of a word."
