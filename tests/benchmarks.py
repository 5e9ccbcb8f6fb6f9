"""How fast are the functions, compared with other ways of doing the same? Run `python tests/benchmarks.py`.

Every way runs on the 32,033 names in this one process, in turns, so that a busy machine slows all of them alike. The
table shows the median CPU time, and how many times as fast as the lecture's loop that is. The ratios carry over to
other machines, the milliseconds don't. It takes a minute.
"""

import functools
import statistics
import time
from collections import Counter
from itertools import pairwise

import numpy as np
import torch

import bigramlab

names = bigramlab.load_names()
vocabulary = bigramlab.build_vocabulary(names)
id_of = {character: id for id, character in enumerate(vocabulary)}
counts = bigramlab.count_bigrams(names, vocabulary)
probs = bigramlab.normalize(bigramlab.smooth(counts))


def count_in_a_tensor():
    table = torch.zeros((27, 27), dtype=torch.int64)
    for name in names:
        for current, following in pairwise("." + name + "."):
            table[id_of[current], id_of[following]] += 1
    return table


def count_in_lists():
    table = [[0] * 27 for _ in vocabulary]
    for name in names:
        for current, following in pairwise("." + name + "."):
            table[id_of[current]][id_of[following]] += 1
    return torch.tensor(table)


def count_with_a_counter():
    text = "." + ".".join(names) + "."
    pairs = Counter(pairwise(text))
    return torch.tensor([[pairs[current, following] for following in vocabulary] for current in vocabulary])


def count_with_numpy():
    text = np.array(["." + ".".join(names) + "."]).view(np.uint32)
    ids_of = np.zeros(128, dtype=np.int64)
    ids_of[[ord(character) for character in vocabulary]] = range(27)
    ids = ids_of[text]
    return torch.from_numpy(np.bincount(ids[:-1] * 27 + ids[1:], minlength=729).reshape(27, 27))


def sample_with_multinomial(n):
    words = []
    for _ in range(n):
        current, word = 0, ""
        while True:
            current = torch.multinomial(probs[current], num_samples=1, replacement=True).item()
            if current == 0:
                break
            word += vocabulary[current]
        words.append(word)
    return words


def sample_all_at_once(n):
    current = torch.zeros(n, dtype=torch.int64)
    steps = []
    while not steps or current.any():  # whoever has drawn "." goes on, and is cut off there
        current = torch.multinomial(probs[current], num_samples=1).squeeze(1) * ((current > 0) | (not steps))
        steps.append(current)
    return ["".join(vocabulary[id] for id in row[: row.index(0)]) for row in torch.stack(steps, dim=1).tolist()]


def train_one_hot(steps):
    """The lecture's: each bigram a one-hot row, all of them at every step, and autograd."""
    ids = bigramlab.encode("." + ".".join(names) + ".", vocabulary)
    inputs, targets = torch.nn.functional.one_hot(ids[:-1], num_classes=27).float(), ids[1:]
    weights = torch.zeros(27, 27, requires_grad=True)
    for _ in range(steps):
        exps = (inputs @ weights).exp()
        shares = exps / exps.sum(1, keepdim=True)
        weights.grad = None
        (-shares[torch.arange(len(targets)), targets].log().mean()).backward()
        weights.data += -50 * weights.grad
    return weights.detach()


def train_soft_targets(steps):
    """The counts as soft targets, and autograd."""
    weights = torch.zeros(27, 27, requires_grad=True)
    for _ in range(steps):
        weights.grad = None
        (-(counts / counts.sum() * weights.log_softmax(1)).sum()).backward()
        weights.data += -50 * weights.grad
    return weights.detach()


def train_briefly():
    """Train a Transformer just enough for its words to be as long as names are."""
    start = bigramlab.init_transformer(27, longest=16, generator=torch.Generator().manual_seed(0))
    recipe = bigramlab.Recipe(steps=100, batch_size=128, learning_rate=0.004)
    return bigramlab.train_transformer(start, names, vocabulary, recipe, progress=False).parameters


def write_again(network):
    generator = torch.Generator().manual_seed(0)
    next_probs = functools.partial(bigramlab.transformer_probs, network)
    return bigramlab.generate_words(next_probs, vocabulary, 1000, context_length=16, generator=generator)


def write_with_a_cache(network):
    generator = torch.Generator().manual_seed(0)
    return bigramlab.sample_transformer_words(network, vocabulary, 1000, generator=generator)


def cpu_seconds(function):
    start = time.process_time()
    function()
    return time.process_time() - start


def compare(title, ways, rounds):
    """Print the median CPU time of each way, and the ratio to the first."""
    print(f"\n{title}\n{'':<48}{'ms':>12}{'times as fast':>16}", flush=True)
    times = {label: [] for label in ways}
    for _ in range(rounds + 1):
        for label, function in ways.items():
            times[label].append(cpu_seconds(function))
    medians = {label: statistics.median(seconds[1:]) for label, seconds in times.items()}  # the first call warms up
    slowest = next(iter(medians.values()))
    for label, median in medians.items():
        print(f"{label:<48}{median * 1000:>12,.2f}{slowest / median:>16,.1f}")


def main():
    torch.set_num_threads(1)
    ways = {
        "the lecture's loop: table[i, j] += 1": count_in_a_tensor,
        "a loop over lists of lists": count_in_lists,
        "collections.Counter": count_with_a_counter,
        "NumPy: UTF-32, lookup table, bincount": count_with_numpy,
        "bigramlab.count_bigrams": lambda: bigramlab.count_bigrams(names, vocabulary),
    }
    for label, function in ways.items():
        assert torch.equal(function(), counts), label
    compare(f"Counting the bigrams of {len(names):,} names", ways, rounds=7)
    for n in [10, 1_000]:
        ways = {
            "the lecture's loop: one multinomial a letter": lambda n=n: sample_with_multinomial(n),
            "one multinomial a step, for all names at once": lambda n=n: sample_all_at_once(n),
            "bigramlab.sample_words": lambda n=n: bigramlab.sample_words(probs, vocabulary, n),
        }
        compare(f"Sampling {n:,} names", ways, rounds=15)
    ways = {
        "the lecture's: one-hot rows, autograd": train_one_hot,
        "the counts as soft targets, autograd": train_soft_targets,
        "bigramlab.train_neural_bigram": lambda steps: bigramlab.train_neural_bigram(counts, steps=steps)[0],
    }
    for label, function in ways.items():
        assert torch.allclose(function(10), train_one_hot(10), atol=1e-3), label
    for_steps = {label: lambda function=function: function(10) for label, function in ways.items()}
    compare("Learning the table, 10 steps", for_steps, rounds=5)
    queries, keys, values = torch.randn(3, 128, 4, 12, 16)
    ways = {
        "torch: scaled_dot_product_attention": lambda: torch.nn.functional.scaled_dot_product_attention(
            queries, keys, values, is_causal=True
        ),
        "bigramlab.attend": lambda: bigramlab.attend(queries, keys, values),
    }
    assert torch.allclose(*(function() for function in ways.values()), atol=1e-5)
    compare("Attention, 128 words of 12 tokens, 4 heads", ways, rounds=50)
    network = train_briefly()
    ways = {
        "reading each word again for each letter": lambda: write_again(network),
        "bigramlab.sample_transformer_words, with a cache": lambda: write_with_a_cache(network),
    }
    first, second = (function() for function in ways.values())
    assert first == second
    compare("Writing 1,000 names with a Transformer", ways, rounds=3)


if __name__ == "__main__":
    main()
