"""The chapters of the tutorial, in reading order: the one table that all that lists chapters or lessons follows."""

from typing import NamedTuple

__all__ = ["CHAPTERS", "LESSONS", "Chapter", "Lesson", "chapter_of"]


class Lesson(NamedTuple):
    """A module of `lessons/`; its laws, mistakes and tests have the same name.

    Attributes:
        name: The module's name.
        core: The functions to write as exercises.
        extra: More of them, whose idea is not the lesson's own.
        laws: Whether its functions have laws. Those without are tested by examples alone.
    """

    name: str
    core: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
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
    Chapter("setting-up", "Setting up", (Lesson("data", extra=("read_words", "split_words")),)),
    Chapter("encoding", "Encoding", (Lesson("encoding", core=("build_vocabulary", "encode", "decode")),)),
    Chapter(
        "counting",
        "Counting",
        (Lesson("counting", core=("count_bigrams",), extra=("most_common_bigrams",)), Lesson("plotting")),
    ),
    Chapter("smoothing", "Smoothing", (Lesson("smoothing", core=("smooth",)),)),
    Chapter("normalizing", "Normalizing", (Lesson("normalizing", core=("normalize",)),)),
    Chapter("sampling", "Sampling", (Lesson("sampling", core=("sample", "sample_words")),)),
    Chapter(
        "evaluating",
        "Evaluating",
        (Lesson("evaluating", core=("negative_log_likelihood",), extra=("perplexity", "surprisal")),),
    ),
    Chapter(
        "neural-bigram",
        "The neural bigram",
        (Lesson("neural_bigram", core=("softmax", "cross_entropy", "train_neural_bigram")),),
    ),
    Chapter(
        "mlp",
        "A longer memory",
        (
            Lesson("generating", extra=("score_contexts", "generate_words")),
            Lesson("contexts", core=("build_contexts",), extra=("count_contexts",)),
            Lesson("mlp", core=("mlp_logits",), extra=("init_mlp",)),
        ),
    ),
    Chapter(
        "training",
        "Going downhill well",
        (
            Lesson("optimizing", extra=("learning_rate_at", "minibatches", "adamw_step")),
            Lesson("training"),
            Lesson("saving", laws=False),
        ),
    ),
    Chapter("comparing", "Which is best?", (Lesson("comparing", laws=False),)),
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
