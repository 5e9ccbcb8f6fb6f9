import math
import random
import sys
from functools import partial

import pytest
import torch

import bigramlab
from bigramlab import check
from bigramlab.judge.clock import seconds

pytestmark = pytest.mark.slow  # each looks for a cause among all

stoi = {"a": 1, "b": 2, ".": 0}
notes = torch.Generator().manual_seed(5)


def cause(function, name):
    report = check(function, name)
    assert not report
    assert report.diagnosis is not None, report.problem
    return report.diagnosis


def walk(probs, generator=None, start=0):
    ids, current = [], start
    while not ids or current:
        current = int(torch.multinomial(probs[current], 1, generator=generator))
        ids.append(current)
    return torch.tensor(ids)


def seeds_inside(seed):
    return lambda probs, *, generator=None: walk(probs, torch.Generator().manual_seed(seed))


def seeds_globally(seed):
    def sample(probs, *, generator=None):
        torch.manual_seed(seed)
        return walk(probs)

    return sample


@pytest.mark.parametrize("make", [seeds_inside, seeds_globally])
@pytest.mark.parametrize("seed", [7, 2147483647])
def test_a_seed_inside_is_named_whatever_it_is(make, seed):
    found = cause(make(seed), "sample")
    assert found.mistake.name == "seeded_inside"
    assert "whatever generator is given" in found.text()


def test_another_module_that_draws_is_named():
    def sample(probs, *, generator=None):
        ids, current = [], 0
        while not ids or current:
            (current,) = random.choices(range(len(probs)), probs[current].tolist())
            ids.append(current)
        return torch.tensor(ids)

    assert cause(sample, "sample").mistake.name == "drawn_with_another_module"


def test_a_generator_of_the_notebook_is_named():
    assert "`notes`" in cause(lambda probs, *, generator=None: walk(probs, notes), "sample").text()


def test_a_parameter_that_is_never_read_is_named_with_the_global_that_is():
    def encode(word, vocabulary):
        return torch.tensor([stoi[letter] for letter in word])

    text = cause(encode, "encode").text()
    assert "`vocabulary` is never read" in text
    assert "`stoi`" in text


@pytest.mark.parametrize("n", [2, 3, 5])
def test_a_slice_left_in_is_named_whatever_its_length(n):
    found = cause(lambda words, vocabulary: bigramlab.count_bigrams(list(words)[:n], vocabulary), "count_bigrams")
    assert found.mistake.name == f"only_the_first_{n}_words"
    assert found.exact


@pytest.mark.parametrize("size", [27, 30])
def test_a_size_that_is_typed_in_is_named_whatever_it_is(size):
    def count_bigrams(words, vocabulary):
        counts = torch.zeros(size, size, dtype=torch.int64)
        for word in words:
            for one, other in zip("." + word, word + ".", strict=True):
                counts[vocabulary.index(one), vocabulary.index(other)] += 1
        return counts

    assert f"The size {size} is typed in" in cause(count_bigrams, "count_bigrams").text()


def test_a_tensor_for_a_key_is_named():
    def decode(ids, vocabulary):
        itos = dict(enumerate(vocabulary))
        return "".join(itos[id] for id in ids)

    assert cause(decode, "decode").mistake.name == "tensor_for_a_key"


def counts_in_the_text(words, vocabulary):
    text = "." + "".join(word + "." for word in words)
    return torch.tensor([[text.count(a + b) for b in vocabulary] for a in vocabulary])


def asks_the_wrong_dictionary(word, vocabulary):
    itos = dict(enumerate(vocabulary))
    return torch.tensor([itos[letter] for letter in word])


def looks_up_a_key_left_out(ids, vocabulary):
    itos = {id + 1: letter for id, letter in enumerate(vocabulary)}
    return "".join(itos[id] for id in ids.tolist())


def uses_what_sort_returns(words):
    letters = list(set("".join(words))).sort()
    return "." + "".join(letters)


def returns_what_insert_returns(words):
    letters = sorted(set("".join(words)))
    return letters.insert(0, ".")


def returns_what_another_leaves_out(words):
    def made(words):
        "." + "".join(sorted(set("".join(words))))

    return made(words)


def goes_through_a_set(words):
    return "." + "".join(set("".join(words)))


def numbers_by_a_set(word, vocabulary):
    stoi = {letter: id for id, letter in enumerate(set(vocabulary))}
    return torch.tensor([stoi[letter] for letter in word])


def makes_ids_of_text(word, vocabulary):
    return [str(vocabulary.index(letter)) for letter in word]


def makes_a_batch(word, vocabulary):
    return torch.tensor([[vocabulary.index(letter) for letter in word]])


def makes_a_tensor_of_a_generator(word, vocabulary):
    return torch.tensor(vocabulary.index(letter) for letter in word)


def counts_into_what_was_there(words, vocabulary):
    counts = torch.empty(len(vocabulary), len(vocabulary), dtype=torch.int64)
    for a, b in (pair for word in words for pair in zip("." + word, word + ".", strict=True)):
        counts[vocabulary.index(a), vocabulary.index(b)] += 1
    return counts


def strips_signs(path):
    with open(path, encoding="utf-8-sig") as file:
        return [line.strip(" \t\n'-") for line in file if line.strip()]


def reads_too_late(path):
    with open(path, encoding="utf-8-sig") as file:
        return (line.strip() for line in file)


def yields_words(probs, vocabulary, n, *, generator=None):
    for _ in range(n):
        yield "".join(vocabulary[id] for id in walk(probs, generator)[:-1])


def leaves_letters_in_lists(probs, vocabulary, n, *, generator=None):
    return [[vocabulary[id] for id in walk(probs, generator)[:-1]] for _ in range(n)]


