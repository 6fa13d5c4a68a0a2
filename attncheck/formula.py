"""Closed forms such as ``2*C*(C//r)``, evaluated on a whitelist of syntax, never by ``eval``."""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from attncheck.errors import SpecError, did_you_mean

Number = int | float

_BINARY: dict[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}
_COMPARE: dict[type[ast.AST], Callable[[Any, Any], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
_FUNCTIONS: dict[str, Callable[..., Any]] = {
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


class Formula:
    """An arithmetic expression over named dims.

    Args:
        text: the expression, for example ``"2*C*(C//r) + bias*(C//r + C)"``.

    Raises:
        SpecError: the text is not such an expression.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.names, self._run = _read(text)

    def __repr__(self) -> str:
        return f"Formula({self.text!r})"

    def evaluate(self, dims: Mapping[str, Number]) -> Any:
        """Return the value for these dims.

        Raises:
            SpecError: a name has no value, or the arithmetic cannot be done.
        """
        try:
            return self._run(dims)
        except KeyError as error:
            name = str(error.args[0])
            raise SpecError(
                f"formula '{self.text}' names '{name}', which is no dim here",
                instead=did_you_mean(name, dims),
            ) from None
        except (ArithmeticError, ValueError, TypeError) as error:
            raise SpecError(f"formula '{self.text}' cannot be evaluated: {error}") from None


@lru_cache(maxsize=4096)
def _read(text: str) -> tuple[frozenset[str], Callable[[Mapping[str, Number]], Any]]:
    """Return the names in a formula and what computes it; each text is parsed once."""
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except SyntaxError as error:
        raise SpecError(f"'{text}' is not a formula: {error.msg}") from None
    return frozenset(_collect(tree, text)), _closure(tree)


def _collect(node: ast.AST, text: str) -> set[str]:
    """Return the names used; refuse any syntax that is not arithmetic."""
    match node:
        case ast.Name():
            return {node.id}
        case ast.Constant(value=int() | float()):
            return set()
        case ast.BinOp() if type(node.op) in _BINARY:
            return _collect(node.left, text) | _collect(node.right, text)
        case ast.UnaryOp(op=ast.USub() | ast.UAdd() | ast.Not()):
            return _collect(node.operand, text)
        case ast.Compare() if all(type(op) in _COMPARE for op in node.ops):
            return set().union(*(_collect(n, text) for n in [node.left, *node.comparators]))
        case ast.BoolOp():
            return set().union(*(_collect(n, text) for n in node.values))
        case ast.IfExp():
            return set().union(*(_collect(n, text) for n in (node.test, node.body, node.orelse)))
        case ast.Call(func=ast.Name(id=name), keywords=[]) if name in _FUNCTIONS:
            return set().union(*(_collect(n, text) for n in node.args))
        case ast.Call(func=ast.Name(id=name)):
            raise SpecError(
                f"formula '{text}' calls '{name}'",
                instead=did_you_mean(name, _FUNCTIONS),
            )
    raise SpecError(
        f"formula '{text}' holds {type(node).__name__}, which is not arithmetic",
        instead="allowed: + - * / // % **, comparisons, and, or, not, if else, "
        + ", ".join(sorted(_FUNCTIONS)),
    )


def _closure(node: ast.AST) -> Callable[[Mapping[str, Number]], Any]:
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
            return _binary(_closure(node.left), node.op, _closure(node.right))
        case ast.UnaryOp(op=op):
            operand = _closure(node.operand)
            if isinstance(op, ast.Not):
                return lambda dims: not operand(dims)
            return (lambda dims: -operand(dims)) if isinstance(op, ast.USub) else operand
        case ast.Compare():
            return _comparison(node)
        case ast.BoolOp():
            every = isinstance(node.op, ast.And)
            parts = [_closure(part) for part in node.values]
            return lambda dims: (all if every else any)(part(dims) for part in parts)
        case ast.IfExp():
            test, body, other = map(_closure, (node.test, node.body, node.orelse))
            return lambda dims: body(dims) if test(dims) else other(dims)
        case ast.Call(func=ast.Name(id=name)):
            function, arguments = _FUNCTIONS[name], [_closure(a) for a in node.args]
            return lambda dims: function(*(argument(dims) for argument in arguments))
    raise AssertionError(f"{type(node).__name__} passed the whitelist")


def _binary(
    left: Callable[[Mapping[str, Number]], Any],
    op: ast.operator,
    right: Callable[[Mapping[str, Number]], Any],
) -> Callable[[Mapping[str, Number]], Any]:
    apply = _BINARY[type(op)]
    if not isinstance(op, ast.Pow):
        return lambda dims: apply(left(dims), right(dims))

    def power(dims: Mapping[str, Number]) -> Any:
        exponent = right(dims)
        if abs(exponent) > _LARGEST_EXPONENT:
            raise ValueError(f"exponent {exponent} is out of range")
        return apply(left(dims), exponent)

    return power


def _comparison(node: ast.Compare) -> Callable[[Mapping[str, Number]], bool]:
    terms = [_closure(term) for term in (node.left, *node.comparators)]
    tests = [_COMPARE[type(op)] for op in node.ops]

    def compare(dims: Mapping[str, Number]) -> bool:
        values = [term(dims) for term in terms]
        pairs = zip(tests, values, values[1:], strict=False)
        return all(test(a, b) for test, a, b in pairs)

    return compare


def evaluate(value: object, dims: Mapping[str, Number]) -> Any:
    """Return ``value`` itself, or for a string the value of the formula that it is."""
    return Formula(value).evaluate(dims) if isinstance(value, str) else value
