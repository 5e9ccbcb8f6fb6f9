import os
import socket
import stat
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from bigramlab import MLP, Recipe, build_contexts, init_mlp, load_mlp, save_mlp, train_mlp
from bigramlab.lessons.saving import seal

pytestmark = pytest.mark.usefixtures("unchecked")


def network(seed=0, hidden_sizes=(5, 4)):
    generator = torch.Generator().manual_seed(seed)
    return init_mlp(3, 2, embedding_size=3, hidden_sizes=hidden_sizes, generator=generator)


def pieces(parameters):
    return [parameters.embedding, *parameters.weights, *parameters.biases]


def same(one, other):
    return all(map(torch.equal, pieces(one), pieces(other)))


def socket_at(path):
    with socket.socket(socket.AF_UNIX) as open_one:
        open_one.bind(os.fspath(path))


def device_at(path):
    os.mknod(path, stat.S_IFCHR | 0o600, os.makedev(1, 5))  # zeros without end


@pytest.mark.parametrize("hidden_sizes", [(), (5,), (5, 4, 3)])
def test_what_is_saved_is_loaded(tmp_path, hidden_sizes):
    parameters, recipe = (
        network(hidden_sizes=hidden_sizes),
        Recipe(steps=7, learning_rate=0.25, dropout=(0.5, 0.25, 0.0)),
    )
    assert save_mlp(tmp_path / "a.safetensors", parameters, ".aé\U0001f600"[:3], recipe) is None
    loaded, vocabulary, its_recipe = load_mlp(str(tmp_path / "a.safetensors"))
    assert isinstance(loaded, MLP)
    assert same(loaded, parameters)
    assert vocabulary == ".aé"
    assert its_recipe == recipe
    assert isinstance(its_recipe.dropout, tuple)
    assert os.listdir(tmp_path) == ["a.safetensors"]


def test_a_trained_network_is_saved_whose_pieces_share_their_memory(tmp_path):
    examples = build_contexts(["ab"], ".ab", 2)
    trained = train_mlp(network(), *examples, Recipe(steps=3), progress=False).parameters
    save_mlp(tmp_path / "a", trained, ".ab")
    assert same(load_mlp(tmp_path / "a")[0], trained)
    save_mlp(tmp_path / "a", MLP(*[trained[0].requires_grad_(), *trained[1:]]), ".ab")
    assert not load_mlp(tmp_path / "a")[0].embedding.requires_grad


def fail(*_, **__):
    raise KeyboardInterrupt


@pytest.mark.parametrize("where", ["replace", "fsync"])
def test_an_interrupted_save_leaves_the_old_file(tmp_path, monkeypatch, where):
    path = tmp_path / "a.safetensors"
    save_mlp(path, network(seed=1), ".ab")
    monkeypatch.setattr(os, where, fail)
    with pytest.raises(KeyboardInterrupt):
        save_mlp(path, network(seed=2), ".ab")
    assert same(load_mlp(path)[0], network(seed=1))
    assert os.listdir(tmp_path) == ["a.safetensors"]


def test_a_full_disk_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "a.safetensors"
    save_mlp(path, network(seed=1), ".ab")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        save_mlp(path, network(seed=2), ".ab")
    assert same(load_mlp(path)[0], network(seed=1))
    assert os.listdir(tmp_path) == ["a.safetensors"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such permissions")
def test_a_new_file_has_the_usual_permissions(tmp_path):
    (tmp_path / "usual").touch()
    save_mlp(tmp_path / "a", network(), ".ab")
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == stat.S_IMODE((tmp_path / "usual").stat().st_mode)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows lets few make links")
def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "a")
    save_mlp(tmp_path / "link", network(), ".ab")
    assert (tmp_path / "link").is_symlink()
    assert same(load_mlp(tmp_path / "a")[0], network())


@pytest.mark.parametrize("make", [os.mkdir, getattr(os, "mkfifo", None), socket_at, device_at])
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files")
def test_what_is_no_file_is_refused_at_once_and_left_alone(tmp_path, make):
    path = tmp_path / "a.safetensors"
    try:
        make(path)
    except PermissionError:
        pytest.skip("only root makes devices")
    kind = path.stat().st_mode
    for attempt in (lambda: load_mlp(path), lambda: save_mlp(path, network(), ".ab")):
        with pytest.raises(ValueError, match=r"a\.safetensors' is a (folder|pipe|socket|device); give the path"):
            attempt()
    assert path.stat().st_mode == kind
    assert os.listdir(tmp_path) == ["a.safetensors"]


@pytest.mark.parametrize("path", [None, 1, b"a", ["a"]])
def test_what_is_no_path_is_refused(path):
    for attempt in (lambda: load_mlp(path), lambda: save_mlp(path, network(), ".ab")):
        with pytest.raises(TypeError, match=r"path must be the name of a file such as 'words.txt', got"):
            attempt()


def test_what_does_not_fit_is_not_saved(tmp_path):
    path = tmp_path / "a"
    with pytest.raises(
        ValueError, match=r"the vocabulary has 4 tokens, but the network knows 3; use the vocabulary that it"
    ):
        save_mlp(path, network(), ".abc")
    with pytest.raises(ValueError, match="steps is 0"):
        save_mlp(path, network(), ".ab", Recipe(steps=0))
    with pytest.raises(TypeError, match="parameters must be an MLP"):
        save_mlp(path, {"embedding": torch.ones(3, 3)}, ".ab")
    with pytest.raises(FileNotFoundError, match=r"there is no folder '.*nowhere' to save 'a' in; make it first"):
        save_mlp(tmp_path / "nowhere" / "a", network(), ".ab")
    assert os.listdir(tmp_path) == []


