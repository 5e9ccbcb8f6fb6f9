"""What goes wrong when a model looks back further."""

from typing import Any

import torch

from bigramlab.mistakes.mistake import mistake


def _refuse(words: Any, vocabulary: Any, context_length: Any) -> Any:
    if context_length < 1:
        raise ValueError("the context length is below 1")
    if vocabulary[:1] != "." or len(set(vocabulary)) < len(vocabulary):
        raise ValueError("the vocabulary repeats a character or does not begin with '.'")
    if isinstance(words, str):
        raise TypeError("one bare str")
    words = [*words]
    if not set("".join(words)) <= set(vocabulary[1:]):
        raise ValueError("a word has '.' or an unknown character in it")
    return words


def _examples(contexts: list[list[int]], targets: list[int], context_length: int) -> Any:
    shape = (len(contexts), context_length)
    return torch.tensor(contexts, dtype=torch.int64).view(shape), torch.tensor(targets, dtype=torch.int64)


def _loop(words: Any, vocabulary: str, context_length: int) -> tuple[list[list[int]], list[int]]:
    """Build them as it should be done."""
    contexts, targets = [], []
    for word in words:
        context = [0] * context_length
        for id in [*map(vocabulary.index, word), 0]:
            contexts.append(context)
            targets.append(id)
            context = [*context[1:], id]
    return contexts, targets


@mistake("build_contexts")
def contexts_run_on(words: Any, vocabulary: Any, context_length: Any) -> Any:
    """The context is not begun afresh for each word, so a word's first letters are predicted from the word before.

    Print the contexts of `["ab", "cd"]`: the one before `"c"` has `"b"` in it, and should be all 0.
    """
    words = _refuse(words, vocabulary, context_length)
    contexts, targets, context = [], [], [0] * context_length
    for word in words:
        for id in [*map(vocabulary.index, word), 0]:
            contexts.append(context)
            targets.append(id)
            context = [*context[1:], id]
    return _examples(contexts, targets, context_length)


@mistake("build_contexts")
def newest_first(words: Any, vocabulary: Any, context_length: Any) -> Any:
    """The newest token stands first in each context, and should stand last: the oldest leaves on the left.

    Print the contexts of `["abc"]` with a length of 2: the last one is `[3, 2]`, and should be `[2, 3]`.
    """
    contexts, targets = _loop(_refuse(words, vocabulary, context_length), vocabulary, context_length)
    return _examples([context[::-1] for context in contexts], targets, context_length)


@mistake("build_contexts")
def final_boundary_no_target(words: Any, vocabulary: Any, context_length: Any) -> Any:
    """The final "." of a word is no target, so a model can't learn where words end.

    Print the targets of `["ab"]`: there are two, and should be three, the last of them 0.
    """
    words = _refuse(words, vocabulary, context_length)
    contexts, targets = _loop(words, vocabulary, context_length)
    kept = [place for place, target in enumerate(targets) if target != 0]
    return _examples([contexts[place] for place in kept], [targets[place] for place in kept], context_length)


@mistake("build_contexts")
def first_letters_skipped(words: Any, vocabulary: Any, context_length: Any) -> Any:
    """Only full contexts are taken, without padding, so a word's first letters are no targets and short words are lost.

    Count the examples of `["ab"]` with a context length of 2: there is one, and should be three.
    """
    words = _refuse(words, vocabulary, context_length)
    contexts, targets = [], []
    for word in words:
        ids = [*map(vocabulary.index, word), 0]
        for place in range(context_length, len(ids)):
            contexts.append(ids[place - context_length : place])
            targets.append(ids[place])
    return _examples(contexts, targets, context_length)


@mistake("build_contexts")
def padded_on_the_right(words: Any, vocabulary: Any, context_length: Any) -> Any:
    """Short contexts are padded on the right, so the newest token stands now here, now there; it should stand last.

    Print the contexts of `["ab"]` with a length of 3: the second is `[1, 0, 0]`, and should be `[0, 0, 1]`.
    """
    words = _refuse(words, vocabulary, context_length)
    contexts, targets = [], []
    for word in words:
        ids = [*map(vocabulary.index, word), 0]
        for place, id in enumerate(ids):
            before = ids[max(0, place - context_length) : place]
            contexts.append(before + [0] * (context_length - len(before)))
            targets.append(id)
    return _examples(contexts, targets, context_length)


