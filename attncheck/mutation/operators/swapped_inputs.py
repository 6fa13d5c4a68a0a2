"""Two inputs in each other's place."""

from __future__ import annotations

import ast
import copy
import itertools
from collections.abc import Iterator

from attncheck.mutation.definition import Definition
from attncheck.mutation.operators import Operator, Rewrite


def _rewrites(definition: Definition) -> Iterator[Rewrite]:
    """Exchange two inputs before the first step."""
    for a, b in itertools.combinations(definition.inputs, 2):
        tree = copy.deepcopy(definition.tree)
        swap = ast.parse(f"{a}, {b} = {b}, {a}").body[0]
        tree.body.insert(0, swap)
        fixed = ast.fix_missing_locations(tree)
        yield Rewrite(fixed, definition.first_line, f"f({a}, {b})", f"f({b}, {a})")


OPERATOR = Operator(
    "inputs swapped",
    "taken one input for the other",
    "q from query, k and v from key -> q from key, k and v from query",
    0,
    rewrites=_rewrites,
    faults=("arguments_swapped",),
)
