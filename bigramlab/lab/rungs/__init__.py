"""The hints on each exercise, written by hand: the idea, the tool, and the shape of the code."""

from bigramlab.lab.rungs.climbing import Rungs
from bigramlab.lab.rungs.core import CORE
from bigramlab.lab.rungs.extra import EXTRA

__all__ = ["CORE", "EXTRA", "RUNGS", "Rungs"]

RUNGS = CORE | EXTRA
"""The first hints on each exercise."""
