"""What can go wrong in writing words with a network of several tokens: what it is asked with at each step.

Each draw is certain, so the likeliest token stands for what is drawn.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from bigramlab.judge.causes.families import Choice, Part, family
from bigramlab.judge.causes.parts_of_contexts import CONTEXTS
from bigramlab.lessons.mlp import mlp_probs
from bigramlab.lessons.transformer import transformer_probs

LONGEST = 50  # tokens
MOVES: list[Choice] = next(choices for part, _, choices in CONTEXTS if part == "move")
WRITING: list[Part] = [
    ("begin", lambda n, last: [0] * n, [("context_runs_on", lambda n, last: last or [0] * n, "The context is not set back at the beginning of a word: that of the last word runs on."),
                                        ("padded_with_1", lambda n, last: [1] * n, "The context of a new word is full of 1, and should be of 0, the \".\"."),
                                        ("padded_with_the_last_token", lambda n, last: [-1] * n, "The context of a new word is full of the last token, and should be of 0, the \".\".")]),
    ("move", lambda c, id: [*c[1:], id], MOVES),
    ("given", lambda c, before: c, [("newest_first", lambda c, before: c[::-1], "The network is asked with the newest token first, and was trained with the oldest first."),
                                    ("newest_token_alone", lambda c, before: [*[0] * (len(c) - 1), c[-1]], "The network is asked with the newest token alone: the others are 0."),
                                    ("one_token_behind", lambda c, before: before or c, "The context is one token behind: the newest is missing."),
                                    ("newest_token_everywhere", lambda c, before: [c[-1]] * len(c), "The newest token stands in every place of the context.")]),
]  # fmt: skip


def _written(
    next_probs: Callable[[Tensor], Tensor], length: int, given: dict[str, Any], chosen: dict[str, Any]
) -> list[str]:
    words: list[str] = []
    context: list[int] = []
    for _ in range(given["n"]):
        context, word = chosen["begin"](length, context), ""
        before: list[int] = []
        for _ in range(LONGEST):
            asked = torch.tensor([chosen["given"](context, before)]) % len(given["vocabulary"])
            id = int(next_probs(asked)[0].argmax())
            context, before = chosen["move"](context, id), context
            if id == 0:
                break
            word += given["vocabulary"][id]
        else:
            raise ValueError(f"no end after {LONGEST} tokens")
        words.append(word)
    return words


def _by_mlp(given: dict[str, Any], chosen: dict[str, Any]) -> list[str]:
    network = given["parameters"]
    return _written(lambda contexts: mlp_probs(network, contexts), network.context_length, given, chosen)


def _by_transformer(given: dict[str, Any], chosen: dict[str, Any]) -> list[str]:
    network = given["parameters"]
    return _written(lambda contexts: transformer_probs(network, contexts), network.longest, given, chosen)


family("sample_mlp_words", _by_mlp, WRITING)
family("sample_transformer_words", _by_transformer, WRITING)
