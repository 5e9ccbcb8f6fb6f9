"""What goes wrong in a block and its norm. Most of it trains and writes names all the same."""

from typing import Any

import torch
from torch.nn import functional

from bigramlab.lessons.attention import attend
from bigramlab.lessons.blocks import block, rms_norm
from bigramlab.lessons.heads import merge_heads, split_heads
from bigramlab.mistakes.mistake import mistake

TINY = 1e-5


@mistake("rms_norm")
def mean_subtracted(x: Any, gain: Any) -> Any:
    """The mean is subtracted first: that is a LayerNorm, and here only the size is divided out.

    Print it for a vector of equal numbers: it should be ones, and is zeros.
    """
    return functional.layer_norm(x, gain.shape, gain)


@mistake("rms_norm")
def sum_for_the_mean(x: Any, gain: Any) -> Any:
    """The squares are added up, and their mean should be taken: each vector gets the length 1.

    Print the mean of the squares of what comes back: it should be 1.
    """
    return x / (x.square().sum(-1, keepdim=True) + TINY).sqrt() * gain


@mistake("rms_norm")
def keepdim_forgotten(x: Any, gain: Any) -> Any:
    """Without `keepdim=True` the sizes lose their axis, so they are laid along the numbers, or don't fit.

    Print `x.square().mean(-1).shape` and `x.square().mean(-1, keepdim=True).shape`: only the second ends with a 1.
    """
    return x / (x.square().mean(-1) + TINY).sqrt() * gain


@mistake("rms_norm")
def root_forgotten(x: Any, gain: Any) -> Any:
    """The mean of the squares divides, and should its root.

    Print it for twice the vector: it should stay the same.
    """
    return x / (x.square().mean(-1, keepdim=True) + TINY) * gain


@mistake("rms_norm")
def normed_over_the_word(x: Any, gain: Any) -> Any:
    """The mean runs over the tokens of the word, `dim=1`: so each token learns of the later ones.

    Change the last token of a word: the others should stay.
    """
    return x / (x.square().mean(1, keepdim=True) + TINY).sqrt() * gain


@mistake("rms_norm")
def normed_over_everything(x: Any, gain: Any) -> Any:
    """One size is taken of all vectors together, and each should have its own.

    Change one token of a batch: the others should stay.
    """
    return x / (x.square().mean() + TINY).sqrt() * gain


@mistake("rms_norm")
def normed_over_word_and_numbers(x: Any, gain: Any) -> Any:
    """One size is taken of all tokens of a word, and each should have its own.

    Change the last token of a word: the others should stay.
    """
    return x / (x.square().mean((1, 2), keepdim=True) + TINY).sqrt() * gain


@mistake("rms_norm")
def normed_over_the_batch(x: Any, gain: Any) -> Any:
    """The mean runs over the words of the batch, `dim=0`.

    Give it a batch of one word: every number becomes 1 or -1.
    """
    return x / (x.square().mean(0, keepdim=True) + TINY).sqrt() * gain


@mistake("rms_norm")
def gain_forgotten(x: Any, gain: Any) -> Any:
    """The gain is not multiplied.

    Print it for gains of 2: it should be twice as large.
    """
    return x / (x.square().mean(-1, keepdim=True) + TINY).sqrt()


@mistake("rms_norm")
def gain_before_the_size(x: Any, gain: Any) -> Any:
    """The gain is multiplied before the size is taken, and divided out again in part.

    Print it for gains of 2: it should be twice as large.
    """
    x = x * gain
    return x / (x.square().mean(-1, keepdim=True) + TINY).sqrt()


@mistake("rms_norm")
def gain_added(x: Any, gain: Any) -> Any:
    """The gain is added, and should be multiplied.

    Print it for gains of 2: it should be twice as large.
    """
    return x / (x.square().mean(-1, keepdim=True) + TINY).sqrt() + gain


@mistake("rms_norm")
def gain_plus_1(x: Any, gain: Any) -> Any:
    """1 is added to the gain, as some do whose gains begin at 0: ours begin at 1.

    Print it for gains of 1: the mean of the squares should be 1.
    """
    return x / (x.square().mean(-1, keepdim=True) + TINY).sqrt() * (1 + gain)


@mistake("rms_norm")
def multiplied_by_the_size(x: Any, gain: Any) -> Any:
    """The vector is multiplied by its size, and should be divided by it.

    Print it for twice the vector: it should stay the same.
    """
    return x * (x.square().mean(-1, keepdim=True) + TINY).sqrt() * gain


