"""The lines of a definition on which a mistake would explain what a subject does not make."""

from __future__ import annotations

import ast
from collections.abc import Set

from attncheck.mutation.definition import Definition, assigned


def suspects(definition: Definition, missing: Set[int]) -> tuple[frozenset[int], frozenset[int]]:
    """Return the lines where the subject leaves the definition, and the lines that use them.

    A line is left on where its value is missing and what it reads is not. A value in another
    order counts as made, so the lines that made what it reads are suspects too. What uses a line
    may pass it over: a branch taken twice makes the other one missing.

    Args:
        definition: the definition.
        missing: the lines, counted in the definition's file, whose value the subject never makes.
    """
    made_on: dict[str, int] = {}
    left: set[int] = set()
    near: set[int] = set()
    users: set[int] = set()
    for statement in definition.statements():
        line = definition.first_line + statement.lineno - 1
        read = {n.id for n in ast.walk(statement) if isinstance(n, ast.Name)}
        before = {made_on[name] for name in read if name in made_on}
        if line in missing and not before & missing:
            left.add(line)
            near |= before
        elif before & (left | users):
            users.add(line)
        made_on.update(dict.fromkeys(assigned(statement), line))
    return frozenset(left | near), frozenset(users - left - near)
