"""The ids of all words in one line, as one guesses each next token of: do they tell where a word ends?"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from torch import Tensor

from bigramlab.judge.parts_asked import as_text
from bigramlab.judge.reviewed import RIGHT, Item, Thing

__all__ = ["without_boundaries"]

FEWEST = 100  # letters


def without_boundaries(
    things: Sequence[Thing], found: Mapping[int, Item], words: Sequence[str]
) -> Iterator[tuple[int, str]]:
    """Yield the place of a line of ids that has the letters of the words and nothing between them.

    Args:
        things: What was made.
        found: What is known of each, by its place: nothing is said where the next token of the line is no target.
        words: All the words.
    """
    lists = [words, *(one.value for one in things if isinstance(one.value, list) and one.value)]
    texts = {len(text): text for text in map(_joined, lists) if len(text) >= FEWEST}
    guessed = any(one.verdict == RIGHT and one.text.startswith("the token after each") for one in found.values())
    for at, thing in enumerate(things):
        size = _length(thing.value)
        near = [text for text in (texts.get(size - ends) for ends in range(3)) if text]  # it may have one at each end
        if not near or at in found or thing.passing or not (guessed or _goes_on(thing, things)):
            continue
        line = as_text(thing.value)
        if any(_same_letters(text, line[start:][: len(text)]) for text in near for start in (0, 1)):
            yield at, "the letters of all words with no boundary between them: where a word ends can't be learned"


def _joined(words: Sequence[Any]) -> str:
    return "".join(words) if all(isinstance(word, str) for word in words) else ""


def _same_letters(text: str, ids: str) -> bool:
    """Tell whether each letter of a text has an id of its own there."""
    pairs = set(zip(text, ids, strict=False))
    return len(ids) == len(text) and len(pairs) == len(set(text)) == len(set(ids))


def _length(value: object) -> int:
    return len(value) if isinstance(value, list) or (isinstance(value, Tensor) and value.dim() == 1) else 0


def _goes_on(line: Thing, things: Sequence[Thing]) -> bool:
    """Tell whether there is the line from its second token on, as targets are."""
    rest = [one.value for one in things if line.name in one.reads and _length(one.value) == _length(line.value) - 1]
    return any(as_text(one) == as_text(line.value)[1:] for one in rest)
