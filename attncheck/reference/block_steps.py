"""Steps of transformer blocks around their attention."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F


def activated(t: Tensor, name: str) -> Tensor:
    """Apply the activation of the feed-forward layer: relu, gelu, or gelu by its tanh formula."""
    match name:
        case "relu":
            return F.relu(t)
        case "gelu":
            return F.gelu(t)
        case "tanh":
            return F.gelu(t, approximate="tanh")
        case "silu":
            return F.silu(t)
    raise ValueError(f"no activation is called '{name}'")
