"""What can go wrong in the parts of a Transformer's block: its norms, its heads, and what is added to what."""

from typing import Any

import torch
from torch.nn import functional

from bigramlab.judge.causes.families import Choice, Part, family
from bigramlab.judge.causes.parts_of_attention import ATTENTION, HEADS, MERGED, shares
from bigramlab.judge.causes.parts_of_networks import BENDS

TINY = 1e-5


def _mean(x: Any, *dims: int) -> Any:
    return x.square().mean(dims, keepdim=True)


SIZES: list[Choice] = [
    ("divided_by_the_batch", lambda x: (x.square().sum(-1, keepdim=True) / len(x) + TINY).sqrt(), "The sum of the squares is divided by the size of the batch, `len(x)`, and should be by how many numbers a vector has."),
    ("normed_over_the_word", lambda x: (_mean(x, 1) + TINY).sqrt(), "The mean runs over the tokens of the word: so each token learns of the later ones."),
    ("normed_over_the_batch", lambda x: (_mean(x, 0) + TINY).sqrt(), "The mean runs over the words of the batch."),
    ("normed_over_everything", lambda x: (_mean(x, 0, 1, 2) + TINY).sqrt(), "One size is taken of all vectors together, and each should have its own."),
    ("normed_over_word_and_numbers", lambda x: (_mean(x, 1, 2) + TINY).sqrt(), "One size is taken of all tokens of a word, and each should have its own."),
    ("root_forgotten", lambda x: _mean(x, -1) + TINY, "The mean of the squares divides, and should its root."),
    ("sum_for_the_mean", lambda x: (x.square().sum(-1, keepdim=True) + TINY).sqrt(), "The squares are added up, and their mean should be taken."),
    ("deviation_for_the_size", lambda x: x.std(-1, keepdim=True), "The standard deviation divides, which has the mean subtracted."),
    ("plain_deviation_for_the_size", lambda x: x.std(-1, keepdim=True, unbiased=False) + TINY, "The standard deviation divides, which has the mean subtracted."),
    ("absolute_mean_for_the_size", lambda x: x.abs().mean(-1, keepdim=True) + TINY, "The mean of the absolute numbers divides, and should the root of the mean of their squares."),
    ("largest_for_the_size", lambda x: x.abs().amax(-1, keepdim=True), "The largest number divides, and should the root of the mean of the squares."),
    ("square_of_the_mean", lambda x: x.mean(-1, keepdim=True).abs() + TINY, "The mean is squared, and the squares should be averaged: first square, then mean."),
    ("square_of_the_mean_under_the_root", lambda x: (x.mean(-1, keepdim=True) ** 2 + TINY).sqrt(), "The mean is squared, and the squares should be averaged: square first."),
    ("variance_for_the_mean_of_squares", lambda x: (x.var(-1, keepdim=True, unbiased=False) + TINY).sqrt(), "The variance stands where the mean of the squares should: it has the mean subtracted."),
    ("unbiased_variance_for_the_mean_of_squares", lambda x: (x.var(-1, keepdim=True) + TINY).sqrt(), "The variance stands where the mean of the squares should: it has the mean subtracted."),
    ("a_large_number_added", lambda x: (_mean(x, -1) + 1).sqrt(), "1 is added to the mean of the squares: it should be something tiny."),
    ("a_tenth_added", lambda x: (_mean(x, -1) + 0.1).sqrt(), "0.1 is added to the mean of the squares: it should be something tiny."),
    ("one_hundredth_added", lambda x: (_mean(x, -1) + 0.01).sqrt(), "0.01 is added to the mean of the squares: it should be something tiny."),
    ("mean_of_squares_halved", lambda x: (_mean(x, -1) + TINY) / 2, "Half the mean of the squares divides, as `(…)**1/2` is: a power comes before a division, so write `(…)**0.5`."),
    ("mean_of_squares_and_2", lambda x: (_mean(x, -1) + TINY) * 2, "The mean of the squares divides and then 2, as `/ (…)**1/2` does: a power comes before a division, so write `(…)**0.5`."),
    ("one_number_less", lambda x: (x.square().sum(-1, keepdim=True) / max(1, x.shape[-1] - 1) + TINY).sqrt(), "The sum of the squares is divided by one less than how many numbers there are."),
    ("a_size_below_1_as_1", lambda x: (_mean(x, -1) + TINY).sqrt().clamp(min=1), "A size below 1 counts as 1, so short vectors stay short: what is to keep 0 from dividing should be something tiny."),
    ("1_added_to_the_size", lambda x: _mean(x, -1).sqrt() + 1, "1 is added to the size: it should be something tiny."),
    ("nothing_divided", lambda x: torch.ones_like(x[..., :1]), "Nothing is divided: the vectors keep their sizes."),
    ("size_multiplied", lambda x: 1 / (_mean(x, -1) + TINY).sqrt(), "The vector is multiplied by its size, and should be divided by it."),
    ("divided_by_the_number_of_numbers", lambda x: torch.full_like(x[..., :1], x.shape[-1]), "Each vector is divided by how many numbers it has, and should be by its size."),
    ("divided_by_its_root", lambda x: torch.full_like(x[..., :1], x.shape[-1]).sqrt(), "Each vector is divided by the root of how many numbers it has, and should be by its size."),
]  # fmt: skip

