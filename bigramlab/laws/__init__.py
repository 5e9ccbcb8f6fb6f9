"""The laws: properties that pin each function down, one module for each lesson.

`LAWS` maps a function's name to its laws; the module that has them is imported when they are asked for. They run on
bigramlab's own functions in the tests, and on yours through `bigramlab.check`.
"""

from bigramlab.laws.law import CARE, LAWS, RESULT, Broken, Law, Stopped, care, law, lesson_of, ours_for

__all__ = ["CARE", "LAWS", "RESULT", "Broken", "Law", "Stopped", "care", "law", "lesson_of", "ours_for"]