def test_a_missing_file_is_missing(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"there is no file '.*a.safetensors'; save_mlp writes one"):
        load_mlp(tmp_path / "a.safetensors")


@pytest.mark.parametrize("kept", [0, 4, 100, -1])
def test_a_damaged_file_is_refused(tmp_path, kept):
    path = tmp_path / "a.safetensors"
    save_mlp(path, network(), ".ab")
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(
        ValueError, match=r"'.*a.safetensors' is no safetensors file, or is damaged \(.*\); save it anew"
    ):
        load_mlp(path)


def test_a_foreign_file_is_refused(tmp_path):
    from safetensors.torch import save_file

    path = tmp_path / "a.safetensors"
    save_file({"embedding": torch.ones(3, 3)}, path)
    with pytest.raises(
        ValueError, match=r"is no such network of bigramlab \(its format is None, and should be 'bigramlab MLP 1'\)"
    ):
        load_mlp(path)


def changed(parameters, vocabulary=".ab", recipe='{"dropout": []}', **tensors):
    from safetensors.torch import save

    every = {"embedding": parameters.embedding}
    for number, (weight, bias) in enumerate(zip(parameters.weights, parameters.biases, strict=True)):
        every |= {f"weight{number}": weight, f"bias{number}": bias}
    about = {"format": "bigramlab MLP 1", "vocabulary": vocabulary, "recipe": recipe, "sha256": 64 * "0"}
    every = {name: tensor for name, tensor in (every | tensors).items() if tensor is not None}
    return seal(save(every, metadata={key: value for key, value in about.items() if value is not None}))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"vocabulary": ".abc"}, "the vocabulary has 4 tokens, but the network knows 3"),
        ({"vocabulary": ".aa"}, "the vocabulary repeats 'a'"),
        ({"vocabulary": None}, "'vocabulary'"),
        ({"recipe": None}, "'recipe'"),
        ({"recipe": "{"}, "Expecting property name"),
        ({"recipe": "[]"}, "list indices"),
        ({"recipe": "[" * 100_000}, "maximum recursion depth exceeded"),
        ({"recipe": '{"dropout": [], "speed": 1}'}, "unexpected keyword argument 'speed'"),
        ({"recipe": '{"dropout": [], "steps": -1}'}, "steps is -1"),
        ({"embedding": None}, "'embedding'|don't fit each other"),
        ({"weight1": None}, "weight1"),
        ({"weight1": torch.ones(9, 9)}, "the network's pieces have the shapes"),
        ({"bias0": torch.ones(9)}, "the network's pieces have the shapes"),
        ({"weight0": torch.ones(7, 5)}, "the network's pieces have the shapes"),
        ({"embedding": torch.ones(3)}, "the network's pieces have the shapes"),
        ({"embedding": torch.ones(3, 3).long()}, "must be tensors of floats"),
    ],
)
def test_a_file_whose_parts_do_not_fit_is_refused(tmp_path, change, message):
    path = tmp_path / "a.safetensors"
    path.write_bytes(changed(network()))
    assert same(load_mlp(path)[0], network())
    path.write_bytes(changed(network(), **change))
    with pytest.raises(ValueError, match=rf"the parts of '.*a.safetensors' don't fit each other \(.*({message})"):
        load_mlp(path)


@pytest.mark.parametrize("bits", [range(1), pytest.param(range(1, 8), marks=pytest.mark.slow)])
def test_a_file_of_which_any_bit_has_changed_is_refused(tmp_path, bits):
    path = tmp_path / "a.safetensors"
    save_mlp(path, init_mlp(2, 1, embedding_size=1, hidden_sizes=()), ".\x1f")  # which JSON writes as four digits
    whole = path.read_bytes()
    assert load_mlp(path)[1] == ".\x1f"
    for position in range(len(whole)):
        for bit in bits:
            path.write_bytes(whole[:position] + bytes([whole[position] ^ (1 << bit)]) + whole[position + 1 :])
            with pytest.raises(ValueError, match=r"a\.safetensors' (is|has)"):
                load_mlp(path)


def test_a_file_without_a_checksum_is_refused(tmp_path):
    path = tmp_path / "a.safetensors"
    path.write_bytes(changed(network()).replace(b'"sha256":', b'"sha255":'))
    with pytest.raises(ValueError, match=r"has changed since save_mlp wrote it, or was written without a checksum"):
        load_mlp(path)


@pytest.mark.parametrize("header", [b"[" * 100_000, b'{"__metadata__":' * 50_000, b'{"a":' * 100 + b"1" + b"}" * 100])
def test_a_header_without_end_is_refused(tmp_path, header):
    path = tmp_path / "a.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header)
    with pytest.raises(ValueError, match=r"a\.safetensors' is no safetensors file, or is damaged"):
        load_mlp(path)


@pytest.mark.slow
def test_threads_that_save_and_load_on_one_path_see_whole_files(tmp_path):
    path, networks = tmp_path / "a.safetensors", [network(seed) for seed in range(4)]
    save_mlp(path, networks[0], ".ab")

    def save_and_load(mine):
        loaded = []
        for _ in range(50):
            save_mlp(path, mine, ".ab")
            loaded += [load_mlp(path)[0] for _ in range(3)]
        return loaded

    with ThreadPoolExecutor(4) as threads:
        loaded = [one for some in threads.map(save_and_load, networks) for one in some]
    assert len(loaded) == 600
    assert all(any(same(one, other) for other in networks) for one in loaded)
    assert os.listdir(tmp_path) == ["a.safetensors"]
