"""SimAM, Yang et al. 2021 (ICML), equation 5 and the authors' code."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor, sigmoid

from attncheck.reference.mechanism import mechanism
from attncheck.reference.steps import mean_hw, over_hw, sum_hw


@mechanism(
    dims={},
    options={"lam": 1e-4, "minus_one": True},
)
def simam(p: Any, o: SimpleNamespace, x: Tensor) -> Tensor:
    """Gate each value by how far it stands from its channel's mean: (B, C, H, W) -> same."""
    H = x.shape[2]
    W = x.shape[3]
    n = H * W
    m = n - 1 if o.minus_one else n
    mu = mean_hw(x)
    c = over_hw(mu)
    d = x - c
    q = d * d
    t = sum_hw(q)
    v = t / m
    e = over_hw(v)
    s = e + o.lam
    f = 4 * s
    b = q / f
    i = b + 0.5  # the inverse of the least energy
    g = sigmoid(i)
    y = x * g
    return y
