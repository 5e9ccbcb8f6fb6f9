"""Slips around an optimizer, one's own or torch's, that only the code shows: what stands in the wrong place."""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bigramlab.judge.reading_code import Code, Found, Loop, called, mentions_grad, outer_loops, stored

__all__ = ["slips_around_optimizers"]

CLIPS = ("clip_grad_norm_", "clip_grad_value_")
RATE = re.compile(r"(lr|learning_rate)(_\w+)?")
SCHEDULE = re.compile(r"(LR|Scheduler|Restarts)$")
SCHEDULED = re.compile(r"(?i)schedul|get_last_lr|\.lr = ")
OPTIMIZER = re.compile(r"(?i)(self\.)?opt")
ADAM = re.compile(r"(grad\w*|\bg)(\[\w+\])?(\.data)? ?\*\* ?2|grad\.square\(|\bg ?\* ?g\b")
DECAY = re.compile(r"(?i)(weight_?decay|\bwd\b)")
SECOND = re.compile(r"v_?hat\w*|vhat|sq_?hat")
CORRECTED = re.compile(r"(m|v)_?hat")
AVERAGED = re.compile(r"(?i)(ema|shadow|avg|averaged?)\w*")
KEPT = re.compile(r"(?i)decay|beta|momentum")


def slips_around_optimizers(codes: Sequence[Code], names: Mapping[str, Any]) -> Iterator[Found]:
    """Yield what stands in the wrong order or is never used in loops that train.

    Args:
        codes: The code of the file.
        names: The values of the file.
    """
    trees = [(code, code.tree()) for code in codes]
    nodes = [node for _, tree in trees for node in ast.walk(tree)]
    printed = {id(part) for node in nodes if called(node) == "print" for part in ast.walk(node)}
    loaded = [node for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)]
    read = {node.id for node in loaded}
    set_elsewhere = any("param_groups" in code.text or SCHEDULED.search(code.text) for code in codes)
    used = read if set_elsewhere else {node.id for node in loaded if id(node) not in printed}
    for code, tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign) and SCHEDULE.search(called(node.value)):
                for name in stored(node) - read:
                    text = "its `step()` is never called, so the learning rate stays what it was"
                    mend = f"In the loop, after the optimizer's: `{name}.step()`."
                    yield Found(name, code.place_of(node), text, mend)
        for loop in outer_loops(tree):
            yield from _clipped_late(loop, tree, code)
            yield from _reset_within(loop, code)
            yield from _rate_unused(loop, code, used)
        if any(ADAM.search(one.text) for one in codes):
            yield from _own_adam(tree, code, names)


def _calls(of: ast.AST, name: str) -> list[ast.Call]:
    return [node for node in ast.walk(of) if isinstance(node, ast.Call) and called(node) == name]


def _owner(call: ast.Call) -> str:
    """Return what a method is called on."""
    return ast.unparse(call.func.value) if isinstance(call.func, ast.Attribute) else ""


def _given(of: ast.AST) -> set[str]:
    """Return what is given to calls, as it is written."""
    return {ast.unparse(one) for node in ast.walk(of) if isinstance(node, ast.Call) for one in node.args}


def _clipped_late(loop: Loop, tree: ast.Module, code: Code) -> Iterator[Found]:
    """Find gradients that are clipped before they are there, or after the one step of a loop."""
    clips = [call for name in CLIPS for call in _calls(loop, name) if "inf" not in ast.unparse(call)]
    backward, steps = _calls(loop, "backward"), [one for one in _calls(loop, "step") if OPTIMIZER.match(_owner(one))]
    if not len(clips) == len(backward) == len(steps) == 1 or len(_calls(tree, "backward")) > 1:
        return
    clip, made, step = ((call.lineno, call.col_offset) for call in (clips[0], backward[0], steps[0]))
    text = "before `backward()` makes them, so nothing is clipped" if clip < made else ""
    text = "after the step, which went along the whole of them" if made < step < clip else text
    if text:
        place, mend = code.place_of(clips[0]), "Clip between `backward()` and `step()`."
        yield Found(called(clips[0]), place, f"the gradients are clipped {text}", mend)


def _reset_within(loop: Loop, code: Code) -> Iterator[Found]:
    """Find a reset within a loop over the parts of a batch, where the step comes after all of them."""
    steps = {_owner(call) for call in _calls(loop, "step")}
    for one in (node for node in ast.walk(loop) if isinstance(node, ast.For) and node is not loop):
        own = [part.value for part in one.body if isinstance(part, ast.Expr) and called(part.value) == "zero_grad"]
        resets = [call for call in own if isinstance(call, ast.Call) and _owner(call) in steps]
        used = mentions_grad(one) or _calls(one, "step") or steps & _given(one)
        if resets and _calls(one, "backward") and not used:
            text = "the gradients are reset for each part of a batch, so only those of the last part count"
            mend = "Reset them once, before the parts or after the step."
            yield Found(ast.unparse(resets[0]), code.place_of(resets[0]), text, mend)


