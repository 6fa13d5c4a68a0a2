"""A function applied to each part of a sum, where it takes the sum as a whole."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from attncheck.mutation.definition import Definition, assigned
from attncheck.mutation.operators import Operator, Rewrite, called

_ACTIVATIONS = {"sigmoid", "relu", "tanh", "gelu", "silu", "elu", "softmax"}


def _rewrites(definition: Definition) -> Iterator[Rewrite]:
    """For ``u = a + b; s = f(u)`` yield ``s = f(a) + f(b)``, ``f(a) + b``, and other mixtures."""
    sums: dict[str, ast.BinOp] = {}
    for statement in definition.statements():
        value = getattr(statement, "value", None)
        if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Add):
            sums.update(dict.fromkeys(assigned(statement), value))
        if masked := _hidden(value, sums):
            sums.update(dict.fromkeys(assigned(statement), masked))
        if not isinstance(value, ast.Call) or called(value) not in {*_ACTIVATIONS, "norm"}:
            continue
        first = 1 if called(value) == "norm" else 0  # norm(layer, x)
        given = value.args[first] if len(value.args) > first else None
        if not isinstance(given, ast.Name) or given.id not in sums:
            continue
        parts = sums[given.id]
        left, right = (
            ast.unparse(_called_on(value, first, part)) for part in (parts.left, parts.right)
        )
        line = definition.first_line + statement.lineno - 1
        again = ast.unparse(_called_on(value, first, ast.Name("_PARTS")))
        both = f"{left} + {right}"
        twice = again.replace("_PARTS", both)
        late = f"{left} + {ast.unparse(parts.right)}"
        early = f"{ast.unparse(parts.left)} + {right}"
        for form in (both, late, early, f"({both}) / 2", f"{left} * {right}", twice):
            new = ast.parse(form, mode="eval").body
            tree = definition.replaced({statement: {id(value): new}})
            yield Rewrite(tree, line, ast.unparse(value), form)


def _hidden(value: ast.expr | None, sums: dict[str, ast.BinOp]) -> ast.BinOp | None:
    """Return the sum that a mask is laid on as a masked sum: hide(a + b, m) is hide(a, m) + b."""
    if not isinstance(value, ast.Call) or called(value) != "hide":
        return None
    first = value.args[0]
    parts = sums.get(first.id) if isinstance(first, ast.Name) else None
    if parts is None:
        return None
    return ast.BinOp(_called_on(value, 0, parts.left), ast.Add(), parts.right)


def _called_on(value: ast.Call, at: int, argument: ast.expr) -> ast.Call:
    return ast.Call(value.func, [*value.args[:at], argument, *value.args[at + 1 :]], [])


OPERATOR = Operator(
    "activation before the sum",
    "applied the activation, or the norm, to a branch, or to each, and added the results",
    "s = sigmoid(a + b) -> s = sigmoid(a) + sigmoid(b)",
    0,
    rewrites=_rewrites,
)
