"""Statements of a source file: where each begins and ends, what it reads, calls and binds."""

from __future__ import annotations

import ast
import linecache
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache


@dataclass(frozen=True)
class Statement:
    """One simple statement, or the head of a compound one.

    Attributes:
        line, end_line: its first and last line.
        node: its syntax tree; of a compound statement the whole, with its body.
        heads: the parts that belong to the statement itself (not the body).
        inside: the compound statements around it, outermost first.
    """

    line: int
    end_line: int
    node: ast.stmt
    heads: tuple[ast.AST, ...]
    inside: tuple[ast.stmt, ...] = field(default=(), repr=False)

    @cached_property
    def parts(self) -> list[ast.AST]:
        """Every node of the statement itself."""
        return [node for head in self.heads for node in ast.walk(head)]

    @cached_property
    def reads(self) -> frozenset[str]:
        """Names that it reads, and those that it changes by ``+=`` or through an index."""
        names = {
            n.id for n in self.parts if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)
        }
        if isinstance(self.node, ast.AugAssign) and isinstance(self.node.target, ast.Name):
            names.add(self.node.target.id)
        return frozenset(names)

    @cached_property
    def writes(self) -> frozenset[str]:
        """Names that it binds."""
        return frozenset(
            n.id for n in self.parts if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
        )

    @cached_property
    def attributes(self) -> tuple[str, ...]:
        """Attributes of ``self`` that it reads, in the order in which their calls return."""
        found = [
            n.attr
            for head in self.heads
            for n in _as_evaluated(head)
            if isinstance(n, ast.Attribute)
            and isinstance(n.value, ast.Name)
            and n.value.id == "self"
            and isinstance(n.ctx, ast.Load)
        ]
        return tuple(dict.fromkeys(found))

    @cached_property
    def calls(self) -> tuple[str, ...]:
        """The last names of what it calls: ``softmax`` for ``F.softmax(…)`` and ``t.softmax()``."""
        return tuple(last_name(n.func) for n in self.parts if isinstance(n, ast.Call))

    @property
    def returns(self) -> bool:
        """Whether it is a ``return``."""
        return isinstance(self.node, ast.Return)


def _as_evaluated(node: ast.AST) -> Iterator[ast.AST]:
    """Yield every node below, what goes into a call before what is called."""
    children = list(ast.iter_child_nodes(node))
    if isinstance(node, ast.Call):
        children = [*node.args, *node.keywords, node.func]
    for child in children:
        yield from _as_evaluated(child)
    yield node


def last_name(node: ast.AST) -> str:
    """Return the last name of a dotted expression, "" for anything else."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


@lru_cache(maxsize=64)
def tree_of(path: str) -> ast.Module | None:
    """Return the syntax tree of a file; None if there is none or it does not parse."""
    source = "".join(linecache.getlines(path))
    try:
        return ast.parse(source) if source else None
    except (SyntaxError, ValueError):
        return None


@lru_cache(maxsize=64)
def _by_line(path: str) -> dict[int, Statement]:
    tree = tree_of(path)
    found: dict[int, Statement] = {}
    if tree is not None:
        _enter(tree.body, (), found)
    return found


def _enter(body: list[ast.stmt], inside: tuple[ast.stmt, ...], found: dict[int, Statement]) -> None:
    for node in body:
        blocks = [b for name in ("body", "orelse", "finalbody") if (b := getattr(node, name, None))]
        handlers = getattr(node, "handlers", [])
        below = {id(n) for block in [*blocks, handlers] for n in block}
        heads = tuple(n for n in ast.iter_child_nodes(node) if id(n) not in below)
        end = blocks[0][0].lineno - 1 if blocks else node.end_lineno or node.lineno
        statement = Statement(
            node.lineno, max(end, node.lineno), node, heads if blocks else (node,), inside
        )
        for line in range(node.lineno, statement.end_line + 1):
            found[line] = statement
        for block in [*blocks, *(h.body for h in handlers)]:
            _enter(block, (*inside, node), found)


def statement_at(path: str, line: int) -> Statement | None:
    """Return the statement that covers a line."""
    return _by_line(path).get(line)


def statements_of(node: ast.AST, path: str) -> list[Statement]:
    """Return the statements inside a class or function, in order."""
    first, last = getattr(node, "lineno", 1), getattr(node, "end_lineno", 0) or 0
    found = {id(s): s for n, s in _by_line(path).items() if first < n <= last}
    return list(found.values())


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
