"""What goes wrong on the walk and in the score that all models share."""

import math
from typing import Any

import torch

from bigramlab.mistakes.mistake import mistake

LONGEST = 1000  # where a wrong walk could go on forever, and need not to show its mistake


def _refuse_wishes(vocabulary: Any, n: Any, context_length: Any) -> None:
    if n < 0 or context_length < 1:
        raise ValueError("n or the context length is too small")
    if vocabulary[:1] != "." or len(set(vocabulary)) < len(vocabulary):
        raise ValueError("the vocabulary repeats a character or does not begin with '.'")


def _ask(next_probs: Any, contexts: Any, size: Any = None) -> Any:
    """Ask the model, and refuse what is no answer."""
    probs = next_probs(contexts)
    if probs.ndim != 2 or probs.shape != (len(contexts), size or probs.shape[1]):
        raise ValueError("the probabilities have another shape")
    if any(not all(p >= 0 for p in row) or abs(sum(row) - 1) > 1e-4 for row in probs.tolist()):
        raise ValueError("a row is no probability distribution")
    return probs


def _draw(probs: Any, generator: Any) -> int:
    return int(torch.multinomial(probs, 1, generator=generator))


def _word(
    next_probs: Any,
    vocabulary: Any,
    context_length: Any,
    generator: Any,
    *,
    start: Any = None,
    move: Any = lambda context, id: [*context[1:], id],
    draw: Any = _draw,
) -> tuple[str, list[int]]:
    """Write a word as it should be done, but for what is given; return the last context, too."""
    context, word = start or [0] * context_length, ""
    while len(word) < LONGEST:
        id = draw(_ask(next_probs, torch.tensor([context]), len(vocabulary))[0], generator)
        context = move(context, id)
        if id == 0:
            break
        word += vocabulary[id]
    return word, context


@mistake("generate_words")
def context_never_moves(
    next_probs: Any, vocabulary: Any, n: Any, *, context_length: Any = 1, generator: Any = None
) -> Any:
    """The drawn token is not put into the context, so each letter is drawn as if it were the first.

    Give it a model in which `"b"` follows `"a"`: it draws `"b"` after other letters, or never.
    """
    _refuse_wishes(vocabulary, n, context_length)
    stay = {"move": lambda context, _: context}
    return [_word(next_probs, vocabulary, context_length, generator, **stay)[0] for _ in range(n)]


@mistake("generate_words")
def newest_dropped(next_probs: Any, vocabulary: Any, n: Any, *, context_length: Any = 1, generator: Any = None) -> Any:
    """The drawn token comes in on the left and the newest drops out on the right: the context is turned round.

    Give it a model of context length 2 that spells a word: it spells another.
    """
    _refuse_wishes(vocabulary, n, context_length)
    turn = {"move": lambda context, id: [id, *context[:-1]]}
    return [_word(next_probs, vocabulary, context_length, generator, **turn)[0] for _ in range(n)]


@mistake("generate_words")
def only_the_newest_replaced(
    next_probs: Any, vocabulary: Any, n: Any, *, context_length: Any = 1, generator: Any = None
) -> Any:
    """The last place of the context is overwritten and the others are not moved on: they stay 0.

    Give it a model of context length 2 that spells a word: from the third letter on it goes wrong.
    """
    _refuse_wishes(vocabulary, n, context_length)
    replace = {"move": lambda context, id: [*context[:-1], id]}
    return [_word(next_probs, vocabulary, context_length, generator, **replace)[0] for _ in range(n)]


@mistake("generate_words")
def context_kept_between_words(
    next_probs: Any, vocabulary: Any, n: Any, *, context_length: Any = 1, generator: Any = None
) -> Any:
    """The context is not set back to 0 for the next word, so its first letters depend on the word before.

    Give it a model of context length 3 that spells a word, and ask for two: the second is another.
    """
    _refuse_wishes(vocabulary, n, context_length)
    words, context = [], [0] * context_length
    for _ in range(n):
        word, context = _word(next_probs, vocabulary, context_length, generator, start=context)
        words.append(word)
    return words


