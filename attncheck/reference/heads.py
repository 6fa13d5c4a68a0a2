"""The steps of multi-head attention: heads split and merged, keys hidden by a mask."""

from __future__ import annotations

import torch
from torch import Tensor


def split_heads(t: Tensor, heads: int) -> Tensor:
    """Cut the channels into heads: (B, N, heads·d) -> (B, heads, N, d)."""
    return t.reshape(*t.shape[:-1], heads, t.shape[-1] // heads).transpose(1, 2)


def merge_heads(t: Tensor) -> Tensor:
    """Undo :func:`split_heads`: (B, heads, N, d) -> (B, N, heads·d)."""
    return t.transpose(1, 2).flatten(-2)


def over_heads(mask: Tensor) -> Tensor:
    """Make a mask broadcast to the logits: (B, M), (B, N, M) or (B, heads, N, M) -> 4 axes."""
    if mask.ndim == 2:
        return mask[:, None, None, :]
    return mask[:, None] if mask.ndim == 3 else mask


def hide(logits: Tensor, hidden: Tensor | None) -> Tensor:
    """Take hidden keys out of the softmax; the lowest finite number, so that no NaN arises."""
    if hidden is None:
        return logits
    return logits.masked_fill(hidden, torch.finfo(logits.dtype).min)


def only_visible(weights: Tensor, hidden: Tensor | None) -> Tensor:
    """Give hidden keys weight zero, also where a query sees no key at all."""
    return weights if hidden is None else weights.masked_fill(hidden, 0.0)
