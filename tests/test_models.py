import pytest
import torch

from bigramlab import (
    Training,
    build_vocabulary,
    count_bigrams,
    init_mlp,
    load_names,
    mlp_probs,
    negative_log_likelihood,
    normalize,
    train_models,
)
from bigramlab.lessons import models as module
from bigramlab.lessons.models import choose_k

pytestmark = pytest.mark.usefixtures("unchecked")


def test_the_best_network_of_a_training_is_compared(monkeypatch):
    best = init_mlp(4, 2, embedding_size=1, hidden_sizes=(), generator=torch.Generator().manual_seed(0))
    monkeypatch.setattr(module, "train_mlp", lambda last, *_, **__: Training(last, best, [], []))
    *_, model = train_models(["anna", "nan"], ["hann"], context_lengths=[2])
    contexts = torch.tensor([[0, 1], [2, 3]])
    assert torch.equal(model.next_probs(contexts), mlp_probs(best, contexts))


def test_the_learned_table_comes_close_to_the_counted_one():
    names = load_names()
    counts = count_bigrams(names, build_vocabulary(names))
    assert negative_log_likelihood(counts, module._learn_bigrams(counts)) == pytest.approx(
        negative_log_likelihood(counts, normalize(counts)), abs=1e-3
    )


@pytest.mark.parametrize("words", [["a"], ["ab" * 20], ["aaaaaaaaaa", "b"]])
def test_a_table_of_few_letters_is_learned_too(words):
    counts = count_bigrams(words, build_vocabulary(words))
    best = negative_log_likelihood(counts, counts / counts.sum(dim=1, keepdim=True))
    assert negative_log_likelihood(counts, module._learn_bigrams(counts)) == pytest.approx(best, abs=1e-2)


def test_k_is_chosen_by_the_dev_words():
    counts = torch.tensor([[9, 1], [1, 9]])
    assert choose_k(counts, counts) == 0.01
    assert choose_k(counts, torch.tensor([[1, 1], [1, 1]])) == 10
