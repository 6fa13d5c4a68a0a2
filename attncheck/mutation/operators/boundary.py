"""A boundary one off: counted in where it is counted out, or moved by one place."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from attncheck.mutation.definition import Site
from attncheck.mutation.operators import Operator

_OTHER: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
}


def _edits(site: Site) -> Iterator[ast.expr]:
    node = site.node
    if not isinstance(node, ast.Compare) or len(node.ops) != 1:
        return
    other = _OTHER.get(type(node.ops[0]))
    if other is None:
        return
    bound = node.comparators[0]
    yield ast.Compare(node.left, [other()], [bound])
    for step in (ast.Add(), ast.Sub()):
        moved = ast.BinOp(bound, step, ast.Constant(1))
        yield ast.Compare(node.left, node.ops, [moved])


OPERATOR = Operator(
    "boundary",
    "put a boundary one off, or counted it in where it is out",
    "future = gap < 0 -> future = gap <= 0",
    1,
    _edits,
)
