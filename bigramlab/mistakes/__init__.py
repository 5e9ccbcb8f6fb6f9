"""The catalogue of mistakes: small wrong functions, each named and explained, one module for each lesson."""

from importlib import import_module

from bigramlab.chapters import LESSONS
from bigramlab.mistakes.mistake import MISTAKES, Mistake, mistake

__all__ = ["MISTAKES", "Mistake", "mistake"]

for lesson in LESSONS:
    if lesson.laws:
        import_module(f"bigramlab.mistakes.{lesson.name}")
