"""Which operators only rearrange a tensor, scale it, normalise it or contract it."""

from __future__ import annotations

from attncheck.attending.recording import Node

MOVES = frozenset(
    {
        *("view", "_unsafe_view", "reshape", "transpose", "t", "permute", "expand", "clone"),
        *("unsqueeze", "squeeze", "detach", "_to_copy", "contiguous", "alias", "select", "slice"),
        *("split", "split_with_sizes", "unbind", "chunk", "lift_fresh", "_reshape_alias"),
        *("as_strided", "unsafe_split", "movedim", "flatten", "unflatten", "narrow"),
    }
)
"""Operators whose result holds the first argument's numbers in another order or shape."""

SOFTMAX = frozenset({"_softmax", "_safe_softmax"})
CONTRACTIONS = frozenset({"bmm", "mm", "baddbmm", "addmm", "addbmm", "mv", "addmv", "dot"})
PROJECTIONS = CONTRACTIONS | {"convolution", "_convolution", "linear"}


def operands(node: Node) -> tuple[Node, Node]:
    """Return the two factors of a contraction."""
    first = 1 if node.op in ("baddbmm", "addmm", "addbmm", "addmv") else 0
    left, right = node.arguments[first], node.arguments[first + 1]
    return left, right


def contracted(node: Node, factor: Node) -> int:
    """Return the axis of ``factor`` over which the contraction ``node`` sums."""
    left, _ = operands(node)
    return factor.value.ndim - 1 if factor is left else max(factor.value.ndim - 2, 0)
