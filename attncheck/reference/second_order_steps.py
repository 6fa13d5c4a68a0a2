"""Steps on square matrices, one per sample."""

from __future__ import annotations

from torch import Tensor


def trace(m: Tensor) -> Tensor:
    """Return the sum of the diagonal: (B, C, C) -> (B, 1, 1)."""
    return m.diagonal(dim1=-2, dim2=-1).sum(-1)[:, None, None]
