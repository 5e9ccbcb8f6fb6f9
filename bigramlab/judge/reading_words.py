"""What a list of words is, or a tensor of ids, out of which words are read."""

import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from torch import Tensor

from bigramlab.judge.making import AGAIN, CLOSE, LENGTHS, MISTAKE, RIGHT, STEP, Made
from bigramlab.judge.reading import Candidate, is_and_should, often, slipped
from bigramlab.judge.slipping import Slip, print_of, run_slip
from bigramlab.lessons.contexts import build_contexts
from bigramlab.mistakes import MISTAKES

__all__ = ["read_ids", "read_words"]

USUAL = (3, 8)
"""How long the contexts are to which targets with a slip belong, if those are not known already."""


def read_ids(ids: Tensor, words: Sequence[str], made: Made) -> Iterator[Candidate]:
    """Yield what a tensor of ids may be: contexts, targets, or the ids of words."""
    ids, vocabulary = ids.detach().cpu().long(), made.vocabulary
    if not ids.numel() or int(ids.min()) < 0 or int(ids.max()) >= len(vocabulary) or ids.dim() > 2:
        return
    for lines in (ids, ids.T) if ids.dim() == 2 else ():  # such as `torch.stack([xs, ys])`
        if len(lines) == 2 and lines.shape[1] > 1:
            first, second = (next(read_ids(line, words, made), None) for line in lines)
            if first and second and "first tokens" in first.sentence and second.sentence.startswith("the targets of"):
                yield Candidate(second.verdict, f"pairs: {first.sentence}, and {second.sentence}")
                return
    are_targets = ids.dim() == 1 and "".join(vocabulary[id] for id in ids.tolist()) == ".".join([*words, ""])
    if not are_targets and (name := _slip_in(ids, words, made)):
        what, length, key = name.split()
        right = build_contexts(words, vocabulary, int(length))[what == "targets"]
        told = "the targets" if what == "targets" else f"contexts of the length {length}"
        yield slipped(told, [Slip(key)], _seen(ids.tolist(), right.tolist()))
        return
    if ids.dim() == 2 and (place := _runs_on(ids, words, vocabulary)) is not None:
        seen = is_and_should(ids[place].tolist(), [0] * ids.shape[1], f"{{it}}[{place}]")
        yield slipped(f"contexts of the length {ids.shape[1]}", [Slip("build_contexts/contexts_run_on")], seen)
        return
    letters = ids if ids.dim() == 1 else ids[:, -1]
    text = "".join(vocabulary[id] for id in letters.tolist())
    if ids.dim() == 2:
        starts = (ids == 0).all(dim=1)
        marked = "".join("." if start else letter for start, letter in zip(starts.tolist(), text, strict=True))
        found = marked[1:].split(".") if marked.startswith(".") else []
        if found and ids.shape[1] in LENGTHS and torch.equal(build_contexts(found, vocabulary, ids.shape[1])[0], ids):
            yield from _part(f"the contexts of {ids.shape[1]} of", found, words)
        elif ids.shape == (int(sum(map(sum, made.counts))), ids.shape[1]):
            right = build_contexts(words, vocabulary, ids.shape[1])[0]
            off = (right != ids).any(dim=1).nonzero().flatten().tolist()
            if len(off) < 0.1 * len(ids):
                yield Candidate(
                    CLOSE, f"the contexts of {ids.shape[1]}, but {len(off)} rows are not, the first: {off[0]}"
                )
    elif text.endswith(".") and not text.startswith("."):
        yield from _part("the targets of", text[:-1].split("."), words)
    elif text.startswith(".") and not text.endswith("."):
        yield from _part("the first tokens of the bigrams of", text[1:].split("."), words)
    elif "." not in text and text in set(words):
        yield Candidate(RIGHT, f"the ids of `{text}`")


def _slip_in(ids: Tensor, words: Sequence[str], made: Made) -> str | None:
    """Return which of the contexts or targets with a slip these are; they are made when somebody asks."""
    length = ids.shape[1] if ids.dim() == 2 else 0
    if length in LENGTHS and torch.equal(build_contexts(words, made.vocabulary, length)[0], ids):
        return None
    made.add_contexts(words, {length} & {*LENGTHS} if length else USUAL)
    return made.contexts.get(print_of(ids))


