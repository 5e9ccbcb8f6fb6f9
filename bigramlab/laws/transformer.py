"""Laws of a Transformer: its norm, its blocks, how it begins, what it computes, and how it takes contexts."""

import math
from collections.abc import Sequence
from functools import partial
from typing import Any

import torch
from hypothesis import strategies as st
from torch import Tensor

from bigramlab import plain
from bigramlab.laws import strategies as draw
from bigramlab.laws.gradients import gradients_agree, gradients_reach, learning
from bigramlab.laws.law import (
    Function,
    a_tensor,
    agree,
    broken,
    care,
    law,
    leaves_torchs_generator_alone,
    of_type,
    refuses,
    torchs_generator_decides,
)
from bigramlab.lessons.mlp import pieces_of
from bigramlab.lessons.transformer import Block, Transformer

close = partial(agree, rounding=1e-3, near_0=1e-3)  # a norm may add less, or nothing, to the mean of the squares


def numbers(seed: int, *shape: int) -> Tensor:
    """Return numbers from -1 to 1 that depend on the seed alone, none of them 0."""
    places = torch.arange(1, math.prod(shape) + 1)
    return ((places * (2 * seed + 7) * 37 % 1009 * 2 - 1009).float() / 1009).view(shape)


def block_of(seed: int, width: int, hidden: int) -> Block:
    """Return a block that depends on the seed alone."""
    query, key, value, output = (numbers(seed + place, width, width) for place in range(4))
    gain, hidden_gain = (1 + numbers(seed + place, width) / 2 for place in (4, 5))
    small = numbers(seed + 6, width, hidden), numbers(seed + 7, hidden, width)
    return Block(gain, query, key, value, output, hidden_gain, *small)


def network_of(seed: int, vocab: int, longest: int, layers: int = 1, width: int = 4, heads: int = 2) -> Transformer:
    """Return a Transformer that depends on the seed alone."""
    blocks = tuple(block_of(seed + 10 * layer, width, 3 * width) for layer in range(layers))
    ends = numbers(seed + 8, vocab, width), numbers(seed + 9, longest, width)
    return Transformer(*ends, blocks, 1 + numbers(seed + 1, width) / 2, numbers(seed + 2, width, vocab), heads)


small_seeds = st.integers(0, 99)
SHAPES = [(1, 1, 1), (1, 1, 2), (1, 2, 1), (2, 1, 2), (1, 3, 4), (2, 2, 3), (2, 3, 5)]


@st.composite
def vectors(draw_from: st.DrawFn, *, shapes: list[Any] = SHAPES) -> tuple[Tensor, Tensor]:
    """Vectors for each token of each word, none of them near 0, and gains."""
    words, tokens, width = draw_from(st.sampled_from(shapes))
    size = words * tokens * width
    drawn = torch.tensor(draw_from(st.lists(st.integers(-8, 8), min_size=size, max_size=size))).view(
        words, tokens, width
    )
    drawn[..., 0] += 9 * (drawn[..., 0] == 0)
    gains = draw_from(st.lists(st.integers(1, 6), min_size=width, max_size=width))
    return drawn / 2, torch.tensor(gains) / 2


def _like(found: object, x: Tensor) -> list[Any]:
    return a_tensor(found, x.shape, "floats")


@law("rms_norm", vectors())
def the_mean_of_the_squares_is_1(rms_norm: Function, x: Tensor, gain: Tensor) -> None:
    """With gains of 1, the squares of each vector's numbers have a mean of 1."""
    for b, word in enumerate(_like(rms_norm(x, torch.ones_like(gain)), x)):
        for t, vector in enumerate(word):
            mean = math.fsum(number * number for number in vector) / len(vector)
            if not abs(mean - 1) < 1e-3:
                broken(f"the squares at [{b}, {t}] have a mean of {mean:.4g}, and should have 1")


@law("rms_norm", vectors(), examples=60)
def it_is_x_divided_by_its_size(rms_norm: Function, x: Tensor, gain: Tensor) -> None:
    """Each vector is divided by the root of the mean of its squares, and each number multiplied by its gain."""
    expected = [[plain.rms_norm(vector, gain.tolist()) for vector in word] for word in x.tolist()]
    close(_like(rms_norm(x, gain), x), expected)


