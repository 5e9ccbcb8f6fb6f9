"""The chapters of the tutorial, in reading order: the one table that all that lists chapters or lessons follows."""

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple, TypeVar

__all__ = ["CHAPTERS", "LESSONS", "Chapter", "Lesson", "OfFunctions", "chapter_of"]

T = TypeVar("T")


class Lesson(NamedTuple):
    """A module of `lessons/`; its laws, mistakes and tests have the same name.

    Attributes:
        name: The module's name.
        core: The functions to write as exercises, in the order of a lecture, and how hard each is: one to three dots.
        extra: More of them, whose idea is not the lesson's own.
        laws: Whether its functions have laws. Those without are tested by examples alone.
    """

    name: str
    core: Mapping[str, int] = {}
    extra: Mapping[str, int] = {}
    laws: bool = True


class Chapter(NamedTuple):
    """A chapter of the tutorial.

    Attributes:
        page: The name of its page.
        title: Its title.
        lessons: What it teaches, in the order in which to read it.
    """

    page: str
    title: str
    lessons: tuple[Lesson, ...] = ()


CHAPTERS = (
    Chapter("setting-up", "Setting up", (Lesson("data", extra={"read_words": 2, "split_words": 3}),)),
    Chapter("encoding", "Encoding", (Lesson("encoding", core={"build_vocabulary": 1, "encode": 1, "decode": 1}),)),
    Chapter(
        "counting",
        "Counting",
        (Lesson("counting", core={"count_bigrams": 2}, extra={"most_common_bigrams": 2}), Lesson("plotting")),
    ),
    Chapter("smoothing", "Smoothing", (Lesson("smoothing", core={"smooth": 1}),)),
    Chapter("normalizing", "Normalizing", (Lesson("normalizing", core={"normalize": 1}),)),
    Chapter("sampling", "Sampling", (Lesson("sampling", core={"sample": 2, "sample_words": 1}),)),
    Chapter(
        "evaluating",
        "Evaluating",
        (Lesson("evaluating", core={"negative_log_likelihood": 2}, extra={"perplexity": 1, "surprisal": 2}),),
    ),
    Chapter(
        "neural-bigram",
        "The neural bigram",
        (Lesson("neural_bigram", core={"softmax": 1, "cross_entropy": 2, "train_neural_bigram": 3}),),
    ),
    Chapter(
        "mlp",
        "A longer memory",
        (
            Lesson("generating", extra={"score_contexts": 2, "generate_words": 3}),
            Lesson("contexts", core={"build_contexts": 2}, extra={"count_contexts": 2}),
            Lesson("mlp", core={"mlp_logits": 3}, extra={"init_mlp": 2}),
        ),
    ),
    Chapter(
        "training",
        "Going downhill well",
        (
            Lesson("optimizing", extra={"learning_rate_at": 2, "minibatches": 2, "adamw_step": 3}),
            Lesson("training"),
            Lesson("saving", laws=False),
        ),
    ),
    Chapter(
        "choosing",
        "Choosing the next letter",
        (Lesson("choosing", core={"with_temperature": 1, "keep_top_k": 2, "keep_top_p": 3}),),
    ),
    Chapter(
        "attention",
        "Attention",
        (
            Lesson(
                "attention",
                core={"attention_shares": 3, "attend": 1},
            ),
            Lesson("heads", extra={"split_heads": 2, "merge_heads": 1}),
        ),
    ),
    Chapter(
        "transformer",
        "A Transformer",
        (
            Lesson("blocks", core={"rms_norm": 1, "block": 3}),
            Lesson(
                "transformer",
                extra={"init_transformer": 2, "transformer_logits": 2, "transformer_probs": 3},
            ),
            Lesson("transformer_training", laws=False),
            Lesson("caching", extra={"extend": 3, "sample_transformer_words": 2}),
        ),
    ),
    Chapter("comparing", "Which is best?", (Lesson("models", laws=False), Lesson("comparing", laws=False))),
    Chapter("overfitting", "Learning by heart"),
    Chapter("where-next", "Where to go from here"),
)

LESSONS = tuple(lesson for chapter in CHAPTERS for lesson in chapter.lessons)
"""All lessons, in reading order."""


def chapter_of(lesson: str) -> tuple[int, Chapter]:
    """Return the chapter that teaches a lesson, and its number."""
    for number, chapter in enumerate(CHAPTERS, start=1):
        if any(one.name == lesson for one in chapter.lessons):
            return number, chapter
    raise LookupError(f"no chapter teaches {lesson!r}")


class OfFunctions(Mapping[str, list[T]]):
    """What a room has on each function, in reading order: whoever asks for one function waits for its lesson alone."""

    def __init__(self, load: Callable[[str], object]) -> None:
        """Know how a lesson's module is imported, which then adds what it has."""
        self._load = load
        self._found: dict[str, dict[str, list[T]]] = {lesson.name: {} for lesson in LESSONS if lesson.laws}

    def on(self, function: str, module: str) -> list[T]:
        """Return the list to which a lesson's module adds what it has on a function."""
        return self._found[module.rpartition(".")[2]].setdefault(function, [])

    def __getitem__(self, function: str) -> list[T]:
        """Return what there is on a function; that of one which is no exercise may be anywhere."""
        exercised = [lesson.name for lesson in LESSONS if function in {*lesson.core, *lesson.extra}]
        for lesson in exercised or self._found:
            self._load(lesson)
            if function in self._found[lesson]:
                return self._found[lesson][function]
        raise KeyError(function)

    def __iter__(self) -> Iterator[str]:
        """Yield the names of all functions."""
        for lesson, found in self._found.items():
            self._load(lesson)
            yield from found

    def __len__(self) -> int:
        """Return how many functions there are."""
        return sum(1 for _ in self)  # a list would ask for this very number
