"""Gates that compete in a softmax where each stands for itself."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from attncheck.mutation.definition import Site
from attncheck.mutation.operators import Operator, call, called, method


def _edits(site: Site) -> Iterator[ast.expr]:
    node = site.node
    if called(node) != "sigmoid" or not isinstance(node, ast.Call):
        return
    value = node.args[0]
    for axis in (1, -1, 0):
        yield call("torch.softmax", value, axis)
    flat = method(method(value, "flatten", 2), "softmax", -1)
    yield method(flat, "reshape", ast.Attribute(value, "shape", ast.Load()))


OPERATOR = Operator(
    "softmax for sigmoid",
    "let gates compete in a softmax where each has a sigmoid of its own",
    "s = sigmoid(u) -> s = softmax(u, 1)",
    0,
    _edits,
    faults=("wrong_activation",),
)
