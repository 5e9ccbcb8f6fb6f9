"""Results that take long to make are kept in files, each with a key made of the code that it depends on.

The code is found by following imports, so nothing is listed by hand. What counts is what the code does: comments and
formatting don't, and docstrings only where they are printed.
"""

import ast
import hashlib
import json
import logging
from collections.abc import Callable, Collection, Iterator
from functools import cache
from importlib.util import resolve_name
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PACKAGE = "bigramlab"
PUBLIC = "bigramlab.public"  # re-exports what the lessons define, as the package does, so that it is looked through


def kept(path: Path, key: str, compute: Callable[[], dict[str, Any]], *, indent: int | None = 1) -> dict[str, Any]:
    """Return what `compute` returned when the key was this one: it takes long, so a file keeps it with its key."""
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    if found.get("key") != key:
        logging.getLogger("mkdocs.hooks").info(f"{path.name} is out of date: making it anew takes a minute or two")
        found = {"key": key} | compute()
        path.write_text(json.dumps(found, indent=indent) + "\n", encoding="utf-8")
    return found


def training(experiment: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Return what a training gave, kept beside the chapters under a key of the code and names that it depends on."""
    return kept(path_of(experiment), key_of_training(experiment.__module__), experiment)


def path_of(experiment: Callable[[], dict[str, Any]]) -> Path:
    """Return the file in which a training's result is kept."""
    return DOCS / "tutorial" / f"{experiment.__name__}.json"


@cache
def key_of_training(module: str) -> str:
    """Return the key of a module's trainings; what refuses wrong arguments does not count, for here they are right."""
    return key_of(module, docstrings=False, without=("bigramlab.lessons.inputs",), files=(ROOT / "names.txt",))


def key_of(
    *modules: str, docstrings: bool, without: Collection[str] = (), files: Collection[Path] = (), root: Path = ROOT
) -> str:
    """Return a key made of all code that these modules depend on.

    Args:
        modules: The names of the modules that make the result.
        docstrings: Whether they count: where they are printed they are part of the result.
        without: Modules that change no result.
        files: Data that counts, too.
        root: The folder of the repository.
    """
    found = sorted(dependencies(*modules, without=without, root=root))
    parts = [f"{module}: {_meaning(_text_of(module, root), docstrings)}" for module in found]
    parts += [file.read_text(encoding="utf-8") for file in files]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def dependencies(*modules: str, without: Collection[str] = (), root: Path = ROOT) -> set[str]:
    """Return the names of these modules and of all in the repository that they import, directly or not."""
    found: set[str] = set()
    left = list(modules)
    while left:
        module = left.pop()
        if module not in found and module not in without and module != __name__:  # how it is kept changes no result
            found.add(module)
            left += imports(module, root)
    return found


def imports(module: str, root: Path = ROOT) -> set[str]:
    """Return the modules of the repository that a module imports, wherever in it: also inside functions."""
    path = _path_of(module, root)
    package = module if path and path.name == "__init__.py" else module.rpartition(".")[0]
    text = _text_of(module, root)
    found: set[str] = set()
    for node in _imports_in(text):
        if isinstance(node, ast.ImportFrom):
            source = resolve_name("." * node.level + (node.module or ""), package)
            for alias in node.names:
                found |= _home_of(source, alias.name, root)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                found |= _used_of(alias, _tree(text), root)
        else:
            found |= set(_loaded(node.args[0], root))
    return found


@cache
def _imports_in(text: str) -> list[ast.Import | ast.ImportFrom | ast.Call]:
    """Return the statements that import, and the calls of import_module."""
    return [
        node
        for node in ast.walk(_tree(text))
        if isinstance(node, ast.Import | ast.ImportFrom)
        or (isinstance(node, ast.Call) and _is_name(node.func, "import_module"))
        or (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "import_module")
    ]


def _home_of(source: str, name: str, root: Path) -> set[str]:
    """Return the modules that `from source import name` depends on."""
    if _path_of(f"{source}.{name}", root):
        return _with_packages(f"{source}.{name}")
    if source == PACKAGE:
        for node in _imports_in(_text_of(PUBLIC, root)):
            if isinstance(node, ast.ImportFrom) and any(name == (alias.asname or alias.name) for alias in node.names):
                return _home_of(str(node.module), name, root)
    return _with_packages(source) if _path_of(source, root) else set()


def _used_of(alias: ast.alias, tree: ast.Module, root: Path) -> set[str]:
    """Return the modules that `import alias` depends on: of the package, those whose names are used."""
    if not _path_of(alias.name, root):
        return set()
    if alias.name != PACKAGE:
        return _with_packages(alias.name)
    local = alias.asname or alias.name
    known = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute) and _is_name(node.value, local)]
    mentioned = sum(_is_name(node, local) for node in ast.walk(tree))
    if mentioned > len(known):  # it is used as a whole, as in getattr(bigramlab, name)
        return {PACKAGE}
    return set().union(*(_home_of(PACKAGE, node.attr, root) for node in known))


def _loaded(name: ast.expr, root: Path) -> Iterator[str]:
    """Yield the modules that import_module may load: of f"bigramlab.laws.{…}", all that are there."""
    if isinstance(name, ast.Constant) and _path_of(str(name.value), root):
        yield from _with_packages(str(name.value))
    if isinstance(name, ast.JoinedStr) and isinstance(name.values[0], ast.Constant):
        package = str(name.values[0].value).rpartition(".")[0]
        if path := _path_of(package, root):
            yield from _with_packages(package)
            yield from (f"{package}.{other.stem}" for other in path.parent.glob("*.py") if other != path)


def _with_packages(module: str) -> set[str]:
    """Return a module and the packages that it is in, whose __init__ runs first; the outermost only re-exports."""
    parts = module.split(".")
    return {".".join(parts[:length]) for length in range(2, len(parts))} | {module}


def _is_name(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _path_of(module: str, root: Path) -> Path | None:
    """Return the file of a module of the repository; None for any other."""
    place = (root / "docs" if module.startswith("tools") else root).joinpath(*module.split("."))
    return next((path for path in (place / "__init__.py", place.with_suffix(".py")) if path.is_file()), None)


def _text_of(module: str, root: Path) -> str:
    path = _path_of(module, root)
    if path is None:
        raise LookupError(f"there is no module {module!r} here")
    return path.read_text(encoding="utf-8")


@cache
def _tree(text: str) -> ast.Module:
    return ast.parse(text)


@cache
def _meaning(text: str, docstrings: bool) -> str:
    """Return a text that is the same for code that does the same: ast.dump's, but the same in every Python, too."""
    return _dumped(_tree(text), docstrings)


def _dumped(node: object, docstrings: bool) -> str:
    if isinstance(node, list):
        return f"[{' '.join(_dumped(one, docstrings) for one in node)}]"
    if not isinstance(node, ast.AST):
        return ascii(node)  # `repr` shows the characters that this Python knows
    parts = []
    for name, value in ast.iter_fields(node):
        if name == "body" and not docstrings and _has_docstring(node):
            value = value[1:]
        if value not in (None, []) and name not in ("ctx", "kind"):  # what newer versions add is nothing here
            parts.append(f"{name}={_dumped(value, docstrings)}")
    return f"{type(node).__name__}({' '.join(parts)})"


def _has_docstring(node: ast.AST) -> bool:
    documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    return isinstance(node, documented) and ast.get_docstring(node) is not None
