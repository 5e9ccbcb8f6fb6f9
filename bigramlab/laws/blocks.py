"""Laws of a block and its norm."""

import math
from functools import partial
from typing import Any

import torch
from hypothesis import strategies as st
from torch import Tensor

from bigramlab import plain
from bigramlab.laws.gradients import gradients_agree, learning
from bigramlab.laws.law import (
    Function,
    a_tensor,
    agree,
    broken,
    care,
    law,
    refuses,
)
from bigramlab.laws.makers import makes_for_reports
from bigramlab.lessons.blocks import Block

close = partial(agree, rounding=1e-3, near_0=1e-3)  # a norm may add less, or nothing, to the mean of the squares


def numbers(seed: int, *shape: int) -> Tensor:
    """Return numbers from -1 to 1 that depend on the seed alone, none of them 0."""
    places = torch.arange(1, math.prod(shape) + 1)
    return ((places * (2 * seed + 7) * 37 % 1009 * 2 - 1009).float() / 1009).view(shape)


@makes_for_reports
def block_of(seed: int, width: int, hidden: int) -> Block:
    """Return a block that depends on the seed alone."""
    query, key, value, output = (numbers(seed + place, width, width) for place in range(4))
    gain, hidden_gain = (1 + numbers(seed + place, width) / 2 for place in (4, 5))
    small = numbers(seed + 6, width, hidden), numbers(seed + 7, hidden, width)
    return Block(gain, query, key, value, output, hidden_gain, *small)


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
