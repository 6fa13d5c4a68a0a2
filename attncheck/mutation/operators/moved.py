"""An activation after another layer than the one that it belongs to."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from attncheck.mutation.definition import Definition
from attncheck.mutation.operators import Operator, Rewrite, called

_ACTIVATIONS = {"sigmoid", "relu", "tanh", "gelu", "silu", "elu"}
_LAYERS = {"linear", "pointwise", "conv", "conv1d", "norm"}


def _rewrites(definition: Definition) -> Iterator[Rewrite]:
    """Take each activation from its place to each of the layers, alike branches together."""
    activations: dict[str, list[tuple[ast.stmt, ast.Call]]] = {}
    layers: dict[str, list[tuple[ast.stmt, ast.Call]]] = {}
    for statement in definition.statements():
        value = getattr(statement, "value", None)
        if not isinstance(value, ast.Call) or not value.args:
            continue
        if called(value) in _ACTIVATIONS:
            activations.setdefault(called(value), []).append((statement, value))
        elif called(value) in _LAYERS:
            layers.setdefault(ast.unparse(value.args[0]), []).append((statement, value))
    for calls in activations.values():
        for chosen in [calls, *([one] for one in calls if len(calls) > 1)]:
            for targets in layers.values():
                if len(chosen) == len(targets) and not _after(chosen, targets):
                    yield _taken(definition, chosen, targets)


def _after(
    chosen: list[tuple[ast.stmt, ast.Call]], targets: list[tuple[ast.stmt, ast.Call]]
) -> bool:
    """Say whether an activation stands where it would be taken."""
    return any(
        re.search(
            rf"\b{re.escape(ast.unparse(target[0]).split(' = ')[0])}\b", ast.unparse(call.args[0])
        )
        for (_, call), target in zip(chosen, targets, strict=True)
    )


def _taken(
    definition: Definition,
    chosen: list[tuple[ast.stmt, ast.Call]],
    targets: list[tuple[ast.stmt, ast.Call]],
) -> Rewrite:
    changes: dict[ast.stmt, dict[int, ast.AST]] = {}
    for (source, call), (target, layer) in zip(chosen, targets, strict=True):
        changes[source] = {id(call): call.args[0]}
        changes[target] = {id(layer): ast.Call(call.func, [layer, *call.args[1:]], [])}
    line = definition.first_line + chosen[0][0].lineno - 1
    before = "\n".join(ast.unparse(statement) for statement in changes)
    after = ast.unparse(chosen[0][1].func) + "(...) after " + ast.unparse(targets[0][0])
    return Rewrite(definition.replaced(changes), line, before, after)


OPERATOR = Operator(
    "activation moved",
    "put an activation after another layer",
    "h = relu(a); u = linear(p.excite, h) -> u = relu(linear(p.excite, a))",
    1,
    rewrites=_rewrites,
)
