"""Steps on square matrices, one per sample."""

from __future__ import annotations

import torch
from torch import Tensor


def trace(m: Tensor) -> Tensor:
    """Return the sum of the diagonal: (B, C, C) -> (B, 1, 1)."""
    return m.diagonal(dim1=-2, dim2=-1).sum(-1)[:, None, None]


def identity_like(m: Tensor) -> Tensor:
    """Return the identity of the matrices' size: (B, C, C) -> (C, C)."""
    return torch.eye(m.shape[-1], dtype=m.dtype, device=m.device)
