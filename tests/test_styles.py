"""Right functions in many styles and types: `check` says yes to each."""

import functools
import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
import torch

import bigramlab
from bigramlab import check
from bigramlab.judge.causes.errors import explain
from bigramlab.judge.diagnosis import Diagnosis
from bigramlab.judge.forms import TRIED
from bigramlab.judge.guarding import Guard
from bigramlab.judge.recording import Call
from bigramlab.judge.telling import tell_call
from bigramlab.laws.law import Broken, ids_in
from bigramlab.mistakes import MISTAKES

pytestmark = pytest.mark.slow  # whole verdicts, each of some tenths of a second


@pytest.mark.parametrize("dtype", [torch.int16, torch.int32, torch.int64, torch.float32, torch.float64])
def test_counts_may_be_of_any_type_that_is_exact_to_ten_thousand(dtype):
    def count_bigrams(words, vocabulary):
        return bigramlab.count_bigrams(words, vocabulary).to(dtype)

    assert check(count_bigrams)


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int8, torch.float16, torch.bfloat16])
def test_counts_of_a_type_that_is_not_exact_are_wrong(dtype):
    def count_bigrams(words, vocabulary):
        return bigramlab.count_bigrams(words, vocabulary).to(dtype)

    assert not check(count_bigrams)


@pytest.mark.parametrize("make", [float, torch.tensor, torch.float64, "numpy"], ids=["float", "tensor", "0-d", "numpy"])
def test_a_loss_may_be_a_number_a_tensor_without_axes_or_numpys(make):
    kinds = {torch.float64: lambda loss: torch.tensor(loss, dtype=torch.float64), "numpy": np.float32}

    def negative_log_likelihood(counts, probs):
        return kinds.get(make, make)(bigramlab.negative_log_likelihood(counts, probs))

    assert check(negative_log_likelihood)


def test_a_tensor_for_a_float_is_a_care_note():
    def perplexity(counts, probs):
        return torch.tensor(bigramlab.perplexity(counts, probs))

    report = check(perplexity)
    assert report
    assert [note.law for note in report.notes] == ["the_perplexity_is_a_float"]
    assert ".item()" in report.text()


def test_a_loss_with_an_axis_is_no_number():
    def perplexity(counts, probs):
        return torch.tensor([bigramlab.perplexity(counts, probs)])

    assert "should be a number" in check(perplexity).problem


def test_a_loss_and_probabilities_may_carry_a_gradient():
    def score_contexts(next_probs, contexts, targets):
        factor = torch.ones((), requires_grad=True)
        return bigramlab.score_contexts(next_probs, contexts, targets) * factor

    def normalize(counts):
        return bigramlab.normalize(counts) * torch.ones((), requires_grad=True)

    assert check(score_contexts)
    assert check(normalize)


IDS = [[3, 1], (3, 1), torch.tensor([3, 1]), torch.tensor([3, 1], dtype=torch.int32), [torch.tensor(3), 1]]


@pytest.mark.parametrize("ids", IDS, ids=repr)
def test_ids_may_be_what_can_be_used_as_an_index(ids):
    assert ids_in(ids, (2,)) == [3, 1]


NO_IDS = [[3.0, 1.0], [True, 1], ["a", 1], [3], [[3], [1]], 3, None, torch.tensor([3.0, 1.0])]


@pytest.mark.parametrize("ids", [*NO_IDS, torch.tensor([3, 1], dtype=torch.int16)], ids=repr)
def test_other_numbers_are_no_ids(ids):
    with pytest.raises(Broken):
        ids_in(ids, (2,))


@pytest.mark.parametrize("name", ["sample", "encode", "minibatches", "build_contexts"])
def test_ids_in_32_bits_are_right_and_a_care_note(name):
    ours = getattr(bigramlab, name)

    def short(found):
        return tuple(map(short, found)) if isinstance(found, tuple) else found.int()

    def ids(*arguments, **options):
        found = ours(*arguments, **options)
        return map(short, found) if name == "minibatches" else short(found)

    report = check(ids, name)
    assert report
    assert not report.careful
    assert "int64" in report.text()


def test_ids_in_a_list_are_right():
    def sample(probs, *, generator=None):
        return bigramlab.sample(probs, generator=generator).tolist()

    def encode(word, vocabulary):
        return bigramlab.encode(word, vocabulary).tolist()

    assert check(sample)
    assert check(encode)


