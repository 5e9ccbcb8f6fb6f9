"""The state of a recurrent network: what it remembers of a word must reach the next step."""

import ast
from collections.abc import Iterator

from bigramlab.judge.reading_code import Code, Found, Loop, called, names_in, stored

__all__ = ["forgotten_at_each_step"]

CELLS = ("RNNCell", "GRUCell", "LSTMCell")
EMPTY = ("zeros", "zeros_like", "new_zeros")


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
