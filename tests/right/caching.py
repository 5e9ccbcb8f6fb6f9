"""Right versions of the functions of `lessons/caching`."""

import torch

from bigramlab import generate_words, transformer_logits, transformer_probs
from right.blocks import rms
from right.version import made_global, plain_right, right


@plain_right("extend")
def extend_with_dicts(p, cache, ids):
    B, T = ids.shape
    begin = cache["k"][0].shape[2] if cache else 0
    x = p.embedding[ids] + p.places[begin : begin + T]
    new = {"k": [], "v": []}
    for i, b in enumerate(p.blocks):
        h = rms(x, b.attention_gain)
        q, k, v = ((h @ w).view(B, T, p.heads, -1).transpose(1, 2) for w in (b.query, b.key, b.value))
        if cache:
            k, v = torch.cat([cache["k"][i], k], 2), torch.cat([cache["v"][i], v], 2)
        new["k"].append(k)
        new["v"].append(v)
        scores = q @ k.transpose(2, 3) / q.shape[-1] ** 0.5
        seen = torch.arange(k.shape[2])[None] <= begin + torch.arange(T)[:, None]
        taken = scores.masked_fill(~seen, -torch.inf).softmax(-1) @ v
        x = x + taken.transpose(1, 2).reshape(B, T, -1) @ b.output
        x = x + torch.relu(rms(x, b.hidden_gain) @ b.widen) ** 2 @ b.narrow
    return rms(x, p.gain) @ p.unembedding, new


@plain_right("extend")
def extend_by_reading_again(parameters, cache, ids):
    """Keep the ids alone: no faster, and right."""
    whole = torch.cat([cache[0], ids], dim=1) if cache else ids
    return transformer_logits(parameters, whole)[:, -ids.shape[1] :], (whole,)


@right("extend")
def extend_checked(parameters, cache, ids):
    read = cache["k"][0].shape[2] if cache else 0
    if not ids.shape[1] or read + ids.shape[1] > len(parameters.places):
        raise ValueError("too many")
    if cache and len(cache["k"][0]) != len(ids):
        raise ValueError("other words")
    return extend_with_dicts(parameters, cache, ids)


@plain_right("sample_transformer_words")
def write_typed_along(parameters, vocabulary, n, *, choose=None, generator=None):
    def next_probs(contexts):
        return transformer_probs(parameters, contexts)

    length = len(parameters.places)
    return generate_words(next_probs, vocabulary, n, context_length=length, choose=choose, generator=generator)


@plain_right("sample_transformer_words")
def write_word_by_word(parameters, vocabulary, n, *, choose=None, generator=None):
    words = []
    for _ in range(n):
        context, word = [0] * len(parameters.places), ""
        while True:
            probs = transformer_probs(parameters, torch.tensor([context]))
            probs = (choose(probs) if choose else probs)[0]
            id = torch.multinomial(probs, 1, generator=generator).item()
            if id == 0:
                break
            word += vocabulary[id]
            context = [*context[1:], id]
        words.append(word)
    return words


@right("sample_transformer_words")
def write_without_a_cache(parameters, vocabulary, n, *, choose=None, generator=None):
    if len(vocabulary) != len(parameters.embedding):
        raise ValueError("vocabulary")
    with made_global(generator):
        length = len(parameters.places)
        return generate_words(
            lambda c: transformer_probs(parameters, c), vocabulary, n, context_length=length, choose=choose
        )
