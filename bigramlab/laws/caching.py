"""Laws of writing fast: what was read is kept, and nothing else changes."""

import functools
from functools import partial
from typing import Any

import torch
from hypothesis import strategies as st
from torch import Tensor

from bigramlab import plain
from bigramlab.laws import strategies as draw
from bigramlab.laws.blocks import close, small_seeds
from bigramlab.laws.drawn import (
    a_rule_decides,
    letters_of,
    spread_out,
    what_a_rule_leaves_is_drawn_from,
    words_are_drawn_at_no_temperature,
)
from bigramlab.laws.gradients import learning
from bigramlab.laws.law import (
    CARE,
    Function,
    a_list_of_str,
    a_tensor,
    broken,
    care,
    how_many,
    law,
    leaves_torchs_generator_alone,
    of_type,
    parts_of,
    refuses,
    takes,
    torchs_generator_decides,
)
from bigramlab.laws.makers import makes_for_reports
from bigramlab.laws.sampling import words_come_as_often_as
from bigramlab.laws.transformer import network_of, networks, read_from_its_boundary
from bigramlab.lessons.transformer import Transformer


def _extended(found: Any, parameters: Transformer, ids: Tensor) -> tuple[list[Any], Any]:
    logits, cache = parts_of(found, 2, "the logits and the cache")
    return a_tensor(logits, (*ids.shape, len(parameters.embedding)), "floats"), cache


@st.composite
def cuts(draw_from: st.DrawFn) -> tuple[Transformer, Tensor, list[int]]:
    """A network, words for it, and into how long pieces to cut them."""
    parameters, ids = draw_from(networks(least=2))
    pieces: list[int] = []
    while sum(pieces) < ids.shape[1]:
        pieces.append(draw_from(st.integers(1, ids.shape[1] - sum(pieces))))
    return parameters, ids, pieces


def _in_pieces(extend: Function, parameters: Transformer, ids: Tensor, pieces: list[int]) -> list[Any]:
    """Return the logits of the words, read piece by piece."""
    cache: Any = ()
    found: list[Any] = [[] for _ in ids]
    for piece in torch.split(ids, pieces, dim=1):
        logits, cache = _extended(extend(parameters, cache, piece.clone()), parameters, piece)
        found = [before + now for before, now in zip(found, logits, strict=True)]
    return found


def _whole(parameters: Transformer, ids: Tensor) -> list[Any]:
    return [plain.transformer_logits(parameters, word) for word in ids.tolist()]


@law("extend", networks())
def from_nothing_it_is_the_whole(extend: Function, parameters: Transformer, ids: Tensor) -> None:
    """With an empty cache, the logits are those of the network at each token."""
    close(_extended(extend(parameters, (), ids), parameters, ids)[0], _whole(parameters, ids))


@law("extend", networks(least=2))
def token_by_token_is_the_whole(extend: Function, parameters: Transformer, ids: Tensor) -> None:
    """Read a token at a time, with the cache of the call before, the logits are those of the whole."""
    close(_in_pieces(extend, parameters, ids, [1] * ids.shape[1]), _whole(parameters, ids))


@law("extend", cuts(), examples=40)
def any_cut_is_the_whole(extend: Function, parameters: Transformer, ids: Tensor, pieces: list[int]) -> None:
    """In whatever pieces the words are read, the logits are those of the whole."""
    close(_in_pieces(extend, parameters, ids, pieces), _whole(parameters, ids))


@law("extend", networks(least=3))
def one_cache_may_go_on_in_two_ways(extend: Function, parameters: Transformer, ids: Tensor) -> None:
    """The cache that is given is left as it is: two words that begin alike can go on from it."""
    begin, end = ids[:, :-1].clone(), ids[:, -1:].clone()
    _, cache = _extended(extend(parameters, (), begin), parameters, begin)
    other = end % (len(parameters.embedding) - 1) + 1
    _extended(extend(parameters, cache, other), parameters, other)
    found, _ = _extended(extend(parameters, cache, end), parameters, end)
    close(found, [word[-1:] for word in _whole(parameters, ids)])


@law("extend", cuts())
def each_word_has_its_own_cache(extend: Function, parameters: Transformer, ids: Tensor, pieces: list[int]) -> None:
    """A word's logits are the same whatever other words are in the batch."""
    found = _in_pieces(extend, parameters, ids, pieces)
    for b in range(len(ids)):
        close(found[b], _in_pieces(extend, parameters, ids[b : b + 1], pieces)[0], f"entry [{b}]")


@law("extend", small_seeds, st.sampled_from([12, 20]), examples=4)
def words_may_be_long(extend: Function, seed: int, tokens: int) -> None:
    """A word may be as long as the network can read, however many tokens there were before."""
    parameters, ids = network_of(seed, 3, tokens), torch.tensor([[0, *(1 + place % 2 for place in range(tokens - 1))]])
    close(_in_pieces(extend, parameters, ids, [1] * tokens), _whole(parameters, ids))


