"""Laws of choosing: flatter or sharper probabilities, and the likeliest tokens alone."""

from typing import Any

import torch
from hypothesis import assume
from hypothesis import strategies as st
from torch import Tensor

from bigramlab import plain
from bigramlab.laws import strategies as draw
from bigramlab.laws.law import Function, a_tensor, agree, broken, care, law, refuses

logits = draw.batches(most=20).map(lambda batch: batch[0])
temperatures = st.sampled_from([0.5, 0.25, 0.8, 1.0, 1.5, 2.0, 3.0])
tables = draw.prob_tables(square=False)
large = draw.large_tables().map(lambda counts: (counts + 1) / (counts + 1).sum(dim=1, keepdim=True))
parts = st.sampled_from([0.6, 0.9, 0.3, 0.75, 0.95, 0.1]) | st.integers(1, 999).map(lambda part: part / 1000)
rates = st.integers(1, 3)


@st.composite
def distinct(draw_from: st.DrawFn, *, several: bool = False) -> Tensor:
    """Rows of probabilities of which no two are equal, in any order: what is kept is then the same for all."""
    columns = draw_from(st.integers(1 + several, 6))
    numbers = st.permutations(range(1, columns + 1))
    more = st.integers(0, 9)
    rows = draw_from(st.lists(numbers, min_size=1, max_size=4))
    counts = torch.tensor([[number * number + 2 * number * draw_from(more) for number in row] for row in rows])
    counts = counts * columns + torch.tensor(rows)  # still no two are equal
    return counts / counts.sum(dim=1, keepdim=True)


@st.composite
def cuts(draw_from: st.DrawFn, probs: st.SearchStrategy[Tensor] = tables) -> tuple[Tensor, float]:
    """Probabilities, and a p that no sum of the likeliest comes close to, where rounding would decide."""
    table, p = draw_from(probs), draw_from(parts)
    sums = table.double().sort(dim=1, descending=True).values.cumsum(dim=1)
    assume(bool(((sums - p).abs() > 1e-5).all()))
    return table, p


def _rows(found: Any, probs: Tensor) -> list[list[float]]:
    """Return what came back as lists, each row of which sums to 1."""
    rows: list[list[float]] = a_tensor(found, probs.shape, "floats")
    for i, row in enumerate(rows):
        if not abs(sum(row) - 1) < 1e-4:
            broken(f"row {i} sums to {sum(row):.6g}")
    return rows


def _none_dropped_is_likelier(rows: list[list[float]], probs: Tensor) -> None:
    for i, (row, before) in enumerate(zip(rows, probs.tolist(), strict=True)):
        kept = [p for p, now in zip(before, row, strict=True) if now > 0]
        dropped = [p for p, now in zip(before, row, strict=True) if not now > 0]
        if kept and dropped and max(dropped) > min(kept) + 1e-7:
            broken(f"of row {i}, {max(dropped):.4g} is dropped and {min(kept):.4g} is kept")


def _ratios_stay(rows: list[list[float]], probs: Tensor) -> None:
    for i, (row, before) in enumerate(zip(rows, probs.tolist(), strict=True)):
        total = sum(p for p, now in zip(before, row, strict=True) if now > 0)
        for j, (p, now) in enumerate(zip(before, row, strict=True)):
            if now > 0 and not abs(now - p / total) < 1e-4:
                broken(f"it has {now:.4f} at [{i}, {j}], and should have {p:.4g} / {total:.4g} = {p / total:.4f}")


@law("with_temperature", logits, temperatures)
def each_row_sums_to_1_at_any_temperature(with_temperature: Function, logits: Tensor, temperature: float) -> None:
    """Every row sums to 1, at any temperature."""
    _rows(with_temperature(logits, temperature), logits)


@law("with_temperature", logits)
def at_1_it_is_softmax(with_temperature: Function, logits: Tensor) -> None:
    """At a temperature of 1 the probabilities are those of softmax."""
    agree(a_tensor(with_temperature(logits, 1.0), logits.shape, "floats"), plain.with_temperature(logits.tolist(), 1))


@law("with_temperature", logits, temperatures)
def logits_are_divided_by_it(with_temperature: Function, logits: Tensor, temperature: float) -> None:
    """Each logit is divided by the temperature, and then softmax is taken of each row."""
    expected = plain.with_temperature(logits.tolist(), temperature)
    agree(a_tensor(with_temperature(logits, temperature), logits.shape, "floats"), expected)


@law("with_temperature", large.map(torch.log), temperatures, examples=4)
def rows_may_be_long(with_temperature: Function, logits: Tensor, temperature: float) -> None:
    """More than 27 tokens are no problem."""
    logits_are_divided_by_it(with_temperature, logits, temperature)


