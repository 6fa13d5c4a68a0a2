"""Compute what a formula says: a function of the dims for each tree of arithmetic."""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping
from typing import Any

Number = int | float

BINARY: dict[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}
COMPARE: dict[type[ast.AST], Callable[[Any, Any], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abs": abs,
    "ceil": math.ceil,
    "floor": math.floor,
    "int": int,
    "log2": math.log2,
    "max": max,
    "min": min,
    "round": round,
    "sqrt": math.sqrt,
}
_LARGEST_EXPONENT = 16
_LARGEST = 10**300
_LEAST = -_LARGEST
"""Of any number on the way to a value: far above any count, and still a float."""


def closure(node: ast.AST) -> Callable[[Mapping[str, Number]], Any]:
    """Return a function of the dims for a tree that passed the whitelist.

    Functions inside functions: formulas are tried on thousands of dims when a free one is solved
    for, and walking the tree each time takes ten times as long.
    """
    match node:
        case ast.Name(id=name):
            return lambda dims: dims[name]
        case ast.Constant(value=value):
            return lambda dims: value
        case ast.BinOp():
            return _binary(closure(node.left), node.op, closure(node.right))
        case ast.UnaryOp(op=op):
            operand = closure(node.operand)
            if isinstance(op, ast.Not):
                return lambda dims: not operand(dims)
            return (lambda dims: -operand(dims)) if isinstance(op, ast.USub) else operand
        case ast.Compare():
            return _comparison(node)
        case ast.BoolOp():
            every = isinstance(node.op, ast.And)
            parts = [closure(part) for part in node.values]
            return lambda dims: (all if every else any)(part(dims) for part in parts)
        case ast.IfExp():
            test, body, other = map(closure, (node.test, node.body, node.orelse))
            return lambda dims: body(dims) if test(dims) else other(dims)
        case ast.Call(func=ast.Name(id=name)):
            function, arguments = FUNCTIONS[name], [closure(a) for a in node.args]
            return lambda dims: function(*(argument(dims) for argument in arguments))
    raise AssertionError(f"{type(node).__name__} passed the whitelist")


def _binary(
    left: Callable[[Mapping[str, Number]], Any],
    op: ast.operator,
    right: Callable[[Mapping[str, Number]], Any],
) -> Callable[[Mapping[str, Number]], Any]:
    apply = _power if isinstance(op, ast.Pow) else BINARY[type(op)]

    def compute(dims: Mapping[str, Number]) -> Any:
        # Numbers are looked at before they are used: no operation then takes time or memory.
        first, second = left(dims), right(dims)
        if not (_LEAST < first < _LARGEST and _LEAST < second < _LARGEST):
            raise ValueError("a number on the way is too large")
        return apply(first, second)

    return compute


def _power(first: Number, second: Number) -> Number:
    if abs(second) > _LARGEST_EXPONENT:
        raise ValueError(f"exponent {second} is out of range")
    value: Any = first**second
    if isinstance(value, complex):
        raise ValueError("a root of a negative number")
    return value  # type: ignore[no-any-return]


def check_size(value: Number) -> None:
    """Refuse what is no number, not finite, or larger than any count.

    Raises:
        ValueError, TypeError: it is.
    """
    if not _LEAST < value < _LARGEST:
        raise ValueError("a number on the way is too large")


def _comparison(node: ast.Compare) -> Callable[[Mapping[str, Number]], bool]:
    terms = [closure(term) for term in (node.left, *node.comparators)]
    tests = [COMPARE[type(op)] for op in node.ops]

    def compare(dims: Mapping[str, Number]) -> bool:
        values = [term(dims) for term in terms]
        pairs = zip(tests, values, values[1:], strict=False)
        return all(test(a, b) for test, a, b in pairs)

    return compare
