"""A number off by one, of the other sign, or gone."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from attncheck.mutation.definition import Site
from attncheck.mutation.operators import Operator, number


def _edits(site: Site) -> Iterator[ast.expr]:
    node = site.node
    value = number(node)
    if value is None or isinstance(node, ast.UnaryOp):
        return
    for other in (value + 1, value - 1, -value, 2 * value, value / 2, 0):
        if other != value:
            yield ast.Constant(other)


OPERATOR = Operator(
    "constant",
    "taken another number",
    "i = b + 0.5 -> i = b + 1.5",
    5,
    _edits,
)
