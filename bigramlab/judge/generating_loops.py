"""Slips in going from token to token with a network that only the code shows: what it remembers, sees and gives."""

import ast
import re
from collections.abc import Iterator, Sequence

from bigramlab.judge.reading_code import Code, Found, Loop, called, names_in, stored

__all__ = ["forgotten_at_each_step", "slips_in_generating"]

DRAWS = ("multinomial", "choices", "choice", "argmax")
EMPTY = ("zeros", "zeros_like", "new_zeros")
STATE = re.compile(r"h|hx|hc|hidden|state|cache|past\w*|kv\w*|mem\w*|memory")


def slips_in_generating(loop: Loop, code: Code, codes: Sequence[Code]) -> Iterator[Found]:
    """Yield the slips of a loop that draws a token in each turn.

    Args:
        loop: The loop.
        code: Where it stands.
        codes: All the code of the file, which shows how the network is used elsewhere.
    """
    if not any(called(node) in DRAWS for node in ast.walk(loop)):
        return
    yield from _state_thrown_away(loop, code)
    yield from _first_tokens(loop, code)
    yield from _first_place(loop, code)
    yield from _same_place(loop, code, codes)


def _state_thrown_away(loop: Loop, code: Code) -> Iterator[Found]:
    """Find a state that is given in each turn, where the new one that comes back is thrown away."""
    for node in ast.walk(loop):
        target = node.targets[0] if isinstance(node, ast.Assign) else None
        if not isinstance(node, ast.Assign) or not isinstance(target, ast.Tuple) or len(target.elts) != 2:
            continue
        back, call = ast.unparse(target.elts[1]), node.value
        given = [
            one.id for one in getattr(call, "args", [])[1:] if isinstance(one, ast.Name) and STATE.fullmatch(one.id)
        ]
        changed = {ast.unparse(one.func.value) for one in ast.walk(loop)
                   if isinstance(one, ast.Call) and isinstance(one.func, ast.Attribute)}  # fmt: skip
        if back == "_" and len(given) == 1 and given[0] not in names_in(loop, ast.Store) | changed:
            text = f"the new state that comes back is thrown away, so `{given[0]}` is the same at each step"
            logits = ast.unparse(target.elts[0])
            yield Found(given[0], code.place_of(node), text, f"Keep it: `{logits}, {given[0]} = {ast.unparse(call)}`.")


def _grown(loop: Loop) -> set[str]:
    """Return the names of the rows of tokens that what is drawn is appended to."""
    return {
        name
        for node in ast.walk(loop)
        if isinstance(node, ast.Assign) and called(node.value) in ("cat", "concat", "concatenate")
        for name in stored(node)
        if name in names_in(node.value)
    }


def _first_tokens(loop: Loop, code: Code) -> Iterator[Found]:
    """Find a text that is cut to its first tokens, where the last ones are what comes before the next."""
    grown = _grown(loop)
    for node in ast.walk(loop):
        cut = (
            re.fullmatch(r"(\w+)\[:, :(\w+(?:\.\w+)*)\]", ast.unparse(node))
            if isinstance(node, ast.Subscript)
            else None
        )
        if cut and cut[1] in grown and isinstance(node, ast.Subscript):
            text = f"the first `{cut[2]}` tokens, and the last ones are what the next is to be guessed from"
            yield Found(cut[0], code.place_of(node), text, f"Write `{cut[1]}[:, -{cut[2]}:]`.")


def _first_place(loop: Loop, code: Code) -> Iterator[Found]:
    """Find logits of the first place, where those of the last one tell the next token."""
    grown = _grown(loop)
    for node in ast.walk(loop):
        if not isinstance(node, ast.Subscript) or not isinstance(node.value, ast.Call | ast.Name):
            continue
        first = re.fullmatch(r"\(?:, 0(?:, :)?\)?", ast.unparse(node.slice))
        made = isinstance(node.value, ast.Call) or _is_from_call(node.value.id, loop, grown)
        if first and made and (isinstance(node.value, ast.Name) or names_in(node.value) & grown):
            text = "the logits of the first place, and those of the last one tell what comes next"
            yield Found(ast.unparse(node), code.place_of(node), text, "Take `[:, -1]`.")


