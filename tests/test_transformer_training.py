import math

import pytest
import torch

from bigramlab import (
    Block,
    Recipe,
    Transformer,
    adamw_step,
    init_mlp,
    init_transformer,
    load_mlp,
    load_transformer,
    save_mlp,
    save_transformer,
    train_transformer,
    transformer_logits,
)
from bigramlab.lessons import training
from bigramlab.lessons.mlp import pieces_of
from bigramlab.lessons.transformer_training import NOTHING, lay_out, score_words

WORDS = ["anna", "nan", "ann"] * 20
RECIPE = Recipe(steps=30, batch_size=8, learning_rate=0.02, weight_decay=0.1, dropout=(0.1, 0.1))


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def network(longest=6):
    return init_transformer(3, longest, width=8, layers=1, heads=2, generator=seeded())


def train(recipe=RECIPE, seed=1, **options):
    return train_transformer(network(), WORDS, ".an", recipe, generator=seeded(seed), progress=False, **options)


def numbers(parameters):
    return torch.cat([piece.flatten() for piece in pieces_of(parameters)])


def test_words_are_laid_out_with_the_boundary_in_front():
    ids, targets = lay_out(["an", ""], ".an", 6)
    assert ids.tolist() == [[0, 1, 2], [0, 0, 0]]
    assert targets.tolist() == [[1, 2, 0], [0, NOTHING, NOTHING]]


def test_a_loss_is_the_mean_of_all_that_came():
    ids, targets = lay_out(["an", ""], ".an", 6)
    log_probs = transformer_logits(network(), ids).log_softmax(dim=-1)
    expected = -(log_probs[0, 0, 1] + log_probs[0, 1, 2] + log_probs[0, 2, 0] + log_probs[1, 0, 0]) / 4
    assert score_words(network(), ids, targets) == pytest.approx(expected.item(), abs=1e-6)


def test_it_learns_and_leaves_the_start_alone():
    start = numbers(network()).clone()
    found = train(RECIPE._replace(steps=200))
    assert found.losses[-1] < 0.6 * found.losses[0]
    assert torch.equal(numbers(network()), start)
    assert not numbers(found.parameters).requires_grad


def test_the_same_seed_gives_the_same_and_another_does_not():
    one, other, third = train(), train(), train(seed=2)
    assert one.losses == other.losses != third.losses
    assert torch.equal(numbers(one.parameters), numbers(other.parameters))


def test_each_step_is_one_of_adamw():
    recipe = RECIPE._replace(steps=3, batch_size=len(WORDS), dropout=(), warm_up=0.0)
    found = train(recipe)
    pieces = [piece.clone().requires_grad_() for piece in pieces_of(network())]
    optimizer = torch.optim.AdamW(pieces, betas=(0.9, 0.99), weight_decay=recipe.weight_decay)
    ids, targets = lay_out(WORDS, ".an", 6)
    for step, noted in enumerate(found.losses):
        embedding, places, *block, gain, unembedding = pieces
        same = Transformer(embedding, places, (Block(*block),), gain, unembedding, 2)
        loss = torch.nn.functional.cross_entropy(
            transformer_logits(same, ids).flatten(0, 1), targets.flatten(), ignore_index=NOTHING
        )
        assert noted == pytest.approx(loss.item(), rel=1e-4)
        optimizer.zero_grad()
        loss.backward()
        optimizer.param_groups[0]["lr"] = recipe.learning_rate * (1 + math.cos(math.pi * step / 3)) / 2
        optimizer.step()
    assert torch.allclose(numbers(found.parameters), numbers(pieces), atol=1e-3)


def test_the_best_on_the_dev_words_is_kept():
    found = train(RECIPE._replace(steps=40), dev=["nana", "an"])
    assert len(found.dev_losses) == 20
    lowest = min(loss for _, loss in found.dev_losses)
    assert score_words(found.best, *lay_out(["nana", "an"], ".an", 6)) == pytest.approx(lowest, abs=1e-5)


def test_ctrl_c_keeps_what_was_learned(monkeypatch, capsys):
    def interrupted(*arguments, **options):
        if arguments[-1] > 3:
            raise KeyboardInterrupt
        return adamw_step(*arguments, **options)

    monkeypatch.setattr(training, "adamw_step", interrupted)
    found = train_transformer(network(), WORDS, ".an", RECIPE, generator=seeded())
    assert len(found.losses) == 4
    assert "stopped after 4 of 30 steps; what was learned is kept" in capsys.readouterr().out


def test_a_rate_that_is_too_large_is_refused():
    with pytest.raises(ValueError, match=r"the learning rate 300\.0 is too large"):
        train(RECIPE._replace(learning_rate=300.0, steps=300, dropout=()))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "there are no words"),
        (["annanna"], "'annanna' has 7 letters, which are 8 tokens with the '.' before it, but the network reads 6"),
        (["bob"], "'b'"),
    ],
)
def test_words_that_cannot_be_learned_are_refused(words, message):
    with pytest.raises((ValueError, LookupError), match=message):
        train_transformer(network(), words, ".an", RECIPE, progress=False)
    with pytest.raises((ValueError, LookupError), match=message):
        train_transformer(network(), WORDS, ".an", RECIPE, dev=words, progress=False)


@pytest.mark.usefixtures("unchecked")
def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="the vocabulary has 2 tokens, but the network knows 3"):
        train_transformer(network(), WORDS, ".a", RECIPE, progress=False)
    with pytest.raises(TypeError, match="parameters must be a Transformer"):
        train_transformer(init_mlp(3, 2), WORDS, ".an", RECIPE, progress=False)
    with pytest.raises(TypeError, match="did you mean"):
        train_transformer(network(), "anna", ".an", RECIPE, progress=False)


def test_a_file_gives_back_what_was_saved(tmp_path):
    path = tmp_path / "names.safetensors"
    save_transformer(path, network(), ".an", RECIPE)
    parameters, vocabulary, recipe = load_transformer(path)
    assert torch.equal(numbers(parameters), numbers(network()))
    assert (parameters.heads, vocabulary, recipe) == (2, ".an", RECIPE)
    assert [*tmp_path.iterdir()] == [path]


def test_pieces_that_share_their_numbers_can_be_saved(tmp_path):
    gain = torch.ones(8)
    shared = network()._replace(gain=gain, blocks=(network().blocks[0]._replace(attention_gain=gain),))
    save_transformer(tmp_path / "shared", shared, ".an")
    assert torch.equal(numbers(load_transformer(tmp_path / "shared")[0]), numbers(shared))


def test_files_of_another_kind_are_refused(tmp_path):
    path = tmp_path / "mlp.safetensors"
    save_mlp(path, init_mlp(3, 2), ".an")
    with pytest.raises(ValueError, match="is 'bigramlab MLP 1', and should be 'bigramlab Transformer 1'"):
        load_transformer(path)
    save_transformer(path, network(), ".an")
    with pytest.raises(ValueError, match="no such network"):
        load_mlp(path)
    with pytest.raises(FileNotFoundError, match="there is no file"):
        load_transformer(tmp_path / "nothing")
    with pytest.raises(ValueError, match="the vocabulary has 2 tokens"):
        save_transformer(path, network(), ".a")