NORM: list[Part] = [
    ("centered", lambda x: x, [("mean_subtracted", lambda x: x - x.mean(-1, keepdim=True), "The mean is subtracted first: that is a LayerNorm, and here only the size is divided out.")]),
    ("size", lambda x: (_mean(x, -1) + TINY).sqrt(), SIZES),
    ("gained", lambda x, gain: x * gain, [
        ("gain_forgotten", lambda x, gain: x, "The gain is not multiplied."),
        ("gain_added", lambda x, gain: x + gain, "The gain is added, and should be multiplied."),
        ("gain_plus_1", lambda x, gain: x * (1 + gain), "1 is added to the gain: ours begin at 1."),
        ("gain_divided", lambda x, gain: x / gain, "The gain divides, and should be multiplied."),
        ("gain_twice", lambda x, gain: x * gain * gain, "The gain is multiplied twice."),
        ("root_of_the_gain", lambda x, gain: x * gain.sqrt(), "The root of the gain is taken."),
        ("first_gain_for_all", lambda x, gain: x * gain[0], "The first gain stands for all."),
        ("mean_gain_for_all", lambda x, gain: x * gain.mean(), "The mean of the gains stands for each."),
    ]),
]  # fmt: skip


def _norm(given: dict[str, Any], chosen: dict[str, Any]) -> Any:
    x = chosen["centered"](given["x"])
    return chosen["gained"](x / chosen["size"](x), given["gain"])


def rms(x: Any, gain: Any) -> Any:
    """Return the vectors, each divided by its size and multiplied by the gain."""
    return x / (_mean(x, -1) + TINY).sqrt() * gain


def _layer_norm(x: Any, gain: Any) -> Any:
    return functional.layer_norm(x, x.shape[-1:]) * gain


def _squared(x: Any) -> Any:
    return x.relu().square()


NORMS: list[Choice] = [
    ("nothing_normed", lambda x, gain: x, "The norm is left out."),
    ("layer_norm_for_rms_norm", _layer_norm, "A LayerNorm, which subtracts the mean, stands where the RMS norm should."),
    ("gain_left_out", lambda x, gain: rms(x, torch.ones_like(gain)), "The gain is not multiplied in the norm."),
    ("normed_over_the_word", lambda x, gain: x / (_mean(x, 1) + TINY).sqrt() * gain, "The norm runs over the tokens of the word: so each token learns of the later ones."),
    ("gain_multiplied_alone", lambda x, gain: x * gain, "The gain is multiplied, and nothing divided."),
]  # fmt: skip

OTHER_BENDS: list[Choice] = [
    ("relu_not_squared", torch.relu, "The bend is ReLU, max(0, x), and should be its square."),
    ("silu_for_the_bend", functional.silu, "The bend is SiLU, and should be max(0, x)²."),
    ("square_without_relu", torch.square, "The hidden numbers are squared without max(0, x) before."),
    ("squared_after_the_layer", None, ""),
    ("leaky_relu_squared", lambda x: functional.leaky_relu(x).square(), "The bend is the square of a leaky ReLU, which leaves a little of negative numbers, and should be max(0, x)²."),
    ("cube_for_the_square", lambda x: x.relu() ** 3, "The bend is max(0, x)³, and should be max(0, x)²."),
    *((name, bend, wrong.replace("x · sigmoid(x)", "max(0, x)²")) for name, bend, wrong in BENDS if name not in ("squared_relu_for_the_bend", "relu_for_the_bend")),
]  # fmt: skip
OTHER_BENDS = [choice for choice in OTHER_BENDS if choice[1]]

