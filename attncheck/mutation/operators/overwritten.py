"""An input overwritten: later steps read something else under its name."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator

from attncheck.mutation.definition import Definition, assigned
from attncheck.mutation.operators import Operator, Rewrite


def _rewrites(definition: Definition) -> Iterator[Rewrite]:
    """After each step, let the name of an input stand for that step's result."""
    body = definition.tree.body
    for index, statement in enumerate(body[:-1]):
        names = assigned(statement)
        if len(names) != 1 or not isinstance(statement, ast.Assign):
            continue
        for name in definition.inputs:
            tree = copy.deepcopy(definition.tree)
            alias = ast.parse(f"{name} = {names[0]}").body[0]
            tree.body.insert(index + 1, alias)
            line = definition.first_line + statement.lineno - 1
            before = ast.unparse(statement)
            after = f"{before}\n{name} = {names[0]}"
            yield Rewrite(ast.fix_missing_locations(tree), line, before, after)


OPERATOR = Operator(
    "input overwritten",
    "assigned a step's result to the input's name, so that later steps no longer see the input",
    "g = over_hw(s) -> x = over_hw(s)",
    2,
    rewrites=_rewrites,
    faults=("input_overwritten",),
)
