"""Laws of heads: each gets a piece of every token, and the pieces come back to their places."""

import torch
from hypothesis import strategies as st
from torch import Tensor

from bigramlab import plain
from bigramlab.laws.gradients import gradients_reach, learning
from bigramlab.laws.law import Function, a_tensor, agree, broken, care, law, refuses

HEADED = [
    (1, 1, 1, 2),
    (1, 2, 1, 2),
    (1, 2, 2, 2),
    (2, 1, 1, 2),
    (2, 3, 2, 2),
    (1, 4, 3, 4),
    (2, 2, 3, 1),
    (3, 5, 2, 4),
]
whole = st.sampled_from(HEADED)  # words, tokens, numbers a head, heads


def _tokens(words: int, tokens: int, numbers: int, heads: int) -> Tensor:
    """Return vectors of which no two numbers are equal."""
    return torch.arange(1.0, words * tokens * heads * numbers + 1).view(words, tokens, heads * numbers)


@law("split_heads", whole)
def each_head_gets_a_piece(split_heads: Function, words: int, tokens: int, numbers: int, heads: int) -> None:
    """The result has the shape (batch, heads, tokens, width / heads)."""
    found = split_heads(_tokens(words, tokens, numbers, heads), heads)
    a_tensor(found, (words, heads, tokens, numbers), "floats")


@law("split_heads", whole)
def each_token_keeps_its_own_numbers(split_heads: Function, words: int, tokens: int, numbers: int, heads: int) -> None:
    """What stands at a token, in whichever head, are numbers of that token of that word."""
    x = _tokens(words, tokens, numbers, heads)
    found = a_tensor(split_heads(x, heads), (words, heads, tokens, numbers), "floats")
    for b in range(words):
        for t in range(tokens):
            its = [number for head in range(heads) for number in found[b][head][t]]
            if sorted(its) != sorted(x[b, t].tolist()):
                broken(f"token {t} of word {b} has {_some_of(its)}, and {_some_of(x[b, t].tolist())} went in")


def _some_of(numbers: list[float]) -> str:
    return ", ".join(f"{number:g}" for number in numbers[:6]) + ", …" * (len(numbers) > 6)


@law("split_heads", whole)
def the_first_head_gets_the_first_numbers(
    split_heads: Function, words: int, tokens: int, numbers: int, heads: int
) -> None:
    """The first head gets the first numbers of each vector, in their order, the next head the next ones."""
    x = _tokens(words, tokens, numbers, heads)
    found = a_tensor(split_heads(x, heads), (words, heads, tokens, numbers), "floats")
    agree(found, [plain.split_heads(word, heads) for word in x.tolist()])


@law("split_heads", st.just(()), gradient=True)
def gradients_pass_the_cut(split_heads: Function) -> None:
    """Gradients flow through the pieces."""
    (x,) = learning(_tokens(1, 2, 2, 2))
    gradients_reach(split_heads(x, 2), x=x)


@care("split_heads", st.sampled_from([((1, 2, 6), 4), ((1, 2, 6), 0), ((1, 2, 6), -2), ((2, 6), 2), ((1, 1, 2, 6), 2)]))
def pieces_that_do_not_come_out_even_are_refused(split_heads: Function, shape: tuple[int, ...], heads: int) -> None:
    """A width that can't be cut into so many equal pieces is refused, and what doesn't have three axes."""
    refuses(lambda: split_heads(torch.ones(shape), heads))


@law("merge_heads", whole)
def one_vector_for_each_token(merge_heads: Function, words: int, tokens: int, numbers: int, heads: int) -> None:
    """The result has the shape (batch, tokens, heads · numbers)."""
    found = merge_heads(_pieces(words, tokens, numbers, heads))
    a_tensor(found, (words, tokens, heads * numbers), "floats")


def _pieces(words: int, tokens: int, numbers: int, heads: int) -> Tensor:
    return torch.arange(1.0, words * tokens * heads * numbers + 1).view(words, heads, tokens, numbers)


@law("merge_heads", whole)
def each_token_gets_its_pieces_back(merge_heads: Function, words: int, tokens: int, numbers: int, heads: int) -> None:
    """A token's vector holds the numbers that its heads have for it, and no other token's."""
    pieces = _pieces(words, tokens, numbers, heads)
    found = a_tensor(merge_heads(pieces), (words, tokens, heads * numbers), "floats")
    for b in range(words):
        for t in range(tokens):
            its = pieces[b, :, t].flatten().tolist()
            if sorted(found[b][t]) != sorted(its):
                broken(f"token {t} of word {b} has {_some_of(found[b][t])}, and its heads have {_some_of(its)}")


@law("merge_heads", whole)
def the_first_heads_numbers_come_first(
    merge_heads: Function, words: int, tokens: int, numbers: int, heads: int
) -> None:
    """The first head's numbers come first, in their order, and the next head's after them."""
    pieces = _pieces(words, tokens, numbers, heads)
    found = a_tensor(merge_heads(pieces), (words, tokens, heads * numbers), "floats")
    agree(found, [plain.merge_heads(word) for word in pieces.tolist()])


@law("merge_heads", st.just(()), gradient=True)
def gradients_pass_the_merge(merge_heads: Function) -> None:
    """Gradients flow through the vectors."""
    (x,) = learning(_pieces(1, 2, 2, 2))
    gradients_reach(merge_heads(x), x=x)


@care("merge_heads", st.sampled_from([((2, 6),), ((1, 2, 6),), ((1, 1, 1, 2, 6),)]))
def what_has_no_heads_is_refused(merge_heads: Function, shape: tuple[int, ...]) -> None:
    """What doesn't have four axes is refused."""
    refuses(lambda: merge_heads(torch.ones(shape)))
