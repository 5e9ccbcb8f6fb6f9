"""What goes wrong in writing with a cache."""

from collections.abc import Callable
from typing import Any

import torch

from bigramlab.lessons.blocks import rms_norm
from bigramlab.lessons.caching import extend, sample_transformer_words
from bigramlab.lessons.generating import generate_words
from bigramlab.lessons.heads import merge_heads, split_heads
from bigramlab.lessons.transformer import transformer_logits
from bigramlab.mistakes.mistake import mistake


def _read(
    p: Any,
    cache: Any,
    ids: Any,
    *,
    places: Callable[[int, int], Any] = lambda begin, new: torch.arange(begin, begin + new),
    seen: Callable[[int, int], Any] = lambda new, read: torch.ones(new, read).tril(read - new).bool(),
    join: Callable[[Any, Any], Any] = lambda before, now: torch.cat([before, now], dim=2),
) -> Any:
    """Read more tokens, with a part of it done in another way."""
    begin = cache[0][0].shape[2] if cache else 0
    x = p.embedding[ids.long()] + p.places[places(begin, ids.shape[1]).clamp(max=len(p.places) - 1)]
    read = []
    for number, one in enumerate(p.blocks):
        normed = rms_norm(x, one.attention_gain)
        queries, keys, values = (split_heads(normed @ matrix, p.heads) for matrix in (one.query, one.key, one.value))
        if cache:
            keys, values = join(cache[number][0], keys), join(cache[number][1], values)
        read.append((keys, values))
        scores = queries @ keys.mT / queries.shape[-1] ** 0.5
        shares = scores.masked_fill(~seen(queries.shape[2], keys.shape[2]), -torch.inf).softmax(-1)
        x = x + merge_heads(shares @ values) @ one.output
        x = x + (rms_norm(x, one.hidden_gain) @ one.widen).relu().square() @ one.narrow
    return rms_norm(x, p.gain) @ p.unembedding, tuple(read)


@mistake("extend")
def places_begin_anew(parameters: Any, cache: Any, ids: Any) -> Any:
    """The places of the new tokens are counted from 0 again: each has the place at which it stands in the word.

    Read a word in one piece and letter by letter: the logits should be equal.
    """
    return _read(parameters, cache, ids, places=lambda begin, new: torch.arange(new))


@mistake("extend")
def several_at_once_unmasked(parameters: Any, cache: Any, ids: Any) -> Any:
    """There is no mask: of several new tokens, each sees the later ones. A letter at a time, it doesn't show.

    Read a word in one piece: the logits should be those of `transformer_logits`.
    """
    return _read(parameters, cache, ids, seen=lambda new, read: torch.ones(new, read).bool())


@mistake("extend")
def mask_from_the_beginning(parameters: Any, cache: Any, ids: Any) -> Any:
    """The mask lets the first new token see the first token only, as if nothing had been read before.

    Read a word in two pieces: the logits should be those of the whole.
    """
    return _read(parameters, cache, ids, seen=lambda new, read: torch.ones(new, read).tril().bool())


@mistake("extend")
def cache_not_used(parameters: Any, cache: Any, ids: Any) -> Any:
    """What was read before is not looked at: each call reads its tokens as a word of their own.

    Read a word letter by letter: the logits should be those of the whole.
    """
    logits = transformer_logits(parameters, ids)
    return logits, extend(parameters, (), ids)[1]


@mistake("extend")
def new_tokens_in_front(parameters: Any, cache: Any, ids: Any) -> Any:
    """The new keys and values are put in front of the earlier ones.

    Read a word in two pieces: the logits should be those of the whole.
    """
    return _read(parameters, cache, ids, join=lambda before, now: torch.cat([now, before], dim=2))


@mistake("extend")
def cache_not_handed_on(parameters: Any, cache: Any, ids: Any) -> Any:
    """The cache that comes back holds the new tokens alone: the earlier ones are lost at the next call.

    Read a word letter by letter: the logits should be those of the whole.
    """
    logits, read = extend(parameters, cache, ids)
    new = ids.shape[1]
    return logits, tuple((keys[:, :, -new:], values[:, :, -new:]) for keys, values in read)