def _runs_on(ids: Tensor, words: Sequence[str], vocabulary: str) -> int | None:
    """Return the first row after a word if rows are cut out of one text of all the words; None if they are not.

    Rows of two may be the bigrams themselves, which lie in such a text side by side, and two rows their halves.
    """
    if min(ids.shape) < 3 or not torch.equal(ids[1:, :-1], ids[:-1, 1:]):
        return None
    text = "".join(vocabulary[id] for id in [*ids[0].tolist(), *ids[1:, -1].tolist()]).strip(".")
    ends = ((ids[:, -1] == 0) & (ids[:, -2] != 0)).nonzero().flatten().tolist()
    across = text.count(".") > 1 and text in ".".join(words)
    return ends[0] if across and ends else None


def read_words(found: Sequence[str], words: Sequence[str], vocabulary: str) -> Iterator[Candidate]:
    """Yield what a list of words, or of tokens, may be."""
    if len(found) > 1 and all(len(one) == 1 for one in found):
        if list(found) == list(vocabulary):
            yield Candidate(RIGHT, "the vocabulary")
        elif sorted(found) == sorted(vocabulary):
            yield Candidate(RIGHT, "the vocabulary, in another order")
        elif sorted(found) == sorted(vocabulary[1:]):
            yield Candidate(STEP, "the letters; `.`, the boundary token, is still to be put before them")
        return
    if list(found) == list(words):
        yield Candidate(RIGHT, "the words")
    if not any(found) or list(found) == list(words):
        return
    if key := _slip_of(list(found), list(words)):
        yield slipped("the words", [Slip(key)], _seen(found, words))
        return
    if len(found) == len(words):
        off = [place for place, (one, ours) in enumerate(zip(found, words, strict=True)) if one != ours]
        if len(off) < 0.1 * len(words):
            one, ours = found[off[0]], words[off[0]]
            differ = f"{len(off)} differ, the first:" if len(off) > 1 else "one differs:"
            yield Candidate(CLOSE, f"the words, but {differ} {one!r}, which should be {ours!r}")
    yield from _part("", found, words)


def _slip_of(found: list[str], words: list[str]) -> str:
    """Return which slip in reading a file of the words gives what was found: each is tried on such files."""
    if len(found) == len({*words}) < len(words) and {*found} == {*words}:
        return "read_words/repeated_words_dropped"  # in any order, as `set` leaves them
    first = {word.strip("\ufeff \n").lower() for word in found[:5]}
    if not 0.5 * len(words) < len(found) <= 2 * len(words) or not first & {word.lower() for word in words}:
        return ""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "words.txt"
        for text in ("\n".join([*words, ""]), "\n".join(words), "\ufeff" + "\n".join(words)):
            path.write_text(text, encoding="utf-8", newline="\n")
            for mistake in MISTAKES["read_words"]:
                if run_slip(mistake, path) == found:
                    return f"read_words/{mistake.name}"
    return ""


def _seen(found: Sequence[object], right: Sequence[object]) -> str:
    """Return a line that shows the difference: the length, or else the first that is another."""
    if len(found) != len(right):
        return is_and_should(len(found), len(right), "len({it})")
    place = next((place for place, (one, ours) in enumerate(zip(found, right, strict=True)) if one != ours), 0)
    return is_and_should(found[place], right[place], f"{{it}}[{place}]")


def _firsts(n: int) -> str:
    return f"the first {n:,} words" if n > 1 else "the first word"


def _part(what: str, found: Sequence[str], words: Sequence[str]) -> Iterator[Candidate]:
    """Yield what is made of all the words, or of some."""
    start = f"{what} " if what else ""
    if list(found) == list(words):
        yield Candidate(RIGHT, f"{start}the words")
    elif len(found) > len(words) and list(found) == list(words) * (len(found) // len(words)):
        yield Candidate(MISTAKE, f"{start}the words, {often(len(found) // len(words))}. {AGAIN}")
    elif len(found) < len(words) and list(found) == list(words[: len(found)]):
        yield Candidate(STEP, f"{start}{_firsts(len(found))} only")
    elif len(found) > 1 and not Counter(found) - Counter(words):
        share = len(found) / len(words)
        if len(found) == len(words):
            yield Candidate(RIGHT, f"{start}the words, in another order")
        elif any(abs(share - part) < 0.01 for part in (0.8, 0.9, 0.1)):
            yield Candidate(RIGHT, f"{start}{len(found):,} of the words, {share:.0%}: a part of a split")
        else:
            yield Candidate(STEP, f"{start}{len(found):,} of the words, {share:.0%}")
