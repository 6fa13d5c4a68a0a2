"""Steps of attention that pools a set of tokens to one vector."""

from __future__ import annotations

from torch import Tensor


def of_tokens(mask: Tensor | None) -> Tensor | None:
    """Return which tokens are hidden, (B, N, 1), by a mask (B, N), or (B, M, N) of equal rows."""
    if mask is None:
        return None
    return mask[:, :, None] if mask.ndim == 2 else mask[:, 0, :, None]