@mistake("rms_norm")
def deviation_for_the_size(x: Any, gain: Any) -> Any:
    """The standard deviation divides, which has the mean subtracted: it takes the root of the mean of the squares.

    Print it for a vector of equal numbers: it should be ones.
    """
    return x / (x.std(-1, keepdim=True, unbiased=False) + TINY) * gain


@mistake("rms_norm")
def absolute_mean_for_the_size(x: Any, gain: Any) -> Any:
    """The mean of the absolute numbers divides, and should the root of the mean of their squares.

    Print it for a vector of 1 and 7: it should be 0.2 and 1.4.
    """
    return x / (x.abs().mean(-1, keepdim=True) + TINY) * gain


@mistake("rms_norm", careless=True)
def zeros_become_nan(x: Any, gain: Any) -> Any:
    """A vector of zeros becomes `nan`: 0 is divided by 0, since nothing small is added.

    Print it for a vector of zeros.
    """
    if x.ndim != 3 or gain.shape != x.shape[-1:]:
        raise ValueError("shapes")
    return x / x.square().mean(-1, keepdim=True).sqrt() * gain


@mistake("rms_norm", careless=True)
def any_gains_accepted(x: Any, gain: Any) -> Any:
    """Gains of another number than a vector's are not refused where torch can stretch them.

    Call it with one gain for vectors of three numbers.
    """
    enough = gain.numel() >= x.shape[-1]
    return x / (x.square().mean(-1, keepdim=True) + TINY).sqrt() * gain.flatten()[: x.shape[-1] if enough else 1]


def _attention(p: Any, x: Any, heads: Any) -> Any:
    normed = rms_norm(x, p.attention_gain)
    queries, keys, values = (split_heads(normed @ matrix, heads) for matrix in (p.query, p.key, p.value))
    return merge_heads(attend(queries, keys, values)) @ p.output


def _small(p: Any, x: Any, bend: Any = lambda h: h.relu().square()) -> Any:
    return bend(rms_norm(x, p.hidden_gain) @ p.widen) @ p.narrow


@mistake("block")
def no_residual_around_attention(parameters: Any, x: Any, heads: Any) -> Any:
    """What attention gives takes the vector's place, and should be added to it.

    Set `output` and `narrow` to zeros: the vectors should come out as they went in.
    """
    x = _attention(parameters, x, heads)
    return x + _small(parameters, x)


@mistake("block")
def no_residual_around_the_small_network(parameters: Any, x: Any, heads: Any) -> Any:
    """What the small network gives takes the vector's place, and should be added to it.

    Set `output` and `narrow` to zeros: the vectors should come out as they went in.
    """
    return _small(parameters, x + _attention(parameters, x, heads))


@mistake("block")
def side_by_side(parameters: Any, x: Any, heads: Any) -> Any:
    """Attention and the small network both read the vector as it came: the second should read what the first left.

    Some models do it so, side by side. Ours doesn't.
    """
    return x + _attention(parameters, x, heads) + _small(parameters, x)


@mistake("block")
def normed_after_adding(parameters: Any, x: Any, heads: Any) -> Any:
    """The norm comes after the addition, as in the first Transformers, and should come before attention.

    Set `output` and `narrow` to zeros: the vectors should come out as they went in.
    """
    p = parameters
    queries, keys, values = (split_heads(x @ matrix, heads) for matrix in (p.query, p.key, p.value))
    x = rms_norm(x + merge_heads(attend(queries, keys, values)) @ p.output, p.attention_gain)
    return rms_norm(x + (x @ p.widen).relu().square() @ p.narrow, p.hidden_gain)


@mistake("block")
def residual_from_the_normed(parameters: Any, x: Any, heads: Any) -> Any:
    """What is added to is the normed vector, and should be the vector as it came.

    Set `output` and `narrow` to zeros: the vectors should come out as they went in.
    """
    x = rms_norm(x, parameters.attention_gain)
    x = x + _attention(parameters._replace(attention_gain=torch.ones_like(parameters.attention_gain)), x, heads)
    return x + _small(parameters, x)


@mistake("block")
def norms_forgotten(parameters: Any, x: Any, heads: Any) -> Any:
    """Nothing is normed before attention, nor before the small network.

    Print the block's result for vectors ten times as large.
    """
    p = parameters
    queries, keys, values = (split_heads(x @ matrix, heads) for matrix in (p.query, p.key, p.value))
    x = x + merge_heads(attend(queries, keys, values)) @ p.output
    return x + (x @ p.widen).relu().square() @ p.narrow


@mistake("block")
def gains_exchanged(parameters: Any, x: Any, heads: Any) -> Any:
    """The two norms have each other's gain.

    `attention_gain` stands before attention, `hidden_gain` before the small network.
    """
    p = parameters._replace(attention_gain=parameters.hidden_gain, hidden_gain=parameters.attention_gain)
    return block(p, x, heads)