@pytest.mark.parametrize(
    ("function", "name", "say"),
    [
        (yields_words, "sample_words", "It returns an iterator on every input, and should return a list."),
        (leaves_letters_in_lists, "sample_words", "Each word is a list of characters, and should be one `str`"),
        (asks_the_wrong_dictionary, "encode", "`itos` leads from ids to characters, and it is asked the other way"),
        (looks_up_a_key_left_out, "decode", "`itos` is asked for 0, and was made without it"),
        (uses_what_sort_returns, "build_vocabulary", "`sort` changes what it is called on, and gives back `None`"),
        (returns_what_insert_returns, "build_vocabulary", "`insert` changes what it is called on"),
        (returns_what_another_leaves_out, "build_vocabulary", "What stands after `return` is `None`: `made(words)`"),
        (goes_through_a_set, "build_vocabulary", "It goes through a `set`, which has no order"),
        (numbers_by_a_set, "encode", "It goes through a `set`, which has no order"),
        (makes_ids_of_text, "encode", "The right numbers are returned as text"),
        (makes_a_batch, "encode", "It has an axis too many, in front."),
        (makes_a_tensor_of_a_generator, "encode", "Give it a list"),
        (counts_into_what_was_there, "count_bigrams", "`empty` leaves in the numbers whatever stood in that memory"),
        (strips_signs, "read_words", "Characters at the ends of words are taken off"),
        (reads_too_late, "read_words", "The file is read after it was closed"),
    ],
)
def test_what_a_call_shows_on_its_way_is_named(function, name, say):
    found = cause(function, name)
    assert say in f"{found.text()} {found.mistake.seen}"


def test_a_function_without_a_name_is_judged():
    assert check(partial(lambda shift, counts, alpha=1: counts + alpha + shift, 0), "smooth")


def ends_at_the_last_token(probs, *, generator=None):
    ids = [0]
    while len(ids) == 1 or (ids[-1] != len(probs) - 1 and len(ids) < 300):
        ids.append(int(torch.multinomial(probs[ids[-1]], 1, generator=generator)))
    return torch.tensor(ids[1:])


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (lambda probs, *, generator=None: walk(probs, generator).float(), "floats_for_integers"),
        (ends_at_the_last_token, "ended_at_the_last_token"),
    ],
)
def test_a_walk_is_told_by_what_is_wrong_with_it_and_not_by_what_looks_alike(function, name):
    assert cause(function, "sample").mistake.name == name


def test_a_walk_with_no_token_twice_is_not_told_as_drawn_with_one_number():
    def sample(probs, *, generator=None):
        left, ids, current = probs.clone(), [], 0
        while left[current].sum() > 0:
            ids.append(current := int(torch.multinomial(left[current], 1, generator=generator)))
            left[:, current] = 0
            if not current:
                break
        return torch.tensor(ids)

    report = check(sample)
    assert not report
    assert report.diagnosis is None or "One random number" not in report.diagnosis.text()


def test_what_is_printed_and_not_returned_is_named_with_the_same_sentence_everywhere():
    texts = {
        cause(lambda counts, k=1: sys.stdout.write(f"{counts + k}") and None, "smooth").text(),
        cause(lambda ids, vocabulary: sys.stdout.write(f"{ids}") and None, "decode").text(),
    }
    assert texts == {"It prints what it should return, and returns `None`."}


@pytest.mark.parametrize("default", [0.01, 2])
def test_another_default_is_named_with_both_numbers(default):
    def smooth(counts, k=default):
        return counts + k

    assert f"The default of `k` is {default}, and should be 1." in cause(smooth, "smooth").text()


def test_integers_divided_in_place_are_named():
    def normalize(counts):
        counts = counts.clone()
        counts /= counts.sum(1, keepdim=True)
        return counts

    assert cause(normalize, "normalize").mistake.name == "integers_changed_in_place"


def test_a_dictionary_that_is_expected_is_named():
    found = cause(lambda word, vocabulary: torch.tensor([vocabulary[letter] for letter in word]), "encode")
    assert "It takes a dictionary from characters to ids for `vocabulary`" in found.text()


@pytest.mark.parametrize("unit", [math.log(2), math.log(10)])
def test_a_loss_in_another_unit_is_named(unit):
    def surprisal(word, probs, vocabulary):
        return bigramlab.surprisal(word, probs, vocabulary) / unit

    assert "nats" in cause(surprisal, "surprisal").text() or "log10" in cause(surprisal, "surprisal").text()


def test_two_slips_at_once_are_told_as_two():
    def negative_log_likelihood(counts, probs):
        seen = counts > 0
        return float(-(counts[seen] * probs[seen].log2()).sum())

    found = cause(negative_log_likelihood, "negative_log_likelihood")
    assert found.exact
    assert {found.mistake.name, *(slip.name for slip in found.besides)} & {"sum_for_mean"}
    assert "do together. 1. " in found.text()
    assert " 2. " in found.text()


def test_one_dot_in_front_of_a_longer_context_is_named():
    def build_contexts(words, vocabulary, context_length):
        contexts, targets = [], []
        for word in words:
            ids = [vocabulary.index(letter) for letter in f".{word}."]
            for end in range(context_length, len(ids)):
                contexts.append(ids[end - context_length : end])
                targets.append(ids[end])
        return torch.tensor(contexts).view(-1, context_length).long(), torch.tensor(targets).long()

    assert 'one "." stands in front' in cause(build_contexts, "build_contexts").text()


def test_copies_that_fall_apart_are_named_however_the_split_is_cut():
    def split_words(words, fractions=(0.8, 0.1, 0.1), *, generator=None):
        words = [words[i] for i in torch.randperm(len(words), generator=generator)]
        ends = [round(sum(fractions[: i + 1]) * len(words)) for i in range(len(fractions))]
        return [words[begin:end] for begin, end in zip([0, *ends], ends, strict=False)]

    assert cause(split_words, "split_words").mistake.name == "copies_in_several_lists"


