"""What can go wrong in the parts of a network."""

from typing import Any

import torch
from torch.nn import functional

from bigramlab.judge.causes.families import Choice, Part, family

BENDS: list[Choice] = [
    ("tanh_for_the_bend", torch.tanh, "The bend is tanh, and should be x · sigmoid(x)."),
    ("relu_for_the_bend", torch.relu, "The bend is ReLU, and should be x · sigmoid(x)."),
    ("sigmoid_for_the_bend", torch.sigmoid, "The bend is sigmoid(x), and should be x · sigmoid(x)."),
    ("gelu_for_the_bend", functional.gelu, "The bend is GELU, and should be x · sigmoid(x)."),
    ("rough_gelu_for_the_bend", lambda x: functional.gelu(x, approximate="tanh"), "The bend is GELU, and should be x · sigmoid(x)."),
    ("quick_gelu_for_the_bend", lambda x: x * (1.702 * x).sigmoid(), "The bend is x · sigmoid(1.702 x), and should be x · sigmoid(x)."),
    ("leaky_relu_for_the_bend", functional.leaky_relu, "The bend is a leaky ReLU, and should be x · sigmoid(x)."),
    ("elu_for_the_bend", functional.elu, "The bend is ELU, and should be x · sigmoid(x)."),
    ("softplus_for_the_bend", functional.softplus, "The bend is softplus, and should be x · sigmoid(x)."),
    ("squared_relu_for_the_bend", lambda x: torch.relu(x) ** 2, "The bend is ReLU squared, and should be x · sigmoid(x)."),
    ("sine_for_the_bend", torch.sin, "The bend is a sine, and should be x · sigmoid(x)."),
    ("softsign_for_the_bend", functional.softsign, "The bend is x / (1 + |x|), and should be x · sigmoid(x)."),
    ("exp_for_the_bend", torch.exp, "The bend is exp, and should be x · sigmoid(x)."),
    ("sigmoid_of_minus_x", lambda x: x * (-x).sigmoid(), "The bend is x · sigmoid(-x), and should be x · sigmoid(x)."),
    ("mish_for_the_bend", functional.mish, "The bend is Mish, and should be x · sigmoid(x)."),
    ("softmax_for_the_bend", lambda x: x.softmax(-1), "Softmax stands where the bend x · sigmoid(x) should."),
    ("no_bend", lambda x: x, "There is no bend, so all layers together are one matrix."),
]  # fmt: skip

