"""What goes wrong in a Transformer. Most of it trains and writes names all the same."""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch.nn import functional

from bigramlab.lessons.attention import attend, merge_heads, split_heads
from bigramlab.lessons.neural_bigram import softmax
from bigramlab.lessons.transformer import (
    Block,
    Transformer,
    block,
    init_transformer,
    rms_norm,
    transformer_logits,
    transformer_probs,
)
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


def _changed(change: Callable[[Any], Any]) -> Callable[..., Any]:
    """Make of a change of a network a function that returns a changed one."""

    def init(
        vocab_size: Any, longest: Any, *, width: Any = 64, layers: Any = 3, heads: Any = 4, generator: Any = None
    ) -> Any:
        sizes = {"width": width, "layers": layers, "heads": heads}
        return change(init_transformer(vocab_size, longest, **sizes, generator=generator))

    return init


@mistake("init_transformer", given=_changed)
def large_at_the_end(network: Any) -> Any:
    """The last layer begins large, so the network begins with confident nonsense.

    Print the loss at the start: it should be near log(vocab).
    """
    return network._replace(unembedding=30 * network.unembedding)


@mistake("init_transformer", given=_changed)
def one_place_for_all(network: Any) -> Any:
    """All places begin with the same vector, so the network can't tell the order of the letters.

    Print `places`: its rows should differ.
    """
    return network._replace(places=network.places[:1].expand(network.places.shape).clone())


@mistake("init_transformer", given=_changed)
def one_block_for_all(network: Any) -> Any:
    """The same block stands in the list several times, `[block] * layers`: they are one, and stay one.

    Print the query matrices of the first two blocks: they should differ.
    """
    return network._replace(blocks=(network.blocks[0],) * len(network.blocks))


@mistake("init_transformer", given=_changed)
def gains_of_0(network: Any) -> Any:
    """The gains begin at 0, so nothing comes through the norms, and no gradient either.

    Print a gain: it should be ones.
    """
    return network._replace(gain=torch.zeros_like(network.gain))


@mistake("init_transformer", given=_changed)
def all_zeros(network: Any) -> Any:
    """All begins at 0, so all parts stay equal.

    Print the embedding: its rows should differ.
    """
    zeros = tuple(Block(*(torch.zeros_like(piece) for piece in one)) for one in network.blocks)
    return Transformer(
        torch.zeros_like(network.embedding),
        torch.zeros_like(network.places),
        zeros,
        network.gain,
        torch.zeros_like(network.unembedding),
        network.heads,
    )


@mistake("init_transformer", given=_changed)
def query_and_key_alike(network: Any) -> Any:
    """Query, key and value of a block begin as the same matrix.

    Print them: they should differ.
    """
    blocks = tuple(one._replace(key=one.query, value=one.query) for one in network.blocks)
    return network._replace(blocks=blocks)


@mistake("init_transformer")
def seeded_inside(
    vocab_size: Any, longest: Any, *, width: Any = 64, layers: Any = 3, heads: Any = 4, generator: Any = None
) -> Any:
    """A generator with a seed of its own is made inside, so every network is the same.

    Make two: they should differ.
    """
    own = torch.Generator().manual_seed(42)
    return init_transformer(vocab_size, longest, width=width, layers=layers, heads=heads, generator=own)


@mistake("init_transformer", careless=True)
def heads_not_checked(
    vocab_size: Any, longest: Any, *, width: Any = 64, layers: Any = 3, heads: Any = 4, generator: Any = None
) -> Any:
    """Heads that can't share the width are not refused here, and fail in the first block.

    Make one with a width of 4 and three heads.
    """
    fits = width < 1 or heads < 1 or width % heads == 0
    made = init_transformer(
        vocab_size, longest, width=width, layers=layers, heads=heads if fits else 1, generator=generator
    )
    return made._replace(heads=heads)


def _logits(p: Any, x: Any) -> Any:
    for one in p.blocks:
        x = block(one, x, p.heads)
    return rms_norm(x, p.gain) @ p.unembedding


def _begin(p: Any, ids: Any) -> Any:
    return p.embedding[ids.long()] + p.places[: ids.shape[1]]


@mistake("transformer_logits")
def places_forgotten(parameters: Any, ids: Any) -> Any:
    """The vectors of the places are not added, so the order of the letters is lost.

    Print the logits after "ab" and "ba": they should differ.
    """
    return _logits(parameters, parameters.embedding[ids.long()])


@mistake("transformer_logits")
def first_place_for_all(parameters: Any, ids: Any) -> Any:
    """Every token gets the vector of the first place.

    Print the logits after "ab" and "ba": they should differ.
    """
    return _logits(parameters, parameters.embedding[ids.long()] + parameters.places[0])


@mistake("transformer_logits")
def places_from_the_end(parameters: Any, ids: Any) -> Any:
    """The places are counted from the end, so a longer word doesn't begin as the shorter one does.

    Print the logits of "ab" and of "abc": the first ones should be equal.
    """
    return _logits(parameters, parameters.embedding[ids.long()] + parameters.places[: ids.shape[1]].flip(0))


@mistake("transformer_logits")
def places_one_late(parameters: Any, ids: Any) -> Any:
    """The places begin at 1, and should at 0.

    `places[0]` belongs to the "." at the beginning.
    """
    places = torch.arange(1, ids.shape[1] + 1).clamp(max=len(parameters.places) - 1)
    return _logits(parameters, parameters.embedding[ids.long()] + parameters.places[places])


