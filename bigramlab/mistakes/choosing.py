"""What goes wrong in choosing the next token."""

from typing import Any

import torch

from bigramlab.lessons.choosing import keep_top_k, keep_top_p, with_temperature
from bigramlab.mistakes.mistake import mistake


def _shares(kept: Any) -> Any:
    return kept / kept.sum(dim=1, keepdim=True)


@mistake("with_temperature")
def multiplied_by_the_temperature(logits: Any, temperature: Any) -> Any:
    """The logits are multiplied by the temperature, so high ones make it sharper and low ones flatter.

    Print `with_temperature(torch.tensor([[1.0, 3.0]]).log(), 0.5)`: it is 0.37 and 0.63, and should be 0.1 and 0.9.
    """
    return (logits * temperature).softmax(dim=1)


@mistake("with_temperature")
def probabilities_divided(logits: Any, temperature: Any) -> Any:
    """The probabilities are divided by the temperature, not the logits, so that they don't sum to 1 any more.

    Print `with_temperature(torch.tensor([[0.0, 0.0]]), 2.0)`: it is 0.25 twice, and should be 0.5 twice.
    """
    return logits.softmax(dim=1) / temperature


@mistake("with_temperature")
def divided_out_again(logits: Any, temperature: Any) -> Any:
    """The probabilities are divided by the temperature and then by their sum, so it cancels out and changes nothing.

    Print it for a temperature of 0.5 and of 2: both are the same.
    """
    return _shares(logits.softmax(dim=1) / temperature)


@mistake("with_temperature")
def temperature_not_used(logits: Any, temperature: Any) -> Any:
    """The temperature is not used: it is the softmax of the logits as they are.

    Print it for a temperature of 0.5 and of 2: both are the same.
    """
    return logits.softmax(dim=1)


@mistake("with_temperature")
def softmax_of_probabilities(logits: Any, temperature: Any) -> Any:
    """The softmax comes first, and again after the division by the temperature: shares of shares, nearly equal.

    Print `with_temperature(torch.tensor([[0.0, 9.0]]), 1.0)`: the second is 0.73, and should be 0.9999.
    """
    return (logits.softmax(dim=1) / temperature).softmax(dim=1)


@mistake("with_temperature")
def softmax_down_the_columns(logits: Any, temperature: Any) -> Any:
    """The softmax runs down the columns, over the batch, and should run along each row.

    Print `with_temperature(torch.zeros(2, 3), 1.0).sum(dim=1)`: it is 1.5 twice, and should be 1 twice.
    """
    return (logits / temperature).softmax(dim=0)


@mistake("with_temperature")
def softmax_forgotten(logits: Any, temperature: Any) -> Any:
    """The logits are divided by the temperature, and come back as they are: the softmax is missing.

    Print the sum of a row: it should be 1.
    """
    return logits / temperature


@mistake("with_temperature")
def temperature_subtracted(logits: Any, temperature: Any) -> Any:
    """The temperature is subtracted from all logits, which changes no probability.

    Print it for a temperature of 0.5 and of 2: both are the same.
    """
    return (logits - temperature).softmax(dim=1)


@mistake("with_temperature")
def divided_by_the_square(logits: Any, temperature: Any) -> Any:
    """The logits are divided by the temperature twice.

    Print `with_temperature(torch.tensor([[1.0, 3.0]]).log(), 0.5)`: it is 0.01 and 0.99, and should be 0.1 and 0.9.
    """
    return (logits / temperature / temperature).softmax(dim=1)


@mistake("with_temperature")
def token_drawn_at_a_temperature(logits: Any, temperature: Any) -> Any:
    """A token is drawn and its id comes back: that is a step of its own, and the probabilities are asked for.

    Print it twice: it should give the same, a row of numbers that sums to 1.
    """
    return torch.multinomial((logits / temperature).softmax(dim=1), 1)


@mistake("with_temperature", careless=True)
def temperature_0_gives_nan(logits: Any, temperature: Any) -> Any:
    """A temperature of 0 is not refused: 0 / 0 is `nan`, and nothing can be drawn from that.

    Print `with_temperature(torch.zeros(1, 2), 0.0)`: it is `nan` twice.
    """
    if not -1e30 < temperature < 1e30 or temperature < 0:
        raise ValueError("temperature")
    if temperature == 0:
        return torch.full_like(logits, float("nan"))
    return with_temperature(logits, temperature)


