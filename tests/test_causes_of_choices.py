"""Slips in choosing, attention, a norm and a block that are named, and places that are not told by chance."""

import math
from bisect import bisect_left

import numpy as np
import pytest
import torch
from torch.nn import functional

from bigramlab import Block, Transformer, check, keep_top_p
from bigramlab.judge.causes.code_reading import constants

pytestmark = pytest.mark.slow

temperature = 0.8  # a notebook's global


def attend(queries, keys, values, root=math.sqrt, fill=-math.inf, dim=-1):
    scores = queries @ keys.transpose(-2, -1) / root(queries.shape[-1])
    return scores.masked_fill(torch.ones_like(scores).triu(1) > 0, fill).softmax(dim) @ values


def attend_with(**options):
    return lambda q, k, v: attend(q, k, v, **options)


def cosines(q, k, v):
    return attend(functional.normalize(q, dim=-1), functional.normalize(k, dim=-1), v, root=lambda n: 1)


def divided_over_all(q, k, v):
    q, k, v = (np.asarray(one) for one in (q, k, v))
    scores = q @ k.swapaxes(-1, -2) / np.sqrt(q.shape[-1])
    scores = np.where(np.triu(np.ones(scores.shape[-2:]), 1) > 0, -np.inf, scores)
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    return weights / weights.sum() @ v


def normed(size):
    return lambda x, gain: x / size(x.square().mean(-1, keepdim=True)) * gain


def norm(x, gain):
    return functional.rms_norm(x, x.shape[-1:], gain, 1e-5)


