"""Laws of looking back further: contexts, targets, and how often each target came after each context."""

from typing import Any

import torch
from hypothesis import strategies as st
from torch import Tensor

from bigramlab import plain
from bigramlab.laws import strategies as draw
from bigramlab.laws.law import (
    Function,
    a_tensor,
    agree,
    broken,
    care,
    enough_room,
    ids_in,
    ids_of_64_bits,
    law,
    of_type,
    refuses,
)

lengths = st.integers(1, 4)


def _two(found: Any, names: str) -> tuple[Any, Any]:
    of_type(found, tuple | list, f"two tensors: the {names}")
    if len(found) != 2:
        broken(f"it should be two tensors: the {names}")
    first, second = found
    return first, second


def _examples(found: object, m: int, length: int) -> tuple[list[list[int]], list[int]]:
    contexts, targets = _two(found, "contexts and the targets")
    for name, tensor, shape in [("contexts", contexts, (m, length)), ("targets", targets, (m,))]:
        if isinstance(tensor, Tensor) and tuple(tensor.shape) != shape:
            broken(f"the {name} have the shape {tuple(tensor.shape)}, and should have {shape}")
    return ids_in(contexts, (m, length)), ids_in(targets, (m,))


def _same_examples(found: object, words: list[str], vocabulary: str, length: int) -> None:
    """Compare the examples with the plain ones, and name the first that differs."""
    contexts, targets = plain.build_contexts(words, vocabulary, length)
    mine = _examples(found, len(targets), length)
    for place, (context, target) in enumerate(zip(*mine, strict=True)):
        if (context, target) != (contexts[place], targets[place]):
            broken(f"example {place} is {context} -> {target}, and should be {contexts[place]} -> {targets[place]}")


@law("build_contexts", draw.words_and_vocabulary())
def contexts_of_one_token_are_the_bigrams(build_contexts: Function, words: list[str], vocabulary: str) -> None:
    """With a context length of 1 the examples are the bigrams, in the words' order, with "." at both ends of each."""
    _same_examples(build_contexts(words, vocabulary, 1), words, vocabulary, 1)


@law("build_contexts", draw.words_and_vocabulary(), lengths)
def each_letter_gives_an_example(build_contexts: Function, drawn: tuple[list[str], str], length: int) -> None:
    """A word of n letters gives n + 1 examples; their targets are its letters and then ".", id 0."""
    words, vocabulary = drawn
    targets = plain.build_contexts(words, vocabulary, length)[1]
    found = _examples(build_contexts(words, vocabulary, length), len(targets), length)[1]
    if found != targets:
        broken(f"the targets should be {targets}")


@law("build_contexts", draw.words_and_vocabulary(), lengths)
def a_context_is_what_stands_before(build_contexts: Function, drawn: tuple[list[str], str], length: int) -> None:
    """A context has the tokens before the target, oldest first, with 0 where the word had not begun."""
    words, vocabulary = drawn
    for word in words[:1]:
        _same_examples(build_contexts([word], vocabulary, length), [word], vocabulary, length)


@law("build_contexts", draw.words_and_vocabulary(least=2, shortest=1), st.integers(2, 5))
def words_never_touch(build_contexts: Function, drawn: tuple[list[str], str], length: int) -> None:
    """Each word begins afresh: its examples are the same whatever words stand before it."""
    _same_examples(build_contexts(*drawn, length), *drawn, length)


@law("build_contexts", st.text("ab", max_size=4), st.integers(5, 9))
def words_may_be_shorter_than_the_context(build_contexts: Function, word: str, length: int) -> None:
    """A word that is shorter than the context is padded with 0 on the left."""
    _same_examples(build_contexts([word], ".ab", length), [word], ".ab", length)


@law("build_contexts", st.integers(300, 400), examples=3)
def there_may_be_many_tokens(build_contexts: Function, size: int) -> None:
    """Ids go beyond 255, and can be used as an index; contexts may be long: here of 20 tokens."""
    vocabulary = "." + "".join(map(chr, range(0x4E00, 0x4E00 + size - 1)))
    _same_examples(build_contexts([vocabulary[-25:]], vocabulary, 20), [vocabulary[-25:]], vocabulary, 20)


@care("build_contexts", st.sampled_from([("a.b", ".ab"), ("abc", ".ab"), ("ab", ".aab"), ("ab", "ab."), ("ab", "ab")]))
def words_that_do_not_fit_are_refused(build_contexts: Function, word: str, vocabulary: str) -> None:
    """Unknown characters, "." in a word, and a vocabulary that repeats one or does not begin with "." are refused."""
    refuses(lambda: build_contexts([word], vocabulary, 2))


@care("build_contexts", st.sampled_from(["emma", ""]))
def one_bare_str_is_refused(build_contexts: Function, words: str) -> None:
    """One bare str is no list of words, and is refused."""
    refuses(lambda: build_contexts(words, ".aem", 2))


@care("build_contexts", st.sampled_from([0, -1]))
def no_context_is_refused(build_contexts: Function, length: int) -> None:
    """A context length below 1 is refused."""
    refuses(lambda: build_contexts(["ab"], ".ab", length))


