"""What stands in for what a file that is run elsewhere would have: the notebook's own functions, and names.txt."""

import builtins
import importlib.abc
import importlib.machinery
import io
import os
import sys
from collections.abc import Callable, Sequence
from importlib.resources import files
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

import bigramlab

__all__ = ["stand_in_for_names_txt", "stand_in_for_the_notebook"]

FOR_LOOKS = ("IPython", "ipywidgets", "seaborn", "plotly", "altair", "graphviz", "torchviz", "wandb", "google", "rich")
"""Packages that show what was computed, and compute nothing: without them a file is as right as with them."""

NEWEST = (999, 0)  # version: what asks for one takes no detour for an old one


class _Silent(ModuleType):
    """Has every name, can be called, and does nothing."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return NEWEST if name == "version_info" else _Silent(name)

    def __bool__(self) -> bool:
        return False  # matplotlib asks so whether it runs in a notebook

    def __call__(self, *arguments: Any, **_: Any) -> Any:
        function = len(arguments) == 1 and callable(arguments[0])
        return arguments[0] if function else self  # as a decorator it leaves what it is above

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_: object) -> None:
        pass


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds those packages where they are not installed."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        known = fullname.partition(".")[0] in FOR_LOOKS
        return importlib.machinery.ModuleSpec(fullname, self, is_package=True) if known else None

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        return _Silent(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        pass


def stand_in_for_the_notebook() -> None:
    """Let an exported notebook call `get_ipython().system(…)`, which does nothing, and any one `display`.

    What only shows something, and is not installed here, shows nothing; `tqdm.notebook` shows as in a terminal.
    """
    import tqdm
    import tqdm.notebook

    vars(builtins).update(get_ipython=lambda: _Silent("get_ipython"), display=print)
    sys.meta_path.append(_Finder())
    vars(tqdm.notebook).update(tqdm=tqdm.tqdm, trange=tqdm.trange)  # which needs widgets


def stand_in_for_names_txt(remarks: list[str]) -> None:
    """Let `open("names.txt")` find the names that are shipped, where there is no such file."""
    real, loading = io.open, (np.loadtxt, np.genfromtxt)

    def opened(file: Any, mode: str = "r", *arguments: Any, **options: Any) -> Any:
        missing = isinstance(file, str | os.PathLike) and not os.path.exists(file)
        if missing and os.path.basename(os.fspath(file)) == "names.txt" and mode in ("r", "rt", "rb"):
            remark = "there is no names.txt beside the file, so the 32,033 names that are shipped were read"
            remarks.extend([remark] if remark not in remarks else [])
            shipped = Path(str(files("bigramlab") / "names.txt"))
            file = shipped if shipped.is_file() else Path(bigramlab.__file__).parents[1] / "names.txt"
        return real(file, mode, *arguments, **options)

    def loaded(by: Callable[..., Any]) -> Callable[..., Any]:
        def load(file: Any, *arguments: Any, **options: Any) -> Any:
            """Open the file as above, and not in a way of NumPy's own."""
            if not isinstance(file, str | os.PathLike) or os.path.basename(os.fspath(file)) != "names.txt":
                return by(file, *arguments, **options)
            with opened(file) as lines:
                return by(lines, *arguments, **options)

        return load

    builtins.open = io.open = opened
    vars(np).update(loadtxt=loaded(loading[0]), genfromtxt=loaded(loading[1]))