@law("rms_norm", vectors(shapes=SHAPES[2:]))
def each_vector_by_itself(rms_norm: Function, x: Tensor, gain: Tensor) -> None:
    """Each token's vector has a size of its own: no other token of the word or of the batch counts."""
    found = _like(rms_norm(x, gain), x)
    for b in range(len(x)):
        for t in range(x.shape[1]):
            one = x[b : b + 1, t : t + 1].clone()
            close(found[b][t], _like(rms_norm(one, gain), one)[0][0], f"entry [{b}, {t}]")


@law("rms_norm", vectors(), st.sampled_from([2.0, 5.0, -1.0]))
def the_size_of_what_comes_in_does_not_count(rms_norm: Function, drawn: Any, factor: float) -> None:
    """A vector twice as long gives the same, and one turned round gives the opposite."""
    x, gain = drawn
    expected = (math.copysign(1, factor) * torch.tensor(_like(rms_norm(x, gain), x))).tolist()
    close(_like(rms_norm(x * factor, gain), x), expected)


@law("rms_norm", vectors())
def each_number_has_its_gain(rms_norm: Function, x: Tensor, gain: Tensor) -> None:
    """Each number is multiplied by its own gain, after the division."""
    plainly = torch.tensor(_like(rms_norm(x, torch.ones_like(gain)), x))
    close(_like(rms_norm(x, gain), x), (plainly * gain).tolist())


@law("rms_norm", vectors())
def no_mean_is_subtracted(rms_norm: Function, x: Tensor, gain: Tensor) -> None:
    """A vector of equal numbers becomes one of ones (or of -1): no mean is subtracted."""
    equal = x[..., :1].expand(x.shape).clone()
    close(_like(rms_norm(equal, torch.ones_like(gain)), x), equal.sign().tolist())


@law("rms_norm", st.sampled_from([(1, 2, 64), (1, 20, 3)]), examples=4)
def vectors_may_be_long(rms_norm: Function, words: int, tokens: int, width: int) -> None:
    """There may be more numbers and more tokens than in any example."""
    it_is_x_divided_by_its_size(rms_norm, 3 * numbers(1, words, tokens, width), 1 + numbers(2, width) / 2)


@law("rms_norm", st.just(()), gradient=True)
def gradients_flow_to_vectors_and_gains(rms_norm: Function) -> None:
    """Gradients flow through it to the vectors and to the gains, and are right."""
    x, gain = learning(torch.tensor([[[1.0, 2.0, -0.5]]]), torch.tensor([1.0, 0.5, 2.0]))

    def plainly(x: Any, gain: Any) -> Any:
        return [[plain.rms_norm(vector, gain) for vector in word] for word in x]

    gradients_agree(rms_norm(x, gain), plainly, x=x, gain=gain)


@care("rms_norm", st.sampled_from([(1, 1, 2), (2, 3, 4)]), examples=4)
def zeros_stay_zeros(rms_norm: Function, words: int, tokens: int, width: int) -> None:
    """A vector of zeros stays one: nothing is divided by 0."""
    x = torch.zeros(words, tokens, width)
    agree(_like(rms_norm(x, torch.ones(width)), x), x.tolist())


@care("rms_norm", st.sampled_from([((1, 2, 3), (2,)), ((2, 3), (3,)), ((1, 2, 3), (1,)), ((1, 2, 3), (2, 3))]))
def gains_that_do_not_fit_are_refused(rms_norm: Function, shape: tuple[int, ...], gains: tuple[int, ...]) -> None:
    """Another number of gains than a vector has numbers is refused, and what doesn't have three axes."""
    refuses(lambda: rms_norm(torch.ones(shape), torch.ones(gains)))


BLOCKS = [(1, 2, 2, 1), (1, 2, 4, 2), (2, 1, 2, 2), (1, 4, 4, 1), (2, 3, 6, 3), (1, 3, 6, 2), (2, 4, 4, 2)]


@st.composite
def blocks(draw_from: st.DrawFn, *, shapes: list[Any] = BLOCKS) -> tuple[Block, Tensor, int]:
    """A block, vectors to give it, and how many heads it has."""
    words, tokens, width, heads = draw_from(st.sampled_from(shapes))
    seed = draw_from(small_seeds)
    return (
        block_of(seed, width, draw_from(st.sampled_from([4, 3])) * width),
        2 * numbers(seed + 20, words, tokens, width),
        heads,
    )


def _silenced(parameters: Block, *names: str) -> Block:
    """Return the block with some of its matrices zero."""
    return parameters._replace(**{name: torch.zeros_like(getattr(parameters, name)) for name in names})