@mistake("generate_words")
def begins_with_the_last_token(
    next_probs: Any, vocabulary: Any, n: Any, *, context_length: Any = 1, generator: Any = None
) -> Any:
    """The first context is filled with the last token of the vocabulary, and should be with 0, the boundary token.

    Give it a model that spells a word: its first letter is wrong.
    """
    _refuse_wishes(vocabulary, n, context_length)
    start = [len(vocabulary) - 1] * context_length
    return [_word(next_probs, vocabulary, context_length, generator, start=start)[0] for _ in range(n)]


@mistake("generate_words")
def begins_at_random(
    next_probs: Any, vocabulary: Any, n: Any, *, context_length: Any = 1, generator: Any = None
) -> Any:
    """The first context is random, and should be all 0: that is how words begin.

    Give it a model that spells a word: its first letter is wrong now and then.
    """
    _refuse_wishes(vocabulary, n, context_length)
    words = []
    for _ in range(n):
        start = torch.randint(len(vocabulary), (context_length,), generator=generator).tolist()
        words.append(_word(next_probs, vocabulary, context_length, generator, start=start)[0])
    return words


@mistake("generate_words")
def boundary_kept(next_probs: Any, vocabulary: Any, n: Any, *, context_length: Any = 1, generator: Any = None) -> Any:
    """Each word still has its final ".", which is no letter of it.

    Print three words: each ends with ".".
    """
    _refuse_wishes(vocabulary, n, context_length)
    return [_word(next_probs, vocabulary, context_length, generator)[0] + "." for _ in range(n)]


@mistake("generate_words")
def largest_for_a_draw(
    next_probs: Any, vocabulary: Any, n: Any, *, context_length: Any = 1, generator: Any = None
) -> Any:
    """`argmax` takes the most probable token every time: nothing is drawn, and all words are the same.

    Print `set(generate_words(next_probs, vocabulary, 20))`: it has one word.
    """
    _refuse_wishes(vocabulary, n, context_length)
    largest = {"draw": lambda probs, _: int(probs.argmax())}
    return [_word(next_probs, vocabulary, context_length, generator, **largest)[0] for _ in range(n)]


@mistake("generate_words")
def possible_tokens_drawn_alike(
    next_probs: Any, vocabulary: Any, n: Any, *, context_length: Any = 1, generator: Any = None
) -> Any:
    """All tokens that are possible are drawn equally often, however probable each is.

    Give it a model that says 0.9 and 0.1, and write a thousand words: both come about equally often.
    """
    _refuse_wishes(vocabulary, n, context_length)
    alike = {"draw": lambda probs, generator: _draw((probs > 0).float(), generator)}
    return [_word(next_probs, vocabulary, context_length, generator, **alike)[0] for _ in range(n)]


@mistake("generate_words")
def probabilities_squared(
    next_probs: Any, vocabulary: Any, n: Any, *, context_length: Any = 1, generator: Any = None
) -> Any:
    """The probabilities are sharpened, as by a temperature of 1/2, so common tokens come even more often.

    Give it a model that says 0.75 and 0.25, and write a thousand words: the second comes far too seldom.
    """
    _refuse_wishes(vocabulary, n, context_length)
    sharp = {"draw": lambda probs, generator: _draw(probs**2, generator)}
    return [_word(next_probs, vocabulary, context_length, generator, **sharp)[0] for _ in range(n)]


@mistake("generate_words")
def softmax_of_probabilities(
    next_probs: Any, vocabulary: Any, n: Any, *, context_length: Any = 1, generator: Any = None
) -> Any:
    """A softmax is taken of what are probabilities already, so all tokens become about equally probable.

    Give it a model that spells one word: it writes many others.
    """
    _refuse_wishes(vocabulary, n, context_length)
    flat = {"draw": lambda probs, generator: _draw(probs.softmax(dim=0), generator)}
    return [_word(next_probs, vocabulary, context_length, generator, **flat)[0] for _ in range(n)]


