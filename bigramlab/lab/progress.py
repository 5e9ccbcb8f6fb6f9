"""What is known of each exercise in a lab, kept there with a key of all that it depends on."""

import ast
import hashlib
import importlib.util
import json
import platform
import re
import sysconfig
from collections.abc import Iterator
from dataclasses import asdict
from functools import cache, lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from bigramlab.lab.exercises import Exercise
from bigramlab.lab.verdicts import Verdict
from bigramlab.lessons.files import write_file

__all__ = ["Progress", "code_of", "code_with_imports", "key_of", "read"]

FOLDER = ".bigramlab"  # a file for each exercise, so that two runs at once don't write the same one
VERSIONS = 5  # of its code of which the verdict is kept: one goes back to what one had
HIDING = {"globals", "locals", "vars", "getattr", "eval", "exec", "importlib", "__import__"}


class Progress:
    """The verdicts that are kept in a lab, as long as nothing has changed that they depend on."""

    def __init__(self, lab: Path) -> None:
        """Look into that lab's folder."""
        self.lab = lab

    def verdict(self, exercise: Exercise) -> Verdict | None:
        """Return what is known, unless it was made of something else, or its file is missing or damaged."""
        kept = self._kept(exercise)
        key = key_of(exercise, self.lab) if kept else ""  # a key takes time, for which the first torch would wait
        found = next((one for one in kept if one["key"] == key), None)
        return Verdict(**found["verdict"]) if found else None

    def keep(self, exercise: Exercise, key: str, verdict: Verdict) -> None:
        """Keep a verdict; where it can't be written, the next run is slower, and that is all."""
        if verdict.status == "not reached":  # that hangs on more than the file's code
            return
        try:
            self._file(exercise).parent.mkdir(exist_ok=True)
            before = [kept for kept in self._kept(exercise) if kept["key"] != key]
            text = json.dumps([_sealed(key, asdict(verdict)), *before][:VERSIONS])
            write_file(self._file(exercise), text)
        except (OSError, ValueError):
            pass

    def _kept(self, exercise: Exercise) -> list[dict[str, Any]]:
        """Return the verdicts on the last versions of its code; of a file that is damaged, those that are whole."""
        try:
            found = json.loads(self._file(exercise).read_bytes())
            return [kept for kept in found if kept == _sealed(kept["key"], kept["verdict"])]
        except (OSError, ValueError, TypeError, KeyError):
            return []

    def _file(self, exercise: Exercise) -> Path:
        return self.lab / FOLDER / f"{exercise.name}.json"


def _sealed(key: str, verdict: dict[str, Any]) -> dict[str, Any]:
    """Return both with a seal, which shows whether anything in them was damaged."""
    return {"key": key, "verdict": verdict, "seal": _hash(key, json.dumps(verdict, sort_keys=True))}


def _hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def key_of(exercise: Exercise, folder: Path) -> str:
    """Return a key of all that the verdict depends on: the code, what it calls and imports, the laws, the versions."""
    code = code_of(exercise, folder)
    return _hash(exercise.name, code, *_outside(code, folder), _versions())


@cache
def _versions() -> str:
    """Return what tells releases apart: of Python, of what judges, and of bigramlab, to the letter."""
    root = Path(__file__).parents[1]
    texts = [path.read_bytes() for path in sorted(root.rglob("*.py"))]
    if not texts:  # in a zip
        archive = next(path for path in root.parents if path.is_file())
        texts = [archive.read_bytes()]
    own = hashlib.sha256(b"\0".join(texts)).hexdigest()
    return " ".join([platform.python_version(), *map(_version, ("torch", "numpy", "hypothesis")), own])


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "none"


def _outside(code: str, folder: Path) -> Iterator[str]:
    """Yield what tells versions of the modules apart that are imported from elsewhere: not from Python, not ours.

    Those of the lab itself are left out, which are found or not, as the command was called; their text is in the code.
    """
    standard = sysconfig.get_paths()["stdlib"]
    try:
        nodes = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Import | ast.ImportFrom)]
    except (SyntaxError, ValueError):
        return
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    of_lab = {path.stem for path in folder.glob("*.py")}
    for name in sorted({name.partition(".")[0] for name in names} - {"bigramlab", "torch", "numpy", ""} - of_lab):
        try:
            spec = importlib.util.find_spec(name)
        except (ImportError, ValueError):
            continue
        place = Path(spec.origin or "") if spec else Path()
        if not place.is_file() or (str(place).startswith(standard) and "-packages" not in str(place)):
            continue
        files = place.parent.rglob("*.py") if spec and spec.submodule_search_locations else [place]
        for file in sorted(files):
            found = file.stat()
            yield f"{file} {found.st_size} {found.st_mtime_ns}"


def code_of(exercise: Exercise, folder: Path) -> str:
    """Return all the code in the lab that the verdict on an exercise can depend on."""
    path = folder / exercise.file
    text = read(path)
    return _without_other_exercises(text, exercise.name) + _imported(text, folder, {path.name})


def code_with_imports(path: Path) -> str:
    """Return the code of a file of a lab, and of all in it that it imports."""
    return read(path) + _imported(read(path), path.parent, {path.name})


@lru_cache(1000)
def _without_other_exercises(text: str, name: str) -> str:
    """Take out the file's other exercises, but not those that something else in the file calls, or might call."""
    try:
        nodes = ast.parse(text).body
    except (SyntaxError, ValueError):
        return text
    if any(found.id in HIDING for node in nodes for found in _names_in(node)):
        return text
    names = {exercise.name for exercise in Exercise.all()} - {name}
    lines = re.split(r"\r\n|\r|\n", text)  # as Python counts them
    for node in reversed(nodes):
        if isinstance(node, ast.FunctionDef) and node.name in names and not _runs_at_once(node):
            called = {found.id for other in nodes if other is not node for found in _names_in(other)}
            if node.name not in called:
                del lines[node.lineno - 1 : node.end_lineno]
    return "\n".join(lines)


def _runs_at_once(node: ast.FunctionDef) -> bool:
    """Tell whether something is called where the function is defined: a decorator, or in a default."""
    defaults = [*node.args.defaults, *filter(None, node.args.kw_defaults)]
    return bool(node.decorator_list) or any(isinstance(found, ast.Call) for one in defaults for found in ast.walk(one))


def _names_in(node: ast.AST) -> Iterator[ast.Name]:
    return (found for found in ast.walk(node) if isinstance(found, ast.Name))


def _imported(text: str, folder: Path, seen: set[str]) -> str:
    """Return the text of all files in the folder that this text names, and that those name."""
    texts = ""
    for path in sorted(folder.iterdir()):
        name = path.stem if path.suffix == ".py" else path.name
        if path.name not in seen and path.is_file() and re.search(rf"\b{re.escape(name)}\b", text):
            seen.add(path.name)
            texts += f"\n# {path.name}\n" + read(path) + _imported(read(path), folder, seen)
    return texts


def read(path: Path) -> str:
    """Return a file's text, whatever its encoding: to compare it, not to run it."""
    try:
        return path.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:  # it is missing, or may not be read; the verdict says so
        return ""
