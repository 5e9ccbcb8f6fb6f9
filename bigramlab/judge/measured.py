"""What a file measures, keeps and chooses by, as far as the code alone tells: means, the best of several, the parts."""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

from bigramlab.judge.following import roles_in
from bigramlab.judge.parts_asked import MEASURES
from bigramlab.judge.reading_code import Code, Found, called, names_in, outer_loops, pairs_of, stored

__all__ = ["slips_in_measuring"]

LOSS = re.compile(r"(?i)(^|[^a-z])(\w*_)?(loss(es|i)?|nlls?|ppls?|perplexit(y|ies)|cross_?entrop(y|ies))(_|$|[^a-z])")
ENTROPY = re.compile(r"(?i)(?<!cross)(?<!cross_)entrop")  # of which much may be wanted
BEST = re.compile(r"(?i)(^|_)(best|chosen|choice|optimal|optimum|winner)(_|$)")
MEANS = ("cross_entropy", "nll_loss")
ARE_MEANS = re.compile(r"cross_entropy\(|nll_loss\(|CrossEntropyLoss\(|NLLLoss\(")
COUNTED = re.compile(r"len\(|\.shape|\.size\(|numel\(\)")
LOG_2 = re.compile(r"(\w+\.)?(log\(2(\.0)?\)|LN_?2|ln_?2|log_?2)")
NATS = re.compile(r"(?i)(\w+_)?(nats?|nll|cross_?entropy)(_\w+)?")
BITS = re.compile(r"(?i)(\w+_)?(bits|bpc)(_\w+)?(\(.*\))?")
NOT_NATS = re.compile(r"(?i)bits?")


def slips_in_measuring(codes: Sequence[Code], names: Mapping[str, Any]) -> Iterator[Found]:
    """Yield what is measured, kept or chosen in another way than is meant.

    Args:
        codes: The code of the file.
        names: The values of the file.
    """
    trees = [(code, code.tree()) for code in codes]
    functions = {node.name: node for _, tree in trees for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    for code, tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign):
                yield from _largest_loss(node, trees, functions, code, names)
                yield from _twice_the_same(node, code)
            elif isinstance(node, ast.If):
                yield from _kept_if_larger(node, code)
            elif isinstance(node, ast.DictComp):
                yield from _same_for_each(node, code)
            elif isinstance(node, ast.BinOp):
                yield from _bits(node, code)
            elif isinstance(node, ast.Call):
                yield from _across_the_points(node, code)
                yield from _power_of_bits(node, code)
            elif isinstance(node, ast.FunctionDef):
                yield from _mean_of_means(node, code)
                yield from _two_bases(node, code)
        yield from _state_kept(tree, code)
    yield from _parts_that_overlap(trees, names)


# The best of several


def _largest_loss(
    node: ast.Assign,
    trees: Sequence[tuple[Code, ast.Module]],
    functions: Mapping[str, ast.FunctionDef],
    code: Code,
    names: Mapping[str, Any],
) -> Iterator[Found]:
    """Find the best of several that is the one with the largest loss."""
    if not any(BEST.search(name) for name in stored(node)):
        return
    for call in ast.walk(node.value):
        for name in sorted(_compared(call) & names.keys()):
            are = _are_losses(names[name]) and not ENTROPY.search(name)
            if are and (LOSS.search(name) or _made_of_losses(name, trees, functions)):
                text = f"it is the one with the largest of `{name}`, and the smaller a loss is, the better"
                mend = "Take `argmin`." if called(call) == "argmax" else "Take `min`."
                yield Found(ast.unparse(node.targets[0]), code.place_of(node), text, mend)
                return


def _compared(call: ast.AST) -> set[str]:
    """Return the names of what the largest is sought in."""
    if not isinstance(call, ast.Call) or called(call) not in ("max", "argmax"):
        return set()
    of = [option.value for option in call.keywords if option.arg == "key"] or [*call.args, call.func]
    turned = any(isinstance(part, ast.USub | ast.Sub | ast.Div) for one in of for part in ast.walk(one))
    return set() if turned else set[str]().union(*map(names_in, of))


