"""Steps of losses over classes: means of what belongs together, distances between them."""

from __future__ import annotations

import torch
from torch import Tensor


def pixels(x: Tensor) -> Tensor:
    """Put the pixels of all samples in one list: (B, C, H, W) -> (B·H·W, C)."""
    return x.permute(0, 2, 3, 1).flatten(0, 2)


def members(labels: Tensor, x: Tensor) -> Tensor:
    """Say which pixels each class that occurs has: (B, H, W) -> (classes, B·H·W), 1 or 0."""
    found = labels.unique()
    return (labels.flatten() == found[:, None]).to(x)


def length(t: Tensor) -> Tensor:
    """Return the Euclidean length along the last axis, with a gradient of zero at zero."""
    square = (t * t).sum(-1)
    zero = square == 0
    return square.masked_fill(zero, 1.0).sqrt().masked_fill(zero, 0.0)


def other(n: int) -> Tensor:
    """Return ones but on the diagonal: (n, n)."""
    return 1 - torch.eye(n)
