"""Squeeze-and-excitation, Hu et al. 2018, arXiv:1709.01507, equations 2 to 4."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor, relu, sigmoid

from attncheck.reference.mechanism import mechanism
from attncheck.reference.slots import linear as linear_slot
from attncheck.reference.steps import linear, mean_hw, over_hw


@mechanism(
    dims={"C": None, "r": 16},
    derived={"h": "C // r"},
    options={"squeeze_bias": True, "excite_bias": True},
    squeeze=linear_slot("C", "h", bias="squeeze_bias"),
    excite=linear_slot("h", "C", bias="excite_bias"),
)
def se(p: Any, o: SimpleNamespace, x: Tensor) -> Tensor:
    """Gate each channel by what the means of all channels say: (B, C, H, W) -> same."""
    z = mean_hw(x)  # eq. 2, squeeze
    a = linear(p.squeeze, z)
    h = relu(a)
    u = linear(p.excite, h)
    s = sigmoid(u)  # eq. 3, excitation
    g = over_hw(s)
    y = x * g  # eq. 4, scale
    return y
