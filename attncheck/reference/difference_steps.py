"""Steps of attention by the difference of two maps."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F


def two_maps(t: Tensor, pairs: str) -> tuple[Tensor, Tensor]:
    """Return the two maps of each head: (B, 2·heads, N, M) -> twice (B, heads, N, M).

    They lie beside each other (``interleaved``), or all first ones come first (``halves``).
    """
    if pairs == "halves":
        return t[:, : t.shape[1] // 2], t[:, t.shape[1] // 2 :]
    return t[:, 0::2], t[:, 1::2]


def rms_normed(t: Tensor) -> Tensor:
    """Divide by the root of the mean square over the last axis."""
    return F.rms_norm(t, t.shape[-1:], eps=1e-5)
