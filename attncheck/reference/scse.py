"""Concurrent spatial and channel squeeze and excitation, Roy et al. 2018, arXiv:1803.02579."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor, maximum, relu, sigmoid

from attncheck.reference.mechanism import mechanism
from attncheck.reference.slots import linear as linear_slot
from attncheck.reference.steps import linear, mean_hw, over_hw, pointwise


@mechanism(
    dims={"C": None, "r": 2},
    derived={"h": "C // r"},
    options={"bias": True, "spatial_bias": True, "fusion": "add"},
    squeeze=linear_slot("C", "h", bias="bias"),
    excite=linear_slot("h", "C", bias="bias"),
    spatial=linear_slot("C", "1", bias="spatial_bias"),
)
def scse(p: Any, o: SimpleNamespace, x: Tensor) -> Tensor:
    """Gate channels and, beside them, positions: (B, C, H, W) -> same."""
    z = mean_hw(x)
    a = linear(p.squeeze, z)
    h = relu(a)
    u = linear(p.excite, h)
    s = sigmoid(u)
    g_c = over_hw(s)
    q = pointwise(p.spatial, x)
    g_s = sigmoid(q)
    if o.fusion == "max":
        y_c = x * g_c  # section 2.1, spatial squeeze and channel excitation
        y_s = x * g_s  # section 2.2, channel squeeze and spatial excitation
        y = maximum(y_c, y_s)  # section 2.3
    else:
        g = g_c + g_s  # what comes to the same for sums
        y = x * g
    return y
