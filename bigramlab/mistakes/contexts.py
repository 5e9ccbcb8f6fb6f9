"""What goes wrong when a model looks back further."""

from collections.abc import Callable
from typing import Any

import torch

from bigramlab import plain
from bigramlab.lessons.contexts import build_contexts, count_contexts
from bigramlab.mistakes.mistake import mistake


def in_tensors(vary: Callable[..., Any]) -> Callable[..., Any]:
    """Make `build_contexts` of a variation that gives the contexts and the targets as lists."""

    def build_contexts(words: Any, vocabulary: Any, context_length: Any) -> Any:
        contexts, targets = vary(words, vocabulary, context_length)
        table = torch.tensor(contexts, dtype=torch.int64).view(len(contexts), context_length)
        return table, torch.tensor(targets, dtype=torch.int64)

    return build_contexts


@mistake("build_contexts", given=in_tensors)
def contexts_run_on(words: Any, vocabulary: Any, context_length: Any) -> Any:
    """The context is not begun afresh for each word, so a word's first letters are predicted from the word before.

    Print the contexts of `["ab", "cd"]`: the one before `"c"` has `"b"` in it, and should be all 0.
    """
    return plain.build_contexts([".".join(words)], vocabulary, context_length)


@mistake("build_contexts", given=in_tensors)
def newest_first(words: Any, vocabulary: Any, context_length: Any) -> Any:
    """The newest token stands first in each context, and should stand last: the oldest leaves on the left.

    Print the contexts of `["abc"]` with a length of 2: the last one is `[3, 2]`, and should be `[2, 3]`.
    """
    contexts, targets = plain.build_contexts(words, vocabulary, context_length)
    return [context[::-1] for context in contexts], targets


@mistake("build_contexts", given=in_tensors)
def last_place_overwritten(words: Any, vocabulary: Any, context_length: Any) -> Any:
    """The context does not move on: the new token takes the last one's place, so no more than one is ever in it.

    Print the contexts of `["abc"]` with a length of 2: the last one is `[0, 3]`, and should be `[2, 3]`. Drop the
    oldest token, `context[1:] + [id]`, not the newest, `context[:-1] + [id]`.
    """
    contexts, targets = plain.build_contexts(words, vocabulary, context_length)
    return [[0] * (context_length - 1) + context[-1:] for context in contexts], targets


@mistake("build_contexts", given=in_tensors)
def context_never_moved(words: Any, vocabulary: Any, context_length: Any) -> Any:
    """The context stays as it is at a word's beginning, so each token is predicted from nothing.

    Print the contexts of `["ab"]`: each is all 0. After each target, write `context = context[1:] + [id]`.
    """
    contexts, targets = plain.build_contexts(words, vocabulary, context_length)
    return [[0] * context_length for _ in contexts], targets


@mistake("build_contexts", given=in_tensors)
def final_boundary_no_target(words: Any, vocabulary: Any, context_length: Any) -> Any:
    """The final "." of a word is no target, so a model can't learn where words end.

    Print the targets of `["ab"]`: there are two, and should be three, the last of them 0.
    """
    contexts, targets = plain.build_contexts(words, vocabulary, context_length)
    return [context for context, id in zip(contexts, targets, strict=True) if id], [id for id in targets if id]


@mistake("build_contexts", given=in_tensors)
def first_letters_skipped(words: Any, vocabulary: Any, context_length: Any) -> Any:
    """Only full contexts are taken, without padding, so a word's first letters are no targets and short words are lost.

    Count the examples of `["ab"]` with a context length of 2: there is one, and should be three.
    """
    contexts, targets = [], []
    for word in words:
        ids = [*plain.encode(word, vocabulary), 0]
        for place in range(context_length, len(ids)):
            contexts.append(ids[place - context_length : place])
            targets.append(ids[place])
    return contexts, targets


@mistake("build_contexts", given=in_tensors)
def padded_on_the_right(words: Any, vocabulary: Any, context_length: Any) -> Any:
    """Short contexts are padded on the right, so the newest token stands now here, now there; it should stand last.

    Print the contexts of `["ab"]` with a length of 3: the second is `[1, 0, 0]`, and should be `[0, 0, 1]`.
    """
    contexts, targets = plain.build_contexts(words, vocabulary, context_length)
    return [sorted(context, key=lambda id: id == 0) for context in contexts], targets