@law("extend", small_seeds, kind=CARE, examples=3, gradient=True)
def gradients_flow_through_the_cache(extend: Function, seed: int) -> None:
    """Gradients flow through the logits and the cache, to the tokens that were read before, too."""
    network, ids = network_of(seed, 3, 4), torch.tensor([[0, 1, 2]])
    (embedding,) = learning(network.embedding)
    network = network._replace(embedding=embedding)
    _, cache = parts_of(extend(network, (), ids[:, :1]), 2, "the logits and the cache")
    logits, _ = parts_of(extend(network, cache, ids[:, 1:]), 2, "the logits and the cache")
    of_type(logits, Tensor, "a torch.Tensor")
    (gradient,) = torch.autograd.grad(logits.square().sum(), embedding) if logits.requires_grad else (None,)
    if gradient is None or not gradient[1:].any():
        broken("no gradient flows through the logits")
    if not gradient[0].any():
        broken("no gradient flows through the cache")


@care("extend", st.sampled_from([(2, 2), (0, 4), (3, 1), (1, 0)]))
def more_than_it_can_read_is_refused(extend: Function, before: int, more: int) -> None:
    """More tokens than the network can read, with those before them, are refused, and none at all."""
    parameters = network_of(0, 3, 3)
    cache: Any = ()
    if before:
        _, cache = parts_of(
            extend(parameters, (), torch.ones(1, before, dtype=torch.int64)), 2, "the logits and the cache"
        )
    refuses(lambda: extend(parameters, cache, torch.ones(1, more, dtype=torch.int64)))


@care("extend", st.sampled_from([1, 3]))
def the_cache_of_other_words_is_refused(extend: Function, words: int) -> None:
    """A cache of another number of words is refused."""
    parameters, ids = network_of(0, 3, 3), torch.ones(2, 1, dtype=torch.int64)
    _, cache = parts_of(extend(parameters, (), ids), 2, "the logits and the cache")
    refuses(lambda: extend(parameters, cache, torch.ones(words, 1, dtype=torch.int64)))


@makes_for_reports
def writer() -> Transformer:
    """Return a network of three tokens that reads three: many words are longer, and some have no letters."""
    network = network_of(40, 3, 3)
    return network._replace(unembedding=3 * network.unembedding)


@functools.cache
def of_writer(context: tuple[int, ...]) -> list[float]:
    """Return the probabilities of that network after a context."""
    return read_from_its_boundary(writer(), context)


@law("sample_transformer_words", st.integers(1, 5), draw.seeds, examples=6)
def it_writes_n_words(sample_transformer_words: Function, n: int, seed: int) -> None:
    """The result is a list of n words of the vocabulary's letters."""
    words = a_list_of_str(sample_transformer_words(writer(), ".ab", n, generator=draw.generator(seed)))
    if not {*"".join(words)} <= {*"ab"}:
        broken("its words should be made of the letters a and b")
    if len(words) != n:
        broken(f"it wrote {how_many(len(words), 'word')}, and should have written {n}")


@law("sample_transformer_words", draw.seeds, examples=4)
def the_given_generator_alone_moves(sample_transformer_words: Function, seed: int) -> None:
    """The generator that is given decides, and moves on; torch's global one stays where it is."""
    generator = draw.generator(seed)
    first = leaves_torchs_generator_alone(lambda: sample_transformer_words(writer(), ".ab", 30, generator=generator))
    if first == sample_transformer_words(writer(), ".ab", 30, generator=generator):
        broken("the same generator, used again, gave the same words: its state did not move on")


SURE = [
    (3, 3, 95),
    (4, 3, 297),
    (5, 4, 306),
    (3, 5, 204),
]  # of each, its vocabulary's size, how much it reads, and its seed


@law("sample_transformer_words", st.sampled_from(SURE), draw.seeds, examples=8)
def what_is_all_but_certain_is_written(sample_transformer_words: Function, sizes: Any, seed: int) -> None:
    """A network that is sure of each letter writes the same word each time, longer than it can read."""
    network, vocabulary, expected = sure_writer(*sizes)
    found = a_list_of_str(sample_transformer_words(network, vocabulary, 3, generator=draw.generator(seed)))
    if found != [expected] * 3:
        broken(f"it wrote {found}, and should have written {expected!r} three times")


def sure_writer(vocab: int, longest: int, number: int) -> tuple[Transformer, str, str]:
    """Return a network that is sure of each letter, its vocabulary, and the word that it writes."""
    return sure_network(vocab, longest, number), ".abcd"[:vocab], certain_word(vocab, longest, number)


@makes_for_reports
def sure_network(vocab: int, longest: int, number: int) -> Transformer:
    """Return that network: no other letter has more than 10^-12."""
    network = network_of(number, vocab, longest, layers=1 + number % 2)
    return network._replace(unembedding=200 * network.unembedding)


