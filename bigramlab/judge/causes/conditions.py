"""Where is it wrong? If it is wrong for all input of one kind and for no other, that kind is named."""

import math
from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor

from bigramlab.judge.causes.case import Case
from bigramlab.judge.causes.likeness import same_end, wholly
from bigramlab.judge.causes.variation import bound
from bigramlab.judge.recording import Call
from bigramlab.laws import ours_for
from bigramlab.mistakes import Mistake

__all__ = ["where_it_is_wrong"]

FEWEST = 3
TRIED = 6
Vary = Callable[[Any], Any]
VARIED: list[tuple[type, list[Vary]]] = [
    (Tensor, [torch.round, lambda it: (4 * it).round(), lambda it: (it + 1).round(), torch.abs, lambda it: it + 1,
              lambda it: it[:1], lambda it: it.flatten()[0].view([1] * it.dim()), lambda it: torch.cat([it, it + 1], -1)]),
    (list, [sorted, lambda it: [*dict.fromkeys(it)], lambda it: it[:1], lambda it: [one[:2] for one in it],
            lambda it: ["".join(dict.fromkeys(one)) for one in it], lambda it: [one for one in it if one.strip()]]),
    (str, [lambda it: it[:1], lambda it: "".join(dict.fromkeys(it))]),
]  # fmt: skip
Measure = Callable[[Any], float]

TEXTS: list[tuple[str, Measure]] = [
    ("a word is empty", lambda words: "" in words),
    ("there is no word at all", lambda words: not words),
    ("a word comes twice", lambda words: len({*words}) < len(words)),
    ("a letter comes twice in a word", lambda words: any(len({*word}) < len(word) for word in words)),
    ("a letter stands twice in a row", lambda words: any(a == b for word in words for a, b in pairwise(word))),
    ("a pair of letters comes twice", lambda words: _twice(pairwise(f".{word}.") for word in words)),
    ("a pair of letters comes twice in one word", lambda words: any(_twice([pairwise(f".{word}.")]) for word in words)),
    ("there is a blank in a word", lambda words: any(letter.isspace() for word in words for letter in word)),
    ("a word begins or ends with a blank", lambda words: any(word != word.strip() for word in words)),
    ("there is a capital", lambda words: any(word != word.lower() for word in words)),
    ("a character is no letter", lambda words: any(not word.isalpha() for word in words if word)),
    ("a character is none of ASCII", lambda words: any(not word.isascii() for word in words)),
    ("a character is none of a to z", lambda words: any(not "a" <= letter <= "z" for word in words for letter in word)),
    ("the words are not sorted", lambda words: [*words] != sorted(words)),
    ("words", len),
    ("letters in a word", lambda words: max(map(len, words), default=0)),
    ("different letters", lambda words: len({*"".join(words)})),
]  # fmt: skip

TABLES: list[tuple[str, Measure]] = [
    ("{} has a 0", lambda it: bool((it == 0).any())),
    ("{} has a negative number", lambda it: bool((it < 0).any())),
    ("a row of {} has nothing but zeros", lambda it: it.dim() > 1 and bool((it == 0).all(-1).any())),
    ("{} has numbers that are not whole", lambda it: it.is_floating_point() and bool((it != it.round()).any())),
    ("{} is of integers", lambda it: not it.is_floating_point()),
    ("{} has a gradient to carry", lambda it: it.requires_grad),
    ("{} is not square", lambda it: it.dim() == 2 and it.shape[0] != it.shape[1]),
    ("{} has more than one axis", lambda it: it.dim() > 1),
    ("{} has more than two axes", lambda it: it.dim() > 2),
    ("numbers in {}", lambda it: it.numel()),
    ("rows in {}", len),
    ("columns in {}", lambda it: it.shape[-1]),
    ("the largest number in {} is {{}}", lambda it: it.max().item() if it.numel() else 0),
]  # fmt: skip

NUMBERS: list[tuple[str, Measure]] = [
    ("`{}` is 0", lambda n: n == 0),
    ("`{}` is not whole", lambda n: n != int(n)),
    ("`{}` is even", lambda n: n % 2 == 0),
    ("`{}` is {{}}", lambda n: float(n)),
]


def _twice(pairs: Iterable[Iterable[tuple[str, str]]]) -> bool:
    every = [pair for some in pairs for pair in some]
    return len({*every}) < len(every)


