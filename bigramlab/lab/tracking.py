"""Run the cells of a file, statement by statement, and keep what each of them made and showed."""

import __future__

import ast
import asyncio
import builtins
import copy
import inspect
import linecache
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import torch

from bigramlab.judge.causes.errors import explain
from bigramlab.judge.describing import meant, shorten, show_error
from bigramlab.judge.following import reads_of
from bigramlab.judge.hand_gradients import slope_for
from bigramlab.judge.reading_code import stored
from bigramlab.judge.reviewed import Thing
from bigramlab.lab.cells import Cell
from bigramlab.lab.inside import Inside
from bigramlab.lab.lacking import Lacking
from bigramlab.lab.standing_in import stand_in_for_names_txt, stand_in_for_the_notebook
from bigramlab.lab.unfolding import unfolded

__all__ = ["Run", "run_cells"]

TELLS = "__told_to_bigramlab__"
COPIED = 10_000_000  # numbers: larger tensors are not kept as they were
LEFT_OUT = "for want of a package"
CELLS = 5_000  # of a table of lists, which is looked at after each statement


@dataclass
class Run:
    """What came of running a file.

    Attributes:
        names: Its globals.
        things: What was made, in the order in which it was made.
        ended: Why it did not come to its end.
        likely: What usually leads to that, and what to do.
        remarks: What else is to be known.
    """

    names: dict[str, Any]
    things: list[Thing] = field(default_factory=list)
    ended: str = ""
    likely: str = ""
    remarks: list[str] = field(default_factory=list)


def run_cells(
    path: Path, cells: list[Cell], *, until: tuple[int, int] | None = None, tell: Any = lambda **_: None
) -> Run:
    """Run the cells in the file's folder, statement by statement, and keep what they made.

    Args:
        path: The file.
        cells: Its cells.
        until: The number of a cell and of the statement in it that is not run any more.
        tell: Gets the place of each statement before it is run.
    """
    module = ModuleType("__main__")
    sys.modules["__main__"] = module
    if path.suffix == ".py":
        module.__file__ = str(path)
    names = vars(module)
    names["__builtins__"] = builtins
    run = Run(names)
    os.chdir(path.parent)
    sys.path.insert(0, str(path.parent))
    sys.argv = [str(path)]
    stand_in_for_the_notebook()
    stand_in_for_names_txt(run.remarks)
    tracker, lacking = _Tracker(run), Lacking(names, run.remarks)
    inside = Inside({cell.filename for cell in cells}, _copy)
    for number, cell in enumerate(cells):
        linecache.cache[cell.filename] = (len(cell.text), None, cell.text.splitlines(keepends=True), cell.filename)
        try:
            statements = unfolded(ast.parse(cell.text, cell.filename).body)
        except (SyntaxError, ValueError) as error:
            line = f", at line {error.lineno}" if isinstance(error, SyntaxError) else ""
            run.ended = f"{cell.place} can't be read: {getattr(error, 'msg', error)}{line}"
            return run
        for index, statement in enumerate(statements):
            place = cell.place or f"line {statement.lineno}"
            if (number, index) == until:
                tracker.flush()
                return run
            tell(running=place, at=(number, index))
            if (whole := lacking.without(statement, place)) is None:
                continue
            with inside:
                ended, shown = _run(whole, cell, run, tracker.flags, lacking)
            if ended == LEFT_OUT:
                lacking.leave_out(statement, place)
                continue
            tracker.look(statement, place)
            tracker.look_inside(inside, place)
            tracker.show(statement, place, shown)
            if ended is not None:
                run.ended = ended and f"{place} {ended}"
                tracker.flush()
                return run
        tracker.flush()
    return run


