"""Right versions of every function, written as different learners would write them: no law may refuse one of them.

They follow the design, not our code, and use the freedom that it leaves: int32 counts, float64 probabilities, another
draw for the same seed, NumPy's numbers. There is a file for each lesson.
"""

from importlib import import_module

from bigramlab.chapters import LESSONS
from right.version import PLAIN, RIGHT

__all__ = ["PLAIN", "RIGHT"]

for lesson in LESSONS:
    if lesson.laws:
        import_module(f"right.{lesson.name}")
