"""What a page's slow blocks print, kept: they are run anew only if they, or what they depend on, have changed.

A session is kept whole, since each block needs the names of those before. Without this, pages are the same, and later.
"""

import ast
import contextlib
import hashlib
import io
import textwrap
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import bigramlab
from bigramlab import public
from bigramlab.lab.tutorial import BLOCK
from tools import keeping

SLOW = {
    "attention": "tutorial/attention",
    "exercises": "how-to/exercises",
    "gpt": "how-to/from-the-gpt",
    "laws": "explanation/laws",
    "mlp": "tutorial/mlp",
    "notebook": "how-to/notebook",
    "overfitting-table": "tutorial/overfitting",
    "softmax-counts": "explanation/softmax",
    "training": "tutorial/training",
    "where-next": "tutorial/where-next",
}
"""The sessions that take longer than half a second, each with its page."""
FOLDER = keeping.DOCS / "printed"


def path_of(session: str) -> Path:
    """Return the file in which it is kept what a session prints."""
    return FOLDER / f"{session}.json"


def key(session: str) -> str:
    """Return a key made of a session's blocks, and of all that they depend on."""
    blocks = [*_blocks(session)]
    modules = sorted(set(_modules("\n".join(blocks))))
    results = [path for path in sorted((keeping.DOCS / "tutorial").glob("*.json")) if path.name != "asides.json"]
    files = [keeping.ROOT / "names.txt", keeping.ROOT / "bigramlab" / "judge" / "known.json", *results]
    code = keeping.key_of(*modules, docstrings=True, files=files)
    return hashlib.sha256("\n".join([code, *blocks]).encode()).hexdigest()


def printed(session: str) -> list[str]:
    """Return what a session's blocks print, one after the other."""
    FOLDER.mkdir(exist_ok=True)
    kept = keeping.kept(path_of(session), key(session), lambda: {"printed": [*_run(session)]})
    found: list[str] = kept["printed"]
    return found


def formatter(others: Callable[..., str]) -> Callable[..., str]:
    """Return what formats a block of Python: one of a slow session as it is kept, any other as `others` does."""
    from markdown_exec import ExecutionError, base_format, code_block  # here: what is kept is tested without MkDocs

    begun: dict[str, Iterator[str]] = {}

    def format_block(**given: Any) -> str:
        session = given["session"]
        if session not in SLOW:
            return others(**given)

        def run(*_: Any, **__: Any) -> str:
            if session not in begun:
                begun[session] = iter(())  # after an error, the blocks that follow show nothing
                try:
                    begun[session] = iter(printed(session))
                except Exception as error:  # any other would be lost, and the block be shown as if it weren't to run
                    raise ExecutionError(code_block("python", traceback.format_exc())) from error
            return next(begun[session], "")

        return base_format(language="python", run=run, **given)

    return format_block


def _blocks(session: str) -> Iterator[str]:
    text = (keeping.DOCS / f"{SLOW[session]}.md").read_text(encoding="utf-8")
    for block in BLOCK.finditer(text):
        if f'session="{session}"' in block["options"]:
            yield textwrap.dedent(block["code"])


def _run(session: str) -> Iterator[str]:
    """Run a session's blocks and yield what they print."""
    names: dict[str, Any] = {"__name__": session}
    for block in _blocks(session):
        with contextlib.redirect_stdout(io.StringIO()) as shown:
            exec(compile(block, f"<{session}>", "exec"), names)
        yield shown.getvalue()


def _modules(code: str) -> Iterator[str]:
    """Yield the modules of the repository that code imports; of the package, those that define what it names."""
    tree = ast.parse(code)
    named = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "tools":
            yield from (f"tools.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module == "bigramlab":
            names = {alias.name for alias in node.names}
            found = [getattr(bigramlab, name) for name in (named & {*public.__all__} if "*" in names else names)]
            yield from (getattr(one, "__module__", None) or one.__name__ for one in found)
        elif isinstance(node, ast.ImportFrom) and str(node.module).split(".")[0] in ("bigramlab", "tools"):
            yield str(node.module)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.split(".")[0] == "bigramlab")
