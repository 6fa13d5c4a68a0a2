"""Over which axis attention weights are summed with values, and what they sum to there."""

from __future__ import annotations

from dataclasses import dataclass

from attncheck.instruments.attention.graph import (
    CONTRACTIONS,
    MOVES,
    SOFTMAX,
    Node,
    contracted,
    operands,
)
from attncheck.lazy import torch

_BETWEEN = MOVES | {"mul", "masked_fill", "where", "native_dropout", "masked_fill_", "mul_"}
"""What may stand between the softmax and the sum with values."""


@dataclass(frozen=True)
class Weighing:
    """A softmax, and the sums with its weights.

    Attributes:
        softmax: the softmax's node.
        axis: the axis over which it normalises.
        sums: per contraction that it goes into, the weights' sums over the contracted axis.
    """

    softmax: Node
    axis: int
    sums: tuple[torch.Tensor, ...]

    @property
    def slots(self) -> int:
        """The largest number of non-zero weights that one softmax gives out."""
        return int((self.softmax.value != 0).sum(self.axis).max())


def weighings(nodes: list[Node]) -> list[Weighing]:
    """Return every softmax whose result is a factor of some contraction."""
    found: list[Weighing] = []
    for node in nodes:
        if node.op not in SOFTMAX or not node.from_input:
            continue
        sums = tuple(_sums(node, set()))
        if sums:
            axis = int(node.arguments[1]) % max(node.value.ndim, 1)
            found.append(Weighing(node, axis, sums))
    return found


def factors(nodes: list[Node]) -> list[torch.Tensor]:
    """Return what every softmax's result has become where it is a factor of a contraction."""
    found: list[torch.Tensor] = []
    for node in nodes:
        if node.op in SOFTMAX and node.from_input:
            found += [value for value in (factor_of(node),) if value is not None]
    return found


def factor_of(node: Node) -> torch.Tensor | None:
    """Return what a softmax's weights have become where they are summed with values."""
    for use in node.uses:
        if use.op in CONTRACTIONS and node in operands(use):
            return node.value
        if use.op in _BETWEEN and (found := factor_of(use)) is not None:
            return found
    return None


def _sums(node: Node, seen: set[int]) -> list[torch.Tensor]:
    found: list[torch.Tensor] = []
    for use in node.uses:
        if id(use) in seen:
            continue
        seen.add(id(use))
        if use.op in CONTRACTIONS:
            left, right = operands(use)
            if node in (left, right):
                found.append(node.value.sum(contracted(use, node)))
        elif use.op in _BETWEEN:
            found += _sums(use, seen)
    return found
