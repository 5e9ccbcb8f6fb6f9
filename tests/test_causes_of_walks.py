"""What a walk is drawn from and how long it may be, what is typed in, and which axis is meant: slips that are named."""

import pytest
import torch
from matplotlib.figure import Figure
from torch.nn import functional

import bigramlab
from bigramlab import check

pytestmark = pytest.mark.slow


def walked(probs, generator, change=lambda row: row):
    ids = []
    while not ids or ids[-1]:
        row = change(probs[ids[-1] if ids else 0])
        ids.append(int(torch.multinomial(row, 1, generator=generator)))
    return ids


def drawn_again(probs, *, generator=None, least=3):
    while len(ids := walked(probs, generator)) <= least:
        pass
    return torch.tensor(ids)


def likeliest_three(probs, *, generator=None):
    def cut(row):
        kept = row.topk(min(3, len(row)))
        return torch.zeros_like(row).scatter(0, kept.indices, kept.values)

    return torch.tensor(walked(probs, generator, cut))


def sharper(probs, *, generator=None):
    return torch.tensor(walked(probs, generator, lambda row: row ** (1 / 0.8)))


def words_of(ids, vocabulary):
    return "".join(vocabulary[id] for id in ids).split(".")


def two_letters_at_least(probs, vocabulary, n, *, generator=None):
    return [words_of(drawn_again(probs, generator=generator, least=2), vocabulary)[0] for _ in range(n)]


def n_tokens(probs, vocabulary, n, *, generator=None):
    ids = [0]
    for _ in range(n):
        ids.append(int(torch.multinomial(probs[ids[-1]], 1, generator=generator)))
    return words_of(ids[1:], vocabulary)


def first_drawn_alone(probs, vocabulary, n, *, generator=None):
    words = []
    for id in torch.multinomial(probs[0], n, replacement=True, generator=generator).tolist() if n else []:
        word, current = "", id
        while current and len(word) < 40:
            word, current = word + vocabulary[current], int(probs[current].argmax())
        words.append(word)
    return words


def from_the_last_letter(probs, vocabulary, n, *, generator=None):
    words, current = [], 0
    for _ in range(n):
        word = ""
        while id := int(torch.multinomial(probs[current], 1, generator=generator)):
            word, current = word + vocabulary[id], id
        words.append(word)
    return words


def all_different(probs, vocabulary, n, *, generator=None):
    words = bigramlab.sample_words(probs, vocabulary, 20 * n, generator=generator)
    return [*dict.fromkeys(words), *words][:n]


def shortest_first(probs, vocabulary, n, *, generator=None):
    return sorted(bigramlab.sample_words(probs, vocabulary, 2 * n, generator=generator), key=len)[:n]


@pytest.mark.parametrize(
    ("function", "name", "slip"),
    [
        (from_the_last_letter, "sample_words", "goes_on_from_the_last_letter"),
        (all_different, "sample_words", "no_word_twice"),
        (shortest_first, "sample_words", "sorted_by_length"),
        (drawn_again, "sample", "short_walks_thrown_away"),
        (likeliest_three, "sample", "only_the_three_likeliest_drawn"),
        (sharper, "sample", "temperature_left_in"),
        (two_letters_at_least, "sample_words", "short_walks_thrown_away"),
        (n_tokens, "sample_words", "n_tokens_for_n_words"),
        (first_drawn_alone, "sample_words", "only_the_first_token_drawn"),
    ],
)
def test_how_walks_and_words_are_drawn_is_named(function, name, slip):
    assert check(function, name).diagnosis.mistake.name == slip


def without_texts(table, vocabulary, **_):
    figure = Figure()
    axes = figure.add_subplot()
    axes.imshow(table.numpy())
    return figure


def test_a_picture_is_not_random_because_no_two_are_one():
    found = check(without_texts, "plot_bigrams").diagnosis
    assert found is None or found.mistake.name != "drawn_at_random"


def asks_twice(next_probs, vocabulary, n, *, context_length=1, choose=None, generator=None):
    def asked(probs):
        return choose(choose(probs)) if choose else probs

    return bigramlab.generate_words(
        next_probs, vocabulary, n, context_length=context_length, choose=asked, generator=generator
    )


