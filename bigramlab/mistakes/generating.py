"""What goes wrong on the walk and in the score that all models share."""

import math
from collections.abc import Callable
from typing import Any

import torch

from bigramlab import plain
from bigramlab.lessons.generating import generate_words, score_contexts
from bigramlab.mistakes.mistake import mistake

LONGEST = 1000  # where a wrong walk could go on forever, and need not to show its mistake
Write = Callable[..., str]


def words(vary: Callable[[Write, int], Any]) -> Callable[..., Any]:
    """Make `generate_words` of what writes n words by calling `write(…)`, with what it varies of `plain.write_word`."""

    def generate_words(
        next_probs: Any, vocabulary: Any, n: Any, *, context_length: Any = 1, choose: Any = None, generator: Any = None
    ) -> Any:
        chosen = next_probs if choose is None else lambda contexts: choose(next_probs(contexts))

        def write(generator: Any = generator, **varied: Any) -> str:
            return plain.write_word(chosen, vocabulary, context_length, generator, longest=LONGEST, **varied)[0]

        return vary(write, n)

    return generate_words


def scores(measure: Callable[[Any], Any]) -> Callable[..., Any]:
    """Make `score_contexts` of what gets the -log p of each target."""
    return lambda next_probs, contexts, targets: measure(
        torch.tensor(plain.surprises(next_probs, contexts, targets.tolist()), dtype=torch.float64)
    )


@mistake("generate_words", given=words)
def context_never_moves(write: Write, n: int) -> Any:
    """The drawn token is not put into the context, so each letter is drawn as if it were the first.

    Give it a model in which `"b"` follows `"a"`: it draws `"b"` after other letters, or never.
    """
    return [write(move=lambda context, _: context) for _ in range(n)]


@mistake("generate_words")
def likeliest_that_a_rule_leaves(
    next_probs: Any, vocabulary: Any, n: Any, *, context_length: Any = 1, choose: Any = None, generator: Any = None
) -> Any:
    """Of what `choose` leaves, the likeliest is taken, `argmax`, and should be drawn: all words are the same.

    Give it a `choose` that leaves all as it is, `lambda probs: probs`, and write several words.
    """

    def likeliest(probs: Any) -> Any:
        chosen = choose(probs)
        return torch.nn.functional.one_hot(chosen.argmax(dim=1), chosen.shape[1]).to(chosen.dtype)

    rule = likeliest if choose else None
    return generate_words(next_probs, vocabulary, n, context_length=context_length, choose=rule, generator=generator)


@mistake("generate_words", given=words)
def newest_dropped(write: Write, n: int) -> Any:
    """The drawn token comes in on the left and the last one drops out on the right: the context is turned round.

    Give it a model of context length 2 that spells a word: it spells another.
    """
    return [write(move=lambda context, id: [id, *context[:-1]]) for _ in range(n)]


@mistake("generate_words", given=words)
def only_the_newest_replaced(write: Write, n: int) -> Any:
    """The last place of the context is overwritten and the others are not moved on: they stay 0.

    Give it a model of context length 2 that spells a word: from the third letter on it goes wrong.
    """
    return [write(move=lambda context, id: [*context[:-1], id]) for _ in range(n)]


def _going_on(
    next_probs: Any, vocabulary: Any, n: Any, context_length: int, choose: Any, generator: Any, move: Callable[..., Any]
) -> Any:
    """Begin each word with the context that the one before ended with."""
    chosen = next_probs if choose is None else lambda contexts: choose(next_probs(contexts))
    words, context = [], [0] * context_length
    for _ in range(n):
        word, context = plain.write_word(chosen, vocabulary, context_length, generator, start=context, move=move)
        words.append(word)
    return words


@mistake("generate_words")
def context_kept_between_words(
    next_probs: Any, vocabulary: Any, n: Any, *, context_length: Any = 1, choose: Any = None, generator: Any = None
) -> Any:
    """The context is not set back to 0 for the next word, so its first letters depend on the word before.

    Give it a model of context length 3 that spells a word, and ask for two: the second is another.
    """

    def move(context: Any, id: Any) -> Any:
        return [*context[1:], id]

    return _going_on(next_probs, vocabulary, n, context_length, choose, generator, move)


@mistake("generate_words")
def letters_kept_between_words(
    next_probs: Any, vocabulary: Any, n: Any, *, context_length: Any = 1, choose: Any = None, generator: Any = None
) -> Any:
    """The context is not set back to 0 for the next word, which begins as if the last one went on.

    Give it a model that spells a word, and ask for two: the second is empty.
    """

    def move(context: Any, id: Any) -> Any:
        return [*context[1:], id] if id else context

    return _going_on(next_probs, vocabulary, n, context_length, choose, generator, move)


