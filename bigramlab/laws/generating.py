"""Laws of the walk and the score that every model shares.

The models are small and known: what they say after each context stands in a table, so it is known how often each token
must come. The frequencies are judged with fixed seeds and a bound that a right function misses with a probability below
1e-9 (Hoeffding's inequality).
"""

import math
from functools import partial
from itertools import product
from typing import Any

import torch
from hypothesis import strategies as st
from torch import Tensor

from bigramlab import plain
from bigramlab.laws import strategies as draw
from bigramlab.laws.drawn import (
    SteadyModel,
    a_rule_decides,
    letters_of,
    spread_out,
    what_a_rule_leaves_is_drawn_from,
    words_are_drawn_at_no_temperature,
)
from bigramlab.laws.law import (
    Function,
    a_float,
    a_list_of_str,
    a_number,
    broken,
    care,
    close_to,
    law,
    leaves_torchs_generator_alone,
    refuses,
    takes,
    torchs_generator_decides,
)
from bigramlab.laws.makers import BadModel, ContextModel
from bigramlab.laws.sampling import (
    LETTERS,
    UNEVEN,
    long_sizes,
    long_vocabulary,
    n_words,
    words_are_drawn,
    words_come_as_often_as,
)


@st.composite
def models_and_examples(draw_from: st.DrawFn) -> tuple[ContextModel, list[list[int]], list[int]]:
    """A model, contexts and targets that it holds possible."""
    size, length = draw_from(st.integers(1, 4)), draw_from(st.integers(1, 2))
    ids = st.integers(0, size - 1)
    rows = {}
    for context in product(range(size), repeat=length):
        weights = draw_from(st.lists(st.integers(1, 9), min_size=size, max_size=size))
        rows[context] = [weight / sum(weights) for weight in weights]
    contexts = draw_from(st.lists(st.lists(ids, min_size=length, max_size=length), min_size=1, max_size=8))
    targets = draw_from(st.lists(ids, min_size=len(contexts), max_size=len(contexts)))
    return ContextModel(rows, size, length), contexts, targets


def _score(score_contexts: Function, model: Any, contexts: list[list[int]], targets: list[int]) -> float:
    return a_number(score_contexts(model, torch.tensor(contexts), torch.tensor(targets)))


@law("score_contexts", st.integers(1, 9), st.integers(1, 6))
def knowing_nothing_costs_the_log_of_the_choices(score_contexts: Function, size: int, n: int) -> None:
    """A model that holds n tokens for equally likely has the loss log n, in nats, whatever came."""
    model = ContextModel({}, size, 2)
    close_to(_score(score_contexts, model, [[0, 0]] * n, [i % size for i in range(n)]), math.log(size))


@law("score_contexts", models_and_examples())
def the_loss_is_the_mean_over_the_targets(
    score_contexts: Function, model: ContextModel, contexts: list[list[int]], targets: list[int]
) -> None:
    """The loss is the mean of -log p of each target after its context."""
    surprises = plain.surprises(model, torch.tensor(contexts), targets)
    close_to(_score(score_contexts, model, contexts, targets), math.fsum(surprises) / len(surprises))


@law("score_contexts", st.integers(1, 5))
def the_impossible_costs_everything(score_contexts: Function, n: int) -> None:
    """One target of probability 0 gives an infinite loss."""
    model = ContextModel({(1,): [0.0, 1.0]}, 2, 1)
    if _score(score_contexts, model, [[0]] * n + [[1]], [1] * n + [0]) != math.inf:
        broken("it should be inf: the model held for impossible what happened")


@law("score_contexts", st.just(8_193), examples=1)  # no more: a right loop takes half a second
def all_targets_weigh_the_same(score_contexts: Function, n: int) -> None:
    """Of very many targets, each weighs the same, though they be scored in batches of which the last one is short."""
    model = ContextModel({(1,): [1.0 - 1e-4, 1e-4]}, 2, 1)
    contexts, targets = [[0]] * (n - 1) + [[1]], [0] * (n - 1) + [1]
    found = _score(score_contexts, model, contexts, targets)
    expected = ((n - 1) * math.log(2) - math.log(1e-4)) / n
    if abs(found - expected) > 2e-4:
        broken(f"it should be {expected:.6g}")


@care("score_contexts", st.integers(1, 5), examples=5)
def the_loss_is_a_float(score_contexts: Function, n: int) -> None:
    """The loss is a float, not a tensor."""
    a_float(score_contexts(ContextModel({}, 2, 1), torch.tensor([[0]] * n), torch.tensor([1] * n)))


