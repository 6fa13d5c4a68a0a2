"""Where names are bound and bound again."""

from __future__ import annotations

import ast

from attncheck.source.statements import Statement, statements_of, tree_of


def rebound(path: str, statement: Statement, name: str) -> list[Statement]:
    """Return the statements above this one in its function that give a name another value."""
    scope = function_around(path, statement.line)
    return [
        s
        for s in (statements_of(scope, path) if scope else ())
        if name in s.writes
        and s.line < statement.line
        and not isinstance(s.node, (ast.For, ast.AugAssign, ast.With, ast.FunctionDef))
    ]


def span(statements: list[Statement]) -> str:
    """Return lines as people say them: ``line 34`` or ``lines 34 to 37``."""
    first, last = statements[0].line, statements[-1].end_line
    return f"line {first}" if first == last else f"lines {first} to {last}"


def bound_before(path: str, statement: Statement) -> list[tuple[str, Statement]]:
    """Return the names that a statement reads, each with the statement that bound it last.

    Only statements above it in the same function count; the latest stands first.
    """
    scope = function_around(path, statement.line)
    wanted = set(statement.reads)
    found: list[tuple[str, Statement]] = []
    for before in reversed(statements_of(scope, path) if scope else []):
        if before.line >= statement.line or isinstance(before.node, (ast.FunctionDef, ast.With)):
            continue
        bound = sorted(before.writes & wanted)
        if bound:
            # `q = q.view(…)`: where the name comes from stands further up.
            wanted -= before.writes - (before.reads if len(found) < 2 else frozenset())
            found.append((bound[0], before))
    return found


def function_around(path: str, line: int) -> ast.FunctionDef | None:
    """Return the innermost function that holds a line."""
    tree = tree_of(path)
    best: ast.FunctionDef | None = None
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, ast.FunctionDef) and node.lineno <= line <= (node.end_lineno or 0):
            best = node if best is None or node.lineno > best.lineno else best
    return best
