"""Layers applied once to a sum, where they are applied to each part and the results added."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator, Mapping

from attncheck.mutation.definition import Definition, assigned
from attncheck.mutation.operators import Operator, Rewrite

_DEEPEST = 6
"""Steps that are looked through."""


def _rewrites(definition: Definition) -> Iterator[Rewrite]:
    """For ``u = f(a) + f(b)``, f being several steps, yield ``u = f(a + b)``."""
    values: dict[str, ast.expr] = {}
    for statement in definition.statements():
        value = getattr(statement, "value", None)
        if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Add):
            yield from _merged(definition, statement, value, values)
        if isinstance(value, ast.expr):
            values.update(dict.fromkeys(assigned(statement), value))


def _merged(
    definition: Definition, statement: ast.stmt, value: ast.BinOp, values: Mapping[str, ast.expr]
) -> Iterator[Rewrite]:
    one, two = value.left, value.right
    for _ in range(_DEEPEST):
        if not (isinstance(one, ast.Name) and isinstance(two, ast.Name)):
            return
        step, other = values.get(one.id), values.get(two.id)
        if step is None or other is None:
            return
        pairs = list(_differing(step, other))
        if len(pairs) != 1 or not all(isinstance(n, ast.Name) for n in pairs[0]):
            return
        one, two = pairs[0]
        both = ast.BinOp(one, ast.Add(), two)
        new = _through(value.left, one, both, values)
        line = definition.first_line + statement.lineno - 1
        tree = definition.replaced({statement: {id(value): new}})
        yield Rewrite(tree, line, ast.unparse(value), ast.unparse(new))


def _differing(one: ast.AST, two: ast.AST) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Yield the names, or expressions, in which two expressions differ."""
    if isinstance(one, ast.expr) and isinstance(two, ast.expr):
        if isinstance(one, ast.Name) or type(one) is not type(two):
            if ast.dump(one) != ast.dump(two):
                yield one, two
            return
        mine, theirs = list(ast.iter_child_nodes(one)), list(ast.iter_child_nodes(two))
        plain = [v for _, v in ast.iter_fields(one) if isinstance(v, (str, int, float))]
        if len(mine) != len(theirs) or plain != [
            v for _, v in ast.iter_fields(two) if isinstance(v, (str, int, float))
        ]:
            yield one, two
            return
        for a, b in zip(mine, theirs, strict=True):
            yield from _differing(a, b)


def _through(
    outer: ast.expr, leaf: ast.expr, new: ast.expr, values: Mapping[str, ast.expr]
) -> ast.expr:
    """Write ``outer`` out down to the leaf, with ``new`` in the leaf's place."""
    if ast.dump(outer) == ast.dump(leaf):
        return new
    if isinstance(outer, ast.Name):
        step = values.get(outer.id)
        return (
            outer
            if step is None or not _reads(step, leaf, values)
            else _through(step, leaf, new, values)
        )
    made = copy.copy(outer)
    for name, field in ast.iter_fields(outer):
        if isinstance(field, list):
            items = [
                _through(i, leaf, new, values) if isinstance(i, ast.expr) else i for i in field
            ]
            setattr(made, name, items)
        elif isinstance(field, ast.expr):
            setattr(made, name, _through(field, leaf, new, values))
    return made


def _reads(step: ast.expr, leaf: ast.expr, values: Mapping[str, ast.expr], depth: int = 0) -> bool:
    names = {n.id for n in ast.walk(step) if isinstance(n, ast.Name)}
    assert isinstance(leaf, ast.Name)
    if leaf.id in names:
        return True
    inner = [values[n] for n in names if n in values]
    return depth < _DEEPEST and any(_reads(i, leaf, values, depth + 1) for i in inner)


OPERATOR = Operator(
    "merged before the layers",
    "added two branches before the layers that each goes through, or between them",
    "u = mlp(a) + mlp(b) -> u = mlp(a + b)",
    1,
    rewrites=_rewrites,
)