@functools.cache
def certain_word(*sizes: int) -> str:
    """Return the word of the letters that such a network is sure of; the context is what it can read."""
    vocab, longest, number = sizes
    network = network_of(number, vocab, longest, layers=1 + number % 2)
    context, word = [0] * longest, ""
    while len(word) < 50:
        probs = read_from_its_boundary(network, context)
        id = probs.index(max(probs))
        if id == 0:
            break
        word, context = word + ".abcd"[id], [*context[1:], id]
    return word


def _in_calls_of(some: int, n: int, write: Function) -> list[str]:
    """Return n words, some with each call: all at once takes a right loop without a cache as long as one may take."""
    generator = draw.generator(0)
    return [word for _ in range(n // some) for word in a_list_of_str(write(some, generator=generator))]


@law("sample_transformer_words", st.just(150), examples=1)
def its_words_come_as_often_as_it_says(sample_transformer_words: Function, n: int) -> None:
    """Over many words, each comes as often as the product of its probabilities says, within Hoeffding's bound."""
    words = _in_calls_of(30, n, partial(sample_transformer_words, writer(), ".ab"))
    if any(len({*words[start : start + 30]}) == 1 for start in range(0, n, 30)):
        broken("30 words of one call are all the same")
    if not any(len(word) > 3 for word in words):  # of a right version's none once in 10^18 cases
        broken("no word is longer than what the network reads: it should go on with the last tokens")
    if "" not in words:
        broken("no word is without letters, though the network ends a third of them at once")
    words_come_as_often_as(of_writer, 3, words)


def steady_writer(logs: Tensor) -> Transformer:
    """Return a network that says the same after all contexts: tokens, places and blocks make no difference."""
    network = network_of(0, len(logs), 3)
    blocks = tuple(one._replace(output=0 * one.output, narrow=0 * one.narrow) for one in network.blocks)
    width = network.embedding.shape[1]
    return Transformer(
        torch.ones_like(network.embedding),
        torch.zeros_like(network.places),
        blocks,
        torch.ones(width),
        logs.expand(width, -1) / width,
        network.heads,
    )


@law("sample_transformer_words", st.just(120), examples=1)
def letters_are_drawn_at_no_temperature(sample_transformer_words: Function, n: int) -> None:
    """Letters are drawn with the network's own probabilities, neither sharpened nor flattened."""
    logs = spread_out()
    words = _in_calls_of(10, n, partial(sample_transformer_words, steady_writer(logs), letters_of(logs)))
    words_are_drawn_at_no_temperature(logs, words)


@law("sample_transformer_words", st.sampled_from(SURE[:2]), examples=2)
def a_rule_is_given_what_the_network_says(
    sample_transformer_words: Function, vocab: int, longest: int, number: int
) -> None:
    """`choose`, if there is that parameter, gets the probabilities before each letter, and its answer is drawn from."""
    if takes(sample_transformer_words, "choose"):
        network = network_of(number, vocab, longest, layers=1 + number % 2)
        word = certain_word(vocab, longest, number)
        ids = [0] * longest + plain.encode(word, ".abcd")
        rows = [read_from_its_boundary(network, ids[end - longest : end]) for end in range(longest, len(ids) + 1)]
        options = {"generator": draw.generator(0)}
        a_rule_decides(
            lambda choose: sample_transformer_words(network, ".abcd"[:vocab], 1, choose=choose, **options), rows, word
        )
        what_a_rule_leaves_is_drawn_from(
            lambda choose: sample_transformer_words(writer(), ".ab", 1, choose=choose, **options)
        )


@law("sample_transformer_words", draw.seeds, examples=3)
def without_a_generator_torchs_writes(sample_transformer_words: Function, seed: int) -> None:
    """Without a generator, torch's global one is used: torch.manual_seed repeats the words, and no other way does."""
    torchs_generator_decides(lambda: sample_transformer_words(writer(), ".ab", 20), seed, "words")


@care("sample_transformer_words", draw.seeds, examples=3)
def a_rule_is_asked_before_each_letter(sample_transformer_words: Function, seed: int) -> None:
    """`choose` makes of the probabilities those to draw from: one that allows the end alone leaves no letters."""
    asked: list[float] = []

    def choose(probs: Tensor) -> Tensor:
        asked.extend(probs.sum(dim=-1).flatten().tolist())
        only = torch.zeros_like(probs)
        only[..., 0] = 1
        return only

    words = sample_transformer_words(writer(), ".ab", 4, choose=choose, generator=draw.generator(seed))
    if not asked or not all(abs(total - 1) < 1e-4 for total in asked):
        broken("`choose` should be given probabilities, whose rows sum to 1" if asked else "`choose` is never asked")
    if [*words] != [""] * 4:
        broken(f"with a rule that allows the end alone, it wrote {words}")


@care("sample_transformer_words", st.sampled_from([(".a", 1), (".abc", 1), (".aa", 1), ("abc", 1), (".ab", -1)]))
def what_does_not_fit_the_network_is_refused(sample_transformer_words: Function, vocabulary: str, n: int) -> None:
    """A vocabulary of another size than the network's, one that is none, and a negative number of words are refused."""
    refuses(lambda: sample_transformer_words(writer(), vocabulary, n, generator=draw.generator(0)))
