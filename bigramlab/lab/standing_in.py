"""What stands in for what a file that is run elsewhere would have: the notebook's own functions, and names.txt."""

import builtins
import io
import os
from importlib.resources import files
from pathlib import Path
from typing import Any

import bigramlab

__all__ = ["stand_in_for_names_txt", "stand_in_for_the_notebook"]


def stand_in_for_the_notebook() -> None:
    """Let an exported notebook call `get_ipython().system(…)`, which does nothing, and any one `display`."""

    class Silent:
        def __getattr__(self, name: str) -> Any:
            return lambda *_, **__: None

    vars(builtins).update(get_ipython=Silent, display=print)


def stand_in_for_names_txt(remarks: list[str]) -> None:
    """Let `open("names.txt")` find the names that are shipped, where there is no such file."""
    real = io.open

    def opened(file: Any, mode: str = "r", *arguments: Any, **options: Any) -> Any:
        missing = isinstance(file, str | os.PathLike) and not os.path.exists(file)
        if missing and os.path.basename(os.fspath(file)) == "names.txt" and mode in ("r", "rt", "rb"):
            remark = "there is no names.txt beside the file, so the 32,033 names that are shipped were read"
            remarks[:] = [remark]
            shipped = Path(str(files("bigramlab") / "names.txt"))
            file = shipped if shipped.is_file() else Path(bigramlab.__file__).parents[1] / "names.txt"
        return real(file, mode, *arguments, **options)

    builtins.open = io.open = opened
