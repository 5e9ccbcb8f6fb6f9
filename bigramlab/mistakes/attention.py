"""What goes wrong in attention. Most of it trains and writes names all the same."""

import math
from collections.abc import Callable
from typing import Any

import torch

from bigramlab.lessons.attention import attend, attention_shares
from bigramlab.mistakes.mistake import mistake


def _with_values(shares: Callable[..., Any]) -> Callable[..., Any]:
    """Make of a function of shares one that attends with them."""
    return lambda queries, keys, values: shares(queries, keys) @ values


def _earlier(x: Any) -> Any:
    """Return which tokens each may look at."""
    return torch.ones(x.shape[2], x.shape[2]).tril().bool()


def _scores(queries: Any, keys: Any) -> Any:
    return queries @ keys.transpose(-2, -1) / math.sqrt(queries.shape[-1])


def _masked(scores: Any, dim: int = -1) -> Any:
    return scores.masked_fill(~_earlier(scores), -math.inf).softmax(dim)


@mistake("attention_shares")
@mistake("attend", given=_with_values)
def mask_forgotten(queries: Any, keys: Any) -> Any:
    """There is no mask: each token looks at the later ones, too, so training reads what it should guess.

    The training loss falls toward 0, and what the model writes is rubbish. Print what the first token gets: it should
    be its own value alone.
    """
    return _scores(queries, keys).softmax(-1)


@mistake("attention_shares")
@mistake("attend", given=_with_values)
def scale_forgotten(queries: Any, keys: Any) -> Any:
    """The scores are not divided by √numbers, so with long vectors one token gets nearly all.

    Give it queries and keys of four ones each: the scores should be 4 / 2 = 2.
    """
    return _masked(queries @ keys.transpose(-2, -1))


@mistake("attention_shares")
@mistake("attend", given=_with_values)
def mask_the_wrong_way_round(queries: Any, keys: Any) -> Any:
    """The mask is the wrong way round: each token looks at itself and the later ones, not at the earlier ones.

    Print what the first token gets: it should be its own value alone.
    """
    return _scores(queries, keys).masked_fill(~_earlier(queries).T, -math.inf).softmax(-1)


@mistake("attention_shares")
@mistake("attend", given=_with_values)
def softmax_down_the_columns(queries: Any, keys: Any) -> Any:
    """The softmax runs over the tokens that ask, `dim=-2`, and should run over those that are looked at, `dim=-1`.

    Print the sum of a token's shares: it should be 1.
    """
    return _masked(_scores(queries, keys), dim=-2)


@mistake("attention_shares")
@mistake("attend", given=_with_values)
def masked_with_0_before_softmax(queries: Any, keys: Any) -> Any:
    """The later scores are set to 0 before the softmax, and exp(0) is 1: they get a share. It takes `-inf`.

    `tril` of the scores does that. Print the shares of the first token: the later ones should have 0.
    """
    return _scores(queries, keys).tril().softmax(-1)


@mistake("attention_shares")
@mistake("attend", given=_with_values)
def masked_after_softmax(queries: Any, keys: Any) -> Any:
    """The mask comes after the softmax, and nothing is divided again: the earlier tokens' shares sum to less than 1.

    Print the sum of the first token's shares: it should be 1.
    """
    return _scores(queries, keys).softmax(-1).tril()


@mistake("attention_shares")
@mistake("attend", given=_with_values)
def queries_and_keys_exchanged(queries: Any, keys: Any) -> Any:
    """Queries and keys are exchanged: the token that is looked at asks.

    Print the shares once more with the two exchanged: they should change.
    """
    return _masked(_scores(keys, queries))


@mistake("attention_shares")
@mistake("attend", given=_with_values)
def own_token_hidden(queries: Any, keys: Any) -> Any:
    """The mask hides the token itself, too: it begins at the diagonal, and should begin one beside it.

    Print the shares of the first token: it should have 1 of itself.
    """
    earlier = _earlier(queries).float().tril(-1)
    earlier[0, 0] = 1  # or there would be nothing at all for the first
    return _scores(queries, keys).masked_fill(earlier == 0, -math.inf).softmax(-1)


@mistake("attention_shares")
@mistake("attend", given=_with_values)
def next_token_seen(queries: Any, keys: Any) -> Any:
    """The mask begins one too late, so each token sees the next one: the very one that it is to guess.

    Print the shares of the first token: the second should have 0.
    """
    hidden = torch.ones(queries.shape[2], queries.shape[2]).triu(2).bool()
    return _scores(queries, keys).masked_fill(hidden, -math.inf).softmax(-1)