def _run(statement: ast.stmt, cell: Cell, run: Run, flags: int, lacking: Lacking) -> tuple[str | None, dict[str, Any]]:
    """Run a statement; return None and what it shows, or else why the file ends here, if that is an error."""
    shown: dict[str, Any] = {}

    def tell(text: str, value: Any) -> Any:
        if isinstance(value, float) or (isinstance(value, torch.Tensor) and value.numel() == 1):
            shown[text] = value
        return value

    vars(builtins)[TELLS] = tell
    shows = isinstance(statement, ast.Expr)
    try:
        flags |= ast.PyCF_ALLOW_TOP_LEVEL_AWAIT if cell.place else 0  # as in a notebook
        telling = ast.fix_missing_locations(_telling(copy.deepcopy(statement)))
        node = ast.Expression(telling.value) if isinstance(telling, ast.Expr) else ast.Module([telling], [])
        code = compile(node, cell.filename, "eval" if shows else "exec", flags=flags, dont_inherit=True)
        value = eval(code, run.names)
        value = asyncio.run(value) if code.co_flags & inspect.CO_COROUTINE else value
        return None, shown
    except SystemExit as error:
        return "" if error.code in (None, 0) else f"ended with sys.exit({error.code!r})", shown
    except BaseException as error:
        if lacking.caused(error):
            return LEFT_OUT, shown
        line, step = None, error.__traceback__
        while step:
            line = step.tb_lineno if step.tb_frame.f_code.co_filename == cell.filename else line
            step = step.tb_next
        code_line = linecache.getline(cell.filename, line).strip() if line else ""
        run.likely = _likely(error, code_line, run.names)
        where = f", at line {line}: `{shorten(code_line, columns=200)}`" if code_line else ""
        reason = f"{type(error).__name__}: {shorten(show_error(error), lines=2)}".removesuffix(": ")
        return f"raised {reason}{where}", shown


def _likely(error: BaseException, line: str, names: dict[str, Any]) -> str:
    """Say what usually leads to such an error, and what to do."""
    if isinstance(error, NameError) and (close := meant(error, names)):
        return f"There is no `{error.name}`; did you mean `{close}`?"
    return " ".join(explain(error, line) or ())


class _Tracker:
    """Sees which names a statement made or changed, and keeps what they were when their cell had run."""

    def __init__(self, run: Run) -> None:
        """Begin with what is there before the first cell."""
        self.run = run
        self.flags = 0
        self._seen: dict[str, tuple[Any, Any]] = {name: (value, None) for name, value in run.names.items()}
        self._pending: dict[str, tuple[Any, str, bool, frozenset[str], int]] = {}
        self._kept: list[tuple[float, Thing]] = []  # with the number of the statement that made it
        self._number = 0
        self._shown: list[Thing] = []

    def look(self, statement: ast.stmt, place: str) -> None:
        """Find what has changed since the statement before."""
        if isinstance(statement, ast.ImportFrom) and statement.module == "__future__":
            for alias in statement.names:
                self.flags |= getattr(__future__, alias.name).compiler_flag
        reads = {
            node.id for node in ast.walk(statement) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
        }
        passing, made_of = set(_passing(statement)), reads_of(statement)
        self._number += 1
        for name, value in [*self.run.names.items(), *_attributes(self.run.names)]:
            before, version = self._seen.get(name, (self, None))
            now = _version(value)
            if value is before and now == version:
                continue
            self._seen[name] = (value, now)
            if name in self._pending and name not in reads and value is not before:
                self._keep(name)  # another thing of the same name begins
            read: frozenset[str] = self._pending.pop(name)[3] if name in self._pending else frozenset()
            base, dot, _ = name.partition(".")
            read |= made_of.get(base, frozenset(reads))
            read |= self._of(base) if dot else frozenset()  # an attribute is made of those before it
            self._pending[name] = (value, place, base in passing, read, self._number)

    def look_inside(self, inside: Inside, place: str) -> None:
        """Keep what functions made that the statement called for the first time."""
        there = {**self.run.names, **dict(_attributes(self.run.names))}
        for function, name, value in inside.made(there):
            passing = not hasattr(value, "__len__")
            thing = Thing(f"{function}.{name}", value, place, passing, frozenset({function}), inside=True)
            self._kept.append((self._number - 0.5, thing))

    def show(self, statement: ast.stmt, place: str, shown: dict[str, Any]) -> None:
        """Keep what a statement shows: its own value, or the numbers that it prints."""
        for expression in _shown(statement):
            text = ast.unparse(expression)
            if not isinstance(expression, ast.Name | ast.Constant) and shown.get(text) is not None:
                read = frozenset(node.id for node in ast.walk(expression) if isinstance(node, ast.Name))
                read = read.union(*map(self._of, read))
                self._shown.append(Thing(text, _copy(shown[text]), place, reads=read, shown=True))

    def _of(self, name: str) -> frozenset[str]:
        """Return the names of what an instance keeps."""
        return frozenset(one for one in self._seen if one.startswith(f"{name}."))

    def flush(self) -> None:
        """Keep what is there at the end of a cell."""
        for name in list(self._pending):
            self._keep(name)
        self._kept.sort(key=lambda one: one[0])  # one that lasts to the end was made before others are
        self.run.things += [thing for _, thing in self._kept] + self._shown
        self._kept, self._shown = [], []

    def _keep(self, name: str) -> None:
        value, place, passing, reads, number = self._pending.pop(name)
        slope = slope_for(name, self.run.names)
        self._kept.append((number, Thing(name, _copy(value), place, passing, reads, slope=slope)))


