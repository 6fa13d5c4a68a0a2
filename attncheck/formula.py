"""Closed forms such as ``2*C*(C//r)``, evaluated on a whitelist of syntax, never by ``eval``."""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping
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
        try:
            self._tree = ast.parse(text.strip(), mode="eval").body
        except SyntaxError as error:
            raise SpecError(f"'{text}' is not a formula: {error.msg}") from None
        self.names = frozenset(self._collect(self._tree))

    def __repr__(self) -> str:
        return f"Formula({self.text!r})"

    def evaluate(self, dims: Mapping[str, Number]) -> Any:
        """Return the value for these dims.

        Raises:
            SpecError: a name has no value, or the arithmetic cannot be done.
        """
        try:
            return self._value(self._tree, dims)
        except KeyError as error:
            name = str(error.args[0])
            raise SpecError(
                f"formula '{self.text}' names '{name}', which is no dim here",
                instead=did_you_mean(name, dims),
            ) from None
        except (ArithmeticError, ValueError, TypeError) as error:
            raise SpecError(f"formula '{self.text}' cannot be evaluated: {error}") from None

    def _collect(self, node: ast.AST) -> set[str]:
        """Return the names used; refuse any syntax that is not arithmetic."""
        match node:
            case ast.Name():
                return {node.id}
            case ast.Constant(value=int() | float()):
                return set()
            case ast.BinOp() if type(node.op) in _BINARY:
                return self._collect(node.left) | self._collect(node.right)
            case ast.UnaryOp(op=ast.USub() | ast.UAdd() | ast.Not()):
                return self._collect(node.operand)
            case ast.Compare() if all(type(op) in _COMPARE for op in node.ops):
                return set().union(*map(self._collect, [node.left, *node.comparators]))
            case ast.BoolOp():
                return set().union(*map(self._collect, node.values))
            case ast.IfExp():
                return set().union(*map(self._collect, [node.test, node.body, node.orelse]))
            case ast.Call(func=ast.Name(id=name), keywords=[]) if name in _FUNCTIONS:
                return set().union(*map(self._collect, node.args))
            case ast.Call(func=ast.Name(id=name)):
                raise SpecError(
                    f"formula '{self.text}' calls '{name}'",
                    instead=did_you_mean(name, _FUNCTIONS),
                )
        raise SpecError(
            f"formula '{self.text}' holds {type(node).__name__}, which is not arithmetic",
            instead="allowed: + - * / // % **, comparisons, and, or, not, if else, "
            + ", ".join(sorted(_FUNCTIONS)),
        )

    def _value(self, node: ast.AST, dims: Mapping[str, Number]) -> Any:
        match node:
            case ast.Name():
                return dims[node.id]
            case ast.Constant():
                return node.value
            case ast.BinOp():
                left, right = self._value(node.left, dims), self._value(node.right, dims)
                if isinstance(node.op, ast.Pow) and abs(right) > _LARGEST_EXPONENT:
                    raise ValueError(f"exponent {right} is out of range")
                return _BINARY[type(node.op)](left, right)
            case ast.UnaryOp():
                value = self._value(node.operand, dims)
                if isinstance(node.op, ast.Not):
                    return not value
                return -value if isinstance(node.op, ast.USub) else value
            case ast.Compare():
                values = [self._value(n, dims) for n in [node.left, *node.comparators]]
                pairs = zip(node.ops, values, values[1:], strict=False)
                return all(_COMPARE[type(op)](a, b) for op, a, b in pairs)
            case ast.BoolOp():
                values = [self._value(n, dims) for n in node.values]
                return all(values) if isinstance(node.op, ast.And) else any(values)
            case ast.IfExp():
                chosen = node.body if self._value(node.test, dims) else node.orelse
                return self._value(chosen, dims)
            case ast.Call(func=ast.Name(id=name)):
                return _FUNCTIONS[name](*(self._value(a, dims) for a in node.args))
        raise AssertionError(f"{type(node).__name__} passed the whitelist")


def evaluate(value: object, dims: Mapping[str, Number]) -> Any:
    """Return ``value`` itself, or for a string the value of the formula that it is."""
    return Formula(value).evaluate(dims) if isinstance(value, str) else value
