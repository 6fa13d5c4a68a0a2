"""The factor between the products of raw queries and keys, and the logits a softmax reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from attncheck.instruments.attention.graph import MOVES, PROJECTIONS, SOFTMAX, Node, operands

_LOGIT_PRODUCTS = frozenset({"bmm", "mm", "baddbmm"})


@dataclass(frozen=True)
class Logits:
    """How one softmax's logits arise.

    Attributes:
        factor: logits are the products times this.
        length: how many products a logit sums: the width of a head.
        unknown: what stands in the way, where the factor cannot be read; then it is 0.
    """

    factor: float
    length: int
    unknown: str = ""


def logits_of(nodes: list[Node]) -> list[Logits]:
    """Return what feeds every softmax that reads products of two things made from inputs."""
    found: list[Logits] = []
    for node in nodes:
        if node.op in SOFTMAX and node.from_input:
            product, factor, unknown = _product(node.arguments[0], 1.0)
            if product is None:
                if unknown:
                    found.append(Logits(0.0, 0, unknown))
                continue
            left, right = operands(product)
            if not (left.from_input and right.from_input):
                continue  # a learned vector scores each position: nothing to scale
            length = int(left.value.shape[-1])
            for factor_of in (left, right):
                own, unknown = _source(factor_of)
                if unknown:
                    found.append(Logits(0.0, length, unknown))
                    break
                factor *= own
            else:
                found.append(Logits(factor, length))
    return found


def _product(node: Node, factor: float) -> tuple[Node | None, float, str]:
    """Walk from the softmax's input back to the contraction that makes the logits."""
    while True:
        if node.op in _LOGIT_PRODUCTS:
            return node, factor * node.named.get("alpha", 1.0), ""
        step = _scaled(node)
        if step is not None:
            node, factor = step[0], factor * step[1]
        elif node.op in MOVES or node.op in ("masked_fill", "masked_fill_", "tril", "triu"):
            node = node.arguments[0]
        elif node.op in ("add", "sub", "where", "add_", "baddbmm", "maximum", "minimum"):
            likely = [p for p in node.parents if p.from_input and p.value.ndim == node.value.ndim]
            if len(likely) != 1:
                return None, 0.0, f"logits are made by '{node.op}' of several terms"
            node = likely[0]
        elif not node.op or node.op in PROJECTIONS:
            return None, 0.0, ""
        else:
            return None, 0.0, f"'{node.op}' stands between the products and the softmax"


def _source(node: Node) -> tuple[float, str]:
    """Walk from a factor back to the projection or input it is; return the factor on the way."""
    factor = 1.0
    while True:
        step = _scaled(node)
        if step is not None:
            node, factor = step[0], factor * step[1]
        elif not node.op or node.op in PROJECTIONS:
            return factor, ""
        elif node.op in MOVES:
            node = node.arguments[0]
        elif node.op in ("add", "add_"):
            free = [p for p in node.parents if p.from_input]
            others = [p for p in node.parents if not p.from_input]
            if len(free) != 1 or any(p.op and p.op not in MOVES for p in others):
                return 0.0, "queries or keys are changed by a sum before their product"
            return factor, ""  # a projection's bias
        else:
            return 0.0, f"'{node.op}' stands between a projection and the products"


def _scaled(node: Node) -> tuple[Node, float] | None:
    """Return (what is scaled, by how much) where the node multiplies by a fixed number."""
    if node.op not in ("mul", "div", "mul_", "div_"):
        return None
    first, second = node.arguments[0], node.arguments[1]
    number = _number(second)
    if number is not None and isinstance(first, Node) and number != 0:
        return first, 1.0 / number if node.op.startswith("div") else number
    number = _number(first)
    if number is not None and isinstance(second, Node) and not node.op.startswith("div"):
        return second, number
    return None


def _number(value: Any) -> float | None:
    """Return a constant's value: a number, or a tensor that holds one and is not learned."""
    if isinstance(value, Node):
        fixed = value.value.numel() == 1 and not value.from_input and not value.from_parameter
        return float(value.value) if fixed else None
    return float(value) if isinstance(value, (int, float)) else None
