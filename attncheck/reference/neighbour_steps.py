"""Steps on the k×k neighbours of each position, zeros beyond the border."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F


def neighbours(x: Tensor, k: int) -> Tensor:
    """Return each position's neighbours, row by row: (B, C, H, W) -> (B, C, k·k, H, W)."""
    B, C, H, W = x.shape
    return F.unfold(x, k, padding=k // 2).reshape(B, C, k * k, H, W)


def laid_over(t: Tensor, k: int) -> Tensor:
    """Add up what each position gives its neighbours: (B, C, k·k, H, W) -> (B, C, H, W)."""
    H, W = t.shape[3:]
    return F.fold(t.flatten(3).flatten(1, 2), (H, W), k, padding=k // 2)
