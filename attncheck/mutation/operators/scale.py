"""A division or scale left out, inverted, or of another power."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from attncheck.mutation.definition import Site
from attncheck.mutation.operators import Operator, called, number


def _edits(site: Site) -> Iterator[ast.expr]:
    node = site.node
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        yield node.left
        yield ast.BinOp(node.left, ast.Mult(), node.right)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
        power = number(node.right)
        if power is not None and abs(power) == 0.5:
            yield node.left
            yield ast.BinOp(node.left, ast.Pow(), ast.Constant(0.25))
            for name in ("C", "N", "E"):
                yield ast.BinOp(_option(name), ast.Pow(), node.right)

    if called(node) == "softmax" and isinstance(node, ast.Call):
        yield from _added(node)


def _added(node: ast.Call) -> Iterator[ast.expr]:
    """Yield the softmax of scores that are divided by a width, or once more."""
    scores, *axis = node.args
    for name in ("K", "d", "C", "N"):
        for root in (True, False):
            width: ast.expr = _option(name)
            if root:
                width = ast.BinOp(width, ast.Pow(), ast.Constant(0.5))
            yield ast.Call(node.func, [ast.BinOp(scores, ast.Div(), width), *axis], [])


def _option(name: str) -> ast.expr:
    return ast.parse(f"o.{name}", mode="eval").body


OPERATOR = Operator(
    "scale",
    "left the scale out, inverted it, or taken it of another width",
    "s = e / d ** 0.5 -> s = e",
    0,
    _edits,
    faults=("normalisation_missing", "scale_wrong"),
)