@law("block", blocks())
def what_adds_nothing_changes_nothing(block: Function, parameters: Block, x: Tensor, heads: int) -> None:
    """If what attention and the small network give is multiplied by zeros, the vectors come out as they went in."""
    agree(_like(block(_silenced(parameters, "output", "narrow"), x, heads), x), x.tolist())


@law("block", blocks(shapes=[shape for shape in BLOCKS if shape[1] > 1]))
def a_block_sees_no_later_token(block: Function, parameters: Block, x: Tensor, heads: int) -> None:
    """Changing the last token changes nothing for the earlier ones."""
    other = x.clone()
    other[:, -1] = -2 * other[:, -1] + 1
    before, after = (_like(block(parameters, some, heads), x) for some in (x, other))
    close([word[:-1] for word in after], [word[:-1] for word in before])


@law("block", blocks())
def attention_is_added(block: Function, parameters: Block, x: Tensor, heads: int) -> None:
    """With the small network silent, what the heads take of the normed vectors, mixed by `output`, is added."""
    quiet = _silenced(parameters, "narrow")
    expected = [plain.added(word, plain.attention_of(quiet, word, heads)) for word in x.tolist()]
    close(_like(block(quiet, x, heads), x), expected)


@law("block", blocks())
def the_small_network_is_added(block: Function, parameters: Block, x: Tensor, heads: int) -> None:
    """With attention silent, max(0, normed @ widen)² @ narrow is added to each vector."""
    quiet = _silenced(parameters, "output")
    expected = [plain.added(word, plain.small_network_of(quiet, word)) for word in x.tolist()]
    close(_like(block(quiet, x, heads), x), expected)


@law("block", blocks(), examples=40)
def a_block_is_one_after_the_other(block: Function, parameters: Block, x: Tensor, heads: int) -> None:
    """Attention comes first, and the small network reads what it left."""
    close(_like(block(parameters, x, heads), x), [plain.block(parameters, word, heads) for word in x.tolist()])


@law("block", blocks(shapes=[shape for shape in BLOCKS if shape[0] > 1]))
def each_word_goes_through_by_itself(block: Function, parameters: Block, x: Tensor, heads: int) -> None:
    """Each word of the batch goes through by itself."""
    found = _like(block(parameters, x, heads), x)
    for b in range(len(x)):
        one = x[b : b + 1].clone()
        close(found[b], _like(block(parameters, one, heads), one)[0], f"entry [{b}]")


@law("block", st.just(()), gradient=True)
def gradients_reach_every_piece_of_a_block(block: Function) -> None:
    """Gradients flow to the vectors and to every piece of the block, and are right."""
    leaves = Block(*learning(*block_of(3, 2, 4)))
    (x,) = learning(2 * numbers(5, 1, 2, 2))

    def plainly(x: Any, **parts: Any) -> Any:
        parameters = Block(**{name: torch.tensor(part, dtype=torch.float64) for name, part in parts.items()})
        return [plain.block(parameters, word, 2) for word in x]

    gradients_agree(block(leaves, x, 2), plainly, x=x, **leaves._asdict())


@care("block", st.sampled_from([(1, 2, 4, 3), (1, 2, 4, 0), (1, 2, 3, 1)]))
def blocks_that_do_not_fit_are_refused(block: Function, words: int, tokens: int, width: int, heads: int) -> None:
    """Heads that can't share the width are refused, and vectors of another width than the block's."""
    refuses(lambda: block(block_of(0, 4, 8), torch.ones(words, tokens, width), heads))


def _init(init_transformer: Function, seed: int, vocab: int = 5, longest: int = 6, **sizes: int) -> Any:
    sizes = {"width": 8, "layers": 2, "heads": 2} | sizes
    found = init_transformer(vocab, longest, **sizes, generator=draw.generator(seed))
    return _a_network(found)


def _a_network(found: Any) -> Any:
    of_type(found, Transformer, "a Transformer(embedding, places, blocks, gain, unembedding, heads)")
    if not all(isinstance(one, Block) for one in found.blocks):
        broken("its blocks should be a tuple, each of them a Block")
    if not all(isinstance(piece, Tensor) for piece in pieces_of(found)):
        broken("all that it holds should be tensors, but for heads")
    return found


def _all_numbers(found: Any) -> list[float]:
    return [number for piece in pieces_of(_a_network(found)) for number in piece.flatten().tolist()]


