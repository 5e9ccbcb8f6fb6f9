"""Slips in a walk that only its code shows: it stays in one row, ends elsewhere than at the boundary, begins alike."""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from torch import Tensor

from bigramlab.judge.reading_code import Code, Found, Loop, called, names_in, pairs_of, stored

__all__ = [
    "context_that_stays",
    "context_turned",
    "even_draws",
    "other_end",
    "seeded_anew",
    "times_temperature",
    "walk_that_stays",
]

AT_THE_END = r"(\w+) = \1\[1:\] \+ \[(.*)\]"
AT_THE_FRONT = r"(\w+) = \[(.*)\] \+ \1\[:-1\]"
OVER_THE_LAST = r"(\w+) = \1\[:-1\] \+ \[(.*)\]"
TEMPERATURE = re.compile(r"(\w+\.)?temperature")
SHARES = re.compile(r"(?i)^p$|prob|softmax")
INVERSE = re.compile(r"temperature = 1(\.0)? ?/")
LOGITS = re.compile(r"(?i)logit|scores|^l$|^lg$|^log_?p|^(model|net)\(")
CHANGES = ("append", "extend", "pop", "insert", "clear", "update", "copy_", "fill_")
STEADY_CALLS = (
    *("one_hot", "exp", "softmax", "log_softmax", "log", "sum", "mean", "max", "float", "long", "item", "detach"),
    *("tensor", "LongTensor", "view", "reshape", "cat", "stack", "unsqueeze", "squeeze", "matmul", "multinomial"),
    *("tanh", "relu", "silu", "sigmoid"),
)


def _drawn(loop: ast.While) -> tuple[str, ast.Call] | None:
    """Return the name that holds what the loop draws, and the call that draws it."""
    for part in loop.body:
        if isinstance(part, ast.Assign) and len(names := stored(part)) == 1:
            for call in ast.walk(part.value):
                if isinstance(call, ast.Call) and called(call) == "multinomial":
                    return names.pop(), call
    return None


def _ends_of(loop: ast.While, drawn: str) -> Iterator[int]:
    """Yield the ids at which the loop ends: those that the drawn one is compared with."""
    tests = [
        part.test
        for part in loop.body
        if isinstance(part, ast.If) and isinstance(part.body[-1], ast.Break | ast.Return)
    ]
    for test, wanted in [(loop.test, ast.NotEq), *((test, ast.Eq) for test in tests)]:
        if isinstance(test, ast.Compare) and names_in(test.left) == {drawn} and isinstance(test.ops[0], wanted):
            value = getattr(test.comparators[0], "value", None)
            yield from [value] if type(value) is int else []


def times_temperature(code: Code) -> Iterator[Found]:
    """Find logits that are multiplied by a temperature, where they should be divided by it."""
    if not re.search(r"multinomial|choice|softmax|items\(", code.text) or INVERSE.search(code.text):
        return
    for node in ast.walk(code.tree()):
        power = isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow)
        power = power and SHARES.search(ast.unparse(getattr(node, "left", node))) is not None
        if power and isinstance(node, ast.BinOp) and TEMPERATURE.fullmatch(by := ast.unparse(node.right)):
            text = f"probabilities to the power of `{by}`: a high temperature makes what is drawn surer, not freer"
            mend = f"Raise them to the power of one over it: `{ast.unparse(node.left)} ** (1 / {by})`."
            yield Found(ast.unparse(node), code.place_of(node), text, mend)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
            sides = [ast.unparse(node.left), ast.unparse(node.right)]
            by = next((side for side in sides if TEMPERATURE.fullmatch(side)), "")
            if by and any(LOGITS.search(side) for side in sides if side != by):
                text = (
                    f"logits are multiplied by `{by}`, so that a high temperature makes what is drawn surer, not freer"
                )
                other = next(side for side in sides if side != by)
                yield Found(ast.unparse(node), code.place_of(node), text, f"Divide by it: `{other} / {by}`.")