@mistake("build_contexts")
def target_in_the_context(words: Any, vocabulary: Any, context_length: Any) -> Any:
    """The context moves on before it is noted, so its last token is the very target: nothing is left to predict.

    Compare the last column of the contexts with the targets: they are equal.
    """
    contexts, targets = _loop(_refuse(words, vocabulary, context_length), vocabulary, context_length)
    moved = [[*context[1:], target] for context, target in zip(contexts, targets, strict=True)]
    return _examples(moved, targets, context_length)


@mistake("build_contexts")
def one_token_too_few(words: Any, vocabulary: Any, context_length: Any) -> Any:
    """The last token before the target is left out: the context ends one place too early.

    Print the contexts of `["ab"]` with a length of 1: all are 0.
    """
    words = _refuse(words, vocabulary, context_length)
    longer, targets = _loop(words, vocabulary, context_length + 1)
    return _examples([context[:-1] for context in longer], targets, context_length)


@mistake("build_contexts")
def one_list_for_all_contexts(words: Any, vocabulary: Any, context_length: Any) -> Any:
    """One list is changed in place and noted again and again, so all contexts are what it held at the end.

    Print the contexts of `["ab"]`: all rows are the same.
    """
    words = _refuse(words, vocabulary, context_length)
    contexts, targets = [], []
    for word in words:
        context = [0] * context_length
        for id in [*map(vocabulary.index, word), 0]:
            contexts.append(context)
            targets.append(id)
            del context[0]
            context.append(id)
    return _examples(contexts, targets, context_length)


@mistake("build_contexts")
def each_word_once(words: Any, vocabulary: Any, context_length: Any) -> Any:
    """A `set` of the words is walked through, so repeated words count once and the order is lost.

    Build the contexts of `["ab", "ab"]`: there are 3 examples, and should be 6.
    """
    words = _refuse(words, vocabulary, context_length)
    return _examples(*_loop(sorted(set(words)), vocabulary, context_length), context_length)


@mistake("build_contexts")
def contexts_and_targets_swapped(words: Any, vocabulary: Any, context_length: Any) -> Any:
    """The targets are returned first and then the contexts.

    Print the shapes of the two: the first has one axis, and should have two.
    """
    contexts, targets = _examples(
        *_loop(_refuse(words, vocabulary, context_length), vocabulary, context_length), context_length
    )
    return targets, contexts


@mistake("build_contexts")
def context_length_not_checked(words: Any, vocabulary: Any, context_length: Any) -> Any:
    """A context length of 0 is not refused, though a context of no tokens has nothing to look at.

    Call `build_contexts(["ab"], ".ab", 0)`: it returns tensors, and should refuse.
    """
    words = _refuse(words, vocabulary, max(1, context_length))
    return _examples(*_loop(words, vocabulary, max(0, context_length)), max(0, context_length))


@mistake("build_contexts")
def bare_str_taken_apart(words: Any, vocabulary: Any, context_length: Any) -> Any:
    """One bare `str` is taken for a list of its letters, each a word of its own.

    Call `build_contexts("ab", ".ab", 1)`: it returns examples, and should refuse.
    """
    words = _refuse(list(words), vocabulary, context_length)
    return _examples(*_loop(words, vocabulary, context_length), context_length)


def _refuse_examples(contexts: Any, targets: Any, vocab_size: Any) -> None:
    if len(contexts) != len(targets):
        raise ValueError("contexts and targets differ in length")
    if len(targets) and not 0 <= targets.min() <= targets.max() < vocab_size:
        raise ValueError("a target is no id")


def _counted(contexts: Any, targets: Any, vocab_size: Any) -> Any:
    distinct, rows = torch.unique(contexts, dim=0, return_inverse=True)
    counts = torch.bincount(rows * vocab_size + targets, minlength=len(distinct) * vocab_size)
    return distinct, counts.view(len(distinct), vocab_size)


@mistake("count_contexts")
def repeats_lost(contexts: Any, targets: Any, vocab_size: Any) -> Any:
    """`counts[rows, targets] += 1` adds 1 once, however often a pair comes: no count is above 1.

    Count a context that comes twice with the same target: the count is 1, and should be 2.
    """
    _refuse_examples(contexts, targets, vocab_size)
    distinct, counts = _counted(contexts, targets, vocab_size)
    return distinct, counts.clamp(max=1)


@mistake("count_contexts")
def not_sorted(contexts: Any, targets: Any, vocab_size: Any) -> Any:
    """The contexts stand in the order in which they came first, and should be sorted.

    Count the contexts `[[1], [0]]`: 1 stands first, and 0 should.
    """
    _refuse_examples(contexts, targets, vocab_size)
    distinct, counts = _counted(contexts, targets, vocab_size)
    came = list(dict.fromkeys(map(tuple, contexts.tolist())))
    rows = [distinct.tolist().index(list(context)) for context in came]
    return distinct[rows], counts[rows]


