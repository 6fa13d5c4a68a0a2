"""What is to be subtracted is added."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from attncheck.mutation.definition import Site
from attncheck.mutation.operators import Operator


def _edits(site: Site) -> Iterator[ast.expr]:
    node = site.node
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub):
        yield ast.BinOp(node.left, ast.Add(), node.right)


OPERATOR = Operator(
    "sign",
    "added what is to be subtracted",
    "y = a - b -> y = a + b",
    1,
    _edits,
)
