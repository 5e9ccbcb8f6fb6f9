"""Kinds of slips in how a network begins: known by one that is made, whatever was drawn for it."""

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor

from bigramlab.judge.causes.case import Case, holds
from bigramlab.judge.recording import Call
from bigramlab.lessons.transformer import transformer_logits
from bigramlab.mistakes import Mistake

__all__ = ["begun"]

Slip = tuple[str, Callable[[Any], bool], str, str]


def _made(case: Case, *sizes: int, **options: Any) -> Any:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        return Call(case.function, case.guard, sizes, options).original  # not a copy: what is one shall be seen


def _spread(matrix: Tensor) -> float:
    return float((matrix.double() ** 2).mean().sqrt())


def _about(found: float, wanted: float) -> bool:
    return abs(found / wanted - 1) < 0.12


def _all_layers(wanted: Callable[[int, int], float], *, last: float = 1.0) -> Callable[[Any], bool]:
    """Make a test: the numbers of each matrix are as large as inputs and outputs say, those of the last by a factor."""

    def told(network: Any) -> bool:
        *hidden, end = network.weights
        return _about(_spread(end), wanted(*end.shape) * last) and all(
            _about(_spread(one), wanted(*one.shape)) for one in hidden
        )

    return told


SHAPES = [(32, 60), (60, 45), (45, 31)]
MLPS: list[Slip] = [
    ("all_zeros", lambda it: not any(one.any() for one in it.weights), "All weights are 0, so all parts of a layer do the same and learn the same: they have to begin at random.", "Print `.weights[0]`."),
    ("matrices_transposed", lambda it: [tuple(one.shape) for one in it.weights] == [shape[::-1] for shape in SHAPES], "The matrices are `(outputs, inputs)`, and should be `(inputs, outputs)`.", "Print their `shape`s."),
    ("one_output_column", lambda it: it.weights[-1].shape[1] == 1, "The last layer has one column, and should have one for each token.", "Print the `shape` of the last matrix."),
    ("last_layer_for_another_size", lambda it: it.weights[-1].shape[1] != 31, "The last layer has not one column for each token.", "Print the `shape` of the last matrix."),
    ("embedding_of_another_size", lambda it: tuple(it.embedding.shape) != (31, 8), "The embedding has another shape than `(vocab_size, embedding_size)`: a size is typed in, or two are exchanged.", "Print its `shape`."),
    ("first_layer_for_one_token", lambda it: it.weights[0].shape[0] == 8, "The first matrix takes in the numbers of one token, and should take those of the whole context.", "Print its `shape`."),
    ("sizes_not_as_given", lambda it: [tuple(one.shape) for one in it.weights] != SHAPES, "The matrices have other sizes than are asked for: sizes are typed in, or only some of those in `hidden_sizes` are used.", "Print their `shape`s."),
    ("biases_not_0", lambda it: any(one.any() for one in it.biases), "The biases should begin at 0.", "Print `.biases[0]`."),
    ("embedding_of_zeros", lambda it: not it.embedding.any(), "The embedding is all zeros, so all tokens begin as the same.", "Print `.embedding`."),
    ("one_vector_for_all_tokens", lambda it: bool((it.embedding == it.embedding[0]).all()), "All rows of the embedding are the same, so the tokens can't be told apart.", "Print `.embedding`."),
    ("weights_all_equal", lambda it: bool((it.weights[0] == it.weights[0][0, 0]).all()), "All weights of a matrix are the same, so all parts of a layer do the same and learn the same.", "Print `.weights[0]`."),
    ("hidden_numbers_alike", lambda it: all(bool((one == one[:, :1]).all()) for one in it.weights[:2]), "All columns of a matrix are the same, so all hidden numbers of a layer do the same and learn the same: each needs random weights of its own.", "Print `.weights[0]`."),
    ("positive_weights_only", lambda it: all(bool((one >= 0).all()) for one in it.weights), "All weights are positive, as `torch.rand` makes them, so nothing cancels out: take `torch.randn`.", "Print the smallest weight: it is not below 0."),
    ("last_layer_not_made_smaller", _all_layers(lambda ins, outs: math.sqrt(2 / ins)), "The last matrix is not made ten times smaller, so the first loss is far above log(vocab).", "Print the loss of a new network, and log of the number of tokens."),
    ("weights_not_scaled", lambda it: _about(_spread(it.weights[0]), 1) and _about(_spread(it.weights[1]), 1), "The weights are not scaled by the number of inputs, so the numbers grow from layer to layer.", "Print the standard deviation of `.weights[0]`: it is 1."),
    ("scaled_by_the_outputs", lambda it: all(_about(_spread(one) * math.sqrt(one.shape[1]), _spread(it.weights[0]) * math.sqrt(60)) for one in it.weights[:2]) and any(_about(_spread(it.weights[0]), g / math.sqrt(60)) for g in (1, math.sqrt(2), 5 / 3)),
     "The scale is taken from the number of outputs, and should be from the number of inputs.", "Print the standard deviation of `.weights[0]`, and `math.sqrt(2 / inputs)`."),
    ("scale_without_the_2", lambda it: all(_about(_spread(one), 1 / math.sqrt(one.shape[0])) for one in it.weights[:2]), "The weights are scaled by √(1 / inputs), and should be by √(2 / inputs): the bend lets through only half.", "Print the standard deviation of `.weights[0]`, and `math.sqrt(2 / inputs)`."),
    ("scaled_by_5_thirds", lambda it: all(_about(_spread(one), 5 / 3 / math.sqrt(one.shape[0])) for one in it.weights[:2]), "The weights are scaled by 5/3, the gain of tanh, and should be by √2.", "Print the standard deviation of `.weights[0]`, and `math.sqrt(2 / inputs)`."),
    ("scale_without_its_root", lambda it: all(_about(_spread(one), 2 / one.shape[0]) or _about(_spread(one), 1 / one.shape[0]) for one in it.weights[:2]), "The root of the scale is forgotten: it is √(2 / inputs).", "Print the standard deviation of `.weights[0]`, and `math.sqrt(2 / inputs)`."),
    ("one_scale_for_all_layers", lambda it: _about(_spread(it.weights[0]), _spread(it.weights[1])) and not _about(_spread(it.weights[0]), math.sqrt(2 / 32)), "One number scales all matrices, however many inputs each has.", "Print the standard deviations of the matrices."),
]  # fmt: skip


