import math
from itertools import pairwise

import pytest
import torch
import torch.nn.functional as F  # noqa: N812 (as everyone calls it)

from bigramlab import MLP, check, mlp_probs

pytestmark = pytest.mark.slow  # each looks for a cause among all


def hot(logits, targets):
    return F.one_hot(targets, logits.shape[1]).float()


def picked(logits, targets):
    return F.log_softmax(logits, 1)[torch.arange(len(targets)), targets]


LOSSES = {
    "squared_error_of_all_shares": lambda x, t: F.mse_loss(F.softmax(x, 1), hot(x, t)),
    "squared_error_of_each_row": lambda x, t: ((F.softmax(x, 1) - hot(x, t)) ** 2).sum(1).mean(),
    "binary_of_logits": lambda x, t: F.binary_cross_entropy_with_logits(x, hot(x, t)),
    "misses_counted": lambda x, t: (x.argmax(1) != t).float().mean(),
    "log_of_the_sum_forgotten": lambda x, t: (x.exp().sum(1) - x[torch.arange(len(t)), t]).mean(),
    "margin": F.multi_margin_loss,
    "weighed_by_the_squared_miss": lambda x, t: -((1 - picked(x, t).exp()) ** 2 * picked(x, t)).mean(),
    "tokens_weighed_alike": lambda x, t: F.cross_entropy(
        x, t, weight=1 / t.bincount(minlength=x.shape[1]).clamp(min=1)
    ),
    "boundary_weighed_0.1": lambda x, t: F.cross_entropy(x, t, weight=1 - 0.9 * torch.eye(x.shape[1])[0]),
    "boundary_targets_made_0": lambda x, t: -(picked(x, t) * (t != 0)).mean(),
    "held_above_10": lambda x, t: -picked(x, t).exp().clamp(min=10).log().mean(),
    "first_loss_divided": lambda x, t: -picked(x, t)[0] / len(t),
}


@pytest.mark.parametrize(("slip", "loss"), LOSSES.items(), ids=LOSSES)
def test_another_loss_is_named(slip, loss):
    assert check(lambda logits, targets: loss(logits, targets.long()), "cross_entropy").diagnosis.mistake.name == slip


def by_batches(size, of_all):
    def score_contexts(next_probs, contexts, targets):
        batches = zip(contexts.split(size), targets.split(size), strict=True)
        losses = [-next_probs(c)[torch.arange(len(t)), t.long()].log() for c, t in batches]
        return float(of_all(losses))

    return score_contexts


@pytest.mark.parametrize(
    ("function", "slip"),
    [
        (by_batches(32, lambda losses: torch.stack([one.mean() for one in losses]).mean()), "averaged"),
        (by_batches(64, lambda losses: losses[-1].mean()), "only_the_last_batch"),
        (by_batches(32, lambda losses: losses[0].mean()), "only_the_first_32"),
    ],
)
def test_what_is_wrong_with_batches_is_named(function, slip):
    assert slip in check(function, "score_contexts").diagnosis.mistake.name


def test_contexts_that_are_scored_once_however_often_they_come_are_told():
    def score_contexts(next_probs, contexts, targets):
        rows = contexts.tolist()
        first = [i for i, row in enumerate(rows) if row not in rows[:i]]
        return -next_probs(contexts[first])[range(len(first)), targets[first].long()].log().mean().item()

    assert check(score_contexts).diagnosis.mistake.name == "each_context_once"


def descent(way):
    def train_neural_bigram(counts, *, steps=1500, learning_rate=50, weight_penalty=0.0, weights=None):
        weights = torch.zeros(counts.shape) if weights is None else weights.detach().clone()
        weights, losses = weights.requires_grad_(), []
        optimizer = way([weights], learning_rate, weight_penalty)

        def loss_of():
            return -(counts / counts.sum() * weights.log_softmax(1)).sum() + weight_penalty * (weights**2).mean()

        for _ in range(steps):
            optimizer.zero_grad()
            (loss_of() if isinstance(optimizer, torch.optim.Adam) else loss_of_data(counts, weights)).backward()
            optimizer.step()
            losses.append(loss_of().item())
        return weights.detach(), losses

    return train_neural_bigram


