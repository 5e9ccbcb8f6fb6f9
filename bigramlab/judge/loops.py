"""Slips that only the code of a loop shows, since the values that it leaves look right."""

import ast
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bigramlab.judge.accumulating import added_once, emptied_in_the_loop, grown_in_a_function, grown_in_the_loop
from bigramlab.judge.batches import rows_apart
from bigramlab.judge.descents import never_reset, never_steps, rebound, resets, thrown_away, uphill
from bigramlab.judge.generating_loops import forgotten_at_each_step, slips_in_generating
from bigramlab.judge.measured import slips_in_measuring
from bigramlab.judge.mixing import weights_of_mixtures
from bigramlab.judge.moments import running_moments
from bigramlab.judge.optimizer_loops import slips_around_optimizers
from bigramlab.judge.parts_asked import other_parts
from bigramlab.judge.planned_rates import slips_in_planned_rates
from bigramlab.judge.reading_code import Code, Found, Loop, outer_loops
from bigramlab.judge.reading_dicts import boundary_of
from bigramlab.judge.trained_on import first_rows_alone, left_out, never_back, trained_on_held_back, untrained
from bigramlab.judge.walks import (
    context_that_stays,
    context_turned,
    even_draws,
    other_end,
    seeded_anew,
    times_temperature,
    walk_that_stays,
)
from bigramlab.judge.written_networks import slips_in_written_networks

__all__ = ["slips_in_loops"]


def slips_in_loops(
    codes: Sequence[Code], names: Mapping[str, Any], then: Mapping[str, Mapping[str, Any]] | None = None
) -> Iterator[Found]:
    """Yield the slips that loops show.

    Args:
        codes: The code of the file.
        names: The values of the file.
        then: What they were when a part of the file had run, by its place, if that is known.
    """
    resetting = {
        node.name
        for code in codes
        for node in ast.walk(code.tree())
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and resets(node)
    }
    yield from other_parts(codes, names)
    yield from weights_of_mixtures(codes, names)
    yield from slips_around_optimizers(codes, names)
    yield from slips_in_planned_rates(codes, names)
    yield from slips_in_measuring(codes, names)
    yield from slips_in_written_networks(codes, names)
    yield from running_moments(codes, names)
    yield from added_once(codes, names)
    own = {node.name for code in codes for node in ast.walk(code.tree()) if isinstance(node, ast.FunctionDef)}
    for at, code in enumerate(codes):
        yield from times_temperature(code)
        seen = (then or {}).get(code.place, names)
        yield from grown_in_a_function(code, names)
        boundaries = {id for value in seen.values() if (id := boundary_of(value)) is not None}
        for loop in outer_loops(code.tree()):
            if found := never_reset(loop, resetting):
                name, line = found
                text = "the gradient is never reset, so each step goes along the sum of all gradients until then"
                line = line.replace("= None", "= 0") if "backward" in own else line  # what is added to is a number
                mend = f"Before `{name}.backward()`, write `{line}`: backward() adds to what is there."
                yield Found(f"{name}.backward()", code.place_of(loop), text, mend)
            if name := never_steps(loop, codes):
                text = "the weights are never changed: the gradient is computed, and no step is taken along it"
                yield Found(
                    f"{name}.zero_grad()", code.place_of(loop), text, f"After `backward()`, write `{name}.step()`."
                )
            if found := uphill(loop, seen):
                name, line = found
                text = "each step goes uphill, so the loss grows: the gradient points to where it becomes larger"
                yield Found(name, code.place_of(loop), text, f"Subtract the gradient: `{line}`.")
            for what, text, mend in thrown_away(loop, codes):
                yield Found(ast.unparse(what), code.place_of(what), text, f"Write {mend}.")
            yield from rows_apart(loop, code, seen)
            yield from trained_on_held_back(loop, code, codes, names)
            yield from untrained(loop, code, codes, seen)
            yield from left_out(loop, code, codes, names)
            yield from never_back(loop, code, codes, names)
            yield from first_rows_alone(loop, code, names)
            if isinstance(loop, ast.For):
                yield from emptied_in_the_loop(loop, code, codes[at + 1 :])
                yield from grown_in_the_loop(loop, code, seen)
                yield from seeded_anew(loop, code)
        for loop in (node for node in ast.walk(code.tree()) if isinstance(node, Loop)):
            staying = [*walk_that_stays(loop, code, seen)] if isinstance(loop, ast.While) else []
            yield from staying or context_that_stays(loop, code)
            yield from context_turned(loop, code, codes)
            yield from forgotten_at_each_step(loop, code)
            yield from slips_in_generating(loop, code, codes)
            if found := rebound(loop):
                name, line = found
                text = "it gives the loop's name to something new, and what the loop goes through stays as it was"
                yield Found(name, code.place_of(loop), text, f"Change it in place: `{line}`.")
            if isinstance(loop, ast.While):
                yield from even_draws(loop, code, seen)
                if len(boundaries) == 1:
                    yield from other_end(loop, code, min(boundaries))
