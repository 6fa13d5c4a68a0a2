"""Gaussian context transformer, Ruan et al. 2021 (CVPR, pages 15129 to 15138), section 3."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor, exp

from attncheck.reference.context_steps import standardised
from attncheck.reference.mechanism import mechanism
from attncheck.reference.steps import mean_hw, over_hw


@mechanism(dims={"C": None}, options={"c": 2.0})
def gaussian_context(p: Any, o: SimpleNamespace, x: Tensor) -> Tensor:
    """Gate a channel by how usual its mean is among all channels': (B, C, H, W) -> same."""
    z = mean_hw(x)
    n = standardised(z, 1e-5)  # over the channels
    q = n.square()
    e = q / (2 * o.c**2)
    s = exp(-e)  # a Gaussian: nothing is learned
    g = over_hw(s)
    y = x * g
    return y
