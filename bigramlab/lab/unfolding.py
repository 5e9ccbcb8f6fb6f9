"""What a script does within `main()`, and below `if __name__ == "__main__":`, as statements of its own."""

import ast
import builtins
from collections.abc import Iterator, Sequence

__all__ = ["names_made", "unfolded"]

ENDS = ("exit", "SystemExit")  # what `main()` may stand in
OWN_SCOPE = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef
NOT_AT_THE_TOP = ast.Return | ast.Yield | ast.YieldFrom | ast.Await | ast.Nonlocal | ast.Global


def unfolded(statements: Sequence[ast.stmt]) -> list[ast.stmt]:
    """Return the statements of a script with the body of `main` in the place of its only call, so that all can be seen.

    It is left as it is where that would not be the same: if it returns early, or if a name of its own is one of the
    file's, too.
    """
    flat: list[ast.stmt] = []
    for one in statements:
        flat += one.body if isinstance(one, ast.If) and _is_main_guard(one) else [one]
    functions = {one.name: one for one in flat if isinstance(one, ast.FunctionDef)}
    for at, statement in enumerate(flat):
        call = _call_in(statement)
        function = functions.get(getattr(call.func, "id", "")) if call else None
        if call and function and _may_be_unfolded(function, call, flat):
            before = [one for one in flat[:at] if one is not function]
            return [*before, *_given(function, call), *_body(function), *flat[at + 1 :]]
    return flat


def _is_main_guard(statement: ast.If) -> bool:
    return (
        not statement.orelse
        and isinstance(statement.test, ast.Compare)
        and "__name__" in (names := ast.unparse(statement.test))
        and "__main__" in names
        and isinstance(statement.test.ops[0], ast.Eq)
    )


def _call_in(statement: ast.stmt) -> ast.Call | None:
    """Return the call of a function of the file that a statement is: `main()`, or `sys.exit(main())`."""
    value = statement.exc if isinstance(statement, ast.Raise) else getattr(statement, "value", None)
    if not isinstance(statement, ast.Expr | ast.Raise) or not isinstance(value, ast.Call):
        return None
    name = getattr(value.func, "attr", getattr(value.func, "id", ""))
    inner = value.args[0] if name in ENDS and len(value.args) == 1 else value
    return inner if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Name) else None


def _may_be_unfolded(function: ast.FunctionDef, call: ast.Call, flat: Sequence[ast.stmt]) -> bool:
    """Tell whether the body of a function does the same as statements of the file."""
    uses = [node for one in flat for node in ast.walk(one) if isinstance(node, ast.Name) and node.id == function.name]
    taken = function.args
    plain = not (taken.vararg or taken.kwarg or function.decorator_list)
    plain &= not any(isinstance(one, ast.Starred) for one in call.args) and all(option.arg for option in call.keywords)
    inside = [node for one in function.body[:-1] for node in _of_its_own(one)] + [*_of_its_own(function.body[-1])][1:]
    if len(uses) != 1 or not plain or any(isinstance(node, NOT_AT_THE_TOP) for node in inside):
        return False
    own = {one.arg for one in [*taken.posonlyargs, *taken.args, *taken.kwonlyargs]} | names_made(function.body)
    return not own & (names_made([one for one in flat if one is not function]) | set(dir(builtins)))


def _of_its_own(node: ast.AST) -> Iterator[ast.AST]:
    """Yield a part of the code and its parts, but not what stands in functions and classes in it."""
    yield node
    for inner in () if isinstance(node, OWN_SCOPE) else ast.iter_child_nodes(node):
        yield from _of_its_own(inner)


def names_made(statements: Sequence[ast.stmt]) -> set[str]:
    """Return the names that statements make."""
    names: set[str] = set()
    for node in (node for one in statements for node in _of_its_own(one)):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.alias):
            names.add((node.asname or node.name).partition(".")[0])
    return names


def _given(function: ast.FunctionDef, call: ast.Call) -> Iterator[ast.stmt]:
    """Yield what gives the parameters their values."""
    taken, options = function.args, {option.arg: option.value for option in call.keywords}
    names = [one.arg for one in [*taken.posonlyargs, *taken.args]]
    values = dict(zip(reversed(names), reversed(taken.defaults), strict=False))
    only = zip(taken.kwonlyargs, taken.kw_defaults, strict=True)
    values |= {one.arg: value for one, value in only if value is not None}
    values |= dict(zip(names, call.args, strict=False)) | {name: value for name, value in options.items() if name}
    for name, value in values.items():
        yield ast.fix_missing_locations(ast.copy_location(ast.Assign([ast.Name(name, ast.Store())], value), call))


def _body(function: ast.FunctionDef) -> Iterator[ast.stmt]:
    """Yield what the function does; what it returns at last is only looked at."""
    for statement in function.body:
        if not isinstance(statement, ast.Return):
            yield statement
        elif statement.value is not None:
            yield ast.copy_location(ast.Expr(statement.value), statement)
