"""Convolutional block attention module, Woo et al. 2018, arXiv:1807.06521, equations 1 to 3."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor, relu, sigmoid

from attncheck.reference.mechanism import mechanism
from attncheck.reference.slots import batch_norm
from attncheck.reference.slots import conv as conv_slot
from attncheck.reference.slots import linear as linear_slot
from attncheck.reference.steps import (
    conv,
    join,
    linear,
    max_c,
    max_hw,
    mean_c,
    mean_hw,
    norm,
    over_hw,
)


@mechanism(
    dims={"C": None, "r": 16, "k": 7},
    derived={"h": "C // r"},
    options={"bias": True, "spatial_bias": False, "norm": True, "max_first": True},
    squeeze=linear_slot("C", "h", bias="bias"),
    excite=linear_slot("h", "C", bias="bias"),
    spatial=conv_slot("2", "1", kernel="k", bias="spatial_bias"),
    scale=batch_norm("1", when="norm"),
)
def cbam(p: Any, o: SimpleNamespace, x: Tensor) -> Tensor:
    """Gate channels, then positions: (B, C, H, W) -> same."""
    z_mean = mean_hw(x)
    a_mean = linear(p.squeeze, z_mean)
    h_mean = relu(a_mean)
    u_mean = linear(p.excite, h_mean)
    z_max = max_hw(x)
    a_max = linear(p.squeeze, z_max)  # the two statistics share one perceptron
    h_max = relu(a_max)
    u_max = linear(p.excite, h_max)
    u = u_mean + u_max
    s = sigmoid(u)  # eq. 2
    g = over_hw(s)
    x_c = x * g
    m_mean = mean_c(x_c)
    m_max = max_c(x_c)
    m = join(m_max, m_mean) if o.max_first else join(m_mean, m_max)
    v = conv(p.spatial, m)
    w = norm(p.scale, v) if o.norm else v
    g_s = sigmoid(w)  # eq. 3
    y = x_c * g_s
    return y
