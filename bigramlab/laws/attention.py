"""Laws of attention: which shares a token takes of the earlier ones, what it gets of them, and the heads."""

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from hypothesis import strategies as st
from torch import Tensor

from bigramlab import plain
from bigramlab.laws.gradients import gradients_agree, learning, numbers_in
from bigramlab.laws.law import Function, a_tensor, agree, broken, care, law, refuses

SHAPES = [
    (1, 1, 2, 1),
    (1, 1, 2, 2),
    (1, 1, 3, 2),
    (1, 2, 2, 1),
    (2, 1, 2, 1),
    (1, 2, 3, 2),
    (2, 1, 4, 3),
    (2, 3, 4, 2),
]
ROUGH = 0.05  # float32 has scores near 100,000 in steps of 1/128
close = partial(agree, near_0=1e-5)  # in a sum, what is large may cancel, and leaves fewer digits
SEVERAL = [shape for shape in SHAPES if shape[0] * shape[1] > 1]


@st.composite
def vectors(draw_from: st.DrawFn, n: int, *, shapes: list[Any] = SHAPES, most: int = 6) -> tuple[Tensor, ...]:
    """N tensors of vectors, of one shape: numbers from -3 to 3 in halves, so that no score is beyond ±20."""
    shape = draw_from(st.sampled_from(shapes))
    size = math.prod(shape)
    numbers = st.lists(st.integers(-most, most), min_size=size, max_size=size)
    return tuple(torch.tensor(draw_from(numbers)).view(shape) / 2 for _ in range(n))


@st.composite
def many(draw_from: st.DrawFn, n: int) -> tuple[Tensor, ...]:
    """As above, of more tokens and of longer vectors than anyone types in."""
    shape = (1, 2, *draw_from(st.sampled_from([(33, 4), (5, 17), (12, 12)])))
    places = torch.arange(math.prod(shape))
    turns = draw_from(st.lists(st.integers(1, 9), min_size=n, max_size=n, unique=True))
    return tuple(((places * (5 + 2 * turn)) % 13 - 6).view(shape) / 6 for turn in turns)


def _by_head(compute: Callable[..., Any], *tensors: Tensor) -> list[Any]:
    """Compute it for each word and each head."""
    return [
        [compute(*head) for head in zip(*word, strict=True)]
        for word in zip(*(t.tolist() for t in tensors), strict=True)
    ]


def _shares(found: object, queries: Tensor) -> list[Any]:
    return a_tensor(found, (*queries.shape[:3], queries.shape[2]), "floats")


def _rows_of(shares: list[Any]) -> list[tuple[str, int, list[float]]]:
    """Return each token's row: where it stands in the result, its place in the word, and its shares."""
    return [
        (f"[{b}, {h}, {place}]", place, row)
        for b, word in enumerate(shares)
        for h, head in enumerate(word)
        for place, row in enumerate(head)
    ]


@law("attention_shares", vectors(2))
def each_token_has_one_to_share(attention_shares: Function, queries: Tensor, keys: Tensor) -> None:
    """The shares that a token takes sum to 1."""
    for where, _, row in _rows_of(_shares(attention_shares(queries, keys), queries)):
        if not abs(sum(row) - 1) < 1e-4:
            broken(f"row {where} sums to {sum(row):.6g}")


@law("attention_shares", vectors(2))
def later_tokens_have_no_share(attention_shares: Function, queries: Tensor, keys: Tensor) -> None:
    """A token takes nothing of the tokens that come after it."""
    for where, place, row in _rows_of(_shares(attention_shares(queries, keys), queries)):
        for later in range(place + 1, len(row)):
            if row[later] != 0:
                broken(f"in row {where}, the later token {later} has {row[later]:.4g}, and should have 0")


@law("attention_shares", vectors(2))
def the_first_token_has_itself_alone(attention_shares: Function, queries: Tensor, keys: Tensor) -> None:
    """The first token can look at itself alone, and takes all of that."""
    for where, place, row in _rows_of(_shares(attention_shares(queries, keys), queries)):
        if place == 0 and not abs(row[0] - 1) < 1e-4:
            broken(f"in row {where}, the token has {row[0]:.4g} of itself, and should have 1")


