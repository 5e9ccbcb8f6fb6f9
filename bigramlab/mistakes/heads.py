"""What goes wrong with heads: numbers of different tokens are mixed, and nothing says so."""

from typing import Any

from bigramlab.lessons.heads import merge_heads, split_heads
from bigramlab.mistakes.mistake import mistake


@mistake("split_heads")
def viewed_at_once(x: Any, heads: Any) -> Any:
    """`view` asks for the last shape at once, which mixes the tokens: first (batch, tokens, heads, -1), then transpose.

    `merge_heads` by `view` undoes it, so a round trip shows nothing. Print it for two tokens of 1 2 and 3 4.
    """
    return x.reshape(x.shape[0], heads, x.shape[1], x.shape[2] // heads)


@mistake("split_heads")
def axes_not_changed(x: Any, heads: Any) -> Any:
    """The axes are left as (batch, tokens, heads, numbers): `transpose(1, 2)` is missing.

    Print the shape: the heads should stand before the tokens.
    """
    return x.view(*x.shape[:2], heads, x.shape[2] // heads)


@mistake("split_heads")
def numbers_interleaved(x: Any, heads: Any) -> Any:
    """The numbers are dealt out in turn, one to each head, and should be cut into pieces.

    Print it for one token of 1 2 3 4 and two heads: the first should get 1 2.
    """
    return x.view(*x.shape[:2], x.shape[2] // heads, heads).permute(0, 3, 1, 2)


@mistake("split_heads")
def tokens_and_numbers_exchanged(x: Any, heads: Any) -> Any:
    """The last two axes are exchanged: (batch, heads, numbers, tokens).

    Print the shape: the tokens should stand before the numbers.
    """
    return split_heads(x, heads).transpose(2, 3)


@mistake("split_heads")
def heads_and_their_size_exchanged(x: Any, heads: Any) -> Any:
    """The number of heads is taken for the size of one.

    Print the shape for one head: there should be one.
    """
    return split_heads(x, x.shape[2] // heads)


@mistake("split_heads")
def first_piece_for_all(x: Any, heads: Any) -> Any:
    """Every head gets the first piece, and should get its own.

    Print it for one token of 1 2 3 4 and two heads: the second should get 3 4.
    """
    return split_heads(x, heads)[:, :1].expand(-1, heads, -1, -1).clone()


@mistake("split_heads", careless=True)
def rest_dropped(x: Any, heads: Any) -> Any:
    """A width that can't be cut evenly is not refused: the last numbers are dropped without a word.

    Call it with a width of 5 and two heads.
    """
    if heads < 1 or x.ndim != 3:
        raise ValueError("heads")
    return split_heads(x[:, :, : x.shape[2] // heads * heads], heads)


@mistake("merge_heads")
def merged_by_view(x: Any) -> Any:
    """`view` lays the heads below each other, which mixes the tokens: the axes have to be changed back first.

    It undoes a `split_heads` by `view`, so a round trip shows nothing. Print it for two tokens with two heads.
    """
    return x.reshape(x.shape[0], x.shape[2], -1)


@mistake("merge_heads")
def heads_added_up(x: Any) -> Any:
    """The heads are added up, and should be laid side by side.

    Print the shape: the width should be heads · numbers.
    """
    return x.sum(1)


@mistake("merge_heads")
def mean_of_the_heads(x: Any) -> Any:
    """The mean of the heads is taken, and they should be laid side by side.

    Print the shape: the width should be heads · numbers.
    """
    return x.mean(1)


@mistake("merge_heads")
def merged_interleaved(x: Any) -> Any:
    """The heads' numbers come in turn, the first of each, then the second of each: lay piece beside piece.

    Print it for one token with the pieces 1 2 and 3 4: it should be 1 2 3 4.
    """
    return x.permute(0, 2, 3, 1).flatten(2)


@mistake("merge_heads")
def tokens_laid_side_by_side(x: Any) -> Any:
    """Each head keeps its row, and the tokens are laid side by side.

    Print the shape: the second axis should be the tokens.
    """
    return x.flatten(2)


@mistake("merge_heads")
def numbers_and_tokens_exchanged(x: Any) -> Any:
    """The last two axes change places, `transpose(2, 3)`, and should the heads and the tokens, `transpose(1, 2)`.

    Print `x.transpose(1, 2).shape`: it is (batch, tokens, heads, numbers), of which the last two become one.
    """
    return x.transpose(2, 3).reshape(x.shape[0], x.shape[2], -1)


@mistake("merge_heads")
def last_head_first(x: Any) -> Any:
    """The last head comes first.

    Print it for one token with the pieces 1 2 and 3 4: it should be 1 2 3 4.
    """
    return merge_heads(x.flip(1))


@mistake("merge_heads", careless=True)
def any_axes_accepted(x: Any) -> Any:
    """What has no four axes is not refused, but merged in some way.

    Call it with a tensor of three axes.
    """
    return merge_heads(x) if x.ndim == 4 else x.transpose(0, 1).flatten(1)
