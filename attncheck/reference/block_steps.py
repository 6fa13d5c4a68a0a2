"""Steps of transformer blocks around their attention."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F


def activated(t: Tensor, name: str) -> Tensor:
    """Apply the activation of the feed-forward layer: relu, gelu, gelu by its tanh formula, silu.

    ``quick`` is CLIP's gelu, ``squared`` the square of a relu (Primer, arXiv:2109.08668).
    """
    match name:
        case "relu":
            return F.relu(t)
        case "gelu":
            return F.gelu(t)
        case "tanh":
            return F.gelu(t, approximate="tanh")
        case "silu":
            return F.silu(t)
        case "quick":
            return t * (1.702 * t).sigmoid()
        case "squared":
            return F.relu(t).square()
    raise ValueError(f"no activation is called '{name}'")
