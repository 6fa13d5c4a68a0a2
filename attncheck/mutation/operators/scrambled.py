"""Axes permuted and then viewed in the old sizes: every number is there, in the wrong place."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from attncheck.mutation.definition import Site
from attncheck.mutation.operators import Operator, called, method

_PAIRS = ((1, 2), (2, 3), (1, 3), (0, 1), (-1, -2))

_LAID_OUT = {
    *("windows", "from_windows", "by_rows", "from_rows", "by_columns", "from_columns"),
    *("into_groups", "from_groups", "side_by_side"),
}
"""Steps that lay numbers out anew; a view gives the same sizes."""
_CUT = {"pair", "reshape", "unflatten", "neighbours"}
"""Steps that cut an axis in two: they can be cut in the other order, and transposed."""


def _edits(site: Site) -> Iterator[ast.expr]:
    node = site.node
    sizes = ast.Attribute(node, "shape", ast.Load())
    if called(node) in _LAID_OUT and isinstance(node, ast.Call):
        joins = called(node) == "side_by_side"
        whole = ast.Name(site.inputs[0], ast.Load()) if joins else node.args[0]
        yield method(whole, "reshape", sizes)
    if node is not getattr(site.statement, "value", None) or isinstance(node, ast.Name):
        return
    for i, j in _PAIRS:
        yield method(method(node, "transpose", i, j), "reshape", sizes)
    for i, j in _PAIRS[:2] if called(node) in _CUT else ():
        turned = ast.Attribute(method(node, "transpose", i, j), "shape", ast.Load())
        yield method(method(node, "reshape", turned), "transpose", i, j)


OPERATOR = Operator(
    "view in the wrong order",
    "viewed permuted axes as if they were in the old order",
    "a = t.view(b, h, w) -> a = t.permute(0, 2, 1).reshape(b, h, w)",
    2,
    _edits,
    faults=("view_not_permute",),
)