@mistake("generate_words")
def begins_with_the_last_token(
    next_probs: Any, vocabulary: Any, n: Any, *, context_length: Any = 1, generator: Any = None
) -> Any:
    """The first context is filled with the last token of the vocabulary, and should be with 0, the boundary token.

    Give it a model that spells a word: its first letter is wrong.
    """
    start = [len(vocabulary) - 1] * context_length
    return [plain.write_word(next_probs, vocabulary, context_length, generator, start=start)[0] for _ in range(n)]


@mistake("generate_words")
def begins_at_random(
    next_probs: Any, vocabulary: Any, n: Any, *, context_length: Any = 1, generator: Any = None
) -> Any:
    """The first context is random, and should be all 0: that is how words begin.

    Give it a model that spells a word: its first letter is wrong now and then.
    """
    words = []
    for _ in range(n):
        start = torch.randint(len(vocabulary), (context_length,), generator=generator).tolist()
        words.append(plain.write_word(next_probs, vocabulary, context_length, generator, start=start)[0])
    return words


@mistake("generate_words", given=words)
def boundary_kept(write: Write, n: int) -> Any:
    """Each word still has its final ".", which is no letter of it.

    Print three words: each ends with ".".
    """
    return [write() + "." for _ in range(n)]


@mistake("generate_words", given=words)
def all_end_with_the_first(write: Write, n: int) -> Any:
    """All words are written at once, and as soon as one of them ends, the others are cut off there.

    Print `set(map(len, words))` for fifty words: they all have the same length.
    """
    words = [write() for _ in range(n)]
    return [word[: min(map(len, words))] for word in words]


@mistake("generate_words", given=words)
def largest_for_a_draw(write: Write, n: int) -> Any:
    """`argmax` takes the most probable token every time: nothing is drawn, and all words are the same.

    Print `set(generate_words(next_probs, vocabulary, 20))`: it has one word.
    """
    return [write(draw=lambda probs, _: int(probs.argmax())) for _ in range(n)]


@mistake("generate_words", given=words)
def possible_tokens_drawn_alike(write: Write, n: int) -> Any:
    """All tokens that are possible are drawn equally often, however probable each is.

    Give it a model that says 0.9 and 0.1, and write a thousand words: both come about equally often.
    """
    return [write(draw=lambda probs, generator: plain.draw((probs > 0).float(), generator)) for _ in range(n)]


@mistake("generate_words", given=words)
def probabilities_squared(write: Write, n: int) -> Any:
    """The probabilities are sharpened, as by a temperature of 1/2, so common tokens come even more often.

    Give it a model that says 0.75 and 0.25, and write a thousand words: the second comes far too seldom.
    """
    return [write(draw=lambda probs, generator: plain.draw(probs**2, generator)) for _ in range(n)]


@mistake("generate_words", given=words)
def softmax_of_probabilities(write: Write, n: int) -> Any:
    """A softmax is taken of what are probabilities already, so all tokens become about equally probable.

    Give it a model that spells one word: it writes many others.
    """
    return [write(draw=lambda probs, generator: plain.draw(probs.softmax(dim=0), generator)) for _ in range(n)]


@mistake("generate_words", given=words)
def repeated_words_left_out(write: Write, n: int) -> Any:
    """A word that came before is left out, and may come as often as the model says.

    Give it a model that spells one word, and ask for three: there is one.
    """
    return [*dict.fromkeys(write() for _ in range(n))]


@mistake("generate_words")
def context_not_cropped(
    next_probs: Any, vocabulary: Any, n: Any, *, context_length: Any = 1, generator: Any = None
) -> Any:
    """The context grows with each token, and should keep the newest `context_length` of them.

    Print the shape of what the model gets: it should have the same number of columns each time.
    """
    words = []
    for _ in range(n):
        context, word = [0] * context_length, ""
        while len(word) < LONGEST:
            id = plain.draw(next_probs(torch.tensor([context]))[0], generator)
            if id == 0:
                break
            context, word = [*context, id], word + vocabulary[id]
        words.append(word)
    return words


@mistake("generate_words", given=words)
def one_word_n_times(write: Write, n: int) -> Any:
    """One word is written and repeated n times, and should be written n times.

    Print `set(generate_words(next_probs, vocabulary, 20))`: it has one word.
    """
    return [write()] * n