def walk_that_stays(loop: ast.While, code: Code, names: Mapping[str, Any]) -> Iterator[Found]:
    """Find a walk in which each token is drawn from the same row of a table, or network."""
    found = _drawn(loop)
    if not found or not [*_ends_of(loop, found[0])]:
        return
    drawn, row = found[0], _row_of(loop, found[1])
    if row is None or not isinstance(row.value, ast.Name):
        of = _from(loop, found[1]) if found[1].args else None
        if of is not None and "ones" not in map(called, ast.walk(of)) and _stays(loop, of):
            text = f"each token is drawn from the same probabilities, `{ast.unparse(of)}`, whatever stands before it"
            mend = f"What they are made of must change in the loop: it has to depend on `{drawn}`."
            yield Found(ast.unparse(found[1].args[0]), code.place_of(found[1]), text, mend)
        return
    table, index = names.get(row.value.id), row.slice.elts[0] if isinstance(row.slice, ast.Tuple) else row.slice
    fixed = isinstance(index, ast.Constant) and type(index.value) is int
    stays = isinstance(index, ast.Name) and not _changes(loop, index.id)
    pair = [*row.slice.elts] if isinstance(row.slice, ast.Tuple) else []
    if isinstance(table, Tensor) and table.ndim == 3 and len({*table.shape}) == 1 and stays and len(pair) == 2:
        text = f"the older token, `{ast.unparse(index)}`, stays what it was at the beginning, whatever is drawn"
        older, newer = map(ast.unparse, pair)
        mend = f"Both must move on: `{older}, {newer} = {newer}, {drawn}`."
        mend = f"Before `{newer}` is drawn anew, `{older}` must become what it was." if newer == drawn else mend
        yield Found(ast.unparse(row), code.place_of(found[1]), text, mend)
    if isinstance(table, Tensor) and table.ndim == 2 and table.shape[0] == table.shape[1] and (fixed or stays):
        text = f"each token is drawn from the same row, `{ast.unparse(row)}`, whatever stands before it"
        token = ast.unparse(index)
        mend = f"Draw from the row of the token before: `{row.value.id}[{drawn}]`."
        if stays:
            mend = f"In the loop, `{token}` must become what was drawn, as in `{token} = {drawn}`."
        yield Found(ast.unparse(row), code.place_of(found[1]), text, mend)


def context_that_stays(loop: Loop, code: Code) -> Iterator[Found]:
    """Find a walk whose context, made before it of as many tokens as the model sees, is the same at each draw."""
    drawing = [part for part in loop.body if isinstance(part, ast.Assign) and any(map(_draws, ast.walk(part.value)))]
    if len(drawing) != 1 or len(stored(drawing[0])) != 1:
        return
    made = {name: part.value for part in loop.body if isinstance(part, ast.Assign) for name in stored(part)}
    left, seen = [*names_in(drawing[0].value)], set[str]()
    while left:
        name = left.pop()
        left += [one for one in names_in(made[name]) if one not in seen] if name in made else []
        seen |= {name}
    changed = names_in(loop, ast.Store)
    for node in ast.walk(loop):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CHANGES:
            changed |= names_in(node.func.value)
        if isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load):
            changed |= names_in(node.value)
    (drawn,) = stored(drawing[0])
    for node in ast.walk(code.tree()):
        if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.BinOp | ast.List):
            continue
        repeated = isinstance(node.value, ast.BinOp) and isinstance(node.value.op, ast.Mult)
        if repeated and isinstance(node.value.left, ast.List) and len(stored(node)) == 1:  # type: ignore[union-attr]  # a BinOp, as was just asked
            (context,) = stored(node)
            if context in seen - changed and drawn not in seen:
                text = f"`{context}` is the same at each draw, so each token is drawn as if the word began with it"
                mend = f"In the loop, write `{context} = {context}[1:] + [{drawn}]`."
                yield Found(context, code.place_of(drawing[0]), text, mend)
                return


def context_turned(loop: Loop, code: Code, codes: Sequence[Code]) -> Iterator[Found]:
    """Find a walk that puts what it drew at the front of its context, where the examples have it at the end."""
    there = [node for one in codes for node in ast.walk(one.tree()) if isinstance(node, ast.Assign)]
    if not any(map(_draws, ast.walk(loop))) or not any(
        re.fullmatch(AT_THE_END, " = ".join(pair)) for node in there for pair in pairs_of(node)
    ):
        return
    for node in ast.walk(loop):
        moves = [" = ".join(pair) for pair in pairs_of(node)] if isinstance(node, ast.Assign) else []
        over = next((found for one in moves if (found := re.fullmatch(OVER_THE_LAST, one))), None)
        moved = [one for one in ast.walk(loop) if isinstance(one, ast.Assign) and over and over[1] in stored(one)]
        if isinstance(node, ast.Assign) and over and len(moved) == 1 and over[2].isidentifier():
            text = "what was drawn is written over the last token, and the others never move on"
            yield Found(over[1], code.place_of(node), text, f"Write `{over[1]} = {over[1]}[1:] + [{over[2]}]`.")
        if isinstance(node, ast.Assign) and (turned := re.fullmatch(AT_THE_FRONT, ast.unparse(node))):
            text = "what was drawn is put in front of the context, and in the examples the last token stands at its end"
            mend = f"Write `{turned[1]} = {turned[1]}[1:] + [{turned[2]}]`."
            yield Found(turned[1], code.place_of(node), text, mend)


def _changes(loop: ast.While, name: str) -> bool:
    """Tell whether a name is given another value in a loop: `i, j = i, k` gives `i` its own."""
    own: set[int] = set()
    for node in (node for node in ast.walk(loop) if isinstance(node, ast.Assign) and len(node.targets) == 1):
        target, value = node.targets[0], node.value
        if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
            pairs = zip(target.elts, value.elts, strict=False)
            own |= {id(one) for one, other in pairs if ast.unparse(one) == ast.unparse(other) == name}
    stores = (node for node in ast.walk(loop) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store))
    return any(node.id == name and id(node) not in own for node in stores)


