"""What a file that is run elsewhere lacks: packages that are not installed, and all that is made with them."""

import ast
import importlib.util
from typing import Any

from bigramlab.judge.following import reads_of
from bigramlab.lab.unfolding import names_made

__all__ = ["Lacking"]

PLACES = 6  # that are told


class Lacking:
    """Leaves out what can't be run for want of a package, so that the rest can be judged.

    What reads a name that is not there is left out, too, so that nothing is judged that was made without it.
    """

    def __init__(self, names: dict[str, Any], remarks: list[str]) -> None:
        """Begin with nothing lacking; `names` are the file's, and `remarks` get a line on what is left out."""
        self._names, self._remarks = names, remarks
        self._lacking: set[str] = set()
        self._packages: list[str] = []
        self._places: list[str] = []
        self._told = ""

    def without(self, statement: ast.stmt, place: str) -> ast.stmt | None:
        """Return a statement without what can't be run; None if nothing is left of it."""
        self._lacking -= self._names.keys()  # such as what a `try` made in another way
        if isinstance(statement, ast.Import | ast.ImportFrom):
            return self._imported(statement, place)
        read = {
            node.id for node in ast.walk(statement) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
        }
        if read & self._lacking and not isinstance(statement, ast.Try):  # which may do without
            self.leave_out(statement, place)
            return None
        if read & self._lacking:
            self._lacking |= _made(statement) - self._names.keys()
        return statement

    def caused(self, error: BaseException) -> bool:
        """Tell whether an error comes of what is lacking."""
        if isinstance(error, ModuleNotFoundError) and error.name and _is_lacking(error.name):
            self._note(error.name)
            return True
        return isinstance(error, NameError) and error.name in self._lacking

    def leave_out(self, statement: ast.stmt, place: str) -> None:
        """Take note that a statement is not run, or has not come to its end: what it makes is not there."""
        made = _made(statement)
        self._lacking |= made
        for name in made:
            self._names.pop(name, None)
        if place not in self._places:
            self._places.append(place)
        self._tell()

    def _imported(self, statement: ast.Import | ast.ImportFrom, place: str) -> ast.stmt | None:
        """Return an import without the packages that are not installed."""
        of = statement.module if isinstance(statement, ast.ImportFrom) else ""
        if getattr(statement, "level", 0):
            return statement
        gone = [one for one in statement.names if _is_lacking(of or one.name)]
        for one in gone:
            self._note(of or one.name)
            self._lacking.add(one.asname or one.name.partition(".")[0])
        if not gone:
            return statement
        self._places += [place] if place not in self._places else []
        self._tell()
        left = [one for one in statement.names if one not in gone]
        return ast.copy_location(ast.Import(left), statement) if left else None

    def _note(self, module: str) -> None:
        package = module.partition(".")[0]
        self._packages += [package] if package not in self._packages else []

    def _tell(self) -> None:
        """Say what is left out, in the place of what was said before."""
        few = ", ".join([*self._places[:PLACES], *["…"] * (len(self._places) > PLACES)])
        one = len(self._packages) == 1
        said = f"{' and '.join(self._packages)} {'is' if one else 'are'} not installed where this runs, so what needs "
        said += f"{'it' if one else 'them'} was left out: {few}"
        self._remarks[:] = [*(remark for remark in self._remarks if remark != self._told), said]
        self._told = said


def _is_lacking(module: str) -> bool:
    """Tell whether a module's package is nowhere to be found, the file's folder included."""
    try:
        return importlib.util.find_spec(module.partition(".")[0]) is None
    except ValueError:  # one that is there and says nothing of itself, as `__main__`
        return False


def _made(statement: ast.stmt) -> set[str]:
    """Return the names that a statement makes or changes."""
    is_definition = isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    return names_made([statement]) | (set() if is_definition else reads_of(statement).keys())