@pytest.mark.parametrize("start", [torch.randn, torch.rand])
def test_a_random_start_of_the_training_is_named_whatever_the_distribution(start):
    def train_neural_bigram(counts, *, steps=1500, learning_rate=50, weight_penalty=0.0, weights=None):
        weights = start(counts.shape) if weights is None else weights
        return bigramlab.train_neural_bigram(
            counts, steps=steps, learning_rate=learning_rate, weight_penalty=weight_penalty, weights=weights
        )

    assert cause(train_neural_bigram, "train_neural_bigram").mistake.name == "random_start"


def test_words_that_grow_into_each_other_are_named():
    def sample_words(probs, vocabulary, n, *, generator=None):
        words, word = [], ""
        for _ in range(n):
            word += "".join(vocabulary[id] for id in walk(probs, generator).tolist()[:-1])
            words.append(word)
        return words

    assert "not set back" in cause(sample_words, "sample_words").text()


@pytest.mark.parametrize("factor", [3, 0.7])
def test_a_factor_that_no_slip_explains_is_told(factor):
    found = cause(lambda logits: bigramlab.softmax(logits) * factor, "softmax")
    assert f"It is {factor} times what it should be" in found.text()


def test_where_it_is_wrong_is_told_if_nothing_else_is_known():
    def smooth(counts, k=1):
        return counts + k * k if k > 3 else counts + k

    text = cause(smooth, "smooth").text()
    assert text.startswith("Of the calls that were tried, it is wrong where `k` is 4 or more")


def test_where_it_is_wrong_is_not_told_of_what_was_not_tried():
    def softmax(logits):  # right for equal logits, and most whole ones that the laws give are equal
        logits = logits if logits.requires_grad else logits.detach()
        return bigramlab.softmax(logits) * (1 + 0.1 * (logits.max() - logits.min() > 0) * logits.abs().max().sqrt())

    report = check(softmax, "softmax")
    assert not report
    assert report.diagnosis is None or "whole" not in report.diagnosis.text()


class Counted:
    steps = 0


class Remembering:
    def __init__(self):
        self.seen = []

    def __call__(self, words):
        self.seen += words
        return "." + "".join(sorted(set("".join(self.seen))))


def counted_in_a_class(counts, k=1):
    Counted.steps += 1
    return counts + k * Counted.steps


def counted_in_itself(counts, k=1):
    counted_in_itself.calls = getattr(counted_in_itself, "calls", 0) + 1
    return counts + k * counted_in_itself.calls


first_ids = {}


def first_vocabulary_kept(word, vocabulary):
    if not first_ids:
        first_ids.update({token: id for id, token in enumerate(vocabulary)})
    return torch.tensor([first_ids.setdefault(token, len(first_ids)) for token in word], dtype=torch.int64)


@pytest.mark.parametrize(
    ("function", "name", "kept"),
    [
        (counted_in_a_class, "smooth", "Counted.steps"),
        (counted_in_itself, "smooth", "counted_in_itself.calls"),
        (Remembering(), "build_vocabulary", "self.seen"),
        (first_vocabulary_kept, "encode", "first_ids"),
    ],
)
def test_what_is_kept_from_call_to_call_is_named_wherever_it_is(function, name, kept):
    text = cause(function, name).text()
    assert f"`{kept}`" in text
    assert "Each call changes" in text


def test_a_list_of_the_calls_is_no_cause_of_another_slip():
    class Watched:
        calls = 0

    def smooth(counts, k=1):
        Watched.calls += 1
        return counts + k + 1

    assert "Watched" not in cause(smooth, "smooth").text()


def reseeds(probs, *, generator=None):
    if generator is not None:
        generator.manual_seed(2147483647)
    return walk(probs, generator)


def test_a_given_generator_that_is_seeded_is_named_and_shown_as_it_was_given():
    report = check(reseeds, "sample")
    assert "It seeds the generator that it is given, with 2147483647" in report.diagnosis.text()
    assert "2147483647" not in report.call


def test_a_given_generator_that_is_set_back_is_named():
    def minibatches(n, batch_size, *, generator=None):
        state = generator.get_state() if generator else None
        while True:
            if generator:
                generator.set_state(state)
            yield from torch.randperm(n, generator=generator).split(batch_size)

    assert cause(minibatches, "minibatches").mistake.name == "generator_set_back"


def test_what_is_never_read_is_told_before_what_is_more_complicated():
    def split_words(words, fractions=(0.8, 0.1, 0.1), *, generator=None):
        order = [words[i] for i in torch.randperm(len(words), generator=generator).tolist()]
        return [order[: int(0.8 * len(order))], order[int(0.8 * len(order)) : int(0.9 * len(order))], order[-1:]]

    assert "The parameter `fractions` is never read" in cause(split_words, "split_words").text()

    def smooth(counts, smoothing=1):
        return counts / counts.sum(1, keepdim=True)

    assert "The parameter `smoothing` is never read" in check(smooth, "smooth").diagnosis.text()


def stepping(draw):
    def sample(probs, *, generator=None):
        ids, current, number = [], 0, torch.rand(1, generator=generator)
        for _ in range(300):
            current = draw(probs[current].cumsum(0), number, lambda: torch.rand(1, generator=generator))
            ids.append(current)
            if not current:
                break
        return torch.tensor(ids)

    return sample


@pytest.mark.parametrize(
    ("draw", "slip"),
    [
        (lambda sums, one, new: min(int(torch.searchsorted(sums, one, right=True)), len(sums) - 1), "one_number_for"),
        (lambda sums, one, new: (int(torch.searchsorted(sums, new())) + 1) % len(sums), "place_one_too_large"),
        (lambda sums, one, new: max(int((sums < new()).sum()) - 1, 0), "place_one_too_small"),
    ],
)
def test_a_slip_with_running_sums_is_named(draw, slip):
    assert cause(stepping(draw), "sample").mistake.name.startswith(slip)