@mistake("transformer_logits")
def places_by_the_word(parameters: Any, ids: Any) -> Any:
    """The place of a token is taken for the number of its word in the batch: the wrong axis of `ids`.

    `ids.shape[1]` is how many tokens there are, `ids.shape[0]` how many words.
    """
    rows = torch.arange(len(ids)).clamp(max=len(parameters.places) - 1)
    return _logits(parameters, parameters.embedding[ids.long()] + parameters.places[rows][:, None])


@mistake("transformer_logits")
def last_norm_forgotten(parameters: Any, ids: Any) -> Any:
    """The norm before the last layer is missing.

    Multiply the last block's results by ten: the logits should stay.
    """
    x = _begin(parameters, ids)
    for one in parameters.blocks:
        x = block(one, x, parameters.heads)
    return x @ parameters.unembedding


@mistake("transformer_logits")
def first_block_for_all(parameters: Any, ids: Any) -> Any:
    """The first block is gone through as often as there are blocks, and the others are not used.

    Change the last block: the logits should change.
    """
    return _logits(parameters._replace(blocks=parameters.blocks[:1] * len(parameters.blocks)), _begin(parameters, ids))


@mistake("transformer_logits")
def last_block_alone(parameters: Any, ids: Any) -> Any:
    """Each block reads the vectors of the beginning, so only the last one counts.

    Change the first block: the logits should change.
    """
    return _logits(parameters._replace(blocks=parameters.blocks[-1:]), _begin(parameters, ids))


@mistake("transformer_logits")
def blocks_in_reverse(parameters: Any, ids: Any) -> Any:
    """The last block comes first.

    The blocks follow each other in the order in which they stand.
    """
    return _logits(parameters._replace(blocks=parameters.blocks[::-1]), _begin(parameters, ids))


@mistake("transformer_logits")
def last_place_alone(parameters: Any, ids: Any) -> Any:
    """Only the logits of the last place come back: there should be some for each.

    Print the shape: it should be (batch, tokens, vocab).
    """
    return transformer_logits(parameters, ids)[:, -1]


@mistake("transformer_logits")
def probabilities_for_logits(parameters: Any, ids: Any) -> Any:
    """The softmax of the logits comes back: that is a step of its own.

    Print the sum of a row.
    """
    return softmax(transformer_logits(parameters, ids))


@mistake("transformer_logits")
def embedding_scaled(parameters: Any, ids: Any) -> Any:
    """The embedding is multiplied by √width, as in the first Transformers, and should be taken as it is.

    Print the vector that goes into the first block: it should be token plus place.
    """
    scale = math.sqrt(parameters.embedding.shape[1])
    return _logits(parameters, parameters.embedding[ids.long()] * scale + parameters.places[: ids.shape[1]])


@mistake("transformer_logits", careless=True)
def negative_ids_read(parameters: Any, ids: Any) -> Any:
    """Negative ids are not refused: they count from the end, and nobody is told.

    Call it with an id of -1.
    """
    return transformer_logits(parameters, ids % len(parameters.embedding) if ids.min() < 0 else ids)


@mistake("transformer_probs")
def last_place_read_unmoved(parameters: Any, contexts: Any) -> Any:
    """The contexts are not moved to the left, so the "." in front are read as letters, each with a place.

    Print the probabilities after ".a" and "..a": they should be equal.
    """
    return softmax(transformer_logits(parameters, contexts)[:, -1]).detach()


@mistake("transformer_probs")
def moved_and_the_last_place_read(parameters: Any, contexts: Any) -> Any:
    """The contexts are moved to the left, and then the last place is read, and not that of the last letter.

    Print the probabilities after ".a" and "..a": they should be equal.
    """
    length = contexts.shape[1]
    places = torch.arange(length)
    begins = (places * (contexts == 0)).amax(1, keepdim=True)
    moved = contexts.gather(1, (places + begins).clamp(max=length - 1))
    return softmax(transformer_logits(parameters, moved)[:, -1]).detach()


@mistake("transformer_probs")
def boundary_dropped(parameters: Any, contexts: Any) -> Any:
    """All "." in front are dropped, the one at which the word begins, too.

    Print the probabilities after "a": the network should read ".a".
    """
    rows = []
    for context in contexts:
        letters = context[context != 0] if context.any() else context[:1]
        rows.append(softmax(transformer_logits(parameters, letters[None])[0, -1]))
    return torch.stack(rows).detach()


@mistake("transformer_probs")
def moves_of_the_first(parameters: Any, contexts: Any) -> Any:
    """All contexts are moved as far as the first one.

    Give it contexts with different numbers of ".".
    """
    begin = int((torch.arange(contexts.shape[1]) * (contexts[0] == 0)).max())
    return softmax(transformer_logits(parameters, contexts[:, begin:])[:, -1]).detach()


@mistake("transformer_probs")
def logits_for_probabilities(parameters: Any, contexts: Any) -> Any:
    """The logits come back: the softmax is missing.

    Print the sum of a row: it should be 1.
    """
    return transformer_probs(parameters, contexts).log()


@mistake("transformer_probs", careless=True)
def gradients_kept(parameters: Any, contexts: Any) -> Any:
    """The probabilities carry gradients, which cost memory where nothing is trained.

    Print `requires_grad` of the result.
    """
    probs = transformer_probs(parameters, contexts)
    return probs + 0 * parameters.embedding.sum()
