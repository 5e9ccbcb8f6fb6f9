"""Three hints on an exercise, each of which says more than the one before."""

import re
import textwrap
from typing import NamedTuple

__all__ = ["Rungs"]

HOLE = re.compile("<<(.*?)>>")


class Rungs(NamedTuple):
    """The hints that are given first, one after the other.

    Attributes:
        idea: What to do.
        tool: What to do it with.
        code: A whole body of the function, in the simplest way; what stands between << and >> is left for the learner.
    """

    idea: str
    tool: str
    code: str

    @property
    def shape(self) -> str:
        """The code with holes."""
        return HOLE.sub("____", textwrap.dedent(self.code).strip())

    @property
    def body(self) -> str:
        """The code without holes."""
        return HOLE.sub(r"\1", textwrap.dedent(self.code).strip())
