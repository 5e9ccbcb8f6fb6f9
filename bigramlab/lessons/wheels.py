"""Draw from the rows of a table many times side by side: what `sample_words` uses where many words are asked for."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

__all__ = ["make_wheels", "spin"]

WHEELS = 2  # for each token, before what is left over needs a dart


def make_wheels(
    probs: Float[Tensor, "vocab vocab"], pockets: int
) -> tuple[Int[Tensor, " cells"], Float[Tensor, "states vocab"]]:
    """Make wheels of equal pockets that draw from the rows; to spin one is only to look up what the pocket says.

    Of 256 pockets, a token of probability 0.3 gets 76, and 0.8 of a pocket is left over. What is left over of all
    tokens fills some pockets together, which lead to a second wheel that shares them out more finely. Who comes past
    the last wheel stays there and has to throw a dart. So no probability is rounded.

    Returns:
        The wheels one after the other, each pocket with the place where the next wheel begins; and what each draws
        from, a row for each state: the tokens come first, then the further wheels.
    """
    size = len(probs)
    rows, shared = [probs / probs.sum(dim=1, keepdim=True)], []
    for _ in range(WHEELS):
        shares = rows[-1] * pockets
        whole = shares.floor()
        over = pockets - whole.sum(dim=1, keepdim=True)
        shared.append(torch.cat([whole, over], dim=1))
        rows.append((shares - whole) / over.clamp(min=1))
    places = torch.arange(len(rows) * size, dtype=torch.int32, device="cpu") * pockets
    lead_to = torch.cat([places[:size].expand(WHEELS * size, size), places[size:, None]], dim=1)
    wheels = lead_to.flatten().repeat_interleave(torch.cat(shared).long().flatten())
    return torch.cat([wheels, places[-size:].repeat_interleave(pockets)]), torch.cat(rows)


@torch.inference_mode()  # no graph is to be kept, and the steps are so small that even this counts
def spin(wheels: Int[Tensor, " cells"], pockets: Int[Tensor, "steps lanes"]) -> Int[Tensor, "lanes steps"]:
    """Return where each lane is after each step, from state 0 on: a step spins one wheel in every lane."""
    wheel = torch.zeros(pockets.shape[1], dtype=torch.int32, device="cpu")
    places = []
    for pocket in pockets:
        wheel = wheels.index_select(0, wheel + pocket)
        places.append(wheel)
    return torch.stack(places, dim=1)
