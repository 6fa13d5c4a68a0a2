"""A step left out: its input goes on unchanged."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from attncheck.mutation.definition import Site
from attncheck.mutation.operators import Operator, called

_LAYER_FIRST = {"linear", "pointwise", "conv", "conv1d", "norm"}


def _edits(site: Site) -> Iterator[ast.expr]:
    node = site.node
    name = called(node)
    if not isinstance(node, ast.Call) or not name:
        return
    if name in _LAYER_FIRST and len(node.args) > 1:
        yield node.args[1]
        yield ast.Call(node.func, [node.args[0], node, *node.args[2:]], [])
    elif isinstance(node.func, ast.Attribute) and name not in ("detach",):
        yield node.func.value
    elif node.args:
        yield node.args[0]
        if len(node.args) > 1:
            yield node.args[1]


OPERATOR = Operator(
    "step missing",
    "left a step out, or done it twice",
    "d = no_self(s) -> d = s",
    1,
    _edits,
    faults=("normalisation_missing", "operation_order", "self_counted_twice"),
)