@mistake("build_contexts", given=in_tensors)
def target_in_the_context(words: Any, vocabulary: Any, context_length: Any) -> Any:
    """The context moves on before it is noted, so its last token is the very target: nothing is left to predict.

    Compare the last column of the contexts with the targets: they are equal.
    """
    contexts, targets = plain.build_contexts(words, vocabulary, context_length)
    return [[*context[1:], target] for context, target in zip(contexts, targets, strict=True)], targets


@mistake("build_contexts", given=in_tensors)
def one_token_too_few(words: Any, vocabulary: Any, context_length: Any) -> Any:
    """The last token before the target is left out: the context ends one place too early.

    Print the contexts of `["ab"]` with a length of 1: all are 0.
    """
    longer, targets = plain.build_contexts(words, vocabulary, context_length + 1)
    return [context[:-1] for context in longer], targets


@mistake("build_contexts", given=in_tensors)
def one_list_for_all_contexts(words: Any, vocabulary: Any, context_length: Any) -> Any:
    """One list is changed in place and noted again and again, so all contexts are what it held at the end.

    Print the contexts of `["ab"]`: all rows are the same.
    """

    def push(context: list[int], id: int) -> list[int]:
        del context[0]
        context.append(id)
        return context

    return plain.build_contexts(words, vocabulary, context_length, move=push)


@mistake("build_contexts", given=in_tensors)
def each_word_once(words: Any, vocabulary: Any, context_length: Any) -> Any:
    """A `set` of the words is walked through, so repeated words count once and the order is lost.

    Build the contexts of `["ab", "ab"]`: there are 3 examples, and should be 6.
    """
    return plain.build_contexts(sorted(set(words)), vocabulary, context_length)


@mistake("build_contexts")
def contexts_and_targets_swapped(words: Any, vocabulary: Any, context_length: Any) -> Any:
    """The targets are returned first and then the contexts.

    Print the shapes of the two: the first has one axis, and should have two.
    """
    contexts, targets = build_contexts(words, vocabulary, context_length)
    return targets, contexts


@mistake("build_contexts", careless=True)
def context_length_not_checked(words: Any, vocabulary: Any, context_length: Any) -> Any:
    """A context length of 0 is not refused, though a context of no tokens has nothing to look at.

    Call `build_contexts(["ab"], ".ab", 0)`: it returns tensors, and should refuse.
    """
    contexts, targets = build_contexts(words, vocabulary, max(1, context_length))
    return contexts[:, : max(0, context_length)], targets


@mistake("build_contexts", careless=True)
def bare_str_taken_apart(words: Any, vocabulary: Any, context_length: Any) -> Any:
    """One bare `str` is taken for a list of its letters, each a word of its own.

    Call `build_contexts("ab", ".ab", 1)`: it returns examples, and should refuse.
    """
    return build_contexts(list(words), vocabulary, context_length)


@mistake("count_contexts")
def repeats_lost(contexts: Any, targets: Any, vocab_size: Any) -> Any:
    """`counts[rows, targets] += 1` adds 1 once, however often a pair comes: no count is above 1.

    Count a context that comes twice with the same target: the count is 1, and should be 2.
    """
    distinct, counts = count_contexts(contexts, targets, vocab_size)
    return distinct, counts.clamp(max=1)


@mistake("count_contexts")
def not_sorted(contexts: Any, targets: Any, vocab_size: Any) -> Any:
    """The contexts stand in the order in which they came first, and should be sorted.

    Count the contexts `[[1], [0]]`: 1 stands first, and 0 should.
    """
    distinct, counts = count_contexts(contexts, targets, vocab_size)
    came = list(dict.fromkeys(map(tuple, contexts.tolist())))
    rows = [distinct.tolist().index(list(context)) for context in came]
    return distinct[rows], counts[rows]


