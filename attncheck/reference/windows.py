"""Steps of attention in windows: a map cut into windows, put together again, shifted."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from attncheck.reference.heads import hide


def windows(x: Tensor, w: int) -> Tensor:
    """Cut a map into windows, row by row: (B, C, H, W) -> (B, windows, w·w, C)."""
    B, C, H, W = x.shape
    cut = x.reshape(B, C, H // w, w, W // w, w)
    return cut.permute(0, 2, 4, 3, 5, 1).reshape(B, (H // w) * (W // w), w * w, C)


def from_windows(t: Tensor, w: int, H: int, W: int) -> Tensor:
    """Undo :func:`windows`: (B, windows, w·w, C) -> (B, C, H, W)."""
    B, C = t.shape[0], t.shape[-1]
    cut = t.reshape(B, H // w, W // w, w, w, C)
    return cut.permute(0, 5, 1, 3, 2, 4).reshape(B, C, H, W)


def halos(x: Tensor, b: int, halo: int) -> Tensor:
    """Cut out each block with its halo, zeros outside: (B, C, H, W) -> (B, blocks, size², C)."""
    size = b + 2 * halo
    cut = F.unfold(x, size, stride=b, padding=halo)
    return cut.reshape(x.shape[0], x.shape[1], size * size, cut.shape[-1]).permute(0, 3, 2, 1)


def rolled(x: Tensor, s: int) -> Tensor:
    """Move a map down and right by s; what leaves comes in at the other side."""
    return x.roll((s, s), (2, 3))


def part_of(n: int, w: int, s: int, x: Tensor) -> Tensor:
    """Number the parts of one axis of a rolled map: 2 for what came round, 1 beside it: (n,).

    The numbers are on the device of ``x``.
    """
    place = torch.arange(n, device=x.device)
    return (place >= n - w).long() + (place >= n - s).long()


def crossed(rows: Tensor, columns: Tensor) -> Tensor:
    """Add the number of each row to that of each column: (H,), (W,) -> (1, 1, H, W)."""
    return (rows[:, None] + columns)[None, None]


def apart(labels: Tensor) -> Tensor:
    """Say which tokens of a window differ in label: (..., N, 1) -> (..., N, N)."""
    return labels != labels.transpose(-1, -2)


def masked_by(logits: Tensor, hidden: Tensor, how: str) -> Tensor:
    """Keep pairs from meeting: ``hidden``, or -100 in their place, or added as by the authors."""
    if how == "-100 in place":
        return logits.masked_fill(hidden, -100.0)
    return hide(logits, hidden) if how == "hidden" else logits - 100 * hidden


def heads_in_windows(t: Tensor, heads: int) -> Tensor:
    """Cut the channels into heads: (B, windows, N, heads·d) -> (B, windows, heads, N, d)."""
    return t.unflatten(-1, (heads, -1)).transpose(2, 3)


def heads_merged(t: Tensor) -> Tensor:
    """Undo :func:`heads_in_windows`."""
    return t.transpose(2, 3).flatten(3)


def steps_between(w: int) -> Tensor:
    """Return query less key along one axis of a window, counted from zero: (w, w)."""
    place = torch.arange(w)
    return place[:, None] - place + w - 1


def of_pairs(rows: Tensor, columns: Tensor) -> Tensor:
    """Add what the rows and what the columns of two tokens give: twice (w, w) -> (w², w²)."""
    both = rows[:, None, :, None] + columns[None, :, None, :]
    return both.flatten(2).flatten(0, 1)


def looked_up(table: Tensor, index: Tensor) -> Tensor:
    """Read a row of a table for each pair of tokens: (offsets, heads) -> (heads, N, N)."""
    return table[index].permute(2, 0, 1)
