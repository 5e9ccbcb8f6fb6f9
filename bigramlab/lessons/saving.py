"""Keep a trained network in a file, with the vocabulary and the recipe that belong to it."""

import json
import os
import re
from collections.abc import Callable
from hashlib import sha256
from typing import Any

from torch import Tensor

from bigramlab.lessons.files import read_file, write_file
from bigramlab.lessons.inputs import require_path
from bigramlab.lessons.mlp import MLP, require_fit
from bigramlab.lessons.optimizing import Recipe, require_recipe
from bigramlab.lessons.training import Network

__all__ = ["load_mlp", "save_mlp"]

FORMAT = "bigramlab MLP 1"

UNSEALED = b'"sha256":"' + 64 * b"0" + b'"'
SEALED = re.compile(rb'"sha256":"[0-9a-f]{64}"')  # no text inside the file looks so: there, a quote has a backslash


def save_mlp(path: str | os.PathLike[str], parameters: MLP, vocabulary: str, recipe: Recipe = Recipe()) -> None:
    """Write the network into a safetensors file.

    The file is complete or is not there: it is written beside the old one, which it replaces at the end. It holds a
    checksum of itself, so that a file of which one bit has changed is not taken for another network.

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
        ValueError: If the vocabulary does not fit the network, or the recipe is impossible, or `path` is a folder, a
            pipe or a device.

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
    """Write the tensors of a network of some kind, and what belongs to them, into a file with a checksum."""
    from safetensors.torch import save

    recipe = require_recipe(recipe)
    require_path(path)
    about = {"format": kind, "vocabulary": vocabulary, "recipe": json.dumps(recipe._asdict()), "sha256": 64 * "0"}
    apart = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}  # share no memory
    folder, name = os.path.split(os.path.realpath(path))
    if not os.path.isdir(folder):
        raise FileNotFoundError(f"there is no folder {folder!r} to save {name!r} in; make it first")
    write_file(path, seal(save(apart, metadata=about | more)))


def seal(content: bytes) -> bytes:
    """Put the checksum of a file into it, in the place of so many zeros."""
    return content.replace(UNSEALED, UNSEALED.replace(64 * b"0", sha256(content).hexdigest().encode()), 1)


def _is_whole(content: bytes) -> bool:
    """Tell whether a file is what it becomes when it is sealed anew."""
    found = SEALED.search(content)
    return found is not None and seal(content.replace(found[0], UNSEALED, 1)) == content


def load_mlp(path: str | os.PathLike[str]) -> tuple[MLP, str, Recipe]:
    """Return the network of a file that `save_mlp` wrote, its vocabulary and its recipe.

    Args:
        path: The file.

    Returns:
        What was saved.

    Raises:
        FileNotFoundError: If there is no such file.
        TypeError: If `path` is no path.
        ValueError: If the file is none that `save_mlp` wrote, or has changed since, or its parts don't fit each other.

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
    require_path(path)
    if not os.path.exists(path):
        raise FileNotFoundError(f"there is no file {os.fspath(path)!r}; {writer} writes one")
    content = read_file(path)
    tensors, about = _parts_of(content, path)
    if about.get("format") != kind:
        raise ValueError(
            f"{os.fspath(path)!r} is no such network of bigramlab (its format is {about.get('format')!r}, and should "
            f"be {kind!r}); load a file that {writer} wrote"
        )
    if not _is_whole(content):
        raise ValueError(
            f"{os.fspath(path)!r} has changed since {writer} wrote it, or was written without a checksum; "
            "take another copy, or train the network and save it anew"
        )
    try:
        network = network_of(tensors, about)
        settings = json.loads(about["recipe"])
        recipe = require_recipe(Recipe(**settings | {"dropout": tuple(settings["dropout"])}))  # JSON knows no tuples
        require_fit(network, about["vocabulary"])
    except (KeyError, TypeError, IndexError, ValueError, RecursionError) as error:
        raise ValueError(f"the parts of {os.fspath(path)!r} don't fit each other ({error}); save it anew") from None
    return network, about["vocabulary"], recipe


def _parts_of(content: bytes, path: str | os.PathLike[str]) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Return the tensors of a safetensors file, and what its header says about them."""
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        tensors = load(content)
    except (SafetensorError, KeyError) as error:  # a KeyError is a kind of numbers that torch lacks
        raise ValueError(f"{os.fspath(path)!r} is no safetensors file, or is damaged ({error}); save it anew") from None
    # What could be read is a length of eight bytes, a header in JSON, which is not deep, and the numbers.
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    return tensors, header.get("__metadata__") or {}
