"""Iterative attentional feature fusion, Dai et al. 2021, arXiv:2009.14082, equations 4 and 5."""

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
    local_in1=linear_slot("C", "h", bias="bias"),
    norm_local_in1=batch_norm("h"),
    local_out1=linear_slot("h", "C", bias="bias"),
    norm_local_out1=batch_norm("C"),
    global_in1=linear_slot("C", "h", bias="bias"),
    norm_global_in1=batch_norm("h", rank=1),
    global_out1=linear_slot("h", "C", bias="bias"),
    norm_global_out1=batch_norm("C", rank=1),
    local_in2=linear_slot("C", "h", bias="bias"),
    norm_local_in2=batch_norm("h"),
    local_out2=linear_slot("h", "C", bias="bias"),
    norm_local_out2=batch_norm("C"),
    global_in2=linear_slot("C", "h", bias="bias"),
    norm_global_in2=batch_norm("h", rank=1),
    global_out2=linear_slot("h", "C", bias="bias"),
    norm_global_out2=batch_norm("C", rank=1),
)
def iaff(p: Any, o: SimpleNamespace, x: Tensor, y: Tensor) -> Tensor:
    """Fuse two maps, and weigh them by what was fused: (B, C, H, W) twice -> same."""
    u = x + y
    a1 = pointwise(p.local_in1, u)  # each position's own context
    b1 = norm(p.norm_local_in1, a1)
    c1 = relu(b1)
    d1 = pointwise(p.local_out1, c1)
    l1 = norm(p.norm_local_out1, d1)
    z1 = mean_hw(u)  # and that of the whole map
    e1 = linear(p.global_in1, z1)
    f1 = norm(p.norm_global_in1, e1)
    h1 = relu(f1)
    k1 = linear(p.global_out1, h1)
    q1 = norm(p.norm_global_out1, k1)
    t1 = l1 + over_hw(q1)
    m1 = sigmoid(t1)
    v1 = 1 - m1
    own1 = x * m1
    other1 = y * v1
    w = own1 + other1  # eq. 5, the first fusion in place of the sum
    a2 = pointwise(p.local_in2, w)  # each position's own context
    b2 = norm(p.norm_local_in2, a2)
    c2 = relu(b2)
    d2 = pointwise(p.local_out2, c2)
    l2 = norm(p.norm_local_out2, d2)
    z2 = mean_hw(w)  # and that of the whole map
    e2 = linear(p.global_in2, z2)
    f2 = norm(p.norm_global_in2, e2)
    h2 = relu(f2)
    k2 = linear(p.global_out2, h2)
    q2 = norm(p.norm_global_out2, k2)
    t2 = l2 + over_hw(q2)
    m2 = sigmoid(t2)
    v2 = 1 - m2
    own2 = x * m2
    other2 = y * v2
    out = own2 + other2  # eq. 4
    return out
