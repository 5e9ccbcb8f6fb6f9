"""Laws of a Transformer: how it begins, what it computes, and how it takes contexts."""

import itertools
import math
from collections.abc import Sequence
from typing import Any

import torch
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional

from bigramlab import plain
from bigramlab.laws import strategies as draw
from bigramlab.laws.blocks import block_of, close, numbers, small_seeds
from bigramlab.laws.gradients import gradients_reach, learning
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
from bigramlab.laws.makers import makes_for_reports
from bigramlab.lessons.blocks import Block
from bigramlab.lessons.mlp import pieces_of
from bigramlab.lessons.transformer import Transformer, transformer_logits


@makes_for_reports
def network_of(seed: int, vocab: int, longest: int, layers: int = 1, width: int = 4, heads: int = 2) -> Transformer:
    """Return a Transformer that depends on the seed alone."""
    blocks = tuple(block_of(seed + 10 * layer, width, 3 * width) for layer in range(layers))
    ends = numbers(seed + 8, vocab, width), numbers(seed + 9, longest, width)
    return Transformer(*ends, blocks, 1 + numbers(seed + 1, width) / 2, numbers(seed + 2, width, vocab), heads)


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


@law("init_transformer", draw.seeds, examples=4)
def numbers_lie_on_both_sides_of_0(init_transformer: Function, seed: int) -> None:
    """Numbers drawn at random lie on both sides of 0: of those above it alone, all sums would be alike."""
    for name, matrix in _matrices(_a_network(_init(init_transformer, seed, width=16))).items():
        if name.endswith(("query", "key", "value", "widen")) and matrix.max() > matrix.min() >= 0:
            broken(f"{name} has no number below 0: was it drawn with torch.rand, and not torch.randn?")


def _named(network: Transformer) -> dict[str, Tensor]:
    """Return all pieces by name."""
    named = {name: piece for name, piece in network._asdict().items() if isinstance(piece, Tensor)}
    blocks = enumerate(network.blocks)
    return named | {f"blocks[{i}].{name}": piece for i, one in blocks for name, piece in one._asdict().items()}


def _matrices(network: Transformer) -> dict[str, Tensor]:
    """Return all pieces but the gains, which may well begin as one tensor of ones."""
    return {name: piece for name, piece in _named(network).items() if "gain" not in name}


def _leaves(network: Transformer) -> Transformer:
    """Return a copy that gradients are asked of."""
    blocks = tuple(Block(*learning(*one)) for one in network.blocks)
    ends = (network.embedding, network.places, network.gain, network.unembedding)
    embedding, places, gain, unembedding = learning(*ends)
    return Transformer(embedding, places, blocks, gain, unembedding, network.heads)


def _addresses(piece: Tensor) -> list[int]:
    """Return where in memory each number stands."""
    steps = [[step * stride for step in range(n)] for n, stride in zip(piece.shape, piece.stride(), strict=True)]
    return [piece.data_ptr() + piece.element_size() * sum(at) for at in itertools.product(*steps)]


@law("init_transformer", draw.seeds, examples=2)
def no_two_parts_are_one(init_transformer: Function, seed: int) -> None:
    """No two matrices, and no two rows of one, are the same numbers in memory: what is one stays one."""
    owners: dict[int, str] = {}
    for name, piece in _matrices(_init(init_transformer, seed)).items():
        addresses = _addresses(piece)
        if len({*addresses}) < len(addresses):
            broken(f"rows of {name} are the same numbers in memory")
        for owner in sorted({owners[address] for address in addresses if address in owners}):
            if (owner, name) != ("embedding", "unembedding"):  # the two may be tied on purpose
                broken(f"{name} and {owner} are the same numbers in memory")
        owners |= dict.fromkeys(addresses, name)


@law("init_transformer", draw.seeds, examples=2)
def every_part_learns(init_transformer: Function, seed: int) -> None:
    """After a few steps downhill every matrix has moved: none begins so that no gradient reaches it."""
    begun = _init(init_transformer, seed, vocab=9, longest=6, width=16)
    network = _leaves(begun)
    pieces = pieces_of(network)
    words = torch.tensor([[(3 * word + place * (word + 1)) % 9 for place in range(6)] for word in range(9)])
    for _ in range(4):  # behind a matrix of zeros the others wait for a step
        logits = transformer_logits(network, words)[:, :-1].flatten(0, 1)
        loss = functional.cross_entropy(logits, words[:, 1:].flatten())
        with torch.no_grad():
            for piece, gradient in zip(pieces, torch.autograd.grad(loss, pieces), strict=True):
                piece -= 0.5 * gradient
    moved = _matrices(network)
    for name, piece in _matrices(begun).items():
        if torch.equal(piece, moved[name]):
            broken(f"{name} has not moved")


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


@care("init_transformer", draw.seeds, examples=3)
def matrices_are_scaled_by_their_inputs(init_transformer: Function, seed: int) -> None:
    """A matrix's numbers are about 1/√inputs large, and those of the last ones of a block about ten times smaller."""
    network = _init(init_transformer, seed, vocab=27, width=64, layers=1)
    for name, matrix in _matrices(network).items():
        if name in ("embedding", "places"):
            continue
        small = 10 if name.endswith(("output", "narrow", "unembedding")) else 1
        expected, found = 1 / math.sqrt(len(matrix)) / small, float(matrix.double().std())
        if not expected / 1.7 < found < 1.7 * expected:
            broken(f"{name} has a standard deviation of {found:.3g}, and should have about {expected:.3g}")


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
    leaves = _leaves(network_of(2, 4, 4, layers=2))
    gradients_reach(transformer_logits(leaves, torch.tensor([[0, 1, 2, 3], [0, 3, 3, 1]])), **_named(leaves))


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
