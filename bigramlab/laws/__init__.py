"""The laws: properties that pin each function down, one module for each lesson.

`LAWS` maps a function's name to its laws. They run on bigramlab's own functions in the tests, and on yours through
`bigramlab.check`.
"""

from importlib import import_module

from bigramlab.chapters import LESSONS
from bigramlab.laws.law import CARE, LAWS, RESULT, Broken, Law, Stopped, care, law, lesson_of, ours_for

__all__ = ["CARE", "LAWS", "RESULT", "Broken", "Law", "Stopped", "care", "law", "lesson_of", "ours_for"]

for lesson in LESSONS:
    if lesson.laws:
        import_module(f"bigramlab.laws.{lesson.name}")
