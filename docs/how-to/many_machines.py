"""Count the bigrams of many files, on all processors or on many machines: python many_machines.py 'folder/*.txt'."""

import sys
from collections.abc import Iterable
from functools import reduce

import torch

from bigramlab import build_vocabulary, count_bigrams, encode, most_common_bigrams

Counted = tuple[str, torch.Tensor]  # a vocabulary, and the counts of its tokens


def count_part(lines: Iterable[str]) -> Counted:
    """Count the words of one part, a word a line, with a vocabulary of its own."""
    words = [word for line in lines if (word := line.strip())]
    vocabulary = build_vocabulary(words)
    return vocabulary, count_bigrams(words, vocabulary)


def merge(one: Counted, other: Counted) -> Counted:
    """Return what both parts give together: every count moves to its token's new place."""
    vocabulary = build_vocabulary([one[0][1:], other[0][1:]])
    total = torch.zeros(len(vocabulary), len(vocabulary), dtype=torch.int64)
    for tokens, counts in (one, other):
        places = encode(tokens, vocabulary)
        total[places[:, None], places] += counts
    return vocabulary, total


def merge_all(parts: Iterable[Counted]) -> Counted:
    """Merge any number of parts; no words at all are a part, too."""
    return reduce(merge, parts, count_part([]))


def count_files(pattern: str, blocksize: str = "16MiB") -> Counted:
    """Count files in parts, with the workers that dask knows."""
    import dask.bag

    lines = dask.bag.read_text(pattern, blocksize=blocksize, encoding="utf-8")
    parts = lines.reduction(count_part, merge_all, split_every=8)
    return parts.compute()


def main(pattern: str, *scheduler: str) -> None:
    """Count on a scheduler's machines; without one, with two processes here."""
    from distributed import Client

    here = {} if scheduler else {"n_workers": 2, "threads_per_worker": 1}
    with Client(*scheduler, **here):
        vocabulary, counts = count_files(pattern)
    print(f"{counts.sum():,} bigrams of {len(vocabulary)} tokens")
    print(most_common_bigrams(counts, vocabulary, 3))


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(*sys.argv[1:])
