"""What can go wrong in a Transformer as a whole: its places, its blocks, and how contexts are read."""

from typing import Any

import torch

from bigramlab.judge.causes.families import Part, family
from bigramlab.judge.causes.parts_of_blocks import BLOCK, NORMS, rms, through


def _places(how: Any) -> Any:
    """Return what adds vectors of places, of those that `how` says."""
    return lambda p, ids: p.embedding[ids] + p.places[how(p, ids)]


def _sines(tokens: int, width: int) -> Any:
    """Return the vectors of places of the first Transformer."""
    pairs = torch.arange(0, width, 2)
    angles = torch.arange(tokens)[:, None] / 10_000 ** (pairs / width)
    return torch.stack([angles.sin(), angles.cos()], 2).flatten(1)[:, :width]


NETWORK: list[Part] = [
    ("begin", _places(lambda p, ids: torch.arange(ids.shape[1])), [
        ("places_forgotten", lambda p, ids: p.embedding[ids], "The vectors of the places are not added, so the order of the letters is lost."),
        ("first_place_for_all", _places(lambda p, ids: torch.zeros(ids.shape[1], dtype=torch.int64)), "Every token gets the vector of the first place."),
        ("places_from_the_end", _places(lambda p, ids: torch.arange(ids.shape[1]).flip(0)), "The places are counted from the end, so a longer word doesn't begin as the shorter one does."),
        ("last_places", _places(lambda p, ids: torch.arange(len(p.places) - ids.shape[1], len(p.places))), "The last places are taken, and should be the first ones."),
        ("places_one_late", _places(lambda p, ids: torch.arange(1, ids.shape[1] + 1)), "The places begin at 1, and should at 0."),
        ("places_one_late", lambda p, ids: p.embedding[ids] + p.places[1 : ids.shape[1] + 1], "The places begin at 1, and should at 0."),
        ("places_turned_by_one", lambda p, ids: p.embedding[ids] + p.places.roll(-1, 0)[: ids.shape[1]], "The places begin at 1, and should at 0."),
        ("last_place_for_all", _places(lambda p, ids: torch.full((ids.shape[1],), ids.shape[1] - 1)), "Every token gets the vector of the last token's place."),
        ("places_looked_up_by_id", _places(lambda p, ids: ids), "The places are looked up by the ids of the tokens, and should be by where these stand."),
        ("places_looked_up_by_id", _places(lambda p, ids: ids % len(p.places)), "The places are looked up by the ids of the tokens, and should be by where these stand."),
        ("places_looked_up_by_id", _places(lambda p, ids: ids.clamp(max=len(p.places) - 1)), "The places are looked up by the ids of the tokens, and should be by where these stand."),
        ("places_multiplied", lambda p, ids: p.embedding[ids] * p.places[: ids.shape[1]], "The vectors of the places are multiplied, and should be added."),
        ("embedding_scaled", lambda p, ids: p.embedding[ids] * p.embedding.shape[1] ** 0.5 + p.places[: ids.shape[1]], "The embedding is multiplied by √width, and should be taken as it is."),
        ("sines_for_places", lambda p, ids: p.embedding[ids] + _sines(ids.shape[1], p.embedding.shape[1]), "Sines and cosines stand for the places, as in the first Transformer: here the vectors are learned, `places`."),
        ("normed_first", lambda p, ids: rms(p.embedding[ids] + p.places[: ids.shape[1]], torch.ones(p.embedding.shape[1])), "A norm stands before the first block, as in the GPT of 200 lines: here there is none."),
    ]),
    ("around", lambda x, y, p, last: y, [
        ("places_added_before_each_block", lambda x, y, p, last: y if last else y + p.places[: y.shape[1]], "The vectors of the places are added before each block, and should be before the first alone."),
        ("normed_behind_each_block", lambda x, y, p, last: y if last else rms(y, p.gain), "The last norm stands in the loop, behind each block, and should come once, behind the last."),
        ("vector_added_around_each_block", lambda x, y, p, last: x + y, "What goes into a block is added once more to what comes out: a block has its residuals in it."),
    ]),
    ("blocks", lambda blocks: blocks, [
        ("first_block_left_out", lambda blocks: blocks[1:], "The first block is left out."),
        ("last_block_left_out", lambda blocks: blocks[:-1], "The last block is left out."),
        ("first_block_for_all", lambda blocks: blocks[:1] * len(blocks), "The first block is gone through as often as there are blocks."),
        ("first_block_alone", lambda blocks: blocks[:1], "Only the first block is gone through."),
        ("last_block_alone", lambda blocks: blocks[-1:], "Each block reads the vectors of the beginning, so only the last one counts."),
        ("blocks_in_reverse", lambda blocks: blocks[::-1], "The last block comes first."),
        ("no_block", lambda blocks: (), "No block is gone through."),
        ("blocks_twice", lambda blocks: blocks * 2, "The blocks are gone through twice."),
    ]),
    ("last_norm", rms, [(f"{name}_at_the_end", norm, wrong.replace("The norm", "The last norm").replace("the norm", "the last norm").replace("the RMS norm", "the last RMS norm")) for name, norm, wrong in NORMS]),
    ("last_layer", lambda x, p: x @ p.unembedding, [
        ("embedding_for_the_last_layer", lambda x, p: x @ p.embedding.mT, "The embedding, transposed, makes the logits: `unembedding` is not used."),
        ("last_layer_left_out", lambda x, p: x, "The last layer is left out."),
    ]),
    ("end", lambda x: x, [
        ("last_place_alone", lambda x: x[:, -1], "Only the logits of the last place come back: there should be some for each."),
        ("last_place_alone_with_its_axis", lambda x: x[:, -1:], "Only the logits of the last place come back: there should be some for each."),
        ("softmax_at_the_end", lambda x: x.softmax(-1), "softmax stands at the end: that is a step of its own."),
        ("log_softmax_at_the_end", lambda x: x.log_softmax(-1), "log softmax stands at the end."),
        ("axes_exchanged_at_the_end", lambda x: x.mT, "The last two axes are exchanged, as `cross_entropy` of torch takes them."),
        ("flattened_at_the_end", lambda x: x.flatten(0, 1), "Words and tokens share an axis, as `cross_entropy` of torch takes them."),
    ]),
    *BLOCK,
]  # fmt: skip


