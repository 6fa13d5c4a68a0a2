"""Matrices whose heads are the inner axis: ``view(B, d, heads, N)`` is the same layer, relabelled.

Which row of a projection belongs to which head is the layer's own affair, as long as all of a
module's projections agree.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from attncheck.data.formula import Formula
from attncheck.equivalence.assignment import Assignment, Part
from attncheck.equivalence.rows import Rows
from attncheck.errors import SpecError

if TYPE_CHECKING:
    from attncheck.reference.mechanism import Mechanism

_MOST, _MOST_SLOTS = 12, 4
"""Assignments that are read so, and slots that each may have with heads."""
Sides = tuple[int, int]
"""How many heads lie side by side in a slot's columns and in its rows; 0 where none do."""


def heads_innermost(mechanism: Mechanism, plain: Sequence[Assignment]) -> Iterator[Assignment]:
    """Yield each assignment with the heads of all its slots as the inner axis.

    Heads that are cut in one way and joined in another are no relabelling that anybody means.

    Args:
        mechanism: the definition.
        plain: assignments with the heads one after the other, likeliest first.
    """
    for assignment in plain[:_MOST]:
        sides = {n: s for n in assignment.parts if any(s := _sides(mechanism, n, assignment))}
        if 0 < len(sides) <= _MOST_SLOTS:
            parts = {n: _turned(assignment.parts[n], side) for n, side in sides.items()}
            yield replace(assignment, parts={**assignment.parts, **parts})


def _sides(mechanism: Mechanism, name: str, assignment: Assignment) -> Sides:
    slot, part = mechanism.slots[name], assignment.parts[name]
    if slot.kind != "linear" or part.columns is not None or (part.rows and part.rows.is_shuffled):
        return 0, 0
    try:
        sizes = slot.shape(assignment.values)
    except SpecError:
        return 0, 0  # a size that an option leaves open
    columns, rows = (
        _heads(mechanism.derived.get(text, text), size, assignment)
        for text, size in zip(slot.sizes, sizes, strict=True)
    )
    return (columns if part.rows is None else 0), rows


def _heads(text: object, size: int, assignment: Assignment) -> int:
    """Return how many heads a width is made of, 0 where it is not cut into several."""
    names = [n for n in Formula(str(text)).names if n == "heads" or n.endswith("_heads")]
    heads = assignment.values.get(names[0], 0) if len(names) == 1 else 0
    return heads if isinstance(heads, int) and 1 < heads < size and size % heads == 0 else 0


def _turned(part: Part, sides: Sides) -> Part:
    columns, rows = sides
    if rows:
        part = replace(part, rows=replace(part.rows or Rows(0, None), inner=rows))
    return replace(part, inner_columns=columns) if columns else part
