"""Mutation operators: one mistake that people make per file, found by file name."""

from __future__ import annotations

import ast
import importlib
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from attncheck.mutation.definition import Definition, Site


@dataclass(frozen=True)
class Rewrite:
    """A whole edited function: its first changed line, and that line before and after."""

    tree: ast.FunctionDef
    line: int
    before: str
    after: str


@dataclass(frozen=True)
class Operator:
    """One kind of mistake.

    Attributes:
        name: as the diagnosis names it.
        mistake: what people do wrong, one sentence that completes "someone has …".
        example: how it looks in code, before -> after.
        rank: how telling the label is beside others that behave alike; 0 is the most telling.
        edits: yields replacements of one expression.
        rewrites: yields whole edited functions with line, before and after, where one
            expression is not enough.
        faults: classes of faults, as corpora of known faults call them, that it names.
    """

    name: str
    mistake: str
    example: str
    rank: int
    edits: Callable[[Site], Iterator[ast.expr]] | None = None
    rewrites: Callable[[Definition], Iterator[Rewrite]] | None = None
    faults: tuple[str, ...] = ()


@lru_cache(maxsize=1)
def all_operators() -> tuple[Operator, ...]:
    """Return every operator, by file name."""
    found = []
    for info in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{info.name}")
        operator = getattr(module, "OPERATOR", None)
        if isinstance(operator, Operator):
            found.append(operator)
    return tuple(found)


def called(node: ast.expr) -> str:
    """Return the name of the function that an expression calls, or ""."""
    if isinstance(node, ast.Call):
        if isinstance(node.func, ast.Name):
            return node.func.id
        if isinstance(node.func, ast.Attribute):
            return node.func.attr
    return ""


def call(name: str, *arguments: ast.expr | int | float) -> ast.expr:
    """Return the expression ``name(*arguments)``; numbers become constants."""
    made = [ast.Constant(a) if isinstance(a, (int, float)) else a for a in arguments]
    return ast.Call(ast.parse(name, mode="eval").body, made, [])


def method(value: ast.expr, name: str, *arguments: ast.expr | int | float) -> ast.expr:
    """Return the expression ``value.name(*arguments)``."""
    made = [ast.Constant(a) if isinstance(a, (int, float)) else a for a in arguments]
    return ast.Call(ast.Attribute(value, name, ast.Load()), made, [])


def number(node: ast.expr) -> int | float | None:
    """Return the number that an expression is, its sign included, or None."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = number(node.operand)
        return None if inner is None else -inner
    if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
        return None if isinstance(node.value, bool) else node.value
    return None
