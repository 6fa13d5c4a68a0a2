"""Steps of attention whose heads hear each other, or are made alike."""

from __future__ import annotations

from typing import Any

from torch import Tensor
from torch.nn import functional as F


def across_heads(layer: Any, t: Tensor) -> Tensor:
    """Apply a matrix to the heads: (B, heads, N, M) -> same."""
    return F.linear(t.movedim(1, -1), layer.weight, layer.bias).movedim(-1, 1)


def alike_maps(a: Tensor) -> Tensor:
    """Give each head's map a mean of 0 and a variance of 1 (InstanceNorm): (B, heads, N, M)."""
    return F.instance_norm(a)