@law(
    "init_transformer",
    st.integers(2, 6),
    st.integers(1, 5),
    st.sampled_from([(4, 1, 2), (6, 2, 3), (5, 3, 1)]),
    draw.seeds,
)
def all_shapes_fit(init_transformer: Function, vocab: int, longest: int, sizes: Any, seed: int) -> None:
    """Each piece has the shape that its name has in `Transformer` and `Block`, the small networks any inner width."""
    width, layers, heads = sizes
    found = _init(init_transformer, seed, vocab, longest, width=width, layers=layers, heads=heads)
    if len(found.blocks) != layers or found.heads != heads:
        broken(f"it has {len(found.blocks)} blocks and heads={found.heads}, and should have {layers} and {heads}")
    wanted = {"embedding": (vocab, width), "places": (longest, width), "gain": (width,), "unembedding": (width, vocab)}
    given = {name: getattr(found, name) for name in wanted}
    for number, one in enumerate(found.blocks):
        hidden = one.widen.shape[-1] if one.widen.ndim else 0
        shapes = {
            "attention_gain": (width,),
            "hidden_gain": (width,),
            "widen": (width, hidden),
            "narrow": (hidden, width),
        }
        shapes |= dict.fromkeys(("query", "key", "value", "output"), (width, width))
        wanted |= {f"blocks[{number}].{name}": shape for name, shape in shapes.items()}
        given |= {f"blocks[{number}].{name}": piece for name, piece in one._asdict().items()}
    for name, shape in wanted.items():
        if tuple(given[name].shape) != shape:
            broken(f"{name} has shape {tuple(given[name].shape)}, and should have {shape}")


@law("init_transformer", draw.seeds, examples=6)
def it_begins_near_log_vocab(init_transformer: Function, seed: int) -> None:
    """All tokens have about the same chance at the start, so the loss is near log(vocab), within 0.2 nats."""
    found = _init(init_transformer, seed, vocab=27, longest=8, width=16)
    words = [[0, *((7 * place * (start + 1) + start) % 27 for place in range(5))] for start in range(6)]
    rows = [row for word in words for row in plain.transformer_logits(found, word)]
    loss = math.fsum(plain.surprise(row, target) for row in rows for target in range(27)) / (27 * len(rows))
    if not abs(loss - math.log(27)) < 0.2:
        broken(f"the loss of what it makes is {loss:.3f} nats, and log(27) is {math.log(27):.3f}")


@law("init_transformer", draw.seeds, examples=6)
def no_two_parts_are_equal(init_transformer: Function, seed: int) -> None:
    """No two tokens, places or blocks begin with the same numbers: what begins equal stays equal."""
    found = _init(init_transformer, seed)
    for name, rows in [("tokens", found.embedding), ("places", found.places)]:
        if len(torch.unique(rows, dim=0)) < len(rows):
            broken(f"some {name} have the same vector")
    first, second = found.blocks
    for name in ("query", "key", "value", "widen"):
        if torch.equal(getattr(first, name), getattr(second, name)):
            broken(f"both blocks have the same {name}")
    if torch.equal(first.query, first.key) or torch.equal(first.key, first.value):
        broken("the query, key and value of a block are the same matrix")


@law("init_transformer", draw.seeds, examples=6)
def gains_begin_at_1(init_transformer: Function, seed: int) -> None:
    """All gains are 1 at the start."""
    found = _init(init_transformer, seed)
    for gain in (found.gain, *(gain for one in found.blocks for gain in (one.attention_gain, one.hidden_gain))):
        agree(gain.tolist(), [1.0] * len(gain), "a gain")


@law("init_transformer", draw.seeds, examples=6)
def its_generator_decides(init_transformer: Function, seed: int) -> None:
    """The generator that is given decides, and moves on; torch's global one is left alone."""
    generator = draw.generator(seed)
    sizes = {"width": 4, "layers": 1, "heads": 2}
    first = leaves_torchs_generator_alone(lambda: _all_numbers(init_transformer(5, 4, **sizes, generator=generator)))
    if first == _all_numbers(init_transformer(5, 4, **sizes, generator=generator)):
        broken("the same generator, used again, gave the same network: its state did not move on")


@law("init_transformer", draw.seeds, examples=4)
def without_a_generator_torchs_makes_it(init_transformer: Function, seed: int) -> None:
    """Without a generator, torch's global one is used: torch.manual_seed repeats the network, and no other way does."""
    torchs_generator_decides(lambda: _all_numbers(init_transformer(3, 2, width=4, layers=1, heads=2)), seed, "network")


