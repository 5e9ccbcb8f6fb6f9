"""What is said of a cause; to look for one is `diagnosing`'s part."""

from dataclasses import dataclass

from bigramlab.mistakes import Mistake

__all__ = ["Diagnosis"]


@dataclass(frozen=True)
class Diagnosis:
    """The likely cause of what is wrong.

    Attributes:
        mistake: A catalogued mistake, or a slip of a kind that is known.
        alike: How many calls it ends in the same way.
        tried: Of how many.
        exact: Whether those are all calls, and not only some that come out wrong.
        shown: Whether it was found by what the code, an error or some further calls show, and not by comparing calls.
        besides: Further slips, made together with the first.
        others: What does the same on all that was tried.
    """

    mistake: Mistake
    alike: int
    tried: int
    exact: bool
    shown: bool = False
    besides: tuple[Mistake, ...] = ()
    others: tuple[Mistake, ...] = ()

    @property
    def seen(self) -> str:
        """Where it shows; nothing if only a part of what is wrong is known, and another part may show there, too."""
        return self.mistake.seen if self.shown or self.alike == self.tried else ""

    def text(self) -> str:
        """Say how sure this is, and what is wrong."""
        name = self.mistake.name.replace("_", " ")
        if self.shown:
            return self.mistake.wrong
        if self.besides:
            slips = [self.mistake, *self.besides]
            names = " and ".join(f"“{slip.name.replace('_', ' ')}”" for slip in slips)
            told = " ".join(f"{number}. {slip.wrong}" for number, slip in enumerate(slips, start=1))
            return f"On {self.tried} inputs it does exactly what {names} do together. {told}"
        if self.exact:
            others = [other.wrong for other in self.others if other.wrong != self.mistake.wrong]
            another = "".join(f" Or, which does the same there: {wrong}" for wrong in others)
            return f"On {self.tried} inputs it does exactly what “{name}” does. {self.mistake.wrong}{another}"
        if self.alike == self.tried:
            wrong = self.mistake.wrong
            return f"On all {self.tried} inputs that come out wrong it does exactly what “{name}” does. {wrong}"
        return (
            f"On {self.alike} of {self.tried} inputs that come out wrong it does what “{name}” does, so this may be a "
            f"part of it. {self.mistake.wrong}"
        )