def taken_by_heads(p, x, heads):
    queries, keys, values = (
        (x @ m).view(*x.shape[:2], heads, x.shape[2] // heads).transpose(1, 2) for m in (p.query, p.key, p.value)
    )
    return attend(queries, keys, values).transpose(1, 2).flatten(2) @ p.output


def small_network(p, x, bend=torch.relu):
    return bend(x @ p.widen).square() @ p.narrow


def block(p, x, heads, bend=torch.relu):
    x = x + taken_by_heads(p, norm(x, p.attention_gain), heads)
    return x + small_network(p, norm(x, p.hidden_gain), bend)


def normed_behind(p, x, heads):
    x = x + norm(taken_by_heads(p, x, heads), p.attention_gain)
    return x + norm(small_network(p, x), p.hidden_gain)


def network_with(places, normed=False):
    def transformer_logits(p, ids):
        x = p.embedding[ids] + places(p, ids.shape[1])
        for one in p.blocks:
            x = block(one, x, p.heads)
            x = norm(x, p.gain) if normed else x
        return (x if normed else norm(x, p.gain)) @ p.unembedding

    return transformer_logits


def begun_above_0(vocab_size, longest, *, width=64, layers=3, heads=4, generator=None):
    def positive(*sizes):
        return torch.rand(sizes, generator=generator) / 10

    def one():
        four = [positive(width, width) for _ in range(4)]
        return Block(
            torch.ones(width), *four, torch.ones(width), positive(width, 4 * width), positive(4 * width, width)
        )

    blocks = tuple(one() for _ in range(layers))
    tables = positive(vocab_size, width), positive(longest, width)
    return Transformer(*tables, blocks, torch.ones(width), positive(width, vocab_size), heads)


def of_a_global(logits, t):
    return (logits / temperature).softmax(1)


def least_likely(p, k):
    kept = p.topk(min(k, p.shape[1]), largest=False)
    return torch.zeros_like(p).scatter(1, kept.indices, kept.values / kept.values.sum(1, keepdim=True))


def kept_where(keep):
    def kept(p, k):
        some = torch.where(keep(p, k), p, 0.0)
        return some / some.sum(1, keepdim=True)

    return kept


def whole_columns(p, most):
    ordered, order = p.sort(1, descending=True)
    dropped = order[ordered.cumsum(1) - ordered >= most]
    p = p.clone()
    p[:, dropped] = 0
    return p / p.sum(1, keepdim=True)


def filled_up(p, most):
    ordered, order = p.sort(1, descending=True)
    part = (ordered - (ordered.cumsum(1) - most).clamp(min=0)).clamp(min=0)
    return torch.zeros_like(p).scatter(1, order, part) / most


def kept_up_to(p, most):
    ordered, order = p.sort(1, descending=True)
    return torch.zeros_like(p).scatter(1, order, ordered * (ordered.cumsum(1) <= most))


def needed(p, most, change):
    """Keep as many as needed, by a mask of the places of the likeliest, which is then changed."""
    ordered, order = p.sort(1, descending=True)
    kept = p * change(ordered.cumsum(1) - ordered < most, order)
    return kept / kept.sum(1, keepdim=True)


def two_needed(mask, order):
    mask[:, :2] = True
    return torch.zeros_like(mask).scatter(1, order, mask)


def above_the_kth(p, k):
    """Keep what is likelier than the k-th; where that is nothing, leave the row as it is."""
    kept = torch.where(p > p.topk(min(k, p.shape[1]), 1).values[:, -1:], p, 0)
    return torch.where(kept.any(1, keepdim=True), kept / kept.sum(1, keepdim=True), p)


def rest_to_the_first(p, most):
    kept = p * (keep_top_p(p, most) > 0)
    kept[torch.arange(len(p)), p.argmax(1)] += 1 - kept.sum(1)
    return kept


def each_above_the_rest(p, most):
    kept = torch.where((p >= 1 - most) | (p == p.amax(1)[:, None]), p, 0)
    return kept / kept.sum(1, keepdim=True)


def pairs_backwards(words, vocabulary):
    counts = torch.zeros(len(vocabulary), len(vocabulary), dtype=torch.int64)
    for word in words:
        ids = [vocabulary.index(c) for c in f".{word}."]
        for i in range(len(ids) - 1):
            counts[ids[i], ids[i - 1]] += 1
    return counts


@pytest.mark.parametrize(
    ("function", "name", "slip"),
    [
        (attend_with(root=lambda n: 2 * n), "attend", "divided_by_twice_the_size"),
        (attend_with(root=lambda n: n**1 / 2), "attend", "divided_by_a_half_of_the_size"),
        (attend_with(root=math.isqrt), "attend", "divided_by_the_root_rounded_down"),
        (attend_with(fill=1e9), "attend", "masked_with_a_huge_number"),
        (attend_with(fill=-1e9, dim=1), "attend", "softmax_over_the_heads"),
        (cosines, "attend", "cosines_for_products"),
        (divided_over_all, "attend", "divided_over_all"),
        (lambda x: x.transpose(1, 3).reshape(len(x), x.shape[2], -1), "merge_heads", "other_axes_changed"),
        (lambda x: x.transpose(1, 2).flatten(2).squeeze(), "merge_heads", "axes_of_one_lost"),
        (lambda x: x.transpose(0, 1).reshape(len(x), x.shape[2], -1), "merge_heads", "words_and_heads_exchanged"),
        (above_the_kth, "keep_top_k", "the_kth_itself_dropped"),
        (normed(lambda squares: squares * 2), "rms_norm", "mean_of_squares_and_2"),
        (normed(lambda squares: squares.sqrt().clamp(min=1)), "rms_norm", "a_size_below_1_as_1"),
        (normed(lambda squares: 1 + squares.sqrt()), "rms_norm", "1_added_to_the_size"),
        (normed_behind, "block", "normed_behind_each_part"),
        (lambda p, x, heads: block(p, x, heads, functional.leaky_relu), "block", "leaky_relu_squared"),
        (network_with(lambda p, n: p.places[1 : n + 1]), "transformer_logits", "places_one_late"),
        (network_with(lambda p, n: p.places[:n], normed=True), "transformer_logits", "normed_behind_each_block"),
        (begun_above_0, "init_transformer", "positive_numbers_only"),
        (of_a_global, "with_temperature", "global_for_a_parameter"),
        (lambda x, t: (x.log() / t).softmax(1), "with_temperature", "log_of_the_logits"),
        (lambda x, t: (x * (1 // t)).softmax(1), "with_temperature", "one_divided_without_a_rest"),
        (least_likely, "keep_top_k", "least_likely_kept"),
        (kept_where(lambda p, k: p.argsort(1, descending=True) < k), "keep_top_k", "places_for_ranks"),
        (kept_where(lambda p, k: p >= p.amax(1, keepdim=True)), "keep_top_k", "as_likely_as_the_likeliest"),
        (whole_columns, "keep_top_p", "dropped_in_all_rows"),
        (filled_up, "keep_top_p", "last_cut_to_fill_p"),
        (kept_up_to, "keep_top_p", "kept_up_to_p"),
        (lambda p, most: needed(p, most, two_needed), "keep_top_p", "two_at_least"),
        (lambda p, most: needed(p, most, lambda mask, order: mask.gather(1, order)), "keep_top_p", "mask_gathered"),
        (rest_to_the_first, "keep_top_p", "dropped_share_given_to_the_likeliest"),
        (each_above_the_rest, "keep_top_p", "each_above_the_rest_kept"),
        (lambda p, most: functional.normalize(kept_up_to(p, most), p=1), "keep_top_p", "the_one_that_crosses_dropped"),
        (pairs_backwards, "count_bigrams", "each_with_the_one_before"),
        (lambda x: x.exp() / x.exp().sum(-1, keepdim=True).clamp(min=10), "softmax", "sum_held_above_10"),
        (lambda word, vocabulary: np.searchsorted([*vocabulary], [*word]), "encode", "searched_by_halves_in_numpy"),
        (lambda word, vocabulary: [bisect_left(vocabulary, c) for c in word], "encode", "searched_by_halves"),
    ],
)
def test_a_slip_in_choosing_attending_or_norming_is_named(function, name, slip):
    assert check(function, name).diagnosis.mistake.name == slip


def first_word_alone_masked(q, k, v):
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
    later = torch.ones(scores.shape[-2:]).triu(1) > 0
    return torch.cat([scores[:1].masked_fill(later, -math.inf), scores[1:]]).softmax(-1) @ v


def test_a_place_that_is_wrong_is_told_as_a_word_of_a_batch():
    assert "word of a batch may be wrong" in check(first_word_alone_masked, "attend").diagnosis.mistake.wrong


def test_a_place_is_not_told_if_most_calls_have_no_other():
    found = check(lambda x, gain: x / x.norm(dim=-1, keepdim=True).clamp(min=0.7) * gain, "rms_norm").diagnosis
    assert found is None or found.mistake.name != "some_places_wrong"


class Head(torch.nn.Module):
    def forward(self, x):
        return x


class Attention(torch.nn.Module):
    def forward(self, queries, keys, values, scale=0.3):
        return functional.scaled_dot_product_attention(queries, keys, values, is_causal=True, scale=scale)


def test_what_a_module_takes_is_what_its_forward_takes():
    assert "(queries, keys, values), and yours takes (x)" in check(Head(), "attend").problem


def test_the_code_of_a_module_is_that_of_its_forward():
    assert constants(Attention()) == [0.3]


def never_set_back(next_probs, vocabulary, n, *, context_length=1, choose=None, generator=None):
    words, context = [], [0] * context_length
    while len(words) < n:
        word = ""
        while True:
            probs = next_probs(torch.tensor([context]))
            probs = choose(probs) if choose else probs
            id = int(torch.multinomial(probs, 1, generator=generator))
            if id == 0:
                break
            word, context = word + vocabulary[id], [*context[1:], id]
        words.append(word)
    return words


def test_letters_of_the_word_before_are_named():
    assert check(never_set_back, "generate_words").diagnosis.mistake.name == "letters_kept_between_words"


def without_the_ends(next_probs, contexts, targets):
    letters = targets != 0
    picked = next_probs(contexts)[range(len(targets)), targets]
    return -picked[letters].log().mean().item()


def test_a_comparison_that_no_list_can_make_is_no_sign_that_a_list_is_meant():
    assert check(without_the_ends, "score_contexts").diagnosis.mistake.name == "boundary_targets_left_out"


def summed_up(next_probs, contexts, targets):
    return -next_probs(contexts)[range(len(targets)), targets].log().sum().item()


def test_the_call_of_a_model_can_be_repeated():
    report = check(lambda model, contexts, targets: summed_up(model, contexts, targets) / 3, "score_contexts")
    names = {"score_contexts": summed_up, "tensor": torch.tensor}
    exec(report.needs, names)
    assert "ContextModel(" in report.call
    assert eval(report.call, names) >= 0
