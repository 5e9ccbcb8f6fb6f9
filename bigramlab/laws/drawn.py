"""How letters are drawn: with the probabilities as they are, and by a rule that is asked, `choose`."""

import math
from collections.abc import Callable, Iterable

import torch
from torch import Tensor

from bigramlab import plain
from bigramlab.laws.law import a_list_of_str, broken

__all__ = [
    "SteadyModel",
    "a_rule_decides",
    "letters_of",
    "spread_out",
    "what_a_rule_leaves_is_drawn_from",
    "words_are_drawn_at_no_temperature",
]

TEMPERATURES = (0.5, 0.8, 1.2, 1.5, 2.0)


class SteadyModel:
    """A model that says the same after all contexts."""

    def __init__(self, logs: Tensor) -> None:
        """Keep the logarithms of what it says."""
        self.logs = logs

    def __call__(self, contexts: Tensor) -> Tensor:
        """Return that for each context."""
        return self.logs.exp().expand(len(contexts), -1)

    def __repr__(self) -> str:
        """Tell how far apart they are."""
        most, least = self.logs.exp().max().item(), self.logs.exp().min().item()
        return f"<a model that always says the same of {len(self.logs)} tokens, {most:.2g} to {least:.2g}>"


def spread_out() -> Tensor:
    """Return the logarithms of 400 probabilities, from 1/3 to 10^-9: what a temperature does to them shows soon."""
    normal = torch.special.ndtri((torch.arange(400, dtype=torch.float64) + 0.5) / 400)
    logs = (2.8 * normal).log_softmax(0)
    return torch.cat([logs[-2:-1], logs[:-2], logs[-1:]]).float()  # a word ends in one of eight cases


def letters_of(logs: Tensor) -> str:
    """Return a vocabulary for them."""
    return "." + "".join(map(chr, range(0x4E00, 0x4E00 + len(logs) - 1)))


def words_are_drawn_at_no_temperature(logs: Tensor, words: Iterable[str]) -> None:
    """Compare how probable words are, if each letter has these logarithms, with how they are at other temperatures.

    Whatever is drawn, the product of these ratios is 1 on average if the letters are drawn as they should be. So it is
    above 10^11 once in 10^11 cases at most (Markov's inequality), and no right function is one.
    """
    ids = torch.tensor([id for word in words for id in plain.encode(word + ".", letters_of(logs))])
    for temperature in TEMPERATURES:
        ratios = (logs.double() / temperature).log_softmax(0) - logs.double().log_softmax(0)
        if ratios[ids].sum() > math.log(1e11):
            broken(
                f"these words are 10^11 times as probable at a temperature of {temperature:g} as they are without one: "
                "the letters should be drawn as the probabilities say"
            )


def one_row_wins(probs: Tensor) -> Tensor:
    """Return a rule's answer: the likeliest token of each row gets all."""
    return torch.nn.functional.one_hot(probs.argmax(dim=-1), probs.shape[-1]).to(probs.dtype)


def a_rule_decides(write: Callable[..., list[str]], rows: list[list[float]], word: str) -> None:
    """Check that a rule is given the probabilities before each letter, and that its answer is drawn from.

    The rule allows the likeliest token alone, which makes this word; `rows` are what the model says on the way.
    """
    asked: list[list[float]] = []

    def choose(probs: Tensor) -> Tensor:
        given = torch.as_tensor(probs)
        asked.append(given.detach().reshape(-1, given.shape[-1])[0].tolist())
        return one_row_wins(given)

    words = a_list_of_str(write(choose))
    if not asked:
        broken("`choose` is given and never asked, so other words come than those that it allows")
    for found, row in zip(asked, rows, strict=False):
        pairs = zip(found, row, strict=False)
        if len(found) != len(row) or not all(math.isclose(*pair, rel_tol=1e-3, abs_tol=1e-5) for pair in pairs):
            show = [[round(number, 4) for number in numbers] for numbers in (found, row)]
            broken(f"`choose` is given {show[0]}, and should be given the model's probabilities, {show[1]}")
    if words != [word] or len(asked) < len(rows):
        broken(f"`choose` allows the likeliest letter alone, which makes {[word]}, and is asked {len(asked)} times")


def what_a_rule_leaves_is_drawn_from(write: Callable[..., list[str]]) -> None:
    """Check that of what a rule leaves, here all, letters are drawn: words that begin alike go on in other ways."""
    if len({word for _ in range(30) for word in a_list_of_str(write(lambda probs: probs))}) == 1:
        broken("with a `choose` that leaves all as it is, 30 words are the same: what it gives should be drawn from")