MLP: list[Part] = [
    ("bend", functional.silu, BENDS),
    ("bent", lambda layer, last: True, [
        ("bend_behind_the_first_layer_alone", lambda layer, last: layer == 0, "Only the first layer has the bend behind it, and all but the last should."),
        ("bend_missing_behind_the_first_layer", lambda layer, last: layer > 0, "The bend is missing behind the first layer."),
        ("bend_missing_before_the_last_layer", lambda layer, last: layer < last - 1, "The bend is missing before the last layer."),
    ]),
    ("added", "all", [("biases_left_out", "none", "The biases are not added."),
                      ("last_bias_left_out", "not the last", "The last layer's bias is not added."),
                      ("biases_in_the_last_layer_only", "the last", "The biases of the hidden layers are not added."),
                      ("first_bias_in_every_layer", "the first", "The first layer's biases are added in each layer: an index is typed in, and should be that of the layer."),
                      ("biases_subtracted", "minus", "The biases are subtracted."),
                      ("biases_behind_the_bend", "late", "The biases of the hidden layers are added behind the bend, and belong before it.")]),
    ("looked_up", lambda e, c: e[c].flatten(1), [
        ("newest_first", lambda e, c: e[c.flip(1)].flatten(1), "The context is read with the newest token first."),
        ("numbers_interleaved", lambda e, c: e[c].transpose(1, 2).flatten(1), "The numbers of the tokens are interleaved, and should stand one token after another."),
        ("batch_and_context_mixed", lambda e, c: e[c].transpose(0, 1).reshape(len(c), -1), "`view` mixes batch and context: the axes have to be in order first."),
        ("contexts_read_down_the_batch", lambda e, c: e[c.T.reshape(c.shape)].flatten(1), "The ids of the batch are read column by column: `view` does not transpose."),
        ("numbers_read_down_the_batch", lambda e, c: e[c].reshape(-1, len(c)).T, "`view(-1, batch).T` mixes the numbers of all contexts: `view(batch, -1)` lays those of each one behind the other."),
        ("newest_token_only", lambda e, c: e[c[:, -1:]].expand(-1, c.shape[1], -1).flatten(1), "Only the newest token of each context is looked up."),
        ("oldest_token_only", lambda e, c: e[c[:, :1]].expand(-1, c.shape[1], -1).flatten(1), "Only the oldest token of each context is looked up."),
        ("first_context_for_all", lambda e, c: e[c[:1]].expand(len(c), -1, -1).flatten(1), "The first context stands for all."),
        ("mean_of_the_tokens", lambda e, c: e[c].mean(1, keepdim=True).expand(-1, c.shape[1], -1).flatten(1), "The mean of the tokens stands for each."),
        ("sum_of_the_tokens", lambda e, c: e[c].sum(1, keepdim=True).expand(-1, c.shape[1], -1).flatten(1), "The sum of the tokens stands for each."),
        ("ids_one_too_large", lambda e, c: e[(c + 1) % len(e)].flatten(1), "The ids are off by one when they are looked up."),
        ("ids_one_too_small", lambda e, c: e[c - 1].flatten(1), "The ids are off by one when they are looked up."),
        ("embedding_bent", lambda e, c: functional.silu(e[c].flatten(1)), "The embedding goes through the bend, too, before the first layer."),
        ("embedding_times_its_root", lambda e, c: e[c].flatten(1) * e.shape[1] ** 0.5, "The embedding is multiplied by the root of how many numbers a token has, as in “Attention Is All You Need”."),
        *((f"embedding_times_{n:g}", lambda e, c, n=n: e[c].flatten(1) * n, f"The embedding is multiplied by {n:g}, as dropout that does not divide by 1 - share would ask for.") for n in (0.9, 0.8, 0.5)),
        ("embedding_through_tanh", lambda e, c: e[c].flatten(1).tanh(), "The embedding goes through tanh before the first layer."),
        ("embedding_through_relu", lambda e, c: e[c].flatten(1).relu(), "The embedding goes through ReLU before the first layer."),
    ]),
    ("end", lambda x, bend: x, [
        ("bend_after_the_last_layer", lambda x, bend: bend(x), "The bend stands behind the last layer, too."),
        ("tanh_after_the_last_layer", lambda x, bend: x.tanh(), "tanh stands behind the last layer."),
        ("relu_after_the_last_layer", lambda x, bend: x.relu(), "ReLU stands behind the last layer."),
        ("sigmoid_after_the_last_layer", lambda x, bend: x.sigmoid(), "A sigmoid stands behind the last layer."),
        ("softmax_at_the_end", lambda x, bend: x.softmax(-1), "softmax stands at the end."),
        ("log_softmax_at_the_end", lambda x, bend: x.log_softmax(-1), "log softmax stands at the end."),
        ("softmax_over_the_batch", lambda x, bend: x.softmax(0), "softmax runs over the batch at the end."),
        ("exp_at_the_end", lambda x, bend: x.exp(), "`exp` is taken at the end."),
    ]),
    ("normed", lambda x: x, [
        ("normalized_over_the_batch", lambda x: (x - x.mean(0)) / (x.std(0) + 1e-5), "The hidden numbers are normalized over the batch, so a row depends on its neighbors."),
        ("normalized_over_the_batch_by_its_own_spread", lambda x: (x - x.mean(0)) / (x.std(0, unbiased=False) + 1e-5), "The hidden numbers are normalized over the batch, so a row depends on its neighbors."),
        ("normalized_over_the_batch_plainly", lambda x: (x - x.mean(0)) / x.std(0), "The hidden numbers are normalized over the batch, so a row depends on its neighbors."),
        ("normalized_over_the_batch_by_variance", lambda x: (x - x.mean(0)) / (x.var(0, unbiased=False) + 1e-5).sqrt(), "The hidden numbers are normalized over the batch, so a row depends on its neighbors."),
        ("normalized_within_a_row", lambda x: functional.layer_norm(x, x.shape[-1:]), "The hidden numbers are normalized within each row."),
        ("mean_of_the_batch_subtracted", lambda x: x - x.mean(0), "The mean over the batch is subtracted from the hidden numbers, so a row depends on its neighbors."),
    ]),
    ("around", False, [("added_to_what_goes_in", True, "What goes into a hidden layer is added to what comes out, where both are as long: a residual connection, which this network has none of.")]),
    ("layers", lambda n: range(n), [
        ("first_layer_left_out", lambda n: range(1, n), "The first layer is left out."),
        ("last_layer_left_out", lambda n: range(n - 1), "The last layer is left out."),
    ]),
]  # fmt: skip


def _network(given: dict[str, Any], chosen: dict[str, Any]) -> Any:
    embedding, weights, biases = given["parameters"]
    x, layers, end = (
        chosen["looked_up"](embedding, given["contexts"].long()),
        [*chosen["layers"](len(weights))],
        len(weights) - 1,
    )
    added, bend = chosen["added"], chosen["bend"]
    for layer in layers:
        before = x
        x = x @ weights[layer]
        late = added == "late" and layer < end
        here = {"all": True, "late": layer == end, "the last": layer == end, "not the last": layer < end}
        if here.get(added):
            x = x + biases[layer]
        if added == "minus":
            x = x - biases[layer]
        if added == "the first":
            x = x + biases[0]
        if layer < end:
            x = chosen["normed"](x)
            x = bend(x) if chosen["bent"](layer, end) else x
            if late:
                x = x + biases[layer]
            if chosen["around"] and x.shape == before.shape:
                x = x + before
    return chosen["end"](x, bend)


family("mlp_logits", _network, MLP)
family("mlp_probs", lambda given, chosen: _network(given, chosen).softmax(-1), MLP)