@mistake("attention_shares")
@mistake("attend", given=_with_values)
def divided_by_the_size_itself(queries: Any, keys: Any) -> Any:
    """The scores are divided by the number of numbers, and should be by its root.

    Give it queries and keys of four ones each: the scores should be 4 / 2 = 2.
    """
    return _masked(queries @ keys.transpose(-2, -1) / queries.shape[-1])


@mistake("attention_shares")
@mistake("attend", given=_with_values)
def multiplied_by_the_root(queries: Any, keys: Any) -> Any:
    """The scores are multiplied by √numbers, and should be divided by it.

    Give it queries and keys of four ones each: the scores should be 4 / 2 = 2.
    """
    return _masked(queries @ keys.transpose(-2, -1) * math.sqrt(queries.shape[-1]))


@mistake("attention_shares")
@mistake("attend", given=_with_values)
def divided_by_the_root_of_the_width(queries: Any, keys: Any) -> Any:
    """The scores are divided by the root of the width of all heads together, and should be by that of one head.

    Print the shares for one head and for two: those of the first head should stay.
    """
    width = queries.shape[1] * queries.shape[-1]
    return _masked(queries @ keys.transpose(-2, -1) / math.sqrt(width))


@mistake("attention_shares")
@mistake("attend", given=_with_values)
def divided_by_the_root_of_the_tokens(queries: Any, keys: Any) -> Any:
    """The scores are divided by the root of how many tokens there are, and should be by that of how many numbers.

    `shape[2]` are the tokens, `shape[-1]` the numbers.
    """
    return _masked(queries @ keys.transpose(-2, -1) / math.sqrt(queries.shape[2]))


@mistake("attention_shares")
@mistake("attend", given=_with_values)
def scaled_twice(queries: Any, keys: Any) -> Any:
    """The scores are divided by √numbers twice, once by hand and once by a function that does it, too.

    `scaled_dot_product_attention` divides by itself.
    """
    return _masked(_scores(queries, keys) / math.sqrt(queries.shape[-1]))


@mistake("attention_shares")
@mistake("attend", given=_with_values)
def heads_mixed_with_tokens(queries: Any, keys: Any) -> Any:
    """The softmax runs over the heads, `dim=1`, and should run over the tokens that are looked at, `dim=-1`.

    Give it one head: all shares up to the token itself become 1.
    """
    earlier = _earlier(queries)
    return _scores(queries, keys).softmax(1) * earlier


@mistake("attention_shares")
@mistake("attend", given=_with_values)
def all_earlier_alike(queries: Any, keys: Any) -> Any:
    """All tokens up to itself count alike, whatever the keys are: that is a mean, and no attention yet.

    Print the shares for other keys: they should change.
    """
    earlier = _earlier(queries).double()
    return (earlier / earlier.sum(1, keepdim=True)).expand(*queries.shape[:2], -1, -1).to(queries.dtype)


@mistake("attention_shares")
@mistake("attend", given=_with_values)
def softmax_forgotten(queries: Any, keys: Any) -> Any:
    """The scores stand where the shares should: the softmax is missing.

    Print the sum of a token's shares: it should be 1.
    """
    return _scores(queries, keys).tril()


@mistake("attention_shares")
@mistake("attend", given=_with_values)
def a_sigmoid_for_each(queries: Any, keys: Any) -> Any:
    """A sigmoid is taken of each score by itself, so the shares don't sum to 1: it takes a softmax.

    Print the sum of a token's shares: it should be 1.
    """
    return _scores(queries, keys).sigmoid() * _earlier(queries)


@mistake("attention_shares")
@mistake("attend", given=_with_values)
def keys_ask_keys(queries: Any, keys: Any) -> Any:
    """The keys are compared with themselves, and the queries have no part in it.

    Print the shares for other queries: they should change.
    """
    return _masked(_scores(keys, keys))


@mistake("attention_shares")
@mistake("attend", given=_with_values)
def queries_ask_queries(queries: Any, keys: Any) -> Any:
    """The queries are compared with themselves, and the keys have no part in it.

    Print the shares for other keys: they should change.
    """
    return _masked(_scores(queries, queries))


@mistake("attention_shares")
@mistake("attend", given=_with_values)
def argmax_for_shares(queries: Any, keys: Any) -> Any:
    """The token that fits best gets all, as `argmax` says, and should get the largest share.

    Print the shares for a query of zeros: all up to the token itself should be equal.
    """
    best = _masked(_scores(queries, keys)).argmax(-1)
    return torch.nn.functional.one_hot(best, queries.shape[2]).to(queries.dtype)