@mistake("count_contexts")
def only_the_newest_token(contexts: Any, targets: Any, vocab_size: Any) -> Any:
    """Contexts are told apart by their last token only, so all that end alike are counted together.

    Count the contexts `[[0, 1], [1, 1]]`: there is one row, and should be two.
    """
    _refuse_examples(contexts, targets, vocab_size)
    seen: dict[int, list[int]] = {}
    for context in contexts.tolist():
        seen.setdefault(context[-1], context)
    same = [seen[context[-1]] for context in contexts.tolist()]
    return _counted(torch.tensor(same, dtype=torch.int64).view(contexts.shape), targets, vocab_size)


@mistake("count_contexts")
def order_within_ignored(contexts: Any, targets: Any, vocab_size: Any) -> Any:
    """Contexts with the same tokens in another order are counted together, as if they were sets.

    Count the contexts `[[0, 1], [1, 0]]`: there is one row, and should be two.
    """
    _refuse_examples(contexts, targets, vocab_size)
    return _counted(contexts.sort(dim=1).values, targets, vocab_size)


@mistake("count_contexts")
def contexts_not_made_distinct(contexts: Any, targets: Any, vocab_size: Any) -> Any:
    """Each example has a row of its own, with a single 1 in it: equal contexts are not put together.

    Print the shape of the counts: it has a row for each example.
    """
    _refuse_examples(contexts, targets, vocab_size)
    counts = torch.zeros((len(targets), vocab_size), dtype=torch.int64)
    counts[torch.arange(len(targets)), targets] = 1
    return contexts, counts


@mistake("count_contexts")
def counts_divided(contexts: Any, targets: Any, vocab_size: Any) -> Any:
    """The rows are divided by their sums, so they are probabilities; asked for are the counts.

    Count any context that comes twice: the entries of its row sum to 1, and should to 2.
    """
    _refuse_examples(contexts, targets, vocab_size)
    distinct, counts = _counted(contexts, targets, vocab_size)
    return distinct, counts / counts.sum(dim=1, keepdim=True)


@mistake("count_contexts")
def targets_not_checked(contexts: Any, targets: Any, vocab_size: Any) -> Any:
    """Targets that are no ids are not refused: -1 is counted as the last token, or in the row of another context.

    Call `count_contexts(torch.tensor([[0]]), torch.tensor([-1]), 2)`: it should refuse.
    """
    if len(contexts) != len(targets):
        raise ValueError("contexts and targets differ in length")
    return _counted(contexts, targets % vocab_size, vocab_size)


@mistake("build_contexts")
def ids_up_to_127(words: Any, vocabulary: Any, context_length: Any) -> Any:
    """The ids are of a type that ends at 255 or before, such as `torch.int8`; a vocabulary may have more tokens.

    Print the targets for the last letter of a vocabulary of 300 tokens: one should be 299.
    """
    words = _refuse(words, vocabulary, context_length)
    contexts, targets = _examples(*_loop(words, vocabulary, context_length), context_length)
    return contexts.to(torch.int8), targets.to(torch.int8)


@mistake("count_contexts")
def counts_of_16_bits(contexts: Any, targets: Any, vocab_size: Any) -> Any:
    """The counts are of type `torch.int16`, which ends at 32,767, and the names have more examples than that.

    Print `count_contexts(contexts, targets, vocab_size)[1].dtype`: it is `torch.int16`, and should be `torch.int64`.
    """
    _refuse_examples(contexts, targets, vocab_size)
    distinct, counts = _counted(contexts, targets, vocab_size)
    return distinct, counts.to(torch.int16)


@mistake("count_contexts")
def one_number_for_a_context(contexts: Any, targets: Any, vocab_size: Any) -> Any:
    """Each context becomes one number, which is too large for 64 bits if the context is long.

    Try contexts of 20 tokens of 300: they come in another order, and different ones may be taken for the same.
    """
    _refuse_examples(contexts, targets, vocab_size)
    keys = torch.zeros(len(contexts), dtype=torch.int64)
    for column in contexts.T:
        keys = keys * vocab_size + column
    distinct, rows = torch.unique(keys, return_inverse=True)
    counts = torch.bincount(rows * vocab_size + targets, minlength=len(distinct) * vocab_size)
    found = torch.zeros(len(distinct), contexts.shape[1], dtype=torch.int64)
    found[rows] = contexts
    return found, counts.view(len(distinct), vocab_size)
