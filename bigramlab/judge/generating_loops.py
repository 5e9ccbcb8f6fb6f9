"""Slips in going from token to token with a network that only the code shows: what it remembers, sees and gives."""

import ast
import re
from collections.abc import Iterator, Sequence

from bigramlab.judge.reading_code import Code, Found, Loop, called, names_in, stored

__all__ = ["forgotten_at_each_step", "slips_in_generating"]

DRAWS = ("multinomial", "choices", "choice")
CATS = ("cat", "concat", "concatenate", "hstack")
EMPTY = ("zeros", "zeros_like", "new_zeros")
STATE = re.compile(r"h|hx|hc|hidden|state")
PLACE = re.compile(r"pos\w*|place\w*|t|step|i")


def slips_in_generating(loop: Loop, code: Code, codes: Sequence[Code]) -> Iterator[Found]:
    """Yield the slips of a loop that draws a token in each turn.

    Args:
        loop: The loop.
        code: Where it stands.
        codes: All the code of the file, which shows how the network is used elsewhere.
    """
    if not any(called(node) in DRAWS for node in ast.walk(loop)):
        return
    grown = _grown(loop)
    yield from _state_thrown_away(loop, code, grown)
    yield from _first_tokens(loop, code, grown)
    yield from _first_place(loop, code, grown)
    yield from _same_place(loop, code, codes)


def _grown(loop: Loop) -> set[str]:
    """Return the names of the rows of tokens that what is drawn is appended to."""
    found = set[str]()
    for node in ast.walk(loop):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and called(node.value) in CATS:
            first = next(iter(getattr(next(iter(node.value.args), None), "elts", [])), None)
            found |= stored(node) & ({first.id} if isinstance(first, ast.Name) else set())
        if isinstance(node, ast.Call) and called(node) == "append" and isinstance(node.func, ast.Attribute):
            found |= names_in(node.func.value)
    return found


def _state_thrown_away(loop: Loop, code: Code, grown: set[str]) -> Iterator[Found]:
    """Find a state that is given in each turn, where the new one that comes back is thrown away."""
    for node in ast.walk(loop):
        target = node.targets[0] if isinstance(node, ast.Assign) else None
        if not isinstance(node, ast.Assign) or not isinstance(target, ast.Tuple) or len(target.elts) != 2:
            continue
        logits, back = (ast.unparse(one) for one in target.elts)
        arguments = getattr(node.value, "args", [])
        given = [one.id for one in arguments[1:] if isinstance(one, ast.Name) and STATE.fullmatch(one.id)]
        whole = bool(arguments) and bool(names_in(arguments[0]) & grown)  # all is read again, from the beginning
        if back == "_" and len(given) == 1 and given[0] not in names_in(loop, ast.Store) and not whole:
            text = f"the new state that comes back is thrown away, so `{given[0]}` is the same at each step"
            mend = f"Keep it: `{logits}, {given[0]} = {ast.unparse(node.value)}`."
            yield Found(given[0], code.place_of(node), text, mend)


def _first_tokens(loop: Loop, code: Code, grown: set[str]) -> Iterator[Found]:
    """Find a text that is cut to its first tokens, where the last ones are what comes before the next."""
    if any(isinstance(node, Loop) for part in loop.body for node in ast.walk(part)):
        return
    calls = [node for node in ast.walk(loop) if isinstance(node, ast.Call) and called(node) not in CATS]
    given = {id(one) for call in calls for one in call.args}
    kept = [node for node in ast.walk(loop) if isinstance(node, ast.Assign) and not stored(node) & grown]
    given |= {id(node.value) for node in kept}
    for node in (node for node in ast.walk(loop) if isinstance(node, ast.Subscript) and id(node) in given):
        cut = re.fullmatch(r"(\w+)\[:, :(\w+(?:\.\w+)*)\]", ast.unparse(node))
        if cut and cut[1] in grown:
            text = f"these are the first `{cut[2]}` tokens, and the next one is to be guessed from the last ones"
            yield Found(cut[0], code.place_of(node), text, f"Write `{cut[1]}[:, -{cut[2]}:]`.")


def _first_place(loop: Loop, code: Code, grown: set[str]) -> Iterator[Found]:
    """Find logits of the first place, where those of the last one tell the next token."""
    stores = [node.id for node in ast.walk(loop) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]
    assigned = [node for node in ast.walk(loop) if isinstance(node, ast.Assign)]
    whole = {name for node in assigned if _reads_all(node.value, grown) for name in stored(node)}
    for node in ast.walk(loop):
        if not isinstance(node, ast.Subscript) or not isinstance(node.ctx, ast.Load):
            continue
        first = re.fullmatch(r"\(?:, 0(?:, :)?\)?", ast.unparse(node.slice))
        name = node.value.id if isinstance(node.value, ast.Name) else ""
        if first and (_reads_all(node.value, grown) or (name in whole and stores.count(name) == 1)):
            text = "these are the logits of the first place, and those of the last one tell what comes next"
            yield Found(ast.unparse(node), code.place_of(node), text, "Take `[:, -1]`.")


