"""Attentional feature fusion, Dai et al. 2021, arXiv:2009.14082, equation 4."""

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
    options={"bias": True, "double": False},
    local_in=linear_slot("C", "h", bias="bias"),
    norm_local_in=batch_norm("h"),
    local_out=linear_slot("h", "C", bias="bias"),
    norm_local_out=batch_norm("C"),
    global_in=linear_slot("C", "h", bias="bias"),
    norm_global_in=batch_norm("h", rank=1),
    global_out=linear_slot("h", "C", bias="bias"),
    norm_global_out=batch_norm("C", rank=1),
)
def aff(p: Any, o: SimpleNamespace, x: Tensor, y: Tensor) -> Tensor:
    """Weigh two maps against each other: (B, C, H, W) twice -> same."""
    u = x + y
    a = pointwise(p.local_in, u)  # each position's own context
    b = norm(p.norm_local_in, a)
    c = relu(b)
    d = pointwise(p.local_out, c)
    near = norm(p.norm_local_out, d)
    z = mean_hw(u)  # and that of the whole map
    e = linear(p.global_in, z)
    f = norm(p.norm_global_in, e)
    h = relu(f)
    k = linear(p.global_out, h)
    far = norm(p.norm_global_out, k)
    t = near + over_hw(far)
    m = sigmoid(t)
    v = 1 - m
    own = x * m
    other = y * v
    w = own + other  # eq. 4
    return 2 * w if o.double else w
