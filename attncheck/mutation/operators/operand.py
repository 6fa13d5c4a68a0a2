"""An operand of a sum or product dropped, used twice, or doubled."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from attncheck.mutation.definition import Site
from attncheck.mutation.operators import Operator, call, method


def _edits(site: Site) -> Iterator[ast.expr]:
    node = site.node
    if not isinstance(node, ast.BinOp) or not isinstance(node.op, (ast.Add, ast.Mult)):
        return
    left, right = node.left, node.right
    yield left
    yield right
    if node is getattr(site.statement, "value", None):
        for only in (left, right):  # in the sizes that it would have had
            yield method(only, "expand_as", node)
    yield ast.BinOp(left, node.op, left)
    yield ast.BinOp(right, node.op, right)
    yield ast.BinOp(node, node.op, left)
    yield ast.BinOp(node, node.op, right)
    if isinstance(node.op, ast.Mult):
        yield ast.BinOp(node, ast.Add(), left)
        yield ast.BinOp(node, ast.Add(), right)
        yield ast.BinOp(left, ast.Add(), right)
        if ast.dump(left) == ast.dump(right):
            yield call("torch.abs", left)
    else:
        yield ast.BinOp(left, ast.Mult(), right)
        yield ast.BinOp(left, ast.Sub(), right)
        yield ast.BinOp(node, ast.Div(), ast.Constant(2))
        yield call("torch.maximum", left, right)


OPERATOR = Operator(
    "operand",
    "dropped a residual or a gate, used one branch twice, or added a residual",
    "y = w + x -> y = w",
    2,
    _edits,
    faults=("branch_duplicated", "input_overwritten", "residual_dropped"),
)
