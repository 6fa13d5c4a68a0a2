"""A formula's bias terms, one by one: implementations give biases to some layers and not others.

``bias*(h + C)`` says that both layers have a bias or none. The definition does not depend on
it, so a count is also the closed form's when each such term is there or not by itself.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from attncheck.counting.choices import Number, same

Fit = Callable[[list[Number], set[int]], bool]
"""Says whether formulas' values are one of the counts."""
Term = tuple[int, list[ast.expr]]
"""A coefficient and factors."""


def split(formula: str, options: Mapping[str, Sequence[Any]]) -> tuple[str, list[tuple[str, int]]]:
    """Return the formula without its bias terms, and those: (size, how often it may be there).

    A bias term is a summand with a factor that is an option whose name holds ``bias``.
    """
    switches = {name for name in options if "bias" in name}
    kept: list[str] = []
    biases: list[tuple[str, int]] = []
    for count, factors in _summands(ast.parse(formula.strip(), mode="eval").body):
        rest = [f for f in factors if not (isinstance(f, ast.Name) and f.id in switches)]
        text = "*".join(f"({ast.unparse(factor)})" for factor in rest)
        if len(rest) < len(factors) and count > 0:
            biases.append((text or "1", count))
        else:
            kept.append(f"{count}*{text}" if text else str(count))
    return " + ".join(kept) or "0", biases


def sums(values: Iterable[float], copies: Sequence[int]) -> set[float]:
    """Return every total of the biases' sizes, each there from never to ``copies`` times."""
    ranges = [
        [n * value for n in range(most + 1)] for value, most in zip(values, copies, strict=True)
    ]
    return {sum(chosen) for chosen in itertools.islice(itertools.product(*ranges), 4096)}


def exactly(values: list[Number], counts: set[int]) -> bool:
    """Say whether the formula itself, the first value, is one of the counts."""
    return any(same(values[0], count) for count in counts)


def with_own_biases(copies: list[int]) -> Fit:
    """Return a fit by the values after the first: without biases, then each bias term's size."""

    def fit(values: list[Number], counts: set[int]) -> bool:
        totals = sums(values[2:], copies)
        return any(same(values[1] + extra, count) for extra in totals for count in counts)

    return fit


def _summands(node: ast.expr) -> list[Term]:
    """Multiply out products of sums; anything else is a factor."""
    match node:
        case ast.BinOp(op=ast.Add()):
            return _summands(node.left) + _summands(node.right)
        case ast.BinOp(op=ast.Sub()):
            return _summands(node.left) + [(-n, f) for n, f in _summands(node.right)]
        case ast.BinOp(op=ast.Mult()):
            pairs = itertools.product(_summands(node.left), _summands(node.right))
            return [(a * b, [*left, *right]) for (a, left), (b, right) in pairs]
        case ast.Constant(value=int(number)):
            return [(number, [])]
    return [(1, [node])]
