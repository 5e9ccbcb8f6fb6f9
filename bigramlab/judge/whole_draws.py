"""By what a network draws its next token, seen from many draws: by the logits of the last place, or by others."""

import inspect
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from bigramlab.judge.guarding import Guard
from bigramlab.judge.reviewed import MISTAKE

__all__ = ["drawn_by"]

DRAWS = 3000
LIKELY, UNLIKELY = 4.0, 8.0  # standard errors


def drawn_by(
    network: Any, row: Tensor, logits: Tensor, names: Mapping[str, Any], guard: Guard
) -> tuple[str, ...] | None:
    """Say by what a next token is drawn, if not by the logits of the last place."""
    differs = (row[0, 1:] != row[0, 0]).nonzero()
    if not len(differs):
        return None
    length = int(differs[0]) + 2
    start = row[:, :length]  # whose first place says something else than its last
    many = start.repeat(DRAWS, 1)
    torch.manual_seed(0)
    drawn = _continued(network, many, names, guard)
    if drawn is None or drawn.shape != (DRAWS, length + 1):
        return None
    if torch.equal(drawn[:, 1:], many) and not torch.equal(drawn[:, :-1], many):
        return MISTAKE, "what it draws is put before the row, not behind it: `torch.cat((idx, idx_next), dim=1)`"
    tokens = drawn[:, -1]
    shares = logits.softmax(1)
    if (
        not torch.equal(drawn[:, :-1], many)
        or _fits(tokens, shares[length - 1]) < UNLIKELY
        or int(tokens.min()) == int(tokens.max())
    ):
        return None
    if _fits(tokens, torch.ones(logits.shape[1], dtype=torch.double) / logits.shape[1]) < LIKELY:
        return MISTAKE, "it draws every token as often as any other, whatever its logits are"
    if _fits(tokens, shares[0]) < LIKELY:
        return MISTAKE, "it draws the next token by the logits of the first place: take those of the last, `[:, -1, :]`"
    return None


def _continued(network: Any, rows: Tensor, names: Mapping[str, Any], guard: Guard) -> Tensor | None:
    """Return rows with one more token, by the method or function that draws."""
    method = getattr(network, "generate", None) or getattr(network, "sample", None)
    function = next((names[name] for name in ("generate", "sample") if inspect.isfunction(names.get(name))), None)
    for call, given in (method, (rows, 1)), (function, (network, rows, 1)):
        try:
            parameters = inspect.signature(call).parameters if call else {}
            options = {"do_sample": True} if "do_sample" in parameters else {}
            returned = guard.call(call, *given, **options) if call else None
        except Exception:  # it takes something else
            continue
        if isinstance(returned, Tensor) and returned.dim() == 2 and returned.dtype == torch.int64:
            return returned
    return None


def _fits(tokens: Tensor, shares: Tensor) -> float:
    """Return by how many standard errors the log-likelihood of what was drawn is another than that of the shares."""
    logs = shares.clamp(min=1e-30).log()
    mean = float((shares * logs).sum())
    spread = float((shares * (logs - mean) ** 2).sum()) ** 0.5
    counted = torch.bincount(tokens, minlength=len(shares)).double() / len(tokens)
    chi = float(((counted - shares) ** 2 / shares.clamp(min=1e-9)).sum()) * len(tokens)
    freedom = len(shares) - 1
    by_cells = (chi - freedom) / (2 * freedom) ** 0.5
    by_logs = abs(float(logs[tokens].mean()) - mean) / max(spread / len(tokens) ** 0.5, 1e-9) if spread > 1e-6 else 0.0
    return float(max(by_cells, by_logs))
