"""Channel attention of CBAM, Woo et al. 2018, arXiv:1807.06521, equation 2."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor, relu, sigmoid

from attncheck.reference.mechanism import mechanism
from attncheck.reference.slots import linear as linear_slot
from attncheck.reference.steps import linear, max_hw, mean_hw, over_hw


@mechanism(
    dims={"C": None, "r": 16},
    derived={"h": "C // r"},
    options={"squeeze_bias": True, "excite_bias": True},
    squeeze=linear_slot("C", "h", bias="squeeze_bias"),
    excite=linear_slot("h", "C", bias="excite_bias"),
)
def cbam_channel(p: Any, o: SimpleNamespace, x: Tensor) -> Tensor:
    """Gate channels by their means and maxima: (B, C, H, W) -> same."""
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
    y = x * g
    return y
