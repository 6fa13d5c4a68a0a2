"""Gather-excite, Hu et al. 2018, arXiv:1810.12348, section 3: its four variants."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor, relu, sigmoid

from attncheck.reference.gate_steps import enlarge, mean_windows
from attncheck.reference.mechanism import mechanism
from attncheck.reference.slots import batch_norm
from attncheck.reference.slots import conv as conv_slot
from attncheck.reference.slots import linear as linear_slot
from attncheck.reference.steps import conv, mean_hw, norm, over_hw, pointwise


@mechanism(
    dims={"C": None, "r": 16},
    derived={"h": "C // r"},
    options={"bias": True, "gather": "mean", "extent": 0, "excite": True},
    first=conv_slot("C", "C", kernel=3, stride=2, groups="C", when="gather == conv"),
    first_norm=batch_norm("C", when="gather == conv"),
    second=conv_slot("C", "C", kernel=3, stride=2, groups="C", when="gather == conv"),
    second_norm=batch_norm("C", when="gather == conv"),
    squeeze=linear_slot("C", "h", bias="bias", when="excite"),
    expand=linear_slot("h", "C", bias="bias", when="excite"),
)
def gather_excite(p: Any, o: SimpleNamespace, x: Tensor) -> Tensor:
    """Gate by what is gathered around, or from all positions: (B, C, H, W) -> same."""
    H = x.shape[2]
    W = x.shape[3]
    if o.gather == "conv":  # learned, extent 4
        c_1 = conv(p.first, x)
        n_1 = norm(p.first_norm, c_1)
        r_1 = relu(n_1)
        c_2 = conv(p.second, r_1)
        z = norm(p.second_norm, c_2)
    elif o.extent:
        z = mean_windows(x, o.extent)
    else:
        m = mean_hw(x)
        z = over_hw(m)
    if o.excite:
        a = pointwise(p.squeeze, z)
        h = relu(a)
        u = pointwise(p.expand, h)
    else:
        u = z
    e = enlarge(u, H, W)
    g = sigmoid(e)
    y = x * g
    return y
