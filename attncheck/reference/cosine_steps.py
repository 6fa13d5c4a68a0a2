"""Steps of Swin v2's attention: a rate with a limit, offsets on a logarithmic scale."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def at_most(t: Tensor, most: float) -> Tensor:
    """Return logarithms, none above that of ``most``."""
    return t.clamp(max=math.log(most))


def offset_grid(w: int, like: Tensor) -> Tensor:
    """Return query less key along rows and columns, in parts of w - 1: ((2w - 1)², 2)."""
    line = torch.arange(1 - w, w, dtype=like.dtype, device=like.device) / (w - 1)
    return torch.cartesian_prod(line, line)
