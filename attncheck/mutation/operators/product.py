"""A matrix product with a factor transposed, or the factors in the other order."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from attncheck.mutation.definition import Site
from attncheck.mutation.operators import Operator


def _edits(site: Site) -> Iterator[ast.expr]:
    node = site.node
    if not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.MatMult):
        return
    yield ast.BinOp(_t(node.left), node.op, node.right)
    yield ast.BinOp(node.left, node.op, _t(node.right))
    yield ast.BinOp(node.right, node.op, node.left)
    yield _t(node)


def _t(value: ast.expr) -> ast.expr:
    return ast.Attribute(value, "mT", ast.Load())


OPERATOR = Operator(
    "product transposed",
    "transposed a factor of a product, or multiplied in the other order",
    "m = a @ v -> m = a.mT @ v",
    1,
    _edits,
)