@mistake("generate_words")
def one_word_n_times(
    next_probs: Any, vocabulary: Any, n: Any, *, context_length: Any = 1, generator: Any = None
) -> Any:
    """One word is written and repeated n times, and should be written n times.

    Print `set(generate_words(next_probs, vocabulary, 20))`: it has one word.
    """
    _refuse_wishes(vocabulary, n, context_length)
    return [_word(next_probs, vocabulary, context_length, generator)[0]] * n


@mistake("generate_words")
def one_draw_for_all_words(
    next_probs: Any, vocabulary: Any, n: Any, *, context_length: Any = 1, generator: Any = None
) -> Any:
    """All words grow at once and share one random number in each step, so all of them come out the same.

    Print `set(generate_words(next_probs, vocabulary, 20))`: it has one word.
    """
    _refuse_wishes(vocabulary, n, context_length)
    state = (generator or torch.default_generator).get_state()
    words = []
    for _ in range(n):
        (generator or torch.default_generator).set_state(state)
        words.append(_word(next_probs, vocabulary, context_length, generator)[0])
    return words


@mistake("generate_words")
def generator_ignored(
    next_probs: Any, vocabulary: Any, n: Any, *, context_length: Any = 1, generator: Any = None
) -> Any:
    """The generator is accepted and not passed on to the draw, so the words can't be repeated.

    Write words twice, with `torch.Generator().manual_seed(1)` each time: they differ.
    """
    _refuse_wishes(vocabulary, n, context_length)
    return [_word(next_probs, vocabulary, context_length, None)[0] for _ in range(n)]


@mistake("generate_words")
def seeded_inside(next_probs: Any, vocabulary: Any, n: Any, *, context_length: Any = 1, generator: Any = None) -> Any:
    """A generator with a fixed seed is made inside, so every call writes the same words.

    Call it twice: the words are the same.
    """
    _refuse_wishes(vocabulary, n, context_length)
    mine = torch.Generator().manual_seed(42)
    return [_word(next_probs, vocabulary, context_length, mine)[0] for _ in range(n)]


@mistake("generate_words")
def one_word_too_few(
    next_probs: Any, vocabulary: Any, n: Any, *, context_length: Any = 1, generator: Any = None
) -> Any:
    """`range(1, n)` writes n - 1 words.

    Print `len(generate_words(next_probs, vocabulary, 3))`: it is 2.
    """
    _refuse_wishes(vocabulary, n, context_length)
    return [_word(next_probs, vocabulary, context_length, generator)[0] for _ in range(1, n)]


@mistake("generate_words")
def empty_words_left_out(
    next_probs: Any, vocabulary: Any, n: Any, *, context_length: Any = 1, generator: Any = None
) -> Any:
    """Words without letters are left out, or drawn again, though the model may say that "." follows "." at once.

    Give it a model that says "." with 1/2 at the beginning: half of the words should be empty.
    """
    _refuse_wishes(vocabulary, n, context_length)
    words = [_word(next_probs, vocabulary, context_length, generator)[0] for _ in range(n)]
    return [word for word in words if word]


@mistake("generate_words")
def cut_off_after_10(
    next_probs: Any, vocabulary: Any, n: Any, *, context_length: Any = 1, generator: Any = None
) -> Any:
    """Words are cut off after 10 letters, whether they have come to their end or not.

    Give it a model that spells a long word: its end is missing.
    """
    _refuse_wishes(vocabulary, n, context_length)
    return [_word(next_probs, vocabulary, context_length, generator)[0][:10] for _ in range(n)]