def test_a_rule_that_is_asked_of_its_own_answer_is_told():
    assert check(asks_twice, "generate_words").diagnosis.mistake.name == "rule_asked_again"


def runs_on(n, batch_size, *, generator=None):
    left = torch.zeros(0, dtype=torch.int64)
    while True:
        while len(left) < batch_size:
            left = torch.cat([left, torch.randperm(n, generator=generator)])
        yield left[:batch_size]
        left = left[batch_size:]


def drops(n, batch_size, *, generator=None):
    while True:
        order = torch.randperm(n, generator=generator)
        for start in range(0, n - batch_size + 1, batch_size):
            yield order[start : start + batch_size]


@pytest.mark.parametrize(("function", "slip"), [(runs_on, "rounds_run_on"), (drops, "short_batch_dropped")])
def test_what_comes_of_a_short_batch_is_named(function, slip):
    assert check(function, "minibatches").diagnosis.mistake.name == slip


def sums_of_26(counts):
    return counts / counts[:, :26].sum(1, keepdim=True)


def four_heads(parameters, ids):
    x = parameters.embedding[ids] + parameters.places[: ids.shape[1]]
    for one in parameters.blocks:
        x = bigramlab.block(one, x, 4)
    return bigramlab.rms_norm(x, parameters.gain) @ parameters.unembedding


@pytest.mark.parametrize(
    ("function", "name", "say"),
    [
        (sums_of_26, "normalize", "The slice `counts[:, :26]` is typed in"),
        (four_heads, "transformer_logits", "with 4 heads, whatever"),
    ],
)
def test_what_is_typed_in_is_named(function, name, say):
    assert say in check(function, name).diagnosis.text()


def divided_down_the_columns(queries, keys):
    shares = (queries @ keys.mT / queries.shape[-1] ** 0.5).softmax(-1).tril()
    return shares / shares.sum(2, keepdim=True)


def sorted_down(probs, p):
    order = probs.sort(0, descending=True)
    kept = torch.zeros_like(probs).scatter(0, order.indices, order.values * (order.values.cumsum(0) - order.values < p))
    return kept / kept.sum(0)


@pytest.mark.parametrize(
    ("function", "name", "axis"), [(divided_down_the_columns, "attention_shares", 2), (sorted_down, "keep_top_p", 0)]
)
def test_an_axis_along_which_the_numbers_sum_to_1_is_told(function, name, axis):
    assert f"sum to 1 along axis {axis}" in check(function, name).diagnosis.text()


def heads_of_a_token(p, x, heads):
    normed = bigramlab.rms_norm(x, p.attention_gain)
    pieces = [(normed @ matrix).unflatten(2, (heads, -1)) for matrix in (p.query, p.key, p.value)]
    x = x + functional.scaled_dot_product_attention(*pieces, is_causal=True).flatten(2) @ p.output
    return x + (bigramlab.rms_norm(x, p.hidden_gain) @ p.widen).relu().square() @ p.narrow


def test_heads_that_attend_to_each_other_are_told():
    assert check(heads_of_a_token, "block").diagnosis.mistake.name == "heads_attend_to_each_other"


def stepped(
    cut=lambda gradient: gradient, larger=lambda old, new: new, decays=lambda *decays: decays, ahead=None, grown=pow
):
    def adamw_step(
        parameters, gradient, mean, square, step, *, learning_rate, weight_decay=0.0, mean_decay=0.9, square_decay=0.99
    ):
        (b, c), gradient, old = decays(mean_decay, square_decay), cut(gradient), mean
        mean = b * mean + (1 - b) * gradient
        square = larger(square, c * square + (1 - c) * gradient**2)
        goes = ahead(old, mean, gradient, b) if ahead else mean
        way = goes / (1 - grown(b, step)) / ((square / (1 - c**step)).sqrt() + 1e-8)
        return parameters * (1 - learning_rate * weight_decay) - learning_rate * way, mean, square

    return adamw_step