def _rate_unused(loop: Loop, code: Code, read: set[str]) -> Iterator[Found]:
    """Find a learning rate that is computed in each step, and at most printed."""
    for node in ast.walk(loop):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and len(stored(node)) == 1:
            (name,) = stored(node)
            planned = RATE.fullmatch(name) and RATE.search(called(node.value)) and _calls(loop, "step")
            elsewhere = any(re.match("(?i)opt|sched", one) for one in _given(node))  # which may set it there
            if planned and name not in read and not elsewhere:
                text = "it is computed in each step and goes nowhere: the optimizer keeps the rate it was made with"
                mend = f"Give it to the optimizer: `for group in optimizer.param_groups: group['lr'] = {name}`."
                yield Found(name, code.place_of(node), text, mend)


def _own_adam(tree: ast.Module, code: Code, names: Mapping[str, Any]) -> Iterator[Found]:
    """Look at the lines of an optimizer that is written out."""
    assigned = [node for node in ast.walk(tree) if isinstance(node, ast.Assign)]
    first, second = (names.get(name) for name in ("beta1", "beta2"))
    set_here = next((node for node in assigned if {"beta1", "beta2"} & stored(node)), None)
    if set_here and isinstance(first, float) and isinstance(second, float) and 0.5 <= second < first < 1:
        text = f"`beta1` is {first:g} and `beta2` {second:g}: exchanged, as the mean of the squares is the slower"
        yield Found("beta1", code.place_of(set_here), text, f"`beta1, beta2 = {second:g}, {first:g}`.")
    yield from _uncorrected(assigned, code)
    yield from _shares_exchanged(assigned, code, names)
    hats = [ast.unparse(node.value) for node in assigned if any(map(SECOND.fullmatch, stored(node)))]
    rooted = any(re.search(r"sqrt|0\.5", one) for one in hats)
    for node in ast.walk(tree):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div) and not rooted:
            under = ast.unparse(node.right)
            if re.fullmatch(rf"\(?({SECOND.pattern}) \+ \w+\)?", under):
                text = f"the step is divided by `{under}`, the mean of the squares, and should be by its root"
                yield Found(under, code.place_of(node), text, "Take the root of it: `v_hat ** 0.5 + eps`.")
        if isinstance(node, ast.Call) and called(node) == "mul_" and len(node.args) == 1:
            by = re.fullmatch(r"1(?:\.0)? \+ (.*)", ast.unparse(node.args[0]))
            if by and DECAY.search(by[1]) and not re.search("-|neg", by[1]):
                text = f"weights are multiplied by `{by[0]}`, so they grow: decay makes them smaller"
                yield Found(ast.unparse(node.func), code.place_of(node), text, f"Write `1 - {by[1]}`.")


def _uncorrected(assigned: Sequence[ast.Assign], code: Code) -> Iterator[Found]:
    """Find one of two means that is not divided, where the other is, and nothing else corrects it."""
    hats = {ast.unparse(node.targets[0]): node for node in assigned}
    hats = {name: node for name, node in hats.items() if CORRECTED.fullmatch(name)}
    divided = {name for name, node in hats.items() if "/" in ast.unparse(node.value)}
    only_one = len(re.findall(r"1(?:\.0)? ?- ?\w+ ?\*\* ?", code.text)) == 1
    for name in sorted(hats.keys() - divided) if divided and only_one else ():
        if re.fullmatch(r"[mv](\[\w+\])?", ast.unparse(hats[name].value)):
            text = f"it is not corrected for its start at 0, as `{min(divided)}` is"
            mend = "Divide by `1 - beta ** (step + 1)`, with its own beta."
            yield Found(name, code.place_of(hats[name]), text, mend)


def _shares_exchanged(assigned: Sequence[ast.Assign], code: Code, names: Mapping[str, Any]) -> Iterator[Found]:
    """Find `average = (1 - d) * average + d * new` where d is what should be kept."""
    for node in assigned:
        average = ast.unparse(node.targets[0])
        found = re.match(rf"\(1(?:\.0)? - (\w+)\) \* {re.escape(average)} \+ \1 \* ", ast.unparse(node.value))
        value = names.get(found[1]) if found and AVERAGED.match(average) and KEPT.search(found[1]) else None
        if found and isinstance(value, float) and 0.9 <= value < 1:
            text = f"only {1 - value:.3g} of the average is kept in each step: the two shares are exchanged"
            mend = f"`{average} = {found[1]} * {average} + (1 - {found[1]}) * …`."
            yield Found(average, code.place_of(node), text, mend)
