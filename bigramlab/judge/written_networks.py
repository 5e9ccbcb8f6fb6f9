"""Slips in how a network is written down that its code or its layers show: masks, heads, bends, what is drawn from."""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor

from bigramlab.judge.reading_code import Code, Found, called, names_in, pairs_of, stored

__all__ = ["slips_in_written_networks"]

HEAD = re.compile(r"(?i)head|attention|block|layer")
SCORES = re.compile(r"(?i)(\w+_)?(logits?|scores|l)")
LOWEST = re.compile(r"(?i)-?(float\(['\"]-?inf(inity)?['\"]\)|(\w+\.)?inf|1e\d+|10000+(\.0)?)")
NORM = re.compile(r"(?i)norm|total")
WEIGHTS = re.compile(r"(?i)(\w+_)?(weights?|probs?|probabilities|ps?|shares|row)")
SINES = re.compile(r"(\w+)\[:, ([01])::2\] = (?:torch|np|math|numpy)\.(sin|cos)\((.*)\)")
CLIPS = re.compile(r"max\((1(?:\.0)?), (.*) / (.*)\)|max\((.*) / (.*), (1(?:\.0)?)\)")


def slips_in_written_networks(codes: Sequence[Code], names: Mapping[str, Any]) -> Iterator[Found]:
    """Yield what can't do what it is written for.

    Args:
        codes: The code of the file.
        names: The values of the file.
    """
    for code in codes:
        tree = code.tree()
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                yield from _one_for_many(node, code)
                yield from _looking_ahead(node, code, names)
                yield from _lines_in_a_row(node, code, names)
            elif isinstance(node, ast.Assign):
                yield from _likeliest_thrown_away(node, code)
                yield from _clipped_up(node, code)
            elif isinstance(node, ast.FunctionDef):
                yield from _drawn_without_weights(node, code)
                yield from _twice_the_same_wave(node, code)


def _one_for_many(node: ast.Call, code: Code) -> Iterator[Found]:
    """Find a list of layers that has one and the same layer several times."""
    if called(node) not in ("ModuleList", "Sequential") or not node.args:
        return
    of = node.args[0].value if isinstance(node.args[0], ast.Starred) else node.args[0]
    if not isinstance(of, ast.BinOp) or not isinstance(of.op, ast.Mult):
        return
    listed, many = (of.left, of.right) if isinstance(of.left, ast.List) else (of.right, of.left)
    made = listed.elts[0] if isinstance(listed, ast.List) and len(listed.elts) == 1 else None
    if isinstance(made, ast.Call) and HEAD.search(called(made)):
        text = f"it is one and the same `{called(made)}` again and again, so they all have the same weights"
        mend = f"Make each anew: `[{ast.unparse(made)} for _ in range({ast.unparse(many)})]`."
        yield Found(ast.unparse(of), code.place_of(node), text, mend)


def _looking_ahead(node: ast.Call, code: Code, names: Mapping[str, Any]) -> Iterator[Found]:
    """Find a triangle by which attention is masked that leaves the wrong places."""
    if called(node) != "masked_fill" or len(node.args) != 2 or not LOWEST.fullmatch(ast.unparse(node.args[1])):
        return
    asked, kept = node.args[0], None
    zero = isinstance(asked, ast.Compare) and isinstance(asked.ops[0], ast.Eq)
    if zero and ast.unparse(asked.comparators[0]) in ("0", "False", "0.0"):  # type: ignore[attr-defined]  # a comparison
        kept = names.get(ast.unparse(asked.left))  # type: ignore[attr-defined]  # a comparison
        name = ast.unparse(asked.left)  # type: ignore[attr-defined]  # a comparison
    elif isinstance(asked, ast.Name | ast.UnaryOp):
        name = ast.unparse(asked.operand if isinstance(asked, ast.UnaryOp) else asked)
        masked = names.get(name)
        kept = masked if isinstance(asked, ast.UnaryOp) else _turned(masked)
    if not isinstance(kept, Tensor) or kept.dim() != 2 or len({*kept.shape}) != 1 or len(kept) < 3:
        return
    kept = kept.detach().double()
    ones = torch.ones_like(kept)
    text = ""
    if torch.equal(kept, ones.triu()) or torch.equal(kept, ones.triu(1)):
        text = "each place sees those after it, and not those before: the triangle is turned round"
    elif any(torch.equal(kept, ones.tril(ahead)) for ahead in (1, 2)):
        text = "each place sees the one after it, too, which it should guess: the triangle is too large"
    elif torch.equal(kept, ones.tril(-1)):
        text = "no place sees itself, and the first one nothing at all, so its shares are no numbers"
    if text:
        yield Found(name, code.place_of(node), text, "Leave `torch.tril(torch.ones(T, T))`: itself and those before.")