@mistake("generate_words")
def any_answer_accepted(
    next_probs: Any, vocabulary: Any, n: Any, *, context_length: Any = 1, generator: Any = None
) -> Any:
    """What the model says is not checked, so counts or logits are drawn from as if they were probabilities.

    Give it a model that says 2 and 3: it writes words, and should refuse.
    """
    _refuse_wishes(vocabulary, n, context_length)

    def believed(contexts: Any) -> Any:
        probs = next_probs(contexts)
        probs = torch.nan_to_num(probs).clamp(min=0) + 1e-12
        return probs / probs.sum(dim=-1, keepdim=True)

    return [_word(believed, vocabulary, context_length, generator)[0] for _ in range(n)]


def _refuse_examples(contexts: Any, targets: Any) -> None:
    if len(contexts) != len(targets) or not len(targets):
        raise ValueError("there are no targets, or not one for each context")


def _surprises(next_probs: Any, contexts: Any, targets: Any) -> Any:
    """Return -log p of each target, as it should be done."""
    _refuse_examples(contexts, targets)
    probs = _ask(next_probs, contexts)
    if not 0 <= targets.min() <= targets.max() < probs.shape[1]:
        raise ValueError("a target is no id")
    return -probs[torch.arange(len(targets)), targets].double().log()


@mistake("score_contexts")
def sum_for_mean(next_probs: Any, contexts: Any, targets: Any) -> Any:
    """The surprises are summed and not divided by their number, so more targets make a larger loss.

    Score the same examples twice over: the loss doubles, and should stay.
    """
    return _surprises(next_probs, contexts, targets).sum().item()


@mistake("score_contexts")
def minus_sign_missing(next_probs: Any, contexts: Any, targets: Any) -> Any:
    """The mean of log p is returned without its minus sign: the log of a probability is negative, a loss is not.

    Print the loss of any model: it is below 0.
    """
    return -_surprises(next_probs, contexts, targets).mean().item()


@mistake("score_contexts")
def bits_for_nats(next_probs: Any, contexts: Any, targets: Any) -> Any:
    """`log2` measures in bits: the loss is larger by a factor of 1.4427 than it is in nats, with `log`.

    Score a model that says 1/2: the loss is 1, and should be log 2 = 0.6931.
    """
    return _surprises(next_probs, contexts, targets).mean().item() / math.log(2)


@mistake("score_contexts")
def perplexity_for_the_loss(next_probs: Any, contexts: Any, targets: Any) -> Any:
    """`exp` of the mean is the perplexity; asked for is the mean.

    Score a model that says 1/2: the result is 2, and should be log 2 = 0.6931.
    """
    return _surprises(next_probs, contexts, targets).mean().exp().item()


@mistake("score_contexts")
def mean_of_the_probabilities(next_probs: Any, contexts: Any, targets: Any) -> Any:
    """The log is taken of the mean probability, and the mean should be taken of the logs.

    Score targets of the probabilities 1/2 and 1/8: the loss should be 2 log 2 = 1.3863, and is 1.1632.
    """
    return -(-_surprises(next_probs, contexts, targets)).exp().mean().log().item()


@mistake("score_contexts")
def mean_of_means(next_probs: Any, contexts: Any, targets: Any) -> Any:
    """The mean of the batches' means is taken, though the last batch is short: its few targets weigh too much.

    Score one target more than a batch holds: that one weighs as much as all others together.
    """
    surprises = _surprises(next_probs, contexts, targets)
    return torch.stack([batch.mean() for batch in surprises.split(1024)]).mean().item()


@mistake("score_contexts")
def last_batch_only(next_probs: Any, contexts: Any, targets: Any) -> Any:
    """`total = …` stands where `total += …` should, so the last batch alone is left.

    Score more targets than a batch holds: the loss is far too small.
    """
    surprises = _surprises(next_probs, contexts, targets)
    return (surprises.split(1024)[-1].sum() / len(surprises)).item()


@mistake("score_contexts")
def small_number_added(next_probs: Any, contexts: Any, targets: Any) -> Any:
    """`log(p + 1e-8)` hides that the model held for impossible what happened: the loss should be infinite.

    Score a target of probability 0: the loss is 18.4, and should be `inf`.
    """
    return -((-_surprises(next_probs, contexts, targets)).exp() + 1e-8).log().mean().item()