BLOCK: list[Part] = [
    ("first_norm", rms, [(f"{name}_before_attention", norm, wrong.replace("The norm", "The norm before attention").replace("the norm", "the norm before attention").replace("the RMS norm", "the RMS norm before attention")) for name, norm, wrong in NORMS]),
    ("second_norm", rms, [(f"{name}_before_the_small_network", norm, wrong.replace("The norm", "The norm before the small network").replace("the norm", "the norm before the small network").replace("the RMS norm", "the RMS norm before the small network")) for name, norm, wrong in NORMS]),
    ("bend", _squared, OTHER_BENDS),
    ("order", "attention, then network", [
        ("side_by_side", "side by side", "Attention and the small network both read the vector as it came: the second should read what the first left."),
        ("normed_vector_goes_on", "normed goes on", "The normed vector takes the place of the vector, `x = rms_norm(x, …)`, and what is found is added to that: keep it under another name."),
        ("normed_before_attention_alone", "normed once", "The small network reads the vector that was normed before attention, and should read what attention left, normed anew."),
        ("normed_behind_each_part", "norm behind", "The norm comes behind each part, before what it found is added, and should come before the part: attention and the small network should read normed vectors."),
        ("small_network_first", "network, then attention", "The small network comes first, and attention should."),
        ("attention_left_out", "network alone", "Attention is left out."),
        ("vector_added_twice", "vector twice", "The vector that came in is added once too often."),
        ("attention_dropped_from_the_sum", "attention dropped", "The small network's numbers are added to the vector as it came in, so what attention found is lost: add them to the vector behind attention."),
        ("small_network_left_out", "attention alone", "The small network is left out."),
        ("attention_twice", "attention twice", "Attention is gone through twice."),
        ("small_network_twice", "network twice", "The small network is gone through twice."),
    ]),
    ("first_residual", lambda x, normed, added: x + added, [
        ("no_residual_around_attention", lambda x, normed, added: added, "What attention gives takes the vector's place, and should be added to it."),
        ("residual_from_the_normed_at_attention", lambda x, normed, added: normed + added, "What attention gives is added to the normed vector, and should be to the vector as it came."),
        ("attention_subtracted", lambda x, normed, added: x - added, "What attention gives is subtracted."),
    ]),
    ("second_residual", lambda x, normed, added: x + added, [
        ("no_residual_around_the_small_network", lambda x, normed, added: added, "What the small network gives takes the vector's place, and should be added to it."),
        ("residual_from_the_normed_at_the_small_network", lambda x, normed, added: normed + added, "What the small network gives is added to the normed vector, and should be to the vector as it came."),
        ("small_network_subtracted", lambda x, normed, added: x - added, "What the small network gives is subtracted."),
    ]),
    ("made_of", lambda normed, x: (normed, normed, normed), [
        ("values_of_what_is_not_normed", lambda normed, x: (normed, normed, x), "The values are made of what is not normed, and should be of the same vectors as queries and keys."),
        ("queries_of_what_is_not_normed", lambda normed, x: (x, normed, normed), "The queries are made of what is not normed."),
        ("keys_and_values_of_what_is_not_normed", lambda normed, x: (normed, x, x), "Keys and values are made of what is not normed."),
    ]),
    ("matrices", lambda p: p, [
        ("queries_for_keys", lambda p: p._replace(key=p.query), "The query matrix makes the keys, too: `key` is not used."),
        ("keys_for_queries", lambda p: p._replace(query=p.key), "The key matrix makes the queries, too: `query` is not used."),
        ("keys_for_values", lambda p: p._replace(value=p.key), "The key matrix makes the values, too: `value` is not used."),
        ("values_for_keys", lambda p: p._replace(key=p.value), "The value matrix makes the keys, too: `key` is not used."),
        ("query_and_key_exchanged", lambda p: p._replace(query=p.key, key=p.query), "Query and key matrix are exchanged."),
        ("key_and_value_exchanged", lambda p: p._replace(key=p.value, value=p.key), "Key and value matrix are exchanged."),
        ("matrices_transposed", lambda p: p._replace(query=p.query.T, key=p.key.T, value=p.value.T), "Query, key and value matrix are transposed, as `F.linear` takes them: here `x @ matrix` is meant."),
        ("output_transposed", lambda p: p._replace(output=p.output.T), "The matrix behind the heads is transposed: here `x @ output` is meant."),
        ("values_not_made", lambda p: p._replace(value=torch.eye(len(p.value))), "The normed vectors are taken for the values: `value` is not used."),
        ("output_forgotten", lambda p: p._replace(output=torch.eye(len(p.output))), "What the heads take is added as it is: `output` is not used."),
        ("output_transposed", lambda p: p._replace(output=p.output.mT), "The output matrix is transposed."),
        ("matrices_transposed", lambda p: p._replace(query=p.query.mT, key=p.key.mT, value=p.value.mT, output=p.output.mT), "The matrices are transposed, as `torch.nn.Linear` keeps them: here it is `x @ matrix`."),
        ("first_three_transposed", lambda p: p._replace(query=p.query.mT, key=p.key.mT, value=p.value.mT), "The matrices of query, key and value are transposed."),
        ("gains_exchanged", lambda p: p._replace(attention_gain=p.hidden_gain, hidden_gain=p.attention_gain), "The two norms have each other's gain."),
        ("first_gain_twice", lambda p: p._replace(hidden_gain=p.attention_gain), "Both norms have the first gain: `hidden_gain` is not used."),
        ("second_gain_twice", lambda p: p._replace(attention_gain=p.hidden_gain), "Both norms have the second gain: `attention_gain` is not used."),
    ]),
    ("heads", lambda n, width: n, [
        ("one_head_alone", lambda n, width: 1, "The heads are not split: one attends over the whole width."),
        ("heads_and_their_size_exchanged", lambda n, width: width // n, "The number of heads is taken for the size of one."),
    ]),
    *((name, right, choices) for name, right, choices in (HEADS[0], MERGED[0], *ATTENTION[1:])),
    ("cut_and_merged", None, [
        ("heads_split_and_merged_by_view", lambda x, n: x.reshape(len(x), n, x.shape[1], -1), "The heads are split and merged by `view`, without moving the axes, which mixes the tokens."),
        ("heads_attend_to_each_other", lambda x, n: x.unflatten(2, (n, -1)), "The axes stay as (batch, tokens, heads, numbers): so the heads of a token attend to each other, and no token to another. `transpose(1, 2)` is missing, before and after."),
    ]),
]  # fmt: skip


def _cut(x: Any, n: int, chosen: dict[str, Any]) -> Any:
    return (chosen["cut_and_merged"] or chosen["cut"])(x, n)


def through(p: Any, x: Any, n: int, chosen: dict[str, Any]) -> Any:
    """Go through a block, with parts of it done in another way."""
    p, n = chosen["matrices"](p), chosen["heads"](n, x.shape[-1])

    def attended(normed: Any, x: Any) -> Any:
        viewed = chosen["cut_and_merged"]
        made = zip(chosen["made_of"](normed, x), (p.query, p.key, p.value), strict=True)
        queries, keys, values = (_cut(vectors @ matrix, n, chosen) for vectors, matrix in made)
        taken = shares(queries, keys, chosen) @ values
        return (taken.reshape(x.shape) if viewed else chosen["merged"](taken)) @ p.output

    def attention(x: Any) -> Any:
        normed = chosen["first_norm"](x, p.attention_gain)
        return chosen["first_residual"](x, normed, attended(normed, x))

    def network(x: Any) -> Any:
        normed = chosen["second_norm"](x, p.hidden_gain)
        return chosen["second_residual"](x, normed, small(normed))

    def small(normed: Any) -> Any:
        return chosen["bend"](normed @ p.widen) @ p.narrow

    def goes_on(x: Any, gain: Any, part: Any) -> Any:
        return part(x) - x + rms(x, gain)

    def behind(x: Any) -> Any:
        x = x + rms(attended(x, x), p.attention_gain)
        return x + rms(small(x), p.hidden_gain)

    ways = {
        "attention, then network": lambda: network(attention(x)),
        "normed once": lambda: attention(x) + small(chosen["first_norm"](x, p.attention_gain)),
        "normed goes on": lambda: goes_on(goes_on(x, p.attention_gain, attention), p.hidden_gain, network),
        "norm behind": lambda: behind(x),
        "network, then attention": lambda: attention(network(x)),
        "side by side": lambda: attention(x) + network(x) - x,
        "network alone": lambda: network(x),
        "attention alone": lambda: attention(x),
        "attention twice": lambda: network(attention(attention(x))),
        "network twice": lambda: network(network(attention(x))),
        "vector twice": lambda: x + network(attention(x)),
        "attention dropped": lambda: x + network(attention(x)) - attention(x),
    }
    return ways[chosen["order"]]()


family("rms_norm", _norm, NORM)
family("block", lambda given, chosen: through(given["parameters"], given["x"], given["heads"], chosen), BLOCK)
