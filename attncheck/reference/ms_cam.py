"""Multi-scale channel attention, Dai et al. 2021, arXiv:2009.14082, equations 2 and 3."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor, relu, sigmoid

from attncheck.reference.mechanism import mechanism
from attncheck.reference.slots import batch_norm
from attncheck.reference.slots import linear as linear_slot
from attncheck.reference.steps import linear, mean_hw, norm, over_hw, pointwise


@mechanism(
    dims={"C": None, "r": 4},
    derived={"h": "C // r"},
    options={"bias": True},
    local_in=linear_slot("C", "h", bias="bias"),
    norm_local_in=batch_norm("h"),
    local_out=linear_slot("h", "C", bias="bias"),
    norm_local_out=batch_norm("C"),
    global_in=linear_slot("C", "h", bias="bias"),
    norm_global_in=batch_norm("h", rank=1),
    global_out=linear_slot("h", "C", bias="bias"),
    norm_global_out=batch_norm("C", rank=1),
)
def ms_cam(p: Any, o: SimpleNamespace, x: Tensor) -> Tensor:
    """Gate by the context of a position and that of the map: (B, C, H, W) -> same."""
    a = pointwise(p.local_in, x)  # each position's own context
    b = norm(p.norm_local_in, a)
    c = relu(b)
    d = pointwise(p.local_out, c)
    near = norm(p.norm_local_out, d)
    z = mean_hw(x)  # and that of the whole map
    e = linear(p.global_in, z)
    f = norm(p.norm_global_in, e)
    h = relu(f)
    k = linear(p.global_out, h)
    far = norm(p.norm_global_out, k)
    t = near + over_hw(far)
    m = sigmoid(t)  # eq. 3
    y = x * m
    return y
