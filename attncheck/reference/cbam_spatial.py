"""Spatial attention of CBAM, Woo et al. 2018, arXiv:1807.06521, equation 3."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor, sigmoid

from attncheck.reference.mechanism import mechanism
from attncheck.reference.slots import batch_norm
from attncheck.reference.slots import conv as conv_slot
from attncheck.reference.steps import conv, join, max_c, mean_c, norm


@mechanism(
    dims={"k": 7},
    options={"bias": False, "norm": True, "max_first": True},
    spatial=conv_slot("2", "1", kernel="k", bias="bias"),
    scale=batch_norm("1", when="norm"),
)
def cbam_spatial(p: Any, o: SimpleNamespace, x: Tensor) -> Tensor:
    """Gate positions by means and maxima over channels around them: (B, C, H, W) -> same."""
    m_mean = mean_c(x)
    m_max = max_c(x)
    m = join(m_max, m_mean) if o.max_first else join(m_mean, m_max)
    v = conv(p.spatial, m)
    w = norm(p.scale, v) if o.norm else v
    g = sigmoid(w)  # eq. 3
    y = x * g
    return y