@care(
    "init_transformer",
    st.sampled_from([(0, 4, 4, 1, 2), (3, 0, 4, 1, 2), (3, 4, 4, 0, 2), (3, 4, 4, 1, 3), (3, 4, 4, 1, 0)]),
)
def sizes_that_can_not_be_are_refused(
    init_transformer: Function, vocab: int, longest: int, width: int, layers: int, heads: int
) -> None:
    """Sizes below 1 are refused, and heads that can't share the width."""
    refuses(lambda: init_transformer(vocab, longest, width=width, layers=layers, heads=heads))


@st.composite
def networks(draw_from: st.DrawFn, *, least: int = 1, words: int = 3) -> tuple[Transformer, Tensor]:
    """A small Transformer, and words for it: ids of which the first is 0, and no other."""
    vocab, tokens = draw_from(st.integers(2, 5)), draw_from(st.integers(least, 5))
    longest = tokens + draw_from(st.integers(0, 2))
    network = network_of(
        draw_from(small_seeds),
        vocab,
        longest,
        draw_from(st.integers(1, 2)),
        *draw_from(st.sampled_from([(4, 2), (3, 1)])),
    )
    letters = st.lists(st.integers(1, vocab - 1), min_size=tokens - 1, max_size=tokens - 1)
    rows = draw_from(st.lists(letters, min_size=1, max_size=words))
    return network, torch.tensor([[0, *row] for row in rows])


def _logits(found: object, parameters: Transformer, ids: Tensor) -> list[Any]:
    return a_tensor(found, (*ids.shape, len(parameters.embedding)), "floats")


@law("transformer_logits", networks())
def a_row_for_each_place(transformer_logits: Function, parameters: Transformer, ids: Tensor) -> None:
    """There are logits for each token of each word."""
    _logits(transformer_logits(parameters, ids), parameters, ids)


@law("transformer_logits", networks(least=2))
def what_comes_later_changes_nothing(transformer_logits: Function, parameters: Transformer, ids: Tensor) -> None:
    """A longer word begins as the shorter one does: what comes later changes no logits before it."""
    whole = _logits(transformer_logits(parameters, ids), parameters, ids)
    begin = ids[:, :-1].clone()
    close([word[:-1] for word in whole], _logits(transformer_logits(parameters, begin), parameters, begin))


@law("transformer_logits", networks(), examples=40)
def the_logits_are_those_of_the_parts(transformer_logits: Function, parameters: Transformer, ids: Tensor) -> None:
    """Token and place are added, all blocks follow, then a norm and the last layer."""
    found = _logits(transformer_logits(parameters, ids), parameters, ids)
    close(found, [plain.transformer_logits(parameters, word) for word in ids.tolist()])


@law("transformer_logits", networks(words=4))
def each_word_is_read_by_itself(transformer_logits: Function, parameters: Transformer, ids: Tensor) -> None:
    """The logits of a word are the same whatever other words are in the batch."""
    found = _logits(transformer_logits(parameters, ids), parameters, ids)
    for b in range(len(ids)):
        one = ids[b : b + 1].clone()
        close(found[b], _logits(transformer_logits(parameters, one), parameters, one)[0], f"entry [{b}]")


@law("transformer_logits", networks(least=4))
def without_places_it_is_a_bag(transformer_logits: Function, parameters: Transformer, ids: Tensor) -> None:
    """If all places have the same vector, one block can't tell in which order the earlier tokens stand."""
    alike = parameters._replace(
        places=parameters.places[:1].expand(parameters.places.shape).clone(), blocks=parameters.blocks[:1]
    )
    turned = torch.cat([ids[:, :-1].flip(1), ids[:, -1:]], dim=1)
    found, other = (_logits(transformer_logits(alike, some), alike, some) for some in (ids, turned))
    close([word[-1] for word in other], [word[-1] for word in found])


@law("transformer_logits", st.just(()), gradient=True)
def gradients_reach_every_piece(transformer_logits: Function) -> None:
    """Gradients flow to every piece of the network."""
    network = network_of(2, 4, 4, layers=2)
    blocks = tuple(Block(*learning(*one)) for one in network.blocks)
    embedding, places, gain, unembedding = learning(
        network.embedding, network.places, network.gain, network.unembedding
    )
    leaves = Transformer(embedding, places, blocks, gain, unembedding, network.heads)
    named = {name: piece for name, piece in leaves._asdict().items() if isinstance(piece, Tensor)}
    named |= {f"blocks[{i}].{name}": piece for i, one in enumerate(blocks) for name, piece in one._asdict().items()}
    gradients_reach(transformer_logits(leaves, torch.tensor([[0, 1, 2, 3], [0, 3, 3, 1]])), **named)


