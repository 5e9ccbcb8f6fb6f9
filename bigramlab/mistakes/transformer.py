"""What goes wrong in a Transformer. Most of it trains and writes names all the same."""

import math
from collections.abc import Callable
from typing import Any

import torch

from bigramlab.lessons.blocks import Block, block, rms_norm
from bigramlab.lessons.neural_bigram import softmax
from bigramlab.lessons.transformer import Transformer, init_transformer, transformer_logits, transformer_probs
from bigramlab.mistakes.mistake import mistake


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
    """All places are one vector, `expand`ed: its rows are the same numbers in memory, and stay the same.

    Print `places.stride()`: a row should be further on than 0.
    """
    return network._replace(places=network.places[:1].expand(network.places.shape))


@mistake("init_transformer", given=_changed)
def one_block_for_all(network: Any) -> Any:
    """The same block stands in the list several times, `[block] * layers`: they are one, and stay one.

    Print `blocks[0] is blocks[1]`: it should be False.
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
    """All begins at 0, so no gradient reaches the blocks.

    Print the gradient of a query after a step: it is 0.
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
    """Query, key and value of a block are one matrix.

    Print `query is key`: it should be False.
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


@mistake("init_transformer")
def none_below_0(
    vocab_size: Any, longest: Any, *, width: Any = 64, layers: Any = 3, heads: Any = 4, generator: Any = None
) -> Any:
    """No matrix has a number below 0: `torch.rand` gives numbers from 0 to 1, and `torch.randn` those of both signs.

    Print the smallest number of a matrix, `network.blocks[0].query.min()`.
    """
    network = init_transformer(vocab_size, longest, width=width, layers=layers, heads=heads, generator=generator)
    blocks = tuple(Block(*(piece.abs() for piece in one)) for one in network.blocks)
    return network._replace(blocks=blocks)


@mistake("init_transformer", careless=True)
def last_matrices_not_smaller(
    vocab_size: Any, longest: Any, *, width: Any = 64, layers: Any = 3, heads: Any = 4, generator: Any = None
) -> Any:
    """The last matrices of a block begin as large as the others, so the more blocks there are, the larger is their sum.

    Print the standard deviation of `network.blocks[0].output`.
    """
    network = init_transformer(vocab_size, longest, width=width, layers=layers, heads=heads, generator=generator)
    blocks = tuple(one._replace(output=10 * one.output, narrow=10 * one.narrow) for one in network.blocks)
    return network._replace(blocks=blocks)


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
def softmax_over_the_places(parameters: Any, contexts: Any) -> Any:
    """The softmax runs over the places of the word, `dim=1`, and should run over the tokens that may come, `dim=-1`.

    Print the sum of a row: it should be 1.
    """
    rows = []
    for context in contexts:
        begin = int((torch.arange(len(context)) * (context == 0)).max())
        rows.append(transformer_logits(parameters, context[None, begin:])[0].softmax(0)[-1])
    return torch.stack(rows).detach()


@mistake("transformer_probs")
def logits_for_probabilities(parameters: Any, contexts: Any) -> Any:
    """The logits come back: the softmax is missing.

    Print the sum of a row: it should be 1.
    """
    rows = []
    for context in contexts:
        begin = int((torch.arange(len(context)) * (context == 0)).max())
        rows.append(transformer_logits(parameters, context[None, begin:])[0, -1])
    return torch.stack(rows).detach()


@mistake("transformer_probs")
def exponentials_not_divided(parameters: Any, contexts: Any) -> Any:
    """The exponentials of the logits come back, and are not divided by their sum.

    Print the sum of a row: it should be 1.
    """
    return logits_for_probabilities(parameters, contexts).exp()


@mistake("transformer_probs")
def logarithms_for_probabilities(parameters: Any, contexts: Any) -> Any:
    """The logarithms of the probabilities come back, `log_softmax`, and should be the probabilities.

    Print a row: none of its numbers is above 0.
    """
    return transformer_probs(parameters, contexts).log()


@mistake("transformer_probs", careless=True)
def gradients_kept(parameters: Any, contexts: Any) -> Any:
    """The probabilities carry gradients, which cost memory where nothing is trained.

    Print `requires_grad` of the result.
    """
    probs = transformer_probs(parameters, contexts)
    return probs + 0 * parameters.embedding.sum()