def test_what_is_cut_to_integers_is_named():
    assert cause(lambda counts, k=1: (counts + k).to(counts.dtype), "smooth").mistake.name == "cut_to_integers"


def previous_kept(words, vocabulary):
    counts = torch.zeros((len(vocabulary),) * 2, dtype=torch.int64)
    row = 0
    for word in words:
        for letter in word:
            counts[row, vocabulary.index(letter)] += 1
            row = vocabulary.index(letter)
        counts[row, 0] += 1
    return counts


def first_kept(words, vocabulary):
    counts = torch.zeros((len(vocabulary),) * 2, dtype=torch.int64)
    for word in words:
        for letter in word + ".":
            counts[0, vocabulary.index(letter)] += 1
    return counts


def decay_last(parameters, *others, learning_rate, weight_decay=0.0, **options):
    moved, *means = bigramlab.adamw_step(parameters, *others, learning_rate=learning_rate, **options)
    return moved * (1 - learning_rate * weight_decay), *means


def exchanged(*arguments, mean_decay=0.9, square_decay=0.99, **options):
    return bigramlab.adamw_step(*arguments, mean_decay=square_decay, square_decay=mean_decay, **options)


@pytest.mark.parametrize(
    ("function", "name", "slip"),
    [
        (previous_kept, "count_bigrams", "previous_of_the_word_before"),
        (first_kept, "count_bigrams", "token_before_never_advanced"),
        (lambda counts: counts / counts.sum(1, keepdim=True).clamp(min=1), "normalize", "small_sums_raised_to_1"),
        (
            lambda logits: (logits - logits.max()).exp() / logits.exp().sum(-1, keepdim=True),
            "softmax",
            "largest_of_all_subtracted_above_only",
        ),
        (
            lambda next_probs, contexts, targets: -next_probs(contexts)[:, targets].log().mean().item(),
            "score_contexts",
            "every_row_with_every_target",
        ),
        (decay_last, "adamw_step", "decay_after_the_step"),
        (exchanged, "adamw_step", "decays_exchanged_everywhere"),
        (
            lambda counts, probs: -(counts * probs.double().log()).nan_to_num().sum().item() / counts.sum().item(),
            "negative_log_likelihood",
            "infinite_made_large",
        ),
        (lambda counts: (counts + 1) / counts.sum(1, keepdim=True), "normalize", "smoothed_above_only"),
        (lambda counts, k=1: (1 - k) * counts + k, "smooth", "mixed"),
        (lambda counts, k=1: counts + k if k >= 1 else counts, "smooth", "small_k_ignored"),
        (
            lambda counts, probs: -(probs[counts > 0].double().log().sum() / counts.sum()).item(),
            "negative_log_likelihood",
            "sum_without_the_counts",
        ),
        (
            lambda counts, probs: float(bigramlab.negative_log_likelihood(counts, probs) // 1),
            "negative_log_likelihood",
            "cut_to_a_whole_number",
        ),
        (
            lambda counts, probs: (
                (torch.xlogy(counts.double(), probs.double()).sum(1) / -counts.sum(1).clamp(min=1)).exp().mean().item()
            ),
            "perplexity",
            "mean_of_the_rows",
        ),
        (
            lambda word, probs, vocabulary: torch.special.entr(
                bigramlab.surprisal(word, probs, vocabulary).neg().exp()
            ),
            "surprisal",
            "p_log_p",
        ),
        (
            lambda words, vocabulary: bigramlab.count_bigrams([word for word in words if len(word) > 2], vocabulary),
            "count_bigrams",
            "words_below_3_letters_skipped",
        ),
        (counts_in_the_text, "count_bigrams", "overlapping_pairs_of_the_text_missed"),
    ],
)
def test_a_slip_in_one_part_is_named(function, name, slip):
    assert cause(function, name).mistake.name == slip


def descent(way, penalty=torch.square):
    def train_neural_bigram(counts, *, steps=1500, learning_rate=50, weight_penalty=0.0, weights=None):
        start = torch.zeros(counts.shape) if weights is None else weights
        weights, losses = start.detach().clone().requires_grad_(), []
        optimizer = way([weights], lr=learning_rate)

        def loss_of():
            shares = counts / counts.sum()
            return -(shares * weights.log_softmax(1)).sum() + weight_penalty * penalty(weights).mean()

        for _ in range(steps):
            optimizer.zero_grad()
            loss_of().backward()
            optimizer.step()
            losses.append(loss_of().item())
        return weights.detach(), losses

    return train_neural_bigram


@pytest.mark.parametrize(
    ("function", "slip"),
    [
        (descent(partial(torch.optim.SGD, momentum=0.9)), "momentum"),
        (descent(torch.optim.SGD, torch.abs), "penalty_on_the_sizes"),
    ],
)
def test_another_way_down_is_named(function, slip):
    assert cause(function, "train_neural_bigram").mistake.name == slip


RECIPE = bigramlab.Recipe()


def trained(rate=bigramlab.learning_rate_at, decay=None, bend=torch.nn.functional.silu, way=None, unit=1.0, first=0):
    def train_mlp(parameters, contexts, targets, recipe=RECIPE, *, dev=None, generator=None, progress=True):
        layers = len(parameters.weights)
        pieces = [parameters.embedding, *parameters.weights, *parameters.biases]
        pieces = [piece.detach().clone().requires_grad_() for piece in pieces]
        decays = recipe.weight_decay if decay is None else decay
        optimizer = way(pieces) if way else torch.optim.AdamW(pieces[first:], betas=(0.9, 0.99), weight_decay=decays)
        losses, scores, order, best = [], [], torch.empty(0, dtype=torch.int64), (math.inf, None)

        def loss_of(contexts, targets, dropout):
            x = pieces[0][contexts].flatten(1)
            for layer in range(layers):
                x = bend(x) if layer else x
                if layer < len(dropout):
                    x = x * (torch.rand(x.shape, generator=generator) >= dropout[layer]) / (1 - dropout[layer])
                x = x @ pieces[1 + layer] + pieces[1 + layers + layer]
            return torch.nn.functional.cross_entropy(x, targets.long())

        def network():
            copies = [piece.detach().clone() for piece in pieces]
            return bigramlab.MLP(copies[0], tuple(copies[1 : 1 + layers]), tuple(copies[1 + layers :]))

        for step in range(recipe.steps):
            order = order if len(order) else torch.randperm(len(targets), generator=generator)
            batch, order = order[: recipe.batch_size], order[recipe.batch_size :]
            optimizer.param_groups[0]["lr"] = rate(step, recipe)
            loss = loss_of(contexts[batch], targets[batch], recipe.dropout)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item() * unit)
            if dev:
                score = loss_of(*dev, ()).item()
                scores.append((step + 1, score))
                best = min(best, (score, network()), key=lambda pair: pair[0])
        return bigramlab.Training(network(), best[1] or network(), losses, scores)

    return train_mlp