@mistake("with_temperature", careless=True)
def temperature_0_draws_the_likeliest(logits: Any, temperature: Any) -> Any:
    """A temperature of 0 is taken for "the likeliest", which is another rule: `keep_top_k(probs, 1)` says so.

    Print `with_temperature(torch.tensor([[0.0, 1.0]]), 0.0)`: nothing can be divided by 0, and nobody is told.
    """
    if temperature == 0:
        return torch.nn.functional.one_hot(logits.argmax(dim=1), logits.shape[1]).float()
    return with_temperature(logits, temperature)


@mistake("keep_top_k")
def not_divided_again(probs: Any, k: Any) -> Any:
    """What is kept is not divided by its sum again, so the rows sum to less than 1.

    Print `keep_top_k(torch.tensor([[0.1, 0.6, 0.3]]), 2)`: it is 0.6 and 0.3, and should be 0.67 and 0.33.
    """
    likeliest = probs.topk(k, dim=1)
    return torch.zeros_like(probs).scatter(1, likeliest.indices, likeliest.values)


@mistake("keep_top_k")
def left_in_order_of_size(probs: Any, k: Any) -> Any:
    """What is kept comes back sorted, the likeliest first, and has lost its place: column 0 is no longer ".".

    Print `keep_top_k(torch.tensor([[0.1, 0.6, 0.3]]), 2)`: it is 0.67, 0.33, 0, and should be 0, 0.67, 0.33.
    """
    likeliest = probs.topk(k, dim=1).values
    return _shares(torch.nn.functional.pad(likeliest, (0, probs.shape[1] - k)))


@mistake("keep_top_k")
def least_likely_kept(probs: Any, k: Any) -> Any:
    """The k least likely are kept: `sort` begins with the smallest.

    Print `keep_top_k(torch.tensor([[0.1, 0.6, 0.3]]), 1)`: it keeps the 0.1.
    """
    order = (probs + 1e-9).argsort(dim=1)[:, :k]
    return _shares(torch.zeros_like(probs).scatter(1, order, (probs + 1e-9).gather(1, order)))


@mistake("keep_top_k")
def threshold_of_the_first_row(probs: Any, k: Any) -> Any:
    """The k-th largest of row 0 is the threshold for all rows.

    Print it for a batch of two different rows: in the second there are more than k, or fewer.
    """
    kept = probs * (probs >= probs.topk(k, dim=1).values[0, -1])
    return kept / kept.sum(dim=1, keepdim=True).clamp(min=1e-9)


@mistake("keep_top_k")
def the_kth_itself_dropped(probs: Any, k: Any) -> Any:
    """`>` stands where `>=` should: the k-th largest itself is dropped, so there are k - 1.

    Print `keep_top_k(torch.tensor([[0.1, 0.6, 0.3]]), 2)`: the 0.3 is gone.
    """
    kept = probs * (probs > probs.topk(k, dim=1).values[:, -1:])
    return kept / kept.sum(dim=1, keepdim=True).clamp(min=1e-9)


@mistake("keep_top_k")
def one_too_many(probs: Any, k: Any) -> Any:
    """One token too many is kept: the place k of a list that begins at 0 is the one after the k-th.

    Print `keep_top_k(torch.tensor([[0.1, 0.6, 0.3]]), 1)`: two are left.
    """
    return keep_top_k(probs, min(k + 1, probs.shape[1]))


@mistake("keep_top_k")
def token_drawn_of_k(probs: Any, k: Any) -> Any:
    """A token is drawn of what is kept, and its id comes back: that is a step of its own.

    Print it twice: it should give the same, a row of numbers that sums to 1.
    """
    return torch.multinomial(keep_top_k(probs, k), 1)


@mistake("keep_top_k", careless=True)
def ties_keep_more(probs: Any, k: Any) -> Any:
    """All that are as likely as the k-th are kept, too, so there may be many more than k.

    Print `keep_top_k(torch.full((1, 4), 0.25), 2)`: all four are left.
    """
    return _shares(probs * (probs >= probs.topk(k, dim=1).values[:, -1:]))


@mistake("keep_top_k")
def softmax_of_what_is_kept(probs: Any, k: Any) -> Any:
    """A softmax is taken of the probabilities that are kept, which makes them nearly equal: divide by their sum.

    Print `keep_top_k(torch.tensor([[0.1, 0.8, 0.1]]), 2)`: the 0.8 becomes 0.67, and should become 0.89.
    """
    likeliest = probs.topk(k, dim=1)
    kept = torch.full_like(probs, float("-inf")).scatter(1, likeliest.indices, likeliest.values)
    return kept.softmax(dim=1)