def _is_from_call(name: str, loop: Loop, grown: set[str]) -> bool:
    """Tell whether a name holds what a network gives for a row that grows."""
    made = [node for node in ast.walk(loop) if isinstance(node, ast.Assign) and name in stored(node)]
    return any(isinstance(node.value, ast.Call) and names_in(node.value) & grown for node in made)


def _same_place(loop: Loop, code: Code, codes: Sequence[Code]) -> Iterator[Found]:
    """Find a place that is given as 0 in each turn, where the same function gets the loop's own count elsewhere."""
    if not isinstance(loop, ast.For) or not isinstance(loop.target, ast.Name):
        return
    place = loop.target.id
    if any(place in names_in(part) for part in loop.body):
        return
    others = [node for one in codes for node in ast.walk(one.tree()) if isinstance(node, ast.Call)]
    for call in (node for node in ast.walk(loop) if isinstance(node, ast.Call)):
        for at, argument in enumerate(call.args):
            zero = isinstance(argument, ast.Constant) and type(argument.value) is int and argument.value == 0
            same = [one for one in others if called(one) == called(call) and len(one.args) > at]
            if zero and any(ast.unparse(one.args[at]) == place for one in same):
                text = f"the place is 0 in each turn, and where the network learns it is `{place}`"
                yield Found(ast.unparse(call), code.place_of(call), text, f"Give it `{place}`.")


def forgotten_at_each_step(loop: Loop, code: Code) -> Iterator[Found]:
    """Find a state that is made of zeros in the very loop that goes from step to step."""
    for at, part in enumerate(loop.body):
        if not isinstance(part, ast.Assign) or called(part.value) not in EMPTY or len(stored(part)) != 1:
            continue
        (name,) = stored(part)
        steps = [one for one in loop.body[at + 1 :] if isinstance(one, ast.Assign) and name in stored(one)]
        nested = [one for one in loop.body if isinstance(one, ast.For | ast.While) and name in names_in(one)]
        if len(steps) == 1 and not nested and _is_a_step(steps[0].value, name) and _goes_on(loop):
            text = "made of zeros again at each step, so nothing of the letters before is remembered"
            mend = f"Write `{ast.unparse(part)}` before the loop over the letters of a word."
            yield Found(name, code.place_of(part), text, mend)


def _is_a_step(value: ast.expr, name: str) -> bool:
    """Tell whether a state is multiplied by weights here, as one step of a network does."""
    if isinstance(value, ast.Call) and any(ast.unparse(one) == name for one in value.args[1:]):
        return True  # of the file's own step, which gives the new state
    for node in ast.walk(value):
        matmul = isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult) and name in names_in(node.left)
        call = isinstance(node, ast.Call) and called(node) in ("matmul", "mm", "linear", "cell")
        if matmul or (call and any(name in names_in(one) for one in getattr(node, "args", []))):
            return True
    return False


def _goes_on(loop: Loop) -> bool:
    """Tell whether a loop goes from token to token: along pairs of a word, or until the end is drawn."""
    if isinstance(loop, ast.While):
        return any(called(node) == "multinomial" for node in ast.walk(loop))
    if any(called(node) == "multinomial" for node in ast.walk(loop)):
        return True
    iterated, each = ast.unparse(loop.iter), names_in(loop.target, ast.Store)
    letters = any(isinstance(node, ast.Constant) and isinstance(node.value, str) for node in ast.walk(loop.iter))
    pieces = [node.slice for part in loop.body for node in ast.walk(part) if isinstance(node, ast.Subscript)]
    by_place = called(loop.iter) == "range" and any(each & names_in(piece) for piece in pieces)
    return letters or by_place or (called(loop.iter) == "zip" and "[1:]" in iterated)
