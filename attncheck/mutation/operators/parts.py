"""The two parts of a cut tensor taken for each other."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass

from attncheck.mutation.definition import Definition
from attncheck.mutation.operators import Operator, Rewrite


@dataclass(frozen=True)
class _Part:
    """``value[:, …, :at]``, or what is left of it, ``value[:, …, at:]``."""

    statement: ast.stmt
    node: ast.Subscript
    axis: int
    at: ast.expr
    first: bool

    @property
    def place(self) -> tuple[str, int, str]:
        return ast.unparse(self.node.value), self.axis, ast.unparse(self.at)

    def other(self) -> ast.Subscript:
        """Return the part of the same length at the other end."""
        shape = ast.Attribute(self.node.value, "shape", ast.Load())
        size = ast.Subscript(shape, ast.Constant(self.axis), ast.Load())
        at = ast.BinOp(size, ast.Sub(), self.at)
        made = copy.deepcopy(self.node)
        last = made.slice.elts[-1] if isinstance(made.slice, ast.Tuple) else made.slice
        assert isinstance(last, ast.Slice)
        last.lower, last.upper = (at, None) if self.first else (None, at)
        return made


def _part(statement: ast.stmt) -> _Part | None:
    node = getattr(statement, "value", None)
    if not isinstance(node, ast.Subscript) or not isinstance(node.value, ast.Name):
        return None
    slices = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    last = slices[-1]
    if not all(isinstance(s, ast.Slice) and s.step is None for s in slices):
        return None
    if any(isinstance(s, ast.Slice) and (s.lower or s.upper) for s in slices[:-1]):
        return None
    if not isinstance(last, ast.Slice) or (last.lower is None) is (last.upper is None):
        return None
    at = last.upper or last.lower
    assert at is not None
    return _Part(statement, node, len(slices) - 1, at, last.upper is not None)


def _rewrites(definition: Definition) -> Iterator[Rewrite]:
    """Let each of two parts be as long as before, and stand where the other stood."""
    parts = [part for s in definition.statements() if (part := _part(s)) is not None]
    for a in parts:
        for b in parts:
            if not (a.first and not b.first and a.place == b.place):
                continue
            changes: dict[ast.stmt, dict[int, ast.AST]] = {
                p.statement: {id(p.node): p.other()} for p in (a, b)
            }
            tree = definition.replaced(changes)
            line = definition.first_line + a.statement.lineno - 1
            before = f"{ast.unparse(a.statement)}\n{ast.unparse(b.statement)}"
            after = f"{_assigned(a)}\n{_assigned(b)}"
            yield Rewrite(tree, line, before, after)


def _assigned(part: _Part) -> str:
    return f"{ast.unparse(part.statement).split(' = ')[0]} = {ast.unparse(part.other())}"


OPERATOR = Operator(
    "parts swapped",
    "taken the two parts of a joined tensor for each other",
    "h, w = t.split([H, W]) -> w, h = t.split([W, H])",
    0,
    rewrites=_rewrites,
)