def test_the_right_training_of_these_tests_is_right():
    assert check(trained(), "train_mlp")


@pytest.mark.parametrize(
    ("function", "slip"),
    [
        (trained(rate=lambda step, recipe: recipe.learning_rate), "rate_always_the_same"),
        (trained(decay=0), "decay"),  # there is none, or the one that is given is not read or left out
        (trained(bend=torch.tanh), "tanh_for_the_bend"),
        (trained(way=partial(torch.optim.SGD, lr=0.1)), "plain_steps_for_adamw"),
        (trained(unit=1 / math.log(2)), "losses_in_bits"),
        (trained(first=1), "embedding_not_trained"),
    ],
)
def test_a_slip_in_the_training_of_a_network_is_named(function, slip):
    assert slip in cause(function, "train_mlp").mistake.name


def test_a_slip_that_the_call_shows_has_no_line_that_shows_nothing():
    def count_bigrams(words, vocabulary):
        counts = torch.zeros((len(vocabulary),) * 2, dtype=torch.int64)
        for word in words:
            ids = [vocabulary.index(letter) for letter in f".{word}."]
            for place, current in enumerate(ids):
                for later in ids[place + 1 :]:
                    counts[current, later] += 1
        return counts

    report = check(count_bigrams)
    assert report.diagnosis.mistake.name == "all_later_ones"
    assert "To see it" not in report.text()
    assert "1001 in all" not in report.call


def test_what_is_written_into_the_argument_is_named():
    def smooth(counts, k=1):
        counts += k
        return counts

    assert cause(smooth, "smooth").mistake.name in ("counts_changed_in_place", "changed_in_place")


def test_a_parameter_of_another_name_is_told_and_the_rest_is_judged():
    report = check(lambda probs, *, g=None: walk(probs, g), "sample")
    assert not report
    assert "its parameters should be (probs, *, generator=None), and yours takes (probs, *, g=None)" in report.problem
    assert report.problem.endswith("Its results are right, called as it is now")
    assert report.headline() == "sample is right but for its parameters, so the laws can't call it."


def test_what_is_wrong_besides_the_parameters_is_named():
    def sample(probs, g=None):
        return walk(probs, g)[:-1]

    report = check(sample)
    assert "not right either" in report.problem
    assert report.diagnosis.mistake.name == "final_boundary_left_out"


def test_a_right_result_of_what_was_given_and_is_changed_now_is_told_as_that():
    def with_temperature(logits, temperature):
        logits /= temperature
        return logits.softmax(1)

    assert cause(with_temperature, "with_temperature").mistake.name == "changed_in_place"


def test_numpy_where_a_gradient_is_asked_for_is_told():
    def merge_heads(x):
        return torch.from_numpy(x.numpy().transpose(0, 2, 1, 3).reshape(x.shape[0], x.shape[2], -1).copy())

    assert cause(merge_heads, "merge_heads").mistake.name == "numpy_of_a_gradient"


def test_a_gradient_that_is_cut_off_in_part_is_no_right_one():
    def rms_norm(x, gain):
        return x / (x.detach().square().mean(-1, keepdim=True) + 1e-5).sqrt() * gain

    report = check(rms_norm, "rms_norm")
    assert not report
    assert "the gradient of number" in report.problem


def test_slips_in_the_parts_of_a_block_are_named_two_at_once_too():
    def block(p, x, heads):
        normed = bigramlab.rms_norm(x, p.attention_gain)
        queries, keys, values = (bigramlab.split_heads(normed @ m, heads) for m in (p.query, p.key, p.value))
        x = x + bigramlab.merge_heads(bigramlab.attend(queries, keys, values)) @ p.output
        return x + (x @ p.widen).tanh() @ p.narrow

    found = cause(block, "block")
    assert {found.mistake.name, *(one.name for one in found.besides)} == {
        "nothing_normed_before_the_small_network",
        "tanh_for_the_bend",
    }


def test_a_batch_size_taken_for_how_many_batches_is_named():
    def minibatches(n, batch_size, *, generator=None):
        while True:
            yield from torch.randperm(n, generator=generator).chunk(batch_size)

    assert cause(minibatches, "minibatches").mistake.name == "size_for_number"


def test_two_slips_in_choosing_are_named_together():
    def keep_top_p(probs, p):
        likeliest, order = probs.sort(-1, descending=True)
        return torch.zeros_like(probs).scatter(-1, order, likeliest * (likeliest.cumsum(-1) < p))

    found = cause(keep_top_p, "keep_top_p")
    assert {found.mistake.name, *(one.name for one in found.besides)} >= {"the_one_that_crosses_dropped"}
    assert found.exact