@care("build_contexts", draw.words_and_vocabulary(), lengths)
def words_may_come_from_an_iterator(build_contexts: Function, drawn: tuple[list[str], str], length: int) -> None:
    """Words may come from an iterator, which can be walked through once."""
    words, vocabulary = drawn
    _same_examples(build_contexts(iter(words), vocabulary, length), words, vocabulary, length)


@care("build_contexts", lengths)
def the_examples_are_tensors(build_contexts: Function, length: int) -> None:
    """The contexts and the targets are tensors of int64."""
    contexts, targets = build_contexts(["ab"], ".ab", length)
    ids_of_64_bits(contexts, (3, length))
    ids_of_64_bits(targets, (3,))


@care("build_contexts", lengths)
def no_words_give_no_examples(build_contexts: Function, length: int) -> None:
    """Without words there are no examples: the shapes are (0, context_length) and (0,)."""
    contexts, targets = build_contexts([], ".ab", length)
    ids_of_64_bits(contexts, (0, length))
    ids_of_64_bits(targets, (0,))


@st.composite
def examples(draw_from: st.DrawFn) -> tuple[Tensor, Tensor, int]:
    """Contexts, their targets, and how many tokens there are."""
    size, length = draw_from(st.integers(1, 4)), draw_from(st.integers(1, 3))
    ids = st.integers(0, size - 1)
    rows = draw_from(st.lists(st.lists(ids, min_size=length + 1, max_size=length + 1), min_size=1, max_size=12))
    table = torch.tensor(rows)
    return table[:, :-1].clone(), table[:, -1].clone(), size


def _counted(count_contexts: Function, contexts: Tensor, targets: Tensor, size: int) -> Any:
    """Compare with the plain counts, and return the counts."""
    expected, rows = plain.count_contexts(contexts.tolist(), targets.tolist(), size)
    distinct, counts = _two(count_contexts(contexts, targets, size), "distinct contexts and their counts")
    if ids_in(distinct, (len(expected), contexts.shape[1])) != expected:
        broken(f"the distinct contexts should be {expected}")
    agree(a_tensor(counts, (len(expected), size), "numbers"), rows, "counts", rounding=0)
    return counts


@law("count_contexts", examples())
def each_distinct_context_has_its_counts(
    count_contexts: Function, contexts: Tensor, targets: Tensor, size: int
) -> None:
    """Each distinct context stands once, sorted; its row tells how often each token came after it."""
    _counted(count_contexts, contexts, targets, size)


@law("count_contexts", st.sampled_from([300, 9_999]), examples=2)
def many_of_one_kind_are_counted(count_contexts: Function, n: int) -> None:
    """The counts go beyond 255, up to 10,000."""
    _counted(count_contexts, torch.tensor([[0, 1]] * n), torch.ones(n, dtype=torch.int64), 2)


@law("count_contexts", st.integers(2, 40) | st.integers(300, 400), st.integers(2, 40), st.sampled_from([0, 20]))
def larger_ids_stay_apart(count_contexts: Function, size: int, m: int, between: int) -> None:
    """Contexts are the same only if all their ids are, in their order: 0, 1 is not 1, 0."""
    contexts = torch.tensor([[i % size, *[1] * between, (i * i + 1) % size] for i in range(m)])
    _counted(count_contexts, contexts, contexts.sum(dim=1) % size, size)


@law("count_contexts", st.sampled_from([5, 30, 400]), st.booleans(), examples=6)
def no_two_contexts_are_taken_for_one(count_contexts: Function, size: int, turned: bool) -> None:
    """Whatever number is made of a context, none of another context is the same: 1, 0 is not 0, 10."""
    contexts = torch.tensor([[1, 0], *([0, id] for id in range(size))])
    contexts = contexts.flip(1) if turned else contexts
    _counted(count_contexts, contexts, torch.arange(size + 1) % size, size)


@care("count_contexts", st.sampled_from([([[0], [1]], [1]), ([[0]], [0, 1]), ([[0]], [2]), ([[0], [1]], [0, -1])]))
def targets_that_do_not_fit_are_refused(count_contexts: Function, contexts: list[Any], targets: list[int]) -> None:
    """There must be one target for each context, and each an id of the vocabulary; else it is refused."""
    refuses(lambda: count_contexts(torch.tensor(contexts), torch.tensor(targets), 2))


@care("count_contexts", examples())
def counts_are_integers_with_room(count_contexts: Function, contexts: Tensor, targets: Tensor, size: int) -> None:
    """The counts are integers, and their type has room for large ones."""
    counts = _counted(count_contexts, contexts, targets, size)
    a_tensor(counts, counts.shape, "integers")
    enough_room(counts)


@care("count_contexts", lengths)
def no_contexts_have_no_counts(count_contexts: Function, length: int) -> None:
    """Without contexts there is nothing to count: the shapes are (0, context_length) and (0, vocab_size)."""
    _counted(count_contexts, torch.zeros(0, length, dtype=torch.int64), torch.zeros(0, dtype=torch.int64), 3)