def _are_losses(value: Any) -> bool:
    """Tell whether they may be losses of several: shares of what is guessed right are below 1."""
    values = [*value.values()] if isinstance(value, dict) else value
    try:
        numbers = [float(one) for one in values]
    except (TypeError, ValueError, RuntimeError):
        return False
    return len(numbers) > 1 and min(numbers) > 1


def _made_of_losses(
    name: str, trees: Sequence[tuple[Code, ast.Module]], functions: Mapping[str, ast.FunctionDef]
) -> bool:
    """Tell whether what a dict or list keeps is a loss: it is called so, or made of a logarithm with a minus."""
    for _, tree in trees:
        for node in ast.walk(tree):
            value = None
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript):
                value = node.value if ast.unparse(node.targets[0].value) == name else None
            elif isinstance(node, ast.Assign) and stored(node) == {name} and isinstance(node.value, ast.DictComp):
                value = node.value.value
            if value is None:
                continue
            texts = [ast.unparse(value)] + [ast.unparse(functions[one]) for one in _calls(value) & functions.keys()]
            return any(LOSS.search(text) or re.search(r"-.*\blog\w*\(|\.log\(\)", text) for text in texts)
    return False


def _calls(node: ast.AST) -> set[str]:
    return {called(part) for part in ast.walk(node)} - {""}


def _kept_if_larger(node: ast.If, code: Code) -> Iterator[Found]:
    """Find a best loss that is replaced by a larger one."""
    test = node.test
    if not isinstance(test, ast.Compare) or len(test.ops) != 1 or not isinstance(test.ops[0], ast.Gt | ast.Lt):
        return
    larger, smaller = test.left, test.comparators[0]
    if isinstance(test.ops[0], ast.Lt):
        larger, smaller = smaller, larger
    new, best = ast.unparse(larger), ast.unparse(smaller)
    kept = any(isinstance(one, ast.Assign) and (best, new) in pairs_of(one) for one in ast.walk(node))
    if kept and BEST.search(best) and re.fullmatch(r"[\w.\[\]'\"]+", new) and (LOSS.search(new) or LOSS.search(best)):
        text = f"it is replaced where `{new}` is larger, and the smaller a loss is, the better"
        yield Found(best, code.place_of(node), text, f"Write `if {new} < {best}`.")


def _state_kept(tree: ast.Module, code: Code) -> Iterator[Found]:
    """Find a state that is kept without a copy while the training goes on, and is loaded later."""
    for loop in outer_loops(tree):
        within = {id(node) for node in ast.walk(loop)}
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and id(node) not in within]
        loaded = set[str]().union(*map(names_in, (node for node in calls if called(node) == "load_state_dict")))
        for node in (node for node in ast.walk(loop) if isinstance(node, ast.Assign)):
            parts = [node.value, *getattr(node.value, "elts", ()), *getattr(node.value, "values", ())]
            kept = next((ast.unparse(one) for one in parts if called(one) == "state_dict"), "")
            if kept and stored(node) & loaded:
                text = "it is kept without a copy, so it changes with each further step, as the network does"
                name = min(stored(node) & loaded)
                yield Found(name, code.place_of(node), text, f"Copy it: `copy.deepcopy({kept})`.")
                return


# Means and measures


