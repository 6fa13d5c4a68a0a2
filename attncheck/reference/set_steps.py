"""Steps of attention that pools a set of tokens, or reads it by learned queries."""

from __future__ import annotations

from torch import Tensor
from torch.nn.functional import pad


def of_tokens(mask: Tensor | None) -> Tensor | None:
    """Return which tokens are hidden, (B, N, 1), by a mask (B, N), or (B, M, N) of equal rows."""
    if mask is None:
        return None
    return mask[:, :, None] if mask.ndim == 2 else mask[:, 0, :, None]


def for_each_sample(t: Tensor, x: Tensor) -> Tensor:
    """Return a learned set for each sample of a batch: (M, C) and (B, N, D) -> (B, M, C)."""
    return t.expand(x.shape[0], -1, -1)


def third(t: Tensor, which: int) -> Tensor:
    """Return the first, second or last third of the channels: (…, 3·C) -> (…, C)."""
    return t.chunk(3, -1)[which]


def for_each(rows: Tensor, x: Tensor) -> Tensor:
    """Give every sample of ``x`` the same rows: (L, E) -> (B, L, E)."""
    return rows.expand(x.shape[0], *rows.shape)


def with_visible(hidden: Tensor | None, more: int) -> Tensor | None:
    """Put so many keys that nobody hides behind those of a mask: (..., M) -> (..., M + more)."""
    return None if hidden is None else pad(hidden, (0, more))