@mistake("keep_top_k")
def columns_looked_at(probs: Any, k: Any) -> Any:
    """The largest of each column are kept, over the batch, and should be those of each row.

    Print it for a batch of one row: nothing is dropped.
    """
    n = min(k, len(probs))
    order = probs.topk(n, dim=0)
    kept = torch.zeros_like(probs).scatter(0, order.indices, order.values)
    return kept / kept.sum(dim=1, keepdim=True).clamp(min=1e-9)


@mistake("keep_top_k")
def written_into_what_came(probs: Any, k: Any) -> Any:
    """Zeros are written into the very table that came in, so it is spoiled for the next word.

    Print `probs` after the call: most of it is 0.
    """
    dropped = torch.ones_like(probs, dtype=torch.bool).scatter(1, probs.topk(k, dim=1).indices, False)
    probs[dropped] = 0
    return _shares(probs)


@mistake("keep_top_k")
def only_what_is_kept_comes(probs: Any, k: Any) -> Any:
    """Only the k largest shares of each row come back: a row should have all tokens, with 0 for the others.

    Print `keep_top_k(torch.tensor([[0.1, 0.6, 0.3]]), 2)`: it has two numbers, and which tokens are theirs is lost.
    """
    return _shares(probs.topk(min(k, probs.shape[1]), dim=1).values)


@mistake("keep_top_k", careless=True)
def too_many_raise(probs: Any, k: Any) -> Any:
    """A k larger than the vocabulary raises torch's "selected index k out of range": keep all then.

    Call `keep_top_k(torch.full((1, 2), 0.5), 3)`.
    """
    if k > probs.shape[1]:
        raise RuntimeError("selected index k out of range")
    return keep_top_k(probs, k)


@mistake("keep_top_p")
def the_one_that_crosses_dropped(probs: Any, p: Any) -> Any:
    """The token that crosses p is dropped, so less than p is kept; where the first has more than p, nothing is left.

    Print `keep_top_p(torch.tensor([[0.1, 0.6, 0.3]]), 0.7)`: only the 0.6 is left.
    """
    likeliest, order = probs.sort(dim=1, descending=True)
    kept = torch.zeros_like(probs).scatter(1, order, likeliest * (likeliest.cumsum(dim=1) <= p))
    return _shares(kept)


@mistake("keep_top_p")
def the_one_that_crosses_dropped_but_the_first(probs: Any, p: Any) -> Any:
    """The token that crosses p is dropped, if it is not the first: less than p is kept.

    Print `keep_top_p(torch.tensor([[0.1, 0.6, 0.3]]), 0.7)`: only the 0.6 is left.
    """
    likeliest, order = probs.sort(dim=1, descending=True)
    inside = likeliest.cumsum(dim=1) <= p
    inside[:, 0] = True
    return _shares(torch.zeros_like(probs).scatter(1, order, likeliest * inside))


@mistake("keep_top_p")
def one_more_than_needed(probs: Any, p: Any) -> Any:
    """One token more than needed is kept: the mask is moved once too often.

    Print `keep_top_p(torch.tensor([[0.1, 0.6, 0.3]]), 0.5)`: two are left, and the 0.6 alone has 0.5.
    """
    likeliest, order = probs.sort(dim=1, descending=True)
    before = torch.nn.functional.pad(likeliest.cumsum(dim=1), (2, 0))[:, : probs.shape[1]]
    return _shares(torch.zeros_like(probs).scatter(1, order, likeliest * (before < p)))


@mistake("keep_top_p")
def nothing_divided_again(probs: Any, p: Any) -> Any:
    """What is kept is not divided by its sum again, so the rows sum to less than 1.

    Print the sum of a row: it should be 1.
    """
    return probs * (keep_top_p(probs, p) > 0)


@mistake("keep_top_p")
def order_lost(probs: Any, p: Any) -> Any:
    """What is kept comes back sorted, the likeliest first, and has lost its place: column 0 is no longer ".".

    Print `keep_top_p(torch.tensor([[0.1, 0.6, 0.3]]), 0.5)`: it is 1, 0, 0, and should be 0, 1, 0.
    """
    return keep_top_p(probs, p).sort(dim=1, descending=True).values


