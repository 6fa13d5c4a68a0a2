"""A function applied to each part of a sum, where it takes the sum as a whole."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from attncheck.mutation.definition import Definition, assigned
from attncheck.mutation.operators import Operator, Rewrite, called

_ACTIVATIONS = {"sigmoid", "relu", "tanh", "gelu", "silu", "elu", "softmax"}


def _rewrites(definition: Definition) -> Iterator[Rewrite]:
    """For ``u = a + b; s = f(u)`` yield ``s = f(a) + f(b)``, its half, the product, f of it."""
    sums: dict[str, ast.BinOp] = {}
    for statement in definition.statements():
        value = getattr(statement, "value", None)
        if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Add):
            sums.update(dict.fromkeys(assigned(statement), value))
        if not isinstance(value, ast.Call) or called(value) not in _ACTIVATIONS:
            continue
        given = value.args[0] if value.args else None
        if not isinstance(given, ast.Name) or given.id not in sums:
            continue
        parts = sums[given.id]
        left, right = (
            ast.unparse(ast.Call(value.func, [part, *value.args[1:]], []))
            for part in (parts.left, parts.right)
        )
        line = definition.first_line + statement.lineno - 1
        again = ast.unparse(ast.Call(value.func, [ast.Name("_PARTS"), *value.args[1:]], []))
        both = f"{left} + {right}"
        twice = again.replace("_PARTS", both)
        for form in (both, f"({both}) / 2", f"{left} * {right}", twice):
            new = ast.parse(form, mode="eval").body
            tree = definition.replaced({statement: {id(value): new}})
            yield Rewrite(tree, line, ast.unparse(value), form)


OPERATOR = Operator(
    "activation before the sum",
    "applied the activation to each branch and added the results",
    "s = sigmoid(a + b) -> s = sigmoid(a) + sigmoid(b)",
    0,
    rewrites=_rewrites,
)
