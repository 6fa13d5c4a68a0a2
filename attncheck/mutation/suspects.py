"""The lines of a definition on which a mistake would explain what a subject does not make."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Set

from attncheck.mutation.definition import Definition, assigned

_BACK = 3
"""Steps before a line that is left on: a cut and a turn may stand between it and the mistake."""


def suspects(definition: Definition, missing: Set[int]) -> tuple[frozenset[int], frozenset[int]]:
    """Return the lines where the subject leaves the definition, and lines around them.

    A line is left on where its value is missing and what it reads is not. A value in another
    order counts as made, so the lines that made what it reads are suspects too, and in the second
    place those before them. There stand also the lines that use it, which may pass it over: a
    branch taken twice makes the other one missing.

    Args:
        definition: the definition.
        missing: the lines, counted in the definition's file, whose value the subject never makes.
    """
    made_on: dict[str, int] = {}
    reads: dict[int, set[int]] = {}
    left: set[int] = set()
    users: set[int] = set()
    for statement in definition.statements():
        line = definition.first_line + statement.lineno - 1
        read = {n.id for n in ast.walk(statement) if isinstance(n, ast.Name)}
        before = reads[line] = {made_on[name] for name in read if name in made_on}
        if line in missing and not before & missing:
            left.add(line)
        elif before & (left | users):
            users.add(line)
        made_on.update(dict.fromkeys(assigned(statement), line))
    near = left | _read_by(left, reads)
    further = set(near)
    for _ in range(1, _BACK):
        further |= _read_by(further, reads)
    return frozenset(near), frozenset((users | further) - near)


def _read_by(lines: set[int], reads: Mapping[int, set[int]]) -> set[int]:
    return set().union(*(reads[line] for line in lines))
