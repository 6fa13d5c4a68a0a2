"""Spatial group-wise enhance, Li et al. 2019, arXiv:1905.09646, equations 1 to 5."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor, sigmoid

from attncheck.reference.grouping_steps import from_groups, into_groups, std_hw
from attncheck.reference.mechanism import mechanism
from attncheck.reference.slots import tensor
from attncheck.reference.steps import mean_hw, over_hw


@mechanism(
    dims={"C": None, "G": 8},
    options={"unbiased": True},
    weight=tensor("G", start=0.0),
    bias=tensor("G", start=1.0),
)
def sge(p: Any, o: SimpleNamespace, x: Tensor) -> Tensor:
    """Gate a group's positions by their likeness to its mean: (B, C, H, W) -> same."""
    B = x.shape[0]
    C = x.shape[1]
    n = C // o.G
    t = into_groups(x, n)
    z = mean_hw(t)  # eq. 1
    m = over_hw(z)
    r = t * m
    c = r.sum(1, keepdim=True)  # eq. 2, (B·G, 1, H, W)
    mu = mean_hw(c)
    mu_map = over_hw(mu)
    d = c - mu_map
    dev = std_hw(c, o.unbiased)
    sd = dev + 1e-5
    sd_map = over_hw(sd)
    h = d / sd_map  # eq. 3
    w = p.weight.repeat(B)
    b = p.bias.repeat(B)
    w_map = w[:, None, None, None]
    b_map = b[:, None, None, None]
    a = h * w_map
    u = a + b_map  # eq. 4
    g = sigmoid(u)
    y_t = t * g  # eq. 5
    y = from_groups(y_t, C)
    return y