@mistake("score_contexts")
def impossible_left_out(next_probs: Any, contexts: Any, targets: Any) -> Any:
    """Targets of probability 0 are left out of the mean, as if nothing had happened: the loss should be infinite.

    Score a target of probability 0 and one of 1: the loss is 0, and should be `inf`.
    """
    surprises = _surprises(next_probs, contexts, targets)
    possible = surprises[surprises.isfinite()]
    return possible.mean().item() if len(possible) else 0.0


@mistake("score_contexts")
def mean_over_all_tokens(next_probs: Any, contexts: Any, targets: Any) -> Any:
    """The sum is divided by the number of contexts times the number of tokens, and should be by that of the targets.

    Score a model of two tokens that says 1/2: the loss is half of log 2.
    """
    surprises = _surprises(next_probs, contexts, targets)
    return surprises.mean().item() / next_probs(contexts).shape[1]


@mistake("score_contexts")
def likeliest_for_the_target(next_probs: Any, contexts: Any, targets: Any) -> Any:
    """The largest probability of each row is scored, whatever the target is.

    Score an improbable target: the loss should be large, and is small.
    """
    _surprises(next_probs, contexts, targets)
    return -_ask(next_probs, contexts).max(dim=1).values.double().log().mean().item()


@mistake("score_contexts")
def tensor_for_a_float(next_probs: Any, contexts: Any, targets: Any) -> Any:
    """The loss is still a tensor: `.item()` is missing, which makes a number of it.

    Print the type of the loss: it should be `float`.
    """
    return _surprises(next_probs, contexts, targets).mean()


@mistake("score_contexts")
def nothing_scores_0(next_probs: Any, contexts: Any, targets: Any) -> Any:
    """Without targets the loss is 0, the best that there is, though nothing was scored; it should be refused.

    Score no targets: the loss is 0, and should be refused.
    """
    return _surprises(next_probs, contexts, targets).mean().item() if len(contexts) or len(targets) else 0.0


@mistake("score_contexts")
def negative_targets_accepted(next_probs: Any, contexts: Any, targets: Any) -> Any:
    """The target -1 is not refused: Python takes the last token for it.

    Score a target of -1: it should be refused.
    """
    _refuse_examples(contexts, targets)
    size = _ask(next_probs, contexts).shape[1]
    return _surprises(next_probs, contexts, torch.where(targets < 0, targets % size, targets)).mean().item()


@mistake("generate_words")
def cut_off_after_100(
    next_probs: Any, vocabulary: Any, n: Any, *, context_length: Any = 1, generator: Any = None
) -> Any:
    """A word is cut off after 100 letters, so that the loop surely ends, though the model may write longer ones.

    Try a model that holds "." for improbable: no word has more than 100 letters.
    """
    _refuse_wishes(vocabulary, n, context_length)
    return [_word(next_probs, vocabulary, context_length, generator)[0][:100] for _ in range(n)]


@mistake("generate_words")
def in_the_order_of_their_ends(
    next_probs: Any, vocabulary: Any, n: Any, *, context_length: Any = 1, generator: Any = None
) -> Any:
    """Words that grow together are noted when they end, so the short ones come first.

    Print the lengths of 20 words: they go up.
    """
    _refuse_wishes(vocabulary, n, context_length)
    return sorted((_word(next_probs, vocabulary, context_length, generator)[0] for _ in range(n)), key=len)


@mistake("generate_words")
def two_tokens_by_default(
    next_probs: Any, vocabulary: Any, n: Any, *, context_length: Any = 2, generator: Any = None
) -> Any:
    """Without a context length the model is asked with two tokens or more, and should be with one.

    Call it without `context_length` for a table of bigrams: `contexts` has more than one column.
    """
    _refuse_wishes(vocabulary, n, context_length)
    return [_word(next_probs, vocabulary, context_length, generator)[0] for _ in range(n)]