@care("score_contexts", st.integers(1, 3))
def no_targets_have_no_loss(score_contexts: Function, length: int) -> None:
    """Without targets there is no mean, so that is refused."""
    model = ContextModel({}, 2, length)
    nothing = torch.zeros((0, length), dtype=torch.int64), torch.zeros(0, dtype=torch.int64)
    refuses(lambda: score_contexts(model, *nothing))


@care("score_contexts", st.sampled_from([([[0], [1]], [1]), ([[0]], [0, 1]), ([[0]], [2]), ([[0], [1]], [0, -1])]))
def targets_that_do_not_fit_are_refused(score_contexts: Function, contexts: list[Any], targets: list[int]) -> None:
    """There must be one target for each context, and each an id of the model's tokens; else it is refused."""
    refuses(lambda: score_contexts(ContextModel({}, 2, 1), torch.tensor(contexts), torch.tensor(targets)))


no_distributions = st.sampled_from(
    [[[0.5, 0.25]], [[2.0, 3.0]], [[1.5, -0.5]], [[math.nan, 1.0]], [[0.0, 0.0]]],
)


@care("score_contexts", no_distributions)
def what_is_no_probability_has_no_loss(score_contexts: Function, rows: list[list[float]]) -> None:
    """A model whose rows are no probability distributions is refused."""
    refuses(lambda: score_contexts(BadModel(rows), torch.tensor([[0]]), torch.tensor([1])))


def _write(generate_words: Function, model: ContextModel, vocabulary: str, n: int, generator: Any) -> list[str]:
    return a_list_of_str(generate_words(model, vocabulary, n, context_length=model.context_length, generator=generator))


@st.composite
def spellers(draw_from: st.DrawFn) -> tuple[ContextModel, str, str]:
    """A model that spells one word, the word, and the vocabulary."""
    word = draw_from(st.text("abc", max_size=6))
    vocabulary = "." + "".join(draw_from(st.permutations("abc")))
    return ContextModel.speller(word, vocabulary, draw_from(st.integers(1, 3))), word, vocabulary


@law("generate_words", spellers(), st.integers(1, 3), draw.seeds)
def the_model_is_asked_with_the_last_tokens(
    generate_words: Function, drawn: tuple[ContextModel, str, str], n: int, seed: int
) -> None:
    """The model is asked with the last tokens, oldest first: all 0 at the beginning, then the drawn one moves in."""
    model, word, vocabulary = drawn
    if _write(generate_words, model, vocabulary, n, draw.generator(seed)) != [word] * n:
        broken(f"after the right contexts this model spells {word!r} and nothing else")


@law("generate_words", st.integers(1, 5), st.integers(1, 3), draw.seeds)
def n_words_without_the_boundary(generate_words: Function, n: int, length: int, seed: int) -> None:
    """The result is a list of n words, without their "."."""
    words = n_words(_write(generate_words, ContextModel({}, 3, length), ".ab", n, draw.generator(seed)), n)
    if not {*"".join(words)} <= {*"ab"}:
        broken("a word has another character in it than the vocabulary's letters")


@law("generate_words", st.integers(1, 2), draw.seeds, examples=4)
def each_word_has_draws_of_its_own(generate_words: Function, length: int, seed: int) -> None:
    """Words differ: the generator moves on from word to word, and from call to call; another state gives others."""
    model = ContextModel({}, 4, length)
    words_are_drawn(lambda generator: _write(generate_words, model, ".abc", 20, generator), seed)


@law("generate_words", long_sizes, examples=2)
def words_are_as_long_as_it_takes(generate_words: Function, size: int) -> None:
    """A word is never cut off: where each token leads to the next one only, it has them all, blanks at its ends too."""
    vocabulary = long_vocabulary(size)
    model = ContextModel.speller(vocabulary[1:], vocabulary, 1)
    if _write(generate_words, model, vocabulary, 2, draw.generator(0)) != [vocabulary[1:]] * 2:
        broken(f"the words should have {size - 1} letters")


@law("generate_words", st.integers(1, 2), examples=2)
def words_come_as_often_as_the_model_says(generate_words: Function, length: int) -> None:
    """Over many words, each token comes as often as its probability says; a table is a model, too."""
    model = ContextModel({context: UNEVEN[context[-1]] for context in product(range(9), repeat=length)}, 9, length)
    words = _write(generate_words, model, LETTERS, 150, draw.generator(0))
    words_come_as_often_as(lambda context: UNEVEN[context[-1]], length, words, LETTERS)


