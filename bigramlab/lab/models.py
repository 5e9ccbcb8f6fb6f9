"""Models of one's own words: `bigramlab sample` writes new ones, `bigramlab compare` says which model is best."""

import signal
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Any

import torch
from torch import Tensor

import bigramlab
from bigramlab.lab.tables import shown
from bigramlab.lab.words import words_of
from bigramlab.lessons.comparing import Result, evaluate_model
from bigramlab.lessons.inputs import require_size
from bigramlab.lessons.models import Model, counted_model, mlp_model, train_models, transformer_model

__all__ = ["compare", "sample"]

WORDS_AT_ONCE = 1000  # are written before they are printed, as `| head` may have enough of them
FEW = 30  # test words: too few for a standard error
LONGEST = 200  # letters that a Transformer is given
MOST = 10_000  # characters: their table has a hundred million numbers, which fit into most machines a few times


def sample(
    words: str | None,
    n: int,
    model: str,
    seed: str | None,
    temperature: float | None = None,
    top_k: int | None = None,
    top_p: float | None = None,
    **reading: Any,
) -> int:
    """Write new words like the given ones, which are read as `words_of` does."""
    require_size("-n", n, least=1)
    generator, choose = _generator(seed), _choice(temperature, top_k, top_p)
    found = words_of(words, "sample", **reading)
    _require_few_characters(found)
    train, dev = bigramlab.split_words(found, (0.9, 0.1), generator=generator)
    dev = dev or train
    vocabulary = bigramlab.build_vocabulary([*train, *dev])
    progress = sys.stderr.isatty()
    recipe = _transformer_recipe(train) if model == "transformer" else _recipe(train)
    if model != "bigram" and not progress:
        _say(f"training for {recipe.steps:,} steps …")
    if model == "bigram":
        trained = counted_model(train, dev, vocabulary)
    elif model == "mlp":
        trained = mlp_model(train, dev, vocabulary, 8, recipe, generator=generator, progress=progress)
    else:
        _require_short(found)
        trained = transformer_model(train, dev, vocabulary, recipe, generator=generator, progress=progress)
    while n > 0:  # a smoothed table may write a word without letters
        more = bigramlab.generate_words(
            trained.next_probs,
            trained.vocabulary,
            min(n, WORDS_AT_ONCE),
            context_length=trained.context_length,
            choose=choose,
            generator=generator,
        )
        written = list(filter(None, more))
        print(*written, sep="\n", end="\n" * bool(written))
        n -= len(written)
    return 0


def _choice(temperature: float | None, k: int | None, p: float | None) -> Callable[[Tensor], Tensor]:
    """Return what is made of the probabilities before each draw; what can't work is refused at once."""
    rules: list[tuple[str, Any, Callable[[Tensor, Any], Tensor]]] = [
        ("--temperature", temperature, lambda probs, given: bigramlab.with_temperature(probs.log(), given)),
        ("--top-k", k, bigramlab.keep_top_k),
        ("--top-p", p, bigramlab.keep_top_p),
    ]
    rules = [one for one in rules if one[1] is not None]

    def choose(probs: Tensor) -> Tensor:
        for option, given, rule in rules:
            try:
                probs = rule(probs, given)
            except ValueError as error:
                raise ValueError(f"{option}: {error}") from None
        return probs

    choose(torch.full((1, 2), 0.5))
    return choose


