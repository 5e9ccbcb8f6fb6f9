"""The words that a command learns from."""

from pathlib import Path

from bigramlab.lessons.data import load_names, read_words

__all__ = ["words_of"]


def words_of(path: Path | None) -> list[str]:
    """Return the words of the file, or else the names."""
    return load_names() if path is None else read_words(path)