@law("with_temperature", distinct(several=True).map(torch.log))
def toward_0_the_likeliest_gets_all(with_temperature: Function, logits: Tensor) -> None:
    """Toward 0 the largest logit gets all."""
    agree(
        a_tensor(with_temperature(logits, 0.05), logits.shape, "floats"), plain.with_temperature(logits.tolist(), 0.05)
    )


@law("with_temperature", logits)
def far_above_1_all_are_equal(with_temperature: Function, logits: Tensor) -> None:
    """At a very high temperature all tokens are equally probable."""
    for row in a_tensor(with_temperature(logits, 10_000.0), logits.shape, "floats"):
        agree([row], [[1 / len(row)] * len(row)], rounding=1e-2)


@law("with_temperature", logits, temperatures, st.sampled_from([0.5, 2.0]))
def only_the_quotient_matters(with_temperature: Function, logits: Tensor, temperature: float, factor: float) -> None:
    """Logits twice as large at twice the temperature give the same."""
    found = a_tensor(with_temperature(logits, temperature), logits.shape, "floats")
    agree(found, a_tensor(with_temperature(logits * factor, temperature * factor), logits.shape, "floats"))


@law("with_temperature", tables, temperatures)
def what_is_impossible_stays_so(with_temperature: Function, probs: Tensor, temperature: float) -> None:
    """A probability of 0, whose log is -inf, stays 0 at any temperature."""
    rows = a_tensor(with_temperature(probs.log(), temperature), probs.shape, "floats")
    powers = [[p ** (1 / temperature) for p in row] for row in probs.tolist()]
    agree(rows, [[power / sum(row) for power in row] for row in powers])


@care("with_temperature", logits, st.sampled_from([0, 0.0, -1.0, float("nan"), float("inf")]), examples=10)
def impossible_temperatures_are_refused(with_temperature: Function, logits: Tensor, temperature: float) -> None:
    """A temperature of 0, below 0, infinite or undefined is refused: nothing can be divided by it."""
    refuses(lambda: with_temperature(logits, temperature))


@care("with_temperature", distinct(several=True).map(torch.log), st.sampled_from([1e-6, 1e-12]), examples=10)
def very_low_temperatures_are_no_problem(with_temperature: Function, logits: Tensor, temperature: float) -> None:
    """At a temperature of a millionth, too, the largest logit gets all, and nothing is undefined."""
    expected = [[float(logit == max(row)) for logit in row] for row in logits.tolist()]
    agree(a_tensor(with_temperature(logits, temperature), logits.shape, "floats"), expected)


@law("keep_top_k", tables, rates)
def what_is_left_sums_to_1(keep_top_k: Function, probs: Tensor, k: int) -> None:
    """Every row of what is left sums to 1 again."""
    _rows(keep_top_k(probs, min(k, probs.shape[1])), probs)


@law("keep_top_k", distinct(), rates)
def the_k_likeliest_keep_their_ratios(keep_top_k: Function, probs: Tensor, k: int) -> None:
    """The k largest of each row are kept and divided by their sum; the others are 0."""
    k = min(k, probs.shape[1])
    agree(a_tensor(keep_top_k(probs, k), probs.shape, "floats"), plain.keep_top_k(probs.tolist(), k))


@care("keep_top_k", tables, rates)
def k_are_kept_and_no_more(keep_top_k: Function, probs: Tensor, k: int) -> None:
    """No row has more than k tokens left, even where several are equally likely."""
    k = min(k, probs.shape[1])
    for i, row in enumerate(a_tensor(keep_top_k(probs, k), probs.shape, "floats")):
        kept, there = sum(share > 0 for share in row), int((probs[i] > 0).sum())
        if kept != min(k, there):
            broken(f"row {i} has {kept} tokens left, and should have {min(k, there)}")


@law("keep_top_k", tables, rates)
def none_that_is_dropped_is_likelier(keep_top_k: Function, probs: Tensor, k: int) -> None:
    """Nothing that is dropped is likelier than anything that is kept."""
    rows = a_tensor(keep_top_k(probs, min(k, probs.shape[1])), probs.shape, "floats")
    _none_dropped_is_likelier(rows, probs)
    _ratios_stay(rows, probs)


@law("keep_top_k", tables)
def as_many_as_there_are_change_nothing(keep_top_k: Function, probs: Tensor) -> None:
    """With k as large as the vocabulary nothing changes."""
    agree(a_tensor(keep_top_k(probs, probs.shape[1]), probs.shape, "floats"), probs.tolist())


@law("keep_top_k", distinct())
def one_alone_gets_all(keep_top_k: Function, probs: Tensor) -> None:
    """With k = 1 the likeliest gets all."""
    expected = [[float(p == max(row)) for p in row] for row in probs.tolist()]
    agree(a_tensor(keep_top_k(probs, 1), probs.shape, "floats"), expected)


@law("keep_top_k", large, st.integers(1, 28), examples=4)
def there_may_be_many_tokens_to_choose_from(keep_top_k: Function, probs: Tensor, k: int) -> None:
    """More than 27 tokens are no problem, and no k is too large for them."""
    none_that_is_dropped_is_likelier(keep_top_k, probs, k)