def _version(value: Any) -> Any:
    """Return what is another one when a value was changed in place."""
    if isinstance(value, torch.Tensor) and not value.is_inference():
        trained = value.is_leaf and value.requires_grad and value.numel() <= COPIED
        return value._version, str(value.detach().sum().item()) if trained else ""  # W.data += … leaves the version
    if isinstance(value, list) and value and isinstance(value[0], list) and len(value) * len(value[0]) <= CELLS:
        return str(value)
    if isinstance(value, list | dict | set):
        return len(value)
    if type(value).__module__ == "numpy" and getattr(value, "nbytes", COPIED) < COPIED:
        return hash(value.tobytes())
    return None


def _copy(value: Any) -> Any:
    """Return a value as it is now."""
    if isinstance(value, torch.Tensor):
        return _copy_of_tensor(value) if value.numel() <= COPIED else value
    if type(value) in (list, dict):
        return value.copy()
    return value.copy() if type(value).__module__ == "numpy" and hasattr(value, "copy") else value


def _copy_of_tensor(value: torch.Tensor) -> torch.Tensor:
    """Return a tensor as it is now, with its gradient, if it is one that is trained."""
    copy = value.detach().clone().requires_grad_(value.requires_grad)
    if value.is_leaf and value.grad is not None:
        copy.grad = value.grad.detach().clone()
    return copy


def _shown(statement: ast.stmt) -> Iterator[ast.expr]:
    """Yield the expression that a statement is, or those that it prints."""
    if not isinstance(statement, ast.Expr):
        return
    call = statement.value
    if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "print"):
        yield call
        return
    for argument in call.args:
        match argument:
            case ast.JoinedStr(values=parts):
                pass
            case ast.BinOp(left=ast.Constant(value=str()), op=ast.Mod(), right=right):
                parts = right.elts if isinstance(right, ast.Tuple) else [right]
            case ast.Call(func=ast.Attribute(value=ast.Constant(value=str()), attr="format"), args=parts):
                pass
            case _:
                parts = [argument]
        yield from (part.value if isinstance(part, ast.FormattedValue) else part for part in parts)


def _telling(statement: ast.stmt) -> ast.stmt:
    """Have a statement tell the numbers that it shows."""
    shown = {id(expression) for expression in _shown(statement) if not isinstance(expression, ast.Starred)}

    class Telling(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> ast.AST:
            if id(node) not in shown or not isinstance(node, ast.expr):
                return self.generic_visit(node)
            told: list[ast.expr] = [ast.Constant(ast.unparse(node)), node]
            return ast.copy_location(ast.Call(ast.Name(TELLS, ast.Load()), told, []), node)

    Telling().visit(statement)  # the statement itself is changed
    return statement


def _attributes(names: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield what instances of the file's own classes keep, such as `model.P`, if no name of the file has it, too."""
    named = {id(value) for value in names.values()}
    for name, value in list(names.items()):
        if type(value).__module__ != "__main__" or isinstance(value, torch.nn.Module):
            continue
        for attribute, kept in list(getattr(value, "__dict__", {}).items()):
            plain = isinstance(kept, torch.Tensor | list | dict | float) or type(kept).__module__ == "numpy"
            if plain and id(kept) not in named and not attribute.startswith("_"):
                yield f"{name}.{attribute}", kept


def _passing(statement: ast.stmt) -> Iterator[str]:
    """Yield the names that a statement sets to a constant, or that a loop makes anew each time it turns."""
    in_loop = isinstance(statement, ast.For | ast.While)
    for loop in ast.walk(statement):
        if isinstance(loop, ast.For):
            yield from (node.id for node in ast.walk(loop.target) if isinstance(node, ast.Name))
    for node in ast.walk(statement):
        if not isinstance(node, ast.Assign):
            continue
        reads = {name.id for name in ast.walk(node.value) if isinstance(name, ast.Name)}
        if in_loop or not any(isinstance(part, ast.Name | ast.Call) for part in ast.walk(node.value)):
            yield from (name for name in stored(node) if name not in reads)  # of `N[i, j] = 1` nothing: N stays
