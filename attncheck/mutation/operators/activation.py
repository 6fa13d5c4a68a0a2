"""An activation forgotten, applied twice, or another one in its place."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from attncheck.mutation.definition import Site
from attncheck.mutation.operators import Operator, call, called

_OTHERS = {
    "sigmoid": ("torch.tanh", "torch.relu", "torch.nn.functional.hardsigmoid"),
    "relu": ("torch.nn.functional.gelu", "torch.nn.functional.silu", "torch.sigmoid", "torch.tanh"),
    "gelu": ("torch.relu", "torch.nn.functional.silu"),
    "silu": ("torch.relu", "torch.nn.functional.gelu"),
    "tanh": ("torch.sigmoid", "torch.relu"),
    "elu": ("torch.relu",),
}
_LAYERS = {"linear", "pointwise", "conv", "conv1d"}
_ADDED = ("torch.relu", "torch.sigmoid", "torch.tanh")


def _edits(site: Site) -> Iterator[ast.expr]:
    node = site.node
    name = called(node)
    if not isinstance(node, ast.Call) or not node.args:
        return
    if name == "softmax":
        yield node.args[0]
        yield call("torch.sigmoid", node.args[0])
        yield ast.Call(node.func, [node, *node.args[1:]], [])
        yield call("torch.log_softmax", *node.args)
        for added in _ADDED:
            yield ast.Call(node.func, [call(added, node.args[0]), *node.args[1:]], [])
    elif name in _OTHERS:
        yield node.args[0]
        yield ast.Call(node.func, [node], [])
        for other in _OTHERS[name]:
            yield call(other, *node.args)
    elif name in _LAYERS:
        for added in _ADDED:
            yield call(added, node)


OPERATOR = Operator(
    "activation",
    "left an activation out, applied it twice, taken another, or added one",
    "s = sigmoid(u) -> s = u",
    0,
    _edits,
    faults=("normalisation_missing", "sigmoid_missing", "wrong_activation"),
)