@mistake("keep_top_p")
def mask_not_put_back(probs: Any, p: Any) -> Any:
    """The mask is made in the order of size and laid on the row as it stands, so others are kept than it means.

    Print `keep_top_p(torch.tensor([[0.1, 0.6, 0.3]]), 0.5)`: it keeps the 0.1.
    """
    likeliest = probs.sort(dim=1, descending=True).values
    kept = (probs + 1e-9) * (likeliest.cumsum(dim=1) - likeliest < p)
    return _shares(kept)


@mistake("keep_top_p")
def least_likely_first(probs: Any, p: Any) -> Any:
    """The tokens are added up from the least likely one on: `sort` begins with the smallest.

    Print `keep_top_p(torch.tensor([[0.1, 0.6, 0.3]]), 0.3)`: it keeps the 0.1 and the 0.3.
    """
    smallest, order = probs.sort(dim=1)
    kept = (smallest + 1e-9) * (smallest.cumsum(dim=1) - smallest < p)
    return _shares(torch.zeros_like(probs).scatter(1, order, kept))


@mistake("keep_top_p")
def each_above_p_kept(probs: Any, p: Any) -> Any:
    """Each token is kept that has p or more by itself: they should be added up.

    Print `keep_top_p(torch.full((1, 4), 0.25), 0.5)`: nothing is left.
    """
    kept = probs * (probs >= p)
    return kept / kept.sum(dim=1, keepdim=True).clamp(min=1e-9)


@mistake("keep_top_p")
def cut_of_the_first_row(probs: Any, p: Any) -> Any:
    """How many are kept is found out in row 0, and taken for all rows.

    Print it for a batch of a sure row and an unsure one.
    """
    return keep_top_k(probs, int((keep_top_p(probs, p)[0] > 0).sum()))


@mistake("keep_top_p")
def added_up_unsorted(probs: Any, p: Any) -> Any:
    """The tokens are added up as they stand, in the order of their ids, and should be from the likeliest on.

    Print `keep_top_p(torch.tensor([[0.1, 0.6, 0.3]]), 0.5)`: it keeps the 0.1, too.
    """
    kept = (probs + 1e-12) * (probs.cumsum(dim=1) - probs < p)
    return _shares(kept)


@mistake("keep_top_p")
def p_taken_for_what_is_dropped(probs: Any, p: Any) -> Any:
    """The p is taken for the part that is dropped: 1 - p is kept.

    Print `keep_top_p(torch.tensor([[0.1, 0.6, 0.3]]), 0.3)`: two are left, and the 0.6 alone has 0.3.
    """
    return keep_top_p(probs, max(1 - p, 1e-6))


@mistake("keep_top_p")
def token_drawn_of_p(probs: Any, p: Any) -> Any:
    """A token is drawn of what is kept, and its id comes back: that is a step of its own.

    Print it twice: it should give the same, a row of numbers that sums to 1.
    """
    likeliest, order = keep_top_p(probs, p).sort(dim=1, descending=True)
    return order.gather(1, torch.multinomial(likeliest, 1))


@mistake("keep_top_p", careless=True)
def one_more_where_it_is_exact(probs: Any, p: Any) -> Any:
    """Where the likeliest have p together exactly, one more is kept: `<=` stands where `<` should, or `>` for `>=`.

    Print `keep_top_p(torch.tensor([[0.5, 0.25, 0.25]]), 0.5)`: two are kept, and the 0.5 alone is enough.
    """
    keep_top_p(probs, p)  # refuses what ours refuses
    likeliest, order = probs.sort(dim=1, descending=True)
    before = likeliest.double().cumsum(dim=1) - likeliest.double()
    return _shares(probs.new_zeros(probs.shape).scatter(1, order, likeliest * (before <= p)))


@mistake("keep_top_p", careless=True)
def p_above_1_keeps_all(probs: Any, p: Any) -> Any:
    """A p above 1, such as 90 for 90 %, is not refused, and keeps all: nobody is told.

    Call `keep_top_p(torch.full((1, 2), 0.5), 90)`.
    """
    return keep_top_p(probs, min(p, 1.0))


@mistake("keep_top_p")
def last_cut_to_fill_p(probs: Any, p: Any) -> Any:
    """Of the token that crosses p only what fills p up is kept, and it should be kept whole.

    Print `keep_top_p(torch.tensor([[0.4, 0.6]]), 0.8)`: it is 0.25 and 0.75, and should be 0.4 and 0.6.
    """
    likeliest, order = probs.sort(dim=1, descending=True)
    too_much = (likeliest.cumsum(dim=1) - p).clamp(min=0)
    return torch.zeros_like(probs).scatter(1, order, (likeliest - too_much).clamp(min=0)) / p
