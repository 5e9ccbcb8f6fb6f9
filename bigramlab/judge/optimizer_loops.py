"""Slips around an optimizer, one's own or torch's, that only the code shows: what stands in the wrong place."""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bigramlab.judge.reading_code import Code, Found, Loop, called, names_in, outer_loops, stored

__all__ = ["slips_around_optimizers"]

CLIPS = ("clip_grad_norm_", "clip_grad_value_")
RATE = re.compile(r"(lr|learning_rate)(_\w+)?")
DECAY = re.compile(r"(?i)(weight_?decay|\bwd\b)")
SECOND = re.compile(r"v_?hat\w*|vhat|sq_?hat")
CORRECTED = re.compile(r"(m|v)_?hat")
AVERAGED = re.compile(r"(?i)(ema|shadow|avg|averaged?)\w*")


def slips_around_optimizers(codes: Sequence[Code], names: Mapping[str, Any]) -> Iterator[Found]:
    """Yield what stands in the wrong order or is never used in loops that train.

    Args:
        codes: The code of the file.
        names: The values of the file.
    """
    trees = [(code, code.tree()) for code in codes]
    stepped = {_owner(node) for _, tree in trees for node in ast.walk(tree) if called(node) == "step"}
    for code, tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign) and "lr_scheduler." in ast.unparse(node.value):
                name = min(stored(node), default="")
                if name and name not in stepped and "" not in stepped and not _is_passed_on(name, tree):
                    text = "its `step()` is never called, so the learning rate stays what it was"
                    yield Found(
                        name, code.place_of(node), text, f"In the loop, after the optimizer's: `{name}.step()`."
                    )
        for loop in outer_loops(tree):
            yield from _in_loop(loop, code)
        yield from _own_adam(tree, code, names)


def _in_loop(loop: Loop, code: Code) -> Iterator[Found]:
    """Look at the order in which a loop clips, resets and steps."""
    calls = [node for node in ast.walk(loop) if isinstance(node, ast.Call)]
    at = {name: [(one.lineno, one.col_offset) for one in calls if called(one) == name] for name in ("backward", "step")}
    clips = [one for one in calls if called(one) in CLIPS]
    if len(clips) == 1 and at["backward"] and at["step"]:
        place = clips[0].lineno, clips[0].col_offset
        if place < min(at["backward"]):
            text = "the gradients are clipped before `backward()` makes them, so nothing is clipped"
            yield Found(called(clips[0]), code.place_of(clips[0]), text, "Clip between `backward()` and `step()`.")
        elif place > min((step for step in at["step"] if step > min(at["backward"])), default=place):
            text = "the gradients are clipped after the step, which went along the whole of them"
            yield Found(called(clips[0]), code.place_of(clips[0]), text, "Clip between `backward()` and `step()`.")
    inner = [node for node in ast.walk(loop) if isinstance(node, ast.For) and node is not loop]
    for one in inner:
        own = [node for node in ast.walk(one) if isinstance(node, ast.Call)]
        kinds = {called(node) for node in own}
        if {"backward", "zero_grad"} <= kinds and "step" not in kinds and at["step"]:
            reset = next(node for node in own if called(node) == "zero_grad")
            text = "the gradients are set back for each part of a batch, so only those of the last part count"
            yield Found(
                ast.unparse(reset),
                code.place_of(reset),
                text,
                "Set them back once, before the parts or after the step.",
            )
    for node in ast.walk(loop):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and len(stored(node)) == 1 and at["step"]:
            (name,) = stored(node)
            read = [part for part in ast.walk(loop) if isinstance(part, ast.Name) and part.id == name]
            own_rate = RATE.fullmatch(name) and RATE.search(called(node.value))
            if own_rate and all(isinstance(part.ctx, ast.Store) for part in read):
                text = (
                    "it is computed in each step and never used, so the optimizer keeps the rate that it was made with"
                )
                mend = f"Give it to the optimizer: `for group in optimizer.param_groups: group['lr'] = {name}`."
                yield Found(name, code.place_of(node), text, mend)


def _own_adam(tree: ast.Module, code: Code, names: Mapping[str, Any]) -> Iterator[Found]:
    """Look at the lines of an optimizer that is written out."""
    assigned = [node for node in ast.walk(tree) if isinstance(node, ast.Assign)]
    first, second = (names.get(name) for name in ("beta1", "beta2"))
    set_here = next((node for node in assigned if {"beta1", "beta2"} & stored(node)), None)
    if set_here and isinstance(first, float) and isinstance(second, float) and first > second:
        text = f"`beta1` is {first:g} and `beta2` {second:g}: they are exchanged, that of the squares is the slower"
        yield Found("beta1", code.place_of(set_here), text, f"`beta1, beta2 = {second:g}, {first:g}`.")
    yield from _uncorrected(assigned, code)
    for one in assigned:
        share = _share_of_the_new(one)
        value = names.get(share)
        if share and isinstance(value, float) and value > 0.5:
            average = ast.unparse(one.targets[0])
            text = f"of the average only {1 - value:.3g} is kept in each step: the two shares are exchanged"
            yield Found(average, code.place_of(one), text, f"`{average} = {share} * {average} + (1 - {share}) * …`.")
    for node in ast.walk(tree):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            under = ast.unparse(node.right)
            if re.fullmatch(rf"\(?({SECOND.pattern}) \+ \w+\)?", under):
                text = f"the step is divided by `{under}`, the mean of the squares, and should be by its root"
                yield Found(under, code.place_of(node), text, "Take the root of it: `v_hat ** 0.5 + eps`.")
        if isinstance(node, ast.Call) and called(node) == "mul_" and len(node.args) == 1:
            by = re.fullmatch(r"1(?:\.0)? \+ (.*)", ast.unparse(node.args[0]))
            if by and DECAY.search(by[1]):
                text = f"weights are multiplied by `{by[0]}`, so they grow: decay makes them smaller"
                yield Found(ast.unparse(node.func), code.place_of(node), text, f"Write `1 - {by[1]}`.")


def _uncorrected(assigned: Sequence[ast.Assign], code: Code) -> Iterator[Found]:
    """Find one of two means that is not divided, where the other is."""
    hats = {ast.unparse(node.targets[0]): node for node in assigned}
    hats = {name: node for name, node in hats.items() if CORRECTED.fullmatch(name)}
    divided = {name for name, node in hats.items() if "/" in ast.unparse(node.value)}
    for name in sorted(hats.keys() - divided) if divided else ():
        if isinstance(hats[name].value, ast.Name | ast.Subscript | ast.Attribute):
            text = f"it is not corrected for its start at 0, as `{min(divided)}` is"
            mend = "Divide by `1 - beta ** (step + 1)`, with its own beta."
            yield Found(name, code.place_of(hats[name]), text, mend)


def _share_of_the_new(node: ast.Assign) -> str:
    """Return the name of d in `average = (1 - d) * average + d * new`; nothing if it is no average."""
    average = ast.unparse(node.targets[0])
    if not AVERAGED.match(average):
        return ""
    found = re.match(rf"\(1(?:\.0)? - (\w+)\) \* {re.escape(average)} \+ \1 \* ", ast.unparse(node.value))
    return found[1] if found else ""


def _owner(node: ast.AST) -> str:
    """Return what a method is called on."""
    return ast.unparse(node.func.value) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else ""


def _is_passed_on(name: str, tree: ast.Module) -> bool:
    """Tell whether something else gets it, which may take its steps."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return any(name in names_in(one) for call in calls for one in [*call.args, *(word.value for word in call.keywords)])
