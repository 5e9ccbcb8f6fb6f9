"""What can go wrong in reading with a cache: places, mask, what is kept, what is handed on, and which block reads what."""

from typing import Any

import torch

from bigramlab.judge.causes.families import Part, family
from bigramlab.judge.causes.parts_of_blocks import NORMS, OTHER_BENDS
from bigramlab.lessons.blocks import rms_norm
from bigramlab.lessons.heads import merge_heads, split_heads


def _places(begin: Any) -> Any:
    """Return which places the new tokens have, of which the first one begins there."""
    return lambda cache, ids: torch.arange(ids.shape[1]) + begin(cache, ids)


def _read(cache: Any) -> int:
    return cache[0][0].shape[2] if cache else 0


def _axis(axis: int) -> Any:
    return _places(lambda cache, ids: cache[0][0].shape[axis] if cache else 0)


def _seen(more: int = 0) -> Any:
    """Return the mask by which a new token sees all that came before it, itself and so many more."""
    return lambda new, read: torch.ones(new, read).tril(read - new + more).bool()


EXTEND: list[Part] = [
    ("places", _places(lambda cache, ids: _read(cache)), [
        ("places_begin_anew", _places(lambda cache, ids: 0), "The places of the new tokens are counted from 0 again: each has the place at which it stands in the word."),
        ("places_one_late", _places(lambda cache, ids: _read(cache) + 1), "The places of the new tokens are one too large."),
        ("places_one_late_behind_a_cache", _places(lambda cache, ids: _read(cache) + bool(cache)), "Behind a cache the places are one too large."),
        ("places_one_early_behind_a_cache", _places(lambda cache, ids: max(_read(cache) - 1, 0)), "Behind a cache the places are one too small."),
        ("blocks_counted_for_tokens", _places(lambda cache, ids: len(cache)), "`len(cache)` is taken for the number of tokens read before, and is that of the blocks."),
        ("heads_counted_for_tokens", _axis(1), "The axis of the heads, `shape[1]`, is taken for how many tokens were read before: that is `shape[2]`."),
        ("words_counted_for_tokens", _axis(0), "The axis of the words, `shape[0]`, is taken for how many tokens were read before: that is `shape[2]`."),
        ("numbers_counted_for_tokens", _axis(3), "The last axis of the keys is taken for how many tokens were read before: that is `shape[2]`."),
        ("place_of_the_last_token_for_all", lambda cache, ids: torch.full((ids.shape[1],), _read(cache) + ids.shape[1] - 1), "All new tokens get the place of the last one."),
        ("place_of_the_first_token_for_all", lambda cache, ids: torch.full((ids.shape[1],), _read(cache)), "All new tokens get the place of the first of them."),
        ("places_looked_up_by_id", lambda cache, ids: ids, "The places are looked up by the ids of the tokens, and should be by where these stand."),
        ("places_forgotten", None, "The vectors of the places are not added."),
    ]),
    ("seen", _seen(), [
        ("several_at_once_unmasked", lambda new, read: torch.ones(new, read).bool(), "There is no mask: of several new tokens, each sees the later ones. A letter at a time, it doesn't show."),
        ("mask_from_the_beginning", lambda new, read: torch.ones(new, read).tril().bool(), "The mask lets the first new token see the first token only, as if nothing had been read before."),
        ("next_token_seen", _seen(1), "Each new token sees the next one, too: the mask is off by one."),
        ("own_key_not_seen", _seen(-1), "A new token sees those before it, and not itself: the mask is off by one."),
        ("new_tokens_alone_seen", lambda new, read: torch.ones(new, read).tril(read - new).triu(read - new).bool(), "A new token sees itself alone, and nothing that came before."),
        ("unmasked_from_nothing", lambda new, read: torch.ones(new, read).tril(read - new).bool() if read > new else torch.ones(new, read).bool(), "With an empty cache there is no mask."),
        ("unmasked_behind_a_cache", lambda new, read: torch.ones(new, read).bool() if read > new else torch.ones(new, read).tril().bool(), "Behind a cache there is no mask: of several new tokens, each sees the later ones."),
    ]),
    ("joined", lambda before, now: torch.cat([before, now], 2), [
        ("new_tokens_in_front", lambda before, now: torch.cat([now, before], 2), "The new keys and values are put in front of the earlier ones."),
        ("cache_not_used", lambda before, now: now, "What was read before is not looked at: each call reads its tokens as a word of their own."),
        ("newest_earlier_token_left_out", lambda before, now: torch.cat([before[:, :, :-1], now], 2), "The newest of the earlier tokens is left out."),
        ("first_token_left_out", lambda before, now: torch.cat([before[:, :, 1:], now], 2), "The first of the earlier tokens is left out."),
        ("last_earlier_token_alone", lambda before, now: torch.cat([before[:, :, -1:], now], 2), "Of the earlier tokens only the last is kept."),
        *((f"cut_to_{n}_tokens", lambda before, now, n=n: torch.cat([before, now], 2)[:, :, -n:], f"Only the last {n} tokens are kept.") for n in (2, 3, 4)),
    ]),
    ("taken", lambda cache, number: cache[number], [
        ("first_blocks_cache_for_all", lambda cache, number: cache[0], "All blocks read the first block's keys and values, and each has its own."),
        ("last_blocks_cache_for_all", lambda cache, number: cache[-1], "All blocks read the last block's keys and values, and each has its own."),
        ("caches_in_reverse", lambda cache, number: cache[-1 - number], "The blocks read each other's keys and values, in reverse."),
        ("keys_and_values_exchanged", lambda cache, number: cache[number][::-1], "Keys and values are exchanged where the cache is read."),
        ("keys_alone_cached", lambda cache, number: (cache[number][0], torch.zeros_like(cache[number][1])), "The keys of the earlier tokens are kept, and their values taken for zeros."),
        ("keys_for_values", lambda cache, number: (cache[number][0], cache[number][0]), "The earlier tokens' keys are taken for their values, too."),
        ("values_for_keys", lambda cache, number: (cache[number][1], cache[number][1]), "The earlier tokens' values are taken for their keys, too."),
    ]),
    ("attended", lambda keys, values, new: (keys, values), [
        ("cache_not_read", lambda keys, values, new: (keys[:, :, -new:], values[:, :, -new:]), "The cache is handed on, and not read: the new tokens look at each other alone."),
    ]),
    ("handed_on", lambda cache, read, new: read, [
        ("cache_not_handed_on", lambda cache, read, new: tuple((k[:, :, -new:], v[:, :, -new:]) for k, v in read), "The cache that comes back holds the new tokens alone: the earlier ones are lost at the next call."),
        ("last_token_alone_handed_on", lambda cache, read, new: tuple((k[:, :, -1:], v[:, :, -1:]) for k, v in read), "The cache that comes back holds the last token alone."),
        ("cache_not_extended", lambda cache, read, new: cache or read, "The cache that was given comes back as it was: the new tokens are not in it."),
        ("given_cache_handed_on", lambda cache, read, new: cache, "The cache that was given comes back as it was, empty at first: nothing is ever kept."),
        ("first_block_alone_handed_on", lambda cache, read, new: read[:1] * len(read), "The first block's keys and values are handed on for all blocks."),
        ("last_block_alone_handed_on", lambda cache, read, new: read[-1:] * len(read), "The last block's keys and values are handed on for all blocks."),
        ("exchanged_when_handed_on", lambda cache, read, new: tuple((v, k) for k, v in read), "Keys and values are exchanged in the cache that comes back: the next call takes one for the other."),
        ("keys_handed_on_twice", lambda cache, read, new: tuple((k, k) for k, _ in read), "The keys are handed on twice, in the place of the values, too."),
        *((f"cache_cut_to_{n}_tokens", lambda cache, read, new, n=n: tuple((k[:, :, -n:], v[:, :, -n:]) for k, v in read), f"The cache is cut to its last {n} tokens, and the network reads more.") for n in (2, 3, 4)),
    ]),
    ("divided", lambda scores, size: scores / size**0.5, [
        ("scale_forgotten", lambda scores, size: scores, "The scores are not divided by √numbers."),
        ("divided_by_the_size_itself", lambda scores, size: scores / size, "The scores are divided by the number of numbers, and should be by its root."),
    ]),
    ("end", lambda logits: logits, [
        ("last_token_alone", lambda logits: logits[:, -1], "Only the logits of the last new token come back: there should be some for each."),
        ("last_token_alone_with_its_axis", lambda logits: logits[:, -1:], "Only the logits of the last new token come back: there should be some for each."),
        ("first_new_token_alone", lambda logits: logits[:, :1], "Only the logits of the first new token come back: there should be some for each."),
        ("softmax_at_the_end", lambda logits: logits.softmax(-1), "softmax stands at the end: that is a step of its own."),
        ("log_softmax_at_the_end", lambda logits: logits.log_softmax(-1), "log softmax stands at the end."),
    ]),
    ("first_norm", rms_norm, [(f"{name}_before_attention", norm, wrong.replace("norm", "norm before attention", 1)) for name, norm, wrong in NORMS[:1]]),
    ("last_norm", rms_norm, [(f"{name}_at_the_end", norm, wrong.replace("The norm", "The last norm")) for name, norm, wrong in NORMS[:1]]),
    ("bend", lambda x: x.relu().square(), [choice for choice in OTHER_BENDS if choice[1]]),
]  # fmt: skip