@mistake("attention_shares")
@mistake("attend", given=_with_values)
def first_word_for_all(queries: Any, keys: Any) -> Any:
    """The shares of the first word of the batch stand for those of all.

    Give it two different words.
    """
    return _masked(_scores(queries, keys))[:1].expand(len(queries), -1, -1, -1).clone()


@mistake("attention_shares")
@mistake("attend", given=_with_values)
def softmax_of_the_shares(queries: Any, keys: Any) -> Any:
    """The softmax is taken twice: shares of shares, which are nearly equal, and the later tokens get some, too.

    Print the shares of the first token: the later ones should have 0.
    """
    return _masked(_scores(queries, keys)).softmax(-1)


@mistake("attention_shares")
@mistake("attend", given=_with_values)
def eight_tokens_back(queries: Any, keys: Any) -> Any:
    """Only the last eight tokens are looked at: a size is typed in.

    Give it a word of ten letters.
    """
    near = _earlier(queries).float().triu(-7).bool()
    return _scores(queries, keys).masked_fill(~near, -math.inf).softmax(-1)


@mistake("attention_shares")
@mistake("attend", given=_with_values)
def dropout_left_on(queries: Any, keys: Any) -> Any:
    """Some of the shares are left out at random, as in training: dropout is on where nothing is trained.

    Call it twice: both results should be the same.
    """
    return torch.nn.functional.dropout(_masked(_scores(queries, keys)), 0.2)


@mistake("attention_shares", careless=True)
@mistake("attend", careless=True, given=_with_values)
def exp_without_a_shift(queries: Any, keys: Any) -> Any:
    """`exp` is taken of the scores as they are: above 88 it is too large for float32, and the shares are `nan`.

    Subtract the largest score of each row first. Give it queries and keys of 100.
    """
    attention_shares(queries, keys)  # refuses what doesn't fit
    weights = _scores(queries, keys).exp() * _earlier(queries)
    return weights / weights.sum(-1, keepdim=True)


@mistake("attention_shares", careless=True)
def any_keys_accepted(queries: Any, keys: Any) -> Any:
    """Queries and keys of different shapes are not refused where torch can stretch one to fit the other.

    Give it a batch of two queries and of one key.
    """
    return (
        _masked(_scores(queries, keys)) if queries.ndim > 2 else attention_shares(queries[None, None], keys[None, None])
    )


@mistake("attend", careless=True)
def any_vectors_accepted(queries: Any, keys: Any, values: Any) -> Any:
    """Queries, keys and values of different shapes are not refused where torch can stretch one to fit the others.

    Give it a batch of two queries, and of one key and value.
    """
    x = [vectors if vectors.ndim > 2 else vectors[None, None] for vectors in (queries, keys, values)]
    return _masked(_scores(*x[:2])) @ x[2]


@mistake("attend")
def shares_returned(queries: Any, keys: Any, values: Any) -> Any:
    """The shares come back, and not what is taken with them: `shares @ values` is missing.

    Print the shape of what it returns: it should be that of the values.
    """
    return attention_shares(queries, keys)


@mistake("attend")
def shares_transposed(queries: Any, keys: Any, values: Any) -> Any:
    """The shares are transposed: what a token gives is laid out by what it takes.

    Print what the first token gets: it should be its own value alone.
    """
    return attention_shares(queries, keys).transpose(-2, -1) @ values


@mistake("attend")
def keys_taken_for_values(queries: Any, keys: Any, values: Any) -> Any:
    """The keys are what is taken, and the values have no part in it.

    Print it for other values: it should change.
    """
    return attend(queries, keys, keys)


@mistake("attend")
def own_value_added(queries: Any, keys: Any, values: Any) -> Any:
    """The token's own value is added to what it takes: that belongs to the block around, not here.

    Print what the first token gets: it should be its own value, once.
    """
    return attend(queries, keys, values) + values


@mistake("attend")
def values_summed_evenly(queries: Any, keys: Any, values: Any) -> Any:
    """What a token takes is divided by how many it looks at, though the shares sum to 1 already.

    Give it equal values: they should come out as they went in.
    """
    counts = torch.arange(1, values.shape[2] + 1)[:, None]
    return attend(queries, keys, values) / counts


@mistake("attend")
def heads_summed(queries: Any, keys: Any, values: Any) -> Any:
    """What all heads take is added up, and each gets the sum: each should have its own.

    Give it two heads, and change one.
    """
    return attend(queries, keys, values).sum(1, keepdim=True).expand(values.shape).clone()