def _turned(mask: object) -> Tensor | None:
    return ~mask if isinstance(mask, Tensor) and mask.dtype == torch.bool else None


def _likeliest_thrown_away(node: ast.Assign, code: Code) -> Iterator[Found]:
    """Find logits of which those above a limit are taken out, and the least likely stay."""
    target = node.targets[0]
    if not isinstance(target, ast.Subscript) or not LOWEST.fullmatch(ast.unparse(node.value)):
        return
    test, of = target.slice, ast.unparse(target.value)
    if isinstance(test, ast.Compare) and SCORES.fullmatch(of) and ast.unparse(test.left) == of:
        other = ast.unparse(test.comparators[0])
        limit = any(isinstance(one, ast.Name) for one in ast.walk(test.comparators[0]))
        if limit and isinstance(test.ops[0], ast.Gt | ast.GtE):
            text = f"what is larger than `{other}` is taken out, so the least likely tokens are left"
            yield Found(ast.unparse(target), code.place_of(node), text, f"Take out what is smaller: `{of} < {other}`.")


def _clipped_up(node: ast.Assign, code: Code) -> Iterator[Found]:
    """Find a factor for gradients that makes short ones longer, and leaves long ones as they are."""
    for target, value in pairs_of(node):
        found = CLIPS.fullmatch(value)
        if found and NORM.search(found[3] or found[5]):
            text = "it is never less than 1, so long gradients stay long, and short ones grow"
            yield Found(target, code.place_of(node), text, f"Write `min` for `max`: `min{value[3:]}`.")


def _drawn_without_weights(node: ast.FunctionDef, code: Code) -> Iterator[Found]:
    """Find weights that are computed for a draw and not given to it."""
    made = {name for part in ast.walk(node) if isinstance(part, ast.Assign) for name in stored(part)}
    unread = sorted(name for name in made - names_in(node) if WEIGHTS.fullmatch(name))
    draws = [part for part in ast.walk(node) if isinstance(part, ast.Call) and called(part) in ("choice", "choices")]
    if (
        len(unread) == len(draws) == 1
        and len(draws[0].args) == 1
        and not _told(draws[0]) & {"weights", "cum_weights", "p"}
    ):
        what = f"weights={unread[0]}" if called(draws[0]) == "choices" else f"p={unread[0]}"
        text = f"`{unread[0]}` is computed and not given to it, so all are equally probable"
        yield Found(ast.unparse(draws[0]), code.place_of(draws[0]), text, f"Give it `{what}`.")


def _told(call: ast.Call) -> set[str | None]:
    return {option.arg for option in call.keywords}


def _twice_the_same_wave(node: ast.FunctionDef, code: Code) -> Iterator[Found]:
    """Find a table of places whose even and odd columns are the same waves."""
    waves: dict[tuple[str, str], dict[str, tuple[str, ast.Assign]]] = {}
    for part in (part for part in ast.walk(node) if isinstance(part, ast.Assign)):
        if found := SINES.fullmatch(ast.unparse(part)):
            waves.setdefault((found[1], found[4]), {})[found[2]] = (found[3], part)
    for (table, _), columns in waves.items():
        if len(columns) == 2 and columns["0"][0] == columns["1"][0]:
            wave, part = columns["1"]
            text = f"its odd columns are the same `{wave}` as the even ones, so half of them tell nothing"
            yield Found(table, code.place_of(part), text, "Take `sin` for the even and `cos` for the odd columns.")


def _lines_in_a_row(node: ast.Call, code: Code, names: Mapping[str, Any]) -> Iterator[Found]:
    """Find two linear layers that follow each other with nothing bent between them."""
    layers = [one for one in node.args if called(one) not in ("Dropout", "Identity")]
    for one, other in pairwise(layers) if called(node) == "Sequential" else ():
        if called(one) == called(other) == "Linear" and any(map(_has_lines_in_a_row, names.values())):
            what = f"{ast.unparse(one)}, {ast.unparse(other)}"
            text = "the one follows the other with nothing bent between, so both do what one of them does"
            yield Found(what, code.place_of(node), text, "Put a `nn.ReLU()` or `nn.Tanh()` between them.")


def _has_lines_in_a_row(value: object) -> bool:
    """Tell whether a network has them; a narrow one between wide ones may be meant so."""
    networks = value.modules() if isinstance(value, torch.nn.Module) else ()
    for one in (one for one in networks if isinstance(one, torch.nn.Sequential)):
        layers = [layer for layer in one if not isinstance(layer, torch.nn.Dropout | torch.nn.Identity)]
        for first, second in pairwise(layers):
            if not isinstance(first, torch.nn.Linear) or not isinstance(second, torch.nn.Linear):
                continue
            if first.out_features > min(first.in_features, second.out_features):
                return True
    return False