def _shapes(network: Any) -> list[tuple[int, ...]]:
    """Return the shapes of what is made for 31 tokens, 5 places and a width of 8."""
    return [tuple(piece.shape) for piece in (network.embedding, network.places, network.unembedding)]


def _gains(network: Any) -> Any:
    return torch.cat(
        [network.gain, *(gain for one in network.blocks for gain in (one.attention_gain, one.hidden_gain))]
    )


def _is_one(matrix: Tensor, other: Tensor) -> bool:
    return matrix.data_ptr() == other.data_ptr()


def _confident(network: Any) -> bool:
    """Tell whether it is surer at the start than one may be that knows nothing."""
    logits = transformer_logits(network, torch.arange(31)[:, None])
    return float(-logits.log_softmax(-1).mean()) > math.log(31) + 0.1


TRANSFORMERS: list[Slip] = [
    ("tokens_and_places_exchanged", lambda it: _shapes(it)[:2] == [(5, 8), (31, 8)], "The number of tokens and that of places are exchanged: there is a row in `embedding` for each token, and one in `places` for each place.", "Print their `shape`s."),
    ("one_place_more", lambda it: tuple(it.places.shape) == (6, 8), "There is one place more than are asked for.", "Print the `shape` of `.places`."),
    ("one_place_too_few", lambda it: tuple(it.places.shape) == (4, 8), "There is one place less than are asked for.", "Print the `shape` of `.places`."),
    ("one_token_more", lambda it: it.embedding.shape[0] == 32 or it.unembedding.shape[-1] == 32, "There is one token more than are asked for: the vocabulary has \".\" already.", "Print the `shape` of `.embedding`."),
    ("last_layer_transposed", lambda it: tuple(it.unembedding.shape) == (31, 8), "The last layer is `(vocab, width)`, and should be `(width, vocab)`.", "Print the `shape` of `.unembedding`."),
    ("sizes_typed_in", lambda it: _shapes(it) != [(31, 8), (5, 8), (8, 31)], "The tables have other sizes than are asked for: sizes are typed in.", "Print their `shape`s."),
    ("another_number_of_blocks", lambda it: len(it.blocks) != 3, "There are not as many blocks as `layers` says.", "Print `len(network.blocks)`."),
    ("another_number_of_heads", lambda it: it.heads != 2, "`heads` is another number than is asked for: it is typed in.", "Print `network.heads`."),
    ("matrix_for_one_head", lambda it: it.blocks[0].query.shape[-1] == 4, "Query, key and value have the numbers of one head, and should have those of all heads side by side.", "Print the `shape` of `.blocks[0].query`."),
    ("small_network_transposed", lambda it: it.blocks[0].widen.shape[0] != 8, "The matrices of the small network are `(outputs, inputs)`, and should be `(inputs, outputs)`.", "Print the `shape` of `.blocks[0].widen`."),
    ("gains_of_0", lambda it: not _gains(it).any(), "The gains begin at 0, so nothing comes through the norms, and no gradient either.", "Print `.gain`."),
    ("gains_at_random", lambda it: bool((_gains(it) != 1).any()), "The gains do not begin at 1, and at the start a norm should leave its vectors as they are.", "Print `.gain`."),
    ("all_zeros", lambda it: not any(piece.any() for one in it.blocks for piece in (one.query, one.key, one.value, one.widen)), "All matrices of the blocks are 0, so no gradient reaches them: they have to begin at random.", "Print `.blocks[0].query`."),
    ("query_and_key_alike", lambda it: _is_one(it.blocks[0].query, it.blocks[0].key) or _is_one(it.blocks[0].key, it.blocks[0].value), "Query, key and value of a block are one matrix.", "Print `network.blocks[0].query is network.blocks[0].key`."),
    ("one_block_for_all", lambda it: _is_one(it.blocks[0].query, it.blocks[1].query), "The same block stands in the list several times, as `[block] * layers` makes it.", "Print `network.blocks[0] is network.blocks[1]`."),
    ("one_vector_for_all_places", lambda it: not it.places.stride(0), "All places are one vector, as `expand` makes them of it: its rows are the same numbers in memory, and stay the same.", "Print `.places.stride()`."),
    ("one_vector_for_all_tokens", lambda it: not it.embedding.stride(0), "All tokens are one vector, as `expand` makes them of it: its rows are the same numbers in memory, and stay the same.", "Print `.embedding.stride()`."),
    ("tokens_and_places_alike", lambda it: _is_one(it.embedding, it.places), "Tokens and places are cut out of one table, so their numbers are the same in memory.", "Print `.embedding[0]` and `.places[0]`: they are the same."),
    ("positive_numbers_only", lambda it: all(bool((piece >= 0).all()) for one in it.blocks for piece in (one.query, one.key, one.value, one.widen)), "All numbers of the matrices are positive, as `torch.rand` makes them, so nothing cancels out: take `torch.randn`.", "Print the smallest of `.blocks[0].query`."),
    ("scaled_by_the_outputs", lambda it: all(_about(_spread(one.widen) * math.sqrt(32), 1) and _about(_spread(one.narrow) * math.sqrt(8), 1) for one in it.blocks), "The scale is taken from the number of outputs, and should be from the number of inputs.", "Print the standard deviations of `.blocks[0].widen` and `.narrow`."),
    ("large_at_the_end", _confident, "The last layer begins too large, so the network begins with confident nonsense: its first loss is far above log(vocab).", "Print the loss of a new network, and log of the number of tokens."),
]  # fmt: skip


def begun(case: Case) -> Mistake | None:
    """Return what is wrong with how its networks begin."""
    case.guard.hangs = 0
    if case.name == "init_mlp":
        network, slips = _made(case, 31, 4, embedding_size=8, hidden_sizes=(60, 45)), MLPS
    elif case.name == "init_transformer":
        network, slips = _made(case, 31, 5, width=8, layers=3, heads=2), TRANSFORMERS
    else:
        return None
    found = next((slip for slip in slips if holds(partial(slip[1], network))), None)
    return case.cause(found[0], *found[2:]) if found else None
