"""Normalisation-based attention, Liu et al. 2021, arXiv:2111.12419, equations 1 and 2: channels."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor, sigmoid

from attncheck.reference.mechanism import mechanism
from attncheck.reference.slots import batch_norm
from attncheck.reference.steps import norm


@mechanism(
    dims={"C": None},
    scale=batch_norm("C"),
)
def nam(p: Any, o: SimpleNamespace, x: Tensor) -> Tensor:
    """Gate values by their normalised selves, channels weighed by scale: (B, C, H, W) -> same."""
    n = norm(p.scale, x)  # eq. 1
    gamma: Tensor = p.scale.weight
    a = gamma.abs()
    t = a.sum()
    w = a / t
    m = w[None, :, None, None]
    u = m * n
    g = sigmoid(u)  # eq. 2
    y = x * g
    return y
