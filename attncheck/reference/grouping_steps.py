"""Steps on channels in groups: cut into groups, put together again, shuffled, moved by a pixel."""

from __future__ import annotations

import torch
from torch import Tensor


def into_groups(x: Tensor, n: int) -> Tensor:
    """Put groups of n channels beside the batch: (B, C, H, W) -> (B·C/n, n, H, W)."""
    return x.reshape(-1, n, *x.shape[2:])


def from_groups(t: Tensor, C: int) -> Tensor:
    """Undo :func:`into_groups`: (B·C/n, n, H, W) -> (B, C, H, W)."""
    return t.reshape(-1, C, *t.shape[2:])


def first_half(t: Tensor) -> Tensor:
    """Return the first half of the channels: (B, C, H, W) -> (B, C/2, H, W)."""
    return t[:, : t.shape[1] // 2]


def second_half(t: Tensor) -> Tensor:
    """Return the second half of the channels: (B, C, H, W) -> (B, C/2, H, W)."""
    return t[:, t.shape[1] // 2 :]


def shuffle(x: Tensor, parts: int) -> Tensor:
    """Take channels from each part in turn: (B, C, H, W) -> same."""
    B, C, H, W = x.shape
    return x.reshape(B, parts, C // parts, H, W).transpose(1, 2).reshape(B, C, H, W)


def std_hw(x: Tensor, unbiased: bool) -> Tensor:
    """Return the standard deviation over positions: (B, C, H, W) -> (B, C)."""
    return x.std((2, 3), unbiased=unbiased)


def guarded_std_hw(x: Tensor, unbiased: bool) -> Tensor:
    """Return sqrt(variance + 1e-5) over positions, as SRM's authors: (B, C, H, W) -> (B, C)."""
    return (x.var((2, 3), unbiased=unbiased) + 1e-5).sqrt()


def down(t: Tensor) -> Tensor:
    """Move a map down by a pixel, its first row kept: (B, C, H, W) -> same."""
    return torch.cat((t[:, :, :1], t[:, :, :-1]), 2)


def up(t: Tensor) -> Tensor:
    """Move a map up by a pixel, its last row kept: (B, C, H, W) -> same."""
    return torch.cat((t[:, :, 1:], t[:, :, -1:]), 2)


def right(t: Tensor) -> Tensor:
    """Move a map to the right by a pixel, its first column kept: (B, C, H, W) -> same."""
    return torch.cat((t[:, :, :, :1], t[:, :, :, :-1]), 3)


def left(t: Tensor) -> Tensor:
    """Move a map to the left by a pixel, its last column kept: (B, C, H, W) -> same."""
    return torch.cat((t[:, :, :, 1:], t[:, :, :, -1:]), 3)