@law("attention_shares", vectors(2))
def two_tokens_share_as_a_sigmoid_says(attention_shares: Function, queries: Tensor, keys: Tensor) -> None:
    """Of two tokens, the second takes sigmoid(query · (own key - first key) / √numbers) of itself."""
    queries, keys = queries[:, :, :2].clone(), keys[:, :, :2].clone()

    def second(queries: list[list[float]], keys: list[list[float]]) -> float:
        dots = [math.fsum(map(math.prod, zip(queries[1], key, strict=True))) for key in keys]
        return 1 / (1 + math.exp((dots[0] - dots[1]) / math.sqrt(len(queries[1]))))

    expected = _by_head(second, queries, keys)
    for where, place, row in _rows_of(_shares(attention_shares(queries, keys), queries)):
        b, h, _ = map(int, where.strip("[]").split(", "))
        if place == 1 and not math.isclose(row[1], expected[b][h], rel_tol=1e-4, abs_tol=1e-6):
            broken(f"in row {where}, the token has {row[1]:.4f} of itself, and should have {expected[b][h]:.4f}")


@law("attention_shares", vectors(2))
def who_asks_nothing_takes_the_same_of_all(attention_shares: Function, queries: Tensor, keys: Tensor) -> None:
    """A query of zeros fits all keys alike: the token takes the same share of itself and of each earlier one."""
    for where, place, row in _rows_of(_shares(attention_shares(torch.zeros_like(queries), keys), queries)):
        agree(row, [1 / (place + 1)] * (place + 1) + [0.0] * (len(row) - place - 1), where)


@law("attention_shares", vectors(2), examples=60)
def the_shares_are_those_of_a_loop(attention_shares: Function, queries: Tensor, keys: Tensor) -> None:
    """Each score is query · key / √numbers, and softmax of those up to the token itself makes the shares."""
    found = _shares(attention_shares(queries, keys), queries)
    agree(found, _by_head(plain.attention_shares, queries, keys))


@law("attention_shares", vectors(2))
def later_keys_change_no_earlier_share(attention_shares: Function, queries: Tensor, keys: Tensor) -> None:
    """Changing a later token's query and key changes no earlier token's shares."""
    before = _shares(attention_shares(queries, keys), queries)
    others = [vectors.clone() for vectors in (queries, keys)]
    for one in others:
        one[:, :, -1] = one[:, :, -1] * -2 + 1
    after = _shares(attention_shares(*others), queries)
    agree(_but_the_last(after), _but_the_last(before))


def _but_the_last(found: list[Any]) -> list[Any]:
    return [[head[:-1] for head in word] for word in found]


@law("attention_shares", vectors(3))
def what_all_keys_share_changes_nothing(
    attention_shares: Function, queries: Tensor, keys: Tensor, more: Tensor
) -> None:
    """The same vector, added to all keys, changes no share: only the differences between keys count."""
    found = _shares(attention_shares(queries, keys + more[:, :, :1]), queries)
    agree(found, _shares(attention_shares(queries, keys), queries), rounding=1e-3)


@law("attention_shares", vectors(2, shapes=SEVERAL))
def each_head_shares_by_itself(attention_shares: Function, queries: Tensor, keys: Tensor) -> None:
    """Each word and each head has shares of its own, whatever the others are."""
    found = _shares(attention_shares(queries, keys), queries)
    for b in range(queries.shape[0]):
        for h in range(queries.shape[1]):
            one = [x[b : b + 1, h : h + 1].clone() for x in (queries, keys)]
            agree(found[b][h], _shares(attention_shares(*one), one[0])[0][0], f"[{b}, {h}]")


@law("attention_shares", many(2), examples=6)
def words_and_vectors_may_be_long(attention_shares: Function, queries: Tensor, keys: Tensor) -> None:
    """There may be more tokens, and more numbers for each, than in any example."""
    the_shares_are_those_of_a_loop(attention_shares, queries, keys)


def _some() -> tuple[Tensor, Tensor, Tensor]:
    """Return queries, keys and values of three tokens."""
    numbers = torch.tensor([0.5, -1.0, 1.5, 0.0, 1.0, -0.5]).view(1, 1, 3, 2)
    return numbers, numbers.flip(2), numbers * 2 + 1