TORCHS = {
    "softmax": [
        torch.nn.Softmax(-1),
        lambda logits: torch.softmax(logits, dim=-1),
        functools.partial(torch.nn.functional.softmax, dim=-1),
        lambda logits: logits.log_softmax(-1).exp(),
    ],
    "cross_entropy": [
        torch.nn.functional.cross_entropy,
        torch.nn.CrossEntropyLoss(),
        lambda logits, targets: torch.nn.functional.nll_loss(logits.log_softmax(1), targets),
    ],
}


@pytest.mark.parametrize(("name", "function"), [(name, one) for name, some in TORCHS.items() for one in some])
def test_torchs_own_functions_are_right(name, function):
    assert check(function, name)


def shares(row):
    largest = max(row)
    weights = [math.exp(logit - largest) for logit in row]
    return [weight / sum(weights) for weight in weights]


class Value:
    """A number that could remember how it was computed, as the 200-line GPTs have them."""

    def __init__(self, data):
        self.data = data

    def __add__(self, other):
        return Value(self.data + getattr(other, "data", other))

    __radd__ = __add__

    def __truediv__(self, other):
        return Value(self.data / other.data)

    def exp(self):
        return Value(math.exp(self.data))


def softmax_of_values(logits):
    weights = [Value(logit.data).exp() for logit in logits]
    total = sum(weights)
    return [weight / total for weight in weights]


def softmax_of_scalars(logits):
    largest = max(logit.data for logit in logits)
    weights = [(logit - largest).exp() for logit in logits]
    return [weight / sum(weights) for weight in weights]