def test_a_part_that_does_the_same_is_not_told_as_a_slip():
    def keep_top_k(probs, k):
        return probs * (probs >= probs.topk(k).values[:, -1:])  # keeps ties, which is right

    found = cause(keep_top_k, "keep_top_k")
    assert (found.mistake.name, found.besides, found.exact) == ("not_divided_again", (), True)


def normed_goes_on(p, x, heads):
    for gain, part in (
        (p.attention_gain, p._replace(narrow=0 * p.narrow)),
        (p.hidden_gain, p._replace(output=0 * p.output)),
    ):
        x = bigramlab.rms_norm(x, gain) + bigramlab.block(part, x, heads) - x
    return x


def join(before, now):
    return torch.cat([before, now], dim=2)


def cache_not_read(p, cache, ids):
    begin = cache[0][0].shape[2] if cache else 0
    logits, new = bigramlab.extend(p._replace(places=p.places[begin:]), (), ids)
    return logits, tuple(
        tuple(map(join, before, now)) for before, now in zip(cache, new, strict=True)
    ) if cache else new


def sums_with_the_normed(network, ids):
    x = network.embedding[ids] + network.places[: ids.shape[1]]
    for one in network.blocks:
        x = x + bigramlab.block(one, x, network.heads)
    return bigramlab.rms_norm(x, network.gain) @ network.unembedding


def mask_of_k(probs, k):
    return torch.zeros_like(probs).scatter(1, probs.topk(k).indices, 1.0)


def part_of_p(probs, p):
    return bigramlab.keep_top_k(probs, max(1, int(p * probs.shape[1])))


@pytest.mark.parametrize(
    ("name", "slip", "function"),
    [
        ("keep_top_k", "mask_returned", mask_of_k),
        ("keep_top_k", "divided_by_k", lambda probs, k: probs * mask_of_k(probs, k) / k),
        ("keep_top_k", "token_drawn_of_k", lambda probs, k: torch.multinomial(bigramlab.keep_top_k(probs, k), 1)),
        ("keep_top_p", "part_of_the_tokens_kept", part_of_p),
        ("attend", "last_token_alone", lambda q, k, v: bigramlab.attend(q, k, v)[:, :, -1:]),
        ("split_heads", "whole_vector_for_each", lambda x, heads: x.unsqueeze(1).repeat(1, heads, 1, 1)),
        ("block", "normed_vector_goes_on", normed_goes_on),
        ("extend", "cache_not_read", cache_not_read),
        ("transformer_logits", "vector_added_around_each_block", sums_with_the_normed),
    ],
)  # fmt: skip
def test_slips_in_choosing_and_in_a_transformer_are_named(name, slip, function):
    found = cause(function, name)
    assert slip in {found.mistake.name, *(one.name for one in found.others)}
    assert not found.besides


def test_how_a_transformer_begins_is_named_by_one_that_is_made():
    def init_transformer(vocab_size, longest, *, width=64, layers=3, heads=4, generator=None):
        return bigramlab.init_transformer(
            longest, vocab_size, width=width, layers=layers, heads=heads, generator=generator
        )

    assert cause(init_transformer, "init_transformer").mistake.name == "tokens_and_places_exchanged"


def test_tokens_and_places_of_one_table_are_seen_in_memory():
    def init_transformer(vocab_size, longest, *, width=64, layers=3, heads=4, generator=None):
        made = bigramlab.init_transformer(
            vocab_size, longest, width=width, layers=layers, heads=heads, generator=generator
        )
        table = torch.randn(vocab_size + longest, width, generator=generator) * 0.3
        return made._replace(embedding=table[:vocab_size], places=table[:longest])

    assert cause(init_transformer, "init_transformer").mistake.name == "tokens_and_places_alike"


def test_one_word_n_times_is_named_of_a_transformer_too():
    def write(parameters, vocabulary, n, *, choose=None, generator=None):
        words = bigramlab.sample_transformer_words(parameters, vocabulary, 2, choose=choose, generator=generator)
        return words[-1:] * n

    assert cause(write, "sample_transformer_words").mistake.name == "one_word_repeated"


def test_a_guard_that_hides_a_catalogued_mistake_is_told_with_it():
    def normalize(counts):
        return counts / counts[:, 1:].sum(1, keepdim=True).clamp(min=1e-9)

    def keep_top_k(probs, k):
        limit = probs.topk(min(k, probs.shape[1])).values[:, -1:]
        kept = probs * (probs > limit) + 1e-12
        return kept / kept.sum(1, keepdim=True)

    assert "leave out the first column" in cause(normalize, "normalize").text()
    assert "a small guard, such as `+ 1e-9` or a `clamp`, hides it" in cause(normalize, "normalize").text()
    assert cause(keep_top_k, "keep_top_k").mistake.name == "the_kth_itself_dropped"


def test_what_a_guard_can_not_leave_is_no_sign_of_one():
    def keep_top_p(probs, p):
        many = int((bigramlab.keep_top_p(probs[:1], p) > 0).sum())
        return bigramlab.keep_top_k(probs, many) * 0.9 + 0.1 / probs.shape[1]

    found = check(keep_top_p, "keep_top_p").diagnosis
    assert found is None or "guard" not in found.text()


def without_gradients(queries, keys):
    return bigramlab.attention_shares(queries.detach(), keys.detach())


def without_gradients_of_values(queries, keys, values):
    return bigramlab.attention_shares(queries, keys) @ values.data


def with_a_constant_size(x, gain):
    return x / (x.detach().square().mean(-1, keepdim=True) + 1e-5).sqrt() * gain