@law("attention_shares", st.just(()), gradient=True)
def gradients_flow_to_queries_and_keys(attention_shares: Function) -> None:
    """Gradients flow through the shares to the queries and the keys, and are right."""
    queries, keys = learning(*_some()[:2])

    def plainly(queries: Any, keys: Any) -> Any:
        return _by_head(plain.attention_shares, torch.tensor(queries), torch.tensor(keys))

    gradients_agree(attention_shares(queries, keys), plainly, queries=queries, keys=keys)


@care("attention_shares", vectors(2), examples=10)
def scores_may_be_large(attention_shares: Function, queries: Tensor, keys: Tensor) -> None:
    """Scores may lie thousands apart: the best key gets all then, and nothing is undefined."""
    queries, keys = 200 * queries, 50 * keys
    found = _shares(attention_shares(queries, keys), queries)
    agree(found, _by_head(plain.attention_shares, queries, keys), rounding=ROUGH, near_0=ROUGH)


MISFITS = st.sampled_from(
    [((1, 1, 2, 3), (1, 1, 2, 2)), ((1, 1, 2, 2), (1, 1, 3, 2)), ((2, 1, 2, 2), (1, 1, 2, 2)), ((2, 2), (2, 2))]
)


@care("attention_shares", MISFITS)
def keys_that_do_not_fit_are_refused(
    attention_shares: Function, shape: tuple[int, ...], other: tuple[int, ...]
) -> None:
    """Queries and keys of different shapes are refused, and what doesn't have four axes."""
    refuses(lambda: attention_shares(torch.ones(shape), torch.ones(other)))


def _given(found: object, values: Tensor) -> list[Any]:
    return a_tensor(found, values.shape, "floats")


@law("attend", vectors(3))
def the_first_token_takes_its_own_value(attend: Function, queries: Tensor, keys: Tensor, values: Tensor) -> None:
    """The first token can look at itself alone: it takes its own value, whole."""
    found = _given(attend(queries, keys, values), values)
    for b, word in enumerate(values.tolist()):
        for h, head in enumerate(word):
            close(found[b][h][0], head[0], f"entry [{b}, {h}, 0]")


@law("attend", vectors(3))
def equal_values_come_out_as_they_went_in(attend: Function, queries: Tensor, keys: Tensor, values: Tensor) -> None:
    """If all tokens have the same value, each takes that: shares sum to 1."""
    values = values[:, :, :1].expand(values.shape).clone()
    close(_given(attend(queries, keys, values), values), values.tolist())


@law("attend", vectors(3))
def later_tokens_change_nothing_earlier(attend: Function, queries: Tensor, keys: Tensor, values: Tensor) -> None:
    """Changing a later token's query, key and value changes nothing for the earlier ones: it is not there yet."""
    before = _given(attend(queries, keys, values), values)
    others = [vectors.clone() for vectors in (queries, keys, values)]
    for one in others:
        one[:, :, -1] = one[:, :, -1] * -2 + 1
    close(_but_the_last(_given(attend(*others), values)), _but_the_last(before))


@law("attend", vectors(3))
def the_second_of_two_takes_a_sigmoid(attend: Function, queries: Tensor, keys: Tensor, values: Tensor) -> None:
    """Of two values, the second token takes sigmoid(query · (own key - first key) / √numbers) of its own."""
    two = [vectors[:, :, :2].clone() for vectors in (queries, keys, values)]
    found = _given(attend(*two), two[2])
    expected = _by_head(plain.attend, *two)
    close([[head[1] for head in word] for word in found], [[head[1] for head in word] for word in expected])


@law("attend", vectors(3))
def a_query_of_zeros_takes_the_mean(attend: Function, queries: Tensor, keys: Tensor, values: Tensor) -> None:
    """A query of zeros fits all keys alike: the token takes the mean of the values up to its own."""
    found = _given(attend(torch.zeros_like(queries), keys, values), values)
    counts = torch.arange(1, values.shape[2] + 1)[:, None]
    close(found, (values.double().cumsum(dim=2) / counts).tolist())


@law("attend", vectors(3), examples=60)
def what_it_takes_is_what_a_loop_says(attend: Function, queries: Tensor, keys: Tensor, values: Tensor) -> None:
    """Each token takes the sum of share · value, the shares being softmax of query · key / √numbers up to itself."""
    close(_given(attend(queries, keys, values), values), _by_head(plain.attend, queries, keys, values))