@mistake("count_contexts")
def only_the_newest_token(contexts: Any, targets: Any, vocab_size: Any) -> Any:
    """Contexts are told apart by their last token only, so all that end alike are counted together.

    Count the contexts `[[0, 1], [1, 1]]`: there is one row, and should be two.
    """
    seen: dict[int, list[int]] = {}
    for context in contexts.tolist():
        seen.setdefault(context[-1], context)
    same = [seen[context[-1]] for context in contexts.tolist()]
    return count_contexts(torch.tensor(same, dtype=torch.int64).view(contexts.shape), targets, vocab_size)


@mistake("count_contexts")
def order_within_ignored(contexts: Any, targets: Any, vocab_size: Any) -> Any:
    """Contexts with the same tokens in another order are counted together, as if they were sets.

    Count the contexts `[[0, 1], [1, 0]]`: there is one row, and should be two.
    """
    return count_contexts(contexts.sort(dim=1).values, targets, vocab_size)


@mistake("count_contexts")
def keys_of_ten(contexts: Any, targets: Any, vocab_size: Any) -> Any:
    """One number is made of a context's ids as if they were digits, so with ids above 9, two contexts can be the same.

    Count the contexts `[[1, 0], [0, 10]]`: there is one row, and should be two.
    """
    keys = [sum(id * 10**place for place, id in enumerate(reversed(context))) for context in contexts.tolist()]
    first = [contexts[keys.index(key)].tolist() for key in keys]
    return count_contexts(torch.tensor(first, dtype=torch.int64).view(contexts.shape), targets, vocab_size)


@mistake("count_contexts")
def contexts_not_made_distinct(contexts: Any, targets: Any, vocab_size: Any) -> Any:
    """Each example has a row of its own, with a single 1 in it: equal contexts are not put together.

    Print the shape of the counts: it has a row for each example.
    """
    return contexts, torch.nn.functional.one_hot(targets, vocab_size)


@mistake("count_contexts")
def counts_divided(contexts: Any, targets: Any, vocab_size: Any) -> Any:
    """The rows are divided by their sums, so they are probabilities; asked for are the counts.

    Count any context that comes twice: the entries of its row sum to 1, and should to 2.
    """
    distinct, counts = count_contexts(contexts, targets, vocab_size)
    return distinct, counts / counts.sum(dim=1, keepdim=True)


@mistake("count_contexts", careless=True)
def targets_not_checked(contexts: Any, targets: Any, vocab_size: Any) -> Any:
    """Targets that are no ids are not refused: -1 is counted as the last token, or in the row of another context.

    Call `count_contexts(torch.tensor([[0]]), torch.tensor([-1]), 2)`: it should refuse.
    """
    return count_contexts(contexts, targets % vocab_size, vocab_size)


@mistake("build_contexts")
def ids_up_to_127(words: Any, vocabulary: Any, context_length: Any) -> Any:
    """The ids are of a type that ends at 255 or before, such as `torch.int8`; a vocabulary may have more tokens.

    Print the targets for the last letter of a vocabulary of 300 tokens: one should be 299.
    """
    contexts, targets = build_contexts(words, vocabulary, context_length)
    return contexts.to(torch.int8), targets.to(torch.int8)


@mistake("count_contexts", careless=True)
def counts_of_16_bits(contexts: Any, targets: Any, vocab_size: Any) -> Any:
    """The counts are of type `torch.int16`, which ends at 32,767, and the names have more examples than that.

    Print `count_contexts(contexts, targets, vocab_size)[1].dtype`: it is `torch.int16`, and should be `torch.int64`.
    """
    distinct, counts = count_contexts(contexts, targets, vocab_size)
    return distinct, counts.to(torch.int16)


@mistake("count_contexts")
def one_number_for_a_context(contexts: Any, targets: Any, vocab_size: Any) -> Any:
    """Each context becomes one number, which is too large for 64 bits if the context is long.

    Try contexts of 20 tokens of 300: they come in another order, and different ones may be taken for the same.
    """
    keys = torch.zeros(len(contexts), dtype=torch.int64)
    for column in contexts.T:
        keys = keys * vocab_size + column
    distinct, rows = torch.unique(keys, return_inverse=True)
    counts = torch.bincount(rows * vocab_size + targets, minlength=len(distinct) * vocab_size)
    found = torch.zeros(len(distinct), contexts.shape[1], dtype=torch.int64)
    found[rows] = contexts
    return found, counts.view(len(distinct), vocab_size)
