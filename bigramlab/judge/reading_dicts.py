"""What a dict is: one from token to id, one back, or the first counts of pairs."""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from bigramlab.judge.naming import alphabet_of
from bigramlab.judge.reviewed import MISTAKE, RIGHT, STEP
from bigramlab.judge.shipped import the_names
from bigramlab.judge.tabulating import table_of
from bigramlab.lessons.encoding import build_vocabulary

__all__ = ["boundary_of", "collision", "is_of_pairs", "is_table", "not_inverse", "read_dict"]


def read_dict(value: Mapping[Any, Any], words: Sequence[str] | None) -> tuple[str, str] | None:
    """Say what a dict from token to id is, or one from id to token, or from pairs to counts; None if it is neither."""
    if is_of_pairs(value):
        return _pairs(value, words if words is not None else the_names())
    if same := collision(value):
        return MISTAKE, same
    found = alphabet_of(value)
    if found is None:
        return None
    kind, tokens = found
    vocabulary = build_vocabulary(words if words is not None else the_names())
    letters, what = vocabulary[1:], "each token's id" if kind == "stoi" else "each id's token"
    if tokens == list(vocabulary):
        return RIGHT, f"{what}, '.' at 0"
    if tokens == [*letters, "."]:
        return RIGHT, f"{what}, '.' last, at {len(letters)}"
    if tokens == list(letters):
        return STEP, f"{what}, without '.', and 0 is taken by {letters[0]!r}"
    if tokens == ["", *letters]:
        return STEP, f"{what}; 0 is left for '.'"
    if tokens == ["", *vocabulary]:
        return MISTAKE, "each id is one too large: '.' has 1, and should have 0"
    filled = [token for token in tokens if token]
    marks = [token for token in filled if len(token) > 1]
    if len(marks) == 2 and sorted(set(filled) - set(marks)) == sorted(letters):
        return RIGHT, f"{what}, with {marks[0]} and {marks[1]} as two tokens"
    if set(filled) == set(vocabulary) and "" not in tokens:
        return RIGHT, f"{what}, in another order"
    missing = [character for character in letters if character not in filled]
    if set(filled) < set(vocabulary) and missing and len(missing) < len(letters) / 2:
        return MISTAKE, f"it lacks {', '.join(map(repr, missing[:5]))}, which the words have"
    return None


def collision(value: Mapping[Any, Any]) -> str:
    """Say which two tokens have the same id, if two have."""
    seen: dict[int, str] = {}
    if len(value) < 3 or not all(isinstance(token, str) and type(id) is int for token, id in value.items()):
        return ""
    ids = set(value.values())
    if min(ids) > 1:  # numbers of something else
        return ""
    if max(ids) - min(ids) + 1 - len(ids) > len(value) - len(ids):  # more ids are free than two tokens share
        return ""
    for token, id in value.items():
        if id in seen and "." in (token, seen[id]):
            return f"{seen[id]!r} and {token!r} have the same id, {id}: leave 0 for '.', as in i + 1"
        if id in seen and (len(token) > 1) != (len(seen[id]) > 1):  # of `<S>` and `<E>` one id may be meant
            return f"{seen[id]!r} and {token!r} have the same id, {id}: each token needs one of its own"
        seen[id] = token
    return ""


def not_inverse(values: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return a dict from id to token that is not the one from token to id turned round, and where they differ.

    Args:
        values: What there is in the end, by name. If there are several dicts of a kind, nothing is said.
    """
    found = {name: alphabet_of(value) for name, value in values.items() if isinstance(value, dict)}
    kinds = {"stoi": [], "itos": []}  # type: dict[str, list[tuple[str, list[str]]]]
    for name, alphabet in found.items():
        if alphabet and len(alphabet[1]) > 2:
            kinds[alphabet[0]].append((name, alphabet[1]))
    if any(len(some) != 1 for some in kinds.values()):
        return None
    (there, ids), (back, tokens) = kinds["stoi"][0], kinds["itos"][0]
    if {*ids} - {*tokens} - {"", "."} or {*tokens} - {*ids} - {"", "."}:  # of other words
        return None
    for id, token in enumerate(ids):
        if token and (id >= len(tokens) or tokens[id] != token):
            other = repr(tokens[id]) if id < len(tokens) and tokens[id] else "nothing"
            if token == "." and other == "nothing":
                continue  # a walk may end before it is written
            return back, f"it has {other} for {id}, the id that `{there}` gives {token!r}: turn `{there}` round"
    return None


def boundary_of(value: object) -> int | None:
    """Return the id that a dict gives the boundary token, if it is one from token to id or back."""
    found = alphabet_of(value) if isinstance(value, dict) and not collision(value) else None
    return found[1].index(".") if found and "." in found[1] else None


def is_table(value: object, words: Sequence[str] | None) -> bool:
    """Tell whether it is a dict of numbers by tokens, two or three of them, with most of the tokens in it."""
    if not isinstance(value, dict) or "__name__" in value:
        return False
    vocabulary = build_vocabulary(words if words is not None else the_names())
    return 3 * len(value) > len(vocabulary) and table_of(value, vocabulary) is not None


def is_of_pairs(value: object) -> bool:
    """Tell whether it is a dict from pairs of tokens to how often each was seen."""
    return (
        isinstance(value, dict)
        and len(value) > 1
        and all(type(key) is tuple and len(key) == 2 and type(number) is int for key, number in value.items())
        and all(isinstance(token, str) for key in value for token in key)
    )


def _pairs(value: Mapping[tuple[str, str], int], words: Sequence[str]) -> tuple[str, str] | None:
    """Say what counts of pairs are; a token of more than one letter, such as `<S>`, is the boundary."""
    plain: Counter[tuple[str, str]] = Counter()
    for (first, second), number in value.items():
        plain[first if len(first) == 1 else ".", second if len(second) == 1 else "."] += number
    if plain == _counted(words, ".", "."):
        return RIGHT, "how often each pair of tokens stands in the words"
    if plain == _counted(words, "", ""):
        return STEP, "how often each pair of letters stands in the words, without the boundary"
    for first, last, told in ((".", "", "the boundary after"), ("", ".", "the boundary before")):
        if plain == _counted(words, first, last):
            return MISTAKE, f"how often each pair stands in the words, but {told} each word is missing"
    part = next((n for n in (*range(1, 11), 20, 50, 100, 1000) if plain == _counted(words[:n], ".", ".")), None)
    if part and part < len(words):
        return STEP, f"the pairs of the first {f'{part} words' if part > 1 else 'word'} only"
    twice = next((m for m in (2, 3, 4) if plain == {k: m * n for k, n in _counted(words, ".", ".").items()}), None)
    if twice:
        return MISTAKE, f"each pair was counted {twice} times: was the cell run again with an old dict"
    return None


def _counted(words: Sequence[str], first: str, last: str) -> Counter[tuple[str, str]]:
    return Counter(pair for word in words for pair in pairwise([*first, *word, *last]))
