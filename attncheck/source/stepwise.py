"""Where a call on part of a sequence first gives something else than the call on the whole."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from attncheck.data.report import Location
from attncheck.lazy import torch
from attncheck.source.paired import Traced, differs
from attncheck.source.places import Blame, at_step
from attncheck.source.statements import statement_at
from attncheck.source.tracing import RETURNED, Step


def part_departs(whole: Traced, part: Traced, start: int, end: int, total: int) -> Blame | None:
    """Return the first line of a piece whose value no line of the whole call has.

    Where the whole call runs lines on the way there that the piece leaves out, what decides that
    is the place.

    Args:
        whole: the call on all tokens.
        part: the call on the tokens from ``start`` to ``end``, with what is kept of those before.
        start, end, total: positions, and the length of the whole.
    """
    known: dict[tuple[str, str], list[torch.Tensor]] = {}
    for step in whole.steps:
        for name, value in step.values.items():
            known.setdefault((step.function, name), []).append(value.tensor)
    ran = {step.at for step in part.steps}
    for step in part.steps:
        for name, value in step.values.items():
            if value.number:
                continue
            pairs = [
                seen
                for other in known.get((step.function, name), ())
                if (seen := _same(other, value.tensor, start, end, total)) is not None
            ]
            if pairs and not any(pairs):
                return _placed(whole, step, name, ran)
    return None


def _placed(whole: Traced, step: Step, name: str, ran: set[tuple[str, int]]) -> Blame:
    what = "what is returned" if name == RETURNED else f"`{name.split('[')[0]}`"
    here = at_step(step, f"{what} is not what the whole sequence gives at these positions")
    left_out = [
        other
        for other in whole.steps
        if other.at not in ran and other.path == step.path and other.function == step.function
    ]
    for other in reversed(left_out):
        if other.line > step.line or other.statement is None:
            continue
        for guard in reversed(other.statement.inside):
            if isinstance(guard, ast.If) and (other.path, guard.lineno) in ran:
                note = f"with a cache, line {other.line} is left out"
                return Blame(Location(other.path, guard.lineno, note=note), [here])
    return Blame(here)


def _same(whole: torch.Tensor, part: torch.Tensor, start: int, end: int, total: int) -> bool | None:
    """Say whether a value is the whole's at its positions; None where shapes tell nothing."""
    if whole.ndim != part.ndim or not whole.ndim:
        return None
    seen = False
    for axis, (a, b) in enumerate(zip(whole.shape, part.shape, strict=True)):
        if a == b:
            continue
        if a != total or b not in (end, end - start):
            return None
        seen = True
        whole = whole.narrow(axis, *((0, end) if b == end else (start, end - start)))
    apart = differs(whole, part)
    if apart is None:
        return None
    return not bool(apart.any()) if seen or bool(apart.any()) else True


def mentions(path: str, first: int, last: int, name: str) -> Iterator[Location]:
    """Yield the statements between two lines that read a name, not only to ask whether it is."""
    for line in range(first, last + 1):
        found = statement_at(path, line)
        if found is None or found.line != line or name not in found.reads:
            continue
        if not isinstance(found.node, (ast.If, ast.FunctionDef)):
            yield Location(path, found.line, note=f"`{name}` is used here")
