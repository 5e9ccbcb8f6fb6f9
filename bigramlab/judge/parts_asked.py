"""Parts of a split that are asked for by their names, as in `get_batch("val")`: is it that part that comes back?"""

import ast
import inspect
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from bigramlab.judge.following import roles_in
from bigramlab.judge.guarding import Guard
from bigramlab.judge.reading_code import Code, Found, called, names_in
from bigramlab.judge.recording import Call
from bigramlab.judge.reviewed import WRONG, Item, Thing

__all__ = ["as_text", "look_at_parts_asked", "other_parts"]

SECONDS = 2.0  # for a call
MEASURED = re.compile(r"(?i)loss|nll|ppl|perplexity")
MEASURES = re.compile(r"(?i)eval|loss|nll|ppl|perplexity|measure|score|entropy")
A_PART = re.compile(r"(?i)train|dev|val|valid|test")
NO_PART = re.compile(r"(?i)param|state|model|weight|config|args|loss")
LOOKS = 3  # batches: of few rows, all may stand in two parts


def look_at_parts_asked(
    things: Sequence[Thing], names: Mapping[str, Any], codes: Sequence[Code]
) -> Iterator[tuple[int, Item]]:
    """Yield what is wrong with functions that give a batch of another part than the one they are asked for."""
    last = {thing.name: at for at, thing in enumerate(things) if not thing.shown}
    parts = {name: text for name in last if len(roles_in(name)) == 1 and (text := as_text(names.get(name)))}
    if len({min(roles_in(name)) for name in parts}) < 2:
        return
    for name, at in last.items():
        function = inspect.unwrap(names[name]) if callable(names.get(name)) else None
        if not inspect.isfunction(function):
            continue
        for asked in sorted(_asked_of(name, codes)):
            own = [text for part, text in parts.items() if roles_in(part) == roles_in(asked)]
            rows = _rows_of(function, asked) if own else []
            others = [part for part, text in parts.items() if text not in own and all(row in text for row in rows)]
            if others and not any(all(row in text for row in rows) for text in own):
                text = f"`{name}({asked!r})` gives what stands in `{others[0]}`, and not what is to be measured"
                text = text if "train" not in roles_in(asked) else text.replace("measured", "learned")
                yield at, Item(name, things[at].place, WRONG, text, f"`{name}`: {text}.")
                break


def as_text(ids: object) -> str:
    """Return the ids of a text as a text, in which its pieces are found fast; nothing if it is none."""
    ids = ids.tolist() if hasattr(ids, "tolist") else ids
    whole = isinstance(ids, list) and len(ids) > 1 and all(type(one) is int and 0 <= one < 0xD800 for one in ids)
    return "".join(map(chr, ids)) if isinstance(ids, list) and whole else ""


def _asked_of(name: str, codes: Sequence[Code]) -> set[str]:
    """Return the parts that a function of this name is asked for, or asks about itself."""
    asked: set[str] = set()
    for code in codes:
        for node in code.tree().body:
            own = isinstance(node, ast.FunctionDef) and node.name == name
            if own or any(called(part) == name for part in ast.walk(node)):
                asked |= {text for text in _texts(node) if text.isalpha() and roles_in(text)}
    return asked


def _rows_of(function: Callable[..., Any], asked: str) -> list[str]:
    """Return the rows of ids that a function gives for the name of a part; none if it gives no such thing."""
    rows: list[str] = []
    with Guard(seconds=SECONDS, name=function.__name__) as guard, torch.random.fork_rng():
        for _ in range(LOOKS):
            call = Call(function, guard, (asked,), {})
            given = call.returned if isinstance(call.returned, tuple | list) else (call.returned,)
            tables = [one for one in given if isinstance(one, Tensor) and one.dim() == 2]
            found = [as_text(row) for row in tables[0]] if tables and not call.raised else []
            if not found or not all(found):
                return []
            rows += found
    return rows


def other_parts(codes: Sequence[Code], names: Mapping[str, Any]) -> Iterator[Found]:
    """Yield what is kept for one part of a split, and comes from another one, as far as the code alone tells."""
    there = set().union(*(roles_in(name) for name in names))
    for code in codes:
        for node in ast.walk(code.tree()):
            if isinstance(node, ast.Dict):
                yield from _other_values(node, code, there)
            elif isinstance(node, ast.For):
                yield from _same_for_each(node, code, names)
            elif isinstance(node, ast.Assign):
                yield from _measured_elsewhere(node, code, there, names)