def loss_of_data(counts, weights):
    return -(counts / counts.sum() * weights.log_softmax(1)).sum()


@pytest.mark.parametrize(
    ("way", "slip"),
    [
        (lambda pieces, rate, penalty: torch.optim.Adam(pieces, lr=rate), "adam_for_the_gradient"),
        (lambda pieces, rate, penalty: torch.optim.SGD(pieces, lr=rate, weight_decay=penalty), "pull_of_weight_decay"),
    ],
)
def test_a_step_of_torchs_optimizers_is_named_though_rounding_may_decide_where_adam_goes(way, slip):
    assert check(descent(way), "train_neural_bigram").diagnosis.mistake.name == slip


def risen(step, recipe):
    return min(1.0, (step + 1) / (recipe.warm_up * recipe.steps)) if recipe.warm_up else 1.0


@pytest.mark.parametrize(
    ("rate", "slip"),
    [
        (lambda step, recipe: 0.1 if step < recipe.steps / 2 else 0.01, "rates_of_the_lecture"),
        (
            lambda step, recipe: (
                recipe.learning_rate * risen(step, recipe) * (1 + math.cos(math.pi * step / recipe.steps)) / 2
            ),
            "falls_while_it_rises",
        ),
    ],
)
def test_another_way_of_the_rate_is_named(rate, slip):
    assert check(rate, "learning_rate_at").diagnosis.mistake.name == slip


def typed_in(step, recipe):
    recipe = recipe._replace(learning_rate=0.003)
    rising = recipe.warm_up * recipe.steps
    if step < rising:
        return recipe.learning_rate * min(1.0, (step + 1) / rising)
    return recipe.learning_rate * (1 + math.cos(math.pi * (step - rising) / (recipe.steps - rising))) / 2


def test_what_is_typed_in_for_a_part_of_the_recipe_is_told_with_its_number():
    assert "does as if it were 0.003" in check(typed_in, "learning_rate_at").diagnosis.mistake.wrong


def test_what_is_wrong_in_few_calls_is_not_said_to_be_rough_everywhere():
    function = by_batches(4000, lambda losses: losses[0].mean())  # a size that no slip knows
    assert check(function, "score_contexts").diagnosis.mistake.name != "nearly_right"


def divides_in_place(logits):
    shares = logits.exp()
    shares /= shares.sum(-1, keepdim=True)
    return shares


def test_a_value_that_the_gradient_needs_and_is_changed_is_told_however_small_the_first_calls_are():
    assert check(divides_in_place, "softmax").diagnosis.mistake.name == "needed_value_changed"


def turned(vocab_size, context_length, *, embedding_size=24, hidden_sizes=(256, 128), generator=None, alike=False):
    sizes = [context_length * embedding_size, *hidden_sizes, vocab_size]
    weights = [
        torch.randn((a, 1 if alike else b), generator=generator).expand(a, b) * math.sqrt(2 / a)
        for a, b in pairwise(sizes)
    ]
    weights[-1] = weights[-1] / 10
    embedding = torch.randn((vocab_size, embedding_size), generator=generator)
    biases = tuple(torch.zeros(size) for size in sizes[1:])
    return MLP(embedding, tuple(weights if alike else (one.T for one in weights)), biases)


def alike(vocab_size, context_length, *, embedding_size=24, hidden_sizes=(256, 128), generator=None):
    sizes = {"embedding_size": embedding_size, "hidden_sizes": hidden_sizes}
    return turned(vocab_size, context_length, **sizes, generator=generator, alike=True)


