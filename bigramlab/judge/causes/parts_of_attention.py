"""What can go wrong in the parts of attention: the scores, what they are divided by, the mask, the shares."""

import math
from typing import Any

import torch
from torch.nn import functional

from bigramlab.judge.causes.families import Part, family


def _triangle(x: Any, diagonal: int = 0) -> Any:
    """Return which tokens each may look at: those up to itself, and so many more."""
    return torch.ones(x.shape[-2:]).tril(diagonal).bool()


def _hidden(value: float, diagonal: int = 0) -> Any:
    return lambda x: x.masked_fill(~_triangle(x, diagonal), value)


def _window(size: int) -> Any:
    return lambda x: x.masked_fill(~(_triangle(x) & ~_triangle(x, -size)), -math.inf)


def _own_hidden(x: Any) -> Any:
    """Hide each token from itself, but for the first, which would have nothing."""
    seen = _triangle(x, -1)
    seen[0, 0] = True
    return x.masked_fill(~seen, -math.inf)


def _zeros_hidden(x: Any) -> Any:
    return x.tril().masked_fill(x.tril() == 0, -math.inf)


def _shifted(x: Any) -> Any:
    """Return the weights that exp gives, with the largest subtracted."""
    return (x - x.amax(-1, keepdim=True)).exp()


def _cosines(q: Any, k: Any) -> Any:
    return functional.normalize(q, dim=-1) @ functional.normalize(k, dim=-1).mT


DIVISORS = {str(n): n for n in (2, 3, 4, 5, 6, 8, 10, 16, 32, 64)} | {
    f"the_root_of_{n}": math.sqrt(n) for n in (2, 3, 8, 10, 24, 32, 128)
}