def _measured_elsewhere(node: ast.Assign, code: Code, there: set[str], names: Mapping[str, Any]) -> Iterator[Found]:
    """Yield a loss that has the name of one part of a split and is measured on another one."""
    target = node.targets[0].elts[-1] if isinstance(node.targets[0], ast.Tuple) else node.targets[0]
    value = node.value.elt if isinstance(node.value, ast.ListComp) else node.value
    name, of = ast.unparse(target), roles_in(ast.unparse(target))
    model = isinstance(node.targets[0], ast.Tuple) and called(value) in ("model", "net", "m", "network")
    if not (
        len(of) == 1
        and of <= there
        and (MEASURED.search(name) or A_PART.fullmatch(name))
        and (model or MEASURES.search(called(value)))
    ):
        return
    arguments = getattr(value, "args", [])
    used = {
        one.id: roles_in(one.id)
        for one in arguments
        if isinstance(one, ast.Name) and (_is_part(one.id, names) or (one.id not in names and one.id[:1] in "xyXY"))
    }
    used = {one: roles for one, roles in used.items() if roles}
    if used and not of & set().union(*used.values()):
        text = f"named after the {min(of)} words, and measured on others: `{next(iter(used))}`"
        yield Found(name, code.place_of(node), text, "Measure it on those, or name it after what it is measured on.")


def _other_values(node: ast.Dict, code: Code, there: set[str]) -> Iterator[Found]:
    """Yield the entries of a dict whose key says one part of a split, and its values another one that is there."""
    for key, value in zip(node.keys, node.values, strict=True):
        named = isinstance(key, ast.Constant) and isinstance(key.value, str)
        if not named or key is None or not isinstance(value, ast.Name | ast.Tuple):
            continue
        of = roles_in(str(ast.literal_eval(key)))
        used = {one.id: roles_in(one.id) for one in ast.walk(value) if isinstance(one, ast.Name)}
        others = [name for name, roles in used.items() if not roles & of]
        if len(of) == 1 and of <= there and others and all(used.values()):
            text = f"stands for the {min(of)} words, and has what is made of others: `{others[0]}`"
            mend = "Take what is made of those, or name the part as what it is."
            yield Found(ast.unparse(key), code.place_of(key), text, mend)


def _same_for_each(loop: ast.For, code: Code, names: Mapping[str, Any]) -> Iterator[Found]:
    """Yield what a loop over the names of parts keeps under each name, and makes of one and the same part."""
    each = loop.target.id if isinstance(loop.target, ast.Name) else ""
    asked = _texts(loop.iter)
    body = [node for statement in loop.body for node in ast.walk(statement)]
    kept = [node for node in body if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store)]
    kept = [node for node in kept if isinstance(node.slice, ast.Name) and node.slice.id == each]
    told = [node for call in body if called(call) == "print" for node in ast.walk(call)]
    read = [node for node in body if isinstance(node, ast.Name) and node.id == each]
    read = [node for node in read if node not in told and node not in [one.slice for one in kept]]
    of = [one for node in loop.body for one in names_in(node) if _is_part(one, names)]
    of += [one for node in loop.body for one in _texts(node) if roles_in(one)]
    if len({role for text in asked for role in roles_in(text)}) > 1 and kept and of and not read:
        text = f"made of `{of[0]}` whatever `{each}` is, which stands for {' and '.join(map(repr, asked))} in turn"
        yield Found(ast.unparse(kept[0]), code.place_of(loop), text, f"Take the part that `{each}` names.")


def _is_part(name: str, names: Mapping[str, Any]) -> bool:
    """Tell whether a name is of a part of a split, and of examples, not of a model or its state."""
    value = names.get(name)
    others = isinstance(value, dict | torch.nn.Module | str) or not hasattr(value, "__len__")
    others |= isinstance(value, Tensor) and (
        value.is_floating_point() or (value.dim() == 2 and len({*value.shape}) == 1)
    )
    return bool(roles_in(name)) and not others and not NO_PART.search(name)


def _texts(node: ast.AST) -> list[str]:
    return [part.value for part in ast.walk(node) if isinstance(part, ast.Constant) and isinstance(part.value, str)]