@law("generate_words", st.just(120), examples=1)
def letters_are_drawn_at_no_temperature(generate_words: Function, n: int) -> None:
    """Letters are drawn with the model's own probabilities, neither sharpened nor flattened."""
    logs = spread_out()
    words = generate_words(SteadyModel(logs), letters_of(logs), n, context_length=1, generator=draw.generator(0))
    words_are_drawn_at_no_temperature(logs, a_list_of_str(words))


@law("generate_words", st.integers(1, 2), examples=2)
def a_rule_is_given_what_the_model_says(generate_words: Function, length: int) -> None:
    """`choose`, if there is that parameter, gets the probabilities before each letter, and its answer is drawn from."""
    if takes(generate_words, "choose"):
        rows = [[0.2, 0.5, 0.3], [0.2, 0.3, 0.5], [0.5, 0.3, 0.2]]
        model = ContextModel({context: rows[context[-1]] for context in product(range(3), repeat=length)}, 3, length)
        options = {"context_length": length, "generator": draw.generator(0)}
        write = partial(generate_words, model, ".ab", 1, **options)
        a_rule_decides(lambda choose: write(choose=choose), rows, "ab")
        what_a_rule_leaves_is_drawn_from(lambda choose: write(choose=choose))


@law("generate_words", st.text("ab", max_size=4), examples=4)
def one_token_of_context_by_default(generate_words: Function, word: str) -> None:
    """Without a context length the model is asked with one token."""
    word = "".join(dict.fromkeys(word))
    found = generate_words(ContextModel.speller(word, ".ab", 1), ".ab", 2, generator=draw.generator(0))
    if found != [word] * 2:
        broken(f"it should be {[word] * 2}")


@law("generate_words", draw.seeds, examples=4)
def without_a_generator_torchs_is_used(generate_words: Function, seed: int) -> None:
    """Without a generator, torch's global one is used: torch.manual_seed repeats the words, and no other way does."""
    model = ContextModel({}, 4, 1)
    torchs_generator_decides(lambda: _write(generate_words, model, ".abc", 20, None), seed, "words")


@law("generate_words", draw.seeds, examples=8)
def the_global_generator_stays_where_it_is(generate_words: Function, seed: int) -> None:
    """With a generator of its own, torch's global one is left alone."""
    model, generator = ContextModel({}, 4, 1), draw.generator(seed)
    leaves_torchs_generator_alone(lambda: _write(generate_words, model, ".abc", 3, generator))


def _only_the_first(probs: Tensor) -> Tensor:
    return torch.nn.functional.one_hot((probs > 0).int().argmax(dim=1), probs.shape[1]).to(probs.dtype)


@care("generate_words", draw.seeds, st.integers(1, 2), examples=4)
def what_is_chosen_is_drawn_from(generate_words: Function, seed: int, length: int) -> None:
    """What `choose` makes of the probabilities is what is drawn from."""
    model, generator = ContextModel({}, 3, length), draw.generator(seed)
    options = {"context_length": length, "choose": _only_the_first, "generator": generator}
    words = n_words(generate_words(model, ".ab", 5, **options), 5)
    if words != [""] * 5:
        broken("it draws other tokens than those that `choose` leaves")


@care("generate_words", st.integers(1, 3), examples=3)
def no_words_are_no_words(generate_words: Function, length: int) -> None:
    """Of 0 words there is an empty list."""
    n_words(_write(generate_words, ContextModel({}, 3, length), ".ab", 0, draw.generator(0)), 0)


@care("generate_words", st.one_of(no_distributions, st.sampled_from([[[0.5, 0.25, 0.25]], [[1.0]], [[0.5, 0.5]] * 2])))
def what_is_no_model_is_refused(generate_words: Function, rows: list[list[float]]) -> None:
    """A model is refused if its rows are no probability distributions over the vocabulary, one for each context."""
    refuses(lambda: generate_words(BadModel(rows), ".a", 1, generator=draw.generator(0)))


@care("generate_words", st.sampled_from([(".a", -1, 1), (".a", 1, 0), (".a", 1, -1), (".aa", 1, 1), ("ab", 1, 1)]))
def impossible_wishes_are_refused(generate_words: Function, vocabulary: str, n: int, length: int) -> None:
    """A negative number of words, a context length below 1, and a vocabulary that is none are refused."""
    model = ContextModel({}, len(vocabulary), max(length, 0))
    refuses(lambda: generate_words(model, vocabulary, n, context_length=length, generator=draw.generator(0)))