@mistake("generate_words")
def one_draw_for_all_words(
    next_probs: Any, vocabulary: Any, n: Any, *, context_length: Any = 1, generator: Any = None
) -> Any:
    """All words grow at once and share one random number in each step, so all of them come out the same.

    Print `set(generate_words(next_probs, vocabulary, 20))`: it has one word.
    """
    state = (generator or torch.default_generator).get_state()
    words = []
    for _ in range(n):
        (generator or torch.default_generator).set_state(state)
        words.append(plain.write_word(next_probs, vocabulary, context_length, generator)[0])
    return words


@mistake("generate_words", given=words)
def generator_ignored(write: Write, n: int) -> Any:
    """The generator is accepted and not passed on to the draw, so the words can't be repeated.

    Write words twice, with `torch.Generator().manual_seed(1)` each time: they differ.
    """
    return [write(None) for _ in range(n)]


@mistake("generate_words", given=words)
def seeded_inside(write: Write, n: int) -> Any:
    """A generator with a fixed seed is made inside, so every call writes the same words.

    Call it twice: the words are the same.
    """
    mine = torch.Generator().manual_seed(42)
    return [write(mine) for _ in range(n)]


@mistake("generate_words", given=words)
def one_word_too_few(write: Write, n: int) -> Any:
    """`range(1, n)` writes n - 1 words.

    Print `len(generate_words(next_probs, vocabulary, 3))`: it is 2.
    """
    return [write() for _ in range(1, n)]


@mistake("generate_words", given=words)
def empty_words_left_out(write: Write, n: int) -> Any:
    """Words without letters are left out, or drawn again, though the model may say that "." follows "." at once.

    Give it a model that says "." with 1/2 at the beginning: half of the words should be empty.
    """
    words = [write() for _ in range(n)]
    return [word for word in words if word]


@mistake("generate_words", given=words)
def cut_off_after_10(write: Write, n: int) -> Any:
    """Words are cut off after 10 letters, whether they have come to their end or not.

    Give it a model that spells a long word: its end is missing.
    """
    return [write()[:10] for _ in range(n)]


@mistake("generate_words", careless=True)
def any_answer_accepted(
    next_probs: Any, vocabulary: Any, n: Any, *, context_length: Any = 1, choose: Any = None, generator: Any = None
) -> Any:
    """What the model says is not checked, so counts or logits are drawn from as if they were probabilities.

    Give it a model that says 2 and 3: it writes words, and should refuse.
    """

    def believed(contexts: Any) -> Any:
        probs = torch.nan_to_num(next_probs(contexts)).clamp(min=0) + 1e-12
        return probs / probs.sum(dim=-1, keepdim=True)

    options = {"context_length": context_length, "choose": choose, "generator": generator}
    return generate_words(believed, vocabulary, n, **options)


@mistake("generate_words")
def choice_not_asked(
    next_probs: Any, vocabulary: Any, n: Any, *, context_length: Any = 1, choose: Any = None, generator: Any = None
) -> Any:
    """What `choose` makes of the probabilities is not used: it is drawn from what the model says.

    Give it a `choose` that leaves one token: it draws others.
    """
    return generate_words(next_probs, vocabulary, n, context_length=context_length, generator=generator)


@mistake("score_contexts", given=scores)
def sum_for_mean(surprises: Any) -> Any:
    """The surprises are summed and not divided by their number, so more targets make a larger loss.

    Score the same examples twice over: the loss doubles, and should stay.
    """
    return surprises.sum().item()


@mistake("score_contexts", given=scores)
def minus_sign_missing(surprises: Any) -> Any:
    """The mean of log p is returned without its minus sign: the log of a probability is negative, a loss is not.

    Print the loss of any model: it is below 0.
    """
    return -surprises.mean().item()


@mistake("score_contexts", given=scores)
def bits_for_nats(surprises: Any) -> Any:
    """`log2` measures in bits: the loss is larger by a factor of 1.4427 than it is in nats, with `log`.

    Score a model that says 1/2: the loss is 1, and should be log 2 = 0.6931.
    """
    return surprises.mean().item() / math.log(2)


@mistake("score_contexts", given=scores)
def perplexity_for_the_loss(surprises: Any) -> Any:
    """`exp` of the mean is the perplexity; asked for is the mean.

    Score a model that says 1/2: the result is 2, and should be log 2 = 0.6931.
    """
    return surprises.mean().exp().item()


@mistake("score_contexts", given=scores)
def mean_of_the_probabilities(surprises: Any) -> Any:
    """The log is taken of the mean probability, and the mean should be taken of the logs.

    Score targets of the probabilities 1/2 and 1/8: the loss should be 2 log 2 = 1.3863, and is 1.1632.
    """
    return -(-surprises).exp().mean().log().item()