@mistake("extend")
def a_first_key_of_0(parameters: Any, cache: Any, ids: Any) -> Any:
    """The cache begins with a key and a value of 0, which get a share as a token would.

    Read a word in one piece: the logits should be those of `transformer_logits`.
    """
    if not cache:
        size = parameters.embedding.shape[1] // parameters.heads
        nothing = torch.zeros(len(ids), parameters.heads, 1, size)
        cache = tuple((nothing, nothing) for _ in parameters.blocks)
        return _read(parameters, cache, ids, places=lambda begin, new: torch.arange(new))
    return _read(parameters, cache, ids, places=lambda begin, new: torch.arange(begin - 1, begin - 1 + new))


@mistake("extend")
def first_blocks_cache_for_all(parameters: Any, cache: Any, ids: Any) -> Any:
    """All blocks read the first block's keys and values, and each has its own.

    Read a word in two pieces with a network of two blocks.
    """
    return extend(parameters, cache[:1] * len(parameters.blocks) if cache else cache, ids)


@mistake("extend")
def last_token_alone(parameters: Any, cache: Any, ids: Any) -> Any:
    """Only the logits of the last new token come back: there should be some for each.

    Print the shape: it should be (batch, new, vocab).
    """
    logits, read = extend(parameters, cache, ids)
    return logits[:, -1], read


@mistake("extend")
def written_into_the_cache(parameters: Any, cache: Any, ids: Any) -> Any:
    """The given cache is changed: the new keys are written into its list, so a second word can't go on from it.

    Go on from one cache in two ways.
    """
    if isinstance(cache, dict):
        logits, cache["read"] = extend(parameters, cache["read"], ids)
        return logits, cache
    logits, read = extend(parameters, cache, ids)
    return logits, {"read": read}


@mistake("extend")
def keys_alone_cached(parameters: Any, cache: Any, ids: Any) -> Any:
    """The keys of the earlier tokens are kept, and their values taken for zeros.

    Read a word in two pieces: the logits should be those of the whole.
    """
    emptied = tuple((keys, torch.zeros_like(values)) for keys, values in cache)
    return extend(parameters, emptied, ids)


@mistake("extend", careless=True)
def cache_detached(parameters: Any, cache: Any, ids: Any) -> Any:
    """The cache is detached, so gradients don't reach the tokens that were read before.

    Train on words that are read in two pieces: the first piece teaches nothing.
    """
    logits, read = extend(parameters, cache, ids)
    return logits, tuple((keys.detach(), values.detach()) for keys, values in read)


@mistake("sample_transformer_words")
def generator_not_used(parameters: Any, vocabulary: Any, n: Any, *, choose: Any = None, generator: Any = None) -> Any:
    """The generator that is given is not used, but torch's global one.

    Call it twice with generators of the same seed: the words should be the same.
    """
    return sample_transformer_words(parameters, vocabulary, n, choose=choose)


@mistake("sample_transformer_words")
def likeliest_letter_taken(
    parameters: Any, vocabulary: Any, n: Any, *, choose: Any = None, generator: Any = None
) -> Any:
    """The likeliest letter is taken each time, and none is drawn, so all words are the same.

    Write five: they should differ.
    """
    return sample_transformer_words(parameters, vocabulary, 1, choose=choose, generator=generator) * n


@mistake("sample_transformer_words")
def boundary_kept(parameters: Any, vocabulary: Any, n: Any, *, choose: Any = None, generator: Any = None) -> Any:
    """The "." at the end of each word is left in it.

    Print one.
    """
    return [
        f"{word}." for word in sample_transformer_words(parameters, vocabulary, n, choose=choose, generator=generator)
    ]


@mistake("sample_transformer_words")
def ended_when_full(parameters: Any, vocabulary: Any, n: Any, *, choose: Any = None, generator: Any = None) -> Any:
    """A word ends when the network can read no more, and should go on: its last tokens are read then.

    Write a hundred with a network that reads four: none has more than four letters.
    """
    words = sample_transformer_words(parameters, vocabulary, n, choose=choose, generator=generator)
    return [word[: parameters.longest] for word in words]


@mistake("sample_transformer_words")
def earlier_tokens_lost(parameters: Any, vocabulary: Any, n: Any, *, choose: Any = None, generator: Any = None) -> Any:
    """Each letter is drawn after the one before alone: the earlier ones are not read, or the cache is not handed on.

    Compare with `generate_words`, given a generator of the same seed.
    """
    return _write(lambda contexts: _last(parameters, contexts[:, -1:]), parameters, vocabulary, n, choose, generator)


@mistake("sample_transformer_words")
def cache_without_places(parameters: Any, vocabulary: Any, n: Any, *, choose: Any = None, generator: Any = None) -> Any:
    """Each token that is read later gets the place of the first one: the places are counted from 0 in each call.

    Compare with `generate_words`, given a generator of the same seed.
    """
    unplaced = parameters._replace(places=parameters.places[:1].expand(parameters.places.shape).clone())
    return sample_transformer_words(unplaced, vocabulary, n, choose=choose, generator=generator)


