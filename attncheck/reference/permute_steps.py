"""Steps of permute-MLPs: segments of channels put beside rows or columns, and back."""

from __future__ import annotations

from torch import Tensor


def by_rows(t: Tensor, segments: int) -> Tensor:
    """Put each segment's heights in one vector: (B, H, W, C) -> (B, W, segments, H·C/segments)."""
    cut = t.unflatten(-1, (segments, -1))
    return cut.permute(0, 2, 3, 1, 4).flatten(3)


def from_rows(t: Tensor, segments: int) -> Tensor:
    """Undo :func:`by_rows` for a height of as many rows as there are segments."""
    cut = t.unflatten(-1, (segments, -1))
    return cut.permute(0, 3, 1, 2, 4).flatten(3)


def by_columns(t: Tensor, segments: int) -> Tensor:
    """Put each segment's widths in one vector: (B, H, W, C) -> (B, H, segments, W·C/segments)."""
    cut = t.unflatten(-1, (segments, -1))
    return cut.permute(0, 1, 3, 2, 4).flatten(3)


def from_columns(t: Tensor, segments: int) -> Tensor:
    """Undo :func:`by_columns` for a width of as many columns as there are segments."""
    cut = t.unflatten(-1, (segments, -1))
    return cut.permute(0, 1, 3, 2, 4).flatten(3)