@pytest.mark.parametrize(("function", "slip"), [(turned, "matrices_transposed"), (alike, "hidden_numbers_alike")])
def test_what_the_matrices_of_a_new_network_are_is_told(function, slip):
    assert check(function, "init_mlp").diagnosis.mistake.name == slip


def contexts_with(ends=".", note=lambda context, id: context, made=lambda rows, vocabulary: torch.tensor(rows)):
    def build_contexts(words, vocabulary, context_length):
        contexts, targets = [], []
        for word in words:
            context = [0] * context_length
            for letter in word + (ends or "." * context_length):
                id = vocabulary.index(letter)
                contexts.append(note(context, id))
                targets.append(id)
                context = [*context[1:], id]
        return made(contexts, vocabulary), torch.tensor(targets)

    return build_contexts


def shifted_ids(words, vocabulary, context_length):
    ids = {letter: place + 1 for place, letter in enumerate(vocabulary)}
    contexts, targets = [], []
    for word in words:
        context = [0] * context_length
        for letter in word + ".":
            contexts.append(context)
            targets.append(ids[letter])
            context = [*context[1:], ids[letter]]
    return torch.tensor(contexts), torch.tensor(targets)


def filled_up_behind(words, vocabulary, context_length):
    contexts, targets = [], []
    for word in words:
        ids = [0, *(vocabulary.index(letter) for letter in word), 0]
        for place in range(1, len(ids)):
            seen = ids[max(0, place - context_length) : place]
            contexts.append(seen + [0] * (context_length - len(seen)))
            targets.append(ids[place])
    return torch.tensor(contexts), torch.tensor(targets)


def noted_late(words, vocabulary, context_length):
    contexts, targets = [], []
    for word in words:
        context = [0] * context_length
        for letter in word + ".":
            id = vocabulary.index(letter)
            context = [*context[1:], id]
        contexts.append(context)
        targets.append(id)
    return torch.tensor(contexts), torch.tensor(targets)


@pytest.mark.parametrize(
    ("function", "slip"),
    [
        (shifted_ids, "ids_from_1"),
        (filled_up_behind, "padded_behind_the_letters"),
        (noted_late, "noted_after_the_loop"),
        (contexts_with(ends=""), "as_many_ends_as_the_context"),
        (contexts_with(note=lambda context, id: id), "targets_for_contexts"),
        (
            contexts_with(made=lambda rows, vocabulary: torch.eye(len(vocabulary))[torch.tensor(rows)]),
            "one_hot_contexts",
        ),
    ],
)
def test_what_is_wrong_with_the_contexts_is_named(function, slip):
    assert check(function, "build_contexts").diagnosis.mistake.name == slip


def adds_what_went_in(parameters, contexts):
    hidden = parameters.embedding[contexts.long()].flatten(1)
    for weight, bias in zip(parameters.weights[:-1], parameters.biases[:-1], strict=True):
        made = F.silu(hidden @ weight + bias)
        hidden = made + hidden if made.shape == hidden.shape else made
    return hidden @ parameters.weights[-1] + parameters.biases[-1]


def test_a_residual_connection_is_seen_and_named():
    assert check(adds_what_went_in, "mlp_logits").diagnosis.mistake.name == "added_to_what_goes_in"


def stops_at(most):
    def sample_mlp_words(parameters, vocabulary, n, *, generator=None):
        words = []
        for _ in range(n):
            context, word = [0] * parameters.context_length, ""
            while len(word) < most:
                probs = mlp_probs(parameters, torch.tensor([context]))
                id = int(torch.multinomial(probs, 1, generator=generator))
                if not id:
                    break
                context, word = [*context[1:], id], word + vocabulary[id]
            words.append(word)
        return words

    return sample_mlp_words


def test_a_network_s_words_may_be_long():
    report = check(stops_at(20), "sample_mlp_words")
    assert "cut off after 20 steps" in report.diagnosis.mistake.wrong
    assert check(stops_at(1000), "sample_mlp_words")
