"""A softmax over another axis than the one that competes."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from attncheck.mutation.definition import Site
from attncheck.mutation.operators import Operator, call, called, method, number


def _edits(site: Site) -> Iterator[ast.expr]:
    node = site.node
    if called(node) != "softmax" or not isinstance(node, ast.Call) or len(node.args) < 2:
        return
    value, axis = node.args[0], number(node.args[1])
    for other in (-2, 0, 1, -3, -1):
        if other != axis:
            yield call("softmax", value, other)
    flat = method(method(value, "flatten", 1), "softmax", -1)
    yield method(flat, "reshape", ast.Attribute(value, "shape", ast.Load()))
    # Samples and heads compete where both are folded into the first axis.
    folded = method(method(value, "flatten", 0, 1), "softmax", 0)
    yield method(folded, "reshape", ast.Attribute(value, "shape", ast.Load()))
    # An axis of length one: every weight is exactly 1.
    yield call("torch.ones_like", value)


OPERATOR = Operator(
    "softmax axis",
    "normalised over another axis than the keys",
    "softmax(scores, -1) -> softmax(scores, 1)",
    0,
    _edits,
    faults=("batch_mixing", "wrong_axis", "wrong_axis_softmax"),
)