def _reads_all(node: ast.expr, grown: set[str]) -> bool:
    """Tell whether a network is given a row that grows."""
    return isinstance(node, ast.Call) and bool(names_in(node) & grown)


def _same_place(loop: Loop, code: Code, codes: Sequence[Code]) -> Iterator[Found]:
    """Find a place that is given as 0 in each turn, where the file's own function gets a loop's count elsewhere."""
    if not isinstance(loop, ast.For) or not isinstance(loop.target, ast.Name):
        return
    place = loop.target.id
    if any(place in names_in(part) for part in loop.body):
        return
    nodes = [node for one in codes for node in ast.walk(one.tree())]
    own = {node.name: [one.arg for one in node.args.args] for node in nodes if isinstance(node, ast.FunctionDef)}
    for call in (node for node in ast.walk(loop) if isinstance(node, ast.Call)):
        same = [one for one in nodes if isinstance(one, ast.Call) and called(one) == called(call)]
        for at, (argument, name) in enumerate(zip(call.args, own.get(called(call), ()), strict=False)):
            elsewhere = any(len(one.args) > at and ast.unparse(one.args[at]) == place for one in same)
            if ast.unparse(argument) == "0" and elsewhere and PLACE.fullmatch(name):
                text = f"the place is 0 in each turn, and where the network learns it is `{place}`"
                yield Found(ast.unparse(call), code.place_of(call), text, f"Give it `{place}`.")


def forgotten_at_each_step(loop: Loop, code: Code) -> Iterator[Found]:
    """Find a state that is made of zeros in the very loop that goes from step to step."""
    if any(called(node) == "backward" for node in ast.walk(loop)) or not _goes_on(loop):
        return
    for at, part in enumerate(loop.body):
        if not isinstance(part, ast.Assign) or called(part.value) not in EMPTY or len(stored(part)) != 1:
            continue
        (name,) = stored(part)
        steps = [one for one in loop.body[at + 1 :] if isinstance(one, ast.Assign) and name in stored(one)]
        nested = any(isinstance(one, ast.For | ast.While) and name in names_in(one) for one in loop.body)
        if STATE.fullmatch(name) and len(steps) == 1 and not nested and _is_a_step(steps[0].value, name, _grown(loop)):
            text = "made of zeros again at each step, so nothing of the letters before is remembered"
            mend = f"Write `{ast.unparse(part)}` before the loop over the letters of a word."
            yield Found(name, code.place_of(part), text, mend)


def _is_a_step(value: ast.expr, name: str, grown: set[str]) -> bool:
    """Tell whether a state is multiplied by weights here, or given to the file's own step, for a single token."""
    slices = any(isinstance(node, ast.Slice) and (node.lower or node.upper) for node in ast.walk(value))
    if slices or names_in(value) & grown:
        return False
    if isinstance(value, ast.Call) and any(ast.unparse(one) == name for one in value.args[1:]):
        return isinstance(value.args[0], ast.Name | ast.Subscript)
    products = [node for node in ast.walk(value) if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult)]
    calls = [
        node for node in ast.walk(value) if isinstance(node, ast.Call) and called(node) in ("matmul", "mm", "linear")
    ]
    multiplied = [one.left for one in products] + [one for call in calls for one in call.args[:1]]
    return any(name in names_in(one) for one in multiplied)


def _goes_on(loop: Loop) -> bool:
    """Tell whether a loop goes from token to token: along pairs of a word, or until the end is drawn."""
    if isinstance(loop, ast.While) or any(called(node) == "multinomial" for node in ast.walk(loop)):
        return any(called(node) == "multinomial" for node in ast.walk(loop))
    iterated, each = ast.unparse(loop.iter), names_in(loop.target, ast.Store)
    letters = isinstance(loop.iter, ast.BinOp) and "'.'" in iterated  # such as `word + "."`
    pieces = [node.slice for part in loop.body for node in ast.walk(part) if isinstance(node, ast.Subscript)]
    places = (piece.elts[-1] for piece in pieces if isinstance(piece, ast.Tuple))  # as in `x[:, t]`
    by_place = called(loop.iter) == "range" and any(each & names_in(place) for place in places)
    return letters or by_place or (called(loop.iter) == "zip" and "[1:]" in iterated)
