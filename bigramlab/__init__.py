"""How an autoregressive character model works, on 32,033 real names.

`bigramlab.chapters` lists the modules of `bigramlab.lessons` in the order in which to read them; every function is
importable from `bigramlab` itself.
"""

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bigramlab.public import *  # noqa: F403, all of it is public: that module lists what

    __version__: str

else:  # a checker of types would take any name for one of ours, typed wrong or not

    def __getattr__(name: str) -> Any:
        """Import all that is public when the first of it is asked for: a command that needs no torch begins at once."""
        if name == "__version__":  # it stands in pyproject.toml alone, and from there in what is installed
            from importlib.metadata import version

            return version("bigramlab")
        if name.startswith("_") and name != "__all__":
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        if find_spec(f"{__name__}.{name}"):  # of `from bigramlab import plain`, which is no reason to import all
            return import_module(f"{__name__}.{name}")
        public = import_module("bigramlab.public")
        globals().update({one: getattr(public, one) for one in ["__all__", *public.__all__]})
        try:
            return globals()[name]
        except KeyError:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None

    def __dir__() -> list[str]:
        return sorted({*globals(), *__getattr__("__all__")})
