"""A sum, running sum, mean or maximum along another axis."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from attncheck.mutation.definition import Site
from attncheck.mutation.operators import Operator, called, number

_ALONG = {"sum", "cumsum", "mean", "amax", "cumprod"}


def _edits(site: Site) -> Iterator[ast.expr]:
    node = site.node
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return
    if called(node) not in _ALONG or not node.args:
        return
    axis = number(node.args[0])
    if axis is None:
        return
    for other in (1, 2, -1, 0):
        if other != axis:
            yield ast.Call(node.func, [ast.Constant(other), *node.args[1:]], node.keywords)


OPERATOR = Operator(
    "axis",
    "summed along another axis",
    "total = keys.cumsum(2) -> total = keys.cumsum(1)",
    1,
    _edits,
)
