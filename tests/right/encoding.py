"""Right versions of the functions of `lessons/encoding`."""

import heapq
import itertools
import operator
from collections import Counter
from functools import reduce

import numpy as np
import torch

from right.version import check_vocabulary, listed, plain_right, right


@plain_right("build_vocabulary")
def build_vocabulary_typed_along(words):
    return "." + "".join(sorted(list(set("".join(words)))))  # noqa: C414 (as in the lecture)


@right("build_vocabulary")
def build_vocabulary_set(words):
    if isinstance(words, str):
        raise TypeError("one word")
    characters = {character for word in words for character in word}
    if "." in characters:
        raise ValueError("boundary")
    return "." + "".join(sorted(characters))


@right("build_vocabulary")
def build_vocabulary_loop(words):
    characters = []
    for word in listed(words):
        for character in word:
            if character == ".":
                raise ValueError(word)
            if character not in characters:
                characters.append(character)
    characters.sort(key=ord)
    return "".join([".", *characters])


@right("build_vocabulary")
def build_vocabulary_counter(words):
    counter = Counter(itertools.chain.from_iterable(listed(words)))
    if counter["."]:
        raise ValueError("boundary")
    del counter["."]
    return reduce(operator.add, sorted(counter), ".")


@right("build_vocabulary")
def build_vocabulary_numpy(words):
    points = np.unique(np.array([ord(character) for character in "".join(listed(words))], dtype=np.int32))
    if ord(".") in points:
        raise ValueError("boundary")
    return "." + "".join(map(chr, points))


@right("build_vocabulary")
def build_vocabulary_union(words):
    characters = set().union(*map(set, listed(words)))
    if not characters.isdisjoint("."):
        raise ValueError("boundary")
    return ".%s" % "".join(heapq.nsmallest(len(characters), characters))  # noqa: UP031 (an older style, and as right)


@plain_right("encode")
def encode_typed_along(word, vocabulary):
    stoi = {s: i for i, s in enumerate(vocabulary)}
    return [stoi[s] for s in word]


@plain_right("encode")
def encode_tensor(word, vocabulary):
    return torch.tensor([vocabulary.find(character) for character in word])


@plain_right("encode")
def encode_int32(word, vocabulary):
    return torch.tensor([vocabulary.index(character) for character in word], dtype=torch.int32)


@right("encode")
def encode_index(word, vocabulary):
    check_vocabulary(vocabulary)
    return torch.tensor([vocabulary.index(character) for character in word], dtype=torch.int64)


@right("encode")
def encode_dict(word, vocabulary):
    if not isinstance(word, str):
        raise TypeError("word")
    check_vocabulary(vocabulary)
    ids = {character: i for i, character in enumerate(vocabulary)}
    return torch.tensor([ids[character] for character in word], dtype=torch.long)


@right("encode")
def encode_one_hot(word, vocabulary):
    check_vocabulary(vocabulary)
    letters = torch.tensor([ord(character) for character in word], dtype=torch.int64)
    tokens = torch.tensor([ord(character) for character in vocabulary], dtype=torch.int64)
    hot = letters[:, None] == tokens
    if not hot.any(1).all():
        raise ValueError("unknown character")
    return (hot * torch.arange(len(vocabulary))).sum(1)


@right("encode")
def encode_numpy(word, vocabulary):
    check_vocabulary(vocabulary)
    tokens = np.array([*map(ord, vocabulary)])
    letters = np.array([*map(ord, word)], dtype=tokens.dtype)
    order = np.argsort(tokens)
    places = np.minimum(np.searchsorted(tokens[order], letters), len(tokens) - 1)
    if (tokens[order][places] != letters).any():
        raise KeyError(word)
    return torch.from_numpy(order[places])


@right("encode")
def encode_recursive(word, vocabulary):
    check_vocabulary(vocabulary)
    if not word:
        return torch.zeros(0, dtype=torch.int64)
    if len(word) == 1:
        if word not in vocabulary:
            raise ValueError(word)
        return torch.tensor([vocabulary.find(word)], dtype=torch.int64)
    half = len(word) // 2
    return torch.cat([encode_recursive(word[:half], vocabulary), encode_recursive(word[half:], vocabulary)])


@plain_right("decode")
def decode_typed_along(ids, vocabulary):
    itos = dict(enumerate(vocabulary))
    return "".join(itos[i.item()] for i in ids)


@plain_right("decode")
def decode_index(ids, vocabulary):
    return "".join([vocabulary[i] for i in ids])


@right("decode")
def decode_join(ids, vocabulary):
    check_vocabulary(vocabulary)
    if any(i < 0 for i in ids.tolist()):
        raise IndexError("negative")
    return "".join(vocabulary[i] for i in ids.tolist())


@right("decode")
def decode_loop(ids, vocabulary):
    check_vocabulary(vocabulary)
    word = ""
    for i in ids:
        if not 0 <= i.item() < len(vocabulary):
            raise ValueError(i)
        word += vocabulary[i]
    return word


@right("decode")
def decode_dict(ids, vocabulary):
    check_vocabulary(vocabulary)
    characters = dict(enumerate(vocabulary))
    return "".join(map(characters.__getitem__, ids.tolist()))


@right("decode")
def decode_tensor(ids, vocabulary):
    check_vocabulary(vocabulary)
    if len(ids) and (ids.min() < 0 or ids.max() >= len(vocabulary)):
        raise ValueError("id")
    points = torch.tensor([ord(character) for character in vocabulary])
    return "".join(chr(point) for point in points[ids.long()])