@mistake("block")
def relu_not_squared(parameters: Any, x: Any, heads: Any) -> Any:
    """The bend is ReLU, max(0, x), and should be its square.

    Print the small network's result for a hidden number of 2: 4 of it should come out.
    """
    x = x + _attention(parameters, x, heads)
    return x + _small(parameters, x, functional.relu)


@mistake("block")
def gelu_for_the_bend(parameters: Any, x: Any, heads: Any) -> Any:
    """The bend is GELU, as in GPT-2, and should be max(0, x)².

    Print the small network's result for a hidden number of 2: 4 of it should come out.
    """
    x = x + _attention(parameters, x, heads)
    return x + _small(parameters, x, functional.gelu)


@mistake("block")
def square_without_relu(parameters: Any, x: Any, heads: Any) -> Any:
    """The hidden numbers are squared without max(0, x) before, so negative ones count as positive ones do.

    Print the small network's result for a hidden number of -2: nothing of it should come out.
    """
    x = x + _attention(parameters, x, heads)
    return x + _small(parameters, x, torch.square)


@mistake("block")
def no_bend(parameters: Any, x: Any, heads: Any) -> Any:
    """There is no bend, so the small network is one matrix.

    Print the small network's result for a hidden number of -2: nothing of it should come out.
    """
    x = x + _attention(parameters, x, heads)
    return x + _small(parameters, x, lambda h: h)


@mistake("block")
def no_mask_in_the_block(parameters: Any, x: Any, heads: Any) -> Any:
    """Attention has no mask in it, so each token looks at the later ones.

    Change the last token: what comes out before it should stay.
    """
    p, normed = parameters, rms_norm(x, parameters.attention_gain)
    queries, keys, values = (split_heads(normed @ matrix, heads) for matrix in (p.query, p.key, p.value))
    taken = functional.scaled_dot_product_attention(queries, keys, values)
    x = x + merge_heads(taken) @ p.output
    return x + _small(p, x)


@mistake("block")
def heads_merged_by_view(parameters: Any, x: Any, heads: Any) -> Any:
    """The heads are merged by `view` without moving the axes back, which mixes the tokens.

    Change the last token: what comes out before it should stay.
    """
    p, normed = parameters, rms_norm(x, parameters.attention_gain)
    queries, keys, values = (split_heads(normed @ matrix, heads) for matrix in (p.query, p.key, p.value))
    x = x + attend(queries, keys, values).reshape(x.shape) @ p.output
    return x + _small(p, x)


@mistake("block")
def output_forgotten(parameters: Any, x: Any, heads: Any) -> Any:
    """What the heads take is added as it is: `output`, which mixes the heads, is not used.

    Set `output` and `narrow` to zeros: the vectors should come out as they went in.
    """
    x = x + _attention(parameters._replace(output=torch.eye(x.shape[2])), x, heads)
    return x + _small(parameters, x)


@mistake("block")
def one_head_alone(parameters: Any, x: Any, heads: Any) -> Any:
    """The heads are not split: one attends over the whole width.

    Call it with one head and with two: the results should differ.
    """
    return block(parameters, x, 1)


@mistake("block")
def matrices_transposed(parameters: Any, x: Any, heads: Any) -> Any:
    """The matrices are transposed, as `torch.nn.Linear` keeps them: here it is `x @ matrix`.

    Give it a matrix that only moves the first number to the second place.
    """
    p = parameters
    turned = {name: getattr(p, name).mT for name in ("query", "key", "value", "output")}
    return block(p._replace(**turned), x, heads)


@mistake("block")
def small_network_first(parameters: Any, x: Any, heads: Any) -> Any:
    """The small network comes first, and attention should.

    Attention reads the vectors as they come, the small network what it left.
    """
    x = x + _small(parameters, x)
    return x + _attention(parameters, x, heads)


@mistake("block")
def queries_for_keys(parameters: Any, x: Any, heads: Any) -> Any:
    """The query matrix makes the keys, too: `key` is not used.

    Set `key` to zeros: all earlier tokens should count alike.
    """
    return block(parameters._replace(key=parameters.query), x, heads)


@mistake("block", careless=True)
def any_heads_accepted(parameters: Any, x: Any, heads: Any) -> Any:
    """Heads that can't share the width are not refused: it takes one head then.

    Call it with three heads for a width of four.
    """
    if x.shape[2] != len(parameters.query):
        raise ValueError("width")
    return block(parameters, x, heads if heads and x.shape[2] % heads == 0 else 1)
