"""Keep a trained network in a file, with the vocabulary and the recipe that belong to it."""

import json
import os
from collections.abc import Callable
from pathlib import Path

from torch import Tensor

from bigramlab.lessons.mlp import MLP, require_fit
from bigramlab.lessons.optimizing import Recipe, require_recipe
from bigramlab.lessons.training import Network

__all__ = ["load_mlp", "save_mlp"]

FORMAT = "bigramlab MLP 1"


def save_mlp(path: str | os.PathLike[str], parameters: MLP, vocabulary: str, recipe: Recipe = Recipe()) -> None:
    """Write the network into a safetensors file.

    The file is complete or is not there: it is written beside the old one, which it replaces at the end.

    Args:
        path: Where to, such as `"names.safetensors"`.
        parameters: The network.
        vocabulary: The token of each id.
        recipe: How it was trained.

    Returns:
        Nothing.

    Raises:
        TypeError: If an argument is of the wrong kind.
        OSError: If the file can't be written.
        ValueError: If the vocabulary does not fit the network, or the recipe is impossible.

    Examples:
        >>> import pathlib, tempfile
        >>> path = pathlib.Path(tempfile.mkdtemp(), "tiny.safetensors")
        >>> save_mlp(path, init_mlp(3, context_length=2), ".ab", Recipe(steps=100))
        >>> path.is_file()
        True
    """
    require_fit(parameters, vocabulary)
    tensors = {"embedding": parameters.embedding}
    for number, (weight, bias) in enumerate(zip(parameters.weights, parameters.biases, strict=True)):
        tensors |= {f"weight{number}": weight, f"bias{number}": bias}
    write(path, FORMAT, tensors, vocabulary, recipe)


def write(
    path: str | os.PathLike[str], kind: str, tensors: dict[str, Tensor], vocabulary: str, recipe: Recipe, **more: str
) -> None:
    """Write the tensors of a network of some kind beside the file, and then in its place."""
    from safetensors.torch import save

    require_recipe(recipe)
    about = {"format": kind, "vocabulary": vocabulary, "recipe": json.dumps(recipe._asdict()), **more}
    content = save(
        {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}, metadata=about
    )
    path = Path(os.path.realpath(path))
    if not path.parent.is_dir():
        raise FileNotFoundError(
            f"there is no folder {os.fspath(path.parent)!r} to save {path.name!r} in; make it first"
        )
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with beside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def load_mlp(path: str | os.PathLike[str]) -> tuple[MLP, str, Recipe]:
    """Return the network of a file that `save_mlp` wrote, its vocabulary and its recipe.

    Args:
        path: The file.

    Returns:
        What was saved.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is none that `save_mlp` wrote, or its parts don't fit each other.

    Examples:
        >>> import pathlib, tempfile
        >>> path = pathlib.Path(tempfile.mkdtemp(), "tiny.safetensors")
        >>> save_mlp(path, init_mlp(3, context_length=2), ".ab")
        >>> parameters, vocabulary, recipe = load_mlp(path)
        >>> vocabulary, parameters.context_length
        ('.ab', 2)
    """
    return read(path, FORMAT, _network_of, require_fit, "save_mlp")


def _network_of(tensors: dict[str, Tensor], about: dict[str, str]) -> MLP:
    layers = range((len(tensors) - 1) // 2)
    weights, biases = (tuple(tensors[f"{kind}{number}"] for number in layers) for kind in ("weight", "bias"))
    return MLP(tensors["embedding"], weights, biases)


def read(
    path: str | os.PathLike[str],
    kind: str,
    network_of: Callable[[dict[str, Tensor], dict[str, str]], Network],
    require_fit: Callable[[Network, str], None],
    writer: str,
) -> tuple[Network, str, Recipe]:
    """Return the network of a file of that kind, its vocabulary and its recipe."""
    from safetensors import SafetensorError, safe_open

    if not Path(path).is_file():
        raise FileNotFoundError(f"there is no file {os.fspath(path)!r}; {writer} writes one")
    try:
        with safe_open(path, framework="pt") as file:
            about = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (a file can't be iterated)
    except SafetensorError as error:
        raise ValueError(f"{os.fspath(path)!r} is no safetensors file, or is damaged ({error}); save it anew") from None
    if about.get("format") != kind:
        raise ValueError(
            f"{os.fspath(path)!r} is no such network of bigramlab (its format is {about.get('format')!r}, and should "
            f"be {kind!r}); load a file that {writer} wrote"
        )
    try:
        network = network_of(tensors, about)
        settings = json.loads(about["recipe"])
        recipe = Recipe(**settings | {"dropout": tuple(settings["dropout"])})  # JSON knows no tuples
        require_recipe(recipe)
        require_fit(network, about["vocabulary"])
    except (KeyError, TypeError, IndexError, ValueError) as error:
        raise ValueError(f"the parts of {os.fspath(path)!r} don't fit each other ({error}); save it anew") from None
    return network, about["vocabulary"], recipe
