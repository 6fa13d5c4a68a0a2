"""Closed forms such as ``2*C*(C//r)``, evaluated on a whitelist of syntax, never by ``eval``."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from attncheck.data.arithmetic import BINARY, COMPARE, FUNCTIONS, Number, check_size, closure
from attncheck.errors import SpecError, did_you_mean

_SEVERAL = ("max", "min")
"""Functions of two and more numbers; the others take one, ``round`` no digits either."""
_LONGEST, _MOST_PARTS, _DEEPEST = 2000, 500, 50
"""Signs of a formula, its numbers, names and operations, and how deep they are nested."""
_SHOWN = 80
"""Signs of a formula that an error repeats."""


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
            value = self._run(dims)
            if isinstance(value, (int, float)):
                check_size(value)
            return value
        except KeyError as error:
            name = str(error.args[0])
            raise SpecError(
                f"formula '{shortened(self.text)}' names '{name}', which is no dim here",
                instead=did_you_mean(name, dims),
            ) from None
        except (ArithmeticError, ValueError, TypeError) as error:
            raise SpecError(
                f"formula '{shortened(self.text)}' cannot be evaluated: {error}"
            ) from None


def shortened(text: str) -> str:
    """Return the beginning of a long formula, for a message."""
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


@lru_cache(maxsize=4096)
def _read(text: str) -> tuple[frozenset[str], Callable[[Mapping[str, Number]], Any]]:
    """Return the names in a formula and what computes it; each text is parsed once."""
    shown = shortened(text)
    if len(text) > _LONGEST:
        raise SpecError(
            f"formula '{shown}' has {len(text)} signs", instead=f"write at most {_LONGEST}"
        )
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except SyntaxError as error:
        raise SpecError(f"'{shown}' is not a formula: {error.msg}") from None
    except (MemoryError, RecursionError):  # of Python's parser, at brackets in brackets
        raise SpecError(f"'{shown}' is not a formula: it is nested too deep") from None
    except ValueError as error:  # NUL, or half a sign of two
        raise SpecError(f"'{shown}' is not a formula: {error}") from None
    _measure(tree, shown)
    return frozenset(_collect(tree, shown)), closure(tree)


def _measure(tree: ast.expr, text: str) -> None:
    """Refuse what is too large to be walked by functions that call themselves."""
    waiting, parts = [(tree, 1)], 0
    while waiting:
        node, depth = waiting.pop()
        parts += 1
        if depth > _DEEPEST or parts > _MOST_PARTS:
            raise SpecError(
                f"formula '{text}' is too large",
                instead=f"write at most {_MOST_PARTS} numbers, names and operations, "
                f"nested at most {_DEEPEST} deep",
            )
        inner = (child for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr))
        waiting += [(child, depth + 1) for child in inner]


def _collect(node: ast.AST, text: str) -> set[str]:
    """Return the names used; refuse any syntax that is not arithmetic."""
    match node:
        case ast.Name():
            return {node.id}
        case ast.Constant(value=int() | float()):
            return set()
        case ast.BinOp() if type(node.op) in BINARY:
            return _collect(node.left, text) | _collect(node.right, text)
        case ast.UnaryOp(op=ast.USub() | ast.UAdd() | ast.Not()):
            return _collect(node.operand, text)
        case ast.Compare() if all(type(op) in COMPARE for op in node.ops):
            return set().union(*(_collect(n, text) for n in [node.left, *node.comparators]))
        case ast.BoolOp():
            return set().union(*(_collect(n, text) for n in node.values))
        case ast.IfExp():
            return set().union(*(_collect(n, text) for n in (node.test, node.body, node.orelse)))
        case ast.Call(func=ast.Name(id=name), keywords=[]) if name in FUNCTIONS:
            if (len(node.args) > 1) != (name in _SEVERAL) or not node.args:
                raise SpecError(
                    f"formula '{text}' calls '{name}' with {len(node.args)} arguments",
                    instead="it takes two or more" if name in _SEVERAL else "it takes one",
                )
            return set().union(*(_collect(n, text) for n in node.args))
        case ast.Call(func=ast.Name(id=name)):
            raise SpecError(
                f"formula '{text}' calls '{name}'",
                instead=did_you_mean(name, FUNCTIONS),
            )
    raise SpecError(
        f"formula '{text}' holds {type(node).__name__}, which is not arithmetic",
        instead="allowed: + - * / // % **, comparisons, and, or, not, if else, "
        + ", ".join(sorted(FUNCTIONS)),
    )


def evaluate(value: object, dims: Mapping[str, Number]) -> Any:
    """Return ``value`` itself, or for a string the value of the formula that it is."""
    return Formula(value).evaluate(dims) if isinstance(value, str) else value