def _mean_of_means(node: ast.FunctionDef, code: Code) -> Iterator[Found]:
    """Find means of batches that are added up, and divided by the number of the examples."""
    summed = re.search(r"reduction\s*=\s*['\"](sum|none)", code.text) or re.search(r"\.sum\(", ast.unparse(node))
    if summed or not ARE_MEANS.search(code.text):
        return
    added, counted = set[str](), set[str]()
    for part in (one for loop in ast.walk(node) if isinstance(loop, ast.For) for one in ast.walk(loop)):
        if isinstance(part, ast.AugAssign) and isinstance(part.op, ast.Add) and isinstance(part.target, ast.Name):
            value = part.value
            bare = re.sub(r"\.(item|detach|cpu)\(\)", "", ast.unparse(value))
            computed = any(called(one) in MEANS for one in ast.walk(value)) and not isinstance(value, ast.BinOp)
            if computed or re.fullmatch(r"(\w+_)?loss", bare):
                added.add(part.target.id)
            elif COUNTED.search(ast.unparse(value)):
                counted.add(part.target.id)
    for one in (one for one in ast.walk(node) if isinstance(one, ast.BinOp) and isinstance(one.op, ast.Div)):
        total, many = ast.unparse(one.left), ast.unparse(one.right)
        if total in added and many in counted:
            text = f"means of batches are added up and divided by `{many}`, the number of the examples"
            mend = (
                f"Weigh each mean by its batch, `{total} += loss.item() * len(y)`, or divide by the number of batches."
            )
            yield Found(f"{total} / {many}", code.place_of(one), text, mend)


def _across_the_points(node: ast.Call, code: Code) -> Iterator[Found]:
    """Find a curve of losses that is smoothed across the rows, which are far apart, and not within each."""
    found = re.fullmatch(r"(.*)\.(view|reshape)\(-1, (\w+)\)\.mean\((dim=|axis=)?0\)", ast.unparse(node))
    if found and LOSS.search(found[1]):
        text = f"each of its {found[3]} numbers is a mean over steps that are far apart, `{found[3]}` steps each"
        yield Found(ast.unparse(node), code.place_of(node), text, "Take the mean of each row, `.mean(1)`.")


def _bits(node: ast.BinOp, code: Code) -> Iterator[Found]:
    """Find nats that are multiplied by the logarithm of 2, where they should be divided by it."""
    sides = (ast.unparse(node.left), ast.unparse(node.right))
    for one, other in (sides, sides[::-1]) if isinstance(node.op, ast.Mult) else ():
        if LOG_2.fullmatch(one) and NATS.fullmatch(other) and not NOT_NATS.search(other):
            text = f"nats are multiplied by `{one}`, and a bit is the smaller unit: there are more of them"
            yield Found(ast.unparse(node), code.place_of(node), text, f"Divide by it: `{other} / {one}`.")
    base, loss = sides
    in_bits = rf"\b{re.escape(loss)} / {LOG_2.pattern}"
    if isinstance(node.op, ast.Pow) and base in ("2", "2.0") and loss.isidentifier() and re.search(in_bits, code.text):
        text = f"`{loss}` is in nats, as it is divided by the logarithm of 2 elsewhere: 2 to its power takes bits"
        yield Found(ast.unparse(node), code.place_of(node), text, f"Write `math.exp({loss})`.")


def _power_of_bits(node: ast.Call, code: Code) -> Iterator[Found]:
    """Find a perplexity that takes bits for nats."""
    given = ast.unparse(node.args[0]) if called(node) == "exp" and len(node.args) == 1 else ""
    if BITS.fullmatch(given):
        text = f"`{given}` is in bits, and e to the power of it takes them for nats"
        yield Found(ast.unparse(node), code.place_of(node), text, f"Write `2 ** {given}`.")


def _two_bases(node: ast.FunctionDef, code: Code) -> Iterator[Found]:
    """Find a perplexity that undoes another logarithm than the one that was summed."""
    text, logs = ast.unparse(node), {called(one) for one in ast.walk(node)} & {"log", "log2", "log10"}
    to_e, to_2 = re.search(r"\bexp\(-", text), re.search(r"\b2(\.0)? \*\* \(?-", text)
    if logs == {"log"} and to_2 and not to_e and not re.search(r"log\(2|LN_?2", text):
        told = "the logarithms are to base e, and their mean is made the power of 2"
        yield Found(node.name, code.place_of(node), told, "Write `math.exp(…)` for `2 ** (…)`.")
    elif logs == {"log2"} and to_e and not to_2:
        told = "the logarithms are to base 2, and their mean is made the power of e"
        yield Found(node.name, code.place_of(node), told, "Write `2 ** (…)` for `exp(…)`.")


# The parts of a split


