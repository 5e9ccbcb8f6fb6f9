"""Perplexities and bits that are made of a loss that stands beside them: by the power of the right base?"""

import math
import re
from collections.abc import Iterator, Sequence

from torch import Tensor

from bigramlab.judge.reading_code import Code, says_bits
from bigramlab.judge.reviewed import Thing

__all__ = ["perplexities_of_losses"]

PERPLEXITY = re.compile(r"(?i)(\w+_)?(ppl|perplexity|perplex)(_\w+)?")
BITS = re.compile(r"(?i)(\w+_)?(bits?|bpc|bpt)(_\w+)?")
LOSS = re.compile(r"(?i)(\w+_)?(loss|nll|ce|cross_?entropy|entropy|bits?|bpc)(_\w+)?")
BY_2 = re.compile(r"log2\(|log\(.*, *2(\.0?)?\)|base *= *2|log\((\w+\.tensor\()?2(\.0?)?\)|0\.693|1\.442")
CLOSE = 1e-6


def perplexities_of_losses(things: Sequence[Thing], codes: Sequence[Code]) -> Iterator[tuple[int, str]]:
    """Yield the place of a perplexity that is another power of a loss than its base, and of bits that are none.

    Args:
        things: What was made.
        codes: The code of the file, which shows what is in bits.
    """
    numbers = {at: number for at, thing in enumerate(things) if (number := _number(thing.value)) is not None}
    losses = [(things[at].name, number) for at, number in numbers.items() if LOSS.fullmatch(things[at].name)]
    by_2 = any(BY_2.search(code.text) for code in codes)
    for at, number in numbers.items():
        name = things[at].name
        for loss, nats in losses if not things[at].shown else ():
            in_bits = says_bits(loss, codes)
            if not 0 < nats < 50:
                continue
            if PERPLEXITY.fullmatch(name):
                if _same(number, 2.0**nats) and not in_bits and not by_2:
                    yield at, f"2 to the power of `{loss}`, which is in nats: take `math.exp({loss})`"
                    break
                if _same(number, math.exp(nats)) and BITS.fullmatch(loss) and in_bits:
                    yield at, f"e to the power of `{loss}`, which is in bits: take `2 ** {loss}`"
                    break
            if BITS.fullmatch(name) and not in_bits and not BITS.fullmatch(loss) and _same(number, nats * math.log(2)):
                yield at, f"`{loss}` times log 2, and should be `{loss}` divided by it: a bit is 0.693 nats"
                break


def _same(one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=CLOSE)


def _number(value: object) -> float | None:
    if isinstance(value, Tensor):
        known = value.numel() == 1 and value.is_floating_point() and value.device.type != "meta"
        return float(value.detach()) if known else None
    return float(value) if isinstance(value, float) and math.isfinite(value) else None
