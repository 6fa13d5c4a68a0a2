"""Parentheses in the wrong place: a factor that reaches one term only, or one too many."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from attncheck.mutation.definition import Definition, assigned
from attncheck.mutation.operators import Operator, Rewrite


def _rewrites(definition: Definition) -> Iterator[Rewrite]:
    """For ``s = e + c; f = k * s`` yield ``f = k * e + c``, and the reverse."""
    parts: dict[str, ast.BinOp] = {}
    for statement in definition.statements():
        value = getattr(statement, "value", None)
        if not isinstance(value, ast.BinOp):
            continue
        for text in _regrouped(value, parts):
            new = ast.parse(text, mode="eval").body
            tree = definition.replaced({statement: {id(value): new}})
            line = definition.first_line + statement.lineno - 1
            yield Rewrite(tree, line, ast.unparse(value), text)
        parts.update(dict.fromkeys(assigned(statement), value))


def _regrouped(value: ast.BinOp, parts: dict[str, ast.BinOp]) -> Iterator[str]:
    for side, inner_node in (("left", value.left), ("right", value.right)):
        inner = parts.get(inner_node.id) if isinstance(inner_node, ast.Name) else None
        if inner is None or isinstance(inner.op, type(value.op)):
            continue
        first, last = ast.unparse(inner.left), ast.unparse(inner.right)
        outer = ast.unparse(value.right if side == "left" else value.left)
        sign, within = _SIGNS.get(type(value.op)), _SIGNS.get(type(inner.op))
        if sign is None or within is None:
            continue
        if side == "left":
            yield f"{first} {within} ({last} {sign} {outer})"
        elif isinstance(value.op, ast.Mult):
            yield f"{outer} * {first} {within} {last}"
        else:
            yield f"({outer} {sign} {first}) {within} {last}"


_SIGNS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}

OPERATOR = Operator(
    "parentheses",
    "put parentheses in the wrong place",
    "f = 4 * (v + c) -> f = 4 * v + c",
    1,
    rewrites=_rewrites,
)
