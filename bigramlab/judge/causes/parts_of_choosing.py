"""What can go wrong in the parts of choosing: the temperature, which tokens are kept, what they have then."""

import math
from functools import partial
from typing import Any

import torch

from bigramlab.judge.causes.families import Part, family

HEATED: list[Part] = [
    ("first", lambda x: x, [
        ("probabilities_first", lambda x: x.softmax(1), "softmax is taken first, so the temperature changes probabilities and not logits."),
        ("logs_of_probabilities_rounded", lambda x: (x.softmax(1) + 1e-8).log(), "A small number is added inside of a log."),
        ("log_of_the_logits", lambda x: x.log(), "The log is taken of the logits, as if they were probabilities: negative ones become undefined."),
        ("largest_subtracted_of_all_rows", lambda x: x - x.mean(), "The mean of the whole table is subtracted."),
        ("rows_and_columns_exchanged", lambda x: x.T, "Rows and columns are exchanged."),
    ]),
    ("heated", lambda x, t: x / t, [
        ("multiplied_by_the_temperature", lambda x, t: x * t, "The logits are multiplied by the temperature, and should be divided by it."),
        ("divided_without_a_rest", lambda x, t: x // t, "`//` drops what is left of the division: the logits become whole numbers."),
        ("one_divided_without_a_rest", lambda x, t: x * (1 // t), "`1 // T` drops what is left of the division: it is 0 for every temperature above 1."),
        ("temperature_not_used", lambda x, t: x, "The temperature is not used."),
        ("temperature_subtracted", lambda x, t: x - t, "The temperature is subtracted, and should divide."),
        ("divided_by_the_square", lambda x, t: x / t**2, "The logits are divided by the square of the temperature."),
        ("divided_by_the_root", lambda x, t: x / t**0.5, "The logits are divided by the root of the temperature."),
        ("divided_by_1_and_the_temperature", lambda x, t: x / (1 + t), "1 is added to the temperature."),
        *((f"{little:g}_added_to_the_temperature", lambda x, t, little=little: x / (t + little), f"A small number, {little:g}, is added to the temperature, which changes all of them: it is never 0.") for little in (1e-1, 1e-2, 1e-3)),
        ("raised_to_the_power", lambda x, t: x ** (1 / t), "The logits are raised to the power 1/T, as probabilities would be: logits are divided by T."),
        ("raised_to_the_temperature", lambda x, t: x**t, "The logits are raised to the power T, and should be divided by it."),
        *((f"temperature_of_{least:g}_at_least", lambda x, t, least=least: x / max(least, float(t)), f"A temperature below {least:g} is taken for {least:g}.") for least in (0.01, 0.1, 0.5)),
        ("temperature_as_a_whole_number", lambda x, t: x / max(1, int(t)), "The temperature is made a whole number."),
        ("temperature_of_1_or_more", lambda x, t: x / max(1.0, float(t)), "A temperature below 1 is taken for 1."),
        ("temperature_of_1_at_most", lambda x, t: x / min(1.0, float(t)), "A temperature above 1 is taken for 1."),
    ]),
    ("weights", lambda x: (x - x.amax(1, keepdim=True)).exp(), [
        ("exp_forgotten", lambda x: x, "`exp` is missing: what is divided are the logits themselves."),
        ("powers_of_2", lambda x: 2 ** (x - x.amax(1, keepdim=True)), "Powers of 2 stand where those of e should, `exp`."),
        ("squares_for_exp", lambda x: x**2, "The logits are squared, and should go through `exp`."),
        ("sigmoids", lambda x: x.sigmoid(), "Each logit goes through a sigmoid, and all of a row should through softmax together."),
    ]),
    ("divided", lambda w: w / w.sum(1, keepdim=True), [
        ("not_divided_again", lambda w: w, "Nothing is divided by the sum of the row: what comes back are no probabilities."),
        ("divided_by_the_sum_of_all", lambda w: w / w.sum(), "The sum is that of the whole table, and should be that of the row."),
        ("keepdim_forgotten", lambda w: w / w.sum(1), "`keepdim=True` is forgotten: the sums of the rows are taken for those of the columns, or don't fit."),
        ("softmax_down_the_columns", lambda w: w / w.sum(0), "The columns sum to 1, and the rows should: softmax runs along the wrong axis."),
        ("divided_by_the_largest", lambda w: w / w.amax(1, keepdim=True), "Each row is divided by its largest number, and should be by its sum."),
        ("divided_by_the_mean", lambda w: w / w.mean(1, keepdim=True), "Each row is divided by its mean, and should be by its sum."),
    ]),
    ("last", lambda p, t, x: p, [
        ("powers_not_divided", lambda p, t, x: (x.log_softmax(1) / t).exp(), "The probabilities are raised to the power 1/T, and not divided by their sum again."),
        ("divided_by_the_sum_of_all", lambda p, t, x: (x / t).exp() / (x / t).exp().sum(), "The sum is that of the whole table, and should be that of the row."),
        ("likeliest_alone_below_1", lambda p, t, x: torch.eye(p.shape[1])[p.argmax(1)] if t < 1 else p, "Below a temperature of 1 the likeliest gets all, as `argmax` says: it should only get more."),
        ("powers_of_the_temperature", lambda p, t, x: (lambda w: w / w.sum(1, keepdim=True))(x.softmax(1) ** t), "The probabilities are raised to the power T, and should be to the power 1/T."),
        ("logs_returned", lambda p, t, x: p.log(), "The logs of the probabilities come back (`log_softmax`)."),
        ("divided_afterwards", lambda p, t, x: p / t, "The probabilities are divided by the temperature once more, at the end."),
        ("power_without_division", lambda p, t, x: (p.log() * t).exp(), "The temperature is taken back at the end."),
        ("softmax_of_probabilities", lambda p, t, x: p.softmax(1), "softmax is taken once more, of the probabilities."),
        ("rounded", lambda p, t, x: (p * 100).round() / 100, "The probabilities are rounded."),
    ]),
]  # fmt: skip


def _heat(given: dict[str, Any], chosen: dict[str, Any]) -> Any:
    t = given["temperature"]
    heated = chosen["heated"](chosen["first"](given["logits"] * 1.0), t)
    return chosen["last"](chosen["divided"](chosen["weights"](heated)), t, given["logits"])


def _sums_of_all(kept: Any) -> Any:
    return kept / kept.sum()


def _spread(kept: Any) -> Any:
    """Give what was dropped to all that is kept, alike."""
    alive = kept > 0
    return kept + alive * (1 - kept.sum(1, keepdim=True)) / alive.sum(1, keepdim=True)


def _given_to_the_likeliest(kept: Any) -> Any:
    """Give what was dropped to the likeliest."""
    return kept.scatter_add(1, kept.argmax(1, keepdim=True), 1 - kept.sum(1, keepdim=True))


def _scattered(p: Any, places: Any) -> Any:
    """Return True in these places of each row, and False in the others."""
    keep = torch.zeros(p.shape, dtype=torch.bool)
    keep[torch.arange(len(p))[:, None], places] = True
    return keep


def _top(more: int = 0, *, largest: bool = True) -> Any:
    """Return what keeps the k likeliest of each row, and so many more."""
    return lambda p, k: _scattered(p, p.topk(min(max(k + more, 0), p.shape[1]), 1, largest=largest).indices)


def _kth(p: Any, k: int) -> Any:
    return p.topk(min(k, p.shape[1]), 1).values[:, -1:]


def _above_the_next(p: Any, k: int) -> Any:
    return p > _kth(p, k + 1) if k < p.shape[1] else torch.ones(p.shape, dtype=torch.bool)


def _crossing(least: str = "before", dtype: torch.dtype = torch.float64) -> Any:
    """Return what keeps tokens, the likeliest first: as long as what came before is below p, or with them."""

    def keep(p: Any, most: float) -> Any:
        sorted_, order = p.sort(1, descending=True)
        sums = sorted_.to(dtype).cumsum(1)
        sums = sums - sorted_ if least == "before" else sums
        return torch.zeros(p.shape, dtype=torch.bool).scatter(
            1, order, sums <= most if least == "at most" else sums < most
        )

    return keep


def _from_the_crossing(p: Any, most: float) -> Any:
    return ~_crossing("after")(p, most)


def _one_more(p: Any, most: float) -> Any:
    n = _crossing()(p, most).sum(1)
    return torch.stack([_top()(row[None], int(many) + 1)[0] for row, many in zip(p, n, strict=True)])


def _mask_gathered(p: Any, most: float) -> Any:
    sorted_, order = p.sort(1, descending=True)
    return (sorted_.cumsum(1) - sorted_ < most).gather(1, order)


def _first_not_spared(p: Any, most: float, reaches: Any = torch.ge) -> Any:
    sorted_, order = p.sort(1, descending=True)
    drop = reaches(sorted_.double().cumsum(1), most)
    drop[:, 1:] = drop[:, :-1].clone()
    return ~torch.zeros_like(drop).scatter(1, order, drop)


AGAIN = [
    ("nothing_left_as_zeros", lambda kept: (kept / kept.sum(1, keepdim=True)).nan_to_num(), ""),
    ("not_divided_again", lambda kept: kept, "What is kept is not divided by its sum: the rows don't sum to 1."),
    ("divided_by_the_sum_of_all", _sums_of_all, "The sum is that of the whole table, and should be that of the row."),
    ("divided_down_the_columns", lambda kept: (kept / kept.sum(0)).nan_to_num(), "Each column is divided by its sum, and each row should be."),
    ("dropped_share_spread_evenly", _spread, "What is dropped is given to those that are kept alike, and should be in proportion: divide by the sum."),
    ("dropped_share_given_to_the_likeliest", _given_to_the_likeliest, "What is dropped is given to the likeliest, and should be to all that are kept, in proportion: divide by the sum."),
    ("softmax_of_what_is_kept", lambda kept: kept.softmax(1), "softmax is taken of probabilities: even what is dropped gets a share."),
    ("softmax_of_the_kept_alone", lambda kept: kept.masked_fill(kept == 0, -torch.inf).softmax(1), "softmax is taken of probabilities, and makes them nearly equal: divide by the sum."),
    ("kept_ones_alike", lambda kept: (kept > 0) / (kept > 0).sum(1, keepdim=True), "All that are kept get the same share, and should keep their proportions."),
    ("divided_by_the_largest", lambda kept: kept / kept.amax(1, keepdim=True), "Each row is divided by its largest number, and should be by its sum."),
    ("logs_returned", lambda kept: (kept / kept.sum(1, keepdim=True)).log(), "The logs of the probabilities come back."),
]  # fmt: skip

IN_ITS_PLACE = [
    ("softmax_of_the_kept_alone", lambda kept, mask, most: kept.masked_fill(~mask, -torch.inf).softmax(1), "softmax is taken of probabilities, and makes them nearly equal: divide by the sum."),
    ("divided_where_it_is_kept", lambda kept, mask, most: torch.where(mask, kept / kept.sum(1, keepdim=True), 0), ""),
    ("mask_returned", lambda kept, mask, most: mask.float(), "1 stands where something is kept, and 0 elsewhere: multiply that with the probabilities, and divide by their sum."),
    ("a_share_for_each", lambda kept, mask, most: mask / mask.sum(1, keepdim=True), "All that are kept get the same share, and should keep their proportions."),
]  # fmt: skip

KEPT_K: list[Part] = [
    ("kept", _top(), [
        ("least_likely_kept", _top(largest=False), "The least likely are kept: `argsort` and `sort` begin with the smallest unless `descending=True` is said."),
        ("first_of_an_ascending_order_kept", lambda p, k: _scattered(p, p.argsort(1)[:, :k]), "The least likely are kept: `argsort` and `sort` begin with the smallest unless `descending=True` is said."),
        ("one_too_many", _top(1), "One too many is kept."),
        ("one_too_few", _top(-1), "One too few is kept."),
        ("one_too_few_but_one_at_least", lambda p, k: _top()(p, max(k - 1, 1)), "One too few is kept, but for k = 1."),
        ("as_many_dropped", lambda p, k: ~_scattered(p, p.argsort(1)[:, :k]), "The k least likely are dropped, and all others kept: k should say how many are kept."),
        ("the_kth_itself_dropped", lambda p, k: p > _kth(p, k), "What is just as likely as the k-th is dropped: `>` stands where `>=` should."),
        ("dropped_in_all_rows", lambda p, k: _top()(p, k).all(0).expand(p.shape), "What one row drops is dropped in all of them: `probs[:, ids]` is whole columns, and `scatter` finds the places of each row."),
        ("ties_at_the_limit_dropped", _above_the_next, "Of tokens that are as likely as the one behind the k-th, all are dropped: fewer than k are left then, or none."),
        ("places_for_ranks", lambda p, k: p.argsort(1, descending=True) < k, "`argsort` says which token comes first, which second and so on, and is taken for the rank of each token: take `argsort` once more of that."),
        ("ties_keep_more", lambda p, k: p >= _kth(p, k), "All that are as likely as the k-th are kept, more than k."),
        ("first_columns_kept", lambda p, k: (torch.arange(p.shape[1]) < k).expand(p.shape), "The first k columns are kept, whatever they have: `topk` says which are the likeliest."),
        ("last_columns_kept", lambda p, k: (torch.arange(p.shape[1]) >= p.shape[1] - k).expand(p.shape), "The last k columns are kept, whatever they have."),
        ("likeliest_of_the_first_row", lambda p, k: _top()(p[:1], k).expand(p.shape), "The likeliest tokens of the first row are kept in all rows."),
        ("likeliest_of_the_table", lambda p, k: p >= p.flatten().topk(min(k, p.numel())).values[-1], "The k largest of the whole table are kept, and should be those of each row."),
        ("likeliest_in_each_column", lambda p, k: _top()(p.T, k).T, "The k largest of each column are kept, and should be those of each row: `dim=0` stands for `dim=1`."),
        ("threshold_of_the_first_row", lambda p, k: p >= _kth(p[:1], k), "The k-th largest of the first row is the limit for all rows."),
        ("likeliest_of_the_columns", lambda p, k: p >= p.topk(min(k, len(p)), 0).values[-1:], "The k largest of each column are kept, and should be those of each row."),
        ("likeliest_dropped", lambda p, k: ~_top()(p, k), "The k likeliest are dropped, and the others kept."),
        ("as_likely_as_the_likeliest", lambda p, k: p >= p.amax(1, keepdim=True), "The limit is the largest of each row, and should be the k-th largest: what is below it is dropped, whatever k is."),
        ("only_the_likeliest", lambda p, k: _top()(p, 1), "Only the likeliest is kept, whatever k is."),
        ("all_kept", lambda p, k: torch.ones(p.shape, dtype=torch.bool), "All are kept: k is not used."),
    ]),
    ("again", lambda kept: kept / kept.sum(1, keepdim=True), AGAIN),
    ("where_nothing_is_left", False, [("as_before_where_nothing_is_left", True, "")]),
    ("in_its_place", None, [*IN_ITS_PLACE, ("divided_by_k", lambda kept, mask, most: kept / most, "What is kept is divided by k, and should be by its sum.")]),
]  # fmt: skip

KEPT_P: list[Part] = [
    ("kept", _crossing(), [
        ("the_one_that_crosses_dropped", _crossing("with"), "The token that crosses p is dropped: those that are kept have less than p, or there are none."),
        ("kept_up_to_p", _crossing("at most"), "The token that crosses p is dropped: those that are kept have p at most."),
        ("kept_up_to_p", _crossing("at most", torch.float32), "The token that crosses p is dropped: those that are kept have p at most."),
        ("one_more_than_needed", _one_more, "One token more than needed is kept."),
        ("compared_with_the_likeliest", lambda p, most: p >= most * p.amax(1, keepdim=True), "Kept is what has p times the largest at least (*min-p*), and should be the fewest that have p together."),
        ("each_above_p_kept", lambda p, most: p >= most, "Each token is compared with p by itself: those that are likelier have to be added up."),
        ("each_above_the_rest_kept", lambda p, most: p >= 1 - most, "Each token is compared with 1 - p by itself: those that are likelier have to be added up."),
        ("each_above_the_rest_kept", lambda p, most: (p >= 1 - most) | (p == p.amax(1, keepdim=True)), "Each token is compared with 1 - p by itself: those that are likelier have to be added up."),
        ("two_at_least", lambda p, most: _crossing()(p, most) | _scattered(p, p.sort(1, descending=True).indices[:, :2]), "Two tokens at least are kept, even where the likeliest alone has p."),
        ("mask_gathered", _mask_gathered, "The mask stands in the order of size, and `gather` brings it to other tokens: `scatter` brings each place back to its own."),
        ("added_up_unsorted", lambda p, most: p.cumsum(1) - p < most, "The probabilities are added up from left to right, and should be from the likeliest on."),
        ("least_likely_first", lambda p, most: ~_crossing()(1 - p, most), "The least likely come first: sort with `descending=True`."),
        ("p_taken_for_what_is_dropped", lambda p, most: _crossing()(p, 1 - most), "p is taken for what is dropped, and is what is kept."),
        ("added_up_over_the_batch", lambda p, most: (lambda s: torch.zeros(p.shape, dtype=torch.bool).scatter(1, s.indices, s.values.cumsum(0) - s.values < most))(p.sort(1, descending=True)), "The probabilities are added up from row to row, and should be within each row: `cumsum` along the last axis."),
        ("mask_moved_down_the_batch", lambda p, most: (lambda s: torch.zeros(p.shape, dtype=torch.bool).scatter(1, s.indices, ~torch.cat([torch.zeros_like(s.values[:1]).bool(), (s.values.cumsum(1) > most)[:-1]])))(p.sort(1, descending=True)), "The mask of what is dropped is moved down by a row, and should be moved to the right within each row: `remove[:, 1:] = remove[:, :-1]`."),
        ("as_many_as_in_the_first_row", lambda p, most: _top()(p, int(_crossing()(p[:1], most).sum())), "As many are kept in all rows as in the first one."),
        ("part_of_the_tokens_kept", lambda p, most: _top()(p, max(1, int(most * p.shape[1]))), "p is taken for a part of the vocabulary: the likeliest p · (how many tokens there are) are kept, however much they have."),
        ("part_of_the_tokens_kept_rounded_up", lambda p, most: _top()(p, math.ceil(most * p.shape[1])), "p is taken for a part of the vocabulary: the likeliest p · (how many tokens there are) are kept, however much they have."),
        ("kept_from_the_one_that_crosses", _from_the_crossing, "What is kept begins with the token that crosses p, and should end with it: `>=` stands where `<` should."),
        ("what_comes_behind_kept", lambda p, most: ~_crossing()(p, most), "The mask is the wrong way round: what should be dropped is kept."),
        ("first_not_spared", _first_not_spared, "The mask is moved on by one, and its first place keeps what it had: where the likeliest alone has p, it is dropped, too, and nothing is left."),
        ("first_not_spared", partial(_first_not_spared, reaches=torch.gt), "The mask is moved on by one, and its first place keeps what it had: where the likeliest alone has p, it is dropped, too, and nothing is left."),
        ("dropped_in_all_rows", lambda p, most: _crossing()(p, most).all(0).expand(p.shape), "What one row drops is dropped in all of them: `probs[:, ids]` is whole columns, and `scatter` finds the places of each row."),
        ("cut_of_the_first_row", lambda p, most: _crossing()(p[:1], most).expand(p.shape), "The tokens of the first row are kept in all rows."),
        ("only_the_likeliest", lambda p, most: _top()(p, 1), "Only the likeliest is kept, whatever p is."),
        ("all_kept", lambda p, most: torch.ones(p.shape, dtype=torch.bool), "All are kept: p is not used."),
    ]),
    ("placed", lambda kept, p: kept, [
        ("left_in_order_of_size", lambda kept, p: kept.sort(1, descending=True).values, "What comes back is sorted: each number has to go back to its token."),
        ("gathered_for_scattered", lambda kept, p: kept.sort(1, descending=True).values.gather(1, p.sort(1, descending=True).indices), "`gather` stands where `scatter` should: the numbers come back at other tokens."),
    ]),
    ("again", lambda kept: kept / kept.sum(1, keepdim=True), AGAIN),
    ("where_nothing_is_left", False, [("as_before_where_nothing_is_left", True, "")]),
    ("in_its_place", None, [*IN_ITS_PLACE, ("divided_by_p", lambda kept, mask, most: kept / most, "What is kept is divided by p, and should be by its sum, which is seldom p.")]),
]  # fmt: skip


def _choose(probs: Any, most: Any, chosen: dict[str, Any]) -> Any:
    mask = chosen["kept"](probs, most)
    if chosen["in_its_place"]:
        return chosen["in_its_place"](probs * mask, mask, most)
    found = chosen["again"](chosen["placed"](probs * mask, probs) if "placed" in chosen else probs * mask)
    return torch.where(mask.any(1, keepdim=True), found, probs) if chosen["where_nothing_is_left"] else found


family("with_temperature", _heat, HEATED)
family("keep_top_k", lambda given, chosen: _choose(given["probs"], given["k"], chosen), KEPT_K)
family("keep_top_p", lambda given, chosen: _choose(given["probs"], given["p"], chosen), KEPT_P)