def softmax_of_arrays(logits):
    weights = np.exp(np.asarray(logits) - np.max(logits, axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True)


def cross_entropy_of_lists(logits, targets):
    losses = [math.log(sum(map(math.exp, row))) - row[target] for row, target in zip(logits, targets, strict=True)]
    return sum(losses) / len(losses)


def cross_entropy_of_one_row(logits, target):
    weights = [logit.exp() for logit in logits]
    return -(weights[target] / sum(weights)).log()


def cross_entropy_of_arrays(logits, targets):
    shares = softmax_of_arrays(logits)
    return -np.log(shares[np.arange(len(targets)), np.asarray(targets)]).mean()


def count_in_lists(words, vocabulary):
    counts = [[0 for _ in vocabulary] for _ in vocabulary]
    for word in words:
        for current, following in itertools.pairwise("." + word + "."):
            counts[vocabulary.index(current)][vocabulary.index(following)] += 1
    return counts


def layers(parameters, context):
    numbers = [number for id in context for number in parameters.embedding[id]]
    for layer, (weight, bias) in enumerate(zip(parameters.weights, parameters.biases, strict=True), start=1):
        numbers = [
            sum(number * row[column] for number, row in zip(numbers, weight, strict=True)) + bias[column]
            for column in range(len(bias))
        ]
        if layer < len(parameters.weights):
            numbers = [number / (1 + math.exp(-number)) for number in numbers]
    return numbers


def surprises(word, probs, vocabulary):
    steps = itertools.pairwise("." + word + ".")
    shares = [probs[vocabulary.index(current)][vocabulary.index(following)] for current, following in steps]
    return [-math.log(share) if share > 0 else math.inf for share in shares]


def adamw_of_lists(
    parameters, gradient, mean, square, step, *, learning_rate, weight_decay=0.0, mean_decay=0.9, square_decay=0.99
):
    mean = [mean_decay * m + (1 - mean_decay) * g for m, g in zip(mean, gradient, strict=True)]
    square = [square_decay * s + (1 - square_decay) * g * g for s, g in zip(square, gradient, strict=True)]
    roots = [math.sqrt(s / (1 - square_decay**step)) + 1e-8 for s in square]
    directions = [m / (1 - mean_decay**step) / root for m, root in zip(mean, roots, strict=True)]
    moved = [
        p * (1 - learning_rate * weight_decay) - learning_rate * d for p, d in zip(parameters, directions, strict=True)
    ]
    return moved, mean, square


def shares_of_one_head(q, k):
    tokens, size = q.shape
    scores = q @ k.T / size**0.5
    scores[torch.triu_indices(tokens, tokens, 1).unbind()] = float("-inf")
    return torch.softmax(scores, dim=1)


def shares_of_a_batch(q, k):
    _, tokens, size = q.shape
    scores = torch.bmm(q, k.transpose(1, 2)) / size**0.5
    return scores.masked_fill(torch.tril(torch.ones(tokens, tokens)) == 0, float("-inf")).softmax(dim=2)


def attend_on_one_head(q, k, v):
    length, size = q.shape
    scores = q @ k.t() / math.sqrt(size)
    mask = torch.full((length, length), float("-inf")).triu(1)
    return (scores + mask).softmax(-1) @ v


def attend_on_lists(queries, keys, values):
    given = []
    for t, query in enumerate(queries):
        scores = [sum(a * b for a, b in zip(query, key, strict=True)) / len(query) ** 0.5 for key in keys[: t + 1]]
        largest = max(scores)
        weights = [math.exp(score - largest) for score in scores]
        total = sum(weights)
        shares = [weight / total for weight in weights]
        row = [sum(shares[s] * values[s][d] for s in range(t + 1)) for d in range(len(values[0]))]
        given.append(row)
    return given


def attend_in_numpy(q, k, v):
    scores = q.astype(float) @ np.swapaxes(k, -1, -2) / np.sqrt(q.shape[-1])
    scores = np.where(np.tri(q.shape[-2], dtype=bool), scores, -np.inf)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return weights / weights.sum(-1, keepdims=True) @ v


def attend_of_nested_lists(queries, keys, values):
    return [[attend_on_lists(*head) for head in zip(*word)] for word in zip(queries, keys, values)]  # noqa: B905


def keep_top_k_of_a_list(probs, k):
    best = sorted(range(len(probs)), key=probs.__getitem__, reverse=True)[:k]
    total = sum(probs[i] for i in best)
    return [probs[i] / total if i in best else 0.0 for i in range(len(probs))]


def keep_top_p_of_a_list(probs, p):
    kept, total = {}, 0.0
    for i, share in sorted(enumerate(probs), key=lambda pair: -pair[1]):
        kept[i] = share
        total += share
        if total >= p:
            break
    return [kept.get(i, 0.0) / total for i in range(len(probs))]


def softmax_of_one_axis(logits, temperature=1):
    (_,) = logits.shape
    e = torch.exp(logits.double() / temperature - logits.max() / temperature)
    return e / e.sum()


def normalize_one_axis(row):
    assert row.ndim == 1
    return row.double() / row.sum()


STYLES = {
    "attention_shares, a head at a time": shares_of_one_head,
    "attention_shares, on all heads in one axis": shares_of_a_batch,
    "attend, a head at a time": attend_on_one_head,
    "attend, on lists, a head at a time": attend_on_lists,
    "attend, on lists": attend_of_nested_lists,
    "attend, on NumPy arrays": attend_in_numpy,
    "softmax, on lists": lambda logits: [shares(row) for row in logits],
    "softmax, on lists, a row at a time": shares,
    "softmax, on lists of numbers with a gradient, a row at a time": softmax_of_values,
    "softmax, a row at a time, as lists": softmax_of_scalars,
    "softmax, on NumPy arrays": softmax_of_arrays,
    "softmax, a row at a time": softmax_of_one_axis,
    "normalize, a row at a time": normalize_one_axis,
    "with_temperature, a row at a time": softmax_of_one_axis,
    "with_temperature, a row at a time, as lists": lambda logits, t: shares([logit / t for logit in logits]),
    "keep_top_k, a row at a time, as lists": keep_top_k_of_a_list,
    "keep_top_p, a row at a time, as lists": keep_top_p_of_a_list,
    "rms_norm, a row at a time": lambda x, gain: x / torch.sqrt(torch.dot(x, x) / len(x) + 1e-5) * gain,
    "cross_entropy, on lists": cross_entropy_of_lists,
    "cross_entropy, a row at a time": cross_entropy_of_one_row,
    "cross_entropy, on NumPy arrays": cross_entropy_of_arrays,
    "normalize, on lists": lambda counts: [[count / sum(row) for count in row] for row in counts],
    "normalize, a row at a time, as lists": lambda row: [count / sum(row) for count in row],
    "normalize, with NumPy arrays for tensors": lambda counts: np.asarray(counts) / np.sum(counts.numpy(), 1)[:, None],
    "normalize, on NumPy arrays": lambda counts: counts.astype(float) / counts.sum(axis=1, keepdims=True),
    "sample, with NumPy arrays for tensors": lambda probs, **given: bigramlab.sample(probs, **given).numpy(),
    "smooth, on lists": lambda counts, k=1: [[count + k for count in row] for row in counts],
    "count_bigrams, on lists": count_in_lists,
    "count_bigrams, with NumPy arrays for tensors": lambda *given: np.array(count_in_lists(*given)),
    "surprisal, on lists": surprises,
    "surprisal, with lists for tensors": lambda *given: bigramlab.surprisal(*given).tolist(),
    "mlp_logits, a row at a time, as lists": layers,
    "adamw_step, on lists": adamw_of_lists,
}


@pytest.mark.parametrize("style", STYLES)
def test_a_function_on_lists_rows_or_arrays_is_judged_by_its_numbers(style):
    name, _, form = style.partition(", ")
    report = check(STYLES[style], name)
    assert report
    assert report.form == form
    assert f"{name} is right, {form}: all its laws hold." in report.text()


def test_a_function_on_lists_is_right_and_its_headline_says_so():
    report = check(shares, "softmax")
    assert report
    assert report.text().startswith("softmax is right, on lists, a row at a time: all its laws hold.")
    assert not report.careful


def test_what_can_not_be_asked_of_lists_is_said_to_be_not_asked():
    report = check(shares, "softmax")
    assert report.not_asked
    assert "Not asked    Gradients: in this form there are none." in report.text()


def test_a_wrong_function_on_lists_is_judged_on_lists():
    def softmax(row):
        weights = list(map(math.exp, row))
        return [weight / max(weights) for weight in weights]

    report = check(softmax)
    assert not report
    assert report.form == "on lists, a row at a time"
    assert "a row sums to" in report.problem


def test_a_call_is_written_in_the_form_in_which_the_function_takes_it():
    def keep_top_k(probs, k):
        return [[share if share in sorted(row)[-k:] else 0.0 for share in row] for row in probs]

    def softmax(row):
        weights = list(map(math.exp, row))
        return [weight / max(weights) for weight in weights]

    def rms_norm(x, gain):
        return np.asarray(x) / np.linalg.norm(x, axis=-1, keepdims=True) * gain

    assert "[0.3333, 0.6667]" in check(keep_top_k).call
    assert "tensor" not in check(keep_top_k).text()
    assert check(softmax).call == "softmax([0.0, 0.0])"
    assert check(softmax).returned == "[1.0, 1.0]"
    assert "tensor" not in check(rms_norm).call


def test_rows_that_go_in_one_by_one_are_written_so():
    with Guard() as guard:
        call = Call(lambda *_: None, guard, (torch.tensor([[1.0, 2.0], [3.0, 0.5]]), torch.tensor([0, 1])), {})
    form = next(form for form in TRIED if form.words == "on lists, a row at a time")
    assert tell_call("softmax", call, replace(form, rows=(0,))) == (
        "[softmax(row, [0, 1]) for row in [[1.0, 2.0], [3.0, 0.5]]]"
    )
    assert " ".join(tell_call("cross_entropy", call, replace(form, rows=(0, 1))).split()) == (
        "[cross_entropy(logits, targets) for logits, targets in zip([[1.0, 2.0], [3.0, 0.5]], [0, 1])]"
    )


def test_notes_are_in_that_form_too():
    def with_temperature(logits, temperature):
        powers = [[math.exp(logit / temperature) for logit in row] for row in logits]
        return [[power / sum(row) for power in row] for row in powers]

    report = check(with_temperature)
    assert report
    assert report.notes
    assert "tensor(" not in report.text()


def test_a_function_on_lists_that_is_wrong_on_every_input_is_judged_on_lists():
    def with_temperature(logits, temperature):
        powers = [[math.exp(logit / temperature) for logit in row] for row in logits]
        return [[power / (2 * sum(row)) for power in row] for row in powers]

    report = check(with_temperature)
    assert report.form == "on lists"
    assert "sums to 0.5" in report.problem


def test_a_function_that_changes_its_lists_is_told():
    def smooth(counts, k=1):
        for row in counts:
            for place, count in enumerate(row):
                row[place] = count + k
        return [list(row) for row in counts]

    assert "it changes what it was given" in check(smooth).problem


def test_a_number_taken_out_of_a_tensor_has_lost_its_gradient():
    def cross_entropy(logits, targets):
        return torch.nn.functional.cross_entropy(logits, targets).item()

    def softmax(logits):
        return torch.softmax(logits, dim=-1).tolist()

    assert "it is of type float, and should be a torch.Tensor" in check(cross_entropy).problem
    assert "it is of type list, and should be a torch.Tensor" in check(softmax).problem


def test_a_dictionary_with_tensors_for_keys_stays_told():
    def decode(ids, vocabulary):
        itos = dict(enumerate(vocabulary))
        return "".join(itos[id] for id in ids)

    report = check(decode)
    assert report.raised.startswith("KeyError: tensor(")
    assert report.form == ""


def test_an_object_that_can_be_called_and_a_method_are_functions_too():
    class Smoothing:
        def __init__(self, table):
            self.table = table

        def __call__(self, counts, k=1):
            return counts + k * self.table

        def smooth(self, counts, k=1):
            return self(counts, k)

    assert check(Smoothing(1), "smooth")
    assert check(Smoothing(1).smooth)


def test_arrays_that_come_back_for_tensors_are_right_though_no_gradient_can_be_asked_for():
    def split_heads(x, heads):
        rows = x.detach().numpy()
        return np.moveaxis(rows.reshape(*rows.shape[:2], heads, -1), 2, 1)

    report = check(split_heads)
    assert report
    assert "NumPy arrays" in str(report)


def test_lists_that_come_back_for_tensors_are_called_lists():
    def merge_heads(x):
        words = x.tolist()
        return [[[a for head in word for a in head[token]] for token in range(len(word[0]))] for word in words]

    report = check(merge_heads)
    assert report
    assert "with lists for tensors" in str(report)


def test_a_temperature_without_shifting_and_a_limit_that_keeps_ties_are_right():
    def with_temperature(logits, temperature):
        weights = (logits / temperature).exp()
        return weights / weights.sum(1, keepdim=True)

    def keep_top_k(probs, k):
        least = probs.topk(min(k, probs.shape[1])).values[:, -1:]
        kept = torch.where(probs < least, 0, probs)
        return kept / kept.sum(1, keepdim=True)

    assert check(with_temperature)
    assert check(keep_top_k)


def test_a_writer_of_an_earlier_chapter_may_know_no_rule_and_one_that_knows_it_has_to_ask():
    def generate_words(next_probs, vocabulary, n, *, context_length=1, generator=None):
        return bigramlab.generate_words(next_probs, vocabulary, n, context_length=context_length, generator=generator)

    def asks_nobody(next_probs, vocabulary, n, *, context_length=1, choose=None, generator=None):
        return generate_words(next_probs, vocabulary, n, context_length=context_length, generator=generator)

    assert check(generate_words)
    assert not check(asks_nobody, "generate_words")


def test_what_came_back_is_shown_as_the_function_returned_it():
    def told(function, name):
        return " ".join(check(function, name).text().split())

    def rms_norm(x, gain):
        size = (sum(one * one for one in x) / len(x) + 1e-5) ** 0.5
        return [one / size * by for one, by in zip(x, gain)]  # noqa: B905 (as a learner writes it)

    assert "answered with [[1.0, 1.0], [1.0, 1.0]]: `[rms_norm(row, " in told(rms_norm, "rms_norm")
    assert "answered with [0.0]: `keep_top_k(tensor([1.]), 0)`" in told(keep_top_k_of_a_list, "keep_top_k")
    assert "It raises TypeError: 'float' object is not iterable" in told(STYLES["softmax, on lists"], "softmax")


def test_a_pair_that_is_a_list_is_told_as_that():
    report = check(lambda *given: [*map(list, bigramlab.most_common_bigrams(*given))], "most_common_bigrams")
    assert report
    assert "it lists lists of two, and should list tuples" in [note.problem for note in report.notes]


def test_another_name_for_a_function_of_ours_is_understood():
    def nll(counts, probs):
        return bigramlab.negative_log_likelihood(counts, probs)

    with pytest.raises(ValueError, match=r"did you mean 'negative_log_likelihood'\? Then say so: check\(nll, "):
        check(nll)


def test_a_part_of_a_cause_is_no_place_to_look():
    mistake = MISTAKES["normalize"][0]
    assert Diagnosis(mistake, 3, 3, exact=False).seen == mistake.seen
    assert Diagnosis(mistake, 2, 3, exact=False).seen == ""


def test_a_table_too_large_for_the_memory_has_a_likely_cause():
    wrong, look = explain(RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"), "loss = probs[:, ys]")
    assert "too large for the memory" in wrong
    assert "torch.arange" in look
