"""Steps of YOLO's blocks."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def activate(x: Tensor, name: str) -> Tensor:
    """Apply the activation of a release: ``silu``, ``hardswish``, or ``leaky`` with slope 0.1."""
    if name == "leaky":
        return F.leaky_relu(x, 0.1)
    return F.hardswish(x) if name == "hardswish" else F.silu(x)


def every_other(x: Tensor, row: int, column: int) -> Tensor:
    """Return one pixel of each 2×2 cell: (B, C, H, W) -> (B, C, H/2, W/2)."""
    return x[:, :, row::2, column::2]


def side_by_side(*parts: Tensor) -> Tensor:
    """Put the channels of several maps one after the other."""
    return torch.cat(parts, 1)


def first_half(x: Tensor) -> Tensor:
    """Return the first half of the channels, rounded down."""
    return x[:, : x.shape[1] // 2]


def second_half(x: Tensor) -> Tensor:
    """Return the channels after the first half."""
    return x[:, x.shape[1] // 2 :]