def compare(words: str | None, contexts: str, transformer: bool, seed: str | None, **reading: Any) -> int:
    """Train every model on the words, and show how good each is on words that it did not see.

    The Transformer is left out unless it is wanted: it takes longer than all others. Ctrl-C ends it, and shows the
    models that are finished.
    """
    lengths, generator = _lengths(contexts), _generator(seed)
    found = words_of(words, "compare", **reading)
    train, dev, test = lists = bigramlab.split_words(found, generator=generator)
    missing = [name for name, part in zip(("training", "dev", "test"), lists, strict=True) if not part]
    if missing:
        raise ValueError(
            f"{_many(len(set(found)), 'different word')} can't be divided, four fifths to train, a tenth to choose by "
            f"(dev) and a tenth to test: there are no {' and no '.join(missing)} words; give more words, some hundreds"
        )
    _require_few_characters(found)
    _require_lengths(lengths, len(max(found, key=len)))
    if transformer:
        _require_short(found)
    finished: list[tuple[Model, Result]] = []
    with _ctrl_c() as pressed:
        try:
            for model in _models(train, dev, test, lengths, transformer, generator):
                if pressed.is_set():  # in a training, which ends early then
                    break
                finished.append((model, evaluate_model(model, train, dev, test, generator=generator)))
        except KeyboardInterrupt:
            pressed.set()
    if pressed.is_set():
        _say(f"stopped: {_many(len(finished), 'finished model')}, and the one that was at work is left out")
    if finished:
        _show(finished, train, dev, test)
    return 130 if pressed.is_set() else 0


def _models(
    train: list[str],
    dev: list[str],
    test: list[str],
    lengths: list[int],
    transformer: bool,
    generator: torch.Generator,
) -> Iterator[Model]:
    """Yield the models of `bigramlab.compare`, and say which network is trained."""
    _say(f"counting, and learning a table, from {len(train):,} words")
    yield from train_models(train, dev, test, context_lengths=(), generator=generator)
    vocabulary, recipe = bigramlab.build_vocabulary([*train, *dev, *test]), _recipe(train)
    for number, length in enumerate(lengths, 1):
        _say(f"network {number} of {len(lengths)}, which looks back {length}: training, {recipe.steps:,} steps")
        yield mlp_model(train, dev, vocabulary, length, recipe, generator=generator, progress=sys.stderr.isatty())
    if transformer:
        recipe = _transformer_recipe(train)
        _say(f"the Transformer: training, {recipe.steps:,} steps, each of which takes longer")
        yield transformer_model(train, dev, vocabulary, recipe, generator=generator, progress=sys.stderr.isatty())


def _show(finished: list[tuple[Model, Result]], train: list[str], dev: list[str], test: list[str]) -> None:
    results = [result for _, result in finished]
    print(bigramlab.comparison_table(results))
    print(f"\nLosses in nats, on {len(train):,} training, {len(dev):,} dev and {len(test):,} test words.")
    print("Of a thousand words of each model: copied from training, real though not in training, new.")
    if len(finished) > 1:
        print(_lead(finished, test))
    print()
    for result in results:
        print(f"{result.name}: {' '.join(result.words)}")


def _lead(finished: list[tuple[Model, Result]], test: list[str]) -> str:
    """Return which model is best, by how much, and whether that may be chance.

    The test words are a sample of all such words. How far a mean over another sample would lie from this one is its
    standard error. Both models have the same words to tell, so what counts is the difference, word by word.
    """
    (best, first), (other, second) = sorted(finished, key=lambda pair: pair[1].test)[:2]
    copies = Counter(test)
    tokens = torch.tensor([copies[word] * (len(word) + 1) for word in copies], dtype=torch.float64)
    differences = _nats(other, copies) - _nats(best, copies)
    lead = second.test - first.test
    begin = f"Best on the test words is {first.name}, by {lead:.4f} nats before {second.name}"
    if len(copies) < FEW:
        return (
            f"{begin}. But {_many(len(copies), 'different test word')} can't tell models apart: with another --seed, "
            "which draws others, another may be best. Give some hundreds of words."
        )
    spread = (differences - lead * tokens).square().sum().sqrt().item() / tokens.sum().item()
    if lead > 2 * spread:
        return f"{begin}, with a standard error of {spread:.4f}."
    return (
        f"{begin}, but the standard error is {spread:.4f}: with other test words another may be best. More words, or "
        "other values of --seed, tell them apart."
    )