def where_it_is_wrong(case: Case) -> Mistake | None:
    """Return the plainest thing that all calls with a wrong result have, and no other has."""
    wrong = [_strictly(call, ours) for call, ours in zip(case.calls, case.ours, strict=True)]
    if sum(wrong) < FEWEST or sum(not one for one in wrong) < FEWEST:
        return None
    given = [bound(case.name, call.arguments, call.options) for call in case.calls]
    for label, values in _measures(given, case):
        there = [value for value, is_wrong in zip(values, wrong, strict=True) if is_wrong]
        elsewhere = [value for value, is_wrong in zip(values, wrong, strict=True) if not is_wrong]
        if any(math.isnan(value) for value in values):
            continue
        yes_or_no = {*values} <= {True, False} and all(isinstance(value, bool) for value in values)
        if yes_or_no and min(there) > max(elsewhere):
            said = f"{label}"
        elif not yes_or_no and min(there) > max(elsewhere) and min(there) > 1:  # where there is anything, says nothing
            said = f"{_amount(min(there), label)} or more"
        elif not yes_or_no and max(there) < min(elsewhere):
            said = f"{_amount(max(there), label)} or fewer"
        else:
            continue
        if not _wrong_elsewhere(case, label, min(there), max(there)):
            return _said(case, said, len(there), len(elsewhere))
    return None


def _wrong_elsewhere(case: Case, label: str, least: float, most: float) -> bool:
    """Change the input of wrong calls until it is not of that kind any more, and tell whether it is wrong then, too."""
    wrong = [call for call, ours in zip(case.calls, case.ours, strict=True) if _strictly(call, ours)]
    for call in wrong[:TRIED]:
        for vary in (vary for kind, some in VARIED for vary in some if isinstance(call.arguments[0], kind)):
            try:
                first = vary(call.arguments[0])
                (value,) = dict(_measures([bound(case.name, (first, *call.arguments[1:]), call.options)], case))[label]
            except (KeyError, TypeError, ValueError, RuntimeError, IndexError):
                continue
            if not least <= value <= most and _differs(case, call, first):
                return True
    return False


def _differs(case: Case, call: Call, first: Any) -> bool:
    """Tell whether the call with another first argument ends in another way than ours."""

    def of(function: Callable[..., Any]) -> Call:
        return call.again(lambda _, *others, **options: function(first, *others, **options), case.guard)

    ours = of(ours_for(case.name))
    return not ours.raised and _strictly(of(case.function), ours)


def _strictly(call: Call, ours: Call) -> bool:
    return not (same_end(call, ours) if not (call.raised and ours.raised) else True)


def _amount(number: float, label: str) -> str:
    return label.format(f"{number:g}") if "{}" in label else f"there are {number:g} {label}"


def _said(case: Case, where: str, there: int, elsewhere: int) -> Mistake:
    return case.cause(
        "wrong_in_one_case",
        f"Of the calls that were tried, it is wrong where {where}: in all {there} such calls, and in none of {elsewhere} "
        "others.",
        "Go through the code with the call above, line by line, and print what each makes of it.",
    )


def _measures(given: list[dict[str, Any]], case: Case) -> Iterable[tuple[str, list[Any]]]:
    for parameter in given[0]:
        values: list[Any] = [one.get(parameter) for one in given]
        if all(isinstance(value, Tensor) for value in values):
            table, noun = TABLES, f"`{parameter}`"
        elif parameter in ("words", "word"):
            values = [[value] if isinstance(value, str) else [*value] for value in values]
            table, noun = TEXTS, ""
        elif parameter == "vocabulary":
            values = [[value[1:]] for value in values]
            table, noun = [("letters in the vocabulary", lambda it: len(it[0])), ("the vocabulary is not sorted", lambda it: sorted(it[0]) != [*it[0]])], ""  # fmt: skip
        elif all(isinstance(value, int | float) for value in values):
            table, noun = NUMBERS, parameter
        elif parameter == "generator":
            yield "a generator is given", [value is not None for value in values]
            yield "no generator is given", [value is None for value in values]
            continue
        else:
            continue
        for label, measure in table:
            try:
                yield label.format(noun), [measure(value) for value in values]
            except (TypeError, ValueError, RuntimeError, IndexError):
                continue
    numbers = [wholly(one.returned) for one in case.ours]
    if all(number is not None for number in numbers):
        yield (
            "the right result is infinite",
            [bool(torch.isinf(number).any()) for number in numbers if number is not None],
        )
        yield "the right result is empty", [number.numel() == 0 for number in numbers if number is not None]
