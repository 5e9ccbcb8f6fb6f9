"""What stands on the home page: models that look back, slips to find, and how to get the project."""

import base64
import json
import math
import re

import pytest
import torch
from tools import getting, keeping, looking, looking_back, slips

import bigramlab
from bigramlab import MLP
from bigramlab.lessons.mlp import pieces_of


def test_the_further_back_a_model_looks_the_lower_its_loss():
    losses = [model["loss"] for model in looking_back.kept()]
    assert losses == sorted(losses, reverse=True)
    assert losses[0] < math.log(27)


def test_what_is_kept_of_the_models_is_of_the_code_as_it_is():
    kept = json.loads(looking_back.KEPT.read_text(encoding="utf-8"))
    assert kept["key"] == keeping.key_of_training("tools.looking_back")


def test_all_weights_of_the_page_stay_below_100_kb():
    assert sum(len(model.get("bytes", model.get("counts"))) for model in looking_back.kept()) < 100_000


def unpacked(model):
    """The pieces of a network, as the page reads them: bytes, and the step of each piece."""
    left = torch.frombuffer(bytearray(base64.b64decode(model["bytes"])), dtype=torch.int8)
    pieces = torch.split(left, [n for n, _ in model["steps"]])
    return [piece * step for piece, (_, step) in zip(pieces, model["steps"], strict=True)]


@pytest.mark.parametrize("place", [2, 3])
def test_the_loss_is_that_of_the_bytes_that_are_shipped(place):
    model, size = looking_back.kept()[place], 27
    inputs, hidden = model["length"] * model["embedding"], model["hidden"]
    shapes = [(size, model["embedding"]), (inputs, hidden), (hidden, size), (hidden,), (size,)]
    embedding, first, second, *biases = (
        piece.view(shape) for piece, shape in zip(unpacked(model), shapes, strict=True)
    )
    network = MLP(embedding, (first, second), tuple(biases))
    names = bigramlab.load_names()
    test = bigramlab.split_words(names, generator=torch.Generator().manual_seed(looking_back.SEED))[2]
    examples = bigramlab.build_contexts(test, bigramlab.build_vocabulary(names), model["length"])
    loss = bigramlab.score_contexts(lambda contexts: bigramlab.mlp_probs(network, contexts), *examples)
    assert model["loss"] == pytest.approx(loss, abs=1e-5)


def test_cut_to_bytes_a_network_is_nearly_what_it_was():
    pieces = pieces_of(looking.transformer())
    for piece, cut in zip(pieces, unpacked(looking_back.kept()[4]), strict=True):
        assert (piece.flatten() - cut).abs().max() <= 0.51 * piece.abs().max() / looking_back.BYTE


def test_without_scripts_there_is_a_row_of_names_for_each_model():
    fallback = looking_back.back().split(">", 2)[2]
    assert len(re.findall("<tr><td>", fallback)) == len(looking_back.kept()) == 5
    assert fallback.count("<code>") == 5 * looking_back.LISTED


@pytest.mark.slow
def test_what_is_kept_of_the_slips_is_of_the_code_as_it_is():
    assert json.loads(slips.KEPT.read_text(encoding="utf-8"))["key"] == slips.key()


@pytest.mark.slow
def test_the_first_report_is_what_check_says_now():
    def told(report):  # on a busy machine, fewer inputs are tried
        return re.sub(r"On \d+ inputs", "On some inputs", json.dumps(report))

    assert told(slips._report(slips.SLIPS[0])) == told(slips.reports()[0])


@pytest.mark.slow
def test_a_slip_of_another_kind_than_it_should_be_is_noticed():
    right = slips.SLIPS[0]._replace(code="def smooth(counts, k=1):\n    return counts + k")
    with pytest.raises(RuntimeError, match=f"should be known as {right.mistake}, not as nothing"):
        slips._report(right)


@pytest.mark.parametrize("slip", slips.SLIPS, ids=lambda slip: slip.function)
def test_a_slip_is_short_and_its_line_is_code(slip):
    lines = slip.code.splitlines()
    assert len(lines) < 10
    assert lines[slip.line].strip()
    assert slip.line > 0


@pytest.mark.parametrize(
    ("edit_uri", "address"),
    [
        ("https://example.org/some/one/edit/main/docs/", "https://example.org/some/one"),
        ("https://example.org/some/one/-/edit/main/docs/", "https://example.org/some/one"),
        ("https://example.org/some/one/_edit/main/docs/", ""),
        ("", ""),
    ],
)
def test_the_repository_is_where_its_pages_are_edited(edit_uri, address):
    assert getting.repository(edit_uri) == address
    line = getting.install(edit_uri)
    clone = f"git clone {address} bigramlab && cd bigramlab && python3 -m venv"
    assert clone in line if address else "git clone" not in line
