"""Axes permuted and then viewed in the old sizes: every number is there, in the wrong place."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from attncheck.mutation.definition import Site
from attncheck.mutation.operators import Operator, method

_PAIRS = ((1, 2), (2, 3), (1, 3), (0, 1), (-1, -2))


def _edits(site: Site) -> Iterator[ast.expr]:
    node = site.node
    if node is not getattr(site.statement, "value", None) or isinstance(node, ast.Name):
        return
    sizes = ast.Attribute(node, "shape", ast.Load())
    for i, j in _PAIRS:
        yield method(method(node, "transpose", i, j), "reshape", sizes)


OPERATOR = Operator(
    "view in the wrong order",
    "viewed permuted axes as if they were in the old order",
    "a = t.view(b, h, w) -> a = t.permute(0, 2, 1).reshape(b, h, w)",
    2,
    _edits,
)