@pytest.mark.parametrize(
    ("function", "slip"),
    [
        (stepped(lambda gradient: gradient / max(1.0, float(gradient.norm()))), "gradient_cut_to_1"),
        (stepped(lambda gradient: gradient.clamp(-0.5, 0.5)), "gradient_held_within_0.5"),
        (stepped(larger=torch.maximum), "square_never_smaller"),
        (stepped(decays=lambda b, c: (b, b)), "mean_decay_for_both"),
        (stepped(decays=lambda b, c: (0.9, 0.999)), "decays_of_0.9_and_0.999_typed_in"),
        (stepped(ahead=lambda old, mean, gradient, b: old), "old_mean_in_the_step"),
        (stepped(ahead=lambda old, mean, gradient, b: b * mean + (1 - b) * gradient), "nesterov"),
        (stepped(grown=lambda b, step: b * step), "mean_corrected_by_steps_times_decay"),
    ],
)
def test_what_a_step_is_made_of_is_named(function, slip):
    assert check(function, "adamw_step").diagnosis.mistake.name == slip


def stops_early(counts, *, steps=1500, learning_rate=50, weight_penalty=0.0, weights=None):
    losses = []
    while len(losses) < steps and not (len(losses) > 1 and losses[-2] - losses[-1] < 1e-4):
        options = {"learning_rate": learning_rate, "weight_penalty": weight_penalty}
        weights, (loss,) = bigramlab.train_neural_bigram(counts, steps=1, weights=weights, **options)
        losses.append(loss)
    return weights, losses


def a_tenth_at_last(counts, *, steps=1500, learning_rate=50, weight_penalty=0.0, weights=None):
    losses = []
    for step in range(steps):
        rate = learning_rate if step < steps // 2 else learning_rate / 10
        options = {"learning_rate": rate, "weight_penalty": weight_penalty}
        weights, (loss,) = bigramlab.train_neural_bigram(counts, steps=1, weights=weights, **options)
        losses.append(loss)
    return weights, losses


@pytest.mark.parametrize(
    ("function", "slip"), [(stops_early, "stopped_early"), (a_tenth_at_last, "rate_a_tenth_after_half")]
)
def test_another_end_of_a_training_is_named(function, slip):
    assert check(function, "train_neural_bigram").diagnosis.mistake.name == slip


def exp_of_the_sum(counts, probs):
    kept = counts > 0
    return torch.exp(-(counts[kept] * probs[kept].log()).sum()).item()


def test_what_floats_can_not_hold_is_no_second_slip():
    found = check(exp_of_the_sum, "perplexity").diagnosis
    assert (found.mistake.name, found.besides) == ("exp_of_the_sum", ())


def impossible_left_out(counts, probs):
    kept = (counts > 0) & (probs > 0)
    return -(counts[kept] * probs[kept].log()).sum().item() / counts[kept].sum().item()


def smallest_before(counts, vocabulary, n=10):
    order = counts.flatten().argsort(stable=True)[-n:].tolist()
    size = len(vocabulary)
    return [(vocabulary[id // size] + vocabulary[id % size], counts.flatten()[id].item()) for id in order]


@pytest.mark.parametrize(
    ("function", "name", "slip"),
    [
        (impossible_left_out, "negative_log_likelihood", "impossible_left_out"),
        (smallest_before, "most_common_bigrams", "largest_last"),
        (lambda counts: counts / counts.sum(0).view(-1, 1), "normalize", "own_column_divides_the_row"),
        (lambda x: x.exp() / x.sum(-1, keepdim=True).exp(), "softmax", "exp_of_the_sum"),
        (lambda x, t: (x / (t + 0.01)).softmax(-1), "with_temperature", "0.01_added_to_the_temperature"),
    ],
)
def test_what_is_divided_or_left_out_is_named(function, name, slip):
    assert check(function, name).diagnosis.mistake.name == slip


def seeded_without_one(probs, *, generator=None):
    return torch.tensor(walked(probs, generator or torch.Generator().manual_seed(7)))


def lost_without_one(probs, *, generator=None):
    return torch.tensor(walked(probs, generator)[:-1] if generator else generator.whatever)


@pytest.mark.parametrize(("function", "says_seeded"), [(seeded_without_one, True), (lost_without_one, False)])
def test_a_fixed_seed_is_told_of_what_returns_without_a_generator(function, says_seeded):
    found = check(function, "sample").diagnosis
    assert (found is not None and found.mistake.name == "seeded_where_no_generator_is_given") == says_seeded