ATTENTION: list[Part] = [
    ("laid", lambda *x: x, [
        ("heads_and_tokens_exchanged", lambda *x: [one.transpose(1, 2) for one in x], "It takes the tokens' axis for the heads', as in (batch, tokens, heads, numbers): here the heads stand first."),
        ("words_and_heads_exchanged", lambda *x: [one.transpose(0, 1) for one in x], "The axes of the words and of the heads are exchanged."),
        ("heads_mixed_by_reshape", lambda *x: [one.transpose(1, 2).reshape(one.shape) for one in x], "Heads and tokens are exchanged and `reshape` puts them back by their order in memory, which mixes the tokens."),
        ("last_two_axes_exchanged", lambda *x: [one.mT for one in x], "The last two axes are exchanged: the tokens stand before the numbers."),
    ]),
    ("by_torch", None, [
        ("mask_inverted_for_torch", lambda x: x.masked_fill(_triangle(x), -math.inf).softmax(-1).nan_to_num(), "The mask says what to hide, and torch's mask of bools says what may be looked at: True where the later tokens stand keeps those alone."),
        ("own_token_hidden_for_torch", lambda x: x.masked_fill(~_triangle(x, -1), -math.inf).softmax(-1).nan_to_num(), "The mask hides the token itself, too, so the first gets nothing."),
    ]),
    ("asked", lambda q, k: q @ k.mT, [
        ("queries_and_keys_exchanged", lambda q, k: k @ q.mT, "Queries and keys are exchanged."),
        ("keys_ask_keys", lambda q, k: k @ k.mT, "The keys are compared with themselves, and the queries have no part in it."),
        ("queries_ask_queries", lambda q, k: q @ q.mT, "The queries are compared with themselves, and the keys have no part in it."),
        ("distances_for_products", lambda q, k: -torch.cdist(q, k), "The scores are distances, and should be dot products."),
        ("squared_distances_for_products", lambda q, k: -(torch.cdist(q, k) ** 2), "The scores are distances, and should be dot products."),
        ("cosines_for_products", _cosines, "The vectors are brought to the length 1 first: the scores are cosines, and should be dot products."),
        ("cosines_for_products", lambda q, k: _cosines(q, k) * math.sqrt(q.shape[-1]), "The vectors are brought to the length 1 first: the scores are cosines, and should be dot products, divided by √numbers."),
        ("sign_changed", lambda q, k: -(q @ k.mT), "The scores have the wrong sign: who fits least gets most."),
        ("keys_turned_over", lambda q, k: q @ k.flip(2).mT, "The keys stand in the reverse order."),
        ("keys_transposed_on_the_wrong_axes", lambda q, k: q @ k.transpose(1, 2), "The keys are transposed on the wrong axes: the last two have to change places, `transpose(-2, -1)`."),
        ("keys_reshaped_for_transposed", lambda q, k: q @ k.reshape(*k.shape[:2], k.shape[3], k.shape[2]), "`reshape` or `view` stands where the keys should be transposed: it leaves the numbers in their order, which mixes the tokens."),
        ("one_key_late", lambda q, k: q @ k.roll(1, 2).mT, "The keys are one token late."),
        ("heads_summed_in_scores", lambda q, k: (q @ k.mT).sum(1, keepdim=True).expand(-1, q.shape[1], -1, -1), "The scores of all heads are added up, and each should have its own."),
        ("first_word_for_all", lambda q, k: (q @ k.mT)[:1].expand(len(q), -1, -1, -1), "The first word of the batch stands for all."),
        ("first_head_for_all", lambda q, k: (q @ k.mT)[:, :1].expand(-1, q.shape[1], -1, -1), "The first head's scores stand for those of all."),
        ("nobody_asked", lambda q, k: 0 * (q @ k.mT), "Queries and keys have no part in it: all up to itself count alike."),
    ]),
    ("divided", lambda x, q: x / math.sqrt(q.shape[-1]), [
        ("scale_forgotten", lambda x, q: x, "The scores are not divided by √numbers."),
        ("divided_by_the_size_itself", lambda x, q: x / q.shape[-1], "The scores are divided by the number of numbers, and should be by its root."),
        ("multiplied_by_the_root", lambda x, q: x * math.sqrt(q.shape[-1]), "The scores are multiplied by √numbers, and should be divided by it."),
        ("multiplied_by_the_size", lambda x, q: x * q.shape[-1], "The scores are multiplied by the number of numbers, and should be divided by its root."),
        ("divided_by_the_root_of_the_width", lambda x, q: x / math.sqrt(q.shape[1] * q.shape[-1]), "The scores are divided by the root of the width of all heads together, and should be by that of one head."),
        ("divided_by_the_root_of_the_tokens", lambda x, q: x / math.sqrt(q.shape[2]), "The scores are divided by the root of how many tokens there are, and should be by that of how many numbers."),
        ("divided_by_the_tokens", lambda x, q: x / q.shape[2], "The scores are divided by how many tokens there are, and should be by √numbers."),
        ("divided_by_the_root_of_the_heads", lambda x, q: x / math.sqrt(q.shape[1]), "The scores are divided by the root of how many heads there are, and should be by that of how many numbers."),
        ("divided_by_the_root_of_the_batch", lambda x, q: x / math.sqrt(len(q)), "The scores are divided by the root of the batch's size, and should be by √numbers."),
        ("scaled_twice", lambda x, q: x / q.shape[-1] ** 1.5 * math.sqrt(q.shape[-1]), "The scores are divided by √numbers twice."),
        *((f"divided_by_{what}", lambda x, q, by=by: x / by, f"The scores are divided by {what.replace('_', ' ')}, a number that is typed in, and should be by the root of how many numbers there are.")
          for what, by in DIVISORS.items()),
        ("divided_by_twice_the_size", lambda x, q: x / q.shape[-1] / 2, "The scores are divided by the number of numbers and then by 2, as `/ n**1/2` or `* n**-1/2` does: a power comes before a division, so write `n**0.5`."),
        ("divided_by_a_half_of_the_size", lambda x, q: x / (q.shape[-1] / 2), "The scores are divided by half the number of numbers, as `n**1/2` is: a power comes before a division, so write `n**0.5`."),
        ("divided_by_the_root_rounded_down", lambda x, q: x / math.isqrt(q.shape[-1]), "The root is cut to a whole number before it divides the scores: of 8 numbers it is 2.83, and not 2."),
        ("divided_by_the_root_rounded", lambda x, q: x / round(math.sqrt(q.shape[-1])), "The root is rounded to a whole number before it divides the scores: of 8 numbers it is 2.83, and not 3."),
        ("divided_by_half_the_size", lambda x, q: x / max(1, q.shape[-1] // 2), "The scores are divided by half the number of numbers, and should be by its root."),
        ("divided_by_the_largest", lambda x, q: x / x.abs().amax(-1, keepdim=True).clamp(min=1e-9), "The scores are divided by the largest of them, and should be by √numbers."),
    ]),
    ("masked", _hidden(-math.inf), [
        ("mask_forgotten", lambda x: x, "There is no mask: each token looks at the later ones, too."),
        ("mask_the_wrong_way_round", lambda x: x.masked_fill(~_triangle(x).T, -math.inf), "The mask is the wrong way round: each token looks at the later ones."),
        ("masked_with_0_before_softmax", _hidden(0), "The later scores are set to 0 before the softmax, and exp(0) is 1: it takes `-inf`."),
        ("masked_with_a_small_number", _hidden(-1), "The later scores are set to -1, which is not small enough: it takes `-inf`."),
        ("masked_with_a_tiny_number", _hidden(1e-9), "The later scores are set to a tiny number above 0, and exp of that is 1: it takes `-inf`, or -1e9."),
        ("masked_with_minus_10", _hidden(-10), "The later scores are set to -10, which is not small enough: it takes `-inf`."),
        ("masked_with_minus_5", _hidden(-5), "The later scores are set to -5, which is not small enough: it takes `-inf`."),
        ("masked_with_minus_20", _hidden(-20), "The later scores are set to -20, which is not small enough: it takes `-inf`."),
        ("masked_with_infinity", _hidden(math.inf), "The later scores are set to +inf, and should be to -inf: so they get all, and become undefined."),
        ("masked_with_a_huge_number", _hidden(1e9), "The later scores are set to a huge number above 0, and it should be one below: so they get all."),
        ("zero_scores_hidden", _zeros_hidden, "Each score that is 0 is hidden, and an earlier token's score may be 0, too: build the mask of places, not of scores."),
        ("next_token_seen", _hidden(-math.inf, 1), "The mask begins one too late, so each token sees the next one."),
        ("own_token_hidden", _own_hidden, "The mask hides the token itself, too."),
        ("own_token_hidden_from_itself", _hidden(-math.inf, -1), "The mask hides the token itself, too, so the first has nothing to look at, and its shares are undefined."),
        ("later_tokens_alone", lambda x: x.masked_fill(_triangle(x), -math.inf), "The mask is the wrong way round: it keeps what should be hidden, the later tokens alone."),
        ("later_tokens_alone_and_nothing_last", lambda x: x.masked_fill(_triangle(x), -1e9), "The mask is the wrong way round: it keeps what should be hidden, the later tokens alone."),
        ("strictly_earlier", _hidden(-1e9, -1), "The mask hides the token itself, too; the first has nothing left to look at, and takes the mean of all."),
        ("mask_of_ones_added", lambda x: x + _triangle(x).float(), "The mask is added as ones and zeros, and should put `-inf` to the later scores."),
        ("mask_multiplied", lambda x: x * _triangle(x), "The mask is multiplied, which makes the later scores 0, and exp(0) is 1: it takes `-inf`."),
        *((f"{size}_tokens_back", _window(size), f"Only the last {size} tokens are looked at: a size is typed in.") for size in (2, 3, 4, 5, 6, 7, 8, 10, 16, 32)),
        ("itself_alone", _window(1), "Each token looks at itself alone."),
    ]),
    ("shared", lambda x: x.softmax(-1), [
        ("softmax_down_the_columns", lambda x: x.softmax(-2), "The softmax runs over the tokens that ask, and should run over those that are looked at."),
        ("heads_mixed_with_tokens", lambda x: x.softmax(1).nan_to_num(), "The softmax runs over the heads, and should run over the tokens that are looked at."),
        ("softmax_over_the_heads", lambda x: x.softmax(1), "The softmax runs over the heads, and should run over the tokens that are looked at."),
        ("softmax_over_the_heads", lambda x: x.clamp(min=-1e9).softmax(1), "The softmax runs over the heads, and should run over the tokens that are looked at."),
        ("softmax_over_the_batch", lambda x: x.clamp(min=-1e9).softmax(0), "The softmax runs over the batch, and should run over the tokens that are looked at."),
        ("softmax_over_the_batch", lambda x: x.softmax(0).nan_to_num(), "The softmax runs over the batch, and should run over the tokens that are looked at."),
        ("softmax_of_the_shares", lambda x: x.softmax(-1).softmax(-1), "The softmax is taken twice."),
        ("softmax_forgotten", lambda x: x.masked_fill(x == -math.inf, 0), "The softmax is missing: the scores stand where the shares should."),
        ("scores_left_as_they_are", lambda x: x, "The softmax is missing: the scores stand where the shares should."),
        ("a_sigmoid_for_each", lambda x: x.sigmoid(), "A sigmoid is taken of each score by itself: it takes a softmax."),
        ("exp_not_divided", lambda x: x.exp(), "`exp` is taken, and nothing is divided: the shares should sum to 1."),
        ("shifted_exp_not_divided", _shifted, "`exp` is taken, and nothing is divided: the shares should sum to 1."),
        ("divided_over_all", lambda x: x.exp() / x.exp().sum(), "All is divided by the sum of everything, and each row should be by its own."),
        ("divided_over_all", lambda x: _shifted(x) / _shifted(x).sum(), "All is divided by the sum of everything, and each row should be by its own."),
        ("scores_divided_by_their_sum", lambda x: x.masked_fill(x == -math.inf, 0) / x.masked_fill(x == -math.inf, 0).sum(-1, keepdim=True), "The scores are divided by their sum, without `exp`."),
        ("relu_for_exp", lambda x: x.relu() / x.relu().sum(-1, keepdim=True).clamp(min=1e-9), "ReLU stands where `exp` should."),
        ("argmax_for_shares", lambda x: functional.one_hot(x.argmax(-1), x.shape[-1]).float(), "The token that fits best gets all, as `argmax` says."),
        ("log_of_the_shares", lambda x: x.log_softmax(-1), "The log is taken of the shares."),
        ("masked_after_softmax", lambda x: x.softmax(-1).tril(), "The mask comes after the softmax, and nothing is divided again."),
    ]),
    ("turned", lambda x: x, [
        ("shares_transposed", lambda x: x.mT, "The shares are transposed."),
        ("scores_or_shares_masked_late", lambda x: x.tril(), "The mask comes after the softmax, and nothing is divided again."),
        ("shares_rounded", lambda x: x.round(), "The shares are rounded."),
        ("mean_of_the_heads", lambda x: x.mean(1, keepdim=True).expand(x.shape), "The mean over the heads stands for each."),
    ]),
]  # fmt: skip

TAKEN: list[Part] = [
    ("order", lambda q, k, v: (q, k, v), [
        ("values_asked_first", lambda q, k, v: (v, k, q), "Its parameters stand in the order values, keys, queries: it is called with queries, keys, values."),
        ("values_in_the_middle", lambda q, k, v: (q, v, k), "Keys and values are exchanged."),
        ("keys_first_queries_last", lambda q, k, v: (v, q, k), "Its parameters stand in the order keys, values, queries: it is called with queries, keys, values."),
        ("values_first", lambda q, k, v: (k, v, q), "Its parameters stand in the order values, queries, keys: it is called with queries, keys, values."),
    ]),
    ("turned_at_both_ends", lambda x: x, [
        ("heads_behind_tokens", lambda x: x.transpose(1, 2), "It takes (batch, tokens, heads, numbers), and gives that: here the heads stand before the tokens."),
    ]),
    ("given", lambda shares, q, k, v: shares @ v, [
        ("shares_returned", lambda shares, q, k, v: shares, "The shares come back, and not what is taken with them."),
        ("keys_taken_for_values", lambda shares, q, k, v: shares @ k, "The keys are what is taken, and the values have no part in it."),
        ("queries_taken_for_values", lambda shares, q, k, v: shares @ q, "The queries are what is taken, and the values have no part in it."),
        ("own_value_added", lambda shares, q, k, v: shares @ v + v, "The token's own value is added to what it takes: that belongs to the block around, not here."),
        ("own_query_added", lambda shares, q, k, v: shares @ v + q, "The token's own vector is added to what it takes: that belongs to the block around, not here."),
        ("values_turned_over", lambda shares, q, k, v: shares @ v.flip(2), "The values stand in the reverse order."),
        ("divided_by_the_tokens_again", lambda shares, q, k, v: shares @ v / torch.arange(1, v.shape[2] + 1)[:, None], "What is taken is divided by how many are looked at, though the shares sum to 1 already."),
        ("divided_by_the_root_again", lambda shares, q, k, v: shares @ v / math.sqrt(v.shape[-1]), "What is taken is divided by √numbers, and only the scores should be."),
        ("heads_summed", lambda shares, q, k, v: (shares @ v).sum(1, keepdim=True).expand(v.shape), "What all heads take is added up, and each should have its own."),
        ("own_value_alone", lambda shares, q, k, v: v, "The values come back as they are: nothing is taken of others."),
        ("last_token_alone", lambda shares, q, k, v: (shares @ v)[:, :, -1:], "Only what the last token takes comes back: there should be a vector for each."),
        ("last_token_alone_without_its_axis", lambda shares, q, k, v: (shares @ v)[:, :, -1], "Only what the last token takes comes back: there should be a vector for each."),
        ("heads_after_tokens", lambda shares, q, k, v: (shares @ v).transpose(1, 2), "Heads and tokens have changed places in what comes back."),
        ("heads_merged", lambda shares, q, k, v: (shares @ v).transpose(1, 2).flatten(2), "The heads are laid side by side in what comes back: that is `merge_heads`, a step of its own."),
    ]),
]  # fmt: skip


def shares(queries: Any, keys: Any, chosen: dict[str, Any]) -> Any:
    """Return the shares, with parts done in another way."""
    scores = chosen["divided"](chosen["asked"](queries, keys), queries)
    if chosen["by_torch"]:
        return chosen["by_torch"](scores)
    return chosen["turned"](chosen["shared"](chosen["masked"](scores)))


def _attention_shares(given: dict[str, Any], chosen: dict[str, Any]) -> Any:
    queries, keys = chosen["laid"](given["queries"], given["keys"])
    return shares(queries, keys, chosen)


def _attention(given: dict[str, Any], chosen: dict[str, Any]) -> Any:
    vectors = chosen["order"](given["queries"], given["keys"], given["values"])
    turned = chosen["turned_at_both_ends"]
    queries, keys, values = chosen["laid"](*map(turned, vectors))
    return turned(chosen["given"](shares(queries, keys, chosen), queries, keys, values))


family("attention_shares", _attention_shares, ATTENTION)
HEADS: list[Part] = [
    ("cut", lambda x, n: x.unflatten(2, (n, x.shape[2] // n)).transpose(1, 2), [
        ("viewed_at_once", lambda x, n: x.reshape(x.shape[0], n, x.shape[1], -1), "`view` asks for the last shape at once, which mixes the tokens."),
        ("numbers_interleaved", lambda x, n: x.unflatten(2, (-1, n)).permute(0, 3, 1, 2), "The numbers are dealt out in turn, one to each head, and should be cut into pieces."),
        ("heads_and_their_size_exchanged", lambda x, n: x.unflatten(2, (-1, n)).transpose(1, 2), "The number of heads is taken for the size of one."),
        ("axes_not_changed", lambda x, n: x.unflatten(2, (n, -1)), "The axes are left as (batch, tokens, heads, numbers): `transpose(1, 2)` is missing."),
        ("heads_before_the_words", lambda x, n: x.unflatten(2, (n, -1)).permute(2, 0, 1, 3), "The heads stand before the words: (heads, batch, tokens, numbers)."),
        ("tokens_cut_for_numbers", lambda x, n: torch.stack(x.chunk(n, 1), 1), "The tokens are cut into pieces, and each token's numbers should be."),
        ("whole_vector_for_each", lambda x, n: x[:, None].expand(-1, n, -1, -1), "Each head gets the whole vector, and should get a piece of it."),
        ("words_and_heads_in_one_axis", lambda x, n: x.unflatten(2, (n, -1)).transpose(1, 2).flatten(0, 1), "Words and heads share an axis: (batch · heads, tokens, numbers)."),
    ]),
    ("then", lambda x: x, [
        ("tokens_and_numbers_exchanged", lambda x: x.mT, "The last two axes are exchanged: the tokens stand before the numbers."),
        ("last_head_first", lambda x: x.flip(1), "The last head comes first."),
        ("first_piece_for_all", lambda x: x[:, :1].expand(x.shape), "Every head gets the first piece, and should get its own."),
        ("divided_by_the_root", lambda x: x / math.sqrt(x.shape[-1]), "The numbers are divided by a root: that is attention's part."),
    ]),
]  # fmt: skip

MERGED: list[Part] = [
    ("merged", lambda x: x.transpose(1, 2).flatten(2), [
        ("merged_by_view", lambda x: x.reshape(x.shape[0], x.shape[2], -1), "`view` lays the heads below each other, which mixes the tokens: the axes have to be changed back first."),
        ("other_axes_changed", lambda x: x.transpose(1, 3).reshape(len(x), x.shape[2], -1), "Axes 1 and 3 change places, and should axes 1 and 2: that mixes the tokens."),
        ("words_and_heads_exchanged", lambda x: x.transpose(0, 1).reshape(x.shape[0], x.shape[2], -1), "Words and heads change places, `transpose(0, 1)`, and heads and tokens should, `transpose(1, 2)`."),
        ("heads_added_up", lambda x: x.sum(1), "The heads are added up, and should be laid side by side."),
        ("mean_of_the_heads", lambda x: x.mean(1), "The mean of the heads is taken, and they should be laid side by side."),
        ("merged_interleaved", lambda x: x.permute(0, 2, 3, 1).flatten(2), "The heads' numbers come in turn: lay piece beside piece."),
        ("tokens_laid_side_by_side", lambda x: x.flatten(2), "Each head keeps its row, and the tokens are laid side by side."),
        ("heads_laid_one_after_another", lambda x: x.flatten(1, 2), "The heads are laid one after another along the tokens, and should be side by side."),
        ("axes_changed_back_only", lambda x: x.transpose(1, 2), "The axes are changed back, and the heads not laid side by side."),
        ("tokens_before_the_words", lambda x: x.permute(2, 0, 1, 3).flatten(2), "The tokens stand before the words."),
        ("first_head_alone", lambda x: x[:, 0], "Only the first head is returned."),
        ("last_head_alone", lambda x: x[:, -1], "Only the last head is returned."),
    ]),
    ("order", lambda x: x, [("last_head_first", lambda x: x.flip(1), "The last head comes first.")]),
]  # fmt: skip

family("split_heads", lambda given, chosen: chosen["then"](chosen["cut"](given["x"], given["heads"])), HEADS)
family("merge_heads", lambda given, chosen: chosen["merged"](chosen["order"](given["x"])), MERGED)
family("attend", _attention, [*TAKEN, *ATTENTION])