@care("keep_top_k", tables, st.integers(1, 3))
def more_than_there_are_keep_all(keep_top_k: Function, probs: Tensor, more: int) -> None:
    """A k larger than the vocabulary keeps all."""
    agree(a_tensor(keep_top_k(probs, probs.shape[1] + more), probs.shape, "floats"), probs.tolist())


@care("keep_top_k", tables, st.sampled_from([0, -1, 1.5]), examples=10)
def impossible_numbers_to_keep_are_refused(keep_top_k: Function, probs: Tensor, k: Any) -> None:
    """None or fewer, or a part of one, can't be kept: it is refused."""
    refuses(lambda: keep_top_k(probs, k))


@law("keep_top_p", cuts())
def what_is_left_of_it_sums_to_1(keep_top_p: Function, probs: Tensor, p: float) -> None:
    """Every row of what is left sums to 1 again."""
    _rows(keep_top_p(probs, p), probs)


@law("keep_top_p", cuts(distinct()))
def the_likeliest_are_taken_until_they_have_p(keep_top_p: Function, probs: Tensor, p: float) -> None:
    """The largest are taken one after the other until they have p together, and divided by their sum."""
    agree(a_tensor(keep_top_p(probs, p), probs.shape, "floats"), plain.keep_top_p(probs.tolist(), p))


@law("keep_top_p", cuts())
def at_least_p_is_kept(keep_top_p: Function, probs: Tensor, p: float) -> None:
    """What is kept had p or more together: the token that crosses p is kept, too."""
    for i, row in enumerate(a_tensor(keep_top_p(probs, p), probs.shape, "floats")):
        kept = sum(before for before, now in zip(probs[i].tolist(), row, strict=True) if now > 0)
        if not kept > p - 1e-6:
            broken(f"of row {i}, {kept:.4g} is kept together, which is less than {p:.4g}")


@law("keep_top_p", cuts())
def no_fewer_would_do(keep_top_p: Function, probs: Tensor, p: float) -> None:
    """Without the least likely one that is kept, it would be less than p."""
    for i, row in enumerate(a_tensor(keep_top_p(probs, p), probs.shape, "floats")):
        kept = [before for before, now in zip(probs[i].tolist(), row, strict=True) if now > 0]
        if len(kept) > 1 and not sum(kept) - min(kept) < p + 1e-6:
            broken(f"of row {i}, {len(kept)} tokens are kept, and one less would have {sum(kept) - min(kept):.4g}")


@law("keep_top_p", cuts())
def nothing_likelier_is_dropped(keep_top_p: Function, probs: Tensor, p: float) -> None:
    """Nothing that is dropped is likelier than anything that is kept, and what is kept keeps its ratios."""
    rows = a_tensor(keep_top_p(probs, p), probs.shape, "floats")
    _none_dropped_is_likelier(rows, probs)
    _ratios_stay(rows, probs)


@law("keep_top_p", tables)
def a_p_of_1_changes_nothing(keep_top_p: Function, probs: Tensor) -> None:
    """With p = 1 nothing changes."""
    agree(a_tensor(keep_top_p(probs, 1.0), probs.shape, "floats"), probs.tolist())


@law("keep_top_p", distinct())
def a_small_p_keeps_one(keep_top_p: Function, probs: Tensor) -> None:
    """However small p is, the likeliest token is kept, and gets all."""
    expected = [[float(share == max(row)) for share in row] for row in probs.tolist()]
    agree(a_tensor(keep_top_p(probs, 0.01), probs.shape, "floats"), expected)


@law("keep_top_p", cuts(large), examples=4)
def any_number_of_tokens_will_do(keep_top_p: Function, probs: Tensor, p: float) -> None:
    """More than 27 tokens are no problem."""
    nothing_likelier_is_dropped(keep_top_p, probs, p)


@care("keep_top_p", st.permutations([0.5, 0.5, 0.0, 0.0]) | st.just([0.25] * 4), st.sampled_from([0.5, 1]))
def who_has_p_exactly_has_enough(keep_top_p: Function, row: list[float], p: float) -> None:
    """Where some have p together exactly, that is enough: no more are kept."""
    likely = max(row)
    kept = sum(share > 0 for share in a_tensor(keep_top_p(torch.tensor([row]), p), (1, 4), "floats")[0])
    if kept > p / likely:
        broken(f"{kept} tokens of {likely:g} are kept, and {p / likely:g} have {p:g} together already")


@care("keep_top_p", tables, st.sampled_from([0.0, -0.5, 1.5, float("nan")]), examples=10)
def impossible_parts_are_refused(keep_top_p: Function, probs: Tensor, p: float) -> None:
    """A p of 0, below 0 or above 1, or none at all, is refused."""
    refuses(lambda: keep_top_p(probs, p))