@pytest.mark.parametrize(
    ("function", "name", "say"),
    [
        (without_gradients, "attention_shares", "but no gradient flows through it"),
        (without_gradients_of_values, "attend", "but no gradient reaches `values`"),
        (with_a_constant_size, "rms_norm", "the gradient of `x` is not"),
    ],
)
def test_a_gradient_that_gets_lost_is_named_if_the_numbers_are_right(function, name, say):
    text = cause(function, name).text()
    assert text.startswith("The numbers are right")
    assert say in text


def side_by_side(next_probs, vocabulary, n, context_length, generator, *, together):
    """Write words as rows of a table; when one is done all are, or they go on until the last is."""
    ids, done = torch.zeros(n, context_length, dtype=torch.int64), torch.zeros(n, dtype=torch.bool)
    while n and not (done.any() if together else done.all()):
        drawn = torch.multinomial(next_probs(ids[:, -context_length:]), 1, generator=generator)
        ids, done = torch.cat([ids, drawn], 1), done | (drawn[:, 0] == 0)
    texts = ["".join(vocabulary[id] for id in row[context_length:]) for row in ids.tolist()]
    return [text.split(".")[0] if together else text.replace(".", "") for text in texts]


@pytest.mark.parametrize(("together", "name"), [(True, "ended_together"), (False, "goes_on_behind_the_end")])
def test_words_in_a_batch_that_end_wrongly_are_named(together, name):
    def generate_words(next_probs, vocabulary, n, *, context_length=1, choose=None, generator=None):
        probs = (lambda contexts: choose(next_probs(contexts))) if choose else next_probs
        return side_by_side(probs, vocabulary, n, context_length, generator, together=together)

    assert cause(generate_words, "generate_words").mistake.name == name


@pytest.mark.parametrize(
    ("move", "name"),
    [
        (lambda context, id: [*context[:-1], id], "oldest_kept"),
        (lambda context, id: [*context, id], "context_not_cropped"),
    ],
)
def test_what_a_model_is_given_in_the_place_of_the_context_is_named(move, name):
    def generate_words(next_probs, vocabulary, n, *, context_length=1, choose=None, generator=None):
        words = []
        for _ in range(n):
            context, word = [0] * context_length, ""
            while True:
                probs = next_probs(torch.tensor([context]))
                probs = choose(probs) if choose else probs
                id = int(torch.multinomial(probs[0], 1, generator=generator))
                if id == 0:
                    break
                word, context = word + vocabulary[id], move(context, id)
            words.append(word)
        return words

    assert cause(generate_words, "generate_words").mistake.name == name


def test_a_product_that_gets_too_small_is_named():
    def negative_log_likelihood(counts, probs):
        product = float((probs.double() ** counts.double()).prod())
        return -math.log(product) / int(counts.sum()) if product > 0 else math.inf

    assert cause(negative_log_likelihood, "negative_log_likelihood").mistake.name == "product_underflows"


@pytest.mark.parametrize("factor", [0.01, 0.3])
def test_a_penalty_in_a_loss_is_named_with_its_number(factor):
    def cross_entropy(logits, targets):
        size = logits.nan_to_num(neginf=0.0).square().mean()
        return torch.nn.functional.cross_entropy(logits, targets) + factor * size

    assert f"{factor} times the mean of the squares" in cause(cross_entropy, "cross_entropy").text()


def test_ids_that_are_floats_are_named_though_the_numbers_are_right():
    def build_contexts(words, vocabulary, context_length):
        contexts, targets = bigramlab.build_contexts(words, vocabulary, context_length)
        return contexts.float(), targets

    assert cause(build_contexts, "build_contexts").mistake.name == "floats_for_integers"


def test_a_rise_that_is_divided_by_one_more_is_named():
    def learning_rate_at(step, recipe):
        rising = recipe.warm_up * recipe.steps
        if step < rising:
            return recipe.learning_rate * min(1.0, (step + 1) / (rising + 1))
        return bigramlab.learning_rate_at(step, recipe)

    assert cause(learning_rate_at, "learning_rate_at").mistake.name == "divided_by_one_more"


def test_a_slip_is_named_though_the_smallest_call_alone_is_right():
    def transformer_logits(parameters, ids):
        last = parameters.places[ids.shape[1] - 1].expand_as(parameters.places)
        return bigramlab.transformer_logits(parameters._replace(places=last), ids)

    assert cause(transformer_logits, "transformer_logits").mistake.name == "last_place_for_all"


def test_numbers_that_are_right_to_three_digits_only_are_told_as_that():
    def attention_shares(queries, keys):
        scores = queries @ keys.mT / queries.shape[-1] ** 0.5
        past = torch.ones_like(scores).tril().bool()
        return scores.masked_fill(~past, -math.inf).half().softmax(-1).float()

    assert cause(attention_shares, "attention_shares").mistake.name == "nearly_right"


@pytest.mark.parametrize("size", [2, 1000])
def test_means_of_batches_that_are_averaged_are_named(size):
    def score_contexts(next_probs, contexts, targets):
        losses = [
            -next_probs(some)[range(len(some)), others].double().log().mean()
            for some, others in zip(contexts.split(size), targets.split(size), strict=True)
        ]
        return float(sum(losses) / len(losses))

    found = cause(score_contexts, "score_contexts").text()
    assert "The means of batches are averaged" in found
    assert f"batches of {size}," in found


def test_an_order_that_is_turned_around_in_every_other_round_is_named():
    def minibatches(n, batch_size, *, generator=None):
        while True:
            order = torch.randperm(n, generator=generator)
            yield from order.split(batch_size)
            yield from order.flip(0).split(batch_size)

    assert "turned around" in cause(minibatches, "minibatches").text()


