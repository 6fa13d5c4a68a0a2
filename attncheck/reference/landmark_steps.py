"""Steps of attention by landmarks."""

from __future__ import annotations

from torch import Tensor


def segment_means(t: Tensor, count: int) -> Tensor:
    """Return the means of so many segments of equal length: (B, heads, N, d) -> (B, heads, m, d).

    Raises:
        RuntimeError: the length is no multiple of their number.
    """
    segments = t.reshape(*t.shape[:2], count, t.shape[2] // count, t.shape[-1])
    return segments.mean(3)


def largest_sums(a: Tensor, over: str) -> Tensor:
    """Return the largest column sum times the largest row sum: (B, heads, m, m) -> (…, 1, 1).

    Each matrix has its own (``sample``), or one number is that of all samples (``batch``).
    """
    columns = a.abs().sum(-2)
    rows = a.abs().sum(-1)
    if over == "batch":
        return columns.max() * rows.max()
    return (columns.amax(-1) * rows.amax(-1))[..., None, None]
