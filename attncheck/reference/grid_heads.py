"""Heads of attention over a map: cut from its channels, merged into them again."""

from __future__ import annotations

import torch
from torch import Tensor


def heads_of_map(x: Tensor, heads: int) -> Tensor:
    """Cut channels into heads, positions row by row: (B, heads·d, H, W) -> (B, heads, N, d)."""
    return x.flatten(2).unflatten(1, (heads, -1)).transpose(2, 3)


def map_of_heads(t: Tensor, H: int, W: int) -> Tensor:
    """Undo :func:`heads_of_map`: (B, heads, N, d) -> (B, heads·d, H, W)."""
    return t.transpose(2, 3).flatten(1, 2).unflatten(2, (H, W))


def heads_of_rows(x: Tensor, heads: int) -> Tensor:
    """Cut channels into heads, a sequence per row: (B, heads·d, H, W) -> (B, H, heads, W, d)."""
    return x.unflatten(1, (heads, -1)).permute(0, 3, 1, 4, 2)


def rows_of_heads(t: Tensor) -> Tensor:
    """Undo :func:`heads_of_rows`: (B, H, heads, W, d) -> (B, heads·d, H, W)."""
    return t.permute(0, 2, 4, 1, 3).flatten(1, 2)


def crossed_places(rows: Tensor, columns: Tensor) -> Tensor:
    """Add a vector per row to a vector per column: (..., H, d), (..., W, d) -> (..., H·W, d)."""
    return (rows[..., :, None, :] + columns[..., None, :, :]).flatten(-3, -2)


def key_less_query(queries: int, keys: int, first: int) -> Tensor:
    """Return key less query along one axis, counted from the table's first: (queries, keys)."""
    return torch.arange(keys) - torch.arange(queries)[:, None] + first


def along_rows(q: Tensor, table: Tensor, height: int, width: int, keys: int) -> Tensor:
    """Let queries read the offset of rows: (..., height·width, d) -> (..., h·w, keys², axis 0).

    ``table`` is (offsets, d); all keys of a row get the same number.
    """
    t = q.unflatten(-2, (height, width))
    first = (table.shape[0] - 1) // 2
    near = table[key_less_query(height, keys, first)]  # (height, keys, d)
    numbers = torch.einsum("...xyd,xkd->...xyk", t, near)
    return numbers.flatten(-3, -2)


def along_columns(q: Tensor, table: Tensor, height: int, width: int, keys: int) -> Tensor:
    """Let queries read the offset of columns, as :func:`along_rows` does of rows."""
    t = q.unflatten(-2, (height, width))
    first = (table.shape[0] - 1) // 2
    near = table[key_less_query(width, keys, first)]
    numbers = torch.einsum("...xyd,ykd->...xyk", t, near)
    return numbers.flatten(-3, -2)


def over_keys(rows: Tensor, columns: Tensor) -> Tensor:
    """Add a number per key row to one per key column: (..., a), (..., b) -> (..., a·b)."""
    return (rows[..., :, None] + columns[..., None, :]).flatten(-2)