def _same_for_each(node: ast.DictComp, code: Code) -> Iterator[Found]:
    """Find a dict over the names of parts that measures the same for each of them."""
    first = node.generators[0]
    each = ast.unparse(first.target)
    texts = [one.value for one in ast.walk(first.iter) if isinstance(one, ast.Constant) and isinstance(one.value, str)]
    parts = {role for text in texts for role in roles_in(text)}
    used = [one.value for one in ast.walk(node.value) if isinstance(one, ast.Constant) and isinstance(one.value, str)]
    if len(parts) > 1 and ast.unparse(node.key) == each and each not in names_in(node.value) and set(used) & set(texts):
        named = " and ".join(map(repr, texts))
        text = f"made of `{min(set(used) & set(texts))}` whatever `{each}` is, which stands for {named} in turn"
        yield Found(ast.unparse(node.value), code.place_of(node), text, f"Take the part that `{each}` names.")


def _twice_the_same(node: ast.Assign, code: Code) -> Iterator[Found]:
    """Find two parts of a split whose measures are made of the very same."""
    for (one, value), (other, same) in combinations(pairs_of(node), 2):
        roles = [roles_in(one), roles_in(other)]
        measured = value == same and any(map(MEASURES.search, _calls(ast.parse(value))))
        if measured and all(len(role) == 1 for role in roles) and roles[0] != roles[1]:
            text = f"it is made as `{one}` is, of the {min(roles[0])} words: `{value}`"
            if roles_in(value) or any(roles_in(name) for name in re.findall(r"\w+", value)):
                yield Found(other, code.place_of(node), text, f"Take the {min(roles[1])} words.")


def _parts_that_overlap(trees: Sequence[tuple[Code, ast.Module]], names: Mapping[str, Any]) -> Iterator[Found]:
    """Find slices of one list that are named as parts of a split, and overlap."""
    slices: dict[tuple[str, str], tuple[range, str, str, Code, ast.Assign]] = {}
    for code, tree in trees:
        for node in (node for node in tree.body if isinstance(node, ast.Assign)):
            roles = set[str]().union(*map(roles_in, stored(node)))
            parts = [one for one in ast.walk(node.value) if isinstance(one, ast.Subscript)]
            cut = [one for one in parts if isinstance(one.slice, ast.Slice) and isinstance(one.value, ast.Name)]
            rows = (
                _rows_of(cut[0], names) if len(cut) == len(roles) == 1 and len(names_in(node.value)) < 5 else range(0)
            )
            if rows:
                of = ast.unparse(cut[0].value)
                slices[of, min(roles)] = (rows, ast.unparse(cut[0]), min(stored(node)), code, node)
    for one, other in combinations(slices, 2):
        rows, others = slices[one][0], slices[other][0]
        both = range(max(rows.start, others.start), min(rows.stop, others.stop))
        _, text, name, code, node = slices[other]
        words = isinstance(names.get(name), list | tuple)  # whose contents are compared elsewhere
        if one[0] == other[0] and both and not words:
            told = f"`{text}` has {len(both):,} in common with `{slices[one][1]}`: what is learned measures nothing"
            yield Found(name, code.place_of(node), told, "Let each part begin where the one before it ends.")


def _rows_of(cut: ast.Subscript, names: Mapping[str, Any]) -> range:
    """Return which rows a slice takes, of a list that has not changed its length since."""
    whole = names.get(cut.value.id) if isinstance(cut.value, ast.Name) else None
    bounds = [None if one is None else _whole(one, names) for one in (cut.slice.lower, cut.slice.upper)]  # type: ignore[attr-defined]  # a slice
    if not isinstance(whole, list | tuple) or "?" in bounds or cut.slice.step is not None:  # type: ignore[attr-defined]  # a slice
        return range(0)
    return range(len(whole))[slice(*bounds)]


def _whole(node: ast.expr, names: Mapping[str, Any]) -> Any:
    try:
        value = ast.literal_eval(node)
    except ValueError:
        value = names.get(ast.unparse(node))
    return value if type(value) is int else "?"