@law("attend", st.tuples(vectors(3), st.sampled_from([2.0, -1.0, 0.5])).map(lambda drawn: (*drawn[0], drawn[1])))
def it_is_linear_in_the_values(attend: Function, queries: Tensor, keys: Tensor, values: Tensor, factor: float) -> None:
    """Values twice as large give twice as much: they have no say in the shares."""
    found = _given(attend(queries, keys, values * factor), values)
    close(found, (torch.tensor(_given(attend(queries, keys, values), values)) * factor).tolist(), rounding=1e-3)


@law("attend", vectors(3))
def the_order_of_the_earlier_ones_does_not_count(
    attend: Function, queries: Tensor, keys: Tensor, values: Tensor
) -> None:
    """The last token doesn't care in which order the earlier ones stand: to it they are a bag."""
    last = values.shape[2] - 1
    order = [*reversed(range(last)), last]
    others = [vectors[:, :, order] for vectors in (queries, keys, values)]
    found, turned = (_given(attend(*some), values) for some in ((queries, keys, values), others))
    close([[head[last] for head in word] for word in turned], [[head[last] for head in word] for word in found])


@law("attend", vectors(4))
def what_is_added_to_all_keys_changes_nothing(
    attend: Function, queries: Tensor, keys: Tensor, values: Tensor, more: Tensor
) -> None:
    """The same vector, added to all keys, changes nothing: only the differences between keys count."""
    found = _given(attend(queries, keys + more[:, :, :1], values), values)
    for one, other in zip(numbers_in(found), numbers_in(_given(attend(queries, keys, values), values)), strict=True):
        if not math.isclose(one, other, rel_tol=1e-3, abs_tol=1e-4):
            broken(f"{other:.4f} becomes {one:.4f}")


@law("attend", vectors(3, shapes=SEVERAL))
def each_head_attends_by_itself(attend: Function, queries: Tensor, keys: Tensor, values: Tensor) -> None:
    """Each word and each head attends by itself, whatever the others are."""
    found = _given(attend(queries, keys, values), values)
    for b in range(values.shape[0]):
        for h in range(values.shape[1]):
            one = [x[b : b + 1, h : h + 1].clone() for x in (queries, keys, values)]
            close(found[b][h], _given(attend(*one), one[2])[0][0], f"entry [{b}, {h}]")


@law("attend", many(3), examples=6)
def there_may_be_many_tokens_and_numbers(attend: Function, queries: Tensor, keys: Tensor, values: Tensor) -> None:
    """There may be more tokens, and more numbers for each, than in any example."""
    what_it_takes_is_what_a_loop_says(attend, queries, keys, values)


@law("attend", st.just(()), gradient=True)
def gradients_flow_to_all_three(attend: Function) -> None:
    """Gradients flow through it to the queries, the keys and the values, and are right."""
    queries, keys, values = learning(*_some())

    def plainly(queries: Any, keys: Any, values: Any) -> Any:
        return _by_head(plain.attend, *map(torch.tensor, (queries, keys, values)))

    gradients_agree(attend(queries, keys, values), plainly, queries=queries, keys=keys, values=values)


@care("attend", vectors(3), examples=10)
def large_scores_choose_one_value(attend: Function, queries: Tensor, keys: Tensor, values: Tensor) -> None:
    """Scores may lie thousands apart: the value of the best key is taken then, and nothing is undefined."""
    queries, keys = 200 * queries, 50 * keys
    found = _given(attend(queries, keys, values), values)
    close(found, _by_head(plain.attend, queries, keys, values), rounding=ROUGH, near_0=ROUGH)


@care("attend", st.tuples(MISFITS, st.integers(0, 2)).map(lambda drawn: (*drawn[0], drawn[1])))
def vectors_that_do_not_fit_are_refused(
    attend: Function, shape: tuple[int, ...], other: tuple[int, ...], place: int
) -> None:
    """Queries, keys and values of different shapes are refused, and what doesn't have four axes."""
    refuses(lambda: attend(*(torch.ones(other if i == place else shape) for i in range(3))))
