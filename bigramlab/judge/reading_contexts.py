"""Contexts of a part of the words that were made with a slip: the rows of its first words show which."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

import torch
from torch import Tensor

from bigramlab.judge.reading import is_and_should, slipped
from bigramlab.judge.reading_losses import Part
from bigramlab.judge.reviewed import MISTAKE, Item, Thing
from bigramlab.judge.slipping import Slip, wrong_contexts
from bigramlab.lessons.contexts import build_contexts
from bigramlab.lessons.encoding import build_vocabulary

__all__ = ["NO_CONTEXTS", "not_before", "read_slipped"]

FIRST = 300  # words: the plain loops that make a slip are slow
LENGTHS = range(2, 17)
NO_CONTEXTS = "has not the token at one distance before each target"


def read_slipped(thing: Thing, parts: Sequence[Part], words: Sequence[str]) -> Item | None:
    """Say which slip a table of contexts has.

    Args:
        thing: What may be one.
        parts: The parts of the words that it may be made of.
        words: All the words.
    """
    ids = thing.value
    if not isinstance(ids, Tensor) or ids.dtype != torch.int64 or ids.dim() != 2 or ids.shape[1] not in LENGTHS:
        return None
    vocabulary, length = build_vocabulary(words), ids.shape[1]
    for name, some in [*((part.name, part.words) for part in parts), ("words", words)]:
        first = tuple(some[:FIRST])
        for key, wrong in _wrong(first, vocabulary, length):
            if len(wrong) <= len(ids) and torch.equal(ids[: len(wrong)], wrong):
                right = build_contexts(first, vocabulary, length)[0]
                seen = _seen(ids, right)
                said = slipped(f"the contexts of {length} of `{name}`", [Slip(key)], seen)
                what, but = said.sentence.split(", with one slip. ")
                text = f"{what}, with one slip: {but.split(':')[0]}"
                details = [("But", but, False), ("To see it", seen.replace("{it}", thing.name), False)]
                return Item(thing.name, thing.place, MISTAKE, text, f"`{thing.name}`: {text}.", details, slips=(key,))
    return None


def not_before(made: Sequence[Thing], found: Mapping[int, Item], words: Sequence[str]) -> Iterator[tuple[int, Item]]:
    """Yield the contexts of right targets that have something else than tokens at a distance before each of them.

    Args:
        made: What a cell made.
        found: What is known of it, by its place.
        words: All the words.
    """
    vocabulary = build_vocabulary(words)
    targets = [made[at].value for at, item in found.items() if item.text.startswith("the targets of")]
    for at, thing in enumerate(made):
        ids = thing.value
        if at in found or not isinstance(ids, Tensor) or ids.dtype != torch.int64 or ids.dim() != 2:
            continue
        own = next((one for one in targets if isinstance(one, Tensor) and len(one) == len(ids)), None)
        if own is None or ids.shape[1] not in LENGTHS:
            continue
        some = "".join(vocabulary[id] for id in own.tolist()).removesuffix(".").split(".")[:FIRST]
        contexts, guessed = build_contexts(some, vocabulary, max(LENGTHS))
        known = [column for column in (*contexts.T, guessed) if column.any()]
        if not contexts[:, -ids.shape[1] :].any(dim=0).all():  # no word is so long
            known.append(torch.zeros_like(guessed))
        for place, column in enumerate(ids[: len(guessed)].T):
            if not any(bool((column == one)[one > 0].all()) and bool(column.any() == one.any()) for one in known):
                text = f"its column {place} {NO_CONTEXTS}: the rows are no contexts"
                details = [("To see it", f"Print the first rows of `{thing.name}`, each with its target.", False)]
                yield at, Item(thing.name, thing.place, MISTAKE, text, f"`{thing.name}`: {text}.", details)
                break


@lru_cache(maxsize=32)
def _wrong(words: tuple[str, ...], vocabulary: str, length: int) -> list[tuple[str, Tensor]]:
    """Return the contexts of some words with each slip that changes them."""
    made = wrong_contexts([*words], vocabulary, length)
    return [(f"build_contexts/{name}", wrong) for what, name, wrong in made if what == "contexts" and wrong.dim() == 2]


def _seen(ids: Tensor, right: Tensor) -> str:
    """Return a line that shows the first row that is another."""
    many = min(len(ids), len(right))
    place = int((ids[:many] != right[:many]).any(dim=1).int().argmax())
    return is_and_should(ids[place].tolist(), right[place].tolist(), f"{{it}}[{place}].tolist()")