def _extend(given: dict[str, Any], chosen: dict[str, Any]) -> Any:
    """Read more tokens, with parts of it done in another way."""
    p, cache, ids = given["parameters"], given["cache"], given["ids"].long()
    x = p.embedding[ids]
    if chosen["places"]:
        x = x + p.places[chosen["places"](cache, ids)]
    read = []
    for number, one in enumerate(p.blocks):
        normed = chosen["first_norm"](x, one.attention_gain)
        queries, keys, values = (split_heads(normed @ matrix, p.heads) for matrix in (one.query, one.key, one.value))
        if cache:
            before = chosen["taken"](cache, number)
            keys, values = (chosen["joined"](*both) for both in zip(before, (keys, values), strict=True))
        read.append((keys, values))
        keys, values = chosen["attended"](keys, values, queries.shape[2])
        scores = chosen["divided"](queries @ keys.mT, queries.shape[-1])
        shares = scores.masked_fill(~chosen["seen"](queries.shape[2], keys.shape[2]), -torch.inf).softmax(-1)
        x = x + merge_heads(shares @ values) @ one.output
        x = x + chosen["bend"](rms_norm(x, one.hidden_gain) @ one.widen) @ one.narrow
    logits = chosen["end"](chosen["last_norm"](x, p.gain) @ p.unembedding)
    return logits, chosen["handed_on"](cache, tuple(read), ids.shape[1])


family("extend", _extend, EXTEND)
