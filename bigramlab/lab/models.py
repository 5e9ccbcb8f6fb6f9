"""Models of one's own words: `bigramlab sample` writes new ones, `bigramlab compare` says which model is best."""

from pathlib import Path

import torch

import bigramlab
from bigramlab.lab.words import words_of
from bigramlab.lessons.comparing import counted_model, mlp_model
from bigramlab.lessons.inputs import require_size

__all__ = ["compare", "sample"]


def sample(words: Path | None, n: int, model: str, seed: int | None) -> int:
    """Write new words like the given ones."""
    require_size("-n", n, least=1)
    generator = _generator(seed)
    train, dev = bigramlab.split_words(words_of(words), (0.9, 0.1), generator=generator)
    dev = dev or train
    vocabulary = bigramlab.build_vocabulary([*train, *dev])
    if model == "bigram":
        trained = counted_model(train, dev, vocabulary)
    else:
        trained = mlp_model(train, dev, vocabulary, 8, _recipe(train), generator=generator, progress=True)
    written: list[str] = []
    while len(written) < n:  # a smoothed table may write a word without letters
        length, more = trained.context_length, n - len(written)
        found = bigramlab.generate_words(
            trained.next_probs, trained.vocabulary, more, context_length=length, generator=generator
        )
        written += filter(None, found)
    print("\n".join(written))
    return 0


def compare(words: Path | None, contexts: list[int], seed: int | None) -> int:
    """Train every model on the words, and show how good each is on words that it did not see."""
    generator = _generator(seed)
    train, dev, test = bigramlab.split_words(words_of(words), generator=generator)
    results = bigramlab.compare(
        train, dev, test, context_lengths=contexts, recipe=_recipe(train), generator=generator, progress=True
    )
    print(bigramlab.comparison_table(results))
    print(f"\nLosses in nats, on {len(train):,} training, {len(dev):,} dev and {len(test):,} test words.")
    print("Of a thousand words of each model: copied from training, real though not in training, new.\n")
    for result in results:
        print(f"{result.name}: {' '.join(result.words)}")
    return 0


def _generator(seed: int | None) -> torch.Generator:
    generator = torch.Generator()
    if seed is None:
        generator.seed()
    else:
        generator.manual_seed(seed)
    return generator


def _recipe(train: list[str]) -> bigramlab.Recipe:
    """Take fewer steps for fewer words: the moment to stop comes sooner, and the words with the best loss are kept."""
    return bigramlab.Recipe(steps=min(3000, 200 + sum(map(len, train)) // 50))