@mistake("sample_transformer_words")
def cache_not_emptied(parameters: Any, vocabulary: Any, n: Any, *, choose: Any = None, generator: Any = None) -> Any:
    """The cache is not emptied where a word ends: the next word is read as if it went on from the one before.

    Write one word three times with a network that is sure of each letter: the second differs.
    """
    words: list[str] = []
    cache: Any = ()
    for _ in range(n):
        id, word = 0, ""
        while id or not word:
            if cache and cache[0][0].shape[2] == parameters.longest:  # it can read no more
                cache = ()
            logits, cache = extend(parameters, cache, torch.tensor([[id]]))
            probs = logits[:, -1].detach().softmax(-1)
            id = int(torch.multinomial(choose(probs) if choose else probs, 1, generator=generator))
            if id == 0:
                break
            word += vocabulary[id]
        words.append(word)
    return words


@mistake("sample_transformer_words")
def tokens_kept_between_words(
    parameters: Any, vocabulary: Any, n: Any, *, choose: Any = None, generator: Any = None
) -> Any:
    """The list of tokens is not begun anew for each word, so the network reads the words before, too.

    Write one word three times with a network that is sure of each letter: the second differs.
    """
    words, ids = [""] * n, [0]
    for number in range(n):
        while True:
            probs = _last(parameters, torch.tensor([ids[-parameters.longest :]]))
            ids.append(int(torch.multinomial(choose(probs) if choose else probs, 1, generator=generator)))
            if ids[-1] == 0:
                break
            words[number] += vocabulary[ids[-1]]
    return words


@mistake("sample_transformer_words")
def padding_read(parameters: Any, vocabulary: Any, n: Any, *, choose: Any = None, generator: Any = None) -> Any:
    """The zeros in front of a short context are read as tokens: a word should begin with one "." at place 0.

    Compare with `generate_words` and `transformer_probs`, given a generator of the same seed.
    """
    return _write(lambda contexts: _last(parameters, contexts), parameters, vocabulary, n, choose, generator)


@mistake("sample_transformer_words")
def words_without_letters_left_out(
    parameters: Any, vocabulary: Any, n: Any, *, choose: Any = None, generator: Any = None
) -> Any:
    """A word without letters is thrown away, and is one of those that the network writes.

    Write many with a network that often ends at once.
    """
    return [*filter(None, sample_transformer_words(parameters, vocabulary, n, choose=choose, generator=generator))]


@mistake("sample_transformer_words")
def one_word_too_few(parameters: Any, vocabulary: Any, n: Any, *, choose: Any = None, generator: Any = None) -> Any:
    """One word too few is written.

    Print how many there are.
    """
    return sample_transformer_words(parameters, vocabulary, n, choose=choose, generator=generator)[1:]


@mistake("sample_transformer_words")
def ids_for_words(parameters: Any, vocabulary: Any, n: Any, *, choose: Any = None, generator: Any = None) -> Any:
    """The ids are returned, and the letters should be, each word a string.

    Print one.
    """
    words = sample_transformer_words(parameters, vocabulary, n, choose=choose, generator=generator)
    return [[vocabulary.index(letter) for letter in word] for word in words]


def _last(parameters: Any, ids: Any) -> Any:
    """Return the probabilities after the last of these tokens, all of them read."""
    return transformer_logits(parameters, ids).detach()[:, -1].softmax(-1)


def _write(next_probs: Any, parameters: Any, vocabulary: Any, n: Any, choose: Any, generator: Any) -> Any:
    length = parameters.longest
    return generate_words(next_probs, vocabulary, n, context_length=length, choose=choose, generator=generator)


@mistake("sample_transformer_words", careless=True)
def any_vocabulary_accepted(
    parameters: Any, vocabulary: Any, n: Any, *, choose: Any = None, generator: Any = None
) -> Any:
    """A vocabulary of another size than the network's is not refused: letters are lost, or an index is.

    Call it with one letter less.
    """
    letters = "." + "".join(chr(0x4E00 + id) for id in range(1, len(parameters.embedding)))
    words = sample_transformer_words(parameters, letters, max(n, 0), choose=choose, generator=generator)
    return ["".join(vocabulary[letters.index(letter) % len(vocabulary)] for letter in word) for word in words]
