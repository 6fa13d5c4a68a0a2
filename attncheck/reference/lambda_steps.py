"""Steps of lambda layers: what all positions of a context make of one another."""

from __future__ import annotations

import torch
from torch import Tensor


def split_channels(x: Tensor, parts: int) -> Tensor:
    """Cut channels into parts, positions in one axis: (B, parts·k, H, W) -> (B, parts, k, N)."""
    return x.flatten(2).unflatten(1, (parts, x.shape[1] // parts))


def filtered(layer: torch.nn.Module, v: Tensor, H: int, W: int) -> Tensor:
    """Filter each value channel by itself: (B, u, v, N) -> (B, k, v, N)."""
    maps = v.transpose(1, 2).flatten(0, 1).unflatten(-1, (H, W))
    found = layer(maps)
    return found.flatten(2).unflatten(0, (v.shape[0], v.shape[2])).transpose(1, 2)


def by_offsets(table: Tensor, v: Tensor, H: int, W: int) -> Tensor:
    """Sum values by where they lie: (B, u, v, N) -> (B, N, k, v).

    ``table`` is (2H - 1, 2W - 1, k, u): an offset is context less query.
    """
    rows = torch.arange(H) - torch.arange(H)[:, None] + H - 1
    columns = torch.arange(W) - torch.arange(W)[:, None] + W - 1
    near = table[rows[:, None, :, None], columns[None, :, None, :]]  # (H, W, H, W, k, u)
    e = near.flatten(2, 3).flatten(0, 1)
    return torch.einsum("nmku,buvm->bnkv", e, v)