def _nats(model: Model, copies: Counter[str]) -> Tensor:
    """Return what all copies of each word cost."""
    contexts, targets = bigramlab.build_contexts(list(copies), model.vocabulary, model.context_length)
    pairs = zip(torch.split(contexts, 8192), torch.split(targets, 8192), strict=True)
    costs = torch.cat([-model.next_probs(rows)[torch.arange(len(rows)), ids].double().log() for rows, ids in pairs])
    each = torch.split(costs, [len(word) + 1 for word in copies])
    return torch.stack([cost.sum() for cost in each]) * torch.tensor(list(copies.values()))


@contextmanager
def _ctrl_c() -> Iterator[threading.Event]:
    """Note that Ctrl-C was pressed: a training takes it as a wish to end early, and goes on."""
    pressed = threading.Event()

    def press(_: int, __: FrameType | None) -> None:
        pressed.set()
        raise KeyboardInterrupt

    ours = (
        threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGINT) is signal.default_int_handler
    )
    if ours:
        signal.signal(signal.SIGINT, press)
    try:
        yield pressed
    finally:
        if ours:
            signal.signal(signal.SIGINT, signal.default_int_handler)


def _many(number: int, what: str) -> str:
    return f"{number:,} {what}{'s' * (number != 1)}"


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _generator(seed: str | None) -> torch.Generator:
    generator = torch.Generator()
    if seed is None:
        generator.seed()
        return generator
    number = _whole(seed)
    if number is None or not 0 <= number < 2**64:
        raise ValueError(f"--seed is {shown(seed)}, but a seed is a whole number from 0 to 2**64 - 1, such as 42")
    return generator.manual_seed(number)


def _recipe(train: Sequence[str]) -> bigramlab.Recipe:
    """Take fewer steps for fewer words: the moment to stop comes sooner, and the words with the best loss are kept."""
    return bigramlab.Recipe(steps=min(3000, 200 + sum(map(len, train)) // 50))


def _transformer_recipe(train: Sequence[str]) -> bigramlab.Recipe:
    recipe = bigramlab.TRANSFORMER_RECIPE
    return recipe._replace(steps=min(recipe.steps, 200 + len(train) // 6))


def _lengths(text: str) -> list[int]:
    """Return the numbers of `1,3,8`, each once."""
    numbers = [_whole(part) for part in text.split(",")]
    lengths = [number for number in numbers if number is not None and number > 0]
    if len(lengths) < len(numbers):
        raise ValueError(
            f"--contexts is {shown(text)}, but how many letters the networks look back are whole numbers from 1 up, "
            "with commas between, such as 1,3,8"
        )
    return list(dict.fromkeys(lengths))


def _require_few_characters(words: list[str]) -> None:
    characters = len(set("".join(words)))
    if characters > MOST:
        raise ValueError(
            f"the words have {characters:,} different characters, and a table of all pairs has {characters**2:,} "
            f"numbers, more than may fit into memory; leave out words with rare ones, until there are at most {MOST:,}"
        )


def _require_short(words: list[str]) -> None:
    longest = max(words, key=len)
    if len(longest) > LONGEST:
        raise ValueError(
            f"a word has {len(longest):,} letters, {shown(longest[:20])}…, and in a Transformer each letter looks at "
            f"all earlier ones, which takes too long beyond {LONGEST}; leave out longer words, or take another model"
        )


def _require_lengths(lengths: list[int], longest: int) -> None:
    """Refuse to look back further than words are long: all that stands there is padding, and it takes its time."""
    most = max(longest, 8)
    if max(lengths) > most:
        raise ValueError(
            f"--contexts has {shown(str(max(lengths)))}, but the longest word has {longest} letters, and before its "
            f"beginning there is nothing to see; choose up to {most}"
        )


def _whole(text: str) -> int | None:
    return int(text) if len(text) < 100 and text.strip().removeprefix("-").isdecimal() else None
