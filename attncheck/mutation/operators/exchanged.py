"""Two branches that run alike, each given what belongs to the other."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator

from attncheck.mutation.definition import Definition, Site, assigned, rebuilt
from attncheck.mutation.operators import Operator, Rewrite, called


def _edits(site: Site) -> Iterator[ast.expr]:
    """Join in the other order."""
    node = site.node
    if called(node) == "join" and isinstance(node, ast.Call) and len(node.args) >= 2:
        first, second, *rest = node.args
        yield ast.Call(node.func, [second, first, *rest], node.keywords)


def _rewrites(definition: Definition) -> Iterator[Rewrite]:
    """For ``u = a @ v; w = b @ z`` yield ``u = a @ z; w = b @ v``: one pair of names exchanged."""
    places = {name: n for n, s in enumerate(definition.statements()) for name in assigned(s)}
    for (n, one), (_, two) in itertools.combinations(enumerate(definition.statements()), 2):
        names, others = _names(one), _names(two)
        if len(names) < 2 or _form(one) != _form(two):
            continue
        differing = [(a, b) for a, b in zip(names, others, strict=True) if a.id != b.id]
        if len(differing) < 2:
            continue  # exchanging all of them exchanges the results
        for a, b in differing:
            if places.get(b.id, -1) >= n or b.id in assigned(one):
                continue  # not known yet
            changes = {
                one: {id(a): ast.Name(b.id, ast.Load())},
                two: {id(b): ast.Name(a.id, ast.Load())},
            }
            tree = definition.replaced(changes)
            line = definition.first_line + one.lineno - 1
            before = f"{ast.unparse(one)}\n{ast.unparse(two)}"
            after = "\n".join(ast.unparse(rebuilt(s, c)) for s, c in changes.items())
            yield Rewrite(tree, line, before, after)


def _names(statement: ast.stmt) -> list[ast.Name]:
    value = getattr(statement, "value", None)
    return [n for n in ast.walk(value) if isinstance(n, ast.Name)] if value is not None else []


def _form(statement: ast.stmt) -> str:
    """Return the shape of a statement's value, whatever its names are."""
    value = getattr(statement, "value", None)
    text = ast.dump(value) if value is not None else ""
    for name in sorted({n.id for n in _names(statement)}, key=len, reverse=True):
        text = text.replace(f"Name(id='{name}'", "Name(id='_'")
    return text


OPERATOR = Operator(
    "branches exchanged",
    "given two branches what belongs to the other, or joined them in the other order",
    "u = a @ v; w = b @ z -> u = a @ z; w = b @ v",
    2,
    _edits,
    _rewrites,
)