def writes(heat=1.0, asks=lambda choose, probs: choose(probs)):
    def generate_words(next_probs, vocabulary, n, *, context_length=1, choose=None, generator=None):
        words = []
        for _ in range(n):
            context, word = [0] * context_length, ""
            while True:
                probs = next_probs(torch.tensor([context]))[0] ** (1 / heat)
                probs = asks(choose, probs / probs.sum()) if choose else probs
                context = [*context[1:], int(torch.multinomial(probs, 1, generator=generator))]
                if context[-1] == 0:
                    break
                word += vocabulary[context[-1]]
            words.append(word)
        return words

    return generate_words


def test_a_temperature_that_was_left_in_is_named_with_its_number():
    found = cause(writes(1.2), "generate_words")
    assert found.mistake.name == "temperature_left_in"
    assert "about 1.2" in found.text() or "about 1.15" in found.text() or "about 1.25" in found.text()


@pytest.mark.parametrize(
    ("asks", "name"),
    [
        (lambda choose, probs: choose(probs.log()), "logs_given_to_the_rule"),
        (lambda choose, probs: choose(5 * probs), "no_shares_given_to_the_rule"),
        (lambda choose, probs: probs, "rule_never_asked"),
    ],
)
def test_what_a_rule_is_given_in_the_place_of_probabilities_is_named(asks, name):
    assert cause(writes(asks=asks), "generate_words").mistake.name == name


def reads(places="right", seen=0, handed_on=lambda read: read):
    def extend(parameters, cache, ids):
        before, new = cache[0][0].shape[2] if cache else 0, ids.shape[1]
        begin = before if places == "right" else 0
        x = parameters.embedding[ids] + parameters.places[torch.arange(begin, begin + new)]
        read = []
        for number, one in enumerate(parameters.blocks):
            normed = bigramlab.rms_norm(x, one.attention_gain)
            queries, keys, values = (
                bigramlab.split_heads(normed @ matrix, parameters.heads) for matrix in (one.query, one.key, one.value)
            )
            if cache:
                keys, values = (torch.cat(both, 2) for both in zip(cache[number], (keys, values), strict=True))
            read.append((keys, values))
            mask = torch.ones(new, keys.shape[2]).tril(keys.shape[2] - new + seen).bool()
            scores = (queries @ keys.mT / queries.shape[-1] ** 0.5).masked_fill(~mask, -torch.inf)
            x = x + bigramlab.merge_heads(scores.softmax(-1) @ values) @ one.output
            x = x + (bigramlab.rms_norm(x, one.hidden_gain) @ one.widen).relu().square() @ one.narrow
        return bigramlab.rms_norm(x, parameters.gain) @ parameters.unembedding, handed_on(tuple(read))

    return extend


@pytest.mark.parametrize(
    ("extend", "names"),
    [
        (reads("again"), ["places_begin_anew"]),
        (reads(seen=1), ["next_token_seen"]),
        (reads(handed_on=lambda read: tuple((v, k) for k, v in read)), ["exchanged_when_handed_on"]),
        (reads(handed_on=lambda read: read[:1] * len(read)), ["first_block_alone_handed_on"]),
        (reads("again", 1), ["places_begin_anew", "next_token_seen"]),
    ],
)
def test_slips_of_a_cache_are_named_two_at_once_too(extend, names):
    found = cause(extend, "extend")
    assert [slip.name for slip in (found.mistake, *found.besides)] == names


def writes_from(context=lambda ids, longest: ids[-longest:], draws=torch.multinomial):
    def sample_transformer_words(parameters, vocabulary, n, *, choose=None, generator=None):
        words = []
        for _ in range(n):
            ids = [0]
            while len(ids) == 1 or ids[-1]:
                seen = torch.tensor([context(ids, parameters.longest)])
                probs = bigramlab.transformer_logits(parameters, seen)[:, -1].detach().softmax(-1)
                ids.append(int(draws(choose(probs) if choose else probs, 1, generator=generator)))
            words.append("".join(vocabulary[id] for id in ids[1:-1]))
        return words

    return sample_transformer_words


@pytest.mark.parametrize(
    ("context", "name"),
    [
        (lambda ids, longest: ids[-3:], "only_the_last_3_read"),
        (lambda ids, longest: ids[-1:], "one_place_for_all"),
        (lambda ids, longest: ids, "context_not_cut"),
    ],
)
def test_how_far_back_a_writer_reads_is_named(context, name):
    assert cause(writes_from(context), "sample_transformer_words").mistake.name == name


def test_words_that_come_twice_are_told_as_that():
    def sample_words(probs, vocabulary, n, *, generator=None):
        words = bigramlab.sample_words(probs, vocabulary, max(n // 2, 1), generator=generator)
        return words * 2 if n > 1 else words

    assert cause(sample_words, "sample_words").mistake.name == "words_repeated"


@pytest.mark.parametrize("name", ["sample", "generate_words"])
def test_a_slow_wrong_function_has_its_cause_within_some_seconds(name):
    def sample(probs, *, generator=None):
        ids = [int(probs[0].argmax())]
        while ids[-1] and len(ids) < 20_000:
            ids.append(int(probs[ids[-1]].argmax()))
        return torch.tensor(ids)

    def generate_words(next_probs, vocabulary, n, *, context_length=1, choose=None, generator=None):
        words = []
        for _ in range(n):
            context, word = [0] * context_length, ""
            for _ in range(1_000):
                probs = next_probs(torch.tensor([context]))[0]
                context[-1] = int(
                    torch.multinomial(choose(probs[None])[0] if choose else probs, 1, generator=generator)
                )
                if context[-1] == 0:
                    break
                word += vocabulary[context[-1]]
            words.append(word)
        return words

    began = seconds()
    found = cause({"sample": sample, "generate_words": generate_words}[name], name)
    assert seconds() - began < 12  # of a machine that does other things, too
    assert found.mistake.name in ("likeliest_for_a_draw", "only_the_newest_replaced")
