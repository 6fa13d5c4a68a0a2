"""What a statement computes: products, sums over axes, an operand that meets itself."""

from __future__ import annotations

import ast

from attncheck.source.statements import Statement

_POOLS = (
    "mean",
    "max",
    "amax",
    "sum",
    "min",
    "amin",
    "std",
    "var",
    "logsumexp",
    "avg_pool2d",
    "adaptive_avg_pool2d",
    "adaptive_max_pool2d",
    "max_pool2d",
    "median",
)


def pools(s: Statement) -> bool:
    """A reduction over axes."""
    return any(name in _POOLS for name in s.calls) or any("pool" in a for a in s.attributes)


def multiplies(s: Statement) -> bool:
    """A product of values: ``x * g``, ``torch.mul``, ``x.mul_``, an ``einsum``."""
    return any(isinstance(n, ast.BinOp) and isinstance(n.op, ast.Mult) for n in s.parts) or any(
        name in ("mul", "mul_", "multiply", "einsum", "matmul", "bmm") for name in s.calls
    )


def matrix_product(s: Statement) -> bool:
    """``q @ k``, ``matmul``, ``bmm``, ``einsum``."""
    return any(isinstance(n, ast.BinOp) and isinstance(n.op, ast.MatMult) for n in s.parts) or any(
        name in ("matmul", "bmm", "einsum", "baddbmm") for name in s.calls
    )


def operand_twice(s: Statement) -> str:
    """Return the name that stands on both sides of one operator (``a + a``), "" if none does."""
    for node in s.parts:
        if isinstance(node, ast.BinOp):
            left, right = node.left, node.right
            if isinstance(left, ast.Name) and ast.dump(left) == ast.dump(right):
                return left.id
            if isinstance(node.op, ast.Add):
                both = _factors(left) & _factors(right)
                if both:
                    return sorted(both)[0]
    return ""


def _factors(node: ast.expr) -> set[str]:
    """Return the names that are multiplied together in a product."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        return {n.id for n in (node.left, node.right) if isinstance(n, ast.Name)}
    return set()
