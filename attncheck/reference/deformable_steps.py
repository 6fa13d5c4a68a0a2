"""Steps of deformable attention: places on a grid, moved, and what lies there read."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def frame(x: Tensor) -> Tensor:
    """Return each pixel's place and the map's size, column before row: (2, 2, H, W)."""
    H, W = x.shape[2:]
    rows = torch.arange(H).to(x)[:, None].expand(H, W)
    columns = torch.arange(W).to(x).expand(H, W)
    place = torch.stack((columns, rows))
    size = torch.tensor([W, H]).to(x)[:, None, None].expand_as(place)
    return torch.stack((place, size))


def read_at(x: Tensor, unit: Tensor, corners: bool) -> Tensor:
    """Read a map between its pixels, zeros outside: (B, C, H, W), (B, 2, H', W') -> (B, C, H', W').

    Places are columns before rows, from -1 to 1: the map's edges, or with ``corners`` the centres
    of its corner pixels.
    """
    return F.grid_sample(x, unit.permute(0, 2, 3, 1), align_corners=corners)


def split_groups(x: Tensor, groups: int) -> Tensor:
    """Take groups of channels as samples: (B, groups·c, H, W) -> (B·groups, c, H, W)."""
    return x.unflatten(1, (groups, -1)).flatten(0, 1)


def merge_groups(x: Tensor, groups: int) -> Tensor:
    """Undo :func:`split_groups`."""
    return x.unflatten(0, (-1, groups)).flatten(1, 2)