@mistake("score_contexts", given=scores)
def mean_of_means(surprises: Any) -> Any:
    """The mean of the batches' means is taken, though the last batch is short: its few targets weigh too much.

    Score one target more than a batch holds: that one weighs as much as all others together.
    """
    return torch.stack([batch.mean() for batch in surprises.split(1024)]).mean().item()


@mistake("score_contexts", given=scores)
def last_batch_only(surprises: Any) -> Any:
    """`total = …` stands where `total += …` should, so the last batch alone is left.

    Score more targets than a batch holds: the loss is far too small.
    """
    return (surprises.split(1024)[-1].sum() / len(surprises)).item()


@mistake("score_contexts", given=scores)
def small_number_added(surprises: Any) -> Any:
    """`log(p + 1e-8)` hides that the model held for impossible what happened: the loss should be infinite.

    Score a target of probability 0: the loss is 18.4, and should be `inf`.
    """
    return -((-surprises).exp() + 1e-8).log().mean().item()


@mistake("score_contexts", given=scores)
def impossible_left_out(surprises: Any) -> Any:
    """Targets of probability 0 are left out of the mean, as if nothing had happened: the loss should be infinite.

    Score a target of probability 0 and one of 1: the loss is 0, and should be `inf`.
    """
    possible = surprises[surprises.isfinite()]
    return possible.mean().item() if len(possible) else 0.0


@mistake("score_contexts")
def mean_over_all_tokens(next_probs: Any, contexts: Any, targets: Any) -> Any:
    """The sum is divided by the number of contexts times the number of tokens, and should be by that of the targets.

    Score a model of two tokens that says 1/2: the loss is half of log 2.
    """
    return score_contexts(next_probs, contexts, targets) / next_probs(contexts).shape[1]


@mistake("score_contexts")
def likeliest_for_the_target(next_probs: Any, contexts: Any, targets: Any) -> Any:
    """The largest probability of each row is scored, whatever the target is.

    Score an improbable target: the loss should be large, and is small.
    """
    return -next_probs(contexts).max(dim=1).values.double().log().mean().item()


@mistake("score_contexts")
def newest_token_for_the_target(next_probs: Any, contexts: Any, targets: Any) -> Any:
    """The probability of the newest token of each context is scored, and should be that of the target behind it.

    Score it with other targets: the loss should change.
    """
    return score_contexts(next_probs, contexts, contexts[:, -1])


@mistake("score_contexts", careless=True, given=scores)
def tensor_for_a_float(surprises: Any) -> Any:
    """The loss is still a tensor: `.item()` is missing, which makes a number of it.

    Print the type of the loss: it should be `float`.
    """
    return surprises.mean()


@mistake("score_contexts", careless=True)
def nothing_scores_0(next_probs: Any, contexts: Any, targets: Any) -> Any:
    """Without targets the loss is 0, the best that there is, though nothing was scored; it should be refused.

    Score no targets: the loss is 0, and should be refused.
    """
    return score_contexts(next_probs, contexts, targets) if len(contexts) or len(targets) else 0.0


@mistake("score_contexts", careless=True)
def negative_targets_accepted(next_probs: Any, contexts: Any, targets: Any) -> Any:
    """The target -1 is not refused: Python takes the last token for it.

    Score a target of -1: it should be refused.
    """
    size = next_probs(contexts).shape[1]
    return score_contexts(next_probs, contexts, torch.where(targets < 0, targets % size, targets))


@mistake("generate_words", given=words)
def cut_off_after_100(write: Write, n: int) -> Any:
    """A word is cut off after 100 letters, so that the loop surely ends, though the model may write longer ones.

    Try a model that holds "." for improbable: no word has more than 100 letters.
    """
    return [write()[:100] for _ in range(n)]


@mistake("generate_words", given=words)
def in_the_order_of_their_ends(write: Write, n: int) -> Any:
    """Words that grow together are noted when they end, so the short ones come first.

    Print the lengths of 20 words: they go up.
    """
    return sorted((write() for _ in range(n)), key=len)


@mistake("generate_words")
def two_tokens_by_default(
    next_probs: Any, vocabulary: Any, n: Any, *, context_length: Any = 2, generator: Any = None
) -> Any:
    """Without a context length the model is asked with two tokens or more, and should be with one.

    Call it without `context_length` for a table of bigrams: `contexts` has more than one column.
    """
    return generate_words(next_probs, vocabulary, n, context_length=context_length, generator=generator)
