"""Involution, Li et al. 2021, arXiv:2103.06255, equations 4 to 6."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor, relu

from attncheck.reference.mechanism import mechanism
from attncheck.reference.neighbour_steps import neighbours
from attncheck.reference.slots import batch_norm
from attncheck.reference.slots import linear as linear_slot
from attncheck.reference.steps import norm, pointwise


@mechanism(
    dims={"C": None, "heads": 1, "r": 4, "k": 7},
    derived={"h": "C // r"},
    options={"norm": True, "bias": False, "span_bias": True},
    reduce=linear_slot("C", "h", bias="bias"),
    bn=batch_norm("h", when="norm"),
    span=linear_slot("h", "k*k*heads", bias="span_bias"),
)
def involution(p: Any, o: SimpleNamespace, x: Tensor) -> Tensor:
    """Weigh each position's neighbours by a kernel made from it: (B, C, H, W) -> same."""
    B = x.shape[0]
    C = x.shape[1]
    H = x.shape[2]
    W = x.shape[3]
    G = o.heads
    a = pointwise(p.reduce, x)
    b = norm(p.bn, a) if o.norm else a
    e = relu(b)
    u = pointwise(p.span, e)  # eq. 6
    w = u.reshape(B, G, 1, o.k * o.k, H, W)  # one kernel for the channels of a group
    n = neighbours(x, o.k)  # (B, C, k·k, H, W)
    v = n.reshape(B, G, C // G, o.k * o.k, H, W)
    m = v * w
    s = m.sum(3)  # eq. 4
    y = s.flatten(1, 2)
    return y
