"""Steps of masks that are made on a smaller map."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F


def halved(x: Tensor) -> Tensor:
    """Return 3×3 maxima of every other pixel: (B, C, H, W) -> (B, C, ⌈H/2⌉, ⌈W/2⌉)."""
    return F.max_pool2d(x, 3, stride=2, padding=1)


def resized(t: Tensor, H: int, W: int, corners: bool) -> Tensor:
    """Interpolate bilinearly; ``corners`` says whether corner pixels stay corners."""
    return F.interpolate(t, (H, W), mode="bilinear", align_corners=corners)


def fitted_to(x: Tensor, t: Tensor, corners: bool, nearest: bool = False) -> Tensor:
    """Return a map in the size of another, itself where it has that size already."""
    if t.shape[2:] == x.shape[2:]:
        return t
    if nearest:
        return F.interpolate(t, x.shape[2:], mode="nearest")
    return F.interpolate(t, x.shape[2:], mode="bilinear", align_corners=corners)