def _draws(node: ast.AST) -> bool:
    return called(node) in ("multinomial", "choices", "choice")


def even_draws(loop: ast.While, code: Code, names: Mapping[str, Any]) -> Iterator[Found]:
    """Find a walk in which each token is drawn evenly, although a table of probabilities is there."""
    found = _drawn(loop)
    evenly = _from(loop, found[1]) if found and [*_ends_of(loop, found[0])] else None
    tables = [name for name, value in names.items() if _is_of_shares(value)]
    changing = {name for part in ast.walk(loop) if isinstance(part, ast.Assign) for name in stored(part)}
    if not found or evenly is None or not tables:
        return
    if "ones" in map(called, ast.walk(evenly)) and not names_in(evenly) & changing:
        text = f"each token is drawn from `{ast.unparse(evenly)}`, so all are equally probable"
        mend = f"Draw from the row of the token before, such as `{tables[-1]}[{found[0]}]`."
        yield Found(ast.unparse(found[1].args[0] if found[1].args else evenly), code.place_of(found[1]), text, mend)


def _is_of_shares(value: object) -> bool:
    if not (isinstance(value, Tensor) and value.ndim == 2 and value.shape[0] == value.shape[1] > 1):
        return False
    return value.is_floating_point() and bool(((value.detach().sum(1) - 1).abs() < 1e-3).all())


def seeded_anew(loop: ast.For, code: Code) -> Iterator[Found]:
    """Find a generator that is seeded in each turn of a loop, always alike, so that each word is the same."""
    calls = [node for node in ast.walk(loop) if isinstance(node, ast.Call)]
    if names_in(loop.target, ast.Store) & {name for part in loop.body for name in names_in(part)}:
        return  # it differs in something else: a temperature, a table
    for call in calls:
        constant = call.args and all(isinstance(one, ast.Constant) for one in call.args)
        if called(call) == "manual_seed" and constant and any(called(one) == "multinomial" for one in calls):
            text = "the generator is seeded anew for each word, so that all words are the same"
            yield Found(ast.unparse(call), code.place_of(call), text, "Make the generator once, before the loop.")


def _stays(loop: ast.While, of: ast.expr) -> bool:
    """Tell whether something is the same in each turn: nothing that it is made of changes, and all calls are known."""
    made = {name: part.value for part in loop.body if isinstance(part, ast.Assign) for name in stored(part)}
    changing = names_in(loop, ast.Store) - made.keys()
    for node in ast.walk(loop):
        changing |= (
            names_in(node.target) | names_in(node.target, ast.Store) if isinstance(node, ast.AugAssign) else set()
        )
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CHANGES:
            changing |= names_in(node.func.value)
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
            changing |= names_in(node.value)
    left, seen = [of], set[str]()
    while left:
        part = left.pop()
        if any(isinstance(node, ast.Call) and called(node) not in STEADY_CALLS for node in ast.walk(part)):
            return False
        names = names_in(part) - seen
        if names & changing or any(name in names_in(made[name]) for name in names & made.keys()):
            return False
        seen |= names
        left += [made[name] for name in names & made.keys()]
    drawn = _drawn(loop)
    return drawn is not None and drawn[0] not in seen


def _row_of(loop: ast.While, call: ast.Call) -> ast.Subscript | None:
    """Return the row of a table that is drawn from, if it is one."""
    of = _from(loop, call)
    return of if isinstance(of, ast.Subscript) else None


def _from(loop: ast.While, call: ast.Call) -> ast.expr | None:
    """Return what is drawn from, as it was made last in the loop."""
    own = isinstance(call.func, ast.Attribute) and (not call.args or isinstance(call.args[0], ast.Constant))
    of: ast.expr | None = (
        call.func.value if own and isinstance(call.func, ast.Attribute) else next(iter(call.args), None)
    )
    if isinstance(of, ast.Name):
        before = [part for part in loop.body if isinstance(part, ast.Assign) and part.lineno < call.lineno]
        of = next((part.value for part in reversed(before) if stored(part) == {of.id}), None)
    return of


def other_end(loop: ast.While, code: Code, boundary: int) -> Iterator[Found]:
    """Find a walk that ends at another id than that of the boundary token."""
    found = _drawn(loop)
    ends = {*_ends_of(loop, found[0])} if found else set()
    if found and ends and boundary not in ends:
        drawn, end = found[0], min(ends)
        text = f"the walk ends at {end}, and the boundary token has the id {boundary}"
        mend = f"Begin and end each word at the id of '.': `{drawn} = {boundary}`, `if {drawn} == {boundary}`."
        yield Found(f"{drawn} == {end}", code.place_of(found[1]), text, mend)