def _logits(p: Any, ids: Any, chosen: dict[str, Any]) -> Any:
    x = chosen["begin"](p, ids.long())
    blocks = chosen["blocks"](p.blocks)
    for number, one in enumerate(blocks, start=1):
        x = chosen["around"](x, through(one, x, p.heads, chosen), p, number == len(blocks))
    return chosen["end"](chosen["last_layer"](chosen["last_norm"](x, p.gain), p))


def _begins(contexts: Any) -> Any:
    return (torch.arange(contexts.shape[1]) * (contexts == 0)).amax(1).tolist()


CONTEXTS: list[Part] = [
    ("read", lambda context, begin: context[begin:], [
        ("read_with_all_boundaries", lambda context, begin: context, "The \".\" in front are read, too, each with a place: only the last one belongs to the word."),
        ("boundary_dropped", lambda context, begin: context[begin + 1 :] if begin + 1 < len(context) else context[begin:], "The \".\" at which the word begins is dropped, too."),
        ("one_boundary_too_many", lambda context, begin: context[max(begin - 1, 0) :], "One \".\" too many is read before the word."),
        ("boundary_put_in_front", lambda context, begin: torch.cat([torch.zeros(1, dtype=torch.int64), context[begin:]]), "A \".\" is put in front of a context that has one."),
        ("newest_token_alone", lambda context, begin: context[-1:], "Only the newest token is read."),
        ("newest_first", lambda context, begin: context[begin:].flip(0), "The context is read with the newest token first."),
    ]),
    ("row", lambda logits: logits[-1], [
        ("first_place_read", lambda logits: logits[0], "The logits of the first place are read, and should be those of the last letter."),
        ("place_before_the_last_read", lambda logits: logits[max(len(logits) - 2, 0)], "The logits of the letter before the last one are read."),
        ("mean_of_all_places", lambda logits: logits.mean(0), "The mean over all places is taken."),
    ]),
    ("ended", lambda logits: logits.softmax(-1), [
        ("logits_for_probabilities", lambda logits: logits, "The logits come back: the softmax is missing."),
        ("logs_for_probabilities", lambda logits: logits.log_softmax(-1), "The logs of the probabilities come back."),
        ("softmax_over_the_batch", lambda logits: logits.softmax(0), "The softmax runs over the batch."),
        ("softmax_twice", lambda logits: logits.softmax(-1).softmax(-1), "The softmax is taken twice."),
    ]),
]  # fmt: skip


def _probs(given: dict[str, Any], chosen: dict[str, Any]) -> Any:
    p, contexts = given["parameters"], given["contexts"].long()
    right = {part: value for part, value, _ in NETWORK}
    rows = []
    for context, begin in zip(contexts, _begins(contexts), strict=True):
        ids = chosen["read"](context, begin)
        rows.append(
            chosen["row"](
                _logits(p, ids[None, -len(p.places) :], right | {k: chosen[k] for k in right if k in chosen})[0]
            )
        )
    return chosen["ended"](torch.stack(rows))


family("transformer_logits", lambda given, chosen: _logits(given["parameters"], given["ids"], chosen), NETWORK)
family(
    "transformer_probs",
    _probs,
    [*CONTEXTS, *(part for part in NETWORK if part[0] in ("begin", "blocks", "last_norm", "masked"))],
)