MISFITS = st.sampled_from([[[0, 1, 1, 1]], [[0, 3]], [[0, -1]], [0, 1]])


@care("transformer_logits", MISFITS)
def words_that_it_can_not_read_are_refused(transformer_logits: Function, ids: list[Any]) -> None:
    """More tokens than it can read are refused, and ids without a vector, negative ones too."""
    refuses(lambda: transformer_logits(network_of(0, 3, 3), torch.tensor(ids)))


@st.composite
def contexts(draw_from: st.DrawFn) -> tuple[Transformer, Tensor]:
    """A small Transformer, and contexts of as many tokens as it can read, or of less."""
    vocab, length = draw_from(st.integers(2, 4)), draw_from(st.integers(1, 5))
    network = network_of(
        draw_from(small_seeds), vocab, length + draw_from(st.integers(0, 1)), draw_from(st.integers(1, 2))
    )
    letters = st.lists(st.integers(1, vocab - 1), max_size=length)
    rows = draw_from(st.lists(letters, min_size=1, max_size=4))
    return network, torch.tensor([[0] * (length - len(row)) + row for row in rows])


def read_from_its_boundary(parameters: Transformer, context: Sequence[int]) -> list[float]:
    """Return the probabilities after a context, read from its last 0 on."""
    begin = max((place for place, id in enumerate(context) if id == 0), default=0)
    return plain.softmax(plain.transformer_logits(parameters, context[begin:])[-1])


def _probs(found: object, parameters: Transformer, contexts: Tensor) -> list[Any]:
    return a_tensor(found, (len(contexts), len(parameters.embedding)), "floats")


@law("transformer_probs", contexts())
def what_comes_next_sums_to_1(transformer_probs: Function, parameters: Transformer, contexts: Tensor) -> None:
    """Every row sums to 1."""
    for i, row in enumerate(_probs(transformer_probs(parameters, contexts), parameters, contexts)):
        if not abs(sum(row) - 1) < 1e-4:
            broken(f"row {i} sums to {sum(row):.6g}")


@law("transformer_probs", contexts(), examples=60)
def a_context_is_read_from_its_last_boundary_on(
    transformer_probs: Function, parameters: Transformer, contexts: Tensor
) -> None:
    """The network reads each context from its last "." on, at place 0; the row is softmax of the last logits."""
    found = _probs(transformer_probs(parameters, contexts), parameters, contexts)
    close(found, [read_from_its_boundary(parameters, context) for context in contexts.tolist()])


@law("transformer_probs", contexts())
def more_boundaries_in_front_change_nothing(
    transformer_probs: Function, parameters: Transformer, contexts: Tensor
) -> None:
    """It makes no difference how many "." stand in front of a word."""
    has_boundary = contexts[(contexts == 0).any(dim=1)]
    if len(has_boundary) and contexts.shape[1] < parameters.longest:
        longer = torch.cat([torch.zeros_like(has_boundary[:, :1]), has_boundary], dim=1)
        found, other = (
            _probs(transformer_probs(parameters, some), parameters, some) for some in (has_boundary, longer)
        )
        close(other, found)


@law("transformer_probs", contexts())
def each_context_is_read_by_itself(transformer_probs: Function, parameters: Transformer, contexts: Tensor) -> None:
    """The probabilities after a context are the same whatever other contexts are in the batch."""
    found = _probs(transformer_probs(parameters, contexts), parameters, contexts)
    for place in range(len(contexts)):
        one = contexts[place : place + 1].clone()
        close(found[place], _probs(transformer_probs(parameters, one), parameters, one)[0], f"entry [{place}]")


@care("transformer_probs", contexts(), examples=10)
def the_probabilities_carry_no_gradients(
    transformer_probs: Function, parameters: Transformer, contexts: Tensor
) -> None:
    """The probabilities carry no gradients, though the parameters do."""
    leaves = parameters._replace(embedding=parameters.embedding.clone().requires_grad_())
    if getattr(transformer_probs(leaves, contexts), "requires_grad", False):
        broken("it carries gradients: compute it under torch.no_grad()")


@care("transformer_probs", MISFITS)
def contexts_that_it_can_not_read_are_refused(transformer_probs: Function, contexts: list[Any]) -> None:
    """Contexts of more tokens than it can read are refused, and ids without a vector."""
    refuses(lambda: transformer_probs(network_of(0, 3, 3), torch.tensor(contexts)))
